"""Proofs for the kernel: every value, factoring and sign that it is to look at, found here.

The kernel runs a proof step by step, and searches for nothing. Here each step is found, run on
a proof of the kernel's own, so that nothing is written down that it would not accept, and kept.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from grpo_symbolic.verify.exponents import combination
from grpo_symbolic.verify.kernel.proof import ONE, Missing, Poly, Proof
from grpo_symbolic.verify.kernel.statement import INFINITE, Rejected, Unchecked
from grpo_symbolic.verify.sign_search import ratio, shown

Tree = Any
_MAX_TERMS = 3000
_PRIMES = 10_000


class NotFound(Unchecked):
    """There is no step that would help."""


class Elaboration:
    """A proof in the making.

    Attributes
    ----------
    proof : Proof
        The kernel's, with every step so far run.
    steps : list
        Those steps, for the certificate.
    """

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.steps: list[Any] = []
        self.trees: dict[int, Tree] = {}
        self.atoms: dict[tuple[str, Any, Any], Tree] = {}
        self.exponents: dict[Any, tuple[int, Tree]] = {}
        self.failed: dict[Any, int] = {}  # normal forms whose sign was looked for, how deep

    def begin(self) -> Elaboration:
        """With a coordinate for every symbol of the range."""
        for r in self.proof.statement.ranges:
            ends = [self.lower(end) for end in (r.lower, r.upper) if end not in INFINITE]
            at = self.proof.chart.get(r.symbol)
            if isinstance(at, Fraction):
                for end in ends:
                    self.sign(self.proof.plus(end, {(): at}, -1))
            elif len(ends) == 2:
                self.sign(self.proof.plus(*reversed(ends), -1))
            self.do("symbol", r.symbol)
            for name in (f"t:{r.symbol}", r.symbol):
                self._named(self.proof.values.get(name, {}), name)
        return self

    def do(self, *step: Any) -> None:
        self.proof.run([step])
        self.steps.append(list(step))

    def lower(self, tree: Tree) -> Poly:
        """The polynomial that an expression is; whatever it lacks is given a value."""
        while True:
            try:
                return self.proof.lower(tree)
            except Missing as missing:
                self._provide(missing.args[0])

    # -- trees and factors ----------------------------------------------------------------

    def _named(self, variable: Poly, name: str) -> None:
        for monomial in variable:
            for g, _ in monomial:
                self.trees.setdefault(g, name)

    def tree(self, p: Poly) -> Tree:
        """A polynomial as an expression in the names of variables."""
        terms = []
        for m, c in sorted(p.items()):
            parts: list[Tree] = [] if c == 1 and m else [ratio(Fraction(c))]
            for g, e in m:
                tree = self.trees.get(g, ["Pi"])
                parts.append(tree if e == 1 else ["Pow", tree, e])
            terms.append(["Mul", *parts] if len(parts) > 1 else parts[0])
        return ["Add", *terms] if len(terms) > 1 else (terms or [0])[0]

    def cancelled(self, p: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]:
        """A number and factors, with exponents of either sign, of which p is the product."""
        fresh = len(self.proof.variables), 1
        cleared = self.proof.normal(self.proof.plus(p, {(fresh,): 1}))
        over = {m[:-1]: c for m, c in cleared.items() if fresh in m}
        number, tops = self.factors({m: c for m, c in cleared.items() if fresh not in m})
        if not number:
            return number, []
        content, bottoms = self.factors(over)
        found: dict[Any, tuple[Poly, int]] = {frozenset(f.items()): (f, e) for f, e in tops}
        for f, e in bottoms:
            key = frozenset(f.items())
            found[key] = f, found.get(key, (f, 0))[1] - e
        return number / content, [(f, e) for f, e in found.values() if e]

    def factors(self, p: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]:
        """A number and primitive factors, variables among them, of a normal form.

        Where a coordinate has a root among the variables it is written as its power.
        """
        p = self._lifted(p)
        used = sorted({g for m in p for g, _ in m})
        if not used:
            return Fraction(p.get((), 0)), []
        if len(p) > _MAX_TERMS:
            content = _content(p)
            return content, [({m: int(c / content) for m, c in p.items()}, 1)]
        context = fmpq_mpoly_ctx.get([f"x{g}" for g in used], Ordering.lex)
        data = {}
        for m, c in p.items():
            powers, c = dict(m), Fraction(c)
            data[tuple(powers.get(g, 0) for g in used)] = fmpq(c.numerator, c.denominator)
        number, parts = context.from_dict(data).factor()
        total, found = Fraction(int(number.p), int(number.q)), []
        for f, e in parts:
            q = {
                tuple((g, int(k)) for g, k in zip(used, powers, strict=True) if k): Fraction(
                    int(c.p), int(c.q)
                )
                for powers, c in f.terms()
            }
            content = _content(q)
            total *= content ** int(e)
            q = {m: int(c / content) for m, c in q.items()}
            found.append((self.proof.normal(q), int(e)))
        return total, found

    def _lifted(self, p: Poly) -> Poly:
        """With the power of a root for a coordinate."""
        lifts = {}
        for g, v in enumerate(self.proof.variables):
            if v.kind == "root" and (h := _variable(v.top)) is not None:
                lifts[h] = g, v.degree
        found: Poly = {}
        for m, c in p.items():
            powers: dict[int, int] = {}
            for g, e in m:
                h, k = lifts.get(g, (g, 1))
                powers[h] = powers.get(h, 0) + e * k
            key = tuple(sorted(powers.items()))
            found[key] = found.get(key, 0) + c
        return found

    def product(self, number: Fraction, parts: list[tuple[Tree, int]]) -> Tree:
        """A product of powers, negative ones by inverses."""
        found: list[Tree] = [] if number == 1 and parts else [ratio(number)]
        for tree, e in parts:
            if e:
                found.append(tree if e == 1 else ["Pow", tree, e])
        return ["Mul", *found] if len(found) > 1 else (found or [1])[0]

    def sign(self, p: Poly) -> int | None:
        """The sign of a polynomial, searched for: 2, 1, 0, -1, -2, or None if it is not found."""
        return shown(self, self.proof.normal(p))

    # -- values -----------------------------------------------------------------------------

    def _provide(self, node: Tree) -> None:
        head = node[0]
        if head == "Pow" and node[2] == -1:
            self._inverse(node)
        elif head == "Pow":
            self._root(node, Fraction(1, node[2][2]))
        else:
            getattr(self, f"_{head.lower()}")(node)

    def _literally(self, node: Tree) -> None:
        """A variable for the node as it stands, which may be granted."""
        name = f"v:{len(self.steps)}"
        self.do("let", name, node)
        self._named(self.proof.values[name], name)

    def _inverse(self, node: Tree) -> None:
        p = self.proof.lower(node[1])
        try:
            number, parts = self.cancelled(p)
            value = self.product(1 / number, [(self.powered(f, -e), 1) for f, e in parts])
            self.do("value", node, value)
        except (NotFound, Rejected):
            self.sign(p)
            self._literally(node)

    def powered(self, f: Poly, e: int | Fraction) -> Tree:
        """A power of a factor: of its inverse or its root, where that is what it takes."""
        f, e = self._unrooted(f, Fraction(e))
        whole = e.numerator // e.denominator
        part = e - whole
        found = [(self.tree(f), whole)] if whole > 0 else []
        if part:
            root = self._atom("root", f, ["Rational", 1, part.denominator])
            found.append((root, part.numerator))
        if whole < 0:
            found.append((self._atom("inverse", f, -1), -whole))
        return self.product(Fraction(1), found)

    def _unrooted(self, f: Poly, e: Fraction) -> tuple[Poly, Fraction]:
        """A power of a root as one of what is under it."""
        g = _variable(f)
        if g is None or self.proof.variables[g].kind != "root":
            return f, e
        return self.proof.variables[g].top, e / self.proof.variables[g].degree

    def powered_all(self, p: Poly, e: Fraction) -> Tree:
        """A power of a positive polynomial."""
        number, parts = self.cancelled(p)
        found: list[tuple[Tree, int]] = []
        for n, way in ((abs(number).numerator, 1), (number.denominator, -1)):
            found += [(self.powered({(): q}, way * k * e), 1) for q, k in primes(n)]
        rest: Poly = {(): 1 if number > 0 else -1}
        for f, k in parts:
            s = self.sign(f)
            if s in (2, -2) or (s in (1, -1) and k > 0):
                if s in (-1, -2):
                    f, rest = _negative(f), _negative(rest) if k % 2 else rest
                found.append((self.powered(f, k * e), 1))
            elif k % 2 == 0 and e.denominator == 2:
                found.append((self._modulus(f), int(k * e)))
            elif k > 0:
                rest = self.proof.times(rest, self.proof.power(f, k))
            else:
                raise NotFound("a radicand has a divisor of unknown sign")
        if rest != ONE:
            rest = self.proof.normal(rest)
            self.sign(rest)
            found.append((self.powered(rest, e), 1))
        return self.product(Fraction(1), found)

    def _modulus(self, f: Poly) -> Tree:
        tree = self.tree(f)
        self.lower(["Abs", tree])
        return ["Abs", tree]

    def _atom(self, kind: str, f: Poly, exponent: Tree) -> Tree:
        """A variable for the inverse or the root of a factor."""
        key = kind, frozenset(f.items()), str(exponent)
        if key not in self.atoms:
            if set(f) == {()} and kind == "inverse":
                return ratio(1 / Fraction(f[()]))
            self.sign(f)
            node = ["Pow", self.tree(f), exponent]
            if str(node) not in self.proof.memory:
                self._literally(node)
            self.atoms[key] = self.tree(self.proof.memory[str(node)])
        return self.atoms[key]

    def _root(self, node: Tree, e: Fraction) -> None:
        p = self.proof.lower(node[1])
        if not p:
            self.do("value", node, 0)
            return
        try:
            value = self.powered_all(p, e)
            self.lower(value)
            if str(node) not in self.proof.memory:
                self.sign(self.proof.lower(value))
                self.do("value", node, value)
        except (NotFound, Rejected):
            self.sign(p)
            self._literally(node)

    def _abs(self, node: Tree) -> None:
        p = self.proof.lower(node[1])
        s = self.sign(p)
        if s is not None:
            self.do("value", node, node[1] if s >= 0 else ["Mul", -1, node[1]])
            return
        # the modulus of each factor by its sign, or as the root of its square
        number, parts = self.cancelled(p)
        found: list[tuple[Tree, int]] = []
        for f, e in parts:
            s = self.sign(f)
            if s is not None:
                f = f if s >= 0 else _negative(f)
                found.append((self.powered(f, e), 1))
                continue
            square = ["Pow", ["Pow", self.tree(f), 2], ["Rational", 1, 2]]
            if str(square) not in self.proof.memory:
                self.sign(self.lower(square[1]))
                self._literally(square)
            found.append((square, e))
        value = self.product(abs(number), found)
        self.sign(self.lower(value))
        self.do("value", node, value)

    # -- exponentials and logarithms ----------------------------------------------------------

    def _pair(self, exponent: Tree, power: Tree, weights: dict[int, Fraction]) -> None:
        d = lcm(*(w.denominator for w in weights.values()))
        count = len(self.proof.pairs)
        listed = [int(weights.get(i, Fraction(0)) * d) for i in range(count)]
        self.lower(exponent)
        self.sign(self.lower(power))
        self.do("pair", exponent, power, d, listed)

    def _spanned(self, exponent: Poly) -> tuple[list[tuple[Tree, int]], dict[int, Fraction]] | None:
        """Powers of exponentials with a name whose product has this exponent, and the weights."""
        named = [
            (index, a, power)
            for index, (a, power) in enumerate(self.proof.pairs)
            if any(self.proof.variables[g].kind == "exp" for m in power for g, _ in m)
        ]
        known = [self.cancelled(a) for _, a, _ in named]
        weights = combination(self.proof, known, self.cancelled(exponent))
        if weights is None:
            return None
        used = [(i, power, w) for (i, _, power), w in zip(named, weights, strict=True) if w]
        return [(self.powered(power, w), 1) for _, power, w in used], {i: w for i, _, w in used}

    def _exp(self, node: Tree) -> None:
        exponent = self.proof.lower(node[1])
        spanned = self._spanned(exponent)
        if spanned is not None:
            self._pair(node[1], self.product(Fraction(1), spanned[0]), spanned[1])
            return
        number, parts = self.cancelled(exponent)
        top, below = ONE, []
        for f, e in parts:
            if e > 0:
                top = self.proof.times(top, self.proof.power(f, e))
            else:
                below.append((self.powered(f, e), 1))
        weights: dict[int, Fraction] = {}
        found: list[tuple[Tree, int]] = []
        for m, c in top.items():
            c = number * c
            known = self._log_of(m) if not below else None
            if known is not None:
                index, power = known
                found.append((self.powered_all(power, c), 1))
                weights[index] = weights.get(index, Fraction(0)) + c
                continue
            key = m, str(below)
            if key not in self.exponents:
                unit = self.product(Fraction(1, c.denominator), [(self.tree({m: 1}), 1), *below])
                spanned = self._spanned(self.proof.times({(): c.numerator}, self.lower(unit)))
                if spanned is not None:
                    found += spanned[0]
                    for index, w in spanned[1].items():
                        weights[index] = weights.get(index, Fraction(0)) + w
                    continue
                self._literally(["exp", unit])
                self.exponents[key] = c.denominator, ["exp", unit], len(self.proof.pairs) - 1
            d, tree, index = self.exponents[key]
            found.append((self.powered(self.lower(tree), c * d), 1))
            weights[index] = weights.get(index, Fraction(0)) + c * d
        if str(node) not in self.proof.memory:
            self._pair(node[1], self.product(Fraction(1), found), weights)

    def _log_of(self, m: Any) -> tuple[int, Poly] | None:
        for index, (a, power) in enumerate(self.proof.pairs):
            g = _variable(a) if a == {m: 1} else None
            if g is not None and self.proof.variables[g].kind == "log":
                return index, power
        return None

    def _log(self, node: Tree) -> None:
        p = self.proof.lower(node[1])
        number, parts = self.cancelled(p) if self.sign(p) == 2 else (None, [])
        if number is None or any(self.sign(f) not in (2, -2) for f, _ in parts):
            self._literally(node)
            return
        weights: dict[int, Fraction] = {}
        terms: list[Tree] = []
        for n, way in ((abs(number).numerator, 1), (abs(number).denominator, -1)):
            parts = [*parts, *(({(): q}, way * k) for q, k in primes(n))]
        for f, e in parts:
            f = f if self.sign(f) == 2 else _negative(f)
            f, e = self._unrooted(f, Fraction(e))
            index = self._pair_of(f)
            weights[index] = weights.get(index, Fraction(0)) + e
            terms.append(["Mul", ratio(e), self.tree(self.proof.pairs[index][0])])
        if str(node) not in self.proof.memory:
            self._pair(["Add", 0, *terms], node[1], weights)

    def _pair_of(self, f: Poly) -> int:
        """The place of the logarithm of a factor."""
        for index, (_, power) in enumerate(self.proof.pairs):
            if power == f:
                return index
        self.sign(self.proof.plus(f, ONE, -1))
        self._literally(["log", self.tree(f)])
        return len(self.proof.pairs) - 1


def _negative(p: Poly) -> Poly:
    return {m: -c for m, c in p.items()}


def _variable(p: Poly) -> int | None:
    """The variable that a polynomial is, if it is one."""
    (m, *_) = p
    return m[0][0] if m and p == {((m[0][0], 1),): 1} else None


def primes(n: int) -> list[tuple[int, int]]:
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


def _content(p: Poly) -> Fraction:
    numbers = [Fraction(c) for c in p.values()]
    content = Fraction(gcd(*(c.numerator for c in numbers)), lcm(*(c.denominator for c in numbers)))
    return -content if p[max(p)] < 0 else content
