"""Bernstein polynomials: exact values, SymPy's own expansion, sums in mpmath."""

from collections.abc import Callable
from fractions import Fraction
from math import comb

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from mpmath import sqrt as mp_sqrt
from sympy import (
    Abs,
    Expr,
    Integer,
    Rational,
    Symbol,
    binomial,
    diff,
    exp,
    expand,
    integrate,
    radsimp,
    sqrt,
)

from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.surd import Surd

t, p, x = Symbol("t"), Symbol("p"), Symbol("x")
DEVIATION = sqrt(t * (1 - t))

SHAPES: list[Expr] = [
    DEVIATION,
    t * (1 - t),
    1 / (1 + sqrt(t * (1 - t))),
    sqrt(t) + sqrt(1 - t),
    Abs(2 * t - 1) / 3,
]
LOPSIDED: list[Expr] = [sqrt(t), t - sqrt(1 - t), sqrt(1 + t) * (1 - 2 * t)]

surds = st.builds(
    lambda q, d: Surd.root(d) * q,
    st.fractions(min_value=-5, max_value=5, max_denominator=6),
    st.integers(1, 12),
)
points = st.fractions(min_value=0, max_value=1, max_denominator=40)


def by_definition(f: Expr, G: int) -> Expr:
    """The mean of f(K/G) over the binomial law, by SymPy alone."""
    return sum(
        (
            binomial(G, k) * radsimp(f.subs(t, Rational(k, G))) * p**k * (1 - p) ** (G - k)
            for k in range(G + 1)
        ),
        Integer(0),
    )


def deviation_by_mpmath(G: int, at: mpf) -> mpf:
    """The same mean for the deviation, by mpmath alone."""
    return sum(
        comb(G, k) * mp_sqrt(mpf(k) / G * (1 - mpf(k) / G)) * at**k * (1 - at) ** (G - k)
        for k in range(G + 1)
    )


EXACT = [
    (2, [1]),
    (3, [sqrt(2)]),
    (4, [sqrt(3), -(2 * sqrt(3) - 3)]),
    (5, [2, -(6 - 2 * sqrt(6))]),
]


@pytest.mark.parametrize(("G", "expected"), EXACT)
def test_the_deviation_over_x_has_the_known_coefficients(G: int, expected: list[Expr]) -> None:
    found = Bernstein.sampled(DEVIATION, t, G).divided_by_x().powers()
    assert [expand(c.to_sympy() - e) for c, e in zip(found, expected, strict=True)] == [0] * len(
        found
    )


@pytest.mark.parametrize("G", range(1, 10))
@pytest.mark.parametrize("f", SHAPES, ids=str)
def test_both_forms_expand_to_what_sympy_expands(f: Expr, G: int) -> None:
    found = Bernstein.sampled(f, t, G)
    expected = expand(by_definition(f, G))
    assert found.symmetric
    assert expand(found.expression(p) - expected) == 0
    assert expand(found.polynomial(p * (1 - p)) - expected) == 0


@pytest.mark.parametrize("G", [1, 2, 5, 8])
@pytest.mark.parametrize("f", LOPSIDED, ids=str)
def test_a_lopsided_polynomial_has_its_sum_but_no_form_in_x(f: Expr, G: int) -> None:
    found = Bernstein.sampled(f, t, G)
    assert not found.symmetric
    assert expand(found.expression(p) - by_definition(f, G)) == 0
    with pytest.raises(ValueError, match=r"only a symmetric polynomial"):
        found.powers()


@pytest.mark.parametrize("G", [64, 257])
@pytest.mark.parametrize("at", [Fraction(1, 3), Fraction(1, 1000), Fraction(999, 1000)])
def test_values_agree_with_a_direct_sum(G: int, at: Fraction) -> None:
    found = Bernstein.sampled(DEVIATION, t, G)
    with mp.workdps(75):
        point = mpf(at.numerator) / at.denominator
        expected = deviation_by_mpmath(G, point)
        assert abs(found.evaluate(at, 60) / expected - 1) < mpf(10) ** -60
        ball = found.enclosure(at, 60)
        assert ball.rad() * arb(10) ** 60 < abs(ball)
        quotient = found.divided_by_x().evaluate(at, 60)
        assert abs(quotient * point * (1 - point) / expected - 1) < mpf(10) ** -59
        assert abs(decimal(found.at(at)) / expected - 1) < mpf(10) ** -70


def decimal(value: Surd) -> mpf:
    return sum((mpf(int(c.p)) / int(c.q) * mp_sqrt(d) for d, c in value.terms), mpf(0))


@pytest.mark.parametrize("G", [64, 257])
def test_the_form_in_x_agrees_with_a_direct_sum(G: int) -> None:
    powers = Bernstein.sampled(DEVIATION, t, G).powers()
    # The coefficients alternate and reach 4**(G/2): the working precision covers it.
    with mp.workdps(60 + 2 * G):
        at = mpf(2) / 7
        found = sum(decimal(c) * (at * (1 - at)) ** i for i, c in enumerate(powers))
        assert abs(found / deviation_by_mpmath(G, at) - 1) < mpf(10) ** -60


