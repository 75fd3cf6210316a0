"""Certificates that were never true, built by hand to get past the kernel, and what they meet.

No part of the library makes them: statements that would say more than is proved, names that stand
for something else, ranges that are none, numbers that are none, and work without an end.
"""

# ruff: noqa: E501 - one attack a line
import random
from fractions import Fraction
from typing import Any

import pytest

from grpo_symbolic.verify.kernel import proof
from grpo_symbolic.verify.kernel.checks import (
    CHECKED,
    REJECTED,
    TRIVIAL,
    UNCHECKED,
    check,
    check_record,
    gap,
    read,
)
from grpo_symbolic.verify.kernel.proof import BITS, WORK, Proof
from grpo_symbolic.verify.kernel.statement import Rejected, digest, statement_of, texts, written
from tests.verify.kept import same_reason

HALF = ["Rational", 1, 2]
X = ("x", 0, 1)  # with open ends
SYMBOL = ["symbol", "x"]
POSITIVE = [[[1, 1]]]


def minus(tree: Any) -> list[Any]:
    return ["Mul", -1, tree]


def forged(
    left: Any, relation: Any, right: Any, *ranges: Any, proof: Any = None, where: Any = False,
    point: Any = None, **changed: Any,
) -> dict[str, Any]:  # fmt: skip
    """A certificate in good form; a range has a name and two ends, and whether these belong to it."""
    domain = [
        dict(
            zip(
                ("symbol", "lower", "upper", "lower_closed", "upper_closed"),
                (*r, False, False)[:5],
                strict=True,
            )
        )
        for r in ranges
    ]
    exact = {"symbols": {r[0]: ["real"] for r in ranges}, "left": left, "relation": relation,
             "right": right, "where_defined": where, "domain": domain} | changed  # fmt: skip
    evidence: dict[str, Any] = {
        "by": "exact identity",
        "proof": [[SYMBOL]] if proof is None else proof,
    }
    if point is not None:
        evidence["counterexample"] = point
    made = {"claim": "", "verdict": "REFUTED" if point is not None else "PROVED",
            "method": "exact identity", "evidence": evidence, "exact": exact}  # fmt: skip
    try:
        made |= texts(exact)
    except (AttributeError, LookupError, TypeError, ValueError):
        made |= {"statement": {}, "made": "everywhere", "domain": []}
    return {**made, "digest": digest(made)}


def steps(*more: Any) -> list[Any]:
    return [[SYMBOL, *more]]


def nested(head: str, tree: Any, levels: int) -> Any:
    for _ in range(levels):
        tree = [head, tree]
    return tree


def squared(tree: Any, levels: int) -> Any:
    for _ in range(levels):
        tree = ["Pow", tree, 2]
    return tree


def test_what_is_true_is_accepted() -> None:
    """The attacks fail for what they change, not for their form."""
    assert check(forged("x", ">", 0, X)).word == CHECKED
    assert check(forged("x", "==", "x", X)).word == TRIVIAL
    assert check(forged("x", "<", 0, X, point={"x": "1/2"})).word == CHECKED
    assert (
        check(forged("x", ">=", 0, ("x", 0, 1, True, True), proof=[[SYMBOL], [SYMBOL]])).word
        == CHECKED
    )
    for tree, value in ((["Add", 1, 1], HALF), (["Add", 1, HALF], ["Rational", 2, 3])):
        assert check(forged(["Pow", tree, -1], "==", value, proof=[[]])).word == CHECKED
    inverse = ["Pow", "x", -1]
    assert check(forged(inverse, ">", 1, X, proof=steps(["let", "v:1", inverse]))).word == CHECKED
    granted = ["Pow", ["Add", "x", minus(HALF)], -2]
    made = forged(
        granted,
        ">",
        0,
        X,
        proof=steps(["let", "v:1", ["Pow", ["Add", "x", minus(HALF)], -1]]),
        where=True,
    )
    assert check(made).word == CHECKED
    made = forged(["exp", ["Mul", 1, "x"]], ">", 1, X, proof=two_pairs([1, 0]))
    assert check(made).word == CHECKED


