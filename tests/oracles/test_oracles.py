"""Self-tests of the oracles: identities, special values and agreement between the routes."""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

from .enumeration import (
    Law,
    Scale,
    advantages,
    comparison_preference,
    large_group_preference,
    preference,
    to_mpf,
)
from .monte_carlo import (
    FloatArray,
    IntArray,
    Penalty,
    RewardSampler,
    group_advantages,
    policy_gradient_ascent,
    sampled_gradient,
)
from .stationary import DETERMINISTIC, scan_binary, solve_binary, stage_gradient

HALF = Fraction(1, 2)
RANDOM_LAWS: list[Law] = [
    [(Fraction(2), Fraction(1, 3)), (Fraction(0), Fraction(2, 3))],
    [(Fraction(1), Fraction(1))],
    [(Fraction(-1), Fraction(1, 4)), (Fraction(1), Fraction(3, 4))],
]
POLICY = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
REFERENCE = [Fraction(1, 5), Fraction(1, 2), Fraction(3, 10)]


def penalties() -> tuple[Penalty, Penalty]:
    """Return the two penalties."""
    return ("reverse-kl", "direct-kl")


def close(left: mpf, right: mpf, digits: int = 48) -> bool:
    """Tell whether two numbers agree to an absolute tolerance."""
    return bool(abs(left - right) < mpf(10) ** -digits)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Work with 60 digits."""
    with mp.workdps(60):
        yield


def first_answer_wins(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
    """Reward 1 for answer 0 and 0 for the others."""
    return np.asarray(answers == 0, dtype=np.float64)


def law_sampler(laws: list[Law]) -> RewardSampler:
    """Return a sampler of independent rewards with the given laws."""

    def sample(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
        rewards = np.empty(answers.shape)
        for index, law in enumerate(laws):
            mask = answers == index
            values = [float(r) for r, _ in law]
            rewards[mask] = rng.choice(values, mask.sum(), p=[float(q) for _, q in law])
        return rewards

    return sample


def comparison_sampler(margin: float) -> RewardSampler:
    """Return a sampler for pairs: 1 to the winner of a tie-free comparison, 0 to the loser."""

    def sample(answers: IntArray, rng: np.random.Generator, /) -> FloatArray:
        first = 0.5 * (1 + margin * (answers[:, 1] - answers[:, 0]))
        won = rng.random(len(answers)) < first
        return np.asarray(np.stack([won, ~won], axis=1), dtype=np.float64)

    return sample


def test_advantages_are_standardised() -> None:
    """Advantages have mean zero and unit variance, and ties give zero."""
    rewards = [Fraction(x) for x in (3, -1, 0, 0, 7)]
    scaled = advantages(rewards)
    assert close(mp.fsum(scaled), mpf(0))
    assert close(mp.fsum(a * a for a in scaled), mpf(5))
    centred = advantages(rewards, "none")
    assert centred[0] == to_mpf(Fraction(6, 5))
    assert close(mp.fsum(centred), mpf(0))
    assert advantages([Fraction(1, 10)] * 4) == [0, 0, 0, 0]
    assert close(advantages([Fraction(x) for x in (1, 0, 0, 0)])[0], mp.sqrt(3))


def test_sampled_advantages_match_exact_ones() -> None:
    """The vectorised advantages agree with the exact ones."""
    rows = [[Fraction(x) for x in row] for row in ((3, -1, 0, 7), (0, 1, 1, 1), (2, 2, 2, 2))]
    rows.append([Fraction(1, 10)] * 4)
    sampled = np.array([[float(r) for r in row] for row in rows])
    scales: tuple[Scale, Scale] = ("std", "none")
    for scale in scales:
        exact = [[float(a) for a in advantages(row, scale)] for row in rows]
        np.testing.assert_allclose(group_advantages(sampled, scale), exact, atol=1e-14)


@pytest.mark.parametrize("scale", ["std", "none"])
@pytest.mark.parametrize("group_size", [2, 3, 4])
def test_preference_has_mean_zero(group_size: int, scale: Scale) -> None:
    """The preference averages to zero under the policy."""
    values = preference(RANDOM_LAWS, POLICY, group_size, scale)
    assert max(abs(v) for v in values) > mpf("0.01")
    assert close(mp.fsum(to_mpf(p) * v for p, v in zip(POLICY, values, strict=True)), mpf(0))


def test_large_group_preference_has_mean_zero_and_total_variance() -> None:
    """The limit divides by the total standard deviation of the reward."""
    values = large_group_preference(RANDOM_LAWS, POLICY)
    assert close(mp.fsum(to_mpf(p) * v for p, v in zip(POLICY, values, strict=True)), mpf(0))
    # Mean rewards 2/3, 1, 1/2; E[r] = 3/4 and E[r^2] = 2/3 + 1/3 + 1/6 = 7/6.
    assert close(values[1], to_mpf(Fraction(1, 4)) / mp.sqrt(to_mpf(Fraction(29, 48))))
    constant: list[Law] = [[(Fraction(1, 10), Fraction(1))]] * 3
    assert large_group_preference(constant, POLICY) == [0, 0, 0]


def test_unscaled_preference_is_the_shrunk_centred_mean() -> None:
    """Without scaling the preference is the centred mean times ``1 - 1/G``."""
    limit = large_group_preference(RANDOM_LAWS, POLICY, "none")
    for group_size in (2, 4):
        values = preference(RANDOM_LAWS, POLICY, group_size, "none")
        shrink = 1 - mpf(1) / group_size
        assert all(close(v, shrink * x) for v, x in zip(values, limit, strict=True))


def test_binary_preference_is_a_binomial_sum() -> None:
    """With two answers the preference is a binomial average."""
    p, size = Fraction(3, 10), 7
    value = preference(DETERMINISTIC, [p, 1 - p], size)[0]
    total = mp.fsum(
        math.comb(size - 1, k)
        * to_mpf(p**k * (1 - p) ** (size - 1 - k))
        * mp.sqrt(mpf(size - 1 - k) / (k + 1))
        for k in range(size)
    )
    assert close(value, total)


def test_preference_tends_to_the_large_group_limit() -> None:
    """The distance to the limit shrinks about as ``1/G``."""
    policy = [Fraction(2, 5), Fraction(3, 5)]
    limit = large_group_preference(DETERMINISTIC, policy)[0]
    errors = [abs(preference(DETERMINISTIC, policy, g)[0] - limit) for g in (3, 6, 12)]
    assert errors[1] < errors[0] * mpf("0.6")
    assert errors[2] < errors[1] * mpf("0.6")


def test_comparison_preference_is_the_margin() -> None:
    """The preference is the margin times the opponent's probability."""
    wins = [[HALF, Fraction(4, 5)], [Fraction(1, 5), HALF]]
    values = comparison_preference(wins, [Fraction(1, 4), Fraction(3, 4)])
    assert close(values[0], to_mpf(Fraction(3, 5) * Fraction(3, 4)))
    assert close(values[1], -to_mpf(Fraction(3, 5) * Fraction(1, 4)))


