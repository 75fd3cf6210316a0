r"""How wide TeX sets a formula, in points at 10 point type, without running TeX.

The widths are those of Computer Modern, from its TFM files (``tex_metrics.json``: width, height,
depth and italic correction by font and character), put together by the rules of *The TeXbook*,
Appendix G: styles, the spaces between atoms, fractions, radicals, scripts and delimiters that grow
with what they enclose. A command that is not known counts as a wide letter.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from grpo_symbolic.export.tex_symbols import (
    ACCENTS,
    DELIMITERS,
    FONTS,
    NAMED_OPERATORS,
    SPACES,
    SYMBOLS,
)

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\s+|.", re.DOTALL)
_PROSE = re.compile(r"\\(?:text|mbox|textrm)\{[^{}]*\}")
_SCALE = {"D": 1.0, "T": 1.0, "S": 0.7, "SS": 0.5}
_SIZE = {"D": 10, "T": 10, "S": 7, "SS": 5}
_SCRIPT = {"D": "S", "T": "S", "S": "SS", "SS": "SS"}
_FRACTION = {"D": "T", "T": "S", "S": "SS", "SS": "SS"}
_AXIS, _RULE, _NULL, _SCRIPT_SPACE = 2.5, 0.4, 1.2, 0.5
# Heights in points of the sizes in which a delimiter comes; beyond the last it is put together.
_HEIGHTS = (10.0, 12.0, 18.0, 24.0, 30.0)
_SURD = (8.33, 10.0, 10.0, 10.0, 10.0, 10.56)
_THIN, _MEDIUM, _THICK = 1.667, 2.222, 2.778
_KINDS = ("ord", "op", "bin", "rel", "open", "close", "punct", "inner")
# The TeXbook, page 170: 1, 2 and 3 for thin, medium and thick, negative where scripts have none.
_BETWEEN = (
    (0, 1, -2, -3, 0, 0, 0, -1),
    (1, 1, 0, -3, 0, 0, 0, -1),
    (-2, -2, 0, 0, -2, 0, 0, -2),
    (-3, -3, 0, 0, -3, 0, 0, -3),
    (0, 0, 0, 0, 0, 0, 0, 0),
    (0, 1, -2, -3, 0, 0, 0, -1),
    (-1, -1, 0, -1, -1, -1, -1, -1),
    (-1, 1, -2, -3, -1, 0, -1, -1),
)


@dataclass(frozen=True)
class _Box:
    """What is set: width, height above and depth below the base line, italic correction."""

    width: float = 0.0
    height: float = 0.0
    depth: float = 0.0
    italic: float = 0.0
    kind: str = "ord"
    limits: bool = False


@lru_cache(maxsize=4096)
def width(tex: str, style: str = "D") -> float:
    r"""The width of a formula in points at 10 point type.

    Parameters
    ----------
    tex : str
        Without math delimiters; ``&`` is nothing, and ``\\`` counts as a space.
    style : {"D", "T"}
        Display style, or the style of formulas in running text.

    Examples
    --------
    >>> round(width(r"\frac{\beta}{\gamma} \pi"), 1)
    14.7
    """
    return _Reader(_tokens_of(tex)).row(style).width


def text_width(prose: str) -> float:
    """The width of roman text in points at 10 point type, kerns and ligatures left out."""
    return sum(3.333 if c == " " else _character("cmr", ord(c), "T").width for c in prose)


@lru_cache(maxsize=1)
def _metrics() -> dict[str, dict[str, list[float]]]:
    source = files("grpo_symbolic.export").joinpath("tex_metrics.json")
    return json.loads(source.read_text(encoding="utf-8"))


def _character(font: str, code: int, style: str, kind: str = "ord") -> _Box:
    tables, size = _metrics(), _SIZE[style]
    scale = 1.0
    if f"{font}{size}" not in tables:
        size, scale = 10, _SCALE[style]
    found = tables[f"{font}{size}"].get(str(code))
    if found is None:
        return _Box(7.5 * scale, 7.0 * scale, 0.0, kind=kind)
    wide, high, deep, italic = (*found, 0.0, 0.0, 0.0, 0.0)[:4]
    return _Box(wide * scale, high * scale, deep * scale, italic * scale, kind)


def _grown(box: _Box, scale: float) -> float:
    """The height that a delimiter around a box must have: TeX's factor 901, shortfall 5 points."""
    axis = _AXIS * scale
    reach = 2 * max(box.height - axis, box.depth + axis)
    return max(0.901 * reach, reach - 5)


