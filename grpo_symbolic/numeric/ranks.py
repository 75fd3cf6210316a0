r"""A rank distortion φ on rows of reference masses, for float64 arrays.

F_k = φ(R_k) for cumulative masses, φ the larger root of a quadratic f(p, R) = a p² + b p + c(R).
The mass of one rank is a difference of values of φ, which is formed without subtracting them:

.. math:: 0 = f(p, R) - f(q, S) = (p - q)\, f[p, q; R] + (R - S)\, f[q; R, S]

with the divided differences of f in each of its arguments. In terms of the roots of both
discriminants, f[p, q; R] is a sum of positive terms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Dummy, Expr, Poly, Symbol, cancel, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain
from grpo_symbolic.numeric.double import DoubleSum
from grpo_symbolic.numeric.interpolant import Array

__all__ = ["RankDistortion", "cumulative"]


@dataclass(frozen=True)
class RankDistortion:
    """π by rank from reference masses by rank.

    Parameters
    ----------
    leading, constant : Expr
        a and −c.
    linear : DoubleSum
        −b.
    rate : Expr
        −f[q; R, S] / f[p, q; R], in ``upper`` and ``lower``.
    upper, lower : Symbol
        The roots of the discriminants at R and at S.
    weight : Symbol
        The only other symbol of all of these.
    """

    leading: Expr
    constant: Expr
    linear: DoubleSum
    rate: Expr
    upper: Symbol
    lower: Symbol
    weight: Symbol

    @classmethod
    def of(cls, polynomial: Poly, weight: Symbol) -> RankDistortion | None:
        """From the polynomial of φ; None where its differences cannot be formed like this."""
        if polynomial.degree() != 2:
            return None
        a, b, c = polynomial.all_coeffs()
        mass, at = symbols.pi_ref, polynomial.gen
        whole = polynomial.as_expr()
        if not whole.free_symbols <= {at, mass, weight} or (a.has(mass) or b.has(mass)):
            return None
        p, q, other = (Dummy(name, positive=True) for name in ("p", "q", "S"))
        in_policy = cancel((whole.subs(at, p) - whole.subs(at, q)) / (p - q))
        in_mass = cancel((c - c.subs(mass, other)) / (mass - other))
        upper, lower = Symbol("upper", positive=True), Symbol("lower", positive=True)
        roots = {p: (upper - b) / (2 * a), q: (lower - b) / (2 * a)}
        below = cancel(in_policy.subs(roots, simultaneous=True))
        linear = DoubleSum.of((-b).expand())
        domain = Domain.of(mass).extended(whole.subs(at, 1), upper, lower)
        signs = [sign(x, domain) for x in (below, -in_mass, a)]
        if linear is None or any(s != Sign.POSITIVE for s in signs) or in_mass.has(mass, other):
            return None
        if sign(-c, domain) not in (Sign.POSITIVE, Sign.NONNEGATIVE):
            return None
        return cls(a, -c, linear, -in_mass / below, upper, lower, weight)

    @cached_property
    def _functions(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        plain = {s: Symbol(s.name, real=True) for s in (self.weight, symbols.pi_ref)}
        names = (plain[self.weight], plain[symbols.pi_ref])
        coefficients = [e.xreplace(plain) for e in (self.leading, self.constant)]
        rate = self.rate.xreplace(plain)
        return (
            lambdify(names, coefficients, "numpy"),
            lambdify((names[0], self.upper, self.lower), rate, "numpy"),
        )

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k != "_functions"}

    def __call__(self, weight: Array, masses: Array) -> Array:
        """π by rank.

        Parameters
        ----------
        weight : array, rows
        masses : array, ranks × rows
            Positive, from the best rank on; every column sums to 1.
        """
        coefficients, rate = self._functions
        linear = self.linear({self.weight.name: weight})
        found = np.empty_like(masses)
        below = np.empty(0)
        with np.errstate(all="ignore"):
            for k, (mass, upto) in enumerate(zip(masses, cumulative(masses), strict=True)):
                leading, constant = coefficients(weight, upto)
                root = np.sqrt(linear * linear + 4.0 * leading * constant)
                if k:
                    found[k] = mass * rate(weight, root, below)
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
