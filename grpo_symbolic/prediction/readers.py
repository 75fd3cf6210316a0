"""Trainers' own options in the terms of this library, one function a trainer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sympy import oo, sqrt

from grpo_symbolic.model.advantage import BatchScale, MeanScale, Rescaled, ShiftAndScale
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.prediction.predict import TrainerRun
from grpo_symbolic.presets import lookup
from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.presets.trainers import trl
from grpo_symbolic.presets.versions import at_least, nearest

__all__ = ["about", "from_openrlhf", "from_trl", "from_verl", "places", "weight_of"]

_TRL_VERSION_WITH_BONUS = "1.10"


def places(options: Configuration, asked: Iterable[tuple[str, tuple[str, ...]]]) -> tuple:
    """Fragments of sentences, each with the option it is about as it stands in the file."""
    found = []
    for fragment, names in asked:
        option = options.find(*names)
        found.append((fragment, f"{names[0]} (default)" if option is None else said(option)))
    return tuple(found)


def about(beta: tuple[str, ...], rule: tuple[str, ...], entropy: tuple[str, ...]) -> tuple:
    """Which option a sentence is about, by a fragment of it."""
    return (
        ("not known here", ("version",)),
        ("entropy", entropy),
        ("sigma stands", rule),
        ("in reward units", rule),
        ("taken to hold groups", rule),
        ("penalty", beta),
        ("KL(pi", beta),
        ("k is cut off", beta),
        ("where k reaches", beta),
    )


def from_trl(config: Any) -> TrainerRun:
    """TRL's ``GRPOConfig``, as an algorithm with all that it assumes.

    Parameters
    ----------
    config : mapping, object, str or path
        A ``GRPOConfig``, a dictionary with its options, or a YAML or JSON file or its text. The key
        ``version`` says which TRL; a ``GRPOConfig`` says so itself, and without either it is the
        last one that is known.

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
    known, _ = nearest("TRL", version, trl.LAST)
    size = options.count("num_generations", default=8)
    scale = options.flag("scale_rewards") if _is_flag(options) else None
    word = {True: "group", False: "none"}.get(scale, options.word("scale_rewards", default="group"))  # type: ignore[call-overload]
    loss = options.word("loss_type", default="dapo" if at_least(known, "0.25") else "bnpo")
    samples = _samples_of_trl(options)
    generated = options.count("generation_batch_size") or samples * (
        _steps_per_generation(options) or 1
    )
    chosen: dict[str, Any] = {
        "scale_rewards": word,
        "loss_type": loss,
        "epsilon": options.number("epsilon", role="epsilon", default="0.2"),
        "epsilon_high": options.number("epsilon_high", role="epsilon"),
        "multi_objective_aggregation": options.word(
            "multi_objective_aggregation", default="sum_then_normalize"
        ),
    }
    correction = options.flag("use_bias_correction_kl", default=None)
    length = options.count("max_completion_length", default=512) or 1
    dr_grpo = loss == "dr_grpo"
    entropy = weight_of(options, "entropy_coef", default=0)
    # The bonus is not divided by the longest length, as all else is by dr_grpo.
    chosen["entropy_coef"] = entropy * length if dr_grpo else entropy

    def build(of: str, option: bool | None) -> Preset:
        found = trl.trl(of, group_size=size, use_bias_correction_kl=option, **chosen)
        if word == "batch" and chosen["multi_objective_aggregation"] == "sum_then_normalize":
            found = _over_one_question(found, generated, "batch", "1e-4")
        return found

    default = Fraction("0.04") if not at_least(known, "0.20") else 0
    run = TrainerRun(
        "trl",
        str(version),
        build(version, correction),
        weight_of(options, "beta", default=default),
        options.number("learning_rate", role="epsilon", default="1e-6"),
        Fraction(samples, size),
        (options.count("num_iterations", default=1) or 1) * (_steps_per_generation(options) or 1),
        Fraction(1, length) if dr_grpo else Fraction(1),
        _remarks_of_trl(options, loss, entropy, dr_grpo, length),
        length_normalised=loss in ("grpo", "sapo"),
        places=(
            ("cispo", f"{_place(options, 'loss_type')}"),
            *places(options, about(("beta",), ("scale_rewards",), ("entropy_coef",))),
        ),
    )
    if correction is None:
        other = "1.9" if at_least(known, "1.10") else "1.10"
        run = replace(run, alternative=(other, build(other, None)))
    return run


