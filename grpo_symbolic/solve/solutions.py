"""Stationary policies as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import mpmath as mp
from sympy import Expr, Rational

from grpo_symbolic.display import Html, cut, grid, lines, record


class Stability(StrEnum):
    """What the policy-gradient flow does near a stationary policy."""

    ATTRACTING = "attracting"
    REPELLING = "repelling"
    SADDLE = "saddle"
    DEGENERATE = "degenerate"


class Stage(StrEnum):
    """What a stationary policy is for the objective whose sampling policy is frozen there."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    SADDLE = "saddle"
    DEGENERATE = "degenerate"


@dataclass(frozen=True, repr=False)
class NumericSolution:
    """π at one stationary point, one entry an answer, a first.

    Attributes
    ----------
    policy : tuple of mpf
    stability : Stability
        Under the policy-gradient flow on softmax logits.
    residual : mpf
        A proved upper bound of every component of the projected on-policy gradient there.
    stage : Stage
        Of the stage objective on the simplex, with π_old frozen at this policy: by the signs
        of its second derivative, at a vertex by those of its first one.
    slope : mpf or None
        Of the best-response iteration at this policy (n > 2: the spectral radius of its
        Jacobian): it converges locally where it lies in (−1, 1). None at a vertex, and where the
        best response is not unique.
    interval : pair of mpf or None
        Two values of π(a), a the first answer, between which this solution is proved to lie, and
        no other one; None where that is not proved, or at a vertex.
    """

    policy: tuple[mp.mpf, ...]
    stability: Stability = Stability.DEGENERATE
    residual: mp.mpf = field(default_factory=lambda: mp.mpf(0))
    stage: Stage = Stage.DEGENERATE
    slope: mp.mpf | None = None
    interval: tuple[mp.mpf, mp.mpf] | None = None

    @property
    def first_order(self) -> str:
        """What the gradient of the stage objective does here, on the simplex."""
        if 0 not in self.policy:
            return "zero gradient"
        if self.stage == Stage.MAXIMUM:
            return "vertex, the gradient points outwards"
        return "vertex, never left because the answer is never sampled"

    def __repr__(self) -> str:
        return f"NumericSolution({self})"

    def __str__(self) -> str:
        """π to 10 digits, and what it is."""
        policy = self.decimals(10)
        shown = ", ".join(policy if len(policy) <= 6 else [*policy[:5], "..."])
        slope = "" if self.slope is None else f", best-response slope {mp.nstr(self.slope, 4)}"
        return f"pi = ({shown}): {self.stability}, {self.stage} of the stage objective{slope}"

    def _repr_html_(self) -> Html:
        return Solutions((self,), "")._repr_html_()

    def decimals(self, digits: int) -> list[str]:
        """Decimal strings, one an answer."""
        return [mp.nstr(value, digits, min_fixed=-30, max_fixed=30) for value in self.policy]

    @classmethod
    def at(cls, first: Expr, stability: Stability, stage: Stage) -> NumericSolution:
        """The policy with rational π(a) = ``first``, where the field vanishes exactly."""
        value = mp.mpf(first.p) / first.q
        return cls((value, 1 - value), stability, stage=stage)


@dataclass(frozen=True, repr=False)
class Solutions:
    """Every stationary policy at one choice of parameters.

    Attributes
    ----------
    found : tuple of NumericSolution
    status : str
        How many there are, and how that is known.
    complete : bool
        Whether it is proved that there are no others inside the simplex.
    """

    found: tuple[NumericSolution, ...]
    status: str
    complete: bool = True

    def __iter__(self) -> Iterator[NumericSolution]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return lines(f"Solutions: {cut(self.status, 200)}", map(str, self.found), most=4)

    def __str__(self) -> str:
        return "\n".join([self.status, *(f"  {solution}" for solution in self.found)])

    def _repr_html_(self) -> Html:
        if not self.found:
            return record("No stationary policy", [("status", self.status)])
        answers = len(self.found[0].policy)
        head = [f"pi({o})" for o in range(1, answers + 1)] if answers != 2 else ["pi(a)", "pi(b)"]
        head += ["flow", "stage objective", "best-response slope", "residual at most"]
        rows = (
            (
                *s.decimals(15),
                s.stability.value,
                s.stage.value,
                "" if s.slope is None else mp.nstr(s.slope, 6),
                mp.nstr(s.residual, 3),
            )
            for s in self.found
        )
        return grid(self.status, head, rows)


def rational(value: mp.mpf, digits: int) -> Rational:
    """The decimal of ``value`` to ``digits`` digits, exactly."""
    return Rational(mp.nstr(value, digits + 5, strip_zeros=False, min_fixed=1, max_fixed=0))
