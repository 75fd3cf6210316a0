"""Axioms: arguments, counterexamples and their second routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from random import Random

import numpy as np
import pytest
from flint import arb, ctx

import grpo_symbolic as gs
from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.axiom_table import RULES
from grpo_symbolic.aggregation.axioms import AXIOMS, Axiom
from grpo_symbolic.aggregation.cases import (
    Case,
    Profile,
    Situation,
    margin_of,
    profile_of,
)
from grpo_symbolic.aggregation.counterexample import certified, electorate_of
from grpo_symbolic.aggregation.expected import expected_advantage, left_over
from grpo_symbolic.aggregation.fields import in_groups
from grpo_symbolic.aggregation.kept import Kept
from grpo_symbolic.aggregation.lemmas import LEMMAS, proved
from grpo_symbolic.aggregation.lottery import as_arb
from grpo_symbolic.aggregation.order import Electorates, Size
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.satisfies import looked
from grpo_symbolic.aggregation.search import ALIKE, Search, Searched
from grpo_symbolic.aggregation.small_weights import vanishing_weight
from grpo_symbolic.aggregation.symmetric import Line

UNIFORM = (Fraction(1, 3),) * 3

#: Known in the literature, or shown elsewhere by hand.
TRUTHS = {
    ("grpo2", "condorcet-loser"): "PROVED",
    ("grpo2", "clones"): "PROVED",
    ("grpo2", "ratio-monotonicity"): "PROVED",
    ("grpo2", "independence"): "REFUTED",
    ("nlhf", "clones"): "REFUTED",
    ("nlhf", "monotonicity"): "REFUTED",
    ("rlhf", "independence"): "PROVED",
    ("rlhf", "rescaling"): "REFUTED",
    ("rlhf-btl", "copies"): "REFUTED",
    ("borda", "clones"): "REFUTED",
    ("borda", "participation"): "PROVED",
    ("maximal-lottery", "condorcet-winner"): "PROVED",
    ("random-dictator", "strategyproofness"): "PROVED",
    ("random-dictator", "proportionality"): "PROVED",
    ("plurality", "clones"): "REFUTED",
    ("best-of-2", "rankings"): "REFUTED",
    ("grpo2-answer", "rescaling"): "REFUTED",
    ("grpo2-answer", "merging"): "REFUTED",
    ("grpo-inf", "condorcet-winner"): "REFUTED",
    ("grpo-inf", "copies"): "PROVED",
    ("grpo4", "participation"): "REFUTED",
    ("best-of-2", "participation"): "PROVED",
    ("best-of-2-group", "participation"): "PROVED",
}


@pytest.mark.parametrize(("rule", "axiom"), TRUTHS)
def test_known_truths(rule: str, axiom: str) -> None:
    # A search of its own where that is quick, else from the electorate that is known.
    found = gs.satisfies(rule, axiom, None if rule in ("grpo4", "grpo-inf") else 8)
    assert found.status == TRUTHS[rule, axiom]
    if found.status == "REFUTED":
        example = found.counterexample
        assert example is not None
        assert example.gap > 0
    else:
        assert found.argument is not None
        assert found.searched.found is None


def test_small_examples_of_more_raters() -> None:
    """Plurality elects a Condorcet loser; Borda passes a Condorcet winner by."""
    loser = gs.satisfies("plurality", "condorcet-loser").counterexample
    assert loser is not None
    answer = int(loser.about.split()[1]) - 1
    row = loser.electorates[0].margins[answer]
    assert sum(bool(g < 0) for g in row) == 2
    assert loser.lotteries[0].values[answer] > loser.references[0][answer]
    winner = gs.satisfies("borda", "condorcet-winner", size=8).counterexample
    assert winner is not None
    answer = int(winner.about.split()[1]) - 1
    assert sum(bool(g > 0) for g in winner.electorates[0].margins[answer]) == 2
    assert winner.lotteries[0].values[answer] < 1


@pytest.mark.parametrize("name", LEMMAS)
def test_lemmas_are_proved(name: str) -> None:
    assert proved(name).status == "PROVED"


def test_an_example_against_an_argument_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Axiom, "argument", lambda axiom, rule: Argument("wishful"))
    with pytest.raises(ArithmeticError, match="contradicts the argument: wishful"):
        gs.satisfies("borda", "clones", size=6)


def test_an_argument_without_its_lemma_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        LEMMAS,
        "false",
        lambda: (gs.Claim("beta = gamma", gs.symbols.beta, "==", gs.symbols.gamma),),
    )
    monkeypatch.setattr(
        Axiom, "argument", lambda axiom, rule: Argument("rests on it", lemmas=("false",))
    )
    assert gs.satisfies("borda", "pareto", size=5).status == "UNKNOWN"


@pytest.mark.parametrize(
    "axiom", [a for a in AXIOMS if a not in ("continuity", "condorcet-winner")]
)
def test_cases_mean_what_the_axiom_says(axiom: str) -> None:
    """A rule that breaks the axiom on purpose is found out, or the dictatorship that keeps it."""
    random = Random(1)
    seen = Electorates(shifts=True)
    profiles = [*seen.of(Size(3, 1, 2)), *random.sample(seen.of(Size(3, 2, 2)), 60)]
    if axiom == "proportionality":
        profiles = seen.of(Size(2, 2, 2))
    cases = [case for p in profiles for case in AXIOMS[axiom].cases(p, 2)]
    assert cases
    for case in random.sample(cases, min(20, len(cases))):
        n = [len(s.reference) for s in case.situations]
        flat = [[Fraction(1, k)] * k for k in n]
        gap = case.gap(flat, UNIFORM)
        if axiom in ("pareto", "condorcet-lift", "condorcet-loser", "independence", "monotonicity",
                     "ratio-monotonicity", "participation", "strategyproofness", "merging",
                     "anonymity", "neutrality", "rescaling", "rankings"):  # fmt: skip
            assert gap == 0  # a lottery that ignores raters breaks none of these


def test_the_reference_of_a_copy() -> None:
    case = next(AXIOMS["copies"].cases(profile_of([(0, 1, 2)]), 2))
    assert case.situations[1].base([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]) == (
        Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8))  # fmt: skip
    assert Situation.plain((((0, 1, 2), 1),)).base([1, 2, 3]) == (1, 2, 3)  # type: ignore[list-item]


def test_clones_stand_next_to_each_other() -> None:
    """In (0, 2, 1) a clone of the last answer has reward 1 alone, in (0, 0, 2) any from 1 on."""
    wide = {
        case.situations[1].profile[0][0]
        for row in ((0, 2, 1), (0, 0, 2), (1, 0, 1))
        for case in AXIOMS["clones"].cases(profile_of([row]), 3)
    }
    assert wide == {(0, 2, 1, 1), (0, 0, 2, 1), (0, 0, 2, 2), (0, 0, 2, 3)}


def test_one_reward_rises_and_no_other_one_changes() -> None:
    """An exchange of two answers is no raise of one where sizes of rewards are seen."""
    for row in product(range(3), repeat=3):
        for name in ("monotonicity", "ratio-monotonicity"):
            for case in AXIOMS[name].cases(profile_of([row, (0, 0, 0)]), 2):
                old, new = (Counter(dict(s.profile)) for s in case.situations)
                (before,), (after,) = (old - new), (new - old)
                apart = [t - s for s, t in zip(before, after, strict=True) if s != t]
                assert len(apart) == 1
                assert apart[0] > 0


def test_margins_of_profiles() -> None:
    profile = (((0, 1, 2), 2), ((2, 2, 0), 3))
    electorate = gs.Electorate([(m, row) for row, m in profile])
    for o, x in product(range(3), repeat=2):
        assert electorate.margins[o][x] == Fraction(margin_of(profile, o, x), 5)


@pytest.mark.parametrize(
    "name", ["grpo2", "grpo3", "grpo-inf", "nlhf", "grpo2-answer", "grpo3-mean"]
)
def test_the_condition_by_enumeration(name: str) -> None:
    """The route that re-checks counterexamples sees a wrong lottery."""
    rule, votes = gs.rule(name), gs.Electorate([(2, (0, 1, 2)), (1, (2, 0, 1))])
    with ctx.workprec(150):
        right = [arb(p) for p in rule.lottery(votes, None, "1/2", 30).decimals(35)]
        assert left_over(rule, votes, UNIFORM, Fraction(1, 2), right) < 1e-24
        wrong = [right[0] + arb("0.01"), right[1] - arb("0.01"), right[2]]
        assert left_over(rule, votes, UNIFORM, Fraction(1, 2), wrong) > 0.001


def test_coefficients_of_groups_against_orders() -> None:
    rewards, policy, size = np.array([[[0.0, 1.0, 3.0]]]), np.array([[0.2, 0.3, 0.5]]), 4
    value, _ = in_groups(rewards, np.ones((1, 1)), size).parts(policy)
    for own in range(3):
        total = 0.0
        for others in product(range(3), repeat=size - 1):
            group = rewards[0, 0, [own, *others]]
            spread = group.std()
            chance = policy[0, list(others)].prod()
            total += chance * (group[0] - group.mean()) / spread if spread else 0.0
        assert value[0, own] == pytest.approx(total)


@pytest.mark.parametrize("name", ["rlhf", "ipo", "rlhf-btl", "grpo2", "grpo2-answer",
                                  "grpo-inf-answer"])  # fmt: skip
def test_limits_of_small_weights_are_approached(name: str) -> None:
    votes = gs.Electorate([(2, (0, 1, 2)), (3, (2, 0, 1))])
    found = vanishing_weight(gs.rule(name), votes, UNIFORM)
    assert found is not None
    rewards = np.array([[[0, 1, 2], [2, 0, 1]]], float)
    at = gs.rule(name).batch(
        Profiles(rewards, np.array([[0.4, 0.6]])), np.array([2e-3]), np.full((1, 3), 1 / 3)
    )
    assert np.allclose(at[0], [float(v) for v in found[0]], atol=0.05)


def test_a_search_reports_how_far_it_went() -> None:
    report = Search(gs.rule("borda")).run(AXIOMS["monotonicity"], 7, 10_000)
    assert report.size == 7
    assert report.found is None
    assert report.cases > 1000
    assert "all of sizes up to 7" in str(report)
    cut = Search(gs.rule("borda")).run(AXIOMS["monotonicity"], 7, 200)
    assert 0 < cut.size < 7
    assert cut.cases <= 200


def test_the_table_is_generated() -> None:
    table = gs.axiom_table(("borda", "random-dictator"), ("clones", "copies"), size=6)
    assert table.rows() == [("Clones", "no", "yes"), ("Copies", "open", "yes")]
    assert table.latex().count(r"\\") == 3
    assert "raters" in table.markdown()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("borda", "fairness"), "axiom must be one of pareto"),
        (("bordeaux", "pareto"), "rule must be one of"),
        (("borda", "pareto", 21), "size must be an integer from 4 to 20"),
    ],
)
def test_refused_with_a_sentence(given, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gs.satisfies(*given)


def test_comparison() -> None:
    votes = gs.Electorate([(2, (0, 1, 2)), (3, (2, 0, 1))], answers=("tea", "milk_tea", "water"))
    found = gs.compare(["grpo2", "borda", "maximal-lottery"], votes, beta="1/2")
    assert found["borda"].values == (0, 0, 1)
    assert found["maximal-lottery"].values == (1, 0, 0)
    assert "milk\\_tea" in found.latex()
    assert found.latex().count(r"\\") == 4
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    ax = gs.plot.lotteries(found)
    paths = [line for line in ax.lines if len(line.get_xdata()) > 50]
    assert len(paths) == 1  # the one rule with a weight
    # The path starts at the middle of the simplex and ends at the corner of tea.
    assert paths[0].get_xdata()[0] == pytest.approx(0.5, abs=0.01)
    assert paths[0].get_xdata()[-1] == pytest.approx(0, abs=0.02)
    plt.close(ax.figure)
    with pytest.raises(ValueError, match="drawn for three answers"):
        gs.plot.lotteries(gs.compare("borda", gs.Electorate([(1, (1, 0))])))


def test_known_electorates_begin_a_search_and_prove_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What breaks an axiom is computed anew; an electorate that shows nothing is passed over."""
    kept = Kept.of("borda", "copies")
    assert kept is not None
    found = gs.satisfies("borda", "copies")
    assert found.counterexample is not None
    assert found.counterexample.electorates[0] == electorate_of(kept.profile)
    again = gs.satisfies("borda", "copies", size=8)
    assert again.searched == replace(found.searched, found=again.counterexample)
    wrong = replace(kept, profile=profile_of([(0, 1, 2)]))
    monkeypatch.setattr(Kept, "of", lambda rule, axiom: wrong)
    assert gs.satisfies("borda", "copies").searched.witness == kept.profile
    assert gs.satisfies("random-dictator", "clones").status == "PROVED"


