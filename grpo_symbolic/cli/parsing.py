"""How options are read and helped with: one sentence for bad input, names in one piece."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any, NoReturn

__all__ = ["Parser"]


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

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")
