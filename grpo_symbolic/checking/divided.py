"""Relations that together say a relation which nothing proves as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from sympy import (
    Abs,
    Add,
    Basic,
    Expr,
    Max,
    Min,
    Mul,
    Rational,
    S,
    Tuple,
    asin,
    atan,
    exp,
    log,
    sin,
    sinh,
    tan,
    tanh,
)

from grpo_symbolic.checking.checked import SCATTERED, value_at
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.domain import Domain
from grpo_symbolic.grammar.statement import MIRRORED, Comparison
from grpo_symbolic.verify.ball_numbers import agrees

#: The values of some expressions together, at stationary policies that were seen.
Seen = Callable[..., list[tuple[Expr, ...]]]
#: So many relations at most in the place of one.
_MOST = 4
#: Numbers that may lie between two sides, and how many of them are tried.
_BETWEEN = tuple(Rational(n, 2) for n in (0, 2, -2, 4, -4, 1, -1, 6, -6, 8, -8))
_TRIED = 2
#: Lines that touch a function, as its argument and a number: what lies where is proved.
_LINES = {**dict.fromkeys((tanh, sinh, sin, tan, atan, asin), 0), exp: 1, log: -1}


def divided(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """Ways to divide a relation, each of which proves it where all its parts hold.

    By the values that a maximum, a minimum or a modulus may have; by the signs of the factors of
    a product; by what lies between both sides: a number, also once terms in other symbols stand on
    the other side, or a side with a line in place of a function that it touches.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> pi, beta = gs.symbols.pi, gs.symbols.beta
    >>> said = Comparison(Abs(pi - 2 * beta), "<=", 1 + 2 * beta)
    >>> [[str(part) for part in parts] for parts in divided(said, lambda *_: [])]
    [['-2*beta + pi <= 2*beta + 1', '2*beta - pi <= 2*beta + 1']]
    """
    if said.left.has(Abs, Max, Min) or said.right.has(Abs, Max, Min):
        parts = _each_value(said)
        if len(parts) <= _MOST:
            yield parts
        yield from _modulus(said, seen)
    elif said.relation not in ("==", "!="):
        if said.left.is_number:
            said = replace(said, left=said.right, relation=MIRRORED[said.relation], right=said.left)
        yield from _sign(said, seen) if said.right.is_number else _around(said, seen)
        yield from _apart(said, seen)
        yield from _touching(said, seen)


def values_seen(about: Subject, domain: Domain, *expressions: Expr) -> list[tuple[Expr, ...]]:
    """The values of expressions, a row for each of some stationary policies."""
    rows: list[tuple[Expr, ...]] = []
    for point in about.points(domain, SCATTERED):
        for policy in about.solutions(point):
            found = (value_at(e, {**point, **policy}) for e in expressions)
            row = tuple(value for value in found if value is not None)
            if len(row) == len(expressions):
                rows.append(row)
    return rows


def _each_value(said: Comparison) -> tuple[Comparison, ...]:
    """Such a function has one of these values everywhere: what holds of each holds of it."""
    sides = Tuple(said.left, said.right)
    # The outer ones first: what is in a value that is not taken needs none of its own.
    order = sorted(sides.atoms(Abs, Max, Min), key=lambda e: (-e.count_ops(), str(e)))
    if not order:
        return (said,)
    found = order[0]
    values = (found.args[0], -found.args[0]) if isinstance(found, Abs) else found.args
    inserted = (sides.xreplace({found: value}) for value in sorted(values, key=str))
    ones = (replace(said, left=left, right=right) for left, right in inserted)
    return tuple(chain.from_iterable(_each_value(one) for one in ones))


def _modulus(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """A modulus is the term or its opposite, where the term keeps the sign that was seen."""
    sides = Tuple(said.left, said.right)
    for modulus in sorted(sides.atoms(Abs), key=str):
        (term,) = modulus.args
        values = [value for (value,) in seen(term)]
        for relation, same in ((">=", term), ("<=", -term)):
            if values and all(agrees(relation, value) for value in values):
                left, right = sides.xreplace({modulus: same})
                known = Comparison(term, relation, S.Zero, given=said.given)
                yield known, replace(said, left=left, right=right)


def _sign(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """The sign of the left side, by those of its factors, where 0 is on that side of the number."""
    loose = said.relation[0] + "="
    if said.right != 0 and not agrees(said.relation, -said.right):
        return
    about = said if said.right == 0 else replace(said, relation=loose, right=S.Zero)
    factors = Mul.make_args(said.left)
    rows = seen(*factors) if 1 < len(factors) <= _MOST else []
    ways = [">" if max(values) > 0 else "<" for values in zip(*rows, strict=True)]
    even = ways.count("<") % 2 == 0
    if rows and even == (said.relation[0] == ">"):
        yield tuple(
            replace(about, left=factor, relation=way + about.relation[1:])
            for factor, way in zip(factors, ways, strict=True)
        )
    if said.right != 0:
        yield (about,)


def _around(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """A number between both sides."""
    rows = seen(said.left, said.right)
    if not rows:
        return
    left, right = zip(*rows, strict=True)
    below, above = (left, right) if said.relation[0] == "<" else (right, left)
    for number in [n for n in _BETWEEN if max(below) <= n <= min(above)][:_TRIED]:
        yield from _by_way_of(said, number)


def _by_way_of(said: Comparison, middle: Expr) -> Iterator[tuple[Comparison, ...]]:
    """Of a strict relation one of the two parts is strict."""
    loose = said.relation[0] + "="
    for first, second in dict.fromkeys([(said.relation, loose), (loose, said.relation)]):
        yield (
            replace(said, relation=first, right=middle),
            replace(said, relation=second, left=middle),
        )


def _apart(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """Terms that share no symbol with the others on a side of their own."""
    difference = said.left - said.right
    groups: list[tuple[set[Basic], Expr]] = []
    for term in Add.make_args(difference):
        joined = [group for group in groups if group[0] & term.free_symbols]
        groups = [group for group in groups if group not in joined]
        names = term.free_symbols.union(*(symbols for symbols, _ in joined))
        groups.append((names, Add(term, *(sum_ for _, sum_ in joined))))
    alone = sorted((sum_ for names, sum_ in groups if names), key=str)
    if len(alone) > 1:
        yield from _around(replace(said, left=alone[0], right=alone[0] - difference), seen)


def _touching(said: Comparison, seen: Seen) -> Iterator[tuple[Comparison, ...]]:
    """A side with a line in the place of a function, where it was seen between both."""
    for side in (said.left, said.right):
        for function in sorted(side.atoms(*_LINES), key=str):
            middle = side.xreplace({function: function.args[0] + _LINES[function.func]})
            gaps = seen(said.left - middle, middle - said.right)
            loose = said.relation[0] + "="
            if gaps and all(agrees(loose, gap) for row in gaps for gap in row):
                yield from _by_way_of(said, middle)
