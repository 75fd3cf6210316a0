"""Electorate: raters who disagree, each with a mass and a reward for every answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Add, Expr, Integer, Rational, Symbol, cancel, oo

from grpo_symbolic.display import cut, grid
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.inputs import expression, read_parameter
from grpo_symbolic.reward import Gaussian, Law, comparison, finite_law, mean, mixture, point

# A formula needs no arrays: they are imported by what counts.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What a rater says of an answer: a number, a law of rewards, or nothing.
Entry: TypeAlias = Fraction | Law | Gaussian | None
_NUMBER = "a number, an expression in symbols, or a law of rewards"
# More raters are counted, not listed.
_LISTED = 12


@dataclass(frozen=True, init=False)
class Electorate:
    r"""Raters :math:`j` with masses :math:`m_j` and rewards :math:`r_j(o)`.

    Source: new, a population of reward functions. Masses are shares without a unit, rewards in
    units of their rater.

    Parameters
    ----------
    raters : sequence of (mass, rewards)
        Masses are positive numbers or symbols and are divided by their sum. Rewards have one
        entry an answer: a number, an expression, a law of ``(reward, probability)`` pairs, a
        :class:`Gaussian`, or None where the rater did not score the answer.
    answers : sequence of str, optional
        What the answers are called; 1, 2, ... unless given.
    domain : Domain, optional
        Ranges of the symbols of the rewards.

    Raises
    ------
    ValueError
        For no raters, a mass that is not positive, rows of different lengths, fewer than two
        answers, or an entry that is no reward.

    Examples
    --------
    >>> electorate = Electorate([(2, (1, 0, 0)), (1, (0, 1, 3))])
    >>> electorate.margins[0]
    (0, 1/3, 1/3)
    >>> Electorate.from_rankings([(1, "a > b ~ c")]).rewards
    ((2, 1, 1),)
    """

    masses: tuple[Fraction | Expr, ...]
    entries: tuple[tuple[Entry, ...], ...]
    answers: tuple[str, ...]
    declared: Domain

    def __init__(
        self,
        raters: Iterable[tuple[Any, Sequence[Any]]],
        answers: Sequence[str] | None = None,
        domain: Domain | None = None,
    ) -> None:
        masses, rows = [], []
        if isinstance(raters, str) or not isinstance(raters, Iterable):
            raise ValueError(
                "raters must be pairs (mass, rewards); Electorate.read takes them as text: "
                f"got {cut(repr(raters))}"
            )
        for number, rater in enumerate(raters, start=1):
            try:
                mass, rewards = rater
                rows.append(tuple(_entry(value) for value in rewards))
            except TypeError:
                raise ValueError(
                    f"rater {number} must be a pair (mass, rewards), got {cut(str(rater))}"
                ) from None
            except ValueError as error:
                raise ValueError(f"rater {number}: {error}") from None
            masses.append(_mass(mass, number))
        if not rows:
            raise ValueError("an electorate needs at least one rater")
        count = len(rows[0])
        for number, row in enumerate(rows, start=1):
            if len(row) != count:
                raise ValueError(
                    f"every rater scores the same answers: rater 1 has {count} rewards, rater "
                    f"{number} has {len(row)}"
                )
        names = tuple(str(o) for o in range(1, count + 1)) if answers is None else tuple(answers)
        if count < 2 or len(names) != count or len(set(names)) != count:
            raise ValueError("an electorate needs two answers or more, each with a name of its own")
        self._set(tuple(masses), tuple(rows), names, domain or Domain())

    def _set(self, *values: Any) -> None:
        names = ("masses", "entries", "answers", "declared")
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def _of(cls, *values: Any) -> Electorate:
        made = object.__new__(cls)
        made._set(*values)
        return made

    # -- other ways to describe raters -------------------------------------------------

    @classmethod
    def from_rankings(
        cls, rankings: Iterable[tuple[Any, str | Sequence[Any]]], answers: Sequence[str] = ()
    ) -> Electorate:
        """Raters by their rankings: ``"a > b ~ c"``, or a sequence of answers or ties, best first.

        An answer gets as many points as there are places below it: only comparisons matter to
        groups of two, but larger groups see these as rewards.
        """
        read = [(mass, _ranking(ranking)) for mass, ranking in rankings]
        seen = dict.fromkeys(o for _, places in read for place in places for o in place)
        names = tuple(answers) or tuple(seen)
        raters = []
        for mass, places in read:
            points = {o: len(places) - k for k, place in enumerate(places) for o in place}
            unknown = points.keys() - set(names)
            if unknown:
                raise ValueError(f"a ranking names the unknown answer {min(unknown)!r}")
            raters.append((mass, tuple(points.get(o) for o in names)))
        return cls(raters, names)

    @classmethod
    def from_approvals(
        cls, approvals: Iterable[tuple[Any, Iterable[str]]], answers: Sequence[str]
    ) -> Electorate:
        """Raters by the answers that they approve of: reward 1, and 0 for the others."""
        raters = []
        for mass, approved in approvals:
            chosen = set(approved)
            if not chosen <= set(answers):
                raise ValueError(f"unknown answer {min(chosen - set(answers))!r}")
            raters.append((mass, tuple(int(o in chosen) for o in answers)))
        return cls(raters, answers)

    @classmethod
    def read(cls, text: str) -> Electorate:
        """From ``'3: 0,10,11; 3: 0,10,1'``: a mass, and a reward for every answer.

        Raises
        ------
        ValueError
            With the rater that cannot be read.
        """
        raters = []
        for number, part in enumerate(filter(str.strip, text.split(";")), start=1):
            mass, colon, rewards = part.partition(":")
            if not colon:
                raise ValueError(
                    "raters must be written as 'mass: reward,reward,...; ...', "
                    f"got {part.strip()!r}"
                )
            try:
                row = [read_parameter("reward", value) for value in rewards.split(",")]
                raters.append((read_parameter("sigma", mass, "mass"), row))
            except ValueError as error:
                raise ValueError(f"rater {number}: {error}") from None
        return cls(raters)

    # -- what raters say ---------------------------------------------------------------

    def __len__(self) -> int:
        """The number of raters."""
        return len(self.masses)

    @property
    def size(self) -> int:
        """The number of answers."""
        return len(self.answers)

    @cached_property
    def shares(self) -> tuple[Expr, ...]:
        """The masses, divided by their sum."""
        if all(isinstance(m, Fraction) for m in self.masses):
            total = sum(self.masses, Fraction(0))
            return tuple(Rational(m / total) for m in self.masses)  # type: ignore[operator]
        masses = [Rational(m) if isinstance(m, Fraction) else m for m in self.masses]
        total = cancel(Add(*masses))
        return tuple(m / total for m in masses)

    @property
    def complete(self) -> bool:
        """Whether every rater scores every answer."""
        return all(entry is not None for row in self.entries for entry in row)

    @cached_property
    def numeric(self) -> bool:
        """Whether masses and rewards are rational numbers, without laws; some may be missing."""
        return all(isinstance(m, Fraction) for m in self.masses) and all(
            entry is None or isinstance(entry, Fraction) for row in self.entries for entry in row
        )

    @property
    def rewards(self) -> tuple[tuple[Expr | None, ...], ...]:
        """Expected rewards, one row a rater."""
        return tuple(
            tuple(None if entry is None else mean(_law(entry)) for entry in row)
            for row in self.entries
        )

    @property
    def laws(self) -> tuple[tuple[Law | Gaussian, ...], ...]:
        """Reward laws, one row a rater.

        Raises
        ------
        ValueError
            Where a rater did not score an answer.
        """
        for number, row in enumerate(self.entries, start=1):
            if None in row:
                raise ValueError(
                    f"rater {number} did not score answer {self.answers[row.index(None)]}: only "
                    "rules that see comparisons or means can do without"
                )
        return tuple(tuple(_law(entry) for entry in row) for row in self.entries)

    @property
    def domain(self) -> Domain:
        """Positive masses, and the ranges of the rewards' symbols."""
        free = [m for m in self.masses if isinstance(m, Symbol)]
        known = set(self.declared.symbols)
        ranges = tuple(Range(m, Integer(0), oo) for m in free if m not in known)
        found = (e for row in self.entries for e in row if not isinstance(e, Fraction | None))
        parts = (
            p for e in found for p in ((e.mean, e.std) if isinstance(e, Gaussian) else sum(e, ()))
        )
        masses = (m for m in self.masses if isinstance(m, Expr))
        return Domain((*self.declared.ranges, *ranges)).extended(*parts, *masses)

    @cached_property
    def mean_rewards(self) -> tuple[Expr, ...]:
        """E_j r_j(o) over the raters who scored the answer; 0 where none did."""
        found = []
        for o in range(self.size):
            said = [(m, row[o]) for m, row in zip(self.masses, self.entries, strict=True)
                    if row[o] is not None]  # fmt: skip
            if all(isinstance(m, Fraction) and isinstance(e, Fraction) for m, e in said):
                total = sum((m for m, _ in said), Fraction(0)) or Fraction(1)
                found.append(Rational(sum((m * e for m, e in said), Fraction(0)) / total))
            else:
                whole = Add(*(m for m, _ in said))
                found.append(Add(*(m * mean(_law(e)) for m, e in said)) / whole)
        return tuple(found)

    @cached_property
    def pooled(self) -> tuple[Law, ...]:
        """The law of the reward that a fresh rater gives, one an answer."""
        rows = self.laws
        if any(isinstance(law, Gaussian) for row in rows for law in row):
            raise ValueError("raters with Gaussian rewards have no finite mixture")
        columns = zip(*rows, strict=True)
        return tuple(_tidied(mixture(column, self.shares)) for column in columns)

    @cached_property
    def margins(self) -> tuple[tuple[Expr, ...], ...]:
        """γ(o, x): the mass that puts o above x less the mass that puts x above o.

        Among the raters who scored both; 0 where none did.
        """
        n = self.size
        if self.numeric:
            won, seen = self.counts
            return tuple(
                tuple(Rational(int(won[o, x]), int(seen[o, x]) or 1) for x in range(n))
                for o in range(n)
            )
        found = [[Integer(0)] * n for _ in range(n)]
        for o in range(n):
            for x in range(o):
                both = [
                    (m, row[o], row[x])
                    for m, row in zip(self.masses, self.entries, strict=True)
                    if row[o] is not None and row[x] is not None
                ]
                terms = [m * comparison(_law(a), _law(b), self.domain) for m, a, b in both]
                value = cancel(Add(*terms) / Add(*(m for m, _, _ in both))) if both else Integer(0)
                found[o][x], found[x][o] = value, -value
        return tuple(map(tuple, found))

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """Rational masses as integers without a common multiple."""
        masses = [m for m in self.masses if isinstance(m, Fraction)]
        if len(masses) < len(self.masses):
            raise ValueError("masses must be numbers for this: give the symbols values")
        whole = lcm(*(m.denominator for m in masses))
        return tuple(int(m * whole) for m in masses)

    @cached_property
    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Net wins and comparisons as integers: won[o, x] and seen[o, x]; numeric raters only."""
        if not self.numeric:
            raise ValueError("comparisons are counted for raters with numbers as rewards")
        import numpy as np

        n, weights = self.size, self.weights
        if sum(weights) > 2**52:
            raise ValueError("the masses have a common denominator that is too large to count with")
        ranks = self.ranks
        mass = np.array(weights, dtype=np.int64)
        won, seen = np.zeros((n, n), np.int64), np.zeros((n, n), np.int64)
        for row, share in zip(ranks, mass, strict=True):
            known = row >= 0
            both = known[:, None] & known[None, :]
            above = (row[:, None] > row[None, :]) & both
            seen += share * both
            won += share * above
        return won - won.T, seen

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """The place of each reward among all rewards that occur, lowest 0; −1 where missing."""
        import numpy as np

        # By identity first: fractions are slow to hash, and tables share theirs.
        known = {id(e): e for row in self.entries for e in row if isinstance(e, Fraction)}
        order = {value: k for k, value in enumerate(sorted(set(known.values())))}
        place = {key: order[value] for key, value in known.items()}
        place[id(None)] = -1
        return np.array([[place[id(e)] for e in row] for row in self.entries], np.int64)

    # -- other electorates -------------------------------------------------------------

    def permuted(self, places: Sequence[int]) -> Electorate:
        """The electorate whose answer number i is this one's number ``places[i]``."""
        rows = tuple(tuple(row[o] for o in places) for row in self.entries)
        return self._of(self.masses, rows, tuple(self.answers[o] for o in places), self.declared)

    def merged(self, other: Electorate) -> Electorate:
        """The raters of both, masses added up."""
        if self.answers != other.answers:
            raise ValueError("electorates that are merged must have the same answers")
        declared = Domain(tuple(dict.fromkeys((*self.declared.ranges, *other.declared.ranges))))
        return self._of(
            self.masses + other.masses, self.entries + other.entries, self.answers, declared
        )

    def with_row(self, rater: int, rewards: Sequence[Any]) -> Electorate:
        """The electorate in which one rater says something else."""
        rows = list(self.entries)
        rows[rater] = tuple(_entry(value) for value in rewards)
        if len(rows[rater]) != self.size:
            raise ValueError(f"a rater has {self.size} rewards, got {len(rows[rater])}")
        return self._of(self.masses, tuple(rows), self.answers, self.declared)

    def without(self, answer: int) -> Electorate:
        """The electorate without one of its answers."""
        return self.permuted([o for o in range(self.size) if o != answer])

    def named(self, answers: Sequence[str]) -> Electorate:
        """The electorate with other names for its answers."""
        names = tuple(answers)
        if len(names) != self.size or len(set(names)) != len(names):
            raise ValueError(f"{self.size} answers need as many different names")
        return self._of(self.masses, self.entries, names, self.declared)

    # -- display -----------------------------------------------------------------------

    def __repr__(self) -> str:
        if len(self) > _LISTED or self.size > _LISTED:
            return f"Electorate({cut(str(self))})"
        raters = ", ".join(
            f"({_plain(m)}, ({', '.join(map(_plain, row))}))"
            for m, row in zip(self.masses, self.entries, strict=True)
        )
        numbered = self.answers == tuple(str(o) for o in range(1, self.size + 1))
        more = "" if numbered else f", answers={list(self.answers)!r}"
        more += f", domain={self.declared!r}" if self.declared.ranges else ""
        return f"Electorate([{raters}]{more})"

    def __str__(self) -> str:
        return f"{len(self)} raters of {self.size} answers"

    def _repr_html_(self) -> str:
        shown = zip(self.masses[:_LISTED], self.entries, strict=False)
        rows = ((_plain(m), *map(_plain, row)) for m, row in shown)
        return grid(str(self), ("mass", *self.answers), rows)


