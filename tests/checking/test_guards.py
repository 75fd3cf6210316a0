"""What stands between a search that found nothing and a verdict, each guard by itself."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from sympy import S, Symbol, exp, latex, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.checking import checked, curve_limits, determined, relation
from grpo_symbolic.checking.checked import Checked, all_proved
from grpo_symbolic.checking.conditions import _compares
from grpo_symbolic.checking.curve_limits import along_the_curve
from grpo_symbolic.checking.definedness import _between, _zero
from grpo_symbolic.checking.determined import is_the_condition, poles_of
from grpo_symbolic.checking.direction import DirectionCheck
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.grammar.statement import statements
from grpo_symbolic.symbols import beta, pi, pi_ref
from grpo_symbolic.verify.verdict import Status
from tests.checking.kept import PRINTED, check
from tests.oracles.enumeration import Rule, rule_preference

SURE = gs.BinaryQuestion()
PAIRS, EIGHT = gs.GRPO(2), gs.GRPO(8)
RANKED = gs.Question(rewards=(3, 2, 1))
PROVED, REFUTED, NUMERIC, UNKNOWN = Status.PROVED, Status.REFUTED, Status.NUMERIC, Status.UNKNOWN
#: 1, and not defined at beta = 1; the other divisor, of degree four, is positive.
QUARTIC = "beta**4 - beta**3 + beta**2 - beta + 1"
ONE = f"(beta**2 - 1)*(beta**5 + 1)/((beta - 1)*(beta + 1)**2*({QUARTIC}))"
POLICY = "(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2"


@pytest.mark.parametrize(
    ("formula", "algorithm", "verdicts"),
    [
        # nothing is known of a limit, and a limit of which nothing is known says nothing
        ("limit(sin(1/beta), beta, 0) = 0", PAIRS, {UNKNOWN}),
        ("limit(sin(1/pi_ref), pi_ref, 0) = 5", gs.GRPO(2, beta=S.Half), {UNKNOWN}),
        ("limit(beta + 0*log(sin(1/beta)), beta, 0) = 0", PAIRS, {UNKNOWN, REFUTED}),
        ("limit(beta*sqrt(pi_ref - 1/2 + beta), beta, 0) = 0", PAIRS, {UNKNOWN, REFUTED}),
        # true, and of a term that is there, which nothing shows
        ("pi + 0*log(beta - sin(beta)) >= pi_ref", PAIRS, {UNKNOWN}),
        ("limit(pi*sqrt(2 - sin(beta)**2 - cos(beta**2)), pi_ref, 0) = 0", PAIRS, {UNKNOWN}),
        (
            "sqrt(2 - sin(beta)**2 - cos(beta**2))**2 + cos(beta**2) = 2 - sin(beta)**2",
            PAIRS,
            {UNKNOWN},
        ),
        ("limit(log(pi_ref), pi_ref, 0) = -oo", PAIRS, {PROVED}),
        ("limit(log(pi_ref), pi_ref, 0) < -10**9", PAIRS, {PROVED}),
        ("limit(log(pi_ref), pi_ref, 0) > -3", PAIRS, {REFUTED}),
        ("limit(pi_ref, pi_ref, 0) > -oo", PAIRS, {PROVED}),
        ("limit(pi_ref, pi_ref, 0) = -oo", PAIRS, {REFUTED}),
        # numbers say so, and no more
        ("increasing(exp(sin(beta)) + 3*beta, beta)", PAIRS, {NUMERIC}),
        # flat at every place that is looked at, though it rises
        ("increasing((2*beta - 1)**3 - 3*(2*beta - 1), beta)", PAIRS, {REFUTED}),
        ("increasing((pi_ref - 1/2)**3*(pi_ref - 1/3)**3, pi_ref)", PAIRS, {REFUTED}),
    ],
)
def test_what_is_not_shown_is_not_said(
    formula: str, algorithm: gs.GRPO, verdicts: set[Status]
) -> None:
    assert check(formula, algorithm, SURE).verdict in verdicts


def test_a_formula_alone_is_one_of_two_answers() -> None:
    with pytest.raises(ValueError, match=r"the formula has pi, but the question has .*pi_1"):
        check("1/2", PAIRS, RANKED)
    with pytest.raises(ValueError, match="no parameter"):
        check("increasing(beta**2, pi)", PAIRS, SURE)


@pytest.mark.parametrize(
    "limit", ["limit(1/r_b, r_b, 0) = oo", "limit(gap, gap, -1) = -1", "limit(pi, pi, 2, +) = 2"]
)
def test_a_limit_is_one_in_a_parameter(limit: str) -> None:
    """The level of rewards has two sides at 0, and no gap is below 0: both cancel."""
    with pytest.raises(ValueError, match="the question has no parameter"):
        check(limit, PAIRS, SURE)


def test_poles_of_a_proved_formula_are_named() -> None:
    found = check(f"pi = {POLICY}*{ONE}", PAIRS, SURE, where_defined=True)
    assert found.verdict is PROVED
    assert found.sentence.endswith("it is undefined where beta - 1 = 0")
    assert check(f"pi = {POLICY}*{ONE}", PAIRS, SURE).verdict is REFUTED


def test_limits_of_work_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    about = subject(PAIRS, SURE)
    (said,) = statements("beta*(pi - pi_ref) = pi*(1 - pi)", about.names)
    claims = (gs.Claim("", beta**2 + pi_ref, ">", pi_ref * beta),)
    assert is_the_condition(about, said)
    assert all_proved(claims)
    assert poles_of(about, 1 / (beta - 1) + 1 / (beta + 1)) == ["beta - 1 = 0"]
    monkeypatch.setattr(determined, "GLANCE_STEPS", 5)
    monkeypatch.setattr(checked, "PROOF_STEPS", 5)
    assert not is_the_condition(about, said)
    assert not all_proved(claims)
    assert all_proved(())
    assert poles_of(about, 1 / (beta - 1)) == []


def test_a_limit_along_the_curve_needs_each_of_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    about = subject(EIGHT, SURE)
    given: Any = (about.curve, pi**2)

    def refused(*place: Any, **patched: Any) -> str:
        with monkeypatch.context() as patch:
            for name, value in patched.items():
                patch.setattr(curve_limits, name, value)
            with pytest.raises(ValueError, match=r"\w") as caught:
                along_the_curve(*given, *place, about.parameters)
        return str(caught.value)

    elsewhere = SimpleNamespace(value=S.Half, claims=())
    assert "at the ends" in refused(beta, S.One)
    assert "tend to 1" in refused(beta, S.Zero, explain_limit=lambda *_: elsewhere)
    assert "tend to pi_ref" in refused(beta, oo, explain_limit=lambda *_: elsewhere)
    assert "fall to 0" in refused(pi_ref, S.Zero, escape_curve=lambda _: pi + 1)
    assert "same at every pi" in refused(pi_ref, S.Zero, escape_curve=lambda _: S.Half)
    blind = SimpleNamespace(beta=beta, reference=None)
    monkeypatch.setattr(curve_limits, "explain_limit", lambda *_: elsewhere)
    with pytest.raises(ValueError, match="as a function of pi"):
        along_the_curve(blind, pi**2, pi_ref, S.One, about.parameters)  # type: ignore[arg-type]


def test_two_points_are_compared_where_they_have_as_many_policies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about = subject(EIGHT, SURE)
    (said,) = statements("increasing(pi, beta)", about.names)
    made = DirectionCheck(about, said)  # type: ignore[arg-type]
    for there, seen in (([S.Half, S.Half], None), ([S.One / 4], REFUTED)):
        steps = ([S.One / 3], there, "1 -> 2")
        monkeypatch.setattr(DirectionCheck, "_steps", lambda *_, s=steps: iter([s]))
        found = made._opposite_pair()
        assert (None if found is None else found.verdict) is seen


@pytest.mark.parametrize(
    ("need", "seen"),
    [
        (exp(beta) - 3, True),
        (exp(beta) + 3, False),
        (exp(pi) - 2, True),
        (log(beta) - 1, False),  # zero at e, and not defined everywhere else
        (beta**2 - 2 * pi_ref**2, True),
        (pi - 2 * beta + pi_ref, True),
        (pi - pi_ref, False),
    ],
    ids=str,
)
def test_zeros_of_continuous_terms_are_found(need: Any, seen: bool) -> None:
    place = _zero(subject(EIGHT, SURE), need)
    assert (place is not None) == seen
    if place is None:
        return
    at = {Symbol(n): S(v.removeprefix("about ")).n(40) for n, v in place.items()}
    plain = need.xreplace({s: Symbol(s.name) for s in need.free_symbols})
    assert abs(plain.subs(at)) < 1e-25


def test_a_zero_in_the_middle_is_that_number() -> None:
    """Whichever way the term goes: 1/2 lies half-way between 1/4 and 3/4."""
    domain = subject(EIGHT, SURE).parameters
    ends = [{pi_ref: S(k) / 4, beta: S.One} for k in (1, 3)]
    for way in (1, -1):
        assert _between(way * (2 * pi_ref - 1), domain, *ends) == {pi_ref: S.Half, beta: S.One}


def test_with_a_closed_form_the_place_where_a_formula_is_undefined_is_exact() -> None:
    """beta (pi - pi_ref) = pi (1 - pi) for pairs, put in by hand."""
    zero = S.One / 3
    found = check(f"1/(pi - {zero}) != 0", PAIRS, SURE)
    assert found.verdict is REFUTED
    at = {name: S(value) for name, value in (found.counterexample or {}).items()}
    assert at["beta"] * (zero - at["pi_ref"]) == zero * (1 - zero)


def test_rewards_of_the_two_answers_are_a_gap_apart() -> None:
    for given, gap in ((SURE, r"\Delta"), (gs.BinaryQuestion(gap=2), r"\frac{6}{3}")):
        assert check(rf"r(a) - r(b) = {gap}", PAIRS, given).verdict is PROVED
        assert check(rf"r(a) + r(b) = {gap}", PAIRS, given).verdict is REFUTED


def test_a_chain_shows_every_part() -> None:
    found = check("pi_ref < pi < 1", PAIRS, SURE)
    assert len(found.parts) == 2
    html = found._repr_html_()
    assert all(part._repr_html_() in html for part in found.parts)
    alone = check("pi < 1", PAIRS, SURE)
    assert alone._repr_html_() in html


def test_what_is_proved_at_a_policy_beside_the_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the policy that is amplified hides the sign, and decides nothing."""
    about = subject(gs.GRPO(5), SURE)
    (said,) = statements("pi > 0", about.names)
    made = relation.RelationCheck(about, said)  # type: ignore[arg-type]
    point = {beta: S.One, pi_ref: S.Half}
    (policy,) = about.solutions(point)
    at = {**point, **policy}
    assert made._gap(at, policy) == policy[pi].n(50)
    far = relation._MOVED * 10**60
    monkeypatch.setattr(relation, "_MOVED", far)
    assert made._gap(at, policy) is None


