"""The rank distortion: pairs with ordered rewards act on the reference by rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import lambdify

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.plotting.aggregations import rank_distortion
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.style import COLUMN, STYLES, TEXT, curves_of, drawn, shown, tex
from grpo_symbolic.policy.many_answers import SimplexPolicy
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.question import Question

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ranked_policy"]


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


RANK = Figure(
    "Distortion by rank",
    r"Groups of two act on the reference by rank: $F = \varphi(R)$ on cumulative masses "
    r"(left), and the policy of four ordered answers (right).",
    "new; for two answers Vojnovic & Yun, arXiv 2502.18548, (14)",
    (rank_distortion, ranked_policy),
    TEXT,
    3.0,
)
