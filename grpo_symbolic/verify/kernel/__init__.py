"""The kernel: checks certificates, and shares nothing with what made them.

It imports the standard library and mpmath's interval arithmetic, and searches for nothing: no
SymPy, no solver, no other module of this package. ``python -m grpo_symbolic.verify.kernel DIR``.
"""
