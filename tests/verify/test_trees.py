"""Expressions as nested lists: read back as they were, and nothing else is read."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import (
    E,
    Expr,
    Function,
    Integer,
    Lambda,
    Rational,
    Sum,
    Symbol,
    Tuple,
    binomial,
    nan,
    oo,
    pi,
    sqrt,
)

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.verify.tree import assumptions, from_tree, symbol_from, to_tree

B, G, P, K, T = symbols.beta, symbols.G, symbols.pi, symbols.k, symbols.t
NAMED = {s.name: s for s in (B, G, P, K)}
SPREAD = Lambda(T, sqrt(T * (1 - T)))


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        (E, ["exp", 1]),
        (pi, ["Pi"]),
        (oo, ["Infinity"]),
        (-oo, ["NegativeInfinity"]),
        (Integer(-3), -3),
        (Rational(-3, 7), ["Rational", -3, 7]),
        (B, "beta"),
        (GroupSum(P**K, (K, 1, G - 1)),
         ["GroupSum", ["Pow", "pi", "k"], "k", 1, ["Add", -1, "G"]]),
        (Sum(P**K, (K, 0, G)), ["Sum", ["Pow", "pi", "k"], "k", 0, "G"]),
        (binomial(G, K), ["binomial", "G", "k"]),
    ],
    ids=str,
)  # fmt: skip
def test_an_expression_has_one_tree(expression: Expr, tree: Any) -> None:
    assert to_tree(expression) == tree
    assert from_tree(tree, NAMED) == expression


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("values", [SPREAD, Tuple(0, Rational(1, 2), 0)], ids=str)
def test_a_mean_keeps_its_name_values_and_order(values: Expr, order: int) -> None:
    size = G if isinstance(values, Lambda) else Integer(2)
    mean = BernsteinMean(values, size, P, Integer(order), "h_G")
    again = from_tree(to_tree(mean), NAMED)
    assert again == mean
    assert again.name == "h_G"
    assert again.order == order


MEAN = to_tree(BernsteinMean(SPREAD, G, P, Integer(0), "h"))


@pytest.mark.parametrize(
    "tree",
    [
        ["E", 1],
        ["Infinity", "beta"],
        ["Sum", "pi", "k", 0],
        ["Sum", "pi", "k", 0, "G", 1],
        ["GroupSum", "pi", "k", 0],
        ["Lambda", "pi", "pi"],
        ["Lambda"],
        ["BernsteinMean", "h", *MEAN[2:5]],
        ["BernsteinMean", 5, *MEAN[2:]],
        ["BernsteinMean", "h G", *MEAN[2:]],
        ["BernsteinMean", "h", "pi", *MEAN[3:]],
        ["BernsteinMean", "h", ["Tuple", 0, 0], *MEAN[3:]],
        ["BernsteinMean", "h", ["Add", 0, "beta", "pi"], *MEAN[3:]],
        ["Rational", 1],
        ["Rational", 1, 2, 3],
        ["Rational", True, 2],
        ["Rational", "1", 2],
        ["Rational", 1, 0],
        ["Add", ["Infinity"], ["NegativeInfinity"]],
        ["Pow", 2],
        ["t"],
        [5, "beta"],
        "t",
        False,
        ("Add", 1, 2),
    ],
    ids=str,
)
def test_other_lists_are_refused(tree: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_tree(tree, NAMED)


@pytest.mark.parametrize(
    ("tree", "fits"),
    [
        (["Pow", 2, 2**15], True),
        (["Pow", 2, 2**15 + 1], False),
        (["Pow", ["Rational", 1, 2], 2**16], False),
        (["Pow", 2**1000, 100], False),
        (["Pow", 2**100, 100], True),
        (["Pow", ["Rational", 1, 2**1000], 100], False),
        (["Pow", 2, ["Rational", 1, 2**17]], False),
        (["binomial", 10_000, 2], True),
        (["binomial", 10_001, 2], False),
        (["binomial", 10**9, 2], False),
        (["binomial", "G", 10_001], False),
    ],
    ids=lambda part: str(part)[:40],
)
def test_numbers_that_would_fill_the_memory_are_refused(tree: Any, fits: bool) -> None:
    if fits:
        assert from_tree(tree, NAMED).is_Integer
    else:
        with pytest.raises(ValueError, match="too large"):
            from_tree(tree, NAMED)
    assert from_tree(["Mul", 10**9, "beta"], NAMED) == 10**9 * B
    assert from_tree(["Pow", 10**9, "beta"], NAMED) == Integer(10**9) ** B


@pytest.mark.parametrize(
    "expression",
    [
        Function("exp")(B),
        Function("mystery")(B),
        Sum(P**K, (K, 0, G), (T, 0, G)),
        nan,
    ],
    ids=str,
)
def test_what_has_no_tree(expression: Expr) -> None:
    with pytest.raises(ValueError, match="no place in a certificate"):
        to_tree(expression)


def test_symbols_are_told_by_name_and_assumptions() -> None:
    x, n = Symbol("x", real=True), Symbol("n", integer=True, positive=True)
    held = assumptions({n, x})
    assert list(held) == ["n", "x"]
    assert held["x"] == ["real"]
    assert {symbol_from(name, known) for name, known in held.items()} == {x, n}
    for unknown in (Symbol("p", prime=True), Symbol("z", commutative=False)):
        with pytest.raises(ValueError, match="name and assumptions"):
            assumptions([unknown])
    with pytest.raises(ValueError, match="name and assumptions"):
        assumptions([x, Symbol("x", positive=True)])
    for name, known in ((5, ["real"]), ("x", ["prime"]), ("x", ["real", "prime"])):
        with pytest.raises(ValueError, match="is not a symbol"):
            symbol_from(name, known)


def test_five_arguments_make_no_mean() -> None:
    expression = 1 + B + G + P + K
    assert len(expression.args) == 5
    assert from_tree(to_tree(expression), NAMED) == expression
