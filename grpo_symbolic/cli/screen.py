"""What a command shows: text and tables, which a terminal gets from rich and a pipe as they are.

Piped output never depends on a width or a colour. On a terminal tables are as wide as it is
(``COLUMNS``), verdicts have a colour unless ``NO_COLOR`` is set, and sentences break at words.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_VERDICTS = {"PROVED": "green", "REFUTED": "red", "NUMERIC": "yellow", "UNKNOWN": "yellow"}
_UNBOUNDED = 10_000  # columns


class Copied(str):
    """A line with a formula: never broken, so that it can be copied."""


@dataclass(frozen=True)
class Table:
    """Rows under a head.

    Attributes
    ----------
    rows : tuple of tuple of str
    head : tuple of str
        Empty for a table of names and values.
    plain : str
        How a pipe gets it.
    numbers : bool
        Whether all columns but the first hold numbers: set flush right and never broken. Where
        the terminal is too narrow for them, ``plain`` is printed.
    title : str
    """

    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...]
    plain: str
    numbers: bool = False
    title: str = ""

    def rich(self) -> Any:
        """As a table of rich."""
        from rich import box
        from rich.table import Table as Rich
        from rich.text import Text

        found = Rich(
            title=self.title or None,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD,
            show_header=bool(self.head),
            pad_edge=False,
        )
        for k in range(len(self.head or self.rows[0])):
            found.add_column(
                Text(self.head[k]) if self.head else "",
                justify="right" if k and self.numbers else "left",
                no_wrap=not k or self.numbers,
                overflow="fold",
            )
        for row in self.rows:
            found.add_row(*(Text(cell) for cell in row))
        return found


@dataclass(frozen=True)
class Screen:
    """Parts below each other; as text, what a pipe gets.

    Attributes
    ----------
    parts : sequence of str or Table
    """

    parts: Sequence[str | Table] = field(default=())

    def __str__(self) -> str:
        return "\n".join(p if isinstance(p, str) else p.plain for p in self.parts)


def show(shown: str | Screen) -> None:
    """Print what a command returned."""
    if isinstance(shown, Screen) and not shown.parts:
        return
    if not isinstance(shown, Screen) or not sys.stdout.isatty():
        print(shown, flush=True)
        return
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:  # installed without its dependencies: as to a pipe
        print(shown, flush=True)
        return
    console = Console(file=sys.stdout, highlight=False)
    for part in shown.parts:
        if isinstance(part, Table):
            table = part.rich()
            unbounded = console.options.update_width(_UNBOUNDED)
            needed = console.measure(table, options=unbounded).maximum
            if not part.numbers or needed <= console.width:
                console.print(table)
                continue
        text = Text(part.plain if isinstance(part, Table) else part)
        for word, style in _VERDICTS.items():
            text.highlight_words([word], f"bold {style}")
        console.print(text, soft_wrap=isinstance(part, Copied | Table))
