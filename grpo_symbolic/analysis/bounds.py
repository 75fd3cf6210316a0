r"""Bounds of the stationary policy of a binary question, each one proved.

Write the condition as F(p) = drift − β·force = 0 with p = π(a). L is a lower bound of every
stationary p when F > 0 on (0, L), and U an upper bound when F < 0 on (U, 1). The bounds are
found by solving the condition with one part replaced by a bound of that part:

* the force by 0 (the reference), or by its limit as π_ref(a) → 0;
* the drift by its least or its greatest value, or by the drift of another group size;
* p(1 − p)·drift by its greatest value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from sympy import (
    Expr,
    Max,
    Min,
    Poly,
    PolynomialError,
    Rational,
    S,
    Sum,
    Symbol,
    diff,
    fraction,
    limit,
    oo,
    sstr,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.analysis.statics import (
    concave_claims,
    group_size_claims,
    location_claims,
    signed_claim,
)
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.display import Html, cut, grid, legible, math, short, typeset
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.reduction import reduce_binary
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Bound", "Bounds", "bounds"]

PI, REFERENCE = symbols.pi, symbols.pi_ref
# A drift that does not depend on the policy, for whatever value it has.
_LEVEL = Symbol("D", positive=True)
_STEPS = 3_000_000
# The drift of larger groups is bounded below by that of groups of this size.
_WRITTEN_OUT = 8
_NOT_NEGATIVE = frozenset({Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO})


@dataclass(frozen=True)
class Bound:
    """One bound of every stationary π(a), with its proof.

    Attributes
    ----------
    expression : Expr
        In the parameters of the condition.
    side : {"lower", "upper"}
    reason : str
        The argument in a sentence.
    claims : tuple of Claim
        What it rests on.
    """

    expression: Expr
    side: str
    reason: str
    claims: tuple[Claim, ...] = ()

    def __str__(self) -> str:
        relation = ">=" if self.side == "lower" else "<="
        return f"pi(a) {relation} {sstr(self.expression)}: {self.reason}"

    def __repr__(self) -> str:
        relation = ">=" if self.side == "lower" else "<="
        return f"Bound(pi(a) {relation} {short(self.expression)}: {cut(self.reason)})"

    def latex(self) -> str:
        """``pi(a) >= expression``."""
        relation = r"\ge" if self.side == "lower" else r"\le"
        return rf"{formula(PI)} {relation} {formula(self.expression)}"

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(self.expression) else None


@dataclass(frozen=True)
class Bounds:
    """Bounds that every stationary π(a) of a binary question obeys, for all parameters.

    Attributes
    ----------
    found : tuple of Bound
    """

    found: tuple[Bound, ...]

    @property
    def lower(self) -> tuple[Expr, ...]:
        return tuple(b.expression for b in self.found if b.side == "lower")

    @property
    def upper(self) -> tuple[Expr, ...]:
        return tuple(b.expression for b in self.found if b.side == "upper")

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence a bound, in the order of :attr:`found`."""
        return tuple(str(b) for b in self.found)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(dict.fromkeys(claim for b in self.found for claim in b.claims))

    @property
    def lower_bound(self) -> Expr:
        """The largest of the lower bounds."""
        return Max(*self.lower)

    @property
    def upper_bound(self) -> Expr:
        """The smallest of the upper bounds."""
        return Min(*self.upper)

    def verify(self) -> Report:
        """Verdicts on the claims of all bounds."""
        return prove_all(self.claims)

    def as_dict(self) -> dict[str, Any]:
        """The bounds as plain data, for JSON."""
        return {
            side: [
                {"bound": sstr(b.expression), "reason": b.reason}
                for b in self.found
                if b.side == side
            ]
            for side in ("lower", "upper")
        }

    def latex(self) -> str:
        """``max{...} <= pi(a) <= min{...}``."""
        left, right = (
            _outermost(name, side) for name, side in ((r"\max", self.lower), (r"\min", self.upper))
        )
        return rf"{left} \le {formula(PI)} \le {right}"

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(*self.lower, *self.upper) else None

    def _repr_html_(self) -> Html:
        rows = (
            (math(b.latex()) if legible(b.expression) else short(b.expression), b.reason)
            for b in self.found
        )
        return grid("Bounds of every stationary policy", ("bound", "reason"), rows)

    def __repr__(self) -> str:
        sides = (
            f"{name}: {', '.join(short(b, 80) for b in kept[:2])}"
            + (f" and {len(kept) - 2} more" if len(kept) > 2 else "")
            for name, kept in (("lower", self.lower), ("upper", self.upper))
        )
        return f"Bounds({'; '.join(sides)})"

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def _outermost(name: str, values: tuple[Expr, ...]) -> str:
    written = [formula(value) for value in values]
    if len(written) == 1:
        return written[0]
    listed = r",\ ".join(written)
    return rf"{name}\left\{{{listed}\right\}}"


