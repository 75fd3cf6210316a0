"""Groups drawn from softmax policies: many seeds and many groups in one array.

Answers with finitely many rewards are counted: how many members of a group gave this answer and
had this reward is multinomial, whatever the size of the group, and whoever scores it. Gaussian
rewards and comparisons are drawn member by member.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from sympy import Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.model.algorithm import GRPO, IPO, NLHF, RLHF, Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian

#: Members that are drawn one by one sooner than counted.
_FEW = 6


@dataclass(frozen=True)
class Groups:
    """Sampled groups, in arrays (members, seeds, groups).

    Attributes
    ----------
    answers : ndarray of int
        What the members answered; (members,) where it is the same for all groups.
    rewards : ndarray
    counts : ndarray
        How many members an entry stands for.
    """

    answers: ndarray
    rewards: ndarray
    counts: ndarray

    def over_answers(self, values: ndarray, answers: int) -> ndarray:
        """Sums over the members of each answer, means over groups: (seeds, answers)."""
        if self.answers.ndim == 1:
            means = values.mean(axis=-1)
            totals = np.zeros((answers, means.shape[1]))
            np.add.at(totals, self.answers, means)
            return totals.T
        _, seeds, groups = self.answers.shape
        places = self.answers + answers * np.arange(seeds)[:, None]
        weights = np.broadcast_to(values, places.shape).ravel()
        sums = np.bincount(places.ravel(), weights, seeds * answers)
        return sums.reshape(seeds, answers) / groups

    def of_answers(self, values: ndarray) -> ndarray:
        """A value for each answer (seeds, answers), for every member."""
        if self.answers.ndim == 1:
            return values.T[self.answers][..., None]
        return values[np.arange(len(values))[None, :, None], self.answers]

    def replaced(self, which: ndarray, other: Groups) -> Groups:
        """These groups, with others in the places (seeds, groups) that are marked."""
        fixed = self.answers.ndim == 1
        return Groups(
            self.answers if fixed else np.where(which, other.answers, self.answers),
            self.rewards if fixed else np.where(which, other.rewards, self.rewards),
            np.where(which, other.counts, self.counts),
        )


class Sampler(ABC):
    """Draws groups of ``size`` members from policies (seeds, answers)."""

    size: int

    @abstractmethod
    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        """So many groups for each seed."""


@dataclass(frozen=True)
class Counted(Sampler):
    """Finitely many rewards: each cell is an answer with a reward."""

    size: int
    answers: ndarray
    rewards: ndarray
    chances: ndarray

    @property
    def cells(self) -> int:
        return len(self.answers)

    def counts(self, policy: ndarray, groups: int, rng: np.random.Generator) -> ndarray:
        """How many members are of which cell, (cells, seeds, groups)."""
        cells = policy[:, self.answers] * self.chances
        if cells.shape[1] == 2:
            chance, shape = np.minimum(cells[:, :1], 1.0), (len(policy), groups)
            if self.size <= _FEW:
                first = (rng.random((self.size, *shape)) < chance).sum(axis=0)
            else:
                first = rng.binomial(self.size, chance, shape)
            return np.array((first, self.size - first))
        cells /= cells.sum(axis=1, keepdims=True)
        drawn = rng.multinomial(self.size, cells[:, None, :], (len(policy), groups))
        return np.moveaxis(drawn, -1, 0)

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        counts = np.ascontiguousarray(self.counts(policy, groups, rng), dtype=float)
        return Groups(self.answers, self.rewards[:, None, None], counts)


@dataclass(frozen=True)
class _Rated(Sampler):
    """One rater scores a whole group: cells are answers with a reward that some rater gives."""

    size: int
    answers: ndarray
    #: (raters, cells)
    rewards: ndarray
    chances: ndarray
    shares: ndarray

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        raters = rng.choice(len(self.shares), (len(policy), groups), p=self.shares)
        weights = np.moveaxis(policy[:, None, self.answers] * self.chances[raters], -1, 0)
        # From the last cell to the first: what a cell has of itself and all before it.
        upto, left = np.cumsum(weights, axis=0), np.full(raters.shape, self.size)
        counts = np.zeros(weights.shape)
        for cell in range(len(weights) - 1, 0, -1):
            chance = weights[cell] / np.where(upto[cell] > 0, upto[cell], 1.0)
            counts[cell] = rng.binomial(left, np.minimum(chance, 1.0))
            left = left - counts[cell].astype(np.intp)
        counts[0] = left
        return Groups(self.answers, np.moveaxis(self.rewards[raters], -1, 0), counts)


@dataclass(frozen=True)
class _Members(Sampler):
    """Normal rewards."""

    size: int
    means: ndarray
    std: ndarray

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        answers = _answers(policy, groups, self.size, rng)
        noise = rng.standard_normal(answers.shape)
        return Groups(answers, self.means[answers] + self.std[answers] * noise,
                      np.ones(answers.shape))  # fmt: skip


@dataclass(frozen=True)
class _Compared(Sampler):
    """Two members that are compared: the winner has reward 1, the other 0."""

    winning: ndarray
    size: int = 2

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        answers = _answers(policy, groups, 2, rng)
        wins = rng.random(answers.shape[1:]) < self.winning[answers[0], answers[1]]
        rewards = np.stack((wins, ~wins)).astype(float)
        return Groups(answers, rewards, np.ones(answers.shape))


@dataclass(frozen=True)
class _AgainstOne(Sampler):
    """One member that is compared with an answer of the policy, or of the reference."""

    winning: ndarray
    reference: ndarray | None
    size: int = 1

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        answers = _answers(policy, groups, 1, rng)
        theirs = policy if self.reference is None else np.broadcast_to(self.reference, policy.shape)
        opponents = _answers(theirs, groups, 1, rng)
        wins = rng.random(answers.shape) < self.winning[answers, opponents]
        return Groups(answers, wins.astype(float), np.ones(answers.shape))


def _answers(policy: ndarray, groups: int, size: int, rng: np.random.Generator) -> ndarray:
    drawn = rng.random((size, len(policy), groups))
    found = np.zeros(drawn.shape, dtype=np.intp)
    for passed in np.cumsum(policy, axis=1)[:, :-1].T:
        found += drawn >= passed[:, None]
    return found


def sampler_of(
    algorithm: Algorithm, question: Question, point: Mapping[Symbol, Expr], reference: ndarray
) -> Sampler:
    """What draws groups for an algorithm on a question at numbers.

    Raises
    ------
    ValueError
        For the large-group limit, which has no groups, or comparisons of more than two members.
    """
    if isinstance(algorithm, NLHF | IPO):
        other = reference if isinstance(algorithm, IPO) else None
        return _AgainstOne(_winning(question, point), other)
    size = _size(algorithm, point)
    if question.raters:
        return _rated(question, size, point)
    if not question.reward_laws:
        if size != 2:
            raise ValueError("comparisons of two answers are sampled in groups of two")
        return _Compared(_winning(question, point))
    laws = question.laws
    if any(isinstance(law, Gaussian) for law in laws):
        moments = [(_float(law.mean, point), _float(law.std, point)) for law in laws]
        means, std = np.array(moments).T
        return _Members(size, means, std)
    cells = [cell for cell in _cells(question, point) if cell[2] > 0]
    answers, rewards, chances = map(np.array, zip(*cells, strict=True))
    return Counted(size, answers, rewards, chances)


def _cells(question: Question, point: Mapping[Symbol, Expr]) -> list[tuple[int, float, float]]:
    """Answers with their rewards and the chances of those."""
    return [
        (o, _float(reward, point), _float(chance, point))
        for o, law in enumerate(question.finite_laws)
        for reward, chance in law
    ]


def _rated(question: Question, size: int, point: Mapping[Symbol, Expr]) -> Sampler:
    """Of the k-th outcomes of one answer each rater has its own; who has fewer has chance 0."""
    if any(rater.margins or not rater.reward_laws for _, rater in question.raters):
        raise ValueError("raters are simulated whose rewards for the answers are given")
    if any(isinstance(law, Gaussian) for _, rater in question.raters for law in rater.laws):
        raise ValueError("raters whose rewards are normal are not simulated")
    rows = [_cells(rater, point) for _, rater in question.raters]
    shares = np.array([_float(share, point) for share, _ in question.raters])
    answers: list[int] = []
    for o in range(len(question)):
        answers += [o] * max(sum(cell[0] == o for cell in row) for row in rows)
    rewards, chances = np.zeros((2, len(rows), len(answers)))
    for j, row in enumerate(rows):
        for o in range(len(question)):
            for k, cell in enumerate(c for c in row if c[0] == o):
                rewards[j, answers.index(o) + k], chances[j, answers.index(o) + k] = cell[1:]
    return _Rated(size, np.array(answers), rewards, chances, shares / shares.sum())


def _size(algorithm: Algorithm, point: Mapping[Symbol, Expr]) -> int:
    if isinstance(algorithm, RLHF):
        return 1
    if not isinstance(algorithm, GRPO):
        raise ValueError(f"{algorithm!r} is not simulated")
    size = S(algorithm.group_size).subs(point)
    if not size.is_Integer:
        raise ValueError("the large-group limit has no group to sample: give a group size")
    return int(size)


def _winning(question: Question, point: Mapping[Symbol, Expr]) -> ndarray:
    every: Sequence[int] = range(len(question))
    return np.array([[_float(question.preference(o, q), point) for q in every] for o in every])


def _float(value: Expr, point: Mapping[Symbol, Expr]) -> float:
    # The level of all rewards cancels wherever it is not asked for.
    found = S(value).xreplace({symbols.base_reward: S.Zero, **point})
    if not found.is_number:
        raise ValueError(f"a number is needed for {', '.join(map(str, found.free_symbols))}")
    return float(found)
