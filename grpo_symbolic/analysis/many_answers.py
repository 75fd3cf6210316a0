"""What is known of many answers for all parameters: their number, limits, series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sympy import Add, Expr, Integer, Rational, S, Symbol, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.analysis.count import Count
from grpo_symbolic.gradient import gradients
from grpo_symbolic.levels.form import level_form
from grpo_symbolic.levels.uniqueness import one_for_every_reference
from grpo_symbolic.model.advantage import Ranks
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.level_mean import LevelMean, PairMean
from grpo_symbolic.model.preference import level_means
from grpo_symbolic.question import Question
from grpo_symbolic.replace import replaced
from grpo_symbolic.reward import order
from grpo_symbolic.solve.simplex_count import skew_slopes
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

# Classes whose preferences of pairs are looked at term by term.
_MOST = 8
# Steps that the higher powers of a series may take.
_STEPS = 4_000_000
# A second difference that no affine function has from rounding.
_BENT = 1e-6
# Operations of a coefficient that is brought into factors.
_SMALL, _SHORT = 300, 200_000


def count_of_many(algorithm: Algorithm, question: Question) -> Count:
    """The number of stationary policies of a question of three classes or more.

    Where P is affine in the policy and its derivative skew along the simplex, the stationarity
    map of a strictly monotone penalty is strictly monotone: it has one zero at most. A penalty
    without lower bound gives one: the response to a policy is a continuous map of the simplex.
    Under the reverse KL the map from policies to references may be shown to be one-to-one for the
    levels at hand (:mod:`..levels.uniqueness`).
    """
    penalty = algorithm.penalty
    unknown = Count(
        (),
        f"no argument for all parameters at once is known for {len(question)} answers; "
        "solutions() counts at given numbers",
    )
    if not penalty.monotone or algorithm.mixed_only or len(question.classes) > _MOST:
        return unknown
    if not penalty.holds_every_answer:
        return unknown
    if len(question.classes) < 2:
        return Count((1,), "all answers are alike, so that the policy stays at the reference")
    lumped = question.lumped()
    form = level_form(algorithm, lumped, {})
    shown = None if form is None else one_for_every_reference(form)
    if shown is not None:
        return Count((1,), shown)
    try:
        claims = limited(_skew, stationarity_condition(algorithm, lumped), steps=_STEPS)
    except (ValueError, Exhausted):
        return unknown
    if claims is None:
        return unknown
    return Count(
        (1,),
        "the preference is affine in the policy and skew along the simplex, so the stationarity "
        "map is strictly monotone; the response to a policy is continuous, so it has a fixed point",
        claims,
    )


def _skew(condition: StationarityCondition) -> tuple[Claim, ...] | None:
    """Claims that the derivative of P along the simplex is constant and skew."""
    free, values = condition.policy[:-1], tuple(condition.preference)
    by_name = condition.preference.kept_by_name
    if by_name or not all(v.is_polynomial(*free) for v in values):
        return None
    if _bends(condition):
        return None
    domain = condition.preference.domain
    rows = skew_slopes(values, free, domain)
    if rows is None:
        return None
    return tuple(
        Claim(f"skew: the slopes of answers {i + 1} and {j + 1} along each other cancel",
              row[j], "==", -rows[j][i], domain)
        for i, row in enumerate(rows)
        for j in range(i + 1)
    )  # fmt: skip


def _bends(condition: StationarityCondition) -> bool:
    """Whether some P(o) is seen not to be affine: at three policies in a row, in a few digits."""
    free, n = condition.policy[:-1], len(condition.policy)
    sample = next(iter(condition.preference.domain.samples(1)), {})
    point = {s: v for s, v in sample.items() if s not in free}
    row = [
        {**point, **{s: Rational(1, n) + Rational(t, n * (k + 3)) for k, s in enumerate(free)}}
        for t in range(-1, 2)
    ]
    values = tuple(dict.fromkeys(condition.preference))
    for before, here, after in zip(*(replaced(values, at) for at in row), strict=True):
        second = (before - 2 * here + after).evalf(15)
        if second.is_Float and abs(second) > _BENT:
            return True
    return False


def limit_of_many(
    algorithm: Algorithm, question: Question, variable: str, value: Expr
) -> tuple[Expr, ...]:
    """π as β → ∞ or β → 0+, one entry an answer.

    As β → ∞ the force, β times a function that vanishes at the reference only, is bounded by the
    advantages. Under the reverse KL P(o) = β (1 − π_ref(o)/π(o)) < β: the best answers' expected
    advantage vanishes with β. It is at least a positive constant times the mass of the others,
    for every rule that divides the deviation from the group's mean by a bounded scale.

    Raises
    ------
    ValueError
        For other limits.
    """
    if variable != str(algorithm.beta) or value not in (0, oo):
        raise ValueError(
            f"a limit of {len(question)} answers is known for {algorithm.beta} -> 0 and "
            f"{algorithm.beta} -> oo, not for {variable} -> {value}"
        )
    reference = question.reference
    if value == oo:
        if not algorithm.penalty.monotone:
            raise ValueError("the limit of strong penalties is known for monotone penalties")
        return reference
    if not _rewards_the_best(algorithm) or not question.deterministic:
        raise ValueError(
            "the limit of weak penalties is known for the reverse KL, deterministic rewards and "
            "rules that divide by one scale or rank"
        )
    rewards, domain = question.rewards, question.declared
    best = rewards[0]
    for r in rewards[1:]:
        best = r if order(r, best, domain) > 0 else best
    winners = [order(r, best, domain) == 0 for r in rewards]
    mass = Add(*(p for p, won in zip(reference, winners, strict=True) if won))
    if sum(winners) == 1:
        return tuple(Integer(won) for won in winners)
    return tuple(p / mass if won else S.Zero for p, won in zip(reference, winners, strict=True))


def _rewards_the_best(algorithm: Algorithm) -> bool:
    """Whether V(best) is at least a constant times the mass of the others, and d = 1 − u."""
    if not isinstance(algorithm, GRPO) or algorithm.mixed_only or algorithm.advantage is None:
        return False
    if algorithm.penalised_before_baseline:
        return False
    if (algorithm.penalty.marginal() - 1 + symbols.u).expand() != 0:
        return False
    rule = algorithm.advantage
    if not rule.zero_sum or not rule.shift_invariant:
        return False
    ranked = isinstance(rule, Ranks) and rule.weights is None
    return ranked or rule.batch is not None or rule.scale(symbols.x, Integer(4)) is not None


def series_of_many(
    condition: StationarityCondition, variable: Expr, order: int
) -> tuple[Expr, ...]:
    """π in powers of 1/β up to ``order``, one entry an answer.

    With π = π_ref (1 + a/β + …) the condition gives P − λ = −d'(1) a at once; the reverse KL with
    E P = 0 is π = π_ref/(1 − P/β), whose expansion is iterated.

    Raises
    ------
    ValueError
        For another variable, a beta that is a number, or powers that are not known.
    """
    beta = condition.beta
    if not isinstance(beta, Symbol) or (variable - 1 / beta).expand() != 0 or order < 0:
        raise ValueError(f"a series of many answers is known in 1/beta, not in {variable}")
    u, reference = symbols.u, condition.reference
    if any(rate != 1 for rate in condition.rates) or not condition.penalty.monotone:
        raise ValueError("a series of many answers needs a monotone penalty of all groups")
    if order == 0:
        return reference
    slope = -diff(condition.penalty.marginal(), u).subs(u, 1)
    mean = S.Zero
    rule = condition.algorithm.advantage
    balanced = rule is not None and rule.zero_sum
    reverse = (condition.penalty.marginal() - 1 + u).expand() == 0
    if order > 1 and not (balanced and reverse):
        raise ValueError("beyond 1/beta a series is known for the reverse KL")
    at = dict(zip(condition.policy[:-1], reference[:-1], strict=True))
    values = replaced(condition.preference, at)
    if not balanced:
        mean = Add(*(r * v for r, v in zip(reference, values, strict=True)))
    if order == 1:
        return tuple(
            r + r * (v - mean) / (slope * beta) for r, v in zip(reference, values, strict=True)
        )
    free = condition.policy[:-1]
    plain = not condition.question.raters and rule.batch is None  # type: ignore[union-attr]
    if condition.preference.kept_by_name:
        if order == 2 and plain:
            return _second(condition, values)
        raise ValueError(
            f"1/beta**{order} needs a preference that is written out, which has too many terms for "
            f"groups of {condition.algorithm.group_size}: ask for 1/beta**{2 if plain else 1}"
        )
    if not all(v.is_polynomial(*free) for v in dict.fromkeys(condition.preference)):
        raise ValueError("beyond 1/beta a series needs a preference that is a polynomial")
    try:
        if order == 2:
            return limited(_second, condition, values, steps=_STEPS)
        return limited(_iterated, condition, order, steps=_STEPS)
    except Exhausted:
        named = _by_name(condition) if order == 2 and plain else None
        if named is not None:
            return _second(named, [v.xreplace(at) for v in named.preference])
        raise ValueError(
            f"1/beta**{order} has too many terms for groups of {condition.algorithm.group_size} "
            f"and {len(reference)} answers: ask for 1/beta"
        ) from None


def _by_name(condition: StationarityCondition) -> StationarityCondition | None:
    """With P through V_G by its name; None where it has none."""
    question, algorithm = condition.question, condition.algorithm
    if not question.reward_laws:
        return None
    means = level_means(algorithm.advantage, question, algorithm.group_size)
    if not all(isinstance(m, LevelMean) for m in means.values()):
        return None
    values = tuple(Add(*(w * means[r] for r, w in law)) for law in question.finite_laws)
    return replace(condition, preference=replace(condition.preference, values=values))


def _second(condition: StationarityCondition, values: Sequence[Expr]) -> tuple[Expr, ...]:
    """π = π_ref (1 + P/β + (P² + P'[π_ref P])/β²), P and its slopes at the reference.

    The last term is a product of sums, which is multiplied out where that is short. Means over a
    group that are kept by name have their slopes by name.
    """
    beta, reference, free = condition.beta, condition.reference, condition.policy[:-1]
    at = dict(zip(free, reference[:-1], strict=True))
    move = {s: r * v for s, r, v in zip(free, reference, values, strict=False)}
    named = set().union(*(v.atoms(LevelMean) for v in dict.fromkeys(values)))
    by_name = _turned(named, condition, values) if named else {}
    found = []
    slopes = [{}] * len(values) if named else gradients(tuple(condition.preference), free)  # type: ignore[arg-type]
    for r, v, row in zip(reference, values, slopes, strict=True):
        if v.has(LevelMean):
            turned = v.xreplace(by_name)
        else:
            there = replaced(row.values(), at)
            turned = Add(*(d * move[s] for s, d in zip(row, there, strict=True)))
        first, second = _factored(r * v), _factored(r * (v**2 + turned))
        found.append(r + first / beta + second / beta**2)
    return tuple(found)


def _turned(
    means: Iterable[LevelMean], condition: StationarityCondition, values: Sequence[Expr]
) -> dict[Expr, Expr]:
    """The derivatives of V(r) along π_ref P, as each of the others moves."""
    question = condition.question
    lifts = [r * v for r, v in zip(condition.reference, values, strict=True)]
    moves = {
        level: Add(*(row[place] * lift for row, lift in zip(question.emission, lifts, strict=True)))
        for place, level in enumerate(question.levels)
    }
    return {
        mean: (mean.size - 1)
        * Add(*(PairMean(*mean.args, level) * moves[level] for level in mean.levels))  # type: ignore[misc]
        for mean in means
    }


def _factored(value: Expr) -> Expr:
    """In factors, where that is short."""
    if value.has(LevelMean) or value.count_ops() > _SMALL:
        return value
    try:
        return limited(lambda: value.expand().factor(), steps=_SHORT)
    except Exhausted:
        return value


def _iterated(condition: StationarityCondition, order: int) -> tuple[Expr, ...]:
    """π = π_ref Σ (P/β)^j, one more power right with each round."""
    e, free = Symbol("e", positive=True), condition.policy[:-1]
    policy: Sequence[Expr] = condition.reference
    for known in range(1, order + 1):
        at = dict(zip(free, policy[:-1], strict=True))
        values = [_upto(v.subs(at, simultaneous=True), e, known - 1) for v in condition.preference]
        policy = [
            _upto(r * Add(*((e * v) ** j for j in range(known + 1))), e, known)
            for r, v in zip(condition.reference, values, strict=True)
        ]
    return tuple(
        Add(*(p.coeff(e, k).factor() / condition.beta**k for k in range(order + 1))) for p in policy
    )


def _upto(value: Expr, e: Symbol, order: int) -> Expr:
    """The powers of ``e`` up to an order."""
    expanded = value.expand()
    return Add(*(expanded.coeff(e, k) * e**k for k in range(order + 1)))
