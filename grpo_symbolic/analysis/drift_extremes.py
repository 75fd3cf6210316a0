"""Extreme values of the drift of a binary question over all policies, each one proved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sympy import Expr, Rational, S, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import NOT_NEGATIVE, Claims, signed_claim
from grpo_symbolic.equation.drift import GroupDrift

PI = symbols.pi
_HALF = Rational(1, 2)
# The drift of larger groups is bounded below by that of groups of this size.
_WRITTEN_OUT = 8


class Extreme(NamedTuple):
    """A bound of the drift for every policy, what shows it, and a sentence."""

    value: Expr
    claims: Claims
    reason: str


def _varying(balance: Balance) -> GroupDrift | None:
    """The drift, where it is nothing but the difference of the rates times D(m)."""
    group = balance.group
    if group is None or group.factor != 1 or not group.rule.zero_sum:
        return None
    return group if group.expression.has(PI) else None


def least_drift(balance: Balance) -> Extreme | None:
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


def greatest_drift(balance: Balance) -> Extreme | None:
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
) -> Extreme | None:
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


def _scaled(group: GroupDrift, value: Expr, claims: Claims, why: str) -> Extreme | None:
    """For answers that are rewarded at rates other than 1 and 0."""
    if group.better_rate is None:
        return None
    if group.rates != (1, 0):
        value = tidy((group.rates[0] - group.rates[1]) * value, group.domain)
    return Extreme(value, (group.better_rate, *claims), why.format(sstr(value)))


def highest_hill(balance: Balance) -> Extreme | None:
    """A bound of p(1 − p)·drift: its value at 1/2, or that of f, which it is nowhere above."""
    drift, group = balance.drift, balance.group
    if not drift.expression.has(PI):
        top = _neat(drift.hill.subs(PI, _HALF), balance.parameters)
        claim = signed_claim(
            "the height at 1/2, less the height", top - drift.hill, drift.domain, NOT_NEGATIVE
        )
        return None if claim is None else Extreme(top, (claim,), f"is at most {sstr(top)}")
    if group is None or not group.plain or group.spread.symmetric is None:
        return None
    shape = group.spread.concave
    if shape is None:
        return None
    if group.rule.size.is_Integer and group.rule.size <= _WRITTEN_OUT:
        top = group.at_half() / 4
    else:
        top = group.spread.formula.subs(symbols.t, _HALF)
    top = _neat(top, group.rule.domain)
    return Extreme(top, (*shape, *group.spread.symmetric), f"is at most {sstr(top)}")
