"""The options of TRL, and of what has the same names for them, in the terms of this library."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from typing import Any

from grpo_symbolic.model.advantage import BatchScale, Rescaled
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.prediction.predict import TrainerRun
from grpo_symbolic.prediction.readers import (
    bent,
    clip,
    over_one_question,
    place,
    places,
    weight_of,
)
from grpo_symbolic.presets import of_another_version
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.trainers import ms_swift, trl
from grpo_symbolic.presets.trainers.others import unsloth
from grpo_symbolic.presets.versions import at_least, nearest

#: Surrogates that clip the importance ratio around 1.
_CLIPPED = ("grpo", "bnpo", "dr_grpo", "dapo", "luspo")
#: Options that versions of TRL do not have.
_ADDED = ("use_bias_correction_kl", "loss_type", "scale_rewards", "multi_objective_aggregation")
#: Options that unsloth adds, of how and not of what is computed.
_OF_UNSLOTH = frozenset({
    "vllm_sampling_params", "unsloth_num_chunks", "unsloth_logit_chunk_multiplier",
    "unsloth_grpo_mini_batch", "max_seq_length",
})  # fmt: skip
#: Options of TRL that bend what is optimised, as they do nothing; set otherwise they are warned of.
_BENDING = {
    "temperature": "1", "top_p": "1", "top_k": ("0", "-1", None), "min_p": (None, "0"),
    "repetition_penalty": "1",
    "delta": None, "reward_clip_range": None, "dynamic_sample": False,
    "mask_truncated_completions": False,
    "off_policy_mask_threshold": None, "router_aux_loss_coef": None, "label_smoothing_factor": "0",
    "neftune_noise_alpha": None, "weight_decay": "0",
}  # fmt: skip


def from_trl(config: object) -> TrainerRun:
    """TRL's ``GRPOConfig``, as an algorithm with all that it assumes.

    Source: TRL's released code. β is in advantage units, as the trainer adds it.

    Parameters
    ----------
    config : mapping, object, str or path
        A ``GRPOConfig`` or ``RLOOConfig``, a dictionary with its options, or a YAML or JSON file or
        its text. The key ``version`` says which TRL; an object says so itself, and without either
        it is the last one that is known.

    Returns
    -------
    TrainerRun
        With ``algorithm``, ``preset``, ``warnings`` and ``predict``.

    Raises
    ------
    ValueError
        For options that are out of range or do not fit together.

    Examples
    --------
    >>> run = from_trl({"beta": 0.04, "loss_type": "cispo", "version": "1.16"})
    >>> print(run.algorithm.advantage)
    [(r - mean)/(sample std + 1/10000)]/5, 0/0 = 0
    """
    options = Configuration.of(config)
    version = options.version("trl") or trl.LAST
    if options.kind == "RLOOConfig" or options.word("trainer") == "trl-rloo":
        return _of_rloo(options, version)
    known, _ = nearest("TRL", version, trl.FIRST, trl.LAST)
    loss = options.word("loss_type", default="dapo" if at_least(known, "0.22") else "bnpo")
    chosen = _chosen(options, loss)
    aggregation = options.word("multi_objective_aggregation", default="sum_then_normalize")
    correction = options.flag("use_bias_correction_kl", default=None)
    dr_grpo, length = loss == "dr_grpo", _longest(options, "trl", known)
    entropy = weight_of(options, "entropy_coef", default=0)

    def build(of: str, option: bool | None) -> Preset:
        return trl.trl(
            of, use_bias_correction_kl=option, multi_objective_aggregation=aggregation,
            # The bonus is not divided by the longest length, as all else is by dr_grpo.
            entropy_coef=entropy * length if dr_grpo else entropy, **chosen,
        )  # fmt: skip

    default = Fraction("0.04") if not at_least(known, "0.19") else 0
    run = _run(options, "trl", str(version), build(version, correction), loss, default)
    remarks = (*_remarks_of_trl(options, loss, entropy, dr_grpo, length), *run.remarks)
    run = replace(run, remarks=remarks)
    if correction is None:
        other = "1.9" if at_least(known, "1.10") else "1.10"
        preset = _of_one_question(options, build(other, None), run)
        run = replace(run, alternative=(other, preset))
    return replace(run, remarks=(*options.unread(_of_trl()), *run.remarks))


def _of_rloo(options: Configuration, version: str) -> TrainerRun:
    """TRL's ``RLOOConfig``; a scale of the batch divides reward and penalty alike."""
    preset = trl.trl_rloo(options.count("num_generations", default=2, least=2) or 2)
    run = _run(options, "trl", version, preset, "grpo", Fraction("0.05"))
    return replace(run, remarks=(*options.unread(_of_trl()), *run.remarks))


