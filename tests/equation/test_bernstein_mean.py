"""Means by name against binomial sums written out here, and against SymPy's own calculus."""

import pickle
from math import comb

import mpmath as mp
import pytest
from flint import arb, ctx
from sympy import Lambda, Rational, Symbol, Tuple, diff, lambdify, latex, sqrt, together

from grpo_symbolic import symbols as s
from grpo_symbolic.algebra import Sign, is_zero, sign, tidy
from grpo_symbolic.bernstein_mean import BernsteinMean, definitions, unfolded
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.verify.tree import from_tree, to_tree

T, P = s.t, s.pi
STD = Lambda(T, sqrt(T * (1 - T)))
STABILISED = Lambda(T, T * (1 - T) / (sqrt(T * (1 - T)) + s.epsilon))
POINTS = [Rational(1, 7), Rational(1, 2), Rational(9, 10)]


def by_hand(f, n: int, p) -> mp.mpf:
    """E f(K/n) over a binomial count, zero at both ends."""
    p = mp.mpf(p.p) / p.q
    return mp.fsum(comb(n, k) * p**k * (1 - p) ** (n - k) * f(mp.mpf(k) / n) for k in range(1, n))


def std(t: mp.mpf) -> mp.mpf:
    return mp.sqrt(t * (1 - t))


@pytest.mark.parametrize("n", [2, 3, 8, 40])
@pytest.mark.parametrize("p", POINTS)
def test_value(n: int, p: Rational) -> None:
    mean = BernsteinMean(STD, n, P)
    with mp.workdps(40):
        expected = by_hand(std, n, p)
        assert abs(mp.mpf(str(mean.subs(P, p).evalf(40))) - expected) < mp.mpf(10) ** -38
        assert abs(lambdify(P, mean, "mpmath")(mp.mpf(p.p) / p.q) - expected) < mp.mpf(10) ** -36
        assert abs(float(lambdify(P, mean)(float(p))) - expected) < 1e-14
    with ctx.workprec(200):
        enclosed = ball(mean, {P: arb(int(p.p)) / int(p.q)}, 200)
        assert enclosed.overlaps(arb(mp.nstr(expected, 40), 1e-35))
        assert enclosed.rad() < 1e-30


@pytest.mark.parametrize("n", [2, 5, 8, 21])
def test_derivatives_are_those_of_the_sum(n: int) -> None:
    mean = BernsteinMean(STD, n, P)
    for order in (1, 2):
        named = mean.diff(P, order).subs(P, POINTS[0]).evalf(30)
        with mp.workdps(50):
            wanted = mp.diff(lambda p: mp.fsum(
                comb(n, k) * p**k * (1 - p) ** (n - k) * std(mp.mpf(k) / n) for k in range(1, n)
            ), mp.mpf(1) / 7, order)  # fmt: skip
            assert abs(mp.mpf(str(named)) - wanted) < mp.mpf(10) ** -20


def test_the_slope_at_the_end_is_the_escape_threshold_for_every_size() -> None:
    mean = BernsteinMean(STD, s.G, P)
    slope = mean.diff(P).subs(P, 0)
    for n in (2, 3, 8, 100):
        assert slope.subs(s.G, n) == sqrt(n - 1)
        assert mean.diff(P).subs(P, 1).subs(s.G, n) == -sqrt(n - 1)
    assert mean.subs(P, 0) == mean.subs(P, 1) == 0


def test_the_argument_and_the_parameters_are_differentiated() -> None:
    low, high = Rational(1, 5), Rational(4, 5)
    mean = BernsteinMean(STABILISED, 6, low + (high - low) * P)
    at = {P: Rational(1, 3), s.epsilon: Rational(1, 10)}
    for variable in (P, s.epsilon):
        named, plain = diff(mean, variable), diff(mean.doit(), variable)
        assert abs((named - plain).subs(at).evalf(30)) < Rational(1, 10**25)
    assert "h_6'" in str(mean.diff(P))
    assert mean.free_symbols == {P, s.epsilon}


