r"""The field of many answers at numbers, in ball arithmetic.

.. math:: c_o = P(o \mid \pi) - \beta\, d(\pi_{\mathrm{ref}}(o)/\pi(o))

A policy is stationary where all c are equal. In logits y(o) = log π(o)/π(b), relative to an
answer b, these are the zeros of F with the components c_o − c_b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from random import Random

import mpmath as mp
from flint import arb, arb_mat, ctx
from sympy import Dummy, Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.enclosures.conversion import exact_ball, middle, upper_bound
from grpo_symbolic.enclosures.systems import unique_zero
from grpo_symbolic.solve.eigenvalues import MOST_ROWS, eigenvalues, negative_definite, sides
from grpo_symbolic.solve.given_preference import GivenPreference
from grpo_symbolic.solve.preferences import (
    PolynomialPreference,
    Preference,
    TiltedPreference,
    polynomial_preference,
    preference_at,
)
from grpo_symbolic.solve.scales import weighted
from grpo_symbolic.solve.solutions import Stability
from grpo_symbolic.stationarity import StationarityCondition

#: Newton starts beside one near each answer: the reference and random policies.
_STARTS = 8
# Operations of the field after which no further start is tried.
_OPERATIONS = 20_000_000
# And after which the one under way is given up.
_MOST_OPERATIONS = 3 * _OPERATIONS
# What a value of the field costs beside its sums, in operations an answer.
_CALL = 500
# What eigenvalues of n answers cost, in n³.
_EIGENVALUES = 10
_STEPS, _HALVINGS, _CLIMB = 60, 12, 30
# The longest step in logits.
_STRIDE = arb(2)
# A first, rough search: its bits, and where it ends.
_ROUGH_BITS, _ROUGH = 80, arb(2) ** -40
# A refined zero is at most this far, in logits, from where it was isolated.
_NEAR = arb(2) ** -20
# No policy is looked for beyond these logits.
_FARTHEST = 10**4
# Boxes that are tried around a zero, in powers of ten of the digits asked for.
_WIDER = (0, 12, 24)


class Field:
    """c_o and its slopes from a preference and a penalty.

    Attributes
    ----------
    preference : Preference
        P(o).
    penalty : Preference
        β ρ(o) d(o), ρ how often an answer is penalised.
    """

    preference: Preference
    penalty: Preference

    def climb(self, policy: Sequence[arb]) -> list[arb]:
        """c_o."""
        values, forces = self.preference.values(policy), self.penalty.values(policy)
        return [p - f for p, f in zip(values, forces, strict=True)]

    def climb_slopes(self, policy: Sequence[arb]) -> arb_mat:
        """∂c_o/∂π(j)."""
        return self.preference.slopes(policy) - self.penalty.slopes(policy)

    def residual(self, policy: Sequence[mp.mpf]) -> mp.mpf:
        """A proved upper bound of the largest component of the flow at exactly this policy.

        Its largest probability is taken to be what the others leave.
        """
        with ctx.workprec(_bits()):
            everyone = [exact_ball(p) for p in policy]
            largest = max(range(len(policy)), key=lambda o: policy[o])
            everyone[largest] += 1 - sum(everyone, arb(0))
            climb = self.climb(everyone)
            mean = weighted(everyone, climb)
            return max(upper_bound(p * (c - mean)) for p, c in zip(everyone, climb, strict=True))

    def enclosed(self, policy: Sequence[mp.mpf], digits: int) -> list[arb] | None:
        """Balls of all answers that are proved to contain one zero; None where they are not."""
        system, start = self._near(policy)
        place = system.descended(start, arb(10) ** (-digits - 10)) or start
        for wider in _WIDER:
            box = [arb(x.mid(), arb(10) ** (wider - digits - 5)) for x in place]
            found = unique_zero(system.value, system.slopes, box)
            if found is not None:
                return system.policy(found)
        return None

    def _near(self, policy: Sequence[mp.mpf]) -> tuple[RelativeLogits, list[arb]]:
        """Logits relative to the largest probability of a policy, and where it is in them."""
        system = RelativeLogits(self, max(range(len(policy)), key=lambda o: policy[o]))
        return system, system.logits(policy)


@dataclass
class SimplexField(Field):
    """The field at exact numbers for all symbols but the policy.

    Parameters
    ----------
    condition : StationarityCondition
    point : dict

    Attributes
    ----------
    tried : int
        Starts of the last search.
    spent : int
        Operations of everything so far, those of other searches for the same zeros too.
    """

    condition: StationarityCondition
    point: Mapping[Symbol, Expr]
    tried: int = field(default=0, init=False)
    spent: int = field(default=0, init=False)
    _operations: int = field(default=0, init=False)

    @cached_property
    def preference(self) -> Preference:  # type: ignore[override]
        """P(o)."""
        with ctx.workprec(_bits()):
            return preference_at(self.condition, self.point)

    @cached_property
    def polynomial(self) -> PolynomialPreference | None:
        """P(o) as polynomials of the policy; None where they are none, or have many terms."""
        with ctx.workprec(_bits()):
            return polynomial_preference(self.condition, self.point)

    @cached_property
    def penalty(self) -> GivenPreference:  # type: ignore[override]
        """β ρ(o) d(o), ρ how often an answer is penalised."""
        return self._given([self.condition.beta * d for d in self.condition.marginal])

    @cached_property
    def _often(self) -> GivenPreference:
        return self._given(self.condition.rates)

    @cached_property
    def _stiffness(self) -> GivenPreference:
        """β ρ(o) ∂d(π_ref(o)/π(o))/∂π(o)."""
        u, own = symbols.u, Dummy("p", positive=True)
        force, often = self.condition.penalty.marginal(), self.condition.rates
        slopes = (force.subs(u, r / own).diff(own) for r in self.condition.reference)
        return self._given(
            [
                self.condition.beta * rate * slope.subs(own, p)
                for rate, slope, p in zip(often, slopes, self.condition.policy, strict=True)
            ]
        )

    def _given(self, values: Sequence[Expr]) -> GivenPreference:
        found = GivenPreference.of(values, self.condition.policy)
        at_numbers = tuple(v.xreplace(self.point) for v in found.expressions)
        return GivenPreference(at_numbers, found.unknowns)

    @cached_property
    def _cost(self) -> int:
        return self.preference.cost + self.penalty.cost

    def climb(self, policy: Sequence[arb]) -> list[arb]:
        self._operations += self._cost
        self.spent += self._cost + _CALL * len(policy)
        return super().climb(policy)

    def climb_slopes(self, policy: Sequence[arb]) -> arb_mat:
        solved = len(policy) ** 3 // 4  # of the system that is solved with them
        self._operations += solved
        self.spent += solved + self._cost
        return super().climb_slopes(policy)

    def stability(self, policy: Sequence[mp.mpf]) -> Stability:
        """From the eigenvalues of the flow on relative logits.

        Where all c are equal, the flow π(o) (c_o − c̄) has the derivative π(o) ∂(c_o − c̄), which
        is Σ ∂c Σ, Σ the covariance of one answer: it falls where ∂c is negative definite.
        """
        with ctx.workprec(_bits()):
            everyone = [exact_ball(p) for p in policy]
            slopes = self.climb_slopes(everyone)
            if negative_definite(slopes, policy.index(max(policy))):
                return Stability.ATTRACTING
            self.spent += _EIGENVALUES * len(policy) ** 3
            rise = _along_logits(slopes, everyone)
            means = [weighted(everyone, column) for column in zip(*rise, strict=True)]
            flow = [
                [p * (x - mean) for x, mean in zip(row, means, strict=True)]
                for p, row in zip(everyone, rise, strict=True)
            ]
            rows = [[x - y for x, y in zip(row, flow[-1], strict=True)][:-1] for row in flow[:-1]]
        # The flow of a rare answer is slow in proportion to its probability.
        digits, least = mp.mp.dps, min(policy)
        with mp.workdps(digits + 4 * max(0, -int(mp.floor(mp.log10(least))))):
            small = exact_ball(mp.mpf(10) ** (-(digits // 4)) * least)
            found = sides(rows, small, int(mp.mp.prec))
        if 0 in found:
            return Stability.DEGENERATE
        if all(e < 0 for e in found):
            return Stability.ATTRACTING
        return Stability.REPELLING if all(e > 0 for e in found) else Stability.SADDLE

    def slope(self, policy: Sequence[mp.mpf]) -> mp.mpf | None:
        r"""Spectral radius of the best response at a zero of the field; None for many answers.

        With E(o) = β ρ(o) ∂d(o)/∂π(o), the stiffness (ρ is how often an answer is penalised),
        and J the derivative of P − β ρ d in the frozen policy that P and ρ see, a move
        ε of that policy moves the response by

        .. math:: \delta(o) = \frac{(J\varepsilon)(o) - \mu}{E(o)}, \qquad
                  \mu = \sum_o \frac{(J\varepsilon)(o)}{E(o)} \Big/ \sum_o \frac{1}{E(o)} .

        Within a class of answers that no group tells apart the response is always in
        proportion to the reference: moves inside classes add eigenvalues 0 only.
        """
        n = len(policy)
        with ctx.workprec(_bits()):
            everyone = [exact_ball(p) for p in policy]
            felt, rates = self.preference.slopes(everyone), self._often.slopes(everyone)
            forces, often = self.penalty.values(everyone), self._often.values(everyone)
            give = [1 / e for e in self._stiffness.values(everyone)]
            columns = []
            for j in range(n - 1):
                push = [
                    felt[o, j] - felt[o, n - 1] - f / r * (rates[o, j] - rates[o, n - 1])
                    for o, (f, r) in enumerate(zip(forces, often, strict=True))
                ]
                mean = weighted(give, push) / sum(give, arb(0))
                columns.append([g * (p - mean) for g, p in zip(give, push, strict=True)][:-1])
        if isinstance(self.preference, TiltedPreference) and self._sampled_alike:
            # All answers move by one scale: the matrix has rank one.
            return abs(middle(sum((row[o] for o, row in enumerate(columns)), arb(0))))
        if len(columns) > MOST_ROWS:
            return None
        with ctx.workprec(int(mp.mp.prec)):
            return max(middle(abs(e)) for e in eigenvalues(columns))

    @property
    def _sampled_alike(self) -> bool:
        return all(rate == 1 for rate in self.condition.rates)

    # -- zeros ---------------------------------------------------------------------------

    def newton(
        self, reference: Sequence[mp.mpf], enough: int | None = None
    ) -> list[tuple[mp.mpf, ...]]:
        """Zeros reached from the reference, from near each vertex and from random policies.

        The search ends when there are ``enough``, or after so many operations of the field;
        ``tried`` counts the starts.
        """

        def ended() -> bool:
            return self._operations > _MOST_OPERATIONS

        found: list[tuple[mp.mpf, ...]] = []
        self.tried, self._operations = 0, 0
        for start in _starts(reference):
            if self._operations > _OPERATIONS:
                break
            self.tried += 1
            with ctx.workprec(_ROUGH_BITS):
                system, place = self._near(start)
                rough = system.descended(place, _ROUGH, ended)
                if rough is None and not ended():
                    system, place = self._near(system.climbed(place))
                    rough = system.descended(place, _ROUGH, ended)
            policy = None if rough is None else self._polished(system, rough)
            if policy is None:
                continue
            if all(max(abs(a - b) for a, b in zip(policy, p, strict=True)) > 1e-9 for p in found):
                found.append(policy)
            if len(found) == enough:
                break
        return found

    def refined(self, rough: Sequence[mp.mpf]) -> tuple[mp.mpf, ...] | None:
        """The zero next to a policy, or None where Newton's method leaves it."""
        with ctx.workprec(_bits()):
            return self._polished(*self._near(rough), _NEAR)

    def _polished(
        self, system: RelativeLogits, rough: Sequence[arb], near: arb | None = None
    ) -> tuple[mp.mpf, ...] | None:
        with ctx.workprec(_bits()):
            fine = system.descended(rough, arb(10) ** (8 - mp.mp.dps))
            if fine is None:
                return None
            moves = (abs(a - b) for a, b in zip(fine, rough, strict=True))
            if near is not None and not all(move < near for move in moves):
                return None
            return tuple(+middle(p) for p in system.policy(fine))


