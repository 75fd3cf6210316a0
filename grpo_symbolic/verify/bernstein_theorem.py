r"""Bernstein operators: theorems on the mean of f(K/n), for every n at once.

.. math:: B_n f(p) = E\, f(K/n) = \sum_k f(k/n) \binom nk p^k (1 - p)^{n - k}

A sum that starts at k = 1 or ends at k = n - 1 is that of a function with the value 0 at that
end. What is known of f on (0, 1) then carries over to every :math:`B_n f`, the size n being a
symbol. The theorems are used, not proved; that their hypotheses hold is decided exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Add,
    Derivative,
    Dummy,
    Expr,
    Lambda,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    binomial,
    cancel,
    exp,
    expand,
    expand_mul,
    expand_power_base,
    factor_terms,
    log,
    powsimp,
    preorder_traversal,
    sstr,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign, tidy
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["BernsteinTheorem"]

T = symbols.t
#: Sums over a group, written out or by name.
_MEANS = (Sum, BernsteinMean)
_HIGHEST_DERIVATIVE = 2


class BernsteinTheorem(Method):
    r"""Inequalities between Bernstein polynomials :math:`B_n f`, for a symbol or a number n.

    The claim is linear in such sums and in their first two derivatives. With f concave on
    [0, 1] (and likewise for convex f):

    - :math:`B_n f \ge 0` for :math:`f \ge 0`;
    - :math:`B_n f \le f` (Jensen);
    - :math:`B_n f \le B_N f` for :math:`n \le N` (W. B. Temple, Duke Math. J. 21, 1954,
      527-531);
    - :math:`(B_n f)'' \le 0`, and :math:`(B_n f)' \ge 0` for non-decreasing f (G. G. Lorentz,
      Bernstein Polynomials, 1953, section 1.4);
    - :math:`B_n f \ge p\,(B_n f)'` and :math:`B_n f \ge -(1 - p)(B_n f)'` for
      :math:`f \ge 0`: a concave function lies below its tangents.

    The inequalities are strict where the hypothesis is and n is large enough.
    """

    name = "Bernstein operators"
    family = "Bernstein operators"

    def attempt(self, claim: Claim) -> Verdict | None:
        goal = _Goal.of(claim)
        if goal is None:
            return None
        for theorem in _THEOREMS:
            evidence = _applied(theorem, goal)
            if evidence is not None:
                detail = f"{theorem}; the {len(evidence['hypotheses'])} hypotheses hold exactly"
                return Verdict(Status.PROVED, self.name, detail, evidence)
        return None


class _Fails(Exception):
    """A hypothesis does not hold, or is undecided."""


# -- what is claimed ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Term:
    """The derivative of some ``order`` of B_n f, times a factor, at ``point``."""

    size: Expr
    point: Expr
    ends: tuple[Expr, ...]  # of 0 and 1 those where f has its own value; at the others it is 0
    order: int
    factor: Expr
    curve: Expr  # f in the symbol T

    @property
    def scaled(self) -> Expr:
        return self.factor * self.curve

    def times(self, factor: Expr) -> _Term:
        return replace(self, factor=factor * self.factor)

    def like(self, other: _Term) -> bool:
        """Whether the two can be added as functions of T."""
        same = (self.size, self.point, self.ends) == (other.size, other.point, other.ends)
        return same and self.order == other.order == 0


@dataclass(frozen=True)
class _Goal:
    """The terms and the rest have a sum > 0, or >= 0."""

    terms: tuple[_Term, ...]
    rest: Expr
    strict: bool
    domain: Domain

    @classmethod
    def of(cls, claim: Claim) -> _Goal | None:
        """The goal of a claim, or None unless it is an inequality linear in Bernstein sums."""
        if claim.relation not in (">", ">=", "<", "<="):
            return None
        found = claim.left.atoms(*_MEANS) | claim.right.atoms(*_MEANS)
        if not found or T in claim.domain.symbols:
            return None
        gap = claim.difference if ">" in claim.relation else -claim.difference
        gap = gap.replace(
            lambda e: isinstance(e, Derivative) and bool(e.atoms(Sum)),
            lambda e: e.expr.diff(*e.variables),
        )
        unknowns = {s: Dummy("sum", real=True) for s in sorted(gap.atoms(*_MEANS), key=sstr)}
        gap = gap.xreplace(unknowns)
        slopes = {s: gap.diff(unknown) for s, unknown in unknowns.items()}
        rest = gap.xreplace(dict.fromkeys(unknowns.values(), S.Zero))
        linear = Add(rest, *(slope * unknowns[s] for s, slope in slopes.items()))
        curved = any(slope.has(*unknowns.values()) for slope in slopes.values())
        if curved or expand(gap - linear) != 0:
            return None
        try:
            terms = [_recognised(s, claim.domain).times(slope) for s, slope in slopes.items()]
        except _Fails:
            return None
        return cls(_merged(terms), rest, "=" not in claim.relation, claim.domain)


def _merged(terms: list[_Term]) -> tuple[_Term, ...]:
    """Sums over the same counts with the same weights as one sum."""
    merged: list[_Term] = []
    for term in terms:
        at = next((i for i, other in enumerate(merged) if term.like(other)), None)
        if at is None:
            merged.append(term)
        else:
            total = merged[at].scaled + term.scaled
            merged[at] = replace(term, factor=S.One, curve=total)
    return tuple(merged)


def _named(mean: BernsteinMean, domain: Domain) -> _Term:
    """A mean that is zero at both ends, or its derivative, as it says of itself."""
    if not isinstance(mean.values, Lambda) or mean.order > _HIGHEST_DERIVATIVE:
        raise _Fails
    f = mean.values(T)
    if f.has(*mean.argument.free_symbols):
        raise _Fails
    checks = _Checks(domain)
    checks.number_of_draws(mean.size)
    checks.inside(mean.argument)
    checks.smooth(f, ())
    return _Term(mean.size, mean.argument, (), mean.order, S.One, f)


def _recognised(total: Sum | BernsteinMean, domain: Domain) -> _Term:
    """The sum as a Bernstein polynomial; :class:`_Fails` if it is none."""
    if isinstance(total, BernsteinMean):
        return _named(total, domain)
    if len(total.limits) != 1 or total.function.atoms(Sum):
        raise _Fails
    k, first, last = total.limits[0]
    size = _size(total.function, k)
    if size.has(k) or not size.is_integer or first not in (0, 1) or last - size not in (0, -1):
        raise _Fails
    ends = (*((S.Zero,) if first == 0 else ()), *((S.One,) if last == size else ()))
    point = _point(total.function, k)
    weight = binomial(size, k) * point**k * (1 - point) ** (size - k)
    ratio = _at_share(_over(total.function, weight), k, size)
    # Everything is checked on the summand as it stands, before any rewriting.
    checks = _Checks(domain)
    checks.number_of_draws(size)
    checks.inside(point)
    checks.smooth(ratio, ends)
    rational, roots = _rational_part(ratio)
    roots = _separated(roots, checks.domain)
    for order in range(_HIGHEST_DERIVATIVE + 1 if point.is_Symbol else 1):
        found = weight.diff(point, order) if order else weight
        relative = cancel(_at_share(_over(found, weight), k, size))
        parts = _separated(cancel(rational / relative), checks.domain)
        factor, curve = (part * root for part, root in zip(parts, roots, strict=True))
        if not curve.has(*point.free_symbols) and is_zero(
            ratio - factor * curve * relative, checks.domain
        ):
            return _Term(size, point, ends, order, factor, curve)
    return _Term(size, point, ends, 0, S.One, ratio)


def _rational_part(expr: Expr) -> tuple[Expr, Expr]:
    """The factors without roots, and those with."""
    factors = Mul.make_args(expr)
    rational = [factor for factor in factors if factor.is_rational_function()]
    return Mul(*rational), Mul(*(factor for factor in factors if factor not in rational))


def _size(summand: Expr, k: Symbol) -> Expr:
    """The n of the only binomial coefficient."""
    found = {b for b in summand.atoms(binomial) if b.has(k)}
    if len(found) != 1:
        raise _Fails
    size, chosen = found.pop().args
    if chosen not in (k, size - k):
        raise _Fails
    return size


def _point(summand: Expr, k: Symbol) -> Expr:
    """The p of p**(k + ...) (1 - p)**(... - k)."""
    powers = [power for power in summand.atoms(Pow) if power.exp.has(k)]
    rising, falling = (
        {power.base for power in powers if power.exp.diff(k) == step} for step in (1, -1)
    )
    found = [p for p in rising if any((p + q - 1).expand() == 0 for q in falling)]
    if len(found) != 1 or found[0].has(k):
        raise _Fails
    return found[0]


def _over(summand: Expr, weight: Expr) -> Expr:
    """The summand over the weight, term by term, so that symbolic powers cancel."""
    terms = Add.make_args(expand_mul(summand, deep=False))
    return factor_terms(Add(*(powsimp(term / weight, combine="exp") for term in terms)))


def _at_share(ratio: Expr, k: Symbol, size: Expr) -> Expr:
    """A function of the count k as one of the share T."""
    return ratio.subs(k, size * T)


def _separated(expr: Expr, domain: Domain) -> tuple[Expr, Expr]:
    """A factor free of T, and the rest."""
    expr = expr.replace(
        lambda e: isinstance(e, Pow) and e.exp.is_Rational and not e.exp.is_Integer,
        lambda e: expand_power_base(Pow(tidy(e.base, domain), e.exp)),
    )
    return tidy(expr, domain).as_independent(T, as_Add=False)


# -- hypotheses --------------------------------------------------------------------------


class _Checks:
    """Hypotheses on the parameters and on 0 < T < 1, each with the sign that shows it."""

    def __init__(self, domain: Domain) -> None:
        self.domain = Domain((*domain.ranges, Range(T, S.Zero, S.One)))
        self.listed: list[dict[str, str]] = []

    def _sign(self, expr: Expr) -> Sign:
        found = sign(expr, self.domain)
        if found is None:
            raise _Fails
        return found

    def _note(self, statement: str, found: Sign) -> None:
        entry = {"statement": statement, "sign": found.name}
        if entry not in self.listed:
            self.listed.append(entry)

    def nonnegative(self, what: str, expr: Expr) -> bool:
        """Requires expr >= 0; whether it is positive throughout."""
        found = self._sign(expr)
        if found < 0:
            raise _Fails
        self._note(f"{what}: {sstr(expr)}", found)
        return found == Sign.POSITIVE

    def positive(self, what: str, expr: Expr) -> None:
        """Requires expr > 0."""
        if not self.nonnegative(what, expr):
            raise _Fails

    def number_of_draws(self, size: Expr) -> None:
        """Requires an integer n >= 1."""
        if not size.is_integer:
            raise _Fails
        self.nonnegative("at least one draw", size - 1)

    def several_draws(self, size: Expr) -> bool:
        """Whether n >= 2."""
        found = sign(size - 2, self.domain)
        if found is None or found < 0:
            return False
        self._note(f"at least two draws: {sstr(size - 2)}", found)
        return True

    def inside(self, point: Expr) -> None:
        """Requires 0 < p < 1."""
        self.positive("a probability", point)
        self.positive("less than one", 1 - point)

    def smooth(self, expr: Expr, ends: Iterable[Expr]) -> None:
        """Requires a real function, smooth on 0 < T < 1 and continuous at these ends."""
        for node in preorder_traversal(expr):
            if isinstance(node, Pow) and node.exp.is_Rational:
                self._smooth_power(node, ends)
            elif isinstance(node, log):
                self._nonzero(node.args[0], ends, positive=True)
            elif not (
                node.is_Rational
                or node.is_NumberSymbol
                or (node.is_Symbol and node.is_real)
                or isinstance(node, (Add, Mul, exp))
            ):
                raise _Fails

    def _smooth_power(self, power: Pow, ends: Iterable[Expr]) -> None:
        base, exponent = power.args
        if exponent < 0:
            self._nonzero(base, ends, positive=not exponent.is_Integer)
        elif exponent.is_Integer:
            return
        elif base.has(T):  # a root is smooth where it is not zero, and continuous there too
            self.positive("under a root", base)
        else:
            self.nonnegative("under a root", base)

    def _nonzero(self, expr: Expr, ends: Iterable[Expr], *, positive: bool) -> None:
        for value in (expr, *(expr.subs(T, end) for end in ends)):
            found = self._sign(value)
            if abs(found) != Sign.POSITIVE or (positive and found < 0):
                raise _Fails
            self._note(f"not zero: {sstr(value)}", found)

    def convex(self, curve: Expr, ends: tuple[Expr, ...], what: str = "convex") -> bool:
        """Requires f convex on [0, 1]; whether it is strictly so.

        The value 0 at an end without a term of its own must not lie below the limit there.
        """
        self.smooth(curve, ends)
        strict = self.nonnegative(f"{what}: the second derivative", self._derived(curve, 2))
        if len(ends) < 2:
            self.nonnegative("not above its value 0 at an end", tidy(-curve, self.domain))
        return strict

    def rising(self, curve: Expr, ends: tuple[Expr, ...]) -> bool:
        """Requires f non-decreasing on [0, 1]; whether it is strictly so."""
        if len(ends) < 2:
            raise _Fails
        self.smooth(curve, ends)
        return self.nonnegative("rising: the derivative", self._derived(curve, 1))

    def _derived(self, curve: Expr, order: int) -> Expr:
        return tidy(curve.diff(T, order), self.domain)


# -- theorems ----------------------------------------------------------------------------


def _positive(goal: _Goal, checks: _Checks) -> bool:
    """B_n f >= 0 for f >= 0, for each of the terms."""
    strict = False
    for term in goal.terms:
        _of_order(term, 0)
        checks.smooth(term.scaled, term.ends)
        inside = checks.nonnegative("the function", tidy(term.scaled, checks.domain))
        strict |= inside and checks.several_draws(term.size)
    return _with_rest(goal, checks, strict)


def _jensen(goal: _Goal, checks: _Checks) -> bool:
    """B_n f >= f for convex f; the claim then compares f itself with the rest."""
    (term,) = goal.terms
    _of_order(term, 0)
    bound = term.scaled.subs(T, term.point) + goal.rest
    strict = checks.nonnegative("with f in place of the sum", bound)
    return checks.convex(term.scaled, term.ends) or strict


def _temple(goal: _Goal, checks: _Checks) -> bool:
    """B_n f >= B_N f for convex f and n <= N; what the two functions differ by is >= 0."""
    few, many = goal.terms
    if (few.point, few.ends) != (many.point, many.ends):
        raise _Fails
    for term in (few, many):
        _of_order(term, 0)
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
    except _Fails:
        convex = checks.convex(-many.scaled, few.ends)
    return _with_rest(goal, checks, above or (convex and more))


def _second_derivative(goal: _Goal, checks: _Checks) -> bool:
    """(B_n f)'' >= 0 for convex f."""
    (term,) = goal.terms
    _of_order(term, 2)
    direction = _direction(term, checks)
    strict = checks.convex(direction * term.curve, term.ends)
    return _with_rest(goal, checks, strict and checks.several_draws(term.size))


def _first_derivative(goal: _Goal, checks: _Checks) -> bool:
    """(B_n f)' >= 0 for non-decreasing f."""
    (term,) = goal.terms
    _of_order(term, 1)
    direction = _direction(term, checks)
    return _with_rest(goal, checks, checks.rising(direction * term.curve, term.ends))


