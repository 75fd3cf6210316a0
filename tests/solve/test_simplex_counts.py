"""Counts of many-answer solutions, their stage and slope, against brute force on definitions."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from mpmath import mp, mpf
from sympy import Add, Rational, sqrt

import grpo_symbolic as gs
from grpo_symbolic.enclosures.systems import Box, fixed_points
from grpo_symbolic.solve.forms import Form
from grpo_symbolic.solve.preferences import PolynomialPreference
from grpo_symbolic.solve.response import Response
from grpo_symbolic.solve.simplex_system import ResponseSystem
from grpo_symbolic.solve.solutions import NumericSolution
from tests.oracles.enumeration import Rule, rule_preference
from tests.oracles.stationary_many import penalty_coefficient, solve_many

REFERENCE = ("1/5", "3/10", "1/2")


# -- the isolation itself ----------------------------------------------------------------------


class Cubes:
    """a ↦ a − (a³ − a) + coupling: nine fixed points without coupling."""

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant

    def value(self, point: Box) -> Box:
        x, y = point
        return [2 * x - x * x * x + self.constant, 2 * y - y * y * y + x * self.constant]

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        x, y = box
        slopes = arb_mat(2, 2, [2 - 3 * x * x, 0, self.constant, 2 - 3 * y * y])
        return self.value(box), slopes


@pytest.mark.parametrize("constant", [0.0, 0.125])
def test_every_fixed_point_is_found_once(constant: float) -> None:
    with ctx.workprec(80):
        found = fixed_points(Cubes(constant), [arb(0, 3), arb(0, 3)], 1000)
        assert found.complete
        roots = [r.real for r in np.roots([1, 0, -1, -constant]) if abs(r.imag) < 1e-12]
        expected = [
            (x, y.real)
            for x in roots
            for y in np.roots([1, 0, -1, -constant * x])
            if abs(y.imag) < 1e-12
        ]
        assert len(found.found) == len(expected) == 9
        for x, y in expected:
            assert sum(abs(float(a.mid()) - x) + abs(float(b.mid()) - y) < 1e-9
                       for a, b in found.found) == 1  # fmt: skip


def test_a_double_fixed_point_is_not_called_isolated() -> None:
    class Touching:
        def value(self, point: Box) -> Box:
            return [point[0] - (point[0] - arb(1) / 3) ** 2]

        def image(self, box: Box) -> tuple[Box, arb_mat]:
            return self.value(box), arb_mat(1, 1, [1 - 2 * (box[0] - arb(1) / 3)])

    assert not fixed_points(Touching(), [arb(0, 1)], 1000).complete


def test_forms_are_their_expressions_and_within_their_bounds() -> None:
    question = gs.Question(rewards=(3, 1, 0))
    model = gs.stationarity_condition(gs.GRPO(4), question).preference
    free = question.policy[:-1]
    random = Random(3)
    for value in model:
        form = Form.of(value, free)
        for _ in range(5):
            cuts = sorted(random.sample(range(1, 100), 2))
            point = [Rational(cuts[0], 100), Rational(cuts[1] - cuts[0], 100)]
            everyone = [float(p) for p in (*point, 1 - sum(point))]
            ours = sum(
                float(c) * np.prod(np.power(everyone, powers)) for powers, c in form.terms.items()
            )
            theirs = float(value.subs(dict(zip(free, point, strict=True))))
            assert ours == pytest.approx(theirs, abs=1e-12)
            assert float(form.bounds().lower()) <= theirs <= float(form.bounds().upper())
    with pytest.raises(ValueError, match="not a polynomial"):
        Form.of(sqrt(free[0]), free)


# -- counts ------------------------------------------------------------------------------------


def preference_table(rewards: tuple[int, ...], size: int) -> Callable[[np.ndarray], np.ndarray]:
    """P(o|π) by a sum over all ordered groups of the definition."""
    n = len(rewards)
    groups = np.array(list(product(range(n), repeat=size - 1)))
    advantages = np.zeros((n, len(groups)))
    for o in range(n):
        for g, others in enumerate(groups):
            drawn = np.array([rewards[o], *(rewards[i] for i in others)], dtype=float)
            deviation = drawn.std()
            advantages[o, g] = (rewards[o] - drawn.mean()) / deviation if deviation else 0.0
    return lambda policy: advantages @ np.prod(policy[groups], axis=1)


def newton_count(
    preference: Callable, force: Callable, beta: float, reference: np.ndarray, starts: int = 40
) -> int:
    """Distinct zeros that damped Newton's method reaches from random starts, in floats."""
    n, random = len(reference), np.random.default_rng(5)

    def policy(x: np.ndarray) -> np.ndarray:
        y = np.exp(np.append(x, 0.0) - max(x.max(), 0.0))
        return y / y.sum()

    def equations(x: np.ndarray) -> np.ndarray:
        p = policy(x)
        climb = preference(p) - beta * force(reference / p)
        return climb[:-1] - climb[-1]

    found: list[np.ndarray] = []
    for _ in range(starts):
        x = random.normal(0, 3, n - 1)
        for _ in range(100):
            value = equations(x)
            if abs(value).max() < 1e-11:
                break
            jacobian = np.array(
                [(equations(x + h) - equations(x - h)) / 2e-6 for h in 1e-6 * np.eye(n - 1)]
            ).T
            step = np.linalg.lstsq(jacobian, value, rcond=None)[0]
            step *= min(1.0, 1.0 / abs(step).max())
            x = x - step
            if abs(x).max() > 60:
                break
        if abs(equations(x)).max() < 1e-9 and all(
            abs(policy(x) - p).max() > 1e-6 for p in found
        ):  # fmt: skip
            found.append(policy(x))
    return len(found)