@dataclass(frozen=True)
class RelativeLogits:
    """F and its derivative on boxes of logits relative to one answer.

    Parameters
    ----------
    field : Field
    base : int
        The answer, best one of large probability.
    """

    field: Field
    base: int

    def logits(self, policy: Sequence[mp.mpf]) -> list[arb]:
        balls = [exact_ball(p) for p in policy]
        return [(p / balls[self.base]).log() for o, p in enumerate(balls) if o != self.base]

    def policy(self, logits: Sequence[arb]) -> list[arb]:
        """π on a box of logits: each mass rises with its own logit and falls with the others."""
        whole = [*logits[: self.base], arb(0), *logits[self.base :]]
        lows = [arb(x.lower()).exp() for x in whole]
        highs = [arb(x.upper()).exp() for x in whole]
        least, most = _shares(lows, highs), _shares(highs, lows)
        return [a.union(b) for a, b in zip(least, most, strict=True)]

    def value(self, logits: Sequence[arb]) -> list[arb]:
        climb = self.field.climb(self.policy(logits))
        return [c - climb[self.base] for o, c in enumerate(climb) if o != self.base]

    def slopes(self, logits: Sequence[arb]) -> arb_mat:
        """∂F_o/∂y_k = Σ_j ∂(c_o − c_b)/∂π_j π_j (δ_jk − π_k)."""
        policy = self.policy(logits)
        rows = self.field.climb_slopes(policy).tolist()
        base = rows.pop(self.base)
        contrasts = arb_mat([[x - y for x, y in zip(row, base, strict=True)] for row in rows])
        return arb_mat(_along_logits(contrasts, policy, self.base))

    # -- on the middles of balls ---------------------------------------------------------

    def _error(self, place: Sequence[arb]) -> list[arb] | None:
        found = [arb(x.mid()) for x in self.value(place)]
        return found if all(x.is_finite() for x in found) else None

    def climbed(self, place: list[arb]) -> list[mp.mpf]:
        """Where a policy goes that follows the field for a while."""
        for _ in range(_CLIMB):
            error = self._error(place)
            if error is None:
                break
            place = _moved(place, error)
        return [middle(p) for p in self.policy(place)]

    def descended(
        self, logits: Sequence[arb], tolerance: arb, ended: Callable[[], bool] = lambda: False
    ) -> list[arb] | None:
        """Damped Newton's method; None where it does not come within the tolerance.

        Before each step ``ended`` is asked whether to go on.
        """
        place = [arb(x.mid()) for x in logits]
        error = self._error(place)
        for _ in range(_STEPS):
            if error is None or ended() or _largest(place) > _FARTHEST:
                return None
            if _largest(error) < tolerance:
                return place
            try:
                matrix, right = self.slopes(place).mid(), arb_mat(len(place), 1, error)
                step = matrix.solve(right, algorithm="approx").entries()
            except ZeroDivisionError:
                return None
            if not all(x.is_finite() for x in step):
                return None
            place, error = self._damped(place, error, [-x for x in step])
        return None

    def _damped(
        self, place: list[arb], error: list[arb], step: list[arb]
    ) -> tuple[list[arb], list[arb] | None]:
        """The step, shortened until the error falls; no error where it does not."""
        for shorter in range(_HALVINGS):
            trial = _moved(place, step, shorter)
            moved = self._error(trial)
            if moved is not None and _square_sum(moved) < _square_sum(error):
                return trial, moved
        return place, None


