"""Links g(d(u)) = 1/u, the divergences that penalties act as, and marginals as derivatives."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import Abs, Expr, Rational, Symbol, lambdify, log, oo, simplify, sqrt, sympify
from sympy import exp as exp_

import grpo_symbolic as gs
from grpo_symbolic.symbols import u
from tests.oracles.stationary_many import penalty_coefficient

Divergence = gs.Divergence
Estimator = gs.Estimator
RATIOS = ["1/1000", "1/7", "1/2", "1", "3/2", "4", "250"]
DIGITS = 40


def number(text: str) -> mpf:
    value = Rational(text)
    return mpf(value.p) / value.q


def function(expr: Expr) -> Callable[[mpf], mpf]:
    return lambdify(u, expr, "mpmath")


def evaluated(expr: Expr) -> mpf:
    return mpf(str(expr.evalf(mp.dps)))


def close(found: mpf, expected: mpf, digits: int = DIGITS) -> bool:
    return abs(found - expected) < mpf(10) ** -digits * max(1, abs(expected))


# name: penalty, its marginal penalty written by hand, the open interval of its values
MONOTONE: dict[str, tuple[gs.Penalty, Callable[[mpf], mpf], tuple[Any, Any]]] = {
    "reverse KL": (Divergence.reverse_kl(), lambda x: -x, (-oo, 0)),
    "direct KL": (Divergence.direct_kl(), lambda x: 1 - mp.log(x), (-oo, oo)),
    "chi-squared": (Divergence.chi_squared(), lambda x: 1 / x - 1, (-1, oo)),
    "Jensen-Shannon": (
        Divergence.jensen_shannon(),
        lambda x: mp.log(2 / (1 + x)) / 2,
        (-oo, log(2) / 2),
    ),
    "Hellinger": (
        Divergence.hellinger(),
        lambda x: (1 - mp.sqrt(x)) / 2,
        (-oo, Rational(1, 2)),
    ),
    "alpha -1": (Divergence.alpha(-1), lambda x: (1 - x**2) / 2, (-oo, Rational(1, 2))),
    "alpha 0": (Divergence.alpha(0), lambda x: 1 - x, (-oo, 1)),
    "alpha 1/2": (Divergence.alpha("1/2"), lambda x: 2 - 2 * mp.sqrt(x), (-oo, 2)),
    "alpha 1": (Divergence.alpha(1), lambda x: -mp.log(x), (-oo, oo)),
    "alpha 2": (Divergence.alpha(2), lambda x: 1 / x - 1, (-1, oo)),
    "alpha 3": (Divergence.alpha(3), lambda x: (x**-2 - 1) / 2, (-Rational(1, 2), oo)),
    "alpha 5/2": (
        Divergence.alpha("5/2"),
        lambda x: (x ** (-mpf(3) / 2) - 1) * 2 / 3,
        (-Rational(2, 3), oo),
    ),
    "Le Cam": (
        Divergence((u - 1) ** 2 / (u + 1) / 2),
        # f(v) = (v - 1)^2 / (2 (v + 1)) has f'(v) = (v - 1)(v + 3) / (2 (v + 1)^2).
        lambda x: (1 / x - 1) * (1 / x + 3) / (2 * (1 / x + 1) ** 2),
        (-Rational(3, 2), Rational(1, 2)),
    ),
    "Jeffreys": (
        Divergence(u * log(u) - log(u), "Jeffreys"),
        lambda x: 1 - x - mp.log(x),
        (-oo, oo),
    ),
    "powers and a logarithm": (
        # f'(v) = v^(1/2) + 3 log v + 1
        Divergence(2 * u ** Rational(3, 2) / 3 + 3 * (u * log(u) - u) + u),
        lambda x: x ** -mpf("0.5") - 3 * mp.log(x) + 1,
        (-oo, oo),
    ),
    "published": (gs.ReverseKL(), lambda x: 1 - x, (-oo, 1)),
    "with ratio": (gs.DirectKL(), lambda x: -mp.log(x), (-oo, oo)),
    "k1 with ratio": (Estimator("k1", "loss-with-ratio"), lambda x: 1 - mp.log(x), (-oo, oo)),
    "k1 in the reward": (Estimator("k1", "reward"), lambda x: -mp.log(x), (-oo, oo)),
    "k2 in the loss": (Estimator("k2", "loss"), lambda x: -mp.log(x), (-oo, oo)),
    "squares with ratio": (
        Estimator((u - 1) ** 2 / 2, "loss-with-ratio"),
        lambda x: (x - 1) ** 2 / 2 - x * (x - 1),
        (-oo, Rational(1, 2)),
    ),
    "roots with ratio": (
        Estimator(2 * (sqrt(u) - 1) ** 2, "loss-with-ratio"),
        lambda x: 2 * (mp.sqrt(x) - 1) ** 2 - 2 * mp.sqrt(x) * (mp.sqrt(x) - 1),
        (-oo, 2),
    ),
    "chi-squared in the loss": (
        Estimator(1 / u - 1 + log(u), "loss"),
        lambda x: 1 / x - 1,
        (-1, oo),
    ),
}


@pytest.mark.parametrize("name", MONOTONE)
def test_marginal_is_the_one_written_by_hand(name: str) -> None:
    penalty, by_hand, _ = MONOTONE[name]
    with mp.workdps(DIGITS + 10):
        for ratio in map(number, RATIOS):
            assert close(function(penalty.marginal())(ratio), by_hand(ratio))


@pytest.mark.parametrize("name", MONOTONE)
def test_link_inverts_the_marginal(name: str) -> None:
    penalty, by_hand, _ = MONOTONE[name]
    assert penalty.monotone
    x = Symbol("x", real=True)
    link = lambdify(x, penalty.link(x), "mpmath")
    with mp.workdps(DIGITS + 20):
        for ratio in map(number, RATIOS):
            found = link(by_hand(ratio))
            assert abs(mp.im(found)) == 0
            assert close(mp.re(found), 1 / ratio)


@pytest.mark.parametrize("name", MONOTONE)
def test_link_of_an_exact_value(name: str) -> None:
    penalty, _, _ = MONOTONE[name]
    for ratio in (Rational(1, 3), Rational(5)):
        found = penalty.link(penalty.marginal(ratio))
        with mp.workdps(DIGITS + 20):
            assert close(evaluated(found), 1 / (mpf(ratio.p) / ratio.q))


@pytest.mark.parametrize("name", MONOTONE)
def test_link_range(name: str) -> None:
    penalty, by_hand, ends = MONOTONE[name]
    with mp.workdps(30):
        # d at large and at small u: where it is not bounded it grows like log(u) at least.
        values = [by_hand(mpf(10) ** power) for power in range(12, -13, -2)]
        assert all(left < right for left, right in pairwise(values))
        found = penalty.link_range
        for end, wanted, extreme in zip(found, ends, (values[0], values[-1]), strict=True):
            if abs(wanted) == oo:
                assert end == wanted
                assert (extreme > 12) if wanted == oo else (extreme < -12)
            else:
                assert simplify(end - wanted) == 0
                assert abs(evaluated(sympify(end)) - extreme) < mpf(10) ** -5


@pytest.mark.parametrize("order", ["7/5", "5/2", "-1/2", "1/3"])
def test_links_of_the_alpha_family(order: str) -> None:
    """The inverse of (v^(α − 1) − 1)/(α − 1) is elementary for every rational α."""
    alpha = sympify(order)
    penalty = Divergence.alpha(alpha)
    assert penalty.monotone
    bound = -1 / (alpha - 1)
    expected = (bound, oo) if alpha > 1 else (-oo, bound)
    found = penalty.link_range
    assert all(
        end == wanted or simplify(end - wanted) == 0
        for end, wanted in zip(found, expected, strict=True)
    ), found
    with mp.workdps(DIGITS + 20):
        power = evaluated(alpha - 1)
        for ratio in map(number, ("1/3", "4")):
            value = ((1 / ratio) ** power - 1) / power
            link = lambdify(u, penalty.link(u), "mpmath")(value)
            assert close(mp.re(link), 1 / ratio)


# -- penalties without a link ----------------------------------------------------------------

# name: penalty, where pi/pi_ref turns (None where the marginal jumps instead)
FOLDED: dict[str, tuple[gs.Penalty, str | None]] = {
    "k2 with ratio": (Estimator("k2", "loss-with-ratio"), "exp(-1)"),
    "k2 in the reward": (Estimator("k2", "reward"), "1"),
    "k3 in the reward": (Estimator("k3", "reward"), "1"),
    "squares in the loss": (Estimator((u - 1) ** 2 / 2, "loss"), "2"),
    "roots in the loss": (Estimator(2 * (sqrt(u) - 1) ** 2, "loss"), "4"),
    "inverse with ratio": (Estimator(1 / u - 1 + log(u), "loss-with-ratio"), "1/2"),
    "abs in the loss": (Estimator("abs", "loss"), None),
    "abs with ratio": (Estimator("abs", "loss-with-ratio"), None),
    "abs in the reward": (Estimator("abs", "reward"), None),
    "total variation": (Divergence(Abs(u - 1) / 2), None),
}


@pytest.mark.parametrize("name", FOLDED)
def test_a_marginal_that_folds_has_no_link(name: str) -> None:
    penalty, turn = FOLDED[name]
    assert not penalty.monotone
    with pytest.raises(ValueError, match="not strictly monotone on u > 0") as caught:
        penalty.link(Symbol("x"))
    assert "no single-valued inverse" in str(caught.value)
    d = function(penalty.marginal())
    grid = [mpf(k) / 20 + mpf("0.001") for k in range(1, 200)]
    steps = [right - left for left, right in pairwise(map(d, grid))]
    assert max(steps) >= 0 >= min(steps)  # it does fold, or has a plateau
    if turn is not None:
        assert f"it turns at pi/pi_ref = {turn})" in str(caught.value)
        at = 1 / evaluated(sympify(turn))
        assert abs(mp.diff(d, at)) < mpf(10) ** -8
        assert mp.diff(d, at * mpf("0.9")) * mp.diff(d, at * mpf("1.1")) < 0


def test_an_irrational_order_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha must be a rational number"):
        Divergence.alpha(sympify("sqrt(2)"))


def test_a_constant_marginal_has_no_link() -> None:
    penalty = Estimator("k1", "loss")
    assert not penalty.monotone
    with pytest.raises(ValueError, match="the marginal penalty 1 is constant: there is no link"):
        penalty.link(Symbol("x"))


def test_a_slope_that_only_touches_zero_is_not_called_a_turn() -> None:
    """d(u) = −4 log³ u falls strictly although its slope is zero at u = 1."""
    penalty = Estimator(log(u) ** 4, "loss")
    d = function(penalty.marginal())
    values = [d(mpf(10) ** (mpf(k) / 10)) for k in range(-30, 31)]
    assert all(left > right for left, right in pairwise(values))
    x = Symbol("x", real=True)
    try:
        link = penalty.link(x)
    except ValueError as error:
        assert "is not strictly monotone" not in str(error)  # noqa: PT017
        assert "it turns at" not in str(error)  # noqa: PT017
    else:
        assert close(evaluated(link.subs(x, -4 * log(2) ** 3)), mpf(1) / 2, 12)


# -- what penalties act as -----------------------------------------------------------------------

REVERSE = "KL(pi_ref || pi), the reverse KL"
DIRECT = "KL(pi || pi_ref), the direct KL"
ACTS: dict[str, tuple[gs.Penalty, str]] = {
    "k3 in the loss": (Estimator(u - log(u) - 1, "loss"), REVERSE),
    "k3 with ratio": (Estimator(u - 1 - log(u), "loss-with-ratio"), DIRECT),
    "k1 with ratio": (Estimator(-log(u), "loss-with-ratio"), DIRECT),
    "k1 in the reward": (Estimator(-log(u), "reward"), DIRECT),
    "k2 in the loss": (Estimator(log(u) ** 2 / 2, "loss"), DIRECT),
    "k1 in the loss": (
        Estimator(-log(u), "loss"),
        "no penalty at all: its expected gradient is zero",
    ),
    "shifted k3": (Estimator(u - log(u) + 7, "loss"), REVERSE),
    "inverse in the loss": (Estimator(1 / u + log(u), "loss"), "the chi-squared divergence"),
    "inverse in the reward": (Estimator(1 / u, "reward"), "the chi-squared divergence"),
    "roots with ratio": (
        Estimator((sqrt(u) - 1) ** 2 / 2, "loss-with-ratio"),
        "the squared Hellinger distance",
    ),
    "roots in the reward": (Estimator(-sqrt(u) / 2, "reward"), "the squared Hellinger distance"),
    "Jensen-Shannon in the reward": (
        Estimator(-log(1 + u) / 2, "reward"),
        "the Jensen-Shannon divergence",
    ),
    "alpha 2": (Divergence.alpha(2), "the chi-squared divergence"),
    "alpha 1": (Divergence.alpha(1), DIRECT),
    "alpha 0": (Divergence.alpha(0), REVERSE),
}


@pytest.mark.parametrize("name", ACTS)
def test_acts_as(name: str) -> None:
    penalty, expected = ACTS[name]
    assert penalty.acts_as == expected


@pytest.mark.parametrize(
    "penalty",
    [
        Estimator(2 * (u - log(u) - 1), "loss"),
        Estimator("k2", "loss-with-ratio"),
        Estimator("k2", "reward"),
        Estimator("k3", "reward"),
        Estimator("abs", "loss"),
        Estimator((u - 1) ** 2, "loss"),
        Divergence.alpha(3),
        Divergence(-2 * log(u)),
    ],
    ids=str,
)
def test_acts_as_none_of_the_known(penalty: gs.Penalty) -> None:
    """Twice a divergence is another penalty: it needs another weight."""
    assert penalty.acts_as.startswith("none of the known divergences: d(u) = ")


@pytest.mark.parametrize("name", [n for n in ACTS if n != "k1 in the loss"])
def test_acting_as_means_the_same_pull_between_answers(name: str) -> None:
    """Differences of marginals are those of the divergence, by numerical differentiation."""
    penalty, known = ACTS[name]
    term = {
        REVERSE: lambda p, r: r * mp.log(r / p),
        DIRECT: lambda p, r: p * mp.log(p / r),
        "the chi-squared divergence": lambda p, r: (p - r) ** 2 / r / 2,
        "the squared Hellinger distance": lambda p, r: (mp.sqrt(p) - mp.sqrt(r)) ** 2 / 2,
        "the Jensen-Shannon divergence": jensen_shannon,
    }[known]
    d = function(penalty.marginal())
    with mp.workdps(50):
        policy, reference = map(mpf, ("0.2", "0.5")), map(mpf, ("0.6", "0.1"))
        (p, q), (r, s) = policy, reference
        slopes = mp.diff(lambda y: term(y, r), p) - mp.diff(lambda y: term(y, s), q)
        assert close(d(r / p) - d(s / q), slopes, 20)
        assert abs(slopes) > mpf("0.1")


# -- marginals -----------------------------------------------------------------------------------


def jensen_shannon(p: mpf, r: mpf) -> mpf:
    m = (p + r) / 2
    return (p * mp.log(p / m) + r * mp.log(r / m)) / 2


def alpha(order: mpf) -> Callable[[mpf, mpf], mpf]:
    """One answer's part of Σ (π^α π_ref^(1−α) − α π − (1 − α) π_ref) / (α (α − 1))."""

    def term(p: mpf, r: mpf) -> mpf:
        return (p**order * r ** (1 - order) - order * p - (1 - order) * r) / (order * (order - 1))

    return term


