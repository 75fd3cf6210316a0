"""Penalties side by side: their links, and the policies they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Integer, Symbol, lambdify

from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import Penalty, every_penalty
from grpo_symbolic.plotting.branches import against_reference
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import of_algorithm
from grpo_symbolic.plotting.style import COLUMN, GREY, STYLES, TEXT, drawn, labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _usual() -> dict[str, Penalty]:
    """The penalties of the registry that have a link, as many as are told apart."""
    known = [penalty for penalty in every_penalty() if penalty.monotone]
    return {penalty.title: penalty for penalty in known[: len(STYLES)]}


def _chosen(chosen: Mapping[str, Penalty] | None) -> dict[str, Penalty]:
    found = _usual() if chosen is None else dict(chosen)
    if not 1 <= len(found) <= len(STYLES) or not all(
        isinstance(p, Penalty) for p in found.values()
    ):
        raise ValueError(f"penalties must be 1 to {len(STYLES)} penalties by label, got {chosen!r}")
    return found


@drawn(COLUMN, 2.9)
def links(
    chosen: Mapping[str, Penalty] | None = None,
    *,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""The link g against its argument: :math:`\pi = \pi_{\mathrm{ref}}\, g(x)`.

    g inverts the marginal penalty, :math:`d(1/g(x)) - d(1) = x` with
    :math:`x = (P(o) - \lambda)/\beta`; a penalty with d(1) = 0 has g(0) = 1. Divergences are
    scaled as they are defined, so that slopes at 0 differ.

    Parameters
    ----------
    chosen : mapping of str to Penalty, optional
        By label in the legend; those of the registry unless given.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    x = Symbol("x", real=True)
    for (label, penalty), style in zip(_chosen(chosen).items(), STYLES, strict=False):
        at_reference = penalty.marginal(Integer(1))
        low, high = (float(end - at_reference) for end in penalty.link_range)
        function = lambdify(x, penalty.link(x + at_reference), "numpy")
        inset = 1e-4
        places = np.linspace(max(low + inset, -3), min(high - inset, 3), 1200)
        values = np.asarray(function(places), float)
        ax.plot(places, values, color=style.color, linestyle=style.line, label=label)
        if low > -3:  # the answer is given up at this end and below
            ax.plot([-3, low], [0, 0], color=style.color, linestyle=style.line)
    ax.plot([0], [1], color="black", marker="o", markersize=3.5, zorder=6)
    ax.axhline(1, color=GREY, linewidth=0.5, zorder=1)
    ax.set(xlim=(-2, 2), ylim=(-0.05, 4))
    labelled(ax, "x", "g(x)")
    ax.legend(loc="upper left")
    return ax


@drawn(COLUMN, 3.3)
def penalties(
    chosen: Mapping[str, Penalty] | None = None,
    *,
    group_size: Any = 2,
    beta: float = 1,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    """π(a) against π_ref(a) at one β, one curve for each penalty: deterministic rewards.

    Parameters
    ----------
    chosen : mapping of str to Penalty, optional
        As for :func:`links`.
    group_size : int or oo
    beta : float
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    weight = float(parameter("beta", beta))
    cases = [
        (of_algorithm(GRPO(group_size, penalty)), weight, label)
        for label, penalty in _chosen(chosen).items()
    ]
    return against_reference(cases, ax, notation)


PENALTIES = Figure(
    "Penalties",
    r"The link $g$ of each penalty (left), and the stationary $\pi(a)$ that it leads to at "
    r"$\beta = 1$ with groups of two (right).",
    "new; g(x) = 1/(1 - x) is Vojnovic & Yun, arXiv 2502.18548, (11)",
    (links, penalties),
    TEXT,
    3.1,
)
