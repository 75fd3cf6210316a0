"""Packages whose names come from their modules when they are asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["names_of"]


def names_of(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """``__getattr__`` of a package: each name from the module that the table says, kept there.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        The module of each name, such as ``.question``; for a module that is a name itself,
        ``.presets:``.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, colon, _ = homes[name].partition(":")
        found: Any = import_module(module, package)
        found = found if colon else getattr(found, name)
        setattr(sys.modules[package], name, found)
        return found

    return get
