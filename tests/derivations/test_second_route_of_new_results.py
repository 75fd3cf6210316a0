"""Results of the paper's appendix and new ones, by another route: numbers from the definitions."""

from itertools import product

import mpmath as mp
import pytest


def k3(u: mp.mpf) -> mp.mpf:
    return u - mp.log(u) - 1


def odds(p: mp.mpf) -> mp.mpf:
    return mp.log(p / (1 - p))


def test_the_bias_off_policy_is_that_of_a_direct_sum() -> None:
    """E_old k3 - KL over three answers, against the closed form of the bias."""
    with mp.workdps(30):
        new, old, ref = ([mp.mpf(n) / 10 for n in row] for row in ((5, 3, 2), (2, 2, 6), (1, 6, 3)))
        sampled = mp.fsum(q * k3(r / p) for p, q, r in zip(new, old, ref, strict=True))
        kl = mp.fsum(p * mp.log(p / r) for p, r in zip(new, ref, strict=True))
        closed = mp.fsum((q - p) * k3(r / p) for p, q, r in zip(new, old, ref, strict=True))
        assert mp.almosteq(sampled - kl, closed, 1e-25)
        assert abs(closed) > 0.1


@pytest.mark.parametrize("beta", ["0.05", "1", "7"])
def test_conditions_17_and_19_vanish_where_the_objective_is_stationary(beta: str) -> None:
    """A numeric derivative of the frozen objective, set to zero by bisection."""
    with mp.workdps(40):
        b, p0, gamma = mp.mpf(beta), mp.mpf("0.2"), mp.mpf("0.7")

        def slope(p: mp.mpf, reward) -> mp.mpf:
            def stage(new: mp.mpf) -> mp.mpf:
                penalty = p * k3(p0 / new) + (1 - p) * k3((1 - p0) / (1 - new))
                return reward(new, p) - b * penalty

            return mp.diff(stage, p)

        def pairs(new: mp.mpf, old: mp.mpf) -> mp.mpf:
            return gamma * (new * (1 - old) - (1 - new) * old)

        def large(new: mp.mpf, old: mp.mpf) -> mp.mpf:
            return (new - old) / mp.sqrt(old * (1 - old))

        for reward, condition in (
            (pairs, lambda p: b * (p - p0) - gamma * p * (1 - p)),
            (large, lambda p: b * (p - p0) - mp.sqrt(p * (1 - p))),
        ):
            low, high = p0, 1 - mp.mpf(10) ** -6
            for _ in range(80):
                middle = (low + high) / 2
                low, high = (middle, high) if slope(middle, reward) > 0 else (low, middle)
            assert abs(condition(low)) < 1e-8


def test_h_grows_at_both_ends_and_above_its_bounds() -> None:
    with mp.workdps(40):
        for beta, p0 in product((mp.mpf("0.1"), mp.mpf(3)), (mp.mpf("0.01"), mp.mpf("0.9"))):
            previous = [mp.mpf("-inf")] * 2
            for k in (3, 6, 9):
                v = mp.mpf(10) ** k
                ends = (1 / (1 + v**2), v**2 / (1 + v**2))
                h = [1 / (beta * mp.sqrt(x * (1 - x))) - odds(x) + odds(p0) for x in ends]
                assert h[0] > v / beta + odds(p0)
                assert h[1] >= v / (2 * beta) + odds(p0) + 2 - 2 * mp.log(4 * beta)
                assert h[0] > previous[0]
                assert h[1] > previous[1]
                previous = h


def tilted_variance(rewards, reference, tilt: mp.mpf) -> mp.mpf:
    weights = [
        w * mp.exp(tilt * (r - max(rewards))) for w, r in zip(reference, rewards, strict=True)
    ]
    total = mp.fsum(weights)
    policy = [w / total for w in weights]
    mean = mp.fsum(p * r for p, r in zip(policy, rewards, strict=True))
    return mp.fsum(p * (r - mean) ** 2 for p, r in zip(policy, rewards, strict=True))


