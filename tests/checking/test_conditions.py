r"""Statements about a part of the range; where they are true is worked out by hand.

In pairs beta (pi - pi_ref) = pi (1 - pi), so that pi = 1/2 at pi_ref = 1/2 - 1/(4 beta): everything
lies above 1/2 up to beta = 1/2 and nothing beyond. Under chi2 in pairs pi(a) = 1 is left
where beta force(1) > drift(1).
"""

from __future__ import annotations

import json
from time import process_time

import pytest
from sympy import Rational, sympify

import grpo_symbolic as gs
from grpo_symbolic.checking.ranges import left_at_one
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.cli import main
from grpo_symbolic.grammar.conditions import branches, conditions
from grpo_symbolic.symbols import G, beta, gamma, pi_ref, success

PAIRS, EIGHT, QUESTION = gs.GRPO(2), gs.GRPO(8), gs.BinaryQuestion()
CHI = gs.GRPO(2, gs.Divergence.chi_squared())
NOISY = gs.BinaryQuestion(success=success)


def word(formula: str, where: str, algorithm: gs.Algorithm = PAIRS, **options: bool) -> str:
    return gs.check(formula, algorithm, QUESTION, where=where, **options).verdict.value


@pytest.mark.parametrize(
    ("formula", "where", "verdict"),
    [
        ("pi > 1/2", "beta <= 1/2", "PROVED"),
        ("pi > 1/2", "beta <= 1/2 + 1/10**9", "REFUTED"),
        ("pi > 1/2", "pi_ref >= 1/2", "PROVED"),
        ("pi > 1/2", "pi_ref > 1/2 - 1/10**6", "REFUTED"),
        # beta (pi - pi_ref) = pi (1 - pi) is larger than beta^2 (pi - pi_ref) up to beta = 1.
        ("pi*(1 - pi) >= beta**2*(pi - pi_ref)", "beta <= 1", "PROVED"),
        ("pi*(1 - pi) >= beta**2*(pi - pi_ref)", "beta < 1001/1000", "REFUTED"),
        ("pi*(1 - pi) <= beta**2*(pi - pi_ref)", "1 <= beta, beta < 7", "PROVED"),
        # At beta = 1 the policy is sqrt(pi_ref).
        ("pi = sqrt(pi_ref)", "beta = 1", "PROVED"),
        ("pi = sqrt(pi_ref)", "beta = 1, pi_ref < 1/2", "PROVED"),
        ("pi = sqrt(pi_ref)", "beta = 2", "REFUTED"),
        ("pi < 3/4", "beta > 1, pi_ref < 1/4", "PROVED"),
        ("pi < 3/4", "pi_ref < 1/4", "REFUTED"),
        # pi (1 - pi) = beta (pi - pi_ref) at pi = 9/10: beta < 9/(90 - 100 pi_ref) is not enough.
        ("pi < 9/10", "0 < beta < 1 - pi_ref", "REFUTED"),
    ],
)
def test_a_statement_holds_on_the_part_that_is_named(
    formula: str, where: str, verdict: str
) -> None:
    assert word(formula, where) == verdict


def test_without_a_closed_form_a_part_of_the_range_decides() -> None:
    # h_8(1/2), by the law of K of 8 answers: pi = 1/2 at pi_ref = 0 for beta = 2 h_8(1/2).
    from math import comb, sqrt

    largest = 2 * sum(comb(8, k) / 2**8 * sqrt(k * (8 - k)) / 8 for k in range(9))
    below, above = (str(Rational(str(round(largest + d, 6)))) for d in (-1e-5, 1e-5))
    assert word("pi > 1/2", f"beta < {below}", EIGHT) == "PROVED"
    assert word("pi > 1/2", f"beta < {above}", EIGHT) == "REFUTED"


def test_counterexamples_lie_in_the_part() -> None:
    for where, condition in (
        ("beta > 3, pi_ref < 1/8", (beta > 3) & (pi_ref < Rational(1, 8))),
        ("beta < pi_ref/20", beta < pi_ref / 20),
        ("2 < beta, beta <= 2 + pi_ref", (beta > 2) & (beta <= 2 + pi_ref)),
    ):
        for formula in ("pi < pi_ref", "pi**2 > pi", "1/(pi_ref - 2) > 0"):
            for algorithm in (PAIRS, EIGHT):
                found = gs.check(formula, algorithm, QUESTION, where=where)
                assert found.verdict is gs.Status.REFUTED
                assert found.counterexample is not None
                place = {s: sympify(found.counterexample[s.name]) for s in condition.free_symbols
                         if s.name in found.counterexample}  # fmt: skip
                assert condition.subs(place) != False, (formula, where, place)  # noqa: E712
                assert len(place) == len(condition.free_symbols) or "pi_ref - 2" in formula


