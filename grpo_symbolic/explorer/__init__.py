"""Moving the parameters by hand: every state of the panel as a value, and the panel itself."""

from grpo_symbolic.explorer.exploration import Exploration
from grpo_symbolic.explorer.panel import Panel, explore

__all__ = ["Exploration", "Panel", "explore"]
