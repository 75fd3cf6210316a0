"""Presets against the trainers' own code, cut out of their released sources.

``GRPO_SYMBOLIC_TRAINERS`` names a directory with wheels, or with their contents in directories such
as ``trl-1.16.0``; what is not there is taken from an installed distribution, and else skipped.
``python -m tests.conformance DIRECTORY`` downloads what PyPI has, and writes the table of
``docs/conformance.md``.
"""
