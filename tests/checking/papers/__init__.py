"""Papers to check: the source paper in other words, and ten with one planted error each."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["ERRORS", "SOURCE", "planted", "without_slow"]

HERE = Path(__file__).parent
SOURCE = HERE / "source_paper.tex"
ERRORS = sorted(HERE.glob("error_*.tex"))


def planted(paper: Path) -> list[int]:
    """The lines with an error."""
    lines = paper.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, start=1) if "% planted" in line]


def without_slow(text: str) -> str:
    """The text without the settings of formulas whose proofs take seconds."""
    return re.sub(r"% slow\n% grpo:[^\n]*", "% slow\n% grpo: skip", text)
