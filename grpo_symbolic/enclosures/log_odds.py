"""Where a function of the log-odds is enclosed: bounded intervals and tails.

Both give jets of the same few building blocks: powers and logarithms of p and of 1 − p, and
Bernstein polynomials of an affine image of p. A region is *mirrored* where 1 − p is the
smaller share: it then works with 1 − p, and in the negative of the log-odds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flint import arb, ctx, fmpq

from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.tails import TailSum


@dataclass(frozen=True)
class Region(ABC):
    """A set of log-odds.

    Jets are in y, the log-odds or (``mirrored``) their negative, and s = 1/(1 + e^−y).

    Parameters
    ----------
    bits : int
        Of the ball arithmetic.
    mirrored : bool
    order : int
        The highest derivative that jets have, up to 3.
    """

    bits: int
    mirrored: bool
    order: int

    def constant(self, value: arb) -> Jet:
        """The jet of a number."""
        return Jet((self._number(value), *(self._number(arb(0)) for _ in range(self.order))))

    def power(self, complement: bool, exponent: fmpq) -> Jet:
        """The jet of p^e, or of (1 − p)^e."""
        rest = complement != self.mirrored
        s, q, product = self._shares
        value, rate = self._power(rest, exponent), (-s if rest else q) * exponent
        terms = [value, value * rate]
        if self.order > 1:  # with (log s^e)″ = −e s q
            terms.append(value * (rate * rate - product * exponent) * _HALF)
        if self.order > 2:
            third = rate * rate * rate - product * (rate * 3 + (q - s)) * exponent
            terms.append(value * third * _SIXTH)
        return Jet(tuple(terms))

    def log(self, complement: bool) -> Jet:
        """The jet of log p, or of log(1 − p)."""
        rest = complement != self.mirrored
        s, q, product = self._shares
        terms = [self._log(rest), -s if rest else q]
        if self.order > 1:
            terms.append(-product * _HALF)
        if self.order > 2:
            terms.append(-product * (q - s) * _SIXTH)
        return Jet(tuple(terms))

    def log_odds(self) -> Jet:
        """The jet of log p − log(1 − p)."""
        y, one = self._place, self._number(arb(1))
        rest = (self._number(arb(0)) for _ in range(self.order - 1))
        found = Jet((y, one, *rest))
        return -found if self.mirrored else found

    def polynomial(self, polynomial: Bernstein, first: fmpq, second: fmpq) -> Jet:
        """The jet of a Bernstein polynomial at first·p + second·(1 − p)."""
        if self.mirrored:
            polynomial, first, second = polynomial.reflected, 1 - second, 1 - first
        ends = self._odds(first, second)
        outer, factorial = [], 1
        for k, ball in enumerate(polynomial.ranges(*ends, self.bits, self.order)):
            factorial *= max(k, 1)
            outer.append(self._number(ball / factorial))
        s, q, product = self._shares
        rate = product * (first - second)
        inner = [self._number(arb(0)), rate]
        if self.order > 1:
            inner.append(rate * (q - s) * _HALF)
        if self.order > 2:
            inner.append(rate * ((q - s) * (q - s) - product * 2) * _SIXTH)
        return Jet(tuple(inner)).through(outer)

    @property
    @abstractmethod
    def _place(self) -> Any:
        """y."""

    @property
    @abstractmethod
    def _shares(self) -> tuple[Any, Any, Any]:
        """s, 1 − s and s (1 − s)."""

    @abstractmethod
    def _number(self, value: arb) -> Any: ...

    @abstractmethod
    def _power(self, rest: bool, exponent: fmpq) -> Any:
        """s^e or (1 − s)^e."""

    @abstractmethod
    def _log(self, rest: bool) -> Any:
        """log s or log(1 − s)."""

    @abstractmethod
    def _odds(self, first: fmpq, second: fmpq) -> tuple[arb, arb]:
        """The least and the greatest odds of first·s + second·(1 − s)."""


_HALF, _SIXTH = fmpq(1, 2), fmpq(1, 6)

#: A function of the log-odds: its jet on a region.
Function = Callable[[Region], Jet]


@dataclass(frozen=True)
class Interval(Region):
    """All y between two exact ends."""

    left: arb
    right: arb

    @classmethod
    def around(cls, left: arb, right: arb, bits: int, order: int = 2) -> Interval:
        """These log-odds, mirrored where they are mostly positive."""
        if left + right > 0:
            return cls(bits, True, order, -right, -left)
        return cls(bits, False, order, left, right)

    @property
    def _place(self) -> arb:
        return self.left.union(self.right)

    @cached_property
    def _ends(self) -> tuple[tuple[arb, ...], tuple[arb, ...]]:
        """s, 1 − s, log s and log(1 − s) at both ends."""
        found = []
        for y in (self.left, self.right):
            odds = y.exp()
            rest = 1 / (1 + odds)
            log_rest = -odds.log1p()
            found.append((odds * rest, rest, y + log_rest, log_rest))
        return found[0], found[1]

    @cached_property
    def _shares(self) -> tuple[arb, arb, arb]:
        left, right = self._ends
        product = (left[0] * left[1]).union(right[0] * right[1])
        if self.left < 0 < self.right:
            product = product.union(arb(fmpq(1, 4)))
        return left[0].union(right[0]), left[1].union(right[1]), product

    def _number(self, value: arb) -> arb:
        return value

    def _power(self, rest: bool, exponent: fmpq) -> arb:
        if exponent == 1:
            return self._shares[int(rest)]
        left, right = (end[2 + rest] for end in self._ends)
        return (left * exponent).exp().union((right * exponent).exp())

    def _log(self, rest: bool) -> arb:
        left, right = (end[2 + rest] for end in self._ends)
        return left.union(right)

    def _odds(self, first: fmpq, second: fmpq) -> tuple[arb, arb]:
        if first == 1 and second == 0:
            return self.left.exp(), self.right.exp()
        left, right = (
            (first * s + second * q) / ((1 - first) * s + (1 - second) * q)
            for s, q, _, _ in self._ends
        )
        return left, right


@dataclass(frozen=True)
class Tail(Region):
    """All y <= −reach; the jets are sums of powers."""

    reach: arb

    @property
    def _place(self) -> TailSum:
        return TailSum.place(self.reach)

    @cached_property
    def _shares(self) -> tuple[TailSum, TailSum, TailSum]:
        share = TailSum.share(self.reach)
        rest = -share + 1
        return share, rest, share * rest

    def _number(self, value: arb) -> TailSum:
        return TailSum.constant(value, self.reach)

    def _power(self, rest: bool, exponent: fmpq) -> TailSum:
        return self._shares[int(rest)] ** exponent

    def _log(self, rest: bool) -> TailSum:
        return TailSum.log_rest(self.reach) if rest else TailSum.log_share(self.reach)

    def _odds(self, first: fmpq, second: fmpq) -> tuple[arb, arb]:
        odds: Any = (-self.reach).exp()
        right = (first * odds + second) / ((1 - first) * odds + (1 - second))
        return arb(second) / (1 - second), right


def on_interval(function: Function, left: arb, right: arb, order: int = 2) -> Jet:
    """The jet on an interval, in the log-odds themselves, at the working precision."""
    interval = Interval.around(left, right, ctx.prec, order)
    found = function(interval)
    return found.mirrored if interval.mirrored else found


def derivative(function: Function) -> Function:
    """F′, in the log-odds; its jets ask for one derivative more of F."""

    def slope(region: Region) -> Jet:
        found = function(replace(region, order=region.order + 1)).derivative
        return -found if region.mirrored else found

    return slope


def wronskian(first: Function, second: Function) -> Function:
    """F′ g − F g′, in the log-odds: of the sign of the slope of F/g."""

    def difference(region: Region) -> Jet:
        deeper = replace(region, order=region.order + 1)
        a, b = first(deeper), second(deeper)
        found = a.derivative * b - a * b.derivative
        return -found if region.mirrored else found

    return difference
