"""Every stationary policy of many answers that is found at exact numbers.

Answers of one reward law share their class's mass in proportion to the reference, so the
unknowns are class masses. Two classes are a binary question. All other solutions are counted
with a proof where there is one (:mod:`..solve.simplex_count`), and each comes with a proved
bound of what remains of the gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import mpmath as mp
from flint import ctx
from sympy import Add, Eq, Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.enclosures.conversion import exact_ball
from grpo_symbolic.inputs import within
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.solve_two_answers import operations_of_two
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy
from grpo_symbolic.question import Question
from grpo_symbolic.solve.level_search import LevelSearch, level_search, stage_in_classes
from grpo_symbolic.solve.simplex_count import SimplexCount
from grpo_symbolic.solve.simplex_field import SimplexField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions, Stability
from grpo_symbolic.solve.stage import stage_at
from grpo_symbolic.stationarity import stationarity_condition

# Digits beyond those asked for.
_SPARE = 25
# Answers that are unknowns of their own: seconds for dozens of starts and solutions.
_MOST_UNKNOWNS = 24


def solutions_of_many(policy: Any, point: Mapping[Symbol, Expr], digits: int) -> Solutions:
    """The solutions at exact numbers; the condition of all answers is built if it is needed."""
    return Search(policy, point, digits).run()


@dataclass
class Search:
    """One question at numbers.

    Parameters
    ----------
    policy : SimplexPolicy
    point : mapping
    digits : int

    Attributes
    ----------
    spent : int
        Operations of the field, where answers are solved for one by one.
    """

    policy: Any
    point: Mapping[Symbol, Expr]
    digits: int
    spent: int = field(default=0, init=False)

    @property
    def algorithm(self) -> Algorithm:
        return self.policy.algorithm

    @property
    def question(self) -> Question:
        return self.policy.question

    def run(self) -> Solutions:
        reference = tuple(r.xreplace(self.point) for r in self.question.reference)
        if not self.algorithm.penalty.monotone:
            refuse_many(self.question)
            solved = self._solved(self.question, reference)
            with mp.workdps(self.digits + _SPARE):
                return self._staged(solved)
        classes = self.question.classes
        masses = tuple(Add(*(reference[o] for o in c)) for c in classes)
        if len(classes) == 1:
            solved = Solutions(
                (NumericSolution((mp.mpf(1),), Stability.ATTRACTING, slope=mp.mpf(0)),),
                "all answers are alike, so the policy stays at the reference",
            )
        else:
            lumped = self.question.lumped()
            search = level_search(self.algorithm, lumped, self.point, masses, self.digits)
            if search is not None:
                return self._by_levels(search, reference, masses)
            solved = self._solved(lumped, masses)
        with mp.workdps(self.digits + _SPARE):
            spread = tuple(self._spread(s, reference, masses) for s in solved)
            return self._staged(replace(solved, found=spread))

    def _spread(
        self, solution: NumericSolution, reference: Sequence[Expr], masses: Sequence[Expr]
    ) -> NumericSolution:
        """Class masses given to their answers in proportion to the reference.

        The best response keeps these proportions whatever the policy: the slope stays.
        """
        policy = [mp.mpf(0)] * len(reference)
        for members, mass, whole in zip(
            self.question.classes, solution.policy, masses, strict=True
        ):
            for o in members:
                share = reference[o] / whole
                policy[o] = mass * share.p / share.q
        slope = solution.slope
        if slope is not None and len(reference) > 2:
            slope = abs(slope)
        return replace(solution, policy=tuple(policy), slope=slope)

    @property
    def _kinds(self) -> list[int]:
        """The class of each answer."""
        found = {o: k for k, c in enumerate(self.question.classes) for o in c}
        return [found[o] for o in range(len(self.question))]

    def _by_levels(
        self, search: LevelSearch, reference: Sequence[Expr], masses: Sequence[Expr]
    ) -> Solutions:
        proved, reason, complete = search.run()
        with mp.workdps(self.digits + _SPARE), ctx.workprec(int(mp.mp.prec)):
            found = []
            for each in proved:
                whole = self._spread(each.solution, reference, masses)
                balls = [exact_ball(p) for p in whole.policy]
                kind = search.often([exact_ball(p) for p in each.solution.policy])
                often = [kind[k] for k in self._kinds]
                stage = stage_in_classes(search.form.curvature, reference, balls, often)
                found.append(replace(whole, stage=stage))
        noun = "solution" if len(found) == 1 else "solutions"
        status = f"{len(found)} interior {noun} ({reason})"
        return Solutions(tuple(found), status, complete)

    def _staged(self, solutions: Solutions) -> Solutions:
        """The stage status on the simplex of all answers, at policies inside it."""
        found = tuple(
            replace(s, stage=stage_at(self.policy.condition, self.point, s.policy))
            if min(s.policy) > 0
            else s
            for s in solutions
        )
        return replace(solutions, found=found)

    def _solved(self, question: Question, reference: Sequence[Expr]) -> Solutions:
        if len(question) == 2:
            return self._binary(question, reference)
        known = question == self.question
        if known:
            condition = self.policy.condition
        else:
            condition = stationarity_condition(self.algorithm, question)
        given = {**self.point, **dict(zip(question.reference[:-1], reference, strict=False))}
        monotone = self.algorithm.penalty.monotone
        with mp.workdps(self.digits + _SPARE):
            field = SimplexField(condition, given)
            policies, complete, reason = _policies(field, SimplexCount(field, reference))
            found = tuple(
                NumericSolution(
                    p,
                    field.stability(p),
                    field.residual(p),
                    slope=field.slope(p) if monotone else None,
                )
                for p in policies
            )
        self.spent += field.spent
        how = "number established" if complete else "number not established"
        noun = "solution" if len(found) == 1 else "solutions"
        status = f"{len(found)} interior {noun} ({how}: {reason})"
        if not self.algorithm.penalty.holds_every_answer:
            status += "; policies that give an answer up for good are not searched for"
        return Solutions(found, status, complete)

    def _binary(self, question: Question, reference: Sequence[Expr]) -> Solutions:
        """Two classes: the binary strategy, the better class first."""
        policy, (better, _) = as_binary(self.algorithm, question, self.point)
        at = {**self.point, symbols.pi_ref: reference[better]}
        found = policy.solutions_at(at, self.digits)
        self.spent += operations_of_two(self.algorithm)
        if not better:
            return found
        return replace(found, found=tuple(replace(s, policy=s.policy[::-1]) for s in found))


def refuse_many(question: Question) -> None:
    """Raise where a penalty that is not monotone leaves too many unknowns.

    Raises
    ------
    ValueError
        With the number of answers that would do.
    """
    if len(question) > _MOST_UNKNOWNS:
        raise ValueError(
            "under this penalty answers of one reward may keep different shares of their "
            f"references, so that each of the {len(question)} answers is an unknown: "
            f"{_MOST_UNKNOWNS} answers would do"
        )


def written_out(policy: Any) -> tuple[Eq, ...]:
    """The conditions of all answers, if they may be written out; names for means are short.

    Raises
    ------
    ValueError
        Where each of many answers is an unknown, with the number of answers that would do.
    """
    if not policy.algorithm.penalty.monotone and not policy.condition.preference.kept_by_name:
        refuse_many(policy.question)
    return policy.equations


def as_binary(
    algorithm: Algorithm, question: Question, point: Mapping[Symbol, Expr]
) -> tuple[StationaryPolicy, tuple[int, int]]:
    """The binary policy of a question of two answers, the places of the better and worse."""
    turned = _worse_first(question, point)
    shown = question.permuted((1, 0)) if turned else question
    binary = binary_policy(algorithm, BinaryQuestion.of(shown))
    return binary, (1, 0) if turned else (0, 1)


def _worse_first(question: Question, point: Mapping[Symbol, Expr]) -> bool:
    try:
        confidence = question.confidence(0, 1).subs(point)
        return bool(confidence < 0)
    except (ValueError, TypeError):
        return bool((question.rewards[0] - question.rewards[1]).subs(point) < 0)


def _policies(
    field: SimplexField, count: SimplexCount
) -> tuple[list[tuple[mp.mpf, ...]], bool, str]:
    """The stationary policies inside the simplex, whether these are all, and why."""
    start = [mp.mpf(r.p) / r.q for r in count.reference]
    argument = count.at_most_one()
    if argument is not None:
        found = field.newton(start, 1)
        if found:
            return found, True, argument
    counted = count.isolated()
    sure: list[tuple[mp.mpf, ...]] = []
    if counted is not None:
        refined = [field.refined(rough) for rough in counted.policies]
        sure = [p for p in refined if p is not None]
        if counted.complete and len(sure) == len(refined) and _apart(sure):
            return sure, True, counted.reason
    for policy in field.newton(start):
        if _apart([*sure, policy]):
            sure.append(policy)
    starts = "one start" if field.tried == 1 else f"{field.tried} starts"
    searched = f"Newton's method from {starts}"
    return sure, False, searched if counted is None else f"{counted.reason}; {searched}"


def _apart(policies: Sequence[tuple[mp.mpf, ...]]) -> bool:
    return all(
        max(abs(mp.log(a / b)) for a, b in zip(p, q, strict=True)) > mp.mpf(10) ** (-mp.mp.dps // 2)
        for i, p in enumerate(policies)
        for q in policies[:i]
    )


def shares_of(values: object, count: int) -> tuple[Expr, ...]:
    """A reference policy at numbers."""
    allowed = f"{count} positive probabilities that sum to 1"
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != count:
        raise ValueError(f"pi_ref must be {allowed}, got {values!r}")
    found = tuple(within("pi_ref", v, allowed, 0, 1) for v in values)
    if Add(*found) != 1:
        raise ValueError(f"pi_ref must be {allowed}, got a sum of {Add(*found)}")
    return found
