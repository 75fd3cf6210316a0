"""Predictions against the sampled rules themselves, written out in plain Python."""

import json
import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import comb, exp, log, sqrt
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import lambertw, mpf

import grpo_symbolic as gs
from grpo_symbolic.analysis.noise import iterate_spread
from grpo_symbolic.analysis.noise_of_many import GroupGradient, policy_covariance
from grpo_symbolic.cli import main
from grpo_symbolic.prediction.trainers import read_run

TRL = {"trainer": "trl", "version": "1.16"}


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def standardised(rewards: tuple[int, ...], epsilon: float = 1e-4) -> list[float]:
    mean = sum(rewards) / len(rewards)
    std = sqrt(sum((r - mean) ** 2 for r in rewards) / (len(rewards) - 1))
    return [(r - mean) / (std + epsilon) for r in rewards]


def coefficient(kind: str, ratio: float) -> float:
    """What a sample's ∇ log π is multiplied by in the penalty; ``ratio`` is π_ref/π."""
    if kind == "k3":
        return 1 - ratio
    if kind == "k3 clamped":
        return 0.0 if abs(ratio - log(ratio) - 1) > 10 else 1 - ratio
    return -log(ratio)  # k3 times the importance ratio


def gradient(
    z: float, size: int, beta: float, kind: str, reference: float, bonus: float = 0.0,
    factor: float = 1.0,
) -> tuple[float, float]:  # fmt: skip
    """Mean and variance, over all groups, of one group's gradient in the first of two logits."""
    p = sigmoid(z)
    mean = square = 0.0
    for group in product((1, 0), repeat=size):
        chance = p ** sum(group) * (1 - p) ** (size - sum(group))
        total = 0.0
        for answer, advantage in zip(group, standardised(group), strict=True):
            share = reference / p if answer else (1 - reference) / (1 - p)
            score = (1 - p) if answer else -p
            total += score * (factor * advantage - beta * coefficient(kind, share))
        total /= size
        mean += chance * total
        square += chance * total**2
    return mean - bonus * z * p * (1 - p), square - mean**2


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "direct": ({"beta": "0.7"}, {"beta": 0.7, "kind": "direct"}),
    "reverse": (
        {"beta": "0.7", "use_bias_correction_kl": False},
        {"beta": 0.7, "kind": "k3"},
    ),
    "cispo": (
        {"beta": "0.2", "loss_type": "cispo"},
        {"beta": 0.2, "kind": "direct", "factor": 0.2},
    ),
    "entropy and direct": (
        {"beta": "0.5", "entropy_coef": "0.2"},
        {"beta": 0.5, "kind": "direct", "bonus": 0.2},
    ),
    "entropy and reverse": (
        {"beta": "0.5", "entropy_coef": "0.2", "use_bias_correction_kl": False},
        {"beta": 0.5, "kind": "k3", "bonus": 0.2},
    ),
    "entropy alone": ({"beta": 0, "entropy_coef": "0.6"}, {"beta": 0, "kind": "k3", "bonus": 0.6}),
}


@pytest.mark.parametrize("name", CASES)
def test_rest_point_and_steps_of_the_expected_gradient(name: str) -> None:
    """Plain gradient ascent on two logits, step by step, comes to rest where it is predicted."""
    options, rule = CASES[name]
    rate = 0.05
    config = {**TRL, **options, "num_generations": 4, "learning_rate": rate}
    found = gs.from_trl(config).predict("0.3")
    assert found.reached is not None
    target = found.reached.policy[0]
    z, steps, arrived = log(0.3 / 0.7), 0, None
    for steps in range(1, 20_000):
        p = sigmoid(z)
        if arrived is None and abs(p - target) <= 0.01 * abs(target - 0.3):
            arrived = steps - 1
            break
        z += 2 * rate * gradient(z, 4, reference=0.3, **rule)[0]
    assert arrived is not None
    # A step of the ascent has a length: the flow is its limit.
    assert found.steps == pytest.approx(arrived, rel=0.03)
    at_rest, _ = gradient(log(target / (1 - target)), 4, reference=0.3, **rule)
    assert abs(at_rest) < 1e-10


@pytest.mark.parametrize(("size", "kind"), [(2, "k3"), (4, "k3"), (4, "direct")])
def test_spread_of_the_last_iterates(size: int, kind: str) -> None:
    """The stationary variance of the linearised chain with the variance over all groups."""
    rate, groups, beta = 1e-3, 16, 0.8
    config = {
        **TRL, "beta": str(beta), "num_generations": size, "learning_rate": rate,
        "per_device_train_batch_size": size * groups, "use_bias_correction_kl": kind == "direct",
    }  # fmt: skip
    found = gs.from_trl(config).predict("0.3")
    assert found.reached is not None
    p = found.reached.policy[0]
    z, step = log(p / (1 - p)), 1e-5
    _, variance = gradient(z, size, beta, kind, 0.3)
    slope = (gradient(z + step, size, beta, kind, 0.3)[0]
             - gradient(z - step, size, beta, kind, 0.3)[0]) / (2 * step)  # fmt: skip
    # z ← (1 + 2η g′) z + 2η noise: the variance that reproduces itself.
    shrink = 1 + 2 * rate * slope
    stationary = (2 * rate) ** 2 * variance / groups / (1 - shrink**2)
    assert found.spread == pytest.approx(p * (1 - p) * sqrt(stationary), rel=3e-3)


def test_spread_against_the_sampled_algorithm() -> None:
    """Groups of two of TRL's rule are drawn; the iterates spread as far as predicted."""
    rate, groups, beta, reference = 0.1, 4, 1.2, 0.3
    config = {
        **TRL, "beta": str(beta), "num_generations": 2, "learning_rate": rate,
        "per_device_train_batch_size": 2 * groups, "use_bias_correction_kl": False,
    }  # fmt: skip
    found = gs.from_trl(config).predict(str(reference))
    assert found.reached is not None
    assert found.spread is not None
    draws, chains = np.random.default_rng(5), 400
    z = np.full(chains, log(found.reached.policy[0] / found.reached.policy[1]))
    seen = []
    for step in range(1500):
        p = 1 / (1 + np.exp(-z))
        right = draws.binomial(2, p[:, None], size=(chains, groups))
        advantage = np.where(right == 1, 0.5 / (sqrt(0.5) + 1e-4), 0.0)
        pull_a, pull_b = 1 - reference / p, 1 - (1 - reference) / (1 - p)
        own = right * (1 - p[:, None]) * (advantage - beta * pull_a[:, None])
        own += (2 - right) * -p[:, None] * (-advantage - beta * pull_b[:, None])
        z = z + 2 * rate * own.mean(axis=1) / 2
        if step >= 300 and step % 10 == 0:
            seen.append(1 / (1 + np.exp(-z)))
    assert float(np.std(seen)) == pytest.approx(found.spread, rel=0.05)


def test_an_entropy_bonus_beside_the_reverse_kl_is_a_lambert_link() -> None:
    """π = βρ/(α W((βρ/α) e^{(λ − P)/α})) for both answers with one multiplier λ."""
    bonus, beta = 0.2, 0.5
    config = {**TRL, "beta": "0.5", "entropy_coef": "0.2", "use_bias_correction_kl": False}
    found = gs.from_trl({**config, "num_generations": 4}).predict("0.3")
    assert found.reached is not None
    p, q = found.reached.policy
    # Advantages of an answer given that it is there, over all groups of the others.
    worth = []
    for own in (1, 0):
        total = 0.0
        for others in product((1, 0), repeat=3):
            chance = p ** sum(others) * q ** (3 - sum(others))
            total += chance * standardised((own, *others))[0]
        worth.append(total)
    multiplier = sum(
        w * (v - beta * (1 - r / w) - bonus * log(w))
        for w, v, r in zip((p, q), worth, (0.3, 0.7), strict=True)
    )
    for mass, value, reference in zip((p, q), worth, (0.3, 0.7), strict=True):
        share = beta * reference / bonus
        inside = share * exp((multiplier + beta - value) / bonus)
        assert share / float(lambertw(inside).real) == pytest.approx(mass, rel=1e-9)


