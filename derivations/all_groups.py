"""The second route in this project's symbols: the binary question with every group written out."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, oo

from derivations.second_route.groups import (
    Advantages,
    certain,
    group_preferences,
    large_group_preferences,
    standard_units,
)
from derivations.second_route.objectives import binary_gradient
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import symbols

__all__ = ["WEIGHTS", "drift", "gradient", "in_weights", "preferences"]

P, LOW, GAP = symbols.pi, symbols.base_reward, symbols.gap
WEIGHTS = logit_weights(2)


def preferences(
    size: Expr | int,
    policy: Sequence[Expr] = (P, 1 - P),
    advantages: Advantages = standard_units,
) -> list[Expr]:
    """P_G(a) and P_G(b), the rewards a gap apart; for large groups in standard units only."""
    laws = certain(LOW + GAP, LOW)
    if size == oo:
        return large_group_preferences(laws, policy)
    return group_preferences(laws, policy, int(size), advantages)


def drift(size: Expr | int, advantages: Advantages = standard_units) -> Expr:
    """P_G(a) - P_G(b) in the weights of the two answers."""
    first, second = preferences(size, normalised(WEIGHTS), advantages)
    return first - second


def in_weights(value: Expr) -> Expr:
    """A function of pi(a) in the weights of the two answers."""
    return value.xreplace({P: first_share(WEIGHTS)})


def gradient(
    size: Expr | int,
    estimator: str = "k3",
    placement: str = "loss",
    advantages: Advantages = standard_units,
) -> Expr:
    """The gradient of the sampled objective in the logit of a, at pi(a)."""
    return binary_gradient(
        preferences(size, advantages=advantages),
        P,
        symbols.pi_ref,
        symbols.beta,
        estimator=estimator,
        placement=placement,
    )
