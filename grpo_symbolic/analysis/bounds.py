r"""Bounds of the stationary policy of a binary question, each one proved.

Write the condition as F(p) = drift − β·force = 0 with p = π(a). L is a lower bound of every
stationary p when F > 0 on (0, L), and U an upper bound when F < 0 on (U, 1). The bounds are
found by solving the condition with one part replaced by a bound of that part:

* the force by 0 (the reference), or by its limit as π_ref(a) → 0;
* the drift by its least or its greatest value, or by the drift of another group size;
* p(1 − p)·drift by its greatest value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from sympy import Expr, Max, Min, Poly, Rational, S, Symbol, fraction, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, tidy
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.limits import explain_limit
from grpo_symbolic.display import Html, cut, grid, legible, math, short, typeset
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import NOT_NEGATIVE, Claims, joined, signed_claim
from grpo_symbolic.equation.drift import GroupDrift
from grpo_symbolic.export.latex import formula
from grpo_symbolic.implicit_root import ImplicitRoot
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.reduction import reduce_binary
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report

__all__ = ["Bound", "Bounds", "bounds"]

PI, REFERENCE = symbols.pi, symbols.pi_ref
# A drift that does not depend on the policy, for whatever value it has.
_LEVEL = Symbol("D", positive=True)
_HALF = Rational(1, 2)
# The drift of larger groups is bounded below by that of groups of this size.
_WRITTEN_OUT = 8


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


def bounds(curve: Balance | StationarityCondition, expression: Expr | None = None) -> Bounds:
    """Lower and upper bounds of every stationary π(a), computed from the condition.

    Parameters
    ----------
    curve : Balance or StationarityCondition
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
    balance = Balance(curve) if isinstance(curve, StationarityCondition) else curve
    beta = balance.beta
    if not isinstance(beta, Symbol):
        # For every weight first, then for this one.
        domain = balance.condition.domain.extended(symbols.beta)
        balance = Balance(replace(balance.condition, beta=symbols.beta, domain=domain))
    rare = tuple(_rare(balance))
    makers = [_greatest_drift, _large_groups, _height, _probability]
    # The exact limit is above that of the least drift, and needs no formula of its own.
    exact = any(not bound.expression.has(ImplicitRoot) for bound in rare)
    least = () if exact else tuple(_least_drift(balance))
    candidates = chain(_reference(balance), least, rare, *(m(balance) for m in makers))
    found: list[Bound] = []
    for bound in candidates:
        if expression is None or bound.expression.count_ops() < expression.count_ops():
            if beta != balance.beta:
                bound = replace(bound, expression=bound.expression.subs(balance.beta, beta))
            if all((bound.side, bound.expression) != (b.side, b.expression) for b in found):
                found.append(bound)
    return Bounds(tuple(sorted(found, key=lambda b: b.side)))


# -- one maker for each argument -----------------------------------------------------------


def _probability(balance: Balance) -> Iterator[Bound]:
    yield Bound(S.One, "upper", "a probability")


def _reference(balance: Balance) -> Iterator[Bound]:
    """F > 0 up to π_ref(a)."""
    claims = balance.above_reference()
    reference = balance.condition.reference[0]
    if claims is None:
        yield Bound(S.Zero, "lower", "a probability")
        return
    yield Bound(
        reference,
        "lower",
        "up to pi_ref(a) the drift is positive and the force is not",
        claims,
    )


def _rare(balance: Balance) -> Iterator[Bound]:
    """The solution as π_ref(a) → 0, which every other one is above."""
    constant = not balance.drift.expression.has(PI)
    solved = _limit_policy(_constant(balance) if constant else balance)
    positive = balance.drift.positive()
    if solved is None or (constant and positive is None):
        return
    value, claims = solved
    if constant and positive is not None:
        value, claims = value.xreplace({_LEVEL: balance.drift.expression}), (*claims, *positive)
    yield Bound(
        value,
        "lower",
        "the limit of the stationary policy as pi_ref(a) -> 0: the force falls with pi_ref(a)",
        claims,
    )


def _least_drift(balance: Balance) -> Iterator[Bound]:
    least = _least(balance)
    if least is None:
        return
    value, claims, why = least
    level = _constant(balance)
    closed = _closed(level)
    if closed is not None:
        limiting = _limit_policy(level)
        if limiting is not None:
            yield Bound(
                limiting[0].xreplace({_LEVEL: value}),
                "lower",
                f"{why}; the limit as pi_ref(a) -> 0 of the policy with that constant drift",
                (*claims, *limiting[1]),
            )
        yield Bound(
            closed.expression.xreplace({_LEVEL: value}),
            "lower",
            f"{why}; the policy with that constant drift",
            (*claims, *closed.claims),
        )


