"""Polynomials on the simplex: homogeneous in all probabilities, with coefficients in balls.

Written homogeneously in all π(o), which sum to 1, a polynomial is a Bernstein form on the
simplex: its coefficients bound it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from flint import arb, arb_mat, ctx
from sympy import Add, Expr, Mul, Pow, Symbol, multinomial_coefficients

from grpo_symbolic.enclosures.balls import ball

Exponents = tuple[int, ...]


@dataclass(frozen=True)
class Form:
    """A homogeneous polynomial in π(1), …, π(n), standing for its values where Σ π = 1.

    Parameters
    ----------
    count, degree : int
    terms : dict
        A ball for every exponent vector of sum ``degree`` that occurs.
    """

    count: int
    degree: int
    terms: Mapping[Exponents, arb]

    @classmethod
    def constant(cls, value: arb, count: int) -> Form:
        return cls(count, 0, {(0,) * count: value})

    @classmethod
    def unknown(cls, place: int, count: int) -> Form:
        return cls(count, 1, {tuple(int(o == place) for o in range(count)): arb(1)})

    @classmethod
    def of(
        cls, expr: Expr, unknowns: Sequence[Symbol], known: dict[Expr, Form] | None = None
    ) -> Form:
        """A polynomial in all but the last π(o), which is 1 minus the others.

        Parameters
        ----------
        expr : Expr
        unknowns : sequence of Symbol
        known : dict, optional
            The forms of parts that were met before; new ones are added.

        Raises
        ------
        ValueError
            When the expression is not a polynomial.
        """
        known = {} if known is None else known
        if expr not in known:
            known[expr] = cls._read(expr, unknowns, known)
        return known[expr]

    @classmethod
    def _read(cls, expr: Expr, unknowns: Sequence[Symbol], known: dict[Expr, Form]) -> Form:
        n = len(unknowns) + 1
        if not expr.has(*unknowns):
            return cls.constant(ball(expr, {}, ctx.prec), n)
        if isinstance(expr, Symbol):
            return cls.unknown(unknowns.index(expr), n)
        if isinstance(expr, Add):
            parts = [cls.of(a, unknowns, known) for a in expr.args]
            degree = max(p.degree for p in parts)
            total: dict[Exponents, arb] = {}
            for part in parts:
                for powers, c in part.raised(degree).terms.items():
                    total[powers] = total[powers] + c if powers in total else c
            return cls(n, degree, {k: c for k, c in total.items() if not c.is_zero()})
        if isinstance(expr, Mul):
            found = cls.constant(arb(1), n)
            for a in expr.args:
                found = found * cls.of(a, unknowns, known)
            return found
        if isinstance(expr, Pow) and expr.exp.is_Integer and expr.exp > 1:
            lower = cls.of(expr.base ** (expr.exp - 1), unknowns, known)
            return lower * cls.of(expr.base, unknowns, known)
        raise ValueError(f"{type(expr).__name__} of the policy is not a polynomial")

    def __mul__(self, other: Form) -> Form:
        total: dict[Exponents, arb] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                powers = tuple(map(add, left, right))
                total[powers] = total[powers] + a * b if powers in total else a * b
        return Form(self.count, self.degree + other.degree, total)

    def __sub__(self, other: Form) -> Form:
        degree = max(self.degree, other.degree)
        total = dict(self.raised(degree).terms)
        for powers, c in other.raised(degree).terms.items():
            total[powers] = total.get(powers, arb(0)) - c
        return Form(self.count, degree, total)

    def raised(self, degree: int) -> Form:
        """The same function, multiplied by a power of Σ π = 1."""
        found = self
        if found.degree < degree:
            rest = degree - found.degree
            whole = {p: arb(times) for p, times in _monomials(rest, self.count).items()}
            found = found * Form(self.count, rest, whole)
        return found

    def derivative(self, place: int) -> Form:
        """∂/∂π(o) of the homogeneous polynomial."""
        total = {}
        for powers, c in self.terms.items():
            if powers[place]:
                lower = tuple(k - (o == place) for o, k in enumerate(powers))
                total[lower] = c * powers[place]
        return Form(self.count, max(self.degree - 1, 0), total)

    def bounds(self) -> arb:
        """A ball that holds the values on the whole simplex: the hull of Bernstein coefficients."""
        monomials = _monomials(self.degree, self.count).items()
        return reduce(arb.union, (self.terms.get(p, arb(0)) / times for p, times in monomials))


def _monomials(total: int, parts: int) -> dict[Exponents, int]:
    """The exponent vectors of (Σ π)^total with their coefficients, by falling powers."""
    return dict(sorted(multinomial_coefficients(parts, total).items(), reverse=True))


def _ladder(base: arb, degree: int) -> list[arb]:
    found = [arb(1)]
    for _ in range(degree):
        found.append(found[-1] * base)
    return found


class Forms:
    """Forms of one degree, evaluated together."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self.degree = forms[0].degree
        monomials = _monomials(self.degree, forms[0].count)
        self.powers = list(monomials)
        zero = arb(0)
        rows = [[f.terms.get(p, zero) for p in self.powers] for f in forms]
        self.matrix = arb_mat(rows)
        self.weights = arb_mat([list(monomials.values())])

    def monomials(self, policy: Sequence[arb]) -> arb_mat:
        """All of this degree, each from one of fewer variables by one multiplication."""
        *others, last = (_ladder(p, self.degree) for p in policy)
        rows = [[power] for power in last]
        for ladder in reversed(others):
            least = self.degree if ladder is others[0] else 0
            rows = [
                [ladder[k] * m for k in range(total, -1, -1) for m in rows[total - k]]
                if total >= least
                else []
                for total in range(self.degree + 1)
            ]
        return arb_mat(len(self.powers), 1, rows[-1])

    def at(self, policy: Sequence[arb]) -> list[arb]:
        return (self.matrix * self.monomials(policy)).entries()

    def over(self, policy: Sequence[arb]) -> list[arb]:
        """On a box: a constant times (Σ π)^degree = 1 is split off before intervals are used."""
        middle = [arb(p.mid()) for p in policy]
        base = arb_mat(self.matrix.nrows(), 1, self.at(middle))
        rest = (self.matrix - base * self.weights) * self.monomials(policy)
        return (rest + base).entries()
