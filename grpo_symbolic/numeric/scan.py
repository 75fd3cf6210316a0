"""All zeros of a function of one variable, for many rows of float64 parameters at once.

The function is looked at on a grid. A change of sign brackets a zero; a turn towards 0 without
a change of sign is followed to its extremum, where it either hides two zeros or not. Rows in
which rounding does not tell are marked as doubtful, for a slower and certain method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grpo_symbolic.numeric.interpolant import Array

__all__ = ["Zeros", "zeros"]

#: z and the rows it belongs to, to the values and the size of what they are differences of.
Function = Callable[[Array, NDArray[np.intp]], tuple[Array, Array]]

# A value this small beside the terms that make it may be rounding.
_NOISE = 1e-11
_GOLDEN = 0.5 * (3 - 5**0.5)
_TURNS = 45
_LONGEST = 80
_WIDTH = 2.0**-53


@dataclass(frozen=True, eq=False)
class Zeros:
    """Zeros of every row.

    Attributes
    ----------
    places : array, rows × k
        In increasing order, padded with NaN.
    falling : array of bool, rows × k
        Whether the function falls through the zero.
    ends : array, rows × 2
        The signs at the first and the last point of the grid.
    doubtful : array of bool
        Rows whose number of zeros rounding leaves open.
    """

    places: Array
    falling: NDArray[np.bool_]
    ends: Array
    doubtful: NDArray[np.bool_]


def zeros(function: Function, grid: Array) -> Zeros:
    """The zeros between the ends of a grid.

    Parameters
    ----------
    function : callable
        ``function(z, rows)`` with one-dimensional arrays: values, and the size of the terms.
    grid : array, rows × points
        Increasing in every row.
    """
    count, points = grid.shape
    rows = np.repeat(np.arange(count), points)
    flat, size = function(grid.ravel(), rows)
    values, size = flat.reshape(grid.shape), size.reshape(grid.shape)
    doubtful = ~np.isfinite(values).all(axis=1) & np.isnan(values).any(axis=1)
    grid, values, unsure = _with_turns(function, grid, values, size)
    doubtful |= unsure
    # A zero on the grid ends the piece before it.
    signs = np.where(values > 0, 1.0, -1.0)
    change = signs[:, :-1] * signs[:, 1:] < 0
    row, place = np.nonzero(change)
    found = _bracketed(
        function,
        row,
        (grid[row, place], grid[row, place + 1]),
        (values[row, place], values[row, place + 1]),
    )
    number = change.sum(axis=1)
    most = max(1, int(number.max(initial=0)))
    places = np.full((count, most), np.nan)
    falling = np.zeros((count, most), bool)
    order = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    places[row, order] = found
    falling[row, order] = signs[row, place] > 0
    return Zeros(places, falling, signs[:, [0, -1]], doubtful)


def _with_turns(
    function: Function, grid: Array, values: Array, size: Array
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The grid with one more point in the rows where a turn hides a change of sign."""
    inner = values[:, 1:-1]
    lean = np.where(inner > 0, 1.0, -1.0)
    towards = (lean * values[:, :-2] >= lean * inner) & (lean * values[:, 2:] > lean * inner)
    towards &= (lean * values[:, :-2] > 0) & (lean * values[:, 2:] > 0)
    doubtful = np.zeros(len(grid), bool)
    row, place = np.nonzero(towards)
    if not len(row):
        return grid, values, doubtful
    sign = lean[row, place]
    left, right = grid[row, place], grid[row, place + 2]
    x = left + _GOLDEN * (right - left)
    y = right - _GOLDEN * (right - left)
    at_x, at_y = function(x, row)[0] * sign, function(y, row)[0] * sign
    for _ in range(_TURNS):
        nearer = at_x < at_y
        left, right = np.where(nearer, left, x), np.where(nearer, y, right)
        new = np.where(nearer, left + _GOLDEN * (right - left), right - _GOLDEN * (right - left))
        at_new = function(new, row)[0] * sign
        x, y = np.where(nearer, new, y), np.where(nearer, x, new)
        at_x, at_y = np.where(nearer, at_new, at_y), np.where(nearer, at_x, at_new)
    best = np.where(at_x < at_y, x, y)
    value, scale = function(best, row)
    np.logical_or.at(doubtful, row, np.abs(value) <= _NOISE * scale)
    # Every turn becomes a point of the grid; rows without it repeat their last point.
    extra = np.bincount(row, minlength=len(grid))
    order = np.arange(len(row)) - np.repeat(np.cumsum(extra) - extra, extra)
    more, at_more = (np.repeat(a[:, -1:], extra.max(), axis=1) for a in (grid, values))
    more[row, order], at_more[row, order] = best, value
    grid = np.concatenate([grid, more], axis=1)
    values = np.concatenate([values, at_more], axis=1)
    sort = np.argsort(grid, axis=1, kind="stable")
    take = np.take_along_axis
    return take(grid, sort, axis=1), take(values, sort, axis=1), doubtful


def _bracketed(
    function: Function,
    rows: NDArray[np.intp],
    ends: tuple[Array, Array],
    at_ends: tuple[Array, Array],
) -> Array:
    """Chandrupatla's method: inverse quadratic interpolation where it is safe, else bisection.

    Source: T. R. Chandrupatla, Advances in Engineering Software 28 (1997) 145.
    """
    b, a = ends
    at_b, at_a = at_ends
    c, at_c = a, at_a
    found = np.empty_like(a)
    left = np.arange(len(rows))
    t = np.full(len(rows), 0.5)
    for _ in range(_LONGEST):
        if not len(left):
            return found
        x = a + t * (b - a)
        at_x = function(x, rows)[0]
        same = np.sign(at_x) == np.sign(at_a)
        c, at_c = np.where(same, a, b), np.where(same, at_a, at_b)
        b, at_b = np.where(same, b, a), np.where(same, at_b, at_a)
        a, at_a = x, at_x
        first = np.abs(at_a) < np.abs(at_b)
        best = np.where(first, a, b)
        room = _WIDTH * (2 * np.abs(best) + 0.125) / np.abs(b - a)
        found[left] = best
        going = (room <= 0.5) & (np.where(first, at_a, at_b) != 0)
        if not going.all():
            keep = np.flatnonzero(going)
            left, rows, room = left[keep], rows[keep], room[keep]
            a, b, c = a[keep], b[keep], c[keep]
            at_a, at_b, at_c = at_a[keep], at_b[keep], at_c[keep]
        with np.errstate(all="ignore"):
            xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
            safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            t = at_a / (at_b - at_a) * at_c / (at_b - at_c)
            t += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
        t = np.where(safe & np.isfinite(t), t, 0.5)
        t = np.clip(t, room, 1 - room)
    return found
