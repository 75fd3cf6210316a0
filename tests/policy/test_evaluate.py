"""Float64 evaluation against the definition, solved by bisection in 2400-bit balls.

The condition is written down here once more, from the group: K better answers among G, the
advantage of the better level, its expectation. Nothing of the library's equations is used.
"""

import math
import pickle
import warnings
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from flint import arb, arb_poly, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Rational, oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.advantage import LeaveOneOut, ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, RLHF
from grpo_symbolic.model.penalty import DirectKL, Divergence, Estimator, Penalty, ReverseKL
from grpo_symbolic.numeric.interpolant import DyadicTable
from grpo_symbolic.policy.evaluate import NoStationaryPolicy
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy

BITS = 2400
SMALLEST_NORMAL = 2.0**-1022
ULP = 2.0**-52
DIGITS = 60


@lru_cache(maxsize=64)
def policy(size: object = 2, kind: str = "reverse", question: str = "rewards") -> StationaryPolicy:
    penalties = {"reverse": {}, "direct": {"penalty": DirectKL()}}
    questions = {
        "rewards": BinaryQuestion(),
        "margin": BinaryQuestion(margin=symbols.gamma),
        "noisy": BinaryQuestion(success=symbols.success),
    }
    return stationary_policy(GRPO(size, **penalties[kind]), questions[question])


# -- the definition ------------------------------------------------------------------


@lru_cache(maxsize=64)
def _terms(size: int) -> arb_poly:
    """C(G, k) √(k (G − k))/G by powers of the odds: what a group expects of its deviation."""
    with ctx.workprec(BITS):
        ways = [math.comb(size, k) for k in range(size + 1)]
        return arb_poly([arb(w) * arb(k * (size - k)).sqrt() / size for k, w in enumerate(ways)])


def deviation(size: float, p: arb, q: arb) -> arb:
    """The expected standard deviation of rewards 1 and 0 in a group."""
    if math.isinf(size):
        return (p * q).sqrt()
    return _terms(int(size))(p / q) * q ** int(size)


def solved(balance: Callable[[arb, arb], arb]) -> tuple[arb, arb]:
    """p and 1 − p where a falling balance of both is 0, by bisection of the odds."""
    with ctx.workprec(BITS):

        def sign(odds: arb) -> int:
            value = balance(odds / (1 + odds), 1 / (1 + odds))
            return 1 if value > 0 else -1 if value < 0 else 0

        low, high = -2400, 2400
        while high - low > 1:
            middle = (low + high) // 2
            found = sign(arb(fmpq(2) ** middle))
            if found == 0:
                low = high = middle
            elif found > 0:
                low = middle
            else:
                high = middle
        left, right = arb(fmpq(2) ** low), arb(fmpq(2) ** high)
        for _ in range(100):
            middle = ((left + right) / 2).mid()
            found = sign(middle)
            if found >= 0:
                left = middle
            if found <= 0:
                right = middle
        odds = ((left + right) / 2).mid()
        return odds / (1 + odds), 1 / (1 + odds)


def crossing(size: float, beta: float, pi_ref: float) -> tuple[arb, arb]:
    weight, reference = arb(beta), arb(pi_ref)
    return solved(lambda p, q: deviation(size, p, q) - weight * (p - reference))


def relative_error(found: float, exact: arb) -> float:
    """0 for a number that float64 does not hold to full precision."""
    with ctx.workprec(BITS):
        if exact < SMALLEST_NORMAL:
            assert found < 2 * SMALLEST_NORMAL
            return 0.0
        return abs(float(((arb(found) - exact) / exact).mid()))


def both(p: StationaryPolicy, **values: object) -> tuple[float, float]:
    return p.evaluate(**values), p.evaluate(**values, complement=True)


weights = st.one_of(
    st.floats(-3, 2).map(lambda e: 10**e),
    st.floats(-300, 300).map(lambda e: 10**e),
)
references = st.one_of(
    st.floats(1e-6, 0.999),
    st.floats(-323, -0.5).map(lambda e: 10**e),
    st.integers(1, 53).map(lambda k: 1 - 2.0**-k),
    st.just(5e-324),
)


