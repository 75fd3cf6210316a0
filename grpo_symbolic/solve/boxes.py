r"""Every zero of a system in a box, counted by subdivision in ball arithmetic.

The system is a fixed-point equation a = Φ(a). A cell X is replaced by its intersection with
Φ(X) and with the Krawczyk operator

.. math:: K(X) = m - C F(m) + (I - C F'(X)) (X - m), \qquad F(a) = a - \Phi(a),

m the middle of X and C close to the inverse of F′(m): all zeros in X lie in both. Where
‖I − C F′(X)‖ < 1, F is one-to-one on X; where K(X) also lies inside X, it has exactly one zero
there. A zero next to the edge of a cell is proved in a larger cell that contains the first one.

Notes
-----
Source: R. Krawczyk, Computing 4 (1969) 187-201; R. E. Moore, SIAM J. Numer. Anal. 14 (1977)
611-615.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from flint import arb, arb_mat, ctx

__all__ = ["Box", "FixedPoint", "Isolation", "Undefined", "isolate"]

Box = list[arb]
#: Bits of the ball arithmetic; the zeros are refined elsewhere.
BITS = 80
# A cell narrower than this, relative to its place, is given up; cells are enlarged by as much.
_NARROW = arb(2) ** -36
_STEPS = 60


class Undefined(ArithmeticError):
    """The map has no finite enclosure on the box."""


class FixedPoint(Protocol):
    """A map whose fixed points are looked for."""

    def image(self, box: Box) -> tuple[Box, arb_mat]:
        """Enclosures of Φ and of its Jacobian on a box.

        Raises
        ------
        Undefined
            Where they are not finite.
        """
        ...

    def value(self, point: Box) -> Box:
        """Φ at one point, in small balls."""
        ...


@dataclass(frozen=True)
class Isolation:
    """The zeros that were proved, and whether there are no others in the box.

    Attributes
    ----------
    zeros : tuple of boxes
        Small boxes; each contains exactly one zero.
    complete : bool
    cells : int
        How many cells were looked at.
    """

    zeros: tuple[Box, ...]
    complete: bool
    cells: int


@dataclass(frozen=True)
class _Zero:
    place: Box  # small
    alone: Box  # a box with no other zero


def isolate(
    system: FixedPoint, boxes: Sequence[Box], most: int, accept: Callable[[Box], bool]
) -> Isolation:
    """The fixed points of ``system`` in the union of ``boxes``.

    Parameters
    ----------
    system : FixedPoint
    boxes : sequence of boxes
        Their intervals overlap in end points at most.
    most : int
        After so many cells the isolation ends incomplete.
    accept : callable
        Whether a box lies where the map is defined: cells are enlarged only within it.
    """
    with ctx.workprec(BITS):
        zeros: list[_Zero] = []
        cells, complete = 0, True
        waiting = [list(box) for box in boxes]
        while waiting:
            if cells >= most:
                complete = False
                break
            cells += 1
            cell = waiting.pop()
            if any(_within(cell, zero.alone) for zero in zeros):
                continue
            try:
                parts = _reduced(system, cell, zeros, accept)
            except Undefined:
                parts = _halves(cell, [x.rad() for x in cell])
            if parts is None:
                complete = False
            else:
                waiting.extend(parts)
        return Isolation(tuple(zero.place for zero in zeros), complete, cells)


def _reduced(
    system: FixedPoint, cell: Box, zeros: list[_Zero], accept: Callable[[Box], bool]
) -> list[Box] | None:
    """What is left of a cell, or None when it can be neither decided nor divided."""
    image, slopes = system.image(cell)
    if not all(x.is_finite() for x in (*image, *slopes.entries())):
        raise Undefined("no finite enclosure on the box")
    cell_now = _meet(cell, image)
    if cell_now is None:
        return []
    jacobian = _identity(len(cell)) - slopes
    inverse = _inverse(jacobian)
    if inverse is not None:
        kept, rest, _ = _krawczyk(system, cell_now, jacobian, inverse)
        left = _meet(cell_now, kept)
        if left is None:
            return []
        if not all(x.is_finite() for x in left):
            left = cell_now
        if rest < 1:
            if _inside(kept, cell_now):
                return [] if _record(system, zeros, kept, cell_now) else None
            if _enlarged(system, cell_now, kept, zeros, accept):
                return []
        cell_now = left
    if all(b.rad() < a.rad() * 0.6 for a, b in zip(cell, cell_now, strict=True)):
        return [cell_now]
    smear = [
        x.rad() * max(float(jacobian[i, j].abs_upper()) for i in range(len(cell)))
        for j, x in enumerate(cell_now)
    ]
    return _halves(cell_now, smear)


def _enlarged(
    system: FixedPoint,
    cell: Box,
    kept: Box,
    zeros: list[_Zero],
    accept: Callable[[Box], bool],
) -> bool:
    """Prove a zero near the edge of a cell in a box that contains the cell."""
    wide = []
    for x, k in zip(cell, kept, strict=True):
        both, least = x.union(k), 4 * _NARROW * (1 + x.abs_upper())
        wide.append(arb(both.mid(), both.rad() * 1.25 + least))
        if wide[-1].rad() > 6 * x.rad() + 2 * least:
            return False
    if not accept(wide):
        return False
    try:
        _, slopes = system.image(wide)
    except Undefined:
        return False
    jacobian = _identity(len(cell)) - slopes
    inverse = _inverse(jacobian)
    if inverse is None:
        return False
    image, rest, _ = _krawczyk(system, wide, jacobian, inverse)
    if not (rest < 1 and _inside(image, wide)):
        return False
    return _record(system, zeros, image, wide)


def _record(system: FixedPoint, zeros: list[_Zero], place: Box, alone: Box) -> bool:
    """Add a proved zero unless it is known; False where it cannot be told from a known one."""
    for _ in range(_STEPS):
        try:
            _, slopes = system.image(place)
        except Undefined:
            break
        jacobian = _identity(len(place)) - slopes
        inverse = _inverse(jacobian)
        if inverse is None:
            break
        closer = _meet(place, _krawczyk(system, place, jacobian, inverse)[0])
        if closer is None:
            break
        slow = all(b.rad() > a.rad() * 0.9 for a, b in zip(place, closer, strict=True))
        place = closer
        if slow:
            break
    for known in zeros:
        if _within(place, known.alone) or _within(known.place, alone):
            return True
    if any(_meet(place, known.place) is not None for known in zeros):
        return False
    zeros.append(_Zero(place, alone))
    return True


def _krawczyk(
    system: FixedPoint, cell: Box, jacobian: arb_mat, inverse: arb_mat
) -> tuple[Box, arb, Box]:
    """K(X), a bound of ‖I − C F′(X)‖ in the norm of the cell's own widths, and the middle."""
    n = len(cell)
    middle = [arb(x.mid()) for x in cell]
    at = arb_mat(n, 1, [m - v for m, v in zip(middle, system.value(middle), strict=True)])
    rest = _identity(n) - inverse * jacobian
    widths = arb_mat(n, 1, [arb(0, x.rad()) for x in cell])
    image = arb_mat(n, 1, middle) - inverse * at + rest * widths
    radii = [x.rad() for x in cell]
    if all(r > 0 for r in radii):
        bounds = [
            sum((rest[i, j].abs_upper() * radii[j] / radii[i] for j in range(n)), arb(0))
            for i in range(n)
        ]
    else:
        bounds = [sum((rest[i, j].abs_upper() for j in range(n)), arb(0)) for i in range(n)]
    return [image[i, 0] for i in range(n)], max(bounds, key=lambda b: float(b.upper())), middle


def _identity(n: int) -> arb_mat:
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
