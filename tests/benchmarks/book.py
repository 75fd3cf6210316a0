"""``python -m derivations``: the time of the whole book, and of its results one by one.

The times of the results are those that the run writes into its ``formulas.json``; they do not
hold the ledger, the rechecks and the document, which the time of the whole run does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

_LONGEST = 1800
_SHOWN = 8
_WIDTH = 44


def run(*names: str) -> dict[str, Any]:
    """Print the table and return what it shows; ``names`` of results, or all."""
    with TemporaryDirectory() as folder:
        start = perf_counter()
        found = subprocess.run(
            [sys.executable, "-m", "derivations", *names, "--out", folder],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=_LONGEST,
        )
        seconds = perf_counter() - start
        written = next(Path(folder).glob("*.json"), None)
        if found.returncode or written is None:
            raise RuntimeError(
                f"python -m derivations ended with status {found.returncode}: {found.stderr[-500:]}"
            )
        results = json.loads(written.read_text())
    rows = [{"name": r["name"], "seconds": r["seconds"]} for r in results]
    rows.sort(key=lambda row: -row["seconds"])
    alone = sum(row["seconds"] for row in rows)
    _row(["result", "s"])
    for row in rows[:_SHOWN]:
        _row([row["name"], f"{row['seconds']:.2f}"])
    if len(rows) > _SHOWN:
        rest = sum(row["seconds"] for row in rows[_SHOWN:])
        _row([f"{len(rows) - _SHOWN} more", f"{rest:.2f}"])
    print(
        f"{len(rows)} results in {seconds:.1f} s on {os.cpu_count()} processors, all included; "
        f"the results one by one {alone:.1f} s, {alone / len(rows):.2f} s each"
    )
    return {
        "rows": rows,
        "results": len(rows),
        "seconds": seconds,
        "seconds_of_results": alone,
        "seconds_each": alone / len(rows),
    }


def _row(cells: list[str]) -> None:
    print(f"{cells[0]:>{_WIDTH}}{cells[1]:>10}", flush=True)
