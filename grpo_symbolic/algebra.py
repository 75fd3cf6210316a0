"""Exact algebra on a domain: equality to zero, signs, tidy factors.

Every function here is decided by polynomial arithmetic on a normal form: the sign
of an expression needs no solver and no sampling. Nothing is assumed that the
domain does not grant, and what stays undecided is answered with None.
"""

from __future__ import annotations

from functools import lru_cache

from sympy import (
    Add,
    Dummy,
    Expr,
    Integer,
    Mul,
    Number,
    Pow,
    Rational,
    S,
    Sum,
    collect,
    exp,
    factor,
    together,
)

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain
from grpo_symbolic.normal_form import defined, is_power_of_exponential, normal_form, normal_forms
from grpo_symbolic.orthant_sign import Sign
from grpo_symbolic.quotient_field import TooLarge

__all__ = [
    "Sign",
    "has_plain_numbers",
    "is_defined",
    "is_zero",
    "oriented_factors",
    "positive_numerator",
    "same",
    "sign",
    "sums_of",
    "tidy",
    "tidy_factors",
]

# Beyond this many symbols or operations nothing is factored: the expression stays as it is.
_MAX_SYMBOLS = 8
_MAX_TIDY = 250
# Numbers beyond it make the factors of polynomials expensive.
_LARGE = 10**30


def sign(expr: Expr, domain: Domain) -> Sign | None:
    """The sign of ``expr`` everywhere on ``domain``, or None where it is undecided.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> from grpo_symbolic.domain import Domain
    >>> sign(s.pi_ref * (s.pi_ref - 1), Domain.of(s.pi_ref)).name
    'NEGATIVE'
    """
    found = normal_form(S(expr), domain.extended(expr))
    if found is None:
        return None
    lowering, value = found
    decided = lowering.sign(value)
    if decided is not None and not lowering.domain.attained:
        # At an end that the coordinates only tend to, a strict sign may be lost.
        return Sign(max(-1, min(1, decided)))
    return decided


def is_zero(expr: Expr, domain: Domain) -> bool:
    """Whether ``expr`` is identically zero on ``domain``; False means *not shown*."""
    return same(S(expr), S.Zero, domain.extended(expr))


def same(left: Expr, right: Expr, domain: Domain) -> bool:
    """Whether two expressions have one normal form; False means *not shown*."""
    found = normal_forms((left, right), domain.relevant(left, right))
    if found is None:  # what they share may be what has no normal form
        found = normal_forms((left - right, S.Zero), domain)
    if found is None:
        return False
    try:
        return bool(found[0].field.subtract(*found[1]).top.is_zero())
    except TooLarge:
        return False


def is_defined(expr: Expr, domain: Domain, *others: Expr) -> bool:
    """Whether ``expr``, and all others, are real numbers everywhere; False means *not shown*.

    No divisor vanishes, no square root is one of a negative number, no logarithm one of a
    number that is not positive.
    """
    exprs = S(expr), *others
    return defined(domain.extended(*exprs), *exprs)


def positive_numerator(expr: Expr, domain: Domain) -> str | None:
    """The numerator in orthant coordinates, as text: the certificate of a sign."""
    found = normal_form(S(expr), domain.extended(expr))
    return None if found is None else found[0].field.text(found[1].top)


def has_plain_numbers(*exprs: Expr) -> bool:
    """Whether no number has so many digits that it makes factors expensive."""
    numbers = {n for e in exprs for n in S(e).atoms(Rational)}
    return all(max(abs(n.p), n.q) < _LARGE for n in numbers)


