"""Group-relative preferences by brute-force enumeration of groups and reward outcomes.

Everything here follows the definitions literally: every ordered group of answers and every
outcome of every reward is visited, with no counting formula. The cost grows exponentially
with the group size, which is the price of independence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal, TypeAlias, get_args

from mpmath import mp, mpf

Real: TypeAlias = int | float | Fraction | mpf
Law: TypeAlias = Sequence[tuple[Fraction, Real]]
Scale: TypeAlias = Literal["std", "none"]
Kind: TypeAlias = Literal["std", "none", "rloo", "rloo-std", "mean-scale", "batch", "fixed"]
ExactLaws: TypeAlias = tuple[tuple[tuple[Fraction, Real], ...], ...]


@dataclass(frozen=True)
class Rule:
    """How rewards become advantages, and which groups are kept.

    Attributes
    ----------
    kind : str
        ``"std"``: the centred reward over the standard deviation of the group plus `eps`.
        ``"none"``: the centred reward.
        ``"rloo"``: the reward minus the mean of the other rewards.
        ``"rloo-std"``: the same over the sample standard deviation of the other rewards plus
        `eps`, left unscaled where that deviation is zero or there is only one other reward.
        ``"mean-scale"``: the centred reward over the mean of the group.
        ``"batch"``: the centred reward over the standard deviation of the batch plus `eps`.
        ``"fixed"``: the centred reward over `sigma`.
    ddof : {0, 1}
        Delta degrees of freedom of the deviations of ``"std"`` and ``"batch"``.
    eps : real number
        Added to the deviations of ``"std"``, ``"rloo-std"`` and ``"batch"``.
    sigma : real number
        Divisor of ``"fixed"``.
    batch : int
        Number of samples in a batch of ``"batch"``, a multiple of the group size.
    mixed_only : bool
        Throw groups of equal rewards away and draw again.
    """

    kind: Kind = "std"
    ddof: int = 0
    eps: Real = 0
    sigma: Real = 1
    batch: int = 0
    mixed_only: bool = False

    def __post_init__(self) -> None:
        """Reject meaningless parameters."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown kind {self.kind!r}")
        if self.ddof not in (0, 1) or self.eps < 0 or self.sigma <= 0:
            raise ValueError("need ddof 0 or 1, eps >= 0 and sigma > 0")
        if self.kind == "batch" and self.mixed_only:
            raise ValueError("batches of mixed groups only are not defined")

    def unit(self, group_size: int) -> int:
        """Return the number of samples whose rewards an advantage depends on."""
        if group_size < 2:
            raise ValueError("group_size must be at least 2")
        if self.kind != "batch":
            return group_size
        if self.batch < group_size or self.batch % group_size:
            raise ValueError("the batch must be a positive multiple of the group size")
        return self.batch


def to_mpf(value: Real) -> mpf:
    """Convert a number to mpf at the working precision (floats keep their binary value)."""
    if isinstance(value, Fraction):
        return mpf(value.numerator) / value.denominator
    return mpf(value)


def advantages(rewards: Sequence[Fraction], scale: Scale = "std") -> list[mpf]:
    """Return the group-relative advantages of a list of rewards.

    Parameters
    ----------
    rewards : sequence of Fraction
        Rewards of one group.
    scale : {"std", "none"}
        Divide the centred rewards by their population standard deviation, or leave them.

    Returns
    -------
    list of mpf
        Advantages, with 0/0 read as 0.
    """
    exact = [Fraction(r) for r in rewards]
    mean = sum(exact, Fraction(0)) / len(exact)
    centred = [r - mean for r in exact]
    if scale == "none":
        return [to_mpf(c) for c in centred]
    if scale != "std":
        raise ValueError(f"unknown scale {scale!r}")
    variance = sum((c * c for c in centred), Fraction(0)) / len(exact)
    if variance == 0:
        return [mpf(0) for _ in centred]
    std = mp.sqrt(to_mpf(variance))
    return [to_mpf(c) / std for c in centred]


