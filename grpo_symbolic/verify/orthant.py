"""Signs on the orthant: a numerator whose coefficients have one sign."""

from __future__ import annotations

from grpo_symbolic.algebra import Sign, positive_numerator, sign
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["OrthantSign"]

_HOLDS = {
    ">": {Sign.POSITIVE},
    ">=": {Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO},
    "<": {Sign.NEGATIVE},
    "<=": {Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO},
    "!=": {Sign.POSITIVE, Sign.NEGATIVE},
    "==": {Sign.ZERO},
}


class OrthantSign(Method):
    """The sign of left − right in coordinates in which the domain is an orthant."""

    name = "sign on the orthant"
    family = "normal form"

    def attempt(self, claim: Claim) -> Verdict | None:
        found = sign(claim.difference, claim.domain)
        if found is None or found not in _HOLDS[claim.relation]:
            return None
        return Verdict(
            Status.PROVED,
            self.name,
            f"left side minus right side is {found.name.lower()} on the whole range",
            {
                "sign": found.name,
                "numerator": positive_numerator(claim.difference, claim.domain) or "",
            },
        )
