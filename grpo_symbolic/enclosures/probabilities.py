"""Expressions in a probability as functions of both shares, p and 1 − p, to be enclosed.

An expression is rewritten once so that neither share is a difference: a factor 1 − p becomes q,
an affine c0 + c1 p becomes c0 q + (c0 + c1) p, logarithms of products are split, and a sum over
a group becomes a Bernstein polynomial. Then it can be followed to both ends, where one share
vanishes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce
from operator import add, mul
from typing import Any

from flint import arb, fmpq, fmpq_poly
from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Pow,
    Rational,
    Sum,
    Symbol,
    expand_log,
    expand_mul,
    log,
    sign,
)

from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import Function, Region
from grpo_symbolic.surd import Surd, as_rational

# Parts without the unknown are balls, others are jets.
_Evaluator = Callable[[Region], Any]
_NO_SCALE = (fmpq(0), fmpq(0))
#: Both shares, by which every expression is rewritten.
_P, _Q = Dummy("p", positive=True), Dummy("q", positive=True)


def enclosed(expr: Expr, unknown: Symbol, scale: tuple[fmpq, fmpq] = _NO_SCALE) -> Function:
    """The jet of an expression in ``unknown`` alone, as a function of the region.

    Parameters
    ----------
    expr : Expr
    unknown : Symbol
        p, between 0 and 1.
    scale : pair of fmpq
        Exponents of p and 1 − p that multiply the expression, term by term.

    Raises
    ------
    ValueError
        For a function of the unknown that has no enclosure.
    """
    shares = zip((_P, _Q), scale, strict=True)
    factor = Mul(*(share ** Rational(int(e.p), int(e.q)) for share, e in shares))
    terms = _terms(expr, unknown)
    # Powers of the shares meet in each term, where they cancel exactly.
    parts = _compiled(terms if factor == 1 else expand_mul(terms * factor))

    def whole(region: Region) -> Jet:
        found = parts(region)
        return found if isinstance(found, Jet) else region.constant(found)

    return whole


def singular(expr: Expr, unknown: Symbol) -> tuple[fmpq, fmpq]:
    """The least exponents of p and 1 − p in the terms of an expression, or 0."""
    terms = Add.make_args(_terms(expr, unknown))
    found = []
    for share in (_P, _Q):
        powers = [factor.as_base_exp() for term in terms for factor in Mul.make_args(term)]
        found.append(min([Integer(0), *(e for b, e in powers if b == share and e.is_Rational)]))
    return as_rational(found[0]), as_rational(found[1])


def value_at_end(expr: Expr, unknown: Symbol, end: int, exponent: fmpq) -> Expr | None:
    """The exact value of expr·s^exponent at unknown = ``end``, s the share that vanishes there.

    None where it is not found by writing the product out.
    """
    left, full = (_Q, _P) if end == 1 else (_P, _Q)
    power = Rational(int(exponent.p), int(exponent.q))
    product = (_split(expr, unknown) * left**power).expand()
    value = product.subs(left, 0).subs(full, 1)
    return value if value.is_number and value.is_finite else None


@lru_cache(maxsize=1 << 8)
def _terms(expr: Expr, unknown: Symbol) -> Expr:
    """The expression in p and q, as a sum: at one point it is asked for at several scales."""
    return expand_mul(_split(expr, unknown))


def _split(expr: Expr, unknown: Symbol) -> Expr:
    """The expression in p and q, without differences of a share and a number."""
    if not expr.has(unknown):
        return expr
    if expr == unknown:
        return _P
    if isinstance(expr, BernsteinMean):
        return _split(expr.doit(), unknown)
    if isinstance(expr, Sum):
        index, first, last = expr.limits[0]
        return Sum(_split(expr.function, unknown), (index, first, last))
    if isinstance(expr, Add):
        affine = [a for a in expr.args if not a.has(unknown) or not (a / unknown).has(unknown)]
        rest = Add(*(_split(a, unknown) for a in expr.args if a not in affine))
        total = Add(*affine)
        if not total.has(unknown):
            return total + rest
        low = total.subs(unknown, 0)
        return low * _Q + (low + total.coeff(unknown)).expand() * _P + rest
    parts = [_split(a, unknown) for a in expr.args]
    found = expr.func(*parts)
    return expand_log(found) if isinstance(found, log) else found


def _compiled(expr: Expr) -> _Evaluator:
    if not expr.has(_P, _Q):
        return lambda region: _number(expr, region.bits)
    if expr in (_P, _Q):
        return _power_of_share(expr == _Q, fmpq(1))
    if isinstance(expr, Add):
        rise, fall = (Integer(0) + expr.coeff(log(share)) for share in (_P, _Q))
        if rise != 0 and rise + fall == 0:
            factor = _compiled(rise)
            rest = _compiled(expr - (rise * log(_P)).expand() - (fall * log(_Q)).expand())
            return lambda region: rest(region) + region.log_odds() * factor(region)
    if isinstance(expr, Add | Mul):
        parts = [_compiled(a) for a in expr.args]
        fold = add if isinstance(expr, Add) else mul
        return lambda region: reduce(fold, [part(region) for part in parts])
    if isinstance(expr, Pow) and expr.exp.is_Rational:
        exponent = as_rational(expr.exp)
        if expr.base in (_P, _Q):
            return _power_of_share(expr.base == _Q, exponent)
        base = _compiled(expr.base)
        return lambda region: base(region).power(exponent)
    if isinstance(expr, log):
        if expr.args[0] in (_P, _Q):
            complement = expr.args[0] == _Q
            return lambda region: region.log(complement)
        inner = _compiled(expr.args[0])
        return lambda region: inner(region).log()
    if isinstance(expr, Abs):
        inner = _compiled(expr.args[0])
        return lambda region: inner(region).magnitude()
    if isinstance(expr, sign):
        inner = _compiled(expr.args[0])
        return lambda region: inner(region).side()
    if isinstance(expr, Sum):
        return _polynomials(expr)
    raise ValueError(f"{type(expr).__name__} of pi(a) has no enclosure")


def _power_of_share(complement: bool, exponent: fmpq) -> _Evaluator:
    return lambda region: region.power(complement, exponent)


@lru_cache(maxsize=1 << 10)
def _number(expr: Expr, bits: int) -> arb:
    return ball(expr, {}, bits)


@lru_cache(maxsize=256)
def _polynomials(total: Sum) -> _Evaluator:
    """A sum of c(k) m^i(k) (1 − m)^j(k) with whole powers, m an affine image of p."""
    terms: dict[tuple[fmpq, fmpq], list[tuple[Surd, int, int]]] = {}
    for addend in Add.make_args(total.function):
        share, found = _group_terms(Sum(addend, *total.limits))
        terms.setdefault(share, []).extend(found)
    polynomials = [(share, _bernstein(found)) for share, found in terms.items()]
    last: list[Any] = [None, None]

    def value(region: Region) -> Jet:  # the same sum stands in several terms of a condition
        if last[0] is not region:
            parts = [region.polynomial(b, *share) for share, b in polynomials]
            last[:] = region, reduce(add, parts)
        return last[1]

    return value


def _group_terms(total: Sum) -> tuple[tuple[fmpq, fmpq], list[tuple[Surd, int, int]]]:
    """m at p = 1 and at p = 0, and c, i, j of each term c m^i (1 − m)^j."""
    index, first, last = total.limits[0]
    powers: dict[Expr, Expr] = {}
    weight: Expr = Integer(1)
    for factor in Mul.make_args(total.function):
        base, exponent = factor.as_base_exp()
        if base.has(_P, _Q):
            powers[base] = powers.get(base, Integer(0)) + exponent
        else:
            weight *= factor
    rates = {base: _rates(base) for base in powers}
    rising = [base for base, (high, low) in rates.items() if high > low]
    falling = [base for base in rates if base not in rising]
    if len(rising) > 1 or len(falling) > 1:
        raise ValueError("a sum over a group that is not a polynomial has no enclosure")
    high, low = rates[rising[0]] if rising else (1 - r for r in rates[falling[0]])
    if falling and rates[falling[0]] != (1 - high, 1 - low):
        raise ValueError("a sum over a group that is not a polynomial has no enclosure")
    above, below = (powers[b[0]] if b else Integer(0) for b in (rising, falling))
    terms = []
    for count in map(Integer, range(int(first), int(last) + 1)):
        at = {index: count}
        exponents = int(above.xreplace(at)), int(below.xreplace(at))
        terms.append((Surd.of(weight.xreplace(at)), *exponents))
    return (high, low), terms


def _rates(base: Expr) -> tuple[fmpq, fmpq]:
    """The coefficients of p and q in an affine function."""
    high, low = base.coeff(_P), base.coeff(_Q)
    if base - high * _P - low * _Q != 0 or not (high.is_Rational and low.is_Rational):
        raise ValueError("a sum over a group that is not a polynomial has no enclosure")
    return as_rational(high), as_rational(low)


def _bernstein(terms: list[tuple[Surd, int, int]]) -> Bernstein:
    """Σ c m^i (1 − m)^j in the Bernstein basis."""
    n = max(i + j for _, i, j in terms)
    # In odds t: m^i (1 − m)^j is t^i (1 + t)^(n − i − j) over (1 + t)^n.
    rows: dict[int, fmpq_poly] = {}
    for c, i, j in terms:
        lifted = fmpq_poly([1, 1]) ** (n - i - j)
        for radicand, value in c.terms:
            row = rows.setdefault(radicand, fmpq_poly([0]))
            rows[radicand] = row + fmpq_poly([0] * i + [value]) * lifted
    ways = (fmpq_poly([1, 1]) ** n).coeffs()
    return Bernstein(
        tuple(
            Surd(tuple((d, row[k] / ways[k]) for d, row in sorted(rows.items()) if row[k]))
            for k in range(n + 1)
        )
    )
