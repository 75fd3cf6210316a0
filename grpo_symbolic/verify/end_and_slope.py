"""An end and a slope: what starts at zero and rises is positive.

A function that is defined on a range with its lower end, is not negative there, and has a positive
derivative inside, is positive inside; from the upper end likewise, with a negative derivative. The
derivative is decided by its sign on the orthant, or by an end and a slope again. That is how
``log(x) < x - 1``, ``tanh(x) < x`` and the like are proved, which no normal form decides. Two sides
are equal if no parameter moves their difference and it is 0 at one point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Heaviside,
    Max,
    Min,
    Mul,
    Piecewise,
    Poly,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    ceiling,
    degree,
    exp,
    floor,
    fraction,
    log,
    oo,
    sstr,
)
from sympy import sign as sympy_sign

from grpo_symbolic.algebra import Sign, has_plain_numbers, is_defined, is_zero, sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.conversion import sign_of
from grpo_symbolic.enclosures.values import enclosed
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import SLOPES_DEEPEST, SLOPES_LARGEST, within
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

#: Of the ball around a number.
_BITS = 256
#: At which values of functions are known.
_NICE = tuple(Rational(n, d) for n, d in ((1, 2), (1, 4), (3, 4), (1, 1), (2, 1), (1, 10), (0, 1)))
_JUMPS = (Abs, sympy_sign, Max, Min, floor, ceiling, Heaviside, Piecewise, Sum)


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
        difference = claim.surplus
        if (
            difference.has(*_JUMPS)
            or not within(SLOPES_LARGEST, difference.count_ops(), len(difference.free_symbols))
            or not has_plain_numbers(difference)
        ):
            return None
        domain = claim.domain.relevant(difference)
        if sign(difference, domain) is not None:  # no work for a slope
            return None
        difference, domain = _without_gaps(difference, domain)
        if claim.relation == "==":
            place = _where_equal(difference, domain)
            if place is None:
                return None
            steps = ["no parameter moves the difference of the sides", f"it is 0 at {place}"]
        else:
            goal = _Goal(difference, "=" not in claim.relation, domain)
            steps = _steps(goal, SLOPES_DEEPEST) or _turned_over(goal)
        if steps is None:
            return None
        return Verdict(Status.PROVED, self.name, "; ".join(steps), {"steps": steps})


def _without_gaps(expression: Expr, domain: Domain) -> tuple[Expr, Domain]:
    """Real numbers in place of whole ones: what holds for all of them holds for these."""
    real = {s: Symbol(s.name, real=True) for s in domain.symbols if s.is_integer}
    ranges = (
        replace(
            r,
            symbol=real.get(r.symbol, r.symbol),
            lower=r.lower.xreplace(real),
            upper=r.upper.xreplace(real),
        )
        for r in domain.ranges
    )
    return expression.xreplace(real), Domain(tuple(ranges))


def _where_equal(difference: Expr, domain: Domain) -> str | None:
    """A point at which a difference that nothing moves is exactly 0; None if it is not shown."""
    inside = Domain(
        tuple(replace(r, lower_closed=False, upper_closed=False) for r in domain.ranges)
    )
    for r in domain.ranges:  # in one piece: no range is empty, nor jumps
        width = r.upper - r.lower
        if width.is_finite is not False and sign(width, inside) != Sign.POSITIVE:
            return None
        if any(end.has(*_JUMPS) for end in (r.lower, r.upper)):
            return None
    if not is_defined(difference, domain):
        return None
    for symbol in domain.symbols:
        slope = difference.diff(symbol)
        if not is_defined(slope, inside) or not is_zero(slope, inside):
            return None
    for values in product(_NICE, repeat=len(domain.ranges)):
        point = dict(zip(domain.symbols, values, strict=True))
        if domain.contains(point) and is_zero(difference.subs(point), Domain()):
            return ", ".join(f"{s} = {v}" for s, v in point.items())
    return None


def _turned_over(goal: _Goal) -> list[str] | None:
    """With 1/s in place of an s without bound of which a function takes the inverse."""
    within = {p for f in goal.expression.atoms(Function) for a in f.args for p in a.atoms(Pow)}
    for r in _free(goal.domain):
        begins = r.lower.is_positive or r.lower.is_zero
        if begins and r.upper == oo and 1 / r.symbol in within:
            inverse = replace(r, lower=S.Zero, upper=1 / r.lower if r.lower else oo,
                              lower_closed=False, upper_closed=r.lower_closed)  # fmt: skip
            domain = Domain(tuple(inverse if o is r else o for o in goal.domain.ranges))
            turned = goal.expression.xreplace({r.symbol: 1 / r.symbol})
            lines = _steps(replace(goal, expression=turned, domain=domain), SLOPES_DEEPEST)
            if lines is not None:
                return [*lines, f"where {r.symbol} stands for 1/{r.symbol}"]
    return None


def _steps(goal: _Goal, depth: int) -> list[str] | None:
    """Why a goal holds, a line for each step; None where it is not shown."""
    found = _sign(goal.expression, goal.domain)
    if found is not None:
        held = found == Sign.POSITIVE or (found >= 0 and not goal.strict)
        return [f"{_said(goal)} by its sign on the orthant"] if held else None
    if depth == 0 or not is_defined(goal.expression, goal.domain):  # nor is it too large
        return None
    for expression in dict.fromkeys((goal.expression, _without_known_signs(goal))):
        lines = _along_a_range(replace(goal, expression=expression), depth)
        if lines is not None:
            return lines
    return None


def _along_a_range(goal: _Goal, depth: int) -> list[str] | None:
    """From an end or a turning point of one range."""
    for r in _free(goal.domain):
        for upwards in (True, False):
            lines = _from_end(goal, r, upwards, depth)
            if lines is not None:
                return lines
        lines = _from_turning_points(goal, r, depth)
        if lines is not None:
            return lines
    return None


def _free(domain: Domain) -> list[Range]:
    """The ranges on which no other depends."""
    ends = {s for r in domain.ranges for s in r.needs}
    return [r for r in domain.ranges if r.symbol not in ends]


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
    """From a place at which the slope is 0 to both sides of it, which together are the range."""
    rest = Domain(tuple(o for o in goal.domain.ranges if o is not r))
    for place in _turning_points(goal, r, rest):
        lines: list[str] = []
        for part, upwards in (
            (replace(r, upper=place, upper_closed=True), False),
            (replace(r, lower=place, lower_closed=True), True),
        ):
            within = Domain(tuple(part if o is r else o for o in goal.domain.ranges))
            more = _from_end(replace(goal, domain=within), part, upwards, depth)
            if more is None:
                break
            lines += more
        else:
            return lines
    return None


def _turning_points(goal: _Goal, r: Range, rest: Domain) -> Iterator[Expr]:
    """Where the slope is 0: roots of its factors that are linear in the symbol or its logarithm.

    Of other slopes, numbers and the opposites of other shares are tried.
    """
    slope = tidy(goal.expression.diff(r.symbol), goal.domain)
    for factor in Mul.make_args(fraction(slope)[0]):
        base = factor.as_base_exp()[0]
        for part, inverse in ((log(r.symbol), exp), (r.symbol, Add)):
            u = Dummy()
            line = base.xreplace({part: u})
            if not line.has(r.symbol) and line.is_polynomial(u) and degree(line, u) == 1:
                slope_of, start_of = Poly(line, u).all_coeffs()
                yield inverse(-start_of / slope_of)
    for place in (*_NICE, *(1 - o.symbol for o in rest.ranges)):
        if is_zero(slope.subs(r.symbol, place), rest):
            yield place


def _sign(expression: Expr, domain: Domain) -> int | None:
    """The sign on the orthant; of a number the sign of its ball."""
    found = sign(expression, domain)
    if found is None and not expression.free_symbols:
        number = enclosed(expression, {}, _BITS)
        return None if number is None else 2 * sign_of(number) or None
    return found


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
    start = _sign(moved.subs(free, end), rest)
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
