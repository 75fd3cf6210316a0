"""Identity certificates: found, exact, sound, and rejected as soon as a digit is changed."""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sympy import (
    Expr,
    Integer,
    Rational,
    Symbol,
    exp,
    expand,
    fraction,
    parse_expr,
    sqrt,
    together,
)

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify import linear_certificate
from grpo_symbolic.verify.certificate import Certificate, Product
from grpo_symbolic.verify.linear_certificate import LinearCertificate, certify
from grpo_symbolic.verify.polynomial_system import Hypothesis, NotPolynomial, PolynomialSystem
from tests.verify.kept import Keeping

B, G, P, P0 = symbols.beta, symbols.gamma, symbols.pi, symbols.pi_ref
R, B2 = Symbol("r", real=True), Symbol("b2", real=True)
ONE = Integer(1)
METHOD = Keeping(LinearCertificate())

# The stationarity equations of Vojnovic & Yun, (14) and (15) before they are solved.
E14 = P * (B - (1 - P) * G) - P0 * B
E15 = B**2 * (P - P0) ** 2 - P * (1 - P)
P14 = (1 - B / G + sqrt((1 - B / G) ** 2 + 4 * B * P0 / G)) / 2
P15 = (2 * B**2 * P0 + 1 + sqrt(1 + 4 * B**2 * P0 * (1 - P0))) / (2 * (1 + B**2))


def positive(*values: Expr) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(v, strict=True) for v in values)


UNIT = positive(B, P0, 1 - P0, P, 1 - P)
PAIRS = (*UNIT, *positive(G), Hypothesis(1 - G))
LARGE = (*UNIT, *positive(P - P0))
OTHER = positive(R, 1 - R)

#: Statements on roots: goal, relation, hypotheses, equations.
ROOTS: dict[str, tuple[Expr, str, tuple[Hypothesis, ...], tuple[Expr, ...]]] = {
    "(14) is above the reference": (P - P0, ">", PAIRS, (E14,)),
    "(14) is above 1 - beta/gamma": (G * P - G + B, ">", PAIRS, (E14,)),
    "(14) is at most 1": (1 - P, ">=", PAIRS[:3] + PAIRS[3:4] + PAIRS[5:], (E14,)),
    "(14) gains at most gamma/(4 beta)": (G - 4 * B * (P - P0), ">=", PAIRS, (E14,)),
    "(14) has one positive root": (P - R, "==", PAIRS + OTHER, (E14, E14.subs(P, R))),
    "(14): the sum of two roots": (
        B - G + G * (P + R),
        ">",
        PAIRS + OTHER,
        (E14, E14.subs(P, R)),
    ),
    "(14) falls in beta": (
        P - R,
        ">",
        (*PAIRS, *OTHER, *positive(B2 - B, R - P0, P - P0)),
        (E14, E14.subs({P: R, B: B2}, simultaneous=True)),
    ),
    "(15) is above 1/(1 + beta^2)": ((1 + B**2) * P - 1, ">", LARGE, (E15,)),
    "(15) is above (14) at gamma = 1": (
        P - R,
        ">",
        LARGE + OTHER,
        (E15, E14.subs({P: R, G: 1}, simultaneous=True)),
    ),
}

TRUE_CLAIMS: list[tuple[Expr, str, Expr]] = [
    (P14, ">", P0),
    (P14, ">=", P0),
    (P14, "<", ONE),
    (P14, ">", 1 - B / G),
    (B * (P14 - P0), "==", G * P14 * (1 - P14)),
    (P15, ">", 1 / (1 + B**2)),
    (P15, "<", ONE),
    (P15, ">", P0),
    (1 / (1 + B**2), ">", 1 - B),
    (B**2 + 1, ">=", 2 * B),
    (P * (1 - P), "<=", Rational(1, 4)),
    (sqrt(2) * B, ">", B),
]

