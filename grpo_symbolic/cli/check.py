"""``grpo-symbolic check``: a verdict on somebody else's formula."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic.cli.options import (
    document_options,
    margin_option,
    question_with_margin,
    read_algorithm,
    read_document,
)
from grpo_symbolic.cli.screen import Screen
from grpo_symbolic.registry import FORMATS

#: What a script learns from the exit status; 2 is bad input.
STATUSES = {"PROVED": 0, "REFUTED": 1, "NUMERIC": 3, "UNKNOWN": 3}


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "check",
        parents=[model],
        help="a verdict on a formula, in SymPy notation or LaTeX",
        epilog="Example: grpo-symbolic check 'pi >= pi_ref' --group-size 8. "
        "Exit status: 0 proved, 1 refuted, 2 bad input, 3 numeric or unknown. "
        "Put -- before a formula that begins with a minus.",
    )
    command.add_argument(
        "formula",
        help=r"such as '\pi(a) \ge 1 - \beta', 'limit(pi, beta, 0) = 1', 'increasing(pi, pi_ref)'",
    )
    margin_option(command)
    command.add_argument(
        "--where-defined",
        action="store_true",
        help="a verdict on the part of the range where every term of the formula is defined",
    )
    command.add_argument(
        "--interior",
        action="store_true",
        help="a verdict on stationary policies of positive probabilities only",
    )
    command.add_argument(
        "--where",
        metavar="CONDITION,...",
        default="",
        help="conditions on the parameters, such as 'beta < 1, pi_ref >= 1/2'",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--format", metavar="NAME", help="write the verdict as a statement, such as latex-theorem"
    )
    document_options(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> tuple[str | Screen, int]:
    """The verdict as text, and the exit status."""
    algorithm, question = read_algorithm(arguments), question_with_margin(arguments)
    options = read_document(arguments)
    if arguments.format is not None:
        FORMATS.checked("--format", arguments.format)

    from grpo_symbolic.checking.check import check

    found = check(
        arguments.formula,
        algorithm.build(),
        question,
        where_defined=arguments.where_defined,
        interior=arguments.interior,
        where=arguments.where,
    )
    if arguments.format is not None:
        shown: str | Screen = found.export(arguments.format, **options())
    else:
        shown = json.dumps(found.as_dict(), indent=2) if arguments.json else Screen((str(found),))
    return shown, STATUSES[found.verdict.value]
