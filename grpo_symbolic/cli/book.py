"""``grpo-symbolic book``: every published and new result derived again, and the book of them."""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from grpo_symbolic.cli.screen import Screen

# The derivations stand above the library, which does not import them: they are found by name.
_DERIVATIONS = "derivations"


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "book",
        help="every result derived again with its verdict, and the book of them",
        description="What python -m derivations does: derives the results that are named (all if "
        "none), gives every claim a verdict, and writes the book, its figures and formulas.json.",
        epilog="Example: grpo-symbolic book eq14_binary_pairs --out book. Exit status: 0 all "
        "verdicts as declared, 1 not, 2 bad input.",
    )
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="results, or ledger: every claim by every method"
    )
    command.add_argument("--out", default="build", metavar="DIR", help="where to write (build)")
    command.add_argument("--list", action="store_true", help="the results, one line each")
    command.add_argument(
        "--recheck", action="store_true", help="check the certificates in DIR again, derive nothing"
    )
    command.add_argument(
        "--notation", metavar="KEY=TEX,...", help=r"names for print, such as beta=\lambda"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> tuple[Screen, int]:
    """The derivations say what they do while they do it: nothing is left to show."""
    if find_spec(_DERIVATIONS) is None or find_spec(f"{_DERIVATIONS}.catalogue") is None:
        raise ValueError("the derivations are not installed: they are in the wheel and in a clone")
    words = [*arguments.names, "--out", arguments.out]
    words += [f"--{flag}" for flag in ("list", "recheck") if getattr(arguments, flag)]
    words += ["--notation", arguments.notation] if arguments.notation is not None else []
    derive = import_module(f"{_DERIVATIONS}.__main__").main
    return Screen(), derive(words, "grpo-symbolic book")
