"""Identity certificates found by linear programming.

Every product of hypotheses is a column, every monomial a row. The linear program only says
which products are needed; their coefficients are then solved for in rational numbers, and the
identity is expanded exactly. Nothing that the program computes is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import combinations, combinations_with_replacement
from typing import Any

from flint import fmpq, fmpq_mat
from sympy import Expr, Integer, Mul, Poly, Rational, S

from grpo_symbolic.surd import as_rational
from grpo_symbolic.verify.certificate import Certificate, Product
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.polynomial_system import NotPolynomial, PolynomialSystem
from grpo_symbolic.verify.verdict import Status, Verdict

DEGREE = 4
# A column counts as used above this.
_USED = 1e-9
# Larger programs are not tried.
_MAX_COLUMNS = 4000
# Of the simplex method, for all programs of one search together.
_MAX_ITERATIONS = 20_000
_MAX_SQUARES = 30
# The place of the right side of an equation among those of the columns.
_RIGHT = -1
# What a column costs, so that few and short ones are preferred: a product, beside the square of
# its length; each of its terms; a monomial of a cofactor.
_PRODUCT, _TERM, _COFACTOR = 1.0, 0.1, 0.05

Monomials = dict[tuple[int, ...], Rational]


class LinearCertificate(Method):
    """An identity that proves the claim, by linear programming over products of hypotheses."""

    name = "identity certificate"
    family = "linear certificate"
    steps = 2_500_000

    def missing(self) -> str:
        return "" if _installed() else "pip install scipy"

    def attempt(self, claim: Claim) -> Verdict | None:
        if self.missing():
            return None
        try:
            system = PolynomialSystem.of(claim)
        except NotPolynomial:
            return None
        found = certify(system)
        if found is None:
            return None
        return Verdict(Status.PROVED, self.name, str(found), found.data())

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        try:
            certificate = Certificate.of(PolynomialSystem.of(claim), evidence)
        except ValueError:
            return False
        return status == Status.PROVED and certificate.proves()


def certify(system: PolynomialSystem, *, degree: int = DEGREE) -> Certificate | None:
    """A certificate for the goal of ``system``, or None where none was found.

    Parameters
    ----------
    system : PolynomialSystem
        For a statement on a root, its equation is one of the system's equations.
    degree : int
        How many factors a product may have; a square counts twice. The search begins with the
        shortest products and ends with the first that suffice, or the largest program.

    Raises
    ------
    ValueError
        Without SciPy.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> from grpo_symbolic.verify.polynomial_system import Hypothesis, PolynomialSystem
    >>> positive = [Hypothesis(v, strict=True) for v in (s.pi, s.pi_ref, 1 - s.pi_ref)]
    >>> print(certify(PolynomialSystem(s.pi + s.pi_ref - s.pi * s.pi_ref, ">", tuple(positive))))
    -pi*pi_ref + pi + pi_ref = pi*(1 - pi_ref) + pi_ref
    """
    if not _installed():
        raise ValueError("linear programming needs SciPy: pip install scipy")
    if system.goal == 0:
        return _zero(system) if system.relation != ">" else None
    iterations = _Iterations(_MAX_ITERATIONS)
    for count in range(1, degree + 1):
        try:
            found = _Program(system, count, iterations).certificate()
        except _TooLarge:
            return None
        if found is not None:
            return found
    return None


class _TooLarge(Exception):
    """The program has too many columns."""


@dataclass
class _Iterations:
    """What is left of the iterations of the simplex method."""

    left: int


def _zero(system: PolynomialSystem) -> Certificate:
    one = Product(Integer(1), (0,) * len(system.hypotheses))
    return Certificate(system, (), (one,), (), tuple(Integer(0) for _ in system.equations))


@dataclass(frozen=True)
class _Column:
    """One unknown of the program: a coefficient of the identity."""

    kind: str  # multiplier, term or cofactor
    key: tuple[int, ...]  # powers of the factors; for a cofactor its monomial
    monomials: Monomials  # its share of: multiplier goal - terms - cofactors equations
    positive: bool
    cost: float
    equation: int = -1  # of a cofactor


class _Program:
    """All products of up to ``count`` factors, with unknown coefficients."""

    def __init__(self, system: PolynomialSystem, count: int, iterations: _Iterations) -> None:
        self.system = system
        self.iterations = iterations
        self.squares = () if system.relation == "==" else tuple(_squares(system))
        self.columns: list[_Column] = []
        goal = system.poly(system.goal)
        multipliers = list(self._products(count - 1, strict=True))
        bound = goal.total_degree() + max(p.total_degree() for _, p in multipliers)
        for powers, product in multipliers:
            self._add("multiplier", powers, product * goal, True)
        if system.relation != "==":
            for powers, product in self._products(count):
                if product.total_degree() <= bound:
                    positive = all(self._strict(i) for i, k in enumerate(powers) if k)
                    self._add("term", powers, -product, positive)
        for i, expr in enumerate(system.equations):
            equation = system.poly(expr)
            room = bound - equation.total_degree()
            for monomial in _monomials(len(system.generators), room):
                share = {
                    tuple(a + b for a, b in zip(m, monomial, strict=True)): -Rational(c)
                    for m, c in equation.terms()
                }
                self._append(_Column("cofactor", monomial, share, False, _COFACTOR, i))

    def _strict(self, factor: int) -> bool:
        hypotheses = self.system.hypotheses
        return factor < len(hypotheses) and hypotheses[factor].strict

    def _products(self, count: int, strict: bool = False) -> Iterator[tuple[tuple[int, ...], Poly]]:
        """Products of up to ``count`` factors, a square counted twice, as powers and expanded."""
        system, total = self.system, len(self.system.hypotheses) + len(self.squares)
        usable = [i for i in range(len(system.hypotheses)) if not strict or self._strict(i)]
        values = {i: system.poly(system.hypotheses[i].value) for i in usable}
        known: dict[tuple[int, ...], Poly] = {(): system.poly(Integer(1))}
        for size in range(count + 1):
            for chosen in combinations_with_replacement(usable, size):
                if chosen:
                    known[chosen] = known[chosen[:-1]] * values[chosen[-1]]
                yield _powers(chosen, total), known[chosen]
        if strict:
            return
        for j, root in enumerate(self.squares):
            square = system.poly(root) ** 2
            for chosen, product in list(known.items()):
                if len(chosen) <= count - 2:
                    powers = _powers((*chosen, len(system.hypotheses) + j), total)
                    yield powers, product * square

    def _add(self, kind: str, powers: tuple[int, ...], poly: Poly, positive: bool) -> None:
        share = {m: Rational(c) for m, c in poly.terms() if c != 0}
        factors = sum(powers)
        cost = sum((_PRODUCT, factors * factors, _TERM * len(share)))
        self._append(_Column(kind, powers, share, positive, cost))

    def _append(self, column: _Column) -> None:
        if len(self.columns) >= _MAX_COLUMNS:
            raise _TooLarge
        self.columns.append(column)

    # -- the linear program -----------------------------------------------------------------

    def certificate(self) -> Certificate | None:
        values = self._feasible()
        if values is None:
            return None
        used = [i for i, v in enumerate(values) if abs(v) > _USED]
        exact = self._exact(used, values)
        if exact is None:
            return None
        chosen = zip(used, exact, strict=True)
        found = self._assembled({i: value for i, value in chosen if value != 0})
        return found if found is not None and found.proves() else None

    @cached_property
    def _normalised(self) -> list[list[int]]:
        """Sets of columns whose sum is at least 1: the multiplier and, for >, a positive term."""
        rows = [self._of_kind("multiplier")]
        if self.system.relation == ">":
            rows.append([i for i in self._of_kind("term") if self.columns[i].positive])
        return rows

    def _feasible(self) -> Sequence[float] | None:
        """Coefficients of all columns, by linear programming."""
        from scipy.optimize import linprog

        count = len(self.columns)
        found = linprog(
            **self._program,
            bounds=(0.0, None),
            method="highs-ds",
            options={"maxiter": self.iterations.left},
        )
        self.iterations.left -= int(found.nit)
        if found.status != 0:
            return None
        values = [float(v) for v in found.x]
        for i, opposite in zip(self._free, values[count:], strict=True):
            values[i] -= opposite
        return values[:count]

    def _of_kind(self, kind: str) -> list[int]:
        return [i for i, column in enumerate(self.columns) if column.kind == kind]

    @cached_property
    def _free(self) -> list[int]:
        return self._of_kind("cofactor")

    @cached_property
    def _program(self) -> dict[str, Any]:
        """Costs and constraints; a cofactor's coefficient is a difference of two unknowns, so that
        its size has a cost as well."""
        import numpy as np
        from scipy.sparse import coo_array

        rows: dict[tuple[int, ...], int] = {}
        at: list[tuple[int, int, float]] = []
        width = len(self.columns) + len(self._free)
        opposite = {i: len(self.columns) + n for n, i in enumerate(self._free)}
        for i, column in enumerate(self.columns):
            for monomial, c in column.monomials.items():
                row = rows.setdefault(monomial, len(rows))
                at.append((row, i, float(c)))
                if i in opposite:
                    at.append((row, opposite[i], -float(c)))
        normal = [(n, i, -1.0) for n, row in enumerate(self._normalised) for i in row]
        costs = [self.columns[i].cost for i in (*range(len(self.columns)), *self._free)]

        def matrix(entries: list[tuple[int, int, float]], height: int) -> Any:
            r, c, v = (np.array(part) for part in zip(*entries, strict=True))
            return coo_array((v, (r, c)), shape=(height, width)).tocsc()

        height = len(self._normalised)
        return {
            "c": costs,
            "A_ub": matrix(normal, height),
            "b_ub": -np.ones(height),
            "A_eq": matrix(at, len(rows)),
            "b_eq": np.zeros(len(rows)),
        }

    def _exact(self, used: list[int], values: Sequence[float]) -> list[fmpq] | None:
        """The used coefficients as rational numbers that solve the equations exactly."""
        rows: dict[tuple[int, ...], dict[int, Rational]] = {}
        for i in used:
            for monomial, c in self.columns[i].monomials.items():
                rows.setdefault(monomial, {})[i] = c
        equations = list(rows.values())
        for row in self._normalised:
            if abs(sum(values[i] for i in row) - 1) < _USED * 1e3:
                ones = {i: Integer(1) for i in used if i in row}
                equations.append({**ones, _RIGHT: Integer(1)})
        places = [*used, _RIGHT]
        matrix = fmpq_mat([[as_rational(e.get(i, S.Zero)) for i in places] for e in equations])
        reduced, rank = matrix.rref()
        # What linear programming finds is a corner: the equations have one solution there.
        if rank != len(used) or reduced[rank - 1, rank - 1] == 0:
            return None
        return [reduced[r, rank] for r in range(rank)]

    def _assembled(self, exact: Mapping[int, fmpq]) -> Certificate | None:
        system = self.system
        parts: dict[str, list[Product]] = {"multiplier": [], "term": []}
        cofactors = [Integer(0) for _ in system.equations]
        for i, value in exact.items():
            column, coefficient = self.columns[i], Rational(int(value.p), int(value.q))
            if column.kind == "cofactor":
                powers = zip(system.generators, column.key, strict=True)
                cofactors[column.equation] += Mul(coefficient, *(s**k for s, k in powers))
            else:
                parts[column.kind].append(Product(coefficient, column.key))
        if not parts["multiplier"]:
            return None
        return _scaled(system, self.squares, parts["multiplier"], parts["term"], cofactors)


def _scaled(
    system: PolynomialSystem,
    squares: tuple[Expr, ...],
    multiplier: list[Product],
    terms: list[Product],
    cofactors: list[Expr],
) -> Certificate:
    """The certificate without squares that it does not use, divided by its first coefficient."""
    one = multiplier[0].coefficient
    first = len(system.hypotheses)
    kept = [j for j in range(len(squares)) if any(p.powers[first + j] for p in terms)]

    def trimmed(products: list[Product]) -> tuple[Product, ...]:
        return tuple(
            Product(p.coefficient / one, (*p.powers[:first], *(p.powers[first + j] for j in kept)))
            for p in products
        )

    return Certificate(
        system,
        tuple(squares[j] for j in kept),
        trimmed(multiplier),
        trimmed(terms),
        tuple((q / one).expand() for q in cofactors),
    )


def _squares(system: PolynomialSystem) -> Iterator[Expr]:
    """The goal, and differences of two linear hypotheses (or 1): their squares may be needed."""
    seen: set[Expr] = set()
    linear = [h.value for h in system.hypotheses if system.poly(h.value).total_degree() == 1]
    gaps = [(a - b).expand() for a, b in combinations([*linear, Integer(1)], 2)]
    candidates = [system.goal, *sorted(gaps, key=lambda e: len(e.free_symbols))]
    for root in candidates:
        if root.is_number or root in seen or len(seen) >= _MAX_SQUARES:
            continue
        seen |= {root, (-root).expand()}
        yield root


def _powers(chosen: Sequence[int], total: int) -> tuple[int, ...]:
    powers = [0] * total
    for i in chosen:
        powers[i] += 1
    return tuple(powers)


def _monomials(symbols: int, degree: int) -> Iterator[tuple[int, ...]]:
    for size in range(degree + 1):
        for chosen in combinations_with_replacement(range(symbols), size):
            yield _powers(chosen, symbols)


@cache
def _installed() -> bool:
    return find_spec("scipy") is not None
