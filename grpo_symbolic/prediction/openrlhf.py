"""OpenRLHF's options in the terms of this library."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from grpo_symbolic.inputs import read_parameter
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
from grpo_symbolic.presets import lookup

#: Sections of data, engines, logs and hardware.
_APART = ("data", "logger", "ckpt", "ds", "vllm", "eval", "critic", "ref")


def from_openrlhf(config: object) -> TrainerRun:
    """OpenRLHF's arguments, as an algorithm with all that it assumes.

    Source: OpenRLHF's released code. β is in advantage units, as the trainer adds it.

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
    if estimator not in ("group_norm", "dr_grpo", "rloo", "reinforce_baseline") or size == 1:
        where = "advantage_estimator (default)" if stated is None else said(stated)
        raise ValueError(
            f"{where}: {estimator} with {size} samples a prompt is not an algorithm with groups; "
            "group_norm, dr_grpo, rloo and reinforce_baseline are, with 2 and more"
        )
    in_loss = bool(options.flag("algo.kl.use_loss", "use_kl_loss"))
    unscaled = options.flag("algo.advantage.no_std_norm", "no_advantage_std_norm")
    rule = "dr_grpo" if unscaled and estimator == "reinforce_baseline" else estimator
    names = ("algo.kl.init_coef", "init_kl_coef")
    preset = lookup(
        "openrlhf",
        kl="loss" if in_loss else "reward",
        estimator=options.word("algo.kl.estimator", "kl_estimator", default="k1"),
        group_size=size,
        advantage=rule,
        unbiased_gradient=in_loss
        and bool(options.flag("algo.kl.unbiased_gradient", "unbiased_gradient")),
        entropy_coef=options.number(
            "actor.entropy_coef", "entropy_loss_coef", "entropy_coef", role="entropy", default=0
        ),
    )
    if rule == "reinforce_baseline" and in_loss:
        preset = over_one_question(preset, 10**6, "whitened")
    batch = options.count("train.batch_size", "train_batch_size", default=128) or 128
    prompts = options.count("rollout.batch_size", "rollout_batch_size", default=1024) or 1024
    epochs = options.count("train.max_epochs", "max_epochs", default=1) or 1
    run = TrainerRun(
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
        length_normalised=options.word("actor.loss_agg_mode") == "seq-mean-token-mean"
        or options.word("actor.policy_loss_type", "policy_loss_type") == "gspo",
        places=places(
            options, names, ("algo.advantage.estimator", "advantage_estimator"),
            ("actor.entropy_coef", "entropy_coef"), ("train.max_epochs", "max_epochs"),
        ),
        clip=_clip(options),
        passes=epochs,
    )  # fmt: skip
    return replace(run, remarks=(*run.remarks, *options.unread(apart=_APART)))


def _clip(options: Configuration) -> tuple[Fraction, Fraction] | None:
    """One range, or the option that has both its sides."""
    sides = options.find("actor.eps_clip_low_high", "eps_clip_low_high")
    if sides is not None and isinstance(sides.value, (list, tuple)) and len(sides.value) == 2:
        low, high = (read_parameter("epsilon", str(side), said(sides)) for side in sides.value)
        return low, high
    return clip(options, "eps_clip", "eps_clip", "eps_clip")


def _remarks_of_openrlhf(options: Configuration) -> tuple[str, ...]:
    found = list(bent(options, {"temperature": "1", "top_p": "1"}))
    if options.find("algo.kl.target", "kl_target") is not None and options.word(
        "algo.kl.target", "kl_target"
    ):
        where = place(options, "kl_target" if options.find("kl_target") else "algo.kl.target")
        found.append(f"{where}: an adaptive weight of the KL is not modelled")
    for names, what in (
        (("algo.dynamic_filtering_enable", "dynamic_filtering"), "filtering of prompts is"),
        (("reward.normalize_enable", "normalize_reward"), "rewards normalised over the run are"),
    ):
        option = options.find(*names)
        if option is not None and options.flag(*names):
            found.append(f"{said(option)}: {what} not part of this model")
    return tuple(found)
