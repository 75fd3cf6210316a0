"""Progress of long work, on the terminal or in a notebook; silent everywhere else.

A bar appears only where somebody sees it move: standard error is a terminal, or a notebook runs.
In a pipe, in a test, without tqdm, and in work that ends within half a second there is none; nor
is there within a limit of work, to which the steps of a bar would count.
Setting ``TQDM_DISABLE=1`` in the environment turns every bar off.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from grpo_symbolic.work import is_limited

T = TypeVar("T")

#: Work that ends earlier, in seconds, shows no bar.
DELAY = 0.5


def tracked(
    iterable: Iterable[T],
    *,
    total: int | None = None,
    label: str = "",
    unit: str = "",
    delay: float = DELAY,
) -> Iterable[T]:
    """The iterable, with a bar that advances as it is read.

    Parameters
    ----------
    iterable : iterable
    total : int, optional
        Its length, where it has none of its own.
    label : str
        What is being done, in front of the bar.
    unit : str
        What one item is.
    delay : float
        Seconds before the bar appears.

    Returns
    -------
    iterable
        The same items in the same order; ``iterable`` itself where there is no bar.
    """
    bar = _bar()
    if bar is None:
        return iterable
    return bar(iterable, total=total, **_look(label, unit, delay))


@contextmanager
def steps(
    total: int | None = None, *, label: str = "", unit: str = "step", delay: float = DELAY
) -> Iterator[Callable[[str], None]]:
    """A bar for work that is not a loop: call what is yielded with the name of each step.

    Examples
    --------
    >>> with steps(2, label="analysis") as step:
    ...     step("limits")
    ...     step("bounds")
    """
    bar = _bar()
    if bar is None:
        yield lambda name: None
        return
    with bar(total=total, **_look(label, unit, delay)) as shown:
        started = False

        def step(name: str) -> None:
            nonlocal started
            shown.set_postfix_str(name, refresh=False)
            # A step is done when the next one starts.
            shown.update(1 if started else 0)
            started = True

        yield step


def _look(label: str, unit: str, delay: float) -> dict[str, Any]:
    return {
        "desc": label or None,
        "unit": f" {unit}" if unit else "it",
        "leave": False,
        "delay": delay,
        "dynamic_ncols": True,
    }


def _bar() -> Callable[..., Any] | None:
    """tqdm where a bar is seen and harmless, else None."""
    notebook = _in_notebook()
    if not notebook and not _is_terminal(sys.stderr):
        return None
    if threading.current_thread() is not threading.main_thread() or is_limited():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None

    class Bar(tqdm):
        # Nothing runs beside the work: no thread that looks after bars, and no lock that is
        # shared with other processes.
        monitor_interval = 0
        _lock = threading.RLock()

    return _in_cell(Bar) if notebook else Bar


def _in_cell(tqdm: Any) -> Callable[..., Any]:
    """A bar in a cell's output that leaves nothing behind, neither a widget nor red text."""
    from IPython.display import display

    class CellBar(tqdm):
        shown: Any = None

        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            # A graphical bar is left alone by tqdm's printing.
            super().__init__(*arguments, **{**keywords, "gui": True, "dynamic_ncols": False})
            self.ncols = 80
            if not self.disable and self.delay <= 0:
                self.display()

        def display(self, *_: Any, **__: Any) -> bool:
            self._put(str(self))
            return True

        def _put(self, text: str) -> None:
            if self.shown is None:
                self.shown = display({"text/plain": text}, raw=True, display_id=True)
            else:
                self.shown.update({"text/plain": text}, raw=True)

        def close(self) -> None:
            super().close()
            if self.shown is not None:
                self._put("")

    return CellBar


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # none, or closed
        return False


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