FORCES = {gs.ReverseKL: lambda u: -u, gs.DirectKL: lambda u: -np.log(u)}


@pytest.mark.parametrize("seed", range(6))
def test_proved_numbers_are_those_of_many_newton_starts(seed: int) -> None:
    random = Random(seed)
    size = random.choice((3, 4, 5))
    rewards = tuple(random.sample(range(7), 3))
    beta = Rational(random.randint(2, 20), 10)
    parts = [random.randint(1, 50) for _ in rewards]
    reference = tuple(Rational(p, sum(parts)) for p in parts)
    kind = (gs.ReverseKL, gs.DirectKL)[seed % 2]
    policy = gs.stationary_policy(gs.GRPO(size, kind()), gs.Question(rewards=rewards))
    found = policy.solutions(beta=beta, pi_ref=reference, digits=15)
    assert "number established" in found.status
    table = preference_table(rewards, size)
    weights = np.array([float(r) for r in reference])
    assert len(found) == newton_count(table, FORCES[kind], float(beta), weights)
    for solution in found:
        p = np.array([float(x) for x in solution.policy])
        climb = table(p) - float(beta) * FORCES[kind](weights / p)
        assert np.ptp(climb) < 1e-10


@pytest.mark.parametrize("size", [3, 4])
def test_reverse_kl_has_one_solution_where_the_flow_ends(size: int) -> None:
    laws = [[(Fraction(r), 1)] for r in (3, 1, 0)]
    policy = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=(3, 1, 0)))
    (found,) = policy.solutions(beta="1/2", pi_ref=REFERENCE)
    expected, residual = solve_many(
        [Fraction(r) for r in REFERENCE],
        Fraction(1, 2),
        lambda policy: rule_preference(laws, policy, size, Rule()),
        penalty_coefficient("k3", "loss"),
        digits=20,
    )
    assert residual < mpf(10) ** -15
    assert max(abs(a - b) for a, b in zip(found.policy, expected, strict=True)) < 1e-15


@pytest.mark.parametrize("beta", ["2", "1/5", "1/20"])
def test_eight_samples_under_reverse_kl(beta: str) -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(3, 1, 0)))
    found = policy.solutions(beta=beta, pi_ref=REFERENCE, digits=15)
    assert len(found) == 1
    assert "number established" in found.status


def test_four_reward_levels() -> None:
    policy = gs.stationary_policy(gs.GRPO(3, gs.DirectKL()), gs.Question(rewards=(4, 3, 1, 0)))
    reference = tuple(Rational(k, 10) for k in (1, 2, 3, 4))
    found = policy.solutions(beta="1/2", pi_ref=reference, digits=15)
    assert "number established" in found.status
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    table = preference_table((4, 3, 1, 0), 3)
    assert len(found) == newton_count(table, FORCES[gs.DirectKL], 0.5, weights) == 1


def test_pairs_over_a_batch_are_not_called_monotone() -> None:
    """A scale taken over a batch depends on the policy: the pair argument does not apply."""
    rule = gs.BatchScale(4)
    policy = gs.stationary_policy(gs.GRPO(2, advantage=rule), gs.Question(rewards=(3, 1, 0)))
    found = policy.solutions(beta=1, pi_ref=REFERENCE, digits=15)
    assert "monotone" not in found.status
    assert len(found) == 1


# -- second order ------------------------------------------------------------------------------


def stage_eigenvalues(solution: NumericSolution, reference: tuple, beta: float) -> np.ndarray:
    """Of the frozen objective −β Σ π_old(o) k3(π_ref(o)/π(o)) on Σ δ = 0, by differences."""
    n = len(reference)
    with mp.workdps(60):
        frozen = [mpf(p) for p in solution.policy]
        weights = [mpf(Fraction(r).numerator) / Fraction(r).denominator for r in reference]

        def objective(policy: list[mpf]) -> mpf:
            ratios = [w / p for w, p in zip(weights, policy, strict=True)]
            return -beta * mp.fsum(
                old * (u - mp.log(u) - 1) for old, u in zip(frozen, ratios, strict=True)
            )

        basis = np.linalg.svd(np.ones((1, n)))[2][1:]
        h = mpf(10) ** -20

        def moved(a: int, i: int, b: int, j: int) -> mpf:
            return objective(
                [
                    p + h * (a * mpf(basis[i][o]) + b * mpf(basis[j][o]))
                    for o, p in enumerate(frozen)
                ]
            )

        matrix = [
            [
                float(sum(a * b * moved(a, i, b, j) for a in (1, -1) for b in (1, -1)) / (4 * h**2))
                for j in range(n - 1)
            ]
            for i in range(n - 1)
        ]
    return np.linalg.eigvalsh(np.array(matrix))


