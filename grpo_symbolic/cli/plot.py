"""``grpo-symbolic plot``: figures for papers, of the registry or of one algorithm."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from grpo_symbolic.cli.options import MODEL, margin_option, question_with_margin, read_algorithm
from grpo_symbolic.cli.screen import Screen, Table
from grpo_symbolic.cli.values import read_numbers
from grpo_symbolic.inputs import suffix
from grpo_symbolic.registry import FIGURES, SUFFIXES

_AGGREGATION = "aggregation"
# Options of the model, which the figures of the registry fix themselves.
_NOT_OF_FIGURES = (*MODEL, "margin", "betas")


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "plot",
        parents=[model],
        help="a figure as pdf, svg, png, eps or pgf",
        epilog="Example: grpo-symbolic plot aggregation --group-size 8 --betas 0.5,1,2 --out f.pdf",
    )
    command.add_argument(
        "name", nargs="?", default="list", metavar="NAME", help="a figure, aggregation, or list"
    )
    margin_option(command)
    command.add_argument(
        "--betas", metavar="X,X,...", help="weights of aggregation (default 0.25,0.5,1,2)"
    )
    command.add_argument("--out", metavar="FILE", help="where to write: .pdf .svg .png .eps .pgf")
    command.add_argument("--wide", action="store_true", help="aggregation as wide as a page's text")
    command.add_argument("--list", action="store_true", help="the figures, one line each")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str | Screen:
    if arguments.list or arguments.name == "list":
        return _listing()
    if arguments.name != _AGGREGATION and arguments.name not in FIGURES:
        known = ", ".join([*FIGURES, _AGGREGATION])
        raise ValueError(f"NAME must be one of {known}, got {arguments.name!r}")
    if arguments.out is None:
        raise ValueError("--out must name the file to write, such as --out figure.pdf")
    suffix("--out", arguments.out, SUFFIXES)
    if arguments.name == _AGGREGATION:
        return f"wrote {_aggregation(arguments)}"
    for option in _NOT_OF_FIGURES:
        if getattr(arguments, option) is not None:
            raise ValueError(
                f"--{option.replace('_', '-')} goes with aggregation, got the figure "
                f"{arguments.name}, which fixes it"
            )

    from grpo_symbolic.plotting.figures import save

    return f"wrote {save(arguments.name, arguments.out)}"


def _listing() -> Screen:
    width = max(map(len, [*FIGURES, _AGGREGATION]))
    rows = [(name, f"{figure.title} ({figure.source})") for name, figure in FIGURES.items()]
    rows.append((_AGGREGATION, "pi(a) against pi_ref(a), any algorithm"))
    plain = "\n".join(f"{name:<{width}}  {text}" for name, text in rows)
    return Screen((Table(tuple(rows), (), plain),))


def _aggregation(arguments: argparse.Namespace) -> Path:
    betas = None
    if arguments.betas is not None:
        betas = [float(beta) for beta in read_numbers("--betas", "beta", arguments.betas)]
    algorithm, question = read_algorithm(arguments), question_with_margin(arguments)

    from grpo_symbolic.plotting.aggregations import aggregation
    from grpo_symbolic.plotting.figures import figure_of, written
    from grpo_symbolic.plotting.style import COLUMN, TEXT
    from grpo_symbolic.policy.stationary import stationary_policy
    from grpo_symbolic.policy.two_answers import StationaryPolicy

    policy = stationary_policy(algorithm.build(), question)
    if not isinstance(policy, StationaryPolicy):
        raise ValueError("aggregation needs a question with two answers, the better one first")

    panel, width = partial(aggregation, policy, betas), TEXT if arguments.wide else COLUMN
    return written(figure_of((panel,), width, 3.3), arguments.out)
