"""Every comparison: a trainer, a release, a function of it, a preset, and the two joined."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from grpo_symbolic import presets
from grpo_symbolic.presets import Preset
from tests.conformance import cut, measures
from tests.conformance.sources import Source, found

TRL = "trl/trainer/grpo_trainer.py"
SWIFT = "swift/rlhf_trainers/grpo_trainer.py"
VERL = "verl/trainer/ppo/core_algos.py"
RLHF = "openrlhf/models/utils.py"
MAKER = "openrlhf/trainer/ppo_utils/experience_maker.py"
NEMO = "nemo_rl/algorithms/utils.py"


@dataclass(frozen=True)
class Case:
    """One preset against one function.

    Parameters
    ----------
    distribution, path, version : str
        The file, and the release where conventions depend on it.
    function : str
        What of it is called.
    what : str
        The setting.
    measure : callable
        The deviations from a source.
    """

    distribution: str
    path: str
    version: str | None
    function: str
    what: str
    measure: Callable[[Source], list[float]]

    @property
    def name(self) -> str:
        version = "" if self.version is None else f"@{self.version}"
        return f"{self.distribution}{version} {self.function} {self.what}"

    @property
    def source(self) -> Source | None:
        return found(self.distribution, self.path, self.version)


def _torch(**more: Any) -> dict[str, Any]:
    return {"torch": torch, "np": np, "defaultdict": defaultdict, "F": torch.nn.functional, **more}


#: Group sizes with reward levels.
SIZES = ((2, (1, 0)), (4, (1, 0)), (5, (1, 0)), (3, (4, 1, 0)))


def _drifts(preset: Preset, rule: measures.Advantages) -> list[float]:
    return [measures.drift(preset, rule, size, levels) for size, levels in SIZES]


# -- TRL -----------------------------------------------------------------------------------------


def _nanstd(values: Any, dim: int | None = None) -> Any:
    return values.std() if dim is None else values.std(dim=dim)


def trl_rule(text: str, scale: str, groups: int = 1) -> measures.Advantages:
    """The statements of the trainer that turn rewards into advantages."""

    def rule(rewards: Any) -> Any:
        self = SimpleNamespace(
            multi_objective_aggregation="sum_then_normalize", scale_rewards=scale,
            reward_weights=torch.ones(1, dtype=torch.float64), reward_funcs=[None],
        )  # fmt: skip
        names = _torch(
            self=self, rewards_per_func=rewards[:, None], device="cpu", nanstd=_nanstd,
            num_generations=len(rewards), unscorable_mask=torch.zeros(len(rewards), dtype=bool),
        )  # fmt: skip
        test = "multi_objective_aggregation == 'sum_then_normalize'"
        return cut.statement(text, test, names, "advantages")

    return rule


def trl_loss(text: str, beta: float, preset_rule: measures.Advantages, **options: Any) -> Any:
    """The trainer's whole loss for one group, every answer one token."""
    more = {name: lambda x: x.min() for name in ("nanmin", "nanmax")}  # of what is logged
    compute = cut.function(text, "_compute_loss", _torch(**more))

    def loss(rewards: Any, logits: Any, anchors: Any) -> Any:
        taken = (1 - rewards).long()
        logps, reference = logits.log_softmax(0), anchors.log_softmax(0)
        entropy = -(logps.exp() * logps).sum().expand(len(rewards), 1)
        found = SimpleNamespace(
            beta=beta, top_entropy_quantile=1.0, off_policy_mask_threshold=None, epsilon_low=0.2,
            epsilon_high=options.get("epsilon_high", 0.2), use_vllm=False, aux_loss_enabled=False,
            loss_type=options.get("loss_type", "grpo"), model=SimpleNamespace(training=True),
            current_gradient_accumulation_steps=1, max_completion_length=1,
            importance_sampling_level=options.get("level", "token"),
            entropy_coef=options.get("entropy_coef", 0.0), use_adaptive_entropy=False,
            _entropy_bonus_enabled=bool(options.get("entropy_coef")),
            _metrics={"train": defaultdict(list)},
            args=SimpleNamespace(
                use_bias_correction_kl=options.get("correction", True), delta=None,
                sapo_temperature_pos=1.0, sapo_temperature_neg=1.05, steps_per_generation=1,
            ),
            accelerator=SimpleNamespace(
                num_processes=1, gather=lambda x: x, gather_for_metrics=lambda x: x,
                sync_gradients=True, reduce=lambda x, reduction: x,
            ),
            _get_per_token_logps_and_entropies=lambda *a, **k: (
                logps[taken][:, None], entropy, None
            ),
        )  # fmt: skip
        inputs = {
            "prompt_ids": torch.zeros(len(rewards), 1), "prompt_mask": torch.ones(len(rewards), 1),
            "completion_ids": taken[:, None],
            "completion_mask": torch.ones(len(rewards), 1, dtype=torch.float64),
            "advantages": preset_rule(rewards), "ref_per_token_logps": reference[taken][:, None],
            "num_items_in_batch": torch.tensor(float(len(rewards)), dtype=torch.float64),
        }  # fmt: skip
        return compute(found, None, inputs)

    return loss