@lru_cache(maxsize=64)
def _first_advantages(
    laws: tuple[tuple[tuple[Fraction, Real], ...], ...],
    own: int,
    group_size: int,
    scale: Scale,
    prec: int,
) -> list[mpf]:
    """List ``E[A_1 | o_1 = own, others]`` for every tuple of the other answers.

    The expectation visits every outcome of the rewards of the group; the tuples come in the
    order of `itertools.product`. The working precision `prec` is only a cache key.
    """
    values = []
    for others in product(range(len(laws)), repeat=group_size - 1):
        value = mpf(0)
        for draw in product(laws[own], *(laws[other] for other in others)):
            probability = mp.fprod(to_mpf(q) for _, q in draw)
            value += probability * advantages([reward for reward, _ in draw], scale)[0]
        values.append(value)
    return values


def preference(
    laws: Sequence[Law], policy: Sequence[Real], group_size: int, scale: Scale = "std"
) -> list[mpf]:
    """Return ``P_G(o | pi) = E[A_1 | o_1 = o]``, the other answers being drawn from `policy`.

    Parameters
    ----------
    laws : sequence of laws
        For each answer, the (reward, probability) pairs of its reward.
    policy : sequence of real numbers
        Probability of each answer.
    group_size : int
        Number of answers in a group, at least 2.
    scale : {"std", "none"}
        Scaling of the advantages.

    Returns
    -------
    list of mpf
        The preference of each answer.
    """
    if group_size < 2:
        raise ValueError("group_size must be at least 2")
    if len(laws) != len(policy):
        raise ValueError("laws and policy must have the same length")
    weights = [to_mpf(p) for p in policy]
    others_weights = [mp.one]
    for _ in range(group_size - 1):  # same order as itertools.product
        others_weights = [done * weight for done in others_weights for weight in weights]
    exact = tuple(tuple((Fraction(r), q) for r, q in law) for law in laws)
    return [
        mp.fdot(others_weights, _first_advantages(exact, own, group_size, scale, mp.prec))
        for own in range(len(laws))
    ]


def comparison_preference(wins: Sequence[Sequence[Real]], policy: Sequence[Real]) -> list[mpf]:
    """Return the preference for groups of two ranked by a tie-free random comparison.

    Parameters
    ----------
    wins : square matrix of real numbers
        ``wins[i][j]`` is the probability that answer i beats answer j; 1/2 on the diagonal.
    policy : sequence of real numbers
        Probability of each answer.

    Returns
    -------
    list of mpf
        The expected advantage of each answer against an opponent drawn from `policy`, the
        winner having reward 1 and the loser reward 0.
    """
    won, lost = (advantages([Fraction(r), Fraction(1 - r)])[0] for r in (1, 0))
    values = []
    for row in wins:
        total = mpf(0)
        for win, opponent in zip(row, policy, strict=True):
            probability = to_mpf(win)
            total += to_mpf(opponent) * (probability * won + (1 - probability) * lost)
        values.append(total)
    return values


def large_group_preference(
    laws: Sequence[Law], policy: Sequence[Real], scale: Scale = "std"
) -> list[mpf]:
    """Return the preference in the limit of an infinite group.

    Parameters
    ----------
    laws : sequence of laws
        For each answer, the (reward, probability) pairs of its reward.
    policy : sequence of real numbers
        Probability of each answer.
    scale : {"std", "none"}
        Divide by the standard deviation of the reward of a drawn answer, or not.

    Returns
    -------
    list of mpf
        ``(E[r | o] - E[r]) / sigma``, with 0/0 read as 0.
    """
    weights = [to_mpf(p) for p in policy]
    outcomes = [[(to_mpf(r), to_mpf(q)) for r, q in law] for law in laws]
    means = [mp.fsum(r * q for r, q in law) for law in outcomes]
    mean = mp.fsum(p * m for p, m in zip(weights, means, strict=True))
    centred = [m - mean for m in means]
    if scale == "none":
        return centred
    if scale != "std":
        raise ValueError(f"unknown scale {scale!r}")
    if len({Fraction(r) for law in laws for r, _ in law}) == 1:
        return [mpf(0) for _ in centred]
    variance = mp.fsum(
        p * q * (r - mean) ** 2 for p, law in zip(weights, outcomes, strict=True) for r, q in law
    )
    if variance == 0:
        return [mpf(0) for _ in centred]
    return [c / mp.sqrt(variance) for c in centred]


def _mean(values: Sequence[Fraction]) -> Fraction:
    """Return the exact mean."""
    return sum(values, Fraction(0)) / len(values)


