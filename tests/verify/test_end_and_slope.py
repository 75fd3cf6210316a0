"""What starts at zero and rises is positive: true inequalities of functions, and false ones."""

import mpmath
import pytest
from sympy import (
    Abs,
    Expr,
    Rational,
    S,
    Symbol,
    asinh,
    atan,
    cos,
    cosh,
    erf,
    exp,
    lambdify,
    log,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy import pi as circle

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import beta, pi, pi_ref
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.end_and_slope import EndAndSlope
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.recheck import certificate, portable, recheck
from grpo_symbolic.verify.verdict import Status

METHOD = EndAndSlope()
X = Symbol("x", real=True)
TRUE = [
    (tanh(beta), "<", beta),
    (log(pi), "<", S.Zero),
    (log(pi), "<", pi - 1),
    (log(beta), "<=", beta - 1),
    (log(beta), "<", beta),
    (exp(beta), ">", 1 + beta + beta**2 / 2),
    (sin(pi), "<", pi),
    (sinh(beta), ">", beta + beta**3 / 6),
    (log(1 + beta), ">", beta - beta**2 / 2),
    (atan(beta), "<", beta),
    (asinh(beta), "<", beta),
    (erf(beta), "<", 2 * beta / sqrt(circle)),
    (beta * exp(-beta), "<=", exp(-1)),
    (pi * log(pi), "<", S.Zero),
    (log(pi / (1 - pi)), "<", pi / (1 - pi)),
]
FALSE = [
    (tanh(beta), "<", beta - beta**3 / 3),
    (log(beta), "<", beta - 1),  # equal at 1
    (exp(beta), ">", 1 + beta + beta**2 / 2 + beta**3 / 6 * Rational(10**9 + 1, 10**9)),
    (beta * exp(-beta), "<", exp(-1)),
    (log(1 + beta), ">", beta - beta**2 / 2 + beta**3 / 3),
    (sin(pi), ">", pi - pi**3 / 6 + pi**5 / 120),
    (tan(beta), ">", beta),  # across poles
    (1 / (1 - beta), ">=", 1 + beta),  # across a pole
    (cos(beta), ">=", S.Zero),
    (cos(beta), ">", sin(beta) - 1),
    (Abs(beta - 1), "<", beta),
    (sign(beta - 1) + 1, "<", beta),
    (cosh(beta), ">", 1 + beta**2 / 2 + Rational(1, 10**12)),
]


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_it_proves_what_analysis_proves(claim: tuple[Expr, str, Expr]) -> None:
    left, relation, right = claim
    made = portable(Claim("by an end and a slope", left, relation, right))
    verdict = METHOD.attempt(made)
    assert verdict is not None
    assert verdict.status is Status.PROVED
    assert recheck(certificate(made, verdict))
    (symbol,) = made.difference.free_symbols
    value = lambdify(symbol, made.difference, "mpmath")
    with mpmath.workdps(40):  # exponentials stand for hyperbolic functions: they cancel
        for at in ("0.001", "0.3", "0.77", "0.999"):
            gap = value(mpmath.mpf(at))
            assert gap > 0 if relation[0] == ">" else gap < 0


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_it_never_proves_what_is_false(claim: tuple[Expr, str, Expr]) -> None:
    left, relation, right = claim
    made = Claim("false somewhere", left, relation, right)
    assert METHOD.attempt(made) is None
    assert prove(made).status is not Status.PROVED


def test_what_keeps_one_sign_is_not_zero() -> None:
    verdict = prove(Claim("a divisor", exp(beta) - beta - 1, "!=", S.Zero))
    assert verdict.status is Status.PROVED
    assert METHOD.attempt(Claim("zero at 1", log(beta) - beta + 1, "!=", S.Zero)) is None


def test_a_closed_end_belongs_to_the_range() -> None:
    closed = Domain((Range(X, S.Zero, S.One, True, True),))
    assert METHOD.attempt(Claim("not at 0", exp(X), ">", 1 + X, closed)) is None
    assert METHOD.attempt(Claim("at 0 as well", exp(X), ">=", 1 + X, closed)) is not None
    assert prove(Claim("not at 0", exp(X), ">", 1 + X, closed)).status is Status.REFUTED


def test_the_range_of_another_symbol_may_begin_at_it() -> None:
    """From pi = pi_ref upwards, and not from 0."""
    above = Domain.of(pi_ref, (pi, pi_ref, S.One))
    claim = Claim("logarithms", log(pi / pi_ref), "<", pi / pi_ref - 1, above)
    assert prove(claim).status is Status.PROVED
    turned = Claim("turned", log(pi / pi_ref), ">", pi / pi_ref - 1, above)
    assert prove(turned).status is Status.REFUTED
