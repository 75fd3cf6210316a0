r"""A formula and the conditions that are written beside it.

``\pi(a) > \frac{1}{2} \quad \text{for } \beta < 1``, or the cases of ``\begin{cases}``, each of
which is a formula with its condition. What the words are is all that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grpo_symbolic.grammar.tokens import MAX_CHARACTERS

_SAID = r"(?:for(?:\s*all|\s*every)?|if|when(?:ever)?|where|provided(?:\s*that)?|as\s*long\s*as)"
_BEGINS = re.compile(rf"[\s,~]*{_SAID}(?![A-Za-z])")
_FONT = r"\\(?:text|mbox|textrm|textnormal|mathrm)\s*"
_PLAIN = re.compile(rf"\s{_SAID}\s")
_TEX = re.compile(rf"{_FONT}\{{[\s,~]*{_SAID}[\s,~:]*\}}")
#: Mathematics in the braces of the words, as in ``\text{for $\beta < 1$}``.
_INSIDE = re.compile(rf"({_FONT}\{{)([\s,~]*{_SAID}[\s~]*)\$([^$]*)\$[\s.,~]*\}}")
_UNEQUAL = re.compile(r"\\neq?(?![A-Za-z])|!=|≠")
_OTHERWISE = re.compile(rf"(?:{_FONT}\{{)?[\s~]*(?:otherwise|else)[\s.,~]*\}}?[\s.,]*")
_CASES = re.compile(r"\\begin\s*\{(d?cases)\}(.*?)\\end\s*\{\1\}", re.DOTALL)
_ROW = re.compile(r"\\\\(?:\s*\[[^\]]*\])?")
#: Between conditions; a comma behind a backslash is a space of LaTeX.
_BETWEEN = re.compile(rf"(?<!\\),|\s+and\s+|{_FONT}\{{\s*and\s*\}}")
_INTERVAL = re.compile(
    r"([^,]{1,80}?)\\in\s*(?:\\left)?([(\[])([^,()\[\]]+),([^,()\[\]]+?)(?:\\right)?([)\]])"
)
_INFINITE = re.compile(r"[-+]?\s*(?:\\infty|oo)")
_BEFORE = re.compile(r"(?:\s|~|\{\}|\\q?quad(?![a-z])|\\[,;: ])*")
_BEHIND = re.compile(r"(?:\s|~|\\q?quad(?![a-z])|\\[,;: ]|[.,;])+")
_RELATION = re.compile(r"\\(?:leq?|geq?|lt|gt|leqslant|geqslant)(?![A-Za-z])|[<>]=?|[≤≥]")
_TURNED = {
    **{"<": "≥", ">": "≤", "<=": ">", ">=": "<", "≤": ">", "≥": "<"},
    **{r"\lt": "≥", r"\gt": "≤"},
    **dict.fromkeys((r"\le", r"\leq", r"\leqslant"), ">"),
    **dict.fromkeys((r"\ge", r"\geq", r"\geqslant"), "<"),
}
_MOST_CASES = 8


def parted(text: str) -> tuple[str, str]:
    r"""A formula and the condition behind it; an empty one where there is none.

    Examples
    --------
    >>> parted("pi > 1/2 for beta < 1/4")
    ('pi > 1/2', 'beta < 1/4')
    >>> parted(r"\pi(a) > 0 \quad \text{if } \beta < 1.")
    ('\\pi(a) > 0', '\\beta < 1')
    """
    text = _INSIDE.sub(r"\1\2} \3", text)
    found = (_TEX if "\\" in text else _PLAIN).search(text)
    if found is None:
        return text, ""
    formula, condition = text[: found.start()], text[found.end() :]
    return _bare(formula), _bare(condition)


def begins_condition(words: str) -> bool:
    """Whether a condition begins with these words.

    Examples
    --------
    >>> begins_condition(" for all "), begins_condition("former")
    (True, False)
    """
    return _BEGINS.match(words) is not None


def branches(text: str) -> list[tuple[str, str]]:
    r"""The formulas of which a text consists, each with its condition: one for each of its cases.

    Raises
    ------
    ValueError
        For cases that are not read.

    Examples
    --------
    >>> branches(r"\pi = \begin{cases} 1 & \beta < 1 \\ p & \text{otherwise} \end{cases}")
    [('\\pi = (1)', '\\beta < 1'), ('\\pi = (p)', '\\beta ≥ 1')]
    """
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return [(text, "")]  # whoever reads the formula says so
    return [part for found in _cases(text) for part in _unequal(*found)]


def _unequal(formula: str, condition: str) -> Iterator[tuple[str, str]]:
    """What is not equal is less or greater."""
    if len(_UNEQUAL.findall(condition)) > 1:
        raise ValueError(f"of the condition {condition!r} one part at most may say unequal")
    if _UNEQUAL.search(condition) is None:
        yield formula, condition
        return
    for sign in ("<", ">"):
        yield formula, _UNEQUAL.sub(sign, condition)


def _cases(text: str) -> list[tuple[str, str]]:
    found = list(_CASES.finditer(text))
    if not found:
        return [parted(text)]
    if len(found) > 1:
        raise ValueError("of a formula with cases in two places nothing is read")
    (cases,) = found
    rows = [row for row in _ROW.split(cases[2]) if row.strip(" \n&")]
    if len(rows) > _MOST_CASES:
        raise ValueError(f"a formula may have {_MOST_CASES} cases")
    before, behind = text[: cases.start()], text[cases.end() :]
    rest, after = parted(behind) if behind.strip(" .,\n") else ("", "")
    told: list[tuple[str, str]] = []
    for row in rows:
        value, ampersand, condition = row.partition("&")
        if not ampersand or "&" in condition:
            raise ValueError("each of the cases is a value, & and its condition")
        if _OTHERWISE.fullmatch(condition.strip()):
            condition = ", ".join(_negated(one) for _, one in told)
        else:
            condition = parted(f"{{}} {condition}")[1] or _bare(condition)
        told.append((_bare(value), condition))
    joined = (f"{before}({value}){rest}" for value, _ in told)
    return [
        (" ".join(formula.split()), ", ".join(filter(None, (condition, after))))
        for formula, (_, condition) in zip(joined, told, strict=True)
    ]


def conditions(text: str) -> list[str]:
    r"""Conditions with commas between them, and the ends of intervals, one by one.

    Examples
    --------
    >>> conditions(r"0 < \beta < 1, \mu \in (0, \frac{1}{2}]")
    ['0 < \\beta < 1', '\\mu > 0', '\\mu ≤ \\frac{1}{2}']
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"conditions may have {MAX_CHARACTERS} characters")
    written_out = _INTERVAL.sub(_ends, text)
    return [part.strip() for part in _BETWEEN.split(written_out)]


def _ends(interval: re.Match[str]) -> str:
    """Both ends of an interval that are finite, as inequalities."""
    name, opening, lower, upper, closing = (part.strip() for part in interval.groups())
    signs = (">" if opening == "(" else "≥", lower), ("<" if closing == ")" else "≤", upper)
    return ", ".join(f"{name} {sign} {end}" for sign, end in signs if not _INFINITE.fullmatch(end))


def _negated(condition: str) -> str:
    """The opposite of one inequality."""
    found = list(_RELATION.finditer(condition))
    if len(found) != 1 or _BETWEEN.search(condition):
        raise ValueError(f"what is otherwise is read behind single inequalities: {condition!r}")
    (sign,) = found
    return f"{condition[: sign.start()]}{_TURNED[sign[0]]}{condition[sign.end() :]}"


def _bare(text: str) -> str:
    """Without the space and the punctuation around it."""
    start, end = 0, len(text)
    if found := _BEFORE.match(text):
        start = found.end()
    for found in _BEHIND.finditer(text, start):  # once over the text, whatever stands in it
        end = found.start() if found.end() == len(text) else end
    return text[start:end]
