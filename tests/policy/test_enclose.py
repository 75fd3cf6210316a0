"""Enclosures contain the solutions: bisection here, signs at the ends, known numbers of them."""

import warnings
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Rational, oo

import grpo_symbolic as gs
from grpo_symbolic.policy.enclosure import Enclosure

PAIR = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
DIRECT = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion())
SIXTEEN = gs.stationary_policy(gs.GRPO(16, gs.DirectKL()), gs.BinaryQuestion())
FOUR = gs.stationary_policy(gs.GRPO(4), gs.BinaryQuestion())


def ball_of(value: mpf) -> arb:
    """The number and its neighbourhood of 10^-180."""
    return arb(mp.nstr(value, 190)) + arb(0, "1e-180")


def bisected(excess, low: mpf, high: mpf) -> mpf:
    """Where a falling function vanishes."""
    for _ in range(700):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def four_drift(p: mpf) -> mpf:
    """Expected standard deviation of the rewards of four draws, times what β multiplies."""
    counts = [mp.binomial(4, k) * p**k * (1 - p) ** (4 - k) for k in range(5)]
    return mp.fsum(c * mp.sqrt(mpf(k) / 4 * (1 - mpf(k) / 4)) for k, c in enumerate(counts))


@pytest.mark.parametrize("reference", ["1/4", "1e-30", "0.999999999999999999999"])
def test_two_answers_against_a_bisection(reference: str) -> None:
    with mp.workdps(220), ctx.workprec(800):
        start = mpf(Fraction(reference).numerator) / Fraction(reference).denominator
        (found,) = FOUR.enclose(beta="7/10", pi_ref=reference).policies
        expected = bisected(lambda p: four_drift(p) - mpf("0.7") * (p - start), start, mpf(1))
        assert found[0].overlaps(ball_of(expected))
        assert found[1].overlaps(ball_of(1 - expected))
        for ball in found:
            assert ball.rad() < abs(ball.mid()) * arb("1e-50")


def test_the_condition_changes_sign_across_each_ball() -> None:
    """G = ∞, direct KL: log-odds less their reference's against 1/(β √(p q))."""
    found = DIRECT.enclose(beta=2, pi_ref="1/2")
    with ctx.workprec(1200):
        for ball, other in found.policies:
            signs = []
            for end in (ball.lower(), ball.upper()):
                p, q = arb(end.mid()), 1 - arb(end.mid())
                value = 1 / (2 * (p * q).sqrt()) - (p / q).log()
                assert value > 0 or value < 0
                signs.append(bool(value > 0))
            assert signs[0] != signs[1]
            assert (ball + other - 1).contains(0)


@pytest.mark.parametrize(("beta", "count"), [("2", 2), ("3/2", 0)])
def test_number_of_large_group_policies(beta: str, count: int) -> None:
    found = DIRECT.enclose(beta=beta, pi_ref="1/2")
    assert (found.count, found.complete) == (count, True)
    assert [str(s) for s in found.stability] == ["attracting", "repelling"][:count]


@pytest.mark.parametrize(
    ("beta", "count"),
    [("0.268", 1), ("0.268277522", 1), ("0.268277524", 3), ("0.335430635", 3), ("0.335430637", 1)],
)
def test_groups_of_sixteen_between_their_folds(beta: str, count: int) -> None:
    found = SIXTEEN.enclose(beta=beta, pi_ref="1/1000")
    assert (found.count, found.complete) == (count, True)
    places = [p for p, _ in found.policies]
    assert all(not a.overlaps(b) for a, b in pairwise(places))


def test_floats_are_read_as_decimals_and_fractions_exactly() -> None:
    """0.1 is 1/10; Fraction(0.1) and its Rational are the binary number."""
    decimal = PAIR.enclose(beta=0.1, pi_ref="1/3").policies[0][0]
    same = PAIR.enclose(beta="1/10", pi_ref="1/3").policies[0][0]
    binary = PAIR.enclose(beta=Fraction(0.1), pi_ref=Fraction(1, 3)).policies[0][0]
    exact = PAIR.enclose(beta=Rational(Fraction(0.1)), pi_ref=Rational(1, 3)).policies[0][0]
    assert decimal.overlaps(same)
    assert binary.overlaps(exact)
    assert not decimal.overlaps(binary)


def test_a_closed_form_lies_inside() -> None:
    """β = 1: π(a) = √π_ref."""
    found = PAIR.enclose(beta=1, pi_ref="2/7", digits=120)
    with ctx.workprec(800):
        assert found.policies[0][0].overlaps((arb(2) / 7).sqrt())
    assert found.policies[0][0].rad() < arb("1e-120")
    shown = mp.nstr(mp.sqrt(mpf(2) / 7), 10)
    assert found.decimals(10)[0][0] == shown
    assert shown in repr(found)
    assert "±" in repr(found)
    assert float(found) == pytest.approx((2 / 7) ** 0.5, abs=1e-16)
    with pytest.raises(ValueError, match="one stationary policy"):
        float(DIRECT.enclose(beta=2, pi_ref="1/2"))


