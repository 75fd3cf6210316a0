"""Rules side by side on one electorate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Rational

from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.names import as_rules
from grpo_symbolic.aggregation.rule import Rule, read_reference
from grpo_symbolic.aggregation.votes import Comparisons, Votes
from grpo_symbolic.display import grid
from grpo_symbolic.export.exhibit import Exhibit, Passage, Stated, Table
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.inputs import Number, parameter
from grpo_symbolic.policy.setting import in_words

_DIGITS = 6
_LISTED = 20
_FEW = 6
_PROOF = (
    "Each lottery is computed from the definition of its rule, in exact arithmetic or in balls; "
    "the digits shown are proved, but for rules that are said to be numeric."
)
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"})


@dataclass(frozen=True, repr=False)
class Comparison(Stated):
    """The lottery of each rule.

    Source: new, a table of rules. Lotteries are probabilities, β is in advantage units.

    Attributes
    ----------
    rules : tuple of Rule
    electorate : Electorate or Comparisons
    reference : tuple of Fraction
    beta : Fraction
    lotteries : tuple of Lottery

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> electorate = gs.Electorate([(2, (1, 0)), (1, (0, 1))])
    >>> gs.compare("borda,random-dictator", electorate).lotteries[1].values
    (2/3, 1/3)
    """

    rules: tuple[Rule, ...]
    electorate: Votes
    reference: tuple[Fraction, ...]
    beta: Fraction
    lotteries: tuple[Lottery, ...]

    def __getitem__(self, name: str) -> Lottery:
        return self.lotteries[[rule.name for rule in self.rules].index(name)]

    def rows(self, digits: int = _DIGITS) -> list[tuple[str, ...]]:
        """The title of a rule and its lottery as decimals."""
        return [
            (rule.title, *lottery.decimals(digits))
            for rule, lottery in zip(self.rules, self.lotteries, strict=True)
        ]

    def latex(self, digits: int = _DIGITS, width: Any = "page") -> str:
        """A tabular with booktabs, no wider than ``"column"``, ``"page"`` or so many points.

        What does not fit beside stands below, in tabulars that share their first column.
        """
        from grpo_symbolic.export.tables import tabular

        table = self._table(digits)
        room = Layout(width=width).width
        return "\n".join(tabular((table.head, *table.rows), room))

    def _table(self, digits: int = _DIGITS) -> Table:
        """A row for each rule, or for each answer where these are more."""
        answers = [answer.translate(_ESCAPED) for answer in self.electorate.answers]
        titles = [rule.title.replace("beta -> 0", r"$\beta\to0$") for rule in self.rules]
        values = [row[1:] for row in self.rows(digits)]
        if len(answers) <= len(titles):
            rows = [(title, *row) for title, row in zip(titles, values, strict=True)]
            return Table(("rule", *answers), tuple(rows))
        return Table(("answer", *titles), tuple(zip(answers, *values, strict=True)))

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The lotteries as a statement with a table, to be exported."""
        table = self._table()
        voters = "comparisons" if isinstance(self.electorate, Comparisons) else "raters"
        reference = ", ".join(formula(Rational(share)) for share in self.reference)
        given = f"(${reference}$)" if len(self.reference) <= _FEW else "given"
        uniform = len(set(self.reference)) == 1
        return Exhibit(
            title="Lotteries of several rules",
            setting=(
                f"Consider {in_words(len(self.reference))} answers and what {voters} say of them, "
                rf"with the weight $\beta = {formula(Rational(self.beta))}$ and "
                f"{'the uniform' if uniform else f'the {given}'} reference."
            ),
            says="the lotteries of the rules are",
            source=f"compare({', '.join(rule.name for rule in self.rules)})",
            table=table,
            proof=(Passage(_PROOF),),
        )

    def __str__(self) -> str:
        rows = [("", *self.electorate.answers[:_LISTED]), *(r[: _LISTED + 1] for r in self.rows())]
        lines = aligned(rows)
        rest = self.electorate.size - _LISTED
        return "\n".join([*lines, f"and {rest} more answers"] if rest > 0 else lines)

    def __repr__(self) -> str:
        names = ", ".join(rule.name for rule in self.rules)
        return f"Comparison({names}: {self.electorate.size} answers)"

    def _repr_html_(self) -> str:
        head = ("rule", *self.electorate.answers[:_LISTED])
        return grid(f"beta = {self.beta}", head, (r[: _LISTED + 1] for r in self.rows()))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text whose columns begin below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def compare(
    rules: str | Iterable[Rule | str],
    electorate: Votes,
    reference: Sequence[Number] | None = None,
    beta: Number = 1,
    digits: int = 20,
) -> Comparison:
    """The lottery of each rule on one electorate.

    Source: new. β is in advantage units, a lottery gives probabilities.

    Parameters
    ----------
    rules : sequence of Rule or str, or names with commas
    electorate : Electorate or Comparisons
    reference : sequence of numbers, optional
        Uniform unless given.
    beta : number
    digits : int

    Raises
    ------
    ValueError
        For names that are none, and where a rule needs more than the votes say.

    Examples
    --------
    >>> from grpo_symbolic.electorate import Electorate
    >>> print(compare("borda,random-dictator", Electorate([(2, (1, 0)), (1, (0, 1))])))
                                    1         2
    Borda                           1.0       0.0
    random dictator (proportional)  0.666667  0.333333
    """
    chosen = as_rules(rules)
    found = tuple(rule.lottery(electorate, reference, beta, digits) for rule in chosen)
    weight = parameter("beta", beta)
    return Comparison(
        chosen,
        electorate,
        read_reference(reference, electorate.size),
        Fraction(weight.p, weight.q),
        found,
    )
