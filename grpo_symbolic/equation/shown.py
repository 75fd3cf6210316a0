"""The equation as an author writes it: one line, with what its names stand for below it."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Expr, Function, Mul, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean, definitions
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import Written, formula
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.question import Question

__all__ = ["Shown", "shown", "shown_field"]

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
    where: tuple[Eq | Written, ...] = ()


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


def shown_field(algorithm: GRPO, question: Question) -> Shown:
    """The condition of every answer o at once, through the value of its reward in a group.

    Parameters
    ----------
    algorithm : GRPO
        With a group size that is a number.
    question : Question
        With three or more levels of reward, known for certain.
    """
    size, count = int(algorithm.group_size), len(question)
    ratio = symbols.reference("o") / symbols.policy("o")
    pull = algorithm.beta * algorithm.penalty.marginal(ratio)
    name = f"V_{{{size}}}"
    value = Function(name)(Symbol("r(o)"))
    equation = Eq(value - pull, symbols.multiplier, evaluate=False)
    masses = [rf"\pi({o})^{{k_{{{o}}}}}" for o in range(1, count + 1)]
    counts = [f"k_{{{o}}}" for o in range(1, count + 1)]
    listed, product = _ellipsis(counts, ", "), _ellipsis(masses, " ")
    choose = rf"\binom{{{size - 1}}}{{{listed}}}"
    total = rf"\sum_{{{_ellipsis(counts, '+')} = {size - 1}}}"
    group = rf"A(r;\, {listed})"
    rewards = _ellipsis([rf"{formula(r)}" for r in question.rewards], r",\; ")
    names = _ellipsis([f"r({o})" for o in range(1, count + 1)], r",\, ")
    where = (
        Written(f"{name}(r)", rf"{total} {choose}\, {product}\, {group}"),
        Written(group, _in_words(algorithm, listed)),
        Written(f"({names})", f"({rewards})"),
    )
    return Shown(equation, where)


def _ellipsis(parts: list[str], between: str) -> str:
    """All of a few parts; of many the first, dots and the last."""
    if len(parts) <= 4:
        return between.join(parts)
    dots = r"\cdots" if between in ("+", " ") else r"\dots"
    return between.join([parts[0], dots, parts[-1]])


def _in_words(algorithm: GRPO, counts: str) -> str:
    return rf"\text{{advantage of }} r \text{{ beside }} {counts} \text{{ answers of each kind}}"