# -- clamps ------------------------------------------------------------------------------------


def test_a_clamp_removes_the_rest_point() -> None:
    """ms-swift at its defaults: a root of the condition in 4.0.0, none of the trainer in 4.0.4."""
    early = read_run({"trainer": "ms-swift", "version": "4.0.0", "beta": "0.04"}).predict("0.3")
    late = read_run({"trainer": "ms-swift", "version": "4.0.4", "beta": "0.04"}).predict("0.3")
    assert early.reached is not None
    assert late.reached is not None
    assert early.reached.policy[0] == pytest.approx(0.98856, abs=1e-5)
    assert late.reached.policy == (1.0, 0.0)
    assert any("clamped region is entered beyond pi(a) = 0.9486" in w for w in late.warnings)
    assert not any("clamped region is entered" in w for w in early.warnings)


@pytest.mark.parametrize(("beta", "reference"), [(0.04, 0.3), (0.3, 0.01), (1.0, 0.3), (3.0, 0.01)])
def test_the_clamped_flow_has_the_sign_of_the_clamped_gradient(
    beta: float, reference: float
) -> None:
    config = {"trainer": "verl", "use_kl_loss": True, "kl_loss_coef": str(beta), "n": 4}
    found = read_run(config).predict(str(reference))
    assert found.landscape is not None
    for z in np.linspace(-9, 9, 37):
        wanted, _ = gradient(float(z), 4, beta, "k3 clamped", reference)
        p = sigmoid(float(z))
        own = float(found.landscape.at(mpf(float(z)))) * p * (1 - p)
        # The two trainers' ε differ: 1e-4 here, 1e-6 there.
        assert own == pytest.approx(wanted, abs=1e-4)


# -- without a penalty -----------------------------------------------------------------------


def test_without_a_penalty_the_better_answer_takes_all() -> None:
    found = gs.from_trl({"num_generations": 4, "learning_rate": 1, "version": "1.16"}).predict(
        "0.2"
    )
    assert found.run.beta == 0
    assert found.reached is not None
    assert found.reached.policy == (1.0, 0.0)
    sentence = next(w for w in found.warnings if "1 - pi(a) falls as" in w)
    # Late on, 1 − p = c/(η steps): measured on the exact gradient.
    constant = float(sentence.split("falls as ")[1].split("/")[0])
    z = 6.0
    p = sigmoid(z)
    rate = 2 * gradient(z, 4, 0.0, "k3", 0.2)[0] / (1 - p)
    assert 1 / rate == pytest.approx(constant, rel=5e-3)


def test_what_teaches_rarely_ends_as_a_root_of_the_steps() -> None:
    """Pass@4 learns from groups with one right answer: 1 - p falls as the fourth root, by its own
    flow p' = 2 p²(1 - p)² (1 - p)³ A with the advantage A of that answer."""
    verl = {"trainer": "verl", "adv_estimator": "grpo_passk", "n": 4}
    found = read_run(verl).predict("0.3")
    advantage = 1 / (float(np.std([1, 0, 0, 0], ddof=1)) + 1e-6)
    time, z = 0.0, log(3 / 7)
    while z < 9:
        p = sigmoid(z)
        time += 1e-3 / (2 * p * (1 - p) ** 4 * advantage)
        z += 1e-3
    (sentence,) = [w for w in found.warnings if "falls as" in w]
    scale = float(re.findall(r"falls as ([\d.]+)/.*\^\(1/4\)$", sentence)[0])
    assert (1 - sigmoid(z)) * time**0.25 == pytest.approx(scale, rel=2e-3)


@pytest.mark.parametrize(("normalised", "size"), [("centered", 4), ("standard", 3)])
def test_where_only_mixed_groups_are_left_the_rest_is_reached_exponentially(
    normalised: str, size: int
) -> None:
    """Near certainty a group that is kept has one wrong answer: z' is twice its gradient."""
    found = read_run(
        {"trainer": "open-instruct", "beta": 0, "num_samples_per_prompt_rollout": size,
         "advantage_normalization_type": normalised}
    ).predict("0.3")  # fmt: skip
    rewards = np.array([*[1] * (size - 1), 0])
    wrong = (rewards - rewards.mean())[-1] / (rewards.std() if normalised == "standard" else 1)
    pace = 2 * -wrong / size
    (sentence,) = [w for w in found.warnings if "falls as" in w]
    stated = float(re.findall(r"falls as exp\(-([\d.]+) \* learning rate \* steps\)$", sentence)[0])
    assert stated == pytest.approx(pace, rel=1e-3)
    # Of two answers as wrong as each other, each is the wrong one of a group in half of them: what
    # moves the right one's logit stays, what moves theirs is halved.
    three = found.run.predict(("0.3", "0.3", "0.4"), success=(1, 0, 0))
    (sentence,) = [w for w in three.warnings if "falls as" in w]
    assert float(sentence.split("exp(-")[1].split()[0]) == pytest.approx(0.75 * pace, rel=5e-3)


def test_a_penalty_without_gradient_is_none() -> None:
    given = {"trainer": "slime", "use_kl_loss": True, "kl_loss_coef": "0.1"}
    found = read_run(given).predict("0.2")
    assert found.reached is not None
    assert found.reached.policy == (1.0, 0.0)
    assert any("no gradient" in w for w in found.warnings)


def test_an_option_that_does_nothing_is_named() -> None:
    """slime computes the KL of kl_coef and leaves it out of the advantages of a group."""
    found = read_run({"trainer": "slime", "kl_coef": "0.1"}).predict("0.2")
    assert any(w.startswith("kl_coef: is computed and not used") for w in found.warnings)
    assert found.reached is not None
    assert found.reached.policy == (1.0, 0.0)


def test_several_rest_points_and_the_one_that_is_reached() -> None:
    """KL(π‖π_ref) and large groups: two attracting policies; the reference decides."""
    options = {**TRL, "beta": 1, "num_generations": 64}
    low = gs.from_trl(options).predict("0.2")
    assert [r.stability for r in low.rest_points] == ["attracting"] * len(low.rest_points)
    policy = gs.stationary_policy(low.run.algorithm, gs.BinaryQuestion())
    solutions = policy.solutions(pi_ref="0.2")
    expected = [float(s.policy[0]) for s in solutions if s.stability == "attracting"]
    assert [r.policy[0] for r in low.rest_points] == pytest.approx(expected)
    assert len(expected) > 1
    assert [r.reached for r in low.rest_points] == [True] + [False] * (len(expected) - 1)


def test_a_noisy_verifier_and_many_answers() -> None:
    run = gs.from_trl({**TRL, "beta": "0.5", "num_generations": 4})
    noisy = run.predict("0.2", success=("0.9", "0.1"))
    policy = gs.stationary_policy(run.algorithm, gs.BinaryQuestion(success=("0.9", "0.1")))
    assert noisy.reached is not None
    assert noisy.reached.policy[0] == pytest.approx(policy.evaluate(pi_ref=0.2), rel=1e-10)
    three = run.predict(("0.2", "0.3", "0.5"), rewards=(2, 1, 0))
    exact = gs.stationary_policy(run.algorithm, gs.Question(rewards=(2, 1, 0)))
    wanted = exact.solutions(pi_ref=("0.2", "0.3", "0.5")).found[0].policy
    assert three.reached is not None
    assert three.reached.policy == pytest.approx([float(w) for w in wanted])
    # Two of three answers alike: as two answers, at half the speed of a shared mass at least.
    pair = run.predict("0.5", rewards=(1, 0))
    assert pair.reached is not None
    assert three.time is not None
    assert three.time > 0


