"""Bernstein polynomials with surd coefficients.

The mean of ``f(K/n)`` over a binomial count ``K`` of ``n`` draws with probability
``p`` is a polynomial in ``p``: the Bernstein polynomial of ``f``. For the standard
deviation of a group of rewards its coefficients are surds, and expanding it with a
general computer algebra system is slow because every product of powers is multiplied
out symbolically.

Two facts make it fast. A surd is data by radicand, so the polynomial is one integer
polynomial for each radicand over a common denominator. And when ``c_k = c_{n-k}``,
the terms ``k`` and ``n-k`` pair up to ``x**k L_{n-2k}`` with ``x = p(1-p)`` and
``L_j = p**j + (1-p)**j``, a polynomial in ``x`` that satisfies
``L_{j+2} = (1-2x) L_j - x**2 L_{j-2}``: nothing is ever multiplied out in ``p``.

With coefficients of one sign the sum over ``k`` has no cancellation for ``p`` in
[0, 1], which makes it the form to evaluate: the expansion in ``x`` alternates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from flint import arb, arb_poly, ctx, fmpq, fmpq_poly, fmpz, fmpz_poly
from mpmath import mp, mpf
from mpmath.libmp import dps_to_prec, from_man_exp, to_rational
from sympy import Add, Expr, Integer, Symbol

from grpo_symbolic.surd import Surd, as_rational, compile_surd

# Beyond this multiple of the first precision a sum is checked for being exactly zero.
_SUSPICIOUS = 8
# Odds count as narrow when their width is less than 1/(this times the degree).
_NARROW = 8
# Bits of coefficients on wider ones, which are far apart.
_WIDE_BITS = 160


@dataclass(frozen=True)
class Bernstein:
    """The polynomial ``sum_k binomial(n, k) c_k p**k (1-p)**(n-k)``.

    Parameters
    ----------
    coefficients : tuple of Surd
        ``c_0, ..., c_n``; the degree ``n`` is one less than their number.

    Examples
    --------
    >>> from sympy import sqrt
    >>> from sympy.abc import t, x
    >>> deviation = Bernstein.sampled(sqrt(t * (1 - t)), t, 3)
    >>> deviation.polynomial(x)
    sqrt(2)*x
    >>> from mpmath import nstr
    >>> nstr(deviation.evaluate(fmpq(1, 2), 30), 30)
    '0.353553390593273762200422181052'
    """

    coefficients: tuple[Surd, ...]

    def __post_init__(self) -> None:
        if not self.coefficients:
            raise ValueError("a Bernstein polynomial needs at least one coefficient")

    @classmethod
    def sampled(cls, f: Expr, t: Symbol, n: int) -> Bernstein:
        """The Bernstein polynomial of ``f``: ``c_k = f(k/n)``.

        Raises
        ------
        ValueError
            When ``n`` is less than 1, or ``f`` is undefined or not a surd at some ``k/n``.
        """
        if n < 1:
            raise ValueError(f"the degree must be at least 1 to sample an expression, got {n}")
        value = compile_surd(f, (t,))
        coefficients = []
        for k in range(n + 1):
            try:
                coefficients.append(value(fmpq(k, n)))
            except ZeroDivisionError:
                raise ValueError(f"{f} is not defined at {t} = {fmpq(k, n)}") from None
        return cls(tuple(coefficients))

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    @property
    def radicands(self) -> tuple[int, ...]:
        """The squarefree integers under the roots, 1 for the rational part included."""
        return tuple(sorted({d for c in self.coefficients for d, _ in c.terms}))

    @property
    def symmetric(self) -> bool:
        """Whether the polynomial is unchanged under ``p -> 1 - p``, exactly."""
        return self.coefficients == self.coefficients[::-1]

    def powers(self) -> tuple[Surd, ...]:
        """The coefficients of the polynomial in ``x = p(1-p)``, by increasing power.

        Raises
        ------
        ValueError
            When the polynomial is not symmetric.
        """
        if not self.symmetric:
            raise ValueError("only a symmetric polynomial is a polynomial in p(1 - p)")
        denominator = _common_denominator(self.coefficients)
        half = self.degree // 2
        rows: list[list[tuple[int, fmpq]]] = [[] for _ in range(half + 1)]
        for radicand, polynomial in sorted(self._reversed_in_x(denominator).items()):
            # Dividing the whole polynomial is faster than a division for each coefficient.
            for row, c in zip(
                reversed(rows), fmpq_poly(polynomial, denominator).coeffs(), strict=False
            ):
                if c:
                    row.append((radicand, c))
        while len(rows) > 1 and not rows[-1]:
            rows.pop()
        return tuple(Surd(tuple(row)) for row in rows)

    def _reversed_in_x(self, denominator: fmpz) -> dict[int, fmpz_poly]:
        """``denominator`` times the polynomial, by radicand, in ``y = 1/x`` times ``x**half``.

        In ``y`` the recurrence of ``x**k L_{n-2k}`` from large ``k`` to small is
        ``N_k = (y - 2) N_{k+1} - N_{k+2}``, and needs no division.
        """
        n, half = self.degree, self.degree // 2
        step = fmpz_poly([-2, 1])
        # N_half is L_0 = 2 or L_1 = 1; the one before it follows from L_2 or L_3.
        current, previous = (fmpz_poly([1]), fmpz_poly([1])) if n % 2 else (fmpz_poly([2]), step)
        found: dict[int, fmpz_poly] = {}
        for k in range(half, -1, -1):
            # The middle term is its own mirror image and counts once.
            pair = current if 2 * k < n else fmpz_poly([1])
            for radicand, c in self.coefficients[k].terms:
                scaled = pair * (_binomials(n)[k] * c.p * (denominator // c.q))
                found[radicand] = found[radicand] + scaled if radicand in found else scaled
            current, previous = step * current - previous, current
        return found

    def divided_by_x(self) -> Bernstein:
        """The polynomial divided by ``x = p(1-p)``, of degree two less.

        Raises
        ------
        ValueError
            When the polynomial does not vanish at both 0 and 1.
        """
        n = self.degree
        if n < 2 or self.coefficients[0] or self.coefficients[-1]:
            raise ValueError(
                "only a polynomial of degree at least 2 that vanishes at p = 0 and p = 1 "
                "is divided by p(1 - p)"
            )
        # binomial(n, k) c_k = binomial(n-2, k-1) d_{k-1}
        return Bernstein(
            tuple(
                _scaled(c, fmpq(n * (n - 1), k * (n - k)))
                for k, c in enumerate(self.coefficients[1:-1], start=1)
            )
        )

    def times_x(self) -> Bernstein:
        """The polynomial multiplied by ``x = p(1-p)``, of degree two more."""
        n = self.degree + 2
        inner = (
            _scaled(c, fmpq(k * (n - k), n * (n - 1)))
            for k, c in enumerate(self.coefficients, start=1)
        )
        return Bernstein((Surd(), *inner, Surd()))

    def variations(self) -> int:
        """Sign changes of the coefficients: the zeros in (0, 1) are at most, and as even as, so."""
        signs = [sign for sign in self.signs_of_differences(0) if sign]
        return sum(left != right for left, right in pairwise(signs))

    def derivative(self) -> Bernstein:
        """The derivative in ``p``, of degree one less."""
        n = self.degree
        if n == 0:
            return Bernstein((Surd(),))
        return Bernstein(tuple(_scaled(c, fmpq(n)) for c in self.differences(1)))

    def integral(self) -> Bernstein:
        """The antiderivative that is 0 at ``p = 0``, of degree one more."""
        step, row = fmpq(1, self.degree + 1), [Surd()]
        for c in self.coefficients:
            row.append(row[-1] + _scaled(c, step))
        return Bernstein(tuple(row))

    def differences(self, order: int) -> tuple[Surd, ...]:
        """The forward differences of the coefficients: ``c_{k+1} - c_k``, repeated."""
        found = self.coefficients
        for _ in range(order):
            found = tuple(right - left for left, right in pairwise(found))
        return found

    @cached_property
    def concave(self) -> bool:
        """Whether no second difference of the coefficients is positive."""
        return not any(sign > 0 for sign in self.signs_of_differences(2))

    def signs_of_differences(self, order: int) -> tuple[int, ...]:
        """The exact signs of the differences.

        All of one sign for order 1 proves the polynomial monotone on [0, 1], for order 2
        convex or concave: the derivatives are Bernstein polynomials of the differences.
        """
        return tuple(c.sign() for c in self.differences(order))

    def expression(self, p: Expr) -> Expr:
        """The sum over ``k``, written out in ``p``."""
        n = self.degree
        return Add(
            *(
                Integer(int(weight)) * c.to_sympy() * p**k * (1 - p) ** (n - k)
                for k, (weight, c) in enumerate(zip(_binomials(n), self.coefficients, strict=True))
            )
        )

    def polynomial(self, x: Expr) -> Expr:
        """The polynomial in ``x = p(1-p)``, for a symmetric one."""
        return Add(*(c.to_sympy() * x**power for power, c in enumerate(self.powers())))

    def at(self, p: Any) -> Surd:
        """The exact value at a rational ``p``."""
        point, n = _exact_point(p), self.degree
        above, below = _powers(fmpz(point.p), n), _powers(fmpz(point.q - point.p), n)
        total: dict[int, fmpz] = {}
        denominator = _common_denominator(self.coefficients)
        for k, (weight, coefficient) in enumerate(
            zip(_binomials(n), self.coefficients, strict=True)
        ):
            product = weight * above[k] * below[n - k]
            for d, c in coefficient.terms:
                total[d] = total.get(d, fmpz(0)) + product * (c.p * (denominator // c.q))
        denominator *= point.q**n
        return Surd(tuple((d, fmpq(total[d], denominator)) for d in sorted(total) if total[d]))

    def enclosure(self, p: Any, digits: int) -> arb:
        """A ball that contains the value at ``p``.

        Parameters
        ----------
        p : int, Fraction, mpf or arb
            The point. Integers, fractions and mpf numbers are exact.
        digits : int
            The radius is less than ``10**-digits`` of the value. Only where ``p`` is
            itself a ball of positive radius, the result is as wide as ``p`` makes it.
        """
        bits = first = digits * 10 // 3 + 2 * self.degree.bit_length() + 24
        if isinstance(p, arb) and not p.is_exact():
            return self.ball_at(p, bits)
        point = _exact_point(p)
        while True:
            with ctx.workprec(bits):
                ball = self.sum_of(arb(point), arb(1 - point), bits)
                if ball.is_zero() or ball.rad() * arb(10) ** digits < ball.abs_lower():
                    return ball
            bits *= 2
            if bits > _SUSPICIOUS * first and not self.at(point):
                return arb(0)

    def evaluate(self, p: Any, digits: int) -> mpf:
        """The value at an exact ``p``, rounded to ``digits`` certified digits."""
        if isinstance(p, arb) and not p.is_exact():
            raise ValueError("a value to so many digits needs an exact p, got a ball")
        mantissa, exponent = self.enclosure(p, digits + 3).mid().man_exp()
        return mp.make_mpf(from_man_exp(int(mantissa), int(exponent), dps_to_prec(digits), "n"))

    def ball_at(self, p: arb, bits: int) -> arb:
        """A ball that contains the value at every point of the ball ``p``."""
        with ctx.workprec(bits):
            return self.sum_of(p, 1 - p, bits)

    def sum_of(self, p: arb, q: arb, bits: int) -> arb:
        """The sum in ``p`` and ``q = 1 - p``, each known as well as it is given."""
        with ctx.workprec(bits):
            above, below = _powers(p, self.degree), _powers(q, self.degree)
            total = arb(0)
            for c, left, right in zip(self.balls(bits), above, reversed(below), strict=True):
                total += c * left * right
            return total

    # -- ranges -----------------------------------------------------------------------

    @cached_property
    def reflected(self) -> Bernstein:
        """The polynomial in ``1 - p``."""
        return Bernstein(self.coefficients[::-1])

    def ranges(self, left: arb, right: arb, bits: int, order: int = 2) -> list[arb]:
        """Balls around all values and derivatives where p/(1 − p) is in a range.

        A polynomial lies between its least and its greatest Bernstein coefficient on an
        interval, and its derivatives between those of the differences. On a narrow interval
        the sums themselves, in balls, are as good.

        Parameters
        ----------
        left, right : arb
            Ends ``0 <= left <= right`` of the odds.
        bits : int
            Working precision.
        order : int
            The highest derivative.
        """
        with ctx.workprec(bits):
            if self.degree * (right - left) < fmpq(1, _NARROW):
                return self._narrow_ranges(left.union(right), bits, order)
            with ctx.workprec(min(bits, _WIDE_BITS)):
                rows = [self.on_interval(left, right, ctx.prec)]
            # The width of the interval of p itself.
            width = (right - left) / ((1 + left) * (1 + right))
            for lower in range(order):
                factor = (self.degree - lower) / width
                rows.append([(b - a) * factor for a, b in pairwise(rows[-1])] or [arb(0)])
            return [_hull(row) for row in rows]

    def _narrow_ranges(self, odds: arb, bits: int, order: int) -> list[arb]:
        rest, part, found = 1 / (1 + odds), self, []
        for k in range(order + 1):
            part = part._slope if k else part
            found.append(part._ball_polynomial(bits)(odds) * rest**part.degree)
        return found

    def on_interval(self, left: arb, right: arb, bits: int) -> list[arb]:
        """The Bernstein coefficients on the interval of p with these ends of its odds."""
        n = self.degree
        # In odds t = left + w s/(1 + s): the sum is a polynomial in s over a power of 1 + s.
        shifted = self._ball_polynomial(bits)(arb_poly([left, right - left]))
        moved = arb_poly(_padded(shifted, n)[::-1])(arb_poly([1, 1]))
        ratio, scale = (1 + left) / (1 + right), (1 + left) ** -n
        return [
            c * power * scale / weight
            for c, power, weight in zip(
                _padded(moved, n)[::-1], _powers(ratio, n), _binomials(n), strict=True
            )
        ]

    @cached_property
    def _slope(self) -> Bernstein:
        return self.derivative()

    def _ball_polynomial(self, bits: int) -> arb_poly:
        """The sum over ``(1 - p)**n`` as a polynomial in the odds."""
        key = ("odds", bits)
        if key not in self._kept:
            self._kept[key] = arb_poly(self.balls(bits))
        return self._kept[key]

    def balls(self, bits: int) -> list[arb]:
        """``binomial(n, k) c_k`` as balls, kept for the next point."""
        if bits not in self._kept:
            roots = {d: Surd.root(d).enclosure(bits) for d in self.radicands}
            with ctx.workprec(bits):
                self._kept[bits] = [
                    sum((arb(c * weight) * roots[d] for d, c in coefficient.terms), arb(0))
                    for weight, coefficient in zip(
                        _binomials(self.degree), self.coefficients, strict=True
                    )
                ]
        return self._kept[bits]

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}


@lru_cache(maxsize=64)
def _binomials(n: int) -> tuple[fmpz, ...]:
    return tuple(fmpz.bin_uiui(n, k) for k in range(n + 1))


def _powers(base: Any, n: int) -> list[Any]:
    row = [base**0]
    for _ in range(n):
        row.append(row[-1] * base)
    return row


def _padded(polynomial: arb_poly, n: int) -> list[arb]:
    coefficients = polynomial.coeffs()
    return coefficients + [arb(0)] * (n + 1 - len(coefficients))


def _hull(balls: Sequence[arb]) -> arb:
    least, greatest = balls[0].lower(), balls[0].upper()
    for b in balls[1:]:
        least, greatest = least.min(b.lower()), greatest.max(b.upper())
    return least.union(greatest)


def _scaled(surd: Surd, factor: fmpq) -> Surd:
    return Surd(tuple((d, c * factor) for d, c in surd.terms))


def _common_denominator(surds: Sequence[Surd]) -> fmpz:
    common = fmpz(1)
    for q in {c.q for surd in surds for _, c in surd.terms}:
        common = common.lcm(q)
    return common


def _exact_point(p: Any) -> fmpq:
    if isinstance(p, arb) and p.is_exact():
        mantissa, exponent = p.man_exp()
        return fmpq(mantissa) * fmpq(2) ** int(exponent)
    if isinstance(p, mpf):
        return fmpq(*to_rational(p._mpf_))
    return as_rational(p)
