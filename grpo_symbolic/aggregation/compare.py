"""Rules side by side on one electorate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.names import as_rules
from grpo_symbolic.aggregation.rule import Rule, read_reference
from grpo_symbolic.aggregation.votes import Votes
from grpo_symbolic.display import grid
from grpo_symbolic.inputs import parameter

__all__ = ["Comparison", "aligned", "compare", "tabular"]

_DIGITS = 6
_LISTED = 20
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"})


@dataclass(frozen=True)
class Comparison:
    """The lottery of each rule.

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

    def latex(self, digits: int = _DIGITS) -> str:
        """A tabular with booktabs."""
        answers = [answer.translate(_ESCAPED) for answer in self.electorate.answers]
        body = [
            " & ".join((title.replace("beta -> 0", r"$\beta\to0$"), *values)) + r" \\"
            for title, *values in self.rows(digits)
        ]
        return tabular("l" + "r" * len(answers), " & ".join(("rule", *answers)), body)

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


def tabular(columns: str, head: str, body: Sequence[str]) -> str:
    """A tabular with booktabs."""
    begin = rf"\begin{{tabular}}{{{columns}}}"
    rules = r"\toprule", rf"{head} \\", r"\midrule"
    return "\n".join([begin, *rules, *body, r"\bottomrule", r"\end{tabular}"])


def compare(
    rules: Any, electorate: Votes, reference: Any = None, beta: Any = 1, digits: int = 20
) -> Comparison:
    """The lottery of each rule on one electorate.

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
