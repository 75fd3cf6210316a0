r"""From a paper's names to the library's: ``\mu(y)`` is read as :math:`\pi_{\mathrm{ref}}(a)`.

The reverse of :class:`~grpo_symbolic.export.notation.Notation`. Names are compared token by token,
after macros are expanded; a name of the library that the paper has given away means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grpo_symbolic.export.notation import Notation
from grpo_symbolic.papers.macros import Budget, Macro, Token, expanded, tokens

_FONTS = (r"\mathrm", r"\text", r"\textrm", r"\mathit", r"\operatorname", r"\textup", r"\mbox")
_OF_REFERENCE = (r"\pi_{\text{ref}}", r"\pi_{ref}", r"\pi_0", r"\pi_{\rm ref}")
#: What the reader of formulas has no use for.
_UNREAD = frozenset({"context", "pi_old", "preference", "marginal"})
_CONTEXT = "q"


def canonical(given: Iterable[Token]) -> list[Token]:
    """Without spaces, and without braces around a single index."""
    found: list[Token] = []
    for token in given:
        if token.text.isspace():
            continue
        found.append(token)
        if (
            token.text == "}"
            and len(found) >= 4
            and found[-3].text == "{"
            and found[-4].text in ("_", "^")
            and found[-2].text not in ("{", "}")
        ):
            found[-3:] = [found[-2]]
    return found


@dataclass(frozen=True)
class Names:
    """What token sequences stand for, the longest first.

    Attributes
    ----------
    meanings : tuple of (sequence, sequence)
        As the paper writes it, and as the library reads it.
    taken : mapping of str to str
        Tokens of the library whose quantity has another name here, and that name.
    """

    meanings: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    taken: Mapping[str, str] | None = None

    @classmethod
    def of(cls, notation: Notation, macros: Mapping[str, Macro]) -> Names:
        """Those of a notation, in which the macros of the paper may be used."""
        plain = Notation()
        pairs: dict[tuple[str, ...], tuple[str, ...]] = {}
        taken: dict[str, str] = {}

        def name(theirs: str, ours: str) -> None:
            key = _sequence(theirs, macros)
            if key:
                pairs[key] = _sequence(ours, {})

        for quantity in Notation.changeable():
            theirs = notation.second if quantity == "other" else getattr(notation, quantity)
            ours = plain.second if quantity == "other" else getattr(plain, quantity)
            if quantity == "context" and theirs:
                name(theirs, _CONTEXT)
            if theirs == ours or quantity in _UNREAD:
                continue
            name(theirs, ours)
            taken[ours] = theirs
        if not pairs:
            return cls()
        if r"\pi_{\mathrm{ref}}" not in taken:
            for spelling in (plain.pi_ref, *_OF_REFERENCE):
                name(spelling, plain.pi_ref)
        single = {ours: theirs for ours, theirs in taken.items() if (ours,) not in pairs}
        longest = sorted(pairs.items(), key=lambda pair: -len(pair[0]))
        return cls(tuple(longest), single)

    def applied(self, given: Sequence[Token]) -> list[Token]:
        """The tokens in the library's names.

        Raises
        ------
        ValueError
            For a name of the library whose quantity has another name in the paper.
        """
        left = canonical(given)
        if not self.meanings:
            return left
        found: list[Token] = []
        at = 0
        while at < len(left):
            theirs, ours = self._at(left, at)
            if theirs:
                found += [Token(text, left[at].at) for text in ours]
                at += len(theirs)
                continue
            token = left[at]
            texts = (found[-1].text if found else "", *(t.text for t in left[at : at + 2]))
            given = texts[0] in (r"\mid", "|") and texts[1:] == (r"\pi", ")")  # P(a | π)
            if self.taken and token.text in self.taken and not given:
                raise ValueError(
                    f"{token.text} is not a name here: the notation has {self.taken[token.text]}"
                )
            words = _words(left, at)
            found += left[at : at + words]
            at += words
        return found

    def _at(self, left: Sequence[Token], at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        for theirs, ours in self.meanings:
            if tuple(t.text for t in left[at : at + len(theirs)]) == theirs:
                return theirs, ours
        return (), ()


def _words(left: Sequence[Token], at: int) -> int:
    """How many tokens are words or letters, as of ``\\mathrm{ref}``, up to formulas in them."""
    if left[at].text not in _FONTS or at + 1 == len(left) or left[at + 1].text != "{":
        return 1
    for end in range(at + 2, len(left)):
        if left[end].text in ("}", "$"):
            return end + (left[end].text == "}") - at
    return 1


def _sequence(tex: str, macros: Mapping[str, Macro]) -> tuple[str, ...]:
    return tuple(t.text for t in canonical(expanded(tokens(tex), macros, Budget())))


def written(given: Sequence[Token]) -> str:
    """The tokens as text; a command does not run into the letter behind it."""
    parts: list[str] = []
    for token in given:
        if parts and parts[-1][0] == "\\" and parts[-1][-1].isalpha() and token.text[0].isalpha():
            parts.append(" ")
        parts.append(token.text)
    return "".join(parts)
