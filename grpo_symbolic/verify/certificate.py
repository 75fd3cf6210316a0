"""Identity certificates: an equation between polynomials that proves an inequality.

    multiplier × goal = sum of positive numbers × products of hypotheses and squares
                        + cofactors × equations

The multiplier is a positive combination of products of strict hypotheses. Whoever expands both
sides has checked the proof: how it was found does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from sympy import Add, Expr, Integer, Mul, Poly, Pow, Rational, Symbol, sstr

from grpo_symbolic.display import tex
from grpo_symbolic.verify.polynomial_system import PolynomialSystem
from grpo_symbolic.verify.tree import to_tree


@dataclass(frozen=True)
class Product:
    """``coefficient`` times a product of powers of the factors of a certificate."""

    coefficient: Rational
    powers: tuple[int, ...]


@dataclass(frozen=True)
class Certificate:
    """A proof of a polynomial system's goal.

    Parameters
    ----------
    system : PolynomialSystem
    squares : tuple of Expr
        Polynomials whose squares are factors beside the hypotheses.
    multiplier : tuple of Product
        Of hypotheses only, strict ones.
    terms : tuple of Product
        Powers first of the hypotheses, then of the squares.
    cofactors : tuple of Expr
        One polynomial for each equation.
    """

    system: PolynomialSystem
    squares: tuple[Expr, ...]
    multiplier: tuple[Product, ...]
    terms: tuple[Product, ...]
    cofactors: tuple[Expr, ...]

    @property
    def factors(self) -> tuple[Expr, ...]:
        """What the terms are products of: the hypotheses, then the squares."""
        return (*(h.value for h in self.system.hypotheses), *(Pow(r, 2) for r in self.squares))

    def proves(self) -> bool:
        """Whether the signs are right and both sides expand to the same polynomial."""
        hypotheses, relation = self.system.hypotheses, self.system.relation
        strict = [h.strict for h in hypotheses] + [False] * len(self.squares)
        shaped = all(len(p.powers) == len(strict) for p in (*self.multiplier, *self.terms)) and len(
            self.cofactors
        ) == len(self.system.equations)
        if not shaped or not self.multiplier:
            return False
        for product in (*self.multiplier, *self.terms):
            if not product.coefficient > 0 or any(power < 0 for power in product.powers):
                return False

        def positive(product: Product) -> bool:
            return all(strict[i] for i, power in enumerate(product.powers) if power)

        if not all(positive(product) for product in self.multiplier):
            return False
        if relation == ">" and not any(positive(product) for product in self.terms):
            return False
        if relation == "==" and self.terms:
            return False
        return self._remainder().is_zero

    def _remainder(self) -> Poly:
        """The left side minus the right side, expanded over the rationals."""
        poly = self.system.poly
        factors = [poly(h.value) for h in self.system.hypotheses]
        factors += [poly(r) ** 2 for r in self.squares]

        def total(products: Iterable[Product]) -> Poly:
            found = poly(Integer(0))
            for p in products:
                powers = (f**k for f, k in zip(factors, p.powers, strict=True) if k)
                found += prod(powers, start=poly(p.coefficient))
            return found

        equations = zip(self.cofactors, self.system.equations, strict=True)
        return (
            total(self.multiplier) * poly(self.system.goal)
            - total(self.terms)
            - sum((poly(q) * poly(e) for q, e in equations), poly(Integer(0)))
        )

    # -- to be read ---------------------------------------------------------------------

    @cached_property
    def names(self) -> dict[Symbol, Expr]:
        """A symbol for each equation that is used, with the polynomial that it stands for."""
        used = [i for i, q in enumerate(self.cofactors) if q != 0]
        labels = ["E"] if len(used) == 1 else [f"E_{i + 1}" for i in range(len(used))]
        taken = {s.name for s in self.system.generators}
        if taken & set(labels):
            labels = [f"equation_{i + 1}" for i in range(len(used))]
        return {
            Symbol(label): self.system.equations[i] for label, i in zip(labels, used, strict=True)
        }

    @cached_property
    def left(self) -> Expr:
        """The multiplier times the goal."""
        goal = min(self.system.goal, self.system.goal.factor(), key=lambda e: len(sstr(e)))
        return Mul(self._written(self.multiplier), goal)

    @cached_property
    def right(self) -> Expr:
        """Products of what is known to be positive, and multiples of `names`."""
        used = (q for q in self.cofactors if q != 0)
        multiples = (q.factor() * name for q, name in zip(used, self.names, strict=True))
        return Add(self._written(self.terms), *multiples)

    def _written(self, products: Sequence[Product]) -> Expr:
        parts = []
        for p in products:
            product = Mul(*(f**k for f, k in zip(self.factors, p.powers, strict=True)))
            # SymPy would distribute a number over a sum: the factor is to be seen.
            whole = p.coefficient == 1 or not product.is_Add
            parts.append(Mul(p.coefficient, product, evaluate=whole))
        return Add(*parts)

    def __str__(self) -> str:
        return self._identity

    @cached_property
    def _identity(self) -> str:
        definitions = "".join(f", {name} = {sstr(e)} = 0" for name, e in self.names.items())
        return f"{sstr(self.left)} = {sstr(self.right)}{definitions}"

    def latex(self) -> str:
        """The identity, then what its names stand for."""
        lines = [f"{tex(self.left)} = {tex(self.right)}"]
        lines += [f"{tex(name)} = {tex(e)} = 0" for name, e in self.names.items()]
        return r",\quad ".join(lines)

    # -- as plain data ------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """Everything as lists, numbers as text: ``[coefficient, exponents]`` for each monomial."""
        return {
            **_statement(self.system),
            "squares": [_listed(self.system, r) for r in self.squares],
            "multiplier": [[str(p.coefficient), list(p.powers)] for p in self.multiplier],
            "terms": [[str(p.coefficient), list(p.powers)] for p in self.terms],
            "cofactors": [_listed(self.system, q) for q in self.cofactors],
            "identity": str(self),
            "latex": self.latex(),
        }

    @classmethod
    def of(cls, system: PolynomialSystem, data: Mapping[str, Any]) -> Certificate:
        """The certificate that `data` returned.

        Raises
        ------
        ValueError
            Where the data are about another system, or are no certificate at all.
        """
        for key, value in _statement(system).items():
            if data.get(key) != value:
                raise ValueError(f"the certificate is about another system: its {key} differ")
        try:
            found = cls(
                system,
                tuple(_polynomial(system, p) for p in data["squares"]),
                tuple(_product(p) for p in data["multiplier"]),
                tuple(_product(p) for p in data["terms"]),
                tuple(_polynomial(system, p) for p in data["cofactors"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the data are no certificate: {error}") from None
        if data.get("identity") != str(found) or data.get("latex") != found.latex():
            raise ValueError("the printed identity is not the one of the certificate")
        return found


def _statement(system: PolynomialSystem) -> dict[str, Any]:
    return {
        "generators": [s.name for s in system.generators],
        "goal": _listed(system, system.goal),
        "relation": system.relation,
        "hypotheses": [[_listed(system, h.value), h.strict] for h in system.hypotheses],
        "equations": [_listed(system, e) for e in system.equations],
        "meanings": {symbol.name: to_tree(value) for symbol, value in system.meanings},
        "scale": to_tree(system.scale),
    }


def _listed(system: PolynomialSystem, expr: Expr) -> list[list[Any]]:
    count = len(system.generators)  # a polynomial without any is one in a symbol of its own
    return [[str(c), list(m)[:count]] for m, c in system.poly(expr).terms() if c != 0]


def _polynomial(system: PolynomialSystem, monomials: Sequence[Sequence[Any]]) -> Expr:
    return Add(
        *(
            Mul(
                _rational(c),
                *(s ** _whole(k) for s, k in zip(system.generators, powers, strict=True)),
            )
            for c, powers in monomials
        )
    )


def _product(item: Sequence[Any]) -> Product:
    coefficient, powers = item
    return Product(_rational(coefficient), tuple(_whole(k) for k in powers))


def _rational(text: Any) -> Rational:
    number = Rational(text)
    if not isinstance(text, str) or not number.is_Rational:
        raise ValueError(f"{text!r} is not a rational number in text")
    return number


def _whole(power: Any) -> int:
    if type(power) is not int or power < 0:
        raise ValueError(f"{power!r} is not an exponent")
    return power
