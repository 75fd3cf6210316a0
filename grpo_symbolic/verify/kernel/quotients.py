"""Quotients of polynomials, their roots, exponentials and logarithms, and what these need.

Divisors are kept as factors: a quotient is ``(top, {key: (factor, exponent)})``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from grpo_symbolic.verify.kernel.ring import ONE, Poly, Ring
from grpo_symbolic.verify.kernel.statement import Rejected, Unchecked, require

Bottom = dict[frozenset, tuple[Poly, int]]
Quotient = tuple[Poly, Bottom]
_MOST, _PRIMES = 400, 10_000


class Undefined(Rejected):
    """It has no value on the range, or at the point."""


def constant(number: Any) -> Quotient:
    return ({(): number} if number else {}), {}


class Quotients(Ring):
    """``missing`` collects what is not shown to be defined, unless it is taken for granted."""

    def __init__(self, where_defined: bool) -> None:
        super().__init__()
        self.where_defined = where_defined
        self.missing: list[str] = []
        self.below: dict[str, Bottom] = {}  # what exponents are divided by, as it is written

    # -- quotients --------------------------------------------------------------------------

    def plus_q(self, x: Quotient, y: Quotient, factor: int = 1) -> Quotient:
        bottom = dict(x[1])
        for key, (f, e) in y[1].items():
            bottom[key] = f, max(e, bottom.get(key, (f, 0))[1])
        tops = []
        for top, own in (x, y):
            for key, (f, e) in bottom.items():
                top = self.times(top, self.power(f, e - own.get(key, (f, 0))[1]))
            tops.append(top)
        top = self.plus(tops[0], tops[1], factor)
        return top, bottom if top else {}

    def minus(self, x: Quotient, y: Quotient) -> Quotient:
        return self.plus_q(x, y, -1)

    def times_q(self, x: Quotient, y: Quotient) -> Quotient:
        bottom = dict(x[1])
        for key, (f, e) in y[1].items():
            bottom[key] = f, e + bottom.get(key, (f, 0))[1]
        tops = [self._cancelled(top, bottom) if bottom else top for top in (x[0], y[0])]
        return self.times(*tops), bottom

    def _cancelled(self, top: Poly, bottom: Bottom) -> Poly:
        """The top over what it shares with the bottom, which is taken from there."""
        if len(top) < 2:
            return top
        content, monomial, parts = self.factors(top)
        left = {monomial: content}
        for f, e in parts:
            key = frozenset(f.items())
            shared = min(e, bottom.get(key, (f, 0))[1])
            if shared:
                bottom[key] = f, bottom[key][1] - shared
            if key in bottom and not bottom[key][1]:
                del bottom[key]
            left = self.times(left, self.power(f, e - shared))
        return left

    def inverse(self, x: Quotient) -> Quotient:
        top, bottom = x
        self.need(self.sign(top), (2, -2), "a divisor is not shown to be other than 0")
        require(top, "a divisor is zero")
        content, monomial, parts = self.factors(top)
        found: Quotient = {(): Fraction(1) / content}, {}
        for g, e in monomial:
            found = self.times_q(found, self._generator_power(g, -e))
        for f, e in bottom.values():
            found = self.times_q(found, (self.power(f, e), {}))
        return self.times_q(found, (ONE, {frozenset(f.items()): (f, e) for f, e in parts}))

    def _generator_power(self, g: int, e: Any) -> Quotient:
        kind, sign = self.generators[g].kind, self.generators[g].sign
        if kind == "root":
            base = dict(self.generators[g].base)
            whole = e // 1
            rest = {((g, e - whole),) if e != whole else (): 1}
            return self.times_q((rest, {}), self.power_q((base, {}), int(whole)))
        if e > 0 or sign == 2:
            return {((g, e),): 1}, {}
        f = {((g, 1),): 1}
        require(e == int(e), "a root of what may be zero is divided by")
        return ONE, {frozenset(f.items()): (f, int(-e))}

    def power_q(self, x: Quotient, exponent: int) -> Quotient:
        if abs(exponent) > _MOST:
            raise Unchecked(f"the exponent {exponent} is too large")
        if exponent < 0:
            x, exponent = self.inverse(x), -exponent
        top = self.power(x[0], exponent)
        return top, {key: (f, e * exponent) for key, (f, e) in x[1].items()} if exponent else {}

    def sign_of(self, x: Quotient) -> int | None:
        """The sign of the top, turned by that of the bottom where that is never 0."""
        total = self.sign(x[0])
        for f, e in x[1].values():
            s = self.sign(f)
            if e % 2 and s not in (2, -2) and not (self.where_defined and s):
                return None
            total = -total if total is not None and e % 2 and (s or 0) < 0 else total
        return total

    def need(self, sign: int | None, wanted: tuple[int, ...], otherwise: str) -> None:
        if sign not in wanted:
            if sign in (0, -2):
                raise Undefined(otherwise)
            if not self.where_defined:
                self.missing.append(otherwise)

    # -- roots, exponentials, logarithms ------------------------------------------------------

    def root(self, x: Quotient, e: Fraction) -> Quotient:
        """x^e for what is not negative, with the factors of known sign taken apart."""
        if not x[0]:
            self.need(0, (0,) if e > 0 else (), "a root of 0 is divided by")
            return {}, {}
        s = self.sign_of(x)
        self.need(s, (2,) if e < 0 else (2, 1, 0), "a radicand is not shown to be >= 0")
        content, monomial, parts = self.factors(x[0])
        found = self._number_root(abs(Fraction(content)), e)
        rest: Poly = {(): 1 if content > 0 else -1}
        below = [(f, -k) for f, k in x[1].values()]
        for f, k in (*(({((g, 1),): 1}, k) for g, k in monomial), *parts, *below):
            sf = self.sign(f)
            if sf in (2, -2):
                f = f if sf > 0 else self.plus({}, f, -1)
                rest = rest if sf > 0 or k % 2 == 0 else self.plus({}, rest, -1)
                found = self.times_q(found, self._root_of_factor(f, k * e))
            elif k < 0:
                raise Unchecked("a radicand has a divisor of unknown sign")
            else:
                part = self.power(f, int(k)) if k == int(k) else {((next(iter(f))[0][0], k),): 1}
                rest = self.times(rest, part)
        return found if rest == ONE else self.times_q(found, self._root_of_factor(rest, e))

    def _root_of_factor(self, f: Poly, e: Any) -> Quotient:
        (m, c), *more = f.items()
        if not more and c == 1 and len(m) == 1 and self.generators[m[0][0]].sign == 2:
            g, k = m[0]
            return self._generator_power(g, k * e)
        whole = e // 1
        found = self.power_q((f, {}), int(whole))
        if e == whole:
            return found
        number = all(self.generators[g].number for m in f for g, _ in m)
        sign = 2 if self.sign(f) == 2 else 1
        g = self.generator("root", "", tuple(sorted(f.items())), sign, number)
        return self.times_q(({((g, Fraction(e - whole)),): 1}, {}), found)

    def _number_root(self, number: Fraction, e: Fraction) -> Quotient:
        found = constant(1)
        for n, way in ((number.numerator, 1), (number.denominator, -1)):
            for p, k in _primes(n):
                found = self.times_q(found, self._root_of_factor({(): p}, way * k * e))
        return found

    def exp(self, x: Quotient) -> Quotient:
        found = constant(1)
        below = repr(sorted((sorted(f.items()), e) for f, e in x[1].values())) if x[1] else ""
        self.below[below] = x[1]
        for m, c in x[0].items():
            kinds = [self.generators[g] for g, e in m if e == 1]
            if len(m) == 1 and kinds and kinds[0].kind == "log" and not below:
                part = self.root((dict(kinds[0].base), {}), Fraction(c))
            else:
                number = not below and all(self.generators[g].number for g, _ in m)
                part = {((self.generator("exp", below, ((m, 1),), 2, number), c),): 1}, {}
            found = self.times_q(found, part)
        return found

    def log(self, x: Quotient) -> Quotient:
        self.need(self.sign_of(x), (2,), "the argument of a logarithm is not shown to be > 0")
        content, monomial, parts = self.factors(x[0])
        number = abs(Fraction(content))
        parts = [*parts, *(({((g, 1),): 1}, k) for g, k in monomial)]
        parts += [({(): p}, k) for p, k in _primes(number.numerator)]
        parts += [({(): p}, -k) for p, k in _primes(number.denominator)]
        found = constant(0)
        for f, k in (*parts, *((f, -k) for f, k in x[1].values())):
            s = self.sign(f)
            if s not in (2, -2):
                raise Unchecked("the logarithm of a product of unknown signs")
            f = f if s > 0 else self.plus({}, f, -1)
            found = self.plus_q(found, self._log_of_factor(f), k)
        return found

    def _log_of_factor(self, f: Poly) -> Quotient:
        (m, c), *more = f.items()
        if not more and c == 1 and len(m) == 1:
            g, e = m[0]
            kind, base = self.generators[g].kind, dict(self.generators[g].base)
            if kind == "exp":
                return {n: e * d for n, d in base.items()}, self.below[self.generators[g].name]
            if kind == "root":
                return self.times_q(constant(e), self.log((base, {})))
        number = all(self.generators[g].number for m in f for g, _ in m)
        above = self.sign(self.plus(f, ONE, -1)) or 0
        g = self.generator("log", "", tuple(sorted(f.items())), max(above, 0), number)
        return {((g, 1),): 1}, {}


def _primes(n: int) -> list[tuple[int, int]]:
    """The prime factors of n up to a bound, and what is left."""
    found: list[tuple[int, int]] = []
    p = 2
    while p < _PRIMES and p * p <= n:
        count = 0
        while n % p == 0:
            n, count = n // p, count + 1
        found += [(p, count)] if count else []
        p += 1
    return [*found, (n, 1)] if n > 1 else found
