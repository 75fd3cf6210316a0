"""Expressions compiled for float64 arrays, in π(a) and 1 − π(a) as numbers of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sympy import Add, Dummy, Expr, Max, Min, Mul, Pow, S, Sum, Symbol, Tuple, cse, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.gradient import gradients
from grpo_symbolic.group_sum import powers_written

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
    first : tuple of (Symbol, Expr)
        What is computed before, as it is written.
    """

    parts: tuple[Expr, ...]
    names: tuple[str, ...]
    first: tuple[tuple[Symbol, Expr], ...] = ()

    def __call__(self, *values: Any) -> list[Any]:
        """The values of all parts; a constant is a number."""
        return _compiled(self.parts, self.names, self.first)(*values)


@lru_cache(maxsize=512)
def _compiled(
    parts: tuple[Expr, ...], names: tuple[str, ...], first: tuple[tuple[Symbol, Expr], ...]
) -> Callable[..., list[Any]]:
    free = Tuple(*parts, *(value for _, value in first)).free_symbols
    # Maxima of large terms take long to build again: there only what has another name in print.
    kept = Tuple(*parts).has(Max, Min)
    plain = {s: Symbol(s.name, real=True) for s in free if isinstance(s, Dummy) or not kept}
    before = [(plain.get(symbol, symbol), value.xreplace(plain)) for symbol, value in first]

    def in_order(given: list[Expr]) -> tuple[list[tuple[Symbol, Expr]], list[Expr]]:
        steps, found = _in_steps(given)
        return [*before, *steps], found

    # Common parts are looked for in what a mean over a group is the sum of, not in its table.
    given = [powers_written(unfolded(part.xreplace(plain))) for part in parts]
    return lambdify(names, given, "numpy", cse=in_order)


def _in_steps(parts: list[Expr]) -> tuple[list[tuple[Symbol, Expr]], list[Expr]]:
    """Common parts, each computed once; whole powers as products, which cost a tenth of them."""
    # What the terms of a sum are counted by has no value outside of it.
    bound = {s for total in Tuple(*parts).atoms(Sum) for s in total.bound_symbols}
    powers = {p for p in Tuple(*parts).atoms(Pow) if p.base.is_Symbol and p.exp.is_Integer}
    known: dict[Expr, Symbol] = {}
    steps: list[tuple[Symbol, Expr]] = []

    def power(base: Symbol, n: int) -> Symbol:
        if n == 1:
            return base
        key = Pow(base, n)
        if key not in known:
            # One factor less where that is known, else two halves.
            less = n - 1 if Pow(base, n - 1) in known else n // 2
            product = power(base, less), power(base, n - less)
            known[key] = Dummy(f"{base.name}_{n}")
            steps.append((known[key], Mul(*product, evaluate=False)))
        return known[key]

    long = (p for p in powers if p.exp > 2 and p.base not in bound)
    for p in sorted(long, key=lambda p: (p.base.name, p.exp)):
        power(p.base, int(p.exp))
    more, found = cse([part.xreplace(known) for part in parts], ignore=bound)
    return [*steps, *more], found


def log_odds_slope(expr: Expr) -> Expr:
    """The derivative along log π(a)/(1 − π(a)) of an expression in π(a) and ``REST``."""
    pi = symbols.pi
    (slopes,) = gradients([expr], [pi, REST])
    change = slopes.get(pi, S.Zero) - slopes.get(REST, S.Zero)
    # Term by term, so that powers join: a power of its own might overflow at an end.
    return Add(*(pi * REST * term for term in Add.make_args(change)))
