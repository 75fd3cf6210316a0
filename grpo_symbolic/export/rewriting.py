r"""TeX in the default names, rewritten in other names, token by token and all at once.

The text is read as TeX reads it: a command, a letter or a number is one token, and what stands
in ``\mathrm{...}`` is a word that no name of a quantity occurs in. A policy takes its subscript
and its argument with it, so that :math:`\pi`, :math:`\pi_{\mathrm{ref}}` and
:math:`\pi_{\mathrm{old}}(a)` are three different names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\\(?:mathrm|operatorname|mathit|mathbf|mathcal|begin|end|label|tag|ref)\*?\{[^{}]*\}"
    r"|\\[a-zA-Z]+|\\.|\s+|\d+|.",
    re.DOTALL,
)
# Groups in which prose stands: their mathematics is between dollars again.
_PROSE = re.compile(r"\\(?:intertext|text|textrm|mbox|shortintertext)\Z")
_ATOM = re.compile(r"(?:[a-zA-Z]|\\[a-zA-Z]+)\Z")
_WORD = re.compile(r"\\[a-zA-Z]+\Z")
_POLICY = re.compile(r"\\pi(?:_\{\\mathrm\{(ref|old)\}\}|_\\mathrm\{(ref|old)\})?")
_ANSWER = r"(?:[a-zA-Z]|\d+|\\cdot)(?:'|_(?:\w|\{\w+\}))*"
_ARGUMENT = re.compile(rf"\(\s*({_ANSWER})\s*(\\mid\b.*)?\)\Z", re.DOTALL)
_LABELLED = re.compile(r"(\(\s*)([ab])(\s*(?:(?:\\mid\b|[,|]|\\succ\b).*)?\))\Z", re.DOTALL)
# Commands whose next token is an argument, and how many of them.
_TAKES = {
    **dict.fromkeys(("_", "^"), 1),
    **{
        rf"\{c}": 1 for c in ("sqrt", "bar", "tilde", "hat", "dot", "overline", "widehat", "mathbb")
    },
    **{rf"\{c}": 2 for c in ("frac", "tfrac", "dfrac", "binom")},
}
_MATH = re.compile(
    r"(?P<open>\$\$|\$|\\\(|\\\[)(?P<body>.*?)(?P<close>\$\$|\$|\\\)|\\\])"
    r"|(?P<begin>\\begin\{(?P<kind>(?:equation|align|gather|multline)\*?)\})(?P<block>.*?)"
    r"(?P<end>\\end\{(?P=kind)\})",
    re.DOTALL,
)


@dataclass(frozen=True)
class Names:
    """What each default name becomes.

    Attributes
    ----------
    tokens : mapping
        TeX by single token: quantities, and letters that step aside for a chosen name.
    policies : mapping
        TeX of the policy by its subscript: "", "ref", "old".
    answers : mapping
        TeX of the answers a and b.
    success : str
        TeX of the success rate, whose subscript is an answer.
    context : str
        Put behind the answer, as a condition; may be empty.
    bare : bool
        Whether a policy of the answer a is written without its argument.
    """

    tokens: Mapping[str, str]
    policies: Mapping[str, str]
    answers: Mapping[str, str]
    success: str = "s"
    context: str = ""
    bare: bool = False


def single_token(tex: str) -> bool:
    """Whether this is one letter or one command."""
    return _ATOM.match(tex) is not None


def rewritten(tex: str, names: Names) -> str:
    """A formula in the default names, in these names."""
    bare = tex.strip()
    if bare in names.answers:
        return tex.replace(bare, names.answers[bare])
    return _Rewriter(tex, names).text()


def rewritten_text(prose: str, names: Names) -> str:
    """Prose in which only what stands in mathematics is rewritten."""

    def formula(match: re.Match[str]) -> str:
        if match["begin"]:
            return match["begin"] + rewritten(match["block"], names) + match["end"]
        body = rewritten(match["body"], names)
        left, _, right = body.partition("=")
        if body != match["body"] and left.strip() == right.strip():
            body = left  # an abbreviation that is now the name itself
        return match["open"] + body + match["close"]

    return _MATH.sub(formula, prose)


class _Rewriter:
    """One pass over the tokens of a formula."""

    def __init__(self, tex: str, names: Names) -> None:
        self.names = names
        self.tokens = _TOKEN.findall(tex)
        self.out: list[str] = []

    def text(self) -> str:
        at = 0
        while at < len(self.tokens):
            at = self._step(at)
        return "".join(self.out)

    def _step(self, at: int) -> int:
        """Writes what starts at this token; the place behind it."""
        token, names = self.tokens[at], self.names
        if _PROSE.match(token) and self._at(at + 1) == "{" and (end := self._closing(at + 1)):
            inner = "".join(self.tokens[at + 2 : end - 1])
            self.out += [token, "{", rewritten_text(inner, names), "}"]
            return end
        argument = self._takes_one(at)
        if token == r"\pi":
            return self._policy(at, argument)
        if token == "s" and not argument and self._labelled_subscript(at + 1):
            self._put(names.success, token, at + 1, argument)
            return at + 1
        if token == "_" and (label := self._labelled_subscript(at)):
            plain = "".join(self.tokens[at:label])
            answer = plain.strip("_{}")
            shown = names.answers[answer]
            braced = shown if len(shown) == 1 else f"{{{shown}}}"
            self.out.append(plain if shown == answer else f"_{braced}")
            return label
        if token == "(" and self._is_head(at) and (end := self._closing(at)):
            labelled = _LABELLED.match("".join(self.tokens[at:end]))
            if labelled:
                inner = _Rewriter(labelled[3], names).text()
                self.out += [labelled[1], names.answers[labelled[2]], inner]
                return end
        if token in names.answers and r"\succ" in (self._near(at, -1), self._near(at, 1)):
            self._put(names.answers[token], token, at + 1, argument)
        else:
            self._put(names.tokens.get(token, token), token, at + 1, argument)
        return at + 1

    def _policy(self, at: int, argument: bool) -> int:
        r"""``\pi`` with its subscript and, where an answer stands in brackets, its argument."""
        names = self.names
        rest = "".join(self.tokens[at : at + 5])
        match = _POLICY.match(rest)
        assert match is not None
        plain = r"\pi" if argument else match[0]
        which = "" if argument else match[1] or match[2] or ""
        end = at
        length = 0
        while length < len(plain):
            length += len(self.tokens[end])
            end += 1
        shown = names.policies[which]
        inside = None
        close = 0
        if not argument and self._at(end) == "(" and (close := self._closing(end)):
            inside = _ARGUMENT.match("".join(self.tokens[end:close]))
        if inside is None:
            self._put(shown, plain, end, argument)
            return end
        answer, condition = inside[1], inside[2] or ""
        if names.bare and answer == "a":
            self._put(shown, plain, close, argument)
            return close
        self._put(shown, plain, end, argument)
        label = names.answers.get(answer) or _Rewriter(answer, names).text()
        if condition:
            label += " " + _Rewriter(condition, names).text()
        elif names.context:
            label += rf" \mid {names.context}"
        kept = "".join(self.tokens[end:close])
        unchanged = label == answer
        self.out.append(kept if unchanged else f"({label})")
        return close

    # -- what stands around ---------------------------------------------------------------

    def _at(self, place: int) -> str:
        return self.tokens[place] if 0 <= place < len(self.tokens) else ""

    def _near(self, at: int, step: int) -> str:
        """The next token that is no space, in this direction."""
        at += step
        while self._at(at).isspace():
            at += step
        return self._at(at)

    def _closing(self, at: int) -> int:
        """The place behind the bracket that closes the one at this place, or 0."""
        opening = self.tokens[at]
        closing, depth = {"(": ")", "{": "}"}[opening], 0
        for place in range(at, len(self.tokens)):
            depth += (self.tokens[place] == opening) - (self.tokens[place] == closing)
            if depth == 0:
                return place + 1
        return 0

    def _is_head(self, at: int) -> bool:
        """Whether a name or a subscript stands directly before this bracket."""
        before = self._at(at - 1)
        sizes = (r"\left", r"\big", r"\Big", r"\bigl", r"\Bigl", r"\log", r"\exp")
        return bool(before) and (before[-1].isalnum() or before in "}'") and before not in sizes

    def _labelled_subscript(self, at: int) -> int:
        """The place behind a subscript that is an answer alone, or 0."""
        if self._at(at) != "_":
            return 0
        if self._at(at + 1) in self.names.answers:
            return at + 2
        if self._at(at + 1) == "{" and self._at(at + 3) == "}":
            return at + 4 if self._at(at + 2) in self.names.answers else 0
        return 0

    def _takes_one(self, at: int) -> bool:
        """Whether this token is an argument that a command takes without braces."""
        before = at - 1
        while self._at(before).isspace():
            before -= 1
        if self._at(before) in _TAKES:
            return True
        second = before - 1
        while self._at(second).isspace():
            second -= 1
        return _TAKES.get(self._at(second)) == 2 and self._at(before) not in "{}"

    def _put(self, shown: str, plain: str, after: int, argument: bool) -> None:
        """Writes a name so that what stands beside it keeps its meaning."""
        if shown == plain:
            self.out.append(plain)
            return
        following = self._at(after)
        doubled = following in ("_", "^") and _has_script(shown, following)
        if doubled or (argument and not single_token(shown)):
            shown = f"{{{shown}}}"
        if self.out and _WORD.search(self.out[-1]) and shown[0].isalpha():
            shown = " " + shown
        if _WORD.search(shown[shown.rfind("\\") :]) and following[:1].isalpha():
            shown += " "
        self.out.append(shown)


def _has_script(tex: str, mark: str) -> bool:
    """Whether a name already has a subscript (or a superscript) of its own."""
    marks: tuple[str, ...] = ("_",) if mark == "_" else ("^", "'")
    depth = 0
    for character in tex:
        depth += (character == "{") - (character == "}")
        if depth == 0 and character in marks:
            return True
    return False
