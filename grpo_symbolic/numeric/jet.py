"""Jets: a function of the log-odds with its first two derivatives, over a ring of enclosures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import fmpq

__all__ = ["Jet"]


@dataclass(frozen=True)
class Jet:
    """F, F′ and F″ on a set of points: balls on a bounded box, germs on a tail.

    Attributes
    ----------
    value, slope : arb or Germ
    bend : arb, Germ or None
        The second derivative; None where it is not followed.
    """

    value: Any
    slope: Any
    bend: Any = None

    def __add__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.slope, self.bend)
        bend = None
        if self.bend is not None and other.bend is not None:
            bend = self.bend + other.bend
        return Jet(self.value + other.value, self.slope + other.slope, bend)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return self * -1

    def __sub__(self, other: Any) -> Jet:
        return self + -other

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __mul__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            bend = None if self.bend is None else self.bend * other
            return Jet(self.value * other, self.slope * other, bend)
        bend = None
        if self.bend is not None and other.bend is not None:
            cross = self.slope * other.slope
            bend = self.bend * other.value + self.value * other.bend + cross + cross
        slope = self.slope * other.value + self.value * other.slope
        return Jet(self.value * other.value, slope, bend)

    __rmul__ = __mul__

    def power(self, exponent: fmpq) -> Jet:
        """The function to a rational power, of a positive function unless it is an integer."""
        if exponent.q == 1 and exponent > 0:
            found = self
            for _ in range(int(exponent.p) - 1):
                found = found * self
            return found
        return self._through(
            self.value**exponent,
            self.value ** (exponent - 1) * exponent,
            self.value ** (exponent - 2) * (exponent * (exponent - 1)),
        )

    def log(self) -> Jet:
        """The logarithm of a positive function."""
        return self._through(self.value.log(), self.value ** fmpq(-1), -(self.value ** fmpq(-2)))

    def magnitude(self) -> Jet:
        r"""\|F\|; at a kink the slope is any number between those of both sides."""
        side = self.value.sgn()
        # A kink has no second derivative, and NaN decides nothing.
        smooth = side == 1 or side == -1
        bend = self.bend
        if bend is not None:
            bend = bend * (side if smooth else side.nan())
        return Jet(abs(self.value), self.slope * side, bend)

    def side(self) -> Jet:
        """The sign of the function; a jump has no slope."""
        side = self.value.sgn()
        flat = side - side if side == 1 or side == -1 else side.nan()
        return Jet(side, flat, None if self.bend is None else flat)

    def _through(self, value: Any, first: Any, second: Any) -> Jet:
        """f(F) from f, f′ and f″ at F."""
        bend = None
        if self.bend is not None:
            bend = first * self.bend + second * self.slope * self.slope
        return Jet(value, first * self.slope, bend)
