"""Mean subtracted, divided by a constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.display import as_call
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage.base import Advantage, Member

__all__ = ["FixedScale"]


@dataclass(frozen=True)
class FixedScale(Advantage):
    r"""Mean subtracted, divided by a constant σ: :math:`(r_i - \mathrm{mean})/\sigma`.

    The limit of a scale that is taken over a batch of many questions.

    Parameters
    ----------
    sigma : Expr or number
        Positive, in reward units.
    """

    sigma: Any = symbols.sigma
    linear = True

    def __post_init__(self) -> None:
        if not isinstance(self.sigma, Symbol):
            object.__setattr__(self, "sigma", parameter("sigma", self.sigma))

    __repr__ = as_call

    def __str__(self) -> str:
        return f"(r - mean)/{self.sigma}"

    def _measure(self, member: Member) -> Expr:
        return member.deviation / self.sigma

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return self.sigma
