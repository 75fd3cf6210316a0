"""Every subset of k members scored by its best reward: group-normalised pass@k."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

from sympy import Add, Expr, Integer, Rational, S, oo, sqrt

from grpo_symbolic.display import as_call
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import order

__all__ = ["PassAtK"]


@dataclass(frozen=True)
class PassAtK(Advantage):
    r"""Subsets of k members are what is rewarded, with the best reward in each.

    .. math:: A_i = \frac{1}{\binom{G-1}{k-1}} \sum_{S \ni i,\ |S| = k}
                    \frac{R_S - \mathrm{mean}}{\mathrm{std}}, \qquad R_S = \max_{j \in S} r_j

    with mean and standard deviation (population) over all :math:`\binom{G}{k}` subsets of the
    group; 0 where all subsets are worth the same.

    Parameters
    ----------
    subset : int
        k, at least 1 and less than the group size; k = 1 is the published rule.

    Raises
    ------
    ValueError
        For a k that is not an integer of at least 1, and where it meets a group that is not
        larger or has no number as size.

    Notes
    -----
    Source: Chen et al., arXiv 2508.10751, "Pass@k training", the analytical advantage.
    """

    subset: Any = None
    scale_invariant = True
    uniform = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "subset", int(parameter("subset", self.subset)))

    __repr__ = as_call

    def __str__(self) -> str:
        return f"(best of {self.subset} - mean)/std over subsets of {self.subset}, 0/0 = 0"

    @property
    def no_multiple(self) -> str:
        return f"subsets of {self.subset} are rewarded, not single answers"

    def _measure(self, member: Member) -> Expr:
        if member.size == oo or not member.size.is_Integer or member.size <= self.subset:
            raise ValueError(
                f"subsets of {self.subset} need a group size that is a larger number, got "
                f"{member.size}"
            )
        size, k = int(member.size), self.subset
        levels = _in_order(member)
        mean, square = _moments(levels, size, k)
        spread = (square - mean**2).expand()
        if member.vanishes(spread):
            return S.Zero
        # The others fill a subset of its own with k − 1 members: the best of it is theirs or its.
        own = next(place for place, (reward, _) in enumerate(levels) if reward == member.reward)
        others = [(levels[own][0], 0)] if k == 1 else []
        if k > 1:
            others = [
                (reward if place > own else levels[own][0], count - (place == own))
                for place, (reward, count) in enumerate(levels)
            ]
        with_it = levels[own][0] if k == 1 else _moments(others, size - 1, k - 1)[0]
        return (with_it - mean) / sqrt(spread)


def _in_order(member: Member) -> list[tuple[Expr, int]]:
    """The rewards of a group from the worst, each with how many members have it."""
    found = [(reward, int(member.size * weight)) for reward, weight in member.group]
    for end in range(len(found) - 1, 0, -1):
        for place in range(end):
            if order(found[place][0], found[place + 1][0], member.domain) > 0:
                found[place], found[place + 1] = found[place + 1], found[place]
    return found


def _moments(levels: list[tuple[Expr, int]], size: int, k: int) -> tuple[Expr, Expr]:
    """Mean and mean square of the best of k, over all subsets of k of ``size`` members."""
    below, mean, square = 0, [], []
    for reward, count in levels:
        ways = Rational(comb(below + count, k) - comb(below, k), comb(size, k))
        mean.append(ways * reward)
        square.append(ways * reward**2)
        below += count
    assert below == size
    return Add(Integer(0), *mean), Add(Integer(0), *square)
