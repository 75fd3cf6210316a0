"""Exhibit: a result with all that has to be said beside it, ready for any format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Protocol

from sympy import Expr, Symbol

from grpo_symbolic.domain import Domain
from grpo_symbolic.export.assumptions import assumptions
from grpo_symbolic.export.latex import Line
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.notation import Notation, own_notation
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.registry import FORMATS


class Judged(Protocol):
    """A verdict, as far as it is shown."""

    claim: str
    method: str
    evidence: dict[str, object]

    @property
    def status(self) -> str: ...


@dataclass(frozen=True)
class Passage:
    r"""A step of a proof: prose, and the lines that it leads to.

    Attributes
    ----------
    text : str
        Sentences in TeX, in the default notation; ``\\eqref{@name}`` refers to a line by its
        name, ``\\cite{key}`` to a source.
    lines : tuple of (str, Line)
        Each with its name, which may be empty.
    """

    text: str
    lines: tuple[tuple[str, Line], ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under headings, in TeX in the default notation; the first column stands to the left.

    Attributes
    ----------
    head : tuple of str
    rows : tuple of tuples of str
    notes : tuple of str
        Sentences that a table needs where it stands alone.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exhibit:
    """What a formula needs to stand alone on a page.

    Attributes
    ----------
    title : str
        A phrase, without formulas.
    setting : str
        Sentences in TeX, in the default notation: which question, which algorithm.
    domain : Domain
        The ranges of the symbols that the formulas have.
    formulas : tuple of Line
        The solution, or the equations where there is no closed form.
    solved : bool
        Whether the formulas are a closed form.
    status : str
        A plain sentence: which solution it is and why, or why there is no closed form.
    where : tuple of Line
        Abbreviations of the formulas, each in those behind it.
    expressions : tuple of (Symbol, Expr)
        The closed form without abbreviations; empty where there is none.
    unknown : str
        What the equations determine, in words and TeX.
    steps : tuple of (Line, str)
        The lines of the derivation, each with its reason.
    source : str
        The call that derives it again.
    given : str
        The ranges in words and TeX, where :attr:`domain` would be too long to read.
    says : str
        The end of the sentence before the formulas, where it is not about a stationary policy.
    more : tuple of str
        Sentences behind the formulas.
    proof : tuple of Passage
    sources : tuple of str
        Keys of what it rests on, in :mod:`grpo_symbolic.export.references`.
    table : Table, optional
    report : callable, optional
        The verdicts on what it says, worked out when they are asked for.
    """

    title: str
    setting: str
    domain: Domain = field(default_factory=Domain)
    formulas: tuple[Line, ...] = ()
    solved: bool = False
    status: str = ""
    where: tuple[Line, ...] = ()
    expressions: tuple[tuple[Symbol, Expr], ...] = ()
    unknown: str = r"$\pi(a)$"
    steps: tuple[tuple[Line, str], ...] = field(default=(), repr=False)
    source: str = ""
    given: str = ""
    says: str = ""
    more: tuple[str, ...] = ()
    proof: tuple[Passage, ...] = field(default=(), repr=False)
    sources: tuple[str, ...] = ()
    table: Table | None = None
    report: Callable[[], Iterable[Judged]] | None = field(default=None, repr=False, compare=False)

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """Itself: what writes a policy writes an exhibit."""
        return self

    def assumed(self, notation: Notation) -> str:
        """The ranges in a sentence, in these names."""
        return notation.rewritten_text(self.given) or assumptions(self.domain, notation)

    @property
    def predicate(self) -> str:
        """What the display that follows it says, as the end of a sentence."""
        if self.says:
            return self.says
        if self.solved:
            return "the stationary policy is"
        return f"the stationary policies are the solutions {self.unknown} of"

    @property
    def remark(self) -> str:
        """The status as TeX prose; nothing where there is none."""
        plain = re.sub(
            r"(?:;|, and) solutions\(\) (?:finds them|solves it) at given numbers", "", self.status
        )
        tex = prose_tex(plain.removeprefix("closed form: "))
        return tex[0].upper() + tex[1:] + "." if tex else ""

    def export(
        self,
        format: str,
        *,
        notation: Notation | None = None,
        label: str = "",
        width: object = "page",
        numbering: str = "cited",
        unfold: object = 0,
        verification: bool = False,
        cite: bool = False,
        environment: str = "theorem",
    ) -> str:
        """The statement as text, as :meth:`Printed.export` writes a stationary policy.

        Raises
        ------
        ValueError
            For an unknown format, or one that statements are not written in.
        """
        write = FORMATS[FORMATS.checked("format", format)]
        if not hasattr(write, "__wrapped__"):
            raise ValueError(f"a statement has no export {format!r}, only a stationary policy has")
        own = own_notation() if notation is None else notation
        layout = Layout(own, label, width, numbering, unfold, verification, cite, environment)
        return write(self, layout)


class Stated:
    """What can be shown as a statement, and is exported as that."""

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The statement, ready for every format."""
        raise NotImplementedError

    def export(self, format: str, **options: Any) -> str:
        """The statement in a format for documents, as a stationary policy is exported.

        Parameters
        ----------
        format : str
            ``latex-theorem``, ``latex-proof``, ``latex-table``, ``markdown``, ``typst``, ….
        **options
            Those of :meth:`Exhibit.export`: ``notation``, ``label``, ``width`` and others.

        Raises
        ------
        ValueError
            For formats and options that do not exist, and where there is nothing to state.
        """
        return self.exhibited().export(format, **options)


class Exhibited(Protocol):
    """What can be shown: a stationary policy, or a statement about one."""

    def exhibited(self, unfold: object = 0) -> Exhibit: ...


def of_exhibit(
    write: Callable[[Exhibit, Layout], str],
) -> Callable[[Exhibited, Layout], str]:
    """A format: what writes an exhibit, of whatever has one."""

    @wraps(write)
    def written(shown: Exhibited, layout: Layout) -> str:
        return write(shown.exhibited(layout.unfold), layout)

    return written


_FIELD = re.compile(r"Q\((?:√\d+(?:, )?)+\)|√\d+")
_SHARE = re.compile(r"(?<!\w)pi_ref(?= = \d)")


def prose_tex(sentence: str) -> str:
    r"""A plain sentence of this library as TeX, its symbols as formulas.

    Examples
    --------
    >>> prose_tex("negative at pi_ref(a) and 100% positive at beta = 1")
    'negative at $\\pi_{\\mathrm{ref}}(a)$ and 100\\% positive at $\\beta = 1$'
    """
    return escape(_SHARE.sub("pi_ref(a)", _FIELD.sub(_radicals, sentence)))


def _radicals(match: re.Match[str]) -> str:
    tex = re.sub(r"√(\d+)", r"\\sqrt{\1}", match[0])
    return "$" + re.sub(r"^Q", r"\\mathbb{Q}", tex) + "$"
