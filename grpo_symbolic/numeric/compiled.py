"""Compiled formulas: keyword arguments in, checked; arrays broadcast. One backend, one file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, Symbol

from grpo_symbolic.numeric.arguments import Parameter
from grpo_symbolic.numeric.backend_jax import jax_function
from grpo_symbolic.numeric.backend_mpmath import mpmath_function
from grpo_symbolic.numeric.backend_numpy import numpy_function
from grpo_symbolic.numeric.backend_torch import torch_function
from grpo_symbolic.numeric.implicit import Implicit
from grpo_symbolic.numeric.program import Program

__all__ = ["BACKENDS", "DIFFERENTIATING", "Parameter", "compiled"]

DIFFERENTIATING = ("jax", "torch")
BACKENDS = ("numpy", "mpmath", *DIFFERENTIATING)


def compiled(
    formula: Expr | Program | Implicit | Callable[..., Any],
    parameters: tuple[Parameter, ...],
    backend: str,
    stages: tuple[tuple[Symbol, Expr], ...] = (),
) -> Callable[..., Any]:
    """A keyword-only function of the parameters.

    Parameters
    ----------
    formula : Expr, Program, Implicit or callable
        The value, in the parameters' names: an expression (mpmath), a program for arrays (NumPy,
        jax, torch), a condition to solve (jax, torch), or a function of arrays (NumPy) or of
        mpmath numbers (mpmath).
    parameters : tuple of Parameter
    backend : {"numpy", "mpmath", "jax", "torch"}
    stages : tuple of (Symbol, Expr)
        Parts of an expression computed first, in order, each rounded on its own.

    Raises
    ------
    ValueError
        For another backend, or one whose package is missing; from the compiled function for an
        unknown, missing or unreadable argument, NaN, or a value outside its range.
    """
    if backend == "numpy":
        return numpy_function(formula, parameters)
    if backend == "mpmath":
        return mpmath_function(formula, parameters, stages)
    if backend == "jax":
        return jax_function(formula, parameters)
    if backend == "torch":
        return torch_function(formula, parameters)
    raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