def _greatest_drift(balance: Balance) -> Iterator[Bound]:
    greatest = _greatest(balance)
    closed = None if greatest is None else _closed(_constant(balance))
    if greatest is None or closed is None:
        return
    value, claims, why = greatest
    yield Bound(
        closed.expression.xreplace({_LEVEL: value}),
        "upper",
        f"{why}; the policy with that constant drift",
        (*claims, *closed.claims),
    )


def _large_groups(balance: Balance) -> Iterator[Bound]:
    """The stationary policy of the same rule in a large group, if it has a closed form."""
    group = balance.group
    if group is None or group.factor != 1 or group.rule.size == oo:
        return
    shape = group.spread.concave
    if shape is None:
        return
    large = group.of_size(oo)
    if group.rule.scale is not None and large.rule.scale is not None:
        name, gap = "the scale, less that of a large group", group.rule.scale - large.rule.scale
    elif large.spread.formula is not None and group.spread.formula is not None:
        name, gap = "f of a large group is not below f", large.spread.formula - group.spread.formula
    else:
        return
    above = signed_claim(name, gap, group.rule.domain, NOT_NEGATIVE)
    closed = None if above is None else _closed(balance.of_size(oo))
    if above is not None and closed is not None:
        yield Bound(
            closed.expression,
            "upper",
            "the policy of a large group: f is concave, so its Bernstein polynomials lie below it",
            (*shape, above, *closed.claims),
        )


def _height(balance: Balance) -> Iterator[Bound]:
    """p(1 − p)·force is a line where p(1 − p)·drift has its greatest value."""
    line, highest = balance.force.line, _highest(balance)
    if line is None or highest is None:
        return
    value, claims = highest
    yield Bound(
        REFERENCE + value / (balance.beta * line),
        "upper",
        "pi(a) pi(b) times the force is a line, and pi(a) pi(b) times the drift is at most "
        f"{sstr(value)}",
        claims,
    )


# -- extreme values of the drift --------------------------------------------------------------

_Extreme = tuple[Expr, Claims, str]


def _varying(balance: Balance) -> GroupDrift | None:
    """The drift, where it is nothing but the difference of the rates times D(m)."""
    group = balance.group
    if group is None or group.factor != 1 or not group.rule.zero_sum:
        return None
    return group if group.expression.has(PI) else None


def _least(balance: Balance) -> _Extreme | None:
    """The least value of the drift, or of a smaller group's drift."""
    group = _varying(balance)
    if group is None:
        return None
    size, claims, why = group.rule.size, (), "the drift is nowhere below {}"
    if size != oo and (not size.is_Integer or size > _WRITTEN_OUT):
        size = S(_WRITTEN_OUT if size.is_Integer else 2)
        rising = group.spread.rises_with_group_size
        if rising is None:
            return None
        claims = rising
        why = f"the drift rises with G, as f is concave, and at G = {size} is nowhere below {{}}"
        group = group.of_size(size)
    shape = group.spread.convex_drift
    if shape is not None:
        value = _neat(group.at_half(), group.rule.domain)
        return _scaled(group, value, (*claims, *shape), why)
    return _at_an_end(group, (S.One, S.Zero, _HALF), 1, claims, why)


def _greatest(balance: Balance) -> _Extreme | None:
    """The greatest value of the drift, at an end of (0, 1)."""
    group = _varying(balance)
    if group is None or group.rule.size == oo:
        return None
    why, shape, rule = "the drift is nowhere above {}", group.spread.convex_drift, group.rule
    if shape is not None and rule.spread is not None:
        # D at p = 0: the advantage of the only better answer of its group.
        value = _neat(rule.size * rule.spread.subs(symbols.t, 1 / rule.size), rule.domain)
        return _scaled(group, value, shape, why)
    return _at_an_end(group, (S.Zero, S.One, _HALF), -1, (), why)


def _at_an_end(
    group: GroupDrift, places: Sequence[Expr], direction: int, claims: Claims, why: str
) -> _Extreme | None:
    """The value at one of some points, if the drift is nowhere below it (nowhere above it)."""
    if group.rule.kept_by_name:
        return None
    drift = group.rule.drift(PI)
    domain = group.rule.domain.extended(drift)
    relation = "below" if direction > 0 else "above"
    for at in places:
        value = drift.subs(PI, at)
        if not value.is_finite and not value.free_symbols:
            continue
        value = tidy(value, domain)
        name = f"the drift is nowhere {relation} its value at {at}"
        claim = signed_claim(name, direction * (drift - value), domain, NOT_NEGATIVE)
        if claim is not None:
            return _scaled(group, value, (*claims, claim), why)
    return None


