r"""Policies as responses to values: π(o) = π_ref(o) g(a(o) − c), g the penalty's link.

Solved for π(o)/π_ref(o), the stationarity condition of a strictly monotone penalty reads

.. math:: \pi(o) = \pi_{\mathrm{ref}}(o)\, g\!\left(a(o) - c\right), \qquad
          \sum_o \pi(o) = 1, \qquad a(o) = P(o \mid \pi) / \beta .

The first two equations define one policy π(a) for all values a, since the sum falls strictly in
c; π(o) rises with a(o) and falls with the others. The third one is a fixed-point equation for a.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from flint import arb, ctx
from sympy import Dummy, Expr, S, diff, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.enclosures.systems import Box
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.model.penalty.power_sum import end_values

_STEPS = 60
# Bits that float64 leaves of a level.
_DOUBLE = 44
# Bits next to the end of a link.
_SPARE = 8


class Response:
    """The policy π(a) of a strictly monotone penalty.

    Where its force has a lower bound, answers of values below that are given up: g is 0 there.

    Parameters
    ----------
    penalty : Penalty
    reference : sequence of Expr
        Exact positive numbers that sum to 1.
    """

    def __init__(self, penalty: Penalty, reference: Sequence[Expr]) -> None:
        x, u = Dummy("x", real=True), symbols.u
        self.reference = [ball(r, {}, ctx.prec) for r in reference]
        self._argument = x
        self._link = penalty.link(x)
        self._force = penalty.marginal()
        # dπ(o)/da(o) = π_ref(o) g'(x) and g(x) = 1/u at x = d(u).
        self._slope = (-1 / (u**2 * diff(self._force, u))).cancel()
        self._fast = lambdify(x, self._link, "math")
        #: The lower bound of the force; None where it has none.
        low = penalty.link_range[0]
        self.lowest = ball(low, {}, ctx.prec) if low.is_finite else None
        self._edge = float(low)
        self._weights = [float(r) for r in reference]
        self._ends = [float(self._force.subs(u, 1)), *(float(self._at(r)) for r in self.reference)]

    def _at(self, u: arb) -> arb:
        return ball(self._force, {symbols.u: u}, ctx.prec)

    def ratio(self, x: arb) -> arb:
        """g(x)."""
        if self.lowest is None or x > self.lowest:
            return ball(self._link, {self._argument: x}, ctx.prec)
        # It rises from 0: a little more than the end of the link has a value in balls too.
        above = x.max(self.lowest).upper() + arb(2) ** (_SPARE - ctx.prec)
        return arb(0).union(ball(self._link, {self._argument: above}, ctx.prec))

    def top(self, answer: int) -> arb:
        """d(π_ref(o)): the value of g's argument at which the answer has mass 1."""
        return self._at(self.reference[answer])

    def level(self, gaps: Sequence[arb], best: int, bits: int | None = None) -> arb:
        """The argument of g at ``best``, the answer of largest value, from Σ π = 1.

        ``gaps`` are a(best) − a(o) ≥ 0. The sum rises with the level, from at most 1 where g is
        1 at ``best`` to at least 1 where its mass is 1; the ends of the ball are proved by the
        sign of the sum there. Known to the working precision, or to about so many ``bits``.

        Raises
        ------
        Undecided
            When the signs are not proved.
        """
        low, high = self._ends[0], self._ends[1 + best]
        terms = list(zip(self._weights, (float(g) for g in gaps), strict=True))

        def excess(level: float) -> float:
            return sum(w * self._rough(level - gap) for w, gap in terms) - 1

        bits = ctx.prec - 16 if bits is None else bits
        guess = self._newton(arb(_bisected(excess, low, high)), gaps, bits)
        step = arb(2) ** -bits * max(1.0, abs(float(guess)))
        while step < 1:
            left, right = (guess - step).mid(), (guess + step).mid()
            if self._sum(left, gaps) < 1 and self._sum(right, gaps) > 1:
                return left.union(right)
            step *= 256
        raise Undecided("the sum of the policy is not known well enough")

    def _newton(self, level: arb, gaps: Sequence[arb], bits: int) -> arb:
        """A level known to double precision, to more bits."""
        accurate = _DOUBLE
        while accurate < bits:
            ratios = [self.ratio(level - g) for g in gaps]
            policy = [r * x for r, x in zip(self.reference, ratios, strict=True)]
            closer = (level - (sum(policy, arb(0)) - 1) / sum(self.slopes(policy), arb(0))).mid()
            if not closer.is_finite():
                break
            level, accurate = closer, 2 * accurate
        return level

    def _rough(self, x: float) -> float:
        """g(x) as a float; it vanishes far below."""
        try:
            return self._fast(x) if x > self._edge else 0.0
        except (OverflowError, ZeroDivisionError):
            return 0.0

    def _sum(self, level: arb, gaps: Sequence[arb]) -> arb:
        parts = (r * self.ratio(level - g) for r, g in zip(self.reference, gaps, strict=True))
        return sum(parts, arb(0))

    def policy(self, values: Sequence[arb]) -> Box:
        """π(a) at values in small balls."""
        best = max(range(len(values)), key=lambda o: float(values[o].mid()))
        gaps = [values[best] - v for v in values]
        level = self.level(gaps, best)
        return [
            self._probability(r * self.ratio(level - g))
            for r, g in zip(self.reference, gaps, strict=True)
        ]

    def _mass(self, values: Sequence[arb], answer: int) -> arb:
        """One entry of π(a), to about double precision."""
        best = max(range(len(values)), key=lambda o: float(values[o]))
        gaps = [values[best] - v for v in values]
        level = self.level(gaps, best, _DOUBLE)
        return self._probability(self.reference[answer] * self.ratio(level - gaps[answer]))

    @staticmethod
    def _probability(value: arb) -> arb:
        if not value.is_finite():
            raise Undecided("the link has no finite value on the box")
        return value.nonnegative_part()

    def over(self, box: Sequence[arb]) -> Box:
        """π on a box of values: π(o) is least where a(o) is and the others are largest."""
        low, high = [arb(x.lower()) for x in box], [arb(x.upper()) for x in box]
        found = []
        for o in range(len(box)):
            least = self._mass([low[q] if q == o else high[q] for q in range(len(box))], o)
            most = self._mass([high[q] if q == o else low[q] for q in range(len(box))], o)
            found.append(least.union(most))
        return found

    def slopes(self, policy: Sequence[arb]) -> Box:
        """w(o) = dπ(o)/da(o) at fixed c."""
        return [
            r * ball(self._slope, {symbols.u: r / p}, ctx.prec)
            for r, p in zip(self.reference, policy, strict=True)
        ]

    @cached_property
    def ends_smoothly(self) -> bool:
        """Whether g has a finite slope where an answer is given up."""
        return bool(end_values(self._slope, symbols.u)[1].is_finite)

    @cached_property
    def bend(self) -> Sign | None:
        """Sign of d′ + 2 u d″ on u > 1, which decides how t² g(z − t) moves for large t."""
        u = symbols.u
        d = self._force
        return sign(diff(d, u) + 2 * u * diff(d, u, 2), Domain.of((u, S.One, S.Infinity)))

    def elasticity(self, level: arb, x: arb) -> arb:
        """(z − d(u)) + 2 u d′(u) at d(u) = x: positive where t² g(z − t), t = z − x, falls.

        Its derivative in u is d′ + 2 u d″.
        """
        u = 1 / self.ratio(x)
        return level - x + 2 * u * ball(diff(self._force, symbols.u), {symbols.u: u}, ctx.prec)


def _bisected(function: Callable[[float], float], low: float, high: float) -> float:
    """A zero of a rising function between two floats, by the Illinois rule."""
    left, right = function(low), function(high)
    if left >= 0:
        return low
    if right <= 0:
        return high
    for _ in range(_STEPS):
        middle = (low * right - high * left) / (right - left)
        if not low < middle < high:
            middle = (low + high) / 2
        value = function(middle)
        if abs(value) < 1e-15 or high - low < 4e-16 * max(1.0, abs(middle)):
            return middle
        if value < 0:
            low, left, right = middle, value, right / 2
        else:
            high, right, left = middle, value, left / 2
    return (low + high) / 2
