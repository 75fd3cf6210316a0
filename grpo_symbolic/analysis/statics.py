r"""Comparative statics: which way the stationary policy of a binary question moves.

Stationary policies are the zeros of F(p; θ) = drift − β·force, p = π(a). If F rises with θ at
all of them, then one where F falls in p (attracting) moves up, and one where F rises in p
(repelling) moves down; no derivative of p is needed.

The group size is an integer. F rises from G to G + 1 at every p, by degree elevation of
Bernstein polynomials, if the rule's f is concave, positive, and does not fall with G. Up to
π_ref(a) the drift is positive and the force is not, so the lowest zero, which lies above, rises.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sympy import Expr, S, Sum, Symbol, diff, log, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.analysis.count import concave_claims, count
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.display import Html, claim_names, cut, math, record, tex
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report
from grpo_symbolic.work import Exhausted, limited

__all__ = [
    "Monotonicity",
    "concave_claims",
    "group_size_claims",
    "location_claims",
    "monotonicity",
    "signed_claim",
]

PI, REFERENCE = symbols.pi, symbols.pi_ref
_STEPS = 3_000_000
# Points at which two opposite movements are looked for where no direction is proved.
_SAMPLES = 80
_DIGITS = 50

_RELATION = {
    Sign.POSITIVE: ">",
    Sign.NONNEGATIVE: ">=",
    Sign.ZERO: "==",
    Sign.NONPOSITIVE: "<=",
    Sign.NEGATIVE: "<",
}
_DIRECTION = {1: "increasing", 0: "constant", -1: "decreasing"}
_ALIASES = {"group_size": "G", "pi_ref(a)": "pi_ref", "success": "s_a"}


@dataclass(frozen=True)
class Monotonicity:
    """How the stationary π(a) moves with one parameter, the others held fixed.

    Attributes
    ----------
    variable : Symbol
    direction : {"increasing", "decreasing", "constant", "not monotone", "unknown"}
        Of the stationary π(a), or of every attracting one where it may not be unique.
    strict : bool
        Whether it is shown to be strict.
    reason : str
        The argument, or why there is none, in a sentence.
    branches : str
        Which stationary policies move that way.
    claims : tuple of Claim
        What the argument rests on.
    """

    variable: Symbol
    direction: str
    strict: bool
    reason: str
    branches: str = ""
    claims: tuple[Claim, ...] = ()

    def verify(self) -> Report:
        """Verdicts on the claims."""
        return prove_all(self.claims)

    def as_dict(self) -> dict[str, Any]:
        """The statement as plain data, for JSON."""
        return {
            "variable": self.variable.name,
            "direction": self.direction,
            "strict": self.strict,
            "reason": self.reason,
            "branches": self.branches,
            "claims": [f"{claim.name}: {sstr(claim.statement)}" for claim in self.claims],
        }

    def __str__(self) -> str:
        name = self.variable.name
        if self.direction == "unknown":
            return f"pi(a) in {name}: not known to be monotone; {self.reason}"
        if self.direction == "constant":
            return f"pi(a) does not depend on {name}: {self.reason}"
        strictly = "strictly " if self.strict else ""
        where = f" ({self.branches})" if self.branches else ""
        return f"pi(a) is {strictly}{self.direction} in {name}{where}: {self.reason}"

    def __repr__(self) -> str:
        return f"Monotonicity({cut(str(self), 300)})"

    def _repr_html_(self) -> Html:
        strictly = "strictly " if self.strict else ""
        rows = [
            ("in", math(tex(self.variable))),
            ("direction", strictly + self.direction),
            ("of", self.branches),
            ("reason", self.reason),
            ("rests on", claim_names(self.claims)),
        ]
        return record("Monotonicity of the stationary policy", rows)


class _Effect(NamedTuple):
    """The sign of the change of F with the variable, and why."""

    sign: Sign
    reason: str
    claims: tuple[Claim, ...]


def monotonicity(
    curve: WeightCurve | StationarityCondition, variable: Symbol | str
) -> Monotonicity:
    r"""The direction in which the stationary π(a) moves with ``variable``, proved.

    Parameters
    ----------
    curve : WeightCurve or StationarityCondition
        Of a binary question.
    variable : Symbol or str
        A parameter of the condition, by symbol or name: ``beta``, ``pi_ref``, ``gamma`` (or
        ``margin``), ``G`` (or ``group_size``), ``gap``, ``epsilon``, ``s_a``, ``s_b``, …
        β and G may also be numbers in the condition: the family they belong to is meant.

    Raises
    ------
    ValueError
        For a question with other than two answers, or a variable the condition does not have.

    Notes
    -----
    Published for pairs: Vojnovic & Yun, arXiv 2502.18548, after (14). The argument is
    monotone comparative statics (Milgrom & Roberts, 1994); that Bernstein polynomials of a
    concave function rise with the degree is Temple (1954).
    """
    if isinstance(curve, StationarityCondition):
        curve = WeightCurve(curve)
    if len(curve.condition.policy) != 2:
        raise ValueError(
            "comparative statics are for a question with two answers, got "
            f"{len(curve.condition.policy)}"
        )
    symbol = _variable(curve, variable)
    if symbol == symbols.G and curve.condition.preference.two_level is not None:
        # Of all group sizes at once: what is unique at one of them need not be at the next.
        curve = _family(curve) or curve
    effect = _effect(curve, symbol)
    if not isinstance(effect, _Effect):
        return _opposite(curve, symbol) or Monotonicity(symbol, "unknown", False, effect)
    direction = _DIRECTION[_step(effect.sign)]
    if effect.sign == Sign.ZERO:
        return Monotonicity(symbol, direction, False, effect.reason, claims=effect.claims)
    counted = count(curve)
    claims = (*effect.claims, *(counted.claims if counted.unique else ()))
    return Monotonicity(
        symbol,
        direction,
        abs(effect.sign) == Sign.POSITIVE,
        effect.reason,
        _branches(counted.unique, effect.sign > 0, symbol == symbols.G),
        tuple(dict.fromkeys(claims)),
    )


def _family(curve: WeightCurve) -> WeightCurve | None:
    """The condition of every group size; None where it cannot be written for a symbol."""
    model = curve.condition.preference
    if replace(model.two_level, size=symbols.G).spread is None:
        return None
    condition = stationarity_condition(replace(model.rule, group_size=symbols.G), model.question)
    return WeightCurve(condition)


def _branches(unique: bool, up: bool, steps: bool) -> str:
    if unique:
        return "the stationary policy is unique"
    if steps:
        return "the lowest stationary policy, which the flow from pi_ref(a) reaches"
    toward, away = ("rises", "falls") if up else ("falls", "rises")
    return f"every attracting stationary policy {toward}, every repelling one {away}"


def _variable(curve: WeightCurve, variable: Symbol | str) -> Symbol:
    """The symbol that is meant, if the condition or its family has it."""
    known = {s.name: s for s in curve.condition.domain.symbols if s != PI}
    known["beta"] = curve.beta if isinstance(curve.beta, Symbol) else symbols.beta
    rule = curve.condition.preference.rule
    if hasattr(rule, "group_size"):
        known.setdefault("G", symbols.G)
    name = variable.name if isinstance(variable, Symbol) else str(variable)
    if name == "margin":
        margin = getattr(curve.condition.preference.question, "margin", None)
        name = margin.name if isinstance(margin, Symbol) else name
    name = _ALIASES.get(name, name)
    symbol = known.get(name)
    if symbol is None or (isinstance(variable, Symbol) and variable != symbol):
        raise ValueError(
            f"the condition has no parameter {variable}: it has {', '.join(sorted(known))}"
        )
    return symbol


# -- where the stationary policies are -------------------------------------------------


def location_claims(curve: WeightCurve) -> tuple[Claim, ...] | None:
    """Claims that put every stationary π(a) above π_ref(a); None where one is not proved."""
    positive = _positive_drift(curve)
    if positive is None:
        return None
    force = _force_above(curve)
    return None if force is None else (*positive, *force)


def _positive_drift(curve: WeightCurve) -> tuple[Claim, ...] | None:
    model = curve.condition.preference
    rule = model.two_level
    if rule is not None and model.factor == 1 and rule.zero_sum and rule.spread is not None:
        found = [
            signed_claim("f is positive", rule.spread, rule.domain, {Sign.POSITIVE}),
            _better_rate(curve),
        ]
        return None if None in found else tuple(c for c in found if c is not None)
    claim = signed_claim("the drift is positive", curve.drift, _unit(curve), {Sign.POSITIVE})
    return None if claim is None else (claim,)


def _better_rate(curve: WeightCurve) -> Claim | None:
    high, low = curve.condition.preference.weights
    return signed_claim(
        "answer a is rewarded more often than b", high - low, _unit(curve), {Sign.POSITIVE}
    )


def _force_above(curve: WeightCurve) -> tuple[Claim, ...] | None:
    """The force is positive above π_ref(a) only: by itself, or as it rises through 0 there."""
    above, force = curve.domain, curve.force
    if not force.has(log):
        below = Domain((*curve.parameters.ranges, Range(PI, S.Zero, REFERENCE, upper_closed=True)))
        pull = signed_claim("the force above pi_ref(a)", force, above, {Sign.POSITIVE})
        rest = signed_claim(
            "the force up to pi_ref(a)",
            force,
            below,
            {Sign.NONPOSITIVE, Sign.NEGATIVE, Sign.ZERO},
        )
        if pull is not None and rest is not None:
            return pull, rest
    rising = signed_claim(
        "the force rises with pi(a)", diff(force, PI), _unit(curve), {Sign.POSITIVE}
    )
    if rising is None:
        return None
    at_reference = force.subs(PI, REFERENCE)
    zero = signed_claim("the force at pi_ref(a)", at_reference, curve.parameters, {Sign.ZERO})
    return None if zero is None else (rising, zero)


def _unit(curve: WeightCurve) -> Domain:
    return Domain((*curve.parameters.ranges, Range(PI, S.Zero, S.One)))


# -- how the condition moves with a parameter --------------------------------------------


def _effect(curve: WeightCurve, symbol: Symbol) -> _Effect | str:
    """The effect on F, or a sentence that says why none is known."""
    if symbol == symbols.G:
        return _of_group_size(curve)
    sides = (curve.drift, curve.force)
    is_weight = symbol.name == "beta" or symbol == curve.beta
    if is_weight and not any(side.has(symbol) for side in sides):
        positive = _positive_drift(curve)
        if positive is None:
            return "the drift is not shown to be positive"
        return _Effect(
            Sign.NEGATIVE,
            "drift - beta*force falls with beta where it is 0, because the force is there the "
            "positive drift over beta",
            positive,
        )
    if not any(side.has(symbol) for side in sides):
        change = diff(curve.drift - curve.beta * curve.force, symbol)
        claim = Claim(f"derivative of drift - beta*force in {symbol}", change, "==", S.Zero)
        return _Effect(Sign.ZERO, "it cancels from the condition", (claim,))
    found = _through_spread(curve, symbol) or _through_rate(curve, symbol)
    if found is None and not (curve.drift.has(Sum) and curve.drift.has(symbol)):
        found = _differentiated(curve, symbol)
    if found is not None:
        return found
    return f"the derivative of the condition in {symbol} has no proved sign"


def _differentiated(curve: WeightCurve, symbol: Symbol) -> _Effect | None:
    """The sign of ∂F/∂θ at every p above π_ref(a)."""
    parts = [diff(curve.drift, symbol), -diff(curve.force, symbol)]
    if parts[0] == 0:  # beta only scales it
        name, change, domain = "minus the force", parts[1], _unit(curve)
    elif parts[1] == 0:
        name, change, domain = "the drift", parts[0], _unit(curve)
    else:
        weight = () if not isinstance(curve.beta, Symbol) else (curve.beta,)
        name, change = "drift - beta*force", parts[0] + curve.beta * parts[1]
        domain = Domain((*Domain.of(*weight).ranges, *curve.domain.ranges))
    claim = signed_claim(f"derivative of {name} in {symbol}", change, domain, frozenset(_RELATION))
    if claim is None:
        return None
    found = _sign_of(claim)
    location = () if parts[0] == 0 or parts[1] == 0 else location_claims(curve)
    if location is None:
        return None
    where = "above pi_ref(a), where all solutions lie" if location else "at every pi(a)"
    return _Effect(found, f"{name} {_verb(found)} {symbol} {where}", (*location, claim))


def _through_spread(curve: WeightCurve, symbol: Symbol) -> _Effect | None:
    """The drift is a positive combination of values of f."""
    model = curve.condition.preference
    rule = model.two_level
    if rule is None or model.factor != 1 or rule.spread is None or not rule.zero_sum:
        return None
    if not rule.spread.has(symbol) or curve.force.has(symbol):
        return None
    if any(weight.has(symbol) for weight in model.weights):
        return None
    claim = signed_claim(
        f"derivative of f in {symbol}",
        diff(rule.spread, symbol),
        rule.domain,
        frozenset(_RELATION),
    )
    if claim is None:
        return None
    found = _sign_of(claim)
    return _Effect(
        found,
        f"f {_verb(found)} {symbol}, and the drift is a sum of values of f with positive weights",
        (claim,),
    )


def _through_rate(curve: WeightCurve, symbol: Symbol) -> _Effect | None:
    r"""A success rate: what the drift is in m, the probability of a better reward.

    With m = w_b + (w_a − w_b) p and h concave, h(0) = h(1) = 0, the drift (w_a − w_b) h(m)/(m(1−m))
    is, as a function of w_a, (1/p)·[(m − w_b)/m]·[h(m)/(1 − m)]; both factors do not fall with
    m, the second one because it is a slope of chords of h that end at 1. For w_b likewise, with
    the chords that start at 0.
    """
    model = curve.condition.preference
    if symbol not in model.weights or model.two_level is None or model.factor != 1:
        return None
    shape = concave_claims(model.two_level)
    first, second = model.weights
    better = symbol == first
    other = second if better else first
    if (
        shape is None
        or not (isinstance(other, Symbol) or other.is_number)
        or curve.force.has(symbol)
    ):
        return None
    if other.has(symbol) or model.two_level.spread is None or model.two_level.spread.has(symbol):
        return None
    share = Symbol("m", positive=True)
    rates = Domain()
    if isinstance(other, Symbol):
        rates = Domain.of(Range(other, S.Zero, S.One, not better, better))
    mean = second + (first - second) * PI
    if better:
        ranges, part, end = Range(share, other, S.One), (share - other) / share, 1
        identity = (mean - other) / PI
    else:
        ranges, part, end = Range(share, S.Zero, other), (other - share) / (1 - share), 0
        identity = (other - mean) / (1 - PI)
    steps = (
        signed_claim(f"m rises with {symbol}", diff(mean, symbol), _unit(curve), {Sign.POSITIVE}),
        signed_claim(
            "the difference of the rates, from m",
            identity - (first - second),
            _unit(curve),
            {Sign.ZERO},
        ),
        signed_claim(
            "its factor in m",
            diff(part, share),
            Domain((*rates.ranges, ranges)),
            {Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO}
            if better
            else {Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO},
        ),
    )
    if any(step is None for step in steps):
        return None
    strict = shape[1].relation == "<"
    verb = "rises" if better else "falls"
    found = (Sign.POSITIVE if strict else Sign.NONNEGATIVE) * (1 if better else -1)
    return _Effect(
        Sign(found),
        f"the drift {verb} with {symbol}: f is concave, so are its Bernstein polynomials h, and "
        f"the slopes of chords of h that end at {end} are monotone in m",
        (*shape, *(step for step in steps if step is not None)),
    )


# -- the group size --------------------------------------------------------------------


def group_size_claims(rule: TwoLevel) -> tuple[Claim, ...] | None:
    """Claims under which h_G ≤ h_{G+1} for every G ≥ 2: f concave, not falling with G."""
    family = replace(rule, size=symbols.G)
    shape = concave_claims(family)
    if shape is None or family.spread is None:
        return None
    if not family.spread.has(symbols.G):
        return shape
    step = signed_claim(
        "f does not fall with the group size",
        family.spread.subs(symbols.G, symbols.G + 1) - family.spread,
        family.domain,
        {Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO},
    )
    return None if step is None else (*shape, step)


def _of_group_size(curve: WeightCurve) -> _Effect | str:
    """F at G + 1 against F at G, at every p."""
    model = curve.condition.preference
    rule = model.two_level
    if rule is None:
        return (
            "a group of more than two needs two reward levels, and this question has none: "
            "comparisons or rewards of another kind"
        )
    if model.factor != 1 or curve.force.has(symbols.G):
        return "dropped groups change drift and force together"
    family = replace(rule, size=symbols.G)
    if family.spread is None or not family.zero_sum:
        return "the rule has no single formula in the share of better answers for every G"
    rates, location = _better_rate(curve), location_claims(curve)
    if rates is None or location is None:
        return "it is not shown that all stationary policies lie above pi_ref(a)"
    drift = family.drift(PI)
    if not drift.has(Sum):
        step = drift.subs(symbols.G, symbols.G + 1) - drift
        claim = signed_claim(
            "the drift at G + 1, less that at G",
            step,
            Domain((*family.domain.extended(symbols.G).ranges, Range(PI, S.Zero, S.One))),
            frozenset(_RELATION),
        )
        if claim is not None:
            found = _sign_of(claim)
            claims = (*location, rates, claim)
            return _Effect(found, f"the drift {_verb(found)} the group size", claims)
    claims = group_size_claims(rule)
    if claims is None:
        return "f is not shown to be concave, positive, and not to fall with the group size"
    strict = any(claim.relation in ("<", ">") for claim in claims[1:])
    return _Effect(
        Sign.POSITIVE if strict else Sign.NONNEGATIVE,
        "f is concave, so its Bernstein polynomials h_G rise with the degree G, and the drift "
        "h_G/(m(1 - m)) with them",
        (*location, rates, *claims),
    )


# -- opposite movements ------------------------------------------------------------------


def _opposite(curve: WeightCurve, symbol: Symbol) -> Monotonicity | None:
    """Two attracting stationary policies that move in opposite directions, if some are found.

    Any p is stationary at β = W(p), so exact rational points of the curve will do.
    """
    if not isinstance(curve.beta, Symbol) or symbol == symbols.G or curve.drift.has(Sum):
        return None
    balance = curve.drift - curve.beta * curve.force
    weight = curve.drift / curve.force
    slope, fall = diff(balance, symbol), diff(balance, PI)
    found: dict[bool, Claim] = {}
    for point in curve.domain.samples(_SAMPLES, seed=11):
        at = {**point, curve.beta: weight.subs(point)}
        if not at[curve.beta].is_positive:
            continue
        moved, steep = (value.subs(at).n(_DIGITS) for value in (slope, fall))
        if not (moved.is_number and steep.is_number and moved.is_real and steep.is_real):
            continue
        tiny = S(10) ** (10 - _DIGITS)
        if abs(moved) < tiny or not steep < -tiny or bool(moved > 0) in found:
            continue
        up = bool(moved > 0)
        place = ", ".join(f"{s} = {sstr(v)}" for s, v in at.items())
        found[up] = Claim(
            f"it moves {'up' if up else 'down'} at {place}",
            -(slope / fall).subs(at),
            ">" if up else "<",
            S.Zero,
        )
        if len(found) == 2:
            return Monotonicity(
                symbol,
                "not monotone",
                False,
                "; ".join(claim.name for claim in found.values()),
                "attracting stationary policies",
                tuple(found.values()),
            )
    return None


# -- claims ----------------------------------------------------------------------------


def signed_claim(
    name: str, expr: Expr, domain: Domain, allowed: Iterable[Sign], steps: int = _STEPS
) -> Claim | None:
    """The sharpest claim on the sign of ``expr`` that is proved; None if it is not allowed.

    Parameters
    ----------
    name : str
    expr : Expr
    domain : Domain
        Extended by the catalogue ranges, and cut down to what ``expr`` needs.
    allowed : iterable of Sign
    steps : int
        At most so much work for the proof.
    """
    domain = _needed(domain.extended(expr), expr)
    try:
        expr = limited(tidy, expr, domain, steps=steps)
        found = limited(sign, expr, domain, steps=steps)
    except Exhausted:
        return None
    if found is None or found not in set(allowed):
        return None
    return Claim(name, expr, _RELATION[found], S.Zero, domain)


def _sign_of(claim: Claim) -> Sign:
    return next(s for s, relation in _RELATION.items() if relation == claim.relation)


def _verb(found: Sign) -> str:
    return {1: "rises with", 0: "does not depend on", -1: "falls with"}[_step(found)]


def _step(found: Sign) -> int:
    return (found > 0) - (found < 0)


def _needed(domain: Domain, expr: Expr) -> Domain:
    """The ranges of the symbols of ``expr``, and of those that their ends use."""
    wanted = set(expr.free_symbols)
    kept = []
    for r in reversed(domain.ranges):
        if r.symbol in wanted:
            wanted |= r.lower.free_symbols | r.upper.free_symbols
            kept.append(r)
    return Domain(tuple(reversed(kept)))
