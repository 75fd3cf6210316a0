"""Scripts for solvers: the negation of a claim, its opposite, and what is a polynomial in them."""

from __future__ import annotations

import pytest
from sympy import Abs, Expr, Rational, S, Symbol, exp, oo, sqrt

from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.polynomial_system import NotPolynomial
from grpo_symbolic.verify.smt import _prefix, script

x, y = Symbol("x", real=True), Symbol("y", real=True)
DOMAIN = Domain((Range(x, S.Zero, S.One, True, False), Range(y, -oo, S(2), False, False)))
GAP = "(+ |x| (* (- 1) |y|))"


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (S(5), "5"),
        (S(-5), "(- 5)"),
        (S(0), "0"),
        (Rational(5, 2), "(/ 5 2)"),
        (Rational(-1, 3), "(- (/ 1 3))"),
        (x, "|x|"),
        (x**3, "(* |x| |x| |x|)"),
        (x - y, GAP),
        (2 * x * y, "(* 2 |x| |y|)"),
    ],
    ids=str,
)
def test_polynomials_in_prefix_form(expr: Expr, text: str) -> None:
    assert _prefix(expr) == text


@pytest.mark.parametrize(
    ("relation", "negated", "opposite"),
    [
        ("==", f"(not (= {GAP} 0))", f"(<= {GAP} 0)"),
        ("!=", f"(= {GAP} 0)", f"(not (= {GAP} 0))"),
        (">=", f"(< {GAP} 0)", f"(>= {GAP} 0)"),
        (">", f"(<= {GAP} 0)", f"(> {GAP} 0)"),
        ("<=", f"(> {GAP} 0)", f"(<= {GAP} 0)"),
        ("<", f"(>= {GAP} 0)", f"(< {GAP} 0)"),
    ],
)
def test_a_script_states_the_range_and_the_negation(
    relation: str, negated: str, opposite: str
) -> None:
    claim = Claim("", x, relation, y, DOMAIN)
    for control, last in ((False, negated), (True, opposite)):
        lines = script(claim, control=control).splitlines()
        assert lines[:3] == [
            "(set-logic QF_NRA)", "(declare-fun |x| () Real)", "(declare-fun |y| () Real)"
        ]  # fmt: skip
        assert lines[3:] == [
            "(assert (>= |x| 0))",
            "(assert (> (+ 1 (* (- 1) |x|)) 0))",
            "(assert (> (+ 2 (* (- 1) |y|)) 0))",
            f"(assert {last})",
            "(check-sat)",
        ]


def test_a_root_is_not_negative_and_has_its_square() -> None:
    claim = Claim("", sqrt(x), ">", y, DOMAIN)
    text = script(claim)
    assert "(declare-fun |root_1| () Real)" in text
    assert "(assert (>= |root_1| 0))" in text
    assert text.count("(assert (= ") == 1


def test_what_is_no_polynomial_has_no_script() -> None:
    for side in (exp(x), x**y, Abs(exp(x))):
        with pytest.raises(NotPolynomial):
            script(Claim("", side, ">", y, DOMAIN))
