"""Domains: coordinates cover exactly the domain, samples lie in it, ends may depend."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Dummy, Expr, Integer, Rational, S, Symbol, cancel, limit, oo, sqrt, sympify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.normal_form import Lowering
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status

beta, pi, pi_ref = symbols.beta, symbols.pi, symbols.pi_ref
X = Symbol("x", real=True)
Y = Symbol("y", real=True)
M = Symbol("m", integer=True)
ZERO, ONE = Integer(0), Integer(1)

DOMAINS = [
    Domain.of(symbols.beta, symbols.pi_ref),
    Domain.of(symbols.gamma, symbols.gap, symbols.tie),
    Domain.of(symbols.gamma, Range(symbols.beta, symbols.gamma, oo, True)),
    Domain.of(symbols.pi_ref, Range(symbols.pi, symbols.pi_ref, ONE)),
    Domain.of((X, -oo, Integer(-3)), (Y, X, Integer(7))),
    Domain.of(Range(X, -oo, ONE, False, True), Range(Y, Integer(-2), X**2, True, False)),
    Domain.of(Range(X, Rational(1, 3), Rational(1, 2), True, True)),
    Domain.of(Range(X, Integer(-1), ONE, True, False), Range(Y, X, ONE, False, True)),
]

rationals = st.fractions(min_value=0, max_value=10**6, max_denominator=10**6)


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
@given(data=st.data())
def test_orthant_points_land_inside(domain: Domain, data: st.DataObject) -> None:
    substitution, strict = domain.coordinates()
    found = {d for value in substitution.values() for d in value.atoms(Dummy)}
    point = {}
    for t in sorted(found, key=str):
        value = data.draw(rationals)
        assume(value > 0 or t not in strict)
        point[t] = Rational(value.numerator, value.denominator)
    assert domain.contains({s: value.subs(point) for s, value in substitution.items()})


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_a_normal_form_is_in_these_coordinates(domain: Domain) -> None:
    lowering = Lowering(domain)
    field, (substitution, _) = lowering.field, domain.coordinates()
    for symbol, value in substitution.items():
        found = lowering.lower(symbol)
        ratio = field.as_expr(found.top) / field.as_expr(found.bottom)
        names = {field.symbol(k).name: field.symbol(k) for k in range(len(field.names))}
        expected = value.xreplace({d: names[d.name] for d in value.atoms(Dummy)})
        assert cancel(ratio - expected) == 0
        text = sympify(field.text(found.top), {f"_{name}": d for name, d in names.items()})
        assert text == field.as_expr(found.top)


@pytest.mark.parametrize(
    ("item", "lower", "upper"),
    [
        (Range(X, ZERO, ONE), ZERO, ONE),
        (Range(X, ZERO, ONE, True, False), ZERO, ONE),
        (Range(X, ZERO, ONE, False, True), ZERO, ONE),
        (Range(X, Integer(-2), oo, True, False), Integer(-2), oo),
        (Range(X, -oo, Integer(5), False, True), -oo, Integer(5)),
        (Range(X, -oo, Integer(5)), -oo, Integer(5)),
    ],
    ids=str,
)
def test_the_ends_are_the_limits_and_closed_ones_are_reached(
    item: Range, lower: Expr, upper: Expr
) -> None:
    substitution, strict = Domain.of(item).coordinates()
    value = substitution[X]
    (t,) = value.atoms(Dummy)
    at_zero, far = value.subs(t, 0), limit(value, t, oo)
    assert {at_zero, far} == {lower, upper}
    closed = item.lower_closed if at_zero == lower else item.upper_closed
    assert closed == (t not in strict)
    assert not (item.upper_closed if at_zero == lower else item.lower_closed)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(X, Sign.POSITIVE), (1 - X, Sign.POSITIVE), (-X, Sign.NEGATIVE)],
)
def test_no_strict_sign_on_a_range_closed_at_both_ends(expression: Expr, expected: Sign) -> None:
    """0 <= x <= 1 includes x = 0 and x = 1, where x or 1 - x is zero."""
    closed = Domain.of(Range(X, ZERO, ONE, True, True))
    assert closed.contains({X: ZERO})
    assert closed.contains({X: ONE})
    assert sign(expression, closed) != expected
    assert sign(expression, Domain.of(Range(X, ZERO, ONE))) == expected


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_samples_are_exact_points_of_the_domain(domain: Domain) -> None:
    points = list(domain.samples(150, seed=3))
    assert len(points) == 150
    for point in points:
        assert set(point) == set(domain.symbols)
        assert all(value.is_Rational for value in point.values())
        assert domain.contains(point)
    assert len({tuple(sorted(map(str, p.items()))) for p in points}) > 10


@pytest.mark.parametrize(
    "item",
    [
        Range(symbols.G, Integer(2), oo, True, False),
        Range(M, Integer(2), Integer(4), True, True),
        Range(M, Integer(2), Integer(40), False, True),
        Range(M, -oo, Integer(-1), False, True),
    ],
    ids=str,
)
def test_samples_of_whole_numbers_are_in_the_domain(item: Range) -> None:
    domain = Domain.of(item)
    for point in domain.samples(60, seed=5):
        assert point[item.symbol].is_Integer
        assert domain.contains(point)


def test_samples_are_reproducible_and_reach_towards_both_ends() -> None:
    domain = Domain.of(symbols.beta, symbols.pi_ref)
    first, second = (list(domain.samples(80, seed=1)) for _ in range(2))
    assert first == second
    assert first != list(domain.samples(80, seed=2))
    betas = [p[symbols.beta] for p in first]
    refs = [p[symbols.pi_ref] for p in first]
    assert min(betas) < Rational(1, 100)
    assert max(betas) > 100
    assert min(refs) < Rational(1, 20)
    assert max(refs) > Rational(19, 20)


def test_dependent_ranges() -> None:
    domain = Domain.of(symbols.gamma, Range(symbols.beta, symbols.gamma, oo, True, False))
    assert domain.contains({symbols.gamma: Rational(1, 2), symbols.beta: Rational(1, 2)})
    assert not domain.contains({symbols.gamma: Rational(1, 2), symbols.beta: Rational(1, 3)})
    assert not domain.contains({symbols.gamma: Integer(2), symbols.beta: Integer(3)})
    assert sign(symbols.beta - symbols.gamma, domain) == Sign.NONNEGATIVE
    assert sign(symbols.beta / symbols.gamma - symbols.gamma / 2, domain) == Sign.POSITIVE
    independent = Domain.of(symbols.gamma, symbols.beta)
    assert sign(symbols.beta - symbols.gamma, independent) is None


def test_printing_states_every_range() -> None:
    domain = Domain.of(symbols.gamma, Range(symbols.beta, symbols.gamma, oo, True, False), X)
    assert str(domain) == "0 < gamma <= 1, beta >= gamma, x real"
    assert str(Domain.of(Range(X, -oo, ONE, False, True))) == "x <= 1"


def test_catalogue_ranges_are_added_once() -> None:
    narrow = Domain.of((symbols.beta, ONE, Integer(2)))
    wide = narrow.extended(symbols.beta * symbols.pi_ref)
    assert wide.symbols == (symbols.beta, symbols.pi_ref)
    assert wide.ranges[0] == narrow.ranges[0]
    assert not wide.contains({symbols.beta: Integer(3), symbols.pi_ref: Rational(1, 2)})


def test_a_symbol_without_a_range_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mystery"):
        Domain.of(Symbol("mystery"))


def test_ranges_that_depend_on_one_another_are_put_in_order() -> None:
    """A counterexample lies in the range, in whichever order the ranges are given."""
    x, y = Symbol("x", real=True), Symbol("y", real=True)
    ranges = (Range(x, S.Zero, y), Range(y, S.Zero, S.One))
    for order in (ranges, ranges[::-1]):
        domain = Domain(order)
        assert domain.symbols == (y, x)
        for point in domain.samples(20):
            assert 0 < point[x] < point[y] < 1
        found = prove(Claim("x is small", x, "<", Rational(1, 2), domain))
        assert found.status is Status.REFUTED
        at = {s: Rational(found.counterexample[s.name]) for s in (x, y)}
        assert domain.contains(at)
        assert at[x] >= Rational(1, 2)
    half = Domain((Range(y, -oo, oo), Range(x, S.Zero, y)))  # empty for y < 0
    assert all(half.contains(point) for point in half.samples(20))
    with pytest.raises(ValueError, match="circle"):
        Domain((Range(x, S.Zero, y), Range(y, S.Zero, x)))
    with pytest.raises(ValueError, match="two ranges"):
        Domain((Range(x, S.Zero, S.One), Range(x, S.Zero, Rational(1, 2))))


def test_corners_lie_inside_and_come_close_to_every_end() -> None:
    domain = Domain.of(pi_ref, (pi, pi_ref, S.One), beta)
    found = list(domain.corners((pi_ref, pi, beta)))
    assert all(domain.contains(point) for point in found)
    tiny = Rational(1, 10**9)
    assert min(point[pi_ref] for point in found) < tiny
    assert min(1 - point[pi] for point in found) < tiny
    assert min(point[pi] - point[pi_ref] for point in found) < tiny
    assert min(point[beta] for point in found) < tiny
    assert max(point[beta] for point in found) > 1 / tiny
    one = list(domain.corners((beta,)))
    assert {point[beta] for point in one} == {Rational(10) ** k for k in (-40, -10, -4, 4, 10, 40)}
    assert len({(point[pi], point[pi_ref]) for point in one}) == 1


def test_corners_of_many_symbols_are_those_of_one_at_a_time() -> None:
    """Two a symbol: all combinations of thirty ends would be more than can be counted."""
    domain = Domain.of(*((Symbol(f"x_{k}", positive=True), 0, 1) for k in range(30)))
    found = list(domain.corners(domain.symbols))
    middle = Rational(1, 2)
    assert len(found) == 60
    for point in found:
        (moved,) = (s for s in domain.symbols if point[s] != middle)
        assert min(point[moved], 1 - point[moved]) < Rational(1, 10**9)
    few = list(Domain.of(*domain.ranges[:3]).corners(domain.symbols[:3]))
    assert len(few) == 3**3 - 1


def test_a_claim_that_fails_in_a_corner_only_is_refuted() -> None:
    claim = Claim("next to an end", pi, ">", pi_ref + Rational(1, 10**9),
                  Domain.of(pi_ref, (pi, pi_ref, S.One)))  # fmt: skip
    assert prove(claim).status is Status.REFUTED
    assert prove(Claim("far out", beta, "<", Integer(10) ** 30)).status is Status.REFUTED


def test_a_whole_number_is_not_between_two_of_them() -> None:
    domain = Domain.of(symbols.G)
    assert domain.contains({symbols.G: Integer(3)})
    assert not domain.contains({symbols.G: Rational(5, 2)})


@pytest.mark.parametrize(
    ("lower", "upper", "closed"),
    [(ONE, ZERO, False), (ONE, ZERO, True), (ONE, ONE, False)],
)
def test_an_empty_range_has_no_points(lower: Expr, upper: Expr, closed: bool) -> None:
    empty = Domain.of(Range(X, lower, upper, closed, closed))
    assert not list(empty.samples(20))
    assert prove(Claim("nothing", X, ">", Integer(5), empty)).status is not Status.REFUTED


def test_ranges_agree_with_what_sympy_takes_a_symbol_to_be() -> None:
    """|x| is x to SymPy before a claim is made: a range below 0 would be one of another claim."""
    positive, least = Symbol("y", positive=True), Symbol("z", nonnegative=True)
    for symbol in (positive, least):
        with pytest.raises(ValueError, match="no negative number"):
            Domain.of((symbol, Rational(-1), Rational(1)))
        with pytest.raises(ValueError, match="no negative number"):
            Domain.of((symbol, -oo, oo))
    assert str(Domain.of(positive, least)) == "y > 0, z >= 0"
    whole = Symbol("n", integer=True, nonnegative=True)
    assert str(Domain.of(whole)) == "n >= 0 (whole)"


def test_samples_between_roots_are_fractions() -> None:
    free = Symbol("y", positive=True)
    domain = Domain.of((free, sqrt(2), sqrt(3)))
    points = [*domain.samples(20), *domain.corners([free])]
    assert len(points) > 20
    assert all(p[free].is_Rational and 2 < p[free] ** 2 < 3 for p in points)


def test_ends_may_be_numbers_of_python():
    x = Symbol("x", positive=True)
    ranges = Domain.of((x, 1, 2.5), (Symbol("y", real=True), Fraction(1, 3), 0.4))
    assert ranges == Domain.of(
        (x, Integer(1), Rational(5, 2)), (Symbol("y", real=True), Rational(1, 3), Rational(2, 5))
    )
    assert prove(Claim("above its end", x, ">", 1, ranges)).status is Status.PROVED
    assert prove(Claim("below its end", x, "<", 2, ranges)).status is Status.REFUTED


@pytest.mark.parametrize(
    "known",
    [
        *({"even": True}, {"odd": True}, {"prime": True}, {"composite": True}),
        *({"rational": True}, {"irrational": True}, {"integer": False, "real": True}),
        *({"nonzero": True, "real": True}, {"integer": True, "nonzero": True}),
    ],
    ids=str,
)
def test_a_range_says_all_that_is_known_of_a_symbol(known: dict[str, bool]) -> None:
    """An even n is not 3: a claim about it would be refuted at a number that it cannot be."""
    symbol = Symbol("n", **known)
    with pytest.raises(ValueError, match="a kind that a range does not say"):
        Domain.of((symbol, S(1), S(9)))


def test_a_symbol_that_is_negative_to_sympy_has_no_range_above_0() -> None:
    """SymPy writes |x| as -x for it, which is no truth about -1 < x < 1."""
    for kind in ("negative", "nonpositive"):
        symbol = Symbol("x", **{kind: True})
        with pytest.raises(ValueError, match="no positive number"):
            Domain.of((symbol, S(-1), S(1)))
        assert Domain.of((symbol, S(-1), S(0))).contains({symbol: S(-1) / 2})


def test_a_range_of_whole_numbers_says_so() -> None:
    n = Symbol("n", integer=True)
    said = [(str(d), d.latex()) for d in (Domain.of((n, 1, oo)), Domain.of((n, -oo, oo)))]
    assert said == [
        ("n > 1 (whole)", r"n \in \mathbb{Z},\ n > 1"),
        ("n whole", r"n \in \mathbb{Z}"),
    ]
    assert str(Domain.of(symbols.G)) == "G >= 2"
    # True of whole numbers, and not of 1/2: the range has to say which it is about.
    claim = Claim("no half", 2 * n, "!=", 3, Domain.of((n, 1, oo)))
    found = prove(claim)
    assert found.status is Status.PROVED
    assert "n >= 4 (whole)" in str(found)


def test_a_range_of_one_number_is_that_number() -> None:
    assert str(Range(X, ONE, ONE, True, True)) == "x = 1"
    assert str(Range(X, ONE, ONE, True, False)) == "1 <= x < 1"  # nothing
    assert Range(X, ONE, ONE, True, True).latex() == "x = 1"


def test_a_narrower_range_takes_the_place_of_one_that_is_there() -> None:
    whole = Domain.of((X, 0, 1), (Y, X, 2))
    narrow = [Range(Y, 1 + X, Integer(2)), Range(X, ZERO, Rational(1, 2)), Range(beta, ZERO, ONE)]
    assert whole.narrowed(narrow) == Domain.of((X, 0, Rational(1, 2)), (Y, 1 + X, 2))
    # Its ends may speak of what the domain has, and of nothing else.
    assert whole.narrowed([Range(X, ZERO, beta)]) is whole
