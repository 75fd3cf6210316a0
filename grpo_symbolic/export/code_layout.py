"""Lines of source code broken where a person would break them."""

from __future__ import annotations

import re
import textwrap
from itertools import accumulate

WIDTH = 92
_STEP = "    "
_LEVELS = ((", ",), (" + ", " - "), (" * ", " / "))
# A call or a bracket, behind an operator.
_BRACKET = re.compile(r"([-+*/ ]*[\w.]*)\((.*)\)\Z", re.DOTALL)


def assigned(name: str, text: str, indent: str = _STEP) -> list[str]:
    """``name = text``, over several lines where it is long; ``return text`` without a name."""
    head = f"{name} = " if name else "return "
    if len(indent + head + text) > WIDTH and not _bracket(text):
        text = f"({text})"
    return _broken(head + text, indent, len(head))


def commented(text: str, indent: str = _STEP) -> list[str]:
    """A comment of any length."""
    return [f"{indent}# {line}" for line in textwrap.wrap(text, WIDTH - len(indent) - 2)]


def paragraph(text: str, indent: str = _STEP) -> str:
    """A paragraph of a docstring; no word or formula is cut."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def listed(name: str, entries: list[str]) -> list[str]:
    """A list literal as a constant."""
    line = f"{name} = [{', '.join(entries)}]"
    if len(line) <= WIDTH:
        return [line]
    body = textwrap.wrap(", ".join(entries) + ",", WIDTH - 4, break_long_words=False)
    return [f"{name} = [", *(_STEP + row for row in body), "]"]


def _broken(text: str, indent: str, start: int = 0) -> list[str]:
    """An expression, its terms or arguments on lines of their own where it is long.

    ``start`` is how much stands before it.
    """
    if len(indent) + len(text) <= WIDTH:
        return [indent + text]
    head, text = text[:start], text[start:]
    for operators in _LEVELS:
        terms = _split(text, operators)
        if len(terms) > 1:
            return [line for term in terms for line in _broken(term, indent)]
    comma = "," if text.endswith(",") else ""
    bracket = _bracket(text.removesuffix(","))
    if bracket is None:
        return [indent + head + text]
    function, inner = bracket
    if len(_split(inner, _LEVELS[0])) > 1:
        inner += ","
    lines = _broken(inner, indent + _STEP)
    return [f"{indent}{head}{function}(", *lines, f"{indent}){comma}"]


def _split(text: str, operators: tuple[str, ...]) -> list[str]:
    """Split at operators outside of brackets; a comma stays behind, others go to the next."""
    found, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and i > start and text.startswith(operators, i):
            end = i + (letter == ",")
            found.append(text[start:end].strip())
            start = end
    return [*found, text[start:].strip()]


def _bracket(text: str) -> tuple[str, str] | None:
    """What stands before and in a bracket that goes up to the end of the text."""
    match = _BRACKET.match(text)
    if match is None:
        return None
    depths = list(accumulate((c in "([") - (c in ")]") for c in match[2]))
    return (match[1], match[2]) if min(depths, default=0) >= 0 else None