def test_the_whole_answer_is_data() -> None:
    found = check("pi_ref < pi < 1", PAIRS, SURE)
    plain = found.as_dict()
    assert [part["formula"] for part in plain["parts"]] == [p.formula for p in found.parts]
    assert "statement" not in plain
    assert isinstance(found, Checked)
    assert sqrt(2) not in plain.values()


@pytest.mark.parametrize(
    "formula",
    [
        "pi >= pi_ref",
        "pi_ref < pi < 1",
        "pi = 1/2",
        "limit(pi, beta, oo) = pi_ref",
        "limit(pi, beta, 0, +) <= 1",
        "limit(pi, pi_ref, 0) = 0",
        "increasing(pi, pi_ref)",
        "diff(pi, beta) < 0",
        "decreasing(pi, pi_ref)",
        "at(pi, beta, 1) = sqrt(pi_ref)",
        "pi != pi_ref",
        "limit(1/(beta - 1), beta, 1) = oo",
    ],
)
def test_what_is_stated_of_a_verdict(formula: str) -> None:
    made = check(formula, PAIRS, SURE).exhibited()
    report = [(line.claim, line.method, line.status, line.evidence) for line in made.report()]
    parts = (made.title, made.setting, made.domain, made.says, made.source, made.solved,
             made.status, *made.formulas, *made.more, *made.proof, *report)  # fmt: skip
    PRINTED.same(f"stated: {formula}", "\n".join(map(str, parts)))


