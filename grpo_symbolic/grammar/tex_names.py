r"""Names in LaTeX: letters with an index, probabilities of answers, and the paper's own names."""

from __future__ import annotations

from collections.abc import Set

from grpo_symbolic.grammar.parser import Parser
from grpo_symbolic.grammar.tokens import Node, Token

FONTS = (r"\mathrm", r"\text", r"\textrm", r"\mathit", r"\operatorname", r"\rm", r"\textup")
#: Commands and letters that are names, and the names that they are.
NAMES = {
    **{rf"\{name}": name for name in ("pi", "beta", "gamma", "sigma", "epsilon", "lambda")},
    r"\varepsilon": "epsilon",
    r"\varpi": "pi",
    r"\Delta": "gap",
    "π": "pi",
    "β": "beta",
    "γ": "gamma",
    "ε": "epsilon",
    "σ": "sigma",
}
#: Subscripts of π that name the policy itself.
_OWN = frozenset({"", r"\theta", "theta"})
_REFERENCE = frozenset({"ref", "0"})
#: Quantities of an answer: its expected advantage, the derivative of its penalty, its reward.
_OF_ANSWERS = frozenset({"P", "d", "r"})


class NamesParser(Parser):
    """What is read as one name.

    Parameters
    ----------
    text : str
    functions : set of str, optional
        Names that stand for functions: brackets behind them hold an argument.
    """

    def __init__(self, text: str, functions: Set[str] = frozenset()) -> None:
        super().__init__(text)
        self._functions = functions

    def head(self) -> tuple[str, str | None] | None:
        """Takes the left side of a definition: a name in a letter, its variable, and ``=``."""
        start, token = self.at, self.take()
        if token.kind == "name" and token.text not in (*NAMES, "e"):
            name = f"{token.text}_{self._word()}" if self.accept("_") else token.text
            variable = self.ahead(1)
            bound = self.next.text == "(" and variable.kind == "name"
            if bound and self.ahead(2).text == ")":
                self.at += 3
            if self.accept("="):
                return name, variable.text if bound else None
        self.at = start
        return None

    def _named(self, token: Token) -> Node:
        name = NAMES.get(token.text, token.text)
        if name == "e":
            return self._exponential(token)
        if name == "pi":
            return self._probability(token)
        if name == "gamma" and self._between_a_and_b():
            return self.node("name", token, text=name)
        if self.accept("_"):
            index = self._word()
            if name == "p" and index in _REFERENCE:
                return self.node("name", token, text="pi_ref")
            name = f"{name}_{index}"
        if name in self._functions and self.next.text == "(":
            return self.node("call", token, [self.group("(")], text=name)
        if name in _OF_ANSWERS and self._has_answer(name):
            return self.node("name", token, text=f"{name}({self._answer()})")
        return self.node("name", token, text=name)

    def group(self, *opening: str) -> Node:
        raise NotImplementedError

    def script(self) -> Node:
        raise NotImplementedError

    def _has_answer(self, name: str) -> bool:
        """Whether (a) or (b) follows, an expected advantage with the policy behind a bar."""
        follows = "|" if name == "P" else ")"
        texts = [self.ahead(k).text for k in range(3)]
        return texts[0] == "(" and texts[1] in ("a", "b") and texts[2] == follows

    def _exponential(self, token: Token) -> Node:
        """e, with its exponent if it has one."""
        if not self.accept("^"):
            return self.node("name", token, text="E")
        with self.deeper():
            return self.node("exp", token, [self.script()])

    def _between_a_and_b(self) -> bool:
        r"""Takes the index of a margin, ``\gamma_{a,b}`` or ``\gamma_{ab}``."""
        for index in (("_", "{", "a", ",", "b", "}"), ("_", "{", "a", "b", "}")):
            if tuple(self.ahead(k).text for k in range(len(index))) == index:
                self.at += len(index)
                return True
        return False

    def _probability(self, token: Token) -> Node:
        """π with its subscript, a star of optimality, and the answer in brackets."""
        name, subscript = "pi", ""
        for _ in range(2):
            if self.accept("_"):
                subscript = self._word()
            elif self.next.text == "^" and not self._star() and self._names_reference():
                self.take()
                subscript = self._word()
        if subscript in _REFERENCE:
            name = "pi_ref"
        elif subscript not in _OWN:
            if not subscript.isdigit():
                raise self.refused(f"the policy {subscript[:40]!r} is not known", token)
            return self.node("name", token, text=f"pi_{subscript}")
        return self.node("name", token, text=name, answer=self._answer())

    def _star(self) -> bool:
        """Takes ^* or ^{\\star}, which marks the policy and is no power."""
        stars = ("*", r"\star")
        if self.ahead(1).text in stars:
            self.at += 2
            return True
        if self.ahead(1).text == "{" and self.ahead(2).text in stars and self.ahead(3).text == "}":
            self.at += 4
            return True
        return False

    def _names_reference(self) -> bool:
        r"""Whether ^{\mathrm{ref}} comes next."""
        texts = [self.ahead(k).text for k in range(1, 8) if self.ahead(k).text not in ("{", "}")]
        return "".join(texts[1:4] if texts[0] in FONTS else texts[:3]) == "ref"

    def _answer(self) -> str:
        """(a), (b | q) or (2) after a probability; nothing else is an argument."""
        if self.next.text != "(":
            return ""
        places, answer = 1, ""
        first = self.ahead(1)
        if first.kind == "name" and first.text in ("a", "b"):
            answer, places = first.text, 2
        while not answer.isalpha() and self.ahead(places).kind == "digit" and places < 6:
            answer += self.ahead(places).text
            places += 1
        if not answer or "." in answer or answer.startswith("0"):
            return ""
        if self.ahead(places).text == "|":
            places += 1
            while self.ahead(places).kind == "name" or self.ahead(places).text in NAMES:
                places += 1
        if self.ahead(places).text != ")":
            return ""
        self.at += places + 1
        return answer

    def _word(self) -> str:
        """A subscript or a name in letters: ref, {ref}, \\mathrm{ref}, {\\text{ref}}, 1."""
        with self.deeper():
            if self.accept(*FONTS):
                return self._word()
            if self.accept("{"):
                found = ""
                if self.next.kind == "command" and self.next.text in FONTS:
                    found = self._word()
                while self.next.kind in ("name", "digit", "command") and self.next.text != r"\}":
                    found += self.take().text
                if self.next.text == "^":
                    self._star()
                self.expect("}")
                return found
        if self.next.kind not in ("name", "digit", "command"):
            raise self.refused("a name is expected")
        return self.take().text
