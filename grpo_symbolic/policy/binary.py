"""The stationary policy of an algorithm on a question: equation, closed form, evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath as mp
from sympy import (
    Dummy,
    Eq,
    Expr,
    Integer,
    Piecewise,
    Poly,
    S,
    Symbol,
    fraction,
    nan,
    oo,
    sstr,
    together,
    zoo,
)

from grpo_symbolic import symbols
from grpo_symbolic.analysis.bounds import Bounds, bounds
from grpo_symbolic.analysis.count import Count, count
from grpo_symbolic.analysis.dynamics import Dynamics, dynamics
from grpo_symbolic.analysis.folds import Folds, folds
from grpo_symbolic.analysis.limits import limit
from grpo_symbolic.analysis.series import series
from grpo_symbolic.analysis.statics import Monotonicity, monotonicity
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.bounded import Exhausted, bounded
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.export.python import numpy_source
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.numeric.balls import ball, exact_ball
from grpo_symbolic.numeric.compiled import Parameter, compiled
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.reward import mean
from grpo_symbolic.solve.closed_form import ClosedForm, closed_form
from grpo_symbolic.solve.galois import no_radicals
from grpo_symbolic.solve.isolation import Root
from grpo_symbolic.solve.reduction import Reduction, reduce_binary
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions, Stability, Stage, rational
from grpo_symbolic.solve.stage import stage_of
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report, Status, Verdict

__all__ = ["StationaryPolicy", "binary_policy"]

PI = symbols.pi
# The choice of a branch is proved within this time, or no closed form is given.
_SECONDS = 20
# Up to this group size a formula in radicals is ruled out at one instance.
_LARGEST_GROUP = 16


@dataclass(frozen=True)
class StationaryPolicy:
    """The stationary policy of a binary question.

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
    """

    algorithm: Algorithm
    question: BinaryQuestion
    condition: StationarityCondition
    reduction: Reduction
    closed: ClosedForm | None

    @property
    def equation(self) -> Eq:
        return self.reduction.equation

    @property
    def expression(self) -> Expr | None:
        return None if self.closed is None else self.closed.expression

    @property
    def domain(self) -> Domain:
        return self.condition.domain

    @property
    def parameters(self) -> Domain:
        """The domain without the unknown π(a)."""
        return Domain(tuple(r for r in self.domain.ranges if r.symbol != PI))

    @cached_property
    def status(self) -> str:
        if self.closed is not None:
            return f"closed form: {self.closed.branch}"
        polynomial = self.reduction.polynomial
        if polynomial is None or polynomial.degree() > 4:
            found = self._without_radicals()
            if found:
                return found
        if polynomial is None:
            return f"no closed form: {self.reduction.obstacle}"
        if polynomial.degree() <= 0:
            return "no solution: the penalty exerts no force on pi(a), so nothing holds the drift"
        if polynomial.degree() <= 2:
            return (
                "no closed form: no root is proved to lie in (0, 1) for all parameters; "
                "solutions() finds them at given numbers"
            )
        return (
            f"no closed form: the equation is a polynomial of degree {polynomial.degree()} in "
            "pi(a), and no formula in radicals is shown to give its root for all parameters"
        )

    def _without_radicals(self) -> str:
        """Why radicals do not solve the equation of a finite group, or an empty string."""
        size = getattr(self.algorithm, "group_size", S.NaN)
        left, right = self.condition.contrast().args
        pull = fraction(together(left))[0]
        linear = pull.is_polynomial(symbols.pi_ref) and Poly(pull, symbols.pi_ref).degree() == 1
        if not size.is_Integer or not linear or right.has(symbols.pi_ref):
            return ""
        numbers = "solutions() finds them at given numbers"
        if size > _LARGEST_GROUP:
            return (
                f"no closed form is looked for in groups of {size}: beta and pi_ref(a) are "
                f"explicit functions of pi(a), and {numbers}"
            )
        try:
            evidence = bounded(no_radicals, self.condition, seconds=_SECONDS)
        except (Exhausted, ValueError):
            return ""
        return "" if evidence is None else f"no closed form in radicals: {evidence}; {numbers}"

    @cached_property
    def derivation(self) -> Derivation:
        derivation = self.reduction.derivation
        if self.closed is None:
            return derivation
        solution = self.closed.expression
        if self.closed.short is not None:
            for step in self.closed.steps:
                derivation = derivation.then(step.equation, step.justification, *step.check)
            return derivation.then(
                Eq(PI, self.closed.short, evaluate=False),
                _typeset(self.closed.branch),
                *self.closed.claims,
            )
        last = derivation.steps[-1].equation
        check = Claim(
            f"the solution satisfies line {len(derivation)}",
            (last.lhs - last.rhs).subs(PI, solution),
            "==",
            S.Zero,
            self.parameters,
        )
        return derivation.then(
            Eq(PI, solution, evaluate=False),
            _typeset(self.closed.branch),
            check,
            *self.closed.claims,
        )

    # -- evidence ------------------------------------------------------------------

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What has to hold for this policy to be the stationary one."""
        claims = list(self.derivation.claims)
        # A solution in abbreviations is proved in stages, by the lines of the derivation.
        if self.closed is not None and self.closed.short is None:
            solution, domain = self.closed.expression, self.parameters
            claims += [
                Claim(
                    "the stationarity condition holds at the solution",
                    self.equation.lhs.subs(PI, solution),
                    "==",
                    self.equation.rhs.subs(PI, solution),
                    domain,
                ),
                Claim("the solution is positive", solution, ">", S.Zero, domain),
                Claim("the solution is less than 1", solution, "<", S.One, domain),
            ]
            claims += [
                Claim("a floating-point branch equals the closed form", b, "==", solution, domain)
                for b in self.closed.stable.branches()
            ]
        return tuple(claims)

    def verify(self) -> Report:
        """Verdicts on every claim, and an independent numeric check of the condition.

        The numeric entry solves the projected on-policy gradient, built straight from the
        definitions, at rational parameters, and compares with the closed form where there is
        one.
        """
        proved = prove_all(self.claims)
        return Report.of((*((v.claim, v) for v in proved), self._numeric_check()))

    def _numeric_check(self, count: int = 8, digits: int = 40) -> tuple[str, Verdict]:
        name = "the projected on-policy gradient vanishes at the solutions found numerically"
        worst, roots, points = mp.mpf(0), 0, 0
        with mp.workdps(digits + 10):
            for point in self.parameters.samples(count, seed=7):
                values = {s.name: v for s, v in point.items()}
                known = {k: v for k, v in values.items() if k in self._keywords}
                found = self.solutions(digits=digits, **known)
                points += 1
                closed = None
                if self.expression is not None:
                    closed = mp.mpf(str(self.expression.subs(point).evalf(digits + 10)))
                for solution in found:
                    roots += 1
                    at = {**point, PI: rational(solution.policy[0], digits + 10)}
                    field = self.condition.field[0].subs(at).evalf(digits)
                    worst = max(worst, abs(mp.mpf(str(field))))
                    if closed is not None:
                        worst = max(worst, abs(solution.policy[0] - closed))
        data: dict[str, object] = {"points": points, "solutions": roots, "digits": digits}
        data["largest_deviation"] = mp.nstr(worst, 3)
        if not roots:
            return name, Verdict(Status.UNKNOWN, "root isolation", "no solution was found", data)
        if worst > mp.mpf(10) ** (8 - digits):
            return name, Verdict(
                Status.REFUTED, "root isolation", f"off by {mp.nstr(worst, 3)}", data
            )
        return name, Verdict(
            Status.NUMERIC,
            "root isolation",
            f"{roots} solutions at {points} rational points, largest deviation {mp.nstr(worst, 3)}",
            data,
        )

    # -- numbers ------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """Every symbol that needs a number, in the order of the model's parts."""
        advantage = self.algorithm.advantage
        roles: list[tuple[Any, str, float | None]] = [
            (self.algorithm.beta, "beta", None),
            (self.question.margin, "margin", None),
            *((rate, "success", None) for rate in self._rates()),
            (symbols.pi_ref, "pi_ref", None),
            (self.question.gap if self.question.deterministic else None, "gap", 1),
            (getattr(self.algorithm, "group_size", None), "group_size", None),
            (getattr(advantage, "epsilon", None), "epsilon", None),
            (getattr(advantage, "sigma", None), "sigma", None),
        ]
        if self.condition.contrast().has(symbols.base_reward):
            roles.append((symbols.base_reward, "reward", None))
        return tuple(Parameter(s, role, d) for s, role, d in roles if isinstance(s, Symbol))

    def _rates(self) -> tuple[Expr, ...]:
        if self.question.deterministic or not self.question.reward_laws:
            return ()
        return tuple(mean(law) for law in self.question.reward_laws)

    @property
    def _keywords(self) -> set[str]:
        return {p.name for p in self.inputs}

    def lambdify(self, backend: str = "numpy") -> Callable[..., Any]:
        """π(a) as a function of numbers.

        Parameters
        ----------
        backend : {"numpy", "mpmath"}
            Arrays broadcast with ``numpy``; ``mpmath`` works at its current precision.

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
        if self.closed is None:
            return compiled(self._solve_at, self.inputs, backend)
        form, stages = self._numeric_form(self.closed)
        return compiled(form, self.inputs, backend, stages)

    def _numeric_form(self, closed: ClosedForm) -> tuple[Expr, tuple[tuple[Symbol, Expr], ...]]:
        """The stable form and its stages, in symbols that may take boundary values."""
        # Symbols without assumptions: a positive one would never equal 0.
        plain = {p.symbol: Symbol(p.name, real=True) for p in self.inputs}
        form = closed.stable.form.xreplace(plain)
        stages = tuple((s, part.xreplace(plain)) for s, part in closed.stable.stages)
        if closed.degenerate is not None:
            leading, root = (e.xreplace(plain) for e in closed.degenerate)
            form = Piecewise((root, Eq(leading, 0)), (form, True))
        return form, stages

    def python(self) -> str:
        """A NumPy function as source: π(a), or the equation's residual without a closed form."""
        setting = f"{self.algorithm}.\n\n    Assumptions: {self.domain}.\n    "
        needed = self.equation.free_symbols
        names = [p.name for p in self.inputs if p.default is None or p.symbol in needed]
        if self.closed is None:
            residual = self.equation.lhs - self.equation.rhs
            return numpy_source(
                "stationarity",
                [PI.name, *names],
                residual,
                (),
                f"Zero where pi = pi(a) is stationary: {setting}",
            )
        form, stages = self._numeric_form(self.closed)
        return numpy_source(
            "stationary_policy", names, form, stages, f"Stationary pi(a): {setting}"
        )

    def _solve_at(self, *values: mp.mpf) -> mp.mpf:
        digits = mp.mp.dps
        given = {p.name: rational(v, digits + 5) for p, v in zip(self.inputs, values, strict=True)}
        found = self.solutions(digits=digits, **given)
        if len(found) != 1:
            raise ValueError(
                f"there are {len(found)} stationary policies at "
                + ", ".join(f"{k} = {mp.nstr(mp.mpf(v.p) / v.q, 8)}" for k, v in given.items())
                + ": use solutions() to get them all"
            )
        return found.found[0].policy[0]

    def solutions(self, *, digits: int = 30, **values: Any) -> Solutions:
        """Every stationary policy at given parameters, from the equation itself.

        Parameters
        ----------
        digits : int
            Decimal digits wanted.
        **values
            Exact or decimal values of the parameters (as for :meth:`lambdify`).

        Raises
        ------
        ValueError
            For an unknown or missing parameter, or a value out of range.
        """
        return self.solutions_at(self._point(values), digits)

    def solutions_at(self, point: dict[Symbol, Expr], digits: int) -> Solutions:
        """Every stationary policy at exact numbers for all symbols of the condition."""
        reference = point[symbols.pi_ref]
        margin = self.question.margin
        margin = point.get(margin, margin) if margin is not None else None
        with mp.workdps(digits + 25):
            if margin == 0:
                field = ScalarField(self.condition, point)
                first = mp.mpf(reference.p) / reference.q
                stage = _stage(field, (first, 1 - first))
                return Solutions(
                    (NumericSolution.at(reference, Stability.ATTRACTING, stage),),
                    "margin 0: no answer is preferred, so the policy stays at the reference",
                )
            if reference in (0, 1):
                return self._at_the_boundary(point, reference)
            field = ScalarField(self.condition, point)
            if field.drift == field.penalty:
                return Solutions((), "every policy is stationary: nothing moves it")
            isolation = field.isolated()
            found = tuple(self._solution(field, root) for root in isolation.roots)
            clipped = self._clipped(isolation.ends)
            how = "number established" if isolation.complete else "number not established"
            noun = "solution" if len(found) == 1 else "solutions"
            status = f"{len(found)} interior {noun} ({how}: {isolation.reason})"
            if clipped:
                status += (
                    "; at the boundary the penalty is too weak to hold the drift: one answer is "
                    "given up"
                )
            return Solutions((*found, *clipped), status)

    def _at_the_boundary(self, point: dict[Symbol, Expr], reference: Expr) -> Solutions:
        """π_ref(a) is 0 or 1: one answer is never given, and stays so."""
        left, right = self.condition.contrast().args
        field = ScalarField(self.condition, point)
        if (left - right).subs(point).has(nan, zoo, oo, -oo):
            fixed = NumericSolution.at(reference, Stability.ATTRACTING, Stage.MAXIMUM)
            return Solutions((fixed,), self._boundary_status((fixed,), 0))
        isolation = field.isolated()
        inside = tuple(self._solution(field, root) for root in isolation.roots)
        # The flow leaves the boundary when F points inwards there.
        inwards = mp.mpf(isolation.ends[0] if reference == 0 else -isolation.ends[1])
        fixed = _at_vertex(reference, inwards)
        return Solutions((fixed, *inside), self._boundary_status((fixed,), len(inside)))

    def _solution(self, field: ScalarField, root: Root) -> NumericSolution:
        """A zero of F as a policy: the flow is towards it when F falls through it."""
        x = root.log_odds
        policy = (1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x)))
        kind, stage = _KIND[root.sign_left], _stage(field, policy)
        slope = field.slope(x) if self._responds else None
        interval = tuple(1 / (1 + mp.exp(-end)) for end in root.interval)
        return NumericSolution(policy, kind, field.residual(x), stage, slope, interval)

    @cached_property
    def _responds(self) -> bool:
        """Whether the best response to a frozen policy is unique."""
        return self.algorithm.penalty.monotone

    def _clipped(self, ends: tuple[int, int]) -> tuple[NumericSolution, ...]:
        """Vertices at which a penalty of bounded force lets one answer go for good.

        There d is finite, the constraint π(o) >= 0 is active, and the first-order condition is
        an inequality: F must not point inwards.
        """
        if not self.algorithm.penalty.link_range[0].is_finite:
            return ()
        outwards = ((0, -ends[0]), (1, ends[1]))
        return tuple(_at_vertex(Integer(v), mp.mpf(-1)) for v, sign in outwards if sign > 0)

    @staticmethod
    def _boundary_status(fixed: tuple[NumericSolution, ...], inside: int) -> str:
        answer = "a" if fixed[0].policy[0] == 0 else "b"
        sentence = (
            f"the reference never gives answer {answer}, which is then never sampled: the policy "
            "stays there"
        )
        if inside:
            sentence += (
                "; the further solution is the limit as its reference probability tends to 0"
            )
        return sentence

    def _point(self, values: dict[str, Any]) -> dict[Symbol, Expr]:
        known = {p.name: p for p in self.inputs}
        for name in values:
            if name not in known:
                raise ValueError(f"unknown argument {name!r}: this policy takes {', '.join(known)}")
        point = {}
        for name, p in known.items():
            value = values.get(name, p.default)
            if value is None:
                raise ValueError(f"missing argument {name!r}: this policy takes {', '.join(known)}")
            point[p.symbol] = parameter(p.role, value, name)
        return point

    # -- the whole curve ------------------------------------------------------------

    @cached_property
    def curve(self) -> WeightCurve:
        """The curve of all stationary policies: β and π_ref(a) as functions of π(a)."""
        return WeightCurve(self.condition)

    @cached_property
    def count(self) -> Count:
        """How many interior stationary policies there can be, for all parameters."""
        return count(self.curve)

    def limit(self, variable: Any, value: Any, direction: str = "+") -> Expr:
        """The limit of the stationary π(a), from the condition.

        Parameters
        ----------
        variable : Symbol, Expr or str
            Such as ``beta``, ``pi_ref``, ``"1/beta"``, ``G``.
        value : number or oo
        direction : {"+", "-"}

        Raises
        ------
        ValueError
            When there is no limit, or none is known in closed form, with the reason.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> policy = binary_policy(GRPO(2), BinaryQuestion())
        >>> policy.limit("beta", 0), policy.limit("pi_ref", 0)
        (1, Piecewise((1 - beta, beta < 1), (0, True)))
        """
        return limit(self.curve, variable, value, direction)

    def series(self, variable: Any, order: int) -> Expr:
        """The expansion of the stationary π(a) up to the power ``order``, without remainder.

        Parameters
        ----------
        variable : Expr or str
            ``1/beta`` (strong penalties), ``beta`` (weak ones) or ``1/G`` (large groups).
        order : int
            The highest power kept; the error is of the next order.

        Raises
        ------
        ValueError
            When there is no such expansion, with the reason.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> binary_policy(GRPO(2), BinaryQuestion()).series("1/beta", 1)
        pi_ref + pi_ref*(1 - pi_ref)/beta
        """
        return series(self.curve, variable, order)

    def monotonicity(self, variable: Any) -> Monotonicity:
        """The direction in which π(a) moves with a parameter, with its proof."""
        return monotonicity(self.curve, variable)

    def bounds(self) -> Bounds:
        """Lower and upper bounds of π(a) in simpler expressions, each with its proof."""
        return bounds(self.curve, self.expression)

    def folds(self, *, digits: int = 30, **values: Any) -> Folds:
        """The weights β at which the number of stationary policies changes.

        Parameters
        ----------
        digits : int
        **values
            Every parameter but β, as for :meth:`solutions`.

        Raises
        ------
        ValueError
            For a missing or unknown parameter, or a condition without certified folds.
        """
        given = self._point({"beta": 1, **values}) if "beta" not in values else self._point(values)
        return folds(self.curve, {s: v for s, v in given.items() if s != self.curve.beta}, digits)

    def dynamics(self, *, digits: int = 30, **values: Any) -> Dynamics:
        """The policy-gradient flow and the best-response iteration at given parameters."""
        point = self._point(values)
        return dynamics(self.condition, point, self.solutions_at(point, digits), digits)

    # -- display ------------------------------------------------------------------

    def latex(self, notation: Notation | None = None) -> str:
        """``\\pi(a) = ...``, ready to paste; the equation where there is no closed form."""
        if self.expression is None:
            return formula(self.equation, notation)
        if self.closed is not None and self.closed.short is not None:
            lines = [(PI, self.closed.short), *reversed(self.closed.abbreviations)]
            return r",\quad ".join(formula(Eq(s, e, evaluate=False), notation) for s, e in lines)
        return formula(Eq(PI, self.expression, evaluate=False), notation)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        if self.expression is None:
            return f"StationaryPolicy({sstr(self.equation.lhs)} = {sstr(self.equation.rhs)})"
        return f"StationaryPolicy(pi(a) = {sstr(self.expression)})"


