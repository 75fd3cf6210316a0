"""What of an algorithm and a question the level field needs: read once, at numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from sympy import Expr, Rational, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.levels.mixture import Mixture, mixture_of
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian


@dataclass(frozen=True)
class LevelForm:
    """Levels, scale and penalty of a question with three levels of reward or more.

    Parameters
    ----------
    levels : tuple of Fraction
    mixture : Mixture or None
        None for a rule that has none.
    force, curvature : Expr
        d(u) and the curvature of the penalty times π(o), in ``symbols.u``.
    emission : tuple of tuples of Fraction, or None
        The probability of each level, one row an answer; None where answer k has level k.
    rule : Advantage
        At numbers.
    size : int
        G.
    dropped : bool
        Whether groups of equal rewards are dropped.
    """

    levels: tuple[Fraction, ...]
    mixture: Mixture | None
    force: Expr
    curvature: Expr
    emission: tuple[tuple[Fraction, ...], ...] | None
    rule: Advantage
    size: int
    dropped: bool = False

    @property
    def answers(self) -> int:
        return len(self.levels if self.emission is None else self.emission)

    @property
    def ordered(self) -> bool:
        """Whether the rule sees the order of rewards alone."""
        return self.rule.of_order(0, 1, self.size) is not None

    @property
    def terms(self) -> int:
        """Terms of V written out: counts of levels, times levels."""
        n = len(self.levels)
        sample = self.size if self.mixture is None else self.mixture.sample
        return n * comb(sample - 1 + n - 1, n - 1)

    @cached_property
    def table(self) -> Array | None:
        """The emission as an array."""
        if self.emission is None:
            return None
        return np.array([[float(x) for x in row] for row in self.emission])


def level_form(
    algorithm: Algorithm, question: Question, point: Mapping[Symbol, Expr]
) -> LevelForm | None:
    """The form at numbers for the symbols of rewards and rule; None where there is none.

    There is one for rational rewards on three levels or more, groups or batches of three or more,
    and a rule that looks at its group and has no short expectation at every size. Where one over
    its scale is a mixture of Gaussians (:class:`Mixture`) many levels cost little.
    """
    if not isinstance(algorithm, GRPO):
        return None
    if algorithm.penalised_before_baseline or not question.reward_laws:
        return None
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        return None
    size = S(algorithm.group_size).subs(point)
    if not size.is_Integer or len(question.levels) < 3:
        return None
    rule = algorithm.advantage.at(point)
    mixture = mixture_of(rule, size)
    if max(size, 0 if mixture is None else mixture.sample) < 3:
        return None
    levels = _fractions([S(r).xreplace(point) for r in question.levels])
    if levels is None or len(set(levels)) != len(levels):
        return None
    if mixture is None and not _counted(rule, levels, size):
        return None
    force = algorithm.penalty.marginal().subs(point)
    curvature = algorithm.penalty.curvature(symbols.u).subs(point)
    if (force.free_symbols | curvature.free_symbols) - {symbols.u}:
        return None
    emission = None
    if not question.deterministic or len(question) != len(levels):
        emission = tuple(
            _fractions([S(x).xreplace(point) for x in row]) or () for row in question.emission
        )
        if not all(emission):
            return None
    return LevelForm(
        levels, mixture, force, curvature, emission, rule, int(size), algorithm.mixed_only
    )


def _counted(rule: Any, levels: tuple[Fraction, ...], size: Expr) -> bool:
    """Whether groups can be counted for a rule, and need be."""
    if rule.batch is not None or any(getattr(v, "free_symbols", ()) for v in vars(rule).values()):
        return False
    shares = Rational(1, len(levels))
    law = tuple((Rational(r.numerator, r.denominator), shares) for r in levels)
    return rule.expected(law[0][0], law, size, Domain()) is None


def _fractions(values: list[Expr]) -> tuple[Fraction, ...] | None:
    if not all(v.is_Rational for v in values):
        return None
    return tuple(Fraction(int(v.p), int(v.q)) for v in values)
