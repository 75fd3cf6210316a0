"""The normal form: expressions of a domain as quotients of polynomials.

An expression is lowered to a quotient of polynomials in the domain's non-negative
coordinates and in *generators* for what is not rational in them: one square root
per irreducible positive factor, one logarithm per factor, one exponential per
exponent. Equal expressions then get equal numerators, and a polynomial with no
negative coefficient is positive on the orthant.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

from flint import fmpq_mpoly
from sympy import (
    Abs,
    Add,
    Expr,
    I,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    log,
    nan,
    oo,
    sin,
    zoo,
)
from sympy import sign as sympy_sign

from grpo_symbolic import elementary
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range, free_symbols
from grpo_symbolic.orthant_sign import Orthant, Sign
from grpo_symbolic.quotient_field import Full, Quotient, QuotientField, TooLarge

# Generators of the field: the first size that suffices.
_SIZES = (12, 40, 160)
# A power of a sum with more monomials is not expanded.
_MAX_MONOMIALS = 100_000
# Of an exponential: exp(20000 x) is no power of exp(x).
_MAX_POWER = 64


class Undecided(Exception):
    """The expression has no normal form of this kind on this domain."""


def normal_form(expr: Expr, domain: Domain) -> tuple[Lowering, Quotient] | None:
    """The expression as a quotient of polynomials, with what the generators are.

    None where it has no normal form on this domain.
    """
    found = normal_forms((expr,), domain)
    return None if found is None else (found[0], found[1][0])


@lru_cache(maxsize=1024)
def normal_forms(
    exprs: tuple[Expr, ...], domain: Domain
) -> tuple[Lowering, tuple[Quotient, ...]] | None:
    """Several expressions as quotients in the same generators."""
    symbols = sorted(set().union(*map(free_symbols, exprs)), key=str)
    for size in _SIZES:
        try:
            lowering = Lowering(domain, size)
            for symbol in symbols:
                lowering.lower(symbol)
            return lowering, tuple(map(lowering.lower, exprs))
        except Full:
            continue
        except (Undecided, TooLarge, ZeroDivisionError):
            break
    return None


def defined(domain: Domain, *exprs: Expr) -> bool:
    """Whether expressions are shown to be real numbers everywhere on the domain.

    The coordinates have to reach every closed end, for a divisor may vanish there only.
    """
    exprs = tuple(expr for expr in exprs if not expr.is_Rational)
    for piece in domain.relevant(*exprs).pieces:
        found = normal_forms(exprs, piece)
        try:
            if found is None or not found[0].defined():
                return len(exprs) > 1 and all(defined(domain, expr) for expr in exprs)
        except TooLarge:
            return False
    return True


def expansion(*exprs: Expr) -> int:
    """How many monomials the powers of sums in these expressions have at most, once expanded."""
    return max((_monomials(*p.args) for e in exprs for p in e.atoms(Pow)), default=1)


def _monomials(base: Expr, power: Expr) -> int:
    symbols = len(base.free_symbols)
    return comb(abs(int(power)) + symbols, symbols) if base.is_Add and power.is_Integer else 1


class Lowering:
    """Expressions of one domain, lowered to polynomials in coordinates and generators."""

    def __init__(self, domain: Domain, size: int = _SIZES[0]) -> None:
        self.domain = domain
        self.field = QuotientField(size)
        self.orthant = Orthant(self.field)
        self.generators: dict[tuple[object, ...], int] = {}
        self.exponents: dict[tuple[object, ...], Quotient] = {}
        self.lowered: dict[Expr, Quotient] = {}
        self.means: dict[BernsteinMean, bool] = {}
        # Common factors are cancelled: what was divided by is kept, for it has to be non-zero, and
        # so is what a square root was taken of without knowing its sign.
        self.divisors: list[fmpq_mpoly] = []
        self.radicands: list[Quotient] = []
        self.known_to_be_defined = True
        self.coordinates: dict[Expr, tuple[Range, Quotient]] = {}
        for r in domain.ranges:
            if r.bounded:
                index = self.field.added(f"t_{r.symbol}")
                self.coordinates[r.symbol] = r, self.field.gen(index)
                self.orthant.add(index, positive=not r.reached, nonnegative=True)

    def generator(
        self,
        kind: str,
        key: tuple[object, ...],
        *,
        positive: bool,
        nonnegative: bool,
        bounded: bool = False,
        square: Quotient | None = None,
    ) -> Quotient:
        if (kind, *key) not in self.generators:
            index = self.field.added(f"{kind}{len(self.generators)}", square)
            self.generators[kind, *key] = index
            self.orthant.add(index, positive=positive, nonnegative=nonnegative, bounded=bounded)
        return self.field.gen(self.generators[kind, *key])

    # -- lowering ---------------------------------------------------------------

    def lower(self, expr: Expr) -> Quotient:
        """The quotient, in coordinates and generators, that is equal to ``expr``."""
        found = self.lowered.get(expr)
        if found is None:
            if isinstance(expr, Add):
                found = self.field.sum([self.lower(a) for a in expr.args])
            elif isinstance(expr, Mul):
                found = self.field.product([self.lower(a) for a in expr.args])
            else:
                found = self._lowered(expr)
            self.lowered[expr] = found
        return found

    def _lowered(self, expr: Expr) -> Quotient:
        """The same of what is neither a sum nor a product."""
        if isinstance(expr, Symbol):
            return self.symbol(expr)
        if isinstance(expr, Rational):
            return self.field.constant(expr)
        if isinstance(expr, exp):
            return self.exponential(expr.args[0])
        if isinstance(expr, Pow):
            base, power = expr.args
            if isinstance(power, Integer):
                if _monomials(base, power) > _MAX_MONOMIALS:
                    raise Undecided("the expansion is too large")
                return self.raised(self.lower(base), int(power))
            if isinstance(power, Rational) and power.q == 2:
                return self.raised(self.root(self.lower(base)), int(power.p))
        if isinstance(expr, log):
            return self.logarithm(self.lower(expr.args[0]))
        if isinstance(expr, Abs):
            return self.absolute(self.lower(expr.args[0]))
        if isinstance(expr, sympy_sign):
            inner = self.orthant.sign(self.lower(expr.args[0]))
            if self.domain.attained and inner in (Sign.POSITIVE, Sign.ZERO, Sign.NEGATIVE):
                return self.field.constant(int(inner) // 2)
        if isinstance(expr, BernsteinMean):
            return self.mean(expr)
        if isinstance(expr, Sum):
            # A sum over a group stays closed: it is equal to itself, and that is all.
            self.known_to_be_defined &= self.term_is_defined(expr)
            return self.generator("sum", (expr,), positive=False, nonnegative=False)
        if expr in (nan, zoo, oo, -oo, I):
            raise Undecided(f"{expr} is not a finite real number")
        if expr.is_Function or expr.is_Number or expr.is_NumberSymbol or expr.is_Pow:
            return self.function(expr)
        raise Undecided(f"no normal form for {type(expr).__name__}")

    def symbol(self, expr: Symbol) -> Quotient:
        """In the coordinate t >= 0 of its range: the end that t starts from is where t = 0."""
        field = self.field
        if expr not in self.coordinates:
            return field.gen(field.added(expr))
        r, t = self.coordinates[expr]
        if r.upper == oo:
            return field.add(self.lower(r.lower), t)
        if r.lower == -oo:
            return field.subtract(self.lower(r.upper), t)
        lower, upper = self.lower(r.lower), self.lower(r.upper)
        one = field.constant(1)
        share = field.multiply(t, field.inverse(field.add(one, t)))
        within = field.multiply(field.subtract(upper, lower), share)
        return field.subtract(upper, within) if r.from_above else field.add(lower, within)

    def function(self, expr: Expr) -> Quotient:
        """A value that is equal to itself, with its sign where it is known."""
        written = elementary.in_exponentials(expr) or elementary.in_sines(expr)
        args = [self.lower(a) for a in expr.args]
        for value, relation in _needs(expr):
            lowered = self.lower(value)
            if relation != "!=":
                self.radicands.append(lowered)
            if relation != ">=":
                self.divisors.append(lowered.top)
        if written is not None:
            return self.lower(written)
        name = type(expr).__name__
        self.known_to_be_defined &= name in elementary.KNOWN or not expr.is_Function
        if not args or all(a.is_constant for a in args):
            positive, nonnegative = bool(expr.is_positive), bool(expr.is_nonnegative)
        else:
            found = self.orthant.sign(args[0]) if name in elementary.ODD else None
            inside = name in elementary.POSITIVE_INSIDE and self.inside(args[0])
            inside |= name == "cos" and self.inside(args[0], Sign.NONNEGATIVE)
            above = expr.is_Pow and self.orthant.sign(args[0]) == Sign.POSITIVE
            positive = name in elementary.POSITIVE or inside or above or found == Sign.POSITIVE
            nonnegative = positive or (found is not None and found >= 0)
        square = None
        if name == "cos":
            squares = self.field.power(self.lower(sin(expr.args[0])), 2)
            square = self.field.subtract(self.field.constant(1), squares)
        return self.generator(
            name,
            (expr.func, *(a.key for a in args)) if args else (expr,),
            positive=positive,
            nonnegative=nonnegative,
            bounded=name in elementary.BOUNDED,
            square=square,
        )

    def raised(self, base: Quotient, power: int) -> Quotient:
        if power < 0:
            if not base.top.is_constant() and base.top not in self.divisors:
                self.divisors.append(base.top)
            base = self.field.inverse(base)
        return self.field.power(base, abs(power))

    def mean(self, expr: BernsteinMean) -> Quotient:
        """A mean over a group stays closed: equal to itself, and of the sign of its values."""
        inner = self.lower(expr.argument)
        f = expr.f
        for value in expr.values if f is None else expr.ends:
            self.lower(value)  # what it divides by is kept like that of the expression
        if f is not None:
            self.known_to_be_defined &= defined(self.domain.extended(f), f)
        positive = not expr.order and self.inside(inner) and self.positive_values(expr)
        key = (expr.values, expr.size, expr.order, expr.name, *inner.key)
        return self.generator("mean", key, positive=positive, nonnegative=positive)

    def term_is_defined(self, expr: Sum) -> bool:
        """Whether the term of a sum is defined wherever its indices go."""
        term, kept = expr.function, self.domain.relevant(expr)
        try:
            ends = tuple(Range(k, S(a), S(b), True, b != oo) for k, a, b in expr.limits)
            return defined(Domain((*kept.ranges, *ends)).extended(term), term)
        except ValueError:
            return False

    def inside(self, probability: Quotient, least: Sign = Sign.POSITIVE) -> bool:
        """Whether it lies in (0, 1), or in [0, 1]."""
        rest = self.field.subtract(self.field.constant(1), probability)
        found = (self.orthant.sign(end) for end in (probability, rest))
        return all(sign is not None and sign >= least for sign in found)

    def positive_values(self, mean: BernsteinMean) -> bool:
        """Whether a mean is one of positive numbers, inside (0, 1)."""
        table = mean.values if mean.f is None else mean.ends
        found = {self.orthant.sign(self.lower(c)) for c in table}
        if mean.f is None:
            return Sign.POSITIVE in found and found <= {Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE}
        if mean not in self.means:
            within = normal_form(mean.f, self.domain.relevant(mean.f).extended(mean.f))
            inner = within is not None and within[0].orthant.sign(within[1]) == Sign.POSITIVE
            self.means[mean] = inner and None not in found and min(found) >= 0
        return self.means[mean]

    def absolute(self, inner: Quotient) -> Quotient:
        decided = self.orthant.sign(inner)
        if decided is not None:
            return inner if decided >= 0 else self.negative(inner)
        square = self.field.multiply(inner, inner)
        return self.generator("abs", inner.key, positive=False, nonnegative=True, square=square)

    def negative(self, inner: Quotient) -> Quotient:
        return Quotient(-inner.top, inner.bottom)

    def root(self, inner: Quotient) -> Quotient:
        """The square root, split over the factors whose sign is known."""
        if inner.top.is_zero():
            return inner
        outside, rest = [self.field.constant(1)], [self.field.constant(1)]
        for base, power in self.field.factors(inner):
            if base.is_constant() and base.leading_coefficient() > 0:
                outside.append(self.raised(self.field.of(base), power // 2))
                if power % 2:
                    outside.append(self.plain_root(self.field.of(base), positive=True))
                continue
            decided = self.orthant.of_polynomial(base) if not base.is_constant() else None
            if decided is not None and decided != Sign.ZERO:
                if decided < 0:
                    base = -base
                    rest.append(self.field.constant(-1 if power % 2 else 1))
                outside.append(self.raised(self.field.of(base), power // 2))
                if power % 2:
                    known = abs(decided) == Sign.POSITIVE
                    outside.append(self.plain_root(self.field.of(base), positive=known))
                continue
            rest.append(self.raised(self.field.of(base), power))
        remaining = self.field.product(rest)
        if remaining.is_constant:
            if remaining.top.leading_coefficient() < 0:
                raise Undecided("square root of a negative expression")
            return self.field.product(outside)
        self.radicands.append(remaining)
        return self.field.product([*outside, self.plain_root(remaining, positive=False)])

    def plain_root(self, inner: Quotient, *, positive: bool) -> Quotient:
        return self.generator("sqrt", inner.key, positive=positive, nonnegative=True, square=inner)

    def logarithm(self, inner: Quotient) -> Quotient:
        field = self.field
        if inner.top.is_zero():
            raise Undecided("logarithm of zero")
        total, rest = [field.constant(0)], [field.constant(1)]

        def plain(argument: Quotient, above_one: bool) -> Quotient:
            return self.generator("log", argument.key, positive=above_one, nonnegative=above_one)

        def times(power: int, value: Quotient) -> Quotient:
            return field.multiply(field.constant(power), value)

        for base, power in self.field.factors(inner):
            quotient = field.of(base)
            if base.is_constant() and base.leading_coefficient() > 0:
                total.append(times(power, plain(quotient, above_one=True)))
                continue
            if quotient.key in self.exponents:
                total.append(times(power, self.exponents[quotient.key]))
                continue
            decided = self.orthant.of_polynomial(base) if not base.is_constant() else None
            if decided is None or abs(decided) != Sign.POSITIVE:
                rest.append(self.raised(quotient, power))
                continue
            if decided < 0:
                quotient = self.negative(quotient)
                rest.append(field.constant(-1 if power % 2 else 1))
            above = self.orthant.sign(field.subtract(quotient, field.constant(1))) == Sign.POSITIVE
            total.append(times(power, plain(quotient, above)))
        remaining = field.product(rest)
        if remaining.key != field.constant(1).key:
            if self.orthant.sign(remaining) != Sign.POSITIVE:
                raise Undecided("logarithm of an expression not known to be positive")
            total.append(plain(remaining, above_one=False))
        return field.sum(total)

    def exponential(self, exponent: Expr) -> Quotient:
        field, result = self.field, [self.field.constant(1)]
        self.lower(exponent)  # a divisor may cancel once it is expanded
        for term in Add.make_args(exponent.expand()):
            coefficient, rest = term.as_coeff_Mul()
            algebraic = elementary.exponential_of(rest)
            if algebraic is not None and coefficient.is_Integer and abs(coefficient) <= _MAX_POWER:
                result.append(self.raised(self.lower(algebraic), int(coefficient)))
                continue
            if (
                not isinstance(coefficient, Integer)
                or not abs(coefficient) <= _MAX_POWER
                or rest == 1
            ):
                coefficient, rest = Integer(1), term
            power, lowered = int(coefficient), self.lower(rest)
            decided = self.orthant.sign(lowered)
            # exp(x) = 1 + t with t > 0 where x > 0 (and its inverse where x < 0).
            if decided == Sign.NEGATIVE:
                power, lowered = -power, self.negative(lowered)
                decided = Sign.POSITIVE
            value = self.generator("exp", lowered.key, positive=True, nonnegative=True)
            if decided == Sign.POSITIVE:
                value = field.add(field.constant(1), value)
            self.exponents[value.key] = lowered
            result.append(self.raised(value, power))
        return field.product(result)

    # -- sign -----------------------------------------------------------------------

    def sign(self, value: Quotient) -> Sign | None:
        """The sign of a value, where it is known to be defined on the whole domain."""
        try:
            return self.orthant.sign(value) if self.defined() else None
        except TooLarge:
            return None

    def defined(self) -> bool:
        """Whether no divisor vanishes, and no square root is one of a negative number."""
        divisors = (self.orthant.of_polynomial(divisor) for divisor in self.divisors)
        radicands = (self.orthant.sign(radicand) for radicand in self.radicands)
        if not self.known_to_be_defined:
            return False
        return all(found is not None and abs(found) == Sign.POSITIVE for found in divisors) and all(
            found is not None and found >= 0 for found in radicands
        )


def is_power_of_exponential(exponent: Expr) -> bool:
    """Whether exp of it is written by powers, of exponentials without a number before them."""
    numbers = (term.as_coeff_Mul()[0] for term in Add.make_args(exponent.expand()))
    return all(max(abs(n.p), n.q) <= _MAX_POWER if n.is_Rational else False for n in numbers)


def _needs(expr: Expr) -> tuple[elementary.Need, ...]:
    if expr.is_Pow:
        return elementary.needs_of_power(*expr.args)
    return elementary.needs_of_value(expr.func.__name__, expr.args[0]) if expr.args else ()
