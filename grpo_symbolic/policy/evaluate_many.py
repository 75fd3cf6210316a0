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
from typing import ClassVar

from sympy import Expr, Symbol

from grpo_symbolic.domain import Domain
from grpo_symbolic.policy.arguments import Arguments
from grpo_symbolic.policy.evaluate import Evaluator
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
        question = self.policy.question
        kept = tuple(p for p in self.policy.inputs if p.role != "pi_ref")
        inside = tuple(r for r in question.declared.ranges if r.symbol in {p.symbol for p in kept})
        return Arguments(kept, Domain(inside), len(question))

    @cached_property
    def deciding(self) -> tuple[Symbol, ...]:
        return tuple(p.symbol for p in self.arguments.parameters if p.role != "beta")

    def _kernel_at(self, point: dict[Symbol, Expr]) -> SimplexKernel:
        return SimplexKernel(self.policy, point)
