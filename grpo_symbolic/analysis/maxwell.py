"""Maxwell points: where two attracting policies have the same potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath as mp
from flint import arb
from sympy import Expr, Symbol, expand_log, limit

from grpo_symbolic import symbols
from grpo_symbolic.analysis.antiderivative import primitive
from grpo_symbolic.analysis.certified_curve import (
    CertifiedCurve,
    exact_point,
    precisely,
    probability,
    shown,
)
from grpo_symbolic.analysis.folds import Folds, folds
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle
from grpo_symbolic.enclosures.zeros import crossing
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.model.penalty import Divergence
from grpo_symbolic.work import limited

PI = symbols.pi
_STEPS = 5_000_000
# Newton steps for the weight, each of which doubles its digits.
_MOST_STEPS = 60


@dataclass(frozen=True, repr=False)
class Maxwell:
    """The weight at which two attracting policies have the same potential.

    Below it the larger policy has the higher potential, above it the smaller one.

    Attributes
    ----------
    beta : mpf
    radius : mpf
        A proved bound of its error.
    policies : tuple of mpf
        The smaller and the larger attracting policy there; 1 for the limit π(a) → 1.
    """

    beta: mp.mpf
    radius: mp.mpf
    policies: tuple[mp.mpf, mp.mpf]

    def __repr__(self) -> str:
        policies = ", ".join(mp.nstr(p, 10) for p in self.policies)
        return f"Maxwell(beta = {mp.nstr(self.beta, 15)}, pi(a) = {policies})"


def maxwell(curve: Balance, point: Mapping[Symbol, Any], digits: int = 30) -> Maxwell | None:
    r"""The weight of equal potentials: :math:`\int F\,dp = 0` between the attracting policies.

    The potential is the integral of F = D − β f, by exact antiderivatives. Its difference
    between the two policies falls strictly in β, at the rate of the integral of f, so a change
    of sign encloses the only solution.

    Parameters
    ----------
    curve, point, digits
        As for :func:`folds`.

    Returns
    -------
    Maxwell or None
        None where no β has two attracting policies.

    Raises
    ------
    ValueError
        As for :func:`folds`; for more than two folds; where the potential is not elementary.
    """
    found = folds(curve, point, digits + 8)
    if not found.found:
        return None
    if len(found) > 2:
        raise ValueError(f"there are {len(found)} folds: Maxwell points of these are not sorted")
    numbers = exact_point(point)

    def at() -> Maxwell:
        return _Levels(CertifiedCurve(curve, numbers), found).maxwell(digits)

    return precisely(at, digits + 28, f"Maxwell point at {shown(numbers)}")


@dataclass(frozen=True)
class _Levels:
    """The potentials of the two attracting policies between the folds."""

    numbers: CertifiedCurve
    found: Folds

    def maxwell(self, digits: int) -> Maxwell:
        first, last = self.found.found[0].beta, self.found.found[-1].beta
        low = first * (1 + mp.mpf(10) ** -(digits // 2 + 4))
        high = mp.inf if len(self.found) == 1 else last
        beta, step = low, mp.mpf(0)
        for _ in range(_MOST_STEPS):
            # The difference of potentials is ∫D − β ∫f, and its slope in β is −∫f.
            drift, force = self._areas(exact_ball(beta))
            closer = middle(drift / force)
            beta, step = (closer if low < closer < high else (beta + high) / 2), abs(closer - beta)
            if step < beta * mp.mpf(10) ** -(digits + 4):
                break
        radius = beta * mp.mpf(10) ** -(digits + 2)
        if not (self._gain(beta - radius) > 0 and self._gain(beta + radius) < 0):
            raise Undecided("a weight that is not enclosed")
        policies = tuple(middle(p) for p in self._policies(exact_ball(beta)))
        return Maxwell(beta, radius, policies)  # type: ignore[arg-type]

    def _gain(self, beta: mp.mpf) -> arb:
        drift, force = self._areas(exact_ball(beta))
        return drift - exact_ball(beta) * force

    def _policies(self, beta: arb) -> tuple[arb, arb]:
        """The policy before the first fold, and the one after the second (or 1)."""
        numbers, folds = self.numbers, self.found.found

        def excess(region: Any) -> Any:
            return numbers.drift(region) - numbers.force(region) * beta

        turns = [exact_ball(mp.log(f.policy / (1 - f.policy))) for f in folds]
        start = numbers.start.lower().mid()
        smaller = crossing(excess, (1, -1), "", start, turns[0]).zeros[0]
        if len(folds) == 1:  # the curve rises towards p = 1, which attracts
            return probability(smaller.ball), arb(1)
        larger = crossing(excess, (1, -1), "", turns[1]).zeros[0]
        return probability(smaller.ball), probability(larger.ball)

    def _areas(self, beta: arb) -> tuple[arb, arb]:
        """The integrals of D and of f between the two policies."""
        smaller, larger = self._policies(beta)
        drift = self._potential(larger) - self._potential(smaller)
        end = self._final_cost if larger == 1 else _at(self._cost, larger)
        return drift, end - _at(self._cost, smaller)

    def _potential(self, p: arb) -> arb:
        """An antiderivative of D: one of D_G at the probability of the higher reward."""
        high, low = (ball(rate, {}, _bits()) for rate in self.numbers.field.rates)
        mass, rest = high * p + low * (1 - p), (1 - high) * p + (1 - low) * (1 - p)
        if isinstance(self._profile, Bernstein):
            return self._profile.sum_of(mass, rest, _bits())
        return ball(self._profile, {symbols.t: mass}, _bits())

    @cached_property
    def _profile(self) -> Bernstein | Expr:
        field = self.numbers.field
        if field.factor == 1 and field.drift_polynomial is not None:
            return field.drift_polynomial.integral()
        model = field.condition.preference.two_level
        t = symbols.t
        drift = None if model is None or field.factor != 1 else model.at(field.point).drift(t)
        found = None if drift is None else primitive(drift, t, Domain.of(t))
        if found is None:
            raise ValueError("the potential of the drift is not elementary")
        return found

    @cached_property
    def _cost(self) -> Expr:
        """An antiderivative of f: the divergence itself where the penalty is one."""
        field = self.numbers.field
        penalty, (reference, _) = field.condition.penalty, field.condition.reference
        if isinstance(penalty, Divergence) and field.factor == 1:
            r = reference.subs(field.point)
            return expand_log(penalty.value(PI, r) + penalty.value(1 - PI, 1 - r), force=True)
        found = primitive(expand_log(field.force, force=True), PI, Domain.of(PI))
        if found is None:
            raise ValueError("the potential of the penalty is not elementary")
        return found

    @cached_property
    def _final_cost(self) -> arb:
        return ball(limited(limit, self._cost, PI, 1, "-", steps=_STEPS), {}, _bits())


def _at(expr: Expr, p: arb) -> arb:
    return ball(expr, {PI: p}, _bits())


def _bits() -> int:
    """Bits of an antiderivative, whose terms may cancel."""
    return 4 * int(mp.mp.prec)
