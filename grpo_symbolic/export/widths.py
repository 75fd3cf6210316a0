"""Widths of print, in points at 10 point type."""

#: A column of two on A4, and the text of a page with one column (the article class).
COLUMN, PAGE = 221.0, 345.0
#: What an equation number and the gap before it take.
BESIDE = 28.0
