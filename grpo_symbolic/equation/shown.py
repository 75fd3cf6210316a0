"""Equations as an author writes them: one line, with what its names stand for below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Add, Eq, Expr, Function, Mul, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import BernsteinMean, definitions
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.latex import Written, formula
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.preference import mixed_groups
from grpo_symbolic.question import Question
from grpo_symbolic.reward import Gaussian

__all__ = ["Shown", "shown", "shown_answers"]

PI, SHARE = symbols.pi, symbols.share
_MIXED = r"\Pr(\text{not all } r_i \text{ are equal}"


@dataclass(frozen=True)
class Shown:
    """Formulas and the definitions of their names.

    Attributes
    ----------
    formulas : tuple of Eq or Written
    where : tuple of Eq or Written
        Each in the names of those behind it.
    """

    formulas: tuple[Eq | Written, ...]
    where: tuple[Eq | Written, ...] = ()


def shown(balance: Balance, equation: Eq, multiplier: Expr) -> Shown:
    """The equation of two answers, with means and their argument by name.

    Parameters
    ----------
    balance : Balance
    equation : Eq
        In ``symbols.pi`` and the parameters.
    multiplier : Expr
        What β · force = drift was multiplied by.
    """
    if not equation.atoms(BernsteinMean):
        return Shown((equation,))
    group = balance.group
    if group is None or group.share == PI:
        return Shown((equation,), definitions(*equation.args))
    a, b = group.rates
    level = (a - b) * group.rule.drift(SHARE) * group.factor
    right = Mul(multiplier, level)
    whole = Eq(SHARE, b + (a - b) * PI, evaluate=False)
    line = Eq(equation.lhs, right, evaluate=False)
    return Shown((line,), (whole, *definitions(right)))


def shown_answers(algorithm: Algorithm, question: Question) -> Shown | None:
    """The condition of every answer o at once; None where one line an answer is shorter.

    Two levels of reward: in m, the probability that a draw has the higher one. More levels that
    are known for certain, in a finite group: in the expected advantage of a reward.
    """
    rule, size = algorithm.advantage, algorithm.group_size
    if rule is None or size is None or algorithm.penalty.before_baseline or question.margins:
        return None
    if any(isinstance(law, Gaussian) for law in question.reward_laws):
        return None
    if len(question.levels) == 2:
        return _by_share(algorithm, question)
    if len(question.levels) > 2 and question.deterministic and size != oo:
        return _by_reward(algorithm, rule, question)
    return None


def _condition(preference: Expr, algorithm: Algorithm, often: Expr) -> Written:
    """λ = P(o) − β ρ(o) d(o)."""
    ratio = symbols.reference("o") / symbols.policy("o")
    pull = algorithm.beta * often * algorithm.penalty.marginal(ratio)
    tex = formula(Add(preference, -pull, evaluate=False))
    return Written(formula(symbols.multiplier), rf"{tex} \quad\text{{for all }} o")


def _by_reward(algorithm: Algorithm, rule: Advantage, question: Question) -> Shown:
    """With V_G(r), the expected advantage of a reward whose group is drawn from the policy."""
    size = int(algorithm.group_size)
    name = f"V_{{{size}}}"
    often: Expr = Function(r"\rho")(Symbol("o")) if algorithm.mixed_only else S.One
    value = Function(name)(Symbol("r(o)"))
    others = _ellipsis([f"o_{{{i}}}" if i > 9 else f"o_{i}" for i in range(2, size + 1)])
    expected = rf"\mathbb{{E}}_{{{others} \sim \pi}}\left[{_fraction(rule)}\right]"
    if algorithm.mixed_only:
        expected = rf"\frac{{{expected}}}{{{_MIXED})}}"
    where = [Written(f"{name}(r_1)", ", \\quad ".join((expected, *_remarks(rule))))]
    if algorithm.mixed_only:
        share = rf"\frac{{{_MIXED} \mid o_1 = o)}}{{{_MIXED})}}"
        where.append(Written(r"\rho(o)", share))
    where.append(Written("r_i", "r(o_i)"))
    if question.rewards != tuple(symbols.reward(o) for o in range(1, len(question) + 1)):
        where.append(_row([f"r({o})" for o in range(1, len(question) + 1)], question.rewards))
    return Shown((_condition(value, algorithm, often),), tuple(where))


def _by_share(algorithm: Algorithm, question: Question) -> Shown:
    """With s_o, the probability that answer o has the higher reward, and its mean m."""
    model = algorithm.preference(question)
    rate, often, factor = Symbol("s_o", nonnegative=True), S.One, S.One
    if algorithm.mixed_only and algorithm.group_size != oo:
        # What depends on o is linear in s_o: two answers of certain rewards say it all.
        chance, ends = mixed_groups(Question(rewards=(1, 0)), algorithm.group_size)
        first, high, low = (e.subs(symbols.policy(1), SHARE) for e in (chance, *ends))
        often, factor = rate * high + (1 - rate) * low, 1 / first
    rule = model.two_level
    if rule.zero_sum:
        value = Mul(rate - SHARE, rule.drift(SHARE), factor)
    else:
        above, below = rule.values(SHARE)
        value = factor * (rate * above + (1 - rate) * below)
    answers = range(1, len(question) + 1)
    where = [
        Written(formula(SHARE), r"\sum_{o} s_{o} \pi(o)"),
        _row([f"s_{{{o}}}" if o > 9 else f"s_{o}" for o in answers], model.weights),
        *definitions(value, often),
    ]
    return Shown((_condition(value, algorithm, often),), tuple(where))


def _row(names: list[str], values: tuple[Expr, ...]) -> Written:
    """Names and their values as two rows."""
    shown = ", ".join(map(formula, values))
    tall = r"\frac" in shown
    right = rf"\left({shown}\right)" if tall else f"({shown})"
    return Written(f"({_ellipsis(names)})", right)


def _fraction(rule: Advantage) -> str:
    r"""A(r_1) in TeX, ``(x)/(y)`` as a fraction."""
    above, slash, below = rule.tex("r_1").partition(")/")
    if not slash:
        return above
    if below.startswith("(") and below.endswith(")"):
        below = below[1:-1]
    return rf"\frac{{{above.removeprefix('(')}}}{{{below}}}"


def _remarks(rule: Advantage) -> Iterator[str]:
    for remark in rule.remarks:
        formula_alone = remark.startswith("$") and remark.count("$") == 2
        yield remark.strip("$") if formula_alone else rf"\text{{{remark}}}"


def _ellipsis(parts: list[str]) -> str:
    """All of a few parts; of many the first, dots and the last."""
    return ", ".join(parts if len(parts) <= 3 else [parts[0], r"\dots", parts[-1]])