# -- one crossing ------------------------------------------------------------------------


@settings(max_examples=90)
@given(
    st.sampled_from([3, 4, 5, 8, 13, 64]), weights, references, st.booleans(), st.floats(-17, -1)
)
def test_both_shares_everywhere(size, beta, pi_ref, near, distance):
    if near:  # of the weight at which the policy leaves 0
        beta = math.sqrt(size - 1) * (1 + 10**distance)
    exact = crossing(size, beta, pi_ref)
    for found, share in zip(both(policy(size), beta=beta, pi_ref=pi_ref), exact, strict=True):
        assert relative_error(found, share) <= 4e-15


@pytest.mark.parametrize("pi_ref", [5e-324, 1e-300, 1e-20, 0.5, 1 - 2.0**-53])
def test_at_the_escape_threshold_exactly(pi_ref):
    exact = crossing(5, 2.0, pi_ref)  # √(G − 1) = 2
    for found, share in zip(both(policy(5), beta=2.0, pi_ref=pi_ref), exact, strict=True):
        assert relative_error(found, share) <= 4e-15


@pytest.mark.parametrize("beta", [1e-300, 1e-3, 1.0, 31.98437118380664, 40.0, 1e300])
@pytest.mark.parametrize("pi_ref", [1e-9, 0.3])
def test_groups_of_1024(beta, pi_ref):
    exact = crossing(1024, beta, pi_ref)
    for found, share in zip(both(policy(1024), beta=beta, pi_ref=pi_ref), exact, strict=True):
        assert relative_error(found, share) <= 4e-15


def test_the_limit_of_no_reference():
    # β ≥ √(G − 1): nothing stays; below it, the zero of β p = h(p) inside.
    assert policy(5).evaluate(beta=2.5, pi_ref=0.0) == 0
    assert policy(5).evaluate(beta=2.0, pi_ref=0.0) == 0
    left = crossing(5, 1.5, 1e-300)[0]
    assert relative_error(policy(5).evaluate(beta=1.5, pi_ref=0.0), left) <= 4e-15
    assert both(policy(5), beta=1.5, pi_ref=1.0) == (1.0, 0.0)


def test_group_size_as_an_argument():
    sizes = np.array([2, 3, 8, 64])
    beta = np.array([[0.1], [1.7], [30.0]])
    found = policy(symbols.G).evaluate(beta=beta, pi_ref=0.2, G=sizes)
    assert found.shape == (3, 4)
    for (row, column), value in np.ndenumerate(found):
        exact, _ = crossing(int(sizes[column]), beta[row, 0], 0.2)
        assert relative_error(value, exact) <= 4e-15


def test_a_large_group_has_little_to_add():
    # p_∞ − p_G is of the order of 1/G, and not negative.
    large = policy(symbols.G).evaluate(beta=0.7, pi_ref=0.2, G=np.array([2**12, 2**14]))
    limit = policy(oo).evaluate(beta=0.7, pi_ref=0.2)
    first, second = limit - large
    assert first > second > 0
    assert first / second == pytest.approx(4, rel=1e-3)


@settings(max_examples=25)
@given(weights, st.floats(1e-6, 0.999), st.sampled_from([(0.05, 0.6), (0.3, 1.0), (0.0, 0.95)]))
def test_noisy_verifiers(beta, pi_ref, rates):
    low, high = rates

    def balance(p: arb, q: arb) -> arb:
        a, b = arb(high), arb(low)
        m, rest = a * p + b * q, (1 - a) * p + (1 - b) * q
        drift = deviation(8, m, rest) / (m * rest)
        return p * q * (a - b) * drift - arb(beta) * (p - arb(pi_ref))

    noisy = policy(8, "reverse", "noisy")
    found = both(noisy, beta=beta, pi_ref=pi_ref, s_a=high, s_b=low)
    for value, share in zip(found, solved(balance), strict=True):
        assert relative_error(value, share) <= 1e-14


# -- closed forms --------------------------------------------------------------------------