def test_a_point_of_the_curve_beyond_the_part_refutes_nothing() -> None:
    # True there by pi < 3/4, and false at small weights only.
    assert word("pi**2 < 9/16", "pi_ref < 1/4", EIGHT) == "REFUTED"
    assert word("pi**2 < 9/16", "beta > 4, pi_ref < 1/4", EIGHT) in ("PROVED", "NUMERIC")
    # 1/2 - pi is 0 somewhere on the curve, but not at weights below 1/2.
    assert word("1/(1/2 - pi) < 0", "beta < 1/2", EIGHT) != "REFUTED"
    assert word("1/(1/2 - pi) < 0", "pi_ref < 3/4", EIGHT) == "REFUTED"


def test_terms_are_defined_on_the_part() -> None:
    assert word("1/(1 - beta) > 0", "beta < 1") == "PROVED"
    assert word("1/(1 - beta) > 0", "beta <= 1") == "REFUTED"
    assert word("1/(1 - beta) > 0", "beta <= 1", where_defined=True) == "PROVED"
    assert word("sqrt(1 - beta) < 1", "beta < 1") == "PROVED"
    assert word("log(pi_ref - 1/4) < 0", "pi_ref > 1/4") == "PROVED"
    assert word("log(pi_ref - 1/4) < 0", "pi_ref >= 1/4") == "REFUTED"


@pytest.mark.parametrize(
    ("formula", "where", "said"),
    [
        ("1/(1 - beta) > 0", "beta = 1", "1 - beta is 0"),
        ("pi*(1 - beta)/(1 - beta) > 0", "beta = 1", "1 - beta is 0"),
        ("sqrt(1 - beta) >= 0", "beta = 2", "1 - beta is negative"),
        ("log(pi_ref - 1/4) < 0", "pi_ref = 1/4", "pi_ref - 1/4 is not positive"),
    ],
)
def test_terms_are_defined_at_values(formula: str, where: str, said: str) -> None:
    found = gs.check(formula, PAIRS, QUESTION, where=where)
    assert found.verdict is gs.Status.REFUTED
    assert found.sentence.endswith(said)
    name, _, value = where.partition(" = ")
    assert found.counterexample == {name: value}
    assert found.formula == f"{found.formula.partition(' at ')[0]} at {where}"
    assert word(formula, where, where_defined=True) == "UNKNOWN"


def test_a_value_is_one_of_both_sides() -> None:
    assert word("sqrt(pi_ref) = pi", "beta = 1") == "PROVED"
    found = gs.check("pi*(1 - pi) = beta*(pi - pi_ref)", PAIRS, QUESTION, where="beta = 3")
    assert str(found).startswith("PROVED  pi*(1 - pi) = beta*(pi - pi_ref) at beta = 3\n")


def test_policies_at_the_boundary_count_where_they_are() -> None:
    policy = gs.stationary_policy(CHI, QUESTION)
    given = {"beta": "3/5", "pi_ref": "9/10"}
    assert max(s.policy[0] for s in policy.solutions(**given)) == 1
    assert word("pi < 1", "beta > 1/2, pi_ref > 1/2", CHI) == "REFUTED"
    assert word("pi < 1", "beta > 1", CHI) == "PROVED"
    within = subject(CHI, QUESTION)
    left = left_at_one(within)
    assert left is not None
    # The weight goes down to 0 there, which is none, and up to the largest, which is one.
    weight = left.ranges[-1]
    assert (weight.lower, weight.lower_closed, weight.upper_closed) == (0, False, True)
    assert gs.check("pi/beta > 0", CHI, QUESTION).verdict is gs.Status.PROVED


