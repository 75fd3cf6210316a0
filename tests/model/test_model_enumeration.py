"""The preference model against brute force: every normalisation, any reward laws and policy.

The right-hand sides visit every group of answers and every outcome of their rewards; nothing
there counts, sums by binomial coefficients or knows of reward levels.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Expr, Rational

import grpo_symbolic as gs
from grpo_symbolic import symbols
from tests.oracles.enumeration import (
    Law,
    Rule,
    large_group_rule_preference,
    mixed_weights,
    rule_preference,
    to_mpf,
)

DIGITS = 40
# Outcomes that brute force may visit: (all atoms of all laws) to the power of the sample.
VISITS = 1500


@dataclass(frozen=True)
class Case:
    """A normalisation as the oracle writes it and as the library does."""

    rule: Rule
    advantage: gs.Advantage
    group_size: int


@dataclass(frozen=True)
class Draw:
    """Reward laws and a policy, in exact fractions."""

    laws: list[Law]
    policy: list[Fraction]


def exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def question(laws: list[Law]) -> gs.Question:
    """The same laws for the library; deterministic rewards in their own constructor."""
    if all(len(law) == 1 for law in laws):
        return gs.Question(rewards=[exact(law[0][0]) for law in laws])
    return gs.Question(reward_laws=[[(exact(r), exact(w)) for r, w in law] for law in laws])


def values(model: gs.preference, policy: list[Fraction]) -> list[mpf]:
    """The library's expressions at a rational policy."""
    point = {symbols.policy(o): exact(p) for o, p in enumerate(policy[:-1], 1)}
    return [number(value.subs(point)) for value in model]


def number(value: Expr) -> mpf:
    found = value.evalf(mp.dps)
    assert found.is_Float or found.is_Rational, found
    return mpf(str(found))


def assert_close(found: list[mpf], expected: list[mpf], digits: int = DIGITS) -> None:
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        assert abs(mine - theirs) < mpf(10) ** -digits * max(1, abs(theirs))


# -- what is drawn -------------------------------------------------------------------------

positive = st.fractions(min_value=Fraction(1, 4), max_value=2, max_denominator=4)
epsilons = st.one_of(st.just(Fraction(0)), positive)


def rewards(lowest: int) -> st.SearchStrategy[Fraction]:
    return st.fractions(min_value=lowest, max_value=2, max_denominator=3)


@st.composite
def simplex(draw: st.DrawFn, count: int) -> list[Fraction]:
    """Positive fractions that sum to one."""
    parts = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    return [Fraction(part, sum(parts)) for part in parts]


@st.composite
def draws(draw: st.DrawFn, sample: int, lowest: int = -2) -> Draw:
    """Laws on a common pool of rewards, so that ties between answers are frequent."""
    count = draw(st.integers(2, 3))
    atoms = max(count, int(VISITS ** (1 / sample)))  # all atoms together
    pool = draw(st.lists(rewards(lowest), min_size=1, max_size=4, unique=True))
    laws: list[Law] = []
    for rest in range(count - 1, -1, -1):
        most = max(1, min(3, len(pool), atoms - sum(map(len, laws)) - rest))
        support = draw(st.permutations(pool))[: draw(st.integers(1, most))]
        laws.append(list(zip(support, draw(simplex(len(support))), strict=True)))
    return Draw(laws, draw(simplex(count)))


@st.composite
def standardised(draw: st.DrawFn, ddof: int, *, mixed: bool = False) -> Case:
    epsilon = draw(epsilons)
    rule = Rule("std", ddof=ddof, eps=epsilon, mixed_only=mixed)
    return Case(rule, gs.ShiftAndScale(ddof, epsilon), draw(st.integers(2, 5)))  # type: ignore[arg-type]


@st.composite
def centred(draw: st.DrawFn, *, mixed: bool = False) -> Case:
    return Case(Rule("none", mixed_only=mixed), gs.ShiftOnly(), draw(st.integers(2, 5)))


@st.composite
def leave_one_out(draw: st.DrawFn) -> Case:
    return Case(Rule("rloo"), gs.LeaveOneOut(), draw(st.integers(2, 5)))


@st.composite
def scaled_leave_one_out(draw: st.DrawFn, smallest: int, largest: int) -> Case:
    epsilon, size = draw(epsilons), draw(st.integers(smallest, largest))
    rule = gs.LeaveOneOut(scaled=True, epsilon=epsilon)
    return Case(Rule("rloo-std", eps=epsilon), rule, size)


