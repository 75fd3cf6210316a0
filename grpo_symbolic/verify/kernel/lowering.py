"""Expressions of a statement as quotients of polynomials in coordinates of its range.

Each symbol is a rational function of a coordinate t >= 0 that runs through its range.
"""

from __future__ import annotations

import json
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import comb
from typing import Any

from grpo_symbolic.verify.kernel.quotients import Quotient, Quotients, constant
from grpo_symbolic.verify.kernel.ring import HALF
from grpo_symbolic.verify.kernel.statement import Range, Statement, Unchecked, require

_MOST, _BITS, _TERMS = 400, 1 << 16, 64


class Lowering(Quotients):
    """The expressions of one statement on one chart of its range.

    ``flipped`` are the ranges, closed at both ends, whose coordinate starts at the upper end.
    The symbols of the ranges have no values before they are :meth:`placed`.
    """

    def __init__(self, statement: Statement, flipped: frozenset[str] = frozenset()) -> None:
        super().__init__(statement.where_defined)
        self.statement, self.flipped = statement, flipped
        self.values: dict[str, Quotient] = {}
        self.memory: dict[str, Quotient] = {}
        for r in statement.ranges:
            kind, sign = ("coordinate", 1 if self._from(r, flipped)[1] else 2)
            if not any(_finite(end) for end in (r.lower, r.upper)):
                kind, sign = "free", 0
            g = self.generator(kind, f"t:{r.name}", (), sign)
            self.values[f"t:{r.name}"] = {((g, 1),): 1}, {}

    def placed(self, factorings: Any = ()) -> Lowering:
        """With the factorings, each multiplied out, and a value for every symbol of a range."""
        for parts in factorings:
            lowered = [(self.lower(tree), e) for tree, e in parts]
            require(all(type(e) is int and e > 0 and not x[1] for x, e in lowered), "no factoring")
            self.learn([(x[0], e) for x, e in lowered])
        self.memory.clear()
        for r in self.statement.ranges:
            self.values[r.name] = self._symbol(r, *self._from(r, self.flipped))
        return self

    def _from(self, r: Range, flipped: frozenset[str]) -> tuple[bool, bool]:
        """Whether the coordinate is 0 at the upper end, and whether that end is closed."""
        both = _finite(r.lower) and _finite(r.upper)
        down = not _finite(r.lower) or (
            both and r.upper_closed and (r.name in flipped or not r.lower_closed)
        )
        return down, r.upper_closed if down else r.lower_closed

    def _symbol(self, r: Range, down: bool, _: bool) -> Quotient:
        t = self.values[f"t:{r.name}"]
        ends = [self.lower(end) if _finite(end) else None for end in (r.lower, r.upper)]
        if ends == [None, None]:
            return t
        if None not in ends:
            width = self.minus(ends[1], ends[0])
            require(self.sign_of(width) == 2, f"the range of {r.name} may be empty")
            t = self.times_q(self.times_q(width, t), self.inverse(self.plus_q(constant(1), t)))
        return self.minus(ends[1], t) if down else self.plus_q(ends[0], t)

    # -- expressions --------------------------------------------------------------------------

    def lower(self, tree: Any) -> Quotient:
        if type(tree) is int:
            return constant(tree)
        if isinstance(tree, str):
            return self.values[tree]
        key = json.dumps(tree)
        if key not in self.memory:
            self.memory[key] = self._lowered(*tree)
        return self.memory[key]

    def _lowered(self, head: str, *args: Any) -> Quotient:
        if head == "Rational":
            return constant(Fraction(*args))
        if head == "Pow" and _rational(args[1]) is not None:
            return self._power(self.lower(args[0]), _rational(args[1]))
        if head == "Pi":
            return {((self.generator("pi", "", (), 2, True), 1),): 1}, {}
        if head == "E":
            return self.exp(constant(1))
        if head == "binomial" and all(type(a) is int and 0 <= a < _MOST for a in args):
            return constant(comb(*args))
        if head in ("Sum", "GroupSum", "BernsteinMean"):
            return self.lower(unfolded(head, *args))
        known = {"Add", "Mul", "Pow", "Max", "Min", "Abs", "exp", "log", "sinh", "cosh", "tanh",
                 "asinh", "acosh", "atanh"}  # fmt: skip
        if head not in known:
            raise Unchecked(f"{head} has no place in the kernel")
        lowered = list(map(self.lower, args))
        if head == "Pow":
            return self.exp(self.times_q(lowered[1], self.log(lowered[0])))
        if len(lowered) == 1:
            return getattr(self, head if head in ("exp", "log") else f"_{head}")(*lowered)
        joined = {"Add": self.plus_q, "Mul": self.times_q, "Max": self._larger}
        return reduce(joined.get(head, self._smaller), lowered)

    def _power(self, x: Quotient, e: Fraction) -> Quotient:
        bits = max((Fraction(c).numerator.bit_length() for c in x[0].values()), default=0)
        if max(abs(e.numerator), e.denominator) * max(bits, 1) > _BITS:
            raise Unchecked("a power is too large")
        return self.power_q(x, int(e)) if e.denominator == 1 else self.root(x, e)

    def _smaller(self, x: Quotient, y: Quotient) -> Quotient:
        return self._larger(x, y, -1)

    def _larger(self, x: Quotient, y: Quotient, way: int = 1) -> Quotient:
        gap = self._Abs(self.minus(x, y))
        return self.times_q(constant(HALF), self.plus_q(self.plus_q(x, y), gap, way))

    def _Abs(self, x: Quotient) -> Quotient:
        s = self.sign_of(x)
        if s is not None:
            return x if s >= 0 else self.minus(constant(0), x)
        square = self.times(x[0], x[0])
        root = self.generator("root", "", tuple(sorted(square.items())), 1)
        if any(self.sign(f) != 2 for f, _ in x[1].values()):
            raise Unchecked("the modulus of a quotient of unknown sign")
        return {((root, HALF),): 1}, x[1]

    def _sinh(self, x: Quotient, way: int = -1) -> Quotient:
        e = self.exp(x)
        return self.times_q(constant(HALF), self.plus_q(e, self.inverse(e), way))

    def _cosh(self, x: Quotient) -> Quotient:
        return self._sinh(x, 1)

    def _tanh(self, x: Quotient) -> Quotient:
        return self.times_q(self._sinh(x), self.inverse(self._cosh(x)))

    def _asinh(self, x: Quotient, way: int = 1) -> Quotient:
        inner = self.root(self.plus_q(self.times_q(x, x), constant(way)), HALF)
        return self.log(self.plus_q(x, inner))

    def _acosh(self, x: Quotient) -> Quotient:
        s = self.sign_of(self.minus(x, constant(1)))
        self.need(s, (0, 1, 2), "the argument of acosh is not shown to be >= 1")
        return self._asinh(x, -1)

    def _atanh(self, x: Quotient) -> Quotient:
        both = self.plus_q(constant(1), x), self.minus(constant(1), x)
        logs = [self.log(y) for y in both]
        return self.times_q(constant(HALF), self.minus(*logs))


