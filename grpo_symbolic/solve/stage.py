r"""Second-order status: what a stationary policy is for the frozen stage objective.

With π_old frozen at the policy the stage objective R − β·penalty has the diagonal second
derivative −β c(o), c(o) the curvature of the penalty, and only directions with Σ δ(o) = 0 are
open to it. The signs of the form Σ c(o) δ(o)² on those directions follow from the signs of the
c(o) and of Σ 1/c(o): bordering a diagonal matrix with ones adds one positive and one negative
eigenvalue, and its Schur complement is −Σ 1/c(o).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mpmath as mp
from flint import arb
from sympy import Dummy, Expr, Symbol

from grpo_symbolic.enclosures.balls import balls
from grpo_symbolic.enclosures.conversion import exact_ball
from grpo_symbolic.solve.solutions import Stage
from grpo_symbolic.stationarity import StationarityCondition


def stage_at(
    condition: StationarityCondition, point: Mapping[Symbol, Expr], policy: Sequence[mp.mpf]
) -> Stage:
    """The stage status of a policy at numbers for all other symbols of the condition."""
    *free, last = condition.policy
    rest = Dummy("rest", positive=True)
    at = dict(zip((*free, rest), map(exact_ball, policy), strict=True))
    curvatures = [c.xreplace({last: rest}).xreplace(point) for c in condition.curvature]
    return stage_of(balls(curvatures, at, 2 * int(mp.mp.prec)))


def stage_of(curvatures: Sequence[arb]) -> Stage:
    """The stage status from balls around the curvatures c(o), one an answer.

    Returns
    -------
    Stage
        DEGENERATE where some sign is zero, or cannot be told from zero.
    """
    negative = sum(1 for c in curvatures if c < 0)
    positive = sum(1 for c in curvatures if c > 0)
    flat = len(curvatures) - negative - positive
    if flat > 1:
        return Stage.DEGENERATE
    if flat == 0:
        total = sum((1 / c for c in curvatures), arb(0))
        if total.contains(0):
            return Stage.DEGENERATE
        negative, positive = negative - int(total < 0), positive - int(total > 0)
    # With one flat answer the others are free, and it takes up what they leave.
    if negative and positive:
        return Stage.SADDLE
    return Stage.MINIMUM if negative else Stage.MAXIMUM
