"""The condition of a binary question at numbers: one function of the log-odds of π(a).

F = drift − penalty is positive where the policy-gradient flow raises π(a). Log-odds keep the
relative accuracy of both π(a) and π(b), and a drift over a finite group is evaluated as the
Bernstein sum that it is, in which nothing cancels. Every value is a ball.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Add, Expr, Poly, Symbol, Tuple

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.display import short
from grpo_symbolic.domain import Domain
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.numeric.balls import ball, exact_ball, upper_bound
from grpo_symbolic.numeric.jet import Jet
from grpo_symbolic.numeric.places import Box, Place
from grpo_symbolic.numeric.shares import enclosed, singular, value_at_end
from grpo_symbolic.solve.isolation import Isolation, crossing, isolated
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.surd import Surd, as_rational

__all__ = ["ScalarField"]

PI = symbols.pi


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

    def __repr__(self) -> str:
        at = ", ".join(f"{s} = {short(v, 40)}" for s, v in self.point.items())
        return f"ScalarField({at})"

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
    def _two_level(self) -> TwoLevel | None:
        two_level = self.condition.preference.two_level
        if two_level is None:
            return None
        rule = [v for v in vars(two_level.advantage).values() if isinstance(v, Expr)]
        parts = Tuple(two_level.size, two_level.high, two_level.low, *rule)
        given = ((s, v) for s, v in self.point.items() if s in parts.free_symbols)
        return _at_numbers(two_level, tuple(given))

    @cached_property
    def drift_polynomial(self) -> Bernstein | None:
        """D_G on the probability of the higher reward, where the group is finite."""
        return None if self._two_level is None else self._two_level.exact_drift

    # -- enclosures ------------------------------------------------------------------

    @cached_property
    def enclosure(self) -> Callable[[Place], Jet]:
        """F times a positive function, as jets on a place.

        The chance of a mixed group is multiplied in, and the powers of p and 1 − p by which
        terms of F grow at the ends: they would hide what cancels between them.
        """
        return self._scaled(*self._growth)

    @cached_property
    def _growth(self) -> tuple[fmpq, fmpq]:
        at_zero, at_one = singular(self._terms, PI)
        return -at_zero, -at_one

    @cached_property
    def _terms(self) -> Expr:
        """F over :attr:`factor`, without a drift that is a Bernstein polynomial."""
        terms = _over(-self.penalty, self.factor)
        if self.drift_polynomial is None:
            terms += _over(self.drift, self.factor)
        return terms

    def _scaled(self, at_zero: fmpq, at_one: fmpq) -> Callable[[Place], Jet]:
        """F over :attr:`factor` times p^at_zero (1 − p)^at_one."""
        rest = enclosed(self._terms, PI, (at_zero, at_one))
        polynomial = self.drift_polynomial
        if polynomial is None:
            return rest
        a, b = (as_rational(rate) for rate in self.rates)

        def total(place: Place) -> Jet:
            drift = place.polynomial(polynomial, a, b) * (a - b)
            for complement, exponent in ((False, at_zero), (True, at_one)):
                if exponent:
                    drift = drift * place.power(complement, exponent)
            return drift + rest(place)

        return total

    @cached_property
    def _parts(self) -> tuple[Callable[[Place], Jet], Callable[[Place], Jet]]:
        """Drift and penalty over :attr:`factor`."""
        polynomial = self.drift_polynomial
        penalty = enclosed(_over(self.penalty, self.factor), PI)
        if polynomial is None:
            return enclosed(_over(self.drift, self.factor), PI), penalty
        a, b = (as_rational(rate) for rate in self.rates)
        return (lambda place: place.polynomial(polynomial, a, b) * (a - b)), penalty

    @cached_property
    def _chance(self) -> Callable[[Place], Jet]:
        return enclosed(1 / self.factor, PI)

    def _at(self, x: mp.mpf, bits: int) -> tuple[Jet, Jet]:
        """Drift and penalty at log-odds; their slopes in a direction that is the same in both."""
        at = exact_ball(x)
        place = Box.around(at, at, bits)
        chance = _jet(self._chance(place)).power(fmpq(-1))
        drift, penalty = (_jet(part(place)) * chance for part in self._parts)
        return drift, penalty

    # -- values ----------------------------------------------------------------------

    def __call__(self, x: mp.mpf) -> mp.mpf:
        """F at log-odds: 0 where twice the working precision does not tell it from 0."""
        bits = 2 * int(mp.mp.prec) + 64
        with ctx.workprec(bits):
            drift, penalty = self._at(x, bits)
            value = drift.value - penalty.value
            return mp.mpf(0) if value.contains(0) else _middle(value)

    def slope(self, x: mp.mpf) -> mp.mpf:
        """The slope of the best response at a zero of F: drift′ over β force′."""
        bits = 2 * int(mp.mp.prec) + 64
        with ctx.workprec(bits):
            drift, penalty = self._at(x, bits)
            return _middle(drift.slope / penalty.slope)

    # -- how many ---------------------------------------------------------------------

    def isolated(self) -> Isolation:
        """Every zero of F in (0, 1), with a proof of their number where there is one."""
        line = self._line()
        if line is not None:
            return crossing(
                self.enclosure, self._ends(line), "the drift times pi(a) pi(b) is concave"
            )
        return isolated(self.enclosure, self._vanishing)

    def _vanishing(self, end: int, exponent: fmpq) -> Callable[[Place], Jet] | None:
        """The :attr:`enclosure` times s^exponent where it is exactly 0 at π(a) = ``end``."""
        scale = list(self._growth)
        scale[end] += exponent
        if scale[end] < 0:
            return None
        value = value_at_end(self._terms, PI, end, scale[end])
        if value is None:
            return None
        if self.drift_polynomial is not None and scale[end] == 0:
            a, b = (as_rational(rate) for rate in self.rates)
            value += (self.drift_polynomial.at(a if end else b) * (a - b)).to_sympy()
        return self._scaled(*scale) if is_zero(value, Domain()) else None

    def _line(self) -> tuple[Surd, Surd] | None:
        """Constant and slope of penalty · p (1 − p), where it is a line against a concave h.

        So it is for the reverse KL on deterministic rewards, and there is one crossing.
        """
        two_level = self._two_level
        if two_level is None or self.drift_polynomial is None:
            return None
        if self.rates != (1, 0) or self.factor != 1 or not two_level.zero_sum:
            return None
        if not self.penalty.is_rational_function(PI):
            return None
        line = (self.penalty * PI * (1 - PI)).cancel()
        if not (line.is_polynomial(PI) and Poly(line, PI).degree() == 1):
            return None
        slope, constant = (Surd.of(c) for c in Poly(line, PI).all_coeffs())
        h = two_level.bernstein
        if slope.sign() < 0 or any(sign > 0 for sign in h.signs_of_differences(2)):
            return None
        return constant, slope

    def _ends(self, line: tuple[Surd, Surd]) -> tuple[int, int]:
        """The exact signs of a concave h minus a line, just inside 0 and 1, where h is 0."""
        constant, slope = line
        drift = self.drift_polynomial.coefficients
        # Where the line vanishes too, the slopes h′(0) = D(0) and h′(1) = −D(1) decide.
        left = -constant.sign() or (drift[0] - slope).sign() or -1
        right = -(constant + slope).sign() or (drift[-1] + slope).sign() or -1
        return left, right

    # -- evidence -----------------------------------------------------------------------

    def residual(self, x: mp.mpf) -> mp.mpf:
        """A proved upper bound of the projected gradient \\|π(a) π(b) F\\| at π(a) as rounded."""
        p = 1 / (1 + mp.exp(-x))
        bits = int(mp.mp.prec) + 40 + max(0, -mp.mag(1 - p) if p < 1 else 0)
        if p >= 1 or p <= 0:
            return mp.mpf(0)
        with ctx.workprec(bits):
            at = exact_ball(p)
            value = {PI: at}
            if self.drift_polynomial is None:
                drift = ball(self.drift, value, bits)
            else:
                a, b = (arb(as_rational(rate)) for rate in self.rates)
                drift = self.drift_polynomial.ball_at(a * at + b * (1 - at), bits)
                drift = drift * (a - b) * ball(self.factor, value, bits)
            total = (drift - ball(self.penalty, value, bits)) * at * (1 - at)
        return upper_bound(total)


@lru_cache(maxsize=64)
def _at_numbers(two_level: TwoLevel, given: tuple[tuple[Symbol, Expr], ...]) -> TwoLevel:
    """The same object for the same numbers: it keeps its exact drift."""
    return two_level.at(dict(given))


def _over(expr: Expr, factor: Expr) -> Expr:
    """A sum over a factor of its terms, term by term: what they share cancels."""
    return expr if factor == 1 else Add(*(term / factor for term in Add.make_args(expr)))


def _jet(value: Jet | arb) -> Jet:
    return value if isinstance(value, Jet) else Jet(value, arb(0), arb(0))


def _middle(value: arb) -> mp.mpf:
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))
