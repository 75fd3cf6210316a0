r"""The figure of the explorer: the curve of all stationary policies at one β, and those found.

A penalty with a monotone pull has one π_ref(a) at every π(a), and the curve is drawn by that
inverse. Otherwise it is the zero contour of drift − β force over a grid, in log-odds of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Expr, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.penalty import ReverseKL
from grpo_symbolic.plotting.branches import mark
from grpo_symbolic.plotting.sampled import Branch, SampledCurve, branches, policies, sampled
from grpo_symbolic.plotting.style import GREY, STYLES, drawn, labelled
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.solve.solutions import Solutions, Stability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches.
SIZE = (4.4, 4.0)
_EDGE, _CELLS = 14.0, 280  # log-odds


@drawn(*SIZE)
def draw(
    policy: StationaryPolicy,
    found: Solutions,
    beta: Expr,
    pi_ref: Expr,
    fixed: Mapping[str, Expr],
    *,
    ax: Axes | None = None,
) -> Axes:
    """π(a) against π_ref(a): the curve of all stationary policies, and those that were found.

    Parameters
    ----------
    policy : StationaryPolicy
    found : Solutions
        Its solutions at the numbers that follow.
    beta, pi_ref : number
    fixed : dict
        Values of the other parameters, by name.
    ax : matplotlib Axes, optional
        A new figure is made without it.

    Raises
    ------
    ValueError
        Without matplotlib.
    """
    assert ax is not None
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, zorder=1)
    looks = {True: (STYLES[0].color, "-"), False: (STYLES[1].color, (0, (4, 2)))}
    labels = {True: "attracting", False: "repelling"}
    for branch in sorted(stationary_curve(policy, beta, fixed), key=lambda b: not b.attracting):
        color, dashes = looks[branch.attracting]
        label = labels.pop(branch.attracting, "_")
        ax.plot(branch.at, branch.policy, color=color, linestyle=dashes, label=label, zorder=2)
    reference = float(pi_ref)
    ax.axvline(reference, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    for solution in found:
        pulls = solution.stability == Stability.ATTRACTING
        look = {"size": 7, "markeredgewidth": 1.4, "zorder": 4}
        mark(ax, reference, float(solution.policy[0]), looks[pulls][0], filled=pulls, **look)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    labelled(ax, formula(symbols.pi_ref), formula(symbols.pi))
    if len(labels) < 2:
        ax.legend(loc="lower right", fontsize=8.5)
    return ax


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
def _sampled(policy: StationaryPolicy, fixed: tuple[tuple[str, Expr], ...]) -> SampledCurve:
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