def bounds(curve: WeightCurve | StationarityCondition, expression: Expr | None = None) -> Bounds:
    """Lower and upper bounds of every stationary π(a), computed from the condition.

    Parameters
    ----------
    curve : WeightCurve or StationarityCondition
        Of a binary question.
    expression : Expr, optional
        The stationary π(a) in closed form, where there is one: only bounds simpler than it
        are then given.

    Raises
    ------
    ValueError
        For a question with other than two answers.

    Notes
    -----
    Published: max{1 − β/γ, π_ref(a)} for pairs and max{1/(1 + β²), π_ref(a)} for large groups,
    Vojnovic & Yun, arXiv 2502.18548, after (14) and (15).
    """
    if isinstance(curve, StationarityCondition):
        curve = WeightCurve(curve)
    if len(curve.condition.policy) != 2:
        raise ValueError(
            f"bounds are for a question with two answers, got {len(curve.condition.policy)}"
        )
    beta = curve.beta
    if not isinstance(beta, Symbol):
        # For every weight first, then for this one.
        domain = curve.condition.domain.extended(symbols.beta)
        curve = WeightCurve(replace(curve.condition, beta=symbols.beta, domain=domain))
    rare = tuple(_rare(curve))
    makers = [_greatest_drift, _large_groups, _height, _probability]
    # The exact limit is above that of the least drift.
    candidates = chain(_reference(curve), rare or _least_drift(curve), *(m(curve) for m in makers))
    found: list[Bound] = []
    for bound in candidates:
        if expression is None or bound.expression.count_ops() < expression.count_ops():
            if beta != curve.beta:
                bound = replace(bound, expression=bound.expression.subs(curve.beta, beta))
            if all((bound.side, bound.expression) != (b.side, b.expression) for b in found):
                found.append(bound)
    return Bounds(tuple(sorted(found, key=lambda b: b.side)))


# -- one maker for each argument -----------------------------------------------------------


def _probability(curve: WeightCurve) -> Iterator[Bound]:
    yield Bound(S.One, "upper", "a probability")


def _reference(curve: WeightCurve) -> Iterator[Bound]:
    """F > 0 up to π_ref(a)."""
    claims = location_claims(curve)
    reference = curve.condition.reference[0]
    if claims is None:
        yield Bound(S.Zero, "lower", "a probability")
        return
    yield Bound(
        reference,
        "lower",
        "up to pi_ref(a) the drift is positive and the force is not",
        claims,
    )


def _rare(curve: WeightCurve) -> Iterator[Bound]:
    """The solution as π_ref(a) → 0, which every other one is above."""
    constant = not curve.drift.has(PI)
    solved = _limit_policy(WeightCurve(_constant(curve.condition)) if constant else curve)
    positive = signed_claim("the drift is positive", curve.drift, _unit(curve), {Sign.POSITIVE})
    if solved is None or (constant and positive is None):
        return
    value, claims = solved
    if constant and positive is not None:
        value, claims = value.xreplace({_LEVEL: curve.drift}), (*claims, positive)
    yield Bound(
        value,
        "lower",
        "the limit of the stationary policy as pi_ref(a) -> 0: the force falls with pi_ref(a)",
        claims,
    )


def _least_drift(curve: WeightCurve) -> Iterator[Bound]:
    least = _least(curve)
    if least is None:
        return
    value, claims, why = least
    solved = _at_level(curve, value)
    if solved is not None:
        shown, closed = solved
        level = WeightCurve(_constant(curve.condition))
        limiting = _limit_policy(level)
        if limiting is not None:
            yield Bound(
                limiting[0].xreplace({_LEVEL: value}),
                "lower",
                f"{why}; the limit as pi_ref(a) -> 0 of the policy with that constant drift",
                (*claims, *limiting[1]),
            )
        yield Bound(
            shown,
            "lower",
            f"{why}; the policy with that constant drift",
            (*claims, *closed.claims),
        )


