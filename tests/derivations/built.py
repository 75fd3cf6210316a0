"""Results as they are built, once in each process of the tests."""

from functools import cache

from derivations.catalogue import builder
from derivations.result import Result

__all__ = ["built"]


@cache
def built(name: str) -> Result:
    """The result of that name with nothing planted: asked for before anything is."""
    return builder(name)()
