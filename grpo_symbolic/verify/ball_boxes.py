"""Inequalities in ball arithmetic, on boxes that cover the domain.

Each range is mapped to charts in a coordinate t that is 0 at an end of the range: lower + t and
lower + 1/t with 0 <= t <= 1 for a half-line, lower + (upper - lower) t and its mirror image with
0 <= t <= 1/2 for a finite range. Boxes are halved, on a scale of powers of two, until a ball of
the difference is positive on each. At an open end the difference may tend to 0: where boxes with
t < 2^-10 stay undecided the claim is established on the compact box that is left, and only there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from flint import arb, fmpq
from sympy import Dummy, Expr, Integer, Mul, Rational, S, Symbol, factor, oo, sstr, together

from grpo_symbolic.algebra import Sign, oriented_factors, sign
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.subdivision import subdivided
from grpo_symbolic.normal_form import expansion
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.sampling import refuted_at
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["BallBoxes"]

BITS = 128
BOXES = 4000
#: Beyond this coordinate an open end is left out where it cannot be decided.
MARGIN = fmpq(1, 1024)
_LAST = MARGIN / 1024
_MAX_SYMBOLS = 3
_MAX_OPERATIONS = 400
_MAX_MONOMIALS = 5000
_UNDECIDED = "?"
_PROVED = "."

Box = tuple[tuple[fmpq, fmpq], ...]


class BallBoxes(Method):
    """left − right has one sign on every box of a subdivision.

    PROVED if the boxes cover the whole domain. If they cover the domain without margins at its
    open ends, NUMERIC, with the compact box that was proved.
    """

    name = "ball arithmetic on boxes"
    family = "ball arithmetic"

    def attempt(self, claim: Claim) -> Verdict | None:
        charts = _charts(claim)
        if not charts:
            return None
        trees, whole = [], True
        for chart in charts:
            search = _Search(chart, BOXES - sum(map(len, trees)), whole)
            tree = search.tree()
            if search.counterexample is not None:
                return _refuted(claim, search.counterexample)
            if tree is None:
                return None
            trees.append(tree)
            whole = search.whole
        return self._verdict(claim, trees)

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        trees = evidence.get("trees")
        charts = _charts(claim)
        if not isinstance(trees, list) or not charts or len(trees) != len(charts):
            return False
        if not all(isinstance(t, str) and c.covered(t) for c, t in zip(charts, trees, strict=True)):
            return False
        again = self._verdict(claim, trees)
        same = all(evidence.get(key) == value for key, value in again.evidence.items())
        return status == again.status and same

    def _verdict(self, claim: Claim, trees: list[str]) -> Verdict:
        boxes = sum(tree.count(_PROVED) for tree in trees)
        whole = not any(_UNDECIDED in tree for tree in trees)
        domain = claim.domain.relevant(claim.difference)
        where = f"the whole range {domain}" if whole else f"the compact box {_compact(domain)}"
        return Verdict(
            Status.PROVED if whole else Status.NUMERIC,
            self.name,
            f"proved on {where} ({boxes} box{'' if boxes == 1 else 'es'})",
            {"boxes": boxes, "bits": BITS, "proved on": where, "trees": trees},
        )


def _refuted(claim: Claim, point: Mapping[Symbol, Expr]) -> Verdict | None:
    """REFUTED by exact values, if the point is one of the domain: a range may be empty there."""
    if set(point) != set(claim.domain.symbols) or not claim.domain.contains(point):
        return None
    return refuted_at(claim, point)


# -- charts ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Side:
    """One coordinate of a chart: the symbol in terms of t, for 0 <= t <= most."""

    t: Dummy
    value: Expr
    most: fmpq
    open: bool  # at t = 0


@dataclass(frozen=True)
class _Chart:
    """A part of the domain and the expression that has to be positive (or only not negative)."""

    sides: tuple[_Side, ...]
    symbols: tuple[Symbol, ...]
    expr: Expr
    strict: bool

    @cached_property
    def slopes(self) -> tuple[Expr, ...]:
        return tuple(self.expr.diff(side.t) for side in self.sides)

    @property
    def start(self) -> Box:
        return tuple((fmpq(0), side.most) for side in self.sides)

    def point(self, at: Mapping[Dummy, Rational]) -> dict[Symbol, Expr]:
        return {
            s: side.value.xreplace(at) for s, side in zip(self.symbols, self.sides, strict=True)
        }

    def holds(self, box: Box) -> bool:
        """Whether the expression is proved to be positive (not negative) on a box."""
        return self._positive(self.value(self.expr, box)) or self._positive(self.tightened(box))

    def _positive(self, value: arb) -> bool:
        return bool(value > 0 if self.strict else value >= 0)

    def value(self, expr: Expr, box: Box) -> arb:
        """A ball for every value on the box; not a number where it has no such ball."""
        balls = {side.t: _interval(*ends) for side, ends in zip(self.sides, box, strict=True)}
        try:
            return ball(expr, balls, BITS)
        except (ValueError, ZeroDivisionError):
            return arb.nan()

    def tightened(self, box: Box) -> arb:
        """The mean value form, at the ends in the directions in which the expression grows."""
        slopes = [self.value(slope, box) for slope in self.slopes]
        if not all(slope.is_finite() for slope in slopes):
            return arb.nan()
        least = tuple(
            (a, a) if slope >= 0 else (b, b) if slope <= 0 else (a, b)
            for slope, (a, b) in zip(slopes, box, strict=True)
        )
        middle = tuple(((a + b) / 2, (a + b) / 2) for a, b in least)
        found = self.value(self.expr, middle)
        for slope, (a, b) in zip(slopes, least, strict=True):
            if a < b:
                found += slope * arb(0, arb((b - a) / 2).upper())
        return found

    def marginal(self, box: Box) -> bool:
        """Whether the box lies in the margin of an open end."""
        return any(s.open and b <= MARGIN for s, (_, b) in zip(self.sides, box, strict=True))

    def covered(self, tree: str) -> bool:
        """Whether a tree, as `_Search.tree` writes it, is a proof outside the margins."""
        stack = [self.start]
        for mark in tree:
            if not stack:
                return False
            box = stack.pop()
            if mark == _PROVED:
                if not self.holds(box):
                    return False
            elif mark == _UNDECIDED:
                if not self.marginal(box):
                    return False
            elif mark.isdecimal() and int(mark) < len(box):
                stack += _halves(box, int(mark))
            else:
                return False
        return not stack


def _charts(claim: Claim) -> list[_Chart]:
    """The charts of a claim; none where the method has nothing to say."""
    if claim.relation in ("==", "!="):
        return []
    difference = claim.difference if claim.relation in (">", ">=") else -claim.difference
    domain = claim.domain.relevant(difference)
    if (
        not 0 < len(domain.ranges) <= _MAX_SYMBOLS
        or difference.count_ops() > _MAX_OPERATIONS
        or expansion(difference) > _MAX_MONOMIALS
        or any(s.is_integer for s in domain.symbols)
    ):
        return []
    strict = claim.relation in (">", "<")
    try:
        return _built(difference, domain, strict)
    except (ValueError, TypeError, NotImplementedError):
        return []


def _built(difference: Expr, domain: Domain, strict: bool) -> list[_Chart]:
    coefficient, factors = oriented_factors(difference, domain)
    # Where the signs of the factors are all known, balls look at each of them all the same.
    rest = [b**k for b, k in factors if sign(b, domain) is not Sign.POSITIVE]
    every = [b**k for b, k in factors]
    expr = Mul(Integer(1) if coefficient > 0 else Integer(-1), *(rest or every))
    domain = domain.relevant(expr)
    if not domain.ranges:
        return []
    found = []
    for sides in product(*(list(_sides(r)) for r in domain.ranges)):
        known: dict[Symbol, Expr] = {}
        placed = []
        for r, side in zip(domain.ranges, sides, strict=True):
            known[r.symbol] = side.value.xreplace(known)
            placed.append(_Side(side.t, known[r.symbol], side.most, side.open))
        found.append(_Chart(tuple(placed), domain.symbols, _reduced(expr, known, sides), strict))
    return found


def _reduced(expr: Expr, known: Mapping[Symbol, Expr], sides: Sequence[_Side]) -> Expr:
    """The expression in a chart, without powers of coordinates that do not reach 0."""
    positive = {side.t for side in sides if side.open}
    factors = Mul.make_args(factor(together(expr.xreplace(known))))
    return Mul(*(f for f in factors if f.as_base_exp()[0] not in positive))


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


def _compact(domain: Domain) -> str:
    """The domain without its margins, in words."""
    small = Rational(int(MARGIN.p), int(MARGIN.q))
    parts = []
    for r in domain.ranges:
        low, high = (S.Zero if closed else small for closed in (r.lower_closed, r.upper_closed))
        what, ends = r.symbol, (-1 / small, 1 / small)
        if oo not in (-r.lower, r.upper):
            what, ends = (r.symbol - r.lower) / (r.upper - r.lower), (low, 1 - high)
        elif r.lower != -oo:
            what, ends = r.symbol - r.lower, (low, 1 / small)
        elif r.upper != oo:
            what, ends = r.upper - r.symbol, (high, 1 / small)
        parts.append(f"{sstr(what)} in [{ends[0]}, {ends[1]}]")
    return ", ".join(parts)


# -- subdivision ----------------------------------------------------------------------------


@dataclass
class _Search:
    """The subdivision of one chart, until every box is decided or left out."""

    chart: _Chart
    boxes: int
    whole: bool  # whether margins are still worth trying
    marks: list[str] = field(default_factory=list)
    failed: bool = False
    counterexample: dict[Symbol, Expr] | None = None

    def tree(self) -> str | None:
        """The subdivision in order: the side that is halved, "." for proved, "?" for left out.

        None where the boxes did not suffice.
        """
        report = subdivided([self.chart.start], self._settled, self.boxes)
        return "".join(self.marks) if report.complete else None

    def _settled(self, box: Box) -> list[Box] | None:
        """What is left of a box; None once the search has failed."""
        self.failed = self.failed or len(self.marks) >= self.boxes
        if self.failed:
            return None
        if self.chart.holds(box):
            self.marks.append(_PROVED)
            return []
        if self.chart.marginal(box) and self._hopeless(box):
            self.whole = False
            self.marks.append(_UNDECIDED)
            return []
        self.counterexample = self._failure(box)
        side = None if self.counterexample is not None else self._longest(box)
        if side is None:
            self.failed = True
            return None
        self.marks.append(str(side))
        return _halves(box, side)[::-1]

    def _hopeless(self, box: Box) -> bool:
        return not self.whole or any(
            s.open and b <= _LAST for s, (_, b) in zip(self.chart.sides, box, strict=True)
        )

    def _failure(self, box: Box) -> dict[Symbol, Expr] | None:
        """The middle of the box, if the claim fails there."""
        middle = [_middle(a, b) for a, b in box]
        if not self.chart.value(self.chart.expr, tuple((m, m) for m in middle)) < 0:
            return None
        sides = zip(self.chart.sides, middle, strict=True)
        return self.chart.point({s.t: Rational(int(m.p), int(m.q)) for s, m in sides})

    def _longest(self, box: Box) -> int | None:
        """The side along which the expression varies most, by its slope if that is known."""
        sizes = []
        for (a, b), slope in zip(box, self.chart.slopes, strict=True):
            value = self.chart.value(slope, box)
            known = value.is_finite()
            width = arb(b - a) * value.abs_upper() if known else arb(b - a)
            sizes.append((not known, float(width.mid())))
        if self.chart.marginal(box) or any(unknown for unknown, _ in sizes):
            spans = [_span(a, b) for a, b in box]
            best = max(spans)
            return spans.index(best) if best > 2.0**-40 else None
        largest = max(size for _, size in sizes)
        return next(i for i, (_, size) in enumerate(sizes) if size == largest)


def _interval(a: fmpq, b: fmpq) -> arb:
    if a == b:
        return arb(a)
    found = arb(a).union(arb(b))
    return found.nonnegative_part() if a >= 0 else found


def _middle(a: fmpq, b: fmpq) -> fmpq:
    """The middle on a scale of powers of two: an end 0 is approached in steps of 1/8."""
    if a == 0:
        return MARGIN if b > MARGIN >= b / 64 else b / 8
    if b > 4 * a:
        found = a
        while found * found < a * b:
            found *= 2
        return found
    return (a + b) / 2


def _span(a: fmpq, b: fmpq) -> float:
    """The width on that scale."""
    if a == 0:
        return 64.0
    return float(int(b.p) * int(a.q) / (int(b.q) * int(a.p))) - 1.0


def _halves(box: Box, side: int) -> list[Box]:
    """Two boxes; the one that is nearer to the end t = 0 comes last, to be taken first."""
    a, b = box[side]
    middle = _middle(a, b)
    return [(*box[:side], ends, *box[side + 1 :]) for ends in ((middle, b), (a, middle))]
