r"""Level values of any rule, by the counts of levels among the others of a group.

.. math:: V(r_k) = \sum_c \binom{G - 1}{c}\, m^c\, A(r_k;\, c)

over the ways in which G − 1 rewards fall on the levels: for rules whose one over scale is no
mixture of Gaussians (ranks, medians, clipped advantages, the best of k, the deviation of the
others). Advantages that see mean and variance of the group are computed from these, many groups at
once; others come from the rule itself, one by one. Their number is limited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import comb, lcm

import numpy as np
from flint import arb, arb_mat, ctx, fmpq
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational, Symbol, multinomial_coefficients

from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.levels.emission import EmittedPreference
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Law

# Advantages that are measured by the rule itself, about a millisecond each; those that are computed
# from mean and variance of the group, and how many of them differ; numbers of one block of laws.
_MOST, _COMPUTED, _DIFFERENT, _BLOCK = 6_000, 200_000, 120_000, 2**20
# Ways in which the others fall on the levels, where every box of a search goes through them again.
_SEARCHED = 20_000
_BITS = 80
# A product that looks its factors up, in multiplications.
_LOOK_UP = 45
_DEVIATION, _VARIANCE = Symbol("d", real=True), Symbol("v", positive=True)


@lru_cache(maxsize=4)
def _others(levels: int, size: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Counts of the others as groups × levels, and in how many ways they come."""
    ways = multinomial_coefficients(levels, size - 1)
    return np.array(list(ways)), tuple(int(w) for w in ways.values())


@lru_cache(maxsize=4)
def _products(levels: int, size: int) -> tuple[tuple[tuple[int, int, int], ...], tuple[int, ...]]:
    """How m^c is worked out for all counts of the others: equal beginnings once.

    A product is an earlier one, the first of which is 1, times a power of one level's mass; then
    where those of the counts stand.
    """
    known: dict[tuple[int, ...], int] = {(): 0}
    steps: list[tuple[int, int, int]] = []
    for counts in map(tuple, _others(levels, size)[0].tolist()):
        for k, c in enumerate(counts):
            if counts[: k + 1] not in known:
                if c:
                    steps.append((known[counts[:k]], k, c))
                known[counts[: k + 1]] = len(steps) if c else known[counts[:k]]
    return tuple(steps), tuple(known[tuple(c)] for c in _others(levels, size)[0].tolist())


@lru_cache(maxsize=32)
def _table(
    levels: tuple[Fraction, ...], rule: Advantage, size: int, bits: int
) -> tuple[NDArray[np.int64], arb_mat]:
    """Counts of the others, and what each level has from them: levels × counts."""
    n = len(levels)
    count = n * comb(size + n - 2, n - 1)
    form = rule.of_moments(_DEVIATION, _VARIANCE, Integer(size))
    ordered = rule.of_order(0, 1, size) is not None
    most = _COMPUTED if ordered or form is not None else _MOST
    if count > most:
        raise _too_many(rule, n, size, count, most)
    counts, ways = _others(n, size)
    with ctx.workprec(bits):
        if ordered:
            found = _by_order(levels, rule, size, counts)
        elif form is None:
            laws = ((c, own) for own in range(n) for c in counts.tolist())
            found = [_measured(levels, rule, c, own) for c, own in laws]
        else:
            found = _by_moments(levels, rule, form, size, counts, bits)
        return counts, arb_mat(n, len(ways), [w * a for w, a in zip(ways * n, found, strict=True)])


def _too_many(rule: Advantage, levels: int, size: int, count: int, most: int) -> ValueError:
    fits = next(
        g for g in range(size, 1, -1) if levels * comb(g + levels - 2, levels - 1) <= most or g == 2
    )
    return ValueError(
        f"the rule {rule} on {levels} levels of reward in groups of {size} has {count:,} "
        f"advantages to be measured one by one, more than {most:,}: groups of {fits} would do"
    )


