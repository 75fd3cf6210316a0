"""Elementary functions of one argument by their SymPy names: what formulas and files may use."""

from __future__ import annotations

import sympy

__all__ = ["ELEMENTARY"]

_NAMES = (
    *("Abs", "sign", "exp", "log", "erf", "erfc"),
    *("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
ELEMENTARY: dict[str, type[sympy.Function]] = {name: getattr(sympy, name) for name in _NAMES}
