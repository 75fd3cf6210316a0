"""The weight at which a textbook model has the stationary policies of a trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from sympy import Dummy, Expr, Integer, Rational, Symbol, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.display import Html, cut, math, record, tex
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, RLHF, Algorithm
from grpo_symbolic.model.two_level import TwoLevel


@dataclass(frozen=True, repr=False)
class EffectiveWeight:
    """The weight at which a textbook model has a trainer's stationary policies.

    Attributes
    ----------
    factor : Expr or None
        The textbook model at ``beta * factor`` has the stationary policies of the trainer at
        ``beta``; None where no factor does that.
    model : str
        The textbook model.
    sentence : str
        For which questions the factor holds, or why there is none.
    algorithm : Algorithm, optional
        The textbook model as an algorithm: at the weight ``beta * factor`` where the trainer's
        is a number, else with the same symbol, to be replaced by ``beta * factor``.
    """

    factor: Expr | None
    model: str
    sentence: str
    algorithm: Algorithm | None = None

    def __str__(self) -> str:
        if self.factor is None:
            return f"no effective beta: {self.sentence}"
        return f"beta times {self.factor} in {self.model}: {self.sentence}"

    def __repr__(self) -> str:
        return f"EffectiveWeight({cut(str(self), 300)})"

    def _repr_html_(self) -> Html:
        factor = "none" if self.factor is None else math(tex(self.factor))
        rows = [("factor", factor), ("model", self.model), ("holds", self.sentence)]
        return record("Effective weight", rows)


def effective_weight(algorithm: GRPO, gap: Number | None = None) -> EffectiveWeight:
    """The textbook weight of an algorithm; see :meth:`Preset.effective_beta`."""
    size, rule = algorithm.group_size, algorithm.advantage
    if algorithm.penalised_before_baseline:
        return _reward_weight(algorithm)
    dropped = algorithm.mixed_only and size != oo
    if not dropped and rule.batch is None:
        for textbook in (ShiftAndScale(), ShiftOnly()):
            factor = _quotient(textbook, rule, size)
            if factor is not None:
                return _weight(algorithm, textbook, factor, "for every question")
        if gap is not None and size.is_Integer:
            return _two_levels(algorithm, gap)
    sentence = rule.no_multiple
    if dropped:
        sentence = (
            "groups of equal rewards are dropped with their penalty, so the penalty is not "
            "averaged over draws from the policy itself"
        )
    return EffectiveWeight(None, "", sentence)


@cache
def _quotient(textbook: Advantage, rule: Advantage, size: Expr) -> Expr | None:
    """``textbook / rule`` for a member of any group, when it is one constant; else None."""
    if textbook.scale_invariant != rule.scale_invariant:
        return None  # rescaled rewards change one of them only
    base = symbols.base_reward
    gaps = [Dummy(f"gap_{i}", positive=True) for i in (1, 2)]
    if size == 2:
        # Every group of two with different rewards is this one.
        law = ((base + gaps[0], Rational(1, 2)), (base, Rational(1, 2)))
        domain = Domain.of(base, gaps[0])
    elif rule.uniform or size == oo:
        first, second = symbols.policy(1), symbols.policy(2)
        law = ((base + gaps[0] + gaps[1], first), (base + gaps[1], second))
        law = (*law, (base, 1 - first - second))
        zero, one = Integer(0), Integer(1)
        domain = Domain.of(base, *gaps, (first, zero, one), (second, zero, one - first))
    else:
        return None
    domain = domain.extended(size) if size.free_symbols else domain
    members = [
        (textbook(reward, law, size, domain), rule(reward, law, size, domain)) for reward, _ in law
    ]
    top, own = members[0]
    if own == 0:
        return None
    factor = tidy(top / own, domain.extended(top, own))
    if factor.free_symbols & {base, *gaps, symbols.policy(1), symbols.policy(2)}:
        return None
    ranges = domain.extended(factor)
    if not all(is_zero(theirs - factor * mine, ranges) for theirs, mine in members):
        return None
    return factor


def _comparisons(rule: Advantage, size: int, gap: Expr) -> list[Expr]:
    """A(high) − A(low) against the same others, for each number of better ones among them."""
    model = TwoLevel(rule, Integer(size), gap, Integer(0), Domain.around(gap))
    return [model.advantages(others + 1)[0] - model.advantages(others)[1] for others in range(size)]


def _two_levels(algorithm: GRPO, gap: Number) -> EffectiveWeight:
    """Two reward levels: the drifts agree up to a factor iff they do in the Bernstein basis."""
    gap = symbol_or_number("gap", gap)
    size = int(algorithm.group_size)
    own = _comparisons(algorithm.advantage, size, gap)
    for textbook in (ShiftAndScale(), ShiftOnly()):
        model = _comparisons(textbook, size, gap)
        domain = Domain.around(gap, *own, *model)
        factor = tidy(model[0] / own[0], domain)
        if all(is_zero(m - factor * o, domain) for m, o in zip(model, own, strict=True)):
            which = f"for two reward levels {gap} apart"
            if not algorithm.advantage.shift_invariant:
                which = f"for the two rewards {gap} and 0"
            return _weight(algorithm, textbook, factor, which)
    return EffectiveWeight(
        None,
        "",
        f"in groups of {size} the two rules weigh the compositions of a group differently "
        f"({algorithm.advantage.no_multiple})",
    )


def _weight(algorithm: GRPO, textbook: Advantage, factor: Expr, questions: str) -> EffectiveWeight:
    same = replace(algorithm, advantage=textbook, mixed_only=False)
    model = f"groups of {algorithm.group_size} with advantage {textbook} and the same penalty"
    model = model.replace("groups of oo", "the large-group limit")
    if isinstance(algorithm.beta, Symbol):
        # A rescaled weight is no symbol: the algorithm keeps its own, to be multiplied.
        return EffectiveWeight(factor, model, f"exact {questions}", same)
    return EffectiveWeight(
        factor, model, f"exact {questions}", replace(same, beta=algorithm.beta * factor)
    )


def _reward_weight(algorithm: GRPO) -> EffectiveWeight:
    """A penalty inside the reward: r − β k(u) is one constant, whatever baseline and scale."""
    u = symbols.u
    own, model = (diff(p.marginal(), u) for p in (algorithm.penalty, RLHF().penalty))
    factor = tidy(own / model, Domain.of(u))
    if factor.has(u):
        return EffectiveWeight(
            None,
            "",
            f"the penalised reward r - beta k(u) is one constant with k(u) = "
            f"{algorithm.penalty.marginal()}, and no weight makes that the log-ratio of RLHF",
        )
    return EffectiveWeight(
        factor,
        "expected reward with KL(pi || pi_ref) (RLHF)",
        "exact for every group size: the penalised rewards are equal there, so baseline and "
        "scale drop out",
        RLHF(),
    )
