"""ms-swift's GRPO."""

from __future__ import annotations

from sympy import Rational

from grpo_symbolic.inputs import Number
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.presets.conventions import sample_std
from grpo_symbolic.presets.preset import Preset

__all__ = ["ms_swift"]


def ms_swift(group_size: Number = 8) -> Preset:
    """ms-swift's GRPO."""
    return Preset(
        "ms-swift",
        GRPO(group_size, advantage=sample_std("1e-4")),
        "ms-swift, rlhf_type=grpo, k3 in the loss",
        (("beta", Rational(4, 100)), ("group size", 8)),
    )
