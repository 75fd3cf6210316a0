"""Formulas of papers: found, read in their setting, and judged at the right line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import grpo_symbolic as gs
from derivations.paper_claims import PAPER_ENTRIES
from grpo_symbolic import symbols
from grpo_symbolic.cli import main
from grpo_symbolic.cli.paper_settings import read_setting
from grpo_symbolic.papers.checked import CheckedFormula, CheckedPaper
from tests.checking.papers import ERRORS, SOURCE, planted, without_slow

PROVED, REFUTED, UNKNOWN, LEFT = "PROVED", "REFUTED", "UNKNOWN", "not checked"
BINARY = gs.BinaryQuestion()
PAIRS = "% grpo: group_size=2\n"
TRUE, FALSE = r"\lim_{\beta\to 0} \pi(a) = 1", r"\lim_{\beta\to 0} \pi(a) = 0"


def words(paper: str) -> list[str]:
    return [formula.word for formula in gs.check_paper(f"{paper}\n")]


def reason(formula: str, comment: str = "group_size=2", before: str = "") -> str:
    """Why a formula is left undecided."""
    (found,) = gs.check_paper(f"{before}\n% grpo: {comment}\n\\[ {formula} \\]\n")
    assert found.word == UNKNOWN
    return found.reason


def by_ledger(paper: CheckedPaper) -> Iterator[tuple[CheckedFormula, str]]:
    """Each formula below a line ``% ledger: claim``, and the verdict of that entry."""
    said = ""
    formulas = {f.line: f for f in reversed(paper.formulas)}
    for number, line in enumerate(paper.source.text.splitlines(), start=1):
        said = line.partition("% ledger: ")[2] or said
        if said and number in formulas:
            (entry,) = (e for e in PAPER_ENTRIES if e.claim.startswith(said))
            yield formulas[number], str(entry.expected)
            said = ""


# -- papers ------------------------------------------------------------------------------------


def test_the_source_paper_has_the_verdicts_of_the_ledger() -> None:
    paper = gs.check_paper(without_slow(SOURCE.read_text(encoding="utf-8")))
    pairs = [(formula, expected) for formula, expected in by_ledger(paper) if formula.asked]
    assert len(pairs) >= 12
    assert {expected for _, expected in pairs} == {PROVED, REFUTED}
    assert [(f.line, f.word) for f, _ in pairs] == [(f.line, expected) for f, expected in pairs]


@pytest.mark.parametrize("paper", ERRORS, ids=lambda p: p.stem)
def test_a_planted_error_is_found_at_its_line(paper: Path) -> None:
    found = gs.check_paper(paper)
    assert [formula.line for formula in found.refuted] == planted(paper)
    assert not found.undecided
    assert PROVED in [formula.word for formula in found]
    assert found.refuted[0].counterexample is not None


def test_there_are_ten_of_them() -> None:
    assert len(ERRORS) == 10
    assert all(len(planted(paper)) == 1 for paper in ERRORS)


# -- what a comment holds for ------------------------------------------------------------------


def test_a_comment_holds_for_the_next_display_only() -> None:
    assert words(f"{PAIRS}\\[ {TRUE} \\] \\[ {FALSE} \\]") == [PROVED, LEFT]
    assert words(f"\\[ {FALSE} \\]\n{PAIRS}then\n\n $x=y$ \\[ {TRUE} \\]") == [LEFT, PROVED]


def test_below_a_heading_it_holds_to_the_end_of_the_section() -> None:
    one, two = f"\\[ {TRUE} \\]", f"\\[ {FALSE} \\]"
    text = f"\\section*{{A {{nested}} title}}\\label{{x}}\n% by the way\n\n{PAIRS}{one}{two}"
    assert words(f"{text}\\section{{B}}{two}") == [PROVED, REFUTED, LEFT]
    assert words(f"{text}\\subsection{{B}}{two}") == [PROVED, REFUTED, REFUTED]
    assert words(f"{text}% grpo: off\n{two}") == [PROVED, REFUTED, LEFT]
    assert words(f"{text}% grpo: skip\n{two}{two}") == [PROVED, REFUTED, LEFT, REFUTED]
    inner = "\\subsection{C}\n% grpo: group_size=3\n"
    other = r"\[ \pi(a) \ge 1 - \beta/\sqrt{2} \]"  # of triples; pairs do not obey it
    assert words(f"{text}{inner}{other}")[-1] == PROVED
    assert words(f"{text}{inner}text\\section{{D}}{PAIRS}{other}")[-1] == REFUTED


def test_before_the_document_and_by_its_word_it_holds_for_all() -> None:
    two = f"\\[ {TRUE} \\]\\section{{A}}\\[ {FALSE} \\]"
    assert words(f"{PAIRS}\\begin{{document}} {two}") == [PROVED, REFUTED]
    assert words(f"% grpo: document group_size=2\n{two}") == [PROVED, REFUTED]
    assert words(f"text\n% grpo: section group_size=2\n{two}") == [PROVED, LEFT]


def test_rows_have_comments_of_their_own() -> None:
    rows = r"""\begin{align}
