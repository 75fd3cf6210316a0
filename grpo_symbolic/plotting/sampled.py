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
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import parameter
from grpo_symbolic.policy.evaluate_binary import tabulated
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.stationarity import stationarity_condition

PI, REFERENCE = symbols.pi, symbols.pi_ref
Array = np.ndarray
_BISECTIONS = 100
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
        """D(p); of a finite group by tables in which nothing cancels."""
        field = ScalarField(self.curve.condition, self.point)
        table = tabulated(self.curve.condition.preference, self.point)
        if table is None:
            return _numeric((PI,), field.drift)
        factor = _numeric((PI,), field.factor)
        return lambda p: factor(p) * table(p, 1 - p)[0]

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
        low = bisected(
            lambda odds: self.force(p, 1 / (1 + np.exp(-odds))) > needed,
            np.full_like(p, -60.0),
            np.full_like(p, 60.0),
        )
        return np.where(low <= -59.9, -1.0, 1 / (1 + np.exp(-low)))

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

    def inside(p: Array) -> Array:
        values = function(p)
        return np.isfinite(values) & (values > lower) & (values < upper)

    p = _with_turns(function, p)
    found: list[Branch] = []
    places = np.flatnonzero(inside(p))
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if not len(run):
            continue
        ends = np.array([run[0], run[-1]])
        beyond = np.clip(ends + np.array([-1, 1]), 0, len(p) - 1)
        part = np.unique(np.concatenate([p[run], bisected(inside, p[ends], p[beyond])]))
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


def bisected(holds: Callable[[Array], Array], inner: Array, outer: Array) -> Array:
    """The last places towards ``outer`` at which something holds that holds at ``inner``."""
    for _ in range(_BISECTIONS):
        middle = (inner + outer) / 2
        still = holds(middle)
        inner, outer = np.where(still, middle, inner), np.where(still, outer, middle)
    return inner


def _numeric(arguments: tuple[Symbol, ...], value: Expr) -> Callable[..., Array]:
    function = lambdify(arguments, value, "numpy")

    def evaluate(*arrays: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(*arrays), dtype=float) + 0 * arrays[0]

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
