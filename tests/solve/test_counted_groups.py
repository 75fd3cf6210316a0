"""Preferences of larger groups by counts of companions, and raters who score such groups."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx
from sympy import Rational, S, symbols

import grpo_symbolic as gs
from grpo_symbolic.aggregation.fields import in_groups
from grpo_symbolic.levels.counted import CountedPreference

RATERS = [(3, (0, 10, 11)), (2, (0, 10, 1)), (4, (10, 0, 1))]
POLICY = (0.2, 0.3, 0.5)
PUBLISHED = gs.ShiftAndScale()


@pytest.mark.parametrize("size", [3, 20])
def test_values_and_slopes(size: int) -> None:
    """Against floats of another route, and differences in balls."""
    found = CountedPreference.of(gs.Question(rewards=RATERS[0][1]), PUBLISHED, size, {})
    policy = [arb(p) for p in POLICY]
    expected, _ = in_groups(np.array([[RATERS[0][1]]], float), np.ones((1, 1)), size).parts(
        np.array([POLICY])
    )
    assert [float(v.mid()) for v in found.values(policy)] == pytest.approx(list(expected[0]))
    with ctx.workprec(200):
        slopes, h = found.slopes(policy), arb(1) / 10**20
        for j in range(3):
            ends = [
                found.values([p + (s * h if q == j else 0) for q, p in enumerate(policy)])
                for s in (1, -1)
            ]
            for o in range(3):
                assert abs((ends[0][o] - ends[1][o]) / (2 * h) - slopes[o, j]) < 1e-18


def test_laws_of_rewards() -> None:
    """An answer with two rewards has the mean of their values."""
    half = Rational(1, 2)
    question = gs.Question(reward_laws=[[(0, half), (3, half)], [(1, 1)]])
    found = CountedPreference.of(question, PUBLISHED, 6, {}).values([arb(2) / 5, arb(3) / 5])
    levels, _ = in_groups(np.array([[[0.0, 3.0, 1.0]]]), np.ones((1, 1)), 6).parts(
        np.array([[0.2, 0.2, 0.6]])
    )
    assert float(found[0].mid()) == pytest.approx((levels[0, 0] + levels[0, 1]) / 2)
    assert float(found[1].mid()) == pytest.approx(levels[0, 2])


def test_raters_who_score_large_groups() -> None:
    """Three levels each, groups of 34: the condition holds by the floats of another route."""
    policy = gs.stationary_policy(
        gs.GRPO(34), gs.Question(raters=gs.Electorate(RATERS), per="group")
    )
    found = policy.enclose(beta="3/10", pi_ref=("1/3", "1/3", "1/3"), digits=20)
    p = np.array(found.floats()[0])
    masses = np.array([[m for m, _ in RATERS]]) / 9
    climb, _ = in_groups(np.array([[row for _, row in RATERS]], float), masses, 34).parts(p[None])
    assert climb[0] == pytest.approx(0.3 * (1 - 1 / (3 * p)), abs=1e-9)


def test_the_means_of_two_raters_have_different_names() -> None:
    """A reward is not worth the same in the eyes of raters whose other rewards differ."""
    policy = gs.stationary_policy(
        gs.GRPO(64), gs.Question(raters=gs.Electorate(RATERS), per="group")
    )
    assert r"\sum_{j} m_j V_{64,j}(R_j(o))" in policy.latex()
    shown = policy.export("latex-theorem", unfold="all")
    for name in (r"V_{64,1}\left(10\right)", r"V_{64,2}\left(10\right)", r"V_{64,3}\left(0\right)"):
        assert name in shown


def test_levels_that_meet_at_a_point_are_one() -> None:
    first, second = symbols("x y", real=True)
    given = gs.Question(reward_laws=[[(first, 1)], [(second, 1)], [(1, 1)]])
    found = CountedPreference.of(given, PUBLISHED, 7, {first: S.Zero, second: S.Zero})
    plain = CountedPreference.of(gs.Question(rewards=(0, 1)), PUBLISHED, 7, {})
    one, other, last = found.values([arb(1) / 5, arb(1) / 10, arb(7) / 10])
    low, high = plain.values([arb(3) / 10, arb(7) / 10])
    assert found.levels == plain.levels == (0, 1)
    assert (one - low).contains(0)
    assert (other - low).contains(0)
    assert (last - high).contains(0)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="groups of 199 would do"):
        CountedPreference.of(gs.Question(rewards=(0, 1, 3)), PUBLISHED, 200, {})
    with pytest.raises(ValueError, match="rational rewards"):
        CountedPreference.of(gs.Question(rewards=(0, 1, 2 ** Rational(1, 2))), PUBLISHED, 5, {})
