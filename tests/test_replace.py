"""Replacements and sizes of shared parts, against those of SymPy."""

from __future__ import annotations

from sympy import Basic, Max, Min, Rational, Sum, Symbol, exp, preorder_traversal, sqrt
from sympy.abc import k

from grpo_symbolic.domain import free_symbols, symbols_in
from grpo_symbolic.replace import parts, replaced, sizes

X, Y, Z = (Symbol(s, positive=True) for s in "xyz")
SHARED = sqrt(X + Y) / Z
EXPRESSIONS = [
    SHARED**3 + exp(SHARED),
    Max(-1, Min(1, SHARED)) * X,
    (1 - X - Y) * Z + Sum(X**k, (k, 0, 3)),
    X,
    Z / 3,
]


def test_replacements_are_those_of_each_alone() -> None:
    for given in ({X: Y + 2}, {X: Y, Y: X}, {1 - X - Y: Z}, {SHARED: Z, X: Rational(1, 2)}):
        for e, found in zip(EXPRESSIONS, replaced(EXPRESSIONS, given), strict=True):
            assert found.doit() == e.xreplace(given).doit()


def test_a_maximum_is_left_as_it_is() -> None:
    (found,) = replaced([Max(X, Y)], {X: Y / 2})
    assert found.func is Max
    assert found.args != ()
    assert found.doit() == Y
    assert found.xreplace({Y: Rational(3)}) == 3


def test_sizes_count_every_node() -> None:
    assert sizes(EXPRESSIONS) == [sum(1 for _ in preorder_traversal(e)) for e in EXPRESSIONS]


def test_every_part_is_met_once_however_often_it_stands_there() -> None:
    e: Basic = X
    for _ in range(40):  # 2**40 leaves as a tree
        e = Basic(Basic(e, Y), e)
    assert sum(1 for _ in parts((e, Z))) < 400
    assert symbols_in((e, Z)) == {X, Y, Z}
    assert symbols_in(()) == frozenset()
    bound = Sum(X**k, (k, 0, 3)) + sqrt(Y)
    assert free_symbols(bound) == bound.free_symbols == {X, Y}
