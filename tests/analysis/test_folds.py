"""Folds, cusps and Maxwell points against the condition written from the definitions."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from mpmath import acos, asinh, cos, cosh, diff, findroot, inf, log, mp, mpf, quad, sin, sinh, sqrt
from mpmath.libmp import to_rational
from sympy import Expr, Rational, Symbol, oo
from sympy import sinh as sympy_sinh
from sympy import sqrt as sympy_sqrt

from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    DirectKL,
    Estimator,
    ReverseKL,
    ShiftAndScale,
    ShiftOnly,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.analysis.fold_curve import fold_curve
from grpo_symbolic.analysis.folds import Turn, cusp, folds
from grpo_symbolic.analysis.maxwell import maxwell
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.model.penalty import Divergence

P0 = symbols.pi_ref
HALF = Rational(1, 2)
NOISY = (Rational(9, 10), Rational(1, 10))


@pytest.fixture(autouse=True)
def _sixty_digits():
    with mp.workdps(60):
        yield


@cache
def curve(size, penalty=None, success=None, **rule) -> Balance:
    question = BinaryQuestion() if success is None else BinaryQuestion(success=success)
    algorithm = GRPO(size, penalty or DirectKL(), **rule)
    return Balance(stationarity_condition(algorithm, question))


def number(value: Expr) -> mpf:
    return mpf(int(value.p)) / int(value.q)


@cache
def weights(size: int) -> tuple[mpf, ...]:
    """w_k of D = Σ w_k p^k (1−p)^(size−1−k): E[A | first right] − E[A | first wrong].

    Over the k right answers among the other size − 1, with A = (r − mean)/std over the group.
    """
    found = []
    with mp.workdps(100):
        for others in range(size):
            gap = mpf(0)
            for reward in (1, 0):
                mean = mpf(others + reward) / size
                std = sqrt(mean * (1 - mean))
                advantage = (reward - mean) / std if std else mpf(0)
                gap += advantage * (1 if reward else -1)
            found.append(mp.binomial(size - 1, others) * gap)
    return tuple(found)


def drift(size, p: mpf) -> mpf:
    if size == oo:
        return 1 / sqrt(p * (1 - p))
    return sum(w * p**k * (1 - p) ** (size - 1 - k) for k, w in enumerate(weights(size)))


def logit(p: mpf) -> mpf:
    return log(p / (1 - p))


def direct(size, p0: Expr, beta: mpf, success=(1, 0)) -> Callable[[mpf], mpf]:
    """F: what policy gradient makes of log-odds at p, under direct KL."""
    a, b = (mpf(1) * s if isinstance(s, int) else number(s) for s in success)

    def balance(p: mpf) -> mpf:
        return (a - b) * drift(size, b + (a - b) * p) - beta * (logit(p) - logit(number(p0)))

    return balance


def chi_squared(size, p0: Expr, beta: mpf) -> Callable[[mpf], mpf]:
    reference = number(p0)
    return lambda p: drift(size, p) - beta * (p - reference) / (reference * (1 - reference))


def zeros(size, p0, beta: mpf, success=(1, 0), bounded: bool = False) -> int:
    """Changes of sign of F on a fine grid in log-odds, in double precision."""
    x = np.linspace(-45, 45, 40_001)
    p, q = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    a, b = (float(s) for s in success)
    high, low = a * p + b * q, (1 - a) * p + (1 - b) * q
    if size == oo:
        pull = (a - b) / np.sqrt(high * low)
    else:
        terms = (float(w) * high**k * low ** (size - 1 - k) for k, w in enumerate(weights(size)))
        pull = (a - b) * sum(terms)
    reference = float(p0)
    force = (
        (p - reference) / (reference * (1 - reference))
        if bounded
        else x - np.log(reference / (1 - reference))
    )
    return int(np.count_nonzero(np.diff(pull > float(beta) * force)))


# -- folds ----------------------------------------------------------------------------------


def test_the_fold_of_large_groups_at_one_half_to_thirty_digits() -> None:
    t = findroot(lambda t: t - cosh(t) / sinh(t), 1.2)
    assert abs(t - mpf("1.19967864025773")) < mpf("1e-14")
    (fold,) = folds(curve(oo), {P0: HALF}, digits=30)
    assert abs(fold.beta - sinh(t)) < mpf("1e-29")
    assert abs(fold.policy - 1 / (1 + mp.exp(-2 * t))) < mpf("1e-30")
    assert fold.beta_radius < mpf("1e-30")
    assert fold.turn is Turn.APPEAR


def test_digits_are_as_many_as_asked_for() -> None:
    with mp.workdps(130):
        t = findroot(lambda t: t - cosh(t) / sinh(t), 1.2)
        (fold,) = folds(curve(oo), {P0: HALF}, digits=100)
        assert abs(fold.beta - sinh(t)) <= fold.beta_radius + mpf("1e-120")
        assert fold.beta_radius < mpf("1e-99")


CASES = [
    (oo, HALF, (1, 0), 1),
    (oo, Rational(1, 10**9), (1, 0), 1),
    (oo, 1 - Rational(1, 10**9), (1, 0), 1),
    (16, Rational(1, 1000), (1, 0), 2),
    (5, Rational(1, 10**9), (1, 0), 2),
    (12, Rational(1, 100), (1, 0), 2),
    (8, Rational(1, 50), (1, 0), 0),
    (16, Rational(1, 1000), NOISY, 2),
    (oo, Rational(1, 1000), NOISY, 2),
]


@pytest.mark.parametrize(("size", "p0", "success", "number_of_folds"), CASES)
def test_a_fold_is_a_double_zero_and_changes_the_count_by_two(
    size, p0, success, number_of_folds
) -> None:
    given = None if success == (1, 0) else success
    found = folds(curve(size, success=given), {P0: p0}, digits=25)
    assert len(found) == number_of_folds
    for fold in found:
        balance = direct(size, p0, fold.beta, success)
        scale = drift(size, fold.policy)
        assert abs(balance(fold.policy)) < scale * mpf("1e-22")
        steep = fold.policy * (1 - fold.policy)
        step = steep * mpf("1e-15")
        slope = (balance(fold.policy + step) - balance(fold.policy - step)) / (2 * step)
        assert abs(slope) * steep < scale * mpf("1e-20")
    for low, high, count in found.intervals:
        middle = (low + high) / 2 if high < inf else 2 * low + 1
        near = [middle]
        if high < inf:
            near.append(high - (high - low) / 50)
        if low > 0:
            near.append(low + (min(high, 2 * low) - low) / 50)
        for beta in near:
            assert zeros(size, p0, beta, success) == count
            assert found.count(Rational(mp.nstr(beta, 20))) == count


def test_sixteen_answers_have_three_solutions_between_the_folds() -> None:
    found = folds(curve(16), {P0: Rational(1, 1000)})
    assert [fold.turn for fold in found] == [Turn.APPEAR, Turn.VANISH]
    assert [count for *_, count in found.intervals] == [1, 3, 1]
    low, high = found.critical
    assert found.count("0.3") == 3
    assert low < mpf("0.3") < high
    assert zeros(16, 0.001, mpf("0.3")) == 3


@pytest.mark.parametrize(
    ("size", "penalty"),
    [(2, DirectKL()), (3, DirectKL()), (2, ReverseKL()), (16, ReverseKL()), (oo, ReverseKL())],
)
def test_no_folds(size, penalty) -> None:
    found = folds(curve(size, penalty), {P0: Rational(1, 100)})
    assert len(found) == 0
    assert found.critical == ()
    assert [count for *_, count in found.intervals] == [1]
    assert found.count(Rational(1, 100)) == found.count(100) == 1


def test_chi_squared_holds_the_end_with_a_bounded_force() -> None:
    """Large groups: W = 1/(4 (p − ½) sqrt(p(1−p))) at p0 = ½, least where both factors balance."""
    (fold,) = folds(curve(oo, Divergence.chi_squared()), {P0: HALF})
    assert abs(fold.beta - 2) < mpf("1e-29")
    assert abs(fold.policy - (1 + 1 / sqrt(2)) / 2) < mpf("1e-29")
    found = folds(curve(16, Divergence.chi_squared()), {P0: HALF})
    assert found.limit == sympy_sqrt(15) / 2
    assert [count for *_, count in found.intervals] == [0, 2, 1]
    for beta, count in (("1.7", 0), ("1.8", 2), ("1.93", 2), ("1.95", 1)):
        assert found.count(beta) == count
        assert zeros(16, HALF, mpf(beta), bounded=True) == count
    # At the limit itself the larger solution has reached p = 1, which is not interior.
    assert found.count(sympy_sqrt(15) / 2) == 1


def test_the_group_size_may_be_a_symbol_of_the_curve() -> None:
    given = folds(curve(symbols.G), {P0: Rational(1, 1000), symbols.G: 16})
    assert given == folds(curve(16), {P0: Rational(1, 1000)})


def test_a_weight_at_the_fold_is_not_counted() -> None:
    found = folds(curve(oo), {P0: HALF}, digits=20)
    with pytest.raises(ValueError, match=r"within .* of the critical weight"):
        found.count(Rational(*to_rational(found.found[0].beta._mpf_)))
    with pytest.raises(ValueError, match="must be a positive number"):
        found.count(0)


@pytest.mark.parametrize(
    ("given", "point", "sentence"),
    [
        (curve(oo), {}, "need a number for pi_ref"),
        (curve(oo), {P0: 2}, r"must be a rational number in \(0, 1\)"),
        (curve(symbols.G), {P0: HALF}, "G has none"),
        (curve(8, advantage=ShiftOnly()), {P0: HALF}, "gap has none"),
        (curve(8, Estimator("k1", "loss")), {P0: HALF}, "not shown to increase"),
        (curve(8, success=symbols.success), {P0: HALF}, "success rates"),
    ],
)
def test_what_is_out_of_reach_is_said(given, point, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        folds(given, point)


@pytest.mark.parametrize(("size", "p0"), [(200, Rational(1, 1000)), (oo, Rational(1, 50))])
def test_large_degrees_and_drifts_that_are_no_roots(size, p0) -> None:
    """Counts on both sides of each fold, by scanning F; ε = 1/10 in units of the gap at G = ∞."""
    rule = {} if size == 200 else {"advantage": ShiftAndScale(epsilon=Rational(1, 10))}
    point = {P0: p0} if size == 200 else {P0: p0, symbols.gap: 1}
    found = folds(curve(size, **rule), point, digits=20)
    assert len(found) == 2
    x = np.linspace(-40, 400, 220_001)
    p, q = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    if size == 200:
        # The terms of k and G − k are alike: powers of the smaller share over the larger one.
        ways = [math.comb(size, k) * math.sqrt(k * (size - k)) / size for k in range(1, size)]
        larger = np.maximum(p, q)
        pull = np.polynomial.polynomial.polyval(np.minimum(p, q) / larger, ways)
        pull *= larger ** (size - 2)
    else:
        pull = 1 / (np.sqrt(p * q) + 0.1)
    force = x - float(logit(number(p0)))
    for low, high, count in found.intervals:
        middle = float((low + high) / 2) if high < inf else float(2 * low + 1)
        assert int(np.count_nonzero(np.diff(pull > middle * force))) == count


# -- the fold curve ---------------------------------------------------------------------------


def test_the_fold_curve_of_large_groups_is_hyperbolic() -> None:
    t = Symbol("t", positive=True)
    found = fold_curve(curve(oo))
    beta, log_odds = found.hyperbolic(t)
    assert beta == sympy_sinh(t)
    plain = Symbol("t")
    assert found.hyperbolic(plain) == (beta.subs(t, plain), log_odds.subs(t, plain))
    boundary = found.boundary()
    for value in ("0.3", "1.2", "4"):
        at = mpf(value)
        assert abs(mpf(str(log_odds.subs(t, value).evalf(50))) / 2 - at + 1 / mp.tanh(at)) < 1e-13
        # V&Y, Appendix B.2: the least value of h(x) is 0 on the curve.
        x = (1 + sqrt(1 - 1 / (1 + at**2))) / 2
        least = 1 / (at * sqrt(x * (1 - x))) - logit(x)
        here = mpf(str(boundary.subs(symbols.beta, Rational(value)).evalf(50)))
        assert abs(least + here) < mpf("1e-45")
        assert abs(here - 2 * asinh(at) + 2 * sqrt(1 + at**2) / at) < mpf("1e-45")


@pytest.mark.parametrize(("size", "p0"), [(oo, HALF), (5, Rational(1, 10**9)), (6, "1/1000000")])
def test_the_curve_passes_through_the_folds(size, p0) -> None:
    p0 = Rational(p0)
    given = curve(size)
    closed, found = fold_curve(given), folds(given, {P0: p0}, digits=40)
    assert len(found) > 0
    for fold in found:
        at = {symbols.pi: Rational(mp.nstr(fold.policy, 55))}
        values = [mpf(str(e.subs(at).evalf(45))) for e in (closed.beta, closed.reference)]
        assert abs(values[0] - fold.beta) < mpf("1e-37")
        assert abs(values[1] / number(p0) - 1) < mpf("1e-35")


def test_a_linear_reference_is_solved_for() -> None:
    """Reverse KL: β(p − p0) = h and β = h′; the formula is right and its p0 is negative."""
    found = fold_curve(curve(oo, ReverseKL()))
    at = {symbols.pi: Rational(1, 5)}
    deviation = lambda p: sqrt(p * (1 - p))  # noqa: E731
    slope = diff(deviation, mpf(1) / 5)
    assert abs(mpf(str(found.beta.subs(at).evalf(30))) - slope) < mpf("1e-20")
    reference = mpf(1) / 5 - deviation(mpf(1) / 5) / slope
    assert abs(mpf(str(found.reference.subs(at).evalf(30))) - reference) < mpf("1e-20")
    assert reference < 0
    assert found.hyperbolic() is None


# -- cusps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 5, 6, 16, 40])
def test_a_cusp_is_a_triple_zero(size) -> None:
    found = cusp(curve(size), digits=30)
    reference = Rational(mp.nstr(found.reference, 55))
    balance = direct(size, reference, found.beta)
    scaled = lambda x: balance(1 / (1 + mp.exp(-x)))  # noqa: E731
    at = logit(found.policy)
    assert abs(scaled(at)) < mpf("1e-25")
    with mp.workdps(80):
        assert abs(diff(scaled, at, 1)) < mpf("1e-25")
        assert abs(diff(scaled, at, 2)) < mpf("1e-25")
        assert abs(diff(scaled, at, 3)) > mpf("1e-3")


def test_the_cusps_of_four_and_five_are_exact() -> None:
    place = (1 + 1 / sympy_sqrt(3)) / 2
    four, five = (cusp(curve(size)).exact or () for size in (4, 5))
    assert (four[0] - place).expand() == 0
    assert (four[1] - (2 - sympy_sqrt(3)) / 6).expand() == 0
    assert (five[0] - place).expand() == 0
    assert (five[1] - (sympy_sqrt(3) - sympy_sqrt(2)) / 3).expand() == 0


def test_no_cusp() -> None:
    assert cusp(curve(2)) is None
    assert cusp(curve(3)) is None
    assert cusp(curve(oo)) is None
    with pytest.raises(ValueError, match="not an additive constant"):
        cusp(curve(8, ReverseKL()))


# -- Maxwell points ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [16, oo])
def test_equal_areas(size) -> None:
    """The integral of F between the two attracting policies vanishes, by quadrature."""
    p0 = Rational(1, 1000) if size == 16 else HALF
    found = maxwell(curve(size), {P0: p0}, digits=25)
    balance = direct(size, p0, found.beta)
    smaller, larger = found.policies
    assert abs(balance(smaller)) < mpf("1e-20")
    if larger == 1:  # in the angle whose squared cosine is p, F dp is bounded

        def area(angle):
            odds = 2 * log(cos(angle) / sin(angle)) - logit(number(p0))
            return 2 - found.beta * odds * 2 * sin(angle) * cos(angle)

        with mp.workdps(40):
            total = quad(area, [0, acos(sqrt(smaller))])
    else:
        assert abs(balance(larger)) < mpf("1e-20")
        with mp.workdps(30):
            total = quad(balance, mp.linspace(smaller, larger, 4))
    assert abs(total) < mpf("1e-20")
    low, high = (folds(curve(size), {P0: p0}).intervals[1])[:2]
    assert low < found.beta < high


def test_the_larger_policy_wins_below_the_maxwell_point() -> None:
    found = maxwell(curve(oo), {P0: HALF}, digits=12)
    for factor, wins in ((mpf("0.99"), True), (mpf("1.01"), False)):
        beta = found.beta * factor
        near = found.policies[0]
        p = findroot(direct(oo, HALF, beta), (near - 0.02, near + 0.02), solver="anderson")
        divergence = p * log(2 * p) + (1 - p) * log(2 * (1 - p))
        gain = mp.pi - 2 * mp.asin(sqrt(p)) - beta * (log(2) - divergence)
        assert (gain > 0) == wins


def test_a_bounded_force_and_noisy_rewards_have_maxwell_points() -> None:
    found = maxwell(curve(16, Divergence.chi_squared()), {P0: HALF}, digits=15)
    balance = chi_squared(16, HALF, found.beta)
    assert found.policies[1] == 1
    assert abs(balance(found.policies[0])) < mpf("1e-13")
    with mp.workdps(25):
        assert abs(quad(balance, [found.policies[0], 1])) < mpf("1e-13")
    found = maxwell(curve(oo, success=NOISY), {P0: Rational(1, 1000)}, digits=15)
    balance = direct(oo, Rational(1, 1000), found.beta, NOISY)
    with mp.workdps(25):
        assert abs(quad(balance, mp.linspace(*found.policies, 4))) < mpf("1e-13")


def test_no_maxwell_point_without_folds() -> None:
    assert maxwell(curve(16, ReverseKL()), {P0: HALF}) is None
