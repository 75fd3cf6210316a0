r"""P in the limit of large groups, through what each level of reward is expected to get.

.. math:: P(o) = \sum_r q_o(r)\, A(r; m), \qquad m(r) = \sum_o \pi(o)\, q_o(r)

A large group is its population: an advantage is a function of as many masses as there are levels,
however many answers there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat
from sympy import Dummy, Expr, S, Symbol, oo

from grpo_symbolic.domain import Domain
from grpo_symbolic.levels.emission import EmittedPreference
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.question import Question
from grpo_symbolic.solve.given_preference import GivenPreference


@dataclass(frozen=True)
class LargeGroupPreference(EmittedPreference):
    """P of answers with random rewards, by way of the masses of the levels.

    Parameters
    ----------
    advantages : GivenPreference
        A of each level, in the masses of all.
    emission : tuple of tuples of Fraction
        One row an answer, with the probability of each level.
    """

    advantages: GivenPreference
    emission: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def of(
        cls, question: Question, rule: Advantage, point: Mapping[Symbol, Expr]
    ) -> LargeGroupPreference | None:
        """At numbers for the symbols of rewards and rule; None where levels are not fewer."""
        levels = [r.xreplace(point) for r in question.levels]
        rows = [[w.xreplace(point) for w in row] for row in question.emission]
        whole = all(w.is_Rational for row in rows for w in row)
        if not 2 < len(levels) < len(question) or not whole:
            return None
        masses = [Dummy(f"q_{k}", positive=True) for k in range(len(levels))]
        law = tuple(zip(levels, masses, strict=True))
        domain = Domain.of(*((q, S.Zero, S.One) for q in masses))
        values = tuple(rule.at(point)(r, law, oo, domain) for r in levels)
        emission = tuple(tuple(Fraction(int(w.p), int(w.q)) for w in row) for row in rows)
        return cls(GivenPreference.checked(values, masses), emission)

    @property
    def cost(self) -> int:
        """Operations of the slopes, about."""
        n, levels = len(self.emission), len(self.emission[0])
        return self.advantages.cost + n * levels * (n + levels)

    def level_values(self, masses: Sequence[arb]) -> list[arb]:
        return self.advantages.values(masses)

    def level_slopes(self, masses: Sequence[arb]) -> arb_mat:
        return self.advantages.slopes(masses)