% grpo: group_size=3
\pi(a) &\ge 1 - \beta/\sqrt{2} \\
% grpo: group_size=2
\pi(a) &\ge 1 - \beta/\sqrt{2} \end{align}"""
    assert [(f.line, f.word) for f in gs.check_paper(rows)] == [(3, PROVED), (5, REFUTED)]


def test_in_a_section_what_is_no_statement_is_left_out_but_not_where_it_is_asked_for() -> None:
    other = r"\[ E = m c^2 \]"
    paper = gs.check_paper(f"\\section{{A}}\n{PAIRS}{other}\n")
    assert paper.formulas[0].word == LEFT
    assert "not known" in paper.formulas[0].reason
    assert not paper.fails()
    assert paper.fails(strict=True)
    assert words(f"{PAIRS}{other}") == [UNKNOWN]
    assert words(f"{PAIRS} and nothing") == [UNKNOWN]


def test_words_of_a_comment_are_the_options_of_the_command_line() -> None:
    for text in ("group_size=8 penalty=direct_kl margin", "--group-size 8 --penalty direct-kl "
                 "--margin", "group-size = 8, penalty='direct-kl', margin=gamma"):  # fmt: skip
        setting = read_setting(text)
        assert setting.algorithm == gs.GRPO(8, gs.DirectKL())
        assert setting.question == gs.BinaryQuestion(margin=symbols.gamma)
    assert read_setting("group_size=G").algorithm == gs.GRPO(symbols.G)
    assert read_setting("success").question == gs.BinaryQuestion(success=symbols.success)
    assert read_setting("rewards=(3, 2, 1)").question == gs.Question(rewards=(3, 2, 1))
    ddof = gs.GRPO(4, advantage=gs.ShiftAndScale(ddof=1, epsilon="1e-4"))
    assert read_setting("group_size=4 scale=std ddof=1 epsilon=1e-4").algorithm == ddof
    assert read_setting("preset=trl@1.9 where-defined").where_defined


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("group_size=1", "--group-size must be an integer of at least 2"),
        ("groups=2", "there is no option --groups; is --group-size meant?"),
        ("preferences=/etc/passwd", "a paper's comments read none"),
        ("skip group_size=2", "skip stands alone"),
        ("preset=trl penalty=k1", "cannot be given with --preset"),
        ("help", "there is no option --help"),
        ("@/etc/passwd", "there is no option --@/etc/passwd"),
        ("x" * 3_000, "may have 2000 characters"),
    ],
)
def test_a_bad_comment_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        gs.check_paper(f"\n\n% grpo: {text}\n\\[ {TRUE} \\]")
    assert str(error.value).startswith("<text>:3: ")


# -- reading -----------------------------------------------------------------------------------


def test_names_of_the_paper_are_read_and_names_given_away_mean_nothing() -> None:
    notation = r"% grpo-notation: beta=\lambda, pi_ref=\mu, answer=y_w, other=y_l, context=\xi"
    formula = r"\lambda \bigl(\pi(y_w\mid\xi) - \mu(y_w)\bigr) = \pi(y_w)\pi(y_l | \xi)"
    assert words(f"{notation}\n{PAIRS}\\[ {formula} \\]") == [PROVED]
    assert r"\beta is not a name here" in reason(r"\pi(y_w) \ge 1 - \beta", before=notation)
    short = "% grpo-notation: short"
    assert words(f"{short}\n{PAIRS}\\[ \\beta(p - p_0) = p (1-p) \\]") == [PROVED]
    with pytest.raises(ValueError, match=r":1: --notation"):
        gs.check_paper("% grpo-notation: weight=x\n")


def test_the_meaning_of_a_macro_is_the_one_that_tex_gives_it() -> None:
    """Each of these formulas is right, and wrong with another meaning of the macro."""
    for text in (
        r"\newcommand{\x}[2][\beta]{#2 - #1} %s\[ \pi(a) \ge \x{1} \]",
        r"\def\x{2}{\def\x{3}}{ \renewcommand\x{4} } %s\[ \pi(a) < \x - 1 \]",
        r"\let\b\beta \renewcommand{\beta}{\b/2} %s\[ \pi(a) \ge 1 - 2\beta \]",
        r"\providecommand\x{1}\providecommand\x{9} %s\[ \pi(a) < \x \]",
        r"{\gdef\x{1}} %s\[ \pi(a) < \x \]",
        r"\DeclareMathOperator*{\x}{log} %s\[ \x(\pi(a)) < 0 \]",
        r"\NewDocumentCommand{\x}{m m}{#1 #2} %s\[ \x-+\pi(a) < 0 \]",
    ):
        assert words(text.replace("%s", f"\n{PAIRS}")) == [PROVED], text


@pytest.mark.parametrize(
    ("before", "formula", "sentence"),
    [
        (r"\ifdraft\def\x{1}\else\def\x{2}\fi", r"\pi(a) < \x", "a form that is not read"),
        (r"\def\x(#1){#1}", r"\pi(a) < \x(1)", "a form that is not read"),
        ("", r"\pi(a) < \x", "is not a command that formulas may use"),
        ("", r"\pi(a) \ge 1 - \beta \quad\text{near } \beta < 1", "'near' is not a function"),
        ("", r"\pi(a) \ge 1 - \beta \quad\text{for } \pi(a) < 1", "speaks of pi"),
        ("", r"\pi(a) \ge 2 - \beta, \text{ where } \pi(a) < 1/3", "speaks of pi"),
        ("", r"\pi(a) \ge 2 - \beta, \qquad \beta > 1", "does not continue a formula"),
        ("", r"\pi(a) \propto \beta", "is not a command"),
        ("", r"\pi(a) \not= 1", "is not a command"),
        ("", r"1 - \beta", "no relation"),
        ("", r"\pi(a) < \begin{array}{c} 1 \end{array}", "environments inside of it"),
        ("", r"\begin{cases} \pi(a) = 1 \end{cases}", "a value, & and its condition"),
        ("", r"\pi(a) \ge \begin{cases} 1 & \beta < 0 \\ 0 & \beta \ge 0 \end{cases}", "beta"),
        (r"\newcommand{\x}[1]{#1}", r"\pi(a) < \x", "lacks an argument"),
        (r"\def\x{\x\x}", r"\pi(a) < \x", "expands to more than"),
        ("".join(rf"\def\x{a}{{\x{b}\x{b}}}" for a, b in zip("abcdefghijklmnop",
         "bcdefghijklmnopq", strict=True)) + r"\def\xq{11}", r"\xa = 1", "expands to more"),
        ("", "{" * 3_000 + "1" + "}" * 3_000 + r" = \pi(a)", "nested"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_undecided(before: str, formula: str, sentence: str) -> None:
    assert sentence in reason(formula, before=before)


def test_displays_of_every_kind() -> None:
    for display in (
        "\\begin{equation*} %s \\end{equation*}",
        "\\begin{equation}\\begin{aligned}[t] %s \\end{aligned}.\\end{equation}",
        "\\begin{flalign} && %s \\\\[2pt] \\end{flalign}",
        "\\begin{alignat}{2} %s & \\end{alignat}",
        "\\begin{displaymath}%s\\end{displaymath}",
        "\\def\\be{\\[}\\def\\ee{\\]} \\be %s \\ee",
        "$$ %s $$",
        "\n $ %s $",
        "\n\\( %s \\)",
    ):
        before, _, after = display.partition("%s")
        start, _, rest = before.rpartition("\\be ") if "\\be " in before else ("", "", before)
        start += "\\be " * ("\\be " in before) and start
        text = before.replace(rest, f"\n{PAIRS}{rest}", 1) if not start else (
            f"{start}\n{PAIRS}\\be ")  # fmt: skip
        assert words(f"{text}{FALSE}\\,,\\label{{x}}\\nonumber{after}") == [REFUTED], display


def test_rows_and_remarks() -> None:
    text = rf"""
