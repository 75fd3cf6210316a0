"""The figures of the published policies: groups of two and large groups, under both divergences."""

from __future__ import annotations

from typing import Any

from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.plotting.aggregations import aggregation
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.policy.two_answers import binary_policy
from grpo_symbolic.question import BinaryQuestion

__all__ = ["DIRECT_LARGE", "DIRECT_PAIRS", "LARGE_GROUPS", "PAIRS"]


def _pairs(**given: Any) -> Any:
    question = BinaryQuestion(margin=symbols.gamma)
    return aggregation(binary_policy(GRPO(2), question), **given)


PAIRS = Figure(
    "Groups of two",
    r"Stationary $\pi(a)$ of published GRPO with groups of two against "
    r"$\pi_{\mathrm{ref}}(a)$, for several $\beta/\gamma$; open circles are limits at "
    r"$\pi_{\mathrm{ref}}(a) \to 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, (14)",
    (_pairs,),
)


def _large_groups(**given: Any) -> Any:
    return aggregation(binary_policy(GRPO(oo), BinaryQuestion()), **given)


LARGE_GROUPS = Figure(
    "The large-group limit",
    r"Stationary $\pi(a)$ in the large-group limit against $\pi_{\mathrm{ref}}(a)$: "
    r"every curve jumps at $\pi_{\mathrm{ref}}(a) = 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, (15)",
    (_large_groups,),
)


def _direct_pairs(**given: Any) -> Any:
    question = BinaryQuestion(margin=symbols.gamma)
    return aggregation(binary_policy(GRPO(2, DirectKL()), question), **given)


DIRECT_PAIRS = Figure(
    "Groups of two, direct KL",
    r"Stationary $\pi(a)$ under the direct KL penalty with groups of two: no curve jumps at "
    r"$\pi_{\mathrm{ref}}(a) = 0$.",
    "Vojnovic & Yun, arXiv 2502.18548, on the direct KL divergence",
    (_direct_pairs,),
)


def _direct_large(**given: Any) -> Any:
    return aggregation(
        binary_policy(GRPO(oo, DirectKL()), BinaryQuestion()), (0.5, 1, 2, 4), **given
    )


DIRECT_LARGE = Figure(
    "Large groups, direct KL",
    r"Under the direct KL penalty and large groups the curves fold back: two policies below "
    r"the fold, one attracting and one repelling (thin), and none above it.",
    "new",
    (_direct_large,),
)
