"""Whether a rule satisfies an axiom: proved, refuted by an example, or what is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path

from flint import ctx
from sympy import S

from grpo_symbolic.aggregation.arguments import Argument
from grpo_symbolic.aggregation.axioms import Axiom
from grpo_symbolic.aggregation.axioms import axiom as as_axiom
from grpo_symbolic.aggregation.cases import (
    Profile,
    cycles,
    families,
    mixed_pairs,
    winner_of,
)
from grpo_symbolic.aggregation.counterexample import Counterexample, confirmed, electorate_of
from grpo_symbolic.aggregation.lemmas import proved
from grpo_symbolic.aggregation.lottery import Lottery, as_ball
from grpo_symbolic.aggregation.merging import merged_elsewhere
from grpo_symbolic.aggregation.names import rule as as_rule
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.search import Search, Searched
from grpo_symbolic.aggregation.small_weights import vanishing_weight
from grpo_symbolic.aggregation.symmetric import broken_paths, passed_by, symmetric_profiles
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.display import badge, record
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.verify.verdict import Status

# Electorates that broke axioms when they were looked for: where a search begins, no evidence. They
# come from searches, some of them by hand, and need not be the smallest of their kind.
_WITNESSES = Path(__file__).with_name("witnesses.json")

_MOST_RATERS = 15
#: Beside an argument a search is a guard: so many raters, so many electorates of each number.
_GUARD, _GUARDED = 2, 40
#: Electorates of each number of raters, for rules that take long to solve.
_SLOW = 900
# More raters of such rules are looked at where two answers are alike.
_FEW = 3
#: Beyond those: who joins has to differ in the size of its rewards.
_FURTHER: dict[str, Callable[[], Sequence[Profile]]] = {
    "participation": mixed_pairs,
    "ratio-monotonicity": cycles,
    "merging": tuple,
}
_UNIFORM, _NEAR = (Fraction(1, 3),) * 3, Fraction(1, 1000)


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
        The one that is kept for the cell, or the smallest in the order of the search.
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


def satisfies(rule: Rule | str, axiom: Axiom | str, raters: int | None = None) -> Finding:
    """Whether a rule satisfies an axiom.

    An argument is looked for first, with its lemmas proved anew. Then a counterexample: the
    electorate that is kept for the cell, or else the smallest among electorates with rewards
    0, 1, 2 and 0, 1, 6 of up to three raters, with strict rankings of up to nine, with two
    rankings of up to fifteen, and with two answers alike, over four weights and two references.
    What is said of it is computed and checked at each call.
    A counterexample counts when balls prove that the axiom fails there and another route finds
    the same lotteries.

    Source: new.

    Parameters
    ----------
    rule : Rule or str
    axiom : Axiom or str
    raters : int, optional
        Search again, with as many raters at most, from 1 to 15: some seconds for 3, up to a minute
        for 15.

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
    most = _FEW if raters is None else _number_of(raters)
    reason = wanted.argument(chosen)
    if reason is not None and any(proved(name).status != Status.PROVED for name in reason.lemmas):
        reason = None
    found = None
    if reason is not None:
        found = _search(chosen).run(wanted, min(most, _GUARD), _GUARDED)
    elif raters is None:
        found = _recalled(chosen, wanted)
    if found is None:
        found = _looked(chosen, wanted, most)
    if found.found is not None:
        if reason is not None:
            raise ArithmeticError(f"{found.found} contradicts the argument: {reason.text}")
        return Finding(chosen, wanted, Status.REFUTED, None, found.found, found)
    if reason is not None:
        return Finding(chosen, wanted, Status.PROVED, reason, None, found)
    notes = []
    if found.uncertain:
        notes.append(f"{found.uncertain} cases look like failures in floats and were not certified")
    limit = _FEW if _several(chosen) else _MOST_RATERS
    if found.raters == most < limit:
        notes.append(f"raters={limit} looks further")
    return Finding(chosen, wanted, Status.UNKNOWN, None, None, found, "; ".join(notes))


def _number_of(raters: int) -> int:
    allowed = f"an integer from 1 to {_MOST_RATERS}"
    number = exact_number("raters", raters, allowed)
    if not number.is_Integer or not 1 <= number <= _MOST_RATERS:
        raise ValueError(f"raters must be {allowed}, got {raters}")
    return int(number)


