"""open-instruct's GRPO."""

from __future__ import annotations

from sympy import Rational

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.advantage import ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import estimated
from grpo_symbolic.presets.preset import Preset


def open_instruct(
    normalization: str = "centered", estimator: str = "k3", group_size: Number = 4
) -> Preset:
    """open-instruct's GRPO: groups of equal rewards are dropped.

    Parameters
    ----------
    normalization : {"centered", "standard"}
        ``advantage_normalization_type``; ``standard`` divides by the population std + 1e-8.
    estimator : {"k1", "k2", "k3", "k1-ratio"}
        ``k1-ratio`` (kl4) multiplies k1 by the importance ratio.
    group_size : int, Symbol or oo
        ``num_samples_per_prompt_rollout``.
    """
    one_of("normalization", normalization, ("centered", "standard"))
    one_of("estimator", estimator, ("k1", "k2", "k3", "k1-ratio"))
    name = estimator.removesuffix("-ratio")
    penalty = estimated(name, "loss" if name == estimator else "loss-with-ratio")
    rule = ShiftOnly() if normalization == "centered" else ShiftAndScale(epsilon="1e-8")
    return Preset(
        "open-instruct" + ("" if normalization == "centered" else f" {normalization}"),
        GRPO(group_size, penalty, rule, mixed_only=True),
        f"open-instruct, grpo_fast, advantage_normalization_type={normalization}, "
        f"estimator {estimator}",
        (("beta", Rational(5, 100)), ("group size", 4)),
        notes=(("version", "earlier versions have advantage_normalization_type standard"),),
    )
