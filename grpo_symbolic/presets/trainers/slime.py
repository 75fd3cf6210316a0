"""slime's GRPO."""

from __future__ import annotations

from sympy import Integer

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import LIBRARY_NAMES, estimated, sample_std
from grpo_symbolic.presets.preset import Preset


def slime(
    estimator: str = "k1",
    group_size: Number = 8,
    unbiased: bool = False,
    *,
    scale: bool = True,
    entropy_coef: Number = 0,
) -> Preset:
    """slime's GRPO.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3", "low_var_kl"}
        ``kl_loss_type``; ``low_var_kl`` is k3 whose value is cut off at 10, after the importance
        ratio where there is one.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    unbiased : bool
        ``use_unbiased_kl``: times the importance ratio.
    scale : bool
        False for ``disable_grpo_std_normalization``.
    entropy_coef : number
    """
    name = one_of("estimator", LIBRARY_NAMES.get(estimator, estimator), ("k1", "k2", "k3"))
    clamped = estimator == "low_var_kl"
    penalty = estimated(name, "loss-with-ratio" if unbiased else "loss")
    shown = "low_var_kl" if clamped else name
    return Preset(
        "slime" if (name, unbiased) == ("k1", False) else f"slime {shown}" + " ratio" * unbiased,
        GRPO(group_size, penalty, sample_std("1e-6") if scale else ShiftOnly()),
        f"slime, advantage_estimator=grpo, kl_loss_type={shown}",
        (("beta", "0 (off)"), ("group size", "1 (8 in examples)")),
        clamp=Integer(10) if clamped else None,
        clamped_with_ratio=clamped,
        entropy=parameter("entropy", entropy_coef, "entropy_coef"),
    )
