"""Signs that coefficients do not show: found where there is one, and none where there is none."""

import pytest
from sympy import Abs, Expr, Integer, Rational, S, Symbol, cbrt, exp, expand, log, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.elaboration import Elaboration
from grpo_symbolic.verify.kernel.proof import Proof
from grpo_symbolic.verify.kernel.statement import statement_of
from grpo_symbolic.verify.recheck import claim_to_data
from grpo_symbolic.verify.sign_search import code

x, y, z, w, v = (Symbol(name, real=True) for name in "xyzwv")
#: x, y > 0; z any real number; w >= 0; v from 0 to 1, both included.
RANGES = (
    Range(x, S.Zero, oo),
    Range(y, S.Zero, oo),
    Range(z, -oo, oo),
    Range(w, S.Zero, oo, True, False),
    Range(v, S.Zero, S.One, True, True),
)
ROOT, BOTH, GAP = sqrt(1 + x), sqrt(3 + 2 * sqrt(2)), log(3) - log(2)
#: (r - 1)(r + 3)(r^2 - 5 r + 7) for r^2 = 1 + y
BY_ROOT = (1 + y) ** 2 - 6 * (1 + y) - 21 + (29 - 3 * (1 + y)) * sqrt(1 + y)


def nested(inside: Expr, levels: int) -> Expr:
    for _ in range(levels):
        inside = sqrt(2 + inside)
    return inside


EQUAL = (
    sqrt(x * (z - 1) ** 2) - sqrt(x) * Abs(z - 1),
    sqrt(x * (1 + z**2)) - sqrt(x) * sqrt(1 + z**2),
    sqrt(12 * x / 7) - 2 * sqrt(3 * x) / sqrt(7),
    sqrt(x / y) - sqrt(x) / sqrt(y),
    (x / y) ** Rational(-2, 3) - cbrt(y) ** 2 / cbrt(x) ** 2,
    sqrt(x**3 / y**5) - x * sqrt(x / y) / y**2,
    sqrt(v * (1 - v)) - sqrt(v) * sqrt(1 - v),
    # what is under a root has factors below 0, once and twice, and one that may be 0
    sqrt(x * (sqrt(1 + x**2) - x)) - sqrt(x) * sqrt(sqrt(1 + x**2) - x),
    sqrt(y * (x - sqrt(1 + x**2)) ** 2) - sqrt(y) * (sqrt(1 + x**2) - x),
    sqrt(y * (sqrt(1 + x**2) - x) ** 3) - sqrt(y) * sqrt(sqrt(1 + x**2) - x) ** 3,
    sqrt(x * (sqrt((x + 1) ** 2 + w) - x - 1)) - sqrt(x) * sqrt(sqrt((x + 1) ** 2 + w) - x - 1),
    # two of them beside a number of unknown sign: without their factors no square shows it
    sqrt(expand(y * GAP**3))
    + z * sqrt(expand(x * GAP**3))
    - sqrt(GAP) ** 3 * (sqrt(y) + z * sqrt(x)),
    1 / (1 / x + 1 / y) - x * y / (x + y),
    Abs((z - 1) / (1 + x)) - Abs(1 - z) / (1 + x),
    Abs(-x / 3) - x / 3,
    Abs(-w) - w,
    Abs(x - 1) ** 2 - (x - 1) ** 2,
    log(x**2 * y) - 2 * log(x) - log(y),
    log(sqrt(x) / (6 * y)) - log(x) / 2 + log(2) + log(3) + log(y),
    log(12 * (1 + z**2) ** 2) - 2 * log(2) - log(3) - 2 * log(1 + z**2),
    exp(x + z) - exp(x) * exp(z),
    exp(z) * exp(-z) - 1,
    exp(z / 2) ** 2 - exp(z),
    exp(2 * z / 3) - exp(z / 6) ** 4,
    exp(z / (1 + x)) * exp(z * x / (1 + x)) - exp(z),
    exp(3 * log(x) / 2) - x * sqrt(x),
    exp(2 * log(x) - 3 * log(y) + z) - x**2 * exp(z) / y**3,
    exp(log(x) / 2 + log(x) / 3) - x ** Rational(5, 6),
    x**y * x**2 - x ** (y + 2),
    (x * y) ** z - x**z * y**z,
)
#: 2, 1, 0 for > 0, >= 0, = 0; None where both signs occur.
SIGNS: list[tuple[Expr, int | None]] = [
    # factors
    ((x - 1) ** 2, 1),
    (x * (x - 1) ** 2, 1),
    ((x - 1) ** 2 * (y - 2) ** 4, 1),
    ((x - 1) ** 3, None),
    ((x - 1) * (y - 1), None),
    ((z**2 + z + 1) * (z**2 - z + 1), 2),
    ((z**2 + z + 1) * (x - 1) ** 2, 1),
    (x * (BOTH - 1 - sqrt(2)), 0),
    (z * (BOTH - 1 - sqrt(2)), 0),
    (-3 * w * (z**2 - z + 1), -1),
    (2 * z**2 - 4 * z + 2, 1),
    ((x * y - z) ** 2, 1),
    # the root and what stands beside it
    (ROOT - 1, 2),
    (sqrt(1 + w) - 1, 1),
    (1 + x / 2 - ROOT, 2),
    (1 + w / 2 - sqrt(1 + w), 1),
    (1 + x / 3 - ROOT, None),
    (1 + x - x**2 * ROOT, None),
    (sqrt(1 + z**2) - z, 2),
    (sqrt(1 + z**2) + z, 2),
    (sqrt(z**2 + x) - z, 2),
    (z - sqrt(x), None),
    (z**2 - z + 1 + (z**2 + z + 1) * ROOT, 2),
    ((z**2 - z + 1) * ROOT - z**2 + z - 1, 2),
    (sqrt(x) + sqrt(y) - sqrt(x + y), 2),
    (sqrt(w) + sqrt(y) - sqrt(w + y), 1),
    (sqrt(x + y + 1) - sqrt(x + 1), 2),
    (sqrt(2 * x + 2 * y) - sqrt(x) - sqrt(y), 1),
    (BOTH - 1 - sqrt(2), 0),
    (sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3), 0),
    (BOTH - 1 - sqrt(2) + Rational(1, 10**30), 2),
    ((z - 1) ** 2 + (x - 1) ** 2 * ROOT, 1),
    (nested(2 + x, 3) - 2, 2),
    # squares
    (z**2 - z + 1, 2),
    (z**2 - 2 * z + 1 + x, 2),
    (x**3 + x**2 + 1 + z**2 - z, 2),
    (z**2 - 3 * z + 1, None),
    (x * z**2 - x * z + x, 2),
    (x**2 * (z**2 - z + 1) + (z**2 + z + 1) ** 2, 2),
    (z**2 + z * x + x**2, 2),
    (z**2 + 2 * z * x + x**2, 1),
    (z**4 + z**2 * x + x**2 - x, None),
    (z**2 + 2 * BOTH * z + 3 + 2 * sqrt(2), 1),  # the square of z + BOTH
    (z**2 + z + w, None),
    (x**2 - x * y + y**2, 2),
    # factors in terms of a root, which is no factor without
    (BY_ROOT.subs(y, x), 2),
    (BY_ROOT.subs(y, w), 1),
    (BY_ROOT.subs(y, 2 * x), 2),
    (BY_ROOT + ROOT * (y - 2 + 2 * sqrt(1 + y)), 2),
    (BY_ROOT.subs(y, x) + sqrt(1 + y) * (x - 2 + 2 * ROOT), 2),
    (BY_ROOT.subs(y, x**2 * y), 2),
    (BY_ROOT.subs(y, x**2 * y) - 6, None),
    # two ways to write the same
    *((expr, 0) for expr in EQUAL),
    # others
    (Abs(z) + x, 2),
    (Abs(x * z) - x * Abs(z), 0),
    (exp(z) - 1, None),
    (exp(x) - 1, 2),
    (exp(-x) - 1, -2),
    (exp(w) - 1, 1),
    (log(1 + x), 2),
    (log(1 + w), 1),
    (log(x), None),
    (cbrt(x) - sqrt(x), None),
    (v - v**2, 1),
    (1 + v - v**2, 2),
    (sqrt(v) - v, 1),
    (1 - sqrt(v), 1),
    # Beside a root what is 0, though no normal form shows it.
    (sqrt(x) + sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3), 2),
    (sqrt(w) + sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3), 1),
]


