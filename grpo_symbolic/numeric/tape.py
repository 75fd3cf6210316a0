"""Formulas as lists of array operations that reuse a few buffers.

NumPy's own temporaries cost more than the arithmetic once they are fetched from the system
again and again. A tape knows when a value is last used, and writes the next one over it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Add, Expr, Mul, Number, Pow, Rational, S, Symbol

from grpo_symbolic.numeric.interpolant import Array

__all__ = ["Tape"]

Node = int


class _Buffers(threading.local):
    """Arrays that are kept between blocks, for every thread its own."""

    def __init__(self) -> None:
        self.kept: list[Array] = []

    def get(self, count: int, size: int) -> list[Array]:
        """Arrays of one size; the longest ones that were asked for are kept."""
        kept = self.kept[:count]
        if len(kept) == count and (not count or len(kept[0]) == size):
            return kept
        if len(kept) < count or (count and len(kept[0]) < size):
            self.kept = [np.empty(size) for _ in range(max(count, len(self.kept)))]
        return [array[:size] for array in self.kept[:count]]


_BUFFERS = _Buffers()


@dataclass(eq=False)
class Tape:
    """Operations on named arrays and numbers, in order.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> tape = Tape()
    >>> _ = tape.expression((x - y) ** 2)
    >>> tape.run({"x": np.array([3.0, 5.0]), "y": 1.0}).tolist()
    [4.0, 16.0]
    """

    # (operation, nodes), or a name or a number.
    _steps: list[Any] = field(default_factory=list)
    _known: dict[Any, Node] = field(default_factory=dict)

    def _new(self, step: Any) -> Node:
        if step not in self._known:
            self._known[step] = len(self._steps)
            self._steps.append(step)
        return self._known[step]

    def name(self, name: str) -> Node:
        return self._new(name)

    def number(self, value: float) -> Node:
        return self._new(float(value))

    def apply(self, operation: np.ufunc, *nodes: Node) -> Node:
        """One operation; the value of the last one is the tape's."""
        return self._new((operation, nodes))

    def expression(self, expr: Expr) -> Node:
        """A formula of sums, products, whole powers and square roots."""
        if isinstance(expr, Symbol):
            return self.name(expr.name)
        if expr.is_number:
            return self.number(float(expr))
        if isinstance(expr, Add):
            terms = sorted(expr.args, key=lambda a: (a.could_extract_minus_sign(), str(a)))
            first, *rest = terms
            total = self.expression(first)
            for term in rest:
                if term.could_extract_minus_sign():
                    total = self.apply(np.subtract, total, self.expression(-term))
                else:
                    total = self.apply(np.add, total, self.expression(term))
            return total
        if isinstance(expr, Mul):
            return self._product(expr)
        if isinstance(expr, Pow) and expr.exp == Rational(1, 2):
            return self.apply(np.sqrt, self.expression(expr.base))
        if isinstance(expr, Pow) and expr.exp.is_Integer and expr.exp > 0:
            base = self.expression(expr.base)
            found = base
            for _ in range(int(expr.exp) - 1):
                found = self.apply(np.multiply, found, base)
            return found
        if isinstance(expr, Pow) and expr.exp.is_number and expr.exp < 0:
            return self.apply(np.divide, self.number(1), self.expression(1 / expr))
        raise ValueError(f"{expr} is not made of sums, products and square roots")

    def _product(self, expr: Mul) -> Node:
        over = [a for a in expr.args if not (isinstance(a, Pow) and a.exp.is_negative)]
        under = [1 / a for a in expr.args if isinstance(a, Pow) and a.exp.is_negative]
        found: Node | None = None
        # Numbers last, that products of parameters are shared.
        for factor in sorted(over, key=lambda a: (isinstance(a, Number), str(a))):
            node = self.expression(factor)
            found = node if found is None else self.apply(np.multiply, found, node)
        found = self.expression(S.One) if found is None else found
        if under:
            found = self.apply(np.divide, found, self.expression(Mul(*under)))
        return found

    @cached_property
    def names(self) -> set[str]:
        """The arguments."""
        return {step for step in self._steps if isinstance(step, str)}

    def run(self, values: Mapping[str, Any], out: Array | None = None) -> Any:
        """The value of the last step, written to ``out`` where it is an array."""
        given = [(k, values[step]) for k, step in self._loads]
        wide = tuple(k for k, value in given if isinstance(value, np.ndarray))
        if wide not in self._plans:
            self._plans[wide] = self._plan(set(wide))
        plan, count = self._plans[wide]
        found = list(self._numbers)
        size = 0
        for k, value in given:
            found[k] = value
            if isinstance(value, np.ndarray):
                size = len(value)
        if out is None and size:
            out = np.empty(size)
        arrays = _BUFFERS.get(count, size)
        for operation, nodes, k, place in plan:
            inputs = [found[n] for n in nodes]
            if place is None:
                found[k] = operation(*inputs)
            else:
                found[k] = operation(*inputs, out if place < 0 else arrays[place])
        return found[-1]

    @cached_property
    def _loads(self) -> list[tuple[int, str]]:
        return [(k, step) for k, step in enumerate(self._steps) if isinstance(step, str)]

    @cached_property
    def _numbers(self) -> list[float | None]:
        return [step if isinstance(step, float) else None for step in self._steps]

    @cached_property
    def _plans(self) -> dict[tuple[int, ...], tuple[list[Any], int]]:
        return {}

    def _plan(self, wide: set[int]) -> tuple[list[Any], int]:
        """(operation, nodes, node, buffer) when these nodes are arrays; the number of buffers.

        The buffer is None for a number, and −1 for the result.
        """
        last_use = {
            n: k for k, step in enumerate(self._steps) if isinstance(step, tuple) for n in step[1]
        }
        places: dict[int, int] = {}
        free: list[int] = []
        used, plan = 0, []
        for k, step in enumerate(self._steps):
            if not isinstance(step, tuple):
                continue
            operation, nodes = step
            # An operation may write over its own inputs.
            free += [places[n] for n in set(nodes) if last_use[n] == k and n in places]
            place: int | None = None
            if wide & set(nodes):
                wide.add(k)
                if k == len(self._steps) - 1:
                    place = -1
                elif free:
                    place = places[k] = free.pop()
                else:
                    place = places[k] = used
                    used += 1
            plan.append((operation, nodes, k, place))
        return plan, used
