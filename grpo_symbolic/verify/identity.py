"""Exact identities: both sides of a claim have one normal form."""

from __future__ import annotations

from grpo_symbolic.algebra import is_zero, same, sign
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import has_form
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

_SAME = "both sides have the same normal form"
_SQUARES = "both sides are non-negative and their squares have the same normal form"


class ExactIdentity(Method):
    """One normal form over the number field of the claim, or equal squares of like signs."""

    name = "exact identity"
    family = "normal form"
    steps = 6_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        if claim.relation not in ("==", ">=", "<=") or not has_form(claim.left, claim.right):
            return None
        if same(claim.left, claim.right, claim.domain):
            return Verdict(Status.PROVED, self.name, _SAME, {"by": "difference"})
        if claim.relation == "==" and self._squares(claim):
            return Verdict(Status.PROVED, self.name, _SQUARES, {"by": "squares"})
        return None

    @staticmethod
    def _squares(claim: Claim) -> bool:
        sides = sign(claim.left, claim.domain), sign(claim.right, claim.domain)
        return all(s is not None and s >= 0 for s in sides) and is_zero(
            claim.left**2 - claim.right**2, claim.domain
        )
