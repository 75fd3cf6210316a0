"""Enclosures of functions of the log-odds: jets, tails and zeros against high precision."""

from __future__ import annotations

import pytest
from flint import arb, ctx, fmpq
from mpmath import diff, mp, mpf
from sympy import Abs, Expr, Integer, Rational, log, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.enclosures.conversion import exact_ball, middle
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import (
    Interval,
    Region,
    Tail,
    derivative,
    on_interval,
    wronskian,
)
from grpo_symbolic.enclosures.probabilities import enclosed
from grpo_symbolic.enclosures.subdivision import subdivided
from grpo_symbolic.enclosures.zeros import isolated, isolated_on, rising_zero
from grpo_symbolic.surd import Surd

P = symbols.pi
POLYNOMIAL = Bernstein(tuple(Surd.of(sqrt(Integer(k + 1))) for k in (0, 3, 1, 6, 2)))
EXPRESSIONS: dict[str, Expr] = {
    "a root": 1 / sqrt(P * (1 - P)),
    "log-odds": 3 * log(P) - 3 * log(1 - P) + P,
    "a logarithm": log(Rational(1, 3) + P / 2) * P**2,
    "odds": P / (1 - P) - (1 - P) ** Rational(3, 2),
    "a kink away from here": Abs(P - Rational(99, 100)),
}


def as_mpf(expr: Expr, x: mpf) -> mpf:
    p = 1 / (1 + mp.exp(-x))
    return mpf(str(expr.subs(P, Rational(mp.nstr(p, 60))).evalf(45)))


def polynomial(region: Region) -> Jet:
    return region.polynomial(POLYNOMIAL, fmpq(9, 10), fmpq(1, 5))


def polynomial_at(x: mpf) -> mpf:
    p = 1 / (1 + mp.exp(-x))
    m = mpf(9) / 10 * p + (1 - p) / 5
    n = POLYNOMIAL.degree
    roots = [mp.sqrt(k + 1) for k in (0, 3, 1, 6, 2)]
    return mp.fsum(mp.binomial(n, k) * c * m**k * (1 - m) ** (n - k) for k, c in enumerate(roots))


@pytest.mark.parametrize("name", [*EXPRESSIONS, "a polynomial"])
@pytest.mark.parametrize("at", ["-7/3", "1/8", "13/5"])
def test_jets_are_the_derivatives(name: str, at: str) -> None:
    """Four Taylor coefficients, at a place and anywhere in an interval around it."""
    x, reach = Rational(at), Rational(1, 4)
    function = polynomial if name == "a polynomial" else enclosed(EXPRESSIONS[name], P)
    with mp.workdps(50), ctx.workprec(180):
        place = mpf(x.p) / x.q
        middle_place = exact_ball(place)
        wide = on_interval(function, middle_place - arb("0.25"), middle_place + arb("0.25"), 3)
        sharp = on_interval(function, middle_place, middle_place, 3)
        for shift in (-reach, 0, reach / 3):
            y = place + mpf(Rational(shift).p) / Rational(shift).q
            exact = polynomial_at if name == "a polynomial" else (
                lambda v: as_mpf(EXPRESSIONS[name], v))  # fmt: skip
            for k, factorial in enumerate((1, 1, 2, 6)):
                value = diff(exact, y, k, h=mpf(10) ** -9) / factorial
                ball = exact_ball(value) + arb(0, "1e-12")
                assert wide.terms[k].overlaps(ball)
                if shift == 0:
                    assert sharp.terms[k].overlaps(ball)
                    assert sharp.terms[k].rad() < 1e-30


