"""Balls of every function, and inequalities proved on boxes that cover the range."""

import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from flint import arb, ctx, fmpq
from mpmath import mp, mpf
from sympy import (
    Abs,
    Catalan,
    E,
    EulerGamma,
    Expr,
    Integer,
    Max,
    Min,
    Rational,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    cos,
    cosh,
    coth,
    erf,
    exp,
    lambdify,
    log,
    oo,
    pi,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.verify.ball_boxes import BallBoxes, _charts, _divided
from tests.verify.kept import Keeping

B, P, P0 = symbols.beta, symbols.pi, symbols.pi_ref
X, Y = Symbol("x", real=True), Symbol("y", real=True)
ZERO, ONE = Integer(0), Integer(1)
METHOD = Keeping(BallBoxes())
SEED = 7


# -- balls ------------------------------------------------------------------------------------


def contains(found: arb, value: Any) -> bool:
    """Whether a ball contains a number known to 60 digits."""
    return bool(found.overlaps(decimal(value)))


def decimal(value: Any) -> arb:
    """A number of mpmath to 60 digits, as a ball that contains it."""
    with ctx.workprec(400):
        return arb(mp.nstr(value, 60)) * (1 + arb(0, arb(10) ** -58))


def between(low: fmpq, high: fmpq) -> arb:
    found = arb(low).union(arb(high))
    return found.nonnegative_part() if low >= 0 else found


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        (E, mpmath.e),
        (pi, mpmath.pi),
        (EulerGamma, mpmath.euler),
        (Catalan, mpmath.catalan),
        (E * pi, mpmath.e * mpmath.pi),
    ],
    ids=str,
)
def test_constants(constant: Expr, value: Any) -> None:
    with mp.workdps(80):
        exact = +value if constant != E * pi else mpmath.e * mpmath.pi
        found = ball(constant, {}, 128)
        assert found.overlaps(decimal(exact))
        assert found.rad() < arb(10) ** -35
        assert not found.overlaps(decimal(exact + mpf(10) ** -30))


FUNCTIONS: dict[Expr, tuple[Callable[[Any], Any], int, int]] = {
    # The function, its value in mpmath, and a range inside its domain in tenths.
    asin(X): (mpmath.asin, -9, 9),
    acos(X): (mpmath.acos, -9, 9),
    atan(X): (mpmath.atan, -50, 50),
    sinh(X): (mpmath.sinh, -30, 30),
    cosh(X): (mpmath.cosh, -30, 30),
    tanh(X): (mpmath.tanh, -30, 30),
    coth(X): (mpmath.coth, 5, 30),
    asinh(X): (mpmath.asinh, -30, 30),
    acosh(X): (mpmath.acosh, 12, 40),
    atanh(X): (mpmath.atanh, -9, 9),
    sin(X): (mpmath.sin, -30, 30),
    cos(X): (mpmath.cos, -30, 30),
    tan(X): (mpmath.tan, -12, 12),
    exp(X): (mpmath.exp, -30, 30),
    erf(X): (mpmath.erf, -30, 30),
    log(X): (mpmath.log, 1, 50),
    Abs(X): (abs, -20, 20),
    Max(X, Rational(1, 3)): (lambda v: max(v, mpf(1) / 3), -10, 10),
    Min(X, Rational(1, 3), -X): (lambda v: min(v, mpf(1) / 3, -v), -10, 10),
    X**2: (lambda v: v**2, -20, 20),
    X**3: (lambda v: v**3, -20, 20),
    X**-3: (lambda v: v**-3, -20, -1),
    X ** Rational(2, 3): (lambda v: mpmath.cbrt(v) ** 2, 0, 30),
    X ** Rational(-3, 4): (lambda v: mpmath.root(v, 4) ** -3, 1, 30),
    sqrt(X * (1 - X) + X**2): (mpmath.sqrt, 0, 9),
}


@pytest.mark.parametrize("expr", FUNCTIONS, ids=str)
def test_a_ball_contains_the_values_of_its_interval(expr: Expr) -> None:
    function, low, high = FUNCTIONS[expr]
    draw = random.Random(SEED)
    with mp.workdps(80):
        for _ in range(30):
            a, b = sorted(draw.randint(1000 * low, 1000 * high) for _ in range(2))
            if draw.random() < 0.3:
                a = 1000 * low
            found = ball(expr, {X: between(fmpq(a, 10_000), fmpq(b, 10_000))}, 200)
            assert found.is_finite()
            for share in (0, 1, 3, 7, 10):
                assert contains(found, function((a + (b - a) * mpf(share) / 10) / 10_000))
            if a >= 0 and isinstance(expr, sqrt(X).func):
                assert found >= 0 or expr.exp < 0


