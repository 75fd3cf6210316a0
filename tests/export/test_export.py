"""Exports: every format is run, parsed or compiled, and means the formula it was made from."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from typing import Any

import latex2mathml.converter  # noqa: F401  (a missing library is a failure, not a skip)
import pypandoc  # noqa: F401
import pytest
import typst
from sympy import (
    Rational,
    Symbol,
    acosh,
    acot,
    asin,
    asinh,
    atan,
    atanh,
    cosh,
    log,
    oo,
    sqrt,
    sympify,
)

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.cli import main
from grpo_symbolic.export.assumptions import assumptions, ranges
from grpo_symbolic.export.exhibit import prose_tex
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.lines import broken
from grpo_symbolic.export.measure import width
from grpo_symbolic.registry import FORMATS

TEXTS = [
    *("latex", "latex-inline", "latex-display", "latex-align", "latex-theorem", "latex-proof"),
    *("latex-document", "bibtex", "markdown", "mathml", "typst", "sympy", "json"),
]
EPSILON = gs.ShiftAndScale(1, s.epsilon)
CASES: dict[str, tuple[Any, Any]] = {
    "pairs with margin": (gs.GRPO(2), gs.BinaryQuestion(margin=s.gamma)),
    "large groups": (gs.GRPO(oo), gs.BinaryQuestion()),
    "pairs, noisy": (gs.GRPO(2), gs.BinaryQuestion(success=s.success)),
    "groups of four": (gs.GRPO(4), gs.BinaryQuestion()),
    "groups of eight": (gs.GRPO(8), gs.BinaryQuestion()),
    "rlhf": (gs.RLHF(), gs.BinaryQuestion()),
    "direct KL": (gs.GRPO(2, penalty=gs.DirectKL()), gs.BinaryQuestion()),
    "direct KL, large groups": (gs.GRPO(oo, penalty=gs.DirectKL()), gs.BinaryQuestion()),
    "three answers": (gs.GRPO(2), gs.Question.symbolic(3)),
    "levels": (gs.GRPO(2), gs.Question(rewards=(2, 2, 1))),
    "three answers, epsilon": (gs.GRPO(3, advantage=EPSILON), gs.Question.symbolic(3)),
}
VY = gs.Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y", context="x")
# Closed forms in one formula, without abbreviations.
READ_BACK = ["pairs with margin", "large groups", "rlhf", "direct KL"]
SOLVED = {*CASES} - {"groups of eight", "direct KL, large groups", "three answers, epsilon"}


@cache
def policy(name: str) -> Any:
    return gs.stationary_policy(*CASES[name])


def solution(name: str) -> list[tuple[Any, Any]]:
    """The closed form, or the sides of the equations, every mean over a group written out."""
    found = policy(name)
    if name in SOLVED:
        if len(found.question) == 2:
            return [(s.pi, found.expressions[0])]
        return list(zip([s.policy(o) for o in (1, 2, 3)], found.expressions, strict=True))
    return [(unfolded(e.lhs), unfolded(e.rhs)) for e in found.equations]


def test_every_text_format_is_in_the_registry() -> None:
    assert set(TEXTS) | {"python"} <= set(FORMATS)
    with pytest.raises(ValueError, match=r"must be one of latex, latex-inline, .*, got 'pdf'") as e:
        policy("rlhf").export("pdf")
    assert all(name in str(e.value) for name in FORMATS)
    with pytest.raises(ValueError, match="notation must be a Notation"):
        policy("rlhf").export("latex", notation="short")


@pytest.mark.parametrize("name", CASES)
def test_the_sympy_program_builds_the_formula_again(name: str) -> None:
    """Run in a namespace of its own that has nothing but SymPy."""
    source = policy(name).export("sympy")
    assert re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE) == ["sympy"]
    space: dict[str, Any] = {"__builtins__": __builtins__}
    exec(compile(source, name, "exec"), space)  # the test runs what a user would run
    found = [(e.lhs, e.rhs) for e in space["equations"]]
    assert found == solution(name)
    assert all(
        left - right == a - b for (left, right), (a, b) in zip(found, solution(name), strict=True)
    )


def test_the_sympy_program_runs_without_this_library() -> None:
    source = policy("pairs with margin").export("sympy")
    script = source + "\nimport sys\nassert 'grpo_symbolic' not in sys.modules\n" + (
        "value = equations[0].rhs.subs({beta: Rational(1, 2), gamma: 1, pi_ref: Rational(3, 8)})"
        "\nprint(value)"
    )  # fmt: skip
    run = [sys.executable, "-I", "-W", "error", "-c", script]
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert shown == "3/4\n"  # p^2 - p/2 = 3/16


@pytest.mark.parametrize("name", ["pairs with margin", "groups of eight", "three answers, epsilon"])
def test_json_holds_everything_exactly(name: str) -> None:
    found = policy(name)
    data = json.loads(found.export("json", notation=VY))
    assert data["version"] == 1
    known = {
        entry["identifier"]: Symbol(entry["name"], **entry["assumptions"])
        for entry in data["symbols"]
    }

    def read(text: str) -> Any:
        return sympify(text, locals={**known, "Rational": Rational})

    assert [(read(e["left"]), read(e["right"])) for e in data["equations"]] == [
        (unfolded(e.lhs), unfolded(e.rhs)) for e in found.equations
    ]
    closed = data["closed_form"]
    assert (closed is not None) == (name in SOLVED)
    if closed is not None:
        texts = closed if isinstance(closed, list) else [closed]
        assert [read(text) for text in texts] == [e for _, e in solution(name)]
    again = gs.Domain(
        tuple(
            type(found.domain.ranges[0])(
                known[r["symbol"]],
                read(r["lower"]),
                read(r["upper"]),
                r["lower_closed"],
                r["upper_closed"],
            )
            for r in data["domain"]
        )
    )
    assert again == found.domain
    assert data["latex"] == found.latex(VY)
    assert {v["status"] for v in data["verdicts"]} <= {"PROVED", "NUMERIC"}
    assert data["verdicts"]


@pytest.mark.parametrize("notation", [None, VY, gs.Notation.short()], ids=["own", "vy", "short"])
@pytest.mark.parametrize("name", CASES)
def test_mathml_is_well_formed_and_has_no_tex_left(name: str, notation: Any) -> None:
    text = policy(name).export("mathml", notation=notation)
    assert "\\" not in text
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert root.tag == f"{space}math"
    known = {"mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "mroot", "msup", "msub"}
    known |= {"msubsup", "mtable", "mtr", "mtd", "mspace", "mover", "math"}
    assert {node.tag.removeprefix(space) for node in root.iter()} <= known
    # As many fractions and roots as in the TeX, and the names as words.
    shown = policy(name).exhibited()
    own = notation or gs.Notation()
    tex = " ".join(formula(e, own) for e in (*shown.formulas, *shown.where))
    lines = [node.get("linethickness") for node in root.iter(f"{space}mfrac")]
    assert lines.count(None) == tex.count(r"\frac")
    assert lines.count("0") == tex.count(r"\binom")
    roots = root.findall(f".//{space}msqrt") + root.findall(f".//{space}mroot")
    assert len(roots) == tex.count(r"\sqrt")
    words = [node.text for node in root.iter(f"{space}mtext")]
    assert words.count("ref") == tex.count(r"\mathrm{ref}")


@pytest.mark.parametrize("name", CASES)
def test_typst_compiles(name: str, tmp_path: Path) -> None:
    text = policy(name).export("typst", notation=VY)
    file = tmp_path / "formula.typ"
    file.write_text(text, encoding="utf-8")
    assert typst.compile(str(file)).startswith(b"%PDF")
    assert "\\mu" not in text
    assert "mu" in text


@pytest.mark.parametrize("name", READ_BACK)
def test_the_library_reads_its_own_formula_back_and_proves_it(name: str) -> None:
    """An independent route: the TeX goes through the parser for formulas of other people."""
    algorithm, question = CASES[name]
    inline = policy(name).export("latex-inline")
    assert gs.check(inline, algorithm, question).verdict == gs.Status.PROVED
    wrong = inline.replace("1 -", "2 -", 1) if "1 -" in inline else inline.replace("+", "-", 1)
    assert gs.check(wrong, algorithm, question).verdict == gs.Status.REFUTED


def balanced(tex: str) -> bool:
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", tex):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            return False
    return not stack and tex.count("{") == tex.count("}")


@pytest.mark.parametrize("name", CASES)
def test_tex_blocks_say_all_that_a_reader_needs(name: str) -> None:
    found = policy(name)
    theorem = found.export("latex-theorem", notation=VY)
    display = found.export("latex-display", notation=VY)
    for text in (theorem, display, found.export("latex-align", notation=VY)):
        assert balanced(text)
        assert not re.search(r"_\{?(?:ref|old)", text)
    # Each has labels of its own: both stand in one document.
    assert not set(re.findall(LABEL, display)) & set(re.findall(LABEL, theorem))
    assert r"$\lambda > 0$" in theorem
    assert theorem.startswith(r"\begin{theorem}[Stationar")
    assert theorem.endswith(r"\end{theorem}")  # comments before it: anything may follow
    assert r"\newtheorem{theorem}" in theorem
    assert ("the stationary policy is" in theorem) == (name in SOLVED)
    assert ("is stationary if and only if" in theorem) == (name not in SOLVED)
    assert "kept by name" not in theorem
    if "three answers" in name:
        assert r"$r(1) > r(2) > r(3)$" in theorem  # the closed form rests on the order alone


def test_abbreviations_come_out_whole() -> None:
    found = policy("groups of four")
    names = [formula(symbol) for symbol, _ in found.closed.abbreviations]
    for form in ("latex", "latex-inline", "latex-display", "latex-theorem", "markdown", "typst"):
        text = found.export(form)
        for name in names:
            assert re.search(rf"(?:{re.escape(name)}|{name.strip(chr(92))}) &?=", text), (
                form,
                name,
            )


@pytest.mark.parametrize("name", CASES)
def test_markdown_is_usable_on_github(name: str) -> None:
    text = policy(name).export("markdown")
    blocks = re.findall(r"^\$\$\n(.*)\n\$\$$", text, re.MULTILINE)
    assert text.count("$$") == 2 * len(blocks)
    exhibit = policy(name).exhibited()
    assert blocks == [formula(e) for e in (*exhibit.formulas, *exhibit.where)]
    # A line break of TeX, or its small spaces, would be eaten by Markdown.
    assert not re.search(r"\\[\\,;!{}]", "".join(blocks))
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|```.*?```|`\w+`", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[_<>\[\]`]|\\(?![\\`*_\[\]<>#|])", prose)


LABEL = r"\\label\{([^}]*)\}"
WIDE = (gs.GRPO(2, advantage=gs.ShiftAndScale(0, "1e-4")), gs.BinaryQuestion())


@pytest.mark.parametrize("notation", [None, VY], ids=["own", "vy"])
def test_the_bare_formula_fits_into_two_lines_of_document(notation: Any, tmp_path: Path) -> None:
    """``$$...$$`` with amsmath alone, in the narrow text of the article class."""
    names = ("groups of four", "groups of eight", "large groups", "three answers", "levels")
    shown = [policy(n).latex(notation) for n in names]
    shown.append(gs.stationary_policy(*WIDE).latex(notation))
    for tex in shown:
        assert balanced(tex)
        assert (r"\begin{aligned}" in tex) == ("&" in tex)
    assert shown[0].count("=") == 7
    assert "&" not in shown[2]
    if shutil.which("pdflatex") is None:
        return  # the structure was tested
    body = "\n\n".join(f"$${tex}$$" for tex in shown)
    head = r"\documentclass{article}\usepackage{amsmath}\begin{document}"
    (tmp_path / "two.tex").write_text(head + body + r"\end{document}", encoding="utf-8")
    run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "two.tex"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert r"Overfull \hbox" not in done.stdout


def test_a_formula_over_several_lines_is_read_back() -> None:
    tex = gs.stationary_policy(*WIDE).latex()
    assert tex.count(r"\\") == 1
    assert gs.check(tex, *WIDE).verdict == gs.Status.PROVED
    wrong = tex.replace(r"\quad +", r"\quad -")
    assert gs.check(wrong, *WIDE).verdict == gs.Status.REFUTED


def test_a_display_taller_than_a_page_has_page_breaks_and_one_number() -> None:
    found = gs.stationary_policy(gs.GRPO(oo), gs.Question(rewards=tuple(range(13, 0, -1))))
    text = found.export("latex-display")
    rows = text.count(r"\\") + 1
    assert rows > 25
    assert r"\begin{align}" in text
    assert r"\allowdisplaybreaks" in text
    assert text.count(r"\notag") == rows - 1
    assert re.search(r"\\label\{eq:[\w-]+\}$", text.splitlines()[-2])
    assert balanced(text)


def test_a_notation_that_is_none_is_refused() -> None:
    for call in (policy("rlhf").latex, policy("three answers").latex, lambda n: formula(s.pi, n)):
        with pytest.raises(ValueError, match="notation must be a Notation, got 'short'"):
            call("short")


DOCUMENTS = ["pairs with margin", "groups of four", "groups of eight", "three answers, epsilon"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_compiles_and_nothing_sticks_out(name: str, tmp_path: Path) -> None:
    text = policy(name).export(
        "latex-document", notation=gs.Notation(pi=r"\pi_\theta", context="q")
    )
    assert text.startswith(r"\documentclass")
    assert text.endswith(r"\end{document}")
    assert balanced(text)
    if shutil.which("pdflatex") is None:
        return  # the structure was tested
    (tmp_path / "result.tex").write_text(text, encoding="utf-8")
    run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "result.tex"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert (tmp_path / "result.pdf").read_bytes().startswith(b"%PDF")


def test_long_sums_are_broken_and_lose_nothing() -> None:
    equation = gs.stationary_policy(gs.GRPO(12), gs.BinaryQuestion()).equation
    tex = formula(unfolded(equation.rhs))
    lines = broken(tex, 221.0)
    assert len(lines) > 4
    assert max(map(width, lines)) <= 221.0
    assert "".join(lines).replace(" ", "") == tex.replace(" ", "")
    assert all(line.count("{") == line.count("}") for line in lines)  # nothing is cut open
    assert broken(formula(equation.lhs)) == [formula(equation.lhs)]


def test_inverse_functions_have_their_usual_names() -> None:
    u = s.u
    for expr, tex in (
        (asin(u), r"\arcsin u"),
        (atan(u / 2), r"\arctan \frac{u}{2}"),
        (asinh(sqrt(u)), r"\operatorname{arsinh}\left(\sqrt{u}\right)"),
        (acosh(u), r"\operatorname{arcosh} u"),
        (atanh(u) ** 2, r"\left(\operatorname{artanh} u\right)^{2}"),
        (acot(u), r"\operatorname{arccot} u"),
        (cosh(u), r"\cosh u"),
        (log(u), r"\log u"),
    ):
        assert formula(expr) == tex


def test_assumptions_are_chains() -> None:
    order = gs.Question.symbolic(3).declared
    assert ranges(order) == ("r(1) > r(2) > r(3)",)
    rates = gs.Domain.of(s.success[1], s.success[0], s.beta)
    assert assumptions(rates) == r"$0 \le s_b < s_a \le 1$ and $\beta > 0$"
    assert assumptions(rates, VY) == r"$0 \le s_{y'} < s_y \le 1$ and $\lambda > 0$"
    assert ranges(gs.Domain.of((s.beta, s.gamma, oo), s.base_reward)) == (
        r"\beta > \gamma",
        r"r(b) \in \mathbb{R}",
    )
    assert rates.relevant(s.success[0]) == gs.Domain.of(s.success[1], s.success[0])


def test_plain_sentences_become_tex() -> None:
    assert prose_tex("at beta = 1, pi_ref = 1/3 over Q(√3, √5), 5% of pi(a)") == (
        r"at $\beta = 1$, $\pi_{\mathrm{ref}}(a) = 1/3$ over $\mathbb{Q}(\sqrt{3}, \sqrt{5})$, "
        r"5\% of $\pi(a)$"
    )
    assert prose_tex("compiled") == "compiled"


@pytest.mark.parametrize(
    ("module", "form"), [("latex2mathml.converter", "mathml"), ("pypandoc", "typst")]
)
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, form: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=f"the format {form} needs .*: pip install"):
        policy("rlhf").export(form)


# -- the command line ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", [f for f in TEXTS if f not in ("latex", "json")])
def test_the_command_line_writes_the_same_text(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    names = r"beta=\lambda,pi_ref=\mu,answer=y,context=x"
    assert main(["derive", "--margin", "--format", form, "--notation", names]) == 0
    assert capsys.readouterr().out == policy("pairs with margin").export(form, notation=VY) + "\n"


def test_the_command_line_knows_the_short_notation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--format", "latex", "--notation", r"short,beta=\tau"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith(r"p = \frac{1}{2}\left(1 - \tau")
    assert out.count("\n") == 1
    assert r"\pi" not in out


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (r"beta=\gamma", "beta and gamma are both"),
        ("weight=w", "each key once and one of beta"),
        ("beta", "KEY=TEX"),
        ("beta=a,beta=c", "each key once"),
        ("beta={", "beta must be a name in TeX"),
        ("beta=", "beta must be a name in TeX"),
    ],
)
def test_bad_notation_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], value: str, sentence: str
) -> None:
    assert main(["derive", "--format", "latex", "--notation", value]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "--notation" in err
    assert sentence in err


def test_the_exhibit_of_an_equation_says_what_is_unknown() -> None:
    shown = policy("direct KL, large groups").exhibit
    assert not shown.solved
    assert shown.formulas == (policy("direct KL, large groups").equation,)
    assert shown.expressions == ()
    assert r"solutions $\pi(a)$ of" in shown.predicate