def _place(options: Configuration, name: str) -> str:
    option = options.find(name)
    return f"{name} (default)" if option is None else said(option)


def _is_flag(options: Configuration) -> bool:
    option = options.find("scale_rewards")
    value = None if option is None else option.value
    return isinstance(value, bool) or str(value).lower() in ("true", "false")


def _samples_of_trl(options: Configuration) -> int:
    """Answers behind one optimiser step."""
    device = options.count("per_device_train_batch_size", default=8) or 8
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
            f"{_place(options, 'entropy_coef')}: dr_grpo divides advantage and penalty by "
            f"max_completion_length = {length}, and not the entropy bonus, which acts as {length} "
            "times itself"
        )
    if options.word("importance_sampling_level") == "sequence" and loss != "grpo":
        found.append(
            f"{_place(options, 'importance_sampling_level')}: with loss_type={loss} a ratio of the "
            "whole sequence weighs every answer by its length"
        )
    elif options.word("importance_sampling_level") == "sequence":
        found.append(
            f"{_place(options, 'importance_sampling_level')}: one ratio of the whole sequence "
            "multiplies the penalty of each of its tokens: with several tokens an answer that is "
            "not the divergence of answers"
        )
    if options.flag("use_adaptive_entropy"):
        found.append(
            f"{_place(options, 'use_adaptive_entropy')}: the adaptive entropy coefficient is not "
            "part of this model, which has entropy_coef as it is set"
        )
    if options.flag("sync_ref_model"):
        found.append(
            f"{_place(options, 'sync_ref_model')}: the reference moves with the policy, so nothing "
            "holds it for good: what is predicted is the rest point before the reference moves"
        )
    quantile = options.number("top_entropy_quantile", default=1)
    if quantile != 1:
        found.append(
            f"{_place(options, 'top_entropy_quantile')}: leaving out tokens of low entropy is not "
            "part of this model"
        )
    return tuple(found)


def weight_of(options: Configuration, *names: str, default: Fraction | int | str) -> Fraction:
    """The weight of a penalty or a bonus, at least 0."""
    value = options.number(*names, role="epsilon", default=default)
    assert value is not None
    return value


def _over_one_question(preset: Preset, samples: int, kind: str, epsilon: str = "0") -> Preset:
    """A scale that is taken over a batch, where the batch holds groups of one question only.

    Instead of the constant σ of a batch of many questions. A batch of more than 64 samples is
    taken to be large: its standard deviation is that of the population.
    """
    size: Any = preset.algorithm.group_size
    if size == oo:
        rule: Any = ShiftAndScale(epsilon=epsilon)
    elif kind == "batch" and samples <= 64 and samples % size == 0:
        rule = BatchScale(samples, ddof=1, epsilon=epsilon)
    elif kind == "whitened":  # by the deviation of r − mean of the group
        rule = Rescaled(ShiftAndScale(epsilon=epsilon), sqrt(size / (size - 1)))
    elif kind == "mean":
        rule = Rescaled(MeanScale(), size / (size - 1))
    else:
        rule = Rescaled(ShiftAndScale(epsilon=epsilon), size / (size - 1))
    large = rule if isinstance(rule, (Rescaled, ShiftAndScale)) else None
    divisor = getattr(preset.advantage, "divisor", 1)
    rule = rule if divisor == 1 else Rescaled(rule, divisor)
    algorithm = preset.algorithm
    assert isinstance(algorithm, GRPO)
    changed = replace(algorithm, advantage=rule, group_size=oo if large is not None else size)
    kept = tuple(w for w in preset.cautions if not w.startswith("sigma stands"))
    what = "the batch is taken to hold groups of one question only"
    return replace(preset, algorithm=changed, cautions=(*kept, what))


