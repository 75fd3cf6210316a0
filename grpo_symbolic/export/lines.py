"""Formulas over several lines: where a long sum is broken, and how much it prints."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["LINE", "PAGE", "broken", "set_width"]

#: Widths in letters: what a line has room for beside its left side, and a page as a whole.
LINE, PAGE = 52, 68
_TOKEN = re.compile(r"\\left|\\right|\\[a-zA-Z]+|\\.|[{}()\[\]]|[^\\{}()\[\]]")
_GROUP = re.compile(r"\\left\(|\\right\)|[{}]")


def broken(text: str, room: float = LINE) -> list[str]:
    """The TeX of a long sum in pieces that fit on a line, broken before its signs.

    A factor in brackets that is wider than a line is broken between its brackets.
    """
    lines: list[str] = []
    left = 0.0
    for piece in _pieces(text, room):
        width = set_width(piece)
        if lines and width <= left:
            lines[-1] += piece
        else:
            lines.append(piece)
            left = room
        left -= width
    return [line.rstrip() for line in lines]


def _pieces(text: str, room: float) -> Iterator[str]:
    for term in _terms(text):
        opened = _opened(term, room) if set_width(term) > room else None
        if opened is None:
            yield term
        else:
            yield from opened


def _opened(term: str, room: float) -> list[str] | None:
    """The pieces of a term whose widest sum in brackets is broken; None where there is none."""
    groups: list[tuple[int, int]] = []
    depth = start = 0
    for match in _GROUP.finditer(term):
        opens = match[0] in ("{", r"\left(")
        if opens and depth == 0 and match[0] != "{":
            start = match.end()
        depth += 1 if opens else -1
        if depth == 0 and match[0] == r"\right)":
            groups.append((start, match.start()))
    if not groups:
        return None
    start, end = max(groups, key=lambda g: set_width(term[g[0] : g[1]]))
    inner = list(_pieces(term[start:end], room))
    if len(inner) < 2:
        return None
    big = r"\Big" if r"\frac" in term[start:end] else r"\big"
    inner[0] = term[: start - len(r"\left(")] + rf"{big}l(" + inner[0]
    inner[-1] += rf"{big}r)" + term[end + len(r"\right)") :]
    return inner


def _terms(text: str) -> Iterator[str]:
    """The terms of a sum, each with its sign."""
    start, place, depth = 0, 0, 0
    for token in _TOKEN.findall(text):
        if token in "+-" and depth == 0 and text[place - 1 : place] == " ":
            yield text[start:place]
            start = place
        depth += (token in "{([") - (token in "})]")
        place += len(token)
    yield text[start:]


_PIECE = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.")
_WIDE = frozenset("+-=<>") | {r"\le", r"\ge", r"\ne", r"\mid", r"\in"}
_THIN = {r"\left", r"\right", r"\mathrm", r"\text", r"\displaystyle", "&", r"\big", r"\Big"}


def set_width(tex: str) -> float:
    """About how wide a formula is set, in letters: a fraction is as wide as its wider part."""
    return _Measure(tex).total()


class _Measure:
    """Recursive descent that adds up widths."""

    def __init__(self, tex: str) -> None:
        self.tokens = [t for t in _PIECE.findall(tex) if not t.isspace()]
        self.at = 0

    def total(self, closing: str = "") -> float:
        width = 0.0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == closing:
                self.at += 1
                break
            width += self._one()
        return width

    def _one(self) -> float:
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return self.total("}")
        if token == r"\frac":
            return max(self._argument(), self._argument()) + 0.4
        if token == r"\sqrt":
            if self.at < len(self.tokens) and self.tokens[self.at] == "[":
                self.total("]")
            return self._argument() + 1.5
        if token in ("_", "^"):
            return 0.7 * self._argument()
        if token in _THIN:
            return 0.0
        return 2.6 if token in _WIDE else 0.6 if token in "(){}[]|,." else 1.0

    def _argument(self) -> float:
        return self._one() if self.at < len(self.tokens) else 0.0
