"""Compiled formulas: keyword arguments in, checked; arrays broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, Symbol, lambdify

from grpo_symbolic.inputs import exact_number, parameter, parameter_range

__all__ = ["BACKENDS", "Parameter", "compiled"]

BACKENDS = ("numpy", "mpmath")


class Parameter:
    """One keyword of a compiled formula.

    Parameters
    ----------
    symbol : Symbol
        Its name is the keyword.
    role : str
        The model parameter whose range applies (``beta``, ``pi_ref``, ``margin``, ``gap``).
    default : number, optional
    """

    def __init__(self, symbol: Symbol, role: str, default: float | None = None) -> None:
        self.symbol, self.role, self.default = symbol, role, default
        self.name = str(symbol)


def compiled(
    evaluate: Expr | Callable[..., Any],
    parameters: tuple[Parameter, ...],
    backend: str,
    stages: tuple[tuple[Symbol, Expr], ...] = (),
) -> Callable[..., Any]:
    """A keyword-only function of the parameters.

    Parameters
    ----------
    evaluate : Expr or callable
        The value, in the parameters' names (as real symbols) and the stages.
    parameters : tuple of Parameter
    backend : {"numpy", "mpmath"}
    stages : tuple of (Symbol, Expr)
        Parts computed first, in order, each rounded on its own.

    Raises
    ------
    ValueError
        From the compiled function: for an unknown, missing or unreadable argument, NaN, or a
        value outside its range.
    """
    if backend == "numpy":
        return _numpy(evaluate, parameters, stages)
    if backend == "mpmath":
        return _mpmath(evaluate, parameters, stages)
    raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")


def _in_stages(
    form: Expr, parameters: tuple[Parameter, ...], module: str, stages: tuple
) -> Callable[..., Any]:
    names = [p.name for p in parameters]
    return lambdify(names, form, module, cse=lambda expression: (list(stages), expression))


def _arguments(parameters: tuple[Parameter, ...], given: dict[str, Any]) -> list[Any]:
    known = [p.name for p in parameters]
    for name in given:
        if name not in known:
            raise ValueError(f"unknown argument {name!r}: this policy takes {', '.join(known)}")
    values = []
    for p in parameters:
        if p.name not in given and p.default is None:
            raise ValueError(f"missing argument {p.name!r}: this policy takes {', '.join(known)}")
        values.append(given.get(p.name, p.default))
    return values


def _numpy(
    evaluate: Expr | Callable, parameters: tuple[Parameter, ...], stages: tuple
) -> Callable[..., Any]:
    import numpy as np

    body = (
        _in_stages(evaluate, parameters, "numpy", stages)
        if isinstance(evaluate, Expr)
        else np.vectorize(_at_double(evaluate), otypes=[float])
    )

    def function(**given: Any) -> Any:
        arrays = [
            _checked_array(p, value)
            for p, value in zip(parameters, _arguments(parameters, given), strict=True)
        ]
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
        except ValueError:
            raise ValueError(
                "arguments do not broadcast: "
                + ", ".join(f"{p.name} {a.shape}" for p, a in zip(parameters, arrays, strict=True))
            ) from None
        # Branches that are not taken are computed and thrown away; they may divide by zero.
        with np.errstate(all="ignore"):
            # A closed form near 1 may round one unit above it.
            result = np.broadcast_to(np.minimum(body(*arrays), 1.0), shape)
        return float(result) if shape == () else np.array(result)

    return _documented(function, parameters, "float64 arrays, which broadcast")


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


def _mpmath(
    evaluate: Expr | Callable, parameters: tuple[Parameter, ...], stages: tuple
) -> Callable[..., Any]:
    import mpmath as mp

    body = (
        _in_stages(evaluate, parameters, "mpmath", stages)
        if isinstance(evaluate, Expr)
        else evaluate
    )

    def function(**given: Any) -> Any:
        numbers = []
        for p, value in zip(parameters, _arguments(parameters, given), strict=True):
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

    return _documented(function, parameters, "numbers at mpmath's working precision")


def _at_double(evaluate: Callable) -> Callable[..., float]:
    import mpmath as mp

    def at_double(*values: float) -> float:
        with mp.workdps(20):
            return float(evaluate(*(mp.mpf(float(v)) for v in values)))

    return at_double


def _documented(function: Callable, parameters: tuple[Parameter, ...], kind: str) -> Callable:
    keywords = ", ".join(
        p.name if p.default is None else f"{p.name}={p.default:g}" for p in parameters
    )
    function.__name__ = "stationary_policy"
    function.__doc__ = (
        f"pi(a) as a function of the keyword arguments {keywords}: {kind}.\n\n"
        "At pi_ref = 0 the value is the limit pi_ref -> 0+; at pi_ref = 1 it is 1; "
        "at margin 0 it is pi_ref."
    )
    return function
