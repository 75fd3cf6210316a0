"""Files as they are found: line ends, encodings, rows that belong together, rows inside of rows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import grpo_symbolic as gs
from grpo_symbolic.cli import main

TRUE, FALSE = r"\lim_{\beta\to 0} \pi(a) = 1", r"\lim_{\beta\to 0} \pi(a) = 0"
PAIRS = "% grpo: group_size=2\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_lines_are_those_of_every_line_end(tmp_path: Path, start: str, end: str) -> None:
    path = tmp_path / "paper.tex"
    text = f"{start}one\n{PAIRS}\\[{TRUE}\\]\n\n% \\[{FALSE}\\]\n{PAIRS}\\[{FALSE}\\]\n"
    path.write_bytes(text.replace("\n", end).encode())
    assert [(f.line, f.word) for f in gs.check_paper(path)] == [(3, "PROVED"), (7, "REFUTED")]


@pytest.mark.parametrize(
    ("option", "encoding"), [("latin1", "latin-1"), ("ansinew", "cp1252"), ("latin9", "iso8859-15")]
)
def test_a_paper_is_read_and_copied_in_the_encoding_that_it_names(
    tmp_path: Path, option: str, encoding: str
) -> None:
    path = tmp_path / "paper.tex"
    text = (
        f"\\documentclass{{article}}\n\\usepackage[{option}]{{inputenc}}\n\\begin{{document}}\n"
        f"Br\u00fcckenkopf, \u00e9t\u00e9\n{PAIRS}\\[{FALSE}\\]\n\\end{{document}}\n"
    )
    path.write_bytes(text.encode(encoding))
    assert main(["check-paper", str(path), "--annotate"]) == 1
    copy = path.with_name("paper.checked.tex")
    assert "Br\u00fcckenkopf, \u00e9t\u00e9" in copy.read_bytes().decode(encoding)
    if shutil.which("pdflatex"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", copy.name]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    # Without the declaration the same bytes are refused, at their line.
    path.write_bytes(text.replace(f"[{option}]", "").encode(encoding))
    with pytest.raises(ValueError, match=r"paper.tex:4: a paper must be text in UTF-8"):
        gs.check_paper(path)


def test_a_formula_over_several_rows_is_shown_whole() -> None:
    text = rf"""{PAIRS}\begin{{multline}}
  \pi(a) \\ \ge 1 \\ - \beta \label{{x}}
\end{{multline}}
{PAIRS}\begin{{equation}}\begin{{split}}
  \pi(a) &\ge 1 \\ &\quad - \beta/2 \\ &= 1 - \beta / 2
\end{{split}}\end{{equation}}"""
    found = gs.check_paper(text)
    assert [f.formula for f in found] == [
        r"\pi(a) \ge 1 - \beta",
        r"\pi(a) \ge 1 - \beta/2",
        r"= 1 - \beta / 2",
    ]
    assert [f.word for f in found] == ["PROVED", "REFUTED", "PROVED"]


def test_rows_inside_of_a_formula_are_not_formulas() -> None:
    cases = r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}"
    rows = f"\\pi(a) &= {cases} \\\\\n{TRUE.replace('=', '&=')}"
    found = gs.check_paper(f"{PAIRS}\\begin{{align}}\n{rows}\n\\end{{align}}")
    assert [(f.line, f.word) for f in found] == [(3, "UNKNOWN"), (4, "PROVED")]
    assert found.formulas[0].formula.endswith(r"\end{cases}")
