"""The equation as an author writes it: one line, with what its names stand for below it."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Expr, Mul

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean, definitions
from grpo_symbolic.equation.balance import Balance

__all__ = ["Shown", "shown"]

PI, SHARE = symbols.pi, symbols.share


@dataclass(frozen=True)
class Shown:
    """An equation and the definitions of its names.

    Attributes
    ----------
    equation : Eq
    where : tuple of Eq
        Each in the names of those behind it.
    """

    equation: Eq
    where: tuple[Eq, ...] = ()


def shown(balance: Balance, equation: Eq, multiplier: Expr) -> Shown:
    """``equation`` with means and their argument by name.

    Parameters
    ----------
    balance : Balance
    equation : Eq
        In ``symbols.pi`` and the parameters.
    multiplier : Expr
        What β · force = drift was multiplied by.
    """
    means = equation.atoms(BernsteinMean)
    if not means:
        return Shown(equation)
    group = balance.group
    if group is None or group.share == PI:
        return Shown(equation, definitions(*equation.args))
    a, b = group.rates
    level = (a - b) * group.rule.drift(SHARE) * group.factor
    right = Mul(multiplier, level)
    whole = Eq(SHARE, b + (a - b) * PI, evaluate=False)
    line = Eq(equation.lhs, right, evaluate=False)
    return Shown(line, (whole, *definitions(right)))