# -- verl ------------------------------------------------------------------------------------------


def from_verl(config: Any) -> TrainerRun:
    """verl's configuration, as an algorithm with all that it assumes.

    Parameters
    ----------
    config : mapping, object, str or path
        With the trainer's nested names, such as ``actor_rollout_ref.actor.kl_loss_coef`` and
        ``algorithm.adv_estimator``, or the ends of them.

    Returns
    -------
    TrainerRun

    Raises
    ------
    ValueError
        For options that are out of range or do not fit together.

    Examples
    --------
    >>> run = from_verl({"use_kl_loss": True, "kl_loss_coef": "0.001", "rollout": {"n": 5}})
    >>> print(run.preset.acts_as, run.beta)
    KL(pi_ref || pi), the reverse KL 1/1000
    """
    options = Configuration.of(config)
    estimator = options.word("adv_estimator", default="grpo")
    estimator = {"grpo_vectorized": "grpo", "rloo_vectorized": "rloo"}.get(estimator, estimator)
    in_loss, in_reward = options.flag("use_kl_loss"), options.flag("use_kl_in_reward")
    if in_loss and in_reward:
        raise ValueError(
            f"{_place(options, 'use_kl_loss')} and {_place(options, 'use_kl_in_reward')}: a KL in "
            "the loss and in the reward together is not modelled"
        )
    size = options.count("rollout.n", "n", default=1)
    if size == 1 and estimator != "reinforce_plus_plus":
        raise ValueError(f"{_place(options, 'rollout.n')} must be at least 2, got 1")
    kind = "kl_loss_type" if not in_reward else "kl_penalty"
    preset = lookup(
        "verl",
        kl="reward" if in_reward else "loss",
        estimator=options.word(kind, default="kl" if in_reward else "low_var_kl"),
        group_size=max(size or 2, 2),
        scale=options.flag("norm_adv_by_std_in_grpo", default=True),
        adv_estimator=estimator,
        loss_mode=options.word("policy_loss.loss_mode", "loss_mode", default="vanilla").replace(
            "-", "_"
        ),
        entropy_coeff=options.number("entropy_coeff", role="entropy", default=0),
    )
    kinds = {"reinforce_plus_plus": "whitened", "reinforce_plus_plus_baseline": "whitened"}
    kinds["gpg"] = "mean"
    if estimator in kinds and not in_reward:
        preset = _over_one_question(preset, 10**6, kinds[estimator])
    names = ("kl_coef",) if in_reward else ("kl_loss_coef",)
    beta = weight_of(options, *names, default="0.001") if in_loss or in_reward else Fraction(0)
    prompts = options.count("ppo_mini_batch_size", default=256)
    rollouts = options.count("train_batch_size", default=prompts)
    epochs = options.count("ppo_epochs", default=1) or 1
    mode = options.word("loss_agg_mode", default="token-mean")
    scale = Fraction(1)
    if mode == "seq-mean-token-sum-norm":
        longest = options.count("loss_scale_factor", "max_response_length", default=512)
        scale = Fraction(1, longest or 1)
    return TrainerRun(
        "verl",
        options.version("verl") or "0.9",
        preset,
        beta,
        options.number("actor.optim.lr", "optim.lr", "lr", role="epsilon", default="1e-6"),
        Fraction(prompts or 1),
        epochs * max(1, (rollouts or 1) // (prompts or 1)),
        scale,
        _remarks_of_verl(options),
        length_normalised=mode == "seq-mean-token-mean",
        places=places(options, about(names, ("adv_estimator",), ("entropy_coeff",))),
    )


def _remarks_of_verl(options: Configuration) -> tuple[str, ...]:
    if options.word("kl_ctrl.type") != "adaptive":
        return ()
    return (f"{_place(options, 'kl_ctrl.type')}: an adaptive weight of the KL is not modelled",)


# -- OpenRLHF --------------------------------------------------------------------------------------


def from_openrlhf(config: Any) -> TrainerRun:
    """OpenRLHF's arguments, as an algorithm with all that it assumes.

    Parameters
    ----------
    config : mapping, object, str or path
        With the names of 0.11, such as ``algo.kl.init_coef``, or those before, ``init_kl_coef``.

    Returns
    -------
    TrainerRun

    Raises
    ------
    ValueError
        For options that are out of range or do not fit together.

    Examples
    --------
    >>> run = from_openrlhf({"advantage_estimator": "group_norm", "n_samples_per_prompt": 8})
    >>> print(run.preset.acts_as, run.beta)
    KL(pi || pi_ref), the direct KL 1/100
    """
    options = Configuration.of(config)
    stated = options.find("algo.advantage.estimator", "advantage_estimator")
    estimator = options.word("algo.advantage.estimator", "advantage_estimator", default="gae")
    size = options.count("rollout.n_samples_per_prompt", "n_samples_per_prompt", default=1)
    if estimator == "gae" or size == 1:
        where = "advantage_estimator (default)" if stated is None else said(stated)
        raise ValueError(
            f"{where}: {estimator} with {size} samples a prompt is not an algorithm with groups; "
            "group_norm, dr_grpo, rloo and reinforce_baseline are, with 2 and more"
        )
    in_loss = bool(options.flag("algo.kl.use_loss", "use_kl_loss"))
    names = ("algo.kl.init_coef", "init_kl_coef")
    preset = lookup(
        "openrlhf",
        kl="loss" if in_loss else "reward",
        estimator=options.word("algo.kl.estimator", "kl_estimator", default="k1"),
        group_size=size,
        advantage=estimator,
        unbiased_gradient=in_loss
        and bool(options.flag("algo.kl.unbiased_gradient", "unbiased_gradient")),
        entropy_coef=options.number(
            "actor.entropy_coef", "entropy_loss_coef", "entropy_coef", role="entropy", default=0
        ),
    )
    if estimator == "reinforce_baseline" and in_loss:
        preset = _over_one_question(preset, 10**6, "whitened")
    batch = options.count("train.batch_size", "train_batch_size", default=128) or 128
    prompts = options.count("rollout.batch_size", "rollout_batch_size", default=1024) or 1024
    epochs = options.count("train.max_epochs", "max_epochs", default=1) or 1
    return TrainerRun(
        "openrlhf",
        options.version("openrlhf") or "0.11",
        preset,
        weight_of(options, *names, default="0.01"),
        options.number(
            "actor.adam.lr", "actor_learning_rate", "actor.lr", role="epsilon", default="1e-6"
        ),
        Fraction(batch, size),
        epochs * max(1, prompts * size // batch),
        remarks=_remarks_of_openrlhf(options),
        length_normalised=True,
        places=places(
            options,
            about(names, ("algo.advantage.estimator", "advantage_estimator"),
                   ("actor.entropy_coef", "entropy_coef")),
        ),
    )  # fmt: skip


def _remarks_of_openrlhf(options: Configuration) -> tuple[str, ...]:
    found = []
    if options.find("algo.kl.target", "kl_target") is not None and options.word(
        "algo.kl.target", "kl_target"
    ):
        place = _place(options, "kl_target" if options.find("kl_target") else "algo.kl.target")
        found.append(f"{place}: an adaptive weight of the KL is not modelled")
    if options.flag("algo.dynamic_filtering_enable", "dynamic_filtering"):
        found.append("dynamic filtering of prompts is not part of this model")
    return tuple(found)
