"""``grpo-symbolic aggregate``: the lottery that each rule makes of a table of votes."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from grpo_symbolic.cli.options import document_options, read_document
from grpo_symbolic.cli.screen import Screen, Table
from grpo_symbolic.cli.values import decimal_digits, named, read_number
from grpo_symbolic.registry import FORMATS, RULES

_STANDARD = "grpo2,nlhf,rlhf-btl,maximal-lottery,borda"
_MOST_DIGITS = 200


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "aggregate",
        help="the lottery that each rule makes of a table of votes",
        epilog="Example: grpo-symbolic aggregate votes.csv --rules grpo2,borda --beta 1",
    )
    command.add_argument(
        "votes",
        metavar="FILE",
        help="CSV with rater, answer, score or rater, winner, loser (commas, semicolons or tabs); "
        "or a file of PrefLib (soc, soi, toc, toi, cat)",
    )
    command.add_argument(
        "--rules",
        default=_STANDARD,
        metavar="NAME,...",
        help=f"{', '.join(RULES)} (default {_STANDARD})",
    )
    command.add_argument(
        "--beta", default="1", metavar="X", help="weight of the penalty (default 1)"
    )
    command.add_argument(
        "--reference",
        "--pi-ref",
        default="uniform",
        metavar="P,P,...",
        help="uniform (default), or a probability for each answer in the order of the file",
    )
    command.add_argument("--dps", default="20", metavar="N", help="decimal digits (default 20)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--format", metavar="NAME", help="write it for a document: latex-table, markdown, ..."
    )
    document_options(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str | Screen:
    if arguments.format is not None:
        FORMATS.checked("--format", arguments.format)
    options = read_document(arguments)
    digits = named("--dps", decimal_digits, arguments.dps)
    if digits > _MOST_DIGITS:
        raise ValueError(f"--dps must be an integer from 1 to {_MOST_DIGITS}, got {digits}")
    beta = read_number("--beta", "beta", arguments.beta)

    # Systems of some hundred equations: threads of BLAS would wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from grpo_symbolic.aggregation.compare import compare
    from grpo_symbolic.aggregation.names import as_rules
    from grpo_symbolic.aggregation.rule import read_reference
    from grpo_symbolic.aggregation.tables import read_votes

    rules = named("--rules", as_rules, arguments.rules)
    votes = read_votes(arguments.votes)
    reference = named(
        "--reference", lambda value: read_reference(value, votes.size), arguments.reference
    )
    compared = compare(rules, votes, reference, beta, digits)
    if arguments.format is not None:
        return compared.export(arguments.format, **options())
    found = {rule.name: compared[rule.name] for rule in rules}
    if arguments.json:
        shown: dict[str, Any] = {"answers": list(votes.answers)}
        shown |= {name: list(lottery.decimals(digits)) for name, lottery in found.items()}
        return json.dumps(shown, indent=2)
    # Names come from a file: what a terminal would act on is shown as its escape.
    answers = ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in a) for a in votes.answers]
    width = max(len("answer"), *map(len, answers))
    columns = [f"{name:>{max(8, len(name))}}" for name in found]
    lines = ["  ".join([f"{'answer':<{width}}", *columns])]
    floats = zip(answers, *(lottery.floats() for lottery in found.values()), strict=True)
    rows = tuple((answer, *(f"{value:.6f}" for value in values)) for answer, *values in floats)
    for answer, *cells in rows:
        padded = (f"{v:>{len(c)}}" for v, c in zip(cells, columns, strict=True))
        lines.append("  ".join([f"{answer:<{width}}", *padded]))
    notes = [f"{name}: {lottery.note}" for name, lottery in found.items() if lottery.note]
    plain = "\n".join([*lines, ""])
    return Screen((Table(rows, ("answer", *found), plain, numbers=True), *notes))
