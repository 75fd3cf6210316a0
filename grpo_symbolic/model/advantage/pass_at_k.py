"""The best of k: advantages of the subsets of a group, shared by their members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import combinations
from math import comb

from sympy import Add, Expr, Integer, Rational, S, oo, sqrt

from grpo_symbolic.inputs import Number, parameter
from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import order

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
        size, k = int(member.size), self.subset
        levels, weights = self._ordered(member)
        counts = [int(w * size) for w in weights]
        upto = [sum(counts[: j + 1]) for j in range(len(counts))]
        whole = [Rational(comb(n, k), comb(size, k)) for n in upto]
        own = next(j for j, r in enumerate(levels) if r == member.reward)
        mine = [
            Rational(comb(n - 1, k - 1), comb(size - 1, k - 1)) if j >= own else S.Zero
            for j, n in enumerate(upto)
        ]
        return _standardised(member, levels, _steps(whole), _steps(mine))

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


def _steps(upto: Sequence[Expr]) -> list[Expr]:
    return [u - v for u, v in zip(upto, [S.Zero, *upto[:-1]], strict=True)]


def _standardised(
    member: Member, levels: Sequence[Expr], whole: Sequence[Expr], mine: Sequence[Expr]
) -> Expr:
    """(E of the own subsets − mean)/std over all subsets."""
    law = list(zip(levels, whole, strict=True))
    if member.size == oo and len(levels) > _MULTIPLIED_OUT:  # every pair of levels is drawn
        apart = Add(*(r * (m - w) for (r, w), m in zip(law, mine, strict=True)))
        spread = Add(*(v * w * (r - s) ** 2 for (r, v), (s, w) in combinations(law, 2)))
        return apart / sqrt(spread)
    mean = Add(*(w * r for r, w in law))
    spread = member.neat(Add(*(w * (r - mean) ** 2 for r, w in law)).expand())
    if member.vanishes(spread):
        return S.Zero
    own = Add(*(w * r for r, w in zip(levels, mine, strict=True)))
    return (own - mean).expand() / sqrt(spread)