@st.composite
def over_the_mean(draw: st.DrawFn, *, mixed: bool = False) -> Case:
    return Case(Rule("mean-scale", mixed_only=mixed), gs.MeanScale(), draw(st.integers(2, 5)))


@st.composite
def fixed(draw: st.DrawFn) -> Case:
    sigma = draw(positive)
    return Case(Rule("fixed", sigma=sigma), gs.FixedScale(sigma), draw(st.integers(2, 5)))


@st.composite
def batched(draw: st.DrawFn, size: int, groups: int) -> Case:
    ddof, epsilon = draw(st.integers(0, 1)), draw(epsilons)
    rule = Rule("batch", ddof=ddof, eps=epsilon, batch=groups * size)
    return Case(rule, gs.BatchScale(groups * size, ddof, epsilon), size)


CASES: dict[str, st.SearchStrategy[Case]] = {
    "population std": standardised(0),
    "sample std": standardised(1),
    "no scale": centred(),
    "leave one out": leave_one_out(),
    "scaled leave one out": scaled_leave_one_out(3, 5),
    "scaled leave one out in pairs": scaled_leave_one_out(2, 2),
    "mean": over_the_mean(),
    "fixed": fixed(),
    "batch of one group": batched(3, 1),
    "batch of two pairs": batched(2, 2),
    "batch of two triples": batched(3, 2),
    "mixed groups, population std": standardised(0, mixed=True),
    "mixed groups, sample std": standardised(1, mixed=True),
    "mixed groups, no scale": centred(mixed=True),
    "mixed groups, mean": over_the_mean(mixed=True),
}


# -- finite groups ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_preference_is_the_enumerated_one(name: str, data: st.DataObject) -> None:
    case = data.draw(CASES[name])
    lowest = 0 if case.rule.kind == "mean-scale" else -2
    drawn = data.draw(draws(case.rule.unit(case.group_size), lowest))
    if case.rule.mixed_only and len({r for law in drawn.laws for r, _ in law}) == 1:
        return  # no group is mixed
    algorithm = gs.GRPO(case.group_size, advantage=case.advantage, mixed_only=case.rule.mixed_only)
    with mp.workdps(DIGITS + 15):
        found = values(gs.preference(algorithm, question(drawn.laws)), drawn.policy)
        assert_close(found, rule_preference(drawn.laws, drawn.policy, case.group_size, case.rule))


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_mixed_groups_favour_answers_as_enumerated(size: int, data: st.DataObject) -> None:
    drawn = data.draw(draws(size))
    if len({r for law in drawn.laws for r, _ in law}) == 1:
        return
    sampled = gs.GRPO(size, mixed_only=True).sampling(question(drawn.laws))
    with mp.workdps(DIGITS + 15):
        _, expected = mixed_weights(drawn.laws, drawn.policy, size)
        assert_close(values(sampled, drawn.policy), expected)


def ordered(count: int) -> st.SearchStrategy[list[Fraction]]:
    """Rewards from the most to the least rewarding."""
    distinct = st.lists(rewards(-2), min_size=count, max_size=count, unique=True)
    return distinct.map(lambda r: sorted(r, reverse=True))


@cache
def symbolic(size: int, count: int, ddof: int) -> tuple[Expr, ...]:
    return tuple(
        gs.preference(gs.GRPO(size, advantage=gs.ShiftAndScale(ddof)), gs.Question.symbolic(count))
    )


@pytest.mark.parametrize(("size", "count"), [(2, 2), (5, 2), (2, 3), (3, 3), (4, 3)])
@settings(max_examples=6, deadline=None)
@given(data=st.data(), ddof=st.integers(0, 1))
def test_symbolic_rewards_at_numbers(size: int, count: int, ddof: int, data: st.DataObject) -> None:
    levels, policy = data.draw(ordered(count)), data.draw(simplex(count))
    point = {symbols.reward(o): exact(r) for o, r in enumerate(levels, 1)}
    laws: list[Law] = [[(r, Fraction(1))] for r in levels]
    with mp.workdps(DIGITS + 15):
        at_rewards = [value.subs(point) for value in symbolic(size, count, ddof)]
        expected = rule_preference(laws, policy, size, Rule("std", ddof=ddof))
        assert_close(values(at_rewards, policy), expected)


