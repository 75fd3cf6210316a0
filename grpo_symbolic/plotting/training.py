"""A prediction as a figure: π(a) on its way from the reference, and every rest point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grpo_symbolic.plotting.style import COLUMN, drawn, labelled
from grpo_symbolic.prediction.pace import trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from grpo_symbolic.prediction.prediction import Prediction


@drawn(COLUMN, 3.3)
def prediction(found: Prediction, *, ax: Axes | None = None) -> Axes:
    r"""π(a) against steps times learning rate, by plain gradient ascent on tabular logits.

    Rest points are lines: the one that is reached drawn through, with a band of twice the spread of
    the last iterates where that is known; others dashed.

    Parameters
    ----------
    found : Prediction
        Of a question with two answers.
    ax : matplotlib.axes.Axes, optional

    Raises
    ------
    ValueError
        For more than two answers.
    """
    assert ax is not None
    if found.landscape is None:
        raise ValueError("the figure of a prediction needs a question with two answers")
    for rest in found.rest_points:
        ax.axhline(
            rest.policy[0], color="0.5", linewidth=0.8, linestyle="-" if rest.reached else "--"
        )
        if rest.reached and found.spread is not None:
            low, high = (rest.policy[0] + side * 2 * found.spread for side in (-1, 1))
            ax.axhspan(max(0.0, low), min(1.0, high), color="0.9", linewidth=0)
    if found.reached is not None and found.time:
        ax.plot(*trajectory(found.landscape, found.reached), color="C0")
    ax.set_ylim(-0.02, 1.02)
    labelled(ax, r"\mathrm{steps} \times \mathrm{learning\ rate}", r"\pi(a)")
    return ax