def test_edges_are_exact() -> None:
    """A reference that never gives an answer, and a margin of 0."""
    edge = PAIR.enclose(beta="1/2", pi_ref=0)
    assert [p.is_exact() for p, _ in edge.policies] == [True, False]
    assert edge.policies[1][0].overlaps(arb("0.5"))
    level = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion(margin=gs.symbols.gamma))
    ((p, q),) = level.enclose(beta=1, pi_ref="1/4", gamma=0).policies
    assert p.is_exact()
    assert p == arb("0.25")
    assert q == arb("0.75")


# -- many answers ----------------------------------------------------------------------------


def simplex(size: object, penalty: object, rewards: tuple = (3, 1, 0)) -> gs.SimplexPolicy:
    return gs.stationary_policy(gs.GRPO(size, penalty), gs.Question(rewards=rewards))


def test_three_answers_in_closed_form() -> None:
    """β = 1: cumulative masses are square roots."""
    found = simplex(2, gs.ReverseKL()).enclose(beta=1, pi_ref=("1/5", "3/10", "1/2"))
    assert (found.count, found.complete) == (1, True)
    with ctx.workprec(800):
        upto = [(arb(1) / 5).sqrt(), (arb(1) / 2).sqrt(), arb(1)]
        expected = [upto[0], upto[1] - upto[0], upto[2] - upto[1]]
        for ball, value in zip(found.policies[0], expected, strict=True):
            assert ball.overlaps(value)
            assert ball.rad() < abs(ball.mid()) * arb("1e-50")


def test_rare_answers_keep_relative_digits() -> None:
    """Three answers at 10^-60: the ball is small beside the probability itself."""
    tiny = Rational(1, 10**60)
    found = simplex(2, gs.DirectKL()).enclose(
        beta=2, pi_ref=(tiny, Rational(1, 2), Rational(1, 2) - tiny), digits=30
    )
    ball = found.policies[0][0]
    assert ball.rad() < ball * arb("1e-30")
    # π(1) ∝ π_ref(1) exp(P(1)/β), P(1) ≃ 1, P(2) ≃ π(3), P(3) ≃ −π(2).
    with mp.workdps(40):
        second = bisected(lambda p: mpf(1) / 2 - mp.log(p / (1 - p)), mpf("1e-9"), 1 - mpf("1e-9"))
        expected = 2 * mpf(10) ** -60 * second * mp.exp((1 - (1 - second)) / 2)
        assert float(ball.mid()) == pytest.approx(float(expected), rel=1e-14)


def test_both_tilted_policies_are_enclosed() -> None:
    """π ∝ π_ref e^(t r) with t σ(t) = 1/β has two solutions at β = 3."""
    found = simplex(oo, gs.DirectKL()).enclose(beta=3, pi_ref=("1/5", "3/10", "1/2"))
    assert (found.count, found.complete) == (2, True)
    rewards, reference = (3, 1, 0), [mpf(1) / 5, mpf(3) / 10, mpf(1) / 2]

    with mp.workdps(220), ctx.workprec(800):
        reference = [mpf(1) / 5, mpf(3) / 10, mpf(1) / 2]

        def tilted(t: mpf) -> list[mpf]:
            raw = [r * mp.exp(t * s) for r, s in zip(reference, rewards, strict=True)]
            return [x / mp.fsum(raw) for x in raw]

        def excess(t: mpf) -> mpf:
            pi = tilted(t)
            mean = mp.fdot(pi, rewards)
            second = mp.fsum(p * s**2 for p, s in zip(pi, rewards, strict=True))
            return 1 - 3 * t * mp.sqrt(second - mean**2)

        for policy, side, (low, high) in zip(
            found.policies, (1, -1), ((mpf("0.01"), mpf(1)), (mpf(1), mpf(9))), strict=True
        ):
            t = bisected(lambda t, side=side: side * excess(t), low, high)
            assert all(b.overlaps(ball_of(p)) for b, p in zip(policy, tilted(t), strict=True))


def test_next_to_a_vertex_the_float_solution_is_proved() -> None:
    """Masses of 1e-15: the search in logits finds nothing there, the proof needs no more."""
    parts = (Rational(1), Rational(1, 10**10), Rational(2, 10**9))
    reference = [x / sum(parts) for x in parts]
    policy = simplex(oo, gs.ReverseKL())
    (found,) = policy.enclose(beta="1/140", pi_ref=reference, digits=30).policies
    floats = policy.evaluate(beta=float(Rational(1, 140)), pi_ref=[float(r) for r in reference])
    with ctx.workprec(200):
        for ball, value in zip(found, floats, strict=True):
            assert abs(arb(float(value)) / ball - 1) < 1e-14