def test_many_answers_of_which_few_groups_teach_anything() -> None:
    """Pass@4 by enumerated groups: the best of three takes all, as a fourth root of the steps."""
    rewards = (1.0, 0.5, 0.0)
    groups = np.array(list(product(range(3), repeat=4)))
    drawn = np.array(rewards)[groups]
    leads = np.sort(drawn)[:, 3] - np.sort(drawn)[:, 2]
    worth = leads / (drawn.std(axis=1, ddof=1) + 1e-6)
    best = groups[np.arange(len(groups)), drawn.argmax(axis=1)]

    def slope(policy: np.ndarray) -> np.ndarray:
        gains = policy[groups].prod(axis=1) * worth / 4
        return np.bincount(best, gains, minlength=3) - policy * gains.sum()

    policy = np.array([0.2, 0.3, 0.5])
    logits = np.log(policy)
    while policy[0] < 0.99:
        step = slope(policy)
        logits = logits + 0.01 * step / np.abs(step).max()
        policy = np.exp(logits) / np.exp(logits).sum()
    left = 1e-3
    policy[1:] *= left / policy[1:].sum()
    policy[0] = 1 - left
    fall = policy[0] * (slope(policy)[0] - policy @ slope(policy))
    verl = {"trainer": "verl", "adv_estimator": "grpo_passk", "n": 4}
    found = read_run(verl).predict(("0.2", "0.3", "0.5"), rewards=("1", "1/2", "0"))
    assert [(rest.policy, rest.reached) for rest in found.rest_points] == [((1, 0, 0), True)]
    (sentence,) = [w for w in found.warnings if "falls as" in w]
    scale = float(re.findall(r"falls as ([\d.]+)/.*\^\(1/4\)$", sentence)[0])
    assert (4 * fall / left**5) ** -0.25 == pytest.approx(scale, rel=0.02)


def test_many_answers_without_a_penalty_end_at_the_best() -> None:
    """Plain ascent on the exact gradient of groups of three, enumerated."""
    rewards, reference = (2, 1, 0), np.array([0.2, 0.3, 0.5])
    found = gs.from_trl({**TRL, "num_generations": 3, "learning_rate": 1}).predict(
        tuple(map(str, reference)), rewards=rewards
    )
    assert found.reached is not None
    assert found.reached.policy == (1.0, 0.0, 0.0)
    assert found.spread is None
    assert any("beta is 0" in w and "1 - pi(1) falls as" in w for w in found.warnings)
    logits, time = np.log(reference), 0.0
    groups = list(product(range(3), repeat=3))
    worth = np.array([standardised(tuple(rewards[o] for o in g)) for g in groups])
    members = np.array(groups)
    while True:
        policy = np.exp(logits) / np.exp(logits).sum()
        if 1 - policy[0] <= 0.01 * 0.8:
            break
        chance = policy[members].prod(axis=1)
        gains = np.array([(chance[:, None] * worth * (members == o)).sum() for o in range(3)]) / 3
        logits = logits + 0.05 * (gains - policy * gains.sum())
        time += 0.05
    assert found.time == pytest.approx(time, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "beta", "reference", "size"),
    [("loss", 2, 0.05, 8), ("ratio", 1, 0.001, 64), ("reward", 1, 0.001, 64)],
)
def test_the_limit_of_reuse(kind: str, beta: float, reference: float, size: int) -> None:
    """Frozen samples of two answers, step by step: closer to rest below the limit, off beyond."""
    rate, epsilon = 2e-3, 1e-9 if kind == "reward" else 1e-4
    given = {"trainer": "trl", "version": "1.16", "beta": str(beta), "num_generations": size,
             "learning_rate": str(rate), "use_bias_correction_kl": kind == "ratio",
             "num_iterations": 10**5}  # fmt: skip
    if kind == "reward":  # OpenRLHF's k1, after the normalisation
        given = {"trainer": "openrlhf", "advantage_estimator": "group_norm", "lr": str(rate),
                 "n_samples_per_prompt": size, "init_kl_coef": str(beta), "max_epochs": 10**5,
                 "actor": {"lr": str(rate)}}  # fmt: skip
    found = read_run(given).predict(str(reference))
    policy = found.reached
    assert policy is not None
    rest = log(policy.policy[0] / policy.policy[1])
    # What an answer is worth beside k right ones among the others.
    worth = [
        [standardised((own, *[1] * k, *[0] * (size - 1 - k)), epsilon)[0] for k in range(size)]
        for own in (1, 0)
    ]

    def outer(z: float, steps: int) -> float:
        """One batch of exact expectations: what was sampled is held fixed."""
        old = sigmoid(z)
        chance = [comb(size - 1, k) * old**k * (1 - old) ** (size - 1 - k) for k in range(size)]
        better, worse = (sum(map(mul, chance, row)) for row in worth)
        for _ in range(steps):
            p = sigmoid(z)
            pulls = []
            for own, was, ref in ((p, old, reference), (1 - p, 1 - old, 1 - reference)):
                frozen = {"loss": was * (1 - ref / own), "ratio": own * log(own / ref)}
                pulls.append(frozen.get(kind, own * log(was / ref)))
            gains = p * better - beta * pulls[0], (1 - p) * worse - beta * pulls[1]
            z += 2 * rate * ((1 - p) * gains[0] - p * gains[1])
        return z

    sentence = next(w for w in found.warnings if "steps on one batch" in w)
    limit = float(sentence.split("beyond ")[1].split(":")[0]) / rate
    for share, holds in ((0.97, True), (1.03, False)):
        z = outer(rest + 1e-4, int(share * limit))
        assert (abs(z - rest) < 1e-4) == holds


@pytest.mark.parametrize(("beta", "steps"), [(20, 1), (1000, 1), (1000, 4), (10**9, 1)])
def test_steps_that_are_too_long_are_told_of(beta: int, steps: int) -> None:
    """By the slope of one batch at the rest point, groups of four written out here."""
    size, reference, told = 4, 0.3, []

    def batch(z: float, rate: float) -> float:
        old = sigmoid(z)
        chance = [comb(size, k) * old**k * (1 - old) ** (size - k) for k in range(size + 1)]
        groups = [(1,) * k + (0,) * (size - k) for k in range(size + 1)]
        pull = sum(map(mul, chance, (sum(map(mul, standardised(g), g)) / size for g in groups)))
        for _ in range(steps):
            p = sigmoid(z)
            gains = pull * p / old, -pull * (1 - p) / (1 - old)
            kept = old * (1 - reference / p), (1 - old) * (1 - (1 - reference) / (1 - p))
            better, worse = (g - beta * k for g, k in zip(gains, kept, strict=True))
            z += 2 * rate * ((1 - p) * better - p * worse)
        return z

    for share in (0.01, 0.9, 1.1, 21, 100):
        rate = share / (0.21 * beta) / steps
        given = {**TRL, "version": "1.9", "beta": beta, "num_generations": size,
                 "num_iterations": steps, "learning_rate": rate}  # fmt: skip
        found = gs.from_trl(given).predict(str(reference))
        assert found.reached is not None
        p = found.reached.policy[0]
        rest, h = log(p / (1 - p)), 1e-7
        slope = (batch(rest + h, rate) - batch(rest - h, rate)) / (2 * h)
        said = [w for w in found.warnings if "steps on one batch" in w]
        assert said or abs(slope) < 1.02
        too_long = any("too long for this weight" in w for w in said)
        assert not too_long or abs(slope) > 0.98
        told.append(too_long)
    assert told[-1] == (steps == 4)
    assert not told[0]


