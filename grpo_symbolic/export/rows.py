r"""Rows of a display: formulas under each other, aligned, each as wide as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grpo_symbolic.export.latex import Line, sides
from grpo_symbolic.export.lines import Fitted, Names, fitted
from grpo_symbolic.export.measure import width
from grpo_symbolic.export.notation import Notation, own_notation
from grpo_symbolic.export.widths import PAGE

# What a continued line begins with, and what stands between a left side and the right one.
_INDENT, _RELATION = 10.0, 16.0
# Left sides and right sides stand in two columns where this much is left for the right one.
_RIGHT = 0.55
# Behind a wider left side the right one begins on a line of its own.
_WIDE_LEFT = 0.6


@dataclass(frozen=True)
class Row:
    """One formula of a display, over as many lines as it needs.

    Attributes
    ----------
    lines : tuple of str
        With their alignment marks.
    line : int
        Which of the given formulas it is, or has a part of.
    named : bool
        Whether it defines a name that was introduced to save room.
    """

    lines: tuple[str, ...]
    line: int
    named: bool = False


def rows_of(
    lines: Sequence[Line],
    notation: Notation,
    room: float = PAGE,
    names: Names | None = None,
) -> list[Row]:
    r"""The formulas as rows of ``align``; what had to be named is defined behind its formula.

    Left sides stand in a column of their own where the widest of them leaves room for the right
    sides; else every formula begins at the left.
    """
    written = [sides(line, notation) for line in lines]
    names = Names(*(part for row in written for part in row)) if names is None else names
    widest = max((width(left) for left, _, _ in written), default=0.0) + _RELATION
    beside = widest <= (1 - _RIGHT) * room
    rows: list[Row] = []
    for number, whole in enumerate(written):
        queue = [whole]
        for left, relation, right in queue:
            above: list[str] = []
            named = left is not whole[0]
            if not beside and width(left) > room:
                parts = fitted(left, room, room, names)
                *above, left = parts.lines
                queue += [(name, "=", value) for name, value in parts.named]
            own = widest if beside else width(left) + _RELATION
            below = not beside and _below(right, room, own)
            own = room if below else own
            found = _fitted(right, room, own, beside, names)
            shown = _lines(left, relation, found, room, own, beside)
            shown = (*(f"&{line}" for line in above), *shown)
            rows.append(Row(shown, number, named))
            queue += [(name, "=", value) for name, value in found.named]
    return rows


def _below(right: str, room: float, own: float) -> bool:
    """Whether the right side begins on a line of its own, where it has room as a whole."""
    whole = width(right)
    return own > _WIDE_LEFT * room or room - own < whole <= room - _INDENT - _RELATION


def _fitted(right: str, room: float, own: float, beside: bool, names: Names) -> Fitted:
    if beside:
        return fitted(right, room - own - _INDENT, room - own, names)
    if own == room:
        return fitted(right, room - _INDENT, room - _INDENT - _RELATION, names)
    return fitted(right, room - _INDENT, room - own, names)


def _lines(
    left: str, relation: str, found: Fitted, room: float, own: float, beside: bool
) -> tuple[str, ...]:
    first, *rest = found.lines
    more = [rf"&\quad {line}" for line in rest]
    if beside:
        return (f"{left} &{relation} {first}", *more)
    if own == room:
        return (f"&{left}", rf"&\quad {relation} {first}", *more)
    return (f"&{left} {relation} {first}", *more)


def align(
    lines: Sequence[tuple[Line, str]], notation: Notation | None = None, room: float = PAGE
) -> str:
    """An ``align*`` block; the reason of each line stands above it, as running text."""
    notation = own_notation() if notation is None else notation
    body: list[str] = []
    last = -1
    for row in rows_of([line for line, _ in lines], notation, room):
        reason = "" if row.line == last else notation.rewritten_text(lines[row.line][1])
        last = row.line
        # A line break directly before \intertext would leave an empty row.
        if body and reason:
            body[-1] = body[-1].removesuffix(r" \\")
        body += [rf"\intertext{{{reason[0].upper()}{reason[1:]}:}}"] if reason else []
        body += [rf"  {line} \\" for line in row.lines]
    body[-1:] = [body[-1].removesuffix(r" \\")] if body else []
    return "\n".join([r"\begin{align*}", *body, r"\end{align*}"])
