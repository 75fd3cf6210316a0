"""Sums of products in twice the working precision, for float64 arrays.

A product is split as Dekker does, though between its bits, which cannot overflow; a sum as Knuth
does, so that a small sum of large terms keeps all its digits.

Source: T. J. Dekker, Numerische Mathematik 18 (1971) 224.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Add, Expr, Mul, Rational, Symbol

_UPPER = ~np.int64((1 << 27) - 1)  # the sign, the exponent and 25 bits of a number
_LARGE = 3000.0  # exp of it is beyond float64 either way
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class DoubleSum:
    """A sum of numbers times products of parameters.

    Parameters
    ----------
    terms : tuple
        (number, what rounding took from it, names of the factors) for every term.
    """

    terms: tuple[tuple[float, float, tuple[str, ...]], ...]

    @classmethod
    def of(cls, expr: Expr) -> DoubleSum | None:
        """None for anything but sums of monomials with numbers in front."""
        terms = []
        for term in Add.make_args(expr.expand()):
            number, rest = term.as_independent(Symbol, as_Add=False)
            names: list[str] = []
            for factor in Mul.make_args(rest):
                base, power = factor.as_base_exp()
                if factor == 1:
                    continue
                if not base.is_Symbol or not power.is_Integer or power < 1:
                    return None
                names += [base.name] * int(power)
            leading = float(number)
            remainder = float((number - Rational(leading)).evalf(20)) if number != leading else 0.0
            terms.append((leading, remainder, tuple(names)))
        return cls(tuple(terms))

    @property
    def expression(self) -> Expr:
        """The sum as a formula, for a plain one."""
        return Add(*(int(n) * Mul(*map(Symbol, names)) for n, _, names in self.terms))

    @property
    def plain(self) -> bool:
        """Whether ordinary arithmetic rounds only once."""
        return len(self.terms) <= 2 and all(
            abs(number) == 1 and not rest and len(names) <= 1 for number, rest, names in self.terms
        )

    def pair(self, values: Mapping[str, Any]) -> Pair:
        """The sum, and what rounding takes from it."""
        found: Pair = (0.0, 0.0)
        for number, rest, names in self.terms:
            term: Pair = (number, rest)
            for name in names:
                term = _times(term, values[name])
            found = _plus(found, term)
        return found

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """The sum, rounded once."""
        high, low = self.pair(values)
        return high + low


def _times(left: Pair, right: Any) -> Pair:
    high, error = product(left[0], right)
    return _quick(high, error + left[1] * right)


def _plus(left: Pair, right: Pair) -> Pair:
    high, error = total(left[0], right[0])
    return _quick(high, error + (left[1] + right[1]))


def total(left: Any, right: Any) -> Pair:
    """left + right, and what rounding takes from it."""
    high = left + right
    part = high - left
    return high, (left - (high - part)) + (right - part)


def _quick(high: Any, low: Any) -> Pair:
    whole = high + low
    return whole, low - (whole - high)


def product(left: Any, right: Any) -> Pair:
    """left times right, and what rounding takes from it."""
    high = left * right
    left_high, left_low = _halves(left)
    right_high, right_low = _halves(right)
    error = left_high * right_high
    error -= high
    left_high *= right_low
    error += left_high
    right_high *= left_low
    error += right_high
    left_low *= right_low
    error += left_low
    return high, error


def _halves(value: Any) -> Pair:
    value = np.asarray(value, np.float64)
    high = (value.view(np.int64) & _UPPER).view(np.float64)
    return high, value - high


def quotient_exp(top: DoubleSum, bottom: Any, values: Mapping[str, Any]) -> Any:
    """exp(top/bottom), accurate however large the quotient is."""
    high, low = top.pair(values)
    quotient = np.clip(high / bottom, -_LARGE, _LARGE)
    back, error = product(quotient, bottom)
    rest = (((high - back) - error) + low) / bottom
    # Where the quotient is cut, or the weight beyond all bounds, there is nothing to correct.
    rest = np.where(np.abs(rest) < 1e-9, rest, 0.0)
    return np.exp(quotient) * (1.0 + rest)
