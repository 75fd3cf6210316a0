r"""Advantages: how a reward is measured against its group.

One definition serves every group size. An advantage looks at a reward and at a
*law* of rewards: the empirical law of a finite group (weights k/G), or, in the
large-group limit, the law of the whole population, to which the empirical mean
and variance converge.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from sympy import Add, Expr, Integer, S, oo, sqrt

from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import parameter
from grpo_symbolic.question import Law

__all__ = ["Advantage", "ShiftAndScale", "ShiftOnly", "mean", "variance"]


def mean(law: Law) -> Expr:
    """Σ w r over the law."""
    return Add(*(weight * reward for reward, weight in law))


def variance(law: Law) -> Expr:
    """Population variance Σ w (r − mean)², in factors."""
    center = mean(law)
    total = Add(*(weight * (reward - center) ** 2 for reward, weight in law)).expand()
    return tidy(total, Domain.around(total))


class Advantage(ABC):
    """A rule A(r; group)."""

    #: Whether A depends on the rewards only up to a positive factor.
    scale_invariant: bool

    @abstractmethod
    def __call__(self, reward: Expr, group: Law, size: Expr) -> Expr:
        """The advantage of ``reward`` in a group of ``size`` with this reward law."""


@dataclass(frozen=True)
class ShiftAndScale(Advantage):
    r"""Mean subtracted, divided by the standard deviation.

    .. math:: A_i = \frac{r_i - \mathrm{mean}}{s}, \qquad
              s = \mathrm{std}\,\sqrt{G/(G - \mathrm{ddof})} + \varepsilon

    with the population standard deviation.

    Parameters
    ----------
    ddof : int
        0 for the population std (published GRPO), 1 for the sample std.
    epsilon : number
        Added to the std, in reward units.
    zero_over_zero : number
        The advantage in a group of equal rewards when ``epsilon`` is 0.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (2).
    """

    ddof: int = 0
    epsilon: Expr = S.Zero
    zero_over_zero: Expr = S.Zero

    def __post_init__(self) -> None:
        if self.ddof not in (0, 1) or isinstance(self.ddof, bool):
            raise ValueError(f"ddof must be 0 or 1, got {self.ddof}")
        object.__setattr__(self, "epsilon", parameter("epsilon", self.epsilon))

    def __str__(self) -> str:
        std = "std" if self.ddof == 0 else "sample std"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = {self.zero_over_zero}"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def __call__(self, reward: Expr, group: Law, size: Expr) -> Expr:
        spread = variance(group)
        deviation = (reward - mean(group)).expand()
        if is_zero(spread, Domain.around(spread)):
            return self.zero_over_zero if self.epsilon == 0 else Integer(0)
        correction = Integer(1) if size == oo else size / (size - self.ddof)
        scale = sqrt(spread) * sqrt(correction) + self.epsilon
        return tidy(deviation / scale, Domain.around(deviation, scale))


@dataclass(frozen=True)
class ShiftOnly(Advantage):
    r"""Mean subtracted, not scaled: :math:`A_i = r_i - \mathrm{mean}`.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, the variant without scale normalisation.
    """

    scale_invariant = False

    def __str__(self) -> str:
        return "r - mean"

    def __call__(self, reward: Expr, group: Law, size: Expr) -> Expr:
        deviation = (reward - mean(group)).expand()
        return tidy(deviation, Domain.around(deviation))
