"""The gallery: every rule, penalty, preset, figure and result as a card."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from marked import again, card, display, html, prose, write
from marked import verdict as said_as
from sympy import oo

import grpo_symbolic as gs
from derivations.book.references import REFERENCES, bibtex, keys_of
from derivations.catalogue import CHAPTERS
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.penalty import every_penalty
from grpo_symbolic.plotting.figures import written
from grpo_symbolic.registry import ADVANTAGES, FIGURES

__all__ = ["write_gallery"]

#: How rules are built that need an option to be given.
_GIVEN = {"batch": 16, "subset": 2}
#: The group in which a rule is shown: it is small enough for a formula of a line.
_SHOWN = 4
#: The result that compares presets with their rules, written out.
_DRIFTS = "drift_of_every_preset"


def write_gallery(source: Path, results: list[dict[str, Any]]) -> None:
    """Write the gallery's pages.

    Parameters
    ----------
    source : Path
        The folder that Sphinx reads.
    results : list
        The records of ``formulas.json``.
    """
    by_name = {result["name"]: result for result in results}
    drifts = by_name.get(_DRIFTS, {"verdicts": []})["verdicts"]
    said = {claim["claim"]: claim for claim in drifts}
    rules = _rules()
    presets = [_preset(p, said.get(f"{p.name}: the drift")) for p in gs.presets.all_presets()]
    folder = source / "extra" / "figures"
    folder.mkdir(parents=True)
    figures = [_figure(name, folder) for name in FIGURES]
    pages = [
        ("rules", "Rules and penalties", "", rules),
        ("presets", "Algorithms and trainers", "", presets),
        ("figures", "Figures", "", figures),
    ]
    for chapter in CHAPTERS:
        cards = [_result(by_name[name]) for name in chapter.names if name in by_name]
        key = re.sub(r"\W+", "-", chapter.title.lower()).strip("-")
        pages.append((key, chapter.title, html(f"<p>{prose(chapter.about)}</p>"), cards))
    for key, title, about, cards in pages:
        write(source / "gallery" / f"{key}.md", "\n\n".join([f"# {title}", about, *cards]))
    listed = "\n".join(key for key, *_ in pages)
    rows = [f"| [{title}]({key}.md) | {len(cards)} |" for key, title, _, cards in pages]
    proved = sum(v["verdict"] == "PROVED" for r in results for v in r["verdicts"])
    claims = sum(len(r["verdicts"]) for r in results)
    write(
        source / "gallery" / "index.md",
        f"# Gallery\n\n{len(results)} results with {claims} claims, {proved} of them `PROVED`; the "
        "rest are controls that must be refuted, and numbers. Every card has its formula (a figure "
        "its caption), range and verdict, the command that derives it again, and what to cite.\n\n"
        + "\n".join(["| page | cards |", "| --- | --: |", *rows])
        + f"\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```",
    )


def _cite(keys: tuple[str, ...]) -> str:
    return again("\n\n".join(bibtex(key) for key in keys), "BibTeX")


def _known_keys(text: str) -> tuple[str, ...]:
    """What a text cites by arXiv number and has a record; this software, where it names none."""
    numbers = {record.arxiv: key for key, record in REFERENCES.items() if record.arxiv}
    named = re.findall(r"\d{4}\.\d{4,5}", text)
    found = tuple(dict.fromkeys(numbers[n] for n in named if n in numbers))
    return found or keys_of("new")


def _checked(policy: Any) -> str:
    """What the checks of a derivation said."""
    counts = Counter(str(verdict.status) for verdict in policy.verify())
    if counts["REFUTED"]:
        raise ValueError(f"a derivation of the gallery is refuted: {policy!r}")
    said = ", ".join(f"{said_as(word)} {count}" for word, count in counts.items())
    return f"<p>Checks of its derivation: {said}</p>"


# -- rules, penalties, presets -------------------------------------------------------------------


def _rules() -> list[str]:
    advantages = [_advantage(name) for name in ADVANTAGES]
    return [*advantages, *(_penalty(penalty) for penalty in every_penalty())]


def _advantage(name: str) -> str:
    given = {option: _GIVEN[option] for option in ADVANTAGES.needed(name)}
    rule = ADVANTAGES[name](**given)
    policy = gs.stationary_policy(gs.GRPO(_SHOWN, advantage=rule), gs.BinaryQuestion())
    body = [
        f"<p>{escape(str(rule))}</p>",
        f"<p>Groups of {_SHOWN} under the reverse KL:</p>",
        display(formula(policy.equation)),
    ]
    try:
        drift = gs.preference(gs.GRPO(oo, advantage=rule), gs.BinaryQuestion()).difference(0, 1)
        body.append(display(rf"\lim_{{G\to\infty}} P(a) - P(b) = {formula(drift)}"))
    except ValueError as error:
        body.append(f"<p>{escape(str(error))}</p>")
    scale, level = (
        "does not matter" if known else "matters"
        for known in (rule.scale_invariant, rule.shift_invariant)
    )
    options = "".join(f" --{option} {value}" for option, value in given.items())
    code = f"gs.stationary_policy(gs.GRPO({_SHOWN}, advantage={rule!r}), gs.BinaryQuestion())"
    body += [
        f'<p class="range">Range: {_domain(policy)}. The scale of rewards {scale}, their common '
        f"level {level}.</p>",
        _checked(policy),
        again(
            f"{code}\n$ grpo-symbolic derive --group-size {_SHOWN} --scale {name}{options}", "code"
        ),
        _cite(_known_keys(inspect.getdoc(type(rule)) or "")),
    ]
    return card(f"Advantage {name}", f"advantage-{name}", body)


def _penalty(penalty: Any) -> str:
    policy = gs.stationary_policy(gs.GRPO(2, penalty), gs.BinaryQuestion())
    body = [
        f"<p>{escape(penalty.acts_as)}</p>",
        display(f"d(u) = {formula(penalty.marginal())}"),
        "<p>Groups of two:</p>",
        display(formula(policy.equation)),
        f'<p class="range">Range: {_domain(policy)}; u = π_ref/π &gt; 0, d is '
        f"{'strictly monotone' if penalty.monotone else 'not monotone'}</p>",
        _checked(policy),
        again(f"gs.stationary_policy(gs.GRPO(2, {penalty!r}), gs.BinaryQuestion())", "code"),
        _cite(_known_keys(inspect.getdoc(type(penalty)) or "")),
    ]
    return card(f"Penalty {penalty.title}", f"penalty-{penalty.title}", body)


def _domain(policy: Any) -> str:
    return escape(str(policy.derivation.domain))


def _preset(preset: Any, claim: dict[str, str] | None) -> str:
    """A card; without a claim on the preset's drift, its policy's derivation is checked."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(str(field))}</th><td>{prose(str(text))}</td></tr>"
        for field, text in preset.conventions
    )
    warned = "".join(f"<li>{escape(text)}</li>" for text in preset.warnings)
    formulas = [f"d(u) = {formula(preset.algorithm.penalty.marginal())}"]
    if claim is None:
        policy = gs.stationary_policy(preset.algorithm, gs.BinaryQuestion())
        formulas.append(formula(policy.equation))
        domain, checked = _domain(policy), _checked(policy)
    else:
        domain = escape(claim["range"])
        checked = (
            "<p>In groups of four its drift is that of its source's rule, written out: "
            f'{said_as(claim["verdict"])}, <a href="../ledger.html#find={_DRIFTS}">claims</a></p>'
        )
    body = [
        f'<p class="source">{escape(preset.source)}</p>',
        *map(display, formulas),
        f'<p class="range">Range: {domain}; u = π_ref/π &gt; 0</p>',
        checked,
        f"<div class='scroll' tabindex='0' role='region' aria-label='Conventions of "
        f"{escape(preset.name)}'><table>{rows}</table></div>",
        f"<ul>{warned}</ul>" if warned else "",
        again(f"gs.presets.lookup({preset.name.split()[0]!r})", "code"),
        _cite(_known_keys(preset.source)),
    ]
    return card(preset.name, f"preset-{preset.name}", body)


