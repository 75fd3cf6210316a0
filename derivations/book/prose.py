"""Prose of the book: ranges as formulas, names of files, sentences."""

from __future__ import annotations

import re

from derivations.book.names import SHORT
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.export.plain_text import escape

__all__ = [
    "WHOLE",
    "escape",
    "file_name",
    "one_range",
    "quoted",
    "range_tex",
    "sentence",
    "shortened",
]


def file_name(name: str) -> str:
    """A name with underscores, that may be broken at them."""
    broken = name.replace("/", r"/\allowbreak{}").replace("_", r"\_\allowbreak{}")
    return rf"\texttt{{{broken}}}"


def sentence(text: str) -> str:
    """TeX with a capital, unless it starts with a formula, and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":")) else text + "."


def range_tex(domain: Domain, notation: Notation = SHORT) -> str:
    """The ranges of a domain as formulas, with commas between; those of a family in one."""
    families: dict[tuple[object, ...], list[Range]] = {}
    for r in domain.ranges:
        bounds = (r.lower, r.upper, r.lower_closed, r.upper_closed)
        indexed = re.fullmatch(r"([a-z]+)_\d+", r.symbol.name)
        families.setdefault((*bounds, indexed[1] if indexed else r.symbol), []).append(r)
    texts = []
    for *first, last in families.values():
        names = [formula(r.symbol, notation) for r in (*first, last)]
        whole = one_range(last, notation)
        texts.append(f"${whole.replace(names[-1], ', '.join(names), 1)}$")
    return ", ".join(texts)


#: Numbers of equations of the source paper, outside of formulas.
_EQUATION = re.compile(r"(?<![\w.~$}])\(([2-9]|1\d)\)(?![\w(])")


def quoted(text: str) -> str:
    r"""Prose in which ``(14)`` is an equation of the source paper: ``VY\,(14)``.

    Examples
    --------
    >>> quoted("it is (14), and $f(3)$ is not")
    'it is \\VY{14}, and $f(3)$ is not'
    """
    parts = text.split("$")
    parts[::2] = [_EQUATION.sub(r"\\VY{\1}", part) for part in parts[::2]]
    return "$".join(parts)


#: The policy's letter where p is introduced, and what it abbreviates is written out.
WHOLE = "@pi@"
#: Probabilities of the better answer.
_BETTER = re.compile(r"\\pi(?P<kind>_\{\\mathrm\{(?:ref|old)\}\}|)\(a\)")
_SHORT = {"": "p", r"_{\mathrm{ref}}": "p_0", r"_{\mathrm{old}}": r"p_{\mathrm{old}}"}


def shortened(tex: str) -> str:
    """p and its kin for the probabilities of the better answer, in formulas and in prose."""

    def name(match: re.Match[str]) -> str:
        letter = tex[match.start() - 1 : match.start()].isalpha()
        return " " * letter + _SHORT[match["kind"]]

    return _BETTER.sub(name, tex)


def one_range(r: Range, notation: Notation = SHORT) -> str:
    """A range as a formula."""
    name = formula(r.symbol, notation)
    left = r"\le" if r.lower_closed else "<"
    right = r"\le" if r.upper_closed else "<"
    low, high = str(r.lower), str(r.upper)
    if low == "-oo" and high == "oo":
        return rf"{name}\in\mathbb{{R}}"
    if high == "oo":
        above = r"\ge" if r.lower_closed else ">"
        return f"{name} {above} {formula(r.lower, notation)}"
    if low == "-oo":
        return f"{name} {right} {formula(r.upper, notation)}"
    return f"{formula(r.lower, notation)} {left} {name} {right} {formula(r.upper, notation)}"
