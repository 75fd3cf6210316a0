"""Mean subtracted, not scaled: Dr. GRPO."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, S

from grpo_symbolic.model.advantage.base import Advantage


@dataclass(frozen=True, repr=False)
class ShiftOnly(Advantage):
    r"""Mean subtracted, not scaled: :math:`A_i = r_i - \mathrm{mean}`.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, the variant without scale normalisation;
    Dr. GRPO (Liu et al., arXiv 2503.20783). A is in reward units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.preference(gs.GRPO(4, advantage=gs.ShiftOnly()), gs.BinaryQuestion()))
    P(a) = 3*gap*(1 - pi)/4
    P(b) = -3*gap*pi/4
    """

    linear = True

    def __str__(self) -> str:
        return "r - mean"

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return S.One
