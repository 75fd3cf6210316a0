r"""Antiderivatives of drifts and of marginal penalties, in closed form where one is found.

A drift is a polynomial, a sum over a group of terms :math:`c\, t^a (1 - t)^b` (whose
integrals are incomplete beta functions), or, for large groups, algebraic in
:math:`\sqrt{t (1 - t)}`, where :math:`t = \sin^2 \theta` helps. What has no closed form
stays an integral with a variable upper end: its derivative is known all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import (
    Add,
    Dummy,
    Expr,
    Integral,
    Mul,
    Piecewise,
    Poly,
    Rational,
    RootSum,
    S,
    Symbol,
    apart,
    asin,
    betainc,
    cancel,
    expand_log,
    factor_terms,
    fraction,
    integrate,
    log,
    nan,
    oo,
    sqrt,
    together,
    zoo,
)
from sympy.polys.polyerrors import BasePolynomialError

from grpo_symbolic.algebra import is_zero, sign, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.work import Exhausted, limited

# Polynomials up to this degree are written out in powers.
_WRITTEN_OUT = 12
# An integrand with more operations than this is not given to a general integrator.
_MAX_OPERATIONS = 60
_STEPS = 1_000_000
_ANCHORS = (S.Zero, S.One, Rational(1, 2))


def antiderivative(integrand: Expr, t: Symbol, domain: Domain) -> tuple[Expr, Expr]:
    """An antiderivative on 0 < t < 1, and the point (0, 1 or 1/2) at which it vanishes.

    The point is the first at which the antiderivative is finite: 0 unless it diverges there.
    Without a closed form, an ``Integral`` from that point to ``t``.

    Returns
    -------
    expression, anchor : Expr
    """
    found = primitive(integrand, t, domain)
    for anchor in _ANCHORS:
        value = vanishing_at(integrand if found is None else found, t, anchor)
        if value.has(zoo, oo, nan, S.NegativeInfinity):
            continue
        if found is None:
            w = Dummy("w", positive=True)
            return Integral(integrand.subs(t, w), (w, anchor, t)), anchor
        return found - value, anchor
    raise ValueError(f"no point at which an antiderivative of {integrand} is finite was found")


def primitive(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    """Some antiderivative of ``integrand`` on the range of ``t``, or None without a closed one.

    The answers of the general integrator count only once their derivative is shown to be the
    integrand.
    """
    domain = domain.extended(integrand, t)
    if not integrand.has(t):
        return integrand * t
    for method in (_polynomial, _beta_functions, _sine, _rational):
        found = method(integrand, t, domain)
        if found is not None:
            return found
    return _general(integrand, t, domain)


def vanishing_at(expr: Expr, t: Symbol, point: Expr) -> Expr:
    """``expr`` at ``t = point``; integrals between equal ends are 0."""
    value = expr.subs(t, point)
    value = value.replace(
        lambda e: isinstance(e, betainc) and e.args[2] == e.args[3], lambda e: S.Zero
    )
    value = without_empty_integrals(value)
    return value.replace(lambda e: isinstance(e, GroupSum) and e.function == 0, lambda e: S.Zero)


def without_empty_integrals(value: Expr) -> Expr:
    """Integrals between equal ends are 0."""
    return value.replace(
        lambda e: isinstance(e, Integral) and e.limits[0][1] == e.limits[0][2], lambda e: S.Zero
    )


def _polynomial(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    if integrand.has(GroupSum) or not integrand.is_polynomial(t):
        return None
    if len(Add.make_args(integrand)) > _WRITTEN_OUT:
        return None  # powers of t would cancel
    terms = Poly(integrand, t).integrate(t).terms()
    return Add(*(tidy(c, domain) * t**power for (power,), c in reversed(terms)))


def _beta_functions(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    """Term by term, where every term is c t^a (1 − t)^b with integers a, b ≥ 0."""
    outside, inside = integrand.as_independent(t, as_Add=False)
    if isinstance(inside, GroupSum):
        term = _beta_function(inside.function, t)
        return None if term is None else outside * GroupSum(term, *inside.limits)
    terms = [_beta_function(term, t) for term in Add.make_args(inside)]
    return None if any(term is None for term in terms) else outside * Add(*terms)


def _beta_function(term: Expr, t: Symbol) -> Expr | None:
    coefficient, powers = S.One, {t: S.Zero, 1 - t: S.Zero}
    for factor in Mul.make_args(term):
        base, power = factor.as_base_exp()
        if base in powers and power.is_integer and not power.is_negative:
            powers[base] += power
        elif factor.has(t):
            return None
        else:
            coefficient *= factor
    return coefficient * betainc(powers[t] + 1, powers[1 - t] + 1, 0, t)


def _sine(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    """By t = sin²θ, dt = 2 sin θ cos θ dθ, where the new integrand is a constant."""
    sine, cosine = Dummy("sin", positive=True), Dummy("cos", positive=True)
    shown = tidy(integrand, domain)
    inner = shown.xreplace({1 - t: cosine**2}).xreplace({t: sine**2}) * 2 * sine * cosine
    inner = cancel(inner)
    return None if inner.has(sine, cosine) else inner * asin(sqrt(t))


def _rational(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    """By partial fractions, where every denominator is a power of a linear one."""
    if integrand.has(GroupSum) or not integrand.is_rational_function(t):
        return None
    try:
        parts = limited(apart, integrand, t, steps=_STEPS)
    except (Exhausted, NotImplementedError, BasePolynomialError):
        return None
    if any(Poly(base, t).degree() > 1 for base in _denominators(parts, t)):
        return None
    shown = (tidy(part, domain) for part in Add.make_args(parts))
    found = Add(*(integrate(part, t) for part in shown))
    # Every logarithm has a constant coefficient here: a factor in it only adds a constant.
    return _oriented(found.replace(log, lambda e: log(e.as_content_primitive()[1])), domain)


def _denominators(parts: Expr, t: Symbol) -> Iterator[Expr]:
    for part in Add.make_args(parts):
        for factor in Mul.make_args(fraction(together(part))[1]):
            base = factor.as_base_exp()[0]
            if base.has(t):
                yield base


def _general(integrand: Expr, t: Symbol, domain: Domain) -> Expr | None:
    if integrand.has(GroupSum) or integrand.count_ops() > _MAX_OPERATIONS:
        return None
    try:
        found = limited(integrate, expand_log(integrand), t, steps=_STEPS)
    except (Exhausted, NotImplementedError, ValueError, TypeError, BasePolynomialError):
        return None
    if found.has(Integral, Piecewise, RootSum):
        return None
    found = _oriented(factor_terms(found.expand()), domain)
    if found.has(S.ImaginaryUnit):
        return None
    try:
        holds = limited(is_zero, found.diff(t) - integrand, domain, steps=_STEPS)
    except Exhausted:
        return None
    return found if holds else None


def _oriented(expr: Expr, domain: Domain) -> Expr:
    """Logarithms of what is negative on the domain, as logarithms of its opposite."""

    def turned(inner: Expr) -> Expr:
        found = sign(inner, domain)
        return log((-inner).expand() if found is not None and found < 0 else inner)

    return expr.replace(log, turned)
