"""Claim: a statement, the domain it is made on, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sympy import Eq, Expr, Ge, Gt, Le, Lt, Ne, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from grpo_symbolic.algebra import is_defined
from grpo_symbolic.display import Html, legible, math, record, short, tex
from grpo_symbolic.domain import Domain
from grpo_symbolic.elementary import in_reach
from grpo_symbolic.enclosures.values import has_no_value
from grpo_symbolic.inputs import exact_number

#: No range stated: every symbol has the range of the catalogue.
EVERYWHERE = Domain()

_KINDS = (Eq, Ne, Ge, Gt, Le, Lt)


@dataclass(frozen=True, repr=False)
class Claim:
    """``left <relation> right`` for every point of a domain.

    The sides are kept apart, so that SymPy cannot evaluate the statement away
    before a method has looked at it.

    Source: new. Both sides are in one unit, which is not said.

    Parameters
    ----------
    name : str
        The claim as a short sentence.
    left, right : Expr
    relation : str
        One of ``==  !=  >=  >  <=  <``.
    domain : Domain
        Extended by the catalogue range of every other symbol that occurs.
    source : str
        Where the claim is published, if it is.
    expected : str
        ``PROVED`` unless the claim is known, and declared, to be otherwise.
    where_defined : bool
        The claim is made of the points at which both sides are real numbers. Otherwise it says
        that they are everywhere on the domain: no divisor is zero, no square root is taken of a
        negative number, no logarithm of one that is not positive.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> x = gs.symbols.pi
    >>> claim = gs.Claim("a square", x**2, "<=", x, gs.Domain.of(x))
    >>> print(gs.prove(claim).status)
    PROVED
    """

    name: str
    left: Expr
    relation: str
    right: Expr
    domain: Domain = EVERYWHERE
    source: str = ""
    expected: str = "PROVED"
    where_defined: bool = False

    def __post_init__(self) -> None:
        if self.relation not in ("==", "!=", ">=", ">", "<=", "<"):
            raise ValueError(f"relation must be one of ==, !=, >=, >, <=, <, got {self.relation!r}")
        for side in ("left", "right"):
            value = getattr(self, side)
            if not isinstance(value, Expr):
                number = exact_number(f"the {side} side", value, "an expression or an exact number")
                object.__setattr__(self, side, number)
        object.__setattr__(self, "domain", self.domain.extended(self.left, self.right))

    @classmethod
    def of(
        cls, name: str, statement: Boolean, domain: Domain | None = None, **kwargs: Any
    ) -> Claim:
        """A claim from an unevaluated SymPy relation."""
        if isinstance(statement, (BooleanTrue, BooleanFalse)):
            raise ValueError("the statement was evaluated already: build it with evaluate=False")
        relation = cast(Relational, statement)
        if not isinstance(relation, _KINDS):
            raise ValueError(f"a claim needs an equation or an inequality, got {statement}")
        return cls(
            name, relation.lhs, str(relation.rel_op), relation.rhs, domain or Domain(), **kwargs
        )

    @property
    def statement(self) -> Relational:
        """The claim as an unevaluated SymPy relation."""
        kind = {"==": Eq, "!=": Ne, ">=": Ge, ">": Gt, "<=": Le, "<": Lt}[self.relation]
        return kind(self.left, self.right, evaluate=False)

    @property
    def difference(self) -> Expr:
        """The left side less the right one."""
        return self.left - self.right

    @property
    def surplus(self) -> Expr:
        """The difference, or of < and <= its negative: what has to be positive or not negative."""
        return -self.difference if self.relation[0] == "<" else self.difference

    @property
    def title(self) -> str:
        """The name, with where the claim is made if that is not the whole domain."""
        return f"{self.name}, where both sides are defined" if self.where_defined else self.name

    @property
    def defined(self) -> bool:
        """Whether both sides are shown to be real numbers wherever the claim is made."""
        return self.where_defined or is_defined(self.left, self.domain, self.right)

    def undefined_at(self, point: Mapping[Symbol, Expr]) -> bool:
        """Whether one side is shown to be no real number at this exact point."""
        sides = (self.left, self.right)
        return all(in_reach(side, point) for side in sides) and any(
            has_no_value(side, point) for side in sides
        )

    def __repr__(self) -> str:
        relation = "=" if self.relation == "==" else self.relation
        return f"Claim({self.name!r}: {short(self.left, 100)} {relation} {short(self.right, 100)})"

    def _repr_html_(self) -> Html:
        small = legible(self.left, self.right)
        rows = [
            ("states", math(tex(self.statement)) if small else repr(self)),
            ("for", self.domain.as_html()),
            ("made", "where both sides are defined" if self.where_defined else ""),
            ("source", self.source),
            ("expected", "" if self.expected == "PROVED" else self.expected),
            ("verdict", "gs.prove(claim)"),
        ]
        return record(self.name, rows)
