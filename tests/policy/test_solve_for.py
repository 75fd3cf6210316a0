"""The inverse question, by putting the answer back into the forward one."""

import json
from collections.abc import Callable
from math import comb, log, sqrt

import mpmath as mp
import pytest

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.analysis.targets import NotReached
from grpo_symbolic.cli import main


def hill(size: int, p: float) -> float:
    """h_G(p): the mean of √(t(1 − t)) over Binomial(G, p)/G."""
    return sum(
        comb(size, k) * p**k * (1 - p) ** (size - k) * sqrt(k / size * (1 - k / size))
        for k in range(size + 1)
    )


def policy(size: object = 8, penalty: gs.Penalty | None = None) -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(size, penalty or gs.ReverseKL()), gs.BinaryQuestion())  # type: ignore[return-value]


@pytest.mark.parametrize("size", [2, 3, 8, 64])
def test_the_weight_for_a_success_rate(size: int) -> None:
    for wanted, reference in ((0.9, 0.2), (0.5, 0.01), (0.999, 0.3)):
        beta = policy(size).solve_for("beta", pi=wanted, pi_ref=reference)
        assert isinstance(beta, float)
        assert beta == pytest.approx(hill(size, wanted) / (wanted - reference), rel=1e-12)
        assert policy(size).evaluate(beta=beta, pi_ref=reference) == pytest.approx(wanted)


def test_formulas_for_symbols() -> None:
    pi, reference, G = symbols.pi, symbols.pi_ref, symbols.G
    two = policy(2)
    assert (two.solve_for("beta") - pi * (1 - pi) / (pi - reference)).simplify() == 0
    partly = two.solve_for("beta", pi="1/2").subs(reference, "1/5")
    assert partly == pytest.approx(0.25 / 0.3)
    every = policy(G).solve_for("beta")
    at_eight = every.subs({G: 8, pi: 0.9, reference: 0.2}).doit()
    assert float(at_eight) == pytest.approx(hill(8, 0.9) / 0.7, rel=1e-12)
    back = two.solve_for("pi_ref")
    assert (back - (pi - pi * (1 - pi) / symbols.beta)).simplify() == 0


def test_targets_by_distance_and_by_divergence() -> None:
    by_drift = policy().solve_for("beta", drift="0.7", pi_ref="0.2")
    assert by_drift == policy().solve_for("beta", pi="0.9", pi_ref="0.2")
    budget = 0.9 * log(0.9 / 0.2) + 0.1 * log(0.1 / 0.8)
    by_kl = policy().solve_for("beta", kl=budget, pi_ref="0.2")
    assert by_kl == pytest.approx(by_drift, rel=1e-12)
    with pytest.raises(ValueError, match=r"kl must be below -log\(pi_ref\) = 1.60944"):
        policy().solve_for("beta", kl=2, pi_ref="0.2")


@pytest.mark.parametrize("penalty", [gs.ReverseKL(), gs.DirectKL()])
def test_the_reference_for_a_policy(penalty: gs.Penalty) -> None:
    reference = policy(8, penalty).solve_for("pi_ref", pi="0.9", beta=2)
    found = policy(8, penalty).evaluate(beta=2, pi_ref=reference, branch="all")
    assert any(abs(p - 0.9) < 1e-9 for p in found.ravel())


@pytest.mark.parametrize("beta", [0.4, 0.55, 0.6])
def test_the_smallest_group(beta: float) -> None:
    """By solving forward at every size, until the wanted rate is passed."""
    size = policy().solve_for("group_size", pi="0.8", pi_ref="0.2", beta=beta)
    rates = [float(policy(g).evaluate(beta=beta, pi_ref=0.2)) for g in range(2, size + 1)]
    assert rates[-1] >= 0.8
    assert all(rate < 0.8 for rate in rates[:-1])


@pytest.mark.parametrize(
    ("rule", "beta"),
    [(gs.PassAtK(2), "0.2"), (gs.LeaveOneOut.by_spread("1e-6"), "0.5"), (gs.PositiveOnly(), "0.1")],
    ids=repr,
)
def test_the_smallest_group_of_rules_that_are_not_known_to_rise(
    rule: gs.Advantage, beta: str
) -> None:
    def weight(size: int) -> float:
        found = gs.stationary_policy(gs.GRPO(size, advantage=rule), gs.BinaryQuestion())
        try:
            return float(found.solve_for("beta", pi="0.8", pi_ref="0.3"))
        except ValueError:  # groups of k teach nothing
            return 0.0

    asked = gs.stationary_policy(gs.GRPO(4, advantage=rule), gs.BinaryQuestion())
    size = asked.solve_for("group_size", pi="0.8", pi_ref="0.3", beta=beta)
    weights = [weight(g) for g in range(2, size + 1)]
    assert weights[-1] >= float(beta) > max(weights[:-1])