DIVERGENCES: dict[str, tuple[Divergence, Callable[[mpf, mpf], mpf]]] = {
    "reverse KL": (Divergence.reverse_kl(), lambda p, r: r * mp.log(r / p)),
    "direct KL": (Divergence.direct_kl(), lambda p, r: p * mp.log(p / r)),
    "chi-squared": (Divergence.chi_squared(), lambda p, r: (p - r) ** 2 / r / 2),
    "Jensen-Shannon": (Divergence.jensen_shannon(), jensen_shannon),
    "Hellinger": (
        Divergence.hellinger(),
        lambda p, r: (mp.sqrt(p) - mp.sqrt(r)) ** 2 / 2,
    ),
    "alpha -1": (Divergence.alpha(-1), alpha(mpf(-1))),
    "alpha 0": (Divergence.alpha(0), lambda p, r: r * mp.log(r / p) + p - r),
    "alpha 1/2": (Divergence.alpha("1/2"), alpha(mpf(1) / 2)),
    "alpha 1": (Divergence.alpha(1), lambda p, r: p * mp.log(p / r) - p + r),
    "alpha 2": (Divergence.alpha(2), alpha(mpf(2))),
    "alpha 5/2": (Divergence.alpha(2.5), alpha(mpf(5) / 2)),
    "alpha 3": (Divergence.alpha(3), alpha(mpf(3))),
    "own": (Divergence(exp_(u)), lambda p, r: r * mp.exp(p / r)),
}


