r"""Advantages: how a reward is measured against its group.

One definition serves every group size. An advantage looks at a reward and at a
*law* of rewards: the empirical law of a finite group (weights k/G), or, in the
large-group limit, the law of the whole population, to which the empirical mean
and variance converge.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, S, Symbol, oo, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import group_size, parameter
from grpo_symbolic.reward import Law, mean, variance

__all__ = [
    "Advantage",
    "BatchScale",
    "FixedScale",
    "LeaveOneOut",
    "MeanScale",
    "ShiftAndScale",
    "ShiftOnly",
]


class Advantage(ABC):
    """A rule A(r; group)."""

    #: Whether A depends on the rewards only up to a positive factor.
    scale_invariant: bool = False
    #: Whether A depends on the rewards only up to a constant added to all of them.
    shift_invariant: bool = True
    #: Whether the advantages of a group sum to zero.
    zero_sum: bool = True
    #: Whether one formula in the fraction of better answers holds for every mixed group.
    uniform: bool = True
    #: Samples over which the scale is taken; None where that is the group.
    batch: Any = None

    @abstractmethod
    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        """The advantage of ``reward`` in a group of ``size`` with this reward law.

        Parameters
        ----------
        reward : Expr
            The member's own reward.
        group : Law
            The empirical reward law of the group, its own reward included.
        size : Expr
            G, or ``oo`` when ``group`` is the population.
        domain : Domain, optional
            Ranges of symbols that are not of the catalogue.
        batch : Law, optional
            The empirical law of the batch, for rules that look at it.
        """


def _deviation(reward: Expr, group: Law) -> Expr:
    return (reward - mean(group)).expand()


def _neat(value: Expr, domain: Domain | None) -> Expr:
    return tidy(value, (domain or Domain()).extended(value)) if value.free_symbols else value


def _vanishes(value: Expr, domain: Domain | None) -> bool:
    if value.is_Rational:
        return bool(value == 0)
    return is_zero(value, (domain or Domain()).extended(value))


def _non_negative(role: str, value: Any) -> Expr:
    return value if isinstance(value, Symbol) else parameter(role, value)


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
    epsilon: Any = S.Zero
    zero_over_zero: Expr = S.Zero

    def __post_init__(self) -> None:
        if self.ddof not in (0, 1) or isinstance(self.ddof, bool):
            raise ValueError(f"ddof must be 0 or 1, got {self.ddof}")
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    def __str__(self) -> str:
        std = "std" if self.ddof == 0 else "sample std"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = {self.zero_over_zero}"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        spread = variance(group, domain)
        if _vanishes(spread, domain):
            return self.zero_over_zero if self.epsilon == 0 else Integer(0)
        correction = Integer(1) if size == oo else size / (size - self.ddof)
        scale = sqrt(spread) * sqrt(correction) + self.epsilon
        return _neat(_deviation(reward, group) / scale, domain)


@dataclass(frozen=True)
class ShiftOnly(Advantage):
    r"""Mean subtracted, not scaled: :math:`A_i = r_i - \mathrm{mean}`.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, the variant without scale normalisation;
    Dr. GRPO (Liu et al., arXiv 2503.20783).
    """

    def __str__(self) -> str:
        return "r - mean"

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        return _neat(_deviation(reward, group), domain)


@dataclass(frozen=True)
class LeaveOneOut(Advantage):
    r"""The mean of the *other* rewards subtracted (RLOO).

    .. math:: A_i = r_i - b_i, \qquad \text{or} \qquad \frac{r_i - b_i}{s_i + \varepsilon}

    where :math:`b_i` and :math:`s_i` are the mean and the sample standard deviation of the
    other G − 1 rewards.

    Parameters
    ----------
    scaled : bool
        Divide by :math:`s_i + \varepsilon`; where :math:`s_i = 0` (always at G = 2) the
        deviation stays unscaled.
    epsilon : number
        Added to :math:`s_i`, in reward units.

    Notes
    -----
    Source: Ahmadian et al., arXiv 2402.14740, for RLOO; the scaled rule is NeMo-RL's. Scaled
    advantages of one group do not sum to zero.
    """

    scaled: bool = False
    epsilon: Any = S.Zero

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    def __str__(self) -> str:
        if not self.scaled:
            return "r - mean of the others"
        scale = "std of the others"
        if self.epsilon != 0:
            scale = f"({scale} + {self.epsilon})"
        return f"(r - mean of the others)/{scale}, unscaled where that std is 0"

    @property
    def uniform(self) -> bool:  # type: ignore[override]
        return not self.scaled

    @property
    def zero_sum(self) -> bool:  # type: ignore[override]
        return not self.scaled

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        others = _without(reward, group, size)
        deviation = _deviation(reward, others)
        if not self.scaled:
            return _neat(deviation, domain)
        spread = variance(others, domain)
        if _vanishes(spread, domain):
            return _neat(deviation, domain)
        count = size - 1
        correction = Integer(1) if size == oo else count / (count - 1)
        return _neat(deviation / (sqrt(spread) * sqrt(correction) + self.epsilon), domain)


@dataclass(frozen=True)
class MeanScale(Advantage):
    r"""Mean subtracted, divided by the mean: :math:`(r_i - \mathrm{mean})/\mathrm{mean}`.

    For rewards that are not negative; a group of mean 0 has advantage 0.

    Notes
    -----
    Source: the maximum-likelihood rule ``max_rl`` of prime-rl. It depends on where the
    rewards' zero lies.
    """

    scale_invariant = True
    shift_invariant = False

    def __str__(self) -> str:
        return "(r - mean)/mean, 0/0 = 0"

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        center = mean(group).expand()
        if _vanishes(center, domain):
            return Integer(0)
        return _neat(_deviation(reward, group) / center, domain)


@dataclass(frozen=True)
class FixedScale(Advantage):
    r"""Mean subtracted, divided by a constant σ: :math:`(r_i - \mathrm{mean})/\sigma`.

    The limit of a scale that is taken over a batch of many questions.

    Parameters
    ----------
    sigma : Expr or number
        Positive, in reward units.
    """

    sigma: Any = symbols.sigma

    def __post_init__(self) -> None:
        if not isinstance(self.sigma, Symbol):
            object.__setattr__(self, "sigma", parameter("sigma", self.sigma))

    def __str__(self) -> str:
        return f"(r - mean)/{self.sigma}"

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        return _neat(_deviation(reward, group) / self.sigma, domain)


@dataclass(frozen=True)
class BatchScale(Advantage):
    r"""The group's mean subtracted, divided by the std of a batch of B samples.

    .. math:: A_i = \frac{r_i - \mathrm{mean}_{\mathrm{group}}}
                         {\mathrm{std}_{\mathrm{batch}}\sqrt{B/(B - \mathrm{ddof})} + \varepsilon}

    for a batch of B/G groups of the same question.

    Parameters
    ----------
    batch : int
        B, a multiple of the group size.
    ddof, epsilon
        As for :class:`ShiftAndScale`, for the batch.
    """

    batch: Any = None
    ddof: int = 0
    epsilon: Any = S.Zero
    uniform = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", group_size(self.batch))
        if self.batch == oo:
            raise ValueError("batch must be an integer of at least 2, got infinity")
        if self.ddof not in (0, 1) or isinstance(self.ddof, bool):
            raise ValueError(f"ddof must be 0 or 1, got {self.ddof}")
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    def __str__(self) -> str:
        std = f"{'sample ' if self.ddof else ''}std of the batch of {self.batch}"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = 0"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        if size == oo or self.batch % size != 0:
            raise ValueError(
                f"a batch of {self.batch} samples cannot be divided into groups of {size}"
            )
        spread = variance(batch or group, domain)
        if _vanishes(spread, domain):
            return Integer(0)
        scale = sqrt(spread) * sqrt(self.batch / (self.batch - self.ddof)) + self.epsilon
        return _neat(_deviation(reward, group) / scale, domain)


def _without(reward: Expr, group: Law, size: Expr) -> Law:
    """The law of the others: the group without one member of this reward."""
    if size == oo:
        return group
    others = (
        (r, ((size * weight - (1 if r == reward else 0)) / (size - 1)).together())
        for r, weight in group
    )
    return tuple((r, weight) for r, weight in others if weight != 0)
