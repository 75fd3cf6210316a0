r"""The force of a penalty on a binary question, over β, and what is known of it.

.. math:: d\!\left(\frac{\pi_{\mathrm{ref}}(a)}{p}\right)
          - d\!\left(\frac{1 - \pi_{\mathrm{ref}}(a)}{1 - p}\right)

Everything asked of it is a question about the marginal penalty d(u) alone. Where groups are
dropped, each term is multiplied by how often its answer is penalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from sympy import Expr, S, cancel, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.claims import Claims, joined, signed_claim
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.verify.claim import Claim

PI, REFERENCE, U = symbols.pi, symbols.pi_ref, symbols.u


@lru_cache(maxsize=64)
def _falling(penalty: Penalty) -> Claim | None:
    """d falls strictly in u = π_ref/π, if it does."""
    slope = diff(penalty.marginal(), U)
    return signed_claim("d(u) falls", slope, Domain.of(U), {Sign.NEGATIVE})


@dataclass(frozen=True)
class Force:
    """d(a) − d(b) in p = π(a) and π_ref(a).

    Parameters
    ----------
    penalty : Penalty
    expression : Expr
        As the condition has it.
    parameters : Domain
        The ranges of everything but p.
    rates : tuple of Expr
        How often each answer is penalised; (1, 1) where no group is dropped.
    """

    penalty: Penalty
    expression: Expr
    parameters: Domain
    rates: tuple[Expr, Expr] = (S.One, S.One)

    @property
    def plain(self) -> bool:
        """Whether every sample is penalised."""
        return self.rates == (1, 1)

    @property
    def unit(self) -> Domain:
        """The parameters, and p in (0, 1)."""
        return Domain((*self.parameters.ranges, Range(PI, S.Zero, S.One)))

    @property
    def domain(self) -> Domain:
        """The parameters, and p in (π_ref(a), 1)."""
        return Domain((*self.parameters.ranges, Range(PI, REFERENCE, S.One)))

    @property
    def line(self) -> Expr | None:
        """c with p (1 − p)·force = c (p − π_ref(a)), for d(u) = c (1 − u) + …; else None."""
        return self.penalty.line if self.plain else None

    @cached_property
    def log_odds(self) -> Expr | None:
        """c with force = c (logit p − logit π_ref(a)), for d(u) = −c log u + …; else None."""
        c = cancel(-self.penalty.slope * U)
        return c if self.plain and not c.has(U) and c.is_positive else None

    @cached_property
    def hill(self) -> Expr:
        """p (1 − p)·force."""
        if self.line is not None:
            return self.line * (PI - REFERENCE)
        return tidy(PI * (1 - PI) * self.expression, self.unit)

    # -- questions -----------------------------------------------------------------------

    def rises(self) -> Claims | None:
        """In p: d falls in u, and u = π_ref/π falls for a and rises for b."""
        if not self.plain:
            return None
        return joined(_falling(self.penalty))

    def falls_with_reference(self) -> Claims | None:
        """In π_ref(a), for the same reason."""
        return self.rises()

    def turns_at_reference(self) -> Claims | None:
        """It is positive above π_ref(a), 0 there and negative below.

        d falls, and u < 1 for the answer that gains. With unequal rates d(1) must be 0.
        """
        if self.plain:
            return self.rises()
        at_one = self.penalty.marginal().subs(U, S.One)
        return joined(
            _falling(self.penalty), Claim("d(1) = 0", at_one, "==", S.Zero) if at_one == 0 else None
        )

    @cached_property
    def unbounded(self) -> bool:
        """Whether it tends to −∞ at p → 0 and to ∞ at p → 1: no answer is given up."""
        return self.penalty.holds_every_answer

    def at_vanishing_reference(self) -> Expr:
        """Its limit as π_ref(a) → 0+ at fixed p: ∞ where the rare answer is held without bound."""
        zero = self.penalty.marginal().subs(U, S.Zero)
        if zero.is_infinite or zero is S.ComplexInfinity:
            return oo
        return self.expression.subs(REFERENCE, 0)
