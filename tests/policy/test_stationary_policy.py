"""Stationary policies: published closed forms, every solution, limits, evidence."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import Eq, Expr, Integer, Rational, exp, log, oo, simplify, sqrt

import grpo_symbolic as gs
from grpo_symbolic.derivation import Derivation, Step
from grpo_symbolic.symbols import beta, gamma, gap, pi, pi_ref
from tests.oracles.enumeration import Law, comparison_preference, preference, to_mpf
from tests.oracles.stationary import scan_binary, solve_binary

RATIO = beta / gamma
PAIRS = (1 - RATIO + sqrt((1 - RATIO) ** 2 + 4 * RATIO * pi_ref)) / 2
LARGE = (2 * beta**2 * pi_ref + 1 + sqrt(1 + 4 * beta**2 * pi_ref * (1 - pi_ref))) / (
    2 * (1 + beta**2)
)


def logistic(log_odds: Expr) -> Expr:
    """The reference, its log-odds moved."""
    return pi_ref * exp(log_odds) / (1 - pi_ref + pi_ref * exp(log_odds))


DIRECT = gs.DirectKL()
SHIFT = gs.ShiftOnly()
WITH_MARGIN = gs.BinaryQuestion(margin=gamma)
WITHOUT = gs.BinaryQuestion()

#: name: (algorithm, question, published closed form)
PUBLISHED: dict[str, tuple[gs.Algorithm, gs.BinaryQuestion, Expr]] = {
    "(14)": (gs.GRPO(), WITH_MARGIN, PAIRS),
    "(14), margin 1": (gs.GRPO(), WITHOUT, PAIRS.subs(gamma, 1)),
    "(15)": (gs.GRPO(group_size=oo), WITHOUT, LARGE),
    "triples": (gs.GRPO(group_size=3), WITHOUT, PAIRS.subs(gamma, sqrt(2))),
    "direct, pairs": (gs.GRPO(penalty=DIRECT), WITH_MARGIN, logistic(gamma / beta)),
    "RLHF": (gs.RLHF(), WITHOUT, logistic(gap / beta)),
    "NLHF": (gs.NLHF(), WITH_MARGIN, logistic(gamma / (2 * beta))),
    "shift only, 2": (gs.GRPO(advantage=SHIFT), WITHOUT, PAIRS.subs(gamma, gap / 2)),
    "shift only, 5": (
        gs.GRPO(group_size=5, advantage=SHIFT),
        WITHOUT,
        PAIRS.subs(gamma, gap * Rational(4, 5)),
    ),
    "shift only, oo": (
        gs.GRPO(group_size=oo, advantage=SHIFT),
        WITHOUT,
        PAIRS.subs(gamma, gap),
    ),
    "shift only, direct, 4": (
        gs.GRPO(group_size=4, advantage=SHIFT, penalty=DIRECT),
        WITHOUT,
        logistic(gap * Rational(3, 4) / beta),
    ),
}


@cache
def published(name: str) -> gs.StationaryPolicy:
    algorithm, question, _ = PUBLISHED[name]
    return gs.stationary_policy(algorithm, question)


@cache
def grpo(size: Any, penalty: str, *, margin: bool = False) -> gs.StationaryPolicy:
    chosen = gs.ReverseKL() if penalty == "reverse-kl" else gs.DirectKL()
    return gs.stationary_policy(
        gs.GRPO(group_size=size, penalty=chosen), WITH_MARGIN if margin else WITHOUT
    )


def number(expr: Expr, digits: int = 60) -> mpf:
    return mpf(str(expr.evalf(digits)))


@pytest.mark.parametrize("name", PUBLISHED)
def test_closed_forms_are_the_published_ones(name: str) -> None:
    expected = PUBLISHED[name][2]
    policy = published(name)
    assert policy.expression is not None
    assert policy.status.startswith("closed form")
    if name != "triples":  # its surds only agree after squaring: numbers below
        assert simplify(policy.expression - expected) == 0
    for point in policy.parameters.samples(30, seed=11):
        values = policy.expression.subs(point), expected.subs(point)
        with mp.workdps(60):
            left, right = (number(v) for v in values)
            assert abs(left - right) < mpf(10) ** -50
            assert 0 < left <= 1  # 60 digits may round to 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_direct_substitution_satisfies_the_condition(name: str) -> None:
    """At the published policy the multipliers of the two answers agree."""
    policy = published(name)
    for weight, reference, difference in (
        ("1/2", "2/7", "1/3"),
        ("2", "1/9", "1"),
        ("7", "9/10", "1/4"),
    ):
        point = {
            beta: Rational(weight),
            pi_ref: Rational(reference),
            gamma: Rational(difference),
            gap: 3 * Rational(difference),
        }
        at = {**point, pi: PUBLISHED[name][2].subs(point)}
        # The rewards of RLHF are known up to a shift, which moves both multipliers.
        first, second = (
            (p - policy.condition.beta * d).subs(at)
            for p, d in zip(policy.condition.preference, policy.condition.marginal, strict=True)
        )
        assert abs((first - second).evalf(50)) < Rational(1, 10**40)


GRID = [(Fraction(1, 10), Fraction(1, 4)), (Fraction(3, 2), Fraction(9, 10)), (7, Fraction(1, 100))]


@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
@pytest.mark.parametrize("size", [2, 3, 4, 8, math.inf])
def test_solutions_are_those_of_the_differentiated_objective(size: float, penalty: Any) -> None:
    for weight, reference in GRID:
        expected = scan_binary(weight, reference, size, penalty, digits=34)
        found = grpo(size, penalty).solutions(digits=34, beta=weight, pi_ref=reference)
        assert len(found) == len(expected)
        with mp.workdps(50):
            for solution, value in zip(found, expected, strict=True):
                assert abs(solution.policy[0] - value) < mpf(10) ** -31
                assert abs(mp.fsum(solution.policy) - 1) < mpf(10) ** -34


@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
@pytest.mark.parametrize("margin", [Fraction(1, 20), Fraction(3, 5), 1])
def test_solutions_with_a_margin(margin: Any, penalty: Any) -> None:
    policy = grpo(2, penalty, margin=True)
    for weight, reference in GRID:
        expected = solve_binary(weight, reference, 2, penalty, margin=margin, digits=34)
        (found,) = policy.solutions(digits=34, beta=weight, pi_ref=reference, gamma=margin)
        with mp.workdps(50):
            assert abs(found.policy[0] - expected) < mpf(10) ** -31


def test_unscaled_solutions() -> None:
    laws: list[Law] = [[(Fraction(5, 2), 1)], [(Fraction(0), 1)]]
    for penalty, size in (("reverse-kl", 4), ("direct-kl", 3)):
        chosen = gs.ReverseKL() if penalty == "reverse-kl" else gs.DirectKL()
        policy = gs.stationary_policy(
            gs.GRPO(group_size=size, penalty=chosen, advantage=SHIFT), WITHOUT
        )
        expected = solve_binary(2, Fraction(1, 3), size, penalty, "none", laws, digits=34)
        (found,) = policy.solutions(digits=34, beta=2, pi_ref="1/3", gap="5/2")
        with mp.workdps(50):
            assert abs(found.policy[0] - expected) < mpf(10) ** -31


def test_a_fold_in_the_large_group_with_direct_penalty() -> None:
    """With x half the log-odds the condition at 1/2 is cosh x = beta x: two roots or none."""
    policy = grpo(oo, "direct-kl")
    assert policy.expression is None
    found = policy.solutions(digits=40, beta=2, pi_ref="1/2")
    assert len(found) == 2
    with mp.workdps(60):
        for solution in found:
            half = mp.log(solution.policy[0] / solution.policy[1]) / 2
            assert abs(mp.cosh(half) - 2 * half) < mpf(10) ** -36
    assert len(policy.solutions(beta="0.1", pi_ref="1/2")) == 0
    with pytest.raises(ValueError, match="2 stationary policies"):
        policy.lambdify("mpmath")(beta=2, pi_ref="1/2")
    with pytest.raises(ValueError, match="0 stationary policies"):
        policy.lambdify()(beta=0.1, pi_ref=0.5)


def test_three_solutions_of_a_finite_group() -> None:
    weight, reference = "0.230718567439", "4.25979252253056e-4"
    found = grpo(8, "direct-kl").solutions(digits=30, beta=weight, pi_ref=reference)
    expected = scan_binary(Fraction(weight), Fraction(reference), 8, "direct-kl", digits=30)
    assert len(found) == len(expected) == 3
    with mp.workdps(40):
        for solution, value in zip(found, expected, strict=True):
            assert abs(solution.policy[0] - value) < mpf(10) ** -27


@pytest.mark.parametrize("weight", ["1e-11", "1e-12", "1e-13", "1e-30"])
def test_tiny_weights_keep_their_solution(weight: str) -> None:
    """Pairs with direct penalty have exactly one solution, log-odds 1/beta, for every beta."""
    found = grpo(2, "direct-kl").solutions(digits=20, beta=weight, pi_ref="1/2")
    assert len(found) == 1
    with mp.workdps(20):
        first, second = found.found[0].policy
        assert first == 1
        assert abs(-mp.log(second) * mpf(weight) - 1) < mpf("1e-15")


@pytest.mark.parametrize("size", [2, 4, oo])
@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
@pytest.mark.parametrize("reference", [0, 1])
def test_a_deterministic_reference_stays(size: Any, penalty: str, reference: int) -> None:
    found = grpo(size, penalty).solutions(beta="1/2", pi_ref=reference)
    assert [float(x) for x in found.found[0].policy] == [reference, 1 - reference]
    assert "never sampled" in found.status


def test_the_other_solution_at_an_excluded_answer_is_a_limit() -> None:
    policy = grpo(2, "reverse-kl")
    _, inner = policy.solutions(beta="1/4", pi_ref=0)
    (near,) = policy.solutions(beta="1/4", pi_ref="1e-40")
    assert abs(inner.policy[0] - mpf("0.75")) < mpf("1e-14")
    assert abs(near.policy[0] - mpf("0.75")) < mpf("1e-14")
    assert len(policy.solutions(beta=2, pi_ref=0)) == 1


@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
def test_margin_zero_is_the_reference(penalty: str) -> None:
    policy = grpo(2, penalty, margin=True)
    (found,) = policy.solutions(beta=3, pi_ref="1/8", gamma=0)
    assert [float(x) for x in found.policy] == [0.125, 0.875]
    for backend in ("numpy", "mpmath"):
        assert float(policy.lambdify(backend)(beta=3, pi_ref=0.125, gamma=0)) == 0.125


@pytest.mark.parametrize("penalty", ["reverse-kl", "direct-kl"])
@pytest.mark.parametrize("size", [2, 4, 8, math.inf])
def test_a_large_weight_leaves_a_first_order_change(size: float, penalty: str) -> None:
    """beta (pi - pi_ref) tends to pi_ref (1 - pi_ref) (P(a) - P(b)) at the reference."""
    reference, weight = Fraction(3, 10), 10**12
    found = grpo(size, penalty).solutions(digits=40, beta=weight, pi_ref=reference)
    with mp.workdps(40):
        if math.isinf(size):
            drift = 1 / mp.sqrt(to_mpf(reference * (1 - reference)))
        else:
            laws: list[Law] = [[(Fraction(1), 1)], [(Fraction(0), 1)]]
            first, second = preference(laws, [reference, 1 - reference], int(size))
            drift = first - second
        change = weight * (found.found[0].policy[0] - to_mpf(reference))
        assert abs(change - to_mpf(reference * (1 - reference)) * drift) < mpf("1e-10")


@pytest.mark.parametrize("size", [2, 3, 4, 8])
def test_a_small_weight_leaves_only_the_better_answer(size: int) -> None:
    """1 - pi is beta (1 - pi_ref) / (P(a) - P(b)) to first order, P at pi = 1."""
    weight = Fraction(1, 10**12)
    (found,) = grpo(size, "reverse-kl").solutions(digits=40, beta=weight, pi_ref="1/5")
    with mp.workdps(40):
        drift = 1 / mp.sqrt(mpf(1) / (size - 1))  # one loser among G: its advantage is -sqrt(G-1)
        expected = to_mpf(weight) * mpf(4) / 5 / drift
        assert abs(found.policy[1] / expected - 1) < mpf("1e-10")
    half = mpf(1) / 2
    first, second = comparison_preference([[half, 1], [0, half]], [1, 0])
    assert first - second == 1


def test_the_wider_the_margin_the_closer_to_the_better_answer() -> None:
    policy = grpo(2, "reverse-kl", margin=True)
    found = [
        policy.solutions(beta="1/2", pi_ref="1/5", gamma=g).found[0].policy[0]
        for g in ("1/10", "1/2", "1")
    ]
    assert mpf("0.2") < found[0] < found[1] < found[2] < 1


@pytest.mark.parametrize(
    ("algorithm", "fragment"),
    [
        (gs.GRPO(group_size=6), "not solvable"),
        (gs.GRPO(group_size=oo, penalty=DIRECT), "inside a logarithm"),
        (gs.GRPO(group_size=4, penalty=DIRECT), "inside a logarithm"),
    ],
)
def test_no_closed_form_is_said_in_a_sentence(algorithm: gs.GRPO, fragment: str) -> None:
    policy = gs.stationary_policy(algorithm, WITHOUT)
    assert policy.expression is None
    assert policy.status.startswith("no closed form")
    assert fragment in policy.status
    assert policy.equation.has(pi)


@pytest.mark.parametrize("name", ["(14)", "(15)", "direct, pairs", "RLHF", "NLHF", "shift only, 5"])
def test_the_evidence_of_a_closed_form(name: str) -> None:
    report = published(name).verify()
    assert report.status in (gs.Status.PROVED, gs.Status.NUMERIC)
    entries = list(report)
    assert all(verdict.status is gs.Status.PROVED for verdict in entries[:-1])
    assert entries[-1].status is gs.Status.NUMERIC  # what is numeric says so
    assert len(published(name).derivation) >= 4


@pytest.mark.parametrize(("size", "penalty"), [(4, "reverse-kl"), (oo, "direct-kl")])
def test_the_evidence_without_a_closed_form(size: Any, penalty: str) -> None:
    policy = grpo(size, penalty)
    assert {v.status for v in policy.derivation.verify().verdicts} == {gs.Status.PROVED}
    assert policy.verify().status is gs.Status.NUMERIC


def test_a_wrong_closed_form_is_refuted() -> None:
    """The smaller root satisfies the quadratic, but not the claims on the solution."""
    policy = published("(14), margin 1")
    assert policy.closed is not None
    smaller = 1 - beta - policy.closed.expression
    near = policy.closed.expression + Rational(1, 10**9)
    for expression in (smaller, near):
        wrong = replace(policy)
        vars(wrong)["closed"] = replace(policy.closed, expression=expression)
        assert wrong.verify().status is gs.Status.REFUTED


@pytest.mark.parametrize("name", ["(14)", "(15)", "direct, pairs"])
def test_every_corrupted_line_of_a_derivation_is_refuted(name: str) -> None:
    derivation = published(name).derivation
    corrupted = 0
    for index, step in enumerate(derivation.steps):
        for claim in step.check:
            if claim.relation != "==":
                continue
            wrong = replace(claim, left=claim.left + beta * pi_ref / 1000)
            line = Step(step.equation, step.justification, (wrong,))
            broken = replace(derivation, steps=(*derivation.steps[:index], line))
            assert broken.verify().status is gs.Status.REFUTED
            corrupted += 1
    assert corrupted >= 3


def test_rewritten_lines_are_checked() -> None:
    start = Derivation("a quadratic", published("(14)").domain).then(
        Eq(beta * (pi - pi_ref), pi * (1 - pi), evaluate=False), "given"
    )
    right = start.rewritten(
        Eq(pi**2 + (beta - 1) * pi - beta * pi_ref, Integer(0), evaluate=False), "collected"
    )
    assert right.verify().status is gs.Status.PROVED
    doubled = start.rewritten(
        Eq(2 * beta * (pi - pi_ref), 2 * pi * (1 - pi), evaluate=False), "doubled", 2
    )
    assert doubled.verify().status is gs.Status.PROVED
    for wrong in (
        Eq(pi**2 + (beta + 1) * pi - beta * pi_ref, Integer(0), evaluate=False),
        Eq(2 * beta * (pi - pi_ref), 2 * pi * (1 - pi), evaluate=False),
    ):
        assert start.rewritten(wrong, "wrong").verify().status is gs.Status.REFUTED


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"pi_ref": "1/2"}, "beta"),
        ({"beta": 1}, "pi_ref"),
        ({"beta": 1, "pi_ref": "1/2", "gamma": 1}, "gamma"),
        ({"beta": -1, "pi_ref": "1/2"}, "beta"),
        ({"beta": 1, "pi_ref": "1.2"}, "pi_ref"),
        ({"beta": True, "pi_ref": "1/2"}, "beta"),
        ({"beta": 1, "pi_ref": "1/2", "gap": 0}, "gap"),
    ],
)
def test_bad_arguments_are_named(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        grpo(2, "reverse-kl").solutions(**values)


def test_weight_on_the_curve_inverts_the_solution() -> None:
    curve = grpo(4, "reverse-kl").curve
    weight, domain = curve.weight, curve.domain
    for point in domain.samples(4, seed=2):
        exact = weight.subs(point).evalf(60)
        found = grpo(4, "reverse-kl").solutions(
            digits=30, beta=Rational(str(exact.n(50))), pi_ref=point[pi_ref]
        )
        with mp.workdps(40):
            assert any(abs(s.policy[0] - number(point[pi])) < mpf(10) ** -25 for s in found)


def test_a_root_that_leaves_the_interval_is_no_closed_form() -> None:
    """Chi-square: p0 + p0 (1 - p0)/(2 beta) exceeds 1 for small beta, so it is not *the* policy."""
    chi_square = gs.Divergence(gs.symbols.u**2 - 1)
    policy = gs.stationary_policy(gs.GRPO(2, chi_square), gs.BinaryQuestion())
    assert policy.expression is None
    assert "proved" in policy.status
    inside = policy.solutions(beta=1, pi_ref="0.3").found
    assert [float(s.policy[0]) for s in inside] == pytest.approx([0.3 + 0.3 * 0.7 / 2])
    # Too weak a penalty: b is given up, and the first-order condition is an inequality.
    (vertex,) = policy.solutions(beta="0.1", pi_ref="0.3")
    assert (vertex.policy, vertex.stability) == ((1, 0), "attracting")


def test_a_penalty_without_force_has_no_solution() -> None:
    """k1 in the loss has a constant derivative."""
    k1 = gs.Estimator(-log(gs.symbols.u), "loss")
    policy = gs.stationary_policy(gs.GRPO(2, k1), gs.BinaryQuestion())
    assert policy.expression is None
    assert "no force" in policy.status
    (vertex,) = policy.solutions(beta=1, pi_ref="0.3")
    assert (vertex.policy, vertex.stability) == ((1, 0), "attracting")


def test_groups_of_three_are_pairs_with_margin_root_two() -> None:
    """Proved with the irrational coefficient kept exact."""
    policy = gs.stationary_policy(gs.GRPO(3), gs.BinaryQuestion())
    c = beta / sqrt(2)
    published = (1 - c + sqrt((1 - c) ** 2 + 4 * c * pi_ref)) / 2
    claim = gs.Claim("(14) with margin sqrt(2)", policy.expression, "==", published)
    assert gs.prove(claim).status is gs.Status.PROVED
    assert {v.status for v in list(policy.verify())[:-1]} == {gs.Status.PROVED}
