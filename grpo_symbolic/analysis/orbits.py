"""Orbits of the iterated best response: where they settle, proved where that can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, TypeVar

import mpmath as mp
from flint import arb, ctx
from sympy import Expr, Symbol

from grpo_symbolic.analysis.best_response import BestResponse, TwoCycles, two_cycles
from grpo_symbolic.display import cut, plural
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle
from grpo_symbolic.enclosures.log_odds import on_interval
from grpo_symbolic.enclosures.zeros import isolated_on
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions
from grpo_symbolic.stationarity import StationarityCondition

_LONGEST_CYCLE = 64
# Starts in sixths of an interval, and the steps of their orbits.
_PROBES, _STEPS = (1, 3, 5), 200
# An orbit is looked at for a cycle every so many steps.
_LOOK = 50
# Digits to which two limits of orbits are one.
_SAME = 10
# Log-odds within which preimages are looked for, and the intervals that are looked at.
_WINDOW, _CELLS = 60, 400

Label = TypeVar("Label")


class Outcome(StrEnum):
    """Where an iteration settles."""

    FIXED_POINT = "fixed point"
    TWO_CYCLE = "two-cycle"
    LONGER_CYCLE = "longer cycle"
    END = "end of the interval"
    UNDECIDED = "undecided"


@dataclass(frozen=True, repr=False)
class Iteration:
    """An orbit of the best response, and where it goes.

    Attributes
    ----------
    orbit : tuple of mpf
        π(a) at every step, the start first.
    outcome : Outcome
    limit : tuple of mpf
        π(a) in the limit: one policy, or those of a cycle; empty where undecided.
    proved : bool
        Whether the outcome is proved, in ball arithmetic, or only seen on the orbit.
    status : str
        A sentence.
    """

    orbit: tuple[mp.mpf, ...]
    outcome: Outcome
    limit: tuple[mp.mpf, ...]
    proved: bool
    status: str

    def __repr__(self) -> str:
        return f"Iteration({plural(len(self.orbit) - 1, 'step')}: {cut(self.status, 240)})"


class Goal(NamedTuple):
    """What orbits do; limits, in π(a), that agree to some digits are equal."""

    outcome: Outcome
    limit: tuple[mp.mpf, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Goal) or self.outcome != other.outcome:
            return False
        with mp.workdps(_SAME):
            return [+p for p in self.limit] == [+p for p in other.limit]

    def __hash__(self) -> int:
        return hash((self.outcome, len(self.limit)))


@dataclass(frozen=True)
class Motion:
    """The flow and the best response at numbers, with what is known of them; in log-odds.

    Everything is worked out at the precision at which it is first asked for.

    Parameters
    ----------
    condition : StationarityCondition
    point : dict
        An exact number for each of its parameters.
    solutions : Solutions
        The stationary policies there.
    digits : int
        Decimal digits of the numbers.
    """

    condition: StationarityCondition
    point: Mapping[Symbol, Expr]
    solutions: Solutions
    digits: int = 30

    @cached_property
    def field(self) -> ScalarField:
        """F in log-odds: the velocity of the flow."""
        return ScalarField(self.condition, self.point)

    @cached_property
    def response(self) -> BestResponse:
        """The best response in log-odds; ValueError where it is not a single-valued map."""
        return BestResponse(self.field, self.digits + 10)

    @cached_property
    def interior(self) -> tuple[NumericSolution, ...]:
        inside = (s for s in self.solutions if 0 not in s.policy)
        return tuple(sorted(inside, key=lambda s: s.policy[0] / s.policy[1]))

    @cached_property
    def rest(self) -> tuple[mp.mpf, ...]:
        """Where F vanishes, in increasing order: the fixed points of the best response."""
        return tuple(mp.log(s.policy[0] / s.policy[1]) for s in self.interior)

    @cached_property
    def slopes(self) -> tuple[mp.mpf, ...]:
        """The slopes of the best response there."""
        return tuple(map(self.response.slope_at, self.rest))

    @cached_property
    def flow(self) -> tuple[tuple[mp.mpf, mp.mpf, mp.mpf], ...]:
        """The intervals between rest points, each with the end that the flow goes to."""
        ends = pairwise((-mp.inf, *self.rest, mp.inf))
        rises = ((low, high, self.field(between(low, high)) > 0) for low, high in ends)
        return tuple((low, high, high if up else low) for low, high, up in rises)

    @cached_property
    def cycles(self) -> TwoCycles:
        return two_cycles(self.response, self.rest)


# -- one orbit --------------------------------------------------------------------------------


def iterated(motion: Motion, start: mp.mpf, steps: int) -> Iteration:
    """The orbit of log-odds ``start``, until it is known where it settles."""
    response, orbit, exact = motion.response, [start], True
    with ctx.workprec(response.bits):
        x = exact_ball(start)
        for _ in range(steps):
            here = orbit[-1]
            settled = _settled(motion, x, here)
            if settled is not None:
                proved = exact and (settled[0] != Outcome.END or motion.solutions.complete)
                return _iteration(orbit, *settled, proved)
            try:
                x = response(x)
                orbit.append(middle(x))
                exact = exact and not x.rad() > 1e-3
            except Undecided:
                exact = False
                orbit.append(response.at(here))
            if mp.isinf(orbit[-1]):
                return _iteration(orbit, Outcome.END, (orbit[-1],), False)
            if not exact:
                x = exact_ball(orbit[-1])
            if len(orbit) % _LOOK == 0:
                seen = _seen(motion, orbit, x, exact)
                if seen.proved:
                    return seen
        return _by_theory(motion, orbit) or _seen(motion, orbit, x, exact)


def _settled(motion: Motion, x: arb, here: mp.mpf) -> tuple[Outcome, tuple[mp.mpf, ...]] | None:
    """The limit that is certain from this ball of log-odds on."""
    if _escapes(motion, x):
        return Outcome.END, (mp.inf,)
    for place, slope in zip(motion.rest, motion.slopes, strict=True):
        if abs(slope) < 1 and abs(here - place) < 1 and _attracts(motion, x, place, 1):
            return Outcome.FIXED_POINT, (place,)
    for cycle in motion.cycles:
        for place in cycle.places:
            near = abs(cycle.multiplier) < 1 and abs(here - place) < 1
            if near and _attracts(motion, x, place, 2):
                return Outcome.TWO_CYCLE, cycle.places
    return None


def _escapes(motion: Motion, x: arb) -> bool:
    """Beyond the last rest point, where b rises and F > 0, an orbit rises without end."""
    shape = motion.response.shape
    if shape.kind not in ("rising", "valley") or not mp.isinf(motion.flow[-1][2]):
        return False
    turn = -mp.inf if shape.interval is None else shape.interval[1]
    last = max((turn, *motion.rest))
    return mp.isinf(last) or bool(x > exact_ball(last))


def _attracts(motion: Motion, x: arb, place: mp.mpf, order: int) -> bool:
    """Whether a cycle of exactly ``order`` policies near ``place`` attracts the ball x.

    A box around ``place`` that has x is mapped into itself by b applied ``order`` times,
    contracts, and does not meet its images before: it has one point of one such cycle, to
    which everything in it converges.
    """
    response, centre = motion.response, exact_ball(place)
    least = exact_ball(mp.mpf(10) ** (-motion.digits // 2))
    radius = arb((abs(x - centre) * 2).upper()) + least
    start = centre + arb(0, radius)
    box, image, slope = start, centre, arb(1)
    try:
        for step in range(order):
            if step and box.overlaps(start):
                return False
            answer = response(box)
            slope *= response.slope(box, answer)
            box, image = answer, response(image)
    except Undecided:
        return False
    return bool(abs(image - centre) + abs(slope) * radius < radius)


def _seen(motion: Motion, orbit: Sequence[mp.mpf], x: arb, exact: bool) -> Iteration:
    """What the end of an orbit looks like, and whether that can be proved."""
    last, near = orbit[-1], mp.mpf(10) ** (-motion.digits // 3)
    for period in range(1, min(_LONGEST_CYCLE, len(orbit) // 2) + 1):
        if all(abs(orbit[-k] - orbit[-k - period]) < near for k in range(1, period + 1)):
            outcome = (Outcome.FIXED_POINT, Outcome.TWO_CYCLE, Outcome.LONGER_CYCLE)
            limit = tuple(sorted(orbit[-period:])) if period > 1 else (last,)
            proved = exact and _attracts(motion, x, last, period)
            return _iteration(orbit, outcome[min(period, 3) - 1], limit, proved)
    return _iteration(orbit, Outcome.UNDECIDED, (), False)


def _by_theory(motion: Motion, orbit: Sequence[mp.mpf]) -> Iteration | None:
    """The outcome of an orbit of a monotone map that is still on its way."""
    for low, high, goal in monotone_basins(motion) or ():
        if low < orbit[0] < high:
            status = f"{goes_to(*goal)} (proved: the best response is monotone)"
            return Iteration(tuple(map(policy_at, orbit)), goal.outcome, goal.limit, True, status)
    return None


def _iteration(
    orbit: Sequence[mp.mpf], outcome: Outcome, limit: tuple[mp.mpf, ...], proved: bool
) -> Iteration:
    how = "proved in ball arithmetic" if proved else "seen on the orbit, not proved"
    policies = tuple(map(policy_at, limit))
    status = f"{goes_to(outcome, policies)} ({how})"
    return Iteration(tuple(map(policy_at, orbit)), outcome, policies, proved, status)


# -- all orbits -------------------------------------------------------------------------------


def monotone_basins(motion: Motion) -> list[tuple[mp.mpf, mp.mpf, Goal]] | None:
    """Intervals and limits of all orbits where b is monotone; None where that is not proved.

    Where b rises, an orbit goes one way, to the rest point to which F points. Where b falls,
    every other policy of an orbit does so under b(b(·)), whose rest points are those of b and
    the cycles.
    """
    kind = motion.response.shape.kind
    if not motion.solutions.complete or kind not in ("constant", "rising", "falling"):
        return None
    if kind != "falling":
        return [(low, high, _goal(motion, to)) for low, high, to in motion.flow]
    if not motion.cycles.complete:
        return None
    places = sorted((*motion.rest, *(x for c in motion.cycles for x in c.places)))
    pieces = []
    for low, high in pairwise((-mp.inf, *places, mp.inf)):
        x = between(low, high)
        answer = motion.response.at(x)
        again = answer if mp.isinf(answer) else motion.response.at(answer)
        pieces.append((low, high, _goal(motion, high if again > x else low)))
    return pieces


def _goal(motion: Motion, place: mp.mpf) -> Goal:
    """The limit that an orbit of monotone steps towards ``place`` has."""
    for cycle in motion.cycles:
        if place in cycle.places:
            return Goal(Outcome.TWO_CYCLE, (cycle.lower, cycle.upper))
    return Goal(Outcome.END if mp.isinf(place) else Outcome.FIXED_POINT, (policy_at(place),))


def probed_basins(motion: Motion) -> list[tuple[mp.mpf, mp.mpf, Goal]]:
    """The intervals between possible ends of basins, with what a few orbits do."""
    pieces = []
    for low, high in pairwise((-mp.inf, *_separators(motion), mp.inf)):
        inside = (between(low, high, mp.mpf(k) / 6) for k in _PROBES)
        goals = [Goal(i.outcome, i.limit) for i in (iterated(motion, x, _STEPS) for x in inside)]
        agree = all(goal == goals[0] for goal in goals)
        pieces.append((low, high, goals[0] if agree else Goal(Outcome.UNDECIDED, ())))
    return pieces


def _separators(motion: Motion) -> tuple[mp.mpf, ...]:
    """Points that may part two basins, in increasing order."""
    level = [*motion.rest, *(place for c in motion.cycles for place in c.places)]
    found = list(level)
    for _ in range(2):
        level = [x for place in level for x in _preimages(motion.response, place)]
        found += level
    tolerance = mp.mpf(10) ** (-motion.digits // 2)
    kept: list[mp.mpf] = []
    for place in sorted(found):
        if not kept or place - kept[-1] > tolerance:
            kept.append(place)
    return tuple(kept)


def _preimages(response: BestResponse, place: mp.mpf) -> list[mp.mpf]:
    """The log-odds that b takes to ``place``: where the drift is the force there."""
    with ctx.workprec(response.bits):
        force = response.force(exact_ball(place)).value
        places = [arb(-_WINDOW), arb(37) / 128, arb(_WINDOW)]
        found = isolated_on(
            lambda left, right: on_interval(response.drift_function, left, right) - force,
            places,
            _CELLS,
        )
    return [zero.place for zero in found.zeros if zero.sign_left]


# -- places and words -------------------------------------------------------------------------


def policy_at(x: mp.mpf) -> mp.mpf:
    """π(a) at log-odds."""
    if mp.isinf(x):
        return mp.mpf(1) if x > 0 else mp.mpf(0)
    return 1 / (1 + mp.exp(-x))


def between(low: mp.mpf, high: mp.mpf, share: mp.mpf | None = None) -> mp.mpf:
    """A point of an interval of log-odds; a few units beyond a finite end at most."""
    share = mp.mpf(1) / 2 if share is None else share
    if mp.isinf(low) and mp.isinf(high):
        return 8 * (share - mp.mpf(1) / 2)
    if mp.isinf(low):
        return high - 8 * (1 - share)
    if mp.isinf(high):
        return low + 8 * share
    return low + (high - low) * share


def merged(
    pieces: Sequence[tuple[mp.mpf, mp.mpf, Label]],
) -> list[tuple[mp.mpf, mp.mpf, Label]]:
    """Neighbouring intervals with one label as one interval."""
    found: list[tuple[mp.mpf, mp.mpf, Label]] = []
    for low, high, label in pieces:
        if found and found[-1][2] == label:
            found[-1] = (found[-1][0], high, label)
        else:
            found.append((low, high, label))
    return found


def shown(policy: mp.mpf) -> str:
    """A policy with ten digits, from 1 downwards where it is closest to it."""
    if policy in (0, 1):
        return str(int(policy))
    rest = 1 - policy
    return mp.nstr(policy, 10) if rest > mp.mpf(10) ** -6 else f"1 - {mp.nstr(rest, 5)}"


def goes_to(outcome: Outcome, limit: tuple[mp.mpf, ...]) -> str:
    """An outcome as a sentence."""
    numbers = [shown(p) for p in limit]
    if outcome == Outcome.FIXED_POINT:
        return f"the stationary policy {numbers[0]}"
    if outcome == Outcome.END:
        return f"p -> {numbers[0]}"
    if outcome in (Outcome.TWO_CYCLE, Outcome.LONGER_CYCLE):
        return f"a cycle of {len(numbers)} policies: {', '.join(numbers)}"
    return "undecided"