def signs(expr: Expr) -> list[int | None]:
    """On each chart of the range, by the steps that are found; the kernel runs them again."""
    used = tuple(r for r in RANGES if r.symbol in expr.free_symbols)
    data = claim_to_data(gs.Claim("", expr, ">", S.Zero, Domain(used)))
    statement = statement_of(data["exact"])
    found = []
    charts = [{}] if v not in expr.free_symbols else [{"v": False}, {"v": True}]
    for chart in charts:
        work = Elaboration(Proof(statement, chart)).begin()
        found.append(work.sign(work.lower(statement.left)))
        again = Proof(statement, chart)
        again.run(work.steps)
        given = [step[1] for step in work.steps if step[0] == "sign"]
        assert None not in [code(again.sign(again.lower(tree))) for tree in given]
        assert code(again.sign(again.lower(statement.left))) == found[-1]
    return found


@pytest.mark.parametrize(("expr", "sign"), SIGNS, ids=[str(e) for e, _ in SIGNS])
def test_the_sign_is_found_where_there_is_one(expr: Expr, sign: int | None) -> None:
    for way in (1, -1):
        found = signs(Integer(way) * expr)
        if sign is None:
            assert None in found
        else:
            weakest = min((s for s in found if s is not None), key=abs)
            assert None not in found
            assert weakest == way * sign


def test_roots_within_roots_are_eliminated_one_by_one() -> None:
    """Six within one another, and no more: each is a level of the search."""
    assert signs(nested(x, 6) - nested(S.Zero, 6)) == [2]
    assert signs(nested(x, 7) - nested(S.Zero, 7)) == [None]
