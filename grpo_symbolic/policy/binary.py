"""The stationary policy of an algorithm on a question: equation, closed form, evidence."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
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
    together,
    zoo,
)

from grpo_symbolic import symbols
from grpo_symbolic.analysis.bounds import Bounds, bounds
from grpo_symbolic.analysis.count import Count, count
from grpo_symbolic.analysis.dynamics import Dynamics, dynamics
from grpo_symbolic.analysis.folds import Folds, folds
from grpo_symbolic.analysis.limits import escape_threshold, limit
from grpo_symbolic.analysis.sensitivity import sensitivity
from grpo_symbolic.analysis.series import series
from grpo_symbolic.analysis.statics import Monotonicity, monotonicity
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.display import Html, legible, math, record, short, typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.exhibit import Exhibit
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.export.paper import bare
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.numeric.arguments import Parameter, documented
from grpo_symbolic.numeric.balls import ball, exact_ball
from grpo_symbolic.numeric.compiled import (
    BACKENDS,
    DIFFERENTIATING,
    array_function,
    mpmath_function,
)
from grpo_symbolic.policy.code import binary_code, compilable
from grpo_symbolic.policy.enclose import Enclosure, enclosed_binary
from grpo_symbolic.policy.export import binary_exhibit, exported
from grpo_symbolic.progress import tracked
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
from grpo_symbolic.work import Exhausted, limited

__all__ = ["StationaryPolicy", "binary_policy"]

PI = symbols.pi
# The choice of a branch is proved within so many steps, or no closed form is given.
_STEPS = 5_000_000
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
            evidence = limited(no_radicals, self.condition, steps=_STEPS)
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
            samples = self.parameters.samples(count, seed=7)
            for point in tracked(samples, total=count, label="checking", unit="point"):
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
        if backend in DIFFERENTIATING:
            return array_function(lambda: compilable(self, backend), self.inputs, backend)
        if backend == "numpy":
            kind = "float64 arrays, which broadcast"
            return documented(lambda **given: self._solve_arrays(**given), self.inputs, kind)
        if backend != "mpmath":
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
        if self.closed is None:
            return mpmath_function(self._solve_at, self.inputs)
        form, stages = self._numeric_form(self.closed)
        return mpmath_function(form, self.inputs, stages)

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
        """A NumPy function as source, which needs nothing of this package.

        π(a) from the closed form, or from a solver where there is one solution for all
        parameters; otherwise the condition's residual. ``export("jax")`` and ``export("torch")``
        give the same function, differentiable, for those libraries.
        """
        return binary_code(self, "python")

    def _solve_arrays(self, **values: Any) -> Any:
        """The only solution at every point of arrays."""
        import numpy as np

        from grpo_symbolic.policy.evaluate import NoStationaryPolicy

        if self.closed is not None:
            return self.evaluate(**values)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoStationaryPolicy)
            found = self.evaluate(branch="all", **values)
        count = np.isfinite(found).sum(axis=-1)
        several = count != 1
        if several.any():
            first = {
                name: np.broadcast_to(array, count.shape)[several].flat[0]
                for name, array in values.items()
            }
            raise ValueError(_not_one(int(count[several].flat[0]), first))
        only = np.nansum(found, axis=-1)
        return float(only) if only.ndim == 0 else only

    def _solve_at(self, *values: mp.mpf) -> mp.mpf:
        digits = mp.mp.dps
        given = {p.name: rational(v, digits + 5) for p, v in zip(self.inputs, values, strict=True)}
        found = self.solutions(digits=digits, **given)
        if len(found) != 1:
            point = {name: mp.nstr(mp.mpf(v.p) / v.q, 8) for name, v in given.items()}
            raise ValueError(_not_one(len(found), point))
        return found.found[0].policy[0]

    def evaluate(
        self,
        *,
        complement: bool = False,
        branch: str = "attracting",
        errors: str = "raise",
        **values: Any,
    ) -> Any:
        """π(a) at arrays of parameters, in float64.

        Parameters
        ----------
        complement : bool
            1 − π(a) instead, to full relative accuracy also where π(a) rounds to 1.
        branch : {"attracting", "lowest", "highest", "all"}
            Which stationary policy, where there are several. Of several attracting ones, the
            one that the policy-gradient flow reaches from the reference policy. ``all`` adds a
            trailing axis, in increasing order and padded with NaN.
        errors : {"raise", "nan"}
            What a value outside its range does: an exception, or NaN at its points.
        **values
            Numbers or arrays that broadcast, one for each of :attr:`inputs`; floats are taken as
            the binary numbers that they are. At ``pi_ref = 0`` a closed form and a single
            crossing give the limit pi_ref → 0+.

        Returns
        -------
        float or ndarray
            NaN, with one :class:`~grpo_symbolic.policy.evaluate.NoStationaryPolicy` warning,
            where there is no such policy.

        Raises
        ------
        ValueError
            For shapes that do not broadcast, an unknown or missing argument, a group size that is
            not an integer in its range, NaN, or a value outside its range.

        Notes
        -----
        The evaluation follows from the model: a closed form without cancellation; Newton's method
        on a table of the drift where one crossing is proved (any group size, the reverse KL); else
        all zeros in log-odds. Relative errors are below 4 units in the last place for the first,
        4e-15 for the second, and a few units times the log-odds between policy and reference for
        the last. Where rounding leaves the number of solutions open, :meth:`solutions` decides.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> policy = binary_policy(GRPO(2), BinaryQuestion())
        >>> policy.evaluate(beta=[0.5, 1.0], pi_ref=0.25).tolist()
        [0.6830127018922193, 0.5]
        """
        return self.evaluator(complement=complement, branch=branch, errors=errors, **values)

    @cached_property
    def evaluator(self) -> Callable[..., Any]:
        """How :meth:`evaluate` goes about it, chosen from the model once."""
        # Imported where it is needed: NumPy costs a good part of what SymPy does.
        from grpo_symbolic.policy.evaluate_binary import BinaryEvaluator

        return BinaryEvaluator(self)

    def enclose(self, *, digits: int = 50, **values: Any) -> Enclosure:
        """Balls that are proved to contain one stationary policy each.

        Parameters
        ----------
        digits : int
            Digits of every probability: the radii are smaller than 10^−digits of it.
        **values
            As for :meth:`solutions`: decimals in text are exact, and a float stands for the
            shortest decimal that denotes it. For the binary number that a float is, as
            :meth:`evaluate` takes it, give ``fractions.Fraction(x)``.

        Returns
        -------
        Enclosure
            With ``policies``, ``count``, and ``complete``, whether there are no others.

        Raises
        ------
        ValueError
            As :meth:`solutions`.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> binary_policy(GRPO(2), BinaryQuestion()).enclose(beta="1/2", pi_ref="1/4").decimals(20)
        (('0.68301270189221932338', '0.31698729810778067662'),)
        """
        return enclosed_binary(self, self._point(values), digits)

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
                return Solutions((), "every policy is stationary: nothing moves it", False)
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
            return Solutions((*found, *clipped), status, isolation.complete)

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
        status = self._boundary_status((fixed,), len(inside))
        return Solutions((fixed, *inside), status, isolation.complete)

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

    @cached_property
    def escape_threshold(self) -> Expr:
        """The weight β below which π(a) stays away from 0 as π_ref(a) → 0+.

        It is 0 where no weight is small enough, ∞ where every weight is.

        Raises
        ------
        ValueError
            When the curve has no limit of this kind.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> binary_policy(GRPO(8), BinaryQuestion()).escape_threshold
        sqrt(7)
        """
        return escape_threshold(self.curve)

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

    def sensitivity(self, variable: Any = None, **values: Any) -> Any:
        """∂π(a)/∂θ by implicit differentiation of the condition.

        Parameters
        ----------
        variable : Symbol or str, optional
            θ, such as ``"beta"`` or ``"pi_ref"``.
        **values
            Numbers or arrays for all parameters.

        Returns
        -------
        Sensitivity, float or array, or dict
            ``sensitivity("beta")`` is the formula, an object with ``expression``, ``closed``,
            ``latex()`` and a call; ``sensitivity("beta", beta=1, pi_ref=0.2)`` its value;
            ``sensitivity(beta=1, pi_ref=0.2)`` the value for every continuous parameter, by name.

        Raises
        ------
        ValueError
            For an unknown parameter, one that the policy does not depend on, and as
            :meth:`lambdify` for the values.

        Examples
        --------
        >>> from grpo_symbolic.model.algorithm import GRPO
        >>> binary_policy(GRPO(2), BinaryQuestion()).sensitivity("beta").expression
        (-pi + pi_ref)/(beta + 2*pi - 1)
        """
        known = {p.name: p for p in self.inputs}
        if variable is None:
            if not values:
                raise ValueError("sensitivity needs a parameter, or values for all of them")
            used = self.condition.contrast().free_symbols
            return {
                name: self.sensitivity(name)(**values)
                for name, p in known.items()
                if p.symbol in used and not p.symbol.is_integer
            }
        if str(variable) not in known:
            raise ValueError(
                f"unknown parameter {str(variable)!r}: this policy has {', '.join(known)}"
            )
        found = sensitivity(
            self.curve,
            known[str(variable)].symbol,
            self.lambdify("mpmath"),
            tuple(known),
            equation=self.equation,
            closed=self.expression,
            defaults=tuple((n, p.default) for n, p in known.items() if p.default is not None),
        )
        return found(**values) if values else found

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

    @cached_property
    def exhibit(self) -> Exhibit:
        """The result with what has to be said beside it, as the formats show it."""
        return binary_exhibit(self)

    def export(self, format: str, *, notation: Notation | None = None) -> str:
        """The stationary policy as text in one of many formats.

        Parameters
        ----------
        format : str
            ``latex`` (the formula), ``latex-inline``, ``latex-display``, ``latex-align`` (the
            derivation), ``latex-theorem``, ``latex-document``, ``markdown``, ``mathml``,
            ``typst``, ``sympy``, ``json``, or code: ``python`` and the others of
            :data:`grpo_symbolic.policy.export.FORMATS`. Without a closed form the equation is
            exported, and the words say so.
        notation : Notation, optional
            Names for print; code keeps the names of the library.

        Raises
        ------
        ValueError
            For an unknown format, or one that needs a package that is not installed.
        """
        return exported(self, format, notation)

    def latex(self, notation: Notation | None = None) -> str:
        """``\\pi(a) = ...``, ready to paste; the equation where there is no closed form.

        What is too wide for a line is an ``aligned`` block, which stands between ``$$`` too.

        Raises
        ------
        ValueError
            When ``notation`` is no :class:`Notation`.
        """
        closed = self.closed
        if closed is None:
            return bare((self.equation,), (), notation)
        if closed.short is None:
            return bare((Eq(PI, closed.expression, evaluate=False),), (), notation)
        where = [Eq(s, e, evaluate=False) for s, e in reversed(closed.abbreviations)]
        return bare((Eq(PI, closed.short, evaluate=False),), where, notation)

    def _formula(self) -> str:
        """The closed form, or the equation, typeset; empty where it is too large to read."""
        shown = self.equation if self.closed is None else self.closed.short or self.expression
        parts = () if self.closed is None else (e for _, e in self.closed.abbreviations)
        return self.latex() if legible(shown, *parts) else ""

    def _repr_latex_(self) -> str | None:
        return typeset(tex) if (tex := self._formula()) else None

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


def _not_one(number: int, point: Mapping[str, Any]) -> str:
    place = ", ".join(f"{name} = {value}" for name, value in point.items())
    return f"there are {number} stationary policies at {place}: use solutions() to get them all"


def binary_policy(algorithm: Algorithm, question: BinaryQuestion) -> StationaryPolicy:
    """The stationary policy of a binary question: condition, reduction, closed form."""
    condition = stationarity_condition(algorithm, question)
    reduction = reduce_binary(condition, "Stationary policy of a binary question")
    closed = None
    if reduction.polynomial is not None:
        try:
            closed = limited(
                closed_form,
                reduction.polynomial,
                reduction.equation,
                condition.domain,
                steps=_STEPS,
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
