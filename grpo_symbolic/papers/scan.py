r"""One pass through a paper: its displays, headings and comments, with the macros known there.

What is not typeset is passed over: ``verbatim`` and its kin, ``\iffalse``, all after
``\end{document}``. Groups are kept, as a definition inside of one ends with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from grpo_symbolic.papers.macros import (
    COMMANDS,
    DOCUMENT,
    OPERATORS,
    PRIMITIVES,
    Macro,
    closing,
    definition,
)
from grpo_symbolic.papers.source import Source

MAX_DISPLAYS = 2_000
MAX_DEFINITIONS = 2_000
MAX_FORMULA = 20_000
MAX_TITLE = 500

_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "appendix")
_ENVIRONMENTS = (
    *("equation", "displaymath", "align", "gather", "multline", "flalign", "alignat", "xalignat"),
    *("eqnarray", "dmath", "math"),
)
_OPAQUE = (
    *("verbatim", "Verbatim", "lstlisting", "minted", "comment", "filecontents", "tikzpicture"),
    "alltt",
)
_DEFINING = (*COMMANDS, *PRIMITIVES, *OPERATORS, *DOCUMENT, "let")
_MARK = re.compile(r"\\(?:[A-Za-z@]+|.|\Z)|%[^\n]*|[{}$]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]+)\*?\}")
_COMMENT = re.compile(r"%+[ \t]*(grpo|grpo-notation)[ \t]*:([^\n]*)")
_MORE = re.compile(r"\n[ \t]*%+[ \t]*grpo[ \t]*:([^\n]*)")
_CONDITION = re.compile(r"\\(if[A-Za-z]*|fi)(?![A-Za-z])")
_DOCUMENT = re.compile(r"^[^%\n]*\\begin\{document\}", re.MULTILINE)
_NAMED = re.compile(r"\s*\\[A-Za-z@]+")
_END = {"[": "\\]", "(": "\\)", "$": "$", "$$": "$$"}


@dataclass(frozen=True)
class Comment:
    """``% grpo: words`` or, where ``notation``, ``% grpo-notation: words``."""

    at: int
    end: int
    words: str
    notation: bool = False


@dataclass(frozen=True)
class Heading:
    r"""A heading: 2 is the level of ``\section``, and 0 and 1 are above it."""

    at: int
    end: int
    level: int


@dataclass(frozen=True)
class Display:
    """Mathematics between ``start`` and ``end``; ``kind`` is its environment, or $ for inline."""

    at: int
    start: int
    end: int
    kind: str
    macros: Mapping[str, Macro] = field(repr=False)
    comments: tuple[Comment, ...] = ()

    @property
    def inline(self) -> bool:
        return self.kind in ("$", "(", "math")


@dataclass(frozen=True)
class Environment:
    """Where one of text begins, such as a theorem, or ends; ``at`` is where its command stands."""

    at: int
    begins: bool


Piece = Comment | Heading | Display | Environment


def pieces(source: Source) -> Iterator[Piece]:
    """Comments, headings and mathematics, in order.

    Raises
    ------
    ValueError
        With file and line, for mathematics without an end, or too much of something.
    """
    yield from _Scan(source).pieces()


class _Scan:
    """Where the pass is, and what is defined there."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.at = 0
        self.macros: dict[str, Macro] = {}
        # For each open group: what its definitions have replaced.
        self.groups: list[dict[str, Macro | None]] = []
        self.definitions = self.displays = 0
        #: How many conditions of TeX are open: what is defined under one may not be defined.
        self.conditions = 0
        self.known: Mapping[str, Macro] | None = None
        begins = _DOCUMENT.search(self.text)
        self.body = begins.end() if begins else 0

    def pieces(self) -> Iterator[Piece]:
        while (mark := _MARK.search(self.text, self.at)) is not None:
            self.at = mark.end()
            found = self._piece(mark[0], mark.start())
            if found == "end":
                return
            if isinstance(found, Piece):
                yield found

    def _piece(self, mark: str, at: int) -> Piece | str | None:
        if mark[0] == "%":
            return self._comment(at)
        if mark in ("{", r"\begingroup", r"\bgroup"):
            self.groups.append({})
        elif mark in ("}", r"\endgroup", r"\egroup"):
            self._close()
        elif mark == "$":
            return self._dollars(at)
        elif mark in (r"\[", r"\("):
            return self._display(at, self.at, mark[1:], _END[mark[1:]])
        elif mark == r"\begin":
            return self._begin(at)
        elif mark == r"\end":
            return self._ends()
        elif mark == r"\verb":
            self._verb()
        elif mark == r"\iffalse":
            self._skip_condition()
        elif mark == r"\newif":
            self.at = _after_name(self.text, self.at)
        elif mark.startswith(r"\if") and mark not in (r"\iff", r"\ifthenelse"):
            self.conditions += 1
        elif mark == r"\fi":
            self.conditions = max(self.conditions - 1, 0)
        elif mark[1:] in _DEFINING:
            self._define(mark[1:], at)
        elif mark[1:] in _LEVELS:
            return self._heading(mark[1:], at)
        elif mark in self.macros:
            return self._opened_by_macro(mark, at)
        return None

    # -- comments and headings -------------------------------------------------------------

    def _comment(self, at: int) -> Comment | None:
        match = _COMMENT.match(self.text, at)
        if match is None:
            return None
        words, self.at = match[2], match.end()
        while match[1] == "grpo" and (more := _MORE.match(self.text, self.at)) is not None:
            words, self.at = f"{words} {more[1]}", more.end()
        return Comment(at, self.at, words.strip(), match[1] == "grpo-notation")

    def _heading(self, name: str, at: int) -> Heading:
        level = _LEVELS.index(name) if name != "appendix" else _LEVELS.index("section")
        end = self.at
        if name != "appendix":
            title = self.text.find("{", end, end + MAX_TITLE)
            end = (closing(self.text, title, MAX_TITLE) or title) + 1 if title >= 0 else end
        return Heading(at, end, level)

    # -- mathematics -----------------------------------------------------------------------

    def _dollars(self, at: int) -> Display | None:
        if self.text.startswith("$", self.at):
            self.at += 1
            return self._display(at, self.at, "$$", "$$")
        end = self._find("$", self.at)
        blank = self.text.find("\n\n", self.at, end)
        if end < 0 or blank >= 0:  # a dollar that opens nothing
            return None
        return self._display(at, self.at, "$", "$")

    def _begin(self, at: int) -> Piece | None:
        match = _ENVIRONMENT.match(self.text, self.at)
        self.groups.append({})
        if match is None:
            return None
        name, self.at = match[1], match.end()
        if name in _OPAQUE:
            self.groups.pop()
            end = self.text.find(rf"\end{{{name}", self.at)
            self.at = len(self.text) if end < 0 else self.text.find("}", end) + 1
            return None
        if name == "document":
            self.groups.pop()
        if name not in _ENVIRONMENTS:
            return None if name == "document" else Environment(at, True)
        self.groups.pop()
        start = self.at
        if name in ("alignat", "xalignat"):
            columns = re.compile(r"\s*\{[^{}]*\}").match(self.text, start)
            start = columns.end() if columns else start
        return self._display(at, start, name, r"\end")

    def _ends(self) -> str | Piece:
        match = _ENVIRONMENT.match(self.text, self.at)
        if match is not None and match[1] == "document":
            return "end"
        self._close()
        return Environment(self.at, False)

    def _opened_by_macro(self, name: str, at: int) -> Display | None:
        r"""``\be`` for ``\begin{equation}`` and its like."""
        body = self.macros[name].body or ()
        opened = "".join(token.text for token in body)
        match = re.fullmatch(r"\\begin\{([A-Za-z]+)\*?\}|\\\[|\$\$", opened)
        if match is None or (match[1] and match[1] not in _ENVIRONMENTS):
            return None
        kind = match[1] or opened.removeprefix("\\")
        end = r"\end" if match[1] else _END[kind]
        closers = [
            other
            for other, macro in self.macros.items()
            if "".join(t.text for t in macro.body or ()).startswith(end)
        ]
        return self._display(at, self.at, kind, end, *closers)

    def _display(self, at: int, start: int, kind: str, *ends: str) -> Display:
        comments = []
        self.at = start
        while (mark := _MARK.search(self.text, self.at, start + MAX_FORMULA)) is not None:
            self.at = mark.end()
            if mark[0][0] == "%":
                found = self._comment(mark.start())
                comments += [] if found is None else [found]
            elif self._closes(mark, kind, ends):
                break
        else:
            cut = len(self.text) > start + MAX_FORMULA
            most = f" within {MAX_FORMULA} characters" if cut else ""
            raise self.source.refused(at, f"this mathematics has no end{most}")
        self.displays += kind not in ("$", "(")
        if self.displays > MAX_DISPLAYS:
            raise self.source.refused(at, f"a paper may have {MAX_DISPLAYS} displays")
        if self.known is None:
            self.known = dict(self.macros)
        return Display(at, start, mark.start(), kind, self.known, tuple(comments))

    def _closes(self, mark: re.Match[str], kind: str, ends: tuple[str, ...]) -> bool:
        if mark[0] == r"\end" and r"\end" in ends:
            match = _ENVIRONMENT.match(self.text, self.at)
            if match is not None and match[1] == kind:
                self.at = match.end()
                return True
            return False
        if mark[0] == "$" and "$$" in ends:
            if not self.text.startswith("$", self.at):
                return False
            self.at += 1
            return True
        return mark[0] in ends

    def _find(self, what: str, at: int) -> int:
        """The next mark of one kind, within the length of a formula."""
        for mark in _MARK.finditer(self.text, at, at + MAX_FORMULA):
            if mark[0] == what:
                return mark.start()
        return -1

    # -- what is not typeset ---------------------------------------------------------------

    def _verb(self) -> None:
        start = self.at + self.text.startswith("*", self.at)
        delimiter = self.text[start : start + 1]
        end = self.text.find(delimiter, start + 1) if delimiter else -1
        line = self.text.find("\n", self.at)
        if end >= 0 and (line < 0 or end < line):
            self.at = end + 1

    def _skip_condition(self) -> None:
        depth = 1
        for match in _CONDITION.finditer(self.text, self.at):
            depth += -1 if match[1] == "fi" else 1
            self.at = match.end()
            if depth == 0:
                return
        self.at = len(self.text)

    # -- definitions -----------------------------------------------------------------------

    def _define(self, command: str, at: int) -> None:
        self.definitions += 1
        if self.definitions > MAX_DEFINITIONS:
            raise self.source.refused(at, f"a paper may define {MAX_DEFINITIONS} macros")
        found = definition(self.text, command, self.at, self.macros)
        if found is None:
            return
        self.at = found.end
        if found.provided and found.name in self.macros:
            return
        groups = self.groups if found.everywhere else self.groups[-1:]
        for group in groups:
            if found.everywhere:
                group.pop(found.name, None)
            else:
                group.setdefault(found.name, self.macros.get(found.name))
        macro = replace(found.macro, body=None) if self.conditions else found.macro
        self.macros[found.name] = macro
        self.known = None

    def _close(self) -> None:
        """The end of a group: what it has defined is forgotten."""
        for name, before in (self.groups.pop() if self.groups else {}).items():
            if before is None:
                self.macros.pop(name, None)
            else:
                self.macros[name] = before
            self.known = None


def _after_name(text: str, at: int) -> int:
    match = _NAMED.match(text, at)
    return at if match is None else match.end()
