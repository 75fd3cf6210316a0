"""Expressions in ball arithmetic: values with a radius that is proved.

The tree of an expression is walked with exact leaves, so that the ball that comes out
contains the value for every point of the balls that went in. Equal parts are evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from math import comb
from operator import mul

from flint import arb, ctx, fmpq
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Heaviside,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    binomial,
    ceiling,
    cos,
    cosh,
    coth,
    erf,
    erfc,
    exp,
    floor,
    log,
    sign,
    sin,
    sinh,
    tan,
    tanh,
)

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.implicit_root import ImplicitRoot

_CONSTANTS = {
    S.Exp1: arb.const_e,
    S.Pi: arb.pi,
    S.EulerGamma: arb.const_euler,
    S.Catalan: arb.const_catalan,
}


def _absolute(value: arb) -> arb:
    return abs(value).nonnegative_part()


def _monotone(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A monotone function of a ball, from the ends where Arb has nothing for a wide one."""

    def apply(value: arb) -> arb:
        found = function(value)
        if found.is_finite() or not value.is_finite():
            return found
        return function(value.lower()).union(function(value.upper()))

    return apply


_FUNCTIONS = {
    exp: arb.exp,
    log: arb.log,
    erf: arb.erf,
    erfc: arb.erfc,
    floor: arb.floor,
    ceiling: arb.ceil,
    Abs: _absolute,
    sign: arb.sgn,
    Heaviside: lambda value: (1 + value.sgn()) / 2,  # what Max and Min have as derivative
    sin: arb.sin,
    cos: arb.cos,
    tan: arb.tan,
    asin: _monotone(arb.asin),
    acos: _monotone(arb.acos),
    atan: arb.atan,
    sinh: arb.sinh,
    cosh: arb.cosh,
    tanh: arb.tanh,
    coth: arb.coth,
    asinh: _monotone(arb.asinh),
    acosh: _monotone(arb.acosh),
    atanh: _monotone(arb.atanh),
}


def ball(expr: Expr, values: Mapping[Symbol, arb], bits: int) -> arb:
    """A ball that contains ``expr`` at ``values``, wherever ``expr`` is real there.

    A ball that begins at 0 is told from one that reaches below: `arb.nonnegative_part` makes
    it. Roots are taken of such a ball; a root of one that reaches below 0 is not a number,
    unless SymPy's assumptions make the radicand non-negative.

    Raises
    ------
    ValueError
        For a symbol without a value, or a function without a ball version.
    """
    return balls((expr,), values, bits)[0]


def balls(exprs: Sequence[Expr], values: Mapping[Symbol, arb], bits: int) -> list[arb]:
    """Several expressions at the same ``values``, as :func:`ball`; what they share, once."""
    known: dict[Expr, arb] = dict(values)
    with ctx.workprec(bits):
        return [_ball(expr, known) for expr in exprs]


def _ball(expr: Expr, known: dict[Expr, arb]) -> arb:
    found = known.get(expr)
    if found is None:
        found = known[expr] = _evaluated(expr, known)
    return found


def _evaluated(expr: Expr, values: dict[Expr, arb]) -> arb:
    if expr.is_Rational:
        return arb(fmpq(int(expr.p), int(expr.q)))
    if expr in _CONSTANTS:
        return _CONSTANTS[expr]()
    if isinstance(expr, Add):
        parts = [_ball(a, values) for a in expr.args]
        return _from_zero(sum(parts, arb(0)), parts)
    if isinstance(expr, Mul):
        parts = [_ball(a, values) for a in expr.args]
        return _from_zero(reduce(mul, parts), parts)
    if isinstance(expr, Pow):
        return _power(expr, values)
    if isinstance(expr, (Max, Min)):
        return reduce(
            arb.max if isinstance(expr, Max) else arb.min, (_ball(a, values) for a in expr.args)
        )
    if isinstance(expr, BernsteinMean):
        return _mean(expr, values)
    if isinstance(expr, ImplicitRoot):
        return _implicit_root(expr)
    if isinstance(expr, Sum):
        index, first, last = expr.limits[0]
        if not (first.is_Integer and last.is_Integer):
            raise ValueError(f"{expr} has no value in ball arithmetic: its ends are no integers")
        terms = (expr.function.subs(index, k) for k in range(int(first), int(last) + 1))
        return sum((_ball(term, values) for term in terms), arb(0))
    if isinstance(expr, binomial) and expr.is_number:
        return _ball(expr.doit(), values)
    if expr.func in _FUNCTIONS:
        return _FUNCTIONS[expr.func](_ball(expr.args[0], values))
    raise ValueError(f"{type(expr).__name__} {expr} has no value in ball arithmetic")


