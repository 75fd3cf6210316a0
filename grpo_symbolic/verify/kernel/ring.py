"""Polynomials over the rationals in coordinates, roots, exponentials and logarithms: their signs.

A polynomial is a dict from monomials, sorted tuples of (generator, exponent), to coefficients.
What is known to be positive may have any exponent; a root f^e keeps 0 < e < 1, as f^1 is f.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from grpo_symbolic.verify.kernel.balls import enclosed, intervals
from grpo_symbolic.verify.kernel.statement import Unchecked

Monomial = tuple[tuple[int, Any], ...]
Poly = dict[Monomial, Any]
#: One for each product of two monomials.
WORK = 4_000_000
MOST_BITS = 1 << 18
_BITS = (64, 256, 2048)
ONE: Poly = {(): 1}
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Generator:
    """``kind`` is coordinate, free, root, exp, log or pi; ``sign`` 2 if > 0, 1 if >= 0, else 0."""

    kind: str
    name: str  # of an exponential: what its exponent is divided by
    base: tuple[tuple[Monomial, Any], ...] = ()  # of a root or a logarithm; the exponent of exp
    sign: int = field(default=0, compare=False)
    number: bool = field(default=False, compare=False)


def product_of_signs(signs: Iterable[int | None]) -> int | None:
    total: int | None = 2
    for s in signs:
        if s == 0 or total == 0:
            return 0 if None not in (s, total) else None
        total = (
            None
            if s is None or total is None
            else min(abs(total), abs(s)) * (1 if (total > 0) == (s > 0) else -1)
        )
    return total


class Ring:
    """Arithmetic with a limit of work; factorings are looked up, never found."""

    def __init__(self) -> None:
        self.generators: list[Generator] = []
        self.index: dict[Generator, int] = {}
        self.known: dict[frozenset, tuple[Any, list[tuple[Poly, int]]]] = {}
        self.signs: dict[frozenset, int | None] = {}
        self.asked: dict[frozenset, Poly] = {}  # what has been looked up, for whoever can factor
        self.joined: dict[tuple[Monomial, Monomial], tuple[Monomial, tuple]] = {}
        self.work = WORK

    def generator(self, *fields: Any) -> int:
        made = Generator(*fields)
        if made not in self.index:
            self.index[made] = len(self.generators)
            self.generators.append(made)
        return self.index[made]

    # -- arithmetic ---------------------------------------------------------------------

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
                monomial, over = self._join(m, n)
                part: Poly = {monomial: a * b}
                for base in over:
                    part = self.times(part, dict(base))
                for k, c in part.items():
                    total[k] = total.get(k, 0) + c
        return {m: c for m, c in total.items() if c}

    def power(self, p: Poly, exponent: int) -> Poly:
        total = ONE
        for _ in range(exponent):
            total = self.times(total, p)
            if max((int(c).bit_length() for c in total.values()), default=0) > MOST_BITS:
                raise Unchecked("a number is too large")
        return total

    def _join(self, m: Monomial, n: Monomial) -> tuple[Monomial, tuple]:
        if (m, n) not in self.joined:
            powers, over = dict(m), []
            for g, e in n:
                powers[g] = powers.get(g, 0) + e
                if self.generators[g].kind == "root" and powers[g] >= 1:
                    powers[g] -= 1
                    over.append(self.generators[g].base)
            self.joined[m, n] = tuple(sorted(x for x in powers.items() if x[1])), tuple(over)
        return self.joined[m, n]

    def primitive(self, p: Poly) -> tuple[Any, Monomial, Poly]:
        """A number, a monomial and a polynomial of which p is the product."""
        shared = {g for m in p for g, _ in m}
        least = {g: min(dict(m).get(g, 0) for m in p) for g in shared}
        fractions = [Fraction(c) for c in p.values()]
        content = Fraction(gcd(*(c.numerator for c in fractions)),
                           lcm(*(c.denominator for c in fractions)))  # fmt: skip
        if p[max(p)] < 0:
            content = -content
        rest: Poly = {}
        for m, c in p.items():
            powers = {**dict.fromkeys(least, 0), **dict(m)}
            key = tuple(sorted((g, e - least[g]) for g, e in powers.items() if e != least[g]))
            rest[key] = int(c / content)
        return content, tuple(sorted((g, e) for g, e in least.items() if e)), rest

    def factors(self, p: Poly) -> tuple[Any, Monomial, list[tuple[Poly, int]]]:
        content, monomial, rest = self.primitive(p)
        if rest == ONE:
            return content, monomial, []
        key = frozenset(rest.items())
        self.asked.setdefault(key, rest)
        scale, found = self.known.get(key, (1, [(rest, 1)]))
        return content * scale, monomial, found

    def learn(self, parts: list[tuple[Poly, int]]) -> None:
        """That the product of these is a factoring of what it expands to."""
        parts = [(self.primitive(p)[2], e) for p, e in parts if p]
        parts = [(p, e) for p, e in parts if p != ONE]
        whole = ONE
        for p, e in parts:
            whole = self.times(whole, self.power(p, e))
        content, monomial, rest = self.primitive(whole)
        if not monomial and len(parts) + sum(e for _, e in parts) > 2:
            self.known[frozenset(rest.items())] = 1 / content, parts
            self.signs.clear()

    # -- signs ----------------------------------------------------------------------------

    def sign(self, p: Poly) -> int | None:
        """2, 1, 0, -1, -2 for > 0, >= 0, = 0, <= 0, < 0 on the whole range; None if not shown."""
        if not p:
            return 0
        content, monomial, parts = self.factors(p)
        signs = [2 if content > 0 else -2, self._sign_of_monomial(monomial)]
        for f, e in parts:
            s = self._sign_of_factor(f)
            signs.append(s if e % 2 else 1 if s is None else abs(s))
        return product_of_signs(signs)

    def _sign_of_monomial(self, m: Monomial) -> int | None:
        signs: list[int | None] = []
        for g, e in m:
            s = self.generators[g].sign
            signs.append(s or (1 if e % 2 == 0 else None))
        return product_of_signs(signs)

    def _sign_of_factor(self, f: Poly) -> int | None:
        key = frozenset(f.items())
        if key not in self.signs:
            self.signs[key] = None
            self.signs[key] = found = self._by_coefficients(f)
            if found is None:
                root = self._by_root(f)
                self.signs[key] = self._by_square(f) if root is None else root
        return self.signs[key]

    def _by_coefficients(self, f: Poly) -> int | None:
        """All terms of one sign; coefficients are numbers such as 3 - 2 sqrt(3)."""
        groups: dict[Monomial, Poly] = {}
        for m, c in f.items():
            number = tuple(x for x in m if self.generators[x[0]].number)
            rest = tuple(x for x in m if not self.generators[x[0]].number)
            groups.setdefault(rest, {})[number] = c
        found = []
        for m, c in groups.items():
            found.append(product_of_signs((self._sign_of_monomial(m), self._sign_of_number(c))))
            if found[-1] is None or found[-1] * found[0] < 0:
                return None
        return max(found, key=abs)

    def _sign_of_number(self, p: Poly) -> int | None:
        if set(p) == {()}:
            return 2 if p[()] > 0 else -2
        for bits in _BITS:
            value = enclosed(self.generators, p, intervals(bits))
            if value.a > 0 or value.b < 0:
                return 2 if value.a > 0 else -2
        return None

    def _by_root(self, f: Poly) -> int | None:
        """A + B r for the last square root r, by the signs of A, B and A^2 - B^2 r^2."""
        roots = {g for m in f for g, _ in m if self.generators[g].kind == "root"}
        symbolic = [g for g in sorted(roots, reverse=True) if not self.generators[g].number]
        for g in symbolic or sorted(roots, reverse=True)[:1]:
            if any(dict(m).get(g, HALF) != HALF for m in f):
                continue
            a = {m: c for m, c in f.items() if g not in dict(m)}
            b = {tuple(x for x in m if x[0] != g): c for m, c in f.items() if g in dict(m)}
            sa, sb = self.sign(a), self.sign(b)
            if sa and sb and (sa > 0) == (sb > 0):
                return product_of_signs((sa, 2 if abs(sa) == 2 else 1))
            u = self.times(self.times(b, b), dict(self.generators[g].base))
            norm = self.sign(self.plus(self.times(a, a), u, -1))
            if norm == 0 and sa and sb:
                return 0
            if norm is not None and norm >= 0 and sa not in (None, 0):
                return max(norm, 1) * (1 if sa > 0 else -1)
            if norm is not None and norm <= 0 and sb not in (None, 0):
                return max(-norm, 1) * (1 if sb > 0 else -1)
        return None

    def _by_square(self, f: Poly) -> int | None:
        """A x^2 + B x + C with A, C of one sign and 4 A C - B^2 >= 0."""
        for g in sorted({g for m in f for g, _ in m}):
            parts: dict[Any, Poly] = {}
            for m, c in f.items():
                parts.setdefault(dict(m).get(g, 0), {})[tuple(x for x in m if x[0] != g)] = c
            if set(parts) <= {0, 1, 2} and {0, 2} <= set(parts):
                a, b, c = parts[2], parts.get(1, {}), parts[0]
                sa, sc = self.sign(a), self.sign(c)
                if sa not in (2, -2) or sc not in (2, -2) or sa != sc:
                    continue
                gap = self.sign(self.plus(self.times({(): 4}, self.times(a, c)),
                                          self.times(b, b), -1))  # fmt: skip
                if gap is not None and gap > 0:
                    return product_of_signs((sa, gap))
        return None
