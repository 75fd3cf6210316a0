r"""A theorem or a proof as it is set: prose in the author's names, displays, labels and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from grpo_symbolic.export.assumptions import listed
from grpo_symbolic.export.exhibit import Exhibit
from grpo_symbolic.export.latex import Line, formula
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.lines import Names
from grpo_symbolic.export.measure import width
from grpo_symbolic.export.references import bibtex, in_words
from grpo_symbolic.export.rows import Row, rows_of
from grpo_symbolic.export.tables import HLINES, tabular
from grpo_symbolic.export.widths import BESIDE

_REFERENCE = re.compile(r"\\eqref\{@([\w-]+)\}")
_CITATION = re.compile(r"\\cite(?:\[([^\]]*)\])?\{(\w+)\}")
# A full stop, and words that the italics of a theorem make wider.
_STOP = 8.0
# A definition that stands in the sentence: no wider than this share of a line.
_IN_TEXT = 0.75
_TALL = re.compile(r"\\(?:frac|sum|binom|mathbb|begin|sqrt)\b")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


class Page:
    """What one environment knows: its labels, and which of its lines are referred to.

    Parameters
    ----------
    exhibit : Exhibit
    layout : Layout
    part : {"theorem", "proof"}
    """

    def __init__(self, exhibit: Exhibit, layout: Layout, part: str) -> None:
        self.exhibit, self.layout = exhibit, layout
        texts = exhibit.more if part == "theorem" else [p.text for p in exhibit.proof]
        self._cited = {name for text in texts for name in _REFERENCE.findall(text)}
        whole = layout.own_label("eq", exhibit.title, exhibit.source, part)
        self._base = whole if not layout.label else f"eq:{whole.rpartition(':')[2]}"
        self._main = self._base if part == "theorem" else ""
        #: Of the theorem, where the author has named it and its lines have numbers.
        self._above = layout.label and layout.numbering != "none" and part == "proof"
        self._marks: dict[str, str] = {}
        self._numbers = count(1)
        lines = (*exhibit.formulas, *exhibit.where, *(e for p in exhibit.proof for _, e in p.lines))
        self._names = Names(*(formula(line) for line in lines))
        if part == "theorem":
            self._cited.add("main")
        proved = (line for p in exhibit.proof for line in p.lines)
        self._stated = {name for name, line in proved if self._is_above(name, line)}

    # -- prose ---------------------------------------------------------------------------------

    def prose(self, text: str) -> str:
        """Sentences in the author's names, with references to lines and sources."""
        text = _REFERENCE.sub(lambda m: self._reference(m[1]), text)
        if not self.layout.cite:
            text = _CITATION.sub(lambda m: _named(m), text)
        return self.layout.notation.rewritten_text(text)

    def _reference(self, name: str) -> str:
        if self.layout.numbering == "none":
            return f"({self._mark(name)})"
        return rf"\eqref{{{self._label(name)}}}"

    def shown_before(self, lines: Sequence[tuple[str, Line]]) -> bool:
        """Whether a display of a proof is the equation of its theorem, which has a number."""
        return bool(lines) and self._is_above(*lines[0])

    def unstated(self, lines: Sequence[tuple[str, Line]]) -> list[tuple[str, Line]]:
        """The lines of a proof without definitions that its theorem has, where that is named."""
        above = self.exhibit.where if self._above else ()
        return [(name, line) for name, line in lines if name or line not in above]

    def _is_above(self, name: str, line: Line) -> bool:
        main = self.exhibit.formulas[:1]
        return bool(self._above) and name == "equation" and (line,) == main

    def _label(self, name: str) -> str:
        if name in self._stated:
            return self._base
        return self._main if name == "main" and self._main else f"{self._base}-{name}"

    def _mark(self, name: str) -> str:
        free = (m for m in _ROMAN if m not in self._marks.values())
        return self._marks.setdefault(name, next(free, str(len(self._marks) + 1)))

    def entries(self) -> list[str]:
        """BibTeX of what was named in words, as comments."""
        if self.layout.cite:
            return []
        entries = "\n".join(bibtex(key) for key in self.exhibit.sources)
        return [f"% {line}" for line in entries.splitlines()]

    # -- displays --------------------------------------------------------------------------------

    def statement(self) -> list[str]:
        """The formulas of a theorem, and what their names stand for: short ones in the sentence."""
        exhibit, notation = self.exhibit, self.layout.notation
        if not exhibit.formulas:
            return [] if exhibit.table is None else self.table()
        where = [(f"where-{k}", line) for k, line in enumerate(exhibit.where, start=1)]
        texts = {name: formula(line, notation) for name, line in where}
        room = _IN_TEXT * self.layout.width
        beside = [
            n for n, tex in texts.items() if width(tex, "T") <= room and not _TALL.search(tex)
        ]
        rest = [(name, line) for name, line in where if name not in beside]
        main = [("main" if k == 0 else "", line) for k, line in enumerate(exhibit.formulas)]
        lines = self.block(main, "," if where else ".")
        if not where:
            return lines
        in_text = listed([f"${texts[name]}$" for name in beside])
        if not rest:
            return [*lines, f"where {in_text}."]
        lines.append("where" if not beside else f"where {in_text}, and")
        return [*lines, *self.block(rest, ".")]

    def block(self, lines: Sequence[tuple[str, Line]], end: str = "") -> list[str]:
        """A display of named lines; those that are referred to have numbers."""
        numbered = self.layout.numbering == "all" or any(n in self._cited for n, _ in lines)
        rows = self._rows([line for _, line in lines], numbered)
        shown: list[tuple[str, str]] = []
        for place, row in enumerate(rows):
            own = list(row.lines)
            own[-1] += end[:1] if place == len(rows) - 1 else ","
            tags = self._tags("" if row.named else lines[row.line][0])
            shown += [(line, "") for line in own[:-1]] + [(own[-1], tags)]
        # An end mark beside a number would be two tags.
        free = end.endswith("qedhere") and not any(tags for _, tags in shown)
        free = free and width(shown[-1][0].replace("&", "")) <= self.layout.width - 3 * BESIDE
        return list(_environment(shown, r" \qedhere" if free else ""))

    def _rows(self, lines: Sequence[Line], numbered: bool) -> list[Row]:
        """Below a single line there is room for its number; beside several there must be."""
        notation, whole = self.layout.notation, self.layout.width - _STOP
        if len(lines) == 1 and width(formula(lines[0], notation)) <= whole:
            return rows_of(lines, notation, 2 * whole, self._names)
        return rows_of(lines, notation, whole - (BESIDE if numbered else 0.0), self._names)

    def _tags(self, name: str) -> str:
        """The label or the mark of a line."""
        cited = bool(name) and name in self._cited
        if self.layout.numbering == "none":
            hidden = not cited or (name == "main" and self._main)
            return "" if hidden else rf"\tag{{{self._mark(name)}}}"
        if cited or self.layout.numbering == "all":
            return rf"\label{{{self._label(name or f'line-{next(self._numbers)}')}}}"
        return ""

    def table(self) -> list[str]:
        """The table of an exhibit, in the text; see :func:`tabular`."""
        return [_BESIDE_TEXT, *self.tabular(), r"\end{center}"]

    def tabular(self) -> list[str]:
        """The table alone, its columns as wide as what stands in them asks for."""
        table = self.exhibit.table
        assert table is not None
        rows = [[self.prose(cell) for cell in row] for row in (table.head, *table.rows)]
        return tabular(rows, self.layout.width, HLINES)


_BESIDE_TEXT = r"\begin{center}\small\setlength{\tabcolsep}{6pt}\raggedright"


def _environment(lines: Sequence[tuple[str, str]], end: str) -> Iterator[str]:
    """``equation`` or ``align``, starred where no line has a number."""
    tagged = [tags for _, tags in lines if tags]
    last = len(lines) - 1
    if last == 0:
        star = "" if any("label" in t for t in tagged) else "*"
        body = lines[0][0].replace("&", "", 1)
        yield rf"\begin{{equation{star}}}{''.join(tagged)}"
        yield f"  {body}{end}"
        yield rf"\end{{equation{star}}}"
        return
    star = "" if any("label" in t for t in tagged) else "*"
    yield rf"\begin{{align{star}}}"
    for place, (line, tags) in enumerate(lines):
        number = f" {tags}" if tags else r" \notag" if not star else ""
        yield f"  {line}{number}" + (r" \\" if place < last else end)
    yield rf"\end{{align{star}}}"


def _named(match: re.Match[str]) -> str:
    place = f", {match[1]}" if match[1] else ""
    return f"({in_words(match[2])}{place})"
