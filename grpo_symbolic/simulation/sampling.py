"""Groups drawn from softmax policies: many seeds and many groups in one array.

Answers with finitely many rewards are counted: how many members of a group gave this answer and
had this reward is multinomial, whatever the size of the group. Gaussian rewards and comparisons
are drawn member by member.
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

__all__ = ["Groups", "Sampler", "sampler_of"]


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
            return values.mean(axis=-1).T @ np.eye(answers)[self.answers]
        found = [np.where(self.answers == o, values, 0.0).sum(0).mean(-1) for o in range(answers)]
        return np.stack(found, axis=-1)

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
class _Counted(Sampler):
    """Finitely many rewards: each cell is an answer with a reward."""

    size: int
    answers: ndarray
    rewards: ndarray
    chances: ndarray

    def draw(self, policy: ndarray, groups: int, rng: np.random.Generator) -> Groups:
        cells = policy[:, self.answers] * self.chances
        if cells.shape[1] == 2:
            first = rng.binomial(self.size, cells[:, :1], (len(policy), groups))
            counts = np.stack((first, self.size - first)).astype(float)
        else:
            cells /= cells.sum(axis=1, keepdims=True)
            shape = (len(policy), groups)
            drawn = rng.multinomial(self.size, cells[:, None, :], shape)
            counts = np.ascontiguousarray(np.moveaxis(drawn, -1, 0), dtype=float)
        return Groups(self.answers, self.rewards[:, None, None], counts)


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
    if not question.reward_laws:
        if size != 2:
            raise ValueError("comparisons of two answers are sampled in groups of two")
        return _Compared(_winning(question, point))
    laws = question.laws
    if any(isinstance(law, Gaussian) for law in laws):
        moments = [(_float(law.mean, point), _float(law.std, point)) for law in laws]
        means, std = np.array(moments).T
        return _Members(size, means, std)
    cells = [
        (o, _float(reward, point), _float(chance, point))
        for o, law in enumerate(question.finite_laws)
        for reward, chance in law
    ]
    answers, rewards, chances = zip(*(c for c in cells if c[2] > 0), strict=True)
    return _Counted(size, np.array(answers), np.array(rewards), np.array(chances))


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
    found = S(value).subs({symbols.base_reward: S.Zero, **point})
    if not found.is_number:
        raise ValueError(f"a number is needed for {', '.join(map(str, found.free_symbols))}")
    return float(found)
