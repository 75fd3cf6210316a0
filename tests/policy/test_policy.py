"""One protocol for policies of two answers and of many: the same names, and what is printed."""

import inspect
import re
from typing import Any

import numpy as np
import pytest
from sympy import Expr, Rational, Symbol, oo

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.export.latex import formula
from grpo_symbolic.policy import many_answers
from grpo_symbolic.policy.policy import Policy
from tests.oracles.enumeration import Rule, rule_preference

QUARTERS = gs.Question(rewards=(1, "1/2", "1/4", 0))
LEVELS = gs.Question(rewards=(3, 1, 0))
CORRECT = gs.Question(correct=2, answers=4)
NOISY = gs.Question(success=("9/10", "1/2", "1/10"))


@pytest.fixture(scope="module")
def two() -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())


@pytest.fixture(scope="module")
def many() -> gs.SimplexPolicy:
    return gs.stationary_policy(gs.GRPO(4), QUARTERS)


# -- the same names -----------------------------------------------------------------------


def test_both_kinds_answer_every_question_of_the_protocol(
    two: gs.StationaryPolicy, many: gs.SimplexPolicy
) -> None:
    asked = {name for name in dir(Policy) if not name.startswith("_")}
    assert len(asked) > 25
    for policy in (two, many):
        assert isinstance(policy, Policy)
        assert asked <= set(dir(type(policy)))
    for name in ("folds", "solutions", "export", "latex"):
        # Defined once: no delegation that could take other arguments.
        assert getattr(gs.StationaryPolicy, name) is getattr(gs.SimplexPolicy, name)
    assert set(inspect.signature(two.evaluate).parameters) >= {"branch", "errors", "values"}
    assert set(inspect.signature(many.evaluate).parameters) >= {"branch", "errors", "values"}


TWO_ONLY = {
    "the escape threshold": lambda p: p.escape_threshold,
    "monotonicity": lambda p: p.monotonicity("beta"),
    "a fold": lambda p: p.folds(pi_ref="1/2"),
    "the flow": lambda p: p.dynamics(beta=1, pi_ref="1/2"),
    "lambdify": lambda p: p.lambdify(),
}


@pytest.mark.parametrize("purpose", TWO_ONLY)
def test_what_many_answers_cannot_do_is_said_in_a_sentence(
    purpose: str, two: gs.StationaryPolicy, many: gs.SimplexPolicy
) -> None:
    ask = TWO_ONLY[purpose]
    with pytest.raises(ValueError, match=rf"^{purpose} is known for questions with two .*\b4$"):
        ask(many)
    assert ask(two) is not None


def test_two_answers_that_are_no_binary_question_are_told_what_to_do() -> None:
    question = gs.Question(rewards=(3, 1))
    policy = gs.stationary_policy(gs.GRPO(2), question)
    with pytest.raises(ValueError, match=r"BinaryQuestion\.of\(question\)"):
        policy.folds(pi_ref="1/2")
    assert gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion.of(question)).limit("beta", 0) == 1


def test_the_number_of_many_answers_is_open_with_a_reason(many: gs.SimplexPolicy) -> None:
    assert many.count.possible == (1,)
    larger = gs.stationary_policy(gs.GRPO(32), QUARTERS).count
    assert larger.possible == ()
    assert not larger.unique
    assert "4 answers" in larger.reason
    assert "not established" in str(larger)


def test_closed_forms_are_one_expression_an_answer(two: gs.StationaryPolicy) -> None:
    three = gs.stationary_policy(gs.GRPO(2), LEVELS)
    for policy in (two, three):
        assert policy.expressions is not None
        assert len(policy.expressions) == len(policy.question)
        point = next(policy.parameters.samples(1, seed=3))
        total = sum(e.subs(point) for e in policy.expressions)
        assert abs(total.evalf(30) - 1) < Rational(1, 10**25)


@pytest.mark.parametrize("algorithm", [gs.GRPO(2), gs.GRPO(3)], ids=str)
def test_a_derivation_ends_with_what_is_claimed(algorithm: gs.GRPO) -> None:
    policy = gs.stationary_policy(algorithm, LEVELS)
    lines = [step.equation for step in policy.derivation]
    assert tuple(lines[:3]) == policy.equations
    assert policy.derivation.claims == policy.claims
    if policy.expressions is None:
        assert len(lines) == 3
    else:
        assert [e.rhs for e in lines[3:]] == list(policy.expressions)
        assert {v.status for v in policy.derivation.verify()} == {"PROVED"}


