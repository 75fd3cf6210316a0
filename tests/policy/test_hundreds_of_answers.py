"""What is printed of hundreds of answers, and what is refused."""

from __future__ import annotations

import pytest
from sympy import Rational, S, binomial, oo

import grpo_symbolic as gs
from grpo_symbolic.solve import given_preference

REFERENCE = [Rational(k, 10) for k in range(1, 5)]


def test_conditions_of_hundreds_are_printed_in_names_and_the_first_ones() -> None:
    """200 answers of eight rewards: one line, or one for each reward; of 30 laws the first 24."""
    rewards = [o % 8 for o in range(200)]
    policy = gs.stationary_policy(gs.GRPO(oo), gs.Question(rewards=rewards))
    tex = policy.latex()
    assert len(tex) < 1500
    assert r"\lim_{G \to \infty} \mathbb{E}_{o_2, \dots, o_G \sim \pi}" in tex
    assert len(policy.derivation) == 8
    assert len(policy.equations) == 200
    assert policy.derivation.steps[7].justification.endswith("of 24 more of its rewards")
    laws = [gs.Gaussian(Rational(o, 40), 1) for o in range(1, 31)]
    many = gs.stationary_policy(gs.GRPO(2), gs.Question(reward_laws=laws))
    assert len(many.derivation) == 24
    assert many.derivation.steps[-1].justification.endswith("; 6 more have their own")
    assert r"\dots \quad\text{for 6 more answers}" in many.latex()


def test_hundreds_of_random_answers_are_printed_by_the_law_of_each() -> None:
    """One line, whatever the laws are, of every group size; few levels are named."""
    laws = [((1, Rational(o, 40)), (0, 1 - Rational(o, 40))) for o in range(1, 29)]
    laws += [((2, S.Half), (0, S.Half)), ((2, S.One / 3), (1, S(2) / 3))]
    for size in (2, 8, oo):
        for rule in (gs.MeanScale(), gs.Clipped()):
            question = gs.Question(reward_laws=laws)
            tex = gs.stationary_policy(gs.GRPO(size, advantage=rule), question).latex()
            assert len(tex) < 600
            name = rf"V_{{{size if size != oo else chr(92) + 'infty'}}}(r)"
            assert rf"\sum_{{r \in \{{1, 0, 2\}}}} q_o(r) \, {name}" in tex
    spread = [((Rational(o, 3), S.Half), (Rational(o + 1, 7), S.Half)) for o in range(1, 30)]
    policy = gs.stationary_policy(gs.GRPO(8), gs.Question(reward_laws=spread))
    assert r"\sum_{r} q_o(r) \, V_{8}(r)" in policy.latex()


@pytest.mark.parametrize("size", [2, 8, oo])
def test_linear_rules_are_printed_by_the_mean_of_each_answer(size) -> None:
    """One line, of two levels or more, random or not: A is (r − mean)/s with a constant s."""
    chances = [[(0, Rational(o, 12)), (3, 1 - Rational(o, 12))] for o in range(1, 9)]
    factor = "" if size == oo else rf"\frac{{{size - 1}}}{{{size}}}"
    for question, last in (
        (gs.Question(rewards=[o % 2 for o in range(8)]), "(0, 1, 0, 1, 0, 1, 0, 1)."),
        (gs.Question(rewards=[o % 3 for o in range(8)]), "(0, 1, 2, 0, 1, 2, 0, 1)."),
        (gs.Question(reward_laws=chances), r"\frac{9}{4}, 2, \frac{7}{4}, \frac{3}{2}"),
        (
            gs.Question(rewards=[o % 2 for o in range(30)]),
            r"s_{o} = \mathbb{E}\left[r \mid o\right]",
        ),
    ):
        algorithm = gs.GRPO(size, gs.DirectKL(), gs.ShiftOnly())
        tex = gs.stationary_policy(algorithm, question).latex()
        assert f"\\lambda &= {factor}\\left(s_{{o}} - m\\right)" in tex or (
            size == oo and "\\lambda &= s_{o} - m" in tex
        )
        assert last in tex
        assert len(tex) < 400


def test_conditions_in_large_groups_are_told_in_names() -> None:
    """One for each reward law; of Gaussian rewards the mean is all that the own reward adds."""
    laws = [gs.Gaussian(o % 5, 1 + o % 3) for o in range(200)]
    for question in (
        gs.Question(reward_laws=laws),
        gs.Question(rewards=[o % 5 for o in range(200)]),
    ):
        policy = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), question)
        shown = str(policy)
        assert "beta*log(pi_ref_2/pi_2) + V_oo(1) = lambda" in shown
        assert "V_oo(r) = the limit of E[(r - mean)/std, 0/0 = 0] for large groups" in shown
        assert len(shown) < 2000
        assert "V_oo(1) = lambda" in gs.analyse(policy.algorithm, question).equation
        assert "nodes" not in str(policy.derivation)
    tex = gs.stationary_policy(gs.GRPO(oo), gs.Question(reward_laws=laws)).latex()
    assert r"V_{\infty}(s_{o})" in tex
    assert r"s_o = \mathbb{E}\left[r \mid o\right]" in tex


def test_what_is_too_large_to_be_differentiated_says_how_many_answers_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = gs.Question(rewards=(0, 1, 2, 5))
    policy = gs.stationary_policy(gs.GRPO(oo, advantage=gs.Clipped()), question)
    assert policy.solutions(beta=1, pi_ref=REFERENCE).found
    monkeypatch.setattr(given_preference, "_MOST_SLOPES", 100)
    with pytest.raises(ValueError, match=r"4 answers are too large .* 2 answers would do"):
        policy.solutions(beta=2, pi_ref=REFERENCE)


def test_sums_of_advantages_vanish_in_the_masses_of_equal_rewards() -> None:
    """Of hundreds of answers with few rewards the claim is about as many masses."""
    rewards = [o % 3 for o in range(120)]
    policy = gs.stationary_policy(gs.GRPO(3), gs.Question(rewards=rewards))
    (claim,) = policy.condition.preference.claims
    assert len(claim.domain.relevant(claim.difference).symbols) == 2
    assert gs.prove(claim).status is gs.Status.PROVED


def test_two_levels_of_an_unbalanced_rule_keep_the_chance_of_the_better_one() -> None:
    """Eight answers, groups of five: P in powers of one sum, as each group has it."""
    rates = [Rational(k, 9) for k in range(1, 9)]
    policy = gs.stationary_policy(
        gs.GRPO(5, advantage=gs.MedianCentred()), gs.Question(success=rates)
    )
    masses = [Rational(k, 36) for k in range(1, 9)]
    mean = sum(p * s for p, s in zip(masses, rates, strict=True))
    at = dict(zip(policy.condition.policy[:-1], masses, strict=False))
    for rate, value in zip(rates, policy.condition.preference, strict=True):
        expected = S.Zero
        for k in range(5):  # of the other four, so many have the reward 1
            chance = binomial(4, k) * mean**k * (1 - mean) ** (4 - k)
            expected += chance * (rate * int(k < 2) - (1 - rate) * int(k > 2))
        assert value.xreplace(at) == expected
