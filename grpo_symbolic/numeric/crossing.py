r"""The one crossing of a concave drift and a linear penalty, for float64 arrays.

Under the reverse KL the stationary π(a) solves β (p − p₀) = h(p). In the smaller share x of
the two answers, with h(p) = x N(x),

.. math:: x \, (\beta - N(x)) = \beta x_0 \quad (x = p), \qquad
          x \, (\beta + N(x)) = \beta x_0 \quad (x = 1 - p).

A step replaces the concave h by the parabola through h(0) = 0 with the value and the slope of
h at the last iterate, and solves the quadratic: where h is nearly linear, however small x is,
one step is exact. Only β − N is a difference, and :mod:`.interpolant` gives it to the rounding
error of the change of N on a piece. The last step is Newton's, with a residual
x (β ∓ N) − β x₀ in twice the working precision: p and 1 − p are found to about one unit in the
last place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grpo_symbolic.numeric.double import product, total
from grpo_symbolic.numeric.interpolant import Array, DyadicTable
from grpo_symbolic.numeric.kernels import Kernel, Points

Step = Callable[[DyadicTable, Array, Array, Array], Array]

# A step this small has squared its error.
_CONVERGED = 1e-4
# So has a correction this small, below rounding; none is longer than the other.
_SETTLED, _CLOSE = 1e-8, 1e-3
_LONGEST = 60
# Powers of two that keep squares and products from under- and overflow.
_UP, _DOWN = 2.0**300, 2.0**-300
# Below it, N is N(0).
_TINY = 1e-290


@dataclass(frozen=True, eq=False)
class Crossing(Kernel):
    """c β (p − p₀) = h(p) with h concave, positive on (0, 1) and 0 at both ends.

    Parameters
    ----------
    low, high : DyadicTable
        h(p)/p in p, and h(1 − q)/q in q.
    strength : float
        c.
    """

    low: DyadicTable
    high: DyadicTable
    strength: float = 1.0

    single: ClassVar[bool] = True
    block: ClassVar[int] = 32768

    def found(self, points: Points) -> Array:
        beta = points.beta if self.strength == 1 else points.beta * self.strength
        with np.errstate(all="ignore"):
            return self(beta, points.reference)[points.complement][:, None]

    def __call__(self, beta: Array, reference: Array) -> tuple[Array, Array]:
        """p and 1 − p, each to full relative accuracy.

        Parameters
        ----------
        beta, reference : array
            One-dimensional, of one length: β > 0 and 0 <= p₀ <= 1. At p₀ = 0 the limit
            p₀ → 0+ is taken.
        """
        half = 0.5 * self.low.octaves[-1][1]
        below = (0.5 - reference) * beta >= half
        shares = np.empty((2, len(beta)))
        for side, chosen in ((0, below), (1, ~below)):
            index = np.flatnonzero(chosen)
            if not len(index):
                continue
            weight, start = beta[index], reference[index]
            if side == 0:
                found = _refined(_from_below, self.low, weight, start, -1.0)
            else:
                start = 1.0 - start
                found = _refined(_from_above, self.high, weight, start, 1.0)
            shares[side, index] = found + 0.0  # no -0
            shares[1 - side, index] = 1.0 - found
        return shares[0], shares[1]


def _bracket(table: DyadicTable, beta: Array, start: Array, sign: float) -> Array:
    """The least 2^k that is not below the solution, 1/2 at most."""
    count = np.zeros(len(beta), np.int64)
    for x, value in table.octaves[:-1]:
        # x (β + sign N) < β x₀: the solution lies above x.
        count += (x - start) * beta < -sign * x * value
    found = np.ldexp(2.0**table.lowest, count)
    return np.minimum(found, start, out=found) if sign > 0 else found


def _refined(step: Step, table: DyadicTable, beta: Array, start: Array, sign: float) -> Array:
    """Steps from the bracket on the short polynomials, and the last ones on the table itself.

    Points that have converged are left out.
    """
    x = _bracket(table, beta, start, sign)
    index = None
    at, weight, origin = x, beta, start
    for _ in range(_LONGEST):
        at = np.maximum(at, _TINY)
        new = step(table.rough, weight, origin, at)
        moved = np.abs(new - at)
        moved -= _CONVERGED * new
        moved -= _TINY
        if index is None:
            x = new
        else:
            x[index] = new
        left = moved > 0
        active = np.count_nonzero(left)
        if not active:
            break
        at = new
        if active < 0.7 * len(new):
            chosen = np.flatnonzero(left)
            index = chosen if index is None else index[chosen]
            at, weight, origin = new[chosen], weight[chosen], origin[chosen]
    moved = _correction(table, beta, start, x, sign)
    x -= moved
    left = np.flatnonzero(np.abs(moved) > _SETTLED * x)
    for _ in range(_LONGEST if len(left) else 0):
        moved = _correction(table, beta[left], start[left], x[left], sign)
        x[left] -= moved
        left = left[np.abs(moved) > _SETTLED * x[left]]
        if not len(left):
            break
    return x


def _correction(table: DyadicTable, beta: Array, start: Array, x: Array, sign: float) -> Array:
    """Newton's step back for x (β + sign N) − β x₀, whose rounding errors are kept."""
    near = table(np.maximum(x, _TINY))
    leading, rest, slope = near.leading, near.rest, near.x_slope
    if sign < 0:
        for part in (leading, rest, slope):
            np.negative(part, out=part)
    factor, lost = total(beta, leading)
    lost += rest
    held, held_lost = product(x, factor)
    pulled, pulled_lost = product(beta, start)
    lost *= x
    lost += held_lost
    lost -= pulled_lost
    held -= pulled
    lost += held
    slope += rest
    slope += factor
    lost /= slope
    # Where a product over- or underflows there is nothing to correct.
    lost[~(np.abs(lost) < _CLOSE * x)] = 0.0
    return lost


def _from_below(table: DyadicTable, beta: Array, start: Array, x: Array) -> Array:
    """One step for x (β − N) = β x₀, in units of β."""
    near = table(x)
    linear = (beta - near.leading - near.rest + near.x_slope) / beta
    bend = -near.x_slope / x / beta  # κ/β, κ = −N′
    root = np.sqrt((linear * _UP) ** 2 + bend * (4.0 * _UP * _UP) * start) * _DOWN
    # The larger root of κ x² + b x − x₀ = 0, without a difference: 2 x₀/(|b| + √) + (−b)⁺/κ.
    found = 2.0 * start / np.maximum(root + np.abs(linear), _TINY)
    return np.minimum(found - np.minimum(linear, 0.0) / bend, 0.6)


def _from_above(table: DyadicTable, beta: Array, start: Array, x: Array) -> Array:
    """One step for x (β + N) = β x₀."""
    near = table(x)
    linear = beta + near.leading + near.rest - near.x_slope
    # x = 2 x₁/(1 + √(1 − 4 κ x₁/b)) with x₁ = β x₀/b, κ = −N′.
    first = beta / linear * start
    root = near.x_slope / x / linear * first * 4.0 + 1.0
    return 2.0 * first / (np.sqrt(np.maximum(root, 0.0)) + 1.0)
