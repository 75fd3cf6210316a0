r"""The stationarity condition of many answers by Newton's method, for rows of float64 parameters.

The unknowns are y(o) = log π(o)/π_ref(o) and the multiplier λ:

.. math:: P(o \mid \pi) - \beta\, d(e^{-y(o)}) - \lambda = 0, \qquad
          \sum_o \pi_{\mathrm{ref}}(o)\, e^{y(o)} = 1 .

A policy keeps its relative accuracy however small its reference is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, S, diff

from grpo_symbolic import symbols
from grpo_symbolic.gradient import gradients
from grpo_symbolic.numeric.formula import REST, Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Allowance
from grpo_symbolic.numeric.tilted import MassTilt, SpreadTilt
from grpo_symbolic.replace import replaced

# Steps at most, and so many that they count for those who take more.
_STEPS, _USUAL = 80, 12
_LONGEST = 1.5
#: What is left of the condition, beside the terms that it is the difference of.
_RESIDUAL = 2e-12
# Steps of a falling weight for a factor of two, and at most.
_CONTINUED, _WEIGHTS = 3.0, 400
# Eigenvalues of matrices with ones on their diagonal are clear of rounding from here on.
_CLEAR = 1e-9
# What a step on a row costs at least.
_ROW = 10_000


def pull(force: Expr) -> Formula:
    """d(u), and u d'(u)."""
    stiff = (symbols.u * diff(force, symbols.u)).expand()
    return Formula((force, stiff), (symbols.u.name,))


