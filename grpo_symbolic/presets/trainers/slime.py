"""slime's GRPO."""

from __future__ import annotations

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import LIBRARY_NAMES, estimated, sample_std
from grpo_symbolic.presets.preset import Preset

__all__ = ["slime"]


def slime(estimator: str = "k1", group_size: Number = 8, unbiased: bool = False) -> Preset:
    """slime's GRPO.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3"}
        ``kl_loss_type``; ``low_var_kl`` is k3.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    unbiased : bool
        ``use_unbiased_kl``: times the importance ratio.
    """
    name = one_of("estimator", LIBRARY_NAMES.get(estimator, estimator), ("k1", "k2", "k3"))
    penalty = estimated(name, "loss-with-ratio" if unbiased else "loss")
    return Preset(
        "slime" if (name, unbiased) == ("k1", False) else f"slime {name}" + " ratio" * unbiased,
        GRPO(group_size, penalty, sample_std("1e-6")),
        f"slime, advantage_estimator=grpo, kl_loss_type={name}",
        (("beta", "0 (off)"), ("group size", "1 (8 in examples)")),
    )