def _mean(expr: BernsteinMean, values: dict[Expr, arb]) -> arb:
    """A mean over a group as the sum that it is, from its far end inwards."""
    if not expr.size.is_Integer:
        raise ValueError(f"{expr} has no value in ball arithmetic: its size is no integer")
    n = int(expr.size)
    row = [_ball(expr.value(S(k)), values) for k in range(n + 1)]
    for _ in range(expr.order):
        row = [(b - a) * (len(row) - 1) for a, b in pairwise(row)]
    m = _ball(expr.argument, values)
    rest = _ball(1 - expr.argument, values)
    n = len(row) - 1
    powers = [arb(1)]
    for _ in range(n):
        powers.append(powers[-1] * m)
    total, weight = arb(0), arb(1)
    for k in range(n, -1, -1):
        total += row[k] * (powers[k] * weight * comb(n, k))
        weight = weight * rest
    return total


def _implicit_root(expr: ImplicitRoot) -> arb:
    """The root, from places a little below and above at which the two sides compare as they do."""
    if expr.free_symbols:
        raise ValueError(f"{expr} has no value in ball arithmetic: it is no number")
    p = Dummy("p", positive=True)
    balance = expr.args[0](p) - expr.args[1](p)
    near, apart = Rational(expr.evalf(ctx.prec)), Rational(1, 2 ** (ctx.prec // 2))
    ends = [arb(fmpq(int(e.p), int(e.q))) for e in (near * (1 - apart), near * (1 + apart))]
    below, above = (_ball(balance, {p: end}) for end in ends)
    if not below < 0 < above:
        raise ValueError(f"{expr} has no value in ball arithmetic: the sides are not told apart")
    return ends[0].union(ends[1])


#: Roots of a higher order are powers of the exponential.
_MAX_ORDER = 1000


def _power(expr: Pow, values: dict[Expr, arb]) -> arb:
    base, power = expr.args
    value = _ball(base, values)
    if not power.is_Rational or power.q > _MAX_ORDER:
        return (value.log() * _ball(power, values)).exp()
    if not value >= 0 and not value < 0 and base.is_nonnegative:
        value = value.nonnegative_part()
    if power.q > 1:
        value = _root(value, int(power.q))
    found = _whole_power(value, abs(int(power.p)))
    return found if power > 0 else 1 / found


def _root(value: arb, order: int) -> arb:
    """The root of a ball; one that begins at 0 is as wide as the root of its upper end."""
    if value.is_zero():
        return value
    if value >= 0 and not value > 0:
        return arb(0).union(value.upper().root(order)).nonnegative_part()
    return value.sqrt() if order == 2 else value.root(order)


def _whole_power(value: arb, power: int) -> arb:
    """A power with a positive whole exponent; from the ends where the ball is wide."""
    found = value**power
    if power == 1 or found > 0 or found < 0 or not value.is_finite():
        return found
    if value < 0:
        return _whole_power(-value, power) * (-1) ** power
    if value > 0:
        return (value.lower() ** power).union(value.upper() ** power)
    if power % 2 == 0 or value >= 0:
        return arb(0).union(value.abs_upper() ** power).nonnegative_part()
    return (-((-value.lower()) ** power)).union(value.upper() ** power)


def _from_zero(found: arb, parts: list[arb]) -> arb:
    """A sum or product of non-negative parts, without what rounding puts below 0."""
    if not found >= 0 and all(part >= 0 for part in parts):
        return found.nonnegative_part()
    return found
