"""Self-tests of the oracles for several answers, advantage rules and penalties."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import comb
from typing import get_args

import numpy as np
import pytest
from mpmath import mp, mpf

from .enumeration import (
    Law,
    Rule,
    large_group_preference,
    large_group_rule_preference,
    mixed_weights,
    preference,
    rule_advantages,
    rule_preference,
    to_mpf,
)
from .monte_carlo import (
    laws_sampler,
    penalty_slope,
    sampled_rule_advantages,
    sampled_rule_gradient,
)
from .stationary import DETERMINISTIC, Penalty, solve_binary, stage_gradient
from .stationary_many import (
    Estimator,
    PerAnswer,
    Placement,
    gradient,
    penalty_coefficient,
    sampled_term,
    solve_many,
)

LAWS: list[Law] = [
    [(Fraction(2), Fraction(1, 3)), (Fraction(0), Fraction(2, 3))],
    [(Fraction(1), Fraction(1))],
    [(Fraction(-1), Fraction(1, 4)), (Fraction(1), Fraction(3, 4))],
]
POLICY = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
REFERENCE = [Fraction(1, 5), Fraction(1, 2), Fraction(3, 10)]
P, Q = Fraction(3, 10), Fraction(7, 10)
EPS = Fraction(1, 10)
RULES = {
    "std": (Rule("std"), 3),
    "std-1": (Rule("std", ddof=1, eps=EPS), 4),
    "none": (Rule("none"), 3),
    "rloo": (Rule("rloo"), 3),
    "rloo-std": (Rule("rloo-std", eps=EPS), 4),
    "rloo-std-pairs": (Rule("rloo-std", eps=EPS), 2),
    "mean-scale": (Rule("mean-scale"), 3),
    "batch": (Rule("batch", batch=4), 2),
    "batch-1": (Rule("batch", ddof=1, eps=EPS, batch=4), 2),
    "fixed": (Rule("fixed", sigma=Fraction(3, 2)), 3),
    "mixed-std": (Rule("std", mixed_only=True), 3),
    "mixed-none": (Rule("none", mixed_only=True), 3),
}
PENALTIES = list(product(get_args(Estimator), get_args(Placement)))


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Work with 50 digits."""
    with mp.workdps(50):
        yield


def close(left: mpf, right: mpf, digits: int = 38) -> bool:
    """Tell whether two numbers agree to an absolute tolerance."""
    return bool(abs(left - right) < mpf(10) ** -digits)


def all_close(left: Sequence[mpf], right: Sequence[mpf], digits: int = 38) -> bool:
    """Tell whether two lists agree to an absolute tolerance."""
    return all(close(x, y, digits) for x, y in zip(left, right, strict=True))


def mean(policy: Sequence[Fraction], values: Sequence[mpf]) -> mpf:
    """Return the mean of the values under the policy."""
    return mp.fsum(to_mpf(p) * v for p, v in zip(policy, values, strict=True))


def by_rule(laws: Sequence[Law], group_size: int, rule: Rule) -> PerAnswer:
    """Return the preference as a function of the policy."""
    return lambda policy: rule_preference(laws, policy, group_size, rule)


def by_mixing(laws: Sequence[Law], group_size: int, rule: Rule) -> PerAnswer | None:
    """Return the weights of mixed groups as a function of the policy, if the rule has any."""
    if not rule.mixed_only:
        return None
    return lambda policy: mixed_weights(laws, policy, group_size)[1]


def fractions(*values: int) -> list[Fraction]:
    """Return exact rewards."""
    return [Fraction(v) for v in values]


# -- advantages ------------------------------------------------------------------------------


