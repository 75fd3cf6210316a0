"""verl's options in the terms of this library."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from grpo_symbolic.prediction.configuration import Configuration
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

#: Sections of data, models, engines, logs and hardware.
_APART = (
    *("data", "model", "ref", "rollout", "critic", "reward", "reward_model", "optim", "trainer"),
    *("fsdp_config", "megatron", "veomni", "torchtitan", "checkpoint", "profiler", "engine"),
    *("custom_reward_function", "global_profiler", "ray_kwargs", "ray_init", "transfer_queue"),
    *("distillation", "teacher", "router_replay", "qat", "rollout_correction"),
)


def from_verl(config: object) -> TrainerRun:
    """verl's configuration, as an algorithm with all that it assumes.

    Source: verl's released code. β is in advantage units, as the trainer adds it.

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
    in_loss = options.flag("actor.use_kl_loss", "use_kl_loss")
    in_reward = options.flag("use_kl_in_reward")
    if in_loss and in_reward:
        raise ValueError(
            f"{place(options, 'use_kl_loss')} and {place(options, 'use_kl_in_reward')}: a KL in "
            "the loss and in the reward together is not modelled"
        )
    least = 1 if estimator == "reinforce_plus_plus" else 2
    size = options.count("rollout.n", "n", default=1, least=least)
    kinds_of = ("algorithm.kl_penalty", "kl_penalty")
    kind = kinds_of if in_reward else ("actor.kl_loss_type", "kl_loss_type")
    loss_mode = options.word("policy_loss.loss_mode", "loss_mode", default="vanilla")
    loss_mode = loss_mode.replace("-", "_")
    preset = lookup(
        "verl",
        kl="reward" if in_reward else "loss",
        estimator=options.word(*kind, default="kl" if in_reward else "low_var_kl"),
        group_size=max(size or 2, 2),
        scale=options.flag("norm_adv_by_std_in_grpo", default=True),
        adv_estimator=estimator,
        loss_mode=loss_mode,
        entropy_coeff=options.number(
            "actor.entropy_coeff", "entropy_coeff", role="entropy", default=0
        ),
    )
    kinds = {"reinforce_plus_plus": "whitened", "reinforce_plus_plus_baseline": "whitened"}
    kinds["gpg"] = "mean"
    if estimator in kinds and not in_reward:
        preset = over_one_question(preset, 10**6, kinds[estimator])
    names = ("kl_ctrl.kl_coef", "kl_coef") if in_reward else ("actor.kl_loss_coef", "kl_loss_coef")
    beta = weight_of(options, *names, default="0.001") if in_loss or in_reward else Fraction(0)
    prompts = options.count("actor.ppo_mini_batch_size", "ppo_mini_batch_size", default=256) or 1
    usual = max(prompts, 1024)
    rollouts = options.count("data.train_batch_size", "train_batch_size", default=usual) or usual
    epochs = options.count("actor.ppo_epochs", "ppo_epochs", default=1) or 1
    mode = options.word("actor.loss_agg_mode", "loss_agg_mode", default="token-mean")
    scale = Fraction(1)
    if mode == "seq-mean-token-sum-norm":
        longest = options.count("actor.loss_scale_factor", "loss_scale_factor")
        longest = longest or options.count("data.max_response_length", "max_response_length")
        scale = Fraction(1, longest or 512)
    run = TrainerRun(
        "verl",
        options.version("verl") or "0.9",
        preset,
        beta,
        options.number("actor.optim.lr", "optim.lr", "lr", role="epsilon", default="1e-6"),
        Fraction(prompts),
        epochs * max(1, rollouts // prompts),
        scale,
        _remarks_of_verl(options),
        length_normalised=mode == "seq-mean-token-mean",
        places=places(
            options, names, ("adv_estimator",), ("actor.entropy_coeff", "entropy_coeff"),
            ("ppo_epochs",),
        ),
        clip=clip(options, "clip_ratio", "clip_ratio_low", "clip_ratio_high")
        if loss_mode == "vanilla"
        else None,
        passes=epochs,
    )  # fmt: skip
    return replace(run, remarks=(*run.remarks, *options.unread(apart=_APART)))


def _remarks_of_verl(options: Configuration) -> tuple[str, ...]:
    found = list(bent(options, {"rollout.top_p": "1", "rollout.top_k": ("-1", "0", None)}))
    if options.word("kl_ctrl.type") == "adaptive":
        where = place(options, "kl_ctrl.type")
        found.append(f"{where}: an adaptive weight of the KL is not modelled")
    temperature = options.number("rollout.temperature", role="sigma", default=1)
    if temperature != 1:
        where = place(options, "rollout.temperature")
        found.append(
            f"{where}: the policy of this model is the one at the temperature of the rollouts"
        )
    if options.flag("filter_groups.enable"):
        where = place(options, "filter_groups.enable")
        found.append(
            f"{where}: dropped groups that other questions refill change the pace and leave the "
            "balance of advantage and penalty to the questions that are kept: not part of this "
            "model"
        )
    return tuple(found)
