"""The kernel: checks certificates, and shares nothing with what made them.

What it trusts is Python's integers, fractions, JSON and SHA-256, the interval arithmetic of mpmath
for the sign of a number, and its own code. No SymPy, no flint, no solver, no search and no other
module of this package. ``python -m grpo_symbolic.verify.kernel DIR`` checks a folder.
"""
