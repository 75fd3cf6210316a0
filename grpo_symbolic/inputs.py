"""Reading numbers from a caller: exactly, with one sentence when they will not do.

Text is read and checked without SymPy, so that the command line can refuse it at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import inf
from numbers import Integral
from numbers import Rational as AbstractRational
from os import PathLike
from os.path import splitext
from typing import TYPE_CHECKING, Any, SupportsFloat, TypeAlias

if TYPE_CHECKING:
    from sympy import Expr

#: What is read as a number: numbers of Python, NumPy, mpmath and SymPy, and decimals or fractions
#: in text.
Number: TypeAlias = str | SupportsFloat

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?\Z")
_FRACTION = re.compile(r"[+-]?[0-9]+/[0-9]+\Z")
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]{1,2}|[0-9]{4,})\Z")  # 1,000 may be a thousand
_PERCENT = re.compile(r"([+-]?[0-9]+(\.[0-9]+)?)\s*%\Z")
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
    if isinstance(value, str):
        exact = _fraction(value)
        if exact is None:
            raise failure
        return _rational(exact)
    from sympy import Expr

    if isinstance(value, Expr) and not value.is_Float:
        if value.is_number and value.is_real and value.is_finite:
            return value
        raise failure
    if isinstance(value, (Integral, AbstractRational)):
        return _rational(Fraction(int(value.numerator), int(value.denominator)))
    text = str(value) if isinstance(value, Expr) else repr(float(value)) if _is_float(value) else ""
    exact = _fraction(text)
    if exact is None:
        raise failure
    return _rational(exact)


def expression(name: str, value: Any, allowed: str) -> Expr:
    """An expression in symbols as it is, anything else as an exact number."""
    from sympy import Expr

    if isinstance(value, Expr) and not value.is_number:
        return value
    return exact_number(name, value, allowed)


def _fraction(text: str) -> Fraction | None:
    """A decimal or a fraction in text, exactly; None for any other text."""
    text = text.strip()
    if len(text) > _LONGEST or not (_NUMBER.match(text) or _FRACTION.match(text)):
        return None
    try:
        return Fraction(text)
    except ZeroDivisionError:
        return None


def _rational(value: Fraction) -> Expr:
    from sympy import Rational

    return Rational(value.numerator, value.denominator)


def _shown(value: Any) -> str:
    """A value as a caller recognises it, in at most 60 characters."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # Python refuses to write out very long integers
        return "a number of thousands of digits"
    return (text if len(text) <= 60 else text[:57] + "...") + _hint(value)


def _hint(value: Any) -> str:
    """How a number is written that was meant; empty where that cannot be told."""
    text = value.strip() if isinstance(value, str) and len(value) <= _LONGEST else ""
    if found := _DECIMAL_COMMA.match(text):
        return f": with a point, {found[1]}.{found[2]}"
    if found := _PERCENT.match(text):
        return f": as a share, {Decimal(found[1]).scaleb(-2).normalize():f}"
    return ""


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
    if not ParameterRange(allowed, lower, upper, lower_closed, upper_closed).admits(number):
        raise _out_of_range(name, allowed, value)
    return number


@dataclass(frozen=True)
class ParameterRange:
    """What a parameter must be, and its ends; closed ends are boundary cases with a meaning."""

    allowed: str
    lower: float
    upper: float
    lower_closed: bool = False
    upper_closed: bool = False
    whole: bool = False

    def admits(self, number: Any) -> Any:
        """Whether a number of any kind, or each one of an array, may be the parameter."""
        above = number >= self.lower if self.lower_closed else number > self.lower
        below = number <= self.upper if self.upper_closed else number < self.upper
        inside = above & below
        return inside & (number % 1 == 0) if self.whole else inside


