"""Group-relative preferences against brute-force enumeration, symmetries and limits."""

import math
from fractions import Fraction
from functools import cache
from itertools import product
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Expr, Rational, expand, oo, simplify, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.model.preference import expected_preference, group_preference
from tests.oracles.enumeration import (
    Law,
    comparison_preference,
    large_group_preference,
    preference,
)

SIZES = [2, 3, 4, 5]
DETERMINISTIC: list[Law] = [[(Fraction(1), 1)], [(Fraction(0), 1)]]
probabilities = st.fractions(
    min_value=Fraction(1, 1000), max_value=Fraction(999, 1000), max_denominator=1000
)


@cache
def binary(size: int | float, *, scaled: bool = True, gap: Fraction | None = None) -> tuple:
    """The preference of both answers, symbolic in pi(a)."""
    question = gs.BinaryQuestion() if gap is None else gs.BinaryQuestion(gap=gap)
    rule = gs.ShiftAndScale() if scaled else gs.ShiftOnly()
    return gs.GRPO(group_size=size, advantage=rule).preference(question)


@cache
def margin() -> tuple[Expr, ...]:
    return gs.GRPO().preference(gs.BinaryQuestion(margin=symbols.gamma))


def at(expr: Expr, p: Fraction, **more: Fraction) -> mpf:
    """Value at a rational policy, to 60 digits."""
    point = {symbols.pi: Rational(p.numerator, p.denominator)}
    point |= {
        getattr(symbols, name): Rational(v.numerator, v.denominator) for name, v in more.items()
    }
    return mpf(str(expr.subs(point).evalf(60)))


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=15)
@given(p=probabilities)
def test_scaled_preference_is_the_enumerated_one(size: int, p: Fraction) -> None:
    with mp.workdps(60):
        expected = preference(DETERMINISTIC, [p, 1 - p], size)
        for found, value in zip(binary(size), expected, strict=True):
            assert abs(at(found, p) - value) < mpf(10) ** -50


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=10)
@given(p=probabilities)
def test_unscaled_preference_is_the_enumerated_one(size: int, p: Fraction) -> None:
    gap = Fraction(3, 7)
    laws: list[Law] = [[(gap + 5, 1)], [(Fraction(5), 1)]]
    with mp.workdps(60):
        expected = preference(laws, [p, 1 - p], size, "none")
        for found, value in zip(binary(size, scaled=False, gap=gap), expected, strict=True):
            assert abs(at(found, p) - value) < mpf(10) ** -50


@pytest.mark.parametrize("scaled", [True, False])
@settings(max_examples=15)
@given(p=probabilities)
def test_large_group_preference(scaled: bool, p: Fraction) -> None:
    with mp.workdps(60):
        expected = large_group_preference(DETERMINISTIC, [p, 1 - p], "std" if scaled else "none")
        for found, value in zip(
            binary(math.inf, scaled=scaled, gap=Fraction(1)), expected, strict=True
        ):
            assert abs(at(found, p) - value) < mpf(10) ** -50


@settings(max_examples=25)
@given(p=probabilities, gamma=probabilities)
def test_margin_preference_is_that_of_comparisons(p: Fraction, gamma: Fraction) -> None:
    win = (1 + gamma) / 2
    wins = [[Fraction(1, 2), win], [1 - win, Fraction(1, 2)]]
    with mp.workdps(60):
        expected = comparison_preference(wins, [p, 1 - p])
        for found, value in zip(margin(), expected, strict=True):
            assert abs(at(found, p, gamma=gamma) - value) < mpf(10) ** -50


@settings(max_examples=10)
@given(p=probabilities, high=probabilities, low=probabilities)
def test_random_rewards_of_pairs_act_through_their_margin(
    p: Fraction, high: Fraction, low: Fraction
) -> None:
    """Bernoulli rewards, with ties, have the preference of their margin."""
    low, high = sorted((low, high))
    laws: list[Law] = [[(Fraction(1), s), (Fraction(0), 1 - s)] for s in (high, low)]
    with mp.workdps(60):
        expected = preference(laws, [p, 1 - p], 2)
        for found, value in zip(margin(), expected, strict=True):
            assert abs(at(found, p, gamma=high - low) - value) < mpf(10) ** -50


