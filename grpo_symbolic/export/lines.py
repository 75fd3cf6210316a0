r"""Formulas over several lines: broken at the top level only, by their measured widths.

A line is broken before a relation, else before a sign, else before a factor, never inside of
brackets, fractions or radicals. A factor that is wider than a line is named, and defined below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from grpo_symbolic.export.measure import TEXT_WIDTH, width

__all__ = ["BESIDE", "COLUMN", "PAGE", "Fitted", "Names", "broken", "fitted"]

#: Widths in points: a column of two on A4, and the text of a page with one column.
COLUMN, PAGE = 221.0, TEXT_WIDTH
#: What an equation number and the gap before it take.
BESIDE = 28.0
_TOKEN = re.compile(r"\\(?:left|right)\b|\\[a-zA-Z]+|\\.|[{}()\[\]]|[^\\{}()\[\]]")
# Where a factor may begin, and what it may not be parted from: a sign, a command, a sum.
_HEADS = (r"\frac", r"\sqrt", r"\sum", r"\prod")
_BOUND = re.compile(r"(?:[_^=+\-(]|\\[a-zA-Z]+|\\sum_\{[^{}]*\}(?:\^\{[^{}]*\})?)\s*$")
_SIGN, _FACTOR, _COMMA = "sign", "factor", "comma"


@dataclass(frozen=True)
class Fitted:
    """A formula in lines, and the names that had to be introduced.

    Attributes
    ----------
    lines : tuple of str
    named : tuple of (str, str)
        Name and value, both in TeX.
    """

    lines: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()


def broken(text: str, room: float = PAGE, first: float | None = None) -> list[str]:
    """The TeX of a long formula in pieces that fit on a line, as far as its top level allows.

    Parameters
    ----------
    text : str
    room : float
        Width of a line in points.
    first : float, optional
        Width that there is for the first line, where something stands before it.
    """
    first = room if first is None else first
    if width(text) <= first:
        return [text.strip()]
    for kind in (_COMMA, _SIGN, _FACTOR):
        pieces = [p for p in _pieces(text, kind) if p.strip()]
        if len(pieces) < 2:
            continue
        lines = _filled(pieces, room, first)
        if kind == _FACTOR or len(lines) > 1:
            return [line for part in _again(lines, kind, room, first) for line in part]
    return [text.strip()]


def _filled(pieces: list[str], room: float, first: float) -> list[str]:
    """As many pieces on a line as it has room for."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        limit = first if len(lines) == 1 else room
        if width(lines[-1] + piece) <= limit:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.strip().removesuffix(r"\quad").rstrip() for line in lines]


def _again(lines: list[str], kind: str, room: float, first: float) -> Iterator[list[str]]:
    """A line that is still too wide is broken at what binds closer."""
    if kind == _FACTOR:
        yield [lines[0], *(rf"{{}}\times {line}" for line in lines[1:])]
        return
    for number, line in enumerate(lines):
        limit = first if number == 0 else room
        yield [line] if width(line) <= limit else _closer(line, room, limit)


def _closer(line: str, room: float, limit: float) -> list[str]:
    sign = line[0] if line[:1] in "+-" else ""
    inner = line[1:].strip() if sign else line
    pieces = broken(inner, room, limit - width(sign + "{}") if sign else limit)
    return [f"{sign} {pieces[0]}".strip(), *pieces[1:]]


def _pieces(text: str, kind: str) -> Iterator[str]:
    """The terms, factors or items of a formula at its top level."""
    start, place, depth = 0, 0, 0
    tokens = _TOKEN.findall(text)
    for number, token in enumerate(tokens):
        begins = depth == 0 and place > start and _begins(tokens, number, text[:place], kind)
        if begins:
            yield text[start:place]
            start = place
        depth += (token in ("{", "(", "[", r"\left", r"\begin")) - (
            token in ("}", ")", "]", r"\right", r"\end")
        )
        place += len(token)
        # The bracket of \left( and \right) is counted with its command.
        if number and tokens[number - 1] in (r"\left", r"\right") and token in "()[]":
            depth += (token in ")]") - (token in "([")
    yield text[start:]


