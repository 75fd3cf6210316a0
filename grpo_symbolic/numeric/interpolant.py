r"""A function on [0, 1/2] as short polynomials on dyadic pieces, for float64 arrays.

Every octave of x is cut into 32 pieces of equal width (or more, where the function needs them),
and what is left at 0 is one piece. The piece of an x is read off its exponent and leading bits,
so that a value costs the same for every function. On each piece the function is

.. math:: c_0 + (r + c_1 s + c_2 s^2 + \dots), \qquad s = (x - c)/w ,

where r is what rounding takes from :math:`c_0`: the difference of a float64 number and the
function is known to the rounding error of the *change* of the function on the piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil, log2

import numpy as np
from flint import arb, arb_poly, ctx, fmpq
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SPLITS = (5, 6, 7)  # an octave has two to one of these pieces
_MANTISSA = 52
_BIAS = 1023
_DEGREE = 7
_ROUGH = 7  # rows: centre, 1/width, c₀, r, c₁, …, c₄
_NODES = 30  # an octave, before it is cut
_BITS = 200
_CLOSE = 1e-17


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Values at an array of points: c₀, the rest of the value, and x times the slope."""

    leading: Array
    rest: Array
    x_slope: Array


@dataclass(frozen=True, eq=False)
class DyadicTable:
    """Polynomials on dyadic pieces of [0, 1/2].

    Parameters
    ----------
    lowest : int
        The first piece is [0, 2^lowest].
    split : int
        An octave has 2^split pieces.
    rows : tuple of arrays
        Centre, 1/width, c₀, r, c₁, c₂, … of all pieces.
    """

    lowest: int
    split: int
    rows: tuple[Array, ...]

    def __call__(self, x: Array, offset: NDArray[np.int64] | None = None) -> Interpolated:
        """Values at 0 <= x < 5/8; further points are extrapolated from the last piece.

        ``offset`` is added to the index of a piece, for tables that are joined.
        """
        index = x.view(np.int64) >> (_MANTISSA - self.split)
        index -= ((self.lowest + _BIAS) << self.split) - 1
        np.maximum(index, 0, out=index)
        if offset is not None:
            index += offset
        center, inverse, leading, remainder, *tail = self.rows
        inverse = inverse.take(index, mode="clip")
        s = x - center.take(index, mode="clip")
        s *= inverse
        # Horner's rule for the value over s, and for its slope.
        value = tail[-1].take(index, mode="clip")
        slope = value.copy()
        buffer = np.empty_like(value)
        for row in tail[-2::-1]:
            value *= s
            value += row.take(index, mode="clip", out=buffer)
            slope *= s
            slope += value
        value *= s
        value += remainder.take(index, mode="clip", out=buffer)
        slope *= inverse
        slope *= x
        return Interpolated(leading.take(index, mode="clip", out=buffer), value, slope)

    @cached_property
    def rough(self) -> DyadicTable:
        """The same with shorter polynomials, for half the price."""
        return DyadicTable(self.lowest, self.split, self.rows[:_ROUGH])

    def value(self, x: Array) -> Array:
        """The function itself."""
        found = self(x)
        return found.leading + found.rest

    @cached_property
    def octaves(self) -> tuple[tuple[float, float], ...]:
        """(x, value) at 2^lowest, …, 1/4, 1/2."""
        at = np.ldexp(1.0, np.arange(self.lowest, 0))
        return tuple(zip(at.tolist(), self.value(at).tolist(), strict=True))

    @classmethod
    def of(
        cls, function: Callable[[arb], arb], scale: int, least: int = _SPLITS[0]
    ) -> DyadicTable | None:
        """Tabulate a function that is smooth on the scale of max(x, 1/scale).

        Parameters
        ----------
        function : callable
            A ball in, a ball out, at flint's working precision.
        scale : int
        least : int
            An octave has 2^least pieces or more.

        Returns
        -------
        DyadicTable or None
            None where polynomials of this degree are not accurate to float64.
        """
        splits = (split for split in _SPLITS if split >= least)
        tables = (cls._split(function, scale, split) for split in splits)
        return next((table for table in tables if table is not None), None)

    @classmethod
    def _split(cls, function: Callable[[arb], arb], scale: int, split: int) -> DyadicTable | None:
        lowest = -ceil(log2(64 * scale))
        with ctx.workprec(_BITS):
            rows = []
            for interval in _intervals(lowest, 2**split):
                found = _on_interval(function, *interval)
                if found is None:
                    return None
                rows += found
        columns = np.array(rows).T
        return cls(lowest, split, tuple(np.ascontiguousarray(column) for column in columns))

    def joined(self, other: DyadicTable) -> DyadicTable:
        """The pieces of a table of the same shape after the own ones."""
        pairs = zip(self.rows, other.rows, strict=True)
        return DyadicTable(self.lowest, self.split, tuple(map(np.concatenate, pairs)))


