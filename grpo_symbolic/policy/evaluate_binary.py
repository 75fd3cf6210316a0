r"""Stationary policies of two answers at arrays of parameters, in float64.

===========  ==============================================================================
a quadratic  the stable closed form, a sum of terms of one sign
one exp      the quotient that a condition linear in π(a) leaves
a crossing   β (p − p₀) = h(p) with h proved concave: Newton's method on a table of h
a balance    everything else: the zeros in log-odds between its turning points
===========  ==============================================================================

What rounding leaves open is answered by the exact solver, point by point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import mpmath as mp
import numpy as np
from flint import arb, ctx, fmpq
from sympy import Expr, Pow, Rational, S, Sum, Symbol, diff, lambdify, log, oo
from sympy.printing.pycode import PythonCodePrinter

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.group_sum import PowerSum
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.numeric.balance import Balance, force_of, force_of_log_odds
from grpo_symbolic.numeric.blocks import put
from grpo_symbolic.numeric.closed_forms import LargerRoot, Logistic
from grpo_symbolic.numeric.crossing import Crossing
from grpo_symbolic.numeric.drift import Drift, TabulatedDrift, WrittenDrift
from grpo_symbolic.numeric.formula import REST
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Allowance, Kernel, Points
from grpo_symbolic.numeric.separation import Separation
from grpo_symbolic.policy.arguments import Arguments
from grpo_symbolic.policy.evaluate import PRECISION, Evaluator, at_an_end, exact_float
from grpo_symbolic.policy.solve_two_answers import operations_of_two
from grpo_symbolic.solve.solutions import Stability
from grpo_symbolic.surd import as_rational
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
_DIGITS = 25
_BITS = 200
_STEPS = 5_000_000
# Larger groups of rules without one formula have too many exact coefficients.
_LARGEST_EXACT = 512
_LARGEST_SUM = 64
# The drift of a large group has no scale of its own but that of the shares.
_SMOOTH = 16.0
# log-odds above the reference or their sign, π(a), 1 − π(a), whether it attracts
_Solution = tuple[float, float, float, bool]


def tabulated(preference: PreferenceModel, point: dict[Symbol, Expr]) -> TabulatedDrift | None:
    """The drift at exact numbers as tables, for a finite group of two reward levels."""
    if preference.two_level is None:
        return None
    rates = tuple(w.subs(point) for w in preference.weights)
    if not all(rate.is_Rational for rate in rates):
        return None
    return group_table(preference.two_level.at(point), rates)


@dataclass(frozen=True)
class BinaryEvaluator(Evaluator):
    """π(a) of one policy as a function of arrays."""

    reason: ClassVar[str] = "there the penalty does not hold the drift, and the value is NaN"
    beyond: ClassVar[str] = (
        f"; or it was not looked for: at most {Allowance.rows} points of a call are solved "
        "exactly, fewer where each takes long"
    )

    @cached_property
    def arguments(self) -> Arguments:
        return Arguments(self.policy.inputs, self.policy.parameters)

    @cached_property
    def _closed(self) -> LargerRoot | Logistic | None:
        """The closed form as a kernel, where it keeps its digits."""
        policy = self.policy
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

    @cached_property
    def deciding(self) -> tuple[Symbol, ...]:
        """The parameters that a table of the drift needs as numbers."""
        if self._closed is not None or self._preference.two_level is None:
            return ()
        needed = self.policy.condition.contrast().rhs.free_symbols - {PI}
        return tuple(p.symbol for p in self.policy.inputs if p.symbol in needed)

    def _kernel_at(self, point: dict[Symbol, Expr]) -> Kernel:
        if self._closed is not None:
            return self._closed
        table, shape = tabulated(self._preference, point), self._shape
        linear = shape is not None and shape.power == 1 and set(self._rates) == {S.One}
        if table is not None and table.concave and linear:
            return Crossing(table.low, table.high, float(shape.strength))
        return _Balanced(self.policy, self._balance(table, point))

    @cached_property
    def formula(self) -> Kernel | None:
        if any(p.role == "group_size" and p.symbol in self.deciding for p in self.policy.inputs):
            return None
        found = self._balance(None, {})
        return None if found is None else _Balanced(self.policy, found)

    @cached_property
    def unbounded(self) -> bool | None:
        """Whether the force that holds an answer grows without bound; None where none does."""
        if self._shape is not None:
            return self._shape.power >= 0
        try:
            lowest = limited(lambda: self.policy.algorithm.penalty.link_range, steps=_STEPS)[0]
        except (Exhausted, NotImplementedError, ValueError):
            return None
        return lowest == -oo if lowest.is_extended_real else None

    def __getstate__(self) -> dict[str, Any]:
        settled = {n: self.__dict__[n] for n in ("unbounded",) if n in self.__dict__}
        return {**super().__getstate__(), **settled}

    # -- what the model is asked for -----------------------------------------------------------

    @property
    def _preference(self) -> Any:
        return self.policy.condition.preference

    @cached_property
    def _shape(self) -> _Shape | None:
        return _Shape.of(self.policy.algorithm.penalty.marginal())

    @cached_property
    def _rates(self) -> tuple[Expr, ...]:
        """How often an answer is penalised, over what the drift is multiplied by."""
        often = self.policy.algorithm.sampling(self.policy.question)
        if self._preference.two_level is None:
            return often
        return tuple(rate / self._preference.factor for rate in often)

    def _balance(self, drift: TabulatedDrift | None, point: dict[Symbol, Expr]) -> Balance | None:
        """Drift and penalty at numbers for some parameters; None without a formula.

        Both are multiplied by the chance of a mixed group, where others are dropped.
        """
        marginal = self.policy.algorithm.penalty.marginal()
        written = S.Zero if drift is not None else S(self._drift_formula())
        parts = [_written_out(S(e).subs(point)).xreplace({1 - PI: REST}) for e in self._rates]
        parts.append(_written_out(written.subs(point)).xreplace({1 - PI: REST}))
        if any(part.has(Sum) for part in parts):
            return None
        first, second, written = parts
        free = first.free_symbols | second.free_symbols | written.free_symbols
        names = tuple(p.name for p in self.policy.inputs if p.symbol in free)
        size = S(self.policy.algorithm.group_size or _SMOOTH).subs(point)
        scale = max(float(size), _SMOOTH) if size.is_Integer else _SMOOTH
        form: Drift = WrittenDrift.of(written, names) if drift is None else drift
        force, shape, separation = force_of(marginal, (first, second), names), self._shape, None
        if shape is not None and shape.power == 0 and first == second == 1:
            force = force_of_log_odds(shape.strength)
        if shape is not None and not names:
            separation = shape.separation(form, marginal, (first, second), scale)
        return Balance(form, force, names, scale, self.unbounded, separation)

    def _drift_formula(self) -> Expr:
        """P(a) − P(b) over its factor, of a large group in both shares of the population."""
        preference, t = self._preference, symbols.t
        model, whole = preference.two_level, self.policy.condition.contrast().rhs
        if model is None:
            return whole
        a, b = preference.weights
        if model.size != oo or not model.zero_sum:
            return whole / preference.factor
        high = a * PI + b * (1 - PI)
        low = (1 - a) * PI + (1 - b) * (1 - PI)
        return (a - b) * model.drift(t).xreplace({1 - t: low, t: high})


@dataclass(frozen=True)
class _Balanced(Kernel):
    """All zeros of a balance; without one, the exact solver at every point."""

    policy: Any
    balance: Balance | None

    @property
    def block(self) -> int:
        return 1 if self.balance is None else self.balance.block

    def found(self, points: Points) -> Array:
        count, beta, reference = points.count, points.beta, points.reference
        inside = np.flatnonzero((reference > 0) & (reference < 1))
        out, left = np.full((count, 1), np.nan), np.ones(count, bool)
        if self.balance is not None and len(inside):
            rows = [beta, reference, *(points.wide(name) for name in self.balance.names)]
            if len(inside) < count:
                rows = [row[inside] for row in rows]
            shares, left[inside] = self.balance.solved(
                rows[0], rows[1], tuple(rows[2:]), points.branch, points.complement
            )
            out = shares if len(inside) == count else put(out, inside, shares)
        for k in np.flatnonzero(left):
            if not points.exact:
                break
            found = self._exactly(points, points.entry(k)) or [np.nan]
            points.exact.spend(operations_of_two(self.policy.algorithm))
            out = put(out, [k], np.array([found]))
        return out

    def _exactly(self, points: Points, values: Mapping[str, float]) -> list[float]:
        """The solutions of the exact solver, at the numbers that these floats are."""
        point = {p.symbol: exact_float(float(values[p.name])) for p in self.policy.inputs}
        reference = point[symbols.pi_ref]
        found: list[_Solution] = []
        with PRECISION, mp.workdps(_DIGITS):
            for solution in self.policy.solutions_at(point, _DIGITS):
                p, q = solution.policy
                side = mp.sign(p - mp.mpf(reference.p) / reference.q)
                attracting = solution.stability == Stability.ATTRACTING
                found.append((float(side), float(p), float(q), attracting))
        found.sort(key=lambda s: (s[1], -s[2]))
        return [s[2 if points.complement else 1] for s in _chosen(found, points.branch)]


def _chosen(found: list[_Solution], branch: str) -> list[_Solution]:
    if branch != "attracting":
        return at_an_end(found, branch)
    attracting = [s for s in found if s[3]]
    if len(attracting) < 2:
        return attracting
    # The flow from the reference moves away from a repelling neighbour, to the other side.
    above, below = [s for s in found if s[0] >= 0], [s for s in found if s[0] < 0]
    if above and above[0][3]:
        return above[:1]
    return below[-1:] if below and below[-1][3] else []


# -- drift and penalty ---------------------------------------------------------------------------


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


def _written_out(expr: Expr) -> Expr:
    """Sums of powers by name, other sums over a small group term by term."""
    expr = unfolded(expr)
    expr = expr.xreplace({s: PowerSum.of(s) for s in expr.atoms(Sum)})
    sums = expr.atoms(Sum)
    limits = [s.limits[0][2] for s in sums]
    if sums and all(last.is_Integer and last <= _LARGEST_SUM for last in limits):
        return expr.doit()
    return expr