# -- large groups ----------------------------------------------------------------------------

LARGE: dict[str, st.SearchStrategy[tuple[Rule, gs.Advantage]]] = {
    "population std": epsilons.map(lambda e: (Rule("std", eps=e), gs.ShiftAndScale(0, e))),
    "sample std": epsilons.map(lambda e: (Rule("std", eps=e), gs.ShiftAndScale(1, e))),
    "no scale": st.just((Rule("none"), gs.ShiftOnly())),
    "leave one out": st.just((Rule("none"), gs.LeaveOneOut())),
    "scaled leave one out": epsilons.map(lambda e: (Rule("std", eps=e), gs.LeaveOneOut(True, e))),
    "fixed": positive.map(lambda s: (Rule("fixed", sigma=s), gs.FixedScale(s))),
}


@pytest.mark.parametrize("name", LARGE)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_large_group_preference(name: str, data: st.DataObject) -> None:
    rule, advantage = data.draw(LARGE[name])
    drawn = data.draw(draws(2))
    model = gs.preference(gs.GRPO(inf, advantage=advantage), question(drawn.laws))
    with mp.workdps(DIGITS + 15):
        expected = large_group_rule_preference(drawn.laws, drawn.policy, rule)
        assert_close(values(model, drawn.policy), expected)


@settings(max_examples=15, deadline=None)
@given(drawn=draws(2, lowest=0))
def test_large_group_over_its_mean(drawn: Draw) -> None:
    """The mean of a large group is the expected reward."""
    model = gs.preference(gs.GRPO(inf, advantage=gs.MeanScale()), question(drawn.laws))
    means = [sum((r * Fraction(w) for r, w in law), Fraction(0)) for law in drawn.laws]
    mean = sum((p * m for p, m in zip(drawn.policy, means, strict=True)), Fraction(0))
    with mp.workdps(DIGITS + 15):
        expected = [to_mpf((m - mean) / mean if mean else Fraction(0)) for m in means]
        assert_close(values(model, drawn.policy), expected)


@settings(max_examples=10, deadline=None)
@given(drawn=draws(2))
def test_every_large_group_is_mixed(drawn: Draw) -> None:
    model = gs.preference(gs.GRPO(inf, mixed_only=True), question(drawn.laws))
    with mp.workdps(DIGITS + 15):
        expected = large_group_rule_preference(drawn.laws, drawn.policy, Rule())
        assert_close(values(model, drawn.policy), expected)


def test_a_batch_has_no_large_group() -> None:
    algorithm = gs.GRPO(inf, advantage=gs.BatchScale(4))
    for asked in (gs.Question(rewards=(1, 0)), gs.Question(rewards=(2, 1, 0))):
        with pytest.raises(ValueError, match="batch of 4 samples cannot be divided"):
            gs.preference(algorithm, asked)


# -- Gaussian rewards ------------------------------------------------------------------------


@st.composite
def thurstone(draw: st.DrawFn) -> tuple[list[tuple[Fraction, Fraction]], list[Fraction]]:
    """Means and deviations of normal rewards, and a policy."""
    count = draw(st.integers(2, 3))
    return [(draw(rewards(-2)), draw(positive)) for _ in range(count)], draw(simplex(count))


def gaussian(laws: list[tuple[Fraction, Fraction]]) -> gs.Question:
    return gs.Question(reward_laws=[gs.Gaussian(m, s) for m, s in laws])


@lru_cache(maxsize=256)
def win_minus_loss(
    mine: tuple[Fraction, Fraction], theirs: tuple[Fraction, Fraction], _precision: int
) -> mpf:
    """Expected sign of the difference of two normal rewards, by quadrature over one of them."""
    (m, s), (other, spread) = ((to_mpf(a), to_mpf(b)) for a, b in (mine, theirs))

    def integrand(z: mpf) -> mpf:
        return mp.npdf(z) * (2 * mp.ncdf(m + s * z, other, spread) - 1)

    return mp.quad(integrand, [-11, -5, 0, 5, 11])


