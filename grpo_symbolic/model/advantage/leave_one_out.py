"""The mean of the other rewards subtracted: RLOO, and the scaled rule of NeMo-RL."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, S, oo, sqrt

from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.model.advantage.base import Advantage, Member, bessel
from grpo_symbolic.reward import variance


@dataclass(frozen=True, repr=False)
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

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.preference(gs.GRPO(4, advantage=gs.LeaveOneOut()), gs.BinaryQuestion()))
    P(a) = gap*(1 - pi)
    P(b) = -gap*pi
    """

    scaled: bool = False
    epsilon: Number = S.Zero

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", symbol_or_number("epsilon", self.epsilon))

    def __str__(self) -> str:
        if not self.scaled:
            return "r - mean of the others"
        scale = "std of the others"
        if self.epsilon != 0:
            scale = f"({scale} + {self.epsilon})"
        return f"(r - mean of the others)/{scale}, unscaled where that std is 0"

    @property
    def uniform(self) -> bool:  # type: ignore[override]
        """Whether it is the own reward less the mean of the others, and no scale."""
        return not self.scaled

    zero_sum = linear = uniform

    @classmethod
    def by_spread(cls, epsilon: Number = 0) -> LeaveOneOut:
        """The rule of NeMo-RL: divided by the standard deviation of the others."""
        return cls(True, epsilon)

    @property
    def cautions(self) -> tuple[str, ...]:
        if not self.scaled:
            return super().cautions
        return (
            *super().cautions,
            "groups whose other rewards are equal keep an unscaled advantage: solutions change "
            "when all rewards are rescaled",
        )

    @property
    def no_multiple(self) -> str:
        if not self.scaled or self.epsilon != 0:
            return super().no_multiple
        return "the standard deviation of the others is not a fixed multiple of the group's"

    def scale(self, variance: Expr, size: Expr) -> Expr | None:
        if not self.scaled:
            return 1 / bessel(size, 1)
        # In large groups the others are everybody.
        return sqrt(variance) + self.epsilon if size == oo else None

    def of_moments(self, deviation: Expr, variance: Expr, size: Expr) -> Expr | None:
        if not self.scaled or size == oo:
            return super().of_moments(deviation, variance, size)
        # The deviation from the others' mean, and n − 1 times their variance.
        apart, squares = deviation * size / (size - 1), size * variance
        left = squares - deviation**2 * size / (size - 1)
        return apart / (sqrt(left / (size - 2)) + self.epsilon)

    def _measure(self, member: Member) -> Expr:
        others = member.others
        deviation = member.deviation_from(others)
        if not self.scaled:
            return deviation
        spread = variance(others, member.domain)
        if member.vanishes(spread):
            return deviation
        return deviation / (sqrt(spread) * sqrt(bessel(member.size - 1, 1)) + self.epsilon)
