"""A relation divided into others: where all of them hold it holds, at any point whatever."""

from __future__ import annotations

import random

import pytest
from sympy import Abs, Expr, Max, Min, Rational, S, Symbol, exp, log, tanh

import grpo_symbolic as gs
from grpo_symbolic.checking.divided import divided
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.ball_numbers import agrees

V, W, X, Y, Z = (Symbol(name, real=True) for name in "vwxyz")
RELATIONS = [
    Comparison(S(left), relation, S(right))
    for left, relation, right in (
        (Abs(X - Y), "<=", Max(X, 1)),
        (Min(X, Y, 1), "<", 1 + Abs(Y)),
        (X * Max(Y, 0), ">=", -1),
        (Abs(X) * Y, ">", X),
        (Max(X, Y), "==", X),
        (X * Y, ">", 0),
        (X * Y * (X - 3), "<=", 0),
        (-2, "<", X * Y),
        (X**2 * Y, "<", 5),
        (X, "<", Y),
        (X, ">=", Y**2),
        (tanh(X), "<", Y),
        (X + Y - Z, "<", 2),
        (X * Y - Z, ">", 1 - Z**2),
    )
]


def _holds(said: Comparison, at: dict[Symbol, Expr]) -> bool:
    return bool(agrees(said.relation, (said.left - said.right).xreplace(at)))


@pytest.mark.parametrize("said", RELATIONS, ids=str)
def test_where_all_parts_hold_the_relation_does(said: Comparison) -> None:
    numbers = random.Random(3)
    points = [
        {s: Rational(numbers.randint(-9, 9), numbers.randint(1, 4)) for s in (X, Y, Z)}
        for _ in range(200)
    ]
    # Once for each relation and point: parts occur in many ways.
    kept = {said: [_holds(said, at) for at in points]}
    # As if only places were seen at which it holds: one, which any part may then fit.
    ways = {
        parts
        for one, holds in zip(points, kept[said], strict=True)
        if holds
        for parts in divided(said, lambda *es, at=one: [tuple(e.xreplace(at) for e in es)])
    }
    tested = 0
    for parts in ways:
        for part in set(parts) - set(kept):
            kept[part] = [_holds(part, at) for at in points]
        for at, holds, *each in zip(points, kept[said], *map(kept.get, parts), strict=True):
            if all(each):
                assert holds, (parts, at)
                tested += 1
    assert ways
    assert tested


@pytest.mark.parametrize(
    ("formula", "algorithm"),
    [
        ("abs(1 - pi) <= min(beta, 1)", gs.GRPO(8)),
        ("log(pi/pi_ref)*log(1 + pi) > 0", gs.GRPO(2, gs.DirectKL())),
        ("abs(log(pi_ref/2)) > 1/10", gs.GRPO(2)),
        ("log(1 + pi_ref) < pi/pi_ref", gs.GRPO(8)),
    ],
)
def test_parts_prove_what_no_method_proves_whole(formula: str, algorithm: gs.GRPO) -> None:
    found = gs.check(formula, algorithm, gs.BinaryQuestion())
    assert found.verdict.value == "PROVED"
    assert ", for " in found.sentence, "its parts are said"


@pytest.mark.parametrize(
    "formula",
    [
        "abs(1 - pi) <= min(beta, 999/1000)",  # not at a small pi_ref and a large weight
        "log(pi/pi_ref)*log(1 + pi) >= 1/10**6",
        "abs(log(pi_ref)) > 1/10**6",
        "log(1 + pi_ref) < pi/pi_ref - 1 + pi_ref/2",
    ],
)
def test_what_is_false_in_a_corner_is_not_proved(formula: str) -> None:
    found = gs.check(formula, gs.GRPO(8), gs.BinaryQuestion())
    assert found.verdict.value != "PROVED"


def test_a_number_beyond_the_sign_is_not_reached_by_it() -> None:
    said = Comparison(log(X), ">", S.One)
    assert not list(divided(said, lambda *es: [tuple(e.subs(X, 9) for e in es)]))


def _ways(said: Comparison, *rows: dict[Symbol, int]) -> list[list[str]]:
    """The ways to divide it, where these policies were seen."""
    found = divided(said, lambda *es: [tuple(e.xreplace(row) for e in es) for row in rows])
    return [[str(part) for part in way] for way in found]


def test_each_value_of_a_maximum_and_of_a_modulus() -> None:
    assert _ways(Comparison(Max(X, Y), "<=", Z)) == [["x <= z", "y <= z"]]
    # Three values, of which one is a modulus with two; one more is one too many.
    assert _ways(Comparison(Max(Abs(X), Y, Z), "<", 0)) == [["-x < 0", "x < 0", "y < 0", "z < 0"]]
    assert _ways(Comparison(Max(Abs(X), Y, Z, 1), "<", 0)) == []
    assert _ways(Comparison(Abs(X) + Abs(Y), "<", Abs(Z))) == []


@pytest.mark.parametrize(
    ("seen", "ways"),
    [
        ((), []),
        ((5, 2), [["x >= 0", "x < y"]]),
        ((0, 2), [["x >= 0", "x < y"]]),
        ((-5, -2), [["x <= 0", "-x < y"]]),
        ((0, -2), [["x <= 0", "-x < y"]]),
        ((-5, 2), []),
        ((0, 0), [["x >= 0", "x < y"], ["x <= 0", "-x < y"]]),
    ],
)
def test_a_modulus_is_its_term_where_that_has_one_sign(
    seen: tuple[int, ...], ways: list[list[str]]
) -> None:
    found = _ways(Comparison(Abs(X), "<", Y), *({X: value} for value in seen))
    assert found == [["-x < y", "x < y"], *ways]