def _measured(levels: Sequence[Fraction], rule: Advantage, counts: Sequence[int], own: int) -> arb:
    """The advantage of a level among so many others of each."""
    group = [c + (k == own) for k, c in enumerate(counts)]
    parts = rule.over_root(levels, group, own)
    if parts is None:
        law = _law(levels, counts, own)
        return ball(rule(*law, Integer(sum(group)), Domain()), {}, ctx.prec)
    above, spread = (arb(fmpq(x.numerator, x.denominator)) for x in parts)
    return above / spread.sqrt() if parts[1] else arb(0)


def _law(levels: Sequence[Fraction], counts: Sequence[int], own: int) -> tuple[Rational, Law]:
    """The own reward, and the law of a group."""
    rewards = [Rational(r.numerator, r.denominator) for r in levels]
    size = sum(counts) + 1
    members = [c + (k == own) for k, c in enumerate(counts)]
    law = tuple((r, Rational(c, size)) for r, c in zip(rewards, members, strict=True) if c)
    return rewards[own], law


def _by_order(
    levels: tuple[Fraction, ...], rule: Advantage, size: int, counts: NDArray[np.int64]
) -> list[arb]:
    """Advantages level by level from how many are below a member and how many are like it."""
    known: dict[tuple[int, int], arb] = {}
    found: list[arb] = []
    for own, level in enumerate(levels):
        below = counts[:, [k for k, other in enumerate(levels) if other < level]].sum(axis=1)
        for key in zip(below.tolist(), (counts[:, own] + 1).tolist(), strict=True):
            if key not in known:
                known[key] = ball(rule.of_order(*key, size), {}, ctx.prec)  # type: ignore[arg-type]
            found.append(known[key])
    return found


def _by_moments(
    levels: tuple[Fraction, ...],
    rule: Advantage,
    form: Expr,
    size: int,
    counts: NDArray[np.int64],
    bits: int,
) -> list[arb]:
    """Advantages level by level from the deviation and variance of the group, each once.

    Those of a member whose others are alike are measured by the rule itself.
    """
    shared = lcm(*(r.denominator for r in levels))
    whole = [int((r - min(levels)) * shared) for r in levels]
    kind = np.int64 if size**2 * max(whole) ** 2 < 2**62 else object
    steps, each = np.array(whole, kind), counts.astype(kind)
    first, second = each @ steps, each @ (steps * steps)
    alike = counts.max(axis=1) == size - 1
    known: dict[tuple[int, int], arb] = {}
    found: list[arb] = []
    for own, step in enumerate(whole):
        total = first + step
        deviations = size * step - total
        spreads = size * (second + step * step) - total * total
        pairs = zip(deviations.tolist(), spreads.tolist(), alike.tolist(), strict=True)
        for place, (deviation, spread, measured) in enumerate(pairs):
            if measured:
                law = _law(levels, counts[place].tolist(), own)
                found.append(ball(rule(*law, Integer(size), Domain()), {}, bits))
                continue
            key = (deviation, spread)
            if key not in known:
                if len(known) == _DIFFERENT:
                    n = len(levels)
                    raise _too_many(rule, n, size, n * len(counts), _DIFFERENT)
                at = {
                    _DEVIATION: arb(fmpq(deviation, size * shared)),
                    _VARIANCE: arb(fmpq(spread, (size * shared) ** 2)),
                }
                known[key] = ball(form, at, bits)
            found.append(known[key])
    return found


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
        return counts, entries.reshape(len(self.levels), len(counts))

    @property
    def cost(self) -> int:
        """Operations that the slopes at one law take."""
        n = len(self.levels)
        return _LOOK_UP * 2 * n * n * comb(self.size + n - 2, n - 1)

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
            powers = [m ** np.arange(self.size)[:, None] for m in part]
            terms = _product([p[c] for p, c in zip(powers, counts.T, strict=True)])
            values[:, block] = table @ terms
            for k in range(n if sloped else 0):
                lower = [
                    p[np.maximum(c - (j == k), 0)]
                    for j, (p, c) in enumerate(zip(powers, counts.T, strict=True))
                ]
                slopes[:, k, block] = table @ (counts[:, k, None] * _product(lower))
        return values, slopes