def _deviation(values: Sequence[Fraction], ddof: int) -> mpf:
    """Return the standard deviation, exactly zero for equal values."""
    mean = _mean(values)
    squares = sum(((v - mean) ** 2 for v in values), Fraction(0))
    return mpf(0) if squares == 0 else mp.sqrt(to_mpf(squares / (len(values) - ddof)))


def _ratio(numerator: mpf, denominator: mpf) -> mpf:
    """Divide, with 0 for a zero denominator."""
    return mpf(0) if denominator == 0 else numerator / denominator


def _leave_one_out(rewards: Sequence[Fraction], index: int, rule: Rule) -> mpf:
    """Return the advantage of one reward against the others."""
    others = [*rewards[:index], *rewards[index + 1 :]]
    difference = to_mpf(rewards[index] - _mean(others))
    if rule.kind == "rloo" or len(others) == 1:
        return difference
    deviation = _deviation(others, 1)
    return difference if deviation == 0 else difference / (deviation + to_mpf(rule.eps))


def rule_advantages(rewards: Sequence[Fraction], group_size: int, rule: Rule) -> list[mpf]:
    """Return the advantages of the rewards of one group, or of one batch of groups.

    Parameters
    ----------
    rewards : sequence of Fraction
        Rewards of one group; for the batch rule, of the groups of a batch one after another.
    group_size : int
        Number of answers in a group.
    rule : Rule
        Advantage rule; whether it keeps mixed groups only plays no role here.

    Returns
    -------
    list of mpf
        Advantages in the order of the rewards.
    """
    exact = [Fraction(r) for r in rewards]
    if len(exact) != rule.unit(group_size):
        raise ValueError("wrong number of rewards")
    if rule.kind in ("rloo", "rloo-std"):
        return [_leave_one_out(exact, index, rule) for index in range(group_size)]
    centred = []
    for start in range(0, len(exact), group_size):
        group = exact[start : start + group_size]
        mean = _mean(group)
        centred += [to_mpf(r - mean) for r in group]
    if rule.kind == "none":
        divisor = mp.one
    elif rule.kind == "fixed":
        divisor = to_mpf(rule.sigma)
    elif rule.kind == "mean-scale":
        divisor = to_mpf(_mean(exact))
    else:
        divisor = _deviation(exact, rule.ddof) + to_mpf(rule.eps)
    return [_ratio(c, divisor) for c in centred]


def _first_table(
    laws: ExactLaws, own: int, size: int, value: Callable[[list[Fraction]], mpf]
) -> list[mpf]:
    """List the expected value of the rewards for every tuple of the other answers.

    The first answer is `own`; the tuples come in the order of `itertools.product`. Rewards that
    come again in the same order, from other answers, have the value that they had.
    """
    table, known = [], {}
    numbers = [[(r, to_mpf(q)) for r, q in law] for law in laws]
    for others in product(range(len(laws)), repeat=size - 1):
        total = mpf(0)
        for draw in product(numbers[own], *(numbers[other] for other in others)):
            probability = mp.fprod(q for _, q in draw)
            rewards = tuple(reward for reward, _ in draw)
            if rewards not in known:
                known[rewards] = value(list(rewards))
            total += probability * known[rewards]
        table.append(total)
    return table


@lru_cache(maxsize=256)
def _rule_table(laws: ExactLaws, own: int, group_size: int, rule: Rule, prec: int) -> list[mpf]:
    """List the expected first advantage; groups that are thrown away count as zero."""

    def value(rewards: list[Fraction]) -> mpf:
        if rule.mixed_only and len(set(rewards)) == 1:
            return mpf(0)
        return rule_advantages(rewards, group_size, rule)[0]

    return _first_table(laws, own, rule.unit(group_size), value)


@lru_cache(maxsize=256)
def _mixed_table(laws: ExactLaws, own: int, group_size: int, prec: int) -> list[mpf]:
    """List the probability of unequal rewards."""
    return _first_table(laws, own, group_size, lambda rewards: mpf(len(set(rewards)) > 1))


def _exact_laws(laws: Sequence[Law]) -> ExactLaws:
    """Return the laws with exact rewards, hashable."""
    return tuple(tuple((Fraction(r), q) for r, q in law) for law in laws)


def _tuple_probabilities(policy: Sequence[mpf], length: int) -> list[mpf]:
    """Return the probability of each tuple of answers in the order of `itertools.product`."""
    done = [mp.one]
    for _ in range(length):
        done = [probability * weight for probability in done for weight in policy]
    return done


