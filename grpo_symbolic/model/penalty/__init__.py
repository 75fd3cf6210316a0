"""Penalties: from the estimator that is sampled to the divergence it acts as."""

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
