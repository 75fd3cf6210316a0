"""All roots of a scalar condition on the unit interval, at numeric parameters.

The unknown is the log-odds x of p, so that solutions close to 0 or 1 keep their
relative accuracy on both sides. Between two neighbouring critical points the
condition is monotone, so one sign change there is one root: with the critical
points taken from the derivative's polynomial, the count is complete.
"""

from __future__ import annotations

from dataclasses import dataclass

import flint
import mpmath as mp
from sympy import Dummy, Expr, Integer, Poly, Pow, Symbol, fraction, lambdify, log, together

__all__ = ["RootCount", "unit_interval_roots"]

# Beyond this degree the critical points are not computed from a polynomial.
_MAX_DEGREE = 60
_MAX_OPERATIONS = 1500
# |log-odds| at which signs are read off, on the way to the two limits.
_FAR = (10**12, 10**24, 10**60, 10**150)


@dataclass(frozen=True)
class RootCount:
    """Roots in (0, 1) as log-odds, and whether their number is established."""

    log_odds: tuple[mp.mpf, ...]
    complete: bool
    reason: str


def unit_interval_roots(condition: Expr, unknown: Symbol, digits: int) -> RootCount:
    """All zeros of ``condition`` for 0 < ``unknown`` < 1, to ``digits`` digits."""
    with mp.workdps(digits + 25):
        function = _in_log_odds(condition, unknown)
        interior, complete, reason = _critical_log_odds(condition, unknown)
        far = [mp.mpf(x) for x in _FAR]
        knots = [*(-x for x in reversed(far)), *interior, *far]
        values = [mp.sign(function(x)) for x in knots]
        roots = [x for x, value in zip(knots[1:-1], values[1:-1], strict=True) if value == 0]
        for left, right, a, b in zip(knots, knots[1:], values, values[1:], strict=False):
            if a * b < 0:
                roots.append(_bisected(function, left, right, a))
        return RootCount(tuple(sorted(roots)), complete, reason)


def _in_log_odds(condition: Expr, unknown: Symbol):
    complement = Dummy("q", positive=True)
    split = condition.xreplace({1 - unknown: complement})
    raw = lambdify((unknown, complement), split, "mpmath")

    def function(x: mp.mpf) -> mp.mpf:
        return mp.re(raw(1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))))

    return function


def _critical_log_odds(condition: Expr, unknown: Symbol) -> tuple[list[mp.mpf], bool, str]:
    """Log-odds of every zero of the derivative (and perhaps of a few points more)."""
    if condition.count_ops() > _MAX_OPERATIONS:
        return _grid(), False, "the condition is large; roots were located on a grid"
    derivative = condition.diff(unknown)
    if derivative.has(log):
        return _grid(), False, "the derivative is not algebraic; roots were located on a grid"
    root = Dummy("t", positive=True)
    radical = any(not p.exp.is_Integer for p in derivative.atoms(Pow) if p.has(unknown))
    if radical:
        numerator = _rationalised(derivative, unknown, root)
    else:
        numerator = fraction(together(derivative.xreplace({unknown: root})))[0].expand()
    if not numerator.is_polynomial(root):
        return _grid(), False, "the derivative is not algebraic; roots were located on a grid"
    if numerator == 0 or not numerator.has(root):
        return [], True, "the condition is monotone on (0, 1)"
    polynomial = Poly(numerator, root)
    if polynomial.degree() > _MAX_DEGREE:
        return (
            _grid(),
            False,
            (f"the derivative has degree {polynomial.degree()}; roots were located on a grid"),
        )
    zeros = _polynomial_zeros(polynomial)
    if zeros is None:
        return _grid(), False, "the critical points did not converge; roots located on a grid"
    found = []
    for zero in zeros:
        value = mp.re(zero)
        # A complex pair counts as a possible double root: a knot too many harms nothing.
        if value <= 0 or (not radical and value >= 1):
            continue
        found.append(2 * mp.log(value) if radical else mp.log(value / (1 - value)))
    return sorted(found), True, "one root between neighbouring critical points of unlike sign"


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
        try:
            isolated = flint.acb_poly([flint.acb(flint.arb(t)) for t in reversed(texts)]).roots()
            return [mp.mpc(_midpoint(z.real), _midpoint(z.imag)) for z in isolated]
        except ValueError:
            pass  # a multiple root cannot be isolated: the iteration below still finds it
    try:
        return list(
            mp.polyroots([mp.mpf(t) for t in texts], maxsteps=400, extraprec=2 * mp.mp.prec)
        )
    except mp.NoConvergence:
        return None


def _midpoint(ball: flint.arb) -> mp.mpf:
    mantissa, exponent = ball.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def _grid() -> list[mp.mpf]:
    return [mp.mpf(k * abs(k)) / 36 for k in range(-60, 61)]


def _bisected(function, left: mp.mpf, right: mp.mpf, sign_left: mp.mpf) -> mp.mpf:
    tolerance = mp.mpf(10) ** (-(mp.mp.dps - 5))
    while right - left > tolerance * max(1, abs(left), abs(right)):
        middle = (left + right) / 2
        value = mp.sign(function(middle))
        if value == 0:
            return middle
        if value == sign_left:
            left = middle
        else:
            right = middle
    return (left + right) / 2
