r"""Comparative statics: which way the stationary policy of a binary question moves.

Stationary policies are the zeros of F(p; θ) = drift − β·force, p = π(a). If F rises with θ at
all of them, then one where F falls in p (attracting) moves up, and one where F rises in p
(repelling) moves down; no derivative of p is needed.

The group size is an integer. F rises from G to G + 1 at every p, by degree elevation of
Bernstein polynomials, if the rule's f is concave, positive, and does not fall with G. Up to
π_ref(a) the drift is positive and the force is not, so the lowest zero, which lies above, rises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sympy import Expr, S, Sum, Symbol, diff, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign
from grpo_symbolic.analysis.count import count
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.display import Html, claim_names, cut, math, record, tex
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    RELATION,
    Argued,
    Claims,
    joined,
    sign_of,
    signed_claim,
)
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim

PI, REFERENCE = symbols.pi, symbols.pi_ref
# Points at which two opposite movements are looked for where no direction is proved.
_SAMPLES = 80
_DIGITS = 50

_DIRECTION = {1: "increasing", 0: "constant", -1: "decreasing"}
_ALIASES = {"group_size": "G", "pi_ref(a)": "pi_ref", "success": "s_a"}


@dataclass(frozen=True, repr=False)
class Monotonicity(Argued):
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


def monotonicity(curve: Balance | StationarityCondition, variable: Symbol | str) -> Monotonicity:
    r"""The direction in which the stationary π(a) moves with ``variable``, proved.

    Parameters
    ----------
    curve : Balance or StationarityCondition
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
    curve = Balance(curve) if isinstance(curve, StationarityCondition) else curve
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


def _family(balance: Balance) -> Balance | None:
    """The condition of every group size; None where it cannot be written for a symbol."""
    try:
        return balance.of_size(symbols.G)
    except ValueError:
        return None


def _branches(unique: bool, up: bool, steps: bool) -> str:
    if unique:
        return "the stationary policy is unique"
    if steps:
        return "the lowest stationary policy, which the flow from pi_ref(a) reaches"
    toward, away = ("rises", "falls") if up else ("falls", "rises")
    return f"every attracting stationary policy {toward}, every repelling one {away}"


def _variable(curve: Balance, variable: Symbol | str) -> Symbol:
    """The symbol that is meant, if the condition or its family has it."""
    known = {s.name: s for s in curve.condition.domain.symbols if s != PI}
    known["beta"] = curve.beta if isinstance(curve.beta, Symbol) else symbols.beta
    if curve.group_size is not None:
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


# -- how the condition moves with a parameter --------------------------------------------


def _effect(balance: Balance, symbol: Symbol) -> _Effect | str:
    """The effect on F, or a sentence that says why none is known."""
    if symbol == symbols.G:
        return _of_group_size(balance)
    sides = (balance.drift.expression, balance.force.expression)
    if symbol == _weight(balance) and not any(side.has(symbol) for side in sides):
        positive = balance.drift.positive()
        if positive is None:
            return "the drift is not shown to be positive"
        return _Effect(
            Sign.NEGATIVE,
            "drift - beta*force falls with beta where it is 0, because the force is there the "
            "positive drift over beta",
            positive,
        )
    if not any(side.has(symbol) for side in sides):
        change = diff(sides[0] - balance.beta * sides[1], symbol)
        claim = Claim(f"derivative of drift - beta*force in {symbol}", change, "==", S.Zero)
        return _Effect(Sign.ZERO, "it cancels from the condition", (claim,))
    for argument in (_through_reference, _through_spread, _through_rate, _differentiated):
        found = argument(balance, symbol)
        if found is not None:
            return found
    return f"the derivative of the condition in {symbol} has no proved sign"


def _weight(balance: Balance) -> Symbol:
    return balance.beta if isinstance(balance.beta, Symbol) else symbols.beta


def _differentiated(balance: Balance, symbol: Symbol) -> _Effect | None:
    """The sign of ∂F/∂θ at every p above π_ref(a)."""
    unit = balance.force.unit
    parts = [diff(balance.drift.expression, symbol), -diff(balance.force.expression, symbol)]
    if parts[0] == 0:  # beta only scales it
        name, change, domain = "minus the force", parts[1], unit
    elif parts[1] == 0:
        name, change, domain = "the drift", parts[0], unit
    else:
        weight = () if not isinstance(balance.beta, Symbol) else (balance.beta,)
        name, change = "drift - beta*force", parts[0] + balance.beta * parts[1]
        domain = Domain((*Domain.of(*weight).ranges, *balance.domain.ranges))
    claim = signed_claim(f"derivative of {name} in {symbol}", change, domain, frozenset(RELATION))
    if claim is None:
        return None
    found = sign_of(claim)
    location = () if parts[0] == 0 or parts[1] == 0 else balance.above_reference()
    if location is None:
        return None
    where = "above pi_ref(a), where all solutions lie" if location else "at every pi(a)"
    return _Effect(found, f"{name} {_verb(found)} {symbol} {where}", (*location, claim))


def _through_reference(balance: Balance, symbol: Symbol) -> _Effect | None:
    """π_ref(a) stands in the force only, which falls with it."""
    claims = balance.force.falls_with_reference()
    if symbol != REFERENCE or balance.drift.expression.has(symbol) or claims is None:
        return None
    reason = f"minus the force {_verb(Sign.POSITIVE)} {symbol} at every pi(a)"
    return _Effect(Sign.POSITIVE, reason, claims)


