"""Answers by the hundred on few levels, in large groups: worked out in masses of levels."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp, mpf
from sympy import Integer, oo

import grpo_symbolic as gs
from grpo_symbolic.reward import order
from grpo_symbolic.solve.simplex_field import RelativeLogits


def felt(rewards: np.ndarray, chances: np.ndarray, policy: np.ndarray) -> np.ndarray:
    """(E[r | o] − E r)/std of a large group, from rewards and chances as answers × outcomes."""
    means, squares = (rewards * chances).sum(axis=1), (rewards**2 * chances).sum(axis=1)
    return (means - policy @ means) / np.sqrt(policy @ squares - (policy @ means) ** 2)


def test_the_order_of_two_numbers_is_known_among_two_hundred_answers() -> None:
    domain = gs.Question.symbolic(200).policy_domain
    assert order(Integer(0), Integer(1), domain) == -1
    assert order(Integer(1), Integer(0), domain) == 1
    assert order(Integer(1), Integer(1), domain) == 0


def test_two_hundred_noisy_answers() -> None:
    """π(o) (1 − P(o)/β) = π_ref(o), with P written down here."""
    rates = [Fraction(k, 5) for k in (1, 2, 4)]
    question = gs.Question(success=[rates[o % 3] for o in range(200)])
    weights = [1 + o % 7 for o in range(200)]
    reference = [Fraction(w, sum(weights)) for w in weights]
    policy = gs.stationary_policy(gs.GRPO(oo, advantage=gs.LeaveOneOut.by_spread()), question)
    (found,) = policy.solutions(beta=1, pi_ref=[str(r) for r in reference], digits=15)
    masses = np.array([float(p) for p in found.policy])
    right = np.array([float(rates[o % 3]) for o in range(200)])
    outcomes = np.broadcast_to([1.0, 0.0], (200, 2))
    preferred = felt(outcomes, np.stack([right, 1 - right], axis=1), masses)
    expected = np.array([float(r) for r in reference])
    assert np.allclose(masses * (1 - preferred), expected, atol=1e-14, rtol=0)


@pytest.mark.parametrize(
    "rule", [gs.ShiftAndScale(), gs.Clipped(), gs.ShiftAndScale(epsilon="1/9")]
)
def test_a_preference_of_more_answers_than_levels(rule: gs.Advantage) -> None:
    """Seven answers on three levels, by the definition of a large group's advantage."""
    rewards = np.array([0, 3, 1, 1, 3, 0, 3])
    condition = gs.stationarity_condition(
        gs.GRPO(oo, advantage=rule), gs.Question(rewards=rewards.tolist())
    )
    masses = [Integer(w) / 28 for w in (2, 3, 4, 1, 6, 5, 7)]
    at = dict(zip(condition.policy[:-1], masses, strict=False))
    given = np.array([float(m) for m in masses])
    apart = rewards - given @ rewards
    expected = apart / (np.sqrt(given @ apart**2) + float(rule.epsilon))
    if isinstance(rule, gs.Clipped):
        expected = np.clip(expected, -1, 1)
    values = [float(v.subs(at)) for v in condition.preference]
    assert np.allclose(values, expected, atol=1e-14, rtol=0)


def test_random_rewards_of_many_levels_under_chi2_are_counted() -> None:
    """Twenty levels, two an answer: one curve holds all solutions, and one is on it."""
    laws = [[(k, "3/4"), ((7 * k + 3) % 20, "1/4")] for k in range(20)]
    policy = gs.stationary_policy(
        gs.GRPO(oo, gs.Divergence.chi_squared()), gs.Question(reward_laws=laws)
    )
    found = policy.solutions(beta=8, pi_ref=["1/20"] * 20, digits=15)
    assert found.complete
    assert len(found) == 1
    masses = np.array([float(p) for p in found.found[0].policy])
    rewards = np.array([[float(r) for r, _ in law] for law in laws])
    left = felt(rewards, np.array([[0.75, 0.25]] * 20), masses) - 8 * (20 * masses - 1)
    assert np.ptp(left) < 1e-12


@pytest.mark.parametrize("far", [1, 3000])
def test_a_box_of_logits_gives_the_ends_of_its_masses(far: int) -> None:
    """Against the exponentials at all corners; of far logits nothing cancels."""
    ends = [(-far - 1, -far), (-1, 2), (far, far + 1)]
    with ctx.workprec(120), mp.workdps(30):
        box = [arb((a + b) / 2, (b - a) / 2) for a, b in ends]
        found = RelativeLogits(None, 1).policy(box)  # type: ignore[arg-type]
        corners = []
        for first, second, third in product(*ends):
            whole = [mp.exp(x) for x in (first, 0, second, third)]
            corners.append([x / mp.fsum(whole) for x in whole])
        for ball, masses in zip(found, zip(*corners, strict=True), strict=True):
            low, high = (mpf(x.str(25, radius=False)) for x in (ball.lower(), ball.upper()))
            little = mpf(10) ** -20
            assert low <= min(masses) * (1 + little)
            assert high >= max(masses) * (1 - little)
            assert abs(low / min(masses) - 1) < mpf(10) ** -5
            assert abs(high / max(masses) - 1) < mpf(10) ** -5


@pytest.mark.parametrize("ask", ["latex", "derivation", "analyse"])
@pytest.mark.parametrize("answers", [24, 25])
def test_conditions_of_many_unknowns_are_refused_before_they_are_written(ask, answers) -> None:
    """As many answers as the sentence says would do; one more is refused."""
    question = gs.Question(rewards=[o % 4 for o in range(answers)])
    algorithm = gs.GRPO(oo, gs.Estimator("k3", "reward"))
    policy = gs.stationary_policy(algorithm, question)
    asked = {
        "latex": policy.latex,
        "derivation": lambda: policy.derivation,
        "analyse": lambda: gs.analyse(algorithm, question),
    }[ask]
    if answers == 24:
        assert asked()
        return
    if ask == "latex":  # by name it is one line for all of them
        assert r"\lambda &= V_{\infty}(r(o))" in asked()
        return
    with pytest.raises(ValueError, match="the 25 answers is an unknown: 24 answers would do"):
        asked()
