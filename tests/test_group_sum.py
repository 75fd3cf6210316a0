"""Sums of powers by name: values, slopes and the form that is compiled."""

from __future__ import annotations

import pytest
from sympy import Rational, Sum, binomial, diff, symbols

from grpo_symbolic.group_sum import GroupSum, PowerSum, powers_written

x, k = symbols("x k", positive=True)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 63, 100])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_sums_of_powers_and_their_slopes_in_products(n: int, order: int) -> None:
    total = PowerSum.of(GroupSum((1 - x / 3) ** (k - 1), (k, 1, n)))
    assert isinstance(total, PowerSum)
    at = Rational(2, 7)
    found = powers_written(diff(total, x, order) if order else total).subs(x, at)
    plain = sum((1 - x / 3) ** j for j in range(n))
    expected = diff(plain, x, order) if order else plain
    assert found == expected.subs(x, at)
    assert not powers_written(total).has(PowerSum)


def test_it_takes_as_many_operations_as_the_size_has_digits() -> None:
    assert PowerSum(x, 1023, 0).written().count_ops() < 60
    assert PowerSum(x, 1023, 0).is_positive


def test_other_sums_stay_what_they_are() -> None:
    for total in (
        Sum(binomial(8, k) * x**k, (k, 1, 7)),
        Sum(x ** (k - 1), (k, 2, 7)),
        Sum(x ** (k - 1), (k, 1, symbols("n"))),
        Sum((x + k) ** (k - 1), (k, 1, 7)),
        x**2,
    ):
        assert PowerSum.of(total) == total
