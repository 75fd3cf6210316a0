"""What is said at the edges of the range without a closed form: the values are worked out by hand.

With P_G = sum f(K/G) ..., h_G(p) ~ sqrt(G - 1) p as p -> 0, and likewise at 1: the condition is
beta (pi - pi_ref) = h_G(pi), or, for a direct KL divergence, its drift D_G = h_G/(pi (1 - pi)) over
beta is what the log-odds move by. In pairs D = 1, and beyond D_G > 1.
"""

import pytest
from sympy import Expr, Function, S, Symbol, oo

import grpo_symbolic as gs
from grpo_symbolic.checking.curve_limits import along_the_curve
from grpo_symbolic.checking.definedness import _zero
from grpo_symbolic.checking.relation import RelationCheck, _Numbers
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.grammar.statement import statements
from grpo_symbolic.symbols import beta, pi, pi_ref
from tests.checking.kept import check

QUESTION = gs.BinaryQuestion()
EIGHT, MANY = gs.GRPO(8), gs.GRPO(oo)
DIRECT = gs.GRPO(8, penalty=gs.DirectKL())
PAIRS = "pi_ref*exp({0}/beta)/(pi_ref*exp({0}/beta) + 1 - pi_ref)"

CHECKS = [
    (EIGHT, "limit((1 - pi)/(1 - pi_ref), pi_ref, 1) == beta/(beta + sqrt(7))", "PROVED"),
    (EIGHT, "limit((1 - pi)/(1 - pi_ref), pi_ref, 1) == beta/(beta + 2)", "REFUTED"),
    (EIGHT, "limit(1/(1 - pi), pi_ref, 1) == oo", "PROVED"),
    (EIGHT, "limit(pi/pi_ref, pi_ref, 0) >= 1", "PROVED"),
    (EIGHT, "limit(pi/pi_ref, pi_ref, 0) <= 2", "REFUTED"),
    (EIGHT, "limit((1 - pi)/beta, beta, 0) == (1 - pi_ref)/sqrt(7)", "PROVED"),
    (EIGHT, "limit((1 - pi)/beta, beta, 0) == (1 - pi_ref)/sqrt(8)", "REFUTED"),
    (EIGHT, "limit(pi**2, beta, 1) == 1", "UNKNOWN"),
    (MANY, "limit(pi/pi_ref, pi_ref, 0) > 1", "PROVED"),
    (MANY, "limit((1 - pi)/(1 - pi_ref), pi_ref, 1) == 0", "PROVED"),
    (DIRECT, f"pi >= {PAIRS.format(1)}", "PROVED"),
    (DIRECT, f"{PAIRS.format(1)} < pi", "PROVED"),
    (DIRECT, f"pi <= {PAIRS.format(1)}", "REFUTED"),
    (DIRECT, f"pi >= {PAIRS.format(2)}", "REFUTED"),
    (DIRECT, "limit((1 - pi)/(1 - pi_ref), pi_ref, 1) == 1/exp(sqrt(7)/beta)", "NUMERIC"),
    (DIRECT, "limit(pi/pi_ref, pi_ref, 0) == exp(sqrt(7)/beta)", "UNKNOWN"),
]


@pytest.mark.parametrize(("algorithm", "formula", "verdict"), CHECKS, ids=[c[1] for c in CHECKS])
def test_edges_are_decided(algorithm: gs.GRPO, formula: str, verdict: str) -> None:
    assert check(formula, algorithm, QUESTION).verdict.value == verdict


def test_what_is_decided_can_be_stated_and_nothing_else() -> None:
    whole = check("limit(pi, beta, oo) == pi_ref", EIGHT, QUESTION).exhibited()
    assert whole.formulas[0].left == r"\lim_{\beta \to \infty} \pi(a)"
    above = check("limit(pi, beta, 0, +) == 1", EIGHT, QUESTION).exhibited()
    assert above.formulas[0].left == r"\lim_{\beta \to 0^{+}} \pi(a)"
    proved, refuted, open_ = (
        check(next(f for a, f, v in CHECKS if (a, v) == (EIGHT, word)), EIGHT, QUESTION)
        for word in ("PROVED", "REFUTED", "UNKNOWN")
    )
    assert proved.exhibited().title == "Proved formula"
    assert r"\lim" in proved.exhibited().formulas[0].left
    assert refuted.exhibited().title == "Refuted formula"
    assert proved.exhibited().says == "every stationary policy satisfies"
    with pytest.raises(ValueError, match="proved or refuted can be stated, this one is UNKNOWN"):
        open_.exhibited()
    other = check("pi == pi_ref", EIGHT, QUESTION)
    assert other.sentence == "the stationary policy has another value"
    equation = check("beta*(pi - pi_ref)/(pi + 1) == 3", EIGHT, QUESTION)
    assert equation.sentence == "the two sides differ at the stationary policy"
    pair = other.exhibited()
    assert pair.formulas[0].rel_op == "=="
    assert "It fails at" in pair.more[0]
    assert "where the formula has" in pair.more[0]
    strict = check("pi >= pi_ref", EIGHT, QUESTION).exhibited()
    assert strict.more == ()


def test_every_claim_of_a_route_has_to_be_proved() -> None:
    about = subject(EIGHT, QUESTION)
    (said,) = statements("pi >= pi_ref", about.names)
    true = gs.Claim("true", beta + 1, ">", beta)
    unknown = gs.Claim("unknown", Function("mystery", real=True)(beta), ">", S.Zero)
    for claims in ([true, true], [true, unknown], [unknown, true]):
        found = RelationCheck(about, said)._proof(iter([("a route", claims)]))
        assert (found is None) is (unknown in claims)


def test_policies_that_are_not_told_from_the_boundary_are_left_out() -> None:
    about = subject(EIGHT, QUESTION)
    assert len(about.solutions({beta: S.One, pi_ref: S.Half})) == 1
    assert about.solutions({beta: S(10) ** -80, pi_ref: S.Half}) == []


@pytest.mark.parametrize(
    ("quantity", "variable", "end"),
    [(1 / (1 - pi), beta, S.Zero), (1 / (pi - pi_ref), beta, oo), (1 / (1 - pi), pi_ref, S.One)],
    ids=str,
)
def test_the_policy_lies_between_the_reference_and_one(
    quantity: Expr, variable: Symbol, end: Expr
) -> None:
    """So what is divided by its distance from an end grows beyond all bounds, and is positive."""
    about = subject(EIGHT, QUESTION)
    assert about.curve is not None
    (piece,), _ = along_the_curve(about.curve, quantity, variable, end, about.parameters)
    assert piece.value == oo


def test_each_policy_is_counted_once() -> None:
    """Beside a formula that holds at one stationary policy."""
    for algorithm in (EIGHT, gs.GRPO(2)):
        about = subject(algorithm, QUESTION)
        (said,) = statements("pi >= pi_ref", about.names)
        point, numbers = {beta: S.One, pi_ref: S.Half}, _Numbers()
        (one,) = about.solutions(point)
        assert RelationCheck(about, said)._fails(one, point, numbers) is False
        assert numbers.tested == 1


def test_a_pole_among_parameters_is_a_place_among_parameters() -> None:
    about = subject(EIGHT, QUESTION)
    place = _zero(about, beta**2 - 2 * pi_ref**2)
    assert place is not None
    assert set(place) == {"beta", "pi_ref"}
    along = _zero(about, pi - 2 * pi_ref**2)
    assert along is not None
    assert set(along) == {"beta", "pi", "pi_ref"}
    assert _zero(about, beta**2 + pi_ref) is None
