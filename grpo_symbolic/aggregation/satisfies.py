"""Whether a rule satisfies an axiom: proved, refuted by an example, or what is known."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Rational, oo

from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.axioms import Axiom
from grpo_symbolic.aggregation.axioms import axiom as as_axiom
from grpo_symbolic.aggregation.cases import Profile, condorcet_winner, families, mixed_pairs
from grpo_symbolic.aggregation.counterexample import Counterexample, electorate_of
from grpo_symbolic.aggregation.lemmas import proved
from grpo_symbolic.aggregation.lottery import Lottery, as_ball
from grpo_symbolic.aggregation.names import rule as as_rule
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.search import Search, Searched
from grpo_symbolic.aggregation.small_weights import vanishing_weight
from grpo_symbolic.aggregation.symmetric import (
    broken_paths,
    passed_by,
    repelled,
    symmetric_profiles,
)
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.display import badge, record
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.verify.verdict import Status

__all__ = ["Finding", "satisfies"]

_MOST_RATERS = 15
#: Beside an argument a search is a guard: so many raters, so many electorates of each number.
_GUARD, _GUARDED = 2, 150
#: Electorates of each number of raters, for rules that take long to solve.
_SLOW = 900
# More raters of such rules are looked at where two answers are alike.
_FEW = 3
_UNIFORM = (Fraction(1, 3),) * 3


@dataclass(frozen=True)
class Finding:
    """What is known of a rule and an axiom.

    Attributes
    ----------
    rule : Rule
    axiom : Axiom
    status : Status
        PROVED, REFUTED or UNKNOWN.
    argument : Argument or None
        Why it holds, with the weights and group sizes for which it does.
    counterexample : Counterexample or None
        The smallest one in the order of the search.
    searched : Searched
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
            return str(self.counterexample)
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


def satisfies(rule: Any, axiom: Any, raters: int = 3) -> Finding:
    """Whether a rule satisfies an axiom.

    An argument is looked for first, with its lemmas proved anew; then the smallest counterexample
    among electorates with rewards 0, 1, 2 and 0, 1, 6 of up to three raters, with strict rankings
    of up to nine, and with two rankings of up to fifteen, over four weights and two references.
    Limits of small weights, and paths that are not continuous, are looked for among electorates
    that see two answers alike.
    A counterexample counts when balls prove that the axiom fails there and another route finds
    the same lotteries.

    Parameters
    ----------
    rule : Rule or str
    axiom : Axiom or str
    raters : int
        The largest number that is looked at, from 1 to 15: some seconds for 3, up to a minute for
        15.

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
    number = exact_number("raters", raters, f"an integer from 1 to {_MOST_RATERS}")
    if not number.is_Integer or not 1 <= number <= _MOST_RATERS:
        raise ValueError(f"raters must be an integer from 1 to {_MOST_RATERS}, got {raters}")
    reason = wanted.argument(chosen)
    if reason is not None and any(proved(name).status != Status.PROVED for name in reason.lemmas):
        reason = None
    found = _looked(chosen, wanted, int(number), reason is not None)
    if found.found is not None:
        if reason is not None:
            raise ArithmeticError(f"{found.found} contradicts the argument: {reason.text}")
        return Finding(chosen, wanted, Status.REFUTED, None, found.found, found)
    if reason is not None:
        return Finding(chosen, wanted, Status.PROVED, reason, None, found)
    note = _note(chosen, wanted, found)
    most = _FEW if _several(chosen) else _MOST_RATERS
    if found.raters == number < most:
        note = "; ".join(filter(None, (note, f"raters={most} looks further")))
    return Finding(chosen, wanted, Status.UNKNOWN, None, None, found, note)


def _several(rule: Rule) -> bool:
    """Whether a rule may have several stationary policies: those take long to find."""
    return isinstance(rule, Trained) and rule.plain and not rule.skew and not rule.pooled


def _looked(rule: Rule, axiom: Axiom, raters: int, argued: bool) -> Searched:
    """The search that goes with an axiom; beside an argument a short one."""
    if argued:
        return _search(rule).run(axiom, min(raters, _GUARD), _GUARDED)
    several = _several(rule)
    if several and axiom.name == "continuity":
        return broken_paths(rule)
    if axiom.name == "condorcet-winner":
        if not several or (rule.algorithm.group_size == oo and rule.per != "group"):
            return _limits(rule, raters)
        if rule.algorithm.group_size == oo and rule._reverse:
            found = repelled(rule)
            return found if found.found is not None else passed_by(rule)
        return passed_by(rule)
    if several:
        # Those who join have to differ in the sizes of their rewards.
        more = mixed_pairs() if axiom.name == "participation" else symmetric_profiles()
        more = () if axiom.name == "merging" else more
        return _search(rule).run(axiom, min(raters, _FEW), _SLOW, more)
    return _search(rule).run(axiom, raters)


@lru_cache(maxsize=2)
def _search(rule: Rule) -> Search:
    """Lotteries of one rule are kept for its next axiom."""
    return Search(rule)


def _note(rule: Rule, axiom: Axiom, found: Searched) -> str:
    notes = []
    if axiom.name == "merging" and isinstance(rule, Trained) and rule.per == "group":
        notes.append(
            "the common lottery is stationary for both together, P being linear in the masses; "
            "whether the path from the reference ends there is open"
        )
    if found.uncertain:
        notes.append(f"{found.uncertain} cases look like failures in floats and were not certified")
    return "; ".join(notes)


def _limits(rule: Rule, raters: int) -> Searched:
    """The limit of small weights at electorates with a Condorcet winner."""
    report = Searched()
    for count in range(1, raters + 1):
        profiles = [p for p in families(count) if next(condorcet_winner(p), None)]
        for profile in sorted(profiles, key=lambda p: (max(r for row, _ in p for r in row), p)):
            case = next(condorcet_winner(profile))
            report.electorates += 1
            report.cases += 1
            try:
                limit = vanishing_weight(rule, electorate_of(profile), _UNIFORM)
            except ValueError:
                limit = None
            if limit is not None and limit[0][case.limit_of] < 1:  # type: ignore[index]
                report.found = _at_the_limit(rule, profile, case.limit_of or 0, *limit)
                return report
        report.raters = count
    return report


def _at_the_limit(
    rule: Rule, profile: Profile, winner: int, limit: tuple[Fraction, ...], why: str
) -> Counterexample:
    electorate = electorate_of(profile)
    values = tuple(Rational(v.numerator, v.denominator) for v in limit)
    return Counterexample(
        f"answer {winner + 1} beats every other one, and does not take all as beta -> 0",
        (electorate,),
        (_UNIFORM,),
        None,
        (Lottery(electorate.answers, values, why),),
        as_ball(1 - values[winner]),
        f"the limit is exact: {why}",
    )
