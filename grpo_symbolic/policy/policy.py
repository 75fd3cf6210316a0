"""What can be asked of a stationary policy, of two answers or of many.

Every question has one name for both. What is known for two answers only raises, for more, a
ValueError that says so: it rests on β · force = drift, one equation in π(a).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sympy import Expr, Symbol

from grpo_symbolic.inputs import Number
from grpo_symbolic.policy.solved import Solved

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


class Policy(Solved):
    """The stationary policies, with what is known of them for all parameters at once."""

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
        from grpo_symbolic.analysis.targets import solved_for

        return solved_for(self.inputs, balance, unknown, digits, values)

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
