"""What makes the field of many answers cheap, against the definitions written out."""

from itertools import product
from math import factorial, log
from statistics import fmean, pstdev

import mpmath as mp
import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from sympy import Rational, S

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.tilted import SpreadTilt
from grpo_symbolic.solve.eigenvalues import negative_definite, sides
from grpo_symbolic.solve.scales import SpreadScale

MEANS, WITHIN = (2, 0, 7, 2, 3), (1, 0, 2, 0, 5)
POLICY = (0.125, 0.25, 0.0625, 0.5, 0.0625)


def _variance() -> float:
    """Σ π (v + s²) − (Σ π s)²; every number of it is a float without rounding."""
    p, s, v = map(np.array, (POLICY, MEANS, WITHIN))
    return float(p @ (v + s**2) - (p @ s) ** 2)


def test_the_spread_from_ordered_gaps_is_the_variance() -> None:
    with ctx.workprec(100):
        scale = SpreadScale([arb(s) for s in MEANS], [arb(v) for v in WITHIN], symbols.x)
        found = scale.value([arb(p) for p in POLICY])
        assert (found**2).contains(arb(_variance()))
        assert found.rad() < arb(10) ** -25


def test_slopes_of_large_groups_are_those_of_differences() -> None:
    means = np.array(MEANS, float)
    formula = Formula((1 / symbols.x, -1 / symbols.x**2), (symbols.x.name,))
    tilt = SpreadTilt(formula, means[None] - means[:, None], np.array(WITHIN, float), False)

    def preference(policy: np.ndarray) -> np.ndarray:
        mean = policy @ means
        return (means - mean) / np.sqrt(policy @ (np.array(WITHIN) + means**2) - mean**2)

    policy, change = np.array(POLICY), np.array((1.0, -2.0, 0.5, 1.5, -1.0))
    values, slopes = tilt.felt(policy[:, None])
    assert np.allclose(values[:, 0], preference(policy), rtol=1e-13)
    ends = (preference(policy + t * 1e-5 * change) for t in (1, -1))
    moved = np.subtract(*ends) / 2e-5
    left = slopes[0] @ change - moved
    assert np.allclose(left, left[0], atol=1e-7)  # one function for all answers is free


@pytest.mark.parametrize("shift", [0, 1, 3, 9])
def test_signs_of_eigenvalues_are_those_of_another_solver(shift: int) -> None:
    draws = np.random.default_rng(shift).normal(size=(7, 7)) - shift * np.eye(7)
    rows = [[arb(float(x)) for x in row] for row in draws]
    with mp.workdps(40):
        others = mp.eig(mp.matrix(draws.tolist()), left=False, right=False)
    expected = sorted(int(mp.sign(mp.re(e))) for e in others)
    assert sorted(sides(rows, arb(10) ** -12, 200)) == expected


def test_an_eigenvalue_on_the_axis_is_none_of_both() -> None:
    rows = [[arb(0), arb(1), arb(0)], [arb(-1), arb(0), arb(0)], [arb(0), arb(0), arb(-2)]]
    assert sorted(sides(rows, arb(10) ** -12, 200)) == [-1, 0, 0]


def test_too_many_unknowns_are_refused_with_the_number_that_would_do() -> None:
    algorithm = gs.GRPO(S.Infinity, gs.Estimator("k3", "reward"))
    policy = gs.stationary_policy(algorithm, gs.Question(rewards=[k % 4 for k in range(40)]))
    at = {"beta": 5, "pi_ref": [S(1) / 40] * 40}
    with pytest.raises(ValueError, match="24 answers would do"):
        policy.solutions(**at)
    with pytest.raises(ValueError, match="24 answers would do"):
        policy.evaluate(beta=5.0, pi_ref=[1 / 40] * 40)


@pytest.mark.parametrize("size", [8, 16])
def test_answers_apart_in_groups_are_solved_by_counts(size: int) -> None:
    """Each solution against the groups one by one: P(o) - beta k3(pi_ref/pi) is one number."""
    answers, levels, beta = 8, [0.0, 1 / 3, 2 / 3, 1.0], 1.0
    question = gs.Question(rewards=[Rational(i % 4, 3) for i in range(answers)])
    algorithm = gs.GRPO(size, penalty=gs.Estimator("k3", "reward"))
    policy = gs.stationary_policy(algorithm, question)
    found = list(policy.solutions(beta=1, pi_ref=[Rational(1, answers)] * answers))
    assert len(found) == 2
    for solution in found:
        shares = [float(p) for p in solution.policy]
        masses = [sum(shares[k::4]) for k in range(4)]
        climbs = []
        for o, share in enumerate(shares):
            ratio = 1 / answers / share
            advantage = _expected_advantage(o % 4, levels, masses, size)
            climbs.append(advantage - beta * (ratio - 1 - log(ratio)))
        assert max(climbs) - min(climbs) < 1e-9


