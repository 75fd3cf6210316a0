"""Maxwell points: where two attracting policies have the same potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath as mp
from flint import acb, acb_poly, arb, arb_poly, fmpq
from sympy import (
    Dummy,
    Expr,
    Integral,
    Symbol,
    atan,
    cancel,
    expand_log,
    integrate,
    limit,
    log,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.analysis.certified_curve import (
    CertifiedCurve,
    Knot,
    bisection,
    decimal,
    exact_point,
    first_bits,
    middle,
    precisely,
    shown,
)
from grpo_symbolic.analysis.fold_curve import in_exponential
from grpo_symbolic.analysis.folds import Fold, folds
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import exact_ball
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Maxwell", "maxwell"]

PI, REFERENCE = symbols.pi, symbols.pi_ref
_STEPS = 5_000_000


@dataclass(frozen=True)
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


def maxwell(curve: WeightCurve, point: Mapping[Symbol, Any], digits: int = 30) -> Maxwell | None:
    r"""The weight of equal potentials: :math:`\int F\,dp = 0` between the attracting policies.

    The potential is the integral of F = D − β f, by exact antiderivatives (by
    quadrature with a proved error, where the drift has no elementary one). Its
    difference between the two policies falls strictly in β, at the rate of the integral of f,
    so a change of sign encloses the only solution.

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
    at_one = len(found) == 1  # the curve rises towards p = 1, which attracts
    if len(found) > 2:
        raise ValueError(f"there are {len(found)} folds: Maxwell points of these are not sorted")
    numbers_point = exact_point(point)

    def at(bits: int) -> Maxwell:
        numbers = CertifiedCurve(curve, numbers_point, bits)
        areas = _Areas(numbers)
        reference = numbers_point[REFERENCE]
        start = arb(fmpq(int(reference.p), int(reference.q)))
        width = mp.mpf(10) ** -(digits + 14)
        turns = [_around(fold) for fold in found]
        low = Knot(start, False), Knot(turns[0], False)
        high = None if at_one else (Knot(turns[1], False), Knot(arb(1), True))

        def policies(beta: arb) -> tuple[arb, arb]:
            def above(p: arb) -> arb:
                return numbers.drift.value(p) - beta * numbers.force_at(p)

            smaller = bisection(above, *low, 1)(width)
            larger = arb(1) if high is None else bisection(above, *high, 1)(width)
            return smaller, larger

        def gain(beta: arb) -> arb:
            smaller, larger = policies(beta)
            return areas.drift(smaller, larger) - beta * areas.force(smaller, larger)

        def middle_gain(value: mp.mpf) -> mp.mpf:
            return middle(gain(exact_ball(value)))

        bottom = found.found[0].beta * (1 + mp.mpf(10) ** -(digits // 2 + 4))
        top = found.found[-1].beta * (1 - mp.mpf(10) ** -(digits // 2 + 4))
        if at_one and found.limit.is_finite:
            top = decimal(found.limit, digits + 20)
        elif at_one:
            top = 2 * bottom
            while middle_gain(top) > 0:
                bottom, top = top, 2 * top
        beta = mp.findroot(
            middle_gain, (bottom, top), solver="anderson", tol=width**2, maxsteps=200, verify=False
        )
        step = beta * mp.mpf(10) ** -(digits + 2)
        if not (gain(exact_ball(beta - step)) > 0 and gain(exact_ball(beta + step)) < 0):
            raise ArithmeticError("a weight that is not enclosed")
        return Maxwell(beta, step, tuple(middle(p) for p in policies(exact_ball(beta))))  # type: ignore[arg-type]

    return precisely(at, first_bits(numbers_point, digits + 20), f"Maxwell point at {shown(point)}")


def _around(fold: Fold) -> arb:
    return arb(exact_ball(fold.policy), exact_ball(fold.policy_radius))


class _Areas:
    """Integrals of the drift and of the force in p, from exact antiderivatives."""

    def __init__(self, numbers: CertifiedCurve) -> None:
        self.bits = numbers.bits
        force = expand_log(numbers.force, force=True)
        try:
            area = limited(integrate, force, PI, steps=_STEPS)
            self._force = area.replace(log(PI - 1), log(1 - PI))  # another constant
            self._force_end = limited(limit, self._force, PI, 1, "-", steps=_STEPS)
        except Exhausted as stop:
            raise ValueError(f"the potential of the penalty is not elementary: {stop}") from None
        if not is_zero(self._force.diff(PI) - force, Domain.of(PI)):
            raise ValueError(f"the potential of the penalty is not found: {self._force}")
        self._drift = numbers.drift
        self._polynomial = self._angle = None
        if not self._drift.exact and self._drift.bottom.degree() == 0:
            self._polynomial = self._drift.top.integral() * (1 / self._drift.bottom[0])
        elif not self._drift.final.is_finite:
            self._angle = self._in_angle(numbers)

    def _in_angle(self, numbers: CertifiedCurve) -> Expr:
        """The integral from p to 1 as a function of z = sqrt((1 − p)/p)."""
        z = self._z = Dummy("z", positive=True)
        rational = in_exponential(numbers.curve.drift.subs(numbers.point), 1 / z)
        if rational is not None:
            area = cancel(-rational * (1 / (1 + z**2)).diff(z))
            found = limited(integrate, area, z, steps=_STEPS)
            if not found.has(Integral):
                return found
        raise ValueError("the potential of the drift is not elementary")

    def drift(self, left: arb, right: arb) -> arb:
        if self._polynomial is not None:
            return self._polynomial(right) - self._polynomial(left)
        if self._angle is not None:
            z_left, z_right = (((1 - p) / p).sqrt() for p in (left, right))
            return self._at(z_left) - self._at(z_right)
        return acb.integral(self._complex_drift, left, right).real

    def _complex_drift(self, p: acb, analytic: bool) -> acb:
        """D in the complex plane, for quadrature with a proved error."""
        top, bottom = (acb_poly(arb_poly(q)) for q in (self._drift.top, self._drift.bottom))
        quotient = top(p) / bottom(p)
        return quotient if self._drift.power == 1 else quotient.sqrt(analytic=analytic)

    def _at(self, z: arb) -> arb:
        assert self._angle is not None
        angles = {a: Dummy("a") for a in self._angle.atoms(atan)}
        values = {d: ball(a.args[0], {self._z: z}, self.bits).atan() for a, d in angles.items()}
        return ball(self._angle.xreplace(angles), {self._z: z, **values}, self.bits)

    def force(self, left: arb, right: arb) -> arb:
        end = self._force_end if right == 1 else self._force
        return ball(end, {PI: right}, self.bits) - ball(self._force, {PI: left}, self.bits)
