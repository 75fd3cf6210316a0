r"""Every zero of a system in a box, counted by subdivision in ball arithmetic.

The Krawczyk operator of F on a box X,

.. math:: K(X) = m - C F(m) + (I - C F'(X)) (X - m),

m the middle of X and C close to the inverse of F′(m), contains all zeros in X. Where
‖I − C F′(X)‖ < 1, F is one-to-one on X; where K(X) also lies inside X, it has exactly one zero
there. For a fixed-point equation a = Φ(a), that is F(a) = a − Φ(a), all zeros in X lie in Φ(X)
too. A zero next to the edge of a cell is proved in a larger cell that contains the first one.

Notes
-----
Source: R. Krawczyk, Computing 4 (1969) 187-201; R. E. Moore, SIAM J. Numer. Anal. 14 (1977)
611-615.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from flint import arb, arb_mat

from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.enclosures.subdivision import subdivided

Box = list[arb]
# A cell narrower than this, relative to its place, is given up; cells are enlarged by as much.
_NARROW = arb(2) ** -36
_STEPS = 60


class FixedPoint(Protocol):
    """A map whose fixed points are looked for."""

    def value(self, point: Box) -> Box:
        """Φ at one point, in small balls."""
        ...

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        """Enclosures of Φ and of its Jacobian on a box.

        Raises
        ------
        Undecided
            Where there are none.
        """
        ...


@dataclass(frozen=True)
class FixedPoints:
    """The fixed points that were proved, and whether there are no others.

    Attributes
    ----------
    found : tuple of boxes
        Small boxes; each contains exactly one fixed point.
    complete : bool
    cells : int
        How many cells were looked at.
    """

    found: tuple[Box, ...]
    complete: bool
    cells: int


class _Zero(NamedTuple):
    place: Box  # small
    alone: Box  # a box with no other zero


class _Image(NamedTuple):
    """K(X), and a bound of ‖I − C F′(X)‖ in the norm of the widths of X."""

    box: Box
    norm: arb


def unique_zero(
    value: Callable[[Box], Box], slopes: Callable[[Box], arb_mat], box: Box
) -> Box | None:
    """A small box around the only zero of F in ``box``; None where that is not proved.

    Parameters
    ----------
    value, slopes : callable
        F at a point, and F′ on a box.
    box : list of arb
    """
    image = _krawczyk(value, slopes(box), box)
    if image is None or not _inside(image.box, box):
        return None
    return _closer(value, slopes, image.box)


def fixed_points(system: FixedPoint, box: Box, most: int) -> FixedPoints:
    """The fixed points of ``system`` in a box, at the working precision of ball arithmetic.

    Parameters
    ----------
    system : FixedPoint
    box : list of arb
    most : int
        After so many cells none is divided any more.
    """
    search = _Search(system, [])
    report = subdivided([list(box)], search.settle, most)
    found = tuple(zero.place for zero in search.zeros)
    return FixedPoints(found, report.complete, report.cells)


@dataclass
class _Search:
    """The zeros of a − Φ(a) that are known so far."""

    system: FixedPoint
    zeros: list[_Zero]

    def settle(self, cell: Box) -> list[Box] | None:
        """What is left of a cell, or None where it can be neither decided nor divided."""
        if any(_within(cell, zero.alone) for zero in self.zeros):
            return []
        try:
            return self._reduced(cell)
        except Undecided:
            return _halves(cell, [x.rad() for x in cell])

    def _reduced(self, cell: Box) -> list[Box] | None:
        image, slopes = self.system.image(cell)
        left = _meet(cell, image)
        if left is None:
            return []
        jacobian = identity(len(cell)) - slopes
        found = _krawczyk(self._value, jacobian, left)
        if found is not None:
            both = _meet(left, found.box)
            if both is None:
                return []
            if found.norm < 1:
                if _inside(found.box, left):
                    return [] if self._recorded(found.box, left) else None
                if self._proved_beyond(left, found.box):
                    return []
            if all(x.is_finite() for x in both):
                left = both
        if all(b.rad() < a.rad() * 0.6 for a, b in zip(cell, left, strict=True)):
            return [left]
        smear = [
            x.rad() * max(float(jacobian[i, j].abs_upper()) for i in range(len(cell)))
            for j, x in enumerate(left)
        ]
        return _halves(left, smear)

    def _value(self, point: Box) -> Box:
        return [a - v for a, v in zip(point, self.system.value(point), strict=True)]

    def _slopes(self, box: Box) -> arb_mat:
        return identity(len(box)) - self.system.image(box)[1]

    def _proved_beyond(self, cell: Box, kept: Box) -> bool:
        """Prove a zero near the edge of a cell in a box that contains the cell."""
        wide = []
        for x, k in zip(cell, kept, strict=True):
            both, least = x.union(k), 4 * _NARROW * (1 + x.abs_upper())
            wide.append(arb(both.mid(), both.rad() * 1.25 + least))
            if wide[-1].rad() > 6 * x.rad() + 2 * least:
                return False
        try:
            image = _krawczyk(self._value, self._slopes(wide), wide)
        except Undecided:
            return False
        if image is None or not (image.norm < 1 and _inside(image.box, wide)):
            return False
        return self._recorded(image.box, wide)

    def _recorded(self, place: Box, alone: Box) -> bool:
        """Add a proved zero unless it is known; False where it is not told from a known one."""
        place = _closer(self._value, self._slopes, place)
        for known in self.zeros:
            if _within(place, known.alone) or _within(known.place, alone):
                return True
        if any(_meet(place, known.place) is not None for known in self.zeros):
            return False
        self.zeros.append(_Zero(place, alone))
        return True


def _closer(value: Callable[[Box], Box], slopes: Callable[[Box], arb_mat], place: Box) -> Box:
    """A box with one zero, as small as the operator makes it."""
    for _ in range(_STEPS):
        try:
            image = _krawczyk(value, slopes(place), place)
        except Undecided:
            return place
        closer = None if image is None else _meet(place, image.box)
        if closer is None:
            return place
        slow = all(b.rad() > a.rad() / 2 for a, b in zip(place, closer, strict=True))
        place = closer
        if slow:
            break
    return place


def _krawczyk(value: Callable[[Box], Box], slopes: arb_mat, cell: Box) -> _Image | None:
    """The operator on a cell; None where F′ has no inverse, or there is no finite image."""
    n = len(cell)
    inverse = _inverse(slopes)
    if inverse is None:
        return None
    middle = [arb(x.mid()) for x in cell]
    rest = identity(n) - inverse * slopes
    widths = arb_mat(n, 1, [arb(0, x.rad()) for x in cell])
    image = arb_mat(n, 1, middle) - inverse * arb_mat(n, 1, value(middle)) + rest * widths
    if not all(x.is_finite() for x in image.entries()):
        return None
    radii = [x.rad() for x in cell]
    if not all(r > 0 for r in radii):
        radii = [arb(1)] * n
    rows = (
        sum((rest[i, j].abs_upper() * radii[j] / radii[i] for j in range(n)), arb(0))
        for i in range(n)
    )
    return _Image(image.entries(), max(rows, key=lambda b: float(b.upper())))


def identity(n: int) -> arb_mat:
    """The unit matrix."""
    return arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def _inverse(matrix: arb_mat) -> arb_mat | None:
    """The inverse of the middle, as a matrix of points."""
    try:
        found = matrix.mid().inv().mid()
    except ZeroDivisionError:
        return None
    return found if all(x.is_finite() for x in found.entries()) else None


def _meet(first: Box, second: Box) -> Box | None:
    if not all(x.overlaps(y) for x, y in zip(first, second, strict=True)):
        return None
    return [x.intersection(y) for x, y in zip(first, second, strict=True)]


def _within(inner: Box, outer: Box) -> bool:
    return all(y.contains(x) for x, y in zip(inner, outer, strict=True))


def _inside(inner: Box, outer: Box) -> bool:
    return all(y.contains_interior(x) for x, y in zip(inner, outer, strict=True))


def _halves(cell: Box, weights: Sequence[arb]) -> list[Box] | None:
    order = sorted(range(len(cell)), key=lambda j: -float(weights[j]))
    for j in order:
        x = cell[j]
        if x.rad() < _NARROW * (1 + x.abs_upper()):
            continue
        half = x.rad() / 2
        return [
            [arb(x.mid() + side * half, half * 1.0000001) if i == j else y
             for i, y in enumerate(cell)]
            for side in (-1, 1)
        ]  # fmt: skip
    return None
