"""A log of rollouts as a question: how often the reference gives what, and what that earns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import isnan
from os import PathLike
from pathlib import Path
from typing import Any

from grpo_symbolic.display import cut
from grpo_symbolic.inputs import read_parameter

_LARGEST = 50_000_000
_MOST_LEVELS = 8
_NAMES = ("reward", "rewards", "score", "scores")
#: Flags of a verifier, 1 or 0.
_FLAGS = ("success", "correct", "is_correct", "passed", "acc", "accuracy")
_PROMPTS = ("prompt", "prompt_id", "input", "question")


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
    without : tuple of int
        Lines in which a rollout has no reward, null or NaN.
    """

    def __init__(
        self, counts: Counter[Fraction], prompts: int, without: tuple[int, ...] = ()
    ) -> None:
        total = sum(counts.values())
        self.rewards = tuple(sorted(counts, reverse=True))
        self.shares = tuple(Fraction(counts[r], total) for r in self.rewards)
        self.prompts, self.without = prompts, without

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a prediction from this log assumes."""
        found = []
        if self.without:
            found.append(
                f"{len(self.without)} rollouts of the log have no reward (first in line "
                f"{self.without[0]}) and are left out"
            )
        if self.prompts > 1:
            found.append(
                f"the log has {self.prompts} prompts: their rollouts are taken for one question, "
                "whose rest point is not the average of theirs"
            )
        return tuple(found)


def read_rewards(path: str | PathLike[str]) -> RewardsLog:
    """The rewards of a log, one JSON value a line, or one JSON list of them all.

    A value is a number, a list of numbers (the rollouts of one prompt), or an object with
    ``reward`` (or ``score``), a number or a list, or a flag of a verifier: ``success``,
    ``correct``, ``passed``, ``acc``. ``prompt`` is counted where it is there. Empty lines are
    passed over; rewards that are null or NaN are counted as missing.

    Raises
    ------
    ValueError
        For a file that cannot be read, a line without a reward, a reward that is no number, a
        single reward level, or more than 8 of them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"the log of rewards cannot be read: {error}") from None
    if len(text) > _LARGEST:
        raise ValueError(f"a log of rewards must have at most {_LARGEST} characters")
    counts: Counter[Fraction] = Counter()
    prompts, without = set(), []
    for number, value in _values(text):
        entry = value if isinstance(value, dict) else {"reward": value}
        named = next((entry[name] for name in _PROMPTS if name in entry), None)
        prompts.add(number if isinstance(value, list) else str(named))
        for reward in _rewards(entry, number):
            if reward is None:
                without.append(number)
            else:
                counts[reward] += 1
    if not 2 <= len(counts) <= _MOST_LEVELS:
        raise ValueError(
            f"the log has {len(counts)} different rewards, and 2 to {_MOST_LEVELS} can be answered "
            "for: round them to a few levels"
        )
    return RewardsLog(counts, len(prompts), tuple(without))


def _values(text: str) -> Iterator[tuple[int, Any]]:
    """JSON values with their lines; the entries of a list that is the whole file, numbered."""
    try:
        whole = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, list) and any(isinstance(entry, (dict, list)) for entry in whole):
        yield from enumerate(whole, start=1)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line, parse_float=str, parse_int=str)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"line {number} of the log is no JSON: {error.msg[:1].lower()}{error.msg[1:]} at "
                f"column {error.colno}"
            ) from None
        except RecursionError:
            raise ValueError(f"line {number} of the log is no JSON that can be read") from None


def _rewards(entry: dict[str, Any], number: int) -> list[Fraction | None]:
    name = next((name for name in (*_NAMES, *_FLAGS) if name in entry), None)
    if name is None:
        raise ValueError(f"line {number} of the log has no {_NAMES[0]}")
    values = entry[name] if isinstance(entry[name], list) else [entry[name]]
    return [_reward(value, f"{name} in line {number}") for value in values]


def _reward(value: Any, label: str) -> Fraction | None:
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, bool):
        return Fraction(int(value))
    if isinstance(value, (dict, list)):
        raise ValueError(f"{label} must be a number, got {cut(str(value))}")
    if str(value).strip().lower() == "nan":
        return None
    return read_parameter("reward", str(value), label)
