"""A relation divided into others: where all of them hold it holds, at any point whatever."""

from __future__ import annotations

import random

import pytest
from sympy import Abs, Expr, Max, Min, Rational, S, Symbol, log, tanh

import grpo_symbolic as gs
from grpo_symbolic.checking.divided import divided
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.ball_numbers import agrees

X, Y, Z = (Symbol(name, real=True) for name in "xyz")
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
