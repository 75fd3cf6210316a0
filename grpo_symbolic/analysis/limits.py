r"""Limits of the stationary policy of a binary question, from its condition alone.

Every stationary policy lies on the weight curve :math:`\beta = W(p)`. In a limit the curve
tends to another one, whose leading terms at the ends p = π_ref(a) and p = 1 say where its
policies go. Where the equation has several solutions, the branch meant is the lowest one above
π_ref(a): F = drift − β·force is positive at π_ref(a), so the policy-gradient flow that starts
there ends in it. A closed form is used for limits inside the range of a parameter only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Eq, Expr, Piecewise, Poly, S, Symbol, diff, fraction, oo, sqrt, together
from sympy import limit as sympy_limit

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, tidy
from grpo_symbolic.analysis.count import count
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.series import (
    closed_policy,
    exponential_law,
    variable_of,
    weight_at_one,
)
from grpo_symbolic.display import Html, claim_names, cut, legible, math, record, short
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import Argued, Claims, joined, signed_claim
from grpo_symbolic.export.latex import formula
from grpo_symbolic.implicit_root import ImplicitRoot
from grpo_symbolic.inputs import group_size
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

PI, REFERENCE, SIZE = symbols.pi, symbols.pi_ref, symbols.G
_STEPS = 2_500_000


@dataclass(frozen=True, repr=False)
class Limit(Argued):
    """A limit of the stationary π(a).

    Attributes
    ----------
    value : Expr
        In the remaining parameters.
    reason : str
        Why, in a sentence, and what other branches do.
    claims : tuple of Claim
        What the reason rests on.
    """

    value: Expr
    reason: str
    claims: tuple[Claim, ...] = ()

    def __repr__(self) -> str:
        return f"Limit({short(self.value)}: {cut(self.reason, 200)})"

    def _repr_html_(self) -> Html:
        value = math(formula(self.value)) if legible(self.value) else short(self.value)
        rows = [("value", value), ("reason", self.reason), ("rests on", claim_names(self.claims))]
        return record("Limit of the stationary policy", rows)


def limit(curve: Balance, variable: Any, value: Any, direction: str = "+") -> Expr:
    """The limit of the stationary π(a), as an expression; see :func:`explain_limit`."""
    return explain_limit(curve, variable, value, direction).value


def explain_limit(curve: Balance, variable: Any, value: Any, direction: str = "+") -> Limit:
    """The limit of the stationary π(a) as ``variable`` tends to ``value``, and why.

    Parameters
    ----------
    curve : Balance
    variable : Symbol, Expr or str
        A parameter of the condition, ``symbols.G``, or one over it (``"1/beta"``, ``1 / G``).
    value : Expr or number
        ``oo`` included.
    direction : {"+", "-"}
        From above or from below; it matters inside a range only where the limit differs.

    Raises
    ------
    ValueError
        When there is no limit, or none is known in closed form, with the reason.
    """
    if direction not in ("+", "-"):
        raise ValueError(f"direction must be + or -, got {direction!r}")
    symbol, inverse = variable_of(curve, variable)
    value = S(value)
    if inverse:
        value, direction = (oo, "+") if value == 0 else (1 / value, "-+"[direction == "-"])
    if symbol == SIZE:
        return _in_group_size(curve, value)
    if symbol == curve.beta and value == 0:
        return _small_weight(curve)
    if symbol == curve.beta and value == oo:
        return _large_weight(curve)
    if symbol == REFERENCE and value == 0:
        return _rare_answer(curve)
    if symbol == REFERENCE and value == 1:
        return _common_answer(curve)
    return _elsewhere(curve, symbol, value, direction)


# -- in the weight ---------------------------------------------------------------------


def _positive_drift(balance: Balance) -> Claims:
    """D > 0 on (0, 1)."""
    claims = balance.drift.positive()
    if claims is None:
        raise ValueError("the drift is not shown to be positive everywhere above pi_ref(a)")
    return claims


def _small_weight(curve: Balance) -> Limit:
    """β → 0+: the zeros of W, which can only be at 1."""
    claims = _positive_drift(curve)
    _, start = weight_at_one(curve)
    end = start.limit
    if end == 0:
        law = exponential_law(curve) if start.valuation == 0 else None
        rate = "" if law is None else f"; 1 - pi ~ {law}, smaller than every power of beta"
        return Limit(
            S.One,
            "W is positive on (pi_ref(a), 1) and tends to 0 only as pi -> 1, so that all "
            f"policies with W = beta tend to 1{rate}",
            claims,
        )
    at_one = limit_at(curve.drift.expression, PI, S.One, curve.domain, side=-1)
    if end == oo or at_one == oo:
        least = "grows without bound" if end == oo else f"tends to {end}"
        raise ValueError(
            f"there is no limit: W is positive and {least} as pi -> 1, so below its minimum in "
            "beta (a fold or the end) no policy above pi_ref(a) is stationary; the flow takes "
            "pi(a) to 1, where the drift is not continuous"
        )
    return Limit(
        S.One,
        f"W is positive and tends to {tidy(end, curve.parameters)} as pi -> 1: below the minimum "
        "of W no interior policy is stationary, the penalty is too weak at the boundary, and the "
        "answer b is given up: pi = 1",
        claims,
    )


def _large_weight(curve: Balance) -> Limit:
    """β → ∞: the poles of W, of which π_ref(a) is one."""
    domain = curve.parameters
    at_reference = limit_at(curve.drift.expression, PI, REFERENCE, domain)
    if at_reference in (oo, -oo):
        raise ValueError("the drift is not finite at the reference policy")
    _, start = weight_at_one(curve)
    other = ""
    if start.limit == oo:
        other = (
            "; W has another pole at 1: a second, repelling solution tends to 1 in the same limit"
        )
    claims = curve.force.turns_at_reference()
    if claims is None:
        raise ValueError("the force is not shown to vanish at pi_ref(a) only")
    return Limit(
        REFERENCE,
        "the force vanishes at pi_ref(a) only, where the drift is finite: W has a simple pole "
        f"there, and the lowest policy with W = beta tends to it{other}",
        claims,
    )


# -- in the reference ------------------------------------------------------------------


def escape_curve(curve: Balance) -> Expr:
    r""":math:`W_0(p) = \lim_{\pi_{\mathrm{ref}}(a) \to 0+} W(p)` at fixed p in (0, 1).

    An inverse in explicit form: as the reference gives up the answer a, the policies that stay
    away from 0 tend to solutions of β = W_0(p).
    """
    balance = curve
    if balance.force.line is not None:
        return tidy(balance.drift.hill / (balance.force.line * PI), balance.force.unit)
    force = balance.force.at_vanishing_reference()
    if force == oo:
        return S.Zero
    return tidy(balance.drift.expression / force, balance.force.unit)


def escape_threshold(curve: Balance) -> Expr:
    r"""The weight below which a rare good answer escapes from its reference probability.

    :math:`\lim_{p \to 0+} \lim_{\pi_{\mathrm{ref}}(a) \to 0+} W(p)`: with a smaller β the policy
    stays away from 0 as π_ref(a) → 0+. It is 0 where no weight is small enough, ∞ where every
    weight is.

    Raises
    ------
    ValueError
        When W has no limit of this kind.

    Notes
    -----
    New; for groups of two it is the condition β < γ of Vojnovic & Yun, arXiv 2502.18548, (14).
    """
    return _end_of(curve, escape_curve(curve), S.Zero)


def _common_answer(curve: Balance) -> Limit:
    """π_ref(a) → 1−: between π_ref(a) and 1, wherever there is a stationary policy."""
    counted = count(curve)
    _, start = weight_at_one(curve)
    if (not counted.possible and start.limit == oo) or counted.possible[:1] == (0,):
        raise ValueError(
            "there is no limit: it is not shown that a stationary policy exists as pi_ref(a) -> 1 "
            f"({counted.reason})"
        )
    return Limit(
        S.One,
        "every policy from the reference upwards lies between pi_ref(a) and 1",
        counted.claims,
    )


def _without_reference(curve: Balance) -> Domain:
    return Domain(tuple(r for r in curve.parameters.ranges if r.symbol != REFERENCE))


def _end_of(curve: Balance, escape: Expr, end: Expr) -> Expr:
    if not escape.has(PI):
        return escape
    domain = _without_reference(curve)
    found = limit_at(escape, PI, end, domain, side=1 if end == 0 else -1)
    return found if found in (oo, -oo) else tidy(found, domain)


def _rare_answer(curve: Balance) -> Limit:
    """π_ref(a) → 0+: escape, or not."""
    escape = escape_curve(curve)
    if escape == 0:
        return Limit(
            S.Zero,
            "at every fixed p in (0, 1) the force grows without bound: F is positive at "
            "pi_ref(a) and negative at p, so the lowest policy tends to 0; others, if any, "
            "tend to 0 or 1",
        )
    if escape.is_infinite:
        raise ValueError("the force vanishes with pi_ref(a) at every p: nothing holds the policy")
    threshold, least = (_end_of(curve, escape, end) for end in (S.Zero, S.One))
    falling = _falling(curve, escape)
    if not escape.has(PI):
        raise ValueError(f"W_0 = {escape} at every p: the limit at that weight is not determined")
    if falling is None:
        raise ValueError(
            "where beta is below the escape threshold "
            f"{threshold} the policy tends to the lowest solution p of beta = {escape}, "
            "which is not shown to fall with p; above it, to 0"
        )
    root, claims = _solved(curve, escape, least, threshold)
    pieces = [(root, curve.beta < threshold), (S.Zero, True)]
    if threshold == oo:
        pieces = [(root, True)]
    if least != 0:
        pieces.insert(0, (S.One, curve.beta <= least))
    return Limit(
        Piecewise(*pieces) if len(pieces) > 1 else root,
        f"W_0 falls from {threshold} at 0 to {least} at 1: for beta in between F changes sign "
        "once, at W_0(p) = beta, and stays positive below it; for larger beta it is negative at "
        "every fixed p > 0, so the policy tends to 0",
        (*falling, *claims),
    )


def _falling(curve: Balance, escape: Expr) -> Claims | None:
    """Claims under which W_0 falls with p."""
    if curve.force.line is not None:
        found = curve.drift.falls_per_share()
        if found is not None:
            return found
    unit = Domain((*_without_reference(curve).ranges, Range(PI, S.Zero, S.One)))
    return joined(signed_claim("W_0 falls", diff(escape, PI), unit, {Sign.NEGATIVE}))


def _solved(curve: Balance, escape: Expr, least: Expr, threshold: Expr) -> tuple[Expr, Claims]:
    """The p with W_0(p) = β: in closed form, or as the root of that equation."""
    unit = Domain((*_without_reference(curve).ranges, Range(PI, S.Zero, S.One)))
    closed = _root(escape, curve.beta, unit)
    if closed is not None:
        return closed, _at_the_root(curve, escape.subs(PI, closed), least, threshold)
    if curve.force.line is not None:
        sides = curve.beta * curve.force.line * PI, curve.drift.hill
    else:
        sides = curve.beta * curve.force.at_vanishing_reference(), curve.drift.expression
    return ImplicitRoot.of(Eq(*sides, evaluate=False), PI, 0, 1), ()


def _at_the_root(curve: Balance, found: Expr, least: Expr, threshold: Expr) -> Claims:
    if not isinstance(curve.beta, Symbol):
        return ()
    ranges = _without_reference(curve).ranges
    domain = Domain((*ranges, Range(curve.beta, least, threshold)))
    return (Claim("W_0 at the limit is beta", found, "==", curve.beta, domain),)


def _root(escape: Expr, beta: Expr, unit: Domain) -> Expr | None:
    """The p in (0, 1) with W_0(p) = β, where that is a linear or quadratic equation."""
    if escape.has(S.Infinity) or not escape.is_algebraic_expr(PI):
        return None
    steady, moving = tidy(escape, unit).as_independent(PI, as_Add=False)
    weight = beta / steady
    top, bottom = fraction(together(moving))
    balance = top - weight * bottom
    if not balance.is_polynomial(PI):
        top, bottom = fraction(together(tidy(moving**2, unit)))
        balance = top - weight**2 * bottom
    if not balance.is_polynomial(PI):
        return None
    polynomial = Poly(balance.expand(), PI)
    if polynomial.degree() == 1:
        slope, constant = polynomial.all_coeffs()
        return tidy(-constant / slope, unit)
    if polynomial.degree() != 2:
        return None
    # Positive at 0 and negative at 1: one root in between, whatever the sign of the square.
    square, slope, constant = polynomial.all_coeffs()
    return 2 * constant / (-slope + sqrt(tidy(slope**2 - 4 * square * constant, unit)))


# -- in the group size and elsewhere -----------------------------------------------------


def _in_group_size(curve: Balance, value: Expr) -> Limit:
    value = group_size(value)
    other = curve.of_size(value)
    closed = closed_policy(other)
    name = "the large-group limit" if value == oo else f"groups of {value}"
    if closed is None:
        raise ValueError(
            f"the limit is the policy of the same algorithm in {name}, which has no closed form; "
            f"its condition is {other.condition.contrast()}"
        )
    return Limit(closed.expression, f"the policy of the same algorithm in {name}, in closed form")


def _elsewhere(curve: Balance, symbol: Symbol, value: Expr, direction: str) -> Limit:
    """Where the whole curve falls to 0 the reference is all that is left; else a closed form."""
    entry = next((r for r in curve.parameters.ranges if r.symbol == symbol), None)
    at_lower = entry is not None and value == entry.lower
    if (at_lower or value == oo) and not curve.force.expression.has(symbol):
        try:
            left = limit_at(curve.drift.expression, symbol, value, curve.domain)
        except ValueError:
            left = None
        if left == 0:
            return Limit(
                REFERENCE,
                f"the drift vanishes at every p as {symbol} -> {value}, and the force does not: "
                "F is positive at pi_ref(a) and negative at every fixed p above it",
            )
    closed = closed_policy(curve)
    if closed is None:
        raise ValueError(
            f"the limit {symbol} -> {value} needs a closed form, and this policy has none"
        )
    if value.is_finite:
        found = closed.expression.subs(symbol, value)
        if found.is_finite is not False and not found.has(S.NaN, S.ComplexInfinity):
            return Limit(found, "the closed form is continuous there")
    try:
        found = limited(sympy_limit, closed.expression, symbol, value, direction, steps=_STEPS)
    except (Exhausted, NotImplementedError):
        raise ValueError(
            f"the limit {symbol} -> {value} of the closed form was not found"
        ) from None
    return Limit(found, "limit of the closed form")
