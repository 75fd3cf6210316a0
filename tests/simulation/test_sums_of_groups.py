"""Sums over members and orders of rewards, against loops over groups."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Rational

import grpo_symbolic as gs
from grpo_symbolic.simulation.advantages import _order, rule_of
from grpo_symbolic.simulation.sampling import Groups

SHAPE = (7, 3, 5)  # members, seeds, groups


def test_sums_over_the_members_of_each_answer() -> None:
    random = np.random.default_rng(1)
    values, counts = random.normal(size=SHAPE), random.integers(0, 4, SHAPE)
    for answers in (random.integers(0, 4, SHAPE), random.integers(0, 4, SHAPE[0])):
        groups = Groups(answers, np.zeros(SHAPE), counts)
        found = groups.over_answers(values, 4)
        for seed in range(SHAPE[1]):
            for o in range(4):
                total = 0.0
                for group in range(SHAPE[2]):
                    for member in range(SHAPE[0]):
                        at = answers[member] if answers.ndim == 1 else answers[member, seed, group]
                        total += values[member, seed, group] * (at == o)
                assert abs(found[seed, o] - total / SHAPE[2]) < 1e-14
        # A number stands for all members.
        ones = groups.over_answers(np.ones(SHAPE), 4).sum(axis=1)
        assert np.allclose(ones, SHAPE[0])


def test_who_is_below_and_who_is_better_whether_rewards_differ_between_groups_or_not() -> None:
    random = np.random.default_rng(2)
    counts, values = random.integers(0, 4, SHAPE), random.normal(size=SHAPE)
    levels = np.sort(random.permutation(20)[: SHAPE[0]]).astype(float)[:, None, None]
    for rewards in (levels, np.broadcast_to(levels, SHAPE), random.integers(0, 3, SHAPE)):
        order = _order(rewards, counts)
        better = order.over_better(values)
        whole = np.broadcast_to(rewards, SHAPE)
        for place in np.ndindex(SHAPE):
            _, seed, group = place
            own, others = whole[place], whole[:, seed, group]
            assert order.below[place] == counts[:, seed, group][others < own].sum()
            assert order.alike[place] == counts[:, seed, group][others == own].sum()
            assert abs(better[place] - values[:, seed, group][others > own].sum()) < 1e-14
        assert order.rewards.shape == SHAPE


@pytest.mark.parametrize(
    "advantage",
    [
        gs.ShiftAndScale(ddof=1, epsilon=Rational(1, 10)),
        gs.LeaveOneOut(scaled=True),
        gs.MeanScale(),
        gs.BatchScale(batch=8),
        gs.Ranks(),
        gs.MedianCentred(),
        gs.BestOverSecond(),
        gs.PassAtK(2),
        gs.Rescaled(gs.PassAtK(3), 2),
    ],
    ids=str,
)
def test_entries_of_one_reward_are_measured_together(advantage: gs.Advantage) -> None:
    """Rewards that all groups share go level by level, those of each group entry by entry."""
    random = np.random.default_rng(3)
    same = random.integers(1, 4, (9, 1, 1)).astype(float)
    groups = [random.multinomial(4, np.full(9, 1 / 9), size=(3, 6)) for _ in range(2)]
    counts = np.moveaxis(np.concatenate(groups, axis=1), 2, 0)
    rule = rule_of(advantage, 4)
    together = rule(same, counts)
    apart = rule(np.broadcast_to(same, counts.shape), counts)
    assert np.ptp(together[counts > 0]) > 0.1
    assert np.abs(np.where(counts > 0, together - apart, 0.0)).max() < 1e-13
