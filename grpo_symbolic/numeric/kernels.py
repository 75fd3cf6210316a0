"""An evaluation in float64: the points that are asked for, and what answers them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from typing import Any, ClassVar

import numpy as np
from sympy import Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.numeric.interpolant import Array


@dataclass
class Allowance:
    """What one call may still do for points that are left open, whatever its blocks.

    Parameters
    ----------
    rows : int
        Points that an exact solver is given, one by one.
    operations : int
        Of all of them: some seconds. The last row may take more than is left.
    floats : float
        Operations in float64 on the way to points along falling weights.
    """

    rows: int = 64
    operations: int = 25_000_000
    floats: float = 5e9

    def __bool__(self) -> bool:
        return self.rows > 0 and self.operations > 0

    def spend(self, operations: int) -> None:
        """One row was solved with so many operations."""
        self.rows -= 1
        self.operations -= operations

    def rows_of(self, cost: float, count: int) -> int:
        """How many of so many points are followed along weights, each at this cost."""
        fits = min(count, int(self.floats / cost) + (self.floats > 0))
        self.floats -= fits * cost
        return fits


@dataclass(frozen=True)
class Points:
    """Numbers and one-dimensional arrays of one length, and which solution is asked for.

    Parameters
    ----------
    values : mapping
        By name.
    count : int
    weight : Expr
        β, a symbol or a number.
    branch : str
    complement : bool
        Of two answers: 1 − π(a) instead of π(a).
    out : array, optional
        Where a kernel of one solution may leave what it finds, one number a point.
    exact : Allowance
        One for all points of a call.
    """

    values: Mapping[str, Any]
    count: int
    weight: Expr
    branch: str = "attracting"
    complement: bool = False
    out: Array | None = None
    exact: Allowance = field(default_factory=Allowance)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @cached_property
    def ends(self) -> dict[str, tuple[float, float]]:
        """The least and the greatest of each that is no row of probabilities."""
        plain = ((n, v) for n, v in self.values.items() if np.result_type(v).kind == "f")
        return {n: ends_of(v) for n, v in plain}

    def wide(self, name: str) -> Array:
        """One of them as an array."""
        return np.broadcast_to(self.values[name], (self.count,))

    @property
    def beta(self) -> Array:
        """β as an array, also where the algorithm fixes it."""
        if isinstance(self.weight, Symbol):
            return self.wide(self.weight.name)
        return np.full(self.count, float(self.weight))

    @property
    def reference(self) -> Array:
        return self.wide(symbols.pi_ref.name)

    def entry(self, k: int) -> dict[str, Any]:
        """One of the points."""
        return {n: v[k] if np.ndim(v) else v for n, v in self.values.items()}

    def at(self, index: Any, count: int) -> Points:
        """Some of the points."""
        kept = {n: v[index] if np.ndim(v) else v for n, v in self.values.items()}
        return replace(self, values=kept, count=count)


def ends_of(value: Any) -> tuple[float, float]:
    """The least and the greatest of numbers; NaN where one is NaN, or there are none."""
    if isinstance(value, float):
        return value, value
    if not value.size:
        return np.nan, np.nan
    return np.minimum.reduce(value, axis=None), np.maximum.reduce(value, axis=None)


class Kernel(ABC):
    """The evaluation at numbers for the parameters that decide how it is done."""

    #: Whether every point has one solution, which a formula or a table gives.
    single: ClassVar[bool] = False

    @property
    @abstractmethod
    def block(self) -> int:
        """How many points are evaluated at once."""

    def most(self, branch: str) -> float:
        """How many points one call takes."""
        return inf

    @abstractmethod
    def found(self, points: Points) -> Array:
        """Points × solutions (× answers), padded with NaN."""
