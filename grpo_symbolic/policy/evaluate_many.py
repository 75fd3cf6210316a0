r"""Stationary policies of many answers at arrays of parameters, in float64.

Answers of one reward law share their class's mass, so the unknowns are class masses:

=================  =====================================================================
one class          the reference
ordered pairs      the rank distortion: the binary solution on cumulative masses
a tilted curve     one scalar equation (large groups; two reward levels), all its zeros
two classes        the binary policy, where both masses keep their digits in π_ref(a)
everything else    Newton's method on the condition in log π/π_ref, row by row checked
=================  =====================================================================
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import one_of
from grpo_symbolic.numeric.compiled import Parameter
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.policy.arguments import Arguments
from grpo_symbolic.policy.chunked import evaluated, is_chunked
from grpo_symbolic.policy.evaluate import BRANCHES, ERRORS, NoStationaryPolicy
from grpo_symbolic.policy.simplex_kernel import EXACT_ROWS, SimplexKernel, exact_float

__all__ = ["SimplexEvaluator"]

_SUM = 1e-12


@dataclass(frozen=True)
class SimplexEvaluator:
    """π of one policy as a function of arrays.

    Parameters
    ----------
    policy : SimplexPolicy
    """

    policy: Any

    @cached_property
    def arguments(self) -> Arguments:
        algorithm, question = self.policy.algorithm, self.policy.question
        roles: list[tuple[Any, str]] = [(algorithm.beta, "beta")]
        roles += [(s, "reward") for s in question.parameters]
        roles += algorithm.rule_parameters
        kept = tuple(Parameter(s, role) for s, role in roles if isinstance(s, Symbol))
        inside = tuple(r for r in question.declared.ranges if r.symbol in {p.symbol for p in kept})
        return Arguments(kept, Domain(inside))

    @cached_property
    def _kernels(self) -> dict[tuple[Expr, ...], SimplexKernel]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {"policy": self.policy}

    def __call__(self, *, pi_ref: Any, branch: str, errors: str, **given: Any) -> Any:
        one_of("branch", branch, BRANCHES)
        one_of("errors", errors, ERRORS)
        strict = errors == "raise"
        n = len(self.policy.question)
        if any(is_chunked(value) for value in (pi_ref, *given.values())):
            given["pi_ref"] = pi_ref
            return evaluated(self, given, answers=n, branch=branch, errors=errors)
        values = self.arguments.read(given, strict)
        reference, wrong = _references(pi_ref, n, strict)
        shapes = {"pi_ref without its last axis": reference.shape[:-1]}
        shapes |= {name: v.shape for name, v in values.items()}
        try:
            shape = np.broadcast_shapes(*shapes.values())
        except ValueError:
            listed = ", ".join(f"{name} {s}" for name, s in shapes.items())
            raise ValueError(f"arguments do not broadcast: {listed}") from None
        count = int(np.prod(shape))
        flat = {k: np.broadcast_to(v, shape).ravel() for k, v in values.items()}
        rows = np.broadcast_to(reference, (*shape, n)).reshape(count, n)
        bad = np.broadcast_to(wrong, shape).ravel().copy()
        outside = self.arguments.bad(flat) if count else None
        if outside is not None:
            if strict:
                raise ValueError(self.arguments.sentence(flat))
            bad |= np.broadcast_to(outside, (count,))
        found = self._found(flat, rows, ~bad, branch)
        missing = np.isnan(found[:, :, 0]).all(axis=1) & ~bad
        if missing.any():
            self._warn(missing, count, flat, branch)
        if branch == "all":
            return found.reshape(*shape, found.shape[1], n)
        return found[:, 0].reshape(*shape, n)

    def _warn(self, missing: Any, count: int, flat: dict[str, Array], branch: str) -> None:
        first = int(np.flatnonzero(missing)[0])
        at = ", ".join(f"{k} = {v[first]:.6g}" for k, v in flat.items())
        noun = "attracting stationary policy" if branch == "attracting" else "stationary policy"
        warnings.warn(
            f"no {noun} was found at {int(missing.sum())} of {count} points, the first "
            f"{f'at {at}' if at else 'row ' + str(first)}: its values are NaN; where several "
            f"are possible, the first {EXACT_ROWS} rows of a call are solved exactly",
            NoStationaryPolicy,
            stacklevel=4,
        )

    def _found(
        self, flat: dict[str, Array], rows: Array, good: NDArray[np.bool_], branch: str
    ) -> Array:
        """Rows × solutions × answers."""
        n, count = rows.shape[1], len(rows)
        weight = self.policy.algorithm.beta
        others = [name for name in flat if name != str(weight)]
        beta = flat[weight.name] if isinstance(weight, Symbol) else np.full(count, float(weight))
        index = np.flatnonzero(good)
        which = np.zeros(len(index), int)
        combinations: Any = [()]
        if others and len(index):
            stacked = np.stack([flat[name][index] for name in others])
            distinct, which = np.unique(stacked, axis=1, return_inverse=True)
            which, combinations = which.ravel(), distinct.T.tolist()
        parts, width = [], 1
        for k, numbers in enumerate(combinations):
            chosen = index[which == k]
            kernel = self._kernel(tuple(exact_float(v) for v in numbers))
            for start in range(0, len(chosen), kernel.block):
                piece = chosen[start : start + kernel.block]
                masses = kernel.solutions(beta[piece], rows[piece], branch)
                parts.append((piece, masses))
                width = max(width, masses.shape[1])
        out = np.full((count, width, n), np.nan)
        for piece, masses in parts:
            out[piece, : masses.shape[1]] = masses
        return out

    def _kernel(self, numbers: tuple[Expr, ...]) -> SimplexKernel:
        if numbers not in self._kernels:
            names = [p.symbol for p in self.arguments.parameters if p.role != "beta"]
            point = dict(zip(names, numbers, strict=True))
            self._kernels[numbers] = SimplexKernel(self.policy, point)
        return self._kernels[numbers]


def _references(value: Any, n: int, strict: bool) -> tuple[Array, NDArray[np.bool_]]:
    """The rows, and which of them are no distribution of n positive probabilities."""
    allowed = f"rows of {n} positive probabilities that sum to 1"
    try:
        array = np.asarray(value)
        array = np.asarray(array.astype(float) if array.dtype.kind in "Oiuf" else None, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"pi_ref must be {allowed}, got {str(value)[:60]}") from None
    if array.ndim == 0 or array.shape[-1] != n:
        got = "a number" if array.ndim == 0 else f"shape {array.shape}"
        raise ValueError(f"pi_ref must be {allowed}, got {got}")
    wrong = ~((array > 0) & np.isfinite(array)).all(axis=-1)
    with np.errstate(all="ignore"):
        wrong |= ~(np.abs(array.sum(axis=-1) - 1.0) <= _SUM * n)
    if strict and wrong.any():
        first = np.array2string(array[wrong][0], threshold=6, edgeitems=2)
        raise ValueError(f"pi_ref must be {allowed}, got {first}")
    return array, wrong
