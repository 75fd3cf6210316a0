"""Penalties: from the estimator that is sampled to the divergence it acts as."""

from typing import TYPE_CHECKING

from grpo_symbolic.lazy import names_of

if TYPE_CHECKING:
    from grpo_symbolic.model.penalty.base import Penalty, every_penalty
    from grpo_symbolic.model.penalty.divergence import Divergence
    from grpo_symbolic.model.penalty.estimator import (
        ESTIMATORS,
        PLACEMENTS,
        DirectKL,
        Estimator,
        ReverseKL,
        k1,
        k2,
        k3,
    )

__all__ = [
    "ESTIMATORS",
    "PLACEMENTS",
    "DirectKL",
    "Divergence",
    "Estimator",
    "Penalty",
    "ReverseKL",
    "every_penalty",
    "k1",
    "k2",
    "k3",
]

__getattr__ = names_of(
    __name__,
    {
        ".base": "Penalty every_penalty",
        ".divergence": "Divergence",
        ".estimator": "DirectKL ESTIMATORS Estimator PLACEMENTS ReverseKL k1 k2 k3",
    },
)
