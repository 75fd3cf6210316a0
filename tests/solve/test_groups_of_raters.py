"""Groups that one of several raters scores: part by part as from what is written out."""

from __future__ import annotations

from math import comb, log, sqrt

import pytest
from flint import arb, ctx
from sympy import Rational, S, diff

import grpo_symbolic as gs
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.solve.preferences import MeanPreference, preference_at

RATERS = gs.Electorate([(3, (2, 1, 0)), (2, (0, 3, 1)), (1, (1, 1, 0))])
QUESTION = gs.Question(raters=RATERS, per="group")
RULES = [
    gs.ShiftOnly(),
    gs.ShiftAndScale(),
    gs.LeaveOneOut(),
    gs.MeanScale(),
    gs.MedianCentred(),
    gs.Ranks(),
    gs.StabilisedScale(epsilon=Rational(1, 100)),
]
MASSES = [Rational(1, 5), Rational(3, 10), S.Half]


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_values_and_slopes_are_those_of_the_whole(rule: gs.Advantage, size: int) -> None:
    """Up to one number for all answers: differences of answers, along the simplex."""
    condition = gs.stationarity_condition(gs.GRPO(size, advantage=rule), QUESTION)
    free, at = condition.policy[:-1], dict(zip(condition.policy[:-1], MASSES, strict=False))
    with ctx.workprec(200):
        found = preference_at(condition, {})
        assert isinstance(found, MeanPreference)
        policy = [ball(m, {}, ctx.prec) for m in MASSES]
        values, slopes = found.values(policy), found.slopes(policy)
        for o in range(2):
            gap = condition.preference[o] - condition.preference[2]
            assert _close(values[o] - values[2], ball(gap.xreplace(at), {}, ctx.prec))
            for j, s in enumerate(free):
                along = [slopes[k, j] - slopes[k, 2] for k in (o, 2)]
                rise = ball(diff(gap, s).xreplace(at), {}, ctx.prec)
                assert _close(along[0] - along[1], rise)


def _close(first: arb, second: arb) -> bool:
    return bool(first.overlaps(second)) and bool(abs(first - second).upper() < arb(10) ** -40)


@pytest.mark.parametrize("rewards", [((1, 0), (0, 1)), ((1, 0), (1, 0)), ((1, 1), (0, 1))])
def test_two_answers_whose_sums_stand_by_name(rewards: tuple[tuple[int, int], ...]) -> None:
    """Sixteen rewards that a rule shapes: each group is counted here, with π(1) at the solution."""
    raters = gs.Electorate([(Rational(1, 3), rewards[0]), (Rational(2, 3), rewards[1])])
    algorithm = gs.GRPO(16, gs.DirectKL(), gs.Clipped())
    policy = gs.stationary_policy(algorithm, gs.Question(raters=raters, per="group"))
    reference = [Rational(3, 10), Rational(7, 10)]
    (solution,) = policy.solutions(beta=2, pi_ref=reference)
    p = float(solution.policy[0])
    gaps = []
    for share, (first, second) in zip((1 / 3, 2 / 3), rewards, strict=True):
        gap = 0.0
        for k in range(16):  # others that are the first answer
            chance = comb(15, k) * p**k * (1 - p) ** (15 - k)
            gap += chance * (_clipped(first, second, k + 1, 0) - _clipped(first, second, k, 1))
        gaps.append(share * gap)
    force = 2 * (log(p / 0.3) - log((1 - p) / 0.7))
    assert abs(sum(gaps) - force) < 1e-12
    row = policy.evaluate(beta=2.0, pi_ref=[0.3, 0.7])
    assert abs(row[0] - p) < 1e-14


def test_two_answers_between_raters_who_cancel() -> None:
    """Their mean is a whole number everywhere, namely 0: the policy stays at the reference."""
    raters = gs.Electorate([(Rational(1, 3), (2, 0)), (Rational(2, 3), (0, 1))])
    algorithm = gs.GRPO(3, gs.DirectKL(), gs.MedianCentred())
    policy = gs.stationary_policy(algorithm, gs.Question(raters=raters, per="group"))
    assert list(policy.evaluate(beta=2.0, pi_ref=[0.3, 0.7])) == pytest.approx(
        [0.3, 0.7], abs=1e-15
    )


def _clipped(first: int, second: int, firsts: int, own: int) -> float:
    """The clipped advantage of answer ``own`` in a group with so many first answers of sixteen."""
    mean = (firsts * first + (16 - firsts) * second) / 16
    std = sqrt((firsts * (first - mean) ** 2 + (16 - firsts) * (second - mean) ** 2) / 16)
    return 0.0 if std == 0 else max(-1.0, min(1.0, ((first, second)[own] - mean) / std))