QUICK = 600
CELLS = [
    (rule, axiom)
    for rule, axiom in product(RULES, AXIOMS)
    if (kept := Kept.of(rule, axiom)) is not None and 0 < kept.before["cases"] < QUICK
]


def test_the_order_is_one_of_finite_sets() -> None:
    """Sizes of one sum, fewer answers first; a size that is counted has so many electorates."""
    assert [str(s) for s in Size.of_total(5)] == ["2 + 1 + 2 = 5", "2 + 2 + 1 = 5", "3 + 1 + 1 = 5"]
    for seen, size in product(
        (Electorates(True), Electorates(False), Electorates(False, 0), Electorates(False, 1)),
        (Size(2, 3, 2), Size(3, 2, 2), Size(3, 1, 3)),
    ):
        listed = seen.of(size)
        assert len(set(listed)) == len(listed) == seen.count(size)
        sums = [sum(m * sum(row) for row, m in p) for p in listed]
        assert sums == sorted(sums)
    assert len(Electorates(True).of(Size(3, 2, 2))) == 27 * 28 // 2


@pytest.mark.parametrize("name", ["grpo2", "borda", "plurality", "rlhf", "grpo4", "best-of-2"])
def test_electorates_that_are_left_out_have_the_lottery_of_a_smaller_one(name: str) -> None:
    rule = gs.rule(name)
    for size in (Size(2, 2, 2), Size(3, 1, 2)):
        kept = Electorates.seen_by(rule, one_rater=False).of(size)
        for profile in Electorates(shifts=True).of(size):
            if profile in kept:
                continue
            rows = [row for row, m in profile for _ in range(m)]
            moved = [tuple(v - min(row) for v in row) for row in rows]
            if rule.sees_comparisons_only:
                moved = [tuple(sorted(set(row)).index(v) for v in row) for row in rows]
            smaller = profile_of(moved)
            assert smaller in kept
            one, two = (
                rule.lottery(electorate_of(p), None, "1/2").floats() for p in (profile, smaller)
            )
            assert one == pytest.approx(two)


