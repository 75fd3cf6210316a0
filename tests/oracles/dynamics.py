"""Dynamics of a binary question with rewards 1 and 0, from the definitions.

The drift is a sum over the companions of each answer, the best response maximises the stage
objective by golden sections, the flow is integrated in small Runge-Kutta steps. Nothing is
solved for.
"""

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

from mpmath import mp, mpf

Penalty: TypeAlias = Literal["direct", "reverse"]
Scale: TypeAlias = Callable[[mpf], mpf]


def standard_deviation(share: mpf) -> mpf:
    """Return the standard deviation of rewards of which a share is 1 and the others 0."""
    return mp.sqrt(share * (1 - share))


def stabilised(epsilon: mpf) -> Scale:
    """Return the scale that is the root of the variance plus epsilon."""
    return lambda share: mp.sqrt(share * (1 - share) + epsilon)


def drift(p: mpf, size: float, scale: Scale) -> mpf:
    """Return the expected advantage of reward 1 minus that of reward 0 at policy p."""
    if math.isinf(size):
        return ((1 - p) - (0 - p)) / scale(p)
    gap = mpf(0)
    for better in range(int(size)):
        chance = math.comb(int(size) - 1, better) * p**better * (1 - p) ** (size - 1 - better)
        for own, sign in ((1, 1), (0, -1)):
            share = mpf(better + own) / size
            if 0 < share < 1:
                gap += sign * chance * (own - share) / scale(share)
    return gap


def divergence(b: mpf, reference: mpf, penalty: Penalty) -> mpf:
    """Return KL(b, reference), or KL(reference, b) for the reverse one."""
    first, second = (b, reference) if penalty == "direct" else (reference, b)
    return first * mp.log(first / second) + (1 - first) * mp.log((1 - first) / (1 - second))


def best_response(
    p: mpf, beta: mpf, reference: mpf, size: float, scale: Scale, penalty: Penalty
) -> mpf:
    """Return the maximiser of the stage objective with the preferences frozen at p.

    Golden sections in log-odds, right to about half of the working digits.
    """
    gain = drift(p, size, scale)

    def loss(x: mpf) -> mpf:
        b = 1 / (1 + mp.exp(-x))
        return beta * divergence(b, reference, penalty) - b * gain

    low, high = mpf(-60), mpf(60)
    ratio = (mp.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > mpf(10) ** (-mp.dps // 2 + 4):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return 1 / (1 + mp.exp(-(low + high) / 2))


def recursion(p: mpf, beta: mpf, reference: mpf, size: float, scale: Scale) -> mpf:
    """Return Mroueh's next policy (arXiv 2503.06639), the best response with the direct KL."""
    odds = (1 - reference) / reference * mp.exp(-drift(p, size, scale) / beta)
    return 1 / (1 + odds)


def long_run(
    start: mpf, beta: mpf, reference: mpf, size: float, scale: Scale, steps: int = 600
) -> list[mpf]:
    """Return the last eight policies of the recursion, fewer where one is 1 as rounded."""
    orbit = [start]
    for _ in range(steps):
        if not 0 < orbit[-1] < 1:
            break
        orbit.append(recursion(orbit[-1], beta, reference, size, scale))
    return orbit[-8:]


def flow(
    start: float,
    beta: float,
    reference: float,
    size: float,
    scale: Scale,
    penalty: Penalty,
    step: float = 0.01,
    time: float = 400.0,
) -> float:
    """Return where p' = p (1 - p) (drift - beta d/dp divergence) has gone, by Runge-Kutta.

    Integrated in log-odds and stopped at log-odds of 20, from which 1 is returned.
    """

    def velocity(x: float) -> float:
        p = 1 / (1 + math.exp(-x))
        if penalty == "direct":
            pull = math.log(p / (1 - p)) - math.log(reference / (1 - reference))
        else:
            pull = (1 - reference) / (1 - p) - reference / p
        return float(drift(mpf(p), size, scale)) - beta * pull

    x = math.log(start / (1 - start))
    for _ in range(int(time / step)):
        first = velocity(x)
        if abs(first) < 1e-10:
            break
        if abs(x) > 20:
            return 1.0 if x > 0 else 0.0
        # Where the velocity is large the step is short, so that a stage stays close.
        h = step / (1 + 0.2 * abs(first))
        second = velocity(x + h / 2 * first)
        third = velocity(x + h / 2 * second)
        fourth = velocity(x + h * third)
        x += h / 6 * (first + 2 * second + 2 * third + fourth)
    return 1 / (1 + math.exp(-x))
