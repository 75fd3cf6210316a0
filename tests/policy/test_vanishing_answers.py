"""Penalties whose derivative does not tend to −∞ as an answer vanishes: vertices are policies."""

from itertools import pairwise

import pytest
from mpmath import mp, mpf

import grpo_symbolic as gs

DRIVES_OUT = {
    ("k3", "reward"): lambda u: u - mp.log(u) - 1,
    ("k2", "reward"): lambda u: mp.log(u) ** 2 / 2,
    ("k2", "loss-with-ratio"): lambda u: mp.log(u) ** 2 / 2 - mp.log(u),
    ("abs", "reward"): lambda u: abs(mp.log(u)),
}


@pytest.mark.parametrize("estimator", DRIVES_OUT, ids="-".join)
def test_a_penalty_that_grows_without_bound_drives_a_rare_answer_out(
    estimator: tuple[str, str],
) -> None:
    """d tends to infinity as an answer vanishes: the flow, by hand, ends at both vertices."""
    d, weight, reference = DRIVES_OUT[estimator], mpf("0.5"), mpf("0.25")
    policy = gs.stationary_policy(gs.GRPO(2, gs.Estimator(*estimator)), gs.BinaryQuestion())
    found = sorted(policy.solutions(beta="1/2", pi_ref="1/4"), key=lambda s: s.policy[0])
    assert [s.policy[0] for s in (found[0], found[-1])] == [0, 1]
    assert all(found[end].stability == "attracting" for end in (0, -1))

    def upwards(p: mpf) -> bool:
        return 1 - weight * (d(reference / p) - d((1 - reference) / (1 - p))) > 0

    for below, above in pairwise(found):
        way = upwards((below.policy[0] + above.policy[0]) / 2)
        assert (above if way else below).stability == "attracting"
        assert (below if way else above).stability == "repelling"
    for formula in ("pi > 0", "pi < 1", "pi != 0", "log(pi) < 0", "1/(1 - pi) >= 1"):
        assert gs.check(formula, policy).verdict is gs.Status.REFUTED
    assert gs.check("pi*(1 - pi) >= 0", policy).verdict is gs.Status.PROVED
    assert gs.check("limit(pi, pi_ref, 1) = 1", policy).verdict is not gs.Status.PROVED


def test_nothing_is_said_of_many_answers_that_are_driven_out() -> None:
    """(0, 0, 1) is stationary under k3 in the reward, and is not searched for."""
    question = gs.Question(rewards=[3, 2, 1])
    policy = gs.stationary_policy(gs.GRPO(2, gs.Estimator("k3", "reward")), question)
    for formula in ("pi_1 > 0", "pi_1 < 1"):
        assert gs.check(formula, policy).verdict is not gs.Status.PROVED
    reference = ["1/4", "1/4", "1/2"]
    assert "not searched for" in policy.solutions(beta="1/2", pi_ref=reference).status