# -- figures and results -------------------------------------------------------------------------


def _figure(name: str, folder: Path) -> str:
    figure = FIGURES[name]
    alt = re.sub(r"[\\${}]", "", figure.caption)
    body = [
        f'<img src="../figures/{name}.svg" alt="{escape(alt)}" loading="lazy">',
        f"<p>{prose(figure.caption)}</p>",
        f'<p class="source">{prose(figure.source)}</p>',
        f'<p class="range">Range: {prose(_drawn(name, folder))}</p>',
        f"<p>{said_as('NUMERIC')}: solved in float64 from the derived condition</p>",
        again(
            f'gs.plot.save("{name}", "{name}.pdf")\n$ grpo-symbolic plot {name} --out {name}.pdf',
            "code",
        ),
        _cite(keys_of(figure.source)),
    ]
    return card(figure.title, f"figure-{name}", body)


def _drawn(name: str, folder: Path) -> str:
    """Write the figure, and say over what its curves run."""
    figure = FIGURES[name].draw()
    written(figure, folder / f"{name}.svg")
    return "; ".join(dict.fromkeys(_over(axes) for axes in figure.axes))


def _over(axes: Any) -> str:
    (left, right), drawn = axes.get_xlim(), axes.dataLim
    return f"{axes.get_xlabel()} from {max(left, drawn.x0):.3g} to {min(right, drawn.x1):.3g}"


def _result(result: dict[str, Any]) -> str:
    said = "".join(
        f"<li>{prose(h['for'][:1].upper() + h['for'][1:])}: {prose(h['conclusion'])} "
        f"{said_as(h['verdict'])}</li>"
        for h in result["headlines"]
    )
    assumed, stated = escape(result["assumptions"]), prose(result["statement"])
    body = [
        f'<p class="source">{escape(result["kind"])} · {prose(result["source"])}</p>',
        "".join(display(tex) for tex in result["latex"]),
        f"<ul>{said}</ul>" if said else "",
        f"<p>{stated}</p>" if stated and not (said and result["latex"]) else "",
        f'<p class="range">Range: {assumed or "as each claim states it"}</p>',
        f"<p>{said_as(result['verdict'])}, "
        f'<a href="../ledger.html#find={result["name"]}">{len(result["verdicts"])} claims</a></p>',
        again(f"$ grpo-symbolic book {result['name']}", "derive it again"),
        _cite(tuple(result["references"])),
    ]
    return card(result["title"], result["name"], body)
