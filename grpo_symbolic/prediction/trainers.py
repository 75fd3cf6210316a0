"""Configurations of every trainer, by the key ``trainer`` that they have, or by their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.prediction.openrlhf import from_openrlhf
from grpo_symbolic.prediction.predict import TrainerRun
from grpo_symbolic.prediction.readers import bent, clip, place, places, weight_of
from grpo_symbolic.prediction.trl import from_swift, from_trl, from_unsloth
from grpo_symbolic.prediction.verl import from_verl
from grpo_symbolic.presets import lookup, of_another_version
from grpo_symbolic.presets.trainers import nemo_rl

#: Options, or sections, that one trainer alone has: whose a configuration is that does not say it.
_SIGNS = {
    "actor_rollout_ref": "verl",
    "trainer.algorithm": "skyrl",
    "generator.n_samples_per_prompt": "skyrl",
    "gconfig": "areal",
    "init_kl_coef": "openrlhf",
    "actor_learning_rate": "openrlhf",
    "algo.advantage": "openrlhf",
    "eps_clip": "slime",
    "num_rollout": "slime",
    "rlhf_type": "ms-swift",
    "reference_policy_kl_penalty": "nemo-rl",
    "orchestrator": "prime-rl",
    "num_samples_per_prompt_rollout": "open-instruct",
    "grpo_samples": "torchtune",
    "num_return_sequences_in_group": "roll",
    "num_generations": "trl",
    "scale_rewards": "trl",
}


def read_run(config: object) -> TrainerRun:
    """The run of a configuration that says with the key ``trainer`` whose it is.

    Parameters
    ----------
    config : mapping, object, str or path
        As for :func:`from_trl`, with the keys ``trainer`` and, where conventions depend on it,
        ``version``. Objects of an installed trainer need neither, and most files say by their
        options whose they are.

    Raises
    ------
    ValueError
        For a trainer that is not known, or options that do not fit together.
    """
    options = Configuration.of(config)
    told = options.word("trainer", default=options.package)
    name = told or _by_options(options)
    name = name.strip().lower().replace("_", "-")
    name = {"swift": "ms-swift"}.get(name, name)
    if name not in _READERS:
        got = f"got {name!r}" if name else "and it has none"
        raise ValueError(f"the key trainer must be one of {', '.join(_READERS)}, {got}")
    run = _READERS[name](options)
    if told or name != "trl":
        return run
    # Others have TRL's names for its options.
    guess = "trainer is not said: by its options this is taken to be a configuration of TRL"
    return replace(run, remarks=(*run.remarks, guess))


def _by_options(options: Configuration) -> str:
    for sign, trainer in _SIGNS.items():
        if any(f".{sign}." in f".{key}." for key in options.options):
            return trainer
    return ""


@dataclass(frozen=True)
class _Named:
    """How a trainer names the options that go into its preset.

    Attributes
    ----------
    trainer : str
    beta, default
        Names of the weight of the penalty, and its default.
    size : names of the group size
    options : mapping
        Parameters of the preset to the names that the trainer has for them.
    words : mapping
        What the trainer calls a value of such a parameter to what the preset calls it.
    rule : names of the option that chooses the advantage
    rules : what that option may say, where it is not a parameter of the preset
    switch : (names, default) or None
        A flag without which the weight does nothing.
    without : mapping
        Parameters of the preset that a flag sets to False.
    fixed : mapping
        Parameters of the preset, as they are.
    ignored : an option for a weight that the trainer does not look at
    rate : names of the learning rate
    batch, rollouts : (names, whether prompts are counted)
        What is behind one optimiser step, and what is sampled at once.
    epochs, parts : names of how often a sample is used, and of the steps that share the samples
    clipped : names of the range of the ratio, of both sides, below and above
    averaged : the option, and what it says where answers are weighed by 1/length
    bending : mapping
        Options that bend what is optimised to the values, one or several, at which they do not.
    refused : mapping
        Flags that change what is optimised beyond what is modelled, and what they do.
    last : the last version, of a preset with versions
    apart : sections that say nothing of what is optimised
    """

    trainer: str
    beta: tuple[str, ...]
    default: str
    size: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    rule: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    switch: tuple[str, bool] | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    ignored: str | None = None
    rate: tuple[str, ...] = ("learning_rate", "lr")
    batch: tuple[tuple[str, ...], bool] | None = None
    rollouts: tuple[tuple[str, ...], bool] | None = None
    epochs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    clipped: tuple[str, str, str] | None = None
    averaged: tuple[str, str] = ("", "")
    bending: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    last: str | None = None
    apart: tuple[str, ...] = ()

    def __call__(self, options: Configuration) -> TrainerRun:
        version = options.version(self.trainer)
        if (
            self.rules
            and (word := options.word(*self.rule, default=self.rules[0])) not in self.rules
        ):
            raise ValueError(
                f"{place(options, self.rule[0])}: {word} is not modelled for {self.trainer}, which "
                f"has {', '.join(self.rules)} here"
            )
        for flag, what in self.refused.items():
            if options.flag(flag):
                raise ValueError(f"{place(options, flag)}: {what}, which is not modelled")
        name = self.trainer if version is None or self.last is None else f"{self.trainer}@{version}"
        chosen = self._chosen(options)
        preset = lookup(name, **chosen)
        weight = weight_of(options, *self.beta, default=self.default)
        remarks = []
        if self.switch is not None and not options.flag(self.switch[0], default=self.switch[1]):
            if options.find(*self.beta) is not None:
                remarks.append(
                    f"{place(options, self.switch[0])}: is off, so that "
                    f"{place(options, self.beta[0])} has no effect"
                )
            weight = Fraction(0)
        size: Any = preset.algorithm.group_size
        groups, sampled = (_groups(options, of, int(size)) for of in (self.batch, self.rollouts))
        parts = options.count(*self.parts, default=1) or 1
        if sampled:
            parts = max(1, int(sampled / groups)) if groups else parts
            groups = groups or sampled / parts
        passes = options.count(*self.epochs, default=1) or 1
        remarks += _of_ignored(options, self.ignored, self.beta[0])
        range_of = None if self.clipped is None else clip(options, *self.clipped)
        name, average = self.averaged
        averaged = average != "" and options.word(name) == average
        return TrainerRun(
            self.trainer,
            version or self.last or "",
            preset,
            weight,
            options.number(*self.rate, role="epsilon", default="1e-6"),
            groups,
            passes * parts,
            remarks=(*remarks, *bent(options, self.bending), *options.unread(apart=self.apart)),
            places=places(
                options, self.beta, self.rule, ("entropy_coef", "entropy_loss_coef"), self.epochs
            ),
            alternative=of_another_version(preset, self.trainer, **chosen),
            length_normalised=averaged,
            clip=range_of,
            passes=passes,
        )

    def _chosen(self, options: Configuration) -> dict[str, Any]:
        chosen: dict[str, Any] = dict(self.fixed)
        for parameter, names in self.options.items():
            found = options.find(*names)
            if found is not None and found.value is not None:
                flag = str(found.value).lower() in ("true", "false")
                word = options.flag(*names) if flag else options.word(*names)
                chosen[parameter] = self.words.get(str(word), word)
        for parameter, name in self.without.items():
            if options.flag(name):
                chosen[parameter] = False
        count = options.count(*self.size, least=2)
        if count is not None:
            chosen["group_size"] = count
        return chosen


def _groups(
    options: Configuration, of: tuple[tuple[str, ...], bool] | None, size: int
) -> Fraction | None:
    """Groups in what an option counts, prompts or answers."""
    count = None if of is None else options.count(*of[0])
    return None if of is None or count is None else Fraction(count, 1 if of[1] else size)


def _of_ignored(options: Configuration, ignored: str | None, beta: str) -> list[str]:
    """A warning of an option that is set and does nothing."""
    found = None if ignored is None else options.find(ignored)
    if found is None:
        return []
    return [
        f"{said(found)}: is computed and not used by group advantages: nothing holds the policy "
        f"near the reference but {beta}"
    ]


def _of_skyrl(options: Configuration) -> TrainerRun:
    """SkyRL's: one weight for a KL in the loss, by default, or in the reward."""
    in_reward = bool(options.flag("use_kl_in_reward"))
    if in_reward and options.flag("use_kl_loss"):
        raise ValueError(
            f"{place(options, 'use_kl_loss')} and {place(options, 'use_kl_in_reward')}: a KL in "
            "the loss and in the reward together is not modelled"
        )
    names: dict[str, tuple[str, ...]] = {
        "estimator": ("kl_estimator_type",), "scale": ("grpo_norm_by_std",),
        "advantage_estimator": ("advantage_estimator",),
        "zero_variance_filter": ("zero_variance_filter",),
    }  # fmt: skip
    if options.flag("use_entropy_loss"):
        names["entropy_loss_coef"] = ("entropy_loss_coef",)
    return _Named(
        "skyrl", ("kl_loss_coef",), "0.001", _SAMPLES, names,
        rule=("advantage_estimator", "grpo_norm_by_std"),
        fixed={"kl": "reward" if in_reward else "loss"},
        switch=None if in_reward else ("use_kl_loss", True),
        rate=("policy.optimizer_config.lr", "learning_rate", "lr"),
        batch=(("policy_mini_batch_size",), True), rollouts=(("train_batch_size",), True),
        epochs=("update_epochs_per_batch",),
        clipped=("eps_clip_low", "eps_clip_low", "eps_clip_high"),
        averaged=("loss_reduction", "sequence_mean"),
        bending={
            "generator.sampling_params.temperature": "1", "generator.sampling_params.top_p": "1",
            "policy_loss_type": ("regular", "dual_clip", "gspo", "cispo", "sapo"),
            "advantage_batch_normalize": False, "dynamic_sampling.type": (None, "none"),
            "update_ref_every_epoch": False,
        }, apart=_APART,
    )(options)  # fmt: skip


