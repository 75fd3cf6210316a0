"""Changes that nobody could see, each with the reason why; and what is not changed at all."""

from __future__ import annotations

__all__ = ["EQUIVALENT", "LEFT_OUT"]

#: By the name of the change: file, function, kind and source.
EQUIVALENT: dict[str, str] = {
    "grpo_symbolic/verify/elaboration.py:Elaboration._abs: a number off by one: 0": (
        "what is 0 is its own negative, and no exponent is 0"
    ),
    "grpo_symbolic/verify/elaboration.py:Elaboration._abs: another relation: s >= 0": (
        "what is 0 is its own negative"
    ),
    "grpo_symbolic/verify/bernstein_goal.py:Checks._smooth_power: another relation: exponent < 0": (
        "a power with exponent 0 is 1, and no power"
    ),
    "grpo_symbolic/verify/bernstein_theorem.py:_shares: the other truth value: True": (
        "one end without the other: a function that is zero at one of the first and the last count "
        "is positive at the other, or, for two, has this one count at both ends"
    ),
    "grpo_symbolic/verify/linear_certificate.py:_Program._add: plus for minus: "
    "1.0 + sum(powers) ** 2 + 0.1 * len(share)": (
        "a preference among identities each of which proves the claim, and is expanded to see it"
    ),
    "grpo_symbolic/verify/sign_search.py:_by_root: left out: continue": (
        "without a sign of either side their squares show nothing: it saves to look at them"
    ),
}

#: Files that decide nothing.
LEFT_OUT: dict[str, str] = {
    "grpo_symbolic/verify/limits.py": (
        "limits of work, and which claims are looked at without a meter: what exceeds one is left "
        "undecided, and nothing is proved or refuted by them"
    ),
}
