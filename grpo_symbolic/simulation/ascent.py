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

from grpo_symbolic.simulation.advantages import Rule, tied
from grpo_symbolic.simulation.penalties import ExactPenalty, SampledPenalty
from grpo_symbolic.simulation.sampling import Groups, Sampler

__all__ = ["Ascent"]

MAX_REDRAWS = 10_000
#: Probabilities from which ratios and logarithms are still good numbers.
_LEAST = 1e-280


@dataclass(frozen=True)
class Ascent:
    """The algorithm at numbers.

    Attributes
    ----------
    sampler : Sampler
    rule : callable or None
        The advantage; None where the reward itself is climbed.
    penalty : SampledPenalty or ExactPenalty
    beta : float
    reference : ndarray of shape (answers,)
    groups : int
        That a step averages.
    reuse : int
        Gradient steps on one set of samples.
    clip : (float, float) or None
        How far the ratio may fall below and rise above 1.
    mixed_only : bool
        Groups of equal rewards are drawn again.
    """

    sampler: Sampler
    rule: Rule | None
    penalty: SampledPenalty | ExactPenalty
    beta: float
    reference: ndarray
    groups: int
    reuse: int = 1
    clip: tuple[float, float] | None = None
    mixed_only: bool = False

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
            policy = _softmax(logits)
            ups, downs, counted = self._sampled(policy, rng)
            new = policy
            for _ in range(self.reuse):
                gradient = self._gradient(new, policy, ups, downs, counted)
                logits = logits + rates[:, None] * gradient
                new = _softmax(logits)
                if not new.min() > _LEAST:  # NaN too
                    raise ValueError(
                        "the policy of a seed ran away to a vertex: nothing holds it there, or the "
                        "learning rate is too large"
                    )
            yield new

    def _sampled(
        self, policy: ndarray, rng: np.random.Generator
    ) -> tuple[ndarray, ndarray, ndarray]:
        """Sums over the members of each answer, over the size of a group, averaged over groups:
        positive advantages, negative ones, and members."""
        drawn = self._draw(policy, rng)
        logs, rewards = np.log(policy / self.reference), drawn.rewards
        placement = getattr(self.penalty, "placement", "")
        paid = None
        if placement.startswith("reward"):
            assert isinstance(self.penalty, SampledPenalty)
            paid = drawn.of_answers(self.beta * self.penalty.value(logs))
        if paid is not None and placement == "reward-before-baseline":
            rewards, paid = rewards - paid, None
        advantage = rewards if self.rule is None else self.rule(rewards, drawn.counts)
        advantage = advantage if paid is None else advantage - paid
        answers, size = policy.shape[1], self.sampler.size
        weighted = drawn.counts * advantage / size
        if self.clip is None:  # which way an advantage points does not matter
            ups = drawn.over_answers(weighted, answers)
            downs = np.zeros_like(ups)
        else:
            ups = drawn.over_answers(np.maximum(weighted, 0.0), answers)
            downs = drawn.over_answers(np.minimum(weighted, 0.0), answers)
        return ups, downs, drawn.over_answers(drawn.counts / size, answers)

    def _draw(self, policy: ndarray, rng: np.random.Generator) -> Groups:
        drawn = self.sampler.draw(policy, self.groups, rng)
        for _ in range(MAX_REDRAWS if self.mixed_only else 0):
            equal = tied(drawn.rewards, drawn.counts)
            if not equal.any():
                return drawn
            drawn = drawn.replaced(equal, self.sampler.draw(policy, self.groups, rng))
        if self.mixed_only:
            raise ValueError(f"groups of mixed rewards are too rare: {MAX_REDRAWS} were drawn")
        return drawn

    def _gradient(
        self, new: ndarray, old: ndarray, ups: ndarray, downs: ndarray, counted: ndarray
    ) -> ndarray:
        """Of the surrogate objective in the logits, at ``new``, for samples of ``old``."""
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


def _softmax(logits: ndarray) -> ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.exp(logits - logits.max(axis=1, keepdims=True))
        return found / found.sum(axis=1, keepdims=True)
