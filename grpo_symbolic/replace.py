"""Replacements in large expressions that share their parts: each part is rebuilt once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr, Max, Min


def replaced(expressions: Iterable[Expr], given: Mapping[Expr, Expr]) -> list[Expr]:
    """The expressions with ``given`` in them, as by ``xreplace``.

    A maximum is not simplified again: that compares its arguments, which takes long in many
    symbols.
    """
    known: dict[Expr, Expr] = dict(given)
    return [_replaced(e, known) for e in expressions]


def _replaced(e: Expr, known: dict[Expr, Expr]) -> Expr:
    if (found := known.get(e)) is not None:
        return found
    args = [_replaced(a, known) if isinstance(a, Expr) else a.xreplace(known) for a in e.args]
    if all(new is old for new, old in zip(args, e.args, strict=True)):
        found = e
    elif isinstance(e, (Max, Min)):
        found = e.func(*args, evaluate=False)
    else:
        found = e.func(*args)
    known[e] = found
    return found
