r"""Exhibits for a paper: inline, display, derivation, theorem, and a document that compiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grpo_symbolic.export.assumptions import assumptions
from grpo_symbolic.export.exhibit import Exhibit, of_exhibit
from grpo_symbolic.export.latex import Line, align, formula, sides
from grpo_symbolic.export.lines import PAGE, broken, set_width
from grpo_symbolic.export.notation import Notation

__all__ = ["align_block", "bare", "display", "document", "inline", "theorem"]

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,microtype}
\usepackage{amsmath,amssymb,amsthm,mathtools}
\usepackage{graphicx}
\usepackage[margin=27mm]{geometry}
\newtheorem{theorem}{Theorem}
\allowdisplaybreaks
\let\intertext\shortintertext
\setlength{\emergencystretch}{4em}
\setcounter{MaxMatrixCols}{20}
\begin{document}
"""
# Width of a display beside its number.
_NUMBERED = PAGE - 7
# A display of more rows than this may be broken between pages.
_TALL = 25


def bare(formulas: Sequence[Line], where: Sequence[Line], notation: Notation | None = None) -> str:
    """The formulas for the reader's own display: one line, or ``aligned`` where that is too wide.

    It needs amsmath, and amssymb where it has an expectation.
    """
    notation = Notation() if notation is None else notation
    if _fits(formulas, where, notation):
        return formula(formulas[0], notation)
    return _aligned(_rows(formulas, where, notation))


@of_exhibit
def inline(exhibit: Exhibit, notation: Notation) -> str:
    """``$...$``, one for each formula."""
    shown = [formula(e, notation) for e in (*exhibit.formulas, *exhibit.where)]
    return ",\n".join(f"${tex}$" for tex in shown)


@of_exhibit
def display(exhibit: Exhibit, notation: Notation) -> str:
    """An ``equation`` environment with a label; ``align`` where it may run over the page."""
    formulas, where, label = exhibit.formulas, exhibit.where, rf"\label{{eq:{exhibit.label}}}"
    if _fits(formulas, where, notation):
        body = formula(formulas[0], notation)
    else:
        rows = _rows(formulas, where, notation, _fitted)
        if len(rows) > _TALL:
            lines = " \\notag \\\\\n  ".join(rows)
            block = "\\begin{align}\n  " + f"{lines} {label}\n" + r"\end{align}"
            return f"{{\\allowdisplaybreaks\n{block}}}"
        body = _aligned(rows)
    body = "\n".join("  " + line for line in body.splitlines())
    return rf"\begin{{equation}}{label}" + f"\n{body}\n" + r"\end{equation}"


@of_exhibit
def align_block(exhibit: Exhibit, notation: Notation) -> str:
    """The derivation with its reasons; the conditions, where no line follows from them."""
    steps = exhibit.steps or tuple((e, "") for e in (*exhibit.formulas, *exhibit.where))
    block = align(steps, notation, _fitted)
    return block + ("\n% Needs: \\usepackage{graphicx}." if r"\resizebox" in block else "")


@of_exhibit
def theorem(exhibit: Exhibit, notation: Notation) -> str:
    """A ``theorem`` environment: setting, assumptions, formula and why it is that one."""
    return "\n".join(
        [
            *_theorem(exhibit, notation),
            r"% Needs: \usepackage{amsmath,amssymb,amsthm,graphicx} and "
            r"\newtheorem{theorem}{Theorem}.",
            *_provenance(exhibit),
        ]
    )


@of_exhibit
def document(exhibit: Exhibit, notation: Notation) -> str:
    """A complete document for pdflatex: the theorem, then its derivation."""
    parts = [_PREAMBLE.rstrip(), *_provenance(exhibit), *_theorem(exhibit, notation)]
    if exhibit.steps:
        parts += ["", r"\paragraph{Derivation.}", align_block(exhibit, notation)]
    return "\n".join([*parts, r"\end{document}"])


def _theorem(exhibit: Exhibit, notation: Notation) -> list[str]:
    ranges = assumptions(exhibit.domain, notation)
    condition = f"For {ranges}, " if ranges else ""
    predicate = notation.rewritten_text(exhibit.predicate)
    if not condition:
        predicate = predicate[0].upper() + predicate[1:]
    return [
        rf"\begin{{theorem}}[{exhibit.title}]\label{{thm:{exhibit.label}}}",
        notation.rewritten_text(exhibit.setting),
        condition + predicate,
        display(exhibit, notation),
        notation.rewritten_text(exhibit.remark),
        r"\end{theorem}",
    ]


def _provenance(exhibit: Exhibit) -> list[str]:
    return [f"% Derived by grpo_symbolic: {line}" for line in exhibit.source.splitlines()]


def _fits(formulas: Sequence[Line], where: Sequence[Line], notation: Notation) -> bool:
    one = len(formulas) == 1 and not where
    return one and set_width(formula(formulas[0], notation)) <= _NUMBERED


def _aligned(rows: Sequence[str]) -> str:
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _rows(
    formulas: Sequence[Line],
    where: Sequence[Line],
    notation: Notation,
    fitted: Callable[[str, float], str] = lambda tex, room: tex,
) -> list[str]:
    """The rows of a display, long formulas over several of them."""
    written = [sides(e, notation) for e in (*formulas, *where)]
    room = max(_NUMBERED / 2, _NUMBERED - max(set_width(left) for left, _, _ in written))
    rows: list[str] = []
    for number, (left, relation, right) in enumerate(written):
        pieces = [fitted(piece, room) for piece in broken(right, room - 4)]
        beside = rf"{left} {relation} {right}"
        if number > len(formulas) and len(pieces) == 1 and set_width(rows[-1] + beside) < room - 4:
            rows[-1] = rf"{rows[-1]} \quad {beside}"  # short abbreviations share a row
        else:
            rows += [f"{left} &{relation} {pieces[0]}", *(rf"&\quad {p}" for p in pieces[1:])]
        if where:
            last = number == len(written) - 1
            first = number == len(formulas) - 1
            rows[-1] += "." if last else r", \quad\text{where}" if first else ","
    return rows


def _fitted(tex: str, room: float) -> str:
    """What no line has room for, and no sign can break, is scaled down."""
    if set_width(tex) <= room:
        return tex
    share = max(0.5, round(room / PAGE - 0.05, 2))
    return rf"\resizebox{{{share}\linewidth}}{{!}}{{$\displaystyle {tex}$}}"
