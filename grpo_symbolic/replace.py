"""Large expressions that share their parts: each part is met, rebuilt or counted once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sympy import Basic, Expr, Max, Min


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


def parts(expressions: Iterable[Basic]) -> Iterator[Basic]:
    """Every different part of the expressions, once, the expressions among them."""
    left, met = list(expressions), set[Basic]()
    while left:
        part = left.pop()
        if part not in met:
            met.add(part)
            yield part
            left.extend(part.args)


def sizes(expressions: Iterable[Expr]) -> list[int]:
    """How many nodes each expression has, its parts counted as often as they stand there."""
    known: dict[Basic, int] = {}
    return [_size(e, known) for e in expressions]


def _size(e: Basic, known: dict[Basic, int]) -> int:
    if (found := known.get(e)) is None:
        found = known[e] = 1 + sum(_size(a, known) for a in e.args)
    return found