def test_numbers_by_symbol_give_the_same_solutions(
    two: gs.StationaryPolicy, many: gs.SimplexPolicy
) -> None:
    row = ("1/8", "1/8", "1/4", "1/2")
    for policy, values in ((two, {"pi_ref": "1/4"}), (many, {"pi_ref": row})):
        point = policy.point({"beta": 1, **values})
        assert point[s.beta] == 1
        direct = policy.solutions_at(point, 20).found[0].policy
        assert policy.solutions(beta=1, **values, digits=20).found[0].policy == direct
        with pytest.raises(ValueError, match="missing argument 'pi_ref'"):
            policy.point({"beta": 1})
        # What is left open is left out; what has a standard value keeps it.
        assert policy.point({"beta": 1}, partial=True).keys() <= {s.beta, s.gap}


@pytest.mark.parametrize(
    ("algorithm", "question"),
    [
        (gs.GRPO(4), QUARTERS),
        (gs.GRPO(s.G), CORRECT),
        (gs.GRPO(8, advantage=gs.ShiftAndScale(1, s.epsilon)), CORRECT),
        (gs.GRPO(3, gs.DirectKL(), gs.FixedScale()), gs.Question.symbolic(3)),
        (gs.GRPO(4, gs.Estimator("k2", "reward-before-baseline")), LEVELS),
        (gs.RLHF(beta=2), gs.Question.symbolic(3)),
        (gs.NLHF(), gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]])),
        (gs.GRPO(2), gs.Question(success=(*s.success, "1/3"))),
    ],
    ids=str,
)
def test_the_assumptions_are_those_of_the_condition(
    algorithm: gs.Algorithm, question: gs.Question
) -> None:
    policy = gs.SimplexPolicy(algorithm, question)
    domain = policy.domain
    assert "condition" not in vars(policy)
    assert domain == policy.condition.domain


# -- many answers in print ---------------------------------------------------------------------


