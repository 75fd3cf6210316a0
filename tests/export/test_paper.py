"""Exports for papers: widths against TeX, forty in one document, what a reader finds in them."""

import re
import shutil
import subprocess
from functools import cache
from math import comb
from pathlib import Path
from typing import Any

import pytest
from sympy import Rational, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.cli import main
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.lines import Names, fitted
from grpo_symbolic.export.measure import width
from grpo_symbolic.export.references import REFERENCES, bibtex
from grpo_symbolic.export.tables import tabular
from grpo_symbolic.grammar.statement import statements

VY = gs.Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y", context="x")
CASES: dict[str, tuple[Any, Any]] = {
    "noisy": (gs.GRPO(8), gs.BinaryQuestion(success=s.success)),
    "noisy numbers": (gs.GRPO(8), gs.BinaryQuestion(success=("4/5", "3/10"))),
    "levels": (gs.GRPO(4), gs.Question(rewards=(1, "1/2", "1/4", 0))),
    "trl": (gs.presets.trl().algorithm, gs.BinaryQuestion()),
    "pairs": (gs.GRPO(2), gs.BinaryQuestion(margin=s.gamma)),
    "ranks": (gs.GRPO(2), gs.Question.symbolic(3)),
    "eight": (gs.GRPO(8), gs.BinaryQuestion()),
    "six": (gs.GRPO(6), gs.BinaryQuestion()),
    "rlhf": (gs.RLHF(), gs.BinaryQuestion()),
    "plain pairs": (gs.GRPO(2), gs.BinaryQuestion()),
    "direct": (gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion()),
}
HEAD = (
    r"\documentclass[a4paper%s]{article}\usepackage{amsmath,amssymb,amsthm,booktabs}"
    r"\newtheorem{theorem}{Theorem}\newtheorem{lemma}{Lemma}\begin{document}"
)
LABEL, REFERENCE = re.compile(r"\\label\{([^}]*)\}"), re.compile(r"\\(?:eq)?ref\{([^}]*)\}")
needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@cache
def policy(name: str) -> Any:
    return gs.stationary_policy(*CASES[name])


def exported(name: str, part: str, **options: Any) -> str:
    return policy(name).export(f"latex-{part}", **options)


def compiled(tex: str, folder: Path, runs: int = 2) -> str:
    """What pdflatex says in its last run."""
    (folder / "p.tex").write_text(tex, encoding="utf-8")
    run = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "p.tex"]
    for _ in range(runs):
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def complaints(log: str) -> list[str]:
    return re.findall(r"Overfull \\hbox.*|.*multiply defined.*|.*undefined.*", log)


# -- widths ----------------------------------------------------------------------------------------


@needs_tex
def test_the_width_of_a_formula_is_what_tex_makes_it(tmp_path: Path) -> None:
    """An independent route: TeX sets the same formulas into boxes and says how wide they are."""
    shown = [
        r"\mathbb{E}_{o_2, o_3, o_4 \sim \pi}\left[\frac{r_1 - \mathrm{mean}}{\mathrm{std}}\right]",
        r"\pi_\theta(y^{+} \mid x)",
        r"h_8'(p) + x^{2} - \lambda \le 0",
        r"e^{-\frac{1}{\beta}} + \hat{\mu}(y) \quad\text{for every answer } o",
        r"\bigl(1 - x\bigr) \Bigl(\frac{1}{2} + \mathcal{P}\Bigr)",
        r"\sum_{k_1 + \dots + k_4 = 3} \binom{3}{k_1, \dots, k_4}",
    ]
    for size in (2, 4, 8, 12):
        found = gs.stationary_policy(gs.GRPO(size), gs.BinaryQuestion())
        shown += [formula(e) for e in (*found.shown.formulas, *found.shown.where)]
        shown.append(formula(unfolded(found.equation.rhs), VY))
    boxes = "".join(rf"\setbox0\hbox{{$\displaystyle {t}$}}\typeout{{W:\the\wd0}}" for t in shown)
    log = compiled(HEAD % "" + boxes + r"x\end{document}", tmp_path, runs=1)
    measured = [float(w) for w in re.findall(r"W:([\d.]+)pt", log)]
    assert len(measured) == len(shown)
    for tex, wide in zip(shown, measured, strict=True):
        assert width(tex) == pytest.approx(wide, rel=0.02, abs=1.0), tex


