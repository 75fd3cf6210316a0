"""Slopes of shared parts, against differences of values at numbers."""

from __future__ import annotations

from collections import Counter

import pytest
from mpmath import mp, mpf
from sympy import Expr, Max, Pow, Rational, S, Sum, Symbol, exp, log, sqrt
from sympy.abc import k

from grpo_symbolic import gradient
from grpo_symbolic.gradient import gradients

X, Y, Z = (Symbol(s, positive=True) for s in "xyz")
AT = {X: Rational(3, 7), Y: Rational(2, 5), Z: Rational(5, 3)}
SHARED = X + Y**2 * Z

EXPRESSIONS = [
    X**2 * Y + sqrt(X + Y * Z) / (1 + X * Y),
    exp(X * Y) * log(1 + Z) - X ** Rational(5, 3),
    X ** (Y + 1) * Z,
    2**X + Z**3,
    (X - Max(X, Y)) / SHARED**3,
    SHARED * log(SHARED) + 1 / SHARED,
    Sum(X**k * Y, (k, 0, 4)),
    S(3),
    Z * log(Z),
]


@pytest.mark.parametrize("e", EXPRESSIONS, ids=str)
def test_slopes_are_those_of_the_values(e: Expr) -> None:
    (found,) = gradients([e], (X, Y))
    assert found.keys() == e.free_symbols & {X, Y}
    with mp.workdps(60):
        step = Rational(1, 10**20)
        for symbol, slope in found.items():
            above, below = (e.subs({**AT, symbol: AT[symbol] + t}).n(60) for t in (step, -step))
            rise = mpf((above - below) / (2 * step))
            assert abs(rise - mpf(slope.subs(AT).doit().n(60))) < mpf(10) ** -30 * (1 + abs(rise))


def test_a_part_of_many_expressions_is_differentiated_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: Counter[Expr] = Counter()
    taken = gradient._Gradients._of
    monkeypatch.setattr(
        gradient._Gradients, "_of", lambda self, e: seen.update([e]) or taken(self, e)
    )
    rows = gradients([sqrt(SHARED) + n * X for n in range(2, 20)], (X, Y))
    assert len(rows) == 18
    assert set(seen.values()) == {1}
    assert seen[SHARED] == seen[Pow(SHARED, S.Half)] == 1