@dataclass(frozen=True)
class Condition:
    """The parts of the condition, on arrays answers × rows.

    Parameters
    ----------
    preference : Formula
        P(o|π), then ∂P(o)/∂π(q) answer by answer, in the masses of all answers.
    force : Formula
        d(u), and u d'(u), in u.
    """

    preference: Formula
    force: Formula

    @classmethod
    def of(cls, values: Sequence[Expr], policy: Sequence[Expr], force: Expr) -> Condition:
        """From P(o|π) in π of all answers but the last, which is one minus their sum, and d(u)."""
        *free, last = policy
        slopes = [[row.get(s, S.Zero) for s in free] for row in gradients(values, free)]
        parts = [*values, *(part for row in slopes for part in (*row, S.Zero))]
        names = (*(s.name for s in free), REST.name)
        found = tuple(replaced(parts, {last: REST}))
        return cls(Formula(found, names), pull(force))

    def parts(self, y: Array, beta: Array, reference: Array) -> tuple[Array, ...]:
        """π, P, its slopes as rows × answers × answers, β d and −β u d'."""
        policy = reference * np.exp(y)
        n, rows = policy.shape
        table = np.empty((n * (n + 1), rows))
        for k, part in enumerate(self.preference(*policy)):
            table[k] = part
        slopes = np.moveaxis(table[n:].reshape(n, n, rows), -1, 0).copy()
        force, stiff = (np.broadcast_to(v, y.shape) for v in self.force(np.exp(-y)))
        return policy, table[:n], slopes, beta * force, -beta * stiff

    def accepted(self, y: Array, beta: Array, reference: Array) -> NDArray[np.bool_]:
        """Rows in which the condition holds to rounding."""
        policy, climb, _, penalty, stiff = self.parts(y, beta, reference)
        left = climb - penalty
        middle = left[np.argmax(policy, axis=0), np.arange(left.shape[1])]
        size = np.maximum(np.abs(climb).max(axis=0), 1.0) + np.abs(penalty) + np.abs(middle)
        good = np.abs(left - middle) <= self.residual * size + self.rounding * np.abs(stiff)
        return good.all(axis=0) & (np.abs(policy.sum(axis=0) - 1) <= 1e-12)

    residual: ClassVar[float] = _RESIDUAL
    #: What may be left for the rounding of the force.
    rounding: ClassVar[float] = 0.0
    #: Steps of this length, relative, are the last ones.
    settled: ClassVar[float] = 2e-14
    most: ClassVar[int] = _STEPS

    @property
    def cost(self) -> int:
        """Operations of a step on one row, about."""
        return _ROW + 15 * (len(self.preference.parts) + 1) ** 2

    def at_rows(self, rows: Array) -> Condition:
        """The condition of some of the rows, where each has one of its own."""
        return self

    def newton(
        self, y: Array, beta: Array, reference: Array, allowance: Allowance | None = None
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Steps of bounded length from ``y``, and where they end at a solution.

        What takes more of them than usual does so as far as there is an allowance.
        """
        y, n = y.copy(), len(y)
        done = np.zeros(y.shape[1], bool)
        left = np.arange(y.shape[1])
        for taken in range(self.most):
            if taken >= _USUAL and allowance is not None:
                left = left[: allowance.rows_of(self.cost, len(left))]
            if not len(left):
                break
            step = self.at_rows(left).step(y[:, left], beta[left], reference[:, left])
            bad = ~np.isfinite(step).all(axis=0)
            length = np.abs(step).max(axis=0)
            with np.errstate(all="ignore"):
                moved = y[:, left] + step * np.minimum(1.0, _LONGEST / length)
                moved -= np.log((reference[:, left] * np.exp(moved)).sum(axis=0))
            y[:, left] = np.where(bad, y[:, left], moved)
            still = np.abs(step) <= self.settled * (1.0 + np.abs(y[:, left]))
            ended = still.all(axis=0) & ~bad
            done[left[ended]] = True
            left = left[~ended & ~bad]
        # Rounding may keep the last steps from vanishing: the condition decides.
        with np.errstate(all="ignore"):
            done = self.accepted(y, beta, reference) & np.isfinite(y).all(axis=0)
        return y.reshape(n, -1), done

    def step(self, y: Array, beta: Array, reference: Array) -> Array:
        """One of Newton's steps."""
        with np.errstate(all="ignore"):
            parts = self.parts(y, beta, reference)
            matrix, scale = linearised(parts)
            right = remainder(parts, scale)
            bad = ~(np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(right).all(axis=1))
            matrix[bad], right[bad] = np.eye(len(y) + 1), np.nan
            return _solved(matrix, right)

    def attracting(self, y: Array, beta: Array, reference: Array) -> NDArray[np.bool_]:
        """Whether all eigenvalues of the policy-gradient flow on logits are negative.

        With K = β ∂d/∂π(o) on the diagonal, the flow moves by Σ (P' − K) Σ δ, Σ = Π − π πᵀ with Π
        the diagonal of π, and a common logit does not matter. Where P' − K is negative definite
        along moves that keep Σ π = 1, it attracts; eigenvalues decide about the others.
        """
        policy, _, push, _, stiff = self.parts(y, beta, reference)
        index = np.arange(len(y))
        push[:, index, index] -= (stiff / policy).T
        good = _negative_definite(push, np.argmax(policy, axis=0))
        left = np.flatnonzero(~good)
        good[left] = _falling_flow(push[left], policy.T[left])
        return good

    def sensitivities(self, beta: float, masses: Array, found: Array) -> dict[str, Array]:
        """∂π/∂β and ∂π(o)/∂π_ref(j) of classes at one solution, by implicit differentiation.

        The equations are differentiated as they stand: the matrix is that of Newton's method.

        Parameters
        ----------
        beta : float
        masses, found : array, classes
            Of the reference, and of the policy.

        Returns
        -------
        dict
            ``beta``, one entry a class; ``pi_ref``, classes × classes, the reference divided by
            its sum.
        """
        n, y = len(masses), np.log(found / masses)[:, None]
        parts = self.parts(y, np.array([beta]), masses[:, None])
        policy, _, slopes, penalty, _ = parts
        matrix, scale = linearised(parts)
        inverse = np.linalg.inv(matrix[0])
        lift = found / masses
        right = np.zeros((n + 1, n + 1))
        # By β, then by each mass of the reference: what the equations move by at fixed y and λ.
        right[:n, 0] = -penalty[:, 0] / beta * scale[0]
        right[:n, 1:] = slopes[0] * lift * scale[0][:, None]
        right[n, 1:] = lift
        moved = -(inverse @ right)[:n]
        by_beta = policy[:, 0] * moved[:, 0]
        by_mass = policy * moved[:, 1:] + np.diag(lift)
        # Divided by its sum, a larger entry makes all others smaller.
        return {"beta": by_beta, "pi_ref": by_mass - (by_mass @ masses)[:, None]}


@dataclass(frozen=True)
class TiltedCondition(Condition):
    """The condition where P is a deviation times a function of the policy."""

    preference: SpreadTilt | MassTilt  # type: ignore[assignment]

    @property
    def cost(self) -> int:
        return _ROW

    def parts(self, y: Array, beta: Array, reference: Array) -> tuple[Array, ...]:
        policy = reference * np.exp(y)
        values, slopes = self.preference.felt(policy)
        force, stiff = (np.broadcast_to(v, y.shape) for v in self.force(np.exp(-y)))
        return policy, values, slopes, beta * force, -beta * stiff


def _negative_definite(push: Array, base: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the symmetric part of each matrix is so on moves that sum to zero.

    Of contrasts with the answer ``base`` of each row, scaled to a diagonal of −1, so that rounding
    is small beside every answer, however rare.
    """
    rows = np.arange(len(push))
    row, column = push[rows, base, :], push[rows, :, base]
    contrast = push - row[:, None, :] - column[:, :, None] + push[rows, base, base][:, None, None]
    total = contrast + np.swapaxes(contrast, 1, 2)
    total[rows, base, base] = -1.0
    diagonal = np.diagonal(total, axis1=1, axis2=2)
    scale = 1 / np.sqrt(np.where(diagonal < 0, -diagonal, 1.0))
    total = total * scale[:, :, None] * scale[:, None, :]
    known = (diagonal < 0).all(axis=1) & np.isfinite(total).all(axis=(1, 2))
    total[~known] = np.eye(push.shape[1])
    return known & (np.linalg.eigvalsh(total)[:, -1] < -_CLEAR)


def _falling_flow(push: Array, weights: Array) -> NDArray[np.bool_]:
    """Whether all eigenvalues of the flow on logits but one are negative."""
    rows, n = weights.shape
    index = np.arange(n)
    spread = -weights[:, :, None] * weights[:, None, :]
    spread[:, index, index] += weights
    moved = push @ spread
    moved -= weights[:, None, :] @ moved
    flow = weights[:, :, None] * moved
    known = np.isfinite(flow).all(axis=(1, 2))
    flow[~known] = np.eye(n)
    eigenvalues = np.linalg.eigvals(flow).real
    order = np.sort(eigenvalues, axis=1)
    # One eigenvalue is 0, of a common shift of all logits.
    nearest = np.argmin(np.abs(order), axis=1)
    order[np.arange(rows), nearest] = -np.inf
    return known & (order < 0).all(axis=1)


def linearised(parts: tuple[Array, ...]) -> tuple[Array, Array]:
    """The matrices of Newton's steps in y and λ, and what their rows are multiplied by."""
    policy, _, slopes, _, stiff = parts
    n, rows = policy.shape
    matrix = np.zeros((rows, n + 1, n + 1))
    scale = 1.0 / stiff.T
    inner = np.multiply(slopes, policy.T[:, None, :], out=matrix[:, :n, :n])
    inner *= scale[:, :, None]
    index = np.arange(n)
    matrix[:, index, index] -= 1.0
    matrix[:, :n, n] = -scale * scale.max(axis=1, keepdims=True) ** -1
    matrix[:, n, :n] = policy.T
    return matrix, scale


def remainder(parts: tuple[Array, ...], scale: Array) -> Array:
    """What is left of the condition, negative, one row a point."""
    policy, climb, _, penalty, _ = parts
    n, rows = policy.shape
    right = np.zeros((rows, n + 1))
    # Differences from one answer: the multiplier takes the rest.
    value = climb - penalty
    value = value - value[np.argmax(policy, axis=0), np.arange(rows)]
    right[:, :n] = -value.T * scale
    right[:, n] = 1.0 - policy.sum(axis=0)
    return right


def _solved(matrix: Array, right: Array) -> Array:
    """Changes of y, answers × rows; NaN where the matrix is singular."""
    try:
        found = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        found = np.full(right.shape, np.nan)
        for k in range(len(right)):
            try:
                found[k] = np.linalg.solve(matrix[k], right[k])
            except np.linalg.LinAlgError:
                continue
    return found[:, :-1].T


def solved(
    condition: Condition,
    beta: Array,
    reference: Array,
    start: Array | None = None,
    allowance: Allowance | None = None,
) -> tuple[Array, NDArray[np.bool_]]:
    """The solution reached from the reference, or along falling weights; and where it is one.

    From another ``start`` there is no second attempt. Weights fall for as many rows as an
    allowance is left for.
    """
    first = np.zeros_like(reference) if start is None else start
    y, done = condition.newton(first, beta, reference, allowance)
    if start is not None:
        return y, done
    left = np.flatnonzero(~done)
    if len(left):
        weight, columns = beta[left], reference[:, left]
        largest = np.maximum(8.0, weight)
        steps = int(np.ceil(np.log2((largest / weight).max()) * _CONTINUED)) + 1
        steps = min(steps, _WEIGHTS)
        if allowance is not None:
            few = allowance.rows_of(condition.cost * condition.most * (steps + 1), len(left))
            left, weight, columns = left[:few], weight[:few], columns[:, :few]
            largest = largest[:few]
        at, good = np.zeros_like(columns), np.zeros(len(left), bool)
        for k in range(steps + 1):
            share = min(1.0, k / steps)
            now = largest ** (1 - share) * weight**share
            at, good = condition.newton(at, now if share < 1 else weight, columns)
        y[:, left], done[left] = at, good
    return y, done
