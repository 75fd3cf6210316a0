"""From answers to levels of reward and back, in ball arithmetic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

from flint import arb, arb_mat

from grpo_symbolic.levels.field import exact_balls


class EmittedPreference(ABC):
    """P(o|π) = Σ_r law_o(r) V(r) on balls of policies, from what levels have in their masses."""

    #: One row an answer, with the probability of each level; None where answer k has level k.
    emission: tuple[tuple[Fraction, ...], ...] | None

    @abstractmethod
    def level_values(self, masses: Sequence[arb]) -> list[arb]:
        """V of each level."""

    @abstractmethod
    def level_slopes(self, masses: Sequence[arb]) -> arb_mat:
        """∂V(r_k)/∂m_l."""

    def values(self, policy: Sequence[arb]) -> list[arb]:
        """P, one ball an answer."""
        found = self.level_values(self.masses(policy))
        return found if self.emission is None else (self._law * _column(found)).entries()

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        """∂P(o)/∂π(j), in directions that keep Σ π = 1."""
        found = self.level_slopes(self.masses(policy))
        return found if self.emission is None else self._law * found * self._law.transpose()

    def masses(self, policy: Sequence[arb]) -> list[arb]:
        """The mass of each level."""
        if self.emission is None:
            return list(policy)
        return (self._law.transpose() * _column(list(policy))).entries()

    @property
    def _law(self) -> arb_mat:
        return arb_mat([exact_balls(row) for row in self.emission or ()])


def _column(values: list[arb]) -> arb_mat:
    return arb_mat(len(values), 1, values)
