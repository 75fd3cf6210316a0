"""What the controls of the explorer offer: penalties by name, group sizes, stabilisers."""

from __future__ import annotations

from functools import cache

from grpo_symbolic.inputs import one_of
from grpo_symbolic.model.penalty import DirectKL, Divergence, Estimator, Penalty, ReverseKL

__all__ = ["DDOFS", "EPSILONS", "GROUP_SIZES", "name_of", "penalties", "penalty"]

GROUP_SIZES = ("2", "3", "4", "5", "8", "16", "64", "256", "1024", "oo")
DDOFS = (0, 1)
EPSILONS = ("0", "1e-6", "1e-4", "1e-2", "0.1")

_PLACES = {
    "loss": "in the loss",
    "loss-with-ratio": "in the loss, with ratio",
    "reward": "in the reward",
}


@cache
def penalties() -> dict[str, Penalty]:
    """The penalties that can be chosen, by the name under which they are."""
    found: dict[str, Penalty] = {
        "reverse KL": ReverseKL(),
        "direct KL": DirectKL(),
        "chi-squared": Divergence.chi_squared(),
        "Jensen-Shannon": Divergence.jensen_shannon(),
        "squared Hellinger": Divergence.hellinger(),
    }
    for placement, place in _PLACES.items():
        for k in ("k1", "k2", "k3"):
            found[f"{k} {place}"] = Estimator(k, placement)
    return found


def penalty(choice: str | Penalty) -> Penalty:
    """The penalty of that name; a penalty is its own.

    Raises
    ------
    ValueError
        For a name that is not offered.
    """
    if isinstance(choice, Penalty):
        return choice
    return penalties()[one_of("penalty", choice, tuple(penalties()))]


def name_of(choice: str | Penalty) -> str:
    """The name under which a penalty is offered, or what it calls itself."""
    if not isinstance(choice, Penalty):
        return choice
    return next((name for name, known in penalties().items() if known == choice), str(choice))
