"""What the two sides of the equation say of themselves, against drifts enumerated here."""

from itertools import pairwise
from math import comb
from random import Random

import mpmath as mp
import pytest
from sympy import Integer, Piecewise, Rational, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols as s
from grpo_symbolic.equation.balance import Balance

TRAINER = gs.ShiftAndScale(ddof=1, epsilon=Rational(1, 10**4))
JEFFREYS = gs.Divergence(s.u * log(s.u) - log(s.u), "Jeffreys")


def balance(algorithm: gs.Algorithm, **question) -> Balance:
    return Balance(gs.stationarity_condition(algorithm, gs.BinaryQuestion(**question)))


def enumerated(p, size: int, rates=(1, 0), ddof: int = 0, epsilon=0):
    """P(a) − P(b) by the definition: own reward first, then how many others have reward 1."""
    m = rates[1] + (rates[0] - rates[1]) * p

    def advantage(own: int, right: int):
        mean = mp.mpf(right) / size
        variance = mean * (1 - mean) * size / (size - ddof)
        return (own - mean) / (mp.sqrt(variance) + epsilon) if 0 < right < size else mp.mpf(0)

    gap = mp.fsum(
        comb(size - 1, k) * m**k * (1 - m) ** (size - 1 - k)
        * (advantage(1, k + 1) - advantage(0, k))
        for k in range(size)
    )  # fmt: skip
    return (rates[0] - rates[1]) * gap


@pytest.mark.parametrize("size", [2, 4, 8, 13])
@pytest.mark.parametrize("noisy", [False, True])
def test_the_drift_is_that_of_the_definition(size: int, noisy: bool) -> None:
    rates = (Rational(9, 10), Rational(1, 5)) if noisy else None
    found = balance(gs.GRPO(size), **({"success": rates} if noisy else {})).drift
    with mp.workdps(30):
        for p in (Rational(1, 9), Rational(3, 5)):
            expected = enumerated(mp.mpf(p.p) / p.q, size, rates or (1, 0))
            value = mp.mpf(str(found.expression.subs(s.pi, p).evalf(30)))
            assert abs(value - expected) < mp.mpf(10) ** -26


def crossings(beta, p0, size: int, rates) -> int:
    """Sign changes of β(p − p0)/(p(1 − p)) − drift on a fine grid in log-odds."""
    signs = []
    for k in range(-400, 401):
        p = 1 / (1 + mp.exp(-mp.mpf(k) / 20))
        signs.append(mp.sign(beta * (p - p0) / (p * (1 - p)) - enumerated(p, size, rates)))
    return sum(a != b for a, b in pairwise(signs))


def test_a_noisy_verifier_has_one_stationary_policy_for_every_group_size() -> None:
    """The drift over p falls, because its factors (s_a − m)/(1 − m) and h(m)/m do."""
    for size in (8, s.G):
        number = gs.stationary_policy(gs.GRPO(size), gs.BinaryQuestion(success=s.success)).count
        assert number.unique
        assert number.verify().status == gs.Status.PROVED
    random = Random(5)
    with mp.workdps(20):
        for _ in range(12):
            low, high = sorted((random.random(), random.random()))
            p0, beta = random.random(), 10 ** random.uniform(-2, 1)
            assert crossings(beta, p0, random.choice((2, 5, 8)), (high, low)) == 1


@pytest.mark.parametrize("size", [8, s.G])
@pytest.mark.parametrize("advantage", [gs.ShiftAndScale(), TRAINER], ids=["std", "trainer"])
def test_theorems_for_a_rule_hold_for_every_size(size, advantage) -> None:
    policy = gs.stationary_policy(gs.GRPO(size, advantage=advantage), gs.BinaryQuestion())
    assert policy.count.unique
    for name, direction in (("G", "increasing"), ("beta", "decreasing"), ("pi_ref", "increasing")):
        moves = policy.monotonicity(name)
        assert (moves.direction, moves.strict) == (direction, True)
        assert moves.verify().status == gs.Status.PROVED
    rare = policy.limit("pi_ref", 0)
    assert isinstance(rare, Piecewise)
    threshold = policy.escape_threshold
    at = {s.G: Integer(8), s.gap: Integer(1)}
    expected = 8 * Rational(7, 64) / (sqrt(Rational(7, 64) * 8 / 7) + TRAINER.epsilon)
    wanted = sqrt(7) if advantage != TRAINER else expected
    assert abs((threshold.subs(at) - wanted).evalf(30)) < Rational(1, 10**25)
    found = policy.bounds()
    assert s.pi_ref in found.lower
    assert any(bound.has(s.beta) for bound in found.lower)
    assert found.verify().status == gs.Status.PROVED


