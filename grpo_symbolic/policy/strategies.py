r"""How a stationary policy is evaluated in float64, from what its model is.

===========  ==============================================================================
a quadratic  the stable closed form, a sum of terms of one sign
one exp      the quotient that a condition linear in π(a) leaves
a crossing   β (p − p₀) = h(p) with h proved concave: Newton's method on a table of h
a balance    everything else: all zeros in log-odds, from a scan
===========  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq
from sympy import (
    Expr,
    Number,
    Poly,
    Pow,
    S,
    Sum,
    Symbol,
    Tuple,
    lambdify,
    oo,
)

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.numeric.balance import RATIOS, REST, Balance
from grpo_symbolic.numeric.drift import Drift
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.logistic import Logistic
from grpo_symbolic.numeric.quadratic import LargerRoot
from grpo_symbolic.surd import as_rational

__all__ = ["Crossed", "balance", "closed", "crossed", "drift_symbols", "tabulated"]

PI = symbols.pi
_BITS = 200
# Larger groups of rules without one formula have too many exact coefficients.
_LARGEST_EXACT = 512
_LARGEST_SUM = 64
# The drift of a large group has no scale of its own but that of the shares.
_SMOOTH = 16.0


def closed(policy: Any) -> LargerRoot | Logistic | None:
    """The closed form as a kernel, where it keeps its digits."""
    if policy.closed is None:
        return None
    polynomial = policy.reduction.polynomial
    inputs = tuple(p.symbol for p in policy.inputs)
    if polynomial.degree() == 1:
        return Logistic.of(policy.closed.stable.form, inputs, policy.parameters)
    if polynomial.degree() != 2:
        return None
    roots = [p.base for p in policy.closed.stable.form.atoms(Pow) if p.exp == S.Half]
    radicand = [r for r in roots if r.free_symbols]
    found = radicand[0] if len(radicand) == 1 else None
    return LargerRoot.of(polynomial, found, inputs, policy.parameters)


@dataclass(frozen=True)
class Crossed:
    """β (p − p₀) = h(p) in blocks, for one h.

    Parameters
    ----------
    drift : Drift
    strength : float
        What β is multiplied by.
    """

    drift: Drift
    strength: float

    def __call__(self, beta: Any, reference: Any) -> tuple[Array, Array]:
        """p and 1 − p."""
        beta, reference = np.broadcast_arrays(beta, reference)
        with np.errstate(all="ignore"):
            weight = beta if self.strength == 1 else beta * self.strength
            return self.drift.crossing(weight, reference)


def drift_symbols(policy: Any) -> tuple[Symbol, ...]:
    """The parameters that a table of the drift needs as numbers."""
    two_level = policy.condition.preference.two_level
    if two_level is None:
        return ()
    needed = policy.condition.contrast().rhs.free_symbols - {PI}
    return tuple(p.symbol for p in policy.inputs if p.symbol in needed)


def tabulated(policy: Any, point: tuple[tuple[Symbol, Expr], ...]) -> Drift | None:
    """The drift at exact numbers as tables, for a finite group of two reward levels."""
    preference = policy.condition.preference
    if preference.two_level is None:
        return None
    rates = tuple(w.subs(dict(point)) for w in preference.weights)
    if not all(rate.is_Rational for rate in rates):
        return None
    parts = Tuple(*_parts(preference.two_level))
    kept = tuple((s, v) for s, v in point if s in parts.free_symbols)
    return _tabulated(preference.two_level, kept, rates)


def _parts(two_level: TwoLevel) -> list[Expr]:
    rule = [v for v in vars(two_level.advantage).values() if isinstance(v, Expr)]
    return [two_level.size, two_level.high, two_level.low, *rule]


@lru_cache(maxsize=128)
def _tabulated(
    two_level: TwoLevel, point: tuple[tuple[Symbol, Expr], ...], rates: tuple[Expr, Expr]
) -> Drift | None:
    model = two_level.at(dict(point))
    found = _coefficients(model)
    if found is None:
        return None
    first, second = (as_rational(rate) for rate in rates)
    return Drift.of(found, first, second)


def _coefficients(model: TwoLevel) -> list[arb] | None:
    """Bernstein's coefficients of D in balls; None for a drift that has none."""
    if not model.degree.is_Integer:
        return None
    n = int(model.degree)
    spread = model.spread if model.advantage.uniform and model.zero_sum else None
    if spread is not None and not spread.free_symbols - {symbols.t}:
        value = _in_balls(spread)
        with ctx.workprec(_BITS):
            return [value(arb(fmpq(k, n))) * n * (n - 1) / (k * (n - k)) for k in range(1, n)]
    if n > _LARGEST_EXACT or model.exact_drift is None:
        return None
    return [c.enclosure(_BITS) for c in model.exact_drift.coefficients]


