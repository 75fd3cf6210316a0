"""The book: what every section must hold, that all its parts fit together, and that it compiles."""

import ast
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import mpmath as mp
import pytest
from sympy import Mul, Rational, S, lambdify, oo

from derivations import catalogue
from derivations.__main__ import main
from derivations.book import engine
from derivations.book.document import Book, write_book
from derivations.book.engine import compiled
from derivations.book.examples import example_of, valued
from derivations.book.figures import Figures, draw
from derivations.book.names import NOTATION
from derivations.book.prose import escape, quoted, shortened
from derivations.book.references import OWN, REFERENCES, bibitem, bibtex, cited, keys_of
from derivations.book.section import section
from derivations.book.verdicts import merged, verdict_table
from derivations.catalogue import CHAPTERS, ORDER, outcome_of
from derivations.result import KINDS, Outcome, Result, run
from grpo_symbolic import Claim, check_paper, symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.plotting import FIGURES
from tests.derivations.built import built

# Cheap results: without a derivation, refuted in part, with a derivation and a figure.
NAMES = ("eq02_sign_form", "eq10_reverse_kl", "eq14_binary_pairs")
FOLDER = Path(catalogue.__file__).parent


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [outcome_of(name) for name in NAMES]


@pytest.fixture(scope="module")
def book(outcomes: list[Outcome], tmp_path_factory: pytest.TempPathFactory) -> Book:
    return write_book(outcomes, tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def tex(book: Book) -> str:
    return book.tex.read_text(encoding="utf-8")


def section_of(tex: str, name: str) -> str:
    """The text from a section's label to the next section."""
    start = tex.index(rf"\label{{{name}}}")
    end = re.compile(r"\\(?:sub)?section|\\begin\{thebibliography\}").search(tex, start)
    assert end is not None
    return tex[start : end.start()]


@pytest.mark.parametrize("name", NAMES)
def test_every_section_has_its_parts_in_order(tex: str, outcomes: list[Outcome], name: str) -> None:
    text = section_of(tex, name)
    result = next(o.result for o in outcomes if o.name == name)
    parts = [
        rf"\begin{{{result.kind.lower()}}}",
        rf"\end{{{result.kind.lower()}}}",
        r"\field{Intuition.}",
        r"\begin{proof}",
        r"\end{proof}",
        r"\field{Source.}",
        r"\cite{",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    said = [result.statement, result.argument, *(h.conclusion[1:] for h in result.headlines)]
    for sentences in filter(None, said):
        shown = shortened(quoted(sentences))
        assert text.count(shown) == tex.count(shown) == 1
    # What is refuted is named as what it is, not by its negation.
    assert "control" not in text
    assert (r"\includegraphics" in text) == (result.figure is not None)
    assert (r"\field{Remark.}" in text) == ("REFUTED" in {c.expected for c in result.claims})


def test_every_line_of_a_derivation_stands_with_its_reason(
    tex: str, outcomes: list[Outcome]
) -> None:
    text = section_of(tex, "eq14_binary_pairs")
    derivation = next(o.result.derivation for o in outcomes if o.name == "eq14_binary_pairs")
    assert derivation is not None
    inside = text[text.index(r"\begin{proof}") : text.index(r"\end{proof}")]
    # The five lines that open every derivation stand in the introduction, once.
    assert len(re.findall(r"\\begin\{(?:equation|align)\*\}", inside)) == len(derivation) - 5
    for step in derivation.steps[6:]:
        assert shortened(step.justification[1:]) in inside
    assert r"\eqref{contrast}" in inside
    assert tex.count(r"\label{contrast}") == 1


@pytest.mark.parametrize("name", ORDER)
def test_every_result_has_an_intuition_of_two_sentences(name: str) -> None:
    text = built(name).intuition
    plain = re.sub(r"\$[^$]*\$", "x", text)
    assert len(re.findall(r"[.:](?: |\Z)", plain)) in (2, 3)
    assert text.endswith(".")


def test_a_result_brings_what_its_section_says() -> None:
    """All of it stands in the file of the result."""
    known = built("eq04_rlhf")
    words = "preset=rlhf"
    brought = replace(known, intuition="It leans to the reward. So it is.", checked_as=words)
    text = section(Outcome("brought_along", brought, (), 0.0), Figures(), False, (), {})
    assert "It leans to the reward. So it is." in text
    of_the_table = section(Outcome("eq04_rlhf", known, (), 0.0), Figures(), False, (), {})
    assert text.count(f"% grpo: {words}") == of_the_table.count(f"% grpo: {words}") > 0


def test_numbers_of_the_examples_are_those_of_another_route(outcomes: list[Outcome]) -> None:
    """The book evaluates with SymPy; here mpmath does, from the formula as Python source."""
    found = 0
    for outcome in outcomes:
        for line in outcome.result.formulas:
            example = valued(line, outcome.result.assumptions)
            if example is None:
                continue
            point, exact = example
            names = sorted(point, key=str)
            with mp.workdps(40):
                args = [mp.mpf(v.p) / v.q for v in map(point.get, names)]
                value = lambdify(names, line.rhs, "mpmath")(*args)
                if exact.is_Rational:
                    assert abs(value - mp.mpf(exact.p) / exact.q) < mp.mpf(10) ** -30
                    assert example_of(outcome).endswith(f"= {formula(exact)}$.")
                else:
                    shown = re.search(r"= (-?[\d.]+)\\ldots\$", example_of(outcome))
                    assert shown is not None
                    assert mp.nstr(value, 30).startswith(shown[1])
            found += 1
            break
    assert found >= 1


def test_the_book_passes_its_own_check(tex: str, outcomes: list[Outcome]) -> None:
    found = check_paper(tex)
    words = [formula.word for formula in found]
    assert not found.refuted
    # The formula of its theorem, and every line that leads to it.
    settings = tex.count("% grpo: ") - tex.count("% grpo: skip")
    assert words.count("PROVED") == settings > sum(bool(built(name).checked_as) for name in NAMES)
    assert not found.undecided
    assert "not checked" in words  # what it cannot express is listed
    wrong = check_paper(
        tex.replace(r"4 \frac{\beta}{\gamma} p_0", r"5 \frac{\beta}{\gamma} p_0", 1)
    )
    assert len(wrong.refuted) == 1


def test_the_same_steps_are_written_out_once(outcomes: list[Outcome]) -> None:
    pairs = next(o for o in outcomes if o.name == "eq14_binary_pairs")
    told: dict[tuple[str, ...], str] = {}
    first = section(pairs, Figures(), False, (), told)
    again = section(
        Outcome("another", pairs.result, pairs.verdicts, 0.0), Figures(), False, (), told
    )
    assert r"The steps of Section~\ref{eq14_binary_pairs} lead" in again
    assert again.count(r"\begin{equation*}") < first.count(r"\begin{equation*}")


def test_chapters_hold_every_result_once() -> None:
    names = [name for chapter in CHAPTERS for name in chapter.names]
    assert tuple(names) == ORDER
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ORDER)
def test_every_result_says_its_setting_and_names_what_exists(name: str) -> None:
    """Read from the file, since deriving all of them takes minutes."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Result"
    ]
    given = {k.arg: k.value for k in calls[-1].keywords}
    assert len(ast.literal_eval(given["setting"])) > 10
    assert ast.literal_eval(given["kind"]) in KINDS if "kind" in given else True
    assert ast.literal_eval(given["figure"]) in FIGURES if "figure" in given else True
    more = ast.literal_eval(given["references"]) if "references" in given else ()
    assert set(more) <= set(REFERENCES)
    assert keys_of(" ".join(re.findall(r"arXiv:? [\d.]+\d", source)), more)


def test_citations_have_entries_and_references_labels(tex: str) -> None:
    cites = {key for group in re.findall(r"\\cite\{([^}]*)\}", tex) for key in group.split(",")}
    items = set(re.findall(r"\\bibitem\[[^\]]*\]\{([^}]*)\}", tex))
    assert cites
    assert cites <= items
    labels = re.findall(r"\\label\{([^}]*)\}", tex)
    assert len(labels) == len(set(labels))
    asked = set(re.findall(r"\\(?:page)?ref\{([^}]*)\}", tex))
    assert set(NAMES) <= asked <= set(labels)


def test_the_bibtex_file_has_one_balanced_entry_for_each_citation(book: Book, tex: str) -> None:
    text = book.bib.read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),$", text, re.MULTILINE)
    assert keys == re.findall(r"\\bibitem\[[^\]]*\]\{([^}]*)\}", tex)
    entries = re.split(r"\n\n(?=@)", text.strip())
    for entry in entries:
        depth = 0
        for place, character in enumerate(entry):
            depth += (character == "{") - (character == "}")
            assert depth > 0 or place < entry.index("{") or place == len(entry) - 1
        assert depth == 0
        assert re.search(r"^  title = \{\{.+\}\},?$", entry, re.MULTILINE)
        # All fields but the last end with a comma.
        fields = entry.splitlines()[1:-1]
        assert [line.endswith(",") for line in fields] == [True] * (len(fields) - 1) + [False]


@pytest.mark.parametrize("key", REFERENCES)
def test_item_and_entry_come_from_one_record(key: str) -> None:
    record = REFERENCES[key]
    item, entry = bibitem(key), bibtex(key)
    for text in (item, entry):
        assert record.title.replace("_", r"\_") in text
        assert record.arxiv in text
        assert str(record.year or "") in text
    last = record.author.split(",")[0].strip("{}").replace("_", r"\_")
    assert last in item


def test_names_are_set_with_initials() -> None:
    assert bibitem("vojnovic2025").startswith(
        r"\bibitem[VY25]{vojnovic2025} M.~Vojnovic and S.-Y.~Yun."
    )
    assert "Z.~Liu, C.~Chen, W.~Li et al." in bibitem("liu2025")


def without_math(tex: str) -> str:
    """The running text: no formulas, no listings, no arguments that are not printed."""
    body = re.sub(r"^%.*\n", "", tex[tex.index(r"\begin{document}") :], flags=re.MULTILINE)
    body = re.sub(r"\\begin\{verbatim\}.*?\\end\{verbatim\}", "", body, flags=re.DOTALL)
    body = re.sub(r"\\begin\{((?:equation|align)\*?)\}.*?\\end\{\1\}", "", body, flags=re.DOTALL)
    body = re.sub(r"\$[^$]*\$", "", body)
    return re.sub(r"\\(?:label|ref|eqref|pageref|cite|url|href|includegraphics\[[^\]]*\])\{[^}]*\}"
                  r"|\\bibitem\[[^\]]*\]\{[^}]*\}", "", body)  # fmt: skip


def test_the_running_text_has_no_raw_mathematics(tex: str) -> None:
    text = without_math(tex)
    assert not re.search(r"(?<!\\)[_^]", text)
    assert "$" not in text
    assert not re.search(r"\b(?:pi_ref|beta|gamma|sqrt|<=|>=|->)\b", text)


def test_braces_and_environments_are_balanced(tex: str) -> None:
    plain = re.sub(r"\\[{}]", "", tex)
    assert plain.count("{") == plain.count("}")
    begun, ended = (re.findall(rf"\\{word}\{{([\w*]+)\}}", tex) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)


def test_figures_that_are_included_exist(book: Book, tex: str) -> None:
    paths = re.findall(r"\\includegraphics\[[^\]]*\]\{([^}]*)\}", tex)
    assert paths == ["figures/fig1.pdf"]
    for path in paths:
        assert (book.tex.parent / path).read_bytes().startswith(b"%PDF")


def test_a_figure_stands_once_and_is_referred_to_elsewhere() -> None:
    figures = Figures({"fig1": "a caption"}, {"fig1": 0.5})
    assert r"\label{fig:fig1}" in figures.tex("fig1")
    again = figures.tex("fig1")
    assert r"\label" not in again
    assert r"\ref{fig:fig1}" in again
    assert figures.tex(None) == ""


def test_an_unknown_figure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="figure must be one of"):
        draw(["no-such-figure"], tmp_path)


def test_a_figure_that_cannot_be_drawn_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(name: str, path: Path, notation: Notation) -> None:
        if name == "fig2":
            raise ValueError("no such luck")
        path.write_bytes(b"%PDF")

    monkeypatch.setattr("grpo_symbolic.plotting.save", save)
    figures = draw(["fig1", "fig2"], tmp_path)
    assert set(figures.captions) == {"fig1"}
    assert figures.reason == "fig2 (ValueError: no such luck)"
    assert figures.tex("fig2") == ""


def test_without_matplotlib_the_reason_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(engine.shutil, "which", lambda name: None)
    assert main(["eq14_binary_pairs", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"figures were left out: .*matplotlib.*grpo-symbolic\[plot\]", out)
    assert "no TeX engine found" in out
    text = (tmp_path / "eq14_binary_pairs.tex").read_text(encoding="utf-8")
    assert r"\includegraphics" not in text
    # A selection leaves the book of all results alone.
    assert {path.name for path in tmp_path.iterdir()} == {
        f"eq14_binary_pairs.{kind}" for kind in ("tex", "bib", "json")
    }


def test_another_notation_reaches_formulas_and_prose(
    outcomes: list[Outcome], book: Book, tex: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Figures(book.figures.captions, book.figures.widths)
    monkeypatch.setattr("derivations.book.document.draw", lambda *given: drawn)
    given = Notation(beta=r"\lambda", pi_ref=r"\mu", answer="y")
    body = r"\begin{document}"
    other = write_book(outcomes, tmp_path, given).tex.read_text(encoding="utf-8").split(body)[1]
    plain = tex.split(body)[1]
    # Captions are rewritten too: the whole body is free of the old names.
    assert r"\beta" not in other
    assert r"\pi_{\mathrm{ref}}" not in other
    assert plain.count(r"\beta") > 15
    # The multiplier, that was called so, steps aside.
    assert other.count(r"\lambda") == plain.count(r"\beta")
    assert r"\mu(y)" in other
    # Sections, verdicts and citations are those of the book in the default notation.
    for mark in (r"\section", r"\multicolumn", r"\cite{", r"\begin{proof}"):
        assert other.count(mark) == plain.count(mark)


@pytest.mark.parametrize("bad", ["beta", "nosuch=x", r"beta=\mu,pi_ref=\mu", "beta="])
def test_a_bad_notation_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    assert main(["eq14", "--notation", bad, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_book_compiles_without_a_line_over_the_margin(book: Book) -> None:
    found = book.compile()
    if shutil.which("pdflatex") is None and shutil.which("tectonic") is None:
        assert found.path is None
        assert "no TeX engine found" in found.message
        return
    assert found.path is not None, found.message
    assert found.path.read_bytes().startswith(b"%PDF")
    assert found.overfull == 0
    assert found.pages >= 3
    log = book.tex.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert "undefined" not in log


def test_an_error_of_tex_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.tex"
    path.write_text("\\documentclass{article}\n\\begin{document}\n\\nosuch\n\\end{document}\n")
    found = compiled(path)
    assert found.path is None
    if shutil.which("pdflatex"):
        assert "Undefined control sequence" in found.message
        assert "l.3" in found.message
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("it falls in beta", r"it falls in $\beta$"),
        ("a jump at pi_ref = 0 for every beta",
         r"a jump at $\pi_{\mathrm{ref}} = 0$ for every $\beta$"),
        ("(14) for the answer a, G = oo", r"(14) for the answer $a$, $G = \infty$"),
        ("at least 1/(1 + beta^2) (on the curve)", r"at least $1/(1 + \beta^{2})$ (on the curve)"),
        ("h_G < h_(G+1) for every G", r"$h_G < h_{G+1}$ for every $G$"),
        ("KL(pi || pi_ref) in 3 of 4", r"$\mathrm{KL}(\pi \,\|\, \pi_{\mathrm{ref}})$ in 3 of 4"),
        ("shift-only & 5% of a group", r"shift-only \& 5\% of a group"),
        ("limit beta -> oo", r"limit $\beta \to  \infty$"),
        ("s = sqrt(z) - 2", r"$s = \sqrt{z} - 2$"),
        ("at pi_2 = 1/3", r"at $\pi(2) = 1/3$"),
        (r"for $k_3$ in the loss_x", r"for $k_3$ in the loss\_x"),
        ("r_i - mean", r"$r_i$ $-$ mean"),
    ],
)  # fmt: skip
def test_plain_text_as_tex(plain: str, expected: str) -> None:
    assert escape(plain) == expected


def test_similar_claims_are_said_once() -> None:
    sizes = [f"mean zero, G = {size}" for size in (2, 3, "oo")]
    assert merged(sizes) == [r"mean zero, $G = 2$, $3$, $\infty$"]
    assert merged(["reverse KL: no curl", "direct KL: no curl"]) == [
        "no curl (reverse KL; direct KL)"
    ]
    many = merged([f"G = {n}: modulo {n * n} it is irreducible" for n in range(2, 9)])
    assert many == [r"$G = 2$: modulo 4 it is irreducible, and 6 more of this form"]
    assert merged(["one", "another"]) == ["one", "another"]


def test_the_verdicts_count_every_claim() -> None:
    beta = symbols.beta
    claims = (
        *(
            Claim(f"it holds, G = {n}", n * beta, "==", (n * beta**2 + n * beta) / (beta + 1))
            for n in (2, 3, 4)
        ),
        *(
            Claim(f"control: {n} is too many", n * beta, "==", beta, expected="REFUTED")
            for n in (2, 3)
        ),
    )
    outcome = run("a_name", lambda: Result("t", "new", "s", claims=claims))
    text = verdict_table([outcome], 240.0)
    assert text.count(r"\proved{}") == 3
    assert text.count(r"\refuted{}") == 2
    assert r"$3 \beta = \frac{" in text  # as a formula, where it fits
    digests = re.findall(r"& (\w{8}) \\\\$", text, re.MULTILINE)
    assert len(set(digests)) == len(digests) == 5


def test_what_two_routes_lead_to_has_one_line() -> None:
    """One statement with one evidence: not where the range, and so what is said, is another."""
    beta, whole, part = symbols.beta, Domain.of(symbols.beta), Domain.of((symbols.beta, 0, 1))
    claims = (
        Claim("directly", beta + beta**2, ">", S.Zero, whole),
        Claim("another one", beta + 1, ">", S.Zero, whole),
        Claim("pair by pair", beta + beta**2, ">", S.Zero, whole),
        Claim("on a part", beta + beta**2, ">", S.Zero, part),
    )
    text = verdict_table([run("a_name", lambda: Result("t", "new", "s", claims=claims))], 240.0)
    rows = re.findall(r"^([\d, ]+) & (.*?) & \\proved", text, re.MULTILINE)
    assert [places for places, _ in rows] == ["1, 3", "2", "4"]
    assert len({shown for _, shown in rows}) == 3


def test_a_sign_that_depends_on_the_range_is_said_with_it() -> None:
    """Beside each other they would contradict one another, and equal sides in print say nothing."""
    beta = symbols.beta
    claims = (
        Claim("it falls", beta - 1, "<", S.Zero, Domain.of((beta, 0, 1))),
        Claim("it rises", beta - 1, ">", S.Zero, Domain.of((beta, 1, oo))),
        Claim("it is alone", beta, ">", S.Zero, Domain.of((beta, 0, 1))),
        Claim("one half", Mul(Rational(1, 2), beta + 1), "==",
              Mul(Rational(1, 2), beta + 1, evaluate=False), Domain.of(beta)),
    )  # fmt: skip
    text = verdict_table([run("a_name", lambda: Result("t", "new", "s", claims=claims))], 240.0)
    rows = re.findall(r"^\d & (.*) & \\proved", text, re.MULTILINE)
    assert rows[0].endswith(r" for $0 < \beta < 1$")
    assert rows[1].endswith(r" for $\beta > 1$")
    assert rows[2] == r"$\beta > 0$"
    assert rows[3] == "one half"


def test_sources_become_citations() -> None:
    assert cited("new") == rf"new~\cite{{{OWN}}}"
    assert cited("Vojnovic & Yun (2025), arXiv 2502.18548, (14)") == (
        r"Vojnovic \& Yun (2025)~\cite{vojnovic2025}, (14)"
    )
    assert cited("a note", ("schulman2020",)) == r"a note; \cite{schulman2020}"
    assert keys_of("new; on arXiv 2510.13651") == (OWN, "davis2025")


@pytest.mark.parametrize(("source", "more"), [("arXiv 1234.56789", ()), ("new", ("nobody1900",))])
def test_an_unknown_source_is_an_error(source: str, more: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="REFERENCES"):
        keys_of(source, more)


def test_a_kind_must_be_known() -> None:
    with pytest.raises(ValueError, match="kind must be one of Theorem"):
        Result("t", "new", "s", kind="Lemma", claims=(Claim("c", S.One, "==", S.One),))


def test_symbols_of_the_book_have_one_name_each() -> None:
    """Two symbols of one name and different assumptions print alike, or a reader is misled."""
    shown: dict[str, str] = {}
    for symbol, name in NOTATION.extra.items():
        assert shown.setdefault(symbol.name, name) == name
