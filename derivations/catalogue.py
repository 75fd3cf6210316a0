"""The results in the order in which they are read, by chapter and by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from derivations.result import Outcome, Result, run

__all__ = ["CHAPTERS", "NAMES", "ORDER", "Chapter", "builder", "lookup", "outcome_of"]


@dataclass(frozen=True)
class Chapter:
    """A chapter: what its results have in common, and their file names in reading order."""

    title: str
    about: str
    names: tuple[str, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "Definitions and invariances",
        "The advantage of a group, what it does not depend on, and the preference that its "
        "expectation is.",
        (
            "eq02_sign_form",
            "eq02_pairwise_form",
            "eq02_invariance",
            "eq06_reward_preference",
            "r2_pairwise",
            "r_infinity",
        ),
    ),
    Chapter(
        "The penalty",
        "Which divergence a penalty acts as depends on the estimator, and on whether it stands in "
        "the loss or in the reward and with or without the importance ratio.",
        (
            "eq08_frozen_gradient",
            "eq09_direct_kl_gradient",
            "eq10_on_policy_gradient",
            "eq10_reverse_kl",
            "direct_kl_with_ratio",
            "k3_unbiased",
            "k3_off_policy",
            "penalty_coefficients",
            "estimators_by_name",
        ),
    ),
    Chapter(
        "The stationarity condition",
        "One condition for every algorithm: the preference less the weighted marginal penalty is "
        "the same for all answers. RLHF and NLHF are special cases.",
        (
            "eq04_rlhf",
            "eq05_nlhf",
            "eq11_stationary",
            "eq12_pairs",
            "eq13_large_group",
            "direct_kl_pooling",
            "variance_identity",
        ),
    ),
    Chapter(
        "Two answers: groups of two, large groups",
        "The two group sizes with a short closed form under the published penalty.",
        (
            "eq16_objective_of_pairs",
            "eq17_condition_of_pairs",
            "eq14_binary_pairs",
            "eq14_limits",
            "eq14_tie",
            "eq18_objective_of_large_groups",
            "eq19_condition_of_large_groups",
            "eq15_large_group",
            "eq15_limits",
            "ties_in_large_groups",
        ),
    ),
    Chapter(
        "Two answers: every group size",
        "A binary question, the published penalty unless another is named, and any $G$.",
        (
            "bernstein_form",
            "uniqueness_every_group",
            "comparative_statics",
            "noisy_verifier",
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
            "accuracy_of_large_group_formula",
        ),
    ),
    Chapter(
        "Is there an objective?",
        "With two reward levels GRPO climbs a function of the policy; with three it climbs none.",
        (
            "potential_two_levels",
            "implicit_objective",
            "curl_three_levels",
            "curl_criterion",
        ),
    ),
    Chapter(
        "Many answers",
        "Questions with any number of answers, reduced to one equation in one unknown, or shown "
        "to have one stationary policy.",
        (
            "lumping",
            "rank_distortion",
            "uniqueness_pairs",
            "large_group_many_answers",
            "level_values_integral",
            "level_values_rise",
            "level_values_one_over_group_size",
            "many_levels_below_two",
            "uniqueness_many_levels",
        ),
    ),
    Chapter(
        "Direct KL and folds",
        r"The penalty $\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$ in place of the published one: "
        "more than one stationary policy, or none.",
        (
            "direct_kl_pairs",
            "direct_kl_large_group",
            "limits_of_h",
            "fold_curve_direct_kl",
            "maxwell_point_direct_kl",
            "cusp_finite_groups",
            "tilting_large_group",
            "tilt_of_many_answers",
            "certainty_of_the_better_answer",
        ),
    ),
    Chapter(
        "Dynamics: stationary is not maximal",
        "Stationary, a maximum of the stage problem, attracting for policy gradient and attracting "
        "for the iterated best response: no two of them are the same.",
        (
            "concavity_threshold_stage",
            "stationary_is_not_maximal",
            "best_response_recursion",
            "best_response_slope",
            "spread_of_iterates",
            "reuse_limit",
        ),
    ),
    Chapter(
        "Other normalisations, and trainers",
        "The rules of Dr. GRPO and of public trainers: what each does to the drift and to the "
        "weight of the penalty.",
        (
            "shift_only_factor",
            "shift_only_is_rlhf",
            "shift_only_reverse_kl",
            "dr_grpo_weight",
            "trainer_drift_std",
            "trainer_drift_batch",
            "trainer_nemo_rl",
            "trainer_dropped_groups",
            "trainer_rloo_is_rlhf",
            "max_rl_drift",
            "drift_of_every_preset",
        ),
    ),
    Chapter(
        "Raters who disagree",
        "One rater scores a whole group, or each answer has a rater of its own: what training "
        "makes of an electorate.",
        (
            "raters_majority_margin",
            "raters_two_answers",
            "raters_central_path",
            "raters_direct_kl_loser",
            "raters_clones",
            "raters_least_divergence",
            "raters_cycle",
            "raters_condorcet_lift",
            "raters_group_size",
            "raters_vertices",
            "raters_large_groups",
            "raters_fresh_large_groups",
            "raters_approvals",
            "raters_merging",
            "raters_proportional",
        ),
    ),
)

#: File name of each result, in reading order.
ORDER: tuple[str, ...] = tuple(name for chapter in CHAPTERS for name in chapter.names)

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
