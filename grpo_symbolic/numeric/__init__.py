"""Formulas as functions of numbers and arrays."""