def _of_areal(options: Configuration) -> TrainerRun:
    """AReaL's: what is normalised before the KL is taken off, over what."""
    flat = [key for key in options.options if "reward_norm." in key]
    fixed: dict[str, Any] = {}
    if flat:
        for name in ("mean_level", "std_level"):
            level = options.word(f"reward_norm.{name}", default="none")
            if level not in (("group", "none") if name == "std_level" else ("group",)):
                raise ValueError(
                    f"{place(options, f'reward_norm.{name}')}: {level} is not modelled for areal, "
                    "which has group here"
                )
            fixed["scale"] = level == "group"
        fixed["leave_one_out"] = bool(options.flag("reward_norm.mean_leave1out"))
        if not fixed["scale"]:
            fixed["reward_scaling"] = options.number("reward_scaling", role="sigma", default=1)
    run = _Named(
        "areal", ("kl_ctl",), "0.1", ("gconfig.n_samples", "n_samples"),
        {"estimator": ("kl_estimator",)}, rule=("reward_norm.std_level",), fixed=fixed,
        rate=("actor.optimizer.lr", "learning_rate", "lr"),
        rollouts=(("train_dataset.batch_size",), True), parts=("ppo_n_minibatches",),
        clipped=("eps_clip", "eps_clip", "eps_clip_higher"),
        bending={
            "gconfig.temperature": "1", "gconfig.top_p": "1", "m2_threshold": (None, "none"),
            "overlong_reward_penalty": False, "mask_no_eos_with_zero": False,
        }, apart=_APART,
    )(options)  # fmt: skip
    remarks = list(run.remarks)
    if not flat:
        remarks.append("reward_norm (default): taken to be the group's, mean and deviation")
    if options.word("adv_norm.std_level") == "batch":
        remarks.append(
            f"{place(options, 'adv_norm.std_level')}: divides advantage and penalty alike by their "
            "deviation over the batch: that changes the pace and not the rest point"
        )
    return replace(run, remarks=tuple(remarks))


