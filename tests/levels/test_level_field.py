"""Level values against groups counted out, in float64 and in balls; and special cases."""

from fractions import Fraction
from itertools import product
from math import factorial, log, prod

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp, mpf
from sympy import Integer, Rational, Symbol

import grpo_symbolic as gs
from grpo_symbolic.levels.balls import LevelPreference, TooLarge
from grpo_symbolic.levels.field import LevelField
from grpo_symbolic.levels.mixture import Mixture, mixture_of
from grpo_symbolic.levels.nodes import nodes


def exact(value: Fraction) -> mpf:
    return mpf(value.numerator) / value.denominator


def scale(rule: Mixture, rewards: list[Fraction]) -> mpf:
    """What a list of rewards is divided by."""
    n = len(rewards)
    mean = sum(rewards) / n
    spread = exact(sum((r - mean) ** 2 for r in rewards) / (n - rule.ddof))
    if rule.inside:
        return mp.sqrt(spread + exact(rule.epsilon))
    return mp.sqrt(spread) + exact(rule.epsilon)


def counted(levels: tuple[Fraction, ...], masses: list[Fraction], rule: Mixture) -> list[mpf]:
    """V of each level, over the counts of levels among the rewards beside its own.

    Of a batch, the first G − 1 others are the group: each of the others is in it equally often.
    """
    others, n = rule.sample - 1, len(levels)
    found = [mpf(0)] * n
    for counts in product(range(others + 1), repeat=n):
        if sum(counts) != others:
            continue
        ways = factorial(others) // prod(map(factorial, counts))
        chance = ways * prod(m**c for m, c in zip(masses, counts, strict=True))
        beside = sum(c * r for c, r in zip(counts, levels, strict=True)) / others
        for k, own in enumerate(levels):
            everyone = [r for r, c in zip(levels, counts, strict=True) for _ in range(c)] + [own]
            if len(set(everyone)) == 1:
                continue
            deviation = (own - beside) * (rule.group - 1) / rule.group
            found[k] += exact(chance * deviation) / scale(rule, everyone)
    return found


LEVELS = (Fraction(3), Fraction(1, 2), Fraction(0), Fraction(-7, 3), Fraction(10))
MASSES = [Fraction(k, 15) for k in (3, 1, 5, 2, 4)]
RULES = [
    {},
    {"ddof": 1},
    {"ddof": 1, "epsilon": Fraction(1, 10**4)},
    {"epsilon": Fraction(5)},
    {"epsilon": Fraction(1, 7), "inside": True, "ddof": 1},
]


def of(count: int) -> tuple[tuple[Fraction, ...], list[Fraction]]:
    masses = MASSES[:count]
    return LEVELS[:count], [m / sum(masses) for m in masses]


@pytest.mark.parametrize("about", RULES)
@pytest.mark.parametrize(("count", "size"), [(3, 3), (3, 8), (4, 5), (5, 4)])
def test_values_against_groups_counted_out(count: int, size: int, about: dict) -> None:
    levels, masses = of(count)
    rule = Mixture(size, size, **about)
    with mp.workdps(40):
        expected = counted(levels, masses, rule)
        found = LevelField(levels, rule).values(np.array([[float(m)] for m in masses]))[:, 0]
        assert max(abs(mpf(float(a)) - b) for a, b in zip(found, expected, strict=True)) < 4e-15
        with ctx.workprec(140):
            policy = [arb(m.numerator) / m.denominator for m in masses]
            balls = LevelPreference(levels, rule, None, 110).values(policy)
        for ball, value in zip(balls, expected, strict=True):
            assert float(ball.rad()) < 1e-31
            assert abs(mpf(ball.mid().str(40, radius=False)) - value) < float(ball.rad()) + 1e-37


def test_scale_of_a_batch() -> None:
    """Pairs of one group are pairs of the batch: one kernel serves both."""
    levels, masses = of(3)
    rule = Mixture(2, 6, 1, Fraction(1, 9))
    found = LevelField(levels, rule).values(np.array([[float(m)] for m in masses]))[:, 0]
    with mp.workdps(30):
        expected = counted(levels, masses, rule)
    assert found == pytest.approx([float(v) for v in expected], abs=4e-15)


@pytest.mark.parametrize("size", [3, 16, 256])
def test_slopes_are_differences_of_values(size: int) -> None:
    random = np.random.default_rng(size)
    levels = (Fraction(0), Fraction(1), Fraction(5, 2), Fraction(7))
    field = LevelField(levels, Mixture(size, size))
    masses, turn = random.dirichlet(np.ones(4)), random.normal(size=4)
    turn, step = turn - turn.mean(), 1e-5
    both = np.stack([masses + step * turn, masses - step * turn], axis=1)
    up, down = field.values(both).T
    values, slopes = field.slopes(masses[:, None])
    assert slopes[:, :, 0] @ turn == pytest.approx((up - down) / (2 * step), abs=2e-6)
    assert masses @ values[:, 0] == pytest.approx(0, abs=1e-14)
    with ctx.workprec(100):
        preference = LevelPreference(levels, Mixture(size, size), None, 60, 60)
        balls = preference.slopes([arb(float(m)) for m in masses])
    assert all(
        balls[k, j].contains(arb(slopes[k, j, 0], 1e-9 * size)) or
        balls[k, j].overlaps(arb(slopes[k, j, 0], 1e-9 * size))
        for k in range(4) for j in range(4)
    )  # fmt: skip
    assert max(float(balls[k, j].rad()) for k in range(4) for j in range(4)) < 1e-11


