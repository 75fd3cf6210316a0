"""Limits of the stationary policy against equations written out and solved near them."""

from functools import partial

import mpmath as mp
import pytest
from sympy import Expr, Integer, Piecewise, Rational, Symbol, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.analysis.limits import escape_curve, escape_threshold, explain_limit, limit
from grpo_symbolic.equation.balance import Balance

from .test_series import between, chi_squared, direct_kl, drift, hellinger, number, reverse_kl

DIGITS = 60
SMALL = (Rational(1, 10**2), Rational(1, 10**4), Rational(1, 10**6))


def curve(algorithm: gs.Algorithm, question: gs.BinaryQuestion | None = None) -> Balance:
    question = gs.BinaryQuestion() if question is None else question
    return Balance(gs.stationarity_condition(algorithm, question))


def solve(size, beta, p0, force=reverse_kl, low=None, high=None, **options) -> mp.mpf:
    beta, p0 = number(beta), number(p0)
    low = p0 * (1 + mp.mpf(10) ** -50) if low is None else low
    high = 1 - mp.mpf(10) ** -55 if high is None else high
    return between(lambda p: drift(p, size, **options) - beta * force(p, p0), low, high)


def _balance(beta, drift_at, force_at, p) -> mp.mpf:
    return drift_at(p) - beta * force_at(p)


def value(expr: Expr, **point) -> mp.mpf:
    found = expr.subs({getattr(s, k): v for k, v in point.items()}).evalf(DIGITS)
    return mp.mpf(str(found))


def assert_approach(gaps: list[mp.mpf], scales=SMALL, power: float = 0.4) -> None:
    """The distances to the limit fall at least like a power of the distance of the parameter."""
    for scale, gap in zip(scales, gaps, strict=True):
        assert abs(gap) < 20 * number(scale) ** power
    assert abs(gaps[2]) < abs(gaps[1]) < abs(gaps[0])


REVERSE = {2: 2, 3: 3, 4: 4, 8: 8, oo: mp.inf}


@pytest.mark.parametrize("size", REVERSE)
def test_small_and_large_weights(size) -> None:
    one, n, p0 = curve(gs.GRPO(size)), REVERSE[size], Rational(3, 10)
    with mp.workdps(DIGITS):
        assert limit(one, "beta", 0) == 1
        assert_approach([1 - solve(n, beta, p0) for beta in SMALL])
        for variable, at in ((s.beta, oo), ("1/beta", 0), (1 / s.beta, 0)):
            assert limit(one, variable, at) == s.pi_ref
        assert_approach([solve(n, 1 / h, p0) - number(p0) for h in SMALL])


@pytest.mark.parametrize(
    ("penalty", "force", "size"),
    [(gs.DirectKL(), direct_kl, 4), (gs.Divergence.hellinger(), hellinger, 3)],
    ids=["direct", "hellinger"],
)
def test_other_penalties_hold_the_policy_until_the_weight_vanishes(penalty, force, size) -> None:
    one, p0 = curve(gs.GRPO(size, penalty)), Rational(3, 10)
    found = explain_limit(one, "beta", 0)
    assert found.value == 1
    assert found.verify().status == gs.Status.PROVED
    with mp.workdps(DIGITS):
        steps = (Rational(1, 5), Rational(1, 10), Rational(1, 20))
        gaps = [1 - solve(size, beta, p0, force) for beta in steps]
        assert gaps[2] < gaps[1] / 3 < gaps[0] / 9
    assert limit(one, "beta", oo) == s.pi_ref


def test_a_bounded_force_gives_the_worse_answer_up() -> None:
    """chi-squared: below W(1) = D(1) pi_ref no interior policy, and the drift points to 1."""
    found = explain_limit(curve(gs.GRPO(2, gs.Divergence.chi_squared())), "beta", 0)
    assert found.value == 1
    assert "given up" in found.reason
    with mp.workdps(DIGITS):
        p0 = mp.mpf(3) / 10
        assert all(
            drift(p, 2) - mp.mpf("0.29") * chi_squared(p, p0) > 0
            for p in (p0, mp.mpf("0.6"), 1 - mp.mpf(10) ** -40)
        )


def test_below_the_fold_there_is_no_limit() -> None:
    large = curve(gs.GRPO(oo, gs.DirectKL()))
    with pytest.raises(ValueError, match="fold"):
        limit(large, "beta", 0)
    above = explain_limit(large, "beta", oo)
    assert above.value == s.pi_ref
    assert "repelling solution tends to 1" in above.reason
    # At pi_ref = 3/10 nothing is stationary for beta = 1/10: F > 0 on a fine grid.
    with mp.workdps(DIGITS):
        p0 = mp.mpf(3) / 10
        grid = [p0 + (1 - p0) * mp.mpf(k) / 400 for k in range(1, 400)]
        assert all(drift(p, mp.inf) > direct_kl(p, p0) / 10 for p in grid)


