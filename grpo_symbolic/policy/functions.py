"""π(a) of two answers as a function: a compiled closed form, or the equation solved anywhere."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp
import numpy as np
from sympy import Eq, Expr, Piecewise, Symbol

from grpo_symbolic.analysis.implicit_form import implicit_form
from grpo_symbolic.numeric.arguments import Parameter
from grpo_symbolic.numeric.compiled import DIFFERENTIATING, compiled
from grpo_symbolic.numeric.implicit import Implicit
from grpo_symbolic.numeric.program import DIFFERENTIABLE, EXACT, array_program
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
    if closed is not None and backend != "mpmath":
        style = DIFFERENTIABLE if backend in DIFFERENTIATING else EXACT
        names = [p.symbol for p in inputs]
        program = array_program(closed.stable.form, closed.stable.stages, names, style)
        return compiled(program, inputs, backend)
    if backend in DIFFERENTIATING:
        return compiled(_implicit(policy), inputs, backend)
    if closed is not None:
        form, stages = _numeric_form(closed, inputs)
        return compiled(form, inputs, backend, stages)

    def at_numbers(*values: mp.mpf) -> mp.mpf:
        return _solved_at(policy, values)

    def on_arrays(*values: np.ndarray) -> np.ndarray:
        return _solved_on(policy, values)

    return compiled(at_numbers if backend == "mpmath" else on_arrays, inputs, backend)


def _implicit(policy: Policy) -> Implicit:
    """The condition for a solver on arrays, where it has one solution for all parameters."""
    if not policy.count.unique:
        raise ValueError(
            "without a closed form the number of stationary policies must be established to "
            f"be one for all parameters: {policy.count.reason}"
        )
    return implicit_form(policy.balance_for("a function"), [p.symbol for p in policy.inputs])


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


def _solved_on(policy: Policy, values: tuple[np.ndarray, ...]) -> np.ndarray:
    """The only solution at every point of arrays."""
    arrays = dict(zip((p.name for p in policy.inputs), values, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoStationaryPolicy)
        found = np.asarray(policy.evaluate(branch="all", **arrays))
    count = np.isfinite(found).sum(axis=-1)
    several = count != 1
    if several.any():
        first = {
            name: np.broadcast_to(array, count.shape)[several].flat[0]
            for name, array in arrays.items()
        }
        raise ValueError(_not_one(int(count[several].flat[0]), first))
    return np.nansum(found, axis=-1)


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
