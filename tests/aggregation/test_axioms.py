"""Axioms: arguments, counterexamples and their second routes."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random

import mpmath as mp
import numpy as np
import pytest

import grpo_symbolic as gs
from grpo_symbolic.aggregation import satisfies as module
from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.axioms import AXIOMS
from grpo_symbolic.aggregation.cases import CASES, Situation, families, margin_of
from grpo_symbolic.aggregation.counterexample import left_over
from grpo_symbolic.aggregation.fields import in_groups
from grpo_symbolic.aggregation.lemmas import LEMMAS, proved
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.search import Search
from grpo_symbolic.aggregation.small_weights import vanishing_weight

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
}


@pytest.mark.parametrize(("rule", "axiom"), TRUTHS)
def test_known_truths(rule: str, axiom: str) -> None:
    found = gs.satisfies(rule, axiom, raters=2)
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
    loser = gs.satisfies("plurality", "condorcet-loser", raters=5).counterexample
    assert loser is not None
    answer = int(loser.about.split()[1]) - 1
    row = loser.electorates[0].margins[answer]
    assert sum(bool(g < 0) for g in row) == 2
    assert loser.lotteries[0].values[answer] > loser.references[0][answer]
    winner = gs.satisfies("borda", "condorcet-winner", raters=3).counterexample
    assert winner is not None
    answer = int(winner.about.split()[1]) - 1
    assert sum(bool(g > 0) for g in winner.electorates[0].margins[answer]) == 2
    assert winner.lotteries[0].values[answer] < 1


@pytest.mark.parametrize("name", LEMMAS)
def test_lemmas_are_proved(name: str) -> None:
    assert proved(name).status == "PROVED"


def test_an_example_against_an_argument_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "argument", lambda rule, axiom: Argument("wishful"))
    with pytest.raises(ArithmeticError, match="contradicts the argument: wishful"):
        gs.satisfies("borda", "clones", raters=2)


def test_an_argument_without_its_lemma_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        LEMMAS,
        "false",
        lambda: (gs.Claim("beta = gamma", gs.symbols.beta, "==", gs.symbols.gamma),),
    )
    monkeypatch.setattr(
        module, "argument", lambda rule, axiom: Argument("rests on it", lemmas=("false",))
    )
    assert gs.satisfies("borda", "pareto", raters=1).status == "UNKNOWN"


@pytest.mark.parametrize(
    "axiom", [a for a in AXIOMS if a not in ("continuity", "condorcet-winner")]
)
def test_cases_mean_what_the_axiom_says(axiom: str) -> None:
    """A rule that breaks the axiom on purpose is found out, or the dictatorship that keeps it."""
    random = Random(1)
    profiles = [*families(1), *random.sample(list(families(2)), 60)]
    cases = [case for p in profiles for case in CASES[axiom](p)]
    if axiom in (
        "condorcet-loser",
        "condorcet-lift",
        "participation",
        "proportionality",
        "merging",
    ):
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
    case = next(CASES["copies"](next(families(1))))
    assert case.situations[1].base([Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]) == [
        Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8)]  # fmt: skip
    assert Situation.plain((((0, 1, 2), 1),)).base([1, 2, 3]) == [1, 2, 3]


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
    with mp.workdps(30):
        right = [mp.mpf(p) for p in rule.lottery(votes, None, "1/2", 30).decimals(30)]
        assert left_over(rule, votes, UNIFORM, Fraction(1, 2), right) < mp.mpf(10) ** -24
        wrong = [right[0] + mp.mpf("0.01"), right[1] - mp.mpf("0.01"), right[2]]
        assert left_over(rule, votes, UNIFORM, Fraction(1, 2), wrong) > mp.mpf("0.001")


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
    report = Search(gs.rule("borda")).run("monotonicity", 2)
    assert report.raters == 2
    assert report.found is None
    assert report.cases > 1000
    assert "up to 2 raters" in str(report)


def test_the_table_is_generated() -> None:
    table = gs.axiom_table(("borda", "random-dictator"), ("clones", "proportionality"), raters=2)
    assert table.rows() == [("Clones", "no", "yes"), ("Proportionality", "open", "yes")]
    assert table.latex().count(r"\\") == 3
    assert "raters" in table.markdown()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("borda", "fairness"), "axiom must be one of pareto"),
        (("bordeaux", "pareto"), "rule must be one of"),
        (("borda", "pareto", 16), "raters must be an integer from 1 to 15"),
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


def test_the_table_in_the_documents_is_that_of_the_library() -> None:
    text = (Path(__file__).parents[2] / "docs" / "axioms.md").read_text(encoding="utf-8")
    head, _, *rows = (line.strip("| ").split(" | ") for line in text.split("\n\n")[2].splitlines())
    names = [name.strip("` |") for name in head]
    table = {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
    assert list(table) == [axiom.title for axiom in AXIOMS.values()]
    words = {"PROVED": "yes", "REFUTED": "no"}
    for rule, axiom in TRUTHS:
        if rule in names:
            assert table[AXIOMS[axiom].title][rule] == words[TRUTHS[rule, axiom]]
    cells = [word for row in table.values() for word in row.values()]
    assert cells.count("open") == text.count(", open: no counterexample among")
    assert cells.count("no") == text.count("the axiom fails by")