def test_a_target_out_of_reach_says_what_would_do() -> None:
    with pytest.raises(ValueError, match=r"groups of up to 1024 .* smaller weight of") as refusal:
        policy().solve_for("group_size", pi="0.9", pi_ref="0.2", beta="0.5")
    least = str(refusal.value).split("weight of ")[1].split(" or")[0]
    assert float(least) == pytest.approx(
        policy(1024).solve_for("beta", pi="0.9", pi_ref="0.2"), rel=1e-5
    )
    single = gs.stationary_policy(gs.GRPO(4, advantage=gs.BestOverSecond()), gs.BinaryQuestion())
    with pytest.raises(ValueError, match="groups of up to 64 do not bring"):
        single.solve_for("group_size", pi="0.8", pi_ref="0.3", beta="0.2")


def test_digits() -> None:
    exact = policy(2).solve_for("beta", pi="0.9", pi_ref="0.2", digits=40)
    with mp.workdps(45):
        assert abs(exact - mp.mpf(9) / 70) < mp.mpf(10) ** -40


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: policy().solve_for("gamma", pi=0.9), "unknown must be one of beta"),
        (lambda: policy().solve_for("beta", pi=0.9, kl=0.1, pi_ref=0.2), "give one target"),
        (lambda: policy().solve_for("beta", pi=0.1, pi_ref=0.2), "no positive weight"),
        (lambda: policy().solve_for("beta", pi=0.2, pi_ref=0.2), "only an infinite one"),
        (lambda: policy(8, gs.Estimator("k1")).solve_for("beta"), "penalty has no gradient"),
        (lambda: policy().solve_for("beta", pi=1.1, pi_ref=0.2), "pi must be"),
        (lambda: policy().solve_for("beta", pi=0.9, pi_ref=0.2, beta=1), "is what is asked for"),
        (lambda: policy().solve_for("beta", pi=0.9, tau=0.2), "unknown argument 'tau'"),
        (lambda: policy().solve_for("group_size", pi=0.9, pi_ref=0.2), "needs a number for beta"),
        (lambda: policy().solve_for("group_size", pi=0.9, pi_ref=0.2, beta=9), "smaller weight"),
        (lambda: policy().solve_for("pi_ref", pi=0.1, beta="0.1"), "no reference probability"),
        (
            lambda: gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(2, 1, 0))).solve_for(
                "beta", pi=0.5
            ),
            "two answers",
        ),
    ],
)
def test_what_cannot_be_answered(ask: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask()


def test_policies_where_training_does_not_rest() -> None:
    """Between two folds of the direct KL the middle root repels, and the upper is not reached."""
    large = policy(64, gs.DirectKL())
    found = large.solutions(beta=1, pi_ref="0.2")
    places = {s.stability.value: float(s.policy[0]) for s in found}
    assert len(found) == 3
    with pytest.raises(ValueError, match="it repels"):
        large.solve_for("beta", pi=places["repelling"], pi_ref="0.2")
    with pytest.warns(NotReached, match="rests before it"):
        beta = large.solve_for("beta", pi=float(found.found[2].policy[0]), pi_ref="0.2")
    assert beta == pytest.approx(1, rel=1e-6)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["solve-for", "beta", "--group-size", "8", "--pi", "0.9", "--pi-ref", "0.2"]
    assert main(words) == 0
    name, _, value = capsys.readouterr().out.strip().partition(" = ")
    assert name == "beta"
    assert float(value) == pytest.approx(hill(8, 0.9) / 0.7, rel=1e-12)
    assert main([*words, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["beta"] == float(value)
    assert main(words[:4]) == 0
    assert capsys.readouterr().out.strip() == f"beta = {shown['closed_form']}"
    assert main(["solve-for", "beta"]) == 0
    assert capsys.readouterr().out.strip() == "beta = pi*(1 - pi)/(pi - pi_ref)"
    size = ["solve-for", "group-size", "--kl", "0.5", "--beta", "0.5", "--pi-ref", "0.2", "--json"]
    assert main(size) == 0
    assert '"group_size": ' in capsys.readouterr().out
    assert main(["solve-for", "gamma"]) == 2
    assert "WHAT must be one of" in capsys.readouterr().err
