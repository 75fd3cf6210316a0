"""How objects show themselves: one line of text, or a small table of HTML.

Nothing here computes: what is shown is what an object already holds, so that a display takes
milliseconds. Expressions that would not be read anyway are named by their size instead.
Everything below HTML's angle brackets is escaped; formulas stand between dollar signs, which
JupyterLab and the pages of nbconvert typeset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from functools import cache
from itertools import islice
from typing import Any

from sympy import Basic, Expr, Rational, Symbol, latex, preorder_traversal, srepr, sstr
from sympy.core.relational import Relational
from sympy.printing.str import StrPrinter

from grpo_symbolic import symbols

#: An expression with more nodes than this is not written out.
READABLE = 120
#: Nor is one with more characters.
_WIDTH = 160
_COUNTED = 3000
# Formulas are typeset up to this number of nodes; more takes too long, and too much room.
_TYPESET = 600


def legible(*expressions: Any, most: int = _TYPESET) -> bool:
    """Whether the expressions together have at most ``most`` nodes; larger ones are not walked."""
    nodes = (node for e in expressions if isinstance(e, Basic) for node in preorder_traversal(e))
    return next(islice(nodes, most, None), None) is None


def size(expression: Basic) -> int:
    """How many nodes an expression has: for those that are :func:`legible`."""
    return sum(1 for _ in preorder_traversal(expression))


def plural(count: int, noun: str) -> str:
    """``1 solution``, ``2 solutions``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cut(text: str, most: int = _WIDTH) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def short(value: Any, most: int = _WIDTH) -> str:
    """An expression or equation in SymPy's notation, or its size where it is long.

    Examples
    --------
    >>> short(symbols.beta / 2)
    'beta/2'
    """
    if isinstance(value, Relational):
        relation = "=" if value.rel_op == "==" else value.rel_op
        left = short(value.lhs, most // 2)
        return f"{left} {relation} {short(value.rhs, most - min(len(left), most // 2))}"
    if legible(value, most=READABLE):
        text = sstr(value)
        if len(text) <= most:
            return text
    many = str(size(value)) if legible(value, most=_COUNTED) else f"over {_COUNTED}"
    return f"(an expression of {many} nodes)"


# -- text: an object as the call that makes it ------------------------------------------


class _Source(StrPrinter):
    """Expressions as they are typed with ``from grpo_symbolic import *`` and SymPy's names."""

    def _print_Rational(self, expr: Rational) -> str:
        return f"Rational({expr.p}, {expr.q})"

    def _print_Symbol(self, expr: Symbol) -> str:
        return _symbol_names().get(expr) or _member_name(expr) or srepr(expr)


@cache
def _symbol_names() -> dict[Symbol, str]:
    found = {v: f"symbols.{n}" for n, v in vars(symbols).items() if isinstance(v, Symbol)}
    pairs = ("success", "preferences", "marginals")
    return found | {
        s: f"symbols.{p}[{i}]" for p in pairs for i, s in enumerate(getattr(symbols, p))
    }


def _member_name(symbol: Symbol) -> str | None:
    family, _, number = symbol.name.rpartition("_")
    name = {"pi": "policy", "pi_ref": "reference", "r": "reward"}.get(family)
    if name is None or not number.isdecimal() or number.startswith("0"):
        return None
    return f"symbols.{name}({number})" if getattr(symbols, name)(int(number)) == symbol else None


def written(value: Any) -> str:
    """An argument as it is typed: fractions as text, symbols from the catalogue.

    Examples
    --------
    >>> from sympy import Rational, oo
    >>> written(Rational(1, 2)), written(symbols.gamma), written(oo)
    ("'1/2'", 'symbols.gamma', 'oo')
    """
    if isinstance(value, Rational) and not value.is_Integer:
        return repr(str(value))
    if isinstance(value, Expr):
        if not legible(value, most=READABLE):
            return short(value)
        return _Source().doprint(value)
    if isinstance(value, tuple):
        inside = ", ".join(map(written, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    return repr(value)


def called(name: str, *positional: Any, **named: Any) -> str:
    """``name(argument, keyword=argument)``."""
    arguments = [*map(written, positional), *(f"{k}={written(v)}" for k, v in named.items())]
    return f"{name}({', '.join(arguments)})"


def as_call(value: Any, *always: str, **instead: Any) -> str:
    """A dataclass as a call with the fields that are not at their defaults.

    Parameters
    ----------
    value : dataclass instance
    always : str
        Fields shown at their defaults too.
    instead
        What to show in place of a field.
    """
    shown = {}
    for entry in fields(value):
        if not (entry.init and entry.repr):
            continue
        factory, current = entry.default_factory, getattr(value, entry.name)
        default = entry.default if factory is MISSING else factory()
        if entry.name in always or default is MISSING or not _same(default, current):
            shown[entry.name] = instead.get(entry.name, current)
    return called(type(value).__name__, **shown)


def _same(default: Any, current: Any) -> bool:
    # A boolean equals an integer, and would hide it.
    return isinstance(default, bool) == isinstance(current, bool) and bool(default == current)


def lines(head: str, items: Iterable[str], most: int = 8) -> str:
    """A head line and one indented line an item, the rest counted."""
    listed = list(items)
    kept = listed if len(listed) <= most else listed[: most - 1]
    more = [] if len(kept) == len(listed) else [f"... and {len(listed) - len(kept)} more"]
    return "\n".join([head, *(f"  {item}" for item in (*kept, *more))])


# -- HTML -------------------------------------------------------------------------------


class Html(str):
    """Markup: inserted as it stands, where other text is escaped."""

    __slots__ = ()


def typeset(source: str) -> str:
    """A formula as Jupyter's LaTeX output."""
    return f"$\\displaystyle {source}$"


def _escaped(text: str, quote: bool = True) -> str:
    from html import escape

    return escape(text, quote=quote)


def math(source: str) -> Html:
    """A formula inside HTML."""
    return Html(_escaped(typeset(source), quote=False))


def tex(expr: Any) -> str:
    """TeX of a small expression, in the names of the catalogue."""
    entries = ((s, symbols.describe(s)) for s in expr.free_symbols)
    return latex(expr, symbol_names={s: e.tex for s, e in entries if e is not None})


def badge(status: str) -> Html:
    """A word in a frame; it says what it means without a colour."""
    style = "border: 1px solid currentColor; border-radius: 0.3em; padding: 0 0.35em"
    return Html(f'<span style="{style}"><b>{_escaped(status)}</b></span>')


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return value
    text = _escaped(str(value)).replace("\n", "<br/>")
    # A dollar sign of a reader's own text is not a formula.
    return f'<span class="tex2jax_ignore mathjax_ignore">{text}</span>' if "$" in text else text


def prose(text: str) -> Html:
    """A sentence of the library, which may hold formulas between dollar signs."""
    return Html(_escaped(text, quote=False).replace("\n", "<br/>"))


#: TeX that is more than a name with a backslash.
_SPOKEN = {
    r"\s*\\pm\b\s*": " +- ",
    r"\s*\\mp\b\s*": " -+ ",
    r"\\[td]?frac\s*(\d)(\d)": r"\1/\2 ",
    r"\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}": r"(\1)/(\2)",
    r"\\sqrt\s*([A-Za-z])": r"sqrt(\1)",
    r"\\sqrt\{([^{}]*)\}": r"sqrt(\1)",
    r"\\mid\b": "|",
    r"\\to\b": "->",
    r"\\sim\b": "~",
    r"\\infty\b": "oo",
    r"\\l?dots\b": "...",
    r"\\[,;:! ]": " ",
}


def plain(text: str) -> str:
    """A sentence whose formulas between dollar signs are said without TeX."""
    text = re.sub(r"_\{\\mathrm\{(\w+)\}\}", r"_\1", text)
    for source, spoken in _SPOKEN.items():
        text = re.sub(source, spoken, text)
    text = re.sub(r"\\(?:left|right|mathrm)\b", "", text)
    return re.sub(r"[${}]", "", re.sub(r"\\([a-zA-Z]+)", r"\1", text))


def claim_names(claims: Iterable[Any]) -> Html | str:
    """What a statement rests on, and how to have it proved; nothing for no claims."""
    names = list(dict.fromkeys(claim.name for claim in claims))
    if not names:
        return ""
    return Html("<br/>".join([*map(_cell, names), "<i>.verify() proves these</i>"]))


_LEFT = ' style="text-align: left; vertical-align: top"'


def _table(title: str, body: Sequence[str]) -> str:
    caption = "text-align: left; font-weight: bold; caption-side: top"
    head = f'<caption style="{caption}">{_cell(title)}</caption>' if title else ""
    return f"<table>{head}{''.join(body)}</table>"


def record(title: str, rows: Iterable[tuple[str, Any]]) -> Html:
    """A table of names and values; empty values are left out."""
    body = [
        f'<tr><th scope="row"{_LEFT}>{_cell(name)}</th><td{_LEFT}>{_cell(value)}</td></tr>'
        for name, value in rows
        if value is not None and value != ""
    ]
    return Html(_table(title, ["<tbody>", *body, "</tbody>"]))


def grid(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Html:
    """A table with a line of column titles."""
    top = "".join(f'<th scope="col"{_LEFT}>{_cell(name)}</th>' for name in head)
    body = [
        "<tr>" + "".join(f"<td{_LEFT}>{_cell(value)}</td>" for value in row) + "</tr>"
        for row in rows
    ]
    return Html(_table(title, [f"<thead><tr>{top}</tr></thead><tbody>", *body, "</tbody>"]))


def nested(value: Any) -> Html:
    """Plain data (dictionaries and lists of text) as tables and lists inside each other."""
    if isinstance(value, dict):
        kept = ((str(k), nested(v)) for k, v in value.items() if v not in ("", [], {}, None))
        return record("", kept)
    if isinstance(value, (list, tuple)):
        return Html("<ul>" + "".join(f"<li>{nested(item)}</li>" for item in value) + "</ul>")
    return Html(_cell(value))
