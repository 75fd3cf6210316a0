"""Lines of source code broken where a person would break them."""

from __future__ import annotations

import textwrap

__all__ = ["WIDTH", "assigned", "commented", "listed", "paragraph"]

WIDTH = 92
_STEP = "    "
_LEVELS = ((" + ", " - "), (" * ", " / "))


def assigned(name: str, text: str, indent: str = _STEP) -> list[str]:
    """``name = text``, over several lines where it is long; ``return text`` without a name."""
    head = f"{indent}{name} = " if name else f"{indent}return "
    if len(head) + len(text) <= WIDTH:
        return [head + text]
    call = _call(text)
    if call is not None:
        return _call_lines(head, call, indent)
    return [f"{head}(", *_parts(text, indent + _STEP), f"{indent})"]


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


def _call_lines(head: str, call: tuple[str, list[str]], indent: str) -> list[str]:
    function, arguments = call
    lines = [f"{head}{function}("]
    for argument in arguments:
        inner = indent + _STEP
        nested = _call(argument)
        if len(inner) + len(argument) + 1 <= WIDTH:
            lines.append(f"{inner}{argument},")
        elif nested is not None:
            lines += _call_lines(inner, nested, inner)
            lines[-1] += ","
        else:
            lines += _parts(argument, inner)
            lines[-1] += ","
    return [*lines, f"{indent})"]


def _parts(text: str, indent: str) -> list[str]:
    """An expression with its terms on lines of their own."""
    if len(indent) + len(text) <= WIDTH:
        return [indent + text]
    for operators in _LEVELS:
        terms = _split(text, operators)
        if len(terms) > 1:
            lines: list[str] = []
            for term in terms:
                lines += _parts(term, indent)
            return lines
    sign = text[: len(text) - len(text.lstrip("+-*/ "))]
    call = _call(text[len(sign) :])
    if call is not None:
        return _call_lines(indent + sign, call, indent)
    inner = text[len(sign) :]
    if inner.startswith("(") and inner.endswith(")") and len(_split(inner, _LEVELS[1])) == 1:
        return [f"{indent}{sign}(", *_parts(inner[1:-1], indent + _STEP), f"{indent})"]
    return [indent + text]


def _split(text: str, operators: tuple[str, ...]) -> list[str]:
    """Split before operators outside of parentheses; each part keeps its operator."""
    found, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and i > start and text[i : i + 3] in operators:
            found.append(text[start:i].strip())
            start = i
    return [*found, text[start:].strip()]


def _call(text: str) -> tuple[str, list[str]] | None:
    """Function and arguments when the whole text is one call or one parenthesis."""
    opening = text.find("(")
    if opening < 0 or not text.endswith(")") or not _name(text[:opening]):
        return None
    depth, start, arguments = 0, opening + 1, []
    for i, letter in enumerate(text[opening:], opening):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and i < len(text) - 1:
            return None
        if depth == 1 and letter == ",":
            arguments.append(text[start:i].strip())
            start = i + 1
    arguments.append(text[start:-1].strip())
    if len(arguments) == 1:
        return None if not text[:opening] else (text[:opening], arguments)
    return text[:opening], arguments


def _name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split(".")) if text else True
