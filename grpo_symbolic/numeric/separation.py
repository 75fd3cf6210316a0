r"""Where drift and penalty turn, for penalties whose dependence on the reference comes apart.

Under the direct KL, the reverse KL and χ² the condition, times a function of p, is

.. math:: \kappa\, (A(p) - A_0) = N(p)

with κ and A₀ from β and the reference alone. Its two sides differ by a function of p that turns
where :math:`\psi(p) = N'(p)/A'(p)` is κ. So the turning points depend on κ only; ψ is sampled
once for a drift, and its monotone runs are inverted by interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from sympy import Expr

from grpo_symbolic import symbols
from grpo_symbolic.numeric.drift import Drift
from grpo_symbolic.numeric.formula import REST, Formula, log_odds_slope
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.zeros import Function, Guesses, Indices, Knots, Mask, doubts, turning

# Log-odds up to which shares are ordinary numbers.
FURTHEST = 708.0
_STEP, _FINE_GROWTH = 1 / 16, 1.005
# Zeros are looked for between fewer points.
_COARSE, _GROWTH = 1 / 4, 1.1
# Where differences of the slope are rounding.
_LEVEL = 1e-13
# A turn this near to 0 is located to more digits.
_NEAR = 1e-4


def shares_at(y: Array) -> tuple[Array, Array]:
    """p and 1 − p at log-odds y."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-y)), 1.0 / (1.0 + np.exp(y))


def log_odds(core: Array, growth: float) -> Array:
    """Steps from 0 and ever longer ones beyond them, on both sides."""
    count = int(np.ceil(np.log(FURTHEST / core[-1]) / np.log(growth)))
    outer = core[-1] * (FURTHEST / core[-1]) ** (np.arange(1, count + 1) / count)
    side = np.concatenate([core, outer])
    return np.concatenate([-side[:0:-1], side])


