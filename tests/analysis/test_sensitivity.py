"""Implicit differentiation against derivatives taken numerically from 50-digit solutions."""

from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import diff, oo

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.analysis.sensitivity import Sensitivity

BINARY = gs.BinaryQuestion()
MARGIN = gs.BinaryQuestion(margin=symbols.gamma)
POINT = {"beta": 0.75, "pi_ref": 0.1875}
SETTINGS = [
    (gs.GRPO(2), MARGIN, {"gamma": 0.625}),
    (gs.GRPO(4), BINARY, {}),
    (gs.GRPO(8), BINARY, {}),
    (gs.GRPO(64), BINARY, {}),
    (gs.GRPO(oo), BINARY, {}),
    (gs.GRPO(2, gs.DirectKL()), MARGIN, {"gamma": 0.625}),
    (gs.GRPO(8, gs.DirectKL()), BINARY, {}),
    (gs.RLHF(), BINARY, {"gap": 1.5}),
    (gs.GRPO(6, advantage=gs.ShiftAndScale(epsilon="1/8")), BINARY, {"gap": 1.5}),
]


@pytest.mark.parametrize(("algorithm", "question", "more"), SETTINGS, ids=str)
def test_against_numerical_differentiation(algorithm: Any, question: Any, more: Any) -> None:
    policy = gs.stationary_policy(algorithm, question)
    point = POINT | more
    found = policy.sensitivity(**point)
    assert set(found) == set(point)
    solve = policy.lambdify("mpmath")
    with mp.workdps(50):
        step = mpf(10) ** -16
        for name, value in found.items():
            assert type(value) is float
            ends = [
                solve(**{k: mpf(v) + (k == name) * s for k, v in point.items()})
                for s in (-step, step)
            ]
            assert value == pytest.approx(float((ends[1] - ends[0]) / (2 * step)), rel=1e-14)


def test_the_formula_of_pairs() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), MARGIN)
    beta, gamma, pi, pi_ref = symbols.beta, symbols.gamma, symbols.pi, symbols.pi_ref
    found = policy.sensitivity("beta")
    assert isinstance(found, Sensitivity)
    expected = (pi_ref - pi) / (beta - gamma * (1 - 2 * pi))
    assert is_zero(found.expression - expected, policy.domain)
    assert found.closed is not None
    assert is_zero(found.closed - diff(policy.expression, beta), policy.parameters)
    assert is_zero(found.expression.subs(pi, policy.expression) - found.closed, policy.parameters)
    assert found.latex().startswith(r"\frac{\partial}{\partial \beta} \pi(a) = \frac{")
    assert policy.sensitivity("beta", beta=1, gamma=1, pi_ref=0.25) == -0.25


def test_arrays_broadcast() -> None:
    found = gs.stationary_policy(gs.GRPO(2), BINARY).sensitivity("pi_ref")
    values = found(beta=np.array([[0.5], [2.0]]), pi_ref=[0.1, 0.2, 0.3])
    assert values.shape == (2, 3)
    assert values[1, 2] == found(beta=2.0, pi_ref=0.3)


def test_what_cannot_be_differentiated() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), BINARY)
    with pytest.raises(ValueError, match="does not depend on gap"):
        policy.sensitivity("gap")
    with pytest.raises(ValueError, match="unknown parameter 'gamma'"):
        policy.sensitivity("gamma")
    with pytest.raises(ValueError, match="needs a parameter, or values"):
        policy.sensitivity()
    with pytest.raises(ValueError, match="missing argument 'pi_ref'"):
        policy.sensitivity(beta=1)
    with pytest.raises(ValueError, match="unknown argument 'alpha'"):
        policy.sensitivity(beta=1, pi_ref=0.5, alpha=1)
    group = gs.stationary_policy(gs.GRPO(symbols.G), BINARY)
    with pytest.raises(ValueError, match="real values, got G"):
        group.sensitivity("G")
    folded = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), BINARY)
    with pytest.raises(ValueError, match="2 stationary policies"):
        folded.sensitivity("beta", beta=2, pi_ref=0.5)