def _neat(value: Expr, domain: Domain) -> Expr:
    return value.together() if value.is_number else tidy(value, domain.extended(value))


def _scaled(group: GroupDrift, value: Expr, claims: Claims, why: str) -> _Extreme | None:
    """For answers that are rewarded at rates other than 1 and 0."""
    if group.better_rate is None:
        return None
    if group.rates != (1, 0):
        value = tidy((group.rates[0] - group.rates[1]) * value, group.domain)
    return value, (group.better_rate, *claims), why.format(sstr(value))


def _highest(balance: Balance) -> tuple[Expr, Claims] | None:
    """A bound of p(1 − p)·drift: its value at 1/2, or that of f, which it is nowhere above."""
    drift, group = balance.drift, balance.group
    if not drift.expression.has(PI):
        top = _neat(drift.hill.subs(PI, _HALF), balance.parameters)
        claim = signed_claim(
            "the height at 1/2, less the height", top - drift.hill, drift.domain, NOT_NEGATIVE
        )
        return None if claim is None else (top, (claim,))
    if group is None or not group.plain or group.spread.symmetric is None:
        return None
    shape = group.spread.concave
    if shape is None:
        return None
    if group.rule.size.is_Integer and group.rule.size <= _WRITTEN_OUT:
        top = group.at_half() / 4
    else:
        top = group.spread.formula.subs(symbols.t, _HALF)
    return _neat(top, group.rule.domain), (*shape, *group.spread.symmetric)


# -- solving ------------------------------------------------------------------------------


def _constant(balance: Balance) -> Balance:
    """The same penalty against a drift that does not depend on the policy."""
    condition = balance.condition
    policy = condition.policy
    values = (_LEVEL * policy[1], -_LEVEL * policy[0])
    domain = condition.domain.extended(_LEVEL)
    model = PreferenceModel(values, policy, domain, (S.One, S.Zero), _LEVEL)
    return Balance(replace(condition, preference=model, domain=domain))


def _closed(balance: Balance) -> ClosedForm | None:
    reduction = reduce_binary(balance.condition, "Stationary policy of a bound")
    if reduction.polynomial is None:
        return None
    return closed_form(reduction.polynomial, reduction.equation, balance.condition.domain)


def _limit_policy(balance: Balance) -> tuple[Expr, Claims] | None:
    """The zero of F at π_ref(a) = 0, where F > 0 below it; and claims that show it.

    F at π_ref(a) is above F at 0, because the force falls with π_ref(a).
    """
    drift = balance.drift.expression
    falls = balance.force.falls_with_reference()
    if drift.has(REFERENCE) or not isinstance(balance.beta, Symbol) or falls is None:
        return None
    force = balance.force.at_vanishing_reference()
    if force == oo or not force.has(PI):
        return None
    rest = Domain(tuple(r for r in balance.parameters.ranges if r.symbol != REFERENCE))
    unit = Domain((*rest.ranges, Range(PI, S.Zero, S.One)))
    weight = tidy(drift / force, unit)
    value = _only_root(weight, balance.beta, unit)
    if value is None:
        return _limit_root(balance, falls)
    most = limit_at(weight, PI, S.Zero, rest)
    claims = [*falls]
    below = Domain((*rest.ranges, Range(balance.beta, S.Zero, most)))
    under = Domain((*below.ranges, Range(PI, S.Zero, value)))
    wanted = [
        (value, below, "the limit policy is positive for beta below the threshold"),
        (
            drift - balance.beta * force,
            under,
            "drift - beta*force at pi_ref(a) = 0, up to the limit policy",
        ),
    ]
    for expr, domain, name in wanted:
        claims.append(signed_claim(name, expr, domain, {Sign.POSITIVE}))
    if most != oo:
        beyond = Domain((*rest.ranges, Range(balance.beta, most, oo, lower_closed=True)))
        name = "minus the bound for larger beta, where it is void"
        claims.append(signed_claim(name, -value, beyond, NOT_NEGATIVE))
    found = joined(*claims)
    return None if found is None else (value, found)


def _limit_root(balance: Balance, falls: Claims) -> tuple[Expr, Claims] | None:
    """The same where no formula gives it: 0, or the root of β·force = drift at π_ref(a) = 0."""
    try:
        found = explain_limit(balance, REFERENCE, 0)
    except ValueError:
        return None
    if found.value == 0 or not found.value.has(ImplicitRoot):
        return None
    return found.value, (*falls, *found.claims)


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
