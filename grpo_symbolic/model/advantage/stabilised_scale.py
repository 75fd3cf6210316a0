"""Mean subtracted, divided by the root of the variance plus a constant."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.inputs import Number
from grpo_symbolic.model.advantage.base import Whitened, bessel


@dataclass(frozen=True, repr=False)
class StabilisedScale(Whitened):
    r"""Mean subtracted, divided by the root of the variance plus ε.

    .. math:: A_i = \frac{r_i - \mathrm{mean}}{\sqrt{v + \varepsilon}}, \qquad
              v = \mathrm{var}\,\frac{G}{G - \mathrm{ddof}}

    with the population variance. Unlike :class:`ShiftAndScale`, ε stands inside the root, so
    that the advantage is a smooth function of the rewards.

    Parameters
    ----------
    epsilon : Expr or number
        Added to the variance, in reward units squared, at least 0.
    ddof : int
        0 for the population variance, 1 for the sample variance.

    Raises
    ------
    ValueError
        For a negative ``epsilon``, or another ``ddof``.

    Notes
    -----
    Source: Mroueh, arXiv 2503.06639, the stabilised reward whitening. A group of equal rewards
    has advantage 0, also at ε = 0.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.StabilisedScale("1/100"))
    (r - mean)/sqrt(var + 1/100), 0/0 = 0
    """

    epsilon: Number = symbols.epsilon
    ddof: int = 0

    def __str__(self) -> str:
        var = "var" if self.ddof == 0 else "sample var"
        inside = var if self.epsilon == 0 else f"{var} + {self.epsilon}"
        return f"(r - mean)/sqrt({inside}), 0/0 = 0"

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return sqrt(variance * bessel(size, self.ddof) + self.epsilon)
