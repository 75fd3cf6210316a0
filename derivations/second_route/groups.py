"""Groups, one by one: every list of rewards with its probability and its advantages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from sympy import Add, Expr, Integer, Mul, S, sqrt

__all__ = [
    "Advantages",
    "Law",
    "centred",
    "certain",
    "group_preferences",
    "groups",
    "large_group_preferences",
    "leave_one_out",
    "mean_scaled",
    "others_scaled",
    "pair_preferences",
    "stabilised",
    "standard_units",
]

#: What one answer is rewarded with: values with their probabilities.
Law = Sequence[tuple[Expr, Expr]]
#: The advantages of all members of a group, from their rewards.
Advantages = Callable[[Sequence[Expr]], list[Expr]]


def certain(*rewards: Expr) -> list[Law]:
    """Deterministic rewards, one for each answer."""
    return [((reward, S.One),) for reward in rewards]


def standard_units(rewards: Sequence[Expr]) -> list[Expr]:
    """(r_i - mean)/std, with the standard deviation of the group itself and 0/0 = 0."""
    count = Integer(len(rewards))
    mean = Add(*rewards) / count
    spread = sqrt(Add(*((r - mean) ** 2 for r in rewards)) / count)
    return [S.Zero if spread == 0 else (r - mean) / spread for r in rewards]


def centred(rewards: Sequence[Expr]) -> list[Expr]:
    """r_i - mean."""
    return [r - Add(*rewards) / Integer(len(rewards)) for r in rewards]


def leave_one_out(rewards: Sequence[Expr]) -> list[Expr]:
    """r_i less the mean of the other rewards."""
    others = Integer(len(rewards) - 1)
    return [
        r - (Add(*rewards[:i]) + Add(*rewards[i + 1 :])) / others for i, r in enumerate(rewards)
    ]


def stabilised(ddof: int, epsilon: Expr) -> Advantages:
    """(r_i - mean)/(std + epsilon), the variance times size/(size - ddof)."""

    def advantages(rewards: Sequence[Expr]) -> list[Expr]:
        count = Integer(len(rewards))
        mean = Add(*rewards) / count
        spread = sqrt(Add(*((r - mean) ** 2 for r in rewards)) / (count - ddof))
        return [S.Zero if spread == 0 else (r - mean) / (spread + epsilon) for r in rewards]

    return advantages


def others_scaled(rewards: Sequence[Expr]) -> list[Expr]:
    """r_i less the mean of the others, over their sample standard deviation unless it is 0."""
    found = []
    for i, reward in enumerate(rewards):
        others = [*rewards[:i], *rewards[i + 1 :]]
        mean = Add(*others) / Integer(len(others))
        squares = Add(*((r - mean) ** 2 for r in others))
        spread = S.Zero if squares == 0 else sqrt(squares / Integer(len(others) - 1))
        found.append(reward - mean if spread == 0 else (reward - mean) / spread)
    return found


def mean_scaled(rewards: Sequence[Expr]) -> list[Expr]:
    """(r_i - mean)/mean, with 0/0 = 0."""
    mean = Add(*rewards) / Integer(len(rewards))
    return [S.Zero if mean == 0 else (r - mean) / mean for r in rewards]


def groups(
    laws: Sequence[Law], policy: Sequence[Expr], size: int
) -> Iterator[tuple[tuple[int, ...], list[Expr], Expr]]:
    """Every group of this size: its answers, its rewards, its probability."""
    outcomes = [(o, r, w * chance) for o, w in enumerate(policy) for r, chance in laws[o]]
    for drawn in product(outcomes, repeat=size):
        answers, rewards, chances = zip(*drawn, strict=True)
        yield answers, list(rewards), Mul(*chances)


def group_preferences(
    laws: Sequence[Law],
    policy: Sequence[Expr],
    size: int,
    advantages: Advantages = standard_units,
) -> list[Expr]:
    """P_G(o): the expected advantage of the answer o among others that the policy draws."""
    found = []
    for law in laws:
        found.append(
            Add(
                *(
                    chance * probability * advantages([reward, *rest])[0]
                    for reward, chance in law
                    for _, rest, probability in groups(laws, policy, size - 1)
                )
            )
        )
    return found


def large_group_preferences(laws: Sequence[Law], policy: Sequence[Expr]) -> list[Expr]:
    """(E[r | o] - E r)/sigma, with the variance of a reward drawn under the policy."""
    means = [Add(*(r * chance for r, chance in law)) for law in laws]
    center = Add(*(w * m for w, m in zip(policy, means, strict=True)))
    variance = Add(
        *(
            w * chance * (r - center) ** 2
            for w, law in zip(policy, laws, strict=True)
            for r, chance in law
        )
    )
    return [(m - center) / sqrt(variance) for m in means]


def pair_preferences(wins: Sequence[Sequence[Expr]], policy: Sequence[Expr]) -> list[Expr]:
    """P_2(o) where ``wins[o][q]`` is how often o is preferred to q: +1 if so, -1 if not."""
    return [
        Add(*(w * (wins[o][q] * 1 + wins[q][o] * -1) for q, w in enumerate(policy)))
        for o in range(len(policy))
    ]
