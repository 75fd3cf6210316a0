"""GroupSum: a finite sum over a group, with a numeric value that can be relied on.

SymPy evaluates a ``Sum`` of more than a hundred terms by Euler-Maclaurin, and returns 0
for a sum over 256 binomial terms. Here the terms are added one by one.
"""

from __future__ import annotations

import mpmath as mp
from sympy import Dummy, Expr, Float, Function, Integer, Sum, lambdify

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


class PowerSum(Function):
    """1 + x + … + x^(n − 1), or a derivative of it in x, by name.

    SymPy looks for the sign of a long sum at the roots of its slope; here it is told.

    Parameters
    ----------
    x : Expr
    n : int
    order : int
        Of the derivative.
    """

    nargs = 3

    @classmethod
    def of(cls, total: Expr) -> Expr:
        """Σ_{k=1}^n x^(k − 1); any other sum as it is."""
        if not isinstance(total, Sum):
            return total
        index, first, last = total.limits[0]
        base, exponent = total.function.as_base_exp()
        if first != 1 or exponent != index - 1 or index in base.free_symbols:
            return total
        return cls(base, last, Integer(0)) if last.is_Integer else total

    def fdiff(self, argindex: int = 1) -> Expr:
        x, n, order = self.args
        return PowerSum(x, n, order + 1)

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_positive(self) -> bool | None:
        x, n, order = self.args
        return True if x.is_positive and n > order else None

    def written(self) -> Expr:
        """In products, S_2m = S_m (1 + x^m): as many operations as n has digits.

        For x > 0 nothing cancels.
        """
        x, n, order = self.args
        base = Dummy("x", real=True)

        def upto(n: int) -> Expr:
            if n < 2:
                return Integer(n)
            even = upto(n // 2) * (1 + base ** (n // 2))
            return 1 + base * even if n % 2 else even

        return upto(int(n)).diff(base, int(order)).xreplace({base: x})


def powers_written(expr: Expr) -> Expr:
    """The expression with each sum of powers in products."""
    return expr.xreplace({s: s.written() for s in expr.atoms(PowerSum)})