def _begins(tokens: list[str], number: int, before: str, kind: str) -> bool:
    token = tokens[number]
    if kind == _COMMA:
        return before.rstrip().endswith(r"\quad")
    if kind == _SIGN:
        return token in "+-" and before.endswith(" ") and not before.rstrip().endswith("=")
    opens = token == r"\left" or (token in _HEADS and before.endswith((" ", "}")))
    return opens and not _BOUND.search(before)


_GROUP = re.compile(r"\\left\(|\\right\)|[{}]")
# Braces around what cannot be named: an index, a power, words, what is counted.
_NOT_NAMED = re.compile(
    r"(?:[_^]|\\(?:binom|text|mathrm|operatorname|begin|end)\*?(?:\{[^{}]*\})?)\s*$"
)


class Names:
    r"""``S_{1}``, ``S_{2}``, … for what is too wide, one name for one thing.

    Parameters
    ----------
    *taken : str
        TeX whose names are not to be used.
    """

    def __init__(self, *taken: str) -> None:
        self._taken = "".join(taken).replace("{", "").replace("}", "")
        self._free = (f"S_{{{n}}}" for n in count(1) if f"S_{n}" not in self._taken)
        self._by_value: dict[str, str] = {}

    def of(self, value: str) -> tuple[str, bool]:
        """The name of a value, and whether it is new."""
        new = value not in self._by_value
        if new:
            self._by_value[value] = next(self._free)
        return self._by_value[value], new


def fitted(text: str, room: float, first: float, names: Names) -> Fitted:
    """Lines that fit, whatever it takes: what is too wide by itself gets a name.

    Parameters
    ----------
    text : str
    room, first : float
        As for :func:`broken`.
    names : Names
    """
    named: list[tuple[str, str]] = []
    lines = broken(text, room, first)
    while (wide := _widest(lines, room, first)) is not None:
        inner = _inner(lines[wide], first if wide == 0 else room)
        if inner is None:
            break
        name, new = names.of(inner.strip())
        named += [(name, inner.strip())] if new else []
        text = _replaced(text, inner, name)
        lines = broken(text, room, first)
    return Fitted(tuple(lines), tuple(named))


def _widest(lines: list[str], room: float, first: float) -> int | None:
    """The first line that sticks out."""
    limits = (first, *(room for _ in lines[1:]))
    pairs = enumerate(zip(lines, limits, strict=True))
    return next((k for k, (line, limit) in pairs if width(line) > limit + 1e-6), None)


def _inner(line: str, limit: float) -> str | None:
    """The group of a line that is named: in brackets, or a part of a fraction.

    The least one without which the line fits, else the one that saves most.
    """
    groups: list[str] = []
    stack: list[tuple[str, int, bool]] = []
    for match in _GROUP.finditer(line):
        token = match[0]
        if token in (r"\left(", "{"):
            inside_of = bool(stack) and stack[-1][2]
            hidden = inside_of or (
                token == "{" and _NOT_NAMED.search(line[: match.start()]) is not None
            )
            stack.append((token, match.end(), hidden))
        elif stack:
            opened, begin, hidden = stack.pop()
            inside = line[begin : match.start()]
            same = (opened == "{") == (token == "}")
            if same and not hidden and " " in inside.strip() and inside.strip() != line.strip():
                groups.append(inside)
    left = {inside: width(_replaced(line, inside, "S_{1}")) for inside in groups}
    enough = [inside for inside in groups if left[inside] <= limit]
    if enough:
        return min(enough, key=width)
    return min(groups, key=lambda inside: left[inside]) if groups else None


def _replaced(text: str, inner: str, name: str) -> str:
    """A group by its name, without the brackets that it had."""
    whole = rf"\left({inner}\right)"
    # Behind a command a letter needs a space.
    return text.replace(whole, f" {name}") if whole in text else text.replace(inner, name)
