"""The table of rules and axioms, decided when the book is made."""

from __future__ import annotations

from functools import cache

from derivations.book.prose import escape
from grpo_symbolic.aggregation.axiom_table import AxiomTable, axiom_table

__all__ = ["axiom_section"]

_WORDS = {"yes": "yes", "no": r"\textbf{no}", "open": r"\emph{open}"}


@cache
def _decided() -> AxiomTable:
    return axiom_table()


def axiom_section(table: AxiomTable | None = None) -> str:
    """A section with the table."""
    found = _decided() if table is None else table
    head = "".join(rf" & \rotatebox{{90}}{{\texttt{{{rule}}}}}" for rule in found.rules)
    body = [
        " & ".join([escape(title), *(_WORDS[cell] for cell in cells)]) + r" \\"
        for title, *cells in found.rows()
    ]
    return "\n".join(
        [
            r"\subsection{Rules and axioms}\label{axioms}",
            r"Each cell of Table~\ref{table-axioms} is decided by itself, when this book is made: "
            r"\emph{yes} is proved by an argument, \emph{no} refuted by a counterexample whose "
            r"lotteries are enclosed, \emph{open} neither. \texttt{satisfies(rule, axiom)} gives "
            r"the argument or the counterexample.\par",
            rf"\begin{{table}}[!ht]\centering\footnotesize\setlength{{\tabcolsep}}{{2.5pt}}"
            rf"\begin{{tabular}}{{@{{}}l{'c' * len(found.rules)}@{{}}}}",
            rf"\toprule {head} \\ \midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}\caption{Rules and axioms.}\label{table-axioms}\end{table}",
        ]
    )