@pytest.mark.parametrize("pi_ref", [Fraction(1, 100), Fraction(1, 4), Fraction(1, 2)])
def test_pairs_with_unit_beta_give_the_square_root(pi_ref: Fraction) -> None:
    """Pairs under the reverse penalty with unit beta give ``sqrt(pi_ref)``."""
    assert close(solve_binary(1, pi_ref, 2), mp.sqrt(to_mpf(pi_ref)))


def test_groups_of_three_with_beta_root_two_give_the_square_root() -> None:
    """Groups of three are pairs with beta divided by ``sqrt(2)``."""
    # A group of three has advantages sqrt(2) or 1/sqrt(2): pairs scaled by sqrt(2).
    assert close(solve_binary(mp.sqrt(2), Fraction(1, 3), 3), 1 / mp.sqrt(3))


@pytest.mark.parametrize("beta", [Fraction(1, 10), Fraction(1, 2), Fraction(7, 3)])
def test_margin_solves_the_quadratic(beta: Fraction) -> None:
    """A comparison margin leads to a quadratic equation."""
    ref = to_mpf(Fraction(3, 10))
    ratio = to_mpf(Fraction(3, 5) / beta)
    root = (ratio - 1 + mp.sqrt((1 - ratio) ** 2 + 4 * ratio * ref)) / (2 * ratio)
    assert close(solve_binary(beta, Fraction(3, 10), 2, margin=Fraction(3, 5)), root)


