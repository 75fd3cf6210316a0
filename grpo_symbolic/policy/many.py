"""Stationary policies of a question with many answers.

Answers of one reward law share their class's mass in proportion to the reference, so the
unknowns are class masses. Two classes are a binary question. Pairs with ordered rewards and
reverse KL telescope into one binary equation for each cumulative mass. All other solutions are
counted with a proof where there is one (:mod:`.simplex_count`), and each comes with a proved
bound of what remains of the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mpmath as mp
from sympy import Add, Eq, Expr, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.display import Html, legible, math, record, short, typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.exhibit import Exhibit
from grpo_symbolic.export.latex import Notation
from grpo_symbolic.inputs import parameter, within
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.policy.binary import StationaryPolicy, binary_policy
from grpo_symbolic.question import BinaryQuestion, Question
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.solutions import NumericSolution, Solutions, Stability
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Report

if TYPE_CHECKING:
    from grpo_symbolic.policy.enclose import Enclosure
    from grpo_symbolic.policy.evaluate_many import SimplexEvaluator
    from grpo_symbolic.solve.simplex_count import SimplexCount
    from grpo_symbolic.solve.simplex_field import SimplexField

__all__ = ["SimplexPolicy", "stationary_policy"]

# Conditions of more classes of answers are built when they are asked for.
_AT_ONCE = 6


@dataclass(frozen=True)
class SimplexPolicy:
    """The stationary policies of an algorithm on a question with n answers.

    Attributes
    ----------
    condition : StationarityCondition
        One equation an answer, in ``question.policy``.
    expressions : tuple of Expr or None
        π(o) in closed form, one entry an answer; None where there is none.
    """

    algorithm: Algorithm
    question: Question

    @cached_property
    def condition(self) -> StationarityCondition:
        """The condition in all answers; many levels of reward make it large."""
        return stationarity_condition(self.algorithm, self.question)

    @property
    def equations(self) -> tuple[Eq, ...]:
        """P(o|π) − β d(o) = λ, one equation an answer."""
        return self.condition.equations

    @property
    def domain(self) -> Domain:
        return self.condition.domain

    @property
    def status(self) -> str:
        """Which solution it is and why, or why there is no closed form."""
        if self.expressions is not None:
            return (
                "closed form: the equations telescope, so that the binary solution acts on the "
                "cumulative reference masses by rank"
            )
        return (
            "no closed form: a system of equations in the masses of "
            f"{len(self.question.classes)} classes; solutions() solves it at given numbers"
        )

    # -- rank distortion ---------------------------------------------------------------

    @cached_property
    def distortion(self) -> tuple[tuple[int, ...], ClosedForm] | None:
        """Classes by rank, and φ that acts on cumulative reference masses; None without one."""
        from grpo_symbolic.solve.ranks import telescoped

        lumped = self.question.lumped()
        if self.algorithm.group_size != 2 or not lumped.deterministic:
            return None
        ranked = self._ranked(lumped)
        if ranked is None:
            return None
        found = telescoped(stationarity_condition(self.algorithm, lumped.permuted(ranked)))
        closed = None if found is None else closed_form(*found)
        return None if closed is None else (ranked, closed)

    @cached_property
    def expressions(self) -> tuple[Expr, ...] | None:
        if self.distortion is None:
            return None
        ranked, closed = self.distortion
        curve = closed.expression
        masses: list[Expr] = []
        for position in ranked:
            members = self.question.classes[position]
            masses.append(Add(*(self.question.reference[o] for o in members)))
        found: dict[int, Expr] = {}
        below: Expr = S.Zero
        total: Expr = S.Zero
        for place, (position, mass) in enumerate(zip(ranked, masses, strict=True)):
            total = (total + mass).expand()
            upto = S.One if place == len(ranked) - 1 else curve.subs(symbols.pi_ref, total)
            members = self.question.classes[position]
            for o in members:
                share = S.One if len(members) == 1 else self.question.reference[o] / mass
                found[o] = (upto - below) * share
            below = upto
        return tuple(found[o] for o in range(len(self.question)))

    def _ranked(self, lumped: Question) -> tuple[int, ...] | None:
        """Classes from the most to the least rewarding, where the order is known."""
        places: list[int] = []
        try:
            for new in range(len(lumped)):
                at = 0
                while at < len(places) and lumped.confidence(places[at], new) == 1:
                    at += 1
                places.insert(at, new)
        except ValueError:
            return None
        return tuple(places)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The condition of every answer at the closed form; empty without one."""
        if self.expressions is None:
            return ()
        free = self.question.policy[:-1]
        solved = dict(zip(free, self.expressions, strict=False))
        return tuple(
            Claim(
                f"the gradient of answer {answer} vanishes at the solution",
                component.subs(solved, simultaneous=True),
                "==",
                S.Zero,
                Domain(tuple(r for r in self.domain.ranges if r.symbol not in free)),
            )
            for answer, component in zip(self.question.answers, self.condition.field, strict=True)
        )

    def verify(self) -> Report:
        """Verdicts on the :attr:`claims` and on the identities of the preference model."""
        from grpo_symbolic.verify.methods import prove_all

        return prove_all((*self.claims, *self.condition.preference.claims))

    # -- numbers --------------------------------------------------------------------------

    def python(self) -> str:
        """A NumPy function as source, of an array of reference probabilities.

        Raises
        ------
        ValueError
            For a policy without a closed form.
        """
        from grpo_symbolic.policy.code import simplex_code

        return simplex_code(self, "python")

    def evaluate(
        self, *, pi_ref: Any, branch: str = "attracting", errors: str = "raise", **values: Any
    ) -> Any:
        """π at arrays of parameters, in float64.

        Parameters
        ----------
        pi_ref : array, (..., n)
            Rows of positive reference probabilities. A row that sums to 1 up to rounding is
            divided by its sum.
        branch : {"attracting", "lowest", "highest", "all"}
            Which stationary policy, where there are several, by mean reward. ``attracting`` is the
            one that rising rewards reach first from the reference; ``all`` adds an axis before the
            last one, padded with NaN.
        errors : {"raise", "nan"}
            What a bad row or value does: an exception, or NaN at its points.
        **values
            Numbers or arrays that broadcast with the leading axes of ``pi_ref``: ``beta`` and the
            question's own symbols. Floats are the binary numbers that they are.

        Returns
        -------
        ndarray, (..., n)
            Each policy to full relative accuracy in every answer. NaN, with one
            :class:`~grpo_symbolic.policy.evaluate.NoStationaryPolicy` warning, where none is
            found.

        Raises
        ------
        ValueError
            For shapes that do not broadcast, rows that are no distributions of n positive
            probabilities, an unknown or missing argument, or a value out of range.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> policy = stationary_policy(GRPO(2), Question(rewards=(3, 1, 0)))
        >>> policy.evaluate(beta=1, pi_ref=[0.25, 0.39, 0.36]).round(12).tolist()
        [0.5, 0.3, 0.2]
        """
        return self.evaluator(pi_ref=pi_ref, branch=branch, errors=errors, **values)

    @cached_property
    def evaluator(self) -> SimplexEvaluator:
        """How :meth:`evaluate` goes about it, chosen from the model once."""
        from grpo_symbolic.policy.evaluate_many import SimplexEvaluator

        return SimplexEvaluator(self)

    def enclose(self, *, pi_ref: Sequence[Any], digits: int = 50, **values: Any) -> Enclosure:
        """Proved enclosures of the stationary policies; see :meth:`StationaryPolicy.enclose`."""
        from grpo_symbolic.policy.enclose import enclosed_simplex

        return enclosed_simplex(self, pi_ref, digits, values)

    def solutions(self, *, pi_ref: Sequence[Any], digits: int = 30, **values: Any) -> Solutions:
        """Every stationary policy that is found at given parameters.

        Parameters
        ----------
        pi_ref : sequence of numbers
            Positive reference probabilities, one an answer, summing to 1 exactly.
        digits : int
            Decimal digits wanted.
        **values
            ``beta`` and the question's own symbols, by name.

        Raises
        ------
        ValueError
            For a missing or unknown parameter, or a value out of range.
        """
        reference, point = self.read(pi_ref, values)
        if not self.algorithm.penalty.monotone:
            solved = self._solved(self.question, reference, point, digits)
            with mp.workdps(digits + 25):
                return self._staged(solved, reference, point)
        classes = self.question.classes
        masses = tuple(Add(*(reference[o] for o in c)) for c in classes)
        if len(classes) == 1:
            solved = Solutions(
                (NumericSolution((mp.mpf(1),), Stability.ATTRACTING, slope=mp.mpf(0)),),
                "all answers are alike, so the policy stays at the reference",
            )
        else:
            solved = self._solved(self.question.lumped(), masses, point, digits)
        with mp.workdps(digits + 25):
            spread = tuple(self._spread(s, reference, masses) for s in solved)
            return self._staged(replace(solved, found=spread), reference, point)

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

    def _staged(
        self, solutions: Solutions, reference: Sequence[Expr], point: dict[Symbol, Expr]
    ) -> Solutions:
        """The stage status on the simplex of all answers, at policies inside it."""
        from grpo_symbolic.solve.stage import stage_at

        given = {**point, **dict(zip(self.question.reference[:-1], reference, strict=False))}
        found = tuple(
            replace(s, stage=stage_at(self.condition, given, s.policy)) if min(s.policy) > 0 else s
            for s in solutions
        )
        return replace(solutions, found=found)

    def _solved(
        self, question: Question, reference: Sequence[Expr], point: dict[Symbol, Expr], digits: int
    ) -> Solutions:
        from grpo_symbolic.solve.simplex_count import SimplexCount
        from grpo_symbolic.solve.simplex_field import SimplexField

        if len(question) == 2:
            return self._binary(question, reference, point, digits)
        condition = stationarity_condition(self.algorithm, question)
        given = {**point, **dict(zip(question.reference[:-1], reference, strict=False))}
        monotone = self.algorithm.penalty.monotone
        with mp.workdps(digits + 25):
            field = SimplexField(self.algorithm, question, condition, given)
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
        how = "number established" if complete else "number not established"
        noun = "solution" if len(found) == 1 else "solutions"
        status = f"{len(found)} interior {noun} ({how}: {reason})"
        if self.algorithm.penalty.link_range[0].is_finite:
            status += "; policies that give an answer up for good are not searched for"
        return Solutions(found, status, complete)

    def _binary(
        self, question: Question, reference: Sequence[Expr], point: dict[Symbol, Expr], digits: int
    ) -> Solutions:
        """Two classes: the binary strategy, the better class first."""
        policy, (better, _) = self.as_binary(question, point)
        found = policy.solutions_at({**point, symbols.pi_ref: reference[better]}, digits)
        if not better:
            return found
        return replace(found, found=tuple(replace(s, policy=s.policy[::-1]) for s in found))

    def as_binary(
        self, question: Question, point: dict[Symbol, Expr]
    ) -> tuple[StationaryPolicy, tuple[int, int]]:
        """The binary policy of a question of two answers, the places of the better and worse."""
        turned = _worse_first(question, point)
        shown = question.permuted((1, 0)) if turned else question
        binary = binary_policy(self.algorithm, BinaryQuestion.of(shown))
        return binary, (1, 0) if turned else (0, 1)

    def read(
        self, pi_ref: Sequence[Any], values: dict[str, Any]
    ) -> tuple[tuple[Expr, ...], dict[Symbol, Expr]]:
        """The reference and the parameters as exact numbers, checked."""
        return _reference(pi_ref, len(self.question)), self._point(values)

    def _point(self, values: dict[str, Any]) -> dict[Symbol, Expr]:
        known: dict[str, tuple[Symbol, str]] = {}
        if isinstance(self.algorithm.beta, Symbol):
            known[str(self.algorithm.beta)] = (self.algorithm.beta, "beta")
        for symbol in self.question.parameters:
            known[str(symbol)] = (symbol, "reward")
        for symbol, role in self.algorithm.rule_parameters:
            if isinstance(symbol, Symbol):
                known[str(symbol)] = (symbol, role)
        for name in values:
            if name not in known:
                raise ValueError(f"unknown argument {name!r}: this policy takes {', '.join(known)}")
        missing = [name for name in known if name not in values]
        if missing:
            raise ValueError(f"missing argument {missing[0]!r}: this policy takes pi_ref, "
                             + ", ".join(known))  # fmt: skip
        point = {known[n][0]: parameter(known[n][1], v, n) for n, v in values.items()}
        declared = Domain(tuple(r for r in self.question.declared.ranges if r.symbol in point))
        if not declared.contains(point):
            raise ValueError(f"the values must satisfy {declared}")
        return point

    # -- display --------------------------------------------------------------------------

    @cached_property
    def exhibit(self) -> Exhibit:
        """The result with what has to be said beside it, as the formats show it."""
        from grpo_symbolic.policy.export import simplex_exhibit

        return simplex_exhibit(self)

    def export(self, format: str, *, notation: Notation | None = None) -> str:
        """The stationary policy as text; see :meth:`StationaryPolicy.export`."""
        from grpo_symbolic.policy.export import exported

        return exported(self, format, notation)

    def latex(self, notation: Notation | None = None) -> str:
        """The closed forms, or the conditions where there are none, as aligned lines.

        Raises
        ------
        ValueError
            When ``notation`` is no :class:`Notation`.
        """
        from grpo_symbolic.export.paper import bare

        found = self.expressions
        names = (_name(o, self.question) for o in range(len(self.question)))
        equations = (
            self.equations
            if found is None
            else [Eq(s, e, evaluate=False) for s, e in zip(names, found, strict=True)]
        )
        return bare(equations, (), notation)

    def _found(self) -> tuple[Expr, ...] | None:
        """The closed forms if they have been asked for before: a display does not compute."""
        return self.__dict__.get("expressions")

    def _formula(self) -> str:
        """The closed forms, if found, typeset; empty where they are too large to read."""
        found = self._found()
        return self.latex() if found and legible(*found) else ""

    def _repr_latex_(self) -> str | None:
        return typeset(tex) if (tex := self._formula()) else None

    def __repr__(self) -> str:
        found = self._found()
        if found is None:
            return f"SimplexPolicy({self.algorithm!r}, {self.question!r})"
        shown = [f"pi({o}) = {short(e, 100)}" for o, e in enumerate(found[:3], start=1)]
        shown += [f"and {len(found) - 3} more"] if len(found) > 3 else []
        return f"SimplexPolicy({', '.join(shown)})"

    def __str__(self) -> str:
        """Formulas or equations, status and assumptions."""
        if self.expressions is None:
            rows = [short(e) for e in self.equations]
        else:
            rows = [f"pi({o}) = {short(e)}" for o, e in enumerate(self.expressions, start=1)]
        return "\n".join([*rows, self.status, f"for {self.domain}"])

    def _repr_html_(self) -> Html:
        tex, asked = self._formula(), "expressions" in self.__dict__
        built = "condition" in self.__dict__
        rows = [
            ("stationary policy", math(tex) if tex else ""),
            ("algorithm", self.algorithm),
            ("question", self.question),
            ("condition", Html(self.condition._repr_html_()) if built else ".condition builds it"),
            ("status", self.status if asked else _NOT_ASKED),
            ("evidence", ".verify() proves it"),
        ]
        return record(f"Stationary policy of {len(self.question)} answers", rows)