def _intervals(lowest: int, pieces: int) -> Iterator[tuple[fmpq, fmpq, int]]:
    """Left end, width and number of pieces; the piece at 0 first."""
    yield fmpq(0), fmpq(1, 2**-lowest), 0
    for octave in range(lowest, -1):
        yield fmpq(1, 2**-octave), fmpq(1, 2**-octave), pieces
    # A quarter of an octave beyond 1/2, for iterates that overshoot.
    yield fmpq(1, 2), fmpq(1, 8), pieces // 4


def _on_interval(
    function: Callable[[arb], arb], left: fmpq, width: fmpq, pieces: int
) -> list[list[float]] | None:
    scaled = _nodes(_NODES)
    # In t from -1 to 1; the piece at 0 in t from 0 to 1, about its left end.
    center, half = (left + width / 2, width / 2) if pieces else (fmpq(0), width)
    places = scaled if pieces else [(t + 1) / 2 for t in scaled[:-1]] + [arb(0)]
    whole = _through(places, [function(center + half * t) for t in places])
    if not pieces:
        # The value at 0 is taken from the function: it decides where nearly nothing is left.
        kept = [function(arb(0)), *whole.coeffs()[1:]]
        size = abs(kept[0])
        if sum((abs(c) for c in kept[_DEGREE + 1 :]), arb(0)) > size * _CLOSE:
            return None
        return [_row(center, half, kept)]
    rows = []
    for k in range(pieces):
        # The piece is t = middle + s/pieces.
        middle = fmpq(2 * k + 1 - pieces, pieces)
        local = whole(arb_poly([arb(middle), arb(fmpq(1, pieces))]))
        kept = local.coeffs()
        size = sum((abs(c) for c in kept[:2]), arb(0))
        lost = sum((abs(c) for c in kept[_DEGREE + 1 :]), arb(0)) / 2**_DEGREE
        if lost > size * _CLOSE:
            return None
        few = _nodes(_DEGREE + 1)
        short = _through(few, [local(s) for s in few])
        rows.append(_row(center + half * middle, half / pieces, short.coeffs()))
    return rows


@cache
def _nodes(count: int) -> list[arb]:
    """Chebyshev's nodes on [-1, 1]."""
    with ctx.workprec(_BITS):
        return [(arb.pi() * fmpq(2 * k + 1, 2 * count)).cos() for k in range(count)]


def _through(places: list[arb], values: list[arb]) -> arb_poly:
    # The default algorithm loses most of its digits.
    return arb_poly.interpolate(places, values, algorithm="newton")


def _row(center: fmpq, width: fmpq, coefficients: list[arb]) -> list[float]:
    padded = coefficients + [arb(0)] * (_DEGREE + 1 - len(coefficients))
    leading = float(padded[0].mid())
    remainder = 0.0 if padded[0].contains(leading) else float((padded[0] - leading).mid())
    tail = [float(c.mid()) for c in padded[1 : _DEGREE + 1]]
    return [_float(center), _float(1 / width), leading, remainder, *tail]


def _float(value: fmpq) -> float:
    return int(value.p) / int(value.q)
