"""Versions of trainers, compared number by number."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable)


def versioned(*earlier: str) -> Callable[[F], F]:
    """A preset with a parameter ``version``: the last of each behaviour but the newest."""

    def marked(build: F) -> F:
        vars(build)["earlier"] = earlier
        return build

    return marked


def at_least(version: str | int, first: str) -> bool:
    """Whether ``version`` is ``first`` or later.

    Raises
    ------
    ValueError
        For a version that cannot be read.
    """
    return _numbers(version) >= _numbers(first)


def nearest(trainer: str, version: str | int, first: str, last: str) -> tuple[str, tuple[str, ...]]:
    """The version to go by, and what must be said where that is not the one asked for.

    Parameters
    ----------
    trainer : str
        Its name in prose.
    version : str or int
    first, last : str
        The first and the last version whose conventions are known here.

    Raises
    ------
    ValueError
        For a version that cannot be read.

    Examples
    --------
    >>> nearest("TRL", "2.0", "0.14", "1.16")[0]
    '1.16'
    """
    found = _numbers(version)
    # 1.16.2 is a release of 1.16.
    if _numbers(first) <= found and found[:2] <= _numbers(last):
        return str(version), ()
    close = first if found < _numbers(first) else last
    return close, (
        f"{trainer} {version} is not known here: this is {close}, the nearest version that is",
    )


def _numbers(version: str | int) -> tuple[int, ...]:
    """ "1.10.2" as (1, 10, 2), to be compared number by number."""
    text = str(version).strip() if isinstance(version, (str, int, float)) else ""
    match = re.fullmatch(r"v?(\d{1,6}(?:\.\d{1,6})*)(?:\.?(?:dev|post|rc|a|b)\d*)?", text)
    if match is None or isinstance(version, (bool, float)):
        raise ValueError(
            f"version must be a string of numbers such as '1.10' or '0.7.2', got {version!r}"
        )
    found = [int(part) for part in match[1].split(".")]
    while len(found) > 1 and found[-1] == 0:
        found.pop()
    return tuple(found)
