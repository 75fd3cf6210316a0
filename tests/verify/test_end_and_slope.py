"""What starts at zero and rises is positive: true inequalities of functions, and false ones."""

import mpmath
import pytest
from sympy import (
    Abs,
    Expr,
    Piecewise,
    Rational,
    S,
    Symbol,
    acos,
    asin,
    asinh,
    atan,
    cos,
    cosh,
    erf,
    exp,
    factorial,
    lambdify,
    log,
    oo,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from sympy import pi as circle

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.symbols import G as N
from grpo_symbolic.symbols import beta, pi, pi_ref
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.end_and_slope import EndAndSlope
from grpo_symbolic.verify.limits import SLOPES_DEEPEST
from grpo_symbolic.verify.recheck import certificate, portable, recheck
from grpo_symbolic.verify.verdict import Status
from tests.verify.kept import Keeping, prove

METHOD = Keeping(EndAndSlope())
X = Symbol("x", real=True)
TRUE = [
    (tanh(beta), "<", beta),
    (log(pi), "<", S.Zero),
    (log(pi), "<", pi - 1),
    (log(beta), "<=", beta - 1),
    (log(beta), "<", beta),
    (exp(beta), ">", 1 + beta + beta**2 / 2),
    (sin(pi), "<", pi),
    (sinh(beta), ">", beta + beta**3 / 6),
    (log(1 + beta), ">", beta - beta**2 / 2),
    (atan(beta), "<", beta),
    (asinh(beta), "<", beta),
    (erf(beta), "<", 2 * beta / sqrt(circle)),
    (beta * exp(-beta), "<=", exp(-1)),
    (pi * log(pi), "<", S.Zero),
    (log(pi / (1 - pi)), "<", pi / (1 - pi)),
]
FALSE = [
    (tanh(beta), "<", beta - beta**3 / 3),
    (log(beta), "<", beta - 1),  # equal at 1
    (exp(beta), ">", 1 + beta + beta**2 / 2 + beta**3 / 6 * Rational(10**9 + 1, 10**9)),
    (beta * exp(-beta), "<", exp(-1)),
    (log(1 + beta), ">", beta - beta**2 / 2 + beta**3 / 3),
    (sin(pi), ">", pi - pi**3 / 6 + pi**5 / 120),
    (tan(beta), ">", beta),  # across poles
    (1 / (1 - beta), ">=", 1 + beta),  # across a pole
    (cos(beta), ">=", S.Zero),
    (cos(beta), ">", sin(beta) - 1),
    (Abs(beta - 1), "<", beta),
    (sign(beta - 1) + 1, "<", beta),
    (cosh(beta), ">", 1 + beta**2 / 2 + Rational(1, 10**12)),
]


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_it_proves_what_analysis_proves(claim: tuple[Expr, str, Expr]) -> None:
    left, relation, right = claim
    made = portable(Claim("by an end and a slope", left, relation, right))
    verdict = METHOD.attempt(made)
    assert verdict is not None
    assert verdict.status is Status.PROVED
    assert recheck(certificate(made, verdict))
    (symbol,) = made.difference.free_symbols
    value = lambdify(symbol, made.difference, "mpmath")
    with mpmath.workdps(40):  # exponentials stand for hyperbolic functions: they cancel
        for at in ("0.001", "0.3", "0.77", "0.999"):
            gap = value(mpmath.mpf(at))
            assert gap > 0 if relation[0] == ">" else gap < 0


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_it_never_proves_what_is_false(claim: tuple[Expr, str, Expr]) -> None:
    left, relation, right = claim
    made = Claim("false somewhere", left, relation, right)
    assert METHOD.attempt(made) is None
    assert prove(made).status is not Status.PROVED


def test_what_keeps_one_sign_is_not_zero() -> None:
    verdict = prove(Claim("a divisor", exp(beta) - beta - 1, "!=", S.Zero))
    assert verdict.status is Status.PROVED
    assert METHOD.attempt(Claim("zero at 1", log(beta) - beta + 1, "!=", S.Zero)) is None


def test_a_closed_end_belongs_to_the_range() -> None:
    closed = Domain((Range(X, S.Zero, S.One, True, True),))
    assert METHOD.attempt(Claim("not at 0", exp(X), ">", 1 + X, closed)) is None
    assert METHOD.attempt(Claim("at 0 as well", exp(X), ">=", 1 + X, closed)) is not None
    assert prove(Claim("not at 0", exp(X), ">", 1 + X, closed)).status is Status.REFUTED


def test_the_range_of_another_symbol_may_begin_at_it() -> None:
    """From pi = pi_ref upwards, and not from 0."""
    above = Domain.of(pi_ref, (pi, pi_ref, S.One))
    claim = Claim("logarithms", log(pi / pi_ref), "<", pi / pi_ref - 1, above)
    assert prove(claim).status is Status.PROVED
    turned = Claim("turned", log(pi / pi_ref), ">", pi / pi_ref - 1, above)
    assert prove(turned).status is Status.REFUTED


def test_a_slope_without_a_place_at_which_it_vanishes_shows_nothing() -> None:
    """exp(beta) - 3 beta turns where exp(beta) = 3, which no line shows."""
    assert METHOD.attempt(Claim("turns", exp(beta), ">=", 3 * beta - 1)) is None
    # Turning points of a factor of degree two, and of one that is outside of the range.
    assert METHOD.attempt(Claim("", beta**3 - 6 * beta, ">=", -6 - log(1 + beta))) is None
    below = Domain.of((beta, S.Zero, S.Half))
    assert METHOD.attempt(Claim("", beta * exp(-beta), "<", Rational(1, 4), below)) is None


def test_what_has_a_plain_sign_is_left_to_the_orthant() -> None:
    for relation in (">", ">=", "!="):
        assert METHOD.attempt(Claim("a plain sign", exp(beta) + beta, relation, S.Zero)) is None
    assert METHOD.attempt(Claim("an equation", exp(beta) - beta - 1, "==", S.Zero)) is None


def test_a_turning_point_is_a_place_at_which_the_value_counts() -> None:
    """beta exp(-beta) <= 1/e is attained at 1; beta exp(1 - beta) < 1.01 is not."""
    for relation, bound, holds in (
        ("<=", S.One, True),
        ("<", S.One, False),
        ("<", Rational(101, 100), True),
        ("<=", Rational(99, 100), False),
    ):
        found = METHOD.attempt(Claim("", beta * exp(1 - beta), relation, bound))
        assert (found is not None) == holds


@pytest.mark.parametrize(
    ("left", "relation", "right", "domain"),
    [
        # from the upper end, whose value is positive; the slope needs no strict sign then
        (log(pi), "<", (1 - pi) / 2 + Rational(1, 9), Domain.of(pi)),
        # down from infinity there is no end
        (exp(-X), "<=", S.One, Domain((Range(X, S.Zero, S.Infinity, True, False),))),
        (exp(X), "<=", S.One, Domain((Range(X, -S.Infinity, S.Zero, False, True),))),
        # a product whose other factor has a sign of its own
        ((1 - exp(-beta)) * (pi - 2), "<", S.Zero, Domain.of(beta, pi)),
        (-(beta**2) * sinh(beta), "<=", -(beta**3), Domain.of(beta)),
    ],
    ids=str,
)
def test_ends_of_every_kind(left: Expr, relation: str, right: Expr, domain: Domain) -> None:
    claim = Claim("true", left, relation, right, domain)
    found = METHOD.attempt(claim)
    assert found is None or found.status is Status.PROVED
    assert prove(claim).status is Status.PROVED
    turned = Claim("false", left, ">" if "<" in relation else "<", right, domain)
    assert METHOD.attempt(turned) is None
    assert prove(turned).status is not Status.PROVED


def test_an_end_without_a_value_is_no_start() -> None:
    """log(pi/(1 - pi)) has a value at neither end; 1/beta - 1 has none at 0."""
    for left, right in ((log(pi / (1 - pi)), -S.One), (1 / beta, Rational(1, 10**6))):
        assert METHOD.attempt(Claim("", left, ">", right)) is None


def test_each_step_is_said() -> None:
    found = METHOD.attempt(Claim("", sinh(beta), ">", beta))
    assert found is not None
    steps: list[str] = found.evidence["steps"]  # type: ignore[assignment]
    assert steps[-1] == "-beta + sinh(beta) > 0 on beta > 0: it rises from 0 at beta = 0"
    assert steps[0].endswith("by its sign on the orthant")
    fall = METHOD.attempt(Claim("", log(pi), "<", pi - 1))
    assert fall is not None
    assert "it falls towards 0 at pi = 1" in fall.detail
    above = METHOD.attempt(Claim("", exp(beta), ">", beta))
    assert above is not None
    assert "rises from a value that is not negative at beta = 0" in above.detail


@pytest.mark.parametrize(
    ("left", "relation", "right", "false"),
    [
        (beta * log(beta), ">=", -exp(-1), -exp(-1) + Rational(1, 10**12)),  # log(beta) = -1
        (-pi * log(pi) - (1 - pi) * log(1 - pi), "<=", log(2), log(2) - Rational(1, 10**9)),
        (log(N), ">", Rational(2, 3), Rational(7, 10)),  # a whole number, log(2) a number
        (2**N, ">", N + 1, N + 3),
        (N * log(1 + 1 / N), "<", S.One, 1 - Rational(1, 10**5)),  # at infinity
        (exp(1 / beta), ">", 1 + 1 / beta + 1 / beta**2 / 2, 1 + 1 / beta + 1 / beta**2),
        (cosh(1 / beta), ">=", 1 + 1 / beta**2 / 2, 1 + 1 / beta**2),
        (acos(2 * pi - 1), "==", 2 * acos(sqrt(pi)), 2 * asin(sqrt(pi))),
        (asinh(beta), "==", log(beta + sqrt(1 + beta**2)), log(beta + sqrt(2 + beta**2))),
        (atan(1 / beta) + atan(beta), "==", 2 * atan(1), 3 * atan(1)),
        (log(beta * (1 + pi)), "==", log(beta) + log(1 + pi), log(beta) + log(1 + 2 * pi)),
    ],
    ids=str,
)
def test_turning_points_numbers_and_equal_sides(
    left: Expr, relation: str, right: Expr, false: Expr
) -> None:
    claim = Claim("true", left, relation, right)
    verdict = prove(claim)
    assert verdict.status is Status.PROVED
    assert left.has(cosh) or recheck(certificate(claim, verdict))
    wrong = Claim("false", left, relation, false)
    assert METHOD.attempt(wrong) is None
    assert prove(wrong).status is not Status.PROVED


def test_a_slope_that_is_zero_all_the_way_shows_what_is_not_strict() -> None:
    left, right = acos(2 * pi - 1), 2 * acos(sqrt(pi))
    for relation, holds in ((">=", True), ("<=", True), (">", False), ("<", False)):
        found = EndAndSlope().attempt(Claim("equal", left, relation, right))
        assert (found is not None) == holds


def test_equal_sides_are_shown_on_ranges_in_one_piece_only() -> None:
    """sqrt(x^2) - x moves nowhere but across 0, and atan(1/x) + atan(x) jumps there."""
    real, away = Symbol("x", real=True), Domain.of((Symbol("x", real=True), -S.One, S.One))
    for left, right in ((Abs(real), real), (atan(1 / real) + atan(real), 2 * atan(1))):
        claim = Claim("not below 0", left, "==", right, away)
        assert METHOD.attempt(claim) is None
        assert prove(claim).status is Status.REFUTED
    shut = Domain((Range(X, S.One, S.One, True, True),))
    assert METHOD.attempt(Claim("a point", log(X), "==", X - 1, shut)) is None


def test_a_symbol_that_other_ranges_depend_on_is_not_turned_over() -> None:
    """e^(1/s) > y fails at s = 10, y = 9; with 1/s for s, y would lie below 1/s."""
    s, y = Symbol("s", positive=True), Symbol("y", positive=True)
    leaning = Domain.of((s, S.One, oo), (y, S.Zero, s))
    claim = Claim("", exp(1 / s), ">", y, leaning)
    assert METHOD.attempt(claim) is None
    assert prove(claim).status is Status.REFUTED
    alone = Domain.of((s, S.One, oo), (y, S.Zero, S.One))
    assert prove(Claim("", exp(1 / s), ">", y, alone)).status is Status.PROVED


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(-S.One, oo), (-S.One, S.One), (-oo, oo), (-oo, -S.One), (-sqrt(2), oo), (-S(2), -S.One)],
    ids=str,
)
def test_only_a_half_line_of_numbers_above_zero_is_turned_over(lower: Expr, upper: Expr) -> None:
    """Below 0 each of these is false: 1/s does not run from 0 to the inverse of the lower end."""
    line = Domain.of((X, lower, upper))
    series = 1 + 1 / X + 1 / X**2 / 2
    for left, relation in ((exp(1 / X), ">"), (exp(1 / X) - 1 / X - 1 / X**2 / 2, ">=")):
        right = series if relation == ">" else S.One
        assert EndAndSlope().attempt(Claim("below 0", left, relation, right, line)) is None