def from_unsloth(config: Any) -> TrainerRun:
    """unsloth's ``GRPOConfig``: that of TRL, whose conventions but for a clamp it has."""
    options = Configuration.of(config)
    loss = options.word("loss_type", default="dapo")
    correction = options.flag("use_bias_correction_kl", default=True)
    preset = unsloth(use_bias_correction_kl=bool(correction), **_chosen(options, loss))
    run = _run(options, "unsloth", options.version("unsloth") or "", preset, loss, 0, "5e-5")
    return replace(run, remarks=(*options.unread(_of_trl() | _OF_UNSLOTH), *run.remarks))


def from_swift(config: Any) -> TrainerRun:
    """ms-swift's arguments with ``rlhf_type`` grpo."""
    options = Configuration.of(config)
    kind = options.word("rlhf_type", default="grpo")
    if kind != "grpo":
        raise ValueError(f"{place(options, 'rlhf_type')} must be grpo, got {kind}")
    version = options.version("ms-swift") or ms_swift.LAST
    loss = options.word("loss_type", default="grpo")
    chosen = _chosen(options, loss)
    if options.find("scale_rewards") is None:
        chosen["scale_rewards"] = None
    chosen["advantage_estimator"] = options.word("advantage_estimator", default="grpo")
    chosen["kl_in_reward"] = options.flag("kl_in_reward", default=None)
    preset = ms_swift.ms_swift(version=version, **chosen)
    rate = "1e-5" if options.word("tuner_type", "train_type") == "full" else "1e-4"
    run = _run(options, "ms-swift", str(version), preset, loss, Fraction("0.04"), rate)
    other = of_another_version(preset, "ms-swift", **chosen)
    if other is not None:
        other = other[0], _of_one_question(options, other[1], run)
    return replace(run, alternative=other, remarks=(*run.remarks, *options.unread()))


def _chosen(options: Configuration, loss: str) -> dict[str, Any]:
    """What the presets of all of them take."""
    scale = options.flag("scale_rewards") if _is_flag(options) else None
    word = {True: "group", False: "none"}.get(scale, options.word("scale_rewards", default="group"))  # type: ignore[call-overload]
    return {
        "group_size": options.count("num_generations", default=8, least=2),
        "scale_rewards": word,
        "loss_type": loss,
        "epsilon": options.number("epsilon", role="epsilon", default="0.2"),
        "epsilon_high": options.number("epsilon_high", role="epsilon"),
    }


def _run(
    options: Configuration, trainer: str, version: str, preset: Preset, loss: str,
    default: Fraction | int, rate: str = "1e-6",
) -> TrainerRun:  # fmt: skip
    """The settings that are named alike."""
    size: Any = preset.algorithm.group_size
    reused = "num_iterations" if options.find("num_iterations") else "steps_per_generation"
    run = TrainerRun(
        trainer,
        version,
        preset,
        weight_of(options, "beta", default=default),
        options.number("learning_rate", role="epsilon", default=rate),
        Fraction(_samples_of_trl(options, trainer), int(size)),
        (options.count("num_iterations", default=1) or 1) * (_steps_per_generation(options) or 1),
        # All advantages and penalties are divided by the longest length.
        gradient_scale=(
            Fraction(1, _longest(options, trainer, version)) if loss == "dr_grpo" else Fraction(1)
        ),
        remarks=(*_of_bending(options), *_of_small_batch(options, trainer, size)),
        length_normalised=loss in ("grpo", "sapo"),
        places=(
            *((f"has no {option}", place(options, option)) for option in _ADDED),
            *places(
                options, ("beta",), ("scale_rewards",), ("entropy_coef",), (reused,), ("loss_type",)
            ),
        ),
        clip=clip(options, "epsilon", "epsilon", "epsilon_high") if loss in _CLIPPED else None,
        passes=options.count("num_iterations", default=1) or 1,
    )
    sampled = _batched(options, preset, run)
    return replace(run, preset=_of_one_question(options, preset, run), sampled=sampled)


def _of_one_question(options: Configuration, preset: Preset, run: TrainerRun) -> Preset:
    """The preset with a batch of one question in place of a σ, where its scale is the batch's."""
    summed = options.word("multi_objective_aggregation", default="sum_then_normalize")
    if options.word("scale_rewards") != "batch" or summed != "sum_then_normalize":
        return preset
    return over_one_question(preset, _generated(options, preset, run), "batch", "1e-4")