@pytest.mark.parametrize(("rule", "axiom"), CELLS)
def test_the_search_of_a_kept_counterexample_again(rule: str, axiom: str) -> None:
    """What is written of the search is what the search does."""
    kept = Kept.of(rule, axiom)
    assert kept is not None
    report = looked(gs.rule(rule), AXIOMS[axiom], kept.at.total if kept.at else 4, 60_000)
    assert Kept.found(report) == kept


def test_most_counterexamples_are_the_smallest() -> None:
    """Of the others it is said how far was searched."""
    said = []
    for name, axiom in product(RULES, AXIOMS):
        kept = Kept.of(name, axiom)
        if kept is not None:
            paths = axiom in ("continuity", "condorcet-winner") and name in ("grpo4", "grpo-inf")
            report = kept.behind(Searched(among=ALIKE if paths else ""))
            words = report.standing(gs.rule(name))
            assert report.smallest == ("; the smallest" in words)
            assert report.smallest != ("not shown to be" in words or "others were not" in words)
            assert report.smallest or "searched" in words
            said.append(report.smallest)
    assert len(said) == 131
    assert sum(said) >= 110


@pytest.mark.parametrize("name", ["borda", "plurality"])
def test_the_smallest_break_of_independence_by_exact_lotteries(name: str) -> None:
    """All electorates before it, none left out, with lotteries in fractions and the plain words."""
    rule, kept = gs.rule(name), Kept.of(name, "independence")
    assert kept is not None
    assert kept.at == Size(3, 2, 2)
    rows = list(product(range(3), repeat=3))
    references = [[Fraction(w, sum(ws)) for w in ws] for ws in ((1, 1, 1), (2, 1, 1))]

    @cache
    def lotteries(rows: tuple[tuple[int, ...], ...]) -> list[tuple]:
        votes = gs.Electorate([(1, row) for row in rows])
        return [rule.lottery(votes, rho).values for rho in references]

    def broken(one: Sequence[tuple[int, ...]], two: Sequence[tuple[int, ...]]) -> bool:
        for p, q in zip(lotteries(tuple(one)), lotteries(tuple(two)), strict=True):
            for a, b in ((0, 1), (0, 2), (1, 2)):
                alike = all(s[a] == t[a] and s[b] == t[b] for s, t in zip(one, two, strict=True))
                if alike and p[a] * q[b] != q[a] * p[b]:
                    return True
        return False

    # Of smaller sizes: one rater with rewards to 3, two raters with rewards to 1.
    more = list(product(range(4), repeat=3))
    assert not any(broken([s], [t]) for s, t in product(more, repeat=2) if s < t)
    ones = [row for row in rows if max(row) < 2]
    assert not any(
        broken([s, other], [t, other]) for s, t, other in product(ones, repeat=3) if s < t
    )
    first = [row for row, m in kept.profile for _ in range(m)]
    assert any(broken(first, [row, first[1]]) or broken(first, [first[0], row]) for row in rows)


