"""All roots of a scalar condition on the unit interval, at numeric parameters.

The unknown is the log-odds x of p, so that solutions close to 0 or 1 keep their
relative accuracy on both sides. Between two neighbouring critical points the
condition is monotone, so one sign change there is one root: with the critical
points taken from the derivative's polynomial, the count is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import flint
import mpmath as mp
from sympy import Dummy, Expr, Integer, Poly, Pow, Sum, Symbol, fraction, lambdify, log, together

__all__ = ["Knots", "Root", "critical_log_odds", "grid", "in_log_odds", "polynomial_zeros", "roots"]

# Beyond this degree the critical points are not computed from a polynomial.
_MAX_DEGREE = 60
_MAX_OPERATIONS = 1500
# |log-odds| at which signs are read off, on the way to the two limits.
_FAR = (10**12, 10**24, 10**60, 10**150)


@dataclass(frozen=True)
class Knots:
    """Log-odds between which the condition is monotone (``complete``), or a grid.

    ``single`` says that there is exactly one sign change, wherever it is.
    """

    log_odds: tuple[mp.mpf, ...]
    complete: bool
    reason: str
    single: bool = False


@dataclass(frozen=True)
class Root:
    """A zero in log-odds, and the sign of the condition to its left (0 where it only touches)."""

    log_odds: mp.mpf
    sign_left: int


def roots(function: Callable[[mp.mpf], mp.mpf], knots: Knots) -> tuple[Root, ...]:
    """The zeros of ``function`` that its knots separate, at the working precision."""
    far = [mp.mpf(x) for x in _FAR]
    places = [*(-x for x in reversed(far)), *knots.log_odds, *far]
    if knots.single:  # bisection has less far to go
        places[len(far) : len(far)] = [mp.mpf(-50), mp.mpf(0), mp.mpf(50)]
    values = [int(mp.sign(function(x))) for x in places]
    found = [
        Root(x, _before(values, i))
        for i, (x, value) in enumerate(zip(places, values, strict=True))
        if value == 0 and 0 < i < len(places) - 1
    ]
    for left, right, a, b in zip(places, places[1:], values, values[1:], strict=False):
        if a * b < 0:
            found.append(Root(bracketed(function, left, right, a), a))
    return tuple(sorted(found, key=lambda root: root.log_odds))


def _before(values: list[int], index: int) -> int:
    """The sign to the left of a zero at a knot, or 0 when it is the same on both sides."""
    left, right = values[index - 1], values[index + 1]
    return left if left * right < 0 else 0


def in_log_odds(condition: Expr, unknown: Symbol) -> Callable[[mp.mpf], mp.mpf]:
    """The condition as a function of the log-odds of ``unknown``."""
    complement = Dummy("q", positive=True)
    split = condition.xreplace({1 - unknown: complement})
    raw = lambdify((unknown, complement), split, "mpmath")

    def function(x: mp.mpf) -> mp.mpf:
        return mp.re(raw(1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))))

    return function


def critical_log_odds(condition: Expr, unknown: Symbol) -> Knots:
    """Log-odds of every zero of the derivative (and perhaps of a few points more)."""
    if condition.count_ops() > _MAX_OPERATIONS:
        return _on_a_grid("the condition is large")
    if condition.has(Sum):
        return _on_a_grid("the condition is a sum over a large group")
    derivative = condition.diff(unknown)
    if derivative.has(log):
        return Knots(
            tuple(grid()), False, "the derivative is not algebraic; roots were located on a grid"
        )
    root = Dummy("t", positive=True)
    radical = any(not p.exp.is_Integer for p in derivative.atoms(Pow) if p.has(unknown))
    known = (unknown, 1 - unknown)
    if any(
        not p.exp.is_Integer and p.base not in known
        for p in derivative.atoms(Pow)
        if p.has(unknown)
    ):
        return _on_a_grid("the derivative has radicals of another kind")
    if radical:
        numerator = _rationalised(derivative, unknown, root)
    else:
        numerator = fraction(together(derivative.xreplace({unknown: root})))[0].expand()
    if not numerator.is_polynomial(root):
        return Knots(
            tuple(grid()), False, "the derivative is not algebraic; roots were located on a grid"
        )
    if numerator == 0 or not numerator.has(root):
        return Knots((), True, "the condition is monotone on (0, 1)")
    polynomial = Poly(numerator, root)
    if polynomial.degree() > _MAX_DEGREE:
        return _on_a_grid(f"the derivative has degree {polynomial.degree()}")
    zeros = _polynomial_zeros(polynomial)
    if zeros is None:
        return Knots(
            tuple(grid()), False, "the critical points did not converge; roots located on a grid"
        )
    found = []
    for zero in zeros:
        value = mp.re(zero)
        # A complex pair counts as a possible double root: a knot too many harms nothing.
        if value <= 0 or (not radical and value >= 1):
            continue
        found.append(2 * mp.log(value) if radical else mp.log(value / (1 - value)))
    return Knots(
        tuple(sorted(found)), True, "one root between neighbouring critical points of unlike sign"
    )


def _rationalised(derivative: Expr, unknown: Symbol, root: Symbol) -> Expr:
    """A polynomial in t whose zeros include the derivative's, for p = t^2/(1 + t^2)."""
    hypotenuse = Dummy("w", positive=True)
    halves = {
        p: (root ** (2 * p.exp) if p.base == unknown else 1) * hypotenuse ** (-2 * p.exp)
        for p in derivative.atoms(Pow)
        if p.base in (unknown, 1 - unknown)
    }
    lifted = derivative.xreplace(halves).subs(unknown, root**2 / hypotenuse**2)
    polynomial = Poly(fraction(together(lifted))[0], hypotenuse)
    parts = [
        sum(c * (1 + root**2) ** (k // 2) for (k,), c in polynomial.terms() if k % 2 == parity)
        for parity in (0, 1)
    ]
    even, odd = (Integer(0) + part for part in parts)
    return (even or odd if 0 in (even, odd) else even**2 - odd**2 * (1 + root**2)).expand()


def _polynomial_zeros(polynomial: Poly) -> list[mp.mpc] | None:
    digits = mp.mp.dps + 10
    texts = [str(c.evalf(digits)) for c in polynomial.all_coeffs()]
    with flint.ctx.workprec(int(digits * 4)):
        return polynomial_zeros(flint.arb_poly([flint.arb(t) for t in reversed(texts)]))


def polynomial_zeros(polynomial: flint.arb_poly) -> list[mp.mpc] | None:
    """The complex zeros of a polynomial with ball coefficients, or None."""
    coefficients = polynomial.coeffs()
    while coefficients and coefficients[-1].contains(0):
        coefficients.pop()
    if len(coefficients) < 2:
        return []
    try:
        isolated = flint.acb_poly(flint.arb_poly(coefficients)).roots()
        return [mp.mpc(_midpoint(z.real), _midpoint(z.imag)) for z in isolated]
    except ValueError:
        pass  # a multiple root cannot be isolated: the iteration below still finds it
    try:
        middles = [_midpoint(c) for c in reversed(coefficients)]
        return list(mp.polyroots(middles, maxsteps=400, extraprec=2 * mp.mp.prec))
    except mp.NoConvergence:
        return None


def _midpoint(ball: flint.arb) -> mp.mpf:
    mantissa, exponent = ball.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def _on_a_grid(why: str) -> Knots:
    return Knots(tuple(grid()), False, f"{why}; roots were located on a grid")


def grid() -> list[mp.mpf]:
    """Log-odds that are dense around 0 and reach to ±100."""
    return [mp.mpf(k * abs(k)) / 36 for k in range(-60, 61)]


def bracketed(
    function: Callable[[mp.mpf], mp.mpf], left: mp.mpf, right: mp.mpf, sign_left: int
) -> mp.mpf:
    """The zero between two ends of unlike sign: bisection, then false position (Illinois)."""
    tolerance = mp.mpf(10) ** (-(mp.mp.dps - 5))
    low, high = function(left), function(right)
    kept = 0
    while right - left > tolerance * max(1, abs(left), abs(right)):
        width = right - left
        if width > 1 or abs(kept) > 3:
            middle, kept = (left + right) / 2, 0
        else:
            middle = (left * high - right * low) / (high - low)
            if not left < middle < right:
                middle = (left + right) / 2
        value = function(middle)
        if value == 0:
            return middle
        if mp.sign(value) == sign_left:
            left, low = middle, value
            high = high / 2 if kept > 0 else high
            kept = max(kept, 0) + 1
        else:
            right, high = middle, value
            low = low / 2 if kept < 0 else low
            kept = min(kept, 0) - 1
    return (left + right) / 2
