r"""What a text defines: ``f(t) = \sqrt{t (1 - t)}``, or ``S_{1} = 1 - \beta``, as a tree."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Set
from dataclasses import dataclass

from sympy import Expr

from grpo_symbolic.grammar.tex import TexParser
from grpo_symbolic.grammar.tokens import Node


@dataclass(frozen=True)
class Definition:
    """A name, the variable of a function, and what it stands for.

    Attributes
    ----------
    name : str
    variable : str or None
        None for the name of a quantity.
    body : Node
    text : str
        The whole line, on which the positions of the tree lie.
    meaning : callable, optional
        The value at an argument that takes the place of the tree.
    """

    name: str
    variable: str | None
    body: Node
    text: str
    meaning: Callable[[Expr], Expr] | None = None


def defined_name(text: str, known: Container[str]) -> tuple[str, str | None] | None:
    """The name, and the variable, that a text defines; None where it begins otherwise.

    Parameters
    ----------
    text : str
        LaTeX.
    known : container of str
        Names that have a meaning already, of which an equation is a statement.
    """
    try:
        found = TexParser(text).head()
    except ValueError:
        return None
    return None if found is None or found[0] in known else found


def definition(text: str, functions: Set[str]) -> Definition | None:
    """The definition that a text is; None for a chain of relations.

    Raises
    ------
    ValueError
        With one sentence, for what cannot be read.

    Examples
    --------
    >>> definition(r"f(t) = \\frac{t}{2}", frozenset()).name
    'f'
    """
    parser = TexParser(text, functions)
    found = parser.head()
    if found is None:
        return None
    body, relations = parser.whole(parser.compared)
    return None if relations else Definition(*found, body, text)


def functions_of(definitions: Mapping[str, Definition]) -> Set[str]:
    """The names of functions."""
    return {name for name, found in definitions.items() if found.variable is not None}
