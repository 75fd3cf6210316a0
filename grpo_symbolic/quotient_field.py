"""Quotients of polynomials over the rationals, in generators some of which are square roots.

The polynomials are sparse and their arithmetic is compiled. A quotient is kept in lowest terms,
with no radical above its first power and a monic denominator, so that one quotient is written in
one way as long as no radical stands below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from math import comb

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpz
from sympy import Add, Dummy, Expr, Mul, Rational, Symbol

from grpo_symbolic.work import charge

# A polynomial with more terms than this is not formed.
_MAX_TERMS = 20_000
# So many primes are tried on a number.
_TRIALS = 1000
# Products of terms that cost about as much as one step.
_PRODUCTS_PER_STEP = 100


class Full(Exception):
    """The field has no generator left."""


class TooLarge(Exception):
    """A polynomial would have more terms than are worked with."""


@dataclass(frozen=True, eq=False, slots=True)
class Quotient:
    """``top / bottom``, two polynomials of one field."""

    top: fmpq_mpoly
    bottom: fmpq_mpoly

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal quotients, and hashable."""
        return tuple(part for p in (self.top, self.bottom) for part in (*p.monoms(), *p.coeffs()))

    @property
    def is_constant(self) -> bool:
        return self.top.is_constant() and self.bottom.is_constant()