@settings(max_examples=150)
@given(weights, references, st.one_of(st.floats(0.01, 1), st.just(1.0)), st.booleans())
def test_pairs_to_four_units(beta, pi_ref, gamma, equal):
    beta = gamma if equal else beta

    def balance(p: arb, q: arb) -> arb:
        return p * q * arb(gamma) - arb(beta) * (p - arb(pi_ref))

    exact = solved(balance)
    pairs = policy(2, "reverse", "margin")
    found = both(pairs, beta=beta, pi_ref=pi_ref, gamma=gamma)
    for value, share in zip(found, exact, strict=True):
        assert relative_error(value, share) <= 4 * ULP


@settings(max_examples=150)
@given(weights, references)
def test_large_groups_to_four_units(beta, pi_ref):
    exact = crossing(math.inf, beta, pi_ref)
    for value, share in zip(both(policy(oo), beta=beta, pi_ref=pi_ref), exact, strict=True):
        assert relative_error(value, share) <= 4 * ULP


@settings(max_examples=200)
@given(st.sampled_from([2, 3]), st.floats(-3.5, 300).map(lambda e: 10**e), references)
def test_logistic_to_four_units(size, beta, pi_ref):
    with ctx.workprec(BITS):
        # At G = 2 and 3 the drift is constant: log-odds shift by D/β.
        shift = (arb(size - 1).sqrt() / arb(beta)).exp()
        share, rest = arb(pi_ref) * shift, 1 - arb(pi_ref)
        exact = share / (share + rest), rest / (share + rest)
    found = both(policy(size, "direct"), beta=beta, pi_ref=pi_ref)
    for value, expected in zip(found, exact, strict=True):
        assert relative_error(value, expected) <= 4 * ULP


def test_shift_only_near_its_threshold():
    shifted = stationary_policy(GRPO(4, advantage=ShiftOnly()), BinaryQuestion())
    for gap, beta, pi_ref in ((0.3, 0.225, 1e-20), (0.1, 0.075, 1e-30), (1.0, 0.75, 1e-200)):

        def balance(p: arb, q: arb, g: float = gap, b: float = beta, r: float = pi_ref) -> arb:
            return p * q * arb(g) * fmpq(3, 4) - arb(b) * (p - arb(r))

        found = both(shifted, beta=beta, pi_ref=pi_ref, gap=gap)
        for value, share in zip(found, solved(balance), strict=True):
            assert relative_error(value, share) <= 4 * ULP


def test_margin_zero_keeps_the_reference():
    pairs = policy(2, "reverse", "margin")
    found = pairs.evaluate(beta=[1.0, 2.0], pi_ref=0.3, gamma=[0.0, 1e-300])
    assert found.tolist() == pytest.approx([0.3, 0.3], rel=4 * ULP)


# -- several solutions ------------------------------------------------------------------------


def force_and_drift(size: float, beta: float, pi_ref: float, z: np.ndarray) -> np.ndarray:
    """Direct KL: drift − β z on a grid of log-odds z above the reference, in float64."""
    y = z + math.log(pi_ref) - math.log1p(-pi_ref)
    p, q = 1 / (1 + np.exp(-y)), 1 / (1 + np.exp(y))
    if math.isinf(size):
        return 1 / np.sqrt(p * q) - beta * z
    k = np.arange(1, int(size))[:, None]
    ways = np.array([math.comb(int(size), int(j)) for j in k.ravel()], float)[:, None]
    deviations = np.sqrt(k * (size - k)) / size
    return (ways * deviations * p ** (k - 1) * q ** (size - k - 1)).sum(axis=0) - beta * z


