"""The book of a run: one section a result, written as TeX and compiled when an engine is found."""
