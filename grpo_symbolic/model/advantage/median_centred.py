"""The median of the group subtracted, not scaled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key

from sympy import Expr, Rational, S

from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import order


@dataclass(frozen=True, repr=False)
class MedianCentred(Advantage):
    r"""The median subtracted, not scaled: :math:`A_i = r_i - \mathrm{median}`.

    Of a group of even size the median is the mean of the middle two rewards.

    Source: new; the median as a robust baseline. A is in reward units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.MedianCentred())
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), gap*pi*(1 - pi)*(2*pi**2 - 2*pi + 1))

    Notes
    -----
    Advantages of one group do not sum to zero. A large group has the median of the population,
    which is known where the masses are numbers.
    """

    zero_sum = False
    uniform = False
    sees_moments = False
    has_limit = False
    no_multiple = "the median is not the mean"

    def __str__(self) -> str:
        return "r - median"

    def _measure(self, member: Member) -> Expr:
        return (member.reward - _median(member)).expand()


def _median(member: Member) -> Expr:
    if not all(w.is_number for _, w in member.group):
        raise ValueError("the median is a step function of the shares of a group: give numbers")
    ordered = sorted(
        member.group,
        key=cmp_to_key(lambda first, second: int(order(first[0], second[0], member.domain))),
    )
    half, total = Rational(1, 2), S.Zero
    for place, (reward, weight) in enumerate(ordered):
        total += weight
        if total > half:
            return reward
        if total == half:
            return (reward + ordered[place + 1][0]) / 2
    raise ValueError("the weights of a group must sum to 1")