def test_classes_share_exactly() -> None:
    """Two of three answers are alike: the binary balls, one of them divided."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.Question(correct=2, answers=3))
    found = policy.enclose(beta=1, pi_ref=("1/10", "3/20", "3/4"))
    with ctx.workprec(400):
        first, second, last = found.policies[0]
        assert (first + second).overlaps(arb("0.5"))
        assert (second / first).overlaps(arb("1.5"))
        assert last.overlaps(arb("0.5"))
    alike = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(1, 1)))
    assert alike.enclose(beta=1, pi_ref=("1/4", "3/4")).floats() == ((0.25, 0.75),)


def test_a_number_that_is_not_proved_is_said() -> None:
    """χ² lets answers go for good, so policies inside are not counted."""
    policy = simplex(3, gs.Divergence.chi_squared())
    found = policy.enclose(beta=20, pi_ref=("1/5", "3/10", "1/2"), digits=20)
    assert (found.count, found.complete) == (1, False)
    assert "not established" in found.status


# -- evaluate --------------------------------------------------------------------------------


#: Every way of evaluating a single crossing, with what the closed forms promise in units.
SINGLE = {
    "pairs": PAIR,
    "groups of four": FOUR,
    "groups of eight": gs.stationary_policy(gs.GRPO(8), gs.BinaryQuestion()),
    "groups of 64": gs.stationary_policy(gs.GRPO(64), gs.BinaryQuestion()),
    "large groups": gs.stationary_policy(gs.GRPO(oo), gs.BinaryQuestion()),
    "pairs, direct KL": gs.stationary_policy(gs.GRPO(2, gs.DirectKL()), gs.BinaryQuestion()),
    "shift only": gs.stationary_policy(gs.GRPO(4, advantage=gs.ShiftOnly()), gs.BinaryQuestion()),
    "a noisy verifier": gs.stationary_policy(gs.GRPO(3), gs.BinaryQuestion(success=("0.9", "0.2"))),
}
#: From the middle of the domain to its corners: π_ref to both ends, β over all magnitudes.
corner = st.one_of(
    st.floats(0.01, 0.99),
    st.floats(-280, -2).map(lambda x: 10.0**x),
    st.floats(-15.9, -2).map(lambda x: 1 - 10.0**x),
)
weight = st.one_of(st.floats(0.01, 20), st.floats(-280, 280).map(lambda x: 10.0**x))
moderate = st.floats(-3, 3).map(lambda x: 10.0**x)


def log_odds(p: float) -> float:
    return float(np.log(p) - np.log1p(-min(p, 1 - 2.0**-53)))


def inside(found: float, enclosure: Enclosure, place: int, ulp: float) -> bool:
    """Whether a double is next to one of the enclosed values; below 1e-300 both are tiny."""
    with ctx.workprec(300):
        return any(
            abs(arb(found) / p[place] - 1) < ulp or (p[place] < arb("1e-300") and found < 1e-300)
            for p in enclosure.policies
        )


@pytest.mark.parametrize("setting", SINGLE)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(weight, corner)
def test_evaluate_lies_within_rounding_of_the_enclosure(setting, beta, reference) -> None:
    policy = SINGLE[setting]
    if "direct" in setting:
        beta = max(beta, 1 / 600)  # exp(-1/beta) leaves the range of a double below that
    exact = policy.enclose(beta=Fraction(beta), pi_ref=Fraction(reference), digits=25)
    assert (exact.count, exact.complete) == (1, True)
    for place, complement in ((0, False), (1, True)):
        found = policy.evaluate(beta=beta, pi_ref=reference, complement=complement)
        assert inside(found, exact, place, 4e-15)


@pytest.mark.parametrize("policy", [DIRECT, SIXTEEN], ids=["large groups", "groups of sixteen"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(moderate, corner)
def test_every_branch_lies_in_an_enclosure_of_its_own(policy, beta, reference) -> None:
    exact = policy.enclose(beta=Fraction(beta), pi_ref=Fraction(reference), digits=25)
    assert exact.complete
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gs.NoStationaryPolicy)
        found = policy.evaluate(beta=beta, pi_ref=reference, branch="all")
    found = found[~np.isnan(found)]
    assert len(found) == exact.count
    with ctx.workprec(300):
        # A few units, and the rounding of the log-odds between policy and reference.
        for value, ball in zip(found, exact.policies, strict=True):
            between = abs(log_odds(value) - log_odds(reference))
            units = 4 + abs(np.log(reference)) / beta + between / 4
            assert abs(arb(value) / ball[0] - 1) < 1e-15 * units


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.floats(0.05, 20), st.lists(st.floats(-9, 0), min_size=3, max_size=3))
def test_evaluate_of_many_answers_lies_within_the_enclosure(beta, powers) -> None:
    policy = simplex(2, gs.ReverseKL())
    parts = [Fraction(10.0**x) for x in powers]
    row = [float(x / sum(parts)) for x in parts]
    exact = [Fraction(x) / sum(map(Fraction, row)) for x in row]
    found = policy.enclose(beta=Fraction(beta), pi_ref=exact, digits=20)
    assert (found.count, found.complete) == (1, True)
    for place, value in enumerate(policy.evaluate(beta=beta, pi_ref=row)):
        assert inside(value, found, place, 4e-15)
