"""The implicit objective, against quadrature of the definition and closed-loop integrals."""

import json
from functools import cache
from itertools import product
from math import comb

import mpmath as mp
import pytest
from sympy import Integral, Rational, S, Symbol, asin, lambdify, log, oo, sqrt

from grpo_symbolic import (
    GRPO,
    IPO,
    NLHF,
    RLHF,
    BinaryQuestion,
    DirectKL,
    Divergence,
    Estimator,
    LeaveOneOut,
    MeanScale,
    Question,
    ShiftAndScale,
    ShiftOnly,
    Status,
    presets,
    symbols,
)
from grpo_symbolic.analysis.curl import CurlCertificate
from grpo_symbolic.analysis.potential import Potential, potential

P, P0, BETA, GAP = symbols.pi, symbols.pi_ref, symbols.beta, symbols.gap
BINARY = BinaryQuestion()
THREE = Question(rewards=(2, 1, 0))


def advantage(own, group):
    """(r − mean)/std, 0/0 = 0, on a list of numbers."""
    mean = mp.fsum(group) / len(group)
    std = mp.sqrt(mp.fsum((r - mean) ** 2 for r in group) / len(group))
    return (own - mean) / std if std else mp.mpf(0)


@cache
def gaps(size):
    """The advantage of reward 1 less that of reward 0, by how many of the others have reward 1."""
    found = []
    for k in range(size):
        others = [1] * k + [0] * (size - 1 - k)
        found.append(advantage(1, [1, *others]) - advantage(0, [0, *others]))
    return found


def drift(size, m):
    """D_G(m): the mean of the gap over binomial others."""
    chances = (comb(size - 1, k) * m**k * (1 - m) ** (size - 1 - k) for k in range(size))
    return mp.fsum(chance * gap for chance, gap in zip(chances, gaps(size), strict=True))


def preferences(size, rewards, policy):
    """P_G(o) for deterministic rewards, by enumerating every group."""
    found = []
    for own in rewards:
        total = mp.mpf(0)
        for others in product(range(len(rewards)), repeat=size - 1):
            chance = mp.fprod(policy[o] for o in others)
            total += chance * advantage(own, [own, *(rewards[o] for o in others)])
        found.append(total)
    return found


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 20])
def test_the_potential_is_the_integral_of_the_drift(size: int) -> None:
    found = lambdify(P, potential(GRPO(size), BINARY).drift, "mpmath")
    for p in (mp.mpf("0.07"), mp.mpf("0.6"), mp.mpf("0.93")):
        expected = mp.quad(lambda t: drift(size, t), [0, p])
        assert found(p) == pytest.approx(expected, rel=1e-12)


def test_the_slope_in_a_group_of_256() -> None:
    """The slope of Φ by central differences against the binomial sum."""
    value = potential(GRPO(256), BINARY).drift
    with mp.workdps(30):
        p, step = Rational(3, 10), Rational(1, 10**6)
        high, low = (mp.mpf(str(value.subs(P, p + s).evalf(30))) for s in (step, -step))
        slope = (high - low) / (2 * mp.mpf(10) ** -6)
        m = mp.mpf(3) / 10
        expected = mp.fsum(
            comb(254, k) * m**k * (1 - m) ** (254 - k) * mp.mpf(255)
            / mp.sqrt((k + 1) * (255 - k))
            for k in range(255)
        )  # fmt: skip
        assert mp.almosteq(slope, expected, 1e-9)


@pytest.mark.parametrize("penalty", [None, DirectKL(), Divergence.jensen_shannon()])
def test_large_groups_climb_an_arcsine(penalty: object) -> None:
    algorithm = GRPO(oo) if penalty is None else GRPO(oo, penalty)
    assert potential(algorithm, BINARY).drift == 2 * asin(sqrt(P))


