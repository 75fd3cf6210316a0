"""SymPy notation: ``(1 - beta + sqrt((1 - beta)**2 + 4*beta*pi_ref))/2``.

``pi`` is the probability π(a), never 3.14…; ``pi(a)``, ``pi_ref(b)`` and ``pi_2`` name the
answer. Products are written with ``*``, powers with ``**`` or ``^``, and what SymPy prints is
read back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sympy import Expr

from grpo_symbolic.grammar.build import FUNCTIONS, Builder
from grpo_symbolic.grammar.parser import Parser
from grpo_symbolic.grammar.tokens import Node, Token

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_πβγεσ][A-Za-z_0-9πβγεσ]*)"
    r"|(?P<mark>\*\*|[=!<>]=|[-+*/^(),=<>|≤≥≠·−]))"
)
_GREEK = str.maketrans({"π": "pi", "β": "beta", "γ": "gamma", "ε": "epsilon", "σ": "sigma"})
_ANSWER = re.compile(r"[ab]\Z|[1-9][0-9]{0,3}\Z")


def expression(text: str, names: Mapping[str, Expr] | None = None) -> Expr:
    """The expression that ``text`` denotes.

    Parameters
    ----------
    text : str
        In SymPy notation, as ``sympy.sstr`` prints it.
    names : mapping of str to Symbol, optional
        What the names stand for; by default the symbols of the catalogue.

    Returns
    -------
    Expr
        With exact numbers: 0.1 is 1/10.

    Raises
    ------
    ValueError
        With one sentence, for anything that is not a formula in these names.

    Examples
    --------
    >>> from sympy import Symbol
    >>> expression("x**2 + 0.5", {"x": Symbol("x")})
    x**2 + 1/2
    """
    parser = PlainParser(text)
    return Builder(text, names).expression(parser.whole(parser.sum))


class PlainParser(Parser):
    """Recursive descent over SymPy notation."""

    pattern = _TOKEN
    same = MappingProxyType({"**": "^", "·": "*", "−": "-"})
    leftover = "an operator is missing or there is one bracket too many"

    def atom(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self.node("number", token, text=token.text)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            with self.deeper():
                inner = self.sum()
            self.expect(")")
            return inner
        self.at -= token.kind != "end"
        raise self.refused("a number, a name or a bracket is expected", token)

    def _named(self, name: Token) -> Node:
        called = name.text.translate(_GREEK)
        if self.accept("(") is None:
            return self.node("name", name, text=called)
        if self._is_answer(called):
            answer = self.take().text
            self.take()
            return self.node("name", name, text=called, answer=answer)
        if name.text not in FUNCTIONS:
            raise self.refused(
                f"{name.text[:40]!r} is not a function of formulas, and a product needs *",
                name,
            )
        with self.deeper():
            args = self.listed(self.argument)
        self.expect(")")
        return self.node(name.text, name, args)

    def argument(self) -> Node:
        """An argument: an expression, or the side from which a limit is taken."""
        token = self.next
        if token.text in ("+", "-") and self.ahead(1).text == ")":
            return self.node("side", self.take(), text=token.text)
        return self.sum()

    def _is_answer(self, name: str) -> bool:
        probability = name in ("pi", "pi_ref")
        return probability and bool(_ANSWER.match(self.next.text)) and self.ahead(1).text == ")"
