"""Three and more reward levels: the stationarity condition as a fixed-point system.

With finite groups P(o|π) is a polynomial. Written homogeneously in all π(o) it is a Bernstein
form on the simplex: its coefficients bound it, and so bound the values a(o) = P(o)/β to which a
stationary policy is the response. All solutions lie in one box of differences of values, on
which the condition is a fixed-point equation without any boundary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial, prod

from flint import arb, arb_mat
from sympy import Add, Expr, Mul, Pow, Symbol

from grpo_symbolic.numeric.balls import ball
from grpo_symbolic.solve.boxes import BITS, Box, Isolation, Undefined, isolate
from grpo_symbolic.solve.response import Response

__all__ = ["Form", "ResponseSystem"]

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
    def of(cls, expr: Expr, unknowns: Sequence[Symbol]) -> Form:
        """A polynomial in all but the last π(o), which is 1 minus the others.

        Raises
        ------
        ValueError
            When the expression is not a polynomial.
        """
        n = len(unknowns) + 1
        if not expr.has(*unknowns):
            return cls.constant(ball(expr, {}, BITS), n)
        if isinstance(expr, Symbol):
            return cls.unknown(unknowns.index(expr), n)
        if isinstance(expr, Add):
            parts = [cls.of(a, unknowns) for a in expr.args]
            degree = max(p.degree for p in parts)
            total: dict[Exponents, arb] = {}
            for part in parts:
                for powers, c in part.raised(degree).terms.items():
                    total[powers] = total.get(powers, arb(0)) + c
            return cls(n, degree, {k: c for k, c in total.items() if not c.is_zero()})
        if isinstance(expr, Mul):
            found = cls.constant(arb(1), n)
            for a in expr.args:
                found = found * cls.of(a, unknowns)
            return found
        if isinstance(expr, Pow) and expr.exp.is_Integer and expr.exp > 0:
            base = cls.of(expr.base, unknowns)
            found = base
            for _ in range(int(expr.exp) - 1):
                found = found * base
            return found
        raise ValueError(f"{type(expr).__name__} of the policy is not a polynomial")

    def __mul__(self, other: Form) -> Form:
        total: dict[Exponents, arb] = {}
        for left, a in self.terms.items():
            for right, b in other.terms.items():
                powers = tuple(i + j for i, j in zip(left, right, strict=True))
                total[powers] = total.get(powers, arb(0)) + a * b
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
            whole = {p: arb(_multinomial(p)) for p in _vectors(rest, self.count)}
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
        hull: arb | None = None
        for powers in _vectors(self.degree, self.count):
            c = self.terms.get(powers, arb(0)) / _multinomial(powers)
            hull = c if hull is None else hull.union(c)
        return arb(0) if hull is None else hull


def _vectors(total: int, parts: int) -> list[Exponents]:
    if parts == 1:
        return [(total,)]
    return [(k, *rest) for k in range(total, -1, -1) for rest in _vectors(total - k, parts - 1)]


def _multinomial(powers: Exponents) -> int:
    return factorial(sum(powers)) // prod(factorial(k) for k in powers)


class _Table:
    """Forms of one degree, evaluated together."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self.degree = forms[0].degree
        self.powers = _vectors(self.degree, forms[0].count)
        zero = arb(0)
        rows = [[f.terms.get(p, zero) for p in self.powers] for f in forms]
        self.matrix = arb_mat(rows)
        self.weights = arb_mat([[_multinomial(p) for p in self.powers]])

    def monomials(self, policy: Sequence[arb]) -> arb_mat:
        ladders = []
        for p in policy:
            ladder = [arb(1)]
            for _ in range(self.degree):
                ladder.append(ladder[-1] * p)
            ladders.append(ladder)
        entries = []
        for powers in self.powers:
            value = arb(1)
            for ladder, k in zip(ladders, powers, strict=True):
                if k:
                    value *= ladder[k]
            entries.append(value)
        return arb_mat(len(entries), 1, entries)

    def at(self, policy: Sequence[arb]) -> list[arb]:
        return (self.matrix * self.monomials(policy)).entries()

    def over(self, policy: Sequence[arb]) -> list[arb]:
        """On a box: a constant times (Σ π)^degree = 1 is split off before intervals are used."""
        middle = [arb(p.mid()) for p in policy]
        base = arb_mat(self.matrix.nrows(), 1, self.at(middle))
        rest = (self.matrix - base * self.weights) * self.monomials(policy)
        return (rest + base).entries()


class ResponseSystem:
    """Differences a(o) − a(n) of values as fixed points of a ↦ (P(o) − P(n))(π(a))/β.

    Parameters
    ----------
    response : Response
    preference : sequence of Expr
        P(o|π) with numbers for all other symbols.
    unknowns : sequence of Symbol
        π(o) of all answers but the last.
    beta : arb

    Raises
    ------
    ValueError
        When P is not a polynomial in the policy.
    """

    def __init__(
        self,
        response: Response,
        preference: Sequence[Expr],
        unknowns: Sequence[Symbol],
        beta: arb,
    ) -> None:
        self.response, self.beta = response, beta
        forms = [Form.of(p, tuple(unknowns)) for p in preference]
        degree = max(f.degree for f in forms)
        forms = [f.raised(max(degree, 1)) for f in forms]
        self.contrasts = [f - forms[-1] for f in forms[:-1]]
        self._values = _Table(self.contrasts)
        n = len(forms)
        self._slopes = _Table([f.derivative(o) for f in self.contrasts for o in range(n)])

    @property
    def region(self) -> Box:
        """A box that contains every solution."""
        return [f.bounds() / self.beta for f in self.contrasts]

    def value(self, point: Box) -> Box:
        policy = self.response.policy([*point, arb(0)])
        return [v / self.beta for v in self._values.at(policy)]

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        policy = self.response.over([*box, arb(0)])
        n = len(policy)
        weights = self.response.slopes(policy)
        total = sum(weights, arb(0))
        shares = [w / total for w in weights]
        flat = self._slopes.over(policy)
        entries = []
        for o in range(n - 1):
            row = flat[o * n : (o + 1) * n]
            for j in range(n - 1):
                # dπ/da(j) = w(j) (e(j) − w/Σ w)
                pull = sum(
                    (share * (row[j] - d) for share, d in zip(shares, row, strict=True)), arb(0)
                )
                entries.append(weights[j] * pull / self.beta)
        values = [v / self.beta for v in self._values.over(policy)]
        if not all(x.is_finite() for x in (*values, *entries)):
            raise Undefined("no finite enclosure on the box")
        return values, arb_mat(n - 1, n - 1, entries)

    def isolated(self, most: int) -> Isolation:
        """Every solution, as far as ``most`` cells allow."""
        wide = [arb(x.mid(), x.rad() * 1.001 + arb(2) ** -30) for x in self.region]
        return isolate(self, [wide], most, lambda box: True)

    def policy(self, place: Box) -> Box:
        """π at a small box of values."""
        return self.response.policy([*(arb(x.mid()) for x in place), arb(0)])
