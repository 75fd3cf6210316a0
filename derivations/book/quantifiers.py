"""What a headline is said for, as TeX: one line before the statement that it is made of."""

from __future__ import annotations

from derivations.book.prose import range_tex
from derivations.headline import Headline, Numbers

__all__ = ["quantifiers_tex"]

_WORDS = {("2",): "two", ("3",): "three", ("4",): "four"}


def quantifiers_tex(headline: Headline) -> str:
    """The quantifiers and the hypotheses of a headline."""
    parts = [
        _groups(headline.groups),
        _counted(headline.answers, "answers"),
        _counted(headline.levels, "reward levels"),
        " and ".join(headline.penalties),
        range_tex(headline.parameters),
        *headline.hypotheses,
    ]
    return ", ".join(part for part in parts if part)


def _groups(groups: Numbers | None) -> str:
    if groups is None:
        return ""
    every = [] if groups.start is None else [rf"every $G\ge{groups.start}$"]
    listed = [f"$G={_listed(groups)}$"] if groups.parts() else []
    return " and ".join([*every, *listed])


def _counted(numbers: Numbers | None, what: str) -> str:
    if numbers is None:
        return ""
    if numbers.start is not None:
        return f"any number of {what}"
    return f"{_WORDS.get(numbers.parts(), f'${_listed(numbers)}$')} {what}"


def _listed(numbers: Numbers) -> str:
    names = {"...": r"\dots", "oo": r"\infty"}
    return ",".join(names.get(part, part) for part in numbers.parts())