def test_noise_moves_the_arcsine_to_the_mixture() -> None:
    question = BinaryQuestion(success=(Rational(4, 5), Rational(1, 5)))
    for size in (3, 6, oo):
        found = lambdify(P, potential(GRPO(size), question).drift, "mpmath")
        start, end = mp.mpf("0.25"), mp.mpf("0.75")
        slope = (lambda m: 1 / mp.sqrt(m * (1 - m))) if size == oo else (lambda m: drift(size, m))  # noqa: B023
        # P(a) − P(b) = (s_a − s_b) D(m), m = s_b + (s_a − s_b) p, integrated over p.
        expected = mp.quad(lambda p: 0.6 * slope(0.2 + 0.6 * p), [start, end])  # noqa: B023
        assert found(end) - found(start) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("penalty", "divergence"),
    [
        (Estimator("k3"), lambda p, q: q * mp.log(q / p)),
        (DirectKL(), lambda p, q: p * mp.log(p / q)),
        (Estimator("k2"), lambda p, q: p * mp.log(p / q)),
        (Estimator("k1", "reward"), lambda p, q: p * mp.log(p / q)),
        (Estimator("k1"), lambda p, q: mp.mpf(0)),
        (Estimator("abs"), lambda p, q: abs(p - q)),
        (Divergence.chi_squared(), lambda p, q: (p - q) ** 2 / (2 * q)),
        (Divergence.hellinger(), lambda p, q: (mp.sqrt(p) - mp.sqrt(q)) ** 2 / 2),
        (
            Divergence.jensen_shannon(),
            lambda p, q: (p * mp.log(2 * p / (p + q)) + q * mp.log(2 * q / (p + q))) / 2,
        ),
    ],
)
def test_the_penalty_is_the_divergence_it_acts_as(penalty, divergence) -> None:
    found = lambdify((P, P0), potential(GRPO(2, penalty), BINARY).penalty, "mpmath")
    for p, q in ((mp.mpf("0.8"), mp.mpf("0.3")), (mp.mpf("0.2"), mp.mpf("0.5"))):
        expected = divergence(p, q) + divergence(1 - p, 1 - q)
        # A jump under the integral limits the quadrature for |log u|.
        assert found(p, q) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_two_levels_and_many_answers() -> None:
    """Finite differences of Φ against groups enumerated one by one."""
    found = potential(GRPO(4), Question(rewards=(1, 1, 0)))
    phi = lambdify([symbols.policy(1), symbols.policy(2)], found.drift, "mpmath")
    point, step = (mp.mpf("0.2"), mp.mpf("0.35")), mp.mpf(10) ** -5
    values = preferences(4, (1, 1, 0), (*point, 1 - sum(point)))
    for i in range(2):
        up, down = list(point), list(point)
        up[i], down[i] = up[i] + step, down[i] - step
        slope = (phi(*up) - phi(*down)) / (2 * step)
        assert slope == pytest.approx(values[i] - values[2], rel=1e-8)


def test_unscaled_rules_and_baselines_climb_the_expected_reward() -> None:
    ordered = Question.symbolic(3)
    one, two, three = ordered.rewards
    first, second = ordered.policy[:2]
    above_worst = first * (one - three) + second * (two - three)
    for algorithm, factor in (
        (RLHF(), 1),
        (GRPO(3, advantage=ShiftOnly()), Rational(2, 3)),
        (GRPO(oo, advantage=ShiftOnly()), 1),
        (GRPO(2, advantage=LeaveOneOut()), 1),
    ):
        found = potential(algorithm, ordered)
        assert isinstance(found, Potential)
        assert (found.drift - factor * above_worst).expand() == 0
    assert (
        potential(GRPO(symbols.G, advantage=ShiftOnly()), BINARY).drift.subs(symbols.G, 5)
        == Rational(4, 5) * GAP * P
    )
    assert potential(NLHF(), BinaryQuestion(margin=symbols.gamma)).drift == symbols.gamma * P / 2
    assert potential(IPO(), ordered).conservative
    assert not potential(NLHF(), ordered).conservative


def test_rewards_over_their_mean_climb_a_logarithm() -> None:
    found = potential(GRPO(oo, advantage=MeanScale()), Question(rewards=(1, 0))).drift
    assert found == log(symbols.policy(1))


