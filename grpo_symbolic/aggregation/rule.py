"""Rule: from what raters say, a reference policy and a weight to a lottery over answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import Lottery
from grpo_symbolic.aggregation.votes import Comparisons, Votes
from grpo_symbolic.display import cut
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.inputs import Number, exact_number, parameter

_MOST_DIGITS = 200


@dataclass(frozen=True)
class Setting:
    """The reference policy, the weight of the penalty, and the digits asked for."""

    reference: tuple[Fraction, ...]
    beta: Fraction
    digits: int = 20


@dataclass(frozen=True, eq=False)
class Profiles:
    """Many electorates of one number of answers, in float64.

    Attributes
    ----------
    rewards : array
        Rows × raters × answers.
    masses : array
        Rows × raters, with the sum 1; 0 for raters who are not there.
    """

    rewards: Array
    masses: Array

    def __len__(self) -> int:
        return len(self.masses)

    @property
    def margins(self) -> Array:
        """Rows × answers × answers."""
        order = np.sign(self.rewards[:, :, :, None] - self.rewards[:, :, None, :])
        return np.einsum("kj,kjox->kox", self.masses, order)

    @property
    def means(self) -> Array:
        """Rows × answers."""
        return np.einsum("kj,kjo->ko", self.masses, self.rewards)


class Rule(ABC):
    """A rule of aggregation.

    ``lottery(electorate, reference, beta)`` is exact where the answer is rational or algebraic
    and short, else it is enclosed in balls, or, for large data, in floats that satisfy their
    equation to rounding; :attr:`Lottery.kind` says which.

    Source: new, one form for rules of social choice and of training. β is in advantage units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> electorate = gs.Electorate([(2, (1, 0)), (1, (0, 1))])
    >>> rule = gs.compare("borda", electorate).rules[0]
    >>> rule.lottery(electorate, ("1/2", "1/2"), 1).values
    (1, 0)
    """

    #: As it is called at the command line, and in prose.
    name: str
    title: str
    #: Whether the lottery depends on the weight, and on the reference only to break ties.
    weighted: ClassVar[bool] = True
    #: Whether two electorates of the same margins have the same lottery.
    sees_comparisons_only: bool = False
    #: Whether the lottery may change where all rewards of one rater are raised alike.
    sees_shifts: bool = False

    def lottery(
        self,
        electorate: Votes,
        reference: Sequence[Number] | None = None,
        beta: Number = 1,
        digits: int = 20,
    ) -> Lottery:
        """The lottery over the answers.

        Parameters
        ----------
        electorate : Electorate or Comparisons
        reference : sequence of numbers, optional
            Positive probabilities, one an answer; uniform unless given.
        beta : number
            Weight of the penalty, positive.
        digits : int
            Decimal digits, where the lottery is no exact number.

        Raises
        ------
        ValueError
            For a reference or weight out of range, or votes that do not define what the rule
            needs.
        """
        if not isinstance(electorate, Electorate | Comparisons):
            raise ValueError(
                f"electorate must be an Electorate or Comparisons, got {cut(repr(electorate))}"
            )
        if (
            isinstance(digits, bool)
            or not isinstance(digits, int)
            or not 1 <= digits <= _MOST_DIGITS
        ):
            raise ValueError(f"digits must be an integer from 1 to {_MOST_DIGITS}, got {digits!r}")
        weight = parameter("beta", beta)
        if not weight.is_Rational:
            raise ValueError(f"beta must be a rational number here, got {beta}")
        setting = Setting(
            read_reference(reference, electorate.size), Fraction(weight.p, weight.q), digits
        )
        return self._lottery(electorate, setting)

    @abstractmethod
    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        """The lottery of votes that were read."""

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        """Lotteries of many electorates in float64, rows × answers; NaN where none was found."""
        out = np.full(reference.shape, np.nan)
        for row in range(len(profiles)):
            setting = Setting(tuple(map(Fraction, reference[row])), Fraction(beta[row]), 15)
            pairs = zip(profiles.masses[row], profiles.rewards[row], strict=True)
            raters = [(Fraction(m), tuple(map(Fraction, rewards))) for m, rewards in pairs if m]
            try:
                out[row] = self._lottery(Electorate(raters), setting).floats()
            except ValueError:
                continue
        return out

    def __str__(self) -> str:
        return self.title

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.title}>"


def read_reference(value: Any, count: int) -> tuple[Fraction, ...]:
    """The reference policy as fractions; uniform for None or ``"uniform"``."""
    if value is None or (isinstance(value, str) and value.strip() == "uniform"):
        return (Fraction(1, count),) * count
    allowed = f"uniform, or {count} positive probabilities that sum to 1"
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence) or len(value) != count:
        given = ", ".join(map(str, value)) if isinstance(value, Sequence) else repr(value)
        raise ValueError(f"reference must be {allowed}, got {cut(given)}")
    found = []
    for entry in value:
        if isinstance(entry, Fraction):
            found.append(entry)
            continue
        number = exact_number("reference", entry, allowed)
        if not number.is_Rational:
            raise ValueError(f"reference must be {allowed}, got {entry}")
        found.append(Fraction(number.p, number.q))
    if min(found) <= 0 or sum(found) != 1:
        raise ValueError(f"reference must be {allowed}, got {cut(', '.join(map(str, found)))}")
    return tuple(found)
