"""Stationary policies over several answers, for any preference and penalty coefficient.

The coefficient of a penalty is the numerical derivative of its sampled term; a stationary
policy is reached by following the projected gradient from the reference policy and then
polished by Newton's method with a numerical Jacobian.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

from mpmath import mp, mpf

from .enumeration import Real, to_mpf

Estimator: TypeAlias = Literal["k1", "k2", "k3", "abs"]
Placement: TypeAlias = Literal["loss", "loss-with-ratio", "reward"]
PerAnswer: TypeAlias = Callable[[Sequence[mpf]], list[mpf]]
Coefficient: TypeAlias = Callable[[mpf], mpf]
Field: TypeAlias = Callable[[Sequence[mpf]], list[mpf]]


def estimate(estimator: Estimator, u: mpf) -> mpf:
    """Return the estimate of the divergence at ``u = pi_ref / pi``."""
    if estimator == "k1":
        return -mp.log(u)
    if estimator == "k2":
        return mp.log(u) ** 2 / 2
    if estimator == "k3":
        return u - mp.log(u) - 1
    if estimator == "abs":
        return abs(mp.log(u))
    raise ValueError(f"unknown estimator {estimator!r}")


def sampled_term(estimator: Estimator, placement: Placement, new: mpf, old: mpf, ref: mpf) -> mpf:
    """Return the penalty of one sampled answer.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3", "abs"}
        Estimator of the divergence.
    placement : {"loss", "loss-with-ratio", "reward"}
        The estimate at the new policy, the same times the importance ratio, or the estimate
        at the old policy times the importance ratio.
    new, old, ref : mpf
        Probability of the answer under the three policies.

    Returns
    -------
    mpf
        The penalty before the weight beta.
    """
    if placement == "loss":
        return estimate(estimator, ref / new)
    if placement == "loss-with-ratio":
        return new / old * estimate(estimator, ref / new)
    if placement == "reward":
        return new / old * estimate(estimator, ref / old)
    raise ValueError(f"unknown placement {placement!r}")


def penalty_coefficient(estimator: Estimator, placement: Placement) -> Coefficient:
    """Return the coefficient of the score in the on-policy gradient of a sampled penalty.

    Parameters
    ----------
    estimator : {"k1", "k2", "k3", "abs"}
        Estimator of the divergence.
    placement : {"loss", "loss-with-ratio", "reward"}
        As in `sampled_term`.

    Returns
    -------
    callable
        Function of ``log(pi / pi_ref)``: the numerical derivative of the sampled term in the
        log-probability of the answer, at the sampling policy. At the kink of ``"abs"`` it
        takes the mean of the two slopes.
    """
    if estimator not in get_args(Estimator) or placement not in get_args(Placement):
        raise ValueError(f"unknown penalty {estimator!r}, {placement!r}")

    def coefficient(log_ratio: mpf) -> mpf:
        def term(shift: mpf) -> mpf:  # only ratios of probabilities matter
            old = mp.exp(log_ratio)
            return sampled_term(estimator, placement, old * mp.exp(shift), old, mp.one)

        return mp.diff(term, mpf(0))

    return coefficient


def gradient(
    policy: Sequence[Real],
    reference: Sequence[Real],
    beta: Real,
    preference: PerAnswer,
    coefficient: Coefficient,
    weights: PerAnswer | None = None,
) -> list[mpf]:
    """Return the projected on-policy gradient over softmax logits.

    Parameters
    ----------
    policy, reference : sequence of real numbers
        The policy, which is also the sampling policy, and the reference policy.
    beta : real number
        Weight of the penalty.
    preference : callable
        Expected advantage of each answer as a function of the policy.
    coefficient : callable
        Coefficient of the score of a sampled answer as a function of ``log(pi / pi_ref)``.
    weights : callable, optional
        Ratio of the law of the samples that feel the penalty to the policy, as a function of
        the policy; by default 1 for every answer.

    Returns
    -------
    list of mpf
        One partial derivative per logit.
    """
    pi = [to_mpf(p) for p in policy]
    values = preference(pi)
    share = [mp.one] * len(pi) if weights is None else weights(pi)
    slopes = []
    for p, ref, value, weight in zip(pi, reference, values, share, strict=True):
        pull = weight * coefficient(mp.log(p / to_mpf(ref)))
        slopes.append(value - to_mpf(beta) * pull)
    mean = mp.fdot(pi, slopes)
    return [p * (slope - mean) for p, slope in zip(pi, slopes, strict=True)]


def solve_many(
    reference: Sequence[Real],
    beta: Real,
    preference: PerAnswer,
    coefficient: Coefficient,
    weights: PerAnswer | None = None,
    digits: int = 40,
    start: Sequence[Real] | None = None,
    steps: int = 5000,
) -> tuple[list[mpf], mpf]:
    """Return the stationary policy that the gradient flow reaches.

    Parameters
    ----------
    reference : sequence of real numbers
        The reference policy.
    beta, preference, coefficient, weights
        As in `gradient`.
    digits : int
        Digits of the result.
    start : sequence of real numbers, optional
        Policy from which the flow starts; the reference policy by default.
    steps : int
        Largest number of steps of the flow. With 0 steps `start` itself is polished, which
        can reach a zero that repels the flow.

    Returns
    -------
    policy : list of mpf
        A zero of the gradient inside the simplex.
    residual : mpf
        Euclidean norm of the gradient there.

    Raises
    ------
    ArithmeticError
        If the flow does not settle inside the simplex at a smooth zero of the gradient.
    """

    def field(policy: Sequence[mpf]) -> list[mpf]:
        return gradient(policy, reference, beta, preference, coefficient, weights)

    near = [to_mpf(p) for p in (reference if start is None else start)]
    if steps > 0:
        with mp.workdps(15):
            near = _flow(field, near, steps)
    extra = math.ceil(-math.log10(float(min(near))))
    with mp.workdps(digits + 10 + extra):
        policy = _polish(field, near, mpf(10) ** -(digits + 5))
        return policy, mp.norm(field(policy))


def _softmax(logits: Sequence[mpf]) -> list[mpf]:
    """Return the policy of the logits."""
    top = max(logits)
    exps = [mp.exp(x - top) for x in logits]
    total = mp.fsum(exps)
    return [e / total for e in exps]


def _flow(field: Field, policy: Sequence[mpf], steps: int) -> list[mpf]:
    """Follow the gradient in the logits until it is small against the policy.

    The steps are those of the embedded Runge-Kutta pair of orders 3 and 2 of Bogacki and
    Shampine. The local error is held in proportion to what is left of the gradient, so that
    steps at the edge of stability do not keep the flow from settling.
    """
    logits = [mp.log(p) for p in policy]
    size, slope = mpf(1) / 10, field(policy)
    for _ in range(steps):
        policy = _softmax(logits)
        left = max(abs(g) / p for g, p in zip(slope, policy, strict=True))
        if left < mpf("1e-5"):
            return list(policy)
        if min(policy) < mpf("1e-30"):
            break
        allowed = min(mpf("1e-2"), left / 50)
        following, last, error = _step(field, logits, slope, size)
        if error < allowed:
            logits, slope = following, last
        size *= min(5, max(mpf(1) / 5, mpf("0.8") * mp.cbrt(allowed / (error + mp.eps))))
    raise ArithmeticError("the gradient flow does not settle inside the simplex")


def _step(
    field: Field, logits: Sequence[mpf], first: Sequence[mpf], size: mpf
) -> tuple[list[mpf], list[mpf], mpf]:
    """Return the logits after one step, the slope there and the estimated error."""

    def moved(*terms: tuple[float, Sequence[mpf]]) -> list[mpf]:
        return [
            x + size * mp.fsum(factor * slope[k] for factor, slope in terms)
            for k, x in enumerate(logits)
        ]

    second = field(_softmax(moved((0.5, first))))
    third = field(_softmax(moved((0.75, second))))
    following = moved((2 / 9, first), (1 / 3, second), (4 / 9, third))
    last = field(_softmax(following))
    lower = moved((7 / 24, first), (1 / 4, second), (1 / 3, third), (1 / 8, last))
    error = max(abs(x - y) for x, y in zip(following, lower, strict=True))
    return following, last, error


def _polish(field: Field, near: Sequence[mpf], tolerance: mpf) -> list[mpf]:
    """Refine a zero by Newton's method in the log-ratios to the first answer.

    The equations are that the gradient per unit of probability is the same for all answers.
    """

    def policy_of(ratios: Sequence[mpf]) -> list[mpf]:
        return _softmax([mpf(0), *ratios])

    def equations(*ratios: mpf) -> list[mpf]:
        policy = policy_of(ratios)
        slopes = [g / p for g, p in zip(field(policy), policy, strict=True)]
        return [slope - slopes[0] for slope in slopes[1:]]

    guess = [mp.log(p / near[0]) for p in near[1:]]
    try:
        found = mp.findroot(equations, guess, tol=tolerance, solver="mdnewton", maxsteps=30)
    except (ValueError, ZeroDivisionError) as error:
        raise ArithmeticError("Newton's method does not converge") from error
    ratios = [mpf(x) for x in found]
    if max(abs(x - y) for x, y in zip(ratios, guess, strict=True)) > mpf("0.05"):
        raise ArithmeticError("Newton's method leaves the end of the flow")
    if max(abs(e) for e in equations(*ratios)) > tolerance:
        raise ArithmeticError("Newton's method does not converge")
    return policy_of(ratios)