def _expected_advantage(own: int, levels: list[float], masses: list[float], size: int) -> float:
    total = 0.0
    for counts in product(range(size), repeat=3):
        last = size - 1 - sum(counts)
        if last < 0:
            continue
        others = (*counts, last)
        ways = factorial(size - 1)
        for c, mass in zip(others, masses, strict=True):
            ways = ways / factorial(c) * mass**c
        group = [level for level, c in zip(levels, others, strict=True) for _ in range(c)]
        group.append(levels[own])
        spread = pstdev(group)
        total += ways * (levels[own] - fmean(group)) / spread if spread > 1e-12 else 0.0
    return total


@pytest.mark.parametrize("base", range(5))
def test_definite_along_the_simplex_is_what_eigenvalues_of_the_projection_say(base: int) -> None:
    """The projection P M P has one eigenvalue 0 more, of the vector of ones."""
    rng, onto = np.random.default_rng(base), np.eye(5) - 0.2
    told = []
    for _ in range(60):
        table = rng.normal(size=(5, 5)) - rng.uniform(0, 4) * np.diag(rng.uniform(0.5, 1, 5))
        values = np.linalg.eigvalsh(onto @ (table + table.T) @ onto)
        rest = np.delete(values, np.argmin(np.abs(values)))
        told.append(bool((rest < 0).all()))
        found = negative_definite(arb_mat([[arb(x) for x in row] for row in table.tolist()]), base)
        assert found == told[-1]
    assert {True, False} == set(told)


def test_one_negative_eigenvalue_of_many_is_not_overlooked() -> None:
    """Answers of very different sizes: one of them rises against the likeliest, the base."""
    sizes = [arb(10) ** k for k in range(0, 60, 10)]
    table = arb_mat([[-x if o == j else arb(0) for j in range(6)] for o, x in enumerate(sizes)])
    assert negative_definite(table, 0)
    table[3, 3] = arb(2)
    assert not negative_definite(table, 0)


RARE = gs.GRPO(S.Infinity, gs.Divergence.jensen_shannon(), gs.LeaveOneOut(scaled=True))


def test_rare_answers_do_not_hide_that_a_policy_attracts() -> None:
    """π(o) down to 1e-55: the eigenvalues of the flow are rounding there."""
    laws = [[(Rational(k, 4), "9/10"), (Rational(k, 4) - 3, "1/10")] for k in range(24)]
    policy = gs.stationary_policy(RARE, gs.Question(reward_laws=laws))
    row = [Rational(1 + k % 3, 48) for k in range(24)]
    (exact,) = policy.solutions(beta="1/10", pi_ref=row)
    found = policy.evaluate(beta=np.full(100, 0.1), pi_ref=[float(p) for p in row])

    assert str(exact.stability) == "attracting"
    assert min(exact.policy) < 1e-50
    # More than are solved exactly.
    assert np.allclose(found, [float(p) for p in exact.policy], rtol=1e-9, atol=0)


def test_the_slope_of_tilted_answers_is_how_fast_best_responses_settle() -> None:
    """Large groups, β log π/π_ref: the response to π is π_ref e^{A(π)/β}, and steps shrink."""
    rewards, row, beta = np.array([0.0, 1.0, 3.0, 4.0]), np.array([0.4, 0.3, 0.2, 0.1]), 1.5
    question = gs.Question(rewards=[0, 1, 3, 4])
    policy = gs.stationary_policy(gs.GRPO(S.Infinity, gs.DirectKL()), question)
    solutions = policy.solutions(beta=1.5, pi_ref=[Rational(k, 10) for k in (4, 3, 2, 1)])

    def response(p: np.ndarray) -> np.ndarray:
        mean = p @ rewards
        weights = row * np.exp((rewards - mean) / np.sqrt(p @ (rewards - mean) ** 2) / beta)
        return weights / weights.sum()

    assert len(solutions) > 1
    for solution in solutions:
        fixed = np.array([float(p) for p in solution.policy])
        assert np.allclose(response(fixed), fixed, atol=1e-12)
        # Moves towards each answer: their sum with weights π is no move.
        moves = min(fixed) * 1e-4 * (np.eye(4) - fixed)
        change = [(response(fixed + m) - response(fixed - m)) / min(fixed) / 2e-4 for m in moves]
        radius = max(abs(np.linalg.eigvals(np.array(change).T)))
        assert float(solution.slope) == pytest.approx(radius, rel=1e-6)
