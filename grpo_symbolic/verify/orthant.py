"""Signs on the orthant: a numerator whose coefficients have one sign."""

from __future__ import annotations

from sympy import Expr

from grpo_symbolic.algebra import (
    Sign,
    has_plain_numbers,
    is_defined,
    oriented_factors,
    positive_numerator,
    sign,
)
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.kernel.statement import SHOWN_BY
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

#: The signs that are possible, by what is known.
POSSIBLE = {
    "POSITIVE": {1},
    "NONNEGATIVE": {0, 1},
    "ZERO": {0},
    "NONPOSITIVE": {-1, 0},
    "NEGATIVE": {-1},
}
#: A mean over a group of no more is written out where it has no sign as a whole.
_GROUP = 16


class OrthantSign(Method):
    """The sign of left − right in coordinates in which the domain is an orthant."""

    name = "sign on the orthant"
    family = "normal form"

    def attempt(self, claim: Claim) -> Verdict | None:
        difference = claim.difference
        domain = claim.domain.relevant(difference)  # a closed end of another range is no zero
        found = sign(difference, domain)
        if found is None:
            difference = _written_out(difference)
            found = _sign_of_product(difference, domain)
        if found is None or not POSSIBLE[found.name] <= SHOWN_BY[claim.relation]:
            return None
        return Verdict(
            Status.PROVED,
            self.name,
            f"left side minus right side is {found.name.lower()} on the whole range",
            {
                "sign": found.name,
                "numerator": positive_numerator(difference, domain) or "",
            },
        )


def _written_out(expression: Expr) -> Expr:
    """With small means over a group as the sums that they are."""
    means = expression.atoms(BernsteinMean)
    small = (m for m in means if m.size.is_Integer and m.size <= _GROUP)
    return expression.xreplace({mean: mean.doit() for mean in small})


def _sign_of_product(expression: Expr, domain: Domain) -> Sign | None:
    """The sign as a whole, or of its factors one by one."""
    found = sign(expression, domain)
    if found is not None or not has_plain_numbers(expression):
        return found
    if not is_defined(expression, domain):
        return None
    coefficient, factors = oriented_factors(expression, domain)
    if any(sign(base, domain) != Sign.POSITIVE for base, _ in factors):
        return None
    return sign(coefficient, domain)
