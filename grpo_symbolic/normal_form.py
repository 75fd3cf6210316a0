"""The normal form: expressions of a domain as quotients of polynomials.

An expression is lowered to a quotient of polynomials in the domain's non-negative
coordinates and in *generators* for what is not rational in them: one square root
per irreducible positive factor, one logarithm per factor, one exponential per
exponent. Equal expressions then get equal numerators, and a polynomial with no
negative coefficient is positive on the orthant.
"""

from __future__ import annotations

from enum import IntEnum
from math import comb

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    I,
    Integer,
    Mul,
    Poly,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
    factor_list,
    fraction,
    log,
    nan,
    oo,
    together,
    zoo,
)
from sympy import sign as sympy_sign

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain

__all__ = ["Lowering", "Sign", "Undecided", "expansion"]

# Beyond this many operations a normal form is not attempted.
_MAX_OPERATIONS = 4000
# Nor is a power of a sum with more monomials expanded.
_MAX_MONOMIALS = 100_000


class Sign(IntEnum):
    """The sign of an expression on a whole domain."""

    NEGATIVE = -2
    NONPOSITIVE = -1
    ZERO = 0
    NONNEGATIVE = 1
    POSITIVE = 2


class Undecided(Exception):
    """The expression has no normal form of this kind on this domain."""


def expansion(*exprs: Expr) -> int:
    """How many monomials the powers of sums in these expressions have at most, once expanded."""
    return max((_monomials(*p.args) for e in exprs for p in e.atoms(Pow)), default=1)


def _monomials(base: Expr, power: Expr) -> int:
    symbols = len(base.free_symbols)
    return comb(abs(int(power)) + symbols, symbols) if base.is_Add and power.is_Integer else 1