def put(tree: Any, name: str, value: Any) -> Any:
    """The tree with a value for a name."""
    if tree == name:
        return value
    return [tree[0], *(put(a, name, value) for a in tree[1:])] if isinstance(tree, list) else tree


def unfolded(head: str, *args: Any) -> Any:
    """A sum over a group of a given size, term by term."""
    if head != "BernsteinMean":
        term, index, first, last = args
        if type(first) is not int or type(last) is not int or not -1 <= last - first <= _TERMS:
            raise Unchecked("a sum of no given length, or of a large one")
        return ["Add", 0, *(put(term, index, k) for k in range(first, last + 1))]
    _, values, n, m, order = args
    if type(n) is not int or not 0 <= order <= n <= _TERMS or n < 1:
        raise Unchecked("a mean over a group of no given size, or of a large one")
    ends, inside = (0, 0), values
    if values[0] == "Tuple" and len(values) == 4 and isinstance(values[2], list):
        ends, inside = (values[1], values[3]), values[2]
    if inside[0] == "Lambda":
        shares = (Fraction(k, n).as_integer_ratio() for k in range(1, n))
        row = [ends[0], *(put(inside[1], "t", ["Rational", *s]) for s in shares), ends[1]]
    else:
        row = values[1:]
        require(values[0] == "Tuple" and len(row) == n + 1, "a mean has other values")
    for step in range(order):  # the derivative of a Bernstein polynomial is one of differences
        row = [["Mul", n - step, ["Add", b, ["Mul", -1, a]]] for a, b in pairwise(row)]
    n -= order
    rest = ["Add", 1, ["Mul", -1, m]]
    return ["Add", 0, *(
        ["Mul", comb(n, k), c, ["Pow", m, k], ["Pow", rest, n - k]] for k, c in enumerate(row)
    )]  # fmt: skip


def _finite(end: Any) -> bool:
    return end not in (["Infinity"], ["NegativeInfinity"])


def _rational(tree: Any) -> Fraction | None:
    if type(tree) is int:
        return Fraction(tree)
    return Fraction(*tree[1:]) if isinstance(tree, list) and tree[0] == "Rational" else None
