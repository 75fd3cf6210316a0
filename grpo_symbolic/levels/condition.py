r"""The stationarity condition through level values, for rows of float64 parameters.

Answers enter a group through the law of a drawn reward alone: P(o) = Σ_r law_o(r) V(r), with V at
m = Σ_o π(o) law_o. Rules of rising accuracy share the work: Newton's method on a coarse one, one
step on each of two better ones, each of which doubles the digits, and then steps that evaluate the
finest one with the slopes of the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sympy import diff

from grpo_symbolic import symbols
from grpo_symbolic.levels.counted import CountedField
from grpo_symbolic.levels.field import LevelField
from grpo_symbolic.levels.form import LevelForm
from grpo_symbolic.levels.ordered import OrderedField
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Allowance
from grpo_symbolic.numeric.stationary import Condition, linearised, remainder, solved

Mask = NDArray[np.bool_]

# Exponents of the errors of the rules.
_COARSE, _BETTER, _MIDDLE, _FINE = 6.0, 12.0, 21.5, 33.0
# A step, times what slopes are off by (at least the first number), leaves less than rounding does.
_OFF, _SETTLED, _CORRECTIONS, _ROUGHLY = 1e-8, 1e-14, 12, 0.02
# Pivots of a matrix that is definite, relative to its diagonal; and how near is near to it.
_MARGIN, _NEAR = 1e-2, 1e-3
# Of the start from two levels.
_STEPS = 12
# What a row costs beside its sums, in operations.
_ROW = 100_000
# Newton starts beside the reference and one near each answer, and when two solutions are one.
_RANDOM, _SAME = 8, 1e-7


@dataclass(frozen=True)
class LevelCondition(Condition):
    """The condition with P from level values.

    Parameters
    ----------
    preference : LevelField, CountedField or OrderedField
    emission : array, answers × levels, or None
        The probability of each level; None where answers are the levels themselves.
    dropped : int
        G where groups of equal rewards are dropped, else 0. The condition is multiplied by the
        chance of a mixed group: an answer is then penalised as often as the G − 1 others are not
        all of its reward.
    """

    preference: LevelField | CountedField | OrderedField  # type: ignore[assignment]
    emission: Array | None = None
    dropped: int = 0
    settled = 0.03  # a finer rule goes on from there

    @property
    def cost(self) -> int:
        return self.preference.cost

    def felt(self, policy: Array, sloped: bool) -> tuple[Array, Array]:
        """P, answers × rows, and its slopes as rows × answers × answers, if asked for."""
        law = self.emission
        masses = policy if law is None else law.T @ policy
        if not sloped:
            values, slopes = self.preference.values(masses), np.empty(0)
            return (values if law is None else law @ values), slopes
        values, slopes = self.preference.slopes(masses)
        slopes = np.moveaxis(slopes, -1, 0)
        return (values, slopes.copy()) if law is None else (law @ values, law @ slopes @ law.T)

    def parts(
        self, y: Array, beta: Array, reference: Array, sloped: bool = True
    ) -> tuple[Array, ...]:
        policy = reference * np.exp(y)
        values, slopes = self.felt(policy, sloped)
        force, stiff = (np.broadcast_to(v, y.shape) for v in self.force(np.exp(-y)))
        if not self.dropped:
            return policy, values, slopes, beta * force, -beta * stiff
        often, rise = self._often(policy)
        if sloped:
            slopes = slopes - (beta * force).T[:, :, None] * rise
        return policy, values, slopes, beta * force * often, -beta * stiff * often

    def _often(self, policy: Array) -> tuple[Array, Array]:
        """Σ_r law_o(r) (1 − m(r)^(G − 1)), and its slopes as rows × answers × answers."""
        law = np.eye(len(policy)) if self.emission is None else self.emission
        masses, others = law.T @ policy, self.dropped - 1
        kept = -np.expm1(others * np.log(masses))
        falls = others * masses ** (others - 1)
        return law @ kept, -(law[None] * falls.T[:, None, :]) @ law.T

    def accepted(self, y: Array, beta: Array, reference: Array) -> Mask:
        """Rows that a finer rule may begin with."""
        policy, climb, _, penalty, _ = self.parts(y, beta, reference, sloped=False)
        left = climb - penalty
        left = left - left[np.argmax(policy, axis=0), np.arange(left.shape[1])]
        size = 1.0 + np.abs(penalty)
        return (np.abs(left) <= _ROUGHLY * size).all(axis=0) & np.isfinite(y).all(axis=0)


def _held(parts: tuple[Array, ...]) -> Mask:
    """Where the flow is seen to be attracting by the symmetric part of its derivative.

    The flow is M (Π − π πᵀ) with M = P' − K, K a diagonal: where M is negative definite along the
    simplex, all its eigenvalues have negative real parts. The margin leaves room for parts that
    were taken a small step away.
    """
    policy, _, slopes, _, stiff = parts
    index = np.arange(len(policy))
    push = slopes.copy()
    push[:, index, index] -= (stiff / policy).T
    both = -(push + push.transpose(0, 2, 1))
    last = both[:, -1:, -1:]
    inner = both[:, :-1, :-1] - both[:, :-1, -1:] - both[:, -1:, :-1] + last
    sure = np.isfinite(inner).all(axis=(1, 2))
    for k in range(inner.shape[1]):
        pivot = inner[:, k, k]
        sure &= pivot > _MARGIN * np.abs(both[:, k, k])
        column = inner[:, k + 1 :, k]
        inner[:, k + 1 :, k + 1 :] -= column[:, :, None] * column[:, None, :] / pivot[:, None, None]
    return sure


@dataclass(frozen=True)
class Ladder:
    """The condition at three accuracies.

    Parameters
    ----------
    form : LevelForm
    """

    form: LevelForm

    def _rung(self, exponent: float) -> LevelCondition:
        u, form = symbols.u, self.form
        force = Formula((form.force, (u * diff(form.force, u)).expand()), (u.name,))
        levels = self._counted or LevelField(form.levels, form.mixture, exponent)  # type: ignore[arg-type]
        return LevelCondition(levels, force, form.table, form.size if form.dropped else 0)

    @cached_property
    def _counted(self) -> CountedField | OrderedField | None:
        """The field of a rule that has no mixture, at every accuracy."""
        form = self.form
        if form.mixture is not None:
            return None
        return (OrderedField if form.ordered else CountedField)(form.levels, form.rule, form.size)

    @cached_property
    def coarse(self) -> LevelCondition:
        return self._rung(_COARSE)

    @cached_property
    def better(self) -> LevelCondition:
        return self._rung(_BETTER)

    @cached_property
    def middle(self) -> LevelCondition:
        return self._rung(_MIDDLE)

    @cached_property
    def fine(self) -> LevelCondition:
        return self._rung(_FINE)

    @property
    def cost(self) -> int:
        """Operations of one row, about."""
        answers = self.form.answers
        rungs = ((self.coarse, 10), (self.better, 1), (self.middle, 2), (self.fine, 1))
        inner = sum(times * rung.preference.cost for rung, times in rungs)
        return inner + 15 * (answers + 1) ** 3 + _ROW

    def check(self, most: float) -> None:
        """Raise where one row takes more operations.

        Raises
        ------
        ValueError
            With the number of levels that would do.
        """
        cost, n = self.cost, len(self.form.levels)
        if self.form.mixture is not None and cost > most:  # groups that are counted have a limit
            fits = max(3, int(n * (most / cost) ** (1 / 3)))
            raise ValueError(
                f"{n} levels of reward in groups of {self.form.size} take {cost:.1e} operations, "
                f"more than {most:.0e}: about {fits} levels would do (rewards rounded to fewer "
                "decimals have fewer levels)"
            )

    def solved(
        self, beta: Array, reference: Array, start: Array | None = None
    ) -> tuple[Array, Mask]:
        """log π/π_ref of one solution a row, and where it is one."""
        return self._solved(beta, reference, start)[:2]

    def attracted(self, beta: Array, reference: Array, allowance: Allowance) -> tuple[Array, Mask]:
        """The same where the policy-gradient flow is attracting there, as far as work allows."""
        y, found, held = self._solved(beta, reference, None, allowance)
        left = np.flatnonzero(found & ~held)
        if len(left):
            found[left] = self.middle.attracting(y[:, left], beta[left], reference[:, left])
        return y, found

    def _solved(
        self,
        beta: Array,
        reference: Array,
        start: Array | None,
        allowance: Allowance | None = None,
    ) -> tuple[Array, Mask, Mask]:
        """log π/π_ref, where it solves the condition, and where it is seen to attract."""
        first = self._start(beta, reference) if start is None else start
        y, done = solved(self.coarse, beta, reference, first, allowance)
        left = np.flatnonzero(~done)
        if len(left) and start is None and first is not None:
            given = beta[left], reference[:, left]
            y[:, left], done[left] = solved(self.coarse, *given, allowance=allowance)
        at = np.flatnonzero(done & np.isfinite(y).all(axis=0))
        found, held = np.zeros((2, len(beta)), bool)
        if len(at):
            y[:, at], found[at], held[at] = self._corrected(y[:, at], beta[at], reference[:, at])
        return y, found, held

    def _start(self, beta: Array, reference: Array) -> Array | None:
        """The bound by two levels; None, which is the reference, where it need not be one."""
        form = self.form
        slope = -diff(form.force, symbols.u)
        if not slope.is_Rational:
            return None
        rewards = np.array([float(r) for r in form.levels])
        merit = rewards if form.table is None else form.table @ rewards
        return _distorted(beta * float(slope), reference, merit, form.size)

    def _corrected(self, y: Array, beta: Array, reference: Array) -> tuple[Array, Mask, Mask]:
        done = np.zeros(len(beta), bool)
        with np.errstate(all="ignore"):
            y = y + self.better.step(y, beta, reference)
            parts = self.middle.parts(y, beta, reference)
            matrix, scale = linearised(parts)
            good = np.isfinite(matrix).all(axis=(1, 2))
            matrix[~good] = np.eye(len(y) + 1)
            try:
                inverse = np.linalg.inv(matrix)
            except np.linalg.LinAlgError:
                return y, done, done
            step = _moved(inverse, parts, scale)
            # By how much the slopes are off, about: steps fall by this factor.
            off = np.abs(step).max(axis=0)
            y, held = y + step, _held(parts) & (off < _NEAR)
            left = np.flatnonzero(good & np.isfinite(y).all(axis=0))
            for _ in range(_CORRECTIONS):
                at = y[:, left]
                parts = self.fine.parts(at, beta[left], reference[:, left], sloped=False)
                step = _moved(inverse[left], parts, scale[left])
                y[:, left] = at + step
                short = np.abs(step) * (_OFF + off[left]) <= _SETTLED * (1.0 + np.abs(at))
                settled = short.all(axis=0)
                done[left[settled]] = True
                left = left[~settled]
                if not len(left):
                    break
        return y, done, held

    def searched(self, beta: float, reference: Array) -> tuple[list[Array], int]:
        """Distinct solutions at one point from several starts, and how many starts.

        Parameters
        ----------
        beta : float
        reference : array, answers
        """
        starts = _starts(reference)
        wide = np.repeat(reference[:, None], starts.shape[1], axis=1)
        y, good = self.solved(np.full(starts.shape[1], beta), wide, np.log(starts / wide))
        first, sure = self.solved(np.array([beta]), reference[:, None])
        found: list[Array] = []
        for column in [*first.T[sure], *y.T[good]]:
            if all(np.abs(column - other).max() > _SAME for other in found):
                found.append(column)
        return found, starts.shape[1] + 1


def _moved(inverse: Array, parts: tuple[Array, ...], scale: Array) -> Array:
    """Changes of y, answers × rows."""
    return (inverse @ remainder(parts, scale)[:, :, None])[:, :-1, 0].T


def _starts(reference: Array) -> Array:
    """Near each answer that is among the best or the worst few, and at random."""
    n, random = len(reference), np.random.default_rng(1)
    near = reference[:, None] / 20 + 0.95 * np.eye(n)
    draws = random.exponential(size=(n, _RANDOM)) + 1e-6
    return np.concatenate([near[:, : 2 * _RANDOM], draws / draws.sum(axis=0)], axis=1)


def _distorted(weight: Array, reference: Array, merit: Array, size: int) -> Array:
    r"""About log φ(R)/R, level by level: the two-level solution on cumulative reference masses.

    With F and R the masses of the levels above a cut under π and π_ref, the reverse KL holds
    :math:`R \le F \le \varphi(R)`, φ the stationary probability of two levels in groups of the
    same size: the share of the variance of a group that is between the two sides of the cut is at
    most one.

    Parameters
    ----------
    weight : array, rows
        β, in units of one advantage.
    reference : array, answers × rows
    merit : array, answers
        What answers are ordered by.
    size : int
        G.

    Returns
    -------
    array, answers × rows
    """
    order = np.argsort(merit, kind="stable")
    below = np.cumsum(reference[order], axis=0)
    below /= below[-1]
    # q + h(q)/β = S for the masses q and S below a cut, with a short form of h that is right at
    # both ends and in large groups; it is concave, so that the steps from 0 rise to the root.
    found, root = np.zeros_like(below), np.sqrt(size - 1.0)
    for _ in range(_STEPS):
        spread = found * (1 - found)
        scale = np.sqrt(1 + size * spread)
        rise = 1 + root * (1 - 2 * found) * (1 + size * spread / 2) / scale**3 / weight
        left = found + root * spread / scale / weight - below
        found = np.clip(found - left / np.maximum(rise, 1e-3), 0.0, 1.0)
    found[-1] = 1.0
    masses = np.diff(found, axis=0, prepend=0.0)
    policy = np.empty_like(reference)
    policy[order] = np.maximum(masses, 1e-9 * reference[order])
    return np.log(policy / policy.sum(axis=0) / reference)
