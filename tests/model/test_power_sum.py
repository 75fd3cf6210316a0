"""Sums of powers and logarithms, and values at the ends: against mpmath and NumPy's roots."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Abs, Expr, Rational, exp, lambdify, log, oo, sign, sqrt

from grpo_symbolic.model.penalty.power_sum import PowerSum, end_values
from grpo_symbolic.symbols import u

halves = st.integers(min_value=-4, max_value=4)
terms = st.dictionaries(halves, st.integers(min_value=-5, max_value=5), min_size=1, max_size=5)


def summed(coefficients: dict[int, int]) -> Expr:
    return sum((c * u ** Rational(k, 2) for k, c in coefficients.items()), u * 0)


@settings(max_examples=200, deadline=None)
@given(terms, st.integers(min_value=-3, max_value=3))
def test_falling_is_what_the_roots_of_the_slope_say(of: dict[int, int], logs: int) -> None:
    """w = √u: u d′(u) is a polynomial in w times a power, its zeros by eigenvalues."""
    decided = PowerSum.of(summed(of) + logs * log(u), u).falls
    slope = {k: Rational(k, 2) * c for k, c in of.items() if k * c}
    slope[0] = slope.get(0, 0) + logs
    slope = {k: float(c) for k, c in slope.items() if c}
    assert decided is not None
    if not slope:
        assert decided is False
        return
    low, high = min(slope), max(slope)
    roots = np.roots([slope.get(k, 0.0) for k in range(high, low - 1, -1)])
    positive = sorted(r.real for r in roots if abs(r.imag) < 1e-5 and r.real > 1e-9)
    grid = [1e-6, *(np.sqrt(a * b) for a, b in pairwise(positive)), 1e6]
    values = [sum(c * w**k for k, c in slope.items()) for w in grid]
    if decided:
        assert max(values) < 1e-6 * max(abs(c) for c in slope.values())
    else:
        assert max(values) > -1e-6


@pytest.mark.parametrize(
    ("expr", "falls"),
    [
        (-(log(u) ** 3), True),  # flat at u = 1 alone
        (-(log(u) ** 2), False),
        (log(u) ** 2 - 2 * u, None),  # powers and logarithms in the slope: not decided here
        (-u * log(u) ** 2, False),  # it rises from exp(-2) to 1
        (-u * log(u), False),
        (u**0 * 3, False),
        (-sqrt(2) * u - log(u), True),
        (-sqrt(2) * u + u**2, None),
        (-(u**3) / 3 + u**2 - u, True),  # the slope −(u − 1)² has a double zero
    ],
)
def test_cases_of_falling(expr: Expr, falls: bool | None) -> None:
    assert PowerSum.of(expr, u).falls is falls


@pytest.mark.parametrize("expr", [exp(-u), 1 / (1 + u), log(1 + u), u ** sqrt(2), Abs(log(u))])
def test_other_forms_are_none(expr: Expr) -> None:
    assert PowerSum.of(expr, u) is None


@pytest.mark.parametrize(
    "expr",
    [3 - 2 * u**-2, 1 - log(u) / 3, -sqrt(u), 5 - u - 2 * log(u), sqrt(2) / u + 4 * log(1 / u)],
)
def test_the_inverse_returns(expr: Expr) -> None:
    spread = expr.expand(log=True, force=True)
    found = PowerSum.of(spread, u)
    with mp.workdps(40):
        for at in (Rational(1, 50), Rational(1), Rational(7), Rational(300)):
            back = found.inverse(spread.subs(u, at).evalf(40)).evalf(35)
            assert abs(mpf(str(back)) - mpf(at.p) / at.q) < mpf(10) ** -28 * max(1, at)


@pytest.mark.parametrize(
    ("expr", "ends"),
    [
        (1 - u - log(u), (oo, -oo)),
        (log(2 / (1 + u)) / 2, (log(2) / 2, -oo)),
        (-u * log(u), (0, -oo)),
        (log(u) / u, (-oo, 0)),
        ((3 * u**2 + u) / (1 + 2 * u**2), (0, Rational(3, 2))),
        (u ** Rational(1, 3) - u ** Rational(1, 2), (0, -oo)),
        (log(u) ** 2 - 3 * log(u), (oo, oo)),
        (log(3 * u + 2) - log(u), (oo, log(3))),
        (log((1 + u) / (4 + u)), (-2 * log(2), 0)),
        (Abs(log(u)), (oo, oo)),
        (sign(log(u)) * 2, (-2, 2)),
        (Abs(u - 3) - u, (3, -3)),
        (1 / u - 1 / (u + u**2), (1, 0)),
        (exp(-u), (1, 0)),
        (sqrt(u) * log(1 + 1 / u), (0, 0)),
        (log(1 + u) / u**2 - 1 / u, (-Rational(1, 2), 0)),
        (log(1 + u) ** 2 - log(u) ** 2, (-oo, 0)),
        (2 + u**0 - log(u) / u**2, (oo, 3)),
        (u**0 * 0, (0, 0)),
    ],
)
def test_values_at_the_ends(expr: Expr, ends: tuple[Any, Any]) -> None:
    found = end_values(expr, u)
    number = lambdify(u, expr, "mpmath")
    with mp.workdps(400):
        for end, wanted, at in zip(found, ends, (mpf(10) ** -90, mpf(10) ** 90), strict=True):
            assert end == wanted or (end - wanted).equals(0)
            value = number(at)
            if abs(wanted) == oo:
                assert mp.sign(value) == (1 if wanted == oo else -1)
                assert abs(value) > 100
            else:
                assert abs(value - mpf(str(Rational(0) + wanted.evalf(30)
                           if isinstance(wanted, Expr) else wanted))) < mpf(10) ** -20  # fmt: skip
