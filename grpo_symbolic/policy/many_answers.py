"""The stationary policies of a question with many answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Eq, Expr, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.display import Html, legible, math, record, short
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.shown import Shown, shown_answers, some_of
from grpo_symbolic.export.exhibit import Passage
from grpo_symbolic.export.latex import formula
from grpo_symbolic.inputs import Number, exact_number
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.numeric.arguments import Parameter
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.policy.printed import NOT_ASKED, OF_MANY, OF_TWO
from grpo_symbolic.policy.proof_of_many import (
    checks_of_many,
    derivation_of_many,
    first_rows,
    given_of_many,
    multiplier_vanishes,
    one_policy,
    proof_of_many,
    ranked_shown,
    rows_by_name,
)
from grpo_symbolic.policy.rank_distortion import RankDistortion, rank_distortion, ranked_classes
from grpo_symbolic.policy.setting import in_words
from grpo_symbolic.policy.simulated import simulated_check
from grpo_symbolic.policy.solve_many_answers import (
    as_binary,
    shares_of,
    solutions_of_many,
    written_out,
)
from grpo_symbolic.policy.solved import Value
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy
from grpo_symbolic.question import Question
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report

if TYPE_CHECKING:
    from numpy import ndarray

    from grpo_symbolic.analysis.bounds import Bounds
    from grpo_symbolic.analysis.count import Count
    from grpo_symbolic.policy.enclosure import Enclosure
    from grpo_symbolic.policy.evaluate_many import SimplexEvaluator


@dataclass(frozen=True, repr=False)
class SimplexPolicy(Policy):
    """The stationary policies of an algorithm on a question with n answers.

    Source: Vojnovic & Yun, arXiv 2502.18548, (11)-(13). Policies are probabilities, β is in
    advantage units.

    Attributes
    ----------
    condition : StationarityCondition
        One equation an answer, in ``question.policy``.
    expressions : tuple of Expr or None
        π(o) in closed form, one entry an answer; None where there is none.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> policy = gs.stationary_policy(gs.GRPO(2), gs.Question.symbolic(3))
    >>> type(policy).__name__, len(policy.expressions)
    ('SimplexPolicy', 3)
    """

    algorithm: Algorithm
    question: Question

    @cached_property
    def condition(self) -> StationarityCondition:  # type: ignore[override]
        """The condition in all answers; many levels of reward make it large."""
        return stationarity_condition(self.algorithm, self.question)

    @property
    def equations(self) -> tuple[Eq, ...]:
        """P(o|π) − β d(o) = λ, one equation an answer."""
        return self.condition.equations

    @property
    def domain(self) -> Domain:
        """The ranges under which all of this holds, from the parts: the condition may be large."""
        question, algorithm = self.question, self.algorithm
        parts = [algorithm.beta, algorithm.penalty.marginal(S.One / 2)]
        if algorithm.advantage is not None and not algorithm.penalty.before_baseline:
            rule = (value for value, _ in algorithm.rule_parameters if value is not None)
            parts += [algorithm.group_size, *rule]
        ranges = (*question.domain.ranges, *question.policy_domain.ranges)
        return Domain(ranges).extended(*map(S, parts))

    @property
    def status(self) -> str:
        if self.expressions is not None:
            return (
                "closed form: the equations telescope, so that the binary solution acts on the "
                "cumulative reference masses by rank"
            )
        if len(self.question.classes) < 2:
            return "all answers are alike: nothing moves the policy from the reference"
        if len(self.question) == 2:
            return OF_TWO
        return OF_MANY.format(len(self.question.classes))

    @cached_property
    def distortion(self) -> RankDistortion | None:
        """Classes by rank, and φ that acts on cumulative reference masses; None without one."""
        return rank_distortion(self.algorithm, self.question)

    @cached_property
    def expressions(self) -> tuple[Expr, ...] | None:
        return None if self.distortion is None else self.distortion.expressions

    @property
    def names(self) -> tuple[Symbol, ...]:
        """π(o) as a symbol of its own, one an answer."""
        return tuple(symbols.policy(o) for o in range(1, len(self.question) + 1))

    def balance_for(self, purpose: str) -> Balance:
        answers = len(self.question)
        if answers == 2:
            raise ValueError(
                f"{purpose} is known for a BinaryQuestion: BinaryQuestion.of(question) is this "
                "one, the better answer first"
            )
        raise ValueError(
            f"{purpose} is known for questions with two answers; this one has {answers}"
        )

    def bounds(self) -> Bounds:
        """Bounds of the probability of the answers above each cut of the rewards, with proofs.

        Raises
        ------
        ValueError
            Where none are known, with what they are known for.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(8), gs.Question(rewards=(2, 1, 0)))
        >>> best = policy.bounds().found[:2]
        >>> best[0].mass, best[0].expression, best[1].expression
        (pi_1, pi_ref_1, root(pi: beta*(pi - pi_ref_1) = h_8(pi)))
        """
        from grpo_symbolic.analysis.bounds_of_many import bounds_of_many, why_none

        question = self.question
        needed = why_none(self.algorithm, question)
        ranked = None if needed is not None else ranked_classes(question.lumped())
        if ranked is None:
            raise ValueError(
                f"bounds of {len(question)} answers are known for "
                f"{needed or 'rewards in a known order'}"
            )
        binary = binary_policy(self.algorithm, BinaryQuestion())
        closed = binary.expressions and (binary.expressions[0], binary.claims)
        balance, equation = binary.balance_for("a bound"), binary.equations[0]
        return bounds_of_many(self.algorithm, question, ranked, balance, equation, closed)

    @cached_property
    def count(self) -> Count:
        from grpo_symbolic.analysis.many_answers import count_of_many

        if len(self.question.classes) == 2 and self.algorithm.penalty.monotone:
            try:
                return self.as_binary(self.question.lumped(), {})[0].count
            except (ValueError, TypeError):
                pass  # rewards in no known order
        return count_of_many(self.algorithm, self.question)

    def limit(  # type: ignore[override]
        self, variable: Expr | str, value: Number, direction: str = "+"
    ) -> tuple[Expr, ...]:
        """The limit of π as β → 0+ or β → ∞, one entry an answer.

        Raises
        ------
        ValueError
            For other limits, with what is known.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(64), gs.Question(rewards=(2, 2, 1, 0)))
        >>> policy.limit("beta", 0)
        (pi_ref_1/(pi_ref_1 + pi_ref_2), pi_ref_2/(pi_ref_1 + pi_ref_2), 0, 0)
        """
        from grpo_symbolic.analysis.many_answers import limit_of_many

        if value in ("oo", "inf", float("inf")):
            value = oo
        if value != oo:
            value = exact_number("value", value, "a number or oo")
        return limit_of_many(self.algorithm, self.question, str(variable), S(value))

    def series(self, variable: Expr | str, order: int) -> tuple[Expr, ...]:  # type: ignore[override]
        """π in powers of 1/β, one entry an answer, without remainder.

        Raises
        ------
        ValueError
            For another variable, or powers that are not known.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(64), gs.Question(rewards=(2, 1, 0)))
        >>> policy.series("1/beta", 1)[0]
        pi_ref_1 + pi_ref_1*V_64(2)/beta
        """
        from grpo_symbolic.analysis.many_answers import series_of_many

        given = 1 / symbols.beta if str(variable).replace(" ", "") == "1/beta" else variable
        if isinstance(given, str):
            raise ValueError(f"a series of many answers is known in 1/beta, not in {variable}")
        return series_of_many(self.condition, given, order)

    def sensitivity(  # type: ignore[override]
        self, variable: Expr | str | None = None, **values: Any
    ) -> ndarray | dict[str, ndarray]:
        """∂π/∂β, or ∂π(o)/∂π_ref(j) with the reference divided by its sum, at numbers.

        Parameters
        ----------
        variable : {"beta", "pi_ref"}, optional
        **values
            One number for each parameter, ``pi_ref`` a row.

        Returns
        -------
        array of answers, or of answers × answers for ``pi_ref``; a dict of both without a variable

        Raises
        ------
        ValueError
            For another variable, or where there is no stationary policy.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(3, 1, 0)))
        >>> policy.sensitivity("beta", beta=1, pi_ref=(0.25, 0.39, 0.36)).round(12).tolist()
        [-0.25, 0.15, 0.1]
        """
        if variable is not None and str(variable) not in ("beta", "pi_ref"):
            raise ValueError(f"the sensitivity of many answers is known to beta and pi_ref, not to "
                             f"{variable}")  # fmt: skip
        if not values:
            raise ValueError("the sensitivity of many answers needs numbers for all parameters")
        found = self.evaluator.sensitivity(**values)
        return found if variable is None else found[str(variable)]

    @cached_property
    def derivation(self) -> Derivation:
        """The condition of every answer, then the closed forms."""
        written_out(self)
        return derivation_of_many(self)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The condition of every answer at the closed form; without one, what lines rest on."""
        solved = self.expressions is not None
        found = checks_of_many(self) if solved else derivation_of_many(self).claims
        return tuple(dict.fromkeys(found))

    def verify(self, *, simulate: bool = False) -> Report:
        """Verdicts on the :attr:`claims` and on the identities of the preference model.

        With ``simulate``, sampled training at usual numbers is another witness.
        """
        proved = prove_all((*self.claims, *self.condition.preference.claims))
        witness = (simulated_check(self),) if simulate else ()
        return Report.of((*((v.claim, v) for v in proved), *witness))

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """What needs a number; ``pi_ref`` is a row with one probability an answer."""
        roles = [(self.algorithm.beta, "beta"), (symbols.pi_ref, "pi_ref")]
        roles += [(s, "reward") for s in self.question.parameters]
        roles += [(self.algorithm.group_size, "group_size")]
        roles += [(s, role) for s, role in self.algorithm.rule_parameters]
        return tuple(Parameter(s, role) for s, role in roles if isinstance(s, Symbol))

    def point(self, values: Mapping[str, Value], *, partial: bool = False) -> dict[Symbol, Expr]:
        point = super().point(values, partial=partial)
        declared = self.question.declared.ranges
        ranges = Domain(
            tuple(r for r in declared if {r.symbol, *r.lower.free_symbols} <= point.keys())
        )
        if not ranges.contains(point):
            raise ValueError(f"the values must satisfy {ranges}")
        return point

    def _read(self, p: Parameter, value: Value) -> dict[Symbol, Expr]:
        if p.role != "pi_ref":
            return super()._read(p, value)
        found = shares_of(value, len(self.question))
        return dict(zip(self.question.reference[:-1], found, strict=False))

    def solutions_at(self, point: Mapping[Symbol, Expr], digits: int) -> Solutions:
        return solutions_of_many(self.sized(point), point, digits)

    def sized(self, point: Mapping[Symbol, Expr]) -> SimplexPolicy:
        """The policy with the number of a point in place of a symbol for the group size."""
        size = self.algorithm.group_size
        return (
            self._with(replace(self.algorithm, group_size=point[size])) if size in point else self
        )

    def as_binary(
        self, question: Question, point: Mapping[Symbol, Expr]
    ) -> tuple[StationaryPolicy, tuple[int, int]]:
        """The binary policy of a question of two answers, the places of the better and worse."""
        return as_binary(self.algorithm, question, point)

    def enclosed_at(self, point: Mapping[Symbol, Expr], digits: int) -> Enclosure:
        from grpo_symbolic.policy.enclosure import enclosed_simplex

        return enclosed_simplex(self.sized(point), point, digits)

    @cached_property
    def evaluator(self) -> SimplexEvaluator:
        from grpo_symbolic.policy.evaluate_many import SimplexEvaluator

        return SimplexEvaluator(self)

    def lambdify(self, backend: str = "numpy") -> Callable[..., float | ndarray]:
        """For two answers only.

        Raises
        ------
        ValueError
            Always: :meth:`evaluate` takes arrays, ``lambdify`` of SymPy the :attr:`expressions`.
        """
        raise ValueError(
            "lambdify is known for questions with two answers; evaluate() takes arrays for this "
            f"one, which has {len(self.question)}"
        )

    def code(self, library: str) -> str:
        from grpo_symbolic.policy.code import simplex_code

        return simplex_code(self, library)

    @cached_property
    def shown(self) -> Shown:
        if self.expressions is not None:
            return Shown(tuple(Eq(s, e, evaluate=False) for s, e in self._solution()))
        return shown_answers(self.algorithm, self.question) or some_of(written_out(self))

    def shown_as(self, unfold: object) -> Shown:
        if unfold == 0 and self.distortion is not None:
            return ranked_shown(self.distortion)
        if unfold == "all":
            return some_of(self.equations) if self.expressions is None else self.shown
        if self.expressions is not None:
            return self.shown
        factor = multiplier_vanishes(self.algorithm)
        return shown_answers(
            self.algorithm, self.question, factor, counts=unfold == 1, remarks=False
        ) or some_of(self.equations)

    def proof(self, shown: Shown) -> tuple[Passage, ...]:
        return proof_of_many(self, shown)

    def given(self) -> str:
        return given_of_many(self)

    def _says(self, shown: Shown) -> str:
        if self.expressions is not None:
            return ""
        some = "" if multiplier_vanishes(self.algorithm) else r", for some $\lambda$,"
        return f"a policy $\\pi$ with positive probabilities is stationary if and only if{some}"

    def _more(self) -> tuple[str, ...]:
        return ("There is exactly one such policy.",) if one_policy(self) else ()

    def _with(self, algorithm: Algorithm) -> SimplexPolicy:
        return SimplexPolicy(algorithm, self.question)

    def _solution(self) -> tuple[tuple[Symbol, Expr], ...]:
        return tuple(zip(self.names, self.expressions or (), strict=False))

    def _title(self, solved: bool) -> str:
        what = "Stationary policy" if solved else "Stationarity conditions"
        return f"{what} of a question with {in_words(len(self.question))} answers"

    def _unknown(self) -> str:
        names = [formula(p) for p in self.unknowns]
        listed = ", ".join(names if len(names) <= 3 else [names[0], r"\dots", names[-1]])
        return rf"${listed}$, with a multiplier ${formula(symbols.multiplier)}$,"

    def _found(self) -> tuple[Expr, ...] | None:
        """The closed forms if they have been asked for before: a display does not compute."""
        return self.__dict__.get("expressions")

    def _formula(self) -> str:
        """The closed forms, if found, typeset; empty where they are too large to read."""
        found = self._found()
        return self.latex() if found and legible(*found) else ""

    def __repr__(self) -> str:
        found = self._found()
        if found is None:
            return f"SimplexPolicy({self.algorithm!r}, {self.question!r})"
        shown = [f"pi({o}) = {short(e, 100)}" for o, e in enumerate(found[:3], start=1)]
        shown += [f"and {len(found) - 3} more"] if len(found) > 3 else []
        return f"SimplexPolicy({', '.join(shown)})"

    def __str__(self) -> str:
        """Formulas or equations, status and assumptions."""
        if self.expressions is not None:
            rows = [f"pi({o}) = {short(e)}" for o, e in enumerate(self.expressions, start=1)]
            return "\n".join([*rows, self.status, f"for {self.domain}"])
        rows = (named := rows_by_name(self)) or first_rows(self.equations)
        given = "beta > 0 and " if isinstance(self.algorithm.beta, Symbol) else ""
        given = f"{given}positive probabilities that sum to 1" if named else self.domain
        return "\n".join([*rows, self.status, f"for {given}"])

    def _repr_html_(self) -> Html:
        tex = self._formula()
        asked, built = (name in self.__dict__ for name in ("expressions", "condition"))
        rows = [
            ("stationary policy", math(tex) if tex else ""),
            ("algorithm", self.algorithm),
            ("question", self.question),
            ("condition", Html(self.condition._repr_html_()) if built else ".condition builds it"),
            ("status", self.status if asked else NOT_ASKED),
            ("evidence", ".verify() proves it"),
        ]
        return record(f"Stationary policy of {len(self.question)} answers", rows)
