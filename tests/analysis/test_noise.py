"""The predicted spread of iterates: gradients of enumerated groups, and the published rule."""

from __future__ import annotations

from itertools import product
from math import comb, log, prod, sqrt

import numpy as np
import pytest

import grpo_symbolic as gs
from grpo_symbolic.analysis import noise
from grpo_symbolic.analysis.noise import iterate_spread

BINARY = gs.BinaryQuestion()
NOISY = gs.BinaryQuestion(success=(0.8, 0.3))


def at_rest(algorithm: gs.GRPO, question: gs.BinaryQuestion, **values: object):
    policy = gs.stationary_policy(algorithm, question)
    values = {"beta": "1/2", "pi_ref": "3/10", **values}
    named = {p.name for p in policy.inputs}
    values = {name: value for name, value in values.items() if name in named}
    p = float(policy.solutions(**values).found[0].policy[0])
    return policy.curve, p, policy.point({"gap": 1, **values} if "gap" in named else values)


def gradients(size: int, p: float, slopes: tuple[float, float], rates: tuple[float, float]):
    """Probability and gradient in the log-odds of every group of (answer, reward) pairs."""
    members = [("a", 1, p * rates[0]), ("a", 0, p * (1 - rates[0])),
               ("b", 1, (1 - p) * rates[1]), ("b", 0, (1 - p) * (1 - rates[1]))]  # fmt: skip
    for group in product(members, repeat=size):
        rewards = np.array([r for _, r, _ in group], dtype=float)
        spread = rewards.std()
        advantages = (rewards - rewards.mean()) / spread if spread else 0 * rewards
        score = {"a": (1 - p, slopes[0]), "b": (-p, slopes[1])}
        terms = [(A - score[o][1]) * score[o][0] for A, (o, _, _) in zip(advantages, group,
                                                                      strict=True)]  # fmt: skip
        yield prod(w for _, _, w in group), sum(terms) / size


@pytest.mark.parametrize("penalty", [gs.ReverseKL(), gs.DirectKL()], ids=str)
@pytest.mark.parametrize(("size", "question"), [(2, BINARY), (4, BINARY), (3, NOISY)])
def test_noise_and_restoring_force_are_those_of_enumerated_groups(
    size: int, question: gs.BinaryQuestion, penalty: gs.Penalty
) -> None:
    balance, p, point = at_rest(gs.GRPO(size, penalty), question)
    rates = (1.0, 0.0) if question is BINARY else (0.8, 0.3)

    def moments(p: float) -> tuple[float, float]:
        u = 0.3 / p, 0.7 / (1 - p)
        slopes = tuple(0.5 * ((1 - v) if penalty == gs.ReverseKL() else -log(v)) for v in u)
        pairs = list(gradients(size, p, slopes, rates))  # type: ignore[arg-type]
        mean = sum(w * g for w, g in pairs)
        return mean, sum(w * g * g for w, g in pairs) - mean**2

    found = iterate_spread(balance, p, point, learning_rate=0.1, groups=5, logits=1)
    z, step = log(p / (1 - p)), 1e-4
    low, high = (moments(1 / (1 + np.exp(-z - s)))[0] for s in (-step, step))
    assert moments(p)[0] == pytest.approx(0, abs=1e-12)
    assert found.noise == pytest.approx(moments(p)[1], rel=1e-10)
    assert found.restoring == pytest.approx((low - high) / (2 * step), rel=1e-6)
    variance = 0.1 * found.noise / (2 * 5 * found.restoring)
    assert found.logit_std == pytest.approx(sqrt(variance), rel=1e-12)
    assert found.policy_std == pytest.approx(p * (1 - p) * sqrt(variance), rel=1e-12)


def test_pairs_have_a_closed_form() -> None:
    balance, p, point = at_rest(gs.GRPO(2), BINARY)
    found = iterate_spread(balance, p, point, learning_rate=0.2, groups=4)
    root = sqrt((1 - 0.5) ** 2 + 4 * 0.5 * 0.3)
    assert found.logit_std**2 == pytest.approx(0.4 * p * (1 - p) / (2 * 4 * root), rel=1e-12)


def means_of_groups(p: float, groups: int) -> list[tuple[float, float, float]]:
    """Chance, mean of K(2 − K)/4 and of K/2 for every way in which pairs are right."""
    found = []
    for ones, twos in product(range(groups + 1), repeat=2):
        if ones + twos <= groups:
            ways = comb(groups, ones) * comb(groups - ones, twos)
            chance = (2 * p * (1 - p)) ** ones * p ** (2 * twos)
            chance *= ways * (1 - p) ** (2 * (groups - ones - twos))
            found.append((chance, ones / 4 / groups, (ones / 2 + twos) / groups))
    return found


