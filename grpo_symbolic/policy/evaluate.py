r"""Stationary policies of arrays of parameters, in float64.

:mod:`.strategies` chooses the evaluation from the model. Parameters of the drift (the group
size, a noise rate, …) are taken one distinct combination at a time; β and π_ref(a) run through
in blocks. What rounding leaves open is answered by the exact solver, point by point.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath as mp
import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.inputs import one_of
from grpo_symbolic.numeric.balance import Balance, shares
from grpo_symbolic.numeric.blocks import BLOCK, blocks, broadcast_shape
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.logistic import Logistic
from grpo_symbolic.numeric.quadratic import LargerRoot
from grpo_symbolic.policy.arguments import Arguments
from grpo_symbolic.policy.chunked import evaluated, is_chunked
from grpo_symbolic.policy.strategies import (
    Crossed,
    balance,
    closed,
    crossed,
    drift_symbols,
    tabulated,
)
from grpo_symbolic.solve.solutions import Stability
from grpo_symbolic.work import Exhausted, limited

__all__ = ["BRANCHES", "ERRORS", "Evaluator", "NoStationaryPolicy"]

BRANCHES = ("attracting", "lowest", "highest", "all")
ERRORS = ("raise", "nan")

# A scan holds some hundred numbers a point.
_SCANNED = 1024
# More combinations of other parameters than this are scanned with a formula instead.
_TABLES = 64
# Every combination costs some ten milliseconds.
_MOST = 1000
_DIGITS = 25
_STEPS = 5_000_000

Kernel = LargerRoot | Logistic | Crossed | Balance | None


class NoStationaryPolicy(UserWarning):
    """Some points of an evaluation have no stationary policy, and are NaN."""


@dataclass(frozen=True)
class Evaluator:
    """π(a) of one policy as a function of arrays.

    Parameters
    ----------
    policy : StationaryPolicy
    """

    policy: Any

    # -- what is chosen ---------------------------------------------------------------

    @cached_property
    def arguments(self) -> Arguments:
        return Arguments(self.policy.inputs, self.policy.parameters)

    @cached_property
    def _closed(self) -> LargerRoot | Logistic | None:
        return closed(self.policy)

    @cached_property
    def _needed(self) -> tuple[Symbol, ...]:
        return drift_symbols(self.policy)

    @cached_property
    def _kernels(self) -> dict[tuple[Expr, ...], Kernel]:
        return {}

    def _kernel(self, numbers: tuple[Expr, ...]) -> Kernel:
        """The evaluation at exact numbers for the parameters of the drift."""
        if numbers not in self._kernels:
            point = tuple(zip(self._needed, numbers, strict=True))
            table = tabulated(self.policy, point)
            found = crossed(self.policy, table)
            if len(self._kernels) >= _TABLES:
                self._kernels.clear()
            self._kernels[numbers] = found or balance(self.policy, table, dict(point))
        return self._kernels[numbers]

    @cached_property
    def _formula(self) -> Balance | None:
        """A scan with all parameters as arrays."""
        return balance(self.policy, None, {})

    @cached_property
    def _forces_at_ends(self) -> bool | None:
        """Whether the force that holds an answer grows without bound; None where none does."""
        try:
            lowest = limited(lambda: self.policy.algorithm.penalty.link_range, steps=_STEPS)[0]
        except (Exhausted, NotImplementedError, ValueError):
            return None
        return True if lowest == -oo else False if lowest.is_finite else None

    def __getstate__(self) -> dict[str, Any]:
        settled = {n: self.__dict__[n] for n in ("_forces_at_ends",) if n in self.__dict__}
        return {"policy": self.policy, **settled}

    # -- evaluation --------------------------------------------------------------------

    def __call__(self, *, complement: bool, branch: str, errors: str, **given: Any) -> Any:
        one_of("branch", branch, BRANCHES)
        one_of("errors", errors, ERRORS)
        if any(is_chunked(value) for value in given.values()):
            return evaluated(self, given, complement=complement, branch=branch, errors=errors)
        values = self.arguments.read(given, errors == "raise")
        shape = broadcast_shape(values)
        run = _Run(self, bool(complement), branch, errors == "raise")
        found = run(values, shape)
        if run.missing:
            warnings.warn(run.sentence(), NoStationaryPolicy, stacklevel=3)
        if branch == "all":
            return found
        return float(found) if shape == () else found


@dataclass
class _Run:
    """One call: what is asked for, and what turned up on the way."""

    evaluator: Evaluator
    complement: bool
    branch: str
    strict: bool
    missing: int = 0
    points: int = 0
    example: str = ""

    def __call__(self, values: dict[str, Array], shape: tuple[int, ...]) -> Array:
        evaluator = self.evaluator
        names = tuple(values)
        self.points = int(np.prod(shape))
        form = evaluator._closed
        if form is not None:
            out = np.empty(shape)
            for pieces, (piece,) in blocks(tuple(values.values()), [out], 2 * BLOCK):
                at = dict(zip(names, pieces, strict=True))
                ends = evaluator.arguments.ends(at)
                at, bad = self._checked(at, ends=ends)
                ends = ends if bad is None else None
                form(*at.values(), complement=self.complement, ends=ends, out=piece)
                if bad is not None:
                    piece[np.broadcast_to(bad, piece.shape)] = np.nan
            return out[..., None] if self.branch == "all" else out
        needed = [s.name for s in evaluator._needed]
        varying = [name for name in needed if values[name].ndim]
        if not varying:
            return self._with_numbers(values, shape)
        return self._by_combination(values, shape, needed)

    def _by_combination(
        self, values: dict[str, Array], shape: tuple[int, ...], needed: list[str]
    ) -> Array:
        """Every distinct combination of the parameters of the drift on its own."""
        flat = {name: np.broadcast_to(v, shape).ravel() for name, v in values.items()}
        flat, bad = self._checked(flat)
        flat = {name: np.broadcast_to(v, (self.points,)) for name, v in flat.items()}
        rows, which = np.unique(np.stack([flat[n] for n in needed]), axis=1, return_inverse=True)
        which = which.ravel()
        size = {p.name for p in self.evaluator.policy.inputs if p.role == "group_size"}
        if rows.shape[1] > _TABLES and not size & set(needed):
            formula = self.evaluator._formula
            if formula is not None:
                return self._shaped(self._scanned(formula, flat), bad, shape)
        if rows.shape[1] > _MOST:
            raise ValueError(
                f"one call takes at most {_MOST} distinct values of ({', '.join(needed)}), "
                f"got {rows.shape[1]}"
            )
        parts: list[tuple[NDArray[np.intp], Array]] = []
        for k in range(rows.shape[1]):
            index = np.flatnonzero(which == k)
            at = {n: v[index] for n, v in flat.items()}
            at |= {n: rows[j, k] for j, n in enumerate(needed)}
            parts.append((index, self._of_numbers({n: np.asarray(v) for n, v in at.items()})))
        width = max((found.shape[1] for _, found in parts), default=1)
        total = np.full((self.points, width), np.nan)
        for index, found in parts:
            total[index, : found.shape[1]] = found
        return self._shaped(total, bad, shape)

    def _shaped(self, found: Array, bad: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> Array:
        if bad is not None:
            found[np.broadcast_to(bad, (len(found),))] = np.nan
        if self.branch == "all":
            return found.reshape((*shape, found.shape[1]))
        return found[:, 0].reshape(shape)

    def _with_numbers(self, values: dict[str, Array], shape: tuple[int, ...]) -> Array:
        """Numbers for the parameters of the drift; β and π_ref(a) in blocks."""
        evaluator = self.evaluator
        numbers, bad = self._checked(
            {s.name: float(values[s.name]) for s in evaluator._needed}, partial=True
        )
        if bad is not None:
            return np.full((*shape, 1) if self.branch == "all" else shape, np.nan)
        kernel = evaluator._kernel(tuple(_exact(numbers[s.name]) for s in evaluator._needed))
        names = tuple(values)
        if isinstance(kernel, Crossed):
            out = np.empty(shape)
            for pieces, (piece,) in blocks(tuple(values.values()), [out]):
                at, bad = self._checked(dict(zip(names, pieces, strict=True)))
                beta, reference = self._pair(at, piece.shape)
                piece[...] = kernel(beta, reference)[self.complement]
                if bad is not None:
                    piece[np.broadcast_to(bad, piece.shape)] = np.nan
            return out[..., None] if self.branch == "all" else out
        flat = {n: np.broadcast_to(v, shape).ravel() if v.ndim else v for n, v in values.items()}
        flat, bad = self._checked(flat)
        whole = {n: np.broadcast_to(v, (self.points,)) for n, v in flat.items()}
        return self._shaped(self._scanned(kernel, whole), bad, shape)

    def _of_numbers(self, values: dict[str, Array]) -> Array:
        """As :meth:`_with_numbers` for flat arrays that are checked: points × solutions."""
        evaluator = self.evaluator
        kernel = evaluator._kernel(tuple(_exact(float(values[s.name])) for s in evaluator._needed))
        count = max((v.shape[0] for v in values.values() if v.ndim), default=1)
        whole = {n: np.broadcast_to(v, (count,)) for n, v in values.items()}
        if not isinstance(kernel, Crossed):
            return self._scanned(kernel, whole)
        out = np.empty(count)
        beta, reference = self._pair(whole, (count,))
        for (weight, start), (piece,) in blocks([beta, reference], [out]):
            piece[...] = kernel(weight, start)[self.complement]
        return out[:, None]

    def _pair(self, at: dict[str, Any], shape: tuple[int, ...]) -> tuple[Array, Array]:
        """β and π_ref(a) as arrays, also where the algorithm fixes the weight."""
        weight = self.evaluator.policy.condition.beta
        beta = at[weight.name] if isinstance(weight, Symbol) else float(weight)
        reference = at[symbols.pi_ref.name]
        return np.broadcast_to(beta, shape), np.broadcast_to(reference, shape)

    def _checked(
        self, values: dict[str, Any], partial: bool = False, ends: Any = None
    ) -> tuple[dict[str, Any], NDArray[np.bool_] | None]:
        """The values, and where they are bad; bad ones are made harmless, or raised."""
        arguments = self.evaluator.arguments
        if partial:
            chosen = tuple(p for p in arguments.parameters if p.name in values)
            arguments = Arguments(chosen, arguments.domain)
        bad = arguments.bad(values, ends)
        if bad is None:
            return values, None
        if self.strict:
            raise ValueError(arguments.sentence(values))
        return arguments.harmless(values, bad), bad

    # -- several solutions -----------------------------------------------------------------

    def _scanned(self, kernel: Any, flat: dict[str, Array]) -> Array:
        """Points × solutions, by blocks."""
        count = len(flat[symbols.pi_ref.name])
        parts = [
            self._block(kernel, {n: v[start : start + _SCANNED] for n, v in flat.items()})
            for start in range(0, count, _SCANNED)
        ]
        width = max((part.shape[1] for part in parts), default=1)
        total = np.full((count, width), np.nan)
        for k, part in enumerate(parts):
            total[k * _SCANNED : k * _SCANNED + len(part), : part.shape[1]] = part
        return total

    def _block(self, kernel: Balance | None, at: dict[str, Array]) -> Array:
        count = len(at[symbols.pi_ref.name])
        beta, reference = self._pair(at, (count,))
        # (z, p, q, attracting) of every solution of a row, in increasing order of p.
        lists: list[list[tuple[float, float, float, bool]]] = [[] for _ in range(count)]
        exact = (reference == 0) | (reference == 1)
        if kernel is None:
            exact[:] = True
        else:
            inside = np.flatnonzero(~exact)
            others = tuple(at[n][inside] for n in kernel.names)
            with np.errstate(all="ignore"):
                found, level = kernel.zeros(beta[inside], reference[inside], others)
            exact[inside[found.doubtful]] = True
            self._collect(found, level, inside, reference, lists)
        for k in np.flatnonzero(exact):
            lists[k] = self._exactly({n: float(v[k]) for n, v in at.items()})
        chosen = [self._chosen(found) for found in lists]
        self._count_missing(chosen, beta, reference)
        out = np.full((count, max((len(c) for c in chosen), default=1) or 1), np.nan)
        for k, found in enumerate(chosen):
            out[k, : len(found)] = [q if self.complement else p for _, p, q, _ in found]
        return out

    def _collect(
        self, found: Any, level: Any, inside: Any, reference: Array, lists: list[list]
    ) -> None:
        rows, places = np.nonzero(~np.isnan(found.places))
        z = found.places[rows, places]
        start = reference[inside[rows]]
        p, q, _ = shares(z, start, 1.0 - start)
        falling = found.falling[rows, places]
        for k, *solution in zip(
            inside[rows].tolist(), z.tolist(), p.tolist(), q.tolist(), falling.tolist(), strict=True
        ):
            lists[k].append(tuple(solution))
        unbounded = self.evaluator._forces_at_ends
        if unbounded is None:
            return
        for end, vertex in ((0, 0.0), (1, 1.0)):
            # The flow reaches this end: a bounded penalty gives one answer up, an unbounded one
            # meets a level drift so far out that one share rounds to 0.
            outwards = found.ends[:, end] * (1 if end else -1) > 0
            reached = outwards & (level[:, end] if unbounded else True)
            for k in inside[np.flatnonzero(reached)]:
                solution = (np.inf if end else -np.inf, vertex, 1.0 - vertex, True)
                lists[k].insert(len(lists[k]) if end else 0, solution)

    def _exactly(self, values: dict[str, float]) -> list[tuple[float, float, float, bool]]:
        """The solutions of the exact solver, at the numbers that these floats are."""
        policy = self.evaluator.policy
        point = {p.symbol: _exact(values[p.name]) for p in policy.inputs}
        reference = point[symbols.pi_ref]
        found = []
        for solution in policy.solutions_at(point, _DIGITS):
            p, q = solution.policy
            with mp.workdps(_DIGITS):
                side = mp.sign(p - mp.mpf(reference.p) / reference.q)
            attracting = solution.stability == Stability.ATTRACTING
            found.append((float(side), float(p), float(q), attracting))
        return sorted(found, key=lambda s: (s[1], -s[2]))

    def _chosen(self, found: list[tuple[float, float, float, bool]]) -> list:
        if self.branch == "all" or not found:
            return found
        if self.branch == "lowest":
            return found[:1]
        if self.branch == "highest":
            return found[-1:]
        attracting = [s for s in found if s[3]]
        if len(attracting) < 2:
            return attracting
        # The flow from the reference moves away from a repelling neighbour, to the other side.
        above, below = [s for s in found if s[0] >= 0], [s for s in found if s[0] < 0]
        if above and above[0][3]:
            return above[:1]
        return below[-1:] if below and below[-1][3] else []

    def _count_missing(self, chosen: list[list], beta: Array, reference: Array) -> None:
        empty = [k for k, found in enumerate(chosen) if not found]
        if empty and not self.missing:
            k = empty[0]
            self.example = f"beta = {beta[k]:.6g}, pi_ref = {reference[k]:.6g}"
        self.missing += len(empty)

    def sentence(self) -> str:
        noun = (
            "attracting stationary policy" if self.branch == "attracting" else "stationary policy"
        )
        return (
            f"no {noun} at {self.missing} of {self.points} points, the first at {self.example}: "
            "there the penalty does not hold the drift, and the value is NaN"
        )


def _exact(value: float) -> Expr:
    """A float64 number exactly."""
    if value == int(value):
        return Integer(int(value))
    return Rational(*value.as_integer_ratio())
