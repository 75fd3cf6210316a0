"""Jets: a function with its first few derivatives, enclosed on a set of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq


@dataclass(frozen=True, slots=True)
class Jet:
    """The Taylor coefficients F, F′, F″/2, … of a function, each enclosed on a set of points.

    Parameters
    ----------
    terms : tuple of arb or TailSum
        Balls on a bounded interval, sums of powers on a tail. Of two jets the shorter one says
        how far their sum or product is known.
    """

    terms: tuple[Any, ...]

    @property
    def value(self) -> Any:
        return self.terms[0]

    @property
    def slope(self) -> Any:
        return self.terms[1]

    @property
    def derivative(self) -> Jet:
        """The jet of F′, of one term less."""
        return Jet(tuple(c * k for k, c in enumerate(self.terms[1:], start=1)))

    @property
    def mirrored(self) -> Jet:
        """The jet in the opposite direction."""
        return Jet(tuple(-c if k % 2 else c for k, c in enumerate(self.terms)))

    def __add__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return Jet((self.terms[0] + other, *self.terms[1:]))
        return Jet(tuple(a + b for a, b in zip(self.terms, other.terms, strict=False)))

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet(tuple(-c for c in self.terms))

    def __sub__(self, other: Any) -> Jet:
        return self + -other

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __mul__(self, other: Any) -> Jet:
        if not isinstance(other, Jet):
            return Jet(tuple(c * other for c in self.terms))
        return Jet(_product(self.terms, other.terms))

    __rmul__ = __mul__

    def power(self, exponent: fmpq) -> Jet:
        """The function to a rational power, of a positive function unless it is an integer."""
        if exponent.q == 1 and exponent > 0:
            found = self
            for _ in range(int(exponent.p) - 1):
                found = found * self
            return found
        outer, ways = [], fmpq(1)
        for k in range(len(self.terms)):
            outer.append(self.value ** (exponent - k) * ways)
            ways *= (exponent - k) / (k + 1)
        return self.through(outer)

    def log(self) -> Jet:
        """The logarithm of a positive function."""
        rest = (
            self.value ** fmpq(-k) * fmpq((-1) ** (k - 1), k) for k in range(1, len(self.terms))
        )
        return self.through((self.value.log(), *rest))

    def magnitude(self) -> Jet:
        r"""\|F\|; at a kink the slope is any number between those of both sides."""
        side = self.value.sgn()
        # A kink has no second derivative, and NaN decides nothing.
        rest = side if side == 1 or side == -1 else side.nan()
        slope = tuple(c * side for c in self.terms[1:2])
        return Jet((abs(self.value), *slope, *(c * rest for c in self.terms[2:])))

    def side(self) -> Jet:
        """The sign of the function; a jump has no slope."""
        side = self.value.sgn()
        flat = side - side if side == 1 or side == -1 else side.nan()
        return Jet((side, *(flat for _ in self.terms[1:])))

    def through(self, outer: Sequence[Any]) -> Jet:
        """f(F), from the Taylor coefficients of f on the values of F."""
        inner = self.terms[1:]
        found, power = list(outer[: len(self.terms)]), inner
        rows = [inner]  # of the powers of F − F(0), without the zeros that they begin with
        for _ in inner[1:]:
            power = _product(power, inner)[: len(power) - 1]
            rows.append(power)
        for m in range(1, len(found)):
            found[m] = _total([outer[k] * rows[k - 1][m - k] for k in range(1, m + 1)])
        return Jet(tuple(found))


def _product(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
    count = min(len(first), len(second))
    return tuple(_total([first[i] * second[m - i] for i in range(m + 1)]) for m in range(count))


def _total(parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
