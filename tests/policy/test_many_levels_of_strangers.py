"""What users bring: logged rewards, pairs of twenty levels, a group size without a number."""

from fractions import Fraction

import numpy as np
import pytest
from sympy import sqrt

import grpo_symbolic as gs
from tests.levels.lattice import Lattice


def test_twenty_levels_in_pairs_are_solved_and_proved() -> None:
    """Every cumulative mass F from the best solves β (F − R) = F (1 − F)."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=range(20)))
    reference = [Fraction(k + 1, 210) for k in range(20)]
    (found,) = policy.solutions(beta=2, pi_ref=[str(r) for r in reference])
    upto, given = np.cumsum([float(p) for p in found.policy][::-1]), np.cumsum(reference[::-1])
    assert np.abs(2 * (upto - given.astype(float)) - upto * (1 - upto)).max() < 1e-14
    assert np.abs(policy.evaluate(beta=2, pi_ref=[float(r) for r in reference])[::-1]
                  - np.diff(upto, prepend=0)).max() < 1e-14  # fmt: skip
    nine = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=range(9)))
    assert nine.verify().status == "PROVED"


def test_two_answers_of_logged_rewards() -> None:
    """π(o) (1 − P(o)/β) = π_ref(o), P by the law of sums on the lattice of the levels."""
    logged = ([k / 10 for k in range(9)], [k / 10 for k in range(2, 11)])
    policy = gs.stationary_policy(gs.GRPO(16), gs.Question.from_samples(logged))
    (found,) = policy.solutions(beta=1, pi_ref=("1/4", "3/4"), digits=20)
    masses = [float(p) for p in found.policy]
    laws = np.array([[r / 10 in rewards for r in range(11)] for rewards in logged]) / 9
    lattice = Lattice(tuple(Fraction(k, 10) for k in range(11)), 16)
    preferred = laws @ lattice.values(masses @ laws)
    assert np.allclose(masses * (1 - preferred), (0.25, 0.75), atol=1e-12, rtol=0)
    assert np.allclose(policy.evaluate(beta=1, pi_ref=(0.25, 0.75)), masses, atol=1e-13, rtol=0)
    (balls,) = policy.enclose(beta=1, pi_ref=("1/4", "3/4"), digits=20).policies
    assert np.allclose([float(x) for x in balls], masses, atol=1e-15)


def test_a_group_size_without_a_number() -> None:
    """The condition stands by name; a number makes it that of a group of this size."""
    question = gs.Question(rewards=(3, 1, 0, 0))
    policy = gs.stationary_policy(gs.GRPO(gs.symbols.G), question)
    assert "V_{G}(r_1)" in policy.latex()
    assert r"\mathbb{E}_{o_2, \dots, o_G" in policy.latex()
    assert "V_G(3)" in str(policy.condition)
    assert "in a group of G" in str(policy.derivation)
    at = {"beta": 1, "pi_ref": ("1/10", "1/5", "3/10", "2/5")}
    eight = gs.stationary_policy(gs.GRPO(8), question)
    assert policy.solutions(G=8, **at).found[0].policy == eight.solutions(**at).found[0].policy
    rows = policy.evaluate(beta=1, pi_ref=(0.1, 0.2, 0.3, 0.4), G=[8, 64])
    assert np.allclose(rows[0], eight.evaluate(beta=1, pi_ref=(0.1, 0.2, 0.3, 0.4)), atol=1e-15)
    with pytest.raises(ValueError, match="missing argument 'G'"):
        policy.solutions(**at)


def test_batches_of_pairs_are_larger_groups_at_another_weight() -> None:
    """A batch of 32 has one K[k, j]; (G − 1)/G before it is 1/2 in pairs, 31/32 in one group."""
    question, row = gs.Question(rewards=(0, 1, 3)), (0.2, 0.3, 0.5)
    pairs = gs.stationary_policy(gs.GRPO(2, advantage=gs.BatchScale(32)), question)
    whole = gs.stationary_policy(gs.GRPO(32), question)
    expected = whole.evaluate(beta=31 / 16, pi_ref=row)
    assert np.allclose(pairs.evaluate(beta=1, pi_ref=row), expected, atol=1e-14, rtol=0)


@pytest.mark.parametrize(
    ("algorithm", "rewards", "sentence"),
    [
        (gs.GRPO(2, advantage=gs.BatchScale(33)), (0, 1, 2), "a batch whole groups"),
        (gs.GRPO(64, advantage=gs.BatchScale(32)), (0, 1, 2), "has no groups of 64"),
        (gs.GRPO(64), (0, 1, sqrt(2), 2), "rational numbers"),
        (gs.GRPO(16), [k + k * k / 1009 for k in range(200)], "fewer decimals"),
    ],
)
def test_refusals_are_sentences(algorithm: gs.GRPO, rewards: list, sentence: str) -> None:
    row = [1 / len(rewards)] * len(rewards)
    with pytest.raises(ValueError, match=sentence):
        gs.stationary_policy(algorithm, gs.Question(rewards=rewards)).evaluate(beta=1, pi_ref=row)


def test_arrays_of_groups_that_one_rater_scores_are_refused_with_the_size_that_would_do() -> None:
    raters = gs.Electorate([(1, [0, 1, 2]), (1, [2, 0, 1]), (1, [1, 2, 0])])
    question = gs.Question(raters=raters, per="group")

    with pytest.raises(ValueError, match="groups of 17 would do"):
        gs.stationary_policy(gs.GRPO(18), question).evaluate(beta=1, pi_ref=[0.2, 0.3, 0.5])
    smaller = gs.stationary_policy(gs.GRPO(17), question)
    assert not smaller.condition.preference.kept_by_name
