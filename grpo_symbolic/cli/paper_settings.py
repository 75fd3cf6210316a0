"""Settings in the comments of a paper: the options of the command line, as words."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from typing import NoReturn

from grpo_symbolic.cli.options import (
    Parser,
    margin_option,
    model_options,
    question_with_margin,
    read_algorithm,
    read_notation,
)
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.papers.check import Setting
from grpo_symbolic.presets.preset import Preset

_WORD = re.compile(r"""(?:[^\s"'(\[]|"[^"]*"|'[^']*'|\([^()]*\)|\[[^\[\]]*\])+|[^\s]""")
_EQUALS = re.compile(r"\s*=\s*")
_BRACKETS = str.maketrans("", "", "\"'()[] ")
_NAMES = ("penalty", "placement", "scale", "preset")
#: Names of Python for options of the command line, and values that an option has without one.
_OTHER_NAMES = {"advantage": "scale", "gamma": "margin"}
_SYMBOLIC = {
    "margin": ("gamma", r"\gamma", "True", "true"),
    "success": ("s_a,s_b", "True", "true"),
    "group_size": ("G",),
}
_FLAGS = ("---margin", "---where-defined", "---interior")
_LONGEST = 2_000


class _Words(Parser):
    """Bad words are a ValueError: the paper's line stands before them."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def read_setting(words: str) -> Setting:
    """The setting that a comment names: ``group_size=2 penalty=reverse-kl margin``.

    Options have their names of the command line, with hyphens or underscores, with or without
    the leading hyphens. ``margin`` and ``success`` alone are symbols, and so is ``group_size=G``.

    Raises
    ------
    ValueError
        For what the command line would refuse.

    Examples
    --------
    >>> read_setting("group_size=8 scale=std ddof=1").algorithm.group_size
    8
    """
    if len(words) > _LONGEST:
        raise ValueError(f"a comment may have {_LONGEST} characters, this one has {len(words)}")
    given, symbolic = _options(words)
    parser = _Words(prog="% grpo", add_help=False, allow_abbrev=False, parents=[model_options()])
    margin_option(parser)
    parser.add_argument("--where-defined", action="store_true")
    parser.add_argument("--interior", action="store_true")
    parser.add_argument("--where", default="")
    arguments = parser.parse_args(given)
    if arguments.preferences is not None:
        raise ValueError("preferences names a file, and a paper's comments read none")
    return _built(arguments, symbolic)


def read_paper_notation(words: str) -> Notation:
    """The notation that a comment declares: ``beta=\\lambda, pi_ref=\\mu``."""
    if len(words) > _LONGEST:
        raise ValueError(f"a notation may have {_LONGEST} characters, this one has {len(words)}")
    return read_notation(argparse.Namespace(notation=words))()


def _options(words: str) -> tuple[list[str], set[str]]:
    """The words as a command line would have them, and the options that are symbols."""
    found: list[str] = []
    symbolic: set[str] = set()
    for word in _WORD.findall(_EQUALS.sub("=", words)):
        key, equals, value = word.rstrip(",;").partition("=")
        if not equals and not key.startswith("--") and found and _lacks_value(found[-1]):
            found[-1] += f"={word.translate(_BRACKETS)}"
            continue
        name = key.removeprefix("--").replace("-", "_")
        name = _OTHER_NAMES.get(name, name)
        value = value.strip("\"'") if name == "where" else value.translate(_BRACKETS)
        if name in _SYMBOLIC and (value in _SYMBOLIC[name] or (name, value) == ("success", "")):
            symbolic.add(name)
            found += ["--margin"] if name == "margin" else []
            continue
        if name in _NAMES:
            value = value.replace("_", "-")
        # Two hyphens without a value: it comes with the next word.
        prefix = "--" if equals or not key.startswith("--") else "---"
        option = f"{prefix}{name.replace('_', '-')}"
        found.append(f"{option}={value}" if equals else option)
    return [option.replace("---", "--", 1) for option in found], symbolic


def _lacks_value(option: str) -> bool:
    return option.startswith("---") and "=" not in option and option not in _FLAGS


def _built(arguments: argparse.Namespace, symbolic: set[str]) -> Setting:
    algorithm: Algorithm | Preset = read_algorithm(arguments).build()
    if "group_size" in symbolic:
        from grpo_symbolic import symbols

        if isinstance(algorithm, Preset):
            raise ValueError("a preset has a group size in numbers")
        algorithm = replace(algorithm, group_size=symbols.G)
    about = arguments.where_defined, arguments.interior, arguments.where
    if "success" not in symbolic:
        return Setting(algorithm, question_with_margin(arguments), *about)
    if arguments.margin is not None or arguments.rewards is not None:
        raise ValueError("success cannot be given with margin or rewards")
    from grpo_symbolic import symbols
    from grpo_symbolic.binary_question import BinaryQuestion

    question = BinaryQuestion(success=symbols.success)
    return Setting(algorithm, question, *about)
