"""Ranks in the group in place of rewards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Add, Expr, Rational, S, oo

from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.model.advantage.base import Advantage, Member
from grpo_symbolic.reward import Law, order


@dataclass(frozen=True, repr=False)
class Ranks(Advantage):
    r"""How many of the others are worse, less how many are better, over G − 1.

    .. math:: A_i = \frac{\#\{j : r_j < r_i\} - \#\{j : r_j > r_i\}}{G - 1}

    or the number that ``weights`` give to the member's rank, equal rewards sharing the mean of
    theirs.

    Parameters
    ----------
    weights : sequence of numbers, optional
        One number a rank, the worst first, with the sum 0: as many as there are members.

    Raises
    ------
    ValueError
        For weights that do not sum to 0, or are not G.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(8, advantage=gs.Ranks())
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), pi*(1 - pi))

    Notes
    -----
    Source: ranks as in evolution strategies (Wierstra et al., JMLR 15 (2014) 949-980). Without
    weights the expectation is the same for every G: that of groups of two. A has no unit.
    """

    weights: Sequence[Expr] | None = None

    scale_invariant = True
    sees_moments = False
    no_multiple = "ranks do not see how far rewards are apart"

    def __post_init__(self) -> None:
        if self.weights is None:
            return
        given = tuple(exact_number("weight", w, "a number") for w in self.weights)
        if len(given) < 2 or Add(*given) != 0:
            raise ValueError(f"weights must be two numbers or more with the sum 0, got {given}")
        object.__setattr__(self, "weights", given)

    def __str__(self) -> str:
        if self.weights is None:
            return "(worse - better)/(G - 1)"
        return f"w(rank), with {'; '.join(map(str, self.weights))} from the worst rank up"

    def tex(self, reward: str) -> str:
        return super().tex(reward) if self.weights is None else r"w(\mathrm{rank})"

    @property
    def uniform(self) -> bool:  # type: ignore[override]
        """Without weights: one formula in the fraction of better answers holds."""
        return self.weights is None

    def of_order(self, below: int, alike: int, size: int) -> Expr | None:
        if self.weights is None:
            return Rational(below - (size - below - alike), size - 1)
        if size != len(self.weights):
            raise ValueError(
                f"{len(self.weights)} weights of ranks are for groups of as many, not of {size}"
            )
        return Add(*self.weights[below : below + alike]) * Rational(1, alike)

    def expected(self, reward: Expr, population: Law, size: Expr, domain: Domain) -> Expr | None:
        """Each of the others is worse or better as one drawn reward is."""
        return _balance(reward, population, domain) if self.weights is None else None

    def _measure(self, member: Member) -> Expr:
        if self.weights is None:
            return _balance(member.reward, member.others, member.domain)
        size = member.size
        if size == oo or not size.is_Integer:
            raise ValueError(
                f"{len(self.weights)} weights of ranks are for groups of as many, not of {size}"
            )
        counts = [(order(r, member.reward, member.domain), w * size) for r, w in member.group]
        below = int(sum((c for o, c in counts if o < 0), S.Zero))
        alike = int(sum((c for o, c in counts if o == 0), S.Zero))
        return self.of_order(below, alike, int(size))


def _balance(reward: Expr, law: Law, domain: Domain) -> Expr:
    """The mass below a reward less the mass above it."""
    return Add(*(w * order(reward, r, domain) for r, w in law))
