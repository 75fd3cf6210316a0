r"""Labels that are not what raters meant: flipped, adversarial, or known up to a radius.

All act on the margins, so they go with rules that see comparisons only.

======================  =====================================================================
symmetric flips ε       γ → (1 − 2ε)γ: pairs and NLHF keep their lottery, β becomes β/(1 − 2ε)
flips by answer ε(o)    γ(o, x) → (1 − ε(o) − ε(x))γ(o, x) + ε(x) − ε(o): not a change of β
adversarial share α     γ → (1 − α)γ + α a, a the margins of the adversaries: not a change of β
worst case, radius r    an answer is valued by γ − r against every other answer
======================  =====================================================================

Covered of what is published: label smoothing (cDPO) is symmetric flips put in; its unbiased
correction (rDPO, arXiv 2403.00409) is their inverse, :attr:`Flipped.corrected`; worst case over
raters instead of labels (MaxMin-RLHF, arXiv 2402.08925), ensembles of reward models
(arXiv 2310.02743) and KL-balls around the whole data set (Dr. DPO, arXiv 2407.07880) are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.pairs import skew_lottery
from grpo_symbolic.aggregation.rule import Rule, Setting
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.aggregation.votes import Comparisons, Votes, margins_of
from grpo_symbolic.inputs import within
from grpo_symbolic.model.algorithm import NLHF


def _share(name: str, value: Any, upper: Any, allowed: str) -> Fraction:
    found = within(name, value, allowed, 0, upper, lower_closed=True)
    if not found.is_Rational:
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return Fraction(found.p, found.q)


def _needs_comparisons(rule: Rule) -> None:
    if not isinstance(rule, Rule) or not rule.sees_comparisons_only:
        raise ValueError(f"labels of comparisons mean nothing to this rule: {rule}")


class _Relabelled(Rule):
    """A rule on margins that were changed."""

    rule: Rule
    sees_comparisons_only = True

    def changed(self, margins: list[list[Fraction]]) -> list[list[Fraction]]:
        """The margins that the rule gets to see."""
        raise NotImplementedError

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        seen = Comparisons.of_margins(self.changed(margins_of(votes)), votes.answers)
        return self.rule._lottery(seen, setting)


@dataclass(frozen=True, repr=False)
class Flipped(_Relabelled):
    """Labels that are reported the wrong way round.

    Parameters
    ----------
    rule : Rule
        One that sees comparisons only.
    share : number or sequence of numbers
        The chance of a flip, below 1/2; or, one an answer, the chance that its win is reported as
        a loss.
    corrected : bool
        Undo flips of this share instead of making them: the unbiased estimate of the margins.
    """

    rule: Rule
    share: Any = 0
    corrected: bool = False

    def __post_init__(self) -> None:
        _needs_comparisons(self.rule)
        allowed = "a share in [0, 1/2)"
        if isinstance(self.share, Sequence) and not isinstance(self.share, str):
            found: Any = tuple(_share("share", s, Fraction(1, 2), allowed) for s in self.share)
            if self.corrected:
                raise ValueError("a correction is made for flips of one share")
        else:
            found = _share("share", self.share, Fraction(1, 2), allowed)
        object.__setattr__(self, "share", found)

    @property
    def name(self) -> str:  # type: ignore[override]
        shown = ",".join(map(str, self.share)) if isinstance(self.share, tuple) else self.share
        return f"{self.rule.name}-{'corrected' if self.corrected else 'flipped'}:{shown}"

    @property
    def title(self) -> str:  # type: ignore[override]
        what = "corrected for flips" if self.corrected else "flipped labels"
        return f"{self.rule.title}, {what}"

    def changed(self, margins: list[list[Fraction]]) -> list[list[Fraction]]:
        n = len(margins)
        each = self.share if isinstance(self.share, tuple) else (self.share,) * n
        if len(each) != n:
            raise ValueError(f"share must have one entry for each of {n} answers")
        if self.corrected:
            found = [[g / (1 - 2 * self.share) for g in row] for row in margins]
            if any(abs(g) > 1 for row in found for g in row):
                raise ValueError("these votes are more certain than flips of this share allow")
            return found
        # An answer against itself: the two last terms are the same, and its margin is 0.
        return [
            [(1 - a - b) * g + b - a for b, g in zip(each, row, strict=True)]
            for a, row in zip(each, margins, strict=True)
        ]


@dataclass(frozen=True, repr=False)
class Adversarial(_Relabelled):
    """A share of the votes comes from adversaries.

    Parameters
    ----------
    rule : Rule
        One that sees comparisons only.
    share : number
        In [0, 1).
    ranking : sequence of int
        The answers as the adversaries rank them, best first, by number from 0.
    """

    rule: Rule
    share: Any
    ranking: tuple[int, ...]

    def __post_init__(self) -> None:
        _needs_comparisons(self.rule)
        object.__setattr__(self, "share", _share("share", self.share, 1, "a share in [0, 1)"))
        object.__setattr__(self, "ranking", tuple(self.ranking))

    @property
    def name(self) -> str:  # type: ignore[override]
        ranking = ">".join(str(o + 1) for o in self.ranking)
        return f"{self.rule.name}-adversarial:{self.share}:{ranking}"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"{self.rule.title}, a share of {self.share} adversaries"

    def changed(self, margins: list[list[Fraction]]) -> list[list[Fraction]]:
        n = len(margins)
        if sorted(self.ranking) != list(range(n)):
            raise ValueError(f"ranking must name each of {n} answers once, by number from 0")
        place = {o: k for k, o in enumerate(self.ranking)}
        return [
            [
                (1 - self.share) * margins[o][x]
                + self.share * ((place[o] < place[x]) - (place[o] > place[x]))
                for x in range(n)
            ]
            for o in range(n)
        ]


@dataclass(frozen=True, repr=False)
class WorstCase(Rule):
    """Every answer is valued by the lowest margins within a radius: P(o) = (Γπ)(o) − r(1 − π(o)).

    Parameters
    ----------
    rule : Trained
        Pairs or NLHF, under the reverse or the direct KL.
    radius : number
        r in [0, 1]. The stationary policy is the only one where r is below β κ, κ the least
        reference probability under the reverse KL and 1 under the direct KL.
    """

    rule: Trained
    radius: Any
    sees_comparisons_only = True

    def __post_init__(self) -> None:
        if not isinstance(self.rule, Trained) or not self.rule.skew:
            raise ValueError("worst-case margins go with pairs or NLHF")
        object.__setattr__(self, "radius", _share("radius", self.radius, 1, "a number in [0, 1)"))

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.rule.name}-worst-case:{self.radius}"

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"{self.rule.title}, worst-case margins within {self.radius}"

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        scale = Fraction(1, 2) if isinstance(self.rule.algorithm, NLHF) else Fraction(1)
        # A radius that is the same for all answers adds r π(o), and a constant.
        bonus = scale * self.radius
        return skew_lottery(
            votes.answers, margins_of(votes), setting, self.rule._reverse, scale, bonus
        )
