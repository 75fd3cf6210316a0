r"""How long training takes, and how far its last iterates spread.

For plain gradient ascent with learning rate η on tabular softmax logits, one an answer, the
log-odds z of two answers move by :math:`\dot z = 2\,p(1-p)\,F(p)` in units of η: each of the two
logits has one half of that. The batches of N groups add noise: per step the gradient in one logit
has the variance v/N, so that at an attracting policy with :math:`\kappa = -p(1-p)\,dF/dz` they
spread by

.. math:: \mathrm{Var}\, z \simeq \frac{\eta' v}{2 N \kappa}, \qquad \eta' = 2\eta,

for small η.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb, exp, inf, log, log1p, sqrt

import mpmath as mp
import numpy as np
from sympy import Expr, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import stationarity_condition

__all__ = ["NEAR", "flow_time", "iterate_spread", "restoring_rate", "reuse_limit", "trajectory"]

#: Training has arrived when this share of the way from the reference is left.
NEAR = 0.01
_NODES = 24
# Groups with more compositions are not averaged one by one.
_MOST_COMPOSITIONS = 60_000
_STEP = mp.mpf(10) ** -8


def flow_time(found: Landscape, goal: RestPoint) -> float | None:
    """Steps times learning rate until 99 % of the way to a rest point is covered.

    None where the flow stands still on the way.
    """
    start, target = float(found.start), _arrival(found, goal)
    if start == target:
        return 0.0
    total = 0.0
    for lower, upper in _intervals(found, start, target):
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        middle, half = (lower + upper) / 2, (upper - lower) / 2
        for node, weight in zip(nodes, weights, strict=True):
            speed = _speed(found, middle + half * node)
            if speed * (target - start) <= 0:
                return None
            total += half * weight / speed
    return total


def trajectory(found: Landscape, goal: RestPoint) -> tuple[list[float], list[float]]:
    """Times (steps times learning rate) and π(a) on the way to a rest point, for a figure."""
    start, target = float(found.start), _arrival(found, goal)
    places = [start + (target - start) * k / 120 for k in range(121)]
    slow = [1 / _speed(found, z) for z in places]
    times = [0.0]
    for k in range(120):
        times.append(times[-1] + (places[k + 1] - places[k]) * (slow[k] + slow[k + 1]) / 2)
    return times, [1 / (1 + exp(-z)) for z in places]


def _speed(found: Landscape, z: float) -> float:
    p = 1 / (1 + exp(-z))
    return 2 * p * (1 - p) * float(found.at(mp.mpf(z)))


def _arrival(found: Landscape, goal: RestPoint) -> float:
    """The log-odds at which 1 % of the way is left, in probability."""
    start = 1 / (1 + exp(-float(found.start)))
    left = goal.policy[0] + NEAR * (start - goal.policy[0])
    rest = goal.policy[1] + NEAR * (1 - start - goal.policy[1])
    return log(left) - (log(rest) if left > 0.5 else log1p(-left))


def _intervals(found: Landscape, start: float, target: float) -> list[tuple[float, float]]:
    """Pieces of the way without an edge inside, each short enough for one rule."""
    edges = [float(p.upper) for p in found.pieces if not mp.isinf(p.upper)]
    low, high = min(start, target), max(start, target)
    marks = [low, *(e for e in edges if low < e < high), high]
    intervals = []
    for a, b in pairwise(marks):
        parts = max(2, int(b - a) + 1)
        intervals += [
            (a + (b - a) * k / parts, a + (b - a) * (k + 1) / parts) for k in range(parts)
        ]
    if start > target:
        intervals = [(b, a) for a, b in intervals]
    return intervals


def restoring_rate(found: Landscape, goal: RestPoint) -> float | None:
    """κ, at which the log-odds return to a rest point per unit of one logit's learning rate."""
    if mp.isinf(goal.log_odds):
        return None
    with mp.workdps(40):
        x = goal.log_odds
        slope = (found.at(x + _STEP) - found.at(x - _STEP)) / (2 * _STEP)
    p, q = goal.policy
    return -p * q * float(slope)


