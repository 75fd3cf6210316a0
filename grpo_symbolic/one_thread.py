"""Linear algebra in the thread of the caller.

Matrices are small here, and many: threads that share each of them wait for one another longer than
they work, on a busy machine ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

P, R = ParamSpec("P"), TypeVar("R")


def in_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """While it runs, the library behind NumPy's linear algebra starts no threads of its own."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with _pool().limited():
            return function(*args, **kwargs)

    return wrapped


@cache
def _pool() -> _Pool:
    from threadpoolctl import ThreadpoolController

    return _Pool(ThreadpoolController())


class _Pool:
    """The threads of the process: the first caller limits them, the last one gives them back."""

    def __init__(self, controller: Any) -> None:
        self._controller, self._lock = controller, Lock()
        self._callers, self._limit = 0, None

    @contextmanager
    def limited(self) -> Iterator[None]:
        with self._lock:
            self._callers += 1
            if self._callers == 1:
                self._limit = self._controller.limit(limits=1, user_api="blas")
        try:
            yield
        finally:
            with self._lock:
                self._callers -= 1
                if self._callers == 0:
                    self._limit.restore_original_limits()