def test_what_is_undefined_beside_a_value_is_asked_at_the_value() -> None:
    # A need that is met by a number is no reason to refuse, one that is not refutes.
    assert check("sqrt(beta - 1) >= 0 for beta = 2", PAIRS, SURE).verdict is PROVED
    assert check("at(log(beta)*pi, beta, 2) > 0", PAIRS, SURE).verdict is PROVED
    assert check("at(sqrt(beta - 3) + pi, beta, 2) > 0", PAIRS, SURE).verdict is REFUTED


def test_an_identity_of_many_answers_is_proved_without_their_policies() -> None:
    found = check("(pi_1 + 1)**2 = pi_1**2 + 2*pi_1 + 1", gs.GRPO(4), RANKED)
    assert found.verdict is PROVED


def test_an_identity_is_printed_as_it_was_written() -> None:
    (line,) = check("pi - pi = 0", PAIRS, SURE).exhibited().formulas
    assert latex(line) == "0 = 0"


@pytest.mark.parametrize("size", [3, 5, 8])
def test_each_form_of_the_condition_vanishes_at_stationary_policies(size: int) -> None:
    place, reference = Fraction(2, 5), Fraction(1, 4)
    values = rule_preference([[(1, 1)], [(0, 1)]], (place, 1 - place), size, Rule())
    weight = (values[0] - values[1]) * place * (1 - place) / (place - reference)
    residuals = subject(gs.GRPO(size), SURE).residuals
    assert residuals
    for residual in residuals:
        at = {pi: S(place), pi_ref: S(reference), beta: S(weight)}
        assert abs(residual.subs(at).doit().evalf(30)) < 1e-13


@pytest.mark.parametrize(
    ("expression", "unequal"),
    [
        (-1 - beta, True),
        (1 + beta, True),
        (-((pi_ref - S.Half) ** 2), False),
        ((pi_ref - S.Half) ** 2, False),
        (pi_ref - S.Half, False),
    ],
)
def test_unequal_to_zero_is_of_one_strict_sign(expression: Any, unequal: bool) -> None:
    assert _compares(expression, "!=", subject(PAIRS, SURE).parameters) is unequal
