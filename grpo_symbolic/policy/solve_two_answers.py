"""Every stationary policy of two answers at exact numbers: inside (0, 1), and at its ends."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath as mp
from sympy import Expr, Integer, Symbol, nan, oo, zoo

from grpo_symbolic import symbols
from grpo_symbolic.enclosures.zeros import Zero
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions, Stability, Stage
from grpo_symbolic.solve.stage import stage_at
from grpo_symbolic.stationarity import StationarityCondition

_KIND = {1: Stability.ATTRACTING, -1: Stability.REPELLING, 0: Stability.DEGENERATE}
# Operations of one search, for each member of a group.
_OF_A_MEMBER = 30_000


def operations_of_two(algorithm: Algorithm) -> int:
    """About what one search costs, in what an allowance of exact rows counts."""
    size = algorithm.group_size
    return _OF_A_MEMBER * int(size) if size is not None and size.is_Integer else _OF_A_MEMBER


def solutions_of_two(
    condition: StationarityCondition,
    margin: Expr | None,
    point: Mapping[Symbol, Expr],
    digits: int,
) -> Solutions:
    """The zeros of the projected gradient F, and the vertices where a policy stays.

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.
    margin : Expr or None
        Its confidence margin.
    point : mapping
        Exact numbers for all symbols of the condition.
    digits : int
        Decimal digits wanted.
    """
    reference = point[symbols.pi_ref]
    margin = point.get(margin, margin) if margin is not None else None
    with mp.workdps(digits + 25):
        if margin == 0:
            first = mp.mpf(reference.p) / reference.q
            stage = stage_at(condition, point, (first, 1 - first))
            return Solutions(
                (NumericSolution.at(reference, Stability.ATTRACTING, stage),),
                "margin 0: no answer is preferred, so the policy stays at the reference",
            )
        if reference in (0, 1):
            return _at_the_boundary(condition, point, reference)
        field = ScalarField(condition, point)
        if field.still:
            return Solutions((), "every policy is stationary: nothing moves it", False)
        isolation = field.isolated()
        found = tuple(_solution(field, root) for root in isolation.zeros)
        clipped = _clipped(condition, isolation.ends)
        how = "number established" if isolation.complete else "number not established"
        noun = "solution" if len(found) == 1 else "solutions"
        status = f"{len(found)} interior {noun} ({how}: {isolation.reason})"
        if clipped:
            weak = condition.penalty.link_range[0].is_finite
            status += (
                "; at the boundary the penalty is too weak to hold the drift: one answer is "
                "given up"
                if weak
                else "; an answer that is rare enough is driven out by the penalty itself"
            )
        return Solutions((*found, *clipped), status, isolation.complete)


def places_of_two(
    condition: StationarityCondition, point: Mapping[Symbol, Expr], digits: int
) -> tuple[mp.mpf, ...]:
    """π(a) of every policy that :func:`solutions_of_two` finds inside the simplex of numbers."""
    with mp.workdps(digits + 25):
        field = ScalarField(condition, point)
        if field.still:
            return ()
        isolation = field.isolated()
        inside = (1 / (1 + mp.exp(-zero.place)) for zero in isolation.zeros)
        return (*inside, *(s.policy[0] for s in _clipped(condition, isolation.ends)))


def _at_the_boundary(
    condition: StationarityCondition, point: Mapping[Symbol, Expr], reference: Expr
) -> Solutions:
    """π_ref(a) is 0 or 1: one answer is never given, and stays so."""
    left, right = condition.contrast().args
    field = ScalarField(condition, point)
    if (left - right).subs(point).has(nan, zoo, oo, -oo):
        fixed = NumericSolution.at(reference, Stability.ATTRACTING, Stage.MAXIMUM)
        return Solutions((fixed,), _boundary_status(fixed, 0))
    isolation = field.isolated()
    inside = tuple(_solution(field, root) for root in isolation.zeros)
    # The flow leaves the boundary when F points inwards there.
    fixed = _at_vertex(
        reference, mp.mpf(isolation.ends[0] if reference == 0 else -isolation.ends[1])
    )
    status = _boundary_status(fixed, len(inside))
    return Solutions((fixed, *inside), status, isolation.complete)


def _boundary_status(fixed: NumericSolution, inside: int) -> str:
    answer = "a" if fixed.policy[0] == 0 else "b"
    sentence = (
        f"the reference never gives answer {answer}, which is then never sampled: the policy "
        "stays there"
    )
    if inside:
        sentence += "; the further solution is the limit as its reference probability tends to 0"
    return sentence


def _solution(field: ScalarField, root: Zero) -> NumericSolution:
    """A zero of F as a policy: the flow is towards it when F falls through it."""
    x = root.place
    policy = (1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x)))
    kind, stage = _KIND[root.sign_left], stage_at(field.condition, field.point, policy)
    # Without a monotone penalty the best response to a frozen policy need not be unique.
    slope = field.slope(x) if field.condition.penalty.monotone else None
    interval = tuple(1 / (1 + mp.exp(-end)) for end in root.interval)
    return NumericSolution(policy, kind, field.residual(x), stage, slope, interval)


def _clipped(
    condition: StationarityCondition, ends: tuple[int, int]
) -> tuple[NumericSolution, ...]:
    """Vertices at which one answer is given up, or driven out, for good.

    There d does not tend to −∞, the constraint π(o) >= 0 is active, and the first-order condition
    is an inequality: F must not point inwards.
    """
    if condition.penalty.holds_every_answer:
        return ()
    outwards = ((0, -ends[0]), (1, ends[1]))
    return tuple(_at_vertex(Integer(v), mp.mpf(-1)) for v, sign in outwards if sign > 0)


def _at_vertex(first: Expr, inwards: mp.mpf) -> NumericSolution:
    """A vertex as a solution, from the sign of F into the simplex there.

    The stage objective, frozen at the vertex, has F as its slope.
    """
    sign = int(mp.sign(inwards))
    stage = {1: Stage.MINIMUM, -1: Stage.MAXIMUM, 0: Stage.DEGENERATE}[sign]
    return NumericSolution.at(first, _KIND[-sign], stage)