@settings(max_examples=40)
@given(
    st.sampled_from([4, 8, 64, math.inf]),
    st.floats(-0.9, 0.9).map(lambda e: 10**e),
    st.floats(-12, -0.1).map(lambda e: 10**e),
)
def test_all_branches_of_direct_kl(size, beta, pi_ref):
    z = np.linspace(0, 120, 12001)
    signs = np.sign(force_and_drift(size, beta, pi_ref, z))
    places = np.flatnonzero(np.diff(signs))
    direct = policy(oo if math.isinf(size) else size, "direct")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoStationaryPolicy)
        found = direct.evaluate(beta=beta, pi_ref=pi_ref, branch="all")
        reached = direct.evaluate(beta=beta, pi_ref=pi_ref)
        lowest, highest = (
            direct.evaluate(beta=beta, pi_ref=pi_ref, branch=b) for b in ("lowest", "highest")
        )
    at = np.log(found) - np.log1p(-found) - math.log(pi_ref) + math.log1p(-pi_ref)
    assert len(found[~np.isnan(found)]) == len(places)
    if not len(places):
        assert np.isnan([reached, lowest, highest]).all()
        return
    for value, place in zip(at, places, strict=True):
        assert z[place] - 1e-6 <= value <= z[place + 1] + 1e-6
    assert (lowest, highest) == (found[0], found[-1])
    # The drift pushes up at the reference, so the flow stops at the first solution above it.
    assert reached == found[0]


@pytest.mark.parametrize("pi_ref", [1e-6, 0.01, 0.3, 0.7, 0.99])
def test_the_fold_of_large_groups_under_direct_kl(pi_ref):
    # Two solutions meet where β = sinh t with t − coth t = ½ logit π_ref.
    low, high = 1e-6, 50.0
    for _ in range(200):
        t = (low + high) / 2
        if t - 1 / math.tanh(t) < 0.5 * math.log(pi_ref / (1 - pi_ref)):
            low = t
        else:
            high = t
    fold = math.sinh(low)
    direct = policy(oo, "direct")
    steps = np.array([-1e-2, -1e-5, 1e-5, 1e-2])
    with pytest.warns(NoStationaryPolicy, match="2 of 4 points"):
        found = direct.evaluate(beta=fold * (1 + steps), pi_ref=pi_ref, branch="all")
    assert (~np.isnan(found)).sum(axis=1).tolist() == [0, 0, 2, 2]
    lower, upper = (
        direct.evaluate(beta=2 * fold, pi_ref=pi_ref, branch=b) for b in ("attracting", "highest")
    )
    assert lower < 1 / (1 + math.exp(-2 * low)) < upper


def test_the_far_solution_next_to_a_fold():
    """There the drift grows like an exponential, and Newton's steps are short ones."""
    direct = policy(oo, "direct")
    beta, reference = 5.628680314804449, 0.9439276200125856
    found = direct.evaluate(beta=beta, pi_ref=reference, branch="all")
    proved = direct.solutions(beta=repr(beta), pi_ref=repr(reference))
    assert np.allclose(found, [float(s.policy[0]) for s in proved], rtol=1e-13, atol=0)


def test_three_solutions_and_the_one_that_the_flow_reaches():
    direct = policy(64, "direct")
    beta, pi_ref = 0.3231, 1e-5
    found = direct.evaluate(beta=beta, pi_ref=pi_ref, branch="all")
    assert found.shape == (3,)
    first = direct.evaluate(beta=beta, pi_ref=pi_ref)
    assert first == found[0]
    z = np.linspace(1e-9, math.log(first / (1 - first) * (1 - pi_ref) / pi_ref) - 1e-9, 1000)
    assert (force_and_drift(64, beta, pi_ref, z) > 0).all()


def test_no_penalty_holds_nothing():
    free = stationary_policy(GRPO(4, Estimator("k1", "loss")), BinaryQuestion())
    assert free.evaluate(beta=[0.5, 1.0], pi_ref=0.3).tolist() == [1, 1]
    assert free.evaluate(beta=[0.5, 1.0], pi_ref=0.3, complement=True).tolist() == [0, 0]


@pytest.mark.parametrize("branch", ["attracting", "lowest", "highest", "all"])
def test_where_there_is_none_one_warning_says_why(branch):
    beta = np.array([0.1, 0.2, 0.3, 4.0])
    with pytest.warns(NoStationaryPolicy, match="penalty does not hold the drift") as caught:
        found = policy(oo, "direct").evaluate(beta=beta, pi_ref=0.3, branch=branch)
    assert len(caught) == 1
    assert np.isnan(found[:3]).all()
    assert not np.isnan(found[3]).any()