def test_every_parameter_may_have_a_condition() -> None:
    margin = gs.BinaryQuestion(margin=gamma)
    # pi = 1/2 at pi_ref = 0 for beta = gamma/2.
    assert gs.check("pi > 1/2", PAIRS, margin, where="beta < gamma/2").verdict.value == "PROVED"
    found = gs.check("pi > 1/2", PAIRS, margin, where="beta < 2*gamma/3")
    assert found.verdict.value == "REFUTED"
    noisy = gs.check("pi >= pi_ref", gs.GRPO(4), NOISY, where="s_b > 1/2")
    assert (noisy.verdict.value, [str(r) for r in noisy.within]) == ("PROVED", ["1/2 < s_b < 1"])
    sizes = gs.check("pi > 1 - beta", gs.GRPO(G), QUESTION, where="G > 2")
    assert [str(r) for r in sizes.within] == ["G >= 3"]


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("beta < 0", "it is not shown that there is such a beta"),
        ("beta > 3/4, beta < 1/2", "it is not shown that there is such a beta"),
        ("pi < 1/2", "speaks of pi"),
        ("beta != 1", "is none"),
        ("at(beta, pi_ref, 1) > 0", "cannot be read"),
        ("beta", "speaks of pi"),
        ("beta < 1,", "a condition is missing"),
        ("beta*pi_ref < beta**2", "does not bound one parameter"),
        ("pi_ref < exp(-beta)", "does not bound one parameter"),
        ("beta < sqrt(pi_ref - 1/2)", "is defined"),
        ("beta = pi_ref", "is no value of the range"),
        ("beta = -1", "is no value of the range"),
        ("beta = 1, beta < 2", "a value and a condition"),
        ("beta = 1, beta = 2", "two values"),
        ("gamma < 1", "gamma"),
        ("beta < " + "1" * 10_001, "characters"),
    ],
)
def test_what_is_no_condition_is_refused(where: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        gs.check("pi > 1/2", PAIRS, QUESTION, where=where)
    assert sentence in str(refused.value)


def test_an_end_that_may_lie_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="not shown to lie in the range"):
        gs.check("pi > 1/2", gs.GRPO(4), NOISY, where="s_a > 1/2")
    with pytest.raises(ValueError, match="equations and inequalities"):
        gs.check("increasing(pi, pi_ref)", PAIRS, QUESTION, where="beta < 1")
    with pytest.raises(ValueError, match="equations and inequalities"):
        gs.check("limit(pi, beta, 0) = 1", PAIRS, QUESTION, where="pi_ref = 1/2")
    with pytest.raises(ValueError, match="two values"):
        gs.check("at(pi, beta, 1) = sqrt(pi_ref)", PAIRS, QUESTION, where="beta = 2")
    with pytest.raises(ValueError, match="bounded by a number"):
        gs.check("pi > 0", gs.GRPO(G), QUESTION, where="G > 3 + pi_ref")


def test_a_condition_that_holds_anyway_changes_nothing() -> None:
    found = gs.check("pi > 0", PAIRS, QUESTION, where="beta > -1, pi_ref < 2, pi_ref <= 1")
    assert found.within == ()
    assert str(found).startswith("PROVED  pi > 0\n")
    # Ends that are those of the range: they belong to it, or do not, as before.
    assert gs.check("pi > 0", PAIRS, QUESTION, where="beta > 0, pi_ref < 1").within == ()
    assert gs.check("pi > 0", gs.GRPO(G), QUESTION, where="G >= 2, G > 1").within == ()


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ("beta <= 1/2, beta < 1/2", "0 < beta < 1/2"),
        ("beta < 1/2, beta <= 1/2", "0 < beta < 1/2"),
        ("beta <= 1/2, beta <= 1/2", "0 < beta <= 1/2"),
        ("beta >= 1/2, beta > 1/2", "beta > 1/2"),
        ("beta > 1/2, beta >= 1/2", "beta > 1/2"),
        ("beta >= 1/2, beta >= 1/2", "beta >= 1/2"),
    ],
)
def test_of_two_conditions_with_one_end_the_narrower_counts(where: str, part: str) -> None:
    found = gs.check("pi > 0", PAIRS, QUESTION, where=where)
    assert [str(r) for r in found.within] == [part]


SAME = (
    "pi > 1/2 for beta <= 1/3",
    "pi > 1/2 if 3*beta <= 1",
    r"\pi(a) > \frac{1}{2} \quad \text{for } \beta \le \frac{1}{3}",
    r"\pi(a) > \frac{1}{2}, \qquad \text{for all $\beta \le 1/3$.}",
    r"\pi(a) > \frac{1}{2} \mbox{ whenever } \beta \in (0, \tfrac{1}{3}]",
    r"\pi(a) > \begin{cases} \frac{1}{2} & \beta \leq \frac{1}{3} \end{cases}",
)


@pytest.mark.parametrize("formula", SAME)
def test_conditions_stand_beside_the_formula(formula: str) -> None:
    found = gs.check(formula, PAIRS, QUESTION)
    assert found.stated == "pi > 1/2 where 0 < beta <= 1/3"
    assert found.verdict.value == "PROVED"
    if "\\" in formula:
        (display,) = gs.check_paper(f"% grpo: group_size=2\n\\[ {formula} \\]\n")
        assert display.word == "PROVED"