def _greatest_drift(curve: WeightCurve) -> Iterator[Bound]:
    greatest = _greatest(curve)
    if greatest is None:
        return
    value, claims, why = greatest
    solved = _at_level(curve, value)
    if solved is not None:
        shown, closed = solved
        yield Bound(
            shown,
            "upper",
            f"{why}; the policy with that constant drift",
            (*claims, *closed.claims),
        )


def _large_groups(curve: WeightCurve) -> Iterator[Bound]:
    """The stationary policy of the same rule in a large group, if it has a closed form."""
    model = curve.condition.preference
    rule = model.two_level
    if rule is None or model.factor != 1 or rule.size == oo or rule.spread is None:
        return
    shape = group_size_claims(rule)
    large = replace(rule, size=oo)
    if shape is None or large.spread is None:
        return
    gap = large.spread - rule.spread
    above = signed_claim("f of a large group is not below f", gap, rule.domain, _NOT_NEGATIVE)
    if above is None:
        return
    condition = stationarity_condition(replace(model.rule, group_size=oo), model.question)
    closed = _closed(condition)
    if closed is not None:
        yield Bound(
            closed.expression,
            "upper",
            "the policy of a large group: f is concave, so its Bernstein polynomials lie below it",
            (*shape, above, *closed.claims),
        )


def _height(curve: WeightCurve) -> Iterator[Bound]:
    """p(1 − p)·force is a line where p(1 − p)·drift has its greatest value."""
    domain = _unit(curve)
    line = tidy(PI * (1 - PI) * curve.force, domain)
    if not line.is_polynomial(PI) or Poly(line, PI).degree() != 1:
        return
    slope, start = Poly(line, PI).all_coeffs()
    rises = signed_claim("the slope of the line", slope, domain, {Sign.POSITIVE})
    highest = _highest(curve)
    if rises is None or highest is None:
        return
    value, claims = highest
    yield Bound(
        -start / slope + value / (curve.beta * slope),
        "upper",
        "pi(a) pi(b) times the force is a line, and pi(a) pi(b) times the drift is at most "
        f"{sstr(value)}",
        (rises, *claims),
    )


# -- parts of the condition and their bounds -------------------------------------------------

_Extreme = tuple[Expr, tuple[Claim, ...], str]


def _unit(curve: WeightCurve) -> Domain:
    return Domain((*curve.parameters.ranges, Range(PI, S.Zero, S.One)))


def _two_level(curve: WeightCurve) -> TwoLevel | None:
    """The rule, where the drift is nothing but the difference of the rates times D(m)."""
    model = curve.condition.preference
    rule = model.two_level
    if rule is None or model.factor != 1 or not rule.zero_sum:
        return None
    return rule


def _least(curve: WeightCurve) -> _Extreme | None:
    """The least value of the drift, or of a smaller group's drift."""
    rule = _two_level(curve)
    if rule is None or not curve.drift.has(PI):
        return None
    size, claims, why = rule.size, (), "the drift is nowhere below {}"
    if rule.size != oo and (not rule.size.is_Integer or rule.size > _WRITTEN_OUT):
        size = S(_WRITTEN_OUT if rule.size.is_Integer else 2)
        rising = group_size_claims(rule)
        if rising is None:
            return None
        claims = rising
        why = f"the drift rises with G, as f is concave, and at G = {size} is nowhere below {{}}"
    rule = replace(rule, size=size)
    drift = rule.drift(PI)
    if drift.has(Sum):
        return None
    shape = _convex(rule)
    if shape is not None:
        value = _neat(drift.subs(PI, Rational(1, 2)), rule.domain)
        return _scaled(curve, value, (*claims, *shape), why)
    for at in (S.One, S.Zero, Rational(1, 2)):
        found = _extreme_at(drift, at, rule, 1)
        if found is not None:
            return _scaled(curve, found[0], (*claims, found[1]), why)
    return None


