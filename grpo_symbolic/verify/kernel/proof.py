"""The rules: a step of a proof names something, or gives an expression a value or a sign."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from grpo_symbolic.verify.kernel.algebra import (
    ANY,
    BITS,
    NEGATIVE,
    ONE,
    POSITIVE,
    ZERO,
    Poly,
    Ring,
    Sign,
    sum_of,
)
from grpo_symbolic.verify.kernel.meaning import MEANINGS
from grpo_symbolic.verify.kernel.statement import (
    WORDS,
    Rejected,
    Statement,
    infinite,
    require,
)

RULES = ("symbol", "let", "value", "pair", "sign", "squares")
#: The signs that the argument of a value may have.
_NEEDS = {"inverse": ANY - ZERO, "root": ANY - NEGATIVE, "log": POSITIVE, "exp": ANY}


class Undefined(Rejected):
    """It has no value on the range, or at the point."""


class Missing(Rejected):
    """The proof gives no value to an expression, the one that is its argument."""


class Proof(Ring):
    """What is known on one chart of the range of a statement.

    ``flipped`` are the ranges, closed at both ends, whose coordinate starts at the upper end.
    """

    def __init__(self, statement: Statement, flipped: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.statement, self.flipped = statement, flipped
        self.values: dict[str, Poly] = {}
        self.memory: dict[str, Poly] = {}
        self.pairs: list[tuple[Poly, Poly]] = []  # of a and E = exp(a)

    def run(self, steps: Any) -> None:
        require(isinstance(steps, list), "a proof is a list of steps")
        for rule, *rest in steps:
            require(rule in RULES, f"there is no rule {rule!r:.40}")
            getattr(self, f"_{rule}")(*rest)

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
        if type(tree) is int:
            return {(): tree} if tree else {}
        if isinstance(tree, str):
            return self.values[tree]
        key = json.dumps(tree)
        if key not in self.memory:
            self.memory[key] = self._lowered(*tree)
        return self.memory[key]

    def _lowered(self, head: str, *args: Any) -> Poly:
        if head == "Rational":
            return self.plus({}, {(): Fraction(*args)})
        if head == "Pi":
            return self.variable("pi", POSITIVE, {})
        if head in ("Add", "Mul"):
            total, *parts = map(self.lower, args)
            for part in parts:
                total = self.plus(total, part) if head == "Add" else self.times(total, part)
            return total
        e = _rational(args[1]) if head == "Pow" else None
        if e is not None and e.denominator == 1 and e >= 0:
            return self.power(self.lower(args[0]), int(e))
        if e is not None and e < 0 and e != -1:
            return self.lower(["Pow", ["Pow", args[0], -1], _tree(-e)])
        if e is not None and e.numerator > 1:
            return self.power(self.lower(["Pow", args[0], _tree(e / e.numerator)]), e.numerator)
        if e is None and head in MEANINGS:
            base = self.lower(args[0]) if head == "Pow" else ONE
            require(self.sign(base) == POSITIVE, "a base is not shown to be > 0")
            return self.lower(MEANINGS[head](*args))
        kind, x = _kind([head, *args]), self.lower(args[0])
        if kind == "inverse" and set(x) == {()}:
            return {(): 1 / Fraction(x[()])}
        if not self.sign(x) & _NEEDS.get(kind, ANY):
            raise Undefined(f"there is no {kind} of it")
        raise Missing([head, *args])

    # -- rules --------------------------------------------------------------------------------

    def _symbol(self, name: str) -> None:
        """A coordinate t >= 0 that runs through the range of a symbol."""
        r = {r.symbol: r for r in self.statement.ranges}[name]
        require(name not in self.values, "a name has two meanings")
        low, high = (None if infinite(end) else self.lower(end) for end in (r.lower, r.upper))
        down = low is None or (
            high is not None and r.upper_closed and (name in self.flipped or not r.lower_closed)
        )
        closed, start, end = (r.upper_closed, high, low) if down else (r.lower_closed, low, high)
        sign = ANY if start is None else ANY - NEGATIVE if closed else POSITIVE
        t = self.variable("coordinate", sign, {})
        top, bottom = self.plus(start or {}, t, -1 if down and start is not None else 1), ONE
        if start is not None and end is not None:
            width = self.plus(start, end, -1)
            require(self.sign(width) == (POSITIVE if down else NEGATIVE), f"{name} has no range")
            top, bottom = self.plus(start, self.times(end, t)), self.plus(ONE, t)
        self.values[f"t:{name}"] = t
        self.values[name] = x = self.variable("quotient", ANY, top, bottom)
        for word in self.statement.symbols[name]:
            require(self.sign(x) <= WORDS[word] | ZERO, f"{name} is not {word} on its range")

    def _let(self, name: str, node: Any) -> None:
        """A variable for a quotient, a root, an exponential or a logarithm, where there is one."""
        kind, x, key = _kind(node), self.lower(node[1]), json.dumps(node)
        # No name of a statement has a colon: what it says does not depend on what is named here.
        require(name[:2] == "v:" and name not in self.values, "a name has two meanings")
        require(kind in _NEEDS and key not in self.memory, "it is nothing to be named")
        s = self.sign(x)
        shown = s <= _NEEDS[kind] or self._granted(node)
        require(shown, f"it is not shown that there is {str(node)[:200]}")
        s &= _NEEDS[kind]
        if kind == "inverse":
            way = -1 if s == NEGATIVE else 1
            degree = 2 if len(s) == 2 else 1
            found = self.variable("quotient", s, {(): way}, self.plus({}, x, way), degree)
        elif kind == "root":
            found = self.variable("root", s, x, degree=node[2][2])
        else:
            sign = POSITIVE if kind == "exp" else self.sign(self.plus(x, ONE, -1))
            found = self.variable(kind, sign, x)
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

    def _value(self, node: Any, tree: Any) -> None:
        """A value of a quotient, a root or a modulus, shown by its equation."""
        kind, x, v = _kind(node), self.lower(node[1]), self.lower(tree)
        if kind == "inverse":
            equation = self.times(v, x), ONE
        else:
            require(self.sign(v) <= ANY - NEGATIVE, "a value is not shown to be >= 0")
            modulus = self.times(v, v), self.times(x, x)
            require(kind in ("root", "Abs"), "it is no quotient, root or modulus")
            equation = modulus if kind == "Abs" else (self.power(v, node[2][2]), x)
        require(self.same(*equation), "a value is another")
        self.memory[json.dumps(node)] = v

    def _pair(self, exponent: Any, power: Any, d: int, weights: list[int]) -> None:
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
        self.memory[json.dumps(["exp", exponent])] = e
        self.memory[json.dumps(["log", power])] = a

    def _sign(self, tree: Any, multiplier: Any, terms: Any) -> None:
        """The sign of what is, times something positive, a sum of terms of known signs."""
        p = self.lower(tree)
        (m, positive), (total, s) = self._sum(multiplier), self._sum(terms)
        require(positive == POSITIVE, "the multiplier is not positive")
        require(self.same(self.times(p, m), total), "the two sides of the identity differ")
        self.know(p, s)

    def _squares(self, left: Any, right: Any) -> None:
        """The sign of left - right by that of the squares: the side that is larger is >= 0."""
        p, q = self.lower(left), self.lower(right)
        s = self.sign(self.plus(self.times(p, p), self.times(q, q), -1))
        at_least, at_most = (ZERO != s <= ANY - other for other in (NEGATIVE, POSITIVE))
        larger = [p] if at_least else [q] if at_most else [p, q]
        sure = all(self.sign(side) <= ANY - NEGATIVE for side in larger)
        require(sure, "a side is not shown to be >= 0")
        self.know(self.plus(p, q, -1), s)

    def _sum(self, products: Any) -> tuple[Poly, Sign]:
        total, signs = dict[Any, Any](), []
        for product in products:
            part, sign = ONE, POSITIVE
            for tree, e in product:
                require(type(e) is int and e > 0, "an exponent is none")
                f = self.lower(tree)
                part = self.times(part, self.power(f, e))
                sign = frozenset(a * b**e for a in sign for b in self.sign(f))
            total = self.plus(total, part)
            signs.append(sign)
        return total, sum_of(signs)


def _kind(node: Any) -> str:
    """Of what a value is to be given: an inverse, a root, or another head."""
    if node[0] != "Pow":
        return node[0]
    e = _rational(node[2])
    return "inverse" if e == -1 else "root" if e and 1 / e == e.denominator > 1 else ""


def _rational(tree: Any) -> Fraction | None:
    if type(tree) is int:
        return Fraction(tree)
    return Fraction(*tree[1:]) if isinstance(tree, list) and tree[0] == "Rational" else None


def _tree(number: Fraction) -> Any:
    return int(number) if number.denominator == 1 else ["Rational", *number.as_integer_ratio()]
