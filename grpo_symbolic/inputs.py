"""Reading numbers from a caller: exactly, with one sentence when they will not do."""

from __future__ import annotations

import re
from fractions import Fraction
from numbers import Integral
from numbers import Rational as AbstractRational
from typing import Any

from sympy import Expr, Integer, Rational, Symbol, oo

__all__ = ["exact_number", "group_size", "parameter", "within"]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?\Z")
_FRACTION = re.compile(r"[+-]?\d+/\d+\Z")
_LONGEST = 400
_QUOTES = "'\""


def exact_number(name: str, value: Any, allowed: str) -> Expr:
    """``value`` as an exact SymPy number: decimals and fractions in text are read exactly.

    Floats are taken as the shortest decimal that denotes them (0.1 means 1/10).

    Raises
    ------
    ValueError
        When ``value`` is not a finite real number.
    """
    failure = ValueError(f"{name} must be {allowed}, got {_shown(value)}")
    if type(value).__name__ in ("bool", "bool_") or value is None:
        raise failure
    if isinstance(value, Expr):
        if value.is_Float:
            value = str(value)
        elif value.is_number and value.is_real and value.is_finite:
            return value
        else:
            raise failure
    if isinstance(value, Integral):
        return Integer(int(value))
    if isinstance(value, AbstractRational):
        return Rational(int(value.numerator), int(value.denominator))
    text = (
        value.strip() if isinstance(value, str) else repr(float(value)) if _is_float(value) else ""
    )
    if len(text) <= _LONGEST and (_NUMBER.match(text) or _FRACTION.match(text)):
        try:
            exact = Fraction(text)
        except ZeroDivisionError:
            raise failure from None
        return Rational(exact.numerator, exact.denominator)
    raise failure


def _shown(value: Any) -> str:
    """A value as a caller recognises it, in at most 60 characters."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # Python refuses to write out very long integers
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _is_float(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str)


def within(
    name: str,
    value: Any,
    allowed: str,
    lower: Any,
    upper: Any,
    *,
    lower_closed: bool = False,
    upper_closed: bool = False,
) -> Expr:
    """An exact number between two ends, or a ValueError that names all three."""
    number = exact_number(name, value, allowed)
    above = number >= lower if lower_closed else number > lower
    below = number <= upper if upper_closed else number < upper
    if not (bool(above) and bool(below)):
        raise ValueError(f"{name} must be {allowed}, got {_shown(value).strip(_QUOTES)}")
    return number


# name: (sentence, lower end, upper end, lower closed, upper closed); the closed ends
# are boundary cases that have a meaning of their own.
_PARAMETERS: dict[str, tuple[str, Any, Any, bool, bool]] = {
    "beta": ("a positive number", 0, oo, False, False),
    "pi_ref": ("a probability in (0, 1) (0 and 1 are allowed as boundary cases)", 0, 1, True, True),
    "margin": ("a number in (0, 1] (0 is allowed as a boundary case)", 0, 1, True, True),
    "gap": ("a positive number", 0, oo, False, False),
    "epsilon": ("a non-negative number", 0, oo, True, False),
    "sigma": ("a positive number", 0, oo, False, False),
    "success": ("a probability in [0, 1]", 0, 1, True, True),
    "group_size": ("an integer of at least 2", 2, oo, True, False),
    "reward": ("a number", -oo, oo, False, False),
}


def parameter(role: str, value: Any, name: str = "") -> Expr:
    """A model parameter (called ``name`` by the caller) as an exact number in its range."""
    allowed, lower, upper, lower_closed, upper_closed = _PARAMETERS[role]
    return within(
        name or role,
        value,
        allowed,
        lower,
        upper,
        lower_closed=lower_closed,
        upper_closed=upper_closed,
    )


def parameter_range(name: str) -> tuple[str, float, float, bool, bool]:
    """The sentence and the ends of a parameter, for checks on arrays."""
    allowed, lower, upper, lower_closed, upper_closed = _PARAMETERS[name]
    return allowed, float(lower), float(upper), lower_closed, upper_closed


def group_size(value: Any) -> Expr:
    """A group size: an integer of at least 2, or ``oo`` for the large-group limit."""
    allowed = "an integer of at least 2, or infinity for the large-group limit"
    if isinstance(value, Symbol) and value.is_integer and value.is_positive:
        return value
    if (
        value == oo
        or value == float("inf")
        or (isinstance(value, str) and value.strip().lower() in ("inf", "oo", "infinity"))
    ):
        return oo
    number = exact_number("group_size", value, allowed)
    if not number.is_Integer or number < 2:
        raise ValueError(f"group_size must be {allowed}, got {_shown(value).strip(_QUOTES)}")
    return number


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` when it is one of the allowed words."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {_shown(value)}")
    return value
