"""The methods that decide a claim, in order of cost.

Each takes a claim and answers with a verdict, or None where it has nothing to
say. A stronger method (all-parameter real algebra, ball arithmetic) is one more
entry of :data:`METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Rational, S, nan, zoo

from grpo_symbolic.algebra import Sign, is_zero, positive_numerator, sign
from grpo_symbolic.bounded import Exhausted, bounded
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Report, Status, Verdict

__all__ = ["METHODS", "exact_identity", "orthant_sign", "prove", "prove_all", "rational_sampling"]

SAMPLES = 60
DIGITS = 50
SECONDS = 20.0


def exact_identity(claim: Claim) -> Verdict | None:
    """Both sides have one normal form (or are non-negative with equal squares)."""
    if claim.relation not in ("==", ">=", "<="):
        return None
    if is_zero(claim.difference, claim.domain):
        return Verdict(Status.PROVED, "exact identity", "both sides have the same normal form")
    if claim.relation != "==":
        return None
    sides = sign(claim.left, claim.domain), sign(claim.right, claim.domain)
    if all(s is not None and s >= 0 for s in sides) and is_zero(
        claim.left**2 - claim.right**2, claim.domain
    ):
        return Verdict(
            Status.PROVED,
            "exact identity",
            "both sides are non-negative and their squares have the same normal form",
        )
    return None


_HOLDS = {
    ">": {Sign.POSITIVE},
    ">=": {Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO},
    "<": {Sign.NEGATIVE},
    "<=": {Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO},
    "!=": {Sign.POSITIVE, Sign.NEGATIVE},
    "==": {Sign.ZERO},
}


def orthant_sign(claim: Claim) -> Verdict | None:
    """The sign of the difference in coordinates in which the domain is an orthant."""
    found = sign(claim.difference, claim.domain)
    if found is None or found not in _HOLDS[claim.relation]:
        return None
    return Verdict(
        Status.PROVED,
        "sign on the orthant",
        f"left side minus right side is {found.name.lower()} on the whole range",
        {"numerator": positive_numerator(claim.difference, claim.domain) or ""},
    )


def rational_sampling(claim: Claim) -> Verdict | None:
    """Exact rational points of the domain: a counterexample, or only a numeric check."""
    tested = 0
    for point in claim.domain.samples(SAMPLES, seed=20250225):
        left, right = (_value(side, point) for side in (claim.left, claim.right))
        if left is None or right is None:
            continue
        tested += 1
        gap = _gap(claim, point, left, right)
        exactly_equal = gap == 0 and is_zero(claim.difference.subs(point), Domain())
        if not _relation_holds(claim.relation, gap, exactly_equal):
            return Verdict(
                Status.REFUTED,
                "exact rational sampling",
                "fails at " + ", ".join(f"{s} = {v}" for s, v in point.items())
                if point
                else f"the numbers {left.n(6)} and {right.n(6)} do not compare so",
                {
                    "counterexample": {str(s): str(v) for s, v in point.items()},
                    "left": str(left.n(30)),
                    "right": str(right.n(30)),
                },
            )
    if not tested:
        return None
    return Verdict(
        Status.NUMERIC,
        "exact rational sampling",
        f"holds at {tested} rational points, {DIGITS} digits, seed 20250225",
        {"points": tested, "digits": DIGITS, "seed": 20250225},
    )


def _value(side: Expr, point: dict, digits: int = DIGITS) -> Expr | None:
    value = side.subs(point)
    if value in (nan, zoo) or not value.is_number:
        return None
    value = value.n(digits)
    return value if value.is_real and value.is_finite else None


def _gap(claim: Claim, point: dict, left: Expr, right: Expr) -> Expr:
    """left - right, with 0 for what vanishes beyond rounding at four times the digits too."""
    small = Rational(1, 10) ** (DIGITS - 10)
    if abs(left - right) > small * max(abs(left), abs(right), 1):
        return left - right
    precise = _value(claim.difference, point, 4 * DIGITS)
    if precise is None or abs(precise) <= small**3 * max(abs(left), abs(right)):
        return S.Zero
    return precise


def _relation_holds(relation: str, gap: Expr, exactly_equal: bool) -> bool:
    """A difference that vanishes beyond rounding refutes a strict claim only if it is exact."""
    if gap == 0:
        return relation in ("==", ">=", "<=") or not exactly_equal
    return relation == "!=" or (relation != "==" and bool(gap > 0) == (relation in (">", ">=")))


METHODS: tuple[Callable[[Claim], Verdict | None], ...] = (
    exact_identity,
    orthant_sign,
    rational_sampling,
)


def prove(claim: Claim, seconds: float = SECONDS) -> Verdict:
    """The first decisive verdict on ``claim``; each method has ``seconds`` at most.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> prove(Claim("odds grow", s.pi / (1 - s.pi), ">", s.pi)).status.value
    'PROVED'
    """
    tried = []
    for method in METHODS:
        try:
            verdict = bounded(method, claim, seconds=seconds)
        except Exhausted as stop:
            tried.append(f"{method.__name__} ({stop})")
            continue
        if verdict is not None:
            return verdict
        tried.append(method.__name__)
    return Verdict(Status.UNKNOWN, "none", "undecided after " + ", ".join(tried))


def prove_all(claims: tuple[Claim, ...]) -> Report:
    """A report with one verdict for each claim."""
    return Report.of((claim.name, prove(claim)) for claim in claims)
