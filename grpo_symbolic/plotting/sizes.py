"""Group sizes side by side: their drifts, and the policies they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import Penalty, ReverseKL
from grpo_symbolic.plotting.branches import against_reference, inside_unit, over_weight
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import of_algorithm
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
        cases = [(c, weight, label) for c, label in zip(curves, labels, strict=True)]
        return against_reference(cases, ax, notation)
    reference = inside_unit("pi_ref", pi_ref)
    ax.set(xscale="log", xlim=(0.01, 100), ylim=(-0.015, 1.015))
    cases = [(c, reference, label) for c, label in zip(curves, labels, strict=True)]
    over_weight(cases, ax, (0.01, 100), notation)
    ax.axhline(reference, color=GREY, linewidth=0.7, zorder=1)
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
    assert ax is not None
    reference = inside_unit("pi_ref", pi_ref)
    rest = np.geomspace(1e-9, (1 - reference) * (1 - 1e-6), 400)
    for G, style in zip(curves_of("sizes", sizes), STYLES, strict=False):
        weight = of_algorithm(GRPO(G)).weight(1 - rest, reference)
        ax.plot(weight, rest, color=style.color, linestyle=style.line, label=f"$G = {shown(G)}$")
    ax.set(xscale="log", yscale="log", xlim=(1e-3, 1e2), ylim=(1e-7, 1.5))
    labelled(ax, tex(symbols.beta, notation), f"1 - {tex(symbols.pi, notation)}")
    ax.legend(loc="lower right")
    return ax


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


DRIFT = Figure(
    "The drift of a group",
    r"The drift $D_G(p)$ (left) and $h_G(p) = p(1-p)D_G(p)$ (right), a Bernstein polynomial "
    r"that rises to its limit.",
    "new",
    (drift, bernstein),
    TEXT,
    2.8,
)