def test_every_cell_that_is_not_argued_for_has_an_electorate() -> None:
    """No cell is open."""
    for rule, (name, axiom) in product(RULES, AXIOMS.items()):
        argued = axiom.argument(gs.rule(rule)) is not None
        assert argued != (Kept.of(rule, name) is not None), (rule, name)


@pytest.mark.parametrize(
    ("rule", "axiom"),
    [
        ("grpo4", "condorcet-loser"),
        ("grpo2-answer", "ratio-monotonicity"),
        ("nlhf", "condorcet-loser"),
        ("grpo2", "participation"),
        ("grpo-inf", "condorcet-winner"),
    ],
)
def test_electorates_that_take_long_to_find(rule: str, axiom: str) -> None:
    """The gap from floats of the definitions: groups or pairs summed here."""
    found = gs.satisfies(rule, axiom)
    assert found.status == "REFUTED"
    example = found.counterexample
    assert example is not None
    assert example.gap > 0
    assert "every group enumerated" in example.checked


@pytest.mark.parametrize(("name", "met"), [("grpo-inf", 1 / 5), ("grpo4", 4 / 5)])
def test_two_electorates_with_one_lottery_can_have_another_together(name: str, met: float) -> None:
    """One rater each: the common policy solves all three conditions, by floats."""
    found = gs.satisfies(name, "merging")
    example = found.counterexample
    assert found.status == "REFUTED"
    assert example is not None
    assert example.beta is not None
    shared, beta = np.array([met, (1 - met) / 2, (1 - met) / 2]), float(example.beta)
    climb = drive if name == "grpo-inf" else drive_of_four
    for k, (votes, lottery) in enumerate(zip(example.electorates, example.lotteries, strict=True)):
        rho = np.array([float(r) for r in example.references[k]])
        rows = [
            (float(m), tuple(map(int, row)))
            for m, row in zip(votes.masses, votes.entries, strict=True)
        ]
        for policy in (shared, np.array(lottery.floats())):
            sides = climb(rows, policy[0], policy[1]) - beta * (1 - rho / policy)
            assert np.abs(sides).max() < 1e-12
        assert (np.abs(np.array(lottery.floats()) - shared).max() < 1e-12) == (k < 2)
    one, two, both = example.electorates
    assert both.entries == one.merged(two).entries
    assert both.masses == one.merged(two).masses
    assert tuple((a, c, b) for a, b, c in one.entries) == two.entries
    assert "0.0" in str(example)


