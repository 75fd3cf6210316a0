"""V_G written out: an exact finite expectation over the counts of levels in a group."""

from __future__ import annotations

from itertools import product
from math import comb

from sympy import Add, Dummy, Expr, Mul, Rational, Symbol, multinomial_coefficients, oo

from grpo_symbolic.domain import Domain
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.reward import Law

#: Beyond this many terms (counts of levels times levels) an expectation is kept by name.
WRITTEN_OUT = 500
# Beyond this many it is not written out on request either.
_MAX_TERMS = 20_000


def gaps(declared: Domain) -> tuple[dict[Symbol, Expr], dict[Symbol, Expr]]:
    """Ordered symbols as sums of positive gaps, and the gaps as differences of symbols."""
    bounded_below = [r for r in declared.ranges if r.upper == oo and r.lower != -oo]
    forth: dict[Symbol, Expr] = {}
    back: dict[Symbol, Expr] = {}
    for r in bounded_below:
        gap = Dummy(f"gap_{r.symbol}", positive=True)
        forth[r.symbol] = r.lower.xreplace(forth) + gap
        back[gap] = r.symbol - r.lower
    return forth, back


def level_values(
    advantage: Advantage,
    shown: dict[Expr, Expr],
    population: dict[Expr, Expr],
    size: Expr,
    domain: Domain,
) -> dict[Expr, Expr]:
    """V_G of every level: the expectation over the counts of levels among the others.

    ``shown`` maps each level to the expression in which it is computed.
    """
    levels, rewards = tuple(shown), tuple(shown.values())
    if not size.is_Integer:
        raise ValueError(
            f"three or more reward levels are written out for a number as group size, got the "
            f"symbol {size}"
        )
    others = int(size) - 1
    more = 0 if advantage.batch is None else int(advantage.batch) - int(size)
    n, terms = len(levels), term_count(advantage, len(levels), size)
    if terms > _MAX_TERMS:
        raise ValueError(
            f"the exact expectation over groups of {size} with {n} reward levels has {terms} "
            f"terms, more than {_MAX_TERMS}: take a smaller group, or the large-group limit"
        )
    found = {}
    for own, level in enumerate(levels):
        parts = []
        for (counts, ways), (rest, again) in product(
            multinomial_coefficients(n, others).items(), multinomial_coefficients(n, more).items()
        ):
            members = [c + (i == own) for i, c in enumerate(counts)]
            everyone = [c + r for c, r in zip(members, rest, strict=True)]
            batch = _empirical(rewards, everyone) if more else None
            group = _empirical(rewards, members)
            value = advantage(shown[level], group, size, domain, batch)
            powers = (
                population[r] ** (c + e) for r, c, e in zip(levels, counts, rest, strict=True)
            )
            parts.append(Mul(ways, again, value, *powers))
        found[level] = Add(*parts)
    return found


def term_count(advantage: Advantage, levels: int, size: Expr) -> int:
    """Counts of levels among the others of a group, and of a batch, times levels."""
    others = int(size) - 1
    more = 0 if advantage.batch is None else int(advantage.batch) - int(size)
    if more < 0:
        raise ValueError(f"a batch of {advantage.batch} rewards has no groups of {size}")
    return levels * comb(others + levels - 1, levels - 1) * comb(more + levels - 1, levels - 1)


def _empirical(levels: tuple[Expr, ...], counts: list[int]) -> Law:
    total = sum(counts)
    return tuple((r, Rational(c, total)) for r, c in zip(levels, counts, strict=True) if c)
