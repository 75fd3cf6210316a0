"""What a certificate states: read strictly from nested lists, and written out for a reader."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

#: The opposite of each relation, and the signs of left - right that show it.
RELATIONS = {"==": "!=", "!=": "==", ">=": "<", ">": "<=", "<=": ">", "<": ">="}
SHOWN_BY = {"==": (0,), "!=": (2, -2), ">": (2,), ">=": (2, 1, 0), "<": (-2,), "<=": (-2, -1, 0)}
_RATIO = re.compile(r"-?(0|[1-9]\d{0,999})(/[1-9]\d{0,999})?")
_IMPLIED = {
    "positive": {"nonnegative", "real"},
    "negative": {"nonpositive", "real"},
    "nonnegative": {"real"},
    "nonpositive": {"real"},
    "integer": {"real"},
    "real": set(),
}
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
_RANGE = {"symbol", "lower", "upper", "lower_closed", "upper_closed"}
_EXACT = {"symbols", "left", "relation", "right", "where_defined", "domain"}


class Rejected(ValueError):
    """The certificate is none."""


class Unchecked(Exception):
    """It is beyond what the kernel can check."""


@dataclass(frozen=True)
class Range:
    name: str
    lower: Any
    upper: Any
    lower_closed: bool
    upper_closed: bool


@dataclass(frozen=True)
class Statement:
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


def statement_of(exact: Any) -> Statement:
    """The statement of the exact form, every type and every name looked at."""
    require(isinstance(exact, dict) and set(exact) == _EXACT, "the exact form has other fields")
    symbols, relation, where = exact["symbols"], exact["relation"], exact["where_defined"]
    require(isinstance(symbols, dict) and isinstance(exact["domain"], list), "a type is wrong")
    require(isinstance(relation, str) and relation in RELATIONS, f"{relation!r} is no relation")
    require(type(where) is bool, "where_defined is neither true nor false")
    for name, held in symbols.items():
        plain = name.replace("_", "").isalnum() and name.isascii() and not name[0].isdigit()
        require(plain, f"{name!r} is no name of a symbol")
        require(isinstance(held, list) and all(isinstance(h, str) for h in held), "a type is wrong")
        closed = set().union(*({h, *_IMPLIED.get(h, {None})} for h in held))
        require(closed == set(held) and len(held) == len(closed), f"{name} cannot be {held}")
    ranges: list[Range] = []
    for item in exact["domain"]:
        require(isinstance(item, dict) and set(item) == _RANGE, "a range has other fields")
        r = Range(*(item[f] for f in ("symbol", "lower", "upper", "lower_closed", "upper_closed")))
        before = {other.name for other in ranges}
        require(isinstance(r.name, str) and r.name in symbols, "a range is of no symbol")
        require(r.name not in before, f"{r.name} has two ranges")
        require(type(r.lower_closed) is type(r.upper_closed) is bool, "an end is not true or false")
        for end, infinite in ((r.lower, "NegativeInfinity"), (r.upper, "Infinity")):
            if end != [infinite]:
                _check(end, before, infinite=False)
        ranges.append(r)
    names = {r.name for r in ranges}
    bound = set().union(*(_check(exact[side], names, infinite=True) for side in ("left", "right")))
    require(set(symbols) <= names | bound, "a symbol has no range")
    return Statement(exact["left"], relation, exact["right"], tuple(ranges), where, symbols)


def _check(tree: Any, names: set[str], *, infinite: bool) -> set[str]:
    """That this is an expression in these names, of bounded size, with its numbers reduced.

    Returns the names that it binds.
    """
    nodes, stack, bound = 0, [(tree, frozenset(names), 0)], set()
    while stack:
        node, known, depth = stack.pop()
        nodes += 1
        require(nodes <= _NODES and depth <= _DEPTH, "an expression is too large")
        if type(node) is int:
            require(node.bit_length() <= _BITS, "a number is too large")
            continue
        if isinstance(node, str):
            require(node in known, f"the symbol {node[:40]!r} is not declared")
            continue
        require(isinstance(node, list) and node and isinstance(node[0], str), "it is no expression")
        head, *rest = node
        least, most = _HEADS.get(head, (1, 0))
        require(least <= len(rest) <= most, f"{head[:40]!r} with {len(rest)} arguments is none")
        require(infinite or not head.endswith("Infinity"), "infinity is not in its place")
        if head == "Rational":
            require(all(type(n) is int for n in rest) and rest[1] > 1, "it is no fraction")
            require(gcd(*rest) == 1, "a fraction is not reduced")
        if head in ("Sum", "GroupSum"):
            new = isinstance(rest[1], str) and rest[1] not in known
            require(new, "a sum needs an index of its own")
            bound.add(rest[1])
            stack.append((rest[0], known | {rest[1]}, depth + 1))
            rest = rest[2:]
        if head == "BernsteinMean":
            require(isinstance(rest[0], str) and rest[0].isidentifier(), "a mean needs a name")
            rest = rest[1:]
        inner = known
        if head == "Lambda":
            require("_t" not in known, "a function within another")
            bound, inner = bound | {"_t"}, known | {"t", "_t"}
        stack += [(part, inner, depth + 1) for part in rest]
    return bound


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
