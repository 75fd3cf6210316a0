"""Series of the stationary policy against equations written out here and solved to 80 digits."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import mpmath as mp
import pytest
from sympy import Expr, Integer, Rational, Symbol, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.analysis.laurent import expand_at, limit_at
from grpo_symbolic.analysis.series import exponential_law, group_size_terms, series
from grpo_symbolic.equation.balance import Balance

DIGITS = 60
P0, GAMMA, RATES = Rational(3, 10), Rational(7, 10), (Rational(9, 10), Rational(1, 5))
EPSILON = Rational(1, 4)


def curve(algorithm: gs.Algorithm, question: gs.BinaryQuestion | None = None) -> Balance:
    question = gs.BinaryQuestion() if question is None else question
    return Balance(gs.stationarity_condition(algorithm, question))


# -- the equation, from the definitions --------------------------------------------------


def drift(p, size, *, ddof=0, epsilon=0, scaled=True):
    """E[A(a)] − E[A(b)] over groups of 0/1 rewards, term by term."""
    if size == mp.inf:
        return 1 / (mp.sqrt(p * (1 - p)) + epsilon) if scaled else mp.mpf(1)
    odds, term, total = p / (1 - p), (1 - p) ** (size - 1), mp.mpf(0)
    for gap in gaps(size, ddof, epsilon, scaled, mp.mp.prec):
        total += gap * term
        term *= odds
    return total


@cache
def gaps(size, ddof, epsilon, scaled, _precision) -> list[mp.mpf]:
    """Ways to have k of the others better, times A(a) − A(b) in that case."""

    def advantage(reward, wins):
        mean = mp.mpf(wins) / size
        spread = mp.sqrt(size * mean * (1 - mean) / (size - ddof)) + epsilon
        if wins in (0, size):
            return mp.mpf(0)
        return (reward - mean) / (spread if scaled else 1)

    return [math.comb(size - 1, k) * (advantage(1, k + 1) - advantage(0, k)) for k in range(size)]


def reverse_kl(p, p0):
    return (1 - p0) / (1 - p) - p0 / p


def direct_kl(p, p0):
    return mp.log(p / p0) - mp.log((1 - p) / (1 - p0))


def chi_squared(p, p0):
    return p / p0 - (1 - p) / (1 - p0)


def hellinger(p, p0):
    return (mp.sqrt((1 - p0) / (1 - p)) - mp.sqrt(p0 / p)) / 2


FORCES = {
    "reverse": (gs.ReverseKL(), reverse_kl),
    "direct": (gs.DirectKL(), direct_kl),
    "chi": (gs.Divergence.chi_squared(), chi_squared),
    "hellinger": (gs.Divergence.hellinger(), hellinger),
}


def number(x: Expr) -> mp.mpf:
    return mp.mpf(x.p) / x.q


def between(function: Callable, low, high) -> mp.mpf:
    """The zero of a function that is positive at the left end, in log-odds; its sign changes."""
    with mp.workdps(2 * mp.mp.dps):
        low, high = (mp.log(p / (1 - p)) for p in (low, high))

        def moved(x):
            return function(1 / (1 + mp.exp(-x)))

        assert moved(low) > 0 > moved(high)
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (middle, high) if moved(middle) > 0 else (low, middle)
        tolerance = mp.mpf(10) ** (-2 * mp.mp.dps)
        x = mp.findroot(moved, (low, high), solver="anderson", tol=tolerance, verify=False)
        step = mp.mpf(10) ** (-3 * mp.mp.dps // 4)
        assert moved(x - step) > 0 > moved(x + step)
        return 1 / (1 + mp.exp(-x))


@dataclass
class Case:
    """One algorithm on one question, and its drift by hand."""

    algorithm: gs.GRPO
    drift: Callable
    force: Callable
    question: gs.BinaryQuestion | None = None

    def root(self, beta, low=None, high=None) -> mp.mpf:
        p0 = number(P0)
        if low is None:
            low, high = p0 * (1 + mp.mpf(10) ** -40), 1 - mp.mpf(10) ** -40
        return between(lambda p: self.drift(p) - beta * self.force(p, p0), low, high)


def case(size, penalty="reverse", question=None, advantage=None, by_hand=None, **options) -> Case:
    kind, force = FORCES[penalty]
    rule = gs.ShiftAndScale() if advantage is None else advantage
    n = mp.inf if size == oo else size
    by_hand = by_hand or (lambda p: drift(p, n, **options))
    return Case(gs.GRPO(size, kind, rule), by_hand, force, question)


def noisy_drift(size):
    def by_hand(p):
        a, b = (number(r) for r in RATES)
        return (a - b) * drift(b + (a - b) * p, size)

    return by_hand


NOISY = gs.BinaryQuestion(success=RATES)
WITH_EPSILON = {"advantage": gs.ShiftAndScale(epsilon=EPSILON), "epsilon": mp.mpf(1) / 4}
CASES = {
    "G=2": case(2),
    "G=3": case(3),
    "G=4": case(4),
    "G=8": case(8),
    "G=32": case(32),
    "G=oo": case(oo),
    "margin": case(2, question=gs.BinaryQuestion(margin=s.gamma), by_hand=lambda p: number(GAMMA)),
    "sample std": case(4, advantage=gs.ShiftAndScale(ddof=1), ddof=1),
    "shift only": case(4, advantage=gs.ShiftOnly(), scaled=False),
    "epsilon": case(3, **WITH_EPSILON),
    "noisy 3": case(3, question=NOISY, by_hand=noisy_drift(3)),
    "noisy oo": case(oo, question=NOISY, by_hand=noisy_drift(mp.inf)),
    "hellinger 3": case(3, "hellinger"),
    "direct 2": case(2, "direct"),
    "direct 4": case(4, "direct"),
    "direct oo": case(oo, "direct"),
    "chi 4": case(4, "chi"),
}
POINT = {s.pi_ref: P0, s.gamma: GAMMA, s.gap: Integer(1), s.base_reward: Integer(0)}


def value(expr: Expr, **extra) -> mp.mpf:
    point = {**POINT, **{getattr(s, name): v for name, v in extra.items()}}
    found = expr.xreplace(point).evalf(DIGITS)
    assert found.is_Float or found.is_Rational
    return mp.mpf(str(found))


def assert_order(errors: list[mp.mpf], steps: list[mp.mpf], least: float) -> None:
    """|error| behaves like step**power with a power of at least ``least``, and is not zero."""
    assert all(error != 0 for error in errors)
    for (e, h), (f, k) in zip(
        zip(errors, steps, strict=True), zip(errors[1:], steps[1:], strict=False), strict=False
    ):
        power = mp.log(abs(f / e)) / mp.log(k / h)
        assert power > least - 0.1, f"power {mp.nstr(power, 5)}, expected {least}"


SCALES = (Integer(10) ** -2, Integer(10) ** -4, Integer(10) ** -6)
BETA_DIRECTION = (
    "G=2", "G=3", "G=4", "G=8", "G=32", "G=oo", "margin", "sample std", "shift only",
    "epsilon", "noisy 3", "noisy oo", "hellinger 3",
)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_large_weights(name: str) -> None:
    """The error at 1/beta = 1e-2, 1e-4, 1e-6 falls like (1/beta)^(order + 1)."""
    one, order = CASES[name], 3
    found = series(curve(one.algorithm, one.question), "1/beta", order)
    with mp.workdps(DIGITS):
        errors = [
            one.root(1 / number(h), number(P0) + mp.mpf(10) ** -40, number(P0) + 60 * number(h))
            - value(found, beta=1 / h)
            for h in SCALES
        ]
        assert_order(errors, [number(h) for h in SCALES], order + 1)


@pytest.mark.parametrize("name", BETA_DIRECTION)
def test_small_weights(name: str) -> None:
    one, order = CASES[name], 3
    found = series(curve(one.algorithm, one.question), s.beta, order)
    with mp.workdps(DIGITS):
        errors = [
            one.root(number(h), mp.mpf(1) / 2, 1 - mp.mpf(10) ** -60) - value(found, beta=h)
            for h in SCALES
        ]
        assert_order(errors, [number(h) for h in SCALES], order + 1)


@pytest.mark.parametrize(
    "name", ["G=2", "sample std", "shift only", "noisy 3", "direct 4", "chi 4"]
)
def test_large_groups(name: str) -> None:
    """Against the sum over all counts, for G = 25, 100, 400."""
    one, order, beta = CASES[name], 3, Rational(3)
    by_hand = {
        "sample std": lambda n: lambda p: drift(p, n, ddof=1),
        "shift only": lambda n: lambda p: drift(p, n, scaled=False),
        "noisy 3": noisy_drift,
    }.get(name, lambda n: lambda p: drift(p, n))
    size = curve(one.algorithm, one.question)
    found = series(size, "1/G", order)
    sizes = (25, 100, 400)
    limit = Case(one.algorithm, by_hand(mp.inf), one.force, one.question)
    low, high = number(P0) + mp.mpf(10) ** -9, mp.mpf(9) / 10
    with mp.workdps(40):
        at = limit.root(number(beta), low, high)
        errors = []
        for n in sizes:
            exact = Case(one.algorithm, by_hand(n), one.force).root(number(beta), low, high)
            known = found.xreplace({s.pi: Rational(mp.nstr(at, 38))})
            errors.append(exact - value(known, beta=beta, G=Integer(n)))
        assert_order(errors, [mp.mpf(1) / n for n in sizes], order + 1 - 0.4)


def test_published_shapes() -> None:
    """Coefficients known in closed form: the expansion of (14) and (15)."""
    pairs = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion(margin=s.gamma))
    e = Symbol("e", positive=True)
    at = {s.beta: 1 / e}
    taylor = pairs.expression.subs(at).series(e, 0, 4).removeO()
    found = series(Balance(pairs.condition), 1 / s.beta, 3).subs(at)
    assert (found - taylor).expand().together().expand() == 0
    groups = series(curve(gs.GRPO(oo)), s.beta, 2)
    assert (groups - (1 - s.beta**2 * (1 - s.pi_ref) ** 2)).expand() == 0


def test_first_correction_in_the_group_size() -> None:
    (first,) = group_size_terms(curve(gs.GRPO(8)), 1)
    x = s.pi * (1 - s.pi)
    expected = -(1 / (8 * sqrt(x))) / (s.beta - (1 - 2 * s.pi) / (2 * sqrt(x)))
    for p in (Rational(1, 5), Rational(7, 10)):
        point = {s.pi: p, s.beta: Rational(5, 2)}
        assert abs((first - expected).subs(point).evalf(50)) < Rational(1, 10**45)


def test_every_group_size_at_once() -> None:
    """A symbolic G gives the coefficients of every G."""
    for variable in ("beta", "1/beta"):
        general = series(curve(gs.GRPO(s.G)), variable, 3)
        for size in (2, 3, 5):
            special = series(curve(gs.GRPO(size)), variable, 3)
            point = {s.beta: Rational(1, 3), s.pi_ref: P0}
            gap = general.subs(s.G, size).doit() - special
            assert abs(gap.subs(point).evalf(40)) < Rational(1, 10**35)


def test_exponentially_small_losses_have_no_power_series() -> None:
    direct = curve(gs.GRPO(4, gs.DirectKL()))
    with pytest.raises(ValueError, match="smaller than every power of beta"):
        series(direct, s.beta, 2)
    law = exponential_law(direct)
    assert law is not None
    one = CASES["direct 4"]
    with mp.workdps(DIGITS):
        for beta in (Rational(1, 10), Rational(1, 20), Rational(1, 40)):
            wrong = 1 - one.root(number(beta), mp.mpf(1) / 2, 1 - mp.mpf(10) ** -50)
            # The law is exact up to exponentially small terms.
            assert abs(wrong / value(law, beta=beta) - 1) < mp.exp(-1 / number(beta))


def test_what_has_no_series_says_why() -> None:
    for algorithm, match in (
        (gs.GRPO(oo, gs.DirectKL()), "no series"),
        (gs.GRPO(4, gs.Divergence.chi_squared()), "the weight tends to"),
    ):
        with pytest.raises(ValueError, match=match):
            series(curve(algorithm), "beta", 2)
    with pytest.raises(ValueError, match="sum over the group is not zero"):
        series(curve(gs.GRPO(4, advantage=gs.LeaveOneOut(scaled=True))), "1/G", 1)
    with pytest.raises(ValueError, match="not on theta"):
        series(curve(gs.GRPO(2)), Symbol("theta"), 1)
    with pytest.raises(ValueError, match="give '1/G'"):
        series(curve(gs.GRPO(2)), "G", 1)
    with pytest.raises(ValueError, match="order must be"):
        series(curve(gs.GRPO(2)), "beta", -1)
    with pytest.raises(ValueError, match="the weight is the number 1/2"):
        series(curve(gs.GRPO(2, beta="0.5")), "beta", 1)


def test_order_zero_is_the_limit() -> None:
    two = curve(gs.GRPO(2))
    assert series(two, "1/beta", 0) == s.pi_ref
    assert series(two, "beta", 0) == 1


def test_laurent_arithmetic() -> None:
    x = Symbol("x", positive=True)
    small = gs.Domain.of((x, Integer(0), Integer(1)))
    # sqrt(1 - x)/x at 0, by the binomial theorem.
    found = expand_at(sqrt(1 - x) / x, x, 4, gs.Domain())
    assert found.valuation == -1
    assert found.coefficients == (1, -Rational(1, 2), -Rational(1, 8), -Rational(1, 16))
    # Leading terms that cancel.
    assert expand_at(sqrt(1 + x) - 1 - x / 2, x, 1, gs.Domain()).coefficients == (-Rational(1, 8),)
    assert limit_at((1 - x) / sqrt(x), x, Integer(0), small) == oo
    assert limit_at(sqrt(x) * (1 + x), x, Integer(0), small) == 0
    with pytest.raises(ValueError, match="vanish identically"):
        expand_at((1 + x) ** 2 - 1 - 2 * x - x**2, x, 2, gs.Domain())
