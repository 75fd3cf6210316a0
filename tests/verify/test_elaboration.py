"""What is named in a proof: inverses, roots and logarithms of factors, and of nothing twice."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from sympy import Abs, Expr, Rational, S, Symbol, cbrt, exp, expand, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.elaboration import Elaboration
from grpo_symbolic.verify.kernel.proof import Proof
from grpo_symbolic.verify.kernel.statement import Rejected, statement_of
from grpo_symbolic.verify.recheck import claim_to_data
from grpo_symbolic.verify.tree import from_tree, to_tree

x, y, z, w, u, q = (Symbol(name, real=True) for name in "xyzwuq")
#: x, y > 0; z any real number; w, u >= 0.
RANGES = (
    Range(x, S.Zero, oo),
    Range(y, S.Zero, oo),
    Range(z, -oo, oo),
    Range(w, S.Zero, oo, True, False),
    Range(u, S.Zero, oo, True, False),
)
#: No sign of f or g is found, and their product has positive coefficients only.
f = x**4 - x**3 + x**2 + 2 * x + 1
g = x**4 + 2 * x**3 + 2 * x**2 - x + 1
BOTH = sqrt(3 + 2 * sqrt(2))


def started(ranges: Sequence[Range] = RANGES, **at: Fraction) -> Elaboration:
    claim = gs.Claim("", sum(r.symbol for r in ranges), ">", S.Zero, Domain(tuple(ranges)))
    return Elaboration(Proof(statement_of(claim_to_data(claim)["exact"]), at)).begin()


def named(work: Elaboration) -> list[Expr]:
    """What has a name of its own, written in the symbols of the statement."""
    known: dict[str, Expr] = {}
    for r in work.proof.statement.ranges:
        known[r.symbol] = known[f"t:{r.symbol}"] = Symbol(r.symbol, real=True)
    for rule, *rest in work.steps:
        if rule == "let":
            known[rest[0]] = from_tree(rest[1], known)  # type: ignore[arg-type]
    return [value for name, value in known.items() if name.startswith("v:")]


#: Factors that are below 0, and not above 0, of what is named in this order.
ROOTS = [sqrt(x + y), sqrt(x), sqrt(y + 2 * x), sqrt(y)]
EDGED = [sqrt(1 + u + w), sqrt(1 + u), sqrt(2 + u + w), sqrt(2 + u)]
BELOW = ROOTS[1] - ROOTS[0], ROOTS[3] - ROOTS[2]
LOOSE = EDGED[1] - EDGED[0], EDGED[3] - EDGED[2]
LESS = log(2) - log(3)
#: What is read in turn, and what gets a name then.
NAMED: list[tuple[list[Expr], list[Expr]]] = [
    ([1 / expand(6 * x**2 * (1 + y))], [1 / x, 1 / (1 + y)]),
    ([sqrt(expand(12 * x * (1 + y)))], [sqrt(3), sqrt(x), sqrt(1 + y)]),
    ([sqrt(expand(x * (1 + y) / 3))], [sqrt(3), sqrt(x), sqrt(1 + y)]),
    ([sqrt(expand(w * u * (1 + x)))], [sqrt(w), sqrt(u), sqrt(1 + x)]),
    ([sqrt(expand(x * (z - 1) ** 2))], [sqrt(x), Abs(z - 1)]),
    ([cbrt(expand(x * (z - 1) ** 2))], [cbrt(x), cbrt(expand((z - 1) ** 2))]),
    ([sqrt(expand(y * f * g))], [sqrt(y), sqrt(expand(f * g))]),
    # of what is known to be below 0 the negative
    ([*ROOTS, sqrt(expand(BELOW[0] * BELOW[1]))], [*ROOTS, sqrt(-BELOW[0]), sqrt(-BELOW[1])]),
    ([*EDGED, sqrt(expand(LOOSE[0] * LOOSE[1]))], [*EDGED, sqrt(-LOOSE[0]), sqrt(-LOOSE[1])]),
    ([*ROOTS, Abs(BELOW[0]), Abs(BELOW[1] - x)], ROOTS),
    ([*EDGED, Abs(LOOSE[0])], EDGED),
    ([*EDGED, Abs(expand(LOOSE[0] * (z - 1)))], [*EDGED, Abs(z - 1)]),
    ([*ROOTS, Abs(expand(BELOW[0] * BELOW[1] * (z - 1)))], [*ROOTS, Abs(z - 1)]),
    ([log(3), log(2), sqrt(expand(x * LESS**2))], [log(3), log(2), sqrt(x)]),
    ([log(3), log(2), sqrt(expand(-x * LESS**3))], [log(3), log(2), sqrt(x), sqrt(-LESS)]),
    ([*ROOTS, log(expand(BELOW[0] * BELOW[1]))], [*ROOTS, log(-BELOW[0]), log(-BELOW[1])]),
    ([log(expand(12 * x**2 * (1 + z**2)))], [log(2), log(3), log(x), log(1 + z**2)]),
    ([log(expand(y * f * g))], [log(expand(y * f * g))]),
    # a coordinate is a power where its root has a name, and is the same coordinate
    ([1 / (1 + x), sqrt(x), 1 / expand(y * (1 + x))], [1 / (1 + x), sqrt(x), 1 / y]),
    ([exp(x * z / 2 + 3 * z), exp(5 * z)], [exp(x * z / 2), exp(z)]),
    ([log(x), exp(log(x) / 2 + z)], [log(x), sqrt(x), exp(z)]),
]  # fmt: skip


@pytest.mark.parametrize(("read", "names"), NAMED, ids=[str(e[-1]) for e, _ in NAMED])
def test_factors_have_names_and_nothing_else(read: list[Expr], names: list[Expr]) -> None:
    used = {s for e in read for s in e.free_symbols}
    work = started([r for r in RANGES if r.symbol in used])
    for expr in read:
        work.lower(to_tree(expr))
    assert sorted(named(work), key=str) == sorted(names, key=str)
    again = Proof(work.proof.statement, {})
    again.run(work.steps)  # which the kernel runs, too


def test_the_width_of_a_range_is_looked_for() -> None:
    """x^2 + 1 - x is positive, as no coefficient shows; of x - 1 that is not so."""
    between = Range(q, x, x**2 + 1)
    assert started([RANGES[0], between]).proof.values["q"]
    with pytest.raises(Rejected, match="has no range"):
        started([RANGES[0], Range(q, S.One, x)])


def test_an_end_is_a_point_of_a_closed_range() -> None:
    """sqrt(3 + 2 sqrt(2)) - sqrt(2) is 1, which no normal form shows."""
    end = BOTH - sqrt(2)
    for ends, closed in (((S.Zero, end), (False, True)), ((end, S(3)), (True, False))):
        assert started([Range(q, *ends, *closed)], q=Fraction(1)).proof.values["q"] == {(): 1}
        with pytest.raises(Rejected, match="outside the range"):
            started([Range(q, *ends, False, False)], q=Fraction(1))


def test_the_logarithm_of_what_is_above_one_is_positive() -> None:
    """x^2 - x + 2 is, as a square shows."""
    work = started(RANGES[:1])
    assert work.sign(work.lower(to_tree(log(x**2 - x + 2)))) == 2
    assert work.sign(work.lower(to_tree(log(x**2 - x + Rational(1, 2))))) is None
