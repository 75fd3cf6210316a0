"""Groups that one of several raters scores: part by part as from what is written out."""

from __future__ import annotations

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
