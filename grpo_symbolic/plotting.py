"""Figures: functions that draw on an Axes and return it; nothing is shown or saved here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_symbolic import symbols
from grpo_symbolic.policy.binary import StationaryPolicy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["aggregation"]

# Okabe-Ito colours, with line styles that tell the curves apart in grey.
_STYLES = (
    ("#0072B2", "-"),
    ("#D55E00", "--"),
    ("#009E73", "-."),
    ("#CC79A7", (0, (1, 1))),
    ("#000000", (0, (5, 1, 1, 1, 1, 1))),
)
_POINTS = 801


def aggregation(
    policy: StationaryPolicy, betas: Sequence[float], *, ax: Axes | None = None, **fixed: Any
) -> Axes:
    """π(a) against π_ref(a), one curve for each weight β.

    Parameters
    ----------
    policy : StationaryPolicy
        One with a closed form.
    betas : sequence of float
        Weights of the penalty, at most five.
    ax : matplotlib Axes, optional
        A new figure is made without it.
    **fixed
        Values of the other parameters, such as ``gamma=1``.

    Raises
    ------
    ValueError
        For more curves than can be told apart, or without matplotlib.
    """
    if len(betas) > len(_STYLES):
        raise ValueError(f"betas must hold at most {len(_STYLES)} values, got {len(betas)}")
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ValueError("figures need matplotlib: pip install 'grpo-symbolic[plot]'") from None
    if ax is None:
        _, ax = plt.subplots(figsize=(4.2, 3.8), layout="constrained")
    function = policy.lambdify("numpy")
    reference = np.linspace(0, 1, _POINTS)
    reference[0] = 1e-9  # the limit at 0+, where the curve may jump
    ratio = r"\beta/\gamma" if symbols.gamma in policy.domain.symbols else r"\beta"
    for beta, (color, style) in zip(betas, _STYLES, strict=False):
        curve = function(beta=beta, pi_ref=reference, **fixed)
        ax.plot(reference, curve, color=color, linestyle=style, label=f"${ratio} = {beta:g}$")
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, label="reference")
    ax.set(
        xlim=(0, 1),
        ylim=(0, 1.01),
        xlabel=r"$\pi_{\mathrm{ref}}(a)$",
        ylabel=r"$\pi(a)$",
        aspect="equal",
    )
    ax.legend(frameon=False, loc="lower right", fontsize="small")
    return ax
