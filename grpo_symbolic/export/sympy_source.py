"""A result as a Python program that needs SymPy alone and builds the formula again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from keyword import iskeyword
from typing import Protocol

from sympy import Add, Eq, Expr, Mul, Rational, Symbol
from sympy.core.relational import Relational
from sympy.printing.str import StrPrinter

from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.export.exhibit import Exhibited
from grpo_symbolic.export.layout import Layout

_ASSUMPTIONS: tuple[dict[str, bool], ...] = (
    {},
    {"real": True},
    {"nonnegative": True},
    {"positive": True},
    {"integer": True},
    {"integer": True, "nonnegative": True},
    {"integer": True, "positive": True},
)
_CALLED = re.compile(r"(?<![\w.])([A-Za-z]\w*)(?=\()")
_CONSTANTS = ("E", "oo")
_KEPT = re.compile(r"V_\d+")


class _Source(StrPrinter):
    """SymPy's notation in which a fraction stays exact when Python runs it."""

    def _print_Symbol(self, expr: Symbol) -> str:
        return identifier(expr)

    def _print_Rational(self, expr: Rational) -> str:
        return f"Rational({expr.p}, {expr.q})"

    def _print_Mul(self, expr: Mul) -> str:
        """Python multiplies from left to right, and SymPy would multiply 2*(a + b) out first."""
        if not (expr.args[0].is_Number and any(isinstance(a, Add) for a in expr.args)):
            return super()._print_Mul(expr)
        factors = ", ".join(self._print(a) for a in expr.args)
        kept = "" if Mul(*expr.args) == expr else ", evaluate=False"
        return f"Mul({factors}{kept})"

    def _print_Half(self, expr: Rational) -> str:
        return self._print_Rational(expr)

    def _print_Relational(self, expr: Relational) -> str:
        left, right = self._print(expr.lhs), self._print(expr.rhs)
        return f"{type(expr).__name__.replace('Equality', 'Eq')}({left}, {right}, evaluate=False)"

    def _print_Equality(self, expr: Relational) -> str:
        return self._print_Relational(expr)


def assumed(symbol: Symbol) -> dict[str, bool]:
    """The shortest assumptions that make the same symbol."""
    given = (a for a in _ASSUMPTIONS if Symbol(symbol.name, **a) == symbol)
    return next(given, {k: v for k, v in symbol.assumptions0.items() if v is not None})


class Computed(Exhibited, Protocol):
    """What can be shown, with the equations that it solves as they are computed with."""

    @property
    def equations(self) -> tuple[Eq, ...]: ...


def sympy_source(policy: Computed, layout: Layout) -> str:
    """Definitions of the symbols, and ``equations``: what was derived, exactly.

    The names are those of the library; the notation is for print. A mean over a group, which
    SymPy does not know by name, is written out.
    """
    exhibit = policy.exhibit
    equations = [Eq(s, e, evaluate=False) for s, e in exhibit.expressions]
    if not equations:
        equations = [e.func(*map(unfolded, e.args), evaluate=False) for e in policy.equations]
    found = sorted(_symbols(equations), key=str)
    names = {s: identifier(s) for s in found}
    body = [exact(e) for e in equations]
    needed = {"Symbol", *_functions(body)}
    # Values of reward levels that are too long to be written out keep their names.
    kept = sorted(name for name in needed if _KEPT.fullmatch(name))
    if kept:
        needed = {*needed, "Function"} - set(kept)
    clash = needed & set(names.values())
    if clash:
        raise ValueError(f"a symbol must not be called {min(clash)} in the format sympy")
    definitions = [
        f"{names[s]} = Symbol({s.name!r}"
        + "".join(f", {k}={v}" for k, v in assumed(s).items())
        + ")"
        for s in found
    ]
    definitions += [f"{name} = Function({name!r}, real=True)" for name in kept]
    lines = [
        f"# {exhibit.title}. Assumptions: {exhibit.domain}.",
        *(f"# Derived by grpo_symbolic: {line}" for line in exhibit.source.splitlines()),
        f"from sympy import {', '.join(sorted(needed))}",
        "",
        *definitions,
        "",
        "equations = [",
        *(f"    {line}," for line in body),
        "]",
    ]
    return "\n".join(lines)


def _symbols(equations: Iterable[Relational]) -> set[Symbol]:
    return {s for e in equations for s in e.atoms(Symbol)}  # the index of a sum, too


def _functions(body: Iterable[str]) -> set[str]:
    """The names of SymPy that the source uses."""
    text = "\n".join(body)
    words = set(re.findall(r"[A-Za-z]\w*", text))
    return set(_CALLED.findall(text)) | {c for c in _CONSTANTS if c in words}


def identifier(symbol: Symbol) -> str:
    """The symbol's name, as one that Python allows for a variable."""
    plain = re.sub(r"\W", "_", symbol.name)
    return f"{plain}_" if iskeyword(plain) else plain


def exact(expr: Expr | Relational) -> str:
    """An expression that Python, with SymPy's names and these symbols, builds exactly."""
    return _Source().doprint(expr)