def drive_of_four(rows: Sequence[tuple[float, tuple[int, ...]]], p: float, q: float) -> np.ndarray:
    """P of groups of four at (p, q, 1 − p − q): all companions of an answer, one rater each."""
    policy, total = np.array([p, q, 1 - p - q]), sum(m for m, _ in rows)
    found = np.zeros(3)
    for own, *others in product(range(3), repeat=4):
        for m, row in rows:
            group = np.array([row[o] for o in (own, *others)], float)
            if np.ptp(group):
                away = (group[0] - group.mean()) / group.std()
                found[own] += m / total * policy[others].prod() * away
    return found


def test_fresh_raters_in_large_groups_have_one_policy_at_each_weight() -> None:
    """β(u) of u = τ + μ by the definition of σ rises; the policy solves the condition there."""
    random = np.random.default_rng(3)
    for _ in range(40):
        n, k = random.integers(2, 6), random.integers(1, 5)
        rewards, masses = random.integers(0, 5, (k, n)), random.dirichlet(np.ones(k))
        mean = masses @ rewards
        noise = masses @ rewards**2 - mean**2
        if np.ptp(mean) < 1e-9:
            continue
        rho, last = random.dirichlet(np.ones(n)), 0.0
        for u in mean.max() + np.geomspace(1e-4, 1e3, 60):
            tau = 1 / (rho / (u - mean)).sum()
            policy = rho * tau / (u - mean)
            average = policy @ mean
            sigma = np.sqrt(policy @ (noise + (mean - average) ** 2))
            beta = tau / sigma
            assert policy.sum() == pytest.approx(1)
            sides = (mean - average) / sigma - beta * (1 - rho / policy)
            assert np.abs(sides).max() < 1e-7 * (1 + beta)
            assert beta > last
            last = beta


