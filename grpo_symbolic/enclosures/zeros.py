"""Every zero of a function of one variable, with a proof that there are no others.

The function is enclosed with its derivatives, in ball arithmetic. An interval is done when F
cannot vanish on it, or when F is monotone on it and has proved signs at its ends; any other one
is cut in two. A function of the log-odds is followed to both ends of (0, 1): the two tails are
enclosed as a whole, up to infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import mpmath as mp
from flint import arb, ctx, fmpq

from grpo_symbolic.enclosures.brackets import (
    OFF_CENTRE,
    SEPARATION,
    Bracket,
    OnInterval,
    Searched,
    bracketed,
    shrunk,
    size,
)
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle, sign_of
from grpo_symbolic.enclosures.log_odds import Function, Tail, on_interval

# After so many intervals none is divided any more.
_MOST_CELLS = 4000
# The log-odds at which a tail may begin: powers of two up to this one, and, where a tail is
# known to be monotone, up to this one for the other end of a bracket.
_FIRST_TAIL, _LAST_TAIL, _LAST_SIGN = 3, 24, 600
# Where no tail is decided, zeros are looked for up to about 2^this.
_LAST_UNPROVED = 10

_Scaled = Callable[[int, fmpq], Function | None]


@dataclass(frozen=True)
class Zero:
    """A zero, and the sign of the function to its left.

    Attributes
    ----------
    place : mpf
    sign_left : int
        0 where the function has the same sign on both sides, or may have.
    interval : pair of mpf
        Numbers between which the zero is proved to lie.
    """

    place: mp.mpf
    sign_left: int
    interval: tuple[mp.mpf, mp.mpf]

    @property
    def ball(self) -> arb:
        """The interval."""
        left, right = map(exact_ball, self.interval)
        return left.union(right)


@dataclass(frozen=True)
class Isolation:
    """The zeros of a function of one variable, in order.

    Attributes
    ----------
    zeros : tuple of Zero
    complete : bool
        Whether their number is proved.
    reason : str
        What it rests on, or why it is not proved.
    ends : tuple of int
        The signs of the function at (for log-odds: far to) the left and the right; 0 where
        they are not proved.
    cells : int
        Intervals that were looked at, where they are counted.
    """

    zeros: tuple[Zero, ...]
    complete: bool
    reason: str
    ends: tuple[int, int] = (0, 0)
    cells: int = 0


@dataclass(frozen=True)
class _End:
    """A tail: where it begins, the sign far out, and the part of it with a zero, if any."""

    reach: arb
    sign: int
    bracket: Bracket | None = None
    reason: str = ""


def isolated(
    function: Function,
    vanishing: _Scaled = lambda end, exponent: None,
    *,
    start: arb | None = None,
    order: int = 2,
    separation: fmpq = SEPARATION,
) -> Isolation:
    """All zeros of a function of the log-odds, at the working precision of mpmath.

    Parameters
    ----------
    function : callable
        The jet of F on a region.
    vanishing : callable
        From an end, 0 or 1, and an exponent e: the jet of F·s^e, s the share that vanishes at
        that end, if it is exactly 0 there; else None. Asked where balls cannot tell.
    start : arb, optional
        Only zeros beyond these log-odds, where F is not 0; all of them unless given.
    order : int
        The highest derivative of F that is used.
    separation : fmpq
        Zeros closer than this are not told apart.
    """
    with ctx.workprec(_bits()):
        search = Searched(_in_log_odds(function, order), separation)
        if start is None:
            power, left = _FIRST_TAIL, _end(search, function, False, vanishing)
        else:
            first = start.lower().mid()
            left = _End(-first, search.sign(first))
            further = (k for k in range(_FIRST_TAIL, _LAST_TAIL) if _ladder(k) > first)
            power = next(further, _LAST_TAIL)
        right = _end(search, function, True, vanishing, power)
        brackets, cells = bracketed(search, [(-left.reach, right.reach)], _MOST_CELLS)
        brackets += [end.bracket for end in (left, right) if end.bracket is not None]
        doubts = [end.reason for end in (left, right) if end.reason]
        pieces = "one box" if cells == 1 else f"{cells} boxes"
        tails = "two tails" if start is None else "a tail"
        reason = f"(0, 1) covered by {pieces} and {tails} in ball arithmetic"
        return _collected(search, brackets, doubts, reason, (left.sign, right.sign))


def isolated_on(function: OnInterval, places: Sequence[arb], most: int) -> Isolation:
    """All zeros of F between the first and the last of increasing ``places``.

    Parameters
    ----------
    function : callable
        The jet of F on an interval, at the working precision of ball arithmetic.
    places : sequence of arb
        Exact; the intervals between them are looked at first.
    most : int
        After so many intervals none is divided any more.
    """
    search = Searched(function, log_odds=False)
    brackets, cells = bracketed(search, list(pairwise(places)), most)
    reason = "one interval" if cells == 1 else f"{cells} intervals"
    ends = search.sign(places[0]), search.sign(places[-1])
    found = _collected(search, brackets, [], f"{reason} in ball arithmetic", ends)
    return replace(found, cells=cells)


def crossing(
    function: Function,
    ends: tuple[int, int],
    reason: str,
    left: arb | None = None,
    right: arb | None = None,
) -> Isolation:
    """The zero of a function known to have exactly one, or none where its ends are alike.

    Parameters
    ----------
    function : callable
        The jet of F on a region of log-odds.
    ends : tuple of int
        Its signs at both ends.
    reason : str
        Why it has no more zeros.
    left, right : arb, optional
        Exact log-odds; infinite unless given.
    """
    if ends[0] == ends[1]:
        return Isolation((), True, reason, ends)
    with ctx.workprec(_bits()):
        search = Searched(_in_log_odds(function, 1))
        reach = _ladder(_FIRST_TAIL)
        if left is None:
            left = -_first_with(search, reach, (ends[0], -1))
        if right is None:
            right = _first_with(search, reach.max(2 * left), (ends[1], 1))
        zero = _zero(search, Bracket(left, right, ends))
    return Isolation((zero,), True, reason, ends)


def rising_zero(function: OnInterval, start: arb, farthest: arb) -> arb:
    """A ball around the only zero of a rising function, at the working precision.

    Where the function is known only up to a ball, all its zeros. Infinite where the function
    keeps its sign up to ``farthest``.
    """
    search, ends = Searched(function), []
    for side in (-1, 1):
        step = arb(1)
        while search.sign(start + side * step) != side:
            if step > farthest:
                return arb.pos_inf() * side
            step *= 2
        ends.append((start + side * step).mid())
    low, high = shrunk(search, Bracket(ends[0], ends[1], (-1, 1)), arb(2) ** (8 - ctx.prec))
    return low.union(high)


def has_one_zero(function: Function, left: arb, right: arb) -> bool:
    """Whether F has opposite signs at two log-odds, and a slope of one sign between them."""
    at = [on_interval(function, x, x, 1).value for x in (left, right)]
    return bool(at[0] * at[1] < 0 and sign_of(on_interval(function, left, right, 1).slope))


def _bits() -> int:
    """The precision of balls in which numbers of mpmath's are found."""
    return 2 * int(mp.mp.prec) + 64


