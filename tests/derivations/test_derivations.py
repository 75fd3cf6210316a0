"""The results: documents written, verdicts declared, and failure that shows."""

import json
from pathlib import Path

import pytest
from sympy import S

from derivations import catalogue, result
from derivations.__main__ import main
from derivations.result import Result, run
from grpo_symbolic import Claim, symbols


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """TeX files are written and not compiled: that is tested with the book."""
    monkeypatch.setattr("derivations.book.engine.shutil.which", lambda name: None)


def test_one_result_writes_both_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eq14_tie", "eq02_sign_form", "--out", str(tmp_path)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("eq14_tie")
    assert "PROVED" in rows[0]
    entries = json.loads((tmp_path / "eq14_tie_and_1_more.json").read_text())
    assert [e["name"] for e in entries] == ["eq14_tie", "eq02_sign_form"]
    for entry in entries:
        assert {"source", "statement", "assumptions", "latex", "sympy", "verdicts"} <= entry.keys()
        assert all(v["verdict"] == v["expected"] for v in entry["verdicts"])
    tex = (tmp_path / "eq14_tie_and_1_more.tex").read_text()
    assert tex.count(r"\begin{equation*}") == tex.count(r"\end{equation*}") > 2
    assert entries[0]["latex"] == [r"\pi(a) = \pi_{\mathrm{ref}}(a)"]
    assert "p = p_0" in tex  # in the names of the book


def test_the_catalogue_is_the_folder() -> None:
    """Every file with a result is listed, and every listed name is a file."""
    folder = Path(result.__file__).parent
    files = {p.stem for p in folder.glob("*.py") if "def result(" in p.read_text()}
    assert files == set(catalogue.ORDER)


def test_list_has_one_line_for_each_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue.ORDER)
    assert all(len(line.split()) > 3 for line in lines)


def test_an_unknown_name_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eq99"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def a_result(left: object, right: object, expected: str) -> Result:
    """A result with one claim, left == right."""
    claim = Claim("a claim", S(left), "==", S(right), expected=expected)
    return Result("a title", "a source", "a statement", claims=(claim,))


@pytest.mark.parametrize(
    ("right", "expected", "as_declared"),
    [
        (symbols.beta, "PROVED", True),
        (2 * symbols.beta, "PROVED", False),
        (2 * symbols.beta, "REFUTED", True),
        (symbols.beta, "REFUTED", False),
    ],
)
def test_only_declared_refutations_pass(right: object, expected: str, as_declared: bool) -> None:
    outcome = run("a_name", lambda: a_result(symbols.beta, right, expected))
    assert (not outcome.unexpected) == as_declared


def test_an_undeclared_refutation_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = a_result(symbols.beta, 2 * symbols.beta, "PROVED")
    monkeypatch.setattr("derivations.catalogue.builder", lambda name: lambda: wrong)
    assert main(["eq14", "--out", str(tmp_path)]) == 1
    assert "not as declared" in capsys.readouterr().out
