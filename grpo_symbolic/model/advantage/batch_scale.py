"""Mean subtracted, divided by the standard deviation of a batch of groups."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, S, oo, sqrt

from grpo_symbolic.inputs import Number, group_size
from grpo_symbolic.model.advantage.base import Member, Whitened, bessel
from grpo_symbolic.reward import variance


@dataclass(frozen=True, repr=False)
class BatchScale(Whitened):
    r"""The group's mean subtracted, divided by the std of a batch of B samples.

    .. math:: A_i = \frac{r_i - \mathrm{mean}_{\mathrm{group}}}
                         {\mathrm{std}_{\mathrm{batch}}\sqrt{B/(B - \mathrm{ddof})} + \varepsilon}

    for a batch of B/G groups of the same question.

    Source: TRL's ``scale_rewards='batch'``. A has no unit.

    Parameters
    ----------
    batch : int
        B, a multiple of the group size.
    ddof, epsilon
        As for :class:`ShiftAndScale`, for the batch.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.BatchScale(16, ddof=1, epsilon="1e-4")
    BatchScale(batch=16, ddof=1, epsilon='1/10000')
    >>> print(_)
    (r - mean)/(sample std of the batch of 16 + 1/10000), 0/0 = 0
    """

    batch: Number | None = None
    ddof: int = 0
    epsilon: Number = S.Zero
    uniform = False
    no_multiple = "the scale is that of the batch, not of the group"

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", group_size(self.batch, "batch"))
        if self.batch == oo:
            raise ValueError("batch must be an integer of at least 2, got infinity")
        super().__post_init__()

    def __str__(self) -> str:
        std = f"{'sample ' if self.ddof else ''}std of the batch of {self.batch}"
        scale = std if self.epsilon == 0 else f"({std} + {self.epsilon})"
        return f"(r - mean)/{scale}, 0/0 = 0"

    def _measure(self, member: Member) -> Expr:
        if member.size == oo or self.batch % member.size != 0:
            raise ValueError(
                f"a batch of {self.batch} samples cannot be divided into groups of {member.size}"
            )
        spread = variance(member.batch, member.domain)
        if member.vanishes(spread):
            return Integer(0)
        scale = sqrt(spread) * sqrt(bessel(self.batch, self.ddof)) + self.epsilon
        return member.deviation / scale
