"""Headlines: none says more than its claims, every result has one, and what they look like."""

import ast
from pathlib import Path

import pytest
from sympy import Integer, Symbol, oo

from derivations import catalogue
from derivations.book.document import write_book
from derivations.book.names import NOTATION
from derivations.book.quantifiers import quantifiers_tex
from derivations.catalogue import ORDER, outcome_of
from derivations.headline import (
    ANY_NUMBER,
    BINARY,
    EVERY_DIVERGENCE,
    EVERY_SIZE,
    LARGE_GROUPS,
    REVERSE_KL,
    TWO,
    Headline,
    Numbers,
    sizes_from,
)
from derivations.lemmas import (
    COEFFICIENTS,
    IDENTITY_IN_SYMBOLS,
    INTERMEDIATE_VALUE,
    SUM_OVER_ANSWERS,
    Lemma,
)
from derivations.result import Result, run
from grpo_symbolic import Claim, Domain, symbols
from grpo_symbolic.domain import Range
from tests.derivations.built import built

BETA, G, P0 = symbols.beta, symbols.G, symbols.pi_ref
ZERO = Integer(0)
#: Claims on groups of 2, 3 and 4, on every size, and on none.
ONE_BY_ONE = tuple(Claim(f"it grows, G = {n}", n * BETA, ">", ZERO) for n in (2, 3, 4))
IN_SYMBOLS = Claim("it grows", G * BETA, ">", ZERO)
LATER = Claim("it grows later", G * BETA, ">", ZERO, Domain.of(Range(G, Integer(4), oo, True)))
SMALL = Claim("it is small", BETA, "<", Integer(1), Domain.of((BETA, ZERO, Integer(1))))
CONTROL = Claim("it falls", BETA, "<", ZERO, expected="REFUTED")
CLAIMS = (*ONE_BY_ONE, IN_SYMBOLS, LATER, SMALL, CONTROL)


def a_result(headline: Headline) -> Result:
    return Result("a title", "new", "a statement", claims=CLAIMS, headlines=(headline,))