def _sized(widths: tuple[float, ...], height: float, scale: float) -> tuple[float, float]:
    """Width and height of the smallest size that is no lower."""
    for w, h in zip(widths, _HEIGHTS, strict=False):
        own = scale if h == _HEIGHTS[0] else 1.0
        if h * own >= height - 1e-6:
            return w * own, h * own
    return widths[-1], height


def _tokens_of(tex: str) -> tuple[str, ...]:
    tex = _PROSE.sub(lambda m: m[0].replace(" ", "~"), tex)
    return tuple(t for t in _TOKEN.findall(tex) if not t.isspace())


@lru_cache(maxsize=16384)
def _group(tokens: tuple[str, ...], style: str) -> _Box:
    """What stands in a pair of braces or delimiters: formulas are measured with parts exchanged,
    and of the rest of such a formula nothing is measured again."""
    return _Reader(tokens).row(style)


class _Reader:
    """Recursive descent over the tokens of a formula."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.at = 0

    def _inside(self, style: str, opening: str, closing: str) -> _Box:
        """The row up to the token that closes what was opened just before."""
        start, depth = self.at, 1
        while self.at < len(self.tokens) and depth:
            token = self.tokens[self.at]
            depth += (token == opening) - (token == closing)
            self.at += 1
        return _group(self.tokens[start : self.at - (not depth)], style)

    def row(self, style: str, closing: str = "") -> _Box:
        """Atoms up to a closing token, with the spaces between them."""
        boxes: list[_Box] = []
        while self.at < len(self.tokens):
            if self.tokens[self.at] == closing:
                self.at += 1
                break
            box = self._atom(style)
            if box is not None:
                boxes.append(self._scripts(box, style))
        return _joined(boxes, style)

    # -- atoms -------------------------------------------------------------------------------

    def _atom(self, style: str) -> _Box | None:
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            inner = self._inside(style, "{", "}")
            return _Box(inner.width, inner.height, inner.depth)
        if token in ("&", r"\displaystyle", r"\textstyle", r"\notag", r"\nonumber", r"\limits"):
            return None
        if token in SPACES:
            return _Box(SPACES[token] * _SCALE[style], kind="space")
        special = getattr(self, "_on_" + token[1:].rstrip("*"), None) if token[0] == "\\" else None
        if special is not None:
            return special(style)
        sized = re.fullmatch(r"\\(big|Big|bigg|Bigg)([lrm]?)", token)
        if sized:
            return self._big(sized, style)
        return self._symbol(token, style)

    def _symbol(self, token: str, style: str) -> _Box:
        if token in ACCENTS:
            return self._argument(style)
        if token in FONTS:
            return self._in_font(FONTS[token], style)
        if token in NAMED_OPERATORS:
            return self._word(token[1:], style, "op")
        if token in SYMBOLS:
            font, code, kind = SYMBOLS[token]
            large = kind == "op" and style == "D" and font == "cmex"
            return replace(_character(font, code + 8 * large, style, kind), limits=large)
        if token.isdigit():
            return _character("cmr", ord(token), style)
        if len(token) == 1 and token.isascii() and token.isalpha():
            return _character("cmmi", ord(token), style)
        return _Box(7.5 * _SCALE[style], 7.0 * _SCALE[style], 2.0)

    def _word(self, letters: str, style: str, kind: str = "ord") -> _Box:
        boxes = [_character("cmr", ord(c), style) for c in letters]
        spaces = 3.333 * _SCALE[style] * letters.count(" ")
        total = sum(b.width for b, c in zip(boxes, letters, strict=True) if c != " ") + spaces
        high = max((b.height for b in boxes), default=0.0)
        return _Box(total, high, max((b.depth for b in boxes), default=0.0), kind=kind)

    def _in_font(self, font: tuple[str, float], style: str) -> _Box:
        name, factor = font
        letters = self._letters()
        boxes = [_character(name, ord(c), style) for c in letters if c != " "]
        total = factor * sum(b.width for b in boxes) + 3.333 * letters.count(" ")
        italic = boxes[-1].italic if boxes else 0.0
        return _Box(total, max((b.height for b in boxes), default=0.0), 0.0, italic)

    def _letters(self) -> str:
        """The argument of a font, as plain characters."""
        if self.at >= len(self.tokens):
            return ""
        if self.tokens[self.at] != "{":
            self.at += 1
            return self.tokens[self.at - 1][-1]
        start, depth = self.at + 1, 0
        while self.at < len(self.tokens):
            depth += {"{": 1, "}": -1}.get(self.tokens[self.at], 0)
            self.at += 1
            if depth == 0:
                break
        inside = "".join(self.tokens[start : self.at - 1])
        return re.sub(r"\\[a-zA-Z]+|[\\{}$]", "", inside.replace("~", " "))

    def _argument(self, style: str) -> _Box:
        return (self._atom(style) or _Box()) if self.at < len(self.tokens) else _Box()

    # -- what has a rule of its own ----------------------------------------------------------

    def _on_frac(self, style: str) -> _Box:
        above, below = (self._argument(_FRACTION[style]) for _ in "ab")
        return _stacked(above, below, style, 2 * _NULL)

    def _on_dfrac(self, style: str) -> _Box:
        return self._on_frac("D")

    def _on_tfrac(self, style: str) -> _Box:
        return self._on_frac("T")

    def _on_binom(self, style: str) -> _Box:
        above, below = (self._argument(_FRACTION[style]) for _ in "ab")
        wide, _ = DELIMITERS["("]
        sides = wide[3] if style == "D" else wide[1] * _SCALE[style]
        return _stacked(above, below, style, 2 * sides)

    def _on_sqrt(self, style: str) -> _Box:
        if self.at < len(self.tokens) and self.tokens[self.at] == "[":
            self.at += 1
            self.row("SS", "]")
        inner = self._argument(style)
        gap = _RULE + (4.3 if style == "D" else _RULE) / 4
        tall = inner.height + inner.depth + gap + _RULE
        surd, high = _sized(_SURD, tall, _SCALE[style])
        gap += (max(high, tall) - tall) / 2
        return _Box(surd + inner.width, inner.height + gap + 2 * _RULE, inner.depth)

    def _on_left(self, style: str) -> _Box:
        opening = self._delimiter()
        inner = self._inside(style, r"\left", r"\right")
        closing = self._delimiter()
        scale = _SCALE[style]
        needed = _grown(inner, scale)
        sized = [_sized(DELIMITERS[d][0], needed, scale) for d in (opening, closing)]
        reach, axis = max(h for _, h in sized) / 2, _AXIS * scale
        high, deep = max(inner.height, reach + axis), max(inner.depth, reach - axis)
        return _Box(inner.width + sum(w for w, _ in sized), high, deep, kind="inner")

    def _delimiter(self) -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else "."
        self.at += 1
        return token if token in DELIMITERS else "|"

    def _big(self, sized: re.Match[str], style: str) -> _Box:
        wide, kind = DELIMITERS[self._delimiter()]
        place = {"big": 1, "Big": 2, "bigg": 3, "Bigg": 4}[sized[1]]
        kind = {"l": "open", "r": "close", "m": "rel"}.get(sized[2], "ord")
        return _Box(
            wide[place], _HEIGHTS[place] / 2 + _AXIS, _HEIGHTS[place] / 2 - _AXIS, kind=kind
        )

    def _on_operatorname(self, style: str) -> _Box:
        return self._word(self._letters(), style, "op")

    def _on_text(self, style: str) -> _Box:
        return self._word(self._letters(), style)

    _on_mbox = _on_textrm = _on_text

    def _on_begin(self, style: str) -> _Box:
        """An array: the widest cell of every column, and a quad between columns."""
        name = self._letters()
        if self.at < len(self.tokens) and self.tokens[self.at] == "{" and name == "array":
            self._letters()
        cell = "D" if name in ("aligned", "split", "align") else "T"
        depth = 1
        rows: list[list[list[str]]] = [[[]]]
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            depth += {r"\begin": 1, r"\end": -1}.get(token, 0)
            if depth == 0:
                break
            if depth == 1 and token == r"\\":
                rows.append([[]])
            elif depth == 1 and token == "&":
                rows[-1].append([])
            else:
                rows[-1][-1].append(token)
            self.at += 1
        self.at += 1
        self._letters()
        return _array(rows, name, cell)

    # -- scripts -----------------------------------------------------------------------------

    def _scripts(self, box: _Box, style: str) -> _Box:
        above = below = None
        primes = 0
        while self.at < len(self.tokens) and self.tokens[self.at] in ("_", "^", "'"):
            token = self.tokens[self.at]
            self.at += 1
            if token == "'":
                primes += 1
            elif token == "_":
                below = self._argument(_SCRIPT[style])
            else:
                above = self._argument(_SCRIPT[style])
        if primes:
            mark = _character("cmsy", 48, _SCRIPT[style])
            above = _Box(primes * mark.width + (above.width if above else 0.0), mark.height)
        if above is None and below is None:
            return box if box.kind == "space" else _finished(box, box.width + box.italic)
        if box.limits:
            wide = max(box.width, *(b.width for b in (above, below) if b is not None))
            high = box.height + (above.height + above.depth + 2 if above else 0)
            deep = box.depth + (below.height + below.depth + 2 if below else 0)
            return _Box(wide, high, deep, kind=box.kind)
        return _scripted(box, above, below, style)


def _finished(box: _Box, wide: float) -> _Box:
    return _Box(wide, box.height, box.depth, kind=box.kind)


def _scripted(box: _Box, above: _Box | None, below: _Box | None, style: str) -> _Box:
    scale = _SCALE[style]
    high, deep = box.height, box.depth
    right = box.width
    if above is not None:
        raised = max((4.13 if style == "D" else 3.63) * scale, box.height - 3.86 * scale)
        high = max(high, raised + above.height)
        right = max(right, box.width + box.italic + above.width)
    if below is not None:
        lowered = max((2.47 if above is not None else 1.5) * scale, box.depth + 0.5 * scale)
        deep = max(deep, lowered + below.depth)
        right = max(right, box.width + below.width)
    return _Box(right + _SCRIPT_SPACE, high, deep, kind=box.kind)


def _stacked(above: _Box, below: _Box, style: str, sides: float) -> _Box:
    """A fraction: numerator over denominator."""
    scale, display = _SCALE[style], style == "D"
    gap = (3 if display else 1) * _RULE + _RULE / 2
    up = max((6.77 if display else 3.94) * scale, _AXIS * scale + gap + above.depth)
    down = max((6.86 if display else 3.45) * scale, gap + below.height - _AXIS * scale)
    wide = max(above.width, below.width) + sides
    return _Box(wide, up + above.height, down + below.depth)


def _array(rows: list[list[list[str]]], name: str, style: str) -> _Box:
    boxes = [
        [_Reader(_tokens_of(" ".join(cell))).row(style) for cell in row]
        for row in rows
        if row != [[]]
    ]
    columns = max((len(row) for row in boxes), default=0)
    widths = [max((r[c].width for r in boxes if c < len(r)), default=0.0) for c in range(columns)]
    between = 0.0 if style == "D" else 10.0
    total = sum(widths) + between * max(0, columns - 1)
    if name == "cases":
        total += DELIMITERS[r"\{"][0][5] + _NULL
    elif name != "aligned":
        total += 2 * DELIMITERS["("][0][5]
    tall = 12.0 * len(boxes)
    return _Box(total, tall / 2 + _AXIS, tall / 2 - _AXIS, kind="inner")


def _joined(boxes: list[_Box], style: str) -> _Box:
    """A row of atoms: a binary sign without a left or a right side is an ordinary one."""
    kinds = _signs([b.kind for b in boxes])
    total, last = 0.0, None
    small = style in ("S", "SS")
    units = (0.0, _THIN, _MEDIUM, _THICK)
    for box, kind in zip(boxes, kinds, strict=True):
        total += box.width
        if kind == "space":
            continue
        if last is not None:
            gap = _BETWEEN[_KINDS.index(last)][_KINDS.index(kind)]
            total += 0.0 if gap < 0 and small else units[abs(gap)] * _SCALE[style]
        last = kind
    high = max((b.height for b in boxes), default=0.0)
    return _Box(total, high, max((b.depth for b in boxes), default=0.0))


def _signs(kinds: list[str]) -> list[str]:
    found = list(kinds)
    last = ""
    for place, kind in enumerate(found):
        if kind == "space":
            continue
        if kind == "bin" and last in ("", "bin", "op", "rel", "open", "punct"):
            found[place] = kind = "ord"
        if kind in ("rel", "close", "punct") and last == "bin":
            before = max(p for p in range(place) if found[p] == "bin")
            found[before] = "ord"
        last = kind
    return found
