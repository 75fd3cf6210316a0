"""What the terms of an expression need to be real numbers, as claims of their own."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Function, Pow, S

from grpo_symbolic.domain import Domain
from grpo_symbolic.elementary import needs_of_part
from grpo_symbolic.verify.claim import Claim


def needs_of(expression: Expr, domain: Domain) -> Iterator[Claim]:
    """Claims that together say that the expression is a real number everywhere on the domain.

    Divisors are not zero, radicands not negative, arguments of logarithms and bases of powers
    with other exponents positive. Each is made where its own terms are defined: those have claims
    of their own.
    """
    found: dict[tuple[Expr, str], None] = {}
    for part in sorted(expression.atoms(Pow, Function), key=str):
        for need in needs_of_part(part):
            if need[0].free_symbols:
                found[need] = None
    for value, relation in found:
        name = f"{value} {relation} 0"
        yield Claim(name, value, relation, S.Zero, domain.relevant(value), where_defined=True)
