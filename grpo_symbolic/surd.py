"""Surds: exact numbers ``q_1 sqrt(d_1) + q_2 sqrt(d_2) + ...`` with rational ``q``.

Square roots of distinct squarefree integers are linearly independent over the
rationals. A sum of them is therefore zero only when every coefficient is zero, and
the coefficients by radicand are a normal form: equality is a comparison of data,
without a search for identities. General expression trees do not have this, and pay
for it at every operation.

An expression that is to be evaluated at many points is compiled once, into nested
closures over rational numbers, and leaves the rationals only where a root does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from numbers import Rational as AbstractRational
from typing import Any

from flint import arb, ctx, fmpq, fmpz
from sympy import Abs, Add, Expr, Mul, Pow, Rational, Symbol, sqrt
from sympy import sign as sign_function

# An inverse over r primes has up to 2**r terms.
_MAX_PRIMES = 8
_FIRST_BITS = 64

_Evaluator = Callable[[Sequence[fmpq]], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Surd:
    """A rational combination of square roots of squarefree integers.

    Parameters
    ----------
    terms : tuple of (int, fmpq)
        Squarefree radicands in increasing order, with coefficients other than zero.
        Arithmetic keeps this form; build surds with `rational`, `root` and `of`.

    Examples
    --------
    >>> from sympy import sqrt
    >>> print(1 / Surd.of(sqrt(2) + sqrt(3)))
    -sqrt(2) + sqrt(3)
    >>> Surd.of(sqrt(2)) * Surd.of(sqrt(8)) == 4
    True
    """

    terms: tuple[tuple[int, fmpq], ...] = ()

    @classmethod
    def rational(cls, value: Any) -> Surd:
        """A rational number as a surd."""
        value = as_rational(value)
        return cls(((1, value),)) if value else cls()

    @classmethod
    def root(cls, value: Any) -> Surd:
        """The square root of a non-negative rational number.

        Raises
        ------
        ValueError
            When ``value`` is negative.
        """
        value = as_rational(value)
        if not value:
            return cls()
        if value < 0:
            raise ValueError(f"the square root of {value} is not real")
        above, over = squarefree(int(value.p))
        below, under = squarefree(int(value.q))
        # Numerator and denominator are coprime, so the product of their radicands is squarefree.
        return cls(((over * under, fmpq(above, below * under)),))

    @classmethod
    def of(cls, expr: Expr, values: Mapping[Symbol, Any] | None = None) -> Surd:
        """The exact value of an expression at rational values of its symbols.

        See `compile_surd` for what the expression may contain.
        """
        values = {} if values is None else values
        return compile_surd(expr, tuple(values))(*values.values())

    @property
    def is_rational(self) -> bool:
        return not self.terms or (len(self.terms) == 1 and self.terms[0][0] == 1)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        right = _as_surd(other)
        return NotImplemented if right is None else self.terms == right.terms

    def __hash__(self) -> int:
        # Equal to an integer or a fraction means the same hash as that number.
        if self.is_rational:
            return hash(self.terms[0][1]) if self.terms else 0
        return hash(self.terms)

    def __neg__(self) -> Surd:
        return Surd(tuple((d, -c) for d, c in self.terms))

    def __abs__(self) -> Surd:
        return -self if self.sign() < 0 else self

    def __add__(self, other: Any) -> Surd:
        right = _as_surd(other)
        if right is None:
            return NotImplemented
        total = dict(self.terms)
        for d, c in right.terms:
            total[d] = total[d] + c if d in total else c
        return _collected(total)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Surd:
        right = _as_surd(other)
        return NotImplemented if right is None else self + -right

    def __rsub__(self, other: Any) -> Surd:
        return -self + other

    def __mul__(self, other: Any) -> Surd:
        right = _as_surd(other)
        if right is None:
            return NotImplemented
        total: dict[int, fmpq] = {}
        for d, c in self.terms:
            for e, b in right.terms:
                # sqrt(d) sqrt(e) = g sqrt(d/g e/g), and the last radicand is squarefree.
                common = gcd(d, e)
                radicand, product = (d // common) * (e // common), c * b * common
                total[radicand] = total[radicand] + product if radicand in total else product
        return _collected(total)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Surd:
        right = _as_surd(other)
        return NotImplemented if right is None else self * right.inverse()

    def __rtruediv__(self, other: Any) -> Surd:
        return self.inverse() * other

    def __pow__(self, exponent: int) -> Surd:
        if not isinstance(exponent, int):
            return NotImplemented
        base = self if exponent >= 0 else self.inverse()
        result, rest = Surd.rational(1), abs(exponent)
        while rest:
            if rest & 1:
                result = result * base
            base, rest = base * base if rest > 1 else base, rest >> 1
        return result

    def inverse(self) -> Surd:
        """The surd whose product with this one is 1.

        Raises
        ------
        ZeroDivisionError
            When the surd is zero.
        ValueError
            When the radicands have so many primes that the inverse may not be written out.
        """
        if not self:
            raise ZeroDivisionError("zero has no inverse")
        if len(self.terms) > 1:
            _check_primes(self)
        numerator, denominator = Surd.rational(1), self
        while len(denominator.terms) > 1:
            # (A + sqrt(p) B)(A - sqrt(p) B) = A^2 - p B^2: one prime less in the denominator.
            conjugate = _conjugate(denominator, _separating_prime(denominator))
            numerator, denominator = numerator * conjugate, denominator * conjugate
        d, c = denominator.terms[0]
        return numerator * Surd(((d, 1 / (c * d)),))

    def sqrt(self) -> Surd:
        """The square root of a non-negative rational surd.

        Raises
        ------
        ValueError
            When the surd is negative or not rational.
        """
        if not self.is_rational:
            raise ValueError(f"the square root of {self} would be a nested radical, not a surd")
        return Surd.root(self.terms[0][1]) if self.terms else self

    def sign(self) -> int:
        """-1, 0 or 1, decided exactly."""
        positive = [c > 0 for _, c in self.terms]
        if all(positive):
            return 1 if positive else 0
        if not any(positive):
            return -1
        bits = _FIRST_BITS
        while True:  # ends, because the normal form says that the number is not zero
            ball = self.enclosure(bits)
            if ball > 0:
                return 1
            if ball < 0:
                return -1
            bits *= 2

    def enclosure(self, bits: int) -> arb:
        """A ball around the number, computed with ``bits`` bits of working precision."""
        with ctx.workprec(bits):
            total = arb(0)
            for d, c in self.terms:
                total += arb(c) if d == 1 else arb(c) * arb(d).sqrt()
            return total

    def to_sympy(self) -> Expr:
        """The number as a SymPy sum of rational multiples of square roots."""
        return Add(*(Rational(int(c.p), int(c.q)) * sqrt(d) for d, c in self.terms))

    def __str__(self) -> str:
        return str(self.to_sympy())


def as_rational(value: Any) -> fmpq:
    """An integer or a fraction of any numeric library, exactly; floats are refused."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, int | fmpz):
        return fmpq(value)
    if isinstance(value, AbstractRational):
        return fmpq(int(value.numerator), int(value.denominator))
    raise ValueError(f"an exact number must be an integer or a fraction, got {value!r}")


