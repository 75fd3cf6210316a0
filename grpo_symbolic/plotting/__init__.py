"""Figures for papers, drawn from what the library derives.

Functions draw on an Axes and return it; nothing is shown or saved by them. :data:`FIGURES` is the
registry of whole figures: :func:`draw` makes one, :func:`save` writes it to a file.

Source: each figure names its own. Axes are probabilities, and β in advantage units.

>>> import grpo_symbolic as gs
>>> [name for name in gs.plot.FIGURES][:3]
['fig1', 'fig2', 'fig3']
"""

from typing import TYPE_CHECKING

from grpo_symbolic.lazy import names_of

if TYPE_CHECKING:
    from grpo_symbolic.plotting.aggregations import (
        aggregation,
        noisy_verifier,
        rank_distortion,
        ranked_policy,
        stage_curvature,
    )
    from grpo_symbolic.plotting.bifurcations import bifurcation, cusps, escape_threshold, fold_curve
    from grpo_symbolic.plotting.figures import FIGURES, FORMATS, Figure, draw, save
    from grpo_symbolic.plotting.lottery_paths import lotteries
    from grpo_symbolic.plotting.orbits import cobweb, flow
    from grpo_symbolic.plotting.penalty_curves import links, penalties
    from grpo_symbolic.plotting.sizes import bernstein, drift, group_sizes, small_weights
    from grpo_symbolic.plotting.training import prediction

__all__ = [
    "FIGURES",
    "FORMATS",
    "Figure",
    "aggregation",
    "bernstein",
    "bifurcation",
    "cobweb",
    "cusps",
    "draw",
    "drift",
    "escape_threshold",
    "flow",
    "fold_curve",
    "group_sizes",
    "links",
    "lotteries",
    "noisy_verifier",
    "penalties",
    "prediction",
    "rank_distortion",
    "ranked_policy",
    "save",
    "small_weights",
    "stage_curvature",
]

__getattr__ = names_of(
    __name__,
    {
        ".aggregations": "aggregation noisy_verifier rank_distortion ranked_policy stage_curvature",
        ".bifurcations": "bifurcation cusps escape_threshold fold_curve",
        ".figures": "FIGURES FORMATS Figure draw save",
        ".lottery_paths": "lotteries",
        ".orbits": "cobweb flow",
        ".penalty_curves": "links penalties",
        ".training": "prediction",
        ".sizes": "bernstein drift group_sizes small_weights",
    },
)
