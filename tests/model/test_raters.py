"""Raters who disagree: electorates, and questions in which they score groups or answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod, sqrt

import numpy as np
import pytest
from sympy import Integer, Rational, Symbol, oo

import grpo_symbolic as gs
from grpo_symbolic.cli.program import main
from grpo_symbolic.domain import Range

THREE = [(3, (0, 10, 11)), (3, (0, 10, 1)), (3, (10, 0, 1))]
UNIFORM = ("1/3", "1/3", "1/3")


def advantage(rewards: Sequence[float]) -> float:
    """Of the first member, written out."""
    mean = sum(rewards) / len(rewards)
    spread = sqrt(sum((r - mean) ** 2 for r in rewards) / len(rewards))
    return (rewards[0] - mean) / spread if spread > 1e-12 else 0.0


def enumerated(raters, policy: Sequence[float], size: int, per: str) -> list[float]:
    """P(o|π) over all groups, with each rater drawn."""
    n, total = len(policy), float(sum(m for m, _ in raters))
    found = []
    for own in range(n):
        value = 0.0
        for others in product(range(n), repeat=size - 1):
            group, chance = (own, *others), prod(policy[o] for o in others)
            if per == "group":
                judges = [((j,) * size, m / total) for j, (m, _) in enumerate(raters)]
            else:
                judges = [
                    (js, prod(raters[j][0] / total for j in js))
                    for js in product(range(len(raters)), repeat=size)
                ]
            for js, weight in judges:
                rewards = [raters[j][1][o] for j, o in zip(js, group, strict=True)]
                value += weight * chance * advantage(rewards)
        found.append(value)
    return found


def left_over(
    policy: Sequence[float], values: Sequence[float], beta: float, reference, direct: bool
):
    """How much the condition of the answers differs, written out."""
    force = [np.log(p / r) if direct else 1 - r / p for p, r in zip(policy, reference, strict=True)]
    sides = [v - beta * f for v, f in zip(values, force, strict=True)]
    return max(sides) - min(sides)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize(("per", "size"), [("group", 2), ("group", 3), ("group", 5), ("answer", 3)])
def test_solutions_against_all_groups_with_each_rater_drawn(
    per: str, size: int, direct: bool
) -> None:
    question = gs.Question(raters=gs.Electorate(THREE), per=per)
    penalty = gs.DirectKL() if direct else gs.ReverseKL()
    policy = gs.stationary_policy(gs.GRPO(size, penalty), question)
    reference = ("0.2", "0.3", "0.5")
    found = policy.solutions(beta="0.7", pi_ref=reference).found[0].policy
    point = [float(p) for p in found]
    values = enumerated(THREE, point, size, per)
    assert left_over(point, values, 0.7, [0.2, 0.3, 0.5], direct) < 1e-12
    assert np.allclose(policy.evaluate(beta=0.7, pi_ref=[0.2, 0.3, 0.5]), point, atol=1e-12)


def test_large_groups_of_one_rater_each() -> None:
    policy = gs.stationary_policy(
        gs.GRPO(oo), gs.Question(raters=gs.Electorate(THREE), per="group")
    )
    found = policy.solutions(beta="0.3", pi_ref=UNIFORM).found[0].policy
    point = np.array([float(p) for p in found])
    values = np.zeros(3)
    for mass, rewards in THREE:
        r = np.array(rewards, float)
        mean = point @ r
        values += mass / 9 * (r - mean) / np.sqrt(point @ (r - mean) ** 2)
    assert left_over(point, values, 0.3, [1 / 3] * 3, False) < 1e-12
    ball = policy.enclose(beta="0.3", pi_ref=UNIFORM, digits=20)
    assert np.allclose(ball.floats()[0], point, atol=1e-14)


def test_averaged_rewards_are_the_question_of_their_means() -> None:
    electorate = gs.Electorate([(1, (0, 3, 1)), (2, (3, 0, 1))])
    question = gs.Question(raters=electorate, per="mean")
    assert question.rewards == (2, 1, 1)
    assert question == gs.Question(rewards=(2, 1, 1))


def test_masses_that_are_symbols_are_averaged_first() -> None:
    """At numbers for the masses it is the question of these numbers; two answers need an order."""
    first, second = (Symbol(f"m_{k}", positive=True) for k in (1, 2))
    rows = ((0, 3, 1), (3, 0, 2))
    symbolic = gs.Question(raters=gs.Electorate([(first, rows[0]), (second, rows[1])]), per="mean")
    numeric = gs.Question(raters=gs.Electorate([(1, rows[0]), (2, rows[1])]), per="mean")
    found, known = (
        gs.stationary_policy(gs.GRPO(3), question).solutions(beta=1, pi_ref=UNIFORM, **masses)
        for question, masses in ((symbolic, {"m_1": 1, "m_2": 2}), (numeric, {}))
    )
    assert [float(p) for p in found.found[0].policy] == pytest.approx(
        [float(p) for p in known.found[0].policy]
    )
    pair = [(first, (1, 0)), (second, (0, 2))]
    domain = gs.Domain((Range(second, Integer(0), oo), Range(first, 2 * second, oo)))
    ordered = gs.Question(raters=gs.Electorate(pair, domain=domain), per="mean")
    better = gs.GRPO(2).preference(gs.Question(rewards=(1, 0)))
    assert tuple(gs.GRPO(2).preference(ordered)) == tuple(better)
    unknown = gs.Question(raters=gs.Electorate(pair), per="mean")
    with pytest.raises(ValueError, match=r"the order of the rewards .* is not known"):
        gs.GRPO(2).preference(unknown)


def test_pairs_see_the_majority_margin() -> None:
    """One rater a group of two is the question of the margins, for symbols as well."""
    first, second = (Symbol(f"m_{k}", positive=True) for k in (1, 2))
    electorate = gs.Electorate([(first, (1, 0)), (second, (0, 1))])
    margin = electorate.margins[0][1]
    assert (margin - (first - second) / (first + second)).cancel() == 0
    drawn = gs.GRPO(2).preference(gs.Question(raters=electorate, per="group"))
    given = gs.GRPO(2).preference(gs.Question(preferences=[[0, margin], [-margin, 0]]))
    assert [(a - b).cancel() for a, b in zip(drawn, given, strict=True)] == [0, 0]


@pytest.mark.parametrize("size", [2, 4, oo])
def test_two_answers_have_the_margin_times_the_drift(size) -> None:
    """β (p − p0) = γ h_G(p), at every group size."""
    electorate = gs.Electorate([(5, (2, 1)), (2, (0, 7)), (1, (1, 1))])
    question = gs.Question(raters=electorate, per="group")
    found = gs.stationary_policy(gs.GRPO(size), question).solutions(beta="1/2", pi_ref=(".3", ".7"))
    p = found.found[0].policy[0]
    plain = gs.GRPO(size).preference(gs.BinaryQuestion()).difference(0, 1).doit()
    drift = float(plain.subs(gs.symbols.pi, float(p)))
    assert abs((p - 0.3) / 2 - 0.375 * p * (1 - p) * drift) < 1e-14


def test_an_even_vote_stays_at_the_reference() -> None:
    question = gs.Question(raters=gs.Electorate([(1, (1, 0)), (1, (0, 1))]), per="group")
    found = gs.stationary_policy(gs.GRPO(4), question).solutions(beta=1, pi_ref=(".3", ".7"))
    assert [float(p) for p in found.found[0].policy] == pytest.approx([0.3, 0.7])


def test_dropped_groups_of_raters() -> None:
    """P and the penalty are averages over the groups that one of the raters finds mixed."""
    question = gs.Question(raters=gs.Electorate([(2, (1, 0, 0)), (1, (0, 1, 2))]), per="group")
    algorithm = gs.GRPO(3, mixed_only=True)
    values = algorithm.preference(question)
    point = dict(zip(question.policy[:2], (Rational(1, 5), Rational(3, 10)), strict=True))
    numbers, total, seen = [0.2, 0.3, 0.5], 0.0, [0.0] * 3
    rewards = [(2 / 3, (1, 0, 0)), (1 / 3, (0, 1, 2))]
    climb = [0.0] * 3
    for group in product(range(3), repeat=3):
        chance = prod(numbers[o] for o in group)
        for mass, row in rewards:
            drawn = [row[o] for o in group]
            if len(set(drawn)) > 1:
                total += mass * chance
                seen[group[0]] += mass * chance
                climb[group[0]] += mass * chance * advantage(drawn)
    for o in range(3):
        assert float(values[o].subs(point)) == pytest.approx(climb[o] / total / numbers[o])
        often = float(algorithm.sampling(question)[o].subs(point))
        assert often == pytest.approx(seen[o] / total / numbers[o])


def test_exported_and_verified_as_any_other_question() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question(raters=gs.Electorate(THREE), per="group"))
    data = json.loads(policy.export("json"))
    assert len(data["equations"]) == 3
    assert "raters" in data["call"]
    assert {v["status"] for v in data["verdicts"]} == {"PROVED"}
    assert r"\lambda" in policy.export("latex")
    assert "raters" in policy.export("latex-theorem")


@pytest.mark.parametrize(("size", "answers"), [(3, 8), (oo, 8), (4, 30)])
def test_of_many_answers_each_rater_has_a_claim(size, answers: int) -> None:
    """P is their mean: what has mean zero for each of them has it together."""
    scores = [[o % 3 for o in range(answers)], [1] * answers, [(o * o) % 4 for o in range(answers)]]
    raters = gs.Electorate([(m, row) for m, row in zip((3, 2, 1), scores, strict=True)])
    model = gs.preference(gs.GRPO(size), gs.Question(raters=raters, per="group"))
    report = model.verify()

    assert [verdict.claim.split(":")[0] for verdict in report] == [
        "mean zero, rater 1",  # the second one sees no difference
        "mean zero, rater 3",
    ]
    assert report.status == gs.Status.PROVED


def test_group_size_decides_the_winner() -> None:
    """Pairs elect the answer of the majority, large groups another one."""
    question = gs.Question(raters=gs.Electorate(THREE), per="group")
    winners = []
    for size in (2, 5, oo):
        found = gs.stationary_policy(gs.GRPO(size), question).solutions(beta="0.3", pi_ref=UNIFORM)
        winners.append(max(range(3), key=lambda o: found.found[0].policy[o]))
    assert winners == [2, 2, 1]


def test_electorates() -> None:
    ranked = gs.Electorate.from_rankings([(2, "a > b > c"), (1, ["c", ["a", "b"]])])
    assert ranked.answers == ("a", "b", "c")
    assert ranked.margins == (
        (0, Rational(2, 3), Rational(1, 3)),
        (-Rational(2, 3), 0, Rational(1, 3)),
        (-Rational(1, 3), -Rational(1, 3), 0),
    )
    approved = gs.Electorate.from_approvals([(1, "a"), (2, "bc")], "abc")
    assert approved.rewards == ((1, 0, 0), (0, 1, 1))
    missing = gs.Electorate([(1, (1, None, 0)), (1, (None, 1, 0))])
    assert not missing.complete
    assert missing.margins == ((0, 0, 1), (0, 0, 1), (-1, -1, 0))
    assert missing.mean_rewards == (1, 1, 0)
    noisy = gs.Electorate([(1, ([(1, "1/4"), (0, "3/4")], 0)), (1, (0, 1))])
    assert noisy.margins[0][1] == (Rational(1, 4) - 1) / 2
    assert noisy.pooled[0] == ((1, Rational(1, 8)), (0, Rational(7, 8)))
    assert gs.Electorate.read("3: 0, 1/2; .5: 1,0").shares == (Rational(6, 7), Rational(1, 7))
    assert ranked.merged(ranked).margins == ranked.margins
    assert ranked.entries[0][0] == Fraction(3)


BAD = {
    "no raters": (lambda: gs.Electorate([]), "at least one rater"),
    "no pair": (lambda: gs.Electorate([3]), r"rater 1 must be a pair \(mass, rewards\)"),
    "mass": (lambda: gs.Electorate([(0, (1, 0))]), "mass of rater 1 must be positive"),
    "lengths": (lambda: gs.Electorate([(1, (1, 0)), (1, (1,))]), "rater 2 has 1"),
    "one answer": (lambda: gs.Electorate([(1, (1,))]), "two answers or more"),
    "entry": (lambda: gs.Electorate([(1, ("x", 0))]), "rater 1: reward must be"),
    "twice": (lambda: gs.Electorate.from_rankings([(1, "a > a")]), "each answer once"),
    "text": (lambda: gs.Electorate.read("1,2"), "'mass: reward,reward,...; ...'"),
    "text of a rater": (lambda: gs.Electorate.read("1: 1,0; 1: 1,q"), "rater 2: reward must be"),
    "no way": (lambda: gs.Question(raters=gs.Electorate(THREE)), "per, one of group, answer, mean"),
    "another way": (
        lambda: gs.Question(raters=gs.Electorate(THREE), per="vote"),
        "per must be one of group, answer, mean",
    ),
    "no electorate": (lambda: gs.Question(raters=THREE, per="group"), "must be an Electorate"),
    "missing": (
        lambda: gs.Question(raters=gs.Electorate([(1, (1, None))]), per="group"),
        "rater 1 did not score answer 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused_with_a_sentence(name: str) -> None:
    build, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        build()


RATERS = "3: 0,10,11; 3: 0,10,1; 3: 10,0,1"


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["solve", "--raters", RATERS, "--per", "group", "--group-size", "5", "--beta", "0.3"]
    assert main([*given, "--pi-ref", "1/3,1/3,1/3", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    point = [float(p) for p in data["solutions"][0]["policy"]]
    values = enumerated(THREE, point, 5, "group")
    assert left_over(point, values, 0.3, [1 / 3] * 3, False) < 1e-12
    assert data["count"] == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--raters", RATERS), "--raters goes with --per"),
        (("--per", "group", "--rewards", "1,0,0"), "--raters goes with --per"),
        (("--raters", RATERS, "--per", "vote"), "--per must be one of"),
        (("--raters", "1: 1,0; 1: 1", "--per", "mean"), "--raters: every rater scores the same"),
        (("--raters", "nothing", "--per", "mean"), "--raters must be written as"),
    ],
)
def test_command_refuses(given, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "--beta", "1", "--pi-ref", "1/3,1/3,1/3", *given]) == 2
    assert message in capsys.readouterr().err


def test_the_condition_of_raters_is_printed_by_its_means() -> None:
    raters = gs.Electorate([(3, (0, 10, 11)), (3, (0, 10, 1)), (1, (10, 0, 1))])
    policy = gs.stationary_policy(gs.GRPO(5), gs.Question(raters=raters, per="group"))
    shown = policy.latex()
    assert r"\sum_{j} m_j V_{5,j}(R_j(o))" in shown
    assert "(R_1(1), R_1(2), R_1(3)) = (0, 10, 11)" in shown
    assert shown.count(r"\\") <= 4
    # Written out on request: the groups one by one.
    assert r"\sqrt{" in policy.export("latex-theorem", unfold="all")


def test_the_condition_of_fresh_raters_is_printed_by_the_laws_of_rewards() -> None:
    raters = gs.Electorate([(1, (0, 10, 11)), (2, (0, 10, 1)), (1, (10, 0, 1))])
    policy = gs.stationary_policy(gs.GRPO(5), gs.Question(raters=raters, per="answer"))
    shown = policy.latex()
    assert r"q_o(r) \, V_{5}(r)" in shown
    assert r"\Pr(r_i = r) = q_{o_i}(r)" in shown
    assert r"\left(\frac{3}{4}, \frac{1}{4}, 0, 0\right)" in shown  # of answer 1: 0 or 10
    assert shown.count(r"\\") <= 4
    assert r"\sqrt{" in policy.export("latex-theorem", unfold="all")


@pytest.mark.parametrize("per", ["group", "answer"])
def test_two_answers_of_raters_say_where_their_closed_form_is(per: str) -> None:
    question = gs.Question(raters=gs.Electorate([(2, (1, 0)), (1, (0, 6))]), per=per)
    policy = gs.stationary_policy(gs.GRPO(2), question)
    assert "BinaryQuestion.of(question)" in policy.status
    binary = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion.of(question))
    assert binary.status.startswith("closed form")
    found = policy.solutions(beta="0.3", pi_ref=("0.4", "0.6")).found[0].policy[0]
    assert abs(binary.evaluate(beta=0.3, pi_ref=0.4) - float(found)) < 1e-12
