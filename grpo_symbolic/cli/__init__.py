"""The command line: one module a command."""

from grpo_symbolic.cli.main import main

__all__ = ["main"]
