"""What several papers and trainers have in common."""

from __future__ import annotations

from grpo_symbolic.model.advantage import ShiftAndScale
from grpo_symbolic.model.penalty import DirectKL, Estimator, ReverseKL

#: The placement of a penalty that is subtracted from the reward as trainers do it.
IN_REWARD = "reward-before-baseline"

#: Other names of estimators, in verl and what descends from it.
LIBRARY_NAMES = {"kl": "k1", "mse": "k2", "low_var_kl": "k3"}


def sample_std(epsilon: str) -> ShiftAndScale:
    """The sample standard deviation plus a small number."""
    return ShiftAndScale(ddof=1, epsilon=epsilon)


def estimated(name: str, placement: str) -> Estimator:
    """An estimator in its place; k3 in the loss by the name of what it acts as."""
    for known in (ReverseKL(), DirectKL()):
        if Estimator(name, placement) == Estimator(known.k, known.placement):
            return known
    return Estimator(name, placement)
