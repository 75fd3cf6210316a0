"""Formulas in a LaTeX file, each checked in the setting that a comment before it names.

The file is data: no TeX runs, no other file is read, and every size is bounded.
"""