@settings(max_examples=60)
@given(st.lists(surds, min_size=1, max_size=7), points)
def test_any_surd_coefficients_are_summed_as_defined(
    coefficients: list[Surd], at: Fraction
) -> None:
    n = len(coefficients) - 1
    expected = sum(
        (c * (comb(n, k) * at**k * (1 - at) ** (n - k)) for k, c in enumerate(coefficients)),
        Surd(),
    )
    found = Bernstein(tuple(coefficients))
    assert found.at(at) == expected
    with mp.workdps(60):
        value = decimal(expected)
        assert abs(found.evaluate(at, 40) - value) <= mpf(10) ** -40 * abs(value)


@settings(max_examples=40)
@given(st.lists(surds, min_size=1, max_size=4), st.booleans(), points)
def test_any_mirrored_coefficients_are_expanded(half: list[Surd], odd: bool, at: Fraction) -> None:
    coefficients = half + half[::-1][odd:]
    found = Bernstein(tuple(coefficients))
    product = at * (1 - at)
    value = sum((c * product**i for i, c in enumerate(found.powers())), Surd())
    assert value == found.at(at)


@pytest.mark.parametrize("f", [DEVIATION, *LOPSIDED], ids=str)
def test_the_derivative_is_the_derivative(f: Expr) -> None:
    found = Bernstein.sampled(f, t, 6)
    assert expand(found.derivative().expression(p) - diff(by_definition(f, 6), p)) == 0
    assert integrate(found.derivative().expression(p), (p, 0, 1)).equals(
        f.subs(t, 1) - f.subs(t, 0)
    )
    assert Bernstein((Surd.root(2),)).derivative() == Bernstein((Surd(),))


def test_differences_have_exact_signs() -> None:
    concave = Bernstein.sampled(DEVIATION, t, 12)
    assert concave.signs_of_differences(0) == (0, *(1,) * 11, 0)
    assert concave.signs_of_differences(1) == (1,) * 6 + (-1,) * 6
    assert concave.signs_of_differences(2) == (-1,) * 11
    line = Bernstein.sampled(t * sqrt(7), t, 5)
    assert line.signs_of_differences(2) == (0,) * 4


def test_cancelling_sums_are_decided_and_still_certified() -> None:
    tilted = Bernstein.sampled(2 * t - 1, t, 7)
    assert tilted.enclosure(Fraction(1, 2), 30).is_zero()
    near = Fraction(1, 2) + Fraction(1, 10**300)
    assert tilted.at(near) == 2 * (near - Fraction(1, 2))
    with mp.workdps(40):
        assert abs(tilted.evaluate(near, 30) / (2 * mpf(10) ** -300) - 1) < mpf(10) ** -30


@pytest.mark.parametrize("at", [0, 1])
def test_the_ends_are_the_first_and_last_coefficient(at: int) -> None:
    found = Bernstein.sampled(sqrt(2 + t), t, 9)
    assert found.at(at) == Surd.root(2 + at)
    assert found.enclosure(at, 40).overlaps(Surd.root(2 + at).enclosure(200))
    assert Bernstein.sampled(DEVIATION, t, 9).evaluate(at, 30) == 0


def test_points_of_other_types_are_exact() -> None:
    found = Bernstein.sampled(DEVIATION, t, 10)
    expected = found.evaluate(Fraction(3, 8), 40)
    assert expected == found.evaluate(mpf("0.375"), 40) == found.evaluate(arb("0.375"), 40)
    assert expected == found.evaluate(fmpq(3, 8), 40) == found.evaluate(Rational(3, 8), 40)


def test_a_ball_of_points_is_mapped_to_a_ball_of_values() -> None:
    found = Bernstein.sampled(DEVIATION, t, 10)
    with ctx.workprec(120):
        ball = found.enclosure(arb("0.3", "0.001"), 30)
        for at in (
            Fraction(2999, 10000),
            Fraction(3, 10),
            Fraction(301, 1000) - Fraction(1, 10**9),
        ):
            assert ball.contains(found.enclosure(at, 25))
        assert ball.rad() < arb("0.1")
        assert found.ball_at(arb("0.3", "0.001"), 120).overlaps(ball)


REFUSALS: list[tuple[Callable[[], object], str]] = [
    (lambda: Bernstein(()), "needs at least one coefficient"),
    (lambda: Bernstein.sampled(t, t, 0), "at least 1 to sample an expression, got 0"),
    (lambda: Bernstein.sampled(1 / t, t, 3), "1/t is not defined at t = 0"),
    (lambda: Bernstein.sampled(sqrt(t - 1), t, 3), "the square root of -1 is not real"),
    (lambda: Bernstein.sampled(exp(t), t, 3), "has no exact value as a surd"),
    (lambda: Bernstein.sampled(t * x, t, 3), "the symbol x has no value"),
    (lambda: Bernstein.sampled(t, t, 3).divided_by_x(), "vanishes at p = 0 and p = 1"),
    (lambda: Bernstein((Surd(), Surd())).divided_by_x(), "of degree at least 2"),
    (lambda: Bernstein.sampled(t, t, 3).enclosure(0.5, 20), "integer or a fraction, got 0.5"),
    (lambda: Bernstein.sampled(t, t, 3).evaluate(arb("0.3", "0.1"), 20), "needs an exact p"),
]


@pytest.mark.parametrize(("action", "sentence"), REFUSALS)
def test_refusals_are_one_sentence(action: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        action()