def test_widths_grow_with_what_is_set() -> None:
    assert width("m") > width("i") > 0
    assert width(r"\frac{a + b}{c}") == pytest.approx(width("a + b", "T") + 2.4)
    assert width("x^{2}") < width("x 2")
    assert width(r"a \quad b") == pytest.approx(width("a") + width("b") + 10, abs=0.5)
    assert width(r"\left(\frac{a}{b}\right)") > width(r"\left(a\right)")


# -- forty in one document -------------------------------------------------------------------------


def forty() -> dict[str, list[str]]:
    """Every kind of export, of several settings, in two widths and two notations."""
    parts = ("theorem", "proof", "display", "align")
    found: dict[str, list[str]] = {"column": [], "page": []}
    for wide, texts in found.items():
        for names in (gs.Notation(), VY):
            look: dict[str, Any] = {"width": wide, "notation": names}
            texts += [exported(n, p, **look) for n in ("noisy", "levels", "trl") for p in parts[:2]]
        texts += [exported(n, p, **look) for n in ("pairs", "ranks") for p in parts]
    look = {"width": "column", "notation": VY}
    texts = found["column"]
    texts.append(exported("noisy", "theorem", **look, numbering="none", unfold=1))
    texts.append(exported("noisy", "proof", **look, numbering="none"))
    texts.append(exported("eight", "theorem", **look, numbering="all", unfold="all"))
    texts.append(exported("rlhf", "theorem", **look, verification=True))
    eight, pairs, direct = (policy(n) for n in ("eight", "plain pairs", "direct"))
    statements = [
        eight.statement("limit", "pi_ref", 0),
        eight.statement("escape_threshold"),
        pairs.statement("series", "1/beta", 2),
        pairs.statement("bounds"),
        direct.statement("folds", pi_ref="1/2"),
        eight.statement("sensitivity", "beta"),
        eight.statement("monotonicity", "beta"),
        eight.statement("count"),
        policy("six").statement("limit", "pi_ref", 0),
        policy("direct").statement("limit", "beta", oo),
        policy("rlhf").statement("sensitivity", "pi_ref"),
        pairs.statement("series", "beta", 1),
        gs.comparison(policy("rlhf"), pairs),
        gs.check("pi >= 1/(1 + beta**2)", *CASES["eight"]),
    ]
    texts += [e.export("latex-theorem", **look) for e in statements]
    found["page"].append(statements[0].export("latex-proof"))
    # Other tables, and an environment of the paper's own.
    for part in ("theorem", "proof"):
        own = {"label": "lem:own", "environment": "lemma", **look}
        texts.append(exported("noisy", part, **own))
    votes = gs.Electorate([(3, (1, 0)), (2, (0, 1))], answers=("yes", "no"))
    tables = [
        gs.axiom_table(("rlhf", "borda"), ("pareto", "rankings")),
        gs.compare("grpo2,borda,random-dictator,rlhf-btl,maximal-lottery", votes),
    ]
    for wide, chosen in found.items():
        chosen += [rf"\begin{{table}}\centering {t.latex(width=wide)}\end{{table}}" for t in tables]
        chosen += [prediction(n).export("latex-table", width=wide) for n in (2, 5)]
    texts += [prediction(2).export("latex-theorem", **look), tables[1].export("latex-proof")]
    texts += [e.export("latex-table", **look) for e in (statements[4], statements[12])]
    return found


@cache
def prediction(answers: int) -> Any:
    run = gs.from_trl({"version": "1.9", "num_generations": 8, "beta": 0.04})
    if answers == 2:
        return run.predict(pi_ref="0.2")
    return run.predict(pi_ref=["0.2"] * 5, rewards=(1, "3/4", "1/2", "1/4", 0))


@pytest.fixture(scope="module")
def exports() -> dict[str, list[str]]:
    return forty()


