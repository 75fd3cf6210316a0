"""The proved number of stationary policies, against an independent interval subdivision."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import Expr, Rational, oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.policy.solve_two_answers import places_of_two
from grpo_symbolic.solve.scalar import ScalarField

from .oracles.subdivision import PENALTIES, Setting, count_zeros

CHOSEN: dict[str, gs.Penalty] = {
    "reverse": gs.ReverseKL(),
    "direct": gs.DirectKL(),
    "chi-squared": gs.Divergence.chi_squared(),
    "hellinger": gs.Divergence.hellinger(),
    "jensen-shannon": gs.Divergence.jensen_shannon(),
}
CERTAIN = (Fraction(1), Fraction(0))


@cache
def condition(size: float, penalty: str, noisy: bool) -> gs.StationarityCondition:
    question = gs.BinaryQuestion(success=symbols.success) if noisy else gs.BinaryQuestion()
    group = oo if size == math.inf else int(size)
    return gs.stationarity_condition(gs.GRPO(group, CHOSEN[penalty]), question)


def exact(value: Fraction) -> Expr:
    return Rational(value.numerator, value.denominator)


def isolation(setting: Setting) -> Any:
    point = {symbols.beta: exact(setting.beta), symbols.pi_ref: exact(setting.reference)}
    noisy = setting.success != CERTAIN
    if noisy:
        point |= dict(zip(symbols.success, map(exact, setting.success), strict=True))
    else:
        point[symbols.gap] = Rational(1)
    with mp.workdps(45):
        field = ScalarField(condition(setting.size, setting.penalty, noisy), point)
        return field.isolated()


def agrees(setting: Setting) -> int:
    found = isolation(setting)
    assert found.complete, (setting, found.reason)
    assert len(found.zeros) == count_zeros(setting), setting
    return len(found.zeros)


def random_settings(count: int, seed: int) -> list[Setting]:
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        weight = math.exp(draw.uniform(math.log(0.01), math.log(30)))
        noise = [(Fraction(9, 10), Fraction(1, 5)), (Fraction(1), Fraction(1, 10))]
        # Groups of every size of deterministic rewards, a few of a noisy verifier.
        noisy = draw.random() < 0.3
        sizes = [4, 12, math.inf] if noisy else [2, 3, 5, 8, 16, 64, math.inf, math.inf]
        found.append(
            Setting(
                draw.choice(sizes),
                draw.choice(PENALTIES),
                Fraction(round(10**6 * weight), 10**6),
                Fraction(draw.randint(1, 99), draw.choice((100, 100, 9999))),
                draw.choice(noise) if noisy else CERTAIN,
            )
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_number_is_that_of_an_independent_subdivision(seed: int) -> None:
    for setting in random_settings(50, seed):
        agrees(setting)


@pytest.mark.parametrize("penalty", ["direct", "jensen-shannon"])
def test_both_sides_of_a_fold_in_a_large_group(penalty: str) -> None:
    """The weight at which two solutions appear, bracketed by the oracle's own counts."""
    reference = Fraction(3, 10)
    low, high = Fraction(1, 100), Fraction(100)
    for _ in range(16):
        middle = (low + high) / 2
        many = count_zeros(Setting(math.inf, penalty, middle, reference))
        low, high = (low, middle) if many else (middle, high)
    counts = [agrees(Setting(math.inf, penalty, b, reference)) for b in (low, high)]
    assert counts == [0, 2]


def fold() -> tuple[mpf, mpf]:
    """β = sinh t and π(a) = 1/(1 + e^(−2t)) with t = coth t, for π_ref(a) = 1/2."""
    t = mp.findroot(lambda t: t - mp.coth(t), mpf("1.2"))
    return mp.sinh(t), 1 / (1 + mp.exp(-2 * t))


def direct(size: Any, weight: Any, reference: Any = "1/2") -> Any:
    return policy(size).solutions(beta=weight, pi_ref=reference)


@cache
def policy(size: Any) -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(size, gs.DirectKL()), gs.BinaryQuestion())


@pytest.mark.parametrize("distance", ["1e-12", "1e-30", "1e-45"])
def test_just_beside_a_fold(distance: str) -> None:
    with mp.workdps(90):
        weight, place = fold()
        for side, count in ((1, 2), (-1, 0)):
            value = Rational(mp.nstr(weight * (1 + side * mpf(distance)), 80))
            found = direct(oo, value)
            assert "number established" in found.status
            assert len(found) == count
            assert [str(s.stability) for s in found] == ["attracting", "repelling"][:count]
            for solution in found:
                assert abs(solution.policy[0] - place) < mp.sqrt(mpf(distance))


def test_at_a_fold_the_number_is_not_claimed() -> None:
    """Within the rounding of β the two solutions cannot be told from one or none."""
    with mp.workdps(120):
        weight, place = fold()
        found = direct(oo, Rational(mp.nstr(weight, 100)))
        assert "number not established" in found.status
        assert "closer than 1e-30" in found.status
        (solution,) = found
        assert str(solution.stability) == "degenerate"
        assert abs(solution.policy[0] - place) < mpf("1e-25")


