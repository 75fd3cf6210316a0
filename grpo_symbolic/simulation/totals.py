"""What a gradient needs of the groups of a step: sums over the members of each answer.

Of groups of few compositions the advantages stand in a table, which the rule itself has filled,
group by group of it; a step then counts how often it drew which. All others are measured as drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from grpo_symbolic.simulation.advantages import Rule, tied
from grpo_symbolic.simulation.penalties import SampledPenalty
from grpo_symbolic.simulation.sampling import Groups, Sampler

MAX_REDRAWS = 10_000
#: Compositions of which a table is made.
_MOST_COMPOSITIONS = 1_024


class Sums(NamedTuple):
    """Over the size of a group and averaged over groups, each (seeds, answers).

    Attributes
    ----------
    ups, downs : ndarray
        Of the positive and of the negative advantages.
    members : ndarray
    """

    ups: ndarray
    downs: ndarray
    members: ndarray


@dataclass(frozen=True)
class Drawn:
    """Groups are drawn and measured one by one.

    Attributes
    ----------
    sampler : Sampler
    rule : callable or None
        The advantage; None where the reward itself is climbed.
    groups : int
        That a step averages.
    mixed_only : bool
        Groups of equal rewards are drawn again.
    apart : bool
        Whether positive and negative advantages must be told apart.
    paid : SampledPenalty or None
        An estimator that is subtracted from rewards or from advantages.
    beta : float
    reference : ndarray of shape (answers,)
    """

    sampler: Sampler
    rule: Rule | None
    groups: int
    mixed_only: bool = False
    apart: bool = False
    paid: SampledPenalty | None = None
    beta: float = 0.0
    reference: ndarray | None = None

    def of(self, policy: ndarray, rng: np.random.Generator) -> Sums:
        """The sums over groups that are drawn from policies (seeds, answers)."""
        drawn = self._draw(policy, rng)
        rewards, paid = drawn.rewards, None
        if self.paid is not None:
            paid = drawn.of_answers(self.beta * self.paid.value(np.log(policy / self.reference)))
            if self.paid.placement == "reward-before-baseline":
                rewards, paid = rewards - paid, None
        advantage = rewards if self.rule is None else self.rule(rewards, drawn.counts)
        advantage = advantage if paid is None else advantage - paid
        answers, size = policy.shape[1], self.sampler.size
        weighted = drawn.counts * advantage / size
        members = drawn.over_answers(drawn.counts / size, answers)
        if not self.apart:
            ups = drawn.over_answers(weighted, answers)
            return Sums(ups, np.zeros_like(ups), members)
        ups = drawn.over_answers(np.maximum(weighted, 0.0), answers)
        return Sums(ups, drawn.over_answers(np.minimum(weighted, 0.0), answers), members)

    def _draw(self, policy: ndarray, rng: np.random.Generator) -> Groups:
        drawn = self.sampler.draw(policy, self.groups, rng)
        for _ in range(MAX_REDRAWS if self.mixed_only else 0):
            equal = tied(drawn.rewards, drawn.counts)
            if not equal.any():
                return drawn
            drawn = drawn.replaced(equal, self.sampler.draw(policy, self.groups, rng))
        if self.mixed_only:
            raise _too_rare()
        return drawn


@dataclass(frozen=True)
class Composed:
    """Groups are drawn one by one, and measured by a table of all that there can be.

    Attributes
    ----------
    sampler : Counted
    rule : callable
    groups, mixed_only, apart
        As for :class:`Drawn`.
    """

    sampler: Sampler
    rule: Rule
    groups: int
    mixed_only: bool = False
    apart: bool = False

    @staticmethod
    def fits(sampler: Sampler) -> bool:
        """Whether the groups of a sampler are counts of few cells."""
        cells = getattr(sampler, "cells", 0)
        return cells > 0 and (sampler.size + 1) ** (cells - 1) <= _MOST_COMPOSITIONS

    @cached_property
    def _tables(self) -> tuple[ndarray, ndarray, ndarray]:
        """For each code of a composition: what it adds to ups, downs and members; and ties.

        A code is the number whose digits in base G + 1 are the counts of all cells but the last.
        """
        sampler, size = self.sampler, self.sampler.size
        digits = np.arange((size + 1) ** (sampler.cells - 1))  # type: ignore[attr-defined]
        rows = []
        for _ in range(sampler.cells - 1):  # type: ignore[attr-defined]
            digits, row = np.divmod(digits, size + 1)
            rows.append(row)
        last = size - np.sum(rows, axis=0) if rows else np.full(1, size)
        codes = np.flatnonzero(last >= 0)  # others are never drawn
        counts = np.array([*rows, last])[:, None, codes].astype(float)
        rewards = sampler.rewards[:, None, None]  # type: ignore[attr-defined]
        weighted = counts * self.rule(rewards, counts) / size
        parts = (np.maximum(weighted, 0.0), np.minimum(weighted, 0.0), counts / size)
        if not self.apart:
            parts = (weighted, 0 * weighted, counts / size)
        cell = np.eye(max(sampler.answers) + 1)[sampler.answers]  # type: ignore[attr-defined]
        table = np.zeros((len(last), 3 * cell.shape[1]))
        table[codes] = np.hstack([part[:, 0].T @ cell for part in parts])
        alike = np.ones(len(last), dtype=bool)
        alike[codes] = tied(rewards, counts)[0]
        return table, alike, (size + 1) ** np.arange(len(rows))

    def of(self, policy: ndarray, rng: np.random.Generator) -> Sums:
        table, alike, _ = self._tables
        codes = self._codes(policy, rng)
        if self.mixed_only:
            for _ in range(MAX_REDRAWS):
                equal = alike[codes]
                if not equal.any():
                    break
                codes = np.where(equal, self._codes(policy, rng), codes)
            else:
                raise _too_rare()
        seeds, count = len(policy), len(table)
        codes += np.arange(0, seeds * count, count)[:, None]
        often = np.bincount(codes.ravel(), minlength=seeds * count).reshape(seeds, count)
        found = often @ (table / self.groups)
        answers = policy.shape[1]
        return Sums(found[:, :answers], found[:, answers : 2 * answers], found[:, 2 * answers :])

    def _codes(self, policy: ndarray, rng: np.random.Generator) -> ndarray:
        """The codes of drawn groups, (seeds, groups)."""
        drawn = self.sampler.counts(policy, self.groups, rng)  # type: ignore[attr-defined]
        if len(drawn) == 2:
            return drawn[0]
        return np.tensordot(self._tables[2], drawn[:-1], axes=1)


def _too_rare() -> ValueError:
    return ValueError(f"groups of mixed rewards are too rare: {MAX_REDRAWS} were drawn")
