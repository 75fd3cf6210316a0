"""Ranges that depend on one another: what moves is bounded by the ranges of the others, too.

The success rates of a noisy verifier, 0 <= s_b < s_a <= 1, and references of three answers that
sum to less than 1.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from sympy import Rational

import grpo_symbolic as gs
from grpo_symbolic.checking.check import check
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.verdict import Status

PAIRS = gs.GRPO(group_size=2)

NOISY = gs.BinaryQuestion(success=gs.symbols.success)
THREE = gs.Question(rewards=("1", "1/2", "0"))


@pytest.mark.parametrize(
    ("formula", "true"),
    [
        # s_b comes close to s_a from below only, whatever its own range, 0 <= s_b < 1, is.
        ("limit(1/(s_a - s_b), s_b, s_a) = oo", True),
        ("limit(1/(s_a - s_b), s_b, s_a, -) = oo", True),
        ("limit(1/(s_a - s_b), s_b, s_a, +) = -oo", False),
        ("limit(abs(s_a - s_b)/(s_a - s_b), s_b, s_a) = 1", True),
        ("limit(sqrt(s_a - s_b), s_b, s_a) = 0", True),
        ("limit(pi, s_b, s_a) = pi_ref", True),
        ("limit((pi - pi_ref)/(s_a - s_b), s_b, s_a) = pi_ref*(1 - pi_ref)/beta", True),
        ("limit((pi - pi_ref)/(s_a - s_b), s_a, s_b) < 10**6", False),
        ("limit(pi, s_a, 1) > pi_ref", True),
        ("limit(pi, s_a, 1, +) > pi_ref", False),
        # for some rates nothing of the range is close to it
        ("limit(pi, s_b, 1) <= 1", False),
        ("limit(pi, s_b, 1/2) <= 1", False),
        ("limit(pi, s_a, 1/2) <= 1", False),
        ("limit(pi, s_a, 0) >= 0", False),
        # of a product that stands still where the other factor is 0
        ("increasing(s_a*s_b, s_a)", False),
        ("increasing(s_b*beta, beta)", False),
        ("increasing((s_a - s_b)*beta, beta)", True),
        # undefined next to the place
        ("limit(sqrt(pi_ref - 1/3), beta, 0) >= 0", False),
        ("limit(sqrt(s_a - 2*s_b), beta, 0) >= 0", False),
        ("limit(sqrt(pi_ref + 1/3), beta, 0) >= 1/2", True),
        # both rates are attained
        ("s_a - s_b < 1", False),
        ("1/(1 - s_a) > 1", False),
        ("beta*(pi - pi_ref) < pi*(1 - pi)", False),
        ("beta*(pi - pi_ref) <= pi*(1 - pi)", True),
    ],
)
def test_claims_on_the_rates_of_a_noisy_verifier(formula: str, true: bool) -> None:
    found = check(formula, PAIRS, NOISY)
    assert (found.verdict is Status.PROVED) == true
    assert not (true and found.verdict is Status.REFUTED)


def test_a_place_that_is_not_next_to_the_range_is_named_with_parameters() -> None:
    found = check("limit(pi, s_b, 1/2) <= 1", PAIRS, NOISY)
    assert found.verdict is Status.REFUTED
    assert found.method == "ranges"
    assert Fraction(found.counterexample["s_a"]) < Fraction(1, 2)
    some = check("limit(pi, s_b, 1/2) <= 1", PAIRS, NOISY, where_defined=True)
    assert some.verdict is Status.UNKNOWN


@pytest.mark.parametrize(
    ("formula", "verdict"),
    [
        ("limit(pi_ref_2, pi_ref_1, 0) < 1", Status.PROVED),
        ("limit(pi_ref_2, pi_ref_1, 1) < 1", Status.REFUTED),  # pi_ref_1 < 1 - pi_ref_2
        ("limit(1/(1 - pi_ref_1 - pi_ref_2), pi_ref_1, 1 - pi_ref_2) = oo", Status.PROVED),
        ("limit(1/(1 - pi_ref_1 - pi_ref_2), pi_ref_1, 1 - pi_ref_2, +) = -oo", Status.REFUTED),
    ],
)
def test_references_that_share_what_is_left(formula: str, verdict: Status) -> None:
    assert check(formula, gs.RLHF(), THREE).verdict is verdict


def test_ends_that_are_turned_around_bound_the_same_points() -> None:
    x, y = gs.symbols.pi_ref, gs.symbols.beta
    domain = Domain.of(Range(x, 0, 1), Range(y, 2 * x, 3 - x))
    below, above = domain.bounds_on(x)
    points = [{x: Rational(n, 7), y: Rational(m, 5)} for n in range(-3, 12) for m in range(-3, 20)]
    for at in points:
        inside = all(e.subs(at) < at[x] for e in below) and all(e.subs(at) > at[x] for e in above)
        assert inside == domain.contains(at)
    with pytest.raises(ValueError, match="not linear"):
        Domain.of(Range(x, 0, 1), Range(y, x**2, 2)).bounds_on(x)
