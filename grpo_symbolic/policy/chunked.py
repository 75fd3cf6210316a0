"""Evaluation of dask arrays: chunk by chunk, by whoever computes them, when they are asked for.

Dask is not imported to tell its arrays from others. A chunk gets the policy as bytes: a process
that has seen them keeps what it derived for them.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grpo_symbolic.numeric.blocks import broadcast_shape
from grpo_symbolic.policy.arguments import rows_allowed

# Columns of a lazy array of all solutions, whose number is only known when it is computed.
SOLUTIONS = 8


def is_chunked(value: Any) -> bool:
    """Whether a value is a dask collection."""
    return hasattr(value, "__dask_graph__")


def evaluated(evaluator: Any, given: Mapping[str, Any], **options: Any) -> Any:
    """The dask array of π(a) at arguments of which some are dask arrays.

    Parameters
    ----------
    evaluator : Evaluator
        Of many answers, the last axis of ``pi_ref`` and of the result is theirs, in one chunk.
    given : mapping
        Dask arrays, arrays and numbers, which broadcast. Arrays are cut to the chunks of the
        dask arrays, and chunks that do not match are cut to common ones.
    **options
        As of a call of the evaluator. With ``branch="all"`` the axis of the solutions has one
        place where a closed form or a proof shows that there is one, and otherwise `SOLUTIONS`.

    Raises
    ------
    ValueError
        At once for names, types, shapes, chunks of unknown size that do not match, and numbers
        out of range. Values in a chunk are checked when it is computed.
    """
    import dask.array as da

    lazy = _lazy(given)
    strict = options["errors"] == "raise"
    own = evaluator.arguments
    answers = own.answers
    rows = _rows(given["pi_ref"], answers) if answers else None
    # Names, kinds of numbers and group sizes are read as of arrays of one entry.
    known = {
        name: np.full(1, 2).astype(lazy[name].dtype) if name in lazy else value
        for name, value in given.items()
        if rows is None or name != "pi_ref"
    }
    values = own.read(known, strict)
    fixed = {name: float(v) for name, v in values.items() if name not in lazy and v.ndim == 0}
    good = own.bad(fixed) is None
    if strict and not good:
        raise ValueError(own.sentence(fixed))
    arrays = {
        name: lazy[name] if name in lazy else da.from_array(np.asarray(given[name]), chunks=-1)
        for name in known
        if name not in fixed
    }
    shape = _shape(arrays if rows is None else {**arrays, "pi_ref": rows[..., 0]})
    width = 1 if good and evaluator.single(fixed) else SOLUTIONS
    kernel = partial(
        _chunk,
        evaluator=pickle.dumps(evaluator),
        names=(*arrays, *(["pi_ref"] if answers else [])),
        numbers={name: given[name] for name in fixed if name in given},
        options=options,
        padding=(width, -2 if answers else -1),
    )
    axes = tuple(range(len(shape)))[::-1]
    pairs: list[Any] = []
    for array in arrays.values():
        pairs += [array, axes[len(axes) - array.ndim :] if array.ndim else ()]
    more = {len(shape): width} if options["branch"] == "all" else {}
    last = () if rows is None else (len(shape) + 1,)
    if rows is not None:
        pairs += [rows, (*axes[len(axes) - rows.ndim + 1 :], *last)]
    # With a meta array nothing is evaluated to learn a type.
    meta = np.empty((0,) * (len(shape) + len(more) + len(last)))
    return da.blockwise(
        kernel,
        (*axes, *more, *last),
        *pairs,
        new_axes=more,
        dtype=float,
        meta=meta,
        token="stationary-policy",
    )


def _chunk(
    *pieces: Any,
    evaluator: bytes,
    names: Sequence[str],
    numbers: Mapping[str, Any],
    options: Mapping[str, Any],
    padding: tuple[int, int],
) -> NDArray[np.float64]:
    """One chunk of the result from one chunk of every array, by a pickled evaluator.

    ``padding`` is how many solutions there are of a point at most, and the place of their axis
    from the end.
    """
    found = np.asarray(
        _local(evaluator)(**options, **numbers, **dict(zip(names, pieces, strict=True)))
    )
    if options["branch"] != "all":
        return found
    width, axis = padding
    count = found.shape[axis]
    if count > width:
        raise ValueError(
            f"a lazy array holds at most {width} solutions of a point, got {count}: "
            "evaluate arrays that are in memory"
        )
    more = [(0, 0)] * found.ndim
    more[axis] = (0, width - count)
    return np.pad(found, more, constant_values=np.nan)


@lru_cache(maxsize=16)
def _local(data: bytes) -> Any:
    """An evaluator of this process."""
    return pickle.loads(data)


def _lazy(given: Mapping[str, Any]) -> dict[str, Any]:
    """The dask arrays of real numbers among the arguments."""
    import dask.array as da

    lazy = {name: value for name, value in given.items() if is_chunked(value)}
    for name, value in lazy.items():
        if not isinstance(value, da.Array):
            raise ValueError(f"{name} must be a dask array, got a dask {type(value).__name__}")
        if value.dtype.kind not in "fiuO":
            raise ValueError(f"{name} must hold real numbers, got dtype {value.dtype}")
    return lazy


def _rows(value: Any, answers: int) -> Any:
    """π_ref as a dask array with all answers in one chunk."""
    import dask.array as da

    array = value if is_chunked(value) else da.from_array(np.asarray(value), chunks=-1)
    if array.ndim == 0 or array.shape[-1] != answers:
        raise ValueError(f"pi_ref must be {rows_allowed(answers)}, got shape {array.shape}")
    return array.rechunk({array.ndim - 1: -1})


def _shape(arrays: Mapping[str, Any]) -> tuple[int, ...]:
    wide = {name: a for name, a in arrays.items() if a.ndim}
    if any(math.isnan(n) for a in wide.values() for n in a.shape):
        chunks = [a.chunks for a in wide.values()]
        if len(chunks) == 1:
            return next(iter(wide.values())).shape
        raise ValueError(
            "chunks of unknown size do not broadcast: call compute_chunk_sizes() on "
            + " and ".join(n for n, a in wide.items() if any(map(math.isnan, a.shape)))
        )
    return broadcast_shape(arrays)
