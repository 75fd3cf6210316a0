"""Theorems on Bernstein polynomials: what they prove is true, and nothing false is proved.

The values to compare with are sums over the counts written out here with exact binomial
coefficients, in 60 digits; they do not come from the expressions that the method looks at.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from math import comb
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import (
    Derivative,
    Expr,
    Integer,
    Lambda,
    Piecewise,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    binomial,
    floor,
    log,
    sqrt,
)

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.verify import methods
from grpo_symbolic.verify.bernstein_theorem import BernsteinTheorem
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.recheck import certificate, portable, recheck
from grpo_symbolic.verify.verdict import Status
from tests.verify.kept import Keeping

B, G, P, P0, E = symbols.beta, symbols.G, symbols.pi, symbols.pi_ref, symbols.epsilon
T, K, X = symbols.t, symbols.k, symbols.pi * (1 - symbols.pi)
METHOD = Keeping(BernsteinTheorem())
DEVIATION = sqrt(T * (1 - T))
SIZES = range(2, 13)
POINTS = [mpf(n) / 20 for n in (1, 4, 9, 10, 13, 19)]


def bernstein(f: Expr, n: Expr, *, first: int = 1, last: int = 1, kind: Any = GroupSum) -> Expr:
    """The sum over k = first, …, n - last."""
    share = f.subs(T, K / n)
    return kind(share * binomial(n, K) * P**K * (1 - P) ** (n - K), (K, first, n - last))


H, NEXT = bernstein(DEVIATION, G), bernstein(DEVIATION, G + 1)
AT_P = DEVIATION.subs(T, P)


def drift(rule: gs.Advantage, size: Any) -> Expr:
    return TwoLevel(rule, S(size), S.One, S.Zero, Domain()).drift(P)


def proved(left: Any, relation: str, right: Any, domain: Domain | None = None) -> bool:
    claim = Claim("", S(left), relation, S(right), domain or Domain())
    verdict = METHOD.attempt(claim)
    return verdict is not None and verdict.status == Status.PROVED


# -- the values, added up here -----------------------------------------------------------


def mean(f: Callable[[mpf], mpf], n: int, p: mpf) -> mpf:
    """E f(K/n) with f = 0 at both ends."""
    return mp.fsum(comb(n, k) * f(mpf(k) / n) * p**k * (1 - p) ** (n - k) for k in range(1, n))


def population(t: mpf) -> mpf:
    return mp.sqrt(t * (1 - t))


def saturated(t: mpf) -> mpf:
    return t / (1 + t)


def with_epsilon(t: mpf) -> mpf:
    return t * (1 - t) / (mp.sqrt(t * (1 - t)) + mpf(1) / 5)


CURVES = [
    pytest.param(DEVIATION, population, id="population"),
    pytest.param(T * (1 - T), lambda t: t * (1 - t), id="shift only"),
    pytest.param(T * (1 - T) / (DEVIATION + Rational(1, 5)), with_epsilon, id="epsilon"),
    pytest.param(T / (1 + T), saturated, id="not symmetric"),
]


@pytest.mark.parametrize(("f", "value"), CURVES)
def test_what_is_proved_for_every_size_holds_at_each(f, value):
    """Positive, growing with the size, below f, concave, and below its tangent through 0."""
    h = bernstein(f, G)
    assert proved(h, ">", 0)
    assert proved(h, "<", bernstein(f, G + 1))
    assert proved(h, "<", f.subs(T, P))
    assert proved(h.diff(P, 2), "<", 0)
    assert proved(h / P, ">", h.diff(P))
    with mp.workdps(60):
        step = mpf(10) ** -15
        for p in POINTS:
            for n in SIZES:
                here = mean(value, n, p)
                left, right = (mean(value, n, p + s) for s in (-step, step))
                assert 0 < here < mean(value, n + 1, p) < value(p)
                assert (left + right - 2 * here) / step**2 < 0
                assert here / p > (right - left) / (2 * step) + mpf(10) ** -20


def test_bounds_by_pairs_and_by_the_counts_that_occur():
    """p (1 - p) <= h_n(p) <= sqrt(n - 1) p (1 - p), with equality in pairs (and triples)."""
    above = sqrt(G - 1) * X
    assert proved(H, ">=", X)
    assert proved(H, "<=", above)
    assert not proved(H, ">", X)
    assert not proved(H, "<", above)
    more = Domain.of(Range(G, Integer(3), S.Infinity, True), P)
    assert proved(H, ">", X, more)
    assert not proved(H, ">=", X * (1 + Rational(1, 10**9)))
    assert not proved(H, "<=", above * (1 - Rational(1, 10**9)))
    assert not proved(bernstein(DEVIATION, G, first=0, last=0) - X, ">", 0)
    assert not proved(bernstein(T / (1 + T), G), "<=", X)
    with mp.workdps(60):
        for p in POINTS:
            least = p * (1 - p)
            assert mp.almosteq(mean(population, 2, p), least)
            assert mp.almosteq(mean(population, 3, p), mp.sqrt(2) * p * (1 - p))
            for n in range(4, 13):
                assert least < mean(population, n, p) < mp.sqrt(n - 1) * least


@pytest.mark.parametrize(
    ("rule", "spread", "size"),
    [
        pytest.param(gs.ShiftAndScale(), DEVIATION, G, id="population"),
        pytest.param(gs.ShiftAndScale(ddof=1), None, G, id="sample"),
        pytest.param(gs.ShiftAndScale(ddof=1), None, Integer(40), id="sample, 40"),
        pytest.param(gs.StabilisedScale(E), T * (1 - T) / sqrt(T * (1 - T) + E), G, id="epsilon"),
    ],
)
def test_drifts_of_rules(rule, spread, size):
    """The sample deviation makes f itself grow with the size of the group."""
    here, after = drift(rule, size), drift(rule, size + 1)
    assert proved(here, ">", 0)
    assert proved(here, "<", after)
    spread = DEVIATION * sqrt((size - 1) / size) if spread is None else spread
    limit = (spread / (T * (1 - T))).subs(T, P)
    assert proved(here, "<", limit)
    if size == 40:
        assert not proved(here, ">", after)
        assert not proved(here, "<", limit * Rational(999, 1000))
        assert not proved(here, ">", limit)


def test_a_number_as_size_agrees_with_the_sum():
    n, curve = 12, bernstein(DEVIATION, Integer(12))
    assert proved(curve, "<", AT_P)
    with mp.workdps(60):
        expected = mean(population, n, mpf(3) / 10)
        assert abs(mpf(str(curve.subs(P, Rational(3, 10)).n(50))) - expected) < mpf(10) ** -45


def test_sums_with_other_factors_and_a_rest():
    below = Domain.of(P0, Range(P, S.Zero, P0, False, True))
    assert proved(H / X + B * drift(gs.MeanScale(), G), ">", 0)
    assert proved(H, ">", B * (P - P0), below)
    assert not proved(H, ">", B * (P - P0))
    assert proved(-3 * B * H, "<", 0)
    assert proved(H, "<", AT_P + B)
    assert proved(H, "<", bernstein(DEVIATION, G + 3))
    assert proved(2 * H, "<", 3 * NEXT)
    assert not proved(3 * H, "<", 2 * NEXT)
    assert proved(H.subs(P, 1 - P), ">", 0)


def test_every_theorem_reflected():
    """Convex f, and both ends of the tangents."""
    convex = -T * (1 - T)
    h = bernstein(convex, G)
    assert proved(h, "<", 0)
    assert proved(h, ">", bernstein(convex, G + 1))
    assert proved(h, ">", convex.subs(T, P))
    assert proved(h.diff(P, 2), ">", 0)
    assert proved(H, ">", -(1 - P) * H.diff(P))
    assert not proved(H, ">", (1 - P) * H.diff(P))
    assert not proved(H / P, "<", H.diff(P))
    assert proved(Derivative(H, (P, 2)), "<", 0)


def test_sums_over_all_counts_take_f_at_both_ends():
    """E (K/n)² = p² + p(1 - p)/n; E of 1/(1 + K/n) likewise convex, and falling."""
    square = bernstein(T**2, G, first=0, last=0)
    assert proved(square, ">", P**2)
    assert proved(square, ">", bernstein(T**2, G + 1, first=0, last=0))
    assert proved(square.diff(P), ">", 0)
    falling = bernstein(1 / (1 + T), G, first=0, last=0)
    assert proved(falling.diff(P), "<", 0)
    assert proved(falling, ">", 1 / (1 + P))
    assert not proved(falling.diff(P), ">", 0)
    # Without its ends this sum is smaller than f: (K/n)² loses its largest term.
    assert not proved(bernstein(T**2, G), ">", P**2)
    assert not proved(bernstein(T**2, G).diff(P), ">", 0)
    assert not proved(bernstein(T**2, G), ">", bernstein(T**2, G + 1))


def test_convexity_needs_the_limits_at_the_ends():
    """Concave and positive at one end, with the value 0 there: fine; the converse is not."""
    assert proved(bernstein(1 - T**2, G), "<", 1 - P**2)
    raised = DEVIATION - Rational(1, 4)  # the value 0 at the ends lies above the limit there
    assert not proved(bernstein(raised, G), "<", raised.subs(T, P))
    with mp.workdps(30):
        value = mean(lambda t: population(t) - mpf(1) / 4, 2, mpf(1) / 100)
        assert value > population(mpf(1) / 100) - mpf(1) / 4


@pytest.mark.parametrize(
    ("left", "relation", "right"),
    [
        (H, "<", 0),
        (H, ">", NEXT),
        (H, "==", NEXT),
        (H, ">", AT_P),
        (H, ">=", AT_P),
        (H.diff(P, 2), ">", 0),
        (H.diff(P), ">", 0),
        (H.diff(P), "<", 0),
        (H, ">", bernstein(DEVIATION, G - 1) * 2),
        # linear f: strictly nothing
        (bernstein(T, G, first=0, last=0), "<", P),
        (bernstein(T, G, first=0, last=0), "<", bernstein(T, G + 1, first=0, last=0)),
        # f neither concave nor convex, neither positive nor negative
        (bernstein(T**3 - T / 4, G), ">", 0),
        (bernstein(T**2 * (1 - T), G), "<", (T**2 * (1 - T)).subs(T, P)),
        # f grows with n, or falls: the wrong way round
        (bernstein(DEVIATION / G, G), "<", bernstein(DEVIATION / (G + 1), G + 1)),
        # roots of what changes sign, and corners, have a second derivative almost everywhere
        (bernstein(sqrt((T - Rational(1, 2)) ** 2), G), "<", abs(P - Rational(1, 2))),
        (bernstein(-((T - Rational(1, 2)) ** 2) ** Rational(1, 2), G), ">", -1),
        (bernstein(1 / (T - Rational(1, 2)) ** 2, G), ">", 0),
        # other ranges and weights
        (bernstein(DEVIATION, G, first=2), "<", AT_P),
        (bernstein(DEVIATION, G, last=2), ">", 0),
        (bernstein(DEVIATION, G, last=-1), ">", 0),
        (GroupSum(binomial(G, K) ** 2 * P**K * (1 - P) ** (G - K), (K, 0, G)), ">", 0),
        (GroupSum(sqrt(K / G) * P**K * (1 - P) ** (G - K), (K, 1, G - 1)), ">", 0),
        (GroupSum(sqrt(K / G) * binomial(G, K) * P**K * (2 - P) ** (G - K), (K, 0, G)), ">", 0),
        (GroupSum(2**K * binomial(G, K) * P**K * (1 - P) ** (G - K), (K, 0, G)), ">", 1),
        (H**2, ">", 0),
        (floor(H), ">=", 0),
        (sqrt(P - 2) * H, ">=", 0),
        (P, ">", 0),
        # a tangent of another size, and what is not linear though no slope says so
        (H / P, ">", bernstein(DEVIATION, G + 5).diff(P)),
        (Piecewise((1, Rational(1, 10) > H), (-1, True)), ">", 0),
    ],
)  # fmt: skip
def test_what_is_false_or_not_covered_is_not_proved(left, relation, right):
    assert not proved(left, relation, right)


def test_the_range_of_the_point_and_of_the_size():
    wide = Domain.of((P, S.Zero, Integer(2)))
    assert not proved(H, ">", 0, wide)
    alone = Domain.of(Range(G, S.One, S.Infinity, True), P)
    assert proved(H, ">=", 0, alone)
    assert not proved(H, ">", 0, alone)  # a group of one has no count between 0 and 1
    assert not proved(H, ">=", 0, Domain.of(Range(G, S.Zero, S.Infinity, True), P))
    real = Symbol("n", positive=True)
    assert not proved(
        bernstein(DEVIATION, real), ">=", 0, Domain.of((real, Integer(2), S.Infinity))
    )


ALONE = Domain.of(Range(G, S.One, S.Infinity, True), P)
MORE = [Symbol(name, integer=True, positive=True) for name in ("A", "m")]
LINE = bernstein(T, G, first=0, last=0)
SKEW = bernstein(DEVIATION * (T + P), G)
POLE = 1 / (T - S.Half)


@pytest.mark.parametrize(
    ("left", "relation", "right", "domain"),
    [
        pytest.param(bernstein(DEVIATION, Integer(2)), ">", 0, None, id="a pair"),
        pytest.param(H, ">", X * Rational(9, 10), None, id="more than pairs have"),
        pytest.param(2 * LINE, "<", 3 * LINE.subs(G, G + 1), None, id="a line, times more"),
        pytest.param(H.diff(P, 2), "<=", 0, ALONE, id="concave, or zero for one"),
        pytest.param(bernstein(DEVIATION, G, first=0, last=0), ">", 0, None, id="with both ends"),
        pytest.param(SKEW, ">", 0, None, id="p within f"),
        pytest.param(SKEW.subs(P, 1 - P), ">", 0, None, id="1 - p within f"),
        pytest.param(bernstein(T - 1 / G, G), ">=", 0, None, id="zero at the first count"),
        pytest.param(bernstein(1 - 1 / G - T, G), ">=", 0, None, id="zero at the last count"),
        pytest.param(
            H, ">", bernstein(T * (1 - T), G) / 2 + bernstein(DEVIATION**3, G) / 3, None,
            id="three means as one",
        ),
    ],
)  # fmt: skip
def test_what_holds_at_the_edge_is_proved(left, relation, right, domain):
    assert proved(left, relation, right, domain)


@pytest.mark.parametrize(
    ("left", "relation", "right", "domain"),
    [
        pytest.param(H.subs(P, P0), "<", NEXT, None, id="at another point"),
        pytest.param(
            bernstein(T**2, G), ">", bernstein(T**2, G + 1, last=0), None, id="other ends"
        ),
        pytest.param(H.diff(P, 2), "<", 0, ALONE, id="strictly concave, of one"),
        pytest.param(LINE.diff(P, 2), ">", 0, None, id="a line is not strictly convex"),
        pytest.param(H.subs(P, P0) / P, ">", H.diff(P), None, id="a tangent elsewhere"),
        pytest.param(H / P, ">", H.diff(P), ALONE, id="a tangent of one"),
        pytest.param(LINE / P, ">", LINE.diff(P), None, id="a line is its tangent"),
        pytest.param(H / (2 * P), ">", H.diff(P), None, id="half of a tangent"),
        pytest.param(bernstein(T - 1 / G, G), ">", 0, None, id="zero at the first count"),
        pytest.param(bernstein(1 - 1 / G - T, G), ">", 0, None, id="zero at the last count"),
        pytest.param(H, ">=", X, ALONE, id="one is no pair"),
        pytest.param(
            bernstein(T * (1 - T) - 1, G, first=0, last=0), ">=", -X * Rational(3, 2), None,
            id="pairs, not zero at the ends",
        ),
        pytest.param(
            bernstein(log(T - 2), G, first=0, last=0), "<", log(P - 2), None, id="no real logarithm"
        ),
        pytest.param(T * H, "<", 2 * H, Domain.of((T, S.Zero, Integer(3)), G, P), id="t is taken"),
        pytest.param(
            Sum(H.function, (K, 1, G - 1), (Symbol("j", integer=True), 1, 2)), "<", AT_P, None,
            id="a sum over two indices",
        ),
        pytest.param(bernstein(1 / (4 * T**2 - 4 * T + 1), G), ">", 0, None, id="a double pole"),
        pytest.param(bernstein(POLE + T, G) - bernstein(POLE, G), ">", 0, None, id="two poles"),
        pytest.param(
            BernsteinMean(Lambda(T, POLE + T), G, P) - BernsteinMean(Lambda(T, POLE), G, P),
            ">", 0, None, id="two poles by name",
        ),
        pytest.param(BernsteinMean(Tuple(1, Lambda(T, T), 2), G, P), ">", 0, None, id="a table"),
        pytest.param(BernsteinMean(Lambda(T, T), G, P, 3), ">=", 0, None, id="a third derivative"),
    ],
)  # fmt: skip
def test_what_fails_at_the_edge_is_not_proved(left, relation, right, domain):
    assert not proved(left, relation, right, domain)


@pytest.mark.parametrize("more", MORE)
def test_a_size_that_may_be_the_same_is_not_strictly_more(more):
    domain = Domain.of(G, Range(more, G, S.Infinity, True), P)
    after = bernstein(DEVIATION, more)
    assert proved(H, "<=", after, domain)
    assert not proved(H, "<", after, domain)
    assert not proved(H, ">=", after, domain)


def test_evidence_is_checked_again():
    claim = Claim("grows", H, "<", NEXT)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert "Temple" in str(verdict.evidence["theorem"])
    assert any("second derivative" in h["statement"] for h in verdict.evidence["hypotheses"])
    good = json.loads(json.dumps(verdict.evidence))
    assert METHOD.recheck(claim, good, Status.PROVED)
    assert not METHOD.recheck(claim, good, Status.REFUTED)
    assert not METHOD.recheck(Claim("falls", H, ">", NEXT), good, Status.PROVED)
    assert not METHOD.recheck(Claim("positive", H, ">", S.Zero), good, Status.PROVED)
    for change in (
        {"theorem": "a mean of non-negative values is non-negative"},
        {"theorem": "none"},
        {"f": "t at n = G"},
        {"hypotheses": good["hypotheses"][:-1]},
    ):
        assert not METHOD.recheck(claim, {**good, **change}, Status.PROVED)
    for index in (0, -1):
        for key in ("statement", "sign"):
            bad = deepcopy(good)
            bad["hypotheses"][index][key] += "!"
            assert not METHOD.recheck(claim, bad, Status.PROVED)


@pytest.mark.parametrize(
    ("left", "relation", "right"),
    [
        (H, ">", S.Zero),
        (H, "<", AT_P),
        (H.diff(P, 2), "<", S.Zero),
        (bernstein(T**2, G, first=0, last=0).diff(P), ">", S.Zero),
        (H / P, ">", H.diff(P)),
    ],
)
def test_evidence_of_each_theorem_holds_for_its_claim_only(left, relation, right):
    claim = Claim("", left, relation, right)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    evidence = json.loads(json.dumps(verdict.evidence))
    assert METHOD.recheck(claim, evidence, verdict.status)
    opposite = Claim("", left, {"<": ">", ">": "<"}[relation], right)
    assert not METHOD.recheck(opposite, evidence, verdict.status)


def test_as_a_method_among_others_and_in_a_file():
    """The first method that decides it, also from its certificate; a plain Sum does as well."""
    claim = portable(Claim("below f", bernstein(DEVIATION, G, kind=Sum), "<", AT_P))
    verdict = methods.prove(claim)
    assert (verdict.status, verdict.method) == (Status.PROVED, METHOD.name)
    written = json.loads(json.dumps(certificate(claim, verdict)))
    assert recheck(written)
    assert METHOD.attempt(Claim("no sum", P, "<", S.One)) is None


@pytest.mark.parametrize(
    ("relation", "bound", "status"),
    [
        (">=", X, Status.PROVED),
        (">", X, Status.REFUTED),  # equal for pairs, exactly
        ("<", Rational(1, 2), Status.PROVED),
        ("<=", Rational(2, 5), Status.REFUTED),
        ("!=", 3 * sqrt(P) / 4, Status.NUMERIC),
    ],
    ids=str,
)
def test_a_mean_over_a_symbolic_size_ends_in_a_verdict(
    relation: str, bound: Expr, status: Status
) -> None:
    """E sqrt(K (G - K))/G, K binomial: what no theorem decides is no error."""
    policy = gs.stationary_policy(gs.GRPO(G), gs.BinaryQuestion())
    (mean,) = policy.balance_for("a test").drift.expression.atoms(BernsteinMean)
    assert methods.prove(Claim("", mean, relation, bound)).status is status
