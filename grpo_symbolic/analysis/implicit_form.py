"""The condition of a binary question in the form that arrays evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from sympy import Expr, Sum, Symbol, diff

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.code_solver import DRIFT, LARGEST, SLOPE, GroupDrift, Implicit, P, Q, T
from grpo_symbolic.model.two_level import TwoLevel

__all__ = ["implicit_form"]

PI = symbols.pi


def implicit_form(curve: Balance, names: Sequence[Symbol]) -> Implicit:
    """The condition times π(a) π(b), and its slope in π(a).

    Parameters
    ----------
    curve : Balance
    names : sequence of Symbol
        The parameters; the result has plain symbols of their names.

    Raises
    ------
    ValueError
        For a penalty whose force is not smooth after that, or a group that is too large.
    """
    line = tidy(curve.force.expression * PI * (1 - PI), curve.domain)
    if not line.is_polynomial(PI):
        raise ValueError(
            "a solver is written for penalties whose force is rational in pi(a); "
            "use solutions() for this one"
        )
    model = curve.condition.preference
    group = None
    if model.weights == (1, 0) and model.factor == 1 and model.two_level is not None:
        group = group_drift(model.two_level, names)
    drift: Expr = DRIFT
    slope: Expr = SLOPE
    if group is None:
        written = unfolded(curve.drift.expression)
        if written.has(Sum):
            raise ValueError(
                f"a solver is written for a group size that is a number up to {LARGEST}; "
                "use solutions() for this one"
            )
        drift, slope = written, diff(written, PI)
    pull = curve.beta * line
    value = P * Q * drift - pull
    change = (Q - P) * drift + P * Q * slope - diff(pull, PI)
    plain = {s: Symbol(str(s), real=True) for s in names}
    value, change = (e.xreplace({1 - PI: Q}).xreplace({PI: P, **plain}) for e in (value, change))
    used = {str(s) for s in value.free_symbols | change.free_symbols}
    needed = used | set(group.names if group is not None else ())
    return Implicit(value, change, group, tuple(str(s) for s in names if str(s) in needed))


def group_drift(rule: TwoLevel, names: Sequence[Symbol]) -> GroupDrift | None:
    """The Bernstein sum of a finite group, or None where there is none to write out."""
    if not (rule.size.is_Integer and rule.degree.is_Integer) or rule.degree > LARGEST:
        return None
    plain = {s: Symbol(str(s), real=True) for s in names}
    spread = None
    if rule.zero_sum and rule.spread is not None:
        spread = rule.spread.xreplace({symbols.t: T, **plain})
    if rule.exact_drift is not None:
        n = rule.exact_drift.degree
        weights = tuple(
            float((comb(n, k) * c.to_sympy()).evalf(25))
            for k, c in enumerate(rule.exact_drift.coefficients)
        )
        return GroupDrift(n + 2, weights, spread)
    if spread is None:
        return None
    used = tuple(str(s) for s in names if plain[s] in spread.free_symbols)
    return GroupDrift(int(rule.degree), None, spread, used)
