r"""Bounds of many answers, cut by cut, by those of two levels of reward.

Cut the levels in two. In a group with the share x above the cut, the advantages above it add up to
:math:`G\,x(1-x)\,\Delta/s(w + x(1-x)\Delta^2)`, Δ what the means of the sides are apart and w the
variance inside of them: at least 0, and at most what it is for the best and the worst level alone,
where s rises with the variance and less than the distance does. The conditions of the reverse KL,
π(o) (1 − P(o)/β) = π_ref(o), add up: with F and R the probabilities above the cut under π and
π_ref, :math:`R \le F` and :math:`F - h(F)/\beta \le R`, h the drift of two levels. So F is not
above the largest stationary probability of two levels, and upper bounds of that are bounds of F.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Add, Eq, Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.analysis.bounds import Bound, Bounds, bounds
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import Claims
from grpo_symbolic.implicit_root import ImplicitRoot
from grpo_symbolic.model.advantage import Advantage, Ranks
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.verify.claim import Claim

X = Symbol("x", positive=True)
APART, MORE, WITHIN = (Symbol(name, positive=True) for name in ("Delta", "delta", "w"))


def why_none(algorithm: Algorithm, question: Question) -> str | None:
    """Why the argument does not apply; None where it does."""
    rule = algorithm.advantage if isinstance(algorithm, GRPO) else None
    if rule is None or algorithm.penalised_before_baseline or algorithm.mixed_only:
        return "an algorithm that penalises all groups of rewards alike"
    if (algorithm.penalty.marginal() - 1 + symbols.u).expand() != 0:
        return "the reverse KL"
    if not question.reward_laws or not question.deterministic:
        return "deterministic rewards"
    if len(question.classes) < 2:
        return "two levels of reward or more"
    plain = rule.zero_sum and rule.zero_over_zero == 0 and rule.batch is None
    scaled = plain and rule.scale(WITHIN, algorithm.group_size) is not None
    if not (scaled or isinstance(rule, Ranks)):
        return "ranks, or a scale that sees the variance of its group alone"
    return None


def bounds_of_many(
    algorithm: Algorithm,
    question: Question,
    ranked: Sequence[int],
    balance: Balance,
    equation: Eq,
    closed: tuple[Expr, Claims] | None,
) -> Bounds:
    """Bounds of the probability above each cut.

    Parameters
    ----------
    algorithm, question
        To which :func:`why_none` has no objection.
    ranked : sequence of int
        The question's classes from the most to the least rewarding.
    balance, equation
        The condition of two levels that are ``symbols.gap`` apart, by the same algorithm.
    closed : tuple of Expr and claims, or None
        Its solution, where there is a formula.
    """
    rule = algorithm.advantage
    exact = isinstance(rule, Ranks) or (algorithm.group_size == 2 and rule.scale_invariant)
    claims = () if exact else _claims(rule, algorithm)
    shared = "the advantages of a group above a cut add up to "
    shared += "those of two levels" if exact else "at most those of the best and the worst level"
    two = _of_two(balance, equation, closed, exact)
    rewards = [question.rewards[question.classes[place][0]] for place in ranked]
    apart = rewards[0] - rewards[-1]
    found, above = [], []
    for place in ranked[:-1]:
        above += question.classes[place]
        mass = Add(*(symbols.policy(o + 1) for o in sorted(above)))
        reference = Add(*(question.reference[o] for o in above)).expand()
        if not exact:
            reason = "the advantages of a group above a cut add up to at least 0"
            found.append(Bound(reference, "lower", reason, claims, mass))
        for bound in two:
            found.append(
                replace(
                    bound,
                    expression=bound.expression.xreplace(
                        {symbols.pi_ref: reference, symbols.gap: apart}
                    ),
                    reason=f"{shared}; of two levels: {bound.reason}",
                    claims=(*claims, *bound.claims),
                    mass=mass,
                )
            )
    return Bounds(tuple(found))


def _of_two(
    balance: Balance, equation: Eq, closed: tuple[Expr, Claims] | None, exact: bool
) -> list[Bound]:
    """Bounds of the binary question: the upper ones; the lower ones too where cuts are as exact."""
    found = bounds(balance, None if closed is None else closed[0])
    kept = [b for b in found.found if (exact or b.side == "upper") and b.expression != 1]
    concave = None if balance.group is None else balance.group.spread.concave
    if closed is not None:
        root, known = closed
    elif concave is not None and balance.force.line is not None:
        root, known = ImplicitRoot.of(equation, symbols.pi, symbols.pi_ref, 1), concave
    else:
        return kept
    sharp = Bound(root, "upper", "the stationary policy", known)
    return [*([replace(sharp, side="lower")] if exact else []), sharp, *kept]


def _claims(rule: Advantage, algorithm: Algorithm) -> tuple[Claim, ...]:
    """That the advantages above a cut are between 0 and those of the two ends."""
    size = algorithm.group_size
    between, further = X * (1 - X) * APART**2, X * (1 - X) * (APART + MORE) ** 2

    def above(apart: Expr, variance: Expr) -> Expr:
        return X * (1 - X) * apart / rule.scale(variance, size)

    shares = Domain((Range(X, S.Zero, S.One), *Domain.of(APART, MORE, WITHIN).ranges))
    most, ends = above(APART, between), above(APART + MORE, further)
    domain = shares.extended(most)
    found = [Claim("a cut: the advantages above it are positive", most, ">", S.Zero, domain)]
    if not rule.linear:
        less = above(APART, WITHIN + between)
        name = "a cut: what varies inside of its sides makes them smaller"
        found.append(Claim(name, less, "<=", most, domain))
    if not rule.scale_invariant:
        found.append(Claim("a cut: they rise with the distance of its sides", most, "<=", ends,
                           domain))  # fmt: skip
    return tuple(found)
