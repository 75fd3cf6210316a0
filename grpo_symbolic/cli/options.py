"""The options that every command shares: which algorithm, on which question."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sympy import Integer

from grpo_symbolic import presets, symbols
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.inputs import exact_number, group_size, parameter
from grpo_symbolic.model.advantage import Advantage, LeaveOneOut, ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import (
    ESTIMATORS,
    PLACEMENTS,
    DirectKL,
    Divergence,
    Estimator,
    Penalty,
    ReverseKL,
)
from grpo_symbolic.question import BinaryQuestion, Question

__all__ = [
    "Parser",
    "choice",
    "chosen_algorithm",
    "chosen_notation",
    "chosen_question",
    "decimal_digits",
    "listed",
    "margin_option",
    "model_options",
    "named",
    "notation_option",
    "question_with_margin",
]

PENALTIES: dict[str, Callable[[], Penalty]] = {
    ReverseKL.name: ReverseKL,
    DirectKL.name: DirectKL,
    "chi2": Divergence.chi_squared,
    "js": Divergence.jensen_shannon,
    "hellinger": Divergence.hellinger,
}
SCALES = ("std", "none", "rloo")
MAX_DIGITS = 10_000
MAX_FILE = 1_000_000


class Parser(argparse.ArgumentParser):
    """Bad input is one sentence on standard error and exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def model_options() -> argparse.ArgumentParser:
    """A parent parser with the options of the model."""
    model = Parser(add_help=False)
    model.add_argument("--group-size", metavar="G", help="2, 3, ... or inf (default 2)")
    penalties = "|".join([*PENALTIES, "alpha:A", *ESTIMATORS])
    model.add_argument("--penalty", metavar="NAME", help=f"{penalties} (default reverse-kl)")
    model.add_argument(
        "--placement", metavar="NAME", help="|".join(PLACEMENTS) + ": of an estimator (k1, k2, ...)"
    )
    model.add_argument("--scale", metavar="NAME", help="std|none|rloo: the advantage (default std)")
    model.add_argument("--ddof", metavar="N", help="0 (default) or 1: sample standard deviation")
    model.add_argument("--epsilon", metavar="X", help="added to the standard deviation (default 0)")
    model.add_argument("--preset", metavar="NAME", help="a trainer's conventions: see presets")
    rewards = model.add_mutually_exclusive_group()
    rewards.add_argument("--rewards", metavar="R,R,...", help="deterministic rewards")
    rewards.add_argument("--success", metavar="S,S,...", help="success rates of a verifier")
    rewards.add_argument("--preferences", metavar="FILE", help="CSV matrix of margins (G = 2)")
    return model


