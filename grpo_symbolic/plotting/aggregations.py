"""π(a) against π_ref(a): how a reference is aggregated, for several weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Symbol

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.plotting.sampled import (
    Branch,
    SampledCurve,
    binary,
    branches,
    policies,
    sampled,
)
from grpo_symbolic.plotting.style import (
    COLUMN,
    GREY,
    STYLES,
    Style,
    curves_of,
    drawn,
    labelled,
    shown,
    tex,
)
from grpo_symbolic.policy.two_answers import StationaryPolicy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["against_reference", "aggregation", "draw_branches", "repelling_entry", "square"]

#: A limit at π_ref(a) → 0+ above this is a jump that the eye sees.
_JUMP = 5e-3


@drawn(COLUMN, 3.3)
def aggregation(
    policy: StationaryPolicy,
    betas: Sequence[float] | None = None,
    *,
    ax: Axes | None = None,
    notation: Notation | None = None,
    **fixed: Any,
) -> Axes:
    r"""π(a) against π_ref(a), one curve for each weight β.

    Every stationary policy is drawn, by the explicit inverse
    :math:`\mathrm{force}(p, \pi_{\mathrm{ref}}) = D(p)/\beta`: attracting ones bold, repelling
    ones thin and dashed. An open circle is a limit at :math:`\pi_{\mathrm{ref}}(a) \to 0` that is
    not 0, where the curve jumps.

    Parameters
    ----------
    policy : StationaryPolicy
        With or without a closed form.
    betas : sequence of float, optional
        Weights of the penalty, at most seven; 0.25, 0.5, 1, 2 unless given.
    ax : matplotlib Axes, optional
        A new figure is made without it.
    notation : Notation, optional
        Names on the axes and in the legend.
    **fixed
        Values of the other parameters, such as ``gamma=0.5``; a margin, a gap and a fixed scale
        are 1 unless given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        For bad values, more curves than can be told apart, or without matplotlib.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (14) for G = 2 and (15) for G = ∞.
    """
    assert ax is not None
    curve = sampled(binary(policy), **fixed)
    given = policy.curve.beta
    if betas is None:
        betas = (0.25, 0.5, 1, 2) if isinstance(given, Symbol) else (given,)
    weights = [float(parameter("beta", b, "betas")) for b in curves_of("betas", betas)]
    name, unit = _weight_name(policy, curve, notation)
    cases = [(curve, b, rf"${name} = {shown(b / unit)}$") for b in weights]
    return against_reference(cases, ax, notation)


def _weight_name(
    policy: StationaryPolicy, curve: SampledCurve, notation: Notation | None
) -> tuple[str, float]:
    """β, or β over the margin where that ratio is all that matters."""
    beta, margin = tex(symbols.beta, notation), policy.question.margin
    if not isinstance(margin, Symbol) or float(curve.point[margin]) == 0:
        return beta, 1.0
    return rf"{beta}/{tex(symbols.gamma, notation)}", float(curve.point[margin])


def against_reference(
    cases: Sequence[tuple[SampledCurve, float, str]],
    ax: Axes,
    notation: Notation | None = None,
    *,
    legend: bool = True,
) -> Axes:
    """The curve of each (curve, β, label), and the diagonal of the reference itself."""
    pieces = [_all_branches(curve, beta) for curve, beta, _ in cases]
    folded = any(not branch.attracting for part in pieces for branch in part)
    for order, (part, style, (_, _, label)) in enumerate(zip(pieces, STYLES, cases, strict=False)):
        draw_branches(ax, part, style, label, folded=folded, order=order)
        _jump(ax, part, style)
    if folded:
        repelling_entry(ax)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, zorder=1)
    square(ax)
    labelled(ax, tex(symbols.pi_ref, notation), tex(symbols.pi, notation))
    if legend:
        ax.legend(loc="lower right")
    return ax


def square(ax: Axes) -> None:
    """The unit square, with room for curves on its border."""
    ticks = (0, 0.2, 0.4, 0.6, 0.8, 1)
    names = [f"${t:g}$" for t in ticks]
    ax.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), aspect="equal")
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)


def _all_branches(curve: SampledCurve, beta: float) -> list[Branch]:
    found = branches(lambda p: curve.reference(p, beta), policies(), 0, 1, rising=True)
    return found + _given_up(curve, found)


def _given_up(curve: SampledCurve, found: list[Branch]) -> list[Branch]:
    """References from which a penalty of bounded force lets the other answer go: π(a) = 1."""
    penalty = curve.curve.condition.preference.rule.penalty
    if not found or not penalty.link_range[0].is_finite:
        return []
    last = max(found, key=lambda branch: branch.policy[-1])
    if not last.attracting or last.policy[-1] < 1 - 1e-6 or last.at[-1] > 1 - 1e-6:
        return []
    return [Branch(np.ones(2), np.array([last.at[-1], 1.0]), True)]


def draw_branches(
    ax: Axes,
    pieces: Sequence[Branch],
    style: Style,
    label: str,
    *,
    folded: bool = False,
    order: int = 0,
) -> None:
    """Attracting branches bold, repelling ones thin and dashed.

    Line styles tell curves apart; where some repel, and lines are dashed for that, markers do.
    """
    for branch in pieces:
        if not branch.attracting:
            ax.plot(
                branch.at, branch.policy, color=style.color, linewidth=0.8, linestyle=(0, (3, 1.5))
            )
            continue
        if folded:
            ax.plot(branch.at, branch.policy, color=style.color, label=label)
            _markers(ax, branch, style, order)
        else:
            ax.plot(branch.at, branch.policy, color=style.color, linestyle=style.line, label=label)
        label = "_nolegend_"
    if label != "_nolegend_":
        ax.plot([], [], color=style.color, label=label)


def _markers(ax: Axes, branch: Branch, style: Style, order: int) -> None:
    """A few markers, evenly along the piece and shifted from curve to curve."""
    line = ax.lines[-1]
    low, high = ax.get_xlim() if ax.get_autoscalex_on() is False else (0.0, 1.0)
    steps = np.hypot(np.diff(branch.at) / (high - low), np.diff(branch.policy))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.arange(0.12 + 0.04 * order, length[-1], 0.25)
    line.set_marker(style.marker)
    line.set_markevery(sorted({int(np.argmin(abs(length - w))) for w in wanted}))


def repelling_entry(ax: Axes) -> None:
    """A line of the legend that says what thin and dashed means."""
    ax.plot([], [], color="0.2", linewidth=0.8, linestyle=(0, (3, 1.5)), label="repelling")


def _jump(ax: Axes, pieces: Sequence[Branch], style: Style) -> None:
    for branch in pieces:
        place = int(np.argmin(branch.at))
        if branch.attracting and branch.at[place] < 1e-6 and branch.policy[place] > _JUMP:
            ax.plot(
                [0],
                [branch.policy[place]],
                linestyle="none",
                marker="o",
                markerfacecolor="white",
                markeredgecolor=style.color,
                markersize=4.5,
                zorder=5,
                clip_on=False,
            )
