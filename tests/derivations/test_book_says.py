"""What the book says: its numbers, its quantifiers, its series, its table of axioms."""

import re

import pytest
from sympy import Symbol

from derivations.book.axioms import axiom_section
from derivations.book.examples import example_of
from derivations.book.quantifiers import quantifiers_tex, unsaid
from derivations.book.section import display
from derivations.book.verdicts import in_words
from derivations.catalogue import builder
from derivations.headline import DIRECT_KL, LARGE_GROUPS, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Outcome, equation
from grpo_symbolic import Domain, axiom_table, symbols
from grpo_symbolic.verify.methods import METHODS
from tests.derivations.book_numbers import NUMBERS, compare, examples

#: Results that are built quickly and have an example.
QUICK = (
    *("r_infinity", "eq04_rlhf", "eq05_nlhf", "eq14_binary_pairs", "eq14_limits"),
    *("eq15_large_group", "eq15_limits", "group_of_three", "one_over_group_size"),
)


@pytest.mark.parametrize("name", QUICK)
def test_a_number_of_the_book_follows_from_the_definitions(name: str) -> None:
    """Groups enumerated, objectives differentiated numerically, conditions solved by bisection."""
    example = example_of(Outcome(name, builder(name)(), (), 0.0))
    tex = rf"\subsection{{t}}\label{{{name}}}\field{{Example.}} {example}"
    ((found, (given, printed)),) = examples(tex).items()
    assert found in NUMBERS
    assert compare(name, given, printed)
    for digit in range(len(printed)):  # and no other number does
        if printed[digit].isdigit() and printed[digit - 1 : digit] != "0":
            wrong = f"{printed[:digit]}{(int(printed[digit]) + 5) % 10 or 7}{printed[digit + 1 :]}"
            assert not compare(name, given, wrong), wrong
            break


def test_a_quantifier_is_left_out_only_where_the_setting_says_it() -> None:
    every, two = Numbers(start=2), Numbers.of(2)
    beta = Domain.of(symbols.beta)

    def headline(groups: Numbers, penalties: tuple[str, ...] = REVERSE_KL) -> Headline:
        return Headline("c", ("x",), groups=groups, answers=TWO, penalties=penalties,
                        parameters=beta, hypotheses=("deterministic rewards",))  # fmt: skip

    setting = r"a binary question with deterministic rewards, any $G\ge2$, the published penalty"
    assert unsaid([headline(every)], setting, beta) == [()]
    assert unsaid([headline(every)], setting, Domain()) == [(r"$\beta > 0$",)]
    # Another group size, another penalty, and one of two that the setting names.
    assert unsaid([headline(two)], setting, beta) == [("$G=2$",)]
    assert unsaid([headline(every, DIRECT_KL)], setting, beta) == [("direct KL",)]
    assert unsaid([headline(every)], setting + r" and $G=\infty$", beta) == [(r"every $G\ge2$",)]
    both = unsaid([headline(every), headline(LARGE_GROUPS)], setting, beta)
    assert both == [(r"every $G\ge2$",), (r"$G=\infty$",)]
    whole = quantifiers_tex(headline(every))
    assert unsaid([headline(every)], "nothing", Domain()) == [whole]
    assert len(whole) == 5


def test_the_table_of_axioms_is_decided_when_the_book_is_made() -> None:
    table = axiom_table(("rlhf", "borda"), ("independence", "rankings"))
    text = axiom_section(table)
    for title, *cells in table.rows():
        line = next(x for x in text.splitlines() if x.startswith(f"{title} &"))
        assert re.findall(r"yes|no|open", line[len(title) :]) == cells
    assert [row[1:] for row in table.rows()] == [("yes", "no"), ("no", "yes")]
    assert text.count(r"\rotatebox") == 2


def test_a_series_ascends_and_says_what_is_left() -> None:
    beta, p0 = symbols.beta, symbols.pi_ref
    lines = display([equation(Symbol("pi_up_to_beta_m4"), p0 / beta**3 + 1 / beta + p0)])
    text = "".join(lines)
    places = [text.index(part) for part in (r"= p_0", r"{\beta}", r"{\beta^{3}}", "O")]
    assert places == sorted(places)


def test_every_method_of_proof_has_words_of_its_own() -> None:
    """A name of a method is no formula: z3 is a solver and not a symbol with an index."""
    for method in METHODS:
        words = in_words(method.name)
        assert "$" not in words
        assert words != method.name, method.name
