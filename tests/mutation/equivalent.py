"""Changes that nobody could see, each with the reason why; and what is not changed at all."""

from __future__ import annotations

__all__ = ["EQUIVALENT", "LEFT_OUT"]

#: By the name of the change: file, function, kind and source.
EQUIVALENT: dict[str, str] = {}

#: Files that decide nothing.
LEFT_OUT: dict[str, str] = {
    "grpo_symbolic/verify/limits.py": (
        "limits of work, and which claims are looked at without a meter: what exceeds one is left "
        "undecided, and nothing is proved or refuted by them"
    ),
}
