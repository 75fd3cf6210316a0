r"""Level values of any rule, by the counts of levels among the others of a group.

.. math:: V(r_k) = \sum_c \binom{G - 1}{c}\, m^c\, A(r_k;\, c)

over the ways in which G − 1 rewards fall on the levels: for rules whose one over scale is no
mixture of Gaussians (ranks, medians, clipped advantages, the best of k, the deviation of the
others). The advantages come from the rule itself, exactly, so that their number is limited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import comb

import numpy as np
from flint import arb, arb_mat, ctx
from sympy import Expr, Integer, Rational, multinomial_coefficients

from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.numeric.interpolant import Array

__all__ = ["CountedField", "CountedPreference"]

# Advantages that are measured, about a millisecond each; and numbers of one block of laws.
_MOST, _BLOCK = 6_000, 2**20
_BITS = 80


@lru_cache(maxsize=8)
def _measured(
    levels: tuple[Fraction, ...], rule: Advantage, size: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...], tuple[tuple[Expr, ...], ...]]:
    """Counts of the others, in how many ways they come, and the advantage of each level."""
    n = len(levels)
    count = n * comb(size + n - 2, n - 1)
    if count > _MOST:
        fits = next(g for g in range(size, 1, -1) if n * comb(g + n - 2, n - 1) <= _MOST or g == 2)
        raise ValueError(
            f"the rule {rule} on {n} levels of reward in groups of {size} has {count:,} advantages "
            f"to be measured one by one, more than {_MOST:,}: groups of {fits} would do"
        )
    rewards = [Rational(r.numerator, r.denominator) for r in levels]
    ways = multinomial_coefficients(n, size - 1)
    rows = []
    for own in range(n):
        row = []
        for counts in ways:
            members = [c + (k == own) for k, c in enumerate(counts)]
            law = tuple((r, Rational(c, size)) for r, c in zip(rewards, members, strict=True) if c)
            row.append(rule(rewards[own], law, Integer(size), Domain()))
        rows.append(tuple(row))
    return tuple(ways), tuple(int(w) for w in ways.values()), tuple(rows)


@lru_cache(maxsize=8)
def _table(
    levels: tuple[Fraction, ...], rule: Advantage, size: int, bits: int
) -> tuple[tuple[tuple[int, ...], ...], arb_mat]:
    """Counts of the others, and what each level has from them: levels × counts."""
    counts, ways, rows = _measured(levels, rule, size)
    with ctx.workprec(bits):
        found = [[w * ball(a, {}, bits) for w, a in zip(ways, row, strict=True)] for row in rows]
        return counts, arb_mat(found)


@dataclass(frozen=True)
class CountedField:
    """V(r_k) as a function of the law of a drawn reward, in float64.

    Parameters
    ----------
    levels : tuple of Fraction
        Distinct, in any order.
    rule : Advantage
        At numbers.
    size : int
        G.
    """

    levels: tuple[Fraction, ...]
    rule: Advantage
    size: int

    @cached_property
    def _parts(self) -> tuple[Array, Array]:
        counts, table = _table(self.levels, self.rule, self.size, _BITS)
        entries = np.array([float(x) for x in table.entries()])
        return np.array(counts), entries.reshape(len(self.levels), len(counts))

    @property
    def cost(self) -> int:
        """Operations that the slopes at one law take."""
        n = len(self.levels)
        return 2 * n * n * comb(self.size + n - 2, n - 1)

    def values(self, masses: Array) -> Array:
        """V at laws of rewards, levels × laws."""
        return self._over(masses, False)[0]

    def slopes(self, masses: Array) -> tuple[Array, Array]:
        """V, and ∂V(r_k)/∂m_l as levels × levels × laws."""
        return self._over(masses, True)

    def _over(self, masses: Array, sloped: bool) -> tuple[Array, Array]:
        counts, table = self._parts
        n, laws = masses.shape
        values, slopes = np.empty((n, laws)), np.empty((n, n, laws if sloped else 0))
        width = max(1, _BLOCK // len(counts))
        for start in range(0, laws, width):
            block = slice(start, start + width)
            part = masses[:, block]
            powers = [_powers(m, self.size) for m in part]
            terms = _product([p[c] for p, c in zip(powers, counts.T, strict=True)])
            values[:, block] = table @ terms
            for k in range(n if sloped else 0):
                lower = [
                    p[np.maximum(c - (j == k), 0)]
                    for j, (p, c) in enumerate(zip(powers, counts.T, strict=True))
                ]
                slopes[:, k, block] = table @ (counts[:, k, None] * _product(lower))
        return values, slopes


def _powers(masses: Array, size: int) -> Array:
    """Of one level, 0 to G − 1 × laws."""
    return masses ** np.arange(size)[:, None]


def _product(factors: list[Array]) -> Array:
    found = factors[0].copy()
    for factor in factors[1:]:
        found *= factor
    return found


@dataclass(frozen=True)
class CountedPreference:
    """P(o|π) = Σ_r law_o(r) V(r) on balls of policies.

    Parameters
    ----------
    levels, rule, size
        As for :class:`CountedField`.
    emission : tuple of tuples of Fraction, or None
        One row an answer; None where answer k has level k.
    bits : int
        Of the advantages.
    """

    levels: tuple[Fraction, ...]
    rule: Advantage
    size: int
    emission: tuple[tuple[Fraction, ...], ...] | None
    bits: int

    @property
    def cost(self) -> int:
        """Operations of the slopes, about."""
        n = len(self.levels)
        return n * n * comb(self.size + n - 2, n - 1)

    @property
    def _law(self) -> arb_mat | None:
        if self.emission is None:
            return None
        return arb_mat([[arb(x.numerator) / x.denominator for x in row] for row in self.emission])

    def _powers(self, policy: Sequence[arb]) -> list[list[arb]]:
        law, masses = self._law, list(policy)
        if law is not None:
            masses = (law.transpose() * arb_mat(len(policy), 1, masses)).entries()
        return [[m**k for k in range(self.size)] for m in masses]

    def values(self, policy: Sequence[arb]) -> list[arb]:
        """P, one ball an answer."""
        counts, table = _table(self.levels, self.rule, self.size, self.bits)
        powers, law = self._powers(policy), self._law
        terms = [_term(powers, c) for c in counts]
        found = table * arb_mat(len(terms), 1, terms)
        return (found if law is None else law * found).entries()

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        """∂P(o)/∂π(j)."""
        counts, table = _table(self.levels, self.rule, self.size, self.bits)
        powers, law = self._powers(policy), self._law
        rows = []
        for c in counts:
            rows.append(
                [
                    c[k] * _term(powers, (*c[:k], c[k] - 1, *c[k + 1 :])) if c[k] else arb(0)
                    for k in range(len(c))
                ]
            )
        found = table * arb_mat(rows)
        return found if law is None else law * found * law.transpose()


def _term(powers: Sequence[Sequence[arb]], counts: Sequence[int]) -> arb:
    found = arb(1)
    for power, c in zip(powers, counts, strict=True):
        if c:
            found *= power[c]
    return found
