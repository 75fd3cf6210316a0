r"""How fast the stationary policy moves with a parameter: implicit differentiation.

The condition F(π, θ) = 0 holds along a branch of stationary policies, hence

.. math:: \frac{\partial \pi}{\partial \theta} = -\frac{F_\theta}{F_\pi},

wherever F_π ≠ 0, that is away from folds. No closed form of π is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath as mp
from sympy import Derivative, Eq, Expr, Symbol, diff, lambdify, log

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import Notation, formula
from grpo_symbolic.numeric.arguments import Parameter, ordered

PI = symbols.pi
# Digits of the solution and of the derivative: near a fold and at the ends some are lost.
_DIGITS = 40
# A closed form with more operations than this is not worth writing out.
_SHORT = 60
# Nor is one with more than this brought to factors.
_LONGEST = 120


@dataclass(frozen=True)
class Sensitivity:
    """∂π(a)/∂θ of the stationary policy.

    Attributes
    ----------
    variable : Symbol
        θ.
    expression : Expr
        The derivative in π(a) and the parameters, exact on every branch.
    closed : Expr or None
        The same in the parameters alone, where the policy has a short closed form.
    inputs : tuple of Parameter
        The keywords of a call.
    """

    variable: Symbol
    expression: Expr
    closed: Expr | None
    inputs: tuple[Parameter, ...]
    _solve: Callable[..., Any] = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The keywords of a call."""
        return tuple(p.name for p in self.inputs)

    def latex(self, notation: Notation | None = None) -> str:
        r"""``\\frac{\partial \pi(a)}{\partial \beta} = ...``, ready to paste."""
        left = Derivative(PI, self.variable, evaluate=False)
        shown = formula(left, notation).replace(r"\frac{d}{d ", r"\frac{\partial}{\partial ")
        return f"{shown} = {formula(self.expression, notation)}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __call__(self, **values: Any) -> Any:
        """The derivative at numbers: floats, or arrays that broadcast.

        Raises
        ------
        ValueError
            For arguments that the policy does not take or that are out of range, where there is
            not exactly one stationary policy, and where the derivative is not finite.
        """
        import numpy as np

        given = ordered(self.inputs, values)
        if not any(np.ndim(v) for v in given):
            return self._at(given)
        arrays = np.broadcast_arrays(*map(np.asarray, given))
        points = zip(*(a.ravel().tolist() for a in arrays), strict=True)
        return np.array([*map(self._at, points)], dtype=float).reshape(arrays[0].shape)

    def _at(self, values: Sequence[Any]) -> float:
        point = dict(zip(self.names, values, strict=True))
        with mp.workdps(_DIGITS):
            policy = self._solve(**point)
            numbers = map(_number, values)
            try:
                value = self._compiled(policy, *numbers)
            except ZeroDivisionError:
                value = mp.nan
            found = float(value) if mp.im(value) == 0 else math.nan
        if not math.isfinite(found):
            at = ", ".join(f"{n} = {v}" for n, v in point.items())
            raise ValueError(f"the derivative in {self.variable} is not finite at {at}")
        return found

    @property
    def _compiled(self) -> Callable[..., Any]:
        ways = {"binomial": math.comb}
        return lambdify([PI.name, *self.names], self.expression, [ways, "mpmath"])

    def __str__(self) -> str:
        return f"d pi/d {self.variable} = {self.expression}"


def sensitivity(
    balance: Balance,
    variable: Symbol,
    solve: Callable[..., Any],
    inputs: tuple[Parameter, ...],
    *,
    equation: Eq | None = None,
    closed: Expr | None = None,
) -> Sensitivity:
    """∂π(a)/∂θ from the condition on the curve of stationary policies.

    Parameters
    ----------
    balance : Balance
    variable : Symbol
        A parameter of the condition that takes real values.
    solve : callable
        π(a) at keyword arguments, in mpmath's working precision.
    inputs : tuple of Parameter
        Its keywords.
    equation : Eq, optional
        The condition with its logarithms gathered, for the printed shape.
    closed : Expr, optional
        π(a) in the parameters.

    Raises
    ------
    ValueError
        For a parameter that takes integers only, or one that the condition does not contain.
    """
    force, drift = balance.force, balance.drift
    condition = balance.beta * force.expression - drift.expression
    if variable.is_integer:
        raise ValueError(f"a derivative needs a parameter with real values, got {variable}")
    if not condition.has_free(variable):
        raise ValueError(f"the stationary policy does not depend on {variable}")
    domain = balance.domain
    # Times π(a) π(b), of which nothing is left at a solution but a smoother function.
    if force.line is not None or force.hill.is_polynomial(PI):
        condition = balance.beta * force.hill - drift.hill
    elif equation is not None and equation.has(log):
        condition = equation.lhs - equation.rhs
    slope, change = (_tidied(diff(condition, s), domain) for s in (PI, variable))
    expression = -change / slope
    short = None
    if closed is not None:
        found = _tidied(diff(closed, variable), Domain(balance.parameters.ranges))
        if found.count_ops() <= _SHORT:
            short = found
    return Sensitivity(variable, expression, short, inputs, solve)


def _tidied(expr: Expr, domain: Domain) -> Expr:
    """Brought to factors where it is short; logarithms stay gathered."""
    if expr.has(log) or expr.count_ops() > _LONGEST:
        return expr
    return tidy(expr, domain.extended(expr))


def _number(value: Any) -> mp.mpf:
    if isinstance(value, (float, mp.mpf)):
        return mp.mpf(value)
    return mp.mpf(str(value)) if not hasattr(value, "p") else mp.mpf(value.p) / value.q