CASES = (
    r"\pi(a) {0} \begin{{cases}} {1} & \text{{if }} \beta {2} {3}, \\ "
    r"{4} & \text{{otherwise.}} \end{{cases}}"
)


def test_each_case_is_a_statement() -> None:
    # pi > 1 - beta, and pi > 1/2 up to beta = 1/2.
    true = CASES.format(">", r"\frac{1}{2}", r"\le", r"\frac{1}{2}", "0")
    found = gs.check(true, PAIRS, QUESTION)
    assert [(p.stated, p.verdict.value) for p in found.parts] == [
        ("pi > 1/2 where 0 < beta <= 1/2", "PROVED"),
        ("pi > 0 where beta > 1/2", "PROVED"),
    ]
    assert found.verdict.value == "PROVED"
    wrong = gs.check(CASES.format(">", "0", "<", "2", r"\frac{1}{2}"), PAIRS, QUESTION)
    assert wrong.verdict.value == "REFUTED"
    assert wrong.counterexample is not None
    assert sympify(wrong.counterexample["beta"]) >= 2
    with pytest.raises(ValueError, match="one by one"):
        found.export("latex-theorem")


def test_what_is_unequal_is_less_or_greater() -> None:
    # The formula with 1 - beta below the line has a gap at 1, which has a case of its own.
    other = r"\frac{(1 - \beta) \sqrt{\pi_{ref}}}{1 - \beta}"
    rows = rf"\sqrt{{\pi_{{ref}}}} & \beta = 1 \\ {other} & \beta \ne 1"
    found = gs.check(rf"\pi(a) = \begin{{cases}} {rows} \end{{cases}}", PAIRS, QUESTION)
    assert [p.verdict.value for p in found.parts] == ["PROVED", "REFUTED", "REFUTED"]
    assert branches(r"p \text{ for } x \neq 1") == [("p", "x < 1"), ("p", "x > 1")]


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{cases} 1 & x \end{cases} + \begin{cases} 1 & x \end{cases}",
        r"\begin{cases} 1 & 0 < x < 1 \\ 2 & \text{otherwise} \end{cases}",
        r"\begin{cases} 1 \\ 2 \end{cases}",
        r"\begin{cases} " + r"1 & x < 1 \\ " * 9 + r"\end{cases}",
        r"p \text{ for } x \ne 1, y \ne 1",
    ],
)
def test_cases_that_are_not_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"case|unequal|otherwise"):
        branches(text)


def test_intervals_are_their_ends() -> None:
    assert conditions(r"\beta \in [1, \infty), p \in (-\infty, 2)") == [r"\beta ≥ 1", "p < 2"]
    assert conditions(r"x \in \left(0, y\right] \text{ and } y\,<1") == ["x > 0", "x ≤ y", r"y\,<1"]


def test_a_theorem_says_for_which_parameters_it_is() -> None:
    part = gs.check("pi > 1/2", PAIRS, QUESTION, where="beta <= 1/2").export("latex-theorem")
    assert r"0 < \beta \le \frac{1}{2}$" in part
    assert "where='0 < beta <= 1/2'" in part
    value = gs.check("at(pi, beta, 1) = sqrt(pi_ref)", PAIRS, QUESTION).export("latex-theorem")
    assert r"$0 < \pi_{\mathrm{ref}}(a) < 1$ and $\beta = 1$" in value
    assert "check('pi = sqrt(pi_ref)', where='beta = 1')" in value


def test_the_command_line_and_papers_have_conditions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "pi > 1/2", "--where", "beta <= 1/2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["within"] == ["0 < beta <= 1/2"]
    # Brackets count: 2 (1 - pi_ref)/4 is at most 1/2, 2 - pi_ref/4 is not.
    for where, expected in (("2*(1 - pi_ref)/4", "PROVED"), ("2*1 - pi_ref/4", "REFUTED")):
        comment = f'% grpo: group_size=2 where="beta < {where}"\n'
        (formula,) = gs.check_paper(comment + "\\[ \\pi(a) \\ge \\frac12 \\]\n")
        assert formula.word == expected


