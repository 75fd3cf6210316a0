r"""Dynamics of a binary question: the policy-gradient flow and the iterated best response.

On softmax logits the flow of p = π(a) is :math:`\dot p = p(1-p)\,F(p)`, F = D − β·force, and in
log-odds x it is :math:`\dot x = F`. The iteration is :math:`p_{n+1} = b(p_n)`, with b the
:class:`BestResponse`. Both rest where F = 0, and there
:math:`F' = \beta\,\mathrm{force}'\,(b' - 1)`: a stationary policy attracts the flow where the
slope b′ is below 1, and the iteration where :math:`|b'| < 1`. Below −1 the iteration flips
from side to side, towards a cycle of two policies or of more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath as mp
from flint import arb, ctx
from sympy import Expr, Symbol

from grpo_symbolic.analysis.best_response import BestResponse, Leaves, middle
from grpo_symbolic.display import Html, cut, grid, lines, plural, record, short
from grpo_symbolic.inputs import parameter
from grpo_symbolic.enclosures.conversion import exact_ball
from grpo_symbolic.solve.roots import bracketed
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["Basin", "Dynamics", "Iteration", "Outcome", "TwoCycle", "TwoCycles", "dynamics"]

# Log-odds within which cycles of an unbounded map are sought where no bound is proved.
_WINDOW = 60
# Cells of the scan that takes over where the isolation does not end.
_CELLS = 400
_MOST_BOXES = 3000
_LONGEST_CYCLE = 64
_PROBES = (1, 3, 5)
_STEPS = 200
# An orbit is looked at for a cycle every so many steps.
_LOOK = 50
# Digits to which two limits of orbits are one.
_SAME = 10


class Outcome(StrEnum):
    """Where an iteration settles."""

    FIXED_POINT = "fixed point"
    TWO_CYCLE = "two-cycle"
    LONGER_CYCLE = "longer cycle"
    END = "end of the interval"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class TwoCycle:
    """Two policies that are each other's best response.

    Attributes
    ----------
    lower, upper : mpf
        π(a), lower < upper.
    multiplier : mpf
        b′(lower) · b′(upper): the cycle attracts where its absolute value is below 1.
    """

    lower: mp.mpf
    upper: mp.mpf
    multiplier: mp.mpf

    @property
    def attracting(self) -> bool:
        return abs(self.multiplier) < 1

    def __repr__(self) -> str:
        return f"TwoCycle({self})"

    def __str__(self) -> str:
        ends = " <-> ".join(mp.nstr(end, 10) for end in (self.lower, self.upper))
        kind = "attracting" if self.attracting else "not attracting"
        return f"pi(a) = {ends}: {kind}, multiplier {mp.nstr(self.multiplier, 4)}"


@dataclass(frozen=True)
class TwoCycles:
    """The cycles of two policies, in increasing order of the lower one.

    Attributes
    ----------
    found : tuple of TwoCycle
    complete : bool
        Whether it is proved that there are no others.
    status : str
        A sentence: how many, and how that is known.
    """

    found: tuple[TwoCycle, ...]
    complete: bool
    status: str

    def __iter__(self) -> Iterator[TwoCycle]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return lines(f"TwoCycles: {cut(self.status, 200)}", map(str, self.found), most=3)

    def _repr_html_(self) -> Html:
        rows = (
            (mp.nstr(c.lower, 15), mp.nstr(c.upper, 15), mp.nstr(c.multiplier, 6))
            for c in self.found
        )
        return grid(self.status, ("pi(a)", "and pi(a)", "multiplier"), rows)


@dataclass(frozen=True)
class Basin:
    """An interval of starting policies with one outcome, single points inside it apart.

    Attributes
    ----------
    lower, upper : mpf
        Ends of the interval in π(a).
    limit : tuple of mpf
        π(a) in the limit: one policy, or the two of a cycle; empty where undecided.
    outcome : str
        A sentence.
    proved : bool
        Whether the outcome is proved for all but single starts (repelling policies and what
        is mapped onto them); otherwise a few starts have been tried.
    """

    lower: mp.mpf
    upper: mp.mpf
    limit: tuple[mp.mpf, ...]
    outcome: str
    proved: bool = False

    def __contains__(self, policy: Any) -> bool:
        return bool(self.lower < policy < self.upper)

    def __str__(self) -> str:
        ends = (_shown(end) for end in (self.lower, self.upper))
        return f"({', '.join(ends)}): {self.outcome}"

    def __repr__(self) -> str:
        return f"Basin({self}{', proved' if self.proved else ''})"


@dataclass(frozen=True)
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


class _Goal(NamedTuple):
    """What orbits do; limits that agree to some digits are equal."""

    outcome: Outcome
    limit: tuple[mp.mpf, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Goal) or self.outcome != other.outcome:
            return False
        with mp.workdps(_SAME):
            return [+p for p in self.limit] == [+p for p in other.limit]

    def __hash__(self) -> int:
        return hash((self.outcome, len(self.limit)))


@dataclass(frozen=True)
class _Cycle:
    """A two-cycle in log-odds, with its multiplier."""

    low: mp.mpf
    high: mp.mpf
    multiplier: mp.mpf


@dataclass(frozen=True)
class Dynamics:
    """The flow and the iteration of a binary question at numbers.

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

    def __repr__(self) -> str:
        at = ", ".join(f"{s} = {short(v, 40)}" for s, v in self.point.items())
        return lines(f"Dynamics at {at}:", map(str, self.solutions), most=4)

    def _repr_html_(self) -> Html:
        at = ", ".join(f"{s} = {short(v, 40)}" for s, v in self.point.items())
        more = ".flow_basins(), .iteration_basins(), .two_cycles(), .iterate(start)"
        head = record("Dynamics", [("at", at), ("see", more)])
        return Html(f"{head}{self.solutions._repr_html_()}")

    @cached_property
    def field(self) -> ScalarField:
        """F in log-odds: the velocity of the flow."""
        return ScalarField(self.condition, self.point)

    @cached_property
    def response(self) -> BestResponse:
        """The best response in log-odds; ValueError where it is not a single-valued map."""
        return BestResponse(self.field, self.digits + 10)

    # -- the map ------------------------------------------------------------------------

    def best_response(self, policy: Any) -> mp.mpf:
        """b(p): π(a) of the maximiser of the stage problem whose sampling policy is p.

        Parameters
        ----------
        policy : number
            p in (0, 1); decimals in text are read exactly.

        Raises
        ------
        ValueError
            For p outside (0, 1), and where the best response is not unique.
        """
        with mp.workdps(self.digits + 10):
            return _policy(self.response.at(_interior(policy)))

    def slope(self, policy: Any) -> mp.mpf:
        """b′(p) = D′(p) / (β force′(b(p))).

        Raises
        ------
        ValueError
            As for :meth:`best_response`, and where b(p) is a vertex.
        """
        with mp.workdps(self.digits + 10), ctx.workprec(self.response.bits):
            x = _interior(policy)
            y = self.response.at(x)
            if mp.isinf(y):
                raise ValueError("the best response is a vertex there and has no slope")
            # From log-odds back to policies: dp = p (1 - p) dx on either side.
            return self._slope(x) * _variance(y) / _variance(x)

    def _slope(self, x: mp.mpf) -> mp.mpf:
        """The derivative in log-odds."""
        answer = exact_ball(self.response.at(x))
        return middle(self.response.slope(exact_ball(x), answer))

    @cached_property
    def fixed_points(self) -> tuple[NumericSolution, ...]:
        """The interior stationary policies, in increasing π(a), each with its slope b′."""
        with mp.workdps(self.digits + 10), ctx.workprec(self.response.bits):
            return tuple(
                replace(s, slope=self._slope(x))
                for x, s in zip(self._rest, self._interior_solutions, strict=True)
            )

    @cached_property
    def _interior_solutions(self) -> tuple[NumericSolution, ...]:
        inside = (s for s in self.solutions if 0 not in s.policy)
        return tuple(sorted(inside, key=lambda s: s.policy[0] / s.policy[1]))

    @cached_property
    def _counted(self) -> bool:
        """Whether the number of stationary policies is proved."""
        return self.field.isolated().complete

    @cached_property
    def _rest(self) -> tuple[mp.mpf, ...]:
        """The log-odds at which F vanishes."""
        return tuple(mp.log(s.policy[0] / s.policy[1]) for s in self._interior_solutions)

    # -- the flow -------------------------------------------------------------------------

    def flow_basins(self) -> tuple[Basin, ...]:
        """Where the policy-gradient flow goes from every start, by the sign of F.

        Returns
        -------
        tuple of Basin
            In increasing order. An end that attracts without being stationary is said to be
            ``not reached``, or reached in finite time where F grows exponentially in log-odds
            (large groups, whose drift is unbounded).
        """
        with mp.workdps(self.digits + 10):
            return tuple(
                Basin(
                    _policy(low), _policy(high), (_policy(to),), self._flows_to(to), self._counted
                )
                for low, high, to in _merged(self._flow())
            )

    def _flow(self) -> list[tuple[mp.mpf, mp.mpf, mp.mpf]]:
        """The intervals between rest points, in log-odds, with the end that the flow goes to."""
        pieces = []
        for low, high in pairwise((-mp.inf, *self._rest, mp.inf)):
            rises = self.field(_between(low, high)) > 0
            pieces.append((low, high, high if rises else low))
        return pieces

    def _flows_to(self, place: mp.mpf) -> str:
        if not mp.isinf(place):
            return f"the stationary policy {_short(place)}"
        end = 1 if place > 0 else 0
        if any(s.policy[0] == end for s in self.solutions):
            return f"p -> {end}, a stationary policy"
        # dx/dt = F: the log-odds are infinite at a finite time when F grows exponentially.
        far = mp.mpf(1000)
        if abs(self.field(mp.sign(place) * far)) > far**10:
            return f"p -> {end} (in finite time, and not stationary)"
        return f"p -> {end} (not reached)"

    # -- cycles -----------------------------------------------------------------------------

    @cached_property
    def _cycles(self) -> tuple[tuple[_Cycle, ...], bool, str]:
        """The two-cycles in log-odds, whether they are all, and how that is known."""
        shape = self.response.shape
        with mp.workdps(self.digits + 10), ctx.workprec(self.response.bits):
            if shape.kind in ("constant", "rising"):
                return (), True, f"the best response is {shape.kind}, which excludes cycles"
            try:
                span = self._falling_span()
            except Leaves as stop:
                return (*self._scanned(str(stop)),)
            if span is None:
                return (*self._scanned("the turning points of the drift are not proved"),)
            low, high = span
            if low >= high:
                return (), True, "after one step the best response rises, which excludes cycles"
            try:
                return self._isolated(low, high), True, "isolated in ball arithmetic"
            except Leaves as stop:
                return (*self._scanned(str(stop)),)

    def _falling_span(self) -> tuple[mp.mpf, mp.mpf] | None:
        """An interval on which b falls, and in which every two-cycle has a point.

        On a piece where b rises there is no cycle: one of its points lies where b falls. A
        cycle's points are values of b, of which the turning point (or an end) is the extreme.
        """
        shape = self.response.shape
        if shape.kind in ("valley", "hill") and shape.turn is not None:
            margin = self.response.margin
            low, high = shape.turn - margin, shape.turn + margin
            around = self.response(exact_ball(low).union(exact_ball(high)))
            if shape.kind == "valley":
                return _end(around, -1), high
            return low, _end(around, 1)
        if shape.kind == "falling" and len(self._rest) == 1:
            end = self.response.answer(self.response.at_certainty())
            return _end(end, -1), self._rest[0] + mp.mpf(10) ** (5 - self.digits)
        return None

    def _isolated(self, low: mp.mpf, high: mp.mpf) -> tuple[_Cycle, ...]:
        """Every two-cycle with a point in [low, high], b falling there.

        The zeros of b(b(x)) − x: a box is dropped where no value is 0, settled where the
        derivative has one sign, and halved otherwise.

        Raises
        ------
        Leaves
            When some box is never settled, as where two cycles meet.
        """
        boxes, found, seen = [(low, high)], [], 0
        smallest = (high - low) * mp.mpf(10) ** -9
        while boxes:
            left, right = boxes.pop()
            seen += 1
            if seen > _MOST_BOXES or right - left < smallest:
                raise Leaves("two policies of a cycle nearly coincide")
            settled = self._settled(left, right)
            if settled is None:
                # Not in the middle, where symmetric problems have their roots.
                cut = left + (right - left) * mp.mpf(37) / 75
                boxes += [(left, cut), (cut, right)]
            elif settled:
                found.append(self._refined(left, right))
        return _distinct(found)

    def _settled(self, left: mp.mpf, right: mp.mpf) -> bool | None:
        """Whether [left, right] has a point of a cycle; None where that is not seen yet."""
        box = exact_ball(left).union(exact_ball(right))
        centre = exact_ball((left + right) / 2)
        try:
            first = self.response(box)
            second = self.response(first)
        except Leaves:  # the box is too wide for its image to be bounded
            return None
        slope = self.response.slope(box, first) * self.response.slope(first, second) - 1
        value = self._return(centre) + slope * (box - centre)
        if not (value.contains(0) and (second - box).contains(0)):
            return False
        if slope.contains(0):
            return None
        ends = [self._return(exact_ball(end)) for end in (left, right)]
        if any(end.contains(0) for end in ends):
            return None
        if (ends[0] > 0) == (ends[1] > 0):
            return False
        # One zero. It is a fixed point exactly where b(x) - x changes its sign as well.
        steps = [self.response(exact_ball(end)) - exact_ball(end) for end in (left, right)]
        if any(step.contains(0) for step in steps):
            return None
        return (steps[0] > 0) == (steps[1] > 0)

    def _return(self, x: arb) -> arb:
        """b(b(x)) − x."""
        return self.response(self.response(x)) - x

    def _twice(self, x: mp.mpf) -> mp.mpf:
        answer = self.response.at(x)
        return mp.sign(answer) * mp.inf if mp.isinf(answer) else self.response.at(answer) - x

    def _refined(self, left: mp.mpf, right: mp.mpf) -> _Cycle:
        sign = int(mp.sign(self._twice(left)))
        x = bracketed(self._twice, left, right, sign)
        y = self.response.at(x)
        return _Cycle(min(x, y), max(x, y), self._slope(x) * self._slope(y))

    def _scanned(self, why: str) -> tuple[tuple[_Cycle, ...], bool, str]:
        """Sign changes of b(b(x)) − x on a grid: nothing is proved of their number."""
        found = []
        width = mp.mpf(2 * _WINDOW) / _CELLS
        # Off the centre, so that a symmetric problem's roots are not on the grid.
        grid = [width * (k - _CELLS // 2 + mp.mpf(37) / 75) for k in range(_CELLS)]
        for left, right in pairwise(grid):
            steps = [self.response.at(x) - x for x in (left, right)]
            ends = [self._twice(x) for x in (left, right)]
            if any(mp.isinf(v) for v in (*steps, *ends)) or ends[0] * ends[1] >= 0:
                continue
            if steps[0] * steps[1] > 0:
                found.append(self._refined(left, right))
        return _distinct(found), False, f"located on a grid: {why}"

    def two_cycles(self) -> TwoCycles:
        """Pairs of policies that are each other's best response.

        Returns
        -------
        TwoCycles
            With a sentence that says whether the number is proved. A best response that rises
            has none.
        """
        cycles, complete, how = self._cycles
        with mp.workdps(self.digits + 10):
            found = tuple(TwoCycle(_policy(c.low), _policy(c.high), c.multiplier) for c in cycles)
        noun = "cycle" if len(found) == 1 else "cycles"
        known = "number established" if complete else "number not established"
        return TwoCycles(found, complete, f"{len(found)} {noun} of two policies ({known}: {how})")

    # -- the iteration ------------------------------------------------------------------------

    def iterate(self, start: Any = None, steps: int = 500) -> Iteration:
        """The iterated best response from a policy.

        Parameters
        ----------
        start : number, optional
            π(a) in (0, 1); the reference unless given.
        steps : int
            At most this many.

        Returns
        -------
        Iteration
            The outcome is proved when the orbit, in ball arithmetic, enters an interval around
            its limit on which the map (or, for a cycle, its square) contracts, or one on which
            it rises for good. Otherwise it is what was seen on the orbit.
        """
        policy = self.response.reference if start is None else start
        with mp.workdps(self.digits + 10):
            return self._iterated(_interior(policy), steps)

    def _iterated(self, start: mp.mpf, steps: int) -> Iteration:
        with ctx.workprec(self.response.bits):
            x, orbit, exact = exact_ball(start), [start], True
            for _ in range(steps):
                here = orbit[-1]
                limit = self._settles(x, here)
                if limit is not None:
                    proved = exact and (limit[0] != Outcome.END or self._counted)
                    return _iteration(orbit, *limit, proved)
                try:
                    x = self.response(x)
                    orbit.append(middle(x))
                    if x.rad() > 1e-3:
                        exact = False
                except Leaves:
                    exact = False
                    orbit.append(self.response.at(here))
                if mp.isinf(orbit[-1]):
                    return _iteration(orbit, Outcome.END, (orbit[-1],), False)
                if not exact:
                    x = exact_ball(orbit[-1])
                if len(orbit) % _LOOK == 0:
                    seen = self._seen(orbit, x, exact)
                    if seen.proved:
                        return seen
            return self._by_theory(orbit) or self._seen(orbit, x, exact)

    def _by_theory(self, orbit: list[mp.mpf]) -> Iteration | None:
        """The outcome of an orbit of a monotone map that is still on its way."""
        for low, high, goal in self._monotone_orbits or ():
            if low < orbit[0] < high:
                status = f"{_goes_to(*goal)} (proved: the best response is monotone)"
                policies = tuple(map(_policy, orbit))
                return Iteration(policies, goal.outcome, goal.limit, True, status)
        return None

    def _settles(self, x: arb, here: mp.mpf) -> tuple[Outcome, tuple[mp.mpf, ...]] | None:
        """The limit that is certain from this ball of log-odds on."""
        if self._escapes(x):
            return Outcome.END, (mp.inf,)
        near = [r for r, s in zip(self._rest, self._slopes, strict=True) if abs(s) < 1]
        for place in near:
            if abs(here - place) < 1 and self._attracts(x, place, 1):
                return Outcome.FIXED_POINT, (place,)
        for cycle in self._cycles[0]:
            for place in (cycle.low, cycle.high):
                if (
                    abs(cycle.multiplier) < 1
                    and abs(here - place) < 1
                    and self._attracts(x, place, 2)
                ):
                    return Outcome.TWO_CYCLE, (cycle.low, cycle.high)
        return None

    @cached_property
    def _slopes(self) -> tuple[mp.mpf, ...]:
        return tuple(mp.mpf(s.slope) for s in self.fixed_points if s.slope is not None)

    def _escapes(self, x: arb) -> bool:
        """Beyond the last rest point, where b rises and F > 0, an orbit rises without end."""
        shape = self.response.shape
        if shape.kind not in ("rising", "valley") or not self._leaves_at_one:
            return False
        turn = -mp.inf if shape.turn is None else shape.turn + self.response.margin
        last = max((turn, *self._rest))
        return mp.isinf(last) or bool(x > exact_ball(last))

    @cached_property
    def _leaves_at_one(self) -> bool:
        """Whether the flow rises beyond the last rest point."""
        return bool(self.field(_between((-mp.inf, *self._rest)[-1], mp.inf)) > 0)

    def _attracts(self, x: arb, place: mp.mpf, order: int) -> bool:
        """Whether a cycle of exactly ``order`` policies near ``place`` attracts the ball x.

        A box around ``place`` that has x is mapped into itself by b applied ``order`` times,
        contracts, and does not meet its images before: it has one point of one such cycle, to
        which everything in it converges.
        """
        centre = exact_ball(place)
        radius = arb((abs(x - centre) * 2).upper()) + exact_ball(mp.mpf(10) ** (-self.digits // 2))
        start = centre + arb(0, radius)
        box, middle_of_box, slope = start, centre, arb(1)
        try:
            for step in range(order):
                if step and box.overlaps(start):
                    return False
                answer = self.response(box)
                slope *= self.response.slope(box, answer)
                box, middle_of_box = answer, self.response(middle_of_box)
        except Leaves:
            return False
        return bool(abs(middle_of_box - centre) + abs(slope) * radius < radius)

    def _seen(self, orbit: list[mp.mpf], x: arb, exact: bool) -> Iteration:
        """What the end of an orbit looks like, and whether that can be proved."""
        last, near = orbit[-1], mp.mpf(10) ** (-self.digits // 3)
        for period in range(1, min(_LONGEST_CYCLE, len(orbit) // 2) + 1):
            if all(abs(orbit[-k] - orbit[-k - period]) < near for k in range(1, period + 1)):
                outcome = (Outcome.FIXED_POINT, Outcome.TWO_CYCLE, Outcome.LONGER_CYCLE)
                limit = tuple(sorted(orbit[-period:])) if period > 1 else (last,)
                proved = exact and self._attracts(x, last, period)
                return _iteration(orbit, outcome[min(period, 3) - 1], limit, proved)
        return _iteration(orbit, Outcome.UNDECIDED, (), False)

    def iteration_basins(self) -> tuple[Basin, ...]:
        """Where the iteration goes from every start, interval by interval.

        Where b is monotone on (0, 1) the basins are proved: where it rises they are those of the
        flow. Elsewhere the intervals end at fixed points, at cycles and at their preimages of
        two steps, and each is labelled by the orbits of a few of its points (undecided where
        they disagree): the labels are numerical, and finer intervals between the points are
        not seen.
        """
        with mp.workdps(self.digits + 10):
            known = self._monotone_orbits
            return tuple(
                Basin(_policy(low), _policy(high), found.limit, _goes_to(*found), known is not None)
                for low, high, found in _merged(self._probed() if known is None else known)
            )

    @cached_property
    def _monotone_orbits(self) -> list[tuple[mp.mpf, mp.mpf, _Goal]] | None:
        """Intervals and limits of all orbits where b is monotone; None where that is not proved.

        Where b rises, an orbit goes one way, to the rest point to which F points. Where b falls,
        every other policy of an orbit does so under b(b(·)), whose rest points are those of b and
        the cycles.
        """
        kind = self.response.shape.kind
        if not self._counted or kind not in ("constant", "rising", "falling"):
            return None
        if kind != "falling":
            flow = self._flow()
            return [(low, high, self._goal(to)) for low, high, to in flow]
        cycles, complete, _ = self._cycles
        if not complete:
            return None
        places = sorted((*self._rest, *(x for c in cycles for x in (c.low, c.high))))
        pieces = []
        for low, high in pairwise((-mp.inf, *places, mp.inf)):
            rises = self._twice(_between(low, high)) > 0
            pieces.append((low, high, self._goal(high if rises else low)))
        return pieces

    def _goal(self, place: mp.mpf) -> _Goal:
        """The limit that an orbit of monotone steps towards ``place`` has."""
        for cycle in self._cycles[0]:
            if place in (cycle.low, cycle.high):
                return _Goal(Outcome.TWO_CYCLE, (_policy(cycle.low), _policy(cycle.high)))
        outcome = Outcome.END if mp.isinf(place) else Outcome.FIXED_POINT
        return _Goal(outcome, (_policy(place),))

    def _probed(self) -> list[tuple[mp.mpf, mp.mpf, _Goal]]:
        """The intervals between possible ends of basins, with what a few orbits do."""
        pieces = []
        for low, high in pairwise((-mp.inf, *self._separators(), mp.inf)):
            inside = (_between(low, high, mp.mpf(k) / 6) for k in _PROBES)
            goals = [_Goal(i.outcome, i.limit) for i in (self._iterated(x, _STEPS) for x in inside)]
            agree = all(goal == goals[0] for goal in goals)
            pieces.append((low, high, goals[0] if agree else _Goal(Outcome.UNDECIDED, ())))
        return pieces

    def _separators(self) -> tuple[mp.mpf, ...]:
        """Points that may part two basins, in log-odds, in increasing order."""
        cycles = [place for c in self._cycles[0] for place in (c.low, c.high)]
        level = [*self._rest, *cycles]
        found = list(level)
        for _ in range(2):
            level = [x for place in level for x in self._preimages(place)]
            found += level
        tolerance = mp.mpf(10) ** (-self.digits // 2)
        kept: list[mp.mpf] = []
        for place in sorted(found):
            if not kept or place - kept[-1] > tolerance:
                kept.append(place)
        return tuple(kept)

    def _preimages(self, place: mp.mpf) -> tuple[mp.mpf, ...]:
        """The log-odds that b takes to ``place``."""
        turn = self.response.shape.turn
        turns = (-_WINDOW * mp.mpf(1), *(() if turn is None else (turn,)), mp.mpf(_WINDOW))

        def excess(x: mp.mpf) -> mp.mpf:
            return self.response.at(x) - place

        found = []
        for left, right in pairwise(turns):
            ends = excess(left), excess(right)
            if ends[0] * ends[1] < 0:
                found.append(_zero(excess, left, right))
        return tuple(found)


def dynamics(
    condition: StationarityCondition,
    point: Mapping[Symbol, Expr],
    solutions: Solutions,
    digits: int = 30,
) -> Dynamics:
    """The flow and the iterated best response of a binary question at numbers.

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.
    point : dict
        An exact number for each of its parameters.
    solutions : Solutions
        The stationary policies there.
    digits : int
        Decimal digits of the numbers.

    Raises
    ------
    ValueError
        When every policy is stationary, or the reference is at a vertex.

    Notes
    -----
    Source: the recursion is that of Mroueh, arXiv 2503.06639.
    """
    found = Dynamics(condition, point, solutions, digits)
    if found.field.drift == found.field.penalty:
        raise ValueError("every policy is stationary: there are no dynamics")
    if condition.reference[0].subs(point) in (0, 1):
        raise ValueError("the reference never gives one of the answers: the policy stays there")
    return found


def _interior(policy: Any) -> mp.mpf:
    """The log-odds of a policy in (0, 1)."""
    if isinstance(policy, mp.mpf):
        inside, p = 0 < policy < 1, policy
    else:
        exact = parameter("pi_ref", policy, "policy")
        inside, p = 0 < exact < 1, mp.mpf(exact.p) / exact.q
    if not inside:
        raise ValueError(f"policy must be a probability strictly between 0 and 1, got {policy}")
    return mp.log(p / (1 - p))


def _policy(x: mp.mpf) -> mp.mpf:
    if mp.isinf(x):
        return mp.mpf(1) if x > 0 else mp.mpf(0)
    return 1 / (1 + mp.exp(-x))


def _variance(x: mp.mpf) -> mp.mpf:
    return _policy(x) * _policy(-x)


def _short(x: mp.mpf) -> str:
    return _shown(_policy(x))


def _shown(policy: mp.mpf) -> str:
    """A policy with ten digits, from 1 downwards where it is closest to it."""
    if policy in (0, 1):
        return str(int(policy))
    rest = 1 - policy
    return mp.nstr(policy, 10) if rest > mp.mpf(10) ** -6 else f"1 - {mp.nstr(rest, 5)}"


def _between(low: mp.mpf, high: mp.mpf, share: mp.mpf | None = None) -> mp.mpf:
    """A point of an interval of log-odds; one unit beyond a finite end at most."""
    share = mp.mpf(1) / 2 if share is None else share
    if mp.isinf(low) and mp.isinf(high):
        return 8 * (share - mp.mpf(1) / 2)
    if mp.isinf(low):
        return high - 8 * (1 - share)
    if mp.isinf(high):
        return low + 8 * share
    return low + (high - low) * share


def _end(value: arb, side: int) -> mp.mpf:
    return middle(value.upper() if side > 0 else value.lower())


def _zero(function: Callable[[mp.mpf], mp.mpf], left: mp.mpf, right: mp.mpf) -> mp.mpf:
    return bracketed(function, left, right, int(mp.sign(function(left))))


def _distinct(cycles: list[_Cycle]) -> tuple[_Cycle, ...]:
    """Each cycle once: both of its points may have been found."""
    kept: list[_Cycle] = []
    for cycle in sorted(cycles, key=lambda c: c.low):
        if not kept or cycle.low - kept[-1].low > mp.mpf(10) ** (10 - mp.mp.dps):
            kept.append(cycle)
    return tuple(kept)


def _merged(pieces: list[tuple[mp.mpf, mp.mpf, Any]]) -> list[tuple[mp.mpf, mp.mpf, Any]]:
    """Neighbouring intervals with one label as one interval."""
    found: list[tuple[mp.mpf, mp.mpf, Any]] = []
    for low, high, label in pieces:
        if found and found[-1][2] == label:
            found[-1] = (found[-1][0], high, label)
        else:
            found.append((low, high, label))
    return found


def _iteration(
    orbit: list[mp.mpf], outcome: Outcome, limit: tuple[mp.mpf, ...], proved: bool
) -> Iteration:
    how = "proved in ball arithmetic" if proved else "seen on the orbit, not proved"
    policies = tuple(map(_policy, limit))
    status = f"{_goes_to(outcome, policies)} ({how})"
    return Iteration(tuple(map(_policy, orbit)), outcome, policies, proved, status)


def _goes_to(outcome: Outcome, limit: tuple[mp.mpf, ...]) -> str:
    """An outcome as a sentence."""
    numbers = [_shown(p) for p in limit]
    if outcome == Outcome.FIXED_POINT:
        return f"the stationary policy {numbers[0]}"
    if outcome == Outcome.END:
        return f"p -> {numbers[0]}"
    if outcome in (Outcome.TWO_CYCLE, Outcome.LONGER_CYCLE):
        return f"a cycle of {len(numbers)} policies: {', '.join(numbers)}"
    return "undecided"
