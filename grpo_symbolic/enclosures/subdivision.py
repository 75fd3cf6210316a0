"""Dividing a region into cells until each is decided: the queue, its limit and its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Cell = TypeVar("Cell")


@dataclass(frozen=True)
class Subdivision(Generic[Cell]):
    """How far a subdivision came.

    Attributes
    ----------
    cells : int
        How many were looked at.
    undecided : tuple of cells
        Those that were neither decided nor divided, in the order in which they were met.
    """

    cells: int
    undecided: tuple[Cell, ...]

    @property
    def complete(self) -> bool:
        return not self.undecided


def subdivided(
    cells: Sequence[Cell], settle: Callable[[Cell], Sequence[Cell] | None], most: int
) -> Subdivision[Cell]:
    """Every cell settled, or replaced by parts that are.

    Parameters
    ----------
    cells : sequence of cells
    settle : callable
        From a cell to the parts that are still to be looked at, the first one next: none where
        the cell is decided. None where it can be neither decided nor divided.
    most : int
        After so many cells none is divided any more.
    """
    waiting, undecided, seen = list(reversed(cells)), [], 0
    while waiting:
        cell = waiting.pop()
        seen += 1
        parts = settle(cell)
        if parts is None or (parts and seen > most):
            undecided.append(cell)
        else:
            waiting.extend(reversed(parts))
    return Subdivision(seen, tuple(undecided))
