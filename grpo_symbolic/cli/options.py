"""The options that every command shares: which algorithm, on which question.

Nothing here imports SymPy before all that was typed has been read: a name or a number that will
not do is refused at once. What is built from the options is built by methods of what was read.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from grpo_symbolic.cli.parsing import Parser
from grpo_symbolic.cli.values import listed, named, read_number
from grpo_symbolic.inputs import read_group_size, read_parameter
from grpo_symbolic.presets import checked as checked_preset
from grpo_symbolic.presets import lookup
from grpo_symbolic.registry import ADVANTAGES, ESTIMATORS, PENALTIES, PLACEMENTS, QUANTITIES

if TYPE_CHECKING:
    from grpo_symbolic.export.notation import Notation
    from grpo_symbolic.model.advantage import Advantage
    from grpo_symbolic.model.algorithm import Algorithm
    from grpo_symbolic.model.penalty import Penalty
    from grpo_symbolic.presets.preset import Preset
    from grpo_symbolic.question import Question

__all__ = [
    "MODEL",
    "QUESTIONS",
    "Parser",
    "chosen_question",
    "document_options",
    "margin_option",
    "model_options",
    "notation_option",
    "question_with_margin",
    "read_algorithm",
    "read_document",
    "read_notation",
    "refuse_margin",
]

#: Options of advantage rules; which rule takes which is said by the registry.
RULE_OPTIONS = {
    "ddof": ("N", "0 (default) or 1: sample standard deviation"),
    "epsilon": ("X", "added to the standard deviation (default 0)"),
    "batch": ("B", "samples over which the scale is taken: a multiple of the group size"),
    "sigma": ("X", "the constant scale (default: the symbol sigma)"),
    "subset": ("K", "members of a subset that is rewarded with its best"),
}
_FIXED_BY_PRESET = ("penalty", "placement", "scale", *RULE_OPTIONS)
QUESTIONS = ("rewards", "success", "preferences", "raters")
#: How raters come into training: ``--per``.
_WAYS = ("group", "answer", "mean")
#: Every option of the model, by its name among the arguments.
MODEL = ("group_size", *_FIXED_BY_PRESET, "preset", "set", *QUESTIONS, "per")
MAX_FILE = 1_000_000


def model_options() -> argparse.ArgumentParser:
    """A parent parser with the options of the model."""
    model = Parser(add_help=False)
    algorithm = model.add_argument_group("the algorithm")
    algorithm.add_argument("--group-size", metavar="G", help="2, 3, ... or inf (default 2)")
    penalties = ", ".join([*PENALTIES, *ESTIMATORS])
    algorithm.add_argument("--penalty", metavar="NAME", help=f"{penalties} (default reverse-kl)")
    algorithm.add_argument(
        "--placement",
        metavar="NAME",
        help=f"of an estimator ({', '.join(ESTIMATORS)}): {', '.join(PLACEMENTS)} (default loss)",
    )
    rules = ", ".join(ADVANTAGES)
    algorithm.add_argument("--scale", metavar="NAME", help=f"the advantage: {rules} (default std)")
    for option, (metavar, meaning) in RULE_OPTIONS.items():
        takers = ", ".join(ADVANTAGES.taking(option))
        algorithm.add_argument(f"--{option}", metavar=metavar, help=f"{meaning}; of {takers}")
    algorithm.add_argument("--preset", metavar="NAME", help="a trainer's conventions: see presets")
    algorithm.add_argument(
        "--set",
        nargs="+",
        metavar="KEY=VALUE",
        help="options of the preset, such as scale_rewards=batch loss_type=cispo",
    )
    question = model.add_argument_group("the question", "one of these, or two answers, a above b")
    question.add_argument("--rewards", metavar="R,R,...", help="deterministic rewards")
    question.add_argument("--success", metavar="S,S,...", help="success rates of a verifier")
    question.add_argument("--preferences", metavar="FILE", help="CSV matrix of margins (G = 2)")
    question.add_argument(
        "--raters", metavar="M:R,R,...;...", help="raters with a mass and a reward for each answer"
    )
    question.add_argument("--per", metavar="WAY", help=f"what a rater scores: {', '.join(_WAYS)}")
    return model


# -- the algorithm ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ChosenAlgorithm:
    """The algorithm of the options, read but not built."""

    group_size: int | float | None
    preset: str | None = None
    penalty: str = "reverse-kl"
    placement: str = "loss"
    scale: str = "std"
    rule_options: tuple[tuple[str, Fraction], ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()

    def build(self) -> Algorithm:
        """The algorithm, or a preset's with the group size that was asked for."""
        from grpo_symbolic.model.algorithm import GRPO

        preset = self.built_preset()
        if preset is None:
            return GRPO(self.group_size or 2, self._penalty(), self._advantage())
        if preset.entropy != 0:
            raise ValueError("--set: an entropy bonus is known to solve and predict only")
        return preset.algorithm

    def built_preset(self) -> Preset | None:
        """The preset with its options and the group size that was asked for, if there is one."""
        if self.preset is None:
            return None
        try:
            preset = lookup(self.preset, **dict(self.settings))
        except ValueError as error:
            raise ValueError(f"{'--set' if self.settings else '--preset'}: {error}") from None
        if self.group_size is None:
            return preset
        return named("--group-size", preset.with_group_size, self.group_size)

    def _penalty(self) -> Penalty:
        if self.penalty in ESTIMATORS:
            from grpo_symbolic.model.penalty import Estimator

            return Estimator(self.penalty, self.placement)
        return PENALTIES[self.penalty]()

    def _advantage(self) -> Advantage:
        options = {
            name: int(value) if value.denominator == 1 else value
            for name, value in self.rule_options
        }
        return named("--scale", lambda name: ADVANTAGES[name](**options), self.scale)


