"""Reading numbers: exact values in, one sentence for everything else."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Float, Integer, Rational, Symbol, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.inputs import (
    exact_number,
    group_size,
    parameter,
    read_group_size,
    read_parameter,
)

MEGABYTE = "9" * 1_000_000
INJECTION = "__import__('os').system('true')"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.2", Rational(1, 5)),
        ("1/2", Rational(1, 2)),
        (" 3/4 ", Rational(3, 4)),
        (".5", Rational(1, 2)),
        ("5.", Integer(5)),
        ("1e-300", Rational(1, 10**300)),
        ("+2E3", Integer(2000)),
        (0.1, Rational(1, 10)),
        (1e-300, Rational(1, 10**300)),
        (np.float64(0.3), Rational(3, 10)),
        (np.int64(7), Integer(7)),
        (Fraction(2, 7), Rational(2, 7)),
        (7, Integer(7)),
        (Rational(2, 3), Rational(2, 3)),
        (sqrt(2), sqrt(2)),
        (Float("0.25"), Rational(1, 4)),
    ],
)
def test_numbers_are_read_exactly(value: Any, expected: Any) -> None:
    found = exact_number("beta", value, "a number")
    assert found == expected
    assert not found.atoms(Float)


@given(st.fractions(max_denominator=10**12))
def test_fractions_in_text_are_read_exactly(value: Fraction) -> None:
    found = exact_number("beta", f"{value.numerator}/{value.denominator}", "a number")
    assert Fraction(int(found.p), int(found.q)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_the_shortest_decimal_that_denotes_it(value: float) -> None:
    found = exact_number("beta", value, "a number")
    assert Fraction(int(found.p), int(found.q)) == Fraction(Decimal(repr(value)))


UNREADABLE: list[Any] = [
    float("nan"),
    np.nan,
    True,
    False,
    None,
    "abc",
    "",
    " ",
    "nan",
    "1/0",
    "1//2",
    "1e99999",
    "0x10",
    "1 2",
    "2**3",
    INJECTION,
    MEGABYTE,
    "1/" + MEGABYTE,
    1j,
    [0.5],
    object(),
    symbols.beta + 1,
    sqrt(-1),
    oo,
    float("inf"),
    float("-inf"),
]

BETA = "a positive number"
PROBABILITY = "a probability in (0, 1)"
MARGIN = "a number in (0, 1]"
EPSILON = "a non-negative number"
SIZE = "an integer of at least 2"

OUT_OF_RANGE: list[tuple[Callable[[Any], Any], str, str, list[Any]]] = [
    (lambda v: gs.GRPO(beta=v), "beta", BETA, [0, -1, "0", "-1/3", -1e-300, Integer(0)]),
    (lambda v: gs.BinaryQuestion(gap=v), "gap", BETA, [0, -2, "-0.5"]),
    (lambda v: parameter("pi_ref", v), "pi_ref", PROBABILITY, [1.2, -0.1, "1.0000000001", 2]),
    (lambda v: gs.BinaryQuestion(margin=v), "margin", MARGIN, [1.5, "3/2", -1e-9]),
    (lambda v: gs.ShiftAndScale(epsilon=v), "epsilon", EPSILON, [-1, "-1e-9"]),
]


@pytest.mark.parametrize(
    ("make", "name", "allowed", "value"),
    [(make, name, allowed, v) for make, name, allowed, values in OUT_OF_RANGE for v in values],
)
def test_out_of_range_values_are_named(
    make: Callable[[Any], Any], name: str, allowed: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=name) as failure:
        make(value)
    message = str(failure.value)
    assert message.startswith(f"{name} must be {allowed}")
    assert message.endswith(f"got {value}")


@pytest.mark.parametrize("index", range(len(UNREADABLE)))
@pytest.mark.parametrize(("make", "name", "allowed"), [row[:3] for row in OUT_OF_RANGE])
def test_unreadable_values_are_named(
    make: Callable[[Any], Any], name: str, allowed: str, index: int
) -> None:
    value = UNREADABLE[index]
    if name == "margin" and value is None:
        assert make(value).margin is None  # a question without a margin
        return
    with pytest.raises(ValueError, match=name) as failure:
        make(value)
    message = str(failure.value)
    assert message.startswith(f"{name} must be {allowed}")
    shown = repr(value) if isinstance(value, str) else str(value)
    assert f"got {shown[:40]}" in message
    assert len(message) < 300


@pytest.mark.parametrize(
    "value", [1, 0, -2, 2.5, "x", "5/2", None, True, float("nan"), INJECTION, MEGABYTE, 1.0]
)
def test_group_sizes_below_two_or_not_whole_are_named(value: Any) -> None:
    with pytest.raises(ValueError, match="group_size") as failure:
        gs.GRPO(group_size=value)
    message = str(failure.value)
    assert message.startswith(f"group_size must be {SIZE}")
    assert str(value)[:40] in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, Integer(2)),
        ("8", Integer(8)),
        (3.0, Integer(3)),
        (Integer(5), Integer(5)),
        ("inf", oo),
        ("oo", oo),
        (float("inf"), oo),
        (oo, oo),
    ],
)
def test_group_sizes_are_whole_or_infinite(value: Any, expected: Any) -> None:
    assert group_size(value) == expected
    assert gs.GRPO(group_size=value).group_size == expected


@pytest.mark.parametrize(("role", "name"), [("pi_ref", "pi_ref"), ("margin", "gamma")])
def test_whole_numbers_of_any_length_get_the_sentence(role: str, name: str) -> None:
    """An int too long for ``str`` is still refused by name."""
    with pytest.raises(ValueError, match=f"^{name} must be"):
        parameter(role, 10**5000, name)


@pytest.mark.parametrize("value", [0, 1, "0", "1", 0.0])
def test_closed_ends_are_boundary_cases(value: Any) -> None:
    assert parameter("pi_ref", value) in (0, 1)
    assert parameter("margin", value) in (0, 1)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: gs.GRPO(penalty="kl"), "penalty"),  # type: ignore[arg-type]
        (lambda: gs.GRPO(penalty=None), "penalty"),  # type: ignore[arg-type]
        (lambda: gs.GRPO(advantage=2), "advantage"),  # type: ignore[arg-type]
        (lambda: gs.ShiftAndScale(ddof=2), "ddof"),
        (lambda: gs.ShiftAndScale(ddof=True), "ddof"),
        (lambda: gs.Estimator(placement="somewhere"), "placement"),
        (lambda: gs.stationary_policy("GRPO", gs.BinaryQuestion()), "algorithm"),  # type: ignore
        (lambda: gs.stationary_policy(gs.GRPO(), "question"), "question"),  # type: ignore
        (lambda: gs.Claim("c", symbols.beta, "~", symbols.beta), "relation"),
    ],
)
def test_other_arguments_are_named(make: Callable[[], Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        make()


def test_symbols_stay_symbols() -> None:
    weight = Symbol("weight", positive=True)
    assert gs.GRPO(beta=weight).beta is weight
    assert gs.BinaryQuestion(margin=symbols.gamma).margin is symbols.gamma


@pytest.mark.parametrize("role", ["beta", "pi_ref", "margin", "epsilon", "ddof", "batch"])
@pytest.mark.parametrize(
    "text", ["0", "1", "1/2", "0.25", "2", "-1", "1e-3", "x", "1/0", "", "nan", " 3 ", "1e999"]
)
def test_text_is_read_alike_with_and_without_sympy(role: str, text: str) -> None:
    def outcome(read: Callable[..., Any]) -> Any:
        try:
            value = read(role, text)
        except ValueError as error:
            return str(error)
        return Fraction(int(value.numerator), int(value.denominator))

    plain = outcome(read_parameter)
    assert plain == outcome(parameter)
    try:
        exact = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        assert isinstance(plain, str)
    else:
        assert plain == exact or " must be " in plain


@pytest.mark.parametrize("text", ["2", "8.0", "oo", "inf", "1", "2.5", "many", "-3", "1e2"])
def test_group_sizes_in_text(text: str) -> None:
    def outcome(read: Callable[[str], Any]) -> Any:
        try:
            return read(text)
        except ValueError as error:
            return str(error)

    assert outcome(read_group_size) == outcome(group_size)
