"""verl's group estimators."""

from __future__ import annotations

from dataclasses import replace

from sympy import Integer, oo

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import (
    Advantage,
    BestOverSecond,
    FixedScale,
    LeaveOneOut,
    Rescaled,
    ShiftOnly,
)
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import IN_REWARD, LIBRARY_NAMES, estimated, sample_std
from grpo_symbolic.presets.preset import Preset

_LOSSES = ("vanilla", "gspo", "sapo", "gpg", "cispo", "geo_mean", "clip_cov", "kl_cov")
_BATCH = (
    "sigma stands for the standard deviation that the trainer takes over the whole batch, at the "
    "solution: it moves with the policies of all questions"
)
_CAUTIONS = {
    "reinforce_plus_plus": _BATCH,
    "reinforce_plus_plus_baseline": _BATCH,
    "gdpo": f"{_BATCH}; several reward functions are normalised one by one, which is not modelled",
    "gpg": "sigma stands for the share of the batch whose reward is not 0: it moves with the "
    "policies of all questions",
    "grpo_passk": "only groups with a single best member teach anything: pass@G is climbed, and "
    "a question answered by most members is left alone",
}


def verl(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Number = 5,
    scale: bool = True,
    *,
    adv_estimator: str = "grpo",
    loss_mode: str = "vanilla",
    entropy_coeff: Number = 0,
) -> Preset:
    """verl's group estimators.

    Parameters
    ----------
    kl : {"loss", "reward"}
        ``actor.use_kl_loss``, or ``algorithm.use_kl_in_reward``.
    estimator : str, optional
        k1, k2, k3, abs, or verl's own kl, mse, low_var_kl; a trailing + (in the loss) keeps the
        value and takes the gradient of k2. By default k3 in the loss and k1 in the reward.
    group_size : int, Symbol or oo
        ``rollout.n``.
    scale : bool
        ``norm_adv_by_std_in_grpo``.
    adv_estimator : str
        grpo, rloo, opo, gpg, grpo_passk, gdpo, reinforce_plus_plus or
        reinforce_plus_plus_baseline.
    loss_mode : str
        The first step on a batch is the same for all of them, on answers of one token.
    entropy_coeff : number
    """
    one_of("kl", kl, ("loss", "reward"))
    one_of("loss_mode", loss_mode, _LOSSES)
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    surrogate = kl == "loss" and stated.endswith("+")
    name = stated.removesuffix("+") if surrogate else stated
    name = one_of("estimator", LIBRARY_NAMES.get(name, name), ("k1", "k2", "k3", "abs"))
    rule, size = _rule(adv_estimator, scale, group_size)
    if kl == "reward" and adv_estimator in ("grpo_passk", "gdpo"):
        raise ValueError(f"a KL in the reward is not modelled for adv_estimator {adv_estimator}")
    notes = [("groups of one", "mean 0 and std 1, so the advantage is the reward: not modelled")]
    if surrogate:
        notes.append(("estimator", f"{stated}: the value of {name}, the gradient of k2"))
    penalty = estimated("k2" if surrogate else name, "loss" if kl == "loss" else IN_REWARD)
    switch = "actor.use_kl_loss" if kl == "loss" else "algorithm.use_kl_in_reward"
    caution = _CAUTIONS.get(adv_estimator) if kl == "loss" or adv_estimator == "gpg" else None
    return Preset(
        ("verl" if kl == "loss" else "verl-reward")
        + ("" if estimator is None else f" {stated}")
        + ("" if adv_estimator == "grpo" else f" {adv_estimator}"),
        GRPO(size, penalty, rule),
        f"verl, adv_estimator={adv_estimator}, {switch}, estimator {stated}",
        (("beta", "0.001, but off until switched on"), ("group size", "1 (5 in examples)")),
        clamp=Integer(10) if name == "k3" and not surrogate else None,
        notes=tuple(notes),
        cautions=() if caution is None else (caution,),
        entropy=parameter("entropy", entropy_coeff, "entropy_coeff"),
        single_token=(f"loss_mode={loss_mode}",),
        omitted=("lengths of answers",),
    )


def _rule(adv_estimator: str, scale: bool, group_size: Number) -> tuple[Advantage, Number]:
    """The rule, and over how many samples its mean is taken."""
    rules = {
        "grpo": sample_std("1e-6") if scale else ShiftOnly(),
        "rloo": LeaveOneOut(),
        "opo": ShiftOnly(),
        "gpg": FixedScale(),
        "grpo_passk": BestOverSecond(bool(scale), "1e-6" if scale else 0),
        "gdpo": Rescaled(sample_std("1e-6")),
        "reinforce_plus_plus": FixedScale(),
        "reinforce_plus_plus_baseline": FixedScale(),
    }
    one_of("adv_estimator", adv_estimator, tuple(rules))
    # REINFORCE++ takes off the mean of the whole batch, not of a group.
    size = oo if adv_estimator == "reinforce_plus_plus" else group_size
    return rules[adv_estimator], size


def verl_reward(estimator: str | None = None, group_size: Number = 5, scale: bool = True) -> Preset:
    """verl's GRPO with the penalty inside the reward."""
    return verl("reward", estimator, group_size, scale)


def grpo_passk(group_size: Number = 5, scale: bool = True) -> Preset:
    """verl's pass@k: only the best member of a group learns, by its lead."""
    found = verl(group_size=group_size, scale=scale, adv_estimator="grpo_passk")
    return replace(found, name="grpo-passk")
