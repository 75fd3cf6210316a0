"""Rules of single trainers against their definitions, on every group."""

from collections.abc import Callable
from itertools import combinations, product
from math import sqrt

import pytest
from sympy import Rational, Symbol

import grpo_symbolic as gs
from grpo_symbolic import symbols
from grpo_symbolic.model.advantage import BestOverSecond, PassAtK, Rescaled

Rule = Callable[[tuple[float, ...]], list[float]]


def best_of_subsets(k: int) -> Rule:
    def rule(rewards: tuple[float, ...]) -> list[float]:
        subsets = list(combinations(range(len(rewards)), k))
        worth = [max(rewards[i] for i in s) for s in subsets]
        mean = sum(worth) / len(worth)
        std = sqrt(sum((w - mean) ** 2 for w in worth) / len(worth))
        found = []
        for i in range(len(rewards)):
            own = [w for s, w in zip(subsets, worth, strict=True) if i in s]
            found.append(0.0 if std < 1e-12 else (sum(own) / len(own) - mean) / std)
        return found

    return rule


def lead(epsilon: float) -> Rule:
    def rule(rewards: tuple[float, ...]) -> list[float]:
        best, second = sorted(rewards)[-1:-3:-1]
        mean = sum(rewards) / len(rewards)
        std = sqrt(sum((r - mean) ** 2 for r in rewards) / (len(rewards) - 1))
        return [
            (best - second) / (std + epsilon) if r == best and best > second else 0.0
            for r in rewards
        ]

    return rule


def fifth_of_standardised(rewards: tuple[float, ...]) -> list[float]:
    mean = sum(rewards) / len(rewards)
    std = sqrt(sum((r - mean) ** 2 for r in rewards) / len(rewards))
    return [0.0 if std == 0 else (r - mean) / std / 5 for r in rewards]


RULES = {
    "subsets of 1": (PassAtK(1), best_of_subsets(1)),
    "subsets of 2": (PassAtK(2), best_of_subsets(2)),
    "subsets of 3": (PassAtK(3), best_of_subsets(3)),
    "lead": (BestOverSecond(epsilon="1e-3"), lead(1e-3)),
    "a fifth": (Rescaled(gs.ShiftAndScale(), 5), fifth_of_standardised),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("levels", "size"), [((3, 1), 5), ((4, 1, 0), 4)])
def test_preferences_are_averages_over_every_group(
    name: str, levels: tuple[int, ...], size: int
) -> None:
    """P(o) by the library, and by walking through all groups that contain answer o."""
    rule, defined = RULES[name]
    question = gs.Question(rewards=levels)
    policy = [0.5, 0.2, 0.3][: len(levels)]
    policy[-1] = 1 - sum(policy[:-1])
    at = dict(zip(question.policy[:-1], policy, strict=False))
    found = gs.preference(gs.GRPO(size, advantage=rule), question)
    for own in range(len(levels)):
        total = 0.0
        for others in product(range(len(levels)), repeat=size - 1):
            chance = 1.0
            for o in others:
                chance *= policy[o]
            total += chance * defined((levels[own], *(levels[o] for o in others)))[0]
        assert float(found[own].doit().subs(at)) == pytest.approx(total, abs=1e-12)


def test_subsets_of_one_are_the_published_rule() -> None:
    one = gs.stationary_policy(gs.GRPO(4, advantage=PassAtK(1)), gs.BinaryQuestion())
    published = gs.stationary_policy(gs.GRPO(4), gs.BinaryQuestion())
    assert one.curve.weight.equals(published.curve.weight)


def test_a_constant_divides_the_weight() -> None:
    """Dividing every advantage by 5 is multiplying beta by 5, symbols included."""
    plain = gs.stationary_policy(gs.GRPO(3), gs.BinaryQuestion())
    rule = Rescaled(gs.ShiftAndScale(), 5)
    fifth = gs.stationary_policy(gs.GRPO(3, advantage=rule), gs.BinaryQuestion())
    assert fifth.expression.equals(plain.expression.subs(symbols.beta, 5 * symbols.beta))
    sigma = Rescaled(gs.ShiftAndScale(ddof=1, epsilon="1e-4"))
    eight = gs.stationary_policy(gs.GRPO(8, advantage=sigma), gs.BinaryQuestion())
    at_five = eight.evaluate(beta=0.2, pi_ref=0.3, sigma=5)
    rule = gs.ShiftAndScale(ddof=1, epsilon="1e-4")
    one = gs.stationary_policy(gs.GRPO(8, advantage=rule), gs.BinaryQuestion())
    assert at_five == pytest.approx(one.evaluate(beta=1, pi_ref=0.3), rel=1e-12)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PassAtK(0), "subset must be an integer of at least 1"),
        (lambda: PassAtK(Rational(3, 2)), "subset must be an integer of at least 1"),
        (lambda: gs.preference(gs.GRPO(3, advantage=PassAtK(4)), gs.BinaryQuestion()), "as many"),
        (
            lambda: gs.preference(gs.GRPO(symbols.G, advantage=PassAtK(2)), gs.BinaryQuestion()),
            "number as group size",
        ),
        (lambda: Rescaled(gs.FixedScale()), "divisor must be a number"),
        (lambda: Rescaled("std", 5), "rule must be an Advantage"),
        (lambda: Rescaled(gs.ShiftOnly(), 0), "sigma must be a positive number"),
    ],
)
def test_what_has_no_meaning_is_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_unknown_orders_are_refused() -> None:
    wild = Symbol("w", real=True)
    with pytest.raises(ValueError, match="order"):
        BestOverSecond()(wild, ((wild, Rational(1, 2)), (symbols.base_reward, Rational(1, 2))), 2)