def _through_spread(balance: Balance, symbol: Symbol) -> _Effect | None:
    """The drift is a positive combination of values of f."""
    group = balance.group
    if group is None or group.factor != 1 or group.spread.formula is None:
        return None
    f = group.spread.formula
    if not f.has(symbol) or balance.force.expression.has(symbol):
        return None
    if any(rate.has(symbol) for rate in group.rates):
        return None
    name = f"derivative of f in {symbol}"
    claim = signed_claim(name, diff(f, symbol), group.rule.domain, frozenset(RELATION))
    if claim is None:
        return None
    found = sign_of(claim)
    return _Effect(
        found,
        f"f {_verb(found)} {symbol}, and the drift is a sum of values of f with positive weights",
        (claim,),
    )


def _through_rate(balance: Balance, symbol: Symbol) -> _Effect | None:
    r"""A success rate: what the drift is in m, the probability of a better reward.

    With m = w_b + (w_a − w_b) p and h concave, h(0) = h(1) = 0, the drift (w_a − w_b) h(m)/(m(1−m))
    is, as a function of w_a, (1/p)·[(m − w_b)/m]·[h(m)/(1 − m)]; both factors do not fall with
    m, the second one because it is a slope of chords of h that end at 1. For w_b likewise, with
    the chords that start at 0.
    """
    group = balance.group
    if group is None or symbol not in group.rates or group.factor != 1:
        return None
    shape, f = group.spread.concave, group.spread.formula
    first, second = group.rates
    better = symbol == first
    other = second if better else first
    if shape is None or not (isinstance(other, Symbol) or other.is_number) or f.has(symbol):
        return None
    if balance.force.expression.has(symbol):
        return None
    steps = _chords(group.share, symbol, other, balance.force.unit, better)
    if steps is None:
        return None
    verb = "rises" if better else "falls"
    found = Sign.POSITIVE if group.spread.strictly_concave else Sign.NONNEGATIVE
    return _Effect(
        found if better else Sign(-found),
        f"the drift {verb} with {symbol}: f is concave, so are its Bernstein polynomials h, and "
        f"the slopes of chords of h that end at {int(better)} are monotone in m",
        (*shape, *steps),
    )


def _chords(mean: Expr, rate: Symbol, other: Expr, unit: Domain, better: bool) -> Claims | None:
    """m rises with a rate, and the factor of the drift that is not a chord moves as it should."""
    share = Symbol("m", positive=True)
    rates = Domain()
    if isinstance(other, Symbol):
        rates = Domain.of(Range(other, S.Zero, S.One, not better, better))
    if better:
        ranges, part = Range(share, other, S.One), (share - other) / share
        identity = (mean - other) / PI - (rate - other)
    else:
        ranges, part = Range(share, S.Zero, other), (other - share) / (1 - share)
        identity = (other - mean) / (1 - PI) - (other - rate)
    return joined(
        signed_claim(f"m rises with {rate}", diff(mean, rate), unit, {Sign.POSITIVE}),
        signed_claim("the difference of the rates, from m", identity, unit, {Sign.ZERO}),
        signed_claim(
            "its factor in m",
            diff(part, share),
            Domain((*rates.ranges, ranges)),
            NOT_NEGATIVE if better else NOT_POSITIVE,
        ),
    )


# -- the group size --------------------------------------------------------------------


def _of_group_size(balance: Balance) -> _Effect | str:
    """F at G + 1 against F at G, at every p."""
    group = balance.group
    if group is None:
        return (
            "a group of more than two needs two reward levels, and this question has none: "
            "comparisons or rewards of another kind"
        )
    if group.factor != 1 or balance.force.expression.has(symbols.G):
        return "dropped groups change drift and force together"
    if replace(group.rule, size=symbols.G).spread is None or not group.rule.zero_sum:
        return "the rule has no single formula in the share of better answers for every G"
    family = group.of_size(symbols.G)
    location = joined(group.better_rate, balance.above_reference())
    if location is None:
        return "it is not shown that all stationary policies lie above pi_ref(a)"
    if not family.rule.kept_by_name:
        drift = family.expression
        step = drift.subs(symbols.G, symbols.G + 1) - drift
        domain = Domain((*Domain.of(symbols.G).ranges, *balance.force.unit.ranges))
        claim = signed_claim(
            "the drift at G + 1, less that at G", step, domain, frozenset(RELATION)
        )
        if claim is not None:
            found = sign_of(claim)
            reason = f"the drift {_verb(found)} the group size"
            return _Effect(found, reason, (*location, claim))
    claims = group.spread.rises_with_group_size
    if claims is None:
        return "f is not shown to be concave, positive, and not to fall with the group size"
    return _Effect(
        Sign.POSITIVE if family.spread.strictly_concave else Sign.NONNEGATIVE,
        "f is concave, so its Bernstein polynomials h_G rise with the degree G, and the drift "
        "h_G/(m(1 - m)) with them",
        (*location, *claims),
    )


# -- opposite movements ------------------------------------------------------------------


def _opposite(balance: Balance, symbol: Symbol) -> Monotonicity | None:
    """Two attracting stationary policies that move in opposite directions, if some are found.

    Any p is stationary at β = W(p), so exact rational points of the curve will do.
    """
    if not isinstance(balance.beta, Symbol) or symbol == symbols.G:
        return None
    drift, force = balance.drift.expression, balance.force.expression
    weight, total = drift / force, drift - balance.beta * force
    if total.atoms(BernsteinMean, Sum):
        return None  # its exact points would be long sums
    slope, fall = diff(total, symbol), diff(total, PI)
    found: dict[bool, Claim] = {}
    for point in balance.domain.samples(_SAMPLES, seed=11):
        at = {**point, balance.beta: weight.subs(point)}
        if not at[balance.beta].is_positive:
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


def _verb(found: Sign) -> str:
    return {1: "rises with", 0: "does not depend on", -1: "falls with"}[_step(found)]


def _step(found: Sign) -> int:
    return (found > 0) - (found < 0)
