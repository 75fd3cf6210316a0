"""Compiled closed forms: a few units in the last place, over the whole parameter range."""

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from tests.oracles.stationary import solve_binary

POINTS = 6000
ULPS = 4
# pi_ref down to 1e-300 in a difference of terms near 1, and 50 digits of the result.
DIGITS = 720

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@cache
def pairs() -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(), gs.BinaryQuestion(margin=symbols.gamma))


@cache
def large() -> gs.StationaryPolicy:
    return gs.stationary_policy(gs.GRPO(group_size=oo), gs.BinaryQuestion())


def textbook_pairs(beta: Any, gamma: Any, pi_ref: Any, root: Callable[[Any], Any]) -> Any:
    """Published (14)."""
    ratio = beta / gamma
    return (1 - ratio + root((1 - ratio) ** 2 + 4 * ratio * pi_ref)) / 2


def textbook_large(beta: Any, pi_ref: Any, root: Callable[[Any], Any]) -> Any:
    """Published (15)."""
    spread = 4 * beta**2 * pi_ref * (1 - pi_ref)
    return (2 * beta**2 * pi_ref + 1 + root(1 + spread)) / (2 * (1 + beta**2))


def ulps(found: FloatArray, exact: list[mpf]) -> FloatArray:
    """Distance in units in the last place of the exact value."""
    return np.array(
        [
            float(abs(mpf(float(f)) - e) / mpf(float(np.spacing(float(e)))))
            for f, e in zip(found, exact, strict=True)
        ]
    )