def test_rule_advantages_by_hand() -> None:
    """The rules give the advantages worked out by hand."""
    root = mp.sqrt
    cases: list[tuple[Rule, list[Fraction], int, list[mpf]]] = [
        (Rule("std"), fractions(1, 0, 0, 0), 4, [root(3)] + [-1 / root(3)] * 3),
        (Rule("std", ddof=1), fractions(1, 0), 2, [1 / root(2), -1 / root(2)]),
        (Rule("std", eps=Fraction(1, 2)), fractions(1, 0), 2, [mpf("0.5"), mpf("-0.5")]),
        (Rule("std", eps=EPS), fractions(7, 7, 7), 3, [mpf(0)] * 3),
        (Rule("none"), fractions(3, 0, 0), 3, [mpf(2), mpf(-1), mpf(-1)]),
        (Rule("rloo"), fractions(3, 0, 0), 3, [mpf(3), mpf("-1.5"), mpf("-1.5")]),
        # Others (0, 0): unscaled. Others (1, 0): 1/2 over 1/sqrt(2).
        (Rule("rloo-std"), fractions(1, 0, 0), 3, [mpf(1), -1 / root(2), -1 / root(2)]),
        (Rule("rloo-std", eps=EPS), fractions(5, 2), 2, [mpf(3), mpf(-3)]),
        (Rule("mean-scale"), fractions(1, 0, 0, 0), 4, [mpf(3), mpf(-1), mpf(-1), mpf(-1)]),
        (Rule("mean-scale"), fractions(1, -1), 2, [mpf(0), mpf(0)]),
        # Batch mean 1/4, variance 3/16.
        (
            Rule("batch", batch=4),
            fractions(1, 0, 0, 0),
            2,
            [2 / root(3), -2 / root(3), mpf(0), mpf(0)],
        ),
        (Rule("batch", ddof=1, batch=4), fractions(1, 0, 0, 0), 2, [mpf(1), mpf(-1), 0, 0]),
        (Rule("batch", batch=4), fractions(1, 1, 0, 0), 2, [mpf(0)] * 4),
        (Rule("batch", batch=4), fractions(1, 1, 1, 1), 2, [mpf(0)] * 4),
        (Rule("fixed", sigma=Fraction(1, 2)), fractions(1, 0), 2, [mpf(1), mpf(-1)]),
    ]
    for rule, rewards, group_size, expected in cases:
        assert all_close(rule_advantages(rewards, group_size, rule), expected), (rule, rewards)


@pytest.mark.parametrize("name", RULES)
def test_sampled_rule_advantages_match_exact_ones(name: str) -> None:
    """The vectorised advantages agree with the exact ones on every row of small rewards."""
    rule, group_size = RULES[name]
    values = [Fraction(-1), Fraction(0), Fraction(1, 10), Fraction(2)]
    rows = list(product(values, repeat=rule.unit(group_size)))
    exact = [[float(a) for a in rule_advantages(row, group_size, rule)] for row in rows]
    sampled = np.array([[float(r) for r in row] for row in rows])
    np.testing.assert_allclose(
        sampled_rule_advantages(sampled, group_size, rule), exact, rtol=1e-11, atol=1e-13
    )


def test_meaningless_rules_are_rejected() -> None:
    """Bad parameters raise."""
    for parameters in ({"ddof": 2}, {"eps": -1}, {"sigma": 0}, {"kind": "median"}):
        with pytest.raises(ValueError, match=r"need|unknown"):
            Rule(**parameters)
    with pytest.raises(ValueError, match="batches"):
        Rule("batch", batch=4, mixed_only=True)
    with pytest.raises(ValueError, match="multiple"):
        rule_preference(DETERMINISTIC, [P, Q], 3, Rule("batch", batch=4))


# -- preferences -----------------------------------------------------------------------------


@pytest.mark.parametrize("group_size", [2, 4])
def test_plain_rules_are_the_existing_scales(group_size: int) -> None:
    """The rules without parameters agree with the older enumeration."""
    for kind in ("std", "none"):
        values = rule_preference(LAWS, POLICY, group_size, Rule(kind))
        assert all_close(values, preference(LAWS, POLICY, group_size, kind))


@pytest.mark.parametrize("name", [name for name in RULES if name != "rloo-std"])
def test_rule_preference_has_mean_zero(name: str) -> None:
    """Advantages that sum to zero in a group give preferences of mean zero."""
    rule, group_size = RULES[name]
    values = rule_preference(LAWS, POLICY, group_size, rule)
    assert max(abs(v) for v in values) > mpf("0.01")
    assert close(mean(POLICY, values), mpf(0))