class Lowering:
    """Expressions of one domain, lowered to polynomials in coordinates and generators."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.substitution, strict = domain.coordinates()
        self.attained = domain.attained
        self.positive = set(strict)
        self.nonnegative = set(self.substitution_symbols())
        self.generators: dict[tuple[str, Expr], Symbol] = {}
        self.squares: dict[Symbol, Expr] = {}
        self.exponents: dict[Expr, Expr] = {}
        self.known: dict[Expr, bool] = {}

    def substitution_symbols(self) -> set[Symbol]:
        found: set[Symbol] = set()
        for value in self.substitution.values():
            found |= {s for s in value.free_symbols if isinstance(s, Dummy)}
        return found

    def generator(self, kind: str, key: Expr, *, positive: bool, nonnegative: bool) -> Symbol:
        if (kind, key) not in self.generators:
            symbol = Dummy(f"{kind}{len(self.generators)}", real=True)
            self.generators[kind, key] = symbol
            if positive:
                self.positive.add(symbol)
            if nonnegative or positive:
                self.nonnegative.add(symbol)
        return self.generators[kind, key]

    # -- lowering ---------------------------------------------------------------

    def lower(self, expr: Expr) -> Expr:
        """A rational expression in coordinates and generators, equal to ``expr``."""
        if expr in (nan, zoo, oo, -oo) or expr.has(I):
            raise Undecided(f"{expr} is not a finite real expression")
        if expr.is_Symbol:
            return self.substitution.get(expr, expr)
        if expr.is_Rational:
            return expr
        if isinstance(expr, (Add, Mul)):
            return expr.func(*(self.lower(a) for a in expr.args))
        if isinstance(expr, exp):
            return self.exponential(expr.args[0])
        if isinstance(expr, Pow):
            base, power = expr.args
            if power.is_Integer:
                if _monomials(base, power) > _MAX_MONOMIALS:
                    raise Undecided("the expansion is too large")
                return self.lower(base) ** power
            if power.is_Rational and power.q == 2:
                return self.root(self.lower(base)) ** power.p
        if isinstance(expr, log):
            return self.logarithm(self.lower(expr.args[0]))
        if isinstance(expr, Abs):
            return self.absolute(self.lower(expr.args[0]))
        if isinstance(expr, sympy_sign):
            inner = self.decide(self.lower(expr.args[0]))
            if self.attained and inner in (Sign.POSITIVE, Sign.ZERO, Sign.NEGATIVE):
                return Integer(int(inner) // 2)
        if isinstance(expr, BernsteinMean):
            return self.mean(expr)
        if isinstance(expr, Sum):
            # A sum over a group stays closed: it is equal to itself, and that is all.
            return self.generator("sum", expr, positive=False, nonnegative=False)
        if expr.is_Function or expr.is_Number or expr.is_NumberSymbol or expr.is_Pow:
            args = [self.fold(self.lower(a)) for a in expr.args]
            return self.generator(
                type(expr).__name__,
                expr.func(*args) if args else expr,
                positive=bool(expr.is_positive),
                nonnegative=bool(expr.is_nonnegative),
            )
        raise Undecided(f"no normal form for {type(expr).__name__}")

    def mean(self, expr: BernsteinMean) -> Expr:
        """A mean over a group stays closed: equal to itself, and of the sign of its values."""
        inner = self.fold(self.lower(expr.argument))
        positive = not expr.order and self.inside(inner) and self.positive_values(expr)
        key = BernsteinMean(expr.values, expr.size, inner, expr.order, expr.name)
        return self.generator("mean", key, positive=positive, nonnegative=positive)

    def inside(self, probability: Expr) -> bool:
        """Whether it lies in (0, 1)."""
        ends = (self.decide(probability), self.decide(1 - probability))
        return all(end == Sign.POSITIVE for end in ends)

    def positive_values(self, mean: BernsteinMean) -> bool:
        """Whether a mean is one of positive numbers, inside (0, 1)."""
        table = mean.values if mean.f is None else mean.ends
        found = {self.decide(self.lower(c)) for c in table}
        if mean.f is None:
            return Sign.POSITIVE in found and found <= {Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE}
        if mean not in self.known:
            within = Lowering(self.domain.relevant(mean.f).extended(mean.f))
            inner = within.decide(within.lower(mean.f)) == Sign.POSITIVE
            self.known[mean] = inner and None not in found and min(found) >= 0
        return self.known[mean]

    def fold(self, expr: Expr) -> Expr:
        numerator, denominator = self.normal(expr)
        return numerator / denominator

    def absolute(self, inner: Expr) -> Expr:
        decided = self.decide(inner)
        if decided is not None:
            return inner if decided >= 0 else -inner
        inner = self.fold(inner)
        symbol = self.generator("abs", inner, positive=False, nonnegative=True)
        self.squares[symbol] = inner**2
        return symbol

    def root(self, inner: Expr) -> Expr:
        """The square root, split over the factors whose sign is known."""
        outside, rest = Integer(1), Integer(1)
        for base, power in self.factors(inner):
            decided = self.decide(base) if not base.is_Rational else None
            if base.is_Rational and base > 0:
                for prime, multiplicity in _prime_powers(base**power):
                    outside *= prime ** (multiplicity // 2)
                    if multiplicity % 2:
                        outside *= self.plain_root(prime, positive=True)
                continue
            if decided is not None and decided != Sign.ZERO:
                if decided < 0:
                    base = -base
                    rest *= Integer(-1) ** power
                outside *= base ** (power // 2)
                if power % 2:
                    outside *= self.plain_root(base, positive=abs(decided) == Sign.POSITIVE)
                continue
            rest *= base**power
        if rest == 1:
            return outside
        if rest.is_Rational and rest < 0:
            raise Undecided("square root of a negative expression")
        return outside * self.plain_root(rest, positive=False)

    def plain_root(self, inner: Expr, *, positive: bool) -> Symbol:
        symbol = self.generator("sqrt", inner, positive=positive, nonnegative=True)
        self.squares[symbol] = inner
        return symbol

    def logarithm(self, inner: Expr) -> Expr:
        total, rest = Integer(0), Integer(1)
        for base, power in self.factors(inner):
            if base.is_Rational and base > 0:
                for prime, multiplicity in _prime_powers(base**power):
                    key = log(prime)
                    total += multiplicity * self.generator(
                        "log", key, positive=True, nonnegative=True
                    )
                continue
            if base in self.exponents:
                total += power * self.exponents[base]
                continue
            decided = self.decide(base)
            if decided is None or abs(decided) != Sign.POSITIVE:
                rest *= base**power
                continue
            if decided < 0:
                base = -base
                rest *= Integer(-1) ** power
            above_one = self.decide(base - 1) == Sign.POSITIVE
            total += power * self.generator(
                "log", log(base), positive=above_one, nonnegative=above_one
            )
        if rest != 1:
            if self.decide(rest) != Sign.POSITIVE:
                raise Undecided("logarithm of an expression not known to be positive")
            total += self.generator("log", log(rest), positive=False, nonnegative=False)
        return total

    def exponential(self, exponent: Expr) -> Expr:
        result: Expr = Integer(1)
        for term in Add.make_args(exponent.expand()):
            coefficient, rest = term.as_coeff_Mul()
            if not (coefficient.is_Integer and rest != 1):
                coefficient, rest = Integer(1), term
            lowered = self.fold(self.lower(rest))
            decided = self.decide(lowered)
            # exp(x) = 1 + t with t > 0 where x > 0 (and its inverse where x < 0).
            if decided == Sign.NEGATIVE:
                coefficient, lowered = -coefficient, -lowered
                decided = Sign.POSITIVE
            if decided == Sign.POSITIVE:
                value = 1 + self.generator("exp", exp(lowered), positive=True, nonnegative=True)
            else:
                value = self.generator("exp", exp(lowered), positive=True, nonnegative=True)
            self.exponents[value] = lowered
            result *= value**coefficient
        return result

    def factors(self, inner: Expr) -> list[tuple[Expr, Integer]]:
        numerator, denominator = self.normal(inner)
        return [*_factors(numerator), *((b, -e) for b, e in _factors(denominator))]

    # -- normal form and sign ------------------------------------------------------

    def normal(self, lowered: Expr) -> tuple[Expr, Expr]:
        """Numerator and denominator, of degree at most one in every radical."""
        numerator, denominator = fraction(together(lowered))
        while True:
            numerator, above = self.reduce(numerator)
            denominator, below = self.reduce(denominator)
            if above == 1 and below == 1:
                return numerator, denominator
            # What a square left below holds earlier radicals only: this ends.
            numerator, denominator = numerator * below, denominator * above

    def reduce(self, polynomial: Expr) -> tuple[Expr, Expr]:
        """Replace squares of radicals: ``polynomial = reduced / extra``."""
        extra: Expr = Integer(1)
        for symbol, square in reversed(list(self.squares.items())):
            if not polynomial.has(symbol):
                continue
            top, bottom = fraction(together(square))
            poly = Poly(polynomial, symbol)
            if poly.is_zero:
                return S.Zero, extra
            half = poly.degree() // 2
            polynomial = Add(
                *(
                    c * symbol ** (k % 2) * top ** (k // 2) * bottom ** (half - k // 2)
                    for (k,), c in poly.terms()
                )
            )
            extra *= bottom**half
        if polynomial.count_ops() > _MAX_OPERATIONS:
            raise Undecided("the normal form grew too large")
        return polynomial.expand(), extra

    def decide(self, lowered: Expr) -> Sign | None:
        numerator, denominator = self.normal(lowered)
        top = self.polynomial_sign(numerator)
        if top is None or top == Sign.ZERO:
            return top
        bottom = self.polynomial_sign(denominator)
        if bottom is None or abs(bottom) != Sign.POSITIVE:
            return None
        return top if bottom > 0 else Sign(-top)

    def polynomial_sign(self, polynomial: Expr) -> Sign | None:
        if polynomial == 0:
            return Sign.ZERO
        direct = self.coefficient_sign(polynomial)
        if direct is not None:
            return direct
        # The latest radical is the most composite: numbers such as sqrt(2) come last.
        for symbol, square in reversed(list(self.squares.items())):
            if polynomial.has(symbol):
                return self.split_sign(polynomial, symbol, square)
        total = Sign.POSITIVE
        parts = _factors(polynomial)
        varying = [(base, power) for base, power in parts if base.free_symbols]
        if len(varying) == 1 and varying[0][1] == 1:
            return self.quadratic_sign(polynomial)
        for base, power in parts:
            part = self.polynomial_sign(base)
            if power % 2 == 0 and (part is None or abs(part) != Sign.POSITIVE):
                part = Sign.NONNEGATIVE
            elif power % 2 == 0:
                part = Sign.POSITIVE
            if part is None:
                return None
            total = _product(total, part)
        return total

    def split_sign(self, polynomial: Expr, symbol: Symbol, square: Expr) -> Sign | None:
        """Sign of A + B s with s >= 0: from A, B, or from A^2 - B^2 s^2."""
        poly = Poly(polynomial, symbol)
        if poly.degree() > 1:
            return None
        b, a = poly.coeff_monomial(symbol), poly.coeff_monomial(1)
        sign_a, sign_b = self.polynomial_sign(a), self.polynomial_sign(b)
        bs = None
        if sign_b is not None:
            bs = _product(sign_b, Sign.POSITIVE if symbol in self.positive else Sign.NONNEGATIVE)
        if sign_a is None and bs is None:
            return None
        if sign_a == Sign.ZERO or bs == Sign.ZERO:
            return bs if sign_a == Sign.ZERO else sign_a
        if sign_a is not None and bs is not None and (sign_a > 0) == (bs > 0):
            strongest = max(abs(sign_a), abs(bs))
            return Sign(strongest if sign_a > 0 else -strongest)
        # Of unlike or unknown signs: the larger of |A| and |B s| decides.
        difference = self.decide(a**2 - b**2 * square)
        if difference is None:
            return None
        if difference > 0 and sign_a is not None:
            return _product(sign_a, difference)
        if difference < 0 and sign_b is not None:
            return _product(sign_b, Sign(-difference))
        return Sign.ZERO if difference == Sign.ZERO and sign_a and bs else None

    def quadratic_sign(self, polynomial: Expr) -> Sign | None:
        """Sign of A x^2 + B x + C with A, C of one sign and B^2 < 4 A C, for some x."""
        for x in sorted(polynomial.free_symbols, key=str):
            poly = Poly(polynomial, x)
            if poly.degree() != 2:
                continue
            a, b, c = poly.all_coeffs()
            sign_a, sign_c = self.polynomial_sign(a), self.polynomial_sign(c)
            if sign_a is None or abs(sign_a) != Sign.POSITIVE or sign_a != sign_c:
                continue
            discriminant = self.polynomial_sign((b**2 - 4 * a * c).expand())
            if discriminant is None or discriminant > 0:
                continue
            magnitude = Sign.POSITIVE if discriminant == Sign.NEGATIVE else Sign.NONNEGATIVE
            return magnitude if sign_a > 0 else Sign(-magnitude)
        return None

    def coefficient_sign(self, polynomial: Expr) -> Sign | None:
        gens = sorted(polynomial.free_symbols, key=str)
        if not gens:
            return Sign.POSITIVE if polynomial > 0 else Sign.NEGATIVE
        if not polynomial.is_polynomial(*gens):
            return None  # a radical in the end of a range is no generator
        poly = Poly(polynomial, *gens)
        signs = set()
        strict = False
        for monomial, coefficient in poly.terms():
            if not coefficient.is_Rational:
                return None
            used = [g for g, e in zip(gens, monomial, strict=True) if e]
            odd = [g for g, e in zip(gens, monomial, strict=True) if e % 2]
            if any(g not in self.nonnegative for g in odd):
                return None
            signs.add(coefficient > 0)
            strict = strict or all(g in self.positive for g in used)
        if len(signs) != 1:
            return None
        magnitude = Sign.POSITIVE if strict else Sign.NONNEGATIVE
        return magnitude if signs == {True} else Sign(-magnitude)


def _product(left: Sign, right: Sign) -> Sign:
    if Sign.ZERO in (left, right):
        return Sign.ZERO
    magnitude = min(abs(left), abs(right))
    return Sign(magnitude if (left > 0) == (right > 0) else -magnitude)


def _factors(polynomial: Expr) -> list[tuple[Expr, Integer]]:
    polynomial = polynomial.expand()
    if polynomial.is_Rational:
        return [] if polynomial == 1 else [(polynomial, Integer(1))]
    content, parts = factor_list(polynomial)
    pairs = [(base, Integer(power)) for base, power in parts]
    return pairs if content == 1 else [(content, Integer(1)), *pairs]


def _prime_powers(value: Rational) -> list[tuple[Integer, int]]:
    return [(Integer(prime), power) for prime, power in Rational(value).factors().items()]
