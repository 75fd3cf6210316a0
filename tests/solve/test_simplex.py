"""Many answers: closed forms, scalar equations and systems against the independent flow."""

import json
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import Rational, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.cli import main
from grpo_symbolic.verify.sampling import refuted_at
from tests.oracles.enumeration import Rule, rule_preference
from tests.oracles.stationary_many import penalty_coefficient, solve_many

REFERENCE = ("1/5", "3/10", "1/2")
EXACT = [Fraction(r) for r in REFERENCE]


def laws_of(rewards: tuple[int, ...]) -> list:
    return [[(Fraction(r), 1)] for r in rewards]


def by_flow(laws: list, size: int, beta: str, estimator: str, placement: str) -> list[mpf]:
    """The zero of the gradient that the flow from the reference reaches."""
    policy, residual = solve_many(
        EXACT,
        Fraction(beta),
        lambda policy: rule_preference(laws, policy, size, Rule()),
        penalty_coefficient(estimator, placement),
        digits=25,
    )
    assert residual < mpf(10) ** -20
    return policy


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("penalty", ["reverse", "direct"])
def test_systems_agree_with_the_flow(size: int, penalty: str) -> None:
    rule = gs.ReverseKL() if penalty == "reverse" else gs.DirectKL()
    placement = "loss" if penalty == "reverse" else "loss-with-ratio"
    policy = gs.stationary_policy(gs.GRPO(size, rule), gs.Question(rewards=(3, 1, 0)))
    (found,) = policy.solutions(beta="3/2", pi_ref=REFERENCE, digits=30)
    assert found.stability == "attracting"
    assert found.residual < mpf(10) ** -30
    with mp.workdps(25):
        expected = by_flow(laws_of((3, 1, 0)), size, "3/2", "k3", placement)
        assert max(abs(a - b) for a, b in zip(found.policy, expected, strict=True)) < 1e-15


@pytest.mark.parametrize("answers", [2, 3, 4])
def test_pairs_distort_the_reference_by_rank(answers: int) -> None:
    """The closed form of n answers is proved, and is (14) on cumulative masses."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question.symbolic(answers))
    assert policy.expressions is not None
    assert {v.status for v in policy.verify()} == {"PROVED"}
    beta = gs.symbols.beta
    total, below = 0, 0
    for o in range(answers - 1):
        total += policy.question.reference[o]
        expected = (1 - beta + sqrt((1 - beta) ** 2 + 4 * beta * total)) / 2
        below += policy.expressions[o]
        claim = gs.Claim("F", below, "==", expected, policy.domain)
        assert gs.prove(claim).status == "PROVED"


def test_sides_that_both_vanish_are_no_counterexample() -> None:
    """The gradient at the closed form is 0: what its decimals leave is rounding."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question.symbolic(4))
    assert policy.expressions is not None
    (claim,) = (c for c in policy.claims if c.name.startswith("the gradient of answer 4"))
    values = {"r_4": "1/50", "r_3": "151/50", "r_2": "3027/1000", "r_1": "73027/1000", "beta": 1}
    values |= {"pi_ref_1": "1/25", "pi_ref_2": "3/3125", "pi_ref_3": "2997/12500"}
    point = {s: Rational(values[s.name]) for s in claim.domain.symbols}
    assert claim.domain.contains(point)
    assert refuted_at(claim, point) is None


def test_ties_and_order_of_listing_do_not_matter() -> None:
    """Tied answers share their class's mass as in the reference; labels may be permuted."""
    listed = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(0, 5, 0, 2)))
    found = listed.solutions(beta="0.7", pi_ref=("0.1", "0.2", "0.3", "0.4")).found[0].policy
    mp.dps = 40
    assert abs(found[2] / found[0] - 3) < mpf(10) ** -25
    ranked = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(5, 2, 0)))
    other = ranked.solutions(beta="0.7", pi_ref=("0.2", "0.4", "0.4")).found[0].policy
    assert abs(found[1] - other[0]) < mpf(10) ** -25
    assert abs(found[0] + found[2] - other[2]) < mpf(10) ** -25
    assert listed.expressions is not None
    point = {gs.symbols.beta: 0.7} | {
        gs.symbols.reference(o): r for o, r in ((1, 0.1), (2, 0.2), (3, 0.3))
    }
    values = [float(e.subs(point)) for e in listed.expressions]
    assert values == pytest.approx([float(p) for p in found], abs=1e-14)


