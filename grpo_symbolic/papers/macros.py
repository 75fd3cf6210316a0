r"""Tokens of TeX, macros as papers define them, and their expansion within limits.

A definition is read, never run: ``\newcommand``, ``\def`` with undelimited arguments, ``\let``,
``\DeclareMathOperator`` and their kin. A macro of another form is known to be one, and a formula
with it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

MAX_BODY = 4_000
MAX_TOKENS = 20_000
#: Tokens of all formulas of a paper together, while macros are expanded.
MAX_TOTAL = 1_000_000
_MAX_ARGUMENTS = 9

_PIECE = re.compile(r"(%[^\n]*(?:\n[ \t]*)?)|\\(?:[A-Za-z@]+|.|\Z)|.", re.DOTALL)
_BLANK = re.compile(r"(?:\s|%[^\n]*(?:\n|\Z))*")
_NAME = re.compile(r"\{\s*(\\(?:[A-Za-z@]+|.))\s*\}|(\\(?:[A-Za-z@]+|.))", re.DOTALL)
_COUNT = re.compile(r"\[\s*([0-9])\s*\]")
_PARAMETERS = re.compile(r"(?:#[1-9])*")
_SPECIFICATION = re.compile(r"[\sm]*")

COMMANDS = ("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand", "newrobustcmd")
PRIMITIVES = ("def", "gdef", "edef", "xdef")
OPERATORS = ("DeclareMathOperator",)
DOCUMENT = ("NewDocumentCommand", "RenewDocumentCommand", "DeclareDocumentCommand")


class Token(NamedTuple):
    """A command or a character, and where it stands in the source.

    A ``fixed`` token is not expanded: it has the meaning that it had when ``\\let`` took it.
    """

    text: str
    at: int
    fixed: bool = False


@dataclass(frozen=True)
class Macro:
    """A macro with undelimited arguments; ``body`` is None where its form is not read."""

    arguments: int
    body: tuple[Token, ...] | None
    default: tuple[Token, ...] | None = None
    #: A star after it and, with ``script``, a subscript after its argument go with it.
    starred: bool = False
    script: bool = False


class Definition(NamedTuple):
    """A macro by its name, and where the definition ends."""

    name: str
    macro: Macro
    end: int
    everywhere: bool = False
    #: It gives way to a macro that exists.
    provided: bool = False


class Budget:
    """The tokens that are left to one paper."""

    def __init__(self, left: int = MAX_TOTAL) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise ValueError(f"its macros expand to more than {MAX_TOTAL} tokens")


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of a part of a text, without comments."""
    at, end = start, len(text) if end is None else min(end, len(text))
    while at < end:
        match = _PIECE.match(text, at, end)
        assert match is not None
        if match[1] is None:
            yield Token(match[0], at)
        at = match.end()


def _read(text: str) -> tuple[Token, ...]:
    return tuple(tokens(text))


def _layout() -> dict[str, Macro]:
    """Commands of packages that place a formula and say nothing."""
    nothing, keep = (), _read("#1")
    found = {rf"\{name}": Macro(0, nothing) for name in (
        "nonumber", "notag", "allowbreak", "displaybreak", "MoveEqLeft", "strut", "mathstrut",
        "hfill", "hfil", "noindent", "relax", "protect",
    )}  # fmt: skip
    for name in ("label", "tag", "hspace", "vspace", "color",
                 "phantom", "hphantom", "vphantom", "grpoverdict"):  # fmt: skip
        found[rf"\{name}"] = Macro(1, nothing, starred=True)
    for name in ("boxed", "ensuremath", "smash", "mathopen", "mathclose", "mathord", "mathinner"):
        found[rf"\{name}"] = Macro(1, keep)
    for name in ("textcolor", "colorbox"):
        found[rf"\{name}"] = Macro(2, _read("#2"))
    for name in ("underbrace", "overbrace"):
        found[rf"\{name}"] = Macro(1, keep, script=True)
    return found


LAYOUT: Mapping[str, Macro] = _layout()


# -- definitions -------------------------------------------------------------------------------


def closing(text: str, at: int, limit: int = MAX_BODY) -> int | None:
    """Where the group that opens at ``at`` is closed; None where it is not, within the limit."""
    if not text.startswith("{", at):
        return None
    depth = 0
    for token in tokens(text, at, at + limit):
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return token.at
    return None


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    assert match is not None
    return match.end()


def definition(text: str, command: str, at: int, known: Mapping[str, Macro]) -> Definition | None:
    """The macro that a command defines, read from behind it; None where nothing can be read."""
    if text.startswith("*", at):
        at += 1
    named = _NAME.match(text, _blank(text, at))
    if named is None:
        return None
    name, at = named[1] or named[2], _blank(text, named.end())
    if command == "let":
        return _let(text, name, at, known)
    if command in PRIMITIVES:
        return _primitive(text, command, name, at)
    if command in OPERATORS:
        group = _group(text, at)
        if group is None:
            return None
        body = _read(rf"\operatorname{{{group[0]}}}")
        return Definition(name, Macro(0, body), group[1])
    if command in DOCUMENT:
        group = _group(text, at)
        if group is None:
            return None
        at = _blank(text, group[1])
        plain = _SPECIFICATION.fullmatch(group[0]) is not None
        return _defined(text, name, at, group[0].count("m"), readable=plain)
    count, default = _COUNT.match(text, at), None
    if count is not None:
        at = _blank(text, count.end())
        if text.startswith("[", at):
            end = text.find("]", at, at + MAX_BODY)
            if end < 0:
                return None
            default, at = _read(text[at + 1 : end]), _blank(text, end + 1)
    found = _defined(text, name, at, int(count[1]) if count else 0, default)
    return found and found._replace(provided=command == "providecommand")


