"""The condition of a binary question at numbers: one function of the log-odds of π(a).

F = drift − penalty is positive where the policy-gradient flow raises π(a). Log-odds keep the
relative accuracy of both π(a) and π(b), and a drift over a finite group is evaluated as the
Bernstein sum that it is, in which nothing cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import flint
import mpmath as mp
from sympy import Expr, Poly, Symbol, fraction, log, together

from grpo_symbolic import symbols
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.numeric.balls import ball, exact_ball, upper_bound
from grpo_symbolic.solve.roots import (
    Knots,
    critical_log_odds,
    grid,
    in_log_odds,
    polynomial_zeros,
)
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["ScalarField"]

PI = symbols.pi
# Beyond this degree the critical points are not computed from a polynomial.
_MAX_DEGREE = 130


@dataclass(frozen=True)
class ScalarField:
    """F(x) = P(a) − P(b) − β (d(a) − d(b)) at π(a) = 1/(1 + e^−x).

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.
    point : dict
        A number for each of its parameters.
    """

    condition: StationarityCondition
    point: Mapping[Symbol, Expr]

    @cached_property
    def penalty(self) -> Expr:
        """β (d(a) − d(b)) in π(a) alone."""
        return self.condition.contrast().lhs.subs(self.point)

    @cached_property
    def drift(self) -> Expr:
        """P(a) − P(b) in π(a) alone."""
        return self.condition.contrast().rhs.subs(self.point)

    @cached_property
    def rates(self) -> tuple[Expr, ...]:
        return tuple(w.subs(self.point) for w in self.condition.preference.weights)

    @cached_property
    def factor(self) -> Expr:
        return self.condition.preference.factor.subs(self.point)

    @cached_property
    def drift_polynomial(self) -> Bernstein | None:
        """D_G on the probability of the higher reward, where the group is finite."""
        two_level = self.condition.preference.two_level
        if two_level is None:
            return None
        return two_level.at(self.point).exact_drift

    def __call__(self, x: mp.mpf) -> mp.mpf:
        return self._function(x)

    @cached_property
    def _function(self):
        if self.drift_polynomial is None:
            return in_log_odds(self.drift - self.penalty, PI)
        penalty, factor = in_log_odds(self.penalty, PI), in_log_odds(self.factor, PI)
        a, b = (mp.mpf(rate.p) / rate.q for rate in self.rates)
        weights = self._weights()

        def function(x: mp.mpf) -> mp.mpf:
            p, q = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
            high, low = a * p + b * q, (1 - a) * p + (1 - b) * q
            return (a - b) * _positive_sum(weights, high, low) * factor(x) - penalty(x)

        return function

    def _weights(self) -> list[mp.mpf]:
        bits = mp.mp.prec + 20
        return [_middle(b) for b in self.drift_polynomial.balls(bits)]

    # -- how many ---------------------------------------------------------------------

    def knots(self) -> Knots:
        """Points between which F is monotone, when they can be had."""
        if self.condition.preference.two_level is None or self.drift_polynomial is None:
            return critical_log_odds(self.drift - self.penalty, PI)
        if self._concave():
            return Knots((), True, "the drift times pi(a) pi(b) is concave", single=True)
        return self._polynomial_knots()

    def _concave(self) -> bool:
        """Reverse KL on deterministic rewards: a concave h against a line, one crossing."""
        two_level = self.condition.preference.two_level
        if self.rates != (1, 0) or self.factor != 1 or not two_level.zero_sum:
            return False
        if not self.penalty.is_rational_function(PI):
            return False
        line = (self.penalty * PI * (1 - PI)).cancel()
        if not (line.is_polynomial(PI) and Poly(line, PI).degree() == 1 and line.diff(PI) > 0):
            return False
        h = two_level.at(self.point).bernstein
        return h.degree < 2 or all(sign <= 0 for sign in h.signs_of_differences(2))

    def _polynomial_knots(self) -> Knots:
        slope = together(self.penalty.diff(PI))
        degree = self.drift_polynomial.degree
        if self.factor != 1 or slope.has(log) or not slope.is_rational_function(PI):
            return critical_log_odds(self.drift - self.penalty, PI)
        if degree > _MAX_DEGREE:
            return Knots(
                tuple(grid()),
                False,
                f"a drift of degree {degree}; roots were located on a grid",
            )
        bits = int(mp.mp.prec) + 4 * degree + 60
        with flint.ctx.workprec(bits):
            top, bottom = (_ball_polynomial(e, PI) for e in fraction(slope))
            a, b = (flint.arb(flint.fmpq(int(r.p), int(r.q))) for r in self.rates)
            mass = flint.arb_poly([b, a - b])
            drift = _power_basis(self.drift_polynomial.derivative(), bits)(mass)
            zeros = polynomial_zeros(drift * (a - b) * (a - b) * bottom - top)
        if zeros is None:
            return Knots(tuple(grid()), False, "the critical points did not converge")
        inside = sorted(mp.re(z) for z in zeros if 0 < mp.re(z) < 1)
        return Knots(
            tuple(mp.log(z / (1 - z)) for z in inside),
            True,
            "one root between neighbouring critical points of unlike sign",
        )

    # -- evidence -----------------------------------------------------------------------

    def residual(self, x: mp.mpf) -> mp.mpf:
        """A proved upper bound of the projected gradient \\|π(a) π(b) F\\| at π(a) as rounded."""
        p = 1 / (1 + mp.exp(-x))
        bits = int(mp.mp.prec) + 40 + max(0, -mp.mag(1 - p) if p < 1 else 0)
        if p >= 1 or p <= 0:
            return mp.mpf(0)
        with flint.ctx.workprec(bits):
            at = exact_ball(p)
            value = {PI: at}
            if self.drift_polynomial is None:
                drift = ball(self.drift, value, bits)
            else:
                a, b = (flint.arb(flint.fmpq(int(r.p), int(r.q))) for r in self.rates)
                drift = self.drift_polynomial.ball_at(a * at + b * (1 - at), bits)
                drift = drift * (a - b) * ball(self.factor, value, bits)
            total = (drift - ball(self.penalty, value, bits)) * at * (1 - at)
        return upper_bound(total)


def _positive_sum(weights: list[mp.mpf], p: mp.mpf, q: mp.mpf) -> mp.mpf:
    """Σ w_k p^k q^(n−k) by Horner's rule in the smaller of p/q and q/p."""
    n = len(weights) - 1
    total = mp.mpf(0)
    if p <= q:
        for w in reversed(weights):
            total = total * (p / q) + w
        return total * q**n
    for w in weights:
        total = total * (q / p) + w
    return total * p**n


def _middle(value: flint.arb) -> mp.mpf:
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def _ball_polynomial(expr: Expr, unknown: Symbol) -> flint.arb_poly:
    coefficients = Poly(expr, unknown).all_coeffs()[::-1]
    bits = flint.ctx.prec
    return flint.arb_poly([ball(c, {}, bits) for c in coefficients])


def _power_basis(polynomial: Bernstein, bits: int) -> flint.arb_poly:
    """The same polynomial in powers of p."""
    n = polynomial.degree
    total = flint.arb_poly([0])
    complement = flint.arb_poly([1, -1])
    # Horner's rule in p, from the highest power: each step multiplies by 1 - p once.
    powers = [flint.arb_poly([1])]
    for _ in range(n):
        powers.append(powers[-1] * complement)
    for k, weight in enumerate(polynomial.balls(bits)):
        shifted = flint.arb_poly([0] * k + [weight])
        total += shifted * powers[n - k]
    return total
