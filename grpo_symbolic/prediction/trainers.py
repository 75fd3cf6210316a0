"""Configurations of every trainer, by the key ``trainer`` that they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpo_symbolic.prediction.configuration import Configuration, said
from grpo_symbolic.prediction.openrlhf import from_openrlhf
from grpo_symbolic.prediction.predict import TrainerRun
from grpo_symbolic.prediction.readers import about, places, weight_of
from grpo_symbolic.prediction.trl import from_trl
from grpo_symbolic.prediction.verl import from_verl
from grpo_symbolic.presets import lookup
from grpo_symbolic.presets.trainers import ms_swift, nemo_rl

__all__ = ["read_run"]


def read_run(config: object) -> TrainerRun:
    """The run of a configuration that says with the key ``trainer`` whose it is.

    Parameters
    ----------
    config : mapping, object, str or path
        As for :func:`from_trl`, with the keys ``trainer`` and, where conventions depend on it,
        ``version``. Objects of an installed trainer need neither.

    Raises
    ------
    ValueError
        For a trainer that is not known, or options that do not fit together.
    """
    options = Configuration.of(config)
    name = options.word("trainer", default=options.package).strip().lower().replace("_", "-")
    name = {"swift": "ms-swift"}.get(name, name)
    if name not in _READERS:
        got = f"got {name!r}" if name else "and it has none"
        raise ValueError(f"the key trainer must be one of {', '.join(_READERS)}, {got}")
    return _READERS[name](options)


def _plain(
    trainer: str,
    beta: tuple[str, ...],
    default: str,
    size: tuple[str, ...],
    options_of: dict[str, tuple[str, ...]],
    last: str | None = None,
    ignored: str | None = None,
) -> Callable[[Configuration], TrainerRun]:
    """A reader of a trainer whose options go by name into its preset.

    ``options_of`` maps parameters of the preset to the names that the trainer has for them;
    ``ignored`` is an option for a weight that the trainer does not look at.
    """

    def read(options: Configuration) -> TrainerRun:
        chosen: dict[str, Any] = {}
        for parameter, names in options_of.items():
            found = options.find(*names)
            if found is not None:
                word = options.word(*names)
                flag = str(found.value).lower() in ("true", "false")
                chosen[parameter] = options.flag(*names) if flag else word
        version = options.version(trainer)
        name = trainer if version is None or last is None else f"{trainer}@{version}"
        count = options.count(*size)
        if count is not None:
            chosen["group_size"] = count
        preset = lookup(name, **chosen)
        weight = weight_of(options, *beta, default=default)
        return TrainerRun(
            trainer,
            version or last or "",
            preset,
            weight,
            options.number("learning_rate", "lr", role="epsilon", default="1e-6"),
            remarks=(*_of_ignored(options, ignored, beta[0]), *options.unread()),
            places=places(options, about(beta, ("advantage_estimator",), ("entropy_coef",))),
        )

    return read


def _of_ignored(options: Configuration, ignored: str | None, beta: str) -> tuple[str, ...]:
    """A warning of an option that is set and does nothing."""
    found = None if ignored is None else options.find(ignored)
    if found is None:
        return ()
    return (
        f"{said(found)}: is computed and not used by group advantages: nothing holds the policy "
        f"near the reference but {beta}",
    )


_OF_TRL = {
    "loss_type": ("loss_type",),
    "epsilon": ("epsilon",),
    "epsilon_high": ("epsilon_high",),
    "scale_rewards": ("scale_rewards",),
}
_SAMPLES = ("n_samples_per_prompt", "num_generations")
_READERS: dict[str, Callable[[Any], TrainerRun]] = {
    "trl": from_trl,
    "verl": from_verl,
    "openrlhf": from_openrlhf,
    "ms-swift": _plain("ms-swift", ("beta",), "0.04", ("num_generations",), _OF_TRL, ms_swift.LAST),
    "nemo-rl": _plain(
        "nemo-rl", ("reference_policy_kl_penalty",), "0.01", ("num_generations_per_prompt",), {},
        nemo_rl.LAST,
    ),
    "slime": _plain(
        "slime", ("kl_loss_coef",), "0", _SAMPLES,
        {"estimator": ("kl_loss_type",), "unbiased": ("use_unbiased_kl",)}, ignored="kl_coef",
    ),
    "open-instruct": _plain(
        "open-instruct", ("beta",), "0.05", ("num_samples_per_prompt_rollout",),
        {"normalization": ("advantage_normalization_type",)},
    ),
    "torchtune": _plain("torchtune", ("kl_coeff",), "0.01", ("grpo_samples",), {}),
    "skyrl": _plain(
        "skyrl", ("kl_loss_coef",), "0.001", _SAMPLES,
        {"estimator": ("kl_estimator_type",), "scale": ("grpo_norm_by_std",)},
    ),
    "roll": _plain(
        "roll", ("kl_loss_coef",), "0", ("num_return_sequences_in_group",),
        {"estimator": ("kl_penalty",)},
    ),
    "areal": _plain("areal", ("kl_ctl",), "0.1", ("n_samples",), {"estimator": ("kl_estimator",)}),
    "unsloth": _plain(
        "unsloth", ("beta",), "0", ("num_generations",),
        {"use_bias_correction_kl": ("use_bias_correction_kl",)},
    ),
    "prime-rl": _plain(
        "prime-rl", ("kl_tau",), "0", ("group_size", "rollouts_per_example"),
        {"advantage": ("algorithm",)},
    ),
}  # fmt: skip
