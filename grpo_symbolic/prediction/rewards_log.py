"""A log of rollouts as a question: how often the reference gives what, and what that earns."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from grpo_symbolic.inputs import read_parameter

__all__ = ["RewardsLog", "read_rewards"]

_LARGEST = 50_000_000
_MOST_LEVELS = 8
_NAMES = ("reward", "rewards", "score", "scores")


class RewardsLog:
    """The rewards of rollouts.

    Attributes
    ----------
    rewards : tuple of Fraction
        The reward levels, the best first.
    shares : tuple of Fraction
        How often each was met: the reference probabilities of answers with that reward.
    prompts : int
        How many prompts the log is of, as far as it says so.
    """

    def __init__(self, counts: Counter[Fraction], prompts: int) -> None:
        total = sum(counts.values())
        self.rewards = tuple(sorted(counts, reverse=True))
        self.shares = tuple(Fraction(counts[r], total) for r in self.rewards)
        self.prompts = prompts

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a prediction from this log assumes."""
        if self.prompts < 2:
            return ()
        return (
            f"the log has {self.prompts} prompts: their rollouts are taken for one question, whose "
            "rest point is not the average of theirs",
        )


def read_rewards(path: str | PathLike[str]) -> RewardsLog:
    """The rewards of a log, one JSON object a line.

    Each line has ``reward`` (or ``score``), a number, or ``rewards``, a list of numbers; ``prompt``
    is counted where it is there.

    Raises
    ------
    ValueError
        For a file that cannot be read, a line without a reward, a single reward level, or more
        than 8 of them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"the log of rewards cannot be read: {error}") from None
    if len(text) > _LARGEST:
        raise ValueError(f"a log of rewards must have at most {_LARGEST} characters")
    counts: Counter[Fraction] = Counter()
    prompts = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        entry = _entry(line, number)
        prompts.add(str(entry.get("prompt", "")))
        counts.update(_rewards(entry, number))
    if not 2 <= len(counts) <= _MOST_LEVELS:
        raise ValueError(
            f"the log has {len(counts)} different rewards, and 2 to {_MOST_LEVELS} can be answered "
            "for: round them to a few levels"
        )
    return RewardsLog(counts, len(prompts))


def _entry(line: str, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise ValueError(f"line {number} of the log is no JSON") from None
    if not isinstance(entry, dict):
        raise ValueError(f"line {number} of the log must be an object with a reward")
    return entry


def _rewards(entry: dict[str, Any], number: int) -> list[Fraction]:
    name = next((name for name in _NAMES if name in entry), None)
    if name is None:
        raise ValueError(f"line {number} of the log has no {_NAMES[0]}")
    values = entry[name] if isinstance(entry[name], list) else [entry[name]]
    found = []
    for value in values:
        if isinstance(value, bool):
            found.append(Fraction(int(value)))
        else:
            found.append(read_parameter("reward", str(value), f"{name} in line {number}"))
    return found