def _in_balls(spread: Expr) -> Callable[[arb], arb]:
    """A formula in t as a function of balls; its fractions stay exact."""
    constants: dict[Symbol, arb] = {}

    def without_fractions(expr: Expr) -> Expr:
        if isinstance(expr, Number) and not expr.is_Integer:
            name = Symbol(f"constant_{len(constants)}", positive=True)
            constants[name] = arb(as_rational(expr))
            return name
        if isinstance(expr, Pow):
            return Pow(without_fractions(expr.base), expr.exp, evaluate=False)
        if not expr.args:
            return expr
        return expr.func(*(without_fractions(a) for a in expr.args), evaluate=False)

    with ctx.workprec(_BITS):
        form = without_fractions(spread)
    function = lambdify([symbols.t, *constants], form, [{"sqrt": lambda v: arb(v).sqrt()}, "math"])
    numbers = tuple(constants.values())
    return lambda t: arb(function(t, *numbers))


def crossed(policy: Any, drift: Drift | None) -> Crossed | None:
    """The crossing of a linear penalty and a concave drift, where that is proved."""
    if drift is None or not drift.concave or policy.condition.preference.factor != 1:
        return None
    strength = _strength(policy)
    return None if strength is None else Crossed(drift, strength)


def _strength(policy: Any) -> float | None:
    """c where the penalty times π(a) π(b) is c β (π(a) − π_ref(a)), with a number c > 0."""
    condition = policy.condition
    penalty = condition.contrast().lhs / condition.beta
    if not penalty.is_rational_function(PI):
        return None
    line = (penalty * PI * (1 - PI)).cancel()
    if not line.is_polynomial(PI) or Poly(line, PI).degree() != 1:
        return None
    number = (line / (PI - symbols.pi_ref)).cancel()
    return float(number) if number.is_Rational and number > 0 else None


def balance(policy: Any, drift: Drift | None, point: dict[Symbol, Expr]) -> Balance | None:
    """Drift and penalty for a scan, at numbers for some parameters; None without a formula."""
    condition, penalty = policy.condition, policy.algorithm.penalty
    preference = condition.preference
    often = policy.algorithm.sampling(policy.question)
    parts = [(rate * penalty.marginal(u)) for rate, u in zip(often, RATIOS, strict=True)]
    if drift is None:
        parts.append(_drift_formula(policy))
    else:
        parts.append(preference.factor)
    compiled = [_written_out(S(part).subs(point)) for part in parts]
    if any(part.has(Sum) for part in compiled):
        return None
    first, second, third = (part.xreplace({1 - PI: REST}) for part in compiled)
    free = first.free_symbols | second.free_symbols | third.free_symbols
    names = tuple(p.name for p in policy.inputs if p.symbol in free)
    size = S(policy.algorithm.group_size or _SMOOTH).subs(point)
    scale = max(float(size), _SMOOTH) if size.is_Integer else _SMOOTH
    form, factor = (third, S.One) if drift is None else (drift, third)
    return Balance(form, factor, (first, second), names, scale)


def _drift_formula(policy: Any) -> Expr:
    """P(a) − P(b), of a large group in both shares of the population."""
    preference = policy.condition.preference
    model, t = preference.two_level, symbols.t
    if model is None or model.size != oo or not model.zero_sum or preference.factor != 1:
        return policy.condition.contrast().rhs
    a, b = preference.weights
    high = a * PI + b * (1 - PI)
    low = (1 - a) * PI + (1 - b) * (1 - PI)
    return (a - b) * model.drift(t).xreplace({1 - t: low, t: high})


def _written_out(expr: Expr) -> Expr:
    """Sums over a small group term by term."""
    expr = unfolded(expr)
    sums = expr.atoms(Sum)
    limits = [s.limits[0][2] for s in sums]
    if sums and all(last.is_Integer and last <= _LARGEST_SUM for last in limits):
        return expr.doit()
    return expr
