"""Keyword arguments of compiled functions: which there are, and what may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Symbol


@dataclass(frozen=True, repr=False)
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

    symbol: Symbol
    role: str
    default: float | None = None

    @property
    def name(self) -> str:
        return str(self.symbol)

    def __repr__(self) -> str:
        default = "" if self.default is None else f", default {self.default:g}"
        return f"Parameter({self.name}: {self.role}{default})"


def ordered(
    parameters: Iterable[Parameter], given: Mapping[str, Any], *, partial: bool = False
) -> list[Any]:
    """The values in the order of the parameters; None for one that may be, and is, left open.

    Raises
    ------
    ValueError
        For an unknown or (unless ``partial``) a missing argument.
    """
    defaults = {p.name: p.default for p in parameters}
    known = f"this policy takes {', '.join(defaults)}"
    for name in given:
        if name not in defaults:
            raise ValueError(f"unknown argument {name!r}: {known}")
    for name, default in defaults.items():
        if name not in given and default is None and not partial:
            raise ValueError(f"missing argument {name!r}: {known}")
    return [given.get(name, default) for name, default in defaults.items()]
