"""Counterexamples: exact points of the range, its ends among them, with few digits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sympy import (
    Expr,
    Function,
    Integer,
    Rational,
    S,
    Symbol,
    acosh,
    exp,
    factorial,
    floor,
    gamma,
    log,
    sqrt,
)

from grpo_symbolic import Claim, Domain, Status, prove, symbols
from grpo_symbolic.domain import Range
from grpo_symbolic.verify.ball_numbers import agrees, sign_at
from grpo_symbolic.verify.sampling import (
    RationalSampling,
    _in_symmetric_places,
    _rounded,
    holds_at,
    refuted_at,
    shortened,
)
from grpo_symbolic.verify.verdict import Verdict
from tests.verify.kept import Keeping

B, P, P0 = symbols.beta, symbols.pi, symbols.pi_ref
X, Y = Symbol("x", real=True), Symbol("y", real=True)
METHOD = Keeping(RationalSampling())
ROOT_HALF = sqrt(2) / 2


def unit(lower_closed: bool, upper_closed: bool) -> Domain:
    return Domain.of(Range(X, S.Zero, S.One, lower_closed, upper_closed))


@pytest.mark.parametrize(
    ("left", "closed", "fails_at"),
    [
        (X, (True, False), 0),
        (X, (False, False), None),
        (X, (False, True), None),
        (1 - X, (False, True), 1),
        (1 - X, (True, False), None),
        (X * (1 - X), (True, True), 1),
    ],
    ids=str,
)
def test_an_end_is_a_place_where_it_belongs_to_the_range(
    left: Expr, closed: tuple[bool, bool], fails_at: int | None
) -> None:
    found = METHOD.attempt(Claim("positive", left, ">", S.Zero, unit(*closed)))
    assert found is not None
    if fails_at is None:
        assert found.status is Status.NUMERIC
        assert found.evidence["points"] > 10  # type: ignore[operator]
    else:
        assert found.status is Status.REFUTED
        assert found.evidence["counterexample"] == {"x": str(fails_at)}


def test_an_end_that_is_no_fraction_and_one_that_moves() -> None:
    """x = 1/sqrt(2) alone; and x = y, at the middle of the range of y."""
    up = Domain.of(Range(X, S.Zero, ROOT_HALF, False, True))
    found = METHOD.attempt(Claim("squares", X**2, "<", S.Half, up))
    assert found is not None
    assert found.status is Status.REFUTED
    assert "sqrt(2)/2" in found.detail
    moving = Domain.of((Y, S.Zero, S.One), Range(X, S.Zero, Y, False, True))
    found = METHOD.attempt(Claim("below", X, "<", Y, moving))
    assert found is not None
    assert found.status is Status.REFUTED
    point = {k: Fraction(v) for k, v in found.evidence["counterexample"].items()}  # type: ignore
    assert 0 < point["x"] == point["y"] < 1


def test_a_range_of_one_number_that_is_no_fraction_has_its_ends() -> None:
    alone = Domain.of(Range(X, ROOT_HALF, ROOT_HALF, True, True))
    assert not list(alone.samples(9))
    found = METHOD.attempt(Claim("", X, ">", S.One, alone))
    assert found is not None
    assert found.evidence["counterexample"] == {"x": "sqrt(2)/2"}


def test_a_point_without_a_value_refutes_unless_it_is_left_out() -> None:
    pole = (1 / (X - Rational(1, 3))) ** 2
    point = {X: Rational(1, 3)}
    everywhere = Claim("a pole", pole, ">", S.Zero, unit(True, True))
    part = Claim("a pole", pole, ">", S.Zero, unit(True, True), where_defined=True)
    found = refuted_at(everywhere, point)
    assert found is not None
    assert found.detail == "undefined at x = 1/3"
    assert found.evidence["counterexample"] == {"x": "1/3"}
    assert refuted_at(part, point) is None
    log_of_x = Claim("a logarithm", log(X), "<", X, unit(True, True))
    found = METHOD.attempt(log_of_x)
    assert found is not None
    assert found.detail == "undefined at x = 0"
    kept = METHOD.attempt(Claim("", log(X), "<", X, unit(True, True), where_defined=True))
    assert kept is not None
    assert kept.status is Status.NUMERIC


def test_both_values_stand_in_a_refutation() -> None:
    found = refuted_at(Claim("", X**2, ">", X, unit(False, False)), {X: S.Half})
    assert found is not None
    assert found.detail == "fails at x = 1/2"
    assert Fraction(str(found.evidence["left"])) == Fraction(1, 4)
    assert Fraction(str(found.evidence["right"])) == Fraction(1, 2)
    numbers = refuted_at(Claim("", Integer(2), "<", sqrt(2)), {})
    assert numbers is not None
    assert numbers.detail.startswith("2.0")
    assert "1.414" in numbers.detail


@pytest.mark.parametrize("relation", ["==", "!=", ">", ">=", "<", "<="])
@pytest.mark.parametrize("gap", [-1, 0, 1])
def test_what_a_sign_says_of_a_relation(relation: str, gap: int) -> None:
    truth = {
        "==": gap == 0, "!=": gap != 0, ">": gap > 0, ">=": gap >= 0, "<": gap < 0, "<=": gap <= 0,
    }[relation]  # fmt: skip
    claim = Claim("", X, relation, X - gap, unit(True, True))
    assert sign_at(claim, {X: S.Half}) == gap
    assert holds_at(claim, {X: S.Half}, gap) is truth
    if gap:
        assert agrees(relation, gap) is truth


def test_what_is_not_told_from_zero_refutes_no_strict_claim() -> None:
    """1e-400 is beyond the digits that are looked at, and is no zero."""
    tiny = Claim("", X + Rational(1, 10**400), ">", X, unit(True, True))
    assert refuted_at(tiny, {X: S.Half}) is None
    small = Claim("", exp(X) * (1 + Rational(1, 10**200)), ">", exp(X), unit(True, True))
    assert sign_at(small, {X: S.Half}) == 1


@pytest.mark.parametrize(
    ("side", "value"),
    [(floor(10 * X), 3), (acosh(X), None), (X ** (X ** (-40)), None), (Function("f")(X), None)],
    ids=str,
)
def test_values_at_a_point(side: Expr, value: int | None) -> None:
    """floor(10/3) = 3; no real value, too many digits, and no number at all."""
    claim = Claim("", side, ">=", S.Zero, Domain.of((X, S.Zero, S.One)), where_defined=True)
    at = {X: Rational(1, 3)}
    if value is None:
        assert sign_at(claim, at) is None
        assert refuted_at(claim, at) is None
    else:
        assert sign_at(Claim("", side, "==", Integer(value)), at) == 0
        assert sign_at(Claim("", side, "==", Integer(value - 1)), at) == 1


@pytest.mark.parametrize(
    "value",
    [Rational(123456, 10**6), Rational(12345), Rational(-2, 3), Rational(1, 7 * 10**40)],
    ids=str,
)
@pytest.mark.parametrize("digits", [1, 2, 4, 8])
def test_rounded_to_significant_digits(value: Rational, digits: int) -> None:
    found = _rounded(value, digits)
    assert abs(found - value) <= abs(value) * Rational(1, 10 ** (digits - 1)) / 2
    assert found * Rational(10) ** 60 == int(found * Rational(10) ** 60)
    if digits < 5 and value != Rational(12345):
        assert found != value


def test_near_one_the_distance_from_it_is_rounded() -> None:
    value = 1 - Rational(1, 7 * 10**20)
    assert _rounded(value, 1) == 1 - Rational(1, 10**21)
    assert _rounded(value, 4) == 1 - Rational(1429, 10**24)
    assert _rounded(S.Half, 1) == S.Half
    assert _rounded(S.One, 3) == 1
    assert _rounded(Rational(123, 100), 2) == Rational(12, 10)


def verdict_at(**point: str) -> Verdict:
    return Verdict(Status.REFUTED, "m", "d", {"counterexample": dict(point)})


LONG = "618033988749894848/10000000000000000000"


def test_a_counterexample_is_made_short_while_it_is_one() -> None:
    claim = Claim("", B, ">", Rational(1, 10), Domain.of(B))
    found = shortened(claim, verdict_at(beta=LONG))
    assert found.evidence["counterexample"] == {"beta": "3/50"}
    two = Claim("", B, ">", P / 10, Domain.of(B, P))
    found = shortened(two, verdict_at(beta=LONG, pi="999/1000"))
    assert found.evidence["counterexample"] == {"beta": "3/50", "pi": "999/1000"}
    tight = Claim("", B, ">", Rational(LONG), Domain.of(B))
    found = shortened(tight, verdict_at(beta=LONG))
    assert Fraction(found.evidence["counterexample"]["beta"]) <= Fraction(LONG)  # type: ignore
    assert len(found.evidence["counterexample"]["beta"]) < len(LONG)  # type: ignore


def test_what_is_short_or_alone_stays() -> None:
    claim = Claim("", B, ">", Integer(10**18), Domain.of(B))
    for text in ("1/100", "12345678901234567/100", "123456789012345/1000"):
        given = verdict_at(beta=text)
        assert (shortened(claim, given) is given) == (len(text) <= 20)
    alone = Claim("", B, "!=", Rational(LONG), Domain.of(B))
    given = verdict_at(beta=LONG)
    assert shortened(alone, given) is given
    nowhere = verdict_at()
    assert shortened(Claim("", Integer(1), ">", sqrt(2)), nowhere) is nowhere
    # 6/100 is outside of this range.
    narrow = Domain.of((B, Rational(617, 10**4), Rational(619, 10**4)))
    found = shortened(Claim("", B, ">", S.One, narrow), verdict_at(beta=LONG))
    assert found.evidence["counterexample"] == {"beta": "309/5000"}


def test_a_refutation_is_checked_by_its_point() -> None:
    claim = Claim("", B**2, ">", B, Domain.of(B))
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    evidence: dict[str, Any] = verdict.evidence
    assert METHOD.recheck(claim, evidence, Status.REFUTED)
    for status in (Status.PROVED, Status.NUMERIC, Status.UNKNOWN):
        assert not METHOD.recheck(claim, evidence, status)
    for place in ({"beta": "3"}, {"beta": "-1/2"}, {}, {"beta": "1/2", "pi": "1/2"}, None, "beta"):
        assert not METHOD.recheck(claim, {**evidence, "counterexample": place}, Status.REFUTED)
    for key in ("left", "right"):
        assert not METHOD.recheck(claim, {**evidence, key: "1"}, Status.REFUTED)
    # It fails at 0 as well, which is outside of the range.
    at_zero = {"counterexample": {"beta": "0"}, "left": "0", "right": "0"}
    assert not METHOD.recheck(claim, at_zero, Status.REFUTED)
    numeric = METHOD.attempt(Claim("", B**2 + 1, ">", B, Domain.of(B)))
    assert numeric is not None
    assert METHOD.recheck(Claim("", B**2 + 1, ">", B), numeric.evidence, Status.NUMERIC)
    assert not METHOD.recheck(claim, numeric.evidence, Status.NUMERIC)


@pytest.mark.parametrize("digits", [12, 60, 300])
def test_a_bound_fails_beyond_the_least_number_that_it_names(digits: int) -> None:
    small = Rational(1, 10**digits)
    assert prove(Claim("", P0, ">", small)).status is Status.REFUTED
    assert prove(Claim("", 1 - P0, ">", small)).status is Status.REFUTED
    assert prove(Claim("", P0, ">", -small)).status is Status.PROVED
    found = RationalSampling().attempt(Claim("", 5 * P0, ">", small))  # the lesser of two
    assert found is not None
    assert found.status is Status.REFUTED


@pytest.mark.parametrize("end", [S.One, Rational(1, 1000), Rational(-1)], ids=str)
def test_the_first_point_that_is_drawn_may_not_be_there(end: Rational) -> None:
    """For beta >= end there is no w between them: points are those of other weights, or none."""
    w = Symbol("w", real=True)
    claim = Claim("", exp(B) + w, ">", Integer(4), Domain.of(B, (w, B, end)))
    found = RationalSampling().attempt(claim)
    if found is not None:
        point = {k: Fraction(v) for k, v in found.evidence["counterexample"].items()}  # type: ignore
        assert 0 < point["beta"] < point["w"] < end
    assert (found is None) == (end < 0)


def test_places_of_two_shares_that_add_up_to_one() -> None:

    claim = Claim("their sum", P + P0, ">", S.Zero)
    places = list(_in_symmetric_places(claim, {P: S.Half, P0: S.Half}))
    assert all(at[P] + at[P0] == 1 or S.Half in at.values() for at in places)
    assert any(at[P] + at[P0] == 1 and at[P] != at[P0] for at in places)


def test_a_factorial_is_not_written_out_far_from_0() -> None:
    """At n = 10^40 SymPy would write down its digits."""
    n, y = Symbol("n", integer=True, nonnegative=True), Symbol("y", positive=True)
    for left, right in ((factorial(n), S.One), (gamma(y), S.Zero), (factorial(factorial(n)), n)):
        assert prove(Claim("far out", left, ">=", right)).status is Status.NUMERIC
    found = prove(Claim("below 1 at 3/2", gamma(y), ">=", y**2))
    assert found.status is Status.REFUTED
