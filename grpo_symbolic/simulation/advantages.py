"""Advantage rules on arrays of sampled groups.

The members of a group stand on the first axis, each entry with the number of members that it stands
for: those of one answer and one reward have one advantage. Groups of equal rewards are told by
their rewards, not by a deviation that rounding has touched.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from sympy import Expr, Integer, S, Symbol, lambdify

from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    BestOverSecond,
    LeaveOneOut,
    MeanScale,
    MedianCentred,
    PassAtK,
    Ranks,
    Rescaled,
)

#: From rewards and counts (members, seeds, groups) to advantages.
Rule = Callable[[ndarray, ndarray], ndarray]
#: A variance below so much of the largest squared reward is rounding.
_ROUNDING = 1e-13
_DEVIATION, _VARIANCE = Symbol("d", real=True), Symbol("v", positive=True)


def tied(rewards: ndarray, counts: ndarray) -> ndarray:
    """Which groups have one reward only."""
    present = counts > 0
    high = np.where(present, rewards, -np.inf).max(axis=0)
    low = np.where(present, rewards, np.inf).min(axis=0)
    return high == low


def rule_of(advantage: Advantage, size: int) -> Rule:
    """A rule for groups of ``size``.

    Raises
    ------
    ValueError
        For a rule that is not known here, a symbol in it, or a batch that groups do not divide.
    """
    rule = _rule_of(advantage, size)

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        if rewards.size > len(counts):  # every group has its own
            return rule(rewards, counts)
        levels, place = np.unique(rewards.ravel(), return_inverse=True)
        sort = np.argsort(place, kind="stable")
        first = np.searchsorted(place[sort], np.arange(len(levels)))
        drawn = np.add.reduceat(counts[sort], first, axis=0)
        found = rule(levels.reshape(-1, *rewards.shape[1:]), drawn)
        return np.broadcast_to(found, drawn.shape)[place]

    return measured


def _rule_of(advantage: Advantage, size: int) -> Rule:
    """On rewards of each group, or on increasing levels that are the same for all groups."""
    known = {
        LeaveOneOut: _against_others,
        MeanScale: _by_mean,
        BatchScale: _by_batch,
        Rescaled: _divided,
        Ranks: _by_rank,
        MedianCentred: _about_the_median,
        BestOverSecond: _lead,
        PassAtK: _best_of_subsets,
    }
    form = advantage.of_moments(_DEVIATION, _VARIANCE, Integer(size))
    make = known.get(type(advantage))
    if make is not None:
        return make(advantage, size)
    if form is None:
        names = ", ".join(kind.__name__ for kind in known)
        raise ValueError(
            "rules that are simulated are those that see mean and variance of the group, and "
            f"{names}; got {advantage!r}"
        )
    for symbol in form.free_symbols - {_DEVIATION, _VARIANCE}:
        raise ValueError(f"{symbol} must be a number to be simulated")
    return _by_moments(form, float(advantage(S.One, ((S.One, S.One),), Integer(size))), size)


def _number(value: Any, name: str) -> float:
    if not S(value).is_number:
        raise ValueError(f"{name} must be a number to be simulated, got {value}")
    return float(value)


def _mean(rewards: ndarray, counts: ndarray, size: int) -> ndarray:
    return (counts * rewards).sum(axis=0) / size


# -- rules that see mean and variance -----------------------------------------------------------


def _by_moments(form: Expr, empty: float, size: int) -> Rule:
    """From the definition in deviation and variance, and what members of equal rewards have."""
    function = lambdify((_DEVIATION, _VARIANCE), form, "numpy")

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        deviation = rewards - _mean(rewards, counts, size)
        if not form.has(_VARIANCE):
            return function(deviation, None)
        equal = tied(rewards, counts)
        square = np.where(equal, 1.0, _mean(deviation**2, counts, size))
        return np.where(equal, empty, function(deviation, square))

    return measured


def _by_mean(advantage: Any, size: int) -> Rule:
    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        mean = _mean(rewards, counts, size)
        none = np.abs(mean) <= _ROUNDING * np.abs(rewards).max()
        return np.where(none, 0.0, (rewards - mean) / np.where(none, 1.0, mean))

    return measured


def _against_others(advantage: Any, size: int) -> Rule:
    """Each member against the group without it."""
    epsilon = _number(advantage.epsilon, "epsilon")

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        mean = _mean(rewards, counts, size)
        others = (size * mean - rewards) / (size - 1)
        deviation = rewards - others
        if not advantage.scaled or size == 2:
            return deviation
        # Squares about the group's mean: those of the others about their own mean.
        total = size * _mean((rewards - mean) ** 2, counts, size) - (rewards - mean) ** 2
        square = (total - (size - 1) * (others - mean) ** 2) / (size - 2)
        equal = square <= _ROUNDING * np.square(rewards).max()
        scale = np.sqrt(np.where(equal, 1.0, square)) + epsilon
        return np.where(equal, deviation, deviation / scale)

    return measured


def _by_batch(advantage: Any, size: int) -> Rule:
    """The deviation of all groups of a batch, which are those of one step, taken in turn."""
    batch, epsilon = int(advantage.batch), _number(advantage.epsilon, "epsilon")
    if batch % size:
        raise ValueError(f"a batch of {batch} samples cannot be divided into groups of {size}")
    together, sample = batch // size, batch / (batch - advantage.ddof)

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        members, seeds, groups = counts.shape
        if groups % together:
            raise ValueError(f"groups must be a multiple of {together}, got {groups}")

        def in_batches(values: ndarray) -> ndarray:
            parts = np.broadcast_to(values, counts.shape).reshape(members, seeds, -1, together)
            return np.moveaxis(parts, 3, 1).reshape(members * together, seeds, -1)

        drawn, weights = in_batches(rewards), in_batches(counts)
        spread = drawn - _mean(drawn, weights, batch)
        equal = tied(drawn, weights)
        square = np.where(equal, 1.0, _mean(spread**2, weights, batch) * sample)
        scale = np.where(equal, np.inf, np.sqrt(square) + epsilon)
        return (rewards - _mean(rewards, counts, size)) / np.repeat(scale, together, axis=-1)

    return measured


def _divided(advantage: Any, size: int) -> Rule:
    inner, divisor = rule_of(advantage.rule, size), _number(advantage.divisor, "sigma")
    return lambda rewards, counts: inner(rewards, counts) / divisor


# -- rules that see the order --------------------------------------------------------------------


class _Order(NamedTuple):
    """Rewards and counts of the same shape, and for each member how many are worse, and alike.

    ``increasing`` where the rewards are the same for all groups, which has no two of one level.
    """

    rewards: ndarray
    counts: ndarray
    below: ndarray
    alike: ndarray
    increasing: bool = False

    @property
    def upto(self) -> ndarray:
        return self.below + self.alike

    @property
    def shares(self) -> ndarray:
        """Which part of its reward level an entry is: sums over entries are over levels."""
        return self.counts / np.maximum(self.alike, 1)

    def over_better(self, values: ndarray) -> ndarray:
        """The sum of the values of all entries with a larger reward."""
        found = np.zeros(values.shape)
        if self.increasing:
            found[:-1] = np.cumsum(values[:0:-1], axis=0)[::-1]
            return found
        for reward, value in zip(self.rewards, values, strict=True):
            found += np.where(reward > self.rewards, value, 0.0)
        return found


def _order(rewards: ndarray, counts: ndarray) -> _Order:
    if rewards.size == len(counts):
        alike = counts.astype(np.intp)
        whole = np.broadcast_to(rewards, counts.shape)
        return _Order(whole, counts, np.cumsum(alike, axis=0) - alike, alike, True)
    rewards = np.broadcast_to(rewards, counts.shape)
    place = np.argsort(rewards, axis=0, kind="stable")
    ordered = np.take_along_axis(rewards, place, axis=0)
    members = np.take_along_axis(counts, place, axis=0).astype(np.intp)
    upto, edge = np.cumsum(members, axis=0), np.ones((1, *counts.shape[1:]), bool)
    change = ordered[1:] != ordered[:-1]
    # Where a run of equal rewards begins, and where it ends.
    begins, ends = np.concatenate([edge, change]), np.concatenate([change, edge])
    least = np.maximum.accumulate(np.where(begins, upto - members, 0), axis=0)
    most = np.where(ends, upto, upto[-1:])[::-1]
    below, alike = np.empty_like(members), np.empty_like(members)
    np.put_along_axis(below, place, least, axis=0)
    np.put_along_axis(alike, place, np.minimum.accumulate(most, axis=0)[::-1] - least, axis=0)
    return _Order(rewards, counts, below, alike)


def _by_rank(advantage: Any, size: int) -> Rule:
    if advantage.weights is not None and len(advantage.weights) != size:
        raise ValueError(
            f"{len(advantage.weights)} weights of ranks are for groups of as many, not of {size}"
        )
    weights = advantage.weights or [S(2 * k - size + 1) / (size - 1) for k in range(size)]
    totals = np.array([float(sum(weights[:k], S.Zero)) for k in range(size + 1)])

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        order = _order(rewards, counts)
        shared = totals[order.upto] - totals[order.below]
        return np.where(order.alike > 0, shared / np.maximum(order.alike, 1), 0.0)

    return measured


def _about_the_median(advantage: Any, size: int) -> Rule:
    places = (size - 1) // 2, size // 2

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        order = _order(rewards, counts)
        middle = [
            np.where((order.below <= k) & (k < order.upto) & (counts > 0), rewards, -np.inf).max(0)
            for k in places
        ]
        return rewards - (middle[0] + middle[1]) / 2

    return measured


def _lead(advantage: Any, size: int) -> Rule:
    epsilon = _number(advantage.epsilon, "epsilon")

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        present = counts > 0
        order = _order(rewards, counts)
        alone = present & (order.below == size - 1)
        behind = np.where(present & (order.below < size - 1), rewards, -np.inf).max(axis=0)
        lead = np.where(alone, rewards - np.where(np.isinf(behind), 0.0, behind), 0.0)
        if not advantage.scaled:
            return lead
        deviation = rewards - _mean(rewards, counts, size)
        spread = np.sqrt(_mean(deviation**2, counts, size) * size / (size - 1)) + epsilon
        return lead / np.where(alone.any(axis=0), spread, 1.0)

    return measured


def _best_of_subsets(advantage: Any, size: int) -> Rule:
    """Subsets by their best member: how many have it at this level, of all and of one's own."""
    k = int(advantage.subset)
    if k > size:
        raise ValueError(f"subsets of {k} need at least as many members, got {size}")
    every = np.array([comb(n, k) / comb(size, k) for n in range(size + 1)])
    own = np.array([0.0] + [comb(n, k - 1) / comb(size - 1, k - 1) for n in range(size)])

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        order = _order(rewards, counts)
        low, rewards, upto = order.below, order.rewards, order.upto
        whole = order.shares * (every[upto] - every[low])
        mean = (whole * rewards).sum(axis=0)
        spread = (whole * (rewards - mean) ** 2).sum(axis=0)
        # Subsets whose best is of the own level, and those with a better one.
        mine = own[upto] * rewards
        mine += order.over_better(order.shares * (own[upto] - own[low]) * rewards)
        equal = np.where(counts > 0, every[low], 0.0).max(axis=0) == 0
        return np.where(equal, 0.0, (mine - mean) / np.sqrt(np.where(equal, 1.0, spread)))

    return measured
