r"""Scales: the scalar T(π) of a question on which P(o) − P(o') = (s(o) − s(o')) T(π)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Protocol

from flint import arb, ctx
from sympy import Dummy, Expr, S, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball


class Scale(Protocol):
    """A function of the policy."""

    @property
    def cost(self) -> int:
        """About how many operations the gradient takes."""
        ...

    def value(self, policy: Sequence[arb]) -> arb:
        """T(π)."""
        ...

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        """∂T/∂π(o) up to one constant that is the same for every answer."""
        ...

    @property
    def positive(self) -> bool:
        """Whether T is known to be positive inside the simplex."""
        ...

    def bounds(self) -> tuple[arb, arb] | None:
        """Bounds of T on the whole simplex, where they are known."""
        ...

    def moments(self) -> tuple[Sequence[arb], Sequence[arb]] | None:
        """E[r | o] and Var[r | o] where T = 1/σ, σ² the total variance of the reward."""
        ...


class MassScale:
    """T as a function of m = Σ π(o) s(o), for two reward levels.

    Parameters
    ----------
    rates : sequence of arb
        s(o).
    drift : Bernstein or Expr
        D(m); an expression in ``symbols.x`` for m.
    """

    def __init__(self, rates: Sequence[arb], drift: Bernstein | Expr) -> None:
        self.rates, self.drift = rates, drift
        self._other = Dummy("q", positive=True)
        self._function = drift
        if isinstance(drift, Expr):  # without differences that cancel next to m = 1
            self._function = drift.xreplace({1 - symbols.x: self._other})

    @property
    def cost(self) -> int:
        if isinstance(self.drift, Bernstein):
            return 3 * self.drift.degree
        return 4 * self.drift.count_ops()

    def _masses(self, policy: Sequence[arb]) -> tuple[arb, arb]:
        m = weighted(self.rates, policy)
        q = weighted([1 - s for s in self.rates], policy)
        return _unit(m, 1 - q), _unit(q, 1 - m)

    def value(self, policy: Sequence[arb]) -> arb:
        return self._at(self._function, *self._masses(policy))

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        slope = self._at(self._slope, *self._masses(policy))
        return [slope * s for s in self.rates]

    @cached_property
    def _slope(self) -> Bernstein | Expr:
        function = self._function
        if isinstance(function, Bernstein):
            return function.derivative()
        return diff(function, symbols.x) - diff(function, self._other)

    def _at(self, function: Bernstein | Expr, m: arb, q: arb) -> arb:
        if isinstance(function, Bernstein):
            return function.sum_of(m, q, ctx.prec)
        return ball(function, {symbols.x: m, self._other: q}, ctx.prec)

    @cached_property
    def positive(self) -> bool:
        if isinstance(self.drift, Bernstein):
            return all(s >= 0 for s in self.drift.signs_of_differences(0))
        return sign(self.drift, Domain.of((symbols.x, S.Zero, S.One))) == Sign.POSITIVE

    def bounds(self) -> tuple[arb, arb] | None:
        """A Bernstein polynomial lies between its least and its largest coefficient."""
        if not isinstance(self.drift, Bernstein):
            return None
        heights = [c.enclosure(ctx.prec) for c in self.drift.coefficients]
        return (
            min((arb(h.lower()) for h in heights), key=float),
            max((arb(h.upper()) for h in heights), key=float),
        )

    def moments(self) -> None:
        return None


class SpreadScale:
    """T as a function of σ, the standard deviation of the reward of a drawn answer.

    Parameters
    ----------
    means, variances : sequence of arb
        E[r | o] and Var[r | o]; σ² also has the variance of the means.
    function : Expr
        T in ``symbols.x``, standing for σ.
    """

    def __init__(self, means: Sequence[arb], variances: Sequence[arb], function: Expr) -> None:
        self.means, self.variances = list(means), list(variances)
        self.function, self._slope = function, diff(function, symbols.x)
        self._order = sorted(range(len(self.means)), key=lambda o: self.means[o].mid())
        ordered = [self.means[o] for o in self._order]
        self._gaps = [(b - a).nonnegative_part() for a, b in pairwise(ordered)]

    @property
    def cost(self) -> int:
        return len(self.means) + 4 * self.function.count_ops()

    def _deviation(self, policy: Sequence[arb]) -> arb:
        """From Var = Σ over pairs π(i) π(j) (s(i) − s(j))²: no cancellation near a vertex.

        With the gaps g between means in order, F the mass before a gap and S the mass behind it,
        this is the sum over a of g(a) S(a) (g(a) F(a) + 2 Σ_{b < a} g(b) F(b)).
        """
        ordered = [policy[o] for o in self._order]
        before = list(accumulate(ordered))[:-1]
        behind = list(accumulate(ordered[:0:-1]))[::-1]
        total, reached = weighted(policy, self.variances), arb(0)
        for gap, below, above in zip(self._gaps, before, behind, strict=True):
            rise = gap * below
            total += gap * above * (rise + 2 * reached)
            reached += rise
        low, high = arb(total.lower()), arb(total.upper())
        return (low.sqrt() if low > 0 else arb(0)).union(high.sqrt())

    def value(self, policy: Sequence[arb]) -> arb:
        return ball(self.function, {symbols.x: self._deviation(policy)}, ctx.prec)

    def gradient(self, policy: Sequence[arb]) -> list[arb]:
        deviation = self._deviation(policy)
        slope = ball(self._slope, {symbols.x: deviation}, ctx.prec) / (2 * deviation)
        mean = weighted(policy, self.means)
        return [
            slope * (v + square(s - mean)) for s, v in zip(self.means, self.variances, strict=True)
        ]

    @cached_property
    def positive(self) -> bool:
        return sign(self.function, Domain.of((symbols.x, S.Zero, oo))) == Sign.POSITIVE

    def bounds(self) -> tuple[arb, arb] | None:
        if self.function.has(symbols.x):
            return None
        value = ball(self.function, {}, ctx.prec)
        return value, value

    def moments(self) -> tuple[list[arb], list[arb]] | None:
        return (self.means, self.variances) if self.function == 1 / symbols.x else None


def weighted(weights: Sequence[arb], values: Sequence[arb]) -> arb:
    """Σ w(o) v(o)."""
    return sum((w * v for w, v in zip(weights, values, strict=True)), arb(0))


def square(value: arb) -> arb:
    """A product: a power of a ball around 0 has no enclosure."""
    return (value * value).nonnegative_part()


def _unit(first: arb, second: arb) -> arb:
    both = first.intersection(second) if first.overlaps(second) else first
    return both.nonnegative_part()