def test_two_levels_are_the_bernstein_mean() -> None:
    """V(high) − V(low) is the drift, at a size no enumeration reaches."""
    model = gs.preference(gs.GRPO(512), gs.BinaryQuestion(gap=1))
    drift = model.two_level.exact_drift
    field = LevelField((Fraction(1), Fraction(0)), Mixture(512, 512))
    for m in (0.5, 0.01, 0.999):
        high, low = field.values(np.array([[m], [1 - m]]))[:, 0]
        with ctx.workprec(200):
            expected = float(drift.sum_of(arb(m), 1 - arb(m), 200))
        assert high - low == pytest.approx(expected, rel=1e-13)


def test_a_level_of_nearly_all_the_mass_keeps_its_digits() -> None:
    """V(best) is of the order of what the others have: no digit of it cancels."""
    levels, tiny = (Fraction(2), Fraction(1), Fraction(0)), 1e-200
    field = LevelField(levels, Mixture(8, 8))
    found = field.values(np.array([[1.0], [tiny], [2 * tiny]]))[0, 0]
    # One of the others differs: r − mean = d/8, std = d √7/8, whatever d is.
    assert found == pytest.approx(3 * tiny * 7 / 7**0.5, rel=1e-13)


def test_large_groups_measure_in_standard_units() -> None:
    """√G times what is left to (r − E r)/σ goes to 0: the error is of the order 1/G."""
    levels, masses = (Fraction(0), Fraction(1), Fraction(3)), np.array([0.2, 0.5, 0.3])
    rewards = np.array([0.0, 1, 3])
    mean = masses @ rewards
    limit = (rewards - mean) / np.sqrt(masses @ (rewards - mean) ** 2)
    errors = [
        np.abs(LevelField(levels, Mixture(n, n)).values(masses[:, None])[:, 0] - limit).max()
        for n in (64, 256, 1024)
    ]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.03)


def test_rules_with_a_mixture() -> None:
    assert mixture_of(gs.ShiftAndScale(ddof=1), Integer(8)) == Mixture(8, 8, 1)
    assert mixture_of(gs.StabilisedScale("1/4"), Integer(5)) == Mixture(
        5, 5, 0, Fraction(1, 4), True
    )
    assert mixture_of(gs.BatchScale(12), Integer(4)) == Mixture(4, 12)
    assert mixture_of(gs.LeaveOneOut(), Integer(4)) is None
    assert mixture_of(gs.ShiftAndScale(epsilon=Symbol("epsilon")), Integer(4)) is None
    assert mixture_of(gs.ShiftAndScale(zero_over_zero=Rational(1, 2)), Integer(4)) is None


def test_bounds_of_the_rule_hold_for_every_group_of_two_levels() -> None:
    """1/s at c = √(n v) between the ends: what the nodes in t give, against 1/s itself."""
    for rule in (Mixture(16, 16), Mixture(16, 16, 1, Fraction(1, 50))):
        with ctx.workprec(100):
            found = nodes([arb(k) for k in range(4)], rule, 30.0)
            # For y everywhere, Σ over y of h √(n/π) t e^(−t² n (y − mean)²) is 1.
            for squares in (Fraction(15, 16), Fraction(9), Fraction(36)):
                c = arb(squares.numerator) / squares.denominator
                total = arb(0)
                for row in found.rows:
                    weight = row.weight
                    if row.t != 0:
                        weight /= (arb(16) / arb.pi()).sqrt() * row.t * row.step
                    total += weight * (-row.t * row.t * c).exp()
                shift = rule.squares(rule.epsilon)
                exactly = rule.front / (c.sqrt() + shift)
                assert abs(float(total / exactly - 1)) < max(found.error, 1e-13) + 1e-12
        assert found.error < 1e-11
        assert log(found.count) < 10


def test_what_is_too_large_is_refused_with_what_would_do() -> None:
    many = tuple(Fraction(k * k, 7) for k in range(400))
    with pytest.raises(ValueError, match=r"400 levels .* about \d+ levels would do"):
        _ = LevelField(many, Mixture(64, 64)).nodes
    with pytest.raises(TooLarge, match=r"ask for \d+ digits"):
        LevelPreference(many[:60], Mixture(64, 64), None, 300).values([arb(1) / 60] * 60)


def test_values_rise_with_the_reward_below_the_root_of_what_groups_allow() -> None:
    """V increases in r and |V| ≤ √(G − 1), for random levels, laws and sizes."""
    random = np.random.default_rng(11)
    for _ in range(30):
        count, size = int(random.integers(3, 7)), int(random.integers(3, 200))
        levels = tuple(
            sorted(Fraction(int(x), 7) for x in random.choice(300, count, replace=False))
        )
        masses = random.dirichlet(np.full(count, 0.4), size=4).T
        values = LevelField(levels, Mixture(size, size)).values(masses)
        assert (np.diff(values, axis=0) > 0).all()
        assert np.abs(values).max() <= np.sqrt(size - 1) * (1 + 1e-12)


def test_the_term_of_order_one_over_group_size() -> None:
    """G (V − z) → γ/2 + 3 (κ − 1) z/8 − z³/2, by Richardson's extrapolation."""
    levels, masses = (Fraction(0), Fraction(1), Fraction(4)), np.array([0.5, 0.3, 0.2])
    rewards = np.array([0.0, 1.0, 4.0])
    mean = masses @ rewards
    z = (rewards - mean) / np.sqrt(masses @ (rewards - mean) ** 2)
    expected = masses @ z**3 / 2 + 3 / 8 * (masses @ z**4 - 1) * z - z**3 / 2
    first, second = (
        n * (LevelField(levels, Mixture(n, n)).values(masses[:, None])[:, 0] - z)
        for n in (512, 1024)
    )
    assert 2 * second - first == pytest.approx(expected, abs=2e-4)
    assert np.abs(second - expected).max() > 1e-3  # it is the extrapolation that agrees