FALSE_CLAIMS: list[tuple[Expr, str, Expr]] = [
    (P14, ">=", 1 - B / G + Rational(1, 1000)),
    (P14, ">=", P0 + Rational(1, 10**6)),
    (P15, ">=", 1 / (1 + B**2) + Rational(1, 1000)),
    (P15, "<=", 1 - Rational(1, 10**6)),
    (1 / (1 + B**2), ">", 1 - B + B**2 / 1000),
    (B**2 + 1, ">", 2 * B),
    (B**2 + 1, ">=", 2 * B + Rational(1, 10**9)),
    (P * (1 - P), "<", Rational(1, 4)),
    (G, "<", ONE),
    (B * (P14 - P0), "==", G * P14 * (1 - P14) + Rational(1, 10**9)),
    (sqrt(2) * B, ">=", B * Rational(141422, 100000)),
]


def polynomial(generators: list[Symbol], monomials: list[Any]) -> Expr:
    """A polynomial from plain data, by the test's own reading of them."""
    total: Expr = Integer(0)
    for coefficient, powers in monomials:
        fraction = Fraction(coefficient)
        term: Expr = Rational(fraction.numerator, fraction.denominator)
        for symbol, power in zip(generators, powers, strict=True):
            term *= symbol**power
        total += term
    return total


def independently_true(data: dict[str, Any]) -> bool:
    """Signs and expansion of a certificate, from the plain data alone."""
    generators = [Symbol(name) for name in data["generators"]]
    hypotheses = [(polynomial(generators, p), strict) for p, strict in data["hypotheses"]]
    factors = hypotheses + [(polynomial(generators, p) ** 2, False) for p in data["squares"]]

    def total(products: list[Any]) -> tuple[Expr, list[bool]]:
        result: Expr = Integer(0)
        strict = []
        for coefficient, powers in products:
            assert Fraction(coefficient) > 0
            product: Expr = Rational(coefficient)
            for (factor, _), power in zip(factors, powers, strict=True):
                product *= factor**power
            strict.append(all(s for (_, s), k in zip(factors, powers, strict=True) if k))
            result += product
        return result, strict

    multiplier, known = total(data["multiplier"])
    right, signs = total(data["terms"])
    assert known
    assert all(known)
    assert any(signs) or data["relation"] != ">"
    assert not signs or data["relation"] != "=="
    for cofactor, equation in zip(data["cofactors"], data["equations"], strict=True):
        right += polynomial(generators, cofactor) * polynomial(generators, equation)
    return expand(multiplier * polynomial(generators, data["goal"]) - right) == 0


def printed_difference(text: str) -> Expr:
    """Left minus right side of a printed identity, its names replaced by what they stand for."""
    identity, *definitions = text.split(", ")
    names: dict[str, Any] = {}

    def read(piece: str) -> Expr:
        known = {name: Symbol(name) for name in ("beta", "gamma", "pi", "pi_ref", "r", "b2")}
        return parse_expr(piece, local_dict={**known, **names})

    for definition in definitions:
        name, value, zero = definition.split(" = ")
        assert zero == "0"
        names[name] = read(value)
    left, right = identity.split(" = ")
    return expand(read(left) - read(right))


@pytest.mark.parametrize("name", ROOTS)
def test_statements_on_roots_are_proved(name: str) -> None:
    goal, relation, hypotheses, equations = ROOTS[name]
    system = PolynomialSystem(goal, relation, hypotheses, equations)
    found = certify(system, degree=5)
    assert found is not None
    assert found.proves()
    data = found.data()
    generators = [Symbol(n) for n in data["generators"]]
    plain = {s: Symbol(s.name) for s in system.generators}
    assert expand(polynomial(generators, data["goal"]) - goal.xreplace(plain)) == 0
    assert independently_true(data)
    assert printed_difference(data["identity"]) == 0
    assert data["latex"].count("=") == data["identity"].count("=")


