"""A paper with the verdicts on its formulas: as text, as plain data, and marked in a copy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.display import Html, badge, cut, grid
from grpo_symbolic.papers.source import Source
from grpo_symbolic.verify.verdict import Status

NOT_CHECKED = "not checked"
_WIDTH = 12
_MARKS = {"PROVED": "proved", "REFUTED": "REFUTED", "NUMERIC": "numeric", "UNKNOWN": "undecided"}
#: Plain LaTeX, on the first line, so that lines keep their numbers.
_MARK = r"\providecommand{\grpoverdict}[1]{\quad\mbox{\footnotesize\sffamily[#1]}}"


@dataclass(frozen=True)
class CheckedFormula:
    """A formula of a paper and its verdict.

    Attributes
    ----------
    file : str
    line : int
        Of the first character of the formula, or of its row in a display of several.
    formula : str
        As the paper writes it, without labels.
    verdict : Status or None
        None where no comment holds for it, or a section's comment does and it says nothing about
        a stationary policy.
    reason : str
        In words: how it was decided, or why it was not.
    checked : Checked, optional
        The verdict with the formula as it was understood, the method and the counterexample.
    end : int
        Where a mark beside it goes.
    asked : bool
        Whether a comment holds for it.
    """

    file: str
    line: int
    formula: str
    verdict: Status | None = None
    reason: str = ""
    checked: Checked | None = None
    end: int = field(default=0, repr=False)
    asked: bool = False
    #: Of a definition: its setting and its name.
    defines: tuple[Hashable, str] | None = field(default=None, repr=False, compare=False)

    @property
    def counterexample(self) -> dict[str, str] | None:
        """Parameters at which a refuted formula fails, with π there where they do not give it."""
        return None if self.checked is None else self.checked.counterexample

    @property
    def word(self) -> str:
        """The verdict, or ``not checked``."""
        return NOT_CHECKED if self.verdict is None else self.verdict.value

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "file": self.file,
            "line": self.line,
            "formula": self.formula,
            "verdict": self.word,
            "counterexample": self.counterexample,
        }

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}: {self.word}  {self.formula}"]
        if self.reason:
            lines.append(f"  {self.reason}")
        if self.verdict is Status.REFUTED and self.checked is not None:
            lines += [f"  read as: {self.checked.formula}", *str(self.checked).splitlines()[2:]]
        return "\n".join(lines)


@dataclass(frozen=True)
class CheckedPaper:
    """All formulas of a paper, in order.

    Attributes
    ----------
    formulas : tuple of CheckedFormula
    """

    formulas: tuple[CheckedFormula, ...]
    source: Source = field(repr=False)

    def __iter__(self) -> Any:
        return iter(self.formulas)

    def __len__(self) -> int:
        return len(self.formulas)

    @property
    def refuted(self) -> tuple[CheckedFormula, ...]:
        """The formulas that are wrong."""
        return tuple(f for f in self.formulas if f.verdict is Status.REFUTED)

    @property
    def undecided(self) -> tuple[CheckedFormula, ...]:
        """The formulas under a comment that are neither proved nor refuted."""
        decided = (Status.PROVED, Status.REFUTED)
        return tuple(f for f in self.formulas if f.asked and f.verdict not in decided)

    def fails(self, strict: bool = False) -> bool:
        """Whether a formula is refuted; with ``strict``, or left undecided."""
        return bool(self.refuted or (strict and self.undecided))

    def as_list(self) -> list[dict[str, Any]]:
        """Plain data: file, line, formula, verdict and counterexample of each formula."""
        return [formula.as_dict() for formula in self.formulas]

    def as_json(self) -> str:
        """:meth:`as_list` as JSON."""
        return json.dumps(self.as_list(), indent=2, ensure_ascii=False)

    def annotated(self) -> str:
        r"""The paper with a mark beside each formula, as LaTeX that compiles without a package.

        Lines keep their numbers. A definition of ``\grpoverdict`` in the paper says how marks
        look.
        """
        text, parts, last = self.source.text, [_MARK], 0
        by_place: dict[int, list[str]] = {}
        for formula in self.formulas:
            by_place.setdefault(formula.end, []).append(_mark(formula))
        for place in sorted(place for place in by_place if place):
            parts += [text[last:place], *by_place[place]]
            last = place
        return "".join([*parts, text[last:]])

    def __str__(self) -> str:
        counts = Counter(formula.word for formula in self.formulas)
        order = [*(status.value for status in Status), NOT_CHECKED]
        said = ", ".join(f"{counts[word]} {word}" for word in order if counts[word])
        lines = [*map(str, self.formulas), f"{self.source.name}: {said or 'no formula'}"]
        return "\n".join(lines)

    def _repr_html_(self) -> Html:
        rows = [
            (str(f.line), cut(f.formula), badge(f.verdict) if f.verdict else NOT_CHECKED, f.reason)
            for f in self.formulas
        ]
        return grid(self.source.name, ("line", "formula", "verdict", "reason"), rows)


def _mark(formula: CheckedFormula) -> str:
    words = NOT_CHECKED if formula.verdict is None else _MARKS[formula.verdict.value]
    if formula.counterexample:
        words += " at " + ", ".join(
            f"{k} = {cut(v, _WIDTH)}" for k, v in formula.counterexample.items()
        )
    return rf"\grpoverdict{{{words.replace('_', chr(92) + '_')}}}"
