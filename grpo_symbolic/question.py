"""Question: the answers, how they are rewarded, and the reference policy.

A question hands the preference model exactly two things: the *groups* in which
an answer can find itself (with probabilities), and the *population* of rewards
that a policy produces. Both are laws with finite support, so every expectation
over them is an exact finite sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from sympy import Expr, Integer, Rational, Symbol, binomial

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.inputs import parameter

__all__ = ["BinaryQuestion", "Law"]

#: A reward law: pairs (reward, weight) with weights that sum to one.
Law = tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True)
class BinaryQuestion:
    """Two answers a and b, where a is the more rewarding one.

    Parameters
    ----------
    margin : Expr or number, optional
        Confidence margin γ = P(a ≻ b) − P(b ≻ a) of random rewards, in (0, 1];
        it defines comparisons only, hence groups of two. Without it the rewards
        are deterministic, r(a) = r(b) + Δ.
    gap : Expr or number
        The reward gap Δ = r(a) − r(b) > 0 of deterministic rewards, in reward units.

    Raises
    ------
    ValueError
        For a margin outside [0, 1] or a gap that is not positive.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, binary questions.
    """

    margin: Any = None
    gap: Any = symbols.gap

    def __post_init__(self) -> None:
        if self.margin is not None and not isinstance(self.margin, Symbol):
            object.__setattr__(self, "margin", parameter("margin", self.margin))
        if not isinstance(self.gap, Symbol):
            object.__setattr__(self, "gap", parameter("gap", self.gap))

    @property
    def answers(self) -> tuple[str, str]:
        return ("a", "b")

    @property
    def policy(self) -> tuple[Expr, Expr]:
        """(π(a), π(b)) in the one unknown π(a)."""
        return (symbols.pi, 1 - symbols.pi)

    @property
    def reference(self) -> tuple[Expr, Expr]:
        """(π_ref(a), π_ref(b))."""
        return (symbols.pi_ref, 1 - symbols.pi_ref)

    @property
    def domain(self) -> Domain:
        """The ranges of the question's own symbols."""
        found: list[Symbol | Range] = [symbols.pi_ref]
        if isinstance(self.margin, Symbol):
            found.append(Range(self.margin, Integer(0), Integer(1), False, True))
        return Domain.of(*found)

    @property
    def rewards(self) -> tuple[Expr, Expr]:
        """Deterministic rewards (r(a), r(b)).

        Raises
        ------
        ValueError
            For a question given by a margin, which has comparisons but no rewards.
        """
        if self.margin is not None:
            raise ValueError(
                "a question given by its margin defines comparisons of two answers only: "
                "rewards (and so other group sizes or unscaled advantages) need the question "
                "without a margin"
            )
        return (symbols.base_reward + self.gap, symbols.base_reward)

    def preference(self, first: int, second: int) -> Expr:
        """P(first ≻ second), ties counted one half each way."""
        if first == second:
            return Rational(1, 2)
        margin = self.margin if self.margin is not None else Integer(1)
        return (1 + (margin if first < second else -margin)) / 2

    def groups(
        self, own: int, policy: tuple[Expr, ...], size: Expr
    ) -> Iterator[tuple[Expr, Law, Expr]]:
        """Every group of ``size`` around answer ``own``: (own reward, group's law, probability)."""
        if self.margin is not None:
            yield from self._comparisons(own, policy, size)
            return
        rewards = self.rewards
        others = int(size) - 1
        for count in range(others + 1):
            # ``count`` of the others are answer a.
            probability = (
                binomial(others, count) * policy[0] ** count * policy[1] ** (others - count)
            )
            members = (count + (own == 0), others - count + (own == 1))
            law = tuple(
                (reward, Rational(k, int(size)))
                for reward, k in zip(rewards, members, strict=True)
                if k
            )
            yield rewards[own], law, probability

    def population(self, policy: tuple[Expr, ...]) -> Law:
        """The law of the reward of an answer drawn from ``policy``."""
        return tuple(zip(self.rewards, policy, strict=True))

    def _comparisons(
        self, own: int, policy: tuple[Expr, ...], size: Expr
    ) -> Iterator[tuple[Expr, Law, Expr]]:
        """Outcomes of one comparison, with representative rewards 1 and 0."""
        if size != 2:
            _ = self.rewards  # raises: a margin says nothing about other group sizes
        half = Rational(1, 2)
        for other, (mine, theirs) in product(range(2), ((1, 0), (0, 1), (0, 0))):
            margin = self.margin * (1 if own < other else -1) if own != other else Integer(0)
            if mine == theirs:
                probability = symbols.tie
            else:
                probability = (1 - symbols.tie + (mine - theirs) * margin) / 2
            law: Law = ((Integer(mine), half), (Integer(theirs), half))
            yield Integer(mine), law, policy[other] * probability
