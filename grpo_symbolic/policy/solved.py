"""What is derived of a stationary policy, and what it is at numbers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sympy import Eq, Expr, Symbol

from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import Number, parameter
from grpo_symbolic.policy.printed import Printed
from grpo_symbolic.policy.simulated import Simulated
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim

# An analysis is imported when it is asked for: a formula needs none of them.
if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.typing import ArrayLike

    from grpo_symbolic.numeric.arguments import Parameter
    from grpo_symbolic.policy.enclosure import Enclosure
    from grpo_symbolic.policy.evaluate import Evaluator

#: A number for a parameter, or a row of them: one reference probability an answer.
Value = Number | Sequence[Number]


class Solved(Printed, Simulated):
    """The stationary policies of an algorithm on a question: derived, and at numbers.

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
        from grpo_symbolic.numeric.arguments import ordered

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
