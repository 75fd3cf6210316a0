"""The site's own code: what it lists, what it calls broken; and the help it shows."""

from __future__ import annotations

import argparse
import json
import logging
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import grpo_symbolic as gs
from grpo_symbolic import registry
from grpo_symbolic.cli.program import main, parser

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

from check_site import problems  # noqa: E402
from glossary_links import linked, terms_of  # noqa: E402
from marked import runnable, verdict  # noqa: E402
from pages import write_pages  # noqa: E402

COMMANDS = next(
    action.choices for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
)
RESULT = {
    "name": "eq02_sign_form", "title": "A title", "kind": "Theorem", "source": "new",
    "references": ["vojnovic2025"], "statement": "$x$", "assumptions": "x > 0", "latex": ["x < y"],
    "headlines": [{"for": "for $G=2$", "conclusion": "it holds", "verdict": "PROVED"}],
    "verdict": "PROVED",
    "verdicts": [
        {"claim": "a <b>", "statement": "x < y", "range": "x > 0", "verdict": "PROVED",
         "method": "one", "evidence": {"by": "difference"}},
    ],
}  # fmt: skip


def test_pages_list_what_the_registry_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The checks of every derivation take their time, and have tests of their own.
    monkeypatch.setattr("gallery._checked", lambda policy: verdict("PROVED"))
    monkeypatch.setattr("gallery._drawn", lambda name, folder: "$x$ from 0 to 1")
    write_pages(tmp_path, [RESULT], tmp_path / "ledger.json")
    gallery = tmp_path / "gallery"
    rules, presets, figures = (
        (gallery / f"{page}.md").read_text("utf-8") for page in ("rules", "presets", "figures")
    )
    for name in registry.ADVANTAGES:
        assert f"## Advantage {name}" in rules
    for card in "".join((rules, presets, figures)).split('<div class="card"')[1:]:
        for part in ("Range: ", 'class="verdict', "<summary>code", "<summary>BibTeX", "@"):
            assert part in card, card
        assert r"\[" in card or "<img " in card, card
    for name in registry.FIGURES:
        assert f"figures/{name}.svg" in figures
    assert figures.count("<summary>BibTeX") == len(registry.FIGURES)
    for preset in gs.presets.all_presets():
        assert preset.name in presets
    for name in gs.__all__:
        assert (tmp_path / "reference" / f"{name}.md").exists()
    formats = (tmp_path / "generated" / "formats.md").read_text("utf-8")
    assert all(f"`{name}`" in formats for name in registry.FORMATS)
    # What is a formula stays one, and what is HTML is escaped.
    cards = (gallery / "definitions-and-invariances.md").read_text("utf-8")
    assert r"\[x &lt; y\]" in cards
    assert "@misc{vojnovic2025" in cards
    ledger = (tmp_path / "ledger.md").read_text("utf-8")
    assert "a &lt;b&gt;" in ledger
    evidence = json.loads((tmp_path / "extra/evidence/eq02_sign_form-1.json").read_text())
    assert evidence["evidence"] == {"by": "difference"}


GLOSSARY = """<dl><dt id="term-fold">fold<a href="#term-fold">¶</a></dt><dd>x</dd>
<dt id="term-k1-k2">k1, k2</dt><dt id="term-stationary-policy">stationary policy</dt></dl>"""


def test_terms_are_linked_where_a_page_first_uses_them() -> None:
    terms = terms_of(GLOSSARY)
    assert terms == {
        "fold": "term-fold", "k1": "term-k1-k2", "k2": "term-k1-k2",
        "stationary policy": "term-stationary-policy",
    }  # fmt: skip
    page = (
        "<p>fold</p><article><h2>Folds</h2><p><code>fold</code> <a href='x'>fold</a> a manifold, "
        "Stationary policies<br> and folds, then a fold</p><span class='math'>fold</span>"
        "<img alt='a fold'>k2 and k1</article><p>fold</p>"
    )
    link = '<a class="term" href="../glossary.html#term-{}">{}</a>'.format
    expected = page.replace("Stationary policies", link("stationary-policy", "Stationary policies"))
    expected = expected.replace("and folds,", f"and {link('fold', 'folds')},")
    expected = expected.replace("k2 and", f"{link('k1-k2', 'k2')} and")
    assert linked(page, terms, "../glossary.html") == expected
    assert linked("<p>fold</p>", terms, "") == "<p>fold</p>"


