"""Whether every term of a statement, as it was written, is a real number on the whole range.

A divisor that cancels, a radicand, the argument of a logarithm: each has to compare with 0 in its
way at every stationary policy. Each is a statement of its own, and is checked like one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from sympy import Expr, S, Symbol, factor_list, sign, sstr

from grpo_symbolic import symbols
from grpo_symbolic.checking.checked import SCATTERED, Checked, decimal, value_at
from grpo_symbolic.checking.subject import DIGITS, Point, Subject, shown
from grpo_symbolic.domain import Domain
from grpo_symbolic.elementary import Need
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.definedness import needs_of
from grpo_symbolic.verify.verdict import Status

PI = symbols.pi
_HALVINGS = 100
#: Points of the curve of all stationary policies.
_ALONG = 60
#: What is the case where an expression does not compare with 0 in this way.
BUT = {"!=": "is 0", ">=": "is negative", ">": "is not positive"}

Check = Callable[[Comparison], Checked]


def undefined(about: Subject, needs: tuple[Need, ...], check: Check) -> Checked | str | None:
    """What is not a real number somewhere, or is not shown to be one everywhere.

    Parameters
    ----------
    about : Subject
    needs : tuple of (expression, relation to 0)
        Of all terms, as they were written.
    check : callable
        The verdict on a comparison.

    Returns
    -------
    Checked
        REFUTED, with a point at which a term is no real number.
    str
        What is not shown, in words.
    None
        Every term is proved to be a real number.
    """
    doubtful: list[str] = []
    for expression, relation in dict.fromkeys(needs):
        sentence = f"the formula is undefined there: {sstr(expression)} {BUT[relation]}"
        # Without a closed form a zero on the curve is found sooner than anything is compared.
        # A radicand may be 0.
        vanishes = relation != ">="
        on_curve = vanishes and about.closed is None and expression.has(*about.unknowns)
        place = _zero(about, expression) if on_curve else None
        found = check(Comparison(expression, relation, S.Zero)) if place is None else None
        if found is not None and found.verdict is Status.PROVED:
            continue
        if found is not None and found.verdict is Status.REFUTED:
            return replace(found, sentence=sentence, theirs="", ours="", difference="")
        if place is None and vanishes:
            place = _zero(about, expression)
        if place is not None:
            return Checked(
                sstr(expression),
                Status.REFUTED,
                "intermediate values",
                f"{sentence}, by a factor that changes its sign",
                counterexample=place,
            )
        doubtful.append(f"{sstr(expression)} {relation} 0")
    return " and ".join(doubtful) or None


def _zero(about: Subject, expression: Expr) -> dict[str, str] | None:
    """A place, to 30 digits, at which a continuous factor changes its sign, and so is 0."""
    if expression.has(sign) or any(s.is_integer for s in about.parameters.symbols):
        return None
    # Not every parameter has a policy of positive probabilities: those of the curve have.
    if expression.free_symbols <= {*about.parameters.symbols} and not about.interior:
        points = list(about.points(about.parameters, SCATTERED))
        place = _sign_change(expression, about.parameters, points, {})
        return None if place is None else _written(place)
    curve = about.curve
    if curve is None or not isinstance(curve.beta, Symbol) or not about.any_weight:
        return None
    # Each point of the curve is a stationary policy, and its weight is continuous above pi_ref.
    given = {curve.beta: curve.weight}
    points = list(_along(curve, about.along))
    place = _sign_change(expression, about.along, points, given)
    if place is None or not _is_weight(curve, place):
        return None
    weight = {curve.beta: value_at(curve.weight, place) or S.Zero}
    known = {PI, *about.parameters.symbols}
    return _written({s: v for s, v in {**place, **weight}.items() if s in known})


@lru_cache(maxsize=32)
def _along(curve: Balance, domain: Domain) -> tuple[Point, ...]:
    """Points of the curve: every term of a statement is looked at there."""
    return tuple(p for p in domain.samples(_ALONG, seed=1) if _is_weight(curve, p))


def _sign_change(
    expression: Expr, domain: Domain, points: list[Point], given: Point
) -> Point | None:
    """Where one of the factors is 0 between two of the points, with some symbols in the others."""
    free = expression.free_symbols
    if expression.is_polynomial(*free):
        factors = [factor for factor, _ in factor_list(expression)[1]]
    elif next(needs_of(expression, domain), None) is None:
        factors = [expression]  # made of functions that are continuous everywhere
    else:
        return None
    for factor in (f.subs(given) for f in factors):
        values = [(point, value_at(factor, point)) for point in points]
        known = [(point, value) for point, value in values if value is not None]
        for (left, low), (right, high) in pairwise(known):
            if (low * high).is_negative:
                return _between(factor, domain, left, right)
    return None


def _between(expression: Expr, domain: Domain, left: Point, right: Point) -> Point | None:
    """Halving the line between two points of the range, the second of another sign."""
    falls = (value_at(expression, left) or S.Zero) > 0
    for _ in range(_HALVINGS):
        middle = {symbol: (left[symbol] + right[symbol]) / 2 for symbol in left}
        value = value_at(expression, middle)
        if value is None or not domain.contains(middle):
            return None
        if value == 0:
            return middle
        if (value > 0) == falls:
            left = middle
        else:
            right = middle
    return left


def _is_weight(curve: Balance, point: Point) -> bool:
    """Whether the point of the curve has a weight: a positive one."""
    value = value_at(curve.weight, point)
    return value is not None and bool(value > 0)


def _written(place: Point) -> dict[str, str]:
    """Exactly where that is short, else to 30 digits."""
    exact = all(len(str(value)) <= DIGITS for value in place.values())
    return shown(place) if exact else {s.name: f"about {decimal(v)}" for s, v in place.items()}
