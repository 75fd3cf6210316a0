"""TRL's GRPOTrainer and RLOOTrainer."""

from __future__ import annotations

from sympy import Expr, Rational

from grpo_symbolic.inputs import Number, one_of, parameter
from grpo_symbolic.model.advantage import (
    Advantage,
    BatchScale,
    FixedScale,
    LeaveOneOut,
    Rescaled,
    ShiftOnly,
)
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.presets.conventions import IN_REWARD, estimated, sample_std
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.versions import at_least, nearest, versioned

#: The first version that has a GRPOTrainer, and the last one that was compared with this preset.
FIRST, LAST = "0.14", "1.16"
#: The version that an option, or a value of it, came with.
_SINCE = {
    "use_bias_correction_kl": "0.26", "entropy_coef": "1.8", "multi_objective_aggregation": "0.27",
    "scale_rewards": "0.16", "loss_type=dr_grpo": "0.17", "loss_type=cispo": "0.26",
    "loss_type=sapo": "0.26", "loss_type=luspo": "0.28", "loss_type=vespo": "1.0",
}  # fmt: skip
_LOSSES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "luspo", "sapo", "vespo")
_AGGREGATIONS = ("sum_then_normalize", "normalize_then_sum")


@versioned("1.9")
def trl(
    version: str = "1.10",
    scale_rewards: str | bool = "group",
    group_size: Number = 8,
    batch: int | None = None,
    *,
    use_bias_correction_kl: bool | None = None,
    loss_type: str = "dapo",
    epsilon: Number = "0.2",
    epsilon_high: Number | None = None,
    entropy_coef: Number = 0,
    multi_objective_aggregation: str = "sum_then_normalize",
) -> Preset:
    """TRL's GRPOTrainer.

    Parameters
    ----------
    version : str
        From 1.10 on the estimator is multiplied by the importance ratio unless told otherwise.
    scale_rewards : {"group", "batch", "none"}
        Also True for group and False for none, as earlier versions had it.
    group_size : int, Symbol or oo
        ``num_generations``.
    batch : int, optional
        With ``scale_rewards="batch"``: the samples over which the scale is taken, all of one
        question. Without it the scale is a constant σ, the limit of a batch of many questions.
    use_bias_correction_kl : bool, optional
        The estimator times the importance ratio; by default as the version has it.
    loss_type : str
        Only ``cispo`` differs on the policy that samples: its weight of at most ``epsilon_high``
        multiplies every policy gradient.
    epsilon, epsilon_high : number
        ``epsilon_high`` falls back to ``epsilon``.
    entropy_coef : number
    multi_objective_aggregation : {"sum_then_normalize", "normalize_then_sum"}
        The second is GDPO: advantages of each reward function are normalised by the group, summed
        and normalised again by the batch; here for one reward function.
    """
    stated, unknown = nearest("TRL", version, FIRST, LAST)
    one_of("loss_type", loss_type, _LOSSES)
    one_of("multi_objective_aggregation", multi_objective_aggregation, _AGGREGATIONS)
    rule, cautions = _scale(scale_rewards, group_size, batch, multi_objective_aggregation)
    low = parameter("epsilon", epsilon)
    high = low if epsilon_high is None else parameter("epsilon", epsilon_high, "epsilon_high")
    if loss_type == "cispo":
        rule, more = clipped_weight(rule, high)
        cautions += more
    cautions += _too_early(stated, {
        "use_bias_correction_kl": use_bias_correction_kl is not None,
        "entropy_coef": entropy_coef != 0, f"loss_type={loss_type}": True,
        "scale_rewards": _word(scale_rewards) != "group",
        "multi_objective_aggregation": multi_objective_aggregation != _AGGREGATIONS[0],
    })  # fmt: skip
    ratio = at_least(stated, "1.10")
    if use_bias_correction_kl is not None:
        ratio = use_bias_correction_kl
    if not isinstance(ratio, bool):
        raise ValueError(f"use_bias_correction_kl must be True or False, got {ratio!r}")
    return Preset(
        f"trl@{stated}" + _suffix(scale_rewards, loss_type, use_bias_correction_kl),
        GRPO(group_size, DirectKL() if ratio else ReverseKL(), rule),
        _source(stated, ratio) + f", scale_rewards={_word(scale_rewards)!r}",
        (("beta", "0 (off; 0.04 in early versions)"), ("group size", 8)),
        notes=_notes(ratio),
        cautions=(*unknown, *cautions),
        entropy=parameter("entropy", entropy_coef, "entropy_coef"),
        single_token=(f"loss_type={loss_type}",),
        omitted=("lengths of answers",),
    )


def _word(scale_rewards: str | bool) -> str:
    """The setting as a word; ValueError for another one."""
    word = {True: "group", False: "none"}.get(scale_rewards, scale_rewards)  # type: ignore[call-overload]
    return one_of("scale_rewards", word, ("group", "batch", "none"))


def _too_early(version: str, used: dict[str, bool]) -> tuple[str, ...]:
    """What to know of options that came after a version."""
    return tuple(
        f"TRL {version} has no {option}, which came with {_SINCE[option]}"
        for option, on in used.items()
        if on and option in _SINCE and not at_least(version, _SINCE[option])
    )


def _suffix(scale_rewards: str | bool, loss_type: str, correction: bool | None) -> str:
    scale = _word(scale_rewards)
    return (
        ("" if scale == "group" else f" scale_rewards={scale}")
        + ("" if loss_type == "dapo" else f" loss_type={loss_type}")
        + ("" if correction is None else f" use_bias_correction_kl={correction}")
    )


def _source(version: str, ratio: bool) -> str:
    late = at_least(version, "1.10")
    if late == ratio:
        switch = "on by default" if late else "absent or off by default"
    else:
        switch = "switched on" if ratio else "switched off"
    return f"TRL {'>=' if late else '<'} 1.10, GRPOTrainer, use_bias_correction_kl {switch}"


def _notes(ratio: bool) -> tuple[tuple[str, str], ...]:
    notes = [
        ("version", "with the same options, 1.10 changed which divergence the KL term acts as")
    ]
    if ratio:
        notes.append(
            ("importance ratio", "token by token; at the level of sequences it is one for all")
        )
    return tuple(notes)


def clipped_weight(rule: Advantage, high: Expr) -> tuple[Advantage, tuple[str, ...]]:
    """CISPO whose weight is at most ``epsilon_high`` itself: the rule, and what to know."""
    if high == 0:
        raise ValueError("epsilon_high must be positive with loss_type cispo, got 0")
    if high >= 1:
        return rule, ()
    return Rescaled(rule, 1 / high), (
        f"cispo clamps the importance weight at epsilon_high = {high}, below the 1 that it is on "
        f"the policy that samples: every policy gradient is multiplied by {high}, so beta acts as "
        f"{1 / high} beta; set epsilon_high to 1 or more for an unscaled gradient",
    )


def _scale(
    scale_rewards: str | bool, group_size: Number, batch: int | None, aggregation: str
) -> tuple[Advantage, tuple[str, ...]]:
    """The rule, and what its user must know."""
    word = _word(scale_rewards)
    if batch is not None and word != "batch":
        raise ValueError("batch goes with scale_rewards='batch'")
    if aggregation == "normalize_then_sum":
        return Rescaled(sample_std("1e-4")), (
            "sigma stands for the standard deviation, over the whole batch, of the advantages "
            "that the groups have normalised, plus 1e-4; several reward functions are normalised "
            "one by one, which is not part of this model",
        )
    if word == "none":
        return ShiftOnly(), ()
    if word == "group":
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