def _entry(value: Any) -> Entry:
    if value is None or isinstance(value, Gaussian | Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, list | tuple):
        law = finite_law(value)
        return _entry(law[0][0]) if len(law) == 1 else law
    found = expression("reward", value, _NUMBER)
    return Fraction(found.p, found.q) if found.is_Rational else point(found)


def _mass(value: Any, number: int) -> Fraction | Expr:
    found = expression(f"the mass of rater {number}", value, "a positive number or a symbol")
    if found.is_Rational:
        found = Fraction(found.p, found.q)
    if (isinstance(found, Fraction) and found <= 0) or (
        isinstance(found, Expr) and found.is_positive is False
    ):
        raise ValueError(f"the mass of rater {number} must be positive, got {value}")
    return found


def _law(entry: Fraction | Law | Gaussian) -> Law | Gaussian:
    return point(Rational(entry)) if isinstance(entry, Fraction) else entry


def _tidied(law: Law) -> Law:
    return tuple((reward, cancel(weight)) for reward, weight in law)


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        return str(value[0][0])
    if isinstance(value, Fraction) and value.denominator > 1:
        return f"'{value}'"
    return str(value)


def _ranking(ranking: str | Sequence[Any]) -> list[list[str]]:
    """Places from best to worst, each with the answers that share it."""
    if isinstance(ranking, str):
        places = [[o.strip() for o in place.split("~")] for place in ranking.split(">")]
    else:
        places = [[str(p)] if isinstance(p, str | int) else [str(o) for o in p] for p in ranking]
    named = [o for place in places for o in place]
    if not all(named) or len(set(named)) != len(named):
        raise ValueError(f"a ranking must name each answer once, best first, got {ranking!r}")
    return places
