"""A verifier that errs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.plotting.aggregations import against_reference
from grpo_symbolic.plotting.figures import Figure
from grpo_symbolic.plotting.sampled import of_algorithm
from grpo_symbolic.plotting.style import COLUMN, curves_of, drawn, shown
from grpo_symbolic.question import BinaryQuestion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["noisy_verifier"]


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


NOISE = Figure(
    "Noisy verifiers",
    r"Stationary $\pi(a)$ in the large-group limit at $\beta = 1$ for verifiers with success "
    r"rates $s_a, s_b$ of the two answers.",
    "new",
    (noisy_verifier,),
)
