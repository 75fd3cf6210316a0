"""Formulas for papers and programs."""
