r"""The regularised best response of a binary question: one map of the unit interval.

With the sampling policy frozen at p, the groups prefer answer a by the drift D(p), a constant,
and the penalty is the divergence it acts as. The maximiser b of that stage problem satisfies

.. math:: \beta\,\bigl(d_a(b) - d_b(b)\bigr) = D(p),

which has one solution when d is monotone. Both policies are handled in log-odds, and every
value is a ball that contains the true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import mpmath as mp
from flint import arb, ctx
from sympy import Expr, S

from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle, sign_of
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import Function, Tail, derivative, on_interval
from grpo_symbolic.enclosures.zeros import isolated, rising_zero
from grpo_symbolic.solve.scalar import ScalarField

__all__ = ["BestResponse", "Leaves", "Shape", "response_to"]

# Log-odds beyond which a policy counts as a vertex.
_FARTHEST = arb(10**12)


class Leaves(Undecided):
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
        Log-odds of the one turning point of a valley or a hill.
    interval : pair of mpf or None
        Log-odds between which it is proved to lie.
    """

    kind: str
    turn: mp.mpf | None = None
    interval: tuple[mp.mpf, mp.mpf] | None = None


@dataclass(frozen=True, repr=False)
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
            found = response_to(self._force, self.drift(exact_ball(x)).value.mid())
            return middle(found) if found.is_finite() else sign_of(found) * mp.inf

    def slope(self, x: arb, answer: arb) -> arb:
        """Derivative of the map in log-odds at ``x``, whose image is ``answer``."""
        with ctx.workprec(self.bits):
            return self.drift(x).slope / self.force(answer).slope

    def slope_at(self, x: mp.mpf) -> mp.mpf:
        """Derivative of the map in log-odds at one place."""
        return middle(self.slope(exact_ball(x), exact_ball(self.at(x))))

    def answer(self, drift: arb) -> arb:
        """The log-odds at which the penalty's force balances this drift."""
        with ctx.workprec(self.bits):
            if not drift.is_finite():
                raise Leaves("the drift is not bounded there")
            found = response_to(self._force, drift)
        if not found.is_finite():
            raise Leaves("the best response gives up an answer")
        return found

    # -- its two sides --------------------------------------------------------------------

    def drift(self, x: arb) -> Jet:
        """P(a) − P(b) and its derivative on a ball of log-odds."""
        with ctx.workprec(self.bits):
            found = on_interval(self.drift_function, x.lower(), x.upper(), 1)
            if x.is_exact() or not found.slope.is_finite():
                return found
            # By the mean value theorem: on a small ball much tighter than the ball's own value.
            centre = on_interval(self.drift_function, x.mid(), x.mid(), 1)
            value = centre.value + found.slope * (x - x.mid())
        narrower = value.rad() < found.value.rad() or not found.value.is_finite()
        return Jet((value, found.slope)) if narrower else found

    def force(self, x: arb) -> Jet:
        """β (d(a) − d(b)) and its derivative on a ball of log-odds."""
        with ctx.workprec(self.bits):
            return on_interval(self._force, x.lower(), x.upper(), 1)

    @cached_property
    def drift_function(self) -> Function:
        return self.field.drift_enclosed()

    @cached_property
    def _force(self) -> Function:
        force, weight = self.field.force_enclosed(), ball(self.field.weight, {}, self.bits)
        return lambda region: force(region) * weight

    def at_certainty(self) -> arb:
        """The drift where π(a) is 1 or next to it, in a ball.

        Raises
        ------
        Undecided
            When it is not bounded there.
        """
        with ctx.workprec(self.bits):
            return self.drift_function(Tail(self.bits, True, 1, arb(4 * self.digits))).value.values

    @cached_property
    def shape(self) -> Shape:
        """Where the best response rises and falls, where that is proved."""
        if self.field.constant_drift:
            return Shape("constant")
        with mp.workdps(self.digits):
            found = isolated(derivative(self.drift_function))
        turns = [zero for zero in found.zeros if zero.sign_left]
        if not found.complete or len(turns) > 1:
            return Shape("unknown")
        if not turns:
            return Shape("rising" if found.ends[1] > 0 else "falling")
        kind = "valley" if turns[0].sign_left < 0 else "hill"
        return Shape(kind, turns[0].place, turns[0].interval)


def response_to(force: Function, drift: arb) -> arb:
    """The log-odds at which a rising force has the value ``drift``, at the working precision.

    Infinite where no force is so large.
    """
    return rising_zero(
        lambda left, right: on_interval(force, left, right, 1) - drift, arb(0), _FARTHEST
    )
