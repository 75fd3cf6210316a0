"""Inequalities in ball arithmetic, on boxes that cover the domain.

Each range is two charts in a coordinate t that is 0 at an end: lower + t and lower + 1/t for a
half-line, half of a finite range from each of its ends. Boxes are halved until a ball of the
difference is positive on each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from flint import arb, fmpq
from sympy import Dummy, Expr, Mul, Rational, S, Symbol, factor, oo, together

from grpo_symbolic.algebra import Sign, oriented_factors, sign
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.subdivision import subdivided
from grpo_symbolic.normal_form import expansion
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import BOXES, BOXES_LARGEST, SMALLEST_BOX, within
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.sampling import refuted_at
from grpo_symbolic.verify.verdict import Status, Verdict

BITS = 128
_PROVED = "."

Box = tuple[tuple[fmpq, fmpq], ...]


class BallBoxes(Method):
    """left − right has one sign on every box of a subdivision of the whole domain."""

    name = "ball arithmetic on boxes"
    family = "ball arithmetic"

    def attempt(self, claim: Claim) -> Verdict | None:
        trees: list[str] = []
        for chart in _charts(claim):
            marks, failure = _divided(chart)
            if failure is not None:
                return refuted_at(claim, failure)  # a range may be empty there
            if marks is None:
                return None
            trees.append(marks)
        return _proved(trees) if trees else None

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        charts, trees = _charts(claim), evidence.get("trees")
        if status != Status.PROVED or not isinstance(trees, list):
            return False
        return (
            len(trees) == len(charts) > 0
            and all(isinstance(tree, str) for tree in trees)
            and all(map(_Chart.covered, charts, trees))
            and dict(evidence) == _proved(trees).evidence
        )


def _proved(trees: list[str]) -> Verdict:
    boxes = sum(tree.count(_PROVED) for tree in trees)
    detail = f"proved on the whole range ({boxes} box{'' if boxes == 1 else 'es'})"
    evidence = {"boxes": boxes, "bits": BITS, "trees": trees}
    return Verdict(Status.PROVED, BallBoxes.name, detail, evidence)


# -- charts ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Side:
    """One coordinate of a chart, and the symbol in terms of it."""

    t: Dummy
    value: Expr
    most: fmpq
    open: bool  # at t = 0


@dataclass(frozen=True)
class _Chart:
    """A part of the domain and the expression that has to be positive (or only not negative)."""

    place: dict[Symbol, Expr]
    coordinates: tuple[Dummy, ...]
    start: Box
    expr: Expr
    strict: bool

    @cached_property
    def slopes(self) -> tuple[Expr, ...]:
        return tuple(self.expr.diff(t) for t in self.coordinates)

    def point(self, box: Box) -> dict[Symbol, Expr]:
        """The symbols in the middle of a box."""
        middles = [Fraction(str(_middle(ends))) for ends in box]
        at = {t: Rational(m) for t, m in zip(self.coordinates, middles, strict=True)}
        return {symbol: value.xreplace(at) for symbol, value in self.place.items()}

    def holds(self, box: Box) -> bool:
        """Whether the expression is proved to be positive (not negative) on a box."""
        return self._positive(self.value(self.expr, box)) or self._positive(self.tightened(box))

    def _positive(self, value: arb) -> bool:
        return bool(value > 0 if self.strict else value >= 0)

    def value(self, expr: Expr, box: Box) -> arb:
        """A ball for every value on the box; not a number where it has no such ball."""
        balls = {t: _interval(*ends) for t, ends in zip(self.coordinates, box, strict=True)}
        try:
            return ball(expr, balls, BITS)
        except (ValueError, ZeroDivisionError):
            return arb.nan()

    def tightened(self, box: Box) -> arb:
        """The mean value form, at the ends in the directions in which the expression grows."""
        slopes = [self.value(slope, box) for slope in self.slopes]
        least = tuple(
            (a, a) if slope >= 0 else (b, b) if slope <= 0 else (a, b)
            for slope, (a, b) in zip(slopes, box, strict=True)
        )
        found = self.value(self.expr, tuple((_middle(ends),) * 2 for ends in least))
        for slope, (a, b) in zip(slopes, least, strict=True):
            found += slope * arb(0, arb(b - a) / 2)
        return found

    def covered(self, tree: str) -> bool:
        """Whether a tree, as `_divided` writes it, is a proof."""
        stack = [self.start]
        for mark in tree:
            if not stack:
                return False
            box = stack.pop()
            if mark == _PROVED:
                if not self.holds(box):
                    return False
            elif mark.isdecimal() and int(mark) < len(box):
                stack += reversed(_halves(box, int(mark)))
            else:
                return False
        return not stack


def _charts(claim: Claim) -> list[_Chart]:
    """The charts of a claim; none where the method has nothing to say."""
    if claim.relation in ("==", "!="):
        return []
    difference = claim.surplus
    domain = claim.domain.relevant(difference)
    if any(s.is_integer for s in domain.symbols) or not within(
        BOXES_LARGEST, difference.count_ops(), len(domain.ranges), expansion(difference)
    ):
        return []
    try:
        return list(_built(difference, domain, "=" not in claim.relation))
    except (ValueError, TypeError, NotImplementedError):
        return []


def _built(difference: Expr, domain: Domain, strict: bool) -> Iterator[_Chart]:
    coefficient, factors = oriented_factors(difference, domain)
    # Where the signs of the factors are all known, balls look at each of them all the same.
    rest = [b**k for b, k in factors if sign(b, domain) is not Sign.POSITIVE]
    expr = Mul(coefficient, *(rest or [b**k for b, k in factors]))
    domain = domain.relevant(expr)
    for sides in product(*(list(_sides(r)) for r in domain.ranges)):
        place: dict[Symbol, Expr] = {}
        for r, side in zip(domain.ranges, sides, strict=True):
            place[r.symbol] = side.value.xreplace(place)
        # Without powers of coordinates that do not reach 0.
        positive = {side.t for side in sides if side.open}
        parts = Mul.make_args(factor(together(expr.xreplace(place))))
        kept = Mul(*(f for f in parts if f.as_base_exp()[0] not in positive))
        start = tuple((fmpq(0), side.most) for side in sides)
        yield _Chart(place, tuple(side.t for side in sides), start, kept, strict)


def _sides(r: Range) -> Iterator[_Side]:
    """The charts of one range: from its ends inwards, from a middle or an end outwards."""
    t = Dummy(f"t_{r.symbol}", positive=True)
    ends = [(r.lower, 1, r.lower_closed), (r.upper, -1, r.upper_closed)]
    finite = [end for end in ends if end[0] not in (-oo, oo)]
    if len(finite) == 2:
        for end, way, closed in finite:
            yield _Side(t, end + way * (r.upper - r.lower) * t, fmpq(1, 2), not closed)
        return
    for end, way, closed in finite or [(S.Zero, 1, True), (S.Zero, -1, True)]:
        yield _Side(t, end + way * t, fmpq(1), not closed)
        yield _Side(t, end + way / t, fmpq(1), True)


# -- subdivision ----------------------------------------------------------------------------


def _divided(chart: _Chart) -> tuple[str | None, dict[Symbol, Expr] | None]:
    """The subdivision in order, the side that is halved or "." for a box that is proved.

    None where the boxes did not suffice, and a point in place of it where the claim fails there.
    """
    marks: list[str] = []
    failure: dict[Symbol, Expr] | None = None

    def settle(box: Box) -> list[Box] | None:
        nonlocal failure
        if failure is not None:
            return []
        if chart.holds(box):
            marks.append(_PROVED)
            return []
        if chart.value(chart.expr, tuple((_middle(ends),) * 2 for ends in box)) < 0:
            failure = chart.point(box)
            return []
        widths = [b - a for a, b in box]
        if max(widths, default=0) < SMALLEST_BOX:
            return None
        side = widths.index(max(widths))
        marks.append(str(side))
        return _halves(box, side)

    whole = subdivided([chart.start], settle, BOXES).complete
    return "".join(marks) if whole and failure is None else None, failure


def _interval(a: fmpq, b: fmpq) -> arb:
    found = arb(a).union(arb(b))
    return found.nonnegative_part() if a >= 0 else found


def _middle(ends: tuple[fmpq, fmpq]) -> fmpq:
    return (ends[0] + ends[1]) / 2


def _halves(box: Box, side: int) -> list[Box]:
    a, b = box[side]
    parts = (a, _middle((a, b))), (_middle((a, b)), b)
    return [(*box[:side], part, *box[side + 1 :]) for part in parts]