def _in_log_odds(function: Function, order: int) -> OnInterval:
    return lambda left, right: on_interval(function, left, right, order)


def _collected(
    search: Searched,
    brackets: list[Bracket],
    doubts: list[str],
    reason: str,
    ends: tuple[int, int],
) -> Isolation:
    zeros, doubts = [], list(doubts)
    for bracket in sorted(brackets, key=lambda b: middle(b.left)):
        # Neighbours of the smallest size may have been joined.
        narrow = search.narrow(bracket.left, bracket.right, 1000)
        if not bracket.monotone:
            doubts.append(_doubt(search, bracket, narrow))
        if bracket.monotone or bracket.crosses or narrow:
            zeros.append(_zero(search, bracket))
    return Isolation(tuple(zeros), not doubts, "; ".join(doubts) or reason, ends)


# -- tails --------------------------------------------------------------------------------


def _ladder(power: int) -> arb:
    """About 2^power."""
    return arb((1 << power) * (1 + OFF_CENTRE / 64))


def _first_with(search: Searched, reach: arb, end: tuple[int, int]) -> arb:
    """The first doubling of ``reach`` where F has the sign that it has far out."""
    sign, side = end
    for _ in range(_LAST_SIGN):
        if search.sign(reach * side) == sign:
            return reach
        reach *= 2
    raise Undecided("no change of sign was found")


