r"""The weight curve of a binary question: β as a function of its stationary policies.

The condition without its multiplier, :math:`\beta\,(d_a - d_b) = P(a) - P(b)`, is linear in
β. Its two sides depend on p = π(a) and π_ref(a) only, so every stationary policy lies on

.. math:: \beta = W(p) = \frac{D(p)}{d_a(p) - d_b(p)}, \qquad p > \pi_{\mathrm{ref}}(a),

and what happens as β moves (limits, series, folds, monotonicity) is read off one curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sympy import Add, Dummy, Expr, Mul, Poly, S, exp, expand_log, fraction, together

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.display import legible, typeset
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import formula
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["WeightCurve"]

PI, REFERENCE = symbols.pi, symbols.pi_ref


@dataclass(frozen=True)
class WeightCurve:
    """The two sides of the condition of a binary question, and its explicit inverses.

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.
    """

    condition: StationarityCondition

    def __repr__(self) -> str:
        return f"WeightCurve(of {self.condition!r})"

    def _repr_latex_(self) -> str | None:
        force, drift = self.force, self.drift
        if not legible(force, drift):
            return None
        return typeset(rf"{formula(self.beta)} = \frac{{{formula(drift)}}}{{{formula(force)}}}")

    @cached_property
    def balance(self) -> Balance:
        return Balance(self.condition)

    @property
    def beta(self) -> Expr:
        """The weight as the algorithm has it: a symbol or a number."""
        return self.condition.beta

    @cached_property
    def force(self) -> Expr:
        """d(a) − d(b) in p and π_ref(a): the penalty's pull towards the reference, over β."""
        marginal = self.condition.marginal
        return marginal[0] - marginal[1]

    @cached_property
    def drift(self) -> Expr:
        """P(a) − P(b) in p."""
        return self.condition.preference.difference(0, 1)

    @cached_property
    def weight(self) -> Expr:
        """W(p): the β at which p is stationary."""
        return tidy(self.drift / tidy(self.force, self.domain), self.domain)

    @cached_property
    def reference(self) -> Expr | None:
        """π_ref(a) as a function of p and β; None where the force is not one-to-one in it.

        The force is linear in π_ref(a) (reverse KL), or its exponential is a quotient of linear
        functions (direct KL).
        """
        if self.force.is_polynomial(REFERENCE):
            polynomial = Poly(self.force, REFERENCE)
            if polynomial.degree() != 1:
                return None
            slope, constant = polynomial.all_coeffs()
            return tidy(-constant / slope, self.domain) + tidy(1 / slope / self.beta) * self.drift
        terms = Add.make_args(expand_log(self.force, force=True).expand())
        odds = Mul(*(exp(term) for term in terms))
        power = Dummy("power", positive=True)
        balance = fraction(together(odds - power))[0].expand()
        if not balance.is_polynomial(REFERENCE) or Poly(balance, REFERENCE).degree() != 1:
            return None
        slope, constant = Poly(balance, REFERENCE).all_coeffs()
        return (-constant / slope).subs(power, exp(self.drift / self.beta))

    @property
    def parameters(self) -> Domain:
        """The ranges of everything but p and β, π_ref(a) the last."""
        kept = [r for r in self.condition.domain.ranges if r.symbol not in (PI, self.beta)]
        return Domain(tuple(sorted(kept, key=lambda r: r.symbol == REFERENCE)))

    @property
    def domain(self) -> Domain:
        """The curve's own coordinates: the parameters, then p in (π_ref(a), 1)."""
        return Domain((*self.parameters.ranges, Range(PI, REFERENCE, S.One)))
