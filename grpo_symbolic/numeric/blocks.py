"""Kernels on arrays that broadcast, in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grpo_symbolic.numeric.interpolant import Array


def broadcast_shape(arrays: Mapping[str, Any]) -> tuple[int, ...]:
    """The common shape, or a ValueError that names every array's own."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        raise ValueError(
            "arguments do not broadcast: "
            + ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        ) from None


def blocks(arrays: Sequence[Array], size: int) -> Iterator[tuple[list[Any], int]]:
    """Matching one-dimensional pieces of arrays, and their length; numbers are passed through.

    Nothing is copied but what an array of a smaller shape needs for one block.
    """
    wide = [k for k, a in enumerate(arrays) if a.ndim]
    # NumPy's own numbers overflow to infinity, where Python's raise.
    pieces: list[Any] = [a[()] for a in arrays]
    if not wide:
        yield pieces, 1
        return
    with np.nditer(
        [arrays[k] for k in wide],
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[["readonly"]] * len(wide),
        buffersize=size,
        order="C",
    ) as iterator:
        if not iterator.itersize:
            return
        for found in iterator:
            found = found if isinstance(found, tuple) else (found,)
            for k, piece in zip(wide, found, strict=True):
                pieces[k] = piece
            yield pieces, len(found[0])


def put(table: Array, index: Any, found: Array) -> Array:
    """Rows written into a table of rows × solutions (× …), widened with NaN where it is narrow."""
    width = found.shape[1]
    if width > table.shape[1]:
        padding = [(0, 0), (0, width - table.shape[1]), *[(0, 0)] * (table.ndim - 2)]
        table = np.pad(table, padding, constant_values=np.nan)
    table[index, :width] = found
    table[index, width:] = np.nan
    return table


def padded(found: Array, rows: NDArray[np.intp], count: int, empty: float = np.nan) -> Array:
    """Entries of rows that increase, as a table of rows × entries (× …)."""
    number = np.bincount(rows, minlength=count)
    order = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
    table = np.full((count, max(1, int(number.max(initial=0))), *found.shape[1:]), empty)
    table[rows, order] = found
    return table
