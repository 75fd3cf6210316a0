"""Zeros of functions of one variable, for many rows of float64 parameters at once.

A row is cut at its *knots*, the ends and every point where the function turns. Between two of
them the function is monotone, and a change of sign is one zero. Which zeros are wanted is read
off the signs; only these are refined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grpo_symbolic.numeric.blocks import padded
from grpo_symbolic.numeric.interpolant import Array

Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]
#: z and the rows it belongs to, to values, slopes, and the size of what values are differences of.
Function = Callable[[Array, Indices], tuple[Array, Array, Array]]
#: Rows, the ends of pieces and whether the function falls there, to where a zero may be.
Guesses = Callable[[Indices, tuple[Array, Array], Mask], Array]

# A value this small beside the terms that make it may be rounding.
_NOISE = 1e-11
# A step this small has squared its error below rounding.
_CONVERGED = 1e-10
_LONGEST = 100
# From this step on, steps longer than this alternate with halvings: where a function grows like an
# exponential, Newton's method comes back by the same short step again and again.
_PATIENCE, _SLOW = 12, 1e-3
# Over this step slopes are compared, to find where they vanish.
_BESIDE = 1e-4
# Between two points of a grid a slope is at most so many times what it is there.
_STEEPER = 4.0


@dataclass(frozen=True, eq=False)
class Knots:
    """Points between which a function is monotone, row by row.

    Attributes
    ----------
    places : array, rows × k
        In increasing order; an infinite one stands for what lies beyond the last number.
    positive : array of bool, rows × k
        The function's sign there.
    doubtful : array of bool, rows
        Rows whose number of zeros rounding leaves open.
    """

    places: Array
    positive: Mask
    doubtful: Mask

    def with_ends(self, left: Mask | bool, right: Mask | bool) -> Knots:
        """With zeros at −∞ and +∞ where the function has not fallen from + to − in between.

        Parameters
        ----------
        left, right : bool or array of bool, rows
            Whether an end may be a solution.
        """
        first = self.positive[:, :1] | np.reshape(left, (-1, 1))
        last = self.positive[:, -1:] & ~np.reshape(right, (-1, 1))
        edge = np.full((len(self.places), 1), np.inf)
        places = np.concatenate([-edge, self.places, edge], axis=1)
        return Knots(places, np.concatenate([first, self.positive, last], axis=1), self.doubtful)

    def chosen(
        self, branch: str, climbs: Callable[[Indices], Mask], origin: float = 0.0
    ) -> tuple[Indices, Indices]:
        """Rows and pieces of the zeros that are asked for, in increasing order.

        Parameters
        ----------
        branch : {"attracting", "lowest", "highest", "all"}
            A zero attracts where the function falls through it. Of several attracting ones, the
            one that a point starting at the origin and moving with the function's sign comes to.
        climbs : callable
            Rows to whether the function is positive at the origin.
        origin : float
        """
        change = self.positive[:, 1:] != self.positive[:, :-1]
        if branch == "lowest":
            change = _first(change)
        elif branch == "highest":
            change = _first(change[:, ::-1])[:, ::-1]
        elif branch == "attracting":
            falling = change & self.positive[:, :-1]
            several = np.flatnonzero(falling.sum(axis=1) > 1)
            if len(several):
                falling[several] &= self._reached(several, change[several], climbs(several), origin)
            change = falling
        row, piece = np.nonzero(change)
        return row, piece

    def zeros(
        self,
        function: Function,
        branch: str,
        climbs: Callable[[Indices], Mask],
        origin: float = 0.0,
        guesses: Guesses | None = None,
    ) -> tuple[Indices, Array]:
        """Rows and places of the zeros of ``function`` that are asked for, as :meth:`chosen`."""
        rows, piece = self.chosen(branch, climbs, origin)
        left, right = self.places[rows, piece], self.places[rows, piece + 1]
        found = np.where(np.isinf(left), left, right)
        inside = np.flatnonzero(np.isfinite(left) & np.isfinite(right))
        if len(inside):
            at, ends = rows[inside], (left[inside], right[inside])
            falling = self.positive[at, piece[inside]]
            guess = guesses(at, ends, falling) if guesses else 0.5 * ends[0] + 0.5 * ends[1]
            found[inside] = refined(function, at, ends, falling, guess)
        return rows, found

    def _reached(self, rows: Indices, change: Mask, climbs: Mask, origin: float) -> Mask:
        """The first zero above the origin if it attracts, else the last one below."""
        left, right = self.places[rows, :-1], self.places[rows, 1:]
        positive = self.positive[rows, :-1]
        above = (left >= origin) | ((right > origin) & (positive == climbs[:, None]))
        upper = _first(change & above)
        lower = _first((change & ~above)[:, ::-1])[:, ::-1]
        held = (upper & positive).any(axis=1)
        return np.where(held[:, None], upper, lower)


def _first(mask: Mask) -> Mask:
    """The first True of every row alone."""
    found = np.zeros_like(mask)
    place = mask.argmax(axis=1)
    rows = np.arange(len(mask))
    found[rows, place] = mask[rows, place]
    return found


def doubts(value: Array, size: Array) -> Mask:
    """Where a value at a turn may be rounding, so that it hides two zeros or none."""
    return ~(np.abs(value) > _NOISE * size)


def with_turns(function: Function, grid: Array, value: Array, slope: Array) -> Knots:
    """Knots from values and slopes on a grid, rows × points.

    A turn towards 0 between two points is followed to its extremum, where it either hides two
    zeros or not.
    """
    positive = value > 0
    doubtful = np.isnan(value).any(axis=1)
    # Towards 0 from both ends of a cell, and steep enough to come there.
    size = np.abs(value)
    fall = np.where(positive, -slope, slope)
    width = _STEEPER * np.diff(grid, axis=1)
    inwards = positive[:, :-1] == positive[:, 1:]
    inwards &= fall[:, :-1] * width > size[:, :-1]
    inwards &= -fall[:, 1:] * width > size[:, 1:]
    row, place = np.nonzero(inwards)
    if not len(row):
        return Knots(grid, positive, doubtful)
    left, right = grid[row, place], grid[row, place + 1]
    at = turning(function, row, left, right, 0.5 * (left + right))
    least, _, size = function(at, row)
    np.logical_or.at(doubtful, row, doubts(least, size))
    # Every turn becomes a knot; rows with fewer have one at the end again.
    at, signs = padded(at, row, len(grid)), padded(least > 0, row, len(grid), 0.0)
    at = np.where(np.isnan(at), grid[:, -1:], at)
    signs = np.where(at == grid[:, -1:], positive[:, -1:], signs > 0)
    places = np.concatenate([grid, at], axis=1)
    positive = np.concatenate([positive, signs], axis=1)
    sort = np.argsort(places, axis=1, kind="stable")
    take = np.take_along_axis
    return Knots(take(places, sort, axis=1), take(positive, sort, axis=1), doubtful)


def turning(function: Function, rows: Indices, left: Array, right: Array, at: Array) -> Array:
    """Where the slope is 0, between points at which its signs differ.

    Where rounding has made the signs alike, ``at`` is kept.
    """

    def slope(z: Array, index: Indices) -> tuple[Array, Array, Array]:
        here, beside = function(z, index)[1], function(z + _BESIDE, index)[1]
        return here, (beside - here) / _BESIDE, here

    falls = function(left, rows)[1] > 0
    differ = np.flatnonzero(falls != (function(right, rows)[1] > 0))
    ends = left[differ], right[differ]
    found = at.copy()
    found[differ] = refined(slope, rows[differ], ends, falls[differ], at[differ])
    return found


def refined(
    function: Function, rows: Indices, pieces: tuple[Array, Array], falling: Mask, start: Array
) -> Array:
    """Zeros by Newton's method, each within a piece at whose ends the signs differ.

    Parameters
    ----------
    rows : array
        One entry a zero.
    pieces : pair of arrays
        Left and right ends.
    falling : array of bool
        Whether the function is positive at the left end.
    start : array
        Guesses.
    """
    left, right = pieces
    place = np.clip(start, left, right)
    index: Indices | None = None
    at = place
    for step in range(_LONGEST):
        value, slope, _ = function(at, rows)
        with np.errstate(all="ignore"):
            new = at - value / slope
        ahead = (value > 0) == falling
        left, right = np.where(ahead, at, left), np.where(ahead, right, at)
        # A step out of the bracket is replaced by its middle.
        leaves = ~((new >= left) & (new <= right))
        if step >= _PATIENCE and step % 2:
            leaves |= np.abs(new - at) > _SLOW
        outside = np.flatnonzero(leaves)
        if len(outside):
            new[outside] = 0.5 * left[outside] + 0.5 * right[outside]
        moved = np.abs(new - at) > _CONVERGED
        # Closer than numbers are.
        moved &= np.abs(new - at) > 2.0**-50 * np.abs(at)
        new = np.where(value == 0, at, new)
        moved &= value != 0
        if index is None:
            place = new
        else:
            place[index] = new
        active = np.count_nonzero(moved)
        if not active:
            break
        at = new
        if active < 0.8 * len(new):
            keep = np.flatnonzero(moved)
            index = keep if index is None else index[keep]
            at, rows, falling = new[keep], rows[keep], falling[keep]
            left, right = left[keep], right[keep]
    return place