def test_exports_of_one_document_have_labels_of_their_own(exports: dict[str, list[str]]) -> None:
    every = [text for texts in exports.values() for text in texts]
    assert len(every) >= 40
    labels = [label for text in every for label in LABEL.findall(text)]
    assert len(labels) == len(set(labels))
    # No export refers to what another one has, but for a label that was given: each stands alone.
    for text in every:
        text = text.replace(r"Lemma~\ref{lem:own}", "").replace(r"\eqref{eq:own}", "")
        assert set(REFERENCE.findall(text)) <= set(LABEL.findall(text))
        assert r"\resizebox" not in text
        assert r"\cite" not in text


@needs_tex
def test_forty_exports_compile_without_a_warning(
    exports: dict[str, list[str]], tmp_path: Path
) -> None:
    every = [text for texts in exports.values() for text in texts]
    for columns, chosen in ((",twocolumn", exports["column"]), ("", every)):
        body = "\n\n".join(chosen)
        assert complaints(compiled(HEAD % columns + body + r"\end{document}", tmp_path)) == []


# -- what a reader finds ---------------------------------------------------------------------------


@pytest.mark.parametrize("paper", ["a4paper", "letterpaper"])
@pytest.mark.parametrize("name", ["noisy", "noisy numbers", "levels", "trl"])
@needs_tex
def test_an_appendix_takes_one_page_of_two_columns(name: str, paper: str, tmp_path: Path) -> None:
    options = {"label": f"thm:{name.replace(' ', '-')}", "width": "column", "notation": VY}
    body = exported(name, "theorem", **options) + "\n\n" + exported(name, "proof", **options)
    head = HEAD.replace("a4paper", paper) % ",twocolumn" + r"\appendix\section{A}"
    log = compiled(head + body + r"\end{document}", tmp_path)
    assert complaints(log) == []
    assert "(1 page," in log


@pytest.mark.parametrize("name", ["noisy", "levels", "trl"])
def test_a_proof_does_not_repeat_the_equation_of_the_theorem_that_the_author_named(
    name: str,
) -> None:
    named = exported(name, "proof", label="thm:own")
    assert r"\label{eq:own}" in exported(name, "theorem", label="thm:own")
    assert named.count(r"\eqref{eq:own}") == 2
    for options in ({}, {"label": "thm:own", "numbering": "none"}):
        alone = exported(name, "proof", **options)
        assert r"\eqref{eq:own}" not in alone
        assert alone.count(r"\begin{") > named.count(r"\begin{")


@pytest.mark.parametrize("name", ["noisy", "trl", "eight"])
def test_a_proof_does_not_repeat_a_definition_of_the_theorem_that_the_author_named(
    name: str,
) -> None:
    defined, reason = r"h_{8}(m) &= \sum_{k=1}^{7}", r"\mathbb{E}\, f(K/8) = h_{8}(m)"
    theorem, named = (exported(name, p, label="thm:own") for p in ("theorem", "proof"))
    assert defined in theorem
    assert r"\sum_{k=1}^{7}" not in named
    assert reason in named  # what its definition rests on
    for options in ({}, {"label": "thm:own", "numbering": "none"}):
        assert r"\sum_{k=1}^{7}" in exported(name, "proof", **options)


def test_what_a_rule_adds_stays_a_symbol_with_its_value() -> None:
    text = exported("trl", "theorem")
    assert r"$\varepsilon = 10^{-4}$" in text
    assert r"\varepsilon +" in text
    assert "10000" not in text.partition("% Needs")[0]
    assert "10000" in policy("trl").export("json")  # data has numbers
    assert "mean and standard deviation of the group, with" in text


def test_the_multiplier_is_eliminated_where_advantages_add_up_to_zero() -> None:
    """By numbers: at a solution of the whole system the multiplier is 0."""
    found = policy("levels").solutions(beta="1/2", pi_ref=("0.1", "0.2", "0.3", "0.4")).found[0]
    text = exported("levels", "theorem")
    assert r"\beta \pi_{\mathrm{ref}}(o) = \left(\beta - V_{4}(r(o))\right) \pi(o)" in text
    at = dict(zip(policy("levels").unknowns, found.policy, strict=False))
    reference = dict(zip(policy("levels").question.reference, (0.1, 0.2, 0.3), strict=False))
    multiplier = policy("levels").condition.multiplier.subs({s.beta: 0.5, **at, **reference})
    assert abs(float(multiplier)) < 1e-12
    direct = gs.stationary_policy(gs.GRPO(4, gs.DirectKL()), CASES["levels"][1])
    assert r"\lambda =" in direct.export("latex-theorem")  # there it is not 0


