r"""Bernstein operators: theorems on the mean of f(K/n), for every n at once.

.. math:: B_n f(p) = E\, f(K/n) = \sum_k f(k/n) \binom nk p^k (1 - p)^{n - k}

A sum that starts at k = 1 or ends at k = n - 1 is that of a function with the value 0 at that
end. What is known of f on (0, 1) then carries over to every :math:`B_n f`, the size n being a
symbol. The theorems are used, not proved; that their hypotheses hold is decided exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sympy import Expr, S, Symbol, cancel, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.bernstein_goal import Checks, Fails, Goal, Term
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

T = symbols.t
_AT_LEAST_ZERO = (Sign.ZERO, Sign.NONNEGATIVE, Sign.POSITIVE)


class BernsteinTheorem(Method):
    r"""Inequalities between Bernstein polynomials :math:`B_n f`, for a symbol or a number n.

    The claim is linear in such sums and in their first two derivatives. With f concave on
    [0, 1] (and likewise for convex f):

    - :math:`B_n f \ge 0` for :math:`f \ge 0`;
    - :math:`B_n f \le f` (Jensen);
    - :math:`B_n f \le B_N f` for :math:`n \le N` (W. B. Temple, Duke Math. J. 21, 1954,
      527-531), and so :math:`B_n f \ge 2 f(1/2)\, p(1 - p)` where f is 0 at both ends;
    - :math:`(B_n f)'' \le 0`, and :math:`(B_n f)' \ge 0` for non-decreasing f (G. G. Lorentz,
      Bernstein Polynomials, 1953, section 1.4);
    - :math:`B_n f \ge p\,(B_n f)'` and :math:`B_n f \ge -(1 - p)(B_n f)'` for
      :math:`f \ge 0`: a concave function lies below its tangents.

    The inequalities are strict where the hypothesis is and n is large enough.
    """

    name = "Bernstein operators"
    family = "Bernstein operators"

    def attempt(self, claim: Claim) -> Verdict | None:
        goal = Goal.of(claim)
        if goal is None:
            return None
        for theorem in _THEOREMS:
            evidence = _applied(theorem, goal)
            if evidence is not None:
                detail = f"{theorem}; the {len(evidence['hypotheses'])} hypotheses hold exactly"
                return Verdict(Status.PROVED, self.name, detail, evidence)
        return None


def _positive(goal: Goal, checks: Checks) -> bool:
    """B_n f >= 0 for f >= 0, for each of the terms."""
    strict = False
    for term in goal.terms:
        checks.smooth(term.scaled, term.ends)
        inside = checks.nonnegative("the function", tidy(term.scaled, checks.domain))
        strict |= inside and checks.several_draws(term.size)
    return _with_rest(goal, checks, strict)


def _jensen(goal: Goal, checks: Checks) -> bool:
    """B_n f >= f for convex f; the claim then compares f itself with the rest."""
    (term,) = goal.terms
    bound = term.scaled.subs(T, term.point) + goal.rest
    strict = checks.nonnegative("with f in place of the sum", bound)
    return checks.convex(term.scaled, term.ends) or strict


def _temple(goal: Goal, checks: Checks) -> bool:
    """B_n f >= B_N f for convex f and n <= N; what the two functions differ by is >= 0."""
    few, many = goal.terms
    if (few.point, few.ends) != (many.point, many.ends):
        raise Fails
    if sign(many.size - few.size, checks.domain) in (Sign.NEGATIVE, Sign.NONPOSITIVE):
        few, many = many, few
    more = checks.nonnegative("draws more", many.size - few.size)
    # B_n f - B_N g = (B_n f - B_N f) + B_N(f - g) = B_n(f - g) + (B_n g - B_N g)
    difference = few.scaled + many.scaled
    checks.smooth(difference, few.ends)
    above = checks.nonnegative("the difference of the functions", tidy(difference, checks.domain))
    above = above and checks.several_draws(few.size)
    try:
        convex = checks.convex(few.scaled, few.ends)
    except Fails:
        convex = checks.convex(-many.scaled, few.ends)
    return _with_rest(goal, checks, above or (convex and more))


def _second_derivative(goal: Goal, checks: Checks) -> bool:
    """(B_n f)'' >= 0 for convex f."""
    (term,) = goal.terms
    strict = checks.convex(_turned(term, checks).curve, term.ends)
    return _with_rest(goal, checks, strict and checks.several_draws(term.size))


def _first_derivative(goal: Goal, checks: Checks) -> bool:
    """(B_n f)' >= 0 for non-decreasing f."""
    (term,) = goal.terms
    return _with_rest(goal, checks, checks.rising(_turned(term, checks).curve, term.ends))