@pytest.mark.parametrize("name", [*list(EXPRESSIONS)[:4], "a polynomial"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_tails_have_the_values_and_slopes(name: str, mirrored: bool) -> None:
    function = polynomial if name == "a polynomial" else enclosed(EXPRESSIONS[name], P)
    with mp.workdps(60), ctx.workprec(200):
        jet = function(Tail(200, mirrored, 1, arb(9)))
        for y in (mpf(-9), mpf(-12), mpf(-25)):
            s = 1 / (1 + mp.exp(-y))
            at = on_interval(function, exact_ball(-y if mirrored else y),
                             exact_ball(-y if mirrored else y), 1)  # fmt: skip
            values = (at.value, -at.slope if mirrored else at.slope)
            for term, value in zip(jet.terms, values, strict=True):
                total = arb(0)
                for (a, b), c in term.terms.items():
                    power = s ** (mpf(int(a.p)) / int(a.q)) * (-y) ** (mpf(int(b.p)) / int(b.q))
                    total += c * (exact_ball(power) * (1 + arb(0, "1e-50")))
                assert total.overlaps(value)


def test_a_wronskian_is_the_slope_of_a_quotient() -> None:
    first, second = enclosed(P * (2 - P), P), enclosed(1 + P**2, P)
    with ctx.workprec(120):
        for x in (arb(-3), arb(1) / 4, arb(2)):
            f, g = (on_interval(part, x, x, 2) for part in (first, second))
            found = on_interval(wronskian(first, second), x, x, 1)
            assert found.value.overlaps(f.slope * g.value - f.value * g.slope)
            bend = f.terms[2] * 2 * g.value - f.value * g.terms[2] * 2
            assert found.slope.overlaps(bend)
            slope = on_interval(derivative(first), x, x, 1)
            assert slope.value.overlaps(f.slope)
            assert slope.slope.overlaps(f.terms[2] * 2)


def test_every_zero_of_a_cubic_of_the_log_odds() -> None:
    """p (1 − p) (x − 1) (x + 2) (x − 40): one zero far out, all of them told apart."""
    x = log(P) - log(1 - P)
    with mp.workdps(30):
        found = isolated(enclosed(((x - 1) * (x + 2) * (x - 40)).expand(), P))
        assert found.complete
        assert found.ends == (-1, 1)
        assert [round(float(z.place), 9) for z in found.zeros] == [-2, 1, 40]
        assert [z.sign_left for z in found.zeros] == [-1, 1, -1]
        beyond = isolated(enclosed(((x - 1) * (x + 2) * (x - 40)).expand(), P), start=arb(0))
        assert [round(float(z.place), 9) for z in beyond.zeros] == [1, 40]


def test_zeros_on_an_interval_and_the_limit_of_cells() -> None:
    """sin on (1, 20) has zeros at multiples of π; x² touches 0."""

    def sine(left: arb, right: arb) -> Jet:
        x = left.union(right)
        return Jet((x.sin(), x.cos()))

    def square(left: arb, right: arb) -> Jet:
        x = left.union(right)
        return Jet((x * x, 2 * x))

    with mp.workdps(25), ctx.workprec(150):
        found = isolated_on(sine, [arb(1), arb(20)], 200)
        assert found.complete
        assert len(found.zeros) == 6
        assert all(abs(z.place / mp.pi - k) < 1e-20 for k, z in enumerate(found.zeros, 1))
        assert not isolated_on(sine, [arb(1), arb(20)], 3).complete
        assert not isolated_on(square, [arb(-1), arb(2)], 500).complete


def test_the_zero_of_a_rising_function_and_where_there_is_none() -> None:
    with ctx.workprec(150):
        cube = rising_zero(
            lambda a, b: Jet((a.union(b) ** 3 - 1000, 3 * a.union(b) ** 2)), arb(0), arb(10**6)
        )
        assert cube.overlaps(arb(10))
        assert cube.rad() < 1e-30
        far = rising_zero(lambda a, b: Jet((a.union(b).atan() - 2, 1 / (1 + b * b))),
                          arb(0), arb(100))  # fmt: skip
        assert not far.is_finite()
        assert far > 0


def test_a_subdivision_counts_cells_and_keeps_what_is_open() -> None:
    """Whole numbers are split down to 1; odd ones above 3 are given up."""

    def settle(cell: int) -> list[int] | None:
        if cell == 1:
            return []
        return None if cell > 3 and cell % 2 else [cell // 2, cell - cell // 2]

    assert subdivided([4], settle, 100).cells == 7
    assert subdivided([4], settle, 100).complete
    assert subdivided([10], settle, 100).undecided == (5, 5)
    assert subdivided([4], settle, 1).undecided == (2, 2)


def test_middles_are_exact() -> None:
    with mp.workprec(300):
        value = mpf(1) / 3
        assert middle(exact_ball(value)) == value
    assert Interval.around(arb(1), arb(3), 60).mirrored