class QuotientField:
    """The field of rational functions in at most ``size`` generators.

    Generators are added one after the other. One that is a square root is given its square, a
    quotient in the generators before it.
    """

    def __init__(self, size: int) -> None:
        self.context = _context(size)
        self.size = size
        self.names: list[Symbol | str] = []
        self.squares: dict[int, Quotient] = {}
        self.one = self.context.constant(1)

    # -- elements ---------------------------------------------------------------------------

    def constant(self, value: Rational | int) -> Quotient:
        exact = fmpq(value) if isinstance(value, int) else fmpq(int(value.p), int(value.q))
        return Quotient(self.context.constant(exact), self.one)

    def added(self, name: Symbol | str, square: Quotient | None = None) -> int:
        """A new generator, by its symbol or a name for one; with ``square``, the root of it."""
        if len(self.names) == self.size:
            raise Full
        self.names.append(name)
        index = len(self.names) - 1
        if square is not None:
            self.squares[index] = square
        return index

    def gen(self, index: int) -> Quotient:
        return Quotient(self.context.gen(index), self.one)

    def of(self, polynomial: fmpq_mpoly) -> Quotient:
        return self._lowest(polynomial, self.one)

    def symbol(self, index: int) -> Symbol:
        """What a generator is called in expressions."""
        name = self.names[index]
        if isinstance(name, str):
            name = self.names[index] = Dummy(name)
        return name

    def as_expr(self, polynomial: fmpq_mpoly) -> Expr:
        """The polynomial in the names of the generators."""
        return Add(
            *(
                Mul(
                    Rational(int(coefficient.p), int(coefficient.q)),
                    *(self.symbol(index) ** int(e) for index, e in enumerate(monomial) if e),
                )
                for monomial, coefficient in polynomial.terms()
            )
        )

    def text(self, polynomial: fmpq_mpoly) -> str:
        """The polynomial in the names of the generators, those given here with an underscore."""
        names = [f"_{name}" if isinstance(name, str) else str(name) for name in self.names]
        terms = []
        for monomial, coefficient in polynomial.terms():
            powers = [
                name if e == 1 else f"{name}**{e}"
                for name, e in zip(names, monomial, strict=False)
                if e
            ]
            lead = [] if coefficient == 1 and powers else [str(coefficient)]
            terms.append("*".join([*lead, *powers]))
        return " + ".join(terms).replace("+ -", "- ") or "0"

    def factors(self, inner: Quotient) -> list[tuple[fmpq_mpoly, int]]:
        """Irreducible factors with their powers; of the rational content, primes and the sign."""
        below = [(base, -power) for base, power in self._factors(inner.bottom)]
        return [*self._factors(inner.top), *below]

    def factored(self, inner: Quotient) -> Expr:
        """The product of the factors, in the symbols of the generators."""
        return Mul(*(self.as_expr(base) ** power for base, power in self.factors(inner)))

    def _factors(self, polynomial: fmpq_mpoly) -> list[tuple[fmpq_mpoly, int]]:
        content, parts = polynomial.factor()
        found = [(base, int(power)) for base, power in parts]
        found += [(self.context.constant(prime), e) for prime, e in _prime_powers(abs(content.p))]
        found += [(self.context.constant(prime), -e) for prime, e in _prime_powers(content.q)]
        return found if content > 0 else [(self.context.constant(-1), 1), *found]

    # -- arithmetic -------------------------------------------------------------------------

    def sum(self, terms: list[Quotient]) -> Quotient:
        return reduce(self.add, terms) if terms else self.constant(0)

    def product(self, factors: list[Quotient]) -> Quotient:
        return reduce(self.multiply, factors) if factors else self.constant(1)

    def add(self, a: Quotient, b: Quotient) -> Quotient:
        if a.bottom == b.bottom:
            top = a.top + b.top
            _bounded(len(top))
            # A sum of reduced polynomials is reduced.
            return Quotient(top, self.one) if a.bottom.is_one() else self._lowest(top, a.bottom)
        common = a.bottom.gcd(b.bottom)
        left, right = a.bottom / common, b.bottom / common
        top = self.times(a.top, right) + self.times(b.top, left)
        return self._lowest(top, self.times(a.bottom, right))

    def subtract(self, a: Quotient, b: Quotient) -> Quotient:
        return self.add(a, Quotient(-b.top, b.bottom))

    def multiply(self, a: Quotient, b: Quotient) -> Quotient:
        plain = a.bottom.is_one() and b.bottom.is_one()
        bottom = self.one if plain else self.times(a.bottom, b.bottom)
        return self._lowest(self.times(a.top, b.top), bottom)

    def inverse(self, a: Quotient) -> Quotient:
        return self._lowest(a.bottom, a.top)

    def power(self, a: Quotient, exponent: int) -> Quotient:
        """``a**exponent`` for an exponent that is not negative."""
        for part in (a.top, a.bottom):
            _bounded(_terms_of_power(part, exponent))
        return self._lowest(a.top**exponent, a.bottom**exponent)

    def times(self, a: fmpq_mpoly, b: fmpq_mpoly) -> fmpq_mpoly:
        cost = len(a) * len(b)
        _bounded(cost // _PRODUCTS_PER_STEP)
        charge(cost // _PRODUCTS_PER_STEP)
        return a * b

    def _lowest(self, top: fmpq_mpoly, bottom: fmpq_mpoly) -> Quotient:
        """The quotient in lowest terms, with every radical reduced."""
        while self.squares:
            top, above = self.reduced(top)
            bottom, below = self.reduced(bottom)
            if above.is_one() and below.is_one():
                break
            # What a square left below holds earlier radicals only: this ends.
            top, bottom = self.times(top, below), self.times(bottom, above)
        if bottom.is_zero():
            raise ZeroDivisionError("division by zero")
        if top.is_zero():
            return Quotient(top, self.one)
        _bounded(max(len(top), len(bottom)))
        if bottom.is_one():
            return Quotient(top, self.one)
        if not bottom.is_constant():
            charge(len(top) * len(bottom) // _PRODUCTS_PER_STEP)
            common = top.gcd(bottom)
            if not common.is_one():
                top, bottom = top / common, bottom / common
        leading = bottom.leading_coefficient()
        return Quotient(top / leading, bottom / leading) if leading != 1 else Quotient(top, bottom)

    def reduced(self, polynomial: fmpq_mpoly) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        """Replace squares of radicals: ``polynomial = reduced / extra``."""
        extra, degrees = self.one, polynomial.degrees()
        for index in reversed(self.squares):
            degree = degrees[index]
            if degree < 2:
                continue
            square, half = self.squares[index], degree // 2
            root, total = self.context.gen(index), self.context.constant(0)
            for k, coefficient in self.coefficients(polynomial, index).items():
                part = self.times(
                    coefficient,
                    self.times(square.top ** (k // 2), square.bottom ** (half - k // 2)),
                )
                total += part * root if k % 2 else part
            polynomial, extra = total, self.times(extra, square.bottom**half)
            degrees = polynomial.degrees()
        return polynomial, extra

    def coefficients(self, polynomial: fmpq_mpoly, index: int) -> dict[int, fmpq_mpoly]:
        """The coefficients of the powers of one generator."""
        found: dict[int, dict[tuple[int, ...], fmpq]] = {}
        for monomial, coefficient in polynomial.terms():
            power = int(monomial[index])
            rest = (*monomial[:index], 0, *monomial[index + 1 :])
            found.setdefault(power, {})[rest] = coefficient
        return {power: self.context.from_dict(terms) for power, terms in found.items()}


@lru_cache(maxsize=8)
def _context(size: int) -> fmpq_mpoly_ctx:
    return fmpq_mpoly_ctx.get([f"x{i}" for i in range(size)], Ordering.lex)


def _bounded(terms: int) -> None:
    if terms > _MAX_TERMS:
        raise TooLarge(f"a polynomial of more than {_MAX_TERMS:,} terms is not formed")


def _terms_of_power(polynomial: fmpq_mpoly, exponent: int) -> int:
    """At most so many terms has a power: by its summands, and by its degree."""
    if exponent <= 1 or len(polynomial) <= 1:
        return len(polynomial)
    symbols = sum(1 for d in polynomial.degrees() if d)
    degree = int(polynomial.total_degree()) * exponent
    return min(comb(exponent + len(polynomial) - 1, exponent), comb(degree + symbols, symbols))


def _prime_powers(value: fmpz) -> list[tuple[int, int]]:
    """Prime factors; of large numbers the small ones, and what is left as if it were one."""
    return [(int(prime), int(power)) for prime, power in fmpz(value).factor(_TRIALS)]
