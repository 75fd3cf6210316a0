r"""The tilted curve: questions on which one scalar equation is left.

Where P(o) − P(o') = (s(o) − s(o')) T with one scalar T, every stationary policy under a strictly
monotone penalty is a response to values a = t s. Along this curve M(t) = Σ π(o) s(o) rises
strictly,

.. math:: M'(t) = \sum_o w(o) (s(o) - \bar s)^2, \qquad \bar s = \sum_o w(o) s(o) / \sum_o w(o),

w(o) = dπ(o)/da(o) with c held fixed, and one equation is left: t = T(π_t)/β.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flint import arb, ctx

from grpo_symbolic.algebra import Sign
from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.systems import Box
from grpo_symbolic.enclosures.zeros import Isolation, isolated_on
from grpo_symbolic.solve.preferences import TiltedPreference
from grpo_symbolic.solve.response import Response
from grpo_symbolic.solve.scales import square, weighted

# Widest tail that is tried, as a power of two of the first place.
_DOUBLINGS = 60
# Bits to which it is known where an answer is given up.
_CLOSE = 40


@dataclass(frozen=True)
class Tilt:
    """The zeros of T(π_t)/β − t on the tilted curve.

    Parameters
    ----------
    response : Response
    preference : TiltedPreference
        Of rates that are not all equal.
    beta : arb
    """

    response: Response
    preference: TiltedPreference
    beta: arb
    _levels: dict[tuple[int, int, int], arb] = field(default_factory=dict, repr=False)

    @cached_property
    def best(self) -> int:
        """The answer of the largest rate."""
        rates = [float(s) for s in self.preference.rates]
        return rates.index(max(rates))

    @cached_property
    def gaps(self) -> list[arb]:
        """s(best) − s(o)."""
        rates = self.preference.rates
        return [rates[self.best] - s for s in rates]

    @cached_property
    def _widest(self) -> float:
        return float(max(self.gaps, key=float).upper())

    def _level(self, t: arb) -> arb:
        mantissa, exponent = t.man_exp()
        key = (int(mantissa), int(exponent), ctx.prec)
        if key not in self._levels:
            self._levels[key] = self.response.level([t * g for g in self.gaps], self.best)
        return self._levels[key]

    def policy(self, t: arb) -> Box:
        """π_t on an interval of t ≥ 0.

        The argument of the link at the best answer rises with t; it falls behind by t times the
        gap at the others.
        """
        left, right = arb(t.lower()), arb(t.upper())
        level = self._level(left).union(self._level(right))
        whole = left.union(right)
        return [
            _finite(r * self.response.ratio(level - whole * gap)).nonnegative_part()
            for r, gap in zip(self.response.reference, self.gaps, strict=True)
        ]

    def excess(self, left: arb, right: arb) -> Jet:
        """T(π_t)/β − t on an interval of t."""
        t = left.union(right)
        policy = self.policy(t)
        value = _finite(self.preference.scale.value(policy) / self.beta)
        slope = _finite(self.slope(policy) / self.beta)
        return Jet((value - t, slope - 1))

    def slope(self, policy: Sequence[arb]) -> arb:
        """dT(π_t)/dt = Σ ∂T/∂π(o) w(o) (s(o) − s̄)."""
        weights = self.response.slopes(policy)
        mean = weighted(weights, self.gaps) / sum(weights, arb(0))
        gradient = self.preference.scale.gradient(policy)
        # The moves sum to zero: the gradient may be shifted to be small at the best answer.
        base = gradient[self.best]
        moves = [w * (mean - g) for w, g in zip(weights, self.gaps, strict=True)]
        return weighted([d - base for d in gradient], moves)

    # -- all of them -------------------------------------------------------------------------

    def isolated(self, most: int) -> Isolation | None:
        """Every solution t > 0, or None where the far end is not decided."""
        if not self.preference.scale.positive:
            return None
        last = self._last() if self.response.lowest is None else self._given_up()
        if last is None:
            return None
        places, step = [arb(0)], arb(1 / self._widest)
        while places[-1] + step < last:
            places.append(arb((places[-1] + step).mid()))
            step *= 2
        return isolated_on(self.excess, [*places, last], most)

    def _last(self) -> arb | None:
        """An exact t beyond which there is no solution."""
        bounds = self.preference.scale.bounds()
        if bounds is not None:
            return arb((bounds[1] / self.beta * (1 + arb(2) ** -20)).upper().mid())
        t = arb(1 / self._widest)
        for _ in range(_DOUBLINGS):
            t = arb(2 * t.mid())
            try:
                if self._nothing_beyond(t):
                    return t
            except (Undecided, OverflowError):
                return None
        return None

    def _given_up(self) -> arb | None:
        """An exact t beyond which there is no solution with all answers.

        The worst answer is given up where Σ π_ref(o) g(low + t (s(o) − s(worst))) = 1, low the end
        of the link. The sum rises with t; between two numbers next to this t nothing vanishes.
        """
        end = self.response.lowest
        if end is None or not self.response.ends_smoothly:
            return None
        worst, low_end = max(self.gaps, key=float), end

        def total(t: arb) -> arb:
            above = (self.response.ratio(low_end + t * (worst - g)) for g in self.gaps)
            return weighted(self.response.reference, list(above))

        low, high = arb(0), arb(1 / self._widest)
        while not total(high) > 1:
            low, high = high, arb((2 * high).mid())
            if high > arb(2) ** _DOUBLINGS:
                return None
        while high - low > high * arb(2) ** -_CLOSE:
            middle = arb(((low + high) / 2).mid())
            sum_there = total(middle)
            if sum_there < 1:
                low = middle
            elif sum_there > 1:
                high = middle
            else:
                break
        beyond = low.union(high)
        value = _finite(self.preference.scale.value(self.policy(beyond)) / self.beta) - beyond
        return None if value.contains(0) else low

    def _nothing_beyond(self, t: arb) -> bool:
        low, high = self._level(t).lower(), self.response.top(self.best).upper()
        far = [arb(0) if o == self.best else arb(0).union(
            r * self.response.ratio(high - t * g))
            for o, (r, g) in enumerate(zip(self.response.reference, self.gaps, strict=True))
        ]  # fmt: skip
        far[self.best] = (1 - sum(far, arb(0))).nonnegative_part()
        scale = self.preference.scale.value(far)
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
        known = self.preference.scale.moments()
        if known is None or not known[1][self.best].is_zero():
            return False
        others = [o for o in range(len(self.gaps)) if o != self.best]
        spread = {o: known[1][o] + square(self.gaps[o]) for o in others}
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


def _finite(value: arb) -> arb:
    if not value.is_finite():
        raise Undecided("no finite enclosure on the box")
    return value