def _of_trl() -> Iterator[Case]:
    for version in ("1.9", "1.16"):
        for scale in ("group", "none"):
            preset = presets.trl(version, scale)

            def rule(source: Source, preset: Preset = preset, scale: str = scale) -> list[float]:
                return _drifts(preset, trl_rule(source.text, scale))

            yield Case("trl", TRL, version, "_generate_and_score_completions",
                       f"scale_rewards={scale}", rule)  # fmt: skip
        settings: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("as the version has it", {}, {"correction": version == "1.16"}),
            ("corrected", {"use_bias_correction_kl": True}, {"correction": True}),
            ("not corrected", {"use_bias_correction_kl": False}, {"correction": False}),
        ]
        for kind in ("bnpo", "dr_grpo", "dapo", "sapo", "cispo"):
            settings.append((kind, {"loss_type": kind}, {"loss_type": kind}))
        settings += [
            ("cispo, epsilon_high=5", {"loss_type": "cispo", "epsilon_high": 5},
             {"loss_type": "cispo", "epsilon_high": 5.0}),
            ("sequence ratio", {}, {"level": "sequence"}),
        ]  # fmt: skip
        if version == "1.16":
            more = {"entropy_coef": 0.2}
            settings.append(("entropy", {"entropy_coef": "0.2"}, more))
            settings.append(("entropy, not corrected",
                             {"entropy_coef": "0.2", "use_bias_correction_kl": False},
                             {**more, "correction": False}))  # fmt: skip
        for name, chosen, given in settings:
            given = {"correction": version == "1.16", **given}
            preset = presets.trl(version, **chosen)

            def whole(
                source: Source, preset: Preset = preset, given: dict[str, Any] = given
            ) -> list[float]:
                rule = trl_rule(source.text, "group")
                return [
                    measures.gradient(preset, trl_loss(source.text, 0.7, rule, **given), size, 0.7)
                    for size in (2, 4)
                ]

            yield Case("trl", TRL, version, "_compute_loss", name, whole)


# -- verl and what follows it ----------------------------------------------------------------------


def _verl_rule(text: str, name: str, **options: Any) -> measures.Advantages:
    compute = cut.function(text, name, _torch())

    def rule(rewards: Any) -> Any:
        mask = torch.ones(len(rewards), 1, dtype=torch.float64)
        index = np.zeros(len(rewards), dtype=int)
        return compute(rewards.clone()[:, None], mask, index, **options)[0][:, 0]

    return rule


