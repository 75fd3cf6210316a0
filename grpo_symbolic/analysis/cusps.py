"""Cusps: the triple solutions at which the folds of a finite group begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath as mp
from sympy import Dummy, Expr, Poly, Symbol, cancel, radsimp, sqrt, together

from grpo_symbolic import symbols
from grpo_symbolic.analysis.certified_curve import (
    CertifiedCurve,
    check_additive,
    check_force,
    decimal,
    precisely,
    probability,
)
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.enclosures.conversion import Undecided, middle
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.surd import Surd

__all__ = ["Cusp", "cusp"]

PI = symbols.pi


@dataclass(frozen=True, repr=False)
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
    curve: Balance, point: Mapping[Symbol, Any] | None = None, digits: int = 30
) -> Cusp | None:
    """The cusp of a condition in which the reference is an additive constant (direct KL).

    Parameters
    ----------
    curve : Balance
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
    >>> curve = Balance(stationarity_condition(GRPO(4, DirectKL()), BinaryQuestion()))
    >>> cusp(curve).exact
    (sqrt(3)/6 + 1/2, 1/3 - sqrt(3)/6)
    """
    point = {s: exact_number(str(s), v, "a number") for s, v in (point or {}).items()}
    check_force(curve)
    check_additive(curve)

    def found() -> Cusp | None:
        numbers = CertifiedCurve(curve, point)
        numbers.check()
        places = () if numbers.field.constant_drift else numbers.steepest()
        if not places:
            return None
        if len(places) > 1:
            raise ValueError(f"there are {len(places)} cusps: look at folds at given references")
        x = places[0].ball
        beta = numbers.critical_weight_at(x)
        values = (probability(x), numbers.reference_at(x, beta), beta)
        fine = mp.mpf(10) ** -digits
        if any(middle(value.rad()) > fine * middle(value) for value in values):
            raise Undecided("an enclosure that is too wide")
        radius = max(middle(value.rad()) for value in values)
        exact = _exact_cusp(curve, point, middle(values[0]))
        return Cusp(*map(middle, values), 2 * radius, exact)

    return precisely(found, digits + 20, "the cusp")


def _exact_cusp(
    curve: Balance, point: Mapping[Symbol, Expr], policy: mp.mpf
) -> tuple[Expr, Expr] | None:
    """The cusp in square roots, where ψ′ is quadratic around p = 1/2."""
    drift, force = unfolded(curve.drift.expression), curve.force.expression
    beta = (drift.diff(PI) / cancel(together(force.diff(PI)))).subs(point)
    y = Dummy("y", positive=True)
    shifted = beta.subs(PI, (1 + y) / 2).expand()
    if not shifted.is_polynomial(y):
        return None
    bend = Poly(shifted.diff(y), y)
    if bend.degree() != 2:
        return None
    a, b, c = (Surd.of(x) for x in bend.all_coeffs())
    centre, spread = (x.to_sympy() for x in (-b / (a * 2), (b * b - a * c * 4) / (a * a * 4)))
    for side in (1, -1):
        place = centre + side * sqrt(spread)
        p = ((1 + place) / 2).expand()
        if abs(decimal(p, 30) - policy) < mp.mpf(10) ** -25:
            return p, radsimp(shifted.subs(y, place).expand())
    return None
