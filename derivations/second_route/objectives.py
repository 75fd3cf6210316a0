"""The sampled objective and its gradient, with what was sampled from frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Add, Expr, Symbol, log

from derivations.second_route.policies import along_logit, logit_weights, normalised

__all__ = [
    "ESTIMATORS",
    "binary_gradient",
    "expected_penalty",
    "kl_divergence",
    "penalty_gradient",
    "sampled_gradient",
]

#: Schulman's estimators of a divergence, at the ratio u = pi_ref/pi.
ESTIMATORS: dict[str, Callable[[Expr], Expr]] = {
    "k1": lambda u: -log(u),
    "k2": lambda u: log(u) ** 2 / 2,
    "k3": lambda u: u - log(u) - 1,
}


def expected_penalty(
    new: Sequence[Expr],
    old: Sequence[Expr],
    reference: Sequence[Expr],
    estimator: str = "k3",
    placement: str = "loss",
) -> Expr:
    """What is subtracted per unit of beta, in expectation over answers drawn from ``old``.

    In the loss the estimator sees the policy that is differentiated, with or without the
    importance ratio before it; in the reward it is a number that the score is multiplied by.
    """
    k = ESTIMATORS[estimator]
    terms = {
        "loss": lambda n, o, r: o * k(r / n),
        "loss-with-ratio": lambda n, o, r: o * (n / o) * k(r / n),
        "reward": lambda n, o, r: o * (n / o) * k(r / o),
    }[placement]
    return Add(*(terms(n, o, r) for n, o, r in zip(new, old, reference, strict=True)))


def kl_divergence(first: Sequence[Expr], second: Sequence[Expr]) -> Expr:
    """KL(first || second)."""
    return Add(*(p * log(p / q) for p, q in zip(first, second, strict=True)))


def penalty_gradient(
    weights: Sequence[Symbol],
    reference: Sequence[Expr],
    estimator: str = "k3",
    placement: str = "loss",
    answer: int = 0,
) -> Expr:
    """The derivative of the expected penalty in a logit, sampled from the policy itself.

    The reference and what is sampled from stand still while it is taken, whatever they are.
    """
    drawn_from = logit_weights(len(weights), "z")
    kept = logit_weights(len(weights), "kept")
    penalty = expected_penalty(
        normalised(weights), normalised(drawn_from), kept, estimator, placement
    )
    known = dict(zip((*drawn_from, *kept), (*weights, *reference), strict=True))
    return along_logit(penalty, weights[answer]).xreplace(known)


def sampled_gradient(
    weights: Sequence[Symbol],
    preferences: Sequence[Expr],
    reference: Sequence[Expr],
    beta: Expr,
    *,
    answer: int = 0,
    estimator: str = "k3",
    placement: str = "loss",
) -> Expr:
    """The derivative in a logit of sum pi(o) P(o) - beta penalty, with P frozen."""
    frozen = [Symbol(f"frozen_{o}", real=True) for o in range(len(weights))]
    gain = Add(*(w * p for w, p in zip(normalised(weights), frozen, strict=True)))
    known = dict(zip(frozen, preferences, strict=True))
    return along_logit(gain, weights[answer]).xreplace(known) - beta * penalty_gradient(
        weights, reference, estimator, placement, answer
    )


def binary_gradient(
    preferences: Sequence[Expr],
    p: Expr,
    p0: Expr,
    beta: Expr,
    *,
    estimator: str = "k3",
    placement: str = "loss",
) -> Expr:
    """:func:`sampled_gradient` of two answers at the policy (p, 1 - p), in the first logit."""
    weights = logit_weights(2)
    gradient = sampled_gradient(
        weights, preferences, (p0, 1 - p0), beta, estimator=estimator, placement=placement
    )
    return gradient.xreplace(dict(zip(weights, (p, 1 - p), strict=True)))


def divergence_gradient(weights: Sequence[Symbol], divergence: Expr, answer: int = 0) -> Expr:
    """The derivative of a divergence, written in the weights, in a logit."""
    return along_logit(divergence, weights[answer])