def _several(rule: Rule) -> bool:
    """Whether a rule may have several stationary policies: those take long to find."""
    return isinstance(rule, Trained) and rule.plain and not (
        rule.skew or rule.pooled or rule.pooled_large
    )  # fmt: skip


@cache
def _witnesses() -> dict[str, dict[str, str]]:
    return json.loads(_WITNESSES.read_text(encoding="utf-8"))


def known_witness(rule: str, axiom: str) -> Profile | None:
    """The profile kept for a rule and an axiom, as raters are written at the command line."""
    text = _witnesses().get(rule, {}).get(axiom)
    raters = [] if text is None else [rater.split(":") for rater in text.split(";")]
    return tuple((tuple(map(int, row.split(","))), int(m)) for m, row in raters) or None


def _recalled(rule: Rule, axiom: Axiom) -> Searched | None:
    """What an electorate that was found before shows, anew; None where it shows nothing."""
    profile = known_witness(rule.name, axiom.name)
    if profile is None:
        return None
    found = _looked(rule, axiom, 0, (profile,))
    return None if found.found is None else found


def _looked(
    rule: Rule, axiom: Axiom, raters: int, profiles: Sequence[Profile] | None = None
) -> Searched:
    """The search that goes with an axiom; on these electorates alone where some are given."""
    several = _several(rule)
    if several and axiom.name == "continuity":
        return broken_paths(rule, profiles)
    if axiom.name == "condorcet-winner":
        return passed_by(rule, profiles) if several else _limits(rule, raters, profiles)
    if several and axiom.name == "merging" and rule._reverse and rule.per == "group":
        return merged_elsewhere(rule, profiles)
    if profiles is not None:
        return _search(rule).run(axiom, 0, more=profiles)
    if several:
        more = _FURTHER.get(axiom.name, symmetric_profiles)()
        return _search(rule).run(axiom, min(raters, _FEW), _SLOW, more)
    more = cycles() if axiom.name == "ratio-monotonicity" else ()
    return _search(rule).run(axiom, raters, more=more)


@lru_cache(maxsize=2)
def _search(rule: Rule) -> Search:
    """Lotteries of one rule are kept for its next axiom."""
    return Search(rule)


def _limits(rule: Rule, raters: int, profiles: Sequence[Profile] | None = None) -> Searched:
    """The limit of small weights at electorates with a Condorcet winner."""
    report = Searched()
    if profiles is not None:
        _limit_among(rule, profiles, report)
    for count in range(1, raters + 1):
        some = sorted(families(count), key=lambda p: (max(r for row, _ in p for r in row), p))
        if _limit_among(rule, some, report).found is not None:
            break
        report.raters = count
    return report


def _limit_among(rule: Rule, profiles: Sequence[Profile], report: Searched) -> Searched:
    won = (profile for profile in profiles if winner_of(profile) is not None)
    return report.goes_through(won, lambda profile: (_at_the_limit(rule, profile),))


def _at_the_limit(rule: Rule, profile: Profile) -> Counterexample | None:
    """What fails in the limit; of training, the way there is checked at a small weight as well."""
    electorate, winner = electorate_of(profile), winner_of(profile)
    try:
        limit = vanishing_weight(rule, electorate, _UNIFORM)
    except ValueError:
        return None
    if limit is None or winner is None or limit[0][winner] == 1:
        return None
    values, why = tuple(map(S, limit[0])), limit[1]
    checked = f"the limit is exact: {why}"
    if isinstance(rule, Trained):
        near = rule.lottery(electorate, _UNIFORM, _NEAR, 40).values
        with ctx.workprec(200):
            way = confirmed(rule, electorate, _UNIFORM, _NEAR, list(map(as_ball, near)))
        if way is None:
            return None
        checked += f"; at beta = {_NEAR}, {way}"
    return Counterexample(
        f"answer {winner + 1} beats every other one, and does not take all as beta -> 0",
        (electorate,),
        (_UNIFORM,),
        None,
        (Lottery(electorate.answers, values, why),),
        as_ball(1 - values[winner]),
        checked,
    )
