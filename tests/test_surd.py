"""Surds: arithmetic against mpmath at 80 digits, exact values, signs, refusals."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from mpmath import sqrt as mp_sqrt
from sympy import Abs, Expr, Rational, S, Symbol, exp, log, sign, sqrt

from grpo_symbolic.surd import Surd, as_rational, compile_surd, squarefree

t, u = Symbol("t"), Symbol("u")

fractions = st.fractions(min_value=-9, max_value=9, max_denominator=12)
# Radicands on purpose not squarefree, and with common factors.
pairs = st.lists(st.tuples(fractions, st.integers(1, 60)), max_size=3)


def surd(parts: list[tuple[Fraction, int]]) -> Surd:
    return sum((Surd.root(d) * q for q, d in parts), Surd())


def number(parts: list[tuple[Fraction, int]]) -> mpf:
    """The same number, by mpmath from the parts and not from the surd."""
    return sum((mpf(q.numerator) / q.denominator * mp_sqrt(d) for q, d in parts), mpf(0))


def decimal(value: Surd) -> mpf:
    """The number that the terms of a surd denote."""
    return sum((mpf(int(c.p)) / int(c.q) * mp_sqrt(d) for d, c in value.terms), mpf(0))


def close(found: Surd, expected: mpf) -> bool:
    return abs(decimal(found) - expected) <= mpf(10) ** -65 * (1 + abs(expected))


def canonical(value: Surd) -> bool:
    radicands = [d for d, _ in value.terms]
    squares = any(d % (k * k) == 0 for d in radicands for k in range(2, 60))
    return radicands == sorted(set(radicands)) and all(c for _, c in value.terms) and not squares


@settings(max_examples=150)
@given(pairs, pairs)
def test_sums_differences_and_products_are_those_of_the_numbers(
    left: list[tuple[Fraction, int]], right: list[tuple[Fraction, int]]
) -> None:
    a, b = surd(left), surd(right)
    with mp.workdps(80):
        for found, expected in (
            (a + b, number(left) + number(right)),
            (a - b, number(left) - number(right)),
            (a * b, number(left) * number(right)),
            (a**3, number(left) ** 3),
            (abs(a), abs(number(left))),
        ):
            assert close(found, expected)
            assert canonical(found)


@settings(max_examples=100)
@given(pairs, pairs)
def test_a_quotient_is_the_number_and_multiplies_back_exactly(
    left: list[tuple[Fraction, int]], right: list[tuple[Fraction, int]]
) -> None:
    a, b = surd(left), surd(right)
    assume(b)
    assert a / b * b == a
    assert b**-2 * b * b == 1
    with mp.workdps(80):
        assert close(a / b, number(left) / number(right))


@settings(max_examples=100)
@given(pairs)
def test_signs_and_enclosures_contain_the_number(parts: list[tuple[Fraction, int]]) -> None:
    value = surd(parts)
    with mp.workdps(80):
        expected = number(parts)
        assert value.sign() == (0 if abs(expected) < mpf(10) ** -60 else mp.sign(expected))
        ball = value.enclosure(200)
        centre = mpf(ball.mid().str(70, radius=False))
        assert abs(centre - expected) <= mpf(10) ** -50


def test_a_sign_that_floats_do_not_see_is_decided() -> None:
    # Continued fraction convergents of sqrt(2): the difference is about 1e-77.
    p, q = 1, 1
    for _ in range(100):
        p, q = p + 2 * q, p + q
    assert p * p - 2 * q * q == -1
    assert (Surd.root(2) * q - p).sign() == 1
    assert (p - Surd.root(2) * q).sign() == -1
    assert (Surd.root(2) * q - p) * (Surd.root(2) * q + p) == 1


def test_denesting_is_equality_of_data() -> None:
    assert Surd.root(2) * Surd.root(8) == 4
    assert Surd.root(Fraction(3, 4)) == Surd.root(3) / 2
    assert Surd.root(Fraction(1, 12)) == Surd(((3, fmpq(1, 6)),))
    assert 1 / (Surd.root(2) + Surd.root(3)) == Surd.root(3) - Surd.root(2)
    assert (1 + Surd.root(5)) / 2 * (1 - Surd.root(5)) / 2 == -1
    assert Surd.root(2) != Surd.root(3)
    assert Surd.root(6) / (Surd.root(15) + Surd.root(6)) == (Surd.root(10) - 2) / 3


@pytest.mark.parametrize("value", [0, 7, Fraction(-3, 5), fmpq(9, 4)])
def test_a_rational_surd_is_equal_to_its_number_and_hashes_like_it(value: int) -> None:
    assert Surd.rational(value) == value
    assert hash(Surd.rational(value)) == hash(value)
    assert hash(Surd.root(8)) == hash(2 * Surd.root(2))


def test_other_types_are_not_mixed_in_silently() -> None:
    assert Surd.rational(1) != 1.0
    with pytest.raises(TypeError):
        _ = Surd.root(2) + 0.5


def test_squarefree_parts_agree_with_a_search() -> None:
    for n in [*range(1, 400), 1023, 512 * 512, 9_999_991, 9_999_990, 2**22 * 3]:
        square, free = squarefree(n)
        assert square * square * free == n
        assert all(free % (k * k) for k in range(2, 3163))


EXPRESSIONS: list[Expr] = [
    sqrt(t * (1 - t)),
    t**2 - 3 * t + Rational(1, 3),
    1 / sqrt(t),
    (t * (1 - t)) ** Rational(-3, 2),
    sqrt(t) + sqrt(1 - t) + sqrt(Rational(2, 3)),
    1 / (sqrt(t) + sqrt(1 - t) + 2),
    Abs(t - u) * sqrt(u),
    sign(t - u) + sign(sqrt(t) - sqrt(u)),
    Abs(sqrt(2) * t - sqrt(u)),
    (sqrt(t) - u) ** 3 / (1 + t),
    t,
    S.Zero,
]


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_compiled_expressions_have_the_values_of_sympy(expr: Expr) -> None:
    compiled = compile_surd(expr, (t, u))
    for a in (Rational(1, 7), Rational(1, 2), Rational(3, 4), Rational(8, 9)):
        for b in (Rational(2, 5), Rational(1, 2)):
            found = compiled(Fraction(a.p, a.q), Fraction(b.p, b.q))
            assert found == Surd.of(expr, {t: a, u: b})
            with mp.workdps(60):
                expected = mpf(str(expr.subs({t: a, u: b}).evalf(60)))
                assert abs(decimal(found) - expected) <= mpf(10) ** -50 * (1 + abs(expected))


@settings(max_examples=40)
@given(pairs)
def test_sympy_gets_the_same_number(parts: list[tuple[Fraction, int]]) -> None:
    value = surd(parts)
    assert Surd.of(value.to_sympy()) == value
    with mp.workdps(60):
        assert abs(mpf(str(value.to_sympy().evalf(60))) - number(parts)) < mpf(10) ** -50
    assert str(Surd.root(Fraction(3, 4)) - 2) == "-2 + sqrt(3)/2"


PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23)

REFUSALS: list[tuple[Callable[[], object], str]] = [
    (lambda: Surd.root(-2), "the square root of -2 is not real"),
    (lambda: (1 + Surd.root(2)).sqrt(), "would be a nested radical"),
    (lambda: sum(map(Surd.root, PRIMES), Surd()).inverse(), "over 9 primes is not computed"),
    (lambda: Surd.rational(0.5), "must be an integer or a fraction, got 0.5"),
    (lambda: as_rational("1/2"), "must be an integer or a fraction, got '1/2'"),
    (lambda: compile_surd(exp(t), (t,)), r"exp\(t\) has no exact value as a surd"),
    (lambda: compile_surd(log(2) * t, (t,)), r"log\(2\) has no exact value"),
    (lambda: compile_surd(t ** Rational(1, 3), (t,)), "its power is not a half-integer"),
    (lambda: compile_surd(t * 0.5, (t,)), "has no exact value as a surd"),
    (lambda: compile_surd(t + u, (t,)), "the symbol u has no value"),
    (lambda: Surd.of(sqrt(t), {t: -1}), "the square root of -1 is not real"),
    (lambda: Surd.of(sqrt(1 + sqrt(t)), {t: 2}), "nested radical"),
]


@pytest.mark.parametrize(("action", "sentence"), REFUSALS)
def test_what_is_no_surd_is_refused_in_one_sentence(
    action: Callable[[], object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        action()


def test_poles_and_wrong_counts_are_errors() -> None:
    for action in (lambda: 1 / Surd(), lambda: Surd() ** -1, lambda: Surd.of(1 / t, {t: 0})):
        with pytest.raises(ZeroDivisionError):
            action()
    with pytest.raises(ZeroDivisionError):
        Surd.of(1 / sqrt(t), {t: 0})
    with pytest.raises(TypeError, match="expected 1 values, got 2"):
        compile_surd(t, (t,))(1, 2)
