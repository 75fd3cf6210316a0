r"""What a paper defines beside its formulas: ``f(t) = …`` below ``where``, ``S_{1} = …``.

A definition holds for all formulas of the same setting, before and behind it. It is used as it
stands. Where its name is one that the library has for this setting, it is compared with that: the
same is PROVED; another one REFUTED if a formula fails with it that is proved with the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr, Symbol

from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.checking.means import against_own, own_meaning
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.grammar.build import Builder
from grpo_symbolic.grammar.definitions import Definition, defined_name, definition, functions_of
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.grammar.tex import TexParser
from grpo_symbolic.grammar.tokens import Node

#: Constants of the grammar, which no text gives another meaning.
_FIXED = frozenset({"e", "pi", "p"})


@dataclass
class Definitions:
    """Those of one setting.

    Attributes
    ----------
    about : Subject
    known : mapping of str to Definition
        By name; without those that are defined in two ways.
    twice : set of str
    in_use : set of str
        Names that a formula uses which is no definition itself.
    """

    about: Subject
    known: dict[str, Definition] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    in_use: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, about: Subject, texts: Sequence[str]) -> Definitions:
        """The definitions among some formulas."""
        found = cls(about)
        heads = [(text, head) for text in texts if (head := found.head(text)) is not None]
        functions = {name for _, (name, variable) in heads if variable is not None}
        for text, _ in heads:
            try:
                made = definition(text, functions)
            except ValueError:
                continue
            if made is not None:
                found._add(made)
        for name in found.twice:
            found.known.pop(name, None)
        defining = {text for text, _ in heads}
        found.in_use = set().union(*(found.used(t) for t in texts if t not in defining))
        return found

    def head(self, text: str) -> tuple[str, str | None] | None:
        """The name, and the variable, that a formula defines; None for a statement."""
        found = defined_name(text, {*_FIXED, *self.about.names})
        of_an_answer = found is not None and f"{found[0]}({found[1]})" in self.about.names
        return None if of_an_answer else found

    def _add(self, made: Definition) -> None:
        before = self.known.setdefault(made.name, made)
        if before is not made and _shape(before) != _shape(made):
            self.twice.add(made.name)

    def used(self, text: str) -> set[str]:
        """The names of definitions that a formula uses, those inside of others too."""
        try:
            first, relations = TexParser(text, functions_of(self.known)).relations()
        except ValueError:
            return set()
        todo = [first, *(relation.right for relation in relations)]
        found: set[str] = set()
        while todo:
            for name in _names(todo.pop()):
                if name in self.known and name not in found:
                    found.add(name)
                    todo.append(self.known[name].body)
        return found

    def with_own(self) -> Definitions:
        """The same with what the library has by these names, where it has something."""
        put: dict[str, Definition] = {}
        for name, made in self.known.items():
            variable = None if made.variable is None else Symbol(made.variable, positive=True)
            own = own_meaning(self.about, name, variable)
            if own is not None:
                put[name] = replace(made, meaning=_at(own[0], variable))
        return replace(self, known={**self.known, **put})

    def verdict(self, text: str) -> Checked | None:
        """A definition against what the library derives by its name; None where it has none.

        Raises
        ------
        ValueError
            For what cannot be read, or is defined in two ways.
        """
        made = definition(text, functions_of(self.known))
        if made is None:
            raise ValueError("a definition is one equation")
        variable = None if made.variable is None else Symbol(made.variable, positive=True)
        own = own_meaning(self.about, made.name, variable)
        builder = Builder(text, self.about.names, self.known)
        body = builder.end(made.body) if variable is None else (
            builder.bound(variable.name, variable, made.body))  # fmt: skip
        if own is None:
            return None
        said = Comparison(own[0], "==", body, tuple(builder.needs))
        return against_own(self.about, said, own[1])


def _at(value: Expr, variable: Symbol | None) -> Callable[[Expr], Expr]:
    return lambda argument: value if variable is None else value.subs(variable, argument)


def _names(node: Node) -> Iterator[str]:
    if node.head in ("call", "name"):
        yield node.text
    for part in node.args:
        yield from _names(part)


def _shape(made: Definition) -> object:
    """A tree to be compared, its variable without its name."""
    return made.variable is None, _tree(made.body, {made.variable: "·"})


def _tree(node: Node, renamed: Mapping[str | None, str]) -> tuple[object, ...]:
    text = renamed.get(node.text, node.text)
    return node.head, text, node.answer, *(_tree(part, renamed) for part in node.args)
