"""Rules of aggregation against definitions written out here."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations, product
from random import Random

import mpmath as mp
import numpy as np
import pytest
from flint import arb, ctx
from sympy import QQ, Matrix, Rational, exp, log, sqrt
from sympy.polys.matrices import DomainMatrix

import grpo_symbolic as gs
from grpo_symbolic.aggregation.expected import left_over
from grpo_symbolic.aggregation.maximal import maximal_face
from grpo_symbolic.aggregation.names import rule
from grpo_symbolic.aggregation.robust import Adversarial, Flipped, WorstCase
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.votes import Comparisons, pooled_margins
from grpo_symbolic.model.advantage import StabilisedScale

RATERS = [(3, (0, 10, 11)), (3, (0, 10, 1)), (2, (10, 0, 1)), (1, (5, 4, 4))]
ELECTORATE = gs.Electorate(RATERS)
REFERENCE = ("1/2", "1/4", "1/4")
NAMES = [
    *("grpo2", "grpo2-direct", "grpo3", "grpo5-direct", "grpo-inf", "grpo2-answer"),
    *("grpo-inf-answer", "grpo4-mean", "rlhf", "rlhf-btl", "rlhf-btl-reference", "nlhf", "ipo"),
    *("borda", "copeland", "plurality", "maximal-lottery", "random-dictator", "best-of-4"),
    "best-of-2-group",
]


def margin(o: int, x: int) -> Fraction:
    signs = (Fraction(m, 9) * ((r[o] > r[x]) - (r[o] < r[x])) for m, r in RATERS)
    return sum(signs, Fraction(0))


@pytest.mark.parametrize("name", NAMES)
def test_one_electorate_and_many_agree(name: str) -> None:
    """The exact route of one electorate and the floats of many at once."""
    rewards = np.array([[row for _, row in RATERS]], float)
    masses = np.array([[m for m, _ in RATERS]]) / 9
    found = rule(name).lottery(ELECTORATE, REFERENCE, "1/2")
    many = rule(name).batch(
        Profiles(rewards, masses), np.array([0.5]), np.array([[0.5, 0.25, 0.25]])
    )
    assert np.allclose(found.floats(), many[0], atol=1e-12)
    assert sum(found.floats()) == pytest.approx(1)


@pytest.mark.parametrize(("name", "scale", "direct"), [
    ("grpo2", 1, False), ("grpo2-direct", 1, True), ("nlhf", Fraction(1, 2), True),
])  # fmt: skip
def test_pairs_satisfy_their_condition_to_many_digits(name: str, scale, direct: bool) -> None:
    with mp.workdps(45):
        p = [mp.mpf(v) for v in rule(name).lottery(ELECTORATE, REFERENCE, "1/2", 40).decimals(40)]
        sides = []
        for o, base in enumerate((0.5, 0.25, 0.25)):
            row = [scale * margin(o, x) for x in range(3)]
            climb = sum(g.numerator * q / g.denominator for g, q in zip(row, p, strict=True))
            sides.append(climb - (mp.log(p[o] / base) if direct else 1 - base / p[o]) / 2)
        assert max(sides) - min(sides) < mp.mpf(10) ** -36


def test_two_answers_are_exact() -> None:
    votes = gs.Electorate([(2, (1, 0)), (1, (0, 1))])
    found = rule("grpo2").lottery(votes, ("1/4", "3/4"), "1/2")
    p = found.values[0]
    assert found.kind == "exact"
    assert (Rational(1, 2) * (p - Rational(1, 4)) - p * (1 - p) / 3).expand() == 0
    assert rule("rlhf-btl").lottery(votes, None, "1/2").values[0] == Rational(4, 5)
    fit = rule("rlhf-btl").lottery(votes, None, 2).values[0]
    assert (fit - sqrt(2) / (1 + sqrt(2))).simplify() == 0


def test_tilting_rules_are_exact() -> None:
    votes = gs.Electorate([(1, (2, 0, 1)), (1, (0, 0, 1))])
    found = rule("rlhf").lottery(votes, None, 1).values[0]
    assert (found - exp(1) / (2 * exp(1) + 1)).simplify() == 0
    found = rule("ipo").lottery(ELECTORATE, REFERENCE, 1).values
    reference = list(map(Fraction, REFERENCE))
    wins = [sum(r * (1 + margin(o, x)) / 2 for x, r in enumerate(reference)) for o in range(3)]
    assert float(log(found[0] / found[1])) == pytest.approx(
        np.log(2) + float(wins[0] - wins[1])
    )  # fmt: skip


def test_the_fit_is_the_maximum_of_its_likelihood() -> None:
    found = np.array(rule("rlhf-btl").lottery(ELECTORATE, None, 1).floats())
    scores = np.log(found)

    def likelihood(s: np.ndarray) -> float:
        return sum(
            (1 + float(margin(o, x))) / 2 * -np.log1p(np.exp(s[x] - s[o]))
            for o, x in product(range(3), repeat=2)
            if o != x
        )

    for o, step in product(range(3), (1e-4, -1e-4)):
        moved = scores.copy()
        moved[o] += step
        assert likelihood(moved) < likelihood(scores)


def test_a_fit_without_a_maximum_is_the_limit_of_regularised_fits() -> None:
    """a always beats the rest, b and c are compared with each other."""
    votes = Comparisons.of("abc", {(0, 1): 4, (0, 2): 4, (1, 2): 3, (2, 1): 1})
    found = rule("rlhf-btl").lottery(votes)
    assert found.floats() == (1, 0, 0)
    assert "no finite maximum" in found.note
    apart = Comparisons.of("abcd", {(0, 1): 1, (1, 0): 1, (2, 3): 1, (3, 2): 1})
    with pytest.raises(ValueError, match="never compared with each other"):
        rule("rlhf-btl").lottery(apart)


def test_elected_answers() -> None:
    third = (Rational(1, 3),) * 3
    expected = {"borda": (0, 0, 1), "copeland": (0, 0, 1), "random-dictator": third,
                "plurality": third}  # fmt: skip
    for name, lottery in expected.items():
        assert rule(name).lottery(ELECTORATE).values == lottery
    # Best of two by the mean (30/9 − …): the order of means is 2, 3, 1.
    assert rule("best-of-2").lottery(ELECTORATE).values == (
        Rational(1, 9), Rational(5, 9), Rational(3, 9))  # fmt: skip


def optimal_supports(margins) -> tuple[set[int], list[list[Rational]]]:
    """All vertices of {π ≥ 0, Σπ = 1, Γπ ≤ 0} by enumeration, and the union of their supports."""
    n = len(margins)
    gamma = Matrix(n, n, lambda o, x: Rational(margins[o][x].numerator, margins[o][x].denominator))
    subsets = list(chain.from_iterable(combinations(range(n), k) for k in range(1, n + 1)))
    vertices = []
    for support in subsets:
        for tight in (t for t in subsets if len(t) == len(support)):
            system = gamma.extract(list(tight), list(support))
            system = system.col_join(Matrix([[1] * len(support)]))
            right = Matrix([0] * len(tight) + [1])
            if system.rank() < len(support):
                continue
            try:
                solved = (system.T * system).LUsolve(system.T * right)
            except ValueError:
                continue
            if system * solved != right or min(solved) < 0:
                continue
            policy = [Rational(0)] * n
            for o, value in zip(support, solved, strict=True):
                policy[o] = value
            if max(gamma * Matrix(policy)) <= 0 and policy not in vertices:
                vertices.append(policy)
    return {o for v in vertices for o in range(n) if v[o]}, vertices


def random_margins(random: Random, n: int, most: int) -> list[list[Fraction]]:
    table = [[Fraction(0)] * n for _ in range(n)]
    for o in range(n):
        for x in range(o):
            value = Fraction(random.randint(-most, most))
            table[o][x], table[x][o] = value, -value
    return table


def test_maximal_lotteries_against_all_vertices() -> None:
    """The support, uniqueness and dimension of the face by enumeration of bases."""
    random, several = Random(4), 0
    for _ in range(40):
        margins = random_margins(random, random.randint(2, 4), random.choice((1, 2)))
        face = maximal_face(margins)
        support, vertices = optimal_supports(margins)
        assert set(face.support) == support
        assert face.unique == (len(vertices) == 1)
        assert face.verified()
        assert len(face.directions) == Matrix(vertices).rank() - 1
        several += not face.unique
    assert several > 10


def test_maximal_lotteries_of_up_to_eight_answers() -> None:
    """Strict complementary slackness: y > 0 or −Γy > 0 at each answer, so B is the largest support.

    The face is what solves Γ_BB π = 0, Σπ = 1; its dimension by a rank.
    """
    random, several = Random(41), 0
    for _ in range(500):
        margins = random_margins(random, random.randint(2, 8), random.choice((1, 2, 9)))
        face = maximal_face(margins)
        lost = [-sum(g * p for g, p in zip(row, face.inner, strict=True)) for row in margins]
        assert min(face.inner) >= 0
        assert min(lost) >= 0
        assert sum(face.inner) == 1
        assert all((p > 0) != (s > 0) for p, s in zip(face.inner, lost, strict=True))
        inside = [o for o, p in enumerate(face.inner) if p]
        assert list(face.support) == inside
        system = [[int(margins[o][x]) for x in inside] for o in inside] + [[1] * len(inside)]
        dimension = len(inside) - DomainMatrix.from_list(system, QQ).rank()
        assert len(face.directions) == dimension
        assert face.unique == (dimension == 0)
        several += dimension > 0
    assert 100 < several < 400


def test_the_path_of_pairs_ends_at_the_selected_lottery() -> None:
    """π at β = 1e-3 … 1e-6 comes closer like β."""
    for seed in range(100):
        random = Random(seed)
        n = random.randint(3, 6)
        margins = random_margins(random, n, 1)
        votes = Comparisons.of_margins(margins)
        weights = [random.randint(1, 4) for _ in range(n)]
        reference = [Fraction(w, sum(weights)) for w in weights]
        end = np.array(rule("maximal-lottery").lottery(votes, reference).floats())
        away = []
        for power in (3, 6):
            at = rule("grpo2").lottery(votes, reference, Fraction(1, 10**power)).floats()
            away.append(np.abs(np.array(at) - end).max())
        assert away[1] < 1e-4
        assert away[1] <= away[0] / 300 + 1e-15


def test_the_central_path() -> None:
    """At the selected lottery y* and any lottery y of the face, Σ_B ρ y/y* + Σ_N ρ s/s* = 1."""
    random = Random(9)
    seen = 0
    while seen < 100:
        margins = random_margins(random, random.randint(3, 6), 1)
        face = maximal_face(margins)
        if face.unique:
            continue
        seen += 1
        n = len(margins)
        weights = [random.randint(1, 4) for _ in range(n)]
        reference = [Fraction(w, sum(weights)) for w in weights]
        chosen = [float(v) for v in face.selected(reference)[0]]
        other = np.array([float(p) for p in face.inner])
        gamma = np.array([[float(g) for g in row] for row in margins])
        total = sum(float(reference[o]) * other[o] / chosen[o] for o in face.support)
        total += sum(
            float(reference[o]) * (gamma[o] @ other) / (gamma[o] @ np.array(chosen))
            for o in face.rest
        )
        assert total == pytest.approx(1, abs=1e-10)


def test_fresh_raters_of_pairs_have_pooled_margins() -> None:
    """Every pair of raters, one for each of two answers; and a table of many of both."""
    votes = gs.Electorate(RATERS)
    expected = [
        [
            sum(
                Fraction(m * k, 81) * ((r[o] > s[x]) - (r[o] < s[x]))
                for (m, r), (k, s) in product(RATERS, repeat=2)
            )
            for x in range(3)
        ]
        for o in range(3)
    ]
    assert pooled_margins(votes) == expected
    heavy = gs.Electorate([(m * 10**12, row) for m, row in RATERS] + [(1, (0, 0, 0))])
    assert float(pooled_margins(heavy)[0][1]) == pytest.approx(float(expected[0][1]))
    random = np.random.default_rng(2)
    many = gs.Electorate([(1, row) for row in random.integers(0, 50, (300, 40)).tolist()])
    found = rule("grpo2-answer").lottery(many, None, "1/2")
    assert found.kind == "enclosed"
    assert sum(found.floats()) == pytest.approx(1)
    with pytest.raises(ValueError, match="rater 1 did not score answer b"):
        rule("grpo2-answer").lottery(gs.Electorate([(1, (1, None)), (1, (0, 1))], answers="ab"))


def test_the_policy_is_the_one_reached_from_the_reference() -> None:
    """Large groups, answers 2 and 3 alike by symmetry: π(1) = p, and there are two policies.

    P(1) is positive for every p ≥ 1/3: from the uniform reference the first answer only gains.
    Another policy lies below p = 1/27, where P(1) changes its sign.
    """
    raters = [(1, (0, 1, 1)), (1, (2, 0, 1)), (1, (2, 1, 0))]

    def climb(p: float) -> float:
        policy = np.array([p, (1 - p) / 2, (1 - p) / 2])
        total = 0.0
        for _, row in raters:
            r = np.array(row)
            mean = policy @ r
            total += (r[0] - mean) / np.sqrt(policy @ (r - mean) ** 2) / 3
        return total

    assert all(climb(p) > 0 for p in np.linspace(1 / 3, 0.999, 200))
    assert climb(1 / 27 - 1e-6) < 0 < climb(1 / 27 + 1e-6)
    for beta in ("1/50", "1/1000"):
        found = rule("grpo-inf").lottery(gs.Electorate(raters), None, beta)
        p = found.floats()[0]
        assert p > 0.9
        assert float(Fraction(beta)) * (1 - 1 / (3 * p)) == pytest.approx(climb(p), rel=1e-6)
        assert "of 2 stationary policies reached from the reference" in found.note


@pytest.mark.parametrize("name", ["grpo5-answer", "grpo24"])
def test_group_sizes_between(name: str) -> None:
    """Fresh raters in groups of five, and one rater for groups with many ways to come about."""
    votes = gs.Electorate([(1, (3, 1, 2)), (1, (1, 2, 0))])
    found = rule(name).lottery(votes, None, "1/2", 10)
    assert found.kind == "enclosed"
    assert sum(found.floats()) == pytest.approx(1)
    if name == "grpo5-answer":
        with ctx.workprec(100):
            policy = [arb(v) for v in found.decimals(15)]
            left = left_over(rule(name), votes, (Fraction(1, 3),) * 3, Fraction(1, 2), policy)
        assert left < 1e-12


def test_symmetric_flips_rescale_the_weight_and_others_do_not() -> None:
    for name in ("grpo2", "nlhf"):
        flipped = Flipped(rule(name), "1/4").lottery(ELECTORATE, REFERENCE, "1/2").floats()
        assert flipped == pytest.approx(rule(name).lottery(ELECTORATE, REFERENCE, 1).floats())
    undone = Flipped(Flipped(rule("grpo2"), "1/10", corrected=True), "1/10")
    assert undone.lottery(
        gs.Electorate([(3, (2, 1, 0)), (2, (0, 1, 2))]), None, 1
    ).floats() == pytest.approx(
        rule("grpo2").lottery(gs.Electorate([(3, (2, 1, 0)), (2, (0, 1, 2))]), None, 1).floats()
    )
    tied = gs.Electorate([(1, (1, 0, 0)), (1, (0, 1, 1))])
    biased = Flipped(rule("grpo2"), ("1/4", 0, 0)).lottery(tied)
    assert biased.floats()[0] < 1 / 3  # no weight does this to an even vote
    hostile = Adversarial(rule("grpo2"), "1/10", (2, 1, 0)).lottery(tied)
    assert hostile.floats()[2] > 1 / 3


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("grpo2-flipped:1/10", Flipped(rule("grpo2"), "1/10")),
        ("nlhf-corrected:1/20", Flipped(rule("nlhf"), "1/20", corrected=True)),
        ("borda-adversarial:1/3:3>1>2", Adversarial(rule("borda"), "1/3", (2, 0, 1))),
        ("grpo2-direct-worst-case:1/9", WorstCase(rule("grpo2-direct"), "1/9")),
    ],
)
def test_what_befell_the_labels_by_name(name: str, meant: gs.Rule) -> None:
    assert rule(name) == meant
    assert meant.name == name


def test_the_rule_of_an_algorithm() -> None:
    assert rule(gs.GRPO(2, gs.DirectKL()), "answer") == rule("grpo2-direct-answer")
    assert rule(gs.NLHF()).name == "nlhf"


@pytest.mark.parametrize("name", ["grpo2-flipped:2", "grpo4-flipped:1/9", "grpo2-flipped:1/9:2>1",
                                  "grpo2-adversarial:1/9", "borda-worst-case:1/9"])  # fmt: skip
def test_labels_by_name_are_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=r"share must be|labels of|adversaries|worst-case margins"):
        rule(name)


def test_margins_may_be_long_fractions() -> None:
    """Longer than machine integers: exact all the same."""
    share = Fraction(10**30 + 1, 10**31)
    votes = gs.Electorate([(2, (1, 0)), (1, (0, 1))])
    found = Flipped(rule("grpo2"), share).lottery(votes, ("1/4", "3/4"), "1/2").values[0]
    margin = Rational(1, 3) * (1 - 2 * Rational(share.numerator, share.denominator))
    assert (Rational(1, 2) * (found - Rational(1, 4)) - margin * found * (1 - found)).expand() == 0


def test_worst_case_margins_satisfy_their_condition() -> None:
    p = WorstCase(rule("grpo2-direct"), "1/10").lottery(ELECTORATE, REFERENCE, "1/2").floats()
    sides = [
        sum((float(margin(o, x)) - 0.1) * p[x] for x in range(3) if x != o)
        - 0.5 * np.log(p[o] / float(Fraction(REFERENCE[o])))
        for o in range(3)
    ]
    assert max(sides) - min(sides) < 1e-12
    with pytest.raises(ValueError, match="several stationary policies"):
        WorstCase(rule("grpo2"), "9/10").lottery(ELECTORATE)


@pytest.mark.parametrize("per", ["group", "answer"])
@pytest.mark.parametrize(
    ("advantage", "scale"),
    [
        (gs.ShiftAndScale(ddof=1), np.sqrt(0.5)),
        (gs.Rescaled(gs.ShiftAndScale(), 5), 0.2),
        (gs.Ranks(), 1.0),
    ],
)
def test_pairs_whose_advantages_have_another_size(advantage, scale: float, per: str) -> None:
    """The sample deviation of a pair is √2 times that of the population: β grows by as much."""
    from grpo_symbolic.aggregation.trained import Trained

    chosen = Trained(gs.GRPO(2, advantage=advantage), per)
    found = np.array(chosen.lottery(ELECTORATE, REFERENCE, "1/2").floats())
    plain = Trained(gs.GRPO(2), per).field(
        Profiles(
            np.array([[row for _, row in RATERS]], float), np.array([[m / 9 for m, _ in RATERS]])
        )
    )
    assert plain is not None
    sides = scale * plain.parts(found[None])[0][0] - 0.5 * (1 - np.array([0.5, 0.25, 0.25]) / found)
    assert np.ptp(sides) < 1e-9
    assert chosen.name != Trained(gs.GRPO(2), per).name


def test_any_penalty_and_any_scale() -> None:
    from grpo_symbolic.aggregation.trained import Trained
    from grpo_symbolic.model.penalty import Divergence

    chi = Trained(gs.GRPO(2, Divergence.chi_squared())).lottery(ELECTORATE, None, 2).floats()
    force = [Divergence.chi_squared().marginal(Rational(1, 3) / Rational(p)) for p in chi]
    sides = [sum(float(margin(o, x)) * chi[x] for x in range(3)) - 2 * float(f)
             for o, f in enumerate(force)]  # fmt: skip
    assert max(sides) - min(sides) < 1e-10
    scaled = gs.GRPO(3, advantage=StabilisedScale(epsilon="1/10"))
    assert Trained(scaled).lottery(ELECTORATE, None, 2).kind == "enclosed"


BAD = {
    "name": (lambda: rule("grpo"), "rule must be one of grpoG"),
    "no votes": (lambda: rule("grpo2").lottery([1]), "electorate must be an Electorate"),
    "sum": (lambda: rule("grpo2").lottery(ELECTORATE, ("1/2", "1/4", "1/8")), "reference must be"),
    "few": (lambda: rule("grpo2").lottery(ELECTORATE, (1,)), "reference must be uniform, or 3"),
    "weight": (lambda: rule("grpo2").lottery(ELECTORATE, None, 0), "beta must be a positive"),
    "digits": (lambda: rule("grpo2").lottery(ELECTORATE, digits=0), "digits must be"),
    "comparisons": (
        lambda: rule("rlhf").lottery(Comparisons.of("ab", {(0, 1): 1})),
        "sees more than comparisons",
    ),
    "flips": (lambda: Flipped(rule("rlhf"), "1/4"), "mean nothing to this rule"),
    "share": (lambda: Flipped(rule("grpo2"), "1/2"), r"share must be a share in \[0, 1/2\)"),
    "large": (
        lambda: rule("grpo8").lottery(gs.Electorate([(1, tuple(range(20)))])),
        "more than 100000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused_with_a_sentence(name: str) -> None:
    build, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        build()
