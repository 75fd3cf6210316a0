"""What a paper defines, and theorems as the library exports them, read back."""

from __future__ import annotations

import pytest

import grpo_symbolic as gs
from grpo_symbolic.cli.paper_settings import read_setting
from tests.checking.test_check_paper import (
    BINARY,  # fmt: skip
    LEFT,
    PAIRS,
    PROVED,
    REFUTED,
    TRUE,
    UNKNOWN,
    words,
)

EIGHT = r"\sum_{k=1}^{7} \binom{8}{k} m^{k} (1 - m)^{8-k} f\left(\frac{k}{8}\right)"
SHAPE = r"f(t) = \sqrt{t (1 - t)}"
BALANCE = r"\beta (\pi(a) - \pi_{\mathrm{ref}}(a)) = "


def defined(mean: str, shape: str, right: str = "h_8(\\pi(a))", size: object = 8) -> list[str]:
    rows = (BALANCE + right, f"h_{size}(m) = {mean}", shape)
    return words(f"% grpo: group_size={size}\n\\begin{{gather}} " + r" \\ ".join(rows)
                 + "\\end{gather}")  # fmt: skip


@pytest.mark.parametrize("setting", ["group_size=8", "group_size=G", "group_size=8 success"])
def test_named_means_of_the_library_are_read_back_with_what_they_mean(setting: str) -> None:
    chosen = read_setting(setting)
    policy = gs.stationary_policy(chosen.algorithm, chosen.question)
    tex = policy.export("latex-theorem")
    assert words(f"% grpo: {setting}\n{tex}") == [PROVED] * 3
    wrong = gs.check_paper(f"% grpo: {setting}\n" + tex.replace("f(t) &= ", "f(t) &= 2 ") + "\n")
    assert SHAPE[:5] in wrong.refuted[-1].formula
    assert wrong.refuted[0].line < wrong.refuted[-1].line


@pytest.mark.parametrize("kind", ["align", "proof"])
def test_a_derivation_and_a_proof_are_read_line_by_line(kind: str) -> None:
    tex = gs.stationary_policy(gs.GRPO(8), BINARY).export(f"latex-{kind}")
    found = words(f"% grpo: group_size=8\n{tex}")
    assert len(found) >= 6
    assert set(found) == {PROVED}
    wrong = tex.replace(r"d(a) - d(b)", r"d(a) + d(b)")
    assert REFUTED in words(f"% grpo: group_size=8\n{wrong}")


@pytest.mark.parametrize("setting", ["group_size=2 penalty=chi2", "group_size=8 penalty=chi2"])
def test_a_theorem_on_interior_policies_is_read_as_one_with_the_word(setting: str) -> None:
    """It says of itself "a policy with 0 < pi(a) < 1"; the comment says so too, or it is wrong."""
    chosen = read_setting(setting)
    tex = gs.stationary_policy(chosen.algorithm, chosen.question).export("latex-theorem")
    assert r"a policy with $0 < \pi(a) < 1$" in tex
    assert words(f"% grpo: {setting}\n{tex}")[0] == REFUTED
    found = gs.check_paper(f"% grpo: {setting} interior\n{tex}\n")
    assert {formula.word for formula in found} == {PROVED}
    assert "positive probabilities only" in found.formulas[0].reason
    wrong = tex.replace(r"1 - \pi_{\mathrm{ref}}(a)", r"2 - \pi_{\mathrm{ref}}(a)")
    assert words(f"% grpo: {setting} interior\n{wrong}")[0] == REFUTED
    assert words(f"% grpo: {setting} interior\n\\[ {TRUE} \\]") == [UNKNOWN]


def test_what_the_paper_defines_is_used_and_not_what_the_library_has_by_that_name() -> None:
    assert defined(EIGHT, SHAPE) == [PROVED] * 3
    assert defined(EIGHT, SHAPE, "2 h_8(\\pi(a))") == [REFUTED, PROVED, PROVED]
    # Twice the library's f and half of its mean are names of the paper's own: nothing is wrong.
    assert defined(rf"\frac{{1}}{{2}} {EIGHT}", SHAPE.replace("= ", "= 2 ")) == [
        PROVED, PROVED, LEFT]  # fmt: skip
    assert defined(EIGHT.replace("binom{8}", "binom{7}"), SHAPE) == [REFUTED, REFUTED, PROVED]
    assert defined(EIGHT.replace("k=1", "k=2"), SHAPE) == [REFUTED, REFUTED, PROVED]
    assert defined(EIGHT, SHAPE.replace("1 - t", "2 - t")) == [REFUTED, REFUTED, REFUTED]


def test_a_definition_is_not_to_blame_for_what_is_wrong_without_it_too() -> None:
    rows = r"\pi(a) < f(\beta) \\ f(x) = x - 1"
    assert words(f"{PAIRS}\\begin{{gather}} {rows} \\end{{gather}}") == [REFUTED, LEFT]


def test_a_name_that_is_defined_in_two_ways_is_not_read() -> None:
    both = f"\n% grpo: group_size=8\n\\[ {SHAPE} \\]\n% grpo: group_size=8\n"
    text = f"{both}\\[ f(t) = t \\]\n% grpo: group_size=8\n\\[ \\pi(a) > f(\\beta) \\]\n"
    found = gs.check_paper(text)
    assert [formula.word for formula in found] == [UNKNOWN] * 3
    assert "in two ways" in found.formulas[0].reason
    # Under another setting it is another name.
    assert words(text.replace("group_size=8", "group_size=2", 1))[0] == PROVED


def test_a_function_is_taken_at_its_argument_and_a_sum_term_by_term() -> None:
    """q(1) = 1 + 1/2 + 1/3 = 11/6, and 1 is the least upper bound of all policies."""
    for right, word in ((r"q(1) - \frac{5}{6}", PROVED), (r"q(1) - \frac{3}{2}", REFUTED)):
        rows = rf"\pi(a) < {right} \\ q(x) = \sum_{{k=1}}^{{3}} \frac{{x^k}}{{k}}"
        assert words(f"{PAIRS}\\begin{{gather}} {rows} \\end{{gather}}") == [word, LEFT]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (r"\pi(a) < f(1) \\ f(x) = f(x) + 1", "defined by itself"),
        (r"\pi(a) < f(1) \\ f(x) = \sum_{k=1}^{900} x", "200 terms"),
    ],
)
def test_definitions_are_bounded(rows: str, sentence: str) -> None:
    found = gs.check_paper(f"{PAIRS}\\begin{{gather}} {rows} \\end{{gather}}\n")
    assert found.formulas[0].word == UNKNOWN
    assert sentence in found.formulas[0].reason


@pytest.mark.parametrize(
    "setting", ["group_size=4 rewards=1,1/2,0", "group_size=4 rewards=1,1/2,1/4,0"]
)
@pytest.mark.parametrize("kind", ["theorem", "proof"])
def test_conditions_of_many_answers_are_not_taken_for_checked(setting: str, kind: str) -> None:
    """They are about every answer o at once, and name V_4 by a mean that is not read."""
    chosen = read_setting(setting)
    tex = gs.stationary_policy(chosen.algorithm, chosen.question).export(f"latex-{kind}")
    found = gs.check_paper(f"% grpo: document {setting}\n{tex}\n")
    assert len(found) >= 2
    assert {formula.word for formula in found} == {LEFT}
    assert all(formula.reason for formula in found)
    assert found.fails(strict=True)
