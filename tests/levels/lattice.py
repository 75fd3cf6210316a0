r"""Level values by the law of (Σ r, Σ r²): a second route, for rational rewards.

Rewards on a lattice, :math:`r_j = r_0 + a_j u` with whole numbers :math:`a_j`, put the sums of the
others on one too. Their joint law has the generating function
:math:`\left(\sum_j m_j x^{a_j} y^{(a_j^2 - a_j)/2}\right)^{G - 1}`: its powers are exact for
rational masses, and a Fourier transform gives all of them at once in float64. An advantage that
sees its own reward, the mean and the variance of its group is then one sum over the lattice: also
one that is clipped, or kept on one side only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

import numpy as np
from flint import arb, fmpq, fmpq_mpoly_ctx
from sympy import Expr, Rational, S

from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.numeric.interpolant import Array

__all__ = ["Lattice"]

# Cells of the largest transform, and terms of the largest exact power.
_CELLS, _TERMS = 40_000_000, 200_000


@dataclass(frozen=True)
class Lattice:
    """The joint law of the sum and the sum of squares of G − 1 rewards.

    Parameters
    ----------
    levels : tuple of Fraction
        Distinct.
    size : int
        G.
    """

    levels: tuple[Fraction, ...]
    size: int

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """a_j, from the smallest level and in the largest unit that fits."""
        low = min(self.levels)
        shared = lcm(*(r.denominator for r in self.levels))
        whole = [int((r - low) * shared) for r in self.levels]
        unit = gcd(*whole)
        return tuple(a // unit for a in whole)

    @property
    def unit(self) -> Fraction:
        """What one step is in reward units."""
        return (max(self.levels) - min(self.levels)) / max(self.steps)

    @property
    def shape(self) -> tuple[int, int]:
        """Values of Σ a and of Σ (a² − a)/2."""
        others, top = self.size - 1, max(self.steps)
        return others * top + 1, others * (top * top - top) // 2 + 1

    @property
    def cells(self) -> int:
        return self.shape[0] * self.shape[1]

    # -- float64 -------------------------------------------------------------------------

    def law(self, masses: Sequence[float]) -> Array:
        """Probabilities of (Σ a, Σ (a² − a)/2) of the others, by a Fourier transform.

        Raises
        ------
        ValueError
            For too large a lattice, with the group size that would do.
        """
        if self.cells > _CELLS:
            fits = 1 + int((self.size - 1) * (_CELLS / self.cells) ** 0.5)
            raise ValueError(
                f"the lattice of groups of {self.size} has {self.cells:,} points, more than "
                f"{_CELLS:,}: groups of {fits} would do"
            )
        one = np.zeros(self.shape)
        for a, m in zip(self.steps, masses, strict=True):
            one[a, (a * a - a) // 2] += m
        found = np.fft.irfft2(np.fft.rfft2(one) ** (self.size - 1), s=self.shape)
        return np.maximum(found, 0.0)

    def values(self, masses: Sequence[float], rule: Callable[..., Array] | None = None) -> Array:
        """V of each level in float64.

        Parameters
        ----------
        masses : sequence of float
        rule : callable, optional
            The advantage from deviation, population variance and G, on arrays; by default
            deviation over deviation, 0/0 = 0.
        """
        law = self.law(masses)
        first, second = np.nonzero(law > 0)
        chance, unit = law[first, second], float(self.unit)
        squares = 2 * second + first
        found = []
        for a in self.steps:
            total, square = first + a, squares + a * a
            # G² times the variance, in whole numbers: exactly 0 where it vanishes.
            spread = self.size * square - total * total
            deviation = (a - total / self.size) * unit
            variance = spread / self.size**2 * unit**2
            advantage = (_standard if rule is None else rule)(deviation, variance, self.size)
            found.append(float(chance @ np.where(spread > 0, advantage, 0.0)))
        return np.array(found)

    # -- exactly -------------------------------------------------------------------------

    def exact(self, masses: Sequence[Fraction], rule: Advantage) -> tuple[Expr, ...]:
        """V of each level for rational masses, as sums of square roots.

        Raises
        ------
        ValueError
            For too many terms, with the group size that would do.
        """
        scales: dict[int, Expr] = {}
        found = []
        law = self._exact_law(masses)
        unit = Rational(self.unit.numerator, self.unit.denominator)
        for a in self.steps:
            total: dict[int, Fraction] = {}
            for (first, second), chance in law:
                sum_, square = first + a, 2 * second + first + a * a
                spread = self.size * square - sum_ * sum_
                if spread:
                    gain = chance * (a * self.size - sum_) / self.size
                    total[spread] = total.get(spread, Fraction(0)) + gain
            parts = S.Zero
            for spread, gain in total.items():
                if spread not in scales:
                    variance = Rational(spread, self.size**2) * unit**2
                    scales[spread] = unit / rule.scale(variance, S(self.size))
                parts += Rational(gain.numerator, gain.denominator) * scales[spread]
            found.append(parts)
        return tuple(found)

    def balls(self, masses: Sequence[Fraction]) -> list[arb]:
        """V of each level for the population deviation, at the working precision."""
        law, found = self._exact_law(masses), []
        for a in self.steps:
            total = arb(0)
            for (first, second), chance in law:
                sum_, square = first + a, 2 * second + first + a * a
                spread = self.size * square - sum_ * sum_
                if spread:
                    gain = arb(fmpq(chance.numerator, chance.denominator))
                    total += gain * (a * self.size - sum_) / arb(spread).sqrt()
            found.append(total)
        return found

    def _exact_law(self, masses: Sequence[Fraction]) -> list[tuple[tuple[int, int], Fraction]]:
        if min(self.cells, len(self.levels) ** (self.size - 1)) > _TERMS:
            fits = 1 + int((self.size - 1) * (_TERMS / self.cells) ** 0.5)
            raise ValueError(
                f"the exact law of groups of {self.size} has up to {self.cells:,} terms, more than "
                f"{_TERMS:,}: groups of {max(fits, 2)} would do"
            )
        ring = fmpq_mpoly_ctx.get(("x", "y"), "lex")
        one = ring.from_dict(
            {
                (a, (a * a - a) // 2): fmpq(m.numerator, m.denominator)
                for a, m in zip(self.steps, masses, strict=True)
            }
        )
        power = one ** (self.size - 1)
        return [
            ((int(i), int(j)), Fraction(int(c.p), int(c.q)))
            for (i, j), c in power.to_dict().items()
        ]


def _standard(deviation: Array, variance: Array, size: int) -> Array:
    with np.errstate(all="ignore"):
        return deviation / np.sqrt(variance)
