"""Compiled functions on NumPy arrays, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpo_symbolic.inputs import parameter_range
from grpo_symbolic.numeric.arguments import Parameter, documented, ordered
from grpo_symbolic.numeric.printers import program_function
from grpo_symbolic.numeric.program import Program

__all__ = ["numpy_function"]


def numpy_function(
    formula: Program | Callable[..., Any], parameters: tuple[Parameter, ...]
) -> Callable[..., Any]:
    """A function of float64 arrays, which broadcast; numbers in, a float out."""
    import numpy as np

    body = formula
    if isinstance(formula, Program):
        body = program_function(formula, parameters, np, "np")

    def function(**given: Any) -> Any:
        arrays = [
            _checked_array(p, value)
            for p, value in zip(parameters, ordered(parameters, given), strict=True)
        ]
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
        except ValueError:
            raise ValueError(
                "arguments do not broadcast: "
                + ", ".join(f"{p.name} {a.shape}" for p, a in zip(parameters, arrays, strict=True))
            ) from None
        # Beyond 1e77 stages of a quartic overflow; nothing else does.
        with np.errstate(all="ignore"):
            result = np.broadcast_to(body(*arrays), shape)
        return float(result) if shape == () else np.array(result)

    return documented(function, parameters, "float64 arrays, which broadcast")


def _checked_array(p: Parameter, value: Any) -> Any:
    import numpy as np

    allowed, lower, upper, lower_closed, upper_closed = parameter_range(p.role)
    try:
        if np.asarray(value).dtype == bool:
            raise TypeError("a truth value is no number")
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{p.name} must be {allowed}, got {value!r}") from None
    above = array >= lower if lower_closed else array > lower
    below = array <= upper if upper_closed else array < upper
    good = above & below & np.isfinite(array)
    if not good.all():
        raise ValueError(f"{p.name} must be {allowed}, got {array[~good].flat[0]}")
    return array
