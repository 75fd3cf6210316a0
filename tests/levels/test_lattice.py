"""The two routes to level values, each the check of the other."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from sympy import Rational

import grpo_symbolic as gs
from grpo_symbolic.levels.balls import LevelPreference
from grpo_symbolic.levels.field import LevelField
from grpo_symbolic.levels.mixture import Mixture
from tests.levels.lattice import Lattice

LEVELS = (Fraction(1, 2), Fraction(3), Fraction(0))
MASSES = (Fraction(1, 5), Fraction(1, 2), Fraction(3, 10))


@pytest.mark.parametrize("size", [3, 8, 24])
def test_exact_laws_agree_with_the_integral_to_thirty_digits(size: int) -> None:
    lattice = Lattice(LEVELS, size)
    with ctx.workprec(160):
        exact = lattice.balls(MASSES)
        policy = [arb(m.numerator) / m.denominator for m in MASSES]
        integral = LevelPreference(LEVELS, Mixture(size, size), None, 110).values(policy)
        assert all(a.overlaps(b) for a, b in zip(exact, integral, strict=True))
        assert all(float(b.rad()) < 1e-30 for b in integral)


@pytest.mark.parametrize("size", [4, 32, 256, 1024])
def test_fourier_transforms_agree_with_the_integral(size: int) -> None:
    levels = (Fraction(0), Fraction(1), Fraction(2))
    masses = np.array([0.2, 0.5, 0.3])
    # A power multiplies the rounding of its base.
    by_lattice = Lattice(levels, size).values(masses)
    by_integral = LevelField(levels, Mixture(size, size)).values(masses[:, None])[:, 0]
    assert by_lattice == pytest.approx(by_integral, abs=2e-15 * size)


def test_exact_values_are_those_of_the_preference_model() -> None:
    question = gs.Question(rewards=[Rational(r.numerator, r.denominator) for r in LEVELS])
    at = {s: Rational(m.numerator, m.denominator)
          for s, m in zip(question.policy[:-1], MASSES, strict=False)}  # fmt: skip
    for rule in (gs.ShiftAndScale(), gs.ShiftAndScale(ddof=1, epsilon="1/10")):
        model = gs.preference(gs.GRPO(4, advantage=rule), question)
        exact = Lattice(LEVELS, 4).exact(MASSES, rule)
        for mine, theirs in zip(exact, model, strict=True):
            assert float(mine - theirs.subs(at)) == pytest.approx(0, abs=1e-14)


def test_shaped_rules_on_the_lattice() -> None:
    """Clipped advantages, as the preference model has them."""

    def clipped(deviation: np.ndarray, variance: np.ndarray, size: int) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.clip(deviation / np.sqrt(variance), -1, 1)

    question = gs.Question(rewards=[Rational(r.numerator, r.denominator) for r in LEVELS])
    model = gs.preference(gs.GRPO(5, advantage=gs.Clipped()), question)
    at = dict(zip(question.policy[:-1], (0.2, 0.5), strict=False))
    found = Lattice(LEVELS, 5).values([0.2, 0.5, 0.3], clipped)
    assert found == pytest.approx([float(v.subs(at)) for v in model], abs=1e-14)


def test_lattices_that_are_too_large_say_what_would_do() -> None:
    wide = (Fraction(0), Fraction(1), Fraction(997))
    with pytest.raises(ValueError, match=r"groups of \d+ would do"):
        Lattice(wide, 64).values([0.2, 0.5, 0.3])
    with pytest.raises(ValueError, match=r"groups of \d+ would do"):
        Lattice(wide, 64).balls(MASSES)


def test_simulated_groups() -> None:
    """Drawn groups, within four standard errors: nothing is shared with either route."""
    random, size = np.random.default_rng(5), 48
    levels, masses = np.array([0.0, 1.0, 2.5, 7.0]), np.array([0.4, 0.3, 0.2, 0.1])
    found = LevelField(tuple(Fraction(x) for x in levels), Mixture(size, size)).values(
        masses[:, None]
    )[:, 0]
    others = random.choice(levels, p=masses, size=(40_000, size - 1))
    for own, value in zip(levels, found, strict=True):
        group = np.concatenate([np.full((len(others), 1), own), others], axis=1)
        advantage = (own - group.mean(axis=1)) / group.std(axis=1)
        error = advantage.std() / np.sqrt(len(others))
        assert abs(advantage.mean() - value) < 4 * error
