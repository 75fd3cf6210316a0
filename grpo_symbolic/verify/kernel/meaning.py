"""Heads of expressions that stand for others: means, sums and functions, written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from math import comb
from typing import Any

from grpo_symbolic.verify.kernel.statement import Unchecked, require

_TERMS = 64
_HALF = ["Rational", 1, 2]


def put(tree: Any, name: str, value: Any) -> Any:
    """The tree with a value for a name."""
    if isinstance(tree, list):
        return [tree[0], *(put(a, name, value) for a in tree[1:])]
    return value if tree == name else tree


def minus(x: Any) -> Any:
    return ["Mul", -1, x]


def _half(x: Any, y: Any) -> Any:
    return ["Mul", _HALF, ["Add", x, y]]


def _extreme(way: int, x: Any, y: Any) -> Any:
    return _half(["Add", x, y], ["Mul", way, ["Abs", ["Add", x, minus(y)]]])


def _sum(term: Any, index: str, first: Any, last: Any) -> Any:
    if type(first) is not int or type(last) is not int or not -1 <= last - first <= _TERMS:
        raise Unchecked("a sum of no given length, or of a large one")
    return ["Add", 0, *(put(term, index, k) for k in range(first, last + 1))]


def _binomial(n: Any, k: Any) -> int:
    if type(n) is not int or type(k) is not int or not 0 <= k <= n <= _TERMS:
        raise Unchecked("a binomial coefficient of no given numbers, or of large ones")
    return comb(n, k)


def _mean(_: str, values: Any, n: Any, m: Any, order: Any) -> Any:
    """The mean of values at 0, 1/n, ..., 1, listed or of a function, or a derivative of it."""
    if type(n) is not int or not 0 <= order <= n <= _TERMS or n < 1:
        raise Unchecked("a mean over a group of no given size, or of a large one")
    ends, inside = (0, 0), values
    if values[0] == "Tuple" and len(values) == 4 and isinstance(values[2], list):
        ends, inside = (values[1], values[3]), values[2]
    row = values[1:]
    if inside[0] == "Lambda":
        shares = (["Mul", k, ["Pow", n, -1]] for k in range(1, n))
        row = [ends[0], *(put(inside[1], "t", share) for share in shares), ends[1]]
    require(values[0] in ("Tuple", "Lambda") and len(row) == n + 1, "a mean has other values")
    for step in range(order):  # the derivative of a Bernstein polynomial is one of differences
        row = [["Mul", n - step, ["Add", b, minus(a)]] for a, b in pairwise(row)]
    n, rest = n - order, ["Add", 1, minus(m)]
    powers = (["Mul", ["Pow", m, k], ["Pow", rest, n - k]] for k in range(n + 1))
    terms = (["Mul", comb(n, k), c, p] for k, (c, p) in enumerate(zip(row, powers, strict=True)))
    return ["Add", 0, *terms]


#: What is left are sums, products, rational powers, exp, log and Abs.
MEANINGS: dict[str, Callable[..., Any]] = {
    "E": lambda: ["exp", 1],
    "Pow": lambda x, y: ["exp", ["Mul", y, ["log", x]]],
    "cosh": lambda x: _half(["exp", x], ["exp", minus(x)]),
    "sinh": lambda x: _half(["exp", x], minus(["exp", minus(x)])),
    "tanh": lambda x: ["Mul", ["sinh", x], ["Pow", ["cosh", x], -1]],
    "asinh": lambda x: ["log", ["Add", x, ["Pow", ["Add", 1, ["Pow", x, 2]], _HALF]]],
    "acosh": lambda x: ["log", ["Add", x, ["Pow", ["Add", -1, ["Pow", x, 2]], _HALF]]],
    "atanh": lambda x: _half(["log", ["Add", 1, x]], minus(["log", ["Add", 1, minus(x)]])),
    "Max": lambda *all_of: reduce(lambda x, y: _extreme(1, x, y), all_of),
    "Min": lambda *all_of: reduce(lambda x, y: _extreme(-1, x, y), all_of),
    "binomial": _binomial,
    "Sum": _sum,
    "GroupSum": _sum,
    "BernsteinMean": _mean,
}
