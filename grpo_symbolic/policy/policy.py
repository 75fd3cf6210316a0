"""What can be asked of a stationary policy, of two answers or of many.

Every question has one name for both. What is known for two answers only raises, for more, a
ValueError that says so: it rests on β · force = drift, one equation in π(a).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from sympy import Eq, Expr, Symbol

from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import Number, parameter
from grpo_symbolic.numeric.arguments import Parameter, ordered
from grpo_symbolic.policy.printed import Printed
from grpo_symbolic.policy.simulated import Simulated
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Report

# An analysis is imported when it is asked for: a formula needs none of them.
if TYPE_CHECKING:
    from mpmath import mpf
    from numpy import ndarray
    from numpy.typing import ArrayLike

    from grpo_symbolic.analysis.bounds import Bounds
    from grpo_symbolic.analysis.count import Count
    from grpo_symbolic.analysis.dynamics import Dynamics
    from grpo_symbolic.analysis.folds import Folds
    from grpo_symbolic.analysis.sensitivity import Sensitivity
    from grpo_symbolic.analysis.statics import Monotonicity
    from grpo_symbolic.policy.enclosure import Enclosure
    from grpo_symbolic.policy.evaluate import Evaluator

__all__ = ["Policy"]

#: A number for a parameter, or a row of them: one reference probability an answer.
Value = Number | Sequence[Number]


class Policy(Printed, Simulated):
    """The stationary policies of an algorithm on a question.

    Attributes
    ----------
    algorithm : Algorithm
    question : Question
    condition : StationarityCondition
        One equation an answer, with a multiplier.
    """

    condition: StationarityCondition

    # -- what is derived ---------------------------------------------------------------

    @property
    @abstractmethod
    def equations(self) -> tuple[Eq, ...]:
        """What the stationary policies solve: one equation of two answers, else one an answer."""

    @property
    @abstractmethod
    def expressions(self) -> tuple[Expr, ...] | None:
        """π(o) in closed form, one entry an answer; None where there is none."""

    @property
    @abstractmethod
    def derivation(self) -> Derivation:
        """The lines from the condition of each answer to the result."""

    @property
    def domain(self) -> Domain:
        """The ranges under which all of this holds."""
        return self.condition.domain

    @property
    def parameters(self) -> Domain:
        """The domain without the unknowns."""
        return Domain(tuple(r for r in self.domain.ranges if r.symbol not in self.unknowns))

    @property
    @abstractmethod
    def claims(self) -> tuple[Claim, ...]:
        """What has to hold for this policy to be the stationary one."""

    @abstractmethod
    def verify(self, *, simulate: bool = False) -> Report:
        """Verdicts on the :attr:`claims`, on what they are built from, and on a simulation."""

    @abstractmethod
    def balance_for(self, purpose: str) -> Balance:
        """The equation of two answers, with β and π_ref(a) as functions of π(a).

        Raises
        ------
        ValueError
            For more answers: a sentence that begins with ``purpose``.
        """

    # -- numbers -----------------------------------------------------------------------

    @property
    @abstractmethod
    def inputs(self) -> tuple[Parameter, ...]:
        """What needs a number, in the order of the model's parts."""

    def point(self, values: Mapping[str, Value], *, partial: bool = False) -> dict[Symbol, Expr]:
        """Numbers by name as exact numbers by symbol.

        Parameters
        ----------
        values : mapping
        partial : bool
            Whether some may be left open.

        Raises
        ------
        ValueError
            For an unknown or missing parameter, or a value out of range.
        """
        found: dict[Symbol, Expr] = {}
        given = ordered(self.inputs, values, partial=partial)
        for p, value in zip(self.inputs, given, strict=True):
            if value is not None:
                found |= self._read(p, value)
        return found

    def _read(self, p: Parameter, value: Value) -> dict[Symbol, Expr]:
        return {p.symbol: parameter(p.role, value, p.name)}

    def solutions(self, *, digits: int = 30, **values: Value) -> Solutions:
        """Every stationary policy at given parameters, from the equations themselves.

        Parameters
        ----------
        digits : int
            Decimal digits wanted.
        **values
            Exact or decimal values of the :attr:`inputs`. Of many answers ``pi_ref`` is a
            sequence of positive probabilities, one an answer, summing to 1 exactly.

        Raises
        ------
        ValueError
            For an unknown or missing parameter, or a value out of range.
        """
        return self.solutions_at(self.point(values), digits)

    @abstractmethod
    def solutions_at(self, point: Mapping[Symbol, Expr], digits: int) -> Solutions:
        """Every stationary policy at exact numbers for all symbols of the condition."""

    def enclose(self, *, digits: int = 50, **values: Value) -> Enclosure:
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
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> policy.enclose(beta="1/2", pi_ref="1/4").decimals(20)
        (('0.68301270189221932338', '0.31698729810778067662'),)
        """
        return self.enclosed_at(self.point(values), digits)

    @abstractmethod
    def enclosed_at(self, point: Mapping[Symbol, Expr], digits: int) -> Enclosure:
        """Balls at exact numbers for all symbols of the condition."""

    @property
    @abstractmethod
    def evaluator(self) -> Evaluator:
        """How :meth:`evaluate` goes about it, chosen from the model once."""

    def evaluate(
        self,
        *,
        complement: bool = False,
        branch: str = "attracting",
        errors: str = "raise",
        **values: ArrayLike,
    ) -> float | ndarray:
        """π(a), or π of many answers, at arrays of parameters, in float64.

        Parameters
        ----------
        complement : bool
            Of two answers 1 − π(a) instead, to full relative accuracy also where π(a) rounds to 1.
        branch : {"attracting", "lowest", "highest", "all"}
            Which stationary policy, where there are several: by π(a), or by mean reward. Of several
            attracting ones, the one that the policy-gradient flow reaches from the reference policy
            (of many answers, that rising rewards reach first). ``all`` adds an axis behind those of
            the points, in increasing order and padded with NaN.
        errors : {"raise", "nan"}
            What a bad value or row does: an exception, or NaN at its points.
        **values
            Numbers or arrays that broadcast, one for each of :attr:`inputs`; floats are taken as
            the binary numbers that they are. At ``pi_ref = 0`` a closed form and a single
            crossing give the limit pi_ref → 0+. Of many answers ``pi_ref`` is an array (..., n) of
            rows of positive probabilities; one that sums to 1 up to rounding is divided by its
            sum, and the leading axes broadcast.

        Returns
        -------
        float or ndarray, for many answers (..., n)
            NaN, with one :class:`~grpo_symbolic.policy.evaluate.NoStationaryPolicy` warning,
            where there is no such policy, or none is found.

        Raises
        ------
        ValueError
            For shapes that do not broadcast, an unknown or missing argument, a group size that is
            not an integer in its range, NaN, a value outside its range, or a row that is no
            distribution.

        Notes
        -----
        The evaluation follows from the model: a closed form without cancellation; Newton's method
        on a table of the drift where one crossing is proved (any group size, the reverse KL); else
        all zeros in log-odds. Relative errors are below 4 units in the last place for the first,
        4e-15 for the second, and a few units times the log-odds between policy and reference for
        the last. Where rounding leaves the number of solutions open, :meth:`solutions` decides.
        Of many answers each has full relative accuracy.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> policy.evaluate(beta=[0.5, 1.0], pi_ref=0.25).tolist()
        [0.6830127018922193, 0.5]
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.Question(rewards=(3, 1, 0)))
        >>> policy.evaluate(beta=1, pi_ref=[0.25, 0.39, 0.36]).round(12).tolist()
        [0.5, 0.3, 0.2]
        """
        return self.evaluator(complement=complement, branch=branch, errors=errors, **values)

    @abstractmethod
    def lambdify(self, backend: str = "numpy") -> Callable[..., float | ndarray]:
        """The policy as a function of numbers."""

    @abstractmethod
    def code(self, library: str) -> str:
        """A function as source that needs nothing of this package: python, jax or torch."""

    # -- all parameters at once ------------------------------------------------------------

    @cached_property
    def count(self) -> Count:
        """How many interior stationary policies there can be, for all parameters."""
        from grpo_symbolic.analysis.count import count

        return count(self.balance_for("the number of stationary policies"))

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
        >>> import grpo_symbolic as gs
        >>> gs.stationary_policy(gs.GRPO(8), gs.BinaryQuestion()).escape_threshold
        sqrt(7)
        """
        from grpo_symbolic.analysis.limits import escape_threshold

        return escape_threshold(self.balance_for("the escape threshold"))

    def limit(self, variable: Expr | str, value: Number, direction: str = "+") -> Expr:
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
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> policy.limit("beta", 0), policy.limit("pi_ref", 0)
        (1, Piecewise((1 - beta, beta < 1), (0, True)))
        """
        from grpo_symbolic.analysis.limits import limit

        return limit(self.balance_for("a limit"), variable, value, direction)

    def series(self, variable: Expr | str, order: int) -> Expr:
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
        >>> import grpo_symbolic as gs
        >>> gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion()).series("1/beta", 1)
        pi_ref + pi_ref*(1 - pi_ref)/beta
        """
        from grpo_symbolic.analysis.series import series

        return series(self.balance_for("a series"), variable, order)

    def monotonicity(self, variable: Expr | str) -> Monotonicity:
        """The direction in which π(a) moves with a parameter, with its proof."""
        from grpo_symbolic.analysis.statics import monotonicity

        return monotonicity(self.balance_for("monotonicity"), variable)

    def sensitivity(
        self, variable: Expr | str | None = None, **values: ArrayLike
    ) -> Sensitivity | float | ndarray | dict[str, float | ndarray]:
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
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> policy.sensitivity("beta").expression
        (-pi + pi_ref)/(beta + 2*pi - 1)
        """
        balance, known = self.balance_for("sensitivity"), {p.name: p for p in self.inputs}
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
        from grpo_symbolic.analysis.sensitivity import sensitivity

        found = sensitivity(
            balance,
            known[str(variable)].symbol,
            self.lambdify("mpmath"),
            self.inputs,
            equation=self.equations[0],
            closed=self.expressions and self.expressions[0],
        )
        return found(**values) if values else found

    def solve_for(
        self, unknown: str, *, digits: int | None = None, **values: Number | Expr
    ) -> Expr | float | int | mpf:
        """The weight, group size or reference that brings π(a) to a target.

        Parameters
        ----------
        unknown : {"beta", "group_size", "pi_ref"}
        digits : int, optional
            A number with so many digits, instead of a float.
        **values
            One target: ``pi`` = π(a), ``drift`` = π(a) − π_ref(a), or ``kl`` = KL(π‖π_ref) in nats.
            Then ``pi_ref``, ``beta``, ``gap`` ..., numbers or symbols; what is left out stays a
            symbol.

        Returns
        -------
        float, int or Expr
            A number where all is known, else a formula; a group size is the smallest that does.

        Raises
        ------
        ValueError
            For more than two answers, an unknown that the equation is not solved for, no or several
            targets, or a target at which training does not rest.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
        >>> policy.solve_for("beta")
        pi*(1 - pi)/(pi - pi_ref)
        >>> round(policy.solve_for("beta", pi=0.9, pi_ref=0.2), 12)
        0.128571428571
        """
        balance = self.balance_for("solving for a parameter")
        from grpo_symbolic.policy.solve_for import solved_for

        return solved_for(self, balance, unknown, digits, values)

    def bounds(self) -> Bounds:
        """Lower and upper bounds of π(a) in simpler expressions, each with its proof."""
        balance = self.balance_for("a bound")
        from grpo_symbolic.analysis.bounds import bounds

        return bounds(balance, self.expressions and self.expressions[0])

    def folds(self, *, digits: int = 30, **values: Number) -> Folds:
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
        balance = self.balance_for("a fold")
        weight = {str(balance.beta): 1} if isinstance(balance.beta, Symbol) else {}
        given = self.point({**weight, **values})
        from grpo_symbolic.analysis.folds import folds

        return folds(balance, {s: v for s, v in given.items() if s != balance.beta}, digits)

    def dynamics(self, *, digits: int = 30, **values: Number) -> Dynamics:
        """The policy-gradient flow and the best-response iteration at given parameters."""
        condition, point = self.balance_for("the flow").condition, self.point(values)
        from grpo_symbolic.analysis.dynamics import dynamics

        return dynamics(condition, point, self.solutions_at(point, digits), digits)