def choice(name: str, value: str, table: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, got {value!r}")
    return table[value]


def chosen_algorithm(arguments: argparse.Namespace) -> Algorithm:
    """The algorithm of the options, or a preset with the group size that was asked for."""
    if arguments.preset is None:
        size = named("--group-size", group_size, arguments.group_size or "2")
        return GRPO(group_size=size, penalty=_penalty(arguments), advantage=_advantage(arguments))
    for option in ("penalty", "placement", "scale", "ddof", "epsilon"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} cannot be given with --preset, which fixes it")
    preset = named("--preset", presets.lookup, arguments.preset)
    if arguments.group_size is None:
        return preset.algorithm
    return preset.with_group_size(named("--group-size", group_size, arguments.group_size)).algorithm


def _penalty(arguments: argparse.Namespace) -> Penalty:
    name, placement = arguments.penalty or ReverseKL.name, arguments.placement
    if placement is not None and placement not in PLACEMENTS:
        raise ValueError(f"--placement must be one of {', '.join(PLACEMENTS)}, got {placement!r}")
    if name in ESTIMATORS:
        return Estimator(name, placement or "loss")
    if placement is not None:
        raise ValueError(
            f"--placement goes with an estimator ({', '.join(ESTIMATORS)}), got --penalty {name}"
        )
    if name.startswith("alpha:"):
        order = name.removeprefix("alpha:")
        return named("--penalty", Divergence.alpha, order, "alpha:A with a number A")
    if name not in PENALTIES:
        known = ", ".join([*PENALTIES, "alpha:A", *ESTIMATORS])
        raise ValueError(f"--penalty must be one of {known}, got {name!r}")
    return PENALTIES[name]()


def _advantage(arguments: argparse.Namespace) -> Advantage:
    scale = arguments.scale or "std"
    if scale not in SCALES:
        raise ValueError(f"--scale must be one of {', '.join(SCALES)}, got {scale!r}")
    if scale == "std":
        ddof = arguments.ddof or "0"
        if ddof not in ("0", "1"):
            raise ValueError(f"--ddof must be 0 or 1, got {ddof}")
        epsilon = named("--epsilon", lambda v: parameter("epsilon", v), arguments.epsilon or "0")
        return ShiftAndScale(int(ddof), epsilon)
    for option in ("ddof", "epsilon"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} goes with --scale std, got --scale {scale}")
    return ShiftOnly() if scale == "none" else LeaveOneOut()


def chosen_question(arguments: argparse.Namespace) -> Question | None:
    """The question of --rewards, --success or --preferences; None for the binary default."""
    if arguments.rewards is not None:
        return named("--rewards", lambda v: Question(rewards=listed(v)), arguments.rewards)
    if arguments.success is not None:
        return named("--success", lambda v: Question(success=listed(v)), arguments.success)
    if arguments.preferences is not None:
        matrix = _matrix(arguments.preferences)
        return named("--preferences", lambda v: Question(preferences=v), matrix)
    return None


def margin_option(command: argparse.ArgumentParser) -> None:
    """``--margin`` with or without a number, for commands that print formulas."""
    command.add_argument(
        "--margin",
        nargs="?",
        const=True,
        metavar="X",
        help="random rewards with this confidence margin, gamma without a number (G = 2)",
    )


def question_with_margin(arguments: argparse.Namespace) -> Question:
    """The question of the options, the better answer of two first; binary unless said."""
    question = chosen_question(arguments)
    if arguments.margin is not None:
        if question is not None:
            raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
        margin = symbols.gamma
        if arguments.margin is not True:
            margin = named("--margin", lambda v: parameter("margin", v), arguments.margin)
        return BinaryQuestion(margin=margin)
    question = question or BinaryQuestion()
    if len(question) == 2 and question.reward_laws and question.rewards[0] > question.rewards[1]:
        return BinaryQuestion.of(question)
    return question


def notation_option(command: argparse.ArgumentParser) -> None:
    """``--notation``: other names for print."""
    command.add_argument(
        "--notation",
        metavar="KEY=TEX,...",
        help="names for print, such as beta=\\lambda,pi_ref=\\mu,answer=y,context=x; "
        "short: p and p_0; the keys: " + ", ".join(Notation.changeable()),
    )


def chosen_notation(arguments: argparse.Namespace) -> Notation:
    """The names of --notation; the library's own without it."""
    if arguments.notation is None:
        return Notation()
    make: Callable[..., Notation] = Notation
    names: dict[str, str] = {}
    # A comma separates only where the next name begins: TeX has commas of its own.
    for part in re.split(r",(?=\s*(?:\w+\s*=|short\b))", arguments.notation):
        key, equals, tex = (piece.strip() for piece in part.partition("="))
        if key == "short" and not equals:
            make = Notation.short
        elif not equals or key not in Notation.changeable() or key in names:
            known = ", ".join(Notation.changeable())
            raise ValueError(
                f"--notation must be short, or KEY=TEX,... with each key once and one of {known}, "
                f"got {part.strip()!r}"
            )
        else:
            names[key] = tex
    try:
        return make(**names)
    except ValueError as error:
        raise ValueError(f"--notation: {error}") from None


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _matrix(name: str) -> tuple[tuple[str, ...], ...]:
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read(MAX_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"--preferences must be a readable CSV file, got {name}: {error}"
        ) from None
    if len(text) > MAX_FILE:
        raise ValueError(f"--preferences must be a file of at most {MAX_FILE} characters")
    return tuple(listed(line) for line in text.splitlines() if line.strip())


def named(option: str, read: Callable[[Any], Any], value: Any, allowed: str = "") -> Any:
    """Errors name the option as it is typed."""
    try:
        return read(value)
    except ValueError as error:
        _, must, rest = str(error).partition(" must be ")
        if not must:
            raise ValueError(f"{option}: {error}") from None
        if allowed:
            rest = f"{allowed}, got {value}"
        raise ValueError(f"{option} must be {rest}") from None


def decimal_digits(value: str) -> int:
    allowed = f"an integer from 1 to {MAX_DIGITS}"
    number = exact_number("digits", value, allowed)
    if number != Integer(int(number)) or not 1 <= number <= MAX_DIGITS:
        raise ValueError(f"digits must be {allowed}, got {value}")
    return int(number)
