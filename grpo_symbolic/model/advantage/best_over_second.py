"""Only the best member of a group learns, by its lead: the pass@k rule of verl."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, S, oo, sqrt

from grpo_symbolic.inputs import Number, symbol_or_number
from grpo_symbolic.model.advantage.base import Advantage, Member, bessel
from grpo_symbolic.reward import order, variance


@dataclass(frozen=True, repr=False)
class BestOverSecond(Advantage):
    r"""The best member of a group has its lead over the second best, all others 0.

    .. math:: A_{\max} = r_{\max} - r_{\mathrm{second}}, \qquad \text{or} \qquad
              \frac{r_{\max} - r_{\mathrm{second}}}{s + \varepsilon}

    with the sample standard deviation s of the group. Two members that share the best reward have
    no lead, so with two reward levels only groups with one right answer teach anything.

    Parameters
    ----------
    scaled : bool
        Divide by :math:`s + \varepsilon`.
    epsilon : number
        Added to s, in reward units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.BestOverSecond(scaled=False))
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), gap*pi*(1 - pi)**3)

    Notes
    -----
    Source: verl, adv_estimator=grpo_passk; arXiv 2503.19595. Advantages of one group do not sum to
    zero.
    """

    scaled: bool = True
    epsilon: Number = S.Zero
    zero_sum = False
    uniform = False
    sees_moments = False
    has_limit = False
    no_multiple = "only the best member of a group has an advantage"

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", symbol_or_number("epsilon", self.epsilon))

    def __str__(self) -> str:
        rule = "lead over the second best"
        if self.scaled:
            scale = "sample std" if self.epsilon == 0 else f"(sample std + {self.epsilon})"
            rule = f"({rule})/{scale}"
        return f"{rule}, 0 for all but the best"

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        """Whether the lead is divided by the deviation alone."""
        return self.scaled and self.epsilon == 0

    def _measure(self, member: Member) -> Expr:
        if member.size == oo:
            raise ValueError("in the large-group limit the best of a group has no lead: it is 0")
        weights = dict(member.group)
        alone = member.vanishes(member.size * weights[member.reward] - 1)
        better = (order(r, member.reward, member.domain) > 0 for r in weights)
        if not alone or any(better):
            return Integer(0)
        rest = [r for r in weights if r != member.reward]
        second = rest[0]
        for reward in rest[1:]:
            second = reward if order(reward, second, member.domain) > 0 else second
        lead = member.reward - second
        if not self.scaled:
            return lead
        spread = variance(member.group, member.domain)
        return lead / (sqrt(spread) * sqrt(bessel(member.size, 1)) + self.epsilon)
