"""Expressions as plain nested lists, for files: written exactly, read back without a parser.

A symbol is its name, an integer is itself, and everything else is a list of a head and its
arguments: ``sqrt(1 - beta)/2`` is ``["Mul", ["Rational", 1, 2], ["Pow", ["Add", 1, ["Mul", -1,
"beta"]], ["Rational", 1, 2]]]``. Heads come from a fixed table, numbers have a largest size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sympy import (
    Abs,
    Add,
    Expr,
    Integer,
    Lambda,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    binomial,
    exp,
    log,
    nan,
    oo,
    pi,
    zoo,
)
from sympy.functions.elementary.hyperbolic import HyperbolicFunction, InverseHyperbolicFunction

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.elementary import ELEMENTARY
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.symbols import t as _t

Tree: TypeAlias = str | int | list[Any]

_HEADS: dict[str, Any] = {
    **ELEMENTARY,
    **{head.__name__: head for head in (Add, Mul, Pow, Max, Min, Tuple, binomial)},
}
_SUMS: dict[str, Any] = {"GroupSum": GroupSum, "Sum": Sum}
_CONSTANTS: dict[str, Expr] = {"Pi": pi, "Infinity": oo, "NegativeInfinity": -oo}
#: The assumptions that a symbol is written with.
_ASSUMPTIONS = ("integer", "positive", "negative", "nonnegative", "nonpositive", "real")
_MAX_BITS = 1 << 16
_MAX_BINOMIAL = 10_000
#: Sums of more terms stay sums.
_MAX_TERMS = 64


def written_out(expr: Expr) -> Expr:
    """The expression by what the kernel knows: sums and means of a given length term by term,
    hyperbolic functions, the larger and the smaller of two by their definitions.
    """
    means = [m for m in expr.atoms(BernsteinMean) if m.size.is_Integer and m.size <= _MAX_TERMS]
    expr = expr.xreplace({mean: mean.doit() for mean in means})
    sums = [s for s in expr.atoms(Sum) if _length(s) is not None]
    expr = expr.xreplace({s: s.doit() for s in sums})
    for heads, basis in (
        (InverseHyperbolicFunction, log),
        (HyperbolicFunction, exp),
        ((Max, Min), Abs),
    ):
        if expr.has(*(heads if isinstance(heads, tuple) else (heads,))):
            expr = expr.replace(
                lambda e, heads=heads: isinstance(e, heads),
                lambda e, basis=basis: e.rewrite(basis),
            )
    return expr


def _length(total: Sum) -> int | None:
    """The number of terms of a sum over whole numbers, where it is given and not large."""
    ends = [end for limit in total.limits for end in limit[1:]]
    if len(ends) != 2 or not all(end.is_Integer for end in ends) or total.function.has(Sum):
        return None
    count = int(ends[1] - ends[0]) + 1
    return count if 0 <= count <= _MAX_TERMS else None


def to_tree(expr: Expr) -> Tree:
    """The expression as nested lists.

    Raises
    ------
    ValueError
        For a head outside the table.
    """
    if isinstance(expr, Symbol):
        return expr.name
    if expr.is_Integer:
        return int(expr)
    if expr.is_Rational:
        return ["Rational", int(expr.p), int(expr.q)]
    if expr == S.Exp1:
        return ["exp", 1]
    for name, constant in _CONSTANTS.items():
        if expr == constant:
            return [name]
    head = type(expr).__name__
    if isinstance(expr, BernsteinMean):
        rest = (expr.values, expr.size, expr.argument, Integer(expr.order))
        return [head, expr.name, *map(to_tree, rest)]
    if isinstance(expr, Lambda):
        return ["Lambda", to_tree(expr(_t))]
    if head in _SUMS and len(expr.limits) == 1:
        index, first, last = expr.limits[0]
        return [head, to_tree(expr.function), index.name, to_tree(first), to_tree(last)]
    if _HEADS.get(head) is not type(expr):
        raise ValueError(f"{head} has no place in a certificate")
    return [head, *map(to_tree, expr.args)]


def from_tree(tree: Tree, symbols: Mapping[str, Symbol]) -> Expr:
    """The expression that :func:`to_tree` wrote.

    Raises
    ------
    ValueError
        For what is not such a tree, an unknown symbol, or a number beyond the largest size.
    """
    if isinstance(tree, str):
        if tree not in symbols:
            raise ValueError(f"the symbol {tree!r} is not declared")
        return symbols[tree]
    if isinstance(tree, int) and not isinstance(tree, bool):
        return Integer(tree)
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise ValueError(f"a number, a name or a list was expected, got {tree!r}")
    head, *rest = tree
    if head in _CONSTANTS and not rest:
        return _CONSTANTS[head]
    if head == "Rational":
        return _ratio(rest)
    if head in _SUMS and len(rest) == 4:
        term, index, first, last = (from_tree(part, symbols) for part in rest)
        return _SUMS[head](term, (index, first, last))
    if head == "BernsteinMean" and len(rest) == 5:
        return _mean_from(rest, symbols)
    if head == "Lambda" and len(rest) == 1:
        return Lambda(_t, from_tree(rest[0], {**symbols, _t.name: _t}))
    if head not in _HEADS:
        raise ValueError(f"{head!r} is not a head of an expression")
    args = [from_tree(part, symbols) for part in rest]
    _check_size(head, args)
    try:
        found = _HEADS[head](*args)
    except TypeError as error:
        raise ValueError(f"{head} cannot have these arguments: {error}") from None
    if found in (nan, zoo):
        raise ValueError(f"{head} has no value at these arguments")
    return found


def _mean_from(parts: list[Any], known: Mapping[str, Symbol]) -> Expr:
    name, *rest = parts
    if not isinstance(name, str) or not name.replace("_", "").isalnum():
        raise ValueError(f"{name!r} is not the name of a mean")
    values, size, argument, order = (from_tree(part, known) for part in rest)
    if not isinstance(values, Lambda) and not (isinstance(values, Tuple) and len(values) >= 3):
        raise ValueError(f"{values} are not the values of a mean")
    return BernsteinMean(values, size, argument, order, name)


def assumptions(symbols: Iterable[Symbol]) -> dict[str, list[str]]:
    """What is assumed of each symbol, by name.

    Raises
    ------
    ValueError
        For two symbols of one name, or assumptions outside the table.
    """
    found: dict[str, list[str]] = {}
    for symbol in sorted(set(symbols), key=str):
        held = [key for key in _ASSUMPTIONS if symbol.assumptions0.get(key)]
        if symbol_from(symbol.name, held) != symbol or symbol.name in found:
            raise ValueError(f"the symbol {symbol} cannot be told by its name and assumptions")
        found[symbol.name] = held
    return found


def symbol_from(name: str, held: Iterable[str]) -> Symbol:
    """The symbol of that name and those assumptions."""
    held = list(held)
    if not isinstance(name, str) or not set(held) <= set(_ASSUMPTIONS):
        raise ValueError(f"{name!r} with {held} is not a symbol")
    return Symbol(name, **dict.fromkeys(held, True))


def _ratio(parts: list[Any]) -> Expr:
    if len(parts) != 2 or not all(type(part) is int for part in parts) or parts[1] == 0:
        raise ValueError(f"{parts!r} is not a ratio of integers")
    return Rational(*parts)


def _check_size(head: str, args: list[Expr]) -> None:
    """No power and no binomial coefficient of numbers that would fill the memory."""
    if head == "Pow" and len(args) == 2 and all(arg.is_Rational for arg in args):
        base, power = args
        bits = max(abs(int(base.p)), int(base.q)).bit_length()
        if bits * max(abs(int(power.p)), int(power.q)) > _MAX_BITS:
            raise ValueError(f"{base}**{power} is too large")
    if head == "binomial" and any(arg.is_Rational and abs(arg) > _MAX_BINOMIAL for arg in args):
        raise ValueError("this binomial coefficient is too large")
