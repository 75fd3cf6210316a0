"""ms-swift's GRPO."""

from __future__ import annotations

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.trainers.trl import clipped_weight
from grpo_symbolic.presets.versions import at_least, nearest, versioned

__all__ = ["LAST", "ms_swift"]

#: The last version that was compared with this preset.
LAST = "4.6"


@versioned("4.0.0")
def ms_swift(
    group_size: Number = 8,
    version: str = LAST,
    *,
    scale_rewards: str = "group",
    loss_type: str = "grpo",
    epsilon: Number = "0.2",
    epsilon_high: Number | None = None,
) -> Preset:
    """ms-swift's GRPO.

    Parameters
    ----------
    group_size : int, Symbol or oo
        ``num_generations``.
    version : str
        From 4.0.4 on the value of k3 is cut off at 10.
    scale_rewards : {"group", "none"}
    loss_type : str
        ``cispo`` clamps the importance weight at ``epsilon_high``, as TRL does.
    epsilon, epsilon_high : number
    """
    stated, cautions = nearest("ms-swift", version, LAST)
    one_of("scale_rewards", scale_rewards, ("group", "none"))
    losses = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo")
    one_of("loss_type", loss_type, losses)
    rule = sample_std("1e-4") if scale_rewards == "group" else ShiftOnly()
    if loss_type == "cispo":
        high = parameter("epsilon", epsilon if epsilon_high is None else epsilon_high)
        rule, more = clipped_weight(rule, high)
        cautions += more
    clamped = at_least(stated, "4.0.4")
    return Preset(
        ("ms-swift" if clamped else f"ms-swift@{stated}")
        + ("" if scale_rewards == "group" else f" scale_rewards={scale_rewards}")
        + ("" if loss_type == "grpo" else f" loss_type={loss_type}"),
        GRPO(group_size, advantage=rule),
        "ms-swift, rlhf_type=grpo, k3 in the loss"
        + (", >= 4.0.4" if clamped else ", < 4.0.4, without a clamp"),
        (("beta", Rational(4, 100)), ("group size", 8)),
        clamp=Integer(10) if clamped else None,
        notes=(("version", "4.0.4 cut the value of k3 off at 10"),),
        cautions=cautions,
        single_token=(f"loss_type={loss_type}",),
        omitted=("kl_in_reward", "lengths of answers"),
    )