def test_the_identity_is_the_one_for_a_paper() -> None:
    goal, relation, hypotheses, equations = ROOTS["(14) is above the reference"]
    found = certify(PolynomialSystem(goal, relation, hypotheses, equations))
    assert found is not None
    assert found.left == B * (P - P0)
    assert found.right == G * P * (1 - P) + Symbol("E")
    assert str(found).startswith("beta*(pi - pi_ref) = E + gamma*pi*(1 - pi), E = ")
    assert r"\beta \left(\pi(a) - \pi_{\mathrm{ref}}(a)\right)" in found.latex()


def test_a_statement_on_the_root_of_an_equation() -> None:
    """The stationarity condition as the library derives it, and a claim on its root."""
    condition = gs.stationarity_condition(gs.GRPO(group_size=2), gs.BinaryQuestion(margin=G))
    sides = condition.contrast()
    equation, _ = fraction(together(sides.lhs - sides.rhs))
    statement = gs.Claim("above 1 - beta/gamma", P, ">", 1 - B / G, Domain.of(B, G, P0))
    found = certify(PolynomialSystem(G * P - G + B, ">", PAIRS, (equation.expand(),)))
    assert found is not None
    assert independently_true(found.data())
    assert METHOD.attempt(statement) is None
    right = found.right.xreplace(found.names)
    identity = gs.Claim("the identity", found.left, "==", right, statement.domain)
    assert gs.prove(identity).method == "exact identity"


@pytest.mark.parametrize("claim", TRUE_CLAIMS, ids=str)
def test_claims_in_radicals_are_proved_and_rechecked(claim: tuple[Expr, str, Expr]) -> None:
    made = gs.Claim("true", *claim)
    verdict = METHOD.attempt(made)
    assert verdict is not None
    assert verdict.status is gs.Status.PROVED
    assert independently_true(verdict.evidence)
    assert printed_difference(str(verdict.evidence["identity"])) == 0
    assert METHOD.recheck(made, verdict.evidence, verdict.status)
    for status in (gs.Status.REFUTED, gs.Status.NUMERIC, gs.Status.UNKNOWN):
        assert not METHOD.recheck(made, verdict.evidence, status)


@pytest.mark.parametrize("claim", FALSE_CLAIMS, ids=str)
def test_false_claims_have_no_certificate(claim: tuple[Expr, str, Expr]) -> None:
    assert METHOD.attempt(gs.Claim("false", *claim)) is None


