"""π(a) of two answers as a function: a compiled closed form, or the equation solved anywhere."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
from sympy import Eq, Expr, Piecewise, Symbol

from grpo_symbolic.numeric.arguments import Parameter, documented
from grpo_symbolic.numeric.compiled import (
    BACKENDS,
    DIFFERENTIATING,
    array_function,
    mpmath_function,
)
from grpo_symbolic.policy.code import compilable
from grpo_symbolic.policy.evaluate import NoStationaryPolicy
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.solve.closed_form import ClosedForm
from grpo_symbolic.solve.solutions import rational

__all__ = ["function_of_two"]


def function_of_two(
    policy: Policy, closed: ClosedForm | None, backend: str
) -> Callable[..., float | np.ndarray]:
    """The function of keyword arguments that ``StationaryPolicy.lambdify`` describes."""
    inputs = policy.inputs
    if backend in DIFFERENTIATING:
        return array_function(lambda: compilable(policy, backend), inputs, backend)
    if backend == "numpy":
        solve = policy.evaluate if closed is not None else partial(_solved_on, policy)
        kind = "float64 arrays, which broadcast"
        return documented(lambda **given: solve(**given), inputs, kind)
    if backend != "mpmath":
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    if closed is not None:
        form, stages = _numeric_form(closed, inputs)
        return mpmath_function(form, inputs, stages)
    return mpmath_function(lambda *values: _solved_at(policy, values), inputs)


def _numeric_form(
    closed: ClosedForm, inputs: tuple[Parameter, ...]
) -> tuple[Expr, tuple[tuple[Symbol, Expr], ...]]:
    """The stable form and its stages, in symbols that may take boundary values."""
    # Symbols without assumptions: a positive one would never equal 0.
    plain = {p.symbol: Symbol(p.name, real=True) for p in inputs}
    form = closed.stable.form.xreplace(plain)
    stages = tuple((s, part.xreplace(plain)) for s, part in closed.stable.stages)
    if closed.degenerate is not None:
        leading, root = (e.xreplace(plain) for e in closed.degenerate)
        form = Piecewise((root, Eq(leading, 0)), (form, True))
    return form, stages


def _solved_on(policy: Policy, **values: Any) -> float | np.ndarray:
    """The only solution at every point of arrays."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoStationaryPolicy)
        found = np.asarray(policy.evaluate(branch="all", **values))
    count = np.isfinite(found).sum(axis=-1)
    several = count != 1
    if several.any():
        first = {
            name: np.broadcast_to(array, count.shape)[several].flat[0]
            for name, array in values.items()
        }
        raise ValueError(_not_one(int(count[several].flat[0]), first))
    only = np.nansum(found, axis=-1)
    return float(only) if only.ndim == 0 else only


def _solved_at(policy: Policy, values: tuple[mp.mpf, ...]) -> mp.mpf:
    """The only solution at one point, to the working precision of mpmath."""
    digits = mp.mp.dps
    given = {p.name: rational(v, digits + 5) for p, v in zip(policy.inputs, values, strict=True)}
    found = policy.solutions(digits=digits, **given)
    if len(found) != 1:
        point = {name: mp.nstr(mp.mpf(v.p) / v.q, 8) for name, v in given.items()}
        raise ValueError(_not_one(len(found), point))
    return found.found[0].policy[0]


def _not_one(number: int, point: Mapping[str, Any]) -> str:
    place = ", ".join(f"{name} = {value}" for name, value in point.items())
    return f"there are {number} stationary policies at {place}: use solutions() to get them all"