def references(rng: np.random.Generator, count: int) -> FloatArray:
    """pi_ref in [1e-300, 1 - 1e-16], log-uniform towards both ends."""
    low = 10.0 ** rng.uniform(-300, math.log10(0.5), count // 3)
    near_zero = 10.0 ** rng.uniform(-20, math.log10(0.5), count // 3)
    high = 1 - 10.0 ** rng.uniform(-15.9, math.log10(0.5), count - 2 * (count // 3))
    found = np.concatenate([low, near_zero, high])
    found[0], found[-1] = 1e-300, 1 - 1.2e-16
    rng.shuffle(found)
    return found


def ratios(rng: np.random.Generator, count: int) -> FloatArray:
    """beta / gamma in [1e-6, 1e6], a third of it within 1e-8 of 1, and exactly 1."""
    wide = 10.0 ** rng.uniform(-6, 6, count - count // 3)
    signs = rng.choice([-1.0, 1.0], count // 3)
    close = 1 + signs * 10.0 ** rng.uniform(-16, -8, count // 3)
    found = np.concatenate([wide, close])
    found[:3] = 1e-6, 1.0, 1e6
    rng.shuffle(found)
    return found


@cache
def sample_of_pairs(unit_margin: bool) -> tuple[FloatArray, FloatArray, FloatArray, list[mpf]]:
    rng = np.random.default_rng(14 if unit_margin else 15)
    gamma = np.ones(POINTS) if unit_margin else 10.0 ** rng.uniform(-3, 0, POINTS)
    beta = ratios(rng, POINTS) * gamma
    beta[:50] = gamma[:50]
    pi_ref = references(rng, POINTS)
    with mp.workdps(DIGITS):
        exact = [
            textbook_pairs(mpf(float(b)), mpf(float(g)), mpf(float(r)), mp.sqrt)
            for b, g, r in zip(beta, gamma, pi_ref, strict=True)
        ]
    return beta, gamma, pi_ref, exact


@cache
def sample_of_large() -> tuple[FloatArray, FloatArray, list[mpf]]:
    rng = np.random.default_rng(16)
    beta, pi_ref = ratios(rng, POINTS), references(rng, POINTS)
    with mp.workdps(DIGITS):
        exact = [
            textbook_large(mpf(float(b)), mpf(float(r)), mp.sqrt)
            for b, r in zip(beta, pi_ref, strict=True)
        ]
    return beta, pi_ref, exact


@pytest.mark.parametrize("unit_margin", [True, False])
def test_pairs_to_the_last_places(unit_margin: bool) -> None:
    beta, gamma, pi_ref, exact = sample_of_pairs(unit_margin)
    with warnings.catch_warnings(), mp.workdps(DIGITS):
        warnings.simplefilter("error")
        found = pairs().lambdify()(beta=beta, gamma=gamma, pi_ref=pi_ref)
        distance = ulps(found, exact)
    worst = int(np.argmax(distance))
    assert distance[worst] <= ULPS, (beta[worst], gamma[worst], pi_ref[worst], distance[worst])
    assert np.all((found >= 0) & (found <= 1))
    assert found.dtype == np.float64


def test_large_groups_to_the_last_places() -> None:
    beta, pi_ref, exact = sample_of_large()
    with warnings.catch_warnings(), mp.workdps(DIGITS):
        warnings.simplefilter("error")
        found = large().lambdify()(beta=beta, pi_ref=pi_ref)
        distance = ulps(found, exact)
    worst = int(np.argmax(distance))
    assert distance[worst] <= ULPS, (beta[worst], pi_ref[worst], distance[worst])
    assert np.all((found >= 0) & (found <= 1))


def test_the_textbook_form_would_not_pass() -> None:
    """The same points tell a form that loses digits from one that does not."""
    beta, gamma, pi_ref, exact = sample_of_pairs(True)
    with mp.workdps(DIGITS):
        naive = ulps(textbook_pairs(beta, gamma, pi_ref, np.sqrt), exact)
    assert np.median(naive[beta > 10]) > 1000 * ULPS
    assert np.mean(naive > ULPS) > 0.1


@pytest.mark.parametrize(
    ("beta", "gamma", "pi_ref"),
    [
        ("1/3", "1/2", "1/7"),
        ("1000000", "1/2", "1e-40"),
        ("1", "1", "1e-30"),
        ("1/1000", "1", "0.999"),
    ],
)
def test_mpmath_backend_has_the_working_precision(beta: str, gamma: str, pi_ref: str) -> None:
    with mp.workdps(50):
        first = pairs().lambdify("mpmath")(beta=beta, gamma=gamma, pi_ref=pi_ref)
        second = large().lambdify("mpmath")(beta=beta, pi_ref=pi_ref)
        assert isinstance(first, mpmath.mpf)
    with mp.workdps(200):
        b, g, r = (
            mpf(Fraction(x).numerator) / Fraction(x).denominator for x in (beta, gamma, pi_ref)
        )
        for found, exact in (
            (first, textbook_pairs(b, g, r, mp.sqrt)),
            (second, textbook_large(b, r, mp.sqrt)),
        ):
            assert abs(found / exact - 1) < mpf(10) ** -48


def test_broadcasting() -> None:
    evaluate = pairs().lambdify()
    beta, pi_ref = np.array([[0.5], [1.0], [2.0]]), np.array([0.1, 0.2, 0.3, 0.4])
    found = evaluate(beta=beta, gamma=0.5, pi_ref=pi_ref)
    assert found.shape == (3, 4)
    for i, j in np.ndindex(found.shape):
        exact = textbook_pairs(beta[i, 0], 0.5, pi_ref[j], math.sqrt)
        assert found[i, j] == pytest.approx(exact, rel=1e-13)
    assert evaluate(beta=[1, 2], gamma=1, pi_ref=[0.5, 0.5]).shape == (2,)
    assert evaluate(beta=np.ones((2, 0)), gamma=1, pi_ref=0.5).shape == (2, 0)
    with pytest.raises(ValueError, match=r"broadcast.*beta \(2,\)"):
        evaluate(beta=[1, 2], gamma=1, pi_ref=[0.1, 0.2, 0.3])


def test_scalars_return_floats() -> None:
    for value in (
        pairs().lambdify()(beta=1, gamma=1, pi_ref=0.25),
        pairs().lambdify()(beta=np.float64(1), gamma=1.0, pi_ref=np.array(0.25)),
    ):
        assert type(value) is float
        assert value == 0.5  # beta = gamma: the square root of pi_ref
    assert type(large().lambdify()(beta=1, pi_ref=0.5)) is float


def test_results_do_not_alias_the_arguments() -> None:
    pi_ref = np.array([0.2, 0.3])
    found = pairs().lambdify()(beta=1.0, gamma=0.0, pi_ref=pi_ref)
    np.testing.assert_array_equal(found, [0.2, 0.3])
    found[0] = 9
    assert pi_ref[0] == 0.2


@pytest.mark.parametrize("backend", ["numpy", "mpmath"])
def test_boundary_values(backend: str) -> None:
    evaluate = pairs().lambdify(backend)
    assert float(evaluate(beta=0.25, gamma=1.0, pi_ref=0.0)) == 0.75
    assert float(evaluate(beta=4.0, gamma=1.0, pi_ref=0.0)) == 0.0
    assert float(evaluate(beta=1.0, gamma=1.0, pi_ref=0.0)) == 0.0
    assert float(evaluate(beta=3.0, gamma=0.5, pi_ref=1.0)) == 1.0
    assert float(evaluate(beta=3.0, gamma=0.0, pi_ref=0.3)) == 0.3
    assert float(large().lambdify(backend)(beta=3.0, pi_ref=1.0)) == 1.0
    assert float(large().lambdify(backend)(beta=3.0, pi_ref=0.0)) == pytest.approx(0.1)


def test_exponentials_do_not_overflow() -> None:
    policy = gs.stationary_policy(gs.GRPO(penalty=gs.DirectKL()), gs.BinaryQuestion())
    weights = np.array([1e-300, 1e-6, 1e-3, 1e-2, 0.1, 1.0, 1e3, 1e300])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = policy.lambdify()(beta=weights, pi_ref=1e-9)
    with mp.workdps(40):
        odds = mpf(1e-9) / (1 - mpf(1e-9))
        for weight, value in zip(weights, found, strict=True):
            logit = mp.log(odds) + 1 / mpf(float(weight))
            exact = 1 / (1 + mp.exp(-logit))
            assert abs(mpf(float(value)) / exact - 1) < mpf("1e-12")


def test_solved_where_there_is_no_closed_form() -> None:
    policy = gs.stationary_policy(gs.GRPO(group_size=4), gs.BinaryQuestion())
    found = policy.lambdify()(beta=[0.5, 2.0], pi_ref=[[0.25], [0.75]])
    assert found.shape == (2, 2)
    for i, reference in enumerate((Fraction(1, 4), Fraction(3, 4))):
        for j, weight in enumerate((Fraction(1, 2), Fraction(2))):
            exact = float(solve_binary(weight, reference, 4, digits=20))
            assert found[i, j] == pytest.approx(exact, rel=4e-16)
    with mp.workdps(50):
        precise = policy.lambdify("mpmath")(beta="1/2", pi_ref="1/4")
        exact50 = solve_binary(Fraction(1, 2), Fraction(1, 4), 4, digits=50)
        assert abs(precise - exact50) < mpf(10) ** -46


BAD = [
    ({"beta": -1.0}, "beta"),
    ({"beta": 0.0}, "beta"),
    ({"beta": [1.0, float("nan")]}, "beta"),
    ({"beta": float("inf")}, "beta"),
    ({"beta": None}, "beta"),
    ({"beta": "abc"}, "beta"),
    ({"beta": "__import__('os')"}, "beta"),
    ({"beta": 1j}, "beta"),
    ({"beta": True}, "beta"),
    ({"pi_ref": 1.2}, "pi_ref"),
    ({"pi_ref": [0.5, -0.1]}, "pi_ref"),
    ({"gamma": 1.5}, "gamma"),
    ({"temperature": 1.0}, "temperature"),
]


@pytest.mark.parametrize("backend", ["numpy", "mpmath"])
@pytest.mark.parametrize(("change", "name"), BAD, ids=str)
def test_bad_arguments_are_named(backend: str, change: dict[str, Any], name: str) -> None:
    given = {"beta": 1.0, "pi_ref": 0.5, "gamma": 0.5, **change}
    with pytest.raises(ValueError, match=name):
        pairs().lambdify(backend)(**given)


def test_missing_arguments_and_backends_are_named() -> None:
    with pytest.raises(ValueError, match="missing argument 'pi_ref'"):
        pairs().lambdify()(beta=1.0, gamma=1.0)
    with pytest.raises(
        ValueError, match="backend must be one of numpy, mpmath, jax, torch, got 'cupy'"
    ):
        pairs().lambdify("cupy")
    with pytest.raises(TypeError):
        pairs().lambdify()(1.0, 0.5, 1.0)
