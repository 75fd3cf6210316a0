r"""Exhibits for a paper: inline, display, derivation, theorem, proof, and a whole document."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from itertools import count

from sympy import Symbol
from sympy.core.relational import Relational

from grpo_symbolic.export.exhibit import Exhibit, of_exhibit
from grpo_symbolic.export.latex import Line, formula
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.measure import width
from grpo_symbolic.export.notation import Notation, own_notation
from grpo_symbolic.export.page import Page
from grpo_symbolic.export.references import OWN, bibitem, bibtex
from grpo_symbolic.export.rows import align, rows_of
from grpo_symbolic.export.template import filled
from grpo_symbolic.export.widths import BESIDE, PAGE

# Formulas in the text are not broken between lines where the words can give way.
_LOOSE = r"\setlength{\emergencystretch}{3em}\relpenalty=5000 \binoppenalty=9000 %"
# A display of more rows than this may be broken between pages.
_TALL = 25


def bare(
    formulas: Sequence[Line],
    where: Sequence[Line],
    notation: Notation | None = None,
    room: float = PAGE - BESIDE,
) -> str:
    """The formulas for the reader's own display: one line, or ``aligned`` where that is too wide.

    It needs amsmath, and amssymb where it has an expectation.
    """
    notation = own_notation() if notation is None else notation
    if len(formulas) == 1 and not where and width(formula(formulas[0], notation)) <= room:
        return formula(formulas[0], notation)
    return (
        "\\begin{aligned}\n"
        + " \\\\\n".join(_lines(formulas, where, notation, room))
        + ("\n\\end{aligned}")
    )


def _lines(
    formulas: Sequence[Line], where: Sequence[Line], notation: Notation, room: float
) -> list[str]:
    """The lines of a display that holds formulas and what their names stand for."""
    rows = rows_of((*formulas, *where), notation, room - 4)
    lines: list[str] = []
    for place, row in enumerate(rows):
        own = list(row.lines)
        if where:
            final = place == len(rows) - 1
            first = row.line == len(formulas) - 1 and rows[min(place + 1, len(rows) - 1)].line > (
                row.line
            )
            own[-1] += "." if final else r", \quad\text{where}" if first else ","
        plain = own[0].replace("&", "").replace(r"\quad", "")
        short = len(own) == 1 and row.line > len(formulas) and lines
        if short and width(lines[-1].replace("&", "") + r"\quad" + plain) < room - 4:
            lines[-1] = rf"{lines[-1]} \quad {own[0].replace('&', '')}"
        else:
            lines += own
    return lines


@of_exhibit
def inline(exhibit: Exhibit, layout: Layout) -> str:
    """``$...$``, one for each formula."""
    shown = [formula(e, layout.notation) for e in (*exhibit.formulas, *exhibit.where)]
    return ",\n".join(f"${tex}$" for tex in shown)


@of_exhibit
def display(exhibit: Exhibit, layout: Layout) -> str:
    """An ``equation`` environment with a label; ``align`` where it may run over the page."""
    label = rf"\label{{{layout.own_label('eq', exhibit.title, exhibit.source, 'display')}}}"
    room = layout.width - BESIDE
    body = bare(exhibit.formulas, exhibit.where, layout.notation, room)
    if body.count("\\\\\n") >= _TALL:
        rows = _lines(exhibit.formulas, exhibit.where, layout.notation, room)
        lines = " \\notag \\\\\n  ".join(rows)
        return "{\\allowdisplaybreaks\n\\begin{align}\n  " + f"{lines} {label}\n" + "\\end{align}}"
    star, shown = ("*", "") if layout.numbering == "none" else ("", label)
    body = "\n".join("  " + line for line in body.splitlines())
    return rf"\begin{{equation{star}}}{shown}" + f"\n{body}\n" + rf"\end{{equation{star}}}"


@of_exhibit
def align_block(exhibit: Exhibit, layout: Layout) -> str:
    """The derivation with its reasons; the conditions, where no line follows from them."""
    names = [line for line in exhibit.where if _is_used(line, exhibit.steps)]
    where = ((line, "" if place else "where") for place, line in enumerate(names))
    steps = (*exhibit.steps, *where)
    if not exhibit.steps:
        steps = tuple((e, "") for e in (*exhibit.formulas, *exhibit.where))
    if layout.numbering != "all":
        return align(steps, layout.notation, layout.width)
    block = align(steps, layout.notation, layout.width - BESIDE).replace("align*", "align")
    base = layout.own_label("eq", exhibit.title, exhibit.source, "align")
    numbers, lines = count(1), block.splitlines()
    for place, line in enumerate(lines):
        ends = not lines[min(place + 1, len(lines) - 1)].lstrip().startswith(r"&\quad")
        if line.startswith("  ") and ends:
            plain = line.removesuffix(r" \\")
            lines[place] = rf"{plain} \label{{{base}-{next(numbers)}}}{line[len(plain) :]}"
        elif line.startswith("  "):
            lines[place] = line.replace(r" \\", r" \notag \\")
    return "\n".join(lines)


def _is_used(line: Line, steps: Sequence[tuple[Line, str]]) -> bool:
    """Whether a name is a function's, or one of these lines has it."""
    name = line.lhs if isinstance(line, Relational) else None
    if not isinstance(name, Symbol):
        return True
    return any(isinstance(said, Relational) and said.has(name) for said, _ in steps)


@of_exhibit
def theorem(exhibit: Exhibit, layout: Layout) -> str:
    """A ``theorem`` environment: setting, assumptions, formula and how many solutions it has."""
    needs = rf"% Needs: \usepackage{{amsmath,amssymb,amsthm}} and {_defined(layout)}."
    *lines, end = _theorem(exhibit, layout)
    return "\n".join([*lines, needs, *_provenance(exhibit), end])


