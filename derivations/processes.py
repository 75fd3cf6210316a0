"""Worker processes that end when the run they work for does, however it ends."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

__all__ = ["workers"]


def workers(count: int) -> ProcessPoolExecutor:
    """A pool of so many processes; none of them outlives this one."""
    return ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=end_with_the_parent
    )


def end_with_the_parent() -> None:
    """Watch the process that started this one: a run that is killed cannot tell its workers."""
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