def test_it_stays_one_object() -> None:
    mean = BernsteinMean(STABILISED, 8, P)
    rewritten = (tidy(mean / (P * (1 - P))), together(1 / mean + P / mean), mean.subs(s.beta, 2))
    assert all(expr.atoms(BernsteinMean) == {mean} for expr in rewritten)
    assert str(mean) == "h_8(pi)"
    assert latex(mean) == r"h_{8}(\pi)"
    assert pickle.loads(pickle.dumps(mean)) == mean
    assert BernsteinMean(STABILISED, s.G, P).subs(s.G, 8) == mean
    # Substituting for f's own variable passes the bound one by.
    assert mean.subs(P, T).of(P) == mean


def test_its_sign_is_that_of_its_values() -> None:
    unit = Domain.of(P)
    assert sign(BernsteinMean(STD, s.G, P), unit) == Sign.POSITIVE
    assert sign(BernsteinMean(STABILISED, 8, P) + P, unit) == Sign.POSITIVE
    turned = BernsteinMean(Lambda(T, T - Rational(1, 2)), 8, P)
    assert sign(turned, unit) is None
    assert sign(BernsteinMean(STD, 8, P).diff(P), unit) is None
    # An argument that may leave [0, 1] has no sign: the terms alternate there.
    x = Symbol("x", positive=True)
    outside = BernsteinMean(STD, 8, x)
    assert sign(outside, Domain.of(Range(x, Rational(0), Rational(2)))) is None
    assert outside.subs(x, Rational(3, 2)).evalf() < 0


def test_equal_means_cancel_and_unlike_ones_do_not() -> None:
    unit = Domain.of(P)
    mean = BernsteinMean(STD, 8, P)
    assert is_zero(mean - mean.of(1 - (1 - P)), unit)
    assert not is_zero(mean - BernsteinMean(STD, 9, P), unit)
    assert not is_zero(mean - BernsteinMean(STABILISED, 8, P), unit)
    assert is_zero(unfolded(BernsteinMean(STD, 4, P) - 2 * BernsteinMean(STD, 4, P)) +
                   BernsteinMean(STD, 4, P).doit(), unit)  # fmt: skip


def test_tables_and_given_ends() -> None:
    table = BernsteinMean(Tuple(1, 0, 3), 2, P)
    assert (table.doit() - ((1 - P) ** 2 + 3 * P**2)).expand() == 0
    between = BernsteinMean(Tuple(2, Lambda(T, T), 5), 4, P)
    expected = 2 * (1 - P) ** 4 + 5 * P**4 + sum(
        comb(4, k) * Rational(k, 4) * P**k * (1 - P) ** (4 - k) for k in (1, 2, 3)
    )  # fmt: skip
    assert (between.doit() - expected).expand() == 0
    assert (between.subs(P, 0), between.subs(P, 1)) == (2, 5)
    assert abs((between - expected).subs(P, Rational(2, 7)).evalf(30)) < Rational(1, 10**25)


@pytest.mark.parametrize(
    "mean",
    [
        BernsteinMean(STD, s.G, P),
        BernsteinMean(STABILISED, 8, 1 - P, 2),
        BernsteinMean(Tuple(1, 0, 3), 2, P, name="D"),
        BernsteinMean(Tuple(2, Lambda(T, T), 5), 4, P, name="w"),
    ],
    ids=str,
)
def test_a_certificate_reads_it_back(mean: BernsteinMean) -> None:
    known = {x.name: x for x in (P, s.G, s.epsilon)}
    assert from_tree(to_tree(mean), known) == mean


def test_definitions_say_what_the_names_stand_for() -> None:
    lines = definitions(BernsteinMean(STD, 8, P) + BernsteinMean(STD, 8, P).diff(P))
    assert [str(line.lhs) for line in lines] == ["h_8(m)", "f(t)"]
    (first, second) = lines
    f = Lambda(T, second.rhs)
    whole = first.rhs.replace(lambda e: getattr(e, "name", "") == "f", lambda e: f(*e.args)).doit()
    at = Rational(2, 7)
    assert abs((whole.subs(s.share, at) - BernsteinMean(STD, 8, at)).evalf(30)) < 10**-25
