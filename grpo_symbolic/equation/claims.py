"""Claims on signs, as the parts of an equation make them: the sharpest one that is proved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sympy import Expr, S

from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

if TYPE_CHECKING:
    from grpo_symbolic.verify.verdict import Report

#: What a statement rests on.
Claims = tuple[Claim, ...]

NOT_NEGATIVE = frozenset({Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO})
NOT_POSITIVE = frozenset({Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO})
RELATION = {
    Sign.POSITIVE: ">",
    Sign.NONNEGATIVE: ">=",
    Sign.ZERO: "==",
    Sign.NONPOSITIVE: "<=",
    Sign.NEGATIVE: "<",
}
_STEPS, _SMALL = 1_500_000, 150


class Argued:
    """A statement that rests on claims."""

    claims: Claims

    def verify(self) -> Report:
        """Verdicts on the claims."""
        from grpo_symbolic.verify.methods import prove_all

        return prove_all(self.claims)


def signed_claim(name: str, expr: Expr, domain: Domain, allowed: Iterable[Sign]) -> Claim | None:
    """The sharpest claim on the sign of ``expr`` that is proved; None if it is not allowed.

    Parameters
    ----------
    name : str
    expr : Expr
    domain : Domain
        Extended by the catalogue ranges, and cut down to what ``expr`` needs.
    allowed : iterable of Sign
    """
    domain = domain.extended(expr).relevant(expr)
    try:
        # What is small ends by itself, and the meter would double its cost.
        expr, found = (
            limited(_decided, expr, domain, steps=_STEPS)
            if expr.count_ops() > _SMALL
            else _decided(expr, domain)
        )
    except Exhausted:
        return None
    if found is None or found not in set(allowed):
        return None
    return Claim(name, expr, RELATION[found], S.Zero, domain)


def _decided(expr: Expr, domain: Domain) -> tuple[Expr, Sign | None]:
    expr = tidy(expr, domain)
    return expr, sign(expr, domain)


def sign_of(claim: Claim) -> Sign:
    """The sign that a claim of :func:`signed_claim` states."""
    return next(s for s, relation in RELATION.items() if relation == claim.relation)


def strict(claim: Claim) -> bool:
    return claim.relation in ("<", ">")


def joined(*parts: Claims | Claim | None) -> Claims | None:
    """All claims together; None where one part is not proved."""
    found: list[Claim] = []
    for part in parts:
        if part is None:
            return None
        found += [part] if isinstance(part, Claim) else part
    return tuple(dict.fromkeys(found))
