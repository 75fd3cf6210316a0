r"""Folds: where the number of stationary policies of a binary question changes with β.

Every stationary policy lies on the weight curve :math:`\beta = W(p) = D(p)/f(p)`, with the
drift D and the penalty's force f, which increases from 0 at :math:`p = \pi_{\mathrm{ref}}(a)`.
At a fixed reference the number of solutions changes at the critical values of W and at its
limit for :math:`p \to 1`, and nowhere else. The critical points satisfy

.. math:: D' = \beta f', \qquad D = \beta f .

In log-odds these are the changes of sign of D′ f − D f′, isolated in ball arithmetic, and so
the number of folds is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

import mpmath as mp
from flint import arb
from sympy import Dummy, Expr, Poly, Symbol, cancel, oo, radsimp, sqrt, together

from grpo_symbolic import symbols
from grpo_symbolic.analysis.certified_curve import (
    CertifiedCurve,
    check_additive,
    check_force,
    decimal,
    exact_point,
    precisely,
    probability,
    shown,
)
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.display import Html, grid, lines, plural
from grpo_symbolic.enclosures.conversion import Undecided, middle
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import exact_number
from grpo_symbolic.surd import Surd

PI = symbols.pi
# Digits beyond those asked for.
_SPARE = 20


class Turn(StrEnum):
    """What happens at a critical value of the weight curve as β grows through it."""

    APPEAR = "two solutions appear"
    VANISH = "two solutions vanish"


@dataclass(frozen=True, repr=False)
class Fold:
    """A double solution: a critical point of the weight curve.

    Attributes
    ----------
    policy : mpf
        π(a) at the double solution.
    beta : mpf
        The critical weight.
    policy_radius, beta_radius : mpf
        Proved bounds of their errors.
    turn : Turn
        Whether the two solutions exist above or below ``beta``.
    """

    policy: mp.mpf
    beta: mp.mpf
    policy_radius: mp.mpf
    beta_radius: mp.mpf
    turn: Turn

    def __repr__(self) -> str:
        return f"Fold({self})"

    def __str__(self) -> str:
        at = f"pi(a) = {mp.nstr(self.policy, 10)}"
        return f"beta = {mp.nstr(self.beta, 10)}, {at}: {self.turn} as beta grows"


@dataclass(frozen=True, repr=False)
class Folds:
    """Every fold at given parameters, and the number of interior solutions between them.

    Attributes
    ----------
    found : tuple of Fold
        By increasing π(a). Their number is proved.
    limit : Expr
        The limit of the weight curve at π(a) → 1: 0, a number, or ``oo``.
    digits : int
    """

    found: tuple[Fold, ...]
    limit: Expr
    digits: int

    def __iter__(self) -> Iterator[Fold]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return lines(f"Folds: {plural(len(self), 'fold')}", map(str, self.found), most=4)

    def _repr_html_(self) -> Html:
        rows = (
            (mp.nstr(f.beta, 15), mp.nstr(f.policy, 15), mp.nstr(f.beta_radius, 2), f.turn.value)
            for f in self.found
        )
        title = f"{plural(len(self), 'fold')}: .intervals counts the solutions between them"
        return grid(title, ("beta", "pi(a)", "error of beta", "as beta grows"), rows)

    @property
    def critical(self) -> tuple[mp.mpf, ...]:
        """The weights at which the number of solutions changes, increasing."""
        values = [fold.beta for fold in self.found]
        if self.limit != oo and self.limit != 0:
            values.append(decimal(self.limit, self.digits + 10))
        return tuple(sorted(values))

    @property
    def intervals(self) -> tuple[tuple[mp.mpf, mp.mpf, int], ...]:
        """(lower β, upper β, number of solutions in between), covering all β > 0."""
        ends = [mp.mpf(0), *self.critical, mp.inf]
        return tuple((low, high, self._between(low, high)) for low, high in pairwise(ends))

    @cached_property
    def _turns(self) -> list[mp.mpf]:
        """The ends of the monotone pieces of the curve, from π_ref(a) to 1."""
        last = mp.inf if self.limit == oo else decimal(self.limit, self.digits + 10)
        return [mp.inf, *(fold.beta for fold in self.found), last]

    def _between(self, low: mp.mpf, high: mp.mpf) -> int:
        return sum(
            min(a, b) <= low and high <= max(a, b) and a != b for a, b in pairwise(self._turns)
        )

    def count(self, beta: Any) -> int:
        """The number of interior stationary policies at the weight ``beta``.

        Raises
        ------
        ValueError
            When ``beta`` is not positive, or as close to a critical value as its error.
        """
        value = exact_number("beta", beta, "a positive number")
        if not value.is_positive:
            raise ValueError(f"beta must be a positive number, got {beta}")
        finest = min((mp.mag(fold.beta_radius) for fold in self.found), default=0)
        digits = self.digits + 15 + max(0, -int(finest)) // 3
        with mp.workdps(digits):
            number = decimal(value, digits)
            for fold in self.found:
                if abs(number - fold.beta) <= fold.beta_radius:
                    raise ValueError(
                        f"beta is within {mp.nstr(fold.beta_radius, 3)} of the critical weight "
                        f"{mp.nstr(fold.beta, 12)}: ask for folds to more digits"
                    )
            if value == self.limit:  # not attained: it belongs to the side below
                turns = self._turns[:-1]
                crossed = sum(min(a, b) < number < max(a, b) for a, b in pairwise(turns))
                return crossed
            return sum(min(a, b) < number < max(a, b) for a, b in pairwise(self._turns))


def folds(curve: Balance, point: Mapping[Symbol, Any], digits: int = 30) -> Folds:
    r"""Every fold of the weight curve at given parameters.

    Parameters
    ----------
    curve : Balance
    point : mapping of Symbol to numbers
        π_ref(a) and every other parameter that the condition contains, but β.
    digits : int
        Decimal digits of each π(a), 1 − π(a) and β, proved by enclosures.

    Returns
    -------
    Folds
        Their number is proved: the curve is monotone between them.

    Raises
    ------
    ValueError
        For a missing parameter, a drift that is not positive, a force that is not shown to
        increase, a condition whose critical points are not zeros of polynomials, or parameters
        too close to a cusp for the number of folds to be decided.

    Examples
    --------
    >>> from sympy import Rational, oo
    >>> from grpo_symbolic import GRPO, BinaryQuestion, DirectKL, stationarity_condition, symbols
    >>> curve = Balance(stationarity_condition(GRPO(oo, DirectKL()), BinaryQuestion()))
    >>> found = folds(curve, {symbols.pi_ref: Rational(1, 2)})
    >>> [(mp.nstr(f.beta, 12), f.turn.value) for f in found]
    [('1.50887956154', 'two solutions appear')]
    >>> found.count(1), found.count(2)
    (0, 2)
    """
    point = exact_point(point)
    check_force(curve)

    def found() -> Folds:
        numbers = CertifiedCurve(curve, point)
        numbers.check()
        turns = [Turn.APPEAR, Turn.VANISH]  # W falls from infinity at π_ref(a)
        places = numbers.turns()
        folds = [
            _fold(zero.ball, numbers.weight_at(zero.ball), turns[index % 2], digits)
            for index, zero in enumerate(places)
        ]
        _check_distinct(folds)
        return Folds(tuple(folds), numbers.limit, digits)

    return precisely(found, digits + _SPARE, f"folds at {shown(point)}")


def _fold(x: arb, weight: arb, turn: Turn, digits: int) -> Fold:
    policy, rest = probability(x), probability(-x)
    place, beta = middle(policy), middle(weight)
    radii = [2 * middle(value.rad()) for value in (policy, weight)]
    fine = mp.mpf(10) ** -digits
    if radii[0] > fine * min(place, middle(rest)) or radii[1] > fine * beta:
        raise Undecided("an enclosure that is too wide")
    return Fold(place, beta, radii[0], radii[1], turn)


def _check_distinct(found: list[Fold]) -> None:
    values = sorted(found, key=lambda fold: fold.beta)
    if any(b.beta - a.beta <= a.beta_radius + b.beta_radius for a, b in pairwise(values)):
        raise Undecided("two critical weights that are not told apart")


# -- cusps: the triple solutions at which the folds of a finite group begin ---------------------


@dataclass(frozen=True)
class Cusp:
    """The triple solution at which two folds meet, over all references.

    At weights of at least ``beta`` there is one solution for every π_ref(a); below, three for
    the references between two folds.

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