@pytest.mark.parametrize("share", [pi, 1 - pi], ids=str)
def test_an_end_at_which_a_term_has_no_value_is_no_start(share: Expr) -> None:
    """exp(L/(L - c)) tends to e where L = log(share) does to -oo, and 0**0 is 1."""
    for shift in (S.One, log(2)):
        tends = share ** (1 / (log(share) - shift))
        for bound in (Rational(3, 2), S(2)):
            claim = Claim("below its limit", tends, "<", bound)
            assert EndAndSlope().attempt(claim) is None


def test_the_opposite_of_another_share_is_a_turning_point() -> None:
    """exp(u) >= 1 + u for u = pi + pi_ref - 1, which is 0 at pi = 1 - pi_ref."""
    both = exp(pi + pi_ref - 1)
    assert EndAndSlope().attempt(Claim("", both, ">=", pi + pi_ref)) is not None
    assert EndAndSlope().attempt(Claim("", both, ">", pi + pi_ref)) is None


def test_only_so_many_slopes_are_taken() -> None:
    proved = [
        EndAndSlope().attempt(
            Claim("exp", exp(beta), ">", sum(beta**k / factorial(k) for k in range(n)))
        )
        is not None
        for n in range(2, SLOPES_DEEPEST + 4)
    ]
    assert proved == [True] * SLOPES_DEEPEST + [False] * 2


