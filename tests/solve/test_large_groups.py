"""Large groups of random answers: through the masses of levels as through the whole formula."""

from __future__ import annotations

import pytest
from flint import arb, ctx
from mpmath import mp
from sympy import Rational, S, oo

import grpo_symbolic as gs
from grpo_symbolic.solve.given_preference import GivenPreference
from grpo_symbolic.solve.large_groups import LargeGroupPreference
from grpo_symbolic.solve.preferences import PolynomialPreference, preference_at

LEVELS = (S.Zero, S.One, Rational(3, 2), S(3))
SHARES = ((1, 2, 3, 4), (4, 1, 0, 5), (2, 2, 5, 1), (0, 7, 2, 1), (3, 3, 3, 1), (1, 0, 0, 9))
LAWS = [[(r, Rational(w, 10)) for r, w in zip(LEVELS, row, strict=True) if w] for row in SHARES]
QUESTION = gs.Question(reward_laws=LAWS)
SHAPED = [gs.Clipped(), gs.PositiveOnly(), gs.NegativeOnly(), gs.PassAtK(2), gs.MeanScale()]


@pytest.mark.parametrize("rule", SHAPED, ids=str)
def test_values_and_slopes_are_those_of_the_whole(rule: gs.Advantage) -> None:
    """Up to one number for all answers, and along the simplex."""
    condition = gs.stationarity_condition(gs.GRPO(oo, advantage=rule), QUESTION)
    with ctx.workprec(150):
        found = preference_at(condition, {})
        assert isinstance(found, LargeGroupPreference)
        whole = GivenPreference.of(tuple(condition.preference), condition.policy)
        policy = [arb(k + 1) / 21 for k in range(6)]
        values, expected = found.values(policy), whole.values(policy)
        slopes, rises = found.slopes(policy), whole.slopes(policy)
        for o in range(5):
            assert _close(values[o] - values[5], expected[o] - expected[5])
            for j in range(5):
                first, second = ((m[o, j] - m[o, 5]) - (m[5, j] - m[5, 5]) for m in (slopes, rises))
                assert _close(first, second)


def test_advantages_by_hand() -> None:
    """Two moments of the population, and a clip: no formula of the library."""
    rule = gs.Clipped(bound=Rational(1, 2))
    condition = gs.stationarity_condition(gs.GRPO(oo, advantage=rule), QUESTION)
    masses = [[w / 10 for w in row] for row in SHARES]
    policy = [(k + 1) / 21 for k in range(6)]
    levels = [float(r) for r in LEVELS]
    population = [sum(p * row[k] for p, row in zip(policy, masses, strict=True)) for k in range(4)]
    mean = sum(m * r for m, r in zip(population, levels, strict=True))
    std = sum(m * (r - mean) ** 2 for m, r in zip(population, levels, strict=True)) ** 0.5
    shaped = [max(-0.5, min(0.5, (r - mean) / std)) for r in levels]
    expected = [sum(w * a for w, a in zip(row, shaped, strict=True)) for row in masses]
    with ctx.workprec(100):
        values = preference_at(condition, {}).values([arb(k + 1) / 21 for k in range(6)])
        for o in range(6):
            assert abs(float(values[o].mid()) - expected[o]) < 1e-14


def test_a_polynomial_stays_one() -> None:
    condition = gs.stationarity_condition(gs.GRPO(oo, advantage=gs.Ranks()), QUESTION)
    assert isinstance(preference_at(condition, {}), PolynomialPreference)


def test_forty_answers_have_a_stationary_policy() -> None:
    laws = [
        [(r, Rational(1 + (o * k) % 7, 20)) for k, r in enumerate(LEVELS[:3])] for o in range(40)
    ]
    laws = [[*law, (LEVELS[3], 1 - sum(w for _, w in law))] for law in laws]
    question = gs.Question(reward_laws=laws)
    policy = gs.stationary_policy(gs.GRPO(oo, advantage=gs.Clipped()), question)
    (solution,) = policy.solutions(beta=2, pi_ref=[Rational(1, 40)] * 40)
    with mp.workdps(30):
        assert abs(sum(solution.policy) - 1) < 1e-25
    # β (1 − π_ref/π) + λ = P, computed here.
    rows = [{r: float(w) for r, w in law} for law in laws]
    masses = {
        r: sum(float(p) * row.get(r, 0) for p, row in zip(solution.policy, rows, strict=True))
        for r in LEVELS
    }
    mean = sum(m * float(r) for r, m in masses.items())
    std = sum(m * (float(r) - mean) ** 2 for r, m in masses.items()) ** 0.5
    shaped = {r: max(-1.0, min(1.0, (float(r) - mean) / std)) for r in LEVELS}
    left = [
        sum(w * shaped[r] for r, w in row.items()) - 2 * (1 - 1 / (40 * float(p)))
        for p, row in zip(solution.policy, rows, strict=True)
    ]
    assert max(left) - min(left) < 1e-12


def _close(first: arb, second: arb) -> bool:
    return bool(first.overlaps(second)) and bool(abs(first - second).upper() < arb(10) ** -30)
