r"""What raters make of policies, and where it stops: many electorates at once, in float64.

A field gives P(o|π) and its slopes for every row of policies, each row with raters of its own. The
stationary policies solve, with y(o) = log π(o)/π_ref(o),

.. math:: P(o \mid \pi) - \beta\, d(e^{-y(o)}) = \lambda, \qquad \sum_o \pi(o) = 1 .
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sympy import multinomial_coefficients

from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.stationary import Condition

# Where paths begin; how far a step may lead, in log π; ratios of weights, the last for turns.
_LARGE, _FARTHEST = 8.0, 0.75
_FACTORS, _CAREFUL = (2.5, 1.5, 1.1, 1.01), (1.2, 1.01)


class Field(Protocol):
    """P(o|π), one row an electorate."""

    def parts(self, policy: Array) -> tuple[Array, Array]:
        """P as rows × answers, and ∂P(o)/∂π(q) as rows × answers × answers."""
        ...

    def take(self, rows: Array) -> Field:
        """The field of some of the rows."""
        ...


@dataclass(frozen=True)
class Linear:
    """P = M π + b.

    Parameters
    ----------
    matrix : array
        Rows × answers × answers.
    base : array
        Rows × answers.
    """

    matrix: Array
    base: Array

    def parts(self, policy: Array) -> tuple[Array, Array]:
        return np.einsum("kox,kx->ko", self.matrix, policy) + self.base, self.matrix

    def take(self, rows: Array) -> Linear:
        return Linear(self.matrix[rows], self.base[rows])


@dataclass(frozen=True)
class Polynomial:
    """P(o) = Σ_t c(o, t) Π_x π(x)^e(t, x): groups of finite size, one rater each.

    Parameters
    ----------
    coefficients : array
        Rows × answers × terms.
    exponents : array
        Terms × answers.
    """

    coefficients: Array
    exponents: Array

    def parts(self, policy: Array) -> tuple[Array, Array]:
        powers = policy[:, None, :] ** self.exponents[None]
        terms = powers.prod(axis=2)
        slopes = np.empty((*policy.shape, policy.shape[1]))
        for q in range(policy.shape[1]):
            lowered = powers.copy()
            e = self.exponents[:, q]
            lowered[:, :, q] = e * policy[:, q, None] ** np.maximum(e - 1, 0)
            slopes[:, :, q] = np.einsum("kot,kt->ko", self.coefficients, lowered.prod(axis=2))
        return np.einsum("kot,kt->ko", self.coefficients, terms), slopes

    def take(self, rows: Array) -> Polynomial:
        return Polynomial(self.coefficients[rows], self.exponents)


@dataclass(frozen=True)
class Spread:
    """P(o) = Σ_j m_j (r_j(o) − μ_j)/σ_j: large groups.

    Parameters
    ----------
    masses : array
        Rows × raters, with the sum 1; a rater without a difference between answers adds nothing.
    rewards, variances : array
        Rows × raters × answers: means, and variances within an answer.
    """

    masses: Array
    rewards: Array
    variances: Array

    def parts(self, policy: Array) -> tuple[Array, Array]:
        mean = np.einsum("kjo,ko->kj", self.rewards, policy)
        away = self.rewards - mean[:, :, None]
        square = np.einsum("kjo,ko->kj", away**2 + self.variances, policy)
        flat = np.ptp(self.rewards, axis=2) + self.variances.max(axis=2) == 0
        with np.errstate(all="ignore"):
            per = np.where(flat, 0.0, self.masses / np.sqrt(square))
            bend = np.where(flat, 0.0, 0.5 * per / square)
        value = np.einsum("kj,kjo->ko", per, away)
        # Along Σ π = 1: ∂μ = away, ∂σ² = away² + variance − σ², up to what is the same for all.
        slopes = -np.einsum("kj,kjq->kq", per, away)[:, None, :] - np.einsum(
            "kj,kjo,kjq->koq", bend, away, away**2 + self.variances
        )
        return value, slopes

    def take(self, rows: Array) -> Spread:
        return Spread(self.masses[rows], self.rewards[rows], self.variances[rows])


@cache
def _companions(size: int, answers: int) -> dict[tuple[int, ...], int]:
    """How often each answer is among the others of a group, and in how many orders."""
    return dict(sorted(multinomial_coefficients(answers, size - 1).items()))


@cache
def group_coefficients(row: tuple[float, ...], size: int) -> Array:
    """c(o, t) of one rater with these rewards: how many orders, times the advantage."""
    rewards, companions = np.array(row), _companions(size, len(row))
    counts, ways = np.array(list(companions)), np.array(list(companions.values()))
    mean = (rewards[:, None] + counts @ rewards) / size
    away = rewards[:, None] - mean
    square = (
        away**2 + np.einsum("tx,xot->ot", counts, (rewards[:, None, None] - mean) ** 2)
    ) / size
    with np.errstate(all="ignore"):
        return np.where(square * size > 1e-20, ways * away / np.sqrt(square), 0.0)


def in_groups(rewards: Array, masses: Array, size: int) -> Polynomial:
    """Groups of a finite size, each scored by one rater; masses have the sum 1."""
    k, raters, n = rewards.shape
    exponents = np.array(list(_companions(size, n)))
    out = np.zeros((k, n, len(exponents)))
    for row, shares in enumerate(masses):
        for j in range(raters):
            if shares[j]:
                out[row] += shares[j] * group_coefficients(tuple(rewards[row, j]), size)
    return Polynomial(out, exponents)


def _reverse_kl(y: Array) -> tuple[Array, Array]:
    """d(e^−y), and its derivative in y."""
    ratio = np.exp(-y)
    return 1 - ratio, ratio


def _direct_kl(y: Array) -> tuple[Array, Array]:
    return y, np.ones_like(y)


@dataclass(frozen=True)
class RatersCondition(Condition):
    """The condition on rows that have raters of their own.

    Parameters
    ----------
    preference : Field
    force : callable
        From y to d(e^−y) and its derivative.
    """

    preference: Field  # type: ignore[assignment]
    force: Callable[[Array], tuple[Array, Array]]  # type: ignore[assignment]
    most, settled = 60, 1e-14
    residual = 1e-10
    # The force is a small difference of large numbers where the weight is large.
    rounding = 1e-14

    def at_rows(self, rows: Array) -> RatersCondition:
        return replace(self, preference=self.preference.take(rows))

    def parts(self, y: Array, beta: Array, reference: Array) -> tuple[Array, ...]:
        policy = reference * np.exp(y)
        values, slopes = self.preference.parts(policy.T)
        force, stiff = self.force(y)
        return policy, values.T, slopes, beta * force, beta * stiff


def stationary(
    field: Field,
    reverse: bool,
    beta: Sequence[float] | Array,
    reference: Array,
    careful: bool = False,
) -> Array:
    """The stationary policies reached from the reference along falling weights.

    A linear field by margins has one stationary policy, and Newton's method is tried at once.
    Others can have several: they are followed from a weight at which the policy is next to the
    reference, in small steps, and a step that moves far is taken again in smaller ones.

    Parameters
    ----------
    field : Field
    reverse : bool
        Reverse KL or direct KL.
    beta : array
        One weight a row.
    reference : array
        Rows × answers.
    careful : bool
        Take small steps from the first, for results that are reported one by one.

    Returns
    -------
    array
        Rows × answers; NaN where Newton's method ends nowhere, or where the path turns back
        before the weight is reached.
    """
    condition = RatersCondition(field, _reverse_kl if reverse else _direct_kl)
    weight = np.broadcast_to(np.asarray(beta, float), len(reference)).copy()
    columns = reference.T
    y, done = np.zeros_like(columns), np.zeros(len(reference), bool)
    with np.errstate(all="ignore"):
        if isinstance(field, Linear):
            y, done = condition.newton(y, weight, columns)
        for factor in _CAREFUL if careful else _FACTORS:
            left = np.flatnonzero(~done)
            if len(left):
                part = condition.at_rows(left)
                y[:, left], done[left] = _path(part, weight[left], columns[:, left], factor)
    return np.where(done, columns * np.exp(y), np.nan).T


def _path(
    condition: RatersCondition, weight: Array, reference: Array, factor: float
) -> tuple[Array, NDArray[np.bool_]]:
    """From large weights to these, each at most ``factor`` times smaller than the one before.

    Of a linear field any solution will do, for there is one; under the direct KL its log π grow
    like 1/β.
    """
    only = isinstance(condition.preference, Linear)
    start = np.maximum(_LARGE, weight)
    steps = max(1, int(np.ceil(np.log(start / weight).max() / np.log(factor))))
    at, good = condition.newton(np.zeros_like(reference), start, reference)
    for k in range(1, steps + 1):
        share = k / steps
        kept = np.flatnonzero(good & (weight < start))
        if not len(kept):
            break
        now = start[kept] ** (1 - share) * weight[kept] ** share
        guess = at[:, kept]
        if only and condition.force is _direct_kl:
            guess = guess * (start[kept] / weight[kept]) ** (1 / steps)
        moved, found = condition.at_rows(kept).newton(guess, now, reference[:, kept])
        near = only | (np.abs(moved - at[:, kept]).max(axis=0) < _FARTHEST)
        at[:, kept], good[kept] = moved, found & near
    return at, good
