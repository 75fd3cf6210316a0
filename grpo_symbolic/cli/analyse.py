"""``grpo-symbolic analyse``: count, thresholds, limits, monotonicity, bounds, potential."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic import symbols
from grpo_symbolic.cli.options import chosen_algorithm, chosen_question, listed, named
from grpo_symbolic.inputs import parameter
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.solve.analyse import analyse

__all__ = ["register", "run"]


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "analyse",
        parents=[model],
        help="how many stationary policies, where that changes, limits, bounds, potential",
    )
    command.add_argument(
        "--margin",
        nargs="?",
        const=True,
        metavar="X",
        help="random rewards with this confidence margin, gamma without a number (G = 2)",
    )
    command.add_argument("--beta", metavar="X", help="weight of the penalty, to count at it")
    command.add_argument("--pi-ref", metavar="X", help="reference probability, to locate folds")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    question, values = chosen_question(arguments), {}
    if arguments.margin is not None:
        if question is not None:
            raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
        question = BinaryQuestion(margin=symbols.gamma)
        if arguments.margin is not True:
            margin = named("--margin", lambda v: parameter("margin", v), arguments.margin)
            values["gamma"] = margin
    question = question or BinaryQuestion()
    if len(question) == 2 and question.reward_laws and question.rewards[0] > question.rewards[1]:
        question = BinaryQuestion.of(question)
    if arguments.beta is not None:
        values["beta"] = named("--beta", lambda v: parameter("beta", v), arguments.beta)
    if arguments.pi_ref is not None:
        values["pi_ref"] = _reference(arguments.pi_ref, len(question))
    found = analyse(chosen_algorithm(arguments), question, **values)
    return json.dumps(found.as_dict(), indent=2) if arguments.json else str(found)


def _reference(text: str, answers: int) -> Any:
    """One number for two answers, else one number an answer."""
    if answers == 2:
        return named("--pi-ref", lambda v: parameter("pi_ref", v), text)
    return listed(text)
