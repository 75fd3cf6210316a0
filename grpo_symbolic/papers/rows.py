r"""The formulas of a display: rows split at ``\\``, cells at ``&``, chains put together again.

A row that goes on with a relation belongs to the chain above it, and in ``align`` so does one
whose first cell is empty. ``multline`` is one formula. Side by side, formulas are separated by a
comma, ``\quad`` or a word such as *and*, if each of them speaks of the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from grpo_symbolic.grammar.conditions import begins_condition
from grpo_symbolic.grammar.tex import RELATION_COMMANDS
from grpo_symbolic.papers.macros import Token
from grpo_symbolic.papers.scan import Display
from grpo_symbolic.papers.source import Source

_ALIGNED = ("align", "flalign", "alignat", "xalignat", "aligned", "alignedat", "split", "eqnarray")
_JOINED = ("multline", "multlined", "dmath")
_GATHERED = ("gather", "gathered")
_INNER = ("aligned", "alignedat", "split", "gathered", "multlined")
#: Relations that no formula is checked for; a row that begins with one goes on all the same.
_UNREAD = frozenset(
    rf"\{name}"
    for name in (
        *("approx", "sim", "simeq", "cong", "propto", "equiv", "coloneqq", "triangleq", "doteq"),
        *("in", "ll", "gg", "iff", "implies", "Rightarrow", "Leftrightarrow", "asymp", "to"),
        *("lesssim", "gtrsim", "prec", "succ", "preceq", "succeq", "subset", "subseteq"),
    )
)
_RELATIONS = frozenset({"=", "<", ">", "≤", "≥", "≠"}) | RELATION_COMMANDS | _UNREAD
_SIGNS = frozenset({"+", "-", "−", r"\cdot", r"\times", r"\pm", "/"})
_SPACES = frozenset({r"\quad", r"\qquad", r"\,", r"\;", r"\ ", r"\!", r"\:", "~", "{", "}"})
_SEPARATORS = frozenset({r"\quad", r"\qquad", ",", ";"})
_WORDS = frozenset({r"\text", r"\mbox", r"\textrm", r"\mathrm"})
_OPENING = frozenset({"{", "(", "[", r"\{", r"\begin"})
_CLOSING = frozenset({"}", ")", "]", r"\}", r"\end"})
_AND = frozenset({"and", "und", "so", "hence", "or equivalently", "where", "with"})
#: Lines of text between the rows of a display.
_TEXT = (r"\intertext", r"\shortintertext")
_ENDS = frozenset({",", ".", ";"}) | {r"\quad", r"\qquad", r"\,", r"\;", r"\ ", r"\!", "~"}
#: How a remark begins that is no condition on the formula beside it.
_REMARK = re.compile(
    r"(?!.*\b(?:for|if|when|whenever|unless|provided|assuming)\b)"
    r"[(\[ ~,.]*(?:by|see|from|cf|using|since|because)\b"
    r"(?:[^$\\<>=≤≥]|\\(?:eq|auto|[cC])?ref\b|\\cite[pt]?\b)*\Z"
)
_DIMENSION = re.compile(r"[-+0-9. ]*[a-zA-Z\\]*[ ]*")
_CLEANED = re.compile(
    r"(?<!\\)%[^\n]*|\\(?:label|tag\*?|grpoverdict)\s*\{[^{}]*\}|\\(?:nonumber|notag|allowbreak|qedhere)(?![A-Za-z])"
    r"|\\(?:begin|end)\{(?:aligned|split|gathered|multlined)\}(?:\[[a-z]\])?|(?<!\\)&"
)


@dataclass(frozen=True)
class Row:
    """A row of a display, or a cell pair of it: its part of the source, and its tokens."""

    start: int
    end: int
    tokens: tuple[Token, ...]
    text: str


@dataclass
class Formula:
    """One statement: a row, or several that make a chain or a long sum."""

    rows: list[Row] = field(default_factory=list)
    #: Why it is not read.
    problem: str = ""

    def goes_on(self, row: Row) -> None:
        """With one more row; what stands below a condition may be one or be under it."""
        if any(map(_conditioned, (own.tokens for own in self.rows))) and not _condition(row.tokens):
            self.problem = "a row goes on behind the condition of a row above it"
        self.rows.append(row)


@dataclass
class _Cells:
    """The cells of a row: tokens, and where each begins; where the row ends."""

    cells: list[list[Token]] = field(default_factory=lambda: [[]])
    end: int = 0
    kind: str = ""


def formulas(
    source: Source,
    display: Display,
    given: Sequence[Token],
    speaks: Callable[[Sequence[Token]], bool] = bool,
) -> list[Formula]:
    """The formulas of a display, from its tokens with macros expanded.

    Parameters
    ----------
    source : Source
    display : Display
    given : sequence of Token
    speaks : callable
        Whether a part of a row is a formula of its own, and no condition on the one beside it.
    """
    found: list[Formula] = []
    # By column pair: the formula that a row below may continue.
    open_: dict[int, Formula] = {}
    for row in _rows(display, given):
        pairs = _with_conditions(_pairs(row), speaks)
        final = pairs[-1][1][-1:]
        for column, whole, first_empty in pairs:
            for part in [whole] if row.kind in _JOINED else _side_by_side(whole, speaks):
                own = _trimmed(_unremarked(_trimmed(part)))
                made = _row(source, own, row.end if part[-1:] == final else 0)
                if made is None or _commentary(made.tokens):
                    continue
                above = open_.get(column)
                if above is not None and (
                    _continues(row.kind, made, first_empty) or _condition(above.rows[0].tokens)
                ):
                    above.goes_on(made)
                else:
                    open_[column] = Formula([made])
                    found.append(open_[column])
    return found


def _row(source: Source, part: Sequence[Token], end: int) -> Row | None:
    """A row from its first visible character on, to ``end`` or to its last token."""
    if not part:
        return None
    start, end = part[0].at, end or part[-1].at + len(part[-1].text)
    text = " ".join(_CLEANED.sub(" ", source.text[start:end]).split())
    return Row(start, end, tuple(part), text.removeprefix("\\\\").rstrip(" ,.;"))


def _continues(kind: str, row: Row, first_empty: bool) -> bool:
    if kind in _JOINED:
        return True
    first = next((t.text for t in row.tokens if t.text not in _SPACES), "")
    if first in _RELATIONS or first == ":" or _condition(row.tokens):
        return True
    return (kind in _ALIGNED and first_empty) or (kind not in _ALIGNED + _GATHERED
                                                 and first in _SIGNS)  # fmt: skip


def _trimmed(part: Sequence[Token]) -> list[Token]:
    """Without the punctuation of the sentence around it."""
    kept = list(part)
    while kept and (kept[-1].text in _ENDS or kept[-1].text.isspace()):
        kept.pop()
    while kept and (kept[0].text in _ENDS - {"."} or kept[0].text.isspace()):
        kept.pop(0)
    return kept


def _unremarked(part: list[Token]) -> list[Token]:
    r"""Without ``\text{(see (3))}`` at the end of a formula."""
    depth, at = 0, len(part)
    while at > 0 and (depth > 0 or at == len(part)):
        at -= 1
        depth += (part[at].text == "}") - (part[at].text == "{")
    return part[: at - 1] if at > 1 and _commentary(part[at - 1 :]) else part


def _commentary(part: Sequence[Token]) -> bool:
    r"""A remark in a column of its own, such as ``\text{by (3)}``; no condition is one."""
    texts = [token.text for token in part]
    if texts[0] not in _WORDS or texts[1:2] != ["{"] or texts[-1] != "}":
        return False
    return _REMARK.match("".join(texts[2:-1])) is not None


# -- rows and cells ----------------------------------------------------------------------------


def _rows(display: Display, given: Sequence[Token]) -> list[_Cells]:
    """Rows of the outermost environment that has rows."""
    outer = display.kind if display.kind in _ALIGNED + _JOINED + _GATHERED else ""
    row = _Cells(kind=outer)
    rows = [row]
    inner: list[str] = []
    # Environments inside of a formula, such as cases, have rows of their own.
    nested = 0
    depth, at = 0, 0
    while at < len(given):
        token = given[at]
        name, after = _environment(given, at)
        depth += (token.text == "{") - (token.text == "}")
        if name and name not in _INNER:
            nested += 1 if token.text == r"\begin" else -1
        splits = depth == nested == 0 and len(inner) <= (0 if outer else 1)
        if name in _INNER:
            if token.text == r"\begin":
                inner.append(name)
                row.kind = row.kind or name
            else:
                splits = splits and bool(inner)
                if inner:
                    inner.pop()
                row.end = row.end or (token.at if not outer and not inner else 0)
            at = after
            continue
        at += 1
        if nested:  # they are read with the formula
            row.cells[-1].append(token)
            continue
        if token.text in _TEXT and splits:
            row.end = token.at
            row = _Cells(kind=row.kind)
            rows.append(row)
            at = _after_group(given, at)
            continue
        if token.text == r"\\":
            at = _spacing(given, at)
            if splits:
                row.end = token.at
                row = _Cells(kind=outer or (inner[0] if inner else ""))
                rows.append(row)
            continue
        if token.text == "&":
            if splits:
                row.cells.append([])
            continue
        row.cells[-1].append(token)
    row.end = row.end or display.end
    return rows


def _after_group(given: Sequence[Token], at: int) -> int:
    """What comes after a group in braces."""
    depth = 0
    while at < len(given):
        depth += (given[at].text == "{") - (given[at].text == "}")
        at += 1
        if depth == 0 and given[at - 1].text == "}":
            break
    return at


def _environment(given: Sequence[Token], at: int) -> tuple[str, int]:
    """The name of the environment that begins or ends here, and what comes after its options."""
    if given[at].text not in (r"\begin", r"\end"):
        return "", at
    texts = [t.text for t in given[at + 1 : at + 24]]
    if not texts or texts[0] != "{" or "}" not in texts:
        return "", at
    name = "".join(texts[1 : texts.index("}")])
    after = at + 2 + texts.index("}")
    if given[at].text == r"\begin" and after < len(given):
        close = {"[": "]", "{": "}"}.get(given[after].text)
        if close is not None and (close == "]" or name == "alignedat"):
            while after < len(given) and given[after].text != close:
                after += 1
            after += 1
    return name, after


def _spacing(given: Sequence[Token], at: int) -> int:
    r"""What comes after ``\\``, its star and its length."""
    if at < len(given) and given[at].text == "*":
        at += 1
    if at < len(given) and given[at].text == "[":
        for end in range(at + 1, min(at + 16, len(given))):
            if given[end].text == "]":
                inside = "".join(t.text for t in given[at + 1 : end])
                return end + 1 if _DIMENSION.fullmatch(inside) else at
    return at


def _pairs(row: _Cells) -> list[tuple[list[Token], bool]]:
    """Cells two by two, as ``align`` sets its equations; whether the first of them is empty."""
    cells = row.cells
    wide = row.kind in _ALIGNED and row.kind != "eqnarray" and not _lone_relation(cells)
    step = 2 if wide else max(len(cells), 1)
    return [
        ([token for cell in cells[at : at + step] for token in cell], not _trimmed(cells[at]))
        for at in range(0, len(cells), step)
    ]


def _lone_relation(cells: Sequence[list[Token]]) -> bool:
    """``a & = & b``: the relation has a cell of its own."""
    second = _trimmed(cells[1]) if len(cells) > 1 else []
    return len(second) == 1 and second[0].text in _RELATIONS


# -- conditions --------------------------------------------------------------------------------


def _with_conditions(
    pairs: Sequence[tuple[list[Token], bool]], speaks: Callable[[Sequence[Token]], bool]
) -> list[tuple[int, list[Token], bool]]:
    r"""The column pairs, each with its place; ``&& \text{if } \beta < 1`` is part of its formula.

    So is what stands there without words and is no formula of its own: it is not read then.
    """
    found: list[tuple[int, list[Token], bool]] = []
    for column, (part, first_empty) in enumerate(pairs):
        own = _trimmed(part)
        last = found[-1][1] if found else []
        belongs = speaks(last) and _beside(own, speaks)
        if own and last and (belongs or _condition(last)):
            comma = [] if _condition(own) else [Token(",", own[0].at)]
            found[-1] = (found[-1][0], [*last, *comma, *part], found[-1][2])
        else:
            found.append((column, part, first_empty))
    return found


def _beside(part: Sequence[Token], speaks: Callable[[Sequence[Token]], bool]) -> bool:
    """Whether what stands in a column of its own is a condition, in words or by its relation."""
    if not part or _commentary(part) or part[0].text in _RELATIONS:
        return False
    signs = [token.text for token in part if token.text in _RELATIONS]
    return _condition(part) or (signs[:1] not in ([], ["="]) and not speaks(part))


def _condition(part: Sequence[Token]) -> bool:
    r"""Whether a part begins with words such as ``\text{for}``, and no equation follows."""
    own = _trimmed(part)
    words = _said(own, 0) if own else None
    signs = [token.text for token in own if token.text in _RELATIONS]
    return words is not None and not (words.strip(" ,~") == "where" and signs[:1] == ["="])


def _conditioned(part: Sequence[Token]) -> bool:
    r"""Whether words such as ``\text{for}`` stand in a part, and not in cases inside of it."""
    depth = 0
    for at, token in enumerate(part):
        if depth == 0 and _said(part, at) is not None:
            return True
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
    return False


def _said(part: Sequence[Token], at: int) -> str | None:
    """Words that stand here, if a condition begins with them."""
    if part[at].text not in _WORDS:
        return None
    opened = next((n for n in range(at + 1, len(part)) if not part[n].text.isspace()), at)
    if part[opened].text != "{":
        return None
    words = "".join(token.text for token in takewhile(_inside, part[opened + 1 :]))
    return words if begins_condition(words) else None


def _inside(token: Token) -> bool:
    return token.text not in ("}", "$")


# -- side by side ------------------------------------------------------------------------------


def _side_by_side(
    given: list[Token], speaks: Callable[[Sequence[Token]], bool]
) -> list[list[Token]]:
    """Formulas next to each other, where each part has a relation and speaks; else all as one."""
    parts: list[list[Token]] = [[]]
    depth, at = 0, 0
    conditional = False
    while at < len(given):
        text = given[at].text
        depth += (text in _OPENING) - (text in _CLOSING)
        word = _word(given, at) if depth == 0 else 0
        if depth == 0 and (text in _SEPARATORS or word):
            # What follows "where" is defined there, or is a condition.
            conditional |= word > 0 and _gives(given, at, word)
            parts.append([])
            at += word or 1
            continue
        parts[-1].append(given[at])
        at += 1
    kept = [part for part in parts if _trimmed(part)]
    if len(kept) == 1 and has_relation(kept[0]):
        return kept
    formulas_alone = all(has_relation(p) and speaks(p) and not _conditional(p) for p in kept)
    if len(kept) < 2 or not formulas_alone or conditional:
        return [given] if given else []
    return kept


def _conditional(part: Sequence[Token]) -> bool:
    r"""Whether a part begins with words, such as ``\text{for}``: a condition on the one before."""
    texts = [token.text for token in _trimmed(part)[:2]]
    return len(texts) > 1 and texts[0] in _WORDS - {r"\mathrm"} and texts[1] == "{"


def has_relation(part: Sequence[Token]) -> bool:
    """Whether one of the tokens is a relation, read or not."""
    return any(token.text in _RELATIONS for token in part)


def _gives(given: Sequence[Token], at: int, length: int) -> bool:
    r"""Whether an inequality stands behind ``\text{ where }``."""
    said = "".join(token.text for token in given[at + 2 : at + length - 1]).strip(" ,~")
    signs = [token.text for token in given[at + length :] if token.text in _RELATIONS]
    return said in ("where", "with") and bool(signs) and signs[0] != "="


def _word(given: Sequence[Token], at: int) -> int:
    r"""The length of ``\text{ and }``; 0 where there is none."""
    if given[at].text not in _WORDS or at + 1 >= len(given) or given[at + 1].text != "{":
        return 0
    for end in range(at + 2, min(at + 40, len(given))):
        if given[end].text == "}":
            inside = "".join(t.text for t in given[at + 2 : end])
            return end + 1 - at if inside.strip(" ,~") in _AND else 0
    return 0
