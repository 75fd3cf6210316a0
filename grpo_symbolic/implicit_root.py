"""ImplicitRoot: the one solution of an equation in an interval, as an expression.

Where no formula gives a root, the equation that it solves is the answer: it prints as that
equation, has a numeric value, and differentiates by implicit differentiation.
"""

from __future__ import annotations

from typing import Any

import mpmath as mp
from sympy import Dummy, Eq, Expr, Float, Lambda, S, Symbol, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded

_GUARD_BITS = 40
# Halvings of the way to an end, before a bracket is given up.
_MOST = 4000


class ImplicitRoot(Expr):
    """The only p in (lower, upper) with left(p) = right(p), where left − right rises through 0.

    Parameters
    ----------
    left, right : Lambda
        The two sides, functions of p.
    lower, upper : Expr
        The ends of the interval.

    Examples
    --------
    >>> from sympy import log
    >>> p = symbols.pi
    >>> root = ImplicitRoot(Lambda(p, p), Lambda(p, -log(p)), 0, 1)
    >>> root, root.evalf(15)
    (root(pi: pi = -log(pi)), 0.567143290409784)
    """

    is_commutative = True
    is_Function = True  # noqa: N815 - so that SymPy does not rewrite what is inside

    def __new__(cls, left: Lambda, right: Lambda, lower: Any, upper: Any) -> ImplicitRoot:
        return Expr.__new__(cls, left, right, S(lower), S(upper))

    @classmethod
    def of(cls, equation: Eq, symbol: Symbol, lower: Any, upper: Any) -> ImplicitRoot:
        """From an equation in ``symbol``."""
        sides = (Lambda(symbol, side) for side in equation.args)
        return cls(*sides, lower, upper)

    @property
    def equation(self) -> Eq:
        """left(p) = right(p), in ``symbols.pi``."""
        left, right = (side(symbols.pi) for side in self.args[:2])
        return Eq(left, right, evaluate=False)

    @property
    def is_number(self) -> bool:
        return not self.free_symbols

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_is_finite(self) -> bool:
        return True

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[2].is_nonnegative else None

    def _eval_derivative(self, s: Symbol) -> Expr:
        p = Dummy("p", positive=True)
        balance = self.args[0](p) - self.args[1](p)
        moved = -balance.diff(s) / balance.diff(p)
        return moved.subs(p, self) if moved != 0 else S.Zero

    def _eval_evalf(self, prec: int) -> Expr | None:
        if self.free_symbols:
            return None
        p = Dummy("p", positive=True)
        balance = unfolded(self.args[0](p) - self.args[1](p))
        with mp.workprec(prec + _GUARD_BITS):
            function = lambdify(p, balance, "mpmath")
            low, high = self._bracket(function)
            # The tolerance is one on the step's width, halved along with the bracket.
            root = mp.findroot(
                function, (low, high), solver="anderson", tol=mp.eps, maxsteps=400, verify=False
            )
        return Float(root, precision=prec)

    def _bracket(self, function: Any) -> tuple[mp.mpf, mp.mpf]:
        """Points near both ends at which the sides compare as they do there."""
        ends = [mp.mpmathify(end.evalf(mp.mp.dps)) for end in self.args[2:]]
        middle, found = (ends[0] + ends[1]) / 2, []
        for end, sign in zip(ends, (-1, 1), strict=True):
            place = middle
            for _ in range(_MOST):
                if mp.sign(function(place)) == sign:
                    break
                place = (place + end) / 2
            else:
                raise ValueError(f"{self} has no sign change in its interval")
            found.append(place)
        return found[0], found[1]

    def _sympystr(self, printer: Any) -> str:
        left, right = (printer._print(side) for side in self.equation.args)
        return f"root(pi: {left} = {right})"

    _sympyrepr = _sympystr

    def _latex(self, printer: Any) -> str:
        left, right = (printer._print(side) for side in self.equation.args)
        name = printer._print(symbols.pi)
        return rf"\operatorname{{root}}_{{{name}}}\left\{{{left} = {right}\right\}}"
