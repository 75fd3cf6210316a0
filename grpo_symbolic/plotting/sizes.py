"""Group sizes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import Penalty, ReverseKL
from grpo_symbolic.plotting.aggregations import against_reference, draw_branches, repelling_entry
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import branches, of_algorithm, policies
from grpo_symbolic.plotting.style import (
    COLUMN,
    GREY,
    STYLES,
    TEXT,
    curves_of,
    drawn,
    labelled,
    shown,
    tex,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SIZES", "group_sizes", "small_weights"]

#: Group sizes that show how the large-group limit is reached.
SIZES = (2, 4, 8, 64, oo)


@drawn(COLUMN, 3.3)
def group_sizes(
    sizes: Sequence[Any] = SIZES,
    *,
    beta: float | None = None,
    pi_ref: float | None = None,
    penalty: Penalty | None = None,
    advantage: Advantage | None = None,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""π(a) for several group sizes, against π_ref(a) at one β, or against β at one π_ref(a).

    Deterministic rewards. Under reverse KL :math:`\beta(p - \pi_{\mathrm{ref}}) = h_G(p)` with
    :math:`h_G` increasing in G, so that the curves rise with the group.

    Parameters
    ----------
    sizes : sequence of int or oo
        At most seven.
    beta : float, optional
        The weight (1 unless given); π_ref(a) is the abscissa.
    pi_ref : float, optional
        Instead of ``beta``: β is the abscissa, on a logarithmic scale.
    penalty, advantage : optional
        Reverse KL and population standard deviation unless given.
    ax, notation : optional
        As for :func:`aggregation`.

    Raises
    ------
    ValueError
        For bad values, or for both ``beta`` and ``pi_ref``.
    """
    assert ax is not None
    if beta is not None and pi_ref is not None:
        raise ValueError("either beta or pi_ref can be fixed, got both")
    curves = [
        of_algorithm(GRPO(G, penalty or ReverseKL(), advantage or ShiftAndScale()))
        for G in curves_of("sizes", sizes)
    ]
    labels = [f"$G = {shown(G)}$" for G in sizes]
    if pi_ref is None:
        weight = float(parameter("beta", 1 if beta is None else beta))
        return against_reference(
            [(c, weight, label) for c, label in zip(curves, labels, strict=True)], ax, notation
        )
    reference = float(parameter("pi_ref", pi_ref))
    if not 0 < reference < 1:
        raise ValueError(f"pi_ref must lie in (0, 1), got {pi_ref}")
    ax.set(xscale="log", xlim=(0.01, 100), ylim=(-0.015, 1.015))
    grid = policies(reference, 1.0)
    pieces = [
        branches(lambda p, c=c: c.weight(p, reference), grid, 0.01, 100, rising=False)
        for c in curves
    ]
    folded = any(not branch.attracting for part in pieces for branch in part)
    for order, (part, style, label) in enumerate(zip(pieces, STYLES, labels, strict=False)):
        draw_branches(ax, part, style, label, folded=folded, order=order)
    if folded:
        repelling_entry(ax)
    ax.axhline(reference, color=GREY, linewidth=0.7, zorder=1)
    labelled(ax, tex(symbols.beta, notation), tex(symbols.pi, notation))
    ax.legend(loc="upper right")
    return ax


@drawn(COLUMN, 2.9)
def small_weights(
    sizes: Sequence[Any] = SIZES,
    *,
    pi_ref: float = 0.2,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""1 − π(a) against β, both logarithmic: the limits β → 0 and G → ∞ do not commute.

    For finite G the worse answer's probability falls like β, in the large-group limit like β²:
    at fixed G every curve leaves the limit's one for the slope 1 as β → 0.

    Parameters
    ----------
    sizes : sequence of int or oo
    pi_ref : float
    ax, notation : optional
        As for :func:`aggregation`.
    """
    import numpy as np

    assert ax is not None
    reference = float(parameter("pi_ref", pi_ref))
    if not 0 < reference < 1:
        raise ValueError(f"pi_ref must lie in (0, 1), got {pi_ref}")
    rest = np.geomspace(1e-9, (1 - reference) * (1 - 1e-6), 400)
    for G, style in zip(curves_of("sizes", sizes), STYLES, strict=False):
        weight = of_algorithm(GRPO(G)).weight(1 - rest, reference)
        ax.plot(weight, rest, color=style.color, linestyle=style.line, label=f"$G = {shown(G)}$")
    ax.set(xscale="log", yscale="log", xlim=(1e-3, 1e2), ylim=(1e-7, 1.5))
    labelled(ax, tex(symbols.beta, notation), f"1 - {tex(symbols.pi, notation)}")
    ax.legend(loc="lower right")
    return ax


def _over_weights(**given: Any) -> Any:
    return group_sizes(pi_ref=0.2, **given)


GROUP_SIZES = Figure(
    "Group sizes",
    r"Stationary $\pi(a)$ at $\beta = 1$ against $\pi_{\mathrm{ref}}(a)$ (left), and at "
    r"$\pi_{\mathrm{ref}}(a) = 0.2$ against $\beta$ (right): the curves rise with the group "
    r"size $G$.",
    "new; the ends are Vojnovic & Yun, arXiv 2502.18548, (14) and (15)",
    (group_sizes, _over_weights),
    TEXT,
    3.1,
)


SMALL_WEIGHTS = Figure(
    "Small weights",
    r"$1 - \pi(a)$ against $\beta$ at $\pi_{\mathrm{ref}}(a) = 0.2$: it falls like $\beta$ for "
    r"every finite group, and like $\beta^{2}$ in the large-group limit.",
    "new",
    (small_weights,),
    height=2.9,
)
