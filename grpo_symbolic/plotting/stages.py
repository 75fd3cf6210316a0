"""Stationary is not maximal: where the stage objective is convex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sympy import Add, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.plotting.aggregations import against_reference
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import of_algorithm
from grpo_symbolic.plotting.style import COLUMN, SHADES, drawn, shown, tex

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["stage_curvature"]


@drawn(COLUMN, 3.3)
def stage_curvature(
    betas: Sequence[float] = (0.25, 0.5, 1, 2),
    *,
    group_size: object = 2,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""Stationary policies under reverse KL over the region where the stage objective is convex.

    With the sampling policy frozen at a stationary one, the stage objective has the second
    derivative :math:`-\beta\,(c_a + c_b)` along the simplex. Where :math:`c_a + c_b < 0` (shaded)
    the stationary policy is its local minimum, though the policy gradient is still attracted. The
    region does not depend on β or G.

    Parameters
    ----------
    betas : sequence of float
    group_size : int or oo
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    curve = of_algorithm(GRPO(group_size))
    weights = [float(parameter("beta", b, "betas")) for b in betas]
    total = lambdify((symbols.pi, symbols.pi_ref), Add(*curve.curve.condition.curvature), "numpy")
    axis = np.linspace(0, 1, 603)[1:-1]
    reference, policy = np.meshgrid(axis, axis)
    # The sign is all that matters; the scale evens out the poles at the ends.
    values = np.arctan(total(policy, reference) * policy * (1 - policy))
    ax.contourf(axis, axis, values, levels=[-2, 0], colors=[SHADES[1]], zorder=0)
    ax.contour(axis, axis, values, levels=[0], colors=["0.45"], linewidths=0.6)
    name = tex(symbols.beta, notation)
    cases = [(curve, b, rf"${name} = {shown(b)}$") for b in weights]
    against_reference(cases, ax, notation)
    return ax


STAGE = Figure(
    "Stationary is not maximal",
    r"Stationary policies in the shaded region are local minima of the stage objective, though "
    r"the policy gradient is attracted to them.",
    "new",
    (stage_curvature,),
)