@pytest.mark.parametrize(
    ("size", "weight", "reference", "expected"),
    [
        (oo, 2, "1/2", ["0.764727568827", "0.985986199795"]),
        (256, 2, "1/2", ["0.763889069533", "0.989186660800", "0.999562219653"]),
    ],
)
def test_known_solutions(size: Any, weight: Any, reference: Any, expected: list[str]) -> None:
    found = direct(size, weight, reference)
    assert "number established" in found.status
    assert [mp.nstr(s.policy[0], 12, strip_zeros=False) for s in found] == expected
    kinds = ["attracting", "repelling", "attracting"][: len(expected)]
    assert [str(s.stability) for s in found] == kinds


def test_three_solutions_of_sixteen() -> None:
    """In the cusp of the fold curve, which the oracle's counts find by scanning."""
    setting = Setting(16, "direct", Fraction(2, 5), Fraction(1, 1000))
    weights = [Fraction(k, 100) for k in range(20, 80, 2)]
    found = [
        replace(setting, beta=b, reference=Fraction(1, 10**e)) for b in weights for e in (2, 3, 4)
    ]
    three = [s for s in found if count_zeros(s) == 3]
    assert three
    for case in three[:3]:
        assert agrees(case) == 3


def test_mixed_pairs_have_three_solutions() -> None:
    """Groups of two with unlike rewards: β (q − q0)/(…) as a cubic, solved by itself.

    A mixed pair has one of each answer: P(a) − P(b) = 1/(2 p q), and both answers
    are penalised equally often, d(a)/(2p) − d(b)/(2q), d the marginal of the reverse KL.
    """
    chosen = gs.stationary_policy(gs.GRPO(2, mixed_only=True), gs.BinaryQuestion())
    found = chosen.solutions(beta="8/7", pi_ref="1/1000")
    assert "number established" in found.status
    with mp.workdps(40):
        b, r = mpf(8) / 7, mpf(1) / 1000
        # 1/(2pq) = b ((1 - r/p)/(2p) - (1 - (1 - r)/q)/(2q)), times 2 p² q².
        p = [mpf(1), mpf(0)]
        q = [mpf(-1), mpf(1)]
        cubic = _sum(
            _product(p, q),
            _scaled(-b, _product(_product(q, q), [mpf(1), -r])),
            _scaled(b, _product(_product(p, p), _sum(q, [-(1 - r)]))),
        )
        zeros = sorted(
            mp.re(z)
            for z in mp.polyroots(cubic, maxsteps=200, extraprec=200)
            if abs(mp.im(z)) < mpf("1e-25") and 0 < mp.re(z) < 1
        )
        assert len(found) == len(zeros) == 3
        for solution, zero in zip(found, zeros, strict=True):
            assert abs(solution.policy[0] - zero) < mpf("1e-25")


