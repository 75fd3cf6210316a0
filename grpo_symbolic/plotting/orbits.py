"""Dynamics: the policy-gradient flow, and the iterated best response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mpmath as mp
import numpy as np
from sympy import Rational, oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage import StabilisedScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.plotting.branches import mark
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import binary, sampled
from grpo_symbolic.plotting.style import (
    COLUMN,
    GREY,
    STYLES,
    curves_of,
    drawn,
    labelled,
    shown,
    tex,
)
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@drawn(COLUMN, 2.9)
def flow(
    policy: StationaryPolicy | None = None,
    betas: Sequence[float] = (1, 1.5, 2, 3),
    *,
    pi_ref: float = 0.5,
    ax: Axes | None = None,
    notation: Notation | None = None,
    **fixed: Any,
) -> Axes:
    r"""The policy-gradient flow :math:`\dot p = p(1-p)\,F(p)`, one curve for each β.

    F = D − β force. Stationary policies are marked: full circles attract, open ones repel.

    Parameters
    ----------
    policy : StationaryPolicy, optional
        Direct KL in the large-group limit unless given.
    betas : sequence of float
    pi_ref : float
    ax, notation, **fixed
        As for :func:`aggregation`.
    """
    assert ax is not None
    if policy is None:
        policy = binary_policy(GRPO(oo, DirectKL()), BinaryQuestion())
    curve = sampled(binary(policy), **fixed)
    reference = parameter("pi_ref", pi_ref)
    p = np.linspace(0, 1, 803)[1:-1]
    for value, style in zip(curves_of("betas", betas), STYLES, strict=False):
        beta = float(parameter("beta", value, "betas"))
        force = curve.force(p, np.full_like(p, float(reference)))
        label = rf"${tex(symbols.beta, notation)} = {shown(beta)}$"
        speed = p * (1 - p) * (curve.drift(p) - beta * force)
        ax.plot(p, speed, color=style.color, linestyle=style.line, label=label)
        given = {s.name: v for s, v in curve.point.items()}
        names = {q.name for q in policy.inputs}
        exact = {k: v for k, v in given.items() if k in names}
        exact[str(policy.curve.beta)] = parameter("beta", value, "betas")
        for found in policy.solutions(digits=15, pi_ref=reference, **exact):
            attracting = found.stability == "attracting"
            mark(ax, float(found.policy[0]), 0, style.color, filled=attracting)
    ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)
    ax.set(xlim=(0, 1))
    name = tex(symbols.pi, notation)
    labelled(ax, name, rf"\frac{{d}}{{dt}}\, {name}")
    ax.legend(loc="upper right")
    return ax


@drawn(COLUMN, 3.3)
def cobweb(
    policy: StationaryPolicy | None = None,
    *,
    beta: Any = 1,
    pi_ref: Any = "1/1000",
    start: Any = None,
    steps: int = 40,
    ax: Axes | None = None,
    notation: Notation | None = None,
    **fixed: Any,
) -> Axes:
    r"""The iterated best response :math:`p_{n+1} = b(p_n)` as a cobweb, on axes of log-odds.

    Stationary policies are its fixed points: full circles where :math:`|b'| < 1`, open ones
    elsewhere; squares are a cycle of two policies.

    Parameters
    ----------
    policy : StationaryPolicy, optional
        Direct KL and large groups with ε = 1/100 added to the variance unless given.
    beta, pi_ref : number
    start : number, optional
        π(a) of the first policy; the reference unless given.
    steps : int
        At most this many, 1 to 500.
    ax, notation, **fixed
        As for :func:`aggregation`.

    Notes
    -----
    Source: Mroueh, arXiv 2503.06639, for the iteration.
    """
    assert ax is not None
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 500:
        raise ValueError(f"steps must be an integer from 1 to 500, got {steps!r}")
    if policy is None:
        rule = StabilisedScale(Rational(1, 100))
        policy = binary_policy(GRPO(oo, DirectKL(), rule), BinaryQuestion())
    motion = binary(policy).dynamics(beta=beta, pi_ref=pi_ref, digits=15, **fixed)
    odds = np.linspace(-12, 12, 400)
    p = 1 / (1 + np.exp(-odds))
    response = [float(motion.best_response(mp.mpf(float(v)))) for v in p]
    ax.plot(p, response, color=STYLES[0].color, label="best response")
    ax.plot(p, p, color=GREY, linewidth=0.7, zorder=1)
    orbit = [float(v) for v in motion.iterate(start, steps).orbit][: steps + 1]
    # From (p_n, p_n) up to (p_n, p_{n+1}), then across to the diagonal.
    x = np.repeat(orbit, 2)[:-1]
    y = np.concatenate([[orbit[0]], np.repeat(orbit[1:], 2)])
    ax.plot(x, y, color=STYLES[1].color, linewidth=0.7, label="iteration")
    _resting(ax, motion)
    ends = (min(orbit) / 3, 1 - (1 - max(orbit)) / 3)
    ax.set(xscale="logit", yscale="logit", xlim=ends, ylim=ends)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter("")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    labelled(ax, "p_n", "p_{n+1}")
    return ax


def _resting(ax: Axes, motion: Any) -> None:
    """Fixed points, and the two policies of a cycle."""
    for kind, filled in (("attracting", True), ("repelling", False)):
        places = [float(s.policy[0]) for s in motion.fixed_points if (abs(s.slope) < 1) == filled]
        if places:
            label = f"{kind} fixed point"
            mark(ax, places, places, "black", filled=filled, clip_on=True, label=label)
    try:
        cycles = motion.two_cycles()
    except ValueError:
        return
    for index, cycle in enumerate(cycles):
        low, high = float(cycle.lower), float(cycle.upper)
        look = {"marker": "s", "label": "_nolegend_" if index else "two-cycle", "clip_on": True}
        mark(ax, [low, high], [high, low], STYLES[2].color, filled=cycle.attracting, **look)


FLOW = Figure(
    "Policy-gradient flow",
    r"The velocity of $\pi(a)$ under direct KL and large groups at $\pi_{\mathrm{ref}}(a) = "
    r"1/2$; full circles attract and open ones repel.",
    "new",
    (flow,),
    height=2.9,
)


COBWEB = Figure(
    "Iterated best response",
    r"The iterated best response under direct KL with a stabilised scale settles on a cycle of "
    r"two policies around a repelling fixed point.",
    "new; the iteration is Mroueh, arXiv 2503.06639",
    (cobweb,),
)
