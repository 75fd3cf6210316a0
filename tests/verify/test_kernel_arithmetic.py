"""The kernel's polynomials, numbers, expressions and ranges, against values at points."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, combinations, product
from typing import Any

import mpmath as mp
import pytest

from grpo_symbolic.verify.kernel import proof as rules
from grpo_symbolic.verify.kernel.proof import (
    BITS,
    ONE,
    Missing,
    Poly,
    Proof,
    Undefined,
    kind_of,
    rational,
    size,
    sum_of,
)
from grpo_symbolic.verify.kernel.statement import (
    ANY,
    INFINITE,
    NEGATIVE,
    POSITIVE,
    WORDS,
    ZERO,
    Rejected,
    Unchecked,
    statement_of,
)

SIGNS = [frozenset(s) for n in (1, 2, 3) for s in combinations((-1, 0, 1), n)]
LOWEST, HIGHEST = INFINITE
#: The largest number of bits that one coefficient may have, and an exponent of so many twos.
MOST = (1 << 18) - 1


def stated(
    *ranges: tuple[str, Any, Any, bool, bool], words: Sequence[str] = ("real",), **said: Any
) -> Any:
    made = {"symbols": {name: list(words) for name, *_ in ranges}, "left": 1, "relation": ">",
            "right": 0, "where_defined": False}  # fmt: skip
    keys = ("symbol", "lower", "upper", "lower_closed", "upper_closed")
    return statement_of(made | said | {"domain": [dict(zip(keys, r, strict=True)) for r in ranges]})


#: x > 0, y >= 0 and z any number; their coordinates are the variables 0, 2 and 4.
STATED = stated(
    ("x", 0, HIGHEST, False, False),
    ("y", 0, HIGHEST, True, False),
    ("z", LOWEST, HIGHEST, False, False),
)


def begun(statement: Any = STATED, **chart: Any) -> Proof:
    proof = Proof(statement, chart)
    proof.run([["symbol", r.symbol] for r in statement.ranges])
    return proof


def value(proof: Proof, p: Poly, at: dict[int, Any]) -> Any:
    """A polynomial at values of its coordinates; with roots and the like as floats of mpmath."""
    total: Any = 0
    for monomial, c in p.items():
        for g, e in monomial:
            if g not in at:
                v = proof.variables[g]
                if v.kind == "pi":
                    at[g] = mp.mpf(mp.pi)
                else:
                    top, bottom = value(proof, v.top, at), value(proof, v.bottom, at)
                    named = {"root": lambda x, v=v: mp.root(real(x), v.degree),
                             "exp": lambda x: mp.exp(real(x)),
                             "log": lambda x: mp.log(real(x))}  # fmt: skip
                    at[g] = top / bottom if v.kind == "quotient" else named[v.kind](top)
            c = _times(c, at[g] ** e)
        total = total + c if not isinstance(total, mp.mpf) else total + real(c)
    return total


def real(x: Any) -> Any:
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, (int, Fraction)) else x


def _times(a: Any, b: Any) -> Any:
    exact = isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction))
    return a * b if exact else real(a) * real(b)


# -- signs and polynomials ------------------------------------------------------------------------


@pytest.mark.parametrize("a", SIGNS, ids=sorted)
def test_the_sign_of_a_sum_is_that_of_numbers_of_such_signs(a: frozenset[int]) -> None:
    numbers = {-1: (-3, -1), 0: (0,), 1: (1, 3)}
    for b in SIGNS:
        drawn = [{n for s in signs for n in numbers[s]} for signs in (a, b)]
        sums = {(x + y > 0) - (x + y < 0) for x, y in product(*drawn)}
        assert sum_of(a, b) == sums


def test_sums_and_products_have_the_values_of_their_parts() -> None:
    rng, proof = random.Random(3), begun()
    at = {0: Fraction(3, 7), 2: Fraction(5, 2), 4: Fraction(-4, 3)}

    def drawn() -> Poly:
        found: Poly = {}
        for _ in range(rng.randint(0, 4)):
            m = tuple((g, rng.randint(1, 3)) for g in sorted(rng.sample([0, 2, 4], 2)))
            found[rng.choice([m, m[:1], ()])] = rng.choice([-2, -1, 1, 2, Fraction(2, 3)])
        return found

    for _ in range(60):
        p, q, factor = drawn(), drawn(), rng.choice([-1, 1, 2, Fraction(-1, 3)])
        a, b = value(proof, p, at), value(proof, q, at)
        spent = proof.work
        assert value(proof, proof.plus(p, q, factor), at) == a + factor * b
        assert proof.plus(p, p, -1) == {} == proof.times(p, {})
        assert proof.work == spent - 1
        found = proof.times(p, q)
        assert proof.work == spent - 2 - size(p) * size(q)
        assert value(proof, found, at) == a * b
        assert 0 not in found.values()
        assert value(proof, proof.power(p, 3), at) == a**3


def test_what_is_too_large_is_said_at_the_limit_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [size({(): n}) for n in (1, (1 << 255) - 1, 1 << 255, 1 << 511)] == [1, 1, 2, 3]
    assert size({(): Fraction(1, 1 << 255), ((0, 1),): 3}) == 3
    proof, t = begun(), ((0, 1),)
    most, half = 1 << (MOST - 1), 1 << (MOST // 2)
    assert proof.plus({}, {(): most, t: 1})[()] == most == proof.plus({}, {(): 1}, most)[()]
    assert proof.times({(): half}, {(): half, t: 1})[()] == half**2
    for p in ({(): 2 * most}, {t: 1, (): 2 * most}, {(): 2 * most, t: 1}):
        with pytest.raises(Unchecked, match="a number is too large"):
            proof.plus({}, p)
    for p in ({(): 2 * half}, {t: 1, (): 2 * half}, {(): 2 * half, t: 1}):
        with pytest.raises(Unchecked, match="a number is too large"):
            proof.times(p, {(): half})
    assert proof.power({}, BITS) == {}
    with pytest.raises(Unchecked, match="a power is too large"):
        proof.power({}, BITS + 1)
    monkeypatch.setattr(rules, "WORK", 7)
    tired = Proof(STATED, {})
    assert tired.times({(): 2, t: 1}, {(): 1, t: -1, ((0, 2),): 1})
    assert tired.work == 0
    with pytest.raises(Unchecked, match="more than 7 products"):
        tired.times({}, {})


def test_a_statement_has_whole_numbers_of_so_many_bits() -> None:
    most = (1 << 8192) - 1
    assert stated(right=most).right == most
    with pytest.raises(Rejected, match="is too large"):
        stated(right=most + 1)


def test_a_normal_form_is_a_positive_multiple_without_quotients_and_high_powers_of_roots() -> None:
    rng, proof = random.Random(8), begun()
    x, y, z = (proof.lower(name) for name in "xyz")
    above = proof.named("quotient", POSITIVE, ONE, proof.plus(x, ONE))
    either = proof.named("quotient", ANY, ONE, proof.plus(z, ONE, -1), degree=2)
    roots = [proof.named("root", POSITIVE, proof.plus(x, y), ONE, n) for n in (2, 3)]
    nested = proof.named("root", POSITIVE, proof.plus(above, roots[0]), ONE, 2)
    parts = [x, y, z, above, either, *roots, nested]
    for _ in range(60):
        p: Poly = {}
        for _ in range(3):
            term = {(): rng.choice([-2, 1, 3])}
            for part in rng.sample(parts, 3):
                term = proof.times(term, proof.power(part, rng.randint(1, 4)))
            p = proof.plus(p, term)
        found = proof.normal(p)
        for g, e in chain.from_iterable(found):
            v = proof.variables[g]
            assert v.kind != "quotient"
            assert v.kind != "root" or e < v.degree
        for _ in range(2):
            at: dict[int, Any] = {0: Fraction(rng.randint(1, 9), 4), 2: Fraction(rng.randint(1, 9)),
                                  4: Fraction(rng.randint(-9, -1), 5)}  # fmt: skip
            ratio = real(value(proof, found, dict(at))) / real(value(proof, p, dict(at)))
            assert ratio > 0
    assert proof.normal(either) == proof.normal(proof.plus(z, ONE, -1))
    assert proof.normal(proof.plus(above, either)) != proof.normal(proof.plus(above, either, -1))
    assert proof.same(proof.times(above, proof.plus(x, ONE)), ONE)
    assert not proof.same(above, either)
    assert not proof.same(roots[0], proof.times({(): -1}, roots[0]))


def test_what_is_known_of_a_difference_is_known_of_its_negative_and_of_nothing_else() -> None:
    proof = begun()
    x, y = proof.lower("x"), proof.lower("y")
    gap, turned = proof.plus(x, y, -1), proof.plus(y, x, -1)
    assert proof.sign(gap) == proof.sign(turned) == ANY
    proof.know(gap, ZERO | POSITIVE)
    assert proof.sign(gap) == ZERO | POSITIVE
    assert proof.sign(turned) == ZERO | NEGATIVE
    assert proof.sign(proof.plus(gap, x, -1)) == ZERO | NEGATIVE  # of its terms
    assert proof.sign(proof.plus(gap, ONE, -1)) == ANY


def test_signs_of_terms() -> None:
    """Of x > 0, y >= 0 and any z, the coefficients being numbers."""
    proof = begun()
    proof.run([["let", "v:r", ["Pow", 3, ["Rational", 1, 2]]]])
    root = ["Add", 3, ["Mul", -2, "v:r"]]  # 3 - 2 sqrt(3) < 0
    for tree, sign in (
        (["Add", "x", "y"], POSITIVE),
        (["Add", "y", ["Pow", "z", 2]], ZERO | POSITIVE),
        (["Add", "x", ["Mul", "y", "z"]], ANY),
        (["Mul", root, "x"], NEGATIVE),
        (["Mul", root, "x", "y"], ZERO | NEGATIVE),
        (["Mul", root, "x", "z"], ANY),
        (["Add", ["Mul", 3, "x"], ["Mul", -2, "v:r", "x"], ["Mul", -1, "x", "y"]], NEGATIVE),
        (["Add", ["Mul", 3, "z", "z"], ["Mul", -2, "v:r", "z", "z"]], ZERO | NEGATIVE),
        (["Add", ["Mul", -3, "x"], ["Mul", 2, "v:r", "x"], ["Mul", 4, "x"]], POSITIVE),
        (["Pow", "z", 3], ANY),
        (["Add", 1, ["Mul", -1, "v:r"]], NEGATIVE),
        (0, ZERO),
        (-5, NEGATIVE),
        (["Rational", 1, 7], POSITIVE),
    ):
        assert proof.sign(proof.lower(tree)) == sign, tree


# -- numbers --------------------------------------------------------------------------------------

NUMBERS = [
    ["Pi"],
    ["Mul", -1, ["Pi"]],
    ["Add", 3, ["Mul", -1, ["Pi"]]],
    ["Add", ["Rational", 22, 7], ["Mul", -1, ["Pi"]]],
    ["Add", ["Pow", 2, ["Rational", 1, 2]], ["Rational", -3, 2]],
    ["Add", ["Pow", 5, ["Rational", 1, 3]], ["Rational", -17, 10]],
    ["Add", ["exp", 1], ["Rational", -27, 10]],
    ["Add", ["exp", ["Rational", -1, 2]], ["log", 2], ["Rational", -13, 10]],
    ["Add", ["log", ["Rational", 1, 3]], 1],
    ["Mul", ["Pow", ["Pi"], 2], ["Pow", 7, ["Rational", 3, 2]], ["Rational", -1, 3]],
    ["Add", ["Pow", 2, ["Rational", 1, 2]], ["Pow", 3, ["Rational", 1, 2]], -1],
]


def lowered(proof: Proof, tree: Any) -> Poly:
    """With a variable for whatever has no value."""
    while True:
        try:
            return proof.lower(tree)
        except Missing as missing:
            proof.run([["let", f"v:{len(proof.variables)}", missing.args[0]]])


@pytest.mark.parametrize("tree", NUMBERS, ids=str)
def test_an_enclosure_holds_the_number_and_shows_its_sign(tree: Any) -> None:
    proof = begun()
    p = lowered(proof, tree)
    with mp.workdps(40):
        exact = value(proof, p, {})
        rules._IV.prec = 64
        found = proof.enclosed(p)
        low, high = (mp.make_mpf(end) for end in found._mpi_)
        assert low <= exact <= high
        assert high - low < mp.mpf(2) ** -50 * max(1, abs(exact))
        assert low < high
    assert proof.sign(p) == (POSITIVE if exact > 0 else NEGATIVE)


def test_a_number_that_is_not_told_from_zero_has_any_sign() -> None:
    """log(1) has the enclosure [0, 0], and exp of more than 16 bits none."""
    proof = begun()
    nothing = lowered(proof, ["log", 1])
    assert proof.variables[-1].kind == "log"
    assert proof._of_number(nothing) == ANY
    assert proof.sign(proof.times(nothing, nothing)) >= ZERO
    large, larger = (
        lowered(proof, ["Add", ["exp", sign * (BITS - 1 + over)], -2])
        for over, sign in ((0, 1), (1, 1))
    )
    assert proof.sign(large) == POSITIVE
    assert proof.sign(larger) == ANY
    small, smaller = (lowered(proof, ["Add", ["exp", -n], -2]) for n in (BITS - 1, BITS))
    assert proof.sign(small) == NEGATIVE
    assert proof.sign(smaller) == ANY
    assert proof.sign(lowered(proof, ["Add", ["log", 10 * BITS], -13])) == POSITIVE


# -- expressions ----------------------------------------------------------------------------------


def test_numbers_have_their_values() -> None:
    proof = begun()
    for tree, exact in (
        (7, 7),
        (["Rational", -2, 3], Fraction(-2, 3)),
        (["Pow", 2, -1], Fraction(1, 2)),
        (["Pow", ["Rational", -2, 3], -3], Fraction(-27, 8)),
        (["Pow", ["Add", 1, 2], 2], 9),
        (["Pow", ["Add", 1, 2], 1], 3),
        (["Pow", ["Add", 1, 2], 0], 1),
        (["Pow", "z", 0], 1),
        (["Mul", 2, ["Add", 1, 2], -1], -6),
    ):
        assert proof.lower(tree) == {(): exact}, tree
    for tree in (0, ["Add", 1, -1], ["Mul", 0, "x"], ["Pow", 0, 3]):
        assert proof.lower(tree) == {}
    for tree in (["Pow", 0, -1], ["log", 0], ["log", -2], ["Pow", -2, ["Rational", 1, 2]],
                 ["Pow", 0, ["Rational", -1, 2]], ["log", ["Mul", -1, "y"]]):  # fmt: skip
        with pytest.raises(Undefined, match="there is no"):
            proof.lower(tree)
    for tree in (["Pow", "z", -1], ["Pow", "y", ["Rational", 1, 2]], ["log", "y"], ["exp", "z"],
                 ["Abs", "z"], ["Pow", "y", -1]):  # fmt: skip
        with pytest.raises(Missing) as missing:
            proof.lower(tree)
        assert missing.value.args == (tree,)
    for base in ("y", "z", ["Mul", -1, "x"]):
        with pytest.raises(Rejected, match="a base is not shown to be > 0"):
            proof.lower(["Pow", base, "z"])


@pytest.mark.parametrize("e", [(3, 2), (-3, 2), (2, 3), (-1, 2), (5, 1), (-2, 1)], ids=str)
def test_powers_of_fractions_are_powers_of_roots_and_of_inverses(e: tuple[int, int]) -> None:
    proof = begun()
    power: Any = ["Rational", *e] if e[1] > 1 else e[0]
    found = value(proof, lowered(proof, ["Pow", "x", power]), {0: Fraction(3, 7)})
    assert mp.almosteq(real(found), mp.power(real(Fraction(3, 7)), mp.mpf(e[0]) / e[1]))


def test_another_power_is_the_exponential_of_a_logarithm() -> None:
    proof = begun()
    p = lowered(proof, ["Pow", "x", ["Add", "y", "z"]])
    x, y, z = Fraction(3, 7), Fraction(1, 2), Fraction(-5, 3)
    found = value(proof, p, {0: x, 2: y, 4: z})
    assert mp.almosteq(found, mp.power(real(x), real(y + z)))


def test_kinds_of_nodes_and_rational_numbers() -> None:
    for e, kind in (
        (-1, ("inverse", 1)),
        (["Rational", 1, 2], ("root", 2)),
        (["Rational", 1, 3], ("root", 3)),
        (["Rational", 2, 3], ("power", 1)),
        (["Rational", -1, 2], ("power", 1)),
        (1, ("power", 1)),
        (0, ("power", 1)),
        (2, ("power", 1)),
        (-2, ("power", 1)),
        ("x", ("power", 1)),
        (["Add", 1, 2], ("power", 1)),
    ):
        assert kind_of(["Pow", "x", e]) == kind, e
    for head in ("exp", "log", "Abs"):
        for inside in ("x", -1, ["Rational", 1, 2]):
            assert kind_of([head, inside]) == (head, 2)
    for tree, number in ((3, 3), (["Rational", -1, 2], Fraction(-1, 2)), ("x", None), (True, None),
                         (["Pi"], None), (["Add", 1, 2], None), (["Rational", "x", 2], None),
                         (["Rational", 1, True], None)):  # fmt: skip
        assert rational(tree) == number


# -- ranges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [*product((False, True), repeat=2)], ids=str)
@pytest.mark.parametrize("ends", [(1, 3), (1, None), (None, 3), (None, None)], ids=str)
def test_a_coordinate_runs_through_the_range(
    ends: tuple[int | None, int | None], closed: tuple[bool, bool]
) -> None:
    """From the lower end, or from the upper one where only that belongs to the range."""
    low, high = ends
    closed = low is not None and closed[0], high is not None and closed[1]
    written = LOWEST if low is None else low, HIGHEST if high is None else high
    statement = stated(("x", *written, *closed))
    both = all(closed)
    for upper in (False, True) if both else (None,):
        proof = begun(statement, **({"x": upper} if both else {}))
        t, x = proof.lower("t:x"), proof.lower("x")
        down = upper if both else closed[1] and not closed[0]
        down |= low is None and high is not None
        start, end = (high, low) if down else (low, high)
        begins = closed[1] if down else closed[0]
        assert proof.sign(t) == (ANY if start is None else ANY - NEGATIVE if begins else POSITIVE)
        for at in (0, Fraction(1, 2), 5, 1000):
            found = value(proof, x, {0: at})
            if start is None:
                assert found == at
            elif end is None:
                assert found == start + (-at if down else at)
            else:
                assert found == (start + end * Fraction(at)) / (1 + Fraction(at))
        with pytest.raises(Rejected, match="two meanings"):
            proof.rule_symbol("x")


@pytest.mark.parametrize("closed", [*product((False, True), repeat=2)], ids=str)
@pytest.mark.parametrize("ends", [(1, 3), (1, None), (None, 3), (None, None)], ids=str)
def test_a_point_is_in_the_range_or_is_refused(
    ends: tuple[int | None, int | None], closed: tuple[bool, bool]
) -> None:
    low, high = ends
    closed = low is not None and closed[0], high is not None and closed[1]
    written = LOWEST if low is None else low, HIGHEST if high is None else high
    statement = stated(("x", *written, *closed))
    for twice in range(-2, 10):
        at = Fraction(twice, 2)
        inside = (low is None or at > low or (closed[0] and at == low)) and (
            high is None or at < high or (closed[1] and at == high)
        )
        if inside:
            assert begun(statement, x=at).lower("x") == ({(): at} if at else {})
        else:
            with pytest.raises(Rejected, match="the point is outside the range"):
                begun(statement, x=at)


def test_a_range_has_numbers_in_it() -> None:
    for low, high, closed in ((3, 1, False), (2, 2, False), (2, 2, True), (3, 1, True)):
        for upper in (False, True):
            with pytest.raises(Rejected, match="x has no range"):
                begun(stated(("x", low, high, closed, closed)), x=upper)
    dependent = stated(("y", 1, HIGHEST, True, False), ("x", 0, "y", False, False))
    assert begun(dependent).sign(begun(dependent).lower("x")) == POSITIVE
    with pytest.raises(Rejected, match="x has no range"):
        begun(stated(("y", 0, HIGHEST, True, False), ("x", 0, "y", False, False)))


@pytest.mark.parametrize("word", WORDS)
def test_what_is_assumed_of_a_symbol_holds_on_its_range(word: str) -> None:
    """But for 0 itself, which may be an end of what is positive."""
    implied = {"positive": ["nonnegative", "positive", "real"],
               "negative": ["negative", "nonpositive", "real"]}  # fmt: skip
    words = implied.get(word, sorted({word, "real"}))
    for low, high in ((0, 1), (-1, 0), (-1, 1), (LOWEST, HIGHEST), (0, HIGHEST), (LOWEST, -1)):
        least = -9 if low == LOWEST else low
        most = 9 if high == HIGHEST else high
        fits = {
            "positive": least >= 0, "nonnegative": least >= 0,
            "negative": most <= 0, "nonpositive": most <= 0, "real": True, "integer": True,
        }[word]  # fmt: skip
        made = stated(("x", low, high, False, False), words=words)
        if fits:
            assert begun(made).values["x"]
        else:
            with pytest.raises(Rejected, match=f"x is not {word}|x is not non"):
                begun(made)
    if word == "integer":
        made = stated(("x", 0, 3, True, True), words=words)
        assert begun(made, x=Fraction(2)).lower("x") == {(): 2}
        with pytest.raises(Rejected, match="x is no integer"):
            begun(made, x=Fraction(3, 2))