@pytest.mark.parametrize("ddof", [0, 1])
@settings(max_examples=3, deadline=None)
@given(drawn=thurstone())
def test_gaussian_pairs_against_quadrature(
    ddof: int, drawn: tuple[list[tuple[Fraction, Fraction]], list[Fraction]]
) -> None:
    laws, policy = drawn
    model = gs.preference(gs.GRPO(2, advantage=gs.ShiftAndScale(ddof)), gaussian(laws))
    with mp.workdps(25):
        # Rewards 1 and 0 have standard deviation 1/2, or sqrt(1/2) with one degree less.
        advantage = mpf(1) if ddof == 0 else mpf(1) / 2 / mp.sqrt(mpf(1) / 2)
        expected = [
            advantage
            * mp.fsum(
                to_mpf(p) * win_minus_loss(mine, theirs, mp.prec)
                for p, theirs in zip(policy, laws, strict=True)
            )
            for mine in laws
        ]
        assert_close(values(model, policy), expected, digits=20)


def test_many_gaussian_answers_in_pairs_are_compared_one_by_one() -> None:
    """Margins without a closed form: no signs of their sums are looked for, which took minutes."""
    laws = [(Fraction(k * 5 % 7, 3), Fraction(1 + k % 3, 2)) for k in range(7)]
    policy = [Fraction(k, 28) for k in range(1, 8)]
    model = gs.preference(gs.GRPO(2), gaussian(laws))
    with mp.workdps(25):
        expected = [
            mp.fsum(
                to_mpf(p) * win_minus_loss(mine, theirs, mp.prec)
                for p, theirs in zip(policy, laws, strict=True)
            )
            for mine in laws
        ]
        assert_close(values(model, policy), expected, digits=20)


@pytest.mark.parametrize(
    "rule", [gs.Clipped(), gs.PositiveOnly(), gs.NegativeOnly(), gs.Ranks(), gs.PassAtK(2)]
)
def test_rules_that_see_more_than_moments_do_not_take_gaussian_rewards(rule: gs.Advantage) -> None:
    """A two-point law of the same mean and variance has another mean of max(0, A), for one."""
    question = gaussian([(Fraction(0), Fraction(1)), (Fraction(1), Fraction(4))])
    with pytest.raises(ValueError, match="a large group sees more of Gaussian rewards than their"):
        gs.preference(gs.GRPO(inf, advantage=rule), question)


@pytest.mark.parametrize("rule", [gs.MeanScale(), gs.LeaveOneOut(scaled=True), gs.FixedScale(2)])
def test_large_gaussian_groups_under_affine_rules(rule: gs.Advantage) -> None:
    """E[(r − μ)/s] with the scale of all rewards, the mean of them, or a constant."""
    laws = [(Fraction(1), Fraction(1)), (Fraction(2), Fraction(4)), (Fraction(5), Fraction(1, 2))]
    policy = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    mean = sum(p * m for p, (m, _) in zip(policy, laws, strict=True))
    second = sum(p * (s**2 + m**2) for p, (m, s) in zip(policy, laws, strict=True))
    with mp.workdps(DIGITS + 15):
        spread = mp.sqrt(to_mpf(second - mean**2))
        scale = {"MeanScale": to_mpf(mean), "LeaveOneOut": spread}.get(type(rule).__name__, mpf(2))
        model = gs.preference(gs.GRPO(inf, advantage=rule), gaussian(laws))
        assert_close(values(model, policy), [to_mpf(m - mean) / scale for m, _ in laws])


@settings(max_examples=15, deadline=None)
@given(drawn=thurstone(), epsilon=epsilons)
def test_large_gaussian_groups_have_the_total_variance(
    drawn: tuple[list[tuple[Fraction, Fraction]], list[Fraction]], epsilon: Fraction
) -> None:
    laws, policy = drawn
    model = gs.preference(gs.GRPO(inf, advantage=gs.ShiftAndScale(0, epsilon)), gaussian(laws))
    pairs = list(zip(policy, laws, strict=True))
    mean = sum((p * m for p, (m, _) in pairs), Fraction(0))
    within = sum((p * s**2 for p, (_, s) in pairs), Fraction(0))
    between = sum((p * (m - mean) ** 2 for p, (m, _) in pairs), Fraction(0))
    with mp.workdps(DIGITS + 15):
        scale = mp.sqrt(to_mpf(within + between)) + to_mpf(epsilon)
        assert_close(values(model, policy), [to_mpf(m - mean) / scale for m, _ in laws])


# -- identities, as the library proves them ------------------------------------------------------

