"""verl's GRPO."""

from __future__ import annotations

from sympy import Integer

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.advantage import ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import IN_REWARD, LIBRARY_NAMES, estimated, sample_std
from grpo_symbolic.presets.preset import Preset

__all__ = ["verl", "verl_reward"]


def verl(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Number = 5,
    scale: bool = True,
) -> Preset:
    """verl's GRPO.

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
    """
    one_of("kl", kl, ("loss", "reward"))
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    surrogate = kl == "loss" and stated.endswith("+")
    name = stated.removesuffix("+") if surrogate else stated
    name = one_of("estimator", LIBRARY_NAMES.get(name, name), ("k1", "k2", "k3", "abs"))
    notes = [("groups of one", "mean 0 and std 1, so the advantage is the reward: not modelled")]
    if surrogate:
        notes.append(("estimator", f"{stated}: the value of {name}, the gradient of k2"))
    penalty = estimated("k2" if surrogate else name, "loss" if kl == "loss" else IN_REWARD)
    switch = "actor.use_kl_loss" if kl == "loss" else "algorithm.use_kl_in_reward"
    return Preset(
        ("verl" if kl == "loss" else "verl-reward") + ("" if estimator is None else f" {stated}"),
        GRPO(group_size, penalty, sample_std("1e-6") if scale else ShiftOnly()),
        f"verl, adv_estimator=grpo, {switch}, estimator {stated}",
        (("beta", "0.001, but off until switched on"), ("group size", "1 (5 in examples)")),
        clamp=Integer(10) if name == "k3" and not surrogate else None,
        notes=tuple(notes),
    )


def verl_reward(estimator: str | None = None, group_size: Number = 5, scale: bool = True) -> Preset:
    """verl's GRPO with the penalty inside the reward."""
    return verl("reward", estimator, group_size, scale)
