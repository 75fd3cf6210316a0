r"""The regularised best response of a binary question: one map of the unit interval.

With the sampling policy frozen at p, the groups prefer answer a by the drift D(p), a constant,
and the penalty is the divergence it acts as. The maximiser b of that stage problem satisfies

.. math:: \beta\,\bigl(d_a(b) - d_b(b)\bigr) = D(p),

which has one solution when d is monotone. Both policies are handled in log-odds, and every
value is a ball that contains the true one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import mpmath as mp
from flint import arb, ctx
from sympy import Expr, Rational, S

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import exact_ball
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import Function, on_interval
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.surd import as_rational
from grpo_symbolic.work import Exhausted, limited

__all__ = ["BestResponse", "Leaves", "Shape", "middle"]

PI = symbols.pi
# Log-odds beyond which a policy counts as a vertex.
_FARTHEST = 10**12
_MOST_STEPS = 400
# Log-odds between which a turning point is looked for.
_WIDEST = 40
_STEPS = 3_000_000


class Leaves(ArithmeticError):
    """The best response gives up an answer: the penalty's force is bounded and too weak."""


@dataclass(frozen=True)
class Shape:
    """Where the drift, and with it the best response, rises and falls in log-odds.

    Attributes
    ----------
    kind : str
        ``constant``, ``rising``, ``falling``, ``valley`` (falls, then rises), ``hill`` (rises,
        then falls) or ``unknown``.
    turn : mpf or None
        Log-odds of the one turning point of a valley or a hill, to :attr:`BestResponse.margin`.
    """

    kind: str
    turn: mp.mpf | None = None


