"""Figures for papers, drawn from what the library derives.

Functions draw on an Axes and return it; nothing is shown or saved by them. :data:`FIGURES` is the
registry of whole figures: :func:`draw` makes one, :func:`save` writes it to a file.
"""

from grpo_symbolic.plotting.aggregations import aggregation
from grpo_symbolic.plotting.bifurcations import bifurcation, cusps, fold_curve
from grpo_symbolic.plotting.drifts import bernstein, drift
from grpo_symbolic.plotting.escape import escape_threshold
from grpo_symbolic.plotting.figures import FIGURES, FORMATS, Figure, draw, save
from grpo_symbolic.plotting.noise import noisy_verifier
from grpo_symbolic.plotting.orbits import cobweb, flow
from grpo_symbolic.plotting.penalty_curves import links, penalties
from grpo_symbolic.plotting.ranks import rank_distortion, ranked_policy
from grpo_symbolic.plotting.sizes import group_sizes, small_weights
from grpo_symbolic.plotting.stages import stage_curvature

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
    "noisy_verifier",
    "penalties",
    "rank_distortion",
    "ranked_policy",
    "save",
    "small_weights",
    "stage_curvature",
]
