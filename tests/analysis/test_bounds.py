"""Bounds of stationary policies against roots found from the definitions."""

from fractions import Fraction
from functools import cache
from itertools import product
from random import Random

import pytest
from mpmath import mp, mpf
from sympy import Integer, Max, Min, Rational, exp, log, oo, sqrt, sympify

import grpo_symbolic as gs
from grpo_symbolic import Claim, Domain, Status, symbols
from grpo_symbolic.analysis.bounds import Bounds, bounds
from tests.oracles.stationary import scan_binary, solve_binary

BETA, P0, GAMMA, G = symbols.beta, symbols.pi_ref, symbols.gamma, symbols.G
MARGIN = gs.BinaryQuestion(margin=GAMMA)


def policy_of(algorithm, question=None) -> gs.StationaryPolicy:
    return gs.stationary_policy(algorithm, gs.BinaryQuestion() if question is None else question)


@cache
def of(name: str) -> Bounds:
    algorithm, question = {
        "pairs": (gs.GRPO(2), MARGIN),
        "three": (gs.GRPO(3), None),
        "five": (gs.GRPO(5), None),
        "large": (gs.GRPO(oo), None),
        "every": (gs.GRPO(G), None),
        "direct": (gs.GRPO(G, penalty=gs.DirectKL()), None),
        "direct-large": (gs.GRPO(oo, penalty=gs.DirectKL()), None),
    }[name]
    if name in ("pairs", "three", "large"):
        policy = policy_of(algorithm, question)
        return bounds(policy.condition, policy.expression)
    return bounds(gs.stationarity_condition(algorithm, gs.BinaryQuestion()))


def has(expressions, wanted) -> bool:
    """Equal at three exact points, to 40 digits."""
    points = [
        {BETA: Rational(1, n), P0: Rational(n, 23), GAMMA: Rational(3, 4), G: n} for n in (2, 3, 7)
    ]
    return any(
        all(abs((e - wanted).subs(at).evalf(45)) < Rational(1, 10**40) for at in points)
        for e in expressions
    )


# -- the published bounds, derived -----------------------------------------------------------


def test_published_bounds_of_pairs() -> None:
    """Vojnovic & Yun after (14): at least max{1 − β/γ, π_ref}."""
    found = of("pairs")
    assert len(found.lower) == 2
    assert has(found.lower, 1 - BETA / GAMMA)
    assert has(found.lower, P0)
    assert found.lower_bound == Max(1 - BETA / GAMMA, P0)


def test_published_bounds_of_large_groups() -> None:
    """Vojnovic & Yun after (15): at least max{1/(1 + β²), π_ref}."""
    found = of("large")
    assert len(found.lower) == 2
    assert has(found.lower, 1 / (1 + BETA**2))
    assert has(found.lower, P0)
    at = {BETA: Rational(1, 25), P0: Rational(1, 100)}
    assert found.lower_bound.subs(at) == Rational(625, 626)  # the published 0.9984 at β = 0.04


def test_new_bounds() -> None:
    assert has(of("three").lower, 1 - BETA / sqrt(2))
    assert has(of("every").lower, 1 - BETA)
    assert has(of("every").upper, P0 + 1 / (2 * BETA))
    assert has(of("pairs").upper, P0 + GAMMA / (4 * BETA))
    large = policy_of(gs.GRPO(oo)).expression
    pairs = policy_of(gs.GRPO(2)).expression
    assert has(of("every").upper, large)
    assert has(of("every").lower, pairs)


@pytest.mark.parametrize(("size", "greatest"), [(2, 1), (5, 2), (17, 4)])
def test_direct_kl_is_between_two_logistic_curves(size: int, greatest: int) -> None:
    """Between logit p0 + 1/β and logit p0 + √(G − 1)/β, for every group size at once."""
    found = of("direct")
    at = {BETA: Rational(3, 7), P0: Rational(1, 9), G: size}
    low, high = (Max(*found.lower).subs(at), Min(*found.upper).subs(at))
    for value, level in ((low, 1), (high, greatest)):
        odds = exp(log(at[P0] / (1 - at[P0])) + level / at[BETA])
        assert abs((value - odds / (1 + odds)).evalf(30)) < Rational(1, 10**25)


# -- they hold, against roots found by differentiating the stage objective --------------------


def check(found: Bounds, at: dict, root: mpf) -> None:
    for side in ("lower", "upper"):
        for bound in getattr(found, side):
            with mp.workdps(40):
                value = mpf(str(bound.subs(at).evalf(40)))
                gap = root - value if side == "lower" else value - root
            assert gap > -(mpf(10) ** -18), f"{side} bound {bound} fails at {at}"


@pytest.mark.parametrize(
    ("name", "size"), [("three", 3), ("five", 5), ("every", 2), ("every", 6), ("large", mp.inf)]
)
def test_bounds_hold_at_random_parameters(name: str, size) -> None:
    random = Random(5)
    for _ in range(3):
        beta, reference = Fraction(random.randint(1, 60), 20), Fraction(random.randint(1, 99), 100)
        root = solve_binary(beta, reference, size, digits=20)
        at = {BETA: Rational(beta), P0: Rational(reference)}
        if name == "every":
            at[G] = Integer(size)
        check(of(name), at, root)
        span = of(name).upper_bound.subs(at) - of(name).lower_bound.subs(at)
        assert span.evalf(30, maxn=200) >= -Rational(1, 10**25)


