"""The programs of identity certificates: which products are tried, and how they are solved."""

from itertools import product
from math import prod

import pytest
from flint import fmpq
from sympy import Expr, Integer, Rational, Symbol, symbols

from grpo_symbolic.verify import linear_certificate
from grpo_symbolic.verify.certificate import Product
from grpo_symbolic.verify.linear_certificate import (
    _MAX_ITERATIONS,
    _MAX_SQUARES,
    _Iterations,
    _Program,
    _squares,
    certify,
)
from grpo_symbolic.verify.polynomial_system import Hypothesis, PolynomialSystem
from tests.verify.test_linear_certificate import ROOTS

x, y = symbols("x y", real=True)
STRICT, LOOSE = Hypothesis(x, strict=True), Hypothesis(1 - y)
#: On x > 0 and y <= 1, where x^2 y = 1.
SYSTEM = PolynomialSystem(x * y + y, ">", (STRICT, LOOSE), (x**2 * y - 1,))


def program(system: PolynomialSystem, count: int) -> _Program:
    return _Program(system, count, _Iterations(_MAX_ITERATIONS))


def as_expr(monomials: dict[tuple[int, ...], Rational], system: PolynomialSystem) -> Expr:
    gens = system.generators
    return sum(
        (c * prod(s**k for s, k in zip(gens, m, strict=True)) for m, c in monomials.items()),
        start=Integer(0),
    ).expand()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("relation", [">", ">=", "=="])
def test_the_columns_are_all_products_that_are_short_enough(relation: str, count: int) -> None:
    system = PolynomialSystem(SYSTEM.goal, relation, SYSTEM.hypotheses, SYSTEM.equations)
    made = program(system, count)
    equal = relation == "=="
    squares = [] if equal else list(_squares(system))
    assert list(made.squares) == squares
    factors = [x, 1 - y, *(root**2 for root in squares)]
    bound = 2 + count - 1  # the goal times the longest multiplier
    expected: dict[tuple[str, tuple[int, ...], int], tuple[Expr, bool]] = {}
    for powers in product(range(count + 1), repeat=len(factors)):
        whole = prod((f**k for f, k in zip(factors, powers, strict=True)), start=Integer(1))
        hypotheses, squared = sum(powers[:2]), sum(powers[2:])
        if not any(powers[1:]) and powers[0] < count:
            expected["multiplier", powers, -1] = (whole * system.goal, True)
        short = squared <= 1 and hypotheses + 2 * squared <= count
        if not equal and short and system.poly(whole).total_degree() <= bound:
            expected["term", powers, -1] = (-whole, not any(powers[1:]))
    for a, b in product(range(bound + 1), repeat=2):
        if a + b + 3 <= bound:
            expected["cofactor", (a, b), 0] = (-(x**a) * y**b * (x**2 * y - 1), False)
    found = {(c.kind, c.key, c.equation): c for c in made.columns}
    assert found.keys() == expected.keys()
    assert len(found) == len(made.columns)
    for key, (share, positive) in expected.items():
        assert as_expr(found[key].monomials, system) == share.expand()
        assert found[key].positive is positive
        assert all(found[key].monomials.values())
        assert found[key].cost > 0


def test_longer_products_cost_more() -> None:
    """Of two identities the one with fewer and shorter products is found."""
    made = program(SYSTEM, 3)
    costs = {c.key: c.cost for c in made.columns if c.kind == "term"}
    none = (0,) * (len(made.squares))
    assert costs[(0, 0, *none)] < costs[(1, 0, *none)] < costs[(2, 0, *none)] < costs[3, 0, *none]
    assert costs[(1, 0, *none)] < costs[(0, 1, *none)]  # x has one term, 1 - y two
    assert costs[(0, 0, *none)] > max(c.cost for c in made.columns if c.kind == "cofactor")


