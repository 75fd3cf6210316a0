"""Marginal penalties: the table, numerical differentiation, and the divergences they act as."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from mpmath import mp, mpf
from sympy import Expr, Rational, diff, lambdify, log, simplify

import grpo_symbolic as gs
from grpo_symbolic.symbols import u

# The three usual estimators of a KL divergence in u = pi_ref / pi.
ESTIMATORS: dict[str, tuple[Expr, Callable[[mpf], mpf]]] = {
    "k1": (-log(u), lambda x: -mp.log(x)),
    "k2": (log(u) ** 2 / 2, lambda x: mp.log(x) ** 2 / 2),
    "k3": (u - log(u) - 1, lambda x: x - mp.log(x) - 1),
}
PLACEMENTS = ["loss", "loss-with-ratio", "reward"]
NUMBERS = [mpf("0.01"), mpf("0.4"), mpf(1), mpf("2.5"), mpf(300)]


def expected_penalty(placement: str, k: Callable[[mpf], mpf], new: mpf, old: mpf, ref: mpf) -> mpf:
    """One answer's part of the expected penalty, answers being drawn from ``old``."""
    importance = mp.one if placement == "loss" else new / old
    seen = old if placement == "reward" else new
    return old * importance * k(ref / seen)


def function_of_u(expr: Expr) -> Callable[[mpf], mpf]:
    return lambdify(u, expr, "mpmath")


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_marginal_penalty_is_the_tabulated_one(name: str, placement: str) -> None:
    k, _ = ESTIMATORS[name]
    table = {"loss": -u * diff(k, u), "loss-with-ratio": k - u * diff(k, u), "reward": k}
    assert simplify(gs.Estimator(k, placement).marginal() - table[placement]) == 0
    others = [table[p] for p in PLACEMENTS if p != placement]
    assert all(simplify(gs.Estimator(k, placement).marginal() - t) != 0 for t in others)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_marginal_penalty_is_the_derivative_of_the_expectation(name: str, placement: str) -> None:
    k, number = ESTIMATORS[name]
    marginal = function_of_u(gs.Estimator(k, placement).marginal())
    with mp.workdps(40):
        for ratio in NUMBERS:
            for old in (mpf("0.03"), mpf("0.6")):
                ref = ratio * old
                slope = mp.diff(
                    lambda new, old=old, ref=ref: expected_penalty(
                        placement, number, new, old, ref
                    ),
                    old,
                )
                assert abs(slope - marginal(ratio)) < mpf(10) ** -15 * max(1, abs(slope))


@pytest.mark.parametrize(
    ("penalty", "generator", "offset"),
    [
        (gs.ReverseKL(), -log(u), 1),
        (gs.DirectKL(), u * log(u), -1),
        (gs.Estimator(-log(u), "loss-with-ratio"), u * log(u), 0),
        (gs.Estimator(-log(u), "reward"), u * log(u), -1),
        (gs.Estimator(log(u) ** 2 / 2, "loss"), u * log(u), -1),
    ],
    ids=["k3 in the loss", "k3 with ratio", "k1 with ratio", "k1 in the reward", "k2 in the loss"],
)
def test_estimators_act_as_divergences(penalty: gs.Penalty, generator: Expr, offset: int) -> None:
    """Equal marginals up to a constant, which the multiplier of the simplex absorbs."""
    exact = gs.Divergence(generator).marginal()
    assert simplify(penalty.marginal() - exact) == offset


def test_k1_in_the_loss_has_no_effect() -> None:
    """Its marginal is constant: without the ratio the score has mean zero."""
    assert not gs.Estimator(-log(u), "loss").marginal().has(u)


@pytest.mark.parametrize(
    ("generator", "divergence"),
    [
        (-log(u), lambda p, r: r * mp.log(r / p)),
        (u * log(u), lambda p, r: p * mp.log(p / r)),
        ((u - 1) ** 2, lambda p, r: (p - r) ** 2 / r),
    ],
    ids=["KL(ref, pi)", "KL(pi, ref)", "chi-squared"],
)
def test_exact_divergences(generator: Expr, divergence: Callable[[mpf, mpf], mpf]) -> None:
    penalty = gs.Divergence(generator)
    marginal = function_of_u(penalty.marginal())
    with mp.workdps(40):
        policy = [mpf("0.2"), mpf("0.5"), mpf("0.3")]
        reference = [mpf("0.6"), mpf("0.1"), mpf("0.3")]
        total = mp.fsum(
            mpf(str(penalty.value(Rational(str(p)), Rational(str(r))).evalf(40)))
            for p, r in zip(policy, reference, strict=True)
        )
        expected = mp.fsum(divergence(p, r) for p, r in zip(policy, reference, strict=True))
        assert abs(total - expected) < mpf(10) ** -35
        assert total > 0
        for p, r in zip(policy, reference, strict=True):
            slope = mp.diff(lambda x, r=r: divergence(x, r), p)
            assert abs(slope - marginal(r / p)) < mpf(10) ** -15


@pytest.mark.parametrize(
    "penalty", [gs.ReverseKL(), gs.DirectKL(), gs.Divergence((u - 1) ** 2)], ids=str
)
def test_marginals_push_towards_the_reference(penalty: gs.Penalty) -> None:
    """The marginal falls with u = pi_ref / pi: what is too likely costs more."""
    marginal = function_of_u(penalty.marginal())
    values = [marginal(x) for x in NUMBERS]
    assert all(left > right for left, right in pairwise(values))


def test_an_argument_replaces_the_ratio() -> None:
    x = 2 * u / (1 + u)
    assert simplify(gs.ReverseKL().marginal(x) - (1 - x)) == 0
    assert simplify(gs.DirectKL().marginal(x) + log(x)) == 0


def test_placement_is_checked() -> None:
    with pytest.raises(ValueError, match=r"placement must be one of .*got 'elsewhere'"):
        gs.Estimator(placement="elsewhere")
