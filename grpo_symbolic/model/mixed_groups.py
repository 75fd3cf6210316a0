"""Groups whose rewards are not all equal: how likely they are, and which answers they favour."""

from __future__ import annotations

from sympy import Add, Expr, Symbol, binomial

from grpo_symbolic import symbols
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.question import Question


def mixed_groups(question: Question, size: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """Groups whose rewards are not all equal: their probability, and how they favour answers.

    Returns
    -------
    chance : Expr
        Pr(mixed) = 1 − Σ m(r)^G, m the law of the reward of a drawn answer.
    weights : tuple of Expr
        Pr(o_1 = o | mixed)/π(o), one entry an answer.
    """
    if question.raters:
        return _mixed_over_raters(question, size)
    population = {r: m.expand() for r, m in question.population(question.policy)}
    if len(population) == 1:
        raise ValueError("all rewards are equal: there are no mixed groups to sample")
    if len(population) == 2:
        # Written as what is in a mixed group: nothing cancels where one level dies out.
        m = next(iter(population.values()))
        rest = {r: 1 - share for r, share in population.items()}
        k = symbols.k
        chance = _sum_over_group(binomial(size, k) * m**k * (1 - m) ** (size - k), k, size)
        other = {
            r: rest[r] * _sum_over_group(share ** (k - 1), k, size)
            for r, share in population.items()
        }
    else:
        chance = 1 - Add(*(share**size for share in population.values()))
        other = {r: 1 - share ** (size - 1) for r, share in population.items()}
    weights = tuple(Add(*(w * other[r] for r, w in law)) / chance for law in question.finite_laws)
    return chance, weights


def _mixed_over_raters(question: Question, size: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """Groups of a rater who sees no difference between any two answers are never mixed."""
    found = [
        (share, *mixed_groups(rater, size))
        for share, rater in question.mixture
        if len(rater.levels) > 1
    ]
    if not found:
        raise ValueError("all rewards are equal: there are no mixed groups to sample")
    chance = Add(*(share * kept for share, kept, _ in found))
    rows = ([share * kept * weight for weight in weights] for share, kept, weights in found)
    return chance, tuple(Add(*column) / chance for column in zip(*rows, strict=True))


def _sum_over_group(term: Expr, k: Symbol, size: Expr) -> Expr:
    """Σ over k = 1 … G − 1, written out for a small group."""
    if size.is_Integer and size <= 12:
        return Add(*(term.subs(k, count) for count in range(1, int(size))))
    return GroupSum(term, (k, 1, size - 1))
