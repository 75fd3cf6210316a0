r"""The drift of a binary question for float64 arrays: tables of a finite group, or a formula.

The drift D(m) of a finite group is a Bernstein polynomial in m = s_b + (s_a − s_b) p. What is
tabulated is h(p)/p = (1 − p) (s_a − s_b) D(m) for p up to 1/2, and h/(1 − p) in 1 − p beyond it,
from ball arithmetic on the sum over the group; of a large group, only the terms that matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isqrt
from typing import Protocol

import numpy as np
from flint import arb, arb_poly, ctx, fmpq
from sympy import Expr

from grpo_symbolic import symbols
from grpo_symbolic.numeric.formula import REST, Formula, log_odds_slope
from grpo_symbolic.numeric.interpolant import Array, DyadicTable
from grpo_symbolic.numeric.zeros import Mask

_BITS = 200
# Sums of more terms are cut off this many standard deviations from their mean.
_WHOLE, _DEVIATIONS, _SPARE = 1500, 11, 120
# Up to this degree a polynomial is brought to a smaller interval.
_MOVED = 256
# Log-odds between which a drift that still grows shows it.
_FAR = (618.0, 708.0)


class Drift(Protocol):
    """What a balance asks of a drift."""

    def __call__(self, p: Array, q: Array, others: tuple[Array, ...]) -> tuple[Array, Array]:
        """D and p q D′, at p and q = 1 − p and values of further parameters."""
        ...

    def level(self, others: tuple[Array, ...]) -> tuple[Mask, Mask]:
        """Whether the drift has stopped growing towards p = 0, and towards p = 1."""
        ...


@dataclass(frozen=True, eq=False)
class WrittenDrift:
    """D(p) as a formula.

    Parameters
    ----------
    formula : Formula
        D and p q D′, in π(a), 1 − π(a) and further parameters.
    """

    formula: Formula

    @classmethod
    def of(cls, drift: Expr, names: tuple[str, ...]) -> WrittenDrift:
        """From D in π(a) and ``REST``, and the names of its parameters."""
        arguments = (symbols.pi.name, REST.name, *names)
        return cls(Formula((drift, log_odds_slope(drift)), arguments))

    def __call__(self, p: Array, q: Array, others: tuple[Array, ...]) -> tuple[Array, Array]:
        value, slope = self.formula(p, q, *others)
        return value, slope

    def level(self, others: tuple[Array, ...]) -> tuple[Mask, Mask]:
        near, far = np.exp(-np.array(_FAR))
        found = []
        for small, large in ((0, 1), (1, 0)):
            sides = []
            for x in (near, far):
                pair = (np.full(1, x), np.ones(1))
                sides.append(np.abs(self(pair[small], pair[large], others)[0]))
            found.append(sides[1] <= 1.001 * sides[0])
        return found[0], found[1]


@dataclass(frozen=True, eq=False)
class TabulatedDrift:
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
    def of(cls, coefficients: list[arb], first: fmpq, second: fmpq) -> TabulatedDrift | None:
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
            if low is None or symmetric:
                return None if low is None else cls(low, low, concave)
            high = _table(coefficients[::-1], 1 - second, 1 - first, low.split)
            if high is not None and high.split > low.split:
                low = _table(coefficients, first, second, high.split)
        return None if low is None or high is None else cls(low, high, concave)

    @cached_property
    def _both(self) -> DyadicTable:
        """Both tables as one, so that a value costs one look-up."""
        return self.low if self.low is self.high else self.low.joined(self.high)

    def __call__(self, p: Array, q: Array, others: tuple[Array, ...] = ()) -> tuple[Array, Array]:
        near, far = np.minimum(p, q), np.maximum(p, q)
        upper = p > q
        offset = None
        if self.low is not self.high:
            offset = upper * np.int64(len(self.low.rows[0]))
        found = self._both(near, offset)
        value = found.leading + found.rest
        # With x = p, x h' / x = ...: (q D)' = q D' - D; the same with p and q exchanged beyond 1/2.
        value /= far
        slope = found.x_slope
        slope += near * value
        np.negative(slope, out=slope, where=upper)
        return value, slope

    def level(self, others: tuple[Array, ...]) -> tuple[Mask, Mask]:
        """A polynomial is."""
        return np.ones(1, bool), np.ones(1, bool)


def _table(
    coefficients: list[arb], first: fmpq, second: fmpq, split: int = 0
) -> DyadicTable | None:
    total = _Sum(coefficients)
    gap = first - second

    def function(x: arb | fmpq) -> arb:
        x = arb(x)
        return (1 - x) * gap * total(gap * x + second)

    return DyadicTable.of(function, len(coefficients) + 1, split)


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