def _batched(options: Configuration, preset: Preset, run: TrainerRun) -> GRPO | None:
    """The rule with the scale of the whole batch as it is, where its scale is the batch's."""
    algorithm = preset.algorithm
    samples, size = _generated(options, preset, run), algorithm.group_size
    if _of_one_question(options, preset, run) is preset or samples % size:
        return None
    rule: Any = BatchScale(samples, ddof=1, epsilon="1e-4")
    divisor = getattr(preset.advantage, "divisor", 1)
    rule = rule if divisor == 1 else Rescaled(rule, divisor)
    return replace(algorithm, advantage=rule)  # type: ignore[type-var]


def _generated(options: Configuration, preset: Preset, run: TrainerRun) -> int:
    """Answers that are sampled at once."""
    samples = int((run.groups or 1) * preset.algorithm.group_size)
    given = options.count("generation_batch_size")
    return given or samples * (_steps_per_generation(options) or 1)


def _longest(options: Configuration, trainer: str, version: str) -> int:
    """Tokens of the longest answer, by which dr_grpo divides."""
    early = trainer == "trl" and not at_least(version, "1.10")
    return options.count("max_completion_length", default=256 if early else 512) or 1


def _is_flag(options: Configuration) -> bool:
    option = options.find("scale_rewards")
    value = None if option is None else option.value
    return isinstance(value, bool) or str(value).lower() in ("true", "false")


def _of_small_batch(options: Configuration, trainer: str, size: int) -> tuple[str, ...]:
    """What is said where a step has less than a group."""
    answers = _samples_of_trl(options, trainer)
    if answers >= size:
        return ()
    return (
        f"{place(options, 'per_device_train_batch_size')}: a step has {answers} of the {size} "
        "answers of a group: with several devices, say world_size",
    )


def _samples_of_trl(options: Configuration, trainer: str) -> int:
    """Answers behind one optimiser step."""
    default = 1 if trainer == "ms-swift" else 8
    device = options.count("per_device_train_batch_size", default=default) or default
    accumulation = options.count("gradient_accumulation_steps", default=1) or 1
    return device * accumulation * (options.count("world_size", default=1) or 1)


def _steps_per_generation(options: Configuration) -> int | None:
    """Optimiser steps that share the rollouts of one generation, each a part of them."""
    steps = options.count("steps_per_generation")
    accumulation = options.count("gradient_accumulation_steps", default=1) or 1
    return None if steps is None else max(1, steps // accumulation)


def _remarks_of_trl(
    options: Configuration, loss: str, entropy: Fraction, dr_grpo: bool, length: int
) -> tuple[str, ...]:
    found = []
    if entropy and dr_grpo:
        found.append(
            f"{place(options, 'entropy_coef')}: dr_grpo divides advantage and penalty by "
            f"max_completion_length = {length}, and not the entropy bonus, which acts as {length} "
            "times itself"
        )
    if options.word("importance_sampling_level") == "sequence" and loss != "grpo":
        found.append(
            f"{place(options, 'importance_sampling_level')}: with loss_type={loss} a ratio of the "
            "whole sequence weighs every answer by its length"
        )
    elif options.word("importance_sampling_level") == "sequence":
        found.append(
            f"{place(options, 'importance_sampling_level')}: one ratio of the whole sequence "
            "multiplies the penalty of each of its tokens: with several tokens an answer that is "
            "not the divergence of answers"
        )
    if options.flag("use_adaptive_entropy"):
        found.append(
            f"{place(options, 'use_adaptive_entropy')}: the adaptive entropy coefficient is not "
            "part of this model, which has entropy_coef as it is set"
        )
    if options.flag("sync_ref_model"):
        found.append(
            f"{place(options, 'sync_ref_model')}: the reference moves with the policy, so nothing "
            "holds it for good: what is predicted is the rest point before the reference moves"
        )
    quantile = options.number("top_entropy_quantile", default=1)
    if quantile != 1:
        found.append(
            f"{place(options, 'top_entropy_quantile')}: leaving out tokens of low entropy is not "
            "part of this model"
        )
    return tuple(found)


def _of_bending(options: Configuration) -> tuple[str, ...]:
    weights = options.find("reward_weights")
    summed = weights is not None and weights.value
    return (
        *bent(options, _BENDING),
        *([f"{said(weights)}: the rewards of this model are the weighted sums"] if summed else ()),
    )


def _of_trl() -> frozenset[str]:
    """Options of TRL's configuration, and of the one below it, that do not matter here."""
    text = files("grpo_symbolic.prediction").joinpath("trl_options.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())
