r"""Maximal lotteries: optimal strategies of the symmetric game whose payoffs are the margins.

A lottery π is maximal when no answer beats it on average, :math:`\Gamma\pi \le 0`. An interior
point of the optimal face, whose support B is the largest, is certified by rational numbers alone:
:math:`\pi_B > 0` and :math:`(\Gamma\pi)_B = 0 > (\Gamma\pi)_N`. Every maximal lottery then lives on
B and satisfies :math:`\Gamma_{BB}\pi_B = 0`.

Where several are maximal, the limit β → 0 of pairs under the reverse KL selects the weighted
analytic centre, which maximises
:math:`\sum_B \rho \log \pi + \sum_N \rho \log(-\Gamma\pi)` on the face; under the direct KL it
selects the one of least KL(π‖ρ).

Notes
-----
Source: G. Kreweras (1965); P. Fishburn, Rev. Econ. Stud. 51 (1984) 683-692; the selection: the
condition :math:`\pi_i(\beta - P_i) = \beta\rho_i` is a weighted central path of the linear program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, ClassVar

import numpy as np
from flint import arb, arb_mat, ctx, fmpq_mat
from sympy import S

from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import Lottery, as_arb
from grpo_symbolic.aggregation.rule import Profiles, Rule, Setting
from grpo_symbolic.aggregation.votes import Votes, margins_of
from grpo_symbolic.enclosures.systems import unique_zero

_STEPS, _SMALL = 120, 1e-13
# Denominators at which a coordinate of an interior point is rounded, one after the other.
_ROUNDED = (10**3, 10**6, 10**9, 10**12, 10**15)
_LARGEST_DENOMINATOR = 10**9


@dataclass(frozen=True)
class MaximalFace:
    """All maximal lotteries of a margin matrix.

    Attributes
    ----------
    margins : tuple of tuples of Fraction
    support : tuple of int
        B: every maximal lottery lives here.
    inner : tuple of Fraction
        A maximal lottery with all of B as its support and no further answer in balance with it.
    directions : tuple of tuples of Fraction
        A basis of the directions of the face; empty where the maximal lottery is unique.
    """

    margins: tuple[tuple[Fraction, ...], ...]
    support: tuple[int, ...]
    inner: tuple[Fraction, ...]
    directions: tuple[tuple[Fraction, ...], ...]

    @property
    def unique(self) -> bool:
        return not self.directions

    @cached_property
    def rest(self) -> tuple[int, ...]:
        """N: answers that lose against every maximal lottery inside the face."""
        return tuple(o for o in range(len(self.margins)) if o not in self.support)

    def verified(self) -> bool:
        """The certificate, in rational arithmetic."""
        values = [
            sum((g * p for g, p in zip(row, self.inner, strict=True) if p), Fraction(0))
            for row in self.margins
        ]
        return (
            sum(self.inner) == 1
            and all((p > 0) == (o in self.support) for o, p in enumerate(self.inner))
            and all(
                values[o] == 0 if o in self.support else values[o] < 0 for o in range(len(values))
            )
        )

    def selected(
        self, reference: Sequence[Fraction], direct: bool = False, digits: int = 20
    ) -> tuple[tuple[Fraction, ...] | tuple[arb, ...], str]:
        """What the limit β → 0 selects, with how it is known."""
        if self.unique:
            return self.inner, "the only maximal lottery"
        return _Centre(self, tuple(reference), direct).found(digits)


def maximal_face(margins: Sequence[Sequence[Fraction]]) -> MaximalFace:
    """The face of maximal lotteries, certified in rational arithmetic.

    Raises
    ------
    ValueError
        Where floats do not show the support.
    """
    rows = tuple(map(tuple, margins))
    whole = lcm(*(v.denominator for row in rows for v in row))
    scaled = [[v.numerator * (whole // v.denominator) for v in row] for row in rows]
    rough, slack = _interior(np.array([[float(v) for v in row] for row in rows]))
    for ratio in (1.0, 1e-3, 1e3):
        support = tuple(int(o) for o in np.flatnonzero(rough > ratio * slack))
        if not support:
            continue
        face = _certified(rows, scaled, support, rough)
        if face is not None:
            return face
    raise ValueError(
        "the support of the maximal lotteries was not found: margins nearly in balance"
    )


def _interior(matrix: Array) -> tuple[Array, Array]:
    """π and −Γπ by a primal-dual path: s + Γπ = β, π s → 0."""
    n = len(matrix)
    policy = np.full(n, 1.0 / n)
    beta = 2.0 * max(1.0, np.abs(matrix).max())
    slack = beta - matrix @ policy
    for _ in range(_STEPS):
        if beta < _SMALL:
            break
        target = 0.15 * beta
        left = np.diag(slack / policy) - matrix
        right = target / n / policy - slack - (target - beta)
        try:
            step = np.linalg.solve(left, right)
        except np.linalg.LinAlgError:
            break
        fall = (target - beta) - matrix @ step
        with np.errstate(all="ignore"):
            ends = np.concatenate([-policy / step, -slack / fall])
        ends = ends[np.isfinite(ends) & (ends > 0)]
        length = min(1.0, 0.9 * ends.min()) if len(ends) else 1.0
        policy, slack = policy + length * step, slack + length * fall
        beta += length * (target - beta)
        total = policy.sum()
        policy /= total
        slack /= total
        beta /= total
    return policy, slack


def _certified(
    rows: tuple[tuple[Fraction, ...], ...],
    scaled: list[list[int]],
    support: tuple[int, ...],
    rough: Array,
) -> MaximalFace | None:
    """The face on this support, if rational numbers show that it is the one."""
    basis, free = _kernel([[scaled[o][x] for x in support] for o in support])
    if not basis:
        return None
    n = len(rows)
    for rounded in _ROUNDED:
        weights = [Fraction(float(rough[support[f]])).limit_denominator(rounded) for f in free]
        parts = [
            sum(w * b[k] for w, b in zip(weights, basis, strict=True)) for k in range(len(support))
        ]
        total = sum(parts)
        if total <= 0 or min(parts) <= 0:
            continue
        inner = [Fraction(0)] * n
        for o, part in zip(support, parts, strict=True):
            inner[o] = part / total
        face = MaximalFace(rows, support, tuple(inner), _directions(basis, support, n))
        if face.verified():
            return face
    return None


def _kernel(matrix: list[list[int]]) -> tuple[list[list[Fraction]], list[int]]:
    """A basis of the kernel, and the coordinates that are free in it."""
    n = len(matrix)
    reduced, rank = fmpq_mat(n, n, [v for row in matrix for v in row]).rref()
    pivots = []
    for row in range(rank):
        pivots.append(next(k for k in range(n) if reduced[row, k] != 0))
    free = [k for k in range(n) if k not in pivots]
    basis = []
    for f in free:
        vector = [Fraction(0)] * n
        vector[f] = Fraction(1)
        for row, pivot in enumerate(pivots):
            value = reduced[row, f]
            vector[pivot] = -Fraction(int(value.p), int(value.q))
        basis.append(vector)
    return basis, free


def _directions(
    basis: list[list[Fraction]], support: tuple[int, ...], n: int
) -> tuple[tuple[Fraction, ...], ...]:
    """Differences in the kernel whose entries sum to zero."""
    sums = [sum(b, Fraction(0)) for b in basis]
    first = next(k for k, s in enumerate(sums) if s)
    found = []
    for k, vector in enumerate(basis):
        if k == first:
            continue
        ratio = sums[k] / sums[first]
        whole = [Fraction(0)] * n
        for o, v, w in zip(support, vector, basis[first], strict=True):
            whole[o] = v - ratio * w
        found.append(tuple(whole))
    return tuple(found)


class _Centre:
    """The point of a face at which a strictly concave function is largest.

    Coordinates t: π = inner + Σ t_k directions_k; the function is Σ w_i f(ℓ_i(t)) with affine ℓ.
    """

    def __init__(self, face: MaximalFace, reference: tuple[Fraction, ...], direct: bool) -> None:
        self.face, self.direct = face, direct
        self.lines: list[tuple[Fraction, Fraction, tuple[Fraction, ...]]] = []
        for o in face.support:
            slopes = tuple(d[o] for d in face.directions)
            self.lines.append((reference[o], face.inner[o], slopes))
        for o in () if direct else face.rest:
            row = face.margins[o]
            start = -sum((g * p for g, p in zip(row, face.inner, strict=True)), Fraction(0))
            slopes = tuple(
                -sum((g * v for g, v in zip(row, d, strict=True)), Fraction(0))
                for d in face.directions
            )
            self.lines.append((reference[o], start, slopes))

    def found(self, digits: int) -> tuple[tuple[Fraction, ...] | tuple[arb, ...], str]:
        what = "of least KL(π‖ρ)" if self.direct else "the weighted analytic centre"
        with ctx.workprec(int(digits * 3.33) + 160):
            place = self._newton()
            exact = self._rational(place)
            if exact is not None:
                return exact, f"{what} of the maximal lotteries, exact"
            box = [arb(t, arb(10) ** (-digits - 6)) for t in place]
            proved = unique_zero(self._gradient, self._hessian, box)
            if proved is None:
                raise ValueError("the selected maximal lottery could not be enclosed")
            if self.direct and not self._holds(self._policy(proved)):
                raise ValueError("the lottery of least KL lies at the edge of the maximal ones")
            return tuple(self._policy(proved)), f"{what} of the maximal lotteries, enclosed"

    def _holds(self, policy: Sequence[arb]) -> bool:
        """Whether no answer outside the support beats the policy: KL has no barrier there."""
        rows = (self.face.margins[o] for o in self.face.rest)
        gains = (
            sum((as_arb(g) * p for g, p in zip(row, policy, strict=True)), arb(0)) for row in rows
        )
        return all(gain < 0 for gain in gains)

    def _values(self, place: Sequence[arb]) -> list[arb]:
        slopes, t = self._slopes(), arb_mat(len(place), 1, place)
        moved = (slopes * t).entries()
        return [as_arb(start) + m for (_, start, _), m in zip(self.lines, moved, strict=True)]

    def _slopes(self) -> arb_mat:
        return arb_mat([[as_arb(s) for s in slopes] for _, _, slopes in self.lines])

    def _gradient(self, place: Sequence[arb]) -> list[arb]:
        pulls = [
            (as_arb(w) / v).log() if self.direct else as_arb(w) / v
            for (w, _, _), v in zip(self.lines, self._values(place), strict=True)
        ]
        return (self._slopes().transpose() * arb_mat(len(pulls), 1, pulls)).entries()

    def _hessian(self, place: Sequence[arb]) -> arb_mat:
        bends = [
            -1 / v if self.direct else -as_arb(w) / v**2
            for (w, _, _), v in zip(self.lines, self._values(place), strict=True)
        ]
        slopes = self._slopes()
        bent = [[b * s for s in row] for b, row in zip(bends, slopes.tolist(), strict=True)]
        return slopes.transpose() * arb_mat(bent)

    def _newton(self) -> list[arb]:
        """Damped steps that stay where all lines are positive."""
        place = [arb(0)] * len(self.face.directions)
        for _ in range(400):
            gradient = [g.mid() for g in self._gradient(place)]
            step = self._hessian(place).mid().solve(arb_mat(len(place), 1, gradient))
            moves = [-x.mid() for x in step.entries()]
            decrement = sum((g * m for g, m in zip(gradient, moves, strict=True)), arb(0))
            length = arb(1) if decrement < 0.0625 else 1 / (1 + decrement.sqrt())
            trial = [(t + length * m).mid() for t, m in zip(place, moves, strict=True)]
            while not all(v > 0 for v in self._values(trial)):
                length = length / 2
                trial = [(t + length * m).mid() for t, m in zip(place, moves, strict=True)]
            place = trial
            if decrement < arb(2) ** (-2 * ctx.prec + 60):
                break
        return place

    def _rational(self, place: Sequence[arb]) -> tuple[Fraction, ...] | None:
        """The place as simple fractions, if the gradient vanishes there exactly."""
        if self.direct:
            return None
        simple = []
        for t in place:
            mantissa, exponent = t.mid().man_exp()
            value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
            simple.append(value.limit_denominator(_LARGEST_DENOMINATOR))
        values = [
            start + sum((s * t for s, t in zip(slopes, simple, strict=True)), Fraction(0))
            for _, start, slopes in self.lines
        ]
        if min(values) <= 0:
            return None
        for k in range(len(simple)):
            terms = zip(self.lines, values, strict=True)
            if sum((s[k] * w / v for (w, _, s), v in terms), Fraction(0)):
                return None
        return tuple(self._policy(simple, Fraction))

    def _policy(self, place: Sequence[Any], number: Callable[[Fraction], Any] = as_arb) -> list:
        found = list(map(number, self.face.inner))
        for t, direction in zip(place, self.face.directions, strict=True):
            found = [p + number(d) * t for p, d in zip(found, direction, strict=True)]
        return found


@dataclass(frozen=True, repr=False)
class MaximalLottery(Rule):
    """No answer beats it on average; of several, the limit of pairs as β → 0.

    Parameters
    ----------
    direct : bool
        The limit of the direct KL instead of the reverse KL.
    """

    direct: bool = False
    weighted: ClassVar[bool] = False
    sees_comparisons_only = True

    @property
    def name(self) -> str:  # type: ignore[override]
        return "maximal-lottery-direct" if self.direct else "maximal-lottery"

    @property
    def title(self) -> str:  # type: ignore[override]
        limit = "direct" if self.direct else "reverse"
        return f"maximal lottery (the limit of pairs as beta -> 0, {limit} KL)"

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        face = maximal_face(margins_of(votes))
        values, note = face.selected(setting.reference, self.direct, setting.digits)
        if isinstance(values[0], Fraction):
            values = tuple(map(S, values))  # type: ignore[arg-type]
        return Lottery(votes.answers, values, note)  # type: ignore[arg-type]

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        """One linear program for each margin matrix that occurs."""
        margins, known = np.round(profiles.margins, 12), {}
        out = np.full(reference.shape, np.nan)
        for row, matrix in enumerate(margins):
            key = (matrix.tobytes(), reference[row].tobytes())
            if key not in known:
                exact = [[Fraction(v).limit_denominator(10**6) for v in line] for line in matrix]
                base = tuple(Fraction(r).limit_denominator(10**6) for r in reference[row])
                try:
                    values, _ = maximal_face(exact).selected(base, self.direct, 15)
                    known[key] = [float(v) for v in values]
                except ValueError:
                    known[key] = [np.nan] * len(matrix)
            out[row] = known[key]
        return out
