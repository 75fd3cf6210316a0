"""Formulas written by somebody else, in SymPy notation or LaTeX, read by a grammar of their own."""