def _product(factors: list[Array]) -> Array:
    found = factors[0].copy()
    for factor in factors[1:]:
        found *= factor
    return found


@dataclass(frozen=True)
class CountedPreference(EmittedPreference):
    """P(o|π) = Σ_r law_o(r) V(r) on balls of policies.

    Parameters
    ----------
    levels, rule, size
        As for :class:`CountedField`.
    emission : tuple of tuples of Fraction, or None
        One row an answer; None where answer k has level k.
    bits : int
        Of the advantages, at least: they are as accurate as the working precision.
    """

    levels: tuple[Fraction, ...]
    rule: Advantage
    size: int
    emission: tuple[tuple[Fraction, ...], ...] | None
    bits: int

    @classmethod
    def of(
        cls, question: Question, rule: Advantage, size: int, point: Mapping[Symbol, Expr]
    ) -> CountedPreference:
        """That of a question, at numbers for the symbols of its rewards and their probabilities.

        Raises
        ------
        ValueError
            For numbers that are not rational, and for too many ways to be gone through in every
            box, with the group size that would do.
        """
        laws = [[(_fraction(r, point), _fraction(w, point)) for r, w in law]
                for law in question.finite_laws]  # fmt: skip
        levels = tuple(dict.fromkeys(r for law in laws for r, _ in law))
        n = len(levels)
        count, most = n * comb(size + n - 2, n - 1), n * _SEARCHED
        if count > most:
            raise _too_many(rule, n, size, count, most)
        rows = (tuple(sum((w for r, w in law if r == level), Fraction(0)) for level in levels)
                for law in laws)  # fmt: skip
        return cls(levels, rule, size, tuple(rows), ctx.prec)

    @property
    def cost(self) -> int:
        """Operations of the slopes, about."""
        n = len(self.levels)
        return n * n * comb(self.size + n - 2, n - 1)

    @property
    def _counted(self) -> tuple[NDArray[np.int64], arb_mat]:
        return _table(self.levels, self.rule, self.size, max(self.bits, ctx.prec))

    def _terms(self, masses: Sequence[arb]) -> list[arb]:
        """m^c for all counts of the others."""
        powers = [[m**k for k in range(self.size)] for m in masses]
        steps, places = _products(len(self.levels), self.size)
        found = [arb(1)]
        for before, k, c in steps:
            found.append(found[before] * powers[k][c])
        return [found[place] for place in places]

    def level_values(self, masses: Sequence[arb]) -> list[arb]:
        terms = self._terms(masses)
        return (self._counted[1] * arb_mat(len(terms), 1, terms)).entries()

    def level_slopes(self, masses: Sequence[arb]) -> arb_mat:
        counts, table = self._counted
        terms, columns, over = self._terms(masses), [], list(masses)
        for k, mass in enumerate(masses):
            lower = terms
            if mass.contains(0):  # a power less, where there is no quotient
                powers = [[m**e for e in range(self.size)] for m in masses]
                less = ([*c[:k], max(c[k] - 1, 0), *c[k + 1 :]] for c in counts.tolist())
                lower, over[k] = [_term(powers, c) for c in less], arb(1)
            columns.append([c * t for c, t in zip(counts[:, k].tolist(), lower, strict=True)])
        rows = (table * arb_mat(columns).transpose()).tolist()
        return arb_mat([[x / mass for x, mass in zip(row, over, strict=True)] for row in rows])


def _term(powers: Sequence[Sequence[arb]], counts: Sequence[int]) -> arb:
    found = arb(1)
    for power, c in zip(powers, counts, strict=True):
        if c:
            found *= power[c]
    return found


def _fraction(value: Expr, point: Mapping[Symbol, Expr]) -> Fraction:
    found = value.xreplace(point)
    if not found.is_Rational:
        raise ValueError("groups of this size are counted for rational rewards")
    return Fraction(int(found.p), int(found.q))
