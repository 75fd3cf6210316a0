"""Closed forms about raters against lotteries of 50 digits, enumerated groups and samples."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb
from random import Random

import mpmath as mp
import numpy as np
import pytest
from flint import arb, ctx

import grpo_symbolic as gs
from grpo_symbolic.aggregation.expected import expected_advantage
from grpo_symbolic.aggregation.lottery import as_arb
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.votes import Comparisons

DIGITS, CLOSE = 60, mp.mpf(10) ** -50
Margins = list[list[Fraction]]


@pytest.fixture(autouse=True)
def _precision():
    with mp.workdps(DIGITS + 15):
        yield


def number(value: Fraction | int) -> mp.mpf:
    return mp.mpf(Fraction(value).numerator) / Fraction(value).denominator


def rational(value: mp.mpf) -> Fraction:
    """A fraction within 10^-65 of the value."""
    return Fraction(int(mp.nint(value * mp.mpf(10) ** 65)), 10**65)


def lottery(name: str, margins: Margins, beta, reference=None, digits=DIGITS) -> list[mp.mpf]:
    votes = Comparisons.of_margins(margins)
    return decimals(gs.rule(name).lottery(votes, reference, beta, digits), digits)


def decimals(found: gs.Lottery, digits: int = DIGITS) -> list[mp.mpf]:
    return [mp.mpf(v) for v in found.decimals(digits)]


def skew(upper: dict[tuple[int, int], Fraction], n: int) -> Margins:
    table = [[Fraction(0)] * n for _ in range(n)]
    for (o, x), value in upper.items():
        table[o][x], table[x][o] = value, -value
    return table


def random_skew(random: Random, n: int) -> Margins:
    pairs = ((o, x) for x in range(n) for o in range(x))
    return skew({pair: Fraction(random.randint(-6, 6), 7) for pair in pairs}, n)


def random_reference(random: Random, n: int) -> list[Fraction]:
    weights = [random.randint(1, 4) for _ in range(n)]
    return [Fraction(w, sum(weights)) for w in weights]


@pytest.mark.parametrize("name", ["grpo2", "grpo2-direct"])
def test_large_weights_show_borda_scores(name: str) -> None:
    """β(π/ρ − 1) → Σ ρ γ: what is left falls like 1/β."""
    random = Random(1)
    margins, rho = random_skew(random, 4), random_reference(random, 4)
    for power in (20, 55):
        with mp.workdps(2 * DIGITS + 15):
            p = lottery(name, margins, 10**power, rho, 2 * DIGITS)
            for o, row in enumerate(margins):
                score = number(sum(r * g for r, g in zip(rho, row, strict=True)))
                lift = mp.mpf(10) ** power * (p[o] / number(rho[o]) - 1)
                assert abs(lift - score) < 3 * mp.mpf(10) ** -power


def test_pairs_lie_on_the_weighted_central_path() -> None:
    """π(β − Γπ) = βρ, and who beats the policy on average is who gains."""
    random = Random(2)
    for _ in range(6):
        margins, rho = random_skew(random, 4), random_reference(random, 4)
        beta = Fraction(random.randint(1, 30), 20)
        p = lottery("grpo2", margins, beta, rho)
        for o, row in enumerate(margins):
            beaten = mp.fsum(number(g) * q for g, q in zip(row, p, strict=True))
            assert abs(p[o] * (number(beta) - beaten) - number(beta * rho[o])) < CLOSE
            assert (p[o] > number(rho[o])) == (beaten > 0)


def test_under_the_direct_kl_a_condorcet_loser_can_gain() -> None:
    """Under the reverse KL it never does: no answer gains that the policy beats."""
    margins = skew({(0, 1): Fraction(1), (0, 2): Fraction(1, 20), (1, 2): Fraction(1, 20)}, 3)
    rho = [Fraction(1, 20), Fraction(9, 10), Fraction(1, 20)]
    assert lottery("grpo2-direct", margins, Fraction(1, 2), rho)[2] > number(rho[2])
    assert lottery("grpo2", margins, Fraction(1, 2), rho)[2] < number(rho[2])


def test_clones_have_the_mass_of_one_answer_and_a_weight_of_their_own() -> None:
    """π(C) at every β, and inside C pairs at β_C = βρ(C)/π(C)²."""
    inside, first, second = Fraction(3, 5), Fraction(2, 7), Fraction(-1, 2)
    third = Fraction(1, 3)
    four = skew({(0, 1): inside, (0, 2): first, (1, 2): first, (0, 3): second, (1, 3): second,
                 (2, 3): third}, 4)  # fmt: skip
    three = skew({(0, 1): first, (0, 2): second, (1, 2): third}, 3)
    rho = [Fraction(1, 8), Fraction(3, 8), Fraction(1, 4), Fraction(1, 4)]
    for beta in (Fraction(1, 50), Fraction(1, 2), Fraction(9)):
        wide = lottery("grpo2", four, beta, rho)
        narrow = lottery("grpo2", three, beta, [rho[0] + rho[1], *rho[2:]])
        mass = wide[0] + wide[1]
        assert abs(mass - narrow[0]) < CLOSE
        own = number(beta * Fraction(1, 2)) / mass**2
        share, start, g = wide[0] / mass, mp.mpf(1) / 4, number(inside)
        assert abs(own * (share - start) - g * share * (1 - share)) < CLOSE
        # With the direct KL the set does not have the mass of one answer.
        direct = lottery("grpo2-direct", four, beta, rho)
        alone = lottery("grpo2-direct", three, beta, [rho[0] + rho[1], *rho[2:]])
        assert abs(direct[0] + direct[1] - alone[0]) > 1e-6


@pytest.mark.parametrize("name", ["grpo2", "grpo2-direct"])
def test_in_a_cycle_the_answer_that_improves_falls_below_a_third_of_the_margin(name: str) -> None:
    """∂π(1)/∂γ(1, 2) = (3β − g)/(9(3β² + g²)) by differences of 150 digits."""
    g, step, digits = Fraction(1, 2), Fraction(1, 10**30), 150
    for beta in (g / 3 - Fraction(1, 1000), g / 3 + Fraction(1, 1000), g / 10, 4 * g):
        moved = []
        with mp.workdps(digits):
            for sign in (1, -1):
                margins = skew({(0, 1): g + sign * step, (0, 2): -g, (1, 2): g}, 3)
                moved.append(lottery(name, margins, beta, None, digits)[0])
            slope = (moved[0] - moved[1]) / (2 * number(step))
        expected = (3 * beta - g) / (9 * (3 * beta**2 + g**2))
        assert abs(slope - number(expected)) < CLOSE
        assert (slope < 0) == (beta < g / 3)


@pytest.mark.parametrize("delta", [Fraction(1, 10), Fraction(1, 4), Fraction(3, 10)])
def test_where_the_condorcet_winner_loses_the_largest_lift(delta: Fraction) -> None:
    """Reverse KL at 3δ(1 − δ²)/(2(1 − 3δ)), direct KL at (1 + δ)/(2 log((1 − δ)/(2δ)))."""
    margins = skew({(0, 1): delta, (0, 2): delta, (1, 2): Fraction(1)}, 3)
    reverse = number(3 * delta * (1 - delta**2) / (2 * (1 - 3 * delta)))
    direct = number(1 + delta) / (2 * mp.log(number((1 - delta) / (2 * delta))))
    for name, threshold in (("grpo2", reverse), ("grpo2-direct", direct), ("nlhf", direct / 2)):
        p = lottery(name, margins, rational(threshold))
        assert abs(p[0] - p[1]) < CLOSE
        assert abs(p[0] - number((1 - delta) / 2)) < CLOSE
        below = lottery(name, margins, rational(threshold) * Fraction(99, 100))
        above = lottery(name, margins, rational(threshold) * Fraction(101, 100))
        assert below[0] > below[1]
        assert above[0] < above[1]


def test_from_a_third_on_the_condorcet_winner_keeps_the_largest_lift() -> None:
    margins = skew({(0, 1): Fraction(1, 3), (0, 2): Fraction(1, 3), (1, 2): Fraction(1)}, 3)
    for name, beta in product(("grpo2", "grpo2-direct"), (Fraction(1, 9), Fraction(1), 1000)):
        p = lottery(name, margins, beta)
        assert p[0] > p[1] > p[2]


def test_proportional_answers_need_a_weight_of_their_own() -> None:
    for share in (Fraction(1, 10), Fraction(2, 3), Fraction(9, 10)):
        votes = gs.Electorate([(share, (1, 0)), (1 - share, (0, 1))])
        found = gs.rule("grpo2").lottery(votes, None, 2 * share * (1 - share))
        assert Fraction(str(found.values[0])) == share
        assert found.kind == "exact"
        off = gs.rule("grpo2").lottery(votes, None, Fraction(1, 3)).values[0]
        assert abs(float(off) - float(share)) > 1e-3  # type: ignore[arg-type]


def drift(size: int | str, p: mp.mpf) -> mp.mpf:
    """h_G(p) by the binomial sum; its limit for large groups."""
    if size == "inf":
        return mp.sqrt(p * (1 - p))
    return mp.fsum(
        comb(size, k) * p**k * (1 - p) ** (size - k) * mp.sqrt(k * (size - k)) / size
        for k in range(size + 1)
    )


def sized(size: int | str, more: str = "") -> gs.Rule:
    return gs.rule((f"grpo-{size}" if size == "inf" else f"grpo{size}") + more)


@pytest.mark.parametrize("size", [2, 3, 6, "inf"])
@pytest.mark.parametrize("per", ["group", "mean"])
def test_two_answers_see_a_margin_or_the_sign_of_the_mean(size: int | str, per: str) -> None:
    """β(p − p₀) = γ h_G(p), rewards of any size; averaged first, with ±1 in place of γ."""
    votes = gs.Electorate([(3, (0, 5)), (1, (7, 6)), (1, (1, 0))])
    start, beta = mp.mpf(1) / 4, mp.mpf(1) / 3
    found = sized(size, f"-{per}").lottery(votes, ("1/4", "3/4"), "1/3", DIGITS)
    assert (found.kind == "exact") == (size != 6)
    p = decimals(found)[0]
    margin = mp.mpf(-1) / 5 if per == "group" else -1  # the means are 8/5 and 21/5
    assert abs(beta * (p - start) - margin * drift(size, p)) < CLOSE


def test_fresh_raters_in_large_groups_see_means_and_deviations() -> None:
    """β(1 − ρ/π) = (r̄ − μ)/σ over raters and answers."""
    rows = [(2, (1, 0, 3)), (1, (0, 6, 2)), (2, (4, 1, 1))]
    votes, rho, beta = gs.Electorate(rows), (Fraction(1, 2), *(Fraction(1, 4),) * 2), mp.mpf(1) / 3
    p = decimals(gs.rule("grpo-inf-answer").lottery(votes, rho, "1/3", DIGITS))
    drawn = [(mp.mpf(m) / 5 * q, r) for m, row in rows for q, r in zip(p, row, strict=True)]
    mean = mp.fsum(w * r for w, r in drawn)
    sigma = mp.sqrt(mp.fsum(w * (r - mean) ** 2 for w, r in drawn))
    for o, q in enumerate(p):
        own = mp.fsum(mp.mpf(m) / 5 * row[o] for m, row in rows)
        assert abs((own - mean) / sigma - beta * (1 - number(rho[o]) / q)) < CLOSE


@pytest.mark.parametrize("size", [2, 3])
def test_small_groups_do_not_see_whose_approvals_they_are(size: int) -> None:
    """One rater a group or fresh raters: one lottery; scores of three levels tell them apart."""
    approvals = gs.Electorate([(2, (1, 0, 0)), (1, (1, 1, 0)), (3, (0, 1, 1))])
    scores = gs.Electorate([(2, (2, 0, 1)), (1, (1, 2, 0)), (3, (0, 1, 2))])
    for votes, same in ((approvals, True), (scores, False)):
        one, fresh = (
            decimals(sized(size, more).lottery(votes, ("1/2", "1/3", "1/6"), "1/3", DIGITS))
            for more in ("", "-answer")
        )
        away = max(abs(p - q) for p, q in zip(one, fresh, strict=True))
        assert (away < CLOSE) if same else (away > 1e-3)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_at_a_vertex_an_answer_has_the_margin_times_a_root(size: int) -> None:
    """P(x) at δ_a is γ(x, a)√(G − 1), every group enumerated, whatever the rewards."""
    votes = gs.Electorate([(2, (9, 1, 0)), (3, (0, 5, 1)), (1, (1, 0, 2))])
    with ctx.workprec(230):
        for a, x in ((0, 1), (0, 2), (1, 0), (2, 1)):
            vertex = [arb(int(o == a)) for o in range(3)]
            found = expected_advantage(sized(size), votes, vertex, x)
            off = found - as_arb(Fraction(str(votes.margins[x][a]))) * arb(size - 1).sqrt()
            assert abs(off) < float(CLOSE)


def test_near_the_winner_s_vertex_masses_are_weight_over_margin() -> None:
    """Groups of four: π(x) ≈ βρ/(β + γ√3) next to the winner."""
    rows, beta = [(4, (2, 1, 0)), (2, (0, 2, 1)), (1, (1, 0, 2))], 1e-6
    assert gs.Electorate(rows).margins[0] == (0, Fraction(3, 7), Fraction(1, 7))
    masses, rewards = np.array([[m / 7 for m, _ in rows]]), np.array([[r for _, r in rows]], float)
    even = np.full((1, 3), 1 / 3)
    p = sized(4).batch(Profiles(rewards, masses), np.array([beta]), even)[0]
    for x, margin in ((1, 3 / 7), (2, 1 / 7)):
        assert p[x] == pytest.approx(beta / 3 / (beta + margin * np.sqrt(3)), rel=1e-4)


def test_the_direct_kl_selects_the_maximal_lottery_of_least_divergence() -> None:
    """Two clones, one beats the other, and an answer that ties with both: (2/3, 1/3, 0)."""
    margins, rho = skew({(1, 2): Fraction(1)}, 3), [Fraction(1, 2), *[Fraction(1, 4)] * 2]
    limit = (mp.mpf(2) / 3, mp.mpf(1) / 3, 0)
    for name, beta in (("grpo2-direct", Fraction(1, 1000)), ("maximal-lottery-direct", 1)):
        p = lottery(name, margins, beta, rho)
        assert max(abs(a - b) for a, b in zip(p, limit, strict=True)) < CLOSE
    # The reverse KL leaves the first answer its half, at every weight and in the limit.
    for name, beta in (("grpo2", Fraction(1, 50)), ("maximal-lottery", 1)):
        assert abs(lottery(name, margins, beta, rho)[0] - mp.mpf(1) / 2) < CLOSE
    # On the way no maximal lottery is nearer to the reference, by KL(π‖ρ).
    p = lottery("grpo2-direct", margins, Fraction(1, 3), rho)
    own = mp.fsum(q * mp.log(q / number(r)) for q, r in zip(p, rho, strict=True))
    for t in (mp.mpf(1) / 10, mp.mpf(2) / 3, mp.mpf(9) / 10):
        y = ((t, number(rho[0])), (1 - t, number(rho[1])))
        assert own < mp.fsum(q * mp.log(q / r) for q, r in y)


def test_the_reverse_kl_selects_the_weighted_analytic_centre() -> None:
    """Two answers tie and beat a third one: ρ₁ log t + ρ₂ log(1 − t) + ρ₃ log slack."""
    margins = skew({(0, 2): Fraction(1, 3), (1, 2): Fraction(1)}, 3)
    rho = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    t = lottery("maximal-lottery", margins, 1, rho)[0]
    slack = t / 3 + (1 - t)
    pull = number(rho[0]) / t - number(rho[1]) / (1 - t) - number(rho[2]) * 2 / 3 / slack
    assert abs(pull) < CLOSE
    for power in (6, 12):
        p = lottery("grpo2", margins, Fraction(1, 10**power), rho)
        assert abs(p[0] - t) < mp.mpf(10) ** -power


# -- the group size decides ---------------------------------------------------------------

FRESH = [(2, (1, 0)), (1, (0, 6))]


def signed(rows, size: int | str, per: str) -> float:
    """P(1) at the even policy, every group enumerated with each rater drawn."""
    name = f"grpo-{size}" if size == "inf" else f"grpo{size}"
    rule = gs.rule(f"{name}-answer" if per == "answer" else name)
    n = len(rows[0][1])
    with ctx.workprec(100):
        even = [as_arb(Fraction(1, n))] * n
        found = expected_advantage(rule, gs.Electorate(rows), even, 0)
        assert not found.contains(0)
        return float(found.mid())


def test_fresh_raters_the_group_size_reverses_a_preference() -> None:
    """Two of three prefer the first by 1, one the second by 6: pairs count, large groups add up."""
    signs = {size: signed(FRESH, size, "answer") for size in (2, 3, 4, 5, "inf")}
    assert signs[2] > 0 > signs["inf"]
    flips = [a for a, b in ((2, 3), (3, 4), (4, 5), (5, "inf")) if signs[a] > 0 > signs[b]]
    assert len(flips) == 1  # it turns once
    # By samples of the same groups, drawn here: rater and answer for each member.
    random = np.random.default_rng(5)
    for size in (2, 5):
        answers = random.integers(0, 2, (400_000, size))
        answers[:, 0] = 0
        judges = random.choice(2, (400_000, size), p=[2 / 3, 1 / 3])
        rewards = np.array([row for _, row in FRESH], float)[judges, answers]
        spread = rewards.std(axis=1)
        away = rewards[:, 0] - rewards.mean(axis=1)
        sample = np.where(spread > 0, away / np.where(spread > 0, spread, 1), 0)
        error = sample.std() / np.sqrt(len(sample))
        assert abs(sample.mean() - signs[size]) < 4.5 * error
        assert (sample.mean() > 4.5 * error) == (signs[size] > 0)


@pytest.mark.parametrize(
    ("rows", "per", "sizes"),
    [
        (FRESH, "answer", (2, 6)),
        ([(1, (1, 0, 0)), (3, (1, 0, 6)), (3, (1, 6, 0))], "group", (2, 4)),
    ],
)
def test_sampled_training_turns_with_the_group_size(rows, per: str, sizes) -> None:
    """The first answer gains in groups of two and loses in larger ones, by samples alone."""
    n = len(rows[0][1])
    question = gs.Question(raters=gs.Electorate(rows), per=per)
    for size, sign in zip(sizes, (1, -1), strict=True):
        found = gs.stationary_policy(gs.GRPO(size), question).simulate(
            groups=32, steps=400, learning_rate=0.2, seeds=64, seed=1, extrapolate=False,
            beta=1, pi_ref=(Fraction(1, n),) * n,
        )  # fmt: skip
        gain = float(found.rest[0]) - 1 / n
        assert sign * gain > 4 * float(found.rest_error[0]) > 0
        assert sign * signed(rows, size, per) > 0


def test_one_rater_a_group_the_size_decides_between_three_answers() -> None:
    """The majority's first answer wins among pairs; a third answer mutes that vote."""
    rows = [(1, (1, 0, 0)), (3, (1, 0, 6)), (3, (1, 6, 0))]
    votes = gs.Electorate(rows)
    assert votes.margins[0] == (0, Fraction(1, 7), Fraction(1, 7))
    signs = {size: signed(rows, size, "group") for size in (2, 3, 4, 6, "inf")}
    assert signs[2] > 0
    assert signs["inf"] < signs[6] < signs[4] < 0
    found = {
        name: gs.rule(name).lottery(votes, None, "1/4").floats() for name in ("grpo2", "grpo4")
    }
    assert max(found["grpo2"]) == found["grpo2"][0]
    assert min(found["grpo4"]) == found["grpo4"][0]
