r"""Plain text as TeX: ``it falls in beta for p < pi_ref`` with its formulas set as formulas.

Names of claims are written for the terminal. Here the runs of symbols, numbers and signs in them
are found and set in mathematics, one run one formula; the words between are left as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GREEK = ["pi", "beta", "gamma", "lambda", "sigma", "tau", "eta", "xi", "psi", "rho", "phi", "mu",
          "Phi", "Gamma", "Delta"]  # fmt: skip
_FUNCTIONS = ["log", "exp", "sinh", "cosh", "tanh", "arcsin", "arctan", "max", "min"]

#: Words that are symbols.
_SYMBOLS = {
    "pi_ref": r"\pi_{\mathrm{ref}}",
    "pi_old": r"\pi_{\mathrm{old}}",
    "dpi": r"d\pi",
    "oo": r"\infty",
    "sqrt": r"\sqrt",
    "infinity": r"\infty",
    "gap": r"\Delta",
    "epsilon": r"\varepsilon",
    "sum": r"\textstyle\sum",
    **{name: rf"\{name}" for name in _GREEK + _FUNCTIONS},
    **{name: rf"\operatorname{{{name}}}" for name in ("logit", "sign")},
    "asinh": r"\operatorname{arsinh}",
    **{name: rf"\mathrm{{{name}}}" for name in ("KL", "E", "Var")},
}
_SIGNS = {
    ">=": r"\ge ",
    "<=": r"\le ",
    "->": r"\to ",
    "==": "=",
    "!=": r"\ne ",
    "||": r"\,\|\,",
    "~": r"\sim ",
    "*": r"\,",
}
#: Words that are symbols beside others only: "a" is an article too, "sum" a word.
_SHY = {"a", "A", "I", "sum", "max", "min", "exp", "log", "sign", "gap", "epsilon", "s", "KL"}
_ANSWERS = re.compile(r"(?:\banswers? |, )\Z")
_ALONE = re.compile(r"(?:\bof|\bfor|\bbeats) \Z")

_TOKEN = re.compile(
    r"""(?P<tex>\$[^$]*\$)
      | (?P<space>\s+)
      | (?P<number>\d+(?:\.\d+)?(?:\+(?=[\s),]|\Z))?)
      | (?P<word>[^\W\d_]+(?:-[^\W\d_]{2,})*(?:_(?:\w+|\([^()]*\)))?\d*'*(?:\*(?=[\s,)]|\Z))?)
      | (?P<sign>>=|<=|->|==|!=|\|\||[-+*/^=<>|~])
      | (?P<open>[(\[])
      | (?P<close>[)\]])
      | (?P<dots>\.\.\.)
      | (?P<other>.)""",
    re.VERBOSE,
)
_TEXT = {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}",
         "^": r"\textasciicircum{}", "{": r"\{", "}": r"\}", "<": "$<$", ">": "$>$",
         "\\": r"\textbackslash{}", "|": "$|$", "\u2026": r"\dots{}"}  # fmt: skip


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def escape(text: str) -> str:
    """Plain text as TeX; what stands between dollars is TeX already."""
    text = re.sub(r"(?<=\))-(?=\(\d+\))", "\u2013", text)  # from equation to equation
    tokens = [_Token(m.lastgroup or "", m[0]) for m in _TOKEN.finditer(text)]
    parts: list[str] = []
    place = 0
    while place < len(tokens):
        end = _run(tokens, place)
        run = tokens[place:end]
        around = ["".join(t.text for t in part) for part in (tokens[:place], tokens[end:])]
        if end > place and _is_formula(run, *around):
            parts.append(f"${_math(run)}$")
        else:
            end = max(end, place + 1)
            parts += (_plain(tokens, position) for position in range(place, end))
        place = end
    return "".join(parts)


def _run(tokens: list[_Token], start: int) -> int:
    """The end of the formula that starts here; ``start`` itself when none does."""
    if tokens[start].kind == "space":
        return start
    place, end = start, start
    while place < len(tokens):
        token = tokens[place]
        if token.kind == "space":
            place += 1
            continue
        if token.kind == "open":
            close = _closing(tokens, place)
            if close is None or not _inside(tokens[place + 1 : close]):
                break
            alone = place == 0 or tokens[place - 1].kind in ("space", "open")
            if alone and _number_of_equation(tokens[place : close + 1]):
                break
            place = close
        elif not _symbolic(token) or (token.text == "gap" and not _equated(tokens, place)):
            break
        place += 1
        end = place
    while end > start and tokens[end - 1].kind == "sign" and tokens[end - 1].text in "+-*/=":
        end -= 1  # a formula does not end with a sign
        while end > start and tokens[end - 1].kind == "space":
            end -= 1
    return end


def _equated(tokens: list[_Token], place: int) -> bool:
    """Whether a word stands beside a sign."""
    around = tokens[:place][-2:] + tokens[place + 1 : place + 3]
    return any(t.kind == "sign" for t in around)


def _closing(tokens: list[_Token], place: int) -> int | None:
    depth = 0
    for position in range(place, len(tokens)):
        depth += (tokens[position].kind == "open") - (tokens[position].kind == "close")
        if depth == 0:
            return position
    return None


def _inside(tokens: list[_Token]) -> bool:
    return all(
        t.kind in ("space", "open", "close") or t.text in ",;." or _symbolic(t) for t in tokens
    )


def _symbolic(token: _Token) -> bool:
    if token.kind in ("number", "sign"):
        return True
    return token.kind == "word" and _name(token.text) is not None


def _number_of_equation(tokens: list[_Token]) -> bool:
    """``(14)``: the number of an equation."""
    inner = [t for t in tokens if t.kind != "space"]
    return len(inner) == 3 and inner[1].kind == "number"


def _is_formula(run: list[_Token], before: str, after: str) -> bool:
    """Whether a run is a formula; a lone number, article or equation number is not."""
    marks = [t for t in run if t.kind != "space"]
    if all(t.kind in ("number", "open", "close") for t in marks):
        return any(t.text.endswith("+") for t in marks)
    words = [t.text for t in marks if t.kind == "word"]
    signs = [t for t in marks if t.kind == "sign"]
    if len(marks) == 1 and before.endswith("Appendix "):
        return False
    if len(marks) == 1 and words and words[0] in _SHY:
        alone = _ALONE.search(before) and not after.startswith(" ")
        named = _ANSWERS.search(before) or alone or after.startswith(" beats ")
        return words[0] == "a" and bool(named)
    if not signs and marks[0].text in ("a", "A", "I", "s"):
        return False
    return bool(words) or (bool(signs) and len(marks) > 1)


def _name(word: str) -> str | None:
    """A word as a symbol, or None: Greek names, single letters, letters with an index."""
    base = word.rstrip("'*")
    primes = word[len(base) :].replace("*", "^*")
    if base in _SYMBOLS:
        return _SYMBOLS[base] + primes
    policy = re.fullmatch(r"(pi|pi_ref)_(\d+)", base)  # of an answer with a number
    if policy is not None:
        return f"{_SYMBOLS[policy[1]]}({policy[2]})"
    head, _, index = base.partition("_")
    if not index:
        found = re.fullmatch(r"([A-Za-z])(\d*)", base)
        if found is None:
            return None
        return found[1] + (f"_{found[2]}" if len(found[2]) == 1 else
                           f"_{{{found[2]}}}" if found[2] else "") + primes  # fmt: skip
    stem = _SYMBOLS.get(head, head if len(head) == 1 else None)
    if stem is None:
        return None
    index = index.strip("()")
    if index in _SYMBOLS or len(index) == 1:
        low = _SYMBOLS.get(index, index)
    elif index == "ref":
        low = r"\pi_{\mathrm{ref}}"
    elif re.fullmatch(r"\d+|[A-Za-z]\s*[+-]\s*\d", index):
        low = index
    else:
        low = rf"\mathrm{{{index}}}"
    return f"{stem}_{{{low}}}{primes}" if len(low) > 1 else f"{stem}_{low}{primes}"


def _math(run: list[_Token]) -> str:
    """TeX of the tokens of a formula."""
    parts: list[str] = []
    place = 0
    while place < len(run):
        token = run[place]
        if token.text == "^" and place + 1 < len(run):
            end = _power(run, place + 1)
            inner = run[place + 1 : end]
            if inner[0].kind == "open":
                inner = inner[1:-1]
            parts.append(f"^{{{_math(inner)}}}")
            place = end
            continue
        if token.text == "sqrt" and place + 1 < len(run):
            step = 2 if run[place + 1].kind == "space" else 1
            close = _closing(run, place + step) if run[place + step].kind == "open" else None
            inner = run[place + step + 1 : close] if close else [run[place + step]]
            parts.append(rf"\sqrt{{{_math(inner)}}}")
            place = (close or place + step) + 1
            continue
        if token.kind == "word":
            shown = _name(token.text) or token.text
            follows = run[place + 1].text[:1] if place + 1 < len(run) else ""
            parts.append(shown + (" " if follows.isalnum() else ""))
        elif token.kind == "sign":
            parts.append(_SIGNS.get(token.text, token.text))
        elif token.kind == "space":
            parts.append(r"\," if _beside(run, place) else " ")
        else:
            parts.append(token.text)
        place += 1
    return "".join(parts).strip()


def _power(run: list[_Token], place: int) -> int:
    if run[place].text == "-" and place + 1 < len(run):
        return place + 2
    if run[place].kind == "open":
        return (_closing(run, place) or place) + 1
    return place + 1


def _beside(run: list[_Token], place: int) -> bool:
    """Whether a space stands between two factors."""
    around = run[place - 1 : place] + run[place + 1 : place + 2]
    return len(around) == 2 and all(t.kind in ("word", "number", "open", "close") for t in around)


def _plain(tokens: list[_Token], place: int) -> str:
    token = tokens[place]
    if token.kind == "tex":
        return token.text
    if token.kind == "dots":
        return r"\dots{}"
    if token.text == "*":
        return r" $\cdot$ "
    if token.text == "-" and all(t.kind == "space" for t in tokens[place - 1 : place + 2 : 2]):
        return "$-$"
    if token.text in _SIGNS:
        return f"${_SIGNS[token.text].strip()}$"
    return "".join(_TEXT.get(character, character) for character in token.text)