def _by_definition(size: int, p: float, ddof: int, epsilon: float) -> tuple[float, float]:
    """Every ordered group of the others, written out; rewards 1 and 0."""
    found = []
    for own in (1.0, 0.0):
        total = 0.0
        for others in product((1.0, 0.0), repeat=size - 1):
            group = [own, *others]
            weight = math.prod(p if r else 1 - p for r in others)
            if len(set(group)) > 1:
                spread = stdev(group) * math.sqrt((size - 1) / (size - ddof))
                total += weight * (own - mean(group)) / (spread + epsilon)
        found.append(total)
    return found[0], found[1]


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize(("ddof", "epsilon"), [(1, 0), (0, Fraction(1, 4)), (1, Fraction(1, 2))])
def test_other_deviations(size: int, ddof: int, epsilon: Fraction) -> None:
    rule = gs.ShiftAndScale(ddof=ddof, epsilon=epsilon)  # type: ignore[arg-type]
    found = group_preference(rule, gs.BinaryQuestion(gap=1), Rational(size))
    for p in (0.05, 0.4, 0.9):
        expected = _by_definition(size, p, ddof, float(epsilon))
        for expr, value in zip(found, expected, strict=True):
            assert float(expr.subs(symbols.pi, p)) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("size", [*SIZES, math.inf])
@pytest.mark.parametrize("scaled", [True, False])
def test_mean_preference_is_zero_identically(size: float, scaled: bool) -> None:
    total = expected_preference(binary(size, scaled=scaled), (symbols.pi, 1 - symbols.pi))
    assert simplify(expand(total)) == 0
    assert simplify(binary(size, scaled=scaled)[0]) != 0


def test_mean_margin_preference_is_zero_identically() -> None:
    assert expand(expected_preference(margin(), (symbols.pi, 1 - symbols.pi))) == 0


@pytest.mark.parametrize("size", [*SIZES, math.inf])
def test_swapping_the_answers_changes_the_sign(size: float) -> None:
    first, second = binary(size)
    assert simplify(expand(first + second.subs(symbols.pi, 1 - symbols.pi))) == 0


@pytest.mark.parametrize("size", SIZES)
def test_the_gap_matters_only_without_scaling(size: int) -> None:
    assert not any(e.has(symbols.gap) for e in binary(size))
    first, second = binary(size, scaled=False)
    # Published: without scaling the preference is (1 - 1/G) times the centred reward.
    assert expand(first - (1 - Rational(1, size)) * symbols.gap * (1 - symbols.pi)) == 0
    assert expand(second + (1 - Rational(1, size)) * symbols.gap * symbols.pi) == 0


def test_published_special_cases() -> None:
    p = symbols.pi
    assert expand(binary(2)[0] - (1 - p)) == 0
    assert expand(margin()[1] + symbols.gamma * p) == 0
    assert simplify(binary(math.inf)[0] - sqrt((1 - p) / p)) == 0


@pytest.mark.parametrize("p", [Fraction(1, 5), Fraction(1, 2), Fraction(4, 5)])
def test_convergence_to_the_large_group(p: Fraction) -> None:
    limit = at(binary(math.inf)[0], p)
    errors = [abs(at(binary(size)[0], p) - limit) for size in (2, 4, 8)]
    assert errors[1] < mpf("0.75") * errors[0]
    assert errors[2] < mpf("0.75") * errors[1]


def test_a_margin_needs_pairs_and_a_scale_invariant_advantage() -> None:
    question = gs.BinaryQuestion(margin=symbols.gamma)
    for algorithm in (
        gs.GRPO(group_size=3),
        gs.GRPO(group_size=oo),
        gs.GRPO(advantage=gs.ShiftOnly()),
        gs.GRPO(advantage=gs.ShiftAndScale(epsilon=1)),
        gs.RLHF(),
    ):
        with pytest.raises(ValueError, match="margin"):
            gs.stationary_policy(algorithm, question)


@settings(max_examples=20)
@given(p=probabilities, gamma=probabilities)
def test_nlhf_preference_is_the_probability_of_winning(p: Fraction, gamma: Fraction) -> None:
    first, second = gs.NLHF().preference(gs.BinaryQuestion(margin=symbols.gamma))
    win = (1 + gamma) / 2
    with mp.workdps(60):
        for expr, exact in (
            (first, p / 2 + (1 - p) * win),
            (second, p * (1 - win) + (1 - p) / 2),
        ):
            expected = mpf(exact.numerator) / exact.denominator
            assert abs(at(expr, p, gamma=gamma) - expected) < mpf(10) ** -50


@pytest.mark.parametrize("rule", [gs.ShiftAndScale(), gs.ShiftOnly()])
def test_a_penalised_reward_has_no_mean_zero(rule) -> None:
    """P is the reward there: what holds of advantages is not claimed, and all is on the simplex."""
    algorithm = gs.GRPO(4, gs.Estimator("k1", "reward-before-baseline"), rule)
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=(2, 1, 0)))
    preference = policy.condition.preference
    assert list(preference.values) == [2, 1, 0]
    inside = dict.fromkeys(preference.domain.symbols, Rational(1, 3))
    outside = {**inside, preference.policy[0]: Rational(3, 4)}
    assert [preference.domain.contains(point) for point in (inside, outside)] == [True, False]
    report = policy.verify()
    assert len(report) == 3
    assert report.status is gs.Status.PROVED
