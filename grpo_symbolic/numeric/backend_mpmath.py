"""Compiled functions on mpmath numbers, at the working precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, Symbol, lambdify

from grpo_symbolic.inputs import exact_number, parameter, parameter_range
from grpo_symbolic.numeric.arguments import Parameter, documented, ordered

__all__ = ["mpmath_function"]


def mpmath_function(
    formula: Expr | Callable[..., Any],
    parameters: tuple[Parameter, ...],
    stages: tuple[tuple[Symbol, Expr], ...] = (),
) -> Callable[..., Any]:
    """A function of numbers: exact ones, decimals in text, floats or mpmath's own."""
    import mpmath as mp

    if isinstance(formula, Expr):
        names = [p.name for p in parameters]
        body = lambdify(names, formula, "mpmath", cse=lambda value: (list(stages), value))
    else:
        body = formula

    def function(**given: Any) -> Any:
        numbers = []
        for p, value in zip(parameters, ordered(parameters, given), strict=True):
            allowed, lower, upper, lower_closed, upper_closed = parameter_range(p.role)
            if isinstance(value, mp.mpf):
                number = value
                inside = (
                    mp.isfinite(value)
                    and (value >= lower if lower_closed else value > lower)
                    and (value <= upper if upper_closed else value < upper)
                )
                if not inside:
                    raise ValueError(f"{p.name} must be {allowed}, got {mp.nstr(value)}")
            elif isinstance(value, float):
                parameter(p.role, value, p.name)
                number = mp.mpf(value)
            else:
                exact = parameter(p.role, exact_number(p.name, value, allowed), p.name)
                number = mp.mpf(str(exact.evalf(mp.mp.dps + 10)))
            numbers.append(number)
        return body(*numbers)

    return documented(function, parameters, "numbers at mpmath's working precision")
