"""The projected gradient of a question with many answers, at numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import flint
import mpmath as mp
from sympy import Dummy, Expr, Symbol, lambdify

from grpo_symbolic.inputs import exact_number
from grpo_symbolic.numeric.balls import ball, exact_ball, upper_bound
from grpo_symbolic.question import Question
from grpo_symbolic.solve.solutions import Stability
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["STARTS", "SimplexField", "number"]

#: Newton starts beside one near each answer: the reference and random policies.
STARTS = 8
# Operations of the field after which no further start is tried.
_OPERATIONS = 4_000_000
_STEPS = 60
# A refined zero is at most this far, in logits, from where it was isolated.
_NEAR = mp.mpf(10) ** -6


def number(value: Expr) -> mp.mpf:
    """An exact number at the working precision."""
    value = exact_number("value", value, "a number")
    if value.is_Rational:
        return mp.mpf(value.p) / value.q
    return mp.mpf(str(value.evalf(mp.mp.dps + 10)))


class SimplexField:
    """The projected gradient of many answers at numbers."""

    def __init__(
        self,
        condition: StationarityCondition,
        question: Question,
        point: dict[Symbol, Expr],
        often: Sequence[Expr] = (),
        stiffness: Sequence[Expr] = (),
    ) -> None:
        self.free = question.policy[:-1]
        self.tried, self._evaluations = 0, 0
        self._often = lambdify(list(self.free), [e.subs(point) for e in often], "mpmath")
        self._stiffness = lambdify(list(self.free), [e.subs(point) for e in stiffness], "mpmath")
        model = condition.preference
        known = None if model.two_level is None else model.two_level.at(point)
        self.two_level = known.exact_drift if known is not None and known.zero_sum else None
        self.rates = tuple(w.subs(point) for w in model.weights)
        self.factor = model.factor.subs(point)
        # The last probability is a name of its own: one minus the others would round to 0.
        *_, last = condition.policy
        self._rest = Dummy("rest", positive=True)
        forces = [
            -(condition.beta * d).xreplace({last: self._rest}).subs(point)
            for d in condition.marginal
        ]
        self.forces = forces
        self.values = None
        if self.two_level is None:
            self.values = [v.subs(point) for v in model]
        # What one evaluation costs, in operations.
        self._cost = sum(v.count_ops() for v in self.values or ()) + 40 * len(model)
        names = list(self.free)
        self._force = lambdify([*names, self._rest], forces, "mpmath")
        self._factor = lambdify(names, self.factor, "mpmath")
        self._value = (
            None if self.values is None else lambdify(names, self.values, "mpmath", cse=True)
        )

    def climb(self, policy: Sequence[mp.mpf]) -> list[mp.mpf]:
        """P(o) − β d(o) for every answer."""
        forces = self._force(*policy)
        return [p + f for p, f in zip(self._preference(policy), forces, strict=True)]

    def _preference(self, policy: Sequence[mp.mpf]) -> list[mp.mpf]:
        if self._value is not None:
            return list(self._value(*policy[:-1]))
        rates = [number(r) for r in self.rates]
        m = mp.fdot(rates, policy)
        drift = self.two_level.evaluate(m, mp.mp.dps) * self._factor(*policy[:-1])
        return [(r - m) * drift for r in rates]

    def flow(self, policy: Sequence[mp.mpf]) -> list[mp.mpf]:
        """π(o) (P(o) − β d(o) − λ)."""
        climb = self.climb(policy)
        mean = mp.fdot(policy, climb)
        return [p * (c - mean) for p, c in zip(policy, climb, strict=True)]

    def newton(
        self, reference: list[mp.mpf], enough: int | None = None
    ) -> list[tuple[mp.mpf, ...]]:
        """Zeros reached from the reference, from near each vertex and from random policies.

        The search ends when there are ``enough``, or after so many operations of the field;
        ``tried`` counts the starts.
        """
        found: list[tuple[mp.mpf, ...]] = []
        self.tried, self._evaluations = 0, 0
        for start in _starts(reference):
            if self._evaluations * self._cost > _OPERATIONS:
                break
            self.tried += 1
            with mp.workdps(20):
                rough = self._descend(_logits(start), mp.mpf(10) ** -12)
            if rough is None:
                continue
            fine = self._descend(rough, mp.mpf(10) ** (8 - mp.mp.dps))
            if fine is None:
                continue
            policy = _softmax(fine)
            if all(max(abs(a - b) for a, b in zip(policy, p, strict=True)) > 1e-9 for p in found):
                found.append(tuple(policy))
            if len(found) == enough:
                break
        return found

    def refined(self, rough: Sequence[mp.mpf]) -> tuple[mp.mpf, ...] | None:
        """The zero next to a policy, or None where Newton's method leaves it."""
        extra = max(0, -int(mp.floor(mp.log10(min(rough)))))
        with mp.workdps(mp.mp.dps + 2 * extra):
            start = _logits(rough)
            logits = self._descend(start, mp.mpf(10) ** (8 - mp.mp.dps + extra))
            if logits is None:
                return None
            if any(abs(a - b) > _NEAR for a, b in zip(logits, start, strict=True)):
                return None
            return tuple(_softmax(logits))

    def _descend(self, logits: list[mp.mpf], tolerance: mp.mpf) -> list[mp.mpf] | None:
        """Damped Newton on the equations without multiplier, in logits."""
        error = self._contrast(logits)
        for _ in range(_STEPS):
            if mp.norm(error, mp.inf) < tolerance:
                return logits
            try:
                step = mp.lu_solve(self._jacobian(self._contrast, logits, error), error)
            except ZeroDivisionError:
                return None
            scale = min(mp.mpf(1), 2 / max(abs(x) for x in step)) if any(step) else mp.mpf(1)
            for _ in range(12):
                trial = [x - scale * d for x, d in zip(logits, step, strict=True)]
                moved = self._contrast(trial)
                if mp.norm(moved, 2) < mp.norm(error, 2):
                    break
                scale /= 3
            else:
                return None
            logits, error = trial, moved
            if max(abs(x) for x in logits) > 10**4:
                return None
        return None

    def _contrast(self, logits: Sequence[mp.mpf]) -> mp.matrix:
        self._evaluations += 1
        climb = self.climb(_softmax(logits))
        return mp.matrix([c - climb[-1] for c in climb[:-1]])

    @staticmethod
    def _jacobian(function: Any, logits: Sequence[mp.mpf], base: mp.matrix) -> mp.matrix:
        n = len(logits)
        h = mp.mpf(10) ** (-(mp.mp.dps // 2))
        found = mp.matrix(n, n)
        for j in range(n):
            moved = function([x + (h if i == j else 0) for i, x in enumerate(logits)])
            for i in range(n):
                found[i, j] = (moved[i] - base[i]) / h
        return found

    def stability(self, policy: Sequence[mp.mpf]) -> Stability:
        """From the eigenvalues of the flow on relative logits."""

        def flow(logits: Sequence[mp.mpf]) -> mp.matrix:
            values = self.flow(_softmax(logits))
            return mp.matrix([v - values[-1] for v in values[:-1]])

        digits, least = mp.mp.dps, min(policy)
        with mp.workdps(digits + 4 * max(0, -int(mp.floor(mp.log10(least))))):
            logits = _logits(policy)
            jacobian = self._jacobian(flow, logits, flow(logits))
            real = [mp.re(e) for e in mp.eig(jacobian, left=False, right=False)]
            # The flow of a rare answer is slow in proportion to its probability.
            small = mp.mpf(10) ** (-(digits // 4)) * least * max(abs(e) for e in real)
        if any(abs(e) <= small for e in real):
            return Stability.DEGENERATE
        if all(e < 0 for e in real):
            return Stability.ATTRACTING
        return Stability.REPELLING if all(e > 0 for e in real) else Stability.SADDLE

    def slope(self, policy: Sequence[mp.mpf]) -> mp.mpf:
        r"""Spectral radius of the best response at a zero of the field.

        With E(o) = β ρ(o) ∂d(o)/∂π(o) (the ``stiffness``; ρ is how ``often`` an answer is
        penalised) and J the derivative of P − β ρ d in the frozen policy that P and ρ see, a move
        ε of that policy moves the response by

        .. math:: \delta(o) = \frac{(J\varepsilon)(o) - \mu}{E(o)}, \qquad
                  \mu = \sum_o \frac{(J\varepsilon)(o)}{E(o)} \Big/ \sum_o \frac{1}{E(o)} .

        Within a class of answers that no group tells apart the response is always in
        proportion to the reference: moves inside classes add eigenvalues 0 only.
        """
        n = len(policy)
        extra = max(0, -int(mp.floor(mp.log10(min(policy)))))
        with mp.workdps(mp.mp.dps + 2 * extra):
            stiffness = [mp.mpf(e) for e in self._stiffness(*policy[:-1])]
            forces, often = self._force(*policy), self._often(*policy[:-1])

            def felt(moved: Sequence[mp.mpf]) -> list[mp.mpf]:
                rates = self._often(*moved[:-1])
                return [
                    p + f * (new / old)
                    for p, f, new, old in zip(
                        self._preference(moved), forces, rates, often, strict=True
                    )
                ]

            weight = mp.fsum(1 / e for e in stiffness)
            matrix = mp.matrix(n - 1, n - 1)
            for j in range(n - 1):
                h = mp.mpf(10) ** (-(mp.mp.dps // 3)) * min(policy[j], policy[-1])
                ends = []
                for side in (h, -h):
                    moved = list(policy)
                    moved[j] += side
                    moved[-1] -= side
                    ends.append(felt(moved))
                push = [(a - b) / (2 * h) for a, b in zip(*ends, strict=True)]
                mean = mp.fsum(p / e for p, e in zip(push, stiffness, strict=True)) / weight
                for o in range(n - 1):
                    matrix[o, j] = (push[o] - mean) / stiffness[o]
            return max(abs(e) for e in mp.eig(matrix, left=False, right=False))

    def residual(self, policy: Sequence[mp.mpf]) -> mp.mpf:
        """A proved upper bound of the largest component of the flow at exactly this policy."""
        bits = 2 * int(mp.mp.prec)
        with flint.ctx.workprec(bits):
            inner = [exact_ball(p) for p in policy[:-1]]
            everyone = [*inner, 1 - sum(inner, flint.arb(0))]
            at = dict(zip((*self.free, self._rest), everyone, strict=True))
            if self.values is not None:
                values = [ball(v, at, bits) for v in self.values]
            else:
                rates = [ball(r, {}, bits) for r in self.rates]
                m = sum((r * p for r, p in zip(rates, everyone, strict=True)), flint.arb(0))
                drift = self.two_level.ball_at(m, bits) * ball(self.factor, at, bits)
                values = [(r - m) * drift for r in rates]
            climb = [v + ball(f, at, bits) for v, f in zip(values, self.forces, strict=True)]
            mean = sum((p * c for p, c in zip(everyone, climb, strict=True)), flint.arb(0))
            return max(upper_bound(p * (c - mean)) for p, c in zip(everyone, climb, strict=True))


def _starts(reference: list[mp.mpf]) -> Iterator[list[mp.mpf]]:
    n, random = len(reference), Random(1)
    yield reference
    for o in range(n):
        yield [r / 20 + (mp.mpf(19) / 20 if i == o else 0) for i, r in enumerate(reference)]
    for _ in range(STARTS - 1):
        draws = [mp.mpf(random.expovariate(1)) + mp.mpf("1e-6") for _ in range(n)]
        yield [d / mp.fsum(draws) for d in draws]


def _logits(policy: Sequence[mp.mpf]) -> list[mp.mpf]:
    return [mp.log(p / policy[-1]) for p in policy[:-1]]


def _softmax(logits: Sequence[mp.mpf]) -> list[mp.mpf]:
    top = max(*logits, mp.mpf(0))
    raw = [mp.exp(x - top) for x in logits] + [mp.exp(-top)]
    total = mp.fsum(raw)
    return [x / total for x in raw]
