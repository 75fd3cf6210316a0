r"""A rank distortion φ on rows of reference masses, for float64 arrays.

F_k = φ(R_k) for cumulative masses, φ the larger root of a quadratic f(p, R) = a p² + b p + c(R)
with c linear. The mass of one rank is a difference of values p and q of φ, which is formed without
subtracting them, from the roots s and t of the discriminants at R and at S:

.. math:: 0 = f(p, R) - f(q, S) = (p - q)\, \frac{s + t}{2} + (R - S)\, c' .
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Poly, Symbol, diff

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain
from grpo_symbolic.numeric.double import DoubleSum
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.interpolant import Array


@dataclass(frozen=True)
class RankDistortion:
    """π by rank from reference masses by rank.

    Parameters
    ----------
    formula : Formula
        a, −c and −2c' in the weight and a cumulative mass.
    linear : DoubleSum
        −b.
    weight : str
        The only other name in all of these.
    """

    formula: Formula
    linear: DoubleSum
    weight: str

    @classmethod
    def of(cls, polynomial: Poly, weight: Symbol) -> RankDistortion | None:
        """From the polynomial of φ; None where its differences cannot be formed like this."""
        if polynomial.degree() != 2:
            return None
        a, b, c = polynomial.all_coeffs()
        mass, rate = symbols.pi_ref, (-2 * diff(c, symbols.pi_ref)).expand()
        linear = DoubleSum.of((-b).expand())
        if linear is None or any(part.has(mass) for part in (a, b, rate)):
            return None
        if not c.free_symbols | a.free_symbols | b.free_symbols <= {mass, weight}:
            return None
        domain = Domain.of(mass).extended(polynomial.as_expr().subs(polynomial.gen, 1))
        if any(sign(part, domain) != Sign.POSITIVE for part in (a, rate)):
            return None
        if sign(-c, domain) not in (Sign.POSITIVE, Sign.NONNEGATIVE):
            return None
        return cls(Formula((a, -c, rate), (weight.name, mass.name)), linear, weight.name)

    def __call__(self, weight: Array, masses: Array) -> Array:
        """π by rank.

        Parameters
        ----------
        weight : array, rows
        masses : array, ranks × rows
            Positive, from the best rank on; every column sums to 1.
        """
        linear = self.linear({self.weight: weight})
        found = np.empty_like(masses)
        below = np.empty(0)
        with np.errstate(all="ignore"):
            for k, (mass, upto) in enumerate(zip(masses, cumulative(masses), strict=True)):
                leading, constant, rate = self.formula(weight, upto)
                root = np.sqrt(linear * linear + 4.0 * leading * constant)
                if k:
                    found[k] = mass * rate / (root + below)
                else:
                    # The larger root, as a sum of two terms of one sign.
                    found[k] = 2.0 * constant / (np.abs(linear) + root)
                    found[k] += np.maximum(linear, 0.0) / leading
                below = root
        return found


def cumulative(masses: Array) -> Array:
    """Sums over the first axis, with the rounding errors of all of them added back."""
    found = np.empty_like(masses)
    total, lost = np.zeros(masses.shape[1:]), np.zeros(masses.shape[1:])
    for k, mass in enumerate(masses):
        new = total + mass
        part = new - total
        lost = lost + ((total - (new - part)) + (mass - part))
        total = new
        found[k] = total + lost
    return found
