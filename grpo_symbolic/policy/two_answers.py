"""The stationary policy of two answers: equation, closed form, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from sympy import Eq, Expr, Poly, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.display import Html, legible, math, record, short
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.evidence import claims_of, derivation_of, numeric_check, status_of
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.policy.simulated import simulated_check
from grpo_symbolic.policy.solve_two_answers import solutions_of_two
from grpo_symbolic.reward import mean
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.reduction import Reduction, reduce_binary
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report
from grpo_symbolic.work import Exhausted, limited

if TYPE_CHECKING:
    from numpy import ndarray

    from grpo_symbolic.equation.shown import Shown
    from grpo_symbolic.export.exhibit import Passage
    from grpo_symbolic.numeric.arguments import Parameter
    from grpo_symbolic.policy.enclosure import Enclosure
    from grpo_symbolic.policy.evaluate_binary import BinaryEvaluator

PI = symbols.pi
# The choice of a branch is proved within so many steps, or no closed form is given.
_STEPS = 5_000_000
# A quadratic with no more operations is solved without counting, which would double its cost.
_SMALL = 40


@dataclass(frozen=True, repr=False)
class StationaryPolicy(Policy):
    """The stationary policy of a binary question.

    Source: Vojnovic & Yun, arXiv 2502.18548, (14), (15); new for other groups. Policies are
    probabilities, β is in advantage units.

    Attributes
    ----------
    equation : Eq
        The simplified stationarity condition in ``symbols.pi`` = π(a).
    expression : Expr or None
        π(a) in closed form; None where there is none.
    status : str
        A sentence: which root it is and why, or why there is no closed form.
    derivation : Derivation
        The lines from the condition of each answer to the result.
    domain : Domain
        The ranges under which all of this holds.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    >>> print(policy.equation)
    Eq(beta*(pi - pi_ref), pi*(1 - pi))
    >>> policy.evaluate(beta=0.5, pi_ref=[0.25, 0.5]).round(6)
    array([0.683013, 0.809017])
    """

    algorithm: Algorithm
    question: BinaryQuestion
    condition: StationarityCondition

    @cached_property
    def reduction(self) -> Reduction:
        """The condition as one equation in π(a)."""
        return reduce_binary(self.condition, "Stationary policy of a binary question")

    @cached_property
    def closed(self) -> ClosedForm | None:
        """The root of that equation in radicals, with the branch; None where there is none."""
        reduced = self.reduction
        if reduced.polynomial is None:
            return None
        return _root(reduced.polynomial, reduced.equation, reduced.derivation.domain)

    @property
    def equation(self) -> Eq:
        """What π(a) solves: β · force = drift, without denominators where that is shorter."""
        return self.reduction.equation

    @property
    def equations(self) -> tuple[Eq, ...]:
        return (self.equation,)

    @property
    def expression(self) -> Expr | None:
        """π(a) in closed form, in the parameters; None where there is none."""
        return None if self.closed is None else self.closed.expression

    @property
    def expressions(self) -> tuple[Expr, ...] | None:
        return None if self.expression is None else (self.expression, 1 - self.expression)

    @cached_property
    def status(self) -> str:
        return status_of(self.condition, self.reduction, self.closed)

    @cached_property
    def curve(self) -> Balance:
        """The equation of all stationary policies, with β and π_ref(a) as functions of π(a)."""
        return Balance(self.condition)

    def balance_for(self, purpose: str) -> Balance:
        return self.curve

    # -- evidence ------------------------------------------------------------------

    @cached_property
    def derivation(self) -> Derivation:
        return derivation_of(self.reduction, self.closed, self.parameters)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return claims_of(self.derivation, self.equation, self.closed, self.parameters)

    def verify(self, *, simulate: bool = False) -> Report:
        """Verdicts on every claim, and an independent numeric check of the condition.

        Parameters
        ----------
        simulate : bool
            Whether sampled training, at usual numbers, is a third witness.

        Notes
        -----
        The numeric entry solves the projected on-policy gradient, built straight from the
        definitions, at rational parameters, and compares with the closed form where there is
        one.
        """
        proved = prove_all(self.claims)
        witness = (simulated_check(self),) if simulate else ()
        return Report.of((*((v.claim, v) for v in proved), numeric_check(self), *witness))

    # -- numbers ------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """Every symbol that needs a number, in the order of the model's parts."""
        from grpo_symbolic.numeric.arguments import Parameter

        algorithm, question = self.algorithm, self.question
        random = bool(question.reward_laws) and not question.deterministic
        roles: list[tuple[Expr | None, str, float | None]] = [
            (algorithm.beta, "beta", None),
            (question.margin, "margin", None),
            *((mean(law), "success", None) for law in (question.reward_laws if random else ())),
            (symbols.pi_ref, "pi_ref", None),
            (question.gap if question.deterministic else None, "gap", 1),
            (algorithm.group_size, "group_size", None),
            *((value, role, None) for value, role in algorithm.rule_parameters),
        ]
        if self.condition.contrast().has(symbols.base_reward):
            roles.append((symbols.base_reward, "reward", None))
        return tuple(Parameter(s, role, d) for s, role, d in roles if isinstance(s, Symbol))

    def solutions_at(self, point: Mapping[Symbol, Expr], digits: int) -> Solutions:
        return solutions_of_two(self.condition, self.question.margin, point, digits)

    def enclosed_at(self, point: Mapping[Symbol, Expr], digits: int) -> Enclosure:
        from grpo_symbolic.policy.enclosure import enclosed_binary

        return enclosed_binary(self, point, digits)

    @cached_property
    def evaluator(self) -> BinaryEvaluator:
        # Imported where it is needed: NumPy costs a good part of what SymPy does.
        from grpo_symbolic.policy.evaluate_binary import BinaryEvaluator

        return BinaryEvaluator(self)

    def lambdify(self, backend: str = "numpy") -> Callable[..., float | ndarray]:
        """π(a) as a function of numbers.

        Parameters
        ----------
        backend : {"numpy", "mpmath", "jax", "torch"}
            Arrays broadcast with ``numpy``, ``jax`` and ``torch``; ``mpmath`` works at its current
            precision. Functions of the last two can be differentiated, keep the arrays' type, and
            need one solution for all parameters. JAX computes in single precision unless its
            option ``jax_enable_x64`` is set.

        Returns
        -------
        callable
            Keyword arguments ``beta``, ``pi_ref`` and, where the question has it, the margin;
            ``gap`` (reward units, 1 unless given) matters only to unscaled advantages. A
            stable form of the closed form is evaluated; without a closed form the equation
            is solved at every point, and must have exactly one solution there.

        Raises
        ------
        ValueError
            For another backend, and from the function for arguments out of range.
        """
        from grpo_symbolic.policy.functions import function_of_two

        return function_of_two(self, self.closed, backend)

    def code(self, library: str) -> str:
        from grpo_symbolic.policy.code import binary_code

        return binary_code(self, library)

    # -- display ------------------------------------------------------------------

    @cached_property
    def shown(self) -> Shown:
        from grpo_symbolic.equation.shown import Shown, shown

        closed = self.closed
        if closed is None:
            return shown(self.curve, self.equation, self.reduction.multiplier)
        if closed.short is None:
            return Shown((Eq(PI, closed.expression, evaluate=False),))
        where = (Eq(s, e, evaluate=False) for s, e in reversed(closed.abbreviations))
        return Shown((Eq(PI, closed.short, evaluate=False),), tuple(where))

    def shown_as(self, unfold: object) -> Shown:
        from grpo_symbolic.equation.shown import Shown, with_numbers
        from grpo_symbolic.policy.proof import with_one_logarithm

        whole = self.shown
        named = replace(whole, formulas=tuple(map(with_one_logarithm, whole.formulas)))
        if unfold == 0:
            return self._with_scale(named)
        if unfold == 1:
            return with_numbers(named)
        if self.closed is not None:
            return Shown((Eq(PI, self.closed.expression, evaluate=False),))
        return Shown((Eq(*map(unfolded, self.equation.args), evaluate=False),))

    def _with_scale(self, found: Shown) -> Shown:
        """f(t) with the group size by name, where its scale depends on it."""
        group = self.curve.group
        if group is None or group.rule.spread is None or not found.where:
            return found
        from grpo_symbolic.policy.proof import rule_shown

        plain, named = group.rule.spread, rule_shown(group)
        where = tuple(
            Eq(e.lhs, named, evaluate=False) if isinstance(e, Eq) and e.rhs == plain else e
            for e in found.where
        )
        return replace(found, where=where)

    def proof(self, shown: Shown) -> tuple[Passage, ...]:
        from grpo_symbolic.policy.proof import proof_of_two

        return proof_of_two(self, shown.formulas[0])

    def _with(self, algorithm: Algorithm) -> StationaryPolicy:
        return binary_policy(algorithm, self.question)

    def _says(self, shown: Shown) -> str:
        if self.closed is not None:
            return ""
        return rf"a policy with $0 < {formula(PI)} < 1$ is stationary if and only if"

    def _more(self) -> tuple[str, ...]:
        radicals = "no closed form in radicals" in self.status
        if self.closed is not None:
            return ()
        if not self.count.unique:
            return ()
        rest = ", and no formula in radicals gives it for all parameters" if radicals else ""
        return (f"There is exactly one such policy{rest}.",)

    def _solution(self) -> tuple[tuple[Symbol, Expr], ...]:
        return () if self.closed is None else ((PI, self.closed.expression),)

    def _title(self, solved: bool) -> str:
        return f"Stationar{'y policy' if solved else 'ity condition'} of a binary question"

    def _steps(self) -> tuple[tuple[Eq, str], ...]:
        return tuple((s.equation, s.justification) for s in self.derivation)

    def _formula(self) -> str:
        """The closed form, or the equation, typeset; empty where it is too large to read."""
        closed = self.closed
        if closed is None:
            parts: list[Expr | Eq] = [self.equation]
        else:
            parts = [closed.short or closed.expression, *(e for _, e in closed.abbreviations)]
        return self.latex() if legible(*parts) else ""

    def __repr__(self) -> str:
        if self.closed is None:
            return f"StationaryPolicy({short(self.equation, 240)})"
        return f"StationaryPolicy(pi(a) = {self.closed})"

    def __str__(self) -> str:
        """Formula, equation, status and assumptions."""
        first = [] if self.closed is None else [f"pi(a) = {self.closed}"]
        rows = [*first, short(self.equation, 240), self.status, f"for {self.domain}"]
        return "\n".join(rows)

    def _repr_html_(self) -> Html:
        tex = self._formula()
        known = self.__dict__.get("status") or ("" if self.closed is None else self.status)
        number = self.__dict__.get("count")
        equation = self.equation
        rows = [
            ("stationary policy", math(tex) if tex else repr(self)),
            ("equation", math(formula(equation)) if self.closed and legible(equation) else ""),
            ("algorithm", self.algorithm),
            ("question", self.question),
            ("assumptions", self.domain.as_html()),
            ("status", known or "no closed form: .status says why"),
            ("solutions", ".count says how many" if number is None else number),
            ("evidence", ".derivation is the way here, .verify() proves it"),
        ]
        return record("Stationary policy", rows)


def binary_policy(algorithm: Algorithm, question: BinaryQuestion) -> StationaryPolicy:
    """The stationary policy of a binary question by its condition, solved when it is asked for."""
    return StationaryPolicy(algorithm, question, stationarity_condition(algorithm, question))


@lru_cache(maxsize=64)
def _root(polynomial: Poly, equation: Eq, domain: Domain) -> ClosedForm | None:
    """The root in radicals: a proof of every sign, kept for whoever asks for the policy again."""
    if polynomial.degree() <= 2 and equation.count_ops() <= _SMALL:
        return closed_form(polynomial, equation, domain)
    try:
        return limited(closed_form, polynomial, equation, domain, steps=_STEPS)
    except Exhausted:
        return None
