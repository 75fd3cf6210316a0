r"""Truncated Laurent series: the arithmetic behind exact limits and series.

An expression is expanded in one small positive variable s by going through its tree once, with
the arithmetic of truncated series at every node. Coefficients are exact expressions in the
other symbols. A logarithm of s stays a symbol, :data:`LOG`, that tends to −∞ more slowly than
any power of s grows; fractional powers become whole ones by taking s to be a root of the
variable. No general-purpose limit or series algorithm is called, so that the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sympy import (
    Add,
    Basic,
    Dummy,
    Expr,
    Integer,
    Mul,
    Poly,
    PolynomialError,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    cancel,
    combsimp,
    cos,
    diff,
    exp,
    factorial,
    fraction,
    ilcm,
    log,
    oo,
    sin,
    tan,
)
from sympy.polys.polyerrors import HeuristicGCDFailed

from grpo_symbolic.algebra import Sign, is_zero, sign, sums_of
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain
from grpo_symbolic.group_sum import GroupSum

#: log s, where it stands in a coefficient.
LOG = Symbol("log_s", real=True)
# A coefficient with more operations than this is not reduced.
_MAX_OPERATIONS = 3000
# Digits of a first look at whether a leading coefficient is zero.
_CHECK = 30
# Leading terms that cancel cost accuracy: so many times more of it is tried.
_ATTEMPTS = 4


class _Cancelled(Exception):
    """All known coefficients vanish: more of them are needed."""


@dataclass(frozen=True)
class Laurent:
    r""":math:`c_0 s^v + c_1 s^{v+1} + \dots + O(s^{v+n})`, with :math:`c_0 \ne 0`.

    Attributes
    ----------
    valuation : int
        v.
    coefficients : tuple of Expr
        c_0 … c_(n−1); empty where all that is known is O(s^v).
    domain : Domain
        The ranges of the symbols in the coefficients.
    """

    valuation: int
    coefficients: tuple[Expr, ...]
    domain: Domain = field(default_factory=Domain, repr=False)

    @classmethod
    def of(cls, valuation: int, coefficients: Sequence[Expr], domain: Domain) -> Laurent:
        """With coefficients reduced, and leading ones that vanish left out."""
        rest = list(coefficients)
        while rest:
            rest[0] = neat(rest[0])
            if rest[0] != 0 and not _vanishes(rest[0], domain):
                break
            rest.pop(0)
            valuation += 1
        return cls(valuation, (*rest[:1], *map(neat, rest[1:])), domain)

    @property
    def end(self) -> int:
        """The power of s from which on nothing is known."""
        return self.valuation + len(self.coefficients)

    @property
    def leading(self) -> Expr:
        if not self.coefficients:
            raise _Cancelled
        return self.coefficients[0]

    def coefficient(self, power: int) -> Expr:
        """The coefficient of s**power.

        Raises
        ------
        ValueError
            When it is beyond the accuracy kept.
        """
        if power >= self.end:
            raise ValueError(f"the coefficient of power {power} is beyond the accuracy kept")
        return self.coefficients[power - self.valuation] if power >= self.valuation else S.Zero

    @property
    def relative(self) -> tuple[Expr, ...]:
        """The coefficients over the leading one: 1, …"""
        return (S.One, *(neat(c / self.leading) for c in self.coefficients[1:]))

    def __add__(self, other: Laurent) -> Laurent:
        start, end = min(self.valuation, other.valuation), min(self.end, other.end)
        terms = (self.coefficient(k) + other.coefficient(k) for k in range(start, end))
        return Laurent.of(min(start, end), tuple(terms), self.domain)

    def __mul__(self, other: Laurent) -> Laurent:
        count = min(len(self.coefficients), len(other.coefficients))
        product = tuple(
            Add(*(self.coefficients[i] * other.coefficients[n - i] for i in range(n + 1)))
            for n in range(count)
        )
        return Laurent.of(self.valuation + other.valuation, product, self.domain)

    def __truediv__(self, other: Laurent) -> Laurent:
        return self * other.power(Integer(-1))

    def power(self, exponent: Expr) -> Laurent:
        """The series to an exponent free of s.

        Raises
        ------
        ValueError
            When that is not a series in whole powers of s.
        """
        valuation = self.valuation * exponent
        if not valuation.is_Integer:
            raise ValueError(f"s to the power {valuation} is not a whole power of s")
        if not (exponent.is_Integer and exponent >= 0):
            self.never_zero()
        scale = self.leading**exponent
        found = binomial_series(self.relative, exponent)
        return Laurent.of(int(valuation), tuple(scale * c for c in found), self.domain)

    def never_zero(self) -> None:
        """The leading coefficient has to be one everywhere, not only for most parameters.

        Raises
        ------
        ValueError
            When it is not known to keep its sign.
        """
        leading = self.leading
        if leading.is_number or leading.has(LOG):
            return
        found = sign(leading, self.domain.extended(leading))
        if found not in (Sign.POSITIVE, Sign.NEGATIVE):
            raise ValueError(f"the leading coefficient {_shown(leading)} may vanish")

    def log(self) -> Laurent:
        """The logarithm, with log s as the symbol :data:`LOG`.

        Raises
        ------
        ValueError
            When the leading coefficient is not known to keep its sign.
        """
        self.never_zero()
        u, found = self.relative, [log(self.leading) + self.valuation * LOG]
        tail: list[Expr] = [S.Zero]
        for n in range(1, len(u)):
            lower = Add(*(k * tail[k] * u[n - k] for k in range(1, n)))
            tail.append(neat(u[n] - lower / n))
        return Laurent.of(0, (*found, *tail[1:]), self.domain)

    def exp(self) -> Laurent:
        """The exponential.

        Raises
        ------
        ValueError
            When the exponent grows without bound.
        """
        if self.valuation < 0 or (self.valuation == 0 and self.leading.has(LOG)):
            raise ValueError("the exponential of an unbounded series is not a Laurent series")
        u = tuple(self.coefficient(k) for k in range(self.end))
        found = [exp(u[0])]
        for n in range(1, len(u)):
            found.append(Add(*(k * u[k] * found[n - k] for k in range(1, n + 1))) / n)
        return Laurent.of(0, tuple(found), self.domain)

    def sine(self) -> tuple[Laurent, Laurent]:
        """The sine and the cosine.

        Raises
        ------
        ValueError
            When the argument grows without bound.
        """
        if self.valuation < 0 or (self.valuation == 0 and self.leading.has(LOG)):
            raise ValueError("the sine of an unbounded series is not a Laurent series")
        u = tuple(self.coefficient(k) for k in range(self.end))
        sines, cosines = [sin(u[0])], [cos(u[0])]
        for n in range(1, len(u)):
            sines.append(Add(*(k * u[k] * cosines[n - k] for k in range(1, n + 1))) / n)
            cosines.append(-Add(*(k * u[k] * sines[n - k] for k in range(1, n + 1))) / n)
        return Laurent.of(0, sines, self.domain), Laurent.of(0, cosines, self.domain)

    @property
    def limit(self) -> Expr:
        """The limit as s → 0+: 0, an expression, or ±oo.

        Raises
        ------
        ValueError
            When the sign of an infinite limit is not known.
        """
        growth, ratio = 0, self.leading
        if ratio.has(LOG):
            top, bottom = (Poly(part, LOG) for part in fraction(cancel(ratio)))
            growth, ratio = top.degree() - bottom.degree(), top.LC() / bottom.LC()
        if self.valuation > 0 or (self.valuation == 0 and growth < 0):
            return S.Zero
        if self.valuation == 0 and growth == 0:
            return neat(ratio)
        found = sign(ratio * Integer(-1) ** growth, self.domain.extended(ratio))
        if found is None or abs(found) != Sign.POSITIVE:
            raise ValueError(f"it grows without bound, with a sign that is not known: {ratio}")
        return oo if found > 0 else -oo


def binomial_series(u: Sequence[Expr], exponent: Expr) -> list[Expr]:
    """(1 + u_1 s + …)**exponent, from c' (1 + u) = exponent u' c."""
    found = [S.One]
    for n in range(1, len(u)):
        terms = ((exponent * k - (n - k)) * u[k] * found[n - k] for k in range(1, n + 1))
        found.append(neat(Add(*terms) / n))
    return found


def neat(value: Expr) -> Expr:
    """One reduced fraction; sums over a group count as symbols."""
    if value.is_Rational or value.is_Symbol:
        return value
    if value.count_ops() > _MAX_OPERATIONS:
        return value
    closed = {s: Dummy(f"sum{i}", real=True) for i, s in enumerate(sums_of(value))}
    opened = {symbol: s for s, symbol in closed.items()}
    value = value.xreplace(closed)
    if all(p.exp.is_nonnegative is not False or not p.base.atoms(Add) for p in value.atoms(Pow)):
        return value.expand().xreplace(opened)
    try:
        return cancel(value).xreplace(opened)
    except (PolynomialError, HeuristicGCDFailed):
        return value.xreplace(opened)


def _vanishes(value: Expr, domain: Domain) -> bool:
    if value.is_Rational:
        return bool(value == 0)
    ranges = domain.extended(value)
    # A value at one point that is not small settles it; a small one has to be looked into.
    found = value.subs(next(ranges.samples(1))).evalf(_CHECK)
    if found.is_Float and abs(found) > Rational(1, 10 ** (_CHECK // 2)):
        return False
    return is_zero(value, ranges)


def ramification(expr: Basic, symbol: Symbol) -> int:
    """m such that fractional powers in which ``symbol`` stands are whole in its m-th root."""
    powers = (p.exp.q for p in expr.atoms(Pow) if p.exp.is_Rational and p.base.has(symbol))
    return int(ilcm(1, 1, *powers))


def expand_at(expr: Expr, small: Symbol, terms: int, domain: Domain) -> Laurent:
    """The Laurent series of ``expr`` in ``small`` → 0+, with at least ``terms`` coefficients.

    Parameters
    ----------
    expr : Expr
        Of sums, products, powers, logarithms, exponentials and sums over a group.
    small : Symbol
        s, positive.
    terms : int
    domain : Domain
        The ranges of the other symbols.

    Raises
    ------
    ValueError
        When there is no such series.

    Examples
    --------
    >>> from sympy import sqrt
    >>> s = Symbol("s", positive=True)
    >>> expand_at(sqrt(1 + s) / s, s, 3, Domain()).coefficients
    (1, 1/2, -1/8)
    """
    work = terms
    for _ in range(_ATTEMPTS):
        try:
            found = _expand(expr, small, work, domain)
        except _Cancelled:
            found = None
        if found is not None and len(found.coefficients) >= terms:
            return found
        work = 2 * work + 1
    raise ValueError(f"no leading term of {_shown(expr)} was found: it may vanish identically")


def _expand(expr: Expr, small: Symbol, terms: int, domain: Domain) -> Laurent:
    follow = partial(_expand, small=small, terms=terms, domain=domain)
    zeros = (S.Zero,) * (terms - 1)
    if not expr.has(small):
        return Laurent.of(0, (expr, *zeros), domain)
    if expr == small:
        return Laurent(1, (S.One, *zeros), domain)
    if isinstance(expr, Add):
        total, *rest = map(follow, expr.args)
        for term in rest:
            total = total + term
        return total
    if isinstance(expr, Mul):
        product, *rest = map(follow, expr.args)
        for factor in rest:
            product = product * factor
        return product
    if isinstance(expr, exp):
        return follow(expr.args[0]).exp()
    if isinstance(expr, Pow) and not expr.exp.has(small):
        return follow(expr.base).power(expr.exp)
    if isinstance(expr, log):
        return follow(expr.args[0]).log()
    if isinstance(expr, sin | cos):
        return follow(expr.args[0]).sine()[isinstance(expr, cos)]
    if isinstance(expr, tan):
        sines = follow(expr.args[0]).sine()
        return sines[0] / sines[1]
    if isinstance(expr, BernsteinMean):
        return _expand_mean(expr, follow, small, terms, domain)
    if isinstance(expr, Sum):
        return _expand_sum(expr, follow, small, terms, domain)
    raise ValueError(f"{_shown(expr)} has no Laurent series in this arithmetic")


def _expand_mean(
    expr: BernsteinMean,
    follow: Callable[[Expr], Laurent],
    small: Symbol,
    terms: int,
    domain: Domain,
) -> Laurent:
    """Taylor's series of the mean at the limit of its argument; it is exact at 0 and 1."""
    if expr.values.has_free(small) or expr.size.has(small):
        return follow(expr.doit())
    argument = follow(expr.argument)
    if argument.valuation < 0 or argument.leading.has(LOG):
        raise ValueError(f"the argument of {_shown(expr)} has no limit")
    start = argument.coefficient(0)
    zeros = (S.Zero,) * (terms - 1)
    step = argument + Laurent(0, (-start, *(S.Zero,) * (len(argument.coefficients) - 1)), domain)
    total = Laurent.of(0, (expr.of(start), *zeros), domain)
    power = Laurent(0, (S.One, *zeros), domain)
    for j in range(1, terms):
        at = expr.derivative(j)
        value = at.of(start) if isinstance(at, BernsteinMean) else at
        power = power * step
        factor = Laurent(0, (value / factorial(j), *zeros), domain)
        total = total + (power * factor if value != 0 else Laurent(terms, (), domain))
    return total


