"""Expressions in ball arithmetic: values with a radius that is proved.

The tree of an expression is walked with exact leaves, so that the ball that comes out
contains the value for every point of the balls that went in.
"""

from __future__ import annotations

from collections.abc import Mapping

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Abs, Add, Expr, Mul, Pow, Sum, Symbol, binomial, erf, exp, log, sign

__all__ = ["ball", "exact_ball", "upper_bound"]

_FUNCTIONS = {exp: arb.exp, log: arb.log, erf: arb.erf, Abs: abs, sign: arb.sgn}


def exact_ball(value: mp.mpf) -> arb:
    """The ball of radius 0 around a binary floating-point number."""
    sign_bit, mantissa, exponent, _ = value._mpf_
    return arb((int(-mantissa if sign_bit else mantissa), int(exponent)))


def ball(expr: Expr, values: Mapping[Symbol, arb], bits: int) -> arb:
    """A ball that contains ``expr`` at ``values``.

    Raises
    ------
    ValueError
        For a symbol without a value, or a function without a ball version.
    """
    with ctx.workprec(bits):
        return _ball(expr, dict(values))


def _ball(expr: Expr, values: dict[Symbol, arb]) -> arb:
    if expr in values:
        return values[expr]
    if expr.is_Rational:
        return arb(fmpq(int(expr.p), int(expr.q)))
    if isinstance(expr, Add):
        return sum((_ball(a, values) for a in expr.args), arb(0))
    if isinstance(expr, Mul):
        found = arb(1)
        for a in expr.args:
            found *= _ball(a, values)
        return found
    if isinstance(expr, Pow):
        base, power = expr.args
        if power.is_Integer:
            return _ball(base, values) ** int(power)
        if power.is_Rational and power.q == 2:
            return _ball(base, values).sqrt() ** int(power.p)
        return (_ball(base, values).log() * _ball(power, values)).exp()
    if isinstance(expr, Sum):
        index, first, last = expr.limits[0]
        terms = (expr.function.subs(index, k) for k in range(int(first), int(last) + 1))
        return sum((_ball(term, values) for term in terms), arb(0))
    if isinstance(expr, binomial) and expr.is_number:
        return _ball(expr.doit(), values)
    for kind, function in _FUNCTIONS.items():
        if isinstance(expr, kind):
            return function(_ball(expr.args[0], values))
    raise ValueError(f"{type(expr).__name__} {expr} has no value in ball arithmetic")


def upper_bound(value: arb) -> mp.mpf:
    """A number that |value| does not exceed."""
    mantissa, exponent = value.abs_upper().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))
