"""ms-swift's GRPO."""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.inputs import group_size as read_size
from grpo_symbolic.model.advantage import Advantage, FixedScale, LeaveOneOut, Rescaled, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import ReverseKL
from grpo_symbolic.presets.conventions import IN_REWARD, estimated, sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.trainers.trl import clipped_weight
from grpo_symbolic.presets.versions import at_least, nearest, versioned

#: The first version with GRPO, and the last one that was compared with this preset.
FIRST, LAST = "3.1.1", "4.6"


_BATCH = (
    "sigma stands for the standard deviation that the trainer takes over the whole batch, at the "
    "solution: it moves with the policies of all questions"
)


@versioned("4.0.0")
def ms_swift(
    group_size: Number = 8,
    version: str = LAST,
    *,
    scale_rewards: str | None = None,
    loss_type: str = "grpo",
    epsilon: Number = "0.2",
    epsilon_high: Number | None = None,
    advantage_estimator: str = "grpo",
    kl_in_reward: bool | None = None,
) -> Preset:
    """ms-swift's GRPO.

    Parameters
    ----------
    group_size : int, Symbol or oo
        ``num_generations``.
    version : str
        From 4.0.4 on the value of k3 is cut off at 10.
    scale_rewards : {"group", "batch", "none", "gdpo"}, optional
        By default group with grpo, none with rloo, batch with reinforce_plus_plus.
    loss_type : str
        ``cispo`` clamps the importance weight at ``epsilon_high``, as TRL does.
    epsilon, epsilon_high : number
    advantage_estimator : {"grpo", "rloo", "reinforce_plus_plus"}
    kl_in_reward : bool, optional
        k1 subtracted from the reward before the baseline; by default with all but grpo.
    """
    stated, cautions = nearest("ms-swift", version, FIRST, LAST)
    one_of("loss_type", loss_type, ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "fipo"))
    usual = {"grpo": "group", "rloo": "none", "reinforce_plus_plus": "batch"}
    one_of("advantage_estimator", advantage_estimator, tuple(usual))
    scale = usual[advantage_estimator] if scale_rewards is None else scale_rewards
    one_of("scale_rewards", scale, ("group", "batch", "none", "gdpo"))
    rule = _rule(scale, advantage_estimator, read_size(group_size))
    if scale in ("batch", "gdpo"):
        cautions += (_BATCH,)
    if loss_type == "cispo":
        high = parameter("epsilon", epsilon if epsilon_high is None else epsilon_high)
        rule, more = clipped_weight(rule, high)
        cautions += more
    in_reward = advantage_estimator != "grpo" if kl_in_reward is None else kl_in_reward
    in_reward = in_reward and scale != "gdpo"
    clamped = at_least(stated, "4.0.4") and not in_reward
    return Preset(
        ("ms-swift" if clamped or in_reward else f"ms-swift@{stated}")
        + ("" if advantage_estimator == "grpo" else f" {advantage_estimator}")
        + ("" if scale == usual[advantage_estimator] else f" scale_rewards={scale}")
        + ("" if loss_type == "grpo" else f" loss_type={loss_type}")
        + ("" if kl_in_reward is None else f" kl_in_reward={in_reward}"),
        GRPO(group_size, estimated("k1", IN_REWARD) if in_reward else ReverseKL(), rule),
        "ms-swift, rlhf_type=grpo, "
        + ("k1 in the reward" if in_reward else "k3 in the loss")
        + ("" if in_reward else ", >= 4.0.4" if clamped else ", < 4.0.4, without a clamp"),
        (("beta", Rational(4, 100)), ("group size", 8)),
        clamp=Integer(10) if clamped else None,
        notes=(("version", "4.0.4 cut the value of k3 off at 10"),),
        cautions=cautions,
        single_token=(f"loss_type={loss_type}",),
        omitted=("lengths of answers",),
    )


def _rule(scale: str, estimator: str, size: Expr) -> Advantage:
    """The advantage: rloo multiplies by G/(G − 1), whatever it is divided by."""
    if (scale, estimator) == ("none", "rloo"):
        return LeaveOneOut()
    rules = {
        "group": sample_std("1e-4"),
        "batch": FixedScale(),
        "none": ShiftOnly(),
        "gdpo": Rescaled(sample_std("1e-8")),
    }
    rule = rules[scale]
    return Rescaled(rule, 1 - 1 / size) if estimator == "rloo" and scale != "gdpo" else rule
