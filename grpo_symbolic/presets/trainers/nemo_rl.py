"""NeMo-RL's GRPO."""

from __future__ import annotations

from sympy import Integer, Rational

from grpo_symbolic.inputs import Number
from grpo_symbolic.model.advantage import LeaveOneOut
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.versions import at_least, nearest, versioned

__all__ = ["LAST", "nemo_rl"]

#: The last version that was compared with this preset.
LAST = "0.7"


@versioned("0.6")
def nemo_rl(version: str = "0.7", group_size: Number = 16) -> Preset:
    """NeMo-RL's GRPO: mean and standard deviation of the other rewards.

    Parameters
    ----------
    version : str
        From 0.7 on the estimator is multiplied by the importance ratio.
    group_size : int, Symbol or oo
        ``num_generations_per_prompt``.
    """
    stated, cautions = nearest("NeMo-RL", version, LAST)
    ratio = at_least(stated, "0.7")
    return Preset(
        f"nemo-rl@{stated}",
        GRPO(
            group_size,
            DirectKL() if ratio else ReverseKL(),
            LeaveOneOut(scaled=True, epsilon="1e-6"),
        ),
        "NeMo-RL "
        + (">= 0.7, k3 times the importance ratio" if ratio else "< 0.7, k3 without a ratio")
        + ", use_leave_one_out_baseline and normalize_rewards",
        (("beta", Rational(1, 100)), ("group size", 16)),
        clamp=Integer(10),
        clamped_with_ratio=ratio,
        notes=(("version", "0.7 changed which divergence the KL term acts as"),),
        cautions=cautions,
    )
