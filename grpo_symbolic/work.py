"""A limit of work around an algorithm that may not end.

Limits of this library count work, never time: the same call gives the same answer on every
machine, however busy it is. Loops of its own count what they do (terms, degrees, boxes). For
SymPy's open-ended algorithms, which count nothing, :func:`limited` counts function calls.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

__all__ = ["Exhausted", "limited"]

P = ParamSpec("P")
T = TypeVar("T")


class Exhausted(Exception):
    """The work did not end within its limit."""


class _Stop(BaseException):
    """Ends the work from within: not caught by ``except Exception``."""


class _Meter:
    """Counts the calls of Python functions on one thread, as its profiling function."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        self.left -= 1
        if self.left < 0 and not _in_hook(frame):
            raise _Stop


def _in_hook(frame: FrameType | None) -> bool:
    """Whether what is raised here is only reported and dropped; the next call will do.

    So it is in a finaliser, in the callback of a weak reference and in a callback of the
    garbage collector.
    """
    codes = {getattr(hook, "__code__", None) for hook in gc.callbacks}
    while frame is not None:
        code = frame.f_code
        if code in codes or code.co_name == "__del__" or code.co_filename.endswith("weakref.py"):
            return True
        frame = frame.f_back
    return False


def limited(function: Callable[P, T], /, *args: P.args, steps: int, **keywords: P.kwargs) -> T:  # type: ignore[valid-type]
    """``function(*args, **keywords)``, or :class:`Exhausted` after ``steps`` calls of functions.

    Parameters
    ----------
    steps : int
        Calls of Python functions, on this thread. A million of them is about a second.

    Raises
    ------
    Exhausted
        When the work needs more steps. What a limit inside this one counts, counts here too.
    """
    outer = sys.getprofile()
    allowed = steps
    if isinstance(outer, _Meter):
        allowed = min(steps, max(outer.left, 0))
    meter = _Meter(allowed)
    sys.setprofile(meter)
    try:
        found = function(*args, **keywords)
        stopped = meter.left < 0  # something swallowed the stop
    except _Stop:
        stopped = True
    finally:
        sys.setprofile(None)
        if isinstance(outer, _Meter):
            outer.left -= allowed - max(meter.left, -1)
        sys.setprofile(outer)
    if not stopped:
        return found
    if isinstance(outer, _Meter) and outer.left < 0:
        raise _Stop  # the limit around this one ends first
    name = getattr(function, "__name__", "the work")
    raise Exhausted(f"{name} did not end within {steps:,} steps")
