"""Advantage rules on arrays of sampled groups.

The members of a group stand on the first axis, each entry with the number of members that it stands
for: those of one answer and one reward have one advantage. Groups of equal rewards are told by
their rewards, not by a deviation that rounding has touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import S

from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    FixedScale,
    LeaveOneOut,
    MeanScale,
    ShiftAndScale,
    ShiftOnly,
    StabilisedScale,
)

__all__ = ["Rule", "rule_of", "tied"]

#: From rewards and counts (members, seeds, groups) to advantages.
Rule = Callable[[ndarray, ndarray], ndarray]
#: A variance below so much of the largest squared reward is rounding.
_ROUNDING = 1e-13


def tied(rewards: ndarray, counts: ndarray) -> ndarray:
    """Which groups have one reward only."""
    if rewards.shape[1:] == (1, 1) and len(np.unique(rewards)) == len(rewards):
        return np.count_nonzero(counts, axis=0) == 1
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
    known = {
        ShiftAndScale: _standardised,
        StabilisedScale: _standardised,
        ShiftOnly: _centred,
        FixedScale: _centred,
        LeaveOneOut: _against_others,
        MeanScale: _by_mean,
        BatchScale: _by_batch,
    }
    make = known.get(type(advantage))
    if make is None:
        names = ", ".join(kind.__name__ for kind in known)
        raise ValueError(f"rules that are simulated are {names}; got {advantage!r}")
    return make(advantage, size)


def _number(value: Any, name: str) -> float:
    if not S(value).is_number:
        raise ValueError(f"{name} must be a number to be simulated, got {value}")
    return float(value)


def _mean(rewards: ndarray, counts: ndarray, size: int) -> ndarray:
    return (counts * rewards).sum(axis=0) / size


def _standardised(advantage: Any, size: int) -> Rule:
    epsilon = _number(advantage.epsilon, "epsilon")
    sample = size / (size - advantage.ddof)
    inside = isinstance(advantage, StabilisedScale)
    empty = 0.0 if inside or epsilon else float(advantage.zero_over_zero)

    def measured(rewards: ndarray, counts: ndarray) -> ndarray:
        deviation = rewards - _mean(rewards, counts, size)
        equal = tied(rewards, counts)
        square = np.where(equal, 1.0, _mean(deviation**2, counts, size) * sample)
        scale = np.sqrt(square + epsilon) if inside else np.sqrt(square) + epsilon
        return np.where(equal, empty, deviation / scale)

    return measured


def _centred(advantage: Any, size: int) -> Rule:
    scale = 1.0 if advantage.sigma is None else _number(advantage.sigma, "sigma")
    return lambda rewards, counts: (rewards - _mean(rewards, counts, size)) / scale


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
