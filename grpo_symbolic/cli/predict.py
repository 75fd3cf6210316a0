"""``grpo-symbolic predict``: where a trainer's configuration comes to rest."""

from __future__ import annotations

import argparse
import json
from functools import partial
from typing import Any

from grpo_symbolic.cli.options import document_options, read_document
from grpo_symbolic.cli.values import read_numbers
from grpo_symbolic.inputs import suffix
from grpo_symbolic.registry import FORMATS, SUFFIXES


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "predict",
        help="where a trainer's configuration comes to rest, how soon, how steadily",
        epilog="Example: grpo-symbolic predict config.yaml --pi-ref 0.2. The file has the "
        "trainer's own option names and the keys trainer and version; or --trainer says them.",
    )
    command.add_argument(
        "configs",
        metavar="FILE",
        nargs="+",
        help="the configuration: YAML, JSON, TOML, or the script with its command; several to "
        "compare",
    )
    command.add_argument(
        "--trainer", metavar="NAME", help="whose configuration it is: trl@1.16, slime, ..."
    )
    command.add_argument(
        "--pi-ref",
        metavar="X",
        help="probability of a right answer under the reference, or one an answer",
    )
    rewards = command.add_mutually_exclusive_group()
    rewards.add_argument("--success", metavar="S,S,...", help="success rates of a verifier")
    rewards.add_argument("--rewards", metavar="R,R,...", help="deterministic rewards")
    rewards.add_argument(
        "--rewards-log", metavar="FILE", help="rollouts of the reference, a JSON object a line"
    )
    command.add_argument(
        "--plot", "--figure", metavar="FILE", help="a figure: .pdf .svg .png .eps .pgf"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--format", metavar="NAME", help="write it for a document: latex-table, markdown, ..."
    )
    document_options(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    if arguments.format is not None:
        FORMATS.checked("--format", arguments.format)
    options = read_document(arguments)
    if arguments.plot is not None:
        suffix("--plot", arguments.plot, SUFFIXES)
    shares: Any = None
    if arguments.pi_ref is not None:
        shares = read_numbers("--pi-ref", "pi_ref", arguments.pi_ref)
    elif arguments.rewards_log is None:
        raise ValueError("--pi-ref must be given, or --rewards-log to count it from")
    if arguments.plot is not None and len(arguments.configs) > 1:
        raise ValueError("--plot draws one configuration, and several are given")
    question: dict[str, Any] = {}
    if arguments.success is not None:
        question["success"] = read_numbers("--success", "success", arguments.success)
    if arguments.rewards is not None:
        question["rewards"] = read_numbers("--rewards", "reward", arguments.rewards)
    remarks: tuple[str, ...] = ()

    from grpo_symbolic.prediction.configuration import Configuration

    configurations = [Configuration.read(name) for name in arguments.configs]
    if arguments.trainer is not None:
        configurations = [options.told(arguments.trainer) for options in configurations]
    if arguments.rewards_log is not None:
        from grpo_symbolic.prediction.rewards_log import read_rewards

        log = read_rewards(arguments.rewards_log)
        question["rewards"], remarks = log.rewards, log.remarks
        shares = log.shares if shares is None else shares

    from dataclasses import replace

    from grpo_symbolic.prediction.trainers import read_run

    runs = [read_run(options) for options in configurations]
    runs = [replace(run, remarks=(*remarks, *run.remarks)) for run in runs]
    asked = shares if len(shares) > 1 else shares[0]
    predictions = [run.predict(asked, **question) for run in runs]
    found = predictions[0]
    if arguments.plot is not None:
        from grpo_symbolic.plotting.figures import figure_of, written
        from grpo_symbolic.plotting.style import COLUMN
        from grpo_symbolic.plotting.training import prediction

        written(figure_of((partial(prediction, found),), COLUMN, 3.3), arguments.plot)
    if arguments.format is not None:
        return "\n\n".join(p.export(arguments.format, **options()) for p in predictions)
    if len(predictions) == 1:
        return json.dumps(found.as_dict(), indent=2) if arguments.json else str(found)
    named = list(zip(arguments.configs, predictions, strict=True))
    if arguments.json:
        return json.dumps([{"file": name, **p.as_dict()} for name, p in named], indent=2)
    return "\n\n".join(f"{name}: {p}" for name, p in named)
