"""What of an algorithm and a question the level field needs: read once, at numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from sympy import Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.levels.mixture import Mixture, mixture_of
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian

__all__ = ["LevelForm", "level_form"]


@dataclass(frozen=True)
class LevelForm:
    """Levels, scale and penalty of a question with three levels of reward or more.

    Parameters
    ----------
    levels : tuple of Fraction
    mixture : Mixture
    force, curvature : Expr
        d(u) and the curvature of the penalty times π(o), in ``symbols.u``.
    emission : tuple of tuples of Fraction, or None
        The probability of each level, one row an answer; None where answer k has level k.
    """

    levels: tuple[Fraction, ...]
    mixture: Mixture
    force: Expr
    curvature: Expr
    emission: tuple[tuple[Fraction, ...], ...] | None = None

    @property
    def answers(self) -> int:
        return len(self.levels if self.emission is None else self.emission)

    @property
    def terms(self) -> int:
        """Terms of V written out: counts of levels, times levels."""
        n = len(self.levels)
        return n * comb(self.mixture.sample - 1 + n - 1, n - 1)

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

    There is one for rational rewards on three levels or more, groups of three or more, and a rule
    whose one over scale is a mixture of Gaussians (:class:`Mixture`).
    """
    if not isinstance(algorithm, GRPO) or algorithm.mixed_only:
        return None
    if algorithm.penalised_before_baseline or not question.reward_laws:
        return None
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        return None
    size = S(algorithm.group_size).subs(point)
    if not size.is_Integer or size < 3 or len(question.levels) < 3:
        return None
    mixture = mixture_of(_at(algorithm.advantage, point), size)
    levels = _fractions([S(r).subs(point) for r in question.levels])
    if mixture is None or levels is None or len(set(levels)) != len(levels):
        return None
    force = algorithm.penalty.marginal().subs(point)
    curvature = algorithm.penalty.curvature(symbols.u).subs(point)
    if (force.free_symbols | curvature.free_symbols) - {symbols.u}:
        return None
    emission = None
    if not question.deterministic or len(question) != len(levels):
        emission = tuple(
            _fractions([S(x).subs(point) for x in row]) or () for row in question.emission
        )
        if not all(emission):
            return None
    return LevelForm(levels, mixture, force, curvature, emission)


def _at(rule: Any, point: Mapping[Symbol, Expr]) -> Any:
    changes = {n: v.subs(point) for n, v in vars(rule).items() if isinstance(v, Expr)}
    return replace(rule, **changes) if changes else rule


def _fractions(values: list[Expr]) -> tuple[Fraction, ...] | None:
    if not all(v.is_Rational for v in values):
        return None
    return tuple(Fraction(int(v.p), int(v.q)) for v in values)
