"""Rewards as a caller describes them: laws or margins, and the ranges of their symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sympy import Expr, Integer, Symbol, exp, floor, oo

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.inputs import exact_number, expression, within
from grpo_symbolic.reward import Gaussian, Law, finite_law, mean, order, point

_NUMBER = "a number, or an expression in symbols"

#: The laws, the margins, and the ranges of the symbols.
_Read = tuple[tuple, tuple, Domain]


def answer_count(name: str, value: Any, least: int) -> int:
    """An integer of at least ``least``."""
    number = exact_number(name, value, f"an integer of at least {least}")
    if not number.is_Integer or number < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value}")
    return int(number)


def verifiable(correct: Any, answers: Any) -> tuple[int, ...]:
    """Reward 1 for the first ``correct`` of the answers, else 0."""
    if answers is None:
        raise ValueError("correct goes with answers: the number of all answers")
    total = answer_count("answers", answers, 2)
    right = answer_count("correct", correct, 1)
    if right >= total:
        raise ValueError(f"correct must be less than answers = {total}, got {right}")
    return (1,) * right + (0,) * (total - right)


def empirical_laws(samples: Any, decimals: Any = None) -> tuple[Law, ...]:
    """The law of each answer's observed rewards, from the smallest one up."""
    places = None if decimals is None else answer_count("decimals", decimals, 0)
    if isinstance(samples, (str, bytes, dict)) or not isinstance(samples, Iterable):
        raise ValueError("rewards_per_answer must be a sequence of rewards for each answer")
    laws = []
    for number, observed in enumerate(samples, start=1):
        if isinstance(observed, (str, bytes, dict)) or not isinstance(observed, Iterable):
            raise ValueError(f"answer {number} must have a sequence of rewards, got {observed!r}")
        rewards = [exact_number("reward", r, "a number") for r in observed]
        if places is not None:
            rewards = [_rounded(r, places) for r in rewards]
        if not rewards:
            raise ValueError(f"answer {number} has no samples")
        counts = Counter(rewards)
        share = Integer(1) / len(rewards)
        laws.append(tuple((r, counts[r] * share) for r in sorted(counts)))
    if len(laws) < 2:
        raise ValueError("a question needs at least two answers")
    return tuple(laws)


def _rounded(reward: Expr, places: int) -> Expr:
    unit = Integer(10) ** places
    return floor(reward * unit + Integer(1) / 2) / unit


def two_rates(rates: tuple[Any, ...]) -> tuple[tuple[Law, ...], Domain]:
    """Two laws of a noisy verifier, the better one first, and the ranges of their symbols."""
    if len(rates) != 2:
        raise ValueError(f"success must hold two rates, got {len(rates)}")
    laws, _, ranges = _from_success(rates)
    high, low = (mean(law) for law in laws)
    if high.is_number and low.is_number:
        if not high > low:
            raise ValueError(f"success must be two rates, the first one larger, got {high}, {low}")
    elif order(high, low, ranges.extended(high, low)) != 1:
        raise ValueError("success must be two rates, the first one larger")
    return laws, ranges


def _from_rewards(values: tuple[Any, ...]) -> _Read:
    rewards = tuple(expression("rewards", value, _NUMBER) for value in values)
    return tuple(point(r) for r in rewards), (), _listed_order(rewards)


def _listed_order(rewards: tuple[Expr, ...]) -> Domain:
    """Symbols from the most to the least rewarding; nothing for a list that holds others."""
    distinct = list(dict.fromkeys(rewards))
    if not all(isinstance(r, Symbol) for r in distinct):
        return Domain().extended(*distinct)
    ranges = [Range(distinct[-1], -oo, oo)]
    for upper, lower in zip(distinct[-2::-1], distinct[:0:-1], strict=True):
        ranges.append(Range(upper, lower, oo))
    return Domain(tuple(ranges))


def _from_success(values: tuple[Any, ...]) -> _Read:
    rates = []
    for value in values:
        rate = expression("success", value, _NUMBER)
        if rate.is_number:
            rate = within("success", rate, "a probability in [0, 1]", 0, 1,
                          lower_closed=True, upper_closed=True)  # fmt: skip
        rates.append(rate)
    laws = tuple(finite_law(((1, rate), (0, 1 - rate))) for rate in rates)
    free = tuple(dict.fromkeys(r for r in rates if isinstance(r, Symbol)))
    if set(free) <= set(symbols.success):
        return laws, (), Domain.of(*sorted(free, key=str, reverse=True))
    return laws, (), Domain(tuple(Range(s, Integer(0), Integer(1)) for s in free))


def _from_laws(values: tuple[Any, ...]) -> _Read:
    laws = tuple(v if isinstance(v, Gaussian) else finite_law(v) for v in values)
    gaussian = [isinstance(law, Gaussian) for law in laws]
    if any(gaussian) and not all(gaussian):
        raise ValueError("Gaussian and finitely supported rewards cannot be mixed")
    return laws, (), Domain().extended(*(e for law in laws for e in entries(law)))


def entries(law: Law | Gaussian) -> tuple[Expr, ...]:
    """The expressions of a law."""
    return (law.mean, law.std) if isinstance(law, Gaussian) else sum(law, ())


def _from_scores(values: tuple[Any, ...]) -> _Read:
    scores = tuple(expression("scores", value, _NUMBER) for value in values)
    weights = tuple(exp(score) for score in scores)
    margins = tuple(
        tuple((mine - theirs) / (mine + theirs) if o != q else Integer(0)
              for q, theirs in enumerate(weights))
        for o, mine in enumerate(weights)
    )  # fmt: skip
    return (), margins, _listed_order(scores)


def _from_preferences(rows: tuple[Any, ...]) -> _Read:
    matrix = tuple(
        tuple(expression("preferences", value, _NUMBER) for value in row) for row in rows
    )
    if any(len(row) != len(matrix) for row in matrix):
        raise ValueError("preferences must be a square matrix, one row and column an answer")
    for o, row in enumerate(matrix):
        for q, value in enumerate(row):
            if (value + matrix[q][o]).expand() != 0:
                raise ValueError(
                    "preferences must be antisymmetric: entries "
                    f"({o + 1}, {q + 1}) = {value} and ({q + 1}, {o + 1}) = {matrix[q][o]}"
                )
            if value.is_number and not -1 <= value <= 1:
                raise ValueError(f"preferences must lie in [-1, 1], got {value}")
    free = {s for row in matrix for value in row for s in value.free_symbols}
    least = {s: Integer(0 if s.is_nonnegative else -1) for s in free}
    ranges = (Range(s, least[s], Integer(1)) for s in sorted(free, key=str))
    return (), matrix, Domain(tuple(ranges))


#: By the name of the argument that describes the rewards.
READERS: dict[str, Callable[[tuple[Any, ...]], _Read]] = {
    "rewards": _from_rewards,
    "success": _from_success,
    "reward_laws": _from_laws,
    "scores": _from_scores,
    "preferences": _from_preferences,
}
