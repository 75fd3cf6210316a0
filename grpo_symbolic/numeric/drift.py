r"""The drift of a finite group as tables for float64 arrays.

The drift D(m) is a Bernstein polynomial in m = s_b + (s_a − s_b) p. What is tabulated is
h(p)/p = (1 − p) (s_a − s_b) D(m) for p up to 1/2, and h/(1 − p) in 1 − p beyond it, from ball
arithmetic on the sum over the group; of a large group, only the terms that matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isqrt

import numpy as np
from flint import arb, arb_poly, ctx, fmpq

from grpo_symbolic.numeric.interpolant import Array, DyadicTable
from grpo_symbolic.numeric.newton import Crossing

__all__ = ["Drift"]

_BITS = 200
# Sums of more terms are cut off this many standard deviations from their mean.
_WHOLE, _DEVIATIONS, _SPARE = 1500, 11, 120
# Up to this degree a polynomial is brought to a smaller interval.
_MOVED = 256


@dataclass(frozen=True, eq=False)
class Drift:
    """D(p) on 0 < p < 1, and where it can be, the proof that p (1 − p) D(p) is concave.

    Parameters
    ----------
    low, high : DyadicTable
        (1 − p) D in p, and p D in 1 − p.
    concave : bool
        Whether h = p (1 − p) D is proved to be positive and concave.
    """

    low: DyadicTable
    high: DyadicTable
    concave: bool

    @classmethod
    def of(cls, coefficients: list[arb], first: fmpq, second: fmpq) -> Drift | None:
        """From Bernstein's coefficients of D(m), and m at p = 1 and at p = 0.

        None where the tables would not be accurate.
        """
        with ctx.workprec(_BITS):
            if (first, second) != (1, 0) and len(coefficients) <= _MOVED:
                gap = arb(first - second)
                moved = [c * gap for c in _between(coefficients, second, first)]
                return cls.of(moved, fmpq(1), fmpq(0))
            concave = (first, second) == (1, 0) and _concave(coefficients)
            low = _table(coefficients, first, second)
            symmetric = first + second == 1 and all(
                left.overlaps(right)
                for left, right in zip(coefficients, reversed(coefficients), strict=True)
            )
            high = low if symmetric else _table(coefficients[::-1], 1 - second, 1 - first)
        return None if low is None or high is None else cls(low, high, concave)

    def __call__(self, p: Array, q: Array) -> Array:
        """D at p, with q = 1 − p; both one-dimensional."""
        value = np.empty_like(p)
        for table, near, far in ((self.low, p, q), (self.high, q, p)):
            chosen = np.flatnonzero(near <= 0.5)
            value[chosen] = table.value(near[chosen]) / far[chosen]
        return value

    @cached_property
    def crossing(self) -> Crossing:
        """The solver of β (p − p₀) = h(p)."""
        if not self.concave:
            raise ValueError("one crossing is proved for a concave drift only")
        return Crossing(self.low, self.high)


def _table(coefficients: list[arb], first: fmpq, second: fmpq) -> DyadicTable | None:
    total = _Sum(coefficients)
    gap = first - second

    def function(x: arb | fmpq) -> arb:
        x = arb(x)
        return (1 - x) * gap * total(gap * x + second)

    return DyadicTable.of(function, len(coefficients) + 1)


class _Sum:
    """Σ C(r, j) d_j m^j (1 − m)^(r−j) in balls, the larger part of a large sum."""

    def __init__(self, coefficients: list[arb]) -> None:
        self.degree = r = len(coefficients) - 1
        weight, self.terms = arb(1), []
        for j, d in enumerate(coefficients):
            self.terms.append(weight * d)
            weight = weight * (r - j) / (j + 1)
        self._whole = arb_poly(self.terms) if r <= _WHOLE else None

    def __call__(self, m: arb) -> arb:
        rest = 1 - m
        if not float(rest.mid()) > 0:
            return self.terms[-1]
        odds = m / rest
        if self._whole is not None:
            return self._whole(odds) * rest**self.degree
        mean = self.degree * float(m.mid())
        reach = _DEVIATIONS * (isqrt(int(mean * float(rest.mid()))) + 1) + _SPARE
        first, last = max(0, int(mean) - reach), int(mean) + reach
        kept = arb_poly(self.terms[first : last + 1])
        return kept(odds) * odds**first * rest**self.degree


def _concave(coefficients: list[arb]) -> bool:
    """Whether p (1 − p) D has coefficients whose second differences are not positive."""
    n = len(coefficients) + 1
    inner = [d * (k * (n - k)) for k, d in enumerate(coefficients, start=1)]
    steps = [b - a for a, b in pairwise([arb(0), *inner, arb(0)])]
    return all(d > 0 for d in inner) and all(b - a < 0 for a, b in pairwise(steps))


def _between(coefficients: list[arb], left: fmpq, right: fmpq) -> list[arb]:
    """Bernstein's coefficients on [left, right], by de Casteljau's algorithm."""
    upto, rest = [], list(coefficients)
    while rest:
        upto.append(rest[0])
        rest = [a * (1 - right) + b * right for a, b in pairwise(rest)]
    share, beyond, rest = left / right, [], upto
    while rest:
        beyond.append(rest[-1])
        rest = [a * (1 - share) + b * share for a, b in pairwise(rest)]
    return beyond[::-1]
