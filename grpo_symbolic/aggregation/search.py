"""Search for the smallest electorate that breaks an axiom, in the order of :mod:`.order`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import TypeAlias

import numpy as np

from grpo_symbolic.aggregation.axioms import Axiom
from grpo_symbolic.aggregation.cases import Case, Profile, Situation, margin_of
from grpo_symbolic.aggregation.counterexample import Counterexample, certified
from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.order import ANSWERS, SMALLEST, Electorates, Size
from grpo_symbolic.aggregation.rule import Profiles, Rule
from grpo_symbolic.aggregation.trained import Trained

_WEIGHTS = (Fraction(1, 2), Fraction(2), Fraction(1, 16), Fraction(8))
#: For rules by training: the limit of small weights differs from all of these.
_NEAR_ZERO, _SMALL = Fraction(1, 1000), Fraction(1, 100)
#: Gaps below this are taken for rounding.
_CLEAR = 1e-6
_EQUAL = 1e-11
# Candidates that are looked at in balls before a search is given up.
_CANDIDATES = 12
_BLOCK = 600
#: Electorates that a search keeps to where it says so.
ALIKE = "of which answers 2 and 3 are alike"


#: What an electorate has that may break an axiom, and does where it is not None.
Cases: TypeAlias = Callable[[Profile], Iterable[Counterexample | None]]


@dataclass
class Searched:
    """What was looked at, and what was found.

    Attributes
    ----------
    electorates, cases : int
    size : int
        All electorates of this size were looked at, and of smaller ones; 0 where none were.
    found : Counterexample or None
    witness : Profile or None
        The profile whose case was found.
    at : Size or None
        Its size.
    uncertain : int
        Cases in which floats see a failure that balls did not prove.
    missing : int
        Cases at a weight and a reference at which no lottery was found, or no limit.
    further : int
        Electorates beyond that size, of which two answers are alike.
    stopped : int
        Whether too many cases were ahead before anything was found.
    among : str
        What electorates were looked at, where these are not all.
    means : str
        By what they were looked at, where it is not by lotteries in floats.
    """

    electorates: int = 0
    cases: int = 0
    size: int = 0
    found: Counterexample | None = None
    witness: Profile | None = None
    at: Size | None = None
    uncertain: int = 0
    missing: int = 0
    further: int = 0
    stopped: int = 0
    among: str = ""
    means: str = ""

    def goes_through(self, profiles: Iterable[Profile], cases: Cases) -> Searched:
        """With the cases of these electorates, up to the first that breaks the axiom."""
        for profile in profiles:
            self.electorates += 1
            try:
                for example in cases(profile):
                    self.cases += 1
                    if example is not None:
                        self.found, self.witness, self.at = example, profile, Size.of(profile)
                        return self
            except ValueError:
                self.missing += 1
        return self

    @property
    def smallest(self) -> bool:
        """Whether all before what was found were looked at, and nothing was left open."""
        if self.at is None or self.among or self.further or self.uncertain or self.missing:
            return False
        return not self.stopped and max(self.size, SMALLEST - 1) == self.at.total - 1

    def standing(self, rule: Rule) -> str:
        """Where what was found stands in the order, and what is known of all before it."""
        place = "masses that are no whole numbers have no size" if self.at is None else (
            f"size {self.at} ({' + '.join(Size.TERMS)})"
        )  # fmt: skip
        looked = f"{self.cases} cases on {self.electorates} electorates {self.among}".rstrip()
        if self.among and not self.stopped:
            return f"{place}; of {looked} it is the first to break it: others were not searched"
        tried = f"by lotteries in floats at {len(references(2))} references"
        tried += f" and {len(weights(rule))} weights" if rule.weighted else ""
        tried = self.means or tried
        if self.smallest:
            few = f"the smallest with up to {ANSWERS[-1]} answers"
            return f"{place}; {few}: of {looked}, in order, the first to break it, {tried}"
        parts = [f"no smaller one was found of size up to {self.size} ({looked}, {tried})"]
        if self.missing:
            parts.append(f"{self.missing} of them have no lottery that was found, or no limit")
        if self.uncertain:
            parts.append(f"{self.uncertain} more seem to break it and were not certified")
        if self.stopped:
            parts.append(f"sizes from {self.size + 1} on were not searched whole")
        return f"{place}; not shown to be the smallest: {', '.join(parts)}"

    def __str__(self) -> str:
        among = f" {self.among}" if self.among else ""
        whole = f", all of sizes up to {self.size}" if self.size else ""
        return f"{self.cases} cases on {self.electorates} electorates{among}{whole}"


def references(answers: int) -> tuple[tuple[Fraction, ...], ...]:
    """Those that are tried: uniform, and the first answer twice as likely as any other."""
    double = Fraction(1, answers + 1)
    return (Fraction(1, answers),) * answers, (2 * double, *(double,) * (answers - 1))


def weights(rule: Rule) -> tuple[Fraction, ...]:
    """Those that are tried."""
    if not rule.weighted:
        return (Fraction(1),)
    if not isinstance(rule, Trained):
        return _WEIGHTS
    return (*_WEIGHTS, _NEAR_ZERO if rule.skew or rule.pooled else _SMALL)


@dataclass
class Search:
    """The cases of axioms for one rule, in the order of sizes.

    Parameters
    ----------
    rule : Rule
    """

    rule: Rule
    known: dict[object, Array] = field(default_factory=dict)

    def settings(self, answers: int) -> list[tuple[tuple[Fraction, ...], Fraction]]:
        """References and weights that are tried."""
        return [(r, beta) for r in references(answers) for beta in weights(self.rule)]

    def run(self, axiom: Axiom, size: int, work: int) -> Searched:
        """Cases of an axiom, electorates in order up to a size, some ``work`` cases at most."""
        report, seen = Searched(), Electorates.seen_by(self.rule, axiom.one_rater)
        for total in range(SMALLEST, size + 1):
            sizes = list(Size.of_total(total))
            if sum(map(seen.count, sizes)) > work:
                report.stopped = 1
                break
            for at in sizes:
                if self.among(axiom, seen.of(at), at, report, work):
                    return report
            report.size = total
        return report

    def among(
        self, axiom: Axiom, profiles: Sequence[Profile], at: Size, report: Searched, work: int
    ) -> bool:
        """Whether cases of this size on these electorates settle the axiom, or are too many."""
        rest = iter(profiles)
        while block := list(islice(rest, _BLOCK)):
            cases = [
                (profile, case)
                for profile in block
                for case in axiom.cases(profile, at.reward)
                if case.reward == at.reward
            ]
            if report.cases + len(cases) > work:
                report.stopped = 1
                return True
            self._learn(s for _, case in cases for s in case.situations)
            if self._settled(cases, at, report):
                return True
        return False

    def _settled(self, cases: Sequence[tuple[Profile, Case]], at: Size, report: Searched) -> bool:
        """Whether a case breaks the axiom, or too many seem to."""
        settings = self.settings(at.answers)
        bases = np.array([[float(v) for v in r] for r, _ in settings]).T
        last = None
        for profile, case in cases:
            report.cases += 1
            report.electorates += profile != last
            last = profile
            lotteries = [self.known[self._key(s)] for s in case.situations]
            with np.errstate(all="ignore"):
                gap = np.asarray(case.gap(lotteries, bases), float)
                if case.premise is not None:
                    apart = np.asarray(case.premise(lotteries, bases), float)
                    gap = np.where(apart >= _EQUAL**2, 0.0, gap)
            report.missing += int(np.isnan(gap).sum())
            failing = np.abs(gap) if case.equality else gap
            for k in np.flatnonzero(failing > _CLEAR):
                reference, beta = settings[int(k)]
                floats = [lottery[:, k].tolist() for lottery in lotteries]
                report.found = certified(self.rule, case, reference, beta, floats)
                if report.found is not None:
                    report.witness, report.at = profile, at
                    return True
                report.uncertain += 1
                if report.uncertain >= _CANDIDATES:
                    return True
        return False

    def _key(self, situation: Situation) -> object:
        """What a rule sees of a situation."""
        if not self.rule.sees_comparisons_only:
            return situation
        profile, n = situation.profile, len(situation.reference)
        raters = sum(m for _, m in profile)
        margins = (Fraction(margin_of(profile, o, x), raters) for o in range(n) for x in range(o))
        return tuple(margins), situation.reference

    def _learn(self, situations: Iterator[Situation]) -> None:
        """Lotteries of all situations at all settings: answers × settings."""
        new = {self._key(s): s for s in dict.fromkeys(situations)}
        new = {key: s for key, s in new.items() if key not in self.known}
        for shape in sorted({(len(s.reference), s.answers) for s in new.values()}):
            part = {k: s for k, s in new.items() if (len(s.reference), s.answers) == shape}
            n, settings = shape[0], self.settings(shape[1])
            widest, count = max(len(s.profile) for s in part.values()), len(settings)
            rewards, masses = np.zeros((len(part), widest, n)), np.zeros((len(part), widest))
            bases = np.zeros((len(part), count, n))
            for k, situation in enumerate(part.values()):
                for j, (row, m) in enumerate(situation.profile):
                    rewards[k, j], masses[k, j] = row, m
                for i, (reference, _) in enumerate(settings):
                    bases[k, i] = list(map(float, situation.base(reference)))
            masses /= masses.sum(axis=1, keepdims=True)
            profiles = Profiles(np.repeat(rewards, count, axis=0), np.repeat(masses, count, axis=0))
            beta = np.tile([float(b) for _, b in settings], len(part))
            found = self.rule.batch(profiles, beta, bases.reshape(-1, n))
            for key, table in zip(part, found.reshape(len(part), count, n), strict=True):
                self.known[key] = table.T
