"""Entry: one line of the ledger, made up of claims of the results here.

An entry names the claims of results that make it up, ``"result: name of the claim"``, with ``*``
for any text. A refuted claim has a point at which it fails, chosen to be checked by hand, and
the statement that holds instead, made up of claims in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr

from grpo_symbolic.verify.verdict import Status

__all__ = ["NEW", "PAPER", "Entry", "new", "open_question", "plain", "published", "refuted"]

PAPER, NEW = "Claims of the paper", "New theorems"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes
    ----------
    text : str
        The statement in words and TeX.
    source : str
        Equation or section; ``new`` for what is not published.
    parts : tuple of str
        The claims that together say it; none for an open question.
    expected : str
        The verdict, where it is known.
    at : mapping of str to Expr
        For a refuted claim, where it fails.
    holds : str
        For a refuted or imprecise claim, what holds instead, in words and TeX.
    correction : tuple of str
        The claims that together say what holds.
    again : tuple of str
        The claims of a second derivation of the same statement, which counts as a method.
    setting : str
        For a counterexample without parameters, what its numbers were computed at, with TeX.
    """

    text: str
    source: str
    parts: tuple[str, ...]
    expected: str = Status.PROVED
    at: Mapping[str, Expr] = field(default_factory=dict)
    holds: str = ""
    correction: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    setting: str = ""

    @property
    def claim(self) -> str:
        """The statement without TeX."""
        return plain(self.text)

    @property
    def corrected(self) -> str:
        """What holds instead, without TeX."""
        return plain(self.holds)

    @property
    def chapter(self) -> str:
        return NEW if self.source.startswith("new") else PAPER


_PLAIN = (
    (r"\\mathrm\{(\w+)\}", r"\1"),
    (r"\\piref", "pi_ref"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"[_^]\{(\w+)\}", lambda m: m[0][0] + m[1]),
    (r"\\ge(?![a-z])", " >= "),
    (r"\\le(?![a-z])", " <= "),
    (r"\\to(?![a-z])", " -> "),
    (r"\\succ ?", "> "),
    (r"\\infty", "oo"),
    (r"\\[,;]", " "),
    (r"\\([{}])", r"\1"),
    (r"\\([a-zA-Z]+)", r"\1"),
    (r"\\\|", "||"),
    (r"\$", ""),
)


def plain(text: str) -> str:
    """Words and TeX as a terminal shows them.

    Examples
    --------
    >>> plain(r"at $\\beta=\\gamma$ it is $\\sqrt{\\piref(a)}$")
    'at beta=gamma it is sqrt(pi_ref(a))'
    """
    for pattern, replacement in _PLAIN:
        text = re.sub(pattern, replacement, text)
    return text


def published(claim: str, where: str, *parts: str, again: tuple[str, ...] = ()) -> Entry:
    return Entry(claim, f"V&Y {where}", parts, again=again)


def new(claim: str, *parts: str, source: str = "new", again: tuple[str, ...] = ()) -> Entry:
    return Entry(claim, source, parts, again=again)


def open_question(text: str) -> Entry:
    """What is not known: a row that no claim proves, and that never counts as settled."""
    return Entry(text, "new", (), Status.UNKNOWN)


def refuted(
    claim: str,
    where: str,
    part: str,
    corrected: str,
    *correction: str,
    at: Mapping[str, Expr] | None = None,
    setting: str = "",
) -> Entry:
    return Entry(
        claim, where, (part,), Status.REFUTED, at or {}, corrected, correction, setting=setting
    )
