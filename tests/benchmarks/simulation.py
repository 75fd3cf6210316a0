"""The sampled algorithm against the theory: z-scores, spreads, and samples a second."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log, sqrt
from random import Random
from time import process_time
from typing import Any

import numpy as np

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.analysis.noise import iterate_spread
from grpo_symbolic.policy.policy import Policy

BINARY = gs.BinaryQuestion()
NOISY = gs.BinaryQuestion(success=(0.8, 0.3))
MARGIN = gs.BinaryQuestion(margin=symbols.gamma)
THREE = gs.Question(rewards=(3, 2, 1))
ROW = ("0.2", "0.3", "0.5")
RUN = {"groups": 16, "steps": 1_000, "learning_rate": 0.1, "seeds": 64}


def configurations() -> Iterator[tuple[str, Policy, dict[str, Any]]]:
    """Of every kind: sizes, penalties and placements, rules, questions, raters."""

    def of(algorithm: gs.Algorithm, question: gs.Question = BINARY, **more: Any):
        given = {"beta": "1/2", "pi_ref": "0.3", **more}
        return repr(algorithm), gs.stationary_policy(algorithm, question), given

    for size in (2, 3, 4, 5, 8, 16, 64):
        yield of(gs.GRPO(size))
        yield of(gs.GRPO(size, gs.DirectKL()), beta=2 if size == 64 else 1)
    for size in (2, 4, 8):
        yield of(gs.GRPO(size), NOISY)
        yield of(gs.GRPO(size, gs.DirectKL()), NOISY)
        yield of(gs.GRPO(size, mixed_only=True), beta=1)
    for gamma in ("0.2", "0.6", "1"):
        yield of(gs.GRPO(2), MARGIN, gamma=gamma)
        yield of(gs.GRPO(2, gs.DirectKL()), MARGIN, gamma=gamma)
    for rule in (
        gs.ShiftAndScale(ddof=1, epsilon="1e-4"),
        gs.StabilisedScale("1/10"),
        gs.ShiftOnly(),
        gs.FixedScale("1/2"),
        gs.LeaveOneOut(),
        gs.LeaveOneOut.by_spread("1e-6"),
        gs.MeanScale(),
        gs.BatchScale(16, ddof=1, epsilon="1e-4"),
        gs.Rescaled(gs.ShiftAndScale(ddof=1), 2),
        gs.PassAtK(2),
        gs.BestOverSecond(),
        gs.Ranks(),
        gs.MedianCentred(),
        gs.Clipped(),
    ):
        level = {"r_b": 0} if isinstance(rule, gs.MeanScale) else {}
        yield of(gs.GRPO(4, advantage=rule), beta=1, **level)
        yield of(gs.GRPO(8, gs.DirectKL(), advantage=rule), beta=2, **level)
    for estimator, placement in (
        ("k2", "loss"), ("k1", "loss-with-ratio"), ("k1", "reward"), ("k3", "loss-with-ratio"),
    ):  # fmt: skip
        yield of(gs.GRPO(4, gs.Estimator(estimator, placement)), beta=1)
    yield of(gs.GRPO(4, gs.Divergence.chi_squared()), beta=1)
    yield of(gs.GRPO(4, gs.Divergence.hellinger()), beta=1)
    yield of(gs.RLHF(), beta=1)
    yield of(gs.NLHF(), MARGIN, beta=1, gamma="0.6")
    for size in (2, 4, 8):
        yield of(gs.GRPO(size), THREE, beta=1, pi_ref=ROW)
    yield of(gs.GRPO(3, gs.DirectKL()), THREE, beta=1, pi_ref=ROW)
    cycle = gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]])
    yield of(gs.GRPO(2), cycle, beta=1, pi_ref=ROW)
    yield of(gs.GRPO(4), gs.Question(correct=2, answers=4), beta=1,
             pi_ref=("0.1", "0.2", "0.3", "0.4"))  # fmt: skip
    raters = gs.Electorate([(3, (1, 0)), (2, (0, 3))])
    for per in ("group", "answer", "mean"):
        question = gs.Question(raters=raters, per=per)
        for size in (2, 4):
            yield of(gs.GRPO(size), question, beta=1, pi_ref=("0.3", "0.7"))
    gaussian = gs.Question(reward_laws=(gs.Gaussian(1, 1), gs.Gaussian(0, 2)))
    yield of(gs.GRPO(2), gs.BinaryQuestion.of(gaussian))


def run() -> dict[str, Any]:
    """Print the tables and return what they show."""
    return {"z": _scores(), "spread": _spreads(), "speed": _speed()}


def _scores() -> dict[str, float]:
    scores: list[float] = []
    for seed, (name, policy, values) in enumerate(configurations()):
        found = policy.simulate(seed=seed, **RUN, **values)
        scores.append(float(found.z[0]))
        print(f"{scores[-1]:6.2f}  {found.rest[0]:.5f} +- {found.rest_error[0]:.5f}  "
              f"{found.predicted[0]:.5f}  {found.verdict.status}  {name}", flush=True)  # fmt: skip
    spread, mean = float(np.std(scores)), float(np.mean(scores))
    print(f"{len(scores)} configurations: z has mean {mean:.2f} and standard deviation "
          f"{spread:.2f}, largest {max(map(abs, scores)):.2f}")  # fmt: skip
    return {"count": len(scores), "mean": mean, "std": spread, "largest": max(map(abs, scores))}


def _spreads() -> dict[str, float]:
    ratios = {}
    values = {"beta": "1/2", "pi_ref": "0.3"}
    for size in (2, 4, 8):
        policy = gs.stationary_policy(gs.GRPO(size), BINARY)
        start = float(policy.evaluate(beta=0.5, pi_ref=0.3))
        found = policy.simulate(groups=4, steps=8_000, learning_rate=0.02, seeds=400, start=start,
                                extrapolate=False, **values)  # fmt: skip
        expected = iterate_spread(policy.curve, start, policy.point({"gap": 1, **values}),
                                  learning_rate=0.02, groups=4)  # fmt: skip
        ratios[str(size)] = found.logit_spread / expected.logit_std
        print(f"G = {size}: spread of log-odds simulated over predicted {ratios[str(size)]:.4f}")
    return ratios


def _speed() -> dict[str, float]:
    found = {}
    for size in (8, 16, 64):
        policy = gs.stationary_policy(gs.GRPO(size), BINARY)
        given = {"beta": "1/2", "pi_ref": "0.3", "groups": 128, "extrapolate": False}
        policy.simulate(steps=40, **given)
        start = process_time()
        ours = policy.simulate(steps=300, **given).samples / (process_time() - start)
        start = process_time()
        _plain_loop(size, 0.5, 0.3, groups=16, steps=100, rate=0.1)
        plain = 100 * 16 * size / (process_time() - start)
        found[str(size)] = ours / plain
        print(f"G = {size}: {ours / 1e6:.1f} million samples a second, a plain loop "
              f"{plain / 1e6:.3f}: {ours / plain:.0f} times")  # fmt: skip
    return found


def _plain_loop(
    size: int, beta: float, reference: float, *, groups: int, steps: int, rate: float
) -> float:
    """One seed of published GRPO in plain Python, answer by answer."""
    random = Random(0)
    logits = [log(reference), log(1 - reference)]
    for _ in range(steps):
        total = sum(exp(v) for v in logits)
        policy = [exp(v) / total for v in logits]
        gradient = [0.0, 0.0]
        for _ in range(groups):
            answers = [0 if random.random() < policy[0] else 1 for _ in range(size)]
            rewards = [1.0 - o for o in answers]
            mean = sum(rewards) / size
            std = sqrt(sum((r - mean) ** 2 for r in rewards) / size)
            for o, r in zip(answers, rewards, strict=True):
                advantage = (r - mean) / std if std else 0.0
                logs = log(policy[o] / (reference, 1 - reference)[o])
                weight = (advantage - beta * (1 - exp(-logs))) / (size * groups)
                for q in (0, 1):
                    gradient[q] += weight * ((q == o) - policy[q])
        logits = [v + rate * g for v, g in zip(logits, gradient, strict=True)]
    return policy[0]


if __name__ == "__main__":
    run()
