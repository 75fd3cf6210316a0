"""Two reward levels: the drift of every group size against sums over the companions.

The drift D_G(p) is how much more advantage the higher reward has than the lower one. Here it
is added up over the G − 1 companions of each, in mpmath, from the definition of the advantage.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb, inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Expr, Integer, Rational, Symbol, lambdify, oo, simplify

import grpo_symbolic as gs
from grpo_symbolic import symbols
from tests.oracles.enumeration import to_mpf

VERIFIABLE = gs.Question(correct=1, answers=2)
P = symbols.policy(1)
SIZES = [2, 3, 4, 5, 8, 11, 12, 13, 14, 16, 33, 64]
DIGITS = 40
probabilities = st.fractions(
    min_value=Fraction(1, 1000), max_value=Fraction(999, 1000), max_denominator=1000
)

# The advantage of a reward (1 or 0) in a group of G of which k have reward 1.
Rule = Callable[[int, int, int], mpf]


def standardised(ddof: int = 0, epsilon: Fraction = Fraction(0)) -> Rule:
    def rule(own: int, k: int, size: int) -> mpf:
        mean = mpf(k) / size
        squares = k * (1 - mean) ** 2 + (size - k) * mean**2
        scale = mp.sqrt(squares / (size - ddof)) + to_mpf(epsilon)
        return mpf(0) if k in (0, size) else (own - mean) / scale

    return rule


def centred(own: int, k: int, size: int) -> mpf:
    return own - mpf(k) / size


def fixed(own: int, k: int, size: int) -> mpf:
    return (own - mpf(k) / size) / (mpf(3) / 7)


def over_the_mean(own: int, k: int, size: int) -> mpf:
    return mpf(0) if k == 0 else (own - mpf(k) / size) / (mpf(k) / size)


def leave_one_out(own: int, k: int, size: int) -> mpf:
    return own - mpf(k - own) / (size - 1)


def scaled_leave_one_out(own: int, k: int, size: int) -> mpf:
    others, better = size - 1, k - own
    mean = mpf(better) / others
    if better in (0, others):
        return own - mean
    squares = better * (1 - mean) ** 2 + (others - better) * mean**2
    return (own - mean) / mp.sqrt(squares / (others - 1))


QUARTER = Fraction(1, 4)
RULES: dict[str, tuple[gs.Advantage, Rule]] = {
    "population std": (gs.ShiftAndScale(), standardised()),
    "sample std": (gs.ShiftAndScale(ddof=1), standardised(1)),
    "std and epsilon": (gs.ShiftAndScale(0, QUARTER), standardised(0, QUARTER)),  # type: ignore[arg-type]
    "sample std and epsilon": (gs.ShiftAndScale(1, QUARTER), standardised(1, QUARTER)),  # type: ignore[arg-type]
    "no scale": (gs.ShiftOnly(), centred),
    "fixed": (gs.FixedScale("3/7"), fixed),
    "mean": (gs.MeanScale(), over_the_mean),
    "leave one out": (gs.LeaveOneOut(), leave_one_out),
}


def level_values(rule: Rule, size: int, p: mpf) -> tuple[mpf, mpf]:
    """Expected advantage of reward 1 and of reward 0, over the better ones of the companions."""
    found = []
    for own in (1, 0):
        terms = []
        for better in range(size):
            chance = comb(size - 1, better) * p**better * (1 - p) ** (size - 1 - better)
            terms.append(chance * rule(own, better + own, size))
        found.append(mp.fsum(terms))
    return found[0], found[1]


def drift(rule: Rule, size: int, p: mpf) -> mpf:
    high, low = level_values(rule, size, p)
    return high - low


@cache
def model(name: str, size: Any, *, mixed: bool = False) -> Any:
    return gs.preference(gs.GRPO(size, advantage=RULES[name][0], mixed_only=mixed), VERIFIABLE)


def at(expr: Expr, p: Fraction, symbol: Symbol = P) -> mpf:
    return mpf(str(expr.subs(symbol, Rational(p.numerator, p.denominator)).evalf(mp.dps)))


def close(found: mpf, expected: mpf, digits: int = DIGITS) -> bool:
    return abs(found - expected) < mpf(10) ** -digits * max(1, abs(expected))


# -- numeric group sizes -----------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=3, deadline=None)
@given(p=probabilities)
def test_drift_is_the_sum_over_companions(name: str, size: int, p: Fraction) -> None:
    found = model(name, size)
    with mp.workdps(DIGITS + 15):
        high, low = level_values(RULES[name][1], size, to_mpf(p))
        assert close(at(found.drift, p), high - low)
        assert close(at(found[0], p), high)
        assert close(at(found[1], p), low)
        assert high > 0 > low


@pytest.mark.parametrize("size", range(17, 64, 5))
def test_published_drift_at_more_sizes(size: int) -> None:
    found = gs.preference(gs.GRPO(size), gs.BinaryQuestion(gap=Rational(5, 3)))
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 100), Fraction(1, 2), Fraction(7, 9)):
            expected = drift(standardised(), size, to_mpf(p))
            assert close(at(found.drift, p, symbols.pi), expected)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 12])
@settings(max_examples=5, deadline=None)
@given(p=probabilities)
def test_scaled_leave_one_out(size: int, p: Fraction) -> None:
    rule = gs.LeaveOneOut(scaled=True)
    found = gs.preference(gs.GRPO(size, advantage=rule), VERIFIABLE)
    with mp.workdps(DIGITS + 15):
        high, low = level_values(scaled_leave_one_out, size, to_mpf(p))
        assert close(at(found[0], p), high)
        assert close(at(found[1], p), low)
        assert close(at(found.drift, p), high - low)
        if size > 2:
            # Its advantages do not have mean zero.
            assert not close(to_mpf(p) * high + to_mpf(1 - p) * low, mpf(0), 5) or p == 1 - p


@pytest.mark.parametrize("size", [5, 16, 64])
@pytest.mark.parametrize("p", [0.1, 0.9])
def test_scaled_leave_one_out_in_doubles(size: int, p: float) -> None:
    """Powers of p with large coefficients of both signs would cancel."""
    rule = gs.LeaveOneOut(scaled=True)
    found = gs.preference(gs.GRPO(size, advantage=rule), VERIFIABLE)
    with mp.workdps(30):
        high, low = level_values(scaled_leave_one_out, size, mpf(p))
    assert float(lambdify(P, found[0])(p)) == pytest.approx(float(high), rel=1e-9)
    assert float(lambdify(P, found.drift)(p)) == pytest.approx(float(high - low), rel=1e-9)


def test_success_rates_mix_the_levels() -> None:
    """Noisy rewards: the drift at the chance of success, times the difference of the rates."""
    s, t, p = Fraction(4, 5), Fraction(1, 4), Fraction(2, 7)
    m = s * p + t * (1 - p)
    for size in (4, 20):
        found = gs.preference(gs.GRPO(size), gs.BinaryQuestion(success=(s, t)))
        with mp.workdps(DIGITS + 15):
            high, low = level_values(standardised(), size, to_mpf(m))
            for value, rate in zip(found, (s, t), strict=True):
                expected = to_mpf(rate) * high + to_mpf(1 - rate) * low
                assert close(at(value, p, symbols.pi), expected)


def test_a_gap_scales_what_epsilon_does() -> None:
    """Rewards 0 and Δ with epsilon are rewards 0 and 1 with epsilon/Δ."""
    rule = gs.ShiftAndScale(1, Rational(1, 3))
    found = gs.preference(gs.GRPO(6, advantage=rule), gs.BinaryQuestion(gap=Rational(5, 3)))
    with mp.workdps(DIGITS + 15):
        expected = drift(standardised(1, Fraction(1, 5)), 6, mpf(3) / 8)
        assert close(at(found.drift, Fraction(3, 8), symbols.pi), expected)
        assert not close(expected, drift(standardised(1, Fraction(1, 3)), 6, mpf(3) / 8), 3)


# -- every group size at once --------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 5, 12, 13, 64])
@pytest.mark.parametrize("name", RULES)
def test_symbolic_size_at_a_number(name: str, size: int) -> None:
    every, one = model(name, symbols.G), model(name, size)
    assert symbols.G in every.drift.free_symbols or name == "leave one out"
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 50), Fraction(3, 5)):
            expected = drift(RULES[name][1], size, to_mpf(p))
            assert close(at(every.drift.subs(symbols.G, size), p), expected)
            assert close(at(one.drift, p), expected)
            for value, same in zip(every, one, strict=True):
                assert close(at(value.subs(symbols.G, size), p), at(same, p))


@pytest.mark.parametrize("size", [2, 7, 64])
def test_symbolic_size_of_mixed_groups(size: int) -> None:
    every = model("population std", symbols.G, mixed=True)
    with mp.workdps(DIGITS + 15):
        p = mpf(2) / 7
        chance = 1 - p**size - (1 - p) ** size
        found = at(every.drift.subs(symbols.G, size), Fraction(2, 7))
        assert close(found, drift(standardised(), size, p) / chance)


def test_scaled_leave_one_out_of_a_symbolic_group_is_refused_or_right() -> None:
    """Whatever cannot be written for every G is refused with a sentence."""
    algorithm = gs.GRPO(symbols.G, advantage=gs.LeaveOneOut(scaled=True))
    try:
        found = gs.preference(algorithm, VERIFIABLE)
    except ValueError as error:
        assert str(error)  # noqa: PT017
        return
    with mp.workdps(DIGITS + 15):
        expected = drift(scaled_leave_one_out, 5, mpf(1) / 3)
        assert close(at(found.drift.subs(symbols.G, 5), Fraction(1, 3)), expected)


def test_more_levels_of_a_symbolic_group_have_a_name() -> None:
    """V_G(r), which has no short form in G, is the enumerated mean at a number."""
    question = gs.Question(rewards=(2, 1, 0))
    named = gs.preference(gs.GRPO(symbols.G), question)
    point = dict(zip(question.policy[:2], (Rational(1, 2), Rational(1, 3)), strict=True))
    for entry, known in zip(named, gs.preference(gs.GRPO(3), question), strict=True):
        assert symbols.G in entry.free_symbols
        there = entry.subs(symbols.G, 3).doit().subs(point)
        assert simplify(there - known.subs(point)) == 0


# -- large groups that are not infinite --------------------------------------------------------


@pytest.mark.parametrize("name", ["population std", "sample std", "std and epsilon", "mean"])
@pytest.mark.parametrize("p", [Fraction(1, 3), Fraction(1, 10**6), Fraction(999, 1000)])
def test_a_group_of_256(name: str, p: Fraction) -> None:
    numeric, every = model(name, 256), model(name, symbols.G)
    point = Rational(p.numerator, p.denominator)
    with mp.workdps(60):
        high, low = level_values(RULES[name][1], 256, to_mpf(p))
        for value in (numeric[0], every[0].subs(symbols.G, 256)):
            found = value.subs(P, point).evalf(30)
            assert found != 0
            assert abs(mpf(str(found)) / high - 1) < mpf(10) ** -28
        found = numeric[1].subs(P, point).evalf(30)
        assert abs(mpf(str(found)) / low - 1) < mpf(10) ** -28
        # The same inside a larger expression.
        inside = (2 * numeric[0] + P).subs(P, point).evalf(30)
        assert abs(mpf(str(inside)) - 2 * high - to_mpf(p)) < mpf(10) ** -27 * (1 + high)


def test_a_group_of_256_in_doubles() -> None:
    p = 0.37
    with mp.workdps(30):
        expected = float(drift(standardised(), 256, mpf(p)))
    assert float(model("population std", 256).drift.subs(P, p)) == pytest.approx(
        expected, rel=1e-13
    )


def test_large_groups_approach_the_limit() -> None:
    limit = at(gs.preference(gs.GRPO(inf), VERIFIABLE).drift, Fraction(1, 3))
    assert close(limit, 1 / mp.sqrt(mpf(2) / 9), 13)
    errors = [
        abs(at(model("population std", size).drift, Fraction(1, 3)) - limit)
        for size in (16, 64, 256)
    ]
    assert errors[2] < errors[1] / 3 < errors[0] / 9


# -- rules with a formula of their own -----------------------------------------------------------


@pytest.mark.parametrize("size", [2, 3, 7, 12, 13, 30])
def test_drift_over_the_mean(size: int) -> None:
    """p (1 − p) D_G = (1 − p) − (1 − p)^G: maximum likelihood, truncated at G."""
    found = model("mean", size)
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 20), Fraction(2, 3)):
            value, q = to_mpf(p), to_mpf(1 - p)
            assert close(value * q * at(found.drift, p), q - q**size)
            assert close(value * at(found[0], p), q - q**size)


def test_drift_over_the_mean_is_an_identity() -> None:
    for size in (2, 3, 6):
        q = 1 - P
        drift = model("mean", size).drift.doit()
        assert (P * q * drift - (q - q**size)).expand().cancel() == 0


@pytest.mark.parametrize("size", [2, 5, 12, 16])
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("epsilon", [0, QUARTER])
def test_a_batch_of_one_group_is_the_group(size: int, ddof: int, epsilon: Any) -> None:
    batch, group = (
        gs.preference(gs.GRPO(size, advantage=rule), VERIFIABLE)
        for rule in (gs.BatchScale(size, ddof, epsilon), gs.ShiftAndScale(ddof, epsilon))
    )
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 9), Fraction(5, 8)):
            expected = drift(standardised(ddof, Fraction(epsilon)), size, to_mpf(p))
            assert close(at(batch.drift, p), expected)
            assert close(at(group.drift, p), expected)


@pytest.mark.parametrize(("size", "batch"), [(2, 8), (4, 8), (5, 10), (8, 32)])
def test_batches_of_several_groups(size: int, batch: int) -> None:
    """Over the better ones of the companions and of the other groups."""

    def value(own: int, p: mpf) -> mpf:
        terms = []
        for near in range(size):
            for far in range(batch - size + 1):
                total = near + far + own
                if total in (0, batch):
                    continue
                chance = comb(size - 1, near) * comb(batch - size, far)
                mean = mpf(total) / batch
                scale = mp.sqrt(mean * (1 - mean) * batch / (batch - 1))
                weight = p ** (near + far) * (1 - p) ** (batch - 1 - near - far)
                terms.append(chance * weight * (own - mpf(near + own) / size) / scale)
        return mp.fsum(terms)

    rule = gs.BatchScale(batch, ddof=1)
    found = gs.preference(gs.GRPO(size, advantage=rule), VERIFIABLE)
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 7), Fraction(3, 5)):
            high, low = value(1, to_mpf(p)), value(0, to_mpf(p))
            assert close(at(found[0], p), high)
            assert close(at(found[1], p), low)
            group = drift(standardised(1), size, to_mpf(p))
            assert not close(high - low, group, 3)


# -- mixed groups only -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["population std", "sample std and epsilon", "no scale", "mean"])
@pytest.mark.parametrize("size", [2, 3, 12, 13, 64])
def test_mixed_groups(name: str, size: int) -> None:
    """Groups of equal rewards have advantage zero: the rest is divided by their absence."""
    found = model(name, size, mixed=True)
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 30), Fraction(3, 4)):
            value = to_mpf(p)
            chance = 1 - value**size - (1 - value) ** size
            high, low = level_values(RULES[name][1], size, value)
            assert close(at(found[0], p), high / chance)
            assert close(at(found[1], p), low / chance)
            assert close(at(found.drift, p), (high - low) / chance)


@pytest.mark.parametrize("size", [2, 3, 12, 13, 64])
def test_how_mixed_groups_favour_answers(size: int) -> None:
    """Pr(reward | mixed) is the chance that the companions differ from it."""
    sampled = gs.GRPO(size, mixed_only=True).sampling(VERIFIABLE)
    with mp.workdps(DIGITS + 15):
        for p in (Fraction(1, 30), Fraction(3, 4)):
            value, q = to_mpf(p), to_mpf(1 - p)
            chance = 1 - value**size - q**size
            assert close(at(sampled[0], p), (1 - value ** (size - 1)) / chance)
            assert close(at(sampled[1], p), (1 - q ** (size - 1)) / chance)
            assert close(value * at(sampled[0], p) + q * at(sampled[1], p), mpf(1))


def test_mixed_pairs_have_a_constant_gradient() -> None:
    """In a mixed pair one answer is better: p P(a) = 1/2, whatever p."""
    found = model("population std", 2, mixed=True)
    assert simplify(P * found[0]) == Rational(1, 2)
    assert simplify((1 - P) * found[1]) == -Rational(1, 2)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_without_mixed_groups_there_is_nothing_to_average(size: int) -> None:
    """Equal rewards never make a mixed group: refused, or no preference; never undefined."""
    algorithm = gs.GRPO(size, mixed_only=True)
    try:
        found = gs.preference(algorithm, gs.Question(rewards=(1, 1)))
    except ValueError as error:
        assert "mixed" in str(error) or "equal" in str(error)  # noqa: PT017
        return
    assert all(value.is_finite for value in found)


@pytest.mark.parametrize(
    "rule",
    [
        gs.ShiftAndScale(),
        gs.ShiftAndScale(ddof=1, epsilon=Rational(1, 10)),
        gs.ShiftOnly(),
        gs.StabilisedScale(epsilon=Rational(1, 10)),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [Integer(5), symbols.G, oo], ids=str)
def test_the_formula_in_the_variance_is_the_rule_on_a_group(rule: gs.Advantage, size: Expr) -> None:
    model = gs.GRPO(size, advantage=rule).preference(gs.BinaryQuestion()).two_level
    assert model is not None
    assert model.spread is not None
    t = symbols.t
    of_the_rule = t * rule(model.high, model.law(t), size, model.domain.extended(t))
    at = {t: Rational(2, 7), symbols.gap: Rational(3, 2), symbols.G: Integer(9)}
    gap = (model.spread - of_the_rule).subs(at)
    assert abs(gap.evalf(30, chop=True)) < Rational(1, 10**25)
