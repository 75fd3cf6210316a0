"""Values at exact points: what has none is shown by exact signs, never by a few digits."""

import pytest
from sympy import Expr, I, Rational, Symbol, acos, exp, log, sqrt

from grpo_symbolic.enclosures.values import enclosed, has_no_value

X = Symbol("x", real=True)


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (1 / (X - 1), 1),
        (1 / (X**2 - 2), sqrt(2)),
        (sqrt(X), -Rational(1, 10**400)),
        (log(X - 1), 1),
        (acos(X), 1 + Rational(1, 10**300)),
        (exp(1 / log(X)), 1),
        (log(sqrt(2) - sqrt(X)), 2),
        (X ** Rational(1, 3), -8),
    ],
    ids=str,
)
def test_what_cannot_be_is_shown(expr: Expr, at: Expr) -> None:
    assert has_no_value(expr, {X: at})


@pytest.mark.parametrize("digits", [40, 400, 4000])
def test_a_difference_that_digits_do_not_tell_from_zero_is_no_proof(digits: int) -> None:
    """1 - sqrt(1 - x) for a tiny x: positive, though SymPy may see 0 or less."""
    small = Rational(1, 10**digits)
    logarithm = log(1 / (1 - sqrt(1 - X**2)))
    assert not has_no_value(logarithm, {X: small})
    assert not has_no_value(sqrt(1 - sqrt(1 - X)), {X: small})
    found = enclosed(1 - sqrt(1 - X**2), {X: Rational(1, 10**40)}, 1024)
    assert found is not None
    assert found > 0


def test_what_is_no_real_number_only_by_its_name_is_left_open() -> None:
    assert not has_no_value(I * X, {X: Rational(1)})