@dataclass(frozen=True)
class Separation:
    """κ (A − A₀) = N = n D for a drift without further parameters.

    Parameters
    ----------
    drift : Drift
    formula : Formula
        A, dA/dy, n and dn/dy in π(a) and ``REST``, y the log-odds.
    logit : bool
        Whether A₀ is the reference's log-odds; else it is its share.
    squared : bool
        Whether κ is β/(p₀ q₀); else it is β.
    scale : float
        Shares below 1/scale see the drift at its end.
    """

    drift: Drift
    formula: Formula
    logit: bool
    squared: bool
    scale: float

    @classmethod
    def of(
        cls, drift: Drift, level: Expr, factor: Expr, scale: float, *, logit: bool, squared: bool
    ) -> Separation | None:
        """From A and n; None where A is not seen to rise."""
        arguments = (symbols.pi.name, REST.name)
        parts = (level, log_odds_slope(level), factor, log_odds_slope(factor))
        found = cls(drift, Formula(parts, arguments), logit, squared, scale)
        return found if found._rises else None

    # -- samples -----------------------------------------------------------------------------

    def _sampled(self, y: Array) -> tuple[Array, Array, Array, Array]:
        """A, N, dA/dy and ψ."""
        p, q = shares_at(y)
        with np.errstate(all="ignore"):
            drift, climb = (np.asarray(v, dtype=float) for v in self.drift(p, q, ()))
            level, rise, factor, change = (np.broadcast_to(v, y.shape) for v in self.formula(p, q))
            terms = climb * factor, drift * change
            slope = terms[0] + terms[1]
            size = np.abs(terms[0]) + np.abs(terms[1]) + np.minimum(p, q) * np.abs(drift * factor)
            slope = np.where(np.abs(slope) <= _LEVEL * size, 0.0, slope)
            return level, drift * factor, rise, slope / rise

    @cached_property
    def _fine(self) -> tuple[Array, Array, Array]:
        """Log-odds, dA/dy and ψ there."""
        y = log_odds(np.arange(0.0, np.log(self.scale) + 12, _STEP), _FINE_GROWTH)
        _, _, rise, psi = self._sampled(y)
        return y, rise, psi

    @cached_property
    def coarse(self) -> tuple[Array, Array, Array]:
        """Log-odds, A and N there."""
        y = log_odds(np.arange(0.0, np.log(self.scale) + 6, _COARSE), _GROWTH)
        level, climb, _, _ = self._sampled(y)
        return y, level, climb

    @property
    def _rises(self) -> bool:
        _, rise, psi = self._fine
        return bool((rise > 0).all() and np.isfinite(psi).all())

    @cached_property
    def _runs(self) -> list[tuple[Array, Array]]:
        """log ψ, increasing, and y on every piece on which ψ is positive and monotone."""
        y, _, psi = self._fine
        for extremum in _extrema(psi)[::-1]:
            if 0 < extremum < len(y) - 1 and psi[extremum] > 0:
                at, value = self._extremum(y, psi, extremum)
                place = int(np.searchsorted(y, at))
                y, psi = np.insert(y, place, at), np.insert(psi, place, value)
        found = []
        for left, right in pairwise([0, *_extrema(psi), len(psi) - 1]):
            ys, values = y[left : right + 1], psi[left : right + 1]
            if values[0] > values[-1]:
                ys, values = ys[::-1], values[::-1]
            values = np.maximum.accumulate(values)
            kept = np.flatnonzero(values > 0)
            if len(kept) > 1:
                found.append((np.log(values[kept]), ys[kept]))
        return sorted(found, key=lambda run: run[1].min())

    def _extremum(self, y: Array, psi: Array, place: int) -> tuple[float, float]:
        """An extremum of ψ next to a sample, by looking closer and closer."""
        left, right = y[place - 1], y[place + 1]
        best = (float(y[place]), float(psi[place]))
        sign = 1.0 if psi[place] >= max(psi[place - 1], psi[place + 1]) else -1.0
        for _ in range(6):
            inner = np.linspace(left, right, 33)
            values = self._sampled(inner)[3]
            k = int(np.argmax(sign * values))
            if sign * values[k] > sign * best[1]:
                best = (float(inner[k]), float(values[k]))
            left, right = inner[max(k - 1, 0)], inner[min(k + 1, 32)]
        return best

    # -- rows -----------------------------------------------------------------------------------

    def turns(
        self, beta: Array, share: Array, rest: Array, center: Array, function: Function
    ) -> tuple[Knots, Guesses]:
        """The knots of every row, from κ, and where between them a zero is, from the samples."""
        kappa = beta / (share * rest) if self.squared else beta
        base = center if self.logit else share
        y, level, climb = self.coarse
        count = len(kappa)
        columns = [np.full(count, y[0])]
        signs = [climb[0] > kappa * (level[0] - base)]
        doubtful = np.zeros(count, bool)
        log_kappa = np.log(kappa)
        for psi, places in self._runs:
            # A row whose F does not turn here repeats the knot before.
            at, positive = columns[-1].copy(), signs[-1].copy()
            rows = np.flatnonzero((log_kappa > psi[0]) & (log_kappa < psi[-1]))
            if len(rows):
                turn, middle = np.interp(log_kappa[rows], psi, places), center[rows]
                value, _, size = function(turn - middle, rows)
                close = np.flatnonzero(np.abs(value) <= _NEAR * size)
                if len(close):
                    near, shift = rows[close], middle[close]
                    cell = np.searchsorted(psi, log_kappa[near])
                    ends = np.sort([places[cell - 1], places[cell]], axis=0) - shift
                    better = turning(function, near, *ends, turn[close] - shift)
                    value[close], _, size[close] = function(better, near)
                    turn[close] = better + shift
                    doubtful[near] |= doubts(value[close], size[close])
                at[rows], positive[rows] = turn, value > 0
            columns.append(at)
            signs.append(positive)
        columns.append(np.full(count, y[-1]))
        signs.append(climb[-1] > kappa * (level[-1] - base))
        places = np.stack(columns, axis=1) - center[:, None]
        knots = Knots(places, np.stack(signs, axis=1), doubtful)

        def guesses(rows: Indices, pieces: tuple[Array, Array], falling: Mask) -> Array:
            parts = kappa[rows], base[rows], center[rows]
            return self._interpolated(*parts, pieces[0], pieces[1], falling)

        return knots, guesses

    def _interpolated(
        self, kappa: Array, base: Array, center: Array, left: Array, right: Array, falling: Mask
    ) -> Array:
        """Where N − κ (A − A₀), interpolated between two samples, is 0 within pieces."""
        y, level, climb = self.coarse
        left, right = left + center, right + center
        low = np.clip(np.searchsorted(y, left, "right") - 1, 0, len(y) - 2)
        high = np.clip(np.searchsorted(y, right), low + 1, len(y) - 1)
        # A_0 counts with N.
        lifted = kappa * base

        def value(index: Indices) -> Array:
            found = climb.take(index)
            found += lifted
            found -= kappa * level.take(index)
            return found

        for _ in range(int(np.max(high - low)).bit_length()):
            middle = (low + high) >> 1
            ahead = (value(middle) > 0) == falling
            # Samples next to each other stay what they are.
            ahead |= middle == low
            low, high = np.where(ahead, middle, low), np.where(ahead, high, middle)
        at_low, at_high = value(low), value(high)
        share = at_low / (at_low - at_high)
        share = np.where((share >= 0) & (share <= 1), share, 0.5)
        start = y.take(low)
        return start + share * (y.take(high) - start) - center


def _extrema(values: Array) -> list[int]:
    """Samples at which a sequence turns by more than rounding."""
    found: list[int] = []
    best, way = 0, 0
    size = np.abs(values)
    for k in range(1, len(values)):
        change = values[k] - values[best]
        if way == 0:
            if abs(change) > 1e-12 * max(size[k], size[best]):
                way, best = (1 if change > 0 else -1), k
        elif way * change >= 0:
            best = k
        elif abs(change) > 1e-12 * max(size[k], size[best]):
            found.append(best)
            best, way = k, -way
    return found