@pytest.mark.parametrize("name", DIVERGENCES)
def test_marginal_is_the_derivative_of_the_divergence(name: str) -> None:
    penalty, term = DIVERGENCES[name]
    d = function(penalty.marginal())
    texts = ("1/5", "1/2", "3/10"), ("3/5", "1/10", "3/10")
    with mp.workdps(60):
        policy, reference = ([number(t) for t in row] for row in texts)

        def total(*probabilities: mpf) -> mpf:
            pairs = zip(probabilities, reference, strict=True)
            return mp.fsum(term(p, r) for p, r in pairs)

        exact = sum(penalty.value(Rational(p), Rational(r)) for p, r in zip(*texts, strict=True))
        assert close(evaluated(sympify(exact)), total(*policy))
        for answer in range(3):
            order = tuple(int(k == answer) for k in range(3))
            slope = mp.diff(total, tuple(policy), order)
            assert close(d(reference[answer] / policy[answer]), slope, 25)


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
@pytest.mark.parametrize("placement", ["loss", "loss-with-ratio", "reward"])
def test_marginal_of_a_named_estimator(estimator: Any, placement: Any) -> None:
    coefficient = penalty_coefficient(estimator, placement)
    d = function(Estimator(estimator, placement).marginal())
    with mp.workdps(50):
        for ratio in map(number, RATIOS):
            assert close(d(ratio), coefficient(-mp.log(ratio)), 20)


