"""The pages that are made from the library: ledger, reference, tables of names, the gallery.

Nothing is listed by hand: rules, penalties, presets, formats and figures come from the registry,
results from ``formulas.json``, commands from their parsers, names from ``grpo_symbolic.__all__``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import shlex
import shutil
from contextlib import redirect_stdout
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from gallery import write_gallery
from marked import html, prose, verdict, write
from sympy import S

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.cli.program import main, parser
from grpo_symbolic.display import short
from grpo_symbolic.export.latex import formula
from grpo_symbolic.registry import FORMATS

__all__ = ["write_pages"]

ROOT = Path(gs.__file__).parents[1]


def write_pages(source: Path, results: list[dict[str, Any]], ledger: Path) -> None:
    """Write every generated page into the folder that Sphinx reads.

    Parameters
    ----------
    source : Path
    results : list
        The records of ``formulas.json``.
    ledger : Path
        ``ledger.json``, with its certificates beside it; used where it is there.
    """
    write(source / "generated" / "formats.md", _formats())
    write(source / "generated" / "commands.md", _commands())
    write(source / "generated" / "session.md", _session())
    write_gallery(source, results)
    _ledger(source, results, ledger)
    _reference(source)


# -- tables --------------------------------------------------------------------------------------


def _formats() -> str:
    rows = []
    for name in FORMATS:
        lines = (inspect.getdoc(FORMATS[name]) or "").splitlines()
        rows.append(f"| `{name}` | {lines[0].replace('|', chr(92) + '|') if lines else ''} |")
    return "\n".join(["| format | what it is |", "| --- | --- |", *rows])


#: What a session at the command line begins with.
_SESSION = (
    "grpo-symbolic derive --group-size 2 --margin --format latex",
    "grpo-symbolic solve --group-size 8 --beta 1/2 --pi-ref 0.2",
    "grpo-symbolic solve-for beta --pi 0.9 --pi-ref 0.2 --group-size 8",
    "grpo-symbolic check 'pi >= 1/(1 + beta**2)' --group-size 8",
    "grpo-symbolic presets rloo",
)


def _session() -> str:
    """Commands with what they print to a pipe, run here."""
    shown = []
    for line in _SESSION:
        with redirect_stdout(StringIO()) as printed:
            main(shlex.split(line)[1:])
        shown.append(f"$ {line}\n{printed.getvalue().rstrip()}")
    return "```console\n" + "\n".join(shown) + "\n```"


def _commands() -> str:
    """The help of every command, as the command line prints it."""
    choices = next(
        action.choices
        for action in parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return "\n\n".join(
        f"### {name}\n\n```text\n{command.format_help().rstrip()}\n```"
        for name, command in choices.items()
    )


# -- the ledger ----------------------------------------------------------------------------------


def _ledger(source: Path, results: list[dict[str, Any]], ledger: Path) -> None:
    """One row a claim; its evidence is a file of its own."""
    rows, folder = [], source / "extra" / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        for k, claim in enumerate(result["verdicts"], start=1):
            evidence = ""
            if claim["evidence"]:
                name = f"{result['name']}-{k}.json"
                (folder / name).write_text(json.dumps(claim, indent=1), encoding="utf-8")
                said = f"evidence for claim {k} of {result['name']}"
                evidence = f'<a href="evidence/{name}" aria-label="{said}">evidence</a>'
            cells = (
                f"<code>{escape(result['name'])}</code>",
                prose(claim["claim"]),
                f"<code>{escape(short(claim['statement'], 160))}</code>",
                escape(claim["range"]),
                verdict(claim["verdict"]),
                f"{escape(claim['method'])} {evidence}",
            )
            rows.append(_row(_CLAIM, cells))
    table = _table("claims", rows, _CLAIM)
    write(
        source / "ledger.md",
        "# Ledger\n\nEvery claim that the results rest on, as it was put to the machine, with what "
        "it said and why. Controls must be refuted. [What the words mean](howto/verdict.md).\n\n"
        + _every_method(source, ledger)
        + "## The claims of every result\n\n"
        + html(table),
    )


def _every_method(source: Path, ledger: Path) -> str:
    """The paper's claims and the new theorems by every method, where that was written."""
    if not ledger.exists():
        return (
            "`python -m derivations ledger` puts the paper's claims and the new theorems to every "
            "method there is; when it was run before a site is built, they stand here too.\n\n"
        )
    shutil.copytree(ledger.parent / "certificates", source / "extra" / "certificates")
    rows = []
    for entry in json.loads(ledger.read_text(encoding="utf-8")):
        names = dict.fromkeys(part["certificates"] for part in entry["parts"])
        links = " ".join(
            f'<a href="{name}" aria-label="certificate {k} of {escape(entry["claim"])}">{k}</a>'
            for k, name in enumerate(filter(None, names), start=1)
            if (ledger.parent / name).exists()
        )
        cells = (
            prose(entry["claim"]),
            prose(entry["source"]),
            prose(entry["quantifiers"] or short(entry["range"], 160)),
            verdict(entry["verdict"]),
            escape("; ".join(entry["methods"])),
            links,
        )
        rows.append(_row(_ENTRY, cells))
    return (
        "## The paper's claims and the new theorems, by every method\n\n"
        + html(_table("by-method", rows, _ENTRY))
        + "\n\n"
    )


