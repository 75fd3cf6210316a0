"""Rules of social choice, and best-of-n: exact rational lotteries, ties in proportion to π_ref."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from sympy import Expr, S

from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.rule import Profiles, Rule, Setting
from grpo_symbolic.aggregation.votes import Votes, margins_of, raters_of
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.inputs import exact_number, one_of

_TIE = 1e-9


class _Elected(Rule):
    """The answers of the highest score, in proportion to the reference."""

    weighted: ClassVar[bool] = False

    def scores(self, votes: Votes) -> Sequence[Fraction]:
        raise NotImplementedError

    def score_rows(self, profiles: Profiles) -> Array:
        raise NotImplementedError

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        scores = self.scores(votes)
        best = [o for o, s in enumerate(scores) if s == max(scores)]
        note = "elected" if len(best) == 1 else f"{len(best)} answers tie: in proportion to pi_ref"
        return Lottery(votes.answers, tuple(map(S, _shared(best, setting.reference))), note)

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        scores = self.score_rows(profiles)
        best = scores > scores.max(axis=1, keepdims=True) - _TIE
        return _proportions(np.where(best, reference, 0.0))


@dataclass(frozen=True, repr=False)
class Borda(_Elected):
    """The highest sum of margins."""

    name = "borda"
    title = "Borda"
    sees_comparisons_only = True

    def scores(self, votes: Votes) -> Sequence[Fraction]:
        return [sum(row, Fraction(0)) for row in margins_of(votes)]

    def score_rows(self, profiles: Profiles) -> Array:
        return profiles.margins.sum(axis=2)


@dataclass(frozen=True, repr=False)
class Copeland(_Elected):
    """The most answers beaten, less those that it is beaten by."""

    name = "copeland"
    title = "Copeland"
    sees_comparisons_only = True

    def scores(self, votes: Votes) -> Sequence[Fraction]:
        return [Fraction(sum((g > 0) - (g < 0) for g in row)) for row in margins_of(votes)]

    def score_rows(self, profiles: Profiles) -> Array:
        return np.sign(np.where(np.abs(profiles.margins) < _TIE, 0.0, profiles.margins)).sum(axis=2)


@dataclass(frozen=True, repr=False)
class Plurality(_Elected):
    """The largest mass of raters for whom it is a best answer."""

    name = "plurality"
    title = "plurality"

    def scores(self, votes: Votes) -> Sequence[Fraction]:
        found = [Fraction(0)] * votes.size
        for mass, best in _tops(raters_of(votes, self.title)):
            for o in best:
                found[o] += mass
        return found

    def score_rows(self, profiles: Profiles) -> Array:
        best = profiles.rewards == profiles.rewards.max(axis=2, keepdims=True)
        return np.einsum("kj,kjo->ko", profiles.masses, best)


@dataclass(frozen=True, repr=False)
class RandomDictator(Rule):
    """A rater, drawn by mass, chooses: each answer in proportion to those who like it best."""

    name = "random-dictator"
    title = "random dictator (proportional)"
    weighted: ClassVar[bool] = False

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        found, total = [Fraction(0)] * votes.size, Fraction(0)
        for mass, best in _tops(raters_of(votes, self.title)):
            total += mass
            for o, share in enumerate(_shared(best, setting.reference)):
                found[o] += mass * share
        return Lottery(votes.answers, tuple(S(p / total) for p in found), "drawn by mass")

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        best = profiles.rewards == profiles.rewards.max(axis=2, keepdims=True)
        shares = _proportions(best * reference[:, None, :])
        return np.einsum("kj,kjo->ko", profiles.masses, shares)


@dataclass(frozen=True, repr=False)
class BestOf(Rule):
    """Best of n answers drawn from the reference.

    Parameters
    ----------
    count : int
        n.
    per : {"mean", "group"}
        Chosen by the mean reward, or by one rater, drawn by mass.
    """

    count: int = 2
    per: str = "mean"
    weighted: ClassVar[bool] = False

    def __post_init__(self) -> None:
        allowed = "an integer of at least 1"
        number = exact_number("count", self.count, allowed)
        if not number.is_Integer or number < 1:
            raise ValueError(f"count must be {allowed}, got {self.count}")
        one_of("per", self.per, ("mean", "group"))

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"best-of-{self.count}" + ("" if self.per == "mean" else "-group")

    @property
    def title(self) -> str:  # type: ignore[override]
        judge = "the mean reward" if self.per == "mean" else "one rater"
        return f"best of {self.count}, chosen by {judge}"

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        electorate = raters_of(votes, self.title)
        if self.per == "mean":
            judges = [(Fraction(1), [Fraction(int(r.p), int(r.q)) for r in _means(electorate)])]
        else:
            shares = [Fraction(w, sum(electorate.weights)) for w in electorate.weights]
            judges = [(m, _scored(row)) for m, row in zip(shares, electorate.entries, strict=True)]
        found = [Fraction(0)] * votes.size
        for mass, rewards in judges:
            for o, own in enumerate(rewards):
                pairs = list(zip(setting.reference, rewards, strict=True))
                below = sum((r for r, v in pairs if v < own), Fraction(0))
                level = sum((r for r, v in pairs if v == own), Fraction(0))
                chance = (below + level) ** self.count - below**self.count
                found[o] += mass * chance * setting.reference[o] / level
        return Lottery(votes.answers, tuple(map(S, found)), f"best of {self.count}")

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        rewards, masses = profiles.rewards, profiles.masses
        if self.per == "mean":
            rewards, masses = profiles.means[:, None, :], np.ones((len(profiles), 1))
        order = rewards[:, :, :, None] - rewards[:, :, None, :]
        below = np.einsum("kjox,kx->kjo", order > _TIE, reference)
        level = np.einsum("kjox,kx->kjo", np.abs(order) <= _TIE, reference)
        chance = (below + level) ** self.count - below**self.count
        return np.einsum("kj,kjo->ko", masses, chance * reference[:, None, :] / level)


def _means(electorate: Electorate) -> Sequence[Expr]:
    means = electorate.mean_rewards
    if not all(m.is_Rational for m in means):
        raise ValueError("best-of-n needs rational rewards")
    return means


def _scored(row: Sequence[object]) -> list[Fraction]:
    if not all(isinstance(e, Fraction) for e in row):
        raise ValueError("best-of-n by one rater needs a number from each rater for each answer")
    return list(row)  # type: ignore[arg-type]


def _tops(electorate: Electorate) -> list[tuple[Fraction, list[int]]]:
    """The best answers of each rater among those that it scored."""
    if not electorate.numeric:
        raise ValueError("the best answers of raters are known for rewards that are numbers")
    found = []
    for mass, row in zip(electorate.masses, electorate.entries, strict=True):
        said = [e for e in row if e is not None]
        if said:
            best = max(said)
            found.append((mass, [o for o, e in enumerate(row) if e == best]))
    return found


def _shared(best: Sequence[int], reference: Sequence[Fraction]) -> list[Fraction]:
    total = sum((reference[o] for o in best), Fraction(0))
    return [r / total if o in best else Fraction(0) for o, r in enumerate(reference)]


def _proportions(weights: Array) -> Array:
    return weights / weights.sum(axis=-1, keepdims=True)
