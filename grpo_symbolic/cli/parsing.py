"""How options are read and helped with: one sentence for bad input, names in one piece."""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import Any, NoReturn


class Help(argparse.HelpFormatter):
    """Names are not broken at their hyphens, and have a column that is wide enough for commands."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)

    def add_argument(self, action: argparse.Action) -> None:
        """As before; the names of commands are indented, which is not counted there."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = textwrap.wrap(
            " ".join(text.split()),
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        return "\n".join(lines)


class Parser(argparse.ArgumentParser):
    """Bad input is one sentence on standard error and exit status 2."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": Help} | options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As before; an option that is not known is named before one that is missing."""
        words = list(sys.argv[1:] if args is None else args)
        for place, word in enumerate(words):
            if word == "--" or (self._subparsers is not None and not word.startswith("-")):
                break
            if word.startswith("--"):
                words[place] = self._spelled(word)
        return super().parse_known_args(words, namespace)

    def _spelled(self, word: str) -> str:
        """An option with hyphens for underscores, or an error with the nearest that there is."""
        given, equals, value = word.partition("=")
        name, known = given.replace("_", "-"), self._option_string_actions
        if not any(option.startswith(name) for option in known):
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1) if len(name) > len("--G") else ()
            self.error(f"there is no option {given}" + (f"; is {near[0]} meant?" if near else ""))
        return name + equals + value

    def error(self, message: str) -> NoReturn:
        if message.endswith("required: COMMAND"):
            message = "a command is needed, such as solve; --help lists them"
        if message.startswith("unrecognized arguments"):
            message += " (lists are written with commas, what has blanks or signs in quotes)"
        self.exit(2, f"{self.prog}: {message}\n")
