"""Where stationary policies appear and vanish: branches over the weight, folds, cusps, escape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Integer, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.analysis.fold_curve import fold_curve as folds_of_all
from grpo_symbolic.analysis.limits import escape_threshold as threshold_of
from grpo_symbolic.analysis.potential import Potential, potential
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.advantage import ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.plotting.branches import inside_unit, mark, over_weight
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import (
    SampledCurve,
    binary,
    bisected,
    of_algorithm,
    policies,
    sampled,
)
from grpo_symbolic.plotting.style import (
    COLUMN,
    SHADES,
    STYLES,
    TEXT,
    curves_of,
    drawn,
    labelled,
    shown,
    tex,
)
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FOLD: dict[str, Any] = {
    "linestyle": "none",
    "marker": "*",
    "markersize": 8,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
}
_RULES = (
    ("population std", ShiftAndScale()),
    ("sample std", ShiftAndScale(ddof=1)),
    ("shift only", ShiftOnly()),
)


@drawn(COLUMN, 3.0)
def bifurcation(
    policy: StationaryPolicy | None = None,
    references: Sequence[float] = (0.02, 0.1, 0.3),
    *,
    largest: float = 4,
    ax: Axes | None = None,
    notation: Notation | None = None,
    **fixed: Any,
) -> Axes:
    r"""π(a) against β, one curve for each π_ref(a), with folds marked.

    The curve is :math:`\beta = W(p)`: attracting where W falls (bold), repelling where it rises
    (thin and dashed). Stars are folds, at which two policies meet.

    Parameters
    ----------
    policy : StationaryPolicy, optional
        Direct KL in the large-group limit unless given.
    references : sequence of float
        π_ref(a) in (0, 1), at most seven.
    largest : float
        The largest β shown.
    ax, notation, **fixed
        As for :func:`aggregation`.
    """
    assert ax is not None
    if policy is None:
        policy = binary_policy(GRPO(oo, DirectKL()), BinaryQuestion())
    curve = sampled(binary(policy), **fixed)
    top = float(parameter("beta", largest, "largest"))
    ax.set(xlim=(0, top), ylim=(-0.015, 1.015))
    cases = []
    for value in curves_of("references", references):
        label = rf"${tex(symbols.pi_ref, notation)} = {shown(value)}$"
        cases.append((curve, inside_unit("references", value), label))
    over_weight(cases, ax, (0, top), notation)
    for value in references:
        _mark_folds(ax, policy, value, top, fixed)
    if any(line.get_marker() == "*" for line in ax.lines):
        ax.plot([], [], color="black", **_FOLD, label="fold")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.98))
    return ax


def _mark_folds(
    ax: Axes, policy: StationaryPolicy, r: Any, top: float, fixed: dict[str, Any]
) -> None:
    known = {p.name for p in policy.inputs if p.default is None} - {"beta", "pi_ref"}
    given = {name: fixed.get(name, 1) for name in known} | fixed
    try:
        found = policy.folds(pi_ref=r, digits=15, **given)
    except ValueError:  # a condition whose folds are not certified: none is marked
        return
    places = [(float(f.beta), float(f.policy)) for f in found if f.beta < top]
    if places:
        x, y = zip(*places, strict=True)
        ax.plot(x, y, color="black", **_FOLD, zorder=6)


@drawn(COLUMN, 3.0)
def fold_curve(
    *,
    largest: float = 3,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""Direct KL, large groups: the (β, π_ref(a)) plane, by the number of interior policies.

    The fold curve F = ∂F/∂p = 0, by its double policy, :math:`\beta = \sinh t`. Below it there
    are two interior stationary policies, above it none and the flow goes to π(a) = 1. On the
    Maxwell curve the attracting policy and π(a) = 1 have the same potential.

    Parameters
    ----------
    largest : float
        The largest β shown.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    top = float(parameter("beta", largest, "largest"))
    algorithm = GRPO(oo, DirectKL())
    curve = of_algorithm(algorithm)
    weights, references = _sampled_folds(curve.curve, policies(0.5, 1.0))
    kept = weights <= 1.2 * top
    weights, references = weights[kept], references[kept]
    ax.plot(weights, references, color=STYLES[0].color, label="fold")
    ax.fill_between(weights, 0, references, color=SHADES[0], linewidth=0, zorder=0)
    beta, place = _maxwell_line(curve, np.linspace(0.005, 0.97, 400))
    ax.plot(beta, place, color=STYLES[1].color, linestyle=STYLES[1].line, label="Maxwell")
    ax.set(xlim=(0, top), ylim=(0, 1))
    ax.text(0.28 * top, 0.66, "none", ha="center", va="center", fontsize=8)
    ax.text(0.8 * top, 0.2, "two", ha="center", va="center", fontsize=8)
    labelled(ax, tex(symbols.beta, notation), tex(symbols.pi_ref, notation))
    ax.legend(loc="upper left")
    return ax


def _sampled_folds(curve: Balance, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """β and π_ref(a) of the folds with double policy p; only those with β > 0."""
    found = folds_of_all(curve)
    with np.errstate(all="ignore"):
        weights, references = (
            np.asarray(lambdify(symbols.pi, e, "numpy")(p), float) + 0 * p
            for e in (found.beta, found.reference)
        )
    kept = (weights > 0) & np.isfinite(references) & (references > 0) & (references < 1)
    return weights[kept], references[kept]


def _maxwell_line(curve: SampledCurve, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(β, π_ref(a)) at which the stationary p has the potential of π(a) = 1.

    The gain in potential from p to 1 at β = W(p) grows with the reference: bisection.
    """
    found = potential(curve.curve.condition.preference.rule, BinaryQuestion())
    assert isinstance(found, Potential)
    drift = lambdify(symbols.pi, found.drift, "numpy")
    penalty = lambdify((symbols.pi, symbols.pi_ref), found.penalty, "numpy")
    one = np.full_like(p, 1 - 1e-15)

    def loses(odds: np.ndarray) -> np.ndarray:
        r = 1 / (1 + np.exp(-odds))
        weight = curve.drift(p) / curve.force(p, r)
        return drift(one) - drift(p) < weight * (penalty(one, r) - penalty(p, r))

    low = bisected(lambda odds: ~loses(odds), np.full_like(p, -30.0), np.log(p / (1 - p)))
    p, references = p[low > -29], 1 / (1 + np.exp(-low[low > -29]))
    return curve.weight(p, references), references