def iterate_spread(
    run: Settings, question: Question, goal: RestPoint, kappa: float | None,
    point: dict[Symbol, Expr],
) -> float | None:  # fmt: skip
    """The standard deviation of π(a) over the last iterates; None where it is not derived.

    None at an end of the simplex, without a learning rate or a batch size, for a penalty inside the
    reward, and for groups that are dropped, that have a scale of the batch or are too large.
    """
    rate, groups, algorithm = run.learning_rate, run.groups, run.preset.algorithm
    if kappa is None or kappa <= 0 or not rate or not groups or not isinstance(algorithm, GRPO):
        return None
    size = algorithm.group_size
    if size == oo or algorithm.penalised_before_baseline or algorithm.mixed_only:
        return None
    if algorithm.advantage.batch is not None:
        return None
    variance = _group_variance(run, question, goal, point, int(size))
    if variance is None:
        return None
    step = 2 * float(rate) * float(run.gradient_scale)
    p, q = goal.policy
    return p * q * sqrt(step * variance / (2 * float(groups) * kappa))


def _group_variance(
    run: Settings, question: Question, goal: RestPoint, point: dict[Symbol, Expr], size: int
) -> float | None:
    """v: the variance over groups of the gradient of one group in one logit.

    Members are right or wrong answers that are rewarded or not; which of the two decides the
    score, the other the advantage.
    """
    model = run.preset.algorithm.preference(question)
    if model.two_level is None:
        return None
    p, q = goal.policy
    first, second = (float(w.subs(point)) for w in model.weights)
    chances = {(1, 1): p * first, (1, 0): p * (1 - first), (0, 1): q * second,
               (0, 0): q * (1 - second)}  # fmt: skip
    kinds = [(kind, chance) for kind, chance in chances.items() if chance > 0]
    if comb(size + len(kinds) - 1, len(kinds) - 1) > _MOST_COMPOSITIONS:
        return None
    rule = model.two_level.at(point)
    advantages = [tuple(map(float, rule.advantages(k))) for k in range(size + 1)]
    reference = float(point[question.reference[0]])
    marginal = run.preset.penalty.marginal()
    pull = [float(run.beta) * float(marginal.subs(symbols.u, ratio))
            for ratio in ((1 - reference) / q, reference / p)]  # fmt: skip
    score = (-p, q)
    mean = square = 0.0
    for counts, weight in _compositions(size, [chance for _, chance in kinds]):
        rewarded = sum(n for n, (kind, _) in zip(counts, kinds, strict=True) if kind[1])
        high, low = advantages[rewarded]
        gradient = sum(
            n * score[answer] * ((high if reward else low) - pull[answer])
            for n, ((answer, reward), _) in zip(counts, kinds, strict=True)
        ) / size  # fmt: skip
        mean += weight * gradient
        square += weight * gradient**2
    return max(0.0, square - mean**2)


def _compositions(size: int, chances: list[float]) -> list[tuple[tuple[int, ...], float]]:
    """Every composition of a group, with its multinomial probability."""
    if len(chances) == 1:
        return [((size,), chances[0] ** size)]
    found = []
    for count in range(size + 1):
        weight = comb(size, count) * chances[0] ** count
        for rest, share in _compositions(size - count, chances[1:]):
            found.append(((count, *rest), weight * share))
    return found


def reuse_limit(
    run: Settings, question: Question, goal: RestPoint, kappa: float, point: dict[Symbol, Expr]
) -> float:
    """τ: the learning rate times the steps on one batch beyond which a rest point is left.

    With the sampling policy frozen the log-odds relax at the rate A = −β p²(1 − p)² Σ c, c the
    curvature of the penalty; the outer iteration has the slope 1 − κ (e^{Aτ'} − 1)/A, τ' = 2τ.
    """
    p, q = goal.policy
    condition = stationarity_condition(run.preset.algorithm, question)
    at = {**point, symbols.pi: mp.mpf(p)}
    curvature = float(sum(condition.curvature).subs(at)) if run.beta else 0.0
    inner = -float(run.beta) * (p * q) ** 2 * curvature
    if inner == 0:
        return 1 / kappa
    inside = 1 + 2 * inner / kappa
    return inf if inside <= 0 else log(inside) / inner / 2


def steps_of(time: float | None, rate: Fraction | None, scale: Fraction) -> float | None:
    """Optimiser steps of a flow time."""
    if time is None or not rate:
        return None
    return time / (float(rate) * float(scale))
