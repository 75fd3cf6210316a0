"""One stationary policy for every reference: the determinant, its coefficients, what they say."""

from fractions import Fraction
from math import prod

import numpy as np
import pytest

import grpo_symbolic as gs
from grpo_symbolic.levels import uniqueness
from grpo_symbolic.levels.field import LevelField
from grpo_symbolic.levels.mixture import Mixture
from grpo_symbolic.levels.uniqueness import positive_determinant

BITS = 120


def ring_of(levels: int) -> uniqueness.fmpz_mpoly_ctx:
    return uniqueness.fmpz_mpoly_ctx.get((*(f"p{k}" for k in range(levels)), "z"), "lex")


@pytest.mark.parametrize(
    ("levels", "rule"),
    [
        ((0, 1, 3), Mixture(5, 5)),
        ((0, 2, 3, 7), Mixture(6, 6, 1)),
        ((0, 1, 2), Mixture(4, 4, 1, Fraction(1, 3))),
        ((0, 1, 2, 5, 6), Mixture(4, 4, 0, Fraction(1, 2), True)),
    ],
)
def test_the_polynomial_is_the_jacobian(levels: tuple[int, ...], rule: Mixture) -> None:
    """At random policies and weights, against slopes of the integral in float64."""
    n, random = len(levels), np.random.default_rng(5)
    ring = ring_of(n)
    matrix = uniqueness._matrix(uniqueness._values(levels, rule, BITS, ring), ring, BITS)
    polynomial = uniqueness._determinant(matrix, ring).to_dict()
    field = LevelField(tuple(map(Fraction, levels)), rule)
    masses = random.dirichlet(np.ones(n), size=4).T
    values, slopes = field.slopes(masses)
    for k in range(4):
        above = float(random.exponential())
        beta = values[-1, k] + above
        whole = np.diag(beta - values[:, k]) - masses[:, k, None] * slopes[:, :, k]
        along = (whole - whole[:, :1])[1:, 1:]
        terms = (
            float(c)
            * prod(p ** int(e) for p, e in zip((*masses[:, k], above), exponents, strict=True))
            for exponents, c in polynomial.items()
        )
        assert sum(terms) / 2.0 ** (BITS * (n - 1)) == pytest.approx(
            np.linalg.det(along), rel=1e-9, abs=1e-9
        )


@pytest.mark.parametrize(
    ("levels", "size", "counted"),
    # Of G - 1 others: monomials of degree (G - 1) (2 - k) in three masses, for each power z^k.
    [((0, 1, 2), 3, 3 * 1 + 3), ((0, 3, 4), 8, 3 * 6 + 6 * 13 + 15)],
)
def test_coefficients_are_those_in_all_levels(
    levels: tuple[int, ...], size: int, counted: int
) -> None:
    found = positive_determinant(tuple(map(Fraction, levels)), Mixture(size, size))
    assert found is not None
    assert f"({counted} of them, in 4 sets of levels)" in found


def test_levels_that_are_close_or_many_and_rules_of_trainers() -> None:
    close = (Fraction(0), Fraction(1, 10**6), Fraction(1))
    trainer = Mixture(8, 8, 1, Fraction(1, 10**4))
    six = tuple(map(Fraction, (0, 1, 5, 6, 20, 50)))
    for levels, rule in ((close, Mixture(9, 9)), (close, trainer), (six, Mixture(4, 4))):
        assert "positive coefficients" in positive_determinant(levels, rule)
    ten = tuple(map(Fraction, range(10)))
    assert positive_determinant(ten, Mixture(64, 64)) is None
    assert positive_determinant(close, Mixture(4, 16)) is None


def test_a_map_that_folds_is_not_taken_for_one_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A best level that draws more the more of it there is has several references' preimages."""
    uniqueness._positive.cache_clear()
    values = uniqueness._values

    def drawn(levels, mixture, bits, ring):
        found = values(levels, mixture, bits, ring)
        masses = ring.gens()
        return [*found[:-1], found[-1] + masses[2] ** 2 * masses[1] * (40 << bits)]

    monkeypatch.setattr(uniqueness, "_values", drawn)
    assert positive_determinant((Fraction(0), Fraction(1), Fraction(2)), Mixture(4, 4)) is None
    uniqueness._positive.cache_clear()


def test_solutions_are_complete_and_say_why() -> None:
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(3, 2, 1, 1, 0)))
    solved = policy.solutions(beta="1/10", pi_ref=("1/5",) * 5)
    assert solved.complete
    assert "positive coefficients" in solved.status
    assert policy.enclose(beta="1/10", pi_ref=("1/5",) * 5, digits=20).complete
    direct = gs.stationary_policy(gs.GRPO(3, gs.DirectKL()), gs.Question(rewards=(3, 1, 0)))
    assert direct.count.possible == ()


def test_a_coefficient_that_is_missing_is_not_taken_for_positive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels, rule, whole = (0, 1, 4), Mixture(5, 5), uniqueness._determinant

    def without_one(matrix: list, ring: uniqueness.fmpz_mpoly_ctx) -> uniqueness.fmpz_mpoly:
        table = whole(matrix, ring).to_dict()
        del table[next(powers for powers in table if all(powers[: len(levels)]))]
        return ring.from_dict(table)

    uniqueness._positive.cache_clear()
    assert uniqueness._positive(levels, rule)
    uniqueness._positive.cache_clear()
    monkeypatch.setattr(uniqueness, "_determinant", without_one)
    assert uniqueness._positive(levels, rule) is None
    uniqueness._positive.cache_clear()