@drawn(COLUMN, 3.0)
def cusps(
    sizes: Sequence[int] = (8, 16, 32),
    *,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""Direct KL, finite groups: in each wedge of the (β, π_ref(a)) plane three policies.

    Two folds meet in a cusp, a triple policy; outside the wedge there is one interior
    stationary policy, inside it two attracting ones and a repelling one.

    Parameters
    ----------
    sizes : sequence of int
        Group sizes of 4 or more, at most seven, and none above 64.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    widest = 0.0
    for G, style in zip(curves_of("sizes", sizes), STYLES, strict=False):
        if isinstance(G, bool) or not isinstance(G, int) or not 4 <= G <= 64:
            raise ValueError(f"sizes must be integers from 4 to 64, got {G!r}")
        curve = of_algorithm(GRPO(G, DirectKL())).curve
        weights, references = _sampled_folds(curve, policies(0.5, 1.0, 1201))
        ax.plot(weights, references, color=style.color, ls=style.line, label=f"$G = {G}$")
        tip = int(weights.argmax())
        widest = max(widest, weights[tip])
        look = {"marker": style.marker, "size": 4, "clip_on": True}
        mark(ax, weights[tip], references[tip], style.color, **look)
    ax.set(yscale="log", ylim=(1e-4, 1), xlim=(0, 1.2 * widest))
    labelled(ax, tex(symbols.beta, notation), tex(symbols.pi_ref, notation))
    ax.legend(loc="lower right")
    return ax


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
        curve = of_algorithm(GRPO(symbols.G, advantage=rule)).curve
        found = threshold_of(curve).subs(symbols.gap, Integer(1))
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


FOLDS = Figure(
    "Folds of the direct KL penalty",
    r"Large groups and direct KL: $\pi(a)$ against $\beta$ with its folds (left), and the "
    r"number of interior stationary policies in the plane of $\beta$ and "
    r"$\pi_{\mathrm{ref}}(a)$ (right).",
    "new; on Vojnovic & Yun, arXiv 2502.18548, Appendix B.2",
    (bifurcation, fold_curve),
    TEXT,
    3.0,
)


CUSPS = Figure(
    "Cusps of finite groups",
    r"Direct KL and finite groups: inside a wedge three stationary policies, outside it one; "
    r"each wedge begins in a cusp.",
    "new",
    (cusps,),
    height=3.0,
)


ESCAPE = Figure(
    "Escape threshold",
    r"The weight below which $\pi(a)$ stays positive as $\pi_{\mathrm{ref}}(a) \to 0$, against "
    r"the group size, for three normalisations of the advantage.",
    "new; G = 2 is Vojnovic & Yun, arXiv 2502.18548, after (14)",
    (escape_threshold,),
    height=2.9,
)