@pytest.mark.parametrize(
    ("rewards", "reference", "size", "beta"),
    [
        ((3, 1, 0), REFERENCE, 4, "1"),
        ((3, 1, 0), ("1/200", "1/200", "99/100"), 4, "1"),
        ((1, 1, 0), ("1/200", "1/200", "99/100"), 8, "1"),
        ((1, 1, 0, 0), ("1/200", "1/200", "1/2", "49/100"), 3, "1"),
        ((2, 1, 0), ("1/1000", "1/1000", "998/1000"), 3, "13/10"),
    ],
)
def test_the_stage_is_that_of_the_projected_hessian(
    rewards: tuple, reference: tuple, size: int, beta: str
) -> None:
    policy = gs.stationary_policy(gs.GRPO(size), gs.Question(rewards=rewards))
    for solution in policy.solutions(beta=beta, pi_ref=reference):
        values = stage_eigenvalues(solution, reference, float(Fraction(beta)))
        expected = "maximum" if max(values) < 0 else "minimum" if min(values) > 0 else "saddle"
        assert solution.stage == expected
    if reference[0] == "1/200" and len(rewards) == 3 and rewards[1] == 1 == rewards[0]:
        assert expected == "saddle"


@pytest.mark.parametrize("rewards", [(3, 1, 0), (1, 1, 0)])
def test_the_slope_is_the_radius_of_the_response(rewards: tuple[int, ...]) -> None:
    """Reverse KL: the response solves π = π_ref/(c − P/β), with c by bisection."""
    policy = gs.stationary_policy(gs.GRPO(4), gs.Question(rewards=rewards))
    (solution,) = policy.solutions(beta="3/5", pi_ref=REFERENCE)
    table, weights = preference_table(rewards, 4), np.array([0.2, 0.3, 0.5])

    def response(frozen: np.ndarray) -> np.ndarray:
        values = table(frozen) / 0.6
        low, high = values.max() + 1e-14, values.max() + 1
        for _ in range(200):
            middle = (low + high) / 2
            if (weights / (middle - values)).sum() > 1:
                low = middle
            else:
                high = middle
        return weights / (low - values)

    base = np.array([float(p) for p in solution.policy])
    assert response(base) == pytest.approx(base, abs=1e-12)
    moves = [np.array([1.0, 0, -1]), np.array([0, 1.0, -1])]
    columns = [(response(base + 1e-5 * m) - response(base - 1e-5 * m))[:2] / 2e-5 for m in moves]
    radius = max(abs(np.linalg.eigvals(np.array(columns).T)))
    assert float(solution.slope) == pytest.approx(radius, abs=1e-8)


def test_no_response_without_a_monotone_penalty() -> None:
    penalty = gs.Estimator("k2", "loss-with-ratio")
    policy = gs.stationary_policy(gs.GRPO(3, penalty), gs.Question(rewards=(3, 1, 0)))
    found = policy.solutions(beta=2, pi_ref=REFERENCE, digits=15)
    assert "not established" in found.status
    assert all(s.slope is None for s in found)


def test_a_preference_that_does_not_move_has_slope_zero() -> None:
    policy = gs.stationary_policy(gs.RLHF(), gs.Question(rewards=(3, 1, 0)))
    (found,) = policy.solutions(beta=2, pi_ref=REFERENCE)
    assert found.slope == 0
    raw = [float(Fraction(r)) * np.exp(s / 2) for r, s in zip(REFERENCE, (3, 1, 0), strict=True)]
    assert [float(p) for p in found.policy] == pytest.approx([x / sum(raw) for x in raw])


def test_the_box_and_the_curve_find_the_same_three_solutions() -> None:
    """Two reward levels, once as one scalar equation and once as a system of two."""
    question = gs.Question(success=(1, "1/2", 0))
    algorithm = gs.GRPO(12, gs.DirectKL())
    reference = (Rational(1, 191), Rational(1, 10000), 1 - Rational(1, 191) - Rational(1, 10000))
    policy = gs.stationary_policy(algorithm, question)
    curve = policy.solutions(beta="7/20", pi_ref=reference, digits=15)
    assert "number established" in curve.status
    model = policy.condition.preference
    mass = Add(*(w * p for w, p in zip(model.weights, question.policy, strict=True))).expand()
    drift = model.two_level.unfolded_drift(mass)
    with ctx.workprec(80):
        system = ResponseSystem(
            Response(algorithm.penalty, reference),
            PolynomialPreference([(w - mass) * drift for w in model.weights], question.policy[:-1]),
            arb(7) / 20,
        )
        box = system.isolated(3000)
        assert box.complete
        found = sorted([float(p) for p in system.policy(place)] for place in box.found)
    assert len(found) == len(curve) == 3
    for ours, theirs in zip(found, curve, strict=True):
        assert ours == pytest.approx([float(p) for p in theirs.policy], rel=1e-8)
    assert [s.stability.value for s in curve] == ["attracting", "saddle", "attracting"]