@pytest.mark.parametrize("kind", ["k3", "direct"])
def test_where_the_steps_on_a_batch_lead(kind: str) -> None:
    """The clipped surrogate of all groups, four steps a batch: what single steps do not tell."""
    rate, clip, reference, size = 1.0, 0.2, 0.3, 4
    given = {**TRL, "beta": 1, "num_generations": size, "num_iterations": 4,
             "learning_rate": rate, "use_bias_correction_kl": kind == "direct"}  # fmt: skip
    found = gs.from_trl(given).predict(str(reference))
    sentence = next(w for w in found.warnings if "steps on one batch: with 4" in w)
    stated = float(sentence.split("pi(a) = ")[1].split(",")[0])
    z = log(reference / (1 - reference))
    for _ in range(60):
        old = sigmoid(z)
        for _ in range(4):
            step = 1e-6

            def objective(at: float, old: float = old) -> float:
                total, new = 0.0, sigmoid(at)
                for group in product((1, 0), repeat=size):
                    chance = old ** sum(group) * (1 - old) ** (size - sum(group))
                    for answer, advantage in zip(group, standardised(group), strict=True):
                        own, was = (new, old) if answer else (1 - new, 1 - old)
                        share = (reference if answer else 1 - reference) / own
                        ratio, k3 = own / was, share - log(share) - 1
                        clipped = min(max(ratio, 1 - clip), 1 + clip)
                        pull = min(ratio * advantage, clipped * advantage)
                        total += chance * (pull - (ratio if kind == "direct" else 1) * k3) / size
                return total

            z += rate * (objective(z + step) - objective(z - step)) / step
    assert sigmoid(z) == pytest.approx(stated, abs=2e-5)
    assert stated < found.reached.policy[0] - 0.1  # type: ignore[union-attr]
    large = gs.from_trl({**given, "num_generations": 16, "beta": "1.2"}).predict(str(reference))
    assert large.reached is not None  # sums that are not written out
    small = gs.from_trl({**given, "learning_rate": "1e-6"}).predict(str(reference))
    assert not any("steps on one batch" in w for w in small.warnings)


def test_sampled_batches_leave_where_their_expectation_rests() -> None:
    """Beyond the clip the expected iterates have a rest point that noise ends: runs of both."""
    given = {**TRL, "beta": 1, "num_iterations": 4, "learning_rate": 1, "num_generations": 8,
             "per_device_train_batch_size": 256, "use_bias_correction_kl": True}  # fmt: skip
    found = gs.from_trl(given).predict("0.3")
    (sentence,) = [w for w in found.warnings if "steps on one batch: with 4" in w]
    assert sentence.startswith("num_iterations: ")
    stated, batches = re.findall(r"sampled runs (\d+)% .* after (\d+) batches", sentence)[0]
    policy = gs.stationary_policy(gs.from_trl(given).preset, gs.BinaryQuestion(gap=1))
    own = policy.simulate(
        groups=32, steps=int(batches), learning_rate=1, seeds=200, seed=5, reuse=4, clip=0.2,
        extrapolate=False, beta=1, pi_ref="0.3",
    )  # fmt: skip
    last = own.trajectories[:, -1, 0]
    left = last > (0.43708 + 0.73705) / 2
    assert left.mean() == pytest.approx(int(stated) / 100, abs=0.15)  # three standard errors
    assert last[left].mean() == pytest.approx(0.73705, abs=0.01)
    assert last[~left].mean() == pytest.approx(0.43708, abs=0.005)
    wild = gs.from_trl({**given, "learning_rate": "50"}).predict("0.3")
    assert any("pi(a) = 1, not at" in w and "none have left" in w for w in wild.warnings)
    for rate in ("0.3", "0.1"):  # with shorter steps there is no such place
        small = gs.from_trl({**given, "learning_rate": rate}).predict("0.3")
        assert not any("steps on one batch: with" in w for w in small.warnings)


@pytest.mark.parametrize("rate", [0.3, 0.1])
def test_samples_that_are_used_again_spread_further(rate: float) -> None:
    given = {**TRL, "beta": 1, "num_iterations": 4, "learning_rate": rate, "num_generations": 8,
             "per_device_train_batch_size": 64, "use_bias_correction_kl": False}  # fmt: skip
    run = gs.from_trl(given)
    found = run.predict("0.3")
    policy = gs.stationary_policy(run.preset, gs.BinaryQuestion(gap=1))
    own = policy.simulate(
        groups=8, steps=800, learning_rate=rate, seeds=128, reuse=4, clip=0.2, extrapolate=False,
        beta=1, pi_ref="0.3", start=found.reached.policy[0],  # type: ignore[union-attr]
    )  # fmt: skip
    assert own.spread[0] == pytest.approx(found.spread, rel=0.05)
    once = gs.from_trl({**given, "num_iterations": 1}).predict("0.3")
    assert found.spread > 1.5 * once.spread  # type: ignore[operator]


@pytest.mark.parametrize("loss", ["dapo", "cispo"])
def test_a_scale_of_the_batch_has_a_spread(loss: str) -> None:
    """TRL's rule on batches that are drawn, many chains of log-odds at once."""
    groups, beta, rate, reference = 16, 0.8, 0.1, 0.3
    beta, rate = (beta / 5, 5 * rate) if loss == "cispo" else (beta, rate)
    found = gs.from_trl({
        **TRL, "beta": str(beta), "scale_rewards": "batch", "num_generations": 4, "loss_type": loss,
        "learning_rate": str(rate), "per_device_train_batch_size": 4 * groups,
        "use_bias_correction_kl": False,
    }).predict(str(reference))  # fmt: skip
    assert found.spread is not None
    assert found.reached is not None
    weight = 0.2 if loss == "cispo" else 1.0
    draws, seen = np.random.default_rng(3), []
    z = np.full(400, log(found.reached.policy[0] / found.reached.policy[1]))
    for step in range(900):
        p = 1 / (1 + np.exp(-z))
        right = draws.binomial(4, p[:, None], size=(400, groups)) / 4
        mean = right.mean(axis=1)
        scale = np.sqrt(mean * (1 - mean) * 4 * groups / (4 * groups - 1)) + 1e-4
        gain = weight * (right * (1 - right)).mean(axis=1) / scale
        pull = (
            mean * (1 - reference / p) * (1 - p) - (1 - mean) * (1 - (1 - reference) / (1 - p)) * p
        )
        z = z + 2 * rate * (gain - beta * pull)
        if step >= 200 and step % 5 == 0:
            seen.append(1 / (1 + np.exp(-z)))
    assert float(np.std(seen)) == pytest.approx(found.spread, rel=0.05)


def test_the_spread_of_many_answers() -> None:
    """For two answers it is the one that is derived in the log-odds; of three, as simulated."""
    question = gs.BinaryQuestion(success=("0.8", "0.3"))
    policy = gs.stationary_policy(gs.GRPO(4), question)
    values = {"beta": 1, "pi_ref": "0.3"}
    point, rest = policy.point(values), float(policy.solutions(**values).found[0].policy[0])
    own = iterate_spread(policy.curve, rest, point, learning_rate=0.02, groups=4)
    gradient = GroupGradient.of(policy.algorithm, question, point)
    mean, _ = gradient.moments(np.array([rest, 1 - rest]))
    assert np.abs(mean).max() < 1e-15
    found = policy_covariance(gradient, (rest, 1 - rest), 0.02, 4)
    assert sqrt(found[0, 0]) == pytest.approx(own.policy_std, rel=1e-8)
    assert found[0].sum() == pytest.approx(0, abs=1e-18)
    row = ("0.2", "0.3", "0.5")
    config = {**TRL, "beta": 1, "num_generations": 4, "per_device_train_batch_size": 16}
    three = gs.from_trl({**config, "learning_rate": "0.05"}).predict(row, rewards=(3, 2, 1))
    assert three.reached is not None
    assert three.spread is not None
    sampled = gs.stationary_policy(three.run.algorithm, gs.Question(rewards=(3, 2, 1))).simulate(
        groups=4, steps=2_000, learning_rate=0.05, seeds=100, start=three.reached.policy,
        extrapolate=False, pi_ref=row,
    )  # fmt: skip
    assert sampled.spread[0] == pytest.approx(three.spread, rel=0.05)