def _of_verl() -> Iterator[Case]:
    rules: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("grpo", "compute_grpo_outcome_advantage", {}, {}),
        ("grpo without std", "compute_grpo_outcome_advantage", {"scale": False},
         {"norm_adv_by_std_in_grpo": False}),
        ("rloo", "compute_rloo_outcome_advantage", {"adv_estimator": "rloo"}, {}),
        ("opo", "compute_opo_outcome_advantage", {"adv_estimator": "opo"}, {}),
        ("grpo_passk", "compute_grpo_passk_outcome_advantage", {"adv_estimator": "grpo_passk"},
         {"config": {"norm_adv_by_std_in_grpo": True}}),
        ("grpo_passk without std", "compute_grpo_passk_outcome_advantage",
         {"adv_estimator": "grpo_passk", "scale": False},
         {"config": {"norm_adv_by_std_in_grpo": False}}),
    ]  # fmt: skip
    for what, name, chosen, given in rules:
        preset = presets.verl(**chosen)

        def rule(
            source: Source, preset: Preset = preset, name: str = name, given: Any = given
        ) -> list[float]:
            return _drifts(preset, _verl_rule(source.text, name, **given))

        yield Case("verl", VERL, None, name, what, rule)
    for estimator in ("k1", "k2", "low_var_kl", "abs", "k1+", "k3+"):
        preset = presets.verl(estimator=estimator)

        def term(source: Source, preset: Preset = preset, kind: str = estimator) -> list[float]:
            names = _torch()
            names["kl_penalty_forward"] = cut.function(source.text, "kl_penalty_forward", _torch())
            compute = cut.function(source.text, "kl_penalty", names)
            return [measures.penalty(preset, lambda new, ref, old: compute(new, ref, kind))]

        yield Case("verl", VERL, None, "kl_penalty", estimator, term)

    def in_reward(source: Source) -> list[float]:
        compute = cut.function(source.text, "compute_rewards", _torch())
        preset = presets.verl("reward")
        return [measures.penalty(preset, lambda new, ref, old: -compute(0.0, new, ref, 1.0))]

    yield Case("verl", VERL, None, "compute_rewards", "KL in the reward", in_reward)


def _of_descendants() -> Iterator[Case]:
    skyrl = "skyrl/backends/skyrl_train/utils/ppo_utils.py"
    for scale in (True, False):
        preset = presets.skyrl(scale=scale)

        def rule(source: Source, preset: Preset = preset, scale: bool = scale) -> list[float]:
            name = "compute_grpo_outcome_advantage"
            return _drifts(preset, _verl_rule(source.text, name, grpo_norm_by_std=scale))

        yield Case("skyrl", skyrl, None, "compute_grpo_outcome_advantage", f"std {scale}", rule)
    leave_one_out = presets.skyrl(advantage_estimator="rloo")
    logger = SimpleNamespace(logger=SimpleNamespace(warning=print))

    def rloo(source: Source) -> list[float]:
        name, kept = "compute_rloo_outcome_advantage", sys.modules.get("loguru")
        sys.modules["loguru"] = logger  # type: ignore[assignment]
        try:
            return _drifts(leave_one_out, _verl_rule(source.text, name))
        finally:
            sys.modules.pop("loguru")
            if kept is not None:
                sys.modules["loguru"] = kept

    yield Case("skyrl", skyrl, None, "compute_rloo_outcome_advantage", "rloo", rloo)
    tables = [
        ("skyrl", skyrl, presets.skyrl, ("k1", "k2", "k3", "abs"), "kl_estimator_type", {}),
        ("roll", "roll/utils/functionals.py", presets.roll, ("kl", "mse", "k3", "abs"),
         "kl_penalty", {}),
        ("slime", "slime/utils/ppo_utils.py", presets.slime, ("k1", "k2", "k3", "low_var_kl"),
         "kl_loss_type", {}),
        ("slime", "slime/utils/ppo_utils.py", presets.slime, ("k1", "k2", "k3", "low_var_kl"),
         "kl_loss_type", {"unbiased": True}),
    ]  # fmt: skip
    for distribution, path, build, kinds, option, more in tables:
        for kind in kinds:

            def term(
                source: Source, build: Any = build, kind: str = kind, option: str = option,
                more: dict[str, Any] = more,
            ) -> list[float]:  # fmt: skip
                compute = cut.function(source.text, "compute_approx_kl", _torch())

                def value(new: Any, ref: Any, old: Any) -> Any:
                    given = {option: kind}
                    if more:
                        given["importance_ratio"] = torch.exp(new - old)
                    return compute(new, ref, **given)

                return [measures.penalty(build(kind, **more), value)]

            what = kind + (", unbiased" if more else "")
            yield Case(distribution, path, None, "compute_approx_kl", what, term)


