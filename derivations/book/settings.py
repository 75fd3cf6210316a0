"""In which setting a reader can check the formulas of a result: comments of the book's source.

``grpo-symbolic check-paper`` reads them. Formulas that a check of stationary policies cannot
express (definitions, series, values of other functions) have none, and are listed as not checked.
"""

from __future__ import annotations

__all__ = ["DERIVED", "SETTINGS"]

#: By file name of the result: the words of ``% grpo:`` before its formulas, or before each of them.
SETTINGS: dict[str, str | tuple[str, ...]] = {
    "eq04_rlhf": "preset=rlhf",
    "eq05_nlhf": "preset=nlhf margin",
    "eq12_pairs": "group_size=2 margin",
    "eq13_large_group": "group_size=inf",
    "eq17_condition_of_pairs": "group_size=2 margin",
    "eq14_binary_pairs": "group_size=2 margin",
    "eq14_limits": "group_size=2 margin",
    "eq14_tie": "group_size=2 margin=0",
    "eq15_large_group": "group_size=inf",
    "eq15_limits": "group_size=inf",
    "eq19_condition_of_large_groups": "group_size=inf",
    "group_of_three": "group_size=3",
    "direct_kl_pairs": "group_size=2 penalty=direct-kl margin",
    "shift_only_is_rlhf": "group_size=inf penalty=direct-kl scale=none",
    "shift_only_reverse_kl": "group_size=inf scale=none",
    "dr_grpo_weight": "group_size=G scale=none",
    "trainer_dropped_groups": "preset=dapo group_size=2",
    "noisy_verifier": ("group_size=inf success", "skip"),
    "trainer_drift_std": ("skip", "group_size=2 ddof=1 epsilon=1e-4"),
    "trainer_rloo_is_rlhf": (
        "skip",
        "group_size=4 scale=rloo penalty=k1 placement=reward-before-baseline",
    ),
}

_STATED = ("eq14_limits", "eq15_limits", "dr_grpo_weight", "trainer_dropped_groups")
#: The same before every line of a derivation, which each stationary policy satisfies.
DERIVED: dict[str, str] = {
    **{n: words for n, words in SETTINGS.items() if isinstance(words, str) and n not in _STATED},
    "direct_kl_large_group": "group_size=inf penalty=direct-kl",
    "quartic_groups_of_four_and_five": "group_size=4",
}
