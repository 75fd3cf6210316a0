"""Polynomials over the rationals in variables with meanings: their normal form and their signs.

A polynomial is a dict from monomials, sorted tuples of (variable, exponent), to coefficients. A
sign is the set of those that are possible: {1} for > 0, {0, 1} for >= 0, {-1, 0, 1} if unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from mpmath.ctx_iv import MPIntervalContext

from grpo_symbolic.verify.kernel.statement import ANY, NEGATIVE, POSITIVE, ZERO, Unchecked

Monomial = tuple[tuple[int, int], ...]
Poly = dict[Monomial, Any]
Sign = frozenset[int]
ONE: Poly = {(): 1}
#: Products of two monomials, and bits of a power of a number.
WORK, BITS = 4_000_000, 1 << 16
_PRECISIONS = (64, 256, 2048)


class Variable(NamedTuple):
    """What a variable stands for: a coordinate and pi for themselves; of a polynomial ``top``
    the root of that degree, exp or log; a quotient for top/bottom, where degree is 2 if the sign
    of the bottom, which is not 0, is not known, and else the bottom is positive.
    """

    kind: str
    sign: Sign
    top: Poly
    bottom: Poly
    degree: int
    number: bool


@cache
def intervals(bits: int) -> Any:
    iv = MPIntervalContext()
    iv.prec = bits
    return iv


def sum_of(signs: Iterable[Sign]) -> Sign:
    total = ZERO
    for s in signs:
        total = frozenset().union(*({a or b} if a + b else {a, -a, 0} for a in total for b in s))
    return total


class Ring:
    """Arithmetic with a limit of work, and signs on the whole range of the coordinates."""

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.facts: dict[frozenset, Sign] = {}  # signs that are shown, of normal forms
        self.work = WORK

    def variable(
        self, kind: str, sign: Sign, top: Poly, bottom: Poly = ONE, degree: int = 1
    ) -> Poly:
        inside = (self.variables[g].number for p in (top, bottom) for m in p for g, _ in m)
        number = kind != "coordinate" and all(inside)
        self.variables.append(Variable(kind, sign, top, bottom, degree, number))
        return {((len(self.variables) - 1, 1),): 1}

    def plus(self, p: Poly, q: Poly, factor: Any = 1) -> Poly:
        total = dict(p)
        for m, c in q.items():
            total[m] = total.get(m, 0) + factor * c
        return {m: c for m, c in total.items() if c}

    def times(self, p: Poly, q: Poly) -> Poly:
        self.work -= len(p) * len(q)
        if self.work < 0:
            raise Unchecked(f"it needs more than {WORK:,} products")
        total: Poly = {}
        for m, a in p.items():
            for n, b in q.items():
                powers = dict(m)
                for g, e in n:
                    powers[g] = powers.get(g, 0) + e
                key = tuple(sorted(powers.items()))
                total[key] = total.get(key, 0) + a * b
        if max((c.numerator.bit_length() for c in total.values()), default=0) > 4 * BITS:
            raise Unchecked("a number is too large")
        return {m: c for m, c in total.items() if c}

    def power(self, p: Poly, exponent: int) -> Poly:
        sizes = (max(c.numerator.bit_length(), c.denominator.bit_length()) for c in p.values())
        if exponent * max(sizes, default=0) > BITS:
            raise Unchecked("a power is too large")
        total = ONE
        for _ in range(exponent):
            total = self.times(total, p)
        return total

    def normal(self, p: Poly, over: list[tuple[Poly, int]] | None = None) -> Poly:
        """A positive multiple of p, without quotients and with roots below their degrees.

        What p is multiplied by is added to ``over``, as factors with their exponents.
        """
        for g in reversed(range(len(self.variables))):
            v, parts = self.variables[g], dict[int, Poly]()
            for m, c in p.items() if v.kind in ("quotient", "root") else ():
                parts.setdefault(dict(m).get(g, 0), {})[tuple(x for x in m if x[0] != g)] = c
            if not any(parts):
                continue
            most, p = -(-max(parts) // v.degree) * v.degree, {}
            for e, part in parts.items():
                whole, left = divmod(e, v.degree) if v.kind == "root" else (e, 0)
                below = self.power(v.bottom, most - e) if v.kind == "quotient" else ONE
                part = self.times(part, {((g, left),): 1} if left else below)
                p = self.plus(p, self.times(part, self.power(v.top, whole)))
            if v.kind == "quotient" and over is not None:
                over.append((v.bottom, most))
        return p

    def same(self, p: Poly, q: Poly) -> bool:
        return not self.normal(self.plus(p, q, -1))

    def know(self, p: Poly, sign: Sign) -> None:
        for way in (1, -1):
            key = frozenset(self.plus({}, self.normal(p), way).items())
            self.facts[key] = frozenset(way * s for s in sign)

    def sign(self, p: Poly) -> Sign:
        """The signs that p may have on the whole range: as known, or by its coefficients."""
        p = self.normal(p)
        known = self.facts.get(frozenset(p.items()))
        return self._by_coefficients(p) if known is None else known

    def _by_coefficients(self, p: Poly) -> Sign:
        """That of the sum of the terms; coefficients are numbers such as 3 - 2 sqrt(3)."""
        groups: dict[Monomial, Poly] = {}
        for m, c in p.items():
            number = tuple(x for x in m if self.variables[x[0]].number)
            rest = tuple(x for x in m if not self.variables[x[0]].number)
            groups.setdefault(rest, {})[number] = c
        total = ZERO
        for m, c in groups.items():
            sign = self._of_number(c)
            for g, e in m:
                sign = frozenset(a * b**e for a in sign for b in self.variables[g].sign)
            total = sum_of((total, sign))
        return total

    def _of_number(self, p: Poly) -> Sign:
        if set(p) == {()}:
            return POSITIVE if p[()] > 0 else NEGATIVE
        for bits in _PRECISIONS:
            try:
                value = self.enclosed(p, intervals(bits))
            except ValueError:  # a radicand, or the argument of a logarithm, is not told from 0
                continue
            if value.a > 0 or value.b < 0:
                return POSITIVE if value.a > 0 else NEGATIVE
        return ANY

    def enclosed(self, p: Poly, iv: Any) -> Any:
        """An interval of mpmath that holds a number."""
        total = iv.mpf(0)
        for m, c in p.items():
            part = iv.mpf(c.numerator) / c.denominator
            for g, e in m:
                v = self.variables[g]
                value = self.enclosed(v.top, iv) / self.enclosed(v.bottom, iv)
                if v.kind == "root":
                    part *= iv.exp(iv.log(value) * e / v.degree)
                else:
                    kinds = {"exp": iv.exp, "log": iv.log, "pi": lambda _: iv.pi}
                    part *= kinds.get(v.kind, iv.mpf)(value) ** e
            total += part
        return total
