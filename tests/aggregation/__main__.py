"""Search for the smallest counterexamples again.

``python -m tests.aggregation [--work N] [RULE[:AXIOM] ...]`` writes the file of kept electorates. A
kept one that the search does not come to stays, with how far the search went before it.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import replace

import grpo_symbolic as gs
from grpo_symbolic.aggregation.axiom_table import RULES
from grpo_symbolic.aggregation.axioms import AXIOMS
from grpo_symbolic.aggregation.kept import FILE, Kept
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.satisfies import looked

#: Cases of a cell; of rules whose lotteries are followed along a path.
WORK, SLOW = 150_000, 8_000
LARGEST = 20


def kept(rule: Rule, axiom: str, work: int | None) -> Kept | None:
    """The smallest counterexample, or the kept one with how far the search went."""
    if AXIOMS[axiom].argument(rule) is not None:
        return None
    slow = rule.name in ("grpo-inf", "grpo4")
    report = looked(rule, AXIOMS[axiom], LARGEST, work or (SLOW if slow else WORK))
    if report.found is not None:
        return Kept.found(report)
    before = Kept.of(rule.name, axiom)
    if before is None:
        return None
    return replace(before, before=Kept.counts(report))


def main(cells: list[str], work: int | None) -> None:
    for cell in cells or RULES:
        name, _, only = cell.partition(":")
        for axiom in [only] if only else AXIOMS:
            found = kept(gs.rule(name), axiom, work)
            if found is not None:
                print(name, axiom, found.data(), flush=True)
                data = json.loads(FILE.read_text(encoding="utf-8"))
                data[name][axiom] = found.data()
                FILE.write_text(written(data), encoding="utf-8")


def written(data: dict[str, dict[str, dict]]) -> str:
    """One line a cell."""
    rules = [
        f"{json.dumps(rule)}: {{\n"
        + ",\n".join(f" {json.dumps(axiom)}: {json.dumps(cell)}" for axiom, cell in cells.items())
        + "\n}"
        for rule, cells in data.items()
    ]
    return "{" + ",\n".join(rules) + "}\n"


if __name__ == "__main__":
    parser = ArgumentParser(description="Search for the smallest counterexamples again.")
    parser.add_argument("cells", nargs="*", metavar="RULE[:AXIOM]")
    parser.add_argument("--work", type=int)
    given = parser.parse_args()
    main(given.cells, given.work)
