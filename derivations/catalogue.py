"""The results in the order in which they are read, by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from derivations.result import Outcome, Result, run

__all__ = ["NAMES", "ORDER", "builder", "lookup", "outcome_of"]

#: File name of each result, in reading order.
ORDER: tuple[str, ...] = (
    "eq02_sign_form",
    "eq02_pairwise_form",
    "eq02_invariance",
    "eq06_reward_preference",
    "r2_pairwise",
    "r_infinity",
    "eq08_frozen_gradient",
    "eq09_on_policy_gradient",
    "eq10_reverse_kl",
    "direct_kl_with_ratio",
    "k3_unbiased",
    "penalty_coefficients",
    "estimators_by_name",
    "eq04_rlhf",
    "eq05_nlhf",
    "eq11_stationary",
    "eq12_pairs",
    "eq13_large_group",
    "eq14_binary_pairs",
    "eq14_limits",
    "eq14_tie",
    "eq15_large_group",
    "eq15_limits",
    "comparative_statics",
    "bernstein_form",
    "uniqueness_every_group",
    "potential_two_levels",
    "implicit_objective",
    "noisy_verifier",
    "lumping",
    "rank_distortion",
    "uniqueness_pairs",
    "curl_three_levels",
    "curl_criterion",
    "variance_identity",
    "large_group_many_answers",
    "group_of_three",
    "quartic_groups_of_four_and_five",
    "no_radicals_from_six",
    "escape_threshold",
    "monotone_in_group_size",
    "bounds_every_group",
    "large_group_limit",
    "one_over_group_size",
    "series_in_the_group_size",
    "series_in_the_weight",
    "small_penalty_limits",
    "order_of_limits",
    "concavity_threshold_stage",
    "stationary_is_not_maximal",
    "direct_kl_pairs",
    "direct_kl_large_group",
    "fold_curve_direct_kl",
    "maxwell_point_direct_kl",
    "cusp_finite_groups",
    "best_response_recursion",
    "best_response_slope",
    "tilting_large_group",
    "shift_only_factor",
    "shift_only_is_rlhf",
    "shift_only_reverse_kl",
    "trainer_drift_std",
    "trainer_drift_batch",
    "trainer_nemo_rl",
    "trainer_dropped_groups",
    "trainer_rloo_is_rlhf",
    "dr_grpo_weight",
    "max_rl_drift",
    "accuracy_of_large_group_formula",
)

#: Short names: ``eq14`` stands for the first result of that equation.
NAMES: dict[str, str] = {}
for _name in ORDER:
    _head = _name.split("_")[0]
    if _head.startswith("eq"):
        NAMES.setdefault(_head.replace("eq0", "eq"), _name)
        NAMES.setdefault(_head, _name)
    NAMES.setdefault(_name, _name)
NAMES["eq7"] = NAMES["eq8"]  # the penalty and its gradient stand in one file


def lookup(name: str) -> str:
    """The file name of a result.

    Raises
    ------
    ValueError
        For a name that no result has.
    """
    if name not in NAMES:
        raise ValueError(f"result must be one of {', '.join(NAMES)}, got {name!r}")
    return NAMES[name]


def builder(name: str) -> Callable[[], Result]:
    """The function that derives a result; its file is imported now."""
    return import_module(f"derivations.{name}").result


def outcome_of(name: str) -> Outcome:
    """A result with its verdicts, by name: work for a process of its own."""
    return run(name, builder(name))