def test_a_bounded_penalty_gives_an_answer_up():
    squared = stationary_policy(GRPO(2, Divergence.chi_squared()), BinaryQuestion())
    # D = 1 against β (p − p₀)/(p₀ q₀): the force at p = 1 is β/p₀.
    assert squared.evaluate(beta=0.1, pi_ref=0.4) == 1
    assert squared.evaluate(beta=0.1, pi_ref=0.4, complement=True) == 0
    assert squared.evaluate(beta=1.0, pi_ref=0.4) == pytest.approx(0.64, rel=1e-15)


@pytest.mark.parametrize(
    ("algorithm", "question", "values"),
    [
        (GRPO(8, Divergence.jensen_shannon()), BinaryQuestion(), {}),
        (GRPO(6, mixed_only=True), BinaryQuestion(), {}),
        (GRPO(6, advantage=LeaveOneOut(scaled=True)), BinaryQuestion(), {"gap": 0.8}),
        (
            GRPO(oo, advantage=ShiftAndScale(epsilon=symbols.epsilon)),
            BinaryQuestion(),
            {"epsilon": 0.02},
        ),
        (GRPO(oo), BinaryQuestion(success=symbols.success), {"s_a": 0.9, "s_b": 0.25}),
        (RLHF(penalty=Divergence.hellinger()), BinaryQuestion(), {"gap": 0.5}),
    ],
)
def test_every_other_model_against_certified_solutions(algorithm, question, values):
    made = stationary_policy(algorithm, question)
    for beta, pi_ref in ((1.3, 0.2), (0.6, 0.04), (7.0, 0.9)):
        expected = sorted(
            (s.policy for s in made.solutions(digits=25, beta=beta, pi_ref=pi_ref, **values)),
            key=lambda pair: pair[0],
        )
        for share, complement in ((0, False), (1, True)):
            found = made.evaluate(
                beta=beta, pi_ref=pi_ref, branch="all", complement=complement, **values
            )
            assert found.tolist() == pytest.approx([float(s[share]) for s in expected], rel=1e-13)


def balance_of_groups(
    size: int, advantages: Callable[[int], tuple[mpf, mpf]], *, mixed: bool = False
) -> Callable[[mpf, mpf, mpf, mpf], mpf]:
    """Direct KL from the definition: V(a) − V(b) − β (ρ_a log p/p₀ − ρ_b log q/q₀), all
    expectations over the G − 1 companions of an answer; with groups dropped, over mixed groups.

    ``advantages`` are those of a better and a worse answer among k better ones.
    """

    with mp.workdps(DIGITS):
        gains = [
            math.comb(size - 1, k) * (advantages(k + 1)[0] - advantages(k)[1])
            for k in reversed(range(size))
        ]

    def balance(odds: mpf, beta: mpf, p0: mpf, q0: mpf) -> mpf:
        p, q = odds / (1 + odds), 1 / (1 + odds)
        drift = mp.polyval(gains, odds) * q ** (size - 1)
        rates = (1 - p ** (size - 1), 1 - q ** (size - 1)) if mixed else (1, 1)
        return drift - beta * (rates[0] * mp.log(p / p0) - rates[1] * mp.log(q / q0))

    return balance


def root_in_log_odds(balance: Callable[..., mpf], beta: float, pi_ref: float) -> tuple[mpf, mpf]:
    """p and 1 − p where the balance falls through 0 first above the reference, to 50 digits."""
    b, p0 = mpf(beta), mpf(pi_ref)
    q0 = 1 - p0
    odds = p0 / q0
    low, high = mpf(0), mpf(1)
    while balance(odds * mp.exp(high), b, p0, q0) > 0:
        low, high = high, high * 1.5
    for _ in range(240):
        middle = (low + high) / 2
        if balance(odds * mp.exp(middle), b, p0, q0) > 0:
            low = middle
        else:
            high = middle
    odds *= mp.exp(low)
    return odds / (1 + odds), 1 / (1 + odds)


def leave_one_out_scaled(size: int) -> Callable[[int], tuple[mpf, mpf]]:
    """Reward less the mean of the others, over their sample deviation where that is not 0."""

    def advantage(own: int, others: int) -> mpf:
        mean = mpf(others) / (size - 1)
        deviation = mp.sqrt(mean * (1 - mean) * (size - 1) / (size - 2))
        return (own - mean) / deviation if deviation else mpf(own - mean)

    return lambda k: (advantage(1, k - 1) if k else mpf(0), advantage(0, k))