def _bits() -> int:
    return 2 * int(mp.mp.prec) + 64


def _shares(own: Sequence[arb], others: Sequence[arb]) -> list[arb]:
    """x(o)/(x(o) + Σ y(q) over the others q): sums from both ends, so that nothing cancels."""
    before = list(accumulate(others[:-1], initial=arb(0)))
    behind = list(accumulate(others[:0:-1], initial=arb(0)))[::-1]
    return [x / (x + a + b) for x, a, b in zip(own, before, behind, strict=True)]


def _along_logits(
    slopes: arb_mat, policy: Sequence[arb], without: int | None = None
) -> list[list[arb]]:
    """Slopes in the logits from slopes in the masses: Σ_j s_j ∂π(j)/∂y(k) = π(k) (s_k − Σ s π)."""
    means = (slopes * arb_mat(len(policy), 1, policy)).entries()
    return [
        [p * (s - mean) for k, (p, s) in enumerate(zip(policy, row, strict=True)) if k != without]
        for row, mean in zip(slopes.tolist(), means, strict=True)
    ]


def _largest(values: Sequence[arb]) -> arb:
    found = abs(values[0])
    for value in values[1:]:
        found = found.max(abs(value))
    return found


def _moved(place: Sequence[arb], step: Sequence[arb], shorter: int = 0) -> list[arb]:
    """A step of at most the longest length, divided by a power of 3."""
    scale = arb(1).min(_STRIDE / _largest(step)) if any(step) else arb(1)
    return [(x + scale / 3**shorter * d).mid() for x, d in zip(place, step, strict=True)]


def _square_sum(values: Sequence[arb]) -> arb:
    return sum((v * v for v in values), arb(0))


def _starts(reference: Sequence[mp.mpf]) -> Iterator[list[mp.mpf]]:
    n, random = len(reference), Random(1)
    yield list(reference)
    for o in range(n):
        yield [r / 20 + (mp.mpf(19) / 20 if i == o else 0) for i, r in enumerate(reference)]
    for _ in range(_STARTS - 1):
        draws = [mp.mpf(random.expovariate(1)) + mp.mpf("1e-6") for _ in range(n)]
        yield [d / mp.fsum(draws) for d in draws]
