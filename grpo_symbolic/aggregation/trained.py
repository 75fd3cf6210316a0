"""Rules by training: GRPO at every group size and with every penalty, and NLHF."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import comb

import numpy as np
from sympy import S, oo

from grpo_symbolic import symbols
from grpo_symbolic.aggregation.fields import Array, Field, Linear, Spread, in_groups, stationary
from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.pairs import skew_lottery
from grpo_symbolic.aggregation.rule import Profiles, Rule, Setting
from grpo_symbolic.aggregation.votes import Votes, margins_of, pooled_margins, raters_of
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.inputs import one_of
from grpo_symbolic.model.advantage.ranks import Ranks
from grpo_symbolic.model.algorithm import GRPO, NLHF, Algorithm
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.policy.enclosure import Enclosure
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.question import Question

# Raters times answers squared, beyond which large groups are solved in floats.
_EXACT_SIZE = 400
# Terms of groups beyond which nothing is tried.
_MOST_TERMS = 100_000
_SAME_POLICY = 1e-6


@dataclass(frozen=True, repr=False)
class Trained(Rule):
    """The stationary policy of an algorithm whose rewards come from the raters.

    Where there are several, the one that is reached from the reference as the weight falls.

    Parameters
    ----------
    algorithm : Algorithm
        Its own weight is not used.
    per : {"group", "answer", "mean"}
        How raters come into training, as in :class:`Question`.
    """

    algorithm: Algorithm = field(default_factory=GRPO)
    per: str = "group"

    def __post_init__(self) -> None:
        one_of("per", self.per, ("group", "answer", "mean"))

    @property
    def name(self) -> str:  # type: ignore[override]
        if isinstance(self.algorithm, NLHF):
            return "nlhf"
        size = self.algorithm.group_size
        penalty = (
            "" if self._reverse else "-direct" if self._direct else f"-{self.algorithm.penalty}"
        )
        per = "" if self.per == "group" else f"-{self.per}"
        advantage = "" if self._published else f":{self.algorithm.advantage}"
        return f"grpo{'-inf' if size == oo else size}{penalty}{per}{advantage}"

    @property
    def title(self) -> str:  # type: ignore[override]
        if isinstance(self.algorithm, NLHF):
            return "NLHF"
        size = "large groups" if self.algorithm.group_size == oo else (
            f"groups of {self.algorithm.group_size}"
        )  # fmt: skip
        judge = {"group": "one rater a group", "answer": "a fresh rater for each answer",
                 "mean": "mean rewards"}[self.per]  # fmt: skip
        kl = "reverse KL" if self._reverse else "direct KL" if self._direct else (
            str(self.algorithm.penalty)
        )  # fmt: skip
        advantage = "" if self._published else f", {self.algorithm.advantage}"
        return f"GRPO, {size}, {judge}, {kl}{advantage}"

    @property
    def _reverse(self) -> bool:
        return self.algorithm.penalty == ReverseKL()

    @property
    def _direct(self) -> bool:
        return self.algorithm.penalty == DirectKL()

    @property
    def _kl(self) -> bool:
        return self._reverse or self._direct

    @property
    def skew(self) -> bool:
        """Whether the preference is the margins times the policy, up to a factor."""
        if isinstance(self.algorithm, NLHF):
            return True
        return self.per == "group" and self._signs

    @property
    def pooled(self) -> bool:
        """Whether it is that of raters drawn afresh for each of two answers: pooled margins."""
        return self.per == "answer" and self._signs

    @property
    def pooled_large(self) -> bool:
        """Large groups whose raters, drawn afresh or averaged, make one law of each answer."""
        return self.plain and self.algorithm.group_size == oo and self.per != "group" and (
            self._reverse
        )  # fmt: skip

    @property
    def _signs(self) -> bool:
        """Pairs whose advantages are 1 and -1."""
        algorithm = self.algorithm
        signs = self._published or algorithm.advantage == Ranks()
        return algorithm.group_size == 2 and signs and not algorithm.mixed_only

    @property
    def sees_comparisons_only(self) -> bool:  # type: ignore[override]
        return self.skew

    @property
    def sees_shifts(self) -> bool:  # type: ignore[override]
        advantage = self.algorithm.advantage
        blind = self.skew or (advantage is not None and advantage.shift_invariant)
        return not blind or (self.per == "answer" and not self.skew)

    @property
    def plain(self) -> bool:
        """Whether all groups count, with the published advantage."""
        return self._published and not self.algorithm.mixed_only

    @property
    def _published(self) -> bool:
        return isinstance(self.algorithm, GRPO) and self.algorithm.advantage == GRPO().advantage

    @property
    def unitless(self) -> bool:
        """Whether all rewards may be multiplied by a positive number and shifted."""
        advantage = self.algorithm.advantage
        return advantage is not None and advantage.scale_invariant and advantage.shift_invariant

    # -- one electorate ----------------------------------------------------------------

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        if self.skew and self._kl:
            half = Fraction(1, 2) if isinstance(self.algorithm, NLHF) else Fraction(1)
            return skew_lottery(votes.answers, margins_of(votes), setting, self._reverse, half)
        electorate = raters_of(votes, self.title)
        if self.pooled and electorate.numeric and self._kl:
            margins = pooled_margins(electorate)
            return skew_lottery(votes.answers, margins, setting, self._reverse)
        if not electorate.complete and self.per != "mean":
            _ = electorate.laws  # raises, with the rater who did not score an answer
        n, size = electorate.size, self.algorithm.group_size
        if n == 2 and size in (2, 3, oo) and self.plain and self._reverse and self.per != "answer":
            closed = self._closed(electorate, setting)
            if closed is not None:
                return closed
        judges, numeric = 1 if self.per == "mean" else len(electorate), electorate.numeric
        if judges * n**2 > _EXACT_SIZE and size == oo and self.plain and self._kl and numeric:
            return self._numeric(votes, setting)
        terms = n * judges if size in (oo, None) else _terms(n, int(size)) * judges
        if terms > _MOST_TERMS:
            raise ValueError(
                f"{self.title}: {judges} raters of {n} answers take about {terms} terms, more "
                f"than {_MOST_TERMS}: groups of 2 and large groups take any number"
            )
        policy = stationary_policy(self.algorithm, Question(raters=electorate, per=self.per))
        given = {
            "beta": S(setting.beta),
            "pi_ref": list(map(S, setting.reference)),
        }
        found = policy.enclose(digits=setting.digits, **given)
        several = len(found.policies) > 1
        if found.complete and not several:
            return Lottery(votes.answers, found.policies[0], "the only stationary policy")
        # Fresh raters in groups of three or more have no short form in floats.
        short = size in (2, oo) or self.per != "answer"
        if not (self.plain and self._kl and short):
            if len(found.policies) == 1:
                return Lottery(votes.answers, found.policies[0], found.reason)
            raise ValueError(
                f"{self.title}: {len(found.policies) or 'no'} stationary policies were found "
                "inside, and no choice of one"
            )
        return self._followed(electorate, setting, found)

    def _closed(self, electorate: Electorate, setting: Setting) -> Lottery | None:
        """The closed form of two answers, the better one first."""
        for order in ((0, 1), (1, 0)):
            question = Question(raters=electorate.permuted(order), per=self.per)
            form = stationary_policy(self.algorithm, BinaryQuestion.of(question)).expression
            if form is not None:
                share, beta = S(setting.reference[order[0]]), S(setting.beta)
                p = form.xreplace({symbols.pi_ref: share, symbols.beta: beta}).expand()
                pair = (p, (1 - p).expand())
                return Lottery(electorate.answers, tuple(pair[o] for o in order), "closed form")
        return None

    def _followed(self, votes: Electorate, setting: Setting, found: Enclosure) -> Lottery:
        """The policy that the path from the reference ends at, in balls where it was enclosed."""
        numeric = self._numeric(votes, setting)
        end = np.array(numeric.floats())
        away = [float(np.abs(end - np.array(p)).max()) for p in found.floats()]
        count = len(away)
        if not away or min(away) > _SAME_POLICY:
            return Lottery(
                votes.answers,
                numeric.values,
                "reached from the reference, in floats: it is none of the policies that were "
                f"enclosed ({found.reason})",
            )
        note = found.reason if count == 1 else (
            f"the one of {count} stationary policies reached from the reference"
        )  # fmt: skip
        return Lottery(votes.answers, found.policies[int(np.argmin(away))], note)

    def _numeric(self, votes: Votes, setting: Setting) -> Lottery:
        """In floats, from the path of falling weights."""
        electorate = raters_of(votes, self.title)
        if self.per == "mean":
            electorate = Electorate([(1, electorate.mean_rewards)])
        rewards = np.array([[[float(e) for e in row] for row in electorate.entries]])
        masses = np.array([[float(s) for s in electorate.shares]])
        reference = np.array([[float(r) for r in setting.reference]])
        weight = np.array([float(setting.beta)])
        field = self.field(Profiles(rewards, masses))
        assert field is not None  # asked for rules that have one
        found = stationary(field, self._reverse, weight, reference, careful=True)[0]
        if np.isnan(found).any():
            raise ValueError(f"{self.title}: no stationary policy was reached from the reference")
        return Lottery(votes.answers, tuple(map(float, found)), "Newton's method in floats")

    # -- many electorates --------------------------------------------------------------

    def field(self, profiles: Profiles) -> Field | None:
        """The preference of many electorates; None where it has no short form."""
        if self.skew:
            scale = 0.5 if isinstance(self.algorithm, NLHF) else 1.0
            return Linear(
                scale * profiles.margins, np.zeros((len(profiles), profiles.rewards.shape[2]))
            )
        if not self.plain:
            return None
        size, rewards, masses = self.algorithm.group_size, profiles.rewards, profiles.masses
        means = profiles.means[:, None, :]
        one = np.ones((len(profiles), 1))
        if self.pooled:
            order = np.sign(rewards[:, :, None, :, None] - rewards[:, None, :, None, :])
            matrix = np.einsum("ki,kj,kijox->kox", masses, masses, order)
            return Linear(matrix, np.zeros(matrix.shape[:2]))
        if size == oo and self.per == "group":
            return Spread(masses, rewards, np.zeros_like(rewards))
        if size == oo:
            spread = np.einsum("kj,kjo->ko", masses, rewards**2)[:, None, :] - means**2
            return Spread(
                one, means, np.maximum(spread, 0.0) if self.per == "answer" else 0 * means
            )
        if self.per == "group":
            return in_groups(rewards, masses, int(size))
        if self.per == "mean":
            return in_groups(np.round(means, 12), one, int(size))
        return None

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        preference = self.field(profiles)
        if preference is None or not self._kl:
            return super().batch(profiles, beta, reference)
        return stationary(preference, self._reverse, beta, reference)


def _terms(answers: int, size: int) -> int:
    return comb(size + answers - 2, answers - 1) * answers
