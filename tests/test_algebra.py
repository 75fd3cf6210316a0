"""Exact algebra: signs against numeric values, equality to zero, tidy factors."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Expr,
    Integer,
    Mul,
    Rational,
    S,
    Symbol,
    cancel,
    diff,
    exp,
    expand,
    log,
    nan,
    sqrt,
    symbols,
    together,
    zoo,
)

from grpo_symbolic.algebra import Sign, is_zero, oriented_factors, same, sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import beta, gamma, pi, pi_ref

Z = Symbol("z", real=True)

DOMAIN = Domain.of(beta, gamma, pi_ref)
POINTS = list(DOMAIN.samples(25, seed=99))

# The published closed forms, as printed.
RATIO = beta / gamma
PAIRS = (1 - RATIO + sqrt((1 - RATIO) ** 2 + 4 * RATIO * pi_ref)) / 2
LARGE = (2 * beta**2 * pi_ref + 1 + sqrt(1 + 4 * beta**2 * pi_ref * (1 - pi_ref))) / (
    2 * (1 + beta**2)
)

numbers = st.builds(Rational, st.integers(-3, 3), st.integers(1, 3))
atoms = st.one_of(st.sampled_from([beta, gamma, pi_ref, 1 - pi_ref, 1 - gamma]), numbers)


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a: a**2, inner),
        st.builds(lambda a, b: a / (1 + b**2), inner, inner),
        st.builds(lambda a: sqrt(1 + a**2), inner),
        st.builds(lambda a, b: a / (1 + Abs(b)) ** 2, inner, inner),
        st.builds(lambda a, b: a / (beta + sqrt(b**2 + pi_ref)), inner, inner),
        st.builds(lambda a: Abs(a), inner),
    )


def _radical(leaf: Expr) -> Expr:
    return sqrt(leaf) if leaf.free_symbols else leaf


leaves = st.one_of(atoms, st.builds(_radical, atoms))
expressions = st.recursive(leaves, _grow, max_leaves=4)
# Sums and products with radicals of symbols only: small enough to be squared and multiplied.
plain = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / (1 + b**2), inner, inner),
    ),
    max_leaves=3,
)


def _number(expr: Expr, point: dict[Any, Any], digits: int = 40) -> Expr | None:
    value = expr.subs(point)
    if value in (nan, zoo):
        return None
    return value.evalf(digits)


def _allowed(found: Sign, value: Expr) -> bool:
    """Whether a value, exact to about 40 digits, is one that ``found`` allows."""
    tiny = Rational(1, 10**30)
    return {
        Sign.POSITIVE: value > 0,
        Sign.NEGATIVE: value < 0,
        Sign.NONNEGATIVE: value > -tiny,
        Sign.NONPOSITIVE: value < tiny,
        Sign.ZERO: abs(value) < tiny,
    }[found]


@settings(max_examples=90)
@given(expressions)
def test_a_sign_never_contradicts_a_value(expr: Expr) -> None:
    found = sign(expr, DOMAIN)
    assume(found is not None)
    for point in POINTS:
        value = _number(expr, point)
        if value is not None:
            assert _allowed(found, value), (expr, found, point, value)


@settings(max_examples=40)
@given(expressions, st.sampled_from(POINTS))
def test_a_shifted_expression_has_no_constant_sign(expr: Expr, point: dict[Any, Any]) -> None:
    """What is zero somewhere is never called positive or negative."""
    value = expr.subs(point)
    assume(value not in (nan, zoo) and value.is_Rational)
    assert sign(expr - value, DOMAIN) not in (Sign.POSITIVE, Sign.NEGATIVE)


@pytest.mark.parametrize(
    ("expr", "negative_at"),
    [
        (
            (1 - sqrt(beta)) / (Abs(pi_ref - 1 / (1 + sqrt(beta))) + 1) ** 2,
            {beta: Integer(4), pi_ref: Rational(1, 2)},
        ),
        (
            (1 - sqrt(pi_ref / (1 - pi_ref)))
            / (Abs(gamma - 1 / (1 + sqrt(pi_ref / (1 - pi_ref)))) + 1) ** 2,
            {pi_ref: Rational(4, 5), gamma: Rational(1, 2)},
        ),
    ],
)
def test_radicals_in_the_denominator_of_an_absolute_value(
    expr: Expr, negative_at: dict[Any, Any]
) -> None:
    """Both expressions change sign: no sign may be given."""
    assert expr.subs(negative_at) < 0
    assert expr.subs({s: v / 100 for s, v in negative_at.items()}) > 0
    assert sign(expr, Domain()) is None


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (beta, Sign.POSITIVE),
        (1 - gamma, Sign.NONNEGATIVE),
        (gamma - 1, Sign.NONPOSITIVE),
        (pi_ref * (pi_ref - 1), Sign.NEGATIVE),
        (beta**2 + 1 - 2 * beta, Sign.NONNEGATIVE),
        (beta**2 - beta + 1, Sign.POSITIVE),
        (sqrt(1 + beta**2) - beta, Sign.POSITIVE),
        (beta - sqrt(1 + beta**2), Sign.NEGATIVE),
        (sqrt(beta**2 + beta) - beta - 1, Sign.NEGATIVE),
        (exp(beta) - 1, Sign.POSITIVE),
        (exp(-beta) - 1, Sign.NEGATIVE),
        (log(1 + beta), Sign.POSITIVE),
        ((beta + 1) ** 2 - beta**2 - 2 * beta - 1, Sign.ZERO),
        (beta - 1, None),
        (beta - pi_ref, None),
        (log(beta), None),
    ],
    ids=str,
)
def test_known_signs(expr: Expr, expected: Sign | None) -> None:
    assert sign(expr, Domain()) is expected


HARD = {
    "(14) is positive": (PAIRS, Sign.POSITIVE),
    "(14) is below 1": (1 - PAIRS, Sign.POSITIVE),
    "(14) is above the reference": (PAIRS - pi_ref, Sign.POSITIVE),
    "(14) falls with beta": (diff(PAIRS, beta), Sign.NEGATIVE),
    "(14) grows with the reference": (diff(PAIRS, pi_ref), Sign.POSITIVE),
    "(14) grows with the margin": (diff(PAIRS, gamma), Sign.POSITIVE),
    "(14) is concave in the reference": (diff(PAIRS, pi_ref, 2), Sign.NEGATIVE),
    "(15) is positive": (LARGE, Sign.POSITIVE),
    "(15) is below 1": (1 - LARGE, Sign.POSITIVE),
    "(15) is above the reference": (LARGE - pi_ref, Sign.POSITIVE),
    "(15) falls with beta": (diff(LARGE, beta), Sign.NEGATIVE),
    "(15) grows with the reference": (diff(LARGE, pi_ref), Sign.POSITIVE),
    "(15) is concave in the reference": (diff(LARGE, pi_ref, 2), Sign.NEGATIVE),
}


@pytest.mark.parametrize("name", HARD)
def test_signs_of_the_published_policies(name: str) -> None:
    expr, expected = HARD[name]
    assert all(_allowed(expected, _number(expr, point)) for point in POINTS)
    assert sign(expr, Domain()) is expected


@settings(max_examples=40)
@given(plain, plain)
def test_equal_expressions_differ_by_zero(left: Expr, right: Expr) -> None:
    product = (left + right) * (left - right)
    assert is_zero(product - (left**2 - right**2), DOMAIN)
    assert is_zero(product - expand(product), DOMAIN)
    assert is_zero(
        left / (1 + beta) + right / beta - together(left / (1 + beta) + right / beta), DOMAIN
    )


@settings(max_examples=40)
@given(
    plain,
    plain,
    st.sampled_from([Rational(1, 10**12), beta / 10**9, sqrt(pi_ref) / 7, gamma * (1 - pi_ref)]),
)
def test_perturbed_expressions_do_not_differ_by_zero(left: Expr, right: Expr, change: Expr) -> None:
    product = (left + right) * (left - right)
    assert not is_zero(product - (left**2 - right**2) + change, DOMAIN)


@pytest.mark.parametrize(
    "expr",
    [
        sqrt(beta**2 + 2 * beta + 1) - beta - 1,
        sqrt(pi_ref**2 - 2 * pi_ref + 1) - (1 - pi_ref),
        Abs(pi_ref - 1) - (1 - pi_ref),
        sqrt(beta * gamma) - sqrt(beta) * sqrt(gamma),
        sqrt(8) - 2 * sqrt(2),
        log(beta * gamma) - log(beta) - log(gamma),
        log(pi_ref**2 / 4) - 2 * log(pi_ref) + 2 * log(2),
        exp(2 * beta) - exp(beta) ** 2,
        exp(beta + gamma) - exp(beta) * exp(gamma),
        log(exp(beta)) - beta,
        1 / (sqrt(1 + beta) - 1) - (sqrt(1 + beta) + 1) / beta,
        PAIRS**2 - (1 - RATIO) * PAIRS - RATIO * pi_ref,
        (1 + beta**2) * LARGE**2 - (1 + 2 * beta**2 * pi_ref) * LARGE + beta**2 * pi_ref**2,
    ],
    ids=str,
)
def test_identities_with_functions(expr: Expr) -> None:
    assert is_zero(expr, Domain())
    assert not is_zero(expr + Rational(1, 10**6) * beta, Domain())


def test_is_zero_needs_the_domain() -> None:
    x = symbols("x", real=True)
    claim = sqrt(x**2) - x
    assert is_zero(claim, Domain.of(Range(x, Integer(0), Integer(1))))
    assert not is_zero(claim, Domain.of(Range(x, Integer(-1), Integer(1))))
    assert is_zero(sqrt(x**2) + x, Domain.of(Range(x, Integer(-1), Integer(0))))


@settings(max_examples=50)
@given(expressions)
def test_tidy_keeps_the_value(expr: Expr) -> None:
    shown = tidy(expr, DOMAIN)
    for point in POINTS[:6]:
        before, after = _number(expr, point), _number(shown, point)
        if before is not None and after is not None:
            assert abs(before - after) <= Rational(1, 10**25) * max(1, abs(before))


@settings(max_examples=30)
@given(expressions)
def test_oriented_factors_multiply_to_the_expression(expr: Expr) -> None:
    coefficient, bases = oriented_factors(expr, DOMAIN)
    product = coefficient * Mul(*(base**power for base, power in bases))
    for point in POINTS[:4]:
        before, after = _number(expr, point), _number(product, point)
        if before is not None and after is not None:
            assert abs(before - after) <= Rational(1, 10**25) * max(1, abs(before))
    for base, _ in bases:
        assert sign(base, DOMAIN) not in (Sign.NEGATIVE, Sign.NONPOSITIVE)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (-pi * (pi - 1), pi * (1 - pi)),
        (pi - pi**2, pi * (1 - pi)),
        (1 / pi + 1 / (1 - pi), 1 / (pi * (1 - pi))),
        (pi_ref / pi - (1 - pi_ref) / (1 - pi), (pi_ref - pi) / (pi * (1 - pi))),
    ],
    ids=str,
)
def test_tidy_writes_positive_factors(expr: Expr, expected: Expr) -> None:
    shown = tidy(expr)
    assert cancel(shown - expected) == 0
    assert str(1 - pi) in str(shown)
    assert str(pi - 1) not in str(shown)


@pytest.mark.parametrize(("lower", "upper"), [(pi_ref, pi), (pi, pi_ref)])
def test_a_divisor_may_be_negative_below_a_root(lower: Symbol, upper: Symbol) -> None:
    above = Domain((Range(lower, S.Zero, S.One), Range(upper, lower, S.One)))
    gap = sqrt(upper) - sqrt(lower)  # one of its two signs is that of a factor
    for written, turned in (
        (sqrt(1 / gap), 1 / sqrt(gap)),
        (log(1 / gap), -log(gap)),
    ):
        assert same(written, turned, above)
        assert not same(written, turned + lower, above)
