"""Every zero of a function of the log-odds, with a proof that there are no others.

The function is enclosed with its first two derivatives, in ball arithmetic. A box of
log-odds is done when F cannot vanish on it, or when F is monotone on it and has proved signs at
its ends; any other box is cut in two. The two tails are enclosed as a whole, up to infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import mpmath as mp
from flint import arb, ctx, fmpq

from grpo_symbolic.numeric.germ import Undecided
from grpo_symbolic.numeric.jet import Jet
from grpo_symbolic.numeric.places import Box, Place, Tail

__all__ = ["Isolation", "Root", "crossing", "isolated"]

# Boxes closer than 10^-30 (relative to log-odds beyond 1) are not told apart ...
_SEPARATION = fmpq(1, 10**30)
# ... and so many boxes are looked at before giving up.
_MAX_BOXES = 4000
# The log-odds at which a tail may begin: powers of two up to this one, and, where a tail is
# known to be monotone, up to this one for the other end of a bracket.
_LAST_TAIL, _LAST_SIGN = 24, 600
# Where no tail is decided, zeros are looked for up to about 2^this.
_LAST_UNPROVED = 10
# Cuts are off the middle, at odd places: no solution of simple parameters lies on one.
_OFF = fmpq(1000003, 1 << 21)

_Scaled = Callable[[int, fmpq], Callable[[Place], Jet] | None]


@dataclass(frozen=True)
class Root:
    """A zero in log-odds, and the sign of the function to its left.

    Attributes
    ----------
    log_odds : mpf
    sign_left : int
        0 where the function has the same sign on both sides, or may have.
    interval : pair of mpf
        Log-odds between which the zero is proved to lie.
    """

    log_odds: mp.mpf
    sign_left: int
    interval: tuple[mp.mpf, mp.mpf]


@dataclass(frozen=True)
class Isolation:
    """The zeros of a function of the log-odds, in order.

    Attributes
    ----------
    roots : tuple of Root
    complete : bool
        Whether their number is proved.
    reason : str
        What it rests on, or why it is not proved.
    ends : tuple of int
        The signs of the function far to the left and far to the right (0: not proved).
    """

    roots: tuple[Root, ...]
    complete: bool
    reason: str
    ends: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class _Bracket:
    """A box with the signs of F at its ends; ``monotone`` F has at most one zero in it."""

    left: arb
    right: arb
    signs: tuple[int, int]
    monotone: bool = True

    @property
    def crosses(self) -> bool:
        return self.signs[0] * self.signs[1] < 0

    @property
    def narrow(self) -> bool:
        """Whether it is as small as boxes get (neighbours may have been joined)."""
        return bool(self.right - self.left < 1000 * _SEPARATION * _size(self.left, self.right))


@dataclass(frozen=True)
class _End:
    """A tail: where it begins, the sign far out, and the part of it with a zero, if any."""

    reach: arb
    sign: int
    bracket: _Bracket | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Enclosure:
    """F on places, at one precision."""

    function: Callable[[Place], Jet]
    bits: int
    vanishing: _Scaled = lambda end, exponent: None

    def on(self, left: arb, right: arb) -> Jet:
        """F, F′ and F″ on a box, in the log-odds themselves."""
        box = Box.around(left, right, self.bits)
        jet = self.function(box)
        if not isinstance(jet, Jet):  # a number
            jet = Jet(jet, arb(0), arb(0))
        return replace(jet, slope=-jet.slope) if box.mirrored else jet

    def tight(self, left: arb, right: arb) -> tuple[arb, arb]:
        """F and F′ on a box, by the mean value theorem where that is better."""
        wide = self.on(left, right)
        middle = ((left + right) / 2).mid()
        at = self.on(middle, middle)
        reach = (left - middle).union(right - middle)
        slope = _met(wide.slope, at.slope + wide.bend * reach)
        return _met(wide.value, at.value + slope * reach), slope

    def sign(self, x: arb) -> int:
        """The sign of F at exact log-odds, with up to four times the precision; or 0."""
        for bits in (self.bits, 4 * self.bits):
            with ctx.workprec(bits):
                found = _sign(replace(self, bits=bits).on(x, x).value)
            if found:
                return found
        return 0


def isolated(
    function: Callable[[Place], Jet],
    vanishing: _Scaled = lambda end, exponent: None,
) -> Isolation:
    """All zeros, at the working precision of mpmath.

    Parameters
    ----------
    function : callable
        The jet of F on a :class:`Place`.
    vanishing : callable
        From an end, 0 or 1, and an exponent e: the jet of F·s^e, s the share that vanishes at
        that end, if it is exactly 0 there; else None. Asked where balls cannot tell.
    """
    bits = 2 * int(mp.mp.prec) + 64
    with ctx.workprec(bits):
        enclosure = _Enclosure(function, bits, vanishing)
        left, right = (_end(enclosure, mirrored) for mirrored in (False, True))
        brackets, boxes = _brackets(enclosure, -left.reach, right.reach)
        brackets += [end.bracket for end in (left, right) if end.bracket is not None]
        brackets.sort(key=lambda b: _as_mpf(b.left))
        roots, doubts = [], [end.reason for end in (left, right) if end.reason]
        for bracket in brackets:
            if not bracket.monotone:
                doubts.append(_doubt(bracket))
            if bracket.monotone or bracket.crosses or bracket.narrow:
                roots.append(_root(enclosure, bracket))
    if doubts:
        return Isolation(tuple(roots), False, "; ".join(doubts), (left.sign, right.sign))
    pieces = "one box" if boxes == 1 else f"{boxes} boxes"
    reason = f"(0, 1) covered by {pieces} and two tails in ball arithmetic"
    return Isolation(tuple(roots), True, reason, (left.sign, right.sign))


def crossing(function: Callable[[Place], Jet], ends: tuple[int, int], reason: str) -> Isolation:
    """The zero of a function known to have exactly one, or none where its ends are alike.

    Parameters
    ----------
    function : callable
        The jet of F on a :class:`Place`.
    ends : tuple of int
        Its signs far to the left and far to the right.
    reason : str
        Why it has no more zeros.
    """
    if ends[0] == ends[1]:
        return Isolation((), True, reason, ends)
    bits = 2 * int(mp.mp.prec) + 64
    with ctx.workprec(bits):
        enclosure = _Enclosure(function, bits)
        left, right = (_first_with(enclosure, _ladder(3), e) for e in ((ends[0], -1), (ends[1], 1)))
        root = _root(enclosure, _Bracket(-left, right, ends))
    return Isolation((root,), True, reason, ends)


# -- tails --------------------------------------------------------------------------------


def _ladder(power: int) -> arb:
    """About 2^power."""
    return arb((1 << power) * (1 + _OFF / 64))


def _first_with(enclosure: _Enclosure, reach: arb, end: tuple[int, int]) -> arb:
    """The first doubling of ``reach`` where F has the sign that it has far out."""
    sign, side = end
    for _ in range(_LAST_SIGN):
        if enclosure.sign(reach * side) == sign:
            return reach
        reach *= 2
    raise Undecided("no change of sign was found")


def _end(enclosure: _Enclosure, mirrored: bool) -> _End:
    """The first tail that is decided as a whole."""
    side, reach, failure = (1 if mirrored else -1), _ladder(3), None
    for power in range(3, _LAST_TAIL):
        reach = _ladder(power)
        try:
            found = _decided(enclosure, reach, mirrored)
        except Undecided as undecided:
            found, failure = None, undecided
        if found is not None:
            return found
    edge = "1" if mirrored else "0"
    why = f" ({failure})" if failure else ""
    reason = f"the condition was not enclosed close to pi(a) = {edge}{why}"
    reach = _ladder(_LAST_UNPROVED)
    return _End(reach, enclosure.sign(reach * side), None, reason)


def _decided(enclosure: _Enclosure, reach: arb, mirrored: bool) -> _End | None:
    """What a tail says about its zeros; slopes are in the direction of the middle."""
    tail = Tail(enclosure.bits, mirrored, reach)
    jet = enclosure.function(tail)
    if not isinstance(jet, Jet):
        return _End(reach, _sign(jet)) if _sign(jet) else None
    sign = jet.value.sign()
    if sign:
        return _End(reach, sign)
    side = 1 if mirrored else -1
    first = enclosure.sign(reach * side)
    if not first:
        return None
    (exponent, power), _ = jet.value.leading
    last = jet.value.sign_far_out()
    if not last and not power:
        # The leading terms cancel, perhaps exactly: then F over them goes to 0.
        scaled = enclosure.vanishing(int(mirrored), -exponent)
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
    further = _first_with(enclosure, reach * 2, (last, side))
    if mirrored:
        return _End(reach, last, _Bracket(reach, further, (first, last)))
    return _End(reach, last, _Bracket(-further, -reach, (last, first)))


# -- boxes --------------------------------------------------------------------------------


def _brackets(enclosure: _Enclosure, left: arb, right: arb) -> tuple[list[_Bracket], int]:
    """Boxes with exactly one zero, boxes that could not be decided, and how many were seen."""
    found: list[_Bracket] = []
    doubtful: list[tuple[arb, arb]] = []
    boxes, seen = [(left, right)], 0
    while boxes:
        low, high = boxes.pop()
        seen += 1
        value, slope = enclosure.tight(low, high)
        if _sign(value):
            continue
        if _sign(slope):
            signs = enclosure.sign(low), enclosure.sign(high)
            if all(signs):
                if signs[0] != signs[1]:
                    found.append(_Bracket(low, high, signs))
                continue
        width = high - low
        if seen > _MAX_BOXES or width < _SEPARATION * _size(low, high):
            doubtful.append((low, high))
            continue
        middle = (low + width * _OFF).mid()
        # The left half comes first: undecided boxes are found in order.
        boxes += [(middle, high), (low, middle)]
    return found + _clusters(enclosure, doubtful), seen


def _clusters(enclosure: _Enclosure, boxes: list[tuple[arb, arb]]) -> list[_Bracket]:
    """Neighbouring undecided boxes as one."""
    merged: list[tuple[arb, arb]] = []
    for low, high in boxes:
        if merged and merged[-1][1] == low:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return [
        _Bracket(low, high, (enclosure.sign(low), enclosure.sign(high)), monotone=False)
        for low, high in merged
    ]


def _doubt(bracket: _Bracket) -> str:
    """What is not known about an undecided box."""
    low, high = (_share(_as_mpf(x)) for x in (bracket.left, bracket.right))
    if not bracket.narrow:
        return f"not decided for pi(a) between {low} and {high}"
    if bracket.crosses:
        return f"one solution, or several closer than 1e-30, near pi(a) = {low}"
    return f"two solutions closer than 1e-30, a double one, or none, near pi(a) = {low}"


def _share(x: Any) -> str:
    if x > 10:
        return f"1 - {mp.nstr(1 / (1 + mp.exp(x)), 6)}"
    return mp.nstr(1 / (1 + mp.exp(-x)), 12)


# -- one zero -------------------------------------------------------------------------------


def _root(enclosure: _Enclosure, bracket: _Bracket) -> Root:
    """The zero of a box, to the working precision; the middle of an undecided box."""
    sign = bracket.signs[0] if bracket.crosses else 0
    low, high = bracket.left, bracket.right
    tolerance = arb(2) ** (16 - int(mp.mp.prec))
    while bracket.monotone or sign:
        width = high - low
        if width < tolerance * _size(low, high):
            break
        previous = low, high
        low, high = _newton(enclosure, low, high)
        if (high - low) * 2 > width:
            low, high = _halved(enclosure, low, high, sign)
        if (low, high) == previous:
            break
    rounding = tolerance * _size(low, high)
    ends = _as_mpf(low - rounding), _as_mpf(high + rounding)
    return Root(_as_mpf((low + high) / 2), sign, ends)


def _newton(enclosure: _Enclosure, low: arb, high: arb) -> tuple[arb, arb]:
    """One step of the interval Newton method, where the slope has a sign on the box."""
    slope = enclosure.on(low, high).slope
    if not _sign(slope):
        return low, high
    middle = ((low + high) / 2).mid()
    image = middle - enclosure.on(middle, middle).value / slope
    if not image.is_finite():
        return low, high
    return low.max(image.lower()).mid(), high.min(image.upper()).mid()


def _halved(enclosure: _Enclosure, low: arb, high: arb, sign: int) -> tuple[arb, arb]:
    for share in (_OFF, 1 - _OFF):
        middle = (low + (high - low) * share).mid()
        at = enclosure.sign(middle)
        if at:
            return (middle, high) if at == sign else (low, middle)
    return low, high


def _sign(ball: arb) -> int:
    return 1 if ball > 0 else -1 if ball < 0 else 0


def _met(first: arb, second: arb) -> arb:
    """Two enclosures of the same numbers; one that is not finite says nothing."""
    if not second.is_finite():
        return first
    if not first.is_finite():
        return second
    return first.intersection(second)


def _size(low: arb, high: arb) -> arb:
    return abs(low).max(abs(high)).max(arb(1))


def _as_mpf(value: arb) -> Any:
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))
