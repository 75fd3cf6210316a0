"""OpenRLHF's group estimators."""

from __future__ import annotations

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.advantage import LeaveOneOut, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import estimated, sample_std
from grpo_symbolic.presets.preset import Preset

__all__ = ["openrlhf", "openrlhf_reward"]


def openrlhf(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Number = 8,
    advantage: str = "group_norm",
) -> Preset:
    """OpenRLHF's group estimators.

    Parameters
    ----------
    kl : {"loss", "reward"}
        ``use_kl_loss``, or the default: subtracted after the advantage has been normalised.
    estimator : {"k1", "k2", "k3"}, optional
        By default k3 in the loss and k1 in the reward.
    group_size : int, Symbol or oo
        ``n_samples_per_prompt``.
    advantage : {"group_norm", "dr_grpo", "rloo"}
    """
    one_of("kl", kl, ("loss", "reward"))
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    one_of("estimator", stated, ("k1", "k2", "k3"))
    rules = {"group_norm": sample_std("1e-9"), "dr_grpo": ShiftOnly(), "rloo": LeaveOneOut()}
    rule = rules[one_of("advantage", advantage, tuple(rules))]
    penalty = estimated(stated, kl)
    place = "use_kl_loss" if kl == "loss" else "KL in the reward, after normalisation"
    return Preset(
        ("openrlhf" if kl == "loss" else "openrlhf-reward")
        + ("" if estimator is None else f" {stated}")
        + ("" if advantage == "group_norm" else f" {advantage}"),
        GRPO(group_size, penalty, rule),
        f"OpenRLHF, advantage_estimator={advantage}, {place}, kl_estimator={stated}",
        (("beta", Rational(1, 100)), ("group size", "1 (8 in examples)")),
        clamp=Integer(10),
        notes=(("defaults", "kl_estimator is k1 and the penalty is in the reward"),),
    )


def openrlhf_reward(
    estimator: str | None = None, group_size: Number = 8, advantage: str = "group_norm"
) -> Preset:
    """OpenRLHF's group estimators with the penalty inside the reward."""
    return openrlhf("reward", estimator, group_size, advantage)