def test_leave_one_out_deviation_has_a_mean() -> None:
    """Scaling by the deviation of the others leaves a mean preference, by hand for triples."""
    p, q = to_mpf(P), to_mpf(Q)
    values = rule_preference(DETERMINISTIC, [P, Q], 3, Rule("rloo-std"))
    half = 2 * p * q / mp.sqrt(2)
    assert all_close(values, [half + q * q, -half - p * p])
    assert close(mean([P, Q], values), p * q * (q - p) * (1 - mp.sqrt(2)))


def test_pairs_with_eps_by_hand() -> None:
    """A decided pair has advantages 1/2 over the deviation plus eps."""
    for ddof, deviation in ((0, mpf(1) / 2), (1, 1 / mp.sqrt(2))):
        values = rule_preference(DETERMINISTIC, [P, Q], 2, Rule("std", ddof=ddof, eps=EPS))
        size = 1 / (2 * (deviation + to_mpf(EPS)))
        assert all_close(values, [to_mpf(Q) * size, -to_mpf(P) * size])


@pytest.mark.parametrize("group_size", [2, 3, 4])
def test_rules_that_are_multiples_of_each_other(group_size: int) -> None:
    """Constant factors between rules carry over to the preferences."""
    plain = rule_preference(LAWS, POLICY, group_size, Rule("none"))
    bessel = mpf(group_size) / (group_size - 1)
    rloo = rule_preference(LAWS, POLICY, group_size, Rule("rloo"))
    assert all_close(rloo, [bessel * v for v in plain])
    fixed = rule_preference(LAWS, POLICY, group_size, Rule("fixed", sigma=Fraction(3, 2)))
    assert all_close(fixed, [v / mpf("1.5") for v in plain])
    scaled = rule_preference(LAWS, POLICY, group_size, Rule("std"))
    sample = rule_preference(LAWS, POLICY, group_size, Rule("std", ddof=1))
    assert all_close(scaled, [mp.sqrt(bessel) * v for v in sample])


@pytest.mark.parametrize("group_size", [2, 3, 5])
def test_mean_scaling_by_hand(group_size: int) -> None:
    """With k successes the drift is ``E[1 - k/G; k > 0]``, that is ``q - q**G``."""
    values = rule_preference(DETERMINISTIC, [P, Q], group_size, Rule("mean-scale"))
    assert close(to_mpf(P) * values[0], to_mpf(Q - Q**group_size))


@pytest.mark.parametrize(("ddof", "eps"), [(0, 0), (1, 0), (0, EPS), (1, EPS)])
def test_batch_of_one_group_is_the_group_rule(ddof: int, eps: Fraction) -> None:
    """A batch of one group is scaled by the deviation of the group."""
    batch = rule_preference(LAWS, POLICY, 3, Rule("batch", ddof=ddof, eps=eps, batch=3))
    group = rule_preference(LAWS, POLICY, 3, Rule("std", ddof=ddof, eps=eps))
    assert all_close(batch, group)


