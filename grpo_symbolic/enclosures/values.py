"""Expressions at exact points: a ball around the value, or a proof that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from flint import arb, ctx
from sympy import Expr, Function, Pow, Rational, S, Symbol, nan, oo, zoo

from grpo_symbolic.algebra import is_zero
from grpo_symbolic.domain import Domain
from grpo_symbolic.elementary import Need, needs_of_part
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import sign_of
from grpo_symbolic.surd import as_rational

_BITS = (64, 256, 1024, 4096)
#: Numbers of more bits are not inserted: SymPy takes squares out of roots, and factors for it.
_LONG = 2048
#: The signs of a number that compares so with 0.
_SIGNS = {"!=": (-1, 1), ">=": (0, 1), ">": (1,)}


def enclosed(expr: Expr, point: Mapping[Symbol, Expr], bits: int) -> arb | None:
    """A ball for a value; what is exactly 0, or no fraction, shows in numbers alone."""
    with suppress(ValueError, ZeroDivisionError), ctx.workprec(bits):
        found = ball(expr, {s: arb(as_rational(v)) for s, v in point.items()}, bits)
        if found.is_finite():
            return found
    if are_long(point):
        return None
    with suppress(ValueError, ZeroDivisionError):
        found = ball(_inserted(expr, tuple(point.items())), {}, bits)
        if found.is_finite():
            return found
    return None


def has_no_value(expr: Expr, point: Mapping[Symbol, Expr]) -> bool:
    """Whether a divisor, radicand or the like of ``expr`` is proved to be one that cannot be.

    SymPy's own answer to whether a number is real rests on a few of its digits, and on what was
    asked before; here the sign is one of a ball, or 0 by a normal form.
    """
    for value, relation in _needs(expr):
        sign = _sign(value, point)
        if sign is not None and sign not in _SIGNS[relation]:
            return True
    if are_long(point):
        return False
    with suppress(ValueError):  # of a maximum with a part of which this is not known
        return expr.xreplace(dict(point)).has(nan, zoo, oo, -oo)
    return False


@lru_cache(maxsize=256)
def _needs(expr: Expr) -> tuple[Need, ...]:
    """Of all parts, small ones first: the same at every point."""
    parts = sorted(expr.atoms(Pow, Function), key=lambda p: (p.count_ops(), str(p)))
    return tuple(need for part in parts for need in needs_of_part(part))


def _sign(expr: Expr, point: Mapping[Symbol, Expr]) -> int | None:
    """The sign of a value; None where it is not told from 0 and not shown to be 0."""
    for bits in _BITS:
        found = enclosed(expr, point, bits)
        if found is not None and (sign := sign_of(found)):
            return sign
    if are_long(point):
        return None
    with suppress(ValueError):
        return 0 if is_zero(_inserted(expr, tuple(point.items())), Domain()) else None
    return None


@lru_cache(maxsize=64)
def _inserted(expr: Expr, point: tuple[tuple[Symbol, Expr], ...]) -> Expr:
    """The number, for which SymPy looks under roots: once for all precisions that are tried."""
    return expr.subs(dict(point))


def are_long(point: Mapping[Symbol, Expr]) -> bool:
    """Whether a number has so many digits that SymPy, which looks for its factors, may not end."""
    numbers = {n for value in point.values() for n in S(value).atoms(Rational)}
    return any(max(abs(n.p), n.q).bit_length() > _LONG for n in numbers)
