r"""Where several steps on one batch of rollouts lead, by the expected gradient of each step.

The policy :math:`p_0` that sampled is frozen for the steps on a batch. The log-odds z of two
answers move, per step and unit of one logit's learning rate, by

.. math::
    2\,[\,p(1-p)\,(A_a c_a - A_b c_b) - \beta\,(w_a d_a (1-p) - w_b d_b\,p)
    - \alpha\,p(1-p)\,z\,],

with A the expected advantages under :math:`p_0`, c = 0 where the ratio :math:`p/p_0` is clipped and
else 1, and d the derivative of what is sampled of the penalty in the log-probability, of weight w:
:math:`p_0` in the loss, p behind the ratio. The penalty is not clipped, so that training can rest
closer to the reference than any single step would. Where such a place is not the rest point
itself, the noise of the batches leads out of it sooner or later: batches are drawn to see how soon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Any

import mpmath as mp
import numpy as np
from numpy import ndarray
from sympy import Expr, Symbol, diff, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.analysis.noise_of_many import GroupGradient
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import stationarity_condition

#: Batches that are followed, and steps on all of them together.
_BATCHES, _MOST_STEPS = 3_000, 40_000
#: Log-odds that are the same, and beyond which a run has left every policy.
_STILL, _AWAY = 1e-9, 700
#: The share of the way to the clip that all steps on one batch may cover unnoticed.
_SHORT = 0.5
#: Runs of drawn batches, steps on all of them together, and batches of a run, at least and at most.
_RUNS, _DRAWN, _LEAST_BATCHES, _ENOUGH_BATCHES = 200, 800_000, 100, 500
#: Probabilities that are the same place.
_SAME = 1e-3


def ends_of_reuse(
    run: Settings, question: Question, found: Landscape, goal: RestPoint, kappa: float,
    point: dict[Symbol, Expr],
) -> tuple[tuple[float, ...], Iterates | None]:  # fmt: skip
    """The probabilities of the first answer between which batches leave the policy in the end.

    One where it comes to rest, several where it does not; none where the steps are too short to
    make a difference, or the expected gradient is not known. Beside them sampled
    iterates, as far as these are known.
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
        return (), None
    start, target = float(found.start), float(goal.log_odds)
    fastest = max(abs(_pull(found, start + (target - start) * k / 40)) for k in range(41))
    low, high = (0.2, 0.2) if run.clip is None else map(float, run.clip)
    nearest = min(log1p(high), -log1p(-low) if low < 1 else 1.0)
    whole = 2 * rate * run.reuse
    if whole * fastest < _SHORT * nearest and whole * kappa < 1:
        return (), None
    batch = _Batch.of(run, question, point)
    ends = _ends(batch, start, rate)
    if not ends:
        return (), None
    shares = tuple(sorted(map(_share, ends)))
    if abs(shares[0] - shares[-1]) > _SAME:
        return shares, None
    return shares, _sampled(batch, shares[0], goal.policy[0])


