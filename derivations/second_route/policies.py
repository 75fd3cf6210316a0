"""Policies as normalised weights, and derivatives in their logits."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, Symbol

__all__ = ["along_logit", "first_share", "logit_weights", "normalised", "projected"]


def logit_weights(count: int, letter: str = "x") -> tuple[Symbol, ...]:
    """One positive weight exp(theta) for each answer."""
    return tuple(Symbol(f"{letter}_{o}", positive=True) for o in range(1, count + 1))


def normalised(weights: Sequence[Expr]) -> list[Expr]:
    """The softmax policy of these weights."""
    return [w / Add(*weights) for w in weights]


def along_logit(value: Expr, weight: Symbol) -> Expr:
    """The derivative in theta, where the weight is exp(theta)."""
    return weight * value.diff(weight)


def first_share(weights: Sequence[Expr]) -> Expr:
    """The probability of the first answer."""
    return weights[0] / Add(*weights)


def projected(policy: Sequence[Expr], values: Sequence[Expr], answer: int = 0) -> Expr:
    """What slopes in the probabilities come to in one logit: pi(o) (v(o) - sum pi v)."""
    mean = Add(*(w * v for w, v in zip(policy, values, strict=True)))
    return policy[answer] * (values[answer] - mean)
