"""Tests of grpo_symbolic, one module for each module or topic of the package."""
