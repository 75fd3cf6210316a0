"""Intervals with one zero of a function, found by subdivision and shrunk in ball arithmetic.

An interval is done when F cannot vanish on it, or when F is monotone on it and has proved signs
at its ends; any other one is cut in two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from grpo_symbolic.enclosures.conversion import Undecided, sign_of
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.subdivision import subdivided

#: A function of one variable: its jet on an interval between two exact ends.
OnInterval = Callable[[arb, arb], Jet]
#: Intervals closer than 10^-30 (relative to places beyond 1) are not told apart.
SEPARATION = fmpq(1, 10**30)
#: Cuts are off the middle, at odd places: no solution of simple parameters lies on one.
OFF_CENTRE = fmpq(1000003, 1 << 21)


@dataclass(frozen=True)
class Bracket:
    """An interval with the signs of F at its ends; ``monotone`` F has at most one zero in it."""

    left: arb
    right: arb
    signs: tuple[int, int]
    monotone: bool = True

    @property
    def crosses(self) -> bool:
        return self.signs[0] * self.signs[1] < 0


@dataclass(frozen=True)
class Searched:
    """F on intervals, at the working precision, and how closely it is looked at."""

    on: OnInterval
    separation: fmpq = SEPARATION
    log_odds: bool = True

    def tight(self, left: arb, right: arb) -> tuple[arb, arb]:
        """F and F′ on an interval, by the mean value theorem where that is better."""
        try:
            wide = self.on(left, right)
            centre = ((left + right) / 2).mid()
            at = self.on(centre, centre)
        except Undecided:
            return arb.nan(), arb.nan()
        reach = (left - centre).union(right - centre)
        slope = wide.slope
        if len(wide.terms) > 2:
            slope = _met(slope, at.slope + wide.terms[2] * 2 * reach)
        return _met(wide.value, at.value + slope * reach), slope

    def sign(self, x: arb) -> int:
        """The sign of F at an exact place, with up to four times the precision; or 0."""
        for times in (1, 4):
            with ctx.workprec(times * ctx.prec):
                try:
                    found = sign_of(self.on(x, x).value)
                except Undecided:
                    found = 0
            if found:
                return found
        return 0

    def narrow(self, low: arb, high: arb, times: int = 1) -> bool:
        return bool(high - low < times * self.separation * size(low, high))


def bracketed(
    search: Searched, cells: list[tuple[arb, arb]], most: int
) -> tuple[list[Bracket], int]:
    """Intervals with exactly one zero, those that stay undecided, and how many were seen."""
    found: list[Bracket] = []

    def settle(cell: tuple[arb, arb]) -> list[tuple[arb, arb]] | None:
        low, high = cell
        value, slope = search.tight(low, high)
        if sign_of(value):
            return []
        if sign_of(slope):
            signs = search.sign(low), search.sign(high)
            if all(signs):
                if signs[0] != signs[1]:
                    found.append(Bracket(low, high, signs))
                return []
        if search.narrow(low, high):
            return None
        cut = (low + (high - low) * OFF_CENTRE).mid()
        return [(low, cut), (cut, high)]

    report = subdivided(cells, settle, most)
    return found + _clusters(search, report.undecided), report.cells


def _clusters(search: Searched, cells: Sequence[tuple[arb, arb]]) -> list[Bracket]:
    """Neighbouring undecided intervals as one."""
    merged: list[tuple[arb, arb]] = []
    for low, high in cells:
        if merged and merged[-1][1] == low:
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return [
        Bracket(low, high, (search.sign(low), search.sign(high)), monotone=False)
        for low, high in merged
    ]


def shrunk(search: Searched, bracket: Bracket, tolerance: arb) -> tuple[arb, arb]:
    """The ends of an interval that has all zeros of the bracket, as close as they get."""
    low, high = bracket.left, bracket.right
    while not high - low < tolerance * size(low, high):
        width = high - low
        low, high = _newton(search, low, high)
        if (high - low) * 2 > width:
            low, high = _halved(search, low, high, bracket.signs[0])
        if (high - low) * 16 > width * 15:
            break
    return low, high


def _newton(search: Searched, low: arb, high: arb) -> tuple[arb, arb]:
    """One step of the interval Newton method, where the slope has a sign on the interval."""
    slope = search.on(low, high).slope
    if not sign_of(slope):
        return low, high
    centre = ((low + high) / 2).mid()
    image = centre - search.on(centre, centre).value / slope
    if not image.is_finite():
        return low, high
    return low.max(image.lower()).mid(), high.min(image.upper()).mid()


def _halved(search: Searched, low: arb, high: arb, sign: int) -> tuple[arb, arb]:
    for share in (OFF_CENTRE, 1 - OFF_CENTRE):
        cut = (low + (high - low) * share).mid()
        at = search.sign(cut)
        if at:
            return (cut, high) if at == sign else (low, cut)
    return low, high


def _met(first: arb, second: arb) -> arb:
    """Two enclosures of the same numbers; one that is not finite says nothing."""
    if not second.is_finite():
        return first
    if not first.is_finite():
        return second
    return first.intersection(second)


def size(low: arb, high: arb) -> arb:
    return abs(low).max(abs(high)).max(arb(1))