RANDOM = gs.Question(
    reward_laws=[[(2, "1/3"), (0, "2/3")], [(1, 1)], [(2, "1/4"), (1, "1/2"), (0, "1/4")]]
)
# Claims of a model: mean zero, then one an answer for shift, scale and exchange of labels.
VERIFIED: dict[str, tuple[gs.GRPO, gs.Question, int]] = {
    **{f"symbolic, G = {G}": (gs.GRPO(G), gs.Question.symbolic(2), 7) for G in (2, 3, 4, 5)},
    **{f"symbolic triple, G = {G}": (gs.GRPO(G), gs.Question.symbolic(3), 10) for G in (2, 3)},
    **{
        f"numeric triple, G = {G}": (gs.GRPO(G), gs.Question(rewards=(3, 1, 0)), 10) for G in (4, 5)
    },
    "random": (gs.GRPO(3), RANDOM, 10),
    "binary": (gs.GRPO(3), gs.BinaryQuestion(gap=1), 7),
    "success rates": (gs.GRPO(4), gs.BinaryQuestion(success=("3/4", "1/3")), 7),
    "epsilon": (
        gs.GRPO(3, advantage=gs.ShiftAndScale(1, Fraction(1, 4))),  # type: ignore[arg-type]
        gs.Question.symbolic(2),
        5,
    ),
    "no scale": (gs.GRPO(3, advantage=gs.ShiftOnly()), gs.Question.symbolic(3), 7),
    "leave one out": (gs.GRPO(4, advantage=gs.LeaveOneOut()), gs.Question.symbolic(2), 5),
    "scaled leave one out": (
        gs.GRPO(3, advantage=gs.LeaveOneOut(scaled=True)),
        gs.Question(rewards=(3, 1, 0)),
        6,
    ),
    "mean": (gs.GRPO(3, advantage=gs.MeanScale()), gs.Question(correct=1, answers=3), 7),
    "batch": (gs.GRPO(2, advantage=gs.BatchScale(4)), gs.Question.symbolic(2), 7),
    "mixed groups": (gs.GRPO(3, mixed_only=True), gs.Question(rewards=(3, 1, 0)), 10),
    "large group": (gs.GRPO(inf), gs.Question.symbolic(2), 7),
    "comparisons": (gs.GRPO(2), gs.Question(preferences=[[0, 1, -1], [-1, 0, 1], [1, -1, 0]]), 4),
}


@pytest.mark.parametrize("name", VERIFIED)
def test_identities_are_proved(name: str) -> None:
    algorithm, asked, count = VERIFIED[name]
    report = gs.preference(algorithm, asked).verify()
    assert [verdict.status for verdict in report] == [gs.Status.PROVED] * count, str(report)
    assert report.status == gs.Status.PROVED


def statuses(model: gs.preference) -> dict[str, set[gs.Status]]:
    """What is known of each kind of claim."""
    found: dict[str, set[gs.Status]] = {}
    for verdict in model.verify():
        kinds = {"mean": "mean zero", "shift": "adding", "scale": "scaling", "labels": "labels"}
        kind = next(k for k, word in kinds.items() if word in verdict.claim)
        found.setdefault(kind, set()).add(verdict.status)
    return found


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (gs.Question.symbolic(2), 2),
        (gs.Question.symbolic(2), 3),
        (gs.Question(rewards=(3, 1, 0)), 2),
    ],
    ids=str,
)
def test_mutated_models_are_refuted(asked: gs.Question, size: int) -> None:
    model = gs.preference(gs.GRPO(size), asked)
    sound = statuses(model)
    assert sound == {kind: {gs.Status.PROVED} for kind in ("mean", "shift", "scale", "labels")}
    # One value alone: the mean is no longer zero.
    one = replace(model, values=(model[0] + symbols.policy(1), *model[1:]))
    assert statuses(one)["mean"] == {gs.Status.REFUTED}
    assert one.verify().status == gs.Status.REFUTED
    # Twice the preference keeps its mean zero and is not the preference of any image.
    twice = statuses(replace(model, values=tuple(2 * value for value in model)))
    refuted = {kind: {gs.Status.REFUTED} for kind in ("shift", "scale", "labels")}
    assert twice == {"mean": {gs.Status.PROVED}} | refuted
    # A factor that knows one answer's name.
    named = tuple((1 + symbols.policy(1)) * value for value in model)
    assert statuses(replace(model, values=named))["labels"] == {gs.Status.REFUTED}
