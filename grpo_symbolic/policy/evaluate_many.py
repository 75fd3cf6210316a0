r"""Stationary policies of many answers at arrays of parameters, in float64.

Answers of one reward law share their class's mass, so the unknowns are class masses:

=================  =====================================================================
one class          the reference
ordered pairs      the rank distortion: the binary solution on cumulative masses
a tilted curve     one scalar equation (large groups; two reward levels), all its zeros
two classes        the binary policy, where both masses keep their digits in π_ref(a)
everything else    Newton's method on the condition in log π/π_ref, row by row checked
=================  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sympy import Expr, Symbol

from grpo_symbolic.domain import Domain
from grpo_symbolic.numeric.arguments import Parameter
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.policy.arguments import ROW, Arguments
from grpo_symbolic.policy.evaluate import Asked, Evaluator, Kernel, Points
from grpo_symbolic.policy.simplex_kernel import EXACT_ROWS, SimplexKernel

__all__ = ["SimplexEvaluator"]


@dataclass(frozen=True)
class SimplexEvaluator(Evaluator):
    """π of one policy as a function of arrays."""

    reason: ClassVar[str] = (
        f"its values are NaN; where several are possible, the first {EXACT_ROWS} rows of a block "
        "are solved exactly"
    )

    @cached_property
    def arguments(self) -> Arguments:
        algorithm, question = self.policy.algorithm, self.policy.question
        roles: list[tuple[Any, str]] = [(algorithm.beta, "beta")]
        roles += [(s, "reward") for s in question.parameters]
        roles += algorithm.rule_parameters
        kept = tuple(Parameter(s, role) for s, role in roles if isinstance(s, Symbol))
        inside = tuple(r for r in question.declared.ranges if r.symbol in {p.symbol for p in kept})
        return Arguments(kept, Domain(inside), len(question))

    @cached_property
    def deciding(self) -> tuple[Symbol, ...]:
        return tuple(p.symbol for p in self.arguments.parameters if p.role != "beta")

    def _kernel_at(self, point: dict[Symbol, Expr]) -> _Rows:
        return _Rows(SimplexKernel(self.policy, point))


@dataclass(frozen=True)
class _Rows(Kernel):
    """A kernel on rows of reference probabilities."""

    kernel: SimplexKernel

    @property
    def block(self) -> int:
        return self.kernel.block

    def found(self, points: Points, asked: Asked) -> Array:
        weight, count = self.kernel.algorithm.beta, points.count
        symbolic = isinstance(weight, Symbol)
        beta = points.wide(weight.name) if symbolic else np.full(count, float(weight))
        rows = np.asarray(points["pi_ref"][ROW])
        rows = np.broadcast_to(rows, (count, rows.shape[-1]))
        return self.kernel.solutions(beta, rows, asked.branch)
