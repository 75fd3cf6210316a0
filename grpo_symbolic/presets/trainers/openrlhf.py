"""OpenRLHF's group estimators."""

from __future__ import annotations

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import FixedScale, LeaveOneOut, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import estimated, sample_std
from grpo_symbolic.presets.preset import Preset


def openrlhf(
    kl: str = "loss",
    estimator: str | None = None,
    group_size: Number = 8,
    advantage: str = "group_norm",
    *,
    unbiased_gradient: bool = False,
    entropy_coef: Number = 0,
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
    advantage : {"group_norm", "dr_grpo", "rloo", "reinforce_baseline"}
        ``reinforce_baseline`` divides advantage and penalty by the standard deviation of the
        batch, where the penalty is in the reward, and the advantage alone, where it is in the
        loss.
    unbiased_gradient : bool
        Of the loss, from 0.11.2 on: the value of the estimator with the gradient of k2, not cut
        off.
    entropy_coef : number
    """
    one_of("kl", kl, ("loss", "reward"))
    stated = estimator if estimator is not None else ("k3" if kl == "loss" else "k1")
    one_of("estimator", stated, ("k1", "k2", "k3"))
    known = ("group_norm", "dr_grpo", "rloo", "reinforce_baseline")
    one_of("advantage", advantage, known)
    if unbiased_gradient and kl == "reward":
        raise ValueError("unbiased_gradient goes with kl='loss'")
    rules = {"group_norm": sample_std("1e-9"), "rloo": LeaveOneOut()}
    rule, cautions = rules.get(advantage, ShiftOnly()), ()
    if advantage == "reinforce_baseline":
        cautions = (_whitened(kl),)
        if kl == "reward" and parameter("entropy", entropy_coef, "entropy_coef") != 0:
            raise ValueError(
                "entropy_coef beside reinforce_baseline with the KL in the reward has no exact "
                "condition: the batch scales reward and penalty, not the bonus"
            )
        if kl == "loss":
            rule = FixedScale()
    place = "use_kl_loss" if kl == "loss" else "KL in the reward, after normalisation"
    notes = [("defaults", "kl_estimator is k1 and the penalty is in the reward")]
    if unbiased_gradient:
        notes.append(("estimator", f"unbiased_gradient: the value of {stated}, the gradient of k2"))
    return Preset(
        ("openrlhf" if kl == "loss" else "openrlhf-reward")
        + ("" if estimator is None else f" {stated}")
        + ("" if advantage == "group_norm" else f" {advantage}")
        + " unbiased_gradient" * unbiased_gradient,
        GRPO(group_size, estimated("k2" if unbiased_gradient else stated, kl), rule),
        f"OpenRLHF, advantage_estimator={advantage}, {place}, kl_estimator={stated}",
        (("beta", Rational(1, 100)), ("group size", "1 (8 in examples)")),
        clamp=None if unbiased_gradient else Integer(10),
        notes=tuple(notes),
        cautions=cautions,
        entropy=parameter("entropy", entropy_coef, "entropy_coef"),
        omitted=("lengths of answers", "the adaptive KL controller"),
    )


def _whitened(kl: str) -> str:
    if kl == "reward":
        return (
            "advantages are whitened over the batch together with their penalty: the scale of a "
            "large batch divides both, so beta is in reward units"
        )
    return (
        "sigma stands for the standard deviation of the rewards of the whole batch about the "
        "means of their groups, taken at the solution: it moves with the policies of all questions"
    )


def openrlhf_reward(
    estimator: str | None = None, group_size: Number = 8, advantage: str = "group_norm"
) -> Preset:
    """OpenRLHF's group estimators with the penalty inside the reward."""
    return openrlhf("reward", estimator, group_size, advantage)
