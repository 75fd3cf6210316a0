"""Another rule, divided by a constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.model.advantage.base import Advantage, Member, of_rule


@dataclass(frozen=True, repr=False)
class Rescaled(Advantage):
    r"""Another rule divided by a constant: :math:`A_i/\sigma`.

    A trainer that multiplies every policy gradient by 1/σ on the policy that sampled, as a clipped
    importance weight of at most 1/σ < 1 does, or one that divides normalised advantages once
    more by the deviation of a large batch.

    Source: new, from what clipped importance weights do.

    Parameters
    ----------
    rule : Advantage
    divisor : Expr or number
        σ, positive, without a unit.

    Raises
    ------
    ValueError
        For another kind of rule, a σ that is not positive, or two symbols σ.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(2, advantage=gs.Rescaled(gs.ShiftAndScale(), 5))
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), pi*(1 - pi)/5)
    """

    rule: Advantage
    divisor: Number = symbols.sigma

    def __post_init__(self) -> None:
        object.__setattr__(self, "divisor", symbol_or_number("sigma", self.divisor))
        if not isinstance(self.rule, Advantage):
            raise ValueError(f"rule must be an Advantage such as ShiftOnly(), got {self.rule}")
        if self.rule.sigma is not None and not self.divisor.is_number:
            raise ValueError(f"divisor must be a number beside the scale of {self.rule}")

    def __str__(self) -> str:
        rule, *remarks = str(self.rule).split(", ")
        return ", ".join([f"[{rule}]/{self.divisor}", *remarks])

    def fraction(self, reward: str) -> str:
        from grpo_symbolic.export.latex import formula

        return rf"{formula(1 / S(self.divisor))} \cdot {self.rule.fraction(reward)}"

    scale_invariant = of_rule("scale_invariant")
    shift_invariant = of_rule("shift_invariant")
    zero_sum = of_rule("zero_sum")
    uniform = of_rule("uniform")
    linear = of_rule("linear")
    sees_moments = of_rule("sees_moments")
    batch = of_rule("batch")
    epsilon = of_rule("epsilon")
    no_multiple = of_rule("no_multiple")
    cautions = of_rule("cautions")

    @property
    def sigma(self) -> Number:  # type: ignore[override]
        """The divisor, or the constant scale of the rule."""
        return self.divisor if self.rule.sigma is None else self.rule.sigma

    def adding(self, epsilon: Expr) -> Advantage:
        return replace(self, rule=self.rule.adding(epsilon))

    def at(self, point: Mapping[Symbol, Expr]) -> Advantage:
        return replace(self, rule=self.rule.at(point), divisor=S(self.divisor).subs(point))

    def scale(self, variance: Expr, size: Expr) -> Expr | None:
        inner = self.rule.scale(variance, size)
        return None if inner is None else self.divisor * inner

    def of_moments(self, deviation: Expr, variance: Expr, size: Expr) -> Expr | None:
        inner = self.rule.of_moments(deviation, variance, size)
        return None if inner is None else inner / self.divisor

    def _measure(self, member: Member) -> Expr:
        return self.rule._measure(member) / self.divisor