_NOT_ASKED = (
    "the closed form is not looked for before it is asked for: .expressions, and .status says "
    "what was found"
)


def stationary_policy(algorithm: Any, question: Question) -> StationaryPolicy | SimplexPolicy:
    """The policy at which the algorithm's on-policy gradient vanishes.

    Parameters
    ----------
    algorithm : Algorithm or Preset
        Such as ``GRPO(group_size=2)``.
    question : BinaryQuestion or Question

    Returns
    -------
    StationaryPolicy or SimplexPolicy
        For a :class:`BinaryQuestion`, or for a :class:`Question` with any number of answers.

    Raises
    ------
    ValueError
        When the question does not define what the algorithm needs.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), pi*(1 - pi))
    """
    algorithm = as_algorithm(algorithm)
    if not isinstance(question, Question):
        raise ValueError(f"question must be a BinaryQuestion or a Question, got {question!r}")
    if isinstance(question, BinaryQuestion):
        return binary_policy(algorithm, question)
    policy = SimplexPolicy(algorithm, question)
    if len(question.classes) <= _AT_ONCE:
        _ = policy.condition  # raises where the question does not define what is needed
    return policy


def _name(o: int, question: Question) -> Symbol:
    if isinstance(question, BinaryQuestion):
        return symbols.pi
    return symbols.policy(o + 1)


def _reference(values: Sequence[Any], count: int) -> tuple[Expr, ...]:
    allowed = f"{count} positive probabilities that sum to 1"
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != count:
        raise ValueError(f"pi_ref must be {allowed}, got {values!r}")
    found = tuple(within("pi_ref", v, allowed, 0, 1) for v in values)
    if Add(*found) != 1:
        raise ValueError(f"pi_ref must be {allowed}, got a sum of {Add(*found)}")
    return found


def _worse_first(question: Question, point: dict[Symbol, Expr]) -> bool:
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
    searched = f"Newton's method from {field.tried} starts"
    return sure, False, searched if counted is None else f"{counted.reason}; {searched}"


def _apart(policies: Sequence[Any]) -> bool:
    return all(
        max(abs(mp.log(a / b)) for a, b in zip(p, q, strict=True)) > mp.mpf(10) ** (-mp.mp.dps // 2)
        for i, p in enumerate(policies)
        for q in policies[:i]
    )