def test_a_point_has_a_thin_ball() -> None:
    for expr, (function, low, high) in FUNCTIONS.items():
        at = fmpq(3 * low + 4 * high, 70)
        with mp.workdps(80):
            exact = function(mpf(3 * low + 4 * high) / 70)
            with ctx.workprec(256):
                point = arb(at)
            found = ball(expr, {X: point}, 256)
            assert found.rad() < arb(10) ** -55
            assert found.overlaps(decimal(exact))
            assert not found.overlaps(decimal(exact + mpf(10) ** -50))


def test_roots_of_boxes_that_begin_at_zero() -> None:
    box = between(fmpq(0), fmpq(1, 3))
    found = ball(sqrt(X), {X: box}, 100)
    assert found >= 0
    assert found < arb(0.5774)
    assert found.contains(arb(fmpq(1, 3)).sqrt())
    entropy = ball(sqrt(X * (1 - X)), {X: box}, 100)
    assert entropy.is_finite()
    assert ball(X ** Rational(2, 3), {X: arb(0)}, 100).is_zero()
    assert ball(sqrt(X) * 5, {X: arb(4)}, 100) == 10


def test_what_reaches_below_zero_has_no_root() -> None:
    below = between(fmpq(-1, 10), fmpq(1, 3))
    assert not ball(sqrt(X), {X: below}, 100).is_finite()
    assert not ball(X ** Rational(1, 3), {X: below}, 100).is_finite()
    # A symbol that SymPy knows to be positive is one, whatever rounding has made of its ball.
    assert ball(sqrt(P), {P: below}, 100).is_finite()
    assert not ball(1 / X, {X: below}, 100).is_finite()


# -- boxes ------------------------------------------------------------------------------------

UNIT = Domain.of(Range(X, ZERO, ONE, True, True))
#: The least value of h of Appendix B.2 (Vojnovic & Yun), direct KL and large groups.
LEAST = 2 * sqrt(1 + B**2) / B - 2 * asinh(B) + log(P0 / (1 - P0))
ABOVE_HALF = Domain.of((B, ZERO, Rational(6, 5)), (P0, Rational(1, 2), ONE))

Case = tuple[Expr, str, Expr, Domain]

WHOLE: list[Case] = [
    (exp(X), ">", X, UNIT),
    (sin(X), "<=", X + Rational(1, 100), UNIT),
    (exp(-X) * cos(X), ">", Rational(1, 6), UNIT),
    (cosh(X), "<", Rational(8, 5), UNIT),
    (2 * asin(sqrt(X) / 2), "<", Rational(22, 21), UNIT),
    # From 0 on what is under the root is not below 0: a box that reached there would have none.
    (sqrt(X + exp(X) - 1), "<", Rational(5, 3), UNIT),
    (exp(X * Y), "<", Integer(3), Domain.of(Range(X, ZERO, ONE, True, True), (Y, ZERO, ONE))),
]

OPEN: list[Case] = [
    (log(1 + B), "<=", B, Domain()),
    (log(1 + B), "<", B, Domain()),
    (exp(B), ">", 1 + B, Domain()),
    (sinh(B), ">", B, Domain()),
    (atan(B), "<", Integer(2), Domain()),
    (LEAST, ">", ZERO, ABOVE_HALF),
    (sin(B), "<", B, Domain()),
    (log(P), ">", log(P0), Domain.of(P0, (P, P0, ONE))),
]

