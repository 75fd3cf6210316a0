"""The entry point: parse, run the command, turn bad input into one sentence."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import re
import sys
from collections.abc import Sequence

from grpo_symbolic import __version__
from grpo_symbolic.cli import (
    aggregate,
    analyse,
    book,
    check,
    check_paper,
    completion,
    derive,
    plot,
    predict,
    show_presets,
    solve,
    solve_for,
)
from grpo_symbolic.cli.options import Parser, model_options
from grpo_symbolic.cli.screen import show

__all__ = ["main", "parser"]

_LOG = logging.getLogger("grpo_symbolic")
# A command is short, and importing SymPy makes many objects that stay: few collections are of use.
_RARELY = 50_000
_VERBOSE = "say on standard error what is read and what fails"
_COMMANDS = (
    derive,
    solve,
    solve_for,
    predict,
    analyse,
    check,
    check_paper,
    aggregate,
    plot,
    book,
    show_presets,
    completion,
)


def parser() -> Parser:
    """The commands and their options."""
    found = Parser(
        prog="grpo-symbolic",
        description="Derive and solve for the stationary policies of GRPO.",
        epilog="Example: grpo-symbolic solve --group-size 2 --beta 1/2 --pi-ref 0.2 --margin 0.6",
    )
    found.add_argument("--version", action="version", version=f"grpo_symbolic {__version__}")
    found.add_argument("--verbose", action="store_true", help=_VERBOSE)
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    model = model_options()
    for command in _COMMANDS:
        command.register(commands, model)
    for command in commands.choices.values():  # before the command or behind it
        command.add_argument(
            "--verbose", action="store_true", default=argparse.SUPPRESS, help=_VERBOSE
        )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 2 for bad input, or the status of its own it gives."""
    arguments = parser().parse_args(argv)
    often = gc.get_threshold()
    gc.set_threshold(_RARELY)
    try:
        return _run(arguments)
    finally:
        gc.set_threshold(*often)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        given = {k: v for k, v in vars(arguments).items() if v is not None and not callable(v)}
        _LOG.info("version %s, options %s", __version__, given)
    status = 0
    try:
        shown = arguments.run(arguments)
        if isinstance(shown, tuple):
            shown, status = shown
        show(shown)
    except ValueError as error:
        _LOG.info("refused here", exc_info=True)
        print(f"grpo-symbolic {arguments.command}: {_sentence(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as shells say it
    except BrokenPipeError:  # the reader of a pipe has gone: nothing is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _sentence(error: ValueError) -> str:
    """What it says, without the number of a system's error and the name of a file said before."""
    text = str(error)
    found = re.search(r"\[Errno \d+\] ([^:]+): '(.*)'", text)
    if found is None:
        return text
    before = text[: found.start()]
    return before + found[1] + ("" if found[2] in before else f": {found[2]!r}")
