"""Questions with one scalar equation: counts against scans of equations from the definitions."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp, mpf
from sympy import Rational, oo

import grpo_symbolic as gs
from grpo_symbolic.policy.evaluate import NoStationaryPolicy
from grpo_symbolic.solve.response import Response
from grpo_symbolic.solve.solutions import Solutions
from tests.oracles.enumeration import large_group_preference

REFERENCE = ("1/5", "3/10", "1/2")
SMALL = ("1/100", "9/100", "9/10")
ONE_EQUATION = "number established: one scalar equation is left"


def solved(
    size: object,
    penalty: gs.Penalty,
    question: gs.Question,
    beta: str,
    reference: tuple = REFERENCE,
) -> Solutions:
    algorithm = gs.GRPO(size, penalty)
    return gs.stationary_policy(algorithm, question).solutions(beta=beta, pi_ref=reference)


def tilted(reference: tuple, rates: tuple, t: mpf) -> list[mpf]:
    """π ∝ π_ref e^{ts}."""
    raw = [
        mpf(Fraction(r).numerator) / Fraction(r).denominator * mp.exp(t * s)
        for r, s in zip(reference, rates, strict=True)
    ]
    return [x / mp.fsum(raw) for x in raw]


def scanned(excess: Callable[[mpf], mpf], low: float = 1e-2, high: float = 1e2) -> list[mpf]:
    """The sign changes of a function on a fine logarithmic grid, refined."""
    places = [mpf(x) for x in np.geomspace(low, high, 160)]
    values = [excess(x) for x in places]
    return [
        mp.findroot(excess, (a, b), solver="anderson", tol=1e-25)
        for a, b, u, v in zip(places, places[1:], values, values[1:], strict=False)
        if u * v < 0
    ]


@pytest.mark.parametrize(("beta", "count"), [("3", 2), ("19/20", 2), ("9/10", 0), ("1/100", 0)])
def test_deterministic_large_groups_under_direct_kl(beta: str, count: int) -> None:
    """t σ(π_t) = 1/β on the exponential tilt: two solutions or none."""
    rewards = (3, 1, 0)
    found = solved(oo, gs.DirectKL(), gs.Question(rewards=rewards), beta)
    assert len(found) == count
    assert ONE_EQUATION in found.status
    with mp.workdps(40):
        weight = mpf(Fraction(beta).numerator) / Fraction(beta).denominator

        def excess(t: mpf) -> mpf:
            p = tilted(REFERENCE, rewards, t)
            mean = mp.fdot(p, rewards)
            return weight * t * mp.sqrt(mp.fdot(p, [(r - mean) ** 2 for r in rewards])) - 1

        expected = [tilted(REFERENCE, rewards, t) for t in scanned(excess)]
        assert len(expected) == count
        for ours, theirs in zip(found, expected, strict=True):
            assert max(abs(a - b) for a, b in zip(ours.policy, theirs, strict=True)) < 1e-20
    assert [s.stability.value for s in found] == ["attracting", "saddle"][:count]


@pytest.mark.parametrize(("beta", "count"), [("1/3", 3), ("1/2", 1), ("1/5", 1)])
def test_a_noisy_verifier_can_have_three_solutions(beta: str, count: int) -> None:
    """t = 1/(β √(m(1 − m))) on the tilt by success rates."""
    rates = (Fraction(19, 20), Fraction(1, 2), Fraction(0))
    found = solved(oo, gs.DirectKL(), gs.Question(success=("19/20", "1/2", 0)), beta, SMALL)
    assert len(found) == count
    assert ONE_EQUATION in found.status
    with mp.workdps(40):
        numbers = tuple(mpf(s.numerator) / s.denominator for s in rates)
        weight = mpf(Fraction(beta).numerator) / Fraction(beta).denominator

        def excess(t: mpf) -> mpf:
            m = mp.fdot(tilted(SMALL, numbers, t), numbers)
            return weight * t * mp.sqrt(m * (1 - m)) - 1

        expected = [tilted(SMALL, numbers, t) for t in scanned(excess)]
        assert len(expected) == count
        for ours, theirs in zip(found, expected, strict=True):
            assert max(abs(a - b) for a, b in zip(ours.policy, theirs, strict=True)) < 1e-20
    if count == 3:
        kinds = [s.stability.value for s in found]
        assert kinds == ["attracting", "saddle", "attracting"]
        assert [abs(s.slope) < 1 for s in found] == [True, False, True]


def test_the_slope_is_that_of_the_iterated_response() -> None:
    """The best response π ∝ π_ref e^{P/β}, differentiated by differences of the definition."""
    laws = [[(Fraction(1), s), (Fraction(0), 1 - s)] for s in map(Fraction, ("19/20", "1/2", "0"))]
    question = gs.Question(success=("19/20", "1/2", 0))
    for solution in solved(oo, gs.DirectKL(), question, "1/3", SMALL):
        with mp.workdps(30):
            base = [mpf(p) for p in solution.policy]

            def response(policy: list[mpf]) -> list[mpf]:
                values = large_group_preference(laws, policy)
                raw = [
                    mpf(Fraction(r).numerator) / Fraction(r).denominator * mp.exp(3 * v)
                    for r, v in zip(SMALL, values, strict=True)
                ]
                return [x / mp.fsum(raw) for x in raw]

            assert max(abs(a - b) for a, b in zip(response(base), base, strict=True)) < 1e-20
            h = mpf(10) ** -12
            columns = []
            for j in (0, 1):
                moved = [p + h * ((o == j) - (o == 2)) for o, p in enumerate(base)]
                columns.append(
                    [(a - b) / h for a, b in zip(response(moved), base, strict=True)][:2]
                )
            matrix = np.array([[float(x) for x in c] for c in columns]).T
        radius = max(abs(np.linalg.eigvals(matrix)))
        assert float(solution.slope) == pytest.approx(radius, abs=1e-8)


@pytest.mark.parametrize("beta", ["10", "1", "1/2", "1/20"])
def test_the_secular_equation_has_one_root(beta: str) -> None:
    found = solved(oo, gs.ReverseKL(), gs.Question(rewards=(3, 1, 0)), beta)
    assert len(found) == 1
    assert ONE_EQUATION in found.status
    p = [float(x) for x in found.found[0].policy]
    mean = np.dot(p, (3, 1, 0))
    sigma = np.sqrt(np.dot(p, (np.array((3, 1, 0)) - mean) ** 2))
    assert mean - 0.9 == pytest.approx(sigma / float(Fraction(beta)), rel=1e-12)


def test_an_epsilon_adds_a_solution_next_to_the_vertex() -> None:
    """T = 1/(σ + ε) is bounded, so the far end is a solution: too near the vertex to be met."""
    algorithm = gs.GRPO(oo, gs.DirectKL(), gs.ShiftAndScale(epsilon="1/100"))
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=(3, 1, 0)))
    found = policy.solutions(beta=3, pi_ref=REFERENCE)
    assert len(found) == 3
    assert "number established" in found.status
    # There σ ~ 0, hence t = 100/3 and π(2)/π(1) = (3/2) e^{-2t}.
    last = found.found[-1].policy
    with mp.workdps(40):
        assert abs(last[1] / last[0] / (mpf(3) / 2 * mp.exp(-mpf(200) / 3)) - 1) < 1e-9
    assert found.found[-1].stability == "attracting"


def test_finite_groups_of_a_noisy_verifier() -> None:
    """D_32 from its definition as a sum over groups, on the tilt."""
    found = solved(32, gs.DirectKL(), gs.Question(success=(1, "1/2", 0)), "2/5", SMALL)
    assert len(found) == 3
    assert ONE_EQUATION in found.status
    with mp.workdps(30):

        def drift(m: mpf) -> mpf:
            return mp.fsum(
                mp.binomial(31, k) * m**k * (1 - m) ** (31 - k) * mp.sqrt(mpf(31 - k) / (k + 1))
                + mp.binomial(31, k) * m**k * (1 - m) ** (31 - k) * mp.sqrt(mpf(k) / (32 - k))
                for k in range(32)
            )

        def excess(t: mpf) -> mpf:
            p = tilted(SMALL, (1, mpf(1) / 2, 0), t)
            return t - drift(p[0] + p[1] / 2) * 5 / 2

        expected = scanned(excess, 1, 30)
        assert len(expected) == 3
        for ours, t in zip(found, expected, strict=True):
            theirs = tilted(SMALL, (1, mpf(1) / 2, 0), t)
            assert max(abs(a - b) for a, b in zip(ours.policy, theirs, strict=True)) < 1e-15


def test_a_borderline_tail_is_not_called_established() -> None:
    """Squared Hellinger: tσ tends to a constant, which no bound here separates from 1/β."""
    found = solved(oo, gs.Divergence.hellinger(), gs.Question(rewards=(3, 1, 0)), "1/20")
    assert "number not established" in found.status


@pytest.mark.parametrize(
    ("penalty", "link"),
    [
        (gs.ReverseKL(), lambda x: 1 / (1 - x)),
        (gs.DirectKL(), mp.exp),
        (gs.Divergence.hellinger(), lambda x: (1 - 2 * x) ** -2),
    ],
)
def test_enclosures_of_responses_contain_them(penalty: gs.Penalty, link: Callable) -> None:
    """π(a) at random points of random boxes, by bisection of Σ π_ref g(a − c) = 1."""
    random = Random(7)
    weights = [Rational(1, 5), Rational(3, 10), Rational(1, 2)]
    with ctx.workprec(80), mp.workdps(30):
        response = Response(penalty, weights)
        numbers = [mpf(w.p) / w.q for w in weights]
        for _ in range(10):
            low = [random.uniform(-5, 5) for _ in range(3)]
            wide = [random.uniform(0, 1) for _ in range(3)]
            box = [arb(a).union(arb(a + w)) for a, w in zip(low, wide, strict=True)]
            enclosure = response.over(box)
            at = [mpf(a + w * random.random()) for a, w in zip(low, wide, strict=True)]
            top = max(at)

            def policy(level: mpf, at: list = at, top: mpf = top) -> list[mpf]:
                return [w * link(level + a - top) for w, a in zip(numbers, at, strict=True)]

            left, right = mpf(-50), mpf("0.49") if "ellinger" in str(penalty) else mpf("0.99")
            if link is mp.exp:
                right = mpf(5)
            for _ in range(120):
                middle = (left + right) / 2
                left, right = (middle, right) if sum(policy(middle)) < 1 else (left, middle)
            exact = policy(left)
            for ball, value in zip(enclosure, exact, strict=True):
                assert ball.lower() - 1e-18 <= arb(str(value)) <= ball.upper() + 1e-18
            assert max(float(b.rad()) for b in enclosure) < 0.5


def given_up(reference: tuple, rewards: tuple, beta: str) -> list[list[mpf]]:
    """χ² in large groups: π = π_ref (1 + t (r − m)), m the mean of r under π_ref, and tσ(π) = 1/β.

    d(u) = 1/u − 1 is affine in π/π_ref, so that Σ π = 1 gives the multiplier; t ends where the
    worst answer has no mass.
    """
    raw = [mpf(Fraction(r).numerator) / Fraction(r).denominator for r in reference]
    mean = mp.fsum(p * r for p, r in zip(raw, rewards, strict=True))

    def policy(t: mpf) -> list[mpf]:
        return [p * (1 + t * (r - mean)) for p, r in zip(raw, rewards, strict=True)]

    def excess(t: mpf) -> mpf:
        pi = policy(t)
        centre = mp.fsum(p * r for p, r in zip(pi, rewards, strict=True))
        spread = mp.fsum(p * (r - centre) ** 2 for p, r in zip(pi, rewards, strict=True))
        return t * mp.sqrt(spread) - 1 / (
            mpf(Fraction(beta).numerator) / Fraction(beta).denominator
        )

    return [policy(t) for t in scanned(excess, 1e-3, float(1 / (mean - min(rewards))))]


@pytest.mark.parametrize(
    ("rewards", "reference", "beta", "count"),
    [
        ((3, 1, 0), REFERENCE, "3", 1),
        ((3, 1, 0), REFERENCE, "1/4", 0),
        ((3, 1, 0), ("1/100", "9/100", "9/10"), "3", 1),
        ((3, 1, 0), ("1/2", "1/5", "3/10"), "5/2", 2),
        ((3, 2, 1, 0), ("3/10", "2/5", "1/10", "1/5"), "3", 2),
        ((7, 5, 4, 1, 0), ("1/2", "1/5", "1/10", "1/10", "1/10"), "4", 1),
    ],
)
def test_large_groups_under_a_penalty_that_gives_answers_up(
    rewards: tuple, reference: tuple, beta: str, count: int
) -> None:
    found = solved(oo, gs.Divergence.chi_squared(), gs.Question(rewards=rewards), beta, reference)
    with mp.workdps(40):
        expected = given_up(reference, rewards, beta)
    assert len(found) == len(expected) == count
    assert ONE_EQUATION in found.status
    policy = gs.stationary_policy(
        gs.GRPO(oo, gs.Divergence.chi_squared()), gs.Question(rewards=rewards)
    )
    weights = [float(Fraction(r)) for r in reference]
    with nullcontext() if count else pytest.warns(NoStationaryPolicy):
        floats = policy.evaluate(beta=float(Fraction(beta)), pi_ref=weights, branch="all")
    floats = np.atleast_2d(floats)
    assert np.isfinite(floats).all(axis=1).sum() == count
    for each in expected:
        assert min(apart(each, s.policy) for s in found) < 1e-20
        assert min(apart(each, row) for row in floats) < 1e-14


def apart(one: Sequence, other: Sequence) -> float:
    return max(abs(float(a - b)) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("order", ["3/2", "5/2", "1/2", "-3"])
def test_tilted_curves_leave_no_row_to_the_exact_solver(order: str) -> None:
    """Powers beyond float64 numbers, far out on the curve, once made every row doubtful."""
    policy = gs.stationary_policy(
        gs.GRPO(oo, gs.Divergence.alpha(order)), gs.Question(rewards=(3, 1, 0))
    )
    curve = policy.evaluator.kernel({}).curve
    rows = np.random.default_rng(0).dirichlet(np.ones(3), size=200)
    found, doubtful = curve.solved(np.full(200, 2.0), rows.T, "all")
    assert not doubtful.any()
    for k in range(3):
        row = [Fraction(x) for x in rows[k].tolist()]
        exact = policy.solutions(beta=2, pi_ref=[str(x / sum(row)) for x in row])
        here = found[k][np.isfinite(found[k]).all(axis=1)]
        assert len(here) == len(exact)
        for s in exact:
            assert np.abs(here / np.array(s.policy, dtype=float) - 1).max(axis=1).min() < 1e-9
