"""What a certificate states: read strictly from nested lists, and written out for a reader."""

from __future__ import annotations

import hashlib
import json
import re
from fractions import Fraction
from typing import Any, NamedTuple

POSITIVE, ZERO, NEGATIVE = (frozenset({s}) for s in (1, 0, -1))
ANY = POSITIVE | ZERO | NEGATIVE
#: The signs of left - right with which a relation holds.
SHOWN_BY = {"==": ZERO, "!=": ANY - ZERO, ">": POSITIVE, ">=": ANY - NEGATIVE,
            "<": NEGATIVE, "<=": ANY - POSITIVE}  # fmt: skip
#: What may be assumed of a symbol, and the signs that it then has.
WORDS = {"integer": ANY, "positive": POSITIVE, "negative": NEGATIVE,
         "nonnegative": ANY - NEGATIVE, "nonpositive": ANY - POSITIVE, "real": ANY}  # fmt: skip
#: Heads of expressions with the least and the largest number of their arguments.
_HEADS = {"Add": (2, 20_000), "Mul": (2, 20_000), "Pow": (2, 2), "Rational": (2, 2),
          "Abs": (1, 1), "exp": (1, 1), "log": (1, 1), "Pi": (0, 0)}  # fmt: skip
#: Those that a claim may have, and that mean nothing here; names that are no symbols.
_FOREIGN = "(Group)?Sum|BernsteinMean|Max|Min|binomial|sign|erfc?|a?(sin|cos|tan)h?"
_TAKEN = f"{_FOREIGN}|{'|'.join(_HEADS)}|sqrt|oo|E|integer|(Negative)?Infinity"
_NODES, _DEPTH, _BITS = 20_000, 120, 1 << 13
_NAME, _RATIO = re.compile(r"[A-Za-z_][A-Za-z_0-9]*"), re.compile("-?[0-9]{1,999}(/[0-9]{1,999})?")
INFINITE = (["NegativeInfinity"], ["Infinity"])
_EXACT = {"symbols", "left", "relation", "right", "where_defined", "domain"}


class Rejected(ValueError):
    """The certificate is none."""


class Unchecked(Exception):
    """It is beyond what the kernel can check."""


class Range(NamedTuple):
    symbol: str
    lower: Any
    upper: Any
    lower_closed: bool
    upper_closed: bool


class Statement(NamedTuple):
    left: Any
    relation: str
    right: Any
    ranges: tuple[Range, ...]
    where_defined: bool
    symbols: dict[str, list[str]]


def require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise Rejected(otherwise)


def within(holds: Any, otherwise: str) -> None:
    """What the kernel can check, or else why it cannot."""
    if not holds:
        raise Unchecked(otherwise)


def digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def ratio(text: Any) -> Fraction:
    require(_RATIO.fullmatch(text) and str(Fraction(text)) == text, "it is no reduced number")
    return Fraction(text)


def statement_of(exact: Any) -> Statement:
    """The statement of the exact form, every type and every name looked at."""
    require(isinstance(exact, dict) and set(exact) == _EXACT, "the exact form has other fields")
    symbols, relation, where = exact["symbols"], exact["relation"], exact["where_defined"]
    require(isinstance(relation, str) and relation in SHOWN_BY, f"{relation!r} is no relation")
    require(type(where) is bool, "where_defined is neither true nor false")
    ranges: list[Range] = []
    require(len(exact["domain"]) <= _DEPTH, "there are too many ranges")
    for name, held in symbols.items():
        free = _NAME.fullmatch(name) and not re.fullmatch(_TAKEN, name)
        require(free, f"{name!r} is no name of a symbol")
        words = {w for w in WORDS for h in held if w == h or WORDS[h] <= WORDS[w] != ANY} | {"real"}
        require(sorted(words) == sorted(held), f"{name} cannot be {held}")
    for item in exact["domain"]:
        r, before = Range(**item), {other.symbol for other in ranges}
        require(r.symbol in symbols and r.symbol not in before, f"{r.symbol} is no symbol")
        require(type(r.lower_closed) is type(r.upper_closed) is bool, "an end is not true or false")
        for end, closed, away in zip(r[1:3], r[3:], INFINITE, strict=True):
            require(not closed or end != away, "infinity is no value")
            if end != away:
                _check(end, before)
        ranges.append(r)
    for side in ("left", "right"):
        _check(exact[side], {r.symbol for r in ranges})
    return Statement(exact["left"], relation, exact["right"], tuple(ranges), where, symbols)


def _check(tree: Any, names: set[str], depth: int = 0) -> int:
    """How many nodes an expression in these names has; its numbers have to be reduced."""
    if not isinstance(tree, list):
        whole = type(tree) is int and tree.bit_length() <= _BITS
        known = whole or (isinstance(tree, str) and tree in names)
        require(known, f"{tree!r:.40} is too large, or not declared")
        return 1
    require(tree and isinstance(tree[0], str), "it is no expression")
    head, *args = tree
    within(not re.fullmatch(_FOREIGN, head), f"{head} has no meaning here")
    fits = head in _HEADS and _HEADS[head][0] <= len(args) <= _HEADS[head][1]
    require(fits, f"{head[:40]!r} with {len(args)} arguments is none")
    if head == "Rational":
        whole = all(type(n) is int for n in args)
        require(whole and Fraction(*args).denominator == args[1] > 1, "it is no reduced fraction")
    nodes = 1 + sum(_check(part, names, depth + 1) for part in args)
    require(nodes <= _NODES and depth <= _DEPTH, "an expression is too large")
    return nodes


def written(tree: Any, level: int = 0) -> str:
    """An expression in the notation of Python; the level is that of its surroundings."""
    if not isinstance(tree, list):
        return f"({tree})" if level and type(tree) is int and tree < 0 else str(tree)
    head, *args = tree
    own = {"Add": 0, "Mul": 1, "Rational": 1, "Pow": 2}.get(head, 3)
    if head == "Rational":
        text = f"{args[0]}/{args[1]}"
    elif head == "Add":
        text = " + ".join(written(a, 1) for a in args).replace("+ -", "- ")
    elif head == "Mul":
        minus, rest = ("-", args[1:]) if args[0] == -1 else ("", args)
        text = minus + "*".join(written(a, 2) for a in rest)
    elif head == "Pow" and args[1] == ["Rational", 1, 2]:
        own, text = 3, f"sqrt({written(args[0])})"
    elif head == "Pow":
        text = "**".join(written(a, 3) for a in args)
    else:
        name = head.replace("Negative", "-").replace("Infinity", "oo")
        text = f"{name}({', '.join(map(written, args))})" if args else name
    return f"({text})" if own < level else text


def texts(exact: dict[str, Any]) -> dict[str, Any]:
    """What a reader reads: the statement, where it is made, and its ranges."""
    left, right = written(exact["left"]), written(exact["right"])
    ranges = []
    for r in exact["domain"]:
        name = "integer " * ("integer" in exact["symbols"][r["symbol"]]) + r["symbol"]
        low, high = ("<=" if r[end] else "<" for end in ("lower_closed", "upper_closed"))
        ranges.append(f"{written(r['lower'], 1)} {low} {name} {high} {written(r['upper'], 1)}")
    made = "where both sides are defined" if exact["where_defined"] else "everywhere"
    return {"statement": {"left": left, "relation": exact["relation"], "right": right},
            "made": made, "domain": ranges}  # fmt: skip
