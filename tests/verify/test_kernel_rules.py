"""Each rule of the kernel by itself: what it gives where it applies, and where it refuses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath as mp
import pytest

from grpo_symbolic.verify.kernel import proof as rules
from grpo_symbolic.verify.kernel.proof import ONE, kind_of
from grpo_symbolic.verify.kernel.statement import ANY, INFINITE, NEGATIVE, POSITIVE, ZERO, Rejected
from tests.verify.test_kernel_arithmetic import begun, real, stated, value

LOWEST, HIGHEST = INFINITE
X, Y, Z = "x", "y", "z"
BEYOND = ["Add", 1, X]  # more than 1, as are its root, its logarithm's argument, its exponential
BELOW = ["Add", -1, ["Mul", -1, Y]]
NODES: list[tuple[Any, frozenset[int]]] = [
    (["Pow", BEYOND, -1], POSITIVE),
    (["Pow", BELOW, -1], NEGATIVE),
    (["Pow", Y, ["Rational", 1, 2]], ZERO | POSITIVE),
    (["Pow", BEYOND, ["Rational", 1, 3]], POSITIVE),
    (["log", BEYOND], POSITIVE),
    (["log", X], ANY),
    (["exp", Y], POSITIVE),
    (["exp", Z], POSITIVE),
    (["exp", BELOW], POSITIVE),
]


@pytest.mark.parametrize(("node", "sign"), NODES, ids=str)
def test_what_is_named_has_its_value_and_its_sign(node: Any, sign: frozenset[int]) -> None:
    proof = begun()
    proof.run([["let", "v:1", node]])
    found, (kind, _) = proof.lower("v:1"), kind_of(node)
    assert proof.lower(node) == found
    assert proof.sign(found) == sign
    made = proof.variables[-1]
    inside = proof.lower(node[1])
    at = {0: Fraction(3, 2), 2: Fraction(2, 3), 4: Fraction(-5, 4)}
    x = value(proof, inside, dict(at))
    if kind == "inverse":
        way = 1 if value(proof, made.bottom, dict(at)) == x else -1
        assert (made.top, made.bottom) == ({(): way}, proof.plus({}, inside, way))
        assert (proof.sign(made.bottom), made.degree) == (POSITIVE, 1)
        assert value(proof, found, dict(at)) == 1 / Fraction(x)
    elif kind == "root":
        assert mp.almosteq(value(proof, found, dict(at)) ** made.degree, real(x))
    else:
        exact = (mp.exp if kind == "exp" else mp.log)(real(x))
        assert mp.almosteq(value(proof, found, dict(at)), exact)
        assert proof.pairs == [(inside, found) if kind == "exp" else (found, inside)]
        if kind == "exp":
            assert proof.sign(proof.plus(found, ONE, -1)) == proof.sign(inside)
    for name in ("v:1", "v:2"):
        with pytest.raises(Rejected):
            proof.run([["let", name, node]])


@pytest.mark.parametrize(
    ("name", "node", "why"),
    [
        ("w:1", ["exp", X], "a name has two meanings"),
        ("v", ["exp", X], "a name has two meanings"),
        ("t:x", ["exp", X], "a name has two meanings"),
        ("v:1", ["Abs", Z], "it is nothing to be named"),
        ("v:1", ["Pow", X, 2], "it is nothing to be named"),
        ("v:1", ["Pow", Z, -1], "it is not shown that there is one"),
        ("v:1", ["Pow", Y, -1], "it is not shown that there is one"),
        ("v:1", ["Pow", Z, ["Rational", 1, 2]], "it is not shown that there is one"),
        ("v:1", ["log", Y], "it is not shown that there is one"),
        ("v:1", ["log", Z], "it is not shown that there is one"),
    ],
    ids=str,
)
def test_what_is_not_there_cannot_be_named(name: str, node: Any, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        begun().run([["let", name, node]])


def test_what_a_side_needs_is_granted_where_the_claim_is_made_only_there() -> None:
    needed, other = ["Pow", Z, -1], ["Pow", ["Add", 1, Z], -1]
    domain = (("z", LOWEST, HIGHEST, False, False),)
    for side in ("left", "right"):
        for where in (True, False):
            said = {"left": 1, "right": 0} | {side: needed, "where_defined": where}
            proof = begun(stated(*domain, **said))
            assert proof._granted(needed) == where
            assert not proof._granted(other)
            if where:
                proof.run([["let", "v:1", needed]])
                made = proof.variables[-1]
                assert (made.degree, made.sign) == (2, ANY - ZERO)
                assert not proof._granted(needed)
            else:
                with pytest.raises(Rejected, match="not shown"):
                    proof.run([["let", "v:1", needed]])
    root = ["Pow", Z, ["Rational", 1, 2]]
    proof = begun(stated(*domain, left=root, where_defined=True))
    proof.run([["let", "v:1", root]])
    assert proof.variables[-1].sign == ZERO | POSITIVE


SQUARE = ["Pow", ["Add", X, ["Mul", -1, Y]], 2]
GIVEN: list[tuple[Any, Any, bool]] = [
    (["Abs", ["Mul", -1, Y]], Y, True),
    (["Abs", ["Mul", -1, Y]], ["Mul", -1, Y], False),
    (["Abs", Y], ["Mul", 2, Y], False),
    (["Abs", Z], Z, False),
    (["Pow", ["Mul", 4, X, X], ["Rational", 1, 2]], ["Mul", 2, X], True),
    (["Pow", ["Mul", 4, X, X], ["Rational", 1, 2]], ["Mul", -2, X], False),
    (["Pow", ["Mul", 4, X, X], ["Rational", 1, 2]], X, False),
    (["Pow", ["Pow", X, 3], ["Rational", 1, 3]], X, True),
    (["Pow", ["Pow", X, 2], ["Rational", 1, 3]], X, False),
    (["Pow", SQUARE, ["Rational", 1, 2]], ["Add", X, ["Mul", -1, Y]], False),
    (["Pow", ["Rational", 9, 4], ["Rational", 1, 2]], ["Rational", 3, 2], True),
    (["Pow", Y, -1], Y, False),
    (["Pow", ["Add", X, 1], -1], 1, False),
    (["exp", Y], ["Add", 1, Y], False),
    (["log", X], ["Add", X, -1], False),
    (["Pow", X, 2], X, False),
]


@pytest.mark.parametrize(("node", "tree", "holds"), GIVEN, ids=str)
def test_a_value_is_shown_by_its_equation(node: Any, tree: Any, holds: bool) -> None:
    proof = begun()
    if not holds:
        with pytest.raises(Rejected, match="a value is another"):
            proof.run([["value", node, tree]])
        return
    proof.run([["value", node, tree]])
    assert proof.lower(node) == proof.lower(tree)


def test_two_values_of_one_node_are_equal() -> None:
    """1/(x (1 + x)) by its own name, and by those of its factors."""
    proof, node = begun(), ["Pow", ["Mul", X, BEYOND], -1]
    proof.run([["let", "v:1", node], ["let", "v:2", ["Pow", X, -1]],
               ["let", "v:3", ["Pow", BEYOND, -1]]])  # fmt: skip
    root = ["Pow", ["Mul", X, X, Y, Y], ["Rational", 1, 2]]
    proof.run([["let", "v:4", root]])
    first = proof.lower(root)
    proof.run([["value", root, ["Mul", X, Y]]])
    assert proof.lower(root) == proof.lower(["Mul", X, Y]) != first
    assert proof.sign(proof.plus(proof.lower(["Mul", X, Y]), first, -1)) == ZERO
    assert proof.sign(proof.plus(first, proof.lower(["Mul", X, Y]), -1)) == ZERO
    assert proof.sign(proof.plus(first, proof.lower(["Mul", X, Y]))) != ZERO
    proof.run([["value", node, ["Mul", "v:2", "v:3"]]])
    assert proof.lower(node) == proof.lower(["Mul", "v:2", "v:3"])
    with pytest.raises(Rejected, match="a value is another"):
        proof.run([["value", node, ["Mul", "v:2", "v:2"]]])


#: With exp(x) = v:1 and exp(y) = v:2: exponent, power, divisor, weights.
PAIRS: list[tuple[Any, Any, Any, list[Any], bool]] = [
    (["Mul", 2, X], ["Pow", "v:1", 2], 1, [2, 0], True),
    (["Add", X, Y], ["Mul", "v:1", "v:2"], 1, [1, 1], True),
    (["Add", X, ["Mul", -1, Y]], ["Mul", "v:1", "v:3"], 1, [1, -1], True),
    (["Mul", ["Rational", 1, 2], X], "v:4", 2, [1, 0], True),
    (0, 1, 1, [0, 0], True),
    (0, 2, 1, [0, 0], False),
    (["Mul", 2, X], ["Pow", "v:1", 3], 1, [2, 0], False),
    (["Mul", 3, X], ["Pow", "v:1", 2], 1, [2, 0], False),
    (["Mul", 2, X], "v:2", 1, [0, 1], False),
    (X, "v:1", 2, [1, 0], False),
    (X, "v:1", 0, [0, 0], False),
    (X, "v:1", -1, [-1, 0], False),
    (X, "v:1", True, [1, 0], False),
    (X, "v:1", 1, [True, 0], False),
    (X, "v:1", 1, [1.0, 0], False),
    (X, "v:1", 1.0, [1, 0], False),
    (X, ["Mul", -1, "v:1"], 1, [1, 0], False),
    (["Mul", ["Rational", 1, 2], X], ["Mul", -1, "v:4"], 2, [1, 0], False),
    (0, 0, 1, [0, 0], False),
]


@pytest.mark.parametrize(("exponent", "power", "d", "weights", "holds"), PAIRS, ids=str)
def test_an_exponential_by_those_that_are_known(
    exponent: Any, power: Any, d: Any, weights: list[Any], holds: bool
) -> None:
    proof = begun()
    proof.run([["let", "v:1", ["exp", X]], ["let", "v:2", ["exp", Y]],
               ["let", "v:3", ["Pow", "v:2", -1]],
               ["let", "v:4", ["Pow", "v:1", ["Rational", 1, 2]]]])  # fmt: skip
    before = list(proof.pairs)
    if not holds:
        with pytest.raises(Rejected, match=r"exponential|exponent is none"):
            proof.run([["pair", exponent, power, d, weights]])
        return
    proof.run([["pair", exponent, power, d, weights]])
    assert proof.lower(["exp", exponent]) == proof.lower(power)
    assert proof.lower(["log", power]) == proof.lower(exponent)
    assert proof.pairs == [*before, (proof.lower(exponent), proof.lower(power))]


def test_weights_of_exponentials_have_a_limit_and_one_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "BITS", 5)
    for k in (4, -4, 5, -5):
        proof = begun()
        proof.run([["let", "v:1", ["exp", X]], ["let", "v:2", ["Pow", "v:1", -1]]])
        power = ["Pow", "v:1" if k > 0 else "v:2", abs(k)]
        pair = ["pair", ["Mul", k, X], power, 1, [k]]
        if abs(k) < 5:
            proof.run([pair])
            assert proof.lower(["exp", ["Mul", k, X]]) == proof.lower(power)
        else:
            with pytest.raises(Rejected, match="an exponent is none"):
                proof.run([pair])
        for weights in ([], [0, 0]):
            with pytest.raises(ValueError, match="argument"):
                begun().run([["let", "v:1", ["exp", X]], ["pair", 0, 1, 1, weights]])


GAP = ["Add", ["Mul", X, X], ["Mul", -2, X, Y], ["Mul", Y, Y]]
SHOWN: list[tuple[Any, Any, Any, frozenset[int] | str]] = [
    (GAP, [[[1, 1]]], [[[["Add", X, ["Mul", -1, Y]], 2]]], ZERO | POSITIVE),
    (["Mul", -1, GAP], [[[2, 1]]],
     [[[-2, 1], [["Add", X, ["Mul", -1, Y]], 2]]], ZERO | NEGATIVE),
    (["Add", X, ["Mul", -1, Y]], [[[X, 1]], [[["Add", 1, Y], 1]]],
     [[[["Add", X, ["Mul", -1, Y]], 1], [["Add", 1, X, Y], 1]]], ANY),
    (GAP, [[[Y, 1]]], [[[Y, 1], [["Add", X, ["Mul", -1, Y]], 2]]], "multiplier is not positive"),
    (GAP, [[[-1, 1]]], [[[-1, 1], [["Add", X, ["Mul", -1, Y]], 2]]], "multiplier is not positive"),
    (GAP, [], [], "multiplier is not positive"),
    (GAP, [[[1, 1]]], [[[["Add", X, Y], 2]]], "the two sides of the identity differ"),
    (GAP, [[[1, True]]], [[[["Add", X, ["Mul", -1, Y]], 2]]], "an exponent is none"),
    (GAP, [[[1, 1]]], [[[["Add", X, ["Mul", -1, Y]], 2.0]]], "an exponent is none"),
    (GAP, [[[1, 0]]], [[[["Add", X, ["Mul", -1, Y]], 2]]], "an exponent is none"),
    (GAP, [[[1, 1]]], [[[["Add", X, ["Mul", -1, Y]], 2], [X, 0]]], "an exponent is none"),
    (GAP, [[[1, 1]]], [[[["Add", X, ["Mul", -1, Y]], 3], [X, -1]]], "an exponent is none"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "multiplier", "terms", "sign"), SHOWN, ids=str)
def test_a_sign_is_shown_by_an_identity(
    tree: Any, multiplier: Any, terms: Any, sign: frozenset[int] | str
) -> None:
    proof = begun()
    assert proof.sign(proof.lower(tree)) == ANY
    step = [["sign", tree, multiplier, terms]]
    if isinstance(sign, str):
        with pytest.raises(Rejected, match=sign):
            proof.run(step)
        assert proof.sign(proof.lower(tree)) == ANY
    else:
        proof.run(step)
        assert proof.sign(proof.lower(tree)) == sign
