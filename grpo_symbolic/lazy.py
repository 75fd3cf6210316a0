"""Packages whose names come from their modules when they are asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names_of(package: str, homes: Mapping[str, str], **modules: str) -> Callable[[str], Any]:
    """``__getattr__`` of a package: each name from its module, and kept.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        The names that come from a module, with blanks between them: ``{".question": "Question"}``.
    **modules : str
        Names that are modules themselves.
    """
    places = {name: module for module, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in places and name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module: Any = import_module(places.get(name) or modules[name], package)
        found = getattr(module, name) if name in places else module
        setattr(sys.modules[package], name, found)
        return found

    return get