def _as_surd(value: Any) -> Surd | None:
    if isinstance(value, Surd):
        return value
    # No other types: a number that compares equal to a surd has to hash like one.
    return Surd.rational(value) if isinstance(value, int | fmpq | fmpz | Fraction) else None


def _collected(total: dict[int, fmpq]) -> Surd:
    if len(total) == 1:
        return Surd(tuple((d, c) for d, c in total.items() if c))
    return Surd(tuple((d, total[d]) for d in sorted(total) if total[d]))


@lru_cache(maxsize=1 << 14)
def squarefree(number: int) -> tuple[int, int]:
    """``(s, d)`` with ``number = s**2 d`` and ``d`` squarefree, for positive integers.

    The number is factored, which is quick up to some forty digits.
    """
    exact = isqrt(number)
    if exact * exact == number:
        return exact, 1
    square, free = 1, 1
    for prime, power in fmpz(number).factor():
        square *= int(prime) ** (power // 2)
        if power % 2:
            free *= int(prime)
    return square, free


def _primes(radicand: int) -> list[int]:
    return [int(prime) for prime, _ in fmpz(radicand).factor()]


def _check_primes(surd: Surd) -> None:
    primes = {prime for d, _ in surd.terms for prime in _primes(d)}
    if len(primes) > _MAX_PRIMES:
        raise ValueError(
            f"the inverse of a surd over {len(primes)} primes is not computed: "
            f"it may have {2 ** len(primes)} terms"
        )


def _separating_prime(surd: Surd) -> int:
    """A prime that divides some radicands but not all; two distinct ones always have it."""
    first, second = surd.terms[0][0], surd.terms[1][0]
    return _primes(first * second // gcd(first, second) ** 2)[0]


def _conjugate(surd: Surd, prime: int) -> Surd:
    """The image of the surd when ``sqrt(prime)`` changes its sign."""
    return Surd(tuple((d, c if d % prime else -c) for d, c in surd.terms))


def compile_surd(expr: Expr, symbols: Sequence[Symbol]) -> Callable[..., Surd]:
    """A function that evaluates ``expr`` exactly at rational values of ``symbols``.

    The tree may contain sums, products, rational numbers, the symbols, integer and
    half-integer powers, ``Abs`` and ``sign``. It is walked once, here.

    Raises
    ------
    ValueError
        When the tree contains anything else; the compiled function raises it where a
        root is not a surd, and ZeroDivisionError where the expression has a pole.

    Examples
    --------
    >>> from sympy import sqrt
    >>> from sympy.abc import t
    >>> deviation = compile_surd(sqrt(t * (1 - t)), (t,))
    >>> print(deviation(Fraction(1, 4)), deviation(Fraction(1, 2)))
    sqrt(3)/4 1/2
    """
    count = len(symbols)
    evaluate = _compiled(expr, {symbol: i for i, symbol in enumerate(symbols)})

    def compiled(*values: Any) -> Surd:
        if len(values) != count:
            raise TypeError(f"expected {count} values, got {len(values)}")
        return _surd(evaluate([as_rational(value) for value in values]))

    return compiled


# The closures below return an fmpq for as long as the value is rational by construction
# and a Surd after the first root: both types mix under + and *.


def _compiled(expr: Expr, positions: Mapping[Symbol, int]) -> _Evaluator:
    evaluate = _closure(expr, positions)
    if expr.free_symbols:
        return evaluate
    constant = evaluate(())
    return lambda values: constant


def _closure(expr: Expr, positions: Mapping[Symbol, int]) -> _Evaluator:
    if isinstance(expr, Symbol):
        if expr not in positions:
            raise ValueError(f"the symbol {expr} has no value")
        return operator.itemgetter(positions[expr])
    if isinstance(expr, Rational):
        constant = as_rational(expr)
        return lambda values: constant
    if isinstance(expr, Add | Mul):
        combine = operator.add if isinstance(expr, Add) else operator.mul
        return _folded(combine, [_compiled(part, positions) for part in expr.args])
    if isinstance(expr, Pow):
        return _power(expr, _compiled(expr.base, positions))
    if isinstance(expr, Abs):
        inner = _compiled(expr.args[0], positions)
        return lambda values: abs(inner(values))
    if isinstance(expr, sign_function):
        inner = _compiled(expr.args[0], positions)
        return lambda values: fmpq(_surd(inner(values)).sign())
    raise ValueError(
        f"{expr} has no exact value as a surd: it is not a sum, a product, "
        "a half-integer power, Abs or sign"
    )


def _folded(combine: Callable[[Any, Any], Any], parts: list[_Evaluator]) -> _Evaluator:
    if len(parts) == 2:
        left, right = parts
        return lambda values: combine(left(values), right(values))
    first, *rest = parts

    def folded(values: Sequence[fmpq]) -> Any:
        total = first(values)
        for part in rest:
            total = combine(total, part(values))
        return total

    return folded


def _power(expr: Pow, base: _Evaluator) -> _Evaluator:
    exponent = expr.exp
    if not isinstance(exponent, Rational) or exponent.q not in (1, 2):
        raise ValueError(f"{expr} has no exact value as a surd: its power is not a half-integer")
    power = int(exponent.p)
    if exponent.q == 1:
        return lambda values: base(values) ** power
    if power == 1:
        return lambda values: _root(base(values))
    return lambda values: _root(base(values)) ** power


def _root(value: fmpq | Surd) -> Surd:
    return value.sqrt() if isinstance(value, Surd) else Surd.root(value)


def _surd(value: fmpq | Surd) -> Surd:
    return value if isinstance(value, Surd) else Surd.rational(value)