@dataclass(frozen=True)
class BestResponse:
    """The map p ↦ b(p) at numbers, in log-odds.

    Parameters
    ----------
    field : ScalarField
        The condition at exact numbers.
    digits : int
        Decimal digits of the working precision.

    Raises
    ------
    ValueError
        When the penalty is not monotone (several best responses), when groups of equal rewards
        are dropped (the penalty then depends on both policies), or when the reference is at a
        vertex.
    """

    field: ScalarField
    digits: int = 40

    def __repr__(self) -> str:
        return f"BestResponse({self.field!r})"

    def __post_init__(self) -> None:
        preference = self.field.condition.preference
        if preference.factor != 1:
            raise ValueError(
                "groups of equal rewards are dropped: what is penalised then depends on the "
                "sampling policy too, and this best response is not computed"
            )
        if not preference.rule.penalty.monotone:
            raise ValueError(
                f"the penalty {preference.rule.penalty} is not monotone: its best response is "
                "not unique"
            )
        if not 0 < self.reference < 1:
            raise ValueError(
                "the reference never gives one of the answers: the policy stays there, and there "
                "is no best response"
            )

    @property
    def reference(self) -> Expr:
        """π_ref(a)."""
        return S(self.field.condition.reference[0]).subs(self.field.point)

    @property
    def bits(self) -> int:
        return int(self.digits * 3.33) + 20

    # -- the map ------------------------------------------------------------------------

    def __call__(self, x: arb) -> arb:
        """A ball that contains the log-odds of b for every log-odds of p in the ball ``x``.

        Raises
        ------
        Leaves
            When a best response is a vertex, or is not enclosed.
        """
        with ctx.workprec(self.bits):
            return self.answer(self.drift(x).value)

    def at(self, x: mp.mpf) -> mp.mpf:
        """The log-odds of the best response, ±inf for a vertex."""
        with ctx.workprec(self.bits):
            found = self.inverse(self.drift(exact_ball(x)).value.mid())
            return middle(found) if found.is_finite() else _sign(found) * mp.inf

    def slope(self, x: arb, answer: arb) -> arb:
        """Derivative of the map in log-odds at ``x``, whose image is ``answer``."""
        with ctx.workprec(self.bits):
            return self.drift(x).slope / self.force(answer).slope

    def answer(self, drift: arb) -> arb:
        """The log-odds at which the penalty's force balances this drift."""
        with ctx.workprec(self.bits):
            low, high = self._outward(drift.lower(), -1), self._outward(drift.upper(), 1)
            return low.union(high)

    def _outward(self, value: arb, direction: int) -> arb:
        """Log-odds at which the force is certainly below (−1) or above (1) ``value``."""
        near = self.inverse(value)
        if not near.is_finite():
            raise Leaves("the best response gives up an answer")
        step = (1 + abs(near)) * arb(10) ** (8 - self.digits)
        for _ in range(60):
            place = (near + direction * step).mid()
            if (self.force(place).value - value) * direction > 0:
                return place
            step *= 16
        raise Leaves("the best response is not enclosed at this precision")

    def inverse(self, value: arb) -> arb:
        """Log-odds of force ``value``, approximately: Newton's method inside a bracket.

        Infinite where no force is so large.
        """
        if not value.is_finite():
            raise Leaves("the drift is not bounded there")
        x, reach, tolerance = self._start, arb(64), arb(10) ** (5 - self.digits)
        low, high = None, None
        for _ in range(_MOST_STEPS):
            force = self.force(x)
            excess = (force.value - value).mid()
            step = (-excess / force.slope).mid()
            if step.is_finite() and abs(step) < tolerance * (1 + abs(x)):
                return (x + step).mid()
            low, high = (low, x) if excess > 0 else (x, high)
            if low is None or high is None:
                # No bracket yet: never further than the reach, which doubles.
                if abs(x) > _FARTHEST:
                    return _sign(x) * arb.pos_inf()
                if not abs(step) < reach:
                    step = -_sign(excess) * reach
                x, reach = (x + step).mid(), 2 * reach
                continue
            x = (x + step).mid()
            if not low < x < high:
                x = ((low + high) / 2).mid()
        return x

    @cached_property
    def _start(self) -> arb:
        """The log-odds of the reference, where the force is 0."""
        with ctx.workprec(self.bits):
            p = _exact(self.reference)
            return (p / (1 - p)).log().mid()

    # -- its two sides --------------------------------------------------------------------

    def drift(self, x: arb) -> Jet:
        """P(a) − P(b) and its derivative on a ball of log-odds."""
        found = _oriented(self._drift, x, self.bits)
        if x.is_exact() or not found.slope.is_finite():
            return found
        # By the mean value theorem: on a small ball much tighter than the value of the ball.
        with ctx.workprec(self.bits):
            centre = _oriented(self._drift, x.mid(), self.bits)
            value = centre.value + found.slope * (x - x.mid())
        narrower = value.rad() < found.value.rad() or not found.value.is_finite()
        return Jet((value, found.slope)) if narrower else found

    def force(self, x: arb) -> Jet:
        """β (d(a) − d(b)) and its derivative on a ball of log-odds."""
        return _oriented(self._force, x, self.bits)

    @cached_property
    def _drift(self) -> Function:
        return self.field.drift_enclosed()

    @cached_property
    def _force(self) -> Function:
        force, weight = self.field.force_enclosed(), ball(self.field.weight, {}, self.bits)
        return lambda region: force(region) * weight

    @cached_property
    def _rates(self) -> tuple[Expr, ...]:
        weights = self.field.condition.preference.weights
        return tuple(S(w).subs(self.field.point) for w in weights)

    @cached_property
    def _polynomial(self) -> Bernstein | None:
        """The drift of a finite group on the probability of the higher reward."""
        two_level = self.field.condition.preference.two_level
        return None if two_level is None else two_level.at(self.field.point).exact_drift

    def at_certainty(self) -> arb:
        """The drift where π(a) is 1 or next to it, in a ball.

        Raises
        ------
        Leaves
            When it is not bounded there.
        """
        with ctx.workprec(self.bits):
            near = arb(1).union(1 - arb(10) ** -self.digits)
            if self._polynomial is None:
                found = ball(self.field.drift, {PI: near}, self.bits)
            else:
                a, b = map(_exact, self._rates)
                found = self._polynomial.ball_at(a * near + b * (1 - near), self.bits) * (a - b)
        if not found.is_finite():
            raise Leaves("the drift is not bounded as pi(a) tends to 1")
        return found

    # -- its shape ------------------------------------------------------------------------

    @cached_property
    def shape(self) -> Shape:
        """Where the best response rises and falls, where that is proved."""
        if self._polynomial is not None:
            return self._shape_of_polynomial(self._polynomial)
        try:
            return limited(self._shape_of_expression, steps=_STEPS)
        except Exhausted:
            return Shape("unknown")

    def _shape_of_polynomial(self, drift: Bernstein) -> Shape:
        """From the signs of the derivative's Bernstein coefficients: no more turns than changes."""
        signs = [s for s in drift.signs_of_differences(1) if s] if drift.degree else []
        turns = sum(a != b for a, b in pairwise(signs))
        if not signs:
            return Shape("constant")
        if turns == 0:
            return Shape("rising" if signs[0] > 0 else "falling")
        if turns == 1:
            return self._turned("valley" if signs[0] < 0 else "hill")
        return Shape("unknown")

    def _turned(self, kind: str) -> Shape:
        """The one turning point, between two log-odds of proved slopes."""
        before = -1 if kind == "valley" else 1
        low, high = -mp.mpf(_WIDEST), mp.mpf(_WIDEST)
        with mp.workdps(self.digits), ctx.workprec(self.bits):
            if not self._slopes(low, high, before):
                return Shape("unknown")
            while high - low > self.margin / 2:
                centre = (low + high) / 2
                slope = self.drift(exact_ball(centre)).slope * before
                low, high = (centre, high) if slope > 0 else (low, centre)
            turn = (low + high) / 2
            proved = self._slopes(turn - self.margin, turn + self.margin, before)
        return Shape(kind, turn) if proved else Shape("unknown")

    def _slopes(self, low: mp.mpf, high: mp.mpf, before: int) -> bool:
        """Whether the drift certainly has this sign of slope at ``low``, the other at ``high``."""
        left, right = (self.drift(exact_ball(x)).slope * before for x in (low, high))
        return bool(left > 0) and bool(right < 0)

    @property
    def margin(self) -> mp.mpf:
        """How far a turning point may be from where the shape has it."""
        return mp.mpf(10) ** (8 - self.digits)

    def _shape_of_expression(self) -> Shape:
        """From the sign of the derivative on (0, 1), or on the two sides of one half."""
        slope = self.field.drift.diff(PI)
        if slope == 0:
            return Shape("constant")
        half = Rational(1, 2)
        kinds = {Sign.POSITIVE: "rising", Sign.NEGATIVE: "falling"}
        whole = sign(slope, Domain.of(Range(PI, S.Zero, S.One)))
        if whole in kinds:
            return Shape(kinds[whole])
        sides = tuple(
            sign(slope, Domain.of(Range(PI, *ends))) for ends in ((S.Zero, half), (half, S.One))
        )
        if sides == (Sign.NEGATIVE, Sign.POSITIVE):
            return Shape("valley", mp.mpf(0))
        if sides == (Sign.POSITIVE, Sign.NEGATIVE):
            return Shape("hill", mp.mpf(0))
        return Shape("unknown")


def middle(value: arb) -> mp.mpf:
    """The midpoint of a ball, exactly."""
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def _oriented(function: Function, x: arb, bits: int) -> Jet:
    """The jet on a ball of log-odds."""
    with ctx.workprec(bits):
        return on_interval(function, x.lower(), x.upper(), 1)


def _sign(value: arb) -> int:
    return 1 if value > 0 else -1


def _exact(value: Expr) -> arb:
    return arb(as_rational(value))