def unsaid(made: dict[str, Any]) -> dict[str, Any]:
    """A certificate whose text does not say that a number is whole."""
    made = {**made, "domain": [text.replace("integer ", "") for text in made["domain"]]}
    del made["digest"]
    return {**made, "digest": digest(made)}


INVERSE = ["Pow", ["Add", "x", minus(HALF)], -1]
ROOT = ["Pow", ["Pow", "x", 2], HALF]


def two_pairs(weights: list[int]) -> list[Any]:
    """exp(1 x) by one exponential of two that have a name."""
    named = [["let", "v:1", ["exp", "x"]], ["let", "v:2", ["exp", ["Mul", 3, "x"]]]]
    return steps(*named, ["pair", ["Mul", 1, "x"], "v:1", 1, weights])


FALLING = ["Pow", ["Add", 1, "t:x"], -1]
BOTH = ("x", 0, 1, True, True)
ALL = ("x", ["NegativeInfinity"], ["Infinity"])
ATTACKS: dict[str, dict[str, Any]] = {
    # names that stand for something else
    "a symbol named as a number": forged("Pi", "<", 1, ("Pi", 0, 1), proof=[[["symbol", "Pi"]]]),
    "a symbol named as e": forged("E", "<", 1, ("E", 0, 1), proof=[[["symbol", "E"]]]),
    "a symbol named as infinity": forged("oo", "<", 1, ("oo", 0, 1), proof=[[["symbol", "oo"]]]),
    "a symbol named as a function": forged("sqrt", "<", 1, ("sqrt", 0, 1), proof=[[["symbol", "sqrt"]]]),
    "a symbol named as a head": forged("exp", "<", 1, ("exp", 0, 1), proof=[[["symbol", "exp"]]]),
    "a symbol named as a kind of number": forged("integer", "<", 1, ("integer", 0, 1), proof=[[["symbol", "integer"]]]),
    "a name that looks like another": forged("\u0445", "<", 1, ("\u0445", 0, 1), proof=[[["symbol", "\u0445"]]]),
    "a name with a full-width digit": forged("x\uff11", "<", 1, ("x\uff11", 0, 1), proof=[[["symbol", "x\uff11"]]]),
    "a name that ends with a line": forged("x\n", "<", 1, ("x\n", 0, 1), proof=[[["symbol", "x\n"]]]),
    "a name with a statement in it": forged("x<1 and x", "<", 1, ("x<1 and x", 0, 1), proof=[[["symbol", "x<1 and x"]]]),
    "a name of a step": forged("v:1", "<", 1, ("v:1", 0, 1), proof=[[["symbol", "v:1"]]]),
    "an empty name": forged("", "<", 1, ("", 0, 1), proof=[[["symbol", ""]]]),
    "a symbol captured by a step": forged("x", ">", 1, X, proof=[[["let", "x", ["exp", 1]], SYMBOL]]),
    "a symbol twice in the ranges": forged("x", ">", 2, X, ("x", 3, 4)),
    "a symbol given a coordinate twice": forged("x", ">", 0, X, proof=steps(SYMBOL)),
    "a variable named twice": forged(["exp", "x"], ">", 2, X, proof=steps(["let", "v:1", ["exp", 1]], ["let", "v:1", ["exp", "x"]])),
    "a symbol without a range": forged("y", ">", 0, X, symbols={"x": ["real"], "y": ["positive", "nonnegative", "real"]}),
    "a symbol left out of the proof": forged(1, ">", 0, ("x", 2, 1), proof=[[]]),
    # ranges that are none, and more than was proved
    "ends swapped": forged("x", ">", 5, ("x", 1, 0)),
    "ends that are equal": forged("x", ">", 5, ("x", 1, 1)),
    "ends that are equal, half of them": forged("x", ">", 5, ("x", 1, 1, True, False)),
    "ends that cross": forged("x", ">", 5, X, ("y", "x", HALF), proof=steps(["symbol", "y"])),
    "an end by a later symbol": forged("x", ">", 0, ("x", 0, "y"), ("y", -1, 1), proof=[[["symbol", "y"], SYMBOL]]),
    "infinity for a value": forged("x", ">", 0, ("x", 0, ["Infinity"], False, True)),
    "infinity in the statement": forged("x", "<", ["Infinity"], X),
    "infinity with a sign": forged("x", ">", 0, ("x", minus(["Infinity"]), 1)),
    "the upper end left out": forged("x", "<", 1, ("x", 0, 1, False, True)),
    "the lower end left out": forged("x", ">", 0, ("x", 0, 1, True, False)),
    "one chart of two": forged("x", "<", 1, BOTH, proof=[[SYMBOL]]),
    "a chart twice": forged("x", "<", 1, BOTH, proof=[[SYMBOL], [SYMBOL]]),
    "charts without end": forged(1, ">", 0, *((f"x{k}", 0, 1, True, True) for k in range(12)), proof=[[]]),
    "a range that is a list": forged("x", ">", 0, X, domain=[["x", 0, 1, False, False]]),
    "weak for strict": forged(["Pow", ["Add", "x", minus(HALF)], 2], ">", 0, X),
    # side conditions
    "a pole": forged(["Pow", INVERSE, 2], ">", 0, X, proof=steps(["let", "v:1", INVERSE])),
    "a pole that is granted nowhere": forged("x", ">", 0, X, proof=steps(["let", "v:1", INVERSE]), where=True),
    "a pole in the difference only": forged(["Add", INVERSE, minus(INVERSE)], "==", 0, X),
    "zero times what there is not": forged(["Mul", 0, INVERSE], "==", 0, X),
    "a root of what may be negative": forged(["Pow", ["Add", "x", minus(HALF)], HALF], ">=", 0, X, proof=steps(["let", "v:1", ["Pow", ["Add", "x", minus(HALF)], HALF]])),
    "an even root of the negative": forged(["Pow", minus("x"), HALF], ">=", 0, X, proof=steps(["let", "v:1", ["Pow", minus("x"), HALF]])),
    "an odd root of the negative": forged(["Pow", -8, ["Rational", 1, 3]], "==", -2, proof=[[["value", ["Pow", -8, ["Rational", 1, 3]], -2]]]),
    "the other root": forged(ROOT, "==", minus("x"), X, proof=steps(["value", ROOT, minus("x")])),
    "a root on both sides of 0": forged(ROOT, "==", "x", ("x", -1, 1), proof=steps(["value", ROOT, "x"])),
    "the other modulus": forged(["Abs", "x"], "==", minus("x"), X, proof=steps(["value", ["Abs", "x"], minus("x")])),
    "a modulus of unknown sign": forged(["Abs", "x"], "==", "x", ALL, proof=steps(["value", ["Abs", "x"], "x"])),
    "a logarithm of 0": forged(["exp", ["log", "x"]], "==", "x", ("x", 0, 1, True, False), proof=steps(["let", "v:1", ["log", "x"]])),
    "a power of 0": forged(["Pow", "x", "x"], ">", 0, ("x", 0, 1, True, False)),
    "an exponential at 0": forged(["exp", "x"], ">", 1, ("x", 0, 1, True, False), proof=steps(["let", "v:1", ["exp", "x"]])),
    "a value of something else": forged(["exp", "x"], "==", "x", X, proof=steps(["value", ["exp", "x"], "x"])),
    "a sum of no terms": forged("x", "==", 0, X, proof=steps(["sign", "x", POSITIVE, []])),
    "a multiplier of no terms": forged("x", "<", 0, X, proof=steps(["sign", "x", [], []])),
    "a multiplier that is 0": forged("x", "<", 0, X, proof=steps(["sign", "x", [[[0, 1]]], []])),
    "a sign of itself": forged(["Add", "x", minus(HALF)], ">", 0, X, proof=steps(["sign", ["Add", "x", minus(HALF)], POSITIVE, [[[["Add", "x", minus(HALF)], 1]]]])),
    # numbers that are none
    "true for one": forged("x", "<", True, X),
    "true for an exponent": forged("x", ">", 0, X, proof=steps(["sign", "x", [[[1, True]]], [[["x", 1]]]])),
    "true for a divisor": forged(["exp", 0], "==", 1, proof=[[["pair", 0, 1, True, []]]]),
    "a float for a weight": forged(["exp", "x"], "==", 1, X, proof=steps(["let", "v:1", ["exp", 1]], ["pair", "x", 1, 1, [0.0]])),
    "a negative divisor": forged(["exp", "x"], "==", 1, X, proof=steps(["pair", "x", 1, -1, []])),
    "a fraction over a negative": forged("x", ">", ["Rational", 1, -2], X),
    "a fraction of text": forged("x", ">", ["Rational", "-1", 2], X),
    "a fraction over 0 in a step": forged("x", "<", 0, X, proof=steps(["sign", "x", [[[["Rational", 1, 0], 1]]], []])),
    "a number of text in a step": forged("x", ">", 1, X, proof=steps(["value", ["Abs", 2], ["Rational", "1e999999999"]])),
    "a float in a step": forged("x", ">", 1, X, proof=steps(["sign", "x", POSITIVE, [[[0.5, 1]]]])),
    "a float in a fraction": forged("x", ">", 1, X, proof=steps(["sign", "x", POSITIVE, [[[["Rational", 0.5, 1], 1]]]])),
    "a fraction that is not reduced for a root": forged(["Pow", "x", HALF], "==", ["Pow", "x", ["Rational", 1, 4]], X, proof=steps(["let", "v:1", ["Pow", "x", ["Rational", 2, 4]]], ["value", ["Pow", "x", HALF], "v:1"], ["value", ["Pow", "x", ["Rational", 1, 4]], "v:1"])),
    "a relation that is a list": forged("x", [">"], 0, X),
    "a relation that looks like another": forged("x", "\u2265", 0, X),
    "a step that is none": forged("x", "<", 0, X, proof=steps("run")),
    "a rule that is a method": forged("x", "<", 0, X, proof=steps(["know", {}, [-1]])),
    "steps that are a table": forged("x", ">", 0, X, proof=[{"symbol": "x"}]),
    # points
    "a point outside": forged("x", "<", 1, X, point={"x": "2"}),
    "a point at an open end": forged("x", ">", 0, X, point={"x": "0"}),
    "a point between ends that are swapped": forged("x", "<", 0, ("x", 1, 0), point={"x": "1/2"}),
    "a point in other digits": forged("x", "<", 0, X, point={"x": "\uff11/\uff12"}),
    "a point with a blank": forged("x", "<", 0, X, point={"x": " 1/2"}),
    "a point in decimals": forged("x", "<", 0, X, point={"x": "0.5"}),
    "a point with a power": forged("x", "<", 0, X, point={"x": "1e-1"}),
    "a point over 0": forged("x", "<", 0, X, point={"x": "1/0"}),
    "a point that is more than one": forged("x", "<", 0, X, point={"x": "1/2", "y": "1"}),
    "no point": forged("x", "<", 0, X, point={}),
    "a point where it is not claimed": forged(INVERSE, "<", 0, X, point={"x": "1/2"}, where=True),
    "a point where it is granted": forged(INVERSE, "<", 0, X, point={"x": "1/2"}, where=True, proof=steps(["let", "v:1", INVERSE])),
    "a point where it is granted to be neither": forged(INVERSE, "==", 0, X, point={"x": "1/2"}, where=True, proof=steps(["let", "v:1", INVERSE])),
    "a point where nothing is known": forged(["exp", "x"], "<", 2, X, point={"x": "1/2"}),
    # a neighbour of what was proved
    "two ranges swapped": forged("x", "<", "y", ("x", 1, 2), ("y", 0, 1), proof=steps(["symbol", "y"])),
    "two sides swapped": forged("y", "<", "x", X, ("y", 1, 2), proof=steps(["symbol", "y"])),
    "one bound further": forged("x", "<", ["Rational", 999, 1000], X),
    "true of whole numbers only": forged("x", ">=", 2, ("x", 1, 3), symbols={"x": ["integer", "real"]}),
    "a whole number whose text says nothing of it": unsaid(forged("x", "<", 2, ("x", 1, 3), point={"x": "2"}, symbols={"x": ["integer", "real"]})),
    "a point between whole numbers": forged("x", "!=", ["Rational", 3, 2], ("x", 1, 3), point={"x": "3/2"}, symbols={"x": ["integer", "real"]}),
    "the sign of a denominator": forged(["Pow", ["Add", "x", -2], -1], ">", 0, X, proof=steps(["let", "v:1", ["Pow", ["Add", "x", -2], -1]])),
    "times a denominator that is negative": forged("x", "<", 0, X, proof=steps(["sign", "x", [[[["Add", "x", -2], 1]]], [[["x", 1], [["Add", "x", -2], 1]]]])),
    "times a denominator of either sign": forged(INVERSE, ">", 0, X, proof=steps(["let", "v:1", INVERSE], ["sign", INVERSE, [[[["Add", "x", minus(HALF)], 1]]], POSITIVE]), where=True),
    "assumed twice": forged("x", ">", 0, X, symbols={"x": ["real", "real"]}),
    "assumed to be of both signs": forged("x", ">", 5, X, symbols={"x": ["negative", "nonnegative", "nonpositive", "positive", "real"]}),
    "a range that is not used and holds nothing": forged("x", ">", 0, X, ("y", "x", 0), proof=steps(["symbol", "y"])),
    "an end that is not always there": forged("y", "<", 3, X, ("y", ["Pow", ["Add", "x", minus(HALF)], HALF], 2), proof=steps(["let", "v:1", ["Pow", ["Add", "x", minus(HALF)], HALF]], ["symbol", "y"]), where=True),
    "a sign shown on one chart of two": forged("y", ">=", 0, ("y", -1, 1, True, True), proof=[[["symbol", "y"], ["sign", "y", POSITIVE, POSITIVE]], [["symbol", "y"]]]),
    "the proofs of two charts swapped": forged("x", ">=", 0, BOTH, proof=[*steps(["value", FALLING, "x"]), *steps(["value", FALLING, ["Add", 1, minus("x")]])]),
    "a weight left out": forged(["exp", ["Mul", 1, "x"]], ">", 1, X, proof=two_pairs([1])),
    "a weight too many": forged(["exp", ["Mul", 1, "x"]], ">", 1, X, proof=two_pairs([1, 0, 0])),
    "a factor to the power of zero": forged("x", ">", 0, X, proof=steps(["sign", "x", POSITIVE, [[["x", 1], [["Add", "x", minus(HALF)], 0]]]])),
    "a sum of nothing": forged("x", "<", 0, X, proof=steps(["sign", "x", POSITIVE, [[[["Add"], 1]]]])),
    "a product of nothing": forged("x", "<", 0, X, proof=steps(["value", ["Abs", "x"], ["Mul"]])),
    "a table for an expression": forged(["Abs", "x"], "<", 0, X, proof=steps(["value", {"Abs": 1, "x": 1}, minus("x")])),
    "a coordinate that is named again": forged("x", ">", 1, X, proof=[[["let", "t:x", ["exp", 1]], SYMBOL]]),
    "a variable before it is one": forged("x", ">", 0, X, proof=steps(["sign", "v:1", POSITIVE, POSITIVE])),
    "a name of letters that are joined": forged("x\u0301", "<", 1, ("x\u0301", 0, 1), proof=[[["symbol", "x\u0301"]]]),
    "a point above an end that moves": forged("y", "<", "x", X, ("y", 0, "x"), point={"x": "1/3", "y": "1/2"}, proof=steps(["symbol", "y"])),
    "a point of a thousand digits": forged("x", "<", 0, X, point={"x": "1/" + "3" * 1000}),
    "numbers within a part in 10^60": forged(["exp", ["log", 2]], ">", 2, proof=[[["let", "v:1", ["log", 2]], ["let", "v:2", ["exp", ["Add", ["log", 2], ["Rational", 1, 10**60]]]], ["value", ["exp", ["log", 2]], "v:2"]]]),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_seen(name: str) -> None:
    answer = check(ATTACKS[name])
    same_reason(name, answer)
    assert answer.word == REJECTED or (answer.word == UNCHECKED and "closed at both" in answer.why)


ENDLESS = {
    "a power of nothing": ["Pow", ["Add", "x", minus("x")], 10**9],
    "a power of a sum": ["Pow", ["Add", "x", 1], 60_000],
    "powers of powers of a number": squared(["Mul", 3, "x"], 60),
    "powers of powers of a fraction": squared(["Mul", HALF, "x"], 60),
    "powers of powers of a sum": squared(["Add", 1, "x"], 60),
    "a power of a huge number": ["Pow", 1 << 8000, 1 << 8000],
    "a deep expression": nested("Abs", "x", 119),
    "a power of a power of one": ["Pow", ["Pow", 1, 10**30], 10**30],
    "a product of powers": ["Mul", *[["Pow", ["Add", "x", 1], 200]] * 300],
}
#: Steps whose exponents are huge.
HEAVY = {
    "an exponent of a multiplier": ["sign", "x", [[[1, 10**12]]], [[["x", 1]]]],
    "an exponent of a term": ["sign", "x", POSITIVE, [[["x", 10**12]]]],
    "a divisor of weights": ["pair", 0, 1, 10**12, []],
    "a degree": ["let", "v:1", ["Pow", "x", ["Rational", 1, 10**12]]],
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_huge_exponent_of_a_step_proves_nothing(name: str) -> None:
    answer = check(forged("x", "<", 0, X, proof=steps(HEAVY[name])))
    same_reason(name, answer)
    assert answer.word in (UNCHECKED, REJECTED)


@pytest.mark.parametrize("name", ENDLESS)
def test_work_without_an_end_is_not_begun(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "WORK", 30_000)  # as often as this, it is counted, not timed
    answer = check(forged(ENDLESS[name], ">=", 0, X))
    same_reason(name, answer)
    assert answer.word in (UNCHECKED, REJECTED)


def test_limits_are_where_they_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many products as there are, four ranges with both ends, and powers up to a size."""
    square = ["Pow", ["Add", "x", 1, ["Pow", "x", 2]], 5]
    made = forged(square, ">", 0, X)
    whole = Proof(statement_of(made["exact"]), {})
    whole.run([SYMBOL])
    gap(whole)
    needed = WORK - whole.work
    assert needed > 100
    for work, word in ((needed, CHECKED), (needed - 1, UNCHECKED), (WORK, CHECKED)):
        monkeypatch.setattr(proof, "WORK", work)
        assert check(made).word == word
    for count, word in ((4, CHECKED), (5, UNCHECKED)):
        names = [f"x{n}" for n in range(count)]
        ranges = [(name, 0, 1, True, True) for name in names]
        proofs = [[["symbol", name] for name in names]] * 2**count
        assert check(forged("x0", ">=", 0, *ranges, proof=proofs)).word == word
    for power, word in ((BITS, CHECKED), (BITS + 1, UNCHECKED)):
        assert check(forged(["Pow", 1, power], ">", 0, proof=[[]])).word == word


@pytest.mark.parametrize(
    "tree",
    [
        ["Add", "x"], ["Mul", "x"], ["Pow", "x"], ["Pow", "x", 2, 3], ["Abs", "x", -1],
        ["exp"], ["log", "x", 2], ["Pi", 1], ["Rational", 1, 2, 3], ["root", "x", 2],
    ],
    ids=str,
)  # fmt: skip
def test_an_expression_has_as_many_arguments_as_it_takes(tree: Any) -> None:
    """Its text would say what no rule has looked at, such as log(x, 2)."""
    with pytest.raises(Rejected, match=f"{len(tree) - 1} arguments"):
        statement_of(forged(["Add", 1, tree], ">", 0, X)["exact"])


def test_a_tower_of_exponentials_has_no_decimals() -> None:
    tower, named = 23, []
    for k in range(3):
        tower = ["exp", tower]
        named.append(["let", f"v:{k}", tower])
    assert check(forged(tower, ">", 3, proof=[named])).word == REJECTED


def test_text_without_an_end_is_not_read() -> None:
    deep = forged(nested("Abs", "x", 400), ">", 0, X)
    assert check(deep).word == REJECTED
    with pytest.raises((ValueError, RecursionError)):
        read('{"a":' * 50_000)


def random_tree(rng: random.Random, depth: int) -> Any:
    if not depth or rng.random() < 0.2:
        return rng.choice(["x", "y", 2, -3, HALF, ["Rational", -2, 3]])
    parts = [random_tree(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    head = rng.choice(["Add", "Mul", "Mul", "Pow", "minus", "Abs"])
    if head == "minus":
        return minus(parts[0])
    if head == "Pow":
        return ["Pow", parts[0], rng.choice([2, 3, -1, -2])]
    return ["Abs", parts[0]] if head == "Abs" else [head, *parts]


def value(tree: Any, at: dict[str, Fraction]) -> Fraction:
    if isinstance(tree, str):
        return at[tree]
    if isinstance(tree, int):
        return Fraction(tree)
    head, *args = tree
    if head == "Rational":
        return Fraction(*args)
    if head == "Pow":
        return value(args[0], at) ** args[1]
    first, *rest = [value(a, at) for a in args]
    for other in rest:
        first = first + other if head == "Add" else first * other
    return abs(first) if head == "Abs" else first


def test_the_text_says_what_the_statement_says() -> None:
    """Python reads the text with its own precedence, and finds the value of the expression."""
    rng, seen = random.Random(3), {}
    for _ in range(400):
        tree, at = random_tree(rng, 4), {"x": Fraction(3, 7), "y": Fraction(-5, 11)}
        text = written(tree)
        try:
            exact = value(tree, at)
        except ZeroDivisionError:
            continue
        digits = "".join(f"F({part})" if part.isdigit() else part for part in _parts(text))
        read_back = eval(digits, {"F": Fraction, "Abs": abs, "__builtins__": {}, **at})
        assert read_back == exact, (tree, text)
        assert seen.setdefault(text, exact) == exact
    assert len(seen) > 250


def _parts(text: str) -> list[str]:
    """Numbers and what stands between them; an exponent stays a whole number."""
    parts, number = [], ""
    for sign in f"{text} ":
        if sign.isdigit():
            number += sign
            continue
        parts += [number, sign] if number else [sign]
        number = ""
    return parts


def test_what_reads_alike_is_alike() -> None:
    pairs = [
        (["Pow", minus("x"), 2], minus(["Pow", "x", 2])),
        (["Pow", -2, 2], minus(["Pow", 2, 2])),
        (["Pow", "x", ["Pow", 2, 3]], ["Pow", ["Pow", "x", 2], 3]),
        (["Mul", 2, ["Add", "x", 1]], ["Add", ["Mul", 2, "x"], 1]),
        (["Pow", ["Rational", 1, 2], "x"], ["Mul", 1, ["Pow", 2, minus("x")]]),
        (["Mul", "x", ["Rational", -1, 2]], ["Add", "x", ["Rational", -1, 2]]),
        (["Add", "x", minus(["Add", "y", 1])], ["Add", "x", minus("y"), 1]),
        (["exp", minus("x")], minus(["exp", "x"])),
    ]
    for one, other in pairs:
        assert written(one) != written(other)


def test_a_file_that_says_it_twice_is_no_file() -> None:
    good = forged("x", ">", 0, X)
    claim = {key: good[key] for key in ("claim", "statement", "made", "domain", "exact")}
    record = {
        "key": digest([claim, {}])[:16],
        "at": {},
        "methods": "",
        "seconds": 0,
        "certificates": [good],
    }
    assert [a.word for _, a in check_record(record, record["key"])] == [CHECKED]
    wrong = forged("x", ">", 0, X, proof=steps(["sign", "x", POSITIVE, []]))
    for made in (
        [wrong],
        [good, wrong],
        [good, forged("x", "<", 0, X, point={"x": "1/2"})],
        "abc",
        {},
    ):
        assert any(
            a.word == REJECTED
            for _, a in check_record({**record, "certificates": made}, record["key"])
        )
