r"""Where several steps on one batch of rollouts lead, by the expected gradient of each step.

The policy :math:`p_0` that sampled is frozen for the steps on a batch. The log-odds z of two
answers move, per step and unit of one logit's learning rate, by

.. math::
    2\,[\,p(1-p)\,(A_a c_a - A_b c_b) - \beta\,(w_a d_a (1-p) - w_b d_b\,p)
    - \alpha\,p(1-p)\,z\,],

with A the expected advantages under :math:`p_0`, c = 0 where the ratio :math:`p/p_0` is clipped and
else 1, and d the derivative of what is sampled of the penalty in the log-probability, of weight w:
:math:`p_0` in the loss, p behind the ratio. The penalty is not clipped, so that training can rest
closer to the reference than any single step would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log1p

import mpmath as mp
from sympy import Expr, Symbol, diff, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import stationarity_condition

__all__ = ["ends_of_reuse"]

#: Batches that are followed, and steps on all of them together.
_BATCHES, _MOST_STEPS = 3_000, 40_000
#: Log-odds that are the same.
_STILL = 1e-9
#: The share of the way to the clip that all steps on one batch may cover unnoticed.
_SHORT = 0.5


def ends_of_reuse(
    run: Settings, question: Question, found: Landscape, goal: RestPoint, kappa: float,
    point: dict[Symbol, Expr],
) -> tuple[float, ...]:  # fmt: skip
    """The probabilities of the first answer between which batches leave the policy in the end.

    One where it comes to rest, several where it does not; none where the steps are too short to
    make a difference, or the expected gradient is not known.
    """
    rate = float(run.learning_rate or 0) * float(run.gradient_scale)
    penalty = run.preset.penalty
    before = getattr(penalty, "before_baseline", False) or run.preset.algorithm.mixed_only
    if (
        rate == 0
        or run.reuse > _MOST_STEPS // 20
        or mp.isinf(goal.log_odds)
        or (before and run.beta)
        or not hasattr(penalty, "k")
    ):
        return ()
    start, target = float(found.start), float(goal.log_odds)
    fastest = max(abs(_pull(found, start + (target - start) * k / 40)) for k in range(41))
    low, high = (0.2, 0.2) if run.clip is None else map(float, run.clip)
    nearest = min(log1p(high), -log1p(-low) if low < 1 else 1.0)
    whole = 2 * rate * run.reuse
    if whole * fastest < _SHORT * nearest and whole * kappa < 1:
        return ()
    batch = _Batch.of(run, question, point)
    seen = [start]
    for _ in range(min(_BATCHES, _MOST_STEPS // run.reuse)):
        z = batch.after(seen[-1], rate, run.reuse)
        if not abs(z) < 700:
            return ()
        seen.append(z)
        for period in (1, 2):
            if len(seen) > period and abs(z - seen[-1 - period]) < _STILL:
                return tuple(sorted(_share(x) for x in seen[-period:]))
    last = [_share(x) for x in seen[-100:]]
    return min(last), max(last)


def _pull(found: Landscape, z: float) -> float:
    p = _share(z)
    return p * (1 - p) * float(found.at(mp.mpf(z)))


def _share(z: float) -> float:
    return 1 / (1 + exp(-z))


@dataclass(frozen=True)
class _Batch:
    """The expected gradient of steps on samples of another policy."""

    run: Settings
    preference: Callable[[float], list[float]]
    k: Callable[[float], float]
    slope: Callable[[float], float]
    reference: float

    @classmethod
    def of(cls, run: Settings, question: Question, point: dict[Symbol, Expr]) -> _Batch:
        condition = stationarity_condition(run.preset.algorithm, question)
        rows = [row.subs(point).doit() for row in condition.preference]
        k, u = run.preset.penalty.k, symbols.u
        return cls(
            run,
            lambdify(condition.policy[:-1], rows, "math"),
            lambdify(u, k, "math"),
            lambdify(u, -u * diff(k, u), "math"),  # in log π
            float(point[question.reference[0]]),
        )

    def after(self, start: float, rate: float, steps: int) -> float:
        """Log-odds after some steps on one batch."""
        z, old = start, _share(start)
        worth = self.preference(old)
        if self.run.preset.penalty.placement == "reward":
            pairs = ((self.reference, old), (1 - self.reference, 1 - old))
            values = (self._cut(r / p) for r, p in pairs)
            beta = float(self.run.beta)
            worth = [a - beta * value for a, value in zip(worth, values, strict=True)]
        for _ in range(steps):
            z += 2 * rate * self._slope(z, old, worth)
        return z

    def _slope(self, z: float, old: float, worth: list[float]) -> float:
        p = _share(z)
        q = 1 / (1 + exp(z))
        found = -float(self.run.preset.entropy) * p * q * z
        sides = ((p, old, self.reference, q), (q, 1 - old, 1 - self.reference, -p))
        for (own, before, reference, score), advantage in zip(sides, worth, strict=True):
            if not self._clipped(own / before, advantage):
                found += own * score * advantage
            found -= float(self.run.beta) * score * self._penalty(own, before, reference / own)
        return found

    def _clipped(self, ratio: float, advantage: float) -> bool:
        if self.run.clip is None:
            return False
        low, high = map(float, self.run.clip)
        return ratio > 1 + high if advantage > 0 else ratio < 1 - low

    def _penalty(self, own: float, before: float, u: float) -> float:
        """What is sampled of the penalty of one answer, differentiated in log π."""
        placement = self.run.preset.penalty.placement
        if placement == "reward" or self.run.preset.without_effect or not self.run.beta:
            return 0.0
        cut = self._cut(u) != self.k(u)
        slope = 0.0 if cut else self.slope(u)
        if placement == "loss":
            return before * slope
        return 0.0 if cut and self.run.preset.clamped_with_ratio else own * (self._cut(u) + slope)

    def _cut(self, u: float) -> float:
        value, clamp = self.k(u), self.run.preset.clamp
        return value if clamp is None else max(-float(clamp), min(float(clamp), value))
