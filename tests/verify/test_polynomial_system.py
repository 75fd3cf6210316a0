"""Systems of polynomials: at every point of the range they say what the claim says."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from sympy import (
    Abs,
    E,
    Expr,
    Integer,
    Max,
    Min,
    Rational,
    S,
    Symbol,
    exp,
    oo,
    sqrt,
)

from grpo_symbolic import Claim, Domain, Status, symbols
from grpo_symbolic.domain import Range
from grpo_symbolic.verify import engine, real_algebra
from grpo_symbolic.verify.polynomial_system import (
    Hypothesis,
    Lowering,
    NotPolynomial,
    PolynomialSystem,
)
from grpo_symbolic.verify.real_algebra import EngineStopped, RealAlgebra
from grpo_symbolic.verify.sampling import refuted_by
from grpo_symbolic.verify.smt import script

B, C, G, P, P0 = symbols.beta, symbols.gamma, symbols.G, symbols.pi, symbols.pi_ref
X = Symbol("x", real=True)
THIRD = Rational(1, 3)
CLOSED = Domain.of(Range(X, S.Zero, S.One, True, False))

EXPRESSIONS: list[Expr] = [
    B * (P - P0) - P * (1 - P),
    P / (1 - P) - B / 3,
    B / (P - 1) + P0,
    sqrt(B**2 * (1 + P)) - 2,
    sqrt(P / (1 - P)) - B,
    sqrt((B - 1) ** 2 + 4 * B * P0) + B,
    (P / (1 + B)) ** Rational(2, 3) - P0,
    sqrt(sqrt(B) + P) - sqrt(2),
    sqrt((B - 1) ** 2 * B**3) - P,
    Abs(B - 2 * P0) + Abs(P - P0) - 1,
    Max(1 - B, P0, P) - P**2,
    Min(B, 1 / (1 + B)) - P,
    (Max(B, P0) - P) * Min(P, P0) / (1 + B),
    sqrt(4 * B) - sqrt(9 * P) / 2,
]
POINTS = [
    {B: b, P: p, P0: q}
    for b, p, q in (
        (Rational(1, 4), Rational(3, 5), Rational(1, 7)),
        (Integer(3), Rational(1, 9), Rational(8, 9)),
        (Integer(1), Rational(1, 2), Rational(1, 2)),
        (Rational(9, 4), Rational(24, 25), Rational(1, 3)),
    )
]


def value(expr: Expr, point: dict[Symbol, Expr]) -> float:
    found = complex(expr.subs(point).evalf(40))
    assert abs(found.imag) < 1e-20
    return found.real


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
@pytest.mark.parametrize("relation", [">", "<="])
def test_a_system_is_its_claim_at_every_point(expression: Expr, relation: str) -> None:
    """The goal is the difference times something positive; what is assumed is true."""
    system = PolynomialSystem.of(Claim("", expression, relation, P0**2))
    way = 1 if relation == ">" else -1
    meanings = dict(system.meanings)
    for point in POINTS:
        known = {**point, **{s: e.subs(point) for s, e in meanings.items()}}
        gap = way * value(expression - P0**2, point)
        scale = value(system.scale, point)
        assert scale > 0
        assert value(system.goal, known) == pytest.approx(scale * gap, abs=1e-12)
        for equation in system.equations:
            assert value(equation, known) == pytest.approx(0, abs=1e-12)
        for hypothesis in system.hypotheses:
            held = value(hypothesis.value, known)
            assert held > 0 if hypothesis.strict else held > -1e-15
    assert system.relation == relation.replace("<", ">")
    assert set(system.generators) <= {B, P, P0, *meanings}
    assert all(s.is_real for s in meanings)
    assert all(s.is_nonnegative for s in meanings if s.name.startswith("root"))


@pytest.mark.parametrize(
    "expression",
    [
        1 / (B - P),
        sqrt(B - P),
        sqrt((B - P) / (P0 - P)),
        B / (P - B) ** 2,
        sqrt(B / (P - B)),
        sqrt(B / ((P - B) ** 2 * (1 + B)).expand()),
    ],
    ids=str,
)
def test_what_has_no_known_sign_is_refused_or_gets_an_inverse(expression: Expr) -> None:
    domain = Domain.of(B, P, P0)
    with pytest.raises(NotPolynomial, match="no proved sign"):
        PolynomialSystem.of(Claim("", expression, ">", S.Zero, domain))
    lowering = Lowering(domain, inverses=True)
    top, scale = lowering.scaled(lowering.lower(expression))
    assert top.is_polynomial()
    assert all(symbol.is_real for symbol in lowering.values)
    seen = 0
    for point in POINTS:
        gaps = [expression.subs(point)]
        if not gaps[0].is_finite or not gaps[0].is_real:
            continue
        known = {**point, **{s: e.subs(point) for s, e in lowering.values.items()}}
        known |= {s: lowering.meaning(s).subs(point) for s in lowering.values}
        assert value(scale, known) > 0
        assert value(top, known) == pytest.approx(value(scale * expression, known))
        assert all(abs(value(e, known)) < 1e-12 for e in lowering.equations)
        seen += 1
    assert seen


def test_the_hypotheses_of_a_range() -> None:
    """Strict at an open end only; none at infinity, nor at an end that is not algebraic."""
    domain = Domain.of(
        Range(X, S.Zero, S.One, True, False),
        Range(B, S.Zero, oo),
        Range(P, S.Zero, 1 / (1 + B), False, True),
        Range(P0, S.Zero, E / 3),
    )
    lowering = Lowering(domain)
    found = [lowering.ends(r) for r in domain.ranges]
    assert found[0] == [Hypothesis(X, False), Hypothesis(1 - X, True)]
    assert found[1] == [Hypothesis(B, True)]
    assert found[2] == [Hypothesis(P, True), Hypothesis((1 - P * (1 + B)).expand(), False)]
    assert found[3] == [Hypothesis(P0, True)]
    assert [str(h) for h in found[0]] == ["x >= 0", "1 - x > 0"]


def test_positive_squares_come_out_of_a_root() -> None:
    system = PolynomialSystem.of(Claim("", sqrt(((1 + P) ** 3 * (2 + B)).expand()), ">", P))
    (equation,) = system.equations
    (root,) = equation.free_symbols - {B, P}
    assert (equation - root**2 + (1 + P) * (2 + B)).expand() == 0
    whole = PolynomialSystem.of(Claim("", sqrt((4 * (1 + P) ** 2).expand()), ">", P))
    assert whole.equations == ()
    twice = PolynomialSystem.of(Claim("", sqrt(1 + P) + P, ">", B * sqrt(1 + P)))
    assert len(twice.equations) == 1
    (root,) = twice.equations[0].free_symbols - {P}
    assert Hypothesis(root, True) in twice.hypotheses
    touching = PolynomialSystem.of(Claim("", sqrt(X) + 2, ">", X, CLOSED))
    assert sorted(h.strict for h in touching.hypotheses) == [False, False, True]
    # A radicand that is 0 has a root, which is not said to be more than that.
    zero = sqrt(1 + P) * sqrt(2 + P) - sqrt(((1 + P) * (2 + P)).expand())
    of_zero = PolynomialSystem.of(Claim("", sqrt(zero) + P, ">", S.Zero))
    assert len(of_zero.equations) == 4
    assert [h.strict for h in of_zero.hypotheses].count(False) == 1


def test_what_does_not_concern_the_goal_is_left_out() -> None:
    """pi > pi_ref > 0 matters to pi; nothing links gamma or another root to it."""
    domain = Domain.of(P0, (P, P0, S.One), C, B)
    system = PolynomialSystem.of(Claim("", P * (2 - P), ">", S.Zero, domain))
    assert system.generators == (P, P0)
    assert {h.value for h in system.hypotheses} == {P0, 1 - P0, P - P0, 1 - P}
    alone = PolynomialSystem.of(Claim("", B, ">", S.Zero, domain))
    assert alone.generators == (B,)
    rooted = PolynomialSystem.of(Claim("", sqrt(1 + P0) - B, "<=", S.One, domain))
    assert {P0, B} < set(rooted.generators)
    assert C not in rooted.generators
    number = PolynomialSystem.of(Claim("", Integer(2), ">", S.One, domain))
    assert number.generators == ()
    assert number.poly(number.goal).is_ground


@pytest.mark.parametrize("side", [exp(B), B**P, B**E, symbols.G ** sqrt(2)], ids=str)
def test_what_is_not_algebraic_is_refused(side: Expr) -> None:
    with pytest.raises(NotPolynomial):
        PolynomialSystem.of(Claim("", side, ">", P))
    with pytest.raises(NotPolynomial, match="not a polynomial over"):
        PolynomialSystem(side, ">")
    with pytest.raises(NotPolynomial, match="inequation"):
        PolynomialSystem.of(Claim("", B, "!=", P))
    with pytest.raises(ValueError, match="relation must be"):
        PolynomialSystem(B, "!=")


def test_what_is_too_large_is_refused() -> None:
    for read in (PolynomialSystem.of, script):
        with pytest.raises(NotPolynomial, match="too large"):
            read(Claim("", (1 + B + P + P0) ** 60, ">", S.Zero))
    roots = sum(sqrt(n) for n in (2, 3, 5, 7, 11))
    with pytest.raises(NotPolynomial, match="many roots of numbers"):
        script(Claim("", B + roots, ">", S.Zero))
    assert script(Claim("", B + roots - sqrt(11), ">", S.Zero))


# -- solvers ------------------------------------------------------------------------------------

TRUE: list[tuple[Expr, str, Expr, Domain]] = [
    (B**2 + 1, ">=", 2 * B, Domain()),
    (B**2 + 1, ">", -2 * B, Domain()),
    (P * (1 - P), "<=", Rational(1, 4), Domain()),
    (P / 2 - THIRD, "<", P - THIRD, Domain()),
    ((B + 1) ** 2, "==", B**2 + 2 * B + 1, Domain()),
    (B**2 + P, "!=", S.Zero, Domain()),
    (sqrt(B) * sqrt(B + 1), "<", B + 1, Domain()),
    (1 / (1 + B), ">", 1 - B, Domain()),
    (X, ">=", S.Zero, CLOSED),
]
FALSE: list[tuple[Expr, str, Expr, Domain]] = [
    (B**2 + 1, ">", 2 * B, Domain()),
    (P * (1 - P), "<", Rational(1, 4), Domain()),
    (P / 2 - THIRD, ">=", P - THIRD, Domain()),
    ((B + 1) ** 2, "==", B**2 + B + 1, Domain()),
    (B, "!=", S.One, Domain()),
    (sqrt(B), "<=", B, Domain()),
    (X, ">", S.Zero, CLOSED),
    (-B, ">=", Rational(-22, 7), Domain()),
]


@pytest.mark.parametrize("case", TRUE, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_the_script_of_a_true_claim_has_no_solution_and_its_control_has(case: Any) -> None:
    pytest.importorskip("z3")
    claim = Claim("", *case)
    assert engine.z3_answer(script(claim), 10**6)["answer"] == "unsat"
    if case[1] != "!=":
        assert engine.z3_answer(script(claim, control=True), 10**6)["answer"] == "sat"


@pytest.mark.parametrize("case", FALSE, ids=lambda c: f"{c[0]} {c[1]} {c[2]}")
def test_the_script_of_a_false_claim_has_a_solution_where_it_fails(case: Any) -> None:
    pytest.importorskip("z3")
    claim = Claim("", *case)
    found = engine.z3_answer(script(claim), 10**6)
    assert found["answer"] == "sat"
    (symbol,) = claim.domain.symbols
    verdict = refuted_by(claim, found["model"])
    if "?" not in found["model"][symbol.name] and "." not in found["model"][symbol.name]:
        assert verdict is not None
        assert verdict.status is Status.REFUTED


def test_answers_of_the_solvers() -> None:
    """Exact fractions, decimals for irrational numbers, one value for each name."""
    pytest.importorskip("z3")
    pytest.importorskip("cvc5")
    head = "(set-logic QF_NRA)\n(declare-fun |x| () Real)\n"
    half = f"{head}(assert (= (* 2 |x|) 1))\n(check-sat)\n"
    found = engine.z3_answer(half, 10**6)
    assert (found["answer"], found["model"]) == ("sat", {"x": "1/2"})
    two = f"{head}(assert (= (* |x| |x|) 2))\n(assert (> |x| 0))\n(check-sat)\n"
    root = engine.z3_answer(two, 10**6)
    assert root["model"]["x"].startswith("1.41421356")
    divided = f"{head}(assert (= (/ 1 |x|) 3))\n(check-sat)\n"
    assert set(engine.z3_answer(divided, 10**6)["model"]) <= {"x"}
    none = f"{head}(assert (< (* |x| |x|) 0))\n(check-sat)\n"
    for answer in (engine.z3_answer, engine.cvc5_answer):
        assert answer(half, 10**6)["answer"] == "sat"
        assert answer(none, 10**6)["answer"] == "unsat"
    assert engine.z3_answer(none, 1)["answer"] in ("unknown", "unsat")


def test_a_solver_says_its_answer_and_is_ended_when_it_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    asked: list[Any] = []
    path = tmp_path / "claim.smt2"
    path.write_text("a script", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["engine.py", "z3", str(path), "7"])
    monkeypatch.setattr(engine, "_end_with_the_parent", lambda: asked.append("parent"))
    monkeypatch.setattr(engine, "_end_if_lost", asked.append)
    monkeypatch.setattr(engine, "z3_answer", lambda text, units: {"answer": [text, units]})
    engine.main()
    assert json.loads(capsys.readouterr().out) == {"answer": ["a script", 7]}
    assert asked == ["parent", 60]
    monkeypatch.undo()
    endless = resource.RLIM_INFINITY
    for most, limits in ((endless, [(5, endless)]), (6, [(5, 6)]), (5, []), (4, [])):
        told: list[Any] = []
        monkeypatch.setattr(resource, "getrlimit", lambda _, most=most: (0, most))
        monkeypatch.setattr(resource, "setrlimit", lambda _, pair, told=told: told.append(pair))
        engine._end_if_lost(5)
        assert told == limits


CLAIM = Claim("true", B**2 + 1, ">=", 2 * B)


class Told(RealAlgebra):
    """An engine with given answers to the claim and to its control."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        super().__init__("z3")
        self.answers = list(answers)

    def missing(self) -> str:
        return ""

    def _ask(self, text: str) -> dict[str, Any]:
        return self.answers.pop(0)


