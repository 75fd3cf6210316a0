"""What a condition makes of a range, part by part: which end it moves, and whether it belongs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sympy import Expr, Rational, S, Symbol, cos, oo, sin, sqrt

import grpo_symbolic as gs
from grpo_symbolic.checking.conditions import _bound, _compares, _independent, _narrower, _whole
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.grammar.statement import Comparison

PAIRS, QUESTION = gs.GRPO(2), gs.BinaryQuestion()
NOISY = gs.BinaryQuestion(success=gs.symbols.success)
HALF = Rational(1, 2)
W, X, Y, Z = (Symbol(name, real=True) for name in "wxyz")


def _about(*ranges: Range) -> Any:
    return SimpleNamespace(parameters=Domain(ranges))


def test_what_depends_on_a_parameter_says_nothing_of_its_range() -> None:
    domain = Domain((Range(W, 0, 1), Range(X, 0, 1), Range(Y, X, 2), Range(Z, 0, Y)))
    left = {symbol: _independent(domain, symbol).symbols for symbol in (W, X, Y, Z)}
    assert left == {W: (X, Y, Z), X: (W,), Y: (W, X), Z: (W, X, Y)}


@pytest.mark.parametrize(
    ("own", "relation", "bound", "narrower"),
    [
        (Range(X, 0, 1, True, True), ">", 0, Range(X, 0, 1, False, True)),
        (Range(X, 0, 1, True, True), ">=", 0, None),
        (Range(X, 0, 1, True, True), "<", 1, Range(X, 0, 1, True, False)),
        (Range(X, 0, 1, True, True), "<=", 1, None),
        (Range(X, 0, 1), ">", 0, None),
        (Range(X, 0, 1), ">=", 0, None),
        (Range(X, 0, 1), "<=", 1, None),
        (Range(X, 0, 1), ">", -HALF, None),
        (Range(X, 0, 1), "<", 2, None),
        (Range(X, 0, 1), "<=", HALF, Range(X, 0, HALF, False, True)),
        (Range(X, 0, 1), ">=", HALF, Range(X, HALF, 1, True, False)),
        (Range(X, -oo, oo), "<", 3, Range(X, -oo, 3)),
        (Range(X, -oo, oo), ">", -3, Range(X, -3, oo)),
        (Range(X, -oo, oo), ">=", 3, Range(X, 3, oo, True)),
    ],
    ids=str,
)
def test_one_end_moves(own: Range, relation: str, bound: Expr, narrower: Range | None) -> None:
    assert _narrower(_about(own), X, S(bound), relation) == narrower


@pytest.mark.parametrize(
    ("relation", "bound", "part"),
    [
        ("<", 1 + X / 2, Range(Y, X, 1 + X / 2)),  # above x, and at most 3/2
        (">", 2 * X, Range(Y, 2 * X, 2)),
        ("<", X, "it is not shown that there is such a y"),
        ("<", 2 * X + 1, "is not shown to lie in the range"),
        (">", HALF, "is not shown to lie in the range"),
        ("<", HALF, "it is not shown that there is such a y|is not shown to lie"),
    ],
)
def test_an_end_lies_in_the_range_whatever_the_others_are(
    relation: str, bound: Expr, part: Range | str
) -> None:
    about = _about(Range(X, 0, 1), Range(Y, X, 2))
    if isinstance(part, Range):
        assert _narrower(about, Y, bound, relation) == part
        return
    with pytest.raises(ValueError, match=part):
        _narrower(about, Y, bound, relation)


@pytest.mark.parametrize(
    ("bound", "from_five", "after_five", "to_five", "before_five"),
    [(S(5), 5, 6, 5, 4), (Rational(9, 2), 5, 5, 4, 4), (3 * sqrt(2), 5, 5, 4, 4)],
)
def test_the_first_whole_number_that_is_left(
    bound: Expr, from_five: int, after_five: int, to_five: int, before_five: int
) -> None:
    assert _whole(bound, lower=True, closed=True) == from_five
    assert _whole(bound, lower=True, closed=False) == after_five
    assert _whole(bound, lower=False, closed=True) == to_five
    assert _whole(bound, lower=False, closed=False) == before_five


@pytest.mark.parametrize(
    ("expression", "positive", "nonnegative"),
    [
        (X, True, True),
        ((X - HALF) ** 2, False, True),
        (S.Zero, False, True),
        (X - HALF, False, False),
        (-X, False, False),
        (-((X - HALF) ** 2), False, False),
    ],
)
def test_what_is_shown_of_a_sign(expression: Expr, positive: bool, nonnegative: bool) -> None:
    domain = Domain((Range(X, 0, 1),))
    assert _compares(expression, ">", domain) is positive
    assert _compares(expression, ">=", domain) is nonnegative


def test_a_condition_is_solved_for_the_last_parameter_that_it_bounds() -> None:
    about = subject(PAIRS, QUESTION)
    beta, reference = gs.symbols.beta, gs.symbols.pi_ref
    assert _bound(about, Comparison(1 - 2 * beta, ">=", reference)) == (
        beta, HALF - reference / 2, "<="
    )  # fmt: skip
    assert _bound(about, Comparison(2 * beta, ">", reference)) == (beta, reference / 2, ">")
    assert _bound(about, Comparison(reference**2, "<", beta)) == (beta, reference**2, ">")
    # No bound may speak of what it bounds.
    circle = Comparison(beta + sin(beta) ** 2 + cos(beta) ** 2, "<", S(3))
    with pytest.raises(ValueError, match="does not bound one parameter"):
        _bound(about, circle)


@pytest.mark.parametrize(
    ("formula", "question", "reason"),
    [
        (
            "pi > 0 for beta < gamma/2, gamma = 1/2",
            gs.BinaryQuestion(margin=gs.symbols.gamma),
            "gamma has a value and a condition",
        ),
        ("pi > 0 for s_a = 1/2", NOISY, "s_a has the range s_b < s_a <= 1: give s_b"),
        ("at(pi, gap, 1) > 0", QUESTION, "is no value of the range of gap"),
    ],
)
def test_values_that_no_parameter_has(
    formula: str, question: gs.BinaryQuestion, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        gs.check(formula, PAIRS, question)