Y = Symbol("y", real=True)
RISES = exp(beta) - beta - 1  # from 0
#: True where the range of the other symbol is used, and only there; whether it is proved.
BESIDE = [
    (log(1 + beta) + X, beta / (1 + beta), Domain.of(beta, (X, S.Zero, S.One)), True),
    (log(1 + beta) + X, beta / (1 + beta), Domain.of(beta, (X, -S.One, S.One)), False),
    # a factor that is not above 0 may be 0
    (-X * RISES, S.Zero, Domain.of(beta, Range(X, -S.One, S.Zero, True, False)), True),
    (-X * RISES, S.Zero, Domain.of(beta, Range(X, -S.One, S.Zero, True, True)), False),
    (X * RISES, S.Zero, Domain.of(beta, Range(X, S.Zero, S.One, True, False)), False),
    # what jumps has a slope that does not say so
    (RISES + Piecewise((1, beta < 1), (0, True)) * 2, S.One, Domain.of(beta), False),
    (RISES + Abs(X), S.Zero, Domain.of(beta, (X, -S.One, S.One)), False),
]


@pytest.mark.parametrize(("left", "right", "domain", "proved"), BESIDE, ids=str)
def test_what_else_moves_counts(left: Expr, right: Expr, domain: Domain, proved: bool) -> None:
    assert (EndAndSlope().attempt(Claim("", left, ">", right, domain)) is not None) == proved


