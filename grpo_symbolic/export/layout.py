"""Layout: how an export is set: names, labels, width, numbers, how much is written out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from grpo_symbolic.export.notation import Notation
from grpo_symbolic.export.widths import COLUMN, PAGE

NUMBERINGS = ("cited", "all", "none")
UNFOLDS = (0, 1, "all")
_WIDTHS = {"column": COLUMN, "page": PAGE}
_LEAST, _MOST = 150.0, 2000.0
_NAME = re.compile(r"[A-Za-z]{2,40}\*?\Z")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._+-]*\Z")


@dataclass(frozen=True)
class Layout:
    """How an export is set.

    Parameters
    ----------
    notation : Notation
        Names of the quantities.
    label : str
        Of the theorem, or of the equation of a display; made from what is exported if empty.
    width : {"column", "page"} or float
        What there is room for, in points at 10 point type: a column of two on A4 (221), the text
        of an article with one column (345), or a number from 150 on.
    numbering : {"cited", "all", "none"}
        Which lines have numbers: those that are referred to, all, or none; lines without numbers
        that are referred to are marked (i), (ii), ….
    unfold : {0, 1, "all"}
        Named functions with their definitions; the definitions with their numbers written out;
        or everything written out, without names.
    verification : bool
        A footnote that says what was proved, by which methods, and of which version.
    cite : bool
        Whether sources are cited by their keys; else they are named in words, and their BibTeX
        entries stand in comments at the end.
    environment : str
        Of the statement: theorem, lemma, proposition, or another one that the paper defines.

    Raises
    ------
    ValueError
        For any other value, in a sentence.
    """

    notation: Notation = field(default_factory=Notation)
    label: str = ""
    width: Any = "page"
    numbering: str = "cited"
    unfold: Any = 0
    verification: bool = False
    cite: bool = False
    environment: str = "theorem"

    def __post_init__(self) -> None:
        if not isinstance(self.notation, Notation):
            raise ValueError(f"notation must be a Notation, got {self.notation!r}")
        if not isinstance(self.label, str) or (self.label and not _LABEL.match(self.label)):
            raise ValueError(
                "label must be made of letters, digits and : . _ + -, such as thm:x, got "
                f"{self.label!r}"
            )
        object.__setattr__(self, "width", self._points())
        if self.numbering not in NUMBERINGS:
            raise ValueError(
                f"numbering must be one of {', '.join(NUMBERINGS)}, got {self.numbering!r}"
            )
        if isinstance(self.unfold, bool) or self.unfold not in UNFOLDS:
            raise ValueError(f"unfold must be 0, 1 or 'all', got {self.unfold!r}")
        if not isinstance(self.environment, str) or not _NAME.match(self.environment):
            raise ValueError(
                "environment must be the name of a theorem-like environment in letters, such as "
                f"lemma, got {self.environment!r}"
            )

    def _points(self) -> float:
        given = self.width
        allowed = f"width must be column, page, or points from {_LEAST:g} to {_MOST:g}"
        if isinstance(given, str) and given in _WIDTHS:
            return _WIDTHS[given]
        try:
            points = float(given)
        except (TypeError, ValueError):
            raise ValueError(f"{allowed}, got {given!r}") from None
        if isinstance(given, bool) or not _LEAST <= points <= _MOST:
            raise ValueError(f"{allowed}, got {given!r}")
        return points

    @property
    def kind(self) -> str:
        """What the environment is called in a sentence."""
        return self.environment.removesuffix("*").capitalize()

    def citing(self) -> Layout:
        """The same where there is a bibliography."""
        return replace(self, cite=True)

    def own_label(self, kind: str, title: str, *about: object) -> str:
        """The label that was given, or one that no other export has: of a kind, by its content."""
        if self.label:
            return self.label
        words = "-".join(re.findall(r"[a-z]+", title.lower())[:2])
        same = (self.notation, self.width, self.numbering, self.unfold, kind, *about)
        return f"{kind}:{words}-{hashlib.sha256(repr(same).encode()).hexdigest()[:6]}"