@pytest.mark.parametrize(
    ("rewards", "reference"),
    [((1, 0), ("0.5", "0.5")), ((3, 2, 0, -5), ("0.1", "0.2", "0.3", "0.4")),
     ((1, "0.999", 0), ("0.01", "0.98", "0.01"))],
)  # fmt: skip
def test_no_tilt_solves_the_condition_below_the_least_weight(rewards, reference) -> None:
    """t^2 K''(t) on a fine grid of tilts, against the bound, and small at both ends."""
    with mp.workdps(25):
        values, given = [mp.mpf(r) for r in rewards], [mp.mpf(w) for w in reference]
        bound = 4 * (1 - given[0]) / (mp.e**2 * given[0])
        heights = [
            t**2 * tilted_variance(values, given, t)
            for t in (mp.mpf(10) ** (mp.mpf(k) / 20) for k in range(-100, 110))
        ]
        assert max(heights) <= bound
        assert heights[0] < max(heights) / 100
        assert heights[-1] < max(heights) / 100
        least = mp.e / 2 * mp.sqrt(given[0] / (1 - given[0]))
        assert 1 / mp.sqrt(max(heights)) >= least


def drift(size: int, p: mp.mpf) -> mp.mpf:
    """D_G from the definition: all draws of the others, population standard deviation."""

    def advantage(own: int, others: tuple[int, ...]) -> mp.mpf:
        mean = mp.mpf(own + sum(others)) / size
        return mp.mpf(0) if mean in (0, 1) else (own - mean) / mp.sqrt(mean * (1 - mean))

    total = mp.mpf(0)
    for others in product((0, 1), repeat=size - 1):
        chance = mp.fprod(p if r else 1 - p for r in others)
        total += chance * (advantage(1, others) - advantage(0, others))
    return total


@pytest.mark.parametrize("size", [2, 4, 7])
def test_certainty_repels_in_finite_groups_and_attracts_in_large_ones(size: int) -> None:
    with mp.workdps(40):
        beta, p0 = mp.mpf("0.5"), mp.mpf("0.3")
        edge = p0 / (1 - p0) * mp.exp(mp.sqrt(size - 1) / beta)
        for factor in (mp.mpf("1.001"), mp.mpf(100)):
            p = edge * factor / (1 + edge * factor)
            assert drift(size, p) <= mp.sqrt(size - 1)
            assert drift(size, p) < beta * (odds(p) - odds(p0))
        for near in (mp.mpf(10) ** -12, mp.mpf(10) ** -18):
            p = 1 - near
            assert 1 / mp.sqrt(p * near) > beta * (odds(p) - odds(p0))


def test_pooling_with_direct_kl_is_the_fixed_point_of_the_frozen_objective() -> None:
    """Three answers, groups of two: by iteration, P - beta log(pi/ref) comes out equal."""
    with mp.workdps(30):
        margins = ((0, "0.4", "-0.9"), ("-0.4", 0, "0.7"), ("0.9", "-0.7", 0))
        table = [[mp.mpf(x) for x in row] for row in margins]
        ref, beta = [mp.mpf(x) / 10 for x in (2, 3, 5)], mp.mpf(1)
        policy = ref
        for _ in range(200):
            scores = [mp.fsum(g * p for g, p in zip(row, policy, strict=True)) for row in table]
            weights = [w * mp.exp(x / beta) for w, x in zip(ref, scores, strict=True)]
            step = [w / mp.fsum(weights) for w in weights]
            policy = [(p + q) / 2 for p, q in zip(policy, step, strict=True)]
        scores = [mp.fsum(g * p for g, p in zip(row, policy, strict=True)) for row in table]
        values = [x - beta * mp.log(p / w) for x, p, w in zip(scores, policy, ref, strict=True)]
        assert max(values) - min(values) < 1e-20