# -- small weights and paths of large groups ---------------------------------------------


def drive(rows: Sequence[tuple[float, tuple[int, ...]]], p: float, q: float) -> np.ndarray:
    """P of large groups at (p, q, 1 − p − q), one rater each."""
    policy, total = np.array([p, q, 1 - p - q]), sum(m for m, _ in rows)
    found = np.zeros(3)
    for m, row in rows:
        r = np.array(row, float)
        mean = policy @ r
        found += m / total * (r - mean) / np.sqrt(policy @ (r - mean) ** 2)
    return found


def test_a_condorcet_loser_is_elected_by_large_groups() -> None:
    """3, 3, 1 raters; on (p, q, q) the drive is positive from 1/3 on, and vanishes at 1 only."""
    rows = [(3, (2, 3, 0)), (3, (2, 0, 3)), (1, (2, 3, 3))]
    votes = gs.Electorate(rows)
    assert votes.margins[0] == (0, Fraction(-1, 7), Fraction(-1, 7))
    for p in np.linspace(1 / 3, 0.999, 50):
        expected = np.sqrt(1 - p) / 7 * (3 / np.sqrt(2.25 + 0.25 * p) - 1 / np.sqrt(p))
        assert drive(rows, p, (1 - p) / 2)[0] == pytest.approx(expected)
        assert expected > 0
    rule, even = gs.rule("grpo-inf"), np.full((2, 3), 1 / 3)
    masses = np.tile([m / 7 for m, _ in rows], (2, 1))
    rewards = np.tile(np.array([[row for _, row in rows]], float), (2, 1, 1))
    gained = rule.batch(Profiles(rewards, masses), np.array([1e-1, 1e-3]), even)[:, 0]
    assert 1 / 3 < gained[0] < 0.99 < gained[1]
    # Turned round, the winner of all pairs goes from 1/3 down to 9/35.
    turned = [(m, tuple(-v for v in row)) for m, row in rows]
    assert drive(turned, 9 / 35, 13 / 35)[0] == pytest.approx(0, abs=1e-14)
    low = rule.batch(Profiles(-rewards, masses), np.array([1e-2, 1e-4]), even)[:, 0]
    assert low[0] < 1 / 3
    assert low[1] == pytest.approx(9 / 35, abs=1e-3)


