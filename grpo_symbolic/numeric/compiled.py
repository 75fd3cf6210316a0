"""Functions of keyword arguments: of mpmath numbers, and of JAX arrays or torch tensors.

Those of the last two run the code that is exported for them. JAX computes in single precision
unless ``jax.config.update("jax_enable_x64", True)`` is called; that is the caller's to decide.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from keyword import iskeyword
from types import ModuleType
from typing import Any

import numpy as np
from sympy import Expr, Symbol, lambdify

from grpo_symbolic.inputs import exact_number, parameter, parameter_range
from grpo_symbolic.numeric.arguments import Parameter, checked_number, documented, ordered

__all__ = ["BACKENDS", "DIFFERENTIATING", "array_function", "mpmath_function"]

DIFFERENTIATING = ("jax", "torch")
BACKENDS = ("numpy", "mpmath", *DIFFERENTIATING)

Parameters = tuple[Parameter, ...]


def array_function(
    source: Callable[[], str], parameters: Parameters, backend: str
) -> Callable[..., Any]:
    """The function in a module's source, of arrays or numbers that broadcast and keep their type.

    Ranges are checked for plain numbers only: an array may be traced, without values.

    Raises
    ------
    ValueError
        Where the package is missing; from the function for an unknown, missing or unreadable
        argument, or a number out of range.
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

    def function(**given: Any) -> Any:
        values = [
            checked_number(p, v)
            for p, v in zip(parameters, ordered(parameters, given), strict=True)
        ]
        named = dict(zip((p.name for p in parameters), values, strict=True))
        found = body(**{name: v for name, v in named.items() if name in used})
        # What the value does not depend on broadcasts too.
        return arrays.broadcast_to(found, np.broadcast_shapes(*map(np.shape, values)))

    kind = {"jax": "JAX arrays", "torch": "torch tensors"}[backend]
    return documented(function, parameters, f"{kind}, which broadcast and keep their type")


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


def mpmath_function(
    formula: Expr | Callable[..., Any],
    parameters: Parameters,
    stages: tuple[tuple[Symbol, Expr], ...] = (),
) -> Callable[..., Any]:
    """A function of numbers: exact ones, decimals in text, floats or mpmath's own.

    Parameters
    ----------
    formula : Expr or callable
    parameters : tuple of Parameter
    stages : tuple of (Symbol, Expr)
        Parts of an expression computed first, in order, each rounded on its own.
    """
    import mpmath as mp

    body = formula
    if isinstance(formula, Expr):
        names = [p.name for p in parameters]
        body = lambdify(names, formula, "mpmath", cse=lambda value: (list(stages), value))

    def function(**given: Any) -> Any:
        numbers = zip(parameters, ordered(parameters, given), strict=True)
        return body(*(_mpmath_number(p, value) for p, value in numbers))

    def _mpmath_number(p: Parameter, value: Any) -> Any:
        allowed, lower, upper, lower_closed, upper_closed = parameter_range(p.role)
        if isinstance(value, mp.mpf):
            above = value >= lower if lower_closed else value > lower
            below = value <= upper if upper_closed else value < upper
            if not (mp.isfinite(value) and above and below):
                raise ValueError(f"{p.name} must be {allowed}, got {mp.nstr(value)}")
            return value
        if isinstance(value, float):
            parameter(p.role, value, p.name)
            return mp.mpf(value)
        exact = parameter(p.role, exact_number(p.name, value, allowed), p.name)
        return mp.mpf(str(exact.evalf(mp.mp.dps + 10)))

    return documented(function, parameters, "numbers at mpmath's working precision")