def told(answer: str, **model: str) -> dict[str, Any]:
    return {"answer": answer, "model": model, "version": "1"}


def test_an_engine_is_believed_only_if_it_sees_the_opposite_fail() -> None:
    proved = Told(told("unsat"), told("sat")).attempt(CLAIM)
    assert proved is not None
    assert proved.status is Status.PROVED
    evidence = proved.evidence
    for answers in (["unsat", "unsat"], ["unsat", "unknown"], ["unknown", "sat"]):
        assert Told(*map(told, answers)).attempt(CLAIM) is None
        assert not Told(*map(told, answers)).recheck(CLAIM, evidence, "PROVED")
    again = ("unsat", "sat")
    assert Told(*map(told, again)).recheck(CLAIM, evidence, "PROVED")
    assert not Told(*map(told, again)).recheck(CLAIM, evidence, "NUMERIC")
    other = Claim("another", B**2 + 2, ">=", 2 * B)
    assert not Told(*map(told, again)).recheck(other, evidence, "PROVED")
    assert not Told(*map(told, again)).recheck(Claim("", exp(B), ">", B), evidence, "PROVED")
    for key in ("script", "control", "sha256"):
        changed = {**evidence, key: f"{evidence[key]} "}
        assert not Told(*map(told, again)).recheck(CLAIM, changed, "PROVED")
    assert Told().attempt(Claim("not algebraic", exp(B), ">", B)) is None


