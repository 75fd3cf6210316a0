r"""Preferences of larger groups at numbers: every way in which companions fall on the levels.

.. math:: V_G(l) = \sum_{c} \binom{G-1}{c_1, c_2, \dots} \prod_k m_k^{c_k} A(l; c), \qquad
    P(o) = \sum_l w_o(l) V_G(l)

c counts the companions on each level, m is the law of a drawn reward. For the published advantage
and rational levels the coefficients are square roots of rational numbers, taken in balls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import comb, factorial, prod

from flint import arb, arb_mat, ctx, fmpq
from sympy import Expr, Symbol

from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.model.advantage import ShiftAndScale
from grpo_symbolic.model.level_mean import LevelMean
from grpo_symbolic.question import Question

__all__ = ["CountedPreference"]

# Ways in which companions fall on the levels.
_MOST_WAYS = 20_000


class CountedPreference:
    """P of the published advantage by counts of companions.

    Parameters
    ----------
    question : Question
        With rewards of finitely many levels.
    size : int
        G.
    point : mapping of Symbol to Expr
        Numbers for the symbols of rewards and their probabilities.

    Raises
    ------
    ValueError
        For levels that are not rational there, and for more ways than are counted.
    """

    def __init__(self, question: Question, size: int, point: Mapping[Symbol, Expr]) -> None:
        laws = [
            [(reward.xreplace(point), weight.xreplace(point)) for reward, weight in law]
            for law in question.finite_laws
        ]
        found = dict.fromkeys(reward for law in laws for reward, _ in law)
        if not all(reward.is_Rational for reward in found):
            raise ValueError("groups of this size are counted for rational rewards")
        self.levels = [Fraction(int(r.p), int(r.q)) for r in found]  # type: ignore[attr-defined]
        self.size, places = size, {r: k for k, r in enumerate(found)}
        ways = comb(size + len(places) - 2, len(places) - 1)
        if ways > _MOST_WAYS:
            raise ValueError(
                f"groups of {size} with {len(places)} rewards can be made in {ways} ways, more "
                f"than {_MOST_WAYS}"
            )
        self._laws = [[(places[r], w) for r, w in law] for law in laws]
        self._known: dict[int, arb_mat] = {}

    @property
    def _law(self) -> list[list[tuple[int, arb]]]:
        return [[(k, ball(w, {}, ctx.prec)) for k, w in law] for law in self._laws]

    @classmethod
    def serves(cls, values: Sequence[Expr]) -> bool:
        """Whether these expressions have V_G of the published advantage by name."""
        names = [found for value in values for found in value.atoms(LevelMean)]
        return bool(names) and all(v.rule.advantage == ShiftAndScale() for v in names)

    @cached_property
    def _counts(self) -> list[tuple[int, ...]]:
        return list(_compositions(self.size - 1, len(self.levels)))

    def _coefficients(self) -> arb_mat:
        """Ways times advantages at this precision: a row a way, a column a level."""
        if ctx.prec in self._known:
            return self._known[ctx.prec]
        rows = []
        for counts in self._counts:
            ways = factorial(self.size - 1) // prod(map(factorial, counts))
            rows.append([ways * self._advantage(own, counts) for own in range(len(self.levels))])
        self._known[ctx.prec] = arb_mat(rows)
        return self._known[ctx.prec]

    def _advantage(self, own: int, counts: tuple[int, ...]) -> arb:
        group = [
            (r, c + (k == own)) for k, (r, c) in enumerate(zip(self.levels, counts, strict=True))
        ]
        mean = sum((r * c for r, c in group), Fraction(0)) / self.size
        square = sum((c * (r - mean) ** 2 for r, c in group), Fraction(0)) / self.size
        if not square:
            return arb(0)
        away = self.levels[own] - mean
        ratio = away**2 / square
        root = arb(fmpq(ratio.numerator, ratio.denominator)).sqrt()
        return root if away > 0 else -root

    @property
    def cost(self) -> int:
        return len(self._counts) * len(self.levels) ** 2

    def _masses(self, policy: Sequence[arb]) -> list[arb]:
        masses = [arb(0)] * len(self.levels)
        for p, law in zip(policy, self._law, strict=True):
            for k, weight in law:
                masses[k] += weight * p
        return masses

    def _powers(self, policy: Sequence[arb]) -> list[list[arb]]:
        tables = []
        for mass in self._masses(policy):
            table = [arb(1)]
            for _ in range(self.size - 1):
                table.append(table[-1] * mass)
            tables.append(table)
        return tables

    def _over_answers(self, row: Sequence[arb]) -> list[arb]:
        return [sum((w * row[k] for k, w in law), arb(0)) for law in self._law]

    def values(self, policy: Sequence[arb]) -> list[arb]:
        tables = self._powers(policy)
        terms = [prod((t[c] for t, c in zip(tables, cs, strict=True)), start=arb(1))
                 for cs in self._counts]  # fmt: skip
        return self._over_answers((arb_mat([terms]) * self._coefficients()).entries())

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        tables, by_level = self._powers(policy), []
        for k in range(len(self.levels)):
            terms = [
                prod((t[e - (i == k)] for i, (t, e) in enumerate(zip(tables, c, strict=True))),
                     start=arb(c[k])) if c[k] else arb(0)
                for c in self._counts
            ]  # fmt: skip
            row = (arb_mat([terms]) * self._coefficients()).entries()
            by_level.append(self._over_answers(row))
        columns = [
            [sum((w * by_level[k][o] for k, w in law), arb(0)) for o in range(len(self._law))]
            for law in self._law
        ]
        return arb_mat(columns).transpose()


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in _compositions(total - first, parts - 1))
