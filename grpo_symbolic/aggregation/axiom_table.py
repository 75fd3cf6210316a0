"""The table of rules and axioms, with the reason for every cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grpo_symbolic.aggregation.axioms import AXIOMS
from grpo_symbolic.aggregation.compare import aligned
from grpo_symbolic.aggregation.names import as_rules
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.satisfies import Finding, satisfies
from grpo_symbolic.display import grid
from grpo_symbolic.export.exhibit import Exhibit, Passage, Stated, Table
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.progress import tracked
from grpo_symbolic.verify.verdict import Status

#: The rules of the table in the documents.
RULES = (
    *("grpo2", "nlhf", "rlhf", "rlhf-btl", "ipo", "maximal-lottery", "borda", "copeland"),
    *("plurality", "random-dictator", "best-of-2", "grpo-inf", "grpo-inf-answer"),
    *("grpo2-answer", "grpo4"),
)
_WORDS = {Status.PROVED: "yes", Status.REFUTED: "no", Status.UNKNOWN: "open"}


@dataclass(frozen=True, repr=False)
class AxiomTable(Stated):
    """Verdicts on rules and axioms, one row an axiom.

    Source: new; :func:`satisfies` gives the reason of a cell.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.axiom_table(("rlhf", "borda"), ("pareto", "rankings")))
                          rlhf  borda
    Pareto                yes   yes
    Only rankings matter  no    yes
    """

    findings: tuple[tuple[Finding, ...], ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules, a column each."""
        return tuple(f.rule.name for f in self.findings[0])

    def rows(self) -> list[tuple[str, ...]]:
        """The title of an axiom, and a word for each rule."""
        return [(row[0].axiom.title, *(_WORDS[f.status] for f in row)) for row in self.findings]

    def latex(self, width: Any = "page") -> str:
        """A tabular with booktabs, no wider than ``"column"``, ``"page"`` or so many points.

        Rules that do not fit beside stand below, in tabulars that share their first column.
        """
        from grpo_symbolic.export.tables import tabular

        table, room = self._table(), Layout(width=width).width
        return "\n".join(tabular((table.head, *table.rows), room))

    def _table(self) -> Table:
        return Table(("", *(rf"\texttt{{{name}}}" for name in self.rules)), tuple(self.rows()))

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The table as a statement, to be exported."""
        arguments = [
            rf"\texttt{{{f.rule.name}}}, {escape(f.axiom.title)}: {escape(f.detail)}"
            for row in self.findings
            for f in row
        ]
        return Exhibit(
            title="Rules and axioms",
            setting="Consider rules from electorates to lotteries over answers.",
            says=r"whether they satisfy an axiom is said by \emph{yes}, which is proved, "
            r"\emph{no}, which is refuted by a counterexample, or \emph{open}:",
            source=f"axiom_table({self.rules!r})",
            table=self._table(),
            proof=tuple(Passage(f"{text}.") for text in arguments),
        )

    def markdown(self) -> str:
        """The table, then the statement, argument or counterexample of every cell."""
        lines = ["| | " + " | ".join(f"`{name}`" for name in self.rules) + " |"]
        lines.append("| --- |" + " :-: |" * len(self.rules))
        lines += ["| " + " | ".join(row) + " |" for row in self.rows()]
        for row in self.findings:
            lines += ["", f"## {row[0].axiom.title}", "", f"*{row[0].axiom.statement}*", ""]
            for finding in row:
                word = _WORDS[finding.status]
                head, *rest = finding.detail.split("\n")
                lines.append(f"* `{finding.rule.name}`, {word}: {head}")
                lines += [f"  * {line.strip()}" for line in rest]
        return "\n".join(lines)

    def __str__(self) -> str:
        return "\n".join(aligned([("", *self.rules), *self.rows()]))

    def __repr__(self) -> str:
        return f"AxiomTable({len(self.findings)} axioms, {len(self.rules)} rules)"

    def _repr_html_(self) -> str:
        return grid("Rules and axioms", ("", *self.rules), self.rows())


def axiom_table(
    rules: str | Iterable[Rule | str] = RULES,
    axioms: Iterable[str] = tuple(AXIOMS),
    size: int | None = None,
) -> AxiomTable:
    """Every verdict, rule by rule.

    Source: new.

    Parameters
    ----------
    rules, axioms : sequence of str
    size : int, optional
        Search again, as :func:`satisfies` does.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.axiom_table(("borda", "rlhf"), ("independence",)).rules
    ('borda', 'rlhf')
    """
    columns = [
        [satisfies(rule, name, size) for name in axioms]
        for rule in tracked(as_rules(rules), label="rules", unit="rule")
    ]
    return AxiomTable(tuple(zip(*columns, strict=True)))
