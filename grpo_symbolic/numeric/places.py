"""Where a function of the log-odds is enclosed: bounded boxes and tails.

Both give jets of the same few building blocks: powers and logarithms of p and of 1 − p, and
Bernstein polynomials of an affine image of p. A place is *mirrored* where 1 − p is the
smaller share: it then works with 1 − p, and in the negative of the log-odds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import arb, fmpq

from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.numeric.germ import Germ
from grpo_symbolic.numeric.jet import Jet

__all__ = ["Box", "Place", "Tail"]


@dataclass(frozen=True)
class Place(ABC):
    """A set of log-odds.

    Jets are in y, the log-odds or (``mirrored``) their negative, and s = 1/(1 + e^−y).
    """

    bits: int
    mirrored: bool

    def power(self, complement: bool, exponent: fmpq) -> Jet:
        """The jet of p^e, or of (1 − p)^e."""
        return self._power(complement != self.mirrored, exponent)

    def log(self, complement: bool) -> Jet:
        """The jet of log p, or of log(1 − p)."""
        return self._log(complement != self.mirrored)

    def polynomial(self, polynomial: Bernstein, first: fmpq, second: fmpq) -> Jet:
        """The jet of a Bernstein polynomial at first·p + second·(1 − p)."""
        if self.mirrored:
            polynomial, first, second = polynomial.reflected, 1 - second, 1 - first
        return self._polynomial(polynomial, first, second)

    @abstractmethod
    def _power(self, rest: bool, exponent: fmpq) -> Jet: ...

    @abstractmethod
    def _log(self, rest: bool) -> Jet: ...

    @abstractmethod
    def _polynomial(self, polynomial: Bernstein, first: fmpq, second: fmpq) -> Jet: ...


@dataclass(frozen=True)
class Box(Place):
    """All y between two exact ends."""

    left: arb
    right: arb

    @classmethod
    def around(cls, left: arb, right: arb, bits: int) -> Box:
        """The box of these log-odds, mirrored where they are mostly positive."""
        if left + right > 0:
            return cls(bits, True, -right, -left)
        return cls(bits, False, left, right)

    @cached_property
    def _ends(self) -> tuple[tuple[arb, ...], tuple[arb, ...]]:
        """Odds, s, 1 − s, log s and log(1 − s) at both ends."""
        found = []
        for y in (self.left, self.right):
            odds = y.exp()
            rest = 1 / (1 + odds)
            log_rest = -odds.log1p()
            found.append((odds, odds * rest, rest, y + log_rest, log_rest))
        return found[0], found[1]

    @cached_property
    def _shares(self) -> tuple[arb, arb, arb]:
        """s, 1 − s and s (1 − s)."""
        left, right = self._ends
        product = (left[1] * left[2]).union(right[1] * right[2])
        if self.left < 0 < self.right:
            product = product.union(arb(fmpq(1, 4)))
        return left[1].union(right[1]), left[2].union(right[2]), product

    def _power(self, rest: bool, exponent: fmpq) -> Jet:
        s, c, product = self._shares
        left, right = (end[4] if rest else end[3] for end in self._ends)
        if exponent == 1:
            value = c if rest else s
        else:
            value = (left * exponent).exp().union((right * exponent).exp())
        rate = -s * exponent if rest else c * exponent
        return Jet(value, value * rate, value * (rate * rate - product * exponent))

    def _log(self, rest: bool) -> Jet:
        s, c, product = self._shares
        left, right = (end[4] if rest else end[3] for end in self._ends)
        return Jet(left.union(right), -s if rest else c, -product)

    def _polynomial(self, polynomial: Bernstein, first: fmpq, second: fmpq) -> Jet:
        s, c, product = self._shares
        left, right = (
            (first * s + second * c) / ((1 - first) * s + (1 - second) * c)
            for _, s, c, _, _ in self._ends
        )
        value, slope, bend = polynomial.ranges(left, right, self.bits)
        rate = (first - second) * product
        return Jet(value, slope * rate, bend * rate * rate + slope * rate * (c - s))


@dataclass(frozen=True)
class Tail(Place):
    """All y <= −reach; the jets are germs, without a second derivative."""

    reach: arb

    @cached_property
    def _share(self) -> Germ:
        return Germ.share(self.reach)

    @cached_property
    def _rest(self) -> Germ:
        return -self._share + 1

    def _power(self, rest: bool, exponent: fmpq) -> Jet:
        value = (self._rest if rest else self._share) ** exponent
        rate = -self._share if rest else self._rest
        return Jet(value, value * rate * exponent)

    def _log(self, rest: bool) -> Jet:
        if rest:
            return Jet(Germ.log_rest(self.reach), -self._share)
        return Jet(Germ.log_share(self.reach), self._rest)

    def _polynomial(self, polynomial: Bernstein, first: fmpq, second: fmpq) -> Jet:
        odds: Any = (-self.reach).exp()
        left = arb(second) / (1 - second)
        right = (first * odds + second) / ((1 - first) * odds + (1 - second))
        value, slope, _ = polynomial.ranges(left, right, self.bits)
        rate = self._share * self._rest * (first - second)
        return Jet(Germ.constant(value, self.reach), rate * slope)
