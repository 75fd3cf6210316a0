"""Prose of the book: ranges as formulas, names of files, sentences."""

from __future__ import annotations

from derivations.book.names import NOTATION
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.plain_text import escape

__all__ = ["escape", "file_name", "range_tex", "sentence"]


def file_name(name: str) -> str:
    """A name with underscores, that may be broken at them."""
    broken = name.replace("/", r"/\allowbreak{}").replace("_", r"\_\allowbreak{}")
    return rf"\texttt{{{broken}}}"


def sentence(text: str) -> str:
    """TeX with a capital, unless it starts with a formula, and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ":")) else text + "."


def range_tex(domain: Domain) -> str:
    """The ranges of a domain as formulas, with commas between."""
    return ", ".join(f"${_one(r)}$" for r in domain.ranges)


def _one(r: Range) -> str:
    name = formula(r.symbol, NOTATION)
    left = r"\le" if r.lower_closed else "<"
    right = r"\le" if r.upper_closed else "<"
    low, high = str(r.lower), str(r.upper)
    if low == "-oo" and high == "oo":
        return rf"{name}\in\mathbb{{R}}"
    if high == "oo":
        above = r"\ge" if r.lower_closed else ">"
        return f"{name} {above} {formula(r.lower, NOTATION)}"
    if low == "-oo":
        return f"{name} {right} {formula(r.upper, NOTATION)}"
    return f"{formula(r.lower, NOTATION)} {left} {name} {right} {formula(r.upper, NOTATION)}"
