"""Trainers whose rules are those of verl, TRL or OpenRLHF with other settings."""

from __future__ import annotations

from dataclasses import replace

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import Advantage, LeaveOneOut, MeanScale, Rescaled, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import IN_REWARD, LIBRARY_NAMES, estimated, sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.trainers.trl import LAST, trl


def skyrl(
    estimator: str = "k3",
    group_size: Number = 5,
    scale: bool = True,
    *,
    kl: str = "loss",
    advantage_estimator: str = "grpo",
    zero_variance_filter: bool = False,
    entropy_loss_coef: Number = 0,
) -> Preset:
    """SkyRL's GRPO.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3", "abs"}
        ``kl_estimator_type``.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    scale : bool
        ``grpo_norm_by_std``.
    kl : {"loss", "reward"}
        ``use_kl_loss``, or ``use_kl_in_reward``.
    advantage_estimator : {"grpo", "rloo"}
    zero_variance_filter : bool
        Groups of equal rewards are dropped, with their penalty.
    entropy_loss_coef : number
        Where ``use_entropy_loss`` is on.
    """
    one_of("estimator", estimator, ("k1", "k2", "k3", "abs"))
    one_of("kl", kl, ("loss", "reward"))
    one_of("advantage_estimator", advantage_estimator, ("grpo", "rloo"))
    rule = sample_std("1e-6") if scale else ShiftOnly()
    rule = LeaveOneOut() if advantage_estimator == "rloo" else rule
    penalty = estimated(estimator, "loss" if kl == "loss" else IN_REWARD)
    return Preset(
        ("skyrl" if kl == "loss" else "skyrl-reward")
        + ("" if estimator == "k3" else f" {estimator}")
        + ("" if advantage_estimator == "grpo" else f" {advantage_estimator}"),
        GRPO(group_size, penalty, rule, mixed_only=zero_variance_filter),
        f"SkyRL, advantage_estimator={advantage_estimator}, "
        f"{'use_kl_loss' if kl == 'loss' else 'use_kl_in_reward'}, kl_estimator_type={estimator}",
        (("beta", Rational(1, 1000)), ("group size", 5)),
        clamp=Integer(10) if estimator == "k3" else None,
        entropy=parameter("entropy", entropy_loss_coef, "entropy_loss_coef"),
        single_token=("policy_loss_type",),
        omitted=("lengths of answers",),
    )


def roll(estimator: str = "k3", group_size: Number = 8, *, entropy_loss_coef: Number = 0) -> Preset:
    """ROLL's GRPO: rewards normalised in their group, k3 in the loss.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3", "abs"}
        The loss has k3; the option ``kl_penalty`` is of a KL in the reward.
    group_size : int, Symbol or oo
        ``num_return_sequences_in_group``.
    entropy_loss_coef : number
    """
    known = ("k1", "k2", "k3", "abs")
    name = one_of("estimator", LIBRARY_NAMES.get(estimator, estimator), known)
    return Preset(
        "roll" + ("" if name == "k3" else f" {name}"),
        GRPO(group_size, estimated(name, "loss"), sample_std("1e-6")),
        f"ROLL, adv_estimator=grpo, norm_mean_type and norm_std_type group, use_kl_loss, {name}",
        (("beta", "0 (off)"), ("group size", 8)),
        clamp=Integer(10) if name == "k3" else None,
        entropy=parameter("entropy", entropy_loss_coef, "entropy_loss_coef"),
        omitted=("whitening of advantages", "lengths of answers"),
    )


def areal(
    estimator: str = "k1",
    group_size: Number = 8,
    *,
    scale: bool = True,
    leave_one_out: bool = False,
    reward_scaling: Number = 1,
) -> Preset:
    """AReaL's GRPO: the estimator is subtracted from rewards that the group has normalised.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3"}
        ``kl_estimator``.
    group_size : int, Symbol or oo
        ``gconfig.n_samples``.
    scale, leave_one_out : bool
        ``reward_norm``: ``std_level`` is the group, ``mean_leave1out``.
    reward_scaling : number
        Multiplies the rewards before; it matters without a scale.
    """
    one_of("estimator", estimator, ("k1", "k2", "k3"))
    if scale and leave_one_out:
        raise ValueError("leave_one_out beside the group's deviation is not modelled for areal")
    rule: Advantage = LeaveOneOut() if leave_one_out else ShiftOnly()
    factor = parameter("sigma", reward_scaling, "reward_scaling")
    rule = sample_std("1e-5") if scale else rule if factor == 1 else Rescaled(rule, 1 / factor)
    levels = "" if scale else " leave_one_out" if leave_one_out else " unscaled"
    return Preset(
        "areal" + ("" if estimator == "k1" else f" {estimator}") + levels,
        GRPO(group_size, estimated(estimator, "reward"), rule),
        f"AReaL, reward_norm of the group, kl_ctl, kl_estimator={estimator}{levels}",
        (("beta", Rational(1, 10)), ("group size", 8)),
        clamp=Integer(10),
        omitted=("adv_norm of a batch", "lengths of answers"),
    )


def unsloth(
    group_size: Number = 8,
    use_bias_correction_kl: bool = True,
    *,
    scale_rewards: str | bool = "group",
    loss_type: str = "dapo",
    epsilon: Number = "0.2",
    epsilon_high: Number | None = None,
) -> Preset:
    """unsloth's GRPO: TRL's, with a clamp after the importance ratio.

    Parameters
    ----------
    group_size : int, Symbol or oo
        ``num_generations``.
    use_bias_correction_kl : bool
    scale_rewards, loss_type, epsilon, epsilon_high
        As TRL's.
    """
    found = trl(
        LAST, scale_rewards, group_size, use_bias_correction_kl=use_bias_correction_kl,
        loss_type=loss_type, epsilon=epsilon, epsilon_high=epsilon_high,
    )  # fmt: skip
    return replace(
        found,
        name="unsloth"
        + found.name.removeprefix(f"trl@{LAST}").removesuffix(" use_bias_correction_kl=True"),
        source=f"unsloth, grpo_compute_loss, use_bias_correction_kl={use_bias_correction_kl}",
        clamp=Integer(10),
        clamped_with_ratio=True,
        notes=(("clamp", "of k3 times its ratio, where TRL has none"),),
    )


def prime_rl(advantage: str = "grpo", group_size: Number = 8) -> Preset:
    """prime-rl: rewards less the mean of their group, and no penalty to a reference.

    Parameters
    ----------
    advantage : {"grpo", "max_rl"}
    group_size : int, Symbol or oo
        ``rollouts_per_example``.
    """
    one_of("advantage", advantage, ("grpo", "max_rl"))
    rule = ShiftOnly() if advantage == "grpo" else MeanScale()
    return Preset(
        "prime-rl" + ("" if advantage == "grpo" else f" {advantage}"),
        # Its squared log-ratio to the policy that sampled has no gradient there, as k1 in the loss.
        GRPO(group_size, estimated("k1", "loss"), rule),
        f"prime-rl, algorithm {advantage}, default_loss_fn",
        (("beta", "none"), ("group size", 8)),
        cautions=(
            "prime-rl penalises the distance to the policy that sampled, which has no gradient at "
            "that policy, and none to a reference",
        ),
        omitted=("the length penalty", "the trust region's mask"),
    )