def test_names_of_a_paper_hold_in_its_conditions() -> None:
    notation = "% grpo-notation: beta=\\lambda\n% grpo: group_size=2\n"
    for text, expected in (
        (r"\text{for all $\lambda < \frac12$}", "PROVED"),
        (r"\text{for } \lambda < 2", "REFUTED"),
        (r"\text{for all $\beta < \frac12$}", "UNKNOWN"),
        (r"\text{for } \beta < \frac12", "UNKNOWN"),
    ):
        (formula,) = gs.check_paper(f"{notation}\\[ \\pi(a) > \\frac12 \\quad {text} \\]\n")
        assert formula.word == expected, text


def test_an_end_may_be_a_number_too_long_to_be_written() -> None:
    # At pi_ref = 1e-40 the end is exp(-1e40); it is below exp(-1) everywhere, and close to that.
    assert word("beta < 3679/10000", "beta < exp(-1/pi_ref)") in ("PROVED", "NUMERIC")
    assert word("beta < 36/100", "beta < exp(-1/pi_ref)") == "REFUTED"


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{cases} 1 & b<1 \\ 2 & \text{" + " ~" * 4900 + r"otherwise x \end{cases}",
        r"\pi>0 \text{for} x" + "." * 9900 + "x",
        r"\pi>0 \text{for} x" + r"\quad" * 1900 + "x",
        r"\pi>0 \text{for} x" + r"\, " * 3200 + "x",
    ],
)
def test_what_stands_around_a_formula_is_read_once(text: str) -> None:
    start = process_time()
    branches(text)
    assert process_time() - start < 0.3


#: Rows of a display, and what is said of each of their formulas. pi > 1/2 holds up to beta = 1/2.
ROWS = (
    (r"\pi(a) &> \frac12 && \text{if } \beta \le HALF", "PROVED", "REFUTED"),
    (r"\pi(a) &> \frac12 && \text{if $\beta \le HALF$}", "PROVED", "REFUTED"),
    (r"\pi(a) &> \frac12 \\ & \text{for } \beta \le HALF", "PROVED", "REFUTED"),
    (r"\pi(a) > \frac12 & \text{ for } \beta \le HALF", "PROVED", "REFUTED"),
    # What is no condition in words is not read; it does not go unseen.
    (r"\pi(a) &> \frac12 && \beta \le HALF", "UNKNOWN", "UNKNOWN"),
    (r"\pi(a) &> \frac12 && (\beta \le HALF)", "UNKNOWN", "UNKNOWN"),
    (r"\pi(a) &> \frac12 && \forall \beta \le HALF", "UNKNOWN", "UNKNOWN"),
    (r"\pi(a) > \frac12, \quad \pi_{\mathrm{ref}}(a) \ge HALF", "UNKNOWN", "UNKNOWN"),
    (r"\text{for } \beta \le HALF &: && \pi(a) > \frac12", "UNKNOWN", "UNKNOWN"),
    (r"\pi(a) > \frac12 \quad \text{by (3), for small weights}", "UNKNOWN", "UNKNOWN"),
)


@pytest.mark.parametrize(("row", "right", "wrong"), ROWS)
def test_a_condition_in_a_column_of_its_own_belongs_to_the_formula(
    row: str, right: str, wrong: str
) -> None:
    for half, expected in ((r"\frac12", right), ("1", wrong)):
        display = f"\\begin{{align}} {row.replace('HALF', half)} \\end{{align}}"
        found = gs.check_paper(f"% grpo: group_size=2\n{display}\n")
        assert [formula.word for formula in found] == [expected], display


@pytest.mark.parametrize("kind", ["gather", "align"])
def test_a_condition_in_a_row_of_its_own_belongs_to_the_formula_above(kind: str) -> None:
    rows = r"\pi(a) > \frac12 \\ \text{for } \beta \le \frac12"
    found = gs.check_paper(f"% grpo: group_size=2\n\\begin{{{kind}}} {rows} \\end{{{kind}}}\n")
    assert [formula.word for formula in found] == ["PROVED"]


@pytest.mark.parametrize("words", [r"\text{for }", r"\text {for }", r"\mbox{if}"])
def test_a_row_behind_a_condition_is_not_taken_for_one(words: str) -> None:
    # The second row fails below pi_ref = 1/3; read on from the condition it would hold anyway.
    rows = (
        rf"\pi(a) &> \pi_{{\mathrm{{ref}}}}(a) \quad {words} \beta \ge \frac12 \\"
        r" &\ge \frac{1 + \pi_{\mathrm{ref}}(a)}{4}"
    )
    found = gs.check_paper(f"% grpo: group_size=2\n\\begin{{align}} {rows} \\end{{align}}\n")
    assert {formula.word for formula in found} == {"UNKNOWN"}
    assert "behind the condition" in next(iter(found)).reason
