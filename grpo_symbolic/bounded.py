"""A time bound around work that may not end.

On the main thread of a POSIX system a timer signal interrupts the work in
place; on other threads, those of a worker process among them, another thread
raises the exception there. Either way the work stops between two of its steps.
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
    return _watched(function, args, seconds, sentence)


def _watched(function: Callable[..., T], args: tuple, seconds: float, sentence: str) -> T:
    import ctypes

    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    here, over = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            throw(here, ctypes.py_object(Exhausted))
            wait = _REPEAT  # work may swallow the first one

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        return function(*args)
    except Exhausted as stopped:
        if stopped.args:  # a bound inside this one
            raise
        raise Exhausted(sentence) from None
    finally:
        while True:  # one more may arrive while they are being stopped
            try:
                over.set()
                watcher.join()
                throw(here, None)
                break
            except Exhausted:
                continue


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
