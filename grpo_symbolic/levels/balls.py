r"""Level values and their derivatives in ball arithmetic, with the error of the rule enclosed.

A group that contains :math:`r_k \ne r_j` has :math:`\sqrt{n v} \ge |r_k - r_j|/\sqrt2`, so that
:math:`|r_k - r_j| / s \le \sqrt{2 (n - \mathrm{ddof})}`: a relative error δ of the rule moves
V(r_k) by at most :math:`\delta \sqrt{2 (n - \mathrm{ddof})}`, and each derivative in m by at most
n − 1 times that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import log

import numpy as np
from flint import arb, arb_mat, ctx

from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.levels.emission import EmittedPreference
from grpo_symbolic.levels.field import exact_balls
from grpo_symbolic.levels.mixture import Mixture
from grpo_symbolic.levels.nodes import Nodes, Rows, nodes

# Entries of the largest table, each some microseconds and some hundred bytes; and of a rule whose
# nodes are looked at, to be left out where they do not matter.
_MOST, _LOOKED_AT = 1_200_000, 24_000_000
_SPARE = 24
# Products of neighbours before an exponential is taken again.
_ANEW = 64


class TooLarge(ValueError):
    """A table in balls that would take too long."""


@dataclass(frozen=True)
class _Table:
    """e^(−t² (r − y)²) as nodes × levels, its transpose, the weights, and the rule."""

    values: arb_mat
    turned: arb_mat
    rows: list[tuple[arb, ...]]
    weights: list[arb]
    rule: Nodes
    bits: int


@dataclass(frozen=True)
class LevelPreference(EmittedPreference):
    """P(o|π) = Σ_r law_o(r) V(r) on balls of policies.

    Parameters
    ----------
    levels : tuple of Fraction
    mixture : Mixture
    emission : tuple of tuples of Fraction, or None
        One row an answer; None where answer k has level k.
    bits : int
        Accuracy of the values.
    slope_bits : int, optional
        That of the slopes; by default what Newton's method and most certificates need.
    """

    levels: tuple[Fraction, ...]
    mixture: Mixture
    emission: tuple[tuple[Fraction, ...], ...] | None
    bits: int
    slope_bits: int | None = None
    most: tuple[float, ...] | None = None

    @property
    def cost(self) -> int:
        """Operations of the slopes, about."""
        return self._slope_table.rule.count * len(self.levels) ** 2

    @property
    def _value_table(self) -> _Table:
        return _table(self.levels, self.mixture, self.bits, self.most)

    @property
    def _slope_table(self) -> _Table:
        n = self.mixture.sample
        bits = self.slope_bits or int((12 + 1.5 * log(n)) / log(2))
        return _table(self.levels, self.mixture, bits, self.most)

    def check(self) -> None:
        """Raise :class:`TooLarge` where the values would take too long."""
        _kept(self.levels, self.mixture, self.bits, self.most)

    def values(self, policy: Sequence[arb]) -> list[arb]:
        with ctx.workprec(self._value_table.bits):
            return super().values(policy)

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        with ctx.workprec(self._slope_table.bits):
            return super().slopes(policy)

    # -- levels --------------------------------------------------------------------------

    def masses(self, policy: Sequence[arb]) -> list[arb]:
        found = super().masses(policy)
        if self.most is not None and not all(m <= b for m, b in zip(found, self.most, strict=True)):
            raise Undecided("levels have more mass than they were said to have")
        return found

    @property
    def _front(self) -> arb:
        return arb(self.mixture.group - 1) / self.mixture.group

    def _error(self, rule: Nodes, times: int) -> arb:
        """What V, or a derivative that is a sum of so many such terms, may be off by."""
        rewards = exact_balls(self.levels)
        most = (arb(2) * (self.mixture.sample - self.mixture.ddof)).sqrt()
        whole = max(rewards, key=lambda b: float(b)) - min(rewards, key=lambda b: float(b))
        return times * (arb(rule.error) * most + arb(rule.lost) * whole)

    def _sums(self, table: _Table, masses: Sequence[arb]) -> tuple[list[arb], list[arb]]:
        """Z, and Σ m r e^(…), at the nodes."""
        rewards = exact_balls(self.levels)
        columns = arb_mat([[m, m * r] for m, r in zip(masses, rewards, strict=True)])
        both = (table.values * columns).entries()
        return both[::2], both[1::2]

    def level_values(self, masses: Sequence[arb]) -> list[arb]:
        table = self._value_table
        z, rewarded = self._sums(table, masses)
        count, power = len(z), self.mixture.sample - 2
        entries: list[arb] = []
        for w, a, b in zip(table.weights, z, rewarded, strict=True):
            common = w * a**power
            entries += (common * a, common * b)
        found = table.turned * arb_mat(count, 2, entries)
        off = arb(0, self._error(table.rule, 1))
        return [
            self._front * (r * found[k, 0] - found[k, 1] + off)
            for k, r in enumerate(exact_balls(self.levels))
        ]

    def level_slopes(self, masses: Sequence[arb]) -> arb_mat:
        table = self._slope_table
        z, rewarded = self._sums(table, masses)
        levels, n = len(self.levels), self.mixture.sample
        kernel: list[list[arb]] = []
        others: list[list[arb]] = []
        for w, a, b, row in zip(table.weights, z, rewarded, table.rows, strict=True):
            less = w * a ** (n - 3)
            more, less = less * a, less * b
            kernel.append([more * e for e in row])
            others.append([less * e for e in row])
        first, second = table.turned * arb_mat(kernel), table.turned * arb_mat(others)
        rewards = exact_balls(self.levels)
        off = arb(0, self._error(table.rule, n - 1))
        return arb_mat(
            [
                [
                    self._front
                    * ((rewards[k] - rewards[j]) * first[k, j]
                       + (n - 2) * (rewards[k] * first[k, j] - second[k, j]) + off)
                    for j in range(levels)
                ]
                for k in range(levels)
            ]
        )  # fmt: skip


@lru_cache(maxsize=8)
def _rule(levels: tuple[Fraction, ...], mixture: Mixture, bits: int) -> Nodes:
    """A rule whose errors are about 2^−bits."""
    with ctx.workprec(bits + _SPARE):
        return nodes(exact_balls(levels), mixture, bits * log(2))


@lru_cache(maxsize=8)
def _kept(
    levels: tuple[Fraction, ...], mixture: Mixture, bits: int, most: tuple[float, ...] | None
) -> Nodes:
    """The nodes of a rule that matter, of a number that can be worked with."""
    rule = _rule(levels, mixture, bits)
    entries, allowed = rule.count * len(levels), _MOST if most is None else _LOOKED_AT
    if most is not None and entries <= allowed:
        places, allowed = [float(r) for r in levels], _MOST
        rule = rule.near(places, np.array(most), mixture.sample, bits * log(2))
        entries = rule.count * len(levels)
    if entries > allowed:
        fits = int(bits * (allowed / entries) ** 0.5 * log(2) / log(10)) - 6
        raise TooLarge(
            f"{len(levels)} levels of reward in groups of {mixture.group} take a table of "
            f"{entries:,} entries at these digits, more than {allowed:,}: ask for {max(fits, 1)} "
            "digits, or round the rewards, so that they have fewer levels"
        )
    return rule


@lru_cache(maxsize=4)
def _table(
    levels: tuple[Fraction, ...], mixture: Mixture, bits: int, most: tuple[float, ...] | None
) -> _Table:
    """The table of a rule whose errors are about 2^−bits."""
    rule = _kept(levels, mixture, bits, most)
    with ctx.workprec(bits + _SPARE):
        rewards = exact_balls(levels)
        rows: list[tuple[arb, ...]] = []
        weights: list[arb] = []
        for part in rule.rows:
            rows += _rows(part, rewards)
            weights += [part.weight] * len(part.index)
        values = arb_mat(rows)
        return _Table(values, values.transpose(), rows, weights, rule, bits + _SPARE)


def _rows(part: Rows, rewards: Sequence[arb]) -> list[tuple[arb, ...]]:
    """e^(−t² (r − y)²) of all levels, one row for each y.

    Along y = y₀ + k h it is a product: each ratio of neighbours is e^(−2 t² h²) times the one
    before. Products begin anew after a while, for the sake of their error.
    """
    found: list[tuple[arb, ...]] = []
    square, index = -part.t * part.t, part.index
    bend = (2 * square * part.step**2).exp()
    ends = np.flatnonzero(np.diff(index) != 1) + 1
    for run in np.split(index, ends):
        for first in range(0, len(run), _ANEW):
            count = min(_ANEW, len(run) - first)
            y = part.start + part.step * int(run[first])
            columns = []
            for r in rewards:
                value = (square * (r - y) * (r - y)).exp()
                ratio = (square * part.step * (2 * (y - r) + part.step)).exp()
                column = [value]
                for _ in range(count - 1):
                    value *= ratio
                    ratio *= bend
                    column.append(value)
                columns.append(column)
            found += zip(*columns, strict=True)
    return found
