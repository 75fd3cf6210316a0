"""π(a) of two answers as a function: of NumPy arrays, mpmath numbers, JAX arrays or torch tensors.

A compiled closed form, or the equation solved anywhere. Those of JAX and torch run the code that
is exported for them. JAX computes in single precision unless
``jax.config.update("jax_enable_x64", True)`` is called; that is the caller's to decide.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from keyword import iskeyword
from types import ModuleType
from typing import Any

import mpmath as mp
import numpy as np
from sympy import Eq, Expr, Piecewise, Symbol, lambdify

from grpo_symbolic.inputs import PARAMETERS, parameter
from grpo_symbolic.numeric.arguments import Parameter, ordered
from grpo_symbolic.policy.code import compilable
from grpo_symbolic.policy.evaluate import NoStationaryPolicy
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.solve.closed_form import ClosedForm
from grpo_symbolic.solve.solutions import rational

_DIFFERENTIATING = ("jax", "torch")
_KINDS = {
    "numpy": "float64 arrays, which broadcast",
    "mpmath": "numbers at mpmath's working precision",
    "jax": "JAX arrays, which broadcast and keep their type",
    "torch": "torch tensors, which broadcast and keep their type",
}


def function_of_two(
    policy: Policy, closed: ClosedForm | None, backend: str
) -> Callable[..., float | np.ndarray]:
    """The function of keyword arguments that ``StationaryPolicy.lambdify`` describes."""
    inputs = policy.inputs
    if backend == "numpy":
        solve = policy.evaluate if closed is not None else partial(_solved_on, policy)
        return _documented(lambda **given: solve(**given), inputs, _KINDS[backend])
    if backend in _DIFFERENTIATING:
        body, read = _array_function(lambda: compilable(policy, backend), inputs, backend), _plain
    elif backend == "mpmath":
        body, read = _mpmath_function(policy, closed), _mpmath_number
    else:
        raise ValueError(f"backend must be one of {', '.join(_KINDS)}, got {backend!r}")

    def function(**given: Any) -> Any:
        values = zip(inputs, ordered(inputs, given), strict=True)
        return body(*(read(p, value) for p, value in values))

    return _documented(function, inputs, _KINDS[backend])


def _mpmath_function(policy: Policy, closed: ClosedForm | None) -> Callable[..., mp.mpf]:
    """The closed form, its parts computed first, each rounded on its own; or a solver."""
    if closed is None:
        return lambda *values: _solved_at(policy, values)
    form, stages = _numeric_form(closed, policy.inputs)
    names = [p.name for p in policy.inputs]
    return lambdify(names, form, "mpmath", cse=lambda value: (list(stages), value))


def _mpmath_number(p: Parameter, value: Any) -> mp.mpf:
    """An exact number, a decimal in text, a float or mpmath's own."""
    if isinstance(value, mp.mpf):
        known = PARAMETERS[p.role]
        if not (mp.isfinite(value) and known.admits(value)):
            raise ValueError(f"{p.name} must be {known.allowed}, got {mp.nstr(value)}")
        return value
    exact = parameter(p.role, value, p.name)
    return mp.mpf(value) if isinstance(value, float) else mp.mpf(str(exact.evalf(mp.mp.dps + 10)))


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


def _array_function(
    source: Callable[[], str], parameters: tuple[Parameter, ...], backend: str
) -> Callable[..., Any]:
    """The function in a module's source, of arrays or numbers that broadcast and keep their type.

    Raises
    ------
    ValueError
        Where the package is missing.
    """
    try:
        library = import_module(backend)
        arrays = import_module("jax.numpy") if backend == "jax" else library
    except ImportError:
        raise ValueError(
            f"the {backend} backend needs the package {backend}: "
            f"pip install 'grpo-symbolic[{backend}]'"
        ) from None
    for p in parameters:
        # Symbols have any name a caller gave them; code has only names.
        if not p.name.isidentifier() or iskeyword(p.name):
            raise ValueError(f"{p.name!r} cannot be the name of an argument")
    space = vars(_Generated(source()).module(f"grpo_symbolic_{backend}"))
    if backend == "jax" and "condition" in space:
        # Compiled once: the solver calls it some thirty times.
        space["condition"] = library.jit(space["condition"])
    body = space["stationary_policy"]
    used = inspect.signature(body).parameters

    def function(*values: Any) -> Any:
        named = dict(zip((p.name for p in parameters), values, strict=True))
        found = body(**{name: v for name, v in named.items() if name in used})
        # What the value does not depend on broadcasts too.
        return arrays.broadcast_to(found, np.broadcast_shapes(*map(np.shape, values)))

    return function


def _plain(p: Parameter, value: Any) -> Any:
    """A plain number in its range; an array, which may be traced, as it is."""
    if isinstance(value, (bool, str, bytes, complex)) or value is None:
        value = parameter(p.role, None, p.name)
    if isinstance(value, (int, float)):
        parameter(p.role, value, p.name)
    return value


class _Generated(InspectLoader):
    """A module from source that this library has written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, fullname: str) -> str:
        return self._text

    def module(self, name: str) -> ModuleType:
        made = ModuleType(name)
        made.__spec__ = ModuleSpec(name, self)
        self.exec_module(made)
        return made


def _documented(function: Callable, parameters: tuple[Parameter, ...], kind: str) -> Callable:
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
