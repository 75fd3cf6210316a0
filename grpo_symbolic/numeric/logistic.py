"""A quotient of sums with one exponential, and its complement, for float64 arrays.

It is what a condition linear in π(a) leaves: π_ref(a) against the rest of the reference, one of
them times exp(−x). The exponent is corrected for the rounding of its quotient, and the
exponential taken in two halves where it stands alone, so that neither a large exponent nor its
underflow costs digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb
from sympy import Expr, Symbol, exp, fraction

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.numeric.double import DoubleSum, quotient_exp
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Points
from grpo_symbolic.numeric.quadratic import BITS, REST_REFERENCE, ClosedKernel

__all__ = ["Logistic"]

_HALF = Symbol("half_exponential", positive=True)
_LEAST = 1e-140


@dataclass(frozen=True)
class Logistic(ClosedKernel):
    """A root linear in exp(−x), and one minus it.

    Parameters
    ----------
    shares : pair of (Expr, int)
        Numerators of π(a) and 1 − π(a) over a power of exp(−x/2), and that power.
    denominator : Expr
    exponent : DoubleSum
        −x/2 times ``weight``.
    weight : str
    exact : Expr
        π(a).
    """

    shares: tuple[tuple[Expr, int], tuple[Expr, int]]
    denominator: Expr
    exponent: DoubleSum
    weight: str
    exact: Expr

    @classmethod
    def of(cls, form: Expr, inputs: tuple[Symbol, ...], domain: Domain) -> Logistic | None:
        """From a quotient whose exponentials do not overflow; None for another shape."""
        decays = form.atoms(exp)
        if len(decays) != 1:
            return None
        (decay,) = decays
        top, bottom = fraction(decay.args[0].together())
        number, bottom = bottom.as_independent(Symbol, as_Add=False)
        exponent = DoubleSum.of((top / number / 2).expand())
        if exponent is None or not bottom.is_Symbol:
            return None
        over, under = fraction(form)
        shares = []
        for share in (over, tidy(under - over, domain)):
            share = share.xreplace({decay: _HALF**2, 1 - symbols.pi_ref: REST_REFERENCE})
            alone, factor = share.as_independent(_HALF, as_Add=False)
            power = 0 if factor == 1 else factor.as_base_exp()[1]
            if factor not in (1, _HALF**2):
                return None
            shares.append((alone, int(power)))
        under = under.xreplace({decay: _HALF**2, 1 - symbols.pi_ref: REST_REFERENCE})
        return cls(inputs, (shares[0], shares[1]), under, exponent, bottom.name, form)

    def found(self, points: Points) -> Array:
        at = dict(points.values)
        reference = at[symbols.pi_ref.name]
        rest = 1.0 - reference
        share, power = self.shares[points.complement]
        names = (*self.names, _HALF.name, REST_REFERENCE.name)
        values = (at[name] for name in self.names)
        with np.errstate(all="ignore"):
            half = quotient_exp(self.exponent, at[self.weight], at)
            over, under = Formula((share, self.denominator), names)(*values, half, rest)
            # The second half is not multiplied in before the quotient: it might underflow.
            found = (over * half / under) * half if power else over / under
        fixed = (reference == 0) | (reference == 1)
        found = np.where(fixed, rest if points.complement else reference, found)
        tiny = (half < _LEAST) & (reference < _LEAST) & (reference > 0)
        return self.corrected(np.broadcast_to(found, points.count).copy(), tiny, points)

    def in_balls(self, at: dict[Symbol, arb]) -> arb:
        return ball(self.exact, at, BITS)
