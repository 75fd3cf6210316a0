"""Limits of a quantity along the curve of all stationary policies, without a closed form.

Every stationary p = π(a) lies on β = W(p), or on π_ref(a) = R(p). Once it is known where p goes, p
takes the place of what moves: a limit in β or in π_ref(a) becomes one of an explicit function of p.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.limits import (
    escape_curve,
    escape_threshold,
    explain_limit,
)
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import Claims

PI, REFERENCE = symbols.pi, symbols.pi_ref
_BELOW, _ABOVE = -1, 1


@dataclass(frozen=True)
class Piece:
    """A limit on a part of the range.

    Attributes
    ----------
    value : Expr
    domain : Domain
        Of the symbols in the value.
    text : str
        The part of the range in words; "" for all of it.
    given : dict
        What parameters are there: a statement about the limit is made at these.
    """

    value: Expr
    domain: Domain
    text: str = ""
    given: dict[Symbol, Expr] = field(default_factory=dict)


def along_the_curve(
    curve: Balance, quantity: Expr, variable: Symbol, end: Expr, parameters: Domain
) -> tuple[list[Piece], Claims]:
    """The limits of a quantity as β → 0, β → ∞, π_ref(a) → 0 or π_ref(a) → 1.

    Returns
    -------
    pieces : list of Piece
    claims : tuple of Claim
        What they rest on.

    Raises
    ------
    ValueError
        Where the limit is not one of these, or is not known.
    """
    domain = Domain(tuple(r for r in parameters.ranges if r.symbol != variable))
    if not isinstance(curve.beta, Symbol) or (variable, end) not in (
        (curve.beta, S.Zero), (curve.beta, oo), (REFERENCE, S.Zero), (REFERENCE, S.One)
    ):  # fmt: skip
        raise ValueError("without a closed form it is known at the ends of beta and pi_ref only")
    found = explain_limit(curve, variable, end)
    if variable == curve.beta:
        place, moved = (S.One, curve.weight) if end == 0 else (REFERENCE, curve.weight)
        side = _BELOW if end == 0 else _ABOVE
        if found.value != place or limit_at(moved, PI, place, domain, side) != end:
            raise ValueError(f"the policy is not shown to tend to {sstr(place)} along the curve")
        value = limit_at(quantity.subs(variable, moved), PI, place, domain, side)
        return [Piece(value, domain)], found.claims
    if curve.reference is None:
        raise ValueError("pi_ref is not known as a function of pi on the curve")
    along = quantity.subs(REFERENCE, curve.reference)
    if end == 1:
        return [Piece(limit_at(along, PI, S.One, domain, _BELOW), domain)], found.claims
    return _rare(curve, quantity, along, domain), found.claims


def _rare(curve: Balance, quantity: Expr, along: Expr, domain: Domain) -> list[Piece]:
    """π_ref(a) → 0: above the escape threshold p → 0, below it p → the root of W_0(p) = β."""
    beta, escape = curve.beta, escape_curve(curve)
    if not escape.has(PI):
        raise ValueError("W_0 is the same at every pi")
    threshold = escape_threshold(curve)
    if limit_at(escape, PI, S.One, domain, _BELOW) != 0:
        raise ValueError("W_0 does not fall to 0")
    rest = tuple(r for r in domain.ranges if r.symbol != beta)
    escaped = Domain((*rest, Range(PI, S.Zero, S.One)))
    fixed = Domain((*escaped.ranges, Range(beta, S.Zero, threshold)))
    value = limit_at(quantity, REFERENCE, S.Zero, fixed)
    below = "" if threshold == oo else f"{beta} < {sstr(threshold)}"
    pieces = [Piece(value.subs(beta, escape), escaped, below, {beta: escape})]
    if threshold == oo:
        return pieces
    at, above = {beta: threshold}, Domain((*rest, Range(beta, threshold, oo)))
    pieces.append(Piece(limit_at(along, PI, S.Zero, above), above, f"{beta} > {sstr(threshold)}"))
    there = limit_at(along.subs(at), PI, S.Zero, Domain(rest))
    return [*pieces, Piece(there, Domain(rest), f"{beta} = {sstr(threshold)}", at)]
