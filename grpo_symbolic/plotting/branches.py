"""Curves of stationary policies on axes: what attracts bold, what repels thin and dashed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.plotting.sampled import Branch, SampledCurve, branches, policies
from grpo_symbolic.plotting.style import GREY, STYLES, Style, labelled, tex

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A limit at π_ref(a) → 0+ above this is a jump that the eye sees.
_JUMP = 5e-3
_REPELLING: dict[str, Any] = {"linewidth": 0.8, "linestyle": (0, (3, 1.5))}


def against_reference(
    cases: Sequence[tuple[SampledCurve, float, str]],
    ax: Axes,
    notation: Notation | None = None,
    *,
    jumps: bool = True,
) -> Axes:
    """The curve of each (curve, β, label), and the diagonal of the reference itself.

    An open circle is a limit at π_ref(a) → 0 that is not 0, where a curve jumps.
    """
    pieces = [_all_branches(curve, beta) for curve, beta, _ in cases]
    draw_curves(ax, pieces, [label for _, _, label in cases])
    for part, style in zip(pieces if jumps else (), STYLES, strict=False):
        for branch in part:
            place = int(np.argmin(branch.at))
            if branch.attracting and branch.at[place] < 1e-6 and branch.policy[place] > _JUMP:
                mark(ax, 0, branch.policy[place], style.color, filled=False, size=4.5, zorder=5)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, zorder=1)
    square(ax)
    labelled(ax, tex(symbols.pi_ref, notation), tex(symbols.pi, notation))
    ax.legend(loc="lower right")
    return ax


def over_weight(
    cases: Sequence[tuple[SampledCurve, float, str]],
    ax: Axes,
    span: tuple[float, float],
    notation: Notation | None = None,
) -> None:
    """The curve of each (curve, π_ref(a), label) against β in a span."""
    pieces = [
        branches(lambda p, c=c, r=r: c.weight(p, r), policies(r, 1.0), *span, rising=False)
        for c, r, _ in cases
    ]
    draw_curves(ax, pieces, [label for _, _, label in cases])
    labelled(ax, tex(symbols.beta, notation), tex(symbols.pi, notation))


def draw_curves(ax: Axes, curves: Sequence[Sequence[Branch]], labels: Sequence[str]) -> None:
    """Each curve in a style of its own, attracting branches bold, repelling thin and dashed.

    Line styles tell curves apart; where some repel, and lines are dashed for that, markers do,
    and a line of the legend says what thin and dashed means.
    """
    folded = any(not branch.attracting for part in curves for branch in part)
    for order, (part, style, label) in enumerate(zip(curves, STYLES, labels, strict=False)):
        for branch in part:
            if not branch.attracting:
                ax.plot(branch.at, branch.policy, color=style.color, **_REPELLING)
                continue
            line = "-" if folded else style.line
            ax.plot(branch.at, branch.policy, color=style.color, linestyle=line, label=label)
            if folded:
                _markers(ax, branch, style, order)
            label = "_nolegend_"
        if label != "_nolegend_":
            ax.plot([], [], color=style.color, label=label)
    if folded:
        ax.plot([], [], color="0.2", **_REPELLING, label="repelling")


def _markers(ax: Axes, branch: Branch, style: Style, order: int) -> None:
    """A few markers, evenly along the piece and shifted from curve to curve."""
    line = ax.lines[-1]
    low, high = ax.get_xlim() if ax.get_autoscalex_on() is False else (0.0, 1.0)
    steps = np.hypot(np.diff(branch.at) / (high - low), np.diff(branch.policy))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.arange(0.12 + 0.04 * order, length[-1], 0.25)
    line.set_marker(style.marker)
    line.set_markevery(sorted({int(np.argmin(abs(length - w))) for w in wanted}))


def mark(
    ax: Axes,
    x: Any,
    y: Any,
    color: str,
    *,
    filled: bool = True,
    marker: str = "o",
    size: float = 5,
    **look: Any,
) -> None:
    """Points: full ones attract, open ones repel or are left out."""
    face = color if filled else "white"
    plain = {"linestyle": "none", "markersize": size, "clip_on": False, "zorder": 6}
    ax.plot(
        np.atleast_1d(x),
        np.atleast_1d(y),
        color=color,
        marker=marker,
        markerfacecolor=face,
        **plain | look,
    )


def square(ax: Axes) -> None:
    """The unit square, with room for curves on its border."""
    ticks = (0, 0.2, 0.4, 0.6, 0.8, 1)
    names = [f"${t:g}$" for t in ticks]
    ax.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), aspect="equal")
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)


def inside_unit(name: str, value: Any) -> float:
    """A reference probability that leaves both answers a chance."""
    reference = float(parameter("pi_ref", value, name))
    if not 0 < reference < 1:
        raise ValueError(f"{name} must lie in (0, 1), got {value}")
    return reference


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
