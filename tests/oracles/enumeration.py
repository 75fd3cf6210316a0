"""Group-relative preferences by brute-force enumeration of groups and reward outcomes.

Everything here follows the definitions literally: every ordered group of answers and every
outcome of every reward is visited, with no counting formula. The cost grows exponentially
with the group size, which is the price of independence.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal, TypeAlias

from mpmath import mp, mpf

Real: TypeAlias = int | float | Fraction | mpf
Law: TypeAlias = Sequence[tuple[Fraction, Real]]
Scale: TypeAlias = Literal["std", "none"]


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