_SAMPLES = ("n_samples_per_prompt",)
#: Sections of data, models, engines, logs and hardware.
_APART = (
    *("data", "model", "ref", "critic", "placement", "logger", "checkpointing", "cluster", "wandb"),
    *("inference", "generator", "environment", "ckpt", "deployment", "monitors", "renderer"),
    *("train", "eval", "policy", "checkpoint", "sampling", "vllm_cfg", "vllm_kwargs", "env"),
    *("actor_infer", "reference", "rewards", "validation", "rollout", "stats_logger", "saver"),
    *("recover", "evaluator", "launcher", "vllm", "sglang", "train_dataset", "valid_dataset"),
)
_READERS: dict[str, Callable[[Any], TrainerRun]] = {
    "trl": from_trl,
    "verl": from_verl,
    "openrlhf": from_openrlhf,
    "ms-swift": from_swift,
    "unsloth": from_unsloth,
    "skyrl": _of_skyrl,
    "nemo-rl": _Named(
        "nemo-rl", ("reference_policy_kl_penalty",), "0.01", ("num_generations_per_prompt",),
        {"estimator": ("reference_policy_kl_type",), "normalize_rewards": ("normalize_rewards",),
         "use_leave_one_out_baseline": ("use_leave_one_out_baseline",)},
        rule=("adv_estimator.name",), rules=("grpo",), batch=(("train_global_batch_size",), False),
        rollouts=(("num_prompts_per_step",), True),
        clipped=("ratio_clip_min", "ratio_clip_min", "ratio_clip_max"),
        bending={
            "generation.temperature": "1", "generation.top_p": "1", "use_dynamic_sampling": False,
            "overlong_filtering": False, "reward_scaling.enabled": False,
            "reward_shaping.enabled": False, "async_grpo.enabled": False,
        }, last=nemo_rl.LAST, apart=_APART,
    ),
    "slime": _Named(
        "slime", ("kl_loss_coef",), "0", _SAMPLES,
        {"estimator": ("kl_loss_type",), "unbiased": ("use_unbiased_kl",),
         "entropy_coef": ("entropy_coef",)},
        rule=("advantage_estimator",), rules=("grpo", "gspo", "cispo"),
        switch=("use_kl_loss", False),
        without={"scale": "disable_grpo_std_normalization"}, ignored="kl_coef",
        batch=(("global_batch_size",), False), rollouts=(("rollout_batch_size",), True),
        parts=("num_steps_per_rollout",), clipped=("eps_clip", "eps_clip", "eps_clip_high"),
        bending={
            "rollout_temperature": "1", "rollout_top_p": "1", "rollout_top_k": ("-1", None),
            "normalize_advantages": False, "dynamic_sampling_filter_path": (None, "none"),
            "custom_advantage_function_path": (None, "none"),
            "custom_reward_post_process_path": (None, "none"),
            "ref_update_interval": (None, "none"),
        },
        refused={"disable_rewards_normalization": "advantages that are the rewards themselves"},
    ),
    "open-instruct": _Named(
        "open-instruct", ("beta",), "0.05", ("num_samples_per_prompt_rollout",),
        {"normalization": ("advantage_normalization_type",), "estimator": ("kl_estimator",)},
        {"0": "k1", "1": "k2", "2": "k3", "3": "k1-ratio",
         "kl1": "k1", "kl2": "k2", "kl3": "k3", "kl4": "k1-ratio"},
        rule=("advantage_normalization_type",), rollouts=(("num_unique_prompts_rollout",), True),
        epochs=("num_epochs",), parts=("num_mini_batches",),
        clipped=("clip_lower", "clip_lower", "clip_higher"),
        bending={
            "temperature": "1", "active_sampling": False, "filter_zero_std_samples": True,
            "mask_truncated_completions": False, "ref_policy_update_freq": (None, "none"),
        },
    ),
    "torchtune": _Named(
        "torchtune", ("kl_coeff",), "0.01", ("grpo_samples",), epochs=("ppo_epochs",),
        bending={"temperature": "1", "top_k": (None, "none")},
    ),
    "roll": _Named(
        "roll", ("kl_loss_coef",), "0", ("num_return_sequences_in_group",),
        {"entropy_loss_coef": ("entropy_loss_coef",)},
        rule=("adv_estimator",), rules=("grpo",), switch=("use_kl_loss", False),
        epochs=("ppo_epochs",), clipped=("pg_clip", "pg_clip_low", "pg_clip_high"),
        bending={
            "actor_infer.generating_args.temperature": "1", "whiten_advantages": False,
            "actor_infer.generating_args.top_p": "1", "advantage_clip": (None, "none"),
            "add_token_level_kl": False,
        }, apart=_APART,
    ),
    "areal": _of_areal,
    "prime-rl": _Named(
        "prime-rl", ("kl_tau",), "0", ("group_size", "rollouts_per_example"),
        {"advantage": ("algo.type", "algorithm")}, rule=("algo.type",),
        batch=(("orchestrator.batch_size", "batch_size"), False),
        bending={"sampling.temperature": "1"}, apart=_APART,
    ),
    "trl-rloo": from_trl,
}  # fmt: skip
