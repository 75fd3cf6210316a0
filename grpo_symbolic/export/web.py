"""Exhibits for web pages and other typesetters: Markdown, MathML, Typst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from grpo_symbolic.export.exhibit import Exhibit, Table, of_exhibit
from grpo_symbolic.export.latex import formula, sides
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.notation import Notation

_MATHML = "http://www.w3.org/1998/Math/MathML"
_COLUMNS = "right center left"


@of_exhibit
def markdown(exhibit: Exhibit, layout: Layout) -> str:
    """A section for GitHub, which reads formulas between dollars.

    Every formula has a block of its own: a line break of TeX would be lost there.
    """
    notation = layout.notation
    wide = [formula(e, notation) for e in exhibit.formulas]
    parts = [
        f"### {_marked(exhibit.title)}",
        _marked(notation.rewritten_text(exhibit.setting)),
    ]
    if given := exhibit.assumed(notation):
        parts.append(f"**Assumptions.** {_marked(given)}.")
    predicate = _marked(notation.rewritten_text(exhibit.predicate))
    parts.append(f"Then {predicate}")
    parts += [f"$$\n{tex}\n$$" for tex in wide]
    if exhibit.where:
        parts.append("where")
        parts += [f"$$\n{formula(e, notation)}\n$$" for e in exhibit.where]
    if exhibit.table is not None:
        parts.append("\n".join(_table_rows(exhibit.table, notation)))
    parts += [_marked(notation.rewritten_text(sentence)) for sentence in exhibit.more]
    if exhibit.remark:
        parts.append(f"**Status.** {_marked(notation.rewritten_text(exhibit.remark))}")
    if exhibit.source:
        parts.append(f"Derived by `grpo_symbolic`:\n\n```python\n{exhibit.source}\n```")
    return "\n\n".join(parts)


def _table_rows(table: Table, notation: Notation) -> Iterator[str]:
    """A table in Markdown."""
    for number, row in enumerate((table.head, *table.rows)):
        yield "| " + " | ".join(notation.rewritten_text(cell) for cell in row) + " |"
        if number == 0:
            yield "| " + " | ".join("---" for _ in row) + " |"


def _marked(prose: str) -> str:
    """TeX prose as Markdown: what is no formula has its special characters escaped."""
    pieces = re.split(r"(\$[^$]*\$)", prose)
    return "".join(p if p.startswith("$") else _plain_marked(p) for p in pieces)


def _plain_marked(text: str) -> str:
    text = re.sub(r"\\([&%#_])", r"\1", text)
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


@of_exhibit
def mathml(exhibit: Exhibit, layout: Layout) -> str:
    """One ``math`` element in presentation MathML, laid out by our own TeX printer.

    Raises
    ------
    ValueError
        When latex2mathml is not installed.
    """
    convert = _optional("latex2mathml.converter", "latex2mathml", "mathml").convert
    notation, equations = layout.notation, (*exhibit.formulas, *exhibit.where)
    if not equations:
        raise ValueError("the format mathml writes formulas, and this statement has none")
    rows = [
        "<mtr>"
        + "".join(f"<mtd>{_inner(convert, tex)}</mtd>" for tex in sides(e, notation))
        + "</mtr>"
        for e in equations
    ]
    if len(equations) == 1:
        body = _inner(convert, formula(equations[0], notation))
    else:
        body = f'<mtable columnalign="{_COLUMNS}" displaystyle="true">{"".join(rows)}</mtable>'
    return f'<math xmlns="{_MATHML}" display="block">{body}</math>'


def _inner(convert: object, tex: str) -> str:
    """The content of the element: words stay words, and not products of letters."""
    element = convert(_words(tex))  # type: ignore[operator]
    return element[element.index(">") + 1 : element.rindex("</math>")]


def math_content(tex: str) -> str:
    """A formula as the content of a ``math`` element; empty without latex2mathml."""
    try:
        return _inner(import_module("latex2mathml.converter").convert, tex)
    except ImportError:
        return ""


def _words(tex: str) -> str:
    return re.sub(r"\\mathrm\{(\w{2,})\}", r"\\text{\1}", tex)


@of_exhibit
def typst(exhibit: Exhibit, layout: Layout) -> str:
    """Typst: the setting in prose and one display for each formula.

    Raises
    ------
    ValueError
        When pypandoc, or pandoc itself, is not installed.
    """
    pandoc = _optional("pypandoc", "pypandoc_binary", "typst")
    notation = layout.notation
    lines = [notation.rewritten_text(exhibit.setting)]
    conditions = exhibit.assumed(notation)
    predicate = notation.rewritten_text(exhibit.predicate)
    lines.append((f"For {conditions}, " if conditions else "") + predicate)
    lines += [rf"\[{formula(e, notation)}\]" for e in exhibit.formulas]
    if exhibit.where:
        lines += ["where", *(rf"\[{formula(e, notation)}\]" for e in exhibit.where)]
    if exhibit.table is not None:
        rows = [" & ".join(row) for row in (exhibit.table.head, *exhibit.table.rows)]
        body = " \\\\\n".join(map(notation.rewritten_text, rows))
        kinds = "l" * len(exhibit.table.head)
        lines.append(rf"\begin{{tabular}}{{{kinds}}}{body}\end{{tabular}}")
    lines += [notation.rewritten_text(s) for s in (*exhibit.more, exhibit.remark) if s]
    try:
        return pandoc.convert_text(_words("\n\n".join(lines)), "typst", format="latex").strip()
    except OSError:
        raise ValueError(
            "the format typst needs pandoc: pip install pypandoc_binary brings it"
        ) from None


def _optional(module: str, package: str, form: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError:
        raise ValueError(f"the format {form} needs {package}: pip install {package}") from None
