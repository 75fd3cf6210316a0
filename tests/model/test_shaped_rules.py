"""Ranks, medians, clipped and one-sided advantages, pass@k: against groups visited one by one."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product
from math import prod, sqrt

import pytest
from sympy import Rational, oo

import grpo_symbolic as gs

REWARDS = (Fraction(3), Fraction(1), Fraction(1), Fraction(-2))
POLICY = (Fraction(1, 2), Fraction(1, 8), Fraction(1, 8), Fraction(1, 4))


def standard(group: tuple[Fraction, ...]) -> list[float]:
    mean = sum(group) / len(group)
    spread = sqrt(sum((r - mean) ** 2 for r in group) / len(group))
    return [float(r - mean) / spread if spread else 0.0 for r in group]


def ranks(group: tuple[Fraction, ...]) -> list[float]:
    return [(sum(x < r for x in group) - sum(x > r for x in group)) / (len(group) - 1)
            for r in group]  # fmt: skip


def weighted_ranks(weights: tuple[float, ...]) -> Callable:
    """The mean over all orders of equal rewards."""

    def rule(group: tuple[Fraction, ...]) -> list[float]:
        found = []
        for r in group:
            first = sum(x < r for x in group)
            share = weights[first : first + group.count(r)]
            found.append(sum(share) / len(share))
        return found

    return rule


def median(group: tuple[Fraction, ...]) -> list[float]:
    n, ordered = len(group), sorted(group)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return [float(r - middle) for r in group]


def pass_at(k: int) -> Callable:
    def rule(group: tuple[Fraction, ...]) -> list[float]:
        subsets = list(combinations(range(len(group)), k))
        best = standard(tuple(max(group[i] for i in s) for s in subsets))
        return [
            sum(a for s, a in zip(subsets, best, strict=True) if i in s)
            / sum(i in s for s in subsets)
            for i in range(len(group))
        ]

    return rule


RULES = [
    (gs.Ranks(), ranks),
    (gs.MedianCentred(), median),
    (gs.Clipped(), lambda g: [max(-1.0, min(1.0, a)) for a in standard(g)]),
    (gs.Clipped(bound="1/2"), lambda g: [max(-0.5, min(0.5, a)) for a in standard(g)]),
    (gs.PositiveOnly(), lambda g: [max(0.0, a) for a in standard(g)]),
    (gs.NegativeOnly(), lambda g: [min(0.0, a) for a in standard(g)]),
    (gs.PassAtK(2), pass_at(2)),
    (gs.PassAtK(3), pass_at(3)),
]


def visited(rule: Callable, size: int) -> list[float]:
    """P(o): every list of answers of the others, with its probability."""
    found = []
    for own in REWARDS:
        total = 0.0
        for others in product(range(4), repeat=size - 1):
            chance = 1.0
            for o in others:
                chance *= float(POLICY[o])
            total += chance * rule((own, *(REWARDS[o] for o in others)))[0]
        found.append(total)
    return found


def derived(rule: gs.Advantage, size: int) -> list[float]:
    question = gs.Question(rewards=[Rational(r.numerator, r.denominator) for r in REWARDS])
    values = gs.preference(gs.GRPO(size, advantage=rule), question)
    at = {s: Rational(p.numerator, p.denominator)
          for s, p in zip(question.policy[:-1], POLICY, strict=False)}  # fmt: skip
    return [float(v.subs(at)) for v in values]


@pytest.mark.parametrize(("rule", "brute"), RULES, ids=lambda r: str(r)[:20])
@pytest.mark.parametrize("size", [3, 4])
def test_preferences_against_every_group(rule: gs.Advantage, brute: Callable, size: int) -> None:
    assert derived(rule, size) == pytest.approx(visited(brute, size), abs=1e-14)


def test_weights_of_ranks() -> None:
    weights = (-3, -1, 0, 4)
    assert derived(gs.Ranks(weights), 4) == pytest.approx(
        visited(weighted_ranks(weights), 4), abs=1e-14
    )
    with pytest.raises(ValueError, match="4 weights of ranks are for groups of as many"):
        derived(gs.Ranks(weights), 3)
    with pytest.raises(ValueError, match="sum 0"):
        gs.Ranks((1, 0))


def test_ranks_of_any_group_are_the_signs_of_pairs() -> None:
    """What the rank of a reward is among G is, on average, how it does against one other."""
    question = gs.Question.symbolic(3)
    pairs = gs.preference(gs.GRPO(2), question)
    for size in (2, 3, 5, 64, oo):
        ranked = gs.preference(gs.GRPO(size, advantage=gs.Ranks()), question)
        assert all((a - b).expand() == 0 for a, b in zip(ranked, pairs, strict=True))


def test_positive_and_negative_parts_add_up_and_one_of_k_is_the_published_rule() -> None:
    for size in (3, 4):
        whole = derived(gs.ShiftAndScale(), size)
        parts = zip(derived(gs.PositiveOnly(), size), derived(gs.NegativeOnly(), size), strict=True)
        assert [a + b for a, b in parts] == pytest.approx(whole, abs=1e-14)
        assert derived(gs.PassAtK(1), size) == pytest.approx(whole, abs=1e-14)


def test_the_drift_of_pass_at_k_is_its_bernstein_polynomial() -> None:
    """h = E f(K/n), f = (K/n) √(C(n − K, k)/(C(n, k) − C(n − K, k))), 0 for K > n − k."""
    from math import comb

    n, k = 7, 3
    model = gs.preference(gs.GRPO(n, advantage=gs.PassAtK(k)), gs.BinaryQuestion())
    at = Rational(2, 5)
    total = 0.0
    for right in range(1, n - k + 1):
        missed = comb(n - right, k)
        f = right / n * sqrt(missed / (comb(n, k) - missed))
        total += comb(n, right) * 0.4**right * 0.6 ** (n - right) * f
    drift = model.drift.subs({gs.symbols.pi: at, gs.symbols.gap: 1}).doit()
    assert float(drift) * 0.4 * 0.6 == pytest.approx(total, rel=1e-13)


def test_constant_scales_have_a_short_form_at_any_size() -> None:
    question = gs.Question(rewards=list(range(30)))
    for rule, factor in ((gs.ShiftOnly(), 63 / 64), (gs.LeaveOneOut(), 1.0)):
        values = gs.preference(gs.GRPO(64, advantage=rule), question)
        at = dict.fromkeys(question.policy[:-1], Rational(1, 30))
        assert float(values[29].subs(at)) == pytest.approx(factor * (29 - 14.5), rel=1e-14)


def test_the_median_of_larger_groups_is_summed_over_what_the_others_are() -> None:
    """Groups of eight, without a formula in the share: E A by the binomial law of the others."""
    policy = gs.stationary_policy(
        gs.GRPO(8, advantage=gs.MedianCentred()), gs.BinaryQuestion(gap=1)
    )
    p = float(policy.solutions(beta="1/2", pi_ref="1/4").found[0].policy[0])
    drift = 0.0
    for others in product((1.0, 0.0), repeat=7):
        chance = prod(p if r else 1 - p for r in others)
        drift += chance * (median([1.0, *others])[0] - median([0.0, *others])[0])
    assert 0.5 * (p - 0.25) == pytest.approx(p * (1 - p) * drift, abs=1e-12)
    with pytest.raises(ValueError, match="number as group size"):
        gs.stationary_policy(
            gs.GRPO(gs.symbols.G, advantage=gs.MedianCentred()), gs.BinaryQuestion()
        )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_best_of_subsets_at_numbers_is_that_of_all_subsets(k: int) -> None:
    """A = x/√v from how many have each reward, in any order, against every subset."""
    levels = (Fraction(3), Fraction(-1), Fraction(1, 2))
    for counts in ((2, 1, 2), (0, 3, 1), (1, 0, 4), (5, 0, 0)):
        members = [r for r, c in zip(levels, counts, strict=True) for _ in range(c)]
        best = [max(s) for s in combinations(members, k)]
        mean = sum(best) / len(best)
        spread = sum((b - mean) ** 2 for b in best) / len(best)
        for own in (j for j, c in enumerate(counts) if c):
            rest = members.copy()
            rest.remove(levels[own])
            mine = [max((levels[own], *s)) for s in combinations(rest, k - 1)]
            found = gs.PassAtK(k).over_root(levels, counts, own)
            assert found == (sum(mine) / len(mine) - mean, spread)
