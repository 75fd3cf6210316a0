"""A closed form turned around: the weight at which it has a given value."""

from __future__ import annotations

from sympy import Dummy, Expr, Poly, Pow, S, Symbol, cancel, degree, fraction, sqrt, together

from grpo_symbolic import symbols

PI = symbols.pi


def inverse(formula: Expr, beta: Symbol) -> tuple[Expr, Expr] | None:
    """The weight at which a formula with one square root is p, and what that is divided by."""
    roots = [p for p in formula.atoms(Pow) if p.exp == S.Half and p.has(beta)]
    if len(roots) != 1:
        return None
    root = Dummy("root")
    line = fraction(together(formula.xreplace({roots[0]: root})))
    if line[1].has(root) or not line[0].is_polynomial(root) or degree(line[0], root) != 1:
        return None
    factor, start = (c / line[1] for c in Poly(line[0], root).all_coeffs())
    squared = fraction(together((PI - start) ** 2 - factor**2 * roots[0].base))[0]
    if not squared.is_polynomial(beta):
        return None
    coefficients = Poly(squared, beta).all_coeffs()[::-1]
    if len(coefficients) == 2:
        return cancel(-coefficients[0] / coefficients[1]), coefficients[1]
    if len(coefficients) == 3 and coefficients[1] == 0:
        return sqrt(cancel(-coefficients[0] / coefficients[2])), coefficients[2]
    return None
