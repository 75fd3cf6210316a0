"""Advantages of one group: exact values against the definition and its invariances."""

from fractions import Fraction
from statistics import mean, stdev

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Add, Expr, Integer, Rational, oo, simplify, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.reward import variance
from tests.oracles.enumeration import advantages

rewards_of_a_group = st.lists(
    st.fractions(min_value=-20, max_value=20, max_denominator=30), min_size=2, max_size=5
)
positive = st.fractions(min_value=Fraction(1, 50), max_value=50, max_denominator=50)
shifts = st.fractions(min_value=-50, max_value=50, max_denominator=50)


def exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def of_group(rule: gs.Advantage, rewards: list[Fraction]) -> list[Expr]:
    """The advantage of every member of a group by the library's rule."""
    size = Integer(len(rewards))
    law = tuple((exact(r), 1 / size) for r in rewards)
    return [rule(exact(r), law, size) for r in rewards]


def decimal(value: Expr, digits: int = 50) -> mpf:
    return mpf(str(value.evalf(digits)))


@settings(max_examples=60)
@given(rewards_of_a_group)
def test_scaled_advantages_are_the_standardised_rewards(rewards: list[Fraction]) -> None:
    with mp.workdps(60):
        for found, expected in zip(
            of_group(gs.ShiftAndScale(), rewards), advantages(rewards), strict=True
        ):
            assert abs(decimal(found, 60) - expected) < mpf(10) ** -50


@settings(max_examples=40)
@given(rewards_of_a_group)
def test_unscaled_advantages_are_the_centred_rewards(rewards: list[Fraction]) -> None:
    centre = mean(rewards)
    assert of_group(gs.ShiftOnly(), rewards) == [exact(r - centre) for r in rewards]


@settings(max_examples=40)
@given(rewards_of_a_group)
def test_advantages_of_a_group_sum_to_zero_exactly(rewards: list[Fraction]) -> None:
    assert Add(*of_group(gs.ShiftOnly(), rewards)) == 0
    scaled = of_group(gs.ShiftAndScale(), rewards)
    assert Add(*scaled).expand() == 0
    total = Add(*(a**2 for a in scaled)).expand()
    assert total == (0 if len(set(rewards)) == 1 else len(rewards))


@settings(max_examples=40)
@given(rewards_of_a_group, positive, shifts)
def test_invariance_under_shift_and_scale(
    rewards: list[Fraction], factor: Fraction, shift: Fraction
) -> None:
    moved = [factor * r + shift for r in rewards]
    mirrored = [-r for r in rewards]
    scaled, unscaled = gs.ShiftAndScale(), gs.ShiftOnly()
    assert of_group(scaled, moved) == of_group(scaled, rewards)
    assert of_group(scaled, mirrored) == [-a for a in of_group(scaled, rewards)]
    assert of_group(unscaled, moved) == [exact(factor) * a for a in of_group(unscaled, rewards)]
    assert scaled.scale_invariant
    assert not unscaled.scale_invariant
    assert not gs.ShiftAndScale(epsilon=1).scale_invariant


@settings(max_examples=40)
@given(rewards_of_a_group)
def test_sample_deviation(rewards: list[Fraction]) -> None:
    assume(len(set(rewards)) > 1)
    centre, deviation = mean(rewards), stdev([float(r) for r in rewards])
    for found, reward in zip(of_group(gs.ShiftAndScale(ddof=1), rewards), rewards, strict=True):
        assert float(found) == pytest.approx(float(reward - centre) / deviation, abs=1e-9)


@settings(max_examples=40)
@given(rewards_of_a_group, st.fractions(min_value=Fraction(1, 100), max_value=3))
def test_epsilon_is_added_to_the_deviation(rewards: list[Fraction], epsilon: Fraction) -> None:
    assume(len(set(rewards)) > 1)
    centre = mean(rewards)
    rule = gs.ShiftAndScale(epsilon=epsilon)  # type: ignore[arg-type]
    with mp.workdps(50):
        square = sum(((r - centre) ** 2 for r in rewards), Fraction(0)) / len(rewards)
        spread = mp.sqrt(mpf(square.numerator) / square.denominator)
        for found, reward in zip(of_group(rule, rewards), rewards, strict=True):
            gap = reward - centre
            expected = mpf(gap.numerator) / gap.denominator
            expected /= spread + mpf(epsilon.numerator) / epsilon.denominator
            assert abs(decimal(found) - expected) < mpf(10) ** -40


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("reward", [Fraction(0), Fraction(1, 10), Fraction(-7, 3)])
def test_zero_over_zero(size: int, reward: Fraction) -> None:
    tied = [reward] * size
    assert of_group(gs.ShiftAndScale(), tied) == [0] * size
    assert of_group(gs.ShiftAndScale(ddof=1), tied) == [0] * size
    assert of_group(gs.ShiftOnly(), tied) == [0] * size
    assert of_group(gs.ShiftAndScale(zero_over_zero=Integer(3)), tied) == [3] * size
    # With epsilon there is no 0/0: the numerator is 0 and the denominator is not.
    padded = gs.ShiftAndScale(epsilon=Rational(1, 2), zero_over_zero=Integer(3))
    assert of_group(padded, tied) == [0] * size


def test_known_groups() -> None:
    assert of_group(gs.ShiftAndScale(), [Fraction(9), Fraction(4)]) == [1, -1]
    assert of_group(gs.ShiftAndScale(ddof=1), [Fraction(9), Fraction(4)]) == [
        sqrt(2) / 2,
        -sqrt(2) / 2,
    ]
    winner, *losers = of_group(gs.ShiftAndScale(), [Fraction(1)] + [Fraction(0)] * 3)
    assert winner == sqrt(3)
    assert losers == [-sqrt(3) / 3] * 3


def test_large_group_uses_the_law_of_the_population() -> None:
    """In the limit ddof plays no part, and a Bernoulli law has the variance p(1 - p)."""
    p = symbols.pi
    law = ((Integer(1), p), (Integer(0), 1 - p))
    for ddof in (0, 1):
        found = gs.ShiftAndScale(ddof=ddof)(Integer(1), law, oo)
        assert simplify(found - sqrt((1 - p) / p)) == 0
    assert (variance(law) - p * (1 - p)).expand() == 0
    assert gs.ShiftOnly()(Integer(0), law, oo) == -p


def test_plain_numbers_stay_exact() -> None:
    """A third of a group of three has the better reward: A = sqrt(2), and no float anywhere."""
    law = ((1, Rational(1, 3)), (0, Rational(2, 3)))
    assert gs.ShiftAndScale()(1, law, 3) == sqrt(2)
    assert gs.ShiftOnly()(1, law, 3) == Rational(2, 3)
