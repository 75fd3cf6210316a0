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
from grpo_symbolic.display import as_call, exactly
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import exact_number, group_size, parameter
from grpo_symbolic.reward import Law, mean, variance

__all__ = [
    "Advantage",
    "BatchScale",
    "FixedScale",
    "LeaveOneOut",
    "MeanScale",
    "ShiftAndScale",
    "ShiftOnly",
    "StabilisedScale",
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
        reward, size = _exactly("reward", reward), _exactly("size", size)
        group, batch = _exact_law(group), _exact_law(batch or group)
        member = _Member(reward, group, size, domain or Domain(), batch)
        return member.neat(self._measure(member))

    def scale(self, variance: Expr, size: Expr) -> Expr | None:
        """s with A = (r − mean)/s, in the group's population variance.

        None for a rule that looks at more than the mean and the variance of its group.
        """
        return None

    @abstractmethod
    def _measure(self, member: _Member) -> Expr:
        """The advantage of one member of a group, in any form."""


@dataclass(frozen=True)
class _Member:
    """One member of a group: everything that a rule may look at."""

    reward: Expr
    group: Law
    size: Expr
    domain: Domain
    batch: Law

    @property
    def deviation(self) -> Expr:
        """The reward minus the mean of the group."""
        return self.deviation_from(self.group)

    def deviation_from(self, law: Law) -> Expr:
        return (self.reward - mean(law)).expand()

    @property
    def others(self) -> Law:
        """The law of the others: the group without one member of this reward."""
        if self.size == oo:
            return self.group
        others = (
            (r, ((self.size * w - (1 if r == self.reward else 0)) / (self.size - 1)).together())
            for r, w in self.group
        )
        return tuple((r, w) for r, w in others if w != 0)

    def neat(self, value: Expr) -> Expr:
        return tidy(value, self.domain.extended(value)) if value.free_symbols else value

    def vanishes(self, value: Expr) -> bool:
        if value.is_Rational:
            return bool(value == 0)
        domain = self.domain.extended(value)
        # One point settles what would take long to expand in many symbols.
        at_a_point = value.subs(next(domain.samples(1)))
        if at_a_point.is_Rational and at_a_point != 0:
            return False
        return is_zero(value, domain)


def _exactly(name: str, value: Any) -> Expr:
    """A plain number as an exact one: a float would make all that follows floats."""
    return value if isinstance(value, Expr) else exact_number(name, value, "a number")


def _exact_law(law: Law) -> Law:
    return tuple((_exactly("reward", r), _exactly("weight", w)) for r, w in law)


def _bessel(count: Expr, ddof: int) -> Expr:
    """n/(n - ddof): what the variance of n samples is multiplied by."""
    return Integer(1) if count == oo else count / (count - ddof)


def _check_ddof(ddof: Any) -> None:
    if ddof not in (0, 1) or isinstance(ddof, bool):
        raise ValueError(f"ddof must be 0 or 1, got {ddof}")


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
        _check_ddof(self.ddof)
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    def __repr__(self) -> str:
        return as_call(self, zero_over_zero=exactly(S(self.zero_over_zero)))

    def __str__(self) -> str:
        std = "std" if self.ddof == 0 else "sample std"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = {self.zero_over_zero}"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def _measure(self, member: _Member) -> Expr:
        spread = variance(member.group, member.domain)
        if member.vanishes(spread):
            return self.zero_over_zero if self.epsilon == 0 else Integer(0)
        return member.deviation / self.scale(spread, member.size)

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return sqrt(variance) * sqrt(_bessel(size, self.ddof)) + self.epsilon


@dataclass(frozen=True)
class StabilisedScale(Advantage):
    r"""Mean subtracted, divided by the root of the variance plus ε.

    .. math:: A_i = \frac{r_i - \mathrm{mean}}{\sqrt{v + \varepsilon}}, \qquad
              v = \mathrm{var}\,\frac{G}{G - \mathrm{ddof}}

    with the population variance. Unlike :class:`ShiftAndScale`, ε stands inside the root, so
    that the advantage is a smooth function of the rewards.

    Parameters
    ----------
    epsilon : Expr or number
        Added to the variance, in reward units squared, at least 0.
    ddof : int
        0 for the population variance, 1 for the sample variance.

    Raises
    ------
    ValueError
        For a negative ``epsilon``, or another ``ddof``.

    Notes
    -----
    Source: Mroueh, arXiv 2503.06639, the stabilised reward whitening. A group of equal rewards
    has advantage 0, also at ε = 0.
    """

    epsilon: Any = symbols.epsilon
    ddof: int = 0

    def __post_init__(self) -> None:
        _check_ddof(self.ddof)
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    __repr__ = as_call

    def __str__(self) -> str:
        var = "var" if self.ddof == 0 else "sample var"
        inside = var if self.epsilon == 0 else f"{var} + {self.epsilon}"
        return f"(r - mean)/sqrt({inside}), 0/0 = 0"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def _measure(self, member: _Member) -> Expr:
        spread = variance(member.group, member.domain)
        if member.vanishes(spread):
            return Integer(0)
        return member.deviation / self.scale(spread, member.size)

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return sqrt(variance * _bessel(size, self.ddof) + self.epsilon)


@dataclass(frozen=True)
class ShiftOnly(Advantage):
    r"""Mean subtracted, not scaled: :math:`A_i = r_i - \mathrm{mean}`.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, the variant without scale normalisation;
    Dr. GRPO (Liu et al., arXiv 2503.20783).
    """

    __repr__ = as_call

    def __str__(self) -> str:
        return "r - mean"

    def _measure(self, member: _Member) -> Expr:
        return member.deviation

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return S.One


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

    __repr__ = as_call

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

    def scale(self, variance: Expr, size: Expr) -> Expr | None:
        return None if self.scaled else 1 / _bessel(size, 1)

    def _measure(self, member: _Member) -> Expr:
        others = member.others
        deviation = member.deviation_from(others)
        if not self.scaled:
            return deviation
        spread = variance(others, member.domain)
        if member.vanishes(spread):
            return deviation
        return deviation / (sqrt(spread) * sqrt(_bessel(member.size - 1, 1)) + self.epsilon)


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

    __repr__ = as_call

    def __str__(self) -> str:
        return "(r - mean)/mean, 0/0 = 0"

    def _measure(self, member: _Member) -> Expr:
        center = mean(member.group).expand()
        if member.vanishes(center):
            return Integer(0)
        return member.deviation / center


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

    __repr__ = as_call

    def __str__(self) -> str:
        return f"(r - mean)/{self.sigma}"

    def _measure(self, member: _Member) -> Expr:
        return member.deviation / self.sigma

    def scale(self, variance: Expr, size: Expr) -> Expr:
        return self.sigma


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
        _check_ddof(self.ddof)
        object.__setattr__(self, "epsilon", _non_negative("epsilon", self.epsilon))

    __repr__ = as_call

    def __str__(self) -> str:
        std = f"{'sample ' if self.ddof else ''}std of the batch of {self.batch}"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = 0"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0

    def _measure(self, member: _Member) -> Expr:
        if member.size == oo or self.batch % member.size != 0:
            raise ValueError(
                f"a batch of {self.batch} samples cannot be divided into groups of {member.size}"
            )
        spread = variance(member.batch, member.domain)
        if member.vanishes(spread):
            return Integer(0)
        scale = sqrt(spread) * sqrt(_bessel(self.batch, self.ddof)) + self.epsilon
        return member.deviation / scale
