"""What the evaluation in float64 asks a model for: the one place that looks into a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flint import arb, ctx, fmpq
from sympy import Expr, Pow, Rational, S, Sum, Symbol, diff, lambdify, log, oo
from sympy.printing.pycode import PythonCodePrinter

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.numeric.balance import Balance, Force
from grpo_symbolic.numeric.closed_forms import LargerRoot, Logistic
from grpo_symbolic.numeric.drift import Drift, TabulatedDrift, WrittenDrift
from grpo_symbolic.numeric.formula import REST
from grpo_symbolic.numeric.separation import Separation
from grpo_symbolic.surd import as_rational
from grpo_symbolic.work import Exhausted, limited

__all__ = [
    "balance",
    "closed",
    "crossed",
    "drift_symbols",
    "force_is_unbounded",
    "group_table",
    "tabulated",
]

PI = symbols.pi
_BITS = 200
_STEPS = 5_000_000
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
        return Logistic.of(policy.closed.stable.form, inputs)
    if polynomial.degree() != 2:
        return None
    roots = [p.base for p in policy.closed.stable.form.atoms(Pow) if p.exp == S.Half]
    radicand = [r for r in roots if r.free_symbols]
    found = radicand[0] if len(radicand) == 1 else None
    return LargerRoot.of(polynomial, found, inputs, policy.parameters)


def drift_symbols(policy: Any) -> tuple[Symbol, ...]:
    """The parameters that a table of the drift needs as numbers."""
    two_level = policy.condition.preference.two_level
    if two_level is None:
        return ()
    needed = policy.condition.contrast().rhs.free_symbols - {PI}
    return tuple(p.symbol for p in policy.inputs if p.symbol in needed)


def tabulated(policy: Any, point: tuple[tuple[Symbol, Expr], ...]) -> TabulatedDrift | None:
    """The drift at exact numbers as tables, for a finite group of two reward levels."""
    preference = policy.condition.preference
    if preference.two_level is None:
        return None
    rates = tuple(w.subs(dict(point)) for w in preference.weights)
    if not all(rate.is_Rational for rate in rates):
        return None
    return group_table(preference.two_level.at(dict(point)), rates)


@lru_cache(maxsize=128)
def group_table(
    model: TwoLevel, rates: tuple[Expr, ...] = (S.One, S.Zero)
) -> TabulatedDrift | None:
    """The drift of a finite group as tables, in a share that ``rates`` map to that of a reward."""
    found = _coefficients(model)
    if found is None:
        return None
    first, second = (as_rational(rate) for rate in rates)
    return TabulatedDrift.of(found, first, second)


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


class _InBalls(PythonCodePrinter):
    """A formula whose fractions stay exact."""

    def _print_Rational(self, expr: Rational) -> str:
        return f"fmpq({expr.p}, {expr.q})"

    def _print_Half(self, expr: Rational) -> str:
        return self._print_Rational(expr)


def _in_balls(spread: Expr) -> Callable[[arb], arb]:
    """A formula in t as a function of balls."""
    known = [{"sqrt": lambda v: arb(v).sqrt(), "fmpq": fmpq}]
    printer = _InBalls({"fully_qualified_modules": False})
    function = lambdify([symbols.t], spread, known, printer=printer)
    return lambda t: arb(function(t))


def crossed(policy: Any, drift: TabulatedDrift | None) -> float | None:
    """c where the condition is c β (p − p₀) = h(p) with h proved concave; None elsewhere."""
    if drift is None or not drift.concave or set(_rates(policy)) != {S.One}:
        return None
    shape = _Shape.of(policy.algorithm.penalty.marginal())
    return None if shape is None or shape.power != 1 else float(shape.strength)


def force_is_unbounded(policy: Any) -> bool | None:
    """Whether the force that holds an answer grows without bound; None where none does."""
    shape = _Shape.of(policy.algorithm.penalty.marginal())
    if shape is not None:
        return shape.power >= 0
    try:
        lowest = limited(lambda: policy.algorithm.penalty.link_range, steps=_STEPS)[0]
    except (Exhausted, NotImplementedError, ValueError):
        return None
    return True if lowest == -oo else False if lowest.is_finite else None


@dataclass(frozen=True)
class _Shape:
    """d(u) = −strength · u, −strength · log u or strength/u, up to a constant.

    Parameters
    ----------
    power : int
        Of u; 0 for the logarithm.
    strength : Expr
    """

    power: int
    strength: Expr

    @classmethod
    def of(cls, marginal: Expr) -> _Shape | None:
        u = symbols.u
        for power in (1, 0, -1):
            strength = (-diff(marginal, u) * u ** (1 - power)).expand()
            if strength.is_Rational and strength > 0:
                return cls(power, strength)
        return None

    def separation(
        self, drift: Drift, marginal: Expr, rates: tuple[Expr, Expr], scale: float
    ) -> Separation | None:
        """κ (A − A₀) = N, where groups are dropped only if the penalty is linear in π_ref."""
        first, second = rates
        logit, squared = self.power == 0, self.power == -1
        level, factor = (log(PI / REST), S.One) if logit else (PI, S.One)
        if self.power == 1:
            factor = PI * REST
        if not first == second == 1:
            if self.power != 1:
                return None
            # w_a (d_0 - c p_0/p) - w_b (d_0 - c q_0/q), times p q, is linear in p_0 = 1 - q_0.
            constant = (marginal + self.strength * symbols.u).expand() / self.strength
            slope = first * REST + second * PI
            level = (constant * (first - second) * factor + second * PI) / slope
            factor = factor / slope
        factor = factor / self.strength
        return Separation.of(drift, level, factor, scale, logit=logit, squared=squared)


def _rates(policy: Any) -> tuple[Expr, ...]:
    """How often an answer is penalised, over what the drift is multiplied by."""
    preference = policy.condition.preference
    often = policy.algorithm.sampling(policy.question)
    if preference.two_level is None:
        return often
    return tuple(rate / preference.factor for rate in often)


def balance(
    policy: Any,
    drift: TabulatedDrift | None,
    point: dict[Symbol, Expr],
    unbounded: bool | None,
) -> Balance | None:
    """Drift and penalty at numbers for some parameters; None without a formula.

    Both are multiplied by the chance of a mixed group, where others are dropped.
    """
    marginal = policy.algorithm.penalty.marginal()
    written = S.Zero if drift is not None else S(_drift_formula(policy))
    parts = [_written_out(S(e).subs(point)).xreplace({1 - PI: REST}) for e in _rates(policy)]
    parts.append(_written_out(written.subs(point)).xreplace({1 - PI: REST}))
    if any(part.has(Sum) for part in parts):
        return None
    first, second, written = parts
    free = first.free_symbols | second.free_symbols | written.free_symbols
    names = tuple(p.name for p in policy.inputs if p.symbol in free)
    size = S(policy.algorithm.group_size or _SMOOTH).subs(point)
    scale = max(float(size), _SMOOTH) if size.is_Integer else _SMOOTH
    form: Drift = WrittenDrift.of(written, names) if drift is None else drift
    shape = _Shape.of(marginal)
    force = Force.of(marginal, (first, second), names)
    if shape is not None and shape.power == 0 and first == second == 1:
        force = Force.of_log_odds(shape.strength)
    separation = None
    if shape is not None and not names:
        separation = shape.separation(form, marginal, (first, second), scale)
    return Balance(form, force, names, scale, unbounded, separation)


def _drift_formula(policy: Any) -> Expr:
    """P(a) − P(b) over its factor, of a large group in both shares of the population."""
    preference = policy.condition.preference
    model, t = preference.two_level, symbols.t
    if model is None:
        return policy.condition.contrast().rhs
    a, b = preference.weights
    if model.size != oo or not model.zero_sum:
        return policy.condition.contrast().rhs / preference.factor
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
