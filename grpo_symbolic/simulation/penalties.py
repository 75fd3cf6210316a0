"""The sampled penalty as a function of log-probabilities, and where its gradient comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from sympy import Expr, Symbol, diff, exp, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.model.penalty import Divergence, Estimator, Penalty

_LOG = Symbol("l", real=True)
_Function = Callable[[ndarray], ndarray]


@dataclass(frozen=True)
class SampledPenalty:
    """k as a function of l = log π − log π_ref, and its derivative in l."""

    value: _Function
    slope: _Function
    placement: str

    def weight(self, logs: ndarray, ratio: ndarray) -> ndarray:
        """What the score of a sample is multiplied by, when its term of the loss is derived."""
        if self.placement == "loss":
            return self.slope(logs)
        if self.placement == "loss-with-ratio":
            return ratio * (self.slope(logs) + self.value(logs))
        return np.zeros_like(logs)


@dataclass(frozen=True)
class ExactPenalty:
    """A divergence that is not sampled: its derivative in π(o), from π/π_ref."""

    slope: _Function

    def gradient(self, policy: ndarray, reference: ndarray) -> ndarray:
        """In the logits."""
        slope = self.slope(policy / reference)
        return policy * (slope - (policy * slope).sum(axis=1, keepdims=True))


def penalty_of(penalty: Penalty, point: Mapping[Symbol, Expr]) -> SampledPenalty | ExactPenalty:
    """The penalty at numbers.

    Raises
    ------
    ValueError
        For a penalty that is neither an estimator nor an f-divergence.
    """
    if isinstance(penalty, Estimator):
        k = penalty.k.subs(point).subs(symbols.u, exp(-_LOG))
        slope = diff(k, _LOG)
        return SampledPenalty(_function(_LOG, k), _function(_LOG, slope), penalty.placement)
    if isinstance(penalty, Divergence):
        return ExactPenalty(_function(symbols.u, diff(penalty.generator, symbols.u).subs(point)))
    raise ValueError(f"penalties that are simulated are estimators and divergences; got {penalty}")


def _function(variable: Symbol, expression: Expr) -> _Function:
    found = lambdify(variable, expression, "numpy")
    return lambda values: np.broadcast_to(found(values), values.shape)
