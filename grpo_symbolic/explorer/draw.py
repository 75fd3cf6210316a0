"""The figure of the explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sympy import Expr

from grpo_symbolic import symbols
from grpo_symbolic.explorer.curve import stationary_curve
from grpo_symbolic.export.latex import formula
from grpo_symbolic.plotting.style import GREY, STYLES, labelled, matplotlib, paper
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.solve.solutions import Solutions, Stability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SIZE", "draw"]

#: Inches.
SIZE = (4.4, 4.0)
_DASHES = (0, (4, 2))


def draw(
    policy: StationaryPolicy,
    found: Solutions,
    beta: Expr,
    pi_ref: Expr,
    fixed: Mapping[str, Expr],
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
    matplotlib()
    if ax is None:
        import matplotlib.pyplot as plt

        with paper():
            _, ax = plt.subplots(figsize=SIZE, layout="constrained")
    attracting, repelling = STYLES[0], STYLES[1]
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, zorder=1)
    named = set()
    pieces = stationary_curve(policy, beta, fixed)
    for branch in sorted(pieces, key=lambda piece: not piece.attracting):
        look, name = (attracting, "attracting") if branch.attracting else (repelling, "repelling")
        dashes = "-" if branch.attracting else _DASHES
        label = "_" if name in named else name
        named.add(name)
        ax.plot(branch.at, branch.policy, color=look.color, linestyle=dashes, label=label, zorder=2)
    reference = float(pi_ref)
    ax.axvline(reference, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    for solution in found:
        pulls = solution.stability == Stability.ATTRACTING
        color = (attracting if pulls else repelling).color
        ax.plot(
            [reference],
            [float(solution.policy[0])],
            marker="o",
            markersize=7,
            markeredgewidth=1.4,
            markeredgecolor=color,
            markerfacecolor=color if pulls else "white",
            linestyle="none",
            clip_on=False,
            zorder=4,
        )
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    labelled(ax, formula(symbols.pi_ref), formula(symbols.pi))
    if named:
        ax.legend(loc="lower right", fontsize=8.5)
    return ax