def _greatest(curve: WeightCurve) -> _Extreme | None:
    """The greatest value of the drift, at an end of (0, 1)."""
    rule = _two_level(curve)
    if rule is None or not curve.drift.has(PI) or rule.size == oo:
        return None
    why = "the drift is nowhere above {}"
    shape = _convex(rule)
    if shape is not None and rule.spread is not None:
        # D at p = 0: the advantage of the only better answer of its group.
        value = _neat(rule.size * rule.spread.subs(symbols.t, 1 / rule.size), rule.domain)
        return _scaled(curve, value, shape, why)
    drift = rule.drift(PI)
    if drift.has(Sum):
        return None
    for at in (S.Zero, S.One, Rational(1, 2)):
        found = _extreme_at(drift, at, rule, -1)
        if found is not None:
            return _scaled(curve, found[0], (found[1],), why)
    return None


def _symmetric(rule: TwoLevel) -> Claim | None:
    f, t = rule.spread, symbols.t
    if f is None:
        return None
    return signed_claim("f(t) - f(1 - t)", f - f.subs(t, 1 - t), rule.domain, {Sign.ZERO})


def _convex(rule: TwoLevel) -> tuple[Claim, Claim] | None:
    """Claims under which D is convex and symmetric: least at 1/2, largest at the ends.

    The Bernstein coefficients of D are f/(t(1 − t)) at k/G, times (G − 1)/G.
    """
    f, t, symmetric = rule.spread, symbols.t, _symmetric(rule)
    if f is None or symmetric is None:
        return None
    ratio = tidy(f / (t * (1 - t)), rule.domain.extended(f))
    convex = signed_claim("f/(t(1 - t)) is convex", diff(ratio, t, 2), rule.domain, _NOT_NEGATIVE)
    return None if convex is None else (symmetric, convex)


def _neat(value: Expr, domain: Domain) -> Expr:
    return value.together() if value.is_number else tidy(value, domain.extended(value))


def _extreme_at(drift: Expr, at: Expr, rule: TwoLevel, direction: int) -> tuple[Expr, Claim] | None:
    """The value at a point, if the drift is nowhere below it (nowhere above it)."""
    value = drift.subs(PI, at)
    if not value.is_finite and not value.free_symbols:
        return None
    domain = rule.domain.extended(drift)
    value = tidy(value, domain)
    relation = "below" if direction > 0 else "above"
    claim = signed_claim(
        f"the drift is nowhere {relation} its value at {at}",
        direction * (drift - value),
        domain,
        _NOT_NEGATIVE,
    )
    return None if claim is None else (value, claim)


def _scaled(
    curve: WeightCurve, value: Expr, claims: tuple[Claim, ...], why: str
) -> _Extreme | None:
    """For answers that are rewarded at rates other than 1 and 0."""
    high, low = curve.condition.preference.weights
    rates = signed_claim(
        "answer a is rewarded more often than b", high - low, _unit(curve), {Sign.POSITIVE}
    )
    if rates is None:
        return None
    if (high, low) != (1, 0):
        value = tidy((high - low) * value, curve.parameters)
    return value, (rates, *claims), why.format(sstr(value))


def _highest(curve: WeightCurve) -> tuple[Expr, tuple[Claim, ...]] | None:
    """A bound of p(1 − p)·drift: its value at 1/2, or that of f, which it is nowhere above."""
    half, rule = Rational(1, 2), _two_level(curve)
    if not curve.drift.has(PI):
        hill = PI * (1 - PI) * curve.drift
        top = _neat(hill.subs(PI, half), curve.parameters)
        claim = signed_claim(
            "the height at 1/2, less the height", top - hill, _unit(curve), _NOT_NEGATIVE
        )
        return None if claim is None else (top, (claim,))
    if rule is None or rule.spread is None or curve.condition.preference.weights != (1, 0):
        return None
    shape, symmetric = concave_claims(rule), _symmetric(rule)
    if shape is None or symmetric is None:
        return None
    if rule.size.is_Integer and rule.size <= _WRITTEN_OUT:
        top = rule.drift(half) / 4
    else:
        top = rule.spread.subs(symbols.t, half)
    return _neat(top, rule.domain), (*shape, symmetric)