def _product(first: list[mpf], second: list[mpf]) -> list[mpf]:
    total = [mpf(0)] * (len(first) + len(second) - 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            total[i + j] += a * b
    return total


def _scaled(factor: mpf, polynomial: list[mpf]) -> list[mpf]:
    return [factor * c for c in polynomial]


def _sum(*polynomials: list[mpf]) -> list[mpf]:
    """Coefficients from the highest power down."""
    n = max(map(len, polynomials))
    padded = [[mpf(0)] * (n - len(c)) + list(c) for c in polynomials]
    return [mp.fsum(column) for column in zip(*padded, strict=True)]


@pytest.mark.parametrize("weight", ["1e-12", "1e-40"])
def test_one_solution_far_out(weight: str) -> None:
    """Direct KL on a group of 16: D(1) = √15 and log-odds √15/β to leading order, proved alone."""
    with mp.workdps(80):
        (found,) = (s := direct(16, weight))
        assert "number established" in s.status
        distance = -mp.log(found.policy[1])
        assert abs(distance * mpf(weight) / mp.sqrt(15) - 1) < mpf("1e-30")


@pytest.mark.parametrize(("weight", "count"), [("499/1000", 0), ("1/2", 0), ("501/1000", 1)])
def test_a_solution_leaves_through_a_vertex(weight: str, count: int) -> None:
    """Pairs with χ² and π_ref = 1/2: 2 β (2p − 1) = 1, so p = 1 exactly at β = 1/2."""
    chi = gs.stationary_policy(gs.GRPO(2, gs.Divergence.chi_squared()), gs.BinaryQuestion())
    found = chi.solutions(beta=weight, pi_ref="1/2")
    assert f"{count} interior" in found.status
    assert "number established" in found.status


def test_leading_terms_that_cancel_exactly() -> None:
    """Hellinger at β √(1 − π_ref) = 2: drift and force are both 1/√q near p = 1, G = ∞."""
    field_ends = []
    for weight in (Fraction(399, 100), Fraction(4), Fraction(401, 100)):
        found = isolation(Setting(math.inf, "hellinger", weight, Fraction(3, 4)))
        assert found.complete
        field_ends.append((len(found.zeros), found.ends[1]))
    assert field_ends == [(0, 1), (0, 1), (1, -1)]


def test_a_penalty_that_turns() -> None:
    """k2 with the importance ratio, ½ log² u − log u: by scanning its F written by hand."""
    k2 = gs.Estimator("k2", "loss-with-ratio")
    chosen = gs.stationary_policy(gs.GRPO(2, k2), gs.BinaryQuestion())
    found = chosen.solutions(beta="1/2", pi_ref="1/3")
    assert "number established" in found.status

    def by_hand(x: mpf) -> mpf:
        u, v = (1 + mp.exp(-x)) / 3, (1 + mp.exp(x)) * 2 / 3  # π_ref/π of a and of b
        first, second = (mp.log(r) ** 2 / 2 - mp.log(r) for r in (u, v))
        return 1 - (first - second) / 2

    places = [mpf(k) / 50 for k in range(-1500, 1501)]
    signs = [mp.sign(by_hand(x)) for x in places]
    changes = [x for x, a, b in zip(places, signs, signs[1:], strict=False) if a != b]
    inside = [s for s in found if 0 not in s.policy]
    # The flow runs out at both ends, where the rare answer is driven away.
    assert (signs[0], signs[-1]) == (-1, 1)
    assert [s.policy for s in found if s not in inside] == [(0, 1), (1, 0)]
    for solution, x in zip(inside, changes, strict=True):
        odds = mp.log(solution.policy[0] / solution.policy[1])
        assert x <= odds <= x + mpf("0.02")


def test_a_root_lies_in_its_interval() -> None:
    """The zeros of 1/√(pq) − 2 x at π_ref = 1/2: 2 cosh(x/2) = 2 x."""
    with mp.workdps(45):
        found = isolation(Setting(math.inf, "direct", Fraction(2), Fraction(1, 2)))
        for root in found.zeros:
            exact_root = mp.findroot(lambda x: mp.cosh(x / 2) - x, root.place)
            low, high = root.interval
            assert low < exact_root < high
            assert high - low < mpf("1e-38")


def test_a_force_equal_to_the_drift_is_not_counted() -> None:
    """|log u| in the loss, pairs: F is 1 − 2β beyond the reference, identically 0 at β = 1/2."""
    flat = gs.Estimator("abs", "loss")
    chosen = gs.stationary_policy(gs.GRPO(2, flat), gs.BinaryQuestion())
    found = chosen.solutions(beta="1/2", pi_ref="1/3")
    assert "number not established" in found.status
    assert "not decided for pi(a) between 0.33333" in found.status


@pytest.mark.parametrize("size", [2, 5, 8])
@pytest.mark.parametrize("reference", [Rational(1, 1000), Rational(2, 3)], ids=str)
def test_where_one_polynomial_vanishes_drift_and_penalty_are_equal(
    size: int, reference: Expr
) -> None:
    point = {symbols.beta: Rational(3, 4), symbols.pi_ref: reference, symbols.gap: Rational(1)}
    with mp.workdps(45):
        field = ScalarField(condition(size, "reverse", False), point)
        found = field.isolated()
        (root,) = found.zeros
        assert abs(field(root.place)) < mpf("1e-38")
        assert found.ends == tuple(int(mp.sign(field(x))) for x in (mpf(-40), mpf(40)))


@pytest.mark.parametrize(
    ("penalty", "question", "weight"),
    [
        (gs.ReverseKL(), gs.BinaryQuestion(), "3/4"),
        (gs.ReverseKL(), gs.BinaryQuestion(margin=0), "3/4"),
        (gs.Divergence.hellinger(), gs.BinaryQuestion(), "1/10"),
    ],
    ids=["one", "at the reference", "at a vertex"],
)
def test_places_are_those_of_the_solutions(
    penalty: gs.Penalty, question: gs.BinaryQuestion, weight: str
) -> None:
    policy = gs.stationary_policy(gs.GRPO(2, penalty), question)
    found = policy.solutions(beta=weight, pi_ref="1/3")
    point = {symbols.beta: Rational(weight), symbols.pi_ref: Rational(1, 3)}
    places = places_of_two(policy.condition, {symbols.gap: Rational(1), **point}, 30)
    assert len(places) == len(found)
    with mp.workdps(30):
        for place, solution in zip(places, found, strict=True):
            assert abs(place - solution.policy[0]) < mpf("1e-15")


def test_where_every_policy_is_stationary_there_are_no_places() -> None:
    free = gs.GRPO(2, gs.Estimator("k1", "loss"))
    point = {symbols.beta: Rational(3, 4), symbols.pi_ref: Rational(1, 3)}
    assert places_of_two(
        gs.stationarity_condition(free, gs.BinaryQuestion(margin=0)), point, 30
    ) == ()  # fmt: skip
