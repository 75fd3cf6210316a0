"""Numbers compared in balls; sampling that does not trust lost digits."""

from __future__ import annotations

import mpmath as mp
import pytest
from sympy import E, Rational, exp, log, pi, sqrt

from grpo_symbolic import Claim, Status, symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.verify.ball_numbers import BallNumbers, sign_at
from grpo_symbolic.verify.sampling import refuted_at
from tests.verify.kept import Keeping

METHOD = Keeping(BallNumbers())
beta = symbols.beta
NEAR = exp(pi * sqrt(163))  # 262537412640768743.99999999999925...


@pytest.mark.parametrize(
    ("left", "relation", "right", "status"),
    [
        (exp(Rational(1, 2)), ">", Rational(8, 5), Status.PROVED),
        (log(2), "<", Rational(1, 2), Status.REFUTED),
        (NEAR, "<", 262537412640768744 + 0 * E, Status.PROVED),
        (NEAR, ">=", 262537412640768744 + 0 * E, Status.REFUTED),
        (sqrt(2) + sqrt(3), "==", pi, Status.REFUTED),
        (sqrt(2) + sqrt(3), "!=", pi, Status.PROVED),
    ],
)
def test_the_sign_of_the_difference_decides(left, relation, right, status) -> None:
    claim = Claim("numbers", left, relation, right)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert verdict.status is status
    assert METHOD.recheck(claim, verdict.evidence, status)
    assert not METHOD.recheck(claim, {**verdict.evidence, "sign": 0}, status)
    with mp.workdps(60):
        gap = mp.mpmathify((claim.left - claim.right).evalf(60))
        assert int(mp.sign(gap)) == verdict.evidence["sign"]


def test_equal_numbers_and_symbols_are_left_alone() -> None:
    assert METHOD.attempt(Claim("equal", sqrt(8), ">=", 2 * sqrt(2) + 0 * E)) is None
    nested = Claim("equal", sqrt(2) + sqrt(3), ">=", sqrt(5 + 2 * sqrt(6)))
    assert METHOD.attempt(nested) is None
    assert METHOD.attempt(Claim("a symbol", symbols.beta, ">", Rational(-1))) is None


def test_sampling_refutes_nothing_with_lost_digits() -> None:
    """exp(750) beside 1: fifty digits of a sum may hold none of its logarithm."""
    odds = exp(symbols.gamma / symbols.beta) * symbols.pi_ref / (1 - symbols.pi_ref)
    first = odds / (1 + odds)
    moved = log(first / (1 - first)) - log(symbols.pi_ref / (1 - symbols.pi_ref))
    claim = Claim("the log-odds move", moved, "==", symbols.gamma / symbols.beta)
    point = {
        symbols.beta: Rational(1, 1000),
        symbols.gamma: Rational(3, 4),
        symbols.pi_ref: Rational(1, 4),
    }
    assert refuted_at(claim, point) is None
    doubled = Claim("twice as far", moved, "==", 2 * symbols.gamma / symbols.beta)
    found = refuted_at(doubled, {**point, symbols.beta: Rational(1, 4)})
    assert found is not None
    assert found.status is Status.REFUTED


def test_a_power_that_takes_too_many_digits_decides_nothing() -> None:
    claim = Claim("", beta**beta, ">=", Rational(1, 2), Domain.of(beta))
    far = Rational(10) ** 40
    assert sign_at(claim, {beta: far}) is None
    assert not claim.undefined_at({beta: far})
    assert sign_at(claim, {beta: 1 / far}) == 1
    tower = Claim("", beta ** (beta**beta), ">", Rational(0), Domain.of(beta))
    assert sign_at(tower, {beta: Rational(100)}) is None


def test_a_root_of_an_order_without_bound_is_a_power_of_e() -> None:
    power = Rational(1, 10**50)
    found = ball(Rational(3) ** power - 1 - power * log(3), {}, 400)
    assert abs(float(found)) < 1e-99
    assert float(ball(Rational(3) ** power - 1, {}, 400)) == pytest.approx(1.0986e-50, rel=1e-4)
