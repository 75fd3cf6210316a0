"""GroupSum: a finite sum over a group, with a numeric value that can be relied on.

SymPy evaluates a ``Sum`` of more than a hundred terms by Euler-Maclaurin, and returns 0
for a sum over 256 binomial terms. Here the terms are added one by one.
"""

from __future__ import annotations

import mpmath as mp
from sympy import Expr, Float, Sum, lambdify

_GUARD_BITS = 30


class GroupSum(Sum):
    """A ``Sum`` over k = a, …, b with integer ends, or an end still symbolic."""

    def _eval_evalf(self, prec: int) -> Expr | None:
        index, first, last = self.limits[0]
        if self.free_symbols or not (first.is_Integer and last.is_Integer):
            return None
        term = lambdify(index, self.function, "mpmath")
        with mp.workprec(prec + _GUARD_BITS):
            total = mp.fsum(term(mp.mpf(k)) for k in range(int(first), int(last) + 1))
        return Float(total, precision=prec)