def test_equal_sides_on_ranges_of_every_kind() -> None:
    """Wherever the ends lie, as long as they do not jump: a range has to be in one piece."""
    left, right = asinh(Y), log(Y + sqrt(1 + Y**2))
    unit = (X, -S.One, S.One)
    for domain, proved in (
        (Domain.of((Y, -S.One, S.Half)), True),
        (Domain.of(unit, (Y, -S.One, X**2)), True),
        (Domain.of(unit, (Y, -S.One, Abs(X))), False),
        (Domain.of(unit, (Y, sign(X), 1 + sign(X))), False),
        (Domain.of((Y, -S.One, -S.Half)), False),  # no point of it is tried
    ):
        found = EndAndSlope().attempt(Claim("", left, "==", right, domain))
        assert (found is not None) == proved


def test_a_half_line_that_begins_at_another_symbol_is_turned_over() -> None:
    s = Symbol("s", positive=True)
    series = 1 + 1 / s + 1 / s**2 / 2
    above = Domain.of(beta, (s, beta, oo))
    assert EndAndSlope().attempt(Claim("", exp(1 / s), ">", series, above)) is not None
    assert EndAndSlope().attempt(Claim("", exp(1 / s), ">", series + 1, above)) is None
    unknown = Domain.of((Y, S.Zero, S.One), (s, Y, oo))
    assert EndAndSlope().attempt(Claim("", exp(1 / s), ">", series + 1, unknown)) is None


def test_at_infinity_nothing_begins() -> None:
    """log(1 + e^x) tends to 0 with e^x, and that is no value that it has."""
    below = Domain.of((X, -oo, S.Zero))
    claim = Claim("", log(1 + exp(X)), ">", exp(X) / (1 + exp(X)), below)
    assert EndAndSlope().attempt(claim) is None