def test_bounds_hold_at_solutions_of_enumerated_equations() -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.BinaryQuestion())
    found = policy.bounds()
    random = Random(3)
    for _ in range(8):
        at = {
            s.beta: Rational(random.randint(1, 400), 100),
            s.pi_ref: Rational(random.randint(1, 99), 100),
        }
        with mp.workdps(25):
            beta, p0 = (mp.mpf(v.p) / v.q for v in at.values())
            root = mp.findroot(
                lambda p, b=beta, r=p0: b * (p - r) - p * (1 - p) * enumerated(p, 8),
                (p0, 1 - mp.mpf(10) ** -20), solver="anderson", verify=False,
            )  # fmt: skip
        for side, bounds in ((1, found.lower), (-1, found.upper)):
            for bound in bounds:
                assert side * (Rational(str(root)) - bound.subs(at)).evalf(20) > -Rational(
                    1, 10**12
                )


def test_what_a_force_knows_of_its_penalty() -> None:
    reverse, direct = (balance(gs.GRPO(2, penalty)).force
                       for penalty in (gs.ReverseKL(), gs.DirectKL()))  # fmt: skip
    assert (reverse.line, reverse.log_odds) == (1, None)
    assert (direct.line, direct.log_odds) == (None, 1)
    chi, jeffreys = (balance(gs.GRPO(2, penalty)).force
                     for penalty in (gs.Divergence.chi_squared(), JEFFREYS))  # fmt: skip
    assert not chi.unbounded
    assert jeffreys.unbounded
    for force in (reverse, direct, chi, jeffreys):
        assert force.rises() is not None
        assert force.turns_at_reference() is not None
        at = {s.pi_ref: Rational(1, 3)}
        values = [force.expression.subs(at).subs(s.pi, p).evalf() for p in (0.2, 0.3333, 0.34, 0.9)]
        assert values == sorted(values)
        assert values[1] < 0 < values[2]
    # k2 times the ratio pulls back to the reference only above exp(-1) of it.
    folding = balance(gs.GRPO(2, gs.Estimator("k2", "loss-with-ratio"))).force
    assert folding.rises() is None


@pytest.mark.parametrize("size", [2, 3])
def test_the_jeffreys_divergence_is_counted(size: int) -> None:
    policy = gs.stationary_policy(gs.GRPO(size, JEFFREYS), gs.BinaryQuestion())
    assert policy.count.unique
    assert policy.count.verify().status == gs.Status.PROVED
    (solution,) = policy.solutions(beta="0.3", pi_ref="0.2")
    with mp.workdps(30):
        p, p0 = solution.policy[0], mp.mpf(1) / 5
        odds = mp.log(p / (1 - p)) - mp.log(p0 / (1 - p0))
        force = odds + (p - p0) / (p * (1 - p))
        assert abs(mp.mpf("0.3") * force - enumerated(p, size)) < mp.mpf(10) ** -25


def test_the_explicit_inverses_are_inverse() -> None:
    for penalty in (gs.ReverseKL(), gs.DirectKL()):
        equation = balance(gs.GRPO(8, penalty))
        at = {s.beta: Rational(1, 2), s.pi: Rational(7, 10)}
        reference = equation.reference.subs(at).evalf(40)
        back = equation.weight.subs({s.pi: at[s.pi], s.pi_ref: reference}).evalf(30)
        assert abs(back - at[s.beta]) < Rational(1, 10**25)


def test_a_question_with_three_answers_has_no_balance() -> None:
    condition = gs.stationarity_condition(gs.GRPO(2), gs.Question(rewards=(2, 1, 0)))
    with pytest.raises(ValueError, match="two answers, got 3"):
        Balance(condition)


def test_large_groups_are_explicit() -> None:
    assert balance(gs.GRPO(oo)).drift.expression == 1 / (sqrt(s.pi) * sqrt(1 - s.pi))
