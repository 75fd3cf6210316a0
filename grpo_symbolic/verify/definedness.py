"""What the terms of an expression need to be real numbers, as claims of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sympy import Add, Dummy, Expr, Function, Pow, S, Tuple

from grpo_symbolic.bernstein_mean import BernsteinMean
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
    for part in sorted(_opened(expression).atoms(Pow, Function), key=str):
        for need in needs_of_part(part):
            if need[0].free_symbols:
                found[need] = None
    for value, relation in found:
        name = f"{value} {relation} 0"
        yield Claim(name, value, relation, S.Zero, domain.relevant(value), where_defined=True)


def _opened(expression: Expr) -> Tuple:
    """The expression with the table of each mean over a group of known size, which is all of it.

    The function that makes the table has no other values; one that is no real number stays inside.
    """
    means = (mean for mean in expression.atoms(BernsteinMean) if mean.size.is_Integer)
    tables = {mean: _table(mean) for mean in means}
    real = {mean: Dummy(real=True) for mean, table in tables.items() if table is not None}
    parts = (part for mean in real for part in (mean.argument, *(tables[mean] or ())))
    return Tuple(expression.xreplace(real), *parts)


@lru_cache(maxsize=64)
def _table(mean: BernsteinMean) -> tuple[Expr, ...] | None:
    """What a mean is over, the values that may have needs; None where one is not real."""
    values = [mean.value(S(k)) for k in range(int(mean.size) + 1)]
    if not all(v.free_symbols or v.is_real for v in values):
        return None
    return tuple(v for v in values if v.free_symbols)


def factors_of(value: Expr) -> frozenset[Expr] | None:
    """What a sum of products is positive with: its factors, where none of them is subtracted.

    None of a sum whose terms are no products of whole powers of sums, and of one with a negative
    coefficient.
    """
    found: set[Expr] = set()
    for term in Add.make_args(value):
        coefficient, factors = term.as_coeff_mul()
        powers = [f.as_base_exp() for f in factors]
        if not coefficient.is_positive or not all(k.is_Integer and k > 0 for _, k in powers):
            return None
        found |= {base for base, _ in powers}
    return frozenset(found) if any(base.is_Add for base in found) else None
