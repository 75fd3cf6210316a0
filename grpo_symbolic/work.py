"""A limit of work around an algorithm that may not end.

Limits of this library count work, never time: the same call gives the same answer on every
machine, however busy it is. Loops of its own count what they do (terms, degrees, boxes). For
SymPy's open-ended algorithms, which count nothing, :func:`limited` counts function calls; what
is done elsewhere, by a solver or in compiled code, is added by :func:`charge`.

The import of a module is no work on a question, and is not counted. What SymPy has cached is not
worked out again: a call that needs nearly all of its steps the first time needs fewer the second
time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import _bootstrap, import_module  # type: ignore[attr-defined]
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Generators that may be closed one after the other while a stop is on its way.
_RESUMPTIONS = 1000
#: The import of a module that is not there yet, where Python has it by this name.
_IMPORT = getattr(getattr(_bootstrap, "_find_and_load", None), "__code__", None)
#: Callbacks of weak references, and the import of modules.
_HOOKS = ("weakref.py", "_weakrefset.py", "<frozen importlib._bootstrap>")


class Exhausted(Exception):
    """The work did not end within its limit."""


class _Stop(BaseException):
    """Ends the work from within: not caught by ``except Exception``."""


class _Meter:
    """Counts the calls of Python functions on one thread."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.resumptions = 0

    def profile(self, frame: FrameType, event: str, argument: object) -> None:
        """The profiling function of the thread while the work is done."""
        if event != "call":
            return
        if frame.f_code is _IMPORT:
            _import(frame.f_locals["name"])
            return
        self.left -= 1
        if self.left < 0 and not self._is_collected(frame) and not _within_a_hook(frame):
            # Python takes a profiling function away that raises: the next call sets it again,
            # in case the work swallows the stop.
            sys.settrace(self._again)
            self.resumptions = 0
            raise _Stop

    def _is_collected(self, frame: FrameType) -> bool:
        """Whether a generator may be resumed only to be closed, by what collects it.

        What is raised there is reported and dropped. Work that does nothing but resume
        generators is stopped after a while.
        """
        if not frame.f_code.co_flags & CO_GENERATOR:
            return False
        self.resumptions += 1
        return self.resumptions <= _RESUMPTIONS

    def _again(self, frame: FrameType, event: str, argument: object) -> None:
        sys.setprofile(self.profile)


def _import(name: str) -> None:
    """Import a module from within a profiling function, of which nothing is seen by it.

    The import that has begun then finds the module, or fails by itself.
    """
    with suppress(Exception):
        import_module(name)


def _current() -> _Meter | None:
    """The meter of the innermost limit on this thread."""
    meter = getattr(sys.getprofile(), "__self__", None)
    return meter if isinstance(meter, _Meter) else None


def _within_a_hook(frame: FrameType | None) -> bool:
    """Whether the work has to go on for now; the next call will do.

    What is raised in a finaliser, in the callback of a weak reference and in a callback of the
    garbage collector is only reported and dropped; a module would be imported by half.
    """
    codes = {getattr(hook, "__code__", None) for hook in gc.callbacks}
    while frame is not None and frame.f_code is not limited.__code__:
        code = frame.f_code
        if code in codes or code.co_name == "__del__" or code.co_filename.endswith(_HOOKS):
            return True
        frame = frame.f_back
    return False


@dataclass
class Budget:
    """Steps that several pieces of work share, one after the other.

    Parameters
    ----------
    left : int
    """

    left: int


def limited(  # type: ignore[valid-type]
    function: Callable[P, T],
    /,
    *args: P.args,
    steps: int,
    budget: Budget | None = None,
    **keywords: P.kwargs,
) -> T:
    """``function(*args, **keywords)``, or :class:`Exhausted` after ``steps`` calls of functions.

    Parameters
    ----------
    steps : int
        Calls of Python functions, on this thread. A million of them is about a second.
    budget : Budget, optional
        From which they are taken; no more than are left there.

    Raises
    ------
    Exhausted
        When the work needs more steps. What a limit inside this one counts, counts here too.
    """
    profiler, tracer, outer = sys.getprofile(), sys.gettrace(), _current()
    if budget is not None:
        steps = min(steps, max(budget.left, 0))
    allowed = steps if outer is None else min(steps, max(outer.left, 0))
    meter = _Meter(allowed)
    found: Any = None
    sys.setprofile(meter.profile)
    try:
        found = function(*args, **keywords)
        stopped = meter.left < 0  # something swallowed the stop
    except _Stop:
        stopped = True
    except Exception:
        stopped = meter.left < 0  # something made it of the stop
        if not stopped:
            raise
    finally:
        sys.settrace(tracer)
        sys.setprofile(None)
        used = allowed - max(meter.left, -1)
        if budget is not None:
            budget.left -= used
        if outer is not None:
            outer.left -= used
        _set_again(profiler)
    if not stopped:
        return found
    if outer is not None and outer.left < 0:
        raise _Stop  # the limit around this one ends first
    name = getattr(function, "__name__", "the work")
    raise Exhausted(f"{name} did not end within {steps:,} steps")


def charge(steps: int) -> None:
    """Count ``steps`` that were done elsewhere towards the limit around this call, if any."""
    meter = _current()
    if meter is not None:
        meter.left -= steps
        if meter.left < 0:
            raise _Stop


def is_limited() -> bool:
    """Whether what is done here counts towards a limit: what is only for show is left out."""
    return _current() is not None


def _set_again(profiler: object) -> None:
    """What ``sys.getprofile`` returned; the profiler of ``cProfile`` is not a function."""
    enable = getattr(profiler, "enable", None)
    if enable is not None:
        enable()
    else:
        sys.setprofile(profiler)  # type: ignore[arg-type]
