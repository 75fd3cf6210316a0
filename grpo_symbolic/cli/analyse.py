"""``grpo-symbolic analyse``: count, thresholds, limits, monotonicity, bounds, potential."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic.cli.options import (
    chosen_algorithm,
    listed,
    margin_option,
    named,
    question_with_margin,
)
from grpo_symbolic.inputs import parameter
from grpo_symbolic.policy.analyse import analyse

__all__ = ["register", "run"]


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "analyse",
        parents=[model],
        help="how many stationary policies, where that changes, limits, bounds, potential",
    )
    margin_option(command)
    command.add_argument("--beta", metavar="X", help="weight of the penalty, to count at it")
    command.add_argument("--pi-ref", metavar="X", help="reference probability, to locate folds")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    question, values = question_with_margin(arguments), {}
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
