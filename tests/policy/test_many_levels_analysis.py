"""Limits, series, sensitivities, counts and derivations of many answers."""

from itertools import product

import numpy as np
import pytest
from sympy import Rational, latex, oo

import grpo_symbolic as gs
from grpo_symbolic.model.level_mean import PairMean, Rule

FOUR = gs.Question(rewards=(3, 1, 0, 1))
REFERENCE = np.array([0.1, 0.2, 0.3, 0.4])


def policy(size: int, question: gs.Question = FOUR) -> gs.SimplexPolicy:
    return gs.stationary_policy(gs.GRPO(size), question)


@pytest.mark.parametrize("size", [2, 8, 64])
def test_sensitivities_are_differences(size: int) -> None:
    solved, step = policy(size), 1e-5
    found = solved.sensitivity(beta=0.7, pi_ref=REFERENCE)
    up, down = (solved.evaluate(beta=0.7 + s, pi_ref=REFERENCE) for s in (step, -step))
    assert found["beta"] == pytest.approx((up - down) / (2 * step), abs=1e-8)
    for j in range(4):
        moved = []
        for s in (step, -step):
            row = REFERENCE + s * (np.arange(4) == j)
            moved.append(solved.evaluate(beta=0.7, pi_ref=row / row.sum()))
        expected = (moved[0] - moved[1]) / (2 * step)
        assert found["pi_ref"][:, j] == pytest.approx(expected, abs=1e-8)
    assert solved.sensitivity("beta", beta=0.7, pi_ref=REFERENCE).sum() == pytest.approx(0)
    with pytest.raises(ValueError, match="known to beta and pi_ref"):
        solved.sensitivity("r_1", beta=1, pi_ref=REFERENCE)


def test_limits_are_approached() -> None:
    for size in (3, 16):
        solved = policy(size, gs.Question(rewards=(2, 2, 1, 0)))
        weak = [float(x.subs(values(solved))) for x in solved.limit("beta", 0)]
        assert weak == pytest.approx([1 / 3, 2 / 3, 0, 0])
        assert solved.evaluate(beta=1e-6, pi_ref=REFERENCE) == pytest.approx(weak, abs=1e-5)
        strong = [float(x.subs(values(solved))) for x in solved.limit("beta", oo)]
        assert solved.evaluate(beta=1e6, pi_ref=REFERENCE) == pytest.approx(strong, abs=1e-5)
    with pytest.raises(ValueError, match="known for beta -> 0"):
        solved.limit("pi_ref", 0)
    direct = gs.stationary_policy(gs.GRPO(8, gs.DirectKL()), FOUR)
    with pytest.raises(ValueError, match="reverse KL"):
        direct.limit("beta", 0)


def values(solved: gs.SimplexPolicy) -> dict:
    return dict(zip(solved.question.reference[:-1], REFERENCE, strict=False))


@pytest.mark.parametrize(("size", "highest"), [(3, 1), (3, 2), (4, 1), (4, 2), (8, 2)])
def test_series_are_right_to_the_next_power(size: int, highest: int) -> None:
    solved = policy(size, gs.Question(rewards=(3, 1, 0)))
    reference = np.array([0.2, 0.3, 0.5])
    at = dict(zip(solved.question.reference[:-1], reference, strict=False))
    terms = solved.series("1/beta", highest)
    errors = []
    for beta in (50.0, 100.0):
        summed = [float(t.subs({**at, gs.symbols.beta: beta})) for t in terms]
        exact = solved.evaluate(beta=beta, pi_ref=reference)
        errors.append(np.abs(exact - summed).max())
    assert errors[0] / errors[1] == pytest.approx(2 ** (highest + 1), rel=0.2)


def test_means_beside_a_known_member_are_those_of_listed_groups() -> None:
    """What the second power of a series is made of."""
    masses, levels = (Rational(1, 5), Rational(3, 10), Rational(1, 2)), (3, 1, 0)
    rule = Rule(gs.ShiftAndScale(), gs.Domain())
    for own, beside in ((3, 0), (1, 1)):
        total = 0.0
        for drawn in product(range(3), repeat=2):
            group = np.array([own, beside, *(levels[k] for k in drawn)], dtype=float)
            chance = float(masses[drawn[0]] * masses[drawn[1]])
            total += chance * (own - group.mean()) / group.std() if group.std() else 0.0
        found = PairMean(own, 4, levels, masses, rule, beside).doit()
        assert float(found) == pytest.approx(total, rel=1e-14)


def test_series_and_derivation_of_values_kept_by_name() -> None:
    solved = policy(64)
    assert str(solved.series("1/beta", 1)[0]) == "pi_ref_1 + pi_ref_1*V_64(3)/beta"
    second = solved.series("1/beta", 2)[0]
    assert "63*pi_ref_3*V_64(0)*V_64(3; 0)" in str(second)
    assert r"V_{64}\left(3;\ 1\right)" in latex(second)
    with pytest.raises(ValueError, match="written out"):
        solved.series("1/beta", 3)
    lines = str(solved.derivation)
    assert "V_64(r) = E[A(r)]" in lines
    assert "the condition of answer 2 and of 1 more of its rewards" in lines
    assert "lambda = 0" in lines
    assert all(v.status == "PROVED" for v in solved.derivation.verify())
    assert "V_{64}" in solved.derivation.latex()


def test_counts() -> None:
    assert policy(2).count.unique
    assert all(v.status == "PROVED" for v in policy(2).count.verify())
    ranked = gs.stationary_policy(gs.GRPO(32, advantage=gs.Ranks()), FOUR)
    assert ranked.count.unique
    assert policy(8, gs.Question(rewards=(1, 1, 0))).count.unique
    assert policy(8).count.unique
    assert "positive coefficients" in policy(16).count.reason
    ten = gs.Question(rewards=tuple(range(10)))
    assert policy(64, ten).count.possible == ()
    assert "no argument" in policy(64, ten).count.reason


def test_analyse_says_what_is_known() -> None:
    found = gs.analyse(gs.GRPO(64), FOUR, beta=1, pi_ref=("1/10", "1/5", "3/10", "2/5"))
    assert found.limits["beta -> 0+"] == {"value": "(1, 0, 0, 0)"}
    assert found.count["at"]["number"] == 1
    assert "kept by name" in found.potential["unknown"]
    assert "two answers" in found.thresholds["unknown"]


@pytest.mark.parametrize("size", [2, 5, 16])
def test_every_cut_lies_between_the_reference_and_two_levels(size: int) -> None:
    """R <= F <= phi_G(R), with equality on the right in groups of two."""
    random = np.random.default_rng(8)
    solved = policy(size, gs.Question(rewards=(7, 3, 2, 0)))
    two = gs.stationary_policy(gs.GRPO(size), gs.BinaryQuestion())
    rows = random.dirichlet(np.ones(4), size=20)
    for beta in (0.05, 0.5, 5.0):
        found = np.cumsum(solved.evaluate(beta=beta, pi_ref=rows), axis=1)[:, :-1]
        given = np.cumsum(rows, axis=1)[:, :-1]
        above = two.evaluate(beta=beta, pi_ref=given)
        assert (found > given).all()
        if size == 2:
            assert found == pytest.approx(above, rel=1e-12)
        else:
            assert (found < above).all()