def binary_policy(algorithm: Algorithm, question: BinaryQuestion) -> StationaryPolicy:
    """The stationary policy of a binary question: condition, reduction, closed form."""
    condition = stationarity_condition(algorithm, question)
    reduction = reduce_binary(condition, "Stationary policy of a binary question")
    closed = None
    if reduction.polynomial is not None:
        try:
            closed = bounded(
                closed_form,
                reduction.polynomial,
                reduction.equation,
                condition.domain,
                seconds=_SECONDS,
            )
        except Exhausted:
            closed = None
    return StationaryPolicy(algorithm, question, condition, reduction, closed)


_KIND = {1: Stability.ATTRACTING, -1: Stability.REPELLING, 0: Stability.DEGENERATE}


def _stage(field: ScalarField, policy: tuple[mp.mpf, mp.mpf]) -> Stage:
    """The signs of the second derivative of the stage objective, in balls around the policy."""
    bits, rest = 2 * int(mp.mp.prec), Dummy("q", positive=True)
    at = {PI: exact_ball(policy[0]), rest: exact_ball(policy[1])}
    given = {1 - PI: rest, **field.point}
    return stage_of([ball(c.xreplace(given), at, bits) for c in field.condition.curvature])


def _at_vertex(first: Expr, inwards: mp.mpf) -> NumericSolution:
    """A vertex as a solution, from the sign of F into the simplex there.

    The stage objective, frozen at the vertex, has F as its slope.
    """
    sign = int(mp.sign(inwards))
    stage = {1: Stage.MINIMUM, -1: Stage.MAXIMUM, 0: Stage.DEGENERATE}[sign]
    return NumericSolution.at(first, _KIND[-sign], stage)


def _typeset(sentence: str) -> str:
    """A plain sentence with its symbols in TeX."""
    for plain, tex in (
        ("(pi_ref(a), 1)", r"$(\pi_{\mathrm{ref}}(a), 1)$"),
        (" pi_ref(a)", r" $\pi_{\mathrm{ref}}(a)$"),
        (" pi(a)", r" $\pi(a)$"),
    ):
        sentence = sentence.replace(plain, tex)
    return sentence
