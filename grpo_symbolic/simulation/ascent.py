r"""Stochastic gradient ascent on the logits of a tabular softmax policy.

Each step draws groups from the policy as it is, takes their advantages once, and climbs the
surrogate objective as often as samples are reused: the clipped ratio times the advantage, less
β times the penalty. Seeds are rows of one array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from grpo_symbolic.one_thread import in_one_thread
from grpo_symbolic.simulation.penalties import ExactPenalty, SampledPenalty
from grpo_symbolic.simulation.totals import Composed, Drawn, Sums

#: Probabilities from which ratios and logarithms are still good numbers.
_LEAST = 1e-280


@dataclass(frozen=True)
class Ascent:
    """The algorithm at numbers.

    Attributes
    ----------
    totals : Drawn or Composed
        Draws the groups of a step.
    penalty : SampledPenalty or ExactPenalty
    beta : float
    reference : ndarray of shape (answers,)
    reuse : int
        Gradient steps on one set of samples.
    clip : (float, float) or None
        How far the ratio may fall below and rise above 1.
    """

    totals: Drawn | Composed
    penalty: SampledPenalty | ExactPenalty
    beta: float
    reference: ndarray
    reuse: int = 1
    clip: tuple[float, float] | None = None

    @in_one_thread
    def policies(
        self, start: ndarray, rates: ndarray, steps: int, rng: np.random.Generator
    ) -> Iterator[ndarray]:
        """The policies (seeds, answers) after each step, from the logits ``log start``.

        Parameters
        ----------
        start : ndarray of shape (answers,)
        rates : ndarray of shape (seeds,)
            The learning rate of each seed.
        steps : int
        rng : numpy.random.Generator

        Raises
        ------
        ValueError
            When a policy leaves the numbers that can be told from a vertex.
        """
        logits = np.tile(np.log(start), (len(rates), 1))
        for _ in range(steps):
            policy = softmax(logits)
            sums = self.totals.of(policy, rng)
            new = policy
            for _ in range(self.reuse):
                gradient = self._gradient(new, policy, sums)
                logits = logits + rates[:, None] * gradient
                new = softmax(logits)
                if not new.min() > _LEAST:  # NaN too
                    raise ValueError(
                        "the policy of a seed ran away to a vertex: nothing holds it there, or the "
                        "learning rate is too large"
                    )
            yield new

    def _gradient(self, new: ndarray, old: ndarray, sums: Sums) -> ndarray:
        """Of the surrogate objective in the logits, at ``new``, for samples of ``old``."""
        ups, downs, counted = sums
        ratio = new / old
        if self.clip is not None:
            below, above = self.clip
            ups = np.where(ratio > 1 + above, 0.0, ups)
            downs = np.where(ratio < 1 - below, 0.0, downs)
        weight = ratio * (ups + downs)
        if isinstance(self.penalty, SampledPenalty):
            logs = np.log(new / self.reference)
            weight = weight - self.beta * counted * self.penalty.weight(logs, ratio)
        gradient = weight - new * weight.sum(axis=1, keepdims=True)
        if isinstance(self.penalty, ExactPenalty):
            gradient = gradient - self.beta * self.penalty.gradient(new, self.reference)
        return gradient


def softmax(logits: ndarray) -> ndarray:
    """Policies along the last axis."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return found / found.sum(axis=-1, keepdims=True)
