"""What a certificate states: read strictly from nested lists, and written out for a reader."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from fractions import Fraction
from math import gcd
from typing import Any, NamedTuple

POSITIVE, ZERO, NEGATIVE = (frozenset({s}) for s in (1, 0, -1))
ANY = POSITIVE | ZERO | NEGATIVE
#: The opposite of each relation, and the signs of left - right with which it holds.
RELATIONS = {"==": "!=", "!=": "==", ">=": "<", ">": "<=", "<=": ">", "<": ">="}
SHOWN_BY = {"==": ZERO, "!=": ANY - ZERO, ">": POSITIVE, ">=": ANY - NEGATIVE,
            "<": NEGATIVE, "<=": ANY - POSITIVE}  # fmt: skip
#: What may be assumed of a symbol, and the signs that it then has.
WORDS = {"integer": ANY, "positive": POSITIVE, "negative": NEGATIVE,
         "nonnegative": ANY - NEGATIVE, "nonpositive": ANY - POSITIVE, "real": ANY}  # fmt: skip
_RATIO = re.compile(r"-?(0|[1-9]\d{0,999})(/[1-9]\d{0,999})?")
_ONE = "Abs sign exp log erf erfc sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh"
#: Heads of expressions with the least and the largest number of their arguments.
_HEADS = {
    **dict.fromkeys((*_ONE.split(), "Lambda"), (1, 1)),
    **dict.fromkeys(("E", "Pi", "Infinity", "NegativeInfinity"), (0, 0)),
    **dict.fromkeys(("Add", "Mul", "Max", "Min"), (2, 20_000)),
    **dict.fromkeys(("Pow", "binomial", "Rational"), (2, 2)),
    **{"Sum": (4, 4), "GroupSum": (4, 4), "BernsteinMean": (5, 5), "Tuple": (0, 20_000)},
}
_NODES, _DEPTH, _BITS = 20_000, 120, 1 << 13
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
    symbols: Mapping[str, list[str]]


def require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise Rejected(otherwise)


def digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def ratio(text: Any) -> Fraction:
    require(isinstance(text, str) and _RATIO.fullmatch(text), "it is no rational number in text")
    require(str(Fraction(text)) == text, "a fraction is not reduced")
    return Fraction(text)


def infinite(end: Any) -> bool:
    return end in (["Infinity"], ["NegativeInfinity"])


def statement_of(exact: Any) -> Statement:
    """The statement of the exact form, every type and every name looked at."""
    require(isinstance(exact, dict) and set(exact) == _EXACT, "the exact form has other fields")
    symbols, relation, where = exact["symbols"], exact["relation"], exact["where_defined"]
    require(isinstance(symbols, dict) and isinstance(exact["domain"], list), "a type is wrong")
    require(isinstance(relation, str) and relation in RELATIONS, f"{relation!r} is no relation")
    require(type(where) is bool, "where_defined is neither true nor false")
    for name, held in symbols.items():
        require(re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII), f"{name!r} is no name of a symbol")
        implied = {
            w for h in held for w in WORDS if w == h or (WORDS[h] <= WORDS[w] and w != "integer")
        }
        require(set(held) == implied and len(held) == len(implied), f"{name} cannot be {held}")
    ranges: list[Range] = []
    for item in exact["domain"]:
        require(isinstance(item, dict) and set(item) == {*Range._fields}, "a range is none")
        r, before = Range(**item), {other.symbol for other in ranges}
        require(r.symbol in symbols and r.symbol not in before, f"{r.symbol} is no symbol")
        require(type(r.lower_closed) is type(r.upper_closed) is bool, "an end is not true or false")
        for end, away in ((r.lower, "NegativeInfinity"), (r.upper, "Infinity")):
            require(end == [away] or not infinite(end), "infinity is not in its place")
            _check(end, before)
        ranges.append(r)
    for side in ("left", "right"):
        _check(exact[side], {r.symbol for r in ranges})
    return Statement(exact["left"], relation, exact["right"], tuple(ranges), where, symbols)


def _check(tree: Any, names: set[str], depth: int = 0) -> int:
    """How many nodes an expression in these names has; its numbers have to be reduced."""
    if type(tree) is int or isinstance(tree, str):
        fits = tree.bit_length() <= _BITS if type(tree) is int else tree in names
        require(fits, f"{str(tree)[:40]!r} is too large, or not declared")
        return 1
    require(isinstance(tree, list) and tree and isinstance(tree[0], str), "it is no expression")
    head, *args = tree
    least, most = _HEADS.get(head, (1, 0))
    require(least <= len(args) <= most, f"{head[:40]!r} with {len(args)} arguments is none")
    if head == "Rational":
        require(all(type(n) is int for n in args) and args[1] > 1, "it is no fraction")
        require(gcd(*args) == 1, "a fraction is not reduced")
    if head == "Lambda":
        require('"Lambda"' not in json.dumps(args), "a function within another")
        names = names | {"t"}
    if head in ("Sum", "GroupSum"):
        require(isinstance(args[1], str) and args[1] not in names, "an index is not its own")
        names = names | {args[1]}
    if head == "BernsteinMean":
        require(isinstance(args[0], str) and args.pop(0).isidentifier(), "a mean needs a name")
    nodes = 1 + sum(_check(part, names, depth + 1) for part in args)
    require(nodes <= _NODES and depth <= _DEPTH, "an expression is too large")
    return nodes


def written(tree: Any, level: int = 0) -> str:
    """An expression in the notation of Python; the level is that of its surroundings."""
    if isinstance(tree, str) or (type(tree) is int and (tree >= 0 or level == 0)):
        return str(tree)
    if type(tree) is int:
        return f"({tree})"
    head, *args = tree
    if not args:
        return {"Infinity": "oo", "NegativeInfinity": "-oo"}.get(head, head)
    own = 3
    if head == "Rational":
        own, text = 1, f"{args[0]}/{args[1]}"
    elif head == "Add":
        own, text = 0, " + ".join(written(a, 1) for a in args).replace("+ -", "- ")
    elif head == "Mul":
        minus, rest = ("-", args[1:]) if args[0] == -1 else ("", args)
        own, text = 1, minus + "*".join(written(a, 2) for a in rest)
    elif head == "Pow" and args[1] == ["Rational", 1, 2]:
        text = f"sqrt({written(args[0])})"
    elif head == "Pow":
        own, text = 2, f"{written(args[0], 3)}**{written(args[1], 3)}"
    else:
        text = f"{head}({', '.join(map(written, args))})"
    return f"({text})" if own < level else text


def texts(exact: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader reads: the statement, where it is made, and its ranges."""
    left, right = written(exact["left"]), written(exact["right"])
    return {
        "statement": {"left": left, "relation": exact["relation"], "right": right},
        "made": "where both sides are defined" if exact["where_defined"] else "everywhere",
        "domain": [_range_text(r, exact["symbols"]) for r in exact["domain"]],
    }


def _range_text(r: Mapping[str, Any], symbols: Mapping[str, list[str]]) -> str:
    name = ("integer " if "integer" in symbols[r["symbol"]] else "") + r["symbol"]
    low, high = (written(r[end], 1) for end in ("lower", "upper"))
    below, above = ("<=" if r[end] else "<" for end in ("lower_closed", "upper_closed"))
    return f"{low} {below} {name} {above} {high}"
