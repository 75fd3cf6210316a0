"""torchtune's GRPO recipes."""

from __future__ import annotations

from sympy import Rational

from grpo_symbolic.inputs import Number
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import sample_std
from grpo_symbolic.presets.preset import Preset


def torchtune(group_size: Number = 16) -> Preset:
    """torchtune's GRPO recipes."""
    return Preset(
        "torchtune",
        GRPO(group_size, advantage=sample_std("1e-4")),
        "torchtune, GRPO recipes, k3 in the loss",
        (("beta", Rational(1, 100)), ("group size", 16)),
    )
