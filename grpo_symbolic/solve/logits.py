r"""The condition of many answers in relative logits y(o) = log π(o)/π(b), in ball arithmetic.

.. math:: F_o(y) = c_o - c_b, \qquad c_o = P(o \mid \pi) - \beta\, d(\pi_{\mathrm{ref}}(o)/\pi(o)) .

The Krawczyk operator K(X) = m − C F(m) + (I − C F'(X)) (X − m) of a box X with middle m, C close to
the inverse of F'(m), contains all zeros in X; where K(X) lies inside X, there is exactly one.

Notes
-----
Source: R. Krawczyk, Computing 4 (1969) 187-201.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx
from sympy import Expr, Symbol, diff

from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.numeric.balls import ball
from grpo_symbolic.question import Question

__all__ = ["LogitSystem", "proved"]

_STEPS, _CLOSER = 30, 8


@dataclass(frozen=True)
class LogitSystem:
    """F and its derivative on boxes.

    Parameters
    ----------
    policy_symbols : tuple of Symbol
        π(o) of every answer, each a symbol of its own.
    climb : tuple of Expr
        c_o.
    slopes : tuple of tuple of Expr
        Their derivatives.
    base : int
        The answer that all logits are relative to.
    """

    policy_symbols: tuple[Symbol, ...]
    climb: tuple[Expr, ...]
    slopes: tuple[tuple[Expr, ...], ...]
    base: int

    @classmethod
    def of(
        cls,
        algorithm: Algorithm,
        question: Question,
        point: Mapping[Symbol, Expr],
        reference: Sequence[Expr],
    ) -> LogitSystem:
        """At exact numbers for all parameters."""
        preference, often = algorithm.preference(question), algorithm.sampling(question)
        *free, last = question.policy
        own = (*free, Symbol("pi_rest", positive=True))
        climb = [
            (p - algorithm.beta * rate * algorithm.penalty.marginal(r / w))
            .subs(point)
            .xreplace({last: own[-1]})
            for p, rate, r, w in zip(preference, often, reference, own, strict=True)
        ]
        slopes = [tuple(diff(c, s) for s in own) for c in climb]
        return cls(own, tuple(climb), tuple(slopes), len(own) - 1)

    def policy(self, logits: Sequence[arb]) -> list[arb]:
        """π on a box of logits: each mass rises with its own logit and falls with the others."""
        whole = [*logits[: self.base], arb(0), *logits[self.base :]]
        lows, highs = [arb(x.lower()) for x in whole], [arb(x.upper()) for x in whole]
        found = []
        for o in range(len(whole)):
            ends = []
            for own, others in ((lows, highs), (highs, lows)):
                terms = ((x - own[o]).exp() for q, x in enumerate(others) if q != o)
                ends.append(1 / (1 + sum(terms, arb(0))))
            found.append(ends[0].union(ends[1]))
        return found

    def _others(self, values: Sequence[arb]) -> list[arb]:
        return [v for o, v in enumerate(values) if o != self.base]

    def value(self, logits: Sequence[arb]) -> list[arb]:
        at = dict(zip(self.policy_symbols, self.policy(logits), strict=True))
        climb = [ball(c, at, ctx.prec) for c in self.climb]
        return [c - climb[self.base] for c in self._others(climb)]

    def jacobian(self, logits: Sequence[arb]) -> arb_mat:
        """∂F_o/∂y_k = Σ_j ∂F_o/∂π_j π_j (δ_jk − π_k)."""
        policy = self.policy(logits)
        at = dict(zip(self.policy_symbols, policy, strict=True))
        rows = []
        for row in self.slopes:
            terms = [ball(s, at, ctx.prec) * p for s, p in zip(row, policy, strict=True)]
            total = sum(terms, arb(0))
            rows.append(self._others([t - total * p for t, p in zip(terms, policy, strict=True)]))
        last = rows.pop(self.base)
        return arb_mat([[x - y for x, y in zip(row, last, strict=True)] for row in rows])

    def refined(self, logits: Sequence[arb]) -> list[arb]:
        """Newton's steps from a rough zero, without proof."""
        place = [arb(x.mid()) for x in logits]
        n, smallest = len(place), arb(2) ** (40 - ctx.prec)
        for _ in range(_STEPS):
            try:
                inverse = self.jacobian(place).mid().inv().mid()
            except ZeroDivisionError:
                break
            step = inverse * arb_mat(n, 1, self.value(place))
            if not all(x.is_finite() for x in step.entries()):
                break
            place = [arb((x - step[i, 0]).mid()) for i, x in enumerate(place)]
            if all(abs(x) < smallest for x in step.entries()):
                break
        return place


def proved(system: LogitSystem, box: Sequence[arb]) -> list[arb] | None:
    """A small box around the only zero in ``box``; None where that is not proved."""
    n = len(box)
    identity = arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])

    def step(place: Sequence[arb]) -> list[arb] | None:
        slopes = system.jacobian(place)
        try:
            inverse = slopes.mid().inv().mid()
        except ZeroDivisionError:
            return None
        middle = [arb(x.mid()) for x in place]
        shift = inverse * arb_mat(n, 1, system.value(middle))
        widths = arb_mat(n, 1, [arb(0, x.rad()) for x in place])
        image = arb_mat(n, 1, middle) - shift + (identity - inverse * slopes) * widths
        found = [image[i, 0] for i in range(n)]
        return found if all(x.is_finite() for x in found) else None

    image = step(box)
    if image is None:
        return None
    if not all(x.contains_interior(y) for x, y in zip(box, image, strict=True)):
        return None
    for _ in range(_CLOSER):
        closer = step(image)
        if closer is None or not all(
            y.rad() < x.rad() / 2 for x, y in zip(image, closer, strict=True)
        ):
            break
        image = [x.intersection(y) for x, y in zip(image, closer, strict=True)]
    return image
