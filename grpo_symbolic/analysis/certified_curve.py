r"""The weight curve at numbers, in ball arithmetic: what is decided here is proved.

A drift over a finite group is a polynomial, that of a large group the root of a rational
function. Either way D′/D is rational in p, and so is f′ wherever the reference only adds a
constant to the force: the zeros of ψ = D′/f′ and of ψ′ are zeros of polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import mpmath as mp
from flint import acb_poly, arb, arb_poly, ctx, fmpq, fmpq_poly
from sympy import (
    Dummy,
    Expr,
    Poly,
    S,
    Symbol,
    binomial,
    cancel,
    exp,
    fraction,
    limit,
    oo,
    together,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign, tidy
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.work import limited

__all__ = [
    "CertifiedCurve",
    "Knot",
    "bisection",
    "check_additive",
    "check_force",
    "decided_sign",
    "decimal",
    "exact_point",
    "first_bits",
    "force_slope",
    "middle",
    "narrow",
    "pieces",
    "precisely",
    "reference_at",
    "shown",
    "solved_for_reference",
    "zeros_in_unit",
]

PI, REFERENCE = symbols.pi, symbols.pi_ref
_STEPS = 5_000_000
_MAX_DEGREE = 130
# How often the working precision is doubled before giving up.
_ATTEMPTS = 4

_Polynomial = Any  # fmpq_poly, or arb_poly with a leading coefficient that is not zero


@dataclass(frozen=True)
class _Drift:
    """D = (top/bottom)^power with polynomials in p, positive on (0, 1)."""

    top: _Polynomial
    bottom: _Polynomial
    power: fmpq
    value: Callable[[arb], arb]
    final: Expr

    @property
    def wronskian(self) -> _Polynomial:
        """D′/D is ``power`` times this over ``top * bottom``."""
        return self.top.derivative() * self.bottom - self.top * self.bottom.derivative()

    @property
    def exact(self) -> bool:
        return isinstance(self.top, fmpq_poly)


@dataclass(frozen=True)
class CertifiedCurve:
    """W at numbers for its parameters, at one working precision."""

    curve: WeightCurve
    point: Mapping[Symbol, Expr]
    bits: int

    @cached_property
    def force(self) -> Expr:
        return self.curve.force.subs(self.point)

    @cached_property
    def separable(self) -> bool:
        """Whether the reference only adds a constant to the force."""
        return not force_slope(self.curve).has(REFERENCE)

    @cached_property
    def slope(self) -> tuple[_Polynomial, _Polynomial]:
        """f′ as a quotient of polynomials."""
        return self._polynomials(force_slope(self.curve).subs(self.point), "the slope of the force")

    def _polynomials(self, expr: Expr, what: str) -> tuple[_Polynomial, _Polynomial]:
        found = _rational_function(expr)
        if found is None:
            raise ValueError(f"{what}, {expr}, is not a rational function of pi(a)")
        return found if self.drift.exact else (arb_poly(found[0]), arb_poly(found[1]))

    @cached_property
    def drift(self) -> _Drift:
        preference = self.curve.condition.preference
        two_level = preference.two_level
        finite = None if two_level is None else two_level.at(self.point).exact_drift
        if finite is not None:
            return self._finite(finite)
        value = self.curve.drift.subs(self.point)
        missing = value.free_symbols - {PI}
        if missing:
            names = ", ".join(sorted(map(str, missing)))
            raise ValueError(f"folds need a number for every parameter: {names} has none")
        for power in (1, 2):
            found = _rational_function(value**power)
            if found is not None:
                break
        else:
            raise ValueError(
                f"the drift {value} is neither rational in pi(a) nor the root of such a function: "
                "its critical points are not zeros of a polynomial"
            )
        end = limited(limit, value, PI, 1, "-", steps=_STEPS)
        return _Drift(*found, fmpq(1, power), lambda p: ball(value, {PI: p}, self.bits), end)

    def _finite(self, drift: Bernstein) -> _Drift:
        """A finite group: the Bernstein polynomial in powers, zero coefficients exactly so."""
        preference = self.curve.condition.preference
        a, b = (w.subs(self.point) for w in preference.weights)
        if not (a.is_Rational and b.is_Rational):
            raise ValueError(f"folds need rational numbers as success rates, got {a} and {b}")
        factor = preference.factor.subs(self.point)
        outside = _rational_function(factor)
        if outside is None or drift.degree > _MAX_DEGREE:
            raise ValueError(
                f"a drift of degree {drift.degree}: critical points are isolated up to degree "
                f"{_MAX_DEGREE} and for rational rates of dropped groups"
            )
        n, row, powers = drift.degree, drift.coefficients, []
        for j in range(n + 1):
            powers.append(row[0] * fmpq(int(binomial(n, j))))
            row = tuple(right - left for left, right in pairwise(row))
        while len(powers) > 1 and not powers[-1]:
            powers.pop()
        high, low = (fmpq(int(r.p), int(r.q)) for r in (a, b))
        inner = arb_poly([c.enclosure(self.bits) for c in powers])
        top = inner(arb_poly([arb(low), arb(high - low)])) * arb(high - low)
        bits = self.bits

        def value(p: arb) -> arb:
            mass = arb(high) * p + arb(low) * (1 - p)
            return drift.ball_at(mass, bits) * arb(high - low) * ball(factor, {PI: p}, bits)

        final = (a - b) * drift.at(high).to_sympy() * factor.subs(PI, 1)
        return _Drift(top * arb_poly(outside[0]), arb_poly(outside[1]), fmpq(1), value, final)

    # -- functions of p, as balls ------------------------------------------------------

    def force_at(self, p: arb) -> arb:
        """f."""
        return ball(self.force, {PI: p}, self.bits)

    def weight_at(self, p: arb) -> arb:
        """W = D/f."""
        return self.drift.value(p) / self.force_at(p)

    def rate_at(self, p: arb) -> arb:
        """D′/D."""
        drift = self.drift
        w, top, bottom = (_at(q, p) for q in (drift.wronskian, drift.top, drift.bottom))
        return arb(drift.power) * w / (top * bottom)

    def steepness_at(self, p: arb) -> arb:
        """f′."""
        return _at(self.slope[0], p) / _at(self.slope[1], p)

    def critical_weight_at(self, p: arb) -> arb:
        """ψ = D′/f′."""
        return self.drift.value(p) * self.rate_at(p) / self.steepness_at(p)

    def excess_at(self, p: arb) -> arb:
        """f − f′ D/D′: where D rises, of the sign of W′."""
        return self.force_at(p) - self.steepness_at(p) / self.rate_at(p)

    # -- polynomials --------------------------------------------------------------------

    def falls_in_p(self, p: arb) -> bool:
        """Whether ψ is not positive there: D falls."""
        return decided_sign(self.rate_at(p)) < 0

    @cached_property
    def bend(self) -> _Polynomial:
        """A polynomial with the zeros of ψ′ in (0, 1)."""
        top, bottom, power = self.drift.top, self.drift.bottom, self.drift.power
        number, over = self.slope
        w = self.drift.wronskian * over
        quotient = w.derivative() * number - w * number.derivative()
        if power == 1:
            return bottom * quotient - bottom.derivative() * w * number * 2
        return (
            top.derivative() * bottom * w * number * (power - 1)
            - top * bottom.derivative() * w * number * (power + 1)
            + top * bottom * quotient
        )

    @cached_property
    def stationary(self) -> _Polynomial:
        """D′ f − D f′ over what has no zero in (π_ref(a), 1), for a rational force."""
        top, over = self._polynomials(self.force, "the force of the penalty")
        drift = self.drift
        rise = drift.wronskian * top * over
        if drift.exact:
            rise = rise * drift.power
        slope = top.derivative() * over - top * over.derivative()
        return rise - drift.top * drift.bottom * slope

    # -- checks and limits --------------------------------------------------------------

    def check(self) -> None:
        """The assumptions under which the curve is the whole set of solutions."""
        drift = self.drift
        if (
            zeros_in_unit(drift.top)
            or zeros_in_unit(drift.bottom)
            or not drift.value(arb(fmpq(1, 2))) > 0
        ):
            raise ValueError("the drift is not positive on (0, 1): it favours answer b somewhere")
        if self.separable and any(_at(self.slope[1], arb(end)) != 0 for end in (0, 1)):
            raise ValueError("the force of the penalty is bounded, and its reference a constant")

    @cached_property
    def limit(self) -> Expr:
        """The limit of W at p → 1."""
        final = self.drift.final
        end = limited(limit, self.force, PI, 1, "-", steps=_STEPS)
        if final.is_finite:
            return tidy(final / end) if end.is_finite else S.Zero
        if end.is_finite:
            return oo
        if self.separable:
            return oo  # a pole of order 1/2 or more against a logarithm
        return limited(limit, self.curve.weight.subs(self.point), PI, 1, "-", steps=_STEPS)


def _at(polynomial: _Polynomial, p: arb) -> arb:
    return polynomial(p) if isinstance(polynomial, arb_poly) else arb_poly(polynomial)(p)


def force_slope(curve: WeightCurve) -> Expr:
    return cancel(together(curve.force.diff(PI)))


def _rational_function(expr: Expr) -> tuple[fmpq_poly, fmpq_poly] | None:
    """Numerator and denominator with rational coefficients, or None."""
    value = cancel(together(expr))
    if not value.is_rational_function(PI) or value.free_symbols - {PI}:
        return None
    parts = []
    for part in fraction(value):
        coefficients = Poly(part, PI).all_coeffs()[::-1]
        if not all(c.is_Rational for c in coefficients):
            return None
        parts.append(fmpq_poly([fmpq(int(c.p), int(c.q)) for c in coefficients]))
    return parts[0], parts[1]


def zeros_in_unit(polynomial: _Polynomial) -> list[arb]:
    """Enclosures of every zero in (0, 1), increasing and disjoint.

    Raises
    ------
    ArithmeticError
        When they could not be told apart at the working precision.
    """
    if isinstance(polynomial, fmpq_poly):
        return _exact_zeros(polynomial)
    coefficients = polynomial.coeffs()
    while coefficients and coefficients[0] == 0:
        coefficients = coefficients[1:]
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    if len(coefficients) < 2:
        return []
    try:
        isolated = acb_poly(coefficients).roots()
    except ValueError:
        raise ArithmeticError("zeros that could not be isolated") from None
    found = sorted(
        (z.real for z in isolated if z.imag.contains(0) and _meets_unit(z.real)),
        key=lambda ball: ball.mid(),
    )
    if not all(0 < z < 1 for z in found):
        raise ArithmeticError("a zero that is not told from an end of (0, 1)")
    # As many sign changes as candidates: each candidate holds exactly one real zero.
    between = [((a.mid() + b.mid()) / 2).mid() for a, b in pairwise(found)]
    places = [arb(0), *between, arb(1)] if found else []
    reduced = arb_poly(coefficients)
    values = [reduced(place) for place in places]
    if any(not a * b < 0 for a, b in pairwise(values)):
        raise ArithmeticError("zeros without a change of sign")
    return [_refined(reduced, *pair) for pair in pairwise(places)]


def _refined(polynomial: arb_poly, low: arb, high: arb) -> arb:
    """The only zero between two places of unlike sign."""
    left = decided_sign(polynomial(low))
    width = arb(2) ** (-ctx.prec // 2)
    while not high - low < width:
        centre, step = ((low + high) / 2).mid(), ((high - low) / 8).mid()
        # Three places: the zero itself may be the one in the middle.
        for place in (centre - step, centre, centre + step):
            value = polynomial(place.mid())
            if value.contains(0):
                continue
            if decided_sign(value) == left:
                low = place.mid()
            else:
                high = place.mid()
                break
        else:
            if not high - low < 8 * step:
                break
    return low.union(high)


def _exact_zeros(polynomial: fmpq_poly) -> list[arb]:
    if polynomial.degree() < 1:
        return []
    found = [
        z.real
        for z, _ in polynomial.complex_roots()
        if z.imag == 0 and _meets_unit(z.real)
    ]  # fmt: skip
    inside = [z for z in found if not (z == 0 or z == 1)]
    if not all(0 < z < 1 for z in inside):
        raise ArithmeticError("a zero that is not told from an end of (0, 1)")
    return sorted(inside, key=lambda ball: ball.mid())


def _meets_unit(value: arb) -> bool:
    return not (value < 0 or value > 1)


def decided_sign(value: arb) -> int:
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise ArithmeticError("a sign that is not decided")


@dataclass(frozen=True)
class Knot:
    """An end of a piece: a ball, and whether ψ vanishes there."""

    at: arb
    flat: bool


def pieces(numbers: CertifiedCurve) -> list[tuple[Knot, Knot]]:
    """Intervals on which ψ is positive and monotone."""
    if numbers.drift.wronskian.degree() < 0:
        return []
    knots = [Knot(z, True) for z in zeros_in_unit(numbers.drift.wronskian)]
    knots += [Knot(z, False) for z in zeros_in_unit(numbers.bend)]
    knots.sort(key=lambda knot: knot.at.mid())
    if any(not a.at < b.at for a, b in pairwise(knots)):
        raise ArithmeticError("two critical points that are not told apart")
    ends = [Knot(arb(0), True), *knots, Knot(arb(1), True)]
    return [
        (left, right)
        for left, right in pairwise(ends)
        if not numbers.falls_in_p(((left.at.mid() + right.at.mid()) / 2).mid())
    ]


def bisection(
    function: Callable[[arb], arb], left: Knot, right: Knot, sign_left: int
) -> Callable[[mp.mpf], arb]:
    """A function of the relative width that encloses the only zero between two knots."""

    def enclose(width: mp.mpf) -> arb:
        low = left.at.mid() if left.flat else left.at.upper()
        high = right.at.mid() if right.flat else right.at.lower()
        target = arb(mp.nstr(width, 5))
        while not high - low < target * _least(low, high):
            middle = ((low + high) / 2).mid()
            if not low < middle < high:
                raise ArithmeticError("a zero too close to an end")
            if decided_sign(function(middle)) == sign_left:
                low = middle
            else:
                high = middle
        return ((low + high) / 2).union(low).union(high)

    return enclose


def _least(low: arb, high: arb) -> arb:
    least = 1 - high
    return low if low < least else least


def middle(value: arb) -> mp.mpf:
    """The centre of a ball."""
    if not value.is_finite():
        raise ArithmeticError("an enclosure without a bound")
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def decimal(value: Expr, digits: int) -> mp.mpf:
    """A real number to so many digits."""
    with mp.workdps(digits):
        return mp.mpf(str(value.evalf(digits)))


def exact_point(point: Mapping[Symbol, Any]) -> dict[Symbol, Expr]:
    exact = {s: exact_number(str(s), value, "a number") for s, value in point.items()}
    if REFERENCE not in exact:
        raise ValueError("folds at a point need a number for pi_ref")
    if not (exact[REFERENCE].is_Rational and 0 < exact[REFERENCE] < 1):
        raise ValueError(f"pi_ref must be a rational number in (0, 1), got {point[REFERENCE]}")
    return exact


def shown(point: Mapping[Symbol, Expr]) -> str:
    return ", ".join(f"{s} = {v}" for s, v in point.items())


def first_bits(point: Mapping[Symbol, Expr], digits: int) -> int:
    edge = 0
    if REFERENCE in point:
        reference = point[REFERENCE]
        edge = max(int(reference.q).bit_length() - int(m).bit_length()
                   for m in (reference.p, reference.q - reference.p))  # fmt: skip
    return 6 * digits + 4 * max(edge, 0) + 160


def narrow(bits: int) -> mp.mpf:
    """The relative width of an enclosure that leaves room for its image to widen."""
    return mp.ldexp(1, -(5 * bits // 8))


def precisely(work: Callable[[int], Any], bits: int, what: str) -> Any:
    """The work at growing precision, until every sign in it is decided."""
    reason = ""
    for _ in range(_ATTEMPTS):
        with ctx.workprec(bits), mp.workprec(bits):
            try:
                return work(bits)
            except ArithmeticError as stop:
                reason = str(stop)
        bits *= 2
    raise ValueError(f"{what}: not decided at {bits // 2} bits ({reason})")


def check_force(curve: WeightCurve) -> None:
    unit = Domain((*curve.parameters.ranges, Range(PI, S.Zero, S.One)))
    rises = sign(force_slope(curve), unit)
    if rises != Sign.POSITIVE or not is_zero(curve.force.subs(PI, REFERENCE), curve.parameters):
        raise ValueError(
            "the force of the penalty is not shown to increase from 0 at the reference policy: "
            "stationary policies need not lie on one curve above it"
        )


def check_additive(curve: WeightCurve) -> None:
    if force_slope(curve).has(REFERENCE):
        raise ValueError(
            "pi_ref(a) is not an additive constant of this condition, as it is with direct KL: "
            "look at folds at given references"
        )


def reference_at(numbers: CertifiedCurve, policy: arb) -> arb:
    """π_ref(a) of the fold at ``policy``, from force = D/ψ."""
    needed = Dummy("force", positive=True)
    unit = Domain.of(PI)
    form = solved_for_reference(numbers.curve.force, needed, unit)
    if form is None:
        raise ValueError("the condition is not solved for pi_ref(a)")
    moved = numbers.steepness_at(policy) / numbers.rate_at(policy)
    return ball(form.subs(numbers.point), {PI: policy, needed: moved}, numbers.bits)


def solved_for_reference(force: Expr, needed: Expr, unit: Domain) -> Expr | None:
    """π_ref(a) from force = needed, where the exponential of the force is linear in it."""
    odds = Dummy("e", positive=True)
    balance = fraction(together(exp(force) - odds))[0]
    if not balance.is_polynomial(REFERENCE):
        return None
    polynomial = Poly(balance, REFERENCE)
    if polynomial.degree() != 1:
        return None
    gradient, constant = polynomial.all_coeffs()
    return tidy(-constant / gradient, unit).subs(odds, exp(needed))
