"""Ball arithmetic: enclosures of expressions, of their derivatives, and of all zeros."""