@pytest.mark.parametrize("p", [Fraction(3, 10), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize(("batch", "group_size"), [(4, 2), (6, 2), (6, 3), (4, 4)])
def test_binary_batch_drift(batch: int, group_size: int, p: Fraction) -> None:
    """The drift is ``(1 - 1/G) * B/(B-1) * E[sqrt(v_K)]`` for a binomial count K.

    Given K successes in the batch, two samples of a group are a success and a failure with
    probability ``K (B-K) / (B (B-1))``.
    """
    root = mp.fsum(
        to_mpf(comb(batch, k) * p**k * (1 - p) ** (batch - k)) * mp.sqrt(k * (batch - k)) / batch
        for k in range(batch + 1)
    )
    naive = (1 - mpf(1) / group_size) * root
    values = rule_preference(DETERMINISTIC, [p, 1 - p], group_size, Rule("batch", batch=batch))
    assert close(to_mpf(p) * values[0], naive * batch / (batch - 1))
    assert not close(to_mpf(p) * values[0], naive, 3)


def test_mixed_groups_by_hand() -> None:
    """Two deterministic rewards give the law of mixed groups in closed form."""
    size = 4
    probability, weights = mixed_weights(DETERMINISTIC, [P, Q], size)
    assert close(probability, to_mpf(1 - P**size - Q**size))
    expected = [to_mpf(1 - x ** (size - 1)) / probability for x in (P, Q)]
    assert all_close(weights, expected)
    _, pairs = mixed_weights(DETERMINISTIC, [P, Q], 2)
    assert all_close(pairs, [1 / (2 * to_mpf(P)), 1 / (2 * to_mpf(Q))])
    constant: list[Law] = [[(Fraction(1, 10), 1)]] * 2
    with pytest.raises(ValueError, match="no group is mixed"):
        mixed_weights(constant, [P, Q], 3)


def test_mixed_weights_with_random_rewards() -> None:
    """The weights average to one, and equal laws give equal weights."""
    probability, weights = mixed_weights(LAWS, POLICY, 3)
    assert close(mean(POLICY, weights), mpf(1))
    assert 0 < probability < 1
    # Pairs of answer 1 are never mixed; 1 meets 0 or 2 with the same reward with probability
    # 0 or 3/4.
    probability, weights = mixed_weights(LAWS, POLICY, 2)
    assert close(weights[1] * probability, to_mpf(POLICY[0] + POLICY[2] / 4))
    coins: list[Law] = [[(Fraction(1), Fraction(1, 3)), (Fraction(0), Fraction(2, 3))]] * 3
    assert all_close(mixed_weights(coins, POLICY, 3)[1], [mpf(1)] * 3)


def test_mixed_preference_is_the_plain_one_over_the_probability() -> None:
    """Groups of equal rewards have no advantages, so that only the normalisation changes."""
    probability, _ = mixed_weights(LAWS, POLICY, 3)
    for kind in ("std", "none"):
        plain = rule_preference(LAWS, POLICY, 3, Rule(kind, eps=EPS))
        mixed = rule_preference(LAWS, POLICY, 3, Rule(kind, eps=EPS, mixed_only=True))
        assert all_close(mixed, [v / probability for v in plain])


def test_large_group_rules() -> None:
    """The limits carry the total deviation plus eps, and finite groups tend to them."""
    plain = large_group_preference(LAWS, POLICY, "none")
    rule = Rule("std", ddof=1, eps=EPS)
    values = large_group_rule_preference(LAWS, POLICY, rule)
    # The total variance is 29/48, as in the tests of the older functions.
    divisor = mp.sqrt(mpf(29) / 48) + to_mpf(EPS)
    assert all_close(values, [v / divisor for v in plain])
    assert all_close(large_group_rule_preference(LAWS, POLICY, Rule("none")), plain)
    fixed = large_group_rule_preference(LAWS, POLICY, Rule("fixed", sigma=2))
    assert all_close(fixed, [v / 2 for v in plain])
    limit = large_group_rule_preference(DETERMINISTIC, [P, Q], rule)[0]
    errors = [
        abs(rule_preference(DETERMINISTIC, [P, Q], size, rule)[0] - limit) for size in (3, 6, 12)
    ]
    assert errors[1] < errors[0] * mpf("0.6")
    assert errors[2] < errors[1] * mpf("0.6")
    with pytest.raises(ValueError, match="no large-group limit"):
        large_group_rule_preference(LAWS, POLICY, Rule("rloo"))


# -- gradients -------------------------------------------------------------------------------


@pytest.mark.parametrize(("estimator", "placement"), PENALTIES)
def test_coefficients_in_closed_form(estimator: Estimator, placement: Placement) -> None:
    """The numerically differentiated coefficients agree with the closed forms."""
    coefficient = penalty_coefficient(estimator, placement)
    points = [-2.5, -0.25, 0.0, 0.5, 3.0]
    closed = penalty_slope(estimator, placement, np.array(points))
    exact = [float(coefficient(mpf(x))) for x in points]
    np.testing.assert_allclose(closed, exact, rtol=1e-13, atol=1e-15)


def test_coefficients_that_coincide() -> None:
    """The weighted k3 loss pulls like k1 in the reward and like the k2 loss."""
    for x in (mpf(-2), mpf("0.3"), mpf(1)):
        pulls = [
            penalty_coefficient("k3", "loss-with-ratio")(x),
            penalty_coefficient("k1", "reward")(x),
            penalty_coefficient("k2", "loss")(x),
        ]
        assert all_close(pulls, [x] * 3, 40)
        assert close(penalty_coefficient("k1", "loss")(x), mpf(1), 40)


@pytest.mark.parametrize("penalty", get_args(Penalty))
def test_gradient_agrees_with_the_older_one(penalty: Penalty) -> None:
    """The k3 losses give the derivative of the stage objective."""
    coefficient = penalty_coefficient(
        "k3", "loss" if penalty == "reverse-kl" else "loss-with-ratio"
    )
    values = preference(LAWS, POLICY, 3)
    old = stage_gradient(POLICY, REFERENCE, values, Fraction(1, 2), penalty)
    new = gradient(POLICY, REFERENCE, Fraction(1, 2), by_rule(LAWS, 3, Rule()), coefficient)
    assert all_close(new, old)


@pytest.mark.parametrize(("estimator", "placement"), PENALTIES)
def test_gradient_differentiates_the_sampled_objective(
    estimator: Estimator, placement: Placement
) -> None:
    """The gradient is the derivative in the logits of the objective over mixed groups."""
    rule, beta = Rule("std", mixed_only=True), mpf("0.7")
    values = rule_preference(LAWS, POLICY, 3, rule)
    _, weights = mixed_weights(LAWS, POLICY, 3)
    old, ref = [to_mpf(p) for p in POLICY], [to_mpf(p) for p in REFERENCE]

    def objective(*logits: mpf) -> mpf:
        total = mp.fsum(mp.exp(x) for x in logits)
        new = [mp.exp(x) / total for x in logits]
        return mp.fsum(
            n * v - beta * o * w * sampled_term(estimator, placement, n, o, r)
            for n, v, o, w, r in zip(new, values, old, weights, ref, strict=True)
        )

    orders = [tuple(int(k == index) for k in range(3)) for index in range(3)]
    logits = tuple(mp.log(p) for p in old)
    expected = [mp.diff(objective, logits, order) for order in orders]
    coefficient = penalty_coefficient(estimator, placement)
    found = gradient(
        POLICY, REFERENCE, beta, by_rule(LAWS, 3, rule), coefficient, by_mixing(LAWS, 3, rule)
    )
    assert all_close(found, expected, 30)
    assert close(mp.fsum(found), mpf(0))


# -- stationary policies ---------------------------------------------------------------------


@pytest.mark.parametrize(("beta", "group_size"), [(1, 2), (Fraction(1, 2), 3), (2, 5)])
@pytest.mark.parametrize("penalty", get_args(Penalty))
def test_two_answers_agree_with_the_binary_solver(
    penalty: Penalty, beta: Fraction, group_size: int
) -> None:
    """The flow and Newton's method find the bracketed zero."""
    coefficient = penalty_coefficient(
        "k3", "loss" if penalty == "reverse-kl" else "loss-with-ratio"
    )
    policy, residual = solve_many(
        [P, Q], beta, by_rule(DETERMINISTIC, group_size, Rule()), coefficient
    )
    assert close(policy[0], solve_binary(beta, P, group_size, penalty, digits=42))
    assert residual < mpf(10) ** -40


@pytest.mark.parametrize(("estimator", "placement"), [("k1", "reward"), ("k3", "loss-with-ratio")])
def test_unscaled_rewards_tilt_the_reference(estimator: Estimator, placement: Placement) -> None:
    """Without scaling, a log-ratio coefficient gives the exponential tilt of the mean rewards."""
    laws: list[Law] = [*LAWS, [(Fraction(3), Fraction(1))]]
    reference = [Fraction(k, 10) for k in (4, 3, 2, 1)]
    means = [mpf(2) / 3, mpf(1), mpf(1) / 2, mpf(3)]
    beta, group_size = Fraction(3, 4), 3
    policy, residual = solve_many(
        reference,
        beta,
        by_rule(laws, group_size, Rule("none")),
        penalty_coefficient(estimator, placement),
    )
    strength = (1 - mpf(1) / group_size) / to_mpf(beta)
    tilt = [to_mpf(r) * mp.exp(strength * m) for r, m in zip(reference, means, strict=True)]
    assert all_close(policy, [t / mp.fsum(tilt) for t in tilt])
    assert residual < mpf(10) ** -40


def test_unscaled_rewards_under_the_reverse_penalty() -> None:
    """Without scaling, ``pi = beta pi_ref / (beta - P)`` with the preference at the solution."""
    rule, beta = Rule("none"), Fraction(1, 2)
    policy, _ = solve_many(
        REFERENCE, beta, by_rule(LAWS, 2, rule), penalty_coefficient("k3", "loss")
    )
    values = rule_preference(LAWS, policy, 2, rule)
    b = to_mpf(beta)
    expected = [b * to_mpf(r) / (b - v) for r, v in zip(REFERENCE, values, strict=True)]
    assert all_close(policy, expected)


@pytest.mark.parametrize("name", RULES)
def test_solved_policies_are_zeros(name: str) -> None:
    """Every rule has a stationary policy with three answers, away from the reference."""
    rule, group_size = RULES[name]
    coefficient = penalty_coefficient("k3", "loss")
    values, weights = by_rule(LAWS, group_size, rule), by_mixing(LAWS, group_size, rule)
    policy, residual = solve_many(REFERENCE, 1, values, coefficient, weights, digits=25)
    assert residual < mpf(10) ** -25
    assert close(mp.fsum(policy), mpf(1), 25)
    assert max(abs(p - to_mpf(r)) for p, r in zip(policy, REFERENCE, strict=True)) > 0.01
    again = gradient(policy, REFERENCE, 1, values, coefficient, weights)
    assert all_close(again, [mpf(0)] * 3, 25)


def test_mixed_pairs_satisfy_their_equation() -> None:
    """In mixed pairs both answers have half the samples and the drift is 1/2."""
    rule, beta = Rule("std", mixed_only=True), mpf("0.8")
    weights = by_mixing(DETERMINISTIC, 2, rule)
    forms: list[tuple[Estimator, Placement, Callable[[mpf], mpf]]] = [
        ("k3", "loss", lambda x: 1 - mp.exp(-x)),
        ("k2", "loss", lambda x: x),
    ]
    for estimator, placement, pull in forms:
        coefficient = penalty_coefficient(estimator, placement)
        (p, q), _ = solve_many([P, Q], beta, by_rule(DETERMINISTIC, 2, rule), coefficient, weights)
        drag = q * pull(mp.log(p / to_mpf(P))) - p * pull(mp.log(q / to_mpf(Q)))
        assert close(drag, 1 / beta)


def test_absolute_loss_in_pairs() -> None:
    """The slopes of the absolute loss differ by two, so that ``P(a) - P(b) = 2 beta``."""
    coefficient = penalty_coefficient("abs", "loss")
    rule = Rule("mean-scale")
    # Pairs scaled by their mean 1/2: P(a) = q and P(b) = -p, a difference of one.
    with pytest.raises(ArithmeticError):  # the kink at the reference holds the policy
        solve_many([P, Q], 1, by_rule(DETERMINISTIC, 2, rule), coefficient, steps=200)
    # Triples: P(a) = (q - q^3) / p = q (1 + q) and P(b) = -(1 - q^2).
    beta = Fraction(13, 20)
    (p, q), _ = solve_many([P, Q], beta, by_rule(DETERMINISTIC, 3, rule), coefficient)
    assert p > to_mpf(P)
    assert close(1 + q, 2 * to_mpf(beta))


def test_score_penalty_does_not_hold_the_policy() -> None:
    """The k1 loss has zero mean gradient, so that nothing stops the flow."""
    coefficient = penalty_coefficient("k1", "loss")
    with pytest.raises(ArithmeticError, match="does not settle"):
        solve_many([P, Q], 1, by_rule(DETERMINISTIC, 3, Rule()), coefficient)


def test_score_penalty_in_mixed_pairs_repels() -> None:
    """In mixed pairs the gradient is ``1/2 - beta (1/2 - p)``, with a zero that repels the flow."""
    rule, beta = Rule("std", mixed_only=True), 4
    coefficient = penalty_coefficient("k1", "loss")
    values, weights = by_rule(DETERMINISTIC, 2, rule), by_mixing(DETERMINISTIC, 2, rule)
    slope = gradient([P, Q], [P, Q], beta, values, coefficient, weights)[0]
    assert close(slope, mpf(1) / 2 - beta * (mpf(1) / 2 - to_mpf(P)))
    start = [Fraction(37, 100), Fraction(63, 100)]
    policy, residual = solve_many([P, Q], beta, values, coefficient, weights, start=start, steps=0)
    assert close(policy[0], mpf(3) / 8)
    assert residual < mpf(10) ** -40
    with pytest.raises(ArithmeticError, match="does not settle"):
        solve_many([P, Q], beta, values, coefficient, weights, start=start)


def test_start_does_not_matter_for_a_single_zero() -> None:
    """The flow ends at the same policy from another start."""
    values, coefficient = by_rule(LAWS, 3, Rule()), penalty_coefficient("k3", "loss")
    first, _ = solve_many(REFERENCE, 1, values, coefficient)
    second, _ = solve_many(REFERENCE, 1, values, coefficient, start=POLICY)
    assert all_close(first, second)


# -- Monte Carlo -----------------------------------------------------------------------------


def test_laws_sampler_has_the_laws() -> None:
    """The sampled rewards have the given frequencies."""
    answers = np.repeat([0, 1, 2], 40_000).reshape(3, -1)
    rewards = laws_sampler(LAWS)(answers, np.random.default_rng(1))
    for row, law in zip(rewards, LAWS, strict=True):
        assert set(np.unique(row)) == {float(r) for r, _ in law}
        for reward, probability in law:
            q = float(probability)
            spread = np.sqrt(q * (1 - q) / row.size)
            assert abs(np.mean(row == float(reward)) - q) <= 4 * spread


@pytest.mark.parametrize(("index", "name"), list(enumerate(RULES)))
def test_sampled_rule_gradient_matches_the_expected_one(index: int, name: str) -> None:
    """The sampled gradient is unbiased under every rule."""
    rule, group_size = RULES[name]
    estimator, placement = PENALTIES[index]
    exact = gradient(
        POLICY,
        REFERENCE,
        Fraction(1, 2),
        by_rule(LAWS, group_size, rule),
        penalty_coefficient(estimator, placement),
        by_mixing(LAWS, group_size, rule),
    )
    found, error = sampled_rule_gradient(
        [float(p) for p in POLICY],
        [float(p) for p in REFERENCE],
        0.5,
        group_size,
        LAWS,
        rule,
        estimator,
        placement,
        200_000,
        np.random.default_rng(100 + index),
    )
    assert np.all(np.abs(found - [float(x) for x in exact]) < 4.5 * error)
    assert np.any(np.abs(found) > 10 * error)
    assert abs(found.sum()) < 1e-12


@pytest.mark.parametrize("name", ["std-1", "rloo-std", "batch", "mixed-std"])
def test_sampled_rule_gradient_vanishes_at_the_solution(name: str) -> None:
    """The sampled gradient is zero at the solved policy and not at the reference."""
    rule, group_size = RULES[name]
    policy, _ = solve_many(
        REFERENCE,
        1,
        by_rule(LAWS, group_size, rule),
        penalty_coefficient("k2", "loss"),
        by_mixing(LAWS, group_size, rule),
        digits=15,
    )

    def sampled(at: list[float]) -> tuple[np.ndarray, np.ndarray]:
        reference = [float(r) for r in REFERENCE]
        rng = np.random.default_rng(9)
        return sampled_rule_gradient(
            at, reference, 1.0, group_size, laws_sampler(LAWS), rule, "k2", "loss", 200_000, rng
        )

    found, error = sampled([float(p) for p in policy])
    assert np.all(np.abs(found) < 4.5 * error)
    found, error = sampled([float(r) for r in REFERENCE])
    assert np.any(np.abs(found) > 10 * error)


def test_batches_must_be_whole() -> None:
    """A number of groups that leaves a partial batch is rejected."""
    with pytest.raises(ValueError, match="whole number"):
        sampled_rule_gradient(
            [0.5, 0.5],
            [0.5, 0.5],
            1.0,
            2,
            DETERMINISTIC,
            Rule("batch", batch=4),
            "k3",
            "loss",
            7,
            np.random.default_rng(0),
        )