def test_infinite_group_reverse_kl_special_value() -> None:
    """The infinite group has a known value at unit beta."""
    # The zero solves p - 1/2 = sqrt(p (1 - p)).
    assert close(solve_binary(1, HALF, math.inf), mpf(1) / 2 + 1 / mp.sqrt(8))


@pytest.mark.parametrize("margin", [None, Fraction(3, 5)])
def test_direct_kl_pairs_shift_the_logit_by_margin_over_beta(margin: Fraction | None) -> None:
    """Pairs under the direct penalty shift the logit by ``margin / beta``."""
    beta, pi_ref = Fraction(4, 5), Fraction(1, 4)
    p = solve_binary(beta, pi_ref, 2, "direct-kl", margin=margin)
    shift = mp.log(p / (1 - p)) - mp.log(mpf(1) / 3)
    assert close(shift, to_mpf((Fraction(1) if margin is None else margin) / beta))


def test_random_rewards_act_as_a_margin() -> None:
    """Bernoulli rewards are equivalent to a margin in pairs."""
    # Bernoulli rewards 4/5 and 1/5: a pair is decided for a rather than b by 3/5 on average.
    laws: list[Law] = [
        [(Fraction(1), s), (Fraction(0), 1 - s)] for s in (Fraction(4, 5), Fraction(1, 5))
    ]
    for penalty in penalties():
        by_laws = solve_binary(HALF, Fraction(1, 4), 2, penalty, laws=laws)
        by_margin = solve_binary(HALF, Fraction(1, 4), 2, penalty, margin=Fraction(3, 5))
        assert close(by_laws, by_margin)


def test_unscaled_pairs_double_beta() -> None:
    """Pairs without scaling have half the advantages."""
    for penalty in penalties():
        unscaled = solve_binary(HALF, Fraction(1, 4), 2, penalty, "none")
        assert close(unscaled, solve_binary(1, Fraction(1, 4), 2, penalty))


def test_digits_are_stable() -> None:
    """Asking for more digits only extends the result."""
    low = solve_binary(Fraction(1, 3), Fraction(1, 7), 5, "direct-kl", digits=30)
    high = solve_binary(Fraction(1, 3), Fraction(1, 7), 5, "direct-kl", digits=70)
    assert close(low, high, 30)
    assert low != high


def test_direct_kl_infinite_group_has_no_or_two_zeros() -> None:
    """The infinite group under the direct penalty has a fold in beta."""
    # With x half the logit the zeros solve cosh x = beta x, which touch at x tanh x = 1.
    x = mp.findroot(lambda t: t * mp.tanh(t) - 1, 1.2)
    touching = mp.cosh(x) / x
    below = touching - mpf("1e-4")
    assert scan_binary(below, HALF, math.inf, "direct-kl") == []
    with pytest.raises(ValueError, match="found 0"):
        solve_binary(below, HALF, math.inf, "direct-kl")
    for beta in (touching + mpf("1e-4"), mpf(2), mpf(100)):
        roots = scan_binary(beta, HALF, math.inf, "direct-kl")
        assert len(roots) == 2
        for p in roots:
            half = mp.log(p / (1 - p)) / 2
            assert abs(mp.cosh(half) / (beta * half) - 1) < mpf(10) ** -40
    with pytest.raises(ValueError, match="found 2"):
        solve_binary(2, HALF, math.inf, "direct-kl")


@pytest.mark.parametrize(
    ("group_size", "beta", "target"),
    [(8, Fraction(23, 100), Fraction(81, 100)), (4, Fraction(9, 250), Fraction(79, 100))],
)
def test_direct_kl_finite_group_can_have_three_zeros(
    group_size: int, beta: Fraction, target: Fraction
) -> None:
    """The scan finds a planted middle zero and one on either side, far from `pi_ref`."""
    values = preference(DETERMINISTIC, [target, 1 - target], group_size)
    logit = mp.log(to_mpf(target / (1 - target))) - (values[0] - values[1]) / to_mpf(beta)
    roots = scan_binary(beta, 1 / (1 + mp.exp(-logit)), group_size, "direct-kl")
    assert len(roots) == 3
    assert close(roots[1], to_mpf(target))


