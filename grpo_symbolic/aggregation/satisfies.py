"""Whether a rule satisfies an axiom: proved, refuted by an example, or what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from flint import ctx
from sympy import S

from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.axioms import Axiom
from grpo_symbolic.aggregation.axioms import axiom as as_axiom
from grpo_symbolic.aggregation.cases import Profile, winner_of
from grpo_symbolic.aggregation.counterexample import Counterexample, confirmed, electorate_of
from grpo_symbolic.aggregation.kept import Kept
from grpo_symbolic.aggregation.lemmas import proved
from grpo_symbolic.aggregation.lottery import Lottery, as_ball
from grpo_symbolic.aggregation.merging import lopsided, merged_elsewhere
from grpo_symbolic.aggregation.names import rule as as_rule
from grpo_symbolic.aggregation.order import SMALLEST, Electorates, Size, alike
from grpo_symbolic.aggregation.rule import Profiles, Rule
from grpo_symbolic.aggregation.search import ALIKE, Cases, Search, Searched
from grpo_symbolic.aggregation.small_weights import vanishing_weight
from grpo_symbolic.aggregation.symmetric import broken_paths, passed_by
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.display import badge, record
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.verify.verdict import Status

_LARGEST = 20
#: Cases that are looked at in one call; fewer for rules that take long to solve.
_WORK, _SLOW = 60_000, 6_000
#: Beside an argument a search is a guard.
_GUARD, _GUARDED = 6, 3_000
_NEAR, _SAME = Fraction(1, 1000), 1e-6


@dataclass(frozen=True, repr=False)
class Finding:
    """What is known of a rule and an axiom.

    Source: new.

    Attributes
    ----------
    rule : Rule
    axiom : Axiom
    status : Status
        PROVED, REFUTED or UNKNOWN.
    argument : Argument or None
        Why it holds, with the weights and group sizes for which it does.
    counterexample : Counterexample or None
        The one that is kept for the cell, or the first in the order of the search.
    searched : Searched
        What was looked at before the counterexample: when it was kept, or at this call.
    note : str

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.satisfies("rlhf", "pareto").status.value)
    PROVED
    """

    rule: Rule
    axiom: Axiom
    status: Status
    argument: Argument | None
    counterexample: Counterexample | None
    searched: Searched
    note: str = ""

    @property
    def detail(self) -> str:
        """The argument, the counterexample, or the largest search done."""
        if self.argument is not None and self.status == Status.PROVED:
            return f"{self.argument.text} ({self.argument.scope})"
        if self.counterexample is not None:
            needs = f" ({self.axiom.needs}, at any weight)" if self.axiom.needs else ""
            return f"{self.counterexample}\n  {self.searched.standing(self.rule)}{needs}"
        open_ = f"no counterexample among {self.searched}"
        return f"{open_}; {self.note}" if self.note else open_

    def __str__(self) -> str:
        return f"{self.status}: {self.rule.title}; {self.axiom.title}\n{self.detail}"

    def __repr__(self) -> str:
        return f"Finding({self.rule.name}, {self.axiom.name}: {self.status})"

    def _repr_html_(self) -> str:
        return record(
            f"{self.rule.title}: {self.axiom.title}",
            [("verdict", badge(self.status)), ("because", self.detail)],
        )


def satisfies(rule: Rule | str, axiom: Axiom | str, size: int | None = None) -> Finding:
    """Whether a rule satisfies an axiom.

    An argument is looked for first, with its lemmas proved anew. Then a counterexample: the
    electorate that is kept for the cell, or else the first in the order of :mod:`.order`, by
    answers + raters + largest reward, at few weights and references. What is said of it is
    computed and checked at each call; the finding says whether a smaller one is excluded, and how
    far that was looked for.
    A counterexample counts when balls prove that the axiom fails there and another route finds
    the same lotteries.

    Source: new.

    Parameters
    ----------
    rule : Rule or str
    axiom : Axiom or str
    size : int, optional
        Search again, up to this sum, from 4 to 20, or until so many cases were looked at as take
        some seconds.

    Raises
    ------
    ValueError
        For another name or number.
    ArithmeticError
        Where an example contradicts an argument: a defect of this library.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.satisfies("borda", "independence").status.value)
    REFUTED
    """
    chosen, wanted = as_rule(rule), as_axiom(axiom)
    most = _LARGEST if size is None else _size(size)
    reason = wanted.argument(chosen)
    if reason is not None and any(proved(name).status != Status.PROVED for name in reason.lemmas):
        reason = None
    found = None
    if reason is not None:
        found = _search(chosen).run(wanted, min(most, _GUARD), _GUARDED)
    elif size is None:
        found = _recalled(chosen, wanted)
    if found is None:
        found = looked(chosen, wanted, most, _SLOW if _several(chosen) else _WORK)
    if found.found is not None:
        if reason is not None:
            raise ArithmeticError(f"{found.found} contradicts the argument: {reason.text}")
        return Finding(chosen, wanted, Status.REFUTED, None, found.found, found)
    if reason is not None:
        return Finding(chosen, wanted, Status.PROVED, reason, None, found)
    note = ""
    if found.uncertain:
        note = f"{found.uncertain} cases look like failures in floats and were not certified"
    return Finding(chosen, wanted, Status.UNKNOWN, None, None, found, note)


def _size(size: int) -> int:
    allowed = f"an integer from {SMALLEST} to {_LARGEST}"
    number = exact_number("size", size, allowed)
    if not number.is_Integer or not SMALLEST <= number <= _LARGEST:
        raise ValueError(f"size must be {allowed}, got {size}")
    return int(number)


def _several(rule: Rule) -> bool:
    """Whether a rule may have several stationary policies: those take long to find."""
    return isinstance(rule, Trained) and rule.plain and not (
        rule.skew or rule.pooled or rule.pooled_large
    )  # fmt: skip


def _recalled(rule: Rule, axiom: Axiom) -> Searched | None:
    """What an electorate that was found before shows, anew; None where it shows nothing."""
    kept, found = Kept.of(rule.name, axiom.name), Searched()
    if kept is None:
        return None
    own = _own_search(rule, axiom)
    if own is not None:
        found = Searched(among=own.among, means=own.means).goes_through((kept.profile,), own.cases)
    elif kept.at is None:
        found.goes_through((kept.profile,), merged_elsewhere(rule))  # type: ignore[arg-type]
    else:
        _search(rule).among(axiom, (kept.profile,), kept.at, found, _WORK)
    return None if found.found is None else kept.behind(found)


_PATHS = "by where the path from the reference goes"


@dataclass(frozen=True)
class _Own:
    """A search that is not through lotteries at few weights."""

    cases: Cases
    electorates: Callable[[Size], list[Profile]]
    among: str = ""
    means: str = ""


def _own_search(rule: Rule, axiom: Axiom) -> _Own | None:
    """That of an axiom about limits and paths."""
    if axiom.name == "continuity" and _several(rule):
        return _Own(broken_paths(rule), alike, ALIKE, _PATHS)  # type: ignore[arg-type]
    if axiom.name != "condorcet-winner":
        return None
    if _several(rule):
        return _Own(passed_by(rule), alike, ALIKE, _PATHS)  # type: ignore[arg-type]
    return _Own(
        lambda profile: (_at_the_limit(rule, profile),),
        lambda at: [p for p in Electorates.seen_by(rule, False).of(at) if Size.of(p) == at],
        means="by exact limits from the uniform reference",
    )


def looked(rule: Rule, axiom: Axiom, size: int, work: int) -> Searched:
    """Electorates in order, up to a size and some ``work`` cases."""
    own = _own_search(rule, axiom)
    if own is None:
        report = _search(rule).run(axiom, size, work)
        return _further(rule, axiom, size, work, report) if _several(rule) else report
    report = Searched(among=own.among, means=own.means)
    for total in range(SMALLEST, size + 1):
        profiles = [p for at in Size.of_total(total) for p in own.electorates(at)]
        if report.cases + len(profiles) > work:
            report.stopped = 1
            break
        if report.goes_through(profiles, own.cases).found is not None:
            break
        report.size = total
    return report


def _further(rule: Rule, axiom: Axiom, size: int, work: int, report: Searched) -> Searched:
    """Where all electorates are too many: those of which two answers are alike.

    Of merging, pairs of electorates that are made to share a policy.
    """
    found, start = Searched(), report.size + 1
    if report.found is not None or report.uncertain:
        return report
    if axiom.name == "merging":
        found.goes_through(lopsided(), merged_elsewhere(rule))  # type: ignore[arg-type]
        found.at = None  # its masses are algebraic
    else:
        looked_at = 0
        for at in (at for total in range(start, size + 1) for at in Size.of_total(total)):
            profiles = alike(at)
            looked_at += len(profiles)
            if looked_at > work or _search(rule).among(axiom, profiles, at, found, work):
                break
    return replace(
        report, found=found.found, witness=found.witness, at=found.at, further=found.electorates
    )


@lru_cache(maxsize=2)
def _search(rule: Rule) -> Search:
    """Lotteries of one rule are kept for its next axiom."""
    return Search(rule)


def _at_the_limit(rule: Rule, profile: Profile) -> Counterexample | None:
    """What fails in the limit; of training, the way there is checked at a small weight as well."""
    electorate, winner = electorate_of(profile), winner_of(profile)
    if winner is None:
        return None
    uniform = (Fraction(1, electorate.size),) * electorate.size
    limit = vanishing_weight(rule, electorate, uniform)
    if limit is None:
        raise ValueError("the limit of small weights is not known here")
    if limit[0][winner] == 1:
        return None
    values, why = tuple(map(S, limit[0])), limit[1]
    checked = f"the limit is exact: {why}"
    if isinstance(rule, Trained):
        near = rule.lottery(electorate, uniform, _NEAR, 40).values
        with ctx.workprec(200):
            way = confirmed(rule, electorate, uniform, _NEAR, list(map(as_ball, near)))
        if way is None:
            raise ValueError("the way to the limit is not confirmed")
        checked += f"; at beta = {_NEAR}, {way}"
    elif not _near(rule, profile, limit[0]):
        raise ValueError("the route in floats does not come to the limit")
    else:
        checked += "; the route in floats comes to it"
    return Counterexample(
        f"answer {winner + 1} beats every other one, and does not take all as beta -> 0",
        (electorate,),
        (uniform,),
        None,
        (Lottery(electorate.answers, values, why),),
        as_ball(1 - values[winner]),
        checked,
    )


def _near(rule: Rule, profile: Profile, limit: Sequence[Fraction]) -> bool:
    """Whether the lottery in floats at a small weight is the limit."""
    masses = np.array([[m for _, m in profile]], float)
    many = Profiles(np.array([[row for row, _ in profile]], float), masses / masses.sum())
    found = rule.batch(many, np.array([float(_NEAR)]), np.full((1, len(limit)), 1 / len(limit)))
    return bool(np.abs(found[0] - np.array(limit, float)).max() < _SAME)