def test_one_policy_of_many_answers_is_said_where_it_is_proved() -> None:
    one, reference = "exactly one such policy", ("0.1", "0.2", "0.3", "0.4")
    assert one in exported("levels", "theorem")
    assert one in exported("levels", "proof")
    assert r"\eqref{" in exported("levels", "proof").partition(one)[2]  # argued from the condition
    for beta in ("1/50", 1, 20):
        assert len(policy("levels").solutions(beta=beta, pi_ref=reference).found) == 1
    direct = gs.stationary_policy(gs.GRPO(4, gs.DirectKL()), CASES["levels"][1])
    assert not direct.count.unique
    assert one not in direct.export("latex-theorem") + direct.export("latex-proof")


def test_unfolding_says_the_same_with_fewer_names() -> None:
    named, numbers, whole = (exported("six", "theorem", unfold=n) for n in (0, 1, "all"))
    assert r"f\left(\frac{k}{6}\right)" in named
    assert r"h_{6}" in numbers
    assert r"\sqrt{5}" in numbers
    assert "f(" not in numbers
    assert "h_{6}" not in whole
    body = re.search(r"\\begin\{align\*?\}(.*?)\\end", whole, re.DOTALL)
    assert body is not None
    line = re.sub(r"\\(?:notag|label\{[^}]*\})|&|\\\\|\\quad", "", body[1]).strip().rstrip(".")
    (said,) = statements(line)  # read back, and compared with the mean of f over the group
    at = {s.pi: Rational(1, 3), s.pi_ref: Rational(1, 4), s.beta: Rational(1, 2)}
    mean = sum(comb(6, k) * sqrt(Rational(k, 6) * (1 - Rational(k, 6))) * Rational(1, 3) ** k
               * Rational(2, 3) ** (6 - k) for k in range(7))  # fmt: skip
    assert abs(said.right.subs(at).evalf(30) - mean.evalf(30)) < 1e-25
    assert said.left.subs(at) == Rational(1, 24)


def test_numbers_of_lines() -> None:
    cited, all_, none = (exported("pairs", "proof", numbering=n) for n in ("cited", "all", "none"))
    assert (
        len(LABEL.findall(all_)) > len(LABEL.findall(cited)) == len(set(REFERENCE.findall(cited)))
    )
    assert not LABEL.findall(none)
    assert len(re.findall(r"\\tag\{i+\}", none)) == len(LABEL.findall(cited))


def test_a_label_is_used_as_it_is_given() -> None:
    assert r"\label{thm:x}" in exported("pairs", "theorem", label="thm:x").splitlines()[0]
    assert r"\label{eq:x}" in exported("pairs", "theorem", label="thm:x")
    assert r"Proof of Theorem~\ref{thm:x}" in exported("pairs", "proof", label="thm:x")
    assert r"\label{eq:mine}" in exported("pairs", "display", label="eq:mine")


@pytest.mark.parametrize(("name", "star"), [("lemma", ""), ("proposition*", "*")])
def test_a_statement_stands_in_the_environment_that_is_asked_for(name: str, star: str) -> None:
    kind = name.removesuffix("*").capitalize()
    options = {"label": "x:y", "environment": name}
    text, proof = exported("pairs", "theorem", **options), exported("pairs", "proof", **options)
    assert text.startswith(rf"\begin{{{name}}}[")
    assert text.endswith(rf"\end{{{name}}}")
    assert rf"\newtheorem{star}{{{name}}}{{{kind}}}" in text
    assert rf"Proof of {kind}~\ref{{x:y}}" in proof
    assert "theorem" not in text.replace(r"\newtheorem", "").replace("amsthm", "")
    whole = exported("pairs", "document", **options)
    assert whole.index(rf"\newtheorem{star}") < whole.index(rf"\begin{{{name}}}")


