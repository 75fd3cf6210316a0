"""``python -m tests.benchmarks [name ...]``: run benchmarks and record what they measured.

A benchmark is a function that prints its table and returns a record of plain data. Its
record replaces the one of the same name in ``build/benchmarks.json``; the others stay.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks import (
    accuracy,
    bernstein,
    book,
    closed_forms,
    growth,
    imports,
    roots,
    simulation,
    sweep,
    table,
)

BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "imports": imports.run,
    "bernstein": bernstein.run,
    "roots": roots.run,
    "closed_forms": closed_forms.run,
    "accuracy": accuracy.run,
    "growth": growth.run,
}
# Of minutes: only by name, or with --all.
LONG: dict[str, Callable[..., dict[str, Any]]] = {
    "sweep": sweep.run,
    "book": book.run,
    "simulation": simulation.run,
}
RECORDS = Path(__file__).parents[2] / "build" / "benchmarks.json"
_PACKAGES = ("sympy", "mpmath", "python-flint", "numpy", "scipy", "dask")


def record(name: str, measured: dict[str, Any], path: Path = RECORDS) -> None:
    """Merge one benchmark's record into the file, with what it was measured on."""
    records = json.loads(path.read_text()) if path.exists() else {}
    versions = {"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}}
    # More waiting processes than processors: the times are too long.
    machine = {"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    records[name] = {"versions": versions, "machine": machine, **measured}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=2, sort_keys=True) + "\n")


def main() -> None:
    known = BENCHMARKS | LONG
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"one of {', '.join(known)}; default: all but {' and '.join(LONG)}",
    )
    parser.add_argument("--all", action="store_true", help="the long ones too")
    parser.add_argument(
        "--points",
        type=float,
        default=sweep.POINTS,
        metavar="N",
        help=f"how many points the sweep has (default {sweep.POINTS:,})",
    )
    parser.add_argument(
        "--table", action="store_true", help="measure nothing: the records as a Markdown table"
    )
    given = parser.parse_args()
    if given.table:
        if not RECORDS.exists():
            parser.error(f"there are no records in {RECORDS}: run the benchmarks first")
        print(table.rendered(json.loads(RECORDS.read_text())))
        return
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]}: choose from {', '.join(known)}")
    for name in given.names or (known if given.all else BENCHMARKS):
        print(f"-- {name} --", flush=True)
        run = known[name]
        record(name, run(int(given.points)) if name == "sweep" else run())


if __name__ == "__main__":
    main()