def _end(
    search: Searched,
    function: Function,
    mirrored: bool,
    vanishing: _Scaled,
    first: int = _FIRST_TAIL,
) -> _End:
    """The first tail that is decided as a whole."""
    side, failure = (1 if mirrored else -1), None
    for power in range(first, _LAST_TAIL):
        reach = _ladder(power)
        try:
            found = _decided(search, function, reach, mirrored, vanishing)
        except Undecided as undecided:
            found, failure = None, undecided
        if found is not None:
            return found
    edge = "1" if mirrored else "0"
    why = f" ({failure})" if failure else ""
    reason = f"the condition was not enclosed close to pi(a) = {edge}{why}"
    reach = _ladder(max(first, _LAST_UNPROVED))
    return _End(reach, search.sign(reach * side), None, reason)


def _decided(
    search: Searched, function: Function, reach: arb, mirrored: bool, vanishing: _Scaled
) -> _End | None:
    """What a tail says about its zeros; slopes are in the direction of the middle."""
    tail = Tail(ctx.prec, mirrored, 1, reach)
    jet = function(tail)
    sign = jet.value.sign()
    if sign:
        return _End(reach, sign)
    side = 1 if mirrored else -1
    first = search.sign(reach * side)
    if not first:
        return None
    (exponent, power), _ = jet.value.leading
    last = jet.value.sign_far_out()
    if not last and not power:
        # The leading terms cancel, perhaps exactly: then F over them goes to 0.
        scaled = vanishing(int(mirrored), -exponent)
        if scaled is not None and scaled(tail).slope.sign() == first:
            return _End(reach, first)
    slope = jet.slope.sign()
    if slope == -first:  # monotone, and |F| grows outwards
        return _End(reach, first)
    if not slope or not last:
        return None
    # Monotone on the whole tail: its first sign, and its last one, decide.
    if first == last:
        return _End(reach, last)
    further = _first_with(search, reach * 2, (last, side))
    if mirrored:
        return _End(reach, last, Bracket(reach, further, (first, last)))
    return _End(reach, last, Bracket(-further, -reach, (last, first)))


# -- one zero -------------------------------------------------------------------------------


def _doubt(search: Searched, bracket: Bracket, narrow: bool) -> str:
    """What is not known about an undecided interval."""
    ends = (middle(x) for x in (bracket.left, bracket.right))
    low, high = (_share(x) if search.log_odds else mp.nstr(x, 12) for x in ends)
    name = "pi(a)" if search.log_odds else "the unknown"
    if not narrow:
        return f"not decided for {name} between {low} and {high}"
    apart = f"{int(search.separation.p) / int(search.separation.q):.0e}"
    if bracket.crosses:
        return f"one solution, or several closer than {apart}, near {name} = {low}"
    return f"two solutions closer than {apart}, a double one, or none, near {name} = {low}"


def _share(x: mp.mpf) -> str:
    if x > 10:
        return f"1 - {mp.nstr(1 / (1 + mp.exp(x)), 6)}"
    return mp.nstr(1 / (1 + mp.exp(-x)), 12)


def _zero(search: Searched, bracket: Bracket) -> Zero:
    """The zero of an interval, to the working precision; the middle of an undecided one."""
    tolerance = arb(2) ** (16 - int(mp.mp.prec))
    low, high = bracket.left, bracket.right
    if bracket.monotone or bracket.crosses:
        low, high = shrunk(search, bracket, tolerance)
    rounding = tolerance * size(low, high)
    ends = middle(low - rounding), middle(high + rounding)
    sign = bracket.signs[0] if bracket.crosses else 0
    return Zero(middle((low + high) / 2), sign, ends)