ESCAPE = [
    ("pairs", gs.GRPO(2), 2, {}, Integer(1)),
    ("three", gs.GRPO(3), 3, {}, sqrt(2)),
    ("sample std", gs.GRPO(2, advantage=gs.ShiftAndScale(ddof=1)), 2, {"ddof": 1}, 1 / sqrt(2)),
    ("shift only", gs.GRPO(5, advantage=gs.ShiftOnly()), 5, {"scaled": False}, Rational(4, 5)),
    ("large", gs.GRPO(oo), mp.inf, {}, oo),
]


@pytest.mark.parametrize(("name", "algorithm", "size", "options", "threshold"), ESCAPE)
def test_a_rare_answer_escapes_below_the_threshold(
    name, algorithm, size, options, threshold
) -> None:
    one = curve(algorithm)
    point = {"gap": Integer(1)}
    assert escape_threshold(one).subs(s.gap, 1) == threshold
    found = explain_limit(one, s.pi_ref, 0)
    assert found.verify().status == gs.Status.PROVED
    with mp.workdps(DIGITS):
        for beta in (Rational(1, 4), Rational(3, 5), Rational(8, 5)):
            expected = value(found.value, beta=beta, **point)
            assert (expected > 0) == bool(beta < threshold)
            gaps = [solve(size, beta, p0, **options) - expected for p0 in SMALL]
            assert_approach(gaps)


@pytest.mark.parametrize(
    ("advantage", "expected"),
    [
        (gs.ShiftAndScale(), sqrt(s.G - 1)),
        (gs.ShiftAndScale(ddof=1), (s.G - 1) / sqrt(s.G)),
        (gs.ShiftOnly(), s.gap * (1 - 1 / s.G)),
        (gs.LeaveOneOut(), s.gap),
        (
            gs.ShiftAndScale(epsilon=s.epsilon),
            (1 - 1 / s.G) * s.gap / (s.gap * sqrt(s.G - 1) / s.G + s.epsilon),
        ),
    ],
    ids=["std", "sample std", "shift only", "leave one out", "epsilon"],
)
def test_threshold_is_the_advantage_of_a_lone_better_answer(advantage, expected) -> None:
    """A(a) in a group with one a, for every G, by hand."""
    found = escape_threshold(curve(gs.GRPO(s.G, advantage=advantage)))
    point = {s.G: 7, s.gap: Rational(3, 2), s.epsilon: Rational(1, 9)}
    assert abs((found - expected).subs(point).evalf(50)) < Rational(1, 10**45)
    other = {**point, s.G: 3}
    assert abs((found - expected).subs(other).evalf(50)) < Rational(1, 10**45)


def test_a_policy_knows_its_threshold() -> None:
    """Just below it a vanishing reference is escaped; just above it is not."""
    policy = gs.stationary_policy(gs.GRPO(4), gs.BinaryQuestion())
    threshold = policy.escape_threshold
    assert threshold == sqrt(3)
    for share, escapes in ((Rational(9, 10), True), (Rational(11, 10), False)):
        beta = Rational(round(float(threshold * share) * 1000), 1000)
        rare = Rational(1, 10**9)
        (found,) = policy.solutions(beta=beta, pi_ref=rare)
        assert (found.policy[0] > Rational(1, 100)) == escapes


def test_thresholds_of_other_penalties_and_verifiers() -> None:
    assert escape_threshold(curve(gs.GRPO(s.G, gs.DirectKL()))) == 0
    assert escape_threshold(curve(gs.GRPO(4, gs.Divergence.chi_squared()))) == 0
    assert escape_threshold(curve(gs.GRPO(4, gs.Divergence.hellinger()))) == 2 * sqrt(3)
    noisy = gs.BinaryQuestion(success=(Rational(9, 10), Rational(1, 5)))
    found = escape_threshold(curve(gs.GRPO(6), noisy))
    with mp.workdps(DIGITS):
        a, b = mp.mpf(9) / 10, mp.mpf(1) / 5
        assert abs(value(found) - (a - b) * drift(b, 6)) < mp.mpf(10) ** -50
        large = limit(curve(gs.GRPO(oo), noisy), "pi_ref", 0)
        rare = mp.mpf(10) ** -12
        force = partial(reverse_kl, p0=rare)
        for beta in (Rational(1, 2), Rational(3, 2), Rational(2)):
            near = between(
                partial(
                    _balance,
                    number(beta),
                    lambda p: (a - b) * drift(b + (a - b) * p, mp.inf),
                    force,
                ),
                rare * (1 + mp.mpf(10) ** -30),
                1 - mp.mpf(10) ** -40,
            )
            assert abs(near - value(large, beta=beta)) < mp.mpf(10) ** -9
    assert limit(curve(gs.GRPO(4, gs.DirectKL())), "pi_ref", 0) == 0


