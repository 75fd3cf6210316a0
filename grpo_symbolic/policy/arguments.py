"""Arguments of an evaluation: read once, checked block by block."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import lambdify

from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import PARAMETERS, ParameterRange, exact_number
from grpo_symbolic.numeric.arguments import Parameter, ordered
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import ends_of

LARGEST_GROUP = 2**20
_GROUP = f"an integer between 2 and {LARGEST_GROUP}"
REFERENCE = "pi_ref"
#: The one field of an entry of an array of rows.
ROW = "row"
_SUM = 1e-12


@dataclass(frozen=True)
class Arguments:
    """The parameters of a policy and the conditions that tie them.

    Parameters
    ----------
    parameters : tuple of Parameter
    domain : Domain
        Its ranges with symbols at their ends are checked between arguments.
    answers : int
        Above 0: ``pi_ref`` is an array of rows of so many probabilities. Each row is one entry of
        an array of records with the field ``ROW``, so that rows broadcast as numbers do.
    """

    parameters: tuple[Parameter, ...]
    domain: Domain
    answers: int = 0

    def read(self, given: Mapping[str, Any], strict: bool) -> dict[str, Array]:
        """Every parameter as a float64 array; a group size that is none becomes NaN.

        Raises
        ------
        ValueError
            For an unknown or missing name, for what is no array of numbers, and (``strict``)
            for a group size that is not an integer in its range.
        """
        found = {}
        others = dict(given)
        rows = others.pop(REFERENCE, None) if self.answers else None
        for p, value in zip(self.parameters, ordered(self.parameters, others), strict=True):
            reader = _group_sizes if p.role == "group_size" else _numbers
            found[p.name] = reader(p, value, strict)
        if rows is not None:
            found[REFERENCE] = _rows_of(rows, self.answers)
        return found

    @cached_property
    def _ranges(self) -> dict[str, ParameterRange]:
        return {p.name: _range(p) for p in self.parameters}

    @cached_property
    def _ties(self) -> tuple[tuple[tuple[str, ...], Callable[..., Any]], ...]:
        return tuple(_ties(self.domain, {p.name for p in self.parameters}))

    def __getstate__(self) -> dict[str, Any]:
        fields = {"parameters": self.parameters, "domain": self.domain}
        return {**fields, "answers": self.answers}

    def bad(
        self, values: Mapping[str, Any], ends: Mapping[str, tuple[float, float]] | None = None
    ) -> NDArray[np.bool_] | None:
        """Where values are outside their ranges, or None where all are inside.

        ``values`` may be some of the parameters only; ``ends`` are the least and the greatest of
        them, where they are known.
        """
        wrong: list[Any] = []
        for name, known in self._ranges.items():
            if name in values:
                value = values[name]
                outside = _outside(known, value, *(ends[name] if ends else ends_of(value)))
                wrong += [] if outside is None else [outside]
        if self.answers and REFERENCE in values:
            wrong.append(_no_distributions(values[REFERENCE][ROW]))
        for names, check in self._ties:
            if all(name in values for name in names):
                wrong.append(~check(*(values[name] for name in names)))
        wrong = [mask for mask in wrong if np.any(mask)]
        return reduce(or_, wrong) if wrong else None

    def sentence(self, values: Mapping[str, Any]) -> str:
        """What is wrong with the first bad value."""
        for p in self.parameters:
            value = values.get(p.name, np.empty(0))
            outside = _outside(self._ranges[p.name], value, np.nan, np.nan)
            if outside is not None and outside.any():
                first = np.broadcast_to(value, outside.shape)[outside].flat[0]
                return f"{p.name} must be {_range(p).allowed}, got {first}"
        if self.answers and REFERENCE in values:
            rows = values[REFERENCE][ROW]
            wrong = _no_distributions(rows)
            if np.any(wrong):
                first = np.array2string(rows[wrong][0], threshold=6, edgeitems=2)
                return f"{REFERENCE} must be {rows_allowed(self.answers)}, got {first}"
        return f"the parameters must satisfy {self.domain}"


def _range(p: Parameter) -> ParameterRange:
    """What an array may hold."""
    known = PARAMETERS[p.role]
    if p.role != "group_size":
        return known
    return replace(known, allowed=_GROUP, upper=LARGEST_GROUP, upper_closed=True)


def _rows_of(value: Any, n: int) -> Array:
    """Rows of n numbers as an array of records."""
    allowed = rows_allowed(n)
    try:
        array = np.asarray(value)
        array = np.asarray(array.astype(float) if array.dtype.kind in "Oiuf" else None, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{REFERENCE} must be {allowed}, got {str(value)[:60]}") from None
    if array.ndim == 0 or array.shape[-1] != n:
        got = "a number" if array.ndim == 0 else f"shape {array.shape}"
        raise ValueError(f"{REFERENCE} must be {allowed}, got {got}")
    records = np.empty(array.shape[:-1], dtype=[(ROW, float, (n,))])
    records[ROW] = array
    return records  # type: ignore[return-value]


def rows_allowed(n: int) -> str:
    return f"rows of {n} positive probabilities that sum to 1"


def _no_distributions(rows: Array) -> NDArray[np.bool_]:
    wrong = ~((rows > 0) & np.isfinite(rows)).all(axis=-1)
    with np.errstate(all="ignore"):
        return wrong | ~(np.abs(rows.sum(axis=-1) - 1.0) <= _SUM * rows.shape[-1])


def _outside(
    known: ParameterRange, value: Any, least: float, greatest: float
) -> NDArray[np.bool_] | None:
    if np.size(value) == 0:
        return None
    # NaN fails every comparison.
    if known.admits(least) and known.admits(greatest) and -np.inf < least <= greatest < np.inf:
        return None
    array = np.asarray(value)
    return ~(known.admits(array) & np.isfinite(array))


def _numbers(p: Parameter, value: Any, strict: bool) -> Array:
    def failure() -> ValueError:
        # Writing out an array costs more than evaluating it.
        return ValueError(f"{p.name} must be {_range(p).allowed}, got {str(value)[:60]}")

    if isinstance(value, str):  # one number, as solutions() reads it
        value = float(exact_number(p.name, value, _range(p).allowed))
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = array.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise failure() from None
    if array.dtype.kind not in "fiu":
        raise failure()
    return np.asarray(array, dtype=float)


def _group_sizes(p: Parameter, value: Any, strict: bool) -> Array:
    """Integers as floats, which hold all that are allowed; anything else is NaN."""
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        # Compared as integers: a conversion may round.
        good = (array >= 2) & (array <= LARGEST_GROUP)
    else:
        array = array.astype(object)
        good = np.asarray(np.frompyfunc(_is_group_size, 1, 1)(array), dtype=bool)
    if strict and not np.all(good):
        bad = array[~good].flat[0]
        raise ValueError(f"{p.name} must be {_GROUP}, got {str(bad)[:60]}")
    return np.where(good, array, np.nan).astype(float)


def _is_group_size(entry: Any) -> bool:
    whole = isinstance(entry, (int, np.integer)) and not isinstance(entry, bool)
    return bool(whole and 2 <= entry <= LARGEST_GROUP)


def _ties(
    domain: Domain, names: Container[str]
) -> Iterator[tuple[tuple[str, ...], Callable[..., Any]]]:
    """Checks of the ranges whose ends are other parameters, and what each of them takes."""
    for r in domain.ranges:
        for low, high, closed in (
            (r.lower, r.symbol, r.lower_closed),
            (r.symbol, r.upper, r.upper_closed),
        ):
            free = sorted(low.free_symbols | high.free_symbols, key=str)
            if len(free) >= 2 and all(s.name in names for s in free):
                yield tuple(s.name for s in free), _tie(lambdify(free, (low, high)), closed)


def _tie(ends: Callable[..., Any], closed: bool) -> Callable[..., Any]:
    def check(*values: Any) -> Any:
        left, right = ends(*values)
        return np.asarray(left <= right if closed else left < right)

    return check
