r"""The equation of a binary question, β · force = drift, with its explicit inverses.

The condition without its multiplier, :math:`\beta\,(d_a - d_b) = P(a) - P(b)`, is linear in
β. Its two sides depend on p = π(a) and π_ref(a) only, so every stationary policy lies on

.. math:: \beta = W(p) = \frac{D(p)}{d_a(p) - d_b(p)}, \qquad p > \pi_{\mathrm{ref}}(a),

and what happens as a parameter moves is asked of the two sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sympy import Expr, S, exp

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.claims import Claims, joined
from grpo_symbolic.equation.force import Force
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition

# A closed form asks nothing of the drift.
if TYPE_CHECKING:
    from grpo_symbolic.equation.drift import Drift, GroupDrift

PI, REFERENCE = symbols.pi, symbols.pi_ref


@dataclass(frozen=True)
class Balance:
    """β · force = drift for two answers.

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.

    Raises
    ------
    ValueError
        For a question with other than two answers.
    """

    condition: StationarityCondition

    def __post_init__(self) -> None:
        if len(self.condition.policy) != 2:
            raise ValueError(
                f"this is known for questions with two answers, got {len(self.condition.policy)}"
            )

    @property
    def beta(self) -> Expr:
        """The weight as the algorithm has it: a symbol or a number."""
        return self.condition.beta

    @property
    def algorithm(self) -> Algorithm | None:
        return self.condition.preference.rule

    @property
    def group_size(self) -> Expr | None:
        """G of an algorithm with groups."""
        return None if self.algorithm is None else self.algorithm.group_size

    @cached_property
    def drift(self) -> Drift:
        from grpo_symbolic.equation.drift import drift_of

        return drift_of(self.condition.preference, self.parameters)

    @cached_property
    def force(self) -> Force:
        condition = self.condition
        expression = condition.marginal[0] - condition.marginal[1]
        return Force(condition.penalty, expression, self.parameters, condition.rates)

    @property
    def group(self) -> GroupDrift | None:
        """The drift, where it is one of two reward levels."""
        from grpo_symbolic.equation.drift import GroupDrift

        return self.drift if isinstance(self.drift, GroupDrift) else None

    @property
    def parameters(self) -> Domain:
        """The ranges of everything but p and β, π_ref(a) the last."""
        kept = [r for r in self.condition.domain.ranges if r.symbol not in (PI, self.beta)]
        return Domain(tuple(sorted(kept, key=lambda r: r.symbol == REFERENCE)))

    @property
    def domain(self) -> Domain:
        """The parameters, then p in (π_ref(a), 1)."""
        return Domain((*self.parameters.ranges, Range(PI, REFERENCE, S.One)))

    # -- explicit inverses ---------------------------------------------------------------

    @cached_property
    def weight(self) -> Expr:
        """W(p): the β at which p is stationary."""
        if self.force.line is not None:
            return self.drift.hill / self.force.hill
        force = tidy(self.force.expression, self.domain)
        return tidy(self.drift.expression / force, self.domain)

    @cached_property
    def reference(self) -> Expr | None:
        """π_ref(a) as a function of p and β; None where the force is not one-to-one in it."""
        if self.force.line is not None:
            return PI - self.drift.hill / (self.force.line * self.beta)
        if self.force.log_odds is not None:
            odds = exp(-self.drift.expression / (self.beta * self.force.log_odds))
            return PI * odds / (1 - PI + PI * odds)
        return None

    # -- questions -----------------------------------------------------------------------

    def above_reference(self) -> Claims | None:
        """Claims that put every stationary π(a) above π_ref(a)."""
        return joined(self.drift.positive(), self.force.turns_at_reference())

    def of_size(self, size: Expr) -> Balance:
        """The same algorithm on the same question with another group size.

        Raises
        ------
        ValueError
            For an algorithm without groups, or a size that the question or the rule does not
            allow.
        """
        model = self.condition.preference
        if self.group_size is None or model.question is None:
            raise ValueError("the algorithm has no group size")
        return Balance(
            stationarity_condition(replace(self.algorithm, group_size=size), model.question)
        )
