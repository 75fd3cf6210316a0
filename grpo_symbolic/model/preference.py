r"""The reward preference model: the expected advantage of an answer.

.. math:: P_G(o \mid \pi) = E[A_1 \mid o_1 = o,\; o_2, \dots, o_G \sim \pi]
"""

from __future__ import annotations

from sympy import Add, Expr, Integer, oo

from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.question import BinaryQuestion

__all__ = ["expected_preference", "group_preference"]


def group_preference(
    advantage: Advantage, question: BinaryQuestion, size: Expr
) -> tuple[Expr, ...]:
    """P_G(o|π) for every answer: an exact finite expectation, or its large-group limit.

    Raises
    ------
    ValueError
        When the question does not define what the advantage needs.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (6) and the two cases after it.
    """
    if question.margin is not None and not advantage.scale_invariant:
        raise ValueError(
            "a question given by its margin fixes comparisons, not reward sizes, so it needs a "
            "scale-invariant advantage (ShiftAndScale with epsilon = 0)"
        )
    policy = question.policy
    found = []
    for own in range(len(policy)):
        if size == oo:
            population = question.population(policy)
            reward = population[own][0]
            terms = [(advantage(reward, population, size), Integer(1))]
        else:
            terms = [
                (advantage(reward, law, size), probability)
                for reward, law, probability in question.groups(own, policy, size)
            ]
        total = Add(*(value * probability for value, probability in terms))
        found.append(tidy(total, Domain.around(total)))
    return tuple(found)


def expected_preference(preferences: tuple[Expr, ...], policy: tuple[Expr, ...]) -> Expr:
    """E_{o~π} P(o): the reward preference model R at a policy."""
    return Add(*(p * w for p, w in zip(preferences, policy, strict=True)))
