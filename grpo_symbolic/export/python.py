"""A formula as Python source: a function that needs NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Symbol
from sympy.printing.numpy import NumPyPrinter

__all__ = ["numpy_source"]


def numpy_source(
    name: str,
    parameters: Sequence[str],
    form: Expr,
    stages: Sequence[tuple[Symbol, Expr]],
    documentation: str,
) -> str:
    """Source of a keyword-only NumPy function.

    Parameters
    ----------
    name : str
        Name of the function.
    parameters : sequence of str
        Its keywords; ``form`` and ``stages`` use symbols of these names.
    form : Expr
        The value returned.
    stages : sequence of (Symbol, Expr)
        Assigned first, in order.
    documentation : str
        The docstring.
    """
    printer = NumPyPrinter({"fully_qualified_modules": True})
    used = form.free_symbols.union(*(part.free_symbols for _, part in stages))
    unused = [p for p in parameters if p not in {str(s) for s in used}]
    lines = [
        "import numpy",
        "",
        "",
        f"def {name}(*, {', '.join(parameters)}):",
        f'    """{documentation}"""',
        *(f"    {p} = numpy.asarray({p}, dtype=float)" for p in parameters if p not in unused),
        '    with numpy.errstate(all="ignore"):  # from branches that are not taken',
        *(f"        {symbol} = {printer.doprint(part)}" for symbol, part in stages),
        f"        return {printer.doprint(form)}",
    ]
    return "\n".join(lines)
