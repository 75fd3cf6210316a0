"""Lotteries of rules over three answers, with the paths along which they move with the weight."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from grpo_symbolic.aggregation.compare import Comparison
from grpo_symbolic.aggregation.rule import Profiles, Rule
from grpo_symbolic.aggregation.votes import Comparisons
from grpo_symbolic.plotting.style import GREY, STYLES, curves_of, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy import ndarray

# Weights of a path, from large to small, in powers of ten.
_FROM, _TO, _POINTS = 2.0, -2.5, 120


@drawn()
def lotteries(comparison: Comparison, *, ax: Axes | None = None) -> Axes:
    """The simplex with the lottery of each rule; a path is its lottery as β falls from ∞ to 0.

    Parameters
    ----------
    comparison : Comparison
        Of three answers.
    ax : Axes, optional

    Raises
    ------
    ValueError
        For another number of answers.
    """
    if comparison.electorate.size != 3:
        raise ValueError(
            f"a simplex is drawn for three answers, got {comparison.electorate.size}: "
            "print the comparison, or take its latex()"
        )
    assert ax is not None
    corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, sqrt(3) / 2)])
    ax.plot(*corners[[0, 1, 2, 0]].T, color=GREY, linewidth=0.8)
    for corner, name, side in zip(
        corners, comparison.electorate.answers, ("right", "left", "center"), strict=True
    ):
        above = side == "center"
        ax.annotate(name, corner, (0, 6 if above else -6), textcoords="offset points", ha=side,
                    va="bottom" if above else "top")  # fmt: skip
    rules = curves_of("rules", comparison.rules)
    for rule, lottery, style in zip(rules, comparison.lotteries, STYLES, strict=False):
        path = _path(rule, comparison)
        if path is not None:
            ax.plot(*(path @ corners).T, color=style.color, linestyle=style.line, linewidth=1.0)
        place = np.array(lottery.floats()) @ corners
        ax.plot(*place, linestyle="none", marker=style.marker, color=style.color,
                label=rule.name, markersize=5)  # fmt: skip
    base = np.array([float(r) for r in comparison.reference]) @ corners
    ax.plot(*base, marker="+", linestyle="none", color="black", label=r"$\pi_{\mathrm{ref}}$")
    ax.set_aspect("equal")
    ax.set_axis_off()
    # Beside the simplex: inside it would hide lotteries, and the corners bear names.
    ax.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False)
    return ax


def _path(rule: Rule, comparison: Comparison) -> ndarray | None:
    """Lotteries along falling weights; None for rules without a weight or without scores."""
    votes = comparison.electorate
    if (
        not rule.weighted
        or isinstance(votes, Comparisons)
        or not (votes.numeric and votes.complete)
    ):
        return None
    beta = np.logspace(_FROM, _TO, _POINTS)
    rewards = np.array([[float(e) for e in row] for row in votes.entries])  # type: ignore[arg-type]
    masses = np.array([float(s) for s in votes.shares])
    profiles = Profiles(np.repeat(rewards[None], _POINTS, 0), np.repeat(masses[None], _POINTS, 0))
    reference = np.repeat([[float(r) for r in comparison.reference]], _POINTS, 0)
    found = rule.batch(profiles, beta, reference)
    return found[np.isfinite(found).all(axis=1)]
