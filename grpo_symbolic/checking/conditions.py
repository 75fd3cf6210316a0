"""The part of the range that a statement is made for: ``beta < 1``, ``pi_ref >= 1/2``."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, S, Symbol, ceiling, floor, oo, sstr

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.checked import GLANCE_STEPS
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.grammar.conditions import conditions
from grpo_symbolic.grammar.statement import MIRRORED, Comparison, Statement, statements
from grpo_symbolic.work import Exhausted, limited

#: Parameters that have a value.
Values = tuple[tuple[Symbol, Expr], ...]


def restricted(about: Subject, text: str) -> tuple[Subject, Values]:
    """The stationary policies where conditions on the parameters hold.

    Parameters
    ----------
    about : Subject
    text : str
        With commas between them: inequalities, each of which bounds one parameter by the others,
        and values: ``beta < 1, pi_ref = 1/2``, ``0 < \\beta < 1 - \\pi_{ref}``.

    Returns
    -------
    about : Subject
        With narrower ranges.
    values : tuple of (symbol, value)
        Parameters that have a value.

    Raises
    ------
    ValueError
        For what is no such condition, and where a bound is not shown to lie in the range of the
        parameter, or to leave some of it.
    """
    bounds: list[tuple[Symbol, Expr, str]] = []
    for part in conditions(text):
        if not part:
            raise ValueError(f"between the commas of {text!r} a condition is missing")
        bounds += (_bound(about, said) for said in statements(part, about.names))
    values = tuple((symbol, bound) for symbol, bound, relation in bounds if relation == "==")
    places = {r.symbol: place for place, r in enumerate(about.parameters.ranges)}
    for symbol, bound, relation in sorted(bounds, key=lambda one: places[one[0]]):
        narrower = None if relation == "==" else _narrower(about, symbol, bound, relation)
        if narrower is not None:
            kept = (r for r in about.within if r.symbol != symbol)
            about = replace(about, within=(*kept, narrower))
    return about, values


def valued(said: Statement, values: Values) -> Statement:
    """The statement, made for values of parameters."""
    if not values:
        return said
    if not isinstance(said, Comparison):
        raise ValueError("a value of a parameter goes with equations and inequalities")
    return replace(said, given=tuple(dict.fromkeys((*said.given, *values))))


def inserted(said: Comparison) -> Comparison:
    """The statement with the values of its parameters in it."""
    needs = tuple((need.subs(said.given), how) for need, how in said.needs)
    left, right = (side.subs(said.given) for side in (said.left, said.right))
    return replace(said, left=left, right=right, needs=needs)


def _bound(about: Subject, said: object) -> tuple[Symbol, Expr, str]:
    """One parameter, what bounds it, and how."""
    if not isinstance(said, Comparison) or said.relation == "!=" or said.given:
        raise ValueError(f"a condition is such as beta < 1 or beta = 1, and {said} is none")
    difference = said.left - said.right
    ranges = about.parameters.ranges
    known = {r.symbol for r in ranges}
    other = sorted(map(str, difference.free_symbols - known))
    if other:
        raise ValueError(
            f"a condition is one on parameters, and {said} speaks of {', '.join(other)}"
        )
    weight = about.policy.algorithm.beta
    for r in reversed(ranges):
        slope = difference.diff(r.symbol)
        if not slope.is_number or slope == 0:
            continue
        bound = (r.symbol - difference / slope).expand()
        if bound.has(r.symbol) or (r.symbol != weight and bound.has(weight)):
            continue
        missing = [e for e, how in said.needs if not _compares(e, how, about.parameters)]
        if missing:
            raise ValueError(f"it is not shown that {said} is defined: see {sstr(missing[0])}")
        turned = MIRRORED.get(said.relation, said.relation)
        return r.symbol, bound, said.relation if slope.is_positive else turned
    raise ValueError(f"the condition {said} does not bound one parameter by the others")


def _narrower(about: Subject, symbol: Symbol, bound: Expr, relation: str) -> Range | None:
    """The range of a parameter with this bound; None where it has it already."""
    own = next(r for r in about.parameters.ranges if r.symbol == symbol)
    rest = _independent(about.parameters, symbol)
    lower, closed = relation[0] == ">", relation.endswith("=")
    if symbol.is_integer:
        bound, closed = _whole(bound, lower, closed), True
    end, reached = (own.lower, own.lower_closed) if lower else (own.upper, own.upper_closed)
    gap = bound - end if lower else end - bound
    inside = Sign.POSITIVE if end in (oo, -oo) else _sign(gap, rest)
    weak = inside in (Sign.NONPOSITIVE, Sign.ZERO) and (closed or not reached)
    if inside == Sign.NEGATIVE or weak:
        return None
    if inside not in (Sign.POSITIVE, Sign.ZERO):
        raise ValueError(
            f"{sstr(bound)} is not shown to lie in the range {own}, whatever the other parameters "
            "are: give a condition on them, too"
        )
    found = (
        replace(own, lower=bound, lower_closed=closed)
        if lower
        else replace(own, upper=bound, upper_closed=closed)
    )
    left = S.One if oo in (found.upper, -found.lower) else found.upper - found.lower
    if _sign(left, rest) != Sign.POSITIVE:
        raise ValueError(f"{found}: it is not shown that there is such a {symbol}")
    return found


def _whole(bound: Expr, lower: bool, closed: bool) -> Expr:
    """The first whole number of those that a bound leaves."""
    if not bound.is_number:
        raise ValueError(f"a whole number is bounded by a number, and not by {sstr(bound)}")
    if lower:
        return ceiling(bound) if closed else floor(bound) + 1
    return floor(bound) if closed else ceiling(bound) - 1


def _independent(domain: Domain, symbol: Symbol) -> Domain:
    """The ranges that do not depend on that of a symbol."""
    moved = {symbol}
    for r in domain.ranges:  # those come first on which others depend
        if r.needs & moved:
            moved.add(r.symbol)
    return Domain(tuple(r for r in domain.ranges if r.symbol not in moved))


def _compares(expression: Expr, relation: str, domain: Domain) -> bool:
    """Whether an expression is shown to compare so with 0 everywhere."""
    found = _sign(expression, domain)
    if relation == "!=":
        return found in (Sign.POSITIVE, Sign.NEGATIVE)
    return found is not None and found >= (Sign.POSITIVE if relation == ">" else Sign.ZERO)


def _sign(expression: Expr, domain: Domain) -> Sign | None:
    try:
        return limited(sign, S(expression), domain, steps=GLANCE_STEPS)
    except Exhausted:
        return None