# -- OpenRLHF ------------------------------------------------------------------------------------


def _of_openrlhf() -> Iterator[Case]:
    for estimator in ("group_norm", "dr_grpo", "rloo", "reinforce_baseline"):
        preset = presets.openrlhf("reward", advantage=estimator)

        def rule(source: Source, preset: Preset = preset, kind: str = estimator) -> list[float]:
            def advantages(rewards: Any) -> Any:
                advantage = SimpleNamespace(estimator=kind)
                args = SimpleNamespace(
                    algo=SimpleNamespace(advantage=advantage),
                    rollout=SimpleNamespace(n_samples_per_prompt=len(rewards)),
                )
                names = _torch(args=args, rewards=rewards[None, :].clone())
                test = "args.algo.advantage.estimator == 'rloo'"
                return cut.statement(source.text, test, names, "rewards")[0]

            return _drifts(preset, advantages)

        yield Case("openrlhf", MAKER, "0.11", "compute_advantages_and_returns", estimator, rule)
    for place in ("loss", "reward"):
        for estimator in ("k1", "k2", "k3"):
            for unbiased in (False, True) if place == "loss" else (False,):
                preset = presets.openrlhf(
                    place, estimator, **({"unbiased_gradient": True} if unbiased else {})
                )

                def term(
                    source: Source, preset: Preset = preset, kind: str = estimator,
                    unbiased: bool = unbiased,
                ) -> list[float]:  # fmt: skip
                    names = _torch(KL_IS_WEIGHT_CLIP=10.0)
                    compute = cut.function(source.text, "compute_approx_kl", names)

                    def value(new: Any, ref: Any, old: Any) -> Any:
                        return compute(new, ref, old, kind, unbiased)

                    return [measures.penalty(preset, value)]

                what = f"{estimator} in the {place}" + ", unbiased_gradient" * unbiased
                yield Case("openrlhf", RLHF, "0.11", "compute_approx_kl", what, term)


# -- the others ----------------------------------------------------------------------------------


def _of_swift() -> Iterator[Case]:
    for version in ("4.0.0", "4.0.4", "4.6.0"):
        preset = presets.ms_swift(version=version)

        def term(source: Source, preset: Preset = preset) -> list[float]:
            def value(new: Any, ref: Any, old: Any) -> Any:
                self = SimpleNamespace(beta=1.0, kl_in_reward=False)
                batch = {"ref_per_token_logps": ref}
                names = _torch(self=self, inputs=batch, per_token_logps=new)
                names["grpo_batch"] = SimpleNamespace(**batch)
                test = "not self.kl_in_reward"
                return cut.statement(source.text, test, names, "per_token_kl")

            return [measures.penalty(preset, value)]

        yield Case("ms_swift", SWIFT, version, "_compute_loss", "k3", term)
    for estimator in ("grpo", "rloo", "reinforce_plus_plus"):
        for scale in ("group", "none"):
            given = {"advantage_estimator": estimator, "scale_rewards": scale}

            def rule(source: Source, given: dict[str, str] = given) -> list[float]:
                names = _torch(Optional=Any, nanstd=_nanstd)
                compute = cut.function(source.text, "compute_advantages", names)

                def advantages(rewards: Any) -> Any:
                    one = torch.ones(1, dtype=torch.float64)
                    return compute(rewards[:, None], one, len(rewards), **given)[0]

                return [
                    measures.drift(
                        presets.ms_swift(size, kl_in_reward=False, **given),
                        advantages,
                        size,
                        levels,
                    )
                    for size, levels in SIZES
                ]

            yield Case("ms_swift", "swift/rl_core/advantage.py", "4.6.0", "compute_advantages",
                       f"{estimator}, {scale}", rule)  # fmt: skip


