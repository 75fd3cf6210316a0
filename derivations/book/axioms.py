"""The table of rules and axioms, from the record of its last run: it takes minutes to decide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from derivations.book.prose import escape

__all__ = ["RECORD", "axiom_section"]

#: Written by ``python -m grpo_symbolic.aggregation.axiom_table docs/axioms.md``.
RECORD = Path(__file__).parents[2] / "docs" / "axioms.md"
_WORDS = {"yes": "yes", "no": r"\textbf{no}", "open": r"\emph{open}"}


def axiom_section(record: Path = RECORD) -> str:
    """A section with the table; nothing where there is no record.

    Raises
    ------
    ValueError
        For a record that is no such table.
    """
    if not record.is_file():
        return ""
    rows = list(_rows(record.read_text(encoding="utf-8").splitlines()))
    if len(rows) < 2:
        raise ValueError(f"{record} must have a table of rules and axioms")
    (_, *rules), *axioms = rows
    if not all(re.fullmatch(r"`[a-z0-9-]+`", rule) for rule in rules):
        raise ValueError(f"{record} must name its rules in letters, got {rules}")
    head = "".join(rf" & \rotatebox{{90}}{{\texttt{{{r.strip('`')}}}}}" for r in rules)
    body = []
    for title, *cells in axioms:
        if len(cells) != len(rules) or not set(cells) <= set(_WORDS):
            raise ValueError(f"{record} must have yes, no or open for every rule, got {cells}")
        body.append(" & ".join([escape(title), *(_WORDS[c] for c in cells)]) + r" \\")
    return "\n".join(
        [
            r"\subsection{Rules and axioms}\label{axioms}",
            r"Each cell is decided by itself: \emph{yes} is proved by an argument, \emph{no} "
            r"refuted by a counterexample whose lotteries are enclosed, \emph{open} neither. "
            r"\texttt{docs/axioms.md} has every argument and every counterexample; "
            r"\texttt{satisfies(rule, axiom)} decides a cell again.\par",
            rf"\begin{{center}}\footnotesize\setlength{{\tabcolsep}}{{2.5pt}}"
            rf"\begin{{tabular}}{{@{{}}l{'c' * len(rules)}@{{}}}}",
            rf"\toprule {head} \\ \midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}\end{center}",
        ]
    )


def _rows(lines: Iterable[str]) -> Iterable[list[str]]:
    """The cells of the first table, without the line below its head."""
    begun = False
    for line in lines:
        if not line.startswith("|"):
            if begun:
                return
            continue
        begun = True
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if line.startswith("| |"):
            cells.insert(0, "")
        if not set("".join(cells)) <= set("-: "):
            yield cells
