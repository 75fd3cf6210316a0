"""Polynomials over the rationals in variables with meanings, and the rules of a proof.

A polynomial is a dict from monomials, sorted tuples of (variable, exponent), to coefficients. A
sign is the set of those that are possible: {1} for > 0, {0, 1} for >= 0, {-1, 0, 1} if unknown.
A step of a proof names something, or gives an expression a value or a sign.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

from mpmath.ctx_iv import MPIntervalContext

from grpo_symbolic.verify.kernel.statement import (
    ANY,
    INFINITE,
    NEGATIVE,
    POSITIVE,
    WORDS,
    ZERO,
    Rejected,
    Statement,
    require,
    within,
)

Poly = dict[tuple[tuple[int, int], ...], Any]
Sign = frozenset[int]
ONE: Poly = {(): 1}
#: Products of two monomials with small coefficients, and bits of a power of a number.
WORK, BITS = 2_000_000, 1 << 16
_IV = MPIntervalContext()
_LARGE = BITS >> 6  # the size of one term
_PRECISIONS = (64, 256, 2048)  # of intervals, until one shows a sign
#: The signs that the argument of a value may have.
_NEEDS = {"inverse": ANY - ZERO, "root": ANY - NEGATIVE, "log": POSITIVE, "exp": ANY}


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


def sum_of(a: Sign, b: Sign) -> Sign:
    return frozenset().union(*({x or y} if x + y else {x, 0, y} for x in a for y in b))


class Undefined(Rejected):
    """It has no value on the range, or at the point."""


class Missing(Rejected):
    """The proof gives no value to an expression, the one that is its argument."""


class Proof:
    """What is known on one chart of the range of a statement, within a limit of work.

    ``chart`` has for a range closed at both ends whether its coordinate starts at the upper end,
    and at a point the value of each symbol.
    """

    def __init__(self, statement: Statement, chart: dict[str, Any]) -> None:
        self.statement, self.chart, self.work = statement, chart, WORK
        self.variables: list[Variable] = []
        self.facts: dict[frozenset, Sign] = {}  # signs that are shown, of normal forms
        self.values: dict[str, Poly] = {}
        self.memory: dict[str, Poly] = {}
        self.pairs: list[tuple[Poly, Poly]] = []  # of a and E = exp(a)
        self.enclosures: dict[tuple[int, int], Any] = {}  # of numbers, by bits and variable

    def run(self, steps: Any) -> None:
        require(isinstance(steps, list), "a proof is a list of steps")
        for rule, *rest in steps:
            getattr(self, f"rule_{rule}")(*rest)

    # -- polynomials --------------------------------------------------------------------------

    def named(self, kind: str, sign: Sign, top: Poly, bottom: Poly = ONE, degree: int = 1) -> Poly:
        inside = (self.variables[g].number for p in (top, bottom) for m in p for g, _ in m)
        number = kind != "coordinate" and all(inside)
        self.variables.append(Variable(kind, sign, top, bottom, degree, number))
        return {((len(self.variables) - 1, 1),): 1}

    def plus(self, p: Poly, q: Poly, factor: Any = 1) -> Poly:
        total = dict(p)
        for m, c in q.items():
            total[m] = total.get(m, 0) + factor * c
            within(size({m: total[m]}) <= _LARGE, "a number is too large")
        return {m: c for m, c in total.items() if c}

    def times(self, p: Poly, q: Poly) -> Poly:
        self.work -= 1 + size(p) * size(q)
        within(self.work >= 0, f"it needs more than {WORK:,} products")
        total: Poly = {}
        for m, a in p.items():
            for n, b in q.items():
                powers = dict(m)
                for g, e in n:
                    powers[g] = powers.get(g, 0) + e
                key = tuple(sorted(powers.items()))
                total[key] = total.get(key, 0) + a * b
        within(all(size({m: c}) <= _LARGE for m, c in total.items()), "a number is too large")
        return {m: c for m, c in total.items() if c}

    def power(self, p: Poly, exponent: int) -> Poly:
        within(exponent <= BITS, "a power is too large")
        return reduce(self.times, [p] * exponent, ONE)

    def normal(self, p: Poly) -> Poly:
        """A positive multiple of p, without quotients and with roots below their degrees."""
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
        return p

    def same(self, p: Poly, q: Poly) -> bool:
        return not self.normal(self.plus(p, q, -1))

    def know(self, p: Poly, sign: Sign) -> None:
        for way in (1, -1):
            key = frozenset(self.plus({}, self.normal(p), way).items())
            self.facts[key] = frozenset(way * s for s in sign)

    def sign(self, p: Poly) -> Sign:
        """The signs that p may have on the whole range: as known, or those of its terms.

        Its coefficients are numbers such as 3 - 2 sqrt(3).
        """
        p, groups, total = self.normal(p), dict[Any, Poly](), ZERO
        if (known := self.facts.get(frozenset(p.items()))) is not None:
            return known
        for m, c in p.items():
            number = tuple(x for x in m if self.variables[x[0]].number)
            groups.setdefault(tuple(x for x in m if x not in number), {})[number] = c
        for m, c in groups.items():
            sign = self._of_number(c)
            for g, e in m:
                sign = frozenset(a * b**e for a in sign for b in self.variables[g].sign)
            total = sum_of(total, sign)
        return total

    def _of_number(self, p: Poly) -> Sign:
        if set(p) == {()}:
            return POSITIVE if p[()] > 0 else NEGATIVE
        for _IV.prec in _PRECISIONS:
            with suppress(ValueError):  # an argument is too large, or is not told from 0
                value = self.enclosed(p)
                if value.a > 0:
                    return POSITIVE
                if value.b < 0:
                    return NEGATIVE
        return ANY

    def enclosed(self, p: Poly) -> Any:
        """An interval of mpmath that holds a number."""
        iv, total = _IV, _IV.mpf(0)
        for m, c in p.items():
            part = iv.mpf(c.numerator) / c.denominator
            for g, e in m:
                v = self.variables[g]
                if (key := (iv.prec, g)) not in self.enclosures:
                    value = self.enclosed(v.top) / self.enclosed(v.bottom)
                    if v.kind == "exp" and not abs(value) < BITS:
                        raise ValueError("a number is too large")
                    kinds = {"exp": iv.exp, "log": iv.log, "pi": lambda _: iv.pi,
                             "root": lambda x, d=v.degree: iv.exp(iv.log(x) / d)}  # fmt: skip
                    self.enclosures[key] = kinds.get(v.kind, iv.mpf)(value)
                part *= self.enclosures[key] ** e
            total += part
        return total

    # -- expressions --------------------------------------------------------------------------

    def lower(self, tree: Any) -> Poly:
        """The polynomial that an expression is, by the values that the proof has given.

        Raises
        ------
        Missing
            For a quotient, a root, a logarithm ... without a value.
        Undefined
            Where there can be none.
        """
        if type(tree) is int or isinstance(tree, str):
            return self.values[tree] if isinstance(tree, str) else {(): tree} if tree else {}
        if (key := str(tree)) not in self.memory:
            self.memory[key] = self._lowered(*tree)
        return self.memory[key]

    def _lowered(self, head: str, *args: Any) -> Poly:
        if (number := rational([head, *args])) is not None:
            return self.plus({}, {(): number})
        if head == "Pi":
            return self.named("pi", POSITIVE, {})
        if head in ("Add", "Mul"):
            return reduce(self.plus if head == "Add" else self.times, map(self.lower, args))
        (kind, _), e = kind_of([head, *args]), rational(args[-1])
        if kind == "power" and e is not None:
            base = args[0] if e >= 0 else ["Pow", args[0], -1]
            unit = base if e.denominator == 1 else ["Pow", base, ["Rational", 1, e.denominator]]
            return self.power(self.lower(unit), abs(e.numerator))
        x = self.lower(args[0])
        if kind == "power":
            require(self.sign(x) == POSITIVE, "a base is not shown to be > 0")
            return self.lower(["exp", ["Mul", args[1], ["log", args[0]]]])
        if kind == "inverse" and set(x) == {()}:
            return {(): 1 / Fraction(x[()])}
        if not self.sign(x) & _NEEDS.get(kind, ANY):
            raise Undefined(f"there is no {kind} of it")
        raise Missing([head, *args])

    # -- rules --------------------------------------------------------------------------------

    def rule_symbol(self, name: str) -> None:
        """A coordinate t >= 0 that runs through the range of a symbol; at a point its value."""
        (r,) = (r for r in self.statement.ranges if r.symbol == name)
        require(name not in self.values, "a name has two meanings")
        low, high = (None if end in INFINITE else self.lower(end) for end in r[1:3])
        words, last = self.statement.symbols[name], r.upper_closed and not r.lower_closed
        # Either its value at a point, or whether it starts at the upper end.
        at = self.chart.get(name, last or (low is None and high is not None))
        if isinstance(at, Fraction):
            self.values[name] = x = self.plus({}, {(): at})
            require("integer" not in words or at.denominator == 1, f"{name} is no integer")
            for end, closed, way in ((low, r.lower_closed, 1), (high, r.upper_closed, -1)):
                inside = {way, 0} if closed else {way}
                here = end is None or self.sign(self.plus(x, end, -1)) <= inside
                require(here, "the point is outside the range")
        else:
            ways = (low, high, r.lower_closed, 1), (high, low, r.upper_closed, -1)
            start, end, closed, way = ways[at]
            sign = ANY if start is None else ANY - NEGATIVE if closed else POSITIVE
            self.values[f"t:{name}"] = t = self.named("coordinate", sign, {})
            top, bottom = self.plus(start or {}, t, way), ONE
            if start is not None and end is not None:
                width = self.sign(self.plus(end, start, -1))
                require(width == {way}, f"{name} has no range")
                top, bottom = self.plus(start, self.times(end, t)), self.plus(ONE, t)
            self.values[name] = x = self.named("quotient", ANY, top, bottom)
        for word in words:
            require(self.sign(x) <= WORDS[word] | ZERO, f"{name} is not {word} on its range")

    def rule_let(self, name: str, node: Any) -> None:
        """A variable for a quotient, a root, an exponential or a logarithm, where there is one."""
        (kind, degree), x, key = kind_of(node), self.lower(node[1]), str(node)
        # No name of a statement has a colon: what it says does not depend on what is named here.
        require(name[:2] == "v:" and name not in self.values, "a name has two meanings")
        require(kind in _NEEDS and key not in self.memory, "it is nothing to be named")
        s = self.sign(x)
        require(s <= _NEEDS[kind] or self._granted(node), "it is not shown that there is one")
        s &= _NEEDS[kind]
        if kind == "inverse":
            way = -1 if s == NEGATIVE else 1
            found = self.named("quotient", s, {(): way}, self.plus({}, x, way), len(s))
        elif kind == "root":
            found = self.named("root", s, x, ONE, degree)
        else:
            sign = POSITIVE if kind == "exp" else self.sign(self.plus(x, ONE, -1))
            found = self.named(kind, sign, x)
            self.pairs.append((x, found) if kind == "exp" else (found, x))
            if kind == "exp":
                self.know(self.plus(found, ONE, -1), s)
        self.values[name] = self.memory[key] = found

    def _granted(self, node: Any) -> bool:
        """Whether the claim is made only where there is this, the next that a side needs."""
        for side in (self.statement.left, self.statement.right):
            try:
                self.lower(side)
            except Missing as missing:
                if self.statement.where_defined and missing.args == (node,):
                    return True
        return False

    def rule_value(self, node: Any, tree: Any) -> None:
        """A value of a quotient, a root or a modulus, shown by its equation."""
        (kind, degree), x, v = kind_of(node), self.lower(node[1]), self.lower(tree)
        if kind == "inverse":
            shown = self.same(self.times(v, x), ONE)
        else:
            shown = kind in ("root", "Abs") and self.sign(v) <= ANY - NEGATIVE
            shown &= self.same(self.power(v, degree), x if kind == "root" else self.power(x, 2))
        require(shown, "a value is another")
        if (key := str(node)) in self.memory:  # of one node two values are equal
            self.know(self.plus(v, self.memory[key], -1), ZERO)
        self.memory[key] = v

    def rule_pair(self, exponent: Any, power: Any, d: int, weights: list[int]) -> None:
        """That power is exp(exponent): d times it is a sum of exponents that are known."""
        a, e = self.lower(exponent), self.lower(power)
        require(self.sign(e) == POSITIVE and type(d) is int and d > 0, "it is no exponential")
        total, sides = self.plus({}, a, -d), [self.power(e, d), ONE]
        for k, (b, f) in zip(weights, self.pairs, strict=True):
            require(type(k) is int and abs(k) < BITS, "an exponent is none")
            total = self.plus(total, b, k)
            sides[k > 0] = self.times(sides[k > 0], self.power(f, abs(k)))
        require(self.same(total, {}) and self.same(*sides), "an exponential is another")
        self.pairs.append((a, e))
        self.memory[str(["exp", exponent])] = e
        self.memory[str(["log", power])] = a

    def rule_sign(self, tree: Any, multiplier: Any, terms: Any) -> None:
        """The sign of what is, times something positive, a sum of terms of known signs."""
        p = self.lower(tree)
        (m, positive), (total, s) = self._sum(multiplier), self._sum(terms)
        require(positive == POSITIVE, "the multiplier is not positive")
        require(self.same(self.times(p, m), total), "the two sides of the identity differ")
        self.know(p, s)

    def _sum(self, products: Any) -> tuple[Poly, Sign]:
        total, s = dict[Any, Any](), ZERO
        for product in products:
            part, sign = ONE, POSITIVE
            for tree, e in product:
                require(type(e) is int and e > 0, "an exponent is none")
                f = self.lower(tree)
                part = self.times(part, self.power(f, e))
                sign = frozenset(a * b**e for a in sign for b in self.sign(f))
            total, s = self.plus(total, part), sum_of(s, sign)
        return total, s


def size(p: Poly) -> int:
    """The terms of a polynomial, one with a long coefficient for as many as it has pieces."""
    return sum(1 + ((c.numerator * c.denominator).bit_length() >> 8) for c in p.values())


def kind_of(node: Any) -> tuple[str, int]:
    """An inverse, a root, another power, or another head; and the degree of its equation."""
    e = rational(node[-1])
    if node[0] != "Pow" or e == -1:
        return ("inverse", 1) if node[0] == "Pow" else (node[0], 2)
    return ("root", e.denominator) if e and 1 / e == e.denominator > 1 else ("power", 1)


def rational(tree: Any) -> Fraction | None:
    parts = tree[1:] if isinstance(tree, list) and tree[0] == "Rational" else [tree]
    return Fraction(*parts) if all(type(part) is int for part in parts) else None