def standardised(size: int) -> Callable[[int], tuple[mpf, mpf]]:
    def advantages(k: int) -> tuple[mpf, mpf]:
        mean = mpf(k) / size
        deviation = mp.sqrt(mean * (1 - mean))
        return ((1 - mean) / deviation, -mean / deviation) if deviation else (mpf(0), mpf(0))

    return advantages


FAR = {
    "leave one out": (
        GRPO(12, DirectKL(), LeaveOneOut(scaled=True)),
        balance_of_groups(12, leave_one_out_scaled(12)),
    ),
    "groups dropped": (
        GRPO(16, DirectKL(), mixed_only=True),
        balance_of_groups(16, standardised(16), mixed=True),
    ),
    "groups of 64": (GRPO(64, DirectKL()), balance_of_groups(64, standardised(64))),
}


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("beta", [0.02, 0.1, 0.7, 3.0])
@pytest.mark.parametrize("pi_ref", [1e-6, 0.3, 0.95])
def test_shares_next_to_0_keep_their_digits(name, beta, pi_ref):
    """The first solution above the reference, with log-odds of hundreds at small weights."""
    algorithm, balance = FAR[name]
    made = stationary_policy(algorithm, BinaryQuestion())
    with mp.workdps(DIGITS):
        expected = root_in_log_odds(balance, beta, pi_ref)
        for complement in (False, True):
            found = made.evaluate(beta=beta, pi_ref=pi_ref, branch="lowest", complement=complement)
            assert abs(mpf(found) / expected[complement] - 1) < 2e-13


def test_a_share_that_underflows_is_0():
    """No sentence about a penalty that holds nothing: it does, at log-odds beyond float64."""
    made = stationary_policy(GRPO(16, DirectKL(), mixed_only=True), BinaryQuestion())
    with mp.workdps(DIGITS):
        balance = balance_of_groups(16, standardised(16), mixed=True)
        assert root_in_log_odds(balance, 0.001, 0.3)[1] < mpf("1e-1000")
    assert both(made, beta=0.001, pi_ref=0.3) == (1.0, 0.0)
    found = made.evaluate(beta=np.array([0.001, 3.0]), pi_ref=0.3, branch="all")
    assert found[0, 0] == 1.0
    assert 0.3 < found[1, 0] < 1


# -- arrays ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made", [policy(2), policy(8), policy(4, "direct")], ids=["closed", "crossing", "scan"]
)
def test_broadcasting_is_evaluation_point_by_point(made):
    beta, pi_ref = np.array([[0.3], [1.0], [4.0]]), np.array([0.01, 0.5])
    found = made.evaluate(beta=beta, pi_ref=pi_ref)
    assert found.shape == (3, 2)
    for (i, j), value in np.ndenumerate(found):
        alone = made.evaluate(beta=beta[i, 0], pi_ref=pi_ref[j])
        assert isinstance(alone, float)
        assert alone == pytest.approx(value, rel=1e-15)
    assert made.evaluate(beta=beta, pi_ref=pi_ref, branch="all").shape == (3, 2, 1)
    assert made.evaluate(beta=[], pi_ref=0.5).shape == (0,)
    turned = made.evaluate(beta=np.asfortranarray(np.broadcast_to(beta, (3, 2))), pi_ref=pi_ref)
    assert np.array_equal(turned, found)


def test_blocks_do_not_show():
    rng = np.random.default_rng(1)
    beta, pi_ref = 10 ** rng.uniform(-2, 1, 70001), rng.random(70001)
    for made in (policy(2), policy(8)):
        whole = made.evaluate(beta=beta, pi_ref=pi_ref)
        for part in (slice(0, 5), slice(32766, 32771), slice(-3, None)):
            alone = made.evaluate(beta=beta[part], pi_ref=pi_ref[part])
            assert whole[part] == pytest.approx(alone, rel=1e-15)
        assert (np.diff(made.evaluate(beta=np.sort(beta), pi_ref=0.3)) <= 1e-15).all()