def mixed_weights(
    laws: Sequence[Law], policy: Sequence[Real], group_size: int
) -> tuple[mpf, list[mpf]]:
    """Return how sampling mixed groups only reweights the answers.

    Parameters
    ----------
    laws : sequence of laws
        For each answer, the (reward, probability) pairs of its reward.
    policy : sequence of real numbers
        Probability of each answer.
    group_size : int
        Number of answers in a group, at least 2.

    Returns
    -------
    probability : mpf
        Probability that the rewards of a group are not all equal.
    weights : list of mpf
        ``Pr(o_1 = o | mixed) / policy(o)`` for each answer.

    Raises
    ------
    ValueError
        If no group is mixed.
    """
    if group_size < 2:
        raise ValueError("group_size must be at least 2")
    if len(laws) != len(policy):
        raise ValueError("laws and policy must have the same length")
    exact, pi = _exact_laws(laws), [to_mpf(p) for p in policy]
    others = _tuple_probabilities(pi, group_size - 1)
    given = [
        mp.fdot(others, _mixed_table(exact, own, group_size, mp.prec)) for own in range(len(pi))
    ]
    probability = mp.fdot(pi, given)
    if probability == 0:
        raise ValueError("no group is mixed")
    return probability, [g / probability for g in given]


def rule_preference(
    laws: Sequence[Law], policy: Sequence[Real], group_size: int, rule: Rule
) -> list[mpf]:
    """Return ``E[A_1 | o_1 = o]`` under an advantage rule, the other answers from `policy`.

    Parameters
    ----------
    laws : sequence of laws
        For each answer, the (reward, probability) pairs of its reward.
    policy : sequence of real numbers
        Probability of each answer.
    group_size : int
        Number of answers in a group, at least 2.
    rule : Rule
        Advantage rule. If it keeps mixed groups only, the result is the expectation over all
        groups, with the groups that are thrown away counting as zero, divided by the
        probability of a mixed group, so that the policy gradient is its mean against the
        scores under `policy`.

    Returns
    -------
    list of mpf
        The preference of each answer.
    """
    if len(laws) != len(policy):
        raise ValueError("laws and policy must have the same length")
    exact, pi = _exact_laws(laws), [to_mpf(p) for p in policy]
    others = _tuple_probabilities(pi, rule.unit(group_size) - 1)
    values = [
        mp.fdot(others, _rule_table(exact, own, group_size, rule, mp.prec))
        for own in range(len(pi))
    ]
    if not rule.mixed_only:
        return values
    probability, _ = mixed_weights(laws, policy, group_size)
    return [v / probability for v in values]


def large_group_rule_preference(
    laws: Sequence[Law], policy: Sequence[Real], rule: Rule
) -> list[mpf]:
    """Return the preference under a rule in the limit of an infinite group.

    Parameters
    ----------
    laws : sequence of laws
        For each answer, the (reward, probability) pairs of its reward.
    policy : sequence of real numbers
        Probability of each answer.
    rule : Rule
        Of kind ``"std"``, ``"none"`` or ``"fixed"``.

    Returns
    -------
    list of mpf
        ``(E[r | o] - E[r]) / divisor``, the divisor being the standard deviation of the reward
        of a drawn answer plus `eps`, or 1, or `sigma`; 0/0 is read as 0.
    """
    if rule.mixed_only or rule.kind not in ("std", "none", "fixed"):
        raise ValueError("no large-group limit for this rule")
    centred = large_group_preference(laws, policy, "none")
    if rule.kind != "std":
        divisor = to_mpf(rule.sigma) if rule.kind == "fixed" else mp.one
        return [c / divisor for c in centred]
    pairs = [
        (to_mpf(p) * to_mpf(q), to_mpf(r))
        for p, law in zip(policy, laws, strict=True)
        for r, q in law
    ]
    mean = mp.fsum(w * r for w, r in pairs)
    variance = mp.fsum(w * (r - mean) ** 2 for w, r in pairs)
    if len({Fraction(r) for law in laws for r, _ in law}) == 1:
        return [mpf(0) for _ in centred]
    return [_ratio(c, mp.sqrt(variance) + to_mpf(rule.eps)) for c in centred]
