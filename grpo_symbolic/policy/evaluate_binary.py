r"""Stationary policies of two answers at arrays of parameters, in float64.

===========  ==============================================================================
a quadratic  the stable closed form, a sum of terms of one sign
one exp      the quotient that a condition linear in π(a) leaves
a crossing   β (p − p₀) = h(p) with h proved concave: Newton's method on a table of h
a balance    everything else: the zeros in log-odds between its turning points
===========  ==============================================================================

What rounding leaves open is answered by the exact solver, point by point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import mpmath as mp
import numpy as np
from sympy import Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.numeric.balance import Balance
from grpo_symbolic.numeric.blocks import put
from grpo_symbolic.numeric.crossing import Crossing
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Kernel, Points
from grpo_symbolic.policy.arguments import Arguments
from grpo_symbolic.policy.evaluate import PRECISION, Evaluator, exact_float
from grpo_symbolic.policy.strategies import (
    balance,
    closed,
    crossed,
    drift_symbols,
    force_is_unbounded,
    tabulated,
)
from grpo_symbolic.solve.solutions import Stability

__all__ = ["BinaryEvaluator"]

_DIGITS = 25
# log-odds above the reference or their sign, π(a), 1 − π(a), whether it attracts
_Solution = tuple[float, float, float, bool]


@dataclass(frozen=True)
class BinaryEvaluator(Evaluator):
    """π(a) of one policy as a function of arrays."""

    reason: ClassVar[str] = "there the penalty does not hold the drift, and the value is NaN"

    @cached_property
    def arguments(self) -> Arguments:
        return Arguments(self.policy.inputs, self.policy.parameters)

    @cached_property
    def _closed(self) -> Kernel | None:
        return closed(self.policy)

    @cached_property
    def deciding(self) -> tuple[Symbol, ...]:
        return () if self._closed is not None else drift_symbols(self.policy)

    def _kernel_at(self, point: dict[Symbol, Expr]) -> Kernel:
        if self._closed is not None:
            return self._closed
        table = tabulated(self.policy, tuple(point.items()))
        strength = crossed(self.policy, table)
        if table is not None and strength is not None:
            return Crossing(table.low, table.high, strength)
        return _Balanced(self.policy, balance(self.policy, table, point, self.unbounded))

    @cached_property
    def formula(self) -> Kernel | None:
        if any(p.role == "group_size" and p.symbol in self.deciding for p in self.policy.inputs):
            return None
        found = balance(self.policy, None, {}, self.unbounded)
        return None if found is None else _Balanced(self.policy, found)

    @cached_property
    def unbounded(self) -> bool | None:
        """Whether the force that holds an answer grows without bound; None where none does."""
        return force_is_unbounded(self.policy)

    def __getstate__(self) -> dict[str, Any]:
        settled = {n: self.__dict__[n] for n in ("unbounded",) if n in self.__dict__}
        return {**super().__getstate__(), **settled}


@dataclass(frozen=True)
class _Balanced(Kernel):
    """All zeros of a balance; without one, the exact solver at every point."""

    policy: Any
    balance: Balance | None

    @property
    def block(self) -> int:
        return 1 if self.balance is None else self.balance.block

    def found(self, points: Points) -> Array:
        count, beta, reference = points.count, points.beta, points.reference
        inside = np.flatnonzero((reference > 0) & (reference < 1))
        out, left = np.full((count, 1), np.nan), np.ones(count, bool)
        if self.balance is not None and len(inside):
            rows = [beta, reference, *(points.wide(name) for name in self.balance.names)]
            if len(inside) < count:
                rows = [row[inside] for row in rows]
            shares, left[inside] = self.balance.solved(
                rows[0], rows[1], tuple(rows[2:]), points.branch, points.complement
            )
            out = shares if len(inside) == count else put(out, inside, shares)
        for k in np.flatnonzero(left):
            found = self._exactly(points, points.entry(k)) or [np.nan]
            out = put(out, [k], np.array([found]))
        return out

    def _exactly(self, points: Points, values: Mapping[str, float]) -> list[float]:
        """The solutions of the exact solver, at the numbers that these floats are."""
        point = {p.symbol: exact_float(float(values[p.name])) for p in self.policy.inputs}
        reference = point[symbols.pi_ref]
        found: list[_Solution] = []
        with PRECISION, mp.workdps(_DIGITS):
            for solution in self.policy.solutions_at(point, _DIGITS):
                p, q = solution.policy
                side = mp.sign(p - mp.mpf(reference.p) / reference.q)
                attracting = solution.stability == Stability.ATTRACTING
                found.append((float(side), float(p), float(q), attracting))
        found.sort(key=lambda s: (s[1], -s[2]))
        return [s[2 if points.complement else 1] for s in _chosen(found, points.branch)]


def _chosen(found: list[_Solution], branch: str) -> list[_Solution]:
    if branch == "all" or not found:
        return found
    if branch != "attracting":
        return found[:1] if branch == "lowest" else found[-1:]
    attracting = [s for s in found if s[3]]
    if len(attracting) < 2:
        return attracting
    # The flow from the reference moves away from a repelling neighbour, to the other side.
    above, below = [s for s in found if s[0] >= 0], [s for s in found if s[0] < 0]
    if above and above[0][3]:
        return above[:1]
    return below[-1:] if below and below[-1][3] else []
