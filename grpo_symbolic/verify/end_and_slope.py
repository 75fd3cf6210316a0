"""An end and a slope: what starts at zero and rises is positive.

A function that is defined on a range with its lower end, is not negative there, and has a positive
derivative inside, is positive inside; from the upper end likewise, with a negative derivative. The
derivative is decided by its sign on the orthant, or by an end and a slope again. That is how
``log(x) < x - 1``, ``tanh(x) < x`` and the like are proved, which no normal form decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import (
    Abs,
    Dummy,
    Expr,
    Max,
    Min,
    Mul,
    Poly,
    Sum,
    ceiling,
    degree,
    floor,
    fraction,
    oo,
    sstr,
)
from sympy import sign as sympy_sign

from grpo_symbolic.algebra import Sign, has_plain_numbers, is_defined, sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import SLOPES_DEEPEST, SLOPES_LARGEST, within
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["EndAndSlope"]

_JUMPS = (Abs, sympy_sign, Max, Min, floor, ceiling, Sum)


@dataclass(frozen=True)
class _Goal:
    """An expression that is to be positive, or only not negative, on a domain."""

    expression: Expr
    strict: bool
    domain: Domain


class EndAndSlope(Method):
    """left − right is zero or more at an end of a range, and moves away from it one way."""

    name = "an end and the slope"
    family = "normal form"  # which signs the slope
    steps = 600_000

    def attempt(self, claim: Claim) -> Verdict | None:
        if claim.relation == "!=":  # on one side of it everywhere
            sides = (self.attempt(replace(claim, relation=one)) for one in (">", "<"))
            return next((found for found in sides if found is not None), None)
        if claim.relation == "==":
            return None
        way = 1 if claim.relation[0] == ">" else -1
        difference = way * claim.difference
        if (
            difference.has(*_JUMPS)
            or not within(SLOPES_LARGEST, difference.count_ops(), len(difference.free_symbols))
            or any(s.is_integer for s in difference.free_symbols)
            or not has_plain_numbers(difference)
        ):
            return None
        domain = claim.domain.relevant(difference)
        if sign(difference, domain) is not None:  # no work for a slope
            return None
        steps = _steps(_Goal(difference, "=" not in claim.relation, domain), SLOPES_DEEPEST)
        if steps is None:
            return None
        return Verdict(Status.PROVED, self.name, "; ".join(steps), {"steps": steps})


def _steps(goal: _Goal, depth: int) -> list[str] | None:
    """Why a goal holds, a line for each step; None where it is not shown."""
    found = sign(goal.expression, goal.domain)
    if found is not None:
        held = found == Sign.POSITIVE or (found >= 0 and not goal.strict)
        return [f"{_said(goal)} by its sign on the orthant"] if held else None
    if depth == 0 or not is_defined(goal.expression, goal.domain):
        return None
    for expression in dict.fromkeys((goal.expression, _without_known_signs(goal))):
        lines = _along_a_range(replace(goal, expression=expression), depth)
        if lines is not None:
            return lines
    return None


def _along_a_range(goal: _Goal, depth: int) -> list[str] | None:
    """From an end or a turning point of one range; no other range may depend on it."""
    ends = {e for r in goal.domain.ranges for e in (r.lower + r.upper).free_symbols}
    for r in goal.domain.ranges:
        if r.symbol in ends:
            continue
        for upwards in (True, False):
            lines = _from_end(goal, r, upwards, depth)
            if lines is not None:
                return lines
        lines = _from_turning_points(goal, r, depth)
        if lines is not None:
            return lines
    return None


def _without_known_signs(goal: _Goal) -> Expr:
    """The product without its factors of known sign: it is positive where the goal is."""
    way, rest = 1, list[Expr]()
    for part in Mul.make_args(tidy(goal.expression, goal.domain)):
        found = sign(part, goal.domain)
        if found == Sign.NEGATIVE:
            way = -way
        elif found != Sign.POSITIVE:
            rest.append(part)
    return Mul(way, *rest)


def _from_turning_points(goal: _Goal, r: Range, depth: int) -> list[str] | None:
    """From a place inside of a range at which the slope is 0, to both sides of it."""
    slope = fraction(tidy(goal.expression.diff(r.symbol), goal.domain))[0]
    rest = Domain(tuple(o for o in goal.domain.ranges if o is not r))
    for factor in Mul.make_args(slope):
        base = factor.as_base_exp()[0]
        if not base.is_polynomial(r.symbol) or degree(base, r.symbol) != 1:
            continue
        slope_of, start_of = Poly(base, r.symbol).all_coeffs()
        place = -start_of / slope_of
        gaps = [place - r.lower, r.upper - place]
        if any(gap != oo and sign(gap, rest) != Sign.POSITIVE for gap in gaps):
            continue
        at = sign(goal.expression.subs(r.symbol, place), rest)
        if at is None or at < 0 or (goal.strict and at != Sign.POSITIVE):
            continue
        lines: list[str] = []
        for part, upwards in (
            (replace(r, upper=place, upper_closed=False), False),
            (replace(r, lower=place, lower_closed=False), True),
        ):
            within = Domain(tuple(part if o is r else o for o in goal.domain.ranges))
            more = _from_end(replace(goal, domain=within), part, upwards, depth)
            if more is None:
                break
            lines += more
        else:
            return lines
    return None


def _from_end(goal: _Goal, r: Range, upwards: bool, depth: int) -> list[str] | None:
    """From one end of one range: the value there, and the slope away from it."""
    end = r.lower if upwards else r.upper
    if end in (oo, -oo):
        return None
    rest = Domain(tuple(o for o in goal.domain.ranges if o is not r))
    # The symbol's own assumptions exclude its end: a plain one stands for it there.
    free = Dummy(r.symbol.name, real=True)
    moved = goal.expression.xreplace({r.symbol: free})
    own = replace(
        r,
        symbol=free,
        lower_closed=upwards or r.lower_closed,
        upper_closed=not upwards or r.upper_closed,
    )
    if not is_defined(moved, Domain((*rest.ranges, own))):
        return None
    closed = r.lower_closed if upwards else r.upper_closed
    start = sign(moved.subs(free, end), rest)
    if start is None or start < 0 or (closed and goal.strict and start != Sign.POSITIVE):
        return None
    slope = tidy(goal.expression.diff(r.symbol) * (1 if upwards else -1), goal.domain)
    strict = goal.strict and start != Sign.POSITIVE
    inside = replace(r, lower_closed=False, upper_closed=False)
    within = Domain(tuple(inside if o is r else o for o in goal.domain.ranges))
    if not is_defined(goal.expression.diff(r.symbol), within):
        return None
    lines = _steps(_Goal(slope, strict, within), depth - 1)
    if lines is None:
        return None
    word = "rises from" if upwards else "falls towards"
    value = "a value that is not negative" if start != Sign.ZERO else "0"
    return [*lines, f"{_said(goal)} on {r}: it {word} {value} at {r.symbol} = {sstr(end)}"]


def _said(goal: _Goal) -> str:
    return f"{sstr(goal.expression)} {'>' if goal.strict else '>='} 0"