# -- solving ------------------------------------------------------------------------------


def _constant(condition: StationarityCondition) -> StationarityCondition:
    """The same penalty against a drift that does not depend on the policy."""
    policy = condition.policy
    values = (_LEVEL * policy[1], -_LEVEL * policy[0])
    domain = condition.domain.extended(_LEVEL)
    model = PreferenceModel(values, policy, domain, (S.One, S.Zero), _LEVEL)
    return replace(condition, preference=model, domain=domain)


def _closed(condition: StationarityCondition) -> ClosedForm | None:
    try:
        reduction = reduce_binary(condition, "Stationary policy of a bound")
    except PolynomialError:
        return None
    if reduction.polynomial is None:
        return None
    try:
        return limited(
            closed_form,
            reduction.polynomial,
            reduction.equation,
            condition.domain,
            steps=_STEPS,
        )
    except Exhausted:
        return None


def _at_level(curve: WeightCurve, value: Expr) -> tuple[Expr, ClosedForm] | None:
    """The stationary policy under a constant drift, in closed form for every value of it."""
    closed = _closed(_constant(curve.condition))
    if closed is None:
        return None
    return closed.expression.xreplace({_LEVEL: value}), closed


def _limit_policy(curve: WeightCurve) -> tuple[Expr, tuple[Claim, ...]] | None:
    """The zero of F at π_ref(a) = 0, where F > 0 below it; and claims that show it.

    F at π_ref(a) is above F at 0, because the force falls with π_ref(a).
    """
    if curve.drift.has(Sum) or curve.drift.has(REFERENCE) or not isinstance(curve.beta, Symbol):
        return None
    force = curve.force.subs(REFERENCE, 0)
    falls = signed_claim(
        "derivative of the force in pi_ref(a)",
        diff(curve.force, REFERENCE),
        _unit(curve),
        {Sign.NEGATIVE, Sign.NONPOSITIVE},
    )
    rest = Domain(tuple(r for r in curve.parameters.ranges if r.symbol != REFERENCE))
    unit = Domain((*rest.ranges, Range(PI, S.Zero, S.One)))
    if falls is None or not force.has(PI) or sign(force, unit) != Sign.POSITIVE:
        return None
    weight = tidy(curve.drift / force, unit)
    try:
        most = limited(limit, weight, PI, 0, "+", steps=_STEPS)
    except Exhausted:
        return None
    value = _only_root(weight, curve.beta, unit)
    if value is None:
        return None
    claims = [falls]
    below = Domain((*rest.ranges, Range(curve.beta, S.Zero, most)))
    balance = curve.drift - curve.beta * force
    wanted = [
        (value, below, Sign.POSITIVE, "the limit policy is positive for beta below the threshold"),
        (
            balance,
            Domain((*below.ranges, Range(PI, S.Zero, value))),
            Sign.POSITIVE,
            "drift - beta*force at pi_ref(a) = 0, up to the limit policy",
        ),
    ]
    if most != oo:
        beyond = Domain((*rest.ranges, Range(curve.beta, most, oo, lower_closed=True)))
        wanted.append((-value, beyond, None, "minus the bound for larger beta, where it is void"))
    for expr, domain, needed, name in wanted:
        allowed = _NOT_NEGATIVE if needed is None else {needed}
        claim = signed_claim(name, expr, domain, allowed)
        if claim is None:
            return None
        claims.append(claim)
    return value, tuple(claims)


def _only_root(weight: Expr, beta: Symbol, unit: Domain) -> Expr | None:
    """p as a rational function of β, from β = W(p) or its square; None where it is not one."""
    for power in (1, 2):
        raised = tidy(weight**power, unit)
        top, bottom = fraction(raised.together())
        balance = (top - beta**power * bottom).expand()
        if not balance.is_polynomial(PI):
            continue
        polynomial = Poly(balance, PI)
        if polynomial.degree() != 1:
            return None
        slope, constant = polynomial.all_coeffs()
        value = -constant / slope
        # One fraction less a number reads best: 1 - beta/gamma.
        domain = Domain(tuple(r for r in unit.ranges if r.symbol != PI)).extended(beta)
        split = (1 - tidy(1 - value, domain)).expand() if power == 1 else tidy(value, domain)
        return split
    return None
