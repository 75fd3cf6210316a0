"""How many stationary policies there are, against the condition counted on a fine grid."""

from itertools import product
from math import comb

import numpy as np
import pytest
from flint import fmpq
from sympy import Rational, log

from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    DirectKL,
    Divergence,
    ShiftAndScale,
    presets,
    stationary_policy,
    symbols,
)
from grpo_symbolic.analysis.count import _stays_positive
from grpo_symbolic.model.advantage import BatchScale, LeaveOneOut
from grpo_symbolic.surd import Surd

# Log-odds of pi(a): the condition is counted by its sign changes on these.
ODDS = np.linspace(-40, 60, 60_001)
SHARE, REST = 1 / (1 + np.exp(-ODDS)), 1 / (1 + np.exp(ODDS))


def drift(size: int, added: float) -> np.ndarray:
    """The drift of rewards 0 and 1, each group's advantages from their definition."""

    def advantages(better: int) -> tuple[float, float]:
        if better in (0, size):
            return 0.0, 0.0  # 0/0
        mean = better / size
        scale = np.sqrt(mean * (1 - mean) * size / (size - 1)) + added
        return (1 - mean) / scale, -mean / scale

    total = np.zeros_like(ODDS)
    for others in range(size):
        gap = advantages(others + 1)[0] - advantages(others)[1]
        total += comb(size - 1, others) * SHARE**others * REST ** (size - 1 - others) * gap
    return total


@pytest.mark.parametrize("size", [4, 5, 8, 16, 33])
def test_an_epsilon_beside_the_deviation_leaves_at_most_three_policies(size):
    epsilon = ShiftAndScale(ddof=1, epsilon=symbols.epsilon)
    possible = stationary_policy(GRPO(size, DirectKL(), epsilon), BinaryQuestion()).count.possible
    assert possible == (1, 3)
    seen = set()
    for added, reference in product((1e-4, 1e-2, 0.3, 2.0, 50.0), (-3.0, -9.0, -20.0)):
        push = drift(size, added)
        for place in (0.6, 1.5, 3.0, 5.0):  # a weight at which the policy with these odds is one
            weight = np.interp(place, ODDS, push) / (place - reference)
            signs = np.sign(push - weight * (ODDS - reference))
            seen.add(np.count_nonzero(np.diff(signs[signs != 0])))
    assert seen <= set(possible)
    assert 3 in seen or size == 4  # groups of four were not seen to have more than one


@pytest.mark.parametrize("size", [4, 8, 16, 64])
def test_a_mixture_of_both_kl_leaves_at_most_three_policies(size):
    seen = set()
    for reverse, direct in ((1, 1), (Rational(1, 50), 1), (1, Rational(1, 50))):
        generator = direct * symbols.u * log(symbols.u) - reverse * log(symbols.u)
        algorithm = GRPO(size, Divergence(generator, "mixture"))
        possible = stationary_policy(algorithm, BinaryQuestion()).count.possible
        assert possible == (1, 3)
        push = drift(size, 0.0)
        for reference in (-3.0, -9.0, -20.0, -35.0):
            share = 1 / (1 + np.exp(-reference))
            line = (SHARE - share) / (SHARE * REST)
            force = float(reverse) * line + float(direct) * (ODDS - reference)
            for place in (-2.0, 0.6, 1.5, 3.0, 5.0):
                weight = np.interp(place, ODDS, push) / np.interp(place, ODDS, force)
                signs = np.sign(push - weight * force)
                seen.add(np.count_nonzero(np.diff(signs[signs != 0])))
    assert seen <= {1, 3}
    assert 3 in seen or size == 4


def test_the_usual_settings_are_counted_for_every_reward_gap():
    assert stationary_policy(presets.trl(), BinaryQuestion()).count.possible == (1, 3)


@pytest.mark.parametrize(
    "rule", [BatchScale(16, ddof=1, epsilon="1e-4"), LeaveOneOut(scaled=True, epsilon="1e-4")]
)
def test_scales_of_other_groups_are_not_counted_as_if_they_were_of_the_own(rule):
    found = stationary_policy(GRPO(8, DirectKL(), rule), BinaryQuestion())
    assert "added to the deviation" not in found.count.reason


def test_a_line_stays_positive_where_another_one_is():
    places = [fmpq(k, 12) for k in range(120)] + [fmpq(10**6)]
    answers = set()
    for a, b, c, d in product((-3, -2, -1, 0, 1, 2, 3), repeat=4):
        said = _stays_positive(
            (Surd.rational(a), Surd.rational(b)), (Surd.rational(c), Surd.rational(d))
        )
        assert said == all(c + d * x > 0 for x in places if a + b * x > 0)
        answers.add(said)
    assert answers == {True, False}
