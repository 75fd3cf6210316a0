r"""How far the last iterates spread around a stationary policy over several answers.

A step of rate η moves the logits by η times the mean of N group gradients, each with the mean
:math:`g(\theta)` and the covariance V. With J the Jacobian of g at the resting point the
linearised recursion has, to leading order in η, the stationary covariance C of

.. math:: J C + C J^\top + \frac{\eta}{N} V = 0

in the space of logits with the sum 0, which no gradient leaves; that of the policy is D C D with
:math:`D = \operatorname{diag}(\pi) - \pi \pi^\top`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy import ndarray
from sympy import Expr, Integer, Rational, S, Symbol, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import Estimator
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian

#: Advantages that are measured, one a composition and reward level.
MAX_ADVANTAGES = 4_096
_STEP = 1e-5


@dataclass(frozen=True)
class GroupGradient:
    """The gradient of one group in the logits: its mean and covariance at any policy.

    Attributes
    ----------
    compositions : ndarray of shape (compositions, levels)
        How many members have which reward level.
    ways : ndarray of shape (compositions,)
        Multinomial coefficients; 0 of groups that are dropped.
    advantages : ndarray of shape (compositions, levels)
    chances : ndarray of shape (answers, levels)
        How often an answer has a reward level.
    """

    compositions: ndarray
    ways: ndarray
    advantages: ndarray
    chances: ndarray
    beta: float
    reference: ndarray
    slope: object
    sampled: bool

    @classmethod
    def of(
        cls, algorithm: Algorithm, question: Question, point: Mapping[Symbol, Expr]
    ) -> GroupGradient:
        """The groups of an algorithm on a question at numbers.

        Raises
        ------
        ValueError
            For a large-group limit, a rule that looks at more than its group, a penalty inside
            the reward, rewards that are not finite laws, or too many compositions.
        """
        if not isinstance(algorithm, GRPO) or algorithm.advantage.batch is not None:
            raise ValueError("the spread of the iterates is known for rules that look at one group")
        if algorithm.penalised_before_baseline:
            raise ValueError("the spread is not known for a penalty inside the reward")
        size = S(algorithm.group_size).xreplace(point)
        if size == oo or not size.is_Integer:
            raise ValueError("the spread needs a group size that is a number")
        if question.raters or not question.reward_laws:
            raise ValueError("the spread needs a law of rewards for each answer")
        if any(isinstance(law, Gaussian) for law in question.laws):
            raise ValueError("the spread needs finitely many rewards")
        laws = [
            [(S(r).xreplace(point), float(S(w).subs(point))) for r, w in law]
            for law in question.finite_laws
        ]
        levels = sorted({r for law in laws for r, _ in law}, reverse=True)
        if comb(int(size) + len(levels) - 1, len(levels) - 1) * len(levels) > MAX_ADVANTAGES:
            raise ValueError("there are too many compositions of a group for the spread")
        chances = np.array([[sum(w for r, w in law if r == v) for v in levels] for law in laws])
        counts = list(_compositions(int(size), len(levels)))
        penalty, mixed = algorithm.penalty, algorithm.mixed_only
        return cls(
            np.array(counts, dtype=float),
            np.array([_ways(c) * (not mixed or max(c) < int(size)) for c in counts]),
            _advantages(algorithm.advantage.at(point), levels, counts, size),
            chances,
            float(S(algorithm.beta).xreplace(point)),
            np.array([float(S(r).xreplace(point)) for r in question.reference]),
            lambdify(symbols.u, S(penalty.marginal()).subs(point), "numpy"),
            isinstance(penalty, Estimator),
        )

    def mean(self, policy: ndarray) -> ndarray:
        """The expected gradient (answers,) at a policy: groups are summed before answers."""
        weights, drawn, exact, among = self._shares(policy)
        members = weights @ self.compositions
        gained = weights @ (self.compositions * self.advantages)
        chosen = ((gained - members * drawn[:, None]) * among).sum(axis=1)
        return (chosen - chosen.sum() * policy) / self._size - exact

    def moments(self, policy: ndarray) -> tuple[ndarray, ndarray]:
        """Mean (answers,) and covariance (answers, answers)."""
        weights, gains, exact, among, inside = self._gains(policy)
        scores = np.eye(len(policy)) - policy
        squares = np.einsum("ol,clo,oi,oj->clij", among, inside**2, scores, scores, optimize=True)
        spread = squares - gains[..., :, None] * gains[..., None, :]
        means = np.einsum("cl,cli->ci", self.compositions, gains) / self._size
        mean = weights @ means
        within = np.einsum("c,cl,clij->ij", weights, self.compositions, spread, optimize=True)
        between = ((means - mean) * weights[:, None]).T @ (means - mean)
        return mean - exact, within / self._size**2 + between

    @property
    def _size(self) -> int:
        return int(self.compositions[0].sum())

    def _gains(self, policy: ndarray) -> tuple[ndarray, ...]:
        """Weights of compositions, and what a member of each level adds on average; of these,
        the exact part of the penalty, shares of answers and factors of their scores."""
        weights, drawn, exact, among = self._shares(policy)
        # Of a member of level l: (A − pull_o)(e_o − π), o by its share among those of the level.
        inside = self.advantages[:, :, None] - drawn
        chosen = inside * among.T
        gains = chosen - chosen.sum(axis=-1, keepdims=True) * policy
        return weights, gains, exact, among, inside

    def _shares(self, policy: ndarray) -> tuple[ndarray, ...]:
        """Weights of compositions, the sampled and the exact part of the penalty, and shares of
        answers among the members of each level."""
        mass = policy @ self.chances
        known = np.where(mass > 0, mass, 1.0)
        weights = self.ways * np.prod(known**self.compositions, axis=1)
        weights = weights * ~((self.compositions > 0) & (mass == 0)).any(axis=1)
        among = policy[:, None] * self.chances / known
        pull = self.beta * np.broadcast_to(self.slope(self.reference / policy), policy.shape)  # type: ignore[operator]
        drawn = pull if self.sampled else np.zeros(len(policy))
        exact = np.zeros(len(policy)) if self.sampled else policy * (pull - policy @ pull)
        return weights / weights.sum(), drawn, exact, among

    def jacobian(self, policy: ndarray) -> ndarray:
        """Of the mean in the logits."""
        logits, columns = np.log(policy), []
        for step in _STEP * np.eye(len(policy)):
            up, down = (self.mean(_softmax(logits + side * step)) for side in (1, -1))
            columns.append((up - down) / (2 * _STEP))
        return np.array(columns).T


def policy_covariance(
    gradient: GroupGradient, policy: Sequence[float], rate: float, groups: float
) -> ndarray:
    """The covariance of π over the last iterates, to leading order in the learning rate.

    Raises
    ------
    ValueError
        For a policy that does not attract.
    """
    at = np.array(policy, dtype=float)
    answers = len(at)
    basis = np.linalg.qr(np.column_stack([np.ones(answers), np.eye(answers)[:, 1:]]))[0][:, 1:]
    inner = basis.T @ gradient.jacobian(at) @ basis
    if not (np.linalg.eigvals(inner).real < 0).all():
        raise ValueError("the policy is not attracting: the iterates leave it")
    noise = basis.T @ gradient.moments(at)[1] @ basis * (rate / groups)
    one = np.eye(answers - 1)
    system = np.kron(inner, one) + np.kron(one, inner)
    found = np.linalg.solve(system, -noise.ravel()).reshape(noise.shape)
    moved = (np.diag(at) - np.outer(at, at)) @ basis
    return moved @ found @ moved.T


def _softmax(logits: ndarray) -> ndarray:
    found = np.exp(logits - logits.max())
    return found / found.sum()


def _compositions(size: int, levels: int) -> Iterator[tuple[int, ...]]:
    if levels == 1:
        yield (size,)
        return
    for first in range(size + 1):
        yield from ((first, *rest) for rest in _compositions(size - first, levels - 1))


def _ways(counts: Sequence[int]) -> float:
    found, left = 1, sum(counts)
    for count in counts:
        found *= comb(left, count)
        left -= count
    return float(found)


def _advantages(
    rule: object, levels: Sequence[Expr], counts: Sequence[Sequence[int]], size: Integer
) -> ndarray:
    """The rule itself, asked once for each level of each composition."""
    table = np.zeros((len(counts), len(levels)))
    for row, drawn in enumerate(counts):
        group = tuple((r, Rational(k, size)) for r, k in zip(levels, drawn, strict=True) if k)
        for column, (reward, k) in enumerate(zip(levels, drawn, strict=True)):
            if k:
                table[row, column] = float(rule(reward, group, size))  # type: ignore[operator]
    return table
