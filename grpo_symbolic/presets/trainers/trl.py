"""TRL's GRPOTrainer and RLOOTrainer."""

from __future__ import annotations

from sympy import Rational

from grpo_symbolic.inputs import Number, one_of
from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    FixedScale,
    LeaveOneOut,
    ShiftOnly,
)
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.presets.conventions import IN_REWARD, estimated, sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.versions import at_least, versioned

__all__ = ["trl", "trl_rloo"]


@versioned("1.9")
def trl(
    version: str = "1.10",
    scale_rewards: str = "group",
    group_size: Number = 8,
    batch: int | None = None,
) -> Preset:
    """TRL's GRPOTrainer.

    Parameters
    ----------
    version : str
        From 1.10 on the estimator is multiplied by the importance ratio.
    scale_rewards : {"group", "batch", "none"}
    group_size : int, Symbol or oo
        ``num_generations``.
    batch : int, optional
        With ``scale_rewards="batch"``: the samples over which the scale is taken, all of one
        question. Without it the scale is a constant σ, the limit of a batch of many questions.
    """
    rule, cautions = _scale(scale_rewards, group_size, batch)
    ratio = at_least(version, "1.10")
    notes = [
        ("version", "with the same options, 1.10 changed which divergence the KL term acts as")
    ]
    if ratio:
        notes.append(
            ("importance ratio", "token by token; at the level of sequences it is one for all")
        )
    return Preset(
        f"trl@{version}" + ("" if scale_rewards == "group" else f" scale_rewards={scale_rewards}"),
        GRPO(group_size, DirectKL() if ratio else ReverseKL(), rule),
        (
            "TRL >= 1.10, GRPOTrainer, use_bias_correction_kl on by default"
            if ratio
            else "TRL < 1.10, GRPOTrainer, use_bias_correction_kl absent or off by default"
        )
        + f", scale_rewards={scale_rewards!r}",
        (("beta", "0 (off; 0.04 in early versions)"), ("group size", 8)),
        notes=tuple(notes),
        cautions=cautions,
    )


def _scale(
    scale_rewards: str, group_size: Number, batch: int | None
) -> tuple[Advantage, tuple[str, ...]]:
    """The rule, and what its user must know."""
    one_of("scale_rewards", scale_rewards, ("group", "batch", "none"))
    if batch is not None and scale_rewards != "batch":
        raise ValueError("batch goes with scale_rewards='batch'")
    if scale_rewards == "none":
        return ShiftOnly(), ()
    if scale_rewards == "group":
        return sample_std("1e-4"), ()
    if batch is not None:
        rule = BatchScale(batch, ddof=1, epsilon="1e-4")
        if isinstance(group_size, int) and rule.batch % group_size != 0:
            raise ValueError(
                f"batch must be a multiple of the group size {group_size}, got {batch}"
            )
        return rule, ("the batch is taken to hold groups of one question only",)
    return FixedScale(), (
        "sigma stands for the standard deviation of the whole batch plus 1e-4, taken at the "
        "solution: it moves with the policies of all questions",
    )


def trl_rloo(group_size: Number = 2) -> Preset:
    """TRL's RLOOTrainer."""
    return Preset(
        "trl-rloo",
        GRPO(group_size, estimated("k1", IN_REWARD), LeaveOneOut()),
        "TRL, RLOOTrainer, normalize_advantages=False",
        (("beta", Rational(5, 100)), ("group size", 2)),
        notes=(("KL term", "the log-ratio of the whole answer is subtracted from its reward"),),
    )