def _expand_sum(
    expr: Sum, follow: Callable[[Expr], Laurent], small: Symbol, terms: int, domain: Domain
) -> Laurent:
    """Term by term; where the power of s moves with the index, from the end where it is least."""
    ((index, first, last),) = expr.limits
    pieces = Mul.make_args(expr.function)
    slope = diff(Add(*(p.exp for p in pieces if isinstance(p, Pow) and p.base == small)), index)
    if slope == 0:
        known = domain.extended(Integer(0) * index)
        term = _expand(expr.function, small, terms, known.extended(expr.function))
        summed = tuple(
            GroupSum(c, (index, first, last)) if c.has(index) else c * (last - first + 1)
            for c in (term.coefficients if term.valuation == 0 else ())
        )
        if not summed:
            raise ValueError("the terms of a sum over the group vanish together")
        return Laurent(0, summed, domain)
    if not slope.is_Integer:
        raise ValueError(f"the powers of s in a sum over the group rise by {slope}")
    count = terms // abs(int(slope)) + 1
    if (last - first).is_Integer:
        count = min(count, int(last - first) + 1)
    places = (first + j if slope > 0 else last - j for j in range(count))
    written = Add(*(combsimp(expr.function.subs(index, place)) for place in places))
    found = follow(written)
    cut = found.coefficients[: max(terms, 0)]
    return Laurent(found.valuation, cut, domain)


def limit_at(expr: Expr, symbol: Symbol, value: Expr, domain: Domain, side: int = 1) -> Expr:
    """The one-sided limit of ``expr``: an expression, 0 or ±oo.

    Parameters
    ----------
    side : {1, -1}
        From above or from below.

    Raises
    ------
    ValueError
        When the expression has no leading term of this kind, or the sign of an infinite limit
        is not known.
    """
    return expand_at(*approached(expr, symbol, value, side), 1, domain).limit


def approached(
    expr: Expr, symbol: Symbol, value: Expr, side: int = 1, root: int | None = None
) -> tuple[Expr, Symbol]:
    """``expr`` with ``symbol`` = value ± s**root (s**−root at oo), and s."""
    s = Dummy("s", positive=True)
    step = s ** (ramification(expr, symbol) if root is None else root)
    moved = 1 / step if value == oo else value + side * step
    return expr.subs(symbol, moved), s


def _shown(expr: Expr) -> str:
    text = str(expr)
    return text if len(text) <= 80 else text[:77] + "..."
