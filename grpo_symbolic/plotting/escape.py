"""The escape threshold: from which weight on a rare good answer stays rare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sympy import Integer, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.analysis.limits import escape_threshold as threshold_of
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.model.advantage import ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.style import COLUMN, SHADES, STYLES, drawn, labelled, tex
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.stationarity import stationarity_condition

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["escape_threshold"]

_RULES = (
    ("population std", ShiftAndScale()),
    ("sample std", ShiftAndScale(ddof=1)),
    ("shift only", ShiftOnly()),
)


@drawn(COLUMN, 2.9)
def escape_threshold(
    largest: int = 32, *, ax: Axes | None = None, notation: Notation | None = None
) -> Axes:
    r"""The weight below which π(a) stays positive as π_ref(a) → 0, against the group size.

    .. math:: \beta_G = \lim_{p \to 0}\,\lim_{\pi_{\mathrm{ref}} \to 0} W(p)

    under reverse KL, derived for every G at once, for three normalisations of the advantage (for
    the one without a scale in units of the reward gap). The shaded region belongs to the
    published algorithm.

    Parameters
    ----------
    largest : int
        The largest group size shown, from 3 to 1024.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    if isinstance(largest, bool) or not isinstance(largest, int) or not 3 <= largest <= 1024:
        raise ValueError(f"largest must be an integer from 3 to 1024, got {largest!r}")
    smooth = np.linspace(2, largest, 300)
    whole = np.unique(np.round(np.geomspace(2, largest, 16)).astype(int))
    top = 0.0
    for (label, rule), style in zip(_RULES, STYLES, strict=False):
        condition = stationarity_condition(GRPO(symbols.G, advantage=rule), BinaryQuestion())
        found = threshold_of(Balance(condition)).subs(symbols.gap, Integer(1))
        value = lambdify(symbols.G, found, "numpy")
        ax.plot(smooth, value(smooth), color=style.color, linestyle=style.line)
        ax.plot(whole, value(whole), color=style.color, linestyle="none", marker=style.marker)
        ax.plot([], [], color=style.color, ls=style.line, marker=style.marker, label=label)
        if rule == ShiftAndScale():
            ax.fill_between(smooth, 0, value(smooth), color=SHADES[0], linewidth=0, zorder=0)
        top = max(top, float(value(float(largest))))
    ax.set(xlim=(2 - 0.01 * largest, largest * 1.01), ylim=(0, 1.25 * top))
    policy, reference = tex(symbols.pi, notation), tex(symbols.pi_ref, notation)
    x = 2 + 0.6 * (largest - 2)
    ax.text(x, 0.42 * top, rf"${policy} \to c > 0$", ha="center", va="center", fontsize=8)
    ax.text(x, 1.02 * top, rf"${policy} \to 0$", ha="center", va="center", fontsize=8)
    ax.set_title(rf"as ${reference} \to 0$", loc="right", fontsize=8)
    labelled(ax, tex(symbols.G, notation), tex(symbols.beta, notation))
    ax.legend(loc="upper left")
    return ax


ESCAPE = Figure(
    "Escape threshold",
    r"The weight below which $\pi(a)$ stays positive as $\pi_{\mathrm{ref}}(a) \to 0$, against "
    r"the group size, for three normalisations of the advantage.",
    "new; G = 2 is Vojnovic & Yun, arXiv 2502.18548, after (14)",
    (escape_threshold,),
    height=2.9,
)
