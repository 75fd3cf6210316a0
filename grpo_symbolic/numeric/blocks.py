"""Kernels on arrays that broadcast, in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grpo_symbolic.numeric.interpolant import Array

__all__ = ["blocks", "broadcast_shape"]


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
