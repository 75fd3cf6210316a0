"""What ``import grpo_symbolic`` and short commands cost, against ``import sympy``.

Processor time of a new interpreter, both sides in turn; every module is compiled to bytecode
beforehand. ``import grpo_symbolic`` alone defers what it can, so that the names are measured
as well: those of the first example, and every public one.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

_FIRST = "from grpo_symbolic import GRPO, BinaryQuestion, stationary_policy"
CASES = {
    "sympy": "import sympy",
    "sympy, numpy, flint": "import sympy, numpy, flint",
    "grpo_symbolic": "import grpo_symbolic",
    "names of the first example": _FIRST,
    "first example": f"{_FIRST}\nstationary_policy(GRPO(2), BinaryQuestion()).latex()",
    "every public name": "from grpo_symbolic import *",
}
COMMANDS = (
    "--help",
    "derive --group-size 2",
    "solve --group-size 2 --beta 1/2 --pi-ref 0.2",
    "check --group-size 2 pi>=1-beta",
    "analyse --group-size 2",
)
CASES |= {
    words: f"import sys; sys.argv[1:] = {words.split()}\nfrom grpo_symbolic.cli import main; main()"
    for words in COMMANDS
}
REPEATS = 9
_WIDTH = 48


def run() -> dict[str, Any]:
    """Print the table and return what it shows."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    with TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": folder, "PYTHONPATH": os.pathsep.join(sys.path)}
        for source in CASES.values():
            _seconds(source, environment)
        for _ in range(REPEATS):
            for name, source in CASES.items():
                times[name].append(_seconds(source, environment))
    base = median(times["sympy"])
    _row(["", "processor time, s", "of import sympy"])
    rows = []
    for name, found in times.items():
        rows.append({"name": name, "seconds": median(found), "ratio": median(found) / base})
        _row([name, f"{rows[-1]['seconds']:.3f}", f"{rows[-1]['ratio']:.2f}"])
    print(f"medians of {REPEATS}")
    return {"rows": rows, "repeats": REPEATS, "unit": "s"}


def _seconds(source: str, environment: dict[str, str]) -> float:
    """Processor time of a new interpreter: waiting for other processes does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    root = Path(__file__).parents[2]
    words = [sys.executable, "-c", source]
    subprocess.run(words, env=environment, cwd=root, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
