"""From a tree of nodes to exact SymPy expressions, within limits on every number and power."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sympy import (
    Add,
    Expr,
    I,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    binomial,
    cbrt,
    nan,
    oo,
    sqrt,
    zoo,
)

from grpo_symbolic import symbols
from grpo_symbolic.elementary import ELEMENTARY, Need, needs_of_power, needs_of_value
from grpo_symbolic.grammar.definitions import Definition
from grpo_symbolic.grammar.sums import sum_of
from grpo_symbolic.grammar.tokens import Node, refusal

MAX_EXPONENT = 64
MAX_BITS = 1024
MAX_ROOT_BITS = 256
MAX_DIGITS = 300
MAX_BINOMIAL = 200
MAX_DEGREE = 500
#: The largest number inside of an exponential: values stay within reach of any evaluation.
MAX_IN_EXPONENT = 10**6
MAX_OPERATIONS = 200
#: Of a formula with all that it refers to written out, term by term.
MAX_WRITTEN_OUT = 20_000
_NUMBER = re.compile(r"([0-9]*)\.?([0-9]*)(?:[eE]([+-]?)([0-9]+))?\Z")

#: Words that make a statement of their own, with their numbers of arguments.
STATEMENTS = {
    "limit": (3, 4),
    "at": (3, 3),
    "diff": (2, 2),
    "increasing": (2, 2),
    "decreasing": (2, 2),
    "constant": (2, 2),
}


_ONE: dict[str, Callable[..., Expr]] = {
    **ELEMENTARY,
    "sqrt": sqrt,
    "cbrt": cbrt,
    "ln": ELEMENTARY["log"],
    "abs": ELEMENTARY["Abs"],
}
_MANY: dict[str, Callable[..., Expr]] = {"Max": Max, "max": Max, "Min": Min, "min": Min}
_OTHERS = ("root", "binomial", "Rational")
#: Functions whose value may be exponential in their argument.
_GROWING = frozenset({"exp", "sinh", "cosh"})
FUNCTIONS = frozenset({*_ONE, *_MANY, *_OTHERS, *STATEMENTS})
_CONSTANTS: dict[str, Expr] = {"E": S.Exp1, "oo": oo}


def known_names() -> dict[str, Expr]:
    """The symbols of the catalogue by name, with ``p`` for π(a)."""
    named: dict[str, Expr] = {q.symbol.name: q.symbol for q in symbols.CATALOGUE}
    return {**named, "p": symbols.pi}


class Builder:
    """Builds the expressions of one text.

    Parameters
    ----------
    text : str
        For the sentences of what is refused.
    names : mapping of str to Expr, optional
        What names stand for; the catalogue and the answers' own symbols unless given.
    definitions : mapping of str to Definition, optional
        What the text that the formula comes from has defined, by name.
    """

    def __init__(
        self,
        text: str,
        names: Mapping[str, Expr] | None = None,
        definitions: Mapping[str, Definition] = MappingProxyType({}),
    ) -> None:
        self.text = text
        self.definitions = definitions
        #: Variables and indices by name, with their degrees; what is being looked up.
        self._bound: dict[str, tuple[Expr, Rational]] = {}
        self._open: tuple[str, ...] = ()
        self._work = [MAX_WRITTEN_OUT]
        self.names = known_names() if names is None else names
        self.catalogue = names is None
        self._growing = 0
        #: What the terms as written need to be real numbers: each expression compared with 0.
        self.needs: list[Need] = []
        self._degrees: dict[Node, Rational] = {}

    def refused(self, node: Node, reason: str) -> ValueError:
        return refusal(self.text, node.position, reason)

    def expression(self, node: Node) -> Expr:
        """The expression of a tree.

        Raises
        ------
        ValueError
            For unknown names, numbers and powers beyond the limits, or no finite value.
        """
        found = self._built(node)
        if found.has(oo, -oo):
            raise self.refused(node, "infinity stands only in limits")
        if found.has(I, nan, zoo):
            raise self.refused(node, "it has no real value")
        return found

    def end(self, node: Node) -> Expr:
        """Where a limit is taken, or its value: infinity is allowed."""
        return self._built(node)

    # -- nodes -----------------------------------------------------------------------------

    def bound(self, name: str, value: Expr, node: Node) -> Expr:
        """The expression of a tree in which a name stands for a value."""
        before = dict(self._bound)
        self._bound[name] = value, S.One
        found = self._built(node)
        self._bound = before
        return found

    def _built(self, node: Node) -> Expr:
        self._work[0] -= 1
        if self._work[0] < 0:
            raise self.refused(node, f"written out it has more than {MAX_WRITTEN_OUT} parts")
        found = self._value(node)
        if found in (nan, zoo):
            raise self.refused(node, "it has no finite value")
        self._check_degree(node)
        for number in (found, found.as_coeff_Mul()[0], found.as_coeff_Add()[0]):
            self._check_size(number, node)
        return found

    def _value(self, node: Node) -> Expr:
        head = node.head
        if head == "number":
            return self._number(node)
        if head == "name":
            return self._name(node)
        if head == "+":
            return Add(*map(self._built, node.args))
        if head == "*":
            return self._product(node)
        if head == "neg":
            return -self._built(node.args[0])
        if head == "inverse":
            return self._inverse(node)
        if head == "**":
            return self._power(node, *node.args)
        if head == "sum":
            return sum_of(self, node)
        if head == "call":
            return self._defined(node, node.text, node.args[0])
        return self._function(node)

    def _defined(self, node: Node, name: str, argument: Node | None = None) -> Expr:
        """What a name of the text stands for, at the argument of a function."""
        found = self.definitions[name]
        if (found.variable is None) != (argument is None):
            raise self.refused(node, f"{name} is not defined so")
        if name in self._open:
            raise self.refused(node, f"{name} is defined by itself")
        if found.meaning is not None:
            return found.meaning(S.Zero if argument is None else self._built(argument))
        inner = Builder(found.text, None if self.catalogue else self.names, self.definitions)
        inner.needs, inner._work, inner._growing = self.needs, self._work, self._growing
        inner._open = (*self._open, name)
        if found.variable is not None and argument is not None:
            value = self._built(argument)
            inner._bound[found.variable] = value, self._degrees[argument]
        value = inner._built(found.body)
        self._degrees[node] = inner._degrees[found.body]
        return value

    def _number(self, node: Node) -> Expr:
        match = _NUMBER.match(node.text)
        if match is None:
            raise self.refused(node, "this is not a number")
        whole, decimals, minus, power = match.groups()
        if len(whole) + len(decimals) > MAX_DIGITS:
            raise self.refused(node, f"numbers may have {MAX_DIGITS} digits")
        if power and (len(power) > 4 or int(power) > MAX_DIGITS):
            raise self.refused(node, f"powers of ten may go up to {MAX_DIGITS}")
        shift = int(f"{minus}{power}") if power else 0
        digits = Integer(int((whole + decimals) or "0"))
        return digits * Integer(10) ** (shift - len(decimals))

    def _name(self, node: Node) -> Expr:
        name = node.text
        if node.answer.isascii() and node.answer.isdigit():
            name = f"{name}_{node.answer}"
        if name in self._bound:
            return self._bound[name][0]
        if name in self.definitions:
            return self._defined(node, name)
        family, _, index = name.rpartition("_")
        if index in self._bound and f"{family}_{self._bound[index][0]}" in self.definitions:
            return self._defined(node, f"{family}_{self._bound[index][0]}")
        found = self.names.get(name)
        if found is None and self.catalogue:
            found = _of_answer(name)
        if found is None and name in _CONSTANTS:
            return _CONSTANTS[name]
        if found is None:
            known = ", ".join(list(self.names)[:30])
            raise self.refused(node, f"the name {name[:40]!r} is not known; known are {known}")
        return 1 - found if node.answer == "b" else found

    def _product(self, node: Node) -> Expr:
        found: Expr = S.One
        factors = [self._built(part) for part in node.args]
        for factor in factors:
            if factor.is_Rational:
                found *= factor
                self._check_size(found, node)
        return Mul(found, *(f for f in factors if not f.is_Rational))

    def _inverse(self, node: Node) -> Expr:
        value = self._built(node.args[0])
        if value == 0:
            raise self.refused(node, "this divides by zero")
        self._need(needs_of_power(value, S.NegativeOne))
        return 1 / value

    def _power(self, node: Node, base_node: Node, power_node: Node) -> Expr:
        base = self._built(base_node)
        growing = power_node.head != "number"
        power = self._nested(power_node) if growing else self._built(power_node)
        return self._raised(node, base, power)

    def _raised(self, node: Node, base: Expr, power: Expr) -> Expr:
        if power.is_Rational:
            self._degrees[node] = abs(power)
            if max(abs(power.p), power.q) > MAX_EXPONENT:
                raise self.refused(node, f"exponents may go up to {MAX_EXPONENT}")
            if base == 0 and power <= 0:
                raise self.refused(node, "this divides by zero")
            for number in (base, base.as_coeff_Mul()[0]):
                bits = _bits(number) * max(abs(power.p), 1)
                if bits > MAX_BITS or (power.q != 1 and bits > MAX_ROOT_BITS):
                    raise self.refused(node, "this power is too large a number")
            self._need(needs_of_power(base, power))
            return Pow(base, power)
        if power in (oo, -oo) or (base.is_number and not base.is_positive):
            raise self.refused(node, "this power has no real value")
        self._need(needs_of_power(base, power))
        return Pow(base, power)

    def _need(self, needs: Iterable[Need]) -> None:
        self.needs += [need for need in needs if need[0].free_symbols]

    def _nested(self, node: Node) -> Expr:
        """A symbolic exponent: exponentials inside of exponentials outgrow every computer."""
        self._growing += 1
        found = self._built(node)
        self._growing -= 1
        if self._growing and not found.is_Rational:
            raise self.refused(node, "exponentials of exponentials are not read")
        return found

    def _function(self, node: Node) -> Expr:
        head, count = node.head, len(node.args)
        if head in STATEMENTS or head == "side":
            raise self.refused(node, f"{head} cannot stand inside of an expression")
        if head in _ONE:
            self._check_count(node, 1)
            part = node.args[0]
            value = self._nested(part) if head in _GROWING else self._built(part)
            root = {"sqrt": S.Half, "cbrt": Rational(1, 3)}.get(head)
            if value.is_Rational and root is not None:
                return self._raised(node, value, root)
            if value in (oo, -oo):
                raise self.refused(node, "infinity stands only in limits")
            if value == 0 and head in ("log", "ln"):
                raise self.refused(node, "the logarithm of zero is not finite")
            if root is not None:
                self._need(needs_of_power(value, root))
                return Pow(value, root)
            self._need(needs_of_value(_ONE[head].__name__, value))
            # SymPy asks for signs of the argument, which takes long for a large one.
            small = value.count_ops() <= MAX_OPERATIONS
            return _ONE[head](
                value, evaluate=small and (head not in ("Abs", "abs") or value.is_number)
            )
        if head in _MANY:
            if not 1 <= count <= 8:
                raise self.refused(node, f"{head} takes 1 to 8 arguments")
            values = [self._built(part) for part in node.args]
            return _MANY[head](*values, evaluate=all(v.is_Rational for v in values))
        self._check_count(node, 2)
        first, second = (self._built(part) for part in node.args)
        if head == "root":
            if not second.is_Integer or not 0 < second <= MAX_EXPONENT:
                raise self.refused(node, f"the order of a root is 1 to {MAX_EXPONENT}")
            return self._raised(node, first, 1 / second)
        if head == "Rational":
            if not (first.is_Integer and second.is_Integer) or second == 0:
                raise self.refused(node, "Rational takes two integers")
            return first / second
        if any(v.is_number and not (v.is_Integer and abs(v) <= MAX_BINOMIAL)
               for v in (first, second)):  # fmt: skip
            raise self.refused(node, f"binomial takes integers up to {MAX_BINOMIAL}")
        if not second.is_integer:
            raise self.refused(node, "binomial chooses a whole number")
        return binomial(first, second)

    # -- limits ----------------------------------------------------------------------------

    def _check_count(self, node: Node, count: int) -> None:
        if len(node.args) != count:
            noun = "argument" if count == 1 else "arguments"
            raise self.refused(node, f"{node.head} takes {count} {noun}")

    def _check_degree(self, node: Node) -> None:
        """Powers of powers of sums: the number of factors once all is written out."""
        degrees = [self._degrees[part] for part in node.args if part in self._degrees]
        if node.head == "name" and node.text in self._bound:
            found = self._bound[node.text][1]
        elif node.head in ("name", "call"):
            found = self._degrees.get(node, S.One)
        elif node.head == "*":
            found = Add(*degrees)
        elif node.head == "**":
            found = degrees[0] * self._degrees.get(node, S.One)
        else:
            found = max(degrees, default=S.Zero)
        if found > MAX_DEGREE:
            raise self.refused(node, f"powers of powers may go up to {MAX_DEGREE}")
        self._degrees[node] = found

    def _check_size(self, number: Any, node: Node) -> None:
        if self._growing and number.is_Rational and abs(number) > MAX_IN_EXPONENT:
            raise self.refused(node, "numbers in exponents may go up to a million")
        if _bits(number) > MAX_BITS:
            raise self.refused(node, "this number is too large")


def _bits(number: Any) -> int:
    return max(number.p.bit_length(), number.q.bit_length()) if number.is_Rational else 0


def _of_answer(name: str) -> Expr | None:
    """The symbol of one of many answers: ``pi_2``, ``pi_ref_2``, ``r_2``."""
    family, _, number = name.rpartition("_")
    makers = {"pi": symbols.policy, "pi_ref": symbols.reference, "r": symbols.reward}
    if family not in makers or not re.fullmatch(r"[1-9][0-9]{0,3}", number):
        return None
    return makers[family](int(number))
