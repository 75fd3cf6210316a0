"""Somebody else's formula, and its verdict."""