def read_algorithm(arguments: argparse.Namespace) -> ChosenAlgorithm:
    """The options of the algorithm, each checked by itself and against the others."""
    size = None
    if arguments.group_size is not None:
        size = named("--group-size", read_group_size, arguments.group_size)
    settings = _read_settings(arguments)
    if arguments.preset is None:
        penalty, placement = _read_penalty(arguments)
        return ChosenAlgorithm(size, None, penalty, placement, *_read_rule(arguments))
    for option in _FIXED_BY_PRESET:
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} cannot be given with --preset, which fixes it")
    named("--preset", checked_preset, arguments.preset)
    return ChosenAlgorithm(size, arguments.preset, settings=settings)


_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


def _read_settings(arguments: argparse.Namespace) -> tuple[tuple[str, Any], ...]:
    """The options of a preset; a word stands for what it means to Python, a number for itself."""
    found: dict[str, Any] = {}
    for part in arguments.set or ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key.isidentifier() or key in found:
            raise ValueError(f"--set must be KEY=VALUE, each key once, got {part!r}")
        if arguments.preset is None:
            raise ValueError(f"--set goes with --preset, got {part!r} alone")
        found[key] = _WORDS.get(value.lower(), int(value) if value.isdecimal() else value)
    if found.get("scale_rewards", "") is None:
        found["scale_rewards"] = "none"
    return tuple(found.items())


def _read_penalty(arguments: argparse.Namespace) -> tuple[str, str]:
    name, placement = arguments.penalty or "reverse-kl", arguments.placement
    if placement is not None and placement not in PLACEMENTS:
        raise ValueError(f"--placement must be one of {', '.join(PLACEMENTS)}, got {placement!r}")
    if name not in PENALTIES and name not in ESTIMATORS:
        known = ", ".join([*PENALTIES, *ESTIMATORS])
        raise ValueError(f"--penalty must be one of {known}, got {name!r}")
    key = PENALTIES.key(name)
    if key not in (None, name):  # one of a family
        allowed = f"{key} with a number {key.partition(':')[2]}"
        named("--penalty", lambda v: read_parameter("reward", v.partition(":")[2]), name, allowed)
    if placement is not None and name not in ESTIMATORS:
        raise ValueError(
            f"--placement goes with an estimator ({', '.join(ESTIMATORS)}), got --penalty {name}"
        )
    return name, placement or "loss"


def _read_rule(arguments: argparse.Namespace) -> tuple[str, tuple[tuple[str, Fraction], ...]]:
    scale = ADVANTAGES.checked("--scale", arguments.scale or "std")
    options = []
    for option in RULE_OPTIONS:
        text = getattr(arguments, option)
        if text is None:
            continue
        if option not in ADVANTAGES.options(scale):
            takers = ", ".join(ADVANTAGES.taking(option))
            raise ValueError(f"--{option} goes with --scale {takers}, got --scale {scale}")
        options.append((option, read_number(f"--{option}", option, text)))
    for option in ADVANTAGES.needed(scale):
        if option not in dict(options):
            raise ValueError(f"--scale {scale} needs --{option}: {RULE_OPTIONS[option][1]}")
    return scale, tuple(options)


# -- the question ------------------------------------------------------------------------------


def chosen_question(arguments: argparse.Namespace) -> Question | None:
    """The question of --rewards, --success or --preferences; None for the binary default."""
    kinds = [kind for kind in QUESTIONS if getattr(arguments, kind) is not None]
    if len(kinds) > 1:
        raise ValueError(f"--{kinds[1]} cannot be given with --{kinds[0]}")
    kind = kinds[0] if kinds else None
    if (arguments.per is None) != (kind != "raters"):
        raise ValueError(f"--raters goes with --per, one of {', '.join(_WAYS)}")
    if kind is None:
        return None
    text = getattr(arguments, kind)
    if kind == "raters":
        return _question_of_raters(text, arguments.per)
    entries: tuple[Any, ...] = _matrix(text) if kind == "preferences" else listed(text)
    for part in entries if kind == "success" else ():
        read_number("--success", "success", part)

    from grpo_symbolic.question import Question

    return named(f"--{kind}", lambda value: Question(**{kind: value}), entries)