@pytest.mark.parametrize("placement", ["loss", "loss-with-ratio", "reward"])
def test_marginal_of_the_absolute_estimator(placement: Any) -> None:
    coefficient = penalty_coefficient("abs", placement)
    d = function(Estimator("abs", placement).marginal())
    with mp.workdps(50):
        for ratio in map(number, RATIOS):
            assert close(d(ratio), coefficient(-mp.log(ratio)), 20)


OWN: dict[str, tuple[Expr, Callable[[mpf], mpf]]] = {
    "squares": ((u - 1) ** 2, lambda x: (x - 1) ** 2),
    "inverse": (1 / u - 1 + log(u), lambda x: 1 / x - 1 + mp.log(x)),
    "exponential": (exp_(-u), lambda x: mp.exp(-x)),
    "ratio": (u / (1 + u), lambda x: x / (1 + x)),
    "root": (sqrt(u) * log(u), lambda x: mp.sqrt(x) * mp.log(x)),
}


@pytest.mark.parametrize("placement", ["loss", "loss-with-ratio", "reward"])
@pytest.mark.parametrize("name", OWN)
def test_marginal_of_an_own_estimator(name: str, placement: str) -> None:
    """The sampled term is differentiated in the new policy; samples come from the old one."""
    k, number_of = OWN[name]
    d = function(Estimator(k, placement).marginal())
    with mp.workdps(50):
        for ratio in map(number, RATIOS):
            old = mpf("0.3")
            ref = ratio * old

            def expected(new: mpf, old: mpf = old, ref: mpf = ref) -> mpf:
                if placement == "loss":
                    return old * number_of(ref / new)
                return new * number_of(ref / (new if placement == "loss-with-ratio" else old))

            assert close(d(ratio), mp.diff(expected, old), 20)