def test_bounds_of_pairs_hold_at_random_margins() -> None:
    random = Random(8)
    for _ in range(4):
        beta, reference, margin = (Fraction(random.randint(1, 20), 20) for _ in range(3))
        reference *= Fraction(9, 10)
        root = solve_binary(beta, reference, 2, margin=margin, digits=20)
        at = {BETA: Rational(beta), P0: Rational(reference), GAMMA: Rational(margin)}
        check(of("pairs"), at, root)


def test_bounds_of_direct_kl_hold_for_all_solutions() -> None:
    """Two solutions in large groups: both obey the bound."""
    roots = scan_binary(Fraction(3), Fraction(1, 20), mp.inf, "direct-kl", digits=20)
    assert len(roots) == 2
    for root in roots:
        check(of("direct-large"), {BETA: Integer(3), P0: Rational(1, 20)}, root)
    for size, beta in product((3, 5), (Fraction(1, 2), Fraction(2))):
        at = {BETA: Rational(beta), P0: Rational(1, 8), G: Integer(size)}
        for root in scan_binary(beta, Fraction(1, 8), size, "direct-kl", digits=20):
            check(of("direct"), at, root)


def test_the_bounds_are_not_idle() -> None:
    """Each lower bound is the largest somewhere, so that none follows from the others."""
    winners = set()
    for beta, reference in ((Rational(1, 10), Rational(1, 1000)), (Integer(9), Rational(9, 10))):
        lower = [b.subs({BETA: beta, P0: reference, GAMMA: 1}) for b in of("pairs").lower]
        winners.add(lower.index(max(lower)))
    assert winners == {0, 1}


# -- what fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 5, 9])
def test_the_bound_of_large_groups_fails_for_finite_groups(size: int) -> None:
    """At β = 1 and p0 = 1/1000 every such root is below 1/2: exactly, F(1/2) < 0."""
    drift = gs.GRPO(size).preference(gs.BinaryQuestion()).difference(0, 1)
    p, p0 = Rational(1, 2), Rational(1, 10**3)
    force = (1 - p0) / (1 - p) - p0 / p
    assert (drift.subs(symbols.pi, p) - force).evalf(30) < 0
    assert solve_binary(Fraction(1), Fraction(1, 1000), size, digits=15) < mpf(1) / 2
    assert not has(of("every").lower, 1 / (1 + BETA**2))


def test_a_sharper_bound_than_proved_is_refuted() -> None:
    expression = policy_of(gs.GRPO(3)).expression
    claim = Claim("too high", expression, ">=", 1 - BETA / 2, Domain.of(BETA, P0))
    assert gs.prove(claim).status == Status.REFUTED


# -- statement -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pairs", "large", "every", "direct"])
def test_every_claim_is_proved(name: str) -> None:
    report = of(name).verify()
    assert len(report) >= 3
    assert report.status == Status.PROVED


def test_every_bound_but_the_trivial_one_has_claims_and_a_reason() -> None:
    found = of("every")
    assert all(b.claims or b.expression == 1 for b in found.found)
    assert len(found.reasons) == len(found.lower) + len(found.upper) == len(found.found)
    assert [b.side for b in found.found] == ["lower"] * len(found.lower) + ["upper"] * len(
        found.upper
    )


def test_data_and_latex_carry_the_same_bounds() -> None:
    found = of("pairs")
    data = found.as_dict()
    assert [
        sympify(row["bound"], {str(s): s for s in (BETA, P0, GAMMA)}) for row in data["lower"]
    ] == list(found.lower)
    written = found.latex()
    assert written.startswith(r"\max\left\{")
    assert r"\le \pi(a) \le \min" in written
    assert written.count(r",\ ") == len(found.found) - 2


def test_a_weight_given_as_a_number() -> None:
    algorithm = gs.GRPO(5, beta=Rational(1, 3))
    found = bounds(gs.stationarity_condition(algorithm, gs.BinaryQuestion()))
    symbolic = of("five")
    at = {BETA: Rational(1, 3), P0: Rational(1, 7)}
    assert len(found.lower) == len(symbolic.lower)
    for mine, theirs in zip(found.lower, symbolic.lower, strict=True):
        assert not mine.has(BETA)
        assert abs((mine.subs(at) - theirs.subs(at)).evalf(30)) < Rational(1, 10**25)


def test_a_penalty_without_a_monotone_force_keeps_the_trivial_bounds() -> None:
    condition = gs.stationarity_condition(
        gs.GRPO(2, penalty=gs.Estimator("k2", "loss-with-ratio")), gs.BinaryQuestion()
    )
    found = bounds(condition)
    assert found.lower == (0,)
    assert found.upper == (1,)


def test_more_than_two_answers() -> None:
    condition = gs.stationarity_condition(gs.GRPO(2), gs.Question(rewards=(2, 1, 0)))
    with pytest.raises(ValueError, match="two answers"):
        bounds(condition)
