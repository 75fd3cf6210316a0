"""Reward laws: what reward an answer gets, as a law with a mean, a variance and comparisons.

Rewards are finitely supported (a deterministic reward, a Bernoulli verifier, any finite
table), so that every expectation is an exact finite sum; or Gaussian, where pairs have exact
answers too, and large groups under rules that are affine in the own reward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from sympy import Add, Dummy, Expr, Integer, erf, exp, oo, pi, sqrt
from sympy import integrate as sympy_integrate

from grpo_symbolic.algebra import is_zero, sign, tidy
from grpo_symbolic.display import as_call
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import Number, expression, within
from grpo_symbolic.work import limited

#: A finitely supported reward law: pairs (reward, weight) with weights that sum to one.
Law = tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, repr=False)
class Gaussian:
    """A normally distributed reward (Thurstone's model of a comparison).

    Groups of two have an exact preference; so have large groups under rules that see nothing but
    mean and variance, and groups of every size under those that divide by a constant.

    Source: L. L. Thurstone, Psychological Review 34 (1927) 273-286.

    Parameters
    ----------
    mean, std : Expr or number
        In reward units; ``std`` is positive.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.Gaussian(1, 2)
    Gaussian(mean=1, std=2)
    >>> gs.Gaussian(1, 2).mean, gs.Gaussian(1, 2).std
    (1, 2)
    """

    mean: Number
    std: Number

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", expression("mean", self.mean, "a number"))
        if not isinstance(self.std, Expr) or self.std.is_number:
            allowed = "a positive number"
            object.__setattr__(self, "std", within("std", self.std, allowed, 0, oo))

    __repr__ = as_call


def point(reward: Expr) -> Law:
    """The law of a deterministic reward."""
    return ((reward, Integer(1)),)


def finite_law(pairs: Iterable[tuple[Number, Number]]) -> Law:
    """A law from (reward, probability) pairs: rewards distinct, probabilities summing to 1.

    Raises
    ------
    ValueError
        For a repeated reward, a negative probability or a sum that is not 1.
    """
    law = tuple(
        (expression("reward", r, "a number"), expression("probability", w, _P)) for r, w in pairs
    )
    if len({reward for reward, _ in law}) != len(law):
        raise ValueError("a reward law must name each reward once")
    for _, weight in law:
        if weight.is_number and not 0 <= weight <= 1:
            raise ValueError(f"probability must be {_P}, got {weight}")
    total = Add(*(weight for _, weight in law)).expand()
    if total != 1:
        raise ValueError(f"the probabilities of a reward law must sum to 1, got {total}")
    return tuple((reward, weight) for reward, weight in law if weight != 0)


_P = "a number in [0, 1]"
# The variance of a law with no more symbols is expanded.
_EXPANDED = 6


def mean(law: Law | Gaussian) -> Expr:
    """The expected reward."""
    if isinstance(law, Gaussian):
        return law.mean
    return Add(*(weight * reward for reward, weight in law))


@lru_cache(maxsize=32)  # every member of a large group asks for that of the same law
def variance(law: Law | Gaussian, domain: Domain | None = None) -> Expr:
    """The variance of the reward, in factors; as second moment minus mean squared of many."""
    if isinstance(law, Gaussian):
        return law.std**2
    center = mean(law)
    total = Add(*(weight * (reward - center) ** 2 for reward, weight in law))
    if total.is_Rational:
        return total
    if len(total.free_symbols) > _EXPANDED:  # n probabilities have n^2 products
        return mean(tuple((reward**2, weight) for reward, weight in law)).expand() - (
            center.expand() ** 2
        )
    total = total.expand()
    return tidy(total, (domain or Domain()).extended(total))


def mixture(laws: Iterable[Law], weights: Iterable[Expr]) -> Law:
    """The law of the reward of an answer drawn with ``weights``; equal rewards are merged."""
    found: dict[Expr, list[Expr]] = {}
    for law, weight in zip(laws, weights, strict=True):
        for reward, chance in law:
            found.setdefault(reward, []).append(weight * chance)
    return tuple((reward, Add(*parts)) for reward, parts in found.items())


def comparison(first: Law | Gaussian, second: Law | Gaussian, domain: Domain) -> Expr:
    """P(first reward > second) − P(first < second), for independent rewards.

    Raises
    ------
    ValueError
        When the order of two rewards is not known on ``domain``.
    """
    if isinstance(first, Gaussian) and isinstance(second, Gaussian):
        spread = first.std**2 + second.std**2
        return _gaussian_margin().subs({_GAP: first.mean - second.mean, _STD: sqrt(spread)})
    if isinstance(first, Gaussian) or isinstance(second, Gaussian):
        raise ValueError("Gaussian and finitely supported rewards cannot be mixed")
    return Add(
        *(
            mine * theirs * order(reward, other, domain)
            for reward, mine in first
            for other, theirs in second
        )
    ).expand()


def order(reward: Expr, other: Expr, domain: Domain) -> Integer:
    """The sign of ``reward - other``: 1, 0 or −1, when the domain decides it."""
    difference = (reward - other).expand()
    if difference.is_Rational:  # whatever the domain, which may be that of many answers
        return Integer((difference.p > 0) - (difference.p < 0))
    if is_zero(difference, domain):
        return Integer(0)
    found = sign(difference, domain)
    if found is None or abs(found) != 2:
        raise ValueError(
            f"the order of the rewards {reward} and {other} is not known: list symbols from the "
            "most to the least rewarding, or give their ranges as `domain`"
        )
    return Integer(1 if found > 0 else -1)


_GAP, _STD = Dummy("m", real=True), Dummy("s", positive=True)


@cache
def _gaussian_margin() -> Expr:
    """P(X > 0) − P(X < 0) of a normal X with this mean and deviation, by integration."""
    x = Dummy("x", real=True)
    density = exp(-((x - _GAP) ** 2) / (2 * _STD**2)) / (_STD * sqrt(2 * pi))
    above = limited(sympy_integrate, density, (x, 0, oo), steps=5_000_000)
    return (2 * above - 1).rewrite(erf).expand()