def test_dropped_groups_divide_by_their_chance() -> None:
    found = potential(GRPO(2, mixed_only=True), BINARY)
    phi = lambdify(P, found.drift, "mpmath")
    assert phi(mp.mpf("0.8")) == pytest.approx(mp.log(4) / 2)
    force = lambdify((P, P0), found.penalty, "mpmath")
    # In a mixed pair each answer appears once: d = 1 - u counts 1/(2 pi(o)) times.
    expected = mp.quad(
        lambda p: (1 - 0.3 / p) / (2 * p) - (1 - 0.7 / (1 - p)) / (2 * (1 - p)),
        [mp.mpf("0.3"), mp.mpf("0.6")],
    )
    assert force(mp.mpf("0.6"), mp.mpf("0.3")) == pytest.approx(expected, rel=1e-10)
    later = potential(GRPO(5, mixed_only=True), BINARY)
    phi = lambdify(P, later.drift, "mpmath")
    expected = mp.quad(lambda t: drift(5, t) / (1 - t**5 - (1 - t) ** 5), [0.4, 0.7])
    assert phi(mp.mpf("0.7")) - phi(mp.mpf("0.4")) == pytest.approx(expected, rel=1e-10)


def test_without_a_closed_form_the_integral_stays() -> None:
    found = potential(GRPO(oo, advantage=ShiftAndScale(epsilon=Rational(1, 10))), Question(
        rewards=(1, 0)
    ))  # fmt: skip
    assert found.drift.has(Integral)
    value = lambdify(symbols.policy(1), found.drift, "mpmath")(mp.mpf("0.5"))
    expected = mp.quad(lambda t: 1 / (mp.sqrt(t * (1 - t)) + 0.1), [0, 0.5])
    assert value == pytest.approx(expected, rel=1e-8)
    assert found.verify().status is Status.PROVED


@pytest.mark.parametrize(
    ("algorithm", "question"),
    [
        (GRPO(4), BINARY),
        (GRPO(64, DirectKL()), BINARY),
        (GRPO(symbols.G), BINARY),
        (GRPO(oo), BinaryQuestion(success=symbols.success)),
        (GRPO(8), Question(success=(1, Rational(1, 2), Rational(1, 3), 0))),
        (RLHF(), Question.symbolic(3)),
        (GRPO(2, mixed_only=True), BINARY),
    ],
)
def test_every_claim_is_proved(algorithm, question) -> None:
    found = potential(algorithm, question)
    report = found.verify()
    assert report.status is Status.PROVED
    assert len(report) >= 2 * (len(question) - 1) + 2


def test_a_wrong_potential_is_refuted() -> None:
    found = potential(GRPO(4), BINARY)
    wrong = Potential(
        found.condition, found.drift, found.penalty + P, found.origin, found.profile, found.mass
    )
    assert wrong.verify().status is Status.REFUTED


def test_presets_stand_for_their_algorithms() -> None:
    preset = presets.dr_grpo()
    assert potential(preset, BINARY).drift == potential(preset.algorithm, BINARY).drift


def loop(size, centre, radius):
    """∮ C·dπ around a small circle in (π(1), π(2)), from enumerated groups."""

    def speed(angle):
        one = centre[0] + radius * mp.cos(angle)
        two = centre[1] + radius * mp.sin(angle)
        value = preferences(size, (2, 1, 0), (one, two, 1 - one - two))
        c = [value[0] - value[2], value[1] - value[2]]
        return radius * (c[1] * mp.cos(angle) - c[0] * mp.sin(angle))

    return mp.quad(speed, mp.linspace(0, 2 * mp.pi, 5), maxdegree=4)


@pytest.mark.parametrize("size", [2, 3])
def test_around_a_loop_the_field_does_work(size: int) -> None:
    """Green's theorem: the work around a small circle is −curl times its area."""
    found = potential(GRPO(size), THREE)
    assert isinstance(found, CurlCertificate)
    assert not found.conservative
    centre = [mp.mpf(w.p) / w.q for w in found.policy[:2]]
    radius = mp.mpf("0.02")
    work = loop(size, centre, radius) / (mp.pi * radius**2)
    assert work == pytest.approx(-float(found.curl), rel=1e-3)
    assert abs(work) > 1


def test_large_groups_and_three_levels() -> None:
    """Cross derivatives of (r − mean)/σ by finite differences at the certificate's point."""
    found = potential(GRPO(oo), THREE)
    step = mp.mpf(10) ** -5

    def c(i, one, two):
        variance = 4 * one + two - (2 * one + two) ** 2
        return (2, 1)[i] / mp.sqrt(variance)

    one, two = (mp.mpf(w.p) / w.q for w in found.policy[:2])
    first = (c(0, one, two + step) - c(0, one, two - step)) / (2 * step)
    second = (c(1, one + step, two) - c(1, one - step, two)) / (2 * step)
    assert [float(v) for v in found.cross] == pytest.approx([first, second], abs=1e-7)
    assert found.curl == 3 * sqrt(6) / 4


