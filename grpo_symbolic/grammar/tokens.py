"""Tokens, the tree that both notations are read into, and how a formula is refused.

Text from a caller is data. It is cut into tokens, read into a tree of :class:`Node` by recursive
descent, and only then built, by name, from a fixed table of functions. Every limit is checked
on the way, so that no text takes long to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARACTERS = 10_000
MAX_DEPTH = 40
MAX_NODES = 3_000
#: How relations are written, and what they mean.
RELATIONS = {
    **{sign: sign for sign in ("==", "!=", ">=", ">", "<=", "<")},
    "=": "==",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
_EXCERPT = 24


def refusal(text: str, position: int, reason: str) -> ValueError:
    """One sentence that says where the formula cannot be read, and why."""
    if position >= len(text.rstrip()):
        return ValueError(f"the formula cannot be read at its end: {reason}")
    near = text[position : position + _EXCERPT]
    near = "".join(c if c.isprintable() else " " for c in near)
    return ValueError(
        f"the formula cannot be read at character {position + 1}, near {near!r}: {reason}"
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: ``kind`` is number, name, command, mark or end."""

    kind: str
    text: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A number, a name, or an operation on nodes.

    Attributes
    ----------
    head : str
        ``number``, ``name``, an operator, or the name of a function.
    text : str
        The digits of a number or the letters of a name.
    answer : str
        Of which answer a probability is, where that is written.
    """

    head: str
    position: int
    args: tuple[Node, ...] = ()
    text: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Two nodes and the relation between them, which stands at ``position``."""

    left: Node
    relation: str
    right: Node
    position: int = 0
