"""From answers to levels of reward and back, in ball arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat

from grpo_symbolic.levels.field import exact_balls

__all__ = ["Emission"]


@dataclass(frozen=True)
class Emission:
    """The laws of the answers' rewards: levels see masses, answers see means over levels.

    Parameters
    ----------
    rows : tuple of tuples of Fraction, or None
        One row an answer; None where answer k has level k.
    """

    rows: tuple[tuple[Fraction, ...], ...] | None

    @property
    def _law(self) -> arb_mat | None:
        return None if self.rows is None else arb_mat([exact_balls(row) for row in self.rows])

    def masses(self, policy: Sequence[arb]) -> list[arb]:
        """The mass of each level."""
        law, found = self._law, list(policy)
        return found if law is None else (law.transpose() * _column(found)).entries()

    def means(self, values: Sequence[arb]) -> list[arb]:
        """What answers have, from what levels have."""
        law, found = self._law, list(values)
        return found if law is None else (law * _column(found)).entries()

    def slopes(self, found: arb_mat) -> arb_mat:
        """∂P(o)/∂π(j), from the slopes of levels in the masses of levels."""
        law = self._law
        return found if law is None else law * found * law.transpose()


def _column(values: list[arb]) -> arb_mat:
    return arb_mat(len(values), 1, values)