def test_levels_of_reward_print_as_an_expectation(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> None:
        raise AssertionError("the condition is not needed to print its structure")

    monkeypatch.setattr(many_answers, "stationarity_condition", forbidden)
    policy = gs.SimplexPolicy(gs.GRPO(4), QUARTERS)
    first, second, third = policy.latex().splitlines()[1:-1]
    assert first.startswith(r"\lambda &= V_{4}(r(o)) - \beta \left(1 - \frac{\pi_{\mathrm{ref}}(o)")
    assert r"\text{for all } o" in first
    expected = r"\mathbb{E}_{o_2, o_3, o_4 \sim \pi}\left[\frac{r_1 - \mathrm{mean}}{\mathrm{std}}"
    assert second.startswith(rf"V_{{4}}(r_1) &= {expected}\right], \quad 0/0 = 0")
    assert "r_i = r(o_i)" in second
    assert third == r"(r(1), \dots, r(4)) &= \left(1, \frac{1}{2}, \frac{1}{4}, 0\right)."
    for form in ("latex-display", "latex-align", "latex-theorem", "markdown"):
        text = policy.export(form)
        assert r"\mathbb{E}" in text
        assert r"\pi(1) \pi(2)" not in text


def test_what_is_printed_is_what_is_computed(many: gs.SimplexPolicy) -> None:
    """V_4 by enumeration of all groups, put into the printed line: λ is the same for all."""
    found = many.evaluate(beta=1, pi_ref=[0.1, 0.2, 0.3, 0.4])
    rewards = (1, Rational(1, 2), Rational(1, 4), 0)
    laws = [[(r, 1)] for r in rewards]
    values = rule_preference(laws, [Rational(float(p)) for p in found], 4, Rule())
    pull = 1 - np.array([0.1, 0.2, 0.3, 0.4]) / found
    multipliers = np.array([float(v) for v in values]) - pull
    assert np.ptp(multipliers) < 1e-12


@pytest.mark.parametrize("question", [CORRECT, NOISY], ids=str)
@pytest.mark.parametrize("size", [4, 8, oo])
def test_two_levels_print_as_a_function_of_the_share(size: Any, question: gs.Question) -> None:
    """The printed preference, in s_o and m, is P(o) where s_o and m are put in."""
    policy = gs.stationary_policy(gs.GRPO(size), question)
    model, rate = policy.condition.preference, Symbol("s_o")
    named = (rate - s.share) * model.two_level.drift(s.share)
    line, *where = [formula(e) for e in (*policy.shown.formulas, *policy.shown.where)]
    assert line.startswith(rf"\lambda = {formula(named)} - \beta")
    assert where[0] == r"m = \sum_{o} s_{o} \pi(o)"
    rates = where[1].replace(r"\left(", "(").replace(r"\right)", ")")
    assert rates.endswith(f" = ({', '.join(map(formula, model.weights))})")
    shares = sum(w * p for w, p in zip(model.weights, policy.question.policy, strict=True))
    point = {p: Rational(1, 5 + k) for k, p in enumerate(policy.unknowns)}
    for weight, value in zip(model.weights, model, strict=True):
        printed = named.subs({rate: weight, s.share: shares.subs(point)})
        assert abs(number(printed) - number(value.subs(point))) < 1e-30


def number(value: Expr) -> Expr:
    return value.doit().evalf(40)


@pytest.mark.parametrize("question", [QUARTERS, CORRECT], ids=str)
def test_dropped_groups_name_how_often_an_answer_is_penalised(question: gs.Question) -> None:
    policy = gs.stationary_policy(gs.GRPO(4, mixed_only=True), question)
    text = policy.latex()
    assert r"\rho(o) &= \Pr(\text{not all } r_i \text{ are equal} \mid o_1 = o)" in text
    # The library's rates and preferences are these over one and the same chance.
    point = {p: Rational(1, 5 + k) for k, p in enumerate(policy.unknowns)}
    plain = gs.stationary_policy(gs.GRPO(4), question).condition.preference
    masses = [p.subs(point) for p in question.policy]
    share = {r: sum(m for m, q in zip(masses, question.rewards, strict=True) if q == r)
             for r in question.rewards}  # fmt: skip
    chance = 1 - sum(m**4 for m in share.values())
    for o, reward in enumerate(question.rewards):
        kept = 1 - share[reward] ** 3
        assert policy.condition.rates[o].subs(point) == kept / chance
        value = policy.condition.preference[o].subs(point)
        assert abs(number(value) - number(plain[o].subs(point) / chance)) < 1e-30


@pytest.mark.parametrize(
    "rule",
    [
        gs.ShiftAndScale(1, "1e-4"),
        gs.ShiftOnly(),
        gs.LeaveOneOut(scaled=True),
        gs.StabilisedScale("1/100"),
        gs.MeanScale(),
        gs.BatchScale(batch=8),
    ],
    ids=str,
)
def test_every_rule_has_its_words_in_the_expectation(rule: gs.Advantage) -> None:
    policy = gs.SimplexPolicy(gs.GRPO(4, advantage=rule), QUARTERS)
    line = policy.latex().splitlines()[2]
    assert line.count("{") == line.count("}")
    inside = re.search(r"\\left\[(.*)\\right\]", line)
    assert inside is not None
    assert "r_1 - " in inside[1]
    assert (r"\frac" in inside[1]) == ("/" in str(rule).split(", ")[0])
    last = "8" if rule.batch else "4"
    assert rf"o_{last} \sim \pi" in line


def test_a_decimal_in_a_rule_stays_readable() -> None:
    trl = gs.stationary_policy(gs.presets.lookup("trl"), gs.BinaryQuestion()).latex()
    assert r"\frac{\Delta t \left(1 - t\right)}{\frac{1}{10000} + " in trl
    nemo = gs.stationary_policy(gs.presets.lookup("nemo-rl"), gs.BinaryQuestion()).latex()
    assert r"w(t) &= \frac{\Delta}{\frac{1}{1000000} + " in nemo
    for tex in (trl, nemo):
        assert max(map(int, re.findall(r"\d+", tex))) <= 1_000_000


def test_answers_that_are_all_alike_leave_the_policy_at_the_reference() -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(1, 1, 1)))
    assert policy.status.startswith("all answers are alike")
    assert policy.count.possible == (1,)
    assert policy.verify().status is gs.Status.PROVED
    reference = ("1/5", "3/10", "1/2")
    assert policy.solutions(beta=1, pi_ref=reference).found[0].decimals(3) == ["0.2", "0.3", "0.5"]
    assert "lambda" in str(policy)