@pytest.mark.parametrize(
    ("share", "counted", "most"), [(1, True, 1e-9), (1, False, 0.05), (2, False, 1e-3)]
)
def test_a_scale_of_the_batch_adds_what_groups_do_to_each_other(
    share: int, counted: bool, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variance over every batch of pairs that there is; uncounted, the error falls as 1/batch.

    The step has the whole batch, or half of it.
    """
    if not counted:
        monkeypatch.setattr(noise, "MAX_COMPOSITIONS", 0)
    errors = []
    for batch in (16, 32):
        rule = gs.BatchScale(batch, ddof=1, epsilon="1/100")
        balance, p, point = at_rest(gs.GRPO(2, advantage=rule), BINARY)
        step = batch // 2 // share
        found = iterate_spread(balance, p, point, learning_rate=0.1, groups=step)
        slopes = 0.5 * (1 - 0.3 / p), 0.5 * (1 - 0.7 / (1 - p))
        others = means_of_groups(p, batch // 2 - step) if share > 1 else [(1.0, 0.0, 0.0)]
        first = second = 0.0
        for chance, right, drawn in means_of_groups(p, step):
            for other, _, more in others:
                mean = drawn if share == 1 else (drawn + more) / 2
                scale = sqrt(abs(mean * (1 - mean)) * batch / (batch - 1)) + 0.01
                pull = drawn * slopes[0] * (1 - p) - (1 - drawn) * slopes[1] * p
                value = right / scale - pull
                first, second = first + chance * other * value, second + chance * other * value**2
        errors.append(found.noise / (second - first**2) / step - 1)
    assert abs(errors[1]) < most
    if share == 1 and not counted:
        assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.1)


def test_margins_add_the_noise_of_comparisons() -> None:
    question = gs.BinaryQuestion(margin=gs.symbols.gamma)
    balance, p, point = at_rest(gs.GRPO(2), question, gamma="1")
    sure = iterate_spread(balance, p, point, learning_rate=0.1)
    assert sure == iterate_spread(*at_rest(gs.GRPO(2), BINARY), learning_rate=0.1)
    balance, p, point = at_rest(gs.GRPO(2), question, gamma="3/5")
    found = iterate_spread(balance, p, point, learning_rate=0.1)
    x, pulls = p * (1 - p), [0.5 * (1 - 0.3 / p), 0.5 * (1 - 0.7 / (1 - p))]
    # Two of a, two of b, and one of each, of which a wins four times in five.
    ways = [(p * p, -pulls[0] * (1 - p)), ((1 - p) ** 2, pulls[1] * p)]
    both = -(pulls[0] * (1 - p) - pulls[1] * p) / 2
    ways += [(2 * x * 0.8, both + 0.5), (2 * x * 0.2, both - 0.5)]
    assert found.noise == pytest.approx(sum(w * g * g for w, g in ways), rel=1e-12)


def test_what_has_no_spread_is_refused() -> None:
    values = {"beta": "2/5", "pi_ref": "1/100"}
    policy = gs.stationary_policy(gs.GRPO(16, gs.DirectKL()), BINARY)
    low, middle, high = (float(s.policy[0]) for s in policy.solutions(**values))
    point = policy.point({"gap": 1, **values})
    for attracting in (low, high):
        assert iterate_spread(policy.curve, attracting, point, learning_rate=0.1).restoring > 0
    with pytest.raises(ValueError, match="not attracting"):
        iterate_spread(policy.curve, middle, point, learning_rate=0.1)
    batch = at_rest(gs.GRPO(2, advantage=gs.BatchScale(4), mixed_only=True), BINARY)
    with pytest.raises(ValueError, match="groups are dropped"):
        iterate_spread(*batch, learning_rate=0.1)
    with pytest.raises(ValueError, match="must be positive"):
        iterate_spread(*at_rest(gs.GRPO(2), BINARY), learning_rate=0)


def test_next_to_certainty_the_log_odds_say_what_a_float_cannot() -> None:
    """1 - pi(a) = 1e-26: there the gradient's variance is that of a group with one wrong answer."""
    found = gs.from_trl({"num_generations": 8, "beta": 0.04}).predict(pi_ref="0.2")
    assert found.rest_points[0].policy[0] == 1.0
    assert 0 < found.spread < 1e-28
    with pytest.raises(ValueError, match="inside"):
        iterate_spread(
            gs.stationary_policy(gs.GRPO(2), BINARY).curve,
            1.0,
            {gs.symbols.beta: 1},
            learning_rate=1,
        )
