r"""How long training takes, and how far its last iterates spread.

For plain gradient ascent with learning rate η on tabular softmax logits, one an answer, the
log-odds z of two answers move by :math:`\dot z = 2\,p(1-p)\,F(p)` in units of η: each of the two
logits has one half of that. The batches of N groups add noise: per step the gradient in one logit
has the variance v/N, so that at an attracting policy with :math:`\kappa = -p(1-p)\,dF/dz` they
spread by

.. math:: \mathrm{Var}\, z \simeq \frac{\eta' v}{2 N \kappa\,(1 - \eta'\kappa/2)},
    \qquad \eta' = 2\eta,

which is exact for the linear recursion, and the last factor 1 for small η.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import exp, inf, log, log1p, sqrt

import mpmath as mp
import numpy as np
from sympy import Expr, Float, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.analysis.noise import iterate_spread
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import stationarity_condition

#: Training has arrived when this share of the way from the reference is left.
NEAR = 0.01
_NODES = 24
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


def last_iterates(
    run: Settings, question: Question, found: Landscape, goal: RestPoint, kappa: float | None,
    point: dict[Symbol, Expr],
) -> float | None:  # fmt: skip
    """The standard deviation of π(a) over the last iterates; None where it is not derived.

    None at an end of the simplex and where the penalty is cut off, without a learning rate or a
    batch size, for a penalty inside the reward, and for a mean that is taken over a batch. A sample
    that is used several times makes steps as many, each a little shorter than the last by the rate
    at which the sampled gradient itself relaxes.
    """
    if kappa is None or kappa <= 0 or not run.learning_rate or not run.groups:
        return None
    if run.beta == 0 or any(found.piece(goal.log_odds).clamped):
        return None
    balance = Balance(stationarity_condition(run.preset.algorithm, question))
    p, q = goal.policy
    try:
        noise = iterate_spread(
            balance, p, point, learning_rate=1, groups=float(run.groups),  # type: ignore[arg-type]
            log_odds=goal.log_odds, algorithm=run.sampled,
        ).noise  # fmt: skip
    except ValueError:
        return None
    # A bonus of entropy is no sample: it adds to κ and not to the noise.
    step = 2 * float(run.learning_rate) * float(run.gradient_scale)
    if run.passes > 1:
        inner = 1 + step * _frozen_rate(run, question, goal, point)
        step *= sum(inner**k for k in range(run.passes)) if abs(inner) < 1 else run.passes
    left = 1 - step * kappa / 2
    return p * q * sqrt(step * noise / (2 * float(run.groups) * kappa * left)) if left > 0 else None


def reuse_limit(
    run: Settings, question: Question, goal: RestPoint, kappa: float, point: dict[Symbol, Expr]
) -> float:
    """τ: the learning rate times the steps on one batch beyond which a rest point is left.

    With the sampling policy frozen the log-odds relax at the rate A; the outer iteration has the
    slope 1 − κ (e^{Aτ'} − 1)/A, τ' = 2τ, and leaves the point where that is below −1.
    """
    inner = _frozen_rate(run, question, goal, point)
    if inner == 0:
        return 1 / kappa
    inside = 1 + 2 * inner / kappa
    return inf if inside <= 0 else log(inside) / inner / 2


def leaves(
    run: Settings, question: Question, goal: RestPoint, kappa: float, point: dict[Symbol, Expr]
) -> bool:
    """Whether the steps on one batch lead from next to a rest point further away from it.

    As for :func:`reuse_limit`, with steps as long as they are: 1 + 2ηA each, η the learning rate.
    """
    inner = mp.mpf(_frozen_rate(run, question, goal, point))
    step = 2 * mp.mpf(float(run.learning_rate or 0) * float(run.gradient_scale))
    grown = ((1 + step * inner) ** run.reuse - 1) / inner if inner else step * run.reuse
    return bool(abs(1 - kappa * grown) > 1)


def _frozen_rate(
    run: Settings, question: Question, goal: RestPoint, point: dict[Symbol, Expr]
) -> float:
    """A, the derivative in the log-odds of the gradient of samples that are drawn already.

    −β p²(1 − p)² Σ c with the curvature c of the penalty, where that is in the loss or exact. One
    inside the reward is a frozen factor of the ratio, as the advantage is: their sum is 0 at rest.
    """
    p, q = goal.policy
    bonus = -float(run.preset.entropy) * p * q
    if not run.beta or getattr(run.preset.penalty, "placement", "").startswith("reward"):
        return bonus
    condition = stationarity_condition(run.preset.algorithm, question)
    digits = 30 + int(abs(goal.log_odds))  # as many as 1 - p needs beside 1
    with mp.workdps(digits):
        at = {**point, symbols.pi: Float(1 / (1 + mp.exp(-goal.log_odds)), digits)}
    return bonus - float(run.beta) * (p * q) ** 2 * float(sum(condition.curvature).subs(at))


def steps_of(time: float | None, rate: Fraction | None, scale: Fraction) -> float | None:
    """Optimiser steps of a flow time."""
    if time is None or not rate:
        return None
    return time / (float(rate) * float(scale))