def test_notebooks_can_be_run_elsewhere_where_the_repository_has_an_address() -> None:
    path = next((ROOT / "notebooks").glob("01_*.ipynb"))
    stored = path.read_text("utf-8")
    assert json.loads(runnable(stored, path.name, None)) == json.loads(stored)
    added = json.loads(runnable(stored, path.name, "owner/name"))["cells"][1]["source"][0]
    for place in (
        "colab.research.google.com/github/owner/name/blob/main",
        "mybinder.org/v2/gh/owner/name/HEAD?labpath=",
    ):
        assert f"https://{place}" in added
    assert added.count(f"notebooks/{path.name}") == 2


def test_the_panel_of_a_notebook_moves_on_a_page_without_a_kernel() -> None:
    path = next((ROOT / "notebooks").glob("04_*.ipynb"))
    before = json.loads(path.read_text("utf-8"))["cells"]
    after = json.loads(runnable(path.read_text("utf-8"), path.name, None))["cells"]
    new = [k for k, cell in enumerate(after) if cell["id"] not in {c["id"] for c in before}]
    assert len(new) == 1
    assert "explorer.html" in after[new[0]]["source"][0]
    assert "gs.explore()" in "".join(after[new[0] - 1]["source"])
    assert after[new[0] - 1]["metadata"]["tags"] == ["remove-output"]


def _site(folder: Path, body: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "other.html").write_text("<html><body><p id='there'>x</p></body></html>")
    (folder / "index.html").write_text(f"<html><body>{body}</body></html>")
    return problems(folder)


def test_a_good_site_has_no_problems(tmp_path: Path) -> None:
    good = "<p>a<br>b<ul><li>c<li>d</ul><a href='other.html#there'>e</a><img src='' alt='f'>"
    assert _site(tmp_path, good) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<a href='nowhere.html'>x</a>", "which is not there"),
        ("<a href='other.html#nowhere'>x</a>", "an anchor that is not there"),
        ("<script src='https://elsewhere.org/x.js'></script>", "asks another host"),
        ("<img src='x.png'>", "an image without alternative text"),
        ("<div><span></div>", "</div> closes span"),
        ("<p id='a'></p><p id='a'></p>", "stands twice"),
        ("<section>", "</body> closes section"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, body: str, sentence: str) -> None:
    assert any(sentence in problem for problem in _site(tmp_path, body))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_an_example_that_it_understands(name: str) -> None:
    text = " ".join(COMMANDS[name].format_help().split())
    found = re.search(r"Example: (.*?)(?:\. [A-Z].*)?$", text)
    assert found is not None
    typed = re.sub(r'^eval "\$\((.*)\)"$', r"\1", found[1])
    program, *words = shlex.split(typed)
    assert program == "grpo-symbolic"
    assert parser().parse_args(words).command == name


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"grpo_symbolic {gs.__version__}\n"


def test_verbose_says_where_a_refusal_came_from(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, logger="grpo_symbolic"):
        assert main(["--verbose", "solve", "--beta", "0", "--pi-ref", "1/4"]) == 2
    assert "version" in caplog.text
    assert "Traceback" in caplog.text
    assert "--beta must be a positive number" in capsys.readouterr().err
    caplog.clear()
    assert main(["solve", "--beta", "0", "--pi-ref", "1/4"]) == 2
    assert caplog.text == ""


def _curves(svg: str) -> list[list[float]]:
    """The coordinates of what a figure draws inside its axes."""
    found = re.findall(r'<path d="([^"]+)"\s+clip-path', svg)
    return [[float(n) for n in re.findall(r"-?\d+\.?\d*", path)] for path in found]


def test_the_figure_of_the_readme_is_what_the_library_draws(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    from make_figure import BETAS, KEPT, PANELS, draw

    assert f"](docs/{KEPT.name})" in (ROOT / "README.md").read_text("utf-8")
    kept = _curves(KEPT.read_text("utf-8"))
    drawn = _curves(draw(tmp_path / "again.svg").read_text("utf-8"))
    assert len(kept) == len(drawn) == len(PANELS) * (len(BETAS) + 1)
    for one, other in zip(kept, drawn, strict=True):
        places, heights = one[::2], one[1::2]  # how many points a line keeps is Matplotlib's affair
        there = np.interp(places, other[::2], other[1::2])
        assert heights == pytest.approx(there, abs=0.5)  # of 72 points an inch


def test_files_for_other_services_can_be_read() -> None:
    """YAML that parses, hooks and templates with the keys that their readers need."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert hook["entry"].split()[1] in COMMANDS
    for template in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        assert {"name", "description", "body"} <= yaml.safe_load(template.read_text("utf-8")).keys()
    workflow = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text("utf-8"))
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        assert all(step.keys() & {"run", "uses"} for step in job["steps"])
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_the_version_stands_everywhere() -> None:
    assert f"version: {gs.__version__}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert json.loads((ROOT / ".zenodo.json").read_text("utf-8"))["version"] == gs.__version__
    assert f"## {gs.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
