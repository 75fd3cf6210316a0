r"""LaTeX as papers write it: ``\pi(a) = \frac{1}{2}(1 - \beta + \sqrt{\dots})``.

Layout (``\left``, ``\bigl``, ``\,``, ``&``, ``$``) carries no meaning and is dropped. Where print
is ambiguous (what a slash divides, how far an argument without brackets goes), the formula is
refused with the advice to put brackets.
"""

from __future__ import annotations

import re
from collections.abc import Set
from types import MappingProxyType

from grpo_symbolic.grammar.tex_names import FONTS, NAMES, NamesParser
from grpo_symbolic.grammar.tokens import RELATIONS, Node, Token

_TOKEN = re.compile(
    r"\s*(?:\{\}|\\(?:begin|end)\{(?:aligned|split)\}"
    # A line that goes on with a sign continues the sum; another one would be a second formula.
    r"|\\\\(?=\s*&?\s*(?:\\q?quad)*\s*[-+])"
    r"|(?P<command>\\(?:[A-Za-z]+|[,;:!> {}|()\[\]]))"
    r"|(?P<name>[A-Za-zπβγεσ])|(?P<digit>[0-9.])|(?P<mark>[-+*/^_(){}\[\],=<>|&$~≤≥≠·−'])|%.*)"
)
_SIZES = (
    "left",
    "right",
    "middle",
    *(b + e for b in ("big", "Big", "bigg", "Bigg") for e in ("", "l", "r")),
)
_SPACES = (",", ";", ":", "!", ">", " ", "(", ")", "[", "]")
_STYLES = ("quad", "qquad", "displaystyle", "textstyle", "limits", "nolimits", "qedhere")
_LAYOUT = frozenset({"&", "$", "~", *("\\" + word for word in (*_SIZES, *_SPACES, *_STYLES))})
_SAME = {
    spelling: token
    for token, spellings in {
        "-": ("−",),
        "*": ("·", r"\cdot", r"\times", r"\ast"),
        "<=": (r"\le", r"\leq", r"\leqslant"),
        ">=": (r"\ge", r"\geq", r"\geqslant"),
        "!=": (r"\ne", r"\neq"),
        "<": (r"\lt",),
        ">": (r"\gt",),
        r"\frac": (r"\tfrac", r"\dfrac", r"\cfrac", r"\nicefrac", r"\sfrac"),
        r"\binom": (r"\tbinom", r"\dbinom"),
        "|": (r"\mid", r"\vert", r"\lvert", r"\rvert"),
        "[": (r"\lbrack",),
        "]": (r"\rbrack",),
        r"\{": (r"\lbrace",),
        r"\}": (r"\rbrace",),
        r"\to": (r"\rightarrow", r"\downarrow", r"\uparrow"),
    }.items()
    for spelling in spellings
}
#: How TeX writes the relations that formulas may have.
RELATION_COMMANDS = frozenset(c for c, sign in _SAME.items() if c[0] == "\\" and sign in RELATIONS)
#: Functions by their words: a command of their own, or written out as an operator name.
_FUNCTIONS = {
    **{name: name for name in ("log", "ln", "exp", "sinh", "cosh", "tanh", "max", "min")},
    **{name: name for name in ("erf", "erfc", "sign", "sin", "cos", "tan")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan")},
    **{f"{prefix}{name}": f"a{name}" for prefix in ("ar", "arc") for name in ("sinh", "tanh")},
    "arcosh": "acosh",
    "sgn": "sign",
}
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|"}


class TexParser(NamesParser):
    """Recursive descent over LaTeX mathematics; what is ambiguous in print is refused."""

    pattern, same, layout = _TOKEN, MappingProxyType(_SAME), _LAYOUT
    stops = (".", ",")
    leftover = "this does not continue a formula"

    def __init__(self, text: str, functions: Set[str] = frozenset()) -> None:
        super().__init__(text, functions)
        self._bars = 0

    # -- sums and products ----------------------------------------------------------------

    def starts_factor(self) -> bool:
        token = self.next
        if token.kind in ("name", "digit"):
            return token.text != "." or self.ahead(1).kind == "digit"
        if token.text == "|":
            return not self._bars and self.ahead(1).text != "_"
        if token.kind == "command":
            return token.text not in (r"\}", r"\to", r"\|", r"\over")
        return token.text in ("(", "[", "{")

    def power(self) -> Node:
        found = super().power()
        if self.next.text == "|" and self.ahead(1).text == "_" and not self._bars:
            return self._at(found, self.next)
        if self.next.text == "'":
            raise self.refused("derivatives are written \\partial \\pi(a) / \\partial \\beta")
        if self.next.text == "^":
            raise self.refused("two exponents in a row need braces")
        return found

    def exponent(self) -> Node:
        return self.script()

    def script(self) -> Node:
        """What stands after ^ or after \\frac: a group in braces, or one character."""
        if self.next.text == "{":
            return self.group("{")
        if self.next.kind == "digit" and self.next.text != ".":
            digit = self.take()
            return self.node("number", digit, text=digit.text)
        if self.next.kind == "mark":
            raise self.refused("a group in braces or one character is expected")
        return self.atom()

    def group(self, *opening: str) -> Node:
        """A sum in one of these brackets."""
        start = self.accept(*opening)
        if start is None:
            raise self.refused(f"{opening[0]!r} is missing")
        bars, self._bars = self._bars, int(start.text == "|")
        inner = self.sum()
        over = self.accept(r"\over") if start.text == "{" else None
        if over is not None:
            inner = self.node("*", over, [inner, self.node("inverse", over, [self.sum()])])
        self.expect(_CLOSING[start.text])
        self._bars = bars
        return inner

    # -- atoms --------------------------------------------------------------------------------

    def atom(self) -> Node:
        with self.deeper():
            return self._atom()

    def _atom(self) -> Node:
        token = self.next
        if token.text == "." and self.ahead(1).kind != "digit":
            return self._evaluated(self.take())
        if token.kind == "digit":
            return self._number()
        if token.text in ("(", "[", "{", r"\{"):
            return self.group(token.text)
        if token.text == "|":
            return self.node("Abs", token, [self.group("|")])
        if token.kind == "name" or token.text in NAMES:
            return self._named(self.take())
        if token.kind != "command":
            raise self.refused("a number, a name or a bracket is expected")
        return self._command(self.take())

    def _evaluated(self, start: Token) -> Node:
        r"""``\left. \pi(a) \right|_{\beta = 1}``"""
        bars, self._bars = self._bars, 1
        inner = self.sum()
        self._bars = bars
        return self._at(inner, start)

    def _at(self, inner: Node, start: Token) -> Node:
        r"""``|_{\beta = 1}``, behind what it is the value of"""
        for mark in ("|", "_", "{"):
            self.expect(mark)
        variable = self.atom()
        self.expect("=")
        value = self.sum()
        self.expect("}")
        return self.node("at", start, [inner, variable, value])

    def _number(self) -> Node:
        start, digits = self.next, ""
        while self.next.kind == "digit" and self.next.position == start.position + len(digits):
            digits += self.take().text
        if digits.endswith("."):  # the full stop of a sentence
            self.at -= 1
            digits = digits[:-1]
        if digits.count(".") > 1 or not digits:
            raise self.refused("this is not a number", start)
        return self.node("number", start, text=digits)

    def _command(self, command: Token) -> Node:
        name = command.text
        if name == r"\frac":
            return self._fraction(command)
        if name == r"\sqrt":
            return self._root(command)
        if name == r"\lim":
            return self._limit(command)
        if name == r"\sum":
            return self._sum(command)
        if name == r"\partial":
            return self._slashed_derivative(command)
        if name == r"\binom":
            return self.node("binomial", command, [self.script(), self.script()])
        if name == r"\infty":
            return self.node("name", command, text="oo")
        word = self._word() if name in FONTS else name.removeprefix("\\")
        if word == "e" and name in FONTS:
            return self._exponential(command)
        if word == "logit":
            share = self._applied(word, command).args[0]
            rest = self.node("+", command, [self.node("number", command, text="1"),
                                            self.node("neg", command, [share])])  # fmt: skip
            odds = [share, self.node("inverse", command, [rest])]
            return self.node("log", command, [self.node("*", command, odds)])
        if word in _FUNCTIONS:
            return self._applied(_FUNCTIONS[word], command)
        if name in FONTS:
            raise self.refused(f"{word[:40]!r} is not a function that formulas may use", command)
        hint = ": environments inside of it, such as arrays, are not read" * (name == r"\begin")
        raise self.refused(f"{name[:40]!r} is not a command that formulas may use{hint}", command)

    def _fraction(self, command: Token) -> Node:
        if self.next.text == "{" and self._differential_at(1):
            return self._derivative(command)
        top = self.script()
        bottom = self.script()
        return self.node("*", command, [top, self.node("inverse", command, [bottom])])

    def _root(self, command: Token) -> Node:
        order = self.group("[") if self.next.text == "[" else None
        inside = self.script()
        if order is None:
            return self.node("sqrt", command, [inside])
        return self.node("root", command, [inside, order])

    def _applied(self, function: str, command: Token) -> Node:
        """A function with brackets, or before a single factor that nothing follows."""
        if self.next.text in ("^", "_"):
            raise self.refused(f"write ({function} x)^n: indices on functions are not read")
        if function in ("max", "min"):
            return self._extreme(function, command)
        opening = self.next.text
        if opening in ("(", "[", "{", r"\{"):
            return self.node(function, command, [self.group(opening)])
        argument = self.power()
        # A fraction of numbers looks like a coefficient of what follows it.
        closed = opening == r"\sqrt" or (opening == r"\frac" and _names(argument))
        if not closed and (self.starts_factor() or self.next.text in ("*", "/")):
            raise self.refused("where this argument ends is ambiguous: brackets", command)
        return self.node(function, command, [argument])

    def _extreme(self, function: str, command: Token) -> Node:
        start = self.accept("(", r"\{", "[", "{")
        if start is None:
            raise self.refused("the arguments of max and min stand in brackets")
        inner = start.text == "{" and self.accept("(", r"\{", "[")
        bars, self._bars = self._bars, 0
        args = self.listed(self.sum)
        if inner:
            self.expect(_CLOSING[inner.text])
        self.expect(_CLOSING[start.text])
        self._bars = bars
        return self.node(function, command, args)

    def _sum(self, command: Token) -> Node:
        r"""``\sum_{k=1}^{7}`` over the product behind it."""
        self.expect("_")
        self.expect("{")
        index = self.take()
        if index.kind != "name":
            raise self.refused("a letter is expected that the sum runs over", index)
        self.expect("=")
        first = self.sum()
        self.expect("}")
        self.expect("^")
        last = self.script()
        name = self.node("name", index, text=index.text)
        return self.node("sum", command, [name, first, last, self.product()])

    # -- limits and derivatives -----------------------------------------------------------

    def _limit(self, command: Token) -> Node:
        self.expect("_")
        self.expect("{")
        variable = self.atom()
        self.expect(r"\to")
        end = self._limit_end()
        args = [variable, end]
        if self.accept("^"):
            braced = self.accept("{")
            mark = self.accept("+", "-")
            if mark is None:
                raise self.refused("a limit is taken from + or -")
            if braced:
                self.expect("}")
            args.append(self.node("side", mark, text=mark.text))
        self.expect("}")
        inner = self.product()
        return self.node("limit", command, [inner, *args])

    def _limit_end(self) -> Node:
        mark = self.accept("-")
        found = self.atom()
        if self.accept("/"):
            found = self.node("*", self.next, [found, self.node("inverse", self.next,
                                                                [self.atom()])])  # fmt: skip
        return found if mark is None else self.node("neg", mark, [found])

    def _derivative(self, command: Token) -> Node:
        """\\frac{\\partial \\pi(a)}{\\partial \\beta}, or the quantity behind the fraction."""
        self.expect("{")
        self._differential()
        top = None if self.next.text == "}" else self.atom()
        self.expect("}")
        self.expect("{")
        self._differential()
        bottom = self.atom()
        self.expect("}")
        return self.node("diff", command, [self.atom() if top is None else top, bottom])

    def _slashed_derivative(self, command: Token) -> Node:
        if self.accept("_"):
            bottom = self.script()
            return self.node("diff", command, [self.atom(), bottom])
        top = self.atom()
        self.expect("/")
        self._differential()
        return self.node("diff", command, [top, self.atom()])

    def _differential(self) -> None:
        r"""Takes ``\partial``, d or ``\mathrm{d}``."""
        length = self._differential_at(0)
        if not length:
            raise self.refused(r"'\\partial' is missing")
        self.at += length

    def _differential_at(self, places: int) -> int:
        texts = [self.ahead(places + k).text for k in range(4)]
        if texts[0] in (r"\partial", "d"):
            return 1
        if texts[0] in FONTS:
            return 2 if texts[1] == "d" else 4 if texts[1:] == ["{", "d", "}"] else 0
        return 0


def _names(node: Node) -> bool:
    """Whether something in it has a name, and not numbers alone."""
    plain = ("number", "+", "neg", "*", "inverse")
    return node.head not in plain or any(map(_names, node.args))