#: By role.
PARAMETERS: dict[str, ParameterRange] = {
    "beta": ParameterRange("a positive number", 0, inf),
    "pi_ref": ParameterRange(
        "a probability in (0, 1) (0 and 1 are allowed as boundary cases)", 0, 1, True, True
    ),
    "margin": ParameterRange(
        "a number in (0, 1] (0 is allowed as a boundary case)", 0, 1, True, True
    ),
    "gap": ParameterRange("a positive number", 0, inf),
    "epsilon": ParameterRange("a non-negative number", 0, inf, True),
    "entropy": ParameterRange("a non-negative number", 0, inf, True),
    "sigma": ParameterRange("a positive number", 0, inf),
    "success": ParameterRange("a probability in [0, 1]", 0, 1, True, True),
    "group_size": ParameterRange("an integer of at least 2", 2, inf, True),
    "batch": ParameterRange("an integer of at least 2", 2, inf, True, whole=True),
    "subset": ParameterRange("an integer of at least 1", 1, inf, True, whole=True),
    "ddof": ParameterRange("0 or 1", 0, 1, True, True, whole=True),
    "reward": ParameterRange("a number", -inf, inf),
}


#: Parameters that neither the command line nor the explorer asks for: presets with a constant
#: scale, rewards that are measured from 0.
STANDARD_VALUES = {"sigma": 1, "r_b": 0}


def parameter(role: str, value: Any, name: str = "") -> Expr:
    """A model parameter (called ``name`` by the caller) as an exact number in its range."""
    if isinstance(value, str):
        return _rational(read_parameter(role, value, name))
    known = PARAMETERS[role]
    number = exact_number(name or role, value, known.allowed)
    if not known.admits(number):
        raise _out_of_range(name or role, known.allowed, value)
    return number


def symbol_or_number(role: str, value: Any) -> Expr:
    """A symbol as it is, anything else as a model parameter in its range."""
    from sympy import Symbol

    return value if isinstance(value, Symbol) else parameter(role, value)


def read_parameter(role: str, text: str, name: str = "") -> Fraction:
    """A model parameter in text as a fraction in its range: for callers without SymPy."""
    known, number = PARAMETERS[role], _fraction(text)
    if number is None:
        raise ValueError(f"{name or role} must be {known.allowed}, got {_shown(text)}")
    if not known.admits(number):
        raise _out_of_range(name or role, known.allowed, text)
    return number


def _out_of_range(name: str, allowed: str, value: Any) -> ValueError:
    return ValueError(f"{name} must be {allowed}, got {_shown(value).strip(_QUOTES)}")


_SIZES = "an integer of at least 2, or infinity for the large-group limit"


def read_group_size(text: str) -> int | float:
    """A group size in text, infinity for the large-group limit: for callers without SymPy."""
    if text.strip().lower() in ("inf", "oo", "infinity", "∞"):
        return inf
    number = _fraction(text)
    if number is None:
        raise ValueError(f"group_size must be {_SIZES}, got {_shown(text)}")
    if number.denominator != 1 or number < 2:
        raise _out_of_range("group_size", _SIZES, text)
    return int(number)


def group_size(value: Any, name: str = "group_size") -> Expr:
    """A group size: an integer of at least 2, or ``oo`` for the large-group limit."""
    from sympy import Integer, Symbol, oo

    if isinstance(value, Symbol) and value.is_integer and value.is_positive:
        return value
    if isinstance(value, str):
        value = read_group_size(value)
    if value in (oo, inf):
        return oo
    number = exact_number(name, value, _SIZES)
    if not number.is_Integer or number < 2:
        raise _out_of_range(name, _SIZES, value)
    return Integer(number)


def suffix(name: str, path: str | PathLike[str], allowed: tuple[str, ...]) -> str:
    """The suffix of a file's name, when it is one of those allowed."""
    kind = splitext(path)[1].removeprefix(".").lower()
    if kind not in allowed:
        raise ValueError(
            f"{name} must be one that ends in .{', .'.join(allowed)}, got {str(path)!r}"
        )
    return kind


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` when it is one of the allowed words."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {_shown(value)}")
    return value
