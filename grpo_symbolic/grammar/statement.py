r"""Statements: a relation, a limit, or a direction, from text in either notation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sympy import Expr, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.elementary import Need
from grpo_symbolic.grammar.build import STATEMENTS, Builder, known_names
from grpo_symbolic.grammar.definitions import Definition, functions_of
from grpo_symbolic.grammar.plain import PlainParser
from grpo_symbolic.grammar.tex import TexParser
from grpo_symbolic.grammar.tokens import Node, Relation

#: The relation with its sides exchanged.
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DIRECTIONS = {"increasing": ">", "decreasing": "<", "constant": "=="}


class _Said:
    """What has a relation in it."""

    relation: str

    @property
    def _sign(self) -> str:
        return "=" if self.relation == "==" else self.relation

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


@dataclass(frozen=True, repr=False)
class Comparison(_Said):
    """``left relation right``."""

    left: Expr
    relation: str
    right: Expr
    #: What the terms as written need to be real numbers, divisors that cancel included.
    needs: tuple[Need, ...] = field(default=(), compare=False)
    #: Parameters that are given a value, of which both sides still speak.
    given: tuple[tuple[Symbol, Expr], ...] = ()

    def __str__(self) -> str:
        where = "".join(f" at {symbol} = {sstr(value)}" for symbol, value in self.given)
        return f"{sstr(self.left)} {self._sign} {sstr(self.right)}{where}"


@dataclass(frozen=True, repr=False)
class LimitValue(_Said):
    """The limit of ``quantity`` as ``variable`` → ``end``, by default from inside the range."""

    quantity: Expr
    variable: Symbol
    end: Expr
    side: str
    relation: str
    value: Expr
    needs: tuple[Need, ...] = field(default=(), compare=False)
    #: What the terms of the value need to be real numbers.
    value_needs: tuple[Need, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        side = f", {self.side}" if self.side else ""
        inner = f"{sstr(self.quantity)}, {self.variable}, {sstr(self.end)}{side}"
        return f"limit({inner}) {self._sign} {sstr(self.value)}"


@dataclass(frozen=True, repr=False)
class Direction(_Said):
    """The derivative of ``quantity`` in ``variable`` compared with 0.

    ``strict`` is False where the statement is made about the direction alone.
    """

    quantity: Expr
    variable: Symbol
    relation: str
    strict: bool = True
    needs: tuple[Need, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"diff({sstr(self.quantity)}, {self.variable}) {self._sign} 0"


Statement = Comparison | LimitValue | Direction


def statements(
    text: str,
    names: Mapping[str, Expr] | None = None,
    definitions: Mapping[str, Definition] = MappingProxyType({}),
) -> tuple[Statement, ...]:
    r"""What a formula says, in SymPy notation or, if it has a backslash, in LaTeX.

    Parameters
    ----------
    text : str
        An equation, an inequality, a chain of them, ``limit(pi, beta, 0) = 1``,
        ``at(pi, beta, 1) = sqrt(pi_ref)`` (``\left. \pi(a) \right|_{\beta = 1}``),
        ``increasing(pi, pi_ref)``, ``\partial \pi(a) / \partial \beta < 0``. An expression
        alone is read as a formula for π(a).
    names : mapping of str to Expr, optional
        What names stand for; the catalogue unless given.
    definitions : mapping of str to Definition, optional
        What the text around the formula has defined, by name.

    Raises
    ------
    ValueError
        With one sentence, for what cannot be read.

    Examples
    --------
    >>> print(*statements(r"\pi(a) \ge \frac{1}{1 + \beta^2}"))
    pi >= 1/(beta**2 + 1)
    """
    if isinstance(text, str) and "\\" in text:
        first, found = TexParser(text, functions_of(definitions)).relations()
    else:
        first, found = PlainParser(text).relations()
    builder = Builder(text, names, definitions)
    if found:
        return tuple(_statement(relation, builder) for relation in found)
    if first.head in _DIRECTIONS:
        return (_direction(first, _DIRECTIONS[first.head], builder, strict=False),)
    if first.head in STATEMENTS:
        raise builder.refused(first, f"a {first.head} alone says nothing: compare it")
    target = builder.names.get("pi", symbols.pi)
    return (Comparison(target, "==", builder.expression(first), tuple(builder.needs)),)


def _statement(relation: Relation, builder: Builder) -> Statement:
    left, right, sign = relation.left, relation.right, relation.relation
    if right.head in STATEMENTS and left.head not in STATEMENTS:
        left, right, sign = right, left, MIRRORED.get(sign, sign)
    if left.head in _DIRECTIONS:
        raise builder.refused(left, f"{left.head} is a statement and is not compared")
    if left.head == "limit":
        return _compared(_limit(left, builder), sign, right, builder)
    if left.head == "diff":
        if builder.expression(right) != 0:
            raise builder.refused(right, "a derivative is compared with 0")
        return _direction(left, sign, builder)
    if left.head == "at":
        return _at(left, sign, right, builder)
    start = len(builder.needs)
    sides = builder.expression(left), builder.expression(right)
    return Comparison(sides[0], sign, sides[1], tuple(builder.needs[start:]))


def _at(node: Node, sign: str, other: Node, builder: Builder) -> Comparison:
    """A side at one value of a parameter, of which the other side does not speak."""
    _check_count(node, builder)
    quantity, variable, value = node.args
    symbol, place = _variable(variable, builder), builder.expression(value)
    start = len(builder.needs)
    left, right = builder.expression(quantity), builder.expression(other)
    if right.has(symbol) or place.has(symbol):
        raise builder.refused(other, f"{symbol} has a value in one place and none in another")
    return Comparison(left, sign, right, tuple(builder.needs[start:]), ((symbol, place),))


def _limit(node: Node, builder: Builder) -> LimitValue:
    _check_count(node, builder)
    quantity, variable, end, *side = node.args
    if side and side[0].head != "side":
        raise builder.refused(side[0], "a limit is taken from + or -")
    taken = side[0].text if side else ""
    where = builder.end(end)
    if where == oo:
        taken = ""
    start = len(builder.needs)
    of, needs = builder.expression(quantity), tuple(builder.needs[start:])
    return LimitValue(of, _variable(variable, builder), where, taken, "==", S.Zero, needs)


def _compared(limit: LimitValue, sign: str, right: Node, builder: Builder) -> LimitValue:
    """A limit and the value that it is said to have, which what moves has no place in."""
    start = len(builder.needs)
    value = builder.end(right)
    needs = tuple(builder.needs[start:])
    if any(part.has(limit.variable) for part in (value, *(need for need, _ in needs))):
        raise builder.refused(right, f"{limit.variable} is gone once the limit is taken")
    return replace(limit, relation=sign, value=value, value_needs=needs)


def _direction(node: Node, sign: str, builder: Builder, strict: bool = True) -> Direction:
    _check_count(node, builder)
    quantity, variable = node.args
    start = len(builder.needs)
    of, needs = builder.expression(quantity), tuple(builder.needs[start:])
    return Direction(of, _variable(variable, builder), sign, strict, needs)


def _variable(node: Node, builder: Builder) -> Symbol:
    found = builder.expression(node)
    if found.is_number and node.head == "name":  # the family that the number belongs to
        found = known_names().get(node.text, found)
    if not isinstance(found, Symbol):
        raise builder.refused(node, "a parameter is expected")
    return found


def _check_count(node: Node, builder: Builder) -> None:
    least, most = STATEMENTS[node.head]
    if not least <= len(node.args) <= most:
        raise builder.refused(node, f"{node.head} takes {least} arguments")