@pytest.mark.parametrize(
    ("headline", "why"),
    [
        (Headline("c", ("it grows, G = *",), groups=EVERY_SIZE), "every group size"),
        (Headline("c", ("it grows later",), groups=EVERY_SIZE), "a claim starts later"),
        (Headline("c", ("it grows, G = 2",), groups=Numbers.of(2, 3)), r"has \{G\}"),
        (Headline("c", ("it grows, G = {G}",), groups=Numbers.of(2, 3, 5)), "'it grows, G = 5'"),
        (Headline("c", ("it grows, G = {G}",), groups=Numbers.of(2, oo)), "'it grows, G = oo'"),
        (Headline("c", ("it grows",), groups=Numbers(start=2, limit=True)), "large groups too"),
        (Headline("c", ("it grows",), answers=ANY_NUMBER), "several answers"),
        (Headline("c", ("it grows",), answers=Numbers.of(2, 3)), r"has \{n\}"),
        (Headline("c", ("it grows",), penalties=EVERY_DIVERGENCE), "every penalty"),
        (Headline("c", ("it grows",), penalties=("one", "two")), r"has \{penalty\}"),
        (Headline("c", ("it is small",), parameters=Domain.of(BETA)), "for 0 < beta < 1 only"),
        (Headline("c", ("it grows",), parameters=BINARY), "none of its claims has pi_ref"),
        (Headline("c", ("it falls",)), "declared not to hold"),
        (Headline("c", ("it is blue",)), "does not have"),
        (Headline("c", ("it is *",), by=(SUM_OVER_ANSWERS(term="it is blue"),)), "does not have"),
        (
            Headline(
                "c",
                ("it grows, G = *",),
                groups=EVERY_SIZE,
                by=(SUM_OVER_ANSWERS(term="it is small"),),
            ),
            "every group size",
        ),
    ],
)
def test_an_overstated_headline_is_no_result(headline: Headline, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        a_result(headline)


@pytest.mark.parametrize(
    "headline",
    [
        Headline("c", ("it grows",), groups=EVERY_SIZE, parameters=Domain.of(BETA)),
        Headline("c", ("it grows, G = {G}",), groups=Numbers.of(2, 3, 4)),
        Headline("c", ("it grows later",), groups=Numbers(start=4)),
        Headline("c", ("it grows",), groups=Numbers.of(7, 9)),
        Headline("c", ("it is small",), parameters=SMALL.domain),
        Headline("c", ("it grows, G = 2",), groups=TWO, penalties=REVERSE_KL),
        Headline(
            "c",
            ("it grows, G = *",),
            groups=EVERY_SIZE,
            answers=ANY_NUMBER,
            by=(IDENTITY_IN_SYMBOLS(statement="it is small"),),
        ),
    ],
)
def test_what_claims_or_a_lemma_cover_may_be_said(headline: Headline) -> None:
    assert a_result(headline).headlines == (headline,)


def test_an_end_of_a_range_counts() -> None:
    """0 < beta <= 1 is more than 0 < beta < 1."""
    closed = Domain.of(Range(BETA, ZERO, Integer(1), False, True))
    with pytest.raises(ValueError, match="for 0 < beta < 1 only"):
        a_result(Headline("c", ("it is small",), parameters=closed))
    inner = Domain.of((BETA, Integer(1) / 4, Integer(1) / 2))
    assert a_result(Headline("c", ("it is small",), parameters=inner)).headlines


def test_a_lemma_needs_a_claim_for_each_hypothesis() -> None:
    with pytest.raises(ValueError, match="needs claims for lower_end, upper_end, shape"):
        INTERMEDIATE_VALUE(lower_end="it grows")
    with pytest.raises(ValueError, match="no claim shows coefficients"):
        COEFFICIENTS(coefficients=())


def test_the_verdict_is_that_of_the_weakest_claim_it_rests_on() -> None:
    weak = Claim("log z <= z - 1", *_tangent())
    strong = Headline("c", ("it grows",), groups=EVERY_SIZE)
    both = Headline("d", ("it grows", "log z <= z - 1"), groups=EVERY_SIZE)
    outcome = run(
        "a_name",
        lambda: Result("t", "new", "s", claims=(IN_SYMBOLS, weak), headlines=(strong, both)),
    )
    verdicts = dict(zip("cd", map(outcome.verdict_of, (strong, both)), strict=True))
    assert verdicts["c"] == "PROVED"
    assert verdicts["d"] == {c.name: v.status for c, v in outcome.verdicts}[weak.name]


def _tangent() -> tuple:
    """An inequality with a logarithm, that one method decides at points and boxes only."""
    from sympy import log

    z = Symbol("z", positive=True)
    return log(z), "<=", z - 1


def test_a_claim_speaks_of_every_size_where_the_size_is_a_symbol_of_it() -> None:
    assert sizes_from(IN_SYMBOLS) == 2
    assert sizes_from(LATER) == 4
    assert sizes_from(SMALL) is None
    some = Domain.of(Range(G, Integer(2), Integer(16), True, True))
    assert sizes_from(Claim("up to 16", G * BETA, ">", ZERO, some)) is None


@pytest.mark.parametrize(
    ("headline", "plain", "tex"),
    [
        (
            Headline(
                "c", ("x",), groups=EVERY_SIZE, answers=TWO, penalties=REVERSE_KL, parameters=BINARY
            ),
            "for every G >= 2, 2 answers, reverse KL, beta > 0, 0 < pi_ref < 1",
            r"every $G\ge2$, two answers, reverse KL, $\beta > 0$, $0 < \pi_{\mathrm{ref}}(a) < 1$",
        ),
        (
            Headline("c", ("x",), groups=Numbers(tuple(range(2, 17)))),
            "for G = 2, ..., 16",
            r"$G=2,\dots,16$",
        ),
        (
            Headline("c", ("x",), groups=Numbers.of(2, 4, oo), answers=ANY_NUMBER),
            "for G = 2, 4, oo, any number of answers",
            r"$G=2,4,\infty$, any number of answers",
        ),
        (Headline("c", ("x",), groups=LARGE_GROUPS), "for G = oo", r"$G=\infty$"),
        (Headline("c", ("x",), hypotheses=("a tie",)), "a tie", "a tie"),
    ],
)
def test_quantifiers_in_one_line(headline: Headline, plain: str, tex: str) -> None:
    assert headline.quantifiers == plain
    assert ", ".join(quantifiers_tex(headline, NOTATION)) == tex


@pytest.mark.parametrize("name", ORDER)
def test_every_result_has_a_headline(name: str) -> None:
    """Read from the file; that it is no stronger than the claims is held when a result is made."""
    source = (Path(catalogue.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Result"
    ]
    given = {k.arg: k.value for k in calls[-1].keywords}
    assert isinstance(given["headlines"], ast.Tuple)
    assert given["headlines"].elts


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {name: built(name) for name in ORDER}


def test_every_headline_is_made_of_claims_and_of_results_that_exist(
    results: dict[str, Result],
) -> None:
    for name, result in results.items():
        for headline in result.headlines:
            assert headline.claims_of(result.all_claims), name
            assert set(headline.uses) <= set(ORDER) - {name}, name


def test_no_headline_rests_on_itself_by_way_of_others(results: dict[str, Result]) -> None:
    left = {name: {u for h in r.headlines for u in h.uses} for name, r in results.items()}
    while left:
        free = {name for name, needs in left.items() if not needs & set(left)}
        assert free, f"in a circle: {sorted(left)}"
        left = {name: needs for name, needs in left.items() if name not in free}


def test_exactly_one_is_said_with_existence_and_uniqueness(results: dict[str, Result]) -> None:
    """By a lemma that counts, or by way of a result that does."""
    counting = ("exactly one", "the only", "one stationary policy")
    found = 0
    for name, result in results.items():
        for headline in result.headlines:
            if any(words in headline.conclusion for words in counting):
                found += 1
                counted = [used for used in headline.by if used.lemma.counts]
                assert counted or headline.uses, name
    assert found > 8


def test_a_lemma_on_symbols_is_used_for_statements_with_symbols_of_their_own(
    results: dict[str, Result],
) -> None:
    """What holds for unknown preferences is claimed with unknowns, not for one group size."""
    known = {entry.symbol for entry in symbols.CATALOGUE} - {
        *symbols.preferences, *symbols.marginals, symbols.multiplier,
    }  # fmt: skip
    used = 0
    for name, result in results.items():
        for headline in result.headlines:
            for applied in headline.by:
                if applied.lemma is IDENTITY_IN_SYMBOLS:
                    only = Headline("c", applied.claims).claims_of(result.all_claims)
                    free = set().union(*(c.left.free_symbols | c.right.free_symbols for c in only))
                    assert free - known, name
                    used += 1
    assert used > 5


def test_the_book_prints_what_a_headline_is_said_for(tmp_path: Path) -> None:
    book = write_book([outcome_of("no_radicals_from_six")], tmp_path)
    text = book.tex.read_text(encoding="utf-8")
    said = text[text.index(r"\begin{document}") :]
    # Its setting says the group sizes, the answers and the penalty: once.
    setting = (
        r"a binary question with deterministic rewards, $6\le G\le16$ and the published penalty."
    )
    assert said.count(setting) == 1
    assert "reverse KL" not in said[said.index(setting) : said.index(r"\field{Intuition.}")]
    assert "\nNo formula in radicals gives the stationary policy" in said


def test_lemmas_say_what_they_are() -> None:
    from derivations import lemmas

    found = [value for value in vars(lemmas).values() if isinstance(value, Lemma)]
    assert len({lemma.name for lemma in found}) == len(found) > 10
    for lemma in found:
        assert lemma.hypotheses
        assert lemma.statement.endswith(".")