def _of_nemo() -> Iterator[Case]:
    settings = [("0.6", True, True), ("0.7", True, True), ("0.7", True, False),
                ("0.7", False, True), ("0.7", False, False)]  # fmt: skip
    for version, own, scaled in settings:
        chosen = {"use_leave_one_out_baseline": own, "normalize_rewards": scaled}
        preset = presets.nemo_rl(version, **chosen)

        def rule(
            source: Source, preset: Preset = preset, own: bool = own, scaled: bool = scaled
        ) -> list[float]:
            name = "calculate_baseline_and_std_per_prompt"
            compute = cut.function(source.text, name, _torch())

            def advantages(rewards: Any) -> Any:
                prompts = torch.zeros(len(rewards), 1)
                kept = torch.ones_like(rewards)
                torch.set_default_dtype(torch.float64)
                try:
                    baseline, std = compute(prompts, rewards, kept, own)
                finally:
                    torch.set_default_dtype(torch.float32)
                found = rewards - baseline
                # As GRPOAdvantageEstimator: unscaled where rewards do not spread.
                return torch.where(std > 0, found / (std + 1e-6), found) if scaled else found

            return [measures.drift(preset, advantages, size, (1, 0)) for size in (2, 3, 4, 5)]

        what = ", ".join(name for name, on in chosen.items() if on)
        yield Case("nemo_rl", NEMO, version, "calculate_baseline_and_std_per_prompt", what, rule)
    for version in ("0.6", "0.7"):
        for kind in ("k1", "k2", "k3"):
            preset = presets.nemo_rl(version, estimator=kind)

            def term(
                source: Source, preset: Preset = preset, version: str = version, kind: str = kind
            ) -> list[float]:
                compute = cut.function(source.text, "calculate_kl", _torch())

                def value(new: Any, ref: Any, old: Any) -> Any:
                    given = {} if version == "0.6" else {
                        "importance_sampling_weights": torch.exp(new - new.detach())
                    }  # fmt: skip
                    return compute(new, ref, kind, 20.0, 10.0, **given)

                return [measures.penalty(preset, value)]

            yield Case("nemo_rl", NEMO, version, "calculate_kl", kind, term)


def _of_rest() -> Iterator[Case]:
    for place, kind in enumerate(("k1", "k2", "k3", "k1-ratio")):
        preset = presets.open_instruct(estimator=kind)

        def term(source: Source, preset: Preset = preset, place: int = place) -> list[float]:
            compute = cut.function(source.text, "estimate_kl", _torch())
            return [measures.penalty(
                preset, lambda new, ref, old: compute(new - ref, torch.exp(new - old))[place]
            )]  # fmt: skip

        yield Case("open_instruct", "open_instruct/model_utils.py", None, "estimate_kl", kind, term)
    for kind in ("k1", "k2", "k3"):
        preset = presets.areal(kind)

        def value_of(source: Source, preset: Preset = preset, kind: str = kind) -> list[float]:
            compute = cut.function(source.text, "_compute_approx_kl", _torch())
            return [measures.penalty(preset, lambda new, ref, old: compute(new, ref, kind))]

        yield Case("areal", "areal/utils/data.py", None, "KLEstimator", kind, value_of)
    for correction in (True, False):
        preset = presets.unsloth(use_bias_correction_kl=correction)

        def clamped(source: Source, preset: Preset = preset, on: bool = correction) -> list[float]:
            def value(new: Any, ref: Any, old: Any) -> Any:
                names = _torch(beta=1.0, ref=ref, new=new, coef_1=torch.exp(new - old))
                names |= {"use_bias_correction_kl": on, "importance_sampling_level": "token"}
                return cut.statement(source.text, "beta != 0.0", names, "kl_i")

            return [measures.penalty(preset, value)]

        yield Case("unsloth_zoo", "unsloth_zoo/rl_replacements.py", None, "grpo_compute_loss",
                   f"use_bias_correction_kl={correction}", clamped)  # fmt: skip


def every() -> list[Case]:
    """All comparisons, of all trainers."""
    parts = (_of_trl, _of_verl, _of_descendants, _of_openrlhf, _of_swift, _of_nemo, _of_rest)
    return [case for part in parts for case in part()]
