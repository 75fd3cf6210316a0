"""Whether every term of a statement, as it was written, is a real number on the whole range.

A divisor that cancels, a radicand, the argument of a logarithm: each has to compare with 0 in its
way at every stationary policy. Each is a statement of its own, and is checked like one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from sympy import Expr, S, factor_list, sign, sstr

from grpo_symbolic.checking.checked import SCATTERED, Checked, decimal
from grpo_symbolic.checking.subject import Point, Subject, shown
from grpo_symbolic.elementary import Need
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.definedness import needs_of
from grpo_symbolic.verify.verdict import Status

__all__ = ["undefined"]

_HALVINGS = 100
_SAYS = {"!=": "is 0", ">=": "is negative", ">": "is not positive"}

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
        found = check(Comparison(expression, relation, S.Zero))
        if found.verdict is Status.PROVED:
            continue
        sentence = f"the formula is undefined there: {sstr(expression)} {_SAYS[relation]}"
        if found.verdict is Status.REFUTED:
            return replace(found, sentence=sentence, theirs="", ours="", difference="")
        place = _zero(about, expression)
        if place is not None:
            return replace(
                found,
                verdict=Status.REFUTED,
                method="intermediate values",
                sentence=f"{sentence}, by a factor that changes its sign",
                counterexample=place,
            )
        doubtful.append(f"{sstr(expression)} {relation} 0")
    return " and ".join(doubtful) or None


def _zero(about: Subject, expression: Expr) -> dict[str, str] | None:
    """A place, to 30 digits, at which a continuous factor changes its sign, and so is 0."""
    free = expression.free_symbols
    continuous = all(not s.is_integer for s in about.parameters.symbols)
    if not continuous or not free <= {*about.parameters.symbols} or expression.has(sign):
        return None
    if expression.is_polynomial(*free):
        factors = [factor for factor, _ in factor_list(expression)[1]]
    elif next(needs_of(expression, about.parameters), None) is None:
        factors = [expression]  # made of functions that are continuous everywhere
    else:
        return None
    points = list(about.points(about.parameters, SCATTERED))
    for factor in factors:
        values = [(point, factor.xreplace(point)) for point in points]
        for (left, low), (right, high) in pairwise(values):
            if (low * high).is_negative:
                return _between(factor, left, right, bool(low > 0))
    return None


def _between(expression: Expr, left: Point, right: Point, falls: bool) -> dict[str, str]:
    """Halving the line between two points of the range."""
    for _ in range(_HALVINGS):
        middle = {symbol: (left[symbol] + right[symbol]) / 2 for symbol in left}
        value = expression.xreplace(middle)
        if value == 0:
            return shown(middle)
        if bool(value > 0) == falls:
            left = middle
        else:
            right = middle
    return {symbol.name: f"about {decimal(value)}" for symbol, value in left.items()}
