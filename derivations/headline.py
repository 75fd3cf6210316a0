"""Headline: what a result says and for what, as data, held against the claims it rests on.

A headline names its quantifiers (group sizes, numbers of answers, penalties, ranges of the
parameters), its hypotheses and its conclusion, and the claims that it follows from. It may not say
more than they do:

- a claim speaks of every group size from 2 on where G is a symbol of its domain with that range;
- of sizes one by one it speaks through a name with ``{G}``, which stands for each of them;
- where neither is so, a lemma with that effect must be named, and with it the claims that are its
  hypotheses. The same holds for numbers of answers (``{n}``) and for penalties (``{penalty}``);
- every parameter of the headline stands in one of its claims, and no claim has a smaller range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import product

from sympy import Expr, oo

from derivations.lemmas import Applied, Lifts
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Status

__all__ = [
    "ANY_NUMBER",
    "BINARY",
    "DIRECT_KL",
    "EVERY_DIVERGENCE",
    "EVERY_SIZE",
    "LARGE_GROUPS",
    "REVERSE_KL",
    "TWO",
    "WITH_MARGIN",
    "Headline",
    "Numbers",
    "binary_headline",
]

#: In place of names of penalties.
EVERY_DIVERGENCE = ("every penalty that acts as a divergence",)
#: What the limit is called in names of claims.
_LIMIT = ("oo", "infinity")


@dataclass(frozen=True)
class Numbers:
    """Group sizes, or numbers of answers or of reward levels.

    Parameters
    ----------
    listed : tuple of int
        Those that are meant one by one.
    start : int, optional
        All from here on.
    limit : bool
        The limit of large groups.
    """

    listed: tuple[int, ...] = ()
    start: int | None = None
    limit: bool = False

    @classmethod
    def of(cls, *listed: int | Expr) -> Numbers:
        """Numbers one by one; ∞ for the limit."""
        finite = tuple(int(n) for n in listed if n != oo)
        return cls(finite, limit=len(finite) < len(listed))

    @property
    def several(self) -> bool:
        """Whether more than one number is meant."""
        return self.start is not None or len(self.listed) + self.limit > 1

    def spellings(self) -> Iterator[tuple[str, ...]]:
        """Each listed number, and the limit, as names of claims may have it."""
        yield from ((str(n),) for n in self.listed)
        if self.limit:
            yield _LIMIT

    def parts(self) -> tuple[str, ...]:
        """The listed numbers in order, a run of more than three by its ends, and the limit."""
        shown = tuple(map(str, self.listed))
        if len(shown) > 3 and self.listed == tuple(range(self.listed[0], self.listed[-1] + 1)):
            shown = (shown[0], "...", shown[-1])
        return (*shown, "oo") if self.limit else shown


EVERY_SIZE, LARGE_GROUPS = Numbers(start=2), Numbers(limit=True)
TWO, ANY_NUMBER = Numbers.of(2), Numbers(start=2)
#: The parameters of a binary question under a penalty, without and with a margin.
BINARY = Domain.of(symbols.beta, symbols.pi_ref)
WITH_MARGIN = Domain.of(symbols.beta, symbols.gamma, symbols.pi_ref)
REVERSE_KL, DIRECT_KL = ("reverse KL",), ("direct KL",)


@dataclass(frozen=True)
class Headline:
    """One statement of a result, with its quantifiers and what it rests on.

    Parameters
    ----------
    conclusion : str
        What holds, in words and TeX.
    rests_on : tuple of str
        Names of claims of the result, all of which it needs; ``*`` for any text, and ``{G}``,
        ``{n}``, ``{penalty}`` for each of the listed numbers and penalties.
    groups, answers, levels : Numbers, optional
        Group sizes, numbers of answers and of reward levels; None where there are none to speak of.
    penalties : tuple of str
        By name.
    parameters : Domain
        The ranges of the parameters.
    hypotheses : tuple of str
        What is assumed besides, as phrases.
    by : tuple of Applied
        The lemmas that lead from the claims to the conclusion, beyond what each claim says.
    uses : tuple of str
        Other results that it needs, by file name.
    """

    conclusion: str
    rests_on: tuple[str, ...]
    groups: Numbers | None = None
    answers: Numbers | None = None
    levels: Numbers | None = None
    penalties: tuple[str, ...] = ()
    parameters: Domain = field(default_factory=Domain)
    hypotheses: tuple[str, ...] = ()
    by: tuple[Applied, ...] = ()
    uses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.rests_on and not self.by:
            raise ValueError(f"{self.conclusion!r} rests on no claim")

    # -- the claims that it rests on -------------------------------------------------------

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of claims, those of the hypotheses of its lemmas too."""
        return (*self.rests_on, *(name for used in self.by for name in used.claims))

    def claims_of(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Those of ``claims`` that it rests on, each once.

        Raises
        ------
        ValueError
            When one that it names is missing, or is declared not to hold.
        """
        found = [c for name in self.needed for c in self._named(name, claims)]
        return tuple(dict.fromkeys(found))

    def _named(self, name: str, claims: Sequence[Claim]) -> Iterator[Claim]:
        for spellings in self._cases(name):
            found = [c for c in claims if any(_matches(c.name, one) for one in spellings)]
            kept = [c for c in found if c.expected == Status.PROVED]
            if not kept or ("*" not in name and len(kept) < len(found)):
                why = "which is declared not to hold" if found else "which the result does not have"
                raise ValueError(f"{self.conclusion!r} rests on {spellings[0]!r}, {why}")
            yield from kept

    def _cases(self, name: str) -> Iterator[tuple[str, ...]]:
        """The names that a pattern stands for: for each case the ways it may be spelled."""
        choices = [[(mark, way) for way in ways] for mark, ways in self._marks() if mark in name]
        for way in product(*choices):
            spellings = [name]
            for mark, texts in way:
                spellings = [s.replace(mark, text) for s in spellings for text in texts]
            yield tuple(spellings)

    def _marks(self) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
        for mark, numbers in (("{G}", self.groups), ("{n}", self.answers)):
            yield mark, [] if numbers is None else list(numbers.spellings())
        yield "{penalty}", [(name,) for name in self.penalties]

    # -- what it may say -------------------------------------------------------------------

    def hold_against(self, claims: Sequence[Claim]) -> None:
        """Compare the quantifiers with what the claims cover.

        Raises
        ------
        ValueError
            When it says more than they do.
        """
        found = self.claims_of(claims)
        starts = [start for claim in found if (start := sizes_from(claim)) is not None]
        self._hold_groups(starts)
        if self.answers is not None:
            self._hold_listed("answers", self.answers, "{n}", Lifts.ANSWERS)
        if self._means_every_penalty and not self._lifted(Lifts.PENALTIES):
            self._overstated("speaks of every penalty", "no lemma leads from some to all")
        if len(self.penalties) > 1 and not self._varies("{penalty}", Lifts.PENALTIES):
            self._overstated("speaks of several penalties", "no name of a claim has {penalty}")
        self._hold_parameters(found)

    def _hold_groups(self, starts: Sequence[int]) -> None:
        groups = self.groups
        if groups is None:
            return
        if groups.start is not None:
            if any(start > groups.start for start in starts):
                self._overstated(f"speaks of groups from {groups.start} on", "a claim starts later")
            if not starts and not self._lifted(Lifts.GROUPS):
                self._overstated(
                    f"speaks of every group size from {groups.start} on",
                    "none of its claims has the group size as a symbol, and no lemma lifts them",
                )
            if groups.limit and not self._varies("{G}", Lifts.GROUPS):
                self._overstated("speaks of large groups too", "no name of a claim has {G}")
        elif not (starts and not groups.limit and min(starts) <= min(groups.listed)):
            self._hold_listed("group sizes", groups, "{G}", Lifts.GROUPS)

    def _hold_listed(self, what: str, numbers: Numbers, mark: str, lifts: Lifts) -> None:
        if numbers.several and not self._varies(mark, lifts):
            self._overstated(
                f"speaks of several {what}", f"no name of a claim has {mark}, and no lemma lifts it"
            )
        if numbers.start is not None and not self._lifted(lifts):
            self._overstated(f"speaks of all {what}", "no lemma leads from some to all")

    def _hold_parameters(self, claims: Sequence[Claim]) -> None:
        for r in self.parameters.ranges:
            own = [o for c in claims for o in c.domain.ranges if o.symbol == r.symbol]
            if not own:
                self._overstated(f"speaks of {r}", f"none of its claims has {r.symbol}")
            smaller = next((o for o in own if not _covers(o, r)), None)
            if smaller is not None:
                self._overstated(f"speaks of {r}", f"a claim is made for {smaller} only")

    def _varies(self, mark: str, lifts: Lifts) -> bool:
        return any(mark in name for name in self.needed) or self._lifted(lifts)

    def _lifted(self, what: Lifts) -> bool:
        return any(what in used.lemma.lifts for used in self.by)

    @property
    def _means_every_penalty(self) -> bool:
        return self.penalties == EVERY_DIVERGENCE

    def _overstated(self, says: str, but: str) -> None:
        raise ValueError(f"the headline {self.conclusion!r} {says}, but {but}")

    # -- print -----------------------------------------------------------------------------

    @property
    def quantifiers(self) -> str:
        """What it is said for, as a terminal shows it."""
        counts = _group_text(self.groups), _count_text(self.answers, "answers")
        ranges = [str(r) for r in self.parameters.ranges]
        shown = [*counts, _count_text(self.levels, "reward levels"), *self.penalties, *ranges]
        text = ", ".join(part for part in shown if part)
        given = "; ".join(self.hypotheses)
        return "; ".join(part for part in (f"for {text}" if text else "", given) if part)


#: Of the question that most of the paper is about: two answers with rewards that are numbers.
binary_headline = partial(
    Headline, answers=TWO, penalties=REVERSE_KL, hypotheses=("deterministic rewards",)
)


def sizes_from(claim: Claim) -> int | None:
    """The group size from which on a claim covers all; None unless it has a symbol for it."""
    for r in claim.domain.ranges:
        if r.symbol == symbols.G and r.upper == oo and r.lower.is_Integer:
            return int(r.lower) + (not r.lower_closed)
    return None


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _covers(wide: Range, narrow: Range) -> bool:
    """Whether every value of one range is one of the other, as far as their ends show."""
    low, high = narrow.lower - wide.lower, wide.upper - narrow.upper
    low_ends = wide.lower_closed or not narrow.lower_closed
    high_ends = wide.upper_closed or not narrow.upper_closed
    below = wide.lower == -oo or (wide.lower == narrow.lower and low_ends) or bool(low.is_positive)
    above = wide.upper == oo or (wide.upper == narrow.upper and high_ends) or bool(high.is_positive)
    return below and above


def _group_text(groups: Numbers | None) -> str:
    if groups is None:
        return ""
    every = [] if groups.start is None else [f"every G >= {groups.start}"]
    listed = [f"G = {', '.join(groups.parts())}"] if groups.parts() else []
    return _together([*every, *listed])


def _count_text(numbers: Numbers | None, what: str) -> str:
    if numbers is None:
        return ""
    if numbers.start is not None:
        return f"any number of {what}"
    return f"{_together(numbers.parts())} {what}"


def _together(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
