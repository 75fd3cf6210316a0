"""Mean subtracted, divided by a constant."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from grpo_symbolic import symbols
from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.model.advantage.base import Advantage


@dataclass(frozen=True, repr=False)
class FixedScale(Advantage):
    r"""Mean subtracted, divided by a constant σ: :math:`(r_i - \mathrm{mean})/\sigma`.

    The limit of a scale that is taken over a batch of many questions.

    Source: new, the limit of trainers that normalise over a batch.

    Parameters
    ----------
    sigma : Expr or number
        Positive, in reward units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.preference(gs.GRPO(4, advantage=gs.FixedScale(2)), gs.BinaryQuestion()))
    P(a) = 3*gap*(1 - pi)/8
    P(b) = -3*gap*pi/8
    """

    sigma: Number = symbols.sigma
    linear = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", symbol_or_number("sigma", self.sigma))

    def __str__(self) -> str:
        return f"(r - mean)/{self.sigma}"

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return self.sigma
