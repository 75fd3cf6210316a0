r"""Stationary policies of arrays of parameters, in float64: what two and many answers share.

Some parameters (the group size, a noise rate, a reward, …) decide how a policy is evaluated:
they are taken one distinct combination at a time, each with a :class:`Kernel`. All others, β
and the reference among them, run through it in blocks.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import RLock
from typing import Any, ClassVar

import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from grpo_symbolic.inputs import one_of
from grpo_symbolic.numeric.arguments import ordered
from grpo_symbolic.numeric.blocks import blocks, broadcast_shape, put
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Kernel, Points
from grpo_symbolic.numeric.zeros import Mask
from grpo_symbolic.policy.arguments import ROW, Arguments
from grpo_symbolic.policy.chunked import evaluated, is_chunked

BRANCHES = ("attracting", "lowest", "highest", "all")
ERRORS = ("raise", "nan")
#: Precision is global in mpmath and python-flint: one thread at a time derives and solves.
PRECISION = RLock()

# More kernels than this are not kept.
_KEPT = 64
# Every combination costs some ten milliseconds.
_MOST = 1000


class NoStationaryPolicy(UserWarning):
    """Some points of an evaluation have no stationary policy, and are NaN.

    Source: new.

    Examples
    --------
    >>> import warnings
    >>> from sympy import oo
    >>> import grpo_symbolic as gs
    >>> large = gs.stationary_policy(gs.GRPO(oo, gs.DirectKL()), gs.BinaryQuestion())
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", gs.NoStationaryPolicy)
    ...     large.evaluate(beta=[1, 2], pi_ref=0.5).round(4)
    array([   nan, 0.7647])
    """


@dataclass(frozen=True)
class Evaluator(ABC):
    """A policy as a function of arrays.

    Parameters
    ----------
    policy : StationaryPolicy or SimplexPolicy
    """

    policy: Any

    #: What a missing value means, as the end of a sentence.
    reason: ClassVar[str]
    #: What else it may mean where points were left open.
    beyond: ClassVar[str] = ""
    #: How many distinct values of what decides a kernel one call takes.
    distinct: ClassVar[int] = _MOST

    @property
    @abstractmethod
    def arguments(self) -> Arguments: ...

    @property
    @abstractmethod
    def deciding(self) -> tuple[Symbol, ...]:
        """The parameters whose values a kernel is made for."""

    @abstractmethod
    def _kernel_at(self, point: dict[Symbol, Expr]) -> Kernel: ...

    @property
    def formula(self) -> Kernel | None:
        """A kernel that takes the deciding parameters as arrays too; None where there is none."""
        return None

    @cached_property
    def _kernels(self) -> dict[tuple[Expr, ...], Kernel]:
        return {}

    def kernel(self, numbers: Mapping[str, Any]) -> Kernel:
        """The kernel at numbers for the deciding parameters."""
        with PRECISION:
            key = tuple(exact_float(float(numbers[s.name])) for s in self.deciding)
            if key not in self._kernels:
                if len(self._kernels) >= _KEPT:
                    self._kernels.clear()
                self._kernels[key] = self._kernel_at(dict(zip(self.deciding, key, strict=True)))
            return self._kernels[key]

    def single(self, numbers: Mapping[str, Any]) -> bool:
        """Whether a formula or a table gives the one solution of every point."""
        return all(s.name in numbers for s in self.deciding) and self.kernel(numbers).single

    def __getstate__(self) -> dict[str, Any]:
        return {"policy": self.policy}

    def __call__(
        self, *, branch: str, errors: str, complement: bool = False, **given: Any
    ) -> float | Array:
        one_of("branch", branch, BRANCHES)
        one_of("errors", errors, ERRORS)
        ordered(self.policy.inputs, given)
        if complement and self.arguments.answers:
            raise ValueError("complement is known for questions with two answers")
        if any(is_chunked(value) for value in given.values()):
            options = {"branch": branch, "errors": errors, "complement": complement}
            return evaluated(self, given, **options)
        values = self.arguments.read(given, errors == "raise")
        shape = broadcast_shape(values)
        asked = Points({}, 0, self.policy.algorithm.beta, branch, bool(complement))
        run = _Run(self, asked, errors == "raise")
        found = run(values, shape)
        if run.missing:
            warnings.warn(run.sentence(), NoStationaryPolicy, stacklevel=3)
        return float(found) if found.ndim == 0 else found


@dataclass
class _Run:
    """One call: what is asked for, and what turned up on the way."""

    evaluator: Evaluator
    asked: Points
    strict: bool
    missing: int = 0
    points: int = 0
    example: str = ""
    table: Array = field(init=False)

    def __call__(self, values: dict[str, Array], shape: tuple[int, ...]) -> Array:
        self.points = int(np.prod(shape))
        answers = self.evaluator.arguments.answers
        # Writing NaN first would cost a good part of what a closed form does.
        self.table = np.empty((self.points, 1, answers) if answers else (self.points, 1))
        names = [s.name for s in self.evaluator.deciding]
        if any(values[name].ndim for name in names):
            self.table.fill(np.nan)
            self._by_combination(values, shape, names)
        else:
            numbers = {n: float(values[n]) for n in names}
            if self._bad(numbers) is None:
                self._blocks(self.evaluator.kernel(numbers), values)
            else:
                self.table.fill(np.nan)
        found = self.table
        if self.asked.branch == "all":
            return found.reshape((*shape, *found.shape[1:]))
        return found[:, 0].reshape((*shape, *found.shape[2:]))

    def _blocks(self, kernel: Kernel, values: dict[str, Array], index: Any = None) -> None:
        """The points of arrays that broadcast, or those of an index, flat and checked."""
        asked, most = self.points if index is None else len(index), kernel.most(self.asked.branch)
        if asked > most:
            raise ValueError(
                f"one call takes at most {most:,} points of this policy, got {asked:,}"
            )
        start = 0
        for pieces, count in blocks(tuple(values.values()), kernel.block):
            named = dict(zip(values, pieces, strict=True))
            place: Any = slice(start, start + count)
            points = replace(self.asked, values=named, count=count, out=self._room(place, index))
            start += count
            bad = None if index is not None else self._bad(named, points.ends)
            if bad is not None:
                self.table[place] = np.nan
                good = np.flatnonzero(~np.broadcast_to(bad, (count,)))
                if not len(good):
                    continue
                points = replace(points.at(good, len(good)), out=None)
                place = good + place.start
            found = kernel.found(points)
            if not kernel.single:
                self._count_missing(found, points)
            if points.out is None or not np.may_share_memory(found, points.out):
                self.table = put(self.table, place if index is None else index[place], found)

    def _room(self, place: slice, index: Any) -> Array | None:
        """The rows of the table, while they are of one number."""
        plain = index is None and self.table.ndim == 2 and self.table.shape[1] == 1
        return self.table[place, 0] if plain else None

    def _by_combination(
        self, values: dict[str, Array], shape: tuple[int, ...], names: list[str]
    ) -> None:
        """Every distinct combination of the deciding parameters on its own."""
        evaluator = self.evaluator
        flat = {name: np.broadcast_to(v, shape).ravel() for name, v in values.items()}
        bad = self._bad(flat)
        good = np.arange(self.points) if bad is None else np.flatnonzero(~bad)
        rows, which = np.unique(
            np.stack([flat[n][good] for n in names]), axis=1, return_inverse=True
        )
        if rows.shape[1] > _KEPT and evaluator.formula is not None:
            self._blocks(evaluator.formula, {n: v[good] for n, v in flat.items()}, good)
            return
        if rows.shape[1] > evaluator.distinct:
            raise ValueError(
                f"one call takes at most {evaluator.distinct} distinct values of "
                f"({', '.join(names)}), got {rows.shape[1]}"
            )
        for k, combination in enumerate(rows.T.tolist()):
            index = good[which.ravel() == k]
            numbers = dict(zip(names, combination, strict=True))
            at = {n: np.asarray(numbers.get(n, v[index])) for n, v in flat.items()}
            self._blocks(evaluator.kernel(numbers), at, index)

    def _bad(self, values: Mapping[str, Any], ends: Any = None) -> Mask | None:
        """Where values are outside their ranges, which may raise; None where all are inside."""
        arguments = self.evaluator.arguments
        bad = arguments.bad(values, ends)
        if bad is not None and self.strict:
            raise ValueError(arguments.sentence(values))
        return bad

    def _count_missing(self, found: Array, points: Points) -> None:
        empty = np.isnan(found.reshape(*found.shape[:2], -1)[:, :, 0]).all(axis=1)
        count = int(np.count_nonzero(empty))
        if count and not self.missing:
            point = points.entry(int(np.argmax(empty)))
            self.example = ", ".join(f"{n} = {_shown(v)}" for n, v in point.items())
        self.missing += count

    def sentence(self) -> str:
        noun = "attracting " if self.asked.branch == "attracting" else ""
        beyond = "" if self.asked.exact else self.evaluator.beyond
        return (
            f"no {noun}stationary policy at {self.missing} of {self.points} points, the first at "
            f"{self.example}: {self.evaluator.reason}{beyond}"
        )


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return np.array2string(value[ROW], precision=6, threshold=6, edgeitems=2)


def at_an_end(found: list[Any], branch: str) -> list[Any]:
    """Of solutions in order, the one that is asked for; or all."""
    return {"lowest": found[:1], "highest": found[-1:]}.get(branch, found)


def exact_float(value: float) -> Expr:
    """A float64 number exactly."""
    if value == int(value):
        return Integer(int(value))
    return Rational(*value.as_integer_ratio())
