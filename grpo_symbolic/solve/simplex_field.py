"""The projected gradient of a question with many answers, at numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import flint
import mpmath as mp
from sympy import Expr, Symbol, lambdify

from grpo_symbolic.inputs import exact_number
from grpo_symbolic.numeric.balls import ball, exact_ball, upper_bound
from grpo_symbolic.question import Question
from grpo_symbolic.solve.solutions import Stability
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["STARTS", "SimplexField", "number"]

#: Newton starts beside one near each answer: the reference and random policies.
STARTS = 8
_STEPS = 60


def number(value: Expr) -> mp.mpf:
    """An exact number at the working precision."""
    value = exact_number("value", value, "a number")
    if value.is_Rational:
        return mp.mpf(value.p) / value.q
    return mp.mpf(str(value.evalf(mp.mp.dps + 10)))


class SimplexField:
    """The projected gradient of many answers at numbers."""

    def __init__(
        self, condition: StationarityCondition, question: Question, point: dict[Symbol, Expr]
    ) -> None:
        self.free = question.policy[:-1]
        model = condition.preference
        known = None if model.two_level is None else model.two_level.at(point)
        self.two_level = known.exact_drift if known is not None and known.zero_sum else None
        self.rates = tuple(w.subs(point) for w in model.weights)
        self.factor = model.factor.subs(point)
        forces = [-(condition.beta * d).subs(point) for d in condition.marginal]
        self.forces = forces
        self.values = None
        if self.two_level is None:
            self.values = [v.subs(point) for v in model]
        names = list(self.free)
        self._force = lambdify(names, forces, "mpmath")
        self._factor = lambdify(names, self.factor, "mpmath")
        self._value = None if self.values is None else lambdify(names, self.values, "mpmath")

    def climb(self, policy: Sequence[mp.mpf]) -> list[mp.mpf]:
        """P(o) − β d(o) for every answer."""
        inner = policy[:-1]
        forces = self._force(*inner)
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

    def newton(self, reference: list[mp.mpf]) -> list[tuple[mp.mpf, ...]]:
        """Zeros reached from the reference, from near each vertex and from random policies."""
        found: list[tuple[mp.mpf, ...]] = []
        for start in _starts(reference):
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
        return found

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

        logits = _logits(policy)
        jacobian = self._jacobian(flow, logits, flow(logits))
        real = [mp.re(e) for e in mp.eig(jacobian, left=False, right=False)]
        small = mp.mpf(10) ** (-(mp.mp.dps // 4)) * max(abs(e) for e in real)
        if any(abs(e) <= small for e in real):
            return Stability.DEGENERATE
        if all(e < 0 for e in real):
            return Stability.ATTRACTING
        return Stability.REPELLING if all(e > 0 for e in real) else Stability.SADDLE

    def residual(self, policy: Sequence[mp.mpf]) -> mp.mpf:
        """A proved upper bound of the largest component of the flow at exactly this policy."""
        bits = 2 * int(mp.mp.prec)
        with flint.ctx.workprec(bits):
            inner = [exact_ball(p) for p in policy[:-1]]
            everyone = [*inner, 1 - sum(inner, flint.arb(0))]
            at = dict(zip(self.free, inner, strict=True))
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
