"""Expressions in ball arithmetic: values with a radius that is proved.

The steps of an expression begin with exact leaves, so that the ball that comes out
contains the value for every point of the balls that went in. Equal parts are evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from math import comb
from operator import mul
from typing import TypeAlias

from flint import arb, ctx, fmpq
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Heaviside,
    Integer,
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
    with ctx.workprec(bits):
        return _program(tuple(exprs))(values)


@lru_cache(maxsize=128)
def _program(exprs: tuple[Expr, ...]) -> Program:
    return Program(exprs)


#: What is done with the balls at some places of the list of those that are known.
_Operation: TypeAlias = Callable[[list[arb], Sequence[int]], arb]


class Program:
    """The steps that evaluate some expressions, found once and done for each ball.

    A step is one call however many parts it has: under a limit of work each call is counted,
    which takes longer than the arithmetic.

    Parameters
    ----------
    exprs : sequence of Expr

    Raises
    ------
    ValueError
        For a function without a ball version.
    """

    def __init__(self, exprs: Sequence[Expr]) -> None:
        self._places: dict[Expr, int] = {}
        self._steps: list[tuple[_Operation, Sequence[int]] | Symbol] = []
        self._found = [self._place(expr) for expr in exprs]

    def _place(self, expr: Expr) -> int:
        if expr not in self._places:
            if isinstance(expr, Symbol):
                step: tuple[_Operation, Sequence[int]] | Symbol = expr
            else:
                operation, parts = _operation(expr)
                step = operation, [self._place(part) for part in parts]
            self._places[expr] = len(self._steps)
            self._steps.append(step)
        return self._places[expr]

    def __call__(self, values: Mapping[Symbol, arb]) -> list[arb]:
        """The expressions at these balls, at the working precision."""
        known: list[arb] = []
        for step in self._steps:
            if isinstance(step, Symbol):
                if step not in values:
                    raise ValueError(f"Symbol {step} has no value in ball arithmetic")
                known.append(values[step])
            else:
                known.append(step[0](known, step[1]))
        return [known[k] for k in self._found]


def _operation(expr: Expr) -> tuple[_Operation, Sequence[Expr]]:
    """How a value is found, and from the values of which parts."""
    if expr.is_Rational:
        exact = fmpq(int(expr.p), int(expr.q))
        return lambda known, places: arb(exact), ()
    if expr in _CONSTANTS:
        constant = _CONSTANTS[expr]
        return lambda known, places: constant(), ()
    if isinstance(expr, (Add, Mul)):
        return _added if isinstance(expr, Add) else _multiplied, expr.args
    if isinstance(expr, Pow):
        return _power(expr)
    if isinstance(expr, (Max, Min)):
        chosen = arb.max if isinstance(expr, Max) else arb.min
        return lambda known, places: reduce(chosen, [known[k] for k in places]), expr.args
    if isinstance(expr, BernsteinMean):
        return _mean(expr)
    if isinstance(expr, ImplicitRoot):
        return lambda known, places: _implicit_root(expr), ()
    if isinstance(expr, Sum):
        return _sum(expr)
    if isinstance(expr, binomial) and expr.is_number:
        return lambda known, places: known[places[0]], (expr.doit(),)
    if expr.func in _FUNCTIONS:
        function = _FUNCTIONS[expr.func]
        return lambda known, places: function(known[places[0]]), (expr.args[0],)
    raise ValueError(f"{type(expr).__name__} {expr} has no value in ball arithmetic")


def _sum(expr: Sum) -> tuple[_Operation, Sequence[Expr]]:
    """A sum of numbers times whole powers of a few bases, else term by term."""
    index, first, last = expr.limits[0]
    if not (first.is_Integer and last.is_Integer):
        raise ValueError(f"{expr} has no value in ball arithmetic: its ends are no integers")
    counts = [{index: Integer(k)} for k in range(int(first), int(last) + 1)]
    weight, powers = Integer(1), []
    for factor in Mul.make_args(expr.function):
        base, exponent = factor.as_base_exp()
        if factor.free_symbols <= {index}:
            weight *= factor
        else:
            powers.append((base, [exponent.xreplace(k) for k in counts]))
    plain = (index not in base.free_symbols for base, _ in powers)
    if not all(plain) or not all(e.is_Integer for _, row in powers for e in row):
        terms = [expr.function.xreplace(k) for k in counts]
        return lambda known, places: sum([known[k] for k in places], arb(0)), terms
    weights = [weight.xreplace(k) for k in counts]
    exponents = [[int(e) for e in row] for _, row in powers]

    def total(known: list[arb], places: Sequence[int]) -> arb:
        # A factor a count: each is 1 where the sum has no such power.
        rows = [[known[p] ** e for e in row] for p, row in zip(places, exponents, strict=False)]
        found = (known[k] for k in places[len(rows) :])
        terms = (reduce(mul, factors) for factors in zip(found, *rows, strict=True))
        return sum(terms, arb(0))

    return total, [*(base for base, _ in powers), *weights]


def _added(known: list[arb], places: Sequence[int]) -> arb:
    total = arb(0)
    for k in places:
        total = total + known[k]
    return total if total >= 0 else _from_zero(total, [known[k] for k in places])


def _multiplied(known: list[arb], places: Sequence[int]) -> arb:
    product = known[places[0]]
    for k in places[1:]:
        product = product * known[k]
    return product if product >= 0 else _from_zero(product, [known[k] for k in places])


def _mean(expr: BernsteinMean) -> tuple[_Operation, Sequence[Expr]]:
    """A mean over a group as the sum that it is, from its far end inwards."""
    if not expr.size.is_Integer:
        raise ValueError(f"{expr} has no value in ball arithmetic: its size is no integer")

    def mean(known: list[arb], places: Sequence[int]) -> arb:
        *row, m, rest = (known[k] for k in places)
        for _ in range(expr.order):
            row = [(b - a) * (len(row) - 1) for a, b in pairwise(row)]
        n = len(row) - 1
        powers = [arb(1)]
        for _ in range(n):
            powers.append(powers[-1] * m)
        total, weight = arb(0), arb(1)
        for k in range(n, -1, -1):
            total += row[k] * (powers[k] * weight * comb(n, k))
            weight = weight * rest
        return total

    row = (expr.value(S(k)) for k in range(int(expr.size) + 1))
    return mean, (*row, expr.argument, 1 - expr.argument)


def _implicit_root(expr: ImplicitRoot) -> arb:
    """The root, from places a little below and above at which the two sides compare as they do."""
    if expr.free_symbols:
        raise ValueError(f"{expr} has no value in ball arithmetic: it is no number")
    p = Dummy("p", positive=True)
    balance = expr.args[0](p) - expr.args[1](p)
    near, apart = Rational(expr.evalf(ctx.prec)), Rational(1, 2 ** (ctx.prec // 2))
    ends = [arb(fmpq(int(e.p), int(e.q))) for e in (near * (1 - apart), near * (1 + apart))]
    below, above = (Program((balance,))({p: end})[0] for end in ends)
    if not below < 0 < above:
        raise ValueError(f"{expr} has no value in ball arithmetic: the sides are not told apart")
    return ends[0].union(ends[1])


#: Roots of a higher order are powers of the exponential.
_MAX_ORDER = 1000


def _power(expr: Pow) -> tuple[_Operation, Sequence[Expr]]:
    base, power = expr.args
    if not power.is_Rational or power.q > _MAX_ORDER:
        return lambda known, places: (known[places[0]].log() * known[places[1]]).exp(), expr.args
    order, whole, inverse = int(power.q), abs(int(power.p)), bool(power < 0)
    assumed = bool(base.is_nonnegative)

    def raised(known: list[arb], places: Sequence[int]) -> arb:
        value = known[places[0]]
        if assumed and not value >= 0 and not value < 0:
            value = value.nonnegative_part()
        if order > 1:
            value = _root(value, order)
        found = _whole_power(value, whole)
        return 1 / found if inverse else found

    return raised, (base,)


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
