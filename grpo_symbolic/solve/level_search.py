"""Stationary policies of many reward levels: found from many starts, each proved in a box.

Newton's method on level values in float64 finds them, the same in balls sharpens them, and the
Krawczyk operator proves that there is one, and no other, in a small box around each. How many there
are in all is not proved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2

import mpmath as mp
import numpy as np
from flint import arb, arb_mat, ctx
from sympy import Expr, S, Symbol, diff

from grpo_symbolic import symbols
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import (
    Undecided,
    exact_ball,
    middle,
    rational_ball,
)
from grpo_symbolic.enclosures.systems import Box, unique_zero
from grpo_symbolic.levels.balls import LevelPreference
from grpo_symbolic.levels.condition import Ladder
from grpo_symbolic.levels.counted import CountedPreference
from grpo_symbolic.levels.form import LevelForm, level_form
from grpo_symbolic.levels.ordered import OrderedPreference
from grpo_symbolic.levels.uniqueness import one_for_every_reference
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.level_values import WRITTEN_OUT
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.one_thread import in_one_thread
from grpo_symbolic.question import Question
from grpo_symbolic.solve.preferences import Preference
from grpo_symbolic.solve.simplex_field import Field, RelativeLogits
from grpo_symbolic.solve.solutions import NumericSolution, Stability, Stage
from grpo_symbolic.solve.stage import stage_of

# Decimal digits beyond those asked for.
_SPARE_DIGITS = 6
_STEPS, _CLOSE = 12, 1e-7
# Of one start in float64; all of them, and what is proved afterwards, take some seconds.
_OPERATIONS = 8e8
# Masses near a solution are at most these multiples of its own, and a little.
_MORE, _LITTLE = 1 + 1e-6, 1e-290
# Bits of exact advantages beyond those of the values.
_GUARD = 64
# Answers whose own probabilities are the unknowns of a small group.
_MOST_UNKNOWNS = 24
# Boxes that are tried, in powers of ten of the digits asked for, and bits of their slopes.
_WIDER, _SLOPE_BITS = (0, 4, 8), (None, 64)


@dataclass(frozen=True)
class RatioForce:
    """β d(u), u = π_ref/π, and its slopes: a diagonal.

    Where groups are dropped, times how often an answer is penalised and the chance of a mixed
    group: the probability that the G − 1 others are not all of its reward.

    Parameters
    ----------
    form : LevelForm
    beta : arb
    reference : tuple of arb
    """

    form: LevelForm
    beta: arb
    reference: tuple[arb, ...]

    @property
    def cost(self) -> int:
        return 20 * len(self.reference)

    @cached_property
    def _slope(self) -> Expr:
        u = symbols.u
        return (u * diff(self.form.force, u)).expand()

    def _law(self, policy: Sequence[arb]) -> list[list[arb]]:
        if self.form.emission is None:
            return [[arb(int(o == k)) for k in range(len(policy))] for o in range(len(policy))]
        return [[arb(x.numerator) / x.denominator for x in row] for row in self.form.emission]

    def often(self, policy: Sequence[arb]) -> tuple[list[arb], arb_mat, arb]:
        """How often an answer is in a mixed group, its slopes, and the chance of one."""
        law, size = self._law(policy), self.form.size
        levels = range(len(law[0]))
        masses = [sum((p * row[k] for p, row in zip(policy, law, strict=True)), arb(0))
                  for k in levels]  # fmt: skip
        found = [sum((row[k] * (1 - masses[k] ** (size - 1)) for k in levels), arb(0))
                 for row in law]  # fmt: skip
        falls = [(size - 1) * m ** (size - 2) for m in masses]
        slopes = [[-sum((a[k] * falls[k] * b[k] for k in levels), arb(0)) for b in law]
                  for a in law]  # fmt: skip
        return found, arb_mat(slopes), 1 - sum((m**size for m in masses), arb(0))

    def _at(self, function: Expr, policy: Sequence[arb]) -> list[arb]:
        return [
            self.beta * ball(function, {symbols.u: r / p}, ctx.prec)
            for r, p in zip(self.reference, policy, strict=True)
        ]

    def values(self, policy: Sequence[arb]) -> list[arb]:
        found = self._at(self.form.force, policy)
        if not self.form.dropped:
            return found
        return [f * w for f, w in zip(found, self.often(policy)[0], strict=True)]

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        """β ∂d/∂π(o) = −β u d'(u)/π(o)."""
        found = arb_mat(len(policy), len(policy))
        for o, (p, s) in enumerate(zip(policy, self._at(self._slope, policy), strict=True)):
            found[o, o] = -s / p
        if self.form.dropped:
            force, (often, slopes, _) = self._at(self.form.force, policy), self.often(policy)
            n = len(policy)
            for o in range(n):
                for j in range(n):
                    found[o, j] = found[o, j] * often[o] + force[o] * slopes[o, j]
        return found