def test_a_proof_names_its_sources() -> None:
    words, keys = exported("pairs", "proof"), exported("pairs", "proof", cite=True)
    assert "arXiv:2502.18548" in words
    assert "% @misc{vojnovic2025," in words
    assert r"\cite[(11)]{vojnovic2025}" in keys
    assert policy("pairs").export("bibtex").startswith("@misc{vojnovic2025,")
    prediction = gs.from_trl({"beta": 1, "version": "1.16"}).predict("0.3")
    assert prediction.export("bibtex").startswith("@misc{grpo_symbolic,")
    assert all(record.year and record.title and record.author for record in REFERENCES.values())


def test_references_are_complete_in_styles_that_know_no_eprint() -> None:
    for key, record in REFERENCES.items():
        entry = bibtex(key)
        assert entry.startswith("@misc{")  # the styles of BibTeX know no @software
        found = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.MULTILINE))
        assert {"author", "title", "year"} <= set(found)
        assert "howpublished" in found or "note" in found
        assert record.arxiv in found.get("howpublished", "")


def test_a_footnote_says_what_was_proved() -> None:
    text = exported("pairs", "theorem", verification=True)
    found = re.search(r"Verified: (\d+) of (\d+) claims", text)
    assert found is not None
    report = policy("pairs").verify()
    assert int(found[2]) == len(report)
    assert int(found[1]) == sum(v.status == gs.Status.PROVED for v in report)
    assert gs.__version__ in text
    assert "Verified" not in exported("pairs", "theorem")


def test_the_series_comes_in_ascending_order_and_its_rest_is_as_small() -> None:
    """The rest divided by the next power stays bounded: by numbers, from the closed form."""
    text = policy("plain pairs").statement("series", "1/beta", 2).export("latex-inline")
    powers = [text.index(part) for part in (r"}{\beta}", r"}{\beta^{2}}", r"{\beta^{3}}")]
    assert powers == sorted(powers)
    assert text.rstrip("$").endswith(r"O\left(\frac{1}{\beta^{3}}\right)")
    closed = policy("plain pairs").expression
    series = policy("plain pairs").series("1/beta", 2)
    rests = [
        abs(((closed - series) * s.beta**3).subs({s.pi_ref: 0.25, s.beta: weight}).evalf(30))
        for weight in (10, 100, 1000)
    ]
    assert max(rests) < 1


def test_digits_of_folds_are_cut_and_not_rounded() -> None:
    text = policy("direct").statement("folds", pi_ref="1/2").export("latex-theorem")
    shown = re.findall(r"(\d\.\d+)\\ldots", text)
    fold = policy("direct").folds(pi_ref="1/2", digits=40).found[0]
    assert shown == [str(fold.beta)[: len(shown[0])], str(fold.policy)[: len(shown[1])]]


def test_a_refuted_formula_comes_with_its_counterexample() -> None:
    checked = gs.check("pi >= 1/(1 + beta**2)", *CASES["eight"])
    text = checked.export("latex-theorem")
    assert "it is not true that" in text
    for name, value in checked.counterexample.items():
        assert value in text or value.replace("/", "}{") in text, name
    with pytest.raises(ValueError, match="proved or refuted can be stated"):
        gs.Checked("x", gs.Status.UNKNOWN, "none", "open").export("latex-theorem")


def test_a_prediction_says_where_and_from_where() -> None:
    found = prediction(2)
    for form in ("latex-theorem", "latex-table", "markdown"):
        text = found.export(form)
        assert f"{found.reached.policy[0]:.6g}" in text
        assert r"\pi_{\mathrm{ref}}(a) = \frac{1}{5}" in text
        assert all(w.split()[-1].rstrip(".") in text for w in found.warnings)
    many = prediction(5).export("latex-table", width="column")
    rows = re.findall(r"\$\\pi\((\d)\)\$ & \$([\d.]+)\$", many)
    assert [float(value) for _, value in rows] == pytest.approx(
        prediction(5).reached.policy, rel=1e-5
    )
    with pytest.raises(ValueError, match="this statement has none"):
        policy("pairs").statement("bounds").export("latex-table")


def test_what_does_not_fit_beside_stands_below() -> None:
    rows = [("name", *(f"column {k}" for k in range(9))), ("a", *("0.123456" for _ in range(9)))]
    parts = "\n".join(tabular(rows, 221.0)).split(r"\par\medskip")
    assert len(parts) > 1
    heads = [re.findall(r"column \d", part) for part in parts]
    assert [cell for head in heads for cell in head] == list(rows[0][1:])
    assert all(part.count("name") == 1 for part in parts)
    assert len("\n".join(tabular(rows, 900.0)).split(r"\par\medskip")) == 1