# -- configurations --------------------------------------------------------------------------


def forms(tmp_path: Path) -> dict[str, Any]:
    text = "trainer: trl\nversion: '1.9'\nbeta: 0.5  # the weight\nnum_generations: 4\n"
    plain = {"trainer": "trl", "version": "1.9", "beta": 0.5, "num_generations": 4}
    yaml, jsonl = tmp_path / "c.yaml", tmp_path / "c.json"
    yaml.write_text(text)
    jsonl.write_text(json.dumps(plain, indent=1))
    return {
        "text": text,
        "yaml": yaml,
        "name": str(yaml),
        "json": jsonl,
        "dictionary": plain,
        "namespace": Namespace(**plain),
        "json text": json.dumps(plain),
    }


def test_every_form_of_a_configuration_says_the_same(tmp_path: Path) -> None:
    for form in forms(tmp_path).values():
        run = gs.from_trl(form)
        assert (run.beta, run.preset.algorithm) == (
            0.5,
            gs.presets.trl("1.9", group_size=4).algorithm,
        )
        assert run.algorithm.beta * 2 == 1


@pytest.mark.parametrize(
    ("form", "of_version", "of_beta"), [("yaml", 2, 3), ("json", 3, 4), ("text", 2, 3)]
)
def test_warnings_name_the_line(form: str, of_version: int, of_beta: int, tmp_path: Path) -> None:
    warnings = gs.from_trl(forms(tmp_path)[form]).predict("0.2").warnings
    flip = next(w for w in warnings if "by the rules of 1.10" in w)
    assert flip.startswith(f"version (line {of_version}): ")
    tokens = next(w for w in warnings if "token by token" in w)
    assert tokens.startswith(f"beta (line {of_beta}): ")
    small = gs.from_trl(forms(tmp_path)[form]).predict("0.2", rewards=("0.001", 0)).warnings
    assert any(w.startswith("scale_rewards (default): epsilon = 1/10000 is 20.0%") for w in small)


def test_another_version_is_said_to_many_answers_too() -> None:
    """Of the divergence of the other version, by a prediction with the option set."""
    asked = {"pi_ref": ("0.2", "0.3", "0.5"), "rewards": (3, 2, 1)}
    base = {"beta": "0.5", "version": "1.16"}
    told = gs.from_trl(base).predict(**asked)
    there = gs.from_trl({**base, "use_bias_correction_kl": False}).predict(**asked)
    assert told.reached is not None
    assert there.reached is not None
    flip = next(w for w in told.warnings if "by the rules of 1.9" in w)
    assert f"pi(1) = {there.reached.policy[0]:.5g}, not {told.reached.policy[0]:.5g}" in flip
    assert not any("by the rules of" in w for w in there.warnings)


@pytest.mark.parametrize(
    ("trainer", "weight", "versions", "why"),
    [
        ("nemo-rl", "reference_policy_kl_penalty: 0.5", ("0.6", "0.7"), "acts as another"),
        ("ms-swift", "beta: 0.04", ("4.0.0", "4.6"), "is clamped otherwise"),
    ],
)
def test_versions_of_other_trainers_that_rest_elsewhere(
    trainer: str, weight: str, versions: tuple[str, str], why: str
) -> None:
    """Each names where the other one's own prediction rests."""
    found = [
        read_run(f"trainer: {trainer}\nversion: {version}\n{weight}\n").predict("0.3")
        for version in versions
    ]
    rests = [found_at.reached.policy[0] for found_at in found if found_at.reached is not None]
    assert abs(rests[0] - rests[1]) > 0.01
    for here, there in ((0, 1), (1, 0)):
        flip = [w for w in found[here].warnings if "by the rules of" in w]
        assert len(flip) == 1
        assert flip[0].startswith(
            f"version (line 2): by the rules of {versions[there]} the same options rest at "
            f"pi(a) = {rests[there]:.5g}, not {rests[here]:.5g}: the penalty {why}"
        )


def test_misspelt_options_are_named() -> None:
    run = read_run("trainer: trl\nversion: 1.16\nnum_generation: 4\nbeta: 1\nmodel: m\n")
    said = [w for w in run.warnings if "not an option that is read" in w]
    assert said == [
        "num_generation (line 3): is not an option that is read; is num_generations meant?"
    ]
    right = read_run("trainer: trl\nversion: 1.16\nnum_generations: 4\nbeta: 1\nepsilon: 0.2\n")
    assert not any("not an option" in w for w in right.warnings)


def test_verl_and_openrlhf_by_their_own_names() -> None:
    verl = gs.from_verl(
        {
            "actor_rollout_ref": {
                "actor": {"use_kl_loss": True, "kl_loss_coef": 0.01, "kl_loss_type": "k2"},
                "rollout": {"n": 6},
            },
            "algorithm": {"norm_adv_by_std_in_grpo": False},
        }
    )
    expected = gs.presets.verl(estimator="k2", group_size=6, scale=False).algorithm
    assert (verl.preset.algorithm, verl.beta * 100) == (expected, 1)
    off = gs.from_verl({"rollout": {"n": 5}})
    assert off.beta == 0
    reward = gs.from_verl({"use_kl_in_reward": "true", "kl_coef": "0.2", "n": 4})
    assert reward.preset.in_reward
    assert reward.beta * 5 == 1
    # REINFORCE++-baseline over one question whitens by what the groups leave of the deviation.
    plus = gs.from_verl({"adv_estimator": "reinforce_plus_plus_baseline", "use_kl_loss": True,
                         "kl_loss_coef": "0.5", "n": 4}).predict("0.3")  # fmt: skip
    assert plus.reached is not None
    p = plus.reached.policy[0]
    drift = (1 - 1 / 4) / sqrt((1 - 1 / 4) * p * (1 - p))
    assert drift * p * (1 - p) == pytest.approx(0.5 * (p - 0.3), rel=1e-9)
    old = gs.from_openrlhf(
        {"advantage_estimator": "group_norm", "n_samples_per_prompt": 4, "init_kl_coef": 0.1}
    )
    new = gs.from_openrlhf(
        {"algo": {"advantage": {"estimator": "group_norm"}, "kl": {"init_coef": 0.1}},
         "rollout": {"n_samples_per_prompt": 4}}
    )  # fmt: skip
    assert old.algorithm == new.algorithm
    assert old.preset.penalty == gs.Estimator("k1", "reward")


COMMAND = r"""
python3 -m verl.trainer.main_ppo \
    algorithm.adv_estimator=grpo \
    +actor_rollout_ref.actor.use_kl_loss=True actor_rollout_ref.actor.kl_loss_coef=0.01 \
    actor_rollout_ref.rollout.n=6 trainer.logger='["console"]' $@
"""


def test_the_command_of_a_run_is_a_configuration() -> None:
    found = read_run(COMMAND)
    nested = {"actor": {"use_kl_loss": True, "kl_loss_coef": "0.01"}, "rollout": {"n": 6}}
    assert found.preset.algorithm == gs.from_verl({"actor_rollout_ref": nested}).preset.algorithm
    assert found.beta * 100 == 1
    assert any(w.startswith("actor_rollout_ref.actor.kl_loss_coef (line 4)") for w in
               found.warnings)  # fmt: skip
    words = ["--algo.advantage.estimator", "group_norm", "--algo.kl.use_loss",
             "--algo.kl.estimator=k2", "--rollout.n-samples-per-prompt", "4"]  # fmt: skip
    flags = gs.from_openrlhf(words)
    assert flags.preset.algorithm == gs.presets.openrlhf(estimator="k2", group_size=4).algorithm


