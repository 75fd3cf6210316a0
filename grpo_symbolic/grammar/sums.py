r"""Sums: over numbers term by term, and the mean over a group as what it is.

A product of :math:`\binom{n}{k} x^k (1 - x)^{n-k}` and of c(k) is read factor by factor; its sum is
a :class:`~grpo_symbolic.bernstein_mean.BernsteinMean`, for every n, a symbol too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from sympy import Add, Dummy, Expr, Integer, Lambda, Mul, S, Symbol, Tuple

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.elementary import Need
from grpo_symbolic.grammar.tokens import Node

MAX_TERMS = 200
#: k/n in a group of any size, where nothing but the values of a mean has it.
SHARE = Dummy("share", positive=True)


class Evaluator(Protocol):
    """What builds the expression of a tree."""

    needs: list[Need]

    def end(self, node: Node) -> Expr: ...

    def bound(self, name: str, value: Expr, node: Node) -> Expr:
        """With a name that stands for a value."""
        ...

    def refused(self, node: Node, reason: str) -> ValueError: ...


def sum_of(builder: Evaluator, node: Node) -> Expr:
    """The sum that a tree stands for.

    Raises
    ------
    ValueError
        For a sum to a symbol that is no mean over a group, and for too many terms.
    """
    index, low, high, body = node.args
    first, last = builder.end(low), builder.end(high)
    if first.is_Integer and last.is_Integer and last - first >= MAX_TERMS:
        raise builder.refused(node, f"a sum may have {MAX_TERMS} terms")
    found = _mean(builder, index.text, first, last, body)
    if found is not None:
        return found
    if not (first.is_Integer and last.is_Integer):
        raise builder.refused(node, "the ends of a sum are whole numbers, or it is a binomial mean")
    terms = (builder.bound(index.text, Integer(k), body) for k in range(first, last + 1))
    return Add(*terms)


def _factors(node: Node) -> Iterator[Node]:
    if node.head != "*":
        yield node
        return
    for part in node.args:
        yield from _factors(part)


def _mean(builder: Evaluator, index: str, first: Expr, last: Expr, body: Node) -> Expr | None:
    """The mean over a group that a sum is; None where its factors are others."""

    def is_index(node: Node) -> bool:
        return node.head == "name" and node.text == index

    parts = list(_factors(body))
    chosen = [p for p in parts if p.head == "binomial" and is_index(p.args[1])]
    powers = [p for p in parts if p.head == "**"]
    hits = [p for p in powers if is_index(p.args[1])]
    if len(chosen) != 1 or len(hits) != 1:
        return None
    place = Symbol(index, integer=True)
    size, share = (builder.bound(index, place, p.args[0]) for p in (chosen[0], hits[0]))
    if size.has(place) or share.has(place):
        return None
    if not size.is_integer or size.is_positive is False:
        return None
    if size.is_Integer and size > MAX_TERMS:
        raise builder.refused(body, f"a sum may have {MAX_TERMS} terms")
    misses = [
        p
        for p in powers
        if p is not hits[0]
        and builder.bound(index, place, p.args[1]) == size - place
        and (builder.bound(index, place, p.args[0]) + share - 1).expand() == 0
    ]
    if len(misses) != 1 or first not in (0, 1) or size - last not in (0, 1):
        return None
    rest = [p for p in parts if p not in (chosen[0], hits[0], misses[0])]

    def value(k: Expr) -> Expr:
        return Mul(*(builder.bound(index, k, part) for part in rest))

    return BernsteinMean(_values(builder, value, size, (first, last)), size, share)


def _values(
    builder: Evaluator, value: Callable[[Expr], Expr], size: Expr, ends: tuple[Expr, Expr]
) -> Lambda | Tuple:
    """c, as a function of k/n where it is one, else as a table."""
    first = value(S.Zero) if ends[0] == 0 else S.Zero
    last = value(size) if ends[1] == size else S.Zero
    inner = None
    if not size.is_Integer:
        inner = value(size * SHARE)
    else:
        table = [value(Integer(k)) for k in range(1, int(size))]
        before = list(builder.needs)
        with suppress(ValueError):
            inner = value(size * SHARE)
        builder.needs[:] = before  # those of each number are asked for
        if inner is None:
            return Tuple(first, *table, last)
    shape = Lambda(SHARE, inner)
    return shape if first == last == 0 else Tuple(first, shape, last)
