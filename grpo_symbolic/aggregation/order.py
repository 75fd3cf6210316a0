"""The order of electorates in which one is the smallest that breaks an axiom.

An electorate is written in whole numbers: equal raters, rewards 0, 1, 2, ... Its size is the sum
answers + raters + largest reward, so that each has finitely many smaller ones; one that is ordered
by raters first has infinitely many below two raters. Sizes being equal, fewer answers come first,
then fewer raters, then a smaller sum of rewards, then the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import comb
from typing import ClassVar

from grpo_symbolic.aggregation.cases import Profile, Row, profile_of
from grpo_symbolic.aggregation.rule import Rule

#: Four answers and more are no part of the order.
ANSWERS = (2, 3)
#: Two answers, one rater, and a reward that is not 0.
SMALLEST = 4


@dataclass(frozen=True)
class Size:
    """The size of an electorate, and of what is changed in it.

    Attributes
    ----------
    answers, raters, reward : int
        The last is the largest reward before or after a change. An electorate of which an answer
        is split counts before the split, one that raters join after they did.
    """

    TERMS: ClassVar[tuple[str, ...]] = ("answers", "raters", "largest reward")
    answers: int
    raters: int
    reward: int

    @property
    def total(self) -> int:
        """The sum of the three."""
        return self.answers + self.raters + self.reward

    @classmethod
    def of(cls, profile: Profile) -> Size:
        """The size of a profile of which nothing is changed."""
        top = max(r for row, _ in profile for r in row)
        return cls(len(profile[0][0]), sum(m for _, m in profile), top)

    @classmethod
    def of_total(cls, total: int) -> Iterator[Size]:
        """Sizes with this sum, in order."""
        for answers in ANSWERS:
            for raters in range(1, total - answers):
                yield cls(answers, raters, total - answers - raters)

    def __str__(self) -> str:
        return f"{self.answers} + {self.raters} + {self.reward} = {self.total}"


@dataclass(frozen=True)
class Electorates:
    """The electorates of the order that a rule can tell apart.

    Attributes
    ----------
    shifts : bool
        Whether the rule sees that all rewards of a rater are raised alike. If not, each rater's
        rewards begin at 0: others have the lottery of a smaller electorate.
    free : int or None
        Of rules that see comparisons only, how many raters have rewards that are not their ranks
        0, 1, 2: the one that an axiom is about, or none; None for other rules.
    """

    shifts: bool
    free: int | None = None

    @classmethod
    def seen_by(cls, rule: Rule, one_rater: bool) -> Electorates:
        """What is enough for a rule and an axiom, which may be about one rater."""
        return cls(rule.sees_shifts, int(one_rater) if rule.sees_comparisons_only else None)

    def _rows(self, size: Size) -> tuple[list[Row], list[Row]]:
        """Rows that every rater may have, and rows for the one that the axiom is about."""
        # Ranks end at one less than there are answers; a split makes one more.
        if self.free == 0 and size.reward > size.answers:
            return [], []
        rows = list(product(range(size.reward + 1), repeat=size.answers))
        if not self.shifts:
            rows = [row for row in rows if min(row) == 0]
        if self.free is None:
            return rows, []
        ranks = [row for row in rows if len(set(row)) == max(row) + 1]
        return ranks, [row for row in rows if len(set(row)) <= max(row)] * self.free

    def count(self, size: Size) -> int:
        """How many there are of a size or of a smaller reward."""
        rows, free = self._rows(size)
        if not rows:
            return 0
        own = comb(len(rows) + size.raters - 1, size.raters)
        return own + len(free) * comb(len(rows) + size.raters - 2, size.raters - 1)

    def of(self, size: Size) -> list[Profile]:
        """In order; rewards may be smaller, where a change can reach this size."""
        rows, free = self._rows(size)
        found = [profile_of(c) for c in combinations_with_replacement(rows, size.raters)]
        found += [
            profile_of([*c, row])
            for row in free
            for c in combinations_with_replacement(rows, size.raters - 1)
        ]
        return sorted(found, key=_sum)


def alike(size: Size) -> list[Profile]:
    """Electorates of this size of which answers 2 and 3 are alike, each rater's rewards from 0.

    Raters who tell the two apart come in pairs, one with either order.
    """
    if size.answers != 3:
        return []
    rows = [row for row in product(range(size.reward + 1), repeat=3) if min(row) == 0]
    single = [(a, b, c) for a, b, c in rows if b == c]
    double = [(a, b, c) for a, b, c in rows if b < c]
    found = [
        profile_of([*pairs, *((a, c, b) for a, b, c in pairs), *others])
        for count in range(size.raters // 2 + 1)
        for pairs in combinations_with_replacement(double, count)
        for others in combinations_with_replacement(single, size.raters - 2 * count)
    ]
    return sorted((p for p in found if Size.of(p) == size), key=_sum)


def _sum(profile: Profile) -> tuple[int, Profile]:
    return sum(m * sum(row) for row, m in profile), profile