@of_exhibit
def table(exhibit: Exhibit, layout: Layout) -> str:
    """A ``table`` environment with a caption that says the setting.

    Raises
    ------
    ValueError
        For a statement that has no table.
    """
    if exhibit.table is None:
        raise ValueError(
            "the format latex-table writes tables, of folds, comparisons and predictions, and this "
            "statement has none"
        )
    page = Page(exhibit, layout, "table")
    label = layout.own_label("tab", exhibit.title, exhibit.source, "table")
    given = exhibit.assumed(layout.notation)
    caption = [
        f"{exhibit.title}.",
        page.prose(exhibit.setting),
        *([f"Here {given}."] * bool(given)),
    ]
    notes = [page.prose(sentence) for sentence in (*exhibit.table.notes, *exhibit.more)]
    return "\n".join(
        [
            r"\begin{table}[t]",
            r"\centering\small\setlength{\tabcolsep}{6pt}",
            rf"\caption{{{' '.join(caption)}}}\label{{{label}}}",
            *page.tabular(),
            *([r"\par\medskip\raggedright\footnotesize", *notes] if notes else []),
            *_provenance(exhibit),
            r"\end{table}",
        ]
    )


@of_exhibit
def proof(exhibit: Exhibit, layout: Layout) -> str:
    """A ``proof`` environment: the setting, each step with its reason, the branch argued."""
    page = Page(exhibit, layout, "proof")
    *lines, end = _proof(page)
    return "\n".join([*lines, *page.entries(), *_provenance(exhibit), end])


@of_exhibit
def bibliography(exhibit: Exhibit, layout: Layout) -> str:
    """BibTeX entries of what the proof cites; of this software, where it cites nothing."""
    return "\n\n".join(bibtex(key) for key in exhibit.sources or (OWN,))


@of_exhibit
def document(exhibit: Exhibit, layout: Layout) -> str:
    """A complete document for pdflatex: the theorem, its proof, and what it cites."""
    return filled(
        "document.tex",
        exhibit=exhibit,
        columns=layout.width < PAGE,
        provenance=_provenance(exhibit),
        theorem="\n".join(_theorem(exhibit, layout)),
        proof="\n".join(_proof(Page(exhibit, layout.citing(), "proof"))),
        defined=_defined(layout),
        sources=[bibitem(key) for key in exhibit.sources],
    )


def _defined(layout: Layout) -> str:
    """The definition of the environment; its starred kin has no number."""
    star = "*" * layout.environment.endswith("*")
    return rf"\newtheorem{star}{{{layout.environment}}}{{{layout.kind}}}"


def _theorem(exhibit: Exhibit, layout: Layout) -> list[str]:
    page = Page(exhibit, layout, "theorem")
    given = exhibit.assumed(layout.notation)
    predicate = page.prose(exhibit.predicate)
    if not given:
        predicate = predicate[0].upper() + predicate[1:]
    said = [(f"For {given}, " if given else "") + predicate]
    said += [page.prose(sentence) for sentence in exhibit.more]
    if layout.verification and exhibit.report is not None:
        said[-1] += _footnote(exhibit)  # its mark stands behind a word, never alone
    label = layout.own_label("thm", exhibit.title, exhibit.source, "theorem")
    return [
        rf"\begin{{{layout.environment}}}[{exhibit.title}]\label{{{label}}}",
        _LOOSE,
        page.prose(exhibit.setting),
        said[0],
        *page.statement(),
        *said[1:],
        rf"\end{{{layout.environment}}}",
    ]


def _proof(page: Page) -> list[str]:
    """The passages; without any, the lines of the derivation."""
    layout = page.layout
    of = f"[Proof of {layout.kind}~\\ref{{{layout.label}}}]" if layout.label else ""
    lines = [rf"\begin{{proof}}{of}", _LOOSE]
    passages = page.exhibit.proof
    for place, passage in enumerate(passages):
        if page.shown_before(passage.lines):
            lines.append(page.prose(rf"{passage.text} \eqref{{@equation}}."))
            continue
        lines += [page.prose(passage.text)] if passage.text else []
        following = passages[place + 1].text if place + 1 < len(passages) else None
        end = r". \qedhere" if following is None else "," if following[:1].islower() else "."
        shown = page.unstated(passage.lines)
        lines += page.block(shown, end) if shown else []
    if not passages:
        lines.append(align(page.exhibit.steps, page.layout.notation, page.layout.width))
    return [*lines, r"\end{proof}"]


def _footnote(exhibit: Exhibit) -> str:
    """What was proved, how, and of which version, as a footnote."""
    assert exhibit.report is not None
    version = import_module("grpo_symbolic").__version__
    verdicts = list(exhibit.report())
    counts = Counter(v.status for v in verdicts)
    methods = Counter(v.method for v in verdicts if v.status == "PROVED")
    data = [[v.claim, str(v.status), v.method, str(v.evidence)] for v in verdicts]
    mark = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]
    words = ", ".join(f"{name} ({n})" for name, n in methods.most_common())
    others = ", ".join(f"{n} {str(s).lower()}" for s, n in counts.items() if s != "PROVED")
    rest = f"; besides, {others}" if others else ""
    return (
        rf"\footnote{{Verified: {counts['PROVED']} of {len(verdicts)} claims are proved, by "
        rf"{words}{rest}. Certificates \texttt{{{mark}}}, "
        rf"\texttt{{grpo\_symbolic}} {version}.}}"
    )


def _provenance(exhibit: Exhibit) -> list[str]:
    return [f"% Derived by grpo_symbolic: {line}" for line in exhibit.source.splitlines()]