#: Columns of the two tables.
_CLAIM = ("result", "claim", "statement", "range", "verdict", "method")
_ENTRY = ("claim", "source", "range", "verdict", "methods", "certificates")


def _row(names: tuple[str, ...], cells: tuple[str, ...]) -> str:
    """Cells that say what they are, for screens on which they stand below each other."""
    found = (f'<td data-name="{n}">{c}</td>' for n, c in zip(names, cells, strict=True))
    return f"<tr>{''.join(found)}</tr>"


def _table(key: str, rows: list[str], names: tuple[str, ...]) -> str:
    """A table with a box that searches it."""
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f'<label for="find-{key}">Find claims in which all these words stand</label>'
        f'<input class="find" id="find-{key}" type="search" data-table="{key}" '
        f'data-said="found-{key}">'
        f'<p id="found-{key}" role="status">{len(rows)} of {len(rows)} claims</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Claims, {key}">'
        f'<table class="ledger" id="{key}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


# -- the reference -------------------------------------------------------------------------------


def _reference(source: Path) -> None:
    folder, names = source / "reference", []
    for name in sorted(gs.__all__, key=str.lower):
        thing = getattr(gs, name)
        if inspect.ismodule(thing):
            text = _module(name, thing)
        else:
            kind = "class" if inspect.isclass(thing) else "function"
            options = "   :members:\n" if kind == "class" else ""
            text = _directive(f"auto{kind}", f"grpo_symbolic.{name}", options)
        written = Path(inspect.getsourcefile(thing) or "").relative_to(ROOT).as_posix()
        write(folder / f"{name}.md", f"# {name}\n\n{text}\n\nWritten in `{written}`.")
        names.append(name)
    listed = "\n".join(names)
    write(
        folder / "index.md",
        "# Reference\n\nEverything that `import grpo_symbolic as gs` gives, each with an example "
        f"that is run as a test.\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```",
    )


def _directive(name: str, target: str, options: str = "") -> str:
    return f"```{{eval-rst}}\n.. {name}:: {target}\n{options}```"


def _module(name: str, module: Any) -> str:
    if name == "symbols":
        rows = [
            f"| `{q.symbol}` | ${q.tex}$ | {q.meaning} | "
            f"{'[' if q.lower_closed else '('}${formula(S(q.lower))}$, ${formula(S(q.upper))}$"
            f"{']' if q.upper_closed else ')'} |"
            for q in symbols.CATALOGUE
        ]
        head = ["| symbol | in print | meaning | range |", "| --- | --- | --- | --- |"]
        return "\n".join([inspect.getdoc(module) or "", "", *head, *rows])
    # Presets are made by name: their cards stand in the gallery.
    parts = [f"```text\n{inspect.getdoc(module)}\n```"]
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if inspect.isfunction(thing):
            parts.append(_directive("autofunction", f"{module.__name__}.{public}"))
        elif inspect.isclass(thing):
            parts.append(_directive("autoclass", f"{module.__name__}.{public}", "   :members:\n"))
    return "\n\n".join(parts)
