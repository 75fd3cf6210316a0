"""The pages that are made from the library: gallery, ledger, reference, tables of names.

Nothing is listed by hand: rules, penalties, presets, formats and figures come from the registry,
results from ``formulas.json``, commands from their parsers, names from ``grpo_symbolic.__all__``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import shutil
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from sympy import S, oo

import grpo_symbolic as gs
from derivations.book.references import bibtex, keys_of
from derivations.catalogue import CHAPTERS
from grpo_symbolic import symbols
from grpo_symbolic.cli.main import parser
from grpo_symbolic.display import short
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.penalty import every_penalty
from grpo_symbolic.registry import ADVANTAGES, FIGURES, FORMATS

__all__ = ["write_pages"]

#: How rules are built that need an option to be given.
_GIVEN = {"batch": 16}


def write_pages(source: Path, results: list[dict[str, Any]], ledger: Path) -> None:
    """Write every generated page into the folder that Sphinx reads.

    Parameters
    ----------
    source : Path
    results : list
        The records of ``formulas.json``.
    ledger : Path
        ``ledger.json``, with its certificates beside it; used where it is there, because writing
        it takes much longer than a site may.
    """
    _write(source / "generated" / "formats.md", _formats())
    _write(source / "generated" / "commands.md", _commands())
    _gallery(source, results)
    _ledger(source, results, ledger)
    _reference(source)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


# -- tables --------------------------------------------------------------------------------------


def _formats() -> str:
    rows = []
    for name in FORMATS:
        lines = (inspect.getdoc(FORMATS[name]) or "").splitlines()
        rows.append(f"| `{name}` | {lines[0].replace('|', chr(92) + '|') if lines else ''} |")
    return "\n".join(["| format | what it is |", "| --- | --- |", *rows])


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


# -- the gallery ---------------------------------------------------------------------------------


def _gallery(source: Path, results: list[dict[str, Any]]) -> None:
    by_name = {result["name"]: result for result in results}
    pages = [("rules", _rules()), ("presets", _presets()), ("figures", _figures())]
    for chapter in CHAPTERS:
        cards = [_result(by_name[name]) for name in chapter.names if name in by_name]
        key = re.sub(r"\W+", "-", chapter.title.lower()).strip("-")
        text = f"# {chapter.title}\n\n{_html(f'<p>{_prose(chapter.about)}</p>')}\n\n"
        pages.append((key, text + "\n\n".join(cards)))
    for key, text in pages:
        _write(source / "gallery" / f"{key}.md", text)
    listed = "\n".join(key for key, _ in pages)
    proved = sum(v["verdict"] == "PROVED" for r in results for v in r["verdicts"])
    claims = sum(len(r["verdicts"]) for r in results)
    _write(
        source / "gallery" / "index.md",
        f"# Gallery\n\n{len(results)} results with {claims} claims, {proved} of them `PROVED`; the "
        "rest are controls that must be refuted, and numbers. Every card has its formula, range "
        "and verdict, the command that derives it again, and what to cite.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```",
    )


def _result(result: dict[str, Any]) -> str:
    said = "".join(
        f"<li>{_prose(h['for'][:1].upper() + h['for'][1:])}: {_prose(h['conclusion'])} "
        f"{_verdict(h['verdict'])}</li>"
        for h in result["headlines"]
    )
    body = [
        f'<p class="source">{escape(result["kind"])} · {_prose(result["source"])}</p>',
        "".join(_display(tex) for tex in result["latex"]),
        f"<ul>{said}</ul>" if said else f"<p>{_prose(result['statement'])}</p>",
        f'<p class="range">Range: {escape(result["assumptions"]) or "—"}</p>',
        f"<p>{_verdict(result['verdict'])}, {len(result['verdicts'])} claims</p>",
        _again(f"python -m derivations {result['name']}", "derive it again"),
        _again("\n\n".join(bibtex(key) for key in result["references"]), "BibTeX"),
    ]
    return _card(result["title"], result["name"], body)


def _rules() -> str:
    cards = []
    for name in ADVANTAGES:
        needed = ADVANTAGES.needed(name)
        if not set(needed) <= _GIVEN.keys():
            cards.append(_card(f"Advantage {name}", f"advantage-{name}", [_needs(needed)]))
            continue
        rule = ADVANTAGES[name](**{option: _GIVEN[option] for option in needed})
        body = [f"<p>{escape(str(rule))}</p>"]
        try:
            drift = gs.preference(gs.GRPO(oo, advantage=rule), gs.BinaryQuestion()).difference(0, 1)
            body.append(_display(rf"\lim_{{G\to\infty}} P(a) - P(b) = {formula(drift)}"))
        except ValueError as error:
            body.append(f"<p>{escape(str(error))}</p>")
        scale, level = (
            "does not matter" if known else "matters"
            for known in (rule.scale_invariant, rule.shift_invariant)
        )
        body.append(
            f'<p class="range">The scale of rewards {scale}, their common level {level}.</p>'
        )
        code = f"gs.GRPO(8, advantage=gs.{type(rule).__name__}(...))  # {rule!r}"
        body.append(_again(f"{code}\n$ grpo-symbolic derive --scale {name}", "code"))
        cards.append(_card(f"Advantage {name}", f"advantage-{name}", body))
    for penalty in every_penalty():
        body = [
            f"<p>{escape(penalty.acts_as)}</p>",
            _display(f"d(u) = {formula(penalty.marginal())}"),
            f'<p class="range">u = π_ref/π &gt; 0; '
            f"{'strictly monotone' if penalty.monotone else 'not monotone'}</p>",
            _again(repr(penalty), "code"),
        ]
        cards.append(_card(f"Penalty {penalty.title}", f"penalty-{penalty.title}", body))
    return "# Rules and penalties\n\n" + "\n\n".join(cards)


def _needs(options: tuple[str, ...]) -> str:
    return f"<p>needs {escape(', '.join(options))}</p>"


def _presets() -> str:
    cards = []
    for preset in gs.presets.all_presets():
        rows = "".join(
            f"<tr><th scope='row'>{escape(str(field))}</th><td>{_prose(str(text))}</td></tr>"
            for field, text in preset.conventions
        )
        warned = "".join(f"<li>{escape(text)}</li>" for text in preset.warnings)
        body = [
            f'<p class="source">{escape(preset.source)}</p>',
            f"<div class='scroll'><table>{rows}</table></div>",
            f"<ul>{warned}</ul>" if warned else "",
            _again(f"gs.presets.lookup({preset.name.split()[0]!r})", "code"),
            _again("\n\n".join(bibtex(key) for key in _known_keys(preset.source)), "BibTeX"),
        ]
        cards.append(_card(preset.name, f"preset-{preset.name}", body))
    return "# Algorithms and trainers\n\n" + "\n\n".join(cards)


def _known_keys(source: str) -> tuple[str, ...]:
    try:
        return keys_of(source)
    except ValueError:  # a source that the book does not cite
        return keys_of("new")


def _figures() -> str:
    cards = []
    for name in FIGURES:
        figure = FIGURES[name]
        alt = re.sub(r"[\\${}]", "", figure.caption)
        body = [
            f'<img src="../figures/{name}.svg" alt="{escape(alt)}" loading="lazy">',
            f"<p>{_prose(figure.caption)}</p>",
            f'<p class="source">{_prose(figure.source)}</p>',
            _again(f'gs.plot.save("{name}", "{name}.pdf")', "code"),
        ]
        cards.append(_card(figure.title, f"figure-{name}", body))
    return "# Figures\n\n" + "\n\n".join(cards)


def _card(title: str, key: str, body: Iterable[str]) -> str:
    anchor = re.sub(r"\W+", "-", key).strip("-").lower()
    inside = "\n".join(part for part in body if part)
    return f"({anchor})=\n## {_heading(title)}\n\n" + _html(
        f'<div class="card" id="card-{anchor}">\n{inside}\n</div>'
    )


def _heading(title: str) -> str:
    return re.sub(r"([*_`\[\]<>])", r"\\\1", title) if "$" not in title else title


def _again(code: str, label: str) -> str:
    return f"<details><summary>{label}</summary><pre>{escape(code)}</pre></details>"


def _verdict(word: str) -> str:
    kind = word.split()[0].lower()
    return f'<span class="verdict {kind}">{escape(word.lower())}</span>'


def _display(tex: str) -> str:
    return rf'<div class="math notranslate nohighlight">\[{escape(tex, quote=False)}\]</div>'


def _prose(text: str) -> str:
    """Prose with formulas between dollars, as HTML."""
    pieces = re.split(r"(\$[^$]*\$)", text)
    found = []
    for piece in pieces:
        if piece.startswith("$") and len(piece) > 1:
            tex = escape(piece[1:-1], quote=False)
            found.append(rf'<span class="math notranslate nohighlight">\({tex}\)</span>')
        else:
            plain = re.sub(
                r"\\begin\{tabular\}.*?\\end\{tabular\}", "(see the book)", piece, flags=re.S
            )
            plain = re.sub(r"\\(?:emph|texttt|textbf)\{([^}]*)\}", r"\1", plain)
            plain = re.sub(r"\\(?:begin|end)\{[^}]*\}|\\[a-z]+", "", plain)
            plain = re.sub(r"\\([&%#_$ ,])", r"\1", plain).replace("~", " ").replace("--", "–")
            found.append(escape(plain.replace("``", "“").replace("''", "”")))
    return "".join(found)


def _html(text: str) -> str:
    return f"```{{raw}} html\n{text}\n```"


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
            rows.append(
                f"<tr><td>{escape(result['name'])}</td><td>{_prose(claim['claim'])}</td>"
                f"<td><code>{escape(short(claim['statement'], 160))}</code></td>"
                f"<td>{escape(claim['range'])}</td><td>{_verdict(claim['verdict'])}</td>"
                f"<td>{escape(claim['method'])} {evidence}</td></tr>"
            )
    table = _table("claims", rows, ("result", "claim", "statement", "range", "verdict", "method"))
    _write(
        source / "ledger.md",
        "# Ledger\n\nEvery claim that the results rest on, as it was put to the machine, with what "
        "it said and why. Controls must be refuted. [What the words mean](howto/verdict.md).\n\n"
        + _every_method(source, ledger)
        + "## The claims of every result\n\n"
        + _html(table),
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
        rows.append(
            f"<tr><td>{_prose(entry['claim'])}</td><td>{_prose(entry['source'])}</td>"
            f"<td>{_prose(entry['quantifiers'] or short(entry['range'], 160))}</td>"
            f"<td>{_verdict(entry['verdict'])}</td>"
            f"<td>{escape('; '.join(entry['methods']))}</td><td>{links}</td></tr>"
        )
    head = ("claim", "source", "range", "verdict", "methods", "certificates")
    return (
        "## The paper's claims and the new theorems, by every method\n\n"
        + _html(_table("by-method", rows, head))
        + "\n\n"
    )


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
        _write(folder / f"{name}.md", f"# {name}\n\n{text}")
        names.append(name)
    listed = "\n".join(names)
    _write(
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
