"""``python -m tests.benchmarks [name ...]``: run benchmarks and record what they measured.

A benchmark is a function that prints its table and returns a record of plain data. Its
record replaces the one of the same name in ``build/benchmarks.json``; the others stay.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks import bernstein

BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {"bernstein": bernstein.run}
RECORDS = Path(__file__).parents[2] / "build" / "benchmarks.json"
_PACKAGES = ("sympy", "mpmath", "python-flint", "numpy")


def record(name: str, measured: dict[str, Any], path: Path = RECORDS) -> None:
    """Merge one benchmark's record into the file, with the versions it was measured with."""
    records = json.loads(path.read_text()) if path.exists() else {}
    versions = {"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}}
    records[name] = {"versions": versions, **measured}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records, indent=2, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"one of {', '.join(BENCHMARKS)}; default: all"
    )
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]}: choose from {', '.join(BENCHMARKS)}")
    for name in names:
        record(name, BENCHMARKS[name]())


if __name__ == "__main__":
    main()