@pytest.mark.parametrize(
    ("model", "holds"),
    [({"beta": "1/2"}, True), ({"beta": "2"}, False), ({"beta": "-1"}, False), ({}, False),
     ({"beta": "1.25?"}, False), ({"pi": "1/2"}, False)],
)  # fmt: skip
def test_a_model_refutes_where_it_is_a_point_of_the_range(
    model: dict[str, str], holds: bool
) -> None:
    claim = Claim("false", B**2, ">=", B)
    found = Told(told("sat", **model)).attempt(claim)
    assert (found is not None) == holds
    assert found is None or found.status is Status.REFUTED


def test_a_model_of_a_whole_number_is_one() -> None:
    claim = Claim("false", G, ">", Integer(3))
    assert refuted_by(claim, {"G": "5/2"}) is None
    assert refuted_by(claim, {"G": "2"}) is not None


def test_an_engine_that_was_ended_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    method = RealAlgebra("z3")
    for code, out, answer in ((0, '{"answer": "sat"}', "sat"), (1, "oops", "unknown")):
        done = SimpleNamespace(returncode=code, stdout=out)
        monkeypatch.setattr(subprocess, "run", lambda *_, done=done, **__: done)
        assert method._ask("text")["answer"] == answer
    killed = SimpleNamespace(returncode=-9, stdout="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(EngineStopped, match="ended it"):
        method._ask("text")
    monkeypatch.setattr(real_algebra, "_installed", lambda _: False)
    assert method.missing() == "pip install z3-solver"
    assert method.attempt(CLAIM) is None
    assert not method.recheck(CLAIM, {}, "PROVED")
    with pytest.raises(ValueError, match="engine must be one of"):
        RealAlgebra("yices")