BAD = [
    ({"beta": [1.0, 2.0], "pi_ref": [0.1, 0.2, 0.3]}, "do not broadcast"),
    ({"beta": math.nan, "pi_ref": 0.1}, "beta must be a positive number, got nan"),
    ({"beta": 1.0, "pi_ref": [0.2, 1.5]}, r"pi_ref must be a probability.*got 1\.5"),
    ({"beta": 0.0, "pi_ref": 0.1}, "beta must be a positive number"),
    ({"beta": math.inf, "pi_ref": 0.1}, "beta must be a positive number"),
    ({"beta": "heavy", "pi_ref": 0.1}, "beta must be a positive number"),
    ({"beta": True, "pi_ref": 0.1}, "beta must be a positive number"),
    ({"beta": 1j, "pi_ref": 0.1}, "beta must be a positive number"),
    ({"beta": 1.0}, "missing argument 'pi_ref'"),
    ({"beta": 1.0, "pi_ref": 0.1, "mu": 1}, "unknown argument 'mu'"),
    ({"beta": 1.0, "pi_ref": 0.1, "branch": "best"}, "branch must be one of"),
    ({"beta": 1.0, "pi_ref": 0.1, "errors": "ignore"}, "errors must be one of"),
]


@pytest.mark.parametrize(("values", "sentence"), BAD)
@pytest.mark.parametrize(
    "made", [policy(2), policy(8), policy(4, "direct")], ids=["closed", "crossing", "scan"]
)
def test_bad_input_is_one_sentence(made, values, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        made.evaluate(**values)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("size", [8.0, 1, -3, 2**70, 2**63 + 1, True, [2, 3.5], "8"])
def test_group_sizes_that_are_none(size):
    made = policy(symbols.G)
    with pytest.raises(ValueError, match="G must be an integer between 2 and"):
        made.evaluate(beta=1.0, pi_ref=0.5, G=size)
    assert np.isnan(made.evaluate(beta=1.0, pi_ref=0.5, G=size, errors="nan")).all()


@pytest.mark.parametrize(
    "made", [policy(2), policy(8), policy(4, "direct")], ids=["closed", "crossing", "scan"]
)
def test_nan_at_exactly_the_bad_points(made):
    beta = np.array([1.0, math.nan, 3.0, -1.0, 2.0, math.inf])
    pi_ref = np.array([0.1, 0.2, 2.0, 0.5, 0.5, 0.5])
    found = made.evaluate(beta=beta, pi_ref=pi_ref, errors="nan")
    assert np.isnan(found).tolist() == [False, True, True, True, False, True]
    for k in (0, 4):
        assert found[k] == made.evaluate(beta=beta[k], pi_ref=pi_ref[k])
    with pytest.raises(ValueError, match="do not broadcast"):
        made.evaluate(beta=beta, pi_ref=[0.1, 0.2], errors="nan")


def test_too_many_group_sizes_are_refused_at_once():
    with pytest.raises(ValueError, match=r"at most 1000 distinct values of \(G\), got 5000"):
        policy(symbols.G).evaluate(beta=1.0, pi_ref=0.2, G=np.arange(2, 5002))


def test_many_success_rates_are_scanned_with_a_formula():
    noisy = policy(8, "reverse", "noisy")
    rates = np.linspace(0.1, 0.6, 80)
    found = noisy.evaluate(beta=0.4, pi_ref=0.2, s_a=0.9, s_b=rates)
    assert (np.diff(found) < 0).all()
    alone = noisy.evaluate(beta=0.4, pi_ref=0.2, s_a=0.9, s_b=rates[7])
    assert found[7] == pytest.approx(alone, rel=1e-13)


def test_parameters_that_are_tied():
    noisy = policy(2, "reverse", "noisy")
    with pytest.raises(ValueError, match="s_b < s_a"):
        noisy.evaluate(beta=1.0, pi_ref=0.2, s_a=0.3, s_b=[0.1, 0.5])
    found = noisy.evaluate(beta=1.0, pi_ref=0.2, s_a=0.3, s_b=[0.1, 0.5], errors="nan")
    assert np.isnan(found).tolist() == [False, True]


def test_policies_and_their_evaluation_survive_pickling():
    for made in (policy(2), policy(8), policy(4, "direct"), policy(2, "direct"), policy(symbols.G)):
        values = {"beta": 0.7, "pi_ref": 0.2} | ({"G": 8} if made is policy(symbols.G) else {})
        before = made.evaluate(**values)
        again = pickle.loads(pickle.dumps(made))
        assert again == made
        assert again.evaluate(**values) == before
        kernel = pickle.loads(pickle.dumps(made.evaluator))
        assert kernel(complement=False, branch="attracting", errors="raise", **values) == before


# -- the table -------------------------------------------------------------------------------


def test_tables_are_accurate_between_their_nodes():
    rng = np.random.default_rng(2)
    x = np.sort(np.concatenate([10 ** rng.uniform(-12, math.log10(0.5), 200), [0.0, 0.5]]))
    with ctx.workprec(300):
        table = DyadicTable.of(lambda p: (1 - p) / (arb(1) / 50 + p).sqrt(), 400)
        assert table is not None
        found = table(x)
        for k, point in enumerate(x):
            p = arb(float(point))
            exact = (1 - p) / (arb(1) / 50 + p).sqrt()
            rest = exact - arb(float(found.leading[k])) - arb(float(found.rest[k]))
            assert abs(float((rest / exact).mid())) < 2e-17 + 4e-16 * abs(float(found.rest[k]))
    values = table.value(x)
    assert all(left >= right for left, right in pairwise(values))


def test_a_function_with_a_kink_has_no_table():
    assert DyadicTable.of(lambda p: abs(p - arb(fmpq(1, 3))) + 1, 4) is None


def test_one_number_may_be_text() -> None:
    """As for solutions(): (1 - 1/2 + sqrt(1/4 + 1/2))/2 at beta = 1/2, pi_ref = 1/4."""
    pairs = stationary_policy(GRPO(2), BinaryQuestion())
    assert pairs.evaluate(beta="1/2", pi_ref="0.25") == pytest.approx((1 + 3**0.5) / 4, rel=1e-15)
    with pytest.raises(ValueError, match="beta must be a positive number, got 'x'"):
        pairs.evaluate(beta="x", pi_ref=0.5)


@pytest.mark.parametrize("size", [63, 256])
@pytest.mark.parametrize("penalty", [ReverseKL(), DirectKL(), Estimator("k3", "loss-with-ratio")])
def test_large_groups_that_are_dropped_are_balanced_in_float64(size: int, penalty: Penalty) -> None:
    """The chance of a mixed group is a sum of powers, which takes log G operations a point."""
    algorithm = GRPO(size, penalty, mixed_only=True)
    policy = stationary_policy(algorithm, BinaryQuestion(success=(Rational(9, 10), Rational(1, 5))))
    weights = np.geomspace(0.02, 20, 2_000)
    found = policy.evaluate(beta=weights, pi_ref=0.3)
    assert not np.isnan(found).any()
    for place in (1_300, 1_600, 1_990):
        p = mpf(float(found[place]))
        # The condition itself, groups of one kind enumerated: each has its mean and deviation.
        high, low = mpf(9) / 10, mpf(1) / 5
        m = high * p + low * (1 - p)
        chance = 1 - m**size - (1 - m) ** size
        drift = (
            sum(
                mp.binomial(size, k) * m**k * (1 - m) ** (size - k) * mp.sqrt(k * (size - k)) / size
                for k in range(1, size)
            )
            * (high - low)
            / (m * (1 - m))
        )
        often = [
            (s * (1 - m ** (size - 1)) + (1 - s) * (1 - (1 - m) ** (size - 1))) / chance
            for s in (high, low)
        ]
        forces = [
            mpf(penalty.marginal().evalf(30, subs={symbols.u: ratio}))
            for ratio in (mpf(3) / 10 / p, mpf(7) / 10 / (1 - p))
        ]
        force = weights[place] * (often[0] * forces[0] - often[1] * forces[1])
        assert abs(drift / chance - force) < 1e-12 * abs(force)