def mutations(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Every certificate that differs in one number, and in what is printed accordingly."""
    found = []

    def with_change(path: list[Any], change: Callable[[Any], Any]) -> None:
        copy = deepcopy(data)
        place: Any = copy
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = change(place[path[-1]])
        found.append(copy)

    for part in ("multiplier", "terms"):
        for i, (_, powers) in enumerate(data[part]):
            with_change([part, i, 0], lambda c: str(Fraction(c) + Fraction(1, 1000)))
            with_change([part, i, 0], lambda c: str(-Fraction(c)))
            for j in range(len(powers)):
                with_change([part, i, 1, j], lambda k: k + 1)
    for part in ("squares", "cofactors"):
        for j, monomials in enumerate(data[part]):
            for i, (_, powers) in enumerate(monomials):
                with_change([part, j, i, 0], lambda c: str(Fraction(c) + 1))
                for n in range(len(powers)):
                    with_change([part, j, i, 1, n], lambda k: k + 1)
    return found


def rewritten(system: PolynomialSystem, data: dict[str, Any]) -> dict[str, Any]:
    """The data with the text of a certificate that was built from them, right or wrong."""
    generators = list(system.generators)

    def products(part: str) -> tuple[Product, ...]:
        return tuple(Product(Rational(c), tuple(k)) for c, k in data[part])

    made = Certificate(
        system,
        tuple(polynomial(generators, p) for p in data["squares"]),
        products("multiplier"),
        products("terms"),
        tuple(polynomial(generators, p) for p in data["cofactors"]),
    )
    assert not made.proves()
    return made.data()


@pytest.mark.parametrize("claim", [TRUE_CLAIMS[0], TRUE_CLAIMS[8]], ids=str)
def test_one_changed_number_is_noticed(claim: tuple[Expr, str, Expr]) -> None:
    made = gs.Claim("true", *claim)
    verdict = METHOD.attempt(made)
    assert verdict is not None
    changed = mutations(verdict.evidence)
    assert len(changed) > 10
    system = PolynomialSystem.of(made)
    written = [rewritten(system, data) for data in changed]
    for data in random.Random(5).sample(changed + written, 12):
        assert not METHOD.recheck(made, data, verdict.status)


def test_a_certificate_belongs_to_its_claim() -> None:
    made = gs.Claim("true", P14, ">", P0)
    verdict = METHOD.attempt(made)
    assert verdict is not None
    for other in (
        gs.Claim("another right side", P14, ">", P0 + Rational(1, 10**6)),
        gs.Claim("turned", P14, "<", P0),
        gs.Claim("another domain", P14, ">", P0, Domain.of((B, Integer(0), Integer(2)))),
        gs.Claim("not algebraic", exp(P14), ">", P0),
    ):
        assert not METHOD.recheck(other, verdict.evidence, verdict.status)
    for key in ("goal", "hypotheses", "terms", "cofactors", "identity"):
        less = {k: v for k, v in verdict.evidence.items() if k != key}
        assert not METHOD.recheck(made, less, verdict.status)
    for text in ("nan", "x", ""):
        data = deepcopy(verdict.evidence)
        data["multiplier"][0][0] = text  # type: ignore[index]
        assert not METHOD.recheck(made, data, verdict.status)
    printed = {**verdict.evidence, "identity": "1 = 1"}
    assert not METHOD.recheck(made, printed, verdict.status)


def bare(
    goal: Expr,
    relation: str,
    hypotheses: tuple[Hypothesis, ...],
    multiplier: tuple[int, ...],
    terms: tuple[Product, ...],
    equations: tuple[Expr, ...] = (),
    cofactors: tuple[Expr, ...] = (),
) -> Certificate:
    system = PolynomialSystem(goal, relation, hypotheses, equations)
    return Certificate(system, (), (Product(ONE, multiplier),), terms, cofactors)


def test_an_identity_with_a_wrong_sign_proves_nothing() -> None:
    """Identities that expand correctly, but whose signs do not carry the conclusion."""
    unit = positive(1 - P)
    right = bare(1 - P, ">", unit, (0,), (Product(ONE, (1,)),))
    assert right.proves()
    negative = bare(P - 1, ">", unit, (0,), (Product(-ONE, (1,)),))
    assert not negative.proves()
    loose = (Hypothesis(1 - G),)
    assert not bare(1 - G, ">", loose, (0,), (Product(ONE, (1,)),)).proves()
    assert bare(1 - G, ">=", loose, (0,), (Product(ONE, (1,)),)).proves()
    # A multiplier that may vanish: (1 - gamma) goal = goal (1 - gamma), where 1 - gamma = 0.
    vanishing = bare(-B, ">=", loose, (1,), (), (1 - G,), (-B,))
    assert not vanishing.proves()
    assert not bare(1 - P, "==", unit, (0,), (Product(ONE, (1,)),)).proves()
    nothing = replace(right, multiplier=(), terms=())
    assert not nothing.proves()
    assert not replace(right, terms=(Product(ONE, (1, 0)),)).proves()
    assert not replace(right, cofactors=(ONE,)).proves()


def test_a_factor_is_printed_as_one() -> None:
    made = bare(2 - 2 * P, ">", positive(1 - P), (0,), (Product(Integer(2), (1,)),))
    assert made.proves()
    assert str(made) == "2*(1 - pi) = 2*(1 - pi)" or str(made) == "2 - 2*pi = 2*(1 - pi)"
    once = bare(1 - P, ">", positive(1 - P), (0,), (Product(ONE, (1,)),))
    assert str(once) == "1 - pi = 1 - pi"


def test_random_false_statements_have_no_certificate() -> None:
    """A goal that is negative at one rational point of the hypotheses is never certified."""
    draw = random.Random(3)
    x, y = Symbol("x", real=True), Symbol("y", real=True)
    tried = certified = 0
    points = [(Fraction(i, 12), Fraction(j, 7)) for i in range(1, 12) for j in range(1, 40)]
    for _ in range(40):
        hypotheses = positive(x, y, 1 - x)
        powers = {(i, j): draw.randint(-3, 6) for i in range(3) for j in range(3 - i)}
        goal = sum((c * x**i * y**j for (i, j), c in powers.items()), start=Integer(0))
        fails = any(sum(c * a**i * b**j for (i, j), c in powers.items()) < 0 for a, b in points)
        found = certify(PolynomialSystem(goal, ">=", hypotheses), degree=2)
        tried += fails
        certified += found is not None
        assert found is None or not fails
    assert tried > 10
    assert certified > 10


def test_strictness_is_not_taken_from_a_closed_end() -> None:
    closed = Domain.of(Range(P, Integer(0), ONE, True, True))
    assert METHOD.attempt(gs.Claim("false at 0", P * (2 - P), ">", Integer(0), closed)) is None
    weak = METHOD.attempt(gs.Claim("true", P * (2 - P), ">=", Integer(0), closed))
    assert weak is not None
    assert independently_true(weak.evidence)


def test_a_goal_that_is_zero_has_the_certificate_of_nothing() -> None:
    for relation in (">=", "=="):
        found = certify(PolynomialSystem(Integer(0), relation, PAIRS, (E14,)))
        assert found is not None
        assert found.proves()
        assert (found.terms, found.cofactors) == ((), (0,))
        assert [p.coefficient for p in found.multiplier] == [1]
        assert not any(k for p in found.multiplier for k in p.powers)
        assert independently_true(found.data())
    assert certify(PolynomialSystem(Integer(0), ">", PAIRS, (E14,))) is None


def test_what_is_not_polynomial_is_left_to_others() -> None:
    for left, relation in ((exp(B), ">"), (B, "!="), (sqrt(B - 1), ">="), (1 / (B - 1), ">")):
        claim = gs.Claim("not polynomial", left, relation, Integer(0))
        assert METHOD.attempt(claim) is None
        with pytest.raises(NotPolynomial):
            PolynomialSystem.of(claim)
    with pytest.raises(NotPolynomial, match="not a polynomial"):
        PolynomialSystem(exp(B), ">")
    with pytest.raises(ValueError, match="relation must be one of"):
        PolynomialSystem(B, "<")


def test_without_scipy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = gs.Claim("true", P14, ">", P0)
    verdict = METHOD.attempt(claim)
    assert verdict is not None
    monkeypatch.setattr(linear_certificate, "_installed", lambda: False)
    assert METHOD.missing() == "pip install scipy"
    assert LinearCertificate().attempt(claim) is None
    with pytest.raises(ValueError, match="pip install scipy"):
        certify(PolynomialSystem(B, ">", positive(B)))
    # The certificate does not need the program that found it.
    assert METHOD.recheck(claim, verdict.evidence, verdict.status)


def test_larger_programs_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    goal, relation, hypotheses, equations = ROOTS["(15) is above (14) at gamma = 1"]
    system = PolynomialSystem(goal, relation, hypotheses, equations)
    with monkeypatch.context() as patch:
        patch.setattr(linear_certificate, "_MAX_COLUMNS", 20)
        assert certify(system, degree=5) is None
    with monkeypatch.context() as patch:
        patch.setattr(linear_certificate, "_MAX_ITERATIONS", 0)
        assert certify(system, degree=5) is None
    assert certify(system, degree=5) is not None
