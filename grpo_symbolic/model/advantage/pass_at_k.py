"""The best of k: advantages of the subsets of a group, shared by their members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key, reduce
from itertools import accumulate, combinations, pairwise
from math import comb
from operator import add
from typing import TypeVar

from sympy import Add, Expr, Integer, Rational, S, oo, sqrt

from grpo_symbolic.inputs import Number, parameter
from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import order

_N = TypeVar("_N", Expr, Fraction)

# Levels of a large group beyond which the advantage takes longer to write out than a call may.
_MOST = 8
# Levels of a large group beyond which the variance stays a sum over pairs of levels.
_MULTIPLIED_OUT = 4


@dataclass(frozen=True, repr=False)
class PassAtK(Advantage):
    r"""The mean advantage of the k-subsets that a member is in, each rewarded by its best reward.

    .. math:: A_i = \binom{G-1}{k-1}^{-1} \sum_{S \ni i,\, |S| = k}
              \frac{R_S - \bar R}{\mathrm{std}(R)}, \qquad R_S = \max_{j \in S} r_j

    with the mean and the population standard deviation over all :math:`\binom{G}{k}` subsets, and
    0/0 = 0.

    Parameters
    ----------
    subset : int
        k, at least 1 and at most the group size; k = 1 is :class:`ShiftAndScale`, and k = G,
        with one subset only, teaches nothing.

    Raises
    ------
    ValueError
        For a k that is not an integer of at least 1, and where it meets a group that is
        smaller or has no number as size.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.PassAtK(2))
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), sqrt(2)*pi*(1 - pi)**2/2)

    Notes
    -----
    Source: Chen et al., arXiv 2508.10751, pass@k training with all subsets of the group. A
    has no unit.
    """

    subset: Number | None = None
    scale_invariant = True
    uniform = False
    sees_moments = False
    no_multiple = "subsets of the group are rewarded by the best of them"

    def __post_init__(self) -> None:
        object.__setattr__(self, "subset", int(parameter("subset", self.subset)))

    def __str__(self) -> str:
        return f"(best of {self.subset} - mean)/std over the {self.subset}-subsets, 0/0 = 0"

    def tex(self, reward: str) -> str:
        best = r"\max_{j \in S} r_j - \mathrm{mean}"
        return rf"\mathrm{{mean}}_{{S \ni i,\, |S| = {self.subset}}} ({best})/\mathrm{{std}}"

    def fraction(self, reward: str) -> str:
        subsets = rf"\operatorname*{{mean}}_{{S \ni 1,\, |S| = {self.subset}}}"
        return rf"{subsets} \frac{{\max_{{j \in S}} r_j - \mathrm{{mean}}}}{{\mathrm{{std}}}}"

    def _measure(self, member: Member) -> Expr:
        if member.size == oo:
            return self._in_a_population(member)
        if not member.size.is_Integer or member.size < self.subset:
            raise ValueError(
                f"subsets of {self.subset} need a number of at least as many members, got "
                f"{member.size}"
            )
        levels, weights = self._ordered(member)
        counts = [int(w * member.size) for w in weights]
        own = next(j for j, r in enumerate(levels) if r == member.reward)
        return _standardised(member, levels, *self._chances(counts, own, Rational))

    def over_root(
        self, levels: Sequence[Fraction], counts: Sequence[int], own: int
    ) -> tuple[Fraction, Fraction]:
        ordered = sorted(
            (r, c, j) for j, (r, c) in enumerate(zip(levels, counts, strict=True)) if c
        )
        rewards = [r for r, _, _ in ordered]
        place = next(at for at, (_, _, j) in enumerate(ordered) if j == own)
        return _over_root(rewards, *self._chances([c for _, c, _ in ordered], place, Fraction))

    def _chances(
        self, counts: Sequence[int], own: int, ratio: Callable[[int, int], _N]
    ) -> tuple[list[_N], list[_N]]:
        """How often a level is the best of a subset, and of one with a member of level ``own``."""
        size, k, upto = sum(counts), self.subset, list(accumulate(counts))
        whole = [ratio(comb(n, k), comb(size, k)) for n in upto]
        mine = [
            ratio(comb(n - 1, k - 1) if j >= own else 0, comb(size - 1, k - 1))
            for j, n in enumerate(upto)
        ]
        return _steps(whole), _steps(mine)

    def _in_a_population(self, member: Member) -> Expr:
        member.refuse_levels(self, _MOST)
        levels, weights = self._ordered(member)
        upto = [Add(*weights[: j + 1]) for j in range(len(weights) - 1)] + [Integer(1)]
        own = next(j for j, r in enumerate(levels) if r == member.reward)
        whole = [u**self.subset for u in upto]
        mine = [u ** (self.subset - 1) if j >= own else S.Zero for j, u in enumerate(upto)]
        return _standardised(member, levels, _steps(whole), _steps(mine))

    @staticmethod
    def _ordered(member: Member) -> tuple[list[Expr], list[Expr]]:
        """Rewards from the smallest one up, with their weights."""

        def smaller(first: tuple[Expr, Expr], second: tuple[Expr, Expr]) -> int:
            return int(order(first[0], second[0], member.domain))

        found = sorted(member.group, key=cmp_to_key(smaller))
        return [r for r, _ in found], [w for _, w in found]


def _steps(upto: Sequence[_N]) -> list[_N]:
    return [upto[0], *(v - u for u, v in pairwise(upto))]


def _over_root(levels: Sequence[_N], whole: Sequence[_N], mine: Sequence[_N]) -> tuple[_N, _N]:
    """E of the own subsets less the mean of all of them, and their variance."""
    law = list(zip(levels, whole, strict=True))
    mean = reduce(add, (w * r for r, w in law))
    own = reduce(add, (w * r for r, w in zip(levels, mine, strict=True)))
    return own - mean, reduce(add, (w * (r - mean) ** 2 for r, w in law))


def _standardised(
    member: Member, levels: Sequence[Expr], whole: Sequence[Expr], mine: Sequence[Expr]
) -> Expr:
    """(E of the own subsets − mean)/std over all subsets."""
    if member.size == oo and len(levels) > _MULTIPLIED_OUT:  # every pair of levels is drawn
        law = list(zip(levels, whole, strict=True))
        apart = Add(*(r * (m - w) for (r, w), m in zip(law, mine, strict=True)))
        spread = Add(*(v * w * (r - s) ** 2 for (r, v), (s, w) in combinations(law, 2)))
        return apart / sqrt(spread)
    above, spread = _over_root(levels, whole, mine)
    spread = member.neat(spread.expand())
    if member.vanishes(spread):
        return S.Zero
    return above.expand() / sqrt(spread)
