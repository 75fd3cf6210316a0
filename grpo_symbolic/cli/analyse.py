"""``grpo-symbolic analyse``: count, thresholds, limits, monotonicity, bounds, potential."""

from __future__ import annotations

import argparse
import json
from typing import Any

from grpo_symbolic.cli.options import margin_option, question_with_margin, read_algorithm
from grpo_symbolic.cli.values import listed, read_number


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "analyse",
        parents=[model],
        help="how many stationary policies, where that changes, limits, bounds, potential",
        epilog="Example: grpo-symbolic analyse --group-size 16 --penalty direct-kl --pi-ref 1/1000",
    )
    margin_option(command)
    command.add_argument("--beta", metavar="X", help="weight of the penalty, to count at it")
    command.add_argument("--pi-ref", metavar="X", help="reference probability, to locate folds")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    algorithm, values = read_algorithm(arguments), {}
    if arguments.beta is not None:
        values["beta"] = read_number("--beta", "beta", arguments.beta)
    for part in listed(arguments.pi_ref or "1"):
        read_number("--pi-ref", "pi_ref", part)
    question = question_with_margin(arguments)
    if arguments.pi_ref is not None:
        values["pi_ref"] = _reference(arguments.pi_ref, len(question))

    from grpo_symbolic.policy.analyse import analyse

    found = analyse(algorithm.build(), question, **values)
    return json.dumps(found.as_dict(), indent=2) if arguments.json else str(found)


def _reference(text: str, answers: int) -> Any:
    """One number for two answers, else one number an answer."""
    if answers == 2:
        return read_number("--pi-ref", "pi_ref", text)
    return listed(text)
