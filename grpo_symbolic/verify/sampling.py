"""Exact rational points of the domain: a counterexample, or only a numeric check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Rational, S, Symbol, nan, zoo

from grpo_symbolic.algebra import is_zero
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["RationalSampling", "refuted_at"]

SAMPLES = 60
DIGITS = 50
SEED = 20250225


class RationalSampling(Method):
    """Points that satisfy the assumptions, with exact coordinates: REFUTED or NUMERIC."""

    name = "exact rational sampling"
    family = "sampling"
    steps = 3_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        tested = 0
        for point in claim.domain.samples(SAMPLES, seed=SEED):
            values = [_value(side, point) for side in (claim.left, claim.right)]
            if None in values:
                continue
            tested += 1
            found = refuted_at(claim, point)
            if found is not None:
                return found
        if not tested:
            return None
        return Verdict(
            Status.NUMERIC,
            self.name,
            f"holds at {tested} rational points, {DIGITS} digits, seed {SEED}",
            {"points": tested, "digits": DIGITS, "seed": SEED},
        )

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        if status == Status.NUMERIC:
            return super().recheck(claim, evidence, status)
        given = evidence.get("counterexample")
        if status != Status.REFUTED or not isinstance(given, Mapping):
            return False
        names = {s.name: s for s in claim.domain.symbols}
        if set(given) != set(names):
            return False
        point = {names[name]: Rational(value) for name, value in given.items()}
        if not claim.domain.contains(point):
            return False
        again = refuted_at(claim, point)
        return again is not None and again.evidence == dict(evidence)


def refuted_at(claim: Claim, point: Mapping[Symbol, Expr]) -> Verdict | None:
    """REFUTED with both sides' values when the claim fails at this exact point, else None."""
    left, right = (_value(side, point) for side in (claim.left, claim.right))
    if left is None or right is None:
        return None
    gap = _gap(claim, point, left, right)
    if _relation_holds(claim, point, gap) or not _confirmed(claim, point, left, right):
        return None
    return Verdict(
        Status.REFUTED,
        RationalSampling.name,
        "fails at " + ", ".join(f"{s} = {v}" for s, v in point.items())
        if point
        else f"the numbers {left.n(6)} and {right.n(6)} do not compare so",
        {
            "counterexample": {str(s): str(v) for s, v in point.items()},
            "left": str(left.n(30)),
            "right": str(right.n(30)),
        },
    )


def _confirmed(claim: Claim, point: Mapping[Symbol, Expr], left: Expr, right: Expr) -> bool:
    """Whether more digits give the same values: SymPy's own count of digits can be wrong."""
    for side, value in ((claim.left, left), (claim.right, right)):
        precise = _value(side, point, 16 * DIGITS)
        if precise is None or abs(precise - value) > Rational(1, 10**20) * max(abs(precise), 1):
            return False
    return True


def _value(side: Expr, point: Mapping[Symbol, Expr], digits: int = DIGITS) -> Expr | None:
    value = side.subs(point)
    if value in (nan, zoo) or not value.is_number:
        return None
    value = value.n(digits)
    return value if value.is_real and value.is_finite else None


def _gap(claim: Claim, point: Mapping[Symbol, Expr], left: Expr, right: Expr) -> Expr:
    """left - right, with 0 for what vanishes beyond rounding at four times the digits too."""
    small = Rational(1, 10) ** (DIGITS - 10)
    if abs(left - right) > small * max(abs(left), abs(right), 1):
        return left - right
    precise = _value(claim.difference, point, 4 * DIGITS)
    if precise is None or abs(precise) <= small**3 * max(abs(left), abs(right)):
        return S.Zero
    return precise if _apart(claim.difference.subs(point)) else S.Zero


def _apart(difference: Expr) -> bool:
    """Whether a number is proved not to be 0: where both sides vanish, digits are only noise."""
    try:
        return not ball(difference, {}, 16 * DIGITS).contains(0)
    except (ValueError, ZeroDivisionError):
        return True


def _relation_holds(claim: Claim, point: Mapping[Symbol, Expr], gap: Expr) -> bool:
    """A difference that vanishes beyond rounding refutes a strict claim only if it is exact."""
    relation = claim.relation
    if gap == 0:
        weak = relation in ("==", ">=", "<=")
        return weak or not is_zero(claim.difference.subs(point), Domain())
    return relation == "!=" or (relation != "==" and bool(gap > 0) == (relation in (">", ">=")))
