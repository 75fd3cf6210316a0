"""The preference of groups of two, from the outcome of one comparison."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Rational, erf

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.question import Question
from grpo_symbolic.replace import parts

# So many margins of Gaussian rewards stay as they are in a sum over the other answers.
_MOST_GAUSSIAN = 4


def comparisons(advantage: Advantage, question: Question, size: Expr) -> tuple[Expr, ...]:
    """Pairs, from the outcome of one comparison: representative rewards 1 and 0, or a tie."""
    if size != 2:
        _ = question.finite_laws  # raises: comparisons say nothing about other group sizes
    if not advantage.scale_invariant or not advantage.shift_invariant:
        raise ValueError(
            "a question given by its margins fixes comparisons, not reward sizes, so it needs a "
            "shift- and scale-invariant advantage (ShiftAndScale with epsilon = 0)"
        )
    half = Rational(1, 2)
    found = []
    for own in range(len(question)):
        total = Integer(0)
        for other, weight in enumerate(question.policy):
            rates, confidence = [], question.confidence(own, other)
            for mine, theirs in ((1, 0), (0, 1), (0, 0)):
                decided = (1 - symbols.tie + (mine - theirs) * confidence) / 2
                chance = decided if mine != theirs else symbols.tie
                group = ((Integer(mine), half), (Integer(theirs), half))
                rates.append(chance * advantage(Integer(mine), group, size))
            total += weight * Add(*rates).expand()
        # Of many numbers without a closed form no signs are looked for.
        if sum(isinstance(part, erf) for part in parts((total,))) < _MOST_GAUSSIAN:
            total = tidy(total.expand(), question.declared.extended(total))
        found.append(total)
    return tuple(found)
