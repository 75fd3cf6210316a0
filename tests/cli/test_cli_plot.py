"""``grpo-symbolic plot``: files on disk, and one sentence for bad input."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grpo_symbolic import plotting
from grpo_symbolic.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status = main(["plot", *words])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("words", [("--list",), ("list",), ()])
def test_the_list_names_every_figure(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, out, _ = run(capsys, *words)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [*plotting.FIGURES, "aggregation"]


def test_a_figure_of_the_registry_is_written_without_a_display(tmp_path: Path) -> None:
    target = tmp_path / "f.pdf"
    words = [sys.executable, "-W", "error", "-m", "grpo_symbolic.cli", "plot", "fig1"]
    done = subprocess.run(
        [*words, "--out", str(target)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"wrote {target}\n"
    assert target.read_bytes().startswith(b"%PDF-")


def test_any_algorithm_is_drawn_by_the_shared_options(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "f.svg"
    words = ("aggregation", "--group-size", "8", "--penalty", "direct-kl", "--betas", "1/2,1")
    status, out, err = run(capsys, *words, "--out", str(target))
    assert (status, out, err) == (0, f"wrote {target}\n", "")
    text = target.read_text()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "#0072b2" in text.lower()
    assert "#d55e00" in text.lower()
    assert "#009e73" not in text.lower()  # two weights, two curves


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nosuch", "--out", "f.pdf"), "NAME must be one of fig1, fig2"),
        (("fig1",), "--out must name the file to write"),
        (("fig1", "--out", "f.gif"), "--out must be one that ends in .pdf"),
        (("fig3", "--out", "/no/such/place/f.pdf"), "a file that can be written"),
        (("fig1", "--group-size", "4", "--out", "f.pdf"), "--group-size goes with aggregation"),
        (("fig1", "--betas", "1", "--out", "f.pdf"), "--betas goes with aggregation"),
        (("aggregation", "--betas", "1,x", "--out", "f.pdf"), "--betas must be a positive number"),
        (("aggregation", "--betas", "-1", "--out", "f.pdf"), "--betas"),
        (("aggregation", "--rewards", "3,2,1", "--out", "f.pdf"), "two answers"),
        (("aggregation", "--penalty", "k1", "--out", "f.pdf"), "monotone marginal penalty"),
        (("aggregation", "--group-size", "1", "--out", "f.pdf"), "--group-size must be"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, _, err = run(capsys, "fig2", "--out", str(tmp_path / "f.png"))
    assert status == 2
    assert "figures need matplotlib: pip install 'grpo-symbolic[plot]'" in err