@lru_cache(maxsize=1024)
def oriented_factors(expr: Expr, domain: Domain) -> tuple[Expr, tuple[tuple[Expr, Expr], ...]]:
    """Factors of ``expr``, each turned so that it is positive where that is known.

    Returns
    -------
    coefficient : Expr
        The rational content with the overall sign.
    factors : tuple of (base, power)
    """
    domain = domain.extended(expr)
    coefficient: Expr = Integer(1)
    bases: list[tuple[Expr, Expr]] = []
    for item in Mul.make_args(_factored(expr)):
        base, power = item.as_base_exp()
        if isinstance(item, Number):
            coefficient *= item
            continue
        if isinstance(base, Add):
            content, base = base.as_content_primitive()
            coefficient *= content**power
        if isinstance(base, Add) and power.is_Integer:
            decided = sign(base, domain)
            if decided is not None and decided < 0:
                base, coefficient = (-base).expand(), coefficient * Integer(-1) ** power
            if any(p.is_number for p in base.atoms(Pow)):
                base = collect(base, sorted(base.free_symbols, key=str))
        bases.append((base, power))
    return coefficient, tuple(bases)


def _factored(expr: Expr) -> Expr:
    """One fraction of irreducible factors."""
    if not expr.has(Add):
        return expr
    found = normal_form(expr, Domain()) if expr.is_rational_function() else None
    if found is None or found[0].generators:
        shown: dict[Expr, Expr] = {Dummy(): e for e in _steep(expr)}
        hidden = {e: d for d, e in shown.items()}
        for root in _prime_roots(expr):
            dummy = Dummy()
            shown[dummy] = Pow(root.base, abs(root.exp))
            hidden[root] = dummy if root.exp > 0 else 1 / dummy
        return factor(together(expr.xreplace(hidden))).xreplace(shown)
    lowering, value = found
    return S.Zero if value.top.is_zero() else lowering.field.factored(value)


def sums_of(expr: Expr) -> list[Expr]:
    """The sums over a group, written out or by name, in an order that hashing does not change."""
    return sorted(expr.atoms(Sum, BernsteinMean), key=str)


def _steep(expr: Expr) -> list[Expr]:
    """Exponentials such as exp(20000 x): a polynomial in exp(x) would have that degree."""
    found = (e for e in expr.atoms(exp) if not is_power_of_exponential(e.args[0]))
    return sorted(found, key=str)


def _prime_roots(expr: Expr) -> list[Expr]:
    """A product's roots of polynomials without factors, which SymPy is long to see."""
    factors = Mul.make_args(expr)
    roots = [f for f in factors if f.is_Pow and abs(f.exp) == S.Half and f.base.is_Add]
    rest = Mul(*(f for f in factors if f not in roots))
    return [r for r in roots if not rest.has(r.base) and _is_prime(r.base)]


def _is_prime(polynomial: Expr) -> bool:
    """Whether a sum is a polynomial over the rationals that is seen to have no factors."""
    if not polynomial.is_polynomial():
        return False
    found = normal_form(polynomial, Domain())
    if found is None or found[0].generators:
        return False
    factored = found[0].field.factored(found[1])
    return factored.is_Add and factored.as_content_primitive()[0] == 1


def tidy(expr: Expr, domain: Domain | None = None) -> Expr:
    """One fraction of factors, each written positive: ``p(1 - p)``, never ``-p(p - 1)``.

    Expressions too large to factor are returned as they are.
    """
    expr = S(expr)
    if not expr.has(Add):
        return expr
    coefficient, bases = tidy_factors(expr, Domain() if domain is None else domain)
    return Mul(coefficient, *(base**power for base, power in bases))


def tidy_factors(expr: Expr, domain: Domain) -> tuple[Expr, tuple[tuple[Expr, Expr], ...]]:
    """The factors of :func:`tidy`, as :func:`oriented_factors`; sums over a group stay whole."""
    whole = [*sums_of(expr), *_steep(expr)] if expr.has(Sum, BernsteinMean, exp) else []
    closed: dict[Expr, Expr] = {s: Dummy(f"sum{i}", real=True) for i, s in enumerate(whole)}
    hidden = expr.xreplace(closed) if whole else expr
    domain = domain.extended(hidden).relevant(hidden)
    if hidden.count_ops() > _MAX_TIDY or len(domain.ranges) > _MAX_SYMBOLS:
        return S.One, ((expr, S.One),)
    coefficient, bases = oriented_factors(hidden, domain)
    shown = {symbol: s for s, symbol in closed.items()}
    return coefficient, tuple((b.xreplace(shown), p.xreplace(shown)) for b, p in bases)
