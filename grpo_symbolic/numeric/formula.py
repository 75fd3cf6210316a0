"""Expressions compiled for float64 arrays, in π(a) and 1 − π(a) as numbers of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Symbol, Tuple, diff, lambdify

from grpo_symbolic import symbols

__all__ = ["REST", "Formula", "log_odds_slope"]

#: 1 − π(a), which keeps its digits where π(a) rounds to 1.
REST = Symbol("rest", positive=True)


@dataclass(frozen=True)
class Formula:
    """Expressions as one function of arrays; compiled when it is first called.

    Parameters
    ----------
    parts : tuple of Expr
    names : tuple of str
        The arguments: every free symbol goes by its name.
    """

    parts: tuple[Expr, ...]
    names: tuple[str, ...]

    def __call__(self, *values: Any) -> list[Any]:
        """The values of all parts; a constant is a number."""
        return _compiled(self.parts, self.names)(*values)


@lru_cache(maxsize=512)
def _compiled(parts: tuple[Expr, ...], names: tuple[str, ...]) -> Callable[..., list[Any]]:
    plain = {s: Symbol(s.name, real=True) for s in Tuple(*parts).free_symbols}
    return lambdify(names, [part.xreplace(plain) for part in parts], "numpy", cse=True)


def log_odds_slope(expr: Expr) -> Expr:
    """The derivative along log π(a)/(1 − π(a)) of an expression in π(a) and ``REST``."""
    pi = symbols.pi
    change = diff(expr, pi) - diff(expr, REST)
    # Term by term, so that powers join: a power of its own might overflow at an end.
    return Add(*(pi * REST * term for term in Add.make_args(change)))