def test_relabelling_turns_the_curl() -> None:
    """Exchanging the first two answers exchanges the two cross derivatives at a symmetric point."""
    straight = potential(GRPO(3), THREE)
    turned = potential(GRPO(3), THREE.permuted((1, 0, 2)))
    assert straight.policy == turned.policy == (Rational(1, 3),) * 3
    assert turned.cross == straight.cross[::-1]
    assert turned.curl == -straight.curl != 0


def test_a_certificate_proves_itself_and_is_plain_data() -> None:
    found = potential(GRPO(3), Question.symbolic(3))
    assert found.verify().status is Status.PROVED
    again = json.loads(json.dumps(found.as_dict()))
    assert again["policy"] == ["1/3", "1/3", "1/3"]
    assert not again["conservative"]
    assert again["point"]["r_2"] == "1"
    assert str(found).startswith("not a gradient field: with C_i = P(i) - P(3), at pi = (1/3,")
    first, second = found.cross
    wrong = CurlCertificate(found.algorithm, found.question, found.pair, found.point,
                            (first + 1, second))  # fmt: skip
    assert wrong.verify().status is Status.REFUTED


def test_dropped_groups_with_several_right_answers_have_no_objective() -> None:
    """The penalty is what fails: it weighs an answer by the chance of its class."""
    found = potential(GRPO(2, mixed_only=True), Question(rewards=(1, 1, 0)))
    assert found.penalised
    one, two = (mp.mpf(found.point[s].p) / found.point[s].q for s in found.question.policy[:2])
    values = {str(s): mp.mpf(v.p) / v.q for s, v in found.point.items()}
    ref = [values["pi_ref_1"], values["pi_ref_2"]]
    beta, step = values["beta"], mp.mpf(10) ** -5

    def c(i, one, two):
        m = one + two
        rates = (1 / (2 * m), 1 / (2 * (1 - m)))  # a mixed pair has one answer of each kind
        own = rates[0] * (1 - ref[i] / (one, two)[i])
        last = rates[1] * (1 - (1 - sum(ref)) / (1 - m))
        return 1 / (2 * m * (1 - m)) - beta * (own - last)

    first = (c(0, one, two + step) - c(0, one, two - step)) / (2 * step)
    second = (c(1, one + step, two) - c(1, one - step, two)) / (2 * step)
    assert [float(v) for v in found.cross] == pytest.approx([first, second], rel=1e-6)
    assert found.verify().status is Status.PROVED


def test_scores_are_decided_in_balls() -> None:
    found = potential(GRPO(2), Question(scores=(2, 1, 0)))
    assert isinstance(found, CurlCertificate)
    # gamma = tanh(difference/2); the curl is their sum around the triangle.
    around = 2 * mp.tanh(mp.mpf(1) / 2) - mp.tanh(1)
    assert abs(float(found.curl)) == pytest.approx(2 * around)
    assert found.verify().status is Status.PROVED


def test_margins_that_add_up_have_an_objective() -> None:
    a, b = Rational(1, 5), Rational(2, 5)
    question = Question(preferences=((0, a, a + b), (-a, 0, b), (-a - b, -b, 0)))
    first, second = question.policy[:2]
    assert potential(GRPO(2), question).drift == (a + b) * first + b * second


def test_what_is_not_a_question_is_refused() -> None:
    with pytest.raises(ValueError, match="question must be"):
        potential(GRPO(2), Symbol("q"))
    with pytest.raises(ValueError, match="algorithm must be"):
        potential(S.One, BINARY)


def test_latex_and_repr_name_both_parts() -> None:
    found = potential(GRPO(oo), BINARY)
    assert r"\beta" in found.latex()
    assert r"\sqrt{\pi(a)}" in found.latex()
    assert repr(found).startswith("Potential(drift=2*asin(sqrt(pi))")
    assert found.expression == found.drift - BETA * found.penalty
