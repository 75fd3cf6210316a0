"""NeMo-RL's GRPO."""

from __future__ import annotations

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.advantage import LeaveOneOut, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import estimated, sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.versions import at_least, nearest, versioned

#: The first version, and the last one that was compared with this preset.
FIRST, LAST = "0.1", "0.7"


@versioned("0.6")
def nemo_rl(
    version: str = "0.7",
    group_size: Number = 16,
    *,
    estimator: str = "k3",
    normalize_rewards: bool = True,
    use_leave_one_out_baseline: bool = True,
) -> Preset:
    """NeMo-RL's GRPO: mean and standard deviation of the other rewards.

    Parameters
    ----------
    version : str
        From 0.7 on the estimator is multiplied by the importance ratio.
    group_size : int, Symbol or oo
        ``num_generations_per_prompt``.
    estimator : {"k1", "k2", "k3"}
        ``reference_policy_kl_type``.
    normalize_rewards, use_leave_one_out_baseline : bool
        With both, mean and standard deviation are those of the other rewards.
    """
    one_of("estimator", estimator, ("k1", "k2", "k3"))
    stated, cautions = nearest("NeMo-RL", version, FIRST, LAST)
    ratio = at_least(stated, "0.7")
    options = {
        "use_leave_one_out_baseline": use_leave_one_out_baseline,
        "normalize_rewards": normalize_rewards,
    }
    if use_leave_one_out_baseline:
        rule = LeaveOneOut(scaled=True, epsilon="1e-6") if normalize_rewards else LeaveOneOut()
    else:
        rule = sample_std("1e-6") if normalize_rewards else ShiftOnly()
    return Preset(
        f"nemo-rl@{stated}"
        + ("" if estimator == "k3" else f" {estimator}")
        + "".join(f" {option}=False" for option, on in options.items() if not on),
        GRPO(group_size, estimated(estimator, "loss-with-ratio" if ratio else "loss"), rule),
        "NeMo-RL "
        + (f">= 0.7, {estimator} times the" if ratio else f"< 0.7, {estimator} without a")
        + (" importance ratio, " if ratio else " ratio, ")
        + (" and ".join(option for option, on in options.items() if on) or "a mean and no scale"),
        (("beta", Rational(1, 100)), ("group size", 16)),
        clamp=Integer(10),
        clamped_with_ratio=ratio,
        notes=(("version", "0.7 changed which divergence the KL term acts as"),),
        cautions=cautions,
    )
