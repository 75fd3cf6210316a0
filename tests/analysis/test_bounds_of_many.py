"""Bounds of many answers, cut by cut, against policies that solve the enumerated condition."""

from itertools import product
from math import sqrt
from random import Random

import numpy as np
import pytest
from sympy import Rational, oo

import grpo_symbolic as gs
from grpo_symbolic import Status, symbols

LEVELS = (5, 2, 0)


def enumerated(rewards, policy, size: int, ddof: int, epsilon: float) -> np.ndarray:
    """P(o) by all lists of others."""
    values = np.zeros(len(rewards))
    for others in product(range(len(rewards)), repeat=size - 1):
        chance = np.prod([policy[j] for j in others])
        for o, own in enumerate(rewards):
            group = np.array([own, *(rewards[j] for j in others)], dtype=float)
            scale = group.std(ddof=ddof) + epsilon
            values[o] += chance * (own - group.mean()) / scale if group.std() else 0.0
    return values


@pytest.mark.parametrize(
    ("size", "rule", "written"),
    [
        (2, gs.ShiftAndScale(), (0, 0.0)),
        (3, gs.ShiftAndScale(), (0, 0.0)),
        (2, gs.ShiftAndScale(1, "1/10"), (1, 0.1)),
        (4, gs.ShiftAndScale(1, "1/10"), (1, 0.1)),
    ],
)
def test_every_cut_is_bounded(size: int, rule: gs.Advantage, written) -> None:
    policy = gs.stationary_policy(gs.GRPO(size, advantage=rule), gs.Question(rewards=LEVELS))
    bounds, random = policy.bounds(), Random(size)
    assert bounds.verify().status == Status.PROVED
    assert len(bounds.masses) == len(LEVELS) - 1
    tight = 0.0
    weights = np.array([random.uniform(0.1, 1) for _ in LEVELS])
    reference, beta = weights / weights.sum(), random.uniform(0.4, 2)
    found = np.asarray(policy.evaluate(beta=beta, pi_ref=reference))
    values = enumerated(LEVELS, found, size, *written)
    assert np.abs(found * (1 - values / beta) - reference).max() < 1e-12
    at = {
        symbols.beta: beta,
        **dict(zip(policy.question.reference[:-1], reference, strict=False)),
    }
    for bound in bounds.found:
        mass = float(bound.mass.subs(dict(zip(policy.names, found, strict=True))))
        value = float(bound.expression.subs(at))
        gap = mass - value if bound.side == "lower" else value - mass
        assert gap > -1e-9, bound
        tight = max(tight, 1 - abs(gap) / mass)
    assert tight > 0.9
    if size == 2 and rule.epsilon == 0:  # each cut is a question of two levels
        first = bounds.of(bounds.masses[0])
        assert first.found[0].expression == first.found[1].expression


def test_weighted_ranks_are_questions_of_two_levels_at_every_cut() -> None:
    rule = gs.GRPO(4, advantage=gs.Ranks((-1, 0, 0, 1)))
    policy = gs.stationary_policy(rule, gs.Question(rewards=(3, 1, 0)))
    given = {"beta": "1/2", "pi_ref": ["1/5", "1/2", "3/10"]}
    best = policy.solutions(**given).found[0].policy[0]
    (two,) = gs.stationary_policy(rule, gs.BinaryQuestion()).solutions(beta="1/2", pi_ref="1/5")
    assert abs(best - two.policy[0]) < 1e-25
    at = {symbols.beta: Rational(1, 2), policy.question.reference[0]: Rational(1, 5)}
    first = policy.bounds().of(policy.names[0])
    low, high = ([float(e.subs(at)) for e in side] for side in (first.lower, first.upper))
    assert max(low) <= float(best) + 1e-12
    assert min(high) >= float(best) - 1e-12


def test_the_best_answers_are_bounded_by_large_groups_in_symbols() -> None:
    policy = gs.stationary_policy(gs.GRPO(oo), gs.Question.symbolic(3))
    found = policy.bounds()
    at = {symbols.beta: 1, **dict.fromkeys(policy.question.reference[:-1], Rational(1, 3))}
    assert (
        abs(float(found.of(policy.names[0]).upper_bound.subs(at)) - (5 / 3 + sqrt(17) / 3) / 4)
        < 1e-12
    )
    assert r"\begin{gathered}" in found.latex()
    assert found.as_dict()["lower"][0]["of"] == "pi_1"
    assert "pi_1 + pi_2 >= pi_ref_1 + pi_ref_2" in str(found)
    with pytest.raises(ValueError, match="several masses"):
        _ = found.upper_bound
    with pytest.raises(ValueError, match=r"pi_1, pi_1 \+ pi_2, not of pi_3"):
        found.of(policy.names[2])


@pytest.mark.parametrize(
    ("algorithm", "question", "words"),
    [
        (gs.GRPO(4, penalty=gs.DirectKL()), gs.Question(rewards=(2, 1, 0)), "the reverse KL"),
        (gs.GRPO(4, advantage=gs.Clipped()), gs.Question(rewards=(2, 1, 0)), "its group alone"),
        (gs.RLHF(), gs.Question(rewards=(2, 1, 0)), "all groups of rewards alike"),
        (gs.GRPO(4), gs.Question(rewards=(1, 1, 1)), "two levels of reward or more"),
        (gs.GRPO(4, advantage=gs.ShiftAndScale(zero_over_zero=1)), gs.Question(rewards=(2, 1, 0)),
         "its group alone"),
    ],
)  # fmt: skip
def test_where_no_bounds_are_known_it_is_said_what_they_are_known_for(
    algorithm, question, words: str
) -> None:
    with pytest.raises(ValueError, match=f"answers are known for .*{words}"):
        gs.stationary_policy(algorithm, question).bounds()