def test_a_path_that_is_not_continuous() -> None:
    """The weights of the counterexample by the floats of another route."""
    example = looked(gs.rule("grpo-inf-direct"), AXIOMS["continuity"], 12, 20_000).found
    assert example is not None
    rho = float(example.references[0][0])
    votes = example.electorates[0]
    rows = [
        (int(m), tuple(map(int, row))) for m, row in zip(votes.masses, votes.entries, strict=True)
    ]
    near, far = (float(lottery.values[0]) for lottery in example.lotteries)  # type: ignore[arg-type]
    weights = []
    for p in (near, far):
        climb = drive(rows, p, (1 - p) / 2)
        weights.append((climb[0] - climb[1]) / np.log(p * (1 - rho) / (rho * (1 - p))))
    assert weights[1] - weights[0] == pytest.approx(float(example.gap.mid()))
    assert 0 < weights[0] < weights[1]
    assert abs(far - rho) > abs(near - rho)


@pytest.mark.parametrize("name", ["grpo-inf", "grpo3", "grpo4-direct", "grpo-inf-direct"])
def test_the_weight_of_a_symmetric_policy(name: str) -> None:
    """At that weight the policy is stationary."""
    profile = profile_of([(1, 0, 3), (1, 3, 0), (0, 1, 1)])
    line = Line(gs.rule(name), profile, Fraction(1, 4))
    p = Fraction(2, 5) if float(line.climb(arb(0.3)).mid()) > 0 else Fraction(1, 5)
    with ctx.workprec(100):
        weight = float(line.weight(as_arb(p)).mid())
    policy = [as_arb(p), as_arb((1 - p) / 2), as_arb((1 - p) / 2)]
    assert weight > 0
    left = left_over(gs.rule(name), line.electorate, line.reference, Fraction(weight), policy)
    assert left < 1e-13
    assert line.rough(np.array([float(p)]))[0] == pytest.approx(float(line.climb(as_arb(p)).mid()))


def test_premises_hold_in_other_units() -> None:
    """Two electorates that differ by their unit have one lottery, though balls cannot say so."""
    one, two = profile_of([(0, 1, 1), (0, 0, 1)]), profile_of([(1, 3, 3), (1, 1, 3)])
    both = profile_of([(0, 1, 1), (0, 0, 1), (1, 3, 3), (1, 1, 3)])

    def case(first: Profile, second: Profile) -> Case:
        return next(
            c
            for c in AXIOMS["merging"].cases(both, 3)
            if {s.profile for s in c.situations[:2]} == {first, second}
        )

    rule, beta = gs.rule("grpo-inf-answer"), Fraction(1, 2)
    chosen = case(one, two)
    floats = [
        rule.lottery(gs.Electorate([(m, row) for row, m in s.profile]), None, beta).floats()
        for s in chosen.situations
    ]
    assert floats[0] == pytest.approx(floats[1])
    found = certified(rule, chosen, UNIFORM, beta, floats)
    assert found is not None
    assert found.gap > 0


def test_the_expected_advantage_of_fresh_raters() -> None:
    """Each of three draws its rater: eight triples and nine pairs of companions, written out."""
    rows = [(2, (0, 1, 3)), (1, (1, 0, 0))]
    policy = (0.2, 0.3, 0.5)
    total = 0.0
    for judges in product(range(2), repeat=3):
        for others in product(range(3), repeat=2):
            group = np.array([rows[j][1][o] for j, o in zip(judges, (1, *others), strict=True)])
            chance = np.prod([rows[j][0] / 3 for j in judges]) * np.prod(
                [policy[o] for o in others]
            )
            if np.ptp(group):
                total += chance * (group[0] - group.mean()) / group.std()
    found = expected_advantage(
        gs.rule("grpo3-answer"), gs.Electorate(rows), [arb(p) for p in policy], 1
    )
    assert float(found.mid()) == pytest.approx(total)
