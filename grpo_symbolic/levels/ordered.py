r"""Level values of a rule that sees the order of rewards alone, for any number of levels.

To a member with the reward r the others are below it, like it or above it:

.. math:: V(r) = \sum_{b + e + a = G - 1} \binom{G - 1}{b, e, a}\,
          F_{<}^b\, m^e\, F_{>}^a\, A(b, e)

with m the mass of its level and F those below and above: the middle one of three levels, each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import arb, arb_mat

from grpo_symbolic.levels.counted import CountedField, CountedPreference
from grpo_symbolic.levels.emission import EmittedPreference
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.numeric.interpolant import Array

_THREE = (Fraction(0), Fraction(1), Fraction(2))


@dataclass(frozen=True)
class OrderedField:
    """V(r_k) as a function of the law of a drawn reward, in float64.

    Parameters
    ----------
    levels : tuple of Fraction
        Distinct, in any order.
    rule : Advantage
        With an ``of_order``.
    size : int
        G.
    """

    levels: tuple[Fraction, ...]
    rule: Advantage
    size: int

    @cached_property
    def _three(self) -> CountedField:
        return CountedField(_THREE, self.rule, self.size)

    @cached_property
    def _side(self) -> Array:
        """0, 1 or 2 where level l is below, at or above level k: levels × levels."""
        rewards = np.array([float(r) for r in self.levels])
        return (1 + np.sign(rewards - rewards[:, None])).astype(int)

    @property
    def cost(self) -> int:
        """Operations that the slopes at one law take."""
        return len(self.levels) * self._three.cost

    def _split(self, masses: Array) -> Array:
        """Masses below, at and above each level as 3 × (levels · laws)."""
        return np.concatenate([((self._side == s) @ masses).reshape(1, -1) for s in range(3)])

    def values(self, masses: Array) -> Array:
        """V at laws of rewards, levels × laws."""
        return self._three.values(self._split(masses))[1].reshape(masses.shape)

    def slopes(self, masses: Array) -> tuple[Array, Array]:
        """V, and ∂V(r_k)/∂m_l as levels × levels × laws."""
        values, slopes = self._three.slopes(self._split(masses))
        by_side = slopes[1].reshape(3, *masses.shape)
        index = np.arange(len(masses))[:, None]
        return values[1].reshape(masses.shape), by_side[self._side, index]


@dataclass(frozen=True)
class OrderedPreference(EmittedPreference):
    """P(o|π) = Σ_r law_o(r) V(r) on balls of policies.

    Parameters
    ----------
    levels, rule, size
        As for :class:`OrderedField`.
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
    def _three(self) -> CountedPreference:
        return CountedPreference(_THREE, self.rule, self.size, None, self.bits)

    @property
    def cost(self) -> int:
        """Operations of the slopes, about."""
        return len(self.levels) * self._three.cost

    def _split(self, masses: Sequence[arb]) -> list[list[arb]]:
        """Masses below, at and above each level."""
        both = list(zip(self.levels, masses, strict=True))
        return [
            [
                sum((m for r, m in both if r < own), arb(0)),
                mass,
                sum((m for r, m in both if r > own), arb(0)),
            ]
            for own, mass in both
        ]

    def level_values(self, masses: Sequence[arb]) -> list[arb]:
        return [self._three.values(split)[1] for split in self._split(masses)]

    def level_slopes(self, masses: Sequence[arb]) -> arb_mat:
        rows = []
        for own, split in zip(self.levels, self._split(masses), strict=True):
            moved = self._three.slopes(split)
            rows.append([moved[1, 1 + (r > own) - (r < own)] for r in self.levels])
        return arb_mat(rows)
