"""Every returned solution is a zero of the sampled objective's gradient, by simulation."""

import random
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp
from sympy import Rational

import grpo_symbolic as gs
from tests.oracles.enumeration import Rule
from tests.oracles.monte_carlo import sampled_rule_gradient

CONFIGURATIONS = 20
GROUPS = 30_000

# A penalty of the library beside the estimator and placement that are simulated.
PENALTIES = {
    "reverse-kl": (gs.ReverseKL(), "k3", "loss"),
    "direct-kl": (gs.DirectKL(), "k3", "loss-with-ratio"),
    "k2": (gs.Estimator("k2", "loss"), "k2", "loss"),
    "k1 in the reward": (gs.Estimator("k1", "reward"), "k1", "reward"),
    "k1 with ratio": (gs.Estimator("k1", "loss-with-ratio"), "k1", "loss-with-ratio"),
}


def exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def simplex(draw: random.Random, count: int) -> list[Fraction]:
    parts = [draw.randint(5, 30) for _ in range(count)]
    return [Fraction(part, sum(parts)) for part in parts]


def advantage(draw: random.Random, size: int, kind: str) -> tuple[gs.Advantage, Rule]:
    if kind == "published":
        return gs.ShiftAndScale(), Rule()
    choice = draw.choice(("sample", "none", "rloo", "nemo", "batch", "fixed"))
    if choice == "nemo":
        return gs.LeaveOneOut(scaled=True), Rule("rloo-std")
    epsilon = Fraction(draw.randint(0, 3), 10)
    return {
        "sample": (gs.ShiftAndScale(1, exact(epsilon)), Rule("std", 1, epsilon)),
        "none": (gs.ShiftOnly(), Rule("none")),
        "rloo": (gs.LeaveOneOut(), Rule("rloo")),
        "batch": (gs.BatchScale(2 * size), Rule("batch", batch=2 * size)),
        "fixed": (gs.FixedScale(2), Rule("fixed", sigma=2)),
    }[choice]


def question(draw: random.Random, kind: str) -> tuple[gs.Question, list]:
    """A question of the library, and its reward laws for the simulation."""
    if kind == "noisy":
        rates = draw.sample([Fraction(k, 10) for k in range(1, 10)], draw.choice((2, 3)))
        laws = [[(Fraction(1), s), (Fraction(0), 1 - s)] for s in rates]
        return gs.Question(success=[exact(s) for s in rates]), laws
    if kind == "many":
        rewards = draw.sample(range(6), draw.choice((3, 4)))
        return gs.Question(rewards=rewards), [[(Fraction(r), 1)] for r in rewards]
    return gs.Question(rewards=(1, 0)), [[(Fraction(1), 1)], [(Fraction(0), 1)]]


def standardised(gradient: tuple) -> np.ndarray:
    mean, error = gradient
    return np.abs(mean) / np.maximum(error, 1e-12)


@pytest.mark.parametrize("kind", ["binary", "noisy", "many", "rules", "mixed"])
def test_the_sampled_gradient_vanishes_at_every_solution(kind: str) -> None:
    draw = random.Random(f"grpo {kind}")
    rng = np.random.default_rng(20250225)
    checked, worst, displaced = 0, 0.0, 0
    for _ in range(CONFIGURATIONS):
        size = draw.choice((2, 3, 4) if kind == "many" else (2, 3, 4, 8))
        asked, laws = question(draw, kind)
        rule, simulated = advantage(draw, size, "any" if kind == "rules" else "published")
        if kind == "mixed":
            simulated = Rule(mixed_only=True)
        names = ("reverse-kl",) if kind == "mixed" else tuple(PENALTIES)
        penalty, estimator, placement = PENALTIES[draw.choice(names)]
        reference = simplex(draw, len(laws))
        beta = Fraction(draw.randint(5, 30), 10)
        algorithm = gs.GRPO(size, penalty, rule, mixed_only=kind == "mixed")
        policy = gs.stationary_policy(algorithm, asked)
        found = policy.solutions(beta=exact(beta), pi_ref=[exact(r) for r in reference], digits=20)
        assert len(found) >= 1, found.status
        for solution in found:
            with mp.workdps(20):
                at = [float(p) for p in solution.policy]
            setting = (
                [float(r) for r in reference],
                float(beta),
                size,
                laws,
                simulated,
                estimator,
                placement,
            )
            groups = GROUPS // 2 if kind == "rules" else GROUPS
            worst = max(worst, standardised(sampled_rule_gradient(at, *setting, groups, rng)).max())
            moved = np.array(at)
            moved[0] += 0.25 * (1 - moved[0])
            moved /= moved.sum()
            away = standardised(sampled_rule_gradient(moved, *setting, groups, rng)).max()
            displaced += away > 5
            checked += 1
    assert checked >= CONFIGURATIONS
    # The largest of a hundred or so standard normals stays below 4.5 but once in a thousand runs.
    assert worst < 4.5
    # The same simulation sees most policies that are moved by a quarter of what is left to 1.
    assert displaced > 0.6 * checked
