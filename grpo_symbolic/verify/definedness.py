"""What the terms of an expression need to be real numbers, as claims of their own."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Function, Pow, S, acos, acosh, asin, atanh, exp, log

from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim

__all__ = ["needs_of"]

_ENDS: dict[type[Function], tuple[str, tuple[int, ...]]] = {
    asin: (">=", (-1, 1)),
    acos: (">=", (-1, 1)),
    atanh: (">", (-1, 1)),
    acosh: (">=", (1,)),
}


def needs_of(expression: Expr, domain: Domain) -> Iterator[Claim]:
    """Claims that together say that the expression is a real number everywhere on the domain.

    Divisors are not zero, radicands not negative, arguments of logarithms and bases of powers
    with other exponents positive. Each is made where its own terms are defined: those have claims
    of their own.
    """
    found: dict[tuple[Expr, str], None] = {}
    for part in sorted(expression.atoms(Pow, Function), key=str):
        for need in _of(part):
            if need[0].free_symbols:
                found[need] = None
    for value, relation in found:
        name = f"{value} {relation} 0"
        yield Claim(name, value, relation, S.Zero, domain.relevant(value), where_defined=True)


def _of(part: Expr) -> Iterator[tuple[Expr, str]]:
    if isinstance(part, log):
        yield part.args[0], ">"
    elif isinstance(part, Pow) and not isinstance(part, exp):
        base, power = part.args
        if power.is_Integer:
            if power.is_negative:
                yield base, "!="
        elif power.is_Rational:
            yield base, ">" if power.is_negative else ">="
        elif not base.is_positive:
            yield base, ">"
    elif type(part) in _ENDS:
        relation, ends = _ENDS[type(part)]
        for end in ends:
            yield (1 - part.args[0] * end if len(ends) == 2 else part.args[0] - end), relation
