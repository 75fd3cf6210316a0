r"""Rules whose preference is linear in the policy, by the margins: pairs and Nash learning.

.. math:: c\,(\Gamma \pi)(o) - \beta\, d(\pi_{\mathrm{ref}}(o)/\pi(o)) = \lambda

Γ is antisymmetric, so for two policies with d and d′ the differences of the left sides satisfy
:math:`\beta \sum_o (\pi - \pi')(d - d') = |\sum_o (\pi - \pi')(F - F')|`, F the left sides. The
left one is at least βκ‖π − π'‖², κ = min π_ref for the reverse KL and 1 for the direct KL: what
is left of the equation at a policy bounds its distance from the only solution.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, ctx
from sympy import Expr, S, sqrt

from grpo_symbolic.aggregation.fields import Linear, stationary
from grpo_symbolic.aggregation.lottery import Lottery, as_arb
from grpo_symbolic.aggregation.rule import Setting

_POLISHED = 12
# More answers are not looked at for a closed form.
_CLOSED = 2


def skew_lottery(
    answers: tuple[str, ...],
    margins: list[list[Fraction]],
    setting: Setting,
    reverse: bool,
    scale: Fraction = Fraction(1),
    self_bonus: Fraction = Fraction(0),
) -> Lottery:
    """The stationary policy, exact for two answers and the reverse KL, else enclosed.

    Parameters
    ----------
    margins : list of lists of Fraction
    scale : Fraction
        c.
    self_bonus : Fraction
        Added to the diagonal: what worst-case margins come to. With one below βκ the equation
        has one solution still.
    """
    reference, beta = setting.reference, setting.beta
    n = len(answers)
    if n == _CLOSED and reverse and not self_bonus:
        weight = beta / scale
        return Lottery(answers, _two(margins[0][1], weight, reference[0]), "closed form")
    matrix = float(scale) * np.array([[float(v) for v in row] for row in margins])
    matrix += float(self_bonus) * np.eye(n)
    rough = stationary(
        Linear(matrix[None], np.zeros((1, n))),
        reverse,
        np.array([float(beta)]),
        np.array([[float(r) for r in reference]]),
    )[0]
    kappa = (min(reference) if reverse else Fraction(1)) * beta - self_bonus
    if np.isnan(rough).any() or kappa <= 0:
        raise ValueError(
            "no stationary policy was found from this reference"
            if kappa > 0
            else "margins as uncertain as this may have several stationary policies at this weight"
        )
    with ctx.workprec(int(setting.digits * 3.33) + 120):
        system = _Refinement(margins, (scale, self_bonus), reference, beta, reverse)
        policy, radius = system.enclosed([arb(float(p)) for p in rough], as_arb(kappa))
        values = tuple(arb(p.mid(), radius) for p in policy)
    within = f", within {float(radius):.1e}" if float(radius) else ""
    return Lottery(answers, values, f"the only stationary policy{within}")


def _two(margin: Fraction, weight: Fraction, share: Fraction) -> tuple[Expr, Expr]:
    """The root in (0, 1) of β (p − p₀) = γ p (1 − p)."""
    g, b, p0 = map(S, (margin, weight, share))
    if not g:
        return p0, 1 - p0
    roots = ((g - b + sign * sqrt((g - b) ** 2 + 4 * g * b * p0)) / (2 * g) for sign in (1, -1))
    root = next(r for r in roots if 0 < r < 1)
    return root.expand(), (1 - root).expand()


class _Refinement:
    """Newton's method in ball arithmetic, in π itself."""

    def __init__(
        self,
        margins: list[list[Fraction]],
        factors: tuple[Fraction, Fraction],
        reference: tuple[Fraction, ...],
        beta: Fraction,
        reverse: bool,
    ) -> None:
        n, (scale, bonus) = len(reference), factors
        known = {v: as_arb(v) for v in {v for row in margins for v in row}}
        self.matrix = arb_mat(n, n, [known[v] for row in margins for v in row]) * as_arb(scale)
        for o in range(n):
            self.matrix[o, o] = as_arb(bonus)
        self.reference = [as_arb(r) for r in reference]
        self.beta, self.reverse = as_arb(beta), reverse

    def sides(self, policy: list[arb]) -> list[arb]:
        """c Γ π − β d."""
        climb = (self.matrix * arb_mat(len(policy), 1, policy)).entries()
        pairs = zip(policy, self.reference, strict=True)
        force = [1 - r / p if self.reverse else (p / r).log() for p, r in pairs]
        return [c - self.beta * f for c, f in zip(climb, force, strict=True)]

    def _step(self, policy: list[arb]) -> list[arb]:
        n = len(policy)
        stiff = [
            self.beta * (r / p**2 if self.reverse else 1 / p)
            for p, r in zip(policy, self.reference, strict=True)
        ]
        rows = [[-v for v in row] + [arb(1)] for row in self.matrix.mid().tolist()]
        for o in range(n):
            rows[o][o] += stiff[o].mid()
        whole = arb_mat([*rows, [arb(1)] * n + [arb(0)]])
        right = [*(v.mid() for v in self.sides(policy)), (1 - sum(policy, arb(0))).mid()]
        moved = whole.solve(arb_mat(n + 1, 1, right), algorithm="approx").entries()
        return [(p + m).mid() for p, m in zip(policy, moved[:n], strict=True)]

    def enclosed(self, policy: list[arb], kappa: arb) -> tuple[list[arb], arb]:
        """A policy and a bound of its distance from the solution."""
        best, bound = policy, self._bound(policy, kappa)
        for _ in range(_POLISHED):
            policy = self._step(best)
            if not all(p > 0 for p in policy):
                break
            total = sum(policy, arb(0))
            policy = [(p / total).mid() for p in policy]
            found = self._bound(policy, kappa)
            if not found < bound / 16:
                break
            best, bound = policy, found
        return best, bound

    def _bound(self, policy: list[arb], kappa: arb) -> arb:
        """‖F − mean‖/κ at the policy whose largest probability is what the others leave."""
        largest = max(range(len(policy)), key=lambda o: float(policy[o]))
        off = 1 - sum(policy, arb(0))
        whole = list(policy)
        whole[largest] += off
        sides = self.sides(whole)
        mean = sum(sides, arb(0)) / len(sides)
        # At the solution these are balls around 0, which have no power and no root.
        square = sum(((s - mean) * (s - mean) for s in sides), arb(0))
        return arb((square.abs_upper().sqrt() / kappa + abs(off)).abs_upper())
