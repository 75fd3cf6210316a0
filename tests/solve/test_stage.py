"""Second-order status: curvature from the frozen penalty itself, signs from eigenvalues."""

from __future__ import annotations

import random

import mpmath as mp
import numpy as np
import pytest
from flint import arb

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.solve.stage import stage_of


def k3(u: mp.mpf) -> mp.mpf:
    return u - mp.log(u) - 1


# The expected penalty of one answer, written from the estimators: (new, old, ref) -> number.
PENALTIES = {
    "k3 in the loss": (gs.ReverseKL(), lambda new, old, ref: old * k3(ref / new)),
    "k3 with ratio": (gs.DirectKL(), lambda new, old, ref: new * k3(ref / new)),
    "k2 in the loss": (
        gs.Estimator("k2"),
        lambda new, old, ref: old * mp.log(ref / new) ** 2 / 2,
    ),
    "k3 in the reward": (
        gs.Estimator("k3", "reward"),
        lambda new, old, ref: new * k3(ref / old),
    ),
    "chi-squared": (
        gs.Divergence.chi_squared(),
        lambda new, old, ref: ref * (new / ref - 1) ** 2 / 2,
    ),
    "Jensen-Shannon": (
        gs.Divergence.jensen_shannon(),
        lambda new, old, ref: (
            (new * mp.log(2 * new / (new + ref)) + ref * mp.log(2 * ref / (new + ref))) / 2
        ),
    ),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_curvature_is_the_second_derivative_with_the_sampler_frozen(name: str) -> None:
    penalty, term = PENALTIES[name]
    with mp.workdps(60):
        for policy, ref in ((mp.mpf("0.1"), mp.mpf("0.01")), (mp.mpf("0.3"), mp.mpf("0.7"))):
            second = mp.diff(lambda new, p=policy, r=ref: term(new, p, r), policy, 2)
            expected = policy * second
            found = penalty.curvature().subs(symbols.u, ref / policy).evalf(40)
            assert abs(mp.mpf(str(found)) - expected) < mp.mpf(10) ** -20


def test_the_stage_follows_the_eigenvalues_on_the_simplex() -> None:
    rng = random.Random(4)
    seen = set()
    for _ in range(600):
        n = rng.randint(2, 5)
        curvatures = [rng.choice((-1, 1, 1)) * rng.uniform(0.1, 3) for _ in range(n)]
        if rng.random() < 0.2:
            curvatures[0] = 0.0
        basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
        # The objective's second derivative is minus the penalty's.
        values = np.linalg.eigvalsh(-basis.T @ np.diag(curvatures) @ basis)
        if min(abs(values)) < 1e-9:
            continue
        kinds = {(True, False): "minimum", (False, True): "maximum", (True, True): "saddle"}
        expected = kinds[bool((values > 0).any()), bool((values < 0).any())]
        seen.add(expected)
        assert stage_of([arb(c) for c in curvatures]) == expected
    assert seen == {"minimum", "maximum", "saddle"}


def test_two_flat_answers_are_degenerate() -> None:
    assert stage_of([arb(0), arb(0), arb(1)]) == "degenerate"
    assert stage_of([arb(1), arb(-1)]) == "degenerate"


def test_a_stationary_policy_that_minimises_its_stage_objective() -> None:
    """Groups of two, beta = 1, reference 1/100: the policy is 1/10, attracting, a minimum."""
    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    (found,) = policy.solutions(beta=1, pi_ref="1/100")
    with mp.workdps(40):
        assert abs(found.policy[0] - mp.mpf("0.1")) < mp.mpf(10) ** -25
    assert (found.stability, found.stage) == ("attracting", "minimum")
    p, ref = mp.mpf("0.1"), mp.mpf("0.01")

    def objective(new: mp.mpf) -> mp.mpf:
        drift = new * (1 - p) - (1 - new) * p
        return drift - p * k3(ref / new) - (1 - p) * k3((1 - ref) / (1 - new))

    assert mp.almosteq(mp.diff(objective, p), 0, abs_eps=1e-8)
    assert objective(p) < min(objective(p + mp.mpf("0.01")), objective(p - mp.mpf("0.01")))