@pytest.mark.parametrize("scale", ["std", "none"])
@pytest.mark.parametrize("penalty", penalties())
def test_sampled_gradient_matches_the_expected_one(penalty: Penalty, scale: Scale) -> None:
    """The sampled gradient is unbiased for three answers with random rewards."""
    values = preference(RANDOM_LAWS, POLICY, 3, scale)
    exact = [float(x) for x in stage_gradient(POLICY, REFERENCE, values, HALF, penalty)]
    mean, error = sampled_gradient(
        [float(p) for p in POLICY],
        [float(p) for p in REFERENCE],
        0.5,
        3,
        law_sampler(RANDOM_LAWS),
        penalty,
        scale,
        200_000,
        np.random.default_rng(11),
    )
    assert np.all(np.abs(mean - exact) < 4 * error)
    assert np.any(np.abs(mean) > 10 * error)
    assert abs(mean.sum()) < 1e-12


@pytest.mark.parametrize("group_size", [2, 8])
@pytest.mark.parametrize("penalty", penalties())
def test_sampled_gradient_vanishes_only_at_the_solution(penalty: Penalty, group_size: int) -> None:
    """The sampled gradient is zero at the solution and points to it nearby."""
    pi_ref = Fraction(3, 10)
    solution = float(solve_binary(1, pi_ref, group_size, penalty))
    rng = np.random.default_rng(5)

    def sampled(p: float) -> tuple[FloatArray, FloatArray]:
        return sampled_gradient(
            [p, 1 - p],
            [float(pi_ref), 1 - float(pi_ref)],
            1.0,
            group_size,
            first_answer_wins,
            penalty,
            "std",
            200_000,
            rng,
        )

    mean, error = sampled(solution)
    assert np.all(np.abs(mean) < 4 * error)
    for p, sign in ((solution - 0.05, 1.0), (solution + 0.05, -1.0)):
        mean, error = sampled(p)
        assert sign * mean[0] > 10 * error[0]


def test_sampled_gradient_vanishes_at_the_margin_solution() -> None:
    """The sampled gradient of random comparisons is zero at the solution."""
    for penalty in penalties():
        p = float(solve_binary(HALF, Fraction(3, 10), 2, penalty, margin=Fraction(3, 5)))
        mean, error = sampled_gradient(
            [p, 1 - p],
            [0.3, 0.7],
            0.5,
            2,
            comparison_sampler(0.6),
            penalty,
            "std",
            400_000,
            np.random.default_rng(3),
        )
        assert np.all(np.abs(mean) < 4 * error)


@pytest.mark.parametrize("penalty", penalties())
def test_ascent_on_pairs_reaches_the_solution(penalty: Penalty) -> None:
    """The ascent on pairs ends at the solved policy."""
    policy, error = policy_gradient_ascent(
        [0.3, 0.7], 1.0, 2, first_answer_wins, penalty, "std", 2000, 1000, np.random.default_rng(1)
    )
    exact = float(solve_binary(1, Fraction(3, 10), 2, penalty))
    assert error[0] < 1e-3
    assert abs(policy[0] - exact) < 4 * error[0]


def test_ascent_with_random_rewards_in_groups_of_four() -> None:
    """The ascent with random rewards ends at the solved policy."""
    laws: list[Law] = [
        [(Fraction(1), Fraction(3, 4)), (Fraction(0), Fraction(1, 4))],
        [(Fraction(1, 2), Fraction(1))],
    ]
    policy, error = policy_gradient_ascent(
        [0.3, 0.7],
        1.0,
        4,
        law_sampler(laws),
        "reverse-kl",
        "std",
        1000,
        1000,
        np.random.default_rng(2),
    )
    exact = float(solve_binary(1, Fraction(3, 10), 4, laws=laws))
    assert error[0] < 1e-3
    assert abs(policy[0] - exact) < 4 * error[0]


def test_ascent_on_large_groups_approaches_the_infinite_group() -> None:
    """The ascent on large groups ends near the infinite-group policy."""
    policy, error = policy_gradient_ascent(
        [0.3, 0.7],
        1.0,
        256,
        first_answer_wins,
        "reverse-kl",
        "std",
        1000,
        100,
        np.random.default_rng(4),
    )
    exact = float(solve_binary(1, Fraction(3, 10), math.inf))
    assert error[0] < 1e-3
    assert abs(policy[0] - exact) < 4 * error[0] + 1 / 256
    pairs = float(solve_binary(1, Fraction(3, 10), 2))
    assert abs(policy[0] - pairs) > 0.05