def _tangent(goal: Goal, checks: Checks) -> bool:
    """B_n f >= p (B_n f)' and B_n f >= -(1 - p) (B_n f)' for concave f >= 0."""
    value, slope = sorted(goal.terms, key=lambda term: term.order)
    if (value.size, value.point, value.ends) != (slope.size, slope.point, slope.ends):
        raise Fails
    # The sum is c (B_n f - x (B_n f)') + B_n(g - c f), x the way back to the end of the tangent.
    falling = sign(slope.factor, checks.domain) == Sign.NEGATIVE
    way = value.point if falling else value.point - 1
    factor = tidy(-slope.factor / way, checks.domain)
    checks.positive("a positive factor", factor)
    strict = checks.convex(-slope.curve, slope.ends, "concave")
    checks.nonnegative("the function", slope.curve)
    difference = value.scaled - factor * slope.curve
    checks.smooth(difference, slope.ends)
    checks.nonnegative("the difference of the functions", tidy(difference, checks.domain))
    return _with_rest(goal, checks, strict and checks.several_draws(value.size))


def _pairs(goal: Goal, checks: Checks) -> bool:
    """B_n f >= B_2 f = 2 f(1/2) p (1 - p) for concave f that is 0 at both ends."""
    term, share = _with_share(goal, checks)
    strict = checks.convex(-term.scaled, term.ends, "concave")
    middle = tidy(2 * term.scaled.subs(T, S.Half), checks.domain)
    above = checks.nonnegative("in pairs", middle + share)
    return above or (strict and sign(term.size - 3, checks.domain) in _AT_LEAST_ZERO)


def _shares(goal: Goal, checks: Checks) -> bool:
    """B_n f >= 0 for f that is 0 at both ends and f >= 0 from 1/n to 1 - 1/n: no other counts."""
    term, share = _with_share(goal, checks)
    size, u = term.size, Symbol("u")
    # p (1 - p) is the mean of T (1 - T) n/(n - 1).
    curve = term.scaled + share * T * (1 - T) * size / (size - 1)
    checks.smooth(curve, ())
    place = 1 / size + (1 - 2 / size) * u
    domain = Domain((*checks.domain.ranges, Range(u, S.Zero, S.One, True, True)))
    found = sign(curve.subs(T, place), domain)
    if found is None or found < 0:
        raise Fails
    checks.note(f"at the counts 1 to n - 1: {sstr(curve)}", found)
    return found == Sign.POSITIVE


def _with_share(goal: Goal, checks: Checks) -> tuple[Term, Expr]:
    """The only term, f being 0 at both ends, and the rest over p (1 - p)."""
    (term,) = goal.terms
    if term.ends or not checks.several_draws(term.size):
        raise Fails
    return term, tidy(goal.rest / (term.point * (1 - term.point)), checks.domain)


def _turned(term: Term, checks: Checks) -> Term:
    """The term with a positive factor before the derivative."""
    if sign(term.factor, checks.domain) == Sign.NEGATIVE:
        term = replace(term, factor=-term.factor, curve=-term.curve)
    checks.positive("a positive factor", term.factor)
    return term


def _with_rest(goal: Goal, checks: Checks, strict: bool) -> bool:
    return checks.nonnegative("what is added", cancel(goal.rest)) or strict


#: By name: the orders of the derivatives in the goal (None for any number of plain means), and
#: what proves it.
_THEOREMS: dict[str, tuple[tuple[int, ...] | None, Callable[[Goal, Checks], bool]]] = {
    "a mean of non-negative values is non-negative": (None, _positive),
    "Jensen: E f(K/n) lies below a concave f, above a convex one": ((0,), _jensen),
    "Temple 1954, from pairs on: Bernstein polynomials of a concave f grow with n": ((0,), _pairs),
    "a mean of numbers that are not negative, over the counts that occur": ((0,), _shares),
    "Temple 1954: Bernstein polynomials of a concave f grow with n, of a convex f fall": (
        (0, 0),
        _temple,
    ),
    "Lorentz 1953: the Bernstein polynomials of a concave (convex) f are so too": (
        (2,),
        _second_derivative,
    ),
    "Lorentz 1953: the Bernstein polynomials of a monotone f are so too": (
        (1,),
        _first_derivative,
    ),
    "Lorentz 1953: a concave Bernstein polynomial lies below its tangents": ((0, 1), _tangent),
}


def _applied(name: str, goal: Goal) -> dict[str, Any] | None:
    """What the theorem's hypotheses are for this goal, if they hold and it follows."""
    orders, theorem = _THEOREMS[name]
    found = tuple(sorted(term.order for term in goal.terms))
    if found != ((0,) * len(found) if orders is None else orders):
        return None
    checks = Checks(goal.domain)
    try:
        for term in goal.terms:
            checks.number_of_draws(term.size)
            checks.inside(term.point)
        strict = theorem(goal, checks)
    except Fails:
        return None
    if goal.strict and not strict:
        return None
    return {
        "theorem": name,
        "f": "; ".join(f"{sstr(term.curve)} at n = {sstr(term.size)}" for term in goal.terms),
        "hypotheses": checks.listed,
    }