def test_margins() -> None:
    pairs = curve(gs.GRPO(2), gs.BinaryQuestion(margin=s.gamma))
    assert escape_threshold(pairs) == s.gamma
    rare = limit(pairs, s.pi_ref, 0)
    assert isinstance(rare, Piecewise)
    assert value(rare, beta=Rational(1, 5), gamma=Rational(1, 2)) == mp.mpf("0.6")
    assert rare.subs({s.beta: Rational(3, 5), s.gamma: Rational(1, 2)}) == 0
    assert limit(pairs, "gamma", 0) == s.pi_ref
    assert limit(pairs, s.pi_ref, 1, "-") == 1


def test_inside_the_range_a_closed_form_is_continuous() -> None:
    assert limit(curve(gs.GRPO(2)), "beta", 1) == sqrt(s.pi_ref)


def test_large_groups() -> None:
    for size in (3, 8, s.G):
        found = limit(curve(gs.GRPO(size)), "1/G", 0)
        for variable, at in ((s.G, oo), (1 / s.G, 0), ("G", oo)):
            assert limit(curve(gs.GRPO(size)), variable, at) == found
        with mp.workdps(20):
            beta, p0 = Rational(3, 2), Rational(1, 4)
            at = value(found, beta=beta, pi_ref=p0)
            scales = [Rational(1, n) for n in (10, 30, 90)]
            high = mp.mpf(99) / 100
            gaps = [solve(n, beta, p0, high=high) - at for n in (10, 30, 90)]
            assert_approach(gaps, scales, power=0.9)


def test_the_limits_in_weight_and_group_size_do_not_commute() -> None:
    """(1 - p)/beta at beta -> 0 is (1 - pi_ref)/sqrt(G - 1) for every G, and 0 in large groups."""
    from grpo_symbolic.analysis.series import series

    finite = series(curve(gs.GRPO(s.G)), "beta", 1)
    assert ((1 - finite) / s.beta - (1 - s.pi_ref) / sqrt(s.G - 1)).expand() == 0
    assert series(curve(gs.GRPO(oo)), "beta", 1) == 1


@pytest.mark.parametrize("size", [4, 8])
def test_what_has_no_closed_form_is_the_root_of_an_equation(size: int) -> None:
    one = curve(gs.GRPO(size))
    found = explain_limit(one, "pi_ref", 0)
    assert found.verify().status == gs.Status.PROVED
    assert isinstance(found.value, Piecewise)
    # The explicit inverse is P(a), here at p = 1/3 by enumeration of the others.
    with mp.workdps(DIGITS):
        p = mp.mpf(1) / 3
        inverse = mp.mpf(str(escape_curve(one).subs(s.pi, Rational(1, 3)).evalf(DIGITS)))
        assert abs(inverse - (1 - p) * drift(p, size)) < mp.mpf(10) ** -50
        for beta in (Rational(1, 4), Rational(3, 2)):
            root = value(found.value, beta=beta)
            assert abs(number(beta) - (1 - root) * drift(root, size)) < mp.mpf(10) ** -45
            assert_approach([solve(size, beta, p0) - root for p0 in SMALL])
        assert found.value.subs(s.beta, 3) == 0
    moved = found.value.diff(s.beta).subs(s.beta, 1)
    step = Rational(1, 10**10)
    with mp.workdps(DIGITS):
        ends = [value(found.value, beta=1 + side * step) for side in (1, -1)]
        slope = (ends[0] - ends[1]) / (2 * number(step))
        assert abs(mp.mpf(str(moved.evalf(30))) - slope) < mp.mpf(10) ** -12


def test_a_limit_needs_a_stationary_policy() -> None:
    """Direct KL, large groups: as pi_ref -> 1 the fold is passed, and nothing is stationary."""
    with pytest.raises(ValueError, match="not shown that a stationary policy exists"):
        limit(curve(gs.GRPO(oo, gs.DirectKL())), "pi_ref", 1, "-")
    with pytest.raises(ValueError, match="no closed form"):
        limit(curve(gs.GRPO(4, gs.DirectKL())), "G", oo)


def test_errors_are_sentences() -> None:
    one = curve(gs.GRPO(2))
    with pytest.raises(ValueError, match="not on theta"):
        limit(one, Symbol("theta"), 0)
    with pytest.raises(ValueError, match="direction must be"):
        limit(one, "beta", 0, "up")
    with pytest.raises(ValueError, match="the weight is the number 1/2"):
        limit(curve(gs.GRPO(2, beta="0.5")), "beta", 0)
    with pytest.raises(ValueError, match="not on G"):
        limit(curve(gs.RLHF()), "G", oo)
