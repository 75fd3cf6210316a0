r"""The curve of all stationary policies at one β, whatever the penalty.

A penalty with a monotone pull has one π_ref(a) at every π(a), and the curve is drawn by that
inverse. Otherwise it is the zero contour of drift − β force over a grid, in log-odds of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Expr, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.model.penalty import ReverseKL
from grpo_symbolic.plotting.sampled import Branch, branches, policies, sampled
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy

__all__ = ["stationary_curve"]

_EDGE, _CELLS = 14.0, 280  # log-odds


def stationary_curve(
    policy: StationaryPolicy, beta: Any, fixed: Mapping[str, Expr]
) -> tuple[Branch, ...]:
    """The pieces of the curve, each attracting or repelling as a whole; a few are kept.

    Parameters
    ----------
    policy : StationaryPolicy
    beta : number
    fixed : dict
        Values of the other parameters, by name.

    Returns
    -------
    tuple of Branch
        Empty where the penalty exerts no force.
    """
    return _pieces(policy, float(beta), tuple(fixed.items()))


@lru_cache(maxsize=32)
def _pieces(
    policy: StationaryPolicy, beta: float, fixed: tuple[tuple[str, Expr], ...]
) -> tuple[Branch, ...]:
    if not policy.curve.force.expression.has(symbols.pi_ref):
        return ()
    if not policy.algorithm.penalty.monotone:
        return _contour(policy, beta, fixed)
    curve = _sampled(policy, fixed)
    return tuple(branches(lambda p: curve.reference(p, beta), policies(), 0, 1, rising=True))


@lru_cache(maxsize=32)
def _sampled(policy: StationaryPolicy, fixed: tuple[tuple[str, Expr], ...]) -> Any:
    """The sampled curve of a configuration: it keeps its drift."""
    return sampled(policy, **dict(fixed))


def _contour(
    policy: StationaryPolicy, beta: float, fixed: tuple[tuple[str, Expr], ...]
) -> tuple[Branch, ...]:
    import contourpy

    x = np.linspace(-_EDGE, _EDGE, _CELLS + 1)
    p = 1 / (1 + np.exp(-x))
    force = lambdify((symbols.pi, symbols.pi_ref), policy.curve.force.expression, "numpy")
    # The same groups under a penalty that is monotone have the same drift.
    drift = _sampled(_companion(policy), fixed).drift(p)[:, None]
    pull = beta * force(p[:, None], p[None, :])
    balance = (drift - pull) / (np.abs(drift) + np.abs(pull))
    falls = np.gradient(balance, axis=0) < 0
    found = []
    for line in contourpy.contour_generator(x, x, balance).lines(0.0):
        columns, rows = (np.rint((c + _EDGE) / (2 * _EDGE) * _CELLS).astype(int) for c in line.T)
        at, here = 1 / (1 + np.exp(-line[:, 0])), 1 / (1 + np.exp(-line[:, 1]))
        kind = falls[rows, columns]
        cuts = [0, *(np.flatnonzero(np.diff(kind)) + 1), len(line)]
        for i, j in pairwise(cuts):
            found.append(Branch(here[i : j + 1], at[i : j + 1], bool(kind[i])))
    return tuple(found)


@lru_cache(maxsize=32)
def _companion(policy: StationaryPolicy) -> StationaryPolicy:
    return stationary_policy(replace(policy.algorithm, penalty=ReverseKL()), policy.question)
