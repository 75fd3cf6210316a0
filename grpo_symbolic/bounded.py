"""A time bound around work that may not end.

On the main thread of a POSIX system a timer signal interrupts the work in
place; elsewhere the work runs in a child process that is stopped at the bound.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

__all__ = ["Exhausted", "bounded"]

T = TypeVar("T")

_REPEAT = 0.05


class Exhausted(Exception):
    """The work did not end within its bound."""


def bounded(function: Callable[..., T], *args: Any, seconds: float) -> T:
    """``function(*args)``, or :class:`Exhausted` after ``seconds``."""
    sentence = f"{getattr(function, '__name__', 'the work')} did not end within {seconds:g} s"
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _interrupted(function, args, seconds, sentence)
    # Imported where it is needed: it costs as much as the rest of this package's own modules.
    from multiprocessing import TimeoutError as PoolTimeout
    from multiprocessing import get_context

    with get_context("spawn").Pool(1) as pool:
        try:
            return pool.apply_async(function, args).get(seconds)
        except PoolTimeout:
            raise Exhausted(sentence) from None


def _in_hook(frame: FrameType | None) -> bool:
    """Whether the alarm went off where exceptions are only reported: the next one will do.

    Python reports and drops what is raised in a finaliser, in the callback of a weak reference,
    in a callback of the garbage collector and in the hook that reports.
    """
    hooks = [getattr(sys.unraisablehook, "func", sys.unraisablehook), *gc.callbacks]
    codes = {getattr(hook, "__code__", None) for hook in hooks}
    while frame is not None:
        code = frame.f_code
        if code in codes or code.co_name == "__del__" or code.co_filename == weakref.__file__:
            return True
        frame = frame.f_back
    return False


def _interrupted(function: Callable[..., T], args: tuple, seconds: float, sentence: str) -> T:
    remaining, _ = signal.getitimer(signal.ITIMER_REAL)
    if 0 < remaining <= seconds:
        return function(*args)  # the bound around this one ends first

    def stop(signum: int, frame: FrameType | None) -> None:
        if not _in_hook(frame):
            raise Exhausted(sentence)

    start = time.monotonic()
    previous = signal.signal(signal.SIGALRM, stop)
    try:
        # The alarm repeats, so that work which swallows the first one is stopped all the same.
        signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT)
        return function(*args)
    finally:
        while True:  # an alarm may still go off while it is being switched off
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, previous)
                break
            except Exhausted:
                continue
        if remaining:
            left = max(remaining - (time.monotonic() - start), _REPEAT)
            signal.setitimer(signal.ITIMER_REAL, left, _REPEAT)
