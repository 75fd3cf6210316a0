"""The command line: one module a command."""

from typing import TYPE_CHECKING

from grpo_symbolic.lazy import names_of

if TYPE_CHECKING:
    from grpo_symbolic.cli.program import main

__all__ = ["main"]

__getattr__ = names_of(__name__, {".program": "main"})
