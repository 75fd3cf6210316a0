"""One recursive descent for both notations, which differ in their tokens and atoms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from grpo_symbolic.grammar.tokens import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    RELATIONS,
    Node,
    Relation,
    Token,
    refusal,
)

T = TypeVar("T")


class Parser:
    """What the parsers of both notations share: tokens, sums and products, the limits on size.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        For something other than text, or too much of it.
    """

    #: Tokens by kind, spellings that mean another token, and tokens that mean nothing.
    pattern: ClassVar[re.Pattern[str]]
    same: ClassVar[Mapping[str, str]]
    layout: ClassVar[frozenset[str]] = frozenset()
    #: What may end a formula, and the sentence for anything else that is left.
    stops: ClassVar[tuple[str, ...]] = ()
    leftover: ClassVar[str]

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise ValueError(f"a formula is text, got {type(text).__name__}")
        if len(text) > MAX_CHARACTERS:
            raise ValueError(
                f"a formula may have {MAX_CHARACTERS} characters, this one has {len(text)}"
            )
        self.text = text
        self.tokens: list[Token] = [*self._cut(), Token("end", "", len(text))]
        self.at = 0
        self._depth = 0
        self._nodes = 0
        if len(self.tokens) == 1:
            raise ValueError("the formula is empty")

    # -- tokens ---------------------------------------------------------------------------

    def _cut(self) -> Iterator[Token]:
        text, at = self.text, 0
        while at < len(text.rstrip()):
            match = self.pattern.match(text, at)
            if match is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise refusal(text, at, f"{text[at]!r} has no meaning in a formula")
            at, kind = match.end(), match.lastgroup
            if kind is None or match[kind] in self.layout:
                continue
            found, start = self.same.get(match[kind], match[kind]), match.start(kind)
            if found != match[kind] and not found.startswith("\\"):
                kind = "mark"
            yield Token(kind, found, start)

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, places: int) -> Token:
        """The token that many places after the next one."""
        return self.tokens[min(self.at + places, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, *marks: str) -> Token | None:
        """The next token if it is one of these marks or commands."""
        if self.next.kind in ("mark", "command") and self.next.text in marks:
            return self.take()
        return None

    def expect(self, mark: str) -> Token:
        token = self.accept(mark)
        if token is None:
            raise self.refused(f"{mark!r} is missing")
        return token

    def refused(self, reason: str, token: Token | None = None) -> ValueError:
        return refusal(self.text, (token or self.next).position, reason)

    # -- what reads alike in both notations -----------------------------------------------

    def relations(self) -> tuple[Node, tuple[Relation, ...]]:
        """The first side and the relations of the whole formula; none for a bare expression."""
        return self.whole(self.compared)

    def whole(self, read: Callable[[], T]) -> T:
        """What ``read`` makes of the text, of which nothing may be left."""
        found = read()
        if self.next.text in self.stops and self.ahead(1).kind == "end":
            self.take()
        if self.next.kind != "end":
            raise self.refused(self.leftover)
        return found

    def compared(self) -> tuple[Node, tuple[Relation, ...]]:
        """A sum, and the chain of relations that follows it."""
        left = first = self.sum()
        found: list[Relation] = []
        while (mark := self.accept(*RELATIONS)) is not None:
            right = self.sum()
            found.append(Relation(left, RELATIONS[mark.text], right, mark.position))
            left = right
        return first, tuple(found)

    def sum(self) -> Node:
        start, terms = self.next, [self.product()]
        while (mark := self.accept("+", "-")) is not None:
            term = self.product()
            terms.append(term if mark.text == "+" else self.node("neg", mark, [term]))
        return terms[0] if len(terms) == 1 else self.node("+", start, terms)

    def product(self) -> Node:
        start, factors = self.next, [self.signed()]
        divided: Token | None = None
        while True:
            if (mark := self.accept("*", "/")) is not None:
                divided = mark if mark.text == "/" else None
                factor = self.signed()
                factors.append(factor if mark.text == "*" else self.node("inverse", mark, [factor]))
            elif self.starts_factor():
                if divided is not None:
                    raise self.refused("what this slash divides is ambiguous: brackets", divided)
                if self.next.kind == "digit":
                    raise self.refused("a number after a factor needs \\cdot between them")
                factors.append(self.power())
            else:
                return factors[0] if len(factors) == 1 else self.node("*", start, factors)

    def starts_factor(self) -> bool:
        """Whether the next token continues a product without an operator."""
        return False

    def signed(self) -> Node:
        mark = self.accept("+", "-")
        if mark is None:
            return self.power()
        with self.deeper():
            inner = self.signed()
        return inner if mark.text == "+" else self.node("neg", mark, [inner])

    def power(self) -> Node:
        base = self.atom()
        mark = self.accept("^")
        if mark is None:
            return base
        with self.deeper():
            return self.node("**", mark, [base, self.exponent()])

    def exponent(self) -> Node:
        return self.signed()

    def atom(self) -> Node:
        raise NotImplementedError

    def listed(self, read: Callable[[], Node]) -> list[Node]:
        """One or more of something, with commas between them."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    # -- limits ---------------------------------------------------------------------------

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level of brackets, powers or signs."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.refused(f"it is nested more than {MAX_DEPTH} levels deep")
        yield
        self._depth -= 1

    def node(
        self, head: str, token: Token, args: Sequence[Node] = (), text: str = "", answer: str = ""
    ) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self.refused(f"it has more than {MAX_NODES} parts", token)
        return Node(head, token.position, tuple(args), text, answer)