def _tangent(goal: _Goal, checks: _Checks) -> bool:
    """B_n f >= p (B_n f)' and B_n f >= -(1 - p) (B_n f)' for concave f >= 0."""
    value, slope = sorted(goal.terms, key=lambda term: term.order)
    _of_order(value, 0)
    _of_order(slope, 1)
    if (value.size, value.point, value.ends) != (slope.size, slope.point, slope.ends):
        raise _Fails
    # The sum is c (B_n f - x (B_n f)') + B_n(g - c f), x the way back to the end of the tangent.
    way = value.point
    if _direction(slope, checks) > 0:
        way = value.point - 1
    factor = tidy(-slope.factor / way, checks.domain)
    checks.positive("a positive factor", factor)
    strict = checks.convex(-slope.curve, slope.ends, "concave")
    checks.nonnegative("the function", slope.curve)
    difference = value.scaled - factor * slope.curve
    checks.smooth(difference, slope.ends)
    checks.nonnegative("the difference of the functions", tidy(difference, checks.domain))
    return _with_rest(goal, checks, strict and checks.several_draws(value.size))


def _of_order(term: _Term, order: int) -> None:
    if term.order != order:
        raise _Fails


def _direction(term: _Term, checks: _Checks) -> int:
    """1 or -1: the sign of the factor before a derivative."""
    found = sign(term.factor, checks.domain)
    direction = -1 if found == Sign.NEGATIVE else 1
    checks.positive("a positive factor", direction * term.factor)
    return direction


