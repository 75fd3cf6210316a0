"""Claims as polynomial systems: a goal, hypotheses p >= 0 or p > 0, and equations q = 0.

The ranges of a claim's domain are its hypotheses. A root X^(1/q) becomes a symbol s with the
equation s^q = X and the hypothesis s >= 0; denominators are cleared where their sign is proved.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import reduce

from sympy import (
    QQ,
    Abs,
    Add,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Poly,
    Pow,
    S,
    Symbol,
    factor_list,
    fraction,
    together,
)
from sympy.polys.polyerrors import PolynomialError

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.normal_form import expansion
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import SYSTEM_LARGEST, within

#: The family of the methods that have to believe this encoder.
POLYNOMIAL_SYSTEM = "polynomial system"


class NotPolynomial(ValueError):
    """The statement is not one about polynomials with rational coefficients."""


@dataclass(frozen=True)
class Hypothesis:
    """``value > 0`` if strict, else ``value >= 0``."""

    value: Expr
    strict: bool = False

    def __str__(self) -> str:
        return f"{self.value} {'>' if self.strict else '>='} 0"


@dataclass(frozen=True)
class PolynomialSystem:
    """``goal`` > 0, >= 0 or == 0 wherever the hypotheses and the equations hold.

    Parameters
    ----------
    goal : Expr
        A polynomial with rational coefficients, like the values that follow.
    relation : {">", ">=", "=="}
    hypotheses : tuple of Hypothesis
    equations : tuple of Expr
        Each of them is 0.
    meanings : tuple of (Symbol, Expr)
        What the symbols of roots and extremes stand for, in those of the claim.
    scale : Expr
        The goal over the difference of the claim's sides: positive.

    Raises
    ------
    NotPolynomial
        A ValueError, which says what is not a polynomial.
    """

    goal: Expr
    relation: str
    hypotheses: tuple[Hypothesis, ...] = ()
    equations: tuple[Expr, ...] = ()
    meanings: tuple[tuple[Symbol, Expr], ...] = ()
    scale: Expr = S.One

    def __post_init__(self) -> None:
        if self.relation not in (">", ">=", "=="):
            raise ValueError(f"relation must be one of >, >=, ==, got {self.relation!r}")
        for expr in self.expressions:
            self.poly(expr)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.goal, *(h.value for h in self.hypotheses), *self.equations)

    @property
    def generators(self) -> tuple[Symbol, ...]:
        """The symbols that occur, by name."""
        found: set[Symbol] = set()
        for expr in self.expressions:
            found |= expr.free_symbols
        return tuple(sorted(found, key=str))

    def poly(self, expr: Expr) -> Poly:
        """``expr`` over the rationals in all symbols of the system."""
        generators = self.generators or (Symbol("_"),)
        try:
            return Poly(expr, *generators, domain=QQ)
        except PolynomialError:
            raise NotPolynomial(f"{expr} is not a polynomial over the rationals") from None

    @classmethod
    def of(cls, claim: Claim) -> PolynomialSystem:
        """The system of a claim on the ranges of its symbols.

        Raises
        ------
        NotPolynomial
            For ``!=``, for what is not algebraic, for radicands and denominators without a
            proved sign.
        """
        if claim.relation == "!=":
            raise NotPolynomial("an inequation is no polynomial system")
        sides = claim.left, claim.right
        operations = sum(side.count_ops() for side in sides)
        if not within(SYSTEM_LARGEST, operations, expansion(*sides)):
            raise NotPolynomial("the claim is too large")
        lowering = Lowering(claim.domain)
        goal, scale = lowering.scaled(lowering.lower(claim.surplus))
        known = [h for r in claim.domain.ranges for h in lowering.ends(r)]
        hypotheses = (*known, *lowering.hypotheses)
        relation = claim.relation.replace("<", ">")
        meanings = tuple((s, lowering.meaning(s)) for s in lowering.values)
        equations = tuple(lowering.equations)
        whole = cls(goal, relation, hypotheses, equations, meanings, lowering.meaning(scale))
        return whole._relevant()

    def _relevant(self) -> PolynomialSystem:
        """Without what shares no symbol with the goal, however indirectly."""
        linked = set(self.goal.free_symbols)
        rest = [*self.equations, *(h.value for h in self.hypotheses)]
        while True:
            more = [e for e in rest if e.free_symbols & linked]
            grown = reduce(set.union, (set(e.free_symbols) for e in more), linked)
            if grown == linked:
                break
            linked = grown
        return PolynomialSystem(
            self.goal,
            self.relation,
            tuple(h for h in self.hypotheses if h.value.free_symbols & linked),
            tuple(e for e in self.equations if e.free_symbols & linked),
            tuple(item for item in self.meanings if item[0] in linked),
            self.scale,
        )


class Lowering:
    """Algebraic expressions as quotients of polynomials in the symbols and in roots.

    Parameters
    ----------
    domain : Domain
    inverses : bool
        A denominator without a proved sign gets a symbol for its inverse, and a radicand is taken
        to be non-negative, as it is wherever the expression is real; else both are refused.
    """

    def __init__(self, domain: Domain, *, inverses: bool = False) -> None:
        self.domain = domain
        self.inverses = inverses
        self.roots: dict[tuple[Expr, int], Symbol] = {}
        self.values: dict[Symbol, Expr] = {}
        self.hypotheses: list[Hypothesis] = []
        self.equations: list[Expr] = []

    def lower(self, expr: Expr) -> Expr:
        if expr.is_Symbol or expr.is_Rational:
            return expr
        if isinstance(expr, (Add, Mul)):
            return expr.func(*(self.lower(a) for a in expr.args))
        if isinstance(expr, Pow) and expr.exp.is_Rational:
            base = self.lower(expr.base)
            if expr.exp.q == 1:
                return base**expr.exp
            return self.root(base, int(expr.exp.q)) ** expr.exp.p
        if isinstance(expr, Abs):
            return self.root(self.lower(expr.args[0]) ** 2, 2)
        if isinstance(expr, (Max, Min)):
            return self._extreme(expr.func is Max, [self.lower(a) for a in expr.args])
        raise NotPolynomial(f"{type(expr).__name__} is not algebraic")

    def _extreme(self, greatest: bool, values: list[Expr]) -> Expr:
        """A symbol that is one of the values, and beyond each of the others."""
        symbol = Symbol(f"extreme_{len(self.values) + 1}", real=True)
        self.values[symbol] = (Max if greatest else Min)(*map(self.meaning, values))
        gaps = [self.cleared(symbol - v if greatest else v - symbol) for v in values]
        self.hypotheses += [Hypothesis(gap) for gap in gaps]
        self.equations.append(Mul(*gaps))
        return symbol

    def meaning(self, expr: Expr) -> Expr:
        """The expression with its roots written out again."""
        while expr.free_symbols & set(self.values):
            expr = expr.xreplace(self.values)
        return expr

    def side(self, expr: Expr) -> Sign | None:
        return sign(self.meaning(expr), self.domain)

    def root(self, base: Expr, order: int) -> Expr:
        """A root of ``top/bottom`` as that of ``top bottom^(order - 1)``, over ``bottom``."""
        top, bottom = fraction(together(base))
        if self.side(bottom) is not Sign.POSITIVE:
            if not self.inverses:
                raise NotPolynomial(f"the denominator {bottom} of a radicand has no proved sign")
            top, bottom = top * self._inverse(bottom), Integer(1)
        content, factors = factor_list(top * bottom ** (order - 1))
        outside, inside = Integer(1), content
        for factor, power in factors:
            taken = power // order if self.side(factor) is Sign.POSITIVE else 0
            outside *= factor**taken
            inside *= factor ** (power - order * taken)
        return outside * self._symbol(inside.expand(), order) / bottom

    def _symbol(self, radicand: Expr, order: int) -> Expr:
        exact = Pow(radicand, Integer(1) / order) if radicand.is_Rational else None
        if exact is not None and exact.is_Rational:
            return exact
        key = (radicand, order)
        if key not in self.roots:
            side = self.side(radicand)
            if (side is None or side < 0) and not self.inverses:
                raise NotPolynomial(f"the radicand {radicand} has no proved sign")
            symbol = Symbol(f"root_{len(self.roots) + 1}", nonnegative=True)
            self.roots[key] = symbol
            self.values[symbol] = Pow(radicand, Integer(1) / order)
            self.hypotheses.append(Hypothesis(symbol, side is Sign.POSITIVE))
            self.equations.append(symbol**order - radicand)
        return self.roots[key]

    def _inverse(self, value: Expr) -> Expr:
        """A symbol i with i · value = 1."""
        symbol = Symbol(f"inverse_{len(self.values) + 1}", real=True)
        self.values[symbol] = 1 / value
        self.equations.append(symbol * value - 1)
        return symbol

    def cleared(self, expr: Expr) -> Expr:
        """``expr`` times a positive factor, as a polynomial."""
        return self.scaled(expr)[0]

    def scaled(self, expr: Expr) -> tuple[Expr, Expr]:
        """``expr`` times a positive factor, as a polynomial, and that factor."""
        top, bottom = fraction(together(expr))
        if bottom.is_Rational:
            return (top / bottom).expand(), Integer(1)
        side = self.side(bottom)
        if side not in (Sign.POSITIVE, Sign.NEGATIVE):
            if self.inverses:
                return top * self._inverse(bottom), Integer(1)
            raise NotPolynomial(f"the denominator {bottom} has no proved sign")
        if side is Sign.NEGATIVE:
            top, bottom = -top, -bottom
        return top.expand(), bottom

    def ends(self, r: Range) -> list[Hypothesis]:
        """The hypotheses of a range, as they are written where they are polynomials.

        An end that is not algebraic, such as one at infinity, is left out.
        """
        found = []
        for gap, closed in (
            (r.symbol - r.lower, r.lower_closed),
            (r.upper - r.symbol, r.upper_closed),
        ):
            with suppress(NotPolynomial):
                value = self.lower(gap)
                value = value if value.is_polynomial() else self.cleared(value)
                found.append(Hypothesis(value, not closed))
        return found