def _question_of_raters(text: str, per: str) -> Question:
    if per not in _WAYS:
        raise ValueError(f"--per must be one of {', '.join(_WAYS)}, got {per!r}")

    from grpo_symbolic.electorate import Electorate
    from grpo_symbolic.question import Question

    electorate = named("--raters", Electorate.read, text)
    return named("--raters", lambda value: Question(raters=value, per=per), electorate)


def margin_option(command: argparse.ArgumentParser) -> None:
    """``--margin`` with or without a number, for commands that print formulas."""
    command.add_argument(
        "--margin",
        nargs="?",
        const=True,
        metavar="X",
        help="random rewards with this confidence margin, gamma without a number (G = 2)",
    )


def refuse_margin() -> NoReturn:
    """A margin is a question of its own."""
    raise ValueError(
        "--margin cannot be given with --rewards, --success, --preferences or --raters"
    )


def question_with_margin(arguments: argparse.Namespace) -> Question:
    """The question of the options, the better answer of two first; binary unless said."""
    if arguments.margin is not None:
        if any(getattr(arguments, kind) is not None for kind in QUESTIONS):
            refuse_margin()
        margin: Any = arguments.margin
        if margin is not True:
            margin = read_number("--margin", "margin", margin)

        from grpo_symbolic import symbols
        from grpo_symbolic.binary_question import BinaryQuestion

        return BinaryQuestion(margin=symbols.gamma if margin is True else margin)
    question = chosen_question(arguments)

    from grpo_symbolic.binary_question import BinaryQuestion

    question = question or BinaryQuestion()
    if len(question) == 2 and question.reward_laws and question.rewards[0] > question.rewards[1]:
        return BinaryQuestion.of(question)
    return question


# -- notation ------------------------------------------------------------------------------------


def notation_option(command: Any) -> None:
    """``--notation``: other names for print."""
    command.add_argument(
        "--notation",
        metavar="KEY=TEX,...",
        help="names for print, such as beta=\\lambda,pi_ref=\\mu,answer=y,context=x; "
        "short: p and p_0; the keys: " + ", ".join(QUANTITIES),
    )


#: Options of documents: the argument of an export, its default, and what it takes.
_DOCUMENT = {
    "label": ("", "NAME", "label of the theorem or of the equation, such as thm:x"),
    "width": ("page", "W", "column, page, or points at 10 point type (default page)"),
    "numbering": ("cited", "WHICH", "which lines have numbers: cited, all, none (default cited)"),
    "unfold": ("0", "N", "how far named functions are written out: 0, 1, all (default 0)"),
    "environment": ("theorem", "NAME", "of the statement: theorem, lemma, ... (default theorem)"),
}


def document_options(command: argparse.ArgumentParser) -> None:
    """``--notation``, ``--label``, ``--width``, …: for commands that write documents."""
    document = command.add_argument_group("the document")
    notation_option(document)
    for name, (default, metavar, meaning) in _DOCUMENT.items():
        document.add_argument(f"--{name}", default=default, metavar=metavar, help=meaning)
    document.add_argument(
        "--verification", action="store_true", help="a footnote that says what was proved, and how"
    )
    document.add_argument(
        "--cite", action="store_true", help="cite by keys (see --format bibtex), not in words"
    )


def read_document(arguments: argparse.Namespace) -> Callable[[], dict[str, Any]]:
    """What builds the options of an export; a bad one is named as it is typed."""
    notation = read_notation(arguments)
    unfold = arguments.unfold
    values = {
        "label": arguments.label,
        "width": arguments.width,
        "numbering": arguments.numbering,
        "unfold": int(unfold) if unfold in ("0", "1") else unfold,
        "verification": arguments.verification,
        "cite": arguments.cite,
        "environment": arguments.environment,
    }

    def built() -> dict[str, Any]:
        from grpo_symbolic.export.layout import Layout

        try:
            Layout(**values)
        except ValueError as error:
            raise ValueError(f"--{error}") from None
        return {"notation": notation(), **values}

    return built


def read_notation(arguments: argparse.Namespace) -> Callable[[], Notation]:
    """What builds the notation of --notation; the library's own without it."""
    names: dict[str, str] = {}
    short = False
    # A comma separates only where the next name begins: TeX has commas of its own.
    parts = re.split(r",(?=\s*(?:\w+\s*=|short\b))", arguments.notation or "")
    for part in parts if arguments.notation is not None else ():
        key, equals, tex = (piece.strip() for piece in part.partition("="))
        if key == "short" and not equals:
            short = True
        elif not equals or key not in QUANTITIES or key in names:
            known = ", ".join(QUANTITIES)
            raise ValueError(
                f"--notation must be short, or KEY=TEX,... with each key once and one of {known}, "
                f"got {part.strip()!r}"
            )
        else:
            names[key] = tex
    return partial(_notation, names, short)


def _notation(names: dict[str, str], short: bool) -> Notation:
    from grpo_symbolic.export.notation import Notation

    try:
        return (Notation.short if short else Notation)(**names)
    except ValueError as error:
        raise ValueError(f"--notation: {error}") from None


# -- reading -------------------------------------------------------------------------------------


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
