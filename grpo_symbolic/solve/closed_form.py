r"""Closed forms: the root of an equation of degree 1, 2 or 4, and why it is that root.

A quadratic is written in two shapes. The *printed* shape follows what an author
would write: monic, ½(A + √(A² + 4B)) with A and B left as sums, when the leading
coefficient is a single term; otherwise one fraction with its discriminant
collected into positive terms. The *stable* shape is for floating point: the sign
of the linear coefficient decides which of two equal quotients loses no digits. A
quartic is printed in stages, :mod:`grpo_symbolic.solve.quartic`.
"""

from __future__ import annotations

from sympy import (
    Add,
    Eq,
    Expr,
    Piecewise,
    Poly,
    Rational,
    S,
    Symbol,
    collect,
    exp,
    fraction,
    sqrt,
    together,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.solve.closed import ClosedForm, Staged
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

__all__ = ["ClosedForm", "Staged", "closed_form"]

# A quartic is brought to its stages within so many steps, or there is no closed form.
_STEPS = 2_000_000


def closed_form(polynomial: Poly, equation: Eq, domain: Domain) -> ClosedForm | None:
    """The only solution of ``equation`` in (0, 1), a root of ``polynomial``; or None.

    The choice is proved, not tried: with a positive leading coefficient, a value
    < 0 at π_ref(a) and > 0 at 1, a quadratic or a convex quartic has exactly one root in
    between, its larger real one; and at or below π_ref(a) the two sides of the equation
    differ in sign.
    """
    lower = symbols.pi_ref
    domain = Domain(tuple(r for r in domain.ranges if r.symbol != symbols.pi))
    degree = polynomial.degree()
    if degree not in (1, 2, 4):
        return None
    leading, *rest = (tidy(x, domain) for x in polynomial.all_coeffs())
    # A line is compared at 0 and 1; a quadratic has another root below ``lower``.
    start = S.Zero if degree == 1 else lower
    at_start = tidy(polynomial.eval(start), domain)
    at_one = tidy(polynomial.eval(1), domain)
    found = sign(leading, domain), sign(at_start, domain), sign(at_one, domain)
    if found != (Sign.POSITIVE, Sign.NEGATIVE, Sign.POSITIVE):
        return None
    name = "0" if degree == 1 else "pi_ref(a)"
    claims = (
        Claim("the leading coefficient is positive", leading, ">", S.Zero, domain),
        Claim(f"the polynomial is negative at {name}", at_start, "<", S.Zero, domain),
        Claim("the polynomial is positive at 1", at_one, ">", S.Zero, domain),
    )
    if degree == 1:
        expression = tidy(-rest[0] / leading, domain)
        return ClosedForm(
            expression,
            Staged(_decaying(expression)),
            "the equation is linear in pi(a), negative at 0 and positive at 1: one root",
            claims,
        )
    below = Domain((*domain.ranges, Range(symbols.pi, S.Zero, lower, upper_closed=True)))
    sides = sign(equation.lhs, below), sign(equation.rhs, below)
    if sides[0] is None or sides[0] > 0 or sides[1] != Sign.POSITIVE:
        return None
    claims += (
        Claim(
            "up to pi_ref(a) the penalty side is not positive", equation.lhs, "<=", S.Zero, below
        ),
        Claim("up to pi_ref(a) the drift side is positive", equation.rhs, ">", S.Zero, below),
    )
    if degree == 4:
        from grpo_symbolic.solve.quartic import larger_root

        try:
            return limited(larger_root, polynomial, domain, claims, steps=_STEPS)
        except Exhausted:
            return None
    b, c = rest
    return ClosedForm(
        _printed(leading, b, c, domain),
        _stable(leading, b, c, domain),
        "the larger root: the quadratic is convex, negative at pi_ref(a) and positive at 1, so "
        "exactly one root lies in (pi_ref(a), 1); the other one lies below pi_ref(a), where "
        "drift and penalty differ in sign",
        claims,
        (leading, tidy(-c / b, domain)) if leading.free_symbols else None,
    )


def _printed(a: Expr, b: Expr, c: Expr, domain: Domain) -> Expr:
    if not isinstance(a.expand(), Add):
        linear, constant = (-b / a).expand(), (-c / a).expand()
        return Rational(1, 2) * linear + Rational(1, 2) * _root(linear**2 + 4 * constant)
    discriminant = _positive_sum((b**2 - 4 * a * c).expand(), domain)
    return (-b.expand() + _root(discriminant)) / (2 * a.expand())


def _root(radicand: Expr) -> Expr:
    """Its square root, for which SymPy asks whether a term is infinite, and takes a long way.

    That terms are finite it sees at once, and does not ask any more.
    """
    _ = [term.is_finite for term in Add.make_args(radicand)]
    return sqrt(radicand)


def _stable(a: Expr, b: Expr, c: Expr, domain: Domain) -> Staged:
    """The larger root without cancellation between -b and the root of the discriminant."""
    product = sign(-a * c, domain)
    if product is None or product < 0:
        return Staged(_printed(a, b, c, domain))
    # The discriminant is a sum of non-negative terms: -b is formed once, before it is
    # squared or divided, and its sign tells which quotient adds like signs.
    linear, root = Symbol("linear", real=True), Symbol("root", nonnegative=True)
    form = Piecewise(((linear + root) / (2 * a), linear >= 0), (-2 * c / (root - linear), True))
    return Staged(form, ((linear, -b), (root, _root(linear**2 - 4 * a * c))))


def _positive_sum(expr: Expr, domain: Domain) -> Expr:
    """``expr`` as a sum of positive terms, if collecting one symbol makes it so."""
    for symbol in sorted((s for s in expr.free_symbols if isinstance(s, Symbol)), key=str):
        parts = [tidy(c, domain) * symbol**k for (k,), c in Poly(expr, symbol).terms()]
        if all(sign(part, domain) == Sign.POSITIVE for part in parts):
            return Add(*parts)
    return expr


def _decaying(expression: Expr) -> Expr:
    """Numerator and denominator divided by their growing exponential, so that none overflows."""
    numerator, denominator = fraction(together(expression))
    growth = [e for e in expression.atoms(exp) if sign(e.args[0], Domain()) == Sign.POSITIVE]
    if len(growth) != 1:
        return expression
    decay = exp(-growth[0].args[0])
    shrunk = sum(
        (term / growth[0] if term.has(growth[0]) else term * decay)
        for term in Add.make_args(denominator.expand())
    )
    return numerator / growth[0] / collect(shrunk, decay, lambda c: tidy(c, Domain.around(c)))
