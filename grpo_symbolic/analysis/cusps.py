"""Cusps: the triple solutions at which the folds of a finite group begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath as mp
from flint import arb
from sympy import Dummy, Expr, Poly, Symbol, radsimp, solve

from grpo_symbolic import symbols
from grpo_symbolic.analysis.certified_curve import (
    CertifiedCurve,
    check_additive,
    check_force,
    decimal,
    first_bits,
    force_slope,
    middle,
    precisely,
    reference_at,
    zeros_in_unit,
)
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.work import limited

__all__ = ["Cusp", "cusp"]

PI = symbols.pi
_STEPS = 5_000_000


@dataclass(frozen=True)
class Cusp:
    """The triple solution at which two folds meet, over all references.

    At weights of at least ``beta`` there is one solution for every π_ref(a); below, three for
    the references between two folds (see :func:`fold_references`).

    Attributes
    ----------
    policy, reference, beta : mpf
        π(a), π_ref(a) and the weight.
    radius : mpf
        A proved bound of the error of each.
    exact : tuple of Expr or None
        (π(a), β) in radicals, where the group is small enough.
    """

    policy: mp.mpf
    reference: mp.mpf
    beta: mp.mpf
    radius: mp.mpf
    exact: tuple[Expr, Expr] | None

    def __repr__(self) -> str:
        named = (("beta", self.beta), ("pi(a)", self.policy), ("pi_ref(a)", self.reference))
        return f"Cusp({', '.join(f'{name} = {mp.nstr(value, 15)}' for name, value in named)})"


def cusp(
    curve: WeightCurve, point: Mapping[Symbol, Any] | None = None, digits: int = 30
) -> Cusp | None:
    """The cusp of a condition in which the reference is an additive constant (direct KL).

    Parameters
    ----------
    curve : WeightCurve
    point : mapping of Symbol to numbers, optional
        Every parameter but β and π_ref(a).
    digits : int

    Returns
    -------
    Cusp or None
        None when there is no triple solution, which is proved: ψ has no maximum in (0, 1).

    Raises
    ------
    ValueError
        As for :func:`folds`, and where there is more than one cusp.

    Examples
    --------
    >>> from grpo_symbolic import GRPO, BinaryQuestion, DirectKL, stationarity_condition
    >>> curve = WeightCurve(stationarity_condition(GRPO(4, DirectKL()), BinaryQuestion()))
    >>> cusp(curve).exact
    (sqrt(3)/6 + 1/2, 1/3 - sqrt(3)/6)
    """
    point = {s: exact_number(str(s), v, "a number") for s, v in (point or {}).items()}
    check_force(curve)
    check_additive(curve)

    def at(bits: int) -> Cusp | None:
        numbers = CertifiedCurve(curve, point, bits)
        numbers.check()
        if numbers.drift.wronskian.degree() < 0:
            return None
        places = [z for z in zeros_in_unit(numbers.bend) if not numbers.falls_in_p(z)]
        if not places:
            return None
        if len(places) > 1:
            raise ValueError(f"there are {len(places)} cusps: look at folds at given references")
        policy = places[0]
        beta = numbers.critical_weight_at(policy)
        values = (policy, reference_at(numbers, policy), beta)
        fine = mp.mpf(10) ** -digits
        if any(middle(value.rad()) > fine * middle(value) for value in values):
            raise ArithmeticError("an enclosure that is too wide")
        radius = max(middle(value.rad()) for value in values)
        return Cusp(*(middle(v) for v in values), 2 * radius, _exact_cusp(curve, point, policy))

    return precisely(at, first_bits(point, digits), "the cusp")


def _exact_cusp(
    curve: WeightCurve, point: Mapping[Symbol, Expr], policy: arb
) -> tuple[Expr, Expr] | None:
    """The cusp in square roots, where ψ′ is quadratic around p = 1/2."""
    beta = (curve.drift.diff(PI) / force_slope(curve)).subs(point)
    y = Dummy("y", positive=True)
    shifted = beta.subs(PI, (1 + y) / 2).expand()
    if not shifted.is_polynomial(y):
        return None
    bend = Poly(shifted.diff(y), y)
    if bend.degree() != 2:
        return None
    for root in limited(solve, bend.as_expr(), y, steps=_STEPS):
        place = radsimp(root)
        p = ((1 + place) / 2).expand()
        if abs(decimal(p, 30) - middle(policy)) < mp.mpf(10) ** -25:
            return p, radsimp(shifted.subs(y, place).expand())
    return None
