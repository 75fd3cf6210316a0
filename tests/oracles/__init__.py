"""Independent numerical oracles, written from the definitions with numpy and mpmath only."""