SCRIPTS = {
    "slime": """
KL=0.05
GRPO_ARGS=(
   --advantage-estimator grpo
   --use-kl-loss
   --kl-loss-coef $KL
   --kl-loss-type low_var_kl
   --n-samples-per-prompt 8
)
OTHER=(
   --num-rollout 3000
   --lr ${LR:-2e-6}
)
ray job submit --address="http://127.0.0.1:8265" -- python3 train.py ${GRPO_ARGS[@]} ${OTHER[@]}
""",
    "openrlhf": """
ray job submit --runtime-env-json='{"working_dir": "/openrlhf"}' \\
   -- python3 -m openrlhf.cli.train_ppo_ray --advantage_estimator group_norm \\
   --n_samples_per_prompt 8 --use_kl_loss --kl_estimator k3 \\
   --init_kl_coef 0.05 --actor_learning_rate 2e-6
""",
    "verl": """
n=8
kl_loss_coef=0.05
export HYDRA_FULL_ERROR=1
CUDA_VISIBLE_DEVICES=0 python3 -m verl.trainer.main_ppo actor_rollout_ref.rollout.n=$n \\
    actor_rollout_ref.actor.use_kl_loss=True actor_rollout_ref.actor.optim.lr=2e-6 \\
    actor_rollout_ref.actor.kl_loss_coef=${kl_loss_coef}
""",
    "verl, a whole file": """
actor_rollout_ref:
  actor: {use_kl_loss: true, kl_loss_coef: 0.05, optim: {lr: 2e-6}}
  rollout: {n: 8}
trainer:
  total_epochs: 15
""",
    "verl, in one line": "python3 -m verl.trainer.main_ppo actor_rollout_ref.rollout.n=8 "
    "actor.use_kl_loss=True actor.kl_loss_coef=0.05 actor.optim.lr=2e-6\n",
    "ms-swift": """
CUDA_VISIBLE_DEVICES=0,1 \\
swift rlhf --rlhf_type grpo --num_generations 8 --beta 0.05 \\
    --learning_rate 2e-6 --reward_funcs accuracy format
""",
    "skyrl": """
uv run --isolated -m skyrl.train.entrypoints.main_base generator.n_samples_per_prompt=8 \\
  trainer.policy.optimizer_config.lr=2e-6 trainer.algorithm.kl_loss_coef=0.05
""",
    "nemo-rl": """
grpo: {num_generations_per_prompt: 8, normalize_rewards: true, use_leave_one_out_baseline: false}
loss_fn: {reference_policy_kl_penalty: 0.05}
policy: {optimizer: {kwargs: {lr: 2e-6}}}
""",
    "prime-rl": """
max_steps = 20
[orchestrator]
group_size = 8
[orchestrator.algo]
type = "max_rl"
[trainer.loss]
kl_tau = 0.05
[trainer.optim]
lr = 2e-6
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_files_as_practitioners_have_them(name: str) -> None:
    """Whose they are is said by their options, or by the name of the program."""
    run = read_run(SCRIPTS[name])
    assert run.trainer == name.partition(",")[0]
    assert run.preset.algorithm.group_size == 8
    assert (run.beta * 20, run.learning_rate * 500_000) == (1, 1)  # type: ignore[operator]
    assert not any("$" in w or "CUDA" in w or "HYDRA" in w for w in run.warnings)


class RLOOConfig(Namespace):
    """As the other trainer's class of options."""


def test_the_other_trainer_of_trl() -> None:
    """π(a)/π(b) = (π_ref(a)/π_ref(b)) e^{1/β}, whatever the size of the group is."""
    odds = 0.3 / 0.7 * exp(1 / 0.5)
    for given in ({"num_generations": 4}, {"normalize_advantages": True}):
        of_class = gs.from_trl(RLOOConfig(beta=0.5, **given))
        of_file = read_run({"trainer": "trl-rloo", "beta": "0.5", **given})
        for run in (of_class, of_file):
            found = run.predict("0.3")
            assert found.reached is not None
            assert found.reached.policy[0] == pytest.approx(odds / (1 + odds), rel=1e-12)
            assert not any("known" in w for w in run.warnings)
    assert of_file.preset.algorithm.group_size == 2


@pytest.mark.parametrize(
    ("version", "beta", "normalised", "length"),
    [("0.14", "0.04", "bnpo", 256), ("0.18.2", "0.04", "bnpo", 256), ("0.19", "0", "bnpo", 256),
     ("0.21", "0", "bnpo", 256), ("0.22", "0", "dapo", 256), ("1.9", "0", "dapo", 256),
     ("1.10", "0", "dapo", 512), ("1.16", "0", "dapo", 512)],
)  # fmt: skip
def test_defaults_are_those_of_the_version(
    version: str, beta: str, normalised: str, length: int
) -> None:
    """By the fields of ``GRPOConfig`` in the releases."""
    run = gs.from_trl({"version": version})
    assert run.beta == Fraction(beta)
    assert run.preset.single_token[0] == f"loss_type={normalised}"
    divided = gs.from_trl({"version": version, "loss_type": "dr_grpo"})
    assert divided.gradient_scale * length == 1


def test_learning_rates_and_batches_are_those_of_the_trainer() -> None:
    for trainer, rate in (("trl", "1e-6"), ("unsloth", "5e-5"), ("ms-swift", "1e-4")):
        assert read_run({"trainer": trainer}).learning_rate == Fraction(rate)
    full = {"trainer": "ms-swift", "version": "4.6.0", "tuner_type": "full", "rlhf_type": "grpo"}
    run = read_run(full)
    assert run.learning_rate == Fraction("1e-5")
    assert not any("rlhf_type" in w for w in run.warnings)
    with pytest.raises(ValueError, match="rlhf_type must be grpo, got dpo"):
        read_run({**full, "rlhf_type": "dpo"})
    # One answer a device: no group, until the devices are counted.
    with pytest.raises(ValueError, match="advantage_estimator: reinforce with 8 samples"):
        read_run({"trainer": "openrlhf", "advantage_estimator": "reinforce",
                  "n_samples_per_prompt": 8})  # fmt: skip
    small = "a step has 1 of the 8 answers of a group"
    assert any(small in w for w in run.warnings)
    assert run.predict("0.3").spread is None
    assert not any("a step has" in w for w in read_run({**full, "world_size": 8}).warnings)


def test_what_a_version_does_not_have_is_said_with_its_line() -> None:
    text = "trainer: trl\nversion: 0.20\nuse_bias_correction_kl: true\nloss_type: cispo\n"
    warnings = read_run(text).warnings
    for option, line in (("use_bias_correction_kl", 3), ("loss_type", 4)):
        start = f"{option} (line {line}): TRL 0.20 has no {option}"
        assert any(w.startswith(start) for w in warnings)


@pytest.mark.parametrize(
    "options",
    [{"loss_type": "cispo"}, {"loss_type": "cispo", "scale_rewards": "batch"},
     {"multi_objective_aggregation": "normalize_then_sum"}],
    ids=lambda options: " ".join(options.values()),
)  # fmt: skip
def test_predictions_of_divided_rules_are_written_for_a_document(options: dict[str, str]) -> None:
    run = gs.from_trl({"beta": "0.2", "version": "1.16", **options})
    found = run.predict("0.3")
    assert found.reached is not None
    table = found.export("latex-table")
    assert r"with $\varepsilon = 10^{-4}$" in table
    assert f"${found.reached.policy[0]:.6g}$" in table


def test_options_that_change_the_rule_are_read() -> None:
    unsloth = read_run({"trainer": "unsloth", "loss_type": "cispo", "scale_rewards": "none"})
    assert unsloth.preset.algorithm.advantage == gs.Rescaled(gs.ShiftOnly(), 5)
    swift = read_run({"trainer": "ms-swift", "loss_type": "dr_grpo", "max_completion_length": 64,
                      "scale_rewards": "batch", "num_generations": 4})  # fmt: skip
    assert swift.gradient_scale * 64 == 1
    assert any("groups of one question only" in w for w in swift.warnings)
    off = read_run({"trainer": "slime", "kl_loss_coef": "0.1", "kl_loss_type": "k3"})
    assert off.beta == 0
    assert any("use_kl_loss (default): is off" in w for w in off.warnings)
    plain = read_run({"trainer": "slime", "disable_grpo_std_normalization": True})
    assert plain.preset.algorithm.advantage == gs.ShiftOnly()
    roll = read_run({"trainer": "roll", "kl_penalty": "kl", "use_kl_loss": True,
                     "kl_loss_coef": "0.1"})  # fmt: skip
    assert roll.preset.penalty == gs.ReverseKL()  # kl_penalty is of the reward
    reward = read_run({"trainer": "skyrl", "use_kl_in_reward": True, "use_kl_loss": False})
    assert reward.preset.in_reward
    with pytest.raises(ValueError, match="reinforce_plus_plus is not modelled for slime"):
        read_run({"trainer": "slime", "advantage_estimator": "reinforce_plus_plus"})


AREAL = """
gconfig:
  n_samples: 4
  temperature: 0.9
actor:
  optimizer:
    lr: 1e-5
  eps_clip: 0.4
  reward_scaling: 10.0
  kl_ctl: 2
  ppo_n_minibatches: 4
  reward_norm:
    mean_level: group
    std_level: LEVEL
  adv_norm:
    std_level: batch
ref:
  optimizer: null
train_dataset:
  batch_size: 64
"""


@pytest.mark.parametrize(("level", "more"), [("group", ""), ("null", ""), ("null", "leave1out")])
def test_what_areal_normalises_is_read(level: str, more: str) -> None:
    """The KL of its own weight against rewards that are scaled, or 10 of them."""
    leave = f"mean_{more}: true\n    std" if more else "std"
    run = read_run(AREAL.replace("std_level: LEVEL", f"{leave}_level: {level}"))
    assert (run.trainer, run.groups, run.reuse) == ("areal", 16, 4)
    found = run.predict("0.3").reached
    assert found is not None
    p = found.policy[0]
    worth = 10 * (1 if more else Fraction(3, 4)) if level == "null" else None
    if worth is not None:  # log-odds less those of the reference are the worth over the weight
        assert log(p / (1 - p)) - log(3 / 7) == pytest.approx(float(worth) / 2, rel=1e-9)
    else:
        drift = 0.0
        for k in (1, 2, 3):
            advantage = standardised((1,) * k + (0,) * (4 - k), 1e-5)[0]
            drift += comb(4, k) * p**k * (1 - p) ** (4 - k) * advantage * k / 4
        force = p * (1 - p) * (log(p / (1 - p)) - log(3 / 7))
        assert drift == pytest.approx(2 * force, rel=1e-6)
    said = "\n".join(run.warnings)
    assert "gconfig.temperature (line 4): is not part of this model" in said
    assert f"adv_norm.std_level (line {16 + bool(more)}): divides" in said
    with pytest.raises(ValueError, match=r"std_level .line 14.: batch is not modelled for areal"):
        read_run(AREAL.replace("LEVEL", "batch"))


def test_options_that_bend_what_is_optimised_are_named() -> None:
    """Each trainer's own: on its line, and not among those that are not looked at."""
    for trainer, text, bent in (
        ("roll", "num_return_sequences_in_group: 8\nwhiten_advantages: true", "has it off"),
        ("slime", "num_rollout: 9\nrollout_temperature: 0.8", "takes it as 1"),
        ("nemo-rl", "trainer: nemo-rl\nuse_dynamic_sampling: true", "has it off"),
        ("skyrl", "trainer: skyrl\nadvantage_batch_normalize: true", "has it off"),
        ("open-instruct", "trainer: open-instruct\nfilter_zero_std_samples: false", "has it on"),
        ("openrlhf", "init_kl_coef: 0.1\nadvantage_estimator: rloo\nn_samples_per_prompt: 4\n"
         "temperature: 0.8", "takes it as 1"),
        ("verl", "trainer: verl\nrollout:\n  n: 4\n  top_p: 0.9", "takes it as 1"),
    ):  # fmt: skip
        run = read_run(text)
        line = text.count("\n") + 1
        name = text.rpartition("\n")[2].partition(":")[0].strip()
        (warning,) = [w for w in run.warnings if f"{name} (line {line})" in w]
        assert (run.trainer, warning.endswith(f"which {bent}")) == (trainer, True)
    with pytest.raises(
        ValueError, match=r"disable_rewards_normalization .line 2.: advantages that"
    ):
        read_run("num_rollout: 9\ndisable_rewards_normalization: true")
    for word, acts in (("0", None), ("2", gs.ReverseKL()), ("kl2", gs.DirectKL())):
        run = read_run({"trainer": "open-instruct", "kl_estimator": word})
        assert run.preset.without_effect == (acts is None)
        assert acts is None or str(run.preset.acts_as) == acts.known_as
    skyrl = read_run({"trainer": "skyrl", "train_batch_size": 64, "policy_mini_batch_size": 16,
                      "update_epochs_per_batch": 3, "eps_clip_high": "0.28"})  # fmt: skip
    assert (skyrl.groups, skyrl.reuse, skyrl.passes) == (16, 12, 3)
    assert skyrl.clip == (Fraction(1, 5), Fraction(7, 25))


def test_a_dump_of_trl_does_not_say_whose_it_is() -> None:
    run = read_run('{"beta": 0.5, "num_generations": 4, "scale_rewards": "group"}')
    assert run.trainer == "trl"
    assert "trainer is not said: by its options this is taken" in "\n".join(run.warnings)


def test_options_of_the_actor_are_not_those_of_the_critic() -> None:
    """A whole file has both, and one refers to the other."""
    text = """
actor_rollout_ref:
  actor:
    ppo_mini_batch_size: 64
    ppo_epochs: 2
    use_kl_loss: true
  rollout:
    n: ${oc.select:more.n,5}
critic:
  ppo_mini_batch_size: ${oc.select:actor_rollout_ref.actor.ppo_mini_batch_size,256}
  ppo_epochs: 7
data:
  train_batch_size: ${actor_rollout_ref.actor.ppo_mini_batch_size}
"""
    run = gs.from_verl(text)
    assert (run.groups, run.reuse, run.preset.algorithm.group_size) == (64, 2, 5)
    with pytest.raises(ValueError, match="refers to itself"):
        gs.from_verl("rollout:\n  n: ${rollout.n}\n")


def test_unknown_options_are_named() -> None:
    run = gs.from_trl("beta: 1\noutput_dir: x\nkl_magic: 3\ntemperature: 0.7\ntop_p: 1.0\n")
    said = [w for w in run.warnings if "known" in w or "not part of this model" in w]
    assert said == [
        "kl_magic (line 3): is no option that is known: it is not looked at",
        "temperature (line 4): is not part of this model, which takes it as 1",
    ]
    verl = gs.from_verl({"n": 4, "actor": {"magic": 1, "optim": {"betas": "2"}}})
    assert [w for w in verl.warnings if "looked at" in w] == ["not looked at: actor.magic"]


@dataclass
class GRPOConfig:
    """As a trainer's class of options: fields that are not set keep quiet."""

    beta: float = 0.5
    num_generations: int = 4
    new_option: str = "off"
    accelerator_config: Any = field(default_factory=lambda: Namespace(even_batches=True))
    temperature: float = 1.0


def test_an_object_of_options_is_asked_for_what_was_set() -> None:
    assert not any("looked at" in w for w in gs.from_trl(GRPOConfig()).warnings)
    (said,) = (w for w in gs.from_trl(GRPOConfig(new_option="on")).warnings if "new_option" in w)
    assert said == "new_option: is no option that is known: it is not looked at"


def test_the_standard_deviation_can_be_left_out() -> None:
    """OpenRLHF's reinforce_baseline with no_std_norm is a reward less its group's mean."""
    given = {"advantage_estimator": "reinforce_baseline", "n_samples_per_prompt": 4,
             "use_kl_loss": True, "kl_estimator": "k3"}  # fmt: skip
    run = gs.from_openrlhf({**given, "no_advantage_std_norm": True})
    assert run.algorithm.advantage == gs.ShiftOnly()
    assert gs.from_openrlhf(given).algorithm.advantage != gs.ShiftOnly()
    lengths = "divided by their lengths"
    token, sequence = (
        gs.from_openrlhf({**given, "kl_estimator": "k2", "actor": {"loss_agg_mode": mode}})
        for mode in ("token-mean", "seq-mean-token-mean")
    )
    assert not any(lengths in w for w in token.predict("0.3").warnings)
    assert any(lengths in w for w in sequence.predict("0.3").warnings)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"trainer": "trlx"}, "the key trainer must be one of trl, verl"),
        ({"beta": 1}, "and it has none"),
        ({**TRL, "beta": "much"}, "beta must be a non-negative number, got 'much'"),
        ({**TRL, "beta": -1}, "beta must be a non-negative number"),
        ({**TRL, "loss_type": "ppo"}, "loss_type must be one of"),
        ({**TRL, "scale_rewards": "std"}, "scale_rewards must be one of"),
        ({**TRL, "num_generations": 1}, "^num_generations must be at least 2, got 1"),
        ("trainer: slime\nn_samples_per_prompt: 1\n", r"^n_samples_per_prompt \(line 2\) must be"),
        ({"trainer": "openrlhf"}, "not an algorithm with groups"),
        ({"trainer": "verl", "n": 1}, "^n must be at least 2"),
        ({"trainer": "verl", "n": 4, "use_kl_loss": 1}, "use_kl_loss must be true or false"),
        (3, "config must be a mapping"),
        ("a: [", "no YAML: .* in line 1"),
        ("a: 1\nb: [1\n", "no YAML: .* in line 3 at column 1"),
        ("{,}", "no JSON: .* in line 1 at column 2"),
        ('{"a": 1,\n "b": }', "no JSON: .* in line 2 at column 7"),
        ("[1, 2]", "must be a mapping"),
        ("beta: 1\nn: 2\nbeta: 2\n", "has the option beta twice, in lines 1 and 3"),
        ('{"beta": 1, "beta": 2}', "has the option beta twice"),
        ("--beta 1 \\\n --lr '0.1\n", "an open quote in line 2"),
        ("- a: 1\n- b: 2", "must be a mapping"),
    ],
)
def test_bad_configurations_are_one_sentence(config: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as failure:
        read_run(config)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda run: run.predict("1.2"), "pi_ref must be"),
        (lambda run: run.predict("0"), "positive probabilities"),
        (lambda run: run.predict(("0.2", "0.2", "0.6")), "need success rates"),
        (lambda run: run.predict("0.2", success=("0.1", "0.9")), "the better one comes first"),
        (lambda run: run.predict("0.2", success=("0.1",)), "1 success rates"),
    ],
)
def test_bad_questions_are_one_sentence(ask: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(gs.from_trl({**TRL, "beta": 1}))


# -- the command -------------------------------------------------------------------------------


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("trainer: trl\nversion: 1.16\nbeta: 0.2\nloss_type: cispo\n")
    assert main(["predict", str(config), "--pi-ref", "0.3", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["rest_points", "steps", "spread", "warnings"]
    (rest,) = shown["rest_points"]
    assert rest.keys() == {"policy", "stability", "reached"}
    assert rest["policy"] == pytest.approx([0.73705, 0.26295], abs=1e-5)
    assert (rest["stability"], rest["reached"]) == ("attracting", True)
    assert any(w.startswith("loss_type (line 4): cispo") for w in shown["warnings"])
    figure = tmp_path / "f.svg"
    assert main(["predict", str(config), "--pi-ref", "0.3", "--plot", str(figure)]) == 0
    assert "<- reached from the reference" in capsys.readouterr().out
    assert figure.read_text().startswith("<?xml")


def test_a_log_of_rewards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, log_file = tmp_path / "c.json", tmp_path / "rollouts.jsonl"
    config.write_text(json.dumps({**TRL, "beta": 1, "num_generations": 4}))
    rows = [{"prompt": "p", "rewards": [1, 0, 0]}, {"prompt": "q", "reward": 0.0}]
    log_file.write_text("\n".join(map(json.dumps, rows)))
    assert main(["predict", str(config), "--rewards-log", str(log_file), "--json"]) == 0
    logged = json.loads(capsys.readouterr().out)
    assert main(["predict", str(config), "--pi-ref", "1/4", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert logged["rest_points"] == plain["rest_points"]
    assert any("2 prompts" in w for w in logged["warnings"])
    for text, warned in (
        ("1\n\n0\n0.0\nfalse\n", False),
        ("[1, 0, 0, 0]\n", False),
        ('[{"success": true}, {"success": false}, {"success": 0}, {"success": "0"}]', False),
        ('{"correct": [true, false, false, false]}\n{"correct": null}\n{"correct": NaN}', True),
    ):
        log_file.write_text(text)
        assert main(["predict", str(config), "--rewards-log", str(log_file), "--json"]) == 0
        again = json.loads(capsys.readouterr().out)
        assert again["rest_points"] == plain["rest_points"], text
        assert any("2 rollouts of the log have no reward" in w for w in again["warnings"]) == warned
    for text, sentence in (
        ('{"reward": 1}\n{"reward": "good"}', "reward in line 2 must be a number"),
        ('{"reward": 1}\n\n{"reward": {"a": 1}}', "reward in line 3 must be a number"),
        ('{"reward": 1}\n{"reward": 1e999}\n{"reward: 0}', "line 3 of the log is no JSON"),
        ('{"reward": 1}\n{"reward": Infinity}', "reward in line 2 must be"),
        ('{"reward": 1}\n', "1 different rewards"),
        ('{"outcome": 1}\n', "line 1 of the log has no reward"),
    ):
        log_file.write_text(text)
        assert main(["predict", str(config), "--rewards-log", str(log_file), "--json"]) == 2
        assert sentence in capsys.readouterr().err, text
    small = tmp_path / "small.jsonl"
    small.write_text('{"reward": 0.001}\n{"reward": 0}\n')
    assert main(["predict", str(config), "--rewards-log", str(small), "--json"]) == 0
    assert any("largest deviation" in w for w in json.loads(capsys.readouterr().out)["warnings"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing.yaml", "--pi-ref", "0.2"), "the configuration cannot be read"),
        (("c.json",), "--pi-ref must be given"),
        (("c.json", "--pi-ref", "2"), "--pi-ref must be"),
        (("c.json", "--pi-ref", "0.2", "--plot", "f.txt"), "--plot must be"),
        (("c.json", "--rewards-log", "c.json"), "line 1 of the log has no reward"),
        (("c.json", "--pi-ref", "0.2", "--success", "0.5"), "1 success rates"),
    ],
)
def test_bad_input_is_status_2(
    words: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text(json.dumps({**TRL, "beta": 1}))
    assert main(["predict", *words]) == 2
    assert sentence in capsys.readouterr().err