def test_a_line_is_named_by_the_least_part_that_makes_it_fit() -> None:
    """The denominator is wide, too, but naming it would not make the line shorter."""
    text = r"x = \frac{1 + a b + \sqrt{1 + a b + c d + e f + g h}}{2 \left(1 + a + b\right)}"
    found = fitted(text, width(text) - 20, width(text) - 20, Names())
    assert [value for _, value in found.named] == ["1 + a b + c d + e f + g h"]
    # An index is no value that could have a name.
    index = r"\sum_{k_1 + \dots + k_4 = 3} \binom{3}{k_1 , k_2 , k_3 , k_4} f(k)"
    assert fitted(index, 60.0, 60.0, Names()).named == ()


def test_no_radicals_is_said_with_its_reason() -> None:
    theorem_, proof_ = exported("eight", "theorem"), exported("eight", "proof")
    assert "no formula in radicals" in theorem_
    assert "Galois group" in proof_
    assert "Galois" not in exported("plain pairs", "proof")


def test_a_comparison_has_the_policies_of_both() -> None:
    text = gs.comparison(policy("rlhf"), policy("plain pairs")).export("markdown")
    assert r"\pi_{\mathrm{RLHF}}(a)" in text
    assert r"\pi_{\mathrm{GRPO},\,2}(a)" in text
    with pytest.raises(ValueError, match="policies of one question"):
        gs.comparison(policy("rlhf"), policy("pairs"))
    with pytest.raises(ValueError, match="two or more"):
        gs.comparison(policy("rlhf"))


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"width": "narrow"}, "width must be column, page, or points"),
        ({"width": 12}, "width must be column, page, or points"),
        ({"label": "thm x"}, "label must be made of letters"),
        ({"numbering": "some"}, "numbering must be one of cited, all, none"),
        ({"unfold": 2}, "unfold must be 0, 1 or 'all'"),
        ({"environment": "my lemma"}, "environment must be the name of a theorem-like"),
        ({"environment": "x}{"}, "environment must be the name of a theorem-like"),
    ],
)
def test_a_bad_option_is_one_sentence(option: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        exported("pairs", "theorem", **option)


def test_the_command_line_takes_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--format", "latex-theorem", "--label", "thm:x", "--width", "column"]
    assert main(["derive", "--margin", *options]) == 0
    own = exported("pairs", "theorem", label="thm:x", width="column")
    assert capsys.readouterr().out == own + "\n"
    assert main(["derive", "--of", "limit beta 0", "--format", "latex-inline"]) == 0
    assert capsys.readouterr().out.strip() == r"$\lim_{\beta \to 0^{+}} \pi(a) = 1$"
    for bad in (["--width", "12"], ["--unfold", "2"], ["--of", "nothing"]):
        assert main(["derive", "--format", "latex-theorem", *bad]) == 2
        assert capsys.readouterr().err.count("\n") == 1


UNUSUAL: dict[str, tuple[Any, Any]] = {
    "dropped": (gs.GRPO(4, mixed_only=True), gs.BinaryQuestion()),
    "every size": (gs.GRPO(s.G), gs.BinaryQuestion()),
    "chi squared": (gs.GRPO(4, gs.Divergence.chi_squared()), gs.BinaryQuestion()),
    "leave one out": (gs.GRPO(4, advantage=gs.LeaveOneOut()), gs.BinaryQuestion()),
    "cycle": (gs.GRPO(2), gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]])),
    "verifier": (gs.GRPO(6), gs.Question(success=("0.9", "0.5", "0.1"))),
}


@needs_tex
def test_models_of_every_shape_fit_into_a_column(tmp_path: Path) -> None:
    texts = []
    for algorithm, question in UNUSUAL.values():
        found = gs.stationary_policy(algorithm, question)
        texts += [
            found.export(f"latex-{p}", width="column", notation=VY) for p in ("theorem", "proof")
        ]
    body = "\n\n".join(texts)
    assert complaints(compiled(HEAD % ",twocolumn" + body + r"\end{document}", tmp_path)) == []