def _group(text: str, at: int) -> tuple[str, int] | None:
    end = closing(text, at)
    return None if end is None else (text[at + 1 : end], end + 1)


def _defined(
    text: str,
    name: str,
    at: int,
    arguments: int,
    default: tuple[Token, ...] | None = None,
    readable: bool = True,
) -> Definition | None:
    group = _group(text, at)
    if group is None:
        return None
    body = _read(group[0]) if readable else None
    return Definition(name, Macro(arguments, body, default), group[1])


def _primitive(text: str, command: str, name: str, at: int) -> Definition | None:
    start = text.find("{", at, at + MAX_BODY)
    if start < 0:
        return None
    parameters = text[at:start].strip()
    plain = _PARAMETERS.fullmatch(parameters) is not None
    found = _defined(text, name, start, parameters.count("#"), readable=plain)
    return found and found._replace(everywhere=command in ("gdef", "xdef"))


def _let(text: str, name: str, at: int, known: Mapping[str, Macro]) -> Definition | None:
    if text.startswith("=", at):
        at = _blank(text, at + 1)
    match = _PIECE.match(text, at)
    if match is None or match[1] is not None:
        return None
    meaning = known.get(match[0]) or Macro(0, (Token(match[0], at, fixed=True),))
    return Definition(name, meaning, match.end())


# -- expansion ---------------------------------------------------------------------------------


def expanded(given: Iterable[Token], macros: Mapping[str, Macro], budget: Budget) -> list[Token]:
    """The tokens with every macro replaced by its body.

    Raises
    ------
    ValueError
        For a macro without its arguments, of a form that is not read, or without an end.
    """
    # What is still to be read, the next token last.
    left = list(given)[::-1]
    found: list[Token] = []
    steps = 0
    while left:
        token = left.pop()
        macro = LAYOUT.get(token.text) if token.text == r"\grpoverdict" else None
        macro = macro or macros.get(token.text) or LAYOUT.get(token.text)
        if macro is None or token.fixed or token.text[0] != "\\":
            found.append(token)
            continue
        before = len(left)
        left += reversed(_body(token, macro, left))
        steps += 1 + max(len(left) - before, 0)
        if steps > MAX_TOKENS or len(left) + len(found) > MAX_TOKENS:
            raise ValueError(f"the macro {token.text} expands to more than {MAX_TOKENS} tokens")
        budget.spend(1 + max(len(left) - before, 0))
    if len(found) > MAX_TOKENS:
        raise ValueError(f"a formula may have {MAX_TOKENS} tokens, this one has {len(found)}")
    return found


def _body(call: Token, macro: Macro, left: list[Token]) -> list[Token]:
    """What a call stands for; its arguments are taken from what is left."""
    if macro.body is None:
        raise ValueError(f"the macro {call.text} is defined in a form that is not read")
    if macro.starred and left and left[-1].text == "*":
        left.pop()
    arguments: list[list[Token]] = []
    if macro.default is not None:
        given = _optional(left)
        arguments.append(list(macro.default) if given is None else given)
    while len(arguments) < macro.arguments:
        arguments.append(_argument(call, left))
    if macro.script:
        _spaces(left)
        if left and left[-1].text in "_^":
            left.pop()
            _argument(call, left)
    found: list[Token] = []
    body = iter(macro.body)
    for token in body:
        if token.text != "#":
            found.append(token._replace(at=call.at))
            continue
        number = next(body, None)
        place = int(number.text) if number is not None and number.text in "123456789" else 0
        if not 0 < place <= len(arguments):
            raise ValueError(f"the macro {call.text} has # without the number of an argument")
        found += arguments[place - 1]
        if len(found) > MAX_TOKENS:
            raise ValueError(f"the macro {call.text} expands to more than {MAX_TOKENS} tokens")
    return found


def _spaces(left: list[Token]) -> None:
    while left and left[-1].text.isspace():
        left.pop()


def _optional(left: list[Token]) -> list[Token] | None:
    _spaces(left)
    if not left or left[-1].text != "[":
        return None
    found: list[Token] = []
    left.pop()
    while left and left[-1].text != "]":
        found.append(left.pop())
    if left:
        left.pop()
    return found


def _argument(call: Token, left: list[Token]) -> list[Token]:
    """One token, or what stands in braces."""
    _spaces(left)
    if not left or left[-1].text == "}":
        raise ValueError(f"the macro {call.text} lacks an argument")
    first = left.pop()
    if first.text != "{":
        return [first]
    found: list[Token] = []
    depth = 1
    while left:
        token = left.pop()
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return found
        found.append(token)
    raise ValueError(f"an argument of the macro {call.text} has no end")
