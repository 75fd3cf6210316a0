"""What is claimed of means over a group, and which hypotheses on f and on its parameters hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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

T = symbols.t
#: Sums over a group, written out or by name.
_MEANS = (Sum, BernsteinMean)
#: Orders of the derivatives that theorems speak of.
_ORDERS = (0, 1, 2)


class Fails(Exception):
    """A hypothesis does not hold, or is undecided."""


@dataclass(frozen=True)
class Term:
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

    def times(self, factor: Expr) -> Term:
        return replace(self, factor=factor * self.factor)

    def like(self, other: Term) -> bool:
        """Whether the two can be added as functions of T."""
        same = (self.size, self.point, self.ends) == (other.size, other.point, other.ends)
        return same and self.order == other.order == 0


@dataclass(frozen=True)
class Goal:
    """The terms and the rest have a sum > 0, or >= 0."""

    terms: tuple[Term, ...]
    rest: Expr
    strict: bool
    domain: Domain

    @classmethod
    def of(cls, claim: Claim) -> Goal | None:
        """The goal of a claim, or None unless it is an inequality linear in Bernstein sums."""
        if claim.relation not in (">", ">=", "<", "<="):
            return None
        found = claim.left.atoms(*_MEANS) | claim.right.atoms(*_MEANS)
        if not found or T in claim.domain.symbols:
            return None
        gap = claim.surplus
        gap = gap.replace(
            lambda e: isinstance(e, Derivative) and bool(e.atoms(Sum)),
            lambda e: e.expr.diff(*e.variables),
        )
        unknowns = {s: Dummy("sum") for s in sorted(gap.atoms(*_MEANS), key=sstr)}
        gap = gap.xreplace(unknowns)
        slopes = {s: gap.diff(unknown) for s, unknown in unknowns.items()}
        rest = gap.xreplace(dict.fromkeys(unknowns.values(), S.Zero))
        linear = Add(rest, *(slope * unknowns[s] for s, slope in slopes.items()))
        curved = any(slope.has(*unknowns.values()) for slope in slopes.values())
        if curved or expand(gap - linear) != 0:
            return None
        try:
            terms = [_recognised(s, claim.domain).times(slope) for s, slope in slopes.items()]
        except Fails:
            return None
        return cls(_merged(terms), rest, "=" not in claim.relation, claim.domain)


def _merged(terms: list[Term]) -> tuple[Term, ...]:
    """Sums over the same counts with the same weights as one sum."""
    merged: list[Term] = []
    for term in terms:
        at = next((i for i, other in enumerate(merged) if term.like(other)), None)
        if at is None:
            merged.append(term)
        else:
            total = merged[at].scaled + term.scaled
            merged[at] = replace(term, factor=S.One, curve=total)
    return tuple(merged)


def _named(mean: BernsteinMean, domain: Domain) -> Term:
    """A mean that is zero at both ends, or its derivative, as it says of itself."""
    if not isinstance(mean.values, Lambda):
        raise Fails
    f = mean.values(T)
    Checks(domain).smooth(f, ())
    return Term(mean.size, mean.argument, (), mean.order, S.One, f)


def _recognised(total: Sum | BernsteinMean, domain: Domain) -> Term:
    """The sum as a Bernstein polynomial; :class:`Fails` if it is none."""
    if isinstance(total, BernsteinMean):
        return _named(total, domain)
    if len(total.limits) != 1 or total.function.atoms(Sum):
        raise Fails
    k, first, last = total.limits[0]
    size = _size(total.function, k)
    if first not in (0, 1) or last - size not in (0, -1):
        raise Fails
    ends = (*((S.Zero,) if first == 0 else ()), *((S.One,) if last == size else ()))
    point = _point(total.function, k)
    weight = binomial(size, k) * point**k * (1 - point) ** (size - k)
    ratio = _at_share(_over(total.function, weight), k, size)
    # It is looked at as it stands, before any rewriting.
    checks = Checks(domain)
    checks.smooth(ratio, ends)
    rational, roots = _rational_part(ratio)
    roots = _separated(roots, checks.domain)
    for order in _ORDERS if point.is_Symbol else _ORDERS[:1]:
        found = weight.diff(point, order) if order else weight
        relative = cancel(_at_share(_over(found, weight), k, size))
        parts = _separated(cancel(rational / relative), checks.domain)
        factor, curve = (part * root for part, root in zip(parts, roots, strict=True))
        if not curve.has(*point.free_symbols) and is_zero(
            ratio - factor * curve * relative, checks.domain
        ):
            return Term(size, point, ends, order, factor, curve)
    return Term(size, point, ends, 0, S.One, ratio)


def _rational_part(expr: Expr) -> tuple[Expr, Expr]:
    """The factors without roots, and those with."""
    factors = Mul.make_args(expr)
    rational = [factor for factor in factors if factor.is_rational_function()]
    return Mul(*rational), Mul(*(factor for factor in factors if factor not in rational))


def _size(summand: Expr, k: Symbol) -> Expr:
    """The n of the only binomial coefficient."""
    found = {b for b in summand.atoms(binomial) if b.has(k)}
    if len(found) != 1:
        raise Fails
    return found.pop().args[0]


def _point(summand: Expr, k: Symbol) -> Expr:
    """The p of p**(k + ...) (1 - p)**(... - k)."""
    powers = [power for power in summand.atoms(Pow) if power.exp.has(k)]
    rising, falling = (
        {power.base for power in powers if power.exp.diff(k) == step} for step in (1, -1)
    )
    found = [p for p in rising if {(p + q - 1).expand() for q in falling} == {S.Zero}]
    if len(found) != 1:
        raise Fails
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


class Checks:
    """Hypotheses on the parameters and on 0 < T < 1, each with the sign that shows it."""

    def __init__(self, domain: Domain) -> None:
        self.domain = Domain((*domain.ranges, Range(T, S.Zero, S.One)))
        self.listed: list[dict[str, str]] = []

    def _sign(self, expr: Expr) -> Sign:
        found = sign(expr, self.domain)
        if found is None:
            raise Fails
        return found

    def note(self, statement: str, found: Sign) -> None:
        entry = {"statement": statement, "sign": found.name}
        if entry not in self.listed:
            self.listed.append(entry)

    def nonnegative(self, what: str, expr: Expr) -> bool:
        """Requires expr >= 0; whether it is positive throughout."""
        found = self._sign(expr)
        if found < 0:
            raise Fails
        self.note(f"{what}: {sstr(expr)}", found)
        return found == Sign.POSITIVE

    def positive(self, what: str, expr: Expr) -> None:
        """Requires expr > 0."""
        if not self.nonnegative(what, expr):
            raise Fails

    def number_of_draws(self, size: Expr) -> None:
        """Requires an integer n >= 1."""
        if not size.is_integer:
            raise Fails
        self.nonnegative("at least one draw", size - 1)

    def several_draws(self, size: Expr) -> bool:
        """Whether n >= 2."""
        found = sign(size - 2, self.domain)
        if found is None or found < 0:
            return False
        self.note(f"at least two draws: {sstr(size - 2)}", found)
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
                raise Fails

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
                raise Fails
            self.note(f"not zero: {sstr(value)}", found)

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
            raise Fails
        self.smooth(curve, ends)
        return self.nonnegative("rising: the derivative", self._derived(curve, 1))

    def _derived(self, curve: Expr, order: int) -> Expr:
        return tidy(curve.diff(T, order), self.domain)