def test_many_answers_contain_the_binary_question() -> None:
    for size in (2, 5, 16, oo):
        pair = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=(0, 1)))
        binary = gs.stationary_policy(gs.GRPO(size), gs.BinaryQuestion())
        ours = pair.solutions(beta=1, pi_ref=("0.7", "0.3")).found[0].policy
        theirs = binary.solutions(beta=1, pi_ref="0.3").found[0].policy
        assert abs(ours[1] - theirs[0]) < mpf(10) ** -28


def test_verifiable_rewards_lump() -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(correct=2, answers=4))
    (found,) = policy.solutions(beta=1, pi_ref=("0.1", "0.2", "0.3", "0.4"))
    binary = gs.stationary_policy(gs.GRPO(8), gs.BinaryQuestion())
    (whole,) = binary.solutions(beta=1, pi_ref="0.3")
    mp.dps = 40
    assert abs(found.policy[0] + found.policy[1] - whole.policy[0]) < mpf(10) ** -28
    assert abs(found.policy[1] / found.policy[0] - 2) < mpf(10) ** -28
    assert abs(found.policy[3] * 3 / found.policy[2] - 4) < mpf(10) ** -28


def test_large_groups_solve_one_scalar_equation() -> None:
    """The moment identities of the secular and the tilted solutions, from their definitions."""
    rewards = (3, 1, 0)
    question = gs.Question(rewards=rewards)
    (secular,) = gs.stationary_policy(gs.GRPO(oo), question).solutions(beta=2, pi_ref=REFERENCE)
    p = [float(x) for x in secular.policy]
    mean = np.dot(p, rewards)
    sigma = np.sqrt(np.dot(p, (np.array(rewards) - mean) ** 2))
    assert secular.residual < mpf(10) ** -30
    assert mean - np.dot([0.2, 0.3, 0.5], rewards) == pytest.approx(sigma / 2, abs=1e-12)
    tilted = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), question)
    kinds = [s.stability.value for s in tilted.solutions(beta=3, pi_ref=REFERENCE)]
    assert kinds[0] == "attracting"
    assert len(kinds) == 2
    assert len(tilted.solutions(beta="1/100", pi_ref=REFERENCE)) == 0
    for solution in tilted.solutions(beta=3, pi_ref=REFERENCE):
        assert solution.residual < mpf(10) ** -30


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"beta": 1, "pi_ref": ("0.5", "0.6", "0.1")}, "sum"),
        ({"beta": 1, "pi_ref": ("0.5", "0.5")}, "3 positive probabilities"),
        ({"beta": 1, "pi_ref": (0, "0.5", "0.5")}, "positive"),
        ({"beta": 0, "pi_ref": REFERENCE}, "beta"),
        ({"pi_ref": REFERENCE}, "missing"),
        ({"beta": 1, "pi_ref": REFERENCE, "gamma": 1}, "unknown"),
    ],
)
def test_bad_numbers_get_a_sentence(values: dict, sentence: str) -> None:
    policy = gs.stationary_policy(gs.GRPO(3), gs.Question(rewards=(3, 1, 0)))
    with pytest.raises(ValueError, match=sentence):
        policy.solutions(**values)


