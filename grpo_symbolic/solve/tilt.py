r"""The tilted curve: questions on which one scalar equation is left.

Where P(o) − P(o') = (s(o) − s(o')) T with one scalar T, every stationary policy under a strictly
monotone penalty is a response to values a = t s. Along this curve M(t) = Σ π(o) s(o) rises
strictly,

.. math:: M'(t) = \sum_o w(o) (s(o) - \bar s)^2, \qquad \bar s = \sum_o w(o) s(o) / \sum_o w(o),

w(o) = dπ(o)/da(o) with c held fixed, and one equation is left: t = T(π_t)/β.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from flint import arb, arb_mat
from sympy import Expr, Symbol, diff

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.numeric.balls import ball
from grpo_symbolic.solve.boxes import BITS, Box, Isolation, Undefined, isolate
from grpo_symbolic.solve.response import Response, exact

__all__ = ["MassScale", "Scale", "SpreadScale", "Tilt"]

# Widest tail that is tried, as a power of two of the first place.
_DOUBLINGS = 60


class Scale(Protocol):
    """The scalar T(π) of a tilted question."""

    #: Bounds of T on the whole simplex, where they are known.
    bounds: tuple[arb, arb] | None

    def value(self, policy: Sequence[arb]) -> arb:
        """T(π)."""
        ...

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        """∂T/∂π(o) up to one constant that is the same for every answer."""
        ...

    def moments(self) -> tuple[list[arb], list[arb]] | None:
        """E[r | o] and Var[r | o] where T = 1/σ, σ² the total variance of the reward."""
        ...


class MassScale:
    """T as a function of m = Σ π(o) s(o), for two reward levels.

    Parameters
    ----------
    rates : sequence of arb
        s(o).
    drift : Bernstein or Expr
        D(m); an expression in ``symbols.x`` for m and ``other`` for 1 − m.
    """

    def __init__(
        self, rates: Sequence[arb], drift: Bernstein | Expr, other: Symbol | None = None
    ) -> None:
        self.rates = rates
        self.bounds = None
        if isinstance(drift, Bernstein):
            derivative = drift.derivative()
            self._value = lambda m, q: _bernstein(drift, m, q)
            self._slope = lambda m, q: _bernstein(derivative, m, q)
            heights = [c.enclosure(BITS) for c in drift.coefficients]
            self.bounds = _span(heights)
            return
        mass = symbols.x
        slope = diff(drift, mass) - diff(drift, other)
        self._value = lambda m, q: ball(drift, {mass: m, other: q}, BITS)
        self._slope = lambda m, q: ball(slope, {mass: m, other: q}, BITS)

    def _masses(self, policy: Sequence[arb]) -> tuple[arb, arb]:
        m = sum((s * p for s, p in zip(self.rates, policy, strict=True)), arb(0))
        q = sum(((1 - s) * p for s, p in zip(self.rates, policy, strict=True)), arb(0))
        return _unit(m, 1 - q), _unit(q, 1 - m)

    def value(self, policy: Sequence[arb]) -> arb:
        return self._value(*self._masses(policy))

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        slope = self._slope(*self._masses(policy))
        return [slope * s for s in self.rates]

    def moments(self) -> tuple[list[arb], list[arb]] | None:
        return None


def _unit(first: arb, second: arb) -> arb:
    both = first.intersection(second) if first.overlaps(second) else first
    return both.nonnegative_part()


def _bernstein(polynomial: Bernstein, m: arb, q: arb) -> arb:
    """The sum in m and 1 − m; between its least and its largest coefficient."""
    n = polynomial.degree
    above, below = [arb(1)], [arb(1)]
    for _ in range(n):
        above.append(above[-1] * m)
        below.append(below[-1] * q)
    terms = polynomial.balls(BITS)
    total = arb(0)
    for k, c in enumerate(terms):
        total += c * above[k] * below[n - k]
    return total


def _span(values: Sequence[arb]) -> tuple[arb, arb]:
    return (
        min((arb(v.lower()) for v in values), key=float),
        max((arb(v.upper()) for v in values), key=float),
    )


class SpreadScale:
    """T as a function of σ, the standard deviation of the reward of a drawn answer.

    Parameters
    ----------
    means, variances : sequence of arb
        E[r | o] and Var[r | o]; σ² also has the variance of the means.
    function : Expr
        T in ``symbols.x``, standing for σ.
    """

    def __init__(self, means: Sequence[arb], variances: Sequence[arb], function: Expr) -> None:
        self.means, self.variances = list(means), list(variances)
        self.function = function
        self._function, self._derivative = function, diff(function, symbols.x)
        self._reciprocal = function == 1 / symbols.x
        self.bounds = None
        if not function.has(symbols.x):
            self.bounds = (exact(function), exact(function))

    def _deviation(self, policy: Sequence[arb]) -> arb:
        """From Var = Σ over pairs π(i) π(j) (s(i) − s(j))²: no cancellation near a vertex."""
        within = sum((p * v for p, v in zip(policy, self.variances, strict=True)), arb(0))
        n = len(policy)
        total = within + sum(
            (
                policy[i] * policy[j] * _square(self.means[i] - self.means[j])
                for i in range(n)
                for j in range(i)
            ),
            arb(0),
        )
        low, high = arb(total.lower()), arb(total.upper())
        return (low.sqrt() if low > 0 else arb(0)).union(high.sqrt())

    def value(self, policy: Sequence[arb]) -> arb:
        return ball(self._function, {symbols.x: self._deviation(policy)}, BITS)

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        deviation = self._deviation(policy)
        slope = ball(self._derivative, {symbols.x: deviation}, BITS) / (2 * deviation)
        mean = sum((p * s for p, s in zip(policy, self.means, strict=True)), arb(0))
        return [
            slope * (v + _square(s - mean)) for s, v in zip(self.means, self.variances, strict=True)
        ]

    def moments(self) -> tuple[list[arb], list[arb]] | None:
        return (self.means, self.variances) if self._reciprocal else None


@dataclass
class Tilt:
    """The fixed points of t = T(π_t)/β on the tilted curve.

    Parameters
    ----------
    response : Response
    rates : sequence of arb
        s(o), not all equal.
    scale : Scale
    beta : arb
    """

    response: Response
    rates: Sequence[arb]
    scale: Any
    beta: arb

    def __post_init__(self) -> None:
        middles = [float(s) for s in self.rates]
        self.best = middles.index(max(middles))
        self.gaps = [self.rates[self.best] - s for s in self.rates]
        self._kept: dict[str, arb] = {}

    def _level(self, t: arb) -> arb:
        key = t.str(30, more=True)
        if key not in self._kept:
            self._kept[key] = self.response.level([t * g for g in self.gaps], self.best)
        return self._kept[key]

    def policy(self, t: arb) -> Box:
        """π_t on an interval of t ≥ 0.

        The argument of the link at the best answer rises with t; it falls behind by t times the
        gap at the others.
        """
        left, right = arb(t.lower()), arb(t.upper())
        level = self._level(left).union(self._level(right))
        exact_time = left.union(right)
        found = []
        for r, gap in zip(self.response.reference, self.gaps, strict=True):
            share = r * self.response.ratio(level - exact_time * gap)
            if not share.is_finite():
                raise Undefined("the link has no finite value on the box")
            found.append(share.nonnegative_part())
        return found

    def value(self, point: Box) -> Box:
        policy = self.policy(point[0])
        return [_finite(self.scale.value(policy) / self.beta)]

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        policy = self.policy(box[0])
        image = _finite(self.scale.value(policy) / self.beta)
        slope = _finite(self.slope(policy) / self.beta)
        return [image], arb_mat(1, 1, [slope])

    def slope(self, policy: Sequence[arb]) -> arb:
        """dT(π_t)/dt = Σ ∂T/∂π(o) w(o) (s(o) − s̄)."""
        weights = self.response.slopes(policy)
        total = sum(weights, arb(0))
        mean = sum((w * g for w, g in zip(weights, self.gaps, strict=True)), arb(0)) / total
        gradient = self.scale.gradient(policy)
        # The moves sum to zero: the gradient may be shifted to be small at the best answer.
        base = gradient[self.best]
        return sum(
            (
                (d - base) * w * (mean - g)
                for d, w, g in zip(gradient, weights, self.gaps, strict=True)
            ),
            arb(0),
        )

    # -- all of them -------------------------------------------------------------------------

    def isolated(self, most: int) -> Isolation | None:
        """Every solution t > 0, or None where the far end is not decided."""
        bounds = self.scale.bounds
        if bounds is not None:
            if not bounds[0] >= 0:
                return None
            last = bounds[1] / self.beta
            last = arb(last.upper()) * (1 + arb(2) ** -20)
        else:
            last = self._last()
            if last is None:
                return None
        width = float(max(self.gaps, key=float).upper())
        places, step = [arb(0)], arb(1 / width)
        while places[-1] + step < last:
            places.append(arb((places[-1] + step).mid()))
            step *= 2
        places.append(arb(last.mid()) if last.is_exact() else arb(last.upper()))
        boxes = [[a.union(b)] for a, b in pairwise(places)]
        limit = places[-1]
        return isolate(
            self, boxes[::-1], most, lambda box: box[0] >= 0 and box[0].upper() <= limit * 2
        )

    def _last(self) -> arb | None:
        """A t beyond which there is no solution."""
        t = arb(1 / float(max(self.gaps, key=float).upper()))
        for _ in range(_DOUBLINGS):
            t = arb(2 * t.mid())
            try:
                if self._nothing_beyond(t):
                    return t
            except (Undefined, OverflowError):
                return None
        return None

    def _nothing_beyond(self, t: arb) -> bool:
        low, high = self._level(t).lower(), self.response.top(self.best).upper()
        far = [arb(0) if o == self.best else arb(0).union(
            r * self.response.ratio(high - t * g))
            for o, (r, g) in enumerate(zip(self.response.reference, self.gaps, strict=True))
        ]  # fmt: skip
        far[self.best] = (1 - sum(far, arb(0))).nonnegative_part()
        scale = self.scale.value(far)
        if scale.is_finite() and scale < self.beta * t:
            return True  # T has this bound from here on, and βt grows
        return self._decided_by_spread(t, arb(low), arb(high))

    def _decided_by_spread(self, t: arb, low: arb, high: arb) -> bool:
        """βtσ against 1, for T = 1/σ.

        With q(o) = E[(r − s(best))² | o]: π(best) Σ π(o) q(o) ≤ σ² ≤ Σ π(o) q(o) over the other
        answers (the first inequality by Cauchy–Schwarz), if the best answer's reward is not
        random. The bounds of π(o) from the ends of the level make t² σ² monotone where the
        elasticity of g has one sign from t on.
        """
        known = self.scale.moments()
        if known is None or not known[1][self.best].is_zero():
            return False
        others = [o for o in range(len(self.gaps)) if o != self.best]
        spread = {o: known[1][o] + _square(self.gaps[o]) for o in others}
        bend = self.response.bend
        reference = self.response.reference

        def bound(level: arb) -> arb:
            parts = (
                reference[o] * self.response.ratio(level - t * self.gaps[o]) * spread[o]
                for o in others
            )
            return (self.beta * t) ** 2 * sum(parts, arb(0))

        def elastic(level: arb) -> list[arb]:
            return [self.response.elasticity(level, level - t * self.gaps[o]) for o in others]

        far_out = all(
            self.response.ratio(level - t * self.gaps[o]) < 1 for o in others
            for level in (low, high)
        )  # fmt: skip
        if not far_out:
            return False
        falls = bend in (Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO)
        if falls and all(e >= 0 for e in elastic(high)) and bound(high) < 1:
            return True
        rises = bend in (Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO)
        mass = self.policy(t)[self.best]
        return rises and all(e <= 0 for e in elastic(low)) and bool(bound(low) * mass > 1)


def _square(value: arb) -> arb:
    """A product: a power of a ball around 0 has no enclosure."""
    return (value * value).nonnegative_part()


def _finite(value: arb) -> arb:
    if not value.is_finite():
        raise Undefined("no finite enclosure on the box")
    return value
