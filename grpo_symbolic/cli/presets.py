"""``grpo-symbolic presets``: trainers and papers, with what they assume."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic import presets
from grpo_symbolic.cli.screen import Screen, Table


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    table = commands.add_parser(
        "presets",
        help="trainers and papers, with what they assume",
        epilog="Example: grpo-symbolic presets trl@1.9 verl",
    )
    table.add_argument("names", nargs="*", metavar="NAME", help="such as trl or trl@1.9")
    table.add_argument("--json", action="store_true", help="print JSON")
    table.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str | Screen:
    for name in arguments.names:
        presets.checked(name)
    chosen = [presets.lookup(name) for name in arguments.names] or presets.all_presets()
    if not arguments.json:
        last = len(chosen) - 1
        return Screen(tuple(_table(str(p), end="" if p is chosen[last] else "\n") for p in chosen))
    from grpo_symbolic.display import plain

    return json.dumps(
        [
            {
                "name": preset.name,
                "source": preset.source,
                "acts_as": preset.acts_as,
                "defaults": {key: str(value) for key, value in preset.defaults},
                "conventions": {field: plain(text) for field, text in preset.conventions},
                "warnings": list(preset.warnings),
            }
            for preset in chosen
        ],
        indent=2,
    )


def _table(text: str, end: str) -> Table:
    """The lines of a preset, each a field and what it says."""
    title, *lines = text.splitlines()
    rows = (tuple(part.strip() for part in line.strip().split("  ", 1)) for line in lines)
    return Table(tuple(rows), (), text + end, title=title)
