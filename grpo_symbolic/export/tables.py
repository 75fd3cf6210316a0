r"""Tables that fit: columns as wide as their contents ask for, words wrapped, the rest below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grpo_symbolic.export.lines import broken
from grpo_symbolic.export.measure import text_width, width

#: The lines above, below the head and at the end: of LaTeX itself, and of booktabs.
HLINES, BOOKTABS = (r"\hline",) * 3, (r"\toprule", r"\midrule", r"\bottomrule")
_GAP = 12.0
_NEW_LINE = r"\newline "
_FORMULA = re.compile(r"\$([^$]*)\$")
_MARKUP = re.compile(r"\\(?:texttt|emph|textbf)|[{}]|\\(?=[&%$#_])")


def tabular(
    rows: Sequence[Sequence[str]],
    room: float,
    lines: tuple[str, str, str] = BOOKTABS,
) -> list[str]:
    r"""The lines of a ``tabular``, or of several below each other that share their first column.

    Parameters
    ----------
    rows : sequence of sequences of str
        The head first; cells in TeX.
    room : float
        Width of a line in points at 10 point type.
    lines : tuple of str
        ``HLINES``, or ``BOOKTABS``, which need that package.
    """
    first = max(_cell_width(row[0]) for row in rows)
    rows = [[row[0], *(_over_lines(c, room - first - _GAP) for c in row[1:])] for row in rows]
    wide = [max(_cell_width(row[c]) for row in rows) for c in range(len(rows[0]))]
    worded = [any(_is_worded(row[c]) for row in rows) for c in range(len(wide))]
    if sum(wide) + _GAP * (len(wide) - 1) > room:
        wide = _wrapped(rows, wide, worded, room)
    found: list[str] = []
    for chosen in _blocks(wide, room):
        found += [r"\par\medskip"] if found else []
        found += _block(
            [[row[c] for c in chosen] for row in rows], [wide[c] for c in chosen], lines
        )
    return found


def _block(
    rows: Sequence[Sequence[str]], wide: Sequence[float], lines: tuple[str, str, str]
) -> Iterator[str]:
    natural = [max(_cell_width(row[c]) for row in rows) for c in range(len(wide))]
    wrapped = {
        c for c, w in enumerate(wide)
        if w < natural[c] - 0.05 or any(_NEW_LINE in row[c] for row in rows)
    }  # fmt: skip
    kinds = "".join(rf"p{{{w:.1f}pt}}" if c in wrapped else "l" for c, w in enumerate(wide))
    # In a column of words lines end where they may; in the last one \\ would be such an end.
    end = r" \tabularnewline" if len(wide) - 1 in wrapped else r" \\"
    head, *body = [
        " & ".join(r"\raggedright " * (c in wrapped) + cell for c, cell in enumerate(row)) + end
        for row in rows
    ]
    top, middle, bottom = lines
    yield from (rf"\begin{{tabular}}{{@{{}}{kinds}@{{}}}}", top, head, middle)
    yield from (*body, bottom, r"\end{tabular}")


def _wrapped(
    rows: Sequence[Sequence[str]], wide: Sequence[float], worded: Sequence[bool], room: float
) -> list[float]:
    """Columns of words as narrow as there is need for, at least as wide as their longest word."""
    gaps = _GAP * (len(wide) - 1)
    left = room - gaps - sum(w for w, has in zip(wide, worded, strict=True) if not has)
    level = _level([w for w, has in zip(wide, worded, strict=True) if has], left)
    least = [max(_longest(row[c]) for row in rows) for c in range(len(wide))]
    return [
        min(w, max(level, word)) if has else w
        for w, has, word in zip(wide, worded, least, strict=True)
    ]


def _blocks(wide: Sequence[float], room: float) -> Iterator[list[int]]:
    """Which columns stand beside each other; the first one leads every block."""
    chosen, used = [0], wide[0]
    for column in range(1, len(wide)):
        if len(chosen) > 1 and used + _GAP + wide[column] > room + 0.5:
            yield chosen
            chosen, used = [0], wide[0]
        chosen.append(column)
        used += _GAP + wide[column]
    yield chosen


def _level(wide: Sequence[float], room: float) -> float:
    """The width that wide columns share, the narrow ones having what they need."""
    for k, least in enumerate(sorted(wide)):
        level = (room - sum(sorted(wide)[:k])) / (len(wide) - k)
        if level <= least:
            return level
    return max(wide, default=room)


def _is_worded(cell: str) -> bool:
    """Whether there are words in a cell, between which it can be broken."""
    return " " in _FORMULA.sub("", cell).strip()


def _over_lines(cell: str, room: float) -> str:
    """A formula that is wider than its column, broken before its relation and its signs."""
    found = _FORMULA.fullmatch(cell)
    left, relation, right = (found[1] if found else "").partition(" = ")
    if not relation or _cell_width(cell) <= room:
        return cell
    pieces = [left, *broken(f"= {right}", room)]
    return _NEW_LINE.join(f"${piece}$" for piece in pieces)


def _cell_width(cell: str) -> float:
    """How wide a cell is on one line, formulas and words."""
    if _NEW_LINE in cell:
        return max(map(_cell_width, cell.split(_NEW_LINE)))
    parts = _FORMULA.split(cell)
    # Typewriter type has one width for all characters.
    words = sum(
        5.25 * len(plain) if r"\texttt" in part else text_width(plain)
        for part in parts[::2]
        for plain in [_MARKUP.sub("", part)]
    )
    return words + sum(width(part, "T") for part in parts[1::2])


def _longest(cell: str) -> float:
    """The widest part of a cell that is not broken."""
    return max(map(_cell_width, re.findall(r"\$[^$]*\$[.,;]?|[^\s$]+", cell)), default=0.0)
