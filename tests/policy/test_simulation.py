"""Three routes to (14) and (15): closed form, fixed point in 50 digits, sampled gradients."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import Expr, Rational, oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from tests.oracles.monte_carlo import (
    FloatArray,
    IntArray,
    policy_gradient_ascent,
    sampled_gradient,
)
from tests.oracles.stationary import solve_binary


def first_answer_wins(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
    """Reward 1 for the better answer, 0 for the other."""
    return np.asarray(answers == 0, dtype=np.float64)


def comparisons(margin: float) -> Callable[[IntArray, np.random.Generator], FloatArray]:
    """Pairs: 1 to the winner of a comparison that the better answer wins by ``margin``."""

    def sample(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
        first = 0.5 * (1 + margin * (answers[:, 1] - answers[:, 0]))
        won = rng.random(len(answers)) < first
        return np.asarray(np.stack([won, ~won], axis=1), dtype=np.float64)

    return sample


def finite_group(beta: float, pi_ref: float, size: int) -> float:
    """The stationary policy of a finite group from the binomial sum of its preference."""
    counts = np.arange(size)
    log_choose = np.array(
        [math.lgamma(size) - math.lgamma(k + 1) - math.lgamma(size - k) for k in counts]
    )

    def excess(p: float) -> float:
        weights = np.exp(log_choose + counts * math.log(p) + (size - 1 - counts) * math.log1p(-p))
        # Of a group with k + 1 winners the winner has sqrt(losers / winners).
        first = float(weights @ np.sqrt((size - 1 - counts) / (counts + 1)))
        # By E_pi P = 0, P(b) = -p P(a) / (1 - p).
        return first / (1 - p) - beta * (p - pi_ref) / (p * (1 - p))

    low, high = pi_ref, 1 - 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return low


@cache
def pairs() -> Expr:
    found = gs.stationary_policy(gs.GRPO(), gs.BinaryQuestion(margin=symbols.gamma)).expression
    assert found is not None
    return found


@cache
def large() -> Expr:
    found = gs.stationary_policy(gs.GRPO(group_size=oo), gs.BinaryQuestion()).expression
    assert found is not None
    return found


def value(expr: Expr, digits: int = 55, **point: Fraction) -> mpf:
    at = {getattr(symbols, k): Rational(v.numerator, v.denominator) for k, v in point.items()}
    return mpf(str(expr.subs(at).evalf(digits)))


@pytest.mark.parametrize(
    ("beta", "gamma", "pi_ref"),
    [
        (Fraction(1, 2), Fraction(3, 5), Fraction(3, 10)),
        (Fraction(2), Fraction(1), Fraction(1, 5)),
        (Fraction(1, 4), Fraction(1, 2), Fraction(3, 5)),
    ],
)
def test_three_routes_to_pairs(beta: Fraction, gamma: Fraction, pi_ref: Fraction) -> None:
    with mp.workdps(55):
        closed = value(pairs(), beta=beta, gamma=gamma, pi_ref=pi_ref)
        fixed = solve_binary(beta, pi_ref, 2, margin=gamma, digits=50)
        assert abs(closed - fixed) < mpf(10) ** -48
    sampled, error = policy_gradient_ascent(
        [float(pi_ref), 1 - float(pi_ref)],
        float(beta),
        2,
        comparisons(float(gamma)),
        "reverse-kl",
        "std",
        2000,
        1000,
        np.random.default_rng(14),
    )
    assert error[0] < 2e-3
    assert abs(sampled[0] - float(closed)) < 4 * error[0]
    assert abs(float(closed) - float(pi_ref)) > 20 * error[0]


@pytest.mark.parametrize(
    ("beta", "pi_ref"), [(Fraction(1), Fraction(3, 10)), (Fraction(3), Fraction(1, 10))]
)
def test_three_routes_to_large_groups(beta: Fraction, pi_ref: Fraction) -> None:
    size = 256
    with mp.workdps(55):
        closed = value(large(), beta=beta, pi_ref=pi_ref)
        fixed = solve_binary(beta, pi_ref, math.inf, digits=50)
        assert abs(closed - fixed) < mpf(10) ** -48
    finite = finite_group(float(beta), float(pi_ref), size)
    sampled, error = policy_gradient_ascent(
        [float(pi_ref), 1 - float(pi_ref)],
        float(beta),
        size,
        first_answer_wins,
        "reverse-kl",
        "std",
        1000,
        100,
        np.random.default_rng(15),
        learning_rate=1.0,
    )
    assert error[0] < 2e-3
    assert abs(sampled[0] - finite) < 4 * error[0]
    # The finite group differs from the limit by a term of order 1/G.
    assert abs(finite - float(closed)) < 2 / size
    halves = [abs(finite_group(float(beta), float(pi_ref), g) - float(closed)) for g in (256, 1024)]
    assert halves[1] < halves[0] / 2.5


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_finite_groups_by_the_binomial_sum(size: int) -> None:
    policy = gs.stationary_policy(gs.GRPO(group_size=size), gs.BinaryQuestion())
    for weight, reference in ((0.5, 0.25), (2.0, 0.75)):
        (found,) = policy.solutions(beta=weight, pi_ref=reference)
        assert float(found.policy[0]) == pytest.approx(
            finite_group(weight, reference, size), abs=1e-9
        )


def test_the_sampled_gradient_points_to_the_closed_form() -> None:
    """Below the solution the better answer gains, above it loses, at it neither."""
    beta, gamma, pi_ref = Fraction(1, 2), Fraction(3, 5), Fraction(3, 10)
    solution = float(value(pairs(), beta=beta, gamma=gamma, pi_ref=pi_ref))
    rng = np.random.default_rng(3)
    for offset in (-0.05, 0.0, 0.05):
        p = solution + offset
        mean, error = sampled_gradient(
            [p, 1 - p],
            [float(pi_ref), 1 - float(pi_ref)],
            float(beta),
            2,
            comparisons(float(gamma)),
            "reverse-kl",
            "std",
            400_000,
            rng,
        )
        if offset == 0:
            assert abs(mean[0]) < 4 * error[0]
        else:
            assert -np.sign(offset) * mean[0] > 10 * error[0]


def test_direct_penalty_by_simulation() -> None:
    policy = gs.stationary_policy(gs.GRPO(penalty=gs.DirectKL()), gs.BinaryQuestion())
    (exact,) = policy.solutions(beta=1, pi_ref="3/10")
    sampled, error = policy_gradient_ascent(
        [0.3, 0.7],
        1.0,
        2,
        first_answer_wins,
        "direct-kl",
        "std",
        2000,
        1000,
        np.random.default_rng(1),
    )
    assert error[0] < 2e-3
    assert abs(sampled[0] - float(exact.policy[0])) < 4 * error[0]
