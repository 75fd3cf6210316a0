"""The site's own code: what it lists, what it calls broken; and the help it shows."""

from __future__ import annotations

import argparse
import json
import logging
import re
import shlex
import sys
from pathlib import Path

import pytest

import grpo_symbolic as gs
from grpo_symbolic import registry
from grpo_symbolic.cli.main import main, parser

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

from check_site import problems  # noqa: E402
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


def test_pages_list_what_the_registry_has(tmp_path: Path) -> None:
    write_pages(tmp_path, [RESULT], tmp_path / "ledger.json")
    gallery = tmp_path / "gallery"
    rules = (gallery / "rules.md").read_text("utf-8")
    for name in registry.ADVANTAGES:
        assert f"## Advantage {name}" in rules
    figures = (gallery / "figures.md").read_text("utf-8")
    for name in registry.FIGURES:
        assert f"figures/{name}.svg" in figures
    presets = (gallery / "presets.md").read_text("utf-8")
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


def test_the_version_stands_everywhere() -> None:
    assert f"version: {gs.__version__}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert json.loads((ROOT / ".zenodo.json").read_text("utf-8"))["version"] == gs.__version__
    assert f"## {gs.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
