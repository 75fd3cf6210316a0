"""How many stationary policies a question with many answers has, with a proof where there is one.

Four arguments, tried in this order:

* P is affine in the policy and its derivative skew on the simplex (pairs; preferences that do
  not depend on the policy): under a strictly monotone penalty the stationarity map is strictly
  monotone, and has at most one zero inside;
* under the reverse KL the map from policies to references is one-to-one, by the signs of the
  coefficients of its determinant (:mod:`..levels.uniqueness`);
* P(o) − P(o') = (s(o) − s(o')) T: all solutions are on one curve (:mod:`.tilt`);
* P is a polynomial: all solutions are in one box of values (:mod:`.simplex_system`).

The last one needs a penalty whose force holds every answer, that is one without lower bound; on the
curve solutions are looked for up to where the worst answer is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import mpmath as mp
from flint import arb, arb_mat, ctx
from sympy import EX, QQ, Expr, Mul, S, Symbol, lex
from sympy.polys.polyerrors import CoercionFailed
from sympy.polys.rings import PolyRing

from grpo_symbolic.algebra import is_zero
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle
from grpo_symbolic.gradient import gradients
from grpo_symbolic.levels.form import level_form
from grpo_symbolic.levels.uniqueness import one_for_every_reference
from grpo_symbolic.replace import replaced
from grpo_symbolic.solve.given_preference import GivenPreference
from grpo_symbolic.solve.preferences import (
    PolynomialPreference,
    TiltedPreference,
)
from grpo_symbolic.solve.response import Response
from grpo_symbolic.solve.simplex_field import SimplexField
from grpo_symbolic.solve.simplex_system import ResponseSystem
from grpo_symbolic.solve.tilt import Tilt
from grpo_symbolic.work import Exhausted, limited

# Bits of the isolation; the zeros are refined by the field.
_BITS = 80
# Cells that a subdivision looks at, and operations that it may take in several unknowns.
_CELLS, _OPERATIONS = 3000, 7_000_000
# What an interval of the tilt costs an answer, in operations of the field.
_CELL = 2_500
# Of the derivatives of a preference that is written out.
_STEPS = 1_500_000
# Unknowns of a system that is subdivided.
_MOST_UNKNOWNS = 4


@dataclass(frozen=True)
class Counted:
    """Rough stationary policies and what is known of their number.

    Attributes
    ----------
    policies : tuple of tuples of mpf
        One entry an answer.
    complete : bool
        Whether there are no others inside the simplex.
    reason : str
    """

    policies: tuple[tuple[mp.mpf, ...], ...]
    complete: bool
    reason: str


@dataclass(frozen=True)
class SimplexCount:
    """The arguments on one question at numbers.

    Parameters
    ----------
    field : SimplexField
    reference : sequence of Expr
        Exact, one entry an answer.
    """

    field: SimplexField
    reference: Sequence[Expr]

    @property
    def _plain(self) -> bool:
        """Whether a monotone penalty acts on every answer as often as it is given."""
        condition = self.field.condition
        return condition.penalty.monotone and all(rate == 1 for rate in condition.rates)

    def at_most_one(self) -> str | None:
        """Why there is at most one solution inside, or None."""
        if not self._plain:
            return None
        condition = self.field.condition
        unknowns = condition.policy[:-1]
        if not any(v.has(*unknowns) for v in condition.preference):
            return "the preference does not depend on the policy"
        form = level_form(condition.algorithm, condition.question, self.field.point)
        shown = None if form is None else one_for_every_reference(form)
        if shown is not None:
            return shown
        if condition.preference.kept_by_name or not self._may_be_skew():
            return None
        values = tuple(replaced(condition.preference, self.field.point))
        if not _shown_skew(values, unknowns, condition.question.policy_domain):
            return None
        return "the preference of pairs is skew, so the stationarity map is strictly monotone"

    def _may_be_skew(self) -> bool:
        """Whether contrasts have the same skew slopes, as far as balls tell, at two policies."""
        n = len(self.field.condition.policy)
        with ctx.workprec(_BITS):
            total = arb(n * (n + 1) // 2)
            uniform, rising = [arb(1) / n] * n, [arb(o + 1) / total for o in range(n)]
            try:
                first, second = (self.field.preference.slopes(p) for p in (uniform, rising))
            except ValueError:  # symbols without a number
                return True

        def contrast(slopes: arb_mat, o: int, j: int) -> arb:
            return slopes[o, j] - slopes[o, n - 1] - slopes[n - 1, j] + slopes[n - 1, n - 1]

        return all(
            contrast(first, o, j).overlaps(contrast(second, o, j))
            and (contrast(first, o, j) + contrast(first, j, o)).contains(0)
            for o in range(n - 1)
            for j in range(n - 1)
        )

    def isolated(self) -> Counted | None:
        """All solutions by subdivision, or None where no argument applies."""
        preference, penalty = self.field.preference, self.field.condition.penalty
        if not self._plain or isinstance(preference, GivenPreference):
            return None
        try:
            with ctx.workprec(_BITS), mp.workprec(_BITS):
                response = Response(penalty, self.reference)
                beta = ball(S(self.field.condition.beta).subs(self.field.point), {}, _BITS)
                if isinstance(preference, TiltedPreference):
                    found = self._on_the_curve(Tilt(response, preference, beta))
                    if found is not None:
                        return found
                    preference = self.field.polynomial
                if not isinstance(preference, PolynomialPreference) or (
                    response.lowest is not None or len(self.reference) - 1 > _MOST_UNKNOWNS
                ):
                    return None
                return self._in_the_box(ResponseSystem(response, preference, beta))
        except (ValueError, NotImplementedError, Exhausted, Undecided):
            return None

    def _on_the_curve(self, tilt: Tilt) -> Counted | None:
        isolation = tilt.isolated(_CELLS)
        if isolation is None:
            return None
        self.field.spent += (isolation.cells + len(isolation.zeros)) * _CELL * len(self.reference)
        policies = tuple(_middles(tilt.policy(exact_ball(z.place))) for z in isolation.zeros)
        return _counted(isolation.complete, policies, "one scalar equation is left")

    def _in_the_box(self, system: ResponseSystem) -> Counted | None:
        isolation = system.isolated(min(_CELLS, _OPERATIONS // system.cost))
        self.field.spent += isolation.cells * system.cost
        policies = tuple(_middles(system.policy(place)) for place in isolation.found)
        return _counted(isolation.complete, policies, "a system in the values of the answers")


@lru_cache(maxsize=16)
def _shown_skew(values: tuple[Expr, ...], unknowns: tuple[Symbol, ...], inside: Domain) -> bool:
    """Whether slopes are found to be skew; asked for at many references, answered once."""
    try:
        return limited(skew_slopes, values, unknowns, inside, steps=_STEPS) is not None
    except Exhausted:
        return False


def skew_slopes(
    values: Sequence[Expr], unknowns: Sequence[Symbol], domain: Domain
) -> list[list[Expr]] | None:
    """The derivative of a polynomial P along the simplex, if constant and skew; else None."""
    slopes = _slopes_of(values, unknowns)
    if slopes is None:
        return None
    rows: list[list[Expr]] = []
    *others, last = slopes
    for i, own in enumerate(others):
        rows.append([(slope - shared).expand() for slope, shared in zip(own, last, strict=True)])
        for j in range(i + 1):
            if not is_zero((rows[i][j] + rows[j][i]).expand(), domain):
                return None
    return rows


def _slopes_of(values: Sequence[Expr], unknowns: Sequence[Symbol]) -> list[list[Expr]] | None:
    """The slopes of polynomials that are affine in the unknowns; None where one of them is not."""
    slopes = gradients(values, unknowns)
    if not any(slope.free_symbols & {*unknowns} for row in slopes for slope in row.values()):
        return [[row.get(s, S.Zero) for s in unknowns] for row in slopes]
    given = sorted({s for v in values for s in v.free_symbols} - {*unknowns}, key=str)
    try:
        ring = PolyRing((*unknowns, *given), QQ, lex)
        found = [ring.from_expr(v) for v in values]
    except (ValueError, CoercionFailed):  # other numbers, or quotients of what is given
        ring = PolyRing(tuple(unknowns), EX, lex)
        found = [ring.from_expr(v) for v in values]
    n = len(unknowns)
    rows = [[S.Zero] * n for _ in values]
    for row, value in zip(rows, found, strict=True):
        for powers, coefficient in value.terms():
            if sum(powers[:n]) > 1:
                return None
            if 1 in powers[:n]:
                rest = zip(ring.symbols[n:], powers[n:], strict=True)
                factors = Mul(*(s**k for s, k in rest))
                row[powers.index(1)] += ring.domain.to_sympy(coefficient) * factors
    return rows


def _counted(complete: bool, policies: tuple[tuple[mp.mpf, ...], ...], what: str) -> Counted:
    if complete:
        return Counted(policies, True, f"{what}, its solutions isolated in ball arithmetic")
    return Counted(policies, False, f"{what}, whose solutions could not all be isolated")


def _middles(policy: Sequence[arb]) -> tuple[mp.mpf, ...]:
    found = [middle(p) for p in policy]
    total = mp.fsum(found)
    return tuple(x / total for x in found)
