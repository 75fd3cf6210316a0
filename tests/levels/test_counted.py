"""Rules that are no mixture, and dropped groups, on many levels."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from mpmath import mpf
from sympy import oo

import grpo_symbolic as gs

LEVELS = (3.0, 1.0, 0.0, -1.0)
REFERENCE = np.array([0.1, 0.2, 0.3, 0.4])


def clipped(group: np.ndarray) -> float:
    spread = group.std()
    return 0.0 if spread == 0 else float(np.clip((group[0] - group.mean()) / spread, -1, 1))


def negative(group: np.ndarray) -> float:
    spread = group.std()
    return 0.0 if spread == 0 else min(0.0, float((group[0] - group.mean()) / spread))


def median(group: np.ndarray) -> float:
    return float(group[0] - np.median(group))


def others(group: np.ndarray) -> float:
    rest = group[1:]
    spread = rest.std(ddof=1)
    return float(group[0] - rest.mean()) / (spread if spread > 1e-12 else 1.0)


def best_of_two(group: np.ndarray) -> float:
    pairs = [(i, j) for i in range(len(group)) for j in range(i)]
    rewards = np.array([max(group[i], group[j]) for i, j in pairs])
    own = rewards[[0 in pair for pair in pairs]]
    return 0.0 if rewards.std() < 1e-12 else float(own.mean() - rewards.mean()) / rewards.std()


def standard(group: np.ndarray) -> float:
    return 0.0 if group.std() == 0 else float((group[0] - group.mean()) / group.std())


def listed(rule, policy: np.ndarray, size: int) -> np.ndarray:
    """P by all lists of the others, and the chance that these are not all of one reward."""
    found = np.zeros(len(policy))
    for drawn in product(range(len(policy)), repeat=size - 1):
        chance = np.prod(policy[list(drawn)])
        rewards = [LEVELS[k] for k in drawn]
        found += chance * np.array([rule(np.array([own, *rewards])) for own in LEVELS])
    return found


RULES = {
    "clipped": (gs.Clipped(), clipped),
    "negative": (gs.NegativeOnly(), negative),
    "median": (gs.MedianCentred(), median),
    "others": (gs.LeaveOneOut.by_spread(), others),
    "pass at 2": (gs.PassAtK(2), best_of_two),
}


@pytest.mark.parametrize("name", RULES)
def test_the_condition_holds_with_groups_listed(name: str) -> None:
    """P(o) − β (1 − π_ref(o)/π(o)) is one number: the advantages need not add up to zero."""
    rule, measured = RULES[name]
    policy = gs.stationary_policy(gs.GRPO(5, advantage=rule), gs.Question(rewards=(3, 1, 0, -1)))
    found = policy.evaluate(beta=0.8, pi_ref=REFERENCE)
    left = listed(measured, found, 5) - 0.8 * (1 - REFERENCE / found)
    assert left == pytest.approx(np.full(4, left[0]), abs=1e-11)
    assert found.sum() == pytest.approx(1, abs=1e-14)


def test_dropped_groups_hold_with_groups_listed() -> None:
    policy = gs.stationary_policy(gs.presets.dapo(5), gs.Question(rewards=(3, 1, 0, -1)))
    given = {"beta": 0.8} if policy.inputs[0].name == "beta" else {}
    found = policy.evaluate(pi_ref=REFERENCE, **given)
    mixed = 1 - (found**5).sum()
    often = (1 - found**4) / mixed
    field = listed(standard, found, 5) / mixed
    left = field - 0.8 * often * (1 - REFERENCE / found)
    assert left == pytest.approx(np.full(4, left[0]), abs=1e-11)


def test_dropped_groups_of_sixteen_are_certified() -> None:
    """Every reward is in an answer of its own, in two, or is one of two."""
    for question in (
        gs.Question(rewards=(3, 1, 0, -1)),
        gs.Question(rewards=(3, 1, 1, -1)),
        gs.Question(reward_laws=[[(3, 1)], [(1, "1/2"), (0, "1/2")], [(0, 1)], [(-1, 1)]]),
    ):
        policy = gs.stationary_policy(gs.presets.dapo(16), question)
        solved = policy.solutions(beta="4/5", pi_ref=("1/10", "1/5", "3/10", "2/5"))
        (found,) = solved
        assert "proved to be the only one in a box" in solved.status
        assert 0 <= found.residual < mpf(10) ** -28
        floats = policy.evaluate(beta=0.8, pi_ref=REFERENCE)
        assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-12)
        assert found.stability == "attracting"


def test_written_out_and_counted_agree() -> None:
    """A small group by the polynomial of its preference, in balls; and counted, in float64."""
    algorithm = gs.GRPO(4, advantage=gs.PositiveOnly())
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=(3, 1, 0, -1)))
    (found,) = policy.solutions(beta=1, pi_ref=("1/10", "1/5", "3/10", "2/5"))
    floats = policy.evaluate(beta=1, pi_ref=REFERENCE)
    assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-13)


def test_larger_groups_are_searched_and_certified() -> None:
    algorithm = gs.GRPO(12, advantage=gs.Ranks(tuple(2 * k - 11 for k in range(12))))
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=(3, 1, 0, -1)))
    solved = policy.solutions(beta=8, pi_ref=("1/10", "1/5", "3/10", "2/5"))
    (found,) = solved
    assert "proved to be the only one in a box" in solved.status
    floats = policy.evaluate(beta=8, pi_ref=REFERENCE)
    assert floats == pytest.approx([float(p) for p in found.policy], rel=1e-12)


def test_ranks_of_many_levels_are_two_levels_at_every_cut() -> None:
    """The advantages above a cut are the weights of so many ranks, whatever is above it."""
    size, count = 40, 9
    rule = gs.GRPO(size, advantage=gs.Ranks((-1,) * (size - 2) + (0, size - 2)))
    given = [Fraction(2 * k + 1, count * count) for k in range(count)]
    policy = gs.stationary_policy(rule, gs.Question(rewards=tuple(range(count))))
    solved = policy.solutions(beta="4/5", pi_ref=[str(r) for r in given])
    (found,) = solved
    assert "proved to be the only one in a box" in solved.status
    two = gs.stationary_policy(rule, gs.BinaryQuestion())
    for cut in (1, 5, 8):
        (known,) = two.solutions(beta="4/5", pi_ref=str(sum(given[cut:])))
        assert abs(sum(found.policy[cut:]) - known.policy[0]) < mpf(10) ** -14


def test_unweighted_ranks_have_the_closed_form_of_pairs_at_every_size() -> None:
    question = gs.Question(rewards=(3, 1, 0, 1))
    ranks = gs.stationary_policy(gs.GRPO(64, advantage=gs.Ranks()), question)
    assert ranks.expressions == gs.stationary_policy(gs.GRPO(2), question).expressions


def test_clipped_advantages_of_large_groups_are_solved_in_balls() -> None:
    """What Max and Min have as derivative is a ball: the kink may be inside."""
    rule = gs.GRPO(oo, advantage=gs.Clipped())
    policy = gs.stationary_policy(rule, gs.Question(rewards=(3, 1, 0, -1)))
    (found,) = policy.solutions(beta=1, pi_ref=("1/10", "1/5", "3/10", "2/5"))
    pi = np.array([float(p) for p in found.policy])
    mean = pi @ LEVELS
    scores = np.clip(
        (np.array(LEVELS) - mean) / np.sqrt(pi @ (np.array(LEVELS) - mean) ** 2), -1, 1
    )
    left = scores - (1 - REFERENCE / pi)
    assert left == pytest.approx(np.full(4, left[0]), abs=1e-12)


def test_the_deviation_of_others_in_groups_of_24() -> None:
    """Against drawn groups: the field at the policy that is found."""
    policy = gs.stationary_policy(gs.presets.nemo_rl("0.6", 24), gs.Question(rewards=(3, 1, 0, -1)))
    found = policy.evaluate(beta=0.8, pi_ref=REFERENCE)
    random, draws = np.random.default_rng(7), 40_000
    rest = np.array(LEVELS)[random.choice(4, p=found, size=(draws, 23))]
    scores = (np.array(LEVELS)[:, None] - rest.mean(axis=1)) / (rest.std(axis=1, ddof=1) + 1e-6)
    left = scores - (0.8 * (1 - REFERENCE / found))[:, None]
    apart = left[:-1] - left[-1]
    assert np.abs(apart.mean(axis=1) / (apart.std(axis=1) / np.sqrt(draws))).max() < 4


def test_too_many_advantages_are_refused_with_a_size_that_would_do() -> None:
    algorithm = gs.GRPO(64, advantage=gs.Clipped())
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=tuple(range(8))))
    with pytest.raises(ValueError, match=r"more than 200,000: groups of 11 would do"):
        policy.evaluate(beta=1, pi_ref=np.full(8, 1 / 8))


@pytest.mark.parametrize(("rule", "most"), [(gs.PositiveOnly(), 12), (gs.PassAtK(2), 8)])
def test_large_groups_name_the_levels_that_would_do(rule, most: int) -> None:
    question = gs.Question(rewards=tuple(range(most + 1)))
    with pytest.raises(ValueError, match=f"rewards rounded to {most} levels would do"):
        gs.stationarity_condition(gs.GRPO(oo, advantage=rule), question)


def test_one_sided_values_of_large_groups_are_those_of_the_population() -> None:
    """On more levels than are brought to factors."""
    rewards, masses = np.arange(6.0), np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.1])
    policy = gs.stationary_policy(
        gs.GRPO(oo, advantage=gs.PositiveOnly()), gs.Question(rewards=tuple(range(6)))
    )
    condition = policy.condition
    at = dict(zip(condition.policy[:-1], masses, strict=False))
    mean = masses @ rewards
    spread = np.sqrt(masses @ (rewards - mean) ** 2)
    for value, reward in zip(condition.preference, rewards, strict=True):
        assert float(value.subs(at)) == pytest.approx(max(0.0, (reward - mean) / spread), abs=1e-12)