#: False somewhere, if only at one point or far out.
FALSE: list[Case] = [
    (exp(B), ">", 1 + B + B**2 / 2 * Rational(101, 100), Domain()),
    (LEAST, ">", ZERO, Domain.of((B, ZERO, Integer(2)), (P0, Rational(1, 2), ONE))),
    ((X - Rational(1, 2)) ** 2, ">", ZERO, Domain.of((X, ZERO, ONE))),
    (Abs(X - Rational(1, 2)), ">", ZERO, Domain.of((X, ZERO, ONE))),
    ((B - 1) ** 2 / B, ">", ZERO, Domain()),
    (X, ">", ZERO, UNIT),
    (sqrt(X), ">", ZERO, UNIT),
    (X * (1 - X) * exp(X), ">", ZERO, UNIT),
    (exp(-B), ">", Rational(1, 10**9), Domain()),
    (log(1 + B), "<=", B * Rational(999999, 1000000), Domain()),
    (sin(X), "<", X, UNIT),
    (exp(X), "<", E, UNIT),
    (Max(X, 1 - X), ">", Rational(1, 2), UNIT),
]


@pytest.mark.parametrize("case", WHOLE, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_the_whole_range_is_proved(case: Case) -> None:
    claim = gs.Claim("true", *case)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED
    assert "the whole range" in verdict.detail
    assert METHOD.recheck(claim, verdict.evidence, verdict.status)
    assert not METHOD.recheck(claim, verdict.evidence, gs.Status.NUMERIC)


@pytest.mark.parametrize("case", OPEN, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_what_tends_to_equality_at_an_open_end_is_left_to_others(case: Case) -> None:
    """True, but in every box at that end the two sides come as close as one likes."""
    claim = gs.Claim("true", *case)
    assert METHOD.attempt(claim) is None
    assert not METHOD.recheck(claim, {"boxes": 2, "bits": 128, "trees": [".", "."]}, "PROVED")


@pytest.mark.parametrize("case", FALSE, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_false_claims_are_never_proved(case: Case) -> None:
    claim = gs.Claim("false", *case)
    verdict = METHOD.attempt(claim)
    if verdict is not None:
        assert verdict.status is gs.Status.REFUTED
        given = verdict.evidence["counterexample"]
        assert isinstance(given, dict)
        point = {s: Rational(given[s.name]) for s in claim.domain.symbols}
        assert claim.domain.contains(point)
        gap = (case[0] - case[2]).subs(point).evalf(50)
        assert gap <= 0 if case[1] == ">" else gap >= 0


def test_an_empty_range_refutes_nothing() -> None:
    """For beta >= 1 there is no w between beta and 1."""
    w = Symbol("w", positive=True)
    domain = Domain.of(B, (w, B, ONE))
    claim = gs.Claim("true where w exists", exp(B), "<", Integer(3), domain)
    bounded = gs.Claim("true where w exists", exp(B) + w, "<", Integer(4), domain)
    for made in (claim, bounded):
        verdict = METHOD.attempt(made)
        assert verdict is None or verdict.status is not gs.Status.REFUTED


@pytest.mark.parametrize("case", WHOLE[:2], ids=lambda c: str(c[0]))
def test_a_changed_subdivision_is_noticed(case: Case) -> None:
    claim = gs.Claim("true", *case)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    evidence = verdict.evidence
    trees = evidence["trees"]
    assert isinstance(trees, list)
    changed: list[Any] = [
        trees[:-1],
        [*trees, "."],
        ["?", *trees[1:]],
        ["", *trees[1:]],
        ["9..", *trees[1:]],
        [trees[0] + ".", *trees[1:]],
        [trees[0][:-1], *trees[1:]],
        ["x" + trees[0][1:], *trees[1:]],
        [None, *trees[1:]],
        None,
        "",
    ]
    for other in changed:
        assert not METHOD.recheck(claim, {**evidence, "trees": other}, verdict.status)
    for key, value in (("boxes", 1000), ("bits", 64), ("note", "")):
        assert not METHOD.recheck(claim, {**evidence, key: value}, verdict.status)
    left, relation, right, domain = case
    stronger = gs.Claim("stronger", left, relation, right + (3 if relation == ">" else -3), domain)
    assert not METHOD.recheck(stronger, evidence, verdict.status)


def test_what_is_not_for_boxes() -> None:
    mystery = gs.Claim("integers", symbols.G + exp(symbols.G), ">", ZERO)
    many = [Symbol(f"v_{i}", positive=True) for i in range(4)]
    count = Range(symbols.G, Integer(2), Integer(5), True, True)
    for claim in (
        mystery,
        gs.Claim("an equation", sin(X) ** 2 + cos(X) ** 2, "==", ONE, UNIT),
        gs.Claim("an inequation", exp(B), "!=", ZERO),
        gs.Claim("four parameters", exp(sum(many, start=ZERO)), ">", Rational(1, 2)),
    ):
        assert METHOD.attempt(claim) is None
        assert not METHOD.recheck(claim, {"trees": ["."]}, gs.Status.PROVED)
    for domain in (Domain.of(count), Domain.of(count, *UNIT.ranges)):
        whole = gs.Claim(
            "", exp(symbols.G) + X, ">", symbols.G, domain.relevant(sum(domain.symbols))
        )
        assert BallBoxes().attempt(whole) is None


REFUTED_IN_A_CORNER: list[Case] = [
    (exp(B), ">", 1 + B + B**2 / 2 * Rational(101, 100), Domain()),
    (exp(-B), ">", Rational(1, 10**9), Domain()),
    (log(1 + B), "<=", B * Rational(999999, 1000000), Domain()),
    (cos(X), ">", Rational(1, 2), Domain.of((X, -ONE, ONE + Rational(1, 10)))),
]


@pytest.mark.parametrize("case", REFUTED_IN_A_CORNER, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_a_box_in_which_it_fails_gives_a_point(case: Case) -> None:
    claim = gs.Claim("false", *case)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert verdict.status is gs.Status.REFUTED
    (symbol,) = claim.domain.symbols
    place = mpf(Rational(verdict.evidence["counterexample"][symbol.name]).p) / mpf(
        Rational(verdict.evidence["counterexample"][symbol.name]).q
    )
    with mp.workdps(50):
        sides = [mpmath.mpmathify(lambdify(symbol, side, "mpmath")(place)) for side in case[::2]]
        assert sides[0] <= sides[1] if ">" in case[1] else sides[0] >= sides[1]


def test_half_lines_and_the_real_line() -> None:
    """From an end outwards, downwards too, and in both directions from 0."""
    line, left = Domain.of((X, -oo, oo)), Domain.of(Range(X, -oo, ZERO, False, True))
    above = Domain.of(Range(X, ONE, oo))
    for left_side, relation, right_side, domain, boxes in (
        (1 / (1 + X**2), "<", exp(Rational(1, 5)), line, 4),
        (X / (1 - X), "<=", sin(ONE) / 2 - Rational(1, 3), left, 2),
        (1 - 2 * X, "<=", 1 - X - log(2), above, 2),
    ):
        claim = gs.Claim("on a line", left_side, relation, right_side, domain)
        verdict = METHOD.attempt(claim)
        assert verdict is not None
        assert verdict.status is gs.Status.PROVED
        assert len(verdict.evidence["trees"]) == boxes  # type: ignore[arg-type]
        assert METHOD.recheck(claim, verdict.evidence, verdict.status)
        stronger = gs.Claim("stronger", left_side, relation, right_side - 2, domain)
        refuted = METHOD.attempt(stronger)
        assert refuted is None or refuted.status is not gs.Status.PROVED


def test_a_factor_that_reaches_zero_counts() -> None:
    """x exp(x) > 0 from 0 on, but for 0 itself."""
    gap = exp(X) * X * cos(X / 2)
    closed, open_ = (Domain.of(Range(X, ZERO, ONE, c, True)) for c in (True, False))
    assert METHOD.attempt(gs.Claim("not at 0", gap, ">", ZERO, closed)) is None
    for domain, relation in ((closed, ">="), (open_, ">"), (open_, ">=")):
        verdict = METHOD.attempt(gs.Claim("true", gap, relation, ZERO, domain))
        assert verdict is not None
        assert verdict.status is gs.Status.PROVED


def test_a_factor_that_reaches_zero_at_the_end_of_a_half_line_counts() -> None:
    for end, way, bounds in ((ONE, 1, (ONE, oo)), (ONE, -1, (-oo, ONE))):
        gap = way * (X - end)
        for closed, relation, holds in ((True, ">", 0), (True, ">=", 1), (False, ">", 1)):
            domain = Domain.of(Range(X, *bounds, closed, closed))
            verdict = BallBoxes().attempt(gs.Claim("at the end", gap, relation, ZERO, domain))
            assert (verdict is not None) == holds


def test_a_number_is_one_box() -> None:
    claim = gs.Claim("a number", E, ">", Integer(2))
    verdict = BallBoxes().attempt(claim)
    assert verdict is not None
    assert verdict.evidence["trees"] == ["."]
    equal = gs.Claim("", sqrt(3 + 2 * sqrt(2)), ">", 1 + sqrt(2))
    assert BallBoxes().attempt(equal) is None  # there is nothing to halve
    assert BallBoxes().recheck(claim, verdict.evidence, verdict.status)


def test_what_is_zero_in_the_middle_does_not_fail_there() -> None:
    """A square that is 0 at 3/4, times what smaller boxes show to be positive."""
    gap = (4 * X - 3) ** 2 * (exp(X) - X - Rational(4, 5))
    claim = gs.Claim("", gap, ">=", ZERO, UNIT)
    verdict = BallBoxes().attempt(claim)
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED
    assert BallBoxes().attempt(gs.Claim("", gap, ">", ZERO, UNIT)) is None
    assert all(t.is_positive for chart in _charts(claim) for t in chart.coordinates)


def test_a_tree_ends_with_its_last_box() -> None:
    """Nor before, nor after it: what follows is of no box."""
    chart, *_ = _charts(gs.Claim("true", exp(X), ">", X, UNIT))
    marks, _ = _divided(chart)
    assert marks is not None
    assert chart.covered(marks)
    for tree in (marks + ".", marks + "0..", marks[:-1], "", "1..", "0."):
        assert not chart.covered(tree)
    assert chart.covered("0" + marks + marks)  # smaller boxes than it needs


def test_a_factor_that_is_zero_in_one_place_counts_beside_one_of_unknown_sign() -> None:
    """|x - 101/307| (cos x - x/3) is zero at 101/307 alone, where no sample lies."""
    place = Rational(101, 307)
    gap = Abs(X - place) * (cos(X) - X / 3)
    assert METHOD.attempt(gs.Claim("but there", gap, ">", ZERO, UNIT)) is None
    assert gs.prove(gs.Claim("but there", gap, ">", ZERO, UNIT)).status is not gs.Status.PROVED
    verdict = METHOD.attempt(gs.Claim("true", gap.subs(place, -place), ">", ZERO, UNIT))
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED


def test_an_end_at_which_both_sides_are_equal() -> None:
    """The slope leads back to the end, where the value is exact."""
    claim = gs.Claim("equal at 0", exp(X) * (1 + X), ">=", ONE + X / 2, UNIT)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED
    mirrored = gs.Claim("equal at 1", sqrt(2 - X), ">=", ONE, UNIT)
    assert METHOD.attempt(mirrored).status is gs.Status.PROVED  # type: ignore[union-attr]
    strict = gs.Claim("equal at 0", exp(X) * (1 + X), ">", ONE + X / 2, UNIT)
    assert METHOD.attempt(strict) is None


def test_a_range_that_depends_on_another() -> None:
    domain = Domain.of((P0, ZERO, ONE), (P, P0, ONE))
    claim = gs.Claim("above the reference", exp(P) + Rational(1, 9), ">", exp(P0), domain)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED
    verdict = METHOD.attempt(gs.Claim("below", exp(P0) + Rational(1, 9), ">", exp(P), domain))
    assert verdict.status is gs.Status.REFUTED  # type: ignore[union-attr]


@pytest.mark.parametrize("way", [1, -1])
def test_the_whole_line_has_two_halves(way: int) -> None:
    """What fails on one of them is not proved by the other."""
    line = Symbol("line", real=True)
    half = BallBoxes().attempt(gs.Claim("on a half", way * line + 2, ">", exp(-2 - line**2)))
    assert half is None or half.status is gs.Status.REFUTED
    rational = BallBoxes().attempt(gs.Claim("", line**2 + way * 3 * line + 1, ">", ZERO))
    assert rational is None or rational.status is gs.Status.REFUTED
    whole = BallBoxes().attempt(gs.Claim("on both", line**2 + way * line + 2, ">", Integer(1)))
    assert whole is not None
    assert whole.status is gs.Status.PROVED


def test_where_a_slope_may_vanish_one_end_is_the_least() -> None:
    domain = Domain((Range(X, ZERO, ONE, True, True),))
    chart, *_ = _charts(gs.Claim("a square", 1 + X**2 / 2, ">", ZERO, domain))
    assert 1 - chart.tightened(chart.start).lower() < 1e-9  # and not less by half of the slope
