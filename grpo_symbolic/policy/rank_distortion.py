"""Pairs with ordered rewards: the binary solution acts on cumulative reference masses, by rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sympy import Add, Eq, Expr, S

from grpo_symbolic import symbols
from grpo_symbolic.model.advantage import Ranks
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.ranks import telescoped
from grpo_symbolic.stationarity import stationarity_condition


@dataclass(frozen=True)
class RankDistortion:
    """π of the answers up to a rank is φ of their reference mass.

    Attributes
    ----------
    question : Question
    ranked : tuple of int
        The question's classes from the most to the least rewarding.
    closed : ClosedForm
        φ, in ``symbols.pi_ref``.
    equation : Eq
        What φ solves: the conditions of the answers down to a rank, added up.
    """

    question: Question
    ranked: tuple[int, ...]
    closed: ClosedForm
    equation: Eq

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """π(o), one entry an answer."""
        curve = self.closed.expression
        return self.by_rank(lambda mass: curve.subs(symbols.pi_ref, mass), self.question.reference)

    def by_rank(self, curve: Callable[[Expr], Expr], reference: Sequence[Expr]) -> tuple[Expr, ...]:
        """π(o) from φ: a class's answers share its mass as in the reference."""
        found: dict[int, Expr] = {}
        below: Expr = S.Zero
        total: Expr = S.Zero
        for position in self.ranked:
            members = self.question.classes[position]
            mass = Add(*(reference[o] for o in members))
            total = (total + mass).expand()
            upto = S.One if position == self.ranked[-1] else curve(total)
            for o in members:
                share = S.One if len(members) == 1 else reference[o] / mass
                found[o] = (upto - below) * share
            below = upto
        return tuple(found[o] for o in range(len(self.question)))


def sees_pairs(algorithm: Algorithm) -> bool:
    """Whether a preference is that of pairs, in which nothing but the order may count."""
    rule = algorithm.advantage
    if isinstance(rule, Ranks) and rule.weights is None:
        return True
    return algorithm.group_size == 2 and (rule is None or rule.scale_invariant)


def rank_distortion(algorithm: Algorithm, question: Question) -> RankDistortion | None:
    """φ, where the condition telescopes into one equation in cumulative masses; else None."""
    if not sees_pairs(algorithm) or not question.deterministic or len(question.classes) < 2:
        return None
    lumped = question.lumped()
    ranked = ranked_classes(lumped)
    if ranked is None:
        return None
    found = telescoped(stationarity_condition(algorithm, lumped.permuted(ranked)))
    closed = None if found is None else closed_form(*found)
    if found is None or closed is None:
        return None
    return RankDistortion(question, ranked, closed, found[1])


def ranked_classes(lumped: Question) -> tuple[int, ...] | None:
    """Classes from the most to the least rewarding, where the order is known."""
    places: list[int] = []
    try:
        for new in range(len(lumped)):
            at = 0
            while at < len(places) and lumped.confidence(places[at], new) == 1:
                at += 1
            places.insert(at, new)
    except ValueError:
        return None
    return tuple(places)
