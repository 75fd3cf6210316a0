"""The entry point: parse, run the command, turn bad input into one sentence."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module

from grpo_symbolic import __version__
from grpo_symbolic.cli.options import Parser, model_options
from grpo_symbolic.cli.screen import show

_VERBOSE = "say on standard error what is read and what fails"
#: Each is a module, imported when the command is wanted.
_COMMANDS = (
    *("derive", "solve", "solve-for", "predict", "analyse", "check", "check-paper", "aggregate"),
    *("plot", "book", "presets", "completion"),
)
# Importing SymPy makes many objects that stay: collecting fewer would be for nothing.
_RARELY = 200_000


def parser(*names: str) -> Parser:
    """The commands and their options; those that are named, or all."""
    found = Parser(
        prog="grpo-symbolic",
        description="Derive and solve for the stationary policies of GRPO.",
        epilog="Example: grpo-symbolic solve --group-size 2 --beta 1/2 --pi-ref 0.2 --margin 0.6",
    )
    found.add_argument("--version", action="version", version=f"grpo_symbolic {__version__}")
    found.add_argument("--verbose", action="store_true", help=_VERBOSE)
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    model = model_options()
    for name in names or _COMMANDS:
        command = import_module(f"grpo_symbolic.cli.{name.replace('-', '_')}")
        command.register(commands, model)
    for one in commands.choices.values():  # before the command or behind it
        one.add_argument("--verbose", action="store_true", default=argparse.SUPPRESS, help=_VERBOSE)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 2 for bad input, or the status of its own it gives.

    Without ``argv`` it is the command of this process, which ends with it.
    """
    if argv is None:
        gc.set_threshold(_RARELY)
        atexit.register(gc.freeze)  # all memory is given back at once: nothing to look through
    words = sys.argv[1:] if argv is None else list(argv)
    return _run(parser(*_named(words)).parse_args(words))


def _named(words: Sequence[str]) -> Sequence[str]:
    """The command that is meant, which needs no other's options; none where all are wanted."""
    first = next((word for word in words if word != "--verbose"), "")
    return (first,) if first in _COMMANDS and first != "completion" else ()


def _log(arguments: argparse.Namespace, message: str, *values: object, **how: bool) -> None:
    """A line on standard error where --verbose asks for it."""
    if arguments.verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        logging.getLogger("grpo_symbolic").info(message, *values, **how)


def _run(arguments: argparse.Namespace) -> int:
    given = {k: v for k, v in vars(arguments).items() if v is not None and not callable(v)}
    _log(arguments, "version %s, options %s", __version__, given)
    status = 0
    try:
        shown = arguments.run(arguments)
        if isinstance(shown, tuple):
            shown, status = shown
        show(shown)
    except ValueError as error:
        _log(arguments, "refused here", exc_info=True)
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
