"""Raters who score whole groups, or an answer each, from the definition: everything enumerated."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, S

from derivations.second_route.groups import certain, group_preferences, large_group_preferences

__all__ = ["beaten", "per_answer", "per_group"]

#: A share and a reward for every answer.
Rater = tuple[Expr, Sequence[Expr]]


def per_group(raters: Sequence[Rater], policy: Sequence[Expr], size: int | None) -> list[Expr]:
    """The expected advantage of an answer whose group one rater scores, drawn by share.

    None for large groups.
    """
    parts = [
        [
            share * v
            for v in (
                large_group_preferences(certain(*rewards), policy)
                if size is None
                else group_preferences(certain(*rewards), policy, size)
            )
        ]
        for share, rewards in raters
    ]
    return [Add(*column) for column in zip(*parts, strict=True)]


def per_answer(raters: Sequence[Rater], policy: Sequence[Expr], size: int | None) -> list[Expr]:
    """The same where each answer has a rater of its own; None for large groups."""
    laws = []
    for column in zip(*(rewards for _, rewards in raters), strict=True):
        law: dict[Expr, Expr] = {}
        for (share, _), reward in zip(raters, column, strict=True):
            law[reward] = law.get(reward, S.Zero) + share
        laws.append(list(law.items()))
    if size is None:
        return large_group_preferences(laws, policy)
    return group_preferences(laws, policy, size)


def beaten(margins: Sequence[Sequence[Expr]], policy: Sequence[Expr]) -> list[Expr]:
    """The margin of each answer over one drawn from a policy."""
    return [Add(*(g * p for g, p in zip(row, policy, strict=True))) for row in margins]