def _with_rest(goal: _Goal, checks: _Checks, strict: bool) -> bool:
    return checks.nonnegative("what is added", cancel(goal.rest)) or strict


_THEOREMS: dict[str, tuple[int | None, Callable[[_Goal, _Checks], bool]]] = {
    "a mean of non-negative values is non-negative": (None, _positive),
    "Jensen: E f(K/n) lies below a concave f, above a convex one": (1, _jensen),
    "Temple 1954: Bernstein polynomials of a concave f grow with n, of a convex f fall": (
        2,
        _temple,
    ),
    "Lorentz 1953: the Bernstein polynomials of a concave (convex) f are so too": (
        1,
        _second_derivative,
    ),
    "Lorentz 1953: the Bernstein polynomials of a monotone f are so too": (1, _first_derivative),
    "Lorentz 1953: a concave Bernstein polynomial lies below its tangents": (2, _tangent),
}


def _applied(name: str, goal: _Goal) -> dict[str, Any] | None:
    """What the theorem's hypotheses are for this goal, if they hold and it follows."""
    terms, theorem = _THEOREMS[name]
    if terms is not None and len(goal.terms) != terms:
        return None
    checks = _Checks(goal.domain)
    try:
        for term in goal.terms:
            checks.number_of_draws(term.size)
            checks.inside(term.point)
        strict = theorem(goal, checks)
    except _Fails:
        return None
    if goal.strict and not strict:
        return None
    return {
        "theorem": name,
        "f": "; ".join(f"{sstr(term.curve)} at n = {sstr(term.size)}" for term in goal.terms),
        "hypotheses": checks.listed,
    }
