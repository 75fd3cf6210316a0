"""The drift of a group and its Bernstein polynomial, for several group sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_symbolic.export.notation import Notation
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import of_algorithm
from grpo_symbolic.plotting.sizes import SIZES
from grpo_symbolic.plotting.style import COLUMN, STYLES, TEXT, curves_of, drawn, labelled, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bernstein", "drift"]


def _curves(
    sizes: Sequence[Any], advantage: Advantage | None, ax: Axes, *, times_variance: bool
) -> None:
    p = np.linspace(0, 1, 803)[1:-1]
    for G, style in zip(curves_of("sizes", sizes), STYLES, strict=False):
        values = of_algorithm(GRPO(G, advantage=advantage or ShiftAndScale())).drift(p)
        if times_variance:
            values = values * p * (1 - p)
        ax.plot(p, values, color=style.color, linestyle=style.line, label=f"$G = {shown(G)}$")
    ax.set_xlim(0, 1)


@drawn(COLUMN, 2.9)
def drift(
    sizes: Sequence[Any] = SIZES,
    *,
    advantage: Advantage | None = None,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""The drift :math:`D_G(p) = P_G(a) - P_G(b)` against p = π(a): deterministic rewards.

    It is 1 for pairs and grows with the group where the answers are unequal; in the large-group
    limit it is unbounded at both ends.

    Parameters
    ----------
    sizes : sequence of int or oo
        At most seven.
    advantage : Advantage, optional
        Divided by the population standard deviation unless given.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    _curves(sizes, advantage, ax, times_variance=False)
    ax.set_ylim(0, 10)
    labelled(ax, "p", "D_G(p)")
    ax.legend(loc="upper center")
    return ax


@drawn(COLUMN, 2.9)
def bernstein(
    sizes: Sequence[Any] = SIZES,
    *,
    advantage: Advantage | None = None,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r""":math:`h_G(p) = p(1-p)\,D_G(p)`: Bernstein polynomials that rise to their limit.

    :math:`h_G` is the expectation of f(K/G) for K better answers in a group, with f the limit
    G → ∞; f is concave, so that :math:`h_G \le h_{G+1} \le f`.

    Parameters
    ----------
    sizes, advantage, ax, notation
        As for :func:`drift`.
    """
    assert ax is not None
    _curves(sizes, advantage, ax, times_variance=True)
    ax.set_ylim(bottom=0)
    labelled(ax, "p", "h_G(p)")
    ax.legend(loc="lower center")
    return ax


DRIFT = Figure(
    "The drift of a group",
    r"The drift $D_G(p)$ (left) and $h_G(p) = p(1-p)D_G(p)$ (right), a Bernstein polynomial "
    r"that rises to its limit.",
    "new",
    (drift, bernstein),
    TEXT,
    2.8,
)
