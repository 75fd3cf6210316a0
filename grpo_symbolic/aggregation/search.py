"""Search for the smallest electorate that breaks an axiom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import TypeAlias

import numpy as np

from grpo_symbolic.aggregation.axioms import Axiom
from grpo_symbolic.aggregation.cases import Case, Profile, Situation, families
from grpo_symbolic.aggregation.counterexample import Counterexample, certified
from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.rule import Profiles, Rule
from grpo_symbolic.aggregation.trained import Trained

_UNIFORM = (Fraction(1, 3),) * 3
_UNEVEN = (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))
_WEIGHTS = (Fraction(1, 2), Fraction(2), Fraction(1, 16), Fraction(8))
#: For rules by training: the limit of small weights differs from all of these.
_NEAR_ZERO, _SMALL = Fraction(1, 1000), Fraction(1, 100)
#: Gaps below this are taken for rounding.
_CLEAR = 1e-6
_EQUAL = 1e-11
# Candidates that are looked at in balls before a search is given up.
_CANDIDATES = 12
_BLOCK = 600
# Situations that are solved on further electorates, each at all settings.
_LOTTERIES = 2500


#: What an electorate has that may break an axiom, and does where it is not None.
Cases: TypeAlias = Callable[[Profile], Iterable[Counterexample | None]]


@dataclass
class Searched:
    """What was looked at, and what was found.

    Attributes
    ----------
    electorates, cases : int
    raters : int
        The largest number of raters whose cases were all looked at.
    found : Counterexample or None
    witness : Profile or None
        The profile whose case was found.
    uncertain : int
        Cases in which floats see a failure that balls did not prove.
    """

    electorates: int = 0
    cases: int = 0
    raters: int = 0
    found: Counterexample | None = None
    witness: Profile | None = None
    uncertain: int = 0

    def goes_through(self, profiles: Iterable[Profile], cases: Cases) -> Searched:
        """With the cases of these electorates, up to the first that breaks the axiom."""
        for profile in profiles:
            self.electorates += 1
            for example in cases(profile):
                self.cases += 1
                if example is not None:
                    self.found, self.witness = example, profile
                    return self
        return self

    def __str__(self) -> str:
        whole = f", all of those looked for with up to {self.raters} raters" if self.raters else ""
        return f"{self.cases} cases on {self.electorates} electorates{whole}"


@dataclass
class Search:
    """The cases of axioms for one rule, electorates of few raters first.

    Parameters
    ----------
    rule : Rule
    """

    rule: Rule
    known: dict[Situation, Array] = field(default_factory=dict)

    @property
    def settings(self) -> list[tuple[tuple[Fraction, ...], Fraction]]:
        """References and weights that are tried."""
        weights = _WEIGHTS if self.rule.weighted else (Fraction(1),)
        if isinstance(self.rule, Trained):
            weights += (_NEAR_ZERO if self.rule.skew or self.rule.pooled else _SMALL,)
        return [(reference, beta) for reference in (_UNIFORM, _UNEVEN) for beta in weights]

    def run(
        self,
        axiom: Axiom,
        raters: int,
        most: int | None = None,
        more: Sequence[Profile] = (),
    ) -> Searched:
        """Cases of an axiom with up to so many raters, ``most`` electorates of each number.

        Then those on ``more`` electorates, until so many lotteries have been found as is allowed.
        """
        report = Searched()
        for count in range(1, raters + 1):
            profiles = sorted(families(count), key=_size)
            whole = most is None or len(profiles) <= most
            for block in _blocks(profiles[:most]):
                if self._looked_at(axiom, block, report):
                    return report
            report.raters = count if whole and report.raters == count - 1 else report.raters
        start = len(self.known)
        for block in _blocks(more):
            if len(self.known) > start + _LOTTERIES or self._looked_at(axiom, block, report):
                break
        return report

    def _looked_at(self, axiom: Axiom, block: Sequence[Profile], report: Searched) -> bool:
        """Whether these cases settle the axiom."""
        cases = [(profile, case) for profile in block for case in axiom.cases(profile)]
        report.electorates += len(block)
        report.cases += len(cases)
        self._learn(s for _, case in cases for s in case.situations)
        return self._settled(cases, report)

    def _settled(self, cases: Sequence[tuple[Profile, Case]], report: Searched) -> bool:
        """Whether a case breaks the axiom, or too many seem to."""
        references = np.array([[float(v) for v in r] for r, _ in self.settings]).T
        for profile, case in cases:
            lotteries = [self.known[s] for s in case.situations]
            with np.errstate(all="ignore"):
                gap = np.asarray(case.gap(lotteries, references), float)
                if case.premise is not None:
                    apart = np.asarray(case.premise(lotteries, references), float)
                    gap = np.where(apart < _EQUAL**2, gap, 0.0)
            size = np.abs(gap) if case.equality else gap
            for place in np.flatnonzero(size > _CLEAR):
                reference, beta = self.settings[int(place)]
                floats = [lottery[:, place].tolist() for lottery in lotteries]
                report.found = certified(self.rule, case, reference, beta, floats)
                if report.found is not None:
                    report.witness = profile
                    return True
                report.uncertain += 1
                if report.uncertain >= _CANDIDATES:
                    return True
        return False

    def _learn(self, situations: Iterator[Situation]) -> None:
        """Lotteries of all situations at all settings: answers × settings."""
        new = [s for s in dict.fromkeys(situations) if s not in self.known]
        settings = self.settings
        for n in sorted({len(s.reference) for s in new}):
            part = [s for s in new if len(s.reference) == n]
            widest = max(len(s.profile) for s in part)
            rewards = np.zeros((len(part), widest, n))
            masses = np.zeros((len(part), widest))
            bases = np.zeros((len(part), len(settings), n))
            for k, situation in enumerate(part):
                for j, (row, m) in enumerate(situation.profile):
                    rewards[k, j], masses[k, j] = row, m
                for i, (reference, _) in enumerate(settings):
                    numbers = [float(r) for r in reference]
                    bases[k, i] = [
                        1 / share if o < 0 else numbers[o] / share
                        for o, share in situation.reference
                    ]
            masses /= masses.sum(axis=1, keepdims=True)
            count = len(settings)
            profiles = Profiles(np.repeat(rewards, count, axis=0), np.repeat(masses, count, axis=0))
            beta = np.tile([float(b) for _, b in settings], len(part))
            found = self.rule.batch(profiles, beta, bases.reshape(-1, n))
            for situation, table in zip(part, found.reshape(len(part), count, n), strict=True):
                self.known[situation] = table.T


def _size(profile: Profile) -> tuple[int, int, Profile]:
    """Small rewards first."""
    return (
        max(r for row, _ in profile for r in row),
        sum(m * sum(row) for row, m in profile),
        profile,
    )


def _blocks(profiles: Sequence[Profile]) -> Iterator[list[Profile]]:
    rest = iter(profiles)
    while block := list(islice(rest, _BLOCK)):
        yield block
