"""Elementary functions of one argument by their SymPy names: what formulas and files may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import sympy
from sympy import Expr, Pow, Symbol

_NAMES = (
    *("Abs", "sign", "exp", "log", "erf", "erfc"),
    *(
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
    ),
)
ELEMENTARY: dict[str, type[sympy.Function]] = {name: getattr(sympy, name) for name in _NAMES}

#: Of a number that is written out as a power.
_MAX_BITS = 10**5
_MAX_EXPONENT = 10**100
#: Of a function that is none of these, such as a factorial, whose digits SymPy writes out.
_MAX_ARGUMENT = 10**4
_EXPONENTIALS = (sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh)
#: Of an angle, whose sine is written by that of the angle itself.
_MAX_MULTIPLE = 8
#: An expression and how it has to compare with 0.
Need = tuple[Expr, str]
_WITHIN: dict[str, tuple[tuple[Callable[[Expr], Expr], str], ...]] = {
    "log": ((lambda x: x, ">"),),
    "asin": ((lambda x: 1 - x, ">="), (lambda x: 1 + x, ">=")),
    "acos": ((lambda x: 1 - x, ">="), (lambda x: 1 + x, ">=")),
    "atanh": ((lambda x: 1 - x, ">"), (lambda x: 1 + x, ">")),
    "acosh": ((lambda x: x - 1, ">="),),
    "tan": ((sympy.cos, "!="),),
}
#: Functions that are real numbers wherever their needs hold; of others nothing is known.
KNOWN = frozenset({*_NAMES, "Max", "Min", "binomial", "floor", "ceiling", "Heaviside", "Piecewise"})
#: Odd and increasing where they are defined: of the sign of their argument.
ODD = frozenset({"asin", "atan", "asinh", "atanh", "erf"})
#: Positive on (0, 1).
POSITIVE_INSIDE = frozenset({"sin", "acos"})
#: In [-1, 1] everywhere.
BOUNDED = frozenset({"sin", "cos", "erf"})
#: Positive everywhere.
POSITIVE = frozenset({"erfc"})


def in_exponentials(expr: Expr) -> Expr | None:
    """A hyperbolic function by exponentials of its argument; None for any other."""
    if isinstance(expr, sympy.sinh | sympy.cosh | sympy.tanh):
        return expr.rewrite(sympy.exp)
    return None


def in_sines(expr: Expr) -> Expr | None:
    """A sine or cosine of a sum or multiple by those of its parts, a tangent by both."""
    if isinstance(expr, sympy.tan):
        return sympy.sin(expr.args[0]) / sympy.cos(expr.args[0])
    if not isinstance(expr, sympy.sin | sympy.cos):
        return None
    terms = sympy.Add.make_args(expr.args[0].expand())
    if any(term.is_number or abs(term.as_coeff_Mul()[0]) > _MAX_MULTIPLE for term in terms):
        return None
    written = sympy.expand_trig(expr.func(sympy.Add(*terms)))
    return None if written == expr else written


def in_reach(expr: Expr, point: Mapping[Symbol, Expr]) -> bool:
    """Whether no power or exponential of symbols is too long a number at a point.

    SymPy asks for the sign of an exponential by its digits, which of a tower do not end.
    """
    powers, others = _long_parts(expr)
    numbers = {s: sympy.S(value) for s, value in point.items()}
    for power in powers:
        exponent = power.args[-1].xreplace(numbers)
        if not isinstance(power, Pow):
            if exponent.is_number and exponent.has(*_EXPONENTIALS):
                size = abs(exponent.n(5))
                if not (size.is_finite and size < _MAX_EXPONENT):
                    return False
            continue
        base = power.base.xreplace(numbers)
        if base.is_Rational and exponent.is_Rational:
            bits = max(base.p.bit_length(), base.q.bit_length())
            if bits * abs(exponent) > _MAX_BITS:
                return False
    return all(
        any(value.is_number and abs(value.n(5)) < _MAX_ARGUMENT for value in enough)
        for part in others
        for enough in _lengths(*(arg.xreplace(numbers) for arg in part.args), of=part)
    )


def _lengths(*args: Expr, of: Expr) -> tuple[tuple[Expr, ...], ...]:
    """What has to be small for a function to be a short number: one of each of these."""
    if isinstance(of, sympy.binomial):
        return ((args[1], args[0] - args[1]),)
    return tuple((arg,) for arg in args)


@lru_cache(maxsize=256)
def _long_parts(expr: Expr) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """Powers with symbols in the exponent and functions that are not known, inner ones first."""
    powers = (p for p in expr.atoms(Pow, *_EXPONENTIALS) if p.args[-1].free_symbols)
    others = (p for p in expr.atoms(sympy.Function) if type(p).__name__ not in KNOWN - {"binomial"})
    first, second = (sorted(found, key=lambda p: p.count_ops()) for found in (powers, others))
    return tuple(first), tuple(second)


def exponential_of(expr: Expr) -> Expr | None:
    """What the exponential of an inverse hyperbolic function is, without exponentials."""
    if isinstance(expr, sympy.asinh | sympy.acosh | sympy.atanh):
        return sympy.exp(expr.rewrite(sympy.log)).expand(power_exp=True)
    return None


def needs_of_value(name: str, argument: Expr) -> tuple[Need, ...]:
    """Where a function is a real number: what has to compare so with 0."""
    return tuple((part(argument), relation) for part, relation in _WITHIN.get(name, ()))


def needs_of_power(base: Expr, power: Expr) -> tuple[Need, ...]:
    """Where ``base**power`` is a real number: the same."""
    if power.is_Integer:
        return ((base, "!="),) if power.is_nonpositive else ()
    if power.is_Rational:
        return ((base, ">" if power.is_negative else ">="),)
    return () if base.is_number and base.is_positive else ((base, ">"),)


def needs_of_part(part: Expr) -> tuple[Need, ...]:
    """Where a power or a function of real numbers is a real number: the same."""
    if isinstance(part, sympy.exp):
        return ()
    if isinstance(part, Pow):
        return needs_of_power(*part.args)
    return needs_of_value(type(part).__name__, part.args[0]) if part.args else ()
