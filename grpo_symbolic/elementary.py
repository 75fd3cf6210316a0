"""Elementary functions of one argument by their SymPy names: what formulas and files may use."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Expr

__all__ = ["ELEMENTARY", "Need", "needs_of_power", "needs_of_value"]

_NAMES = (
    *("Abs", "sign", "exp", "log", "erf", "erfc"),
    *("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
ELEMENTARY: dict[str, type[sympy.Function]] = {name: getattr(sympy, name) for name in _NAMES}

#: An expression and how it has to compare with 0.
Need = tuple[Expr, str]
_WITHIN: dict[str, tuple[tuple[Callable[[Expr], Expr], str], ...]] = {
    "log": ((lambda x: x, ">"),),
    "asin": ((lambda x: 1 - x, ">="), (lambda x: 1 + x, ">=")),
    "acos": ((lambda x: 1 - x, ">="), (lambda x: 1 + x, ">=")),
    "atanh": ((lambda x: 1 - x, ">"), (lambda x: 1 + x, ">")),
    "acosh": ((lambda x: x - 1, ">="),),
}


def needs_of_value(name: str, argument: Expr) -> tuple[Need, ...]:
    """Where a function is a real number: what has to compare so with 0."""
    return tuple((part(argument), relation) for part, relation in _WITHIN.get(name, ()))


def needs_of_power(base: Expr, power: Expr) -> tuple[Need, ...]:
    """Where ``base**power`` is a real number: the same."""
    if power.is_Integer:
        return ((base, "!="),) if power.is_negative else ()
    if power.is_Rational:
        return ((base, ">" if power.is_negative else ">="),)
    return () if base.is_number and base.is_positive else ((base, ">"),)
