"""Sums over members and orders of rewards, against loops over groups."""

from __future__ import annotations

import numpy as np

from grpo_symbolic.simulation.advantages import _order
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


def test_who_is_below_whether_rewards_differ_between_groups_or_not() -> None:
    random = np.random.default_rng(2)
    counts = random.integers(0, 4, SHAPE)
    same = random.integers(0, 3, (SHAPE[0], 1, 1)).astype(float)
    for rewards in (same, np.broadcast_to(same, SHAPE), random.integers(0, 3, SHAPE)):
        order = _order(rewards, counts)
        whole = np.broadcast_to(rewards, SHAPE)
        for place in np.ndindex(SHAPE):
            _, seed, group = place
            own, others = whole[place], whole[:, seed, group]
            assert order.below[place] == counts[:, seed, group][others < own].sum()
            assert order.alike[place] == counts[:, seed, group][others == own].sum()
        assert order.rewards.shape == SHAPE
