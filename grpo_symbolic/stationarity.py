r"""The first-order condition of the stage problem on the simplex.

With π_old frozen, the stage objective is R − β·penalty and its constraint
Σ π = 1 has the multiplier λ. At an interior point, and at π_old = π,

.. math:: P(o \mid \pi) - \beta\, d\!\left(\frac{\pi_{\mathrm{ref}}(o)}{\pi(o)}\right)
          = \lambda \qquad \text{for every answer } o .

Every special case of the library is this condition with another P and another d.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from sympy import Add, Dummy, Eq, Expr

from grpo_symbolic import symbols
from grpo_symbolic.display import Html, legible, math, prose, record, short
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.question import Question

if TYPE_CHECKING:
    from grpo_symbolic.presets.preset import Preset

# More equations are counted, not listed.
_LISTED = 12


@dataclass(frozen=True, repr=False)
class StationarityCondition:
    """The condition of one algorithm on one question.

    Source: Vojnovic & Yun, arXiv 2502.18548, (11). Each side is in advantage units.

    Attributes
    ----------
    algorithm : Algorithm
    question : Question
    preference : PreferenceModel
        P(o|π).
    marginal : tuple of Expr
        d(π_ref(o)/π(o)), times how often o is penalised where groups are dropped.
    beta : Expr
        The weight of the penalty.
    domain : Domain
        The ranges of every symbol that occurs.
    rates : tuple of Expr
        How often each answer is penalised, relative to π(o).

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> condition = gs.stationarity_condition(gs.GRPO(2), gs.BinaryQuestion())
    >>> print(condition.contrast())
    Eq(beta*((1 - pi_ref)/(1 - pi) - pi_ref/pi), 1)
    """

    algorithm: Algorithm
    question: Question
    preference: PreferenceModel
    marginal: tuple[Expr, ...]
    beta: Expr
    domain: Domain
    rates: tuple[Expr, ...]

    @property
    def policy(self) -> tuple[Expr, ...]:
        """π(o), one entry an answer."""
        return self.question.policy

    @property
    def reference(self) -> tuple[Expr, ...]:
        """π_ref(o), one entry an answer."""
        return self.question.reference

    @property
    def penalty(self) -> Penalty:
        """The penalty whose marginal is d."""
        return self.algorithm.penalty

    @cached_property
    def curvature(self) -> tuple[Expr, ...]:
        """Second derivative of the penalty in π(o), π_old frozen, then π_old = π."""
        return tuple(
            rate * self.penalty.curvature(r / w) / w
            for w, r, rate in zip(self.policy, self.reference, self.rates, strict=True)
        )

    @property
    def equations(self) -> tuple[Eq, ...]:
        """P(o|π) − β d(o) = λ, one equation an answer."""
        return tuple(
            Eq(p - self.beta * d, symbols.multiplier, evaluate=False)
            for p, d in zip(self.preference, self.marginal, strict=True)
        )

    def __repr__(self) -> str:
        rest = len(self.policy) - 2
        shown = [short(equation, 100) for equation in self.equations[:2]]
        shown += [f"and {rest} more"] if rest > 0 else []
        return f"StationarityCondition({'; '.join(shown)})"

    def _repr_html_(self) -> Html:
        equations = self.equations
        small = legible(*equations)
        shown = [math(formula(e)) if small else short(e) for e in equations[:_LISTED]]
        rows = [(f"answer {o}", e) for o, e in enumerate(shown, start=1)]
        rest = len(equations) - len(shown)
        rows += [("", f"and {rest} more answers")] if rest > 0 else []
        rows += [
            ("preference", prose(self.algorithm.meaning)),
            ("assumptions", self.domain.as_html()),
        ]
        return record("Stationarity condition", rows)

    @property
    def multiplier(self) -> Expr:
        """λ = Σ π(o) (P(o|π) − β d(o)), from the equations and Σ π = 1."""
        return Add(
            *(
                w * (p - self.beta * d)
                for w, p, d in zip(self.policy, self.preference, self.marginal, strict=True)
            )
        )

    @cached_property
    def field(self) -> tuple[Expr, ...]:
        r"""The projected on-policy gradient π(o) (P(o) − β d(o) − λ): zero when stationary."""
        multiplier = self.multiplier
        return tuple(
            w * (p - self.beta * d - multiplier)
            for w, p, d in zip(self.policy, self.preference, self.marginal, strict=True)
        )

    @property
    def pulls(self) -> tuple[Expr, ...]:
        """π(o) d(o), one entry an answer, with what cancels cancelled."""
        own, given = Dummy("p", positive=True), Dummy("r", positive=True)
        pull = (own * self.penalty.marginal(given / own)).expand()
        return tuple(
            rate * pull.xreplace({own: w, given: r})
            for w, r, rate in zip(self.policy, self.reference, self.rates, strict=True)
        )

    def contrast(self, first: int = 0, second: int = 1) -> Eq:
        """β (d(first) − d(second)) = P(first) − P(second): the condition without λ."""
        penalty = self.beta * (self.marginal[first] - self.marginal[second])
        return Eq(penalty, self.preference.difference(first, second), evaluate=False)


def stationarity_condition(
    algorithm: Algorithm | Preset, question: Question
) -> StationarityCondition:
    """Build the condition from the algorithm's definition.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, Appendix A (KKT), (11). In advantage units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.stationarity_condition(gs.GRPO(2), gs.BinaryQuestion()).contrast())
    Eq(beta*((1 - pi_ref)/(1 - pi) - pi_ref/pi), 1)
    """
    return _condition(as_algorithm(algorithm), question)


@lru_cache(maxsize=8)  # what is asked of one policy asks for it again and again
def _condition(algorithm: Algorithm, question: Question) -> StationarityCondition:
    policy, reference = question.policy, question.reference
    preference = algorithm.preference(question)
    often = algorithm.sampling(question)
    marginal = tuple(
        rate * algorithm.penalty.marginal(r / w)
        for w, r, rate in zip(policy, reference, often, strict=True)
    )
    return StationarityCondition(
        algorithm,
        question,
        preference,
        marginal,
        algorithm.beta,
        Domain((*question.domain.ranges, *question.policy_domain.ranges)).extended(
            *preference, *marginal, algorithm.beta
        ),
        often,
    )