@pytest.mark.parametrize(
    ("left", "relation", "right", "rows", "ways"),
    [
        (X * Y, ">", 0, [{X: 2, Y: 3}, {X: 1, Y: 5}], [["x > 0", "y > 0"]]),
        (X * Y, ">", 0, [{X: 1, Y: 1}], [["x > 0", "y > 0"]]),
        (X * Y, ">=", 0, [{X: 0, Y: 1}, {X: 2, Y: 1}], [["x >= 0", "y >= 0"]]),
        (X * Y, ">", 0, [{X: -2, Y: -3}], [["x < 0", "y < 0"]]),
        (X * Y, ">=", 0, [{X: 0, Y: -3}, {X: -1, Y: -1}], [["x <= 0", "y <= 0"]]),
        (X * Y, "<=", 0, [{X: 2, Y: -3}], [["x >= 0", "y <= 0"]]),
        (X * Y, ">", 0, [{X: 2, Y: -3}], []),
        (X * Y, "<", 0, [{X: 2, Y: 3}], []),
        (X * Y, ">", 0, [], []),
        (X * Y, ">", -1, [{X: 2, Y: 3}], [["x >= 0", "y >= 0"], ["x*y >= 0"]]),
        (X * Y, "<", 1, [{X: 2, Y: -3}], [["x >= 0", "y <= 0"], ["x*y <= 0"]]),
        (X * Y, ">", 1, [{X: 2, Y: 3}], []),
        (X * Y, "<", -1, [{X: 2, Y: -3}], []),
        (X, ">", 0, [{X: 2}], []),
        (X, ">", -1, [{X: 2}], [["x >= 0"]]),
        (-1, "<", X, [{X: 2}], [["x >= 0"]]),
        (W * X * Y * Z, ">", 0, [{W: -1, X: 2, Y: 3, Z: -2}],
         [["w < 0", "x > 0", "y > 0", "z < 0"]]),
        (V * W * X * Y * Z, ">", 0, [{V: 1, W: 1, X: 1, Y: 1, Z: 1}], []),
    ],
    ids=str,
)  # fmt: skip
def test_the_signs_of_the_factors(
    left: Expr, relation: str, right: int, rows: list[dict[Symbol, int]], ways: list[list[str]]
) -> None:
    assert _ways(Comparison(S(left), relation, S(right)), *rows) == ways


@pytest.mark.parametrize(
    ("relation", "left", "right", "numbers"),
    [
        ("<", (-9, 0), (0, 9), [0]),
        ("<", (-9, 1), (1, 9), [1]),
        ("<", (-9, -1), (1, 9), [0, 1]),
        ("<", (-3, -2), (0, 9), [0, -1]),
        ("<", (-9, -1), (-2, 9), []),
        (">", (0, 9), (-9, 0), [0]),
        (">=", (1, 9), (-9, -1), [0, 1]),
        (">", (-1, 9), (-9, 1), []),
        ("<", (), (), []),
    ],
)
def test_a_number_lies_between_all_that_was_seen(
    relation: str, left: tuple[int, ...], right: tuple[int, ...], numbers: list[int]
) -> None:
    rows = [{X: one, Y: other} for one, other in zip(left, right, strict=True)]
    loose = relation[0] + "="
    expected = [
        [f"x {first} {number}", f"{number} {second} y"]
        for number in numbers
        for first, second in dict.fromkeys([(relation, loose), (loose, relation)])
    ]
    assert _ways(Comparison(X, relation, Y), *rows)[: len(expected)] == expected
    assert numbers or not _ways(Comparison(X, relation, Y), *rows)


def test_terms_in_other_symbols_stand_on_the_other_side() -> None:
    # x y and x have a symbol in common, and z has none with them.
    found = _ways(Comparison(X * Y - 3, "<", Z - X), {X: 1, Y: 1, Z: 1})
    assert ["-z < 0", "0 <= -x*y - x + 3"] in found
    # Here all terms have one.
    together = _ways(Comparison(X * Y, "<", X + 9), {X: 5, Y: -1})
    assert together
    assert all(way[0].startswith("x*y <") for way in together)


@pytest.mark.parametrize(
    ("function", "line", "relation", "seen"),
    [(tanh(X), X, "<=", 1), (exp(X), X + 1, ">=", 2), (log(X), X - 1, "<=", 3)],
)
def test_a_line_in_the_place_of_a_function(
    function: Expr, line: Expr, relation: str, seen: int
) -> None:
    below = relation == "<="
    said = (
        Comparison(function, relation, line + Y) if below else Comparison(function, ">=", line - Y)
    )
    found = _ways(said, {X: seen, Y: 0})
    assert [f"{function} {relation} {line}", f"{line} {relation} {said.right}"] in found
    strict = _ways(Comparison(said.left, relation[0], said.right), {X: seen, Y: 1})
    assert [f"{function} {relation[0]} {line}", f"{line} {relation} {said.right}"] in strict
    assert not any(str(line) in way[0] for way in _ways(said, {X: seen, Y: -1}))
