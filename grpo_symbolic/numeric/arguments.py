"""Keyword arguments of compiled functions: which there are, and what may be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Symbol

from grpo_symbolic.inputs import parameter

__all__ = ["Parameter", "checked_number", "documented", "ordered"]


class Parameter:
    """One keyword of a compiled formula.

    Parameters
    ----------
    symbol : Symbol
        Its name is the keyword.
    role : str
        The model parameter whose range applies (``beta``, ``pi_ref``, ``margin``, ``gap``).
    default : number, optional
    """

    def __init__(self, symbol: Symbol, role: str, default: float | None = None) -> None:
        self.symbol, self.role, self.default = symbol, role, default
        self.name = str(symbol)

    def __repr__(self) -> str:
        default = "" if self.default is None else f", default {self.default:g}"
        return f"Parameter({self.name}: {self.role}{default})"


def ordered(parameters: tuple[Parameter, ...], given: dict[str, Any]) -> list[Any]:
    """The values in the order of the parameters.

    Raises
    ------
    ValueError
        For an unknown or a missing argument.
    """
    known = [p.name for p in parameters]
    for name in given:
        if name not in known:
            raise ValueError(f"unknown argument {name!r}: this policy takes {', '.join(known)}")
    values = []
    for p in parameters:
        if p.name not in given and p.default is None:
            raise ValueError(f"missing argument {p.name!r}: this policy takes {', '.join(known)}")
        values.append(given.get(p.name, p.default))
    return values


def checked_number(p: Parameter, value: Any) -> Any:
    """A plain number in its range; an array is returned as it is, its values are not looked at.

    Raises
    ------
    ValueError
        For a number out of range, or a value that is neither number nor array.
    """
    if isinstance(value, (bool, str, bytes, complex)) or value is None:
        parameter(p.role, None, p.name)
    if isinstance(value, (int, float)):
        parameter(p.role, value, p.name)
    return value


def documented(function: Callable, parameters: tuple[Parameter, ...], kind: str) -> Callable:
    """The function with its name and a docstring."""
    keywords = ", ".join(
        p.name if p.default is None else f"{p.name}={p.default:g}" for p in parameters
    )
    function.__name__ = function.__qualname__ = "stationary_policy"
    function.__doc__ = (
        f"pi(a) as a function of the keyword arguments {keywords}: {kind}.\n\n"
        "At pi_ref = 0 the value is the limit pi_ref -> 0+; at pi_ref = 1 it is 1; "
        "at margin 0 it is pi_ref."
    )
    return function
