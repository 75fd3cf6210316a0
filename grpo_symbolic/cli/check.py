"""``grpo-symbolic check``: a verdict on somebody else's formula."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic import symbols
from grpo_symbolic.cli.options import chosen_algorithm, chosen_question, named
from grpo_symbolic.inputs import parameter
from grpo_symbolic.question import BinaryQuestion, Question
from grpo_symbolic.solve.check import check
from grpo_symbolic.verify.verdict import Status

__all__ = ["register", "run"]

#: What a script learns from the exit status; 2 is bad input.
STATUSES = {Status.PROVED: 0, Status.REFUTED: 1, Status.NUMERIC: 3, Status.UNKNOWN: 3}


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "check",
        parents=[model],
        help="a verdict on a formula, in SymPy notation or LaTeX",
        epilog="Exit status: 0 proved, 1 refuted, 2 bad input, 3 numeric or unknown. "
        "Put -- before a formula that begins with a minus.",
    )
    command.add_argument(
        "formula",
        help=r"such as '\pi(a) \ge 1 - \beta', 'limit(pi, beta, 0) = 1', 'increasing(pi, pi_ref)'",
    )
    command.add_argument(
        "--margin",
        nargs="?",
        const=True,
        metavar="X",
        help="random rewards with this confidence margin, gamma without a number (G = 2)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> tuple[str, int]:
    """The verdict as text, and the exit status."""
    found = check(arguments.formula, chosen_algorithm(arguments), _question(arguments))
    shown = json.dumps(found.as_dict(), indent=2) if arguments.json else str(found)
    return shown, STATUSES[found.verdict]


def _question(arguments: argparse.Namespace) -> Question:
    question = chosen_question(arguments)
    if arguments.margin is None:
        question = question or BinaryQuestion()
    elif question is not None:
        raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
    else:
        margin = symbols.gamma
        if arguments.margin is not True:
            margin = named("--margin", lambda v: parameter("margin", v), arguments.margin)
        question = BinaryQuestion(margin=margin)
    if len(question) == 2 and question.reward_laws and question.rewards[0] > question.rewards[1]:
        return BinaryQuestion.of(question)
    return question
