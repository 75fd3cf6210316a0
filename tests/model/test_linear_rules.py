"""Rules that are linear in the rewards see the mean of each answer, in groups of every size."""

from __future__ import annotations

import pytest
from sympy import Rational, S, oo

import grpo_symbolic as gs

RULES = {
    "shift": (gs.ShiftOnly(), lambda size: 1 - S.One / size),
    "leave one out": (gs.LeaveOneOut(), lambda size: S.One),
    "fixed": (gs.FixedScale(2), lambda size: (1 - S.One / size) / 2),
}
REFERENCE = [Rational(k, 36) for k in range(1, 9)]


def _laws() -> list[list[tuple[Rational, Rational]]]:
    return [[(S(o), Rational(o, 12)), (Rational(o, 2), Rational(12 - o, 12))] for o in range(1, 9)]


@pytest.mark.parametrize("size", [2, 5, 64])
@pytest.mark.parametrize("name", RULES)
def test_many_answers_are_their_means(name: str, size: int) -> None:
    """P(o) − P(o') = c (E[r | o] − E[r | o']), and P vanishes in the mean."""
    rule, factor = RULES[name]
    laws = _laws()
    condition = gs.stationarity_condition(
        gs.GRPO(size, advantage=rule), gs.Question(reward_laws=laws)
    )
    means = [sum(r * w for r, w in law) for law in laws]
    at = dict(zip(condition.policy[:-1], REFERENCE, strict=False))
    center = sum(p * m for p, m in zip(REFERENCE, means, strict=True))
    for value, mean in zip(condition.preference, means, strict=True):
        assert value.xreplace(at) == factor(size) * (mean - center)


@pytest.mark.parametrize("size", [2, 7, oo])
@pytest.mark.parametrize("name", RULES)
def test_normal_rewards_are_their_means(name: str, size: int) -> None:
    """Also where a group of normal rewards has no finite law: as if the means were the rewards."""
    rule, _ = RULES[name]
    means, third = (S.Zero, S.One, Rational(5, 2)), [Rational(1, 5), Rational(3, 10), S.Half]
    normal = gs.Question(reward_laws=[gs.Gaussian(m, 1 + m) for m in means])
    algorithm = gs.GRPO(size, advantage=rule)
    found, expected = (
        gs.stationary_policy(algorithm, question).solutions(beta=1, pi_ref=third)
        for question in (normal, gs.Question(rewards=means))
    )
    (first,), (second,) = found, expected
    for p, q in zip(first.policy, second.policy, strict=True):
        assert abs(p - q) < 1e-28


def test_float_rows_are_the_exact_ones() -> None:
    question = gs.Question(reward_laws=_laws())
    policy = gs.stationary_policy(gs.GRPO(16, advantage=gs.ShiftOnly()), question)
    (exact,) = policy.solutions(beta=Rational(1, 2), pi_ref=REFERENCE)
    row = policy.evaluate(beta=0.5, pi_ref=[float(r) for r in REFERENCE])
    assert max(abs(float(p) - q) for p, q in zip(exact.policy, row, strict=True)) < 1e-15
