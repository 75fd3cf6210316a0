"""The sampled algorithm: its gradients against enumeration, its rest against the theory."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.analysis.noise import iterate_spread
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.simulation.advantages import rule_of
from grpo_symbolic.simulation.ascent import Ascent
from grpo_symbolic.simulation.penalties import penalty_of
from grpo_symbolic.simulation.result import Simulation
from grpo_symbolic.simulation.sampling import sampler_of
from grpo_symbolic.simulation.totals import Composed, Drawn, Sums

BINARY = gs.BinaryQuestion()
VALUES = {"beta": "1/2", "pi_ref": "0.3"}
RULES = (
    gs.ShiftAndScale(),
    gs.ShiftAndScale(ddof=1, epsilon="1/10"),
    gs.ShiftOnly(),
    gs.FixedScale(2),
    gs.LeaveOneOut(),
    gs.LeaveOneOut.by_spread("1/100"),
    gs.MeanScale(),
    gs.StabilisedScale("1/10", ddof=1),
    gs.Rescaled(gs.ShiftAndScale(ddof=1), 5),
    gs.Clipped(bound="3/4"),
    gs.PositiveOnly(),
    gs.NegativeOnly(ddof=1, epsilon="1/100"),
    gs.Ranks(),
    gs.Ranks((-1, "-1/2", 0, "3/2")),
    gs.MedianCentred(),
    gs.BestOverSecond(),
    gs.BestOverSecond(scaled=False),
    gs.PassAtK(1),
    gs.PassAtK(2),
    gs.PassAtK(3),
    gs.PassAtK(4),
)


def simulation(policy: Policy, **given: object) -> Simulation:
    """A short run at usual numbers."""
    usual = {
        "steps": 500, "groups": 8, "seeds": 32, "learning_rate": 0.2, **VALUES, **given
    }  # fmt: skip
    return policy.simulate(**usual)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_rules_on_arrays_are_the_rules(rule: gs.Advantage) -> None:
    """Every composition of a group of four with three rewards, 0.1 among them."""
    levels = (symbols.ONE, gs.symbols.ONE / 10, gs.symbols.ZERO)
    cells = [c for c in product(range(5), repeat=3) if sum(c) == 4]
    counts = np.array(cells, dtype=float).T[:, None, :]
    rewards = np.array([float(level) for level in levels])[:, None, None]
    found = rule_of(rule, 4)(rewards, counts)
    for place, drawn in enumerate(cells):
        law = tuple((r, symbols.ONE * k / 4) for r, k in zip(levels, drawn, strict=True) if k)
        for level, (reward, k) in enumerate(zip(levels, drawn, strict=True)):
            if k:
                expected = float(rule(reward, law, symbols.ONE * 4))
                assert found[level, 0, place] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_members_drawn_one_by_one_have_the_advantages_of_their_level(rule: gs.Advantage) -> None:
    """Four entries of one member each, against the same group as counts of two rewards."""
    measured = rule_of(rule, 4)
    ones = np.ones((4, 1, 1))
    for rewards in product((1.0, 0.0), repeat=4):
        single = measured(np.array(rewards)[:, None, None], ones)[:, 0, 0]
        counts = np.array([rewards.count(1.0), rewards.count(0.0)], dtype=float)
        levels = measured(np.array([1.0, 0.0])[:, None, None], counts[:, None, None])[:, 0, 0]
        assert single == pytest.approx([levels[0] if r else levels[1] for r in rewards], abs=1e-12)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("success", [(1, 0), (0.8, 0.3)])
def test_a_table_of_compositions_adds_up_as_the_groups_do(
    success: tuple[float, float], apart: bool, mixed: bool
) -> None:
    """The same random numbers, measured group by group and looked up."""
    question = gs.BinaryQuestion(success=success)
    sampler = sampler_of(gs.GRPO(4), question, {}, np.array([0.3, 0.7]))
    rule, policy = rule_of(gs.ShiftAndScale(), 4), np.array([[0.2, 0.8], [0.6, 0.4]])
    given = {"groups": 7, "mixed_only": mixed, "apart": apart}
    assert Composed.fits(sampler)
    one = Drawn(sampler, rule, **given).of(policy, np.random.default_rng(3))
    other = Composed(sampler, rule, **given).of(policy, np.random.default_rng(3))
    for drawn, looked_up in zip(one, other, strict=True):
        assert looked_up == pytest.approx(drawn, abs=1e-14)
    assert one.downs.any() == apart


def test_a_batch_is_scaled_by_all_of_its_groups() -> None:
    rule = rule_of(gs.BatchScale(4, ddof=1, epsilon="1/10"), 2)
    counts = np.array([[[2, 1, 0, 0]], [[0, 1, 2, 2]]], dtype=float)
    found = rule(np.array([1.0, 0.0])[:, None, None], counts)
    scale = np.std([1, 1, 1, 0], ddof=1) + 0.1
    assert found[:, 0, 1] == pytest.approx([0.5 / scale, -0.5 / scale])
    assert found[:, 0, 0] == pytest.approx([0, -1 / scale])
    assert not found[:, 0, 2:].any()


@pytest.mark.parametrize("placement", ["loss", "loss-with-ratio", "reward"])
@pytest.mark.parametrize("name", ["k1", "k2", "k3"])
def test_the_gradient_is_that_of_the_sampled_objective(name: str, placement: str) -> None:
    """A numeric derivative of the clipped surrogate, samples and advantages held fixed."""
    penalty = penalty_of(gs.Estimator(name, placement), {})
    reference, old = np.array([0.3, 0.5, 0.2]), np.array([[0.4, 0.35, 0.25]])
    logits = np.array([0.3, -0.2, 0.1])
    clip, beta = (0.2, 0.3), 0.7
    ups, downs = np.array([[0.5, 0.2, 0.1]]), np.array([[-0.3, -0.4, -0.2]])
    counted = np.array([[0.5, 0.3, 0.2]])
    k = {"k1": lambda v: v, "k2": lambda v: v * v / 2, "k3": lambda v: np.exp(-v) + v - 1}[name]

    def objective(theta: np.ndarray) -> float:
        new = np.exp(theta) / np.exp(theta).sum()
        ratio, logs = new / old[0], np.log(new / reference)
        cut = np.clip(ratio, 1 - clip[0], 1 + clip[1])
        gain = ups[0] * np.minimum(ratio, cut) + downs[0] * np.maximum(ratio, cut)
        cost = {"loss": k(logs), "loss-with-ratio": ratio * k(logs), "reward": 0 * logs}
        return float((gain - beta * counted[0] * cost[placement]).sum())

    ascent = Ascent(None, penalty, beta, reference, clip=clip)  # type: ignore[arg-type]
    new = np.exp(logits) / np.exp(logits).sum()
    found = ascent._gradient(new[None], old, Sums(ups, downs, counted))[0]
    steps = 1e-6 * np.eye(3)
    slopes = [(objective(logits + h) - objective(logits - h)) / 2e-6 for h in steps]
    assert found == pytest.approx(slopes, abs=1e-8)


CASES = {
    "groups of eight": (gs.GRPO(8), BINARY, {}),
    "margins": (gs.GRPO(2), gs.BinaryQuestion(margin=symbols.gamma), {"gamma": "0.6"}),
    "noise, direct KL": (gs.GRPO(4, gs.DirectKL()), gs.BinaryQuestion(success=(0.8, 0.3)), {}),
    "dropped": (gs.GRPO(4, mixed_only=True), BINARY, {"beta": 1}),
    "batch": (gs.GRPO(4, advantage=gs.BatchScale(8, ddof=1)), BINARY, {}),
    "k2": (gs.GRPO(4, gs.Estimator("k2", "loss")), BINARY, {"beta": 1}),
    "k1 in the reward": (gs.GRPO(3, gs.Estimator("k1", "reward")), BINARY, {"beta": 1}),
    "chi squared": (gs.GRPO(4, gs.Divergence.chi_squared()), BINARY, {"beta": 1}),
    "three answers": (
        gs.GRPO(4), gs.Question(rewards=(3, 2, 1)), {"beta": 1, "pi_ref": ("0.2", "0.3", "0.5")}
    ),
    "a cycle": (
        gs.GRPO(2), gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]]),
        {"beta": 1, "pi_ref": ("0.2", "0.3", "0.5")},
    ),
    "Gaussian rewards": (
        gs.GRPO(2), gs.BinaryQuestion.of(gs.Question(
            reward_laws=(gs.Gaussian(1, 1), gs.Gaussian(0, 2)))), {},
    ),
    "pass at two": (gs.GRPO(4, advantage=gs.PassAtK(2)), BINARY, {}),
    "the best alone": (gs.GRPO(3, advantage=gs.BestOverSecond()), BINARY, {}),
    "one rater a group": (
        gs.GRPO(4), gs.Question(raters=gs.Electorate([(3, (1, 0)), (2, (0, 3))]), per="group"),
        {"pi_ref": ("0.3", "0.7")},
    ),
    "raters of their own laws": (
        gs.GRPO(2), gs.Question(per="group", raters=gs.Electorate(
            [(3, (0, 10, 11)), (2, (5, 0, ((1, "1/2"), (0, "1/2"))))])),
        {"beta": 1, "pi_ref": ("0.2", "0.3", "0.5")},
    ),
    "RLHF": (gs.RLHF(), BINARY, {"beta": 1}),
    "NLHF": (gs.NLHF(), gs.BinaryQuestion(margin="1/2"), {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_it_comes_to_rest_where_the_theory_says(case: str) -> None:
    algorithm, question, more = CASES[case]
    found = simulation(gs.stationary_policy(algorithm, question), **more)
    assert found.verdict.status is gs.Status.NUMERIC, str(found)
    assert f"over {found.seeds} seeds" in found.verdict.detail
    assert found.rest_error.max() < 0.02
    assert found.rest.sum() == pytest.approx(1)
    # It is a witness: a policy that is a little off is not confirmed.
    wrong = found.predicted * (1 + 8 * found.rest_error / found.rest)
    moved = replace(found, predicted=wrong)
    assert moved.verdict.status is gs.Status.UNKNOWN
    assert "not confirmed" in moved.verdict.detail


def test_the_group_size_decides_between_answers_of_fresh_raters() -> None:
    """Two raters of three prefer the first answer by 1, the third one the second by 6."""
    raters = gs.Electorate([(2, (1, 0)), (1, (0, 6))])
    fresh = gs.Question(raters=raters, per="answer")
    gained = {}
    for size in (2, 8):
        found = simulation(
            gs.stationary_policy(gs.GRPO(size), fresh), beta=1, pi_ref=("1/2", "1/2"), groups=16
        )
        assert found.verdict.status is gs.Status.NUMERIC
        gained[size] = float((found.rest[0] - 0.5) / found.rest_error[0])
    assert gained[2] > 5
    assert gained[8] < -5
    one = gs.stationary_policy(gs.GRPO(8), gs.Question(raters=raters, per="group"))
    kept = simulation(one, beta=1, pi_ref=("1/2", "1/2"), groups=16)
    assert kept.rest[0] - 0.5 > 5 * kept.rest_error[0]  # one rater a group: the majority wins


def test_what_is_returned() -> None:
    policy = gs.stationary_policy(gs.GRPO(4), BINARY)
    found = simulation(policy, start=0.6, steps=100, extrapolate=False)
    assert found.trajectories.shape == (32, 101, 2)
    assert found.steps[[0, -1]].tolist() == [0, 100]
    assert found.trajectories[:, 0, 0] == pytest.approx(0.6)
    assert found.mean == pytest.approx(found.trajectories.mean(axis=0))
    spread = found.trajectories.std(axis=0, ddof=1)
    assert found.standard_error == pytest.approx(spread / np.sqrt(32))
    assert found.samples == 32 * 100 * 8 * 4
    assert found.trajectories.sum(axis=-1) == pytest.approx(1)
    again = simulation(policy, start=0.6, steps=100, extrapolate=False)
    other = simulation(policy, start=0.6, steps=100, extrapolate=False, seed=1)
    assert np.array_equal(found.trajectories, again.trajectories)
    assert not np.array_equal(found.trajectories, other.trajectories)
    generator = np.random.default_rng(0)
    same = simulation(policy, start=0.6, steps=100, extrapolate=False, seed=generator)
    assert np.array_equal(found.trajectories, same.trajectories)


def test_the_mean_follows_the_flow() -> None:
    """Of many groups a step, which leave little noise."""
    policy = gs.stationary_policy(gs.GRPO(4), BINARY)
    found = simulation(policy, groups=512, steps=60, learning_rate=0.2, extrapolate=False)
    assert found.flow is not None
    gap = np.abs(found.flow(found.steps) - found.mean).max()
    assert gap < 0.01
    assert np.ptp(found.mean[:, 0]) > 0.4
    ax = found.plot()
    assert [line.get_label() for line in ax.lines] == ["mean of 32 seeds", "flow", "rest point"]
    assert ax.lines[0].get_ydata() == pytest.approx(found.mean[:, 0])


def test_reuse_and_clip_leave_the_rest_where_it_is() -> None:
    policy = gs.stationary_policy(gs.GRPO(4), BINARY)
    found = simulation(policy, reuse=3, clip=(0.2, 0.28), learning_rate=0.05, groups=16)
    assert found.verdict.status is gs.Status.NUMERIC


def test_what_comes_to_no_rest_is_said_to_move() -> None:
    policy = gs.stationary_policy(gs.GRPO(4), BINARY)
    found = simulation(policy, steps=40, learning_rate=0.01)
    assert found.verdict.status is gs.Status.UNKNOWN
    assert "still moving after 40 steps" in found.verdict.detail
    large = gs.stationary_policy(gs.GRPO(64, gs.DirectKL()), BINARY)
    assert len(large.solutions(beta="1/2", pi_ref="1/100")) > 1
    near = simulation(large, beta="1/2", pi_ref="1/100", steps=100)
    lowest = min(float(s.policy[0]) for s in large.solutions(beta="1/2", pi_ref="1/100"))
    assert near.predicted[0] == pytest.approx(lowest, rel=1e-6)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_the_spread_of_the_last_iterates_is_the_predicted_one(size: int) -> None:
    policy = gs.stationary_policy(gs.GRPO(size), BINARY)
    given = {"groups": 2, "steps": 2_000, "learning_rate": 0.05, "seeds": 150}
    start = float(policy.evaluate(beta=0.5, pi_ref=0.3))
    found = simulation(policy, extrapolate=False, start=start, **given)
    expected = iterate_spread(
        policy.curve, float(found.predicted[0]), policy.point({"gap": 1, **VALUES}),
        learning_rate=0.05, groups=2,
    )  # fmt: skip
    assert found.logit_spread == pytest.approx(expected.logit_std, rel=0.05)
    assert found.spread[0] == pytest.approx(expected.policy_std, rel=0.05)


def test_it_stands_beside_the_proofs() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), BINARY)
    proofs, all_ = policy.verify(), policy.verify(simulate=True)
    assert len(all_) == len(proofs) + 1
    *_, witness = all_
    assert witness.status is gs.Status.NUMERIC
    assert witness.method == "simulation"
    assert "over 64 seeds" in str(all_)
    *_, none = gs.stationary_policy(gs.GRPO(oo), BINARY).verify(simulate=True)
    assert none.status is gs.Status.UNKNOWN
    assert "no group to sample" in none.detail


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"steps": 10}, "steps must be an integer of at least 40"),
        ({"seeds": 2}, "seeds must be an integer of at least 8"),
        ({"groups": 0}, "groups must be"),
        ({"groups": 2.5}, "groups must be"),
        ({"learning_rate": 0}, "learning_rate must be positive"),
        ({"clip": -1}, "clip must be"),
        ({"start": (0.2, 0.3)}, "start must be 2 positive probabilities"),
        ({"steps": 10**7}, "too much work with these groups and seeds: steps may be"),
        ({"groups": 10**7}, "fewer seeds or groups"),
        ({"gamma": 1}, "unknown argument"),
        ({"beta": -1}, "beta must be"),
    ],
)
def test_what_cannot_be_run_is_refused(given: dict[str, object], sentence: str) -> None:
    policy = gs.stationary_policy(gs.GRPO(2), BINARY)
    with pytest.raises(ValueError, match=sentence):
        policy.simulate(**{**VALUES, **given})


def test_what_nothing_holds_runs_away() -> None:
    policy = gs.stationary_policy(gs.GRPO(4, gs.Estimator("k3", "reward")), BINARY)
    with pytest.raises(ValueError, match="ran away to a vertex"):
        simulation(policy, beta=1, learning_rate=50, steps=2_000)


def test_the_limit_of_large_groups_has_no_group() -> None:
    with pytest.raises(ValueError, match="no group to sample"):
        gs.stationary_policy(gs.GRPO(oo), BINARY).simulate(**VALUES)