def test_squares_that_are_tried() -> None:
    """The goal and differences of linear hypotheses and 1, each up to its sign."""
    assert list(_squares(SYSTEM)) == [SYSTEM.goal, x - 1, -y, x + y - 1]
    assert list(_squares(PolynomialSystem(1 - x, ">=", (STRICT,)))) == [1 - x]
    assert list(_squares(PolynomialSystem(x * y, ">=", (Hypothesis(x * y),)))) == [x * y]
    many = tuple(Hypothesis(Symbol(f"a{n}", real=True)) for n in range(9))
    assert len(list(_squares(PolynomialSystem(x * y, ">", many)))) == _MAX_SQUARES // 2


@pytest.mark.parametrize(
    ("goal", "hypotheses", "equations", "degree"),
    [
        (1 - y, (LOOSE,), (), 1),
        ((x - 1) ** 2, (STRICT,), (), 2),  # the square of x - 1
        (x * (1 - y), (STRICT, LOOSE), (), 2),
        (y, (STRICT,), (x * y - 1,), 2),  # x times y is 1
        (x**3 * (1 - y), (STRICT, LOOSE), (), 4),
    ],
    ids=str,
)
def test_how_many_factors_it_takes(
    goal: Expr, hypotheses: tuple[Hypothesis, ...], equations: tuple[Expr, ...], degree: int
) -> None:
    system = PolynomialSystem(goal.expand(), ">=", hypotheses, equations)
    found = certify(system, degree=degree)
    assert found is not None
    assert found.proves()
    assert certify(system, degree=degree - 1) is None


def test_a_goal_that_is_zero_needs_no_products() -> None:
    for relation in (">=", "=="):
        found = certify(PolynomialSystem(Integer(0), relation, (LOOSE,), (x - y,)))
        assert found is not None
        assert found.proves()
        assert found.multiplier == (Product(Integer(1), (0,)),)
        assert (found.terms, found.cofactors) == ((), (0,))
    assert certify(PolynomialSystem(Integer(0), ">", (LOOSE,))) is None


def test_coefficients_that_no_corner_has_are_not_solved_for() -> None:
    """All columns are too many for one solution, too few have none."""
    made = program(PolynomialSystem((1 + x) ** 2, ">=", (STRICT,)), 2)
    values = made._feasible()
    assert values is not None
    used = [i for i, v in enumerate(values) if v > 1e-6]
    exact = made._exact(used, values)
    assert exact is not None
    for i, e in zip(used, exact, strict=True):
        assert float(e.p) / float(e.q) == pytest.approx(values[i])
    assert all(isinstance(e, fmpq) and e > 0 for e in exact)
    assert made._exact([*range(len(made.columns))], values) is None
    for left_out in used:
        assert made._exact([i for i in used if i != left_out], values) is None


def test_what_does_not_prove_the_goal_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = program(PolynomialSystem(1 - y, ">=", (LOOSE,)), 1)
    found = made.certificate()
    assert found is not None
    exact = _Program._exact
    for changed in (lambda c: c + 1, lambda c: -c):
        monkeypatch.setattr(
            _Program,
            "_exact",
            lambda self, used, values, changed=changed: [
                changed(c) if self.columns[i].kind == "term" else c
                for i, c in zip(used, exact(self, used, values) or [], strict=True)
            ],
        )
        assert made.certificate() is None


def test_limits_are_reached_by_the_first_that_exceeds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many columns as there may be are tried; iterations are counted over all programs."""
    system = PolynomialSystem(1 - y, ">=", (LOOSE,))
    count = len(program(system, 1).columns)
    for most, found in ((count, True), (count - 1, False)):
        monkeypatch.setattr(linear_certificate, "_MAX_COLUMNS", most)
        assert (certify(system) is not None) == found
    monkeypatch.undo()
    hard = PolynomialSystem(*ROOTS["(14) is at most 1"])
    alone = _Iterations(1000)
    assert _Program(hard, 3, alone)._feasible() is not None
    spent = 1000 - alone.left
    assert spent > 1
    both = _Iterations(2 * spent - 1)
    assert _Program(hard, 3, both)._feasible() is not None
    assert both.left == spent - 1
    assert _Program(hard, 3, both)._feasible() is None
