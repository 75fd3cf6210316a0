r"""Stationary policies on a tilted curve, for many rows of float64 parameters.

Where P(o) − P(o') = (s(o) − s(o')) T, every stationary policy is π(o) = π_ref(o) g(t s(o) − c) with
t = T(π)/β. For a link with g/g' = A x + B both unknowns follow from one parameter: for A = 0 the
curve is π ∝ π_ref e^(t s/B), for A < 0 it is π ∝ π_ref (e^(−w) + gap)^(1/A), gap(o) how far s(o) is
below the largest one, and then t follows from Σ π = 1. For A > 0 the link ends, where an answer is
given up: the same with gap(o) how far s(o) is above the least. What is looked for are the zeros of

.. math:: F(w) = \log T(\pi_w) - \log(\beta\, t(w)) .

Its slope follows from that of the curve: log π(o) moves with w by some ℓ(o), and π(o) by
π(o) (ℓ(o) − Σ π ℓ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Dummy, Expr, diff

from grpo_symbolic.numeric.blocks import padded
from grpo_symbolic.numeric.drift import Drift
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.zeros import Function, Indices, Mask, refined, with_turns

_STEP = 0.35
_MARGIN = 12.0
_FURTHEST = 600.0
_OUTER = 1.5
_NEAR = np.array([-20.0, -8.0, -4.0, -2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 4.0, 8.0, 20.0])
# A zero is off by rounding only, and F is small there.
_ROUNDING, _RESIDUAL = 1e-11, 1e-11


@dataclass(frozen=True)
class LinkShape:
    """g(x) = front · e^(rate x), or front · |edge − x|^power.

    That is for x below its edge, where the power is negative, or above it.

    Parameters
    ----------
    power : float or None
        None for an exponential.
    rate, front : float
    """

    power: float | None
    rate: float
    front: float

    @classmethod
    def of(cls, link: Expr, x: Dummy) -> LinkShape | None:
        """From a link in ``x``; None for one of neither shape."""
        ratio = (link / diff(link, x)).cancel()
        slope = diff(ratio, x).cancel()
        if not ratio.is_polynomial(x) or not slope.is_Rational:
            return None
        if slope == 0:
            return cls(None, float(1 / ratio), float(link.subs(x, 0)))
        edge = -ratio.subs(x, 0) / slope
        return cls(float(1 / slope), 1.0, float(link.subs(x, edge + (1 if slope > 0 else -1))))

    @property
    def ends(self) -> bool:
        """Whether g is 0 at its edge."""
        return self.power is not None and self.power > 0


@dataclass(frozen=True)
class SpreadTilt:
    """T as a function of σ, the standard deviation of the reward.

    Parameters
    ----------
    formula : Formula
        T(σ) and its slope.
    differences : array, answers × answers
        s(column) − s(row).
    variances : array, answers
        Within the answers.
    reciprocal : bool
        Whether T = 1/σ.
    """

    formula: Formula
    differences: Array
    variances: Array
    reciprocal: bool

    def __call__(self, policy: Array, change: Array) -> tuple[Array, Array]:
        """T for policies answers × rows, and the slope of log T along changes of them.

        Rewards are counted from the most likely answer: Σ π (r − mean)² is then a sum of
        positive terms whose factors keep their digits.
        """
        apart, deviation = self._spread(policy)
        moved = np.einsum("om,om,om->m", change, apart, apart)
        if self.variances.any():
            moved = moved + self.variances @ change
        value, slope = self.formula(deviation)
        return np.asarray(value), slope / value * moved / (2.0 * deviation)

    def felt(self, policy: Array) -> tuple[Array, Array]:
        """P(o) = (s(o) − mean s) T, answers × rows, and its slopes as rows × answers × answers.

        The slopes are those in directions that keep the sum of the policy.
        """
        apart, deviation = self._spread(policy)
        value, slope = (np.broadcast_to(v, deviation.shape) for v in self.formula(deviation))
        rise = (slope / (2.0 * deviation)) * (apart**2 + self.variances[:, None])
        slopes = apart.T[:, :, None] * rise.T[:, None, :] - (apart * value).T[:, None, :]
        return apart * value, slopes

    def _spread(self, policy: Array) -> tuple[Array, Array]:
        """s(o) − mean s, answers × rows, and σ."""
        apart = self.differences[np.argmax(policy, axis=0)].T
        apart = apart - np.einsum("om,om->m", policy, apart)
        total = np.einsum("om,om,om->m", policy, apart, apart)
        if self.variances.any():
            total = total + self.variances @ policy
        return apart, np.sqrt(total)


@dataclass(frozen=True)
class MassTilt:
    """T as a function of m = Σ π(o) s(o), s(o) the chance of the higher of two rewards."""

    drift: Drift
    rates: Array
    rests: Array

    def __call__(self, policy: Array, change: Array) -> tuple[Array, Array]:
        """T for policies answers × rows, and the slope of log T along changes of them."""
        m, rest = self.rates @ policy, self.rests @ policy
        value, slope = self.drift(m, rest, ())
        value = np.broadcast_to(value, m.shape)
        return value, slope / value * (self.rates @ change) / (m * rest)

    def felt(self, policy: Array) -> tuple[Array, Array]:
        """P(o) = (s(o) − m) T, answers × rows, and its slopes as rows × answers × answers.

        The slopes are those in directions that keep the sum of the policy.
        """
        m, rest = self.rates @ policy, self.rests @ policy
        value, slope = (np.broadcast_to(v, m.shape) for v in self.drift(m, rest, ()))
        apart = self.rates[:, None] * rest - self.rests[:, None] * m
        rise = apart * (slope / (m * rest)) - value
        return apart * value, rise.T[:, :, None] * self.rates


@dataclass(frozen=True)
class TiltedCurve:
    """All stationary policies of a tilted question.

    Parameters
    ----------
    link : LinkShape
    gaps : array, answers
        max s − s(o), or s(o) − min s where the link ends, with 0 at least once.
    scale : SpreadTilt or MassTilt
    """

    link: LinkShape
    gaps: Array
    scale: SpreadTilt | MassTilt

    @property
    def single(self) -> bool:
        r"""Whether F falls strictly, so that there is one zero.

        For g(x) = 1/(edge − x) and T = 1/σ of deterministic rewards, with s = e^(−w), m the mean
        of the gaps under π_ref and A_k = Σ π_ref gap^k/(gap + s): t = A_0, A_1 = 1 − s A_0 and
        A_2 = m − s A_1, hence t² σ² = A_0 A_2 − A_1² = A_0 (m + s) − 1. Its slope in s is
        Σ π_ref (gap − m)/(gap + s)², the covariance of a rising and a falling function of the gap.
        """
        spread = isinstance(self.scale, SpreadTilt) and self.scale.reciprocal
        return self.link.power == -1.0 and spread and not self.scale.variances.any()

    def policies(
        self, w: Array, reference: Array, more: Array | float = 0.0
    ) -> tuple[Array, Array, Array]:
        """π, t and ℓ at parameters w + more, one a row; ``reference`` is answers × rows."""
        gaps = self.gaps[:, None]
        with np.errstate(all="ignore"):
            if self.link.power is None:
                t = np.exp(w) * np.exp(more)
                moved = -self.link.rate * t * gaps
                weights = reference * np.exp(moved)
                # Where the best answers are rare, all is counted from the likeliest.
                total = weights.sum(axis=0)
                small = np.flatnonzero(~(total > 1e-250))
                if len(small):
                    powers = np.log(reference[:, small]) + moved[:, small]
                    weights[:, small] = np.exp(powers - powers.max(axis=0))
                    total = weights.sum(axis=0)
                return weights / total, t, moved
            power, shift = self.link.power, np.exp(-w) * np.exp(-more)
            distance = shift + gaps
            weights = reference / (distance if power == -1.0 else distance**-power)
            total = weights.sum(axis=0)
            t = self.link.front * total
            t = t if power == -1.0 else t ** (-1 / power)
            return weights / total, t, -power * shift / distance

    def _value(
        self, w: Array, beta: Array, reference: Array, more: Array | float = 0.0
    ) -> tuple[Array, Array, Array]:
        """F, its slope and π."""
        policy, t, moved = self.policies(w, reference, more)
        with np.errstate(all="ignore"):
            mean = np.einsum("om,om->m", policy, moved)
            scale, slope = self.scale(policy, policy * (moved - mean))
            power = self.link.power
            # t = e^w, or a power of Σ π_ref (…), whose logarithm moves by the mean of ℓ.
            own = 1.0 if power is None else -mean / power
            return np.log(scale / (beta * t)), slope - own, policy

    def polished(self, w: Array, beta: Array, reference: Array) -> tuple[Array, Mask]:
        """π at zeros w, what rounding w took from it restored, and where F vanishes there."""
        with np.errstate(all="ignore"):
            near, slope, _ = self._value(w, beta, reference)
            more = -near / slope
            more = np.where(np.abs(more) <= _ROUNDING, more, 0.0)
            left, _, policy = self._value(w, beta, reference, more)
            return policy, np.abs(left) <= _RESIDUAL

    def _function(self, beta: Array, reference: Array) -> Function:
        def function(w: Array, rows: Indices) -> tuple[Array, Array, Array]:
            whole = len(rows) == len(beta) and bool((np.diff(rows) == 1).all())
            columns = reference if whole else reference[:, rows]
            value, slope, _ = self._value(w, beta[rows], columns)
            return value, slope, np.ones_like(value)

        return function

    def solved(self, beta: Array, reference: Array, branch: str) -> tuple[Array, Mask]:
        """The policies that are asked for.

        Returns
        -------
        array, rows × solutions × answers
            Padded with NaN.
        array of bool, rows
            Where rounding leaves their number open.
        """
        function, count = self._function(beta, reference), len(beta)
        if self.single:
            rows, doubtful = np.arange(count), np.zeros(count, bool)
            ends = np.full(count, -_FURTHEST), np.full(count, _FURTHEST)
            guess = np.full(count, -np.log(self.gaps.mean()))
            w = refined(function, rows, ends, np.ones(count, bool), guess)
        else:
            grid = self._grid(reference)
            every = np.repeat(np.arange(count), grid.shape[1])
            value, slope, _ = (v.reshape(grid.shape) for v in function(grid.ravel(), every))
            knots = with_turns(function, grid, value, slope)
            # The flow starts at the reference, t = 0, to the left of all.
            rows, w = knots.zeros(function, branch, lambda rows: knots.positive[rows, 0], -np.inf)
            doubtful = knots.doubtful
        policy, good = self.polished(w, beta[rows], reference[:, rows])
        doubtful[rows[~good]] = True
        return padded(policy.T, rows, count), doubtful

    def _grid(self, reference: Array) -> Array:
        gaps = self.gaps[self.gaps > 0]
        rare = -np.log(reference.min(axis=0))
        low = np.full(reference.shape[1], -np.log(gaps.max()) - _MARGIN)
        if self.link.power is None:
            high = np.log((rare + 50) / (self.link.rate * gaps.min()))
        else:
            high = -np.log(gaps.min()) + rare * max(1.0, 1.0 / abs(self.link.power)) + _MARGIN
        count = int(np.ceil((high - low).max() / _STEP)) + 2
        core = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, count)
        steps = np.arange(1, 14)
        outer = _OUTER**steps * 3.0
        grid = np.concatenate([low[:, None] - outer, core, high[:, None] + outer], axis=1)
        if self.link.power is None:
            grid = np.concatenate([grid, self._changes(grid, reference)], axis=1)
            nearest, furthest = -_FURTHEST, np.full(len(grid), _FURTHEST)
        else:
            # Masses beyond float64 numbers would be mistaken for none.
            steep = max(1.0, abs(self.link.power))
            nearest, furthest = -_FURTHEST / steep, (_FURTHEST - rare) / steep - np.log(gaps.min())
        furthest = np.minimum(furthest, _FURTHEST)[:, None]
        return np.sort(np.clip(grid, nearest, furthest), axis=1)

    def _changes(self, grid: Array, reference: Array) -> Array:
        """Points where another answer becomes the likeliest, which is quick in log t."""
        powers, rate = np.log(reference), self.link.rate
        place = np.sort(grid, axis=1)
        leader = np.stack(
            [np.argmax(powers - rate * np.exp(w) * self.gaps[:, None], axis=0) for w in place.T],
            axis=1,
        )
        row, column = np.nonzero(leader[:, 1:] != leader[:, :-1])
        if not len(row):
            return np.empty((len(grid), 0))
        old, new = leader[row, column], leader[row, column + 1]
        apart = rate * (self.gaps[old] - self.gaps[new])
        at = (powers[old, row] - powers[new, row]) / apart
        points = np.log(np.maximum(at[:, None] + _NEAR / apart[:, None], 1e-300))
        extra = padded(points, row, len(grid))
        return np.where(np.isnan(extra), grid[:, :1, None], extra).reshape(len(grid), -1)
