"""An identity certificate by itself: which signs carry the conclusion, how it is written and read.

The identities are written by hand: all of them expand correctly, unless it is said.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from sympy import Expr, Integer, Rational, S, Symbol, nan

from grpo_symbolic.verify.certificate import Certificate, Product, _polynomial, _rational, _whole
from grpo_symbolic.verify.polynomial_system import Hypothesis, PolynomialSystem

x, y, e = (Symbol(name, real=True) for name in ("x", "y", "E"))
HALF = S.Half
#: x > 0 and 1 - x >= 0.
KNOWN = (Hypothesis(x, strict=True), Hypothesis(1 - x))
Parts = list[tuple[Any, tuple[int, ...]]]
NOTHING: Parts = [(1, (0, 0))]
#: With a square beside them.
BARE: Parts = [(1, (0, 0, 0))]
SQUARE = (x - HALF,)


def made(
    goal: Any,
    relation: str,
    terms: Parts,
    multiplier: Parts = NOTHING,
    squares: tuple[Expr, ...] = (),
    equations: tuple[Expr, ...] = (),
    cofactors: tuple[Any, ...] = (),
) -> Certificate:
    parts = [tuple(Product(S(c), powers) for c, powers in part) for part in (multiplier, terms)]
    system = PolynomialSystem(S(goal), relation, KNOWN, equations)
    return Certificate(system, squares, *parts, tuple(map(S, cofactors)))


HOLD = {
    "one strict term": made(2 * x - x**2, ">", [(1, (1, 0)), (1, (1, 1))]),
    "no strict term, not strict": made(x - x**2, ">=", [(1, (1, 1))]),
    "a number": made(3, ">", [(3, (0, 0))]),
    "a fraction": made(x / 2, ">", [(HALF, (1, 0))]),
    "a power": made(x**3 - x**4, ">=", [(1, (3, 1))]),
    "a square": made(x**2 - x + Rational(1, 4), ">=", [(1, (0, 0, 1))], BARE, SQUARE),
    "a square and a number": made(
        x**2 - x + 1, ">", [(1, (0, 0, 1)), (Rational(3, 4), (0, 0, 0))], BARE, SQUARE
    ),
    "a multiplier": made(1 - x, ">=", [(1, (2, 1)), (2, (1, 1))], [(1, (2, 0)), (2, (1, 0))]),
    "an equation": made(x - y**2, "==", [], equations=(y**2 - x,), cofactors=(-1,)),
    "two equations": made(
        x + y, ">", [(1, (1, 0))], equations=(y**2 - x, 2 * y - 3 * x**2 + 3 * y**4), cofactors=
        (Rational(-3, 2) * (x + y**2), HALF),
    ),
    "a term and an equation": made(y**2, ">", [(1, (1, 0))], equations=(y**2 - x,), cofactors=(1,)),
}  # fmt: skip
FAIL = {
    "a multiplier of nothing": made(-1, ">=", [], [(0, (0, 0))]),
    "no multiplier": made(-1, ">=", [], []),
    "a negative multiplier": made(x - 1, ">=", [(1, (0, 1))], [(-1, (0, 0))]),
    "one loose factor of the multiplier": made(x, ">=", [(1, (2, 1))], [(1, (1, 1))]),
    "one loose product of the multiplier": made(x, ">", [(1, (1, 0))], [(1, (1, 0)), (1, (0, 1))]),
    "a square for a multiplier": made(
        x, ">=", [(1, (1, 0, 1))], [(1, (0, 0, 1))], squares=SQUARE
    ),
    "a strict term times nothing": made(x - x**2, ">", [(1, (1, 1)), (0, (1, 0))]),
    "no strict term": made(x - x**2, ">", [(1, (1, 1))]),
    "a square is not strict": made(
        x**2 - x + Rational(1, 4), ">", [(1, (0, 0, 1))], BARE, SQUARE
    ),
    "no term": made(0, ">", []),
    "a negative term": made(2 * x - 1, ">=", [(1, (1, 0)), (-1, (0, 1))]),
    "terms of an equation": made(x, "==", [(1, (1, 0))]),
    "a negative power": made(1, ">=", [(1, (-1, 1)), (1, (0, 0))]),
    "a multiplier of fewer powers": made(x, ">", [(1, (1, 0))], [(1, (0,))]),
    "a term of more powers": made(x, ">", [(1, (1, 0, 0))]),
    "a term of fewer powers": made(x, ">", [(1, (1,))]),
    "a cofactor of no equation": made(x, ">", [(1, (1, 0))], cofactors=(0,)),
    "an equation without cofactor": made(x, ">", [(1, (1, 0))], equations=(y**2 - x,)),
    # these do not expand
    "another goal": made(2 * x, ">", [(1, (1, 0))]),
    "another cofactor": made(x - y**2, "==", [], equations=(y**2 - x,), cofactors=(1,)),
    "a number more": made(x, ">", [(1, (1, 0)), (1, (0, 0))]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLD)
def test_signs_that_carry_the_conclusion(name: str) -> None:
    found = HOLD[name]
    assert found.proves()
    written = json.loads(json.dumps(found.data()))
    assert Certificate.of(found.system, written) == found


@pytest.mark.parametrize("name", FAIL)
def test_signs_that_do_not(name: str) -> None:
    assert not FAIL[name].proves()


def test_factors_are_the_hypotheses_and_the_squares() -> None:
    assert HOLD["a square"].factors == (x, 1 - x, (x - HALF) ** 2)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (HOLD["one strict term"], "-x*(x - 2) = x*(1 - x) + x"),
        (HOLD["a fraction"], "x/2 = x/2"),
        (HOLD["a number"], "3 = 3"),
        (made(2 - 2 * x, ">=", [(2, (0, 1))]), "2 - 2*x = 2*(1 - x)"),
        (made(1 - x, ">=", [(1, (0, 1))]), "1 - x = 1 - x"),
        (made(2 * x - 2 * x**2, ">=", [(2, (1, 1))]), "-2*x*(x - 1) = 2*x*(1 - x)"),
        (HOLD["an equation"], "x - y**2 = -E, E = -x + y**2 = 0"),
        (
            made(x - y**2, "==", [], equations=(x - 1, y**2 - x), cofactors=(0, -1)),
            "x - y**2 = -E, E = -x + y**2 = 0",
        ),
        (
            made(1 - y**2, "==", [], equations=(x - 1, y**2 - x), cofactors=(-1, -1)),
            "1 - y**2 = -E_1 - E_2, E_1 = x - 1 = 0, E_2 = -x + y**2 = 0",
        ),
        (
            made(x - e**2, "==", [], equations=(e**2 - x,), cofactors=(-1,)),
            "-E**2 + x = -equation_1, equation_1 = E**2 - x = 0",
        ),
        (
            made(e**2, ">", [(1, (1, 0))], equations=(e**2 - x, y), cofactors=(1, 0)),
            "E**2 = equation_1 + x, equation_1 = E**2 - x = 0",
        ),
    ],
    ids=str,
)
def test_an_identity_is_written_for_a_reader(found: Certificate, text: str) -> None:
    """The goal in the shorter of its forms, a factor as one, and only equations that are used."""
    assert found.proves()
    assert str(found) == text
    assert found.latex().count("=") == text.count("=")


def test_a_product_is_multiplied_out_unless_a_number_would_be_lost_in_a_sum() -> None:
    assert made(1 - x, ">=", [(1, (0, 1))]).right == 1 - x
    assert made(2 * x, ">", [(2, (1, 0))]).right == 2 * x
    assert made(2 - 2 * x, ">=", [(2, (0, 1))]).right.args == (2, 1 - x)


def test_what_is_read_is_what_was_written() -> None:
    found = HOLD["a term and an equation"]
    good = found.data()
    assert good["cofactors"] == [[["1", [0, 0]]]]
    assert made(x, ">", [(1, (1, 0))], equations=(y,), cofactors=(0,)).data()["cofactors"] == [[]]
    for key in good:
        with pytest.raises(ValueError, match=r"another system|no certificate|printed identity"):
            Certificate.of(found.system, {k: v for k, v in good.items() if k != key})
    for key in ("generators", "goal", "relation", "hypotheses", "equations", "meanings", "scale"):
        with pytest.raises(ValueError, match=f"its {key} differ"):
            Certificate.of(found.system, {**good, key: "another"})
    for key in ("identity", "latex"):
        with pytest.raises(ValueError, match="printed identity"):
            Certificate.of(found.system, {**good, key: good[key] + " "})
    for part, value in (("multiplier", [["1"]]), ("terms", 5), ("cofactors", [[["1", [0, 0, 0]]]]),
                        ("cofactors", [[["1", [0]]]]), ("squares", [[["x", [0, 0]]]])):  # fmt: skip
        bad = deepcopy(good)
        bad[part] = value
        with pytest.raises(ValueError, match="no certificate"):
            Certificate.of(found.system, bad)


def test_numbers_are_read_strictly() -> None:
    assert [_rational(text) for text in ("1/2", "-3", "0")] == [HALF, -3, 0]
    for other in (1, 0.5, HALF, Integer(2)):
        with pytest.raises(ValueError, match="is not a rational number in text"):
            _rational(other)
    with pytest.raises((ValueError, TypeError)):
        _rational(str(nan))
    assert [_whole(k) for k in (0, 1, 7)] == [0, 1, 7]
    for other in (-1, True, 1.0, "1", None):
        with pytest.raises(ValueError, match="is not an exponent"):
            _whole(other)
    system = HOLD["an equation"].system
    assert _polynomial(system, [["2", [1, 0]], ["-1/2", [0, 2]]]) == 2 * x - y**2 / 2
    for powers in ([1], [1, 0, 0]):
        with pytest.raises(ValueError, match="zip"):
            _polynomial(system, [["1", powers]])
