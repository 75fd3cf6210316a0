"""Stationary policies as zeros of the numerically differentiated stage objective.

No stationarity condition is written down: the expected stage objective is evaluated with the
sampling policy frozen, differentiated by finite differences at high precision, and the zero
of that derivative is bracketed and refined.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, TypeAlias

from mpmath import mp, mpf

from .enumeration import (
    Law,
    Real,
    Scale,
    comparison_preference,
    large_group_preference,
    preference,
    to_mpf,
)

Penalty: TypeAlias = Literal["reverse-kl", "direct-kl"]
Gradient: TypeAlias = Callable[[mpf, int], mpf]

DETERMINISTIC: Sequence[Law] = [[(Fraction(1), 1)], [(Fraction(0), 1)]]


def stage_objective(
    policy: Sequence[mpf],
    old: Sequence[mpf],
    reference: Sequence[mpf],
    preferences: Sequence[mpf],
    beta: mpf,
    penalty: Penalty,
) -> mpf:
    """Return the expected stage objective of `policy` under answers drawn from `old`.

    Parameters
    ----------
    policy, old, reference : sequence of mpf
        The policy being optimised, the frozen sampling policy and the reference policy.
    preferences : sequence of mpf
        Expected advantage of each answer in a group drawn from `old`.
    beta : mpf
        Weight of the penalty.
    penalty : {"reverse-kl", "direct-kl"}
        The k3 estimator without, or with, the importance ratio.

    Returns
    -------
    mpf
        ``E_old[ratio * preference - beta * w * k3]``.
    """
    if penalty not in ("reverse-kl", "direct-kl"):
        raise ValueError(f"unknown penalty {penalty!r}")
    total = mpf(0)
    for new_o, old_o, ref_o, value in zip(policy, old, reference, preferences, strict=True):
        ratio = new_o / old_o
        u = ref_o / new_o
        k3 = u - mp.log(u) - 1
        weight = ratio if penalty == "direct-kl" else mp.one
        total += old_o * (ratio * value - beta * weight * k3)
    return total


def stage_gradient(
    policy: Sequence[Real],
    reference: Sequence[Real],
    preferences: Sequence[Real],
    beta: Real,
    penalty: Penalty = "reverse-kl",
) -> list[mpf]:
    """Return the on-policy gradient of the expected stage objective over softmax logits.

    Parameters
    ----------
    policy, reference : sequence of real numbers
        The policy, which is also the sampling policy, and the reference policy.
    preferences : sequence of real numbers
        Expected advantage of each answer in a group drawn from `policy`.
    beta : real number
        Weight of the penalty.
    penalty : {"reverse-kl", "direct-kl"}
        The k3 estimator without, or with, the importance ratio.

    Returns
    -------
    list of mpf
        One partial derivative per logit, at the working precision.
    """
    old = [to_mpf(p) for p in policy]
    ref = [to_mpf(p) for p in reference]
    values = [to_mpf(v) for v in preferences]
    weight = to_mpf(beta)
    logits = [mp.log(p) for p in old]

    def partial(index: int) -> mpf:
        def objective(logit: mpf) -> mpf:
            exps = [mp.exp(logit if k == index else x) for k, x in enumerate(logits)]
            total = mp.fsum(exps)
            return stage_objective([e / total for e in exps], old, ref, values, weight, penalty)

        return mp.diff(objective, logits[index])

    return [partial(index) for index in range(len(old))]


def solve_binary(
    beta: Real,
    pi_ref: Real,
    group_size: float,
    penalty: Penalty = "reverse-kl",
    scale: Scale = "std",
    laws: Sequence[Law] | None = None,
    margin: Real | None = None,
    digits: int = 50,
) -> mpf:
    """Return the stationary probability of answer a above its reference probability.

    Parameters
    ----------
    beta : real number
        Weight of the penalty, positive.
    pi_ref : real number
        Reference probability of answer a, in (0, 1).
    group_size : int or math.inf
        Number of answers in a group, at least 2.
    penalty : {"reverse-kl", "direct-kl"}
        The k3 estimator without, or with, the importance ratio.
    scale : {"std", "none"}
        Scaling of the advantages.
    laws : sequence of two laws, optional
        (reward, probability) pairs of answers a and b; by default rewards 1 and 0.
    margin : real number, optional
        If given, groups of two are ranked by a tie-free comparison that a wins against b
        with probability ``(1 + margin) / 2``; excludes `laws`.
    digits : int
        Digits of the result.

    Returns
    -------
    mpf
        The single zero of the gradient found on ``(pi_ref, 1)``.

    Raises
    ------
    ValueError
        If none or several zeros are found; see `scan_binary`.
    """
    limit = 120.0 if penalty == "direct-kl" and math.isinf(group_size) else 1e4
    span = 120.0
    roots: list[mpf] = []
    while not roots and span <= limit:
        roots = scan_binary(beta, pi_ref, group_size, penalty, scale, laws, margin, digits, span)
        span *= 4
    if len(roots) != 1:
        raise ValueError(f"found {len(roots)} stationary points above pi_ref, expected one")
    return roots[0]


def scan_binary(
    beta: Real,
    pi_ref: Real,
    group_size: float,
    penalty: Penalty = "reverse-kl",
    scale: Scale = "std",
    laws: Sequence[Law] | None = None,
    margin: Real | None = None,
    digits: int = 50,
    span: float = 120.0,
    growth: float = 0.05,
) -> list[mpf]:
    """Return all stationary probabilities of answer a found above its reference probability.

    The logit of the policy is scanned over ``(0, span)`` above the logit of `pi_ref`. The
    steps are ``growth * (1 + distance)``, with the distance to the nearer of the start and
    the logit zero. Pairs of zeros inside one step are sought by descending to the extremum
    of the gradient; a double zero is not reported.

    Parameters
    ----------
    beta, pi_ref, group_size, penalty, scale, laws, margin, digits
        As in `solve_binary`.
    span : float
        Length of the scanned interval of logits.
    growth : float
        Relative step of the scan.

    Returns
    -------
    list of mpf
        The zeros in increasing order, possibly none.
    """
    gradient, start = _binary_gradient(beta, pi_ref, group_size, penalty, scale, laws, margin)

    def coarse(theta: mpf) -> mpf:
        return gradient(theta, 20)

    with mp.workdps(30):
        thetas = [start()]
        while thetas[-1] - thetas[0] < span:
            distance = min(thetas[-1] - thetas[0], abs(thetas[-1]))
            thetas.append(thetas[-1] + growth * (1 + distance))
        values = [coarse(theta) for theta in thetas]
        knots = list(zip(thetas, values, strict=True))
        for left, middle, right in zip(knots, knots[1:], knots[2:], strict=False):
            dip = _hidden_sign_change(coarse, left, middle, right)
            if dip is not None:
                knots.append(dip)
        knots.sort(key=lambda knot: knot[0])
    roots = []
    for (low, f_low), (high, f_high) in pairwise(knots):
        if mp.sign(f_low) * mp.sign(f_high) < 0:
            theta = _refine(gradient, low, high, digits)
            with mp.workdps(digits + 5):
                roots.append(1 / (1 + mp.exp(-theta)))
    return roots


def _binary_gradient(
    beta: Real,
    pi_ref: Real,
    group_size: float,
    penalty: Penalty,
    scale: Scale,
    laws: Sequence[Law] | None,
    margin: Real | None,
) -> tuple[Gradient, Callable[[], mpf]]:
    """Return the on-policy gradient in the logit of a, and the logit of `pi_ref`.

    The gradient takes the logit and the number of digits that must survive cancellation,
    which costs about ``|logit| / log(10)`` digits as the policy nears a vertex. The working
    precision is a multiple of 40 digits, so that tables of groups are seldom rebuilt.
    """
    if not beta > 0 or not 0 < pi_ref < 1 or not group_size >= 2:
        raise ValueError("need beta > 0, 0 < pi_ref < 1 and group_size >= 2")
    if not math.isinf(group_size) and group_size != int(group_size):
        raise ValueError("group_size must be an integer or math.inf")
    if margin is not None and (laws is not None or group_size != 2 or scale != "std"):
        raise ValueError("a margin needs group_size 2, scale 'std' and no laws")
    if margin is not None and not 0 < margin <= 1:
        raise ValueError("margin must be in (0, 1]")
    rewards = DETERMINISTIC if laws is None else laws
    if len(rewards) != 2:
        raise ValueError("a binary question needs two laws")

    def preferences(policy: Sequence[mpf]) -> list[mpf]:
        if margin is not None:
            half, win = mpf(1) / 2, (1 + to_mpf(margin)) / 2
            return comparison_preference([[half, win], [1 - win, half]], policy)
        if math.isinf(group_size):
            return large_group_preference(rewards, policy, scale)
        return preference(rewards, policy, int(group_size), scale)

    def sigmoid(theta: mpf) -> list[mpf]:
        return [1 / (1 + mp.exp(-theta)), 1 / (1 + mp.exp(theta))]

    def gradient(theta: mpf, digits: int) -> mpf:
        needed = digits + 5 + abs(float(theta)) / math.log(10)
        with mp.workdps(40 * math.ceil(needed / 40)):
            old = sigmoid(theta)
            values = preferences(old)
            a, weight = to_mpf(pi_ref), to_mpf(beta)
            reference = [a, 1 - a]

            def objective(moved: mpf) -> mpf:
                return stage_objective(sigmoid(moved), old, reference, values, weight, penalty)

            return mp.diff(objective, theta)

    def start() -> mpf:
        a = to_mpf(pi_ref)
        return mp.log(a / (1 - a))

    return gradient, start


def _hidden_sign_change(
    function: Callable[[mpf], mpf],
    left: tuple[mpf, mpf],
    middle: tuple[mpf, mpf],
    right: tuple[mpf, mpf],
) -> tuple[mpf, mpf] | None:
    """Look for a sign change at an extremum between three knots of the same sign.

    Near a double zero the function is quadratic, so that the middle value is well below the
    larger neighbour; flat stretches are passed over.
    """
    sign = mp.sign(middle[1])
    if any(mp.sign(knot[1]) != sign for knot in (left, right)) or sign == 0:
        return None
    sides = sign * left[1], sign * right[1]
    if sign * middle[1] > min(*sides, max(sides) / 2):
        return None
    low, high = left[0], right[0]
    golden = (mp.sqrt(5) - 1) / 2
    x, y = high - golden * (high - low), low + golden * (high - low)
    f_x, f_y = function(x), function(y)
    for _ in range(60):
        if sign * f_x < 0:
            return x, f_x
        if sign * f_y < 0:
            return y, f_y
        if sign * f_x < sign * f_y:
            high, y, f_y = y, x, f_x
            x = high - golden * (high - low)
            f_x = function(x)
        else:
            low, x, f_x = x, y, f_y
            y = low + golden * (high - low)
            f_y = function(y)
    return None


def _refine(gradient: Gradient, low: mpf, high: mpf, digits: int) -> mpf:
    """Refine a bracketed zero by bisection, then by secants kept inside the bracket.

    The result is certified by a change of sign within ``10**-(digits + 1)`` on either side.
    """
    guard = 10
    extra = math.ceil(max(abs(float(low)), abs(float(high))) / math.log(10))
    with mp.workdps(digits + guard + extra):
        rising = mp.sign(gradient(high, 20))
        while high - low > mpf("1e-3"):
            middle = (low + high) / 2
            if mp.sign(gradient(middle, 20)) == rising:
                high = middle
            else:
                low = middle

        def precise(theta: mpf) -> mpf:
            return gradient(theta, digits + guard)

        before, f_before = low, precise(low)
        current, f_current = high, precise(high)
        for _ in range(10 * digits):
            if abs(current - before) < mpf(10) ** -(digits + 4) or f_current == f_before:
                break
            following = current - f_current * (current - before) / (f_current - f_before)
            if not low <= following <= high:
                following = (low + high) / 2
            before, f_before = current, f_current
            current, f_current = following, precise(following)
            if mp.sign(f_current) == rising:
                high = current
            else:
                low = current
        width = mpf(10) ** -(digits + 1)
        if mp.sign(precise(current - width)) * mp.sign(precise(current + width)) >= 0:
            raise ArithmeticError("the refined zero could not be certified")
        return current
