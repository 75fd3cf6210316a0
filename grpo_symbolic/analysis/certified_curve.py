r"""The weight curve at numbers, in ball arithmetic: what is decided here is proved.

With the drift D and the force f as functions of the log-odds of p, the curve W = D/f turns
where D′ f − D f′ changes its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Expr, Rational, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.best_response import response_to
from grpo_symbolic.enclosures.conversion import Undecided, rational_ball
from grpo_symbolic.enclosures.log_odds import Function, Tail, derivative, on_interval, wronskian
from grpo_symbolic.enclosures.probabilities import value_at_end
from grpo_symbolic.enclosures.zeros import Isolation, Zero, isolated
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.solve.scalar import ScalarField

PI, REFERENCE = symbols.pi, symbols.pi_ref
# How often the precision is doubled before giving up.
_ATTEMPTS = 4
_FAR = arb(1 << 20)

Found = TypeVar("Found")


@dataclass(frozen=True)
class CertifiedCurve:
    """W = D/f at numbers for its parameters.

    Parameters
    ----------
    curve : Balance
    point : dict
        Exact numbers for every parameter but β. Without π_ref(a) only what the reference does
        not change has a meaning: it then stands at one half.

    Raises
    ------
    ValueError
        For a parameter without a number, or success rates that are not rational.
    """

    curve: Balance
    point: Mapping[Symbol, Expr]

    def __post_init__(self) -> None:
        field = self.field
        if not all(rate.is_Rational for rate in field.rates):
            raise ValueError(f"folds need rational numbers as success rates, got {field.rates}")
        missing = (field.drift.free_symbols | field.force.free_symbols) - {PI}
        if field.drift_polynomial is None and missing:
            names = ", ".join(sorted(map(str, missing)))
            raise ValueError(f"folds need a number for every parameter: {names} has none")

    @cached_property
    def field(self) -> ScalarField:
        """The condition at these numbers and at β = 1."""
        given = {REFERENCE: Rational(1, 2), **self.point}
        if isinstance(self.curve.beta, Symbol):
            given[self.curve.beta] = S.One
        return ScalarField(self.curve.condition, given)

    @cached_property
    def drift(self) -> Function:
        """D, times powers of p and 1 − p that keep it and the force bounded."""
        return self.field.drift_enclosed(self.field.growth)

    @cached_property
    def force(self) -> Function:
        """f, times the same powers."""
        return self.field.force_enclosed(self.field.growth)

    @property
    def start(self) -> arb:
        """The log-odds of the reference."""
        p = self.point[REFERENCE]
        return (rational_ball(p) / rational_ball(1 - p)).log()

    # -- turning points ------------------------------------------------------------------

    def turns(self) -> tuple[Zero, ...]:
        """Where W turns, beyond the reference."""
        function = wronskian(self.drift, self.force)
        return _crossings(isolated(function, start=self.start, separation=_separation()))

    def steepest(self) -> tuple[Zero, ...]:
        """Where D′/f′ turns, as long as D rises there."""
        slopes = derivative(self._plain[0]), derivative(self._plain[1])
        function = wronskian(*slopes)
        found = _crossings(isolated(function, order=1, separation=_separation()))
        return tuple(z for z in found if self.critical_weight_at(z.ball) > 0)

    @cached_property
    def _plain(self) -> tuple[Function, Function]:
        return self.field.drift_enclosed(), self.field.force_enclosed()

    # -- values --------------------------------------------------------------------------

    def weight_at(self, x: arb) -> arb:
        """W on a ball of log-odds."""
        drift, force = self.sides_at(x)
        return drift / force

    def sides_at(self, x: arb) -> tuple[arb, arb]:
        """D and f, times the same positive function, on a ball of log-odds."""
        drift, force = (on_interval(part, x.lower(), x.upper(), 1) for part in self._plain)
        return drift.value, force.value

    def critical_weight_at(self, x: arb) -> arb:
        """D′/f′ on a ball of log-odds."""
        drift, force = (on_interval(part, x.lower(), x.upper(), 1) for part in self._plain)
        return drift.slope / force.slope

    def reference_at(self, x: arb, weight: arb) -> arb:
        """π_ref(a) for which x is stationary at β, where the reference only shifts the force.

        With f = g(x) − g(x_ref): g at the reference is g(x) − D/β.
        """
        drift, shifted = self.sides_at(x)
        force = self._plain[1]
        return probability(response_to(force, shifted - drift / weight))

    # -- checks and limits ---------------------------------------------------------------

    def check(self) -> None:
        """The assumptions under which the curve is the whole set of solutions."""
        found = isolated(self.drift)
        if found.zeros or not found.complete or found.ends[0] < 0:
            raise ValueError("the drift is not positive on (0, 1): it favours answer b somewhere")

    @cached_property
    def limit(self) -> Expr:
        """The limit of W at p → 1, from the leading terms of its two sides."""
        field, tail = self.field, Tail(ctx.prec, True, 1, _FAR)
        leading = [part(tail).value.leading for part in (self.drift, self.force)]
        if any(c.contains(0) for _, c in leading):
            raise Undecided("a leading term that may vanish")
        ((first, power), _), ((second, other), _) = leading
        if (first, -power) != (second, -other):
            return oo if (first, -power) < (second, -other) else S.Zero
        over = field.growth[1] - first
        top, bottom = (
            value_at_end(e / field.factor, PI, 1, over) for e in (field.drift, field.force)
        )
        if field.drift_polynomial is not None:
            high, low = field.rates
            top = (high - low) * field.drift_polynomial.at(
                fmpq(int(high.p), int(high.q))
            ).to_sympy()
        if power or top is None or bottom is None:
            raise ValueError("the limit of the weight curve at pi(a) = 1 is not found")
        return tidy(top / bottom)


def _separation() -> fmpq:
    """Turning points closer than this are not told apart at the working precision."""
    return fmpq(1, 1 << (int(mp.mp.prec) // 2))


def _crossings(isolation: Isolation) -> tuple[Zero, ...]:
    if not isolation.complete:
        raise Undecided(isolation.reason)
    return tuple(zero for zero in isolation.zeros if zero.sign_left)


def probability(x: arb) -> arb:
    """p at log-odds."""
    return 1 / (1 + (-x).exp())


def decimal(value: Expr, digits: int) -> mp.mpf:
    """A real number to so many digits."""
    with mp.workdps(digits):
        return mp.mpf(str(value.evalf(digits)))


def exact_point(point: Mapping[Symbol, Any]) -> dict[Symbol, Expr]:
    """Numbers for parameters, π_ref(a) among them, exactly."""
    exact = {s: exact_number(str(s), value, "a number") for s, value in point.items()}
    if REFERENCE not in exact:
        raise ValueError("folds at a point need a number for pi_ref")
    if not (exact[REFERENCE].is_Rational and 0 < exact[REFERENCE] < 1):
        raise ValueError(f"pi_ref must be a rational number in (0, 1), got {point[REFERENCE]}")
    return exact


def shown(point: Mapping[Symbol, Expr]) -> str:
    return ", ".join(f"{s} = {v}" for s, v in point.items())


def precisely(work: Callable[[], Found], digits: int, what: str) -> Found:
    """The work at growing precision, until every sign in it is decided.

    Raises
    ------
    ValueError
        When some sign stays undecided.
    """
    reason = ""
    for _ in range(_ATTEMPTS):
        with mp.workdps(digits), ctx.workprec(2 * int(mp.mp.prec) + 64):
            try:
                return work()
            except Undecided as stop:
                reason = str(stop)
        digits *= 2
    raise ValueError(f"{what}: not decided at {digits // 2} digits ({reason})")


def check_force(curve: Balance) -> None:
    """That the force rises from 0 at the reference.

    Raises
    ------
    ValueError
        When that is not shown.
    """
    if curve.force.rises() is None:
        raise ValueError(
            "the force of the penalty is not shown to increase from 0 at the reference policy: "
            "stationary policies need not lie on one curve above it"
        )


def check_additive(curve: Balance) -> None:
    """That the reference only adds a constant to the force.

    Raises
    ------
    ValueError
        When it does not.
    """
    if curve.force.log_odds is None:
        raise ValueError(
            "pi_ref(a) is not an additive constant of this condition, as it is with direct KL: "
            "look at folds at given references"
        )
