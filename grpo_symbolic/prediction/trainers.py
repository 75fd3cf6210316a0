"""Configurations of every trainer, by the key ``trainer`` that they have, or by their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.prediction.openrlhf import from_openrlhf
from grpo_symbolic.prediction.predict import TrainerRun
from grpo_symbolic.prediction.readers import place, places, weight_of
from grpo_symbolic.prediction.trl import from_swift, from_trl, from_unsloth
from grpo_symbolic.prediction.verl import from_verl
from grpo_symbolic.presets import lookup
from grpo_symbolic.presets.trainers import nemo_rl

__all__ = ["read_run"]

#: Options, or sections, that one trainer alone has: whose a configuration is that does not say it.
_SIGNS = {
    "actor_rollout_ref": "verl",
    "trainer.algorithm": "skyrl",
    "generator.n_samples_per_prompt": "skyrl",
    "init_kl_coef": "openrlhf",
    "algo.advantage": "openrlhf",
    "eps_clip": "slime",
    "num_rollout": "slime",
    "rlhf_type": "ms-swift",
    "reference_policy_kl_penalty": "nemo-rl",
    "orchestrator": "prime-rl",
    "num_samples_per_prompt_rollout": "open-instruct",
    "grpo_samples": "torchtune",
    "num_return_sequences_in_group": "roll",
    "gconfig": "areal",
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
    name = options.word("trainer", default=options.package or _by_options(options))
    name = name.strip().lower().replace("_", "-")
    name = {"swift": "ms-swift"}.get(name, name)
    if name not in _READERS:
        got = f"got {name!r}" if name else "and it has none"
        raise ValueError(f"the key trainer must be one of {', '.join(_READERS)}, {got}")
    return _READERS[name](options)


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
    rule : names of the option that chooses the advantage
    rules : what that option may say, where it is not a parameter of the preset
    switch : (names, default) or None
        A flag without which the weight does nothing.
    without : mapping
        Parameters of the preset that a flag sets to False.
    fixed : mapping
        Parameters of the preset, as they are.
    ignored : an option for a weight that the trainer does not look at
    batch : (names, whether prompts are counted)
        What is behind one optimiser step.
    last : the last version, of a preset with versions
    apart : sections that say nothing of what is optimised
    """

    trainer: str
    beta: tuple[str, ...]
    default: str
    size: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    switch: tuple[str, bool] | None = None
    without: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    ignored: str | None = None
    batch: tuple[tuple[str, ...], bool] | None = None
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
        name = self.trainer if version is None or self.last is None else f"{self.trainer}@{version}"
        preset = lookup(name, **self._chosen(options))
        weight = weight_of(options, *self.beta, default=self.default)
        remarks = []
        if self.switch is not None and not options.flag(self.switch[0], default=self.switch[1]):
            if options.find(*self.beta) is not None:
                remarks.append(
                    f"{place(options, self.switch[0])}: is off, so that "
                    f"{place(options, self.beta[0])} has no effect"
                )
            weight = Fraction(0)
        groups = None
        size: Any = preset.algorithm.group_size
        if self.batch is not None and (count := options.count(*self.batch[0])) is not None:
            groups = Fraction(count) if self.batch[1] else Fraction(count, int(size))
        remarks += _of_ignored(options, self.ignored, self.beta[0])
        return TrainerRun(
            self.trainer,
            version or self.last or "",
            preset,
            weight,
            options.number("learning_rate", "lr", role="epsilon", default="1e-6"),
            groups,
            remarks=(*remarks, *options.unread(apart=self.apart)),
            places=places(options, self.beta, self.rule, ("entropy_coef", "entropy_loss_coef")),
        )

    def _chosen(self, options: Configuration) -> dict[str, Any]:
        chosen: dict[str, Any] = dict(self.fixed)
        for parameter, names in self.options.items():
            found = options.find(*names)
            if found is not None and found.value is not None:
                flag = str(found.value).lower() in ("true", "false")
                chosen[parameter] = options.flag(*names) if flag else options.word(*names)
        for parameter, name in self.without.items():
            if options.flag(name):
                chosen[parameter] = False
        count = options.count(*self.size)
        if count is not None:
            chosen["group_size"] = count
        return chosen


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
        batch=(("policy_mini_batch_size",), True), apart=_APART,
    )(options)  # fmt: skip


_SAMPLES = ("n_samples_per_prompt", "num_generations")
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
        last=nemo_rl.LAST, apart=_APART,
    ),
    "slime": _Named(
        "slime", ("kl_loss_coef",), "0", _SAMPLES,
        {"estimator": ("kl_loss_type",), "unbiased": ("use_unbiased_kl",),
         "entropy_coef": ("entropy_coef",)},
        rule=("advantage_estimator",), rules=("grpo", "gspo", "cispo"),
        switch=("use_kl_loss", False),
        without={"scale": "disable_grpo_std_normalization"}, ignored="kl_coef",
        batch=(("global_batch_size",), False),
    ),
    "open-instruct": _Named(
        "open-instruct", ("beta",), "0.05", ("num_samples_per_prompt_rollout",),
        {"normalization": ("advantage_normalization_type",)},
        rule=("advantage_normalization_type",),
    ),
    "torchtune": _Named("torchtune", ("kl_coeff",), "0.01", ("grpo_samples",)),
    "roll": _Named(
        "roll", ("kl_loss_coef",), "0", ("num_return_sequences_in_group",),
        {"entropy_loss_coef": ("entropy_loss_coef",)},
        rule=("adv_estimator",), rules=("grpo",), switch=("use_kl_loss", False), apart=_APART,
    ),
    "areal": _Named(
        "areal", ("kl_ctl",), "0.1", ("n_samples",), {"estimator": ("kl_estimator",)},
        rule=("reward_norm.std_level",), apart=_APART,
    ),
    "prime-rl": _Named(
        "prime-rl", ("kl_tau",), "0", ("group_size", "rollouts_per_example"),
        {"advantage": ("algo.type", "algorithm")}, rule=("algo.type",),
        batch=(("orchestrator.batch_size", "batch_size"), False), apart=_APART,
    ),
    "trl-rloo": from_trl,
}  # fmt: skip