def test_an_estimator_is_an_expression_in_u_alone() -> None:
    for wrong in (Symbol("v"), u + Symbol("v"), 3, None, log):
        with pytest.raises(ValueError, match=r"k must be an expression in symbols\.u alone, or"):
            Estimator(wrong, "loss")
    with pytest.raises(ValueError, match="k must be one of k1, k2, k3, abs, got 'k4'"):
        Estimator("k4", "loss")
    with pytest.raises(ValueError, match=r"placement must be one of loss, .*got 'advantage'"):
        Estimator("k3", "advantage")


def test_names_and_expressions_are_one_penalty() -> None:
    for name, k in (("k1", -log(u)), ("k2", log(u) ** 2 / 2), ("k3", u - log(u) - 1)):
        assert Estimator(name, "loss") == Estimator(k, "loss")


# -- the alpha family ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "generator"), [(0, u - 1 - log(u)), (1, u * log(u) - u + 1)], ids=["to 0", "to 1"]
)
def test_limits_of_the_alpha_family(order: int, generator: Expr) -> None:
    penalty = Divergence.alpha(order)
    assert simplify(penalty.generator - generator) == 0
    limit = function(penalty.marginal())
    near = [Divergence.alpha(order + Rational(1, 10**power)) for power in (4, 8)]
    with mp.workdps(40):
        for ratio in (mpf("0.2"), mpf(3)):
            errors = [abs(function(d.marginal())(ratio) - limit(ratio)) for d in near]
            assert errors[1] < mpf("1.01e-4") * errors[0]
            assert mpf(0) < errors[0] < mpf("1e-3")


@pytest.mark.parametrize("order", [-1, 0, "1/2", 1, 2, "5/2", 3])
def test_every_member_has_unit_curvature_at_the_reference(order: Any) -> None:
    f = Divergence.alpha(order).generator
    assert simplify(f.subs(u, 1)) == 0
    assert simplify(f.diff(u).subs(u, 1)) == 0
    assert simplify(f.diff(u, 2).subs(u, 1)) == 1


def test_the_order_is_a_number() -> None:
    for wrong in ("many", None, Symbol("a"), oo):
        with pytest.raises(ValueError, match="alpha must be a rational number, got"):
            Divergence.alpha(wrong)
