r"""The curve of stationary policies in floating point, drawn by its explicit inverses.

A stationary policy p satisfies :math:`\mathrm{force}(p, \pi_{\mathrm{ref}}) = D(p)/\beta`. That
equation is solved for the reference, or for β, at every p, so that a curve comes out whole where
it folds back. A stationary p attracts the policy-gradient flow exactly where the reference rises
with p, or where β falls with p.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Dummy, Expr, Poly, Symbol, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.fold_curve import solved_for_reference
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import parameter
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.stationarity import stationarity_condition

__all__ = ["Branch", "SampledCurve", "binary", "branches", "of_algorithm", "policies", "sampled"]

PI, REFERENCE = symbols.pi, symbols.pi_ref
Array = np.ndarray
_BISECTIONS = 100
# Terms of a sum over a group that are held at once.
_CHUNK = 2_000_000
#: Values of parameters that a figure's caller need not give.
_DEFAULTS = {"margin": 1, "gap": 1, "sigma": 1, "reward": 0}
_FLAT = 1e-12


@dataclass(frozen=True)
class SampledCurve:
    """The curve of stationary policies of a binary question at numbers.

    Parameters
    ----------
    curve : Balance
    point : dict
        Exact numbers for every parameter but β and π_ref(a).
    """

    curve: Balance
    point: dict[Symbol, Expr]

    def __post_init__(self) -> None:
        rule = self.curve.condition.preference.rule
        if rule is not None and not rule.penalty.monotone:
            raise ValueError(
                f"a figure needs a penalty with a monotone marginal penalty, got {rule.penalty}"
            )

    @cached_property
    def drift(self) -> Callable[[Array], Array]:
        """D(p); over a finite group the sum of positive terms that it is."""
        field = ScalarField(self.curve.condition, self.point)
        polynomial = field.drift_polynomial
        if polynomial is None:
            return _numeric((PI,), field.drift)
        high, low = (float(rate) for rate in field.rates)
        factor, sums = _numeric((PI,), field.factor), _summed(polynomial)
        return lambda p: factor(p) * (high - low) * sums(low + (high - low) * p)

    @cached_property
    def _force(self) -> Expr:
        return self.curve.force.expression.subs(self.point)

    @cached_property
    def force(self) -> Callable[[Array, Array], Array]:
        """d(a) − d(b) at (p, π_ref(a))."""
        return _numeric((PI, REFERENCE), self._force)

    @cached_property
    def _inverse(self) -> Callable[[Array, Array], Array] | None:
        """π_ref(a) from p and the force that is needed, where that equation is linear."""
        needed = Dummy("needed", real=True)
        if self._force.is_polynomial(REFERENCE):
            polynomial = Poly(self._force, REFERENCE)
            if polynomial.degree() != 1:
                return None
            slope, constant = polynomial.all_coeffs()
            unit = Domain.of(PI)
            found = tidy(-constant / slope, unit) + needed * tidy(1 / slope, unit)
        else:
            found = solved_for_reference(self._force, needed, Domain.of(PI))
        return None if found is None else _numeric((PI, needed), found)

    def reference(self, p: Array, beta: float) -> Array:
        """The π_ref(a) at which p is stationary; negative, or NaN, where there is none."""
        with np.errstate(all="ignore"):
            needed = self.drift(p) / beta
            if self._inverse is None:
                return self._searched(p, needed)
            if not self._force.is_polynomial(REFERENCE):
                # Beyond this force the reference is 0, and its exponential overflows.
                needed = np.minimum(needed, 700.0)
            return self._inverse(p, needed)

    def _searched(self, p: Array, needed: Array) -> Array:
        """By bisection in log-odds: the force falls with π_ref(a)."""
        low, high = np.full_like(p, -60.0), np.full_like(p, 60.0)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            above = self.force(p, 1 / (1 + np.exp(-middle))) > needed
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        found = 1 / (1 + np.exp(-low))
        return np.where(low <= -59.9, -1.0, found)

    def weight(self, p: Array, reference: float | Array) -> Array:
        """W(p): the β at which p is stationary."""
        with np.errstate(all="ignore"):
            return self.drift(p) / self.force(p, reference + np.zeros_like(p))


@dataclass(frozen=True)
class Branch:
    """A piece of a curve without a turning point.

    Attributes
    ----------
    policy, at : array
        π(a), and the parameter at which it is stationary.
    attracting : bool
        Under the policy-gradient flow.
    """

    policy: Array
    at: Array
    attracting: bool


def policies(low: float = 0.0, high: float = 1.0, count: int = 801) -> Array:
    """π(a) in (low, high), close together at both ends."""
    angle = np.linspace(0, np.pi, count)[1:-1]
    inside = (1 - np.cos(angle)) / 2
    ends = np.geomspace(1e-12, inside[0], 60)[:-1]
    inside = np.concatenate([ends, inside, 1 - ends[::-1][ends[::-1] > 1e-10]])
    return low + (high - low) * inside


def branches(
    function: Callable[[Array], Array],
    p: Array,
    lower: float,
    upper: float,
    *,
    rising: bool,
) -> list[Branch]:
    """The pieces of the curve (function(p), p) with lower < function < upper.

    Parameters
    ----------
    function : callable
        The parameter at which a policy is stationary.
    p : array
        Policies, increasing.
    lower, upper : float
    rising : bool
        Whether an attracting policy has a parameter that rises with it.
    """
    p = _with_turns(function, p)
    values = function(p)
    inside = np.isfinite(values) & (values > lower) & (values < upper)
    found: list[Branch] = []
    places = np.flatnonzero(inside)
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if not len(run):
            continue
        part = p[run]
        if run[0] > 0:
            part = np.concatenate([[_edge(function, p[run[0]], p[run[0] - 1], lower, upper)], part])
        if run[-1] < len(p) - 1:
            edge = _edge(function, p[run[-1]], p[run[-1] + 1], lower, upper)
            part = np.concatenate([part, [edge]])
        part = np.unique(part)
        found += _monotone(part, function(part), rising)
    return found


def _directions(values: Array) -> Array:
    """The sign of each step; steps lost in rounding go on as the one before."""
    steps = np.sign(np.where(np.abs(np.diff(values)) < _FLAT, 0.0, np.diff(values)))
    steps = np.nan_to_num(steps)
    known = np.flatnonzero(steps)
    if not len(known):
        return np.ones_like(steps)
    last = np.maximum.accumulate(np.where(steps != 0, np.arange(len(steps)), known[0]))
    return steps[last]


def _monotone(p: Array, values: Array, rising: bool) -> list[Branch]:
    if len(p) < 2:
        return []
    signs = _directions(values)
    cuts = [0, *(np.flatnonzero(np.diff(signs)) + 1), len(p) - 1]
    return [
        Branch(p[i : j + 1], values[i : j + 1], bool((signs[i] > 0) == rising))
        for i, j in pairwise(cuts)
    ]


def _with_turns(function: Callable[[Array], Array], p: Array) -> Array:
    """The policies together with the turning points between them."""
    values = function(p)
    turns = np.flatnonzero(np.diff(_directions(values))) + 1
    extra = []
    for i in turns:
        low, high = p[i - 1], p[i + 1]
        sign = 1.0 if values[i] >= values[i - 1] else -1.0
        for _ in range(60):  # golden section would save calls of a cheap function
            third = (high - low) / 3
            first, second = function(np.array([low + third, high - third]))
            if sign * first < sign * second:
                low += third
            else:
                high -= third
        extra.append((low + high) / 2)
    return np.unique(np.concatenate([p, extra]))


def _edge(
    function: Callable[[Array], Array], inner: float, outer: float, lower: float, upper: float
) -> float:
    """The policy next to ``outer`` at which the parameter is still in its range."""
    for _ in range(70):
        middle = (inner + outer) / 2
        value = function(np.array([middle]))[0]
        if np.isfinite(value) and lower < value < upper:
            inner = middle
        else:
            outer = middle
    return inner


def _numeric(arguments: tuple[Symbol, ...], value: Expr) -> Callable[..., Array]:
    function = lambdify(arguments, value, "numpy")

    def evaluate(*arrays: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(*arrays), dtype=float) + 0 * arrays[0]

    return evaluate


def _summed(polynomial: Bernstein) -> Callable[[Array], Array]:
    """A Bernstein sum, its weights by logarithms so that no group is too large for them."""
    weighted = [c.mid() for c in polynomial.balls(80)]  # with their binomials
    n = len(weighted) - 1
    signs = np.array([1.0 if c > 0 else -1.0 for c in weighted])
    weights = np.array([float(abs(c).log().mid()) if c != 0 else -np.inf for c in weighted])
    k = np.arange(n + 1)

    def evaluate(m: Array) -> Array:
        m = np.clip(m, 1e-300, 1 - 1e-16)
        rows = max(1, _CHUNK // (n + 1))
        parts = []
        for start in range(0, len(m), rows):
            part = m[start : start + rows, None]
            terms = np.exp(weights + k * np.log(part) + (n - k) * np.log1p(-part))
            parts.append(terms @ signs)
        return np.concatenate(parts)

    return evaluate


def binary(policy: Any) -> StationaryPolicy:
    """The argument, if it is the policy of a binary question.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not isinstance(policy, StationaryPolicy):
        raise ValueError(
            "policy must be the stationary policy of a binary question, "
            f"got {type(policy).__name__}"
        )
    return policy


def sampled(policy: StationaryPolicy, **fixed: Any) -> SampledCurve:
    """The curve of a policy, at values of its parameters other than β and π_ref(a).

    A margin, a reward gap and a fixed scale that are not given are 1.

    Raises
    ------
    ValueError
        For a missing or unknown parameter, or a value out of range.
    """
    needed = {
        p.name: p for p in binary(policy).inputs if p.symbol not in (policy.curve.beta, REFERENCE)
    }
    for name in fixed:
        if name not in needed:
            known = ", ".join(needed) or "none"
            raise ValueError(f"unknown argument {name!r}: values may be given for {known}")
    point = {}
    for name, p in needed.items():
        value = fixed.get(name, _DEFAULTS.get(p.role, p.default))
        if value is None:
            raise ValueError(f"missing argument {name!r}: a figure needs a number for it")
        point[p.symbol] = parameter(p.role, value, name)
    return SampledCurve(policy.curve, point)


def of_algorithm(algorithm: Any, question: BinaryQuestion | None = None) -> SampledCurve:
    """The curve of an algorithm on a binary question without symbols of its own."""
    curve = Balance(stationarity_condition(algorithm, question or BinaryQuestion()))
    return SampledCurve(curve, {symbols.gap: parameter("gap", 1)})