class LevelSystem(Field):
    """The field of answers with level values, in balls."""

    def __init__(self, preference: Preference, penalty: RatioForce) -> None:
        self.preference, self.penalty = preference, penalty


@dataclass(frozen=True)
class Proved:
    """One solution, and balls that contain it and no other one; None where that is not proved."""

    solution: NumericSolution
    balls: tuple[arb, ...] | None


@dataclass(frozen=True)
class LevelSearch:
    """The solutions at one point.

    Parameters
    ----------
    form : LevelForm
        Of a question whose answers are all different.
    reference : sequence of Expr
        Exact, one entry an answer.
    beta : Expr
    digits : int
    """

    form: LevelForm
    reference: Sequence[Expr]
    beta: Expr
    digits: int

    @property
    def _bits(self) -> int:
        return ceil((self.digits + _SPARE_DIGITS) * log2(10))

    @cached_property
    def ladder(self) -> Ladder:
        return Ladder(self.form)

    def _system(self, policy: Array, slope_bits: int | None = None) -> LevelSystem:
        """The field near a policy."""
        reference = tuple(rational_ball(r) for r in self.reference)
        force = RatioForce(self.form, ball(self.beta, {}, ctx.prec), reference)
        return LevelSystem(self._preference(policy, slope_bits), force)

    def _preference(self, policy: Array, slope_bits: int | None) -> Preference:
        form, law = self.form, self.form.table
        if form.mixture is None:
            bits = self._bits + _GUARD
            kind = OrderedPreference if form.ordered else CountedPreference
            return kind(form.levels, form.rule, form.size, form.emission, bits)
        masses = policy if law is None else law.T @ policy
        most = tuple((masses * _MORE + _LITTLE).tolist())
        return LevelPreference(
            form.levels, form.mixture, form.emission, self._bits, slope_bits, most
        )

    @in_one_thread
    def run(self) -> tuple[list[Proved], str, bool]:
        """The solutions, what is known of their number, in words, and whether these are all."""
        reference = np.array([float(r) for r in self.reference])
        with np.errstate(all="ignore"):
            found, starts = self.ladder.searched(float(self.beta), reference)
        with mp.workprec(self._bits + 32), ctx.workprec(self._bits + 32):
            proved = [p for y in found if (p := self._proved(y, reference)) is not None]
        sure, left = sum(p.balls is not None for p in proved), len(found) - len(proved)
        shown = one_for_every_reference(self.form)
        if shown is not None and sure == len(proved) == 1:
            return proved, f"number established: {shown}", True
        reason = f"found by Newton's method from {starts} starts"
        if proved:
            alone = "each proved" if sure == len(proved) else f"{sure} of them proved"
            reason += f", {alone} to be the only one in a box around it"
        if left:
            reason += f"; {left} more in float64 only left out"
        return proved, f"number not established: {reason}", False

    def _proved(self, y: Array, reference: Array) -> Proved | None:
        policy = reference * np.exp(y)
        base = int(np.argmax(policy))
        relative = y + np.log(reference)
        start = [arb(float(v - relative[base])) for o, v in enumerate(relative) if o != base]
        system = RelativeLogits(self._system(policy), base)
        slopes = self._moved_by_logits(y, reference)
        try:
            place = self._sharpened(system, start, slopes)
            if place is None:
                return None
            box = self._boxed(policy, base, place)
            place = place if box is None else [arb(x.mid()) for x in box]
            exact = tuple(+middle(p) for p in system.policy(place))
            residual = system.field.residual(exact) / self._chance(exact)
        except Undecided:
            return None
        solution = NumericSolution(
            exact,
            self._flow(policy, slopes),
            residual,
            slope=self._slope(y, reference),
            stage=self._stage(system.policy(place)),
        )
        return Proved(solution, None if box is None else tuple(system.policy(box)))

    def _sharpened(
        self, system: RelativeLogits, start: list[arb], slopes: Array
    ) -> list[arb] | None:
        """Newton's method with the float64 slopes at the start, until it gains no more."""
        kept = [o for o in range(len(slopes)) if o != system.base]
        try:
            inverse = np.linalg.inv((slopes - slopes[system.base])[np.ix_(kept, kept)])
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(inverse).all():
            return None
        by = arb_mat([[arb(float(x)) for x in row] for row in inverse])
        place, least, enough = start, 1.0, 10.0 ** (-self.digits - _SPARE_DIGITS + 1)
        for _ in range(_STEPS):
            error = arb_mat(len(place), 1, [arb(x.mid()) for x in system.value(place)])
            step = [arb(x.mid()) for x in (by * error).entries()]
            size = max(abs(float(x)) for x in step)
            if not size < least:
                break
            place = [arb((x - s).mid()) for x, s in zip(place, step, strict=True)]
            ahead, least = size / least * size, size
            if ahead < enough:  # the next step, as long as steps fall as they do
                break
        return place if least < _CLOSE else None

    def _boxed(self, policy: Array, base: int, place: list[arb]) -> Box | None:
        for slope_bits in _SLOPE_BITS:
            system = RelativeLogits(self._system(policy, slope_bits), base)
            for wider in _WIDER:
                radius = arb(10) ** (wider - self.digits - 3)
                box = [arb(x.mid(), radius) for x in place]
                found = unique_zero(system.value, system.slopes, box)
                if found is not None:
                    return found
        return None

    # -- what it is ----------------------------------------------------------------------

    def _at(self, y: Array, reference: Array) -> tuple[Array, ...]:
        beta = np.array([float(self.beta)])
        return self.ladder.fine.parts(y[:, None], beta, reference[:, None])

    def _moved_by_logits(self, y: Array, reference: Array) -> Array:
        """∂c(o) by the logits: (P' − K) (Π − π πᵀ)."""
        policy, _, push, _, stiff = (
            x[0] if x.ndim == 3 else x[:, 0] for x in self._at(y, reference)
        )
        return (push - np.diag(stiff / policy)) @ (np.diag(policy) - np.outer(policy, policy))

    def _flow(self, policy: Array, moved: Array) -> Stability:
        """From the eigenvalues of the flow on relative logits."""
        flow = policy[:, None] * (moved - policy @ moved)
        real = np.linalg.eigvals((flow - flow[-1])[:-1, :-1]).real
        small = 1e-9 * policy.min() * np.abs(real).max()
        if (np.abs(real) <= small).any():
            return Stability.DEGENERATE
        if (real < 0).all():
            return Stability.ATTRACTING
        return Stability.REPELLING if (real > 0).all() else Stability.SADDLE

    def _slope(self, y: Array, reference: Array) -> mp.mpf:
        """Spectral radius of the best response."""
        policy, _, push, _, stiff = (
            x[0] if x.ndim == 3 else x[:, 0] for x in self._at(y, reference)
        )
        give = policy / stiff
        response = give[:, None] * (push - give @ push / give.sum())
        inner = response[:, :-1] - response[:, -1:]
        return mp.mpf(float(np.abs(np.linalg.eigvals(inner[:-1])).max()))

    def _chance(self, policy: Sequence[mp.mpf]) -> mp.mpf:
        """A lower bound of the chance of a mixed group where others are dropped, else 1."""
        if not self.form.dropped:
            return mp.mpf(1)
        force = RatioForce(self.form, arb(1), ())
        return middle(force.often([exact_ball(p) for p in policy])[2].abs_lower())

    def often(self, policy: Sequence[arb]) -> list[arb]:
        """How often each answer is penalised, up to a common factor."""
        if not self.form.dropped:
            return [arb(1)] * len(policy)
        return RatioForce(self.form, arb(1), ()).often(policy)[0]

    def _stage(self, policy: Sequence[arb]) -> Stage:
        often = self.often(policy)
        return stage_in_classes(self.form.curvature, self.reference, policy, often)


def level_search(
    algorithm: Algorithm,
    question: Question,
    point: Mapping[Symbol, Expr],
    reference: Sequence[Expr],
    digits: int,
) -> LevelSearch | None:
    """The search by level values, of a question too large for its condition to be written out.

    Of many answers it is taken for small groups, too: its unknowns are the levels.
    """
    if not algorithm.penalty.monotone:
        return None
    form = level_form(algorithm, question, point)
    small = len(question) <= _MOST_UNKNOWNS
    if form is None or (small and form.terms <= WRITTEN_OUT and not form.dropped):
        return None
    search = LevelSearch(form, reference, S(algorithm.beta).xreplace(dict(point)), digits)
    search.ladder.check(_OPERATIONS)
    return search


def stage_in_classes(
    curvature: Expr, reference: Sequence[Expr], policy: Sequence[arb], often: Sequence[arb]
) -> Stage:
    """The stage status from the curvature of the penalty in u, at balls of a policy."""
    return stage_of(
        [
            w * ball(curvature, {symbols.u: rational_ball(r) / p}, ctx.prec) / p
            for r, p, w in zip(reference, policy, often, strict=True)
        ]
    )