% grpo: group_size=2
\begin{{align}}
  {TRUE}, & \text{{ and }} & & {TRUE} && \text{{by (3)}} \\*[1ex]
  \intertext{{as well as}}
  \pi(a) &= \bigl(1 - \beta \\ &\qquad + \beta\bigr) \pi(a) \\
  & < 1 = 2 / 2. % a comment \\ here
\end{{align}}
\verb|% grpo: x| \begin{{comment}} \[ broken \end{{comment}} \end{{document}} \[ no end"""
    found = gs.check_paper(text)
    assert [(f.line, f.word) for f in found] == [(4, PROVED), (4, PROVED), (6, PROVED), (7, PROVED)]


@pytest.mark.parametrize(
    ("remark", "word"),
    [
        (r"(see \cite{x} and \eqref{y})", PROVED),
        (r"by \eqref{y}", PROVED),
        (r"by $\beta < 1$", UNKNOWN),
        ("since b < 1", UNKNOWN),
        ("for large groups", UNKNOWN),
    ],
)
def test_a_remark_beside_a_formula_is_no_condition(remark: str, word: str) -> None:
    beside = rf"\[ {TRUE} \quad\text{{{remark}}} \]"
    assert words(f"% grpo: group_size=2\n{beside}") == [word]


@pytest.mark.parametrize("algorithm", [gs.GRPO(2), gs.RLHF()], ids=str)
def test_what_the_library_exports_is_read_back(algorithm: gs.Algorithm) -> None:
    policy = gs.stationary_policy(algorithm, BINARY)
    setting = "preset=rlhf" if algorithm == gs.RLHF() else "group_size=2"
    names = r"beta=\lambda, pi_ref=\mu, answer=y, context=x"
    notation = gs.Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y", context="x")
    tex = policy.export("latex-display", notation=notation)
    head = f"% grpo-notation: {names}\n% grpo: document {setting}\n"
    assert words(head + tex) == [PROVED]
    assert words(head + tex.replace(r"\mu(", r"\lambda \mu(", 1)) == [REFUTED]


# -- hostile files -----------------------------------------------------------------------------


def test_hostile_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    paper = tmp_path / "paper.tex"
    for content, sentence in (
        (b"\n\xff\xfe", "paper.tex:2: a paper must be text in UTF-8, got the byte 0xff"),
        (b"x" * 2_000_001, "a paper may have 2000000 bytes"),
        (b"\n\\begin{equation} x", "paper.tex:2: this mathematics has no end"),
        (b"\\[" + b"x" * 30_000 + b"\\]", "no end within 20000 characters"),
        (b"\\def\\x{1}" * 3_000, "may define 2000 macros"),
        (b"\\[x\\]" * 3_000, "may have 2000 displays"),
        (b"% grpo: document\n" + b"\\[x\\]" * 500, "may have 400 formulas to check"),
    ):
        paper.write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(sentence)):
            gs.check_paper(paper)
    with pytest.raises(ValueError, match="must be a readable LaTeX file"):
        gs.check_paper(tmp_path)
    with pytest.raises(ValueError, match="got int"):
        gs.check_paper(7)  # type: ignore[arg-type]


def test_harmless_rubbish_is_passed_over() -> None:
    for text in ("{" * 9_000, "}" * 9_000, "\\" * 9_001, "%" * 9_000, "\\begin" * 900,
                 "$ " + "x" * 9_000, "\\iffalse" * 900, "\\def" * 900, "\\newcommand{" * 900,
                 "\0\r\n\t" * 900, "\\section{" * 900, "\\verb" * 900):  # fmt: skip
        assert len(gs.check_paper(f"\n{text}\n")) == 0


def test_no_file_is_read_but_the_paper(tmp_path: Path) -> None:
    (tmp_path / "other.tex").write_text(f"{PAIRS}\\[ {FALSE} \\]")
    paper = tmp_path / "paper.tex"
    paper.write_text("\\input{other}\\include{other}\\write18{touch ran}")
    assert len(gs.check_paper(paper)) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.tex", "paper.tex"]


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.tex"
    path.write_text(f"\\documentclass{{article}}\\begin{{document}}\r\n{PAIRS}\\[ {TRUE} \\]\n"
                    f"{PAIRS}\\[ {FALSE} \\]\n{PAIRS}\\[ Z = 1 \\]\n\\[ x \\]\n"
                    "\\end{document}\n", newline="")  # fmt: skip
    return path


def test_json_has_five_keys_and_the_status_tells(
    paper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-paper", str(paper), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {tuple(entry) for entry in found} == {
        ("file", "line", "formula", "verdict", "counterexample")
    }
    assert [(e["line"], e["verdict"]) for e in found] == [
        (3, PROVED), (5, REFUTED), (7, UNKNOWN), (8, LEFT)
    ]  # fmt: skip
    assert {entry["file"] for entry in found} == {str(paper)}
    right = paper.with_name("right.tex")
    right.write_text(f"{PAIRS}\\[ {TRUE} \\]\n{PAIRS}\\[ Z = 1 \\]\n")
    assert main(["check-paper", str(right)]) == 0
    assert main(["check-paper", str(right), "--strict"]) == 1
    assert main(["check-paper", str(right), str(paper)]) == 1
    assert main(["check-paper", str(right.with_name("none.tex"))]) == 2
    assert main(["check-paper", str(right), "--annotate", str(right)]) == 2


def test_the_text_has_file_line_verdict_and_counterexample(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "paper.tex"
    path.write_text("\n% grpo: group_size=3\n\\[ \\pi(a) \\ge \\frac{1}{1 + \\beta^2} \\]\n")
    assert main(["check-paper", str(path)]) == 1
    out = capsys.readouterr().out
    assert rf"{path}:3: REFUTED  \pi(a) \ge \frac{{1}}{{1 + \beta^2}}" in out
    assert "counterexample: pi_ref = 1/4, beta = 1/2" in out
    assert out.endswith(f"{path}: 1 REFUTED\n")


def test_a_marked_copy_keeps_its_lines_and_its_verdicts(
    paper: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = paper.read_bytes()
    main(["check-paper", str(paper), "--annotate"])
    copy = paper.with_name("paper.checked.tex")
    assert f"wrote {copy}" in capsys.readouterr().out
    assert paper.read_bytes() == before
    marked = copy.read_bytes().decode()
    assert re.findall(r"\\grpoverdict\{([a-zA-Z ]+?)(?: at [^}]*)?\}\\\]", marked) == [
        "proved", "REFUTED", "undecided", "not checked"
    ]  # fmt: skip
    again, first = gs.check_paper(copy), gs.check_paper(paper)
    assert [(f.line, f.word, f.formula) for f in again] == [
        (f.line, f.word, f.formula) for f in first
    ]
    main(["check-paper", str(paper), "--annotate", str(tmp_path / "b.tex")])
    assert (tmp_path / "b.tex").read_bytes() == copy.read_bytes()
    if shutil.which("pdflatex"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", copy.name]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