def _ends(batch: _Batch, start: float, rate: float) -> list[float]:
    """Log-odds between which the expected iterates go on; none where they run away."""
    seen, steps = [start], batch.run.reuse
    for _ in range(min(_BATCHES, _MOST_STEPS // steps)):
        z = batch.expected(seen[-1], rate, steps)
        if not abs(z) < _AWAY:
            return []
        seen.append(z)
        for period in (1, 2):
            if len(seen) > period and abs(z - seen[-1 - period]) < _STILL:
                return seen[-period:]
    return [min(seen[-100:]), max(seen[-100:])]


def _pull(found: Landscape, z: float) -> float:
    p = _share(z)
    return p * (1 - p) * float(found.at(mp.mpf(z)))


def _share(z: float) -> float:
    return 1 / (1 + exp(-z))


@dataclass(frozen=True)
class _Batch:
    """The gradient of steps on samples of another policy."""

    run: Settings
    preference: Callable[[float], list[float]]
    k: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    reference: float
    groups: GroupGradient | None

    @classmethod
    def of(cls, run: Settings, question: Question, point: dict[Symbol, Expr]) -> _Batch:
        condition = stationarity_condition(run.preset.algorithm, question)
        rows = [row.subs(point).doit() for row in condition.preference]
        k, u = run.preset.penalty.k, symbols.u
        return cls(
            run,
            lambdify(condition.policy[:-1], rows, "math"),
            lambdify(u, k, "numpy"),
            lambdify(u, -u * diff(k, u), "numpy"),  # in log π
            float(point[question.reference[0]]),
            _groups(run, question, point),
        )

    @property
    def means(self) -> ndarray:
        """Of each composition of a group, what :meth:`after` asks of a batch."""
        assert self.groups is not None
        counts = self.groups.compositions
        return np.column_stack([counts * self.groups.advantages, counts[:, 0]]) / counts[0].sum()

    def chances(self, z: ndarray) -> ndarray:
        """Of each composition, at each of some log-odds."""
        assert self.groups is not None
        powers = _shares(z)[:, None, :] ** self.groups.compositions
        found = self.groups.ways * np.prod(powers, axis=-1)
        return found / found.sum(axis=1, keepdims=True)

    def expected(self, start: float, rate: float, steps: int) -> float:
        """Log-odds after some steps on one batch, by its expectation."""
        if self.groups is not None:
            batch = (self.chances(np.array([start])) @ self.means)[0]
        else:
            share = _share(start)
            try:
                first, second = self.preference(share)
            except (ZeroDivisionError, OverflowError):
                return np.inf
            batch = np.array([share * first, (1 - share) * second, share])
        return float(self.after(np.array([start]), batch, rate, steps)[0])

    @np.errstate(all="ignore")  # of a run that leaves every policy
    def after(self, start: ndarray, batch: ndarray, rate: float, steps: int) -> ndarray:
        """Log-odds after some steps on one batch each.

        The last axis of ``batch`` has, per sample, the advantages of the first answer, those of
        the second, and the share of the first.
        """
        z, old = start, _shares(start)
        gains, drawn = batch[..., :2], np.stack([batch[..., 2], 1 - batch[..., 2]], axis=-1)
        reference = np.array([self.reference, 1 - self.reference])
        if self.run.preset.penalty.placement == "reward":
            gains = gains - float(self.run.beta) * drawn * self._cut(reference / old)
        for _ in range(steps):
            own = _shares(z)
            ratio = own / old
            found = gains * ratio * ~self._clipped(ratio, gains)
            found = found - float(self.run.beta) * drawn * self._penalty(ratio, reference / own)
            scores = own[..., ::-1] * np.array([1, -1])
            bonus = float(self.run.preset.entropy) * own[..., 0] * own[..., 1] * z
            z = z + 2 * rate * ((found * scores).sum(axis=-1) - bonus)
        return z

    def _clipped(self, ratio: ndarray, gains: ndarray) -> ndarray:
        if self.run.clip is None:
            return np.zeros(np.broadcast_shapes(ratio.shape, gains.shape), dtype=bool)
        low, high = map(float, self.run.clip)
        return np.where(gains > 0, ratio > 1 + high, ratio < 1 - low)

    def _penalty(self, ratio: ndarray, u: ndarray) -> Any:
        """What is sampled of the penalty of each answer, differentiated in log π."""
        placement = self.run.preset.penalty.placement
        if placement == "reward" or self.run.preset.without_effect or not self.run.beta:
            return 0.0
        cut = self._cut(u) != self.k(u)
        slope = np.where(cut, 0.0, self.slope(u))
        if placement == "loss":
            return slope
        return ratio * np.where(cut & self.run.preset.clamped_with_ratio, 0.0, self._cut(u) + slope)

    def _cut(self, u: ndarray) -> ndarray:
        value, clamp = np.broadcast_to(self.k(u), np.shape(u)), self.run.preset.clamp
        return value if clamp is None else np.clip(value, -float(clamp), float(clamp))


def _groups(run: Settings, question: Question, point: dict[Symbol, Expr]) -> GroupGradient | None:
    """None where groups do not decide their advantages, or where a verifier makes mistakes and
    the signs of advantages differ within an answer."""
    try:
        found = GroupGradient.of(run.preset.algorithm, question, point)
    except (ValueError, OverflowError):
        return None
    return found if np.array_equal(found.chances, np.eye(2)) else None


def _shares(z: ndarray) -> ndarray:
    return np.stack([1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))], axis=-1)


# -- batches that are drawn ----------------------------------------------------------------------


@dataclass(frozen=True)
class Iterates:
    """Sampled iterates near the place where the expected ones end.

    Attributes
    ----------
    mean, deviation : float
        Of π(a) over the second half of the batches.
    batches : int
    left : float
        The share of runs that are nearer to the rest point than to that place in the end.
    """

    mean: float
    deviation: float
    batches: int
    left: float


def _sampled(batch: _Batch, place: float, goal: float) -> Iterates | None:
    """Runs of batches whose groups are drawn, each from the policy that the last one left."""
    run = batch.run
    if batch.groups is None or run.groups is None or run.reuse != run.passes:
        return None
    rate = float(run.learning_rate or 0) * float(run.gradient_scale)
    number, means = max(1, round(run.groups)), batch.means
    batches = min(_ENOUGH_BATCHES, _DRAWN // (_RUNS * (run.reuse + len(means) // 8)))
    if batches < _LEAST_BATCHES:
        return None
    rng = np.random.default_rng(0)
    z, seen = np.full(_RUNS, log(batch.reference) - log1p(-batch.reference)), []
    for _ in range(batches):
        drawn = rng.multinomial(number, batch.chances(z))
        z = batch.after(z, drawn @ means / number, rate, run.reuse)
        if not np.abs(z).max() < _AWAY:
            return None
        seen.append(_shares(z)[:, 0])
    late = np.array(seen[batches // 2 :])
    near = np.abs(late - place) <= np.abs(late - goal)
    if abs(place - goal) < _SAME:
        near = np.ones_like(near)
    if not near.any():
        return None
    kept = late[near]
    left = 1 - float(near[-1].mean())
    return Iterates(float(kept.mean()), float(kept.std()), batches, left)
