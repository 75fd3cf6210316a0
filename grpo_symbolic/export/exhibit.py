"""Exhibit: a result with all that has to be said beside it, ready for any format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Protocol

from sympy import Expr, Symbol
from sympy.core.relational import Relational

from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Line
from grpo_symbolic.export.notation import Notation

__all__ = ["Exhibit", "Exhibited", "of_exhibit", "prose_tex"]


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
    steps : tuple of (Relational, str)
        The lines of the derivation, each with its reason.
    source : str
        The call that derives it again.
    """

    title: str
    setting: str
    domain: Domain
    formulas: tuple[Line, ...]
    solved: bool
    status: str
    where: tuple[Line, ...] = ()
    expressions: tuple[tuple[Symbol, Expr], ...] = ()
    unknown: str = r"$\pi(a)$"
    steps: tuple[tuple[Relational, str], ...] = field(default=(), repr=False)
    source: str = ""

    @property
    def exhibit(self) -> Exhibit:
        """Itself: what writes a policy writes an exhibit."""
        return self

    @property
    def label(self) -> str:
        """A name for cross-references."""
        return "-".join(re.findall(r"[a-z]+", self.title.lower())[:2])

    @property
    def predicate(self) -> str:
        """What the display that follows it says, as the end of a sentence."""
        if self.solved:
            return "the stationary policy is"
        return f"the stationary policies are the solutions {self.unknown} of"

    @property
    def remark(self) -> str:
        """The status as TeX prose."""
        plain = re.sub(
            r"(?:;|, and) solutions\(\) (?:finds them|solves it) at given numbers", "", self.status
        )
        plain = plain.removeprefix("closed form: ")
        tex = prose_tex(plain)
        return tex[0].upper() + tex[1:] + "."


class Exhibited(Protocol):
    """What can be shown: a stationary policy."""

    @property
    def exhibit(self) -> Exhibit: ...


def of_exhibit(
    write: Callable[[Exhibit, Notation], str],
) -> Callable[[Exhibited, Notation], str]:
    """A format: what writes an exhibit, of whatever has one."""

    @wraps(write)
    def written(shown: Exhibited, notation: Notation) -> str:
        return write(shown.exhibit, notation)

    return written


_REFERENCE = r"\pi_{\mathrm{ref}}"
_WORDS = (
    (r"\(pi_ref\(a\), 1\)", rf"({_REFERENCE}(a), 1)"),
    (r"pi_ref\((\w)\)", rf"{_REFERENCE}(\1)"),
    (r"pi_ref(?= = \d)", rf"{_REFERENCE}(a)"),
    (r"pi_ref", _REFERENCE),
    (r"pi\((\w)\)", r"\pi(\1)"),
    (r"pi", r"\pi"),
    (r"Q\((?:√\d+(?:, )?)+\)", None),
    (r"√\d+", None),
    (r"\(0, 1\)", "(0, 1)"),
    (r"beta", r"\beta"),
    (r"gamma", r"\gamma"),
    (r"epsilon", r"\varepsilon"),
    (r"sigma", r"\sigma"),
    (r"lambda", r"\lambda"),
    (r"G(?= )", "G"),
)
_WORD = re.compile(
    "|".join(
        rf"(?P<w{i}>(?<![\w\\]){pattern}(?!\w)(?:(?<= )\d+(?:/\d+)?| = \d+(?:/\d+)?)?)"
        for i, (pattern, _) in enumerate(_WORDS)
    )
)


def prose_tex(sentence: str) -> str:
    r"""A plain sentence of this library as TeX, its symbols as formulas.

    Examples
    --------
    >>> prose_tex("negative at pi_ref(a) and 100% positive at beta = 1")
    'negative at $\\pi_{\\mathrm{ref}}(a)$ and 100\\% positive at $\\beta = 1$'
    """
    parts: list[str] = []
    end = 0
    for match in _WORD.finditer(sentence):
        parts.append(_escaped(sentence[end : match.start()]))
        parts.append(f"${_formula(match)}$")
        end = match.end()
    return "".join([*parts, _escaped(sentence[end:])])


def _formula(match: re.Match[str]) -> str:
    pattern, tex = _WORDS[int(str(match.lastgroup)[1:])]
    if tex is None:
        shown = re.sub(r"√(\d+)", r"\\sqrt{\1}", match[0])
        return re.sub(r"^Q", r"\\mathbb{Q}", shown)
    return re.sub(pattern, tex.replace("\\", r"\\").replace(r"\\1", r"\1"), match[0])


def _escaped(text: str) -> str:
    return re.sub(r"[&%#_]", lambda m: "\\" + m[0], text)
