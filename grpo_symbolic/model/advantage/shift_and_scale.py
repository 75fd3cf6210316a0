"""The published advantage: mean subtracted, divided by the standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, S, sqrt

from grpo_symbolic.inputs import Number, expression
from grpo_symbolic.model.advantage.base import Whitened, bessel


@dataclass(frozen=True, repr=False)
class ShiftAndScale(Whitened):
    r"""Mean subtracted, divided by the standard deviation.

    .. math:: A_i = \frac{r_i - \mathrm{mean}}{s}, \qquad
              s = \mathrm{std}\,\sqrt{G/(G - \mathrm{ddof})} + \varepsilon

    with the population standard deviation.

    Parameters
    ----------
    ddof : int
        0 for the population std (published GRPO), 1 for the sample std.
    epsilon : number
        Added to the std, in reward units.
    zero_over_zero : number
        The advantage in a group of equal rewards when ``epsilon`` is 0.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (2).

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.ShiftAndScale(ddof=1, epsilon="1e-4"))
    (r - mean)/(sample std + 1/10000), 0/0 = 0
    >>> print(gs.preference(gs.GRPO(2, advantage=gs.ShiftAndScale(ddof=1)), gs.BinaryQuestion()))
    P(a) = sqrt(2)*(1 - pi)/2
    P(b) = -sqrt(2)*pi/2
    """

    ddof: int = 0
    epsilon: Number = S.Zero
    zero_over_zero: Expr = S.Zero

    def __post_init__(self) -> None:
        super().__post_init__()
        value = expression("zero_over_zero", self.zero_over_zero, "a number")
        object.__setattr__(self, "zero_over_zero", value)

    def __str__(self) -> str:
        std = "std" if self.ddof == 0 else "sample std"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = {self.zero_over_zero}"

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return sqrt(variance) * sqrt(bessel(size, self.ddof)) + self.epsilon
