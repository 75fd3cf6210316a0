"""π(a) against π_ref(a): how a reference is aggregated, curve by curve.

By weight, as in the published figures; by rank; under a verifier that errs; and over the region
where a stationary policy is no maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Add, Expr, Symbol, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL, Penalty, ReverseKL
from grpo_symbolic.plotting.branches import against_reference
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import SampledCurve, binary, of_algorithm, sampled
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
from grpo_symbolic.policy.many_answers import SimplexPolicy
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy
from grpo_symbolic.question import Question

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Weights that show how a curve changes.
WEIGHTS = (0.25, 0.5, 1, 2)


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
    given, margin, unit = policy.curve.beta, policy.question.margin, 1.0
    name = tex(symbols.beta, notation)
    if betas is None:
        betas = WEIGHTS if isinstance(given, Symbol) else (given,)
    if isinstance(margin, Symbol) and float(curve.point[margin]) != 0:
        # The ratio to the margin is all that matters.
        name, unit = rf"{name}/{tex(symbols.gamma, notation)}", float(curve.point[margin])
    return against_reference(_by_weight(curve, betas, name, unit), ax, notation)


def _by_weight(
    curve: SampledCurve, betas: Sequence[Any], name: str, unit: float = 1.0
) -> list[tuple[SampledCurve, float, str]]:
    weights = [float(parameter("beta", b, "betas")) for b in curves_of("betas", betas)]
    return [(curve, b, rf"${name} = {shown(b / unit)}$") for b in weights]


@drawn(COLUMN, 3.3)
def rank_distortion(
    betas: Sequence[float] = WEIGHTS,
    *,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""F = φ(R), one curve for each β: groups of two, ordered rewards, reverse KL.

    R and F are the reference's and the policy's mass of all answers of at least some reward, and
    φ is the stationary policy of a binary question: the conditions of the answers telescope.

    Parameters
    ----------
    betas : sequence of float
        At most seven.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    cases = _by_weight(of_algorithm(GRPO(2)), betas, tex(symbols.beta, notation))
    against_reference(cases, ax, notation, jumps=False)
    labelled(ax, "R", r"F = \varphi(R)")
    return ax


@drawn(COLUMN, 2.7)
def ranked_policy(
    reference: Sequence[Any] = ("0.1", "0.2", "0.3", "0.4"),
    betas: Sequence[Any] = ("0.5", "2"),
    *,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""π(o) of ordered answers as bars, beside the reference: groups of two, reverse KL.

    From the closed form :math:`\pi(k) = \varphi(R_k) - \varphi(R_{k-1})`, answer 1 the most
    rewarding one.

    Parameters
    ----------
    reference : sequence of numbers
        Two to ten positive probabilities that sum to 1.
    betas : sequence of numbers
        At most three.
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    n = len(reference)
    weights = curves_of("betas", betas)
    if not 2 <= n <= 10 or len(weights) > 3:
        raise ValueError(
            f"bars need 2 to 10 answers and 1 to 3 weights, got {n} and {len(weights)}"
        )
    masses = [parameter("pi_ref", r, "reference") for r in reference]
    if sum(masses) != 1 or min(masses) <= 0:
        raise ValueError(f"reference must be positive and sum to 1, got a sum of {sum(masses)}")
    policy = stationary_policy(GRPO(2), Question.symbolic(n))
    values = [[float(m) for m in masses], *(_at(policy, masses, b) for b in weights)]
    names = notation or Notation()
    labels = [f"${names.pi_ref}$"]
    labels += [rf"${names.pi}$, ${tex(symbols.beta, notation)} = {shown(b)}$" for b in weights]
    looks = (
        ("0.78", ""),
        (STYLES[0].color, ""),
        (STYLES[5].color, "////"),
        (STYLES[2].color, ".."),
    )
    width = 0.8 / len(values)
    for k, (heights, label, (color, hatch)) in enumerate(zip(values, labels, looks, strict=False)):
        places = np.arange(1, n + 1) + (k - (len(values) - 1) / 2) * width
        ax.bar(places, heights, width, color=color, hatch=hatch, label=label,
               edgecolor="white" if not hatch else "0.2", linewidth=0.4)  # fmt: skip
    ax.set_xticks(range(1, n + 1), [f"${k}$" for k in range(1, n + 1)])
    ax.set_xlabel("answer, by reward")
    ax.set_ylabel("probability")
    ax.legend(loc="upper right")
    top = max(max(v) for v in values)
    ax.set_ylim(0, 1.3 * top)
    return ax


def _at(policy: Any, masses: list[Any], beta: Any) -> list[float]:
    """The closed form at numbers."""
    assert isinstance(policy, SimplexPolicy)
    assert policy.expressions is not None
    free = policy.question.reference[:-1]
    point = dict(zip(free, masses, strict=False))
    point[symbols.beta] = parameter("beta", beta, "betas")
    function = lambdify(list(point), list(policy.expressions), "mpmath")
    return [float(v) for v in function(*point.values())]


@drawn(COLUMN, 3.3)
def stage_curvature(
    betas: Sequence[float] = WEIGHTS,
    *,
    group_size: object = 2,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""Stationary policies under reverse KL over the region where the stage objective is convex.

    With the sampling policy frozen at a stationary one, the stage objective has the second
    derivative :math:`-\beta\,(c_a + c_b)` along the simplex. Where :math:`c_a + c_b < 0` (shaded)
    the stationary policy is its local minimum, though the policy gradient is still attracted. The
    region does not depend on β or G.

    Parameters
    ----------
    betas : sequence of float
    group_size : int or oo
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    curve = of_algorithm(GRPO(group_size))
    cases = _by_weight(curve, betas, tex(symbols.beta, notation))
    total = lambdify((symbols.pi, symbols.pi_ref), Add(*curve.curve.condition.curvature), "numpy")
    axis = np.linspace(0, 1, 603)[1:-1]
    reference, policy = np.meshgrid(axis, axis)
    # The sign is all that matters; the scale evens out the poles at the ends.
    values = np.arctan(total(policy, reference) * policy * (1 - policy))
    ax.contourf(axis, axis, values, levels=[-2, 0], colors=[SHADES[1]], zorder=0)
    ax.contour(axis, axis, values, levels=[0], colors=["0.45"], linewidths=0.6)
    return against_reference(cases, ax, notation)


@drawn(COLUMN, 3.3)
def noisy_verifier(
    rates: Sequence[tuple[Any, Any]] = (("1", "0"), ("0.9", "0"), ("1", "0.1"), ("0.8", "0.3")),
    *,
    group_size: Any = oo,
    beta: float = 1,
    ax: Axes | None = None,
    notation: Notation | None = None,
) -> Axes:
    r"""π(a) against π_ref(a) for a verifier with success rates (s_a, s_b): reverse KL.

    :math:`P_G(a) - P_G(b) = (s_a - s_b)\, D_G(s_b + (s_a - s_b)\,p)`: even in the large-group
    limit the policy depends on how noisy the rewards are. Where the worse answer is rewarded
    too, the curve jumps at π_ref(a) = 0 for small weights only.

    Parameters
    ----------
    rates : sequence of pairs
        (s_a, s_b) with s_a > s_b, at most seven.
    group_size : int or oo
    beta : float
    ax, notation : optional
        As for :func:`aggregation`.
    """
    assert ax is not None
    weight = float(parameter("beta", beta))
    names = f"({symbols.success[0]}, {symbols.success[1]})"
    cases = []
    for pair in curves_of("rates", rates):
        if isinstance(pair, str) or len(pair) != 2:
            raise ValueError(f"rates must be pairs (s_a, s_b), got {pair!r}")
        curve = of_algorithm(GRPO(group_size), BinaryQuestion(success=tuple(pair)))
        high, low = (shown(parameter("success", s)) for s in pair)
        cases.append((curve, weight, rf"${names} = ({high}, {low})$"))
    return against_reference(cases, ax, notation)


# -- the registry ----------------------------------------------------------------------------


def _published(
    size: int | Expr,
    penalty: Callable[[], Penalty] = ReverseKL,
    margin: Symbol | None = None,
    betas: Sequence[float] | None = None,
) -> Callable[..., Axes]:
    """The panel of a published policy."""

    def panel(**given: Any) -> Axes:
        question = BinaryQuestion(margin=margin)
        return aggregation(binary_policy(GRPO(size, penalty()), question), betas, **given)

    return panel


PAIRS = Figure(
    "Groups of two",
    r"Stationary $\pi(a)$ of published GRPO with groups of two against "
    r"$\pi_{\mathrm{ref}}(a)$, for several $\beta/\gamma$; open circles are limits at "
    r"$\pi_{\mathrm{ref}}(a) \to 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, (14)",
    (_published(2, margin=symbols.gamma),),
)


LARGE_GROUPS = Figure(
    "The large-group limit",
    r"Stationary $\pi(a)$ in the large-group limit against $\pi_{\mathrm{ref}}(a)$: "
    r"every curve jumps at $\pi_{\mathrm{ref}}(a) = 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, (15)",
    (_published(oo),),
)


DIRECT_PAIRS = Figure(
    "Groups of two, direct KL",
    r"Stationary $\pi(a)$ under the direct KL penalty with groups of two: no curve jumps at "
    r"$\pi_{\mathrm{ref}}(a) = 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, on the direct KL divergence",
    (_published(2, DirectKL, symbols.gamma),),
)


DIRECT_LARGE = Figure(
    "Large groups, direct KL",
    r"Under the direct KL penalty and large groups the curves fold back: two policies below "
    r"the fold, one attracting and one repelling (thin), and none above it.",
    "new",
    (_published(oo, DirectKL, betas=(0.5, 1, 2, 4)),),
)


STAGE = Figure(
    "Stationary is not maximal",
    r"Stationary policies in the shaded region are local minima of the stage objective, though "
    r"the policy gradient is attracted to them.",
    "new",
    (stage_curvature,),
)


NOISE = Figure(
    "Noisy verifiers",
    r"Stationary $\pi(a)$ in the large-group limit at $\beta = 1$ for verifiers with success "
    r"rates $s_a, s_b$ of the two answers.",
    "new",
    (noisy_verifier,),
)


RANK = Figure(
    "Distortion by rank",
    r"Groups of two act on the reference by rank: $F = \varphi(R)$ on cumulative masses "
    r"(left), and the policy of four ordered answers (right).",
    "new; for two answers Vojnovic & Yun, arXiv 2502.18548, (14)",
    (rank_distortion, ranked_policy),
    TEXT,
    3.0,
)
