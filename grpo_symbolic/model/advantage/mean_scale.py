"""Mean subtracted, divided by the mean: the maximum-likelihood rule."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer

from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import mean


@dataclass(frozen=True, repr=False)
class MeanScale(Advantage):
    r"""Mean subtracted, divided by the mean: :math:`(r_i - \mathrm{mean})/\mathrm{mean}`.

    For rewards that are not negative; a group of mean 0 has advantage 0.

    Notes
    -----
    Source: the maximum-likelihood rule ``max_rl`` of prime-rl. It depends on where the
    rewards' zero lies; A has no unit.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.MeanScale())
    (r - mean)/mean, 0/0 = 0
    >>> question = gs.BinaryQuestion(success=(1, 0))
    >>> print(gs.preference(gs.GRPO(2, advantage=gs.MeanScale()), question))
    P(a) = 1 - pi
    P(b) = -pi
    """

    scale_invariant = True
    shift_invariant = False
    sees_moments = True

    def __str__(self) -> str:
        return "(r - mean)/mean, 0/0 = 0"

    def _measure(self, member: Member) -> Expr:
        center = mean(member.group).expand()
        if member.vanishes(center):
            return Integer(0)
        return member.deviation / center
