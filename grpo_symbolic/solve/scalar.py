"""The condition of a binary question at numbers: one function of the log-odds of π(a).

F = drift − penalty is positive where the policy-gradient flow raises π(a). Log-odds keep the
relative accuracy of both π(a) and π(b), and a drift over a finite group is evaluated as the
Bernstein sum that it is, in which nothing cancels. Every value is a ball.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Add, Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.display import short
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import exact_ball, middle, upper_bound
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import Function, Region, on_interval
from grpo_symbolic.enclosures.probabilities import enclosed, singular, value_at_end
from grpo_symbolic.enclosures.zeros import Isolation, crossing, isolated
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.surd import Surd, as_rational

PI = symbols.pi
#: Beyond it the subdivisions of one Bernstein polynomial take minutes.
_LARGEST_GROUP = 4096

#: Exponents of p and of 1 − p.
Scale = tuple[fmpq, fmpq]
_NO_SCALE: Scale = (fmpq(0), fmpq(0))


@dataclass(frozen=True, repr=False)
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
    def weight(self) -> Expr:
        """β."""
        return S(self.condition.beta).xreplace(self.point)

    @cached_property
    def force(self) -> Expr:
        """d(a) − d(b) in π(a) alone."""
        first, second = self.condition.marginal
        return (first - second).xreplace(self.point)

    @property
    def penalty(self) -> Expr:
        """β (d(a) − d(b)) in π(a) alone."""
        return self.weight * self.force

    @cached_property
    def drift(self) -> Expr:
        """P(a) − P(b) in π(a) alone."""
        return self.condition.preference.difference(0, 1).xreplace(self.point)

    @cached_property
    def rates(self) -> tuple[Expr, ...]:
        return tuple(w.xreplace(self.point) for w in self.condition.preference.weights)

    @cached_property
    def factor(self) -> Expr:
        return self.condition.preference.factor.xreplace(self.point)

    @cached_property
    def _two_level(self) -> TwoLevel | None:
        two_level = self.condition.preference.two_level
        if two_level is None:
            return None
        return two_level.at(self.point)

    @cached_property
    def drift_polynomial(self) -> Bernstein | None:
        """D_G on the probability of the higher reward, where the group is finite.

        Raises
        ------
        ValueError
            For a group whose mean would be subdivided for minutes.
        """
        if self._two_level is None:
            return None
        size = self._two_level.size
        if size.is_Integer and size > _LARGEST_GROUP:
            raise ValueError(
                f"a group size up to {_LARGEST_GROUP} is solved at numbers with a proof, or "
                f"infinity, the large-group limit; got {size}, at which evaluate() gives floats"
            )
        return self._two_level.exact_drift

    @property
    def constant_drift(self) -> bool:
        """Whether the drift does not depend on the policy."""
        polynomial = self.drift_polynomial
        if polynomial is not None and self.factor == 1:
            return not any(polynomial.signs_of_differences(1))
        return not self.drift.has(PI)

    @property
    def still(self) -> bool:
        """Whether every policy is stationary: drift and penalty are the same."""
        hill = self._hill
        return self.drift == self.penalty if hill is None else not any(hill.coefficients)

    # -- enclosures ------------------------------------------------------------------

    @cached_property
    def growth(self) -> Scale:
        """Powers of p and 1 − p that keep every term of F over :attr:`factor` bounded."""
        polynomial = self.drift_polynomial is not None
        at_zero, at_one = singular(self._penalty if polynomial else self._terms, PI)
        return -at_zero, -at_one

    @cached_property
    def enclosure(self) -> Function:
        """F over :attr:`factor`, times the powers of :attr:`growth`, as jets on regions.

        The terms that grow at the ends would hide what cancels between them.
        """
        return self._scaled(self.growth)

    def drift_enclosed(self, scale: Scale = _NO_SCALE) -> Function:
        """The drift over :attr:`factor`, times powers of p and 1 − p."""
        polynomial = self.drift_polynomial
        if polynomial is None:
            return enclosed(_over(self.drift, self.factor), PI, scale)
        a, b = (as_rational(rate) for rate in self.rates)

        def drift(region: Region) -> Jet:
            found = region.polynomial(polynomial, a, b) * (a - b)
            for complement, exponent in zip((False, True), scale, strict=True):
                if exponent:
                    found = found * region.power(complement, exponent)
            return found

        return drift

    def force_enclosed(self, scale: Scale = _NO_SCALE) -> Function:
        """The force over :attr:`factor`, times powers of p and 1 − p."""
        return enclosed(_over(self.force, self.factor), PI, scale)

    @cached_property
    def _penalty(self) -> Expr:
        """The penalty over :attr:`factor`."""
        return _over(self.penalty, self.factor)

    @cached_property
    def _terms(self) -> Expr:
        """F over :attr:`factor`, without a drift that is a Bernstein polynomial."""
        if self.drift_polynomial is None:
            return _over(self.drift, self.factor) - self._penalty
        return -self._penalty

    def _scaled(self, scale: Scale) -> Function:
        """F over :attr:`factor` times powers; terms of one sum, to cancel exactly."""
        if self.drift_polynomial is None:
            return enclosed(self._terms, PI, scale)
        drift, penalty = self.drift_enclosed(scale), enclosed(self._penalty, PI, scale)
        return lambda region: drift(region) - penalty(region)

    @cached_property
    def _parts(self) -> tuple[Function, Function, Function]:
        """Drift and penalty over :attr:`factor`, and one over that."""
        chance = enclosed(1 / self.factor, PI)
        return self.drift_enclosed(), enclosed(self._penalty, PI), chance

    def at(self, x: mp.mpf) -> tuple[Jet, Jet]:
        """Drift and penalty at log-odds, each with its slope there."""
        place = exact_ball(x)
        drift, penalty, chance = (on_interval(part, place, place, 1) for part in self._parts)
        factor = chance.power(fmpq(-1))
        return drift * factor, penalty * factor

    # -- values ----------------------------------------------------------------------

    def __call__(self, x: mp.mpf) -> mp.mpf:
        """F at log-odds: 0 where twice the working precision does not tell it from 0."""
        with ctx.workprec(2 * int(mp.mp.prec) + 64):
            drift, penalty = self.at(x)
            value = drift.value - penalty.value
            return mp.mpf(0) if value.contains(0) else middle(value)

    def slope(self, x: mp.mpf) -> mp.mpf:
        """The slope of the best response at a zero of F: drift′ over β force′."""
        with ctx.workprec(2 * int(mp.mp.prec) + 64):
            drift, penalty = self.at(x)
            return middle(drift.slope / penalty.slope)

    # -- how many ---------------------------------------------------------------------

    def isolated(self) -> Isolation:
        """Every zero of F in (0, 1), with a proof of their number where there is one."""
        hill = self._hill
        if hill is not None:
            return crossing(
                lambda region: region.polynomial(hill, fmpq(1), fmpq(0)),
                _signs_inside(hill),
                "the drift times pi(a) pi(b) is concave",
            )
        return isolated(self.enclosure, self._vanishing)

    def _vanishing(self, end: int, exponent: fmpq) -> Function | None:
        """The :attr:`enclosure` times s^exponent where it is exactly 0 at π(a) = ``end``."""
        scale = list(self.growth)
        scale[end] += exponent
        if scale[end] < 0:
            return None
        value = value_at_end(self._terms, PI, end, scale[end])
        if value is None:
            return None
        if self.drift_polynomial is not None and scale[end] == 0:
            a, b = (as_rational(rate) for rate in self.rates)
            value += (self.drift_polynomial.at(a if end else b) * (a - b)).to_sympy()
        return self._scaled((scale[0], scale[1])) if is_zero(value, Domain()) else None

    @cached_property
    def _hill(self) -> Bernstein | None:
        """F · p (1 − p) where it is a concave h less a line: there is one crossing.

        So it is for the reverse KL on deterministic rewards.
        """
        two_level, strength = self._two_level, self.condition.penalty.line
        if strength is None or two_level is None or self.drift_polynomial is None:
            return None
        plain = self.condition.rates == (1, 1) and self.factor == 1
        h = two_level.bernstein if plain and self.rates == (1, 0) else None
        if h is None or not h.concave:
            return None
        slope = Surd.of(self.weight * strength)
        start = slope * Surd.of(S(self.condition.reference[0]).xreplace(self.point))
        line = (slope * fmpq(k, h.degree) - start for k in range(h.degree + 1))
        return Bernstein(tuple(c - on for c, on in zip(h.coefficients, line, strict=True)))

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


def _signs_inside(hill: Bernstein) -> tuple[int, int]:
    """The exact signs of a concave polynomial just inside 0 and 1: where it is 0, of its slope."""
    left, right = (
        row[0].sign() or (row[1] - row[0]).sign() or -1
        for row in (hill.coefficients, hill.reflected.coefficients)
    )
    return left, right


def _over(expr: Expr, factor: Expr) -> Expr:
    """A sum over a factor of its terms, term by term: what they share cancels."""
    return expr if factor == 1 else Add(*(term / factor for term in Add.make_args(expr)))
