"""Two policies that are each other's best response: all pairs, with a proof of their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mpmath as mp
from flint import arb, ctx

from grpo_symbolic.analysis.best_response import BestResponse
from grpo_symbolic.display import Html, cut, grid, lines, plural
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.zeros import isolated_on

__all__ = ["TwoCycle", "TwoCycles", "two_cycles"]

# Log-odds within which cycles are looked for where no bound is proved, and the intervals, of
# one unit at first, that are looked at there.
_WINDOW, _CELLS_OF_WINDOW = 60, 240
_CELLS = 3000


@dataclass(frozen=True, repr=False)
class TwoCycle:
    """Two policies that are each other's best response.

    Attributes
    ----------
    lower, upper : mpf
        π(a), lower < upper.
    multiplier : mpf
        b′(lower) · b′(upper): the cycle attracts where its absolute value is below 1.
    places : tuple of mpf
        The log-odds of both policies.
    """

    lower: mp.mpf
    upper: mp.mpf
    multiplier: mp.mpf
    places: tuple[mp.mpf, mp.mpf]

    @classmethod
    def at(cls, first: mp.mpf, second: mp.mpf, multiplier: mp.mpf) -> TwoCycle:
        """From log-odds."""
        places = min(first, second), max(first, second)
        return cls(*(1 / (1 + mp.exp(-x)) for x in places), multiplier, places)

    @property
    def attracting(self) -> bool:
        return abs(self.multiplier) < 1

    def __repr__(self) -> str:
        return f"TwoCycle({self})"

    def __str__(self) -> str:
        ends = " <-> ".join(mp.nstr(end, 10) for end in (self.lower, self.upper))
        kind = "attracting" if self.attracting else "not attracting"
        return f"pi(a) = {ends}: {kind}, multiplier {mp.nstr(self.multiplier, 4)}"


@dataclass(frozen=True, repr=False)
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


def two_cycles(response: BestResponse, rest: Sequence[mp.mpf]) -> TwoCycles:
    """The two-cycles of a best response, whether they are all, and how that is known.

    Parameters
    ----------
    response : BestResponse
    rest : sequence of mpf
        The log-odds of the stationary policies.
    """
    found, complete, how = _cycles_of(response, rest)
    known = "number established" if complete else "number not established"
    status = f"{plural(len(found), 'cycle')} of two policies ({known}: {how})"
    return TwoCycles(found, complete, status)


def _cycles_of(
    response: BestResponse, rest: Sequence[mp.mpf]
) -> tuple[tuple[TwoCycle, ...], bool, str]:
    kind = response.shape.kind
    if kind in ("constant", "rising"):
        return (), True, f"the best response is {kind}, which excludes cycles"
    window = [arb(k) + arb(37) / 128 for k in range(-_WINDOW, _WINDOW)]
    try:
        places = _falling_span(response, rest)
    except Undecided as stop:
        places, why = window, str(stop)
    else:
        why = "the turning points of the drift are not proved" if places is None else ""
    if places is not None and not why and not places[0] < places[1]:
        return (), True, "after one step the best response rises, which excludes cycles"
    found, complete = _isolated(response, places or window, _CELLS_OF_WINDOW if why else _CELLS)
    if not why and not complete:
        why = "two policies of a cycle nearly coincide"
    if why:
        return found, False, f"located in ball arithmetic: {why}"
    return found, True, "isolated in ball arithmetic"


def _falling_span(response: BestResponse, rest: Sequence[mp.mpf]) -> list[arb] | None:
    """The ends of an interval on which b falls, and in which every two-cycle has a point.

    On a piece where b rises there is no cycle: one of its points lies where b falls. A
    cycle's points are values of b, of which the turning point (or an end) is the extreme.
    """
    shape = response.shape
    if shape.interval is not None:
        low, high = map(exact_ball, shape.interval)
        around = response(low.union(high))
        if shape.kind == "valley":
            return [around.lower().mid(), high]
        return [low, around.upper().mid()]
    if shape.kind == "falling" and len(rest) == 1:
        end = response.answer(response.at_certainty())
        return [end.lower().mid(), exact_ball(rest[0] + mp.mpf(10) ** (5 - mp.mp.dps))]
    return None


def _isolated(
    response: BestResponse, places: Sequence[arb], most: int
) -> tuple[tuple[TwoCycle, ...], bool]:
    """Every two-cycle with a point between the places, and whether these are all.

    They are the zeros of b(b(x)) − x at which b(x) is not x.
    """

    def returned(left: arb, right: arb) -> Jet:
        x = left.union(right)
        first = response(x)
        second = response(first)
        slope = response.slope(x, first) * response.slope(first, second) - 1
        return Jet((second - x, slope))

    with ctx.workprec(response.bits):
        isolation = isolated_on(returned, places, most)
        found: list[TwoCycle] = []
        for zero in isolation.zeros:
            if not zero.sign_left or (response(zero.ball) - zero.ball).contains(0):
                continue  # not proved, or a fixed point
            x, y = zero.place, response.at(zero.place)
            multiplier = response.slope_at(x) * response.slope_at(y)
            found.append(TwoCycle.at(x, y, multiplier))
    return _distinct(found), isolation.complete


def _distinct(cycles: list[TwoCycle]) -> tuple[TwoCycle, ...]:
    """Each cycle once: both of its points may have been found."""
    kept: list[TwoCycle] = []
    for cycle in sorted(cycles, key=lambda c: c.places):
        if not kept or cycle.places[0] - kept[-1].places[0] > mp.mpf(10) ** (10 - mp.mp.dps):
            kept.append(cycle)
    return tuple(kept)