def solved(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["solve", *words, "--beta", "1", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--rewards", "3,2,1", "--pi-ref", "0.2,0.3,0.5", "--group-size", "4"), 3),
        (("--success", "0.3,0.8", "--pi-ref", "0.6", "--group-size", "inf"), 2),
        (("--success", "0.9,0.5,0.1", "--pi-ref", "0.2,0.3,0.5", "--group-size", "8"), 3),
        (("--penalty", "chi2", "--pi-ref", "0.2", "--group-size", "8"), 2),
        (("--penalty", "js", "--pi-ref", "0.2", "--group-size", "4"), 2),
        (("--penalty", "alpha:1/2", "--pi-ref", "0.2", "--ddof", "1"), 2),
        (("--penalty", "k2", "--placement", "reward", "--pi-ref", "0.7"), 2),
        (("--scale", "rloo", "--pi-ref", "0.2", "--group-size", "5"), 2),
        (("--epsilon", "1e-4", "--ddof", "1", "--pi-ref", "0.2", "--group-size", "16"), 2),
        (("--preset", "trl@1.9", "--pi-ref", "0.2"), 2),
        (("--preset", "nemo-rl", "--pi-ref", "0.2", "--group-size", "4"), 2),
        (("--preset", "rlhf", "--rewards", "1,2,3", "--pi-ref", "0.2,0.3,0.5"), 3),
    ],
)
def test_the_command_line_speaks_every_model(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], count: int
) -> None:
    data = solved(capsys, *words)
    assert data["count"] == len(data["solutions"]) >= 1
    for solution in data["solutions"]:
        values = [mpf(x) for x in solution["policy"]]
        assert len(values) == count
        assert abs(sum(values) - 1) < mpf(10) ** -14
        assert solution["stability"] in ("attracting", "repelling", "saddle", "degenerate")
        assert mpf(solution["residual"]) < mpf(10) ** -30


def test_a_matrix_of_margins_from_a_file(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    """A cycle with equal references keeps them, by symmetry."""
    file = tmp_path / "margins.csv"
    file.write_text("0,1,-1\n-1,0,1\n1,-1,0\n")
    data = solved(capsys, "--preferences", str(file), "--pi-ref", "1/3,1/3,1/3")
    assert data["count"] == 1
    for value in data["solutions"][0]["policy"]:
        assert abs(mpf(value) - mpf(1) / 3) < mpf(10) ** -14


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("--rewards", "3,x", "--pi-ref", "0.2"), "--rewards"),
        (("--rewards", "3,2,1", "--pi-ref", "0.2,0.3"), "--pi-ref"),
        (("--pi-ref", "0.2,0.3,0.5"), "--pi-ref"),
        (("--penalty", "alpha:x", "--pi-ref", "0.2"), "--penalty"),
        (("--penalty", "chi2", "--placement", "loss", "--pi-ref", "0.2"), "--placement"),
        (("--penalty", "k2", "--placement", "nowhere", "--pi-ref", "0.2"), "--placement"),
        (("--ddof", "2", "--pi-ref", "0.2"), "--ddof"),
        (("--epsilon", "-1", "--pi-ref", "0.2"), "--epsilon"),
        (("--scale", "none", "--ddof", "1", "--pi-ref", "0.2"), "--ddof"),
        (("--preset", "nobody", "--pi-ref", "0.2"), "--preset"),
        (("--preset", "trl", "--scale", "none", "--pi-ref", "0.2"), "--scale"),
        (("--preferences", "/nowhere.csv", "--pi-ref", "0.2"), "--preferences"),
        (("--success", "0.8,1.3", "--pi-ref", "0.2"), "--success"),
    ],
)
def test_bad_options_get_one_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], option: str
) -> None:
    assert main(["solve", "--beta", "1", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert option in err


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    names = {preset["name"].partition("@")[0] for preset in listed}
    assert {"grpo", "dr-grpo", "trl", "verl", "openrlhf", "nemo-rl", "open-instruct"} <= names
    assert all(preset["source"] and preset["conventions"] for preset in listed)


def test_a_clamped_penalty_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """verl cuts k3 at 10, that is beyond pi_ref/pi = 13.6."""
    words = ("--preset", "verl", "--pi-ref", "0.5", "--group-size", "8", "--json")
    assert main(["solve", *words, "--beta", "1/1000"]) == 0
    weak = json.loads(capsys.readouterr().out)
    assert main(["solve", *words, "--beta", "2"]) == 0
    strong = json.loads(capsys.readouterr().out)
    assert any("not a resting point" in w for w in weak["warnings"])
    assert not any("not a resting point" in w for w in strong["warnings"])
