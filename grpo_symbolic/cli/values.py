"""The values of options: numbers and lists, with one sentence for what is neither."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

from grpo_symbolic.inputs import read_parameter

T = TypeVar("T")

MAX_DIGITS = 10_000


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list with commas."""
    return tuple(part.strip() for part in text.split(","))


def named(option: str, read: Callable[[Any], T], value: Any, allowed: str = "") -> T:
    """Errors name the option as it is typed."""
    try:
        return read(value)
    except ValueError as error:
        _, must, rest = str(error).partition(" must be ")
        if not must:
            raise ValueError(f"{option}: {error}") from None
        if allowed:
            rest = f"{allowed}, got {value}"
        raise ValueError(f"{option} must be {rest}") from None


def read_number(option: str, role: str, text: str) -> Fraction:
    """The number of an option, in the range of a parameter of the model."""
    return named(option, lambda value: read_parameter(role, value), text)


def read_numbers(option: str, role: str, text: str) -> list[Fraction]:
    """The numbers of a list with commas."""
    return [read_number(option, role, part) for part in listed(text)]


def decimal_digits(value: str) -> int:
    """How many digits are asked for."""
    allowed = f"digits must be an integer from 1 to {MAX_DIGITS}, got {value}"
    try:
        number = read_parameter("reward", value)
    except ValueError:
        raise ValueError(allowed) from None
    if number.denominator != 1 or not 1 <= number <= MAX_DIGITS:
        raise ValueError(allowed)
    return int(number)
